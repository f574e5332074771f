"""Connecting: the block in which a connection lives, and nothing that outlives it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import anyio
import attrs
from anyio.abc import ByteStream, TaskGroup

from anytws.core.codes import CODES, CodeTable
from anytws.core.connection import Connection
from anytws.core.events import CloseReason, ConnectionClosed
from anytws.core.options import HandshakeOptions
from anytws.core.state import State
from anytws.messages.base import Side
from anytws.runtime.client import Tws
from anytws.runtime.connect_errors import ConnectError, Redirected, connect_error
from anytws.runtime.pump import Pump
from anytws.runtime.tcp import TcpFailure, open_tcp
from anytws.runtime.transport import close

MAX_REDIRECTS: Final = 2
"""As many as the vendor's own clients follow."""
_GOODBYE: Final = 1.0
"""Seconds that what was sent last has to leave, and that a reader of events has to take the last of them."""


def connect(
    host: str = "127.0.0.1",
    port: int = 7497,
    *,
    client_id: int | None = None,
    options: HandshakeOptions | None = None,
    codes: CodeTable = CODES,
    connect_timeout: float | None = 10.0,
    follow_redirects: bool = False,
) -> AbstractAsyncContextManager[Tws]:
    """Connect to TWS or IB Gateway over TCP; the block is entered when requests may be made.

    The usual ports: TWS 7496 live, 7497 paper; Gateway 4001 live, 4002 paper. *client_id* goes before the one in
    *options*, which also holds the deadlines of the handshake. *codes* says which code of TWS is an error and which a
    notice. *connect_timeout* is for the TCP connection alone, in seconds.

    Raises `ConnectError`, or the one of its kinds that fits, when the connection does not become ready. When it ends
    inside the block, the block is cancelled and `ConnectionClosed` leaves it, unless a task of it waits in
    `Tws.closed`. Leaving the block closes the connection.
    """
    redirects = MAX_REDIRECTS if follow_redirects else 0

    async def connecting() -> Pump:
        # Before anything is opened: what makes no handshake is the caller's mistake.
        chosen = _with_client_id(options, client_id)
        return await _over_tcp(host or "127.0.0.1", port, connect_timeout, chosen, codes, redirects)

    return _session(connecting)


def connect_stream(
    stream: ByteStream,
    *,
    client_id: int | None = None,
    options: HandshakeOptions | None = None,
    codes: CodeTable = CODES,
    address: str = "the given stream",
) -> AbstractAsyncContextManager[Tws]:
    """Connect over any byte stream: TLS, a UNIX socket, memory. The stream is closed with the block.

    *address* is for error messages. Everything else is as for `connect`.
    """

    async def connecting() -> Pump:
        try:
            chosen = _with_client_id(options, client_id)
        except ValueError:
            await close(stream)
            raise
        return await _over_stream(stream, address, chosen, codes)

    return _session(connecting)


async def _over_tcp(
    host: str, port: int, timeout: float | None, options: HandshakeOptions, codes: CodeTable, redirects: int
) -> Pump:
    """Connect and shake hands; also where TWS sends us, *redirects* times at most. Raises `ConnectError`."""
    while True:
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            stream = await open_tcp(host, port, timeout)
        except TcpFailure as problem:
            raise _not_opened(options, str(problem), address) from problem.__cause__
        try:
            return await _over_stream(stream, address, options, codes)
        except Redirected as problem:
            target = problem.closed.redirect
            if target is None or redirects == 0:
                raise
            host, port = target[0], target[1] or port
            redirects -= 1


def _not_opened(options: HandshakeOptions, detail: str, address: str) -> ConnectError:
    connection = Connection(Side.CLIENT, options)
    connection.connect_failed(detail)
    assert connection.closed is not None, "that is what it was told"
    return connect_error(connection, connection.closed, address)


async def _over_stream(stream: ByteStream, address: str, options: HandshakeOptions, codes: CodeTable) -> Pump:
    """Shake hands over *stream*, and close it if that fails. Raises `ConnectError`."""
    try:
        connection = Connection(Side.CLIENT, options, codes=codes)
        connection.opened(anyio.current_time())
        pump = Pump(stream, connection)
        await _shake_hands(pump, by_hand=options.start_api_by_hand, address=address)
    except BaseException:
        await close(stream)
        raise
    return pump


@contextlib.asynccontextmanager
async def _session(connecting: Callable[[], Coroutine[Any, Any, Pump]]) -> AsyncGenerator[Tws, None]:
    """Live one connection, and close it, whatever happens."""
    pump = await connecting()
    tws = Tws(pump)
    # What goes wrong in the block is the block's own: it is carried out of the task group by hand, which would wrap it
    # into a group that no `except ValueError` of the caller's would catch, and past a cancellation on the way.
    failure: BaseException | None = None
    try:
        async with anyio.create_task_group() as tasks:
            try:
                with anyio.CancelScope() as block:
                    tasks.start_soon(_attend, pump, tws, block, tasks)
                    yield tws
            except anyio.get_cancelled_exc_class():
                raise
            except BaseException as problem:  # noqa: BLE001 (raised again below, outside of the group)
                failure = problem
            finally:
                try:
                    await _send_what_is_left(pump)
                finally:
                    pump.hang_up()
                    tasks.cancel_scope.cancel()
    except BaseException:
        if failure is None:
            raise
    finally:
        await close(pump.stream)
    end = pump.connection.closed
    if failure is not None:
        raise _bare(failure, end)
    if end is not None and end.reason is not CloseReason.LOCAL and not tws.is_watched:
        raise end.again() from None


async def _shake_hands(pump: Pump, *, by_hand: bool, address: str) -> None:
    """Come as far as the block begins. Raises `ConnectError`."""
    connection = pump.connection
    await pump.handshake(lambda: connection.server_version is not None if by_hand else connection.state is State.READY)
    end = connection.closed
    # What was ready, if only for a moment, ends as a connection and not as a failure to connect.
    if end is not None and end.state is not State.READY and not (by_hand and connection.server_version is not None):
        raise connect_error(connection, end, address)


def _bare(failure: BaseException, end: ConnectionClosed | None) -> BaseException:
    """Take the end of the connection out of the groups that the block's own task groups have made of it."""

    def is_the_end(problem: BaseException) -> bool:
        return problem == end

    if end is None or not isinstance(failure, BaseExceptionGroup):
        return failure
    _, others = failure.split(is_the_end)
    return end.again() if others is None else failure


async def _attend(pump: Pump, tws: Tws, block: anyio.CancelScope, tasks: TaskGroup) -> None:
    """Work for the block, and cancel it when the connection has ended.

    Those who read its events have had their last ones by then.
    """
    for task in (pump.write, pump.read, pump.keep_time):
        tasks.start_soon(task)
    await pump.until_closed()
    with anyio.move_on_after(_GOODBYE):
        await pump.drained()
    if not tws.is_watched:
        block.cancel()


async def _send_what_is_left(pump: Pump) -> None:
    if pump.connection.closed is None:
        with anyio.move_on_after(_GOODBYE) as patience:
            await pump.flush()
        if patience.cancelled_caught:
            pump.give_up(f"what was sent last could not be sent within {_GOODBYE:g} s")


def _with_client_id(options: HandshakeOptions | None, client_id: int | None) -> HandshakeOptions:
    options = options or HandshakeOptions()
    return options if client_id is None else attrs.evolve(options, client_id=client_id)
