"""Recorded lives of orders, lived again: what clients sent goes to the simulated TWS, and it says what was recorded.

Fills come when and at which price they came there, by the hands of the test. Compared is what was said of each order,
in order; repeats of a pair count once, for how often a real TWS says one differs from second to second. Where a trace
shows a habit that is not the usual one, the world is told so.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

from anytws.messages import (
    Action,
    Contract,
    OcaType,
    Order,
    OrderStatusWord,
    OrderType,
    Right,
    SecurityType,
    TimeInForce,
)
from anytws.messages.orders import GlobalCancelRequest
from anytws.simulator.exchange.models import Habits, Progress
from tests.trading import AAPL, Floor, Trader

TRACES = Path(__file__).parent / "data" / "traces"
NIGHT = datetime(2026, 1, 6, 3, 0, tzinfo=UTC)
"""Outside of all hours of US stocks, when many of the traces were recorded."""
PRE = OrderStatusWord.PRE_SUBMITTED

LIVED: dict[str, dict[str, Any]] = {
    "bracket_accepted_outside_hours": {"start": NIGHT},
    "bracket_last_child_refused_328": {"start": NIGHT},
    "cancel_then_global_cancel_161": {},
    "futures_limit_price_and_quantity_modified": {},
    "futures_market_order_filled_submitted_first": {},
    "gtc_cancelled_and_trailing_stop_triggered": {"habits": Habits(first_word=PRE)},
    "ioc_cancelled_and_fok_rejected": {"progress": Progress.BY_MARKET},
    "market_order_in_three_fills": {},
    "mkt_buy_then_sell_one_share_2026": {},
    "modify_refused_110_order_lives": {"cash": Decimal(10_000_000)},
    "rejects_321_200_and_warning_399": {"start": NIGHT},
    "remark_10349_then_filled": {},
    "stock_market_order_filled_2023": {"habits": Habits(first_word=PRE, says_submitted=False), "server_version": 165},
    "ten_orders_global_cancel": {"start": NIGHT},
    "transmit_false_then_transmitted": {},
    "what_if_refused_and_answered": {"start": NIGHT},
}
"""Trace → what the world was like."""

LATER_HABITS = {601: Habits(first_word=PRE)}
"""Order id → a habit that TWS has from this order on: it said one order in one way, and the next in another."""

ELSEWHERE = {
    "bracket_acknowledged_parent_submitted": "test_families.py; its prices are of another year's market",
    "cancel_from_other_client_10147": "test_exchange.py: two clients",
    "cancel_of_filled_order_10148_then_10147": "test_exchange.py: its log has a gap where it is filled",
    "completed_orders_query": "test_exchange.py: of the 22 orders listed the trace does not say how they came about",
    "executions_query_reply": "test_exchange.py: as above",
    "forex_limit_filled_at_once_2019": "a log with gaps",
    "forex_market_order_execution_without_filled_status": "test_exchange.py: the habit says_filled",
    "futures_limit_filled_status_before_open_order": "a status without its OpenOrder: scripts of faults leave one out",
    "futures_round_trip": "its publisher has left pairs out",
    "option_bought_then_exercise_accepted_10349": "test_families.py: the option is over",
    "order_works_but_no_message_for_half_a_minute": "test_exchange.py: a slow TWS",
    "orders_lost_in_restart_ids_reissued": "scripts of faults",
    "reconnect_same_client_unasked_snapshot": "test_exchange.py: orders told of on connect",
    "reconnect_then_open_orders_without_status": "its publisher has left statuses out",
    "short_sale_held_404_order_alive": "test_exchange.py: its OpenOrder is not in the log",
    "unbound_manual_brackets_seen_by_query": "test_families.py: people make orders",
}
"""Trace → where what it shows is tested, or why it cannot be lived again."""


def lines_of(name: str) -> list[dict[str, Any]]:
    """Give what happened in a trace, in order."""
    return [json.loads(line) for line in (TRACES / f"{name}.jsonl").read_text("utf-8").splitlines()]


def contract_of(floor: Floor, fields: dict[str, Any]) -> Contract:
    """Give the contract of *fields*; Apple where there is no such one here, unless there is none anywhere."""
    known = {
        "security_type": SecurityType,
        "right": Right,
        "strike": float,
    }
    plain = {name: known.get(name, lambda value: value)(value) for name, value in fields.items()}
    contract = Contract(**plain)
    if contract.symbol == "ZZZZNONE":
        return contract
    found = floor.world.universe.find(contract)
    if not found:
        return AAPL
    # Some publishers leave out what they hold to be their own business: the strike, say.
    return contract if len(found) == 1 else found[0].instrument.contract


def order_of(fields: dict[str, Any]) -> Order:
    """Give the order of *fields*, as a client says it."""
    known: dict[str, Any] = {
        "action": Action,
        "order_type": OrderType,
        "time_in_force": lambda word: TimeInForce(word) if word else None,
        "total_quantity": Decimal,
        "oca_type": OcaType,
    }
    said_by_tws = {"client_id", "permanent_id", "order_id", "parent_permanent_id", "shares_allocation"}
    plain = {
        name: known.get(name, lambda value: value)(value) for name, value in fields.items() if name not in said_by_tws
    }
    return Order(**plain)


def live(name: str) -> tuple[Trader, list[int]]:
    """Live the trace again; give the client, and the ids of the orders that it placed."""
    lines = lines_of(name)
    placed = [line["fields"]["order_id"] for line in lines if line.get("message") == "PlaceOrderRequest"]
    floor = Floor(
        **{"progress": Progress.BY_HAND, "first_order_id": min(placed), "accounts": ("DU1234567",)} | LIVED[name]
    )
    trader = floor.trader()
    for line in lines:
        fields = line.get("fields", {})
        match line.get("dir"), line.get("message"):
            case "out", message:
                floor.wait(0.5)
                say(trader, str(message), fields)
            case "in", "OpenOrder" if line_is_new(trader, fields):
                # It was there before the trace began: another client's life ends here.
                trader.place(
                    order_of(fields["order"]), contract_of(floor, fields["contract"]), order_id=fields["order_id"]
                )
                floor.wait(0.5)
                trader.take()
            case "in", "ExecutionDetails" if "request_id" not in fields:
                floor.wait(0.5)
                execution = fields["execution"]
                held = trader.held(execution["order_id"])
                if held.is_stop:
                    held.is_triggered = True
                    floor.world.exchange.floor.tell_again(held)
                price = Decimal(str(execution["price"]))
                floor.world.exchange.hands.fill(held, Decimal(execution["shares"]), price)
    floor.wait(5)
    return trader, placed


def line_is_new(trader: Trader, fields: dict[str, Any]) -> bool:
    """Tell whether an order that is told of was placed before the trace begins."""
    try:
        trader.held(fields["order_id"])
    except LookupError:
        return fields["order_id"] >= trader.next_id and not fields["order"].get("what_if")
    return False


def say(trader: Trader, message: str, fields: dict[str, Any]) -> None:
    """Send what the client of the trace sent."""
    match message:
        case "PlaceOrderRequest":
            world = trader.floor.world
            world.settings = attrs.evolve(
                world.settings, habits=LATER_HABITS.get(fields["order_id"], world.settings.habits)
            )
            contract = contract_of(trader.floor, fields["contract"])
            trader.place(order_of(fields["order"]), contract, order_id=fields["order_id"])
        case "CancelOrderRequest":
            trader.cancel(fields["order_id"])
        case "GlobalCancelRequest":
            trader.send(GlobalCancelRequest())


def recorded(name: str, order_id: int) -> list[str]:
    """Give what the trace says of an order from when its client spoke of it, in the words of `Trader.story`."""
    words: list[str] = []
    executions: set[str] = set()
    began = False
    for line in lines_of(name):
        fields = line.get("fields", {})
        if line.get("dir") == "out" and fields.get("order_id") == order_id:
            began = True
        if line.get("dir") != "in" or not began:
            continue
        match line["message"]:
            case "OpenOrder" if fields["order_id"] == order_id:
                words.append(f"OO({fields.get('order_state', {}).get('status', '')})")
            case "OrderStatus" if fields["order_id"] == order_id:
                filled, remaining = (Decimal(fields[name]).normalize() for name in ("filled", "remaining"))
                words.append(f"OS({fields['status']} {filled:f}/{remaining:f})")
            case "ExecutionDetails" if fields["execution"]["order_id"] == order_id:
                executions.add(fields["execution"]["execution_id"])
                words.append(f"EX({fields['execution']['shares']})")
            case "CommissionAndFeesReport" if fields["execution_id"] in executions:
                words.append("CR")
            case "ErrorMessage" if fields["request_id"] == order_id:
                words.append(f"ERR({fields['error_code']})")
    return words


def once(words: list[str]) -> list[str]:
    """Leave out OpenOrder, which says nothing that the status does not, and what is a repeat of the last status."""
    left: list[str] = []
    status = ""
    for word in words:
        if word.startswith("OO("):
            continue
        if word.startswith("OS("):
            if word == status:
                continue
            status = word
        left.append(word)
    return left


def test_every_trace_is_lived_or_tested_elsewhere() -> None:
    assert {path.stem for path in TRACES.glob("*.jsonl")} == {*LIVED, *ELSEWHERE}


@pytest.mark.parametrize("name", sorted(LIVED))
def test_a_recorded_life_is_told_in_the_same_words(name: str) -> None:
    trader, placed = live(name)
    has_gaps = any(line.get("kind") == "gap" for line in lines_of(name))
    for order_id in dict.fromkeys(placed):
        expected, told = once(recorded(name, order_id)), once(trader.story(order_id))
        if has_gaps:
            # What is left of the story has to be in ours, in that order.
            rest = iter(told)
            assert all(word in rest for word in expected), (order_id, told, expected)
        else:
            assert told[: len(expected)] == expected, (order_id, told)
