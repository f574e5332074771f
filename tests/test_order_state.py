"""What is believed of an order, as a value: what it says by itself, and that it can be kept and shown."""

from __future__ import annotations

import pickle
from decimal import Decimal

from anytws.machines.order_state import OrderOutcome, TradeState
from tests.order_deck import working


def test_an_outcome_is_done_or_may_still_be_filled() -> None:
    live = {OrderOutcome.UNKNOWN, OrderOutcome.OPEN}
    assert {outcome for outcome in OrderOutcome if not outcome.is_done} == live
    for outcome in OrderOutcome:
        state = TradeState(status=outcome)
        assert state.is_live is (outcome in live)
        assert state.is_done is not state.is_live


def test_what_is_contested_is_not_done() -> None:
    """A live word came behind its end: it may still be filled."""
    state = TradeState(status=OrderOutcome.CANCELLED, is_contested=True)
    assert not state.is_done
    assert state.is_live


def test_it_can_be_kept_and_compared_and_shown() -> None:
    told = working()
    told.tell("ex a.01 40@10.5")
    told.tell("cr a.01 1.25")
    told.tell("err 399 not at the exchange")
    state = told.state
    assert pickle.loads(pickle.dumps(state)) == state  # noqa: S301
    assert repr(state).startswith(
        "TradeState(status=OrderOutcome.OPEN, word=OrderStatusWord.SUBMITTED, filled=Decimal('40')"
    )
    assert "is_held" not in repr(state)
    assert (state.filled, state.remaining, state.average_fill_price) == (Decimal(40), Decimal(60), 10.5)
    (fill,) = told.life.fills.values()
    assert fill.costs is not None
    assert (fill.costs.commission_and_fees, state.commission_and_fees, state.currency) == (1.25, 1.25, "USD")


def test_it_is_told_in_a_line() -> None:
    told = working()
    told.tell("ex a.01 40@10.5")
    assert str(told.state) == "open (Submitted), 40 of 100 filled at 10.5"
    assert str(TradeState()) == "unknown, 0 filled"
    unsure = TradeState(is_held=True, is_untransmitted=True, is_contested=True, is_unsure=True, filled=Decimal("1E+2"))
    assert str(unsure) == "unknown, 100 filled, held, untransmitted, contested, unsure"
