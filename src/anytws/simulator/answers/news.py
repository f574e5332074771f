"""Answers about news: providers, headlines of the past, articles, and the bulletins of the broker."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from anytws.messages.base import ToClient
from anytws.messages.market_data import TickNews
from anytws.messages.news import (
    CancelNewsBulletins,
    HistoricalNews,
    HistoricalNewsEnd,
    HistoricalNewsRequest,
    NewsArticle,
    NewsArticleRequest,
    NewsArticleType,
    NewsBulletin,
    NewsBulletinsRequest,
    NewsProvider,
    NewsProviders,
    NewsProvidersRequest,
)
from anytws.simulator import newsroom
from anytws.simulator.answers.answer import Answer, Answers, id_of
from anytws.simulator.answers.patient import PatientStream
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client
from anytws.simulator.complaints import complaint, not_valid
from anytws.simulator.desk import BULLETINS
from anytws.simulator.newsroom import PROVIDERS, Headline

if TYPE_CHECKING:
    from anytws.simulator.knowledge import Knowledge
    from anytws.simulator.universe.instrument import Instrument

MOST_HEADLINES: Final = 300
"""How many headlines one answer may have (documented)."""

NO_ARTICLE: Final = 10172
NO_HEADLINES: Final = 10173
UNKNOWN_SOURCE: Final = 10094

_1970: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_DAY_MS: Final = 86_400_000
_BACKLOG: Final = 10


# --- for market data: the generic tick 292 -----------------------------------------------------------------------


def sources(world: Knowledge, asked: str) -> tuple[str, ...] | str:
    """Give the sources that ``292:DJ-N+BRFG`` asks for (*asked* is what follows the colon), all where it is empty.

    A text is the error of code 10094: one of them is unknown, or not ticked.
    """
    providers = world.settings.news_providers
    wanted = tuple(asked.split("+")) if asked else providers
    strange = next((code for code in wanted if code not in providers), None)
    if strange is not None:
        return f"API News error:Source code unchecked in API news Settings: {strange}"
    return wanted


def headlines(
    world: Knowledge, instrument: Instrument, begin: int, end: int, providers: Sequence[str] | None = None
) -> list[Headline]:
    """Give the headlines about *instrument* after *begin* up to *end*, both in ms since 1970, oldest first.

    Of *providers*, or of all that the user has. A stream of market data asks for those since it asked last.
    """
    codes = world.settings.news_providers if providers is None else providers
    return [*newsroom.headlines(world, instrument, begin, end, codes)][::-1]


def backlog(world: Knowledge, instrument: Instrument, providers: Sequence[str]) -> list[Headline]:
    """Give what a stream of market data with news begins with: the headlines of a day, source by source.

    Of each source at most ten, oldest first.
    """
    now = world.ms()
    return [
        each for code in providers for each in headlines(world, instrument, now - _DAY_MS, now, (code,))[-_BACKLOG:]
    ]


def next_headline_at(world: Knowledge, instrument: Instrument, after: int, providers: Sequence[str]) -> int:
    """Give when the next headline about *instrument* comes after *after*, or when to ask again, in ms since 1970.

    That is less than two hours later.
    """
    return newsroom.next_at(world, instrument, after, providers)


def tick_news(headline: Headline, request_id: int) -> TickNews:
    """Give *headline* as a stream of market data brings it: with its tags beside it."""
    time = _1970 + headline.at * _MS
    return TickNews(request_id, time, headline.provider, headline.article_id, headline.text, headline.tags)


# --- requests ----------------------------------------------------------------------------------------------------


def tell_providers(client: Client, _: NewsProvidersRequest) -> Iterable[ToClient]:
    """Give the providers that the user has."""
    codes = client.world.settings.news_providers
    yield NewsProviders(tuple(NewsProvider(code, PROVIDERS.get(code, code)) for code in codes))


def tell_headlines(client: Client, request: HistoricalNewsRequest) -> Iterable[ToClient]:
    """Give the newest headlines, newest first, and the end, which says whether there are more."""
    world, codes = client.world, tuple(request.provider_codes.split("+"))
    strange = next((code for code in codes if code not in world.settings.news_providers), None)
    if strange is not None:
        yield not_valid(world, request, f"Not subscribed for '{strange}' provider")
        return
    instrument = world.universe.by_id(request.contract_id)
    if instrument is None:
        yield complaint(world, NO_HEADLINES, "Failed to request historical news", request)
        return
    found = newsroom.headlines(world, instrument, _ms(request.start_date_time, 0), _ms(request.end_date_time), codes)
    wanted = min(max(request.total_results, 1), MOST_HEADLINES)
    rows = [*islice(found, wanted + 1)]
    for row in rows[:wanted]:
        time = _1970 + row.at // 1000 * 1000 * _MS
        yield HistoricalNews(id_of(request), time, row.provider, row.article_id, row.with_tags)
    yield HistoricalNewsEnd(id_of(request), len(rows) > wanted)


def tell_article(client: Client, request: NewsArticleRequest) -> Iterable[ToClient]:
    """Give the text of an article, as HTML; or say that it is of nobody's whom the user may read, or is not there."""
    providers = client.world.settings.news_providers
    if request.provider_code not in providers:
        yield complaint(client.world, NO_ARTICLE, "Failed to request news article:Not allowed", request)
        return
    text = newsroom.article(client.world, request.article_id, (request.provider_code,))
    if text is None:
        yield complaint(client.world, NO_ARTICLE, "Failed to request news article:Not found", request)
        return
    yield NewsArticle(id_of(request), NewsArticleType.TEXT, text)


# --- bulletins ---------------------------------------------------------------------------------------------------


class _Bulletins(PatientStream):
    """The bulletins that a client has not been told yet."""

    def __init__(self, world: Knowledge) -> None:
        super().__init__()
        self._world = world
        self._told = world.desk.bulletins_given

    @property
    def due_at(self) -> float:
        return self._world.now if self._told < self._world.desk.bulletins_given else math.inf

    def wake(self) -> Iterator[NewsBulletin]:
        news = self._world.desk.bulletins_after(self._told)
        self._told = self._world.desk.bulletins_given
        yield from news


def open_bulletins(client: Client, request: NewsBulletinsRequest) -> Iterable[ToClient]:
    """Give those of the day, where all are wanted, and from now on each that is given out."""
    if (BULLETINS, 0) not in client.streams:
        client.streams[BULLETINS, 0] = _Bulletins(client.world)
    if request.all_messages:
        yield from client.world.desk.bulletins_of_today()


def close_bulletins(client: Client, _: CancelNewsBulletins) -> Iterable[ToClient]:
    """End the subscription, without a word."""
    client.streams.pop((BULLETINS, 0), None)
    return ()


def _ms(time: datetime | None, default: int = 2**53) -> int:
    return default if time is None else (time - _1970) // _MS


ANSWERS: Final[Answers] = {
    NewsProvidersRequest: Answer(tell_providers),
    HistoricalNewsRequest: Answer(tell_headlines),
    NewsArticleRequest: Answer(tell_article),
    NewsBulletinsRequest: Answer(open_bulletins),
    CancelNewsBulletins: Answer(close_bulletins),
}

CARDS: Final = (
    Card(
        "news.providers",
        "NewsProviders lists the providers of the user: by default the three that are free, BRFG, BRFUPDN and DJNL.",
        Evidence.RECORDED,
        "default answer of real sessions; names of the DJ codes by one user",
        "The knob is news_providers.",
    ),
    Card(
        "news.history",
        "Headlines come newest first, each with its tags in braces in front, at most 300, in whole seconds of UTC; "
        "HistoricalNewsEnd says whether there are more. The begin of the range is left out, its end is in it.",
        Evidence.RECORDED,
        "rows and their form; the range and 300 are documented",
        "One recording ignored the end where both were given; here both hold.",
    ),
    Card(
        "news.not_subscribed",
        "Headlines of a provider that the user has not: 321 with `Not subscribed for 'BZ' provider`.",
        Evidence.RECORDED,
        "an error text of a real session",
    ),
    Card(
        "news.unknown_contract",
        "Headlines about a contract id that nothing has: 10173 `Failed to request historical news`.",
        Evidence.CHOSEN,
        "the code's text is from the vendor's table; which cause brings it is not known",
    ),
    Card(
        "news.stories",
        "Stories are made up: two of five hours of a day have one, fewer of a night; each provider carries half of "
        "them, with one id tail for all; options and futures have the news of what they are derived from.",
        Evidence.CHOSEN,
        "a backlog of 0 to 10 a day and source, and the common tail, are recorded",
        "What they say has nothing to do with the market. Stories of 90 days are kept.",
    ),
    Card(
        "news.no_broad_tape",
        "Contracts of the type NEWS, by which all headlines of a provider are read, are not there: 200.",
        Evidence.CHOSEN,
        "what TWS says of a provider that the user has not",
        "Not simulated.",
    ),
    Card(
        "news.article",
        "NewsArticle is HTML of type 0; an article of a provider that the user has not is 10172 `Failed to request "
        "news article:Not allowed`, one that is not there 10172 with `Not found`.",
        Evidence.RECORDED,
        "both error texts of real sessions",
        "No article is a PDF (type 1).",
    ),
    Card(
        "news.bulletins",
        "Bulletins come only while subscribed; all_messages brings those of the day first. A second request is no "
        "second stream, and the cancel is silent.",
        Evidence.DOCUMENTED,
        "the vendor's page on bulletins; the silent cancel is recorded",
        "A tester gives them out: world.desk.announce. Here a day is the last 24 hours.",
    ),
    Card(
        "news.ticks",
        "TickNews of the generic tick 292 has the headline and beside it the tags; a stream begins with the headlines "
        "of a day, oldest first, at most ten of each source.",
        Evidence.RECORDED,
        "streams with mdoff,292 of a Gateway",
    ),
    Card(
        "news.unticked_source",
        "A source that is unknown or not ticked ends the request: 10094 `API News error:Source code unchecked in API "
        "news Settings: XYZ`.",
        Evidence.RECORDED,
        "an error text of a Gateway",
    ),
)
