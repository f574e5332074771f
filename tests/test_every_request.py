"""Every request of the catalogue has an answer: what it asks for, or the error that says why not; never silence."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from anytws.core.events import Notice
from anytws.errors import LocalProtocolError
from anytws.messages.accounts import (
    AccountDataRequest,
    AccountSummaryRequest,
    AccountSummaryTag,
    AccountUpdatesMultiRequest,
    FamilyCodesRequest,
    PnLRequest,
    PnLSingleRequest,
    PositionsMultiRequest,
    PositionsRequest,
    SoftDollarTiersRequest,
    UserInfoRequest,
)
from anytws.messages.advisors import FADataType, FAReplace, FARequest
from anytws.messages.base import Side, ToTws, replace
from anytws.messages.config import ConfigRequest, UpdateConfigRequest
from anytws.messages.contract import Contract, Right, SecurityType
from anytws.messages.contracts import (
    ContractDataRequest,
    MarketRuleRequest,
    MatchingSymbolsRequest,
    SecDefOptParamsRequest,
)
from anytws.messages.display_groups import QueryDisplayGroupsRequest, SubscribeToGroupEventsRequest
from anytws.messages.executions import ExecutionRequest
from anytws.messages.historical import (
    BarSize,
    HeadTimestampRequest,
    HistogramDataRequest,
    HistoricalDataRequest,
    HistoricalTicksRequest,
    RealTimeBarsRequest,
)
from anytws.messages.market_data import (
    CalculateImpliedVolatilityRequest,
    CalculateOptionPriceRequest,
    MarketDataRequest,
    MarketDepthExchangesRequest,
    MarketDepthRequest,
    SmartComponentsRequest,
    TickByTickRequest,
    TickByTickType,
)
from anytws.messages.news import HistoricalNewsRequest, NewsArticleRequest, NewsBulletinsRequest, NewsProvidersRequest
from anytws.messages.orders import AllOpenOrdersRequest, CompletedOrdersRequest, OpenOrdersRequest
from anytws.messages.scanner import (
    ScannerInstrument,
    ScannerParametersRequest,
    ScannerSubscription,
    ScannerSubscriptionRequest,
)
from anytws.messages.session import (
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    ErrorMessage,
    IdsRequest,
    ManagedAccountsRequest,
    StartApiRequest,
)
from anytws.messages.wsh import WshEventDataRequest, WshMetaDataRequest
from anytws.simulator import ANSWERS, World, WorldSettings
from anytws.simulator.settings import EPOCH
from anytws.testing.strategies import message_of
from anytws.wire.catalogue import CATALOGUE, entry_for
from anytws.wire.conversation import Shape
from tests.test_world import Client

REQUESTS = [entry.cls for entry in CATALOGUE if entry.said_by is Side.CLIENT]
ASKING = [
    cls
    for cls in REQUESTS
    if (conversation := entry_for(cls).conversation) is not None and conversation.shape is not Shape.COMMAND
]
"""Those that something is owed for: no cancels, no orders to do something."""

SILENT = {
    "NewsBulletinsRequest": "bulletins are rare",
    "PnLSingleRequest": "reported: nothing comes of what is not held",
}
"""What may be asked without anything being said, and why."""

PATIENCE = 130.0
"""Seconds of the world after which something has been said: the slowest are ranks of scanners and bars."""


APPLE = Contract(contract_id=265598, symbol="AAPL", security_type=SecurityType.STOCK, exchange="SMART", currency="USD")
NASDAQ = replace(APPLE, exchange="NASDAQ")
CALL = Contract(
    symbol="AAPL",
    security_type=SecurityType.OPTION,
    last_trade_date_or_contract_month="20260116",
    strike=300.0,
    right=Right.CALL,
    exchange="SMART",
    currency="USD",
)
SCAN = ScannerSubscription(
    instrument=ScannerInstrument.STOCK_US, location_code="STK.US", scan_code="TOP_PERC_GAIN", number_of_rows=3
)
STORY = "BRFG$77de7000"
SENSIBLE: list[ToTws] = [
    *(ManagedAccountsRequest(), IdsRequest(), CurrentTimeRequest(), CurrentTimeInMillisRequest()),
    *(OpenOrdersRequest(), AllOpenOrdersRequest(), CompletedOrdersRequest(False), ExecutionRequest(request_id=7)),
    *(AccountDataRequest(True, "DU1"), PositionsRequest(), PositionsMultiRequest("DU1", request_id=7)),
    AccountSummaryRequest((AccountSummaryTag.NET_LIQUIDATION,), request_id=7),
    AccountUpdatesMultiRequest("DU1", request_id=7),
    *(PnLRequest("DF1", request_id=7), PnLSingleRequest("DU1", 265598, request_id=7)),
    *(FamilyCodesRequest(), UserInfoRequest(7), SoftDollarTiersRequest(7)),
    MarketDataRequest(APPLE, request_id=7),
    CalculateImpliedVolatilityRequest(CALL, 5.0, 290.0, request_id=7),
    CalculateOptionPriceRequest(CALL, 0.3, 290.0, request_id=7),
    *(SmartComponentsRequest("9c0001", request_id=7), MarketDepthExchangesRequest()),
    *(MarketDepthRequest(NASDAQ, 5, request_id=7), TickByTickRequest(APPLE, TickByTickType.LAST, request_id=7)),
    *(ContractDataRequest(APPLE, request_id=7), MatchingSymbolsRequest("AAP", request_id=7), MarketRuleRequest(26)),
    SecDefOptParamsRequest("AAPL", SecurityType.STOCK, 265598, request_id=7),
    HistoricalDataRequest(APPLE, "1 D", BarSize.HOUR_1, request_id=7),
    *(HeadTimestampRequest(APPLE, request_id=7), HistogramDataRequest(APPLE, "3 days", request_id=7)),
    HistoricalTicksRequest(APPLE, end_date_time=EPOCH, number_of_ticks=10, request_id=7),
    RealTimeBarsRequest(APPLE, request_id=7),
    *(NewsBulletinsRequest(True), NewsArticleRequest("BRFG", STORY, request_id=7), NewsProvidersRequest()),
    HistoricalNewsRequest(265598, "BRFG", request_id=7),
    *(ScannerParametersRequest(), ScannerSubscriptionRequest(SCAN, request_id=7)),
    *(FARequest(FADataType.GROUPS), FAReplace(FADataType.GROUPS, "<ListOfGroups/>", request_id=7)),
    *(QueryDisplayGroupsRequest(7), SubscribeToGroupEventsRequest(1, 7)),
    *(WshMetaDataRequest(7), WshEventDataRequest(265598, request_id=7)),
    *(ConfigRequest(request_id=7), UpdateConfigRequest(request_id=7)),
]
LINKING = {"VerifyRequest", "VerifyMessageRequest", "VerifyAndAuthRequest", "VerifyAndAuthMessage"}


def test_there_is_a_sensible_request_of_each_kind():
    assert {type(request).__name__ for request in SENSIBLE} == {cls.__name__ for cls in ASKING} - LINKING


CASES = [
    pytest.param(request, version, id=f"{type(request).__name__}-{version}")
    for request in SENSIBLE
    for version in (178, 200, 226)
    if entry_for(type(request)).since <= version
]


@pytest.mark.parametrize("request_, version", CASES)
def test_what_makes_sense_is_answered_with_what_it_asks_for(request_: ToTws, version: int):
    entry = entry_for(type(request_))
    conversation = entry.conversation
    assert conversation is not None
    world = World(WorldSettings(accounts=("DF1", "DU1"), wsh_licensed=True))
    world.desk.announce("A bulletin.")
    client = Client(world, client_id=0, maximum_version=version)
    if isinstance(request_, WshEventDataRequest):
        client.ask(WshMetaDataRequest(1))
        client.go(0.9)
    told = [event for event in said(client, request_, 1.0) if not isinstance(event, Notice)]
    assert client.link.failure is None
    assert told
    assert {type(event) for event in told} <= {*conversation.answers, conversation.end}


def test_every_request_is_answered_by_somebody():
    missing = [cls.__name__ for cls in REQUESTS if cls not in ANSWERS and cls is not StartApiRequest]
    assert missing == []


def said(client: Client, request: ToTws, began: float = 0.0) -> list[object]:
    """Say *request*; give the first that is said to it in two minutes."""
    told = [*client.ask(request, began)]
    for seconds in (0.5, 3.0, 30.0, PATIENCE):
        if not told:
            told += client.go(began + seconds)
    return told


@pytest.mark.parametrize("cls", ASKING, ids=lambda cls: cls.__name__)
@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_asked_something_is_said(cls: type[ToTws], data: st.DataObject):
    request = data.draw(message_of(cls))
    client = Client(World(WorldSettings(wsh_licensed=data.draw(st.booleans()))), client_id=0)
    try:
        told = said(client, request)
    except LocalProtocolError:
        # What cannot be said to this version is asked of nobody.
        assume(False)
    assert client.link.failure is None
    entry = entry_for(cls)
    conversation = entry.conversation
    assert conversation is not None
    if entry.name not in SILENT:
        assert told != []
    own = (*conversation.answers, conversation.end, ErrorMessage, Notice)
    strange = [each for each in told if getattr(each, "request_id", None) and type(each) not in own]
    assert strange == []


def digest() -> str:
    """Ask everything that makes sense in one session, for a minute; give a digest of all bytes of both sides."""
    seen = sha256()

    def note(data: bytes) -> Iterator[bytes]:
        seen.update(data)
        yield data

    world = World(WorldSettings(accounts=("DF1", "DU1"), wsh_licensed=True))
    client = Client(world, client_id=0, cut=note)
    for number, request in enumerate(SENSIBLE):
        own = {"request_id": 100 + number} if hasattr(request, "request_id") else {}
        client.ask(replace(request, **own), number / 10)
    for second in range(10, 70, 5):
        client.go(float(second))
    assert client.link.failure is None
    assert client.bytes_heard > 100_000
    return seen.hexdigest()


def test_every_byte_is_the_same_in_every_process():
    script = "from tests.test_every_request import digest; print(digest())"
    said = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parent.parent,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("20",)
    }
    assert said == {f"{digest()}\n".encode()}
