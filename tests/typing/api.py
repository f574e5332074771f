"""The documented usage, as the type checkers see it. It is checked by `python3 dev.py types` and never run."""

from __future__ import annotations

from datetime import datetime
from typing import assert_type

import anytws
from anytws.core import CloseReason, Connection, ConnectionClosed, Event, Notice, OddValue, Side, State
from anytws.machines import MailboxStatistics, SessionStatistics
from anytws.messages import (
    Action,
    BondContractData,
    ConnectionTime,
    Contract,
    ContractData,
    ContractDataRequest,
    CurrentTimeInMillis,
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    IdsRequest,
    LimitOrder,
    NewsBulletinsRequest,
    NextValidId,
    Order,
    OrderType,
    Position,
    PositionEnd,
    PositionsRequest,
    Right,
    SecurityType,
    Stock,
    TimeInForce,
)
from anytws.simulator import World, serve
from anytws.simulator.serve import TcpTws


async def connected() -> None:
    """What a program holds in its block."""
    async with anytws.connect("127.0.0.1", 7497, client_id=1) as tws:
        assert_type(tws, anytws.Tws)
        assert_type(tws.state, State)
        assert_type(tws.server_version, int)
        assert_type(tws.connection_time, ConnectionTime)
        assert_type(tws.accounts.managed, tuple[str, ...] | None)
        assert_type(tws.next_valid_id, int | None)
        assert_type(await tws.current_time(), datetime)
        assert_type(await tws.ask(CurrentTimeInMillisRequest()), CurrentTimeInMillis)
        assert_type(await tws.closed(), ConnectionClosed)
        assert_type(tws.statistics(), SessionStatistics)
        tws.send(IdsRequest())
        tws.send(NextValidId(1))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] (TWS says it)
        tws.send("reqIds")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        assert_type(tws.send(CurrentTimeRequest()), anytws.Sent)
        assert_type(await tws.send(CurrentTimeRequest()), None)
        assert_type(await tws.ask(ContractDataRequest(Stock("AAPL"))), tuple[ContractData | BondContractData, ...])
        await tws.ask(NewsBulletinsRequest(True))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        tws.stream(CurrentTimeRequest())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        async with tws.stream(PositionsRequest(), capacity=5, when_full="drop_oldest") as positions:
            assert_type(positions, anytws.Stream[Position | PositionEnd])
            async for item in positions:
                assert_type(item, Position | PositionEnd | Notice | OddValue | anytws.Dropped | anytws.Reset)
            async for batch in positions.batches():
                assert_type(
                    batch, tuple[Position | PositionEnd | Notice | OddValue | anytws.Dropped | anytws.Reset, ...]
                )
            assert_type(positions.statistics(), MailboxStatistics)
        with tws.events() as events:
            async for event in events:
                assert_type(event, Event | anytws.Dropped)


def failed(problem: anytws.ConnectError) -> None:
    """What a failure to connect tells."""
    assert_type(problem.stage, anytws.Stage)
    assert_type(problem.reason, CloseReason)
    assert_type(problem.closed, ConnectionClosed)
    assert_type(problem.code, int | None)


def sans_io(connection: Connection, message: NextValidId) -> None:
    """What the core takes and gives."""
    assert_type(connection.side, Side)
    assert_type(connection.next_event(), Event | None)
    assert_type(connection.send(message), bytes)
    assert_type(connection.wake_at(), float | None)
    message.order_id = 2  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue] (messages are frozen)


def words() -> None:
    """Traders' names are the members that they stand for."""
    by_name: list[TimeInForce] = [TimeInForce.GTC, TimeInForce.IOC, TimeInForce.GTD, TimeInForce.FOK, TimeInForce.DAY]
    kinds: list[SecurityType] = [SecurityType.STK, SecurityType.OPT, SecurityType.FUT, SecurityType.CASH]
    rest: list[OrderType | Action | Right] = [OrderType.LMT, Action.SSHORT, Right.C]
    order = LimitOrder("BUY", 100, "10.05", time_in_force=TimeInForce.GTC)
    assert_type(order, Order)
    assert_type(TimeInForce.verbatim("GTT"), TimeInForce)
    assert_type(TimeInForce.closest("gtc"), TimeInForce | None)
    assert_type(by_name[0].is_meant and kinds[0].is_meant and rest[0].is_meant, bool)
    assert_type(Stock(contract_id=265598), Contract)


async def simulated() -> None:
    """The simulated TWS, by the short way."""
    async with serve(World()) as tws:
        assert_type(tws, TcpTws)
