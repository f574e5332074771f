"""In which sessions an order works, and when its time is over."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo
from typing import Final

from anytws.messages.contract import SecurityType
from anytws.messages.order_words import OrderType, TimeInForce
from anytws.messages.times import Moment
from anytws.simulator.exchange.order import ON_CLOSE, HeldOrder
from anytws.simulator.universe.hours import Session

_HAS_REGULAR_HOURS: Final = frozenset({SecurityType.STOCK, SecurityType.CFD, SecurityType.OPTION, SecurityType.FUND})
"""Types for which `Order.outside_rth` makes a difference; the rest works in all of its sessions."""
_MAY_WORK_OUTSIDE: Final = frozenset(
    {OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED, OrderType.TRAILING_STOP_LIMIT}
)
"""Types that work outside of regular hours if they are told to; market orders and plain stops wait (documented)."""
_SECOND: Final = 1000


def only_liquid(held: HeldOrder) -> bool:
    """Tell whether *held* works in regular hours alone."""
    order = held.order
    if held.instrument.contract.security_type not in _HAS_REGULAR_HOURS:
        return False
    return not (order.outside_rth and order.order_type in _MAY_WORK_OUTSIDE)


def session_of(held: HeldOrder, at: int) -> Session | None:
    """Give the session that *held* works in at *at* (milliseconds since 1970), or the next; None: there is none."""
    hours, liquid, second = held.instrument.hours, only_liquid(held), at // _SECOND
    return hours.at(second, liquid=liquid) or hours.next_after(second, liquid=liquid)


def is_working_time(held: HeldOrder, at: int) -> bool:
    """Tell whether *held* may be filled at *at*."""
    return held.instrument.hours.at(at // _SECOND, liquid=only_liquid(held)) is not None


def close_of(held: HeldOrder, at: int) -> int | None:
    """Give when the trading day ends in which *held* works at *at* or next, in milliseconds; None: never."""
    session = session_of(held, at)
    if session is None:
        return None
    sessions = held.instrument.hours.of_day(session.day, liquid=only_liquid(held))
    return max(session.end for session in sessions) * _SECOND


def ends_at(held: HeldOrder, zone: tzinfo) -> int | None:
    """Give when the time of *held* is over, in milliseconds since 1970; None: it has no end of its own."""
    order = held.order
    if order.time_in_force in (TimeInForce.DAY, None) or order.order_type in ON_CLOSE:
        return close_of(held, held.placed_at)
    if order.time_in_force is TimeInForce.GOOD_TILL_DATE and order.good_till_date is not None:
        return moment_ms(order.good_till_date, zone)
    return None


def moment_ms(moment: Moment, zone: tzinfo) -> int | None:
    """Give *moment* in milliseconds since 1970, a clock without a zone being of *zone*; None: it cannot be read.

    A date alone is the end of that day (chosen).
    """
    if isinstance(moment, str):
        return None
    if not isinstance(moment, datetime):
        moment = _end_of(moment)
    if moment.utcoffset() is None:
        moment = moment.replace(tzinfo=zone)
    return int(moment.astimezone(UTC).timestamp()) * _SECOND


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59))
