"""The law of outcomes: what may follow what. That every belief keeps it is tried in `test_order.py`."""

from __future__ import annotations

from itertools import product

import pytest

from anytws.machines.order_outcome import OUTCOME_STEPS, OutcomeWord, may_follow, target_of
from anytws.machines.order_state import OrderOutcome
from tests.order_deck import CUT, Told, completed, order

O, W = OrderOutcome, OutcomeWord  # noqa: E741 (a table)


def test_each_row_is_the_only_one_of_its_word() -> None:
    assert len({(row.outcome, row.word) for row in OUTCOME_STEPS}) == len(OUTCOME_STEPS)
    for outcome, word in product(OrderOutcome, OutcomeWord):
        rows = [row.target for row in OUTCOME_STEPS if (row.outcome, row.word) == (outcome, word)]
        assert rows == ([] if (target := target_of(outcome, word)) is None else [target])


def test_nothing_follows_a_question_and_nothing_becomes_unknown_again() -> None:
    assert not any(may_follow(OrderOutcome.WHAT_IF, each) for each in OrderOutcome)
    assert not any(may_follow(each, OrderOutcome.UNKNOWN) for each in OrderOutcome)
    assert not any(may_follow(each, each) for each in OrderOutcome)


LIVED: dict[OutcomeWord, tuple[tuple[str, ...], OrderOutcome, OrderOutcome]] = {
    W.LIVE: (("new", "oo Submitted"), O.UNKNOWN, O.OPEN),
    W.FILLED: (("new", "os Cancelled 0/100", "ex a.01 100"), O.CANCELLED, O.FILLED),
    W.CANCELLED: (("new", "err 201", "done Cancelled"), O.REJECTED, O.CANCELLED),
    W.REFUSED: (("new", "os Submitted 0/100", "err 201"), O.OPEN, O.REJECTED),
    W.FOUND: (("new", "os Cancelled 0/100", "cut", "oo Submitted", "sure"), O.CANCELLED, O.OPEN),
    W.GROWN: (("oo Submitted 40", "ex a.01 40", "oo Submitted 100"), O.FILLED, O.OPEN),
    W.GROWN_CANCELLED: (("oo Submitted 40", "ex a.01 40", "err 202", "oo Submitted 100"), O.FILLED, O.CANCELLED),
    W.GROWN_REFUSED: (("oo Submitted 40", "ex a.01 40", "err 201", "oo Submitted 100"), O.FILLED, O.REJECTED),
}


@pytest.mark.parametrize("word", LIVED)
def test_a_life_in_which_it_is_said(word: OutcomeWord) -> None:
    steps, before, after = LIVED[word]
    told = Told()
    for step in steps[:-1]:
        told.tell(step)
    assert told.state.status is before
    told.tell(steps[-1])
    assert told.state.status is after is target_of(before, word)


def test_lives_in_which_something_was_concluded() -> None:
    told = Told()
    told.tell("new")
    told.life.note_unsure(CUT)
    told.life.conclude(O.REJECTED, "it never arrived")
    assert told.state.status is target_of(O.UNKNOWN, W.ABSENT)
    for concluded in (O.CANCELLED, O.FILLED):
        belied = Told()
        belied.life.conclude(concluded, "it was so when we forgot it")
        assert belied.state.status is concluded
        belied.tell("oo Submitted")
        assert belied.state.status is target_of(concluded, W.BELIED)
        belied.hear(completed("Cancelled"))
        assert belied.state.status is not O.OPEN
    back = Told()
    back.life.note_taken_back(back.place(order(), leaves=False))
    assert back.state.status is target_of(O.UNKNOWN, W.TAKEN_BACK)
