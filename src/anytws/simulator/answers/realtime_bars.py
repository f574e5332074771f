"""Bars of five seconds, as they are over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final

from anytws.messages.base import ToClient
from anytws.messages.contract import SecurityType
from anytws.messages.historical import (
    CancelRealTimeBars,
    HistoricalDataBar,
    RealTimeBarsRequest,
    RealTimeBarTick,
    WhatToShow,
)
from anytws.messages.session import ErrorMessage
from anytws.simulator.answers.access import REALTIME_BARS, meant, no_line
from anytws.simulator.answers.answer import id_of
from anytws.simulator.answers.figures import Units
from anytws.simulator.answers.historical_bars import Series
from anytws.simulator.answers.historical_checks import OTHER_KIND, of_kind, other_kind
from anytws.simulator.answers.historical_farm import PACED, is_made, is_paced, kind_of, no_permission
from anytws.simulator.answers.historical_spans import Length
from anytws.simulator.answers.historical_times import TimeForm
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client, Stream
from anytws.simulator.complaints import complaint, not_done, not_valid
from anytws.simulator.universe.hours import Hours
from anytws.simulator.universe.instrument import Instrument

BAR_SECONDS: Final = 5
"""How long each bar is, whatever is asked for."""

_NOT_FOUND: Final = 300
_REFUSED: Final = 420
_BUST: Final = 10225
_WHAT: Final = (
    WhatToShow.TRADES,
    WhatToShow.AGGREGATED_TRADES,
    WhatToShow.MIDPOINT,
    WhatToShow.BID,
    WhatToShow.ASK,
)


class _RealTimeBars(Stream):
    """The bars of one request: none while the market is closed."""

    def __init__(self, client: Client, request: RealTimeBarsRequest, series: Series) -> None:
        self._client = client
        self._request = request
        self._series = series
        self._next = self._after(client.world.ms() // 1000)
        """When the next bar is over, in seconds since 1970."""

    @property
    def wake_at(self) -> float:
        return self._client.world.at(self._next * 1000)

    def wake(self) -> Iterable[ToClient]:
        end = self._next
        self._next = self._after(end)
        bar = self._series.exactly((end - BAR_SECONDS) * 1000, end * 1000)
        if bar is not None:
            yield self._tick(self._series.write(bar, date.min), end - BAR_SECONDS)

    @property
    def contract_id(self) -> int:
        """What they are of."""
        return self._series.instrument.contract_id

    def skip(self, now: float) -> None:
        self._next = max(self._next, self._after(self._client.world.ms(now) // 1000))

    def _after(self, second: int) -> int:
        """Give when the first bar is over that is not so at *second*."""
        end = (second // BAR_SECONDS + 1) * BAR_SECONDS
        hours: Hours = self._series.instrument.hours
        if hours.at(end - BAR_SECONDS, liquid=self._request.use_rth) is not None:
            return end
        session = hours.next_after(end - BAR_SECONDS, liquid=self._request.use_rth)
        # Closed for a month: looked at again later.
        return end + 86_400 if session is None else -(-session.begin // BAR_SECONDS) * BAR_SECONDS + BAR_SECONDS

    def _tick(self, bar: HistoricalDataBar, second: int) -> RealTimeBarTick:
        time = datetime.fromtimestamp(second, UTC)
        return RealTimeBarTick(
            id_of(self._request), time, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.wap, bar.bar_count
        )

    def busted(self) -> ToClient:
        """Give the error that trades were cancelled, and with them these bars."""
        text = (
            "Bust event occurred, current subscription is deactivated. Please resubscribe real-time bars immediately."
        )
        return complaint(self._client.world, _BUST, text, self._request)


def tell_realtime_bars(client: Client, request: RealTimeBarsRequest) -> Iterable[ToClient]:
    """Begin with bars, or give the error of the first check that fails."""
    error = _begin(client, request)
    if error is not None:
        yield error


def _begin(client: Client, request: RealTimeBarsRequest) -> ErrorMessage | None:
    world, key = client.world, (REALTIME_BARS, id_of(request))
    if key in client.streams:
        return not_done(world, request, "Duplicate ticker id")
    what = WhatToShow(request.what_to_show.value)
    if what not in _WHAT:
        return not_valid(world, request, f"What to show value of {what} rejected.")
    match = meant(client, request, request.contract)
    if isinstance(match, ErrorMessage):
        return match
    error = _refused(client, request, match.instrument, match.exchange, what)
    if error is not None:
        return error
    client.streams[key] = _RealTimeBars(client, request, _series(client, request, match.instrument, what))
    return None


def _refused(
    client: Client, request: RealTimeBarsRequest, instrument: Instrument, exchange: str, what: WhatToShow
) -> ErrorMessage | None:
    world = client.world
    if kind_of(instrument) is SecurityType.CRYPTO and what is WhatToShow.TRADES:
        return complaint(world, OTHER_KIND, other_kind("AGGTRADES", "TRADES"), request)
    # There are no delayed ones.
    text = no_permission(client, instrument, exchange, end=None)
    if text is None and not is_made(instrument, what):
        text = f"No historical market data for {of_kind(instrument, exchange, what)} {BAR_SECONDS}"
    if text is not None:
        return _invalid(client, request, text)
    error = no_line(client, request)
    if error is not None:
        return error
    if is_paced(client, request, instrument, exchange, what.value, request.use_rth):
        return _invalid(client, request, PACED)
    return None


def _invalid(client: Client, request: RealTimeBarsRequest, text: str) -> ErrorMessage:
    return complaint(client.world, _REFUSED, f"Invalid Real-time Query:{text}", request)


def _series(client: Client, request: RealTimeBarsRequest, instrument: Instrument, what: WhatToShow) -> Series:
    return Series.of(
        client.world.market,
        instrument,
        what,
        Length(BAR_SECONDS),
        is_liquid=request.use_rth,
        units=Units.of_history(client.world.settings, client.server_version),
        form=TimeForm(zone=UTC, is_naive=False, in_seconds=False),
    )


def end_realtime_bars(client: Client, request: CancelRealTimeBars) -> Iterable[ToClient]:
    """End the bars, without a word; 300 where there are none under the id."""
    if client.streams.pop((REALTIME_BARS, request.request_id), None) is None:
        text = f"Can't find EId with tickerId:{request.request_id}"
        yield complaint(client.world, _NOT_FOUND, text, request)


def bust(client: Client, contract_id: int) -> list[ToClient]:
    """End all bars of *contract_id* that *client* gets, as cancelled trades do; gives the errors of it (10225)."""
    ended = [
        (key, stream)
        for key, stream in client.streams.items()
        if isinstance(stream, _RealTimeBars) and stream.contract_id == contract_id
    ]
    for key, _ in ended:
        del client.streams[key]
    return [stream.busted() for _, stream in ended]


CARDS: Final = (
    Card(
        "realtime_bars.rhythm",
        "A bar of 5 s comes when it is over, at multiples of 5 s, with its start as its time, traded or not, as long "
        "as the market is open (with useRTH: in regular hours); the first one within 5 s. Other sizes are ignored.",
        Evidence.DOCUMENTED,
        "market_data.md 12",
    ),
    Card(
        "realtime_bars.values",
        "Bars of quotes have a volume, an average and a count of -1. TRADES, MIDPOINT, BID and ASK; another kind is "
        "321.",
        Evidence.RECORDED,
        "market_data.md 12, conversations.yaml",
        "The text of the refusal is that of bars of the past. AGGTRADES for crypto, and 10299 for its TRADES, are "
        "chosen.",
    ),
    Card(
        "realtime_bars.refused",
        "Without a subscription 420 Invalid Real-time Query:No market data permissions ..., there are no delayed ones; "
        "under the pacing rules 420 with Historical data request pacing violation; without a line 101.",
        Evidence.RECORDED,
        "market_data.md 12",
    ),
    Card(
        "realtime_bars.cancel",
        "A cancel is silent; of an id that is not active it is 300.",
        Evidence.CHOSEN,
        "conversations.yaml: 300 or nothing",
    ),
    Card(
        "realtime_bars.bust",
        "When trades are cancelled, bars end by 10225.",
        Evidence.DOCUMENTED,
        "market_data.md 12",
        "By hand alone: anytws.simulator.answers.realtime_bars.bust.",
    ),
)
