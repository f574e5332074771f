"""What is kept of the past, bounded in number and in bytes: the peer chooses how much it says, and how large.

`Remembered` is the one collection for what a peer's frames become and nobody has fetched yet. Ten thousand ticks are a
megabyte, ten thousand frames of 16 MB are the machine's memory, so a count alone is no bound.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Final, Generic, TypeAlias, TypeVar, Union, get_args, get_origin

import attrs

_T = TypeVar("_T")

MOST_BYTES: Final = 64 * 2**20
"""What a collection may hold unless somebody says otherwise: four frames of the longest kind."""

_SMALL: Final = 128
"""Bytes of a number, a time or a reference, on the safe side."""
# Annotations of fields that are small whatever the peer says: the kinds bound how long a number is, and a zone's name.
_SMALL_NAMES: Final = frozenset({"int", "float", "bool", "Decimal", "date", "datetime", "timedelta", "None"})
_SMALL_TYPES: Final = (int, float, Decimal, date, timedelta, NoneType)


def weigh(value: object) -> int:
    """Give about how many bytes *value*, an event or a part of one, keeps in memory.

    What is shared between values counts in each, so this is rather too much than too little.
    """
    kind = type(value)
    always = _ALWAYS.get(kind)
    if always is not None:
        # Ticks, above all: nothing in them can be large, so none is looked at.
        return always
    weigher = _WEIGHERS.get(kind) or _make_weigher(kind)
    return weigher(value)


def weighs_always(cls: type[object], size: int) -> None:
    """Have every object of *cls* weigh *size* bytes, where what is large in it is weighed in something beside it."""
    _ALWAYS[cls] = size


_Weigher: TypeAlias = Callable[[Any], int]
_WEIGHERS: Final[dict[type[object], _Weigher]] = {}
_ALWAYS: Final[dict[type[object], int]] = {}
"""What objects of a class weigh that has no large field."""
_REFERENCE: Final = 16
_MANY_FIELDS: Final = 10
"""Of a class with so many fields that may be large, weighing takes long enough to look whether it was just done."""


def _make_weigher(cls: type[object]) -> _Weigher:
    """Give, and keep, what weighs objects of *cls*."""
    if not attrs.has(cls):
        _WEIGHERS[cls] = _weigh_items if issubclass(cls, (tuple, list)) else sys.getsizeof
        return _WEIGHERS[cls]
    names = vars(sys.modules[cls.__module__])
    large = [field.name for field in attrs.fields(cls) if not _is_small(field.type, names)]
    base = _SMALL * (len(attrs.fields(cls)) - len(large) + 1) + _REFERENCE * len(large)
    if not large:
        _ALWAYS[cls] = base
    _WEIGHERS[cls] = _fields_weigher(base, large)
    return _WEIGHERS[cls]


def _fields_weigher(base: int, large: Sequence[str]) -> _Weigher:
    if not large:
        return lambda _: base
    # With one name it would give the value alone, and no tuple.
    parts_of = attrgetter(*large, large[0])

    def weigh_fields(value: object) -> int:
        weight = base
        # Most fields of most messages are empty, and what is empty is one object for all.
        for part in filter(None, parts_of(value)[:-1]):
            weight += sys.getsizeof(part) if type(part) is str else weigh(part)
        return weight

    return weigh_fields if len(large) < _MANY_FIELDS else _one_remembered(weigh_fields)


def _one_remembered(weigher: _Weigher) -> _Weigher:
    """Give what weighs as *weigher* does, and the same object twice in a row but once.

    TWS repeats itself about orders, and what repeats is one object: the order, the contract.
    """
    last: tuple[object, int] = (None, 0)

    def weigh_or_repeat(value: object) -> int:
        nonlocal last
        known, weight = last
        if known is not value:
            weight = weigher(value)
            last = value, weight
        return weight

    return weigh_or_repeat


def _weigh_items(items: Collection[object]) -> int:
    kinds = set(map(type, items))
    # Thousands of bars, above all: where all items are of one class that always weighs the same, none is looked at.
    always = _ALWAYS.get(kinds.pop()) if len(kinds) == 1 else None
    return sys.getsizeof(items) + (sum(map(weigh, items)) if always is None else always * len(items))


def _is_small(annotation: object, names: Mapping[str, object]) -> bool:
    # What it does not know it takes for large.
    if isinstance(annotation, str):
        return all(part in _SMALL_NAMES or _is_number(names.get(part)) for part in annotation.split(" | "))
    # Annotations are texts until somebody has them evaluated, as attrs does in place for cattrs (`anytws.json`).
    parts = get_args(annotation) if get_origin(annotation) in (UnionType, Union) else (annotation,)
    return all(isinstance(part, type) and issubclass(part, _SMALL_TYPES) for part in parts)


def _is_number(named: object) -> bool:
    return isinstance(named, type) and issubclass(named, int)


class Remembered(Generic[_T]):
    """The last items that were added, in order. What is too much goes, the oldest first, and is counted.

    The newest item is always there: one frame may be large, many may not.
    """

    __slots__ = ("_items", "_weights", "dropped", "held_bytes", "most", "most_bytes")

    def __init__(self, most: int, most_bytes: int = MOST_BYTES) -> None:
        self.most: Final = most
        """How many items it keeps."""
        self.most_bytes: Final = most_bytes
        """How many bytes they may keep together, by `weigh`."""
        self.held_bytes: int = 0
        """How many bytes they keep."""
        self.dropped: int = 0
        """How many items are gone because of the bounds."""
        self._items: deque[_T] = deque()
        self._weights: deque[int] = deque()

    def append(self, item: _T) -> None:
        """Add *item*."""
        weight = weigh(item)
        self._items.append(item)
        self._weights.append(weight)
        self.held_bytes += weight
        while len(self._items) > self.most or (self.held_bytes > self.most_bytes and len(self._items) > 1):
            self.popleft()
            self.dropped += 1

    def extend(self, items: Iterable[_T]) -> None:
        """Add all *items*."""
        for item in items:
            self.append(item)

    def popleft(self) -> _T:
        """Take the oldest item. Raises `IndexError` where there is none."""
        self.held_bytes -= self._weights.popleft()
        return self._items.popleft()

    def clear(self) -> None:
        """Forget all items. They do not count as dropped."""
        self._items.clear()
        self._weights.clear()
        self.held_bytes = 0

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[_T]:
        return iter(self._items)

    def __getitem__(self, index: int) -> _T:
        return self._items[index]

    def __repr__(self) -> str:
        return f"<Remembered: {len(self)} items, {self.held_bytes} bytes>"
