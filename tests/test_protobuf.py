"""The protobuf encoding from the table: descriptors, presence, nesting, and one error for whatever cannot be read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws.errors import DecodeError
from anytws.messages import ErrorMessage, NextValidId, StartApiRequest
from anytws.messages.base import TagValue, ToClient, message
from anytws.testing.strategies import Encoding, record_of
from anytws.wire import protobuf, protobuf_descriptors
from anytws.wire.catalogue import BY_CLASS, CATALOGUE
from anytws.wire.kinds import BOOL, DECIMAL, DOUBLE, INT, MILLISECONDS
from anytws.wire.odd import Odd, OddField
from anytws.wire.optional_kinds import TEXT, maybe
from anytws.wire.rows import Choice, Entry, Layout, Many, Part, Row, Tags
from tests.test_rows import (
    CONTRACT_DATA,
    MINIATURE,
    OPEN_ORDER,
    Contract,
    ContractData,
    DeltaNeutral,
    Expiry,
    Hedge,
    Leg,
    MarginCondition,
    OpenOrder,
    Order,
    PriceCondition,
    in_catalogue,
)

VARINT, LENGTH = 0, 2
IN_PROTOBUF = [entry for entry in CATALOGUE if entry.protobuf_since is not None]


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
        Contract(9, "IBM", legs=(Leg(1, "BUY", 2, 0.0), Leg(3, "SELL")), delta_neutral=DeltaNeutral(4, 0.0)),
        Order(
            "BUY",
            Decimal("1E+3"),
            parameters=(TagValue("a", ""),),
            regulators=("x", ""),
            options=(TagValue("b", "c"), TagValue("d", "e")),
            conditions=(PriceCondition(0.0, False), MarginCondition(30)),
            hedge=Hedge("D"),
        ),
        "wé",
    )
    no_price = varint(4 << 3 | 1) + bytes(8)
    legs = [field(1, 1) + field(2, 2) + field(3, b"BUY") + no_price, field(1, 3) + field(2, 1) + field(3, b"SELL")]
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
        + field(14, field(1, b"b") + field(2, b"c"))
        + field(14, field(1, b"d") + field(2, b"e"))
        + field(15, field(1, 1) + field(2, 0) + varint(3 << 3 | 1) + bytes(8))
        + field(15, field(1, 4) + field(2, 1) + field(5, 30))
        + field(16, field(1, b"D"))
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
    odd = protobuf.parse(BY_CLASS[ErrorMessage], body)
    assert (odd.message.error_time, odd.message.error_message) == (None, "x")
    assert odd.fields == (OddField("error_time", str(2**62), "MILLISECONDS or empty"),)


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
    with in_catalogue(*MINIATURE):
        odd = protobuf.parse(OPEN_ORDER, body)
    assert odd.fields == (OddField("order.total_quantity", "'abc'", "DECIMAL"),)
    assert (odd.message.order.action, odd.message.order.total_quantity) == ("BUY", None)


def test_a_bad_field_of_a_record_in_a_list_is_told_by_its_path() -> None:
    """Which of the legs it was, too."""
    contract = field(1, 9) + field(2, b"X") + field(5, field(1, 1) + field(3, b"BUY")) + field(5, field(1, 1))
    body = field(1, 7) + field(2, contract) + field(3, field(1, b"BUY") + field(2, b"1"))
    with in_catalogue(*MINIATURE):
        odd = protobuf.parse(OPEN_ORDER, body)
    assert [field.path for field in odd.fields] == ["contract.legs[1].action"]
    assert [leg.action for leg in odd.message.contract.legs] == ["BUY", None]


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
def test_a_bad_value_in_a_list_is_odd_too(entry: Entry, body: bytes, at: int) -> None:
    """A list of decimals is text on the wire: the peer decides what is in it, and must not make us raise."""
    with in_catalogue(entry):
        odd = protobuf.parse(entry, body)
    assert [field.path for field in odd.fields] == [f"sizes[{at}]"]
    assert odd.message.sizes[at] is None


@pytest.mark.parametrize("entry", [*IN_PROTOBUF, *MINIATURE, DEPTH], ids=lambda entry: entry.name)
@settings(max_examples=max(1, settings().max_examples // 25))
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
            assert isinstance(value.message if isinstance(value, Odd) else value, entry.cls)


# --- what is there, and what is not -------------------------------------------------------------------------------


def test_a_part_that_must_be_there_and_is_not_is_told() -> None:
    """An open order without a contract is still an open order: its id says which."""
    with in_catalogue(*MINIATURE):
        odd = protobuf.parse(OPEN_ORDER, field(1, 7))
    assert {field.path.partition(".")[0] for field in odd.fields} >= {"contract", "order"}
    assert odd.message.order_id == 7


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


# --- pairs, choices, what is left out, what is several -----------------------------------------------------------


@attrs.frozen
class Inner:
    """A record of one field."""

    number: int = 0


@message
class Mixed(ToClient):
    """One field of each sort."""

    pairs: tuple[TagValue, ...] = ()
    conditions: tuple[Any, ...] = ()
    first: Inner | None = None
    second: Inner | None = None
    plain: Inner | None = None
    omitted: Inner = Inner(7)
    sent: Inner = Inner(7)


_INNER = Layout(Inner, (Row("number", INT, 1),), vendor="MixedInner")
_CONDITIONS = Choice(
    object,
    tag="kind",
    number=1,
    vendor="MixedCondition",
    options={
        1: Layout(PriceCondition, (Row("price", DOUBLE, 2), Row("is_more", BOOL, 3))),
        4: Layout(MarginCondition, (Row("percent", INT, 4), Row("is_more", BOOL, 3))),
    },
)
MIXED = Entry(
    Layout(
        Mixed,
        (
            Tags("pairs", 1, "pairsOfTexts"),
            Many("conditions", _CONDITIONS, 2),
            Part("first", _INNER, 3, optional=True, oneof="either"),
            Part("second", _INNER, 4, optional=True, oneof="either"),
            Part("plain", _INNER, 5, optional=True, presence=False),
            Part("omitted", _INNER, 6, omitted=True),
            Part("sent", _INNER, 7),
        ),
    ),
    id=152,
    vendor_name="mixed",
    protobuf_since=201,
)
_SENT = field(7, field(1, 7))


@pytest.mark.parametrize(
    "value, body",
    [
        (Mixed(), _SENT),
        (Mixed(pairs=(TagValue("a", "b"),)), field(1, field(1, b"a") + field(2, b"b")) + _SENT),
        (Mixed(pairs=(TagValue("", ""),)), field(1, field(1, b"") + field(2, b"")) + _SENT),
        (Mixed(conditions=(MarginCondition(5, False),)), field(2, field(1, 4) + field(3, 0) + field(4, 5)) + _SENT),
        (Mixed(first=Inner(1)), field(3, field(1, 1)) + _SENT),
        (Mixed(second=Inner(0)), field(4, field(1, 0)) + _SENT),
        (Mixed(plain=Inner(0)), field(5, field(1, 0)) + _SENT),
        (Mixed(omitted=Inner(0)), field(6, field(1, 0)) + _SENT),
        (Mixed(omitted=Inner(7), sent=Inner(8)), field(7, field(1, 8))),
    ],
    ids=repr,
)
def test_each_sort_of_field_has_the_bytes_worked_out_by_hand(value: Mixed, body: bytes) -> None:
    """What is left out where it is the default comes back as the default."""
    with in_catalogue(MIXED):
        assert protobuf.serialize(MIXED, value) == body
        assert protobuf.parse(MIXED, body) == value


def test_a_part_that_is_left_out_is_the_default_whoever_leaves_it_out() -> None:
    """Absent is the class's default; present and empty is not, where the default says something."""
    with in_catalogue(MIXED):
        assert protobuf.parse(MIXED, b"") == Mixed()
        assert protobuf.parse(MIXED, field(6, b"") + field(7, b"")) == Mixed(omitted=Inner(0), sent=Inner(0))


def test_a_oneof_holds_one_of_its_members() -> None:
    """Two of them would be one without a word; of two that come, protobuf keeps the last."""
    with in_catalogue(MIXED):
        with pytest.raises(ValueError, match="Inner"):
            protobuf.serialize(MIXED, Mixed(first=Inner(1), second=Inner(2)))
        both = field(3, field(1, 1)) + field(4, field(1, 2))
        assert protobuf.parse(MIXED, both) == Mixed(second=Inner(2))


def test_pairs_come_sorted_and_no_tag_twice() -> None:
    """A map has no order: what was read does not depend on who wrote it."""
    pairs = {
        tag: field(1, field(1, tag.encode()) + field(2, value.encode())) for tag, value in [("b", "1"), ("a", "2")]
    }
    with in_catalogue(MIXED):
        for body in (pairs["a"] + pairs["b"], pairs["b"] + pairs["a"], pairs["a"] + pairs["b"] + pairs["a"]):
            assert protobuf.parse(MIXED, body).pairs == (TagValue("a", "2"), TagValue("b", "1"))
        # A pair without a name or a value is one with an empty text.
        assert protobuf.parse(MIXED, field(1, b"")).pairs == (TagValue("", ""),)
        with pytest.raises(ValueError, match="TagValue"):
            protobuf.serialize(MIXED, Mixed(pairs=(TagValue("a", "1"), TagValue("a", "1"))))


@pytest.mark.parametrize(
    "wrong",
    ["ab", TagValue(1, "b"), TagValue("a", None), TagValue(b"a", "b"), TagValue("a", b"b"), TagValue("a\0", "b")],  # type: ignore[arg-type]
    ids=repr,
)
def test_what_is_no_pair_is_refused(wrong: Any) -> None:
    """The same as in text, so that what may be said does not depend on the server version."""
    with in_catalogue(MIXED), pytest.raises((ValueError, TypeError, AttributeError)):
        protobuf.serialize(MIXED, Mixed(pairs=(wrong,)))


@pytest.mark.parametrize(
    "condition, seen", [(field(1, 2), "2"), (field(4, 5), "None"), (b"", "None"), (field(1, 0), "0")], ids=repr
)
def test_a_choice_that_is_not_known_is_told(condition: bytes, seen: str) -> None:
    """By its path, with the numbers that there are."""
    body = field(2, field(1, 4) + field(4, 1)) + field(2, condition) + _SENT
    with in_catalogue(MIXED), pytest.raises(DecodeError) as caught:
        protobuf.parse(MIXED, body)
    error = caught.value
    assert (error.field, error.seen, error.wanted) == ("conditions[1].kind", seen, "one of 1, 4")


def test_a_bad_field_of_a_choice_is_told_by_its_path() -> None:
    """Which record, and which field of it."""
    with in_catalogue(MIXED):
        odd = protobuf.parse(MIXED, field(2, field(1, 1) + varint(2 << 3 | 1) + b"\0\0\0\0\0\0\xf8\x7f"))
    assert odd.fields == (OddField("conditions[0].price", "nan", "DOUBLE"),)


@pytest.mark.parametrize("wrong", [None, 5, Inner(1), "a"])
def test_what_is_no_choice_is_refused(wrong: object) -> None:
    """It has no number."""
    with in_catalogue(MIXED), pytest.raises(ValueError, match=r".*"):
        protobuf.serialize(MIXED, Mixed(conditions=(wrong,)))


def test_a_record_may_be_other_than_its_fields() -> None:
    """One field on the wire, two in the class: the message itself, and a record in it."""
    body = field(1, 1) + field(2, field(1, b"20240131 10:30")) + field(3, b"20240130 9")
    value = ContractData(1, Expiry("20240131", "10:30"), "20240130", "9")
    with in_catalogue(*MINIATURE):
        assert protobuf.serialize(CONTRACT_DATA, value) == body
        assert protobuf.parse(CONTRACT_DATA, body) == value


def test_a_record_that_cannot_be_made_of_its_fields_is_a_decode_error() -> None:
    """The peer chooses what is in them, and must not make us raise anything else."""
    body = field(1, 1) + field(2, b"") + field(3, b"never")
    with in_catalogue(*MINIATURE), pytest.raises(DecodeError) as caught:
        protobuf.parse(CONTRACT_DATA, body)
    assert (caught.value.message, caught.value.field) == ("ContractData", None)


def test_a_field_that_newer_servers_take_is_read_at_any_version() -> None:
    """What is there is there; the version decides only what a client may say."""
    order = Order("BUY", Decimal(1), comment="x")
    with in_catalogue(*MINIATURE):
        said = OpenOrder(1, Contract(1, "X"), order)
        assert protobuf.parse(OPEN_ORDER, protobuf.serialize(OPEN_ORDER, said)) == said


def test_an_absent_value_is_what_the_kind_says_before_what_the_class_says() -> None:
    """An empty text that TWS leaves out is no value that the class invents."""

    @message
    class Absent(ToClient):
        text: str = "default"
        number: int = 5
        maybe_number: int | None = 5

    rows = (Row("text", TEXT, 1), Row("number", INT, 2), Row("maybe_number", maybe(INT), 3))
    entry = Entry(Layout(Absent, rows), id=153, vendor_name="x", protobuf_since=201)
    with in_catalogue(entry):
        assert protobuf.parse(entry, b"") == Absent("", 5, None)
        assert protobuf.serialize(entry, Absent("", 5, None)) == field(2, 5)


# --- what we do not know -----------------------------------------------------------------------------------------


def test_fields_that_we_do_not_know_are_told_where_they_nest() -> None:
    """By their number and what they hold; of a list the first record is looked at."""
    group = varint(8 << 3 | 3) + field(1, 5) + field(2, b"x") + varint(8 << 3 | 4)
    body = (
        field(99, 5)
        + field(3, field(1, 1) + field(9, b"new"))
        + field(2, field(77, 1))
        + field(2, field(78, 1))
        + group
    )
    with in_catalogue(MIXED):
        found = protobuf.unknown_fields(MIXED, body + _SENT)
    assert found == (
        "field 99 = 5", "field 8 = {field 1 = 5, field 2 = b'x'}", "conditions.field 77 = 1", "first.field 9 = b'new'",
    )  # fmt: skip


def test_a_message_with_more_unknown_fields_than_one_reads_says_how_many() -> None:
    """And of a body as long as a book none is looked for: an object would be made of each."""
    with in_catalogue(MIXED):
        many = protobuf.unknown_fields(MIXED, b"".join([field(number, 1) for number in range(100, 350)]))
        assert (len(many), many[-1]) == (101, "and 150 more")
        assert protobuf.unknown_fields(MIXED, field(99, b"x" * 2**20)) == ()


def test_what_an_unknown_field_holds_fits_a_line_however_deep_it_is() -> None:
    """The peer chooses how many fields a group has, and how many groups are in it."""
    group = b"".join([varint(8 << 3 | 3)] * 50 + [field(1, 5)] * 50 + [varint(8 << 3 | 4)] * 50)
    with in_catalogue(MIXED):
        (told,) = protobuf.unknown_fields(MIXED, group)
    assert told == "field 8 = {field 8 = {field 8 = {field 8 = {field 8 = {and 1 more}}}}}"
    wide = varint(8 << 3 | 3) + b"".join([field(number, 1) for number in range(1, 31)]) + varint(8 << 3 | 4)
    with in_catalogue(MIXED):
        (told,) = protobuf.unknown_fields(MIXED, wide)
    assert told.endswith("field 10 = 1, and 20 more}")


# --- how much a body may hold ------------------------------------------------------------------------------------


@pytest.mark.parametrize("items, fine", [(400, True), (401, False)])
def test_items_are_counted_in_all_lists_together_before_any_is_read(items: int, fine: bool) -> None:
    """Pairs, records and those in records."""
    body = field(1, field(1, b"k") + field(2, b"v")) + field(2, field(1, 4) + field(4, 1)) * (items - 1) + _SENT
    # A body that is short is read without counting: it cannot have more items than bytes.
    body += field(99, b"x" * 1024)
    with in_catalogue(MIXED):
        if fine:
            assert len(protobuf.parse(MIXED, body, 400).conditions) == 399
            return
        with pytest.raises(DecodeError, match=r"at most 400 items in its lists \(Limits\.items\)") as caught:
            protobuf.parse(MIXED, body, 400)
    assert (caught.value.message, caught.value.field) == ("Mixed", None)


def test_a_body_of_empty_records_is_refused_before_each_becomes_an_object() -> None:
    """Two bytes a record, of thirty fields: such a body took a minute to read."""
    layout = Layout(Holder, (Many("orders", OPEN_ORDER.layout, 1),), vendor="Holder")
    entry = Entry(layout, id=154, vendor_name="x", protobuf_since=201)
    with in_catalogue(*MINIATURE, entry):
        with pytest.raises(DecodeError, match="a byte for every two of their fields"):
            protobuf.parse(entry, field(1, b"") * 2000)
        parsed = protobuf_descriptors.message_class(layout).FromString(field(1, b"") * 100)
        assert not protobuf.is_bloated(layout, parsed, 200, 1000)


@message
class Holder(ToClient):
    """A list of records with lists in them."""

    orders: tuple[OpenOrder, ...] = ()
