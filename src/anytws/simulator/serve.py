"""Puts a `World` on a TCP port, or on byte streams in memory. With `streams` and `carrier` all the IO of the simulator.

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
import os
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from types import ModuleType
from typing import Any, Final, TypeAlias

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from anytws.simulator.carrier import Carrier, open_tasks
from anytws.simulator.link import Link
from anytws.simulator.pace import Pace
from anytws.simulator.streams import CAPACITY, MemoryStream, ResettableStream, SocketStream, memory_pair
from anytws.simulator.world import World

if sys.platform != "win32":
    import resource

__all__ = [
    "CAPACITY",
    "LINGER_SECONDS",
    "MemoryStream",
    "MemoryTws",
    "ResettableStream",
    "TcpTws",
    "connect_memory",
    "memory_pair",
    "serve",
    "serve_memory",
]

LINGER_SECONDS: Final = 1.0
"""How long, after an orderly hang-up, a client may take to hang up too."""

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


class TcpTws:
    """A `World` on a TCP port. Made by `serve`."""

    def __init__(self, world: World, listener: socket.socket, linger_seconds: float, pace: Pace) -> None:
        self.world: Final = world
        self.host: Final[str] = listener.getsockname()[0]
        """The address that it listens at."""
        self.port: Final[int] = listener.getsockname()[1]
        """The port that it listens at."""
        self._listener = listener
        self._linger_seconds = linger_seconds
        self._pace = pace
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
            async with open_tasks() as tasks:
                while True:
                    if self.world.is_listening:
                        with anyio.CancelScope() as self._accepting:
                            await self._accept(tasks)
                    self._listener.close()
                    while not self.world.is_listening:
                        await self._world_changed.wait()
                    self._listener = await self._listen_again(self._listener.family, address)
        finally:
            stop_watching()
            self._listener.close()

    def _note_change(self) -> None:
        self._world_changed.set()
        self._world_changed = anyio.Event()
        if not self.world.is_listening:
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
            stream = SocketStream(raw)
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

    async def _serve(self, stream: SocketStream, address: str) -> None:
        try:
            link = self.world.connect(address, self._pace.world_time(anyio.current_time()))
        except ConnectionRefusedError:
            # The world died between the client's connect and this task's turn.
            stream.reset()
        except Exception:  # noqa: BLE001 (a world of somebody's own may fail at one client too)
            _LOG.exception("a client from %s could not be let in", address)
            stream.reset()
        else:
            await _carrying(self.world, link, stream, self._linger_seconds, self._pace)()


class MemoryTws:
    """A `World` behind byte streams in memory. Made by `serve_memory`."""

    def __init__(self, world: World, tasks: TaskGroup, linger_seconds: float, pace: Pace) -> None:
        self.world: Final = world
        self._tasks = tasks
        self._linger_seconds = linger_seconds
        self._pace = pace

    def __repr__(self) -> str:
        return f"<MemoryTws, {self.world!r}>"

    async def connect(self, address: str = "127.0.0.1") -> MemoryStream:
        """Give the client's end of a new connection, which TWS sees come from *address*.

        Raises `ConnectionRefusedError` while the world is not running. The stream is the caller's to close.
        """
        await checkpoint()
        link = self.world.connect(address, self._pace.world_time(anyio.current_time()))
        here, there = memory_pair()
        self._tasks.start_soon(_carrying(self.world, link, there, self._linger_seconds, self._pace))
        return here


@asynccontextmanager
async def serve(
    world: World,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    linger_seconds: float = LINGER_SECONDS,
    speed: float = 1.0,
) -> AsyncGenerator[TcpTws]:
    """Serve *world* on TCP for as long as the block lasts; port 0 takes a free one.

    The world's clock is set to that of this machine, unless `WorldSettings.starts_at` or `WorldSettings.epoch_at_zero`
    says otherwise. An orderly
    hang-up gives the client *linger_seconds* to hang up too. The world's time runs *speed* times as fast as that of the
    event loop. Raises `OSError` if the port cannot be had, and `ValueError` for a speed that is not above 0.
    """
    pace = Pace(speed, anyio.current_time())
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    listener = _listen_at(found[0][0], found[0][4])
    _set_clock(world, pace)
    tws = TcpTws(world, listener, linger_seconds, pace)
    async with open_tasks() as tasks:
        tasks.start_soon(tws.run)
        tasks.start_soon(_drive, world, pace)
        yield tws


@asynccontextmanager
async def serve_memory(
    world: World, *, linger_seconds: float = LINGER_SECONDS, speed: float = 1.0
) -> AsyncGenerator[MemoryTws]:
    """Serve *world* in memory for as long as the block lasts. Otherwise the same as `serve`."""
    pace = Pace(speed, anyio.current_time())
    _set_clock(world, pace)
    async with open_tasks() as tasks:
        tasks.start_soon(_drive, world, pace)
        yield MemoryTws(world, tasks, linger_seconds, pace)


@asynccontextmanager
async def connect_memory(world: World, address: str = "127.0.0.1") -> AsyncGenerator[MemoryStream]:
    """Connect to *world* in memory, for one client and as long as the block lasts."""
    async with serve_memory(world) as tws, await tws.connect(address) as stream:
        yield stream


def _is_one_of_the_last(number: int) -> bool:
    """Tell whether an open file with *number* takes one of the last that this process may open."""
    if sys.platform == "win32":
        return False
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    # The system gives the lowest number that is free.
    return most != resource.RLIM_INFINITY and number >= most - min(_SPARE_FILES, most // 4)


def _carrying(
    world: World, link: Link, stream: ResettableStream, linger_seconds: float, pace: Pace
) -> Callable[[], Coroutine[Any, Any, None]]:
    """Give what carries the bytes of *link*, which is watched from now on."""
    director = world.director
    if director is None or not director.has_byte_faults:
        return Carrier(link, stream, linger_seconds, pace).run
    # Whoever has no script does not pay for what plays one.
    from anytws.simulator.toxic_stream import carry_meddled  # noqa: PLC0415

    return partial(carry_meddled, link, stream, linger_seconds, pace, director)


async def _drive(world: World, pace: Pace) -> None:
    """Tell *world* the time whenever it has something to do, whether somebody is connected or not."""
    while True:
        changed = anyio.Event()
        stop_watching = world.watch(changed.set)
        try:
            with anyio.CancelScope(deadline=pace.deadline(world.wake_at())):
                await changed.wait()
        finally:
            stop_watching()
        try:
            world.note_time(pace.world_time(anyio.current_time()))
        except Exception:  # noqa: BLE001 (no client has to do with it, and what is left to do is still done)
            _LOG.exception("%r: something that was due could not be done", world)


def _set_clock(world: World, pace: Pace) -> None:
    # Whatever a client knows of the time came from some TWS, and here that is us.
    begin = world.settings.starts_at or datetime.now(UTC)  # noqa: TID251
    world.set_clock(begin, pace.world_time(anyio.current_time()))


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
