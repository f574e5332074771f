"""The official client asks about news, scanners, calendars, windows, advisors and settings, and reads the answers."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from ibapi.client import WshEventData
from ibapi.scanner import ScannerSubscription

from anytws.simulator.advisors import AdvisorGroup, groups_document
from tests.test_official_client import OfficialClient, simulation

GROUP = AdvisorGroup("Even", ("DU1234567", "DU7654321"))
SETTINGS: dict[str, Any] = {"wsh_licensed": True, "news_providers": ("BRFG", "DJ-N"), "advisor_groups": (GROUP,)}


@pytest.fixture(params=[200, 212, 226])
def asked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> OfficialClient:
    """Give a client that has asked everything, of a TWS that takes no time for it."""
    monkeypatch.setattr("anytws.simulator.answers.scanner.FIRST_SECONDS", 0.0)
    monkeypatch.setattr("anytws.simulator.answers.wsh.SECONDS", 0.0)
    client = OfficialClient()
    with simulation("asyncio", server_version=request.param, **SETTINGS) as tws:
        client.become_ready(tws, 7)
        ask_for_news(client)
        ask_for_ranks(client)
        ask_for_the_rest(client)
        tws.do(tws.world.desk.announce, "A system will be down.")
        client.heard.wait_for("updateNewsBulletin")
        tws.do(tws.world.desk.show, 1, "8314@SMART")
        client.heard.wait_for("displayGroupUpdated", 3)
    client.join()
    return client


def ask_for_news(client: OfficialClient) -> None:
    api, heard = client.api, client.heard
    api.reqNewsProviders()
    heard.wait_for("newsProviders")
    api.reqHistoricalNews(1, 265598, "BRFG+DJ-N", "", "", 5, [])
    heard.wait_for("historicalNewsEnd")
    _, _, _, provider, article, _ = heard.named("historicalNews")[0]
    api.reqNewsArticle(2, provider, article, [])
    heard.wait_for("newsArticle")
    api.reqNewsBulletins(True)


def ask_for_ranks(client: OfficialClient) -> None:
    api, heard = client.api, client.heard
    api.reqScannerParameters()
    heard.wait_for("scannerParameters")
    wanted = ScannerSubscription()
    wanted.instrument, wanted.locationCode, wanted.scanCode, wanted.numberOfRows = "STK", "STK.US", "MOST_ACTIVE", 3
    api.reqScannerSubscription(3, wanted, [], [])
    heard.wait_for("scannerDataEnd")
    api.cancelScannerSubscription(3)


def ask_for_the_rest(client: OfficialClient) -> None:
    api, heard = client.api, client.heard
    api.reqWshMetaData(4)
    heard.wait_for("wshMetaData")
    calendar = WshEventData()
    calendar.conId = 265598
    api.reqWshEventData(5, calendar)
    heard.wait_for("wshEventData")
    api.queryDisplayGroups(6)
    api.subscribeToGroupEvents(7, 1)
    heard.wait_for("displayGroupUpdated")
    api.updateDisplayGroup(7, "265598@SMART")
    heard.wait_for("displayGroupUpdated", 2)
    api.requestFA(1)
    api.reqUserInfo(9)
    api.reqFamilyCodes()
    api.reqSoftDollarTiers(10)
    api.reqSmartComponents(11, "9c0001")
    for name in ("userInfo", "familyCodes", "softDollarTiers", "smartComponents", "displayGroupList"):
        heard.wait_for(name)
    heard.wait_for("error", 5)


def test_it_reads_what_was_said(asked: OfficialClient) -> None:
    heard = asked.heard
    ((_, providers),) = heard.named("newsProviders")
    assert [provider.code for provider in providers] == ["BRFG", "DJ-N"]
    assert len(heard.named("historicalNews")) == 5
    ((_, _, kind, text),) = heard.named("newsArticle")
    assert (kind, text[:3]) == (0, "<p>")
    assert [call[1:] for call in heard.named("updateNewsBulletin")] == [(1, 1, "A system will be down.", "")]
    assert [call[2] for call in heard.named("scannerData")] == [0, 1, 2]
    assert heard.named("scannerParameters")[0][1].startswith("<?xml")
    assert json.loads(heard.named("wshMetaData")[0][2])["meta_data"]
    assert json.loads(heard.named("wshEventData")[0][2])[0]["conids"] == [265598]
    assert heard.named("displayGroupList") == [("displayGroupList", 6, "1|2|3|4|5|6|7")]
    assert [call[2] for call in heard.named("displayGroupUpdated")] == ["none", "265598@SMART", "8314@SMART"]
    assert heard.named("userInfo") == [("userInfo", 9, "")]
    assert [(code.accountID, code.familyCodeStr) for code in heard.named("familyCodes")[0][1]] == [("*", "")]
    assert heard.named("softDollarTiers") == [("softDollarTiers", 10, [])]
    components = heard.named("smartComponents")[0][2]
    # Objects or pairs: it has both, for text and for protobuf.
    assert "NYSE" in str(components[3])
    codes = {(request_id, code) for _, request_id, _, code, _, _ in heard.named("error") if request_id != -1}
    assert codes == {(0, 321), (3, 162)}


def test_an_advisor_reads_its_groups() -> None:
    client = OfficialClient()
    with simulation("asyncio", **SETTINGS) as tws:
        # No advisor has only such accounts; the settings of a TWS that runs may be replaced.
        tws.world.settings = attrs.evolve(tws.world.settings, accounts=("DF1234567", *tws.world.settings.accounts))
        client.become_ready(tws, 7)
        client.api.requestFA(1)
        client.heard.wait_for("receiveFA")
        client.api.replaceFA(2, 1, groups_document([]))
        client.heard.wait_for("replaceFAEnd")
        assert tws.world.desk.groups == ()
    client.join()
    assert client.heard.named("receiveFA") == [("receiveFA", 1, groups_document([GROUP]))]
    assert client.heard.named("replaceFAEnd") == [("replaceFAEnd", 2, "success")]
