"""News: providers, articles, headlines of the past and as they come, bulletins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from anytws.arrow.records import Records
from anytws.client.contract_ids import contract_id_of
from anytws.client.contract_like import ContractLike, contract_of
from anytws.client.conversing import Conversing
from anytws.core.arguments import check_whole_number
from anytws.machines.headlines import HeadlinesMailbox
from anytws.machines.mailbox import CAPACITY, WhenFull
from anytws.machines.records import InBand
from anytws.messages.base import replace
from anytws.messages.contract import Contract, SecurityType
from anytws.messages.market_data import MarketDataRequest, TickNews
from anytws.messages.news import (
    Headlines,
    HistoricalNews,
    HistoricalNewsRequest,
    NewsArticle,
    NewsArticleRequest,
    NewsBulletin,
    NewsBulletinsRequest,
    NewsProvider,
    NewsProvidersRequest,
)
from anytws.runtime.stream import Feed, Stream

MOST_HEADLINES: Final = 300
"""The most headlines of one answer."""
_NEWS_ALONE: Final = "mdoff,292"
"""The generic ticks that bring headlines and leave the prices out."""


class News:
    """News: providers, articles, headlines, bulletins. It is ``tws.news``.

    All raise what `Tws.ask` and `Tws.stream` raise.
    """

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws

    async def providers(self, *, timeout: float | None = None) -> Records[NewsProvider]:
        """Give the providers whose news this user may read through the API.

        *timeout* is in seconds from the call, 15 unless something else is said.
        """
        answer = await self._tws.ask(NewsProvidersRequest(), timeout=timeout)
        return Records.of(NewsProvider, answer.news_providers)

    async def headlines(
        self,
        contract: ContractLike,
        provider_codes: Iterable[str] | str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        most: int = 100,
        timeout: float | None = None,
    ) -> Headlines:
        """Give past headlines about *contract*, the newest first, and whether there are more.

        *contract* needs its id. *provider_codes* are those of `providers`. *start*, not included, and *end*, included,
        are aware datetimes; None is no limit, and now. With both, TWS was seen to ignore *end*. *most* is 300 at most.
        For those before them, ask again with *end* at the time of the oldest; times are whole seconds, so leave out
        what you have by its ``article_id``. Headlines may have tags in braces in front, of language, stock and mood.
        *timeout* is in seconds from the call, 30 unless something else is said.

        Raises `RequestFailed` with 321 for a provider that the user has not, 10173 for a contract that there is not,
        10276 where no news are allowed; `ValueError` for a contract without an id.
        """
        check_whole_number("most", most, at_least=1, example=100)
        if most > MOST_HEADLINES:
            raise ValueError(
                f"most is {most}, and TWS gives {MOST_HEADLINES} headlines in one answer: ask for the rest"
            )
        request = HistoricalNewsRequest(contract_id_of(contract), _joined(provider_codes), start, end, most)
        found = await self._tws.ask(request, timeout=timeout)
        return replace(found, headlines=Records.of(HistoricalNews, found.headlines))

    async def article(self, headline: HistoricalNews | TickNews, *, timeout: float | None = None) -> NewsArticle:
        """Give the text behind a headline: plain or HTML, or a document in base64, as ``article_type`` says.

        *timeout* is in seconds from the call, 30 unless something else is said. Raises `RequestFailed` with 10172 where
        there is none, or the user may not read it: the text tells.
        """
        return await self.article_by_id(headline.provider_code, headline.article_id, timeout=timeout)

    async def article_by_id(self, provider_code: str, article_id: str, *, timeout: float | None = None) -> NewsArticle:
        """Give the article of that id, such as ``DJ-N$1f78cb2c``, see `article`."""
        return await self._tws.ask(NewsArticleRequest(provider_code, article_id), timeout=timeout)

    def follow_headlines(
        self,
        contract: ContractLike,
        provider_codes: Iterable[str] | str = (),
        *,
        timeout: float | None = None,
        capacity: int = CAPACITY,
        when_full: WhenFull = "fail",
    ) -> Feed[TickNews | InBand]:
        """Give a block in which headlines about *contract* come: those of the last day first, up to ten a provider.

        No *provider_codes* are all that the user has. It takes a line of market data, though no prices come. Nothing
        comes for days perhaps: there is no deadline, unless *timeout* is given for whatever comes first. Raises
        `RequestFailed` with 10094 for a provider that is unknown, or not ticked in the settings of TWS.
        """
        codes = _joined(provider_codes)
        request = MarketDataRequest(contract_of(contract), f"{_NEWS_ALONE}:{codes}" if codes else _NEWS_ALONE)
        return self._tws.feed(request, HeadlinesMailbox(capacity, when_full), timeout=timeout)

    def follow_provider(
        self,
        provider_code: str,
        *,
        timeout: float | None = None,
        capacity: int = CAPACITY,
        when_full: WhenFull = "fail",
    ) -> Feed[TickNews | InBand]:
        """Give a block in which all headlines of one provider come, whatever they are about (its broad tape).

        Raises as `follow_headlines` does, and `RequestFailed` with 200 where the provider has none.
        """
        symbol = f"{provider_code}:{provider_code}_ALL"
        tape = Contract(symbol=symbol, security_type=SecurityType.NEWS, exchange=provider_code)
        return self.follow_headlines(tape, timeout=timeout, capacity=capacity, when_full=when_full)

    def follow_bulletins(
        self,
        *,
        with_past: bool = False,
        timeout: float | None = None,
        capacity: int = CAPACITY,
        when_full: WhenFull = "fail",
    ) -> Stream[NewsBulletin]:
        """Give a block in which the broker's own bulletins come; *with_past* begins with those of today.

        That nothing comes for days is usual: there is no deadline, unless *timeout* is given for the first.
        """
        request = NewsBulletinsRequest(with_past)
        return self._tws.stream(request, timeout=timeout, capacity=capacity, when_full=when_full)


def _joined(codes: Iterable[str] | str) -> str:
    return codes if isinstance(codes, str) else "+".join(codes)
