"""A TWS that does what a script says, whatever the protocol says.

A script is data: a tuple of steps, of which each does one thing to one connection. When the last step is done, the
connection stays as it is until the client hangs up; a script that wants another end says so.

The bytes are written here by hand, or by `text` and `numbered`, and never by the code under test: a round trip through
our own tables would not see a mistake in them.
"""

from __future__ import annotations

import socket
import struct
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeAlias

import anyio
import anyio.lowlevel
import attrs
from anyio.abc import ByteStream

from anytws.messages import CurrentTimeRequest
from anytws.simulator.serve import ResettableStream, memory_pair
from anytws.wire.catalogue import entry_for

PATIENCE: Final = 10.0
"""Seconds after which a test fails instead of hanging. Nothing waits for them."""

_CLOCK: Final = entry_for(CurrentTimeRequest).conversation
assert _CLOCK is not None
assert _CLOCK.deadline is not None
CLOCK_SECONDS: Final = _CLOCK.deadline
"""Seconds after which a request for the time is given up unless somebody says otherwise."""

LOCALHOST: Final = "127.0.0.1"

_TURNS: Final = 200_000


def framed(body: bytes) -> bytes:
    """Put the length in front of a body."""
    return struct.pack(">I", len(body)) + body


def text(*fields: object) -> bytes:
    """A frame as servers below version 201 write it: fields ended by NUL, the first of them the message id."""
    return framed(b"".join(str(field).encode() + b"\0" for field in fields))


def numbered(message_id: int, *fields: object) -> bytes:
    """A text frame as servers from version 201 on write it: the message id is four bytes, and no field."""
    return framed(struct.pack(">I", message_id) + b"".join(str(field).encode() + b"\0" for field in fields))


def protobuf(message_id: int, body: bytes) -> bytes:
    """A protobuf frame: its message id is 200 higher."""
    return framed(struct.pack(">I", 200 + message_id) + body)


def version(number: object, time: object = "20250101 10:00:00 GMT") -> bytes:
    """The reply to a greeting."""
    return text(number, time)


def error(code: int, words: str, request_id: int = -1) -> bytes:
    """An error message as server version 176 writes it."""
    return text(4, 2, request_id, code, words, "")


REPLY: Final = version(176)
ACCOUNTS: Final = text(15, 1, "DU1234567")
NEXT_VALID_ID: Final = text(9, 1, 42)
OPENING: Final = ACCOUNTS + NEXT_VALID_ID
FARM_OK: Final = error(2104, "Market data farm connection is OK:usfarm")
IN_USE: Final = error(326, "Unable to connect as the client id is already in use.")
CURRENT_TIME: Final = text(49, 1, 1_735_725_600)

OWN_PORT: Final = b"$OWN"
"""In what a script says: the port that it is played on."""
DEAD_PORT: Final = b"$DEAD"
"""In what a script says: a port where nothing listens."""


class Peer:
    """The scripted end of one connection."""

    def __init__(self, stream: ResettableStream, ports: dict[bytes, int], released: anyio.Event) -> None:
        self.stream = stream
        self.released = released
        """Set when the test has seen enough: a script that waits for it goes on."""
        self.heard = b""
        """All that the client said and that a step listened to."""
        self._ports = ports
        self._unread = b""

    async def say(self, data: bytes) -> None:
        for place, port in self._ports.items():
            if place in data:
                # The port's digits change the length: frames that hold one are made anew.
                data = framed(data[4:].replace(place, str(port).encode()))
        await self.stream.send(data)

    async def pause(self, seconds: float) -> None:
        """Do nothing for a while, or until the test lets go."""
        with anyio.move_on_after(seconds):
            await self.released.wait()

    async def hear(self, count: int) -> bytes:
        """Wait for exactly *count* bytes of the client."""
        while len(self._unread) < count:
            self._unread += await self.stream.receive()
        data, self._unread = self._unread[:count], self._unread[count:]
        self.heard += data
        return data

    async def hear_frame(self) -> bytes:
        (length,) = struct.unpack(">I", await self.hear(4))
        return await self.hear(length)


class Step:
    """One thing that a script does."""

    @abstractmethod
    async def play(self, peer: Peer) -> None:
        """Do it."""


@attrs.frozen
class HearGreeting(Step):
    """Wait for the client's greeting, whole."""

    async def play(self, peer: Peer) -> None:
        assert await peer.hear(4) == b"API\0"
        await peer.hear_frame()


@attrs.frozen
class Hear(Step):
    """Wait for so many frames of the client."""

    frames: int = 1

    async def play(self, peer: Peer) -> None:
        for _ in range(self.frames):
            await peer.hear_frame()


@attrs.frozen
class Say(Step):
    """Send all of it at once."""

    data: bytes = attrs.field(repr=False)

    async def play(self, peer: Peer) -> None:
        await peer.say(self.data)


@attrs.frozen
class Drip(Step):
    """Send it byte by byte, with time for the client between any two of them."""

    data: bytes = attrs.field(repr=False)
    pause: float = 0.0
    """Seconds between two bytes. For the virtual clock only."""

    async def play(self, peer: Peer) -> None:
        for index in range(len(self.data)):
            await peer.say(self.data[index : index + 1])
            await (peer.pause(self.pause) if self.pause else anyio.lowlevel.checkpoint())


@attrs.frozen
class Pause(Step):
    """Do nothing for a while. For the virtual clock only."""

    seconds: float

    async def play(self, peer: Peer) -> None:
        await peer.pause(self.seconds)


@attrs.frozen
class Flood(Step):
    """Send it again and again until the client is gone."""

    data: bytes = attrs.field(repr=False)

    async def play(self, peer: Peer) -> None:
        while True:
            await peer.say(self.data)


@attrs.frozen
class HangUp(Step):
    """End in order, and hear the client out, so that nothing that was said is lost."""

    async def play(self, peer: Peer) -> None:
        await peer.stream.send_eof()


@attrs.frozen
class Close(Step):
    """Close at once. What the client said and nobody read makes a reset of it, perhaps; TCP leaves that open."""

    async def play(self, peer: Peer) -> None:
        await peer.stream.aclose()


@attrs.frozen
class Reset(Step):
    """Tear the connection."""

    async def play(self, peer: Peer) -> None:
        peer.stream.reset()


@attrs.frozen
class Deaf(Step):
    """Read nothing until the test lets go."""

    async def play(self, peer: Peer) -> None:
        await peer.released.wait()


Script: TypeAlias = Sequence[Step]

HEAR_GREETING: Final = HearGreeting()
HEAR_START: Final = Hear()
READY: Final[Script] = (HEAR_GREETING, Say(REPLY), HEAR_START, Say(OPENING))
"""What a well-behaved TWS does up to the point where requests may be made."""


class MisbehavingTws:
    """Plays scripts: the n-th connection gets the n-th, all further ones the last."""

    def __init__(self, scripts: Sequence[Script]) -> None:
        self.peers: list[Peer] = []
        """One for each connection that was made, in their order."""
        self.port = 0
        self.released = anyio.Event()
        self._scripts = scripts
        self._open = 0
        self._dead = socket.socket()
        self._dead.bind((LOCALHOST, 0))

    @property
    def dead_port(self) -> int:
        """A port that is taken and refuses connections."""
        port: int = self._dead.getsockname()[1]
        return port

    async def play(self, stream: ResettableStream) -> None:
        """Play the next script on *stream*, and close it when the client has hung up."""
        script = self._scripts[min(len(self.peers), len(self._scripts) - 1)]
        peer = Peer(stream, {OWN_PORT: self.port, DEAD_PORT: self.dead_port}, self.released)
        self.peers.append(peer)
        self._open += 1
        try:
            for step in script:
                await step.play(peer)
            while True:
                peer.heard += await stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
            # The client is gone, which is how every script ends in the end.
            return
        finally:
            self._open -= 1
            await stream.aclose()

    async def deserted(self) -> None:
        """Wait until no client is connected: each of them has ended its byte stream."""
        self.released.set()
        await until(lambda: not self._open)

    def close(self) -> None:
        self._dead.close()


@asynccontextmanager
async def misbehaving_on_tcp(*scripts: Script) -> AsyncGenerator[MisbehavingTws]:
    """Play *scripts* on a port of this machine for as long as the block lasts."""
    tws = MisbehavingTws(scripts)
    listener = socket.socket()
    # A small window, so that a script that does not read is soon felt.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listener.bind((LOCALHOST, 0))
    listener.listen()
    listener.setblocking(False)
    tws.port = listener.getsockname()[1]
    try:
        async with anyio.create_task_group() as tasks:

            async def accept() -> None:
                while True:
                    await anyio.wait_readable(listener)
                    raw, _ = listener.accept()
                    tasks.start_soon(tws.play, SocketStream(raw))

            tasks.start_soon(accept)
            yield tws
            tasks.cancel_scope.cancel()
    finally:
        listener.close()
        tws.close()


@asynccontextmanager
async def misbehaving_in_memory(*scripts: Script) -> AsyncGenerator[tuple[MisbehavingTws, ByteStream]]:
    """Play *scripts* on one stream in memory for as long as the block lasts; the client's end is the second value."""
    tws = MisbehavingTws(scripts)
    here, there = memory_pair()
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(tws.play, there)
            yield tws, here
            tasks.cancel_scope.cancel()
    finally:
        tws.close()


class SocketStream(ResettableStream):
    """A TCP connection on a bare socket: here it matters when exactly a FIN and when an RST goes out."""

    def __init__(self, raw: socket.socket) -> None:
        raw.setblocking(False)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = raw

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        await anyio.lowlevel.checkpoint()
        while True:
            try:
                data = self._socket.recv(max_bytes)
            except BlockingIOError:
                await anyio.wait_readable(self._socket)
            except OSError as problem:
                raise anyio.BrokenResourceError from problem
            else:
                if not data:
                    raise anyio.EndOfStream
                return data

    async def send(self, item: bytes) -> None:
        await anyio.lowlevel.checkpoint()
        rest = memoryview(item)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except BlockingIOError:
                await anyio.wait_writable(self._socket)
            except OSError as problem:
                raise anyio.BrokenResourceError from problem

    async def send_eof(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    async def aclose(self) -> None:
        self._socket.close()

    def reset(self, last_words: bytes = b"") -> None:
        assert not last_words, "a script says what it has to say before"
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


class OddStream(ByteStream):
    """A stream that fails as it is told; until then it is the one inside of it."""

    def __init__(self, inner: ByteStream) -> None:
        self.inner = inner
        self.receive_fails: BaseException | None = None
        self.send_fails: BaseException | None = None
        self.close_fails: BaseException | None = None
        self.closed = 0
        self._told = anyio.Event()

    def fail(
        self,
        *,
        receive: BaseException | None = None,
        send: BaseException | None = None,
        close: BaseException | None = None,
    ) -> None:
        """From now on raise these."""
        self.receive_fails, self.send_fails, self.close_fails = receive, send, close
        self._told.set()

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        data = b""
        async with anyio.create_task_group() as tasks:

            async def take() -> None:
                nonlocal data
                try:
                    data = await self.inner.receive(max_bytes)
                except anyio.EndOfStream:
                    data = b""
                tasks.cancel_scope.cancel()

            async def be_told() -> None:
                await self._told.wait()
                if self.receive_fails is not None:
                    tasks.cancel_scope.cancel()

            tasks.start_soon(take)
            tasks.start_soon(be_told)
        if data:
            return data
        if self.receive_fails is not None:
            raise self.receive_fails
        raise anyio.EndOfStream

    async def send(self, item: bytes) -> None:
        await anyio.lowlevel.checkpoint()
        if self.send_fails is not None:
            raise self.send_fails
        await self.inner.send(item)

    async def send_eof(self) -> None:
        await self.inner.send_eof()

    async def aclose(self) -> None:
        self.closed += 1
        await self.inner.aclose()
        if self.close_fails is not None:
            raise self.close_fails


async def until(condition: Callable[[], object]) -> None:
    """Let other tasks and the network have their turns until *condition* holds."""
    # Turns are counted and not seconds: a virtual clock stands still while somebody is busy.
    for _ in range(_TURNS):
        if condition():
            return
        await anyio.lowlevel.checkpoint()
    raise AssertionError("what was waited for did not happen")


def open_files() -> int:
    """How many file descriptors this process holds."""
    return sum(1 for _ in Path("/dev/fd").iterdir())
