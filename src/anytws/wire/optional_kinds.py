"""Kinds of value that need not be there: how "no value" is written, and what it is when it is read.

Each is made of a kind of `anytws.wire.kinds`. In text nothing is an empty field, or a number that the vendor has chosen
for it (`nothing_is`); in protobuf it is a field that is not there. Where "nothing" has a meaning of its own, the kind
says which: `empty_means` for text, `left_out_when` for protobuf.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, Final

import attrs

from anytws.wire.kinds import BOOL, ESCAPED, STRING, Kind, as_it_is

_NOTHING: Final = frozenset[Any]({"", ()})


@attrs.frozen(eq=False)
class OptionalReader:
    """How an optional kind reads. An object, and no closure, for `anytws.wire.compiled` to see what it is made of."""

    inner: Callable[[Any], Any]
    """Reads what is not empty."""
    unset: frozenset[Any]
    """The values that mean None."""
    is_unset: Callable[[Any], bool] | None = None
    """Tells of a value that is not in ``unset`` whether it means None all the same."""

    def __call__(self, seen: Any) -> Any:
        """Read what is on the wire."""
        if seen == "":
            return None
        value = self.inner(seen)
        if value in self.unset or value != value:  # noqa: PLR0124 (NaN)
            return None
        return None if self.is_unset is not None and self.is_unset(value) else value


def _optional_readers(
    kind: Kind, *marks: Any, is_unset: Callable[[Any], bool] | None = None
) -> tuple[OptionalReader, OptionalReader]:
    """Give how *kind*, made optional, reads text and protobuf: its sentinels and *marks* are None."""
    unset = kind.sentinels.union(marks)
    kind = kind.with_sentinels or kind
    from_protobuf = kind.read_protobuf or as_it_is
    return OptionalReader(kind.read_text, unset, is_unset), OptionalReader(from_protobuf, unset, is_unset)


@attrs.frozen(eq=False)
class OptionalWriter:
    """How an optional kind writes. An object for the same reason."""

    inner: Callable[[Any], Any]
    """Writes what is a value."""
    nothing: Any
    """What None is on the wire; None for a field that is left out."""
    refused: frozenset[Any]
    """Values that could not be told from nothing by whoever reads them."""
    is_refused: Callable[[Any], bool] | None = None
    """Tells of a value that is not in ``refused`` whether it is refused all the same."""

    def __call__(self, value: Any) -> Any:
        """Write *value*. Raises `ValueError` for what is no value of the kind."""
        if value is None:
            return self.nothing
        if value in self.refused or (self.is_refused is not None and self.is_refused(value)):
            raise ValueError(value)
        return self.inner(value)


@attrs.frozen(eq=False)
class DefaultLeftOut:
    """How a kind writes that leaves its default out of protobuf. An object for the same reason."""

    inner: Callable[[Any], Any]
    default: Any

    def __call__(self, value: Any) -> Any:
        """Write *value*; give None for the default."""
        written = self.inner(value)
        return None if value == self.default else written


def left_out_when(kind: Kind, default: Any, name: str | None = None) -> Kind:
    """Leave the field out of protobuf when it is *default*, which an absent one means; text is as it was."""
    # An optional kind made of this one has to say its default: absent is None there.
    return attrs.evolve(
        kind,
        name=name or kind.name,
        write_protobuf=DefaultLeftOut(kind.write_protobuf or as_it_is, default),
        absent=default,
        with_sentinels=kind.with_sentinels or kind,
    )


def empty_means(kind: Kind, value: Any) -> Kind:
    """Read an empty text as *value*, as the official client does with the numbers of its older messages.

    So is a sentinel of the vendor: a number that nobody has set is no reason to lose the message.
    """
    read_any, read_any_protobuf = _optional_readers(kind)

    def read_text(text: str) -> Any:
        found = read_any(text)
        return value if found is None else found

    def read_protobuf(held: Any) -> Any:
        found = read_any_protobuf(held)
        return value if found is None else found

    has_sentinels = kind.with_sentinels is not None
    return attrs.evolve(kind, read_text=read_text, read_protobuf=read_protobuf if has_sentinels else kind.read_protobuf)


def nothing_is(kind: Kind, marker: str, *, is_unset: Callable[[Any], bool] | None = None) -> Kind:
    """Make *kind* optional, with a *marker* that is written for None in text: ``1.7976931348623157E308``, ``-1``.

    Read as None is what is empty, what is equal to the marker, and each value of which *is_unset* says so. In protobuf
    None is an absent field.
    """
    mark = (kind.with_sentinels or kind).read_text(marker)
    # A long whole number is not compared with a decimal: Python would write it out, in time that grows with the square
    # of its length.
    alike = Decimal if isinstance(mark, Decimal) else object

    def is_marked(value: Any) -> bool:
        return isinstance(value, alike) and is_unset is not None and bool(is_unset(value))

    read_text, read_protobuf = _optional_readers(kind, mark, is_unset=is_unset)
    write_text, write_protobuf = _optional_writers(kind, marker, mark, is_refused=is_unset and is_marked)
    return attrs.evolve(
        maybe(kind),
        name=f"{kind.name} or {marker}",
        read_text=read_text,
        write_text=write_text,
        read_protobuf=read_protobuf,
        write_protobuf=write_protobuf,
    )


def never_left_out(kind: Kind, marker: Any) -> Kind:
    """Write None of the optional *kind* as *marker* in protobuf too."""
    write = kind.write_protobuf
    if not isinstance(write, OptionalWriter):
        raise TypeError(f"{kind.name} is not optional")
    return attrs.evolve(kind, write_protobuf=attrs.evolve(write, nothing=marker))


def _optional_writers(
    kind: Kind, nothing: str, *marks: Any, is_refused: Callable[[Any], bool] | None = None
) -> tuple[OptionalWriter, OptionalWriter]:
    """Give how *kind*, made optional, writes text, where None is *nothing*, and protobuf."""
    refused, kind = kind.sentinels.union(_NOTHING, marks), kind.with_sentinels or kind
    to_protobuf = kind.write_protobuf or as_it_is
    return (
        OptionalWriter(kind.write_text, nothing, refused, is_refused),
        OptionalWriter(to_protobuf, None, refused, is_refused),
    )


@cache
def maybe(kind: Kind) -> Kind:
    """Make *kind* optional: `None` is an empty text and an absent protobuf field; so is a sentinel of the vendor.

    A value that could not be told from `None` by whoever reads it, a sentinel or an empty text, is refused.
    """
    read_text, read_protobuf = _optional_readers(kind)
    write_text, write_protobuf = _optional_writers(kind, "")
    name, kind = f"{kind.name} or empty", kind.with_sentinels or kind
    return Kind(
        name, read_text, write_text, kind.protobuf, read_protobuf, write_protobuf,
        optional=True, members=kind.members,
    )  # fmt: skip


TEXT: Final = left_out_when(STRING, "", "TEXT")
"""Text that is left out of protobuf where it is empty, as TWS and the official client do."""
ESCAPED_TEXT: Final = left_out_when(ESCAPED, "", "ESCAPED_TEXT")
"""The same, ASCII with backslash escapes in the text encoding."""
FLAG: Final = left_out_when(empty_means(BOOL, False), False, "FLAG")
"""A truth value that is left out of protobuf where it is false, as TWS and the official client do."""
