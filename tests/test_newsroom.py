"""Made-up news: the same for the same seed, found again by their ids, and told as TWS tells them."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws.messages.base import ToTws
from anytws.messages.contract import Contract, SecurityType
from anytws.messages.contracts import ContractDataRequest
from anytws.messages.market_data import MarketDataRequest, TickNews
from anytws.messages.news import (
    HistoricalNews,
    HistoricalNewsEnd,
    HistoricalNewsRequest,
    NewsArticle,
    NewsArticleRequest,
    NewsArticleType,
    NewsProvider,
    NewsProviders,
    NewsProvidersRequest,
)
from anytws.messages.session import ErrorMessage
from anytws.simulator import World, WorldSettings
from anytws.simulator.answers import news
from anytws.simulator.newsroom import HOUR_MS, KEPT_HOURS, PROVIDERS
from anytws.simulator.settings import EPOCH
from tests.test_world import Client

DAY_MS = 24 * HOUR_MS
ALL = tuple(PROVIDERS)
AAPL = 265598


def reader(**knobs: object) -> Client:
    return Client(World(WorldSettings(news_providers=ALL)), client_id=1, **knobs)


def ask(client: Client, **values: object) -> list[HistoricalNews]:
    """Ask for headlines about Apple of everybody; give them, their end aside."""
    *rows, end = client.ask(HistoricalNewsRequest(AAPL, "+".join(ALL), request_id=7, **values))
    assert isinstance(end, HistoricalNewsEnd)
    return rows


def history(client: Client, now: float) -> list[HistoricalNews]:
    """Ask at *now* for all headlines about Apple."""
    request = HistoricalNewsRequest(AAPL, "+".join(ALL), total_results=300, request_id=8)
    return [row for row in client.ask(request, now) if isinstance(row, HistoricalNews)]


# Over the wire


@pytest.mark.card("news.providers")
def test_the_free_providers_are_there():
    told = Client(World(), client_id=1).ask(NewsProvidersRequest())
    free = ("BRFG", "BRFUPDN", "DJNL")
    assert told == [NewsProviders(tuple(NewsProvider(code, PROVIDERS[code]) for code in free))]
    own = Client(World(WorldSettings(news_providers=("BZ",))), client_id=1).ask(NewsProvidersRequest())
    assert own == [NewsProviders((NewsProvider("BZ", "BZ"),))]


@pytest.mark.card("news.history")
@pytest.mark.parametrize("version", [178, 226])
def test_headlines_come_newest_first_with_their_end(version: int):
    client = reader(maximum_version=version)
    rows = ask(client, total_results=300)
    assert len(rows) > 20
    assert [row.time for row in rows] == sorted((row.time for row in rows), reverse=True)
    assert all(row.time <= EPOCH and row.time.microsecond == 0 for row in rows)
    assert all(row.article_id.startswith(f"{row.provider_code}$") and row.headline.startswith("{") for row in rows)
    assert {row.provider_code for row in rows} == set(ALL)


@pytest.mark.card("news.history")
def test_no_more_than_asked_for_and_a_word_whether_there_are_more():
    client = reader()
    request = HistoricalNewsRequest(AAPL, "+".join(ALL), total_results=3, request_id=7)
    told = client.ask(request)
    assert told[-1] == HistoricalNewsEnd(7, has_more=True)
    assert told[:-1] == ask(client, total_results=300)[:3]
    everything = ask(client, start_date_time=EPOCH - timedelta(days=2), total_results=10_000)
    assert 3 < len(everything) < 300
    *rest, end = client.ask(
        HistoricalNewsRequest(
            AAPL,
            "+".join(ALL),
            start_date_time=EPOCH - timedelta(days=2),
            total_results=len(everything),
            request_id=7,
        )
    )
    assert (rest, end) == (everything, HistoricalNewsEnd(7, has_more=False))


@pytest.mark.card("news.history")
def test_the_next_page_begins_where_the_last_one_ended():
    client = reader()
    first = ask(client, total_results=5)
    oldest = first[-1].time
    assert oldest is not None
    second = ask(client, end_date_time=oldest, total_results=5)
    assert all(row.time <= oldest for row in second)
    assert ask(client, start_date_time=EPOCH) == []


@pytest.mark.card("news.not_subscribed", "news.unknown_contract")
def test_what_the_user_has_not_is_refused():
    client = Client(World(), client_id=1)
    (error,) = client.ask(HistoricalNewsRequest(AAPL, "BRFG+BZ", request_id=7))
    assert error.error_message == (
        "Error validating request.-'HistoricalNewsRequest' : cause - Not subscribed for 'BZ' provider"
    )
    assert (error.request_id, error.error_code) == (7, 321)
    (error,) = client.ask(HistoricalNewsRequest(1, "BRFG", request_id=7))
    assert (error.error_code, error.error_message) == (10173, "Failed to request historical news")


@pytest.mark.card("news.article")
@pytest.mark.parametrize("version", [178, 226])
def test_every_headline_has_an_article(version: int):
    client = reader(maximum_version=version)
    for row in ask(client, total_results=30):
        (told,) = client.ask(NewsArticleRequest(row.provider_code, row.article_id, request_id=8))
        assert isinstance(told, NewsArticle)
        assert told.article_type is NewsArticleType.TEXT
        assert row.headline.rpartition("}")[2] in told.article_text


STRANGE = ["DJ-N", "DJ-N$", "DJ-N$xxxxxxxx", "DJ-N$ffffffff", "DJ-N$00000000", "DJ-N$0000000\u0661", "$00000000", ""]


@pytest.mark.card("news.article")
@pytest.mark.parametrize("article_id", STRANGE)
def test_an_article_that_is_not_there_is_not_found(article_id: str):
    (error,) = reader().ask(NewsArticleRequest("DJ-N", article_id, request_id=8))
    assert (error.error_code, error.error_message) == (10172, "Failed to request news article:Not found")


@pytest.mark.card("news.article")
def test_an_article_of_somebody_elses_is_not_allowed():
    (error,) = Client(World(), client_id=1).ask(NewsArticleRequest("DJ-N", "DJ-N$1f78cb2c", request_id=8))
    assert (error.request_id, error.error_code) == (8, 10172)
    assert error.error_message == "Failed to request news article:Not allowed"


@given(st.sampled_from(ALL), st.text(max_size=12) | st.integers(0, 2**32).map("DJ-N${:08x}".format))
def test_any_article_id_has_an_answer(provider: str, article_id: str):
    (told,) = reader().ask(NewsArticleRequest(provider, article_id.replace("\0", ""), request_id=8))
    assert isinstance(told, NewsArticle | ErrorMessage)


@pytest.mark.card("news.no_broad_tape")
def test_there_is_no_broad_tape():
    tape = Contract(symbol="BRFG:BRFG_ALL", security_type=SecurityType.NEWS, exchange="BRFG")
    client = Client(World(), client_id=1)
    for request in (
        MarketDataRequest(tape, generic_tick_list="mdoff,292", request_id=7),
        ContractDataRequest(tape, request_id=7),
    ):
        (error,) = client.ask(request)
        assert (error.request_id, error.error_code) == (7, 200)


@pytest.mark.card("news.ticks")
def test_a_stream_of_market_data_brings_headlines():
    client = reader()
    apple = Contract(contract_id=AAPL, exchange="SMART")
    told = client.ask(MarketDataRequest(apple, generic_tick_list="mdoff,292", request_id=7))
    for hour in range(1, 30):
        told += client.go(3600.0 * hour)
    ticks = [tick for tick in told if isinstance(tick, TickNews)]
    known = {row.article_id: row for row in history(client, 3600.0 * 29)}
    assert len(ticks) > 20
    assert {tick.article_id for tick in ticks} <= known.keys()
    assert len({(tick.provider_code, tick.article_id) for tick in ticks}) == len(ticks)


# For market data


@pytest.mark.card("news.ticks", "news.stories")
def test_a_stream_begins_with_the_day_and_goes_on_with_each_headline():
    world = World(WorldSettings(news_providers=ALL))
    world.note_time(0.0)
    instrument = world.universe.by_symbol("AAPL")
    begun = news.backlog(world, instrument, ALL)
    for code in ALL:
        own = [each.at for each in begun if each.provider == code]
        assert own == sorted(own)
        assert len(own) <= 10
        assert all(world.ms() - DAY_MS < at <= world.ms() for at in own)
    at, found = world.ms(), []
    end = at + 2 * DAY_MS
    while at < end:
        at_next = news.next_headline_at(world, instrument, at, ALL)
        world.note_time(world.at(at_next))
        assert at < at_next
        found += news.headlines(world, instrument, at, at_next, ALL)
        at = at_next
    assert found == news.headlines(world, instrument, end - 2 * DAY_MS, at, ALL)
    assert found
    tick = news.tick_news(found[0], 7)
    assert isinstance(tick, TickNews)
    assert (tick.request_id, tick.provider_code, tick.headline) == (7, found[0].provider, found[0].text)
    assert not tick.headline.startswith("{")


@pytest.mark.card("news.stories")
def test_one_story_has_one_tail_with_all_its_providers():
    world = World(WorldSettings(news_providers=ALL))
    told = news.headlines(world, world.universe.by_symbol("AAPL"), world.ms() - 9 * DAY_MS, world.ms())
    tails: dict[str, set[int]] = {}
    for each in told:
        tails.setdefault(each.article_id.rpartition("$")[2], set()).add(each.at)
    assert all(len(times) == 1 for times in tails.values())
    assert len(tails) < len(told)


@pytest.mark.card("news.stories")
def test_what_is_derived_has_the_news_of_what_it_is_derived_from():
    world = World(WorldSettings(news_providers=ALL))
    stock = world.universe.by_symbol("AAPL")
    option_class = world.universe.chain(stock.contract_id)[0]
    today = world.utc().date()
    expiration = option_class.expirations(today)[-1]
    strike = option_class.strikes_of(expiration)[0]
    option = world.universe.by_id(option_class.id_of((expiration, strike, True)))
    assert option is not None
    since = world.ms() - DAY_MS
    assert news.headlines(world, option, since, world.ms()) == news.headlines(world, stock, since, world.ms()) != []


def test_old_stories_are_not_kept():
    world = World(WorldSettings(news_providers=ALL))
    oldest = news.headlines(world, world.universe.by_symbol("AAPL"), 0, world.ms())[0]
    assert world.ms() - (KEPT_HOURS + 1) * HOUR_MS <= oldest.at < world.ms() - (KEPT_HOURS - 24) * HOUR_MS
    assert news.headlines(world, world.universe.by_symbol("AAPL"), -(10**15), -(10**14)) == []


@pytest.mark.card("news.unticked_source")
def test_a_source_that_is_not_ticked_is_named():
    world = World(WorldSettings(news_providers=("BRFG", "DJ-N")))
    assert news.sources(world, "") == ("BRFG", "DJ-N")
    assert news.sources(world, "DJ-N") == ("DJ-N",)
    text = "API News error:Source code unchecked in API news Settings: XYZ"
    assert news.sources(world, "DJ-N+XYZ") == text


# Both


@given(st.integers(0, 5), st.integers(0, 200 * 24))
@settings(max_examples=20)
def test_what_is_told_live_is_found_in_history(seed: int, hours: int):
    world = World(WorldSettings(seed=seed, news_providers=("DJ-N", "BRFG")))
    now = 3600.0 * hours
    client = Client(world, client_id=1, now=now)
    instrument = world.universe.by_symbol("AAPL")
    live = news.headlines(world, instrument, world.ms() - DAY_MS, world.ms())
    request: ToTws = HistoricalNewsRequest(
        AAPL, "DJ-N+BRFG", start_date_time=world.time() - timedelta(days=1), total_results=300, request_id=7
    )
    rows = [told for told in client.ask(request, now) if isinstance(told, HistoricalNews)]
    assert [row.article_id for row in rows] == [each.article_id for each in reversed(live)]


def test_stories_are_the_same_whatever_python_makes_of_hashes():
    script = (
        "from anytws.simulator import World; from anytws.simulator.answers import news; w = World();"
        "print(news.headlines(w, w.universe.by_symbol('SPY'), 0, w.ms())[-9:])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
