"""News, from end to end: providers, headlines of the past and as they come, articles, bulletins."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import anyio
import anyio.lowlevel
import pytest

from anytws import Dropped, Notice, RequestFailed, SlowConsumer
from anytws.machines import WhenFull
from anytws.messages import (
    Contract,
    ContractData,
    ContractDetails,
    ErrorMessage,
    HistoricalNews,
    HistoricalNewsEnd,
    HistoricalNewsRequest,
    MarketDataRequest,
    NewsBulletin,
    NewsBulletinType,
    SecurityType,
    Stock,
    TickGeneric,
    TickNews,
    TickType,
)
from anytws.simulator import World, WorldSettings
from anytws.simulator.settings import EPOCH
from tests.in_memory import Script, connected, next_of

POLICIES: Final[tuple[tuple[WhenFull, type], ...]] = (("fail", SlowConsumer), ("drop_oldest", Dropped))
AAPL = Contract(contract_id=265598, symbol="AAPL", security_type=SecurityType.STOCK, exchange="SMART", currency="USD")


@pytest.mark.parametrize("version", [178, 226])
async def test_headlines_and_their_articles(version: int) -> None:
    async with connected(server_version=version, starts_at=EPOCH) as tws:
        codes = [provider.provider_code for provider in await tws.news.providers()]
        assert "BRFG" in codes
        some = await tws.news.headlines(AAPL, codes, most=2)
        assert (len(some.headlines), some.has_more) == (2, True)
        everything = await tws.news.headlines(ContractData(1, AAPL, ContractDetails()), "+".join(codes), most=300)
        assert [each.article_id for each in everything.headlines][:2] == [each.article_id for each in some.headlines]
        times = [headline.time for headline in everything.headlines if headline.time is not None]
        assert times == sorted(times, reverse=True)
        article = await tws.news.article(some.headlines[0])
        assert article.article_text
        same = await tws.news.article_by_id(some.headlines[0].provider_code, some.headlines[0].article_id)
        assert same.article_text == article.article_text


async def test_the_next_page_ends_where_the_first_one_did() -> None:
    async with connected(starts_at=EPOCH) as tws:
        first = await tws.news.headlines(AAPL, "BRFG", most=2)
        oldest = first.headlines[-1].time
        assert oldest is not None
        second = await tws.news.headlines(AAPL, "BRFG", end=oldest, most=2)
        fresh = {each.article_id for each in second.headlines} - {each.article_id for each in first.headlines}
        assert fresh
        assert all(each.time is not None and each.time <= oldest for each in second.headlines)
        none = await tws.news.headlines(AAPL, "BRFG", start=EPOCH, end=EPOCH - timedelta(days=2))
        assert (none.headlines, none.has_more) == ((), False)


async def test_headlines_that_may_not_be_read_are_an_error_and_no_empty_answer() -> None:
    async with connected() as tws:
        for contract, provider, code in ((AAPL, "BZ", 321), (Contract(contract_id=1), "BRFG", 10173)):
            with pytest.raises(RequestFailed) as caught:
                await tws.news.headlines(contract, provider)
            assert caught.value.code == code
        for provider in ("BZ", "BRFG"):
            with pytest.raises(RequestFailed) as caught:
                await tws.news.article_by_id(provider, "nothing")
            assert caught.value.code == 10172
    script = Script({HistoricalNewsRequest: [ErrorMessage(0, 10276, "News feed is not allowed.")]})
    async with connected(script.world) as tws:
        with pytest.raises(RequestFailed) as caught:
            await tws.news.headlines(AAPL, "BRFG")
        assert caught.value.code == 10276


async def test_what_cannot_be_asked_is_refused_before_it_is_sent() -> None:
    world = World()
    async with connected(world) as tws:
        with pytest.raises(ValueError, match="300 headlines"):
            await tws.news.headlines(AAPL, "BRFG", most=301)
        with pytest.raises(ValueError, match="at least 1"):
            await tws.news.headlines(AAPL, "BRFG", most=0)
        with pytest.raises(ValueError, match="resolve"):
            await tws.news.headlines(Stock("AAPL"), "BRFG")
        assert not world.heard


async def test_whether_there_is_more_is_what_the_end_says() -> None:
    rows = [HistoricalNews(0, None, "BRFG", f"BRFG${number}", "so") for number in range(3)]
    script = Script({HistoricalNewsRequest: [*rows, HistoricalNewsEnd(0, True)]})
    async with connected(script.world) as tws:
        found = await tws.news.headlines(AAPL, ["BRFG", "DJNL"], most=3)
        assert found.has_more
        assert [each.article_id for each in found.headlines] == ["BRFG$0", "BRFG$1", "BRFG$2"]
        request = script.asked[0]
        assert isinstance(request, HistoricalNewsRequest)
        assert (request.provider_codes, request.total_results) == ("BRFG+DJNL", 3)


@pytest.mark.virtual_time
@pytest.mark.parametrize("version", [178, 226])
async def test_headlines_as_they_come_and_nothing_else(version: int) -> None:
    world = World(WorldSettings(server_version=version, starts_at=EPOCH))
    async with connected(world) as tws, tws.news.follow_headlines(AAPL, ["BRFG"]) as headlines:
        seen = []
        with anyio.move_on_after(86_400):
            async for headline in headlines:
                assert isinstance(headline, TickNews)
                seen.append(headline)
                if (headline.timestamp or EPOCH) > EPOCH:
                    break
        assert {headline.provider_code for headline in seen} == {"BRFG"}
        assert isinstance(seen[-1].timestamp, datetime)
        assert (await tws.news.article(seen[-1])).article_text


async def test_prices_are_left_out_and_remarks_are_not() -> None:
    script = Script({MarketDataRequest: []})
    async with connected(script.world) as tws, tws.news.follow_headlines(AAPL) as headlines:
        while not script.asked:
            await tws.current_time()
        news = TickNews(0, EPOCH, "BRFG", "BRFG$1", "so")
        script.say(TickGeneric(0, TickType(58), 1.0), ErrorMessage(0, 10167, "delayed"), news)
        remark = await next_of(headlines)
        assert isinstance(remark, Notice)
        assert remark.code == 10167
        assert isinstance(await next_of(headlines), TickNews)
        request = script.asked[0]
        assert isinstance(request, MarketDataRequest)
        assert request.generic_tick_list == "mdoff,292"


async def test_a_reader_of_headlines_that_is_too_slow_is_told_so() -> None:
    for when_full, expected in POLICIES:
        script = Script(
            {MarketDataRequest: [TickNews(0, EPOCH, "BRFG", f"BRFG${number}", "so") for number in range(9)]}
        )
        async with connected(script.world) as tws:
            async with tws.news.follow_headlines(AAPL, capacity=3, when_full=when_full) as headlines:
                while headlines.statistics().received < 9:
                    await anyio.lowlevel.checkpoint()
                assert headlines.statistics().waiting <= 3
                if expected is SlowConsumer:
                    with pytest.raises(SlowConsumer):
                        await next_of(headlines)
                else:
                    assert await next_of(headlines) == Dropped(6)
                    assert (await next_of(headlines)).article_id == "BRFG$6"


async def test_a_provider_that_is_not_ticked_is_an_error() -> None:
    async with connected() as tws, tws.news.follow_headlines(AAPL, "BZ") as headlines:
        with pytest.raises(RequestFailed) as caught:
            await next_of(headlines)
        assert caught.value.code == 10094


async def test_the_broad_tape_is_a_contract_of_its_own() -> None:
    script = Script({MarketDataRequest: [TickNews(0, EPOCH, "BRFG", "BRFG$1", "so")]})
    async with connected(script.world) as tws, tws.news.follow_provider("BRFG") as headlines:
        assert isinstance(await next_of(headlines), TickNews)
        request = script.asked[0]
        assert isinstance(request, MarketDataRequest)
        tape = request.contract
        assert (tape.symbol, tape.security_type, tape.exchange) == ("BRFG:BRFG_ALL", SecurityType.NEWS, "BRFG")
    async with connected() as tws, tws.news.follow_provider("BRFG") as headlines:
        with pytest.raises(RequestFailed) as caught:
            await next_of(headlines)
        assert caught.value.code == 200


@pytest.mark.parametrize("version", [178, 226])
async def test_bulletins_of_today_and_new_ones(version: int) -> None:
    world = World(WorldSettings(server_version=version, starts_at=EPOCH))
    world.desk.announce("The lights are out", NewsBulletinType.EXCHANGE_UNAVAILABLE, "NYSE")
    async with connected(world) as tws, tws.news.follow_bulletins(with_past=True) as bulletins:
        past = await next_of(bulletins)
        assert isinstance(past, NewsBulletin)
        assert past.originating_exchange == "NYSE"
        world.desk.announce("They are on")
        assert (await next_of(bulletins)).news_message == "They are on"
