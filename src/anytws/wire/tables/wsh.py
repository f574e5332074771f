"""The rows of `anytws.messages.wsh`."""

from __future__ import annotations

from anytws.messages.wsh import (
    CancelWshEventData,
    CancelWshMetaData,
    WshEventData,
    WshEventDataRequest,
    WshMetaData,
    WshMetaDataRequest,
)
from anytws.wire import versions as v
from anytws.wire.conversation import Cancel, ConversationRow, Key, Resend, Shape
from anytws.wire.kinds import INT
from anytws.wire.optional_kinds import FLAG, TEXT, maybe, nothing_is
from anytws.wire.rows import Entry, Layout, Row
from anytws.wire.times import DAY

_REQUEST_ID = Row("request_id", INT, 1, "reqId")
# Here the client writes its sentinel as it is, and not an empty text.
_OPTIONAL_INT = nothing_is(INT, "2147483647")

WSH = (
    Entry(
        Layout(WshMetaDataRequest, (_REQUEST_ID,)),
        id=100,
        vendor_name="reqWshMetaData",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
        since=v.WSHE_CALENDAR,
        conversation=ConversationRow(
            shape=Shape.ONE,
            key=Key.REQUEST_ID,
            answers=(WshMetaData,),
            cancel=Cancel(by=CancelWshMetaData, harmless=frozenset({10280})),
            slot="wsh_meta_data",
            ends=frozenset({10276, 10277, 10278, 10279, 10282}),
            resend=Resend.NEW_ID,
            # A second one, while TWS works at the first, is refused.
            settles=False,
            deadline=30.0,
            source="D, C cap",
            confidence="medium",
            doubts="TWS may forget it with its link to IB, by one report: events then end with 10282. Whether 10280 is "
            "said to the cancel of what is over is not known.",
        ),
    ),
    Entry(
        Layout(CancelWshMetaData, (_REQUEST_ID,)),
        id=101,
        vendor_name="cancelWshMetaData",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
        since=v.WSHE_CALENDAR,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            ends=frozenset({10280}),
            resend=Resend.YES,
            source="D",
            confidence="low",
            doubts="What TWS says to it is not known, save 10280 if it fails.",
        ),
    ),
    Entry(
        Layout(WshMetaData, (_REQUEST_ID, Row("data_json", TEXT, 2))),
        id=104,
        vendor_name="wshMetaData",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
        since=v.WSHE_CALENDAR,
    ),
    Entry(
        Layout(
            WshEventDataRequest,
            (
                _REQUEST_ID,
                Row("contract_id", _OPTIONAL_INT, 2, "conId"),
                Row("filter", TEXT, 3, since=v.WSH_EVENT_DATA_FILTERS),
                Row("fill_watchlist", FLAG, 4, since=v.WSH_EVENT_DATA_FILTERS),
                Row("fill_portfolio", FLAG, 5, since=v.WSH_EVENT_DATA_FILTERS),
                Row("fill_competitors", FLAG, 6, since=v.WSH_EVENT_DATA_FILTERS),
                Row("start_date", maybe(DAY), 7, since=v.WSH_EVENT_DATA_FILTERS_DATE),
                Row("end_date", maybe(DAY), 8, since=v.WSH_EVENT_DATA_FILTERS_DATE),
                Row("total_limit", _OPTIONAL_INT, 9, since=v.WSH_EVENT_DATA_FILTERS_DATE),
            ),
        ),
        id=102,
        vendor_name="reqWshEventData",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
        since=v.WSHE_CALENDAR,
        conversation=ConversationRow(
            shape=Shape.ONE,
            key=Key.REQUEST_ID,
            answers=(WshEventData,),
            cancel=Cancel(by=CancelWshEventData, harmless=frozenset({10284})),
            slot="wsh_event_data",
            ends=frozenset({10276, 10277, 10281, 10282, 10283, 10309}),
            resend=Resend.NEW_ID,
            # A second one, while TWS works at the first, is refused.
            settles=False,
            deadline=30.0,
            source="D",
            confidence="medium",
            doubts="Whether 10284 is said to the cancel of what is over is not known.",
        ),
    ),
    Entry(
        Layout(CancelWshEventData, (_REQUEST_ID,)),
        id=103,
        vendor_name="cancelWshEventData",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
        since=v.WSHE_CALENDAR,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            ends=frozenset({10284}),
            resend=Resend.YES,
            source="D",
            confidence="low",
            doubts="What TWS says to it is not known, save 10284 if it fails.",
        ),
    ),
    Entry(
        Layout(WshEventData, (_REQUEST_ID, Row("data_json", TEXT, 2))),
        id=105,
        vendor_name="wshEventData",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
        since=v.WSHE_CALENDAR,
    ),
)
