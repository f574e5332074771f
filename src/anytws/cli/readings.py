"""How a frame is read when nobody says how: every version and side that may be is tried, and the best reading wins.

The best is the one that leaves the least unexplained: fields behind the last one that is known, words that no
enumeration has, values that cannot be read. So many surplus fields are worse than one value in a form of its own.
What the input itself tells, the side by its words and the version by the reply in it, goes before all guessing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeAlias

import attrs

from anytws.cli.fitting import candidates_of, fitted
from anytws.cli.output import counted
from anytws.cli.pasted_bytes import GREETING, torn_frame
from anytws.cli.pasted_frame import Pasted
from anytws.errors import DecodeError, shown
from anytws.messages.base import Side
from anytws.wire import versions
from anytws.wire.catalogue import entry_said
from anytws.wire.codec import PROTOBUF_OFFSET
from anytws.wire.connection_time import read_connection_time
from anytws.wire.handshake import RedirectReply, VersionReply, read_reply
from anytws.wire.kinds import Kind
from anytws.wire.rows import AnyRow, Choice, Entry, Filler, Layout, Many, Part, Row, leaves
from anytws.wire.text import split_fields
from anytws.wire.walk import FieldSeen, walk_text
from anytws.wire.walk_protobuf import walk_protobuf

OLDEST: Final = 100
"""Captures of versions that we do not speak any more are read too, as far as the layout is in the table."""
MOST: Final = 1000
"""Characters of a value that are kept: an error is shown whole, the XML of the scanner is not."""
MOST_FIELDS: Final = 20_000
"""Fields of one frame that are looked at and told: a list of 2,000 bars, in two seconds."""
MOST_SURPLUS: Final = 100
_ID_BYTES: Final = 4
_PATH_WIDTH: Final = 44
_UNKNOWN: Final = "UNKNOWN_"
_SHORT: Final = 48
_MOST_REMEMBERED: Final = 256
_MOST_OF_A_MESSAGE: Final = 4096
"""Texts that are remembered, of one field, and of all fields of a message that has not the same ones each time."""
_FITTED_BANDS: Final = 2
"""Layouts of one message to which fields are fitted."""
_MANY: Final = 10
_OF_A_STOP: Final = 2
"""What it weighs that a reading ends before the frame, beside the fields that it does not reach."""


def _weight_of(seen: Seen) -> int:
    # What is empty is odd, what is something else is worse, and several fields too many are worse still.
    return 1 + bool(seen.text) if seen.problem else seen.doubt


@attrs.frozen
class Seen:
    """One field, as it is told."""

    path: str
    """Empty for a constant that means nothing."""
    text: str
    meaning: str
    """What it means, in words; empty where that is what stands there."""
    doubt: int = 0
    """1 if it speaks against the reading, -1 if it speaks for it."""
    problem: str = ""
    """What should stand there, if what does cannot be read."""

    weight: int = attrs.field(init=False, eq=False, default=attrs.Factory(_weight_of, takes_self=True))
    """How much it leaves unexplained; less than nothing where it speaks for the reading."""


class Handled(NamedTuple):
    """What the fields of a text body came to."""

    seen: tuple[Seen, ...]
    problem: str = ""
    is_cut: bool = False
    is_whole: bool = True
    unexplained: int = 0
    trust: int = 0


@attrs.frozen
class Reading:
    """One way to read a frame."""

    title: str
    encoding: str = ""
    entry: Entry | None = attrs.field(default=None, eq=False)
    fields: tuple[Seen, ...] = ()
    surplus: tuple[str, ...] = ()
    more_surplus: int = 0
    """How many fields there are behind those in ``surplus``."""
    is_cut: bool = False
    """Whether it has more fields than are looked at."""
    problem: str = ""
    versions: tuple[int, int] | None = None
    """The first and the last at which it reads like this."""
    missing: int = 0
    """How many fields of the message are not there, in protobuf; in text, how many the reading did not reach."""
    other: str = ""
    """What it could be as well, said by the other side."""
    wire_fields: tuple[str, ...] = attrs.field(default=(), eq=False)
    """The fields of a text body as they were read, message id first."""
    side: Side | None = attrs.field(default=None, eq=False)

    unexplained: int = 0
    """How much of the frame the reading leaves unexplained."""
    trust: int = 0
    """How much speaks for it: constants that are the right ones."""
    is_whole: bool = True
    """Whether all of it could be read."""

    @property
    def rank(self) -> tuple[int, int, int, int, int]:
        """How bad it is; the least is the best, and of several the newest."""
        missing = self.missing if self.encoding == "protobuf" else 0
        newest = self.versions[1] if self.versions else 0
        return self.unexplained, -self.trust, missing, -len(self.fields), -newest


class Readings:
    """Reads one frame after the other, and remembers what the input told about those that come."""

    def __init__(self, server_version: int | None = None, said_by: Side | None = None) -> None:
        self._given = server_version
        self._said_by = said_by
        self._told: int | None = None
        """The version that a reply in the input has told."""
        self._sides: frozenset[Side] = frozenset()
        """Who has spoken in the handshakes of which nothing else tells who it was."""

    def best(self, pasted: Pasted) -> Reading:
        """Give the best reading of *pasted*."""
        side = self._said_by or pasted.said_by
        if pasted.problem:
            return unread("a line that is not read", pasted.problem)
        special = _handshake(pasted)
        if special is not None:
            if pasted.said_by is None and special.side is not None:
                self._sides |= {special.side}
            if special.versions is not None:
                self._told = special.versions[0]
                special = attrs.evolve(special, versions=None)
            return special
        if side is None and len(self._sides) == 1:
            # Of a connection that began with a version reply, and without a greeting, it is what TWS says.
            (likely,) = self._sides
            reading = self._best_of_sides(pasted, [likely])
            if not reading.unexplained and not reading.problem:
                return reading
        return self._best_of_sides(pasted, [side] if side else [Side.TWS, Side.CLIENT])

    def learn(self, version: int) -> None:
        """Note that what follows is of *version*."""
        if OLDEST <= version <= versions.MAX_VERSION:
            self._told = version

    def _best_of_sides(self, pasted: Pasted, sides: list[Side]) -> Reading:
        candidates = [self._of_side(pasted, side) for side in sides]
        best = candidates[0] if len(candidates) == 1 else min(candidates, key=lambda reading: reading.rank)
        if pasted.missing:
            cut_off = f"the frame is cut off, {counted(pasted.missing, 'byte')} before its end"
            title = best.title if pasted.body else "the beginning of a frame"
            return attrs.evolve(best, title=title, problem=cut_off, is_whole=False)
        if best.problem and pasted.body and (torn := torn_frame(pasted.body)) is not None:
            return self.best(attrs.evolve(torn, said_by=pasted.said_by))
        if best.problem or len(candidates) == 1:
            return best
        others = [each.title for each in candidates if each.title != best.title and not each.unexplained]
        return attrs.evolve(best, other=others[0]) if others else best

    def _of_side(self, pasted: Pasted, side: Side) -> Reading:
        told = self._told if self._given is None else None
        best = self._plain(pasted, side, self._given if told is None else told)
        if best.unexplained and told is not None:
            # Two programs may have written into one log, and had two versions.
            other = self._plain(pasted, side, None)
            best = other if other.rank < best.rank else best
        if 0 < best.unexplained <= _MANY + _OF_A_STOP and pasted.has_commas and not pasted.is_guess:
            # A comma in a field looks like the end of it.
            fields = list(pasted.joined or pasted.fields)
            again = _fitted(fields, ",", side, self._given if told is None else told)
            best = again if again.rank < best.rank else best
        return best

    def _plain(self, pasted: Pasted, side: Side, version: int | None) -> Reading:
        if pasted.dashes:
            return best_of([_fitted(tokens, "-", side, version) for tokens in candidates_of(pasted.dashes)])
        best = best_of(readings_of(pasted.body, pasted.fields, side, version))
        if pasted.joined and best.unexplained:
            joined = best_of(readings_of(None, pasted.joined, side, version))
            best = joined if joined.rank < best.rank else best
        return best


def best_of(readings: Iterable[Reading]) -> Reading:
    """Give the best of *readings*, with all versions that give the same. The others go at once: each may be large."""
    best: Reading | None = None
    for reading in readings:
        if best is None:
            best = reading
        elif (
            reading.versions
            and best.versions
            and reading.fields == best.fields
            and (attrs.evolve(reading, versions=best.versions) == best)
        ):
            best = attrs.evolve(best, versions=(best.versions[0], reading.versions[1]))
        elif reading.rank < best.rank:
            best = reading
    return best or unread("a message", "there is nothing in it")


def unread(title: str, problem: str, missing: int = 0, side: Side | None = None) -> Reading:
    """Give the reading of what cannot be read at all, for *problem*; it has *missing* fields."""
    return Reading(title, problem=problem, missing=missing, side=side, unexplained=_OF_A_STOP + missing, is_whole=False)


# --- the handshake -----------------------------------------------------------------------------------------------


def _greeting(pasted: Pasted) -> Reading | None:
    """Read what a client says first."""
    body = pasted.body
    if body is None or not body.startswith(GREETING):
        return None
    offer = body[8:].decode("utf-8", "backslashreplace")
    return Reading("the client's greeting", fields=(Seen("offered", offer, ""),), side=Side.CLIENT)


def _handshake(pasted: Pasted) -> Reading | None:
    """Read what is said before there is a version: the client's greeting and the version reply."""
    body = pasted.body
    if body is None:
        # Two fields, of which the second is a time.
        if len(pasted.fields) != 2 or not pasted.fields[1][:8].isdecimal():
            return None
        body = "".join([f"{field}\0" for field in pasted.fields]).encode("utf-8", "surrogateescape")
    greeting = _greeting(pasted)
    if greeting is not None:
        return greeting
    if body.count(b"\0") != 2 or pasted.said_by is Side.CLIENT:
        return None
    reply = read_reply(body)
    return None if reply is None or isinstance(reply, RedirectReply) else _version_reply(reply)


def _version_reply(reply: VersionReply) -> Reading | None:
    time = read_connection_time(reply.connection_time)
    version = reply.server_version
    if version < OLDEST or time.local is None:
        return None
    fields = (
        Seen("server_version", str(version), ""),
        Seen("connection_time", time.text, str(time.aware or time.local)),
    )
    at = min(version, versions.MAX_VERSION)
    return Reading("the version reply", fields=fields, versions=(at, at), side=Side.TWS)


# --- one side ----------------------------------------------------------------------------------------------------


def readings_of(body: bytes | None, fields: tuple[str, ...], side: Side, version: int | None) -> Iterator[Reading]:
    """Give the readings of a frame that *side* has said, at *version* or at all that may be."""
    if body is not None and _has_long_id(body) and (version or versions.PROTOBUF) >= versions.PROTOBUF:
        number = int.from_bytes(body[:_ID_BYTES], "big")
        if number > PROTOBUF_OFFSET:
            yield _protobuf_reading(side, number - PROTOBUF_OFFSET, body[_ID_BYTES:])
            return
        told, texts = str(number), split_fields(body[_ID_BYTES:])
        first, last = versions.PROTOBUF, versions.MAX_VERSION
    else:
        all_fields = [*fields] if body is None else split_fields(body)
        told, texts = (all_fields[0] if all_fields else ""), all_fields[1:]
        first, last = OLDEST, versions.MAX_VERSION if body is None else versions.PROTOBUF - 1
    if version is not None:
        first = last = version
    yield from text_readings(side, told, texts, first, last)


def _has_long_id(body: bytes) -> bool:
    # The id of a text begins with a digit; no id is so large that its first two bytes are not zero.
    return len(body) >= _ID_BYTES and body[:2] == b"\0\0"


def text_readings(side: Side, told: str, fields: list[str], first: int, last: int) -> Iterator[Reading]:
    """Give the readings of a text whose id is written as *told*, at the versions from *first* to *last*."""
    entry = entry_said(side, int(told)) if told.isdecimal() and told.isascii() and len(told) < 10 else None
    if entry is None or not entry.text:
        name = shown(told, _PATH_WIDTH)
        problem = f"no text message of {side.name} has the id {name}"
        yield unread(f"message {name}", problem, len(fields), side)
        return
    for begin, end in _bands(entry, first, last):
        yield _text_reading(entry, told, fields, begin, end)


@cache
def _bands(entry: Entry, first: int, last: int) -> tuple[tuple[int, int], ...]:
    """Give the versions that have one layout: nothing changes between two of those that a row names."""
    if first == last:
        return ((first, last),)
    edges = [first, *(edge for edge in _edges(entry) if first < edge <= last), last + 1]
    bands: list[tuple[int, int]] = []
    for begin, end in pairwise(edges):
        # An edge of the protobuf form is none here.
        plan = plan_of(entry, begin)
        if bands and plan is not None and plan is plan_of(entry, bands[-1][0]):
            bands[-1] = bands[-1][0], end - 1
        else:
            bands.append((begin, end - 1))
    return tuple(bands)


@cache
def _edges(entry: Entry) -> list[int]:
    return sorted(set(_edges_of(entry.layout.text_rows)))


def _edges_of(rows: tuple[AnyRow, ...]) -> Iterator[int]:
    for row in leaves(rows):
        yield from (row.since, row.since if row.until is None else row.until)
        inner = row.layout if isinstance(row, Part) else row.of if isinstance(row, Many) else None
        for layout in inner.options.values() if isinstance(inner, Choice) else [inner]:
            if isinstance(layout, Layout):
                yield from _edges_of(layout.text_rows)


def _text_reading(entry: Entry, told: str, fields: list[str], begin: int, end: int) -> Reading:
    plan = plan_of(entry, begin)
    handled = walked(entry, begin, fields) if plan is None else plan.read(entry.name, fields)
    seen, problem = handled.seen, handled.problem
    unexplained = handled.unexplained
    left = len(fields) - len(seen)
    surplus: tuple[str, ...] = ()
    if problem:
        unexplained += _OF_A_STOP + left
    elif left > 0 and not handled.is_cut:
        surplus = tuple(fields[len(seen) : len(seen) + min(left, MOST_SURPLUS)])
        # Where there are very many too many, how many does not matter any more.
        unexplained += min(left, _MANY)
    return Reading(
        title_of(entry),
        "text",
        entry,
        seen,
        surplus,
        left - len(surplus) if surplus else 0,
        handled.is_cut,
        problem,
        (begin, end),
        left if problem else 0,
        "",
        (told, *fields),
        entry.said_by,
        unexplained,
        handled.trust,
        handled.is_whole,
    )


def _fitted(tokens: list[str], separator: str, side: Side, version: int | None) -> Reading:
    """Read *tokens*, between some of which *separator* ends a field, and between others is a part of it."""
    told, texts = tokens[0], tokens[1:]
    entry = entry_said(side, int(told)) if told.isdecimal() and told.isascii() and len(told) < 4 else None
    if entry is None or not entry.text:
        return best_of(text_readings(side, told, texts, OLDEST, versions.MAX_VERSION))
    first, last = (OLDEST, versions.MAX_VERSION) if version is None else (version, version)
    bands = _bands(entry, first, last)
    if len(bands) > _FITTED_BANDS:
        # Each is a search of its own: only those that are the nearest to what stands there.
        nearest = sorted(bands, key=lambda band: _text_reading(entry, told, texts, *band).rank)
        bands = (*sorted(nearest[: _FITTED_BANDS if separator == "-" else 1]),)
    return best_of([_fitted_at(entry, told, texts, separator, band) for band in bands])


def _fitted_at(entry: Entry, told: str, texts: list[str], separator: str, band: tuple[int, int]) -> Reading:
    def weigh(fields: list[str]) -> tuple[int, int]:
        reading = _text_reading(entry, told, fields, *band)
        return reading.unexplained + len(reading.surplus) + reading.more_surplus, len(reading.fields)

    plan = plan_of(entry, band[0])
    return _text_reading(entry, told, fitted(texts, separator, None if plan is None else plan.places, weigh), *band)


# --- plans -------------------------------------------------------------------------------------------------------


class Plan:
    """The fields of a message that has the same ones each time, and what was made of their texts before."""

    def __init__(self, places: tuple[tuple[str, Kind | Filler], ...]) -> None:
        self._places = places
        self.places: Final = [(path, kind if isinstance(kind, Kind) else None) for path, kind in places]
        self._remembered: tuple[dict[str, Seen], ...] = tuple([dict[str, Seen]() for _ in places])

    def read(self, message: str, fields: list[str]) -> Handled:
        """Read *fields* of *message*."""
        seen: list[Seen] = []
        unexplained = trust = 0
        is_whole = True
        for text, place, remembered in zip(fields, self._places, self._remembered, strict=False):
            found = remembered.get(text)
            if found is None:
                found = self._made(place, text)
                if len(text) <= _SHORT:
                    if len(remembered) >= _MOST_REMEMBERED:
                        remembered.clear()
                    remembered[text] = found
            seen.append(found)
            weight = found.weight
            if weight < 0:
                trust -= weight
            elif weight:
                unexplained += weight
                is_whole = is_whole and not found.problem
        if len(fields) >= len(self._places):
            return Handled(tuple(seen), "", False, is_whole, unexplained, trust)
        path, kind = self._places[len(fields)]
        wanted = kind.name if isinstance(kind, Kind) else "FILLER"
        problem = str(DecodeError(message, path or "layout number", "the end of the frame", wanted))
        return Handled(tuple(seen), problem, False, False, unexplained, trust)

    def _made(self, place: tuple[str, Kind | Filler], text: str) -> Seen:
        path, kind = place
        if isinstance(kind, Filler):
            return _constant(kind, text)
        try:
            value = kind.read_text(text)
        except (ValueError, ArithmeticError):
            return Seen(path, text, "", problem=kind.name)
        return seen_of(path, text, value)


@cache
def plan_of(entry: Entry, version: int) -> Plan | None:
    """Give the plan of *entry* at *version*; None for a message in which counts or conditions decide."""
    places = _places(entry.layout, version, "")
    return None if places is None or len(places) > MOST_FIELDS else _plan(entry, tuple(places))


@cache
def _plan(_entry: Entry, places: tuple[tuple[str, Kind | Filler], ...]) -> Plan:
    # One for all versions that have the same fields.
    return Plan(places)


def _places(layout: Layout, version: int, prefix: str) -> list[tuple[str, Kind | Filler]] | None:
    places: list[tuple[str, Kind | Filler]] = []
    for row in layout.text_rows:
        if isinstance(row, (Row, Filler, Part)):
            if not row.on_wire(version):
                continue
            if isinstance(row, Row):
                places.append((prefix + row.field, row.kind))
                continue
            if isinstance(row, Filler):
                places.append(("", row))
                continue
            inner = None if row.optional else _places(row.layout, version, f"{prefix}{row.field}.")
            if inner is None:
                return None
            places += inner
        elif any(leaf.on_wire(version) for leaf in leaves((row,))):
            return None
    return places


def _constant(row: Filler, text: str) -> Seen:
    if row.minimum is not None and not (
        text.isdecimal() and text.isascii() and len(text) < 10 and int(text) >= row.minimum
    ):
        return Seen("", text, "", problem=f"{row.minimum} or more")
    return Seen("", text, "", -1 if text == row.constant else 1)


def walked(entry: Entry, version: int, fields: list[str]) -> Handled:
    """Read *fields* one by one."""
    known = _seen_of(entry)
    seen: list[Seen] = []
    try:
        for each in walk_text(entry, version, fields, tolerant=True):
            if len(seen) == MOST_FIELDS:
                return _handled(seen, is_cut=True)
            seen.append(_remembered(known, each))
    except DecodeError as problem:
        return _handled(seen, str(problem))
    return _handled(seen)


def _handled(seen: list[Seen], problem: str = "", *, is_cut: bool = False) -> Handled:
    weights = [each.weight for each in seen]
    is_whole = not problem and not any(each.problem for each in seen)
    unexplained = sum([weight for weight in weights if weight > 0])
    return Handled(tuple(seen), problem, is_cut, is_whole, unexplained, -sum([each for each in weights if each < 0]))


_Known: TypeAlias = dict[tuple[str, str, str], Seen]


@cache
def _seen_of(_entry: Entry) -> _Known:
    """Give what was made of the fields of a message before, by path, kind and text."""
    return {}


def _remembered(known: _Known, each: FieldSeen) -> Seen:
    if each.is_odd:
        return Seen(each.path, each.text, "", problem=each.kind)
    key = each.path, each.kind, each.text
    found = known.get(key)
    if found is None:
        found = seen_of(each.path, each.text, each.value, is_constant=not each.path)
        if len(each.text) <= _SHORT:
            if len(known) >= _MOST_OF_A_MESSAGE:
                known.clear()
            known[key] = found
    return found


def seen_of(path: str, text: str, value: Any, *, is_constant: bool = False) -> Seen:  # noqa: ANN401 (of any kind)
    """Give the field at *path*, in which stands *text*, and which means *value*."""
    if is_constant:
        return Seen("", text, "", -1 if text == value else 1)
    meaning = _meaning(value)
    doubt = 1 if meaning.partition(".")[2].startswith(_UNKNOWN) else 0
    return Seen(path, text, "" if meaning == text else meaning, doubt)


def _meaning(value: Any) -> str:  # noqa: ANN401 (of any kind)
    if value is None:
        return "none"
    name = getattr(value, "name", None)
    if isinstance(name, str) and isinstance(value, (int, str)):
        return f"{type(value).__name__}.{name}"
    return shown(value, MOST) if isinstance(value, tuple) else str(value)


# --- protobuf ----------------------------------------------------------------------------------------------------


def _protobuf_reading(side: Side, number: int, body: bytes) -> Reading:
    entry = entry_said(side, number)
    if entry is None or entry.protobuf_since is None:
        return unread(f"message {number}", f"no protobuf message of {side.name} has the id {number}", 1, side)
    seen: list[Seen] = []
    known = _seen_of(entry)
    problem, is_cut = "", False
    try:
        for each in walk_protobuf(entry, body, tolerant=True):
            if len(seen) == MOST_FIELDS:
                is_cut = True
                break
            seen.append(_remembered(known, each))
    except DecodeError as fault:
        problem = str(fault)
    told = {each.path.partition(".")[0].partition("[")[0] for each in seen}
    at = (max(versions.PROTOBUF, entry.protobuf_since), versions.MAX_VERSION)
    return Reading(
        title_of(entry),
        "protobuf",
        entry,
        tuple(seen),
        is_cut=is_cut,
        problem=problem,
        versions=at,
        missing=0 if is_cut else len(_names(entry) - told),
        side=side,
        unexplained=sum([each.weight for each in seen]) + (_OF_A_STOP if problem else 0),
        is_whole=not problem and not any(each.problem for each in seen),
    )


@cache
def _names(entry: Entry) -> frozenset[str]:
    """Give the fields of *entry* that protobuf has."""
    return frozenset([row.field for row in leaves(entry.layout.protobuf_rows) if not isinstance(row, Filler)])


@cache
def title_of(entry: Entry) -> str:
    """Give the names of *entry*, and who says it."""
    return f"{entry.name} ({entry.vendor_name}, id {entry.id}), said by {entry.said_by.name}"


__all__ = ["FieldSeen", "Reading", "Readings", "Seen"]
