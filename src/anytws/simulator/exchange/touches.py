"""When the market reaches an order: the first beat at which its condition holds.

The market is asked how far prices went in a long time, and only where that is far enough in its halves: so an order far
away from the market costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final, TypeAlias

from anytws.messages.contract import SecurityType
from anytws.messages.order_words import OrderType, TriggerMethod
from anytws.simulator.exchange.order import TRAILING, HeldOrder
from anytws.simulator.market.market import Market
from anytws.simulator.market.words import BEAT, Reach

_Condition: TypeAlias = Callable[[Reach], bool]

_MINUTE: Final = 60_000
_BY_QUOTE: Final = frozenset(
    {SecurityType.OPTION, SecurityType.FUTURES_OPTION, SecurityType.FOREX, SecurityType.COMMODITY, SecurityType.COMBO}
)
"""Types of which the quote sets off a stop unless something else is said (documented for options and forex)."""
_TOUCHED: Final = frozenset({OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED})


def next_touch(market: Market, held: HeldOrder, begin: int, end: int) -> int | None:
    """Give the first time from *begin* up to *end*, in milliseconds, at which *held* can go on; None: there is none.

    To go on is to be triggered, for a stop, and to be filled, for all others. A trailing stop is moved on the way.
    """
    if held.is_stop and held.order.order_type in TRAILING:
        return _trailing_touch(market, held, begin, end)
    return _first(market, held, _condition(held), begin, end)


def triggers_by_quote(held: HeldOrder) -> bool:
    """Tell whether bid and ask set off *held*, and not trades."""
    method = held.order.trigger_method
    if method is TriggerMethod.DEFAULT:
        return held.instrument.contract.security_type in _BY_QUOTE
    return method in (TriggerMethod.BID_ASK, TriggerMethod.DOUBLE_BID_ASK, TriggerMethod.MIDPOINT)


def trail_of(held: HeldOrder, price: Decimal) -> Decimal:
    """Give the distance at which the stop of *held* follows *price*."""
    if held.order.trailing_percent is not None:
        return price * Decimal(str(held.order.trailing_percent)) / 100
    return Decimal(str(held.order.aux_price or 0))


def _condition(held: HeldOrder) -> _Condition:
    if held.is_stop:
        return _trigger(held, Decimal(str(held.order.aux_price or 0)))
    limit = held.limit
    if held.is_buy:
        most = None if limit is None else _ticks(held, limit, ROUND_FLOOR)
        return lambda reach: reach.lowest_ask is not None and (most is None or reach.lowest_ask <= most)
    least = None if limit is None else _ticks(held, limit, ROUND_CEILING)
    return lambda reach: reach.highest_bid is not None and (least is None or reach.highest_bid >= least)


def _trigger(held: HeldOrder, stop: Decimal) -> _Condition:
    # A stop buys when the price has risen, an order if touched when it has fallen; sales the other way round.
    waits_for_rise = held.is_buy is not (held.order.order_type in _TOUCHED)
    by_quote = triggers_by_quote(held)
    if waits_for_rise:
        at = _ticks(held, stop, ROUND_CEILING)

        def has_risen(reach: Reach) -> bool:
            highest = reach.highest_bid if by_quote else reach.highest_trade
            return highest is not None and highest >= at

        return has_risen
    at = _ticks(held, stop, ROUND_FLOOR)

    def has_fallen(reach: Reach) -> bool:
        lowest = reach.lowest_ask if by_quote else reach.lowest_trade
        return lowest is not None and lowest <= at

    return has_fallen


def _trailing_touch(market: Market, held: HeldOrder, begin: int, end: int) -> int | None:
    at = begin
    while at < end:
        until = min(at - at % _MINUTE + _MINUTE, end)
        reach = market.reach(held.instrument, at, until)
        if _may_touch(held, reach):
            while at < until:
                beat = market.reach(held.instrument, at, at + BEAT)
                if held.stop is not None and _trigger(held, held.stop)(beat):
                    return at
                _follow(held, beat)
                at += BEAT
        else:
            _follow(held, reach)
        at = until
    return None


def _may_touch(held: HeldOrder, reach: Reach) -> bool:
    """Tell whether the stop of *held* may be hit while prices go as far as *reach*, in whichever order."""
    if held.stop is None:
        return True
    before = held.stop
    try:
        _follow(held, reach)
        return _trigger(held, held.stop)(reach)
    finally:
        held.stop = before


def _follow(held: HeldOrder, reach: Reach) -> None:
    """Move the stop of *held* after the best price of *reach*. It never moves back."""
    by_quote = triggers_by_quote(held)
    if held.is_buy:
        best = reach.lowest_ask if by_quote else reach.lowest_trade
        if best is not None:
            price = held.instrument.price_of(best)
            stop = price + trail_of(held, price)
            held.stop = stop if held.stop is None else min(held.stop, stop)
        return
    best = reach.highest_bid if by_quote else reach.highest_trade
    if best is not None:
        price = held.instrument.price_of(best)
        stop = price - trail_of(held, price)
        held.stop = stop if held.stop is None else max(held.stop, stop)


def _first(market: Market, held: HeldOrder, holds: _Condition, begin: int, end: int) -> int | None:
    """Give the first beat from *begin* up to *end* in which *holds* is true."""
    pending = [(begin, end)]
    while pending:
        start, stop = pending.pop()
        if start >= stop or not holds(market.reach(held.instrument, start, stop)):
            continue
        if stop - start <= BEAT:
            return start
        middle = start + max((stop - start) // 2 // BEAT, 1) * BEAT
        pending += [(middle, stop), (start, middle)]
    return None


def _ticks(held: HeldOrder, price: Decimal, rounding: str) -> int:
    return int((price / held.instrument.tick).to_integral_value(rounding))
