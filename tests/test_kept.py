"""Kept streams: every stream verb through a cut and back: the gap once, in its place, and nothing old behind it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import anyio
import pytest

from anytws import (
    Bar,
    Book,
    CaughtUp,
    ConnectionClosed,
    Gap,
    Quote,
    RequestFailed,
    RequestTimedOut,
    Resumed,
    SlowConsumer,
)
from anytws import messages as m
from anytws.core.events import CloseReason
from anytws.core.state import State
from anytws.machines.accounts import Holdings
from anytws.machines.figures import Figures
from anytws.machines.health import FarmKind
from anytws.machines.pacing import STANDARD_PACING
from anytws.machines.watching import Watched
from anytws.messages.base import replace
from anytws.runtime.kept import FETCH_SECONDS
from tests.every_verb import APPLE, NOON, SPY, TICK, TICKS, VERBS, Verb, bars_at
from tests.kept_streams import GAP, SINCE, UNTIL, items_until, nights, settled

pytestmark = pytest.mark.anyio
RESUMED = Resumed(GAP, UNTIL)
OTHERWISE = {
    "historical.download": "it asks, and streams nothing",
    "orders.follow_open": "it tells what is believed, which outlives connections",
}
"""Streams that are not opened at TWS, and why."""
STREAMS = [verb for verb in VERBS if verb.is_stream and verb.verb not in OTHERWISE]
BID = m.TickPrice(0, m.TickType.BID, 10.5, Decimal(3))


def is_gap(items: list[Any]) -> bool:
    """Tell whether the last of *items* says that nothing comes any more."""
    item = items[-1].item if isinstance(items[-1], Watched) else items[-1]
    return isinstance(item, Gap) or (not isinstance(item, Resumed) and getattr(item, "gap", None) is not None)


def is_resumed(items: list[Any]) -> bool:
    """Tell whether the last of *items* says that it goes on."""
    item = items[-1].item if isinstance(items[-1], Watched) else items[-1]
    return isinstance(item, Resumed) or getattr(item, "resumed", None) is not None


def _check_gap(verb: Verb, item: Any, before: list[Any]) -> None:
    if isinstance(item, Quote):
        assert item == Quote(gap=GAP, changed=item.changed, rerouted=before[-1].rerouted), verb.name
    elif isinstance(item, Book):
        assert item == Book(gap=GAP, is_consistent=False, rerouted=before[-1].rerouted), verb.name
    elif isinstance(item, (Figures, Holdings)):
        assert item == replace(before[-1], gap=GAP, changed=item.changed), verb.name
    else:
        assert item == (Watched(None, GAP) if verb.verb == "market_data.watch" else GAP), verb.name


@pytest.mark.parametrize("version", [176, 226])
@pytest.mark.parametrize("verb", STREAMS, ids=lambda verb: verb.name)
async def test_every_stream_goes_through_a_cut(verb: Verb, version: int) -> None:
    if version < verb.since:
        pytest.skip("there is no such request at this version")
    answers = verb.answers
    if verb.verb == "market_data.bars":
        answers = {**answers, m.HistoricalDataRequest: bars_at(NOON, NOON + timedelta(seconds=5))}
    async with nights(answers, version) as night:
        async with verb.call(night.tws) as stream:
            before = await items_until(stream, verb.gives)
            await night.cut()
            at_once = await items_until(stream, is_gap)
            _check_gap(verb, at_once[-1], before)
            assert sum(is_gap([item]) for item in at_once) == 1
            await night.come_back()
            anew = await items_until(stream, is_resumed)
            resumed = anew[-1].item if isinstance(anew[-1], Watched) else anew[-1]
            resumed = resumed if isinstance(resumed, Resumed) else resumed.resumed
            assert (resumed.gap, resumed.until) == (GAP, UNTIL)
            assert not any(is_gap([item]) for item in anew), "it is told once"
            if verb.verb == "historical.updating_bars":
                anew += await items_until(stream, lambda items: isinstance(items[-1], Bar))
            elif not any(
                word in verb.name for word in ("(past)", "(quotes)", "news.follow_headlines", "news.follow_provider")
            ):
                data = [item for item in anew if not isinstance(item, Resumed) and item != Watched(None, RESUMED)]
                if not (data and verb.gives(data)):
                    await items_until(stream, verb.gives)
            await settled()
            assert len(night.peer.open) == 1, "as often as before"
        await settled()
        assert night.peer.open == {}


async def test_quotes_without_a_price_until_there_is_one() -> None:
    async with nights({m.MarketDataRequest: TICKS}) as night, night.tws.market_data.quotes(APPLE) as quotes:
        (quote,) = await items_until(quotes, lambda items: items[-1].bid)
        assert (quote.gap, quote.resumed) == (None, None)
        await night.peer.say(replace(BID, request_id=quotes.request.request_id, price=11.0))
        await settled()
        await night.cut()
        (quote,) = await items_until(quotes, is_gap)
        assert (quote.bid, quote.ask, quote.mode, quote.mid) == (None, None, None, None)
        assert {"bid", "ask", "mode"} <= {*quote.changed}
        night.answers = {}
        await night.come_back()
        (quote,) = await items_until(quotes, is_resumed)
        assert quote == Quote(resumed=RESUMED)
        await night.peer.say(replace(BID, request_id=quotes.request.request_id))
        (quote,) = await items_until(quotes, lambda items: items[-1].bid)
        assert (quote.resumed, quote.gap, quote.bid) == (None, None, 10.5)


async def test_two_outages_before_anybody_looks() -> None:
    answers = {m.TickByTickRequest: (TICK,)}
    async with nights(answers) as night, night.tws.market_data.ticks(APPLE) as ticks:
        await settled()
        await night.cut()
        await night.come_back()
        await settled()
        second = Gap(SINCE + timedelta(hours=1), "once more")
        await night.cut(second)
        await night.come_back(SINCE + timedelta(hours=2))
        items = await items_until(ticks, lambda items: len(items) == 7)
        kinds = [type(item).__name__ for item in items]
        assert kinds == ["HistoricalTickLast", "Gap", "Resumed", "HistoricalTickLast", "Gap", "Resumed",
                         "HistoricalTickLast"]  # fmt: skip
        assert [item.gap for item in items if isinstance(item, Resumed)] == [GAP, second]
        assert all(item.not_fetched for item in items if isinstance(item, Resumed))


async def test_of_quotes_two_outages_are_one() -> None:
    async with nights({m.MarketDataRequest: TICKS}) as night, night.tws.market_data.quotes(APPLE) as quotes:
        for hour in range(3):
            await night.cut(Gap(SINCE + timedelta(hours=hour), f"outage {hour}"))
            await night.come_back(SINCE + timedelta(hours=hour, minutes=5))
        await settled()
        quote = await anext(quotes)
        assert quote.resumed is not None
        assert (quote.resumed.gap.since, quote.resumed.until) == (SINCE, SINCE + timedelta(hours=2, minutes=5))
        assert quote.resumed.gap.reason.startswith("outage 2 (")


async def test_who_is_in_a_gap_stays_in_that_one() -> None:
    async with nights({m.TickByTickRequest: (TICK,)}) as night, night.tws.market_data.ticks(APPLE) as ticks:
        await items_until(ticks, len)
        await night.cut()
        night.streams.lose(Gap(UNTIL, "another"))
        await night.come_back()
        assert await items_until(ticks, is_resumed) == [GAP, replace(RESUMED, not_fetched=ANY)]


class _Any(str):
    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str)


ANY = _Any()


async def test_a_stream_that_is_opened_while_there_is_nobody_waits() -> None:
    async with nights({m.MarketDataRequest: TICKS, m.TickByTickRequest: (TICK,)}) as night:
        await night.cut()
        async with night.tws.market_data.quotes(APPLE) as quotes, night.tws.market_data.ticks(SPY) as ticks:
            assert (await anext(quotes)) == Quote(gap=GAP)
            assert (await anext(ticks)) == GAP
            async with night.tws.market_data.quotes(SPY):
                assert (night.streams.open, night.streams.in_gap) == (3, 3)
            await night.come_back()
            quote = (await items_until(quotes, lambda items: items[-1].bid))[-1]
            assert quote.gap is None
            assert [type(item) for item in await items_until(ticks, lambda items: len(items) == 2)] == [
                Resumed, m.HistoricalTickLast,
            ]  # fmt: skip
            assert {request.contract for request in night.peer.open.values()} == {APPLE, SPY}
    asked = [type(each).__name__ for each in night.peer.heard if not type(each).__name__.startswith("Cancel")]
    assert asked == ["MarketDataRequest", "TickByTickRequest"], "who has left meanwhile is asked for no more"


@pytest.mark.virtual_time
async def test_a_deadline_for_the_first_data_runs_while_there_is_nobody() -> None:
    async with nights({m.PnLRequest: (m.PnL(0, 1.0, 2.0, 3.0),)}) as night:
        await night.cut()
        began = anyio.current_time()
        async with night.tws.accounts.follow_pnl(timeout=20) as late, night.tws.accounts.follow_pnl() as patient:
            assert (await anext(late), await anext(patient)) == (GAP, GAP)
            with pytest.raises(RequestTimedOut) as timed_out:
                await anext(late)
            assert anyio.current_time() == began + 20
            assert (timed_out.value.sent, timed_out.value.seconds) == (False, 20)
            async with night.tws.accounts.follow_pnl(timeout=20) as quick:
                await anyio.sleep(15)
                night.answers = {}
                await night.come_back()
                assert await anext(quick) == GAP
                with pytest.raises(RequestTimedOut):
                    await items_until(quick, lambda _: False)
                assert anyio.current_time() == began + 40
            await night.peer.say(m.PnL(patient.request.request_id, 1.0, 2.0, 3.0))
            assert len(await items_until(patient, lambda items: len(items) == 2)) == 2


async def test_what_tws_refuses_at_the_reopening_is_over() -> None:
    answers: dict[type[Any], Any] = {m.MarketDataRequest: TICKS, m.TickByTickRequest: (TICK,)}
    async with nights(answers) as night:
        async with night.tws.market_data.ticks(APPLE) as ticks, night.tws.market_data.quotes(APPLE) as quotes:
            await items_until(ticks, len)
            await items_until(quotes, len)
            await night.cut()
            night.answers = {**answers, m.TickByTickRequest: (m.ErrorMessage(0, 10189, "no subscription"),)}
            await night.come_back()
            with pytest.raises(RequestFailed) as refused:
                await items_until(ticks, lambda _: False)
            assert refused.value.code == 10189
            assert (await items_until(quotes, lambda items: items[-1].bid))[-1].gap is None
            assert night.streams.in_gap == 0


async def test_what_is_too_slow_is_over_and_stays_so() -> None:
    answers = {m.TickByTickRequest: (TICK, TICK, TICK)}
    async with nights(answers) as night, night.tws.market_data.ticks(APPLE, capacity=2) as ticks:
        await settled()
        await night.cut()
        await night.come_back()
        assert night.peer.heard == []
        with pytest.raises(SlowConsumer):
            await anext(ticks)


async def test_the_end_of_everything() -> None:
    end = ConnectionClosed(CloseReason.RESET, State.CLOSED, "hopeless")
    async with nights({m.TickByTickRequest: (TICK,), m.MarketDataRequest: TICKS}) as night:
        async with night.tws.market_data.ticks(APPLE) as ticks, night.tws.market_data.watch([APPLE]) as watch:
            await settled()
            await night.cut()
            night.streams.end(end)
            with pytest.raises(ConnectionClosed) as closed:
                await items_until(ticks, lambda _: False)
            assert closed.value == end
            with pytest.raises(ConnectionClosed):
                await items_until(watch, lambda _: False)
            with anyio.fail_after(1):
                await night.streams.drained()
        with pytest.raises(ConnectionClosed):
            async with night.tws.market_data.quotes(APPLE):
                pytest.fail("there is nobody")


async def test_many_contracts_have_one_gap_together() -> None:
    contracts = [replace(APPLE, contract_id=number) for number in range(1, 301)]
    async with nights({m.MarketDataRequest: TICKS}) as night, night.tws.market_data.watch(contracts) as watch:
        await items_until(watch, lambda items: len({each.contract.contract_id for each in items}) == 300)
        await night.cut()
        await night.come_back()
        items = await items_until(watch, lambda items: len(items) == 302)
        assert [each.item for each in items[:2]] == [GAP, RESUMED]
        assert [each.contract for each in items[:2]] == [None, None]
        assert {each.contract.contract_id for each in items[2:]} == {*range(1, 301)}
        assert all(each.item.gap is None and each.item.bid == 10.5 for each in items[2:])


async def test_a_position_that_was_closed_meanwhile_is_gone() -> None:
    apple, spy = (m.Position("DU1", contract, Decimal(5), 9.0) for contract in (APPLE, SPY))
    answers: dict[type[Any], Any] = {m.PositionsRequest: (apple, spy, m.PositionEnd())}
    async with nights(answers) as night, night.tws.accounts.follow_positions() as pictures:
        (first,) = await items_until(pictures, len)
        assert first.held == (apple, spy)
        await night.cut()
        (old,) = await items_until(pictures, len)
        assert (old.held, old.gap, old.changed) == ((apple, spy), GAP, ())
        more = replace(apple, position=Decimal(6))
        night.answers = {m.PositionsRequest: (more, m.PositionEnd())}
        await night.come_back()
        (new,) = await items_until(pictures, len)
        assert (new.held, new.gap, new.resumed, new.changed) == ((more,), None, RESUMED, (more,))
        await night.peer.say(apple)
        (newer,) = await items_until(pictures, len)
        assert (newer.held, newer.resumed, newer.changed) == ((apple,), None, (apple,))


async def test_updating_bars_bring_what_was_missed() -> None:
    hour = timedelta(hours=1)

    def update(hours: int, close: float) -> m.HistoricalDataUpdate:
        return m.HistoricalDataUpdate(0, m.UpdatedBar(NOON + hours * hour, 10.0, 11.0, 9.0, close))

    answers: dict[type[Any], Any] = {m.HistoricalDataRequest: (*bars_at(NOON, NOON + hour), update(1, 10.6))}
    async with nights(answers) as night, night.tws.historical.updating_bars(APPLE, "1 D", "1 hour") as stream:
        await items_until(stream, lambda items: sum(isinstance(item, Bar) for item in items) == 3)
        await night.cut()
        moments = [NOON + number * hour for number in range(5)]
        night.answers = {m.HistoricalDataRequest: (*bars_at(*moments), update(4, 10.7), update(5, 10.8))}
        await night.come_back()
        gap, resumed, *bars = await items_until(stream, lambda items: len(items) == 6)
        assert gap == GAP
        assert [(bar.begin, bar.is_over) for bar in resumed.fetched] == [(NOON + n * hour, True) for n in (1, 2, 3)]
        assert [(bar.begin, bar.is_over) for bar in bars] == [
            (NOON + 4 * hour, False), (NOON + 4 * hour, False), (NOON + 4 * hour, True), (NOON + 5 * hour, False),
        ]  # fmt: skip
        assert not any(isinstance(item, CaughtUp) for item in bars)
        assert resumed.not_fetched == ""


async def test_updating_bars_say_what_they_cannot_bring() -> None:
    hour = timedelta(hours=1)
    answers: dict[type[Any], Any] = {m.HistoricalDataRequest: bars_at(NOON)}
    async with nights(answers) as night, night.tws.historical.updating_bars(APPLE, "3600 S", "1 hour") as stream:
        await items_until(stream, lambda items: isinstance(items[-1], CaughtUp))
        await night.cut()
        night.answers = {m.HistoricalDataRequest: bars_at(NOON + 8 * hour, NOON + 9 * hour)}
        await night.come_back()
        resumed = (await items_until(stream, is_resumed))[-1]
        assert [bar.begin for bar in resumed.fetched] == [NOON + 8 * hour]
        assert "may be missing" in resumed.not_fetched


def five(number: int) -> m.RealTimeBarTick:
    """Give the bar of five seconds of that number."""
    begin = NOON + timedelta(seconds=5 * number)
    return m.RealTimeBarTick(0, begin, 1.0, 2.0, 0.5, 1.5, Decimal(3), Decimal(1), 2)


def fives(*numbers: int) -> tuple[Any, ...]:
    """Give what TWS says of these in history."""
    return bars_at(*[NOON + timedelta(seconds=5 * number) for number in numbers])


async def test_bars_of_five_seconds_are_fetched() -> None:
    async with nights({m.RealTimeBarsRequest: (five(0), five(1))}) as night:
        async with night.tws.market_data.bars(APPLE) as bars:
            await items_until(bars, lambda items: len(items) == 2)
            await night.cut()
            night.answers = {
                m.RealTimeBarsRequest: (five(7), five(8)), m.HistoricalDataRequest: fives(0, 1, 2, 3, 4, 5, 6, 7, 8),
            }  # fmt: skip
            await night.come_back()
            gap, resumed, *new = await items_until(bars, lambda items: len(items) == 3)
            assert gap == GAP
            numbers = [(bar.begin - NOON) // timedelta(seconds=5) for bar in (*resumed.fetched, *new)]
            assert numbers == [2, 3, 4, 5, 6, 7, 8], "none twice, none missing"
            asked = next(each for each in night.peer.heard if isinstance(each, m.HistoricalDataRequest))
            assert (asked.duration, asked.bar_size_setting.value) == ("325 S", "5 secs")


@pytest.mark.virtual_time
async def test_bars_that_cannot_be_fetched_hold_up_nobody_for_long() -> None:
    answers: dict[type[Any], Any] = {m.RealTimeBarsRequest: (five(0),), m.TickByTickRequest: (TICK,)}
    async with nights(answers) as night:
        async with night.tws.market_data.bars(APPLE) as bars, night.tws.market_data.ticks(SPY) as ticks:
            await items_until(bars, len)
            await items_until(ticks, len)
            await night.cut()
            await night.come_back()
            began = anyio.current_time()
            assert len(await items_until(ticks, lambda items: len(items) == 3)) == 3
            assert anyio.current_time() == began
            assert await anext(bars) == GAP
            with anyio.fail_after(40):
                resumed = await anext(bars)
            assert anyio.current_time() == began + FETCH_SECONDS
            assert "within 30 s" in resumed.not_fetched
            assert resumed.fetched == ()
            night.answers = {**answers, m.HistoricalDataRequest: (m.ErrorMessage(0, 162, "pacing violation"),)}
            await night.cut(Gap(UNTIL, "again"))
            await night.come_back()
            resumed = (await items_until(bars, is_resumed))[-1]
            assert "pacing violation" in resumed.not_fetched


def link(code: int) -> m.ErrorMessage:
    """Give a word of TWS about its link."""
    return m.ErrorMessage(None, code, "link")


async def test_data_that_tws_has_lost_are_asked_for_again_on_the_same_connection() -> None:
    answers = {m.TickByTickRequest: (TICK,), m.MarketDataRequest: TICKS, m.PositionsRequest: (m.PositionEnd(),)}
    async with nights(answers) as night:
        async with night.tws.market_data.ticks(APPLE) as ticks, night.tws.market_data.quotes(APPLE) as quotes:
            async with night.tws.accounts.follow_positions() as positions:
                for each in (ticks, quotes, positions):
                    await items_until(each, len)
                await night.peer.say(link(1100))
                night.streams.lose_link(GAP)
                assert (await anext(ticks), (await anext(quotes)).gap) == (GAP, GAP)
                await night.peer.say(link(1101))
                await settled(200)
                assert night.streams.in_gap == 2
                await night.streams.reopen(night.pump, UNTIL)
                assert isinstance(await anext(ticks), Resumed)
                assert (await items_until(quotes, lambda items: items[-1].bid))[0].resumed == RESUMED
                assert len([each for each in night.peer.heard if isinstance(each, m.PositionsRequest)]) == 1


async def test_without_a_word_before_it_lost_data_are_a_gap_all_the_same() -> None:
    async with nights({m.TickByTickRequest: (TICK,)}) as night, night.tws.market_data.ticks(APPLE) as ticks:
        await items_until(ticks, len)
        await night.peer.say(link(1101))
        gap = await anext(ticks)
        assert (gap.since, "1101" in gap.reason) == (SINCE, True)
        await night.streams.reopen(night.pump, UNTIL)
        assert (await anext(ticks)).gap == gap


@pytest.mark.virtual_time
async def test_after_1102_what_stays_silent_is_opened_anew_once() -> None:
    answers = {m.TickByTickRequest: (TICK,), m.MarketDataRequest: TICKS, m.PnLRequest: (m.PnL(0, 1.0, 2.0, 3.0),)}
    async with nights(answers) as night:
        tws = night.tws
        async with (
            tws.market_data.ticks(APPLE) as ticks,
            tws.market_data.quotes(APPLE) as quotes,
            tws.accounts.follow_pnl() as pnl,
        ):
            for each in (ticks, quotes, pnl):
                await items_until(each, len)
            night.streams.lose_link(GAP)
            # The rest of what was on its way.
            await night.peer.say(replace(TICK, request_id=ticks.request.request_id))
            await settled(100)
            assert await anext(ticks) == GAP
            night.streams.resume_link(UNTIL)
            assert [type(each) for each in await items_until(ticks, lambda items: len(items) == 2)] == [
                Resumed, m.HistoricalTickLast,
            ]  # fmt: skip
            assert (await items_until(quotes, lambda items: items[-1].bid))[-1].bid == 10.5, "it was opened anew"
            assert [type(each) for each in await items_until(pnl, is_resumed)] == [Gap, Resumed]
            await night.peer.say(m.PnL(pnl.request.request_id, 4.0, 5.0, 6.0))
            heard = len(night.peer.heard)
            await anyio.sleep(3600)
            asked = night.peer.heard[heard:]
            assert [type(each).__name__ for each in asked] == ["CancelTickByTick", "TickByTickRequest"]
            gap, resumed, tick = await items_until(ticks, lambda items: len(items) == 3)
            assert "1102" in gap.reason
            assert resumed.gap == gap
            assert isinstance(tick, m.HistoricalTickLast)


@pytest.mark.virtual_time
async def test_data_that_go_on_while_tws_says_that_it_has_no_link_are_believed() -> None:
    async with nights({m.TickByTickRequest: (TICK,)}) as night, night.tws.market_data.ticks(APPLE) as ticks:
        await items_until(ticks, len)
        night.streams.lose_link(GAP)
        assert await anext(ticks) == GAP
        await anyio.sleep(6)
        await night.peer.say(replace(TICK, request_id=ticks.request.request_id))
        with anyio.fail_after(6):
            assert isinstance(await anext(ticks), Resumed)
            assert isinstance(await anext(ticks), m.HistoricalTickLast)


@pytest.mark.virtual_time
async def test_what_tws_ends_for_a_while_is_asked_for_again_ever_less_often() -> None:
    answers: dict[type[Any], Any] = {m.HistoricalDataRequest: bars_at(NOON)}
    async with nights(answers) as night, night.tws.historical.updating_bars(APPLE, "1 D", "1 hour") as stream:
        await items_until(stream, lambda items: isinstance(items[-1], CaughtUp))
        broken = m.ErrorMessage(0, 10182, "Failed to request live updates (disconnected).")
        night.peer.answers = {m.HistoricalDataRequest: (broken,)}
        began = anyio.current_time()
        await night.peer.say(replace(broken, request_id=stream.request.request_id))
        gap = await anext(stream)
        assert "10182" in gap.reason
        await anyio.sleep(130)
        asked = [each for each in night.peer.heard if isinstance(each, m.HistoricalDataRequest)]
        assert len(asked) == 1 + 4, "after 5, 15, 35, 75 s"
        night.peer.answers = answers
        with anyio.fail_after(60):
            resumed = await anext(stream)
        assert resumed.gap == gap
        assert anyio.current_time() - began == 135


@pytest.mark.virtual_time
async def test_that_a_contract_is_gone_is_believed_in_the_end() -> None:
    async with nights({m.TickByTickRequest: (TICK,)}) as night, night.tws.market_data.ticks(APPLE) as ticks:
        await items_until(ticks, len)
        await night.cut()
        night.answers = {m.TickByTickRequest: (m.ErrorMessage(0, 200, "No security definition has been found"),)}
        began = anyio.current_time()
        await night.come_back()
        items = [await anext(ticks) for _ in range(12)]
        with pytest.raises(RequestFailed):
            await anext(ticks)
        assert anyio.current_time() - began == 10 + 20 + 40 + 60 + 60
        assert [type(item) for item in items] == [Gap, Resumed] * 6


@pytest.mark.virtual_time
async def test_a_hundred_streams_are_back_in_the_time_that_pacing_allows() -> None:
    contracts = [replace(APPLE, contract_id=number) for number in range(1, 101)]
    async with nights({m.MarketDataRequest: TICKS}, pacing=STANDARD_PACING) as night:
        async with night.tws.market_data.watch(contracts) as watch:
            await items_until(watch, lambda items: len({each.contract.contract_id for each in items}) == 100)
            await night.cut()
            began = anyio.current_time()
            await night.come_back()
            assert anyio.current_time() == began, "nobody waits for it"
            await items_until(watch, lambda items: len({each.contract for each in items}) == 1 + 100)
            assert anyio.current_time() - began < 3


@pytest.mark.virtual_time
async def test_a_stream_goes_on_when_its_request_has_left_and_not_before() -> None:
    """Of a hundred that pacing holds up, each says itself when TWS began to know of it: no second is passed over."""
    contracts = [replace(APPLE, contract_id=number) for number in range(1, 101)]
    told: dict[int, datetime] = {}
    async with nights({m.MarketDataRequest: TICKS}, pacing=STANDARD_PACING) as night:
        night.streams.utc = lambda: SINCE + timedelta(seconds=anyio.current_time())

        async def read(contract: m.Contract) -> None:
            async with night.tws.market_data.raw(contract) as stream:
                async for item in stream:
                    if isinstance(item, Resumed):
                        told[contract.contract_id] = item.until
                        assert item.until == night.streams.utc(), "it is told at once"

        async with anyio.create_task_group() as tasks:
            for contract in contracts:
                tasks.start_soon(read, contract)
            await anyio.sleep(60)
            await night.cut(Gap(night.streams.utc(), "cut"))
            await anyio.sleep(60)
            began = night.streams.utc()
            await night.come_back(began)
            await anyio.sleep(10)
            assert len(told) == 100
            assert min(told.values()) == began
            assert timedelta(seconds=1) < max(told.values()) - began < timedelta(seconds=3)
            tasks.cancel_scope.cancel()


@pytest.mark.virtual_time
async def test_a_stream_that_is_opened_while_tws_has_no_link_begins_with_that_gap() -> None:
    """It may never be answered: so it is told why, and opened again when the link is back and nothing comes."""
    answers: dict[type[Any], Any] = {m.TickByTickRequest: ()}
    async with nights(answers) as night:
        night.streams.lose_link(GAP)
        async with night.tws.market_data.ticks(APPLE) as ticks:
            assert await anext(ticks) == GAP
            await anyio.sleep(600)
            night.peer.answers = {m.TickByTickRequest: (TICK,)}
            night.streams.resume_link(UNTIL)
            await anyio.sleep(600)
            items = await items_until(ticks, lambda items: isinstance(items[-1], m.HistoricalTickLast))
            assert [type(item) for item in items] == [Resumed, Gap, Resumed, m.HistoricalTickLast]
            assert items[1].since == UNTIL, "since the link is back nothing has come"


@pytest.mark.virtual_time
async def test_what_is_silent_though_its_farm_is_back_is_opened_anew() -> None:
    answers = {m.TickByTickRequest: (TICK,), m.PnLRequest: (m.PnL(0, 1.0, 2.0, 3.0),)}
    async with nights(answers) as night, night.tws.market_data.ticks(APPLE) as ticks, night.tws.accounts.follow_pnl():
        await items_until(ticks, len)
        night.streams.farm_is_back(FarmKind.HISTORICAL, SINCE)
        await anyio.sleep(600)
        assert len(night.peer.heard) == 2, "it is fed by others"
        night.streams.farm_is_back(FarmKind.MARKET_DATA, SINCE + timedelta(seconds=1))
        await anyio.sleep(600)
        gap, resumed, tick = await items_until(ticks, lambda items: len(items) == 3)
        assert (gap.since, resumed.gap) == (SINCE + timedelta(seconds=1), gap)
        assert isinstance(tick, m.HistoricalTickLast)
        assert len([each for each in night.peer.heard if isinstance(each, m.PnLRequest)]) == 1
