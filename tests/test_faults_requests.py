"""Faults in how TWS treats one request."""

from __future__ import annotations

from decimal import Decimal

import pytest

from anytws.core.events import CloseReason
from anytws.messages import (
    CancelMarketData,
    ContractDataRequest,
    CurrentTime,
    CurrentTimeInMillis,
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    ErrorMessage,
    ExecutionDetails,
    MarketDataRequest,
    MarketOrder,
    OpenOrder,
    OrderStatus,
    PlaceOrderRequest,
    Position,
    PositionEnd,
    PositionsRequest,
    Stock,
)
from anytws.messages.base import ToClient
from anytws.messages.contracts import ContractData, ContractDataEnd
from anytws.messages.market_data import TickPrice, TickSize
from anytws.simulator import HangUp, World, WorldSettings
from anytws.simulator.faults import (
    AnswerAfterCancel,
    AnswerLate,
    AnswerTwice,
    At,
    CutUnanswered,
    DropRequest,
    ErrorAfterData,
    ErrorInstead,
    Event,
    LeaveOutEnd,
    LostAcknowledgement,
    NeverAnswer,
    On,
    OneClock,
    Script,
)
from tests.test_world import Client

AAPL = Stock("AAPL")
BUY = PlaceOrderRequest(AAPL, MarketOrder("BUY", 10), order_id=1)


def client_of(*events: Event, **settings: object) -> Client:
    """Give a client of a world in which *events* happen."""
    return Client(World(WorldSettings(**settings), script=Script(events)), client_id=7)


def kinds(told: list[object]) -> list[str]:
    """Give the names of the messages among *told*."""
    return [type(each).__name__ for each in told if isinstance(each, ToClient)]


@pytest.mark.card("faults.drop_request")
def test_a_dropped_request_never_arrives():
    client = client_of(Event(On("PlaceOrderRequest"), DropRequest()))
    assert client.ask(BUY) == []
    assert client.go(60.0) == []
    world = client.link.world
    assert [type(heard.message) for heard in world.heard] == []
    assert list(world.exchange.orders.live) == []
    assert [told.text for told in world.director.told] == ["DropRequest at PlaceOrderRequest(1)"]


@pytest.mark.card("faults.never_answer")
def test_a_request_that_is_never_answered_is_done_all_the_same():
    client = client_of(Event(On("PlaceOrderRequest"), NeverAnswer()))
    assert kinds(client.ask(BUY)) == []
    assert "OrderStatus" not in kinds(client.go(60.0))
    assert client.link.world.exchange.orders.find(7, 1).filled == Decimal(10)


@pytest.mark.card("faults.never_answer")
def test_of_requests_without_id_only_the_one_is_not_answered():
    client = client_of(Event(On("PositionsRequest", nth=1), NeverAnswer()))
    assert kinds(client.ask(PositionsRequest())) == []
    assert kinds(client.ask(PositionsRequest())) == ["Position", "Position", "PositionEnd"]


@pytest.mark.card("faults.answer_twice")
def test_a_run_comes_twice_as_a_whole():
    client = client_of(Event(On("PositionsRequest"), AnswerTwice()))
    assert kinds(client.ask(PositionsRequest())) == ["Position", "Position", "PositionEnd"] * 2


@pytest.mark.card("faults.answer_twice")
def test_an_answer_comes_again_after_some_time():
    client = client_of(Event(On("CurrentTimeRequest"), AnswerTwice(seconds=3.0)))
    first = client.ask(CurrentTimeRequest())
    assert kinds(first) == ["CurrentTime"]
    assert client.go(2.9) == []
    assert client.go(3.0) == first


@pytest.mark.card("faults.answer_twice")
def test_the_words_about_an_order_come_twice_each():
    client, plain = client_of(Event(On("PlaceOrderRequest"), AnswerTwice())), client_of()
    for each in (client, plain):
        each.ask(BUY)
        each.go(5.0)
    assert len(client.heard(OrderStatus)) == 2 * len(plain.heard(OrderStatus)) > 0
    assert client.heard(OrderStatus)[::2] == client.heard(OrderStatus)[1::2]


@pytest.mark.card("faults.answer_late")
def test_an_answer_comes_late():
    client = client_of(Event(On("ContractDataRequest", where={"request_id": 5}), AnswerLate(10.0)))
    assert kinds(client.ask(ContractDataRequest(AAPL, request_id=5))) == []
    assert kinds(client.ask(ContractDataRequest(AAPL, request_id=6))) == ["ContractData", "ContractDataEnd"]
    assert kinds(client.go(9.9)) == []
    late = client.go(10.0)
    assert kinds(late) == ["ContractData", "ContractDataEnd"]
    assert {each.request_id for each in late} == {5}


@pytest.mark.card("faults.answer_late")
def test_what_is_late_comes_after_the_cancel_as_well():
    client = client_of(Event(On("MarketDataRequest"), AnswerLate(2.0)))
    client.ask(MarketDataRequest(AAPL, request_id=5))
    client.ask(CancelMarketData(5), now=1.0)
    assert client.heard(TickPrice) == []
    client.go(3.0)
    assert client.heard(TickPrice)


@pytest.mark.card("faults.answer_after_cancel")
def test_an_answer_waits_for_its_cancel():
    client = client_of(Event(On("MarketDataRequest"), AnswerAfterCancel()))
    client.ask(MarketDataRequest(AAPL, request_id=5))
    assert kinds(client.go(5.0)) == []
    told = kinds(client.ask(CancelMarketData(5), now=5.0))
    assert "TickPrice" in told
    assert kinds(client.go(60.0)) == []


@pytest.mark.card("faults.leave_out_end")
def test_an_end_is_left_out():
    client = client_of(Event(On("request", times=2), LeaveOutEnd()))
    assert kinds(client.ask(PositionsRequest())) == ["Position", "Position"]
    assert kinds(client.ask(ContractDataRequest(AAPL, request_id=5))) == ["ContractData"]
    assert kinds(client.ask(ContractDataRequest(AAPL, request_id=6))) == ["ContractData", "ContractDataEnd"]


@pytest.mark.card("faults.error_instead")
def test_an_error_in_the_place_of_an_answer():
    client = client_of(
        Event(On("ContractDataRequest", nth=1), ErrorInstead()),
        Event(On("ContractDataRequest", nth=2), ErrorInstead(1100)),
        Event(On("PlaceOrderRequest"), ErrorInstead(201, "Order rejected - reason:no.")),
    )
    for request_id in (5, 6, 7):
        client.ask(ContractDataRequest(AAPL, request_id=request_id))
    client.ask(BUY)
    assert client.codes[-3:] == [200, 1100, 201]
    assert [error.request_id for error in client.heard(ErrorMessage)] == [5, 1]
    assert client.heard(ErrorMessage)[0].error_message == "No security definition has been found for the request"
    assert [each.request_id for each in client.heard(ContractData)] == [7]
    assert [each.request_id for each in client.heard(ContractDataEnd)] == [7]
    assert client.link.world.exchange.orders.find(7, 1) is None


@pytest.mark.card("faults.error_after_data")
@pytest.mark.parametrize("messages", [0, 1, 3])
def test_an_error_in_the_middle_of_a_stream_ends_it(messages):
    client = client_of(Event(On("MarketDataRequest"), ErrorAfterData(10197, messages=messages)))
    client.ask(MarketDataRequest(AAPL, request_id=5))
    client.go(30.0)
    told = [each for each in client.told if getattr(each, "request_id", None) == 5]
    assert len(told) == messages + 1
    assert isinstance(told[-1], ErrorMessage)
    assert told[-1].error_code == 10197
    assert dict(client.link.streams) == {}


@pytest.mark.card("faults.lost_acknowledgement")
def test_an_order_works_and_nobody_hears_of_it():
    client = client_of(Event(On("PlaceOrderRequest"), LostAcknowledgement()))
    client.ask(BUY)
    client.go(60.0)
    assert client.heard(OpenOrder) == client.heard(OrderStatus) == []
    assert [each.execution.shares for each in client.heard(ExecutionDetails)] == [Decimal(10)]


@pytest.mark.card("faults.lost_acknowledgement")
def test_it_is_told_of_again_after_some_time():
    event = Event(On("PlaceOrderRequest", nth=1), LostAcknowledgement(30.0))
    client = client_of(event)
    client.ask(BUY)
    client.go(29.0)
    assert client.heard(OrderStatus) == []
    client.link.world.exchange.hands.say_again(client.link.world.exchange.orders.find(7, 1))
    client.go(29.5)
    assert client.heard(OrderStatus) == []
    client.go(31.0)
    client.link.world.exchange.hands.say_again(client.link.world.exchange.orders.find(7, 1))
    client.go(31.0)
    assert client.heard(OrderStatus)


@pytest.mark.card("faults.cut_unanswered")
@pytest.mark.parametrize("how, reason", [(HangUp.EOF, CloseReason.EOF), (HangUp.RESET, CloseReason.RESET)])
def test_an_order_is_taken_and_the_connection_ends_before_a_word(how, reason):
    client = client_of(Event(On("PlaceOrderRequest"), CutUnanswered(how)))
    told = client.ask(BUY)
    assert kinds(told) == []
    assert client.reason is reason
    world = client.link.world
    world.note_time(60.0)
    assert world.exchange.orders.find(7, 1).filled == Decimal(10)


@pytest.mark.card("faults.one_clock")
def test_the_second_request_for_the_clock_is_ignored():
    client = client_of(Event(At(0), OneClock()))
    client.ask(CurrentTimeRequest())
    client.ask(CurrentTimeInMillisRequest(), now=0.5)
    assert len(client.heard(CurrentTime)) == 1
    assert client.heard(CurrentTimeInMillis) == []
    client.ask(CurrentTimeInMillisRequest(), now=1.0)
    assert len(client.heard(CurrentTimeInMillis)) == 1


@pytest.mark.card("faults.one_clock")
def test_a_habit_is_over_after_its_time():
    client = client_of(Event(At(0), OneClock(lasts=10.0)))
    for _ in range(2):
        client.ask(CurrentTimeRequest(), now=9.0)
    assert len(client.heard(CurrentTime)) == 1
    for _ in range(2):
        client.ask(CurrentTimeRequest(), now=10.0)
    assert len(client.heard(CurrentTime)) == 3


def test_rules_in_a_row_all_apply():
    client = client_of(
        Event(On("PositionsRequest"), AnswerLate(5.0)),
        Event(On("PositionsRequest"), LeaveOutEnd()),
    )
    assert kinds(client.ask(PositionsRequest())) == []
    assert kinds(client.go(5.0)) == ["Position", "Position"]
    assert client.heard(PositionEnd) == []
    assert len(client.heard(Position)) == 2


def test_only_the_clients_that_are_named():
    event = Event(On("CurrentTimeRequest"), DropRequest(), clients=(8,))
    world = World(script=Script((event,)))
    one, other = Client(world, client_id=7), Client(world, client_id=8)
    assert kinds(one.ask(CurrentTimeRequest())) == ["CurrentTime"]
    assert kinds(other.ask(CurrentTimeRequest())) == []


def test_without_a_script_nothing_meddles():
    assert World().director is None
    assert World(script=Script()).director is None
    client = Client(World())
    client.ask(MarketDataRequest(AAPL, request_id=5))
    assert client.heard(TickPrice)
    assert client.heard(TickSize)


def test_what_is_remembered_has_a_bound(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("anytws.simulator.faults.meddler.MOST_TREATED", 5)
    monkeypatch.setattr("anytws.simulator.faults.meddler.MOST_OPEN", 7)
    client = client_of(Event(On("MarketDataRequest"), NeverAnswer()))
    for request_id in range(20):
        client.ask(MarketDataRequest(AAPL, request_id=request_id))
    (meddler,) = client.link.world.director._meddlers.values()
    assert len(meddler._treatments) == 5
    assert list(meddler.open) == list(range(13, 20))


def test_what_is_to_be_said_later_has_a_bound(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("anytws.simulator.faults.director.MOST_LATER", 3)
    client = client_of(Event(On("CurrentTimeRequest"), AnswerLate(100.0)))
    said = [bool(client.ask(CurrentTimeRequest())) for _ in range(5)]
    assert said == [False, False, False, True, True]
    assert len(client.go(100.0)) == 3
