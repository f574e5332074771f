"""The vocabulary of the table: what one row can say about a message.

* `Row`: one field, one value.
* `Filler`: a constant that means nothing, such as the layout number of old messages.
* `Part`: a nested record, in place in text, a sub-message in protobuf.
* `Many`: a counted group in text, a repeated field in protobuf.
* `Tags`: pairs of a name and a value; a map in protobuf.
* `Column`: one field of every record of an earlier `Many`, counted and written apart from them in text.
* `Choice`: what a `Many` repeats, where each record is one of several kinds and its first field tells which.
* `When`: rows that are there only if an earlier field says so.

A field may be a path (``order.tif``) where text interleaves what protobuf nests. Rows are data: what they do is
worked out by `anytws.wire.text`, `anytws.wire.protobuf` and, field by field for people, `anytws.wire.walk`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, TypeAlias, TypeGuard

import attrs

from anytws.errors import UPDATE_TWS
from anytws.messages.base import Message, Side, ToClient
from anytws.wire.conversation import ConversationRow
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
    protobuf_since: int = attrs.field(default=0, kw_only=True)
    """The first server version that takes the field from a client in protobuf."""
    may_be_lost: bool = attrs.field(default=False, kw_only=True)
    """Whether it is only TWS's remark about a record that clients send back: nothing is lost where text has no place
    for it."""
    told_by: str | None = attrs.field(default=None, kw_only=True)
    """A field beside it that alone says what this one helps to say: where that is set, nothing is lost either."""


@attrs.frozen(eq=False)
class Filler(Banded):
    """A constant in the text form that carries nothing; passed over when read."""

    constant: str
    minimum: int | None = attrs.field(default=None, kw_only=True)
    """The lowest number that may stand there: the layout number from which the message looks as the table says."""


@attrs.frozen(eq=False)
class Part(Banded):
    """A nested record."""

    field: str
    layout: Layout
    number: int | None = None
    vendor: str | None = None
    optional: bool = False
    """Whether the field may be None; in text a 1 or 0 in front of the record says whether it is there."""
    omitted: bool = attrs.field(default=False, kw_only=True)
    """Whether protobuf leaves it out where it is the default of the class."""
    oneof: str | None = attrs.field(default=None, kw_only=True)
    """The protobuf oneof that it is a member of, with others of which at most one is there."""
    presence: bool = attrs.field(default=True, kw_only=True)
    """Whether the vendor's description says ``optional`` in front of it, as it does nearly everywhere. A nested record
    may be absent either way, but the two are not the same descriptor."""


@attrs.frozen(eq=False)
class Many(Banded):
    """A tuple of records or of single values, counted in text."""

    field: str
    of: Layout | Kind | Choice
    number: int | None = None
    vendor: str | None = None


@attrs.frozen(eq=False)
class Tags(Banded):
    """A tuple of `TagValue`: counted pairs in text, a map in protobuf, which keeps no order and no tag twice.

    What was read from protobuf is sorted by tag.
    """

    field: str
    number: int | None = None
    vendor: str | None = None
    joined: bool = attrs.field(default=False, kw_only=True)
    """Whether text has them in one field, ``tag=value;`` each."""


@attrs.frozen(eq=False)
class Column(Banded):
    """The field *name* of every record in the tuple *field*, which was read before: a counted list of its own in text.

    A count of zero leaves all of them at their default; it is written when none has another value.
    """

    field: str
    name: str
    kind: Kind


@attrs.frozen(eq=False)
class Choice:
    """One of several records; a number in front tells which. In protobuf one message has the fields of all."""

    cls: type[Any]
    """The class that they have in common."""
    tag: str
    """What the number is called, in errors."""
    number: int
    """The number's place in protobuf."""
    vendor: str
    """The protobuf message's name."""
    options: Mapping[int, Layout]

    @property
    def name(self) -> str:
        """The vendor's name of the message."""
        return self.vendor

    def number_of(self, value: object) -> int:
        """Give the number of the record *value*. Raises `ValueError` for what is none of them."""
        for number, layout in self.options.items():
            if type(value) is layout.cls:
                return number
        raise ValueError(value)


@attrs.frozen(eq=False)
class When:
    """Rows that the text form has only if ``holds`` is true of the fields before them.

    ``holds`` is given a value with the message's attributes, as far as they have been read.
    """

    holds: Callable[[Any], bool]
    rows: tuple[AnyRow, ...]


Leaf: TypeAlias = Row | Filler | Part | Many | Tags | Column
AnyRow: TypeAlias = Leaf | When
CarriedRow: TypeAlias = Row | Part | Many | Tags
"""A row that may be a field in protobuf."""


@attrs.frozen(eq=False)
class Layout:
    """How a class is written: its rows, or two lists of them where the encodings differ in shape."""

    cls: type[Any]
    rows: tuple[AnyRow, ...] = ()
    text: tuple[AnyRow, ...] | None = None
    protobuf: tuple[AnyRow, ...] | None = None
    vendor: str | None = None
    """The vendor's name of the protobuf message; the class's own by default."""
    after_reading: Callable[[Any], Any] | None = None
    """What is done to a record that was read, where the wire puts into one field what are several."""
    before_writing: Callable[[Any], Any] | None = None
    """The way back, before it is written."""

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
class Gate:
    """A value of a request that some server versions do not take."""

    field: str
    value: Any
    since: int = 0
    until: int | None = None
    """The first version that no longer takes it."""
    code: int = UPDATE_TWS
    """The vendor's code for the refusal."""

    def is_open(self, version: int) -> bool:
        """Tell whether *version* takes the value."""
        return self.since <= version and (self.until is None or version < self.until)


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
    text: bool = True
    """Whether there is a text form. One that never goes out as protobuf has no protobuf form."""
    gates: tuple[Gate, ...] = ()
    """Values that not every version takes."""
    changes_state: bool = False
    """Whether saying it twice, or at all, changes something at the broker."""
    conversation: ConversationRow | None = None
    """What answers a request of a client, ends it and cancels it; None for what TWS says."""
    said_as: Callable[[Any], Any] | None = None
    """Gives a message in the form in which it is said, where what TWS reports may be in it that TWS does not take."""

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


def leaves(rows: tuple[AnyRow, ...]) -> Iterator[Leaf]:
    """Give all rows, those behind a condition included."""
    for row in rows:
        if isinstance(row, When):
            yield from leaves(row.rows)
        else:
            yield row


def is_in_protobuf(row: AnyRow) -> TypeGuard[CarriedRow]:
    """Tell whether *row* is a field in protobuf."""
    return isinstance(row, (Row, Part, Many, Tags)) and row.number is not None


@cache
def carried_rows(layout: Layout) -> tuple[CarriedRow, ...]:
    """Give the rows of *layout* that are fields in protobuf, in the order of the table."""
    return tuple([row for row in leaves(layout.protobuf_rows) if is_in_protobuf(row)])


def is_carried(row: Leaf, version: int, *, text: bool) -> bool:
    """Tell whether what a client says in *row* is on the wire at *version*, as *text* or in protobuf."""
    if text:
        return row.on_wire(version)
    return is_in_protobuf(row) and (not isinstance(row, Row) or row.protobuf_since <= version)


@cache
def has_lists(layout: Layout | Choice) -> bool:
    """Tell whether a record of *layout* has a list in it, at any depth, in either encoding."""
    if isinstance(layout, Choice):
        return any(map(has_lists, layout.options.values()))
    rows = [*leaves(layout.text_rows), *leaves(layout.protobuf_rows)]
    return any(
        isinstance(row, (Many, Tags, Column)) or (isinstance(row, Part) and has_lists(row.layout)) for row in rows
    )


def vendor_name(row: Row | Part | Many | Tags) -> str:
    """Give the name of the protobuf field: the vendor's, or *field* in camelCase."""
    first, *rest = row.field.split("_")
    return row.vendor or first + "".join(word.capitalize() for word in rest)


_FIELD_CLASSES: dict[tuple[type[Any], str], type[Any]] = {}


def field_class(cls: type[Any], name: str) -> type[Any]:
    """Give the class that the field *name* of *cls* is annotated with, ``| None`` put aside."""
    # Kept: drafts ask at every field.
    found = _FIELD_CLASSES.get((cls, name))
    if found is None:
        found = _FIELD_CLASSES[cls, name] = _class_in_hint(cls, name)
    return found


def _class_in_hint(cls: type[Any], name: str) -> type[Any]:
    # Of the one field: for the 150 of an order, `get_type_hints` takes a millisecond.
    hint: Any = attrs.fields_dict(cls)[name].type
    owner = next(base for base in reversed(cls.__mro__) if attrs.has(base) and name in attrs.fields_dict(base))
    if isinstance(hint, str):
        hint = eval(hint, vars(sys.modules[owner.__module__]))  # noqa: S307 (an annotation of ours)
    candidates = [part for part in getattr(hint, "__args__", (hint,)) if attrs.has(part)]
    if len(candidates) != 1:
        raise TypeError(f"{cls.__name__}.{name} is not annotated with one attrs class, and a row reaches into it")
    return candidates[0]


def default_of(cls: type[Any], name: str) -> Any:
    """Give the default of the field *name* of *cls*, made if it has to be; `attrs.NOTHING` if it has none."""
    default: Any = getattr(attrs.fields(cls), name).default
    return default.factory() if isinstance(default, attrs.Factory) else default  # type: ignore[arg-type]


def value_when_absent(cls: type[Any], name: str) -> Any:
    """Give what the field *name* of *cls* means where protobuf leaves it out; `attrs.NOTHING` if it has to be there.

    Asked of fields only whose kind has no None. Where None is the default of such a field all the same, it is the id
    of a request that has not been asked yet, and no request is on the wire without one.
    """
    default = default_of(cls, name)
    return attrs.NOTHING if default is None else default
