"""What is remembered of a session: who it is, what it may use, and what TWS said last."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.core.codes import CLIENT_ID_IN_USE, CODES, PORT_CHANGED, RATE_EXCEEDED, CodeKind
from anytws.core.events import Notice
from anytws.core.session_facts import CODES_BEFORE_CLOSE, SessionFacts
from anytws.messages import CurrentTimeRequest, ErrorMessage, ManagedAccounts, NextValidId, StartApiRequest

REMARKS = {CodeKind.NOTICE, CodeKind.FARM, CodeKind.LINK}
CODE = st.sampled_from([*CODES, *CODES_BEFORE_CLOSE]) | st.integers(-5, 20_000)


def error(code: int, text: str = "text") -> ErrorMessage:
    return ErrorMessage(7, code, text)


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1))
def test_order_ids_only_go_up(said: list[int]) -> None:
    """IDs that were given once are never given again, whatever is said later."""
    facts = SessionFacts()
    for count, order_id in enumerate(said, 1):
        facts.note(NextValidId(order_id))
        assert facts.next_valid_id == max(said[:count])


def test_each_message_that_says_something_is_kept_and_no_other_is() -> None:
    facts = SessionFacts()
    facts.note(CurrentTimeRequest())
    assert facts == SessionFacts()
    facts.note(StartApiRequest(5))
    assert facts == SessionFacts(client_id=5)
    facts.note(ManagedAccounts(("DU1", "DU2")))
    facts.note(NextValidId(3))
    assert facts == SessionFacts(client_id=5, accounts=("DU1", "DU2"), next_valid_id=3)
    facts.note(ManagedAccounts(("DU2",)))
    assert facts.accounts == ("DU2",)


@given(CODE)
def test_an_error_stays_what_it_is_and_a_remark_becomes_a_notice(code: int) -> None:
    message = error(code)
    told = SessionFacts().classify(message, CODES, 0.0)
    kind = CODES.kind_of(code)
    if kind in REMARKS:
        assert told == Notice(code, "text", kind, 7, None, message)
    else:
        assert told is message


@given(CODE)
def test_the_last_error_is_one_or_may_be_one(code: int) -> None:
    """What nobody knows is no error to anybody's order, and may be the last word of TWS all the same."""
    facts = SessionFacts()
    facts.classify(error(code), CODES, 0.0)
    is_known_to_be_none = code in CODES and CODES[code].kind in {*REMARKS, CodeKind.CANCELLED}
    assert facts.last_error == (None if is_known_to_be_none else error(code))


def test_a_cancelled_order_is_told_as_it_came_and_is_no_error() -> None:
    """202 mostly confirms a cancel: an end that comes later has nothing to do with it."""
    facts = SessionFacts()
    message = error(202, "Order Canceled - reason:")
    assert facts.classify(message, CODES, 0.0) is message
    assert facts.last_error is None


def test_the_caller_s_table_decides() -> None:
    facts = SessionFacts()
    mine = CODES.with_kinds({2104: CodeKind.REQUEST_FAILED})
    assert facts.classify(error(2104), mine, 0.0) == facts.last_error == error(2104)


@given(st.lists(st.sampled_from([*CODES_BEFORE_CLOSE, 200, 2104, 99_999]), max_size=8))
def test_the_last_error_before_a_close_is_kept_with_its_time(codes: list[int]) -> None:
    """Another error in between does not hide it."""
    facts = SessionFacts()
    for now, code in enumerate(codes):
        facts.classify(error(code), CODES, float(now))
    fatal = [(now, code) for now, code in enumerate(codes) if code in CODES_BEFORE_CLOSE]
    if fatal:
        assert facts.error_before_close == error(fatal[-1][1])
        assert facts.error_before_close_at == fatal[-1][0]
    else:
        assert facts.error_before_close is None


@pytest.mark.parametrize("code", CODES_BEFORE_CLOSE)
def test_a_session_that_began_was_not_refused(code: int) -> None:
    """326 and then a start all the same: it explains nothing that comes later. The other two still may."""
    facts = SessionFacts()
    facts.classify(error(code), CODES, 1.0)
    facts.note_ready(2.0)
    assert facts.ready_at == 2.0
    assert facts.last_error == error(code)
    assert (facts.error_before_close is None) is (code == CLIENT_ID_IN_USE)
    assert {CLIENT_ID_IN_USE, PORT_CHANGED, RATE_EXCEEDED} == {*CODES_BEFORE_CLOSE}


def test_a_start_without_a_refusal_forgets_nothing() -> None:
    facts = SessionFacts(client_id=1, accounts=("DU1",))
    facts.note_ready(3.0)
    assert facts == SessionFacts(client_id=1, accounts=("DU1",), ready_at=3.0)
