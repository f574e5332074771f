"""Wrong messages: a right one in which something does not belong, at any depth, or only looks as if it did.

`Writers` are the two ways to write one message, and what came of them: the bytes, or all that the error says.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any, Final, TypeAlias

import attrs

import anytws.wire.codec
from anytws.errors import LocalProtocolError
from anytws.messages.base import Message, Side
from anytws.wire.codec import Codec
from tests.odd_records import copied, default_of
from tests.slips import OBJECTS, RECORDS, fitting, made_by, must_be_one

Path: TypeAlias = Sequence[str | int]
"""Names of fields, and places in tuples; an empty one is the message itself."""
Change: TypeAlias = tuple[Path, str]
"""Where, and which slip."""
Outcome: TypeAlias = bytes | tuple[object, ...]


def paths_of(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Give the place of *value*, and of all that is in it."""
    yield path
    if attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            yield from paths_of(getattr(value, field.name), (*path, field.name))
    elif type(value) is tuple:
        for place, item in enumerate(value):
            yield from paths_of(item, (*path, place))


def places_of(message: Any) -> list[tuple[str | int, ...]]:
    """Give the places from which to choose one: one in four is a record or a list, and no single value."""
    places = [*paths_of(message)]
    whole = [path for path, after in pairwise(places) if len(after) > len(path)]
    return places + whole * (len(places) // (3 * len(whole)) if whole else 0)


def slips_at(message: Any, path: Path) -> list[str]:
    """Give the slips that are near to what *message* has at *path*."""
    names = [place for place, each in enumerate(path) if isinstance(each, str)]
    if not names:
        return RECORDS
    if isinstance(path[-1], int) and attrs.has(type(held_at(message, path))):
        return [*OBJECTS, *RECORDS]
    # Any other item of a list is as its field is.
    return fitting(type(held_at(message, path[: names[-1]])), str(path[names[-1]]))


def held_at(value: Any, path: Path) -> Any:
    """Give what *value* has at *path*."""
    for each in path:
        value = value[each] if isinstance(each, int) else getattr(value, each)
    return value


def changed(message: Any, changes: Iterable[Change]) -> Any:
    """Give *message* with *changes*, one after the other; one that cannot be made is passed over."""
    for path, slip in changes:
        must_be_one(slip)
        with suppress(Exception):
            message = _changed(message, path, slip)
    return message


def _changed(record: Any, path: Path, slip: str, default: Any = None) -> Any:
    if not path:
        return made_by(slip, record, default)
    name, *rest = path
    if isinstance(name, int):
        items = [*record]
        items[name] = _changed(items[name], rest, slip)
        return tuple(items)
    held = getattr(record, name)
    return copied(record, **{name: _changed(held, rest, slip, default_of(type(record), name))})


# --- writing -----------------------------------------------------------------------------------------------------

_ADDRESS: Final = re.compile("0x[0-9a-f]+")


def outcome_of(encode: Callable[[Any], bytes], message: Any) -> Outcome:
    """Give the bytes of *message*, or all that the error says."""
    try:
        return encode(message)
    except LocalProtocolError as problem:
        return type(problem), _ADDRESS.sub("0x", str(problem)), problem.code, problem.message, problem.field
    except Exception as problem:
        return type(problem), _ADDRESS.sub("0x", str(problem))


class Writers:
    """The codec of *side* at *version* twice: once with closures, once with compiled writers."""

    def __init__(self, side: Side, version: int) -> None:
        self.strict = Codec(side, version)
        self.compiled = Codec(side, version)

    def write_strictly(self, message: Any) -> Outcome:
        """Give what the closures make of *message*."""
        return _written(self.strict, message, sys.maxsize)

    def write_compiled(self, message: Any) -> Outcome:
        """Give what the compiled writers make of it."""
        return _written(self.compiled, message, 0)

    def smallest_difference(self, message: Message, changes: Sequence[Change] = ()) -> str | None:
        """The same, of a message in which as many fields as can have their default."""
        if self.difference(message, changes) is None:
            return None
        kept = [*changes]
        for change in changes:
            fewer = [each for each in kept if each is not change]
            kept = fewer if self.difference(message, fewer) else kept
        for path in [*paths_of(message)]:
            smaller = changed(message, [(path, "default")])
            # The default of an item, and of what has none, is None.
            if path and smaller != message and self.difference(smaller, kept):
                message = smaller
        return f"{self.difference(message, kept)}\n  in {message}"

    def difference(self, message: Message, changes: Sequence[Change] = ()) -> str | None:
        """Write *message* with *changes*, once strictly and twice compiled; say how they differ, if they do."""
        strict = self.write_strictly(changed(message, changes))
        for turn in ("first", "second"):
            compiled = self.write_compiled(changed(message, changes))
            if compiled != strict:
                begin = _alike(strict, compiled)
                return (
                    f"the {turn} time: {told(compiled, begin)}\n  instead of: {told(strict, begin)}\n"
                    f"  for {told_changes(changes)}"
                )
        return None


def _written(codec: Codec, message: Any, worth_compiling: int) -> Outcome:
    module = anytws.wire.codec
    before = module.WORTH_COMPILING_WRITER
    module.WORTH_COMPILING_WRITER = worth_compiling
    try:
        return outcome_of(codec.encode, message)
    finally:
        module.WORTH_COMPILING_WRITER = before


_MOST_TOLD: Final = 300
_BEFORE: Final = 40


def _alike(strict: Outcome, compiled: Outcome) -> int:
    """Give where two bodies begin to differ, with some bytes in front of it."""
    if not (isinstance(strict, bytes) and isinstance(compiled, bytes)):
        return 0
    alike = next((at for at, pair in enumerate(zip(strict, compiled, strict=False)) if pair[0] != pair[1]), len(strict))
    return max(0, alike - _BEFORE)


def told(outcome: Outcome, begin: int = 0) -> str:
    """Give *outcome* in a line or two; of a body, what stands behind *begin*."""
    if not isinstance(outcome, bytes):
        kind, *rest = outcome
        return f"{getattr(kind, '__name__', kind)} {rest}"
    end = begin + _MOST_TOLD
    return f"{'...' if begin else ''}{outcome[begin:end]!r}{'...' if end < len(outcome) else ''} ({len(outcome)} bytes)"


def told_changes(changes: Sequence[Change]) -> str:
    """Give *changes* as one would write them."""
    return "; ".join([f"{_told_path(path)} = {slip}" for path, slip in changes]) or "the message as it is"


def _told_path(path: Path) -> str:
    return "".join([f"[{each}]" if isinstance(each, int) else f".{each}" for each in path]).lstrip(".") or "message"
