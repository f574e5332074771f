"""From the facts about an order to what is believed of it. Nothing here remembers: the same facts give the same belief.

The first that holds:

1. *filled*: executions or a status say that nothing remains, or ``Filled`` was heard.
2. *cancelled*: ``Cancelled``, ``ApiCancelled``, 202, or a completed order that says so. TWS lists what it has refused
   as cancelled, too, and only a text in its own language tells the two apart: the belief does not depend on that.
3. *rejected*: 201 while no change had been sent; another refusing code while nothing but the order itself had been
   sent and no live word was ever heard; 201, and the last word is ``Inactive``.
4. *open*: a live word or an `OpenOrder` was heard. With a refusing code that 3 does not cover it is contested.
5. *unknown*: nothing that says it. Executions of less than the order say nothing of its rest.

Each is a question about the set of what was heard between two barriers, so that the order of arrival does not matter.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from anytws.core.code_words import Outstanding
from anytws.core.codes import CodeTable
from anytws.machines.order_codes import OrderCodes
from anytws.machines.order_costs import NOTHING
from anytws.machines.order_fills import Count, OrderFills, quantity_of
from anytws.machines.order_sends import OrderSends
from anytws.machines.order_state import OrderOutcome, Remark, TradeState
from anytws.machines.order_told import CANCELLED, FILLED, INACTIVE, LIVE, OrderTold
from anytws.messages.contract import Contract
from anytws.messages.order_words import OrderStatusWord
from anytws.messages.orders import PlaceOrderRequest
from anytws.wire.compiled.twins import twin_of

if TYPE_CHECKING:
    from anytws.machines.order import OrderLife

_O = OrderOutcome
_Twin: Final[Any] = twin_of(TradeState)
_RANKS: Final = (_O.UNKNOWN, _O.OPEN, _O.WHAT_IF, _O.REJECTED, _O.CANCELLED, _O.FILLED)
"""Of two ends, the later one in this list."""


class OrderFacts:
    """All that is known of one order, save for its names and its terms."""

    def __init__(self, codes: CodeTable) -> None:
        self.fills: Final = OrderFills()
        self.codes: Final = OrderCodes(codes)
        self.told: Final = OrderTold()
        self.sends: Final = OrderSends()
        self.is_unclear: bool = False
        """Whether something about it could not be read, or may be about another order."""
        self.is_unsure: bool = False
        """Whether news of it may have been lost, and none has come since then that settles it."""
        self.conclusion: OrderOutcome | None = None
        """What follows of queries, or is remembered; a live word belies it."""
        self.was_filled: bool = False
        """Whether it was filled at a barrier: what is sent then does not change that."""

    def bar(self, contract: Contract | None) -> None:
        """Note a barrier: something is sent, or the connection ends."""
        count = self.fills.count(contract)
        outcome, _ = self.outcome(max(count.most, self.told.filled))
        self.was_filled = outcome is _O.FILLED
        self.codes.begin()
        self.told.bar(is_over=outcome.is_done)

    def revive(self) -> None:
        """Note that queries have told that it lives, whatever was said of its end."""
        self.told.revive()
        self.codes.forget_end()
        self.conclusion, self.was_filled = None, False

    @property
    def is_silent(self) -> bool:
        """Whether nothing was heard of it but that it is held."""
        return not self.told.meanings & ~INACTIVE and not self.fills.fills

    @property
    def is_acknowledged(self) -> bool:
        """Whether TWS has taken it: a live word, an execution, its end, or an `OpenOrder` other than ``Inactive``."""
        return not self.is_silent or self.told.is_opened_otherwise or self.codes.is_cancelled

    @property
    def is_untransmitted(self) -> bool:
        """Whether TWS was told to keep it, and nothing says that it was transmitted since."""
        return self.sends.is_kept_back and self.is_silent

    def refusal(self) -> Remark | None:
        """Give the code that has refused it; None: none did."""
        told = self.told
        is_inactive = told.word is OrderStatusWord.INACTIVE
        return self.codes.refusal(was_live=bool(told.meanings & LIVE), is_inactive=is_inactive)

    def outcome(self, most: Decimal) -> tuple[OrderOutcome, Decimal | None]:
        """Give what it has come to by all that was heard, and its quantity, if *most* was filled of it."""
        told = self.told
        meanings = told.meanings
        total = told.total(most) or self._asked_total()
        if self.was_filled or meanings & FILLED or (total is not None and self._is_complete(most, total)):
            return _O.FILLED, total
        if meanings & CANCELLED or self.codes.is_cancelled:
            return _O.CANCELLED, total
        if self.refusal() is not None:
            return _O.REJECTED, total
        return _O.OPEN if meanings or told.is_opened else _O.UNKNOWN, total

    def _asked_total(self) -> Decimal | None:
        asked = self.sends.asked
        if isinstance(asked, PlaceOrderRequest):
            return quantity_of(asked.order.total_quantity) or None
        return None if asked is None else Decimal(asked.exercise_quantity)

    def _is_complete(self, most: Decimal, total: Decimal) -> bool:
        if not most >= total > 0:
            return False
        # An unanswered change may have made it greater: the fill of the old quantity is not its end then.
        change = self.sends.change
        wanted = None if change is None else quantity_of(change.total)
        return wanted is None or most >= wanted


def believe(life: OrderLife, facts: OrderFacts) -> TradeState:
    """Give what is believed of *life* by these facts."""
    told, codes, fills, sends = facts.told, facts.codes, facts.fills, facts.sends
    count = fills.count(life.contract)
    outcome, total = facts.outcome(max(count.most, told.filled))
    if facts.conclusion is not None and outcome is not _O.OPEN:
        outcome = max(outcome, facts.conclusion, key=_RANKS.index)
    filled, average = _filled(count, told)
    is_done, is_open = outcome is not _O.OPEN and outcome is not _O.UNKNOWN, outcome is _O.OPEN
    if outcome is _O.FILLED:
        total = total or filled or None
    remaining = None if total is None else max(NOTHING, total - filled)
    word, costs = told.word, fills.costs
    is_unclear = not is_done and (facts.is_unclear or fills.unsized > 0)
    # As attrs would make it, in a third of the time: this is done for every change that somebody follows.
    state = _Twin()
    state.status = outcome
    state.word = word
    state.filled = filled
    state.taken_back = count.taken_back
    state.remaining = NOTHING if outcome is _O.FILLED else remaining
    state.total_quantity = total
    state.average_fill_price = average
    state.ref = life.ref
    state.order_id = life.order_id
    state.client_id = life.client_id
    state.permanent_id = life.permanent_id
    state.permanent_ids = tuple(life.permanent_ids)
    state.account = life.account
    state.owner = life.owner
    state.why_held = "" if told.status is None else told.status.why_held or ""
    state.is_held = is_open and word is OrderStatusWord.INACTIVE
    state.is_untransmitted = not is_done and facts.is_untransmitted
    state.is_contested = told.is_revived or is_unclear or (is_open and codes.contested_at is not None)
    state.is_unsure = not is_done and (facts.is_unsure or facts.is_unclear)
    state.pending = Outstanding.IDLE if is_done else sends.pending
    state.last_error = codes.last
    state.ended_text = told.ended_text
    state.commission_and_fees = costs.fees
    state.currency = costs.currency
    state.realized_pnl = costs.earned
    state.__class__ = TradeState
    made: TradeState = state
    return made


def _filled(count: Count, told: OrderTold) -> tuple[Decimal, float | None]:
    """Give how much is filled, and the average price of it."""
    said = max(count.told, told.filled)
    filled = max(count.executed, said - count.taken_back)
    if not filled:
        return filled, None
    if filled == count.executed and count.average is not None:
        return filled, count.average
    if told.filled == said:
        return filled, told.average
    return filled, count.told_average
