"""What a client asks for, and how the other clients have the same thing: for the benchmarks of writing.

Ours come first, and theirs are made of ours, so that everybody writes the same. `tests.benchmarks.encode` has the
bytes of the others read back, and holds them against ours. As in `tests.benchmarks.content`, each turn has other ids
and other prices; the instruments, the account and the words are always the same few, as they are in life.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

import attrs
import ib_async
import ibapi.contract
import ibapi.order
import ibapi.order_cancel
import ibapi.order_condition
import ibapi.tag_value

from anytws.messages import (
    Action,
    BarSize,
    CancelMarketData,
    CancelOrderRequest,
    ComboLeg,
    Contract,
    FormatDate,
    HistoricalDataRequest,
    MarketDataRequest,
    Order,
    OrderType,
    PlaceOrderRequest,
    PriceCondition,
    SecurityType,
    TimeCondition,
    TimeInForce,
    WhatToShow,
)
from anytws.messages.base import Message, TagValue
from tests.benchmarks.content import INSTRUMENTS, OUR_IDS, Content

Call: TypeAlias = tuple[str, tuple[Any, ...]]
"""The name of a method of another client, and its arguments."""

_MANY: Final = 1_000
_ORDERS: Final = 200
_ACCOUNT: Final = "DU1234567"


@attrs.frozen
class Asked:
    """One kind of request, of which each turn has some."""

    name: str
    count: int
    make: Callable[[random.Random, int], Message]
    """Makes one, by its chance and its number."""
    theirs: Callable[[Any, Any], Call]
    """Gives the call of another client, whose classes are the first argument."""

    @property
    def is_order(self) -> bool:
        return self.theirs is _place

    def content(self) -> Content:
        return Content(self.name, unit="request", count=self.count, make=self._turn)

    def _turn(self, chance: random.Random, _first_id: int) -> list[Message]:
        first = chance.randrange(1, 90_000)
        return [self.make(chance, first + number) for number in range(self.count)]


# --- what is asked for -------------------------------------------------------------------------------------------

_STOCKS: Final = tuple(
    Contract(
        contract_id=265_598 + number, symbol=f"SYM{number}", security_type=SecurityType.STOCK, exchange="SMART",
        primary_exchange="NASDAQ", currency="USD", local_symbol=f"SYM{number}", trading_class="NMS",
    )
    for number in range(INSTRUMENTS)
)  # fmt: skip
_SPREADS: Final = tuple(
    Contract(
        symbol=f"SYM{number}", security_type=SecurityType.COMBO, exchange="SMART", currency="USD",
        combo_legs=(
            ComboLeg(700_000_000 + 2 * number, 1, Action.BUY, "SMART"),
            ComboLeg(700_000_001 + 2 * number, 1, Action.SELL, "SMART"),
        ),
    )
    for number in range(INSTRUMENTS)
)  # fmt: skip
_ROUTING: Final = (TagValue("NonGuaranteed", "1"),)


def _price(chance: random.Random) -> float:
    return chance.randrange(2_000, 40_000) / 100


def _limit_order(chance: random.Random, order_id: int) -> Message:
    order = Order(
        action=chance.choice((Action.BUY, Action.SELL)), total_quantity=Decimal(chance.randrange(1, 40) * 100),
        order_type=OrderType.LIMIT, limit_price=_price(chance), time_in_force=TimeInForce.DAY, account=_ACCOUNT,
    )  # fmt: skip
    return PlaceOrderRequest(chance.choice(_STOCKS), order, order_id=order_id)


def _combo(chance: random.Random, order_id: int) -> Message:
    order = Order(
        action=Action.BUY, total_quantity=Decimal(chance.randrange(1, 40)), order_type=OrderType.LIMIT,
        limit_price=chance.randrange(5, 2_000) / 100, time_in_force=TimeInForce.DAY, account=_ACCOUNT,
        smart_combo_routing_params=_ROUTING,
    )  # fmt: skip
    return PlaceOrderRequest(chance.choice(_SPREADS), order, order_id=order_id)


def _child(chance: random.Random, order_id: int) -> Message:
    stock = chance.choice(_STOCKS)
    moment = datetime(2026, 1, 5, 15, chance.randrange(60), chance.randrange(60), tzinfo=UTC)
    order = Order(
        action=Action.SELL, total_quantity=Decimal(chance.randrange(1, 40) * 100), order_type=OrderType.STOP,
        aux_price=_price(chance), time_in_force=TimeInForce.GOOD_TILL_CANCELLED, account=_ACCOUNT,
        parent_id=order_id - 1, transmit=True, order_reference=f"exit {order_id}",
        conditions=(
            PriceCondition(is_more=True, price=_price(chance), contract_id=stock.contract_id, exchange="SMART"),
            TimeCondition(is_more=True, time=moment),
        ),
    )  # fmt: skip
    return PlaceOrderRequest(stock, order, order_id=order_id)


def _ticks(chance: random.Random, number: int) -> Message:
    return MarketDataRequest(chance.choice(_STOCKS), "233,236", request_id=OUR_IDS + number)


def _bars(chance: random.Random, number: int) -> Message:
    return HistoricalDataRequest(
        chance.choice(_STOCKS), "1 D", BarSize.MINUTE_1, WhatToShow.TRADES, use_rth=True,
        format_date=FormatDate.EPOCH_SECONDS, request_id=OUR_IDS + number,
    )  # fmt: skip


def _cancel(_chance: random.Random, order_id: int) -> Message:
    return CancelOrderRequest(order_id)


def _no_more_ticks(_chance: random.Random, number: int) -> Message:
    return CancelMarketData(OUR_IDS + number)


# --- as the other clients have it --------------------------------------------------------------------------------


class IbAsync:
    """Names of ib_async."""

    contract: Final = ib_async.Contract
    leg: Final = ib_async.ComboLeg
    order: Final = ib_async.Order
    tag: Final = ib_async.TagValue

    @staticmethod
    def price_condition(condition: PriceCondition) -> Any:
        return ib_async.PriceCondition(
            isMore=condition.is_more, price=condition.price, conId=condition.contract_id, exch=condition.exchange,
            triggerMethod=condition.trigger_method.value,
        )  # fmt: skip

    @staticmethod
    def time_condition(condition: TimeCondition) -> Any:
        return ib_async.TimeCondition(isMore=condition.is_more, time=_moment(condition))

    @staticmethod
    def cancel_order(order_id: int) -> Call:
        return "cancelOrder", (order_id,)


class Official:
    """Names of the official client."""

    contract: Final = ibapi.contract.Contract
    leg: Final = ibapi.contract.ComboLeg
    order: Final = ibapi.order.Order
    tag: Final = ibapi.tag_value.TagValue

    @staticmethod
    def price_condition(condition: PriceCondition) -> Any:
        return ibapi.order_condition.PriceCondition(
            condition.trigger_method.value,
            condition.contract_id,
            condition.exchange,
            condition.is_more,
            condition.price,
        )

    @staticmethod
    def time_condition(condition: TimeCondition) -> Any:
        return ibapi.order_condition.TimeCondition(condition.is_more, _moment(condition))

    @staticmethod
    def cancel_order(order_id: int) -> Call:
        return "cancelOrder", (order_id, ibapi.order_cancel.OrderCancel())


def _moment(condition: TimeCondition) -> str:
    assert isinstance(condition.time, datetime)
    return condition.time.strftime("%Y%m%d-%H:%M:%S")


def _contract(client: Any, ours: Contract) -> Any:
    made = client.contract()
    made.conId, made.symbol, made.exchange, made.currency = ours.contract_id, ours.symbol, ours.exchange, ours.currency
    made.secType = ours.security_type.value if ours.security_type is not None else ""
    # The two spell it differently.
    made.primaryExchange = made.primaryExch = ours.primary_exchange
    made.localSymbol, made.tradingClass = ours.local_symbol, ours.trading_class
    made.comboLegs = [_leg(client, leg) for leg in ours.combo_legs]
    return made


def _leg(client: Any, ours: ComboLeg) -> Any:
    made = client.leg()
    made.conId, made.ratio, made.action, made.exchange = ours.contract_id, ours.ratio, ours.action.value, ours.exchange
    return made


def _place(client: Any, ours: Any) -> Call:
    order = ours.order
    made = client.order()
    made.action, made.orderType, made.tif = order.action.value, order.order_type.value, order.time_in_force.value
    # ib_async's users say numbers, and those of the official client decimals.
    made.totalQuantity = order.total_quantity if client is Official else int(order.total_quantity)
    if order.limit_price is not None:
        made.lmtPrice = order.limit_price
    if order.aux_price is not None:
        made.auxPrice = order.aux_price
    made.account, made.parentId, made.orderRef = order.account, order.parent_id, order.order_reference
    made.smartComboRoutingParams = [client.tag(tag.tag, tag.value) for tag in order.smart_combo_routing_params]
    made.conditions = [
        client.price_condition(condition) if isinstance(condition, PriceCondition) else client.time_condition(condition)
        for condition in order.conditions
    ]
    return "placeOrder", (ours.order_id, _contract(client, ours.contract), made)


def _ask_for_ticks(client: Any, ours: Any) -> Call:
    contract = _contract(client, ours.contract)
    return "reqMktData", (ours.request_id - OUR_IDS, contract, ours.generic_tick_list, False, False, [])


def _ask_for_bars(client: Any, ours: Any) -> Call:
    return "reqHistoricalData", (
        ours.request_id - OUR_IDS, _contract(client, ours.contract), "", ours.duration, ours.bar_size_setting.value,
        ours.what_to_show.value, int(ours.use_rth), ours.format_date.value, ours.keep_up_to_date, [],
    )  # fmt: skip


ASKED: Final = (
    Asked("a limit order for a stock", _ORDERS, _limit_order, _place),
    Asked("a limit order for a spread", _ORDERS, _combo, _place),
    Asked("a stop with two conditions", _ORDERS, _child, _place),
    Asked("a cancel of an order", _MANY, _cancel, lambda client, ours: client.cancel_order(ours.order_id)),
    Asked("a market data request", _MANY, _ticks, _ask_for_ticks),
    Asked(
        "a cancel of market data", _MANY, _no_more_ticks,
        lambda _client, ours: ("cancelMktData", (ours.request_id - OUR_IDS,)),
    ),
    Asked("a request for bars", _MANY, _bars, _ask_for_bars),
)  # fmt: skip
PLACED: Final = ASKED[0]


def calls(client: type[IbAsync | Official], asked: Asked, said: tuple[Message, ...]) -> Iterator[Call]:
    """Give how another client is asked for the same."""
    for message in said:
        yield asked.theirs(client, message)
