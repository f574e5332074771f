"""History: bars, ticks, schedules, and whole downloads of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, overload

from anytws.arrow.records import Records
from anytws.client.contract_like import ContractLike, contract_of
from anytws.client.conversing import Conversing
from anytws.core.arguments import check_flag, check_text, check_whole_number
from anytws.core.remembered import MOST_BYTES
from anytws.errors import DecodeError, LocalProtocolError, RequestFailed, shown
from anytws.machines.bar_requests import bars_request, duration_text, kind_of, moment_asked
from anytws.machines.bars import Bar, bars_of, moment_of
from anytws.machines.mailbox import CAPACITY, WhenFull
from anytws.machines.no_data import no_data_text
from anytws.machines.schedules import sessions_of
from anytws.machines.sessions import TradingSession
from anytws.machines.updating_bars import UpdatingBars, UpdatingItem, UpdatingMailbox
from anytws.messages.historical import (
    BarSize,
    FormatDate,
    HeadTimestampRequest,
    HistogramDataEntry,
    HistogramDataRequest,
    HistoricalData,
    HistoricalDataRequest,
    HistoricalSchedule,
    HistoricalTicksRequest,
    TicksWhatToShow,
    WhatToShow,
)
from anytws.messages.market_data import HistoricalTick, HistoricalTickBidAsk, HistoricalTickLast
from anytws.runtime.stream import Feed
from anytws.wire.versions import HISTORICAL_DATA_END

if TYPE_CHECKING:
    from anytws.client.download import Download, OnFailure, TwsClock
    from anytws.machines.download_trouble import Retries

PastTick: TypeAlias = HistoricalTickLast | HistoricalTickBidAsk | HistoricalTick
"""A trade, a quote or a midpoint of the past."""

MOST_TICKS: Final = 1000
"""Ticks that may be asked for at once. More may come: the last second is whole."""

_CLASSES: Final[Mapping[TicksWhatToShow, type[PastTick]]] = MappingProxyType(
    {TicksWhatToShow.BID_ASK: HistoricalTickBidAsk, TicksWhatToShow.MIDPOINT: HistoricalTick}
)
_PERIOD: Final = re.compile(r"[1-9][0-9]{0,5} (?:sec|second|min|minute|hour|day|week|month|year)s?").fullmatch


class Historical:
    """History: bars, ticks, schedules; downloads. It is ``tws.historical``.

    Whatever TWS refuses raises `RequestFailed` with its code and text. Nothing stored for the time that was asked for
    is no failure, and gives an empty run, but only where TWS has said just that
    (`anytws.machines.no_data.NO_DATA_TEXTS`). Every run is a tuple of records that can be handed to pandas, polars and
    others as it is (`anytws.Records`).

    Requests for bars of 30 seconds or less, for ticks and for head timestamps are rationed by TWS: 60 in ten minutes,
    not the same one twice in 15 seconds. Larger bars are slowed down by it at most. All verbs wait a minute for an
    answer, unless *timeout*, in seconds, says otherwise; what is large may take that long.
    """

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws
        self._clock: TwsClock | None = None

    async def bars(
        self,
        contract: ContractLike,
        duration: str | timedelta,
        bar_size: BarSize | str = BarSize.DAY_1,
        what_to_show: WhatToShow | str = WhatToShow.TRADES,
        *,
        end: datetime | None = None,
        regular_hours: bool = True,
        timeout: float | None = None,
    ) -> Records[Bar]:
        """Give the bars of *contract* in the *duration* up to *end*, oldest first.

        *duration* is TWS's ``"2 D"``: a number, a blank, and ``S``, ``D`` (time in which there is trading: one day is
        the running one), ``W``, ``M`` or ``Y`` (by the calendar); or a timedelta, of which whole days are ``D``. *end*
        is an aware datetime, cut to its second, or None: now. So the bars need not begin at *end* minus *duration*.
        Times are in UTC, and a bar of a day or more has its trading day instead (`Bar`). The running bar is among them
        if *end* is now, and so is a part of one that *end* cuts: of the last bar it is not known whether it is over.

        Empty where TWS says that it has no data for that time. Raises `ValueError`, `TypeError` or `LocalProtocolError`
        for what TWS would refuse, before it is asked (a naive *end*, more than 86,400 seconds or 365 days, updates or
        an end where there are none); `RequestFailed` with what TWS refuses: 162 (no permission, pacing, a bar size that
        does not fit the duration), 200 (no such contract), 2188 (data of the last minutes need a subscription, and no
        bars came: ask with an *end* of a quarter of an hour ago), 10299, 10314; `DecodeError` where a bar has no clear
        time; and what `Tws.ask` raises.
        """
        request = bars_request(
            contract_of(contract), duration, bar_size, what_to_show, end=end, regular_hours=regular_hours
        )
        answer = await self._data_of(request, timeout)
        return Records.of(Bar, () if answer is None else bars_of(answer, request.bar_size_setting))

    async def _data_of(self, request: HistoricalDataRequest, timeout: float | None) -> HistoricalData | None:
        """Ask *request*; None where there are no data."""
        try:
            answer = await self._tws.ask(request, timeout=timeout)
        except RequestFailed as problem:
            if no_data_text(problem) is None:
                raise
            return None
        assert isinstance(answer, HistoricalData), "only a schedule is another answer"
        return answer

    def updating_bars(
        self,
        contract: ContractLike,
        duration: str | timedelta,
        bar_size: BarSize | str = BarSize.MINUTE_1,
        what_to_show: WhatToShow | str = WhatToShow.TRADES,
        *,
        regular_hours: bool = True,
        timeout: float | None = None,
        capacity: int = CAPACITY,
        when_full: WhenFull = "fail",
        capacity_bytes: int = MOST_BYTES,
    ) -> Feed[UpdatingItem]:
        """Give a block in which bars go on: ``async with tws.historical.updating_bars(...) as bars:``.

        First come the bars of the *duration* up to now, as of `bars`; then `CaughtUp`; then the running bar again and
        again, about every five seconds, changed or not. Each item is a whole `Bar`. When a later one has begun, the one
        before comes a last time with ``is_over`` True, in front of the new one, so no bar that is over is ever missing.
        TWS marks no end itself: a bar is over with the first word about the next one, so the last one of a day is when
        the next day begins. What was traded between its last update and its end is not in it: `bars` tells that.

        What TWS says besides stands between them (``anytws.InBand``), and a bar that cannot be read is an `OddValue`.
        Bars are updated of TRADES, MIDPOINT, BID and ASK, in sizes of five seconds or more, and not of combos:
        `LocalProtocolError`. A refusal, and no data, raise `RequestFailed` at the first item; the end of the updates
        (10182 the link to the farm was lost, 10180 the contract has expired, 10225) raises it after all that came
        before, 1101 raises `DataLost`: open it again. *timeout* is for the first bars. *capacity*, *when_full* and
        *capacity_bytes* are those of `Tws.stream`; the first bars count against neither.
        """
        request = bars_request(
            contract_of(contract), duration, bar_size, what_to_show, regular_hours=regular_hours, keep_up_to_date=True
        )
        bars = UpdatingBars(request.bar_size_setting, has_end=self._tws.server_version >= HISTORICAL_DATA_END)
        mailbox = UpdatingMailbox(bars, capacity, when_full, capacity_bytes)
        return self._tws.feed(request, mailbox, timeout=timeout)

    def download(
        self,
        contract: ContractLike,
        begin: date,
        end: date,
        bar_size: BarSize | str = BarSize.DAY_1,
        what_to_show: WhatToShow | str = WhatToShow.TRADES,
        *,
        regular_hours: bool = True,
        newest_first: bool = False,
        have: Iterable[tuple[date, date]] = (),
        concurrency: int = 4,
        on_failure: OnFailure = "raise",
        window: timedelta | None = None,
        retries: Retries | None = None,
        timeout: float | None = None,
    ) -> Download:
        """Give a block that downloads all bars from *begin* up to *end*: ``async with tws.historical.download(...)``.

        In windows of a size that TWS serves well, several at once, paced, repeated where that helps, and resumable by
        *have*: the page "Downloads" and `Download` say how. *begin* and *end* are aware datetimes, or dates: the
        midnight in UTC. Raises `ValueError`, `TypeError` and `LocalProtocolError` for what cannot be asked.
        """
        # Most programs that ask for history never download it.
        from anytws.client.download import Download, TwsClock  # noqa: PLC0415
        from anytws.machines.download_trouble import STANDARD_RETRIES  # noqa: PLC0415

        if self._clock is None:
            self._clock = TwsClock(self._tws)
        return Download(
            self._tws,
            contract,
            begin,
            end,
            bar_size,
            what_to_show,
            regular_hours=regular_hours,
            newest_first=newest_first,
            have=have,
            concurrency=concurrency,
            on_failure=on_failure,
            window=window,
            retries=STANDARD_RETRIES if retries is None else retries,
            timeout=timeout,
            clock=self._clock,
        )

    @overload
    async def ticks(
        self,
        contract: ContractLike,
        kind: Literal["BID_ASK", TicksWhatToShow.BID_ASK],
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        count: int = MOST_TICKS,
        regular_hours: bool = False,
        ignore_size: bool = False,
        timeout: float | None = None,
    ) -> Records[HistoricalTickBidAsk]: ...

    @overload
    async def ticks(
        self,
        contract: ContractLike,
        kind: Literal["MIDPOINT", TicksWhatToShow.MIDPOINT],
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        count: int = MOST_TICKS,
        regular_hours: bool = False,
        ignore_size: bool = False,
        timeout: float | None = None,
    ) -> Records[HistoricalTick]: ...

    @overload
    async def ticks(
        self,
        contract: ContractLike,
        kind: TicksWhatToShow | str = TicksWhatToShow.TRADES,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        count: int = MOST_TICKS,
        regular_hours: bool = False,
        ignore_size: bool = False,
        timeout: float | None = None,
    ) -> Records[PastTick]: ...

    async def ticks(
        self,
        contract: ContractLike,
        kind: TicksWhatToShow | str = TicksWhatToShow.TRADES,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        count: int = MOST_TICKS,
        regular_hours: bool = False,
        ignore_size: bool = False,
        timeout: float | None = None,
    ) -> Records[PastTick]:
        """Give single ticks of the past, oldest first: forward from *start*, or backward from *end*.

        Exactly one of the two, an aware datetime, cut to its second. *count*, of 1 to 1,000, is the least: TWS tells
        the last second (backward: the first one) whole, so a few more come, and two requests can be joined at a second
        without a gap and without a repeat. They are of one trading session, so that fewer come at its end, and none
        where there are none. *kind* is ``TRADES`` (of a currency pair midpoints come), ``BID_ASK``, or ``MIDPOINT``,
        which begins with the one in force before *start*, a second earlier. ``AGGTRADES`` are those of crypto. With
        *ignore_size*, quotes in which only a size changed are left out. Times are in UTC, in whole seconds.

        Raises `ValueError` and `TypeError` for what TWS would refuse, `RequestFailed` for what it does (10187, which is
        also a lack of permission; 162, 200, 321), and what `Tws.ask` raises.
        """
        check_flag("ignore_size", ignore_size)
        if (start is None) == (end is None):
            raise ValueError("give start (ticks from there on) or end (ticks up to there), one of the two")
        check_whole_number("count", count, at_least=1, example=MOST_TICKS)
        if count > MOST_TICKS:
            raise ValueError(f"count is {count}, and TWS tells at most {MOST_TICKS} at once: ask again from there")
        request = HistoricalTicksRequest(
            contract_of(contract),
            moment_asked("start", start),
            moment_asked("end", end),
            count,
            _ticks_kind(kind),
            use_rth=_flag(regular_hours),
            ignore_size=ignore_size,
        )
        try:
            answers = await self._tws.ask(request, timeout=timeout)
        except RequestFailed as problem:
            if no_data_text(problem) is None:
                raise
            answers = ()
        ticks: list[PastTick] = [tick for answer in answers for tick in answer.ticks]
        # Where there are none, it is a run of what was asked for; of a currency pair, TRADES are midpoints.
        return Records.of(type(ticks[0]) if ticks else _CLASSES.get(request.what_to_show, HistoricalTickLast), ticks)

    async def head_timestamp(
        self,
        contract: ContractLike,
        what_to_show: WhatToShow | str = WhatToShow.TRADES,
        *,
        regular_hours: bool = True,
        timeout: float | None = None,
    ) -> datetime | None:
        """Give when the data of *contract* begin, in UTC; None where TWS answers that it knows no time.

        Trades of a stock go back further than its quotes. Raises `RequestFailed` with 162 where there are no such data
        (that is a failure here: what was asked for is a time), and what `Tws.ask` raises; `DecodeError` where TWS tells
        a time without a zone though seconds were asked for.
        """
        what = kind_of(what_to_show)
        if what is WhatToShow.SCHEDULE:
            raise LocalProtocolError(
                "HeadTimestampRequest.what_to_show: SCHEDULE has no head timestamp",
                message="HeadTimestampRequest",
                field="what_to_show",
            )
        request = HeadTimestampRequest(contract_of(contract), what, _flag(regular_hours), FormatDate.EPOCH_SECONDS)
        told = (await self._tws.ask(request, timeout=timeout)).head_timestamp
        if told is None:
            return None
        moment = moment_of(told)
        if moment is None:
            raise DecodeError("HeadTimestamp", "head_timestamp", shown(told), "a moment, which is what was asked for")
        return moment

    async def histogram(
        self,
        contract: ContractLike,
        period: str = "3 days",
        *,
        regular_hours: bool = True,
        timeout: float | None = None,
    ) -> Records[HistogramDataEntry]:
        """Give how much of *contract* traded at which price in the last *period*, by rising price.

        *period* is a number, a blank and a word: ``"3 days"``, ``"2 weeks"``. Sizes are in shares or contracts, of the
        whole period. Raises `ValueError` for a period of another form, `RequestFailed` for what TWS refuses (10188
        failed, 200, 354), and what `Tws.ask` raises.
        """
        check_text("period", period, example="3 days")
        if not _PERIOD(period):
            raise ValueError(f"period is {shown(period)}, and has to be a number, a blank and a word, such as '3 days'")
        request = HistogramDataRequest(contract_of(contract), period, _flag(regular_hours))
        entries = (await self._tws.ask(request, timeout=timeout)).entries
        return Records.of(HistogramDataEntry, sorted(entries, key=attrgetter("price")))

    async def schedule(
        self,
        contract: ContractLike,
        duration: str | timedelta = "1 M",
        *,
        end: datetime | None = None,
        regular_hours: bool = True,
        zone: tzinfo | None = None,
        timeout: float | None = None,
    ) -> Records[TradingSession]:
        """Give the trading sessions of *contract* in the *duration* up to *end*, oldest first.

        Their times are aware, in the exchange's zone; holidays are left out, half days end early. *duration* and *end*
        are those of `bars`. *zone* stands in for a name of TWS that could be several zones, or none known here, for
        which `HoursUnknown` is raised. Empty where TWS says that there are none. From server version 165 on
        (`LocalProtocolError` below). Options and options on futures have none (`RequestFailed`).
        """
        request = HistoricalDataRequest(
            contract_of(contract),
            duration_text(duration),
            BarSize.DAY_1,
            WhatToShow.SCHEDULE,
            moment_asked("end", end),
            use_rth=_flag(regular_hours),
        )
        try:
            answer = await self._tws.ask(request, timeout=timeout)
        except RequestFailed as problem:
            if no_data_text(problem) is None:
                raise
            return Records.of(TradingSession)
        assert isinstance(answer, HistoricalSchedule), "a schedule is the only answer"
        return Records.of(TradingSession, sessions_of(answer, zone))


def _flag(regular_hours: bool) -> bool:
    check_flag("regular_hours", regular_hours)
    return regular_hours


def _ticks_kind(kind: TicksWhatToShow | str) -> TicksWhatToShow:
    if isinstance(kind, TicksWhatToShow):
        return kind
    check_text("kind", kind, example="TRADES")
    known = TicksWhatToShow(kind.upper())
    return known if known.is_known else TicksWhatToShow(kind)
