"""Any byte stream will do; and what streams raise becomes an input of the core, at one place."""

from __future__ import annotations

import errno
import shutil
import ssl
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSStream

import anytws
from anytws import (
    ClientIdInUse,
    CloseReason,
    ConnectError,
    ConnectionClosed,
    Dropped,
    HandshakeOptions,
    RefusedByTws,
    State,
)
from anytws.core.events import Event
from anytws.machines import ClientSession
from anytws.messages import CurrentTimeRequest, IdsRequest
from anytws.runtime import transport
from anytws.simulator import HangUp, Personality, World, WorldSettings
from anytws.simulator.serve import memory_pair, serve_memory
from anytws.wire.handshake import VersionReply, write_version_reply
from tests.misbehaving_tws import IN_USE, OPENING, PATIENCE, REPLY, OddStream, open_files, text, until

# Made for these tests, valid until the end of the century and good for nothing else:
#   openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=anytws tests"
CERTIFICATE_AND_KEY: Final = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgo2zakJFQ6pXTYbER
IBKUBgxSlr8zeKFqcaOxprFa3duhRANCAARXaS+ji21LYxYzjmmifllHEQ9apTiO
MDmpf43smdQbV6HbDd7SkTGswTrPCHHsQarDsfVqrlWNBMrJ/ZnxnpaB
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBfTCCASOgAwIBAgIBATAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAxhbnl0d3Mg
dGVzdHMwIBcNMDAwMTAxMDAwMDAwWhgPMjEwMDAxMDEwMDAwMDBaMBcxFTATBgNV
BAMMDGFueXR3cyB0ZXN0czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABFdpL6OL
bUtjFjOOaaJ+WUcRD1qlOI4wOal/jeyZ1BtXodsN3tKRMazBOs8IcexBqsOx9Wqu
VY0Eysn9mfGeloGjXjBcMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAPBgNV
HRMBAf8EBTADAQH/MB0GA1UdDgQWBBQunfjExzgcyQL1mqOc7MVI906OeTAOBgNV
HQ8BAf8EBAMCAoQwCgYIKoZIzj0EAwIDSAAwRQIgLlf673yiCjI5gI3h7bo0vx5Q
2nRLqXqmw5me/mu1C4gCIQCb4P4RgTVdopcsZAiSRSjTEwTGhh2Ajd1Y6p5tHy3L
HQ==
-----END CERTIFICATE-----
"""


# Carriers


async def carry(one: ByteStream, other: ByteStream) -> None:
    """Be a wire between two streams, until either of them ends."""
    async with anyio.create_task_group() as tasks:

        async def move(source: ByteStream, sink: ByteStream) -> None:
            try:
                while True:
                    await sink.send(await source.receive())
            except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
                tasks.cancel_scope.cancel()

        tasks.start_soon(move, one, other)
        await move(other, one)
    await one.aclose()
    await other.aclose()


@asynccontextmanager
async def over_memory(world: World) -> AsyncGenerator[ByteStream]:
    async with serve_memory(world) as tws:
        yield await tws.connect()


@asynccontextmanager
async def over_unix(world: World) -> AsyncGenerator[ByteStream]:
    # A path of pytest's own is often longer than the 107 bytes that an address takes.
    folder = tempfile.mkdtemp()
    try:
        path = Path(folder) / "tws"
        async with serve_memory(world) as tws, await anyio.create_unix_listener(path) as listener:
            async with anyio.create_task_group() as tasks:
                inner = await tws.connect()
                tasks.start_soon(listener.serve, lambda outer: carry(outer, inner))
                yield await anyio.connect_unix(path)
                tasks.cancel_scope.cancel()
    finally:
        shutil.rmtree(folder)


@asynccontextmanager
async def over_tls(world: World) -> AsyncGenerator[ByteStream]:
    folder = tempfile.mkdtemp()
    try:
        pem = Path(folder) / "tws.pem"
        pem.write_text(CERTIFICATE_AND_KEY)
        server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        server.load_cert_chain(pem)
        client.load_verify_locations(pem)
    finally:
        shutil.rmtree(folder)
    async with serve_memory(world) as tws, await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        async with anyio.create_task_group() as tasks:
            inner = await tws.connect()

            async def encrypt(raw: ByteStream) -> None:
                await carry(await TLSStream.wrap(raw, server_side=True, ssl_context=server), inner)

            tasks.start_soon(listener.serve, encrypt)
            port = listener.extra_attributes[SocketAttribute.local_port]()
            yield await anyio.connect_tcp("127.0.0.1", port, tls_hostname="localhost", ssl_context=client)
            tasks.cancel_scope.cancel()


Carrier = Callable[[World], AbstractAsyncContextManager[ByteStream]]


@pytest.fixture(params=[over_memory, over_unix, over_tls])
def carrier(request: pytest.FixtureRequest) -> Carrier:
    """A kind of byte stream to a world."""
    chosen: Carrier = request.param
    return chosen


async def test_any_byte_stream_will_do(carrier: Carrier) -> None:
    """Handshake, request and way out, over memory, a UNIX socket and TLS; nothing is left open."""
    before = open_files()
    world = World()
    async with carrier(world) as stream:
        async with anytws.connect_stream(stream, client_id=6) as tws:
            await tws.current_time()
            tws.send(IdsRequest())
        await until(lambda: not world.links)
    assert [type(heard.message) for heard in world.heard] == [CurrentTimeRequest, IdsRequest]
    await until(lambda: open_files() == before)


async def test_the_end_over_any_byte_stream(carrier: Carrier) -> None:
    """TWS hangs up, and that is what is said: a broken or an ended stream, with a reason and a hint."""
    world = World()
    async with carrier(world) as stream:
        with pytest.raises(ConnectionClosed) as caught, anyio.fail_after(PATIENCE):
            async with anytws.connect_stream(stream):
                world.links[0].die()
                await anyio.sleep_forever()
    assert caught.value.reason is CloseReason.EOF
    assert caught.value.hint


# Odd streams


def quiet() -> World:
    """A TWS that says nothing after nextValidId: the stream fails between two frames."""
    return World(WorldSettings(personality=Personality.GATEWAY))


def wrapped(cause: OSError) -> anyio.BrokenResourceError:
    """What AnyIO makes of a system error."""
    problem = anyio.BrokenResourceError()
    problem.__cause__ = cause
    return problem


ODD: Final = {
    "closed under our feet": (anyio.ClosedResourceError(), CloseReason.RESET, ""),
    "broken": (anyio.BrokenResourceError(), CloseReason.RESET, ""),
    "reset": (ConnectionResetError(errno.ECONNRESET, "reset by peer"), CloseReason.RESET, "reset by peer"),
    "reset, wrapped": (wrapped(OSError(errno.ECONNRESET, "by peer")), CloseReason.RESET, "by peer"),
    "timed out": (OSError(errno.ETIMEDOUT, "timed out"), CloseReason.UNRESPONSIVE, "timed out"),
    "timed out, wrapped": (wrapped(OSError(errno.ETIMEDOUT, "timed out")), CloseReason.UNRESPONSIVE, "timed out"),
    "timed out without a number": (TimeoutError("took too long"), CloseReason.UNRESPONSIVE, "took too long"),
    "no route": (OSError(errno.EHOSTUNREACH, "no route"), CloseReason.UNRESPONSIVE, "no route"),
    "no network": (wrapped(OSError(errno.ENETDOWN, "network is down")), CloseReason.UNRESPONSIVE, "network is down"),
    "TLS": (ssl.SSLError(1, "bad record mac"), CloseReason.RESET, "bad record mac"),
    "ended": (anyio.EndOfStream(), CloseReason.EOF, "ended the byte stream"),
}


odd = pytest.mark.parametrize("problem, reason, word", ODD.values(), ids=ODD)


@asynccontextmanager
async def on_an_odd_stream(world: World) -> AsyncGenerator[OddStream]:
    async with serve_memory(world) as tws:
        stream = OddStream(await tws.connect())
        yield stream
        assert stream.closed >= 1


@odd
async def test_a_stream_that_cannot_receive(problem: BaseException, reason: CloseReason, word: str) -> None:
    """Whatever it raises has one reason, and the system's own word is in the text."""
    async with on_an_odd_stream(quiet()) as stream:
        with pytest.raises(ConnectionClosed) as caught, anyio.fail_after(PATIENCE):
            async with anytws.connect_stream(stream):
                stream.fail(receive=problem)
                await anyio.sleep_forever()
    assert caught.value.reason is reason
    assert word in caught.value.detail.lower()
    assert caught.value.hint


@odd
async def test_a_stream_that_cannot_receive_the_version(problem: BaseException, reason: CloseReason, word: str) -> None:
    """The same while connecting is a connect error."""
    here, there = memory_pair()
    stream = OddStream(here)
    stream.fail(receive=problem)
    with pytest.raises(ConnectError) as caught, anyio.fail_after(PATIENCE):
        async with anytws.connect_stream(stream):
            raise AssertionError("the block was entered")
    assert word in caught.value.closed.detail.lower()
    if reason is CloseReason.UNRESPONSIVE:
        assert caught.value.reason is reason
    else:
        assert isinstance(caught.value, RefusedByTws)
    await there.aclose()


@pytest.mark.virtual_time
async def test_a_stream_that_cannot_send() -> None:
    """Nothing more can be said, and nothing comes: that is the end, in a moment."""
    async with on_an_odd_stream(quiet()) as stream:
        with pytest.raises(ConnectionClosed) as caught:
            async with anytws.connect_stream(stream) as tws:
                stream.fail(send=BrokenPipeError(errno.EPIPE, "broken pipe"))
                await tws.current_time(timeout=60)
    assert caught.value.reason is CloseReason.SEND_FAILED
    assert "broken pipe" in caught.value.detail.lower()
    assert anyio.current_time() < 5


@pytest.mark.virtual_time
async def test_a_stream_that_cannot_send_to_a_dead_machine() -> None:
    """The system tells of a dead machine once, and may tell the writer; it is the same news."""
    async with on_an_odd_stream(quiet()) as stream:
        with pytest.raises(ConnectionClosed) as caught:
            async with anytws.connect_stream(stream) as tws:
                stream.fail(send=wrapped(OSError(errno.ETIMEDOUT, "timed out")))
                await tws.current_time(timeout=60)
    assert caught.value.reason is CloseReason.UNRESPONSIVE
    assert "timed out" in caught.value.detail.lower()


@pytest.mark.virtual_time
async def test_a_stream_that_cannot_send_the_greeting() -> None:
    """A connect fails on it as well."""
    here, there = memory_pair()
    stream = OddStream(here)
    stream.fail(send=BrokenPipeError(errno.EPIPE, "broken pipe"))
    with pytest.raises(ConnectError, match=r"(?i)broken pipe") as caught:
        async with anytws.connect_stream(stream):
            raise AssertionError("the block was entered")
    assert caught.value.reason is CloseReason.SEND_FAILED
    await there.aclose()


async def test_the_last_word_of_tws_wins_over_a_failed_send() -> None:
    """TWS says 326 and hangs up while we still write: what it said is the reason, not that we could not write."""
    here, there = memory_pair()
    stream = OddStream(here)
    async with anyio.create_task_group() as tasks:

        async def refuse() -> None:
            await there.receive()
            stream.fail(send=BrokenPipeError(errno.EPIPE, "broken pipe"))
            await there.send(REPLY)
            for _ in range(10):
                await anyio.lowlevel.checkpoint()
            await there.send(IN_USE)
            await there.send_eof()

        tasks.start_soon(refuse)
        with pytest.raises(ClientIdInUse) as caught, anyio.fail_after(PATIENCE):
            async with anytws.connect_stream(stream):
                raise AssertionError("the block was entered")
    assert caught.value.code == 326
    assert caught.value.last_error is not None


@pytest.mark.virtual_time
async def test_the_last_word_of_tws_wins_even_without_an_end() -> None:
    """The same where TWS does not hang up after it."""
    here, there = memory_pair()
    stream = OddStream(here)
    async with anyio.create_task_group() as tasks:

        async def refuse() -> None:
            await there.receive()
            stream.fail(send=BrokenPipeError(errno.EPIPE, "broken pipe"))
            await there.send(REPLY + IN_USE)

        tasks.start_soon(refuse)
        with pytest.raises(ClientIdInUse):
            async with anytws.connect_stream(stream):
                raise AssertionError("the block was entered")
    await there.aclose()


@pytest.mark.parametrize(
    "problem", [anyio.ClosedResourceError(), anyio.BrokenResourceError(), OSError("odd"), anyio.EndOfStream()]
)
async def test_a_stream_that_cannot_close(problem: BaseException) -> None:
    """That a stream is already closed or broken when we close it is no news to anybody."""
    async with on_an_odd_stream(quiet()) as stream:
        async with anytws.connect_stream(stream):
            stream.fail(close=problem)


@pytest.mark.parametrize("problem", [anyio.ClosedResourceError(), OSError("odd")])
async def test_a_stream_that_cannot_close_hides_nothing(problem: BaseException) -> None:
    """The exception of the block goes before it."""
    async with on_an_odd_stream(quiet()) as stream:
        with pytest.raises(ValueError, match="mine"):
            async with anytws.connect_stream(stream):
                stream.fail(close=problem)
                raise ValueError("mine")


@pytest.mark.virtual_time
async def test_a_stream_that_never_closes_is_left_after_a_while() -> None:
    """A TLS stream waits for the peer's farewell; a peer that says none does not hold the block up."""

    class Clinging(OddStream):
        async def aclose(self) -> None:
            self.closed += 1
            try:
                await anyio.sleep_forever()
            finally:
                with anyio.CancelScope(shield=True):
                    await self.inner.aclose()

    world = World()
    async with serve_memory(world) as tws:
        stream = Clinging(await tws.connect())
        async with anytws.connect_stream(stream):
            pass
        assert anyio.current_time() < 5
        assert stream.closed == 1
        await until(lambda: not world.links)


async def test_a_stream_that_gives_nothing() -> None:
    """No stream of AnyIO gives an empty piece, but sockets and trio's streams do, at their end: it is the end."""
    here, there = memory_pair()

    class TrioLike(OddStream):
        async def receive(self, max_bytes: int = 65_536) -> bytes:
            await anyio.lowlevel.checkpoint()
            try:
                return await self.inner.receive(max_bytes)
            except anyio.EndOfStream:
                return b""

    await there.send(REPLY + OPENING)
    with pytest.raises(ConnectionClosed) as caught, anyio.fail_after(1):
        async with anytws.connect_stream(TrioLike(here)) as tws:
            await there.send_eof()
            await tws.current_time()
    assert caught.value.reason is CloseReason.EOF
    await there.aclose()


BUGS: Final = [
    ZeroDivisionError("a bug"),
    ExceptionGroup("two bugs", [ValueError("one"), KeyError("two")]),
    SystemExit(3),
]
bug = pytest.mark.parametrize("problem", BUGS, ids=lambda problem: type(problem).__name__)


@bug
@pytest.mark.parametrize("way", ["receive", "send"])
async def test_a_stream_with_a_bug_of_its_own(problem: BaseException, way: str) -> None:
    """What no stream should raise leaves the block bare; whoever waits hears that the byte stream broke, and why."""
    heard: list[Event | Dropped] = []
    async with on_an_odd_stream(quiet()) as stream, anyio.create_task_group() as tasks:
        with pytest.raises(type(problem)) as caught, anyio.fail_after(PATIENCE):
            async with anytws.connect_stream(stream) as tws:

                async def read() -> None:
                    heard.extend([event async for event in tws.events()])

                tasks.start_soon(read)
                stream.fail(**{way: problem})
                tws.send(IdsRequest())
                await anyio.sleep_forever()
    assert caught.value is problem
    end = heard[-1]
    assert isinstance(end, ConnectionClosed)
    assert end.reason is CloseReason.RESET
    assert f"{type(problem).__name__}: {problem}" in end.detail


@bug
@pytest.mark.parametrize("way", ["receive", "send"])
async def test_a_bug_of_a_stream_while_connecting(problem: BaseException, way: str) -> None:
    """It comes out as it is, and the stream is closed."""
    here, there = memory_pair()
    stream = OddStream(here)
    stream.fail(**{way: problem})
    with pytest.raises(type(problem)) as caught, anyio.fail_after(PATIENCE):
        async with anytws.connect_stream(stream):
            raise AssertionError("the block was entered")
    assert caught.value is problem
    assert stream.closed == 1
    await there.aclose()


async def test_a_bug_of_a_stream_is_told_though_somebody_waits_for_the_end() -> None:
    """Who waits in `closed` has asked for the end, and not for this: the block is cancelled, and left with it."""
    async with on_an_odd_stream(quiet()) as stream:
        with pytest.raises(ZeroDivisionError), anyio.fail_after(PATIENCE):
            async with anytws.connect_stream(stream) as tws:
                stream.fail(receive=ZeroDivisionError("a bug"))
                await tws.closed()
                await anyio.sleep_forever()


async def test_a_bug_of_a_stream_beside_an_exception_of_the_block() -> None:
    """The block's own exception goes before it, and takes a note of it along."""
    async with on_an_odd_stream(quiet()) as stream:
        with pytest.raises(ValueError, match="mine") as caught, anyio.fail_after(PATIENCE):
            async with anytws.connect_stream(stream) as tws:
                stream.fail(receive=ZeroDivisionError("a bug"))
                with anyio.CancelScope(shield=True):
                    await until(lambda: tws.state is State.CLOSED)
                raise ValueError("mine")
    assert caught.value.__notes__ == ["the byte stream raised ZeroDivisionError as well: a bug"]


async def test_a_bug_in_closing_a_stream() -> None:
    """It leaves a block that is otherwise well, and is a note to an exception that leaves it anyway."""
    async with on_an_odd_stream(quiet()) as stream:
        with pytest.raises(ZeroDivisionError, match="a bug"):
            async with anytws.connect_stream(stream):
                stream.fail(close=ZeroDivisionError("a bug"))
    async with on_an_odd_stream(quiet()) as stream:
        with pytest.raises(ValueError, match="mine") as caught:
            async with anytws.connect_stream(stream):
                stream.fail(close=ZeroDivisionError("a bug"))
                raise ValueError("mine")
    assert caught.value.__notes__ == ["the byte stream raised ZeroDivisionError as well: a bug"]


# Streams that never wait


class Restless(ByteStream):
    """A TWS that always has something to say, and a stream that never waits: nothing here lets another task run."""

    def __init__(self, *begin: bytes, flood: bytes = text(9, 1, 42)) -> None:
        self.begin = [*begin]
        self.flood = flood
        self.received = 0
        self.send_fails: BaseException | None = None
        self.closed = False

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        # Without this a client that lets nobody else run would run for ever, and no test could say so.
        self.received += 1
        assert self.received < MOST_TURNS, "nobody else had a turn"
        return self.begin.pop(0) if self.begin else self.flood

    async def send(self, item: bytes) -> None:
        if self.send_fails is not None:
            raise self.send_fails

    async def send_eof(self) -> None:
        return

    async def aclose(self) -> None:
        self.closed = True


MOST_TURNS: Final = 2000


async def cancel_soon(scope: anyio.CancelScope) -> None:
    """Cancel *scope* after a few turns, if this task is given any."""
    for _ in range(10):
        await anyio.lowlevel.checkpoint()
    scope.cancel()


async def test_connecting_to_a_stream_that_never_waits_can_be_cancelled() -> None:
    """A TWS that never comes to the point holds nobody else up."""
    stream = Restless(REPLY, flood=text(4, 2, -1, 2104, "farm", ""))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cancel_soon, tasks.cancel_scope)
        async with anytws.connect_stream(stream):
            raise AssertionError("the block was entered")
    assert stream.closed


async def test_the_last_words_of_a_stream_that_never_waits_can_be_cancelled() -> None:
    """The same while it is asked why nothing can be sent."""
    stream = Restless(REPLY, flood=text(4, 2, -1, 2104, "farm", ""))
    stream.send_fails = BrokenPipeError(errno.EPIPE, "broken pipe")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cancel_soon, tasks.cancel_scope)
        async with anytws.connect_stream(stream):
            raise AssertionError("the block was entered")
    assert stream.closed


async def test_a_block_over_a_stream_that_never_waits_has_its_turns() -> None:
    """The block, its tasks, its readers and its deadlines go on."""
    stream = Restless(REPLY, OPENING)
    async with anytws.connect_stream(stream) as tws:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(cancel_soon, scope)
                async for _ in tws.events():
                    continue
        assert scope.cancelled_caught
        tws.send(IdsRequest())
    assert stream.closed


async def test_a_stream_that_gives_nothing_for_ever() -> None:
    """Nothing is the end, the first time, at any stage."""
    for begin, kind in (((), RefusedByTws), ((REPLY,), ConnectError), ((REPLY, OPENING), ConnectionClosed)):
        stream = Restless(*begin, flood=b"")
        with pytest.raises(kind):
            async with anytws.connect_stream(stream):
                await anyio.sleep_forever()
        assert stream.closed
        assert stream.received == len(begin) + 1


# The one place


async def test_bytes_are_bytes() -> None:
    """What is received without trouble is given to the core as it is, and what is sent arrives as it is."""
    here, there = memory_pair()
    session = ClientSession(HandshakeOptions())
    session.opened(anyio.current_time())
    await there.send(write_version_reply(VersionReply(226, b"")))
    transport.feed_from(await transport.listen(here), session, anyio.current_time())
    left: list[int] = []
    assert await transport.send(here, b"xyz", 2, left.append) is None
    assert left == [2, 1]
    assert await there.receive(2) + await there.receive() == b"xyz"
    assert session.connection.server_version == 226
    assert session.closed is None


async def test_a_failed_send_is_told_and_not_raised() -> None:
    """The system's word for it, or at least some."""
    here, there = memory_pair()
    there.reset()
    left: list[int] = []
    assert await transport.send(here, b"xyz", 2, left.append)
    stream = OddStream(here)
    stream.fail(send=wrapped(OSError(errno.EPIPE, "broken pipe")))
    failure = await transport.send(stream, b"xyz", 2, left.append)
    assert failure is not None
    assert failure.detail.lower() == "broken pipe"
    assert not failure.is_silence
    assert left == []


async def test_a_torn_stream_in_memory(carrier: Carrier) -> None:
    """A TWS that dies is a reset, or an end where the carrier cannot pass a reset on."""
    world = World()
    async with carrier(world) as stream:
        with pytest.raises(ConnectionClosed) as caught, anyio.fail_after(PATIENCE):
            async with anytws.connect_stream(stream):
                world.links[0].die(HangUp.RESET)
                await anyio.sleep_forever()
    assert caught.value.reason in (CloseReason.RESET, CloseReason.EOF)
