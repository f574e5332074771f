"""Answers of Wall Street Horizon: what its calendar knows, and events of companies. Few users have it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from anytws.messages.base import ToClient
from anytws.messages.wsh import (
    CancelWshEventData,
    CancelWshMetaData,
    WshEventData,
    WshEventDataRequest,
    WshMetaData,
    WshMetaDataRequest,
)
from anytws.simulator import company_calendar as calendar
from anytws.simulator.answers.answer import Answer, Answers, id_of
from anytws.simulator.answers.patient import PatientStream
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client, Key
from anytws.simulator.complaints import complaint

if TYPE_CHECKING:
    from anytws.simulator.universe.instrument import Instrument

META_DATA: Final = "wsh meta data"
EVENTS: Final = "wsh events"
"""The kinds of what is being looked up."""

SECONDS: Final = 0.5
"""How long an answer takes (chosen)."""
MOST_EVENTS: Final = 100
"""How many events one answer has (documented)."""
_AHEAD: Final = timedelta(days=365)

_NOT_ALLOWED: Final = 10276
_META_DATA_RUNS: Final = 10278
_NO_META_DATA_TO_CANCEL: Final = 10280
_EVENTS_RUN: Final = 10281
_META_DATA_FIRST: Final = 10282
_NO_EVENTS_TO_CANCEL: Final = 10284
_INVALID: Final = 10309


class _Later(PatientStream):
    """Something that takes a while, and is said once."""

    def __init__(self, client: Client, key: Key, say: Callable[[], ToClient]) -> None:
        super().__init__()
        self._client, self._key, self._say = client, key, say
        self._at = client.world.now + SECONDS

    @property
    def due_at(self) -> float:
        return self._at

    def wake(self) -> Iterator[ToClient]:
        del self._client.streams[self._key]
        yield self._say()


def ask_meta_data(client: Client, request: WshMetaDataRequest) -> Iterable[ToClient]:
    """Look up what the calendar knows; from then on it may be asked for events."""
    world = client.world
    if not world.settings.wsh_licensed:
        yield complaint(world, _NOT_ALLOWED, "News feed is not allowed.", request)
    elif client.count(META_DATA):
        yield complaint(world, _META_DATA_RUNS, "Duplicate WSH meta-data request", request)
    else:

        def say() -> ToClient:
            client.knows_calendar = True
            return WshMetaData(id_of(request), json.dumps(calendar.meta_data()))

        key = META_DATA, id_of(request)
        client.streams[key] = _Later(client, key, say)


def ask_events(client: Client, request: WshEventDataRequest) -> Iterable[ToClient]:
    """Look up events, or say why not."""
    world = client.world
    if not world.settings.wsh_licensed:
        yield complaint(world, _NOT_ALLOWED, "News feed is not allowed.", request)
    elif not client.knows_calendar:
        yield complaint(world, _META_DATA_FIRST, "WSH meta data not requested.", request)
    elif client.count(EVENTS):
        yield complaint(world, _EVENTS_RUN, "Duplicate WSH event request", request)
    elif (wanted := _wanted(client, request)) is None:
        yield complaint(world, _INVALID, "Invalid WSH event request", request)
    else:
        instruments, tags, most = wanted
        begin = request.start_date or world.utc().date()
        end = request.end_date or _later(begin)

        def say() -> ToClient:
            found = calendar.events(world, instruments, tags, begin, end)[:most]
            return WshEventData(id_of(request), json.dumps([event.as_json() for event in found]))

        key = EVENTS, id_of(request)
        client.streams[key] = _Later(client, key, say)


def cancel_meta_data(client: Client, request: CancelWshMetaData) -> Iterable[ToClient]:
    """Give it up without a word, or say that it is not being looked up."""
    if client.streams.pop((META_DATA, request.request_id), None) is None:
        yield complaint(client.world, _NO_META_DATA_TO_CANCEL, "Failed to cancel WSH meta-data request", request)


def cancel_events(client: Client, request: CancelWshEventData) -> Iterable[ToClient]:
    """Give them up without a word, or say that they are not being looked up."""
    if client.streams.pop((EVENTS, request.request_id), None) is None:
        yield complaint(client.world, _NO_EVENTS_TO_CANCEL, "Failed to cancel WSH event request", request)


_Wanted = tuple[tuple["Instrument", ...], tuple[str, ...], int]


def _wanted(client: Client, request: WshEventDataRequest) -> _Wanted | None:
    """Give the instruments, kinds and number of events that are asked for; None: the request makes no sense."""
    if (request.contract_id is not None) == bool(request.filter):
        return None
    asked = _read(request.filter) if request.filter else {}
    if asked is None:
        return None
    ids = _ids(asked.get("watchlist", ())) if request.contract_id is None else (request.contract_id,)
    if request.fill_portfolio:
        ids += tuple(_held(client))
    known = client.world.universe.by_id
    if ids or "watchlist" in asked:
        instruments = tuple(each for each in map(known, dict.fromkeys(ids)) if each is not None)
    else:
        instruments = tuple(client.world.universe.instruments)
    tags = tuple(tag for tag in calendar.KINDS if _is_true(asked.get(tag)))
    limits = [each for each in (request.total_limit, _number(asked.get("limit"))) if each is not None and each > 0]
    return instruments, tags or tuple(calendar.KINDS), min([*limits, MOST_EVENTS])


def _read(text: str) -> dict[str, Any] | None:
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return asked if isinstance(asked, dict) else None


def _ids(listed: object) -> tuple[int, ...]:
    items = listed if isinstance(listed, (list, tuple)) else ()
    return tuple(number for number in map(_number, items) if number is not None)


def _number(value: object) -> int | None:
    try:
        return int(str(value)[:_DIGITS])
    except ValueError:
        return None


_DIGITS: Final = 18


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"


def _held(client: Client) -> Iterator[int]:
    world = client.world
    for instrument in world.universe.instruments:
        if any(world.accounts.position(account, instrument.contract_id) for account in world.settings.accounts):
            yield instrument.contract_id


def _later(begin: date) -> date:
    try:
        return begin + _AHEAD
    except OverflowError:
        return date.max


ANSWERS: Final[Answers] = {
    WshMetaDataRequest: Answer(ask_meta_data),
    CancelWshMetaData: Answer(cancel_meta_data),
    WshEventDataRequest: Answer(ask_events),
    CancelWshEventData: Answer(cancel_events),
}

CARDS: Final = (
    Card(
        "wsh.not_licensed",
        "Who has no licence gets 10276 `News feed is not allowed.` for each request, of meta data as of events.",
        Evidence.RECORDED,
        "frames of a Gateway",
        "This is the default; the knob is wsh_licensed.",
    ),
    Card(
        "wsh.meta_data_first",
        "Events are refused before the meta data of this session have come: 10282 `WSH meta data not requested.`.",
        Evidence.RECORDED,
        "the text; the rule is documented",
    ),
    Card(
        "wsh.one_at_a_time",
        "While one request is open another of its kind is refused: 10278 for meta data, 10281 for events.",
        Evidence.DOCUMENTED,
        "codes and meaning of the vendor's list",
        "An answer takes half a second (chosen).",
    ),
    Card(
        "wsh.cancel",
        "A cancel is silent; of what is not open it gets 10280 or 10284.",
        Evidence.DOCUMENTED,
        "the codes of the vendor's list; no recording has them",
    ),
    Card(
        "wsh.events",
        "Events are a JSON list of objects with event_type, index_date, conids and data, at most 100; either a "
        "contract or a filter says of whom, both or neither is 10309.",
        Evidence.DOCUMENTED,
        "the vendor's pages; the events are made up from the seed",
        "Of filters the watchlist, the limit and the tags of events hold; competitors and the watchlist of TWS are "
        "empty.",
    ),
)
