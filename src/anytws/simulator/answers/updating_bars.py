"""Bars that are kept up to date: the running one, as it is every five seconds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from anytws.messages.base import ToClient
from anytws.messages.historical import HistoricalDataBar, HistoricalDataRequest, HistoricalDataUpdate, UpdatedBar
from anytws.simulator.answers.answer import id_of
from anytws.simulator.answers.historical_bars import Series
from anytws.simulator.answers.historical_checks import is_expired
from anytws.simulator.answers.historical_farm import BARS
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client, Stream
from anytws.simulator.complaints import complaint

UPDATE_MS: Final = 5_000
"""Milliseconds from one update to the next: they come at multiples of it, so those of all bars in one go."""

_EXPIRED: Final = 10180
_DISCONNECTED: Final = 10182


class _UpdatingBars(Stream):
    """The updates of one request."""

    def __init__(self, client: Client, request: HistoricalDataRequest, series: Series) -> None:
        self._client = client
        self._request = request
        self._series = series
        self._next = (client.world.ms() // UPDATE_MS + 1) * UPDATE_MS

    @property
    def wake_at(self) -> float:
        return self._client.world.at(self._next)

    def wake(self) -> Iterable[ToClient]:
        at = self._next
        self._next += UPDATE_MS
        if is_expired(self._series.instrument, at):
            del self._client.streams[BARS, id_of(self._request)]
            yield complaint(self._client.world, _EXPIRED, "Failed to request live updates (expired).", self._request)
            return
        yield from self.update(at)

    def skip(self, now: float) -> None:
        self._next = max(self._next, (self._client.world.ms(now) // UPDATE_MS + 1) * UPDATE_MS)

    def update(self, at_ms: int) -> Iterable[ToClient]:
        """Give the running bar as it is at *at_ms*, in milliseconds since 1970."""
        bar = self._series.running(at_ms)
        if bar is not None:
            yield HistoricalDataUpdate(id_of(self._request), updated(bar))

    def lost(self) -> ToClient:
        """Give the error that the connection to the farm was lost, and with it these updates."""
        text = "Failed to request live updates (disconnected)."
        return complaint(self._client.world, _DISCONNECTED, text, self._request)


def keep_updating(client: Client, request: HistoricalDataRequest, series: Series) -> Iterable[ToClient]:
    """Give the running bar of *series*, and have it told again and again from now on."""
    updates = _UpdatingBars(client, request, series)
    client.streams[BARS, id_of(request)] = updates
    yield from updates.update(client.world.ms() + 1)


def updated(bar: HistoricalDataBar) -> UpdatedBar:
    """Give *bar* as an update has it."""
    return UpdatedBar(bar.time, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.wap, bar.bar_count)


def lose_updates(client: Client) -> list[ToClient]:
    """End all updates of *client*, as a lost connection to the farm does; gives the errors that say so (10182)."""
    lost = [(key, stream) for key, stream in client.streams.items() if isinstance(stream, _UpdatingBars)]
    for key, _ in lost:
        del client.streams[key]
    return [stream.lost() for _, stream in lost]


CARDS: Final = (
    Card(
        "historical.updates",
        "keepUpToDate: after the end at once one update with the running bar, then one every 5 s for each request, "
        "changed or not, at the same moment for all of them, until the cancel.",
        Evidence.RECORDED,
        "historical.md 3, a Gateway",
        "That these moments are multiples of 5 s is chosen. An update has what happened before it: the last seconds of "
        "a bar are told by history alone.",
    ),
    Card(
        "historical.new_bar",
        "A new bar begins with the first update at its time: the last price four times, volume 0, count 0, and the "
        "price as its average. The bar before it is not marked as finished.",
        Evidence.RECORDED,
        "historical.md 3, a Gateway 10.40; older builds had -1 there",
    ),
    Card(
        "historical.updates_outside_hours",
        "While the market is closed each update repeats the last bar.",
        Evidence.CHOSEN,
        "historical.md 3: repeated, or silence",
    ),
    Card(
        "historical.updates_lost",
        "With a lost connection updates end by 10182 Failed to request live updates (disconnected). Those of a "
        "contract that expires end by 10180.",
        Evidence.REPORTED,
        "historical.md 3; the text of 10180 is chosen",
        "A script of faults, or anytws.simulator.answers.updating_bars.lose_updates, makes them end.",
    ),
)
