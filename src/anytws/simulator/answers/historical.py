"""Answers about history: bars, and where history begins. The rest has modules of its own beside this one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from anytws.messages.base import ToClient
from anytws.messages.contract import SecurityType
from anytws.messages.historical import (
    CancelHeadTimestamp,
    CancelHistogramData,
    CancelHistoricalData,
    CancelHistoricalTicks,
    CancelRealTimeBars,
    FormatDate,
    HeadTimestamp,
    HeadTimestampRequest,
    HistogramDataRequest,
    HistoricalData,
    HistoricalDataBar,
    HistoricalDataEnd,
    HistoricalDataRequest,
    HistoricalTicksRequest,
    RealTimeBarsRequest,
    WhatToShow,
)
from anytws.messages.session import ErrorMessage
from anytws.messages.times import EPOCH_SECONDS
from anytws.simulator.answers import (
    histogram,
    historical_bars,
    historical_checks,
    historical_farm,
    historical_rates,
    historical_schedule,
    historical_spans,
    historical_ticks,
    historical_times,
    realtime_bars,
    updating_bars,
)
from anytws.simulator.answers.access import meant
from anytws.simulator.answers.answer import Answer, Answers, id_of
from anytws.simulator.answers.figures import Units
from anytws.simulator.answers.historical_bars import Series
from anytws.simulator.answers.historical_checks import (
    FIRST_FORMAT,
    LAST_FORMAT,
    Asked,
    check,
    duplicate,
    from_service,
    other_kind,
)
from anytws.simulator.answers.historical_farm import (
    BARS,
    HEAD,
    HISTOGRAM,
    SMALL_SECONDS,
    TICKS,
    is_kept,
    is_made,
    is_paced,
    kind_of,
    no_permission,
    nothing_found,
    paced,
    too_many,
    withheld,
)
from anytws.simulator.answers.historical_pending import ender, in_time
from anytws.simulator.answers.historical_schedule import tell_schedule
from anytws.simulator.answers.historical_spans import DAY, Length
from anytws.simulator.answers.historical_times import HEAD_WITH_DASH
from anytws.simulator.answers.updating_bars import keep_updating
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client, Stream
from anytws.simulator.complaints import complaint, not_valid
from anytws.simulator.settings import FarmKind
from anytws.simulator.universe.instrument import Instrument
from anytws.wire.versions import HISTORICAL_DATA_END

MOST_BARS: Final = 150_000
"""The most bars that one request gets (chosen): what a frame has room for."""

MINUTES_AT_ONCE: Final = 30_000
"""How many minutes of bars are read before the next client has its turn, `READING_MS` later (chosen)."""

READING_MS: Final = 50
"""Milliseconds that `MINUTES_AT_ONCE` take."""

_MINUTE: Final = 60
_DAY_MINUTES: Final = 60
_TICKS_MINUTES: Final = 100

_NOT_OPEN: Final = 366
_OTHER_KIND: Final = 10299
_QUOTES_SINCE: Final = int(datetime(2004, 1, 2, 14, 30, tzinfo=UTC).timestamp())


def tell_bars(client: Client, request: HistoricalDataRequest) -> Iterable[ToClient]:
    """Give bars and the end, sessions, or the error of the first check that fails; then perhaps updates."""
    if (BARS, id_of(request)) in client.streams:
        yield duplicate(client, request)
        return
    found = check(client, request)
    if found.notice is not None:
        yield found.notice
    asked = found.outcome
    if not isinstance(asked, Asked):
        yield asked
        return
    error = too_many(client, request) or _too_soon(client, asked)
    if error is not None:
        yield error
    else:
        yield from _begun(client, asked)


def _too_soon(client: Client, asked: Asked) -> ErrorMessage | None:
    request = asked.request
    if asked.length.seconds > SMALL_SECONDS:
        return None
    details = (asked.length, asked.duration, request.end_date_time, request.use_rth, request.keep_up_to_date)
    kind = request.what_to_show.value
    if is_paced(client, request, asked.instrument, asked.exchange, kind, *details, int(request.format_date)):
        return paced(client, request)
    return None


def _begun(client: Client, asked: Asked) -> Iterable[ToClient]:
    key = (BARS, id_of(asked.request))
    if asked.request.what_to_show is WhatToShow.SCHEDULE:
        yield from in_time(client, key, lambda: tell_schedule(client, asked))
        return
    reading = _Reading(client, asked)
    if client.world.settings.historical_seconds > 0 or _reading_of(client) is not None or not reading.read():
        client.streams[key] = reading
    else:
        yield from reading.answer()


class _Reading(Stream):
    """A request for bars that is not answered yet: it is read piece by piece, for others must not wait for it."""

    def __init__(self, client: Client, asked: Asked) -> None:
        self._client = client
        self._asked = asked
        self.series: Final = Series.of(
            client.world.market,
            asked.instrument,
            asked.request.what_to_show,
            asked.length,
            is_liquid=asked.request.use_rth,
            units=Units.of_history(client.world.settings, client.server_version),
            form=asked.form,
        )
        self._source = self.series.between(asked.begin, asked.end_ms) if self._is_kept() else iter(())
        self._bars: list[HistoricalDataBar] = []
        self._most = max(MINUTES_AT_ONCE // _work_of(asked.length), 1)
        delay = int(client.world.settings.historical_seconds * 1000)
        self._next = client.world.ms() + (delay or READING_MS)

    def _is_kept(self) -> bool:
        asked = self._asked
        return is_kept(asked.instrument, asked.end, self._client.world.ms() // 1000, asked.length.seconds)

    @property
    def wake_at(self) -> float:
        return self._client.world.at(self._next)

    def skip(self, now: float) -> None:
        # It is an answer, not a sample: it waits.
        self._next = max(self._next, self._client.world.ms(now) + READING_MS)

    def wake(self) -> Iterable[ToClient]:
        # From now on and not from when it was due: what others wait for comes in between, however late it is.
        self._next = max(self._next, self._client.world.ms()) + READING_MS
        # One after the other: the bars of many large answers at once would have no room.
        if _reading_of(self._client) is self and self.read():
            del self._client.streams[BARS, id_of(self._asked.request)]
            yield from self.answer()

    def read(self) -> bool:
        """Read the next bars; tell whether these were the last."""
        before = len(self._bars)
        self._bars += islice(self._source, self._most)
        return len(self._bars) - before < self._most or len(self._bars) > MOST_BARS

    def answer(self) -> Iterable[ToClient]:
        """Give the answer, of which all has been read, and begin with the updates."""
        client, asked, bars = self._client, self._asked, self._bars
        request, request_id = asked.request, id_of(asked.request)
        if len(bars) > MOST_BARS:
            yield from_service(client, request, "Time length exceed max.")
            return
        if not bars:
            what = "Trades" if request.what_to_show is WhatToShow.TRADES else request.what_to_show.value
            yield nothing_found(client, request, asked.instrument, asked.exchange, what)
            return
        start = asked.form.before(asked.end, asked.duration.count, asked.duration.unit)
        end = asked.form.of_span(asked.end)
        if (client.server_version or 0) >= HISTORICAL_DATA_END:
            yield HistoricalData(request_id, bars=tuple(bars))
            yield HistoricalDataEnd(request_id, start, end)
        else:
            yield HistoricalData(request_id, start, end, tuple(bars))
        if request.keep_up_to_date:
            yield from keep_updating(client, request, self.series)


def _reading_of(client: Client) -> _Reading | None:
    """Give the oldest request of *client* that bars are read for; None: there is none."""
    return next((stream for stream in client.streams.values() if isinstance(stream, _Reading)), None)


def _work_of(length: Length) -> int:
    """Tell how much work a bar is, in bars of a minute: a day is drawn as a whole, an hour from its minutes.

    For anything smaller each minute's ticks are drawn, which is a hundred times as much.
    """
    if length.period is not None:
        return _DAY_MINUTES * length.seconds // DAY
    return max(length.seconds * (1 if length.seconds >= _MINUTE else _TICKS_MINUTES) // _MINUTE, 1)


def end_bars(client: Client, request: CancelHistoricalData) -> Iterable[ToClient]:
    """Say that what went on is cancelled, or that nothing does under the id (both recorded)."""
    if client.streams.pop((BARS, request.request_id), None) is None:
        text = f"No historical data query found for ticker id:{request.request_id}"
        yield complaint(client.world, _NOT_OPEN, text, request)
    else:
        yield from_service(client, request, f"API historical data query cancelled: {request.request_id}")


def tell_head_timestamp(client: Client, request: HeadTimestampRequest) -> Iterable[ToClient]:
    """Give the time at which history begins; the query stays open until it is cancelled (documented)."""
    key = (HEAD, id_of(request))
    if key in client.streams:
        yield not_valid(client.world, request, "Duplicate ticker ID for API head timestamp query")
        return
    what = request.what_to_show
    if not what.is_known or what is WhatToShow.SCHEDULE:
        yield not_valid(client.world, request, f"What to show value of {what} rejected.")
        return
    if not FIRST_FORMAT <= request.format_date <= LAST_FORMAT:
        yield not_valid(client.world, request, f"Date formatting selection of {int(request.format_date)} rejected.")
        return
    match = meant(client, request, request.contract)
    if isinstance(match, ErrorMessage):
        yield match
        return
    error = _no_head(client, request, match.instrument, match.exchange)
    if error is not None:
        yield error
        return
    found = HeadTimestamp(id_of(request), _head_of(client, request, match.instrument))
    yield from in_time(client, key, lambda: (found,), stays=True)


def _no_head(
    client: Client, request: HeadTimestampRequest, instrument: Instrument, exchange: str
) -> ErrorMessage | None:
    what = request.what_to_show
    if kind_of(instrument) is SecurityType.CRYPTO and what is WhatToShow.TRADES:
        return complaint(client.world, _OTHER_KIND, other_kind("AGGTRADES", "TRADES"), request)
    text = no_permission(client, instrument, exchange, end=instrument.first_second)
    if text is not None:
        return withheld(client, request, text)
    if not is_made(instrument, what):
        return from_service(client, request, "No head time stamp")
    error = too_many(client, request)
    if error is not None:
        return error
    details = (request.use_rth, int(request.format_date))
    return paced(client, request) if is_paced(client, request, instrument, exchange, what.value, *details) else None


def _head_of(client: Client, request: HeadTimestampRequest, instrument: Instrument) -> datetime:
    second = instrument.first_second
    if request.what_to_show not in (WhatToShow.TRADES, WhatToShow.AGGREGATED_TRADES, WhatToShow.ADJUSTED_LAST):
        second = max(second, _QUOTES_SINCE) if kind_of(instrument) is SecurityType.STOCK else second
    moment = datetime.fromtimestamp(second, UTC)
    if request.format_date is FormatDate.EPOCH_SECONDS:
        return moment.replace(tzinfo=EPOCH_SECONDS)
    return moment if (client.server_version or 0) >= HEAD_WITH_DASH else moment.replace(tzinfo=None)


CARDS: Final = (
    Card(
        "historical.bars",
        "Bars come in one message, oldest first, and an end follows: a message of its own from server version 196, "
        "before that the two times in the message itself.",
        Evidence.RECORDED,
        "historical.md 2, Gateways",
    ),
    Card(
        "historical.span",
        "The end says the end that was asked for (nothing: the time of the request) and that minus the duration by the "
        "calendar, in the clock of the bars, also where these are in seconds or days; not when the bars begin and end.",
        Evidence.RECORDED,
        "historical.md 2.4",
    ),
    Card(
        "historical.cancel",
        "A cancel of what goes on, be it that bars are still read, is 162 API historical data query cancelled; of what "
        "is over or unknown it is 366.",
        Evidence.RECORDED,
        "historical.md 3, a Gateway",
    ),
    Card(
        "historical.head_timestamp",
        "A head timestamp in format 1 is UTC with a dash (from server version 200; before that two blanks), in format "
        "2 seconds. It stays open, and takes one of 50 places, until its cancel, which is silent.",
        Evidence.RECORDED,
        "historical.md 4",
        "Quotes of stocks begin on 2 January 2004 (reported: about 2004). Where there is none, 162 No head time stamp; "
        "an id in use is 321: both texts are chosen.",
    ),
    Card(
        "historical.size_of_answers",
        "A request for more than 150,000 bars is 162 Time length exceed max.; of what has more than 30,000 minutes so "
        "many are read in 50 ms (a day counts as 40, a minute of smaller bars as 100), so that others need not wait.",
        Evidence.CHOSEN,
        "a frame has no room for more; a real TWS takes 0.3 to 3 s, see the knob historical_seconds",
    ),
    *historical_times.CARDS,
    *historical_spans.CARDS,
    *historical_checks.CARDS,
    *historical_farm.CARDS,
    *historical_bars.CARDS,
    *historical_rates.CARDS,
    *historical_schedule.CARDS,
    *updating_bars.CARDS,
    *realtime_bars.CARDS,
    *historical_ticks.CARDS,
    *histogram.CARDS,
)
"""What is known of all of history."""

ANSWERS: Final[Answers] = {
    HistoricalDataRequest: Answer(tell_bars, farm=FarmKind.HISTORICAL),
    CancelHistoricalData: Answer(end_bars),
    HeadTimestampRequest: Answer(tell_head_timestamp, farm=FarmKind.HISTORICAL),
    CancelHeadTimestamp: Answer(ender(HEAD)),
    HistogramDataRequest: Answer(histogram.tell_histogram, farm=FarmKind.HISTORICAL),
    CancelHistogramData: Answer(ender(HISTOGRAM)),
    HistoricalTicksRequest: Answer(historical_ticks.tell_ticks, farm=FarmKind.HISTORICAL),
    CancelHistoricalTicks: Answer(ender(TICKS)),
    RealTimeBarsRequest: Answer(realtime_bars.tell_realtime_bars, farm=FarmKind.HISTORICAL),
    CancelRealTimeBars: Answer(realtime_bars.end_realtime_bars),
}
