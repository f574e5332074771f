"""The life of one conversation: its law, its plan, and what those who wait for it hold."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest

from anytws.errors import AnswerTooLarge
from anytws.machines import Asked, Phase, Streamed
from anytws.machines import conversation as module
from anytws.machines.conversation import STEPS, Plan, Question, Step, Turn, plan_of, target_of
from anytws.machines.mailbox import Mailbox
from anytws.machines.outbox import Outbox
from anytws.messages import (
    BarSize,
    Contract,
    ContractDataEnd,
    ContractDataRequest,
    CurrentTimeRequest,
    HistoricalDataRequest,
    HistoricalSchedule,
    ManagedAccounts,
    ManagedAccountsRequest,
    MarketDataRequest,
    Position,
    PositionEnd,
    PositionsRequest,
    RerouteMarketDataRequest,
    Stock,
    TickSize,
    TickType,
    ToTws,
    WhatToShow,
)
from anytws.wire.catalogue import entry_for, entry_of
from anytws.wire.conversation import Shape
from tests.conversing import Line, failure_of, number_of

STOCK = Stock("AAPL")


def plan_for(request: ToTws, version: int = 225) -> Plan:
    row = entry_of(request).conversation
    assert row is not None
    return plan_of(row, request, version, changes_state=False)


# --- the law -----------------------------------------------------------------------------------------------------


def test_each_row_stands_once_and_leads_somewhere_else() -> None:
    assert len({step[:2] for step in STEPS}) == len(STEPS)
    for step in STEPS:
        assert target_of(step.phase, step.turn) is step.target is not step.phase


def test_nothing_leads_on_from_the_end() -> None:
    assert all(target_of(Phase.OVER, turn) is None for turn in Turn)
    assert {step.phase for step in STEPS} == set(Phase) - {Phase.OVER}


def test_everything_can_be_cut() -> None:
    assert all(target_of(phase, Turn.CUT) is Phase.OVER for phase in set(Phase) - {Phase.OVER})


def test_without_a_row_nothing_changes() -> None:
    question = Question(plan_for(ManagedAccountsRequest()), ManagedAccountsRequest(), "accounts")
    seen = [(question.fire(turn), question.phase) for turn in (Turn.ENDED, Turn.SAID, Turn.SAID)]
    assert seen == [(False, Phase.HELD), (True, Phase.ASKED), (False, Phase.ASKED)]


def stream_of(line: Line) -> Streamed[Any]:
    return line.stream(MarketDataRequest(STOCK))


def flowing(line: Line) -> Streamed[Any]:
    stream = stream_of(line)
    line.say(TickSize(number_of(stream), TickType.BID_SIZE, Decimal(1)))
    return stream


def held(line: Line) -> Asked[Any]:
    line.ask(ManagedAccountsRequest(), timeout=1.0)
    line.pass_time(1.0)
    return line.ask(ManagedAccountsRequest())


def unsent(line: Line) -> Asked[Any]:
    line.is_writing = False
    return line.ask(ManagedAccountsRequest())


def close(line: Line) -> None:
    line.session.close(line.now)


def answer_twice_asked(line: Line) -> None:
    line.ask(ManagedAccountsRequest())
    line.pass_time(3.0)
    line.say(ManagedAccounts(()))


def answer(line: Line) -> None:
    line.ask(ManagedAccountsRequest())
    line.say(ManagedAccounts(()))


def after(beginning: Callable[[Line], object], end: Callable[[Line], object]) -> Callable[[Line], object]:
    """Make one thing of two that happen one after the other."""

    def both(line: Line) -> None:
        beginning(line)
        end(line)

    return both


def lose(line: Line) -> None:
    line.fail(-1, 1101)


LIVES: dict[tuple[Phase, Turn], Callable[[Line], object]] = {
    (Phase.HELD, Turn.SAID): unsent,
    (Phase.HELD, Turn.TAKEN_BACK): lambda line: line.leave(held(line)),
    (Phase.HELD, Turn.CUT): after(held, close),
    (Phase.ASKED, Turn.BEGUN): flowing,
    (Phase.ASKED, Turn.ENDED): answer,
    (Phase.ASKED, Turn.ENDED_ONCE): answer_twice_asked,
    (Phase.ASKED, Turn.FAILED): lambda line: line.fail(number_of(stream_of(line)), 354),
    (Phase.ASKED, Turn.GIVEN_UP): lambda line: line.leave(stream_of(line)),
    (Phase.ASKED, Turn.TAKEN_BACK): lambda line: line.leave(unsent(line)),
    (Phase.ASKED, Turn.LOST): after(stream_of, lose),
    (Phase.ASKED, Turn.CUT): after(stream_of, close),
    (Phase.FLOWING, Turn.ENDED): lambda line: reroute(line, flowing(line)),
    (Phase.FLOWING, Turn.FAILED): lambda line: line.fail(number_of(flowing(line)), 354),
    (Phase.FLOWING, Turn.GIVEN_UP): lambda line: line.leave(flowing(line)),
    (Phase.FLOWING, Turn.LOST): after(flowing, lose),
    (Phase.FLOWING, Turn.CUT): after(flowing, close),
    (Phase.DRAINING, Turn.DRAINED): lambda line: line.leave(stream_of(line)),
    (Phase.DRAINING, Turn.CUT): after(held, close),
}
"""For each row, what a caller, TWS or the line does for it to be followed."""


def reroute(line: Line, stream: Streamed[Any]) -> None:

    line.say(RerouteMarketDataRequest(number_of(stream), 8314, "NYSE"))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.phase.value}-{step.turn.value}")
def test_every_row_is_followed_by_something_that_happens(step: Step) -> None:
    """A row that nobody follows would be a drawing of something else."""
    seen: set[tuple[Phase, Turn]] = set()
    fire = Question.fire

    def noting(self: Question, turn: Turn) -> bool:
        seen.add((self.phase, turn))
        return fire(self, turn)

    line = Line(is_settled=False)
    with mock.patch.object(Question, "fire", noting):
        LIVES[step.phase, step.turn](line)
    assert (step.phase, step.turn) in seen


# --- the plan ----------------------------------------------------------------------------------------------------


def test_a_plan_is_the_row_as_it_is_used() -> None:
    usual = plan_for(MarketDataRequest(STOCK))
    snapshot = plan_for(MarketDataRequest(STOCK, snapshot=True))
    assert (usual.shape, usual.may_be_asked, usual.may_be_streamed) == (Shape.STREAM, False, True)
    assert (snapshot.shape, snapshot.may_be_asked, snapshot.may_be_streamed) == (Shape.RUN, True, False)
    assert usual.row is snapshot.row is entry_for(MarketDataRequest).conversation
    assert plan_for(MarketDataRequest(Stock("B"))) is usual, "it is made once"


def test_a_plan_knows_what_is_the_last_message() -> None:
    run, one = plan_for(ContractDataRequest(STOCK)), plan_for(CurrentTimeRequest())
    assert run.is_last(ContractDataEnd(1))
    assert not run.is_last(Position("a", STOCK))
    assert one.is_last(ManagedAccounts(()))
    assert run.heard >= {ContractDataEnd}
    assert (run.is_simple, one.is_simple) == (False, True)


@pytest.mark.parametrize("version, is_endless", [(195, True), (196, False)])
def test_below_a_version_the_first_answer_is_the_last(version: int, is_endless: bool) -> None:
    plan = plan_for(HistoricalDataRequest(STOCK, "1 D", BarSize.HOUR_1), version)
    assert (plan.first_is_last, plan.end is None) == (is_endless, is_endless)
    schedule = plan_for(HistoricalDataRequest(STOCK, "1 D", BarSize.DAY_1, what_to_show=WhatToShow.SCHEDULE), version)
    assert (schedule.shape, [*schedule.answers], schedule.end) == (Shape.ONE, [HistoricalSchedule], None)


# --- what is held ------------------------------------------------------------------------------------------------


def test_an_answer_is_given_as_often_as_it_is_asked_for() -> None:
    asked: Asked[int] = Asked(CurrentTimeRequest(), None, None)
    assert "CurrentTimeRequest, over" in repr(asked)
    asked.answer(5)
    asked.answer(6)
    asked.fail(ValueError("late"))
    assert [asked.take(), asked.take()] == [5, 5]


def test_a_failure_is_the_end_of_it() -> None:
    asked: Asked[int] = Asked(CurrentTimeRequest(), None, None)
    asked.fail(ValueError("no"))
    asked.answer(5)
    assert isinstance(failure_of(asked.take), ValueError)


def test_whether_it_was_sent_is_known_after_its_end_too() -> None:
    line = Line()
    sent = line.ask(ManagedAccountsRequest())
    seen = [sent.was_sent]
    line.say(ManagedAccounts(()))
    left = line.ask(ManagedAccountsRequest())
    line.leave(left)
    unsent_one = unsent(Line())
    assert [*seen, sent.was_sent, left.was_sent, unsent_one.was_sent] == [True, True, True, False]


def test_a_stream_says_how_it_does() -> None:
    streamed: Streamed[int] = Streamed(PositionsRequest(), None, None, Mailbox(5))
    streamed.mailbox.extend([1, 2])
    assert streamed.statistics().waiting == 2
    streamed.finish()
    assert streamed.take() == [1, 2]
    assert streamed.is_over


# --- the question ------------------------------------------------------------------------------------------------


def position(symbol: str, count: int) -> Position:
    return Position("DU1", Contract(symbol=symbol), Decimal(count), 1.0)


@pytest.fixture
def question() -> Question:
    question = Question(plan_for(PositionsRequest()), PositionsRequest(), "positions")
    question.parcels.append(Outbox().put(b"", 0.0))
    return question


def test_the_present_is_the_run_and_then_the_last_word_about_everything(question: Question) -> None:
    question.fire(Turn.SAID)
    question.keep(position("A", 1))
    question.keep(position("A", 2))
    assert question.present == [position("A", 1), position("A", 2)]
    assert question.answer(PositionEnd()) == (position("A", 1), position("A", 2))
    question.fire(Turn.BEGUN)
    question.forget_run()
    assert question.present == [position("A", 2)]
    question.end_message = PositionEnd()
    question.keep_last_word(position("B", 1))
    assert question.present == [position("A", 2), position("B", 1), PositionEnd()]
    question.forget()
    assert question.kept == {}
    assert "Question PositionsRequest, flowing, 0 waiting" in repr(question)


@pytest.mark.parametrize("bound, size", [("MOST_ANSWERS", 3), ("MOST_ANSWER_BYTES", 3000)])
def test_what_is_kept_has_its_bounds(
    question: Question, monkeypatch: pytest.MonkeyPatch, bound: str, size: int
) -> None:
    monkeypatch.setattr(module, bound, size)
    with pytest.raises(AnswerTooLarge):
        for number in range(100):
            question.keep(position("A", number))
    question.forget()
    for number in range(100):
        question.keep_last_word(position("A", number))
    with pytest.raises(AnswerTooLarge):
        for number in range(100):
            question.keep_last_word(position(f"{number}", number))
