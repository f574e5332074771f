"""The gate: each rule by example, and what holds of all of them: monotone, complete, pure."""

from __future__ import annotations

import math
import pickle
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws import Gate, GateRefused, Quote
from anytws.machines.gate_belief import Belief, Exposure, Reason
from anytws.machines.intent import Intent, IntentKind, family_of, intent_of
from anytws.machines.journal import Sums
from anytws.messages import Action, Contract, ExerciseAction, Future, Option, Order, OrderType, SecurityType, Stock
from anytws.messages.executions import ExerciseOptionsRequest
from anytws.messages.order_types import LimitOrder, MarketOrder, StopOrder
from anytws.messages.orders import PlaceOrderRequest

NOW = datetime(2026, 7, 6, 14, 30, tzinfo=UTC)
APPLE = Stock("AAPL")
QUOTE = Quote(bid=99.0, ask=101.0, last=100.0, received_at=NOW)


def buy(quantity: object = 100, price: float | None = 100.0, contract: Contract = APPLE, **more: Any) -> Intent:
    return wanted("BUY", quantity, price, contract, **more)


def sell(quantity: object = 100, price: float | None = 100.0, contract: Contract = APPLE, **more: Any) -> Intent:
    return wanted("SELL", quantity, price, contract, **more)


def wanted(action: str, quantity: Any, price: float | None, contract: Contract, **more: Any) -> Intent:
    order = MarketOrder(action, quantity, **more) if price is None else LimitOrder(action, quantity, price, **more)
    return intent_of(PlaceOrderRequest(contract, order))


def changed(after: Intent, *before: Intent) -> Intent:
    orders = tuple([each.order for each in before if each.order is not None])
    return attrs.evolve(after, kind=IntentKind.CHANGE, before=orders)  # type: ignore[misc]


def rules(gate: Gate, *intents: Intent, **belief: Any) -> list[str]:
    return [reason.rule for reason in gate.refusals(intents, Belief(**belief), NOW)]


def quoted(quote: Quote = QUOTE, contract: Contract = APPLE) -> dict[str, Any]:
    return {"quotes": {contract: quote}}


def no_quote(_: Contract) -> None:
    return None


# --- each rule --------------------------------------------------------------------------------------------------------


def test_a_gate_without_rules_lets_all_pass():
    assert rules(Gate(), buy(10**9, None), sell(1)) == []


@pytest.mark.parametrize(
    "intent, refused",
    [
        (buy(100), False),
        (buy("100.5"), True),
        (buy(101), True),
        (buy(0), True),
        (buy(None, None, cash_quantity=1000.0), True),
        (changed(buy(90), buy(150)), False),
        (changed(buy(150, 101.0), buy(200)), True),
    ],
    ids=str,
)
def test_the_quantity_of_an_order(intent, refused):
    assert rules(Gate(max_quantity=100), intent) == (["max_quantity"] if refused else [])


@pytest.mark.parametrize(
    "intent, quotes, refused",
    [
        (buy(100, 100.0), None, False),
        (buy(100, 100.01), None, True),
        (sell(100, 100.0), None, False),
        # A sale may be filled at the bid, above its limit.
        (sell(100, 50.0), QUOTE, True),
        (sell(100, 50.0), Quote(bid=60.0), False),
        (sell(100, 50.0), Quote(), True),
        (buy(100, None), None, True),
        (buy(100, None), QUOTE, True),
        (buy(99, None), QUOTE, False),
        (buy(None, None, cash_quantity=10_001.0), None, True),
        (buy(None, None, cash_quantity=10_000.0), None, False),
        (buy(1, 1.0, Stock("SAP", currency="EUR")), None, True),
        (buy(1, 5000.0, Future("ES", "202609", "CME", multiplier=50)), None, True),
        (buy(1, 100.0, Future("ES", "202609", "CME", multiplier=50)), None, False),
        (buy(1, 1.0, Future("ES", "202609", "CME")), None, True),
        (buy(1, 1.0, Contract(contract_id=265598)), None, True),
        (intent_of(PlaceOrderRequest(APPLE, Order(Action.BUY, OrderType.LIMIT, Decimal(1), math.nan))), None, True),
    ],
    ids=str,
)
def test_the_value_of_an_order(intent, quotes, refused):
    gate = Gate(max_value=10_000, quotes=None if quotes is None else no_quote)
    belief = {} if quotes is None else quoted(quotes)
    assert rules(gate, intent, **belief) == (["max_value"] if refused else [])


def today(**sums: Any) -> dict[str, Any]:
    return {"today": Sums(1, NOW, **sums)}


@pytest.mark.parametrize(
    "intents, sums, refused",
    [
        ([buy(10, 10.0)], {"orders": 4, "quantity": Decimal(90), "value": Decimal(900)}, []),
        ([buy(11, 1.0)], {"quantity": Decimal(90)}, ["max_quantity_per_day"]),
        ([buy(5, 1.0), buy(6, 1.0)], {"quantity": Decimal(90)}, ["max_quantity_per_day"]),
        ([buy(1, 101.0)], {"value": Decimal(900)}, ["max_value_per_day"]),
        ([buy(1, 1.0)], {"orders": 5}, ["max_orders_per_day"]),
        ([buy(1, 1.0)] * 2, {"orders": 4}, ["max_orders_per_day"]),
        ([buy(1, 1.0)], {"unknown_quantities": 1}, ["max_quantity_per_day"]),
        ([buy(1, 1.0)], {"unknown_values": 1}, ["max_value_per_day"]),
        ([buy(1, 1.0)], {"value": Decimal(1), "currency": "EUR"}, ["max_value_per_day"]),
        ([buy(None, None, cash_quantity=5.0)], {}, ["max_quantity_per_day"]),
        # A change adds what it adds.
        ([changed(buy(60, 2.0), buy(55, 1.0))], {"orders": 5, "quantity": Decimal(95)}, []),
        ([changed(buy(50, None), buy(50, 1.0))], {"orders": 5, "quantity": Decimal(100), "value": Decimal(1000)}, []),
        ([changed(buy(61, 1.0), buy(55, 1.0))], {"orders": 5, "quantity": Decimal(95)}, ["max_quantity_per_day"]),
    ],
    ids=str,
)
def test_what_a_day_may_bring(intents, sums, refused):
    gate = Gate(max_orders_per_day=5, max_quantity_per_day=100, max_value_per_day=1000)
    assert gate.needs_journal
    assert rules(gate, *intents, **today(**sums)) == refused


def test_a_day_begins_in_its_zone():
    assert Gate().day_begin(NOW) == datetime(2026, 7, 6, tzinfo=UTC)
    assert Gate(day_zone="America/New_York").day_begin(NOW) == datetime(2026, 7, 6, 4, tzinfo=UTC)
    early = datetime(2026, 7, 6, 3, tzinfo=UTC)
    assert Gate(day_zone="America/New_York").day_begin(early) == datetime(2026, 7, 5, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "rule, contract, refused",
    [
        ({"symbols": {"AAPL"}}, APPLE, False),
        ({"symbols": {"AAPL"}}, Stock("MSFT"), True),
        ({"symbols": {"AAPL"}}, Contract(contract_id=1), True),
        ({"denied_symbols": ["GME"]}, APPLE, False),
        ({"denied_symbols": ["GME"]}, Stock("GME"), True),
        ({"denied_symbols": ["GME"]}, Contract(contract_id=1), True),
        ({"security_types": [SecurityType.STOCK]}, APPLE, False),
        ({"security_types": [SecurityType.STOCK]}, Option("AAPL", "20260918", 100, "C"), True),
        ({"security_types": [SecurityType.STOCK]}, Contract(contract_id=1), True),
    ],
    ids=str,
)
def test_what_may_be_traded(rule, contract, refused):
    assert rules(Gate(**rule), buy(contract=contract)) == ([*rule] if refused else [])


@pytest.mark.parametrize(
    "quote, refused",
    [
        (QUOTE, False),
        (attrs.evolve(QUOTE, received_at=NOW - timedelta(seconds=5)), False),
        (attrs.evolve(QUOTE, received_at=NOW - timedelta(seconds=5.1)), True),
        (Quote(bid=1.0), True),
        (Quote(received_at=NOW), True),
    ],
)
def test_how_old_a_quote_may_be(quote, refused):
    gate = Gate(max_quote_age=5, quotes=no_quote)
    assert rules(gate, buy(), **quoted(quote)) == (["max_quote_age"] if refused else [])
    assert rules(gate, buy()) == ["max_quote_age"]


@pytest.mark.parametrize(
    "intent, refused",
    [
        (buy(1, 102.0), False),
        (buy(1, 103.1), True),
        (buy(1, 10.0), False),
        (sell(1, 98.0), False),
        (sell(1, 96.9), True),
        (sell(1, 1000.0), False),
        (buy(1, None), False),
        (intent_of(PlaceOrderRequest(APPLE, StopOrder("SELL", 1, 90))), False),
        (intent_of(PlaceOrderRequest(APPLE, StopOrder("SELL", 1, 900))), True),
        (intent_of(PlaceOrderRequest(APPLE, StopOrder("BUY", 1, 90))), True),
        (intent_of(PlaceOrderRequest(APPLE, StopOrder("BUY", 1, 110))), False),
    ],
    ids=str,
)
def test_how_far_a_price_may_be_from_the_market(intent, refused):
    gate = Gate(price_collar=2, quotes=no_quote)
    assert rules(gate, intent, **quoted()) == (["price_collar"] if refused else [])
    needs_one = intent.limit_price is not None or intent.order.aux_price is not None  # type: ignore[union-attr]
    assert rules(gate, intent, **quoted(Quote())) == (["price_collar"] if needs_one else [])


def test_how_many_may_be_open():
    gate = Gate(max_open_orders=3)
    assert rules(gate, buy(), open_orders=2) == []
    assert rules(gate, buy(), open_orders=3) == ["max_open_orders"]
    assert rules(gate, buy(), buy(), open_orders=2) == ["max_open_orders"]
    assert rules(gate, changed(buy(), buy(90)), open_orders=3) == []


@pytest.mark.parametrize(
    "intents, exposure, refused",
    [
        ([buy(100)], Exposure(Decimal(0)), False),
        ([buy(100)], Exposure(Decimal(1)), True),
        ([buy(60), buy(41)], Exposure(Decimal(0)), True),
        ([buy(50)], Exposure(Decimal(30), Decimal(21)), True),
        ([sell(50)], Exposure(Decimal(-30), sells=Decimal(21)), True),
        ([sell(200)], Exposure(Decimal(100)), False),
        # What leads back is no fault, however far away one is.
        ([sell(100)], Exposure(Decimal(500)), False),
        ([buy(1)], Exposure(None), True),
        ([buy(1)], Exposure(Decimal(0), None), True),
        ([sell(1)], Exposure(Decimal(0), None), False),
        ([changed(buy(100, 101.0), buy(90))], Exposure(Decimal(0), Decimal(90)), False),
        ([changed(buy(101, 101.0), buy(90))], Exposure(Decimal(0), Decimal(90)), True),
    ],
    ids=str,
)
def test_what_a_position_may_become(intents, exposure, refused):
    gate = Gate(max_position=100, positions=lambda *_: None)
    assert rules(gate, *intents, exposures={("", APPLE): exposure}) == (["max_position"] if refused else [])


def test_children_only_give_back_what_their_parent_takes():
    requests = [
        PlaceOrderRequest(APPLE, LimitOrder("BUY", 100, 100)),
        PlaceOrderRequest(APPLE, LimitOrder("SELL", 100, 110)),
        PlaceOrderRequest(APPLE, StopOrder("SELL", 100, 90)),
    ]
    gate = Gate(max_position=100, positions=lambda *_: None)
    flat = {"exposures": {("", APPLE): Exposure(Decimal(0))}}
    assert rules(gate, *family_of(requests), **flat) == []
    assert rules(gate, *[intent_of(request) for request in requests], **flat) == ["max_position"]


def test_an_exercise_is_wanted_too():
    option = Option("AAPL", "20260918", 100, "C", multiplier=100)
    intent = intent_of(ExerciseOptionsRequest(option, ExerciseAction.EXERCISE, 5))
    assert rules(Gate(max_quantity=4, max_value=50_000), intent) == ["max_quantity"]
    assert rules(Gate(max_value=49_999), intent) == ["max_value"]
    assert rules(Gate(symbols={"MSFT"}), intent, killed="x") == ["kill_switch", "symbols"]


def test_paper_only():
    gate = Gate(paper_only=True)
    assert rules(gate, buy(), accounts=("DU1",)) == []
    assert rules(gate, buy(), accounts=("DU1", "U1")) == ["paper_only"]
    assert rules(gate, buy()) == ["paper_only"]


def test_who_wants_less_is_never_stopped():
    gate = Gate(
        max_quantity=1, max_value=1, max_open_orders=0, symbols=(), paper_only=True, max_quote_age=1, quotes=no_quote
    )
    assert rules(gate, changed(buy(50), buy(100)), killed="x") == []
    # A price that moves, or an order that is let go only now, is another matter.
    assert "kill_switch" in rules(gate, changed(buy(50, 101.0), buy(100)), killed="x")
    assert "kill_switch" in rules(gate, changed(buy(50), buy(100, transmit=False)), killed="x")
    assert "kill_switch" in rules(gate, changed(buy(50)), killed="x")


@pytest.mark.parametrize(
    "policy, problem",
    [
        ({"max_quantity": "100"}, TypeError),
        ({"max_quantity": -1}, ValueError),
        ({"max_value": float("nan")}, ValueError),
        ({"max_orders_per_day": 1.5}, TypeError),
        ({"max_open_orders": True}, TypeError),
        ({"symbols": "AAPL"}, TypeError),
        ({"denied_symbols": 7}, TypeError),
        ({"paper_only": 1}, TypeError),
        ({"quotes": 5}, TypeError),
        ({"kill_switch": 5}, TypeError),
        ({"max_quote_age": 5}, ValueError),
        ({"price_collar": 5}, ValueError),
        ({"max_position": 5}, ValueError),
        ({"day_zone": "New York"}, ValueError),
    ],
    ids=str,
)
def test_what_is_no_policy_is_refused(policy, problem):
    with pytest.raises(problem, match=next(iter(policy))):
        Gate(**policy)


def test_the_error_has_every_reason_and_can_be_sent_elsewhere():
    reasons = Gate(max_quantity=1, max_value=1).refusals([buy(2)], Belief(killed="a file"), NOW)
    assert [reason.rule for reason in reasons] == ["kill_switch", "max_quantity", "max_value"]
    error = GateRefused(reasons)
    assert all(reason.text in str(error) for reason in reasons)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 (our own)  # noqa: S301 (our own)
    assert again.reasons == reasons
    assert isinstance(reasons[0], Reason)


# --- what holds of all ------------------------------------------------------------------------------------------------

amounts = st.decimals("0.5", "300", places=1)
prices = st.none() | st.floats(80, 120)
actions = st.sampled_from(["BUY", "SELL"])
POLICIES: dict[str, dict[str, Any]] = {
    "max_quantity": {"max_quantity": 100},
    "max_value": {"max_value": 10_000},
    "max_quantity_per_day": {"max_quantity_per_day": 150},
    "max_value_per_day": {"max_value_per_day": 15_000},
    "max_orders_per_day": {"max_orders_per_day": 3},
    "max_open_orders": {"max_open_orders": 3},
    "price_collar": {"price_collar": 5},
    "max_quote_age": {"max_quote_age": 10},
    "max_position": {"max_position": 150},
    "symbols": {"symbols": {"AAPL"}},
    "denied_symbols": {"denied_symbols": {"MSFT"}},
    "security_types": {"security_types": {SecurityType.STOCK}},
    "paper_only": {"paper_only": True},
}
policies = st.sets(st.sampled_from(sorted(POLICIES)))
few = st.integers(0, 4)


@st.composite
def beliefs(draw: st.DrawFn) -> Belief:
    age = timedelta(seconds=draw(st.integers(0, 20)))
    quote = draw(st.none() | st.builds(Quote, bid=prices, ask=prices, last=prices, received_at=st.just(NOW - age)))
    sums = Sums(1, NOW, draw(few), draw(amounts), draw(amounts) * 100, "USD", draw(st.sampled_from([0, 0, 1])))
    exposure = draw(st.builds(Exposure, st.none() | amounts, st.none() | amounts, amounts))
    contracts = [APPLE, Stock("MSFT")]
    return Belief(
        draw(st.sampled_from([None, ("DU1",), ("U1",)])),
        draw(st.sampled_from(["", "", "a file"])),
        draw(few),
        sums,
        {} if quote is None else dict.fromkeys(contracts, quote),
        {("", contract): exposure for contract in contracts},
    )


def gate_of(names: set[str]) -> Gate:
    policy: dict[str, Any] = {}
    for name in names:
        policy |= POLICIES[name]
    return Gate(quotes=no_quote, positions=lambda *_: None, **policy)


intents = st.builds(wanted, actions, amounts, prices, st.sampled_from([APPLE, Stock("MSFT")]))


@settings(max_examples=40)
@given(policies, beliefs(), actions, prices, amounts, amounts)
def test_a_smaller_one_is_never_refused_where_a_larger_passes(names, belief, action, price, one, another):
    small, large = sorted([one, another])
    gate = gate_of(names)
    refused = {reason.rule for reason in gate.refusals([wanted(action, small, price, APPLE)], belief, NOW)}
    assert refused <= {reason.rule for reason in gate.refusals([wanted(action, large, price, APPLE)], belief, NOW)}


@settings(max_examples=40)
@given(policies, beliefs(), st.lists(intents, min_size=1, max_size=3))
def test_every_rule_that_is_broken_is_listed(names, belief, wants):
    alone = [*gate_of(set()).refusals(wants, belief, NOW)]
    for name in names:
        alone += [reason for reason in gate_of({name}).refusals(wants, belief, NOW) if reason.rule == name]
    assert Counter(gate_of(names).refusals(wants, belief, NOW)) == Counter(alone)


@settings(max_examples=40)
@given(policies, beliefs(), st.lists(intents, min_size=1, max_size=3))
def test_what_passes_together_passes_one_by_one(names, belief, wants):
    gate = gate_of(names)
    if not gate.refusals(wants, belief, NOW):
        assert all(not gate.refusals([each], belief, NOW) for each in wants)


@settings(max_examples=40)
@given(policies, beliefs(), intents)
def test_the_same_question_has_the_same_answer(names, belief, intent):
    gate, before = gate_of(names), repr(belief)
    assert gate.refusals([intent], belief, NOW) == gate.refusals([intent], belief, NOW)
    assert repr(belief) == before
    assert intent.action in (Action.BUY, Action.SELL)
