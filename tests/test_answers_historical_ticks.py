"""What the simulated TWS answers about single ticks of the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws.core.events import Event
from anytws.messages import (
    CancelHistoricalTicks,
    Contract,
    HistoricalTicks,
    HistoricalTicksBidAsk,
    HistoricalTicksLast,
    HistoricalTicksRequest,
    MarketDataMode,
    MarketDataTypeRequest,
    Stock,
    TickByTickRequest,
    TicksWhatToShow,
)
from anytws.simulator.market.words import Halt
from anytws.simulator.world import EPOCH
from tests.history import BITCOIN, EUR_USD, SERVICE, SPX, client_at, error_of, new_york
from tests.test_answers import ENCODINGS
from tests.test_world import Client

NOON = new_york("20260102", "12:00:00")
AFTER = new_york("20260102", "21:00:00")
FAILED = "Failed to request historical ticks:"
KINDS = [TicksWhatToShow.TRADES, TicksWhatToShow.BID_ASK, TicksWhatToShow.MIDPOINT]
ANSWERS = {
    TicksWhatToShow.TRADES: HistoricalTicksLast,
    TicksWhatToShow.BID_ASK: HistoricalTicksBidAsk,
    TicksWhatToShow.MIDPOINT: HistoricalTicks,
}


def asked(number: int = 20, **fields: Any) -> HistoricalTicksRequest:
    """Give a request for ticks of AAPL, from noon on unless another time is given."""
    if not {"start_date_time", "end_date_time"} & set(fields):
        fields["start_date_time"] = NOON
    fields = {"contract": Stock("AAPL"), "request_id": 7, "number_of_ticks": number, **fields}
    return HistoricalTicksRequest(**fields)


def ticks_in(told: list[Event]) -> tuple[Any, ...]:
    """Give the ticks of the one answer in *told*, which is done."""
    (answer,) = [
        event for event in told if isinstance(event, HistoricalTicks | HistoricalTicksBidAsk | HistoricalTicksLast)
    ]
    assert answer.request_id == 7
    assert answer.is_done
    return answer.ticks


@pytest.mark.card("historical_ticks.at_least")
@pytest.mark.parametrize("version", ENCODINGS)
@pytest.mark.parametrize("what", KINDS)
@pytest.mark.parametrize("end", ["start_date_time", "end_date_time"])
def test_there_are_at_least_as_many_as_asked_for_in_order(what: TicksWhatToShow, end: str, version: int):
    client = client_at(version, historical_pacing=False)
    (answer,) = client.ask(asked(20, what_to_show=what, **{end: NOON}))
    assert type(answer) is ANSWERS[what]
    ticks = ticks_in([answer])
    times = [tick.time for tick in ticks]
    assert times == sorted(times)
    assert len(ticks) >= 20
    edge = times[-1] if end == "start_date_time" else times[0]
    in_force = what is TicksWhatToShow.MIDPOINT and end == "start_date_time"
    assert sum(time != edge for time in times) < 20 + in_force, "only the last second is completed"
    assert all((time >= NOON - timedelta(seconds=1)) if end == "start_date_time" else (time < NOON) for time in times)
    more = ticks_in(client.ask(asked(60, what_to_show=what, **{end: NOON})))
    assert ticks == (more[: len(ticks)] if end == "start_date_time" else more[-len(ticks) :])


@pytest.mark.card("historical_ticks.at_least")
def test_a_thousand_is_the_most():
    client = client_at(historical_pacing=False)
    assert ticks_in(client.ask(asked(5000))) == ticks_in(client.ask(asked(1000)))


@pytest.mark.card("historical_ticks.midpoint")
def test_midpoints_begin_with_the_one_in_force():
    client = client_at()
    first, *ticks = ticks_in(client.ask(asked(what_to_show=TicksWhatToShow.MIDPOINT)))
    assert first.time == NOON - timedelta(seconds=1)
    prices = [first.price, *(tick.price for tick in ticks)]
    assert all(one != other for one, other in pairwise(prices)), "they come when it moves"
    assert {tick.size for tick in ticks} == {0}


@pytest.mark.card("historical_ticks.at_least")
def test_changes_of_sizes_can_be_left_out():
    client = client_at()
    wanted = ticks_in(client.ask(asked(500, what_to_show=TicksWhatToShow.BID_ASK, end_date_time=NOON)))
    prices = [(tick.price_bid, tick.price_ask) for tick in wanted]
    assert any(one == other for one, other in pairwise(prices))
    bare = ticks_in(client.ask(asked(100, what_to_show=TicksWhatToShow.BID_ASK, ignore_size=True)))
    prices = [(tick.price_bid, tick.price_ask) for tick in bare]
    assert all(one != other for one, other in pairwise(prices))


@pytest.mark.card("historical_ticks.one_session")
def test_a_request_is_for_one_session():
    client = client_at(historical_pacing=False)
    # 19:59:50 on a Friday: what is left of the session, and nothing of Monday.
    late = new_york("20260102", "19:59:50")
    times = [tick.time for tick in ticks_in(client.ask(asked(1000, start_date_time=late)))]
    assert len(times) < 1000
    assert all(late <= time < late + timedelta(seconds=10) for time in times)
    forward = ticks_in(client.ask(asked(5, start_date_time=AFTER)))
    assert all(tick.time >= new_york("20260105", "04:00:00") for tick in forward)
    backward = ticks_in(client.ask(asked(5, end_date_time=AFTER)))
    assert all(late - timedelta(hours=1) < tick.time < new_york("20260102", "20:00:00") for tick in backward)
    regular = ticks_in(client.ask(asked(5, end_date_time=AFTER, use_rth=True)))
    assert all(tick.time < new_york("20260102", "16:00:00") for tick in regular)


def test_there_are_none_of_what_is_to_come():
    client = client_at()
    assert ticks_in(client.ask(asked(start_date_time=EPOCH + timedelta(hours=1)))) == ()
    ticks = ticks_in(client.ask(asked(start_date_time=EPOCH - timedelta(seconds=20), number=1000), 5.0))
    assert ticks
    assert all(tick.time <= EPOCH + timedelta(seconds=5) for tick in ticks)


@pytest.mark.card("historical_ticks.start_or_end")
def test_start_or_end():
    client = client_at()
    request = HistoricalTicksRequest(Stock("AAPL"), request_id=7)
    assert error_of(client.ask(request)) == (
        *(7, 10187),
        f"{FAILED}2 out of startTime/endTime/timeLength parameters have to be specified",
    )
    both = ticks_in(client.ask(asked(start_date_time=NOON, end_date_time=AFTER)))
    assert both[0].time >= NOON


@pytest.mark.card("historical_ticks.checks")
@pytest.mark.parametrize("version", ENCODINGS)
def test_what_is_refused(version: int):
    client = client_at(version)
    refused: list[tuple[HistoricalTicksRequest, int, str]] = [
        (
            asked(start_date_time="x", number=0),
            10314,
            "Start Date/Time: The date, time, or time-zone entered is invalid.",
        ),
        (asked(end_date_time="x"), 10314, "End Date/Time: "),
        (asked(0), 321, "Error validating request.-'HistoricalTicksRequest' : cause - Number of ticks must be > 0"),
        (asked(-3), 321, "Error validating request.-'HistoricalTicksRequest' : cause - Number of ticks must be > 0"),
        (
            *(asked(what_to_show=TicksWhatToShow.verbatim("FOO")), 321),
            "Error validating request.-'HistoricalTicksRequest' : cause - Invalid source price",
        ),
        (asked(contract=Stock("XYZ")), 200, "No security definition has been found for the request"),
        (asked(contract=SPX, what_to_show=TicksWhatToShow.BID_ASK), 10187, f"{FAILED}No historical market data for "),
    ]
    for request, code, words in refused:
        request_id, told, text = error_of(client.ask(request))
        assert (request_id, told) == (7, code)
        assert text.startswith(words)
    assert not client.link.streams


@pytest.mark.card("historical_ticks.other_kind")
def test_what_does_not_fit_is_told_and_then_served():
    client = client_at()
    remark, answer = client.ask(asked(what_to_show=TicksWhatToShow.verbatim("AGGTRADES")))
    assert error_of([remark])[1:] == (10299, "Expected what to show is TRADES, please use that instead of AGGTRADES.")
    assert isinstance(answer, HistoricalTicksLast)
    remark, answer = client.ask(asked(contract=BITCOIN))
    assert error_of([remark])[1:] == (10299, "Expected what to show is AGGTRADES, please use that instead of TRADES.")
    assert isinstance(answer, HistoricalTicksLast)
    (answer,) = client.ask(asked(contract=BITCOIN, what_to_show=TicksWhatToShow.verbatim("AGGTRADES")))
    assert isinstance(answer, HistoricalTicksLast)
    (answer,) = client.ask(asked(contract=EUR_USD))
    assert isinstance(answer, HistoricalTicks)


@pytest.mark.card("historical_ticks.permission")
def test_without_a_subscription():
    client = client_at(market_data_subscribed=False)
    code, text = error_of(client.ask(asked()))[1:]
    assert code == 10187
    assert text.startswith(f"{FAILED}No market data permissions for NASDAQ STK")
    client.ask(MarketDataTypeRequest(MarketDataMode.DELAYED))
    assert error_of(client.ask(asked()))[1] == 2188, "from a start on is up to now"
    assert ticks_in(client.ask(asked(end_date_time=NOON)))


@pytest.mark.card("historical_ticks.halt")
def test_a_halt_is_a_tick_of_nothing():
    client = client_at()
    world = client.link.world
    instrument, begin = world.universe.by_symbol("AAPL"), world.ms(10.0)
    world.market.halt(instrument, Halt.VOLATILITY, begin)
    world.market.resume(instrument, begin + 60_000)
    ticks = ticks_in(client.ask(asked(1000, start_date_time=EPOCH + timedelta(seconds=5)), 90.0))
    halted, resumed = [tick for tick in ticks if not tick.price]
    assert (halted.time, halted.size) == (EPOCH + timedelta(seconds=10), 0)
    assert halted.attributes.past_limit
    assert (resumed.time, resumed.attributes.past_limit) == (EPOCH + timedelta(seconds=70), False)
    between = [tick for tick in ticks if halted.time < tick.time < resumed.time]
    assert between == []


@pytest.mark.card("historical_ticks.options")
def test_options_have_sizes_of_one():
    client = client_at()
    universe = client.link.world.universe
    (chain, *_) = universe.chain(265598)
    contract = next(
        match.instrument.contract
        for match in universe.find(Contract(symbol="AAPL", security_type=chain.pattern.security_type, exchange="SMART"))
    )
    ticks = ticks_in(client.ask(asked(what_to_show=TicksWhatToShow.BID_ASK, contract=contract)))
    assert ticks
    assert {size for tick in ticks for size in (tick.size_bid, tick.size_ask)} <= {0, 1}


@pytest.mark.card("historical.pacing", "historical.duplicate_id")
def test_ticks_are_paced_take_their_time_and_can_be_given_up():
    client = client_at(historical_seconds=1.0)
    assert client.ask(asked()) == []
    assert error_of(client.ask(asked(30)))[:2] == (7, 322)
    assert error_of(client.ask(asked(request_id=8))) == (8, 162, f"{SERVICE}Historical data request pacing violation")
    assert client.ask(CancelHistoricalTicks(7), 0.5) == []
    assert client.go(2.0) == []
    assert client.ask(asked(31), 20.0) == []
    assert len(ticks_in(client.go(21.1))) >= 31


def test_the_zone_may_be_implied():
    client = client_at()
    notice, answer = client.ask(asked(start_date_time=datetime(2026, 1, 2, 17)))  # noqa: DTZ001 (the operator's)
    assert error_of([notice])[1] == 2174
    assert ticks_in([answer])[0].time >= datetime(2026, 1, 2, 17, tzinfo=UTC)


CLIENT = client_at(historical_pacing=False, memory=10)


def reset(client: Client) -> Client:
    """Give *client* as new: what it was told is forgotten."""
    client.told.clear()
    return client


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(KINDS), st.integers(1, 60), st.integers(0, 86_400), st.booleans(), st.booleans())
def test_forward_and_backward_ticks_are_the_same_ones(
    what: TicksWhatToShow, number: int, second: int, rth: bool, ignore: bool
):
    """What begins somewhere and what ends there share nothing, and together they are what one longer request has."""
    client, middle = (
        reset(CLIENT),
        new_york("20260105", "04:00:00") - timedelta(days=3) + timedelta(seconds=second % 57_600),
    )
    request: dict[str, Any] = {"what_to_show": what, "use_rth": rth, "ignore_size": ignore}
    before = ticks_in(client.ask(asked(number, end_date_time=middle, **request)))
    after = ticks_in(client.ask(asked(number, start_date_time=middle, **request)))
    if not before or not after or not middle - before[0].time < timedelta(hours=2):
        return
    after = tuple(tick for tick in after if tick.time >= middle)
    if not after or after[-1].time.date() != before[0].time.date():
        return
    # The first midpoint of all is the one in force before.
    found = ticks_in(client.ask(asked(1000, start_date_time=before[0].time, **request)))
    whole = tuple(tick for tick in found if tick.time >= before[0].time)
    both = (*before, *after)
    assert whole[: len(both)] == both[: len(whole)]


def test_it_is_the_opening_of_a_stream_of_ticks_too():
    client = client_at()
    told = client.ask(TickByTickRequest(Stock("AAPL"), "AllLast", 10, request_id=7), 30.0)  # type: ignore[arg-type]
    assert (
        ticks_in(told)[-10:] == ticks_in(client.ask(asked(10, end_date_time=EPOCH + timedelta(seconds=31)), 30.0))[-10:]
    )
