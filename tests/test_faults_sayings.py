"""Faults in one message of TWS, and habits made of such."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from anytws.core.events import Notice, OddValue, UndecodableFrame
from anytws.messages import (
    CommissionAndFeesReport,
    ContractData,
    ContractDataRequest,
    CurrentTime,
    CurrentTimeRequest,
    ExecutionDetails,
    ExecutionRequest,
    LimitOrder,
    ManagedAccounts,
    ManagedAccountsRequest,
    MarketOrder,
    NextValidId,
    OpenOrder,
    OpenOrdersEnd,
    OrderStatus,
    PlaceOrderRequest,
    Position,
    PositionsRequest,
    Stock,
)
from anytws.simulator import World, WorldSettings
from anytws.simulator.exchange.models import Habits
from anytws.simulator.faults import (
    At,
    CommissionLate,
    CommissionNever,
    Delay,
    Event,
    ExecutionBeforeStatus,
    HoldUntil,
    LeaveOut,
    On,
    OpenOrdersBefore,
    OpenOrdersFirst,
    Repeat,
    Rewrite,
    RewriteRaw,
    Script,
    StatusBeforeExecution,
    StatusBeforeOpenOrder,
)
from anytws.simulator.faults.plain import Misplaced
from anytws.simulator.faults.raw import check_rewrite, hint_at, raw_frame
from tests.test_faults_requests import client_of, kinds
from tests.test_world import Client

AAPL = Stock("AAPL")
BUY = PlaceOrderRequest(AAPL, MarketOrder("BUY", 10), order_id=1)
REST = PlaceOrderRequest(AAPL, LimitOrder("BUY", 10, 1.0), order_id=1)
ORDER_KINDS = (OpenOrder, OrderStatus, ExecutionDetails, CommissionAndFeesReport)


def order_story(client: Client) -> list[str]:
    """Give the names of all messages about orders that *client* was told, after it has bought something."""
    client.ask(BUY)
    for tenth in range(100):
        client.go(tenth / 10)
    return [type(each).__name__ for each in client.told if isinstance(each, ORDER_KINDS)]


@pytest.mark.card("faults.leave_out")
def test_a_message_is_left_out():
    client = client_of(Event(On("NextValidId"), LeaveOut()))
    assert client.heard(ManagedAccounts) == [ManagedAccounts(("DU1234567",))]
    assert client.heard(NextValidId) == []
    assert client.state.value == "awaiting_next_valid_id"


@pytest.mark.card("faults.delay")
def test_a_message_is_said_later_and_overtaken():
    client = client_of(Event(On("Position", nth=1), Delay(5.0)))
    first = client.ask(PositionsRequest())
    assert kinds(first) == ["Position", "PositionEnd"]
    assert kinds(client.go(5.0)) == ["Position"]


@pytest.mark.card("faults.repeat")
def test_a_status_is_repeated_word_for_word():
    client = client_of(Event(On("OrderStatus", nth=1), Repeat(again=2)))
    client.ask(REST)
    client.go(1.0)
    assert len(client.heard(OrderStatus)) >= 3
    assert client.heard(OrderStatus)[:3] == client.heard(OrderStatus)[:1] * 3


@pytest.mark.card("faults.repeat")
def test_a_message_is_repeated_after_a_time():
    client = client_of(Event(On("CurrentTime"), Repeat(again=2, seconds=2.0)))
    client.ask(CurrentTimeRequest())
    assert len(client.heard(CurrentTime)) == 1
    client.go(2.0)
    assert len(client.heard(CurrentTime)) == 2
    client.go(4.0)
    assert client.heard(CurrentTime) == client.heard(CurrentTime)[:1] * 3


@pytest.mark.card("faults.hold_until")
def test_a_message_waits_for_another():
    client = client_of(Event(On("OpenOrder", nth=1), HoldUntil("OrderStatus")))
    client.ask(REST)
    client.go(1.0)
    story = [type(each).__name__ for each in client.told if isinstance(each, ORDER_KINDS)]
    assert story[:2] == ["OrderStatus", "OpenOrder"]


@pytest.mark.card("faults.hold_until")
def test_what_waits_in_vain_is_said_in_the_end():
    client = client_of(Event(On("Position", nth=1), HoldUntil("OrderStatus", patience=3.0)))
    assert kinds(client.ask(PositionsRequest())) == ["Position", "PositionEnd"]
    assert kinds(client.go(2.9)) == []
    assert kinds(client.go(3.0)) == ["Position"]


@pytest.mark.card("faults.rewrite")
@pytest.mark.parametrize("version", [176, 200, 226])
def test_a_message_has_other_values(version):
    event = Event(On("Position"), Rewrite({"contract.strike": 0.0, "position": "0.5"}, empty=["average_cost"]))
    client = client_of(event, server_version=version)
    client.ask(PositionsRequest())
    seen = {(each.contract.strike, each.position, each.average_cost) for each in client.heard(Position)}
    assert seen == {(0.0, Decimal("0.5"), None)} or seen == {(None, Decimal("0.5"), None)}


@pytest.mark.card("faults.rewrite")
def test_a_strike_of_zero_is_on_the_wire():
    event = Event(On("Position"), Rewrite({"contract.strike": 0.0}))
    client, plain = client_of(event, server_version=226), client_of(server_version=226)
    before = client.bytes_heard, plain.bytes_heard
    client.ask(PositionsRequest())
    plain.ask(PositionsRequest())
    assert client.bytes_heard - before[0] > plain.bytes_heard - before[1], "in protobuf a zero is more than nothing"


@pytest.mark.card("faults.rewrite_raw")
@pytest.mark.parametrize("version", [176, 200])
def test_a_text_that_no_encoder_would_write(version):
    client = client_of(Event(On("Position", nth=1), RewriteRaw("average_cost", "n/a")), server_version=version)
    client.ask(PositionsRequest())
    assert [each.average_cost for each in client.heard(Position)] == [None, 781.5]
    assert [each.field for each in client.heard(OddValue)] == ["average_cost"]


@pytest.mark.card("faults.rewrite_raw")
def test_a_number_that_no_encoder_would_write_in_protobuf():
    client = client_of(
        Event(On("Position", nth=1), RewriteRaw("average_cost", "nan")),
        Event(On("Position", nth=2), RewriteRaw("contract.contract_id", "77")),
    )
    client.ask(PositionsRequest())
    first, second = client.heard(Position)[:2]
    assert first.average_cost is None or first.average_cost != first.average_cost
    assert second.contract.contract_id == 77


@pytest.mark.card("faults.rewrite_raw")
def test_a_time_in_a_form_that_nobody_knows():
    client = client_of(Event(On("ExecutionDetails"), RewriteRaw("execution.time", "half past nine")))
    order_story(client)
    assert client.heard(ExecutionDetails)[0].execution.time in ("half past nine", None)
    assert client.heard(UndecodableFrame) == []


@pytest.mark.card("faults.rewrite_raw")
@pytest.mark.parametrize("version", [176, 226])
def test_a_name_in_the_code_page_of_windows(version):
    gbk = "苹果公司".encode("gbk")
    event = Event(On("ContractData"), RewriteRaw("details.long_name", octets=gbk))
    client = client_of(event, server_version=version)
    client.link.receive_data(client.core.send(ContractDataRequest(AAPL, request_id=5)), 0.0)
    said = client.link.data_to_send()
    assert said.count(gbk) == 1
    client.core.receive_data(said)
    names = [each.details.long_name for each in client.core.events() if isinstance(each, ContractData)]
    assert names == [gbk.decode("latin-1")] or version == 226


def test_what_has_no_such_field_is_as_it_is():
    time = CurrentTime(datetime(2026, 1, 5, tzinfo=UTC))
    assert raw_frame(time, 176, "nothing", "x") == raw_frame(time, 176, "nothing", "y")
    assert raw_frame(time, 226, "nothing", "x") == raw_frame(time, 226, "time.nothing", "y")


def test_a_rewrite_is_looked_at_before():
    check_rewrite(Position, [("contract.strike", 0.0)], ["account"])
    with pytest.raises(Misplaced, match=r"contract\.strak"):
        check_rewrite(Position, [("contract.strak", 0.0)], [])
    with pytest.raises(Misplaced, match="a number"):
        check_rewrite(Position, [("average_cost", "much")], [])
    with pytest.raises(LookupError):
        hint_at(Position, "contract.0.strike")


@pytest.mark.card("faults.open_orders_before")
def test_open_orders_are_told_unasked():
    client = client_of(Event(On("ManagedAccounts"), OpenOrdersBefore()))
    client.ask(REST)
    client.go(1.0)
    assert kinds(client.ask(ManagedAccountsRequest(), now=1.0)) == [
        *("OpenOrder", "OrderStatus", "OpenOrdersEnd", "ManagedAccounts")
    ]


@pytest.mark.card("faults.open_orders_first")
@pytest.mark.parametrize("version", [176, 226])
def test_a_session_begins_with_the_open_orders(version):
    script = Script((Event(At(0), OpenOrdersFirst()),))
    world = World(WorldSettings(server_version=version), script=script)
    first = Client(world, client_id=7)
    first.ask(REST)
    first.go(1.0)
    first.core.close()
    first.go(1.0)
    again = Client(world, client_id=7, now=2.0)
    said = [type(each).__name__ for each in again.told if not isinstance(each, Notice)]
    names = [name for name in said if name in ("OpenOrder", "OrderStatus", "OpenOrdersEnd", "ManagedAccounts")]
    assert names == ["OpenOrder", "OrderStatus", "OpenOrdersEnd", "ManagedAccounts"]
    assert again.state.value == "ready"
    assert kinds(again.ask(ManagedAccountsRequest(), now=3.0)) == ["ManagedAccounts"]
    assert len(again.heard(OpenOrdersEnd)) == 1


@pytest.mark.card("faults.execution_before_status")
def test_executions_come_before_their_status():
    client = client_of(Event(At(0), ExecutionBeforeStatus()), habits=Habits(says_status_before_execution=True))
    story = order_story(client)
    filled = [each for each in client.heard(OrderStatus) if each.filled]
    assert story.index("ExecutionDetails") < client_index(client, filled[0])


@pytest.mark.card("faults.status_before_execution")
def test_a_status_comes_before_its_execution():
    client = client_of(Event(At(0), StatusBeforeExecution()))
    order_story(client)
    filled = [each for each in client.heard(OrderStatus) if each.filled]
    assert client.told.index(filled[0]) < client.told.index(client.heard(ExecutionDetails)[0])
    asked = client.ask(ExecutionRequest(request_id=9), now=20.0)
    assert kinds(asked)[0] == "ExecutionDetails"


@pytest.mark.card("faults.status_before_open_order")
def test_a_status_comes_before_its_open_order():
    client, plain = client_of(Event(At(0), StatusBeforeOpenOrder())), client_of()
    story, usual = order_story(client), order_story(plain)
    assert usual[:2] == ["OpenOrder", "OrderStatus"]
    assert story[:2] == ["OrderStatus", "OpenOrder"]
    assert sorted(story) == sorted(usual)


@pytest.mark.card("faults.commission_late")
def test_a_commission_comes_late():
    client = client_of(Event(At(0), CommissionLate(30.0)))
    order_story(client)
    assert client.heard(ExecutionDetails)
    assert client.heard(CommissionAndFeesReport) == []
    client.go(40.0)
    ids = [each.execution_id for each in client.heard(CommissionAndFeesReport)]
    assert ids == [each.execution.execution_id for each in client.heard(ExecutionDetails)]


@pytest.mark.card("faults.commission_never")
def test_a_commission_never_comes():
    client = client_of(Event(At(0), CommissionNever()))
    order_story(client)
    client.go(1000.0)
    assert client.heard(ExecutionDetails)
    assert client.heard(CommissionAndFeesReport) == []


def client_index(client: Client, message: object) -> int:
    """Give the place of *message* among those about orders."""
    return [each for each in client.told if isinstance(each, ORDER_KINDS)].index(message)
