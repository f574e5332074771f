"""What TWS has answered to an order, to a change of it, to its cancel: looked at in the time that a test says."""

from __future__ import annotations

import pytest

from anytws.machines.order_answer import HELD_SECONDS, LATE_SECONDS, Answer, AnswerKind, Cancelling, Changing, Placing
from anytws.machines.order_state import OrderOutcome
from anytws.machines.outbox import Place
from tests.order_deck import Told, error, new, order, working

K = AnswerKind


def kind_of(answer: Answer | None) -> AnswerKind | None:
    return None if answer is None else answer.kind


@pytest.mark.parametrize(
    "steps, kind",
    [
        ([], None),
        (["err 399", "err 404", "err 10349"], None),
        (["err 10148 state: Filled", "err 10147"], None),
        (["oo PreSubmitted"], K.ACKNOWLEDGED),
        (["oo -"], K.ACKNOWLEDGED),
        (["os Submitted 0/100"], K.ACKNOWLEDGED),
        (["os PendingCancel 0/100"], K.ACKNOWLEDGED),
        (["os Unheard 0/100"], K.ACKNOWLEDGED),
        (["ex a.01 1"], K.ACKNOWLEDGED),
        (["ex a.01 100"], K.ACKNOWLEDGED),
        (["os Cancelled 0/100"], K.ACKNOWLEDGED),
        (["err 202 too aggressive"], K.ACKNOWLEDGED),
        (["err 201"], K.REJECTED),
        (["err 110"], K.REJECTED),
        (["oo Inactive", "err 201", "oo Inactive"], K.REJECTED),
        (["err 203", "os Inactive 0/100"], K.REJECTED),
        (["oo Inactive", "os PreSubmitted 0/100"], K.ACKNOWLEDGED),
    ],
)
def test_the_answer_to_an_order(steps: list[str], kind: AnswerKind | None) -> None:
    told = new()
    waiting = Placing(told.life)
    for step in steps:
        told.tell(step)
    assert kind_of(waiting.look(0.0)) is kind
    assert waiting.look_at is None


def test_a_refusal_says_its_code_and_its_text() -> None:
    told = new()
    told.hear(error(201, "no margin"))
    assert Placing(told.life).look(0.0) == Answer(K.REJECTED, 201, "no margin")


def test_inactive_alone_is_held_after_two_seconds_without_a_code() -> None:
    told = new()
    waiting = Placing(told.life)
    told.tell("oo Inactive")
    assert waiting.look(10.0) is None
    assert waiting.look_at == 10.0 + HELD_SECONDS
    told.tell("os Inactive 0/100")
    assert waiting.look(11.9) is None
    assert waiting.look_at == 12.0
    assert waiting.look(12.0) == Answer(K.HELD)
    told.tell("err 201")
    assert kind_of(waiting.look(12.1)) is K.REJECTED


def test_what_tws_keeps_is_answered_by_having_left() -> None:
    told = Told()
    parcel = told.place(order(transmit=False), leaves=False)
    waiting = Placing(told.life)
    assert waiting.look(0.0) is None
    parcel.place = Place.LEFT
    assert waiting.look(0.0) == Answer(K.UNTRANSMITTED)
    told.tell("err 110")
    assert kind_of(waiting.look(0.0)) is K.REJECTED


def test_what_is_taken_back_is_not_answered() -> None:
    told = Told()
    parcel = told.place(order(), leaves=False)
    waiting = Placing(told.life)
    told.life.note_taken_back(parcel)
    assert waiting.look(0.0) == Answer(K.WITHDRAWN)
    told = working()
    for send, of in ((lambda: told.place(order("50"), leaves=False), Changing), (told.cancel, Cancelling)):
        parcel = send()
        wait = of(told.life)
        parcel.place = Place.WITHDRAWN
        told.life.note_taken_back(parcel)
        assert wait.look(0.0) == Answer(K.WITHDRAWN)


def changing(quantity: str = "100", price: float = 10.0) -> tuple[Told, Changing]:
    told = working()
    told.place(order(quantity, price))
    return told, Changing(told.life)


@pytest.mark.parametrize(
    "change, steps, kind",
    [
        (("50", 11.0), ["oo Submitted 50@11"], K.ACCEPTED),
        (("50", 11.0), ["oo PreSubmitted 100@10"], None),
        (("50", 11.0), ["oo Submitted 100@11"], None),
        (("50", 11.0), ["os Submitted 0/100"], None),
        (("50", 11.0), ["os Submitted 10/40"], K.ACCEPTED),
        (("100", 11.004), ["oo Submitted 100@11"], K.ACCEPTED),
        (("100", 11.0), ["os Submitted 0/100"], None),
        (("100", 11.0), ["oo Submitted 100@10", "oo Submitted 100@11"], K.ACCEPTED),
        (("100", 10.0), ["oo Submitted 100@10"], K.ACCEPTED),
        (("50", 11.0), ["err 399", "err 12345"], None),
        (("50", 11.0), ["err 110"], K.REFUSED),
        (("50", 11.0), ["err 201"], K.REFUSED),
        (("50", 11.0), ["err 104"], K.REFUSED),
        (("50", 11.0), ["err 1100"], None),
        (("50", 11.0), ["ex a.01 100"], K.OVER),
        (("50", 11.0), ["err 202"], K.OVER),
        (("50", 11.0), ["ex a.01 10"], None),
    ],
)
def test_the_answer_to_a_change(change: tuple[str, float], steps: list[str], kind: AnswerKind | None) -> None:
    told, waiting = changing(*change)
    for step in steps:
        told.tell(step)
    assert kind_of(waiting.look(0.0)) is kind


def test_the_answer_to_a_change_stays_when_another_follows() -> None:
    told, waiting = changing("50")
    told.tell("err 110 first")
    told.place(order("60"))
    second = Changing(told.life)
    assert second.look(0.0) is None
    told.tell("err 110 first")
    assert waiting.look(0.0) == second.look(0.0) == Answer(K.REFUSED, 110, "first")
    told.place(order("70"))
    told.cancel()
    third = Changing(told.life)
    told.tell("err 2102")
    assert kind_of(third.look(0.0)) is K.REFUSED, "a cancel has overtaken it, and no cancel is refused by that"
    assert Cancelling(told.life).look(0.0) is None


@pytest.mark.parametrize("code", [136, 137, 321, 135, 201])
def test_a_cancel_that_fails_leaves_the_order_as_it_was(code: int) -> None:
    told = working()
    told.cancel()
    waiting = Cancelling(told.life)
    assert waiting.look(0.0) is None
    told.hear(error(code, "why"))
    assert waiting.look(1.0) is None
    assert waiting.look_at == 1.0 + LATE_SECONDS
    assert waiting.look(3.0) == Answer(K.FAILED, code, "why")


@pytest.mark.parametrize("code", [161, 10147, 10148, 10149])
def test_a_cancel_of_what_tws_cannot_cancel_settles_nothing(code: int) -> None:
    told = working()
    told.hear(error(code, "of an earlier cancel"))
    told.cancel()
    waiting = Cancelling(told.life)
    assert waiting.look(0.0) is None
    told.hear(error(code, "state: whatever"))
    assert waiting.look(0.0) is None
    assert waiting.look(LATE_SECONDS) == Answer(K.UNSETTLED, code, "state: whatever")
    told.tell("ex a.01 100")
    assert waiting.look(LATE_SECONDS) == Answer(K.OVER)


def test_the_end_may_come_behind_the_code_or_before_it() -> None:
    for steps in (["err 10148 Filled", "ex a.01 100"], ["ex a.01 100", "err 10148 Filled"]):
        told = working()
        told.cancel()
        waiting = Cancelling(told.life)
        for step in steps:
            told.tell(step)
            waiting.look(0.0)
        assert waiting.look(0.0) == Answer(K.OVER)
        assert told.state.status is OrderOutcome.FILLED
