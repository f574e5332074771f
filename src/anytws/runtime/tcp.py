"""TCP to TWS: a socket as a byte stream, and how to get one.

AnyIO has both, for every purpose. Ours is a plain non-blocking socket behind AnyIO's two waits: it costs half the time
of a connect (``tests/benchmarks``), leaves no socket when it is cancelled, and keeps the link watched.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import anyio
from anyio.abc import ByteStream, SocketAttribute

from anytws.runtime.transport import StreamFailure

_Address: TypeAlias = tuple[socket.AddressFamily, tuple[Any, ...]]

_PATIENCE: Final = 2.0
"""Seconds that an address has to answer, if there is another one to try."""
_UNREAD: Final = 16
_UNREAD_CHUNK: Final = 65536
_HIGHEST_PORT: Final = 65535
_UNDER_WAY: Final = (errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY)

# The protocol has no heartbeat: without these, a TWS whose machine lost its power stays "connected" for ever.
_IDLE_SECONDS: Final = 30
_PROBE_SECONDS: Final = 10
_PROBES: Final = 3


class TcpFailure(Exception):
    """No byte stream could be had; the text says why."""


class TcpStream(ByteStream):
    """A connected socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    @property
    def extra_attributes(self) -> Mapping[Any, Callable[[], Any]]:
        """What AnyIO's own TCP streams tell too, as far as somebody may want it."""
        return {
            SocketAttribute.raw_socket: lambda: self._socket,
            SocketAttribute.local_address: self._socket.getsockname,
            SocketAttribute.remote_address: self._socket.getpeername,
        }

    async def receive(self, max_bytes: int = 65536) -> bytes:
        """Give the next bytes, at least one and at most *max_bytes*."""
        while True:
            await anyio.wait_readable(self._socket)
            try:
                data = self._socket.recv(max_bytes)
            except BlockingIOError:
                continue
            except OSError as problem:
                raise anyio.BrokenResourceError from problem
            if not data:
                raise anyio.EndOfStream
            return data

    async def send(self, item: bytes) -> None:
        """Send all of *item*. Mostly the system takes it at once, and there is nothing to wait for."""
        rest = memoryview(item)
        while True:
            try:
                rest = rest[self._socket.send(rest) :]
            except BlockingIOError:
                pass
            except OSError as problem:
                raise anyio.BrokenResourceError from problem
            if not rest:
                return
            await anyio.wait_writable(self._socket)

    async def send_eof(self) -> None:
        """Tell the peer that nothing more will come."""
        self._socket.shutdown(socket.SHUT_WR)

    async def aclose(self) -> None:
        """Close the socket. It never waits, so nothing can be left behind."""
        # With bytes unread the system would send a reset. TWS takes that for a crash, and keeps the client id a while.
        with contextlib.suppress(OSError):
            for _ in range(_UNREAD):
                if not self._socket.recv(_UNREAD_CHUNK):
                    break
        self._socket.close()


async def open_tcp(host: str, port: int, timeout: float | None) -> TcpStream:
    """Open a TCP connection, within *timeout* seconds. Raises `TcpFailure`."""
    if not 0 <= port <= _HIGHEST_PORT:
        raise TcpFailure(f"{port} is not a port: ports are 0 to {_HIGHEST_PORT}")
    try:
        address = _address_in(host, port)
        if address is not None:
            return await _open(address, timeout)
        with anyio.fail_after(timeout):
            found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            return await _open_first([(family, target) for family, _, _, _, target in found])
    except TimeoutError:
        raise TcpFailure(f"nothing answered within {timeout:g} s") from None
    except (OSError, UnicodeError) as problem:
        raise TcpFailure(StreamFailure.of(problem).detail) from problem


def _address_in(host: str, port: int) -> _Address | None:
    """Read an address out of *host*, if it is one and not a name to be looked up."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, UnicodeError, ValueError):
            continue
        return family, (host, port)
    return None


async def _open_first(addresses: list[_Address]) -> TcpStream:
    """Try one address after the other; the error of the last one is raised."""
    *others, last = addresses
    for address in others:
        with contextlib.suppress(OSError):
            return await _open(address, _PATIENCE)
    return await _open(last, None)


async def _open(address: _Address, timeout: float | None) -> TcpStream:
    """Connect to *address*. Raises `OSError`, `TimeoutError` among them."""
    family, target = address
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        code = sock.connect_ex(target)
        # On loopback it is through by now: to ask again is cheaper than to wait for being told.
        if code == errno.EINPROGRESS:
            code = sock.connect_ex(target)
        if code in _UNDER_WAY:
            with anyio.fail_after(timeout):
                await anyio.wait_writable(sock)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        _check(code)
        _watch(sock)
    except BaseException:
        sock.close()
        raise
    return TcpStream(sock)


def _check(code: int) -> None:
    if code not in (0, errno.EISCONN):
        raise OSError(code, os.strerror(code))


def _watch(sock: socket.socket) -> None:
    """Have small frames leave at once, and a link noticed that is dead."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", _IDLE_SECONDS), ("TCP_KEEPINTVL", _PROBE_SECONDS), ("TCP_KEEPCNT", _PROBES)):
        # Not every system has all three; the switch above is what matters.
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
