"""What the simulated TWS answers, as a whole: each request gets what the vendor's would say, once, in any order.

What belongs to one topic is in ``test_answers_<topic>.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws.core.events import Notice
from anytws.core.state import State
from anytws.messages import (
    AccountDataEnd,
    AccountDataRequest,
    AccountSummary,
    AccountSummaryEnd,
    AccountSummaryRequest,
    CancelAccountSummary,
    CancelContractData,
    CancelHeadTimestamp,
    CancelHistoricalData,
    CancelMarketData,
    CancelPositions,
    Contract,
    ContractData,
    ContractDataEnd,
    ContractDataRequest,
    ExecutionDetailsEnd,
    ExecutionRequest,
    FamilyCode,
    FamilyCodes,
    FamilyCodesRequest,
    HeadTimestamp,
    HeadTimestampRequest,
    MarketDataRequest,
    MarketDataType,
    MarketRule,
    MarketRuleRequest,
    Position,
    PositionEnd,
    PositionsRequest,
    SecurityType,
    Stock,
    TickReqParams,
    TickSnapshotEnd,
)
from anytws.messages.base import ToTws
from anytws.messages.orders import (
    AllOpenOrdersRequest,
    AutoOpenOrdersRequest,
    CompletedOrdersEnd,
    CompletedOrdersRequest,
    OpenOrdersEnd,
    OpenOrdersRequest,
)
from anytws.messages.session import (
    CurrentTime,
    CurrentTimeInMillis,
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    ErrorMessage,
    IdsRequest,
    ManagedAccounts,
    ManagedAccountsRequest,
    NextValidId,
    SetServerLogLevelRequest,
)
from anytws.simulator import ANSWERS, World, WorldSettings
from anytws.simulator.world import EPOCH
from anytws.wire.catalogue import entry_of
from anytws.wire.versions import CURRENT_TIME_IN_MILLIS, MAX_VERSION, MIN_VERSION, PROTOBUF
from tests.test_world import Client, Cut, byte_by_byte, whole

ENCODINGS = (178, 200, 225)
"""Text, protobuf for a few messages, and protobuf for all."""


@pytest.fixture(params=[whole, byte_by_byte])
def cut(request: pytest.FixtureRequest) -> Cut:
    """How the bytes come: no test that asks for it may see a difference."""
    return request.param


# The session, orders, executions and settings


@pytest.mark.card("session.time", "session.accounts", "session.next_valid_id", "session.log_level")
@pytest.mark.parametrize("version", [CURRENT_TIME_IN_MILLIS, PROTOBUF, MAX_VERSION])
def test_requests_are_answered(version, cut):
    client = Client(World(WorldSettings(server_version=version, accounts=("DU1", "DU2"))), client_id=7, cut=cut)
    now = 12.3456
    time = EPOCH + timedelta(seconds=12)
    assert client.ask(CurrentTimeRequest(), now) == [CurrentTime(time)]
    millis = CurrentTimeInMillis(time + timedelta(milliseconds=345))
    assert client.ask(CurrentTimeInMillisRequest(), now) == [millis]
    assert client.ask(ManagedAccountsRequest(), now) == [ManagedAccounts(("DU1", "DU2"))]
    assert client.ask(IdsRequest(5), now) == [NextValidId(1)]
    assert client.ask(SetServerLogLevelRequest(5), now) == []
    assert client.link.log_level == 5


@pytest.mark.parametrize(
    "request_, answer",
    [
        (OpenOrdersRequest(), OpenOrdersEnd()),
        (AllOpenOrdersRequest(), OpenOrdersEnd()),
        (CompletedOrdersRequest(False), CompletedOrdersEnd()),
        (ExecutionRequest(request_id=7), ExecutionDetailsEnd(7)),
        (FamilyCodesRequest(), FamilyCodes((FamilyCode("*", ""),))),
        (AutoOpenOrdersRequest(True), None),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("version", [MIN_VERSION, 200, 207, MAX_VERSION])
def test_a_download_of_nothing_has_its_end(request_, answer, version):
    """Clients of others wait for all of these while they connect."""
    client = Client(World(WorldSettings(server_version=version)), client_id=0)
    assert client.ask(request_) == ([] if answer is None else [answer])


def test_orders_by_hand_are_for_client_0_alone():
    (error,) = Client(World(), client_id=7).ask(AutoOpenOrdersRequest(True))
    assert (error.error_code, error.request_id) == (327, None)


@pytest.mark.card("connection.read_only")
@pytest.mark.parametrize(
    "request_",
    [
        OpenOrdersRequest(),
        AllOpenOrdersRequest(),
        CompletedOrdersRequest(False),
        IdsRequest(),
        AutoOpenOrdersRequest(True),
    ],
    ids=lambda request: type(request).__name__,
)
def test_a_tws_that_is_read_only_hides_its_orders(request_):
    """As recorded: 321 without an id, and no end."""
    client = Client(World(WorldSettings(read_only=True, positions=())), client_id=0)
    (error,) = client.ask(request_)
    assert (error.error_code, error.request_id) == (321, None)
    assert client.ask(PositionsRequest()) == [PositionEnd()]
    assert client.ask(ExecutionRequest(request_id=7)) == [ExecutionDetailsEnd(7)]


def test_the_table_has_no_request_that_is_none_of_a_client():
    assert all(issubclass(cls, ToTws) for cls in ANSWERS)


# Whatever is asked, in whatever order


STOCKS = (
    Stock("AAPL"),
    Stock("SPY", "ARCA"),
    Stock(contract_id=8314),
    Stock("XYZ"),
    Contract(symbol="AMD", security_type=SecurityType.STOCK, exchange="SMART"),
)
MATCHES = {STOCKS[3]: 0, STOCKS[4]: 2}
"""How many stocks each of these is; all others are one."""

IDS = st.integers(1, 4)
REQUESTS: st.SearchStrategy[ToTws] = st.one_of(
    st.builds(ContractDataRequest, st.sampled_from(STOCKS), request_id=IDS),
    st.builds(CancelContractData, IDS),
    st.builds(MarketDataRequest, st.sampled_from(STOCKS), snapshot=st.booleans(), request_id=IDS),
    st.builds(CancelMarketData, IDS),
    st.builds(PositionsRequest),
    st.builds(CancelPositions),
    st.builds(AccountDataRequest, st.booleans(), st.just("DU1234567")),
    st.builds(AccountSummaryRequest, st.just(("NetLiquidation",)), request_id=IDS),
    st.builds(CancelAccountSummary, IDS),
    st.builds(MarketRuleRequest, st.sampled_from((26, 27))),
    st.builds(HeadTimestampRequest, st.sampled_from(STOCKS), request_id=IDS),
    st.builds(CancelHeadTimestamp, IDS),
    st.builds(CancelHistoricalData, IDS),
    st.builds(ManagedAccountsRequest),
)
OPENS = (MarketDataType, TickReqParams)
OWED: dict[type[ToTws], list[object]] = {
    PositionsRequest: [Position, Position, PositionEnd],
    CancelHistoricalData: [366],
    ManagedAccountsRequest: [ManagedAccounts],
}
"""What is owed for these, whatever was asked before; all others that are not named below are silent."""


class Expected:
    """What a TWS owes for each request, by the table of conversations: kept beside it, and simpler than it."""

    def __init__(self) -> None:
        self.streams: set[int] = set()
        self.summaries: set[int] = set()

    def of(self, request: ToTws) -> list[object]:
        """Give the classes that are said once, in order; an error by its code."""
        match request:
            case MarketDataRequest(contract=contract):
                return self._market_data(request, MATCHES.get(contract, 1))
            case CancelMarketData():
                was_open = request.request_id in self.streams
                self.streams.discard(request.request_id)
                return [] if was_open else [300]
            case AccountSummaryRequest():
                if request.request_id in self.summaries or len(self.summaries) == 2:
                    return [322]
                self.summaries.add(request.request_id or 0)
                return [AccountSummary, AccountSummaryEnd]
            case CancelAccountSummary():
                self.summaries.discard(request.request_id)
        return self._always(request)

    def _always(self, request: ToTws) -> list[object]:
        """Give what does not depend on what was asked before."""
        match request:
            case ContractDataRequest(contract=contract):
                rows = MATCHES.get(contract, 1)
                return [ContractData] * rows + [ContractDataEnd] if rows else [200]
            case HeadTimestampRequest(contract=contract):
                return [HeadTimestamp] if MATCHES.get(contract, 1) == 1 else [200]
            case AccountDataRequest(subscribe=subscribe):
                return [AccountDataEnd] if subscribe else [2100]
            case MarketRuleRequest(market_rule_id=rule):
                return [MarketRule] if rule == 26 else [321]
        return OWED.get(type(request), [])

    def _market_data(self, request: MarketDataRequest, matches: int) -> list[object]:
        if request.request_id in self.streams:
            return [322]
        if matches != 1:
            return [200]
        if request.snapshot:
            return [*OPENS, TickSnapshotEnd]
        self.streams.add(request.request_id or 0)
        return [*OPENS]


COUNTED = frozenset({*OPENS, TickSnapshotEnd, Position, PositionEnd, AccountDataEnd, AccountSummary, AccountSummaryEnd})
COUNTED |= {ContractData, ContractDataEnd, MarketRule, HeadTimestamp, ManagedAccounts}
"""Messages that come exactly as often as they are owed; the rest of a run may be any number."""


def essence(told: Iterable[object]) -> list[object]:
    """Give what of *told* is counted, in order: errors by their codes."""
    found: list[object] = []
    for event in told:
        if isinstance(event, ErrorMessage):
            found.append(event.error_code)
        elif isinstance(event, Notice):
            found.append(event.code)
        elif type(event) in COUNTED:
            found.append(type(event))
    return found


@given(st.sampled_from(ENCODINGS), st.lists(st.tuples(REQUESTS, st.sampled_from((0.0, 0.3, 20.0))), max_size=10))
@settings(max_examples=50)
def test_each_request_gets_what_it_is_owed_and_once(version: int, script: list[tuple[ToTws, float]]):
    client, expected, now = Client(World(WorldSettings(server_version=version))), Expected(), 0.0
    for request, pause in script:
        if entry_of(request).since > version:
            continue
        told = client.ask(request, now)
        assert essence(told) == expected.of(request)
        request_id = getattr(request, "request_id", None)
        # An error finds its request; of requests without an id it has none.
        errors = [event for event in told if isinstance(event, ErrorMessage | Notice)]
        assert {event.request_id for event in errors} <= {request_id}
        now += pause
        later = client.go(now)
        assert essence(later) == [], "nothing is said twice"
        ticking = {getattr(event, "request_id", None) for event in later}
        assert ticking <= expected.streams, "no other stream ticks"
        assert ticking == (expected.streams if pause == 20.0 else ticking if pause else set()), "and each open one does"
    assert client.link.failure is None
    assert client.state is client.link.state is State.READY
    client.link.receive_eof(now)
    assert not client.link.streams
    assert client.link.wake_at() is None


@given(st.sampled_from((MIN_VERSION, *ENCODINGS)), st.sampled_from((-1, 0, 2**31 - 2, -(2**31))), REQUESTS)
def test_an_id_that_no_error_can_carry_is_no_failure(version: int, odd_id: int, request: ToTws):
    """A client may choose any number; what is said then depends on it, and the connection goes on."""
    client = Client(World(WorldSettings(server_version=version)))
    cls = type(request)
    if "request_id" not in cls.__annotations__ or entry_of(request).since > version:
        return
    fields = {name: getattr(request, name) for name in cls.__annotations__} | {"request_id": odd_id}
    client.ask(cls(**fields))
    assert client.link.failure is None
    assert client.ask(CurrentTimeRequest()) == [CurrentTime(EPOCH)]
