"""The vocabulary of the table: what one row can say about a message.

* `Row`: one field, one value.
* `Filler`: a constant that means nothing, such as the layout number of old messages.
* `Part`: a nested record, in place in text, a sub-message in protobuf.
* `Many`: a counted group in text, a repeated field in protobuf.
* `When`: rows that are there only if an earlier field says so.

A field may be a path (``order.tif``) where text interleaves what protobuf nests. Rows are data: what they do is
worked out by `anytws.wire.text`, `anytws.wire.protobuf` and, field by field for people, `anytws.wire.walk`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import attrs

from anytws.messages.base import Asks, Message, Side, ToClient
from anytws.wire.kinds import Kind


@attrs.frozen(eq=False, kw_only=True)
class Banded:
    """What the text form has in a band of server versions only. Protobuf has no bands: presence tells."""

    since: int = 0
    until: int | None = None
    """The first version that no longer has it."""

    def on_wire(self, version: int) -> bool:
        """Tell whether the text form has it at *version*."""
        return self.since <= version and (self.until is None or version < self.until)


@attrs.frozen(eq=False)
class Row(Banded):
    """One field.

    ``number`` and ``vendor`` are the protobuf field's number and name (the name defaults to *field* in camelCase); no
    number means that protobuf does not carry it.
    """

    field: str
    kind: Kind
    number: int | None = None
    vendor: str | None = None


@attrs.frozen(eq=False)
class Filler(Banded):
    """A constant in the text form that carries nothing; passed over when read."""

    constant: str


@attrs.frozen(eq=False)
class Part(Banded):
    """A nested record."""

    field: str
    layout: Layout
    number: int | None = None
    vendor: str | None = None
    optional: bool = False
    """Whether the field may be None; in text a 1 or 0 in front of the record says whether it is there."""


@attrs.frozen(eq=False)
class Many(Banded):
    """A tuple of records or of single values, counted in text."""

    field: str
    of: Layout | Kind
    number: int | None = None
    vendor: str | None = None


@attrs.frozen(eq=False)
class When:
    """Rows that the text form has only if ``holds`` is true of the fields before them.

    ``holds`` is given a value with the message's attributes, as far as they have been read.
    """

    holds: Callable[[Any], bool]
    rows: tuple[AnyRow, ...]


AnyRow: TypeAlias = Row | Filler | Part | Many | When


@attrs.frozen(eq=False)
class Layout:
    """How a class is written: its rows, or two lists of them where the encodings differ in shape."""

    cls: type[Any]
    rows: tuple[AnyRow, ...] = ()
    text: tuple[AnyRow, ...] | None = None
    protobuf: tuple[AnyRow, ...] | None = None
    vendor: str | None = None
    """The vendor's name of the protobuf message; the class's own by default."""

    def __attrs_post_init__(self) -> None:
        for rows in (self.text_rows, self.protobuf_rows):
            _check_fields(self.cls, rows)

    @property
    def name(self) -> str:
        """The vendor's name of the message."""
        return self.vendor or self.cls.__name__

    @property
    def text_rows(self) -> tuple[AnyRow, ...]:
        """The rows in the order of the text form."""
        return self.rows if self.text is None else self.text

    @property
    def protobuf_rows(self) -> tuple[AnyRow, ...]:
        """The rows that protobuf carries, or may carry."""
        return self.rows if self.protobuf is None else self.protobuf


@attrs.frozen(eq=False)
class Entry:
    """Everything about one message that is not its meaning. No other list names it."""

    layout: Layout
    id: int
    """The vendor's message id, the same number in both encodings."""
    vendor_name: str
    """The vendor's callback or method, for searching."""
    protobuf_since: int | None = None
    """Server version from which it goes out as protobuf; None: never. Both forms are always understood."""
    since: int = 0
    """Server version from which the message exists."""
    changes_state: bool = False
    """Whether saying it twice, or at all, changes something at the broker."""

    @property
    def cls(self) -> type[Message]:
        """The message's class."""
        return self.layout.cls

    @property
    def name(self) -> str:
        """The message's name."""
        return self.cls.__name__

    @property
    def said_by(self) -> Side:
        """The side that says it, as its class tells."""
        return Side.TWS if issubclass(self.cls, ToClient) else Side.CLIENT

    @property
    def answer(self) -> type[ToClient] | None:
        """The message that answers this request, as its class tells: ``Asks[CurrentTime]``."""
        for base in getattr(self.cls, "__orig_bases__", ()):
            if getattr(base, "__origin__", None) is Asks:
                answer: type[ToClient] = base.__args__[0]
                return answer
        return None


def leaves(rows: tuple[AnyRow, ...]) -> Iterator[Row | Filler | Part | Many]:
    """Give all rows, those behind a condition included."""
    for row in rows:
        if isinstance(row, When):
            yield from leaves(row.rows)
        else:
            yield row


def vendor_name(row: Row | Part | Many) -> str:
    """Give the name of the protobuf field: the vendor's, or *field* in camelCase."""
    first, *rest = row.field.split("_")
    return row.vendor or first + "".join(word.capitalize() for word in rest)


def _check_fields(cls: type[Any], rows: tuple[AnyRow, ...]) -> None:
    """Fail the import when a row names a field that *cls* has not: strings in a table would drift otherwise."""
    known = {field.name for field in attrs.fields(cls)}
    named = {row.field.partition(".")[0] for row in leaves(rows) if not isinstance(row, Filler)}
    if named - known:
        raise TypeError(f"the table of {cls.__name__} names {sorted(named - known)}, which the class has not")
