"""The rows of `anytws.messages.historical`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from anytws.errors import DecodeError
from anytws.messages.base import replace
from anytws.messages.contract import SecurityType
from anytws.messages.historical import (
    BarSize,
    CancelHeadTimestamp,
    CancelHistogramData,
    CancelHistoricalData,
    CancelHistoricalTicks,
    CancelRealTimeBars,
    FormatDate,
    HeadTimestamp,
    HeadTimestampRequest,
    HistogramData,
    HistogramDataEntry,
    HistogramDataRequest,
    HistoricalData,
    HistoricalDataBar,
    HistoricalDataEnd,
    HistoricalDataRequest,
    HistoricalDataUpdate,
    HistoricalSchedule,
    HistoricalSession,
    HistoricalTicksRequest,
    RealTimeBarsRequest,
    RealTimeBarTick,
    RealTimeWhatToShow,
    TicksWhatToShow,
    UpdatedBar,
    WhatToShow,
)
from anytws.messages.market_data import HistoricalTicks, HistoricalTicksBidAsk, HistoricalTicksLast
from anytws.messages.times import EPOCH_SECONDS, UnclearZone
from anytws.wire import versions as v
from anytws.wire.conversation import Cancel, ConversationRow, Key, Pace, Resend, Shape, Variant
from anytws.wire.kinds import DECIMAL, DOUBLE, INT, SECONDS, number_of, word_of
from anytws.wire.optional_kinds import FLAG, TEXT, maybe, never_left_out, nothing_is
from anytws.wire.rows import Entry, Filler, Gate, Layout, Many, Part, Row, Tags, When
from anytws.wire.tables.contract import COMBO_LEG_BRIEF, COMMON, CONTRACT, as_asked, contract_rows
from anytws.wire.times import DAY, INSTANT, MOMENT, TIME, WALL_CLOCK, decided

_REQUEST_ID = Row("request_id", INT, 1, "reqId")
_CONTRACT = Part("contract", CONTRACT, 2)
_WHAT_TO_SHOW = word_of(WhatToShow)
# What is not made of trades has no volume, no average and no count, and TWS writes -1 there.
# Recorded: -1 in protobuf as well, where there is none.
_DECIMAL = never_left_out(nothing_is(DECIMAL, "-1"), "-1")
_COUNT = never_left_out(nothing_is(INT, "-1"), -1)

_BAR_ROWS = (
    Row("time", TIME, 1, "date"),
    Row("open", DOUBLE, 2),
    Row("high", DOUBLE, 3),
    Row("low", DOUBLE, 4),
    Row("close", DOUBLE, 5),
    Row("volume", _DECIMAL, 6),
    Row("wap", _DECIMAL, 7, "WAP"),
    Row("bar_count", _COUNT, 8),
)
BAR = Layout(HistoricalDataBar, _BAR_ROWS)
"""A bar as `HistoricalData` writes it: a plain run of rows, for its reader to be fast."""
_BAR_WITH_GAPS = Layout(HistoricalDataBar, text=(*_BAR_ROWS[:7], Filler("false"), _BAR_ROWS[7]), protobuf=_BAR_ROWS)
_UPDATED_BAR = Layout(
    UpdatedBar,
    (
        _BAR_ROWS[0],
        *[attrs.evolve(row, kind=maybe(DOUBLE)) for row in _BAR_ROWS[1:5]],
        *_BAR_ROWS[5:],
    ),
    vendor="HistoricalDataBar",
)

# Days. Some zones have summer time for a few months, and one leaves it out for one of them.
_SHORT_ENOUGH = timedelta(days=20)


def _in_order(answer: Any) -> Any:
    """Give *answer* with the times of its bars decided by their order, where the clock was turned between them."""
    bars = answer.bars
    if not bars or _is_of_one_offset(bars[0].time, bars[-1].time):
        return answer
    times = [bar.time for bar in bars]
    if not any(type(time.tzinfo) is UnclearZone for time in times if type(time) is datetime):
        return answer
    clear = decided(times)
    return attrs.evolve(
        answer,
        bars=tuple(
            [bar if bar.time is time else attrs.evolve(bar, time=time) for bar, time in zip(bars, clear, strict=True)]
        ),
    )


def _is_of_one_offset(first: Any, last: Any) -> bool:
    """Tell whether nobody turned a clock between the two, from them alone: all others need not be looked at then."""
    if type(first) is not datetime or type(last) is not datetime:
        return type(first) is type(last)
    if first.tzinfo is None or first.tzinfo is EPOCH_SECONDS or first.tzinfo is UTC:
        return first.tzinfo is last.tzinfo
    return (
        type(first.tzinfo) is not UnclearZone
        and first.tzinfo is last.tzinfo
        and first.utcoffset() == last.utcoffset()
        and last - first < _SHORT_ENOUGH
    )


_SESSION = Layout(
    HistoricalSession,
    (
        Row("start_date_time", WALL_CLOCK, 1),
        Row("end_date_time", WALL_CLOCK, 2),
        Row("ref_date", DAY, 3),
    ),
)
_HISTOGRAM_ENTRY = Layout(HistogramDataEntry, (Row("price", DOUBLE, 1), Row("size", maybe(DECIMAL), 2)))

_SMALL_BARS = frozenset(
    {BarSize.SECOND_1, BarSize.SECONDS_5, BarSize.SECONDS_10, BarSize.SECONDS_15, BarSize.SECONDS_30}
)
"""Of which TWS takes the same request once in 15 seconds, as of ticks and head timestamps: a second one is an error."""


def _with_its_span(answers: tuple[Any, ...], end: HistoricalDataEnd | None) -> HistoricalData:
    """Give the bars of a run as one message that says from when to when, whichever message said it.

    Raises `DecodeError` for an end alone. TWS says that there are no bars by an error, or by a message without any: a
    download that took the end alone for that would never ask for these bars again.
    """
    # No report has more than one; if there should be, none of their bars is lost. An update may come in between.
    parts = [answer for answer in answers if type(answer) is HistoricalData]
    if end is not None and not parts:
        raise DecodeError("HistoricalDataEnd", None, "an end without a HistoricalData in front of it", "an answer")
    whole = parts[0] if parts else HistoricalData(answers[0].request_id)
    if end is not None:
        whole = replace(whole, start=end.start, end=end.end)
    return replace(whole, bars=tuple([bar for part in parts for bar in part.bars]))


HISTORICAL = (
    Entry(
        Layout(
            HistoricalDataRequest,
            text=(
                _REQUEST_ID,
                *contract_rows(*COMMON, "include_expired"),
                Row("end_date_time", maybe(MOMENT)),
                Row("bar_size_setting", word_of(BarSize)),
                Row("duration", TEXT),
                Row("use_rth", FLAG),
                Row("what_to_show", _WHAT_TO_SHOW),
                Row("format_date", number_of(FormatDate)),
                When(
                    lambda request: request.contract.security_type == SecurityType.COMBO,
                    (Many("contract.combo_legs", COMBO_LEG_BRIEF),),
                ),
                Row("keep_up_to_date", FLAG),
                Tags("chart_options", joined=True),
            ),
            protobuf=(
                _REQUEST_ID,
                _CONTRACT,
                Row("end_date_time", maybe(MOMENT), 3),
                Row("bar_size_setting", word_of(BarSize), 4),
                Row("duration", TEXT, 5),
                Row("use_rth", FLAG, 6, "useRTH"),
                Row("what_to_show", _WHAT_TO_SHOW, 7),
                Row("format_date", number_of(FormatDate), 8),
                Row("keep_up_to_date", FLAG, 9),
                Tags("chart_options", 10),
            ),
        ),
        id=20,
        said_as=as_asked,
        vendor_name="reqHistoricalData",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
        gates=(Gate("what_to_show", WhatToShow.SCHEDULE, since=v.HISTORICAL_SCHEDULE),),
        conversation=ConversationRow(
            shape=Shape.RUN,
            key=Key.REQUEST_ID,
            answers=(HistoricalData,),
            end=HistoricalDataEnd,
            end_since=v.HISTORICAL_DATA_END,
            first_run=(HistoricalData,),
            merge=_with_its_span,
            variants=(
                Variant(
                    when="what_to_show SCHEDULE",
                    field="what_to_show",
                    holds=lambda request: request.what_to_show == WhatToShow.SCHEDULE,
                    shape=Shape.ONE,
                    answers=(HistoricalSchedule,),
                ),
                Variant(
                    when="keep_up_to_date",
                    field="keep_up_to_date",
                    holds=lambda request: request.keep_up_to_date,
                    shape=Shape.RUN_THEN_STREAM,
                    answers=(HistoricalData, HistoricalDataUpdate),
                    settles=False,
                ),
                Variant(
                    when="bars of 30 seconds or less",
                    field="bar_size_setting",
                    holds=lambda request: request.bar_size_setting in _SMALL_BARS,
                    shape=Shape.RUN,
                    settles=False,
                ),
            ),
            cancel=Cancel(by=CancelHistoricalData, receipt=162, harmless=frozenset({366})),
            lost_with_link=True,
            ends=frozenset({162, 166, 200, 354, 366, 386, 420, 10182, 10225, 10285, 10295, 10299, 10314, 10339}),
            comments=frozenset({165, 2105, 2106, 2107}),
            unclear=frozenset({2188}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=60.0,
            pace=Pace.HISTORICAL,
            source="D, V, C cap, ins, rust",
            doubts="After 2188 bars follow by one report, and nothing in recordings. Where there are no bars TWS says "
            "162, and at times an empty answer. 162 is also a lack of permission, pacing, and the receipt of a "
            "cancel: only its text tells. A request that is too large may never be answered.",
        ),
    ),
    Entry(
        Layout(CancelHistoricalData, (Filler("1"), _REQUEST_ID)),
        id=25,
        vendor_name="cancelHistoricalData",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            ends=frozenset({162, 366}),
            resend=Resend.YES,
            source="C ins, cap",
        ),
    ),
    Entry(
        Layout(
            HistoricalData,
            text=(
                Filler("3", until=v.SYNT_REALTIME_BARS),
                _REQUEST_ID,
                Row("start", maybe(INSTANT), until=v.HISTORICAL_DATA_END),
                Row("end", maybe(INSTANT), until=v.HISTORICAL_DATA_END),
                Many("bars", _BAR_WITH_GAPS, until=v.SYNT_REALTIME_BARS),
                Many("bars", BAR, since=v.SYNT_REALTIME_BARS),
            ),
            protobuf=(_REQUEST_ID, Many("bars", BAR, 2, "historicalDataBars")),
            after_reading=_in_order,
        ),
        id=17,
        vendor_name="historicalData",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
    ),
    Entry(
        Layout(
            HistoricalDataEnd,
            (
                _REQUEST_ID,
                Row("start", maybe(INSTANT), 2, "startDateStr"),
                Row("end", maybe(INSTANT), 3, "endDateStr"),
            ),
        ),
        id=108,
        vendor_name="historicalDataEnd",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
        since=v.HISTORICAL_DATA_END,
    ),
    Entry(
        Layout(
            HistoricalDataUpdate,
            text=(
                _REQUEST_ID,
                Row("bar.bar_count", _COUNT),
                Row("bar.time", TIME),
                Row("bar.open", maybe(DOUBLE)),
                Row("bar.close", maybe(DOUBLE)),
                Row("bar.high", maybe(DOUBLE)),
                Row("bar.low", maybe(DOUBLE)),
                Row("bar.wap", _DECIMAL),
                Row("bar.volume", _DECIMAL),
            ),
            protobuf=(_REQUEST_ID, Part("bar", _UPDATED_BAR, 2, "historicalDataBar")),
        ),
        id=90,
        vendor_name="historicalDataUpdate",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
    ),
    Entry(
        Layout(
            HistoricalSchedule,
            (
                _REQUEST_ID,
                Row("start_date_time", WALL_CLOCK, 2),
                Row("end_date_time", WALL_CLOCK, 3),
                Row("time_zone", TEXT, 4),
                Many("sessions", _SESSION, 5, "historicalSessions"),
            ),
        ),
        id=106,
        vendor_name="historicalSchedule",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
        since=v.HISTORICAL_SCHEDULE,
    ),
    Entry(
        Layout(
            HeadTimestampRequest,
            text=(
                _REQUEST_ID,
                *contract_rows(*COMMON, "include_expired"),
                Row("use_rth", FLAG),
                Row("what_to_show", _WHAT_TO_SHOW),
                Row("format_date", number_of(FormatDate)),
            ),
            protobuf=(
                _REQUEST_ID,
                _CONTRACT,
                Row("use_rth", FLAG, 3, "useRTH"),
                Row("what_to_show", _WHAT_TO_SHOW, 4),
                Row("format_date", number_of(FormatDate), 5),
            ),
        ),
        id=87,
        said_as=as_asked,
        vendor_name="reqHeadTimeStamp",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
        conversation=ConversationRow(
            shape=Shape.ONE,
            key=Key.REQUEST_ID,
            answers=(HeadTimestamp,),
            cancel=Cancel(by=CancelHeadTimestamp, harmless=frozenset({162}), after_answer=True),
            ends=frozenset({162, 200, 321, 354, 10285}),
            comments=frozenset({2106, 2107}),
            resend=Resend.NEW_ID,
            # The same one again within 15 seconds would be an error of its own.
            settles=False,
            deadline=60.0,
            pace=Pace.HISTORICAL,
            source="D, C ins, cap",
            doubts="What TWS says to the cancel of one that is not answered yet is not known; perhaps 162.",
        ),
    ),
    Entry(
        Layout(CancelHeadTimestamp, (_REQUEST_ID,)),
        id=90,
        vendor_name="cancelHeadTimeStamp",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            ends=frozenset({162}),
            resend=Resend.YES,
            source="D",
            confidence="medium",
            doubts="162 for one that is not answered yet is a guess.",
        ),
    ),
    Entry(
        Layout(HeadTimestamp, (_REQUEST_ID, Row("head_timestamp", maybe(INSTANT), 2))),
        id=88,
        vendor_name="headTimestamp",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
    ),
    Entry(
        Layout(
            HistogramDataRequest,
            text=(
                _REQUEST_ID,
                *contract_rows(*COMMON, "include_expired"),
                Row("use_rth", FLAG),
                Row("time_period", TEXT),
            ),
            protobuf=(
                _REQUEST_ID,
                _CONTRACT,
                Row("use_rth", FLAG, 3, "useRTH"),
                Row("time_period", TEXT, 4),
            ),
        ),
        id=88,
        said_as=as_asked,
        vendor_name="reqHistogramData",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
        conversation=ConversationRow(
            shape=Shape.ONE,
            key=Key.REQUEST_ID,
            answers=(HistogramData,),
            cancel=Cancel(by=CancelHistogramData),
            ends=frozenset({162, 200, 354}),
            unclear=frozenset({2188}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=60.0,
            source="D, C cap",
            confidence="medium",
            doubts="How many may be open is not known, nor what TWS says to its cancel. No recording goes on after "
            "2188.",
        ),
    ),
    Entry(
        Layout(CancelHistogramData, (_REQUEST_ID,)),
        id=89,
        vendor_name="cancelHistogramData",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            resend=Resend.YES,
            source="I",
            confidence="low",
            doubts="What TWS says to it is not known.",
        ),
    ),
    Entry(
        Layout(HistogramData, (_REQUEST_ID, Many("entries", _HISTOGRAM_ENTRY, 2, "histogramDataEntries"))),
        id=89,
        vendor_name="histogramData",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
    ),
    Entry(
        Layout(
            HistoricalTicksRequest,
            text=(
                _REQUEST_ID,
                *contract_rows(*COMMON, "include_expired"),
                Row("start_date_time", maybe(MOMENT)),
                Row("end_date_time", maybe(MOMENT)),
                Row("number_of_ticks", INT),
                Row("what_to_show", word_of(TicksWhatToShow)),
                Row("use_rth", FLAG),
                Row("ignore_size", FLAG),
                Tags("misc_options", joined=True),
            ),
            protobuf=(
                _REQUEST_ID,
                _CONTRACT,
                Row("start_date_time", maybe(MOMENT), 3),
                Row("end_date_time", maybe(MOMENT), 4),
                Row("number_of_ticks", INT, 5),
                Row("what_to_show", word_of(TicksWhatToShow), 6),
                Row("use_rth", FLAG, 7, "useRTH"),
                Row("ignore_size", FLAG, 8),
                Tags("misc_options", 9),
            ),
        ),
        id=96,
        said_as=as_asked,
        vendor_name="reqHistoricalTicks",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
        conversation=ConversationRow(
            shape=Shape.RUN,
            key=Key.REQUEST_ID,
            answers=(HistoricalTicks, HistoricalTicksBidAsk, HistoricalTicksLast),
            ends_when=lambda answer: answer.is_done,
            cancel=Cancel(by=CancelHistoricalTicks),
            ends=frozenset({162, 200, 321, 354, 10187, 10314}),
            comments=frozenset({2106, 2107}),
            resend=Resend.NEW_ID,
            # The same ones again within 15 seconds would be an error of its own.
            settles=False,
            deadline=60.0,
            pace=Pace.HISTORICAL,
            source="D",
            confidence="medium",
            doubts="That more than one message answers is defined, and no report of it was found. Where there are no "
            "ticks, an empty message that is the last one is expected. What TWS says to its cancel is not "
            "known.",
        ),
    ),
    Entry(
        Layout(CancelHistoricalTicks, (_REQUEST_ID,)),
        id=107,
        vendor_name="cancelHistoricalTicks",
        protobuf_since=v.CANCEL_CONTRACT_DATA,
        since=v.CANCEL_CONTRACT_DATA,
        text=False,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            resend=Resend.YES,
            source="V, I",
            confidence="low",
            doubts="What TWS says to it is not known.",
        ),
    ),
    Entry(
        Layout(
            RealTimeBarsRequest,
            text=(
                Filler("3"),
                _REQUEST_ID,
                *contract_rows(*COMMON),
                Row("bar_size", INT),
                Row("what_to_show", word_of(RealTimeWhatToShow)),
                Row("use_rth", FLAG),
                Tags("real_time_bars_options", joined=True),
            ),
            protobuf=(
                _REQUEST_ID,
                _CONTRACT,
                Row("bar_size", INT, 3),
                Row("what_to_show", word_of(RealTimeWhatToShow), 4),
                Row("use_rth", FLAG, 5, "useRTH"),
                Tags("real_time_bars_options", 6),
            ),
        ),
        id=50,
        said_as=as_asked,
        vendor_name="reqRealTimeBars",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
        conversation=ConversationRow(
            shape=Shape.STREAM,
            key=Key.REQUEST_ID,
            answers=(RealTimeBarTick,),
            cancel=Cancel(by=CancelRealTimeBars, harmless=frozenset({300})),
            lost_with_link=True,
            ends=frozenset({101, 162, 200, 354, 420, 10089, 10197, 10225, 10299}),
            comments=frozenset({2104, 2106}),
            resend=Resend.NEW_ID,
            pace=Pace.REAL_TIME_BARS,
            source="D, C cap, asy",
            confidence="medium",
            doubts="Whether TWS says 300 or nothing to the cancel of what is over is not known.",
        ),
    ),
    Entry(
        Layout(CancelRealTimeBars, (Filler("1"), _REQUEST_ID)),
        id=51,
        vendor_name="cancelRealTimeBars",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            ends=frozenset({300}),
            resend=Resend.YES,
            source="I",
            confidence="low",
            doubts="Whether TWS says 300 or nothing about what is over is not known.",
        ),
    ),
    Entry(
        Layout(
            RealTimeBarTick,
            (
                Filler("3"),
                _REQUEST_ID,
                Row("time", SECONDS, 2),
                Row("open", DOUBLE, 3),
                Row("high", DOUBLE, 4),
                Row("low", DOUBLE, 5),
                Row("close", DOUBLE, 6),
                Row("volume", _DECIMAL, 7),
                Row("wap", _DECIMAL, 8, "WAP"),
                Row("count", _COUNT, 9),
            ),
        ),
        id=50,
        vendor_name="realtimeBar",
        protobuf_since=v.PROTOBUF_HISTORICAL_DATA,
    ),
)
