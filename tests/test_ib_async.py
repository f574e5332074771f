"""ib_async, another client of another author, meets our simulator over TCP.

It runs on the test's own asyncio loop, the simulator on a loop of its own in another thread. What is awaited here is
told by ib_async's events; nothing sleeps.

`Client.connectAsync` is what makes a connection ready. `IB.connectAsync` goes on to download positions, orders and
accounts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import pytest
from ib_async import IB, Contract, Stock
from ib_async.client import Client
from ib_async.decoder import Decoder

from anytws.core.codes import CLIENT_ID_IN_USE
from anytws.core.events import CloseReason, GreetingReceived
from anytws.core.state import State
from anytws.messages.session import CurrentTimeRequest, IdsRequest, ManagedAccountsRequest, StartApiRequest
from anytws.simulator import HangUp, Personality
from tests.test_official_client import ACCOUNTS, FARM_NOTICES, Simulation, simulation
from tests.test_official_codec import EPOCH, PATIENCE

BANDS: Final = (157, 165, 166, 176, Client.MaxClientVersion)
"""A version of each way in which the session's messages are written, as far as ib_async goes."""

pytestmark = [
    # It is written for asyncio.
    pytest.mark.parametrize("anyio_backend", ["asyncio"]),
    # The event loop of the simulator.
    pytest.mark.parametrize("backend", ["asyncio", "trio"]),
]


class Client7:
    """One ib_async client, and what it was told."""

    def __init__(self, client_id: int = 7) -> None:
        self.client_id = client_id
        self.ib = IB()
        # Half of its methods have no types.
        self.api: Any = self.ib.client
        self.errors: list[tuple[int, int, str]] = []
        self.ends: list[str] = []
        self.complaints: list[str] = []
        self.gone = asyncio.Event()
        self.ib.errorEvent += self._note_error
        self.ib.disconnectedEvent += lambda: self.ends.append("disconnected")
        self.api.apiError += self.complaints.append
        self.api.conn.disconnected += lambda _: self.gone.set()

    def _note_error(self, request_id: int, code: int, text: str, _contract: object) -> None:
        self.errors.append((request_id, code, text))

    async def connect(self, tws: Simulation) -> None:
        """Connect until it is ready."""
        await self.api.connectAsync(tws.host, tws.port, self.client_id, PATIENCE)

    async def until_gone(self) -> None:
        """Wait until its socket has ended."""
        async with asyncio.timeout(PATIENCE):
            await self.gone.wait()


@asynccontextmanager
async def ready_client(tws: Simulation, client_id: int = 7) -> AsyncIterator[Client7]:
    """Give a client that is ready; disconnect it at the end, unless it is already."""
    client = Client7(client_id)
    await client.connect(tws)
    try:
        yield client
    finally:
        client.api.disconnect()
        await client.until_gone()


@pytest.mark.parametrize("version", BANDS)
async def test_a_session(backend: str, version: int) -> None:
    with simulation(backend, server_version=version) as tws:
        async with ready_client(tws) as client:
            api = client.api
            assert api.isReady()
            assert (api.serverVersion(), api.getAccounts(), api.getReqId()) == (version, [*ACCOUNTS], 1)
            assert tws.link(7).state is State.READY
            before = datetime.now(UTC)
            time = await asyncio.wait_for(client.ib.reqCurrentTimeAsync(), PATIENCE)
            assert abs(time - before) < timedelta(seconds=PATIENCE)
            assert [(code, text) for _, code, text in client.errors] == FARM_NOTICES
            assert [request.message for request in tws.world.heard] == [CurrentTimeRequest()]


@pytest.mark.parametrize("version", BANDS)
@pytest.mark.parametrize("client_id", [0, 7])
async def test_a_whole_connect_waits_for_nothing(backend: str, version: int, client_id: int) -> None:
    """It downloads what there is, and would wait four seconds for each end that does not come."""
    with simulation(backend, server_version=version, positions=()) as tws:
        ib = IB()
        errors: list[int] = []
        ib.errorEvent += lambda _id, code, *_: errors.append(code)
        await ib.connectAsync(tws.host, tws.port, client_id, PATIENCE, account=ACCOUNTS[0], raiseSyncErrors=True)
        try:
            assert (ib.positions(), ib.openOrders(), ib.fills(), ib.portfolio()) == ([], [], [], [])
            assert {value.value for value in ib.accountValues() if value.tag == "NetLiquidation"} == {"100000.00"}
            assert sorted(errors) == sorted(code for code, _ in FARM_NOTICES)
            asked = {type(request.message).__name__ for request in tws.world.heard}
            assert asked - {"AutoOpenOrdersRequest"} == {
                "PositionsRequest",
                "OpenOrdersRequest",
                "CompletedOrdersRequest",
                "AccountDataRequest",
                "AccountUpdatesMultiRequest",
                "ExecutionRequest",
            }
        finally:
            gone = asyncio.Event()
            ib.client.conn.disconnected += lambda _: gone.set()
            ib.disconnect()
            await asyncio.wait_for(gone.wait(), PATIENCE)


@pytest.mark.parametrize("version", [BANDS[0], Client.MaxClientVersion])
async def test_details_positions_and_a_stream_that_ticks(backend: str, version: int) -> None:
    # In the middle of a session of New York, whatever time it is here: at night no price moves.
    with simulation(backend, server_version=version, starts_at=datetime(2026, 1, 5, 15, tzinfo=UTC)) as tws:
        async with ready_client(tws) as client:
            ib = client.ib
            (details,) = await asyncio.wait_for(ib.reqContractDetailsAsync(Stock("AAPL", "SMART", "USD")), PATIENCE)
            assert details.contract is not None
            assert (details.contract.conId, details.longName, details.minTick) == (265598, "APPLE INC", 0.01)
            assert await asyncio.wait_for(ib.reqContractDetailsAsync(Stock("XYZ", "SMART", "USD")), PATIENCE) == []
            rows = await asyncio.wait_for(ib.reqPositionsAsync(), PATIENCE)
            held = [(row.account, row.contract.conId, row.position, row.avgCost) for row in rows]
            assert held == [(ACCOUNTS[0], 265598, 100.0, 287.35), (ACCOUNTS[0], 756733, -20.0, 781.5)]
            assert await until_it_has_ticked(ib, details.contract, 5) >= 5
            # Of symbols that there are not, once: it is told, and the stream goes on.
            assert [code for _, code, _ in client.errors if code not in dict(FARM_NOTICES)] == [200]


async def until_it_has_ticked(ib: IB, contract: Contract, count: int) -> int:
    """Open a stream and wait until it has brought a quote and then changed it *count* times; give how often it did."""
    changes = 0
    enough = asyncio.Event()
    ticker = ib.reqMktData(contract)

    def note(_: object) -> None:
        nonlocal changes
        if ticker.hasBidAsk() and ticker.bid < ticker.ask:
            changes += 1
        if changes >= count:
            enough.set()

    ticker.updateEvent += note
    await asyncio.wait_for(enough.wait(), PATIENCE)
    ib.cancelMktData(contract)
    return changes


async def test_a_newer_tws_comes_down_to_its_version(backend: str) -> None:
    with simulation(backend, server_version=226) as tws:
        async with ready_client(tws) as client:
            assert client.api.serverVersion() == Client.MaxClientVersion
            greeting = next(event for event in tws.link(7).events if isinstance(event, GreetingReceived))
            assert greeting == GreetingReceived(Client.MinClientVersion, Client.MaxClientVersion, "")


async def test_accounts_and_ids_can_be_asked_for_again(backend: str) -> None:
    with simulation(backend, server_version=176) as tws:
        tws.do(tws.world.use_order_id, 7, 41)
        async with ready_client(tws) as client:
            api = client.api
            assert api.getReqId() == 42
            answers: list[tuple[str, object]] = []
            # To the answers it does nothing, not even tell of them.
            wrapper: Any = client.ib.wrapper
            wrapper.nextValidId = lambda order_id: answers.append(("nextValidId", order_id))
            wrapper.managedAccounts = lambda accounts: answers.append(("managedAccounts", accounts))
            api.decoder = Decoder(wrapper, api.serverVersion())
            tws.do(tws.world.use_order_id, 7, 99)
            api.reqIds(1)
            api.reqManagedAccts()
            await asyncio.wait_for(client.ib.reqCurrentTimeAsync(), PATIENCE)
            assert answers == [("nextValidId", 100), ("managedAccounts", ",".join(ACCOUNTS))]
            asked = [request.message for request in tws.world.heard]
            assert asked == [IdsRequest(1), ManagedAccountsRequest(), CurrentTimeRequest()]


async def test_a_gateway_reports_no_farms(backend: str) -> None:
    with simulation(backend, server_version=176, personality=Personality.GATEWAY) as tws:
        async with ready_client(tws) as client:
            await asyncio.wait_for(client.ib.reqCurrentTimeAsync(), PATIENCE)
            assert client.errors == []


async def test_options_and_capabilities_arrive(backend: str) -> None:
    with simulation(backend) as tws:
        client = Client7()
        client.api.setConnectOptions("+PACEAPI")
        client.api.optCapab = "abc"
        await client.connect(tws)
        events: list[Any] = [*tws.link(7).events]
        client.api.disconnect()
        await client.until_gone()
    assert GreetingReceived(Client.MinClientVersion, Client.MaxClientVersion, "+PACEAPI") in events
    assert StartApiRequest(7, "abc") in events


async def test_start_api_by_hand(backend: str) -> None:
    """It always sends START_API by itself, so the method that does is held back here."""
    with simulation(backend, server_version=176) as tws:
        client = Client7()
        api = client.api
        held_back = asyncio.Event()
        start_api, api.startApi = api.startApi, held_back.set
        connecting = asyncio.create_task(client.connect(tws))
        await asyncio.wait_for(held_back.wait(), PATIENCE)
        (link,) = tws.world.links
        assert link.state is State.HANDSHAKING
        start_api()
        await connecting
        assert api.isReady()
        api.disconnect()
        await client.until_gone()


@pytest.mark.parametrize("version", BANDS)
async def test_a_client_id_in_use(backend: str, version: int) -> None:
    """After 326 it waits for its own deadline, though its socket has ended; the test does not."""
    with simulation(backend, server_version=version) as tws:
        async with ready_client(tws) as first:
            second = Client7()
            connecting = asyncio.create_task(second.connect(tws))
            await second.until_gone()
            connecting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await connecting
            await asyncio.wait_for(first.ib.reqCurrentTimeAsync(), PATIENCE)
        ((request_id, code, _),) = second.errors
        assert (request_id, code) == (-1, CLIENT_ID_IN_USE)
        # The first complaint tells of the end, the second of our cancellation.
        assert ["clientId 7 already in use?" in complaint for complaint in second.complaints] == [True, False]
        assert CLIENT_ID_IN_USE not in {code for _, code, _ in first.errors}


@pytest.mark.parametrize("how", HangUp)
async def test_a_tws_that_dies_is_noticed_once(backend: str, how: HangUp) -> None:
    with simulation(backend) as tws:
        client = Client7()
        await client.connect(tws)
        tws.do(tws.world.die, how)
        await client.until_gone()
        assert client.ends == ["disconnected"]


def has_ended(tws: Simulation, count: int) -> bool:
    return len(tws.world.ended) == count


async def test_a_client_that_hangs_up_is_noticed_and_its_id_is_free(backend: str) -> None:
    with simulation(backend) as tws:
        for count in (1, 2):
            async with ready_client(tws):
                pass
            tws.wait_until(partial(has_ended, tws, count))
        ends = [(link.client_id, link.closed.reason) for link in tws.world.ended if link.closed is not None]
        assert ends == [(7, CloseReason.EOF)] * 2


async def test_its_clock_is_that_of_tws(backend: str) -> None:
    at_zero = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
    with simulation(backend, epoch_at_zero=at_zero) as tws:
        async with ready_client(tws) as client:
            time = await asyncio.wait_for(client.ib.reqCurrentTimeAsync(), PATIENCE)
            (asked,) = tws.world.heard
            second = timedelta(seconds=1)
            assert (time - EPOCH) // second == (at_zero + timedelta(seconds=asked.now) - EPOCH) // second
