"""The calendar of Wall Street Horizon: who may read it and when, and events that are the same for the same seed."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.messages.wsh import (
    CancelWshEventData,
    CancelWshMetaData,
    WshEventData,
    WshEventDataRequest,
    WshMetaData,
    WshMetaDataRequest,
)
from anytws.simulator import World, WorldSettings
from anytws.simulator.answers.wsh import SECONDS
from anytws.simulator.company_calendar import KINDS, events
from anytws.simulator.settings import EPOCH
from tests.test_world import Client

AAPL, SPY, FOREX = 265598, 756733, 12087792
YEAR = timedelta(days=365)


def licensed(**knobs: object) -> Client:
    return Client(World(WorldSettings(wsh_licensed=True)), client_id=1, **knobs)


def introduced(**knobs: object) -> Client:
    """Give a client that has the meta data; it is 1.0 then."""
    client = licensed(**knobs)
    client.ask(WshMetaDataRequest(1), 0.0)
    client.go(1.0)
    return client


def ask(client: Client, **values: object) -> list[dict[str, Any]]:
    """Ask for events at 1.0; give them."""
    assert client.ask(WshEventDataRequest(**values, request_id=7), 1.0) == []
    (told,) = client.go(1.0 + SECONDS)
    assert isinstance(told, WshEventData)
    found = json.loads(told.data_json)
    assert isinstance(found, list)
    return found


# Who may ask, and when


@pytest.mark.card("wsh.not_licensed")
def test_who_has_no_licence_gets_nothing():
    client = Client(World(), client_id=1)
    for request in (WshMetaDataRequest(7), WshEventDataRequest(AAPL, request_id=7)):
        (error,) = client.ask(request)
        assert (error.request_id, error.error_code) == (7, 10276)
        assert error.error_message == "News feed is not allowed."


@pytest.mark.card("wsh.meta_data_first")
@pytest.mark.parametrize("version", [178, 226])
def test_meta_data_come_before_events(version: int):
    client = licensed(maximum_version=version)
    (error,) = client.ask(WshEventDataRequest(AAPL, request_id=7))
    assert (error.request_id, error.error_code, error.error_message) == (7, 10282, "WSH meta data not requested.")
    assert client.ask(WshMetaDataRequest(8)) == []
    (told,) = client.go(SECONDS)
    assert isinstance(told, WshMetaData)
    kinds = json.loads(told.data_json)["meta_data"]["event_types"]
    assert {kind["tag"]: kind["name"] for kind in kinds} == KINDS
    assert client.ask(WshEventDataRequest(AAPL, request_id=7), 1.0) == []
    assert [type(event) for event in client.go(2.0)] == [WshEventData]
    # Another session has to begin anew.
    other = Client(client.link.world, client_id=2)
    assert [error.error_code for error in other.ask(WshEventDataRequest(AAPL, request_id=7), 2.0)] == [10282]


@pytest.mark.card("wsh.one_at_a_time")
def test_one_at_a_time():
    client = introduced()
    for request, code in ((WshMetaDataRequest, 10278), (WshEventDataRequest, 10281)):
        values = {"contract_id": AAPL} if request is WshEventDataRequest else {}
        assert client.ask(request(**values, request_id=7), 1.0) == []
        (error,) = client.ask(request(**values, request_id=8), 1.0)
        assert (error.request_id, error.error_code) == (8, code)
        assert len(client.go(2.0)) == 1


@pytest.mark.card("wsh.cancel")
def test_a_cancel_is_silent_if_there_is_something_to_cancel():
    client = introduced()
    client.ask(WshMetaDataRequest(7), 1.0)
    client.ask(WshEventDataRequest(AAPL, request_id=8), 1.0)
    assert client.ask(CancelWshMetaData(7), 1.0) == client.ask(CancelWshEventData(8), 1.0) == client.go(2.0) == []
    for request, code in ((CancelWshMetaData(7), 10280), (CancelWshEventData(8), 10284)):
        (error,) = client.ask(request, 2.0)
        assert (error.request_id, error.error_code) == (request.request_id, code)


# Events


@pytest.mark.card("wsh.events")
def test_a_contract_has_its_events_in_order():
    found = ask(introduced(), contract_id=AAPL)
    days = [event["index_date"] for event in found]
    assert len(found) >= 8
    assert days == sorted(days)
    assert f"{EPOCH:%Y%m%d}" <= days[0]
    assert days[-1] <= f"{EPOCH + YEAR:%Y%m%d}"
    assert all(event["conids"] == [AAPL] and event["event_type"] in KINDS and event["data"] for event in found)
    earnings = [event for event in found if event["event_type"] == "wshe_ed"]
    calls = [event["index_date"] for event in found if event["event_type"] == "wshe_cc"]
    assert len(earnings) in (4, 5)
    assert [event["index_date"] for event in earnings] == calls


@pytest.mark.card("wsh.events")
def test_filters_choose_companies_and_kinds():
    words = json.dumps({"country": "All", "watchlist": [str(AAPL)], "limit": 3, "wshe_ed": "true"})
    found = ask(introduced(), filter=words)
    assert [(event["event_type"], event["conids"]) for event in found] == [("wshe_ed", [AAPL])] * 3
    everybody = ask(introduced(), filter='{"wshe_ed": "true"}')
    assert len(everybody) > 30
    assert len(ask(introduced(), filter="{}")) == 100
    assert len({event["conids"][0] for event in everybody}) > 5
    held = ask(introduced(), filter='{"watchlist": [], "wshe_ed": true}', fill_portfolio=True)
    assert {event["conids"][0] for event in held} <= {AAPL, SPY}
    assert held
    assert ask(introduced(), filter='{"watchlist": []}') == []


def test_days_and_numbers_are_limits():
    begin, end = date(2026, 3, 1), date(2026, 6, 30)
    found = ask(introduced(), contract_id=AAPL, start_date=begin, end_date=end, total_limit=2)
    assert len(found) == 2
    assert all(f"{begin:%Y%m%d}" <= event["index_date"] <= f"{end:%Y%m%d}" for event in found)
    assert ask(introduced(), contract_id=AAPL, start_date=end, end_date=begin) == []
    ask(introduced(), contract_id=AAPL, start_date=date.max)
    ask(introduced(), contract_id=AAPL, start_date=date.min, end_date=date(1, 2, 1))
    assert ask(introduced(), contract_id=FOREX) == []


@pytest.mark.card("wsh.events")
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"contract_id": AAPL, "filter": "{}"},
        {"filter": "no JSON"},
        {"filter": "[1]"},
        {"filter": "[" * 100_000},
        {"filter": "1" * 10_000},
    ],
    ids=lambda values: str(values)[:30],
)
def test_what_makes_no_sense_is_refused(values: dict[str, object]):
    (error,) = introduced().ask(WshEventDataRequest(**values, request_id=7), 1.0)
    assert (error.request_id, error.error_code) == (7, 10309)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5)


@given(st.dictionaries(st.sampled_from(["country", "watchlist", "limit", "limit_region", *KINDS]), JSON))
def test_any_filter_has_an_answer(words: dict[str, object]):
    ask(introduced(), filter=json.dumps(words), start_date=EPOCH.date(), end_date=EPOCH.date() + timedelta(days=9))


@given(st.integers(0, 3000), st.integers(0, 400))
def test_events_do_not_depend_on_the_days_that_are_asked_for(first: int, length: int):
    world = World()
    stock = world.universe.by_symbol("AAPL")
    begin = date(2020, 1, 1) + timedelta(days=first)
    end = begin + timedelta(days=length)
    wider = events(world, [stock], KINDS, begin - timedelta(days=100), end + timedelta(days=100))
    found = events(world, [stock], KINDS, begin, end)
    assert [(event.day, event.tag) for event in found] == [
        (event.day, event.tag) for event in wider if begin <= event.day <= end
    ]
    assert all(event.day.isoweekday() <= 5 for event in found)
