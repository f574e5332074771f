"""Orders by what they are: what the functions fill in, what they refuse, and that all versions can say it."""

from __future__ import annotations

import inspect
import json
import typing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

from anytws import LocalProtocolError
from anytws.messages import (
    Action,
    LimitIfTouchedOrder,
    LimitOnCloseOrder,
    LimitOnOpenOrder,
    LimitOrder,
    MarketIfTouchedOrder,
    MarketOnCloseOrder,
    MarketOnOpenOrder,
    MarketOrder,
    MarketToLimitOrder,
    MidpriceOrder,
    OpenClose,
    OpenOrder,
    Order,
    OrderFields,
    OrderState,
    OrderType,
    PeggedToMarketOrder,
    PeggedToMidpointOrder,
    PlaceOrderRequest,
    PriceCondition,
    RelativeOrder,
    SharedFields,
    Side,
    SoftDollarTier,
    Stock,
    StopLimitOrder,
    StopOrder,
    TagValue,
    TimeCondition,
    TimeInForce,
    TrailingStopLimitOrder,
    TrailingStopOrder,
    VolatilityType,
    bracket,
    order_types,
    placeable,
    replace,
)
from anytws.wire.codec import Codec

VERSIONS = (157, 176, 203, 226)
"""The oldest, one of text, one of both encodings, and the newest."""
RECORDED = Path(__file__).parent / "data" / "recorded_frames.jsonl"
AAPL = Stock("AAPL")

# What each says beside its action and its quantity.
SAID: list[tuple[Order, str, dict[str, object]]] = [
    (MarketOrder("BUY", 1), "MKT", {}),
    (MarketOrder("BUY", None, cash_quantity=500.0), "MKT", {"total_quantity": None, "cash_quantity": 500.0}),
    (MarketOnCloseOrder("BUY", 1), "MOC", {}),
    (MarketOnOpenOrder("BUY", 1), "MKT", {"time_in_force": TimeInForce.AT_THE_OPENING}),
    (MarketToLimitOrder("BUY", 1), "MTL", {}),
    (MarketIfTouchedOrder("BUY", 1, 9.5), "MIT", {"aux_price": 9.5}),
    (LimitOrder("BUY", 1, 10), "LMT", {"limit_price": 10.0}),
    (LimitOnCloseOrder("BUY", 1, 10), "LOC", {"limit_price": 10.0}),
    (LimitOnOpenOrder("BUY", 1, 10), "LMT", {"limit_price": 10.0, "time_in_force": TimeInForce.AT_THE_OPENING}),
    (LimitIfTouchedOrder("BUY", 1, 9.6, 9.5), "LIT", {"limit_price": 9.6, "aux_price": 9.5}),
    (StopOrder("BUY", 1, 9), "STP", {"aux_price": 9.0}),
    (StopLimitOrder("BUY", 1, 8.9, 9), "STP LMT", {"limit_price": 8.9, "aux_price": 9.0}),
    (TrailingStopOrder("BUY", 1, trailing_amount=1), "TRAIL", {"aux_price": 1.0}),
    (
        TrailingStopOrder("BUY", 1, trailing_percent=5, stop_price=9),
        "TRAIL",
        {"trailing_percent": 5.0, "trail_stop_price": 9.0},
    ),
    (
        TrailingStopLimitOrder("BUY", 1, 9, 0.05, trailing_amount=1),
        "TRAIL LIMIT",
        {"trail_stop_price": 9.0, "limit_price_offset": 0.05, "aux_price": 1.0},
    ),
    (MidpriceOrder("BUY", 1), "MIDPRICE", {}),
    (MidpriceOrder("BUY", 1, 10), "MIDPRICE", {"limit_price": 10.0}),
    (PeggedToMidpointOrder("BUY", 1, 10, 0.02), "PEG MID", {"limit_price": 10.0, "aux_price": 0.02}),
    (PeggedToMarketOrder("BUY", 1, 0.01), "PEG MKT", {"aux_price": 0.01}),
    (RelativeOrder("BUY", 1, offset="0.01", price_cap=10), "REL", {"aux_price": 0.01, "limit_price": 10.0}),
    (RelativeOrder("BUY", 1, percent_offset=0.01), "REL", {"percent_offset": 0.01}),
]
BRACKET = bracket(7, "BUY", 1, 10, profit_price=11, stop_price=9)
RICH = LimitOrder(
    "SELL",
    "0.5",
    Decimal("10.05"),
    time_in_force=TimeInForce.GOOD_TILL_DATE,
    good_till_date=datetime(2027, 1, 15, 20, 0, tzinfo=UTC),
    account="DU1234567",
    conditions=(
        PriceCondition(is_more=True, price=9.0, contract_id=265598, exchange="SMART"),
        TimeCondition(is_more=True, time=datetime(2027, 1, 1, 16, tzinfo=UTC), is_conjunction=False),
    ),
    algo_strategy="Adaptive",
    algo_params=(TagValue("adaptivePriority", "Normal"),),
)
ORDERS = [*(order for order, *_ in SAID), *BRACKET, RICH]
CONSTRUCTORS = [
    getattr(order_types, name)
    for name in order_types.__all__
    if name.endswith("Order") and inspect.isfunction(getattr(order_types, name))
]


def needed_by(constructor) -> tuple[list[int], dict[str, int]]:
    """Give what *constructor* needs beside an action and a quantity, by position and by name."""
    parameters = [*inspect.signature(constructor).parameters.values()][2:]
    prices = [each for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD and each.default is each.empty]
    distance = next((each.name for each in parameters if each.name in ("trailing_amount", "offset")), None)
    return [10] * len(prices), {distance: 1} if distance and constructor is not PeggedToMarketOrder else {}


@pytest.mark.parametrize("order, kind, said", SAID)
def test_what_a_type_needs_is_filled_in_and_nothing_else(order: Order, kind: str, said: dict[str, object]):
    assert order == Order(**{"action": Action.BUY, "total_quantity": Decimal(1), **said}, order_type=OrderType(kind))


def test_every_function_is_tried_here():
    tried = {order.order_type for order, *_ in SAID}
    # Those for the opening auction have the type of those without.
    assert len(tried) == len(CONSTRUCTORS) - 2


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("order", ORDERS)
def test_every_version_can_say_it(order: Order, version: int):
    request = PlaceOrderRequest(AAPL, order, order_id=7)
    assert Codec(Side.TWS, version).decode(Codec(Side.CLIENT, version).encode(request)) == request


# The fields that may be given by name


@pytest.mark.parametrize("fields", [SharedFields, OrderFields])
def test_the_fields_are_those_of_an_order_with_their_types(fields: type):
    of_order = typing.get_type_hints(Order)
    named = typing.get_type_hints(fields)
    assert named == {name: of_order[name] for name in named}


def test_what_is_no_field_is_an_argument_or_said_by_tws():
    left = {field.name for field in attrs.fields(Order)} - set(typing.get_type_hints(OrderFields))
    prices = {
        "limit_price",
        "aux_price",
        "trail_stop_price",
        "trailing_percent",
        "limit_price_offset",
        "percent_offset",
    }
    assert left == {"action", "order_type", "total_quantity", *prices, *order_types._SAID_BY_TWS}


def test_a_bracket_says_itself_what_its_orders_do_not_share():
    own = set(typing.get_type_hints(OrderFields)) - set(typing.get_type_hints(SharedFields))
    assert own == {"parent_id", "transmit"}


@pytest.mark.parametrize("constructor", CONSTRUCTORS)
def test_a_field_that_there_is_not_is_refused(constructor):
    prices, named = needed_by(constructor)
    with pytest.raises(TypeError, match="unexpected keyword argument 'tif'"):
        constructor("BUY", 1, *prices, **named, tif="GTC")


def test_a_field_of_a_newer_version_is_refused_with_its_name():
    order = MarketOrder("BUY", 1, customer_account="X1")
    with pytest.raises(LocalProtocolError, match="needs server version 183 or later") as caught:
        Codec(Side.CLIENT, 182).encode(PlaceOrderRequest(AAPL, order, order_id=7))
    assert (caught.value.code, caught.value.field) == (503, "order.customer_account")


# What the arguments may be


@pytest.mark.parametrize("quantity, held", [(100, "100"), ("0.5", "0.5"), (Decimal("1.50"), "1.50"), (0, "0")])
def test_a_quantity_is_exact(quantity: int | str | Decimal, held: str):
    assert str(MarketOrder("BUY", quantity).total_quantity) == held


@pytest.mark.parametrize("constructor", CONSTRUCTORS)
def test_a_float_is_no_quantity(constructor):
    prices, named = needed_by(constructor)
    assert constructor("BUY", 1, *prices, **named).total_quantity == 1
    with pytest.raises(TypeError, match=r"the float 0\.1 is not: give a whole number, or Decimal\('0\.1'\)"):
        constructor("BUY", 0.1, *prices, **named)


@pytest.mark.parametrize("wrong", [-1, "", "1,000", "much", "NaN", Decimal("Infinity"), True, [1]])
def test_what_is_no_quantity_is_told(wrong: object):
    with pytest.raises(ValueError, match=r"a quantity is a number of at least zero, such as 100 or '0\.5', and not"):
        MarketOrder("BUY", wrong)


@pytest.mark.parametrize("price", [10, 10.0, "10", Decimal(10)])
def test_a_price_is_any_number(price: float | Decimal | str):
    order = LimitOrder("BUY", 1, price)
    assert isinstance(order.limit_price, float)
    assert order.limit_price == 10


@pytest.mark.parametrize("wrong", [None, "", "cheap", float("nan"), float("inf"), True, False, "1e999", 10**400])
def test_what_is_no_price_is_told(wrong: object):
    with pytest.raises(ValueError, match=r"a limit price is a finite number, such as 10\.05 or '10\.05', and not"):
        LimitOrder("BUY", 1, wrong)


@pytest.mark.parametrize("wrong", ["LONG", "", None, 1])
def test_what_is_no_action_is_told(wrong: object):
    with pytest.raises(ValueError, match="an action is one of BUY, SELL, SSHORT, SLONG, and not"):
        MarketOrder(wrong, 1)


def test_an_action_may_be_written_small():
    assert MarketOrder("sell", 1).action is Action.SELL


@pytest.mark.parametrize("constructor", [MarketOnOpenOrder, LimitOnOpenOrder])
def test_an_order_for_the_opening_has_its_own_time_in_force(constructor):
    prices = [10] if constructor is LimitOnOpenOrder else []
    with pytest.raises(TypeError, match="has a time_in_force of its own"):
        constructor("BUY", 1, *prices, time_in_force=TimeInForce.DAY)


def test_a_distance_is_said_in_one_way():
    for distance in ({}, {"trailing_amount": 1, "trailing_percent": 1}):
        with pytest.raises(ValueError, match="one of trailing_amount and trailing_percent is needed, and not"):
            TrailingStopOrder("SELL", 1, **distance)
        with pytest.raises(ValueError, match="one of trailing_amount and trailing_percent is needed, and not"):
            TrailingStopLimitOrder("SELL", 1, 9, 0.05, **distance)
    with pytest.raises(ValueError, match="one of offset and percent_offset is needed, and not neither"):
        RelativeOrder("BUY", 1)


# Brackets


@pytest.mark.parametrize(
    "action, profit, stop, end",
    [("BUY", 11, 9, "SELL"), ("SELL", 9, 11, "BUY"), ("SSHORT", 9, 11, "BUY"), ("SLONG", 9, 11, "BUY")],
)
def test_the_children_of_a_bracket_end_what_it_begins(action: str, profit: int, stop: int, end: str):
    placed = bracket(7, action, 100, 10, profit_price=profit, stop_price=stop, account="DU1")
    assert [order.action for order in placed] == [action, end, end]
    assert [order.order_type.value for order in placed] == ["LMT", "LMT", "STP"]
    assert [order.parent_id for order in placed] == [0, 7, 7]
    assert [order.transmit for order in placed] == [False, False, True]
    assert {(order.account, order.total_quantity) for order in placed} == {("DU1", Decimal(100))}
    assert placed.profit_taker.limit_price == profit
    assert placed.stop_loss.aux_price == stop


@pytest.mark.parametrize(
    "action, profit, stop, wanted",
    [
        ("BUY", 9, 11, "for BUY it has to be stop_price < limit_price < profit_price"),
        ("BUY", 11, 10, "for BUY it has to be stop_price < limit_price < profit_price"),
        ("SELL", 11, 9, "for SELL it has to be profit_price < limit_price < stop_price"),
    ],
)
def test_a_bracket_whose_child_would_trade_at_once_is_refused(action: str, profit: int, stop: int, wanted: str):
    with pytest.raises(ValueError, match=wanted) as caught:
        bracket(7, action, 100, 10, profit_price=profit, stop_price=stop)
    assert f"stop_price {float(stop)}, limit_price 10.0 and profit_price {float(profit)}" in str(caught.value)


@pytest.mark.parametrize("wrong", [0, -1, True, None, "7"])
def test_a_bracket_needs_the_id_of_its_parent(wrong: object):
    with pytest.raises(ValueError, match="the parent of a bracket needs an order id above zero"):
        bracket(wrong, "BUY", 1, 10, profit_price=11, stop_price=9)


# Placed again


def recorded_open_orders() -> list[tuple[int, OpenOrder]]:
    """Give what real TWS sessions said of open orders, each with its server version."""
    found = []
    for line in RECORDED.read_text("utf-8").splitlines():
        each = json.loads(line)
        if each["name"] == "openOrder" and each["direction"] == "in" and each["read_at"] and not each.get("skip_check"):
            fields = "".join(f"{field}\0" for field in each.get("fields", ())).encode()
            body = bytes.fromhex(each["body"]) if "body" in each else fields
            heard = Codec(Side.CLIENT, each["read_at"]).decode(body)
            if isinstance(heard, OpenOrder):
                found.append((each["read_at"], heard))
    return found


def test_orders_of_real_sessions_can_be_changed():
    heard = recorded_open_orders()
    assert len(heard) > 10
    for version, open_order in heard:
        changed = replace(placeable(open_order.order), total_quantity=Decimal(3))
        request = PlaceOrderRequest(open_order.contract, changed, order_id=open_order.order_id)
        body = Codec(Side.CLIENT, max(version, 157)).encode(request)
        again = Codec(Side.TWS, max(version, 157)).decode(body)
        assert isinstance(again, PlaceOrderRequest)
        assert again.order == changed


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("order", ORDERS)
def test_what_we_placed_can_be_placed_again_after_tws_has_told_it(order: Order, version: int):
    told = replace(order, client_id=3, permanent_id=9000, soft_dollar_tier=SoftDollarTier(display_name="None"))
    heard = Codec(Side.CLIENT, version).decode(Codec(Side.TWS, version).encode(OpenOrder(7, AAPL, told, OrderState())))
    assert isinstance(heard, OpenOrder)
    Codec(Side.CLIENT, version).encode(PlaceOrderRequest(heard.contract, placeable(heard.order), order_id=7))


def test_what_only_tws_says_is_left_out():
    reported = replace(
        RICH,
        permanent_id=9000,
        client_id=3,
        order_id=7,
        filled_quantity=Decimal(1),
        submitter="me",
        shares_allocation="DU1/1",
        open_close=OpenClose.NOT_SAID,
        volatility_type=VolatilityType.NONE,
        adjusted_order_type=OrderType.NONE,
        delta_neutral_order_type=OrderType.NONE,
        delta_neutral_contract_id=5,
        trail_stop_price=11.05,
        mid_offset_at_half=0.01,
        route_marketable_to_bbo=False,
        soft_dollar_tier=SoftDollarTier(display_name="None"),
    )
    assert placeable(reported) == RICH


@pytest.mark.parametrize("order", ORDERS)
def test_an_order_of_our_own_is_placeable_as_it_is(order: Order):
    assert placeable(order) == order


@pytest.mark.parametrize("word", ["", "A", "and", "O", "x", "aa"])
def test_conditions_are_joined_by_and_or_or_and_nothing_else(word: str):
    """The official client takes any other word for "or"; whose conditions are guessed at, holds another order."""
    request = PlaceOrderRequest(Stock("AAPL"), RICH, order_id=7)
    body = Codec(Side.CLIENT, 176).encode(request)
    assert body.count(b"\0o\0") == 1
    odd = Codec(Side.TWS, 176).decode(body.replace(b"\0o\0", b"\0%b\0" % word.encode()))
    (field,) = odd.fields
    assert field.path.endswith("].is_conjunction")
    with pytest.raises(LocalProtocolError, match="is_conjunction"):
        Codec(Side.CLIENT, 176).encode(odd.message)
