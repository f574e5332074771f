"""Connecting: the block in which a connection lives, and nothing that outlives it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import Final

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
from anytws.runtime.connect_errors import Redirected, connect_error
from anytws.runtime.pump import Pump
from anytws.runtime.tcp import TcpFailure, open_tcp

MAX_REDIRECTS: Final = 2
"""As many as the vendor's own clients follow."""
_GOODBYE: Final = 1.0
"""Seconds that what was sent last has to leave, and that a reader of events has to take the last of them."""
_CLOSING_ERRORS: Final = (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, OSError)


@contextlib.asynccontextmanager
async def connect(
    host: str = "127.0.0.1",
    port: int = 7497,
    *,
    client_id: int | None = None,
    options: HandshakeOptions | None = None,
    codes: CodeTable = CODES,
    connect_timeout: float | None = 10.0,
    follow_redirects: bool = False,
) -> AsyncGenerator[Tws, None]:
    """Connect to TWS or IB Gateway over TCP; the block is entered when requests may be made.

    The usual ports: TWS 7496 live, 7497 paper; Gateway 4001 live, 4002 paper. *client_id* goes before the one in
    *options*, which also holds the deadlines of the handshake. *codes* says which code of TWS is an error and which a
    notice. *connect_timeout* is for the TCP connection alone, in seconds.

    Raises `ConnectError`, or the one of its kinds that fits, when the connection does not become ready. When it ends
    inside the block, the block is cancelled and `ConnectionClosed` leaves it, unless a task of it waits in
    `Tws.closed`. Leaving the block closes the connection.
    """
    options = _with_client_id(options, client_id)
    host = host or "127.0.0.1"
    entered = False
    redirects = 0
    while True:
        stream = await _open(host, port, connect_timeout, options)
        try:
            async with _session(stream, options, codes, f"{host}:{port}") as tws:
                entered = True
                yield tws
                return
        except Redirected as problem:
            # Once the block runs, a redirect is not ours: it comes out of the block's own code.
            target = problem.closed.redirect
            if entered or not follow_redirects or redirects == MAX_REDIRECTS or target is None:
                raise
            host, port = target[0], target[1] or port
            redirects += 1


@contextlib.asynccontextmanager
async def connect_stream(
    stream: ByteStream,
    *,
    client_id: int | None = None,
    options: HandshakeOptions | None = None,
    codes: CodeTable = CODES,
    address: str = "the given stream",
) -> AsyncGenerator[Tws, None]:
    """Connect over any byte stream: TLS, a UNIX socket, memory. The stream is closed with the block.

    *address* is for error messages. Everything else is as for `connect`.
    """
    try:
        options = _with_client_id(options, client_id)
    except ValueError:
        await _close(stream)
        raise
    async with _session(stream, options, codes, address) as tws:
        yield tws


@contextlib.asynccontextmanager
async def _session(
    stream: ByteStream, options: HandshakeOptions, codes: CodeTable, address: str
) -> AsyncGenerator[Tws, None]:
    """Live one connection over *stream*, and close it, whatever happens."""
    # What goes wrong in the block is the block's own: it is carried out of the task group by hand, which would wrap it
    # into a group that no `except ValueError` of the caller's would catch, and past a cancellation on the way.
    failure: BaseException | None = None
    connection = Connection(Side.CLIENT, options, codes=codes)
    pump = Pump(stream, connection)
    tws = Tws(pump)
    try:
        connection.opened(anyio.current_time())
        await _shake_hands(pump, options, address)
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
        await _close(stream)
    end = connection.closed
    if failure is not None:
        raise _bare(failure, end)
    if end is not None and end.reason is not CloseReason.LOCAL and not tws.is_watched:
        raise end.again() from None


async def _shake_hands(pump: Pump, options: HandshakeOptions, address: str) -> None:
    """Come as far as the block begins. Raises `ConnectError`."""
    connection = pump.connection
    by_hand = options.start_api_by_hand
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


async def _open(host: str, port: int, timeout: float | None, options: HandshakeOptions) -> ByteStream:
    try:
        return await open_tcp(host, port, timeout)
    except TcpFailure as problem:
        connection = Connection(Side.CLIENT, options)
        connection.connect_failed(str(problem))
        assert connection.closed is not None, "that is what it was told"
        raise connect_error(connection, connection.closed, f"{host}:{port}") from problem.__cause__


async def _close(stream: ByteStream) -> None:
    # Whatever is cancelled, a socket is never left behind; and what closing it raises must not hide what went before.
    with anyio.move_on_after(_GOODBYE, shield=True), contextlib.suppress(*_CLOSING_ERRORS):
        await stream.aclose()


def _with_client_id(options: HandshakeOptions | None, client_id: int | None) -> HandshakeOptions:
    options = options or HandshakeOptions()
    return options if client_id is None else attrs.evolve(options, client_id=client_id)
