"""Data that nobody takes: known by how their bodies begin, counted, and passed over without being read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from anytws.messages.base import Message
from anytws.wire.routing import Front, forms_of_id

MOST_PREFIXES: Final = 8192
"""Beginnings that are known at once; the oldest give way. A stream of market data has about twenty."""
_HEAD: Final = 4
"""Bytes of a body that tell its message, and so how long the beginning is that tells its request."""


class CutOff:
    """The beginnings of bodies that are cut off, and how many of them have come."""

    __slots__ = ("_counts", "_lengths", "kinds")

    def __init__(self) -> None:
        self.kinds: OrderedDict[bytes, type[Message]] = OrderedDict()
        """What is cut off, by how its body begins."""
        self._lengths: dict[bytes, int] = {}
        self._counts: dict[type[Message], int] = {}

    def add(self, request_id: int, fronts: Collection[Front]) -> bool:
        """Cut off what begins with one of *fronts* and *request_id*; tell whether that was done for each."""
        forms, lengths, done = forms_of_id(request_id), self._lengths, 0
        if forms is None:
            return False
        for front in fronts:
            prefix = front.constant + forms[front.is_text]
            # It is as long as those of its message that are cut off already, or is read.
            if lengths.setdefault(prefix[:_HEAD], len(prefix)) == len(prefix):
                self.kinds[prefix] = front.cls
                done += 1
        while len(self.kinds) > MOST_PREFIXES:
            self.kinds.popitem(last=False)
        return done == len(fronts)

    def discard(self, request_id: int, fronts: Iterable[Front]) -> None:
        """Take again what begins with one of *fronts* and *request_id*."""
        for front in fronts:
            prefix = front.with_id(request_id)
            if prefix is not None:
                self.kinds.pop(prefix, None)

    def clear(self) -> None:
        """Take everything again. What was counted stays counted."""
        self.kinds.clear()
        self._lengths.clear()

    def take_counts(self) -> dict[type[Message], int]:
        """Give, once, how many bodies were cut off, by kind."""
        if not self._counts:
            return {}
        counts, self._counts = self._counts, {}
        return counts

    def rest_of(self, bodies: list[bytes]) -> Iterable[bytes]:
        """Give those of *bodies* that are not cut off, each when it is asked for, and count the others."""
        kinds = self.kinds.keys()
        for length in {*self._lengths.values()}:
            if not kinds.isdisjoint({body[:length] for body in bodies}):
                return self._rest_one_by_one(bodies)
        # None of them is, as in nearly every read.
        return bodies

    def _rest_one_by_one(self, bodies: list[bytes]) -> Iterator[bytes]:
        length_of, kind_of, counts = self._lengths.get, self.kinds.get, self._counts
        for body in bodies:
            # Of a message of which nothing is cut off the slice is empty, and nothing is known by that.
            kind = kind_of(body[: length_of(body[:_HEAD], 0)])
            if kind is None:
                yield body
            else:
                counts[kind] = counts.get(kind, 0) + 1
