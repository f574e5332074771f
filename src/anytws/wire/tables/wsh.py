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
from anytws.wire.kinds import FLAG, INT, TEXT, marked, maybe
from anytws.wire.rows import Entry, Layout, Row
from anytws.wire.times import DAY

_REQUEST_ID = Row("request_id", INT, 1, "reqId")
# Here the client writes its sentinel as it is, and not an empty text.
_OPTIONAL_INT = marked(INT, "2147483647")

WSH = (
    Entry(
        Layout(WshMetaDataRequest, (_REQUEST_ID,)),
        id=100,
        vendor_name="reqWshMetaData",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
        since=v.WSHE_CALENDAR,
    ),
    Entry(
        Layout(CancelWshMetaData, (_REQUEST_ID,)),
        id=101,
        vendor_name="cancelWshMetaData",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
        since=v.WSHE_CALENDAR,
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
    ),
    Entry(
        Layout(CancelWshEventData, (_REQUEST_ID,)),
        id=103,
        vendor_name="cancelWshEventData",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
        since=v.WSHE_CALENDAR,
    ),
    Entry(
        Layout(WshEventData, (_REQUEST_ID, Row("data_json", TEXT, 2))),
        id=105,
        vendor_name="wshEventData",
        protobuf_since=v.PROTOBUF_NEWS_DATA,
        since=v.WSHE_CALENDAR,
    ),
)
