"""Scenarios of orders, a step a line: what is believed after each; and what each code does to what was sent last."""

from __future__ import annotations

from typing import Final

import pytest

from anytws.core.code_words import Outstanding
from anytws.machines.order_state import OrderOutcome
from tests.order_deck import Told, brief, error, new, open_order, order, working

O = OrderOutcome  # noqa: E741 (as in the tables)
Steps = tuple[tuple[str, str], ...]

DECK: Final[dict[str, Steps]] = {
    # As FIX 4.4 has them: orders, cancels, changes.
    "filled in pieces": (
        ("new", "unknown 0/100 pending-new"),
        ("oo Submitted", "open 0/100"),
        ("os Submitted 0/100", "open 0/100"),
        ("ex a.01 40@10 40", "open 40/60"),
        ("os Submitted 40/60", "open 40/60"),
        ("ex b.01 60@10 100", "filled 100/0"),
        ("os Filled 100/0", "filled 100/0"),
    ),
    "executions alone": (
        ("new", "unknown 0/100 pending-new"),
        ("ex a.01 40", "unknown 40/60"),
        ("ex b.01 60", "filled 100/0"),
    ),
    "rejected without another word": (("new", "unknown 0/100 pending-new"), ("err 201", "rejected 0/100")),
    "rejected, Inactive before": (
        ("new", "unknown 0/100 pending-new"),
        ("oo Inactive", "open 0/100 held"),
        ("os Inactive 0/100", "open 0/100 held"),
        ("err 201", "rejected 0/100"),
        ("os Inactive 0/100", "rejected 0/100"),
    ),
    "rejected, Inactive after": (
        ("new", "unknown 0/100 pending-new"),
        ("err 201", "rejected 0/100"),
        ("os Inactive 0/100", "rejected 0/100"),
    ),
    "rejected after a live pair": (
        ("new", "unknown 0/100 pending-new"),
        ("os PreSubmitted 0/100", "open 0/100"),
        ("err 201", "rejected 0/100"),
        ("os Inactive 0/100", "rejected 0/100"),
    ),
    "cancelled with nothing filled": (
        ("new", "unknown 0/100 pending-new"),
        ("os Submitted 0/100", "open 0/100"),
        ("cancel", "open 0/100 pending-cancel"),
        ("os PendingCancel 0/100", "open 0/100 pending-cancel"),
        ("os Cancelled 0/100", "cancelled 0/100"),
        ("err 202", "cancelled 0/100"),
    ),
    "a fill while the cancel is pending": (
        ("new", "unknown 0/100 pending-new"),
        ("os Submitted 0/100", "open 0/100"),
        ("cancel", "open 0/100 pending-cancel"),
        ("os PendingCancel 0/100", "open 0/100 pending-cancel"),
        ("ex a.01 40", "open 40/60 pending-cancel"),
        ("os Cancelled 40/60", "cancelled 40/60"),
    ),
    "filled while the cancel is pending": (
        ("new", "unknown 0/100 pending-new"),
        ("os Submitted 0/100", "open 0/100"),
        ("cancel", "open 0/100 pending-cancel"),
        ("err 10148 state: Filled", "open 0/100"),
        ("ex a.01 100", "filled 100/0"),
    ),
    "a late fill after it was cancelled": (
        ("new", "unknown 0/100 pending-new"),
        ("cancel", "unknown 0/100 pending-cancel"),
        ("os Cancelled 0/100", "cancelled 0/100"),
        ("ex a.01 40", "cancelled 40/60"),
        ("ex b.01 60", "filled 100/0"),
    ),
    "a cancel of what is not there ends nothing": (
        ("new", "unknown 0/100 pending-new"),
        ("os Submitted 0/100", "open 0/100"),
        ("cancel", "open 0/100 pending-cancel"),
        ("err 10147 is not found", "open 0/100"),
    ),
    "an unanswered order and a cancel that finds nothing": (
        ("new", "unknown 0/100 pending-new"),
        ("cancel", "unknown 0/100 pending-cancel"),
        ("err 10147", "unknown 0/100 pending-new"),
        ("err 161", "unknown 0/100 pending-new"),
    ),
    "raised with nothing filled": (
        ("new 100", "unknown 0/100 pending-new"),
        ("oo Submitted 100", "open 0/100"),
        ("change 200", "open 0/100 pending-modify"),
        ("oo Submitted 100", "open 0/100 pending-modify"),
        ("oo PreSubmitted 200", "open 0/200"),
        ("os Submitted 0/200", "open 0/200"),
    ),
    "filled to the old quantity while it is raised": (
        ("new 100", "unknown 0/100 pending-new"),
        ("oo Submitted 100", "open 0/100"),
        ("change 200", "open 0/100 pending-modify"),
        ("ex a.01 100", "open 100/0 pending-modify"),
        ("os Submitted 100/100", "open 100/100"),
        ("oo Submitted 200", "open 100/100"),
        ("ex b.01 100", "filled 200/0"),
    ),
    "raised, and cut off before it was said; its end alone tells the quantity": (
        ("new 100", "unknown 0/100 pending-new"),
        ("oo Submitted 100", "open 0/100"),
        ("ex a.01 40", "open 40/60"),
        ("change 200", "open 40/60 pending-modify"),
        ("cut", "open 40/60 unsure pending-modify"),
        ("os Cancelled 40/160", "cancelled 40/160"),
        # Of an ended order an older TWS leaves out what remains.
        ("os Cancelled 40/0", "cancelled 40/60"),
    ),
    "filled to the old quantity, and the raise is refused": (
        ("new 100", "unknown 0/100 pending-new"),
        ("oo Submitted 100", "open 0/100"),
        ("change 200", "open 0/100 pending-modify"),
        ("ex a.01 100", "open 100/0 pending-modify"),
        ("err 104", "filled 100/0"),
    ),
    "lowered to what is filled": (
        ("new 100", "unknown 0/100 pending-new"),
        ("oo Submitted 100", "open 0/100"),
        ("ex a.01 40", "open 40/60"),
        ("change 40", "open 40/60 pending-modify"),
        ("oo Filled 40", "filled 40/0"),
    ),
    "a refused change": (
        ("new", "unknown 0/100 pending-new"),
        ("oo Submitted", "open 0/100"),
        ("change 100@10.123", "open 0/100 pending-modify"),
        ("err 110", "open 0/100"),
    ),
    "a change that the vendor refuses": (
        ("new", "unknown 0/100 pending-new"),
        ("oo Submitted", "open 0/100"),
        ("change 100@11", "open 0/100 pending-modify"),
        ("err 201", "open 0/100 contested"),
        ("sure", "open 0/100"),
    ),
    "a change that the vendor refuses, and the order with it": (
        ("new", "unknown 0/100 pending-new"),
        ("oo Submitted", "open 0/100"),
        ("change 100@11", "open 0/100 pending-modify"),
        ("os Inactive 0/100", "open 0/100 held pending-modify"),
        ("err 201", "rejected 0/100"),
    ),
    "a cancel overtakes a change": (
        ("new", "unknown 0/100 pending-new"),
        ("oo Submitted", "open 0/100"),
        ("change 100@11", "open 0/100 pending-modify"),
        ("cancel", "open 0/100 pending-cancel"),
        ("err 105", "open 0/100 contested pending-cancel"),
        ("os Cancelled 0/100", "cancelled 0/100"),
    ),
    "a change and a cancel that fails": (
        ("new", "unknown 0/100 pending-new"),
        ("oo Submitted", "open 0/100"),
        ("cancel", "open 0/100 pending-cancel"),
        ("change 50", "open 0/100 pending-cancel"),
        ("oo Submitted 50", "open 0/50 pending-cancel"),
        ("os Cancelled 0/50", "cancelled 0/50"),
    ),
    "PendingSubmit in mid-life, PreSubmitted again": (
        ("new", "unknown 0/100 pending-new"),
        ("os Submitted 40/60", "open 40/60"),
        ("os PendingSubmit 40/60", "open 40/60"),
        ("os PreSubmitted 40/60", "open 40/60"),
        ("os Filled 100/0", "filled 100/0"),
    ),
    "remarks": (
        ("new", "unknown 0/100 pending-new"),
        ("err 10349", "unknown 0/100 pending-new"),
        ("err 399", "unknown 0/100 pending-new"),
        ("err 404", "unknown 0/100 pending-new"),
        ("os PreSubmitted 0/100", "open 0/100"),
        ("err 99999", "open 0/100"),
    ),
    "kept, then transmitted": (
        ("keep", "unknown 0/100 untransmitted pending-new"),
        ("new", "unknown 0/100 pending-new"),
        ("err 110", "rejected 0/100"),
    ),
    "kept by an older TWS": (
        ("keep", "unknown 0/100 untransmitted pending-new"),
        ("os Inactive 0/100", "open 0/100 held untransmitted"),
        ("new", "open 0/100 held pending-new"),
        ("os Submitted 0/100", "open 0/100"),
    ),
    "deactivated, and active again": (
        ("new", "unknown 0/100 pending-new"),
        ("os Submitted 0/100", "open 0/100"),
        ("os Inactive 0/100", "open 0/100 held"),
        ("os PreSubmitted 0/100", "open 0/100"),
    ),
    "a child whose quantity follows its parent": (
        ("new 100", "unknown 0/100 pending-new"),
        ("oo PreSubmitted 0", "open 0/100"),
        ("oo PreSubmitted 40", "open 0/40"),
        ("os PreSubmitted 0/40", "open 0/40"),
        ("oo Submitted 100", "open 0/100"),
        ("ex a.01 40", "open 40/60"),
    ),
    "a quantity that was raised by hand, and told late": (
        ("new 100", "unknown 0/100 pending-new"),
        ("oo Submitted 100", "open 0/100"),
        ("ex a.01 100", "filled 100/0"),
        ("oo Submitted 150", "open 100/50"),
        ("os Submitted 100/50", "open 100/50"),
    ),
    "a correction to fewer": (
        ("new", "unknown 0/100 pending-new"),
        ("os Submitted 0/100", "open 0/100"),
        ("ex a.01 60@10 60", "open 60/40"),
        ("os Submitted 60/40", "open 60/40"),
        ("ex a.02 50@10", "open 50/50"),
        ("ex a.03 0@10", "open 0/100"),
        ("ex a.02 50@10", "open 0/100"),
    ),
    "a correction does not wake what was filled": (
        ("new", "unknown 0/100 pending-new"),
        ("ex a.01 100", "filled 100/0"),
        ("ex a.02 90", "filled 90/0"),
    ),
    "a live word behind the end": (
        ("new", "unknown 0/100 pending-new"),
        ("os Cancelled 0/100", "cancelled 0/100"),
        ("os Submitted 0/100", "cancelled 0/100 contested"),
        ("sure", "open 0/100"),
    ),
    "a live word behind the end, and the end again": (
        ("new", "unknown 0/100 pending-new"),
        ("os Cancelled 0/100", "cancelled 0/100"),
        ("cut", "cancelled 0/100"),
        ("oo Submitted", "cancelled 0/100 contested"),
        ("os Cancelled 0/100", "cancelled 0/100"),
    ),
    "a live word behind the end, and the list of what is over": (
        ("new", "unknown 0/100 pending-new"),
        ("os Cancelled 0/100", "cancelled 0/100"),
        ("os Submitted 0/100", "cancelled 0/100 contested"),
        ("done Cancelled 0", "cancelled 0/100"),
        ("sure", "cancelled 0/100"),
    ),
    "the connection ends, and another tells": (
        ("new", "unknown 0/100 pending-new"),
        ("os Submitted 0/100", "open 0/100"),
        ("change 100@11", "open 0/100 pending-modify"),
        ("cut", "open 0/100 unsure pending-modify"),
        ("ex a.01 10", "open 10/90 unsure pending-modify"),
        ("oo Submitted 100@10", "open 10/90"),
    ),
    "the link is down: what is said meanwhile settles nothing": (
        ("new", "unknown 0/100 pending-new"),
        ("os Submitted 0/100", "open 0/100"),
        ("down", "open 0/100 unsure"),
        ("os Submitted 10/90", "open 10/90 unsure"),
        ("up", "open 10/90 unsure"),
        ("os Submitted 10/90", "open 10/90"),
    ),
    "completed while nobody looked": (
        ("new", "unknown 0/100 pending-new"),
        ("os Submitted 0/100", "open 0/100"),
        ("cut", "open 0/100 unsure"),
        ("done Filled 100", "filled 100/0"),
    ),
    "TWS lists what it has refused as cancelled": (
        ("new", "unknown 0/100 pending-new"),
        ("done Cancelled 0 Rejected by System: expired", "cancelled 0/100"),
    ),
    "a word that nobody knows is a live one": (
        ("new", "unknown 0/100 pending-new"),
        ("os Wondering 0/100", "open 0/100"),
    ),
    "ended by an OpenOrder alone": (
        ("new", "unknown 0/100 pending-new"),
        ("os Submitted 0/100", "open 0/100"),
        ("oo Filled", "filled 0/0"),
    ),
    "an execution that says nothing of its size": (
        ("new", "unknown 0/100 pending-new"),
        ("os Submitted 0/100", "open 0/100"),
        ("ex a.01 -", "open 0/100 contested"),
        ("ex b.01 - 50", "open 50/50 contested"),
        ("os Filled 100/0", "filled 100/0"),
    ),
}


@pytest.mark.parametrize("name", DECK)
def test_a_scenario(name: str) -> None:
    told = Told()
    seen = []
    for step, _ in DECK[name]:
        told.tell(step)
        seen.append((step, brief(told.state)))
    assert seen == list(DECK[name])


# --- the codes -------------------------------------------------------------------------------------------------------

PLAIN_REFUSALS: Final = (
    *(105, 109, 110, 329, 462, 2102, 10241, 10242, 203, 387, 388, 392, 412, 436, 460, 382, 383, 451, 163, 164),
    *(463, 10052, 10243, 10252, 10255, 10268, 10274, 10289, 10318, 321, 322),
)  # fmt: skip
REMARKS: Final = (399, 404, 2109, 2161, 10233, 10349, 481, 987654)
DOUBTFUL: Final = (2137, 10311)
"""Remarks mostly; what they do to a new order is not certain."""


@pytest.mark.parametrize("code", [*PLAIN_REFUSALS, 103, 135, 200, 201, 328, 10006])
def test_a_refusal_of_a_new_order(code: int) -> None:
    told = new()
    told.hear(error(code))
    assert brief(told.state) == "rejected 0/100"
    assert told.life.refusal is not None
    assert (told.life.refusal.code, told.life.refusal.outstanding) == (code, Outstanding.NEW)


@pytest.mark.parametrize("code", [*PLAIN_REFUSALS, 103, 104, 135])
def test_a_refusal_of_a_change(code: int) -> None:
    told = working()
    told.place(order("200"))
    change = told.life.change
    told.hear(error(code))
    assert brief(told.state) == "open 0/100"
    assert change is not None
    assert change.refusal is not None
    assert change.refusal.code == code
    assert told.life.order == open_order("-").order
    assert told.life.refusal is None


@pytest.mark.parametrize("code", [135, 136, 137, 161, 321, 10147, 10148, 10149, 201])
def test_a_failed_cancel_ends_nothing(code: int) -> None:
    told = working()
    told.cancel()
    told.hear(error(code))
    assert brief(told.state) == "open 0/100"


@pytest.mark.parametrize("code", [136, 137, 161, 10147, 10148])
def test_these_end_nothing_at_all(code: int) -> None:
    """As orders of earlier sessions get them, unasked."""
    for told, as_before in ((new(), "unknown 0/100 pending-new"), (working(), "open 0/100")):
        told.hear(error(code))
        assert brief(told.state) == as_before


@pytest.mark.parametrize("code", REMARKS)
def test_a_remark_ends_nothing_and_answers_nothing(code: int) -> None:
    told = working()
    for send, pending in ((lambda: told.place(order("200")), "pending-modify"), (told.cancel, "pending-cancel")):
        send()
        told.hear(error(code))
        assert brief(told.state) == f"open 0/100 {pending}"
        assert told.state.last_error == error(code)


@pytest.mark.parametrize("code", DOUBTFUL)
def test_a_doubtful_code_has_the_order_asked_for(code: int) -> None:
    told = new()
    told.hear(error(code))
    assert brief(told.state) == "unknown 0/100 pending-new"
    told.tell("oo Submitted")
    assert brief(told.state) == "open 0/100 contested"


def test_202_cancels_whatever_was_sent() -> None:
    for told in (new(), working()):
        told.hear(error(202))
        assert told.state.status is O.CANCELLED
    for send in (lambda each: each.place(order("200")), Told.cancel):
        told = working()
        send(told)
        told.hear(error(202))
        assert told.state.status is O.CANCELLED


@pytest.mark.parametrize("code", PLAIN_REFUSALS[:-2])
def test_a_refusal_of_a_working_order_to_which_nothing_was_sent_is_contested(code: int) -> None:
    told = working()
    told.hear(error(code))
    assert told.state.status is O.OPEN
    told.tell("cut")
    told.tell("os Submitted 0/100")
    assert not told.state.is_contested, "a live word of another connection settles it"
