"""Who listens for what: by id, by order, by the kind of answer."""

from __future__ import annotations

from typing import Any

import pytest

from anytws.machines.conversation import Question, Turn, plan_of
from anytws.machines.outbox import Outbox
from anytws.machines.register import Register, Slot, belongs, slot_for
from anytws.messages import (
    AccountDataRequest,
    AccountValue,
    Action,
    AllOpenOrdersRequest,
    ManagedAccounts,
    ManagedAccountsRequest,
    MarketOrder,
    MarketRule,
    MarketRuleRequest,
    MatchingSymbolsRequest,
    OpenOrder,
    OrderState,
    PlaceOrderRequest,
    Position,
    PositionsRequest,
    Side,
    Stock,
    SymbolSamples,
    ToTws,
    UserInfo,
)
from anytws.wire.catalogue import CATALOGUE, entry_of
from anytws.wire.conversation import Key, Shape

STOCK = Stock("AAPL")
WHAT_IF = PlaceOrderRequest(STOCK, MarketOrder(Action.BUY, 1, what_if=True), order_id=7)


def said(register: Register, request: Any, number: int | None = None, *, given: bool = True) -> Question:
    """Give a question for *request* that was said, and has left if it is *given*."""
    row = entry_of(request).conversation
    assert row is not None
    plan = plan_of(row, request, 225, changes_state=False)
    question = Question(plan, request, slot_for(plan, request))
    if number is not None:
        question.ids.append(number)
    outbox = Outbox()
    question.parcels.append(outbox.put(b"x", 0.0))
    if given:
        outbox.data_to_send(0.0)
    question.fire(Turn.SAID)
    register.questions[question] = None
    register.listen(question)
    return question


def test_what_has_an_id_is_found_by_it() -> None:
    register = Register()
    number = register.request_ids.take()
    question = said(register, MatchingSymbolsRequest("a", number), number)
    assert register.whose(SymbolSamples(number)) == [question]
    assert register.whose(UserInfo(number)) == [], "of another kind"
    assert register.whose(SymbolSamples(number + 1)) == []
    assert register.whose_error(number) is question
    assert dict(register.late) == {}
    register.forget(question)
    assert register.whose(SymbolSamples(number)) == []
    assert register.whose_error(number) is None
    assert dict(register.late) == {"SymbolSamples": 1, "ErrorMessage": 1}


def test_what_has_none_is_found_by_the_kind_and_by_its_own_key() -> None:
    register = Register()
    accounts, rule = said(register, ManagedAccountsRequest()), said(register, MarketRuleRequest(26))
    assert register.whose(ManagedAccounts(())) == [accounts]
    assert register.whose(MarketRule(26)) == [rule]
    assert register.whose(MarketRule(27)) == []
    register.forget(rule)
    assert register.whose(MarketRule(26)) == []


def test_an_order_is_found_by_its_own_id() -> None:
    register = Register()
    what_if, orders = said(register, WHAT_IF), said(register, AllOpenOrdersRequest())
    order = OpenOrder(7, STOCK, MarketOrder(Action.BUY, 1), OrderState())
    assert register.whose(order) == [what_if, orders]
    assert register.whose_error(7) is what_if
    assert register.whose_error(8) is None
    register.forget(what_if)
    assert register.whose_error(7) is None
    assert register.whose(order) == [orders]


def test_two_with_the_same_order_id_do_not_forget_each_other() -> None:
    register = Register()
    first, second = said(register, WHAT_IF), said(register, WHAT_IF)
    register.forget(first)
    assert register.whose_error(7) is second


def test_what_has_not_left_is_not_answered() -> None:
    register = Register()
    question = said(register, ManagedAccountsRequest(), given=False)
    assert register.whose(ManagedAccounts(())) == []
    assert not belongs(question, ManagedAccounts(()))
    with_id = said(register, MatchingSymbolsRequest("a", 10), 10, given=False)
    assert register.whose_error(10) is None
    assert not belongs(with_id, SymbolSamples(10))


@pytest.mark.parametrize(
    "wanted, seen, is_its", [("DU1", "DU1", True), ("DU1", "DU2", False), ("", "DU2", True), ("DU1", "", True)]
)
def test_the_account_decides_where_it_is_named(wanted: str, seen: str, is_its: bool) -> None:
    register = Register()
    question = said(register, AccountDataRequest(account=wanted))
    assert belongs(question, AccountValue("Cash", "1", "USD", seen)) is is_its


def test_what_cannot_be_read_belongs_to_each_run_that_may_lack_it() -> None:
    register = Register()
    orders, what_if, positions = (
        said(register, each) for each in (AllOpenOrdersRequest(), WHAT_IF, PositionsRequest())
    )
    assert register.whose_unreadable("OpenOrder", 7) == [what_if]
    assert register.whose_unreadable("OpenOrder", 8) == [orders]
    assert register.whose_unreadable("OpenOrder", None) == [orders]
    assert register.whose_unreadable("Position", None) == [positions]
    assert register.whose_unreadable("Nothing", None) == []
    assert register.whose_unreadable(None, None) == []
    rules = [said(register, MarketRuleRequest(number)) for number in (1, 2)]
    assert register.whose_unreadable("MarketRule", None) == [], "of two answers none is named rather than a wrong one"
    register.forget(rules[0])
    assert register.whose_unreadable("MarketRule", None) == [rules[1]]


def test_what_shares_a_slot_is_told_in_the_order_in_which_it_was_said() -> None:
    register = Register()
    for place, turn in (("a", 3), ("b", 1), ("c", 2)):
        slot = register.slots[place] = Slot()
        slot.current = said(register, ManagedAccountsRequest())
        slot.current.turn = turn
    register.slots["d"] = Slot()
    assert [question.turn for question in register.open_without_id()] == [1, 2, 3]


def test_nothing_is_kept_of_what_is_over() -> None:
    register = Register()
    questions = [
        said(register, ManagedAccountsRequest()),
        said(register, WHAT_IF),
        said(register, MatchingSymbolsRequest("a", 10), 10),
    ]
    for question in questions:
        register.forget(question)
    assert not any([register.questions, register.by_id, register._by_order, *register._by_kind.values()])
    said(register, ManagedAccountsRequest())
    register.clear()
    assert not any([register.questions, register.by_id, register._by_kind, register.slots])


def test_whatever_has_no_id_has_a_slot_and_whatever_has_one_says_it() -> None:
    """What the routing stands on, for the whole catalogue."""
    for entry in CATALOGUE:
        row = entry.conversation
        if row is None or entry.said_by is not Side.CLIENT or row.shape is Shape.COMMAND:
            continue
        assert issubclass(entry.cls, ToTws)
        if row.key not in (Key.REQUEST_ID, Key.ORDER_ID):
            assert row.slot is not None, entry.name
        for kind in [*row.answers, *([row.end] if row.end else [])]:
            if row.key is not Key.NOTHING:
                assert hasattr(kind, row.key.value), (entry.name, kind)


def test_a_kind_of_answer_is_found_in_one_way_only() -> None:
    """By id, or by its kind: else a late one might be counted and given to somebody too."""
    ways: dict[type, set[bool]] = {}
    for entry in CATALOGUE:
        row = entry.conversation
        if row is None or entry.said_by is not Side.CLIENT:
            continue
        for kind in [*row.answers, *([row.end] if row.end else [])]:
            ways.setdefault(kind, set()).add(row.key is Key.REQUEST_ID)
    assert {kind.__name__ for kind, ids in ways.items() if len(ids) > 1} == set()
    assert Position in ways
