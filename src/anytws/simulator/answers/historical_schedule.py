"""The sessions of an instrument, as a request for bars of the kind SCHEDULE gets them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from anytws.messages.base import ToClient
from anytws.messages.historical import HistoricalSchedule, HistoricalSession
from anytws.simulator.answers.answer import id_of
from anytws.simulator.answers.historical_checks import Asked
from anytws.simulator.answers.historical_farm import nothing_found
from anytws.simulator.answers.historical_spans import trading_days, zone_of
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client


def tell_schedule(client: Client, asked: Asked) -> Iterable[ToClient]:
    """Give the sessions that have a part in the time that is asked for, in the clock of their exchange."""
    liquid, zone = asked.request.use_rth, zone_of(asked.instrument)
    days = trading_days(asked.instrument, asked.begin, -(-asked.end_ms // 1000), liquid=liquid)
    sessions = [session for day in days for session in day]
    if not sessions:
        yield nothing_found(client, asked.request, asked.instrument, asked.exchange, asked.request.what_to_show.value)
        return

    def wall(second: int) -> datetime:
        return datetime.fromtimestamp(second, UTC).astimezone(zone).replace(tzinfo=None, fold=0)

    yield HistoricalSchedule(
        id_of(asked.request),
        wall(sessions[0].begin),
        wall(sessions[-1].end),
        asked.instrument.hours.zone,
        tuple(HistoricalSession(wall(session.begin), wall(session.end), session.day) for session in sessions),
    )


CARDS: Final = (
    Card(
        "historical.schedule",
        "SCHEDULE is answered by one HistoricalSchedule and no end: sessions without holidays, half days with their "
        "early end, in the wall clock of the zone that it names, each with the trading day that it counts for.",
        Evidence.RECORDED,
        "historical.md 4",
        "Start and end are those of the first and the last session (chosen). Useful from server version 165 on.",
    ),
)
