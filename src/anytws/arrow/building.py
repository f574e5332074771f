"""From records to columns: which columns there are, and of which type each is.

==================== =========================== =======================================================================
value                column                      and where that is not enough
==================== =========================== =======================================================================
bool                 bool
int, number of TWS   int64                       decimal, if one has more than 64 bits
float                float64
`Decimal`            decimal128(38, places)      as many places as the finest has; 76 digits; text, if it has even more
text, word of TWS    utf8
bytes                binary
date                 date32
time with a zone     timestamp[us, zone]         the zone that all have, else UTC; text, if the moment of one is unclear
time without a zone  timestamp[us]
span of time         duration[us]
record               its fields, dotted          ``contract.symbol``; or a struct
tuple of …           list of …                   records in it are structs
anything else        its text
==================== =========================== =======================================================================

The annotation says the type. Where it leaves a choice, the values decide. Where they do not fit in one type, all of the
column is text: nothing is left out, cut or rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum
from itertools import chain
from operator import attrgetter
from types import MappingProxyType, NoneType
from typing import Any, Final, Literal, TypeAlias

import attrs

from anytws.arrow import arrays
from anytws.arrow.arrays import LARGEST_EXACT, Array, Values
from anytws.arrow.decimals import decimals
from anytws.arrow.kinds import NO_HINT, Hint, Kind, fields_of, kind_of, merged
from anytws.arrow.moments import moments, spans, text_of_moment
from anytws.errors import shown

Nested: TypeAlias = Literal["dotted", "struct"]
DecimalsAs: TypeAlias = Literal["exact", "float"] | int
"""As many places as the finest of a column has; floats; or so many places, whatever the column has."""

_MOST_DEEP: Final = 16
"""Records in records: a class may name itself in a field."""
_NOTHING_WANTED: Final[Mapping[str, str]] = MappingProxyType({})


@attrs.frozen
class Style:
    """What a caller has chosen."""

    nested: Nested = "dotted"
    decimals: DecimalsAs = "exact"
    wanted: Mapping[str, str] = _NOTHING_WANTED
    """Types that a consumer would like columns to have."""

    @property
    def within(self) -> Style:
        """The style of what is within one column."""
        return Style("struct", self.decimals)


def columns_of(items: Sequence[Any], of: tuple[type[Any], ...], style: Style) -> list[Array]:
    """Give the columns of *items*, which are records; those that have the fields of the classes *of* come first."""
    return [*_fields(items, dict.fromkeys(map(type, items)), Hint(of), style, "", 0)]


def _fields(
    items: Sequence[Any], classes: Mapping[type[Any], None], hint: Hint, style: Style, prefix: str, depth: int
) -> Iterator[Array]:
    """Give the columns of records of *classes*, None among them perhaps; of several classes, those of all.

    What is no record stands beside them as text.
    """
    present = [cls for cls in classes if kind_of(cls) is Kind.RECORD]
    others = {cls for cls in classes if kind_of(cls) is not Kind.RECORD and cls is not NoneType}
    owners: dict[str, dict[type[Any], Hint]] = {}
    for cls in dict.fromkeys([*hint.records, *present]):
        for name, said in fields_of(cls).items():
            owners.setdefault(name, {})[cls] = said
    is_told = bool(depth == 0 or hint.records)
    if len({*hint.records, *present}) > 1 or others or not owners or not is_told:
        named = [None if item is None else type(item).__name__ for item in items]
        yield arrays.texts(Values(prefix + _free("type", owners), named, {*map(type, named)}))
    is_plain = len(present) == 1 and len(classes) == 1
    for name, hints in owners.items():
        if is_plain and present[0] in hints:
            cells: Sequence[Any] = [*map(attrgetter(name), items)]
        elif present:
            cells = [getattr(item, name) if type(item) in hints else None for item in items]
        else:
            # All of them are None.
            cells = [None] * len(items) if others else items
        yield from _column(prefix + name, cells, merged(hints.values()), style, depth)
    if others:
        texts = [_text_of(item) if type(item) in others else None for item in items]
        yield arrays.texts(Values(prefix + _free("text", owners), texts, {*map(type, texts)}))


def _free(name: str, taken: Mapping[str, object]) -> str:
    return f"{name}_" if name in taken else name


def _column(name: str, items: Sequence[Any], hint: Hint, style: Style, depth: int) -> Iterator[Array]:
    """Give the column of *items*, or of a record those of its fields."""
    classes = dict.fromkeys(map(type, items))
    kind = _kind({kind_of(cls) for cls in classes if cls is not NoneType}, hint.kinds)
    values = Values(name, items, classes)
    if kind is not Kind.RECORD or depth == _MOST_DEEP:
        yield _laid_out(values, kind, hint, style, depth)
    elif style.nested == "dotted":
        yield from _fields(items, classes, hint, style, f"{name}.", depth + 1)
    else:
        yield arrays.structs(values, tuple(_fields(items, classes, hint, style.within, "", depth + 1)))


def _kind(present: set[Kind], hinted: tuple[Kind, ...]) -> Kind:
    """Give the kind of a column in which *present* are, and where the annotation names *hinted*."""
    if not present:
        return Kind.RECORD if Kind.RECORD in hinted else hinted[0] if hinted else Kind.ODD
    if Kind.RECORD in present:
        return Kind.RECORD
    if present == {Kind.WHOLE}:
        wider = [kind for kind in (Kind.EXACT, Kind.FLOAT) if kind in hinted]
        return wider[0] if wider else Kind.WHOLE
    if present == {Kind.WHOLE, Kind.EXACT}:
        return Kind.EXACT
    if present == {Kind.WHOLE, Kind.FLOAT}:
        return Kind.FLOAT
    return Kind.ODD if len(present) > 1 else present.copy().pop()


def _laid_out(values: Values, kind: Kind, hint: Hint, style: Style, depth: int) -> Array:
    if kind is Kind.LIST:
        return _list(values, hint, style, depth)
    if kind is Kind.MEMBER:
        meant = [None if item is None else item.value for item in values.items]
        classes = {*map(type, meant)}
        inner = _kind({kind_of(cls) for cls in classes - {NoneType}}, ())
        is_simple = inner not in (Kind.LIST, Kind.RECORD, Kind.MEMBER)
        return _laid_out(Values(values.name, meant, classes), inner if is_simple else Kind.ODD, NO_HINT, style, depth)
    layout = _LAYOUTS.get(kind)
    try:
        laid = None if layout is None else layout(values, style)
    except OverflowError:
        laid = None
    return _text(values, style) if laid is None else laid


def _text(values: Values, style: Style) -> Array:
    said = [None if item is None else _text_of(item) for item in values.items]
    return _words(Values(values.name, said, {*map(type, said)}), style)


def _text_of(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return text_of_moment(value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bytes):
        return value.hex()
    return f"{type(value).__name__}: {value}" if isinstance(value, BaseException) else str(value)


def _list(values: Values, hint: Hint, style: Style, depth: int) -> Array:
    # A set has no order: without one, the same records would not always give the same columns.
    ordered = [sorted(item, key=str) if isinstance(item, (set, frozenset)) else item for item in values.items]
    flat = [*chain.from_iterable([item for item in ordered if item is not None])]
    inner = NO_HINT if hint.inner is None else hint.inner
    (items,) = _column("item", flat, inner, style.within, depth + 1)
    return arrays.lists(values, items)


# --- the types --------------------------------------------------------------------------------------------------------


def _wholes(values: Values, style: Style) -> Array | None:
    if style.wanted.get(values.name) == "g" and _are_exact(values):
        return arrays.floats(values)
    try:
        if not (style.wanted.get(values.name) or "").startswith("d:"):
            return arrays.wholes(values)
    except OverflowError:
        pass  # Then it has more than 64 bits.
    return decimals(values, style.wanted.get(values.name))


def _floats(values: Values, _: Style) -> Array | None:
    return arrays.floats(values) if _are_exact(values) else None


def _are_exact(values: Values) -> bool:
    """Tell whether all whole numbers among *values* are the same as floats."""
    if {*values.classes} <= {float, NoneType}:
        return True
    return all(isinstance(item, float) or abs(item) <= LARGEST_EXACT for item in values.filled(0))


def _decimals(values: Values, style: Style) -> Array | None:
    wanted = style.wanted.get(values.name)
    if wanted == "g" or (style.decimals == "float" and wanted is None):
        return arrays.floats(values)
    if isinstance(style.decimals, int) and wanted is None:
        return _of_places(values, style.decimals)
    return decimals(values, wanted)


def _of_places(values: Values, places: int) -> Array:
    """Lay out decimals with so many *places*. Raises `ValueError` where they do not hold one of them."""
    letters = f"d:38,{places}"

    def laid_out(items: Sequence[Any]) -> Array | None:
        laid = decimals(Values(values.name, items, {*map(type, items)}), letters)
        return None if laid is None or laid.format != letters else laid

    laid = laid_out(values.items)
    if laid is not None:
        return laid
    too_fine = next(item for item in values.items if laid_out([item]) is None)
    raise ValueError(
        f"{values.name} is {shown(str(too_fine))} in a row, which {places} places of 38 digits do not hold: say "
        'another number of places, or decimals="exact"'
    )


def _words(values: Values, style: Style) -> Array:
    return arrays.texts(values, large=style.wanted.get(values.name) == "U")


_LAYOUTS: Final[dict[Kind, Callable[[Values, Style], Array | None]]] = {
    Kind.FLAG: lambda values, _: arrays.flags(values),
    Kind.WHOLE: _wholes,
    Kind.FLOAT: _floats,
    Kind.EXACT: _decimals,
    Kind.TEXT: _words,
    Kind.BYTES: lambda values, _: arrays.blobs(values),
    Kind.DAY: lambda values, _: arrays.days(values),
    Kind.MOMENT: lambda values, style: moments(values, style.wanted.get(values.name)),
    Kind.SPAN: lambda values, _: spans(values),
}
