"""Fields between which stands a character that may also be a part of them: decided by what the message has where.

In the log that TWS exports each NUL is a dash, and each dash is one too; ib_async writes commas in its place. Where a
message has the same fields each time, all ways to put the pieces together are weighed at once. Where counts decide,
the pieces are put together one by one, as long as that makes more of the frame readable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from anytws.wire.kinds import Kind

Place: TypeAlias = tuple[str, Kind | None]
"""The path of a field, and its kind; None of a constant."""

_MOST_MORE: Final = 64
"""Pieces that are more than there are fields."""
_MOST_TRIED: Final = {"-": 60, ",": 40}
"""How often pieces are put together to see what comes of it: there are few commas in texts."""
_MOST_READ: Final = 20_000
"""Fields that are read in all of these tries together."""
_MOST_FIELDS: Final = 400
_NEAR: Final = 60
"""Fields before the fault in which its cause is looked for."""
_UNREADABLE: Final = 10.0
_UNKNOWN: Final = 3.0
_IN_A_TEXT: Final = 1.0
_IN_A_CODE: Final = 2.0
_CODES: Final = frozenset(
    {"currency", "exchange", "primary_exchange", "security_type", "right", "account", "multiplier"}
)
"""Fields, by the last name of their paths, whose texts nobody has seen with a comma or a dash in them."""
_UNLIKELY: Final = 0.5
_IN_A_VALUE: Final = 0.1
_EMPTY: Final = 0.4
"""What an empty number weighs: a minus stood before the next one rather than nothing."""
_BEYOND: Final = 1e9
# A time and an exponent go on behind a dash, whatever the message is.
_DAY: Final = re.compile(r"[0-9]{8}")
_CLOCK: Final = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}.*", re.DOTALL)
_MANTISSA: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?[Ee]")
_DIGITS: Final = re.compile(r"[0-9]+")
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[Ee][+-]?[0-9]+)?")
# The length in front, as four characters of which some are zero, and an id.
_LENGTH: Final = re.compile(r"(-{2,3})(.{0,2}?)([0-9]{1,3}-.*)", re.DOTALL)
_LONG_ID: Final = re.compile(r"-{2,3}.{1,2}?---(.)(.*)", re.DOTALL)
_ID: Final = re.compile(r"[0-9]{1,3}-")


def candidates_of(line: str) -> list[list[str]]:
    """Give the pieces of the line of an exported log, id first; more than once where the length may be a digit."""
    found: list[str] = []
    if _ID.match(line):
        found.append(line)
    for skipped in range(4):
        match = _LENGTH.match(line)
        if match is None:
            break
        high, low = line[: 4 - skipped], line[4 - skipped :]
        if not _ID.match(low) or low in found:
            continue
        # Those control characters that a text cannot hold are left out, or are blanks.
        if sum([ord(each) << 8 * (len(high) - place - 1) for place, each in enumerate(high) if each != "-"]) == len(
            low.encode()
        ):
            return [_pieces(low)]
        if set(high[1:]) - {"-"} == set() or not high[-1].isalpha():
            found.append(low)
    long_id = _LONG_ID.fullmatch(line) if not found else None
    if long_id is not None:
        found.append(f"{ord(long_id[1])}-{long_id[2]}")
    return [_pieces(each) for each in found] or [["", line]]


def _pieces(body: str) -> list[str]:
    pieces = body.split("-")
    if pieces[-1] == "":
        pieces.pop()
    return pieces


def fitted(
    pieces: list[str],
    separator: str,
    places: Sequence[Place] | None,
    weigh: Callable[[list[str]], tuple[int, int]],
) -> list[str]:
    """Give *pieces* put together as it fits best.

    *places* are the fields of the message, if it has the same ones each time; otherwise *weigh* tells how much of some
    fields stays unexplained, and how many of them were reached.
    """
    if separator == "-":
        pieces = _certain(pieces)
    if places is not None:
        return _aligned(pieces, separator, places) or pieces
    return _repaired(pieces, separator, weigh)


def _certain(pieces: list[str]) -> list[str]:
    joined: list[str] = []
    for piece in pieces:
        before = joined[-1] if joined else ""
        is_time = _DAY.fullmatch(before) and _CLOCK.fullmatch(piece)
        if is_time or (_MANTISSA.fullmatch(before) and _DIGITS.fullmatch(piece)):
            joined[-1] = f"{before}-{piece}"
        else:
            joined.append(piece)
    return joined


# --- the same fields each time -----------------------------------------------------------------------------------


def _aligned(pieces: list[str], separator: str, places: Sequence[Place]) -> list[str] | None:
    """Give as many fields as there are *places*; None where there are fewer pieces, or far more."""
    more = len(pieces) - len(places)
    if more <= 0 or more > _MOST_MORE or len(places) > _MOST_FIELDS:
        return None
    # For each number of pieces that were taken beyond one a field: the least weight so far, and how many the last took.
    weights = [0.0] + [_BEYOND] * more
    taken: list[list[int]] = []
    for number, place in enumerate(places):
        best, choice = [_BEYOND] * (more + 1), [0] * (more + 1)
        for before, weight in enumerate(weights):
            if weight >= _BEYOND:
                continue
            first = number + before
            for extra, cost in _costs(pieces, first, more - before, separator, place):
                # Of two that are as good, the one in which the fields in front have more.
                if weight + cost <= best[before + extra]:
                    best[before + extra], choice[before + extra] = weight + cost, extra
        weights = best
        taken.append(choice)
    fields: list[str] = []
    left, end = more, len(pieces)
    for choice in reversed(taken):
        begin = end - choice[left] - 1
        fields.append(separator.join(pieces[begin:end]))
        left, end = left - choice[left], begin
    return fields[::-1]


def _costs(pieces: list[str], first: int, most: int, separator: str, place: Place) -> Iterator[tuple[int, float]]:
    """Give what it weighs that a field takes so many pieces more than the first."""
    path, kind = place
    is_text = kind is not None and _is_text(kind)
    each = _IN_A_CODE if path.rpartition(".")[2] in _CODES else _IN_A_TEXT
    for extra in range(most + 1 if is_text else min(most, 2) + 1):
        if is_text:
            yield extra, each * extra + _UNLIKELY * _unlikely(pieces[first], pieces[first + extra], extra)
        else:
            yield extra, _cost(kind, separator.join(pieces[first : first + extra + 1])) + _IN_A_VALUE * extra


def _unlikely(first: str, last: str, extra: int) -> int:
    """Tell how unlike a text it is to begin with *first* and to end with *last*, *extra* pieces behind it."""
    # Words have a blank in front of them, and nothing begins or ends with what separates.
    return first.startswith(" ") + (extra > 0 and not (first and last))


def _is_text(kind: Kind) -> bool:
    return kind.members is None and any(name in kind.name for name in ("STRING", "TEXT", "ESCAPED", "LIST"))


def _cost(kind: Kind | None, text: str) -> float:
    if kind is None:
        return 0.0 if _DIGITS.fullmatch(text) else _UNREADABLE
    try:
        value = kind.read_text(text)
    except (ValueError, ArithmeticError):
        return _UNREADABLE
    if str(getattr(value, "name", "")).startswith("UNKNOWN_"):
        return _UNKNOWN
    return 0.0 if text else _EMPTY


# --- counts and conditions ---------------------------------------------------------------------------------------


def _repaired(pieces: list[str], separator: str, weigh: Callable[[list[str]], tuple[int, int]]) -> list[str]:
    """Put pieces together one by one, each time where it leaves the least unexplained."""
    fields = pieces
    weight, reached = weigh(fields)
    if weight and separator == "-":
        # Of a list of numbers each one may be below zero: one by one they make nothing better.
        signed = _signed(pieces)
        found, further = weigh(signed)
        if (found, -further) < (weight, -reached):
            weight, reached, fields = found, further, signed
    tried, most = 0, min(_MOST_TRIED[separator], _MOST_READ // max(1, len(fields)))
    while weight and tried < most:
        best: tuple[int, int, list[str]] | None = None
        for at in _places(fields, min(reached, len(fields) - 1), separator):
            tried += 1
            joined = [*fields[:at], separator.join(fields[at : at + 2]), *fields[at + 2 :]]
            found, further = weigh(joined)
            if best is None or (found, -further) < (best[0], -best[1]):
                best = found, further, joined
            if not found or tried >= most:
                break
        if best is None or (best[0], -best[1]) >= (weight, -reached):
            break
        weight, reached, fields = best
    return fields


def _signed(pieces: list[str]) -> list[str]:
    """Give *pieces* with a minus wherever there may be one."""
    signed: list[str] = []
    for piece in pieces:
        if signed and not signed[-1] and _NUMBER.fullmatch(piece):
            signed[-1] = f"-{piece}"
        else:
            signed.append(piece)
    return signed


def _places(fields: list[str], fault: int, separator: str) -> Iterator[int]:
    """Give where two pieces may be one, the most likely ones first: a number behind nothing, words, all others."""
    near = range(min(fault, len(fields) - 2), max(-1, fault - _NEAR), -1)
    if separator == "-":
        yield from [at for at in near if not fields[at] and _NUMBER.fullmatch(fields[at + 1])]
    words = [at for at in near if fields[at] and fields[at + 1] and not _NUMBER.fullmatch(fields[at + 1])]
    yield from words
    if separator != "-":
        yield from [at for at in near if at not in set(words)]
