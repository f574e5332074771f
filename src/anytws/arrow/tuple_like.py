"""What behaves as a tuple and is none, since Arrow's consumers look whether something is a tuple before all else."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, SupportsIndex, TypeAlias, TypeVar

_T_co = TypeVar("_T_co", covariant=True)

_SEQUENCE: Final = 1 << 5
"""``Py_TPFLAGS_SEQUENCE``: the pattern ``case (one,):`` looks at it."""

if TYPE_CHECKING:
    TupleLike: TypeAlias = tuple[_T_co, ...]
else:

    class TupleLike(ABC):  # noqa: B024 (its metaclass sets the flag)
        """A tuple to whoever compares, hashes, slices, adds, matches or unpacks it."""

        __slots__ = ("_items",)
        # By the flag alone: as a `collections.abc.Sequence`, polars would take it for a list of rows.
        __abc_tpflags__ = _SEQUENCE

        def __init__(self, items: Iterable[Any] = (), /) -> None:
            self._items = tuple(items)

        def __class_getitem__(cls, item: object) -> type:
            return cls

        def __iter__(self) -> Iterator[Any]:
            return iter(self._items)

        def __len__(self) -> int:
            return len(self._items)

        def __getitem__(self, place: SupportsIndex) -> object:
            return self._items[place]

        def __contains__(self, item: object) -> bool:
            return item in self._items

        def __reversed__(self) -> Iterator[Any]:
            return reversed(self._items)

        def index(self, item: object, *bounds: SupportsIndex) -> int:
            """Give the place of the first that is equal to *item*. Raises `ValueError` where none is."""
            return self._items.index(item, *bounds)

        def count(self, item: object) -> int:
            """Give how many are equal to *item*."""
            return self._items.count(item)

        def __eq__(self, other: object) -> bool:
            return self._items == plain(other)

        def __lt__(self, other: object) -> bool:
            return self._items < plain(other)

        def __le__(self, other: object) -> bool:
            return self._items <= plain(other)

        def __gt__(self, other: object) -> bool:
            return self._items > plain(other)

        def __ge__(self, other: object) -> bool:
            return self._items >= plain(other)

        def __hash__(self) -> int:
            return hash(self._items)

        def __mul__(self, times: SupportsIndex) -> tuple[Any, ...]:
            return self._items * times

        __rmul__ = __mul__


_CLASS: Final[type[Any]] = TupleLike


def plain(other: Any) -> Any:  # noqa: ANN401 (whatever somebody compares with)
    """Give the tuple itself for what is like one, and anything else as it is."""
    return tuple(other) if isinstance(other, _CLASS) else other
