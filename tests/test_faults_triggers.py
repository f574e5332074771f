"""When something happens: at a time, after so many of something, or at a message."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.messages import CurrentTimeRequest, LimitOrder, PlaceOrderRequest, StartApiRequest, Stock
from anytws.messages.contract import ComboLeg, Contract
from anytws.simulator.faults import (
    AfterBytes,
    AfterConnections,
    AfterMessages,
    At,
    AtClock,
    CutConnection,
    Event,
    LeaveOut,
    NeverAnswer,
    On,
    Refused,
    Rewrite,
)
from anytws.simulator.faults.triggers import heard_class, is_same, message_called, value_at

ORDER = PlaceOrderRequest(Stock("AAPL"), LimitOrder("BUY", Decimal("10.50"), 180.0), order_id=7)


@pytest.mark.parametrize(
    "where, fits",
    [
        ({}, True),
        ({"contract.symbol": "AAPL"}, True),
        ({"contract.symbol": "MSFT"}, False),
        ({"order.action": "BUY", "order.limit_price": 180}, True),
        ({"order.total_quantity": 10.5, "order_id": 7.0}, True),
        ({"order.total_quantity": "10.5"}, True),
        ({"order.total_quantity": "many"}, False),
        ({"order.transmit": True}, True),
        ({"order.transmit": 1}, False),
        ({"order.nothing": 1}, False),
        ({"contract.combo_legs.0.ratio": 2}, False),
    ],
)
def test_a_message_with_these_values(where, fits):
    assert On("PlaceOrderRequest", where).fits(ORDER) is fits
    assert On("PlaceOrderRequest", list(where.items())).fits(ORDER) is fits


def test_values_at_paths():
    contract = Contract(combo_legs=(ComboLeg(1, 2, "BUY", "SMART"),))
    assert value_at(contract, "combo_legs.0.ratio") == 2
    for path in ("combo_legs.5.ratio", "combo_legs.x", "nothing"):
        with pytest.raises(LookupError):
            value_at(contract, path)
    assert is_same(None, "None")


def test_messages_by_name_and_all_of_one_side():
    assert On("request").fits(CurrentTimeRequest())
    assert not On("saying").fits(CurrentTimeRequest())
    assert not On("request").fits(StartApiRequest(1)), "who says who it is does not ask for anything"
    assert On("StartApiRequest").fits(StartApiRequest(1))
    assert message_called("Contract") is message_called("nothing") is message_called(5) is None
    with pytest.raises(Refused):
        heard_class("Contract")


@pytest.mark.parametrize(
    "on, happens",
    [
        (On("request"), [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (On("request", nth=3), [3]),
        (On("request", every=3), [3, 6, 9]),
        (On("request", nth=2, every=3), [2, 5, 8]),
        (On("request", times=2), [1, 2]),
        (On("request", nth=4, times=2), [4, 5]),
        (On("request", every=2, times=3), [2, 4, 6]),
    ],
)
def test_the_nth_and_every_nth(on, happens):
    found: list[int] = []
    for fitting in range(1, 10):
        if on.counts(fitting, len(found)):
            found.append(fitting)
    assert found == happens


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_times_of_day(hours, minutes, seconds):
    assert AtClock(f"{hours:02}:{minutes:02}:{seconds:02}").seconds == hours * 3600 + minutes * 60 + seconds
    assert AtClock(f"{hours:02}:{minutes:02}").seconds == hours * 3600 + minutes * 60


@pytest.mark.parametrize(
    "make",
    [
        lambda: At(-1),
        lambda: At(float("nan")),
        lambda: At(True),
        lambda: At("soon"),
        lambda: At(1, every=0),
        lambda: At(1, every=5, times=0),
        lambda: AtClock("24:00"),
        lambda: AtClock("9:30"),
        lambda: AfterConnections(0),
        lambda: AfterBytes(0),
        lambda: AfterMessages(0),
        lambda: AfterMessages(1, of="Contract"),
        lambda: On("NoMessage"),
        lambda: On("request", where={"": 1}),
        lambda: On("request", where={"x": None}),
        lambda: On("request", where={"x": float("nan")}),
        lambda: On("request", where=5),
        lambda: On("request", nth=0),
        lambda: Event(At(1), NeverAnswer()),
        lambda: Event(On("OrderStatus"), NeverAnswer()),
        lambda: Event(On("PlaceOrderRequest"), LeaveOut()),
        lambda: Event(On("request"), LeaveOut()),
        lambda: Event(1, CutConnection()),
        lambda: Event(At(1), "cut"),
        lambda: Event(At(1), CutConnection(), clients=("7",)),
        lambda: Event(At(1), CutConnection(), chance=1.5),
        lambda: Event(On("Position"), Rewrite({"strike": 0.0})),
        lambda: Event(On("Position"), Rewrite(empty=["contract.strike.zero"])),
    ],
)
def test_what_is_no_trigger_or_no_event_is_refused(make):
    with pytest.raises(Refused, match="has to be"):
        make()


def test_events_without_a_last_time():
    cut = CutConnection()
    for_ever = [At(1, every=1), AtClock("23:45"), On("request"), On("request", nth=1, every=2)]
    once = [
        At(1),
        At(1, every=1, times=3),
        AtClock("23:45", times=1),
        On("request", nth=1),
        On("request", end=5),
        AfterBytes(1),
    ]
    assert [Event(when, cut).may_happen_for_ever for when in (*for_ever, *once)] == [True] * 4 + [False] * 6
