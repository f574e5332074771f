"""TCP to TWS: a socket as a byte stream, and how to get one.

AnyIO has both, for every purpose. Ours is a plain non-blocking socket behind AnyIO's two waits: it costs half the time
of a connect (``tests/benchmarks``), leaves no socket when it is cancelled, and keeps the link watched.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import anyio
from anyio.abc import ByteStream, SocketAttribute

from anytws.errors import in_a_sentence, shown
from anytws.runtime.failure import StreamFailure
from anytws.wire.handshake import HIGHEST_PORT

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop  # noqa: TID251 (see `_asyncio_loop`)

_Address: TypeAlias = tuple[socket.AddressFamily, tuple[Any, ...]]

_PATIENCE: Final = 2.0
"""Seconds that an address has to answer, if there is another one to try."""
_UNREAD: Final = 16
_UNREAD_CHUNK: Final = 65536
_UNDER_WAY: Final = (errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY)

# The protocol has no heartbeat: without these, a TWS whose machine lost its power stays "connected" for ever.
_IDLE_SECONDS: Final = 30
_PROBE_SECONDS: Final = 10
_PROBES: Final = 3


_TAKEN_BACK: Final = (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, errno.ENOTCONN)
"""What the system says of a connection that was there, and was torn before we have looked. Nobody there: it refuses."""

_A_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]+").fullmatch

_PORT_HINT: Final = f"Check the port: a whole number from 1 to {HIGHEST_PORT}"
_NAME_HINT: Final = (
    "Check how the host is written: a name or an address, alone, for the port is given apart. The name of a container "
    "is known only in its own network, and only while it runs"
)
_NO_NAME_SERVER: Final = "No name server answers: check the network, or write the address of the host and not its name"
_NO_ANSWER: Final = (
    "Nothing there refuses, and nothing answers: check the address, whether that machine is on, and whether a firewall "
    "on the way lets nobody through to this port"
)
_NO_WAY: Final = "There is no way to that machine: check the address, the network and, if there is one, the VPN"
_NOT_ALLOWED: Final = (
    "This machine does not let the program connect there: see its firewall, and what a sandbox or a container allows"
)
_NO_SOURCE: Final = (
    "This machine has no address of that kind (IPv6, perhaps), or no port left to connect from: try 127.0.0.1, or "
    "close some connections"
)
_NO_FILES: Final = "This process may open no more files: close some, or raise its limit (ulimit -n)"

_HINTS: Final = {
    errno.ETIMEDOUT: _NO_ANSWER,
    errno.EHOSTUNREACH: _NO_WAY,
    errno.ENETUNREACH: _NO_WAY,
    errno.ENETDOWN: _NO_WAY,
    errno.EHOSTDOWN: _NO_WAY,
    errno.EACCES: _NOT_ALLOWED,
    errno.EPERM: _NOT_ALLOWED,
    errno.EADDRNOTAVAIL: _NO_SOURCE,
    errno.EAFNOSUPPORT: _NO_SOURCE,
    errno.EMFILE: _NO_FILES,
    errno.ENFILE: _NO_FILES,
}
"""What a person can do. For the others (refused, above all) it is what the core says."""

EVERY_HINT: Final = (_PORT_HINT, _NAME_HINT, _NO_NAME_SERVER, *_HINTS.values())
"""All that there are."""


class TcpFailure(Exception):
    """No byte stream could be had; the text says why."""

    def __init__(self, detail: str, hint: str = "", *, was_taken: bool = False) -> None:
        super().__init__(detail)
        self.hint = hint
        """What a person can do about it, if that can be told from here."""
        self.was_taken = was_taken
        """Whether there was one, which the other end tore at once."""


class TcpStream(ByteStream):
    """A connected socket.

    On asyncio it stays registered with the loop: to register it for each read, as AnyIO does, takes as long as all else
    that is done with a single tick. The loop reads one chunk ahead; as long as that is not taken, it reads no more, so
    that a reader that waits makes TWS wait. On trio there is nothing to gain, and AnyIO's own wait is used.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._number = sock.fileno()
        self._loop = _asyncio_loop()
        self._is_watched = False
        self._wanted = 0
        self._chunk: bytes | OSError | None = None
        """What has been read ahead; no bytes are the end."""
        self._news: anyio.Event | None = None

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
        if self._socket.fileno() < 0:
            # Its number may be that of another by now.
            raise anyio.ClosedResourceError
        chunk = None if self._loop is None else await self._take(self._loop, max_bytes)
        while chunk is None:
            await anyio.wait_readable(self._socket)
            chunk = self._read(max_bytes)
        if isinstance(chunk, OSError):
            raise anyio.BrokenResourceError from chunk
        if not chunk:
            raise anyio.EndOfStream
        return chunk

    def _read(self, max_bytes: int) -> bytes | OSError | None:
        """Give what is there, or what is wrong; None if there is nothing."""
        try:
            return self._socket.recv(max_bytes)
        except BlockingIOError:
            return None
        except OSError as problem:
            return problem

    async def _take(self, loop: AbstractEventLoop, max_bytes: int) -> bytes | OSError | None:
        """Give what the loop has read ahead, as soon as it has; None where the loop cannot."""
        self._wanted = max_bytes
        while self._chunk is None:
            if not self._is_watched:
                try:
                    loop.add_reader(self._number, self._read_ahead)
                except NotImplementedError:
                    # Windows' own loop has none.
                    self._loop = None
                    return None
                self._is_watched = True
            self._news = anyio.Event()
            await self._news.wait()
        chunk, self._chunk = self._chunk, None
        if isinstance(chunk, bytes) and len(chunk) > max_bytes:
            chunk, self._chunk = chunk[:max_bytes], chunk[max_bytes:]
        return chunk

    def _read_ahead(self) -> None:
        """Read what is there (called by the loop)."""
        if self._chunk is None:
            self._chunk = self._read(self._wanted)
            if self._chunk is None:
                return
            if self._news is not None:
                self._news.set()
            if self._chunk and isinstance(self._chunk, bytes):
                return
        self._unwatch()

    def _unwatch(self) -> None:
        if self._is_watched and self._loop is not None:
            self._is_watched = False
            self._loop.remove_reader(self._number)

    async def send(self, item: bytes) -> None:
        """Send all of *item*. Mostly the system takes it at once, and there is nothing to wait for."""
        rest = memoryview(item)
        while True:
            try:
                rest = rest[self.send_some(rest) :]
            except OSError as problem:
                raise anyio.BrokenResourceError from problem
            if not rest:
                return
            await self.wait_for_room()

    def send_some(self, data: bytes | memoryview) -> int:
        """Send what the system takes of *data* without waiting, and give how many bytes that are. Raises `OSError`."""
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0

    async def wait_for_room(self) -> None:
        """Wait until the system takes more."""
        await anyio.wait_writable(self._socket)

    async def send_eof(self) -> None:
        """Tell the peer that nothing more will come."""
        self._socket.shutdown(socket.SHUT_WR)

    async def aclose(self) -> None:
        """Close the socket. It never waits, so nothing can be left behind."""
        self._unwatch()
        if self._news is not None:
            # Whoever waits here waits in vain.
            self._chunk = OSError(errno.EBADF, os.strerror(errno.EBADF))
            self._news.set()
        # With bytes unread the system would send a reset. TWS takes that for a crash, and keeps the client id a while.
        with contextlib.suppress(OSError):
            for _ in range(_UNREAD):
                if not self._socket.recv(_UNREAD_CHUNK):
                    break
        self._socket.close()


def _asyncio_loop() -> AbstractEventLoop | None:
    """Give the loop of asyncio, if that is what runs this task. AnyIO has no way to keep a socket registered."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        # Who runs trio alone need not wait for it to be imported.
        return None
    try:
        # Trio can be a guest in such a loop; then no task of the loop is running.
        loop: AbstractEventLoop | None = asyncio.get_running_loop() if asyncio.current_task() is not None else None
    except RuntimeError:
        return None
    return loop


async def open_tcp(host: str, port: int, timeout: float | None) -> TcpStream:
    """Open a TCP connection, within *timeout* seconds. Raises `TcpFailure`."""
    if not 0 <= port <= HIGHEST_PORT:
        raise TcpFailure(f"{shown(port)} is not a port: ports are 0 to {HIGHEST_PORT}", _PORT_HINT)
    address = _address_in(host, port)
    try:
        if address is not None:
            return await _open(address, timeout)
        began = anyio.current_time()
        addresses = await _look_up(host, port, timeout)
        with anyio.fail_after(None if timeout is None else timeout - (anyio.current_time() - began)):
            return await _open_first(addresses)
    except TimeoutError as problem:
        # The system's own, or ours.
        late = f"nothing answered within {timeout:g} s" if problem.errno is None else os.strerror(problem.errno)
        raise TcpFailure(late, _NO_ANSWER) from None
    except OSError as problem:
        raise TcpFailure(StreamFailure.of(problem).detail, _HINTS.get(problem.errno or 0, "")) from problem


async def _look_up(host: str, port: int, timeout: float | None) -> list[_Address]:
    """Give the addresses of the name *host*. Raises `TcpFailure`."""
    if _A_NUMBER(host):
        # The system would make an address of it: 0.0.29.73 of 7497.
        raise TcpFailure(f"{shown(host)} is a number, and not the name or the address of a host", _NAME_HINT)
    try:
        with anyio.fail_after(timeout):
            found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError:
        late = f"the name {shown(host)} could not be looked up within {timeout:g} s"
        raise TcpFailure(late, _NO_NAME_SERVER) from None
    except (OSError, UnicodeError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or str(problem)
        hint = _NO_NAME_SERVER if getattr(problem, "errno", None) == socket.EAI_AGAIN else _NAME_HINT
        raise TcpFailure(f"the name {shown(host)} has no address: {in_a_sentence(why)}", hint) from problem
    return [(family, target) for family, _, _, _, target in found]


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
    """Connect to *address*. Raises `OSError`, `TimeoutError` among them, and `TcpFailure` for what was taken back."""
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
        try:
            _watch(sock)
        except OSError as problem:
            # Some systems refuse to set up what is gone already.
            raise _taken_back(problem) from problem
    except BaseException:
        sock.close()
        raise
    return TcpStream(sock)


def _check(code: int) -> None:
    if code not in (0, errno.EISCONN):
        problem = OSError(code, os.strerror(code))
        if code in _TAKEN_BACK:
            raise _taken_back(problem) from problem
        raise problem


def _taken_back(problem: OSError) -> TcpFailure:
    return TcpFailure(StreamFailure.of(problem).detail, was_taken=True)


def _watch(sock: socket.socket) -> None:
    """Have small frames leave at once, and a link noticed that is dead."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", _IDLE_SECONDS), ("TCP_KEEPINTVL", _PROBE_SECONDS), ("TCP_KEEPCNT", _PROBES)):
        # Not every system has all three; the switch above is what matters.
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
