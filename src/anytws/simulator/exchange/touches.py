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

    To go on is to be triggered, for a stop, and to be filled, for all others.
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


def follow(market: Market, held: HeldOrder, at: int) -> None:
    """Move the stop of *held*, if it trails and waits, after the best price up to *at*. It never moves back."""
    if held.order.order_type in TRAILING and not held.is_triggered and held.followed_until < at:
        held.stop = _followed(held, held.stop, market.reach(held.instrument, held.followed_until, at))
        held.followed_until = at


def _trailing_touch(market: Market, held: HeldOrder, begin: int, end: int) -> int | None:
    """Give when the trailing stop of *held* is hit. Here it moves ahead of time, so only a copy of it does."""
    stop, at = held.stop, begin
    while at < end:
        until = min(at - at % _MINUTE + _MINUTE, end)
        reach = market.reach(held.instrument, at, until)
        moved = _followed(held, stop, reach)
        # Whatever comes first within the minute: it cannot be hit if it is not by its last place.
        if moved is not None and _trigger(held, moved)(reach):
            while at < until:
                beat = market.reach(held.instrument, at, at + BEAT)
                if stop is not None and _trigger(held, stop)(beat):
                    return at
                stop, at = _followed(held, stop, beat), at + BEAT
        stop, at = moved, until
    return None


def _followed(held: HeldOrder, stop: Decimal | None, reach: Reach) -> Decimal | None:
    """Give where *stop* is after prices went as far as *reach*."""
    by_quote = triggers_by_quote(held)
    if held.is_buy:
        best = reach.lowest_ask if by_quote else reach.lowest_trade
    else:
        best = reach.highest_bid if by_quote else reach.highest_trade
    if best is None:
        return stop
    price = held.instrument.price_of(best)
    new = price + held.signed * trail_of(held, price)
    if stop is None:
        return new
    return min(stop, new) if held.is_buy else max(stop, new)


def _first(market: Market, held: HeldOrder, holds: _Condition, begin: int, end: int) -> int | None:
    """Give the first beat from *begin* up to *end* in which *holds* is true."""
    # Most orders can go on at once or not at all, and what there is in whole minutes is known without their beats.
    pending = [(begin + BEAT, end), (begin, min(begin + BEAT, end))]
    while pending:
        start, stop = pending.pop()
        if start >= stop or not holds(market.reach(held.instrument, start, stop)):
            continue
        if stop - start <= BEAT:
            return start
        middle = start + max((stop - start) // 2 // BEAT, 1) * BEAT
        boundary = middle - middle % _MINUTE
        if boundary <= start < (following := start - start % _MINUTE + _MINUTE) < stop:
            boundary = following
        if start < boundary < stop:
            middle = boundary
        pending += [(middle, stop), (start, middle)]
    return None


def _ticks(held: HeldOrder, price: Decimal, rounding: str) -> int:
    return int((price / held.instrument.tick).to_integral_value(rounding))
