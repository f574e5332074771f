"""Puts a `World` on a TCP port, or on byte streams in memory. All the IO of the simulator is here.

::

    async with serve(World()) as tws:
        print(tws.host, tws.port)

    async with serve_memory(World()) as tws:
        stream = await tws.connect()

Both work on asyncio and on trio, and nothing outlives the block: no task, no socket, no open link of the world.

One client's trouble stays its own. What fails while it is handled ends its connection and is logged, with the
traceback, by the logger ``anytws.simulator``. Where no more files may be opened, new clients wait or are turned away;
those that are connected notice nothing.
"""

from __future__ import annotations

import errno
import logging
import math
import os
import socket
import struct
import sys
from abc import abstractmethod
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, Final, TypeAlias

import anyio
from anyio.abc import ByteStream, TaskGroup
from anyio.lowlevel import cancel_shielded_checkpoint, checkpoint, checkpoint_if_cancelled

from anytws.simulator.link import Link
from anytws.simulator.settings import HangUp
from anytws.simulator.world import World

if sys.platform != "win32":
    import resource

CAPACITY: Final = 65_536
"""How many bytes a stream in memory holds in each direction before `send` waits."""

LINGER_SECONDS: Final = 1.0
"""How long, after an orderly hang-up, a client may take to hang up too."""

_CHUNK: Final = 65_536
_BACKLOG: Final = 128

_Address: TypeAlias = tuple[str, int] | tuple[str, int, int, int]

_LOG: Final = logging.getLogger("anytws.simulator")

_PAUSE: Final = 0.1
"""Seconds for which nobody is accepted after the system could not."""
_SPARE_FILES: Final = 16
"""How many of the files that this process may open are not for clients: an import opens some, a time zone as well."""
_IS_BROKEN: Final = frozenset({errno.EBADF, errno.EINVAL, errno.ENOTSOCK, errno.EOPNOTSUPP, errno.EFAULT})
"""What the system says of a listener at which waiting does not help."""
_IS_SHORT: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""What it says when there is too little of something, which may be otherwise in a moment."""


# Byte streams


class ResettableStream(ByteStream):
    """A byte stream that can also be torn."""

    @abstractmethod
    def reset(self, last_words: bytes = b"") -> None:
        """Close at once and in disorder: the peer's `receive` raises `anyio.BrokenResourceError`.

        As much of *last_words* goes out before that as can without waiting.
        """


class MemoryStream(ResettableStream):
    """One end of a connection in memory. It behaves as a socket does.

    * after the peer's `send_eof` or `aclose`, `receive` gives what is left and then raises `anyio.EndOfStream`;
    * after the peer's `reset`, `receive` gives what is left and then raises `anyio.BrokenResourceError`;
    * `send` waits while `CAPACITY` bytes are unread, and raises `anyio.BrokenResourceError` when the peer is gone.

    One thing is kinder than a socket: to close with bytes unread is an end here, not a reset.
    """

    def __init__(self, incoming: _Pipe, outgoing: _Pipe) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._closed = False
        self._receiving = anyio.ResourceGuard("receiving from")
        self._sending = anyio.ResourceGuard("sending to")

    async def receive(self, max_bytes: int = _CHUNK) -> bytes:
        """Give the next bytes, at least one and at most *max_bytes*."""
        with self._receiving:
            await checkpoint()
            while True:
                if self._closed:
                    raise anyio.ClosedResourceError
                data = self._incoming.take(max_bytes)
                if data:
                    return data
                if self._incoming.torn:
                    raise anyio.BrokenResourceError
                if self._incoming.ended:
                    raise anyio.EndOfStream
                await self._incoming.change()

    async def send(self, item: bytes) -> None:
        """Send all of *item*."""
        with self._sending:
            await checkpoint()
            rest = memoryview(item)
            while True:
                if self._closed or self._outgoing.ended:
                    raise anyio.ClosedResourceError
                if self._outgoing.torn or self._outgoing.unwanted:
                    raise anyio.BrokenResourceError
                rest = rest[self._outgoing.put(rest) :]
                if not rest:
                    return
                await self._outgoing.change()

    async def send_eof(self) -> None:
        """Say that no more will be sent; receiving goes on."""
        self._outgoing.end()

    async def aclose(self) -> None:
        """Close both directions."""
        if not self._closed:
            self._closed = True
            self._outgoing.end()
            self._incoming.abandon()
        await cancel_shielded_checkpoint()

    def reset(self, last_words: bytes = b"") -> None:
        """Tear both directions."""
        if not self._closed:
            self._closed = True
            self._outgoing.put(memoryview(last_words))
            self._outgoing.tear()
            self._incoming.tear()


class _Pipe:
    """One direction of a `MemoryStream`."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._changed = anyio.Event()
        self.ended: bool = False
        """The sender will send no more."""
        self.torn: bool = False
        """The connection was reset."""
        self.unwanted: bool = False
        """The receiver is gone."""

    def put(self, data: memoryview) -> int:
        """Take in what there is room for; give how much that was."""
        taken = data[: CAPACITY - len(self._bytes)]
        self._bytes += taken
        self._note_change()
        return len(taken)

    def take(self, max_bytes: int) -> bytes:
        """Give what there is, up to *max_bytes*."""
        data = bytes(self._bytes[:max_bytes])
        del self._bytes[:max_bytes]
        if data:
            self._note_change()
        return data

    def end(self) -> None:
        self.ended = True
        self._note_change()

    def tear(self) -> None:
        self.torn = True
        self._note_change()

    def abandon(self) -> None:
        self.unwanted = True
        self._bytes.clear()
        self._note_change()

    async def change(self) -> None:
        """Wait until something is different."""
        await self._changed.wait()

    def _note_change(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()


def memory_pair() -> tuple[MemoryStream, MemoryStream]:
    """Give the two ends of a connection in memory."""
    there, back = _Pipe(), _Pipe()
    return MemoryStream(back, there), MemoryStream(there, back)


class _SocketStream(ResettableStream):
    """A TCP connection, on a bare socket.

    AnyIO's own streams would do for everything but dying: what `aclose` does with bytes that are still to be sent, and
    whether a FIN or an RST goes out, differs between its backends and versions. Here the way a connection ends is the
    point.
    """

    def __init__(self, raw: socket.socket) -> None:
        raw.setblocking(False)
        # A TWS answers in small frames; held back until the last one is acknowledged, each would cost up to 40 ms.
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = raw

    async def receive(self, max_bytes: int = _CHUNK) -> bytes:
        await checkpoint()
        while True:
            try:
                data = self._socket.recv(max_bytes)
            except BlockingIOError:
                await anyio.wait_readable(self._socket)
            except OSError as error:
                raise anyio.BrokenResourceError from error
            else:
                if not data:
                    raise anyio.EndOfStream
                return data

    async def send(self, item: bytes) -> None:
        await checkpoint_if_cancelled()
        rest = memoryview(item)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except BlockingIOError:
                await anyio.wait_writable(self._socket)
            except OSError as error:
                raise anyio.BrokenResourceError from error

    async def send_eof(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise anyio.BrokenResourceError from error

    async def aclose(self) -> None:
        self._socket.close()

    def reset(self, last_words: bytes = b"") -> None:
        with suppress(OSError):
            self._socket.send(last_words)
        # With a linger time of zero, close() sends an RST. Windows has its own layout for the two numbers.
        linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        # Some systems refuse this for a socket whose other end has torn it already.
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._socket.close()


# Carrying a link's bytes


class _Carrier:
    """Carries bytes between one link and one stream until one of them ends, then ends the other."""

    def __init__(self, link: Link, stream: ResettableStream, linger_seconds: float) -> None:
        self._link = link
        self._stream = stream
        self._linger_seconds = linger_seconds
        self._attention = anyio.Event()
        self._delivered = anyio.Event()
        self._delivery: anyio.CancelScope | None = None
        self._has_told = False
        link.attend(self._attend)
        self._tell_failure()

    async def run(self) -> None:
        """Carry. The stream is closed at the end, however it comes; what fails is the end of this link alone."""
        try:
            async with _open_tasks() as tasks:
                tasks.start_soon(self._listen)
                await self._speak()
            await self._hang_up()
        except Exception as failure:  # noqa: BLE001 (whatever it is, the other clients have nothing to do with it)
            self._link.fail(failure)
        finally:
            try:
                # Still open here only if the server's block was left, or carrying failed.
                self._link.die(HangUp.EOF, anyio.current_time())
                self._link.attend(_nobody_cares)
                # Nobody will fetch it any more.
                self._link.data_to_send()
            finally:
                await self._stream.aclose()

    def _tell_failure(self) -> None:
        # At once, while the link remembers it.
        if self._link.failure is not None and not self._has_told:
            self._has_told = True
            _LOG.error("%r: its connection ended, since handling it failed", self._link, exc_info=self._link.failure)

    def _attend(self) -> None:
        self._tell_failure()
        self._attention.set()
        if self._delivery is not None and self._link.hang_up is not None:
            # A delivery that was begun before the hang-up does not wait for ever for a client that does not read.
            patience = 0.0 if self._link.hang_up is HangUp.RESET else self._linger_seconds
            self._delivery.deadline = min(self._delivery.deadline, anyio.current_time() + patience)

    async def _listen(self) -> None:
        while True:
            try:
                data = await self._stream.receive()
            except anyio.EndOfStream:
                self._link.receive_eof(anyio.current_time())
                return
            except anyio.BrokenResourceError:
                self._link.receive_reset(anyio.current_time())
                return
            self._link.receive_data(data, anyio.current_time())
            # A client that asks without ever reading an answer is not listened to, so that answers cannot pile up.
            while self._link.has_data_to_send:
                await self._delivered.wait()

    async def _speak(self) -> None:
        link = self._link
        while True:
            link.wake(anyio.current_time())
            self._attention = anyio.Event()
            if link.hang_up is HangUp.RESET:
                return
            if link.has_data_to_send:
                await self._deliver(link.data_to_send())
            elif link.hang_up is HangUp.EOF:
                return
            else:
                with anyio.CancelScope(deadline=_deadline(link.wake_at())):
                    await self._attention.wait()

    async def _deliver(self, data: bytes) -> None:
        with anyio.CancelScope() as self._delivery:
            self._attend()
            try:
                await self._stream.send(data)
            except anyio.BrokenResourceError:
                self._link.receive_reset(anyio.current_time())
        self._delivery = None
        self._delivered.set()
        self._delivered = anyio.Event()

    async def _hang_up(self) -> None:
        if self._link.hang_up is HangUp.RESET:
            self._stream.reset(self._link.data_to_send())
            return
        # A socket that is closed with bytes unread sends an RST, which may overtake what was said last (error 326!).
        # So: say the end, hear the client out until it hangs up as well, then close.
        with anyio.move_on_after(self._linger_seconds), suppress(anyio.EndOfStream, anyio.BrokenResourceError):
            await self._stream.send_eof()
            while True:
                await self._stream.receive()


def _is_one_of_the_last(number: int) -> bool:
    """Tell whether an open file with *number* takes one of the last that this process may open."""
    if sys.platform == "win32":
        return False
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    # The system gives the lowest number that is free.
    return most != resource.RLIM_INFINITY and number >= most - min(_SPARE_FILES, most // 4)


def _deadline(time: float | None) -> float:
    return math.inf if time is None else time


def _nobody_cares() -> None:
    return None


# Servers


class TcpTws:
    """A `World` on a TCP port. Made by `serve`."""

    def __init__(self, world: World, listener: socket.socket, linger_seconds: float) -> None:
        self.world: Final = world
        self.host: Final[str] = listener.getsockname()[0]
        """The address that it listens at."""
        self.port: Final[int] = listener.getsockname()[1]
        """The port that it listens at."""
        self._listener = listener
        self._linger_seconds = linger_seconds
        self._world_changed = anyio.Event()
        self._accepting = anyio.CancelScope()
        self._told: set[int | None] = set()

    def __repr__(self) -> str:
        return f"<TcpTws at {self.host}:{self.port}, {self.world!r}>"

    async def run(self) -> None:
        """Take connections while the world runs. While it does not, the port is closed, as after a logoff."""
        stop_watching = self.world.watch(self._note_change)
        address = self._listener.getsockname()
        try:
            async with _open_tasks() as tasks:
                while True:
                    if self.world.is_running:
                        with anyio.CancelScope() as self._accepting:
                            await self._accept(tasks)
                    self._listener.close()
                    while not self.world.is_running:
                        await self._world_changed.wait()
                    self._listener = await self._listen_again(self._listener.family, address)
        finally:
            stop_watching()
            self._listener.close()

    def _note_change(self) -> None:
        self._world_changed.set()
        self._world_changed = anyio.Event()
        if not self.world.is_running:
            self._accepting.cancel()

    async def _listen_again(self, family: int, address: _Address) -> socket.socket:
        while True:
            try:
                return _listen_at(family, address)
            except OSError as problem:
                if problem.errno not in _IS_SHORT:
                    raise
                await self._pause(problem)

    async def _accept(self, tasks: TaskGroup) -> None:
        while True:
            await checkpoint()
            try:
                raw, peer = self._listener.accept()
            except BlockingIOError:
                await anyio.wait_readable(self._listener)
            except ConnectionError:
                # It came and went.
                continue
            except OSError as problem:
                if problem.errno in _IS_BROKEN:
                    raise
                await self._pause(problem)
            else:
                self._welcome(raw, peer, tasks)

    def _welcome(self, raw: socket.socket, peer: _Address | None, tasks: TaskGroup) -> None:
        if _is_one_of_the_last(raw.fileno()):
            raw.close()
            self._note(OSError(errno.EMFILE, "this process may open only a few files more"))
            return
        try:
            stream = _SocketStream(raw)
        except OSError:
            # It came and went: some systems then refuse to set anything up.
            raw.close()
            return
        # Of such a one they do not know the address either.
        tasks.start_soon(self._serve, stream, peer[0] if peer else "")

    async def _pause(self, problem: OSError) -> None:
        """Let time pass, since what the system is short of does not come back by trying again at once."""
        self._note(problem)
        await anyio.sleep(_PAUSE)

    def _note(self, problem: OSError) -> None:
        # Once: a flood of clients must not become one of lines.
        if problem.errno not in self._told:
            self._told.add(problem.errno)
            _LOG.warning("port %d: new clients have to wait, or are turned away: %s", self.port, problem)

    async def _serve(self, stream: _SocketStream, address: str) -> None:
        try:
            link = self.world.connect(address, anyio.current_time())
        except ConnectionRefusedError:
            # The world died between the client's connect and this task's turn.
            stream.reset()
        except Exception:  # noqa: BLE001 (a world of somebody's own may fail at one client too)
            _LOG.exception("a client from %s could not be let in", address)
            stream.reset()
        else:
            await _Carrier(link, stream, self._linger_seconds).run()


class MemoryTws:
    """A `World` behind byte streams in memory. Made by `serve_memory`."""

    def __init__(self, world: World, tasks: TaskGroup, linger_seconds: float) -> None:
        self.world: Final = world
        self._tasks = tasks
        self._linger_seconds = linger_seconds

    def __repr__(self) -> str:
        return f"<MemoryTws, {self.world!r}>"

    async def connect(self, address: str = "127.0.0.1") -> MemoryStream:
        """Give the client's end of a new connection, which TWS sees come from *address*.

        Raises `ConnectionRefusedError` while the world is not running. The stream is the caller's to close.
        """
        await checkpoint()
        link = self.world.connect(address, anyio.current_time())
        here, there = memory_pair()
        self._tasks.start_soon(_Carrier(link, there, self._linger_seconds).run)
        return here


@asynccontextmanager
async def serve(
    world: World, host: str = "127.0.0.1", port: int = 0, *, linger_seconds: float = LINGER_SECONDS
) -> AsyncGenerator[TcpTws]:
    """Serve *world* on TCP for as long as the block lasts; port 0 takes a free one.

    The world's clock is set to that of this machine, unless `WorldSettings.epoch_at_zero` says otherwise. An orderly
    hang-up gives the client *linger_seconds* to hang up too. Raises `OSError` if the port cannot be had.
    """
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    listener = _listen_at(found[0][0], found[0][4])
    _set_clock(world)
    tws = TcpTws(world, listener, linger_seconds)
    async with _open_tasks() as tasks:
        tasks.start_soon(tws.run)
        yield tws


@asynccontextmanager
async def serve_memory(world: World, *, linger_seconds: float = LINGER_SECONDS) -> AsyncGenerator[MemoryTws]:
    """Serve *world* in memory for as long as the block lasts. Otherwise the same as `serve`."""
    _set_clock(world)
    async with _open_tasks() as tasks:
        yield MemoryTws(world, tasks, linger_seconds)


@asynccontextmanager
async def connect_memory(world: World, address: str = "127.0.0.1") -> AsyncGenerator[MemoryStream]:
    """Connect to *world* in memory, for one client and as long as the block lasts."""
    async with serve_memory(world) as tws, await tws.connect(address) as stream:
        yield stream


@asynccontextmanager
async def _open_tasks() -> AsyncGenerator[TaskGroup]:
    """Give a task group whose tasks end with the block, and which lets a single error out bare.

    A test that raises inside of ``async with serve(...)`` should see its own error, not a group around it.
    """
    try:
        async with anyio.create_task_group() as tasks:
            try:
                yield tasks
            finally:
                tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        if len(group.exceptions) != 1:
            raise
        error = group.exceptions[0]
        raise error from error.__cause__


def _set_clock(world: World) -> None:
    # Whatever a client knows of the time came from some TWS, and here that is us.
    world.set_clock(datetime.now(UTC), anyio.current_time())  # noqa: TID251


def _listen_at(family: int, address: _Address) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # The port of a TWS that died can be had again at once. On Windows the option means something else.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


class _Callable(ModuleType):
    """This module, which has the name of its main function: called, it is that function."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 (those of `serve`)
        return serve(*arguments, **options)


# `from anytws.simulator import serve` finds the module, whatever the package says: an import puts it there.
sys.modules[__name__].__class__ = _Callable
