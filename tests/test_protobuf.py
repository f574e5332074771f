"""The protobuf encoding from the table: descriptors, presence, nesting, and one error for whatever cannot be read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import pytest
from google.protobuf import descriptor_pb2
from hypothesis import given
from hypothesis import strategies as st

from anytws.errors import DecodeError
from anytws.messages import ErrorMessage, NextValidId, StartApiRequest
from anytws.messages.base import ToClient, message
from anytws.testing.strategies import Encoding, record_of
from anytws.wire import protobuf
from anytws.wire.catalogue import BY_CLASS, CATALOGUE
from anytws.wire.kinds import BOOL, DECIMAL, DOUBLE, INT, LONG, MILLISECONDS, STRING
from anytws.wire.rows import Entry, Filler, Layout, Many, Part, Row, leaves
from tests.test_rows import MINIATURE, OPEN_ORDER, Contract, DeltaNeutral, Leg, OpenOrder, Order, Tag, in_catalogue

VARINT, LENGTH = 0, 2


def varint(number: int) -> bytes:
    """Write a varint by hand: protobuf's own witness."""
    number &= 2**64 - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def field(number: int, value: int | bytes) -> bytes:
    """Write one protobuf field by hand."""
    if isinstance(value, int):
        return varint(number << 3 | VARINT) + varint(value)
    return varint(number << 3 | LENGTH) + varint(len(value)) + value


@pytest.mark.parametrize("entry", MINIATURE, ids=lambda entry: entry.name)
@given(data=st.data())
def test_nested_messages_come_back_equal(entry: Entry, data: st.DataObject) -> None:
    """Records in records, lists of records and of values, an optional part, absent values; and again the same bytes."""
    value = data.draw(record_of(entry.layout, 226, Encoding.PROTOBUF))
    with in_catalogue(*MINIATURE):
        body = protobuf.serialize(entry, value)
        assert protobuf.parse(entry, body) == value
        assert protobuf.serialize(entry, protobuf.parse(entry, body)) == body


def test_nested_messages_have_the_bytes_worked_out_by_hand() -> None:
    """A round trip alone cannot see two field numbers exchanged."""
    value = OpenOrder(
        7,
        Contract(9, "IBM", legs=(Leg(1, "BUY", 2), Leg(3, "SELL")), delta_neutral=DeltaNeutral(4, 0.0)),
        Order("BUY", Decimal("1E+3"), parameters=(Tag("a", ""),), regulators=("x", "")),
        "wé",
    )
    legs = [field(1, 1) + field(2, 2) + field(3, b"BUY"), field(1, 3) + field(2, 1) + field(3, b"SELL")]
    contract = (
        field(1, 9)
        + field(2, b"IBM")
        + field(4, b"")
        + field(5, legs[0])
        + field(5, legs[1])
        + field(6, field(1, 4) + varint(2 << 3 | 1) + bytes(8))
    )
    order = (
        field(1, b"BUY")
        + field(2, b"1000")
        + field(4, 0)
        + field(5, 0)
        + field(9, b"")
        + field(10, field(1, b"a") + field(2, b""))
        + field(11, b"")
        + field(13, b"x")
        + field(13, b"")
    )
    body = field(1, 7) + field(2, contract) + field(3, order) + field(4, "wé".encode())
    with in_catalogue(*MINIATURE):
        assert protobuf.serialize(OPEN_ORDER, value) == body
        assert protobuf.parse(OPEN_ORDER, body) == value


def test_absent_and_zero_are_different_things() -> None:
    """Every field has explicit presence: a default is written, and what is not written is not there."""
    entry = BY_CLASS[ErrorMessage]
    zero = field(1, 0) + field(3, 0) + field(4, b"")
    assert protobuf.parse(entry, zero) == ErrorMessage(0, 0, "")
    assert protobuf.serialize(entry, ErrorMessage(0, 0, "")) == zero
    assert protobuf.parse(entry, field(3, 0) + field(4, b"")) == ErrorMessage(None, 0, "")


@pytest.mark.parametrize(
    "body, name",
    [(b"", "order_id"), (field(2, 5), "order_id"), (field(99, 5), "order_id")],
    ids=["empty", "another number", "unknown number"],
)
def test_a_field_that_must_be_there_and_is_not_is_told(body: bytes, name: str) -> None:
    """By message, field, what was seen and what was wanted."""
    with pytest.raises(DecodeError) as caught:
        protobuf.parse(BY_CLASS[NextValidId], body)
    error = caught.value
    assert (error.message, error.field, error.wanted) == ("NextValidId", name, "INT")
    assert "absent" in error.seen


def test_a_body_that_is_no_protobuf_is_told() -> None:
    """A length that runs over the end, and bytes that are no UTF-8 in a text."""
    for body in (field(1, b"12345")[:-1], b"\xff", field(4, b"\xff\xfe")):
        with pytest.raises(DecodeError) as caught:
            protobuf.parse(BY_CLASS[ErrorMessage], body)
        assert caught.value.message == "ErrorMessage"
        assert "a protobuf ErrorMessage" in caught.value.wanted


def test_a_value_that_cannot_be_is_told() -> None:
    """A time beyond the calendar is the field's fault."""
    body = field(1, 1) + field(3, 2) + field(4, b"x") + field(2, 2**62)
    with pytest.raises(DecodeError) as caught:
        protobuf.parse(BY_CLASS[ErrorMessage], body)
    assert (caught.value.message, caught.value.field) == ("ErrorMessage", "error_time")
    assert str(2**62) in caught.value.seen


def test_fields_that_nobody_knows_are_left_alone() -> None:
    """TWS adds fields in any version."""
    body = field(1, 5) + field(77, b"new") + field(78, 1)
    assert protobuf.parse(BY_CLASS[NextValidId], body) == NextValidId(5)


def test_the_last_of_two_wins() -> None:
    """Protobuf's own rule."""
    assert protobuf.parse(BY_CLASS[NextValidId], field(1, 5) + field(1, 6)) == NextValidId(6)


def test_a_bad_field_of_a_nested_record_is_told_by_its_path() -> None:
    """As in text: ``order.total_quantity`` of ``OpenOrder``, not a field of some ``Order``."""
    body = field(1, 7) + field(2, field(1, 9) + field(2, b"X")) + field(3, field(1, b"BUY") + field(2, b"abc"))
    with in_catalogue(*MINIATURE), pytest.raises(DecodeError) as caught:
        protobuf.parse(OPEN_ORDER, body)
    error = caught.value
    assert (error.message, error.field, error.seen, error.wanted) == (
        "OpenOrder", "order.total_quantity", "'abc'", "DECIMAL",
    )  # fmt: skip


def test_a_bad_field_of_a_record_in_a_list_is_told_by_its_path() -> None:
    """Which of the legs it was, too."""
    contract = field(1, 9) + field(2, b"X") + field(5, field(1, 1) + field(3, b"BUY")) + field(5, field(1, 1))
    body = field(1, 7) + field(2, contract) + field(3, field(1, b"BUY") + field(2, b"1"))
    with in_catalogue(*MINIATURE), pytest.raises(DecodeError) as caught:
        protobuf.parse(OPEN_ORDER, body)
    assert (caught.value.message, caught.value.field) == ("OpenOrder", "contract.legs[1].action")


@attrs.frozen
class Sizes:
    """A list of plain values that protobuf holds in another form."""

    sizes: tuple[Any, ...] = ()


@message
class Depth(ToClient):
    """A list of plain values, in a message."""

    sizes: tuple[Any, ...] = ()


DEPTH = Entry(Layout(Depth, (Many("sizes", DECIMAL, 1),)), id=150, vendor_name="depth", protobuf_since=201)
TIMES = Entry(Layout(Depth, (Many("sizes", MILLISECONDS, 1),)), id=150, vendor_name="depth", protobuf_since=201)


@pytest.mark.parametrize(
    "entry, body, at", [(DEPTH, field(1, b"1") + field(1, b"x"), 1), (TIMES, field(1, 2**62), 0)], ids=["text", "time"]
)
def test_a_bad_value_in_a_list_is_a_decode_error_too(entry: Entry, body: bytes, at: int) -> None:
    """A list of decimals is text on the wire: the peer decides what is in it, and must not make us raise."""
    with in_catalogue(entry), pytest.raises(DecodeError) as caught:
        protobuf.parse(entry, body)
    assert (caught.value.message, caught.value.field) == ("Depth", f"sizes[{at}]")


@pytest.mark.parametrize("entry", [*CATALOGUE, *MINIATURE, DEPTH], ids=lambda entry: entry.name)
@given(data=st.data())
def test_any_bytes_are_a_message_or_a_decode_error(entry: Entry, data: st.DataObject) -> None:
    """Random bytes, and random fields of the right numbers."""
    numbers = st.integers(1, 13)
    values = st.integers(0, 2**64 - 1) | st.binary(max_size=6) | st.sampled_from([b"1", b"x", b"\x08\x01"])
    fields = st.lists(st.builds(field, numbers, values), max_size=6).map(b"".join)
    nested = st.lists(st.builds(field, numbers, fields), max_size=4).map(b"".join)
    body = data.draw(st.binary(max_size=40) | fields | nested)
    with in_catalogue(*MINIATURE, DEPTH):
        try:
            value = protobuf.parse(entry, body)
        except DecodeError as problem:
            assert problem.message is not None
        else:
            assert isinstance(value, entry.cls)


# --- descriptors -------------------------------------------------------------------------------------------------


def described(*layouts: Layout) -> dict[str, descriptor_pb2.DescriptorProto]:
    """Give the descriptors of *layouts* by name."""
    return {kind.name: kind for kind in protobuf.file_descriptor(layouts).message_type}


def test_the_descriptors_come_from_the_rows_alone() -> None:
    """Numbers, the vendor's names, types, presence, repetition, nesting."""
    kinds = described(OPEN_ORDER.layout)
    assert set(kinds) == {"MiniOpenOrder", "MiniContract", "MiniLeg", "MiniDeltaNeutral", "MiniOrder", "MiniTag"}
    scalar = descriptor_pb2.FieldDescriptorProto
    order = {field.name: field for field in kinds["MiniOrder"].field}
    assert {
        name: (field.number, field.type) for name, field in order.items() if field.label != field.LABEL_REPEATED
    } == {
        "action": (1, scalar.TYPE_STRING),
        "totalQuantity": (2, scalar.TYPE_STRING),
        "lmtPrice": (3, scalar.TYPE_DOUBLE),
        "hidden": (4, scalar.TYPE_BOOL),
        "permId": (5, scalar.TYPE_INT64),
        "scaleIncrement": (7, scalar.TYPE_DOUBLE),
        "scaleOffset": (8, scalar.TYPE_DOUBLE),
        "algorithm": (9, scalar.TYPE_STRING),
        "softTier": (11, scalar.TYPE_STRING),
        "cashQuantity": (12, scalar.TYPE_STRING),
    }
    assert (order["parameters"].number, order["parameters"].type_name) == (10, ".protobuf.MiniTag")
    assert (order["regulators"].number, order["regulators"].type) == (13, scalar.TYPE_STRING)
    assert "legPrices" not in order, "a row without a number has no protobuf form"
    assert all(field.proto3_optional for field in order.values() if field.label != field.LABEL_REPEATED)


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_every_entry_has_a_descriptor_with_all_its_numbers(entry: Entry) -> None:
    """The production pool knows it, under the vendor's name and with every numbered row."""
    numbers = {
        row.number
        for row in leaves(entry.layout.protobuf_rows)
        if not isinstance(row, Filler) and row.number is not None
    }
    descriptor = protobuf.message_class(entry.layout).DESCRIPTOR
    assert descriptor.full_name == f"protobuf.{entry.layout.name}"
    assert set(descriptor.fields_by_number) == numbers


def test_two_layouts_of_one_name_must_be_the_same_in_protobuf() -> None:
    """One contract is written in several text orders and in one protobuf form. A second form would be lost silently."""
    same = [
        Layout(Contract, text=(Row(first, STRING),), protobuf=(Row("symbol", STRING, 2),), vendor="C")
        for first in ("symbol", "trading_class")
    ]
    assert [field.number for field in described(*same)["C"].field] == [2]
    other = Layout(Contract, protobuf=(Row("symbol", STRING, 3),), vendor="C")
    with pytest.raises(TypeError, match="C"):
        described(same[0], other)


@pytest.mark.parametrize(
    "kind, number",
    [(INT, 1), (LONG, 2), (DOUBLE, 3), (BOOL, 4), (STRING, 5)],
    ids=lambda part: getattr(part, "name", part),
)
def test_each_scalar_type_has_its_descriptor(kind: Any, number: int) -> None:
    """By protobuf's own names for them."""
    layout = Layout(Sizes, (Row("sizes", kind, number),), vendor=f"Of{number}")
    found = described(layout)[f"Of{number}"].field[0]
    assert descriptor_pb2.FieldDescriptorProto.Type.Name(found.type) == f"TYPE_{kind.protobuf.upper()}"


def test_a_part_that_must_be_there_and_is_not_is_told() -> None:
    """An open order without a contract is none."""
    with in_catalogue(*MINIATURE), pytest.raises(DecodeError) as caught:
        protobuf.parse(OPEN_ORDER, field(1, 7))
    assert (caught.value.message, caught.value.field) == ("OpenOrder", "contract")


def test_an_empty_part_is_there() -> None:
    """Present and empty is not absent."""
    inner = Layout(Sizes, (Many("sizes", INT, 1),), vendor="Inner")

    @message
    class Outer(ToClient):
        part: Sizes | None

    entry = Entry(Layout(Outer, (Part("part", inner, 1, optional=True),)), id=151, vendor_name="x", protobuf_since=201)
    with in_catalogue(entry):
        assert protobuf.serialize(entry, Outer(Sizes())) == field(1, b"")
        assert protobuf.parse(entry, field(1, b"")) == Outer(Sizes())
        assert protobuf.serialize(entry, Outer(None)) == b""
        assert protobuf.parse(entry, b"") == Outer(None)


def test_capabilities_that_are_empty_are_left_out() -> None:
    """The facts: ``optionalCapabilities`` only when not empty. Client id 7 is ``08 07`` and nothing more."""
    entry = BY_CLASS[StartApiRequest]
    assert protobuf.serialize(entry, StartApiRequest(7)) == bytes.fromhex("0807")
    assert protobuf.serialize(entry, StartApiRequest(7, "a")) == bytes.fromhex("0807120161")
