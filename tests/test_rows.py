"""The vocabulary of the table, and a miniature that uses all of it.

`OPEN_ORDER` and `PLACE_ORDER` are the vendor's two hardest messages made small: text that interleaves what protobuf
nests, records and plain values in lists, conditions that look back, an optional part, fields that come and go with the
version, pairs, a column, records of several kinds in one list. `CONTRACT_DATA` has one field on the wire for two of the
class. `in_catalogue` has the production code take them for its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from typing import Any

import attrs
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from hypothesis import given
from hypothesis import strategies as st

from anytws.messages import (
    Asks,
    CurrentTime,
    CurrentTimeRequest,
    Message,
    NextValidId,
    SetServerLogLevelRequest,
    Side,
    Streams,
    ToClient,
    ToTws,
)
from anytws.messages.base import TagValue, message
from anytws.wire import codec, protobuf_descriptors, tolerant_protobuf
from anytws.wire.catalogue import BY_CLASS, BY_ID, CATALOGUE, entry_of
from anytws.wire.kinds import BOOL, DECIMAL, DOUBLE, ESCAPED, INT, LONG, STRING
from anytws.wire.optional_kinds import TEXT, maybe
from anytws.wire.rows import (
    Choice,
    Column,
    Entry,
    Filler,
    Gate,
    Layout,
    Many,
    Part,
    Row,
    Tags,
    When,
    default_of,
    field_class,
    has_lists,
    is_carried,
    is_in_protobuf,
    leaves,
    value_when_absent,
    vendor_name,
)

# --- the miniature -----------------------------------------------------------------------------------------------

CLASS_SINCE, CASH_SINCE, FILLER_UNTIL, TIER_UNTIL = 170, 180, 160, 190
"""Where the miniature's layout changes."""
OLDEST_LAYOUT = 30
"""The layout number from which the miniature looks as it does."""
PROTOBUF_SINCE, COMMENT_SINCE = 203, 216
"""Where it goes out as protobuf, and where TWS takes one field more there."""


@attrs.frozen
class Leg:
    """One leg of a combination."""

    contract_id: int
    action: str
    ratio: int = 1
    price: float | None = None
    """Counted and written apart from the legs, in text."""


@attrs.frozen
class DeltaNeutral:
    """What a combination is hedged with."""

    contract_id: int
    delta: float


@attrs.frozen
class Contract:
    """What is traded."""

    contract_id: int
    symbol: str
    strike: float | None = None
    trading_class: str = ""
    legs: tuple[Leg, ...] = ()
    delta_neutral: DeltaNeutral | None = None


@attrs.frozen
class Hedge:
    """Another order that hangs on this one."""

    kind: str = ""
    beta: float | None = None


class Condition:
    """What an order waits for."""

    __slots__ = ()


@attrs.frozen
class PriceCondition(Condition):
    """A price."""

    price: float
    is_more: bool = True
    exchange: str = ""


@attrs.frozen
class MarginCondition(Condition):
    """A part of the margin."""

    percent: int
    is_more: bool = True


@attrs.frozen
class Order:
    """How it is traded."""

    action: str
    total_quantity: Decimal
    limit_price: float | None = None
    hidden: bool = False
    permanent_id: int = 0
    leg_prices: tuple[float | None, ...] = ()
    scale_increment: float | None = None
    scale_offset: float | None = None
    algorithm: str = ""
    parameters: tuple[TagValue, ...] = ()
    soft_tier: str = ""
    cash_quantity: Decimal | None = None
    regulators: tuple[str, ...] = ()
    options: tuple[TagValue, ...] = ()
    conditions: tuple[Condition, ...] = ()
    hedge: Hedge = Hedge()
    comment: str = ""
    """In protobuf alone, and there later than the rest."""


@message
class OpenOrder(ToClient):
    """What TWS says of an order."""

    order_id: int
    contract: Contract
    order: Order
    warning: str = ""


@message
class PlaceOrderRequest(ToTws):
    """What the client says of one."""

    order_id: int
    contract: Contract
    order: Order


@attrs.frozen
class Expiry:
    """When a contract ends: one field on the wire, two for people."""

    day: str
    clock: str = ""


@message
class ContractData(ToClient):
    """What TWS knows about a contract."""

    contract_id: int
    expiry: Expiry
    last_day: str = ""
    last_clock: str = ""


def _split(expiry: Expiry) -> Expiry:
    day, _, clock = expiry.day.partition(" ")
    return Expiry(day, clock)


def _join(expiry: Expiry) -> Expiry:
    return Expiry(f"{expiry.day} {expiry.clock}" if expiry.clock else expiry.day)


def _split_last(data: ContractData) -> ContractData:
    if data.last_day == "never":
        raise ValueError(data.last_day)
    day, _, clock = data.last_day.partition(" ")
    return ContractData(data.contract_id, data.expiry, day, clock)


def _join_last(data: ContractData) -> ContractData:
    last_day = f"{data.last_day} {data.last_clock}" if data.last_clock else data.last_day
    return ContractData(data.contract_id, data.expiry, last_day)


_LEG_ROWS = (
    Row("contract_id", INT, 1),
    Row("ratio", INT, 2),
    Row("action", STRING, 3),
    Row("price", maybe(DOUBLE), 4),
)
_LEG = Layout(Leg, text=_LEG_ROWS[:3], protobuf=_LEG_ROWS, vendor="MiniLeg")
_CONDITION = Choice(
    Condition,
    tag="kind",
    number=1,
    vendor="MiniCondition",
    options={
        1: Layout(PriceCondition, (Row("is_more", BOOL, 2), Row("price", DOUBLE, 3), Row("exchange", TEXT, 4))),
        4: Layout(MarginCondition, (Row("is_more", BOOL, 2), Row("percent", INT, 5))),
    },
)
_HEDGE = Layout(Hedge, (Row("kind", STRING, 1), Row("beta", maybe(DOUBLE), 2)), vendor="MiniHedge")
_DELTA_NEUTRAL = Layout(DeltaNeutral, (Row("contract_id", INT, 1), Row("delta", DOUBLE, 2)), vendor="MiniDeltaNeutral")
_CONTRACT = Layout(
    Contract,
    (
        Row("contract_id", INT, 1, "conId"),
        Row("symbol", STRING, 2),
        Row("strike", maybe(DOUBLE), 3),
        Row("trading_class", STRING, 4),
        Many("legs", _LEG, 5, "comboLegs"),
        Part("delta_neutral", _DELTA_NEUTRAL, 6, optional=True, presence=False),
    ),
    vendor="MiniContract",
)
_ORDER = Layout(
    Order,
    (
        Row("action", STRING, 1),
        Row("total_quantity", DECIMAL, 2),
        Row("limit_price", maybe(DOUBLE), 3, "lmtPrice"),
        Row("hidden", BOOL, 4),
        Row("permanent_id", LONG, 5, "permId"),
        Many("leg_prices", maybe(DOUBLE)),
        Row("scale_increment", maybe(DOUBLE), 7),
        Row("scale_offset", maybe(DOUBLE), 8),
        Row("algorithm", STRING, 9),
        Tags("parameters", 10),
        Row("soft_tier", STRING, 11),
        Row("cash_quantity", maybe(DECIMAL), 12),
        Many("regulators", STRING, 13),
        Tags("options", 14, "orderMiscOptions"),
        Many("conditions", _CONDITION, 15),
        Part("hedge", _HEDGE, 16, omitted=True),
        Row("comment", TEXT, 17, protobuf_since=COMMENT_SINCE),
    ),
    vendor="MiniOrder",
)

_HEAD = (
    Filler("34", until=FILLER_UNTIL, minimum=OLDEST_LAYOUT),
    Row("order_id", INT),
    Row("contract.contract_id", INT),
    Row("contract.symbol", STRING),
    Row("contract.strike", maybe(DOUBLE)),
    Row("contract.trading_class", STRING, since=CLASS_SINCE),
    Row("order.action", STRING),
    Row("order.total_quantity", DECIMAL),
    Row("order.limit_price", maybe(DOUBLE)),
    Row("order.hidden", BOOL),
    Row("order.permanent_id", LONG),
    # Behind a list: is there anything in it?
    Many("contract.legs", _LEG),
    When(
        lambda said: len(said.contract.legs) > 0,
        (Many("order.leg_prices", maybe(DOUBLE)), Column("contract.legs", "price", maybe(DOUBLE))),
    ),
    # Behind a number that may be absent.
    Row("order.scale_increment", maybe(DOUBLE)),
    When(
        lambda said: said.order.scale_increment is not None and said.order.scale_increment > 0,
        (Row("order.scale_offset", maybe(DOUBLE)),),
    ),
    Part("contract.delta_neutral", _DELTA_NEUTRAL, optional=True),
    # Behind a part that may be absent, and behind a text; one condition in another.
    When(
        lambda said: said.contract.delta_neutral is None,
        (
            Row("order.algorithm", STRING),
            When(lambda said: said.order.algorithm != "", (Tags("order.parameters"),)),
        ),
    ),
    Row("order.soft_tier", STRING, until=TIER_UNTIL),
    Row("order.cash_quantity", maybe(DECIMAL), since=CASH_SINCE),
    Many("order.regulators", STRING, since=CASH_SINCE),
    Tags("order.options", joined=True),
    Many("order.conditions", _CONDITION),
    Row("order.hedge.kind", STRING),
    Row("order.hedge.beta", maybe(DOUBLE), since=CASH_SINCE),
)
_NESTED = (Row("order_id", INT, 1), Part("contract", _CONTRACT, 2), Part("order", _ORDER, 3))

OPEN_ORDER = Entry(
    Layout(
        OpenOrder,
        text=(*_HEAD, Row("warning", ESCAPED)),
        protobuf=(*_NESTED, Row("warning", ESCAPED, 4, "warningText")),
        vendor="MiniOpenOrder",
    ),
    id=5,
    vendor_name="openOrder",
    protobuf_since=PROTOBUF_SINCE,
)
PLACE_ORDER = Entry(
    Layout(PlaceOrderRequest, text=_HEAD, protobuf=_NESTED, vendor="MiniPlaceOrderRequest"),
    id=3,
    vendor_name="placeOrder",
    protobuf_since=PROTOBUF_SINCE,
    changes_state=True,
)
CONTRACT_DATA = Entry(
    Layout(
        ContractData,
        (
            Row("contract_id", INT, 1, "conId"),
            Part(
                "expiry",
                Layout(Expiry, (Row("day", TEXT, 1),), after_reading=_split, before_writing=_join, vendor="MiniExpiry"),
                2,
            ),
            Row("last_day", TEXT, 3),
        ),
        vendor="MiniContractData",
        after_reading=_split_last,
        before_writing=_join_last,
    ),
    id=10,
    vendor_name="contractDetails",
    protobuf_since=205,
)
MINIATURE = (OPEN_ORDER, PLACE_ORDER, CONTRACT_DATA)


@contextmanager
def in_catalogue(*entries: Entry) -> Iterator[None]:
    """Have *entries* in the catalogue; the encoders, decoders and descriptors are then the production ones."""
    with pytest.MonkeyPatch.context() as patch:
        for entry in entries:
            patch.setitem(BY_CLASS, entry.cls, entry)
            patch.setitem(BY_ID[entry.said_by], entry.id, entry)
        pool, with_bytes, known = _pools_of(*entries)
        patch.setattr(protobuf_descriptors, "_POOL", pool)
        patch.setattr(protobuf_descriptors, "_IN_POOL", known)
        patch.setattr(tolerant_protobuf, "_POOL", with_bytes)
        caches = protobuf_descriptors.message_class.cache_clear, tolerant_protobuf.class_with_bytes.cache_clear
        for clear in caches:
            clear()
        try:
            yield
        finally:
            for clear in caches:
                clear()


@cache
def _pools_of(*_entries: Entry) -> tuple[DescriptorPool, DescriptorPool, dict[str, Any]]:
    # Kept, and filled on the way: a test that comes here with each example would describe everything as often. With
    # other entries another one, since two tests may call different messages the same.
    assert CATALOGUE, "all tables are loaded, so none will take the place of what is put in"
    return DescriptorPool(), DescriptorPool(), {}


def test_the_miniature_is_taken_for_a_message() -> None:
    """And is none any more afterwards: no test leaves it behind."""
    order = OpenOrder(1, Contract(2, "X"), Order("BUY", Decimal(3)))
    with in_catalogue(*MINIATURE):
        assert entry_of(order) is OPEN_ORDER
        assert codec.Codec(Side.TWS, 226).encode(order)
    with pytest.raises(TypeError):
        codec.Codec(Side.TWS, 226).encode(order)


def test_the_miniature_uses_every_word() -> None:
    """A word that it does not use would be proved by nobody."""

    def words(rows: tuple[Any, ...]) -> set[str]:
        found: set[str] = set()
        for row in rows:
            found.add(type(row).__name__)
            found |= words(row.rows) if isinstance(row, When) else set()
        return found

    rows = OPEN_ORDER.layout.text_rows
    assert words(rows) == {"Row", "Filler", "Part", "Many", "Tags", "Column", "When"}
    assert {type(row.of).__name__ for row in leaves(rows) if isinstance(row, Many)} == {"Layout", "Kind", "Choice"}
    assert any(row.since for row in leaves(rows))
    assert any(row.until for row in leaves(rows))
    assert any(isinstance(row, Filler) and row.minimum is not None for row in leaves(rows))
    assert {row.joined for row in leaves(rows) if isinstance(row, Tags)} == {True, False}
    nested = [*leaves(_ORDER.protobuf_rows), *leaves(_CONTRACT.protobuf_rows)]
    assert any(isinstance(row, Part) and row.omitted for row in nested)
    assert any(isinstance(row, Part) and not row.presence for row in nested)
    assert any(isinstance(row, Row) and row.protobuf_since for row in nested)
    assert CONTRACT_DATA.layout.after_reading
    assert CONTRACT_DATA.layout.before_writing


# --- names of fields ---------------------------------------------------------------------------------------------


def check_fields(layout: Layout) -> None:
    """Raise `TypeError` when a row of *layout* names a field that its class has not.

    Nothing else would notice a string in a table when the class changes. A test and no part of the import, where it
    took a third of the time that a table takes.
    """
    for rows, paths in ((layout.text_rows, True), (layout.protobuf_rows, False)):
        lists: dict[str, Any] = {}
        for row in leaves(rows):
            if isinstance(row, Filler):
                continue
            *parents, name = row.field.split(".")
            if parents and not paths:
                raise TypeError(f"the table of {layout.cls.__name__} has the path {row.field} in protobuf")
            owner = layout.cls
            for parent in parents:
                _check_name(owner, parent)
                owner = field_class(owner, parent)
            _check_name(owner, name)
            if isinstance(row, Many):
                lists[row.field] = row.of
            elif isinstance(row, Column):
                _check_column(layout, row, lists.get(row.field))


def _check_name(cls: type[Any], name: str) -> None:
    if name not in attrs.fields_dict(cls):
        raise TypeError(f"the table of {cls.__name__} names {name}, which the class has not")


def _check_column(layout: Layout, row: Column, of: object) -> None:
    if not isinstance(of, Layout):
        raise TypeError(f"the table of {layout.cls.__name__} has a column of {row.field}, no list of records before it")
    _check_name(of.cls, row.name)


# --- the words ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "since, until, on, off",
    [(0, None, [0, 157, 10**6], []), (166, None, [166, 167], [165]), (0, 194, [0, 193], [194]), (5, 6, [5], [4, 6])],
)
def test_a_band_begins_with_since_and_ends_before_until(
    since: int, until: int | None, on: list[int], off: list[int]
) -> None:
    """``until`` is the first version that no longer has it, as in the vendor's own tables."""
    row = Row("order_id", INT, since=since, until=until)
    assert [version for version in on + off if row.on_wire(version)] == on


@pytest.mark.parametrize(
    "rows",
    [
        (Row("number", INT),),
        (Row("order_ids.x", INT),),
        (When(lambda _: True, (Row("number", INT),)),),
        (Many("number", INT),),
        (Part("number", _HEDGE),),
        (Tags("number"),),
        (Column("number", "price", INT),),
    ],
)
def test_a_row_for_a_field_that_is_not_there_is_found(rows: tuple[Any, ...]) -> None:
    """Strings in a table would drift from the class otherwise; behind a condition too, and in both encodings."""
    for layout in ({"rows": rows}, {"text": rows}, {"protobuf": rows}):
        with pytest.raises(TypeError, match="NextValidId"):
            check_fields(Layout(NextValidId, **layout))  # type: ignore[arg-type]


def test_a_path_to_a_field_that_is_not_there_is_found() -> None:
    """``contract.symbl`` is a typing error like any other."""
    with pytest.raises(TypeError, match="symbl"):
        check_fields(Layout(OpenOrder, text=(Row("contract.symbl", STRING),)))


def test_a_column_of_records_that_are_not_there_is_found() -> None:
    """A column is written apart from its list: the list has to come before it, and its records have the field."""
    legs = Many("leg_prices", Layout(Leg, (Row("ratio", INT),)))
    check_fields(Layout(Order, text=(legs, Column("leg_prices", "price", INT))))
    for rows in (
        (legs, Column("leg_prices", "prize", INT)),
        (Column("leg_prices", "price", INT), legs),
        (Many("leg_prices", INT), Column("leg_prices", "price", INT)),
    ):
        with pytest.raises(TypeError, match=r"prize|no list of records"):
            check_fields(Layout(Order, text=rows))


def test_a_path_in_protobuf_is_found() -> None:
    """Protobuf nests by sub-message: a path there would raise at the first frame, out of `receive_data`."""
    with pytest.raises(TypeError, match="contract"):
        check_fields(Layout(OpenOrder, protobuf=(Row("order_id", INT, 1), Row("contract.symbol", STRING, 2))))


def test_a_path_leads_through_the_one_class_of_an_annotation() -> None:
    """``Contract``, and ``DeltaNeutral | None``; never through a number."""
    assert field_class(OpenOrder, "contract") is Contract
    assert field_class(Contract, "delta_neutral") is DeltaNeutral
    with pytest.raises(TypeError, match=r"Contract\.contract_id"):
        field_class(Contract, "contract_id")


def test_a_default_that_is_made_is_made() -> None:
    """``attrs.field(factory=…)`` is a default too; the recipe is no value."""

    @attrs.frozen
    class Made:
        none: int
        given: int = 5
        made: tuple[int, ...] = attrs.field(factory=tuple)

    assert [default_of(Made, name) for name in ("none", "given", "made")] == [attrs.NOTHING, 5, ()]


def test_one_list_of_rows_serves_both_encodings_unless_two_are_given() -> None:
    """Flat messages have one list; where the shapes differ, each encoding has its own."""
    rows = (Row("order_id", INT, 1),)
    other = (Filler("1"), *rows)
    assert (Layout(NextValidId, rows).text_rows, Layout(NextValidId, rows).protobuf_rows) == (rows, rows)
    both = Layout(NextValidId, rows, text=other)
    assert (both.text_rows, both.protobuf_rows) == (other, rows)


def test_leaves_are_all_rows_however_deep_behind_conditions() -> None:
    """A field behind two conditions still has its descriptor."""
    inner, middle, outer = Row("order_id", INT), Filler("1"), Filler("2")
    nested = (outer, When(lambda _: False, (middle, When(lambda _: False, (inner,)))))
    assert list(leaves(nested)) == [outer, middle, inner]


@pytest.mark.parametrize(
    "row, name",
    [
        (Row("client_id", INT), "clientId"),
        (Row("a_b_c", INT), "aBC"),
        (Row("time", INT), "time"),
        (Row("number_of_ids", INT, 1, "numIds"), "numIds"),
    ],
)
def test_a_protobuf_field_is_named_by_the_vendor_or_in_camel_case(row: Row, name: str) -> None:
    """The vendor's names differ from ours only where they are not whole words."""
    assert vendor_name(row) == name


@message
class Orphan(Asks[CurrentTime], Streams[CurrentTime]):
    """A question that is in no table."""


@pytest.mark.parametrize(
    "cls, said_by",
    [
        (CurrentTimeRequest, Side.CLIENT),
        (SetServerLogLevelRequest, Side.CLIENT),
        (CurrentTime, Side.TWS),
        (Orphan, Side.CLIENT),
    ],
)
def test_the_class_says_who_says_it(cls: type[Message], said_by: Side) -> None:
    """No column of the table repeats what the type says."""
    entry = Entry(Layout(cls), id=1, vendor_name="x")
    assert (entry.cls, entry.name, entry.said_by) == (cls, cls.__name__, said_by)


@given(version=st.integers(150, 240), since=st.integers(150, 240), width=st.integers(0, 20) | st.none())
def test_a_gate_is_open_from_its_first_version_until_its_last(version: int, since: int, width: int | None) -> None:
    """As the band of a row is."""
    until = None if width is None else since + width
    gate, row = Gate("field", 1, since=since, until=until), Row("order_id", INT, since=since, until=until)
    assert gate.is_open(version) is row.on_wire(version)
    assert gate.is_open(version) == (version >= since and (until is None or version < until))


def test_a_record_has_the_number_of_its_choice() -> None:
    """By its class alone, a subclass is another one."""
    choice = Choice(object, "kind", 1, "X", {4: Layout(Leg, ()), 7: Layout(Hedge, ())})
    assert (choice.number_of(Hedge("D")), choice.number_of(Leg(1, "BUY"))) == (7, 4)
    for other in (DeltaNeutral(1, 0.5), None, 5):
        with pytest.raises(ValueError, match=r".*"):
            choice.number_of(other)


def test_lists_are_found_at_any_depth_and_in_either_encoding() -> None:
    """A layout without any needs no counting, so it must not be taken for one that has them, nor the other way."""
    flat, listed = Layout(Hedge, (Row("kind", STRING, 1),)), Layout(Leg, (Row("action", STRING, 1),))
    assert not has_lists(flat)
    assert not has_lists(Layout(Contract, text=(Row("symbol", STRING),), protobuf=(Part("delta_neutral", flat, 1),)))
    assert has_lists(Layout(Contract, text=(Many("legs", listed),)))
    assert has_lists(Layout(Contract, text=(), protobuf=(Many("legs", listed, 1),)))
    assert has_lists(Layout(OpenOrder, (Part("contract", Layout(Contract, (Many("legs", listed, 1),)), 1),)))
    assert has_lists(Layout(Contract, text=(When(lambda _: True, (Column("legs", "price", INT),)),)))
    assert has_lists(Layout(Order, (Tags("options", 1),)))
    assert not has_lists(Choice(object, "kind", 1, "X", {1: flat}))
    assert has_lists(Choice(object, "kind", 1, "X", {1: flat, 2: Layout(Order, (Tags("options", 1),))}))


@pytest.mark.parametrize(
    "row, in_text, in_protobuf",
    [
        (Row("a", INT), True, False),
        (Row("a", INT, 1), True, True),
        (Row("a", INT, 1, since=200), False, True),
        (Row("a", INT, 1, until=190), False, True),
        (Row("a", INT, 1, protobuf_since=190), True, True),
        (Row("a", INT, 1, protobuf_since=191), True, False),
        (Filler("1"), True, False),
        (Column("a", "b", INT), True, False),
        (Tags("a"), True, False),
        (Tags("a", 5), True, True),
        (Many("a", INT, 5, since=191), False, True),
    ],
    ids=lambda part: type(part).__name__,
)
def test_what_a_row_says_is_carried_by_version_in_text_and_by_number_in_protobuf(
    row: Any, in_text: bool, in_protobuf: bool
) -> None:
    """The one place that decides it: the guard, the descriptors and the strategies ask here."""
    assert is_carried(row, 190, text=True) is in_text
    assert is_carried(row, 190, text=False) is in_protobuf
    assert is_in_protobuf(row) is (getattr(row, "number", None) is not None)


def test_a_field_without_none_has_to_be_there_in_protobuf_where_none_is_its_default() -> None:
    """It is the id of a request that has not been asked yet."""

    @attrs.frozen
    class Asked:
        request_id: int | None = None
        number: int = 5
        made: tuple[int, ...] = attrs.field(factory=tuple)

    assert value_when_absent(Asked, "number") == 5
    assert value_when_absent(Asked, "made") == ()
    assert value_when_absent(Asked, "request_id") is attrs.NOTHING
