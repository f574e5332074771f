"""Ticks that are old when they are read: in the same read stands a newer one of the same kind, for the same request.

Who reads quotes wants the newest. When a flood comes in large reads, most of its ticks are overtaken within the read,
and need not be decoded to know that: a body begins with its message, the id of its request, and the type of the tick
(`anytws.wire.routing`). So of all bodies of one read that begin alike the last one is kept, in its place, and the
others are passed over unread, and counted.

That is for requests alone whose reader has said so, and while nobody listens to all events. What ends a request stays
a border: ticks behind it overtake none in front of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from anytws.messages.base import Message
from anytws.messages.session import ErrorMessage
from anytws.wire.catalogue import entry_for
from anytws.wire.codec import protobuf_head, text_head
from anytws.wire.routing import Front, forms_of_id, front_of
from anytws.wire.rows import Entry

WORTH_LOOKING: Final = 64
"""Bodies in one read from which on it is worth it. Below, nearly none is overtaken."""
_HEAD: Final = 4
"""Bytes of a body that tell its message."""
_TYPE: Final = 0x10
"""The tag of field 2 in protobuf, where it is a number: the type of a tick."""
_ONE_BYTE: Final = 0x80
"""Below this a protobuf number has one byte."""


def _is_protobuf(entry: Entry, version: int) -> bool:
    return entry.protobuf_since is not None and version >= entry.protobuf_since


# Who asks for no quotes need not wait for their messages: every connection imports this file.
def _ticks() -> tuple[type[Message], ...]:
    """Give the messages that say the last word about one thing, which the type of the tick behind the id names."""
    from anytws.messages import market_data as data  # noqa: PLC0415 (see above)

    return data.TickPrice, data.TickSize, data.TickGeneric, data.TickString, data.TickOptionComputation


def _ends() -> tuple[type[Message], ...]:
    """Give the messages behind which a request may be over."""
    from anytws.messages import market_data as data  # noqa: PLC0415 (see above)

    return ErrorMessage, data.RerouteMarketDataRequest, data.TickSnapshotEnd


@cache
def tick_fronts_at(version: int) -> tuple[Front, ...]:
    """Give how the bodies of ticks begin in which TWS says them at *version*. In another form they are all read."""
    entries = [entry_for(kind) for kind in _ticks()]
    fronts = [front_of(entry, version, text=not _is_protobuf(entry, version)) for entry in entries]
    return tuple([front for front in fronts if front is not None])


@cache
def borders_at(version: int) -> tuple[bytes, ...]:
    """Give how bodies begin, at *version*, behind which a request may be over: in either form."""
    entries = [entry_for(kind) for kind in _ends()]
    texts = [text_head(entry, version) for entry in entries]
    return (*texts, *[protobuf_head(entry) for entry in entries if entry.protobuf_since is not None])


MOST_KEYS: Final = 16384
"""Beginnings of ticks that are known to be looked for; then it begins anew. A contract has about twelve."""
_LONGEST_KEY: Final = 32
"""Bytes of one that is remembered."""


class Overtaken:
    """Which ticks may be passed over, by how their bodies begin, and how many were."""

    __slots__ = ("_keys", "_lengths", "_prefixes", "borders", "count", "is_paused")

    def __init__(self) -> None:
        self._keys: set[bytes] = set()
        """Beginnings of bodies, up to the type of the tick, that have been seen to be among the `_prefixes`."""
        self._prefixes: set[bytes] = set()
        """What bodies begin with that may be passed over: the message, and the id of the request."""
        self._lengths: dict[bytes, tuple[int, bool]] = {}
        """How long that is, by the first bytes of a body, and whether it is text."""
        self.borders: tuple[bytes, ...] = ()
        """How bodies begin that may end a request."""
        self.count: int = 0
        """How many were passed over."""
        self.is_paused: bool = False
        """Whether all are read, since somebody listens to everything."""

    def add(self, request_id: int, fronts: Iterable[Front]) -> None:
        """Pass over from now on what begins with one of *fronts* and *request_id*, where a newer one comes with it."""
        forms = forms_of_id(request_id)
        if forms is None:
            return
        for front in fronts:
            prefix = front.constant + forms[front.is_text]
            # It is as long as those of its message that are known already, or is read.
            shape = len(prefix), front.is_text
            if self._lengths.setdefault(prefix[:_HEAD], shape) == shape:
                self._prefixes.add(prefix)
        self._keys.clear()

    def discard(self, request_id: int, fronts: Iterable[Front]) -> None:
        """Read all of *request_id* again."""
        self._prefixes.difference_update([front.with_id(request_id) for front in fronts])
        self._keys.clear()

    def is_worth(self, bodies: list[bytes]) -> bool:
        """Tell whether some of *bodies* may be passed over."""
        return len(bodies) >= WORTH_LOOKING and bool(self._prefixes) and not self.is_paused

    def newest_of(self, bodies: list[bytes]) -> list[bytes]:
        """Give those of *bodies*, the frames of one read, that are not overtaken, in their order."""
        newest = self._newest_at_once(bodies)
        if newest is None:
            newest = self._newest_one_by_one(bodies)
        self.count += len(bodies) - len(newest)
        return newest

    def _newest_at_once(self, bodies: list[bytes]) -> list[bytes] | None:
        """Do it without a loop over all of them; None where they are too different for that.

        That is a third of the time: to be looked at are the beginnings that differ, and most of those are known.
        """
        keys = self._keys_of(bodies)
        if keys is None:
            return None
        # Where the last one of each stands: a later one takes the place of those before.
        last = dict(zip(keys, range(len(keys)), strict=True))
        unknown = last.keys() - self._keys
        others: set[bytes] = set()
        for key in unknown:
            if not self._is_looked_for(key):
                others.add(key)
            elif len(key) <= _LONGEST_KEY:
                # It is the peer that chooses them.
                if len(self._keys) >= MOST_KEYS:
                    self._keys.clear()
                self._keys.add(key)
        places = [*last.values()]
        if others:
            if any(key.startswith(self.borders) for key in others):
                return None
            places = [place for key, place in last.items() if key not in others]
            places += [place for place, key in enumerate(keys) if key in others]
        places.sort()
        return [bodies[place] for place in places]

    def _keys_of(self, bodies: list[bytes]) -> list[bytes] | None:
        """Give of each the beginning up to the type of the tick, or more: what differs in them overtakes nothing."""
        shapes = {*self._lengths.values()}
        most = max([length for length, _ in shapes], default=0)
        if shapes == {(most, False)}:
            end = most + 2
            return [body[:end] for body in bodies]
        if all(is_text for _, is_text in shapes):
            # Where the id ends sooner, what stands behind the type may belong to it. Then some are kept for nothing.
            return [body[: body.find(b"\0", most)] for body in bodies]
        return None

    def _is_looked_for(self, key: bytes) -> bool:
        shape = self._lengths.get(key[:_HEAD])
        if shape is None:
            return False
        length, is_text = shape
        return key[:length] in self._prefixes and (is_text or _has_small_type(key, length))

    def _newest_one_by_one(self, bodies: list[bytes]) -> list[bytes]:
        shape_of, prefixes, borders = self._lengths.get, self._prefixes, self.borders
        seen: set[bytes] = set()
        kept: list[bytes] = []
        for body in reversed(bodies):
            shape = shape_of(body[:_HEAD])
            if shape is None:
                if body.startswith(borders):
                    seen.clear()
                kept.append(body)
                continue
            length, is_text = shape
            # Of a text the type goes to the next NUL; in protobuf it is a tag and one byte.
            key = body[: body.find(b"\0", length)] if is_text else body[: length + 2]
            if key in seen:
                continue
            if body[:length] in prefixes and (is_text or _has_small_type(body, length)):
                seen.add(key)
            kept.append(body)
        kept.reverse()
        return kept


def _has_small_type(body: bytes, at: int) -> bool:
    # What is left out is zero, and then another tag stands there. Larger types go on in a further byte.
    return len(body) > at + 1 and (body[at] != _TYPE or body[at + 1] < _ONE_BYTE)
