"""The grid of market data streams, and what they share: exact times, one quote for all, no more kept than allowed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.simulator import World, WorldSettings
from anytws.simulator.answers import beats as beats_module
from anytws.simulator.answers.beats import Beats, shared_of
from anytws.simulator.answers.figures import Units, without_zeros
from anytws.simulator.answers.recent import MOST_RECENT, Recent
from anytws.simulator.market.words import BEAT, Source
from anytws.simulator.settings import EPOCH
from tests.test_world import Client


@given(st.sampled_from((0.0003, 0.01, 0.1, 0.25, 0.7, 3.0)), st.floats(0.0, 1e5), st.integers(0, 999))
def test_a_beat_is_over_at_its_time(pace: float, now: float, ms: int) -> None:
    settings = WorldSettings(tick_seconds=pace, epoch_at_zero=EPOCH + timedelta(milliseconds=ms))
    beats = Beats(World(settings))
    beat = beats.upto(now)
    # Times are floats: two ways to one moment may differ in the last digit.
    assert beats.time(beat) - 1e-9 <= now < beats.time(beat + 1) + 1e-9
    assert beats.upto(beats.time(beat)) == beat
    if pace == 0.25:
        assert beats.ms(beat) % BEAT == 0, "they are those of the market, wherever the clock begins"
        for wait in (1, 249, 250, 251, 10_000):
            steps = beats.steps_to(wait)
            assert beats.ms(beat + steps - 1) < beats.ms(beat) + wait <= beats.ms(beat + steps)


def test_no_pace_is_no_grid() -> None:
    beats = Beats(World(WorldSettings(tick_seconds=0)), of_market=True)
    assert (beats.seconds, beats.upto(100.0)) == (0.0, 0)
    assert {Beats(World(WorldSettings(tick_seconds=pace)), of_market=True).seconds for pace in (0.01, 3.0)} == {0.25}


def test_those_of_one_market_share_one_quote_until_the_next_beat() -> None:
    world = World()
    apple = world.universe.by_symbol("AAPL")
    shared, at = shared_of(world.market), world.ms()
    first = shared.quote(world.market, apple, at)
    assert shared.quote(world.market, apple, at) is first
    assert shared_of(world.market) is shared
    assert shared_of(World().market) is not shared
    world.market.shift(apple, 100, at)
    assert shared.quote(world.market, apple, at) is not first, "a hand was in it"
    change = shared.next_change(world.market, apple, at)
    assert change == shared.next_change(world.market, apple, at) == world.market.next_change(apple, at) > at
    assert [shared.ms(world, now) for now in (0.0, 0.0, 1.5)] == [at, at, at + 1500]
    units = Units.of(world.settings, 225)
    tops = shared.tops(apple, units, delayed=False)
    assert shared.tops(apple, units, delayed=False) is tops
    assert shared.tops(apple, units, delayed=True) is not tops


def test_a_day_that_goes_on_is_the_day_as_a_whole() -> None:
    world = World(WorldSettings(epoch_at_zero=EPOCH))
    market, apple, begin = world.market, world.universe.by_symbol("AAPL"), world.ms()
    shared = shared_of(market)
    for at in (begin, begin + 250, begin + 1000, begin + 30_000, begin + 30_000, begin + 600_000, begin + 600_250):
        step = shared.day(market, apple, begin, at)
        bar = market.bar(apple, begin, at + 1, Source.TRADES)
        assert step is not None
        assert bar is not None
        assert (step.volume, step.count) == (bar.volume, bar.count)
        assert abs(step.value - bar.average * bar.volume) <= bar.volume
        trades = shared.trades(market, apple, begin - 1, at)
        assert sum(trade.size for trade in trades) == bar.volume
    assert shared.day(market, apple, begin + 1000, begin) is None, "it has not begun"


def test_what_is_shared_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beats_module, "MOST_SHARED", 3)
    world = World()
    shared, units = shared_of(world.market), Units.of(world.settings, 225)
    for instrument in world.universe.instruments[:8]:
        shared.quote(world.market, instrument, world.ms())
        shared.tops(instrument, units, delayed=False)
        assert len(shared._quotes) <= 3
        shared.extremes(world.market, instrument, 0, world.ms() // 86_400_000)
        assert len(shared._tops) <= 3
        shared.next_change(world.market, instrument, world.ms())
        shared.day(world.market, instrument, world.ms() - 3_600_000, world.ms())
        shared.trades(world.market, instrument, world.ms() - 250, world.ms())
        assert len(shared._days) <= 3
        assert len(shared._trades) <= 3
        assert len(shared._extremes) <= 3
        assert len(shared._changes) <= 3


def test_what_was_asked_of_late_is_forgotten_in_time() -> None:
    client = Client(World()).link
    recent = Recent.of(client, "things of late")
    assert Recent.of(client, "things of late") is recent
    assert not recent.is_full(0.0, most=2, seconds=1.0)
    assert not recent.is_full(0.9, most=2, seconds=1.0)
    assert recent.is_full(0.95, most=2, seconds=1.0)
    assert not recent.is_full(0.95, most=2, seconds=1.0, what=5), "of another thing there were none"
    assert not recent.is_full(1.0, most=2, seconds=1.0)
    for number in range(2 * MOST_RECENT):
        recent.is_full(2.0, most=1, seconds=1.0, what=number)
    assert len(recent._asked) == MOST_RECENT
    assert list(recent.wake()) == []
    recent.skip(5.0)
    client.leave()
    assert Recent.of(client, "things of late") is not recent


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**6), max_value=10**6))
def test_zeros_at_the_end_are_dropped_and_the_number_stays(number: object) -> None:
    short = without_zeros(number)  # type: ignore[arg-type]
    assert short == number
    assert "E" not in str(short)
    text = str(short)
    assert "." not in text or not text.endswith("0")
