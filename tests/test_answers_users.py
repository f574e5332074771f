"""Small answers about the user, what keys of exchanges mean, and programs that want to prove who they are."""

from __future__ import annotations

import pytest

from anytws.messages.accounts import (
    FamilyCode,
    FamilyCodes,
    FamilyCodesRequest,
    SoftDollarTiers,
    SoftDollarTiersRequest,
    UserInfo,
    UserInfoRequest,
)
from anytws.messages.linking import (
    VerifyAndAuthCompleted,
    VerifyAndAuthMessage,
    VerifyAndAuthRequest,
    VerifyCompleted,
    VerifyMessageRequest,
    VerifyRequest,
)
from anytws.messages.market_data import SmartComponent, SmartComponents, SmartComponentsRequest
from anytws.simulator import World
from tests.test_world import Client


@pytest.mark.card("users.white_branding", "users.family_codes", "users.soft_dollar_tiers")
@pytest.mark.parametrize("version", [178, 200, 226])
def test_an_ordinary_user_has_nothing_special(version: int):
    client = Client(World(), client_id=1, maximum_version=version)
    assert client.ask(UserInfoRequest(7)) == [UserInfo(7, "")]
    assert client.ask(FamilyCodesRequest()) == [FamilyCodes((FamilyCode("*", ""),))]
    assert client.ask(SoftDollarTiersRequest(8)) == [SoftDollarTiers(8, ())]


@pytest.mark.card("users.smart_components")
@pytest.mark.parametrize("version", [178, 226])
def test_the_key_of_a_us_stock_has_its_exchanges(version: int):
    world = World()
    client = Client(world, client_id=1, maximum_version=version)
    key = world.universe.bbo_key(world.universe.by_symbol("AAPL"))
    (told,) = client.ask(SmartComponentsRequest(key, request_id=7))
    assert isinstance(told, SmartComponents)
    rows = told.smart_components
    assert rows[:2] == (SmartComponent(0, "AMEX", "A"), SmartComponent(1, "BEX", "B"))
    assert [row.bit_number for row in rows] == list(range(len(rows)))
    assert len({row.exchange for row in rows}) == len({row.exchange_letter for row in rows}) == len(rows)
    assert {row.exchange for row in rows} <= {"ISE", *world.universe.by_symbol("AAPL").exchanges}


@pytest.mark.card("users.smart_components")
def test_keys_without_a_map_and_no_keys():
    world = World()
    client = Client(world, client_id=1)
    german = next(each for each in world.universe.instruments if each.bbo_exchange and each.currency == "EUR")
    assert client.ask(SmartComponentsRequest(german.bbo_exchange, request_id=7)) == [SmartComponents(7, ())]
    for key in ("", "ffffff", "x" * 1000):
        (error,) = client.ask(SmartComponentsRequest(key, request_id=7))
        assert (error.request_id, error.error_code) == (7, 321)
        assert error.error_message.endswith("cause - Invalid BBO exchange/security type code")


@pytest.mark.card("linking.refused")
def test_nobody_can_prove_who_they_are():
    client = Client(World(), client_id=1)
    for request in (VerifyRequest("x", "1"), VerifyMessageRequest("x")):
        (told,) = client.ask(request)
        assert isinstance(told, VerifyCompleted)
        assert (told.is_successful, bool(told.error_text)) == (False, True)
    for request in (VerifyAndAuthRequest("x", "1", "key"), VerifyAndAuthMessage("x", "y")):
        (told,) = client.ask(request)
        assert isinstance(told, VerifyAndAuthCompleted)
        assert (told.is_successful, bool(told.error_text)) == (False, True)
