"""What a code does to a question: what the user has said of it, what its row says, what the table says."""

from __future__ import annotations

from typing import Any

import pytest

from anytws.core import CODES, CodeKind, CodeTable, Effect, Notice
from anytws.machines.conversation import Question, plan_of
from anytws.machines.records import Reset
from anytws.machines.verdicts import LINK_TROUBLE, effect_on, ends_by_itself, failure_of, misused, remark_of
from anytws.messages import (
    AccountDataRequest,
    Action,
    ErrorMessage,
    HistoricalDataRequest,
    ManagedAccountsRequest,
    MarketDataRequest,
    MarketDepthRequest,
    MarketOrder,
    PlaceOrderRequest,
    Side,
    Stock,
)
from anytws.wire.catalogue import CATALOGUE, entry_of
from anytws.wire.conversation import Key, Shape

STOCK = Stock("AAPL")
WHAT_IF = PlaceOrderRequest(STOCK, MarketOrder(Action.BUY, 1, what_if=True), order_id=7)


OR_AS_A_SNAPSHOT = "open it as a stream; or use it with regulatory_snapshot; or use it with snapshot"


def question_for(request: Any) -> Question:
    row = entry_of(request).conversation
    assert row is not None
    return Question(plan_of(row, request, 225, changes_state=False), request, None)


@pytest.mark.parametrize(
    "request_, code, effect",
    [
        (MarketDataRequest(STOCK), 354, Effect.ENDS),
        (MarketDataRequest(STOCK), 10167, Effect.COMMENT),
        (MarketDataRequest(STOCK), 10089, Effect.WAIT),
        (MarketDepthRequest(STOCK, 5), 10089, Effect.ENDS),
        (MarketDepthRequest(STOCK, 5), 317, Effect.COMMENT),
        (HistoricalDataRequest(STOCK, "1 D", "1 day"), 162, Effect.ENDS),  # type: ignore[arg-type]
        (HistoricalDataRequest(STOCK, "1 D", "1 day"), 2188, Effect.WAIT),  # type: ignore[arg-type]
        (MarketDataRequest(STOCK), 1100, Effect.ENDS),
        (MarketDataRequest(STOCK), 77777, Effect.ENDS),
        (MarketDataRequest(STOCK), 2199, Effect.COMMENT),
        (WHAT_IF, 201, Effect.ENDS),
        (WHAT_IF, 1100, Effect.ENDS),
        (WHAT_IF, 399, Effect.COMMENT),
        (WHAT_IF, 77777, Effect.COMMENT),
    ],
)
def test_what_a_code_does(request_: Any, code: int, effect: Effect) -> None:
    assert effect_on(question_for(request_), code, CODES) is effect


def test_the_user_goes_before_the_row() -> None:
    question = question_for(MarketDataRequest(STOCK))
    mine = CODES.with_effects(
        {354: {"MarketDataRequest": Effect.COMMENT}, 88888: {"MarketDataRequest": Effect.COMMENT}}
    )
    assert effect_on(question, 354, mine) is Effect.COMMENT
    assert effect_on(question, 88888, mine) is Effect.COMMENT
    assert effect_on(question, 10167, mine) is Effect.COMMENT, "of which nothing was said"
    assert effect_on(question, 200, mine) is Effect.ENDS
    by_kind = CODES.with_kinds({354: CodeKind.NOTICE})
    assert effect_on(question, 354, by_kind) is Effect.COMMENT
    what_if = question_for(WHAT_IF)
    assert effect_on(what_if, 201, CODES.with_kinds({201: CodeKind.NOTICE})) is Effect.COMMENT


def test_a_table_of_the_user_that_says_nothing_else_changes_nothing() -> None:
    table = CodeTable(CODES.values())
    for code in (354, 10167, 10089, 77777):
        question = question_for(MarketDataRequest(STOCK))
        assert effect_on(question, code, table) is effect_on(question, code, CODES)


def test_without_an_id_only_codes_of_its_own_are_meant() -> None:
    question = question_for(ManagedAccountsRequest())
    assert ends_by_itself(question, 330, CODES)
    assert not ends_by_itself(question, 77777, CODES)
    assert not ends_by_itself(question, 321, CODES), "that is anybody's"
    mine = CODES.with_effects(
        {77777: {"ManagedAccountsRequest": Effect.ENDS}, 330: {"ManagedAccountsRequest": Effect.COMMENT}}
    )
    assert ends_by_itself(question, 77777, mine)
    assert not ends_by_itself(question, 330, mine)


def test_a_contract_that_is_said_not_to_exist_near_a_broken_link_may_exist() -> None:
    question = question_for(MarketDataRequest(STOCK))
    for code, since, is_doubtful in [(200, LINK_TROUBLE, True), (200, LINK_TROUBLE + 1, False), (354, 0.0, False)]:
        failure = failure_of(question, ErrorMessage(1, code, "no"), since)
        assert (failure.code, failure.link_was_down, failure.request) == (code, is_doubtful, question.request)


def test_a_remark_is_a_notice_or_a_reset() -> None:
    notice = remark_of(ErrorMessage(1, 10167, "delayed"), CODES)
    assert isinstance(notice, Notice)
    assert (notice.code, notice.kind, notice.message.error_message) == (10167, CODES.kind_of(10167), "delayed")
    assert isinstance(remark_of(ErrorMessage(1, 317, "reset"), CODES), Reset)


@pytest.mark.parametrize(
    "request_, is_asked, told",
    [
        (MarketDataRequest(STOCK), True, OR_AS_A_SNAPSHOT),
        (MarketDataRequest(STOCK, snapshot=True), False, "ask it; or use it without snapshot"),
        (AccountDataRequest(subscribe=False), True, "use it without subscribe false; or send it"),
        (PlaceOrderRequest(STOCK, MarketOrder(Action.BUY, 1)), True, "use it with what_if; or send it"),
        (PlaceOrderRequest(STOCK, MarketOrder(Action.BUY, 1)), False, "does not go on like this: send it"),
    ],
)  # fmt: skip
def test_who_uses_it_in_the_wrong_way_is_told_the_right_one(request_: Any, is_asked: bool, told: str) -> None:
    entry = entry_of(request_)
    assert entry.conversation is not None
    problem = misused(
        entry, plan_of(entry.conversation, request_, 225, changes_state=False), request_, is_asked=is_asked
    )
    assert str(problem).endswith(told), str(problem)


def test_no_code_of_a_row_says_two_things() -> None:
    for entry in CATALOGUE:
        row = entry.conversation
        if row is None or entry.said_by is not Side.CLIENT or row.shape is Shape.COMMAND:
            continue
        assert not row.ends & row.comments, entry.name
        assert not row.ends & row.unclear, entry.name
        assert not row.comments & row.unclear, entry.name
        assert row.key in Key
