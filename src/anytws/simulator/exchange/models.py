"""Named models of what nobody outside of IB can know: when orders are filled, how long things take, what they cost.

None of them has a market impact: an order takes what is shown, and what is shown is as if it had not been there.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import Any, Final

import attrs

from anytws.messages.order_words import OrderStatusWord

MOST_REPEATS: Final = 100
"""How often a pair may be said at the most."""

MOST_SECONDS: Final = 1e9
"""The longest that anything may take: 31 years."""

_FIRST_WORDS: Final = (OrderStatusWord.SUBMITTED, OrderStatusWord.PRE_SUBMITTED)


def _is_time(_: object, field: attrs.Attribute[Any], value: object) -> None:
    # Written so that it refuses nan as well: that compares with nothing.
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= MOST_SECONDS:
        raise ValueError(f"{field.name} is {value!r}, and has to be a number of seconds, from 0 to {MOST_SECONDS:g}")


def _is_first_word(_: object, field: attrs.Attribute[Any], value: object) -> None:
    if value not in _FIRST_WORDS:
        raise ValueError(f"{field.name} is {value!r}, and has to be Submitted or PreSubmitted")


def _is_count(_: object, field: attrs.Attribute[Any], value: object) -> None:
    if type(value) is not int or not 1 <= value <= MOST_REPEATS:
        raise ValueError(f"{field.name} is {value!r}, and has to be a whole number from 1 to {MOST_REPEATS}")


@unique
class Progress(Enum):
    """What moves orders on once they are accepted."""

    BY_MARKET = "by-market"
    """The market: a limit order is filled when the quote reaches it, a stop is triggered by trades."""
    AT_ONCE = "at-once"
    """No limit is waited for: what works is filled whole at once, a limit order at its limit. Stops wait as ever."""
    BY_HAND = "by-hand"
    """The test says when: `Hands.fill`, `Hands.reject` and their like (`Exchange.hands`)."""


@unique
class Pieces(Enum):
    """How much is filled at one time."""

    WHOLE = "whole"
    """All of it, whatever size is shown: as paper accounts mostly do."""
    SHOWN = "shown"
    """What the quote shows, the rest at the next change of the quote."""


@attrs.frozen(kw_only=True)
class Latency:
    """How long things take, in seconds. The defaults are of the size that was recorded.

    Raises `ValueError` for a time below zero, or without an end.
    """

    acknowledge: float = attrs.field(default=0.15, validator=_is_time)
    """From an order, a change or a cancel to its first answer (recorded: 0.1 to 0.35)."""
    fill: float = attrs.field(default=0.02, validator=_is_time)
    """From the first status of an order that can be filled at once to its execution (recorded: 0.004 to 0.04)."""
    commission: float = attrs.field(default=0.002, validator=_is_time)
    """From an execution to its commission report (recorded)."""
    family: float = attrs.field(default=0.1, validator=_is_time)
    """From a fill to what it does to the other orders of its group, in which they may be filled too (reported)."""


AT_ONCE: Final = Latency(acknowledge=0.0, fill=0.0, commission=0.0, family=0.0)
"""No time at all: what is asked is answered in the same breath."""


@unique
class Refusal(Enum):
    """In which order a refusal of IB (201) and the word Inactive are said. All four are recorded."""

    INACTIVE_CODE_INACTIVE = "inactive-code-inactive"
    CODE_INACTIVE = "code-inactive"
    LIVE_CODE_INACTIVE = "live-code-inactive"
    CODE_ALONE = "code-alone"


@attrs.frozen(kw_only=True)
class Habits:
    """What a TWS may say in one way or another, where clients have to bear each: the knobs of order messages."""

    first_word: OrderStatusWord = attrs.field(default=OrderStatusWord.SUBMITTED, validator=_is_first_word)
    """The first word of an order that works at once; PreSubmitted is recorded as well."""
    says_submitted: bool = True
    """Whether Submitted follows where PreSubmitted was the first word (recorded with and without)."""
    repeats: int = attrs.field(default=1, validator=_is_count)
    """How often each pair of OpenOrder and OrderStatus is said (recorded: 1 to 4)."""
    says_status_first: bool = False
    """Whether OrderStatus comes before its OpenOrder (recorded)."""
    says_status_before_execution: bool = False
    """Whether a fill is in the status before its execution is told (reported)."""
    says_fill_twice: bool = True
    """Whether the pair that tells of a fill comes again, with the commission (recorded)."""
    says_filled: bool = True
    """Whether the word Filled comes at all (recorded without)."""
    says_market_orders: bool = True
    """Whether market orders have any status (documented: often none)."""
    says_pending_cancel: bool = False
    """Whether PendingCancel comes before Cancelled after a client's cancel (reported).

    Where IB cancels an order it does (recorded)."""
    refusal: Refusal = Refusal.INACTIVE_CODE_INACTIVE
    """How a refusal by IB is said."""
    inactive_when_held_back: bool = False
    """Whether an order with transmit off is told of as Inactive (older builds); else nothing is said (recorded)."""
    says_orders_on_connect: bool = False
    """Whether working orders are told of before nextValidId, unasked (recorded of builds since July 2026)."""
    completed_has_order_id: bool = True
    """Whether completed orders are listed with their order ids."""
    minus_one_for_read_only: bool = False
    """Whether 321 of a read-only TWS comes without the request's id (reported)."""
    forgets_after: float = attrs.field(default=0.0, validator=_is_time)
    """Seconds after which a cancel of an ended order is told 10147 instead of 10148 (recorded later); 0: never."""


MARKET_ORDERS_SAY_NOTHING: Final = Habits(says_market_orders=False)
"""Market orders without any status: only executions tell."""
