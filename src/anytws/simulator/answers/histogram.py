"""How much was traded at which price."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from anytws.messages.base import ToClient
from anytws.messages.historical import HistogramData, HistogramDataEntry, HistogramDataRequest, WhatToShow
from anytws.messages.session import ErrorMessage
from anytws.simulator.answers.access import meant
from anytws.simulator.answers.answer import id_of
from anytws.simulator.answers.figures import Figures, Units
from anytws.simulator.answers.historical_checks import duration_of, length_of
from anytws.simulator.answers.historical_farm import (
    HISTOGRAM,
    is_made,
    no_permission,
    nothing_found,
    too_many,
    withheld,
)
from anytws.simulator.answers.historical_spans import Duration, Period, begin_of
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.chance import draw
from anytws.simulator.client import Client, Stream
from anytws.simulator.complaints import complaint, not_valid
from anytws.simulator.universe.finding import Match
from anytws.simulator.universe.instrument import Instrument

COUNTING_MS: Final = 10
"""Milliseconds that an hour of trades takes to be counted (chosen)."""

_PIECE_MS: Final = 3_600_000
_FAILED: Final = 10188
_PERIOD: Final = re.compile(r"([0-9]{1,4}) (sec|min|hour|day|week|month|year)s?", re.IGNORECASE).fullmatch
_UNITS: Final = {
    "sec": ("S", 1),
    "min": ("S", 60),
    "hour": ("S", 3600),
    "day": ("D", 1),
    "week": ("W", 1),
    "month": ("M", 1),
    "year": ("Y", 1),
}
_PERIODS: Final = {
    Period.DAY: Duration(1, "D"),
    Period.WEEK: Duration(1, "W"),
    Period.MONTH: Duration(1, "M"),
    Period.QUARTER: Duration(3, "M"),
    Period.YEAR: Duration(1, "Y"),
}
_LONGEST: Final = {"S": 86_400, "D": 365, "W": 52, "M": 12, "Y": 1}


def period_of(text: str) -> Duration | None:
    """Read a period: ``3 days``, or a length of bars; None: it is none, or longer than a year."""
    match = _PERIOD(text)
    if match is not None:
        unit, factor = _UNITS[match[2].lower()]
        found: Duration | None = Duration(int(match[1]) * factor, unit)
    else:
        length = length_of(text)
        if length is None:
            found = duration_of(text)
        else:
            found = Duration(length.seconds, "S") if length.period is None else _PERIODS[length.period]
    return found if found is not None and 1 <= found.count <= _LONGEST[found.unit] else None


def tell_histogram(client: Client, request: HistogramDataRequest) -> Iterable[ToClient]:
    """Give prices and sizes, in no order, or an error."""
    key = (HISTOGRAM, id_of(request))
    if key in client.streams:
        yield not_valid(client.world, request, "Duplicate ticker ID for API histogram data query")
        return
    match = meant(client, request, request.contract)
    if isinstance(match, ErrorMessage):
        yield match
        return
    instrument, now = match.instrument, client.world.ms() // 1000
    period = period_of(request.time_period)
    text = no_permission(client, instrument, match.exchange, end=now)
    if text is not None:
        yield withheld(client, request, text)
        return
    if period is None or not (
        is_made(instrument, WhatToShow.TRADES) or is_made(instrument, WhatToShow.AGGREGATED_TRADES)
    ):
        yield complaint(client.world, _FAILED, "Failed to request histogram data", request)
        return
    error = too_many(client, request)
    if error is not None:
        yield error
        return
    counting = _Counting(client, request, match, period)
    if client.world.settings.historical_seconds > 0 or not (counting.count() or counting.count()):
        client.streams[key] = counting
    else:
        yield from counting.answer()


class _Counting(Stream):
    """A request that is not answered yet: trades are counted piece by piece, for others must not wait for it."""

    def __init__(self, client: Client, request: HistogramDataRequest, match: Match, period: Duration) -> None:
        self._client = client
        self._request = request
        self._match = match
        self._rows: dict[int, int] = {}
        end_ms = client.world.ms() + 1
        begin = begin_of(match.instrument, -(-end_ms // 1000), period, liquid=request.use_rth)
        self._pieces = _pieces(match.instrument, begin, end_ms, liquid=request.use_rth)
        delay = int(client.world.settings.historical_seconds * 1000)
        self._next = client.world.ms() + (delay or COUNTING_MS)

    @property
    def wake_at(self) -> float:
        return self._client.world.at(self._next)

    def skip(self, now: float) -> None:
        # It is an answer, not a sample: it waits.
        self._next = max(self._next, self._client.world.ms(now) + COUNTING_MS)

    def wake(self) -> Iterable[ToClient]:
        self._next += COUNTING_MS
        if self.count():
            del self._client.streams[HISTOGRAM, id_of(self._request)]
            yield from self.answer()

    def count(self) -> bool:
        """Count what was traded in the next piece; tell whether it was the last one."""
        piece = next(self._pieces, None)
        if piece is None:
            return True
        rows = self._rows
        for price, size in self._client.world.market.histogram(self._match.instrument, *piece):
            if size:
                rows[price] = rows.get(price, 0) + size
        return False

    def answer(self) -> Iterable[ToClient]:
        """Give the answer, of which all has been counted."""
        client, rows, instrument = self._client, self._rows, self._match.instrument
        if not rows:
            yield nothing_found(client, self._request, instrument, self._match.exchange, "Trades")
            return
        world = client.world
        figures = Figures(instrument, Units.of_history(world.settings, client.server_version))
        # In no order, and in the same one each time.
        prices = sorted(rows, key=lambda price: draw(world.market.seed, instrument.contract_id, price))
        entries = tuple(HistogramDataEntry(figures.price(price), figures.volume(rows[price])) for price in prices)
        yield HistogramData(id_of(self._request), entries)


def _pieces(instrument: Instrument, begin: int, end_ms: int, *, liquid: bool) -> Iterator[tuple[int, int]]:
    """Give the sessions between *begin* and *end_ms* in pieces of an hour, in milliseconds."""
    for session in instrument.hours.between(begin, -(-end_ms // 1000), liquid=liquid):
        last = min(session.end * 1000, end_ms)
        for first in range(max(session.begin, begin) * 1000, last, _PIECE_MS):
            yield first, min(first + _PIECE_MS, last)


CARDS: Final = (
    Card(
        "historical.histogram",
        "A histogram is one message with a pair of price and size for each price of the whole period, in no order. The "
        "period is a number and a word (3 days), or a length of bars; days are trading days.",
        Evidence.RECORDED,
        "historical.md 4",
        "At most a year, and 10 ms for each hour of sessions: chosen.",
    ),
    Card(
        "historical.histogram_failed",
        "A period that cannot be read, or a product without trades, is 10188 Failed to request histogram data; an id "
        "in use is 321.",
        Evidence.REPORTED,
        "historical.md 4: codes of the catalogue",
        "The text about the id is chosen. Its cancel is silent.",
    ),
)
