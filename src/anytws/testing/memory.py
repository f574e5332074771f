"""Connects to a simulated TWS in memory as `anytws.connect` does over TCP: the same block, the same errors."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
from anyio.abc import ByteStream

from anytws.client.connect import connect_stream
from anytws.client.keep_connected import keep_connected_stream
from anytws.client.tws import Tws
from anytws.core.options import HandshakeOptions
from anytws.machines.session import ClientSession
from anytws.runtime.connect_errors import ConnectError, connect_error
from anytws.simulator.serve import MemoryTws


@asynccontextmanager
async def connect_in_memory(
    served: MemoryTws,
    *,
    host: str = "127.0.0.1",
    port: int = 7497,
    through: Callable[[ByteStream], ByteStream] = lambda stream: stream,
    connect_timeout: float | None = None,
    follow_redirects: bool = False,
    **options: Any,  # noqa: ANN401 (those of `connect_stream`)
) -> AsyncGenerator[Tws]:
    """Connect to *served*, through what *through* makes of the byte stream; *options* are those of `connect_stream`.

    Address, *connect_timeout* and *follow_redirects* are taken as `anytws.connect` does, and are of no consequence: in
    memory there is nothing to wait for. Raises what that raises: `ConnectError`, and `ConnectionClosed` as it is left.
    """
    del connect_timeout, follow_redirects
    address = f"{host}:{port}"
    try:
        stream = through(await served.connect())
    except ConnectionRefusedError as problem:
        raise _refused(address, str(problem)) from problem
    async with connect_stream(stream, address=address, **options) as tws:
        yield tws


def keep_connected_in_memory(
    served: MemoryTws,
    *,
    host: str = "127.0.0.1",
    port: int = 7497,
    through: Callable[[ByteStream], ByteStream] = lambda stream: stream,
    follow_redirects: bool = False,
    **options: Any,  # noqa: ANN401 (those of `keep_connected_stream`)
) -> AbstractAsyncContextManager[Tws]:
    """Stay connected to *served* as `anytws.keep_connected` does over TCP, through what *through* makes of each stream.

    *options* are those of `anytws.client.keep_connected.keep_connected_stream`; *follow_redirects* is of no
    consequence. While *served* takes no connections an attempt fails, as where nothing listens.
    """
    del follow_redirects

    async def opening() -> ByteStream:
        return through(await served.connect())

    return keep_connected_stream(opening, address=f"{host}:{port}", **options)


def _refused(address: str, detail: str) -> ConnectError:
    """Give the error of a connect where nothing listens."""
    session = ClientSession(HandshakeOptions())
    session.connect_failed(anyio.current_time(), detail)
    if session.closed is None:
        raise AssertionError("that is what it was told")
    return connect_error(session.connection, session.closed, address)
