"""A run of records: a tuple to whoever compares, unpacks or matches it, and a table to whoever wants columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, SupportsIndex, TypeVar, overload

from anytws.arrow.tuple_like import TupleLike
from anytws.errors import shown

if TYPE_CHECKING:
    from typing import Self

    from anytws.arrow.table import Columns

_T_co = TypeVar("_T_co", covariant=True)

_MOST_OF_THE_FIRST: Final = 200


class Records(TupleLike[_T_co]):
    """Records that came together: the answers of a question, a batch of a stream.

    It is equal to the tuple of them, has its hash, unpacks, slices, adds and matches like it; a pickle of it gives it
    back. And it can be handed as it is to whoever takes columns by Arrow's PyCapsule protocol:
    ``polars.DataFrame(records)``, ``pyarrow.table(records)``, ``pandas.DataFrame.from_arrow(records)``,
    ``duckdb.sql("SELECT * FROM records")``. `anytws.columns` says which columns those are.

    To type checkers it is the tuple that it stands for. At run time ``isinstance(records, tuple)`` is false: polars,
    pyarrow and duckdb look for tuples before all else, and would make one column of objects of it.
    """

    __slots__ = ("_item",)

    @classmethod
    def of(cls, item: type[Any] | tuple[type[Any], ...], items: Iterable[_T_co] = (), /) -> Self:
        """Make records of *items*, which are of the class *item*, or one of several: what an empty run is a run of.

        The columns of an empty one are those of that class; of several classes, those of all.
        """
        made = cls(items)
        object.__setattr__(made, "_item", item if isinstance(item, tuple) else (item,))
        return made

    @property
    def item(self) -> tuple[type[Any], ...]:
        """The classes that it is for. None of them where nobody said: then those that are there decide."""
        # Not set there: a batch is made about as quickly as a tuple.
        classes: tuple[type[Any], ...] = getattr(self, "_item", ())
        return classes

    def columns(self) -> Columns:
        """Give the columns, for who wants them several times: as ``anytws.columns(records)``."""
        from anytws.arrow.table import columns  # noqa: PLC0415 (see the package)

        return columns(self)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Give the columns in a capsule, as consumers of Arrow take them (`Columns.__arrow_c_stream__`)."""
        return self.columns().__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        """Give their names and types in a capsule."""
        return self.columns().__arrow_c_schema__()

    @overload
    def __getitem__(self, place: SupportsIndex) -> _T_co: ...
    @overload
    def __getitem__(self, place: slice) -> Records[_T_co]: ...
    def __getitem__(self, place: SupportsIndex | slice) -> _T_co | Records[_T_co]:
        found: Any = super().__getitem__(place)
        return self._like(found) if isinstance(place, slice) else found

    def __add__(self, other: Any) -> Records[Any]:  # noqa: ANN401 (to Python it may be anything)
        return self._like((*self, *other)) if isinstance(other, (tuple, Records)) else NotImplemented

    def __radd__(self, other: object) -> Records[Any]:
        # Of a list it is no business: ``items += records`` makes that list longer.
        return self._like((*other, *self)) if isinstance(other, tuple) else NotImplemented

    def _like(self, items: Iterable[Any]) -> Records[Any]:
        return Records.of(self.item, items) if self.item else Records(items)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Records.of, (self.item, (*self,))) if self.item else (Records, ((*self,),))

    def __repr__(self) -> str:
        if not self:
            names = " or ".join([cls.__name__ for cls in self.item])
            return f"<Records: no {names}>" if names else "<Records: none>"
        counts = Counter([type(item).__name__ for item in self])
        kinds = ", ".join([f"{count} {name}" for name, count in counts.items()])
        more = ", ..." if len(self) > 1 else ""
        return f"<Records: {kinds}: {shown(self[0], _MOST_OF_THE_FIRST)}{more}>"
