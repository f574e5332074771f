"""The readers of protobuf bodies."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import Any, Final, assert_never

import attrs

from anytws.messages.base import TagValue
from anytws.wire.compiled.absent import NO_VALUE, when_absent
from anytws.wire.compiled.bet import CannotCompile, Decoder, GiveUp, Read, Steps, result_of
from anytws.wire.compiled.columns import ReadColumn, column_of, memo_of
from anytws.wire.compiled.doubles import read_double
from anytws.wire.compiled.plain_numbers import parts_of
from anytws.wire.compiled.records import RecordMemo
from anytws.wire.compiled.shapes import by_shape
from anytws.wire.compiled.source import Source
from anytws.wire.compiled.twins import twin_of
from anytws.wire.kinds import INT, LONG, Kind, as_it_is
from anytws.wire.limits import DEFAULT_LIMITS
from anytws.wire.optional_kinds import FLAG
from anytws.wire.rows import (
    CarriedRow,
    Choice,
    Entry,
    Layout,
    Many,
    Part,
    Row,
    Tags,
    carried_rows,
    default_of,
    has_lists,
    vendor_name,
)


def protobuf_decoder(entry: Entry, strict: Decoder, most_items: int = DEFAULT_LIMITS.items) -> Decoder:
    """Compile the reader of protobuf bodies of *entry*, which falls back to *strict*."""
    return result_of(protobuf_decoder_steps(entry, strict, most_items))


def protobuf_decoder_steps(entry: Entry, strict: Decoder, most_items: int) -> Steps[Decoder]:
    """Do the same in steps: first the records that it nests, which are kept."""
    for row in carried_rows(entry.layout):
        if isinstance(row, Part):
            # If this cannot be compiled, nor can the whole, which finds that out below.
            with suppress(CannotCompile):
                _record_reader(row.layout)
            yield
    from anytws.wire.protobuf import (  # noqa: PLC0415 (not needed below server version 201)
        SHORT,
        is_bloated,
    )
    from anytws.wire.protobuf_descriptors import message_class  # noqa: PLC0415 (see above)

    source = Source(f"{entry.name}, protobuf")
    try:
        with source.inside("try:"):
            source.add(f"p = {source.named(message_class(entry.layout).FromString, 'parse')}(body)")
            if has_lists(entry.layout):
                bloated, layout = source.named(is_bloated, "is_bloated"), source.named(entry.layout, "layout")
                source.add(
                    f"if len(body) > {min(most_items, SHORT)} and {bloated}({layout}, p, len(body), {most_items}):"
                    " raise GiveUp"
                )
            _ProtobufRecord(source, entry.layout).message()
    except CannotCompile:
        return strict
    with source.inside("except Exception:"):
        # The body is parsed again. What was parsed may take thirty times its memory, so it is freed first.
        source.add("p = None", f"return {source.named(strict, 'strict')}(body)")
    # A shorter body cannot be bloated.
    return by_shape(entry, source.function("body"), records_of, min(most_items, SHORT))


@cache
def records_of(layout: Layout) -> RecordMemo:
    """Give the memo of records of *layout*. Raises `CannotCompile`."""
    from anytws.wire.protobuf_descriptors import message_class  # noqa: PLC0415 (see `protobuf_decoder`)

    parse, read = message_class(layout).FromString, _record_reader(layout)
    return RecordMemo(lambda raw: read(parse(raw)))


@cache
def _record_reader(layout: Layout) -> Read:
    """Compile the reader of a parsed protobuf message. Raises `CannotCompile`."""
    source = Source(f"{layout.name}, nested in protobuf")
    _ProtobufRecord(source, layout).message()
    read: Read = source.function("p")
    return read


@cache
def _records_reader(layout: Layout) -> Read:
    """Compile the reader of repeated ones. Raises `CannotCompile`."""
    source = Source(f"{layout.name}, repeated in protobuf")
    _ProtobufRecord(source, layout).items()
    read: Read = source.function("ps")
    return read


_ZEROS: Final = {"int32": 0, "int64": 0, "double": 0.0, "bool": False, "string": ""}
_MANY: Final = 8
"""So many fields that may be absent, and would have to be asked for, make a record one of many fields."""
_WHOLE_READERS: Final = {INT.read_protobuf: 2**31 - 1, LONG.read_protobuf: 2**63 - 1}
"""What refuses nothing but the sentinel, and the sentinel."""


class _ProtobufRecord:
    """Writes the reader of a parsed protobuf message ``p``.

    To ask whether a field is there costs more than to look at it, and a value that is not zero is there. Records of
    many fields, of which most are absent, are asked once what they have.
    """

    def __init__(self, source: Source, layout: Layout) -> None:
        self._source = source
        self._layout = layout
        self._rows: dict[str, CarriedRow] = {row.field: row for row in carried_rows(layout)}
        self._is_sparse = sum(map(self._has_to_be_asked_for, self._rows.values())) > _MANY

    def message(self) -> None:
        """Write the reading of one, ``p``."""
        self._source.add(f"return {self._record({})}")

    def items(self) -> None:
        """Write the reading of many, ``ps``: each column by itself, where that pays."""
        source, columns = self._source, {}
        source.add("ps = list(ps)", "made = []")
        for name, row in self._rows.items():
            if isinstance(row, Row) and (whole := self._column(row)) is not None:
                column = source.new("x")
                source.add(f"{column} = {source.named(whole, 'column')}([p.{vendor_name(row)} for p in ps])")
                columns[name] = column
        variables = ", ".join(["p", *[f"{column}_" for column in columns.values()]])
        with source.inside(f"for {variables}, in zip({', '.join(['ps', *columns.values()])}):"):
            source.add(f"made.append({self._record({name: f'{column}_' for name, column in columns.items()})})")
        source.add("return tuple(made)")

    def _column(self, row: Row) -> ReadColumn | None:
        if row.kind.read_protobuf is None or row.kind.protobuf != "string" or self._is_sparse:
            return None
        absent, zero = self._when_absent(row), self._zero(row.kind)
        # A column does not see that a field is absent, only that it is empty.
        return column_of(row.kind.read_protobuf) if zero is NO_VALUE or (absent is None and zero is None) else None

    def _record(self, columns: dict[str, str]) -> str:
        """Write the reading of ``p``; give what has it."""
        source, cls = self._source, self._layout.cls
        made = self._made = source.new("t")
        source.add(f"{made} = {source.named(twin_of(cls), 'Twin')}()")
        for field in attrs.fields(cls):
            if field.name not in self._rows:
                self._fill(field.name, default_of(cls, field.name))
        if self._is_sparse:
            self._sparse()
        else:
            for name, row in self._rows.items():
                if name in columns:
                    source.add(f"{made}.{name} = {columns[name]}")
                else:
                    self._field(f"{made}.{name}", row)
        source.add(f"{made}.__class__ = {source.named(cls, cls.__name__)}")
        return (
            made
            if self._layout.after_reading is None
            else f"{source.named(self._layout.after_reading, 'after_reading')}({made})"
        )

    def _fill(self, name: str, value: Any) -> None:
        if value is attrs.NOTHING:
            raise CannotCompile(name)
        self._source.add(f"{self._made}.{name} = {self._source.constant(value, 'default')}")

    # Few fields

    def _field(self, target: str, row: CarriedRow) -> None:
        match row:
            case Row():
                self._scalar(target, row)
            case Part():
                self._part(target, row)
            case Many():
                read = self._source.named(_items_reader(row), "items")
                self._source.add(f"{target} = {read}(p.{vendor_name(row)})")
            case Tags():
                self._source.add(f"{target} = {self._source.named(_read_tags, 'tags')}(p.{vendor_name(row)})")
            case _:
                assert_never(row)

    def _part(self, target: str, row: Part) -> None:
        name, source = vendor_name(row), self._source
        read = source.named(_record_reader(row.layout), "part")
        if _has_flags_only(row.layout):
            empty = _empty(row.layout)
            nothing = _record_reader(row.layout)(empty)
            # Most often none of the flags is there. Whether the record itself is there makes no difference then.
            if nothing == self._when_absent(row):
                found = f"{source.named(nothing, 'nothing')} if x == {source.named(empty, 'empty')} else {read}(x)"
                source.add(f"x = p.{name}", f"{target} = {found}")
                return
        source.add(f"if p.HasField('{name}'): {target} = {read}(p.{name})", f"else: {self._absent(target, row)}")

    def _absent(self, target: str, row: Row | Part) -> str:
        absent = self._when_absent(row)
        return "raise GiveUp" if absent is NO_VALUE else f"{target} = {self._source.constant(absent, 'absent')}"

    def _when_absent(self, row: Row | Part) -> Any:
        return when_absent(self._layout.cls, row)

    def _scalar(self, target: str, row: Row) -> None:
        name, kind, source = vendor_name(row), row.kind, self._source
        zero = self._zero(kind)
        if self._is_absent_zero(row):
            source.add(f"x = p.{name}", f"{target} = {self._value(kind, 'x')}")
            return
        source.add(f"x = p.{name}", f"if x: {target} = {self._value(kind, 'x')}")
        present = f"{target} = {self._value(kind, 'x')}"
        if zero is NO_VALUE:
            present = "raise GiveUp"
        source.add(f"elif p.HasField('{name}'): {present}", f"else: {self._absent(target, row)}")

    def _is_absent_zero(self, row: Row) -> bool:
        absent, zero = self._when_absent(row), self._zero(row.kind)
        return type(absent) is type(zero) and bool(absent == zero) and row.kind.protobuf != "double"

    def _has_to_be_asked_for(self, row: CarriedRow) -> bool:
        if isinstance(row, Row):
            return self._when_absent(row) is not NO_VALUE and not self._is_absent_zero(row)
        return isinstance(row, Part)

    def _zero(self, kind: Kind) -> Any:
        """Give what the zero of protobuf means, if it is there."""
        zero = _ZEROS[kind.protobuf]
        try:
            return zero if kind.read_protobuf is None else kind.read_protobuf(zero)
        except (ValueError, ArithmeticError):
            return NO_VALUE

    def _value(self, kind: Kind, x: str) -> str:
        read, source = kind.read_protobuf, self._source
        if read is None:
            return x
        asked = f"{source.named(read, 'read')}({x})"
        inner, unset, is_unset = parts_of(read)
        if read in _WHOLE_READERS:
            return f"({x} if {x} != {_WHOLE_READERS[read]} else {asked})"
        if inner is as_it_is and kind.protobuf.startswith("int") and is_unset is None:
            return f"(None if {x} in {source.named(unset, 'unset')} else {x})"
        if kind.protobuf == "double":
            return read_double(source, kind, x)
        return f"{source.named(memo_of(read, kind.protobuf), 'memo')}[{x}]"

    # Many fields

    def _sparse(self) -> None:
        source, plan = self._source, {}
        from anytws.wire.protobuf_descriptors import message_class  # noqa: PLC0415 (see above)

        try:
            described = message_class(self._layout).DESCRIPTOR.fields_by_name
        except KeyError:  # One of several records that share a protobuf message.
            raise CannotCompile(self._layout) from None
        required = []
        for name, row in self._rows.items():
            absent = () if isinstance(row, (Many, Tags)) else self._when_absent(row)
            if absent is NO_VALUE:
                required.append(name)
            else:
                self._fill(name, absent)
            plan[described[vendor_name(row)]] = name, _value_reader(row)
        with source.inside("for described, x in p.ListFields():"):
            source.add(
                f"name, read = {source.named(plan, 'plan')}[described]",
                f"setattr({self._made}, name, x if read is None else read(x))",
            )
        source.add(*[f"{self._made}.{name}" for name in required])


def _has_flags_only(layout: Layout) -> bool:
    return all(isinstance(row, Row) and row.kind is FLAG for row in carried_rows(layout))


def _empty(layout: Layout) -> Any:
    from anytws.wire.protobuf_descriptors import message_class  # noqa: PLC0415 (see above)

    return message_class(layout)()


def _value_reader(row: CarriedRow) -> Read | None:
    """Give what is done to the value of a protobuf field; None for nothing."""
    match row:
        case Row():
            if row.kind.read_protobuf is None or row.kind.protobuf == "double":
                return row.kind.read_protobuf
            return memo_of(row.kind.read_protobuf, row.kind.protobuf).__getitem__
        case Part():
            return _record_reader(row.layout)
        case Many():
            return _items_reader(row)
        case Tags():
            return _read_tags


def _read_tags(pairs: Any) -> tuple[TagValue, ...]:
    return tuple([TagValue(tag, value) for tag, value in sorted(pairs.items())]) if pairs else ()


def _items_reader(row: Many) -> Read:
    of = row.of
    if isinstance(of, Choice):
        read = _choice_reader(of)
    elif isinstance(of, Layout):
        return _records_reader(of)
    elif of.read_protobuf is None:
        return tuple
    else:
        read = of.read_protobuf
    return lambda items: tuple(map(read, items))


def _choice_reader(choice: Choice) -> Read:
    options = {number: _record_reader(layout) for number, layout in choice.options.items()}
    tag = vendor_name(Row(choice.tag, INT))

    def read(item: Any) -> Any:
        if not item.HasField(tag):
            raise GiveUp
        return options[getattr(item, tag)](item)

    return read
