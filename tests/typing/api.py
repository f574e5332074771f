"""The documented usage, as the type checkers see it. It is checked by `python3 dev.py types` and never run."""

from __future__ import annotations

from datetime import datetime
from typing import assert_type

import anytws
from anytws.core import CloseReason, Connection, ConnectionClosed, Event, Side, State
from anytws.messages import ConnectionTime, CurrentTimeInMillis, CurrentTimeInMillisRequest, NextValidId


async def connected() -> None:
    """What a program holds in its block."""
    async with anytws.connect("127.0.0.1", 7497, client_id=1) as tws:
        assert_type(tws, anytws.Tws)
        assert_type(tws.state, State)
        assert_type(tws.server_version, int)
        assert_type(tws.connection_time, ConnectionTime)
        assert_type(tws.accounts, tuple[str, ...] | None)
        assert_type(tws.next_valid_id, int | None)
        assert_type(await tws.current_time(), datetime)
        assert_type(await tws.ask(CurrentTimeInMillisRequest()), CurrentTimeInMillis)
        assert_type(await tws.closed(), ConnectionClosed)
        with tws.events() as events:
            async for event in events:
                assert_type(event, Event | anytws.EventsDropped)


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
