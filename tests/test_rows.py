"""The vocabulary of the table, and a miniature that uses all of it.

`OPEN_ORDER` and `PLACE_ORDER` are the vendor's two hardest messages made small: text that interleaves what protobuf
nests, records and plain values in lists, conditions that look back, an optional part, fields that come and go with the
version. No message of the session is like that, and two hundred to come are. `in_catalogue` has the production code
take them for its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import attrs
import pytest

from anytws.messages import (
    Asks,
    CurrentTime,
    CurrentTimeRequest,
    Message,
    NextValidId,
    SetServerLogLevelRequest,
    Side,
    ToClient,
    ToTws,
)
from anytws.messages.base import message
from anytws.wire import codec, protobuf
from anytws.wire.catalogue import BY_CLASS, BY_ID, CATALOGUE, entry_of
from anytws.wire.kinds import BOOL, DECIMAL, DOUBLE, ESCAPED, INT, LONG, STRING, maybe
from anytws.wire.rows import Entry, Filler, Layout, Many, Part, Row, When, default_of, field_class, leaves, vendor_name

# --- the miniature -----------------------------------------------------------------------------------------------

CLASS_SINCE, CASH_SINCE, FILLER_UNTIL, TIER_UNTIL = 170, 180, 160, 190
"""Where the miniature's layout changes."""


@attrs.frozen
class Leg:
    """One leg of a combination."""

    contract_id: int
    action: str
    ratio: int = 1


@attrs.frozen
class Tag:
    """One parameter of an algorithm."""

    tag: str
    value: str


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
    parameters: tuple[Tag, ...] = ()
    soft_tier: str = ""
    cash_quantity: Decimal | None = None
    regulators: tuple[str, ...] = ()


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


_LEG = Layout(Leg, (Row("contract_id", INT, 1), Row("ratio", INT, 2), Row("action", STRING, 3)), vendor="MiniLeg")
_TAG = Layout(Tag, (Row("tag", STRING, 1), Row("value", STRING, 2)), vendor="MiniTag")
_DELTA_NEUTRAL = Layout(DeltaNeutral, (Row("contract_id", INT, 1), Row("delta", DOUBLE, 2)), vendor="MiniDeltaNeutral")
_CONTRACT = Layout(
    Contract,
    (
        Row("contract_id", INT, 1, "conId"),
        Row("symbol", STRING, 2),
        Row("strike", maybe(DOUBLE), 3),
        Row("trading_class", STRING, 4),
        Many("legs", _LEG, 5, "comboLegs"),
        Part("delta_neutral", _DELTA_NEUTRAL, 6, optional=True),
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
        Many("parameters", _TAG, 10),
        Row("soft_tier", STRING, 11),
        Row("cash_quantity", maybe(DECIMAL), 12),
        Many("regulators", STRING, 13),
    ),
    vendor="MiniOrder",
)

_HEAD = (
    Filler("34", until=FILLER_UNTIL),
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
    When(lambda said: len(said.contract.legs) > 0, (Many("order.leg_prices", maybe(DOUBLE)),)),
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
            When(lambda said: said.order.algorithm != "", (Many("order.parameters", _TAG),)),
        ),
    ),
    Row("order.soft_tier", STRING, until=TIER_UNTIL),
    Row("order.cash_quantity", maybe(DECIMAL), since=CASH_SINCE),
    Many("order.regulators", STRING, since=CASH_SINCE),
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
    protobuf_since=203,
)
PLACE_ORDER = Entry(
    Layout(PlaceOrderRequest, text=_HEAD, protobuf=_NESTED, vendor="MiniPlaceOrderRequest"),
    id=3,
    vendor_name="placeOrder",
    protobuf_since=203,
    changes_state=True,
)
MINIATURE = (OPEN_ORDER, PLACE_ORDER)


@contextmanager
def in_catalogue(*entries: Entry) -> Iterator[None]:
    """Have *entries* in the catalogue; the encoders, decoders and descriptors are then the production ones."""
    with pytest.MonkeyPatch.context() as patch:
        for entry in entries:
            patch.setitem(BY_CLASS, entry.cls, entry)
            patch.setitem(BY_ID[entry.said_by], entry.id, entry)
        patch.setattr(protobuf, "CATALOGUE", (*CATALOGUE, *entries))
        protobuf._pool.cache_clear()
        protobuf.message_class.cache_clear()
        try:
            yield
        finally:
            protobuf._pool.cache_clear()
            protobuf.message_class.cache_clear()


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
    assert words(rows) == {"Row", "Filler", "Part", "Many", "When"}
    assert {type(row.of).__name__ for row in leaves(rows) if isinstance(row, Many)} == {"Layout", "Kind"}
    assert any(row.since for row in leaves(rows))
    assert any(row.until for row in leaves(rows))


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
        (Part("number", _TAG),),
    ],
)
def test_a_row_for_a_field_that_is_not_there_fails_the_import(rows: tuple[Any, ...]) -> None:
    """Strings in a table would drift from the class otherwise; behind a condition too, and in both encodings."""
    for layout in ({"rows": rows}, {"text": rows}, {"protobuf": rows}):
        with pytest.raises(TypeError, match="NextValidId"):
            Layout(NextValidId, **layout)  # type: ignore[arg-type]


def test_a_path_to_a_field_that_is_not_there_fails_the_import() -> None:
    """``contract.symbl`` is a typing error like any other."""
    with pytest.raises(TypeError, match="symbl"):
        Layout(OpenOrder, text=(Row("contract.symbl", STRING),))


def test_a_path_in_protobuf_fails_the_import() -> None:
    """Protobuf nests by sub-message: a path there would raise at the first frame, out of `receive_data`."""
    with pytest.raises(TypeError, match="contract"):
        Layout(OpenOrder, protobuf=(Row("order_id", INT, 1), Row("contract.symbol", STRING, 2)))


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
class Orphan(Asks[CurrentTime]):
    """A question that is in no table."""


@pytest.mark.parametrize(
    "cls, said_by, answer",
    [
        (CurrentTimeRequest, Side.CLIENT, CurrentTime),
        (SetServerLogLevelRequest, Side.CLIENT, None),
        (CurrentTime, Side.TWS, None),
        (Orphan, Side.CLIENT, CurrentTime),
    ],
)
def test_the_class_says_who_says_it_and_what_it_asks_for(
    cls: type[Message], said_by: Side, answer: type[ToClient] | None
) -> None:
    """No column of the table repeats what the type says."""
    entry = Entry(Layout(cls), id=1, vendor_name="x")
    assert (entry.cls, entry.name, entry.said_by, entry.answer) == (cls, cls.__name__, said_by, answer)
