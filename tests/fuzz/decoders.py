"""The decoders: any bytes, at every version, on both sides, in both encodings.

* `Codec.decode` raises nothing but `DecodeError`; neither do the slow walks.
* The closures and the compiled readers say the same: an equal message, the same surplus, the same error.
* What was read can be weighed, shown and written down; the other side's codec writes it, and that can be read again,
  or refuses it with `LocalProtocolError`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from random import Random
from typing import Any, Final

import anytws.wire.codec
from anytws.core.remembered import weigh
from anytws.errors import DecodeError, LocalProtocolError, shown
from anytws.messages.base import Side
from anytws.testing.strategies import Encoding
from anytws.wire.catalogue import CATALOGUE, entry_said
from anytws.wire.codec import PROTOBUF_OFFSET, Codec, UnknownId
from anytws.wire.limits import DEFAULT_LIMITS, Limits
from anytws.wire.odd import Odd
from anytws.wire.rows import Entry
from anytws.wire.text import Surplus, split_fields
from anytws.wire.versions import PROTOBUF as WIDE_IDS
from anytws.wire.walk import FieldSeen, walk_text
from anytws.wire.walk_protobuf import walk_protobuf
from tests.fuzz.bodies import ID_BYTES, VERSIONS, Bodies, version_for, written_id
from tests.fuzz.engine import Broken, Case
from tests.fuzz.mutators import BLIND, FIELDS, PROTOBUF, TEXT, mutated

_PAIRS_KEPT: Final = 16
_IS_ID: Final = re.compile(rb"[0-9]{1,9}").fullmatch
_ITEMS: Final = (0, 1, 2, 3, 4, 6, 10, 30, 100)
"""Limits of how many items a frame may have in its lists."""


class Pair:
    """The codec of one side at one version twice, once with closures and once with compiled readers, and its peer's."""

    def __init__(self, side: Side, version: int, items: int | None) -> None:
        limits = DEFAULT_LIMITS if items is None else Limits(items=items)
        self.side = side
        self.version = version
        self.strict = Codec(side, version, limits)
        self.compiled = Codec(side, version, limits)
        self.write = Codec(side.peer, version).encode

    def read_strictly(self, body: bytes) -> Any:
        """Give what the closures make of *body*: a message, or the error."""
        return _read(self.strict, body, sys.maxsize)

    def read_compiled(self, body: bytes) -> Any:
        """Give what the compiled readers make of *body*."""
        return _read(self.compiled, body, 0)


def _read(codec: Codec, body: bytes, worth_compiling: int) -> Any:
    module = anytws.wire.codec
    before = module.WORTH_COMPILING
    module.WORTH_COMPILING = worth_compiling
    try:
        return codec.decode(body)
    except DecodeError as problem:
        return problem
    finally:
        module.WORTH_COMPILING = before


class DecodersTarget:
    """The target."""

    name = "decoders"
    given = 0
    stay = 300
    """Inputs for one message at one version: to compile a reader takes as long as a hundred of them."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._bodies = Bodies(random)
        self._left = 0
        self._station: tuple[Entry, int] = (CATALOGUE[0], VERSIONS[0])
        self._seeds: list[tuple[Encoding, bytes]] = []
        self._items: int | None = None
        self._pairs: dict[tuple[Side, int, int | None], Pair] = {}

    # --- drawing -------------------------------------------------------------------------------------------------

    def draw(self) -> Case:
        """Give a side, a version and a body."""
        if not self._left:
            self._move()
        self._left -= 1
        random = self._random
        entry, version = self._station
        encoding, content = self._seeds[random.randrange(len(self._seeds))]
        chance = random.random()
        side = entry.said_by.peer
        if chance < 0.95:
            damage = TEXT if encoding is Encoding.TEXT else PROTOBUF
            body = written_id(entry.id, version, encoding) + mutated(random, content, damage)
        elif chance < 0.98:
            body = mutated(random, written_id(entry.id, version, encoding) + content, BLIND)
        elif chance < 0.99:
            body = written_id(random.randrange(400), version, encoding) + content
        elif chance < 0.995:
            body, side = written_id(entry.id, version, encoding) + content, entry.said_by
        else:
            body = b"\0".join([random.choice(FIELDS) for _ in range(random.randrange(6))])
        case = {"side": side.value, "version": version, "body": body}
        return case if self._items is None else {**case, "items": self._items}

    def _move(self) -> None:
        random = self._random
        self._left = self.stay
        entry = random.choice(CATALOGUE)
        version = version_for(random, entry)
        self._station = entry, version
        # Lists are counted by three that read each in its own way, and few are as long as the limit.
        self._items = random.choice(_ITEMS) if random.random() < 0.3 else None
        bodies = self._bodies.of(entry, version)
        self._seeds = [(body.encoding, body.content) for body in random.sample(bodies, min(len(bodies), 12))]

    # --- checking ------------------------------------------------------------------------------------------------

    def check(self, case: Case) -> None:
        """Read it in all ways and hold them against each other."""
        pair = self._pair(Side(case["side"]), case["version"], case.get("items"))
        body: bytes = case["body"]
        strict = pair.read_strictly(body)
        _hold_against(strict, pair.read_compiled(body))
        if isinstance(strict, DecodeError):
            str(strict)
            _walk(pair, body, refused=True)
            return
        _look_at(strict)
        if isinstance(strict, UnknownId):
            return
        is_odd = isinstance(strict, Odd)
        _walk(pair, body, refused=is_odd)
        message = strict.message if isinstance(strict, (Surplus, Odd)) else strict
        if not is_odd:
            pair.strict.unknown_fields(body, message)
        try:
            body = pair.write(message)
        except LocalProtocolError as problem:
            str(problem)
            return
        again = pair.read_strictly(body)
        # Items are counted as they stand on the wire, and a list that is one field in text is many in protobuf.
        if isinstance(again, DecodeError) and "items" not in case:
            raise Broken("what was written again cannot be read", str(again))

    def _pair(self, side: Side, version: int, items: int | None) -> Pair:
        pair = self._pairs.get((side, version, items))
        if pair is None:
            if len(self._pairs) >= _PAIRS_KEPT:
                # All that was compiled for one version is tens of megabytes.
                self._pairs.clear()
            pair = self._pairs[side, version, items] = Pair(side, version, items)
        return pair


def _hold_against(strict: Any, compiled: Any) -> None:
    if type(strict) is not type(compiled):
        same = False
    elif isinstance(strict, DecodeError):
        same = (str(strict), strict.message, strict.field) == (str(compiled), compiled.message, compiled.field)
    else:
        # The texts tell -0.0 from 0.0 and 1 from True, and NaN, which is not equal to itself, from other numbers.
        same = repr(strict) == repr(compiled) and (strict == compiled or "nan" in repr(strict).lower())
    if not same:
        about = strict.message if isinstance(strict, DecodeError) else type(strict).__name__
        raise Broken(f"closures and compiled readers differ about {about}", f"{shown(strict)} and {shown(compiled)}")


def _look_at(value: Any) -> None:
    weigh(value)
    str(value)
    text = shown(value)
    if len(text) > 500:
        raise Broken("shown() gives more than about a line", text[:100])


def _walk(pair: Pair, body: bytes, *, refused: bool) -> None:
    """Go over *body* field by field, as `explain` does."""
    walk = _walk_of(pair, body)
    if walk is None:
        return
    try:
        for field in walk:
            shown(field.value)
    except DecodeError as problem:
        if not refused:
            raise Broken("the walk refuses what can be read", str(problem)) from None


def _walk_of(pair: Pair, body: bytes) -> Iterator[FieldSeen] | None:
    head, content = _cut(pair.version, body)
    is_protobuf = pair.version >= WIDE_IDS and head > PROTOBUF_OFFSET
    entry = entry_said(pair.side.peer, head - PROTOBUF_OFFSET if is_protobuf else head)
    if entry is None or (is_protobuf and entry.protobuf_since is None):
        return None
    if is_protobuf:
        return walk_protobuf(entry, content)
    return walk_text(entry, pair.version, split_fields(content))


def _cut(version: int, body: bytes) -> tuple[int, bytes]:
    """Give the id in front of *body*, -1 where there is none, and what stands behind it."""
    if version >= WIDE_IDS:
        return int.from_bytes(body[:ID_BYTES], "big") if len(body) >= ID_BYTES else -1, body[ID_BYTES:]
    head, _, content = body.partition(b"\0")
    return int(head) if _IS_ID(head) else -1, content
