"""The calendar of Wall Street Horizon, from end to end: the meta data come first, by themselves."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import anyio
import pytest

from anytws import RequestFailed, RequestTimedOut
from anytws.messages import (
    Contract,
    ErrorMessage,
    Stock,
    WshEventDataRequest,
    WshMetaData,
    WshMetaDataRequest,
)
from anytws.simulator import World, WorldSettings
from tests.in_memory import Script, connected

AAPL = Contract(contract_id=265598)


@pytest.mark.virtual_time
@pytest.mark.parametrize("version", [178, 226])
async def test_events_of_a_contract_and_of_a_filter(version: int) -> None:
    world = World(WorldSettings(server_version=version, wsh_licensed=True))
    async with connected(world) as tws:
        days: dict[str, Any] = {"start": date(2026, 1, 1), "end": date(2026, 12, 31)}
        events = json.loads((await tws.wsh.events(AAPL, most=5, **days)).data_json)
        assert 0 < len(events) <= 5
        assert [type(heard.message) for heard in world.heard] == [WshMetaDataRequest, WshEventDataRequest]
        found = await tws.wsh.events(filter={"watchlist": ["265598"], "wshe_ed": "true"}, **days)
        assert {event["event_type"] for event in json.loads(found.data_json)} == {"wshe_ed"}
        same = await tws.wsh.events(filter='{"watchlist": ["265598"], "wshe_ed": "true"}', **days)
        assert same.data_json == found.data_json
        assert "meta_data" in json.loads((await tws.wsh.metadata()).data_json)


async def test_who_has_no_licence_is_told_so() -> None:
    async with connected() as tws:
        for ask in (tws.wsh.metadata, lambda: tws.wsh.events(AAPL)):
            with pytest.raises(RequestFailed) as caught:
                await ask()
            assert caught.value.code == 10276


async def test_what_makes_no_sense_is_refused_before_it_is_sent() -> None:
    world = World()
    async with connected(world) as tws:
        wrongs: list[dict[str, Any]] = [{}, {"contract": AAPL, "filter": "{}"}]
        for wrong in wrongs:
            with pytest.raises(ValueError, match="one of the two"):
                await tws.wsh.events(**wrong)
        with pytest.raises(ValueError, match="resolve"):
            await tws.wsh.events(Stock("AAPL"))
        assert not world.heard


async def test_meta_data_that_tws_has_forgotten_are_asked_for_again() -> None:
    forgets = Script({
        WshMetaDataRequest: [WshMetaData(0, "{}")],
        WshEventDataRequest: [ErrorMessage(0, 10282, "WSH meta data not requested.")],
    })  # fmt: skip
    async with connected(forgets.world) as tws:
        with pytest.raises(RequestFailed) as caught:
            await tws.wsh.events(AAPL)
        assert caught.value.code == 10282
        kinds = [WshMetaDataRequest, WshEventDataRequest] * 2
        assert [type(request) for request in forgets.asked] == kinds


async def test_a_refusal_is_an_error() -> None:
    said: list[ErrorMessage] = []
    script = Script({WshMetaDataRequest: [WshMetaData(0, "{}")], WshEventDataRequest: said})
    async with connected(script.world) as tws:
        for code in (10277, 10281, 10283, 10309):
            said[:] = [ErrorMessage(0, code, "so")]
            with pytest.raises(RequestFailed) as caught:
                await tws.wsh.events(AAPL)
            assert caught.value.code == code
        assert [type(request) for request in script.asked].count(WshMetaDataRequest) == 1


@pytest.mark.virtual_time
async def test_the_deadline_is_for_all_of_it() -> None:
    script = Script({WshMetaDataRequest: []})
    async with connected(script.world) as tws:
        began = anyio.current_time()
        with pytest.raises(RequestTimedOut):
            await tws.wsh.events(AAPL, timeout=7)
        assert anyio.current_time() - began == pytest.approx(7)
