"""``anytws explain``: any frame field by field, from the table that the library itself reads frames with."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final

import attrs
from cyclopts import Parameter, validators

from anytws.cli import USAGE
from anytws.cli.output import MAX_WIDTH, Output, Tone, complain, counted, open_console
from anytws.cli.pasted import Pasted, frames_in, torn_frame
from anytws.errors import DecodeError, in_a_sentence, shown
from anytws.messages.base import Side
from anytws.wire import versions
from anytws.wire.catalogue import entry_said
from anytws.wire.codec import PROTOBUF_OFFSET
from anytws.wire.connection_time import read_connection_time
from anytws.wire.handshake import RedirectReply, read_reply
from anytws.wire.rows import AnyRow, Choice, Entry, Filler, Layout, Many, Part, leaves
from anytws.wire.text import split_fields
from anytws.wire.walk import FieldSeen, walk_text
from anytws.wire.walk_protobuf import walk_protobuf

_BAD: Final = 1
_OLDEST: Final = 100
"""Captures of versions that we do not speak any more are read too, as far as the layout is in the table."""
_NEWEST: Final = 9999
"""No version that anybody will live to see."""
_MOST_INPUT: Final = 256 * 2**20
_CHUNK: Final = 2**20
_ID_BYTES: Final = 4
_PATH_WIDTH: Final = 44
_TEXT_WIDTH: Final = 12
_MOST: Final = 1000
"""Characters of a value that are printed: an error is shown whole, the XML of the scanner is not."""
_MOST_FIELDS: Final = 20_000
"""Fields of one frame that are looked at and told: a list of 2,000 bars, in two seconds."""
_MOST_SURPLUS: Final = 100
_SURPLUS: Final = "(behind the last field that we know)"
_UNKNOWN: Final = "UNKNOWN_"
_NO_FILE: Final = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL)


def explain(
    source: Annotated[str, Parameter(allow_leading_hyphen=True)] = "-",
    /,
    *,
    server_version: Annotated[int | None, Parameter(validator=validators.Number(gte=_OLDEST, lte=_NEWEST))] = None,
    said_by: Annotated[Side | None, Parameter(name="--from")] = None,
) -> int:
    """Print frames field by field: what each field is called, what stands there, and what it means.

    Takes hex, a file or the standard input. In a file may be raw bytes, hex, or a log: lines with ``<<<`` and ``>>>``
    and comma-separated fields, or with Python lists and bytes such as ``(b'9', b'1', b'42')``. Lines with no frame in
    them are passed over.

    The exit code is 1 if a frame could not be read, or if there was none, and 2 if there is nothing to be read.

    Parameters
    ----------
    source
        Hex digits, or the name of a file; ``-`` is the standard input.
    server_version
        The version that client and TWS had agreed on. Without it, those that fit the frame are found out.
    said_by
        Who said it. Without it, it is what the log says, or what fits.
    """
    if source.startswith("-") and source != "-":
        # Whose name begins so can be given as ./-name.
        complain(f"{shown(source)} is no option of explain: anytws explain --help says more")
        return USAGE
    output = Output(open_console())
    where = "the standard input" if source == "-" else shown(source)
    try:
        data, is_named = _read(source)
    except (OSError, ValueError) as problem:
        complain(f"cannot read {where}: {getattr(problem, 'strerror', None) or problem}")
        return USAGE
    code = None
    for pasted in frames_in(data):
        # One by one: who pastes a day's log sees the first frame at once.
        reading = _best_reading(pasted, server_version, said_by)
        _print(output, reading)
        code = _BAD if reading.problem or code == _BAD else 0
    if code is None:
        nor_file = "" if is_named else ", and there is no file of that name"
        complain(f"there is no frame in {where}{nor_file}")
        return _BAD
    return code


def _read(source: str) -> tuple[bytes, bool]:
    """Give what is in *source*, and whether it names where that is. Raises `OSError` and `ValueError`."""
    if source == "-":
        if sys.stdin is None:
            raise ValueError("it is closed")
        return _bounded(sys.stdin.buffer), True
    file = _opened(source)
    if file is None:
        return source.encode("utf-8", "surrogateescape"), False
    with file:
        return _bounded(file), True


def _opened(source: str) -> BinaryIO | None:
    """Open the file *source*, of any kind; None if there is none of that name, or if it is no name."""
    try:
        return Path(source).open("rb") if source and "\0" not in source else None
    except UnicodeError:
        return None
    except OSError as problem:
        if problem.errno in _NO_FILE:
            return None
        raise


def _bounded(file: BinaryIO) -> bytes:
    # In pieces: a pipe may have no end, and a device such as /dev/zero has none.
    pieces: list[bytes] = []
    left = _MOST_INPUT
    while piece := file.read(_CHUNK):
        pieces.append(piece)
        left -= len(piece)
        if left < 0:
            raise ValueError(f"it is longer than the {_MOST_INPUT >> 20} MB that are read at once: cut it into parts")
    return b"".join(pieces)


# --- reading -----------------------------------------------------------------------------------------------------


@attrs.frozen
class _Reading:
    """One way to read a frame."""

    title: str
    encoding: str = ""
    fields: tuple[FieldSeen, ...] = ()
    surplus: tuple[str, ...] = ()
    more_surplus: int = 0
    """How many fields there are behind those in ``surplus``."""
    is_cut: bool = False
    """Whether it has more fields than are looked at."""
    problem: str = ""
    versions: tuple[int, ...] = ()
    """Those at which it reads like this."""
    missing: int = 0
    """How many fields of the message are not there, in protobuf."""
    other: str = ""
    """What it could be as well, said by the other side."""

    @property
    def rank(self) -> tuple[bool, int, int, int, int, int]:
        """How bad it is; the least is the best, and of several the newest."""
        # A constant that is the right one speaks for a version, a word that no enumeration has against it.
        doubt = sum(map(_doubt, self.fields))
        newest = max(self.versions, default=0)
        surplus = len(self.surplus) + self.more_surplus
        return bool(self.problem), surplus, doubt, self.missing, -len(self.fields), -newest


def _doubt(seen: FieldSeen) -> int:
    if not seen.path:
        return -1 if seen.text == seen.value else 1
    return 1 if isinstance(seen.value, str) and seen.value.partition(".")[2].startswith(_UNKNOWN) else 0


def _best_reading(pasted: Pasted, server_version: int | None, said_by: Side | None) -> _Reading:
    sides = [side] if (side := said_by or pasted.said_by) else [Side.TWS, Side.CLIENT]
    if pasted.problem:
        return _Reading("a line that is not read", problem=pasted.problem)
    special = _handshake(pasted, server_version)
    if special is not None:
        return special
    candidates = [_best_of(_readings(pasted, side, server_version)) for side in sides]
    best = min(candidates, key=lambda reading: reading.rank)
    if pasted.missing:
        cut_off = f"the frame is cut off, {counted(pasted.missing, 'byte')} before its end"
        return attrs.evolve(best, title=best.title if pasted.body else "the beginning of a frame", problem=cut_off)
    if best.problem and pasted.body and (torn := torn_frame(pasted.body)) is not None:
        return _best_reading(attrs.evolve(torn, said_by=pasted.said_by), server_version, said_by)
    others = [each.title for each in candidates if each.title != best.title and not (each.problem or each.surplus)]
    return attrs.evolve(best, other="" if best.problem or not others else others[0])


def _best_of(readings: Iterator[_Reading]) -> _Reading:
    """Give the best of *readings*, with all versions that give the same. The others go at once: each may be large."""
    best = next(readings)
    for reading in readings:
        if attrs.evolve(reading, versions=best.versions) == best:
            best = attrs.evolve(best, versions=best.versions + reading.versions)
        elif reading.rank < best.rank:
            best = reading
    return best


def _handshake(pasted: Pasted, server_version: int | None) -> _Reading | None:
    """Read what is said before there is a version: the client's greeting and the version reply."""
    body = pasted.body
    if body is None:
        return None
    if body.startswith(b"API\0"):
        offer = body[8:].decode("utf-8", "backslashreplace")
        return _Reading("the client's greeting", fields=(FieldSeen("offered", "versions", offer, offer),))
    reply = read_reply(body) if server_version is None else None
    if reply is None or isinstance(reply, RedirectReply) or reply.server_version < _OLDEST:
        return None
    time = read_connection_time(reply.connection_time)
    if time.local is None:
        return None
    return _Reading(
        "the version reply",
        fields=(
            FieldSeen("server_version", "INT", str(reply.server_version), str(reply.server_version)),
            FieldSeen("connection_time", "time", time.text, str(time.aware or time.local)),
        ),
    )


def _readings(pasted: Pasted, side: Side, server_version: int | None) -> Iterator[_Reading]:
    given = pasted.body
    if given is not None and _has_long_id(given) and (server_version or versions.PROTOBUF) >= versions.PROTOBUF:
        number = int.from_bytes(given[:_ID_BYTES], "big")
        if number > PROTOBUF_OFFSET:
            yield _protobuf_reading(side, number - PROTOBUF_OFFSET, given[_ID_BYTES:])
            return
        fields = [str(number), *split_fields(given[_ID_BYTES:])]
        fitting = range(versions.PROTOBUF, versions.MAX_VERSION + 1)
    else:
        fields = [*pasted.fields] if given is None else split_fields(given)
        last = versions.MAX_VERSION if given is None else versions.PROTOBUF - 1
        fitting = range(_OLDEST, last + 1)
    if server_version is not None:
        fitting = range(server_version, server_version + 1)
    yield from _text_readings(side, fields, fitting)


def _has_long_id(body: bytes) -> bool:
    # The id of a text begins with a digit; no id is so large that its first two bytes are not zero.
    return len(body) >= _ID_BYTES and body[:2] == b"\0\0"


def _text_readings(side: Side, fields: list[str], fitting: range) -> Iterator[_Reading]:
    entry = entry_said(side, int(fields[0])) if fields and fields[0].isdecimal() and len(fields[0]) < 10 else None
    if entry is None or not entry.text:
        told = shown(fields[0], _PATH_WIDTH) if fields else "''"
        yield _Reading(f"message {told}", problem=f"no text message of {side.name} has the id {told}")
        return
    del fields[0]
    # Nothing changes between two of the versions that a row names, so one of each band is enough.
    edges = [fitting.start, *(edge for edge in _edges(entry) if fitting.start < edge < fitting.stop), fitting.stop]
    for first, end in pairwise(edges):
        yield attrs.evolve(_text_reading(entry, first, fields), versions=tuple(range(first, end)))


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


def _text_reading(entry: Entry, version: int, fields: list[str]) -> _Reading:
    seen, problem, is_cut = _walk(walk_text(entry, version, fields))
    left = 0 if problem or is_cut else len(fields) - len(seen)
    surplus = tuple(fields[len(seen) : len(seen) + min(left, _MOST_SURPLUS)])
    more = left - len(surplus)
    return _Reading(_title(entry), "text", seen, surplus, more_surplus=more, is_cut=is_cut, problem=problem)


def _protobuf_reading(side: Side, number: int, body: bytes) -> _Reading:
    entry = entry_said(side, number)
    if entry is None or entry.protobuf_since is None:
        return _Reading(f"message {number}", problem=f"no protobuf message of {side.name} has the id {number}")
    seen, problem, is_cut = _walk(walk_protobuf(entry, body))
    told = {each.path.partition(".")[0].partition("[")[0] for each in seen}
    missing = len({row.field for row in leaves(entry.layout.protobuf_rows) if not isinstance(row, Filler)} - told)
    at = tuple(range(max(versions.PROTOBUF, entry.protobuf_since), versions.MAX_VERSION + 1))
    return _Reading(
        _title(entry), "protobuf", seen, is_cut=is_cut, problem=problem, versions=at, missing=0 if is_cut else missing
    )


def _walk(walk: Iterator[FieldSeen]) -> tuple[tuple[FieldSeen, ...], str, bool]:
    """Give the fields, what is wrong with the one after them, and whether there are more than are looked at."""
    seen: list[FieldSeen] = []
    try:
        for each in walk:
            if len(seen) == _MOST_FIELDS:
                return tuple(seen), "", True
            # A value that has no hash, or is only half read, is no part of a comparison: its text is.
            seen.append(attrs.evolve(each, value=_meaning(each)))
    except DecodeError as problem:
        return tuple(seen), str(problem), False
    return tuple(seen), "", False


def _title(entry: Entry) -> str:
    return f"{entry.name} ({entry.vendor_name}, id {entry.id}), said by {entry.said_by.name}"


# --- printing ----------------------------------------------------------------------------------------------------


def _print(output: Output, reading: _Reading) -> None:
    output.title(f"{reading.title}")
    if reading.encoding:
        output.row((("  ", Tone.PLAIN),), f"{reading.encoding}, {_told_versions(reading.versions)}", Tone.QUIET)
    if reading.other:
        output.row((("  ", Tone.PLAIN),), f"or {reading.other}: --from decides", Tone.QUIET)
    paths = [_SURPLUS] if reading.surplus else []
    width = min(
        max(map(len, [*paths, *(seen.path or "(a constant)" for seen in reading.fields)]), default=0), _PATH_WIDTH
    )
    for seen in reading.fields:
        _print_field(output, seen, width)
    for text in reading.surplus:
        output.row(((f"  {_SURPLUS:<{width}}  ", Tone.WARNING),), shown(text, _MOST), Tone.WARNING)
    if reading.more_surplus:
        output.row((("  ", Tone.PLAIN),), f"and {counted(reading.more_surplus, 'more field')}", Tone.WARNING)
    if reading.is_cut:
        output.row((("  ", Tone.PLAIN),), f"and more fields: of one frame, {_MOST_FIELDS} are read here", Tone.WARNING)
    if reading.problem:
        output.row((("  ", Tone.PLAIN),), reading.problem, Tone.BAD)


def _told_versions(fitting: Sequence[int]) -> str:
    if not fitting:
        return "any server version"
    first, last = fitting[0], fitting[-1]
    return f"as at server version {first}" if first == last else f"as at server versions {first} to {last}"


def _print_field(output: Output, seen: FieldSeen, width: int) -> None:
    text = in_a_sentence(seen.text, _MOST)
    if not seen.path:
        output.row(((f"  {'(a constant)':<{width}}  ", Tone.QUIET),), text, Tone.QUIET)
        return
    meaning = "" if seen.value in (text, seen.text) else in_a_sentence(str(seen.value), _MOST)
    path = (f"  {seen.path:<{width}}  ", Tone.PLAIN)
    room = min(output.console.width, MAX_WIDTH) - max(width, len(seen.path)) - _TEXT_WIDTH - 6
    if meaning and len(text) <= _TEXT_WIDTH and len(meaning) <= room:
        output.row((path, (f"{text or '(empty)':<{_TEXT_WIDTH}}  ", Tone.QUIET)), meaning)
        return
    output.row((path,), text or "(empty)", Tone.QUIET)
    if meaning:
        output.row(((" " * (width + 2) + "= ", Tone.QUIET),), meaning)


def _meaning(seen: FieldSeen) -> Any:  # noqa: ANN401 (a text, or the value that is one)
    value = seen.value
    if value is None:
        return "none"
    if not seen.path:
        return value
    name = getattr(value, "name", None)
    if isinstance(name, str) and isinstance(value, (int, str)):
        return f"{type(value).__name__}.{name}"
    return shown(value, _MOST) if isinstance(value, tuple) else str(value)
