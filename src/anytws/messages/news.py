"""News: headlines and articles of the providers, and the bulletins of the broker itself."""

from __future__ import annotations

from datetime import datetime

from anytws.messages.base import Asks, Streams, TagValue, ToClient, ToTws, message, record
from anytws.messages.enumerations import Number


class NewsBulletinType(Number):
    """What a bulletin is about.

    2 and 3 are as the vendor's manual has them. Constants in its clients have them the other way round, and no bulletin
    of either kind has been recorded: read the text before you act on it.
    """

    REGULAR = 1
    EXCHANGE_UNAVAILABLE = 2
    """An exchange stopped trading."""
    EXCHANGE_AVAILABLE = 3
    """An exchange resumed trading."""


class NewsArticleType(Number):
    """How the text of an article is to be read."""

    TEXT = 0
    """Plain text or HTML."""
    BINARY = 1
    """A document, normally a PDF, in base64."""


@record
class NewsProvider:
    """Somebody who sells news."""

    provider_code: str
    """Such as ``BRFG``; what the requests call it by."""
    provider_name: str
    """For people."""


@message
class NewsBulletin(ToClient):
    """A bulletin of the broker: an exchange has a problem, a system will be down."""

    news_message_id: int
    """The bulletin's number: it tells one that comes again from a new one."""
    news_message_type: NewsBulletinType | None
    """None where TWS does not say it."""
    news_message: str
    """The bulletin, for people."""
    originating_exchange: str = ""
    """Which exchange it is about, as far as it is about one."""


@message
class NewsBulletinsRequest(Streams[NewsBulletin]):
    """Subscribe to the broker's bulletins; they come until `CancelNewsBulletins`."""

    all_messages: bool = False
    """Whether to have those of today that are already out as well."""


@message
class CancelNewsBulletins(ToTws):
    """End the subscription to bulletins."""


@message
class NewsProviders(ToClient):
    """The providers that this user may read through the API."""

    news_providers: tuple[NewsProvider, ...] = ()
    """One for each provider."""


@message
class NewsProvidersRequest(Asks[NewsProviders]):
    """Ask whose news this user may read through the API."""


@message
class HistoricalNews(ToClient):
    """One headline of the past."""

    request_id: int
    """The request that it answers, by its number."""
    time: datetime | None
    """UTC; None where TWS does not say it."""
    provider_code: str
    """Whose headline it is, such as ``DJ-N``."""
    article_id: str
    """What `NewsArticleRequest` finds the article by."""
    headline: str
    """As the provider wrote it; some put tags in braces in front, for whom the news is and how good it is."""


@message
class HistoricalNewsEnd(ToClient):
    """All headlines of a request have come."""

    request_id: int
    """The request that it answers, by its number."""
    has_more: bool
    """Whether there would be more than the request let through."""


@record
class Headlines:
    """Past headlines, and whether they are all that there are."""

    headlines: tuple[HistoricalNews, ...] = ()
    """As they came: the newest first, by all that was seen."""
    has_more: bool = False
    """Whether there would be more than the request let through. For those before them, ask with an end at the time of
    the oldest."""


@message
class HistoricalNewsRequest(Asks[Headlines]):
    """Ask for past headlines about a contract: one `HistoricalNews` each, then a `HistoricalNewsEnd`."""

    contract_id: int
    """The vendor's number of the contract."""
    provider_codes: str
    """Codes of providers with a ``+`` between them: ``BRFG+DJ-N``."""
    start_date_time: datetime | None = None
    """The older end of the range, not included. An aware datetime, written in UTC; None is no limit."""
    end_date_time: datetime | None = None
    """The newer end of the range, included. An aware datetime, written in UTC; None is now."""
    total_results: int = 10
    """The most headlines to answer with, 300 at most."""
    historical_news_options: tuple[TagValue, ...] = ()
    """For the vendor's own use."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class NewsArticle(ToClient):
    """The text behind a headline."""

    request_id: int
    """The request that it answers, by its number."""
    article_type: NewsArticleType | None
    """None where TWS does not say it."""
    article_text: str
    """Text, HTML or base64, as ``article_type`` says."""


@message
class NewsArticleRequest(Asks[NewsArticle]):
    """Ask for the text behind a headline."""

    provider_code: str
    """Whose article it is, as the headline says it."""
    article_id: str
    """As the headline says it."""
    news_article_options: tuple[TagValue, ...] = ()
    """For the vendor's own use."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""
