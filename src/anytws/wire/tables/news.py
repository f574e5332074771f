"""The rows of `anytws.messages.news`."""

from __future__ import annotations

from typing import Any

from anytws.messages.news import (
    CancelNewsBulletins,
    Headlines,
    HistoricalNews,
    HistoricalNewsEnd,
    HistoricalNewsRequest,
    NewsArticle,
    NewsArticleRequest,
    NewsArticleType,
    NewsBulletin,
    NewsBulletinsRequest,
    NewsBulletinType,
    NewsProvider,
    NewsProviders,
    NewsProvidersRequest,
)
from anytws.wire import versions as v
from anytws.wire.conversation import Cancel, ConversationRow, Key, Resend, Shape
from anytws.wire.kinds import INT, number_of
from anytws.wire.optional_kinds import ESCAPED_TEXT, FLAG, TEXT, maybe, nothing_is
from anytws.wire.rows import Entry, Filler, Layout, Many, Row, Tags
from anytws.wire.times import NEWS_TIME

_REQUEST_ID = Row("request_id", INT, 1, "reqId")


def _with_its_end(answers: tuple[Any, ...], end: HistoricalNewsEnd) -> Headlines:
    """Give the headlines of a run together with what its end says of those that were left out."""
    return Headlines(answers, end.has_more)


NEWS = (
    Entry(
        Layout(NewsBulletinsRequest, (Filler("1"), Row("all_messages", FLAG, 1))),
        id=12,
        vendor_name="reqNewsBulletins",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
        conversation=ConversationRow(
            shape=Shape.STREAM,
            answers=(NewsBulletin,),
            cancel=Cancel(by=CancelNewsBulletins),
            slot="news_bulletins",
            exclusive=("all_messages",),
            ends=frozenset({321}),
            resend=Resend.YES,
            source="D, C cap",
            doubts="That a second request opens no second stream is inferred.",
        ),
    ),
    Entry(
        Layout(CancelNewsBulletins, (Filler("1"),)),
        id=13,
        vendor_name="cancelNewsBulletins",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            resend=Resend.YES,
            source="C cap",
        ),
    ),
    Entry(
        Layout(
            NewsBulletin,
            (
                Filler("1"),
                Row("news_message_id", INT, 1, "newsMsgId"),
                Row("news_message_type", nothing_is(number_of(NewsBulletinType), "2147483647"), 2, "newsMsgType"),
                Row("news_message", ESCAPED_TEXT, 3),
                Row("originating_exchange", ESCAPED_TEXT, 4, "originatingExch"),
            ),
        ),
        id=14,
        vendor_name="updateNewsBulletin",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
    ),
    Entry(
        Layout(
            NewsArticleRequest,
            (
                _REQUEST_ID,
                Row("provider_code", TEXT, 2),
                Row("article_id", TEXT, 3),
                Tags("news_article_options", 4, joined=True),
            ),
        ),
        id=84,
        vendor_name="reqNewsArticle",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
        conversation=ConversationRow(
            shape=Shape.ONE,
            key=Key.REQUEST_ID,
            answers=(NewsArticle,),
            ends=frozenset({321, 10172}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=30.0,
            source="D, C cap",
        ),
    ),
    Entry(
        Layout(
            NewsArticle,
            (
                _REQUEST_ID,
                Row("article_type", maybe(number_of(NewsArticleType)), 2),
                Row("article_text", TEXT, 3),
            ),
        ),
        id=83,
        vendor_name="newsArticle",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
    ),
    Entry(
        Layout(NewsProvidersRequest),
        id=85,
        vendor_name="reqNewsProviders",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
        conversation=ConversationRow(
            shape=Shape.ONE,
            answers=(NewsProviders,),
            slot="news_providers",
            resend=Resend.YES,
            settles=True,
            deadline=15.0,
            source="D, C cap",
        ),
    ),
    Entry(
        Layout(
            NewsProviders,
            (
                Many(
                    "news_providers",
                    Layout(NewsProvider, (Row("provider_code", TEXT, 1), Row("provider_name", TEXT, 2))),
                    1,
                ),
            ),
        ),
        id=85,
        vendor_name="newsProviders",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
    ),
    Entry(
        Layout(
            HistoricalNewsRequest,
            (
                _REQUEST_ID,
                Row("contract_id", INT, 2, "conId"),
                Row("provider_codes", TEXT, 3),
                Row("start_date_time", maybe(NEWS_TIME), 4),
                Row("end_date_time", maybe(NEWS_TIME), 5),
                Row("total_results", INT, 6),
                Tags("historical_news_options", 7, joined=True),
            ),
        ),
        id=86,
        vendor_name="reqHistoricalNews",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
        conversation=ConversationRow(
            shape=Shape.RUN,
            key=Key.REQUEST_ID,
            answers=(HistoricalNews,),
            end=HistoricalNewsEnd,
            merge=_with_its_end,
            ends=frozenset({321, 322, 10276}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=30.0,
            source="D, C cap",
            doubts="Where there are no headlines, the end alone is expected. With both times given the end was "
            "ignored, by one recording.",
        ),
    ),
    Entry(
        Layout(
            HistoricalNews,
            (
                _REQUEST_ID,
                Row("time", maybe(NEWS_TIME), 2),
                Row("provider_code", TEXT, 3),
                Row("article_id", TEXT, 4),
                Row("headline", TEXT, 5),
            ),
        ),
        id=86,
        vendor_name="historicalNews",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
    ),
    Entry(
        Layout(HistoricalNewsEnd, (_REQUEST_ID, Row("has_more", FLAG, 2))),
        id=87,
        vendor_name="historicalNewsEnd",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
    ),
)
