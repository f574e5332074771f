"""`read_only` and `paper_only` at the connect: before the block is entered, and as long as it lasts."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio
import pytest

import anytws
from anytws import (
    CloseReason,
    ConnectError,
    ConnectionClosed,
    HandshakeOptions,
    NotPaper,
    ReadOnly,
    Stage,
    State,
    Tws,
)
from anytws.core import Connection, Ready, Side
from anytws.machines import ClientSession
from anytws.messages import (
    Action,
    AutoOpenOrdersRequest,
    ContractDataRequest,
    GlobalCancelRequest,
    ManagedAccounts,
    ManagedAccountsRequest,
    MarketDataRequest,
    MarketOrder,
    NextValidId,
    OpenOrdersRequest,
    PlaceOrderRequest,
    Stock,
    TickPrice,
)
from anytws.simulator import Opening, World, WorldSettings
from anytws.simulator.serve import serve_memory
from anytws.wire.frames import frame
from tests.conversing import CLOCK

NO_ACCOUNTS: Final = (Opening.NEXT_VALID_ID,)
LATE_ACCOUNTS: Final = (Opening.NEXT_VALID_ID, Opening.MANAGED_ACCOUNTS)
LIVE_THEN_ID: Final = (Opening.MANAGED_ACCOUNTS, Opening.NEXT_VALID_ID)


@asynccontextmanager
async def connected(world: World, **options: Any) -> AsyncGenerator[Tws]:
    """Connect to *world* in memory."""
    async with serve_memory(world) as tws:
        async with anytws.connect_stream(await tws.connect(), **options) as client:
            yield client


# Read only


async def test_what_changes_something_is_refused_at_the_call() -> None:
    """By `send` and `ask` and `stream`, before anything is awaited; what reads goes on as ever, a what-if too."""
    world = World()
    async with connected(world, client_id=0, read_only=True) as tws:
        order = PlaceOrderRequest(Stock("AAPL"), MarketOrder(Action.BUY, 1))
        for message in (order, GlobalCancelRequest(), AutoOpenOrdersRequest(auto_bind=True), OpenOrdersRequest()):
            with pytest.raises(ReadOnly, match=type(message).__name__):
                tws.send(message)
        with pytest.raises(ReadOnly, match="client 0"):
            await tws.ask(OpenOrdersRequest())
        regulatory = MarketDataRequest(Stock("AAPL"), regulatory_snapshot=True)
        with pytest.raises(ReadOnly, match="costs money"):
            await tws.ask(regulatory)
        with pytest.raises(ReadOnly, match="costs money"):
            async with tws.stream(regulatory):
                pytest.fail("it was opened")
        assert await tws.ask(ContractDataRequest(Stock("AAPL")))
        async with tws.stream(MarketDataRequest(Stock("AAPL"))) as ticks:
            async for tick in ticks:
                if isinstance(tick, TickPrice):
                    break
        assert {type(heard.message).__name__ for heard in world.heard} <= {
            "ContractDataRequest",
            "MarketDataRequest",
            "CancelMarketData",
        }


async def test_before_anything_is_awaited() -> None:
    """Also where the task is cancelled already: the refusal is the caller's mistake, and comes first."""
    async with connected(World(), read_only=True) as tws:
        with anyio.CancelScope() as scope:
            scope.cancel()
            with pytest.raises(ReadOnly):
                await tws.ask(MarketDataRequest(Stock("AAPL"), regulatory_snapshot=True))


# Paper only

LIVE: Final = [
    (("U1234567",), 176),
    (("U1234567",), 200),
    (("U1234567",), 226),
    (("DU1", "U2"), 176),
    (("F1", "DU2", "DU3"), 200),
    (("DF1", "DU2", "U3"), 226),
    (("DI1",), 226),
    (("X",), 176),
]


@pytest.mark.parametrize("accounts, version", LIVE, ids=str)
async def test_a_live_account_fails_the_connect(accounts: tuple[str, ...], version: int) -> None:
    """Before the block, as what it is, with the accounts and what to do; TWS has heard nothing but the handshake."""
    world = World(WorldSettings(accounts=accounts, server_version=version, opening=LIVE_THEN_ID))
    with pytest.raises(NotPaper, match="paper account") as problem:
        async with connected(world, paper_only=True):
            pytest.fail("the block was entered")
    assert problem.value.reason is CloseReason.NOT_PAPER
    assert problem.value.stage is Stage.HALF_STARTED
    assert problem.value.accounts == accounts
    assert "7497" in problem.value.hint
    assert isinstance(problem.value, ConnectError)
    assert list(world.heard) == []


@pytest.mark.parametrize("accounts", [("DU1234567",), ("DU1", "DU2"), ("DF1", "DU2", "DU3")], ids="-".join)
@pytest.mark.parametrize("opening", [LIVE_THEN_ID, LATE_ACCOUNTS])
async def test_paper_accounts_connect(accounts: tuple[str, ...], opening: tuple[Opening, ...]) -> None:
    world = World(WorldSettings(accounts=accounts, opening=opening))
    async with connected(world, paper_only=True) as tws:
        assert tws.accounts_named == accounts
        assert await tws.ask(ManagedAccountsRequest()) == ManagedAccounts(accounts)


async def test_live_accounts_that_come_behind_the_id_fail_it_too() -> None:
    world = World(WorldSettings(accounts=("DU1", "U2"), opening=LATE_ACCOUNTS))
    with pytest.raises(NotPaper, match="'U2'"):
        async with connected(world, paper_only=True):
            pytest.fail("the block was entered")


@pytest.mark.virtual_time
async def test_a_tws_that_names_no_account_fails_it() -> None:
    """Without the guard it would be ready after the time that accounts have; with it nobody asks, or guesses."""
    world = World(WorldSettings(opening=NO_ACCOUNTS))
    with pytest.raises(NotPaper, match="has not said which accounts") as problem:
        async with connected(world, paper_only=True):
            pytest.fail("the block was entered")
    assert anyio.current_time() == pytest.approx(HandshakeOptions().accounts_grace)
    assert problem.value.accounts is None
    assert list(world.heard) == []


async def test_without_the_guard_a_live_account_is_nothing_special() -> None:
    async with connected(World(WorldSettings(accounts=("U1",)))) as tws:
        assert tws.accounts_named == ("U1",)


@pytest.mark.parametrize("accounts", [("DU1", "U2"), (), ("U1",)], ids=str)
async def test_a_live_account_that_comes_up_later_ends_the_connection(accounts: tuple[str, ...]) -> None:
    """At once, with a reason that says so: no order of this client goes to it."""
    world = World()
    with pytest.raises(ConnectionClosed) as end:
        async with connected(world, paper_only=True) as tws:
            world.links[0].say(ManagedAccounts(("DU1", "DU2")))
            await tws.ask(ContractDataRequest(Stock("AAPL")))
            assert tws.accounts_named == ("DU1", "DU2")
            world.links[0].say(ManagedAccounts(accounts))
            await anyio.sleep(10)
    assert (end.value.reason, end.value.state) == (CloseReason.NOT_PAPER, State.READY)
    assert "look at the orders" in end.value.hint


async def test_a_start_by_hand_ends_inside_the_block() -> None:
    """It was entered before anything was known of accounts; it never becomes ready."""
    world = World(WorldSettings(accounts=("U1",)))
    with pytest.raises(ConnectionClosed) as end:
        async with connected(world, paper_only=True, options=HandshakeOptions(start_api_by_hand=True)) as tws:
            tws.start_api()
            await tws.ready()
            pytest.fail("it was ready")
    assert (end.value.reason, end.value.state) == (CloseReason.NOT_PAPER, State.AWAITING_NEXT_VALID_ID)
    assert list(world.heard) == []


def core(accounts: tuple[str, ...] | None = None) -> tuple[Connection, Connection]:
    """Give a client that is for paper alone, and a TWS, up to START_API; and with *accounts*, if they are given."""
    client, tws = Connection(Side.CLIENT, paper_only=True), Connection(Side.TWS)
    for end in (client, tws):
        end.opened()
    tws.receive_data(client.data_to_send())
    tws.accept_version(226, CLOCK)
    client.receive_data(tws.data_to_send())
    tws.receive_data(client.data_to_send())
    if accounts is not None:
        client.receive_data(tws.send(ManagedAccounts(accounts)) + tws.send(NextValidId(1)))
    return client, tws


@pytest.mark.parametrize("account, lives", [("DU1", True), ("U1", False)])
def test_who_drives_a_session_by_himself_has_the_guard_as_well(account: str, lives: bool) -> None:
    session, tws = ClientSession(paper_only=True), Connection(Side.TWS)
    tws.opened()
    session.opened(0.0)
    for _ in range(2):
        data = session.data_to_send(0.0)
        session.sent(len(data), 0.0)
        tws.receive_data(data)
        if tws.server_version is None:
            tws.accept_version(200, CLOCK)
            session.receive_data(tws.data_to_send(), 0.0)
    session.receive_data(tws.send(ManagedAccounts((account,))) + tws.send(NextValidId(1)), 0.0)
    assert (session.state is State.READY) is lives
    assert lives or (session.closed is not None and session.closed.reason is CloseReason.NOT_PAPER)


def test_what_came_behind_the_live_account_in_one_read_is_not_heard() -> None:
    """The end is the last event, once, and it never was ready."""
    client, _ = core(("U1",))
    events = client.events()
    assert isinstance(events[-1], ConnectionClosed)
    assert sum(isinstance(event, ConnectionClosed) for event in events) == 1
    assert not any(isinstance(event, (Ready, NextValidId)) for event in events)
    client, tws = core(("DU1",))
    assert client.state is State.READY
    client.events()
    client.receive_data(tws.send(ManagedAccounts(("U1",))) + tws.send(ManagedAccounts(("DU1",))) + b"\0\0\0\1x")
    assert [type(event).__name__ for event in client.events()] == [
        "ManagedAccounts",
        "StateChanged",
        "ConnectionClosed",
    ]
    assert client.closed is not None
    assert client.closed.reason is CloseReason.NOT_PAPER


@pytest.mark.parametrize("body", [b"\x0a\x04\xff\xff\xff\xff", b"\x0a\x04", b"", b"\x0a\x00"], ids=repr)
@pytest.mark.parametrize("accounts", [None, ("DU1",)], ids=["starting", "ready"])
def test_accounts_that_cannot_be_read_are_not_known_to_be_paper(body: bytes, accounts: tuple[str, ...] | None) -> None:
    """No UTF-8, cut off, nothing in it, an empty name: a guard that guesses is none. What comes behind is not heard."""
    client, tws = core(accounts)
    client.events()
    client.receive_data(frame(b"\0\0\0\xd7" + body) + tws.send(NextValidId(1)))
    assert client.closed is not None
    assert client.closed.reason is CloseReason.NOT_PAPER
    assert isinstance(client.events()[-1], ConnectionClosed)
