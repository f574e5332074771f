"""What of a message is odd, and which fields are allowed to be: the words of `anytws.wire.tolerant`."""

from __future__ import annotations

from typing import Any, Final

import attrs

from anytws.errors import shown
from anytws.wire.rows import Entry

ROUTES: Final = {
    "request_id": "the request that it belongs to",
    "order_id": "the order that it belongs to",
    "tick_type": "which tick it is, and in a tick-by-tick message what follows",
    "error_code": "whether it is an error, a remark or the end of a request",
    "market_rule_id": "the rule that was asked for: the request has no other id",
    "fa_data_type": "the document that it is: the request has no other id",
}
"""The fields of a message that say where it goes, and why. If one of them cannot be read, the message is an
error."""

ROUTES_OF: Final = {
    ("StartApiRequest", "client_id"): "the client that it is",
    ("OrderBound", "permanent_id"): "the order that it belongs to",
}
"""The same of fields whose names say it in one message only."""

NEVER_ROUTES: Final = {
    # A fill is known by its execution id, a text, and is money: it is reported whatever else is wrong with it.
    ("ExecutionDetails", "request_id"),
}
"""Fields with such a name that say nothing of the kind."""

ABSENT: Final = "nothing (the field is absent)"
"""What is seen of a field of protobuf that has to be there and is not."""
MOST_TOLD: Final = 100
"""Odd values of one message that are listed one by one: a frame may have millions."""
_MOST_GARBLED: Final = 4
"""So many different fields of one message may hold something that is no value of theirs. With more, the message
probably has another layout, and the values that can be read belong to other fields."""


def routes(entry: Entry, path: str) -> bool:
    """Tell whether the field at *path* says where a message of *entry* goes."""
    place = entry.name, path
    return place in ROUTES_OF or (path in ROUTES and place not in NEVER_ROUTES)


_MOST_ODD: Final = 10_000
"""Odd values of one message: more than a year's history has bars. To note each of millions takes too long."""


@attrs.frozen
class OddField:
    """One value that could not be read, and is None for that."""

    path: str
    """Such as ``bars[3].open``."""
    seen: str
    """What stood there, as errors show it: one line, bounded."""
    wanted: str
    """What should have stood there."""


@attrs.frozen
class Odd:
    """A message of which values could not be read. Those are None, whatever the type of the field promises."""

    message: Any
    fields: tuple[OddField, ...]
    """At most `MOST_TOLD` of them, in the order of the frame."""
    count: int
    """How many there are."""


class OddFields:
    """The odd values of one message, collected while it is read."""

    def __init__(self) -> None:
        self.told: list[OddField] = []
        self._count = 0
        self._garbled: set[str] = set()

    def note(self, path: str, seen: object, wanted: str) -> bool:
        """Note the value at *path*; tell whether the message may still be one."""
        self._count += 1
        if len(self.told) < MOST_TOLD:
            self.told.append(OddField(path, ABSENT if seen is ABSENT else shown(seen), wanted))
        if seen not in ("", ABSENT):
            self._garbled.add(path.rpartition(".")[2].partition("[")[0])
        return len(self._garbled) <= _MOST_GARBLED and self._count <= _MOST_ODD

    def of(self, message: Any) -> Odd:
        """Give *message* with what is odd in it."""
        return Odd(message, tuple(self.told), self._count)

    def __bool__(self) -> bool:
        return self._count > 0
