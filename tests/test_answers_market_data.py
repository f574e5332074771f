"""What the simulated TWS answers about market data: openings, ticks as time goes on, snapshots, refusals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.core.events import Event, Notice
from anytws.messages import (
    CancelMarketData,
    Contract,
    MarketDataMode,
    MarketDataRequest,
    MarketDataType,
    MarketDataTypeRequest,
    SecurityType,
    Stock,
    TickAttributes,
    TickPrice,
    TickReqParams,
    TickSize,
    TickSnapshotEnd,
    TickString,
)
from anytws.messages.session import CurrentTimeRequest, ErrorMessage
from anytws.simulator import FarmKind, Personality, World, WorldSettings
from anytws.simulator.link import OUTBOX
from tests.test_answers import ENCODINGS
from tests.test_world import Client

OPENING = [45, 4, 5, 8, 6, 7, 9, 14, 1, 2, 0, 3, 32, 33]
DELAYED_OPENING = [66, 67, 68, 88, 72, 73, 74, 75, 76]
SNAPSHOT = [1, 2, 4, 8, 6, 7, 9, 14, 32, 33, 45]
DELAYED_SNAPSHOT = [68, 88, 72, 73, 74, 75, 76, 66, 67]
AMBIGUOUS = Contract(symbol="AMD", security_type=SecurityType.STOCK, exchange="SMART")


def types_of(ticks: list[Event]) -> list[int]:
    """Give the numbers of the tick types of *ticks*."""
    assert all(isinstance(tick, TickPrice | TickSize | TickString) for tick in ticks)
    return [tick.tick_type.value for tick in ticks if isinstance(tick, TickPrice | TickSize | TickString)]


def client_at(version: int = 225, **settings: Any) -> Client:
    return Client(World(WorldSettings(server_version=version, **settings)))


def stream(request_id: int = 7, symbol: str = "AAPL", **fields: Any) -> MarketDataRequest:
    return MarketDataRequest(Stock(symbol), request_id=request_id, **fields)


def error_of(told: list[Event]) -> tuple[int | None, int]:
    (error,) = told
    assert isinstance(error, ErrorMessage)
    return error.request_id, error.error_code


@pytest.mark.parametrize("version", ENCODINGS)
def test_a_stream_opens_in_the_order_of_tws(version: int) -> None:
    kind, parameters, *ticks = client_at(version).ask(stream())
    assert kind == MarketDataType(7, MarketDataMode.REAL_TIME)
    assert isinstance(parameters, TickReqParams)
    assert (parameters.request_id, parameters.min_tick, parameters.bbo_exchange) == (7, Decimal("0.01"), "9c0001")
    assert parameters.last_size_precision == (Decimal("0.000001") if version >= 224 else None)
    assert types_of(ticks) == OPENING
    assert {tick.request_id for tick in ticks if isinstance(tick, TickPrice)} == {7}
    prices = {tick.tick_type.value: tick for tick in ticks if isinstance(tick, TickPrice)}
    assert prices[1].price <= prices[4].price <= prices[2].price
    assert prices[7].price <= prices[4].price <= prices[6].price
    assert {number for number, tick in prices.items() if tick.size} == {1, 2, 4}
    executable = {number for number, tick in prices.items() if tick.attributes is TickAttributes.CAN_AUTO_EXECUTE}
    assert executable == {1, 2}


@pytest.mark.parametrize("version, size, volume", [(158, 1, 100), (178, 100, 100), (225, 100, 1)])
def test_sizes_are_in_the_units_of_the_version(version: int, size: int, volume: int) -> None:
    ticks = {tick.tick_type.value: tick for tick in client_at(version).ask(stream()) if isinstance(tick, TickSize)}
    reference = {tick.tick_type.value: tick for tick in client_at(225).ask(stream()) if isinstance(tick, TickSize)}
    assert ticks[0].size == reference[0].size * size / 100  # type: ignore[operator]
    assert ticks[8].size == reference[8].size / volume  # type: ignore[operator]


@pytest.mark.parametrize("version", ENCODINGS)
def test_ticks_come_at_a_steady_pace_until_the_cancel(version: int) -> None:
    client = client_at(version, tick_seconds=0.5)
    client.ask(stream())
    for beat in range(1, 20):
        assert client.link.wake_at() == beat / 2
        assert client.go(beat / 2 - 0.01) == []
        ticks = client.go(beat / 2)
        assert types_of(ticks), "at each beat there is something"
        # A trade each second: its time, its price, and its size only where that is another.
        assert (45 in types_of(ticks)) == (4 in types_of(ticks)) == (beat % 2 == 0)
    client.go(10.0)
    assert client.ask(CancelMarketData(7), 10.0) == []
    assert client.go(20.0) == []
    assert client.link.wake_at() is None


def test_a_price_that_changes_and_a_size_that_changes_are_told_apart() -> None:
    """As recorded: a size alone where only that changed, and both where both did."""
    client = client_at()
    state: dict[int, object] = {}
    for tick in client.ask(stream()):
        note(state, tick)
    for beat in range(1, 1000):
        before = dict(state)
        for tick in client.go(beat / 4):
            note(state, tick)
            if isinstance(tick, TickSize):
                assert before[tick.tick_type.value] != tick.size, "no size is repeated"
        assert state != before
    assert state[1] < state[2], "the quote is never crossed"  # type: ignore[operator]


def note(state: dict[int, object], tick: Event) -> None:
    if isinstance(tick, TickPrice):
        state[tick.tick_type.value] = tick.price
    elif isinstance(tick, TickSize):
        state[tick.tick_type.value] = tick.size


def test_two_streams_of_one_stock_say_the_same() -> None:
    client = client_at()
    client.ask(stream(1))
    client.go(0.3)
    client.ask(stream(2), 0.3)
    told = client.go(5.0)
    first, second = ([tick for tick in told if getattr(tick, "request_id", 0) == number] for number in (1, 2))
    assert [attrs.evolve(tick, request_id=2) for tick in first] == second  # type: ignore[misc]


def test_a_long_time_is_caught_up_in_order() -> None:
    at_once, in_steps = client_at(), client_at()
    for client in (at_once, in_steps):
        client.ask(stream(1))
        client.ask(stream(2, "SPY"))
    steps = [event for beat in range(1, 41) for event in in_steps.go(beat / 4)]
    assert at_once.go(10.0) == steps


def test_the_same_seed_is_the_same_world_and_another_is_another() -> None:
    def told(seed: int) -> list[Event]:
        client = client_at(seed=seed)
        return client.ask(stream()) + client.go(60.0)

    assert told(1) == told(1) != told(2)


def test_who_does_not_read_gets_samples_and_no_heap() -> None:
    """What there is no room for is passed over, and the next tick tells what it is by then."""
    client = client_at(tick_seconds=0.0001)
    client.link.receive_data(client.core.send(stream()), 0.0)
    client.link.wake(1000.0)
    heap = client.link.data_to_send()
    assert OUTBOX <= len(heap) < OUTBOX + 4096
    client.core.receive_data(heap)
    client.core.events()
    wake_at = client.link.wake_at()
    assert wake_at is not None
    assert 1000.0 < wake_at <= 1000.001
    assert types_of(client.go(1000.001))


def test_without_a_pace_there_is_silence_after_the_opening() -> None:
    client = client_at(tick_seconds=0)
    assert len(client.ask(stream())) == 2 + len(OPENING)
    assert client.link.wake_at() is None
    assert client.go(1e6) == []
    assert client.ask(CancelMarketData(7)) == []


def test_without_the_top_of_the_book_the_stream_is_open_and_silent() -> None:
    client = client_at()
    told = client.ask(stream(generic_tick_list="mdoff,292"))
    assert [type(event) for event in told] == [MarketDataType, TickReqParams]
    assert client.go(60.0) == []
    assert client.ask(CancelMarketData(7), 60.0) == []


@pytest.mark.parametrize("version", ENCODINGS)
def test_a_snapshot_has_an_end_and_leaves_nothing_open(version: int) -> None:
    client = client_at(version)
    _, _, *ticks, end = client.ask(stream(snapshot=True))
    assert types_of(ticks) == SNAPSHOT
    assert end == TickSnapshotEnd(7)
    assert client.link.wake_at() is None
    assert error_of(client.ask(CancelMarketData(7))) == (7, 300)


def test_a_snapshot_has_no_generic_ticks() -> None:
    assert error_of(client_at().ask(stream(snapshot=True, generic_tick_list="233"))) == (7, 321)


def test_a_snapshot_that_costs_money_is_refused() -> None:
    assert error_of(client_at().ask(stream(regulatory_snapshot=True))) == (7, 322)


@pytest.mark.parametrize("version", ENCODINGS)
def test_what_is_refused_is_refused_once(version: int) -> None:
    client = client_at(version, lines=2)
    assert error_of(client.ask(CancelMarketData(7))) == (7, 300)
    assert error_of(client.ask(stream(symbol="XYZ"))) == (7, 200)
    (error,) = client.ask(MarketDataRequest(AMBIGUOUS, request_id=7))
    assert isinstance(error, ErrorMessage)
    assert error.error_code == 200
    assert error.error_message == "The contract description specified for AMD is ambiguous."
    client.ask(stream(1))
    assert error_of(client.ask(stream(1, "SPY"))) == (1, 322)
    client.ask(stream(2))
    assert error_of(client.ask(stream(3))) == (3, 101)
    assert len(client.ask(stream(3, snapshot=True))) == 3 + len(SNAPSHOT), "a snapshot takes no line"
    assert {getattr(event, "request_id", None) for event in client.go(1.0)} == {1, 2}
    assert client.ask(CancelMarketData(2), 1.0) == []
    assert len(client.ask(stream(3), 1.0)) == 2 + len(OPENING)


@pytest.mark.parametrize("version", ENCODINGS)
def test_without_a_subscription_there_is_nothing_or_it_is_delayed(version: int) -> None:
    client = client_at(version, market_data_subscribed=False)
    assert error_of(client.ask(stream())) == (7, 354)
    assert error_of(client.ask(CancelMarketData(7))) == (7, 300)
    assert client.ask(MarketDataTypeRequest(MarketDataMode.DELAYED)) == []
    kind, _, notice, *ticks = client.ask(stream())
    assert kind == MarketDataType(7, MarketDataMode.DELAYED)
    assert isinstance(notice, Notice | ErrorMessage)
    assert client.codes[-1] == 10167
    assert notice.request_id == 7
    assert types_of(ticks) == DELAYED_OPENING
    assert {tick.attributes for tick in ticks if isinstance(tick, TickPrice)} == {TickAttributes(0)}
    assert {number for number in types_of(client.go(30.0)) if number < 66} == set()
    _, _, *ticks, end = client.ask(stream(8, snapshot=True), 30.0)
    assert types_of(ticks) == DELAYED_SNAPSHOT, "and no notice"
    assert end == TickSnapshotEnd(8)


def test_delayed_data_are_those_of_a_quarter_of_an_hour_ago() -> None:
    live, late = client_at(), client_at(market_data_subscribed=False)
    late.ask(MarketDataTypeRequest(MarketDataMode.DELAYED))
    then = {tick.tick_type.value: tick.price for tick in live.ask(stream()) if isinstance(tick, TickPrice)}
    now = {tick.tick_type.value: tick.price for tick in late.ask(stream(), 900.0) if isinstance(tick, TickPrice)}
    assert (then[4], then[9], then[14]) == (now[68], now[75], now[76])


def test_with_a_subscription_delayed_data_are_live_ones() -> None:
    client = client_at()
    client.ask(MarketDataTypeRequest(MarketDataMode.DELAYED))
    assert client.ask(stream())[0] == MarketDataType(7, MarketDataMode.REAL_TIME)


def test_a_gateway_connects_its_farm_first() -> None:
    client = client_at(personality=Personality.GATEWAY)
    notice, kind, *_ = client.ask(stream())
    assert isinstance(notice, Notice)
    assert notice.code == FarmKind.MARKET_DATA.code
    assert isinstance(kind, MarketDataType)


def test_the_end_of_the_connection_is_the_end_of_its_streams() -> None:
    world = World()
    one, other = Client(world, client_id=1), Client(world, client_id=2)
    one.ask(stream())
    other.ask(stream())
    one.link.die()
    assert one.link.wake_at() is None
    assert types_of(other.go(1.0))


@given(st.lists(st.floats(0.0, 30.0), max_size=8), st.sampled_from((0.0003, 0.1, 0.25, 0.7, 3.0)))
def test_however_time_passes_nothing_is_due_that_was(pauses: list[float], pace: float) -> None:
    client, now = client_at(tick_seconds=pace), 1e5 / 3
    client.ask(stream(), now)
    for pause in pauses:
        now += pause if pace > 0.01 else pause / 1000
        client.go(now)
        wake_at = client.link.wake_at()
        assert wake_at is not None
        assert now < wake_at <= now + pace * 1.001
    assert client.ask(CurrentTimeRequest(), now)
