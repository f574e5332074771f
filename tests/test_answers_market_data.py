"""What the simulated TWS answers about market data: openings, ticks as time goes on, snapshots, refusals."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws.core.events import Event, Notice
from anytws.messages import (
    CancelMarketData,
    Contract,
    MarketDataMode,
    MarketDataRequest,
    MarketDataType,
    MarketDataTypeRequest,
    RerouteMarketDataRequest,
    SecurityType,
    Stock,
    TickAttributes,
    TickGeneric,
    TickNews,
    TickOptionComputation,
    TickPrice,
    TickReqParams,
    TickSize,
    TickSnapshotEnd,
    TickString,
    TickType,
)
from anytws.messages.session import CurrentTimeRequest, ErrorMessage
from anytws.simulator import FarmKind, Personality, World, WorldSettings
from anytws.simulator.answers.top_ticks import AS_DELAYED
from anytws.simulator.link import OUTBOX
from anytws.simulator.market.words import Halt
from anytws.simulator.settings import EPOCH
from anytws.simulator.universe.instrument import Instrument
from tests.test_answers import ENCODINGS
from tests.test_world import Client

OPENING = [45, 4, 5, 8, 6, 7, 9, 14, 1, 2, 0, 3, 32, 33]
DELAYED_OPENING = [66, 67, 68, 88, 72, 73, 74, 75, 76]
SNAPSHOT = [1, 2, 4, 8, 6, 7, 9, 14, 32, 33, 45]
DELAYED_SNAPSHOT = [68, 88, 72, 73, 74, 75, 76, 66, 67]
AMBIGUOUS = Contract(symbol="AMD", security_type=SecurityType.STOCK, exchange="SMART")
HOUR = 3600.0
# The clock begins twenty minutes after the opening bell: what opens a day has been traded. In seconds from there: the
# end of the extended session of US stocks, the middle of the night, and the next extended session.
START = EPOCH + timedelta(minutes=20)
CLOSING = 10.5 * HOUR - 1200
NIGHT = 12 * HOUR
MORNING = 18.5 * HOUR - 1200

Tick = TickPrice | TickSize | TickString | TickGeneric | TickOptionComputation


def types_of(ticks: list[Event]) -> list[int]:
    """Give the numbers of the tick types of *ticks*."""
    assert all(isinstance(tick, Tick) for tick in ticks), ticks
    return [tick.tick_type.value for tick in ticks if isinstance(tick, Tick)]


def client_at(version: int = 225, **knobs: Any) -> Client:
    return Client(World(WorldSettings(server_version=version, epoch_at_zero=START, **knobs)))


def instrument_of(client: Client, symbol: str) -> Instrument:
    found = client.link.world.universe.by_symbol(symbol)
    assert isinstance(found, Instrument)
    return found


def contract_of(client: Client, symbol: str) -> Contract:
    """Give a contract that can only mean what the universe has under *symbol*."""
    instrument = instrument_of(client, symbol)
    return Contract(contract_id=instrument.contract_id, exchange=instrument.exchanges[0])


def stream(request_id: int = 7, symbol: str = "AAPL", **fields: Any) -> MarketDataRequest:
    return MarketDataRequest(Stock(symbol), request_id=request_id, **fields)


def of(client: Client, symbol: str, request_id: int = 7, **fields: Any) -> MarketDataRequest:
    return MarketDataRequest(contract_of(client, symbol), request_id=request_id, **fields)


def error_of(told: list[Event]) -> tuple[int | None, int]:
    (error,) = told
    assert isinstance(error, ErrorMessage)
    return error.request_id, error.error_code


def text_of(told: list[Event]) -> str:
    (error,) = told
    assert isinstance(error, ErrorMessage)
    return error.error_message


# A stream


@pytest.mark.card(
    "market_data.opening_order", "market_data.opening", "market_data.parameters", "market_data.size_in_price"
)
@pytest.mark.parametrize("version", ENCODINGS)
def test_a_stream_opens_in_the_order_of_tws(version: int) -> None:
    kind, parameters, *ticks = client_at(version).ask(stream())
    assert kind == MarketDataType(7, MarketDataMode.REAL_TIME)
    assert isinstance(parameters, TickReqParams)
    assert (parameters.request_id, parameters.min_tick, parameters.bbo_exchange) == (7, Decimal("0.01"), "9c0001")
    assert parameters.snapshot_permissions == 3
    assert parameters.last_size_precision == (Decimal("0.000001") if version >= 224 else None)
    assert types_of(ticks) == OPENING
    assert {tick.request_id for tick in ticks if isinstance(tick, TickPrice)} == {7}
    prices = {tick.tick_type.value: tick for tick in ticks if isinstance(tick, TickPrice)}
    sizes = {tick.tick_type.value: tick.size for tick in ticks if isinstance(tick, TickSize)}
    assert prices[1].price < prices[2].price
    assert prices[7].price <= prices[4].price <= prices[6].price
    assert (sizes[0], sizes[3], sizes[5]) == (prices[1].size, prices[2].size, prices[4].size)
    assert {number for number, tick in prices.items() if tick.size} == {1, 2, 4}
    executable = {number for number, tick in prices.items() if tick.attributes is TickAttributes.CAN_AUTO_EXECUTE}
    assert executable == {1, 2}


@pytest.mark.card("market_data.parameters")
def test_the_smallest_step_of_forex_is_that_of_its_rule() -> None:
    """As recorded of EUR.USD, whose details say 0.00005."""
    client = client_at()
    _, parameters, *_ = client.ask(of(client, "EUR.USD"))
    assert parameters == TickReqParams(7, Decimal("0.00001"), "", 0, Decimal("0.000001"), Decimal("0.000001"))


@pytest.mark.card("market_data.units")
@pytest.mark.parametrize("version, size, volume", [(158, 1, 1), (178, 0, 1), (219, 0, 1), (220, 0, 0), (225, 0, 0)])
def test_sizes_are_in_the_units_of_the_version(version: int, size: int, volume: int) -> None:
    ticks = {tick.tick_type.value: tick for tick in client_at(version).ask(stream()) if isinstance(tick, TickSize)}
    client = client_at(225)
    reference = {tick.tick_type.value: tick for tick in client.ask(stream()) if isinstance(tick, TickSize)}
    lot = instrument_of(client, "AAPL").lot
    assert ticks[0].size == reference[0].size / (lot if size else 1)  # type: ignore[operator]
    exact = reference[8].size / (lot if volume else 1)  # type: ignore[operator]
    assert abs(ticks[8].size - exact) < (1 if version < 163 else Decimal("0.01"))  # type: ignore[operator]
    if version < 163:
        assert ticks[8].size == int(ticks[8].size or 0), "an old version has no fractions"


@pytest.mark.card("market_data.units", "market_data.lots_setting")
def test_only_stocks_of_the_us_are_counted_in_lots() -> None:
    lots, shares = client_at(us_stocks_in_lots=True), client_at()
    for symbol, counts in (("AAPL", True), ("EUR.USD", False), ("ES", False), ("AMD", True)):
        lot = instrument_of(lots, symbol).lot if counts else 1
        bids = [
            next(tick for tick in client.ask(of(client, symbol)) if getattr(tick, "tick_type", None) is TickType.BID)
            for client in (lots, shares)
        ]
        assert bids[0].size * lot == bids[1].size  # type: ignore[attr-defined]
        for client in (lots, shares):
            client.ask(CancelMarketData(7))


@pytest.mark.card("market_data.grid", "market_data.changes", "market_data.cancel")
@pytest.mark.parametrize("version", ENCODINGS)
def test_changes_come_on_the_grid_until_the_cancel(version: int) -> None:
    client = client_at(version)
    client.ask(stream())
    batches = 0
    for beat in range(1, 120):
        assert client.go(beat / 4 - 0.01) == []
        types = types_of(client.go(beat / 4))
        batches += bool(types)
        assert types == sorted(types, key=[45, 4, 5, 8, 6, 7, 9, 14, 49, 1, 2, 0, 3, 32, 33].index)
        assert 45 not in types or {4, 5} & {*types}, "the time of a trade comes with it"
    assert batches > 10
    client.go(30.0)
    assert client.ask(CancelMarketData(7), 30.0) == []
    assert client.go(60.0) == []
    assert client.link.wake_at() is None


@pytest.mark.card("market_data.changes")
def test_a_price_that_changes_and_a_size_that_changes_are_told_apart() -> None:
    """As recorded: a size alone where only that changed, and both where both did."""
    client = client_at()
    state: dict[int, object] = {}
    for tick in client.ask(stream()):
        note(state, tick)
    told = set()
    for beat in range(1, 1000):
        before = dict(state)
        for tick in client.go(beat / 4):
            note(state, tick)
            if isinstance(tick, TickSize):
                told.add(tick.tick_type.value)
                assert before[tick.tick_type.value] != tick.size, "no size is repeated"
            elif isinstance(tick, TickPrice):
                assert before[-tick.tick_type.value] != tick.price, "no price is repeated"
                assert tick.size == 0 or tick.tick_type.value in {1, 2, 4}
    assert told == {0, 3, 5, 8}
    assert state[-1] < state[-2], "the quote is never crossed"  # type: ignore[operator]


def note(state: dict[int, object], tick: Event) -> None:
    """Keep prices under their types turned round, for 0 is one of the sizes; sizes under their own."""
    if isinstance(tick, TickPrice):
        state[-tick.tick_type.value] = tick.price
    elif isinstance(tick, TickSize):
        state[tick.tick_type.value] = tick.size


def test_what_a_stream_says_is_what_the_market_has() -> None:
    client = client_at()
    state: dict[int, object] = {}
    for tick in [*client.ask(stream()), *client.go(100.0)]:
        note(state, tick)
    world, apple = client.link.world, instrument_of(client, "AAPL")
    quote = world.market.quote(apple, world.ms(100.0))
    prices = {-1: quote.bid, -2: quote.ask, -4: quote.last, -6: quote.high, -7: quote.low, -9: quote.close}
    assert {key: state[key] for key in prices} == {
        key: float(apple.price_of(ticks)) for key, ticks in prices.items() if ticks is not None
    }
    sizes = {0: quote.bid_size, 3: quote.ask_size, 5: quote.last_size, 8: quote.volume}
    assert {key: state[key] for key in sizes} == sizes


@pytest.mark.card("market_data.letters")
def test_letters_follow_the_price_and_stand_in_their_order() -> None:
    client = client_at()
    told = [*client.ask(stream()), *client.go(200.0)]
    letters = [tick for tick in told if isinstance(tick, TickString) and tick.tick_type.value in {32, 33}]
    assert len(letters) > 4
    for tick in letters:
        assert tick.value
        assert tick.value == "".join(letter for letter in "KPTVZU" if letter in tick.value)
    assert {33, 32}.isdisjoint(types_of(client.ask(of(client, "EUR.USD", 8))[2:]))


@pytest.mark.card("market_data.grid")
def test_two_streams_of_one_stock_say_the_same() -> None:
    client = client_at()
    client.ask(stream(1))
    client.go(0.3)
    client.ask(stream(2), 0.3)
    told = client.go(20.0)
    first, second = ([tick for tick in told if getattr(tick, "request_id", 0) == number] for number in (1, 2))
    assert [attrs.evolve(tick, request_id=2) for tick in first] == second != []  # type: ignore[misc]


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


@pytest.mark.card("market_data.grid")
def test_a_quick_grid_has_sizes_in_between() -> None:
    client = client_at(tick_seconds=0.01)
    client.ask(stream())
    for beat in range(1, 25):
        assert {*types_of(client.go(beat / 100))} & {0, 3}


def test_who_does_not_read_gets_samples_and_no_heap() -> None:
    """What there is no room for is passed over, and the next tick tells what it is by then."""
    client = client_at(tick_seconds=0.0001)
    client.link.receive_data(client.core.send(stream()), 0.0)
    client.link.wake(10.0)
    heap = client.link.data_to_send()
    assert OUTBOX <= len(heap) < OUTBOX + 4096
    client.core.receive_data(heap)
    client.core.events()
    wake_at = client.link.wake_at()
    assert wake_at is not None
    assert 10.0 < wake_at <= 10.001
    assert types_of(client.go(10.001))


def test_without_a_pace_there_is_silence_after_the_opening() -> None:
    client = client_at(tick_seconds=0)
    assert len(client.ask(stream())) == 2 + len(OPENING)
    assert client.link.wake_at() is None
    assert client.go(1e6) == []
    assert client.ask(CancelMarketData(7)) == []


@pytest.mark.card("market_data.mdoff")
def test_without_the_top_of_the_book_the_stream_is_open_and_silent() -> None:
    client = client_at()
    told = client.ask(stream(generic_tick_list="mdoff"))
    assert [type(event) for event in told] == [MarketDataType, TickReqParams]
    assert client.go(60.0) == []
    assert client.ask(CancelMarketData(7), 60.0) == []


@pytest.mark.card("market_data.news_seam")
def test_news_come_first_those_of_the_day_then_each_new_one() -> None:
    client = client_at()
    told = client.ask(stream(generic_tick_list="mdoff,292"), 5 * HOUR)
    kind, parameters, *backlog = told
    assert [type(event) for event in (kind, parameters)] == [MarketDataType, TickReqParams]
    assert {type(event) for event in backlog} <= {TickNews}
    later = client.go(5 * HOUR + 86_400)
    assert {type(event) for event in later} == {TickNews}
    ids = [event.article_id for event in [*backlog, *later] if isinstance(event, TickNews)]
    assert len({*ids}) == len(ids)
    assert error_of(client.ask(stream(8, generic_tick_list="mdoff,292:XYZ"))) == (8, 10094)


@pytest.mark.card("market_data.lag")
def test_an_opening_takes_its_time_and_a_cancel_too() -> None:
    client = client_at(market_data_seconds=0.5, lines=1)
    assert client.ask(stream()) == []
    assert error_of(client.ask(stream())) == (7, 322), "the id is in use"
    assert error_of(client.ask(stream(8))) == (8, 101), "and so is the line"
    assert client.go(0.19) == []
    assert {type(event) for event in client.go(0.2)} == {MarketDataType, TickReqParams}
    assert client.go(0.49) == []
    assert types_of(client.go(0.5)) == OPENING
    assert types_of(client.go(20.0))
    assert client.ask(CancelMarketData(7), 20.0) == []
    late = client.go(20.5)
    assert {getattr(event, "request_id", None) for event in late} <= {7}
    assert error_of(client.ask(CancelMarketData(7), 20.5)) == (7, 300)
    assert client.go(60.0) == []
    assert client.link.wake_at() is None


@pytest.mark.card("market_data.lag")
def test_in_a_fifth_of_the_openings_the_parameters_are_the_first() -> None:
    client = client_at(market_data_seconds=0.5, tick_seconds=0, lines=1000)
    for number in range(200):
        client.ask(stream(number))
    first = [type(event) for event in client.go(0.3)][::2]
    assert 20 < first.count(TickReqParams) < 60
    client.ask(CancelMarketData(0), 0.3)
    told = client.go(1.0)
    assert 0 not in {getattr(event, "request_id", None) for event in told}, "cancelled before its ticks"


@pytest.mark.card("market_data.lag")
def test_ticks_after_a_cancel_end_and_the_id_is_free_meanwhile() -> None:
    client = client_at(market_data_seconds=5.0)
    client.ask(stream())
    client.go(10.0)
    client.ask(CancelMarketData(7), 10.0)
    assert types_of(client.go(14.9)), "still there"
    client.ask(stream(), 14.9)
    client.go(15.5)
    later = client.go(25.0)
    kinds = [type(event) for event in later]
    assert {*kinds[:2]} == {MarketDataType, TickReqParams}, "the old ones had ended before"
    assert types_of(later[2:])[: len(OPENING)] == OPENING


# When nothing is traded


@pytest.mark.card("market_data.no_quote")
def test_at_the_end_of_the_session_bid_and_ask_are_gone() -> None:
    client = client_at()
    client.ask(stream(), CLOSING - 2)
    told = client.go(CLOSING + 1)
    ends = [tick for tick in told if isinstance(tick, TickPrice) and tick.price == -1]
    assert ends == [TickPrice(7, TickType.BID, -1.0, Decimal(0)), TickPrice(7, TickType.ASK, -1.0, Decimal(0))]
    assert client.go(CLOSING + 100) == []
    _, _, *ticks = client.ask(stream(8), CLOSING + 100)
    assert types_of(ticks) == [45, 4, 5, 8, 6, 7, 9, 14, 1, 2]
    assert not any(isinstance(event, MarketDataType) for event in client.told[-len(told) :] if event in told)


@pytest.mark.card("market_data.frozen")
def test_frozen_data_keep_the_last_quote_until_the_market_opens() -> None:
    client = client_at()
    client.ask(MarketDataTypeRequest(MarketDataMode.FROZEN), CLOSING - 2)
    assert client.ask(stream(), CLOSING - 2)[0] == MarketDataType(7, MarketDataMode.REAL_TIME)
    told = client.go(CLOSING + 1)
    assert told[-1] == MarketDataType(7, MarketDataMode.FROZEN)
    kind, _, *ticks = client.ask(stream(8), NIGHT)
    assert kind == MarketDataType(8, MarketDataMode.FROZEN)
    assert types_of(ticks) == OPENING, "all of it is still there"
    assert min(tick.price for tick in ticks if isinstance(tick, TickPrice)) > 0
    opening = client.go(MORNING + 1)
    kinds = [event for event in opening if isinstance(event, MarketDataType)]
    assert kinds == [MarketDataType(7, MarketDataMode.REAL_TIME), MarketDataType(8, MarketDataMode.REAL_TIME)]


@pytest.mark.card("market_data.halted")
@pytest.mark.parametrize("halt", [Halt.GENERAL, Halt.VOLATILITY])
def test_a_halt_is_told_when_it_begins_and_when_it_ends(halt: Halt) -> None:
    client = client_at()
    world, apple = client.link.world, instrument_of(client, "AAPL")
    assert 49 not in types_of(client.ask(stream())[2:])
    client.go(1.0)
    world.market.halt(apple, halt, world.ms(1.0))
    assert TickGeneric(7, TickType.HALTED, float(halt.value)) in client.go(1.5)
    assert TickGeneric(8, TickType.HALTED, float(halt.value)) in client.ask(stream(8), 1.5)
    assert client.go(20.0) == [], "nothing is traded"
    world.market.resume(apple, world.ms(20.0))
    assert TickGeneric(7, TickType.HALTED, 0.0) in client.go(20.5)
    assert client.go(60.0)


def test_a_move_by_hand_is_told_at_the_next_beat() -> None:
    client = client_at()
    world, apple = client.link.world, instrument_of(client, "AAPL")
    before = {tick.tick_type: tick.price for tick in client.ask(stream()) if isinstance(tick, TickPrice)}
    client.go(1.0)
    world.market.move_to(apple, Decimal(250), world.ms(1.0))
    told = {tick.tick_type: tick.price for tick in client.go(1.25) if isinstance(tick, TickPrice)}
    assert abs(told[TickType.BID] - 250) < 2 < abs(before[TickType.BID] - 250)


# Snapshots


@pytest.mark.card("market_data.snapshot", "market_data.snapshot_end")
@pytest.mark.parametrize("version", ENCODINGS)
def test_a_snapshot_has_an_end_and_leaves_nothing_open(version: int) -> None:
    client = client_at(version)
    _, _, *ticks, end = client.ask(stream(snapshot=True))
    assert types_of(ticks) == SNAPSHOT
    assert end == TickSnapshotEnd(7)
    assert client.link.wake_at() is None
    assert error_of(client.ask(CancelMarketData(7))) == (7, 300)


@pytest.mark.card("market_data.snapshot_end")
def test_a_snapshot_waits_eleven_seconds_for_what_does_not_come() -> None:
    client = client_at()
    _, _, *ticks = client.ask(stream(snapshot=True), NIGHT)
    assert types_of(ticks) == [4, 8, 6, 7, 9, 14, 45], "there is no bid at night, and no -1 for one"
    assert error_of(client.ask(stream(), NIGHT)) == (7, 322), "its id is in use"
    assert client.go(NIGHT + 10.9) == []
    assert client.go(NIGHT + 11) == [TickSnapshotEnd(7)]
    assert client.link.wake_at() is None
    client.ask(stream(8, snapshot=True), NIGHT + 12)
    assert client.ask(CancelMarketData(8), NIGHT + 13) == []
    assert client.go(NIGHT + 60) == []


@pytest.mark.card("market_data.snapshot_end")
def test_a_snapshot_ends_as_soon_as_what_was_missing_is_there() -> None:
    client = client_at()
    client.ask(stream(snapshot=True), MORNING - 5)
    *ticks, end = client.go(MORNING + 1)
    assert {1, 2} <= {*types_of(ticks)} <= {1, 2, 32, 33}
    assert end == TickSnapshotEnd(7)


@pytest.mark.card("market_data.snapshot")
def test_a_snapshot_has_no_generic_ticks() -> None:
    told = client_at().ask(stream(snapshot=True, generic_tick_list="233"))
    assert error_of(told) == (7, 321)
    assert "Snapshot market data subscription is not applicable to generic ticks" in text_of(told)


@pytest.mark.card("market_data.snapshot")
def test_more_than_a_hundred_snapshots_in_a_second_are_too_many() -> None:
    client = client_at(tick_seconds=0)
    for number in range(100):
        assert TickSnapshotEnd(number) in client.ask(stream(number, snapshot=True))
    told = client.ask(stream(100, snapshot=True), 0.9)
    assert "cause - Snapshot requests limitation exceeded:100 per 1 second(s)" in text_of(told)
    assert TickSnapshotEnd(100) in client.ask(stream(100, snapshot=True), 1.0)


@pytest.mark.card("market_data.regulatory_snapshot")
def test_a_regulatory_snapshot_is_one_batch_with_its_time() -> None:
    client = client_at()
    *ticks, time, end = client.ask(stream(regulatory_snapshot=True))
    assert types_of(ticks) == SNAPSHOT
    assert isinstance(time, TickString)
    assert time.tick_type is TickType.LAST_REG_TIME
    assert int(time.value) == client.link.world.ms(0.0)
    assert end == TickSnapshotEnd(7)
    assert error_of(client.ask(stream(8, regulatory_snapshot=True), 0.5)) == (8, 321)
    assert error_of(client.ask(of(client, "EUR.USD", 9, regulatory_snapshot=True), 2.0)) == (9, 321)


# Refusals


@pytest.mark.card("market_data.duplicate_id", "market_data.cancel", "market_data.lines")
@pytest.mark.parametrize("version", ENCODINGS)
def test_what_is_refused_is_refused_once(version: int) -> None:
    client = client_at(version, lines=2)
    told = client.ask(CancelMarketData(7))
    assert error_of(told) == (7, 300)
    assert text_of(told) == "Can't find EId with tickerId:7"
    assert error_of(client.ask(stream(symbol="XYZ"))) == (7, 200)
    assert error_of(client.ask(MarketDataRequest(AMBIGUOUS, request_id=7))) == (7, 200)
    client.ask(stream(1))
    told = client.ask(stream(1, "SPY"))
    assert error_of(told) == (1, 322)
    assert text_of(told).endswith("cause - Duplicate ticker id")
    client.ask(stream(2))
    told = client.ask(stream(3))
    assert error_of(told) == (3, 101)
    assert text_of(told) == "Max number of tickers has been reached"
    assert len(client.ask(stream(3, snapshot=True))) == 3 + len(SNAPSHOT), "a snapshot takes no line"
    assert {getattr(event, "request_id", None) for event in client.go(9.0)} == {1, 2}
    assert client.ask(CancelMarketData(2), 9.0) == []
    assert len(client.ask(stream(3), 9.0)) == 2 + len(OPENING)


@pytest.mark.card("market_data.lines")
def test_lines_are_shared_by_all_clients() -> None:
    world = World(WorldSettings(lines=2, epoch_at_zero=START))
    one, other = Client(world, client_id=1), Client(world, client_id=2)
    one.ask(stream(1))
    other.ask(stream(1))
    assert error_of(one.ask(stream(2))) == (2, 101)
    other.ask(CancelMarketData(1))
    assert len(one.ask(stream(2))) == 2 + len(OPENING)


@pytest.mark.card("market_data.not_subscribed", "market_data.opening_order", "market_data.snapshot")
@pytest.mark.parametrize("version", ENCODINGS)
def test_without_a_subscription_there_is_nothing_or_it_is_delayed(version: int) -> None:
    client = client_at(version, market_data_subscribed=False)
    told = client.ask(stream())
    assert error_of(told) == (7, 354)
    assert text_of(told) == (
        "Requested market data is not subscribed.Delayed market data is available.AAPL NASDAQ.NMS/TOP/ALL"
    )
    assert error_of(client.ask(CancelMarketData(7))) == (7, 300)
    assert client.ask(MarketDataTypeRequest(MarketDataMode.DELAYED)) == []
    kind, _, notice, *ticks = client.ask(stream())
    assert kind == MarketDataType(7, MarketDataMode.DELAYED)
    assert isinstance(notice, Notice | ErrorMessage)
    assert client.codes[-1] == 10167
    assert notice.request_id == 7
    assert types_of(ticks) == DELAYED_OPENING
    assert {tick.attributes for tick in ticks if isinstance(tick, TickPrice)} == {TickAttributes(0)}
    later = types_of(client.go(30.0))
    assert later
    assert {*later} <= {number.value for number in AS_DELAYED.values()}
    _, _, *ticks, end = client.ask(stream(8, snapshot=True), 30.0)
    assert types_of(ticks) == DELAYED_SNAPSHOT, "and no notice"
    assert end == TickSnapshotEnd(8)


@pytest.mark.card("market_data.no_delayed_data")
def test_where_there_are_no_delayed_data_none_are_given() -> None:
    client = client_at(market_data_subscribed=False, delayed_data=False)
    assert text_of(client.ask(stream())) == "Requested market data is not subscribed."
    client.ask(MarketDataTypeRequest(MarketDataMode.DELAYED))
    assert error_of(client.ask(stream())) == (7, 10168)


@pytest.mark.card("market_data.not_subscribed")
@pytest.mark.parametrize("name", ["usfarm", "STK", "NASDAQ"])
def test_a_part_may_be_not_subscribed(name: str) -> None:
    client = client_at(market_data_unsubscribed=frozenset({name}))
    if name == "usfarm":
        assert instrument_of(client, "AAPL").market_farm == name
    assert error_of(client.ask(stream())) == (7, 354)
    assert client.ask(of(client, "EUR.USD"))[0] == MarketDataType(7, MarketDataMode.REAL_TIME)


@pytest.mark.card("market_data.not_subscribed")
def test_forex_is_always_subscribed_and_a_future_is_named_with_its_month() -> None:
    client = client_at(market_data_subscribed=False)
    assert client.ask(of(client, "EUR.USD"))[0] == MarketDataType(7, MarketDataMode.REAL_TIME)
    future = instrument_of(client, "ESH6").contract
    text = text_of(client.ask(of(client, "ESH6", 8)))
    assert text.endswith(f"is available.ES MAR'26 ({future.local_symbol}) /TOP/ALL")


@pytest.mark.card("market_data.delayed")
def test_delayed_data_are_those_of_a_quarter_of_an_hour_ago() -> None:
    live, late = client_at(), client_at(market_data_subscribed=False)
    late.ask(MarketDataTypeRequest(MarketDataMode.DELAYED))
    then = {tick.tick_type.value: tick.price for tick in live.ask(stream(), 60.0) if isinstance(tick, TickPrice)}
    now = {tick.tick_type.value: tick.price for tick in late.ask(stream(), 960.0) if isinstance(tick, TickPrice)}
    pairs = {1: 66, 2: 67, 4: 68, 6: 72, 7: 73, 9: 75, 14: 76}
    assert {key: then[key] for key in pairs} == {key: now[pairs[key]] for key in pairs}


@pytest.mark.card("market_data.modes")
def test_with_a_subscription_delayed_data_are_live_ones() -> None:
    client = client_at()
    client.ask(MarketDataTypeRequest(MarketDataMode.DELAYED))
    assert client.ask(stream())[0] == MarketDataType(7, MarketDataMode.REAL_TIME)


@pytest.mark.card("market_data.modes")
@pytest.mark.parametrize(
    "asked, kind",
    [((1,), None), ((2,), None), ((3,), 3), ((4,), 4), ((3, 2), 4), ((2, 3), 4), ((4, 3), 4), ((4, 1), None)],
)
def test_frozen_and_delayed_are_switched_on_one_by_one(asked: tuple[int, ...], kind: int | None) -> None:
    client = client_at(market_data_subscribed=False)
    for number in asked:
        assert client.ask(MarketDataTypeRequest(MarketDataMode(number)), NIGHT) == []
    told = client.ask(stream(), NIGHT)
    if kind is None:
        assert error_of(told) == (7, 354)
    else:
        assert told[0] == MarketDataType(7, MarketDataMode(kind))


@pytest.mark.card("market_data.modes")
def test_a_kind_of_data_that_there_is_not_is_refused() -> None:
    (error,) = client_at().ask(MarketDataTypeRequest(MarketDataMode(9)))
    assert isinstance(error, ErrorMessage | Notice)
    assert error.request_id is None


@pytest.mark.card("market_data.competing_session")
def test_a_competing_session_takes_the_data_away() -> None:
    client = client_at()
    client.ask(stream(1))
    world = client.link.world
    world.settings = attrs.evolve(world.settings, competing_session=True)
    client.link.touch()
    told = client.go(0.25)
    assert error_of(told) == (1, 10197)
    assert text_of(told) == "No market data during competing live session"
    assert client.go(60.0) == []
    assert error_of(client.ask(stream(2), 60.0)) == (2, 10197)
    world.settings = attrs.evolve(world.settings, competing_session=False)
    assert types_of(client.ask(stream(1), 60.0)[2:]) == OPENING


# By security type


@pytest.mark.card("market_data.by_security_type")
@pytest.mark.parametrize(
    "symbol, types",
    [
        ("EUR.USD", {45, 4, 5, 8, 6, 7, 9, 1, 2, 0, 3}),
        ("SPX", {4, 6, 7, 9, 14}),
        ("ESH6", {45, 4, 5, 8, 6, 7, 9, 14, 1, 2, 0, 3}),
        ("BTC", {45, 4, 5, 8, 6, 7, 9, 14, 1, 2, 0, 3}),
        ("XAUUSD", {6, 7, 9, 1, 2, 0, 3}),
        ("VTSAX", {9}),
    ],
)
def test_each_security_type_has_ticks_of_its_own(symbol: str, types: set[int]) -> None:
    client = client_at()
    told = client.ask(of(client, symbol), 5 * HOUR)
    ticks = [tick for tick in told if isinstance(tick, Tick)]
    assert {*types_of([*ticks])} == types
    assert types_of([*ticks]) == [number for number in OPENING if number in types]
    if symbol == "EUR.USD":
        sizes = {tick.tick_type.value: tick.size for tick in ticks if isinstance(tick, TickSize | TickPrice)}
        assert (sizes[4], sizes[5], sizes[8]) == (0, 0, 0)
        assert sizes[1]


@pytest.mark.card("market_data.reroute")
def test_a_share_cfd_is_sent_to_its_stock() -> None:
    client = client_at()
    cfd = next(each for each in client.link.world.universe.instruments if each.reroutes_to)
    contract = Contract(contract_id=cfd.contract_id, exchange="SMART")
    told = client.ask(MarketDataRequest(contract, request_id=7))
    assert told == [RerouteMarketDataRequest(7, cfd.reroutes_to, "SMART")]
    assert error_of(client.ask(CancelMarketData(7))) == (7, 300)
    again = Contract(contract_id=cfd.reroutes_to, exchange="SMART")
    assert client.ask(MarketDataRequest(again, request_id=7))[0] == MarketDataType(7, MarketDataMode.REAL_TIME)


# Beside it


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
    assert types_of(other.go(9.0))


@given(st.lists(st.floats(0.0, 30.0), max_size=8), st.sampled_from((0.0003, 0.1, 0.25, 0.7, 3.0)))
@settings(max_examples=40)
def test_however_time_passes_nothing_is_due_that_was(pauses: list[float], pace: float) -> None:
    client, now = client_at(tick_seconds=pace), 1e4 / 3
    client.ask(stream(), now)
    for pause in pauses:
        now += pause if pace > 0.01 else pause / 1000
        client.go(now)
        wake_at = client.link.wake_at()
        assert wake_at is not None
        assert now < wake_at
        if pace < 0.25:
            assert wake_at <= now + pace * 1.001
    assert client.ask(CurrentTimeRequest(), now)
