"""What is said: it leaves at once, or waits within a bound; whole, in its order; and what became of it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import anyio
import anyio.lowlevel
import attrs
import pytest
from anyio.abc import ByteStream

import anytws
from anytws import (
    CloseReason,
    ConnectError,
    ConnectionClosed,
    HandshakeOptions,
    LocalProtocolError,
    RequestTimedOut,
    SendQueueFull,
    Sent,
    State,
    StillWaiting,
    Tws,
)
from anytws.machines.outbox import MOST_BYTES, MOST_FRAMES, UNSENT_SECONDS
from anytws.messages import (
    CancelContractData,
    CancelOrderRequest,
    ContractDataRequest,
    CurrentTimeRequest,
    IdsRequest,
    LimitOrder,
    ManagedAccountsRequest,
    NewsArticleRequest,
    PlaceOrderRequest,
    SetServerLogLevelRequest,
    Stock,
)
from anytws.runtime.tcp import TcpStream, open_tcp
from anytws.simulator import ANSWERS, Answer, World
from anytws.simulator.serve import CAPACITY, MemoryStream, connect_memory, serve
from tests.misbehaving_tws import (
    CURRENT_TIME,
    LOCALHOST,
    PATIENCE,
    READY,
    Deaf,
    OddStream,
    Peer,
    Reset,
    Say,
    Step,
    misbehaving_in_memory,
    misbehaving_on_tcp,
    until,
)

LONG: Final = NewsArticleRequest("BRFG", "x" * 60_000, request_id=1)
"""A message of which a few hundred fill whatever is on the way."""


@attrs.frozen
class HearUntil(Step):
    """Hear the client's frames up to one that begins like this."""

    begin: bytes

    async def play(self, peer: Peer) -> None:
        while not (await peer.hear_frame()).startswith(self.begin):
            continue


def fill(tws: Tws) -> list[Sent]:
    """Send until no more is taken; give all that was."""
    taken: list[Sent] = []
    with pytest.raises(SendQueueFull):
        while True:
            taken.append(tws.send(LONG))
    return taken


async def fill_up(tws: Tws) -> list[Sent]:
    """The same until the writer has none to take either. In memory: how much a system takes, and when, is its own."""
    taken: list[Sent] = []
    while more := fill(tws):
        taken += more
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
    return taken


# What is sent


async def test_what_is_sent_leaves_at_once_where_nothing_waits() -> None:
    """Over TCP, without any other task having a turn; to await it is a checkpoint, and no more."""
    world = World()
    async with serve(world) as server, anytws.connect(server.host, server.port) as tws:
        sent = tws.send(IdsRequest())
        assert isinstance(sent, Sent)
        assert (sent.has_left, sent.may_have_left, sent.message) == (True, True, IdsRequest())
        await sent
        # A second time is no harm.
        await sent
        assert tws.statistics().unsent_messages == 0


async def test_what_is_sent_over_any_stream_leaves_soon() -> None:
    """A byte stream that is not ours is written by another task, in the order in which it was said."""
    world = World()
    async with connect_memory(world) as stream, anytws.connect_stream(stream) as tws:
        first, second = tws.send(SetServerLogLevelRequest(1)), tws.send(SetServerLogLevelRequest(2))
        assert not first.may_have_left
        assert tws.statistics().unsent_messages == 2
        await second
        assert first.has_left
    assert [heard.message for heard in world.heard] == [SetServerLogLevelRequest(1), SetServerLogLevelRequest(2)]


async def test_a_new_order_is_given_its_id() -> None:
    """Each the next one; one that is given by hand counts too; a refusal uses none up."""
    order = LimitOrder("BUY", 1, "10.05")
    async with connect_memory(World()) as stream, anytws.connect_stream(stream) as tws:
        first = tws.next_valid_id
        assert first is not None
        new = PlaceOrderRequest(Stock("AAPL"), order)
        said = [tws.send(new).message, tws.send(new).message]
        with pytest.raises(LocalProtocolError):
            tws.send(PlaceOrderRequest(Stock("AA\0PL"), order))
        said += [tws.send(PlaceOrderRequest(Stock("AAPL"), order, order_id=first + 7)).message, tws.send(new).message]
        assert [message.order_id for message in said if isinstance(message, PlaceOrderRequest)] == [
            first, first + 1, first + 7, first + 8,
        ]  # fmt: skip


@pytest.mark.parametrize("number", [1_000_000_000, 1_000_000_500, 2**31 - 2])
async def test_ids_of_conversations_are_refused(number: int) -> None:
    """An answer to such a one would be taken for a conversation's. Below, ids are the caller's own."""
    world = World()
    async with connect_memory(world) as stream, anytws.connect_stream(stream) as tws:
        with pytest.raises(LocalProtocolError, match=f"request_id is {number}, and ids from 1000000000 on") as caught:
            tws.send(ContractDataRequest(Stock("AAPL"), request_id=number))
        assert (caught.value.message, caught.value.field) == ("ContractDataRequest", "request_id")
        await tws.send(ContractDataRequest(Stock("AAPL"), request_id=999_999_999))
    assert len(world.heard) == 1


# Where TWS does not read


async def test_what_waits_is_bounded_in_bytes() -> None:
    """Over TCP, to a TWS that reads nothing: about a mebibyte waits, then the caller is told; nothing is lost."""
    async with misbehaving_on_tcp((*READY, Deaf())) as server:
        with anyio.fail_after(PATIENCE):
            async with anytws.connect(LOCALHOST, server.port, pacing=None) as tws:
                taken = fill(tws)
                statistics = tws.statistics()
                assert MOST_BYTES <= statistics.unsent_bytes <= MOST_BYTES + 2 * 65_536
                assert statistics.unsent_messages == sum(not sent.has_left for sent in taken)
                assert tws.state is State.READY
                for refused in (IdsRequest(), LONG, CancelOrderRequest(1)):
                    with pytest.raises(SendQueueFull, match="Nothing was sent") as caught:
                        tws.send(refused)
                    told = (caught.value.frames, caught.value.size)
                    assert told == (statistics.unsent_messages, statistics.unsent_bytes)
                # Those that have left did so in their order.
                assert [sent.has_left for sent in taken] == sorted([sent.has_left for sent in taken], reverse=True)
                server.released.set()
                for sent in taken:
                    await sent
                assert all(sent.has_left for sent in taken)
                assert tws.statistics().unsent_messages == 0
                assert tws.send(IdsRequest()).has_left
        await server.deserted()
        (peer,) = server.peers
        assert peer.heard.count(b"BRFG") == len(taken)


async def test_what_waits_is_bounded_in_number() -> None:
    """Small messages are a thousand times as many as large ones, and each is an object."""
    async with (
        misbehaving_in_memory((*READY, Deaf())) as (server, stream),
        anytws.connect_stream(stream, pacing=None) as tws,
    ):
        with pytest.raises(SendQueueFull):
            for _ in range(MOST_FRAMES + CAPACITY):
                tws.send(IdsRequest())
        assert tws.statistics().unsent_messages == MOST_FRAMES
        server.released.set()


async def test_whoever_awaits_waits_until_it_has_left() -> None:
    """And no longer. A cancellation takes nothing back."""
    async with misbehaving_in_memory((*READY, Deaf())) as (server, stream):
        async with anytws.connect_stream(stream, pacing=None) as tws:
            last = (await fill_up(tws))[-1]
            assert (last.has_left, last.may_have_left) == (False, False)
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as tasks:

                    async def wait() -> None:
                        await last

                    tasks.start_soon(wait)
                    for _ in range(20):
                        await anyio.lowlevel.checkpoint()
                    scope.cancel()
            assert scope.cancelled_caught
            told = [last.has_left]
            server.released.set()
            with anyio.fail_after(PATIENCE):
                await last
            assert [*told, last.has_left] == [False, True]
        await server.deserted()


async def test_a_question_waits_for_room() -> None:
    """It is not refused: it is said as soon as there is some, in its turn, and answered."""
    script = (*READY, Deaf(), HearUntil(b"49\0"), Say(CURRENT_TIME))
    async with misbehaving_in_memory(script) as (server, stream):
        async with anytws.connect_stream(stream, pacing=None) as tws:
            await fill_up(tws)
            before = tws.statistics().unsent_messages
            times: list[object] = []
            async with anyio.create_task_group() as tasks:

                async def ask() -> None:
                    times.append(await tws.current_time())

                tasks.start_soon(ask)
                await until(lambda: tws.statistics().open_conversations == 1)
                assert tws.statistics().unsent_messages == before
                # Who sends does not go in front of who asks.
                with pytest.raises(SendQueueFull):
                    tws.send(IdsRequest())
                server.released.set()
            assert len(times) == 1
        await server.deserted()


@pytest.mark.virtual_time
async def test_what_never_left_says_so() -> None:
    """A question whose deadline passes while it waits for room was put to nobody, and is never sent."""
    async with misbehaving_in_memory((*READY, Deaf())) as (server, stream):
        with pytest.raises(ConnectionClosed) as caught:
            async with anytws.connect_stream(stream, pacing=None) as tws:
                taken = fill(tws)
                with pytest.raises(RequestTimedOut, match="was not sent within 5 s") as late:
                    await tws.ask(ManagedAccountsRequest(), timeout=5)
                assert (late.value.sent, late.value.received) == (False, ())
                halfway = next(sent for sent in taken if not sent.has_left)
                async with anyio.create_task_group() as tasks:
                    for sent in (halfway, taken[-1]):
                        tasks.start_soon(told_of_the_end, sent)
                await anyio.sleep_forever()
        assert anyio.current_time() == pytest.approx(UNSENT_SECONDS)
        end = caught.value
        assert (end.reason, end.state) == (CloseReason.UNRESPONSIVE, State.READY)
        assert "TWS, or what is between, has taken no byte for 10 s" in str(end)
        assert "TWS hangs, or its machine or the network to it is gone" in str(end)
        # The one may be there, in part: the writer had it. The last one never left.
        assert (halfway.has_left, halfway.may_have_left) == (False, True)
        assert (taken[-1].has_left, taken[-1].may_have_left) == (False, False)
        await server.deserted()
        assert b"17\0" not in server.peers[0].heard


async def told_of_the_end(sent: Sent) -> None:
    with pytest.raises(ConnectionClosed) as caught:
        await sent
    assert caught.value.reason is CloseReason.UNRESPONSIVE


@pytest.mark.virtual_time
async def test_a_tws_that_reads_slowly_is_waited_for() -> None:
    """The ten seconds count from the last byte that left: one byte every nine of them keeps a connection alive."""
    world = World()
    async with connect_memory(world) as inner:
        assert isinstance(inner, MemoryStream)
        stream = Trickle(inner)
        async with anytws.connect_stream(stream) as tws:
            stream.pause = UNSENT_SECONDS - 1
            sent = tws.send(IdsRequest())
            await sent
            assert anyio.current_time() >= 7 * (UNSENT_SECONDS - 1)
            stream.pause = 0
            assert tws.state is State.READY
    assert [heard.message for heard in world.heard] == [IdsRequest()]


async def test_what_could_not_leave_is_told_whoever_awaits() -> None:
    """The connection is torn while messages wait: each of them says so, and what may have arrived is no lie."""
    async with misbehaving_on_tcp((*READY, Deaf(), Reset())) as server:
        with anyio.fail_after(PATIENCE), pytest.raises(ConnectionClosed):
            async with anytws.connect(LOCALHOST, server.port, pacing=None) as tws:
                last = fill(tws)[-1]
                server.released.set()
                with pytest.raises(ConnectionClosed):
                    await last
                assert (last.has_left, last.may_have_left) == (False, False)
                with pytest.raises(ConnectionClosed):
                    tws.send(IdsRequest())
                await anyio.sleep_forever()


# Whole frames


class OneByte(OddStream):
    """A byte stream that takes one byte at a time, and lets others have their turns in between."""

    def __init__(self, inner: ByteStream) -> None:
        super().__init__(inner)
        self.taken = 0
        self.on_byte: Callable[[int], None] = lambda _: None

    async def send(self, item: bytes) -> None:
        for index in range(len(item)):
            await super().send(item[index : index + 1])
            self.taken += 1
            self.on_byte(self.taken)
            await anyio.lowlevel.checkpoint()


class OneByteOfTcp(TcpStream):
    """The same of a socket: the system takes one byte, and then none until somebody has waited."""

    def __init__(self, inner: TcpStream) -> None:
        super().__init__(inner._socket)
        self.taken = 0
        self.on_byte: Callable[[int], None] = lambda _: None
        self._has_room = True

    def send_some(self, data: bytes | memoryview) -> int:
        if not self._has_room or not super().send_some(memoryview(data)[:1]):
            return 0
        self._has_room = False
        self.taken += 1
        self.on_byte(self.taken)
        return 1

    async def wait_for_room(self) -> None:
        await anyio.lowlevel.checkpoint()
        self._has_room = True


class Trickle(TcpStream):
    """As far as anybody can tell a socket, whose peer takes a byte after each pause; for a virtual clock."""

    def __init__(self, inner: MemoryStream) -> None:
        self.inner = inner
        self.pause = 0.0
        self._has_room = True

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        return await self.inner.receive(max_bytes)

    def send_some(self, data: bytes | memoryview) -> int:
        if not self._has_room:
            return 0
        self._has_room = not self.pause
        return self.inner._outgoing.put(memoryview(data)[:1])

    async def wait_for_room(self) -> None:
        await anyio.sleep(self.pause)
        self._has_room = True

    async def aclose(self) -> None:
        await self.inner.aclose()


async def one_byte_at_a_time(kind: str, host: str, port: int) -> OneByte | OneByteOfTcp:
    stream = await open_tcp(host, port, None)
    return OneByte(stream) if kind == "any stream" else OneByteOfTcp(stream)


KINDS: Final = pytest.mark.parametrize("kind", ["any stream", "tcp"])
MUTE: Final = {**ANSWERS, ContractDataRequest: Answer(lambda _client, _request: ())}


@KINDS
@pytest.mark.parametrize("taken", [0, 1, 2, 4, 5, 30])
async def test_a_cancellation_leaves_no_half_frame(kind: str, taken: int) -> None:
    """Whoever asks is cancelled after so many bytes of the request: either none or all of it leaves, then the cancel.

    And what is said after that is understood.
    """
    world = World(answers=MUTE)
    async with serve(world) as server:
        stream = await one_byte_at_a_time(kind, server.host, server.port)
        async with anytws.connect_stream(stream) as tws:
            begin = stream.taken
            with anyio.CancelScope() as scope:
                stream.on_byte = lambda count: scope.cancel() if count == begin + taken else None
                if not taken:
                    scope.cancel()
                await tws.ask(ContractDataRequest(Stock("AAPL")))
            assert scope.cancelled_caught
            with anyio.fail_after(PATIENCE):
                await tws.ask(ManagedAccountsRequest())
            assert tws.statistics().open_conversations == 0
    said = [type(heard.message) for heard in world.heard]
    assert said in ([ManagedAccountsRequest], [ContractDataRequest, CancelContractData, ManagedAccountsRequest])
    assert taken == 0 or ContractDataRequest in said


@KINDS
async def test_a_block_that_is_cancelled_inside_a_frame_says_nothing_more(kind: str) -> None:
    """The connection ends there. What TWS heard is whole frames, and a rest that is no frame."""
    world = World()
    async with serve(world) as server:
        stream = await one_byte_at_a_time(kind, server.host, server.port)
        with anyio.fail_after(PATIENCE), anyio.CancelScope() as scope:
            async with anytws.connect_stream(stream) as tws:
                begin = stream.taken
                stream.on_byte = lambda count: scope.cancel() if count == begin + 3 else None
                sent = [tws.send(SetServerLogLevelRequest(level)) for level in range(3)]
                await sent[-1]
        await until(lambda: not world.links)
        assert (await tws.closed()).reason in (CloseReason.LOCAL, CloseReason.SEND_FAILED)
        assert not sent[-1].has_left
    heard = [heard.message for heard in world.heard]
    assert heard == [SetServerLogLevelRequest(level) for level in range(len(heard))]
    assert len(heard) < 3


@KINDS
async def test_what_several_tasks_say_stays_whole(kind: str) -> None:
    """However they are cancelled, on a stream that takes one byte at a time: every frame is understood."""
    world = World()
    async with serve(world) as server:
        stream = await one_byte_at_a_time(kind, server.host, server.port)
        async with anytws.connect_stream(stream) as tws:

            async def say(level: int) -> None:
                with anyio.move_on_after(0 if level % 3 == 0 else None):
                    await tws.send(SetServerLogLevelRequest(level))

            with anyio.fail_after(PATIENCE):
                async with anyio.create_task_group() as tasks:
                    for level in range(9):
                        tasks.start_soon(say, level)
                await tws.ask(ManagedAccountsRequest())
    # What was taken to be sent is sent, though nobody waits for that any more.
    levels = [heard.message.log_level for heard in world.heard if isinstance(heard.message, SetServerLogLevelRequest)]
    assert sorted(levels) == [*range(9)]
    assert isinstance(world.heard[-1].message, ManagedAccountsRequest)


@KINDS
async def test_the_handshake_leaves_no_half_frame(kind: str) -> None:
    """A connect that is cancelled inside of its greeting ends; TWS hears no frame of it."""
    world = World()
    async with serve(world) as server:
        stream = await one_byte_at_a_time(kind, server.host, server.port)
        with anyio.fail_after(PATIENCE), anyio.CancelScope() as scope:
            stream.on_byte = lambda count: scope.cancel() if count == 7 else None
            async with anytws.connect_stream(stream):
                raise AssertionError("the block was entered")
        assert scope.cancelled_caught
        assert stream.taken in (7, 8)
        await until(lambda: not world.links)
    assert [*world.heard] == []


async def test_the_time_is_asked_by_one_byte_at_a_time() -> None:
    """Slow is not wrong."""
    world = World()
    async with serve(world) as server:
        stream = await one_byte_at_a_time("tcp", server.host, server.port)
        async with anytws.connect_stream(stream) as tws:
            assert (await tws.current_time()).tzinfo is not None
    assert [heard.message for heard in world.heard] == [CurrentTimeRequest()]


# While connecting


class Slow(OddStream):
    """A byte stream on which each write takes so long, and of which half is gone by then."""

    def __init__(self, inner: ByteStream, seconds: float) -> None:
        super().__init__(inner)
        self._seconds = seconds

    async def send(self, item: bytes) -> None:
        half = len(item) // 2
        await super().send(item[:half])
        await anyio.sleep(self._seconds)
        await super().send(item[half:])


@pytest.mark.virtual_time
async def test_a_remark_does_not_cut_a_frame_in_two() -> None:
    """After four seconds somebody is told that TWS lets one wait; what is being written is written on."""
    told: list[float] = []
    world = World()
    async with connect_memory(world) as inner:
        connecting = anytws.connect_stream(
            Slow(inner, 6.0), client_id=3, on_waiting=lambda _: told.append(anyio.current_time())
        )
        async with connecting as tws:
            assert anyio.current_time() == pytest.approx(12.0)
            await tws.send(IdsRequest())
    # Once in the wait for the version, once in that for the start.
    assert told == pytest.approx([4.0, 10.0])
    assert [heard.message for heard in world.heard] == [IdsRequest()]


@pytest.mark.virtual_time
@pytest.mark.parametrize("options", [{}, {"version_timeout": 3.0}])
async def test_a_stream_that_takes_no_greeting(options: dict[str, Any]) -> None:
    """The deadline holds while the greeting is being written, be it that of the step or that of every write."""
    world = World()
    async with connect_memory(world) as inner:
        with pytest.raises(ConnectError) as caught:
            async with anytws.connect_stream(Slow(inner, 3600.0), options=HandshakeOptions(**options)):
                raise AssertionError("the block was entered")
    assert caught.value.reason is (CloseReason.HANDSHAKE_TIMEOUT if options else CloseReason.UNRESPONSIVE)
    assert anyio.current_time() == pytest.approx(options.get("version_timeout", UNSENT_SECONDS))


@pytest.mark.virtual_time
async def test_what_is_raised_while_the_greeting_is_written_ends_the_connect() -> None:
    """Bare, as everywhere."""

    def refuse(_: StillWaiting) -> None:
        raise LookupError("mine")

    async with connect_memory(World()) as inner:
        stream = Slow(inner, 3600.0)
        with pytest.raises(LookupError, match="mine"):
            async with anytws.connect_stream(stream, on_waiting=refuse):
                raise AssertionError("the block was entered")
        assert stream.closed
    assert anyio.current_time() == pytest.approx(4.0)
