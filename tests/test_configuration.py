"""The settings of TWS over its API: what holds here is told and changed, all or nothing; the rest is kept."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.messages.config import (
    ApiConfig,
    ApiSettingsConfig,
    ConfigRequest,
    ConfigResponse,
    LockAndExitConfig,
    MessageConfig,
    OrdersConfig,
    OrdersSmartRoutingConfig,
    UpdateConfigRequest,
    UpdateConfigResponse,
)
from anytws.simulator import World, WorldSettings
from anytws.simulator.configuration import MOST_CHARACTERS, OPENS_TO_OTHERS
from anytws.simulator.settings import BarTimes
from anytws.testing.strategies import message_of
from tests.test_world import ELSEWHERE, HERE, Client


def read(client: Client) -> ConfigResponse:
    (told,) = client.ask(ConfigRequest(request_id=7))
    assert isinstance(told, ConfigResponse)
    return told


def change(client: Client, **values: object) -> UpdateConfigResponse:
    (told,) = client.ask(UpdateConfigRequest(**values, request_id=8))
    assert isinstance(told, UpdateConfigResponse)
    assert told.request_id == 8
    return told


def api(**values: object) -> ApiConfig:
    return ApiConfig(settings=ApiSettingsConfig(**values))


@pytest.mark.card("config.read")
def test_all_settings_are_told():
    told = read(Client(World(), client_id=1))
    assert told.request_id == 7
    assert told.api is not None
    for record in (told.lock_and_exit, told.api.precautions, told.api.settings, told.orders):
        assert record is not None
        silent = [name for name, value in attrs.asdict(record).items() if value is None]  # type: ignore[arg-type]
        assert silent in ([], ["master_client_id"])
    assert told.messages


@pytest.mark.card("config.read")
def test_what_holds_here_is_told_as_it_is():
    settings = WorldSettings(
        read_only=True,
        localhost_only=False,
        trusted_addresses=(HERE, ELSEWHERE),
        master_client=5,
        us_stocks_in_lots=True,
        bar_times=BarTimes.UTC,
    )
    told = read(Client(World(settings), client_id=1))
    assert told.api is not None
    own = told.api.settings
    assert own is not None
    assert (own.read_only_api, own.allow_localhost_only, own.trusted_ips) == (True, False, (HERE, ELSEWHERE))
    assert (own.master_client_id, own.send_market_data_in_lots_for_us_stocks) == (5, True)
    assert own.send_instrument_timezone == "UTC"


@pytest.mark.card("config.update")
def test_what_is_changed_holds_at_once_and_is_told_by_its_name():
    world = World()
    client = Client(world, client_id=1)
    before = read(client)
    told = change(
        client,
        api=api(master_client_id=3, send_market_data_in_lots_for_us_stocks=True, send_instrument_timezone="operator"),
        orders=OrdersConfig(OrdersSmartRoutingConfig(do_not_route_to_dark_pools=True)),
    )
    assert (told.status, told.errors, told.warnings) == ("success", (), ())
    assert set(told.changed_fields) == {
        "api.settings.masterClientId",
        "api.settings.sendMarketDataInLotsForUsStocks",
        "api.settings.sendInstrumentTimezone",
        "orders.smartRouting.doNotRouteToDarkPools",
    }
    assert (world.settings.master_client, world.settings.us_stocks_in_lots) == (3, True)
    assert world.settings.bar_times is BarTimes.OPERATOR
    after = read(client)
    assert after.orders is not None
    assert after.orders.smart_routing == OrdersSmartRoutingConfig(False, False, True, "SMART")
    assert (after.lock_and_exit, after.messages) == (before.lock_and_exit, before.messages)
    again = change(client, orders=OrdersConfig(OrdersSmartRoutingConfig(do_not_route_to_dark_pools=True)))
    assert (again.status, again.changed_fields) == ("success", ())


@pytest.mark.card("config.update")
def test_messages_are_changed_by_their_number():
    client = Client(World(), client_id=1)
    first = read(client).messages[0]
    told = change(client, messages=(MessageConfig(first.message_id, enabled=False),))
    assert told.changed_fields == (f"messages.{first.message_id}",)
    assert read(client).messages[0] == attrs.evolve(first, enabled=False)  # type: ignore[misc]
    told = change(client, messages=(MessageConfig(99, enabled=False),))
    assert (told.status, told.changed_fields) == ("error", ())
    assert told.errors == ("messages: there is no message 99",)


@pytest.mark.card("config.update")
def test_what_opens_it_to_others_has_to_be_accepted_first():
    world = World()
    client = Client(world, client_id=1)
    wanted = api(allow_localhost_only=False, trusted_ips=(ELSEWHERE,))
    told = change(client, api=wanted)
    assert (told.status, told.warnings, told.changed_fields) == ("warning", (OPENS_TO_OTHERS,), ())
    assert world.settings == WorldSettings()
    told = change(client, api=wanted, accepted_warnings=told.warnings)
    assert (told.status, told.warnings) == ("success", ())
    assert (world.settings.localhost_only, world.settings.trusted_addresses) == (False, {ELSEWHERE})


@pytest.mark.card("config.not_simulated")
@pytest.mark.parametrize(
    "values, word",
    [
        ({"api": api(socket_port=4001)}, "api.settings.socketPort"),
        ({"reset_api_order_sequence": True}, "resetApiOrderSequence"),
        ({"api": api(send_instrument_timezone="Mars")}, "sendInstrumentTimezone"),
        ({"api": api(master_client_id=-5)}, "master_client"),
        ({"api": api(trusted_ips=("10.0.0.1",) * 101)}, "trustedIps"),
        ({"lock_and_exit": LockAndExitConfig("x" * (MOST_CHARACTERS + 1))}, "characters"),
    ],
)
def test_what_cannot_be_is_an_error_and_nothing_is_changed(values: dict[str, object], word: str):
    world = World()
    client = Client(world, client_id=1)
    before = read(client)
    told = change(client, **values, messages=(MessageConfig(1, enabled=False),))
    assert (told.status, told.changed_fields) == ("error", ())
    assert word in " ".join(told.errors)
    assert read(client) == before
    assert world.settings == WorldSettings()


def test_a_tws_that_is_read_only_lets_nothing_be_changed():
    client = Client(World(WorldSettings(read_only=True)), client_id=1)
    (error,) = client.ask(UpdateConfigRequest(api=api(read_only_api=False), request_id=8))
    assert (error.request_id, error.error_code) == (8, 321)


@given(st.lists(message_of(UpdateConfigRequest), min_size=1, max_size=3))
def test_any_update_has_an_outcome_and_the_settings_can_still_be_told(requests: list[UpdateConfigRequest]):
    world = World()
    client = Client(world, client_id=1)
    for request in requests:
        (told,) = client.ask(attrs.evolve(request, request_id=8))  # type: ignore[misc]
        if isinstance(told, UpdateConfigResponse):
            assert told.status in ("success", "warning", "error")
    read(client)
    assert client.link.failure is None
