"""Connecting: what `connect` takes, where it may fail, and how it says so. (What TWS may do: test_misbehaviour.py.)"""

from __future__ import annotations

import contextlib
import copy
import errno
import gc
import os
import socket
import struct
import threading
import warnings
from collections.abc import AsyncGenerator, Iterator
from typing import Any, Final, TypeVar

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import ByteStream

import anytws
from anytws import (
    ClientIdInUse,
    CloseReason,
    ConnectError,
    ConnectionClosed,
    ConnectTimedOut,
    HandshakeOptions,
    LocalProtocolError,
    Redirected,
    RefusedByTws,
    Stage,
    State,
    StillWaiting,
    TcpConnectFailed,
    Tws,
    UnsupportedServerVersion,
    WrongTask,
)
from anytws.client.connect import MAX_REDIRECTS
from anytws.core import CODES, CodeKind, GreetingReceived, Notice, closing
from anytws.core.events import Event
from anytws.messages import ErrorMessage
from anytws.runtime import tcp
from anytws.simulator import Dialog, HangUp, Opening, Personality, World, WorldSettings
from anytws.simulator.serve import connect_memory, memory_pair, serve, serve_memory
from tests.misbehaving_tws import (
    HEAR_GREETING,
    LOCALHOST,
    OPENING,
    PATIENCE,
    REPLY,
    Hear,
    Say,
    error,
    misbehaving_in_memory,
    misbehaving_on_tcp,
    open_files,
    until,
    version,
)
from tests.misbehaving_tws import (
    HangUp as End,
)

_E = TypeVar("_E", bound=ConnectError)


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port that nothing listens at."""
    with socket.socket() as taken:
        taken.bind((LOCALHOST, 0))
        yield taken.getsockname()[1]


async def expect(kind: type[_E], world: World, **options: Any) -> _E:
    """Connect to *world* over TCP, and give the error."""
    async with serve(world) as tws:
        with pytest.raises(kind) as caught:
            async with anytws.connect(tws.host, tws.port, **options):
                raise AssertionError("the block was entered")
    assert type(caught.value) is kind
    assert caught.value.address == f"{tws.host}:{tws.port}"
    return caught.value


# Getting in


async def test_a_connection_over_tcp() -> None:
    """The block is entered when requests may be made, and leaving it closes the connection."""
    world = World()
    async with serve(world) as server:
        async with anytws.connect(server.host, server.port, client_id=4) as tws:
            assert tws.state is State.READY
            (link,) = world.links
            assert link.client_id == 4
        assert tws.state is State.CLOSED
        await until(lambda: not world.links)
    assert link.closed is not None
    assert link.closed.reason is CloseReason.EOF


async def test_a_connection_over_memory() -> None:
    """`connect_stream` is the same over any byte stream, which it closes."""
    world = World()
    async with connect_memory(world) as stream:
        async with anytws.connect_stream(stream, client_id=4) as tws:
            await tws.current_time()
        with pytest.raises(anyio.ClosedResourceError):
            await stream.send(b"")


@pytest.mark.parametrize("server_version", [157, 176, 200, 201, 207, 212, 213, 226])
async def test_every_form_of_the_start(server_version: int) -> None:
    """START_API and what follows, in each of its encodings."""
    async with connect_memory(World(WorldSettings(server_version=server_version))) as stream:
        async with anytws.connect_stream(stream, client_id=4) as tws:
            assert tws.server_version == server_version
            await tws.current_time()


async def test_what_the_options_say_is_said() -> None:
    """Versions, connect options and the client id reach TWS; the argument goes before the option."""
    world = World()
    options = HandshakeOptions(client_id=1, minimum_version=160, maximum_version=190, connect_options="+PACEAPI")
    async with connect_memory(world) as stream, anytws.connect_stream(stream, options=options, client_id=9) as tws:
        (link,) = world.links
        assert GreetingReceived(160, 190, "+PACEAPI") in link.events
        assert link.client_id == 9
        assert tws.server_version == 190
    async with connect_memory(world) as stream, anytws.connect_stream(stream, options=options):
        assert world.links[0].client_id == 1


async def test_codes_of_the_callers_own() -> None:
    """What is an error and what a notice is the caller's to say."""
    codes = CODES.with_kinds({2104: CodeKind.REQUEST_FAILED})
    async with connect_memory(World()) as stream, anytws.connect_stream(stream, codes=codes) as tws:
        events = tws.events()
        await tws.current_time()
    kinds = {event.error_code if isinstance(event, ErrorMessage) else type(event) async for event in events}
    assert 2104 in kinds
    assert Notice in kinds


async def test_a_gateway_that_says_nothing_of_its_farms() -> None:
    """Farms are no part of being ready."""
    async with connect_memory(World(WorldSettings(personality=Personality.GATEWAY))) as stream:
        async with anytws.connect_stream(stream) as tws:
            await tws.current_time()


@pytest.mark.virtual_time
async def test_a_person_who_takes_time() -> None:
    """With a deadline to match, the accept dialog may be open for an hour."""
    world = World(WorldSettings(trusted_addresses=frozenset(), dialog=Dialog.ACCEPT, dialog_seconds=3600))
    async with connect_memory(world) as stream:
        async with anytws.connect_stream(stream, options=HandshakeOptions(version_timeout=None)):
            assert anyio.current_time() == pytest.approx(3600)


@pytest.mark.virtual_time
async def test_a_tws_without_accounts() -> None:
    """READY comes without them, after the grace (ADR 0004)."""
    async with connect_memory(World(WorldSettings(opening=(Opening.NEXT_VALID_ID,)))) as stream:
        async with anytws.connect_stream(stream) as tws:
            assert tws.accounts_named is None
            assert anyio.current_time() == pytest.approx(HandshakeOptions().accounts_grace)


async def test_the_next_connection_finds_the_id_free() -> None:
    """One connection after the other, with the same client id."""
    world = World()
    async with serve(world) as server:
        for _ in range(5):
            async with anytws.connect(server.host, server.port, client_id=1):
                pass
            await until(lambda: not world.links)


# Staying out


async def test_nothing_listens(dead_port: int) -> None:
    """The error names the address, the system's word and what to look at, and has the system's error as its cause."""
    with pytest.raises(TcpConnectFailed) as caught:
        async with anytws.connect(LOCALHOST, dead_port):
            raise AssertionError("the block was entered")
    problem = caught.value
    assert (problem.stage, problem.reason, problem.code) == (Stage.TCP, CloseReason.CONNECT_FAILED, 502)
    assert problem.closed.state is State.DISCONNECTED
    assert f"{LOCALHOST}:{dead_port}" in str(problem)
    assert isinstance(problem.__cause__, OSError)


@pytest.mark.parametrize("port", [-1, 65536, 70000, 2**40])
async def test_a_port_that_is_none(port: int) -> None:
    """A number that cannot be a port fails like a port where nothing listens, and not with some group."""
    with pytest.raises(TcpConnectFailed, match=str(port)):
        async with anytws.connect(LOCALHOST, port):
            raise AssertionError("the block was entered")


@pytest.mark.parametrize("host", ["a" * 300, "a..b", "no\0host", "\udc80", "300.1.2.3.4"])
async def test_a_host_that_is_none(host: str) -> None:
    """A name that cannot be one is a failed connect as well, whatever Python raises for it."""
    with pytest.raises(TcpConnectFailed) as caught:
        async with anytws.connect(host, 7497):
            raise AssertionError("the block was entered")
    assert caught.value.stage is Stage.TCP
    assert "host" in caught.value.hint


async def test_no_host_is_this_one(dead_port: int) -> None:
    """The vendor's clients take an empty host for this machine, and so does the error that speaks of it."""
    with pytest.raises(TcpConnectFailed, match=f"127.0.0.1:{dead_port}"):
        async with anytws.connect("", dead_port):
            raise AssertionError("the block was entered")


async def test_a_port_that_does_not_answer() -> None:
    """The TCP connection has a deadline of its own."""
    with socket.socket() as full:
        full.bind((LOCALHOST, 0))
        full.listen(0)
        with socket.socket() as one, socket.socket() as two:
            for client in (one, two):
                client.setblocking(False)
                client.connect_ex(full.getsockname())
            with pytest.raises(TcpConnectFailed, match=r"nothing answered within 0\.05 s") as caught:
                async with anytws.connect(*full.getsockname(), connect_timeout=0.05):
                    raise AssertionError("the block was entered")
    assert caught.value.stage is Stage.TCP


@pytest.mark.parametrize("name", ["accounts_grace", "refusal_grace", "stranger_grace"])
def test_a_grace_has_an_end(name: str) -> None:
    """Without one a start that TWS has refused, or half made, would wait for ever."""
    with pytest.raises(ValueError, match=name):
        HandshakeOptions(**{name: None})


async def test_an_ipv6_address_is_shown_in_brackets() -> None:
    """``::1:1`` would be another address."""
    with pytest.raises(TcpConnectFailed) as caught:
        async with anytws.connect("::1", 1):
            raise AssertionError("the block was entered")
    assert caught.value.address == "[::1]:1"


async def failed(host: str = LOCALHOST, port: int = 7497, **options: Any) -> ConnectError:
    """Connect to where nothing comes of it, and give the error."""
    with pytest.raises(ConnectError) as caught:
        async with anytws.connect(host, port, **options):
            raise AssertionError("the block was entered")
    return caught.value


def verdict(problem: ConnectError) -> tuple[object, ...]:
    """Give all of an error that programs and people act on."""
    return type(problem), problem.stage, problem.reason, problem.code, problem.hint


REFUSED: Final = (
    RefusedByTws,
    Stage.GREETING,
    CloseReason.REFUSED,
    502,
    closing.hint_for(CloseReason.REFUSED, State.HANDSHAKING),
)


async def test_a_socket_that_dies_while_it_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that is gone before the socket's options are set (some systems then refuse) was there all the same."""

    def refuse(*_: object) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr("anytws.runtime.tcp._watch", refuse)
    before = open_files()
    async with serve(World()) as server:
        problem = await failed(server.host, server.port)
    assert verdict(problem) == REFUSED
    assert "Invalid argument" in problem.cause
    await until(lambda: open_files() == before)


@pytest.mark.parametrize("code", tcp._TAKEN_BACK)
async def test_a_connection_that_is_torn_before_we_look_was_there(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Who refuses says so otherwise: this is no port where nothing listens."""
    monkeypatch.setattr(socket.socket, "connect_ex", lambda *_: code)
    before = open_files()
    assert verdict(await failed()) == REFUSED
    assert open_files() == before


@pytest.mark.parametrize("greeted", [False, True])
async def test_who_accepts_and_resets_has_the_same_verdict_each_time(greeted: bool) -> None:
    """Whatever wins the race: the reset may come before we have set the socket up, greeted, or read."""

    def talk() -> None:
        for _ in range(times):
            client, _ = listener.accept()
            if greeted:
                client.recv(1)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()

    times = 25
    with socket.socket() as listener:
        listener.bind((LOCALHOST, 0))
        listener.listen()
        listener.settimeout(PATIENCE)
        talker = threading.Thread(target=talk)
        talker.start()
        problems = [await failed(*listener.getsockname()) for _ in range(times)]
        talker.join()
    assert {verdict(problem) for problem in problems} == {REFUSED}
    assert all(problem.cause.startswith("the TWS side ended the byte stream before it named") for problem in problems)


@pytest.mark.parametrize(
    "code, words",
    [
        (errno.ECONNREFUSED, "Is TWS or IB Gateway running"),
        (errno.ETIMEDOUT, "firewall"),
        (errno.EHOSTUNREACH, "no way to that machine"),
        (errno.ENETUNREACH, "no way to that machine"),
        (errno.EACCES, "does not let the program connect"),
        (errno.EADDRNOTAVAIL, "no address of that kind"),
        (errno.EMFILE, "open no more files"),
    ],
)
async def test_each_way_not_to_be_there_has_its_hint(monkeypatch: pytest.MonkeyPatch, code: int, words: str) -> None:
    """Nobody is sent to look whether TWS runs where the network is down."""
    monkeypatch.setattr(socket.socket, "connect_ex", lambda *_: code)
    for timeout in (10.0, None):
        problem = await failed(connect_timeout=timeout)
        assert verdict(problem)[:3] == (TcpConnectFailed, Stage.TCP, CloseReason.CONNECT_FAILED)
        assert problem.cause == os.strerror(code)
        assert words in problem.hint


@pytest.mark.parametrize(
    "code, words", [(socket.EAI_NONAME, "how the host is written"), (socket.EAI_AGAIN, "No name server answers")]
)
async def test_a_name_without_an_address(monkeypatch: pytest.MonkeyPatch, code: int, words: str) -> None:
    """It has a cause and a hint of its own."""

    async def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(code, "the resolver's words")

    monkeypatch.setattr(anyio, "getaddrinfo", unknown)
    problem = await failed("ib-gateway.invalid")
    assert (type(problem), problem.stage, problem.code) == (TcpConnectFailed, Stage.TCP, 502)
    assert problem.cause == "the name 'ib-gateway.invalid' has no address: the resolver's words"
    assert words in problem.hint
    assert "running and logged in" not in problem.hint


@pytest.mark.virtual_time
async def test_a_name_that_is_looked_up_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline is for that as well, and says so."""

    async def wait(*_: object, **__: object) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr(anyio, "getaddrinfo", wait)
    problem = await failed("tws.lan")
    assert anyio.current_time() == pytest.approx(10)
    assert problem.cause == "the name 'tws.lan' could not be looked up within 10 s"
    assert "name server" in problem.hint


@pytest.mark.parametrize("host", ["7497", "0x1d49", "0"])
async def test_a_number_is_no_host(host: str) -> None:
    """To the system it is an address, such as 0.0.29.73."""
    problem = await failed(host)
    assert isinstance(problem, TcpConnectFailed)
    assert "is a number" in problem.cause
    assert "port is given apart" in problem.hint


# While it waits


@pytest.mark.virtual_time
async def test_what_lets_one_wait_is_told_in_time() -> None:
    """Somebody clicks, and all is well; the same stands in band, for whoever reads the events."""
    world = World(WorldSettings(trusted_addresses=frozenset(), dialog=Dialog.UNANSWERED))
    told: list[tuple[float, StillWaiting]] = []

    def click(remark: StillWaiting) -> None:
        told.append((anyio.current_time(), remark))
        world.links[0].answer_dialog(accept=True)

    async with connect_memory(world) as stream:
        async with anytws.connect_stream(stream, on_waiting=click) as tws:
            assert anyio.current_time() == pytest.approx(4)
            await tws.current_time()
            events = tws.events()
        assert [event async for event in events if isinstance(event, StillWaiting)] == [remark for _, remark in told]
    ((when, remark),) = told
    assert when == pytest.approx(4)
    assert "dialog" in str(remark)


@pytest.mark.virtual_time
async def test_what_it_raises_ends_the_connect() -> None:
    """It is the caller's own, and the stream is closed."""

    def fail(_: StillWaiting) -> None:
        raise LookupError("no screen")

    here, there = memory_pair()
    with pytest.raises(LookupError, match="no screen"):
        async with anytws.connect_stream(here, on_waiting=fail):
            raise AssertionError("the block was entered")
    assert (await there.receive()).startswith(b"API")
    with pytest.raises(anyio.EndOfStream):
        await there.receive()


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(TypeError, match="on_waiting is 5, and has to be something to call"):
        anytws.connect(on_waiting=5)  # type: ignore[arg-type]


async def test_the_api_is_off() -> None:
    """TWS accepts and hangs up: refused, whether that arrives as an end or as a reset."""
    problem = await expect(RefusedByTws, World(WorldSettings(api_enabled=False)))
    assert problem.stage is Stage.GREETING
    assert "enabled" in problem.hint


async def test_a_reset_before_the_version_is_a_refusal() -> None:
    """A program that closes a socket with the greeting unread sends a reset; to people it is the same refusal."""
    problem = await expect(RefusedByTws, World(WorldSettings(die_after_bytes=0, die_by=HangUp.RESET)))
    assert problem.stage is Stage.GREETING
    assert "trusted" in problem.hint


async def test_one_client_too_many() -> None:
    """The 33rd client is refused, and the hint says how many there may be."""
    problem = await expect(RefusedByTws, World(WorldSettings(max_clients=0)))
    assert "32 clients" in problem.hint


async def test_the_person_refuses() -> None:
    """A click on "no" is a refusal."""
    world = World(WorldSettings(trusted_addresses=frozenset(), dialog=Dialog.REJECT))
    assert "trusted" in (await expect(RefusedByTws, world)).hint


async def test_the_client_id_is_in_use() -> None:
    """326 has a class of its own, TWS's words, and says what to do."""
    world = World()
    async with serve(world) as server, anytws.connect(server.host, server.port, client_id=1) as first:
        with pytest.raises(ClientIdInUse) as caught:
            async with anytws.connect(server.host, server.port, client_id=1):
                raise AssertionError("the block was entered")
        await first.current_time()
    problem = caught.value
    assert (problem.stage, problem.reason, problem.code) == (Stage.START, CloseReason.CLIENT_ID_IN_USE, 326)
    assert problem.last_error is not None
    assert problem.last_error.error_code == 326
    assert "another client id" in str(problem)


async def test_a_tws_that_is_too_old() -> None:
    """503, and the range that was offered."""
    problem = await expect(UnsupportedServerVersion, World(WorldSettings(server_version=100)))
    assert (problem.stage, problem.code) == (Stage.VERSION, 503)
    assert "100" in str(problem)
    assert "157..226" in str(problem)


async def test_a_tws_that_is_not_in_the_callers_range() -> None:
    """What the caller offers is the range, not what the library speaks."""
    problem = await expect(
        UnsupportedServerVersion,
        World(WorldSettings(server_version=180)),
        options=HandshakeOptions(minimum_version=200),
    )
    assert "200..226" in str(problem)


@pytest.mark.virtual_time
async def test_nobody_answers_the_dialog() -> None:
    """The first step has its deadline, and the hint thinks of the dialog."""
    world = World(WorldSettings(trusted_addresses=frozenset(), dialog=Dialog.UNANSWERED))
    async with connect_memory(world) as stream:
        with pytest.raises(ConnectTimedOut) as caught:
            async with anytws.connect_stream(stream, address="the paper account"):
                raise AssertionError("the block was entered")
    problem = caught.value
    assert problem.stage is Stage.GREETING
    assert "dialog" in problem.hint
    assert "the paper account" in str(problem)
    assert anyio.current_time() == pytest.approx(HandshakeOptions().version_timeout)


@pytest.mark.virtual_time
async def test_a_deadline_is_the_callers_to_choose() -> None:
    """Each step's deadline holds exactly as it was given."""
    async with connect_memory(World(WorldSettings(opening=()))) as stream:
        with pytest.raises(ConnectTimedOut, match="within 100 s"):
            async with anytws.connect_stream(stream, options=HandshakeOptions(start_timeout=100)):
                raise AssertionError("the block was entered")
    assert anyio.current_time() == pytest.approx(100)


async def test_options_that_make_no_handshake() -> None:
    """They are the caller's mistake, found before anything is opened; a stream that was handed over is closed."""
    here, there = memory_pair()
    for problem, options in ((ValueError, {"client_id": 2**40}), (LocalProtocolError, {"connect_options": "é"})):
        with pytest.raises(problem):
            HandshakeOptions(**options)
    with pytest.raises(ValueError, match="client_id is 1099511627776, and has to be from 0 to 2147483646"):
        async with anytws.connect_stream(here, client_id=2**40):
            raise AssertionError("the block was entered")
    with pytest.raises(anyio.EndOfStream):
        await there.receive()


# Ready, and over


async def test_a_connection_that_ends_as_it_becomes_ready() -> None:
    """READY was reached, so it is `ConnectionClosed` and no failed connect, however the tasks were scheduled."""
    script = (HEAR_GREETING, Say(version(176)), Hear(), Say(OPENING + error(100, "Too fast")), End())
    for _ in range(20):
        async with misbehaving_in_memory(script) as (_, stream):
            with pytest.raises(ConnectionClosed) as caught:
                async with anytws.connect_stream(stream):
                    await anyio.sleep_forever()
        assert caught.value.reason is CloseReason.PACING_VIOLATION
        assert caught.value.state is State.READY


async def test_a_block_that_never_waits() -> None:
    """A block without a checkpoint, on a connection that is over, is left with its end as well."""
    world = World()
    async with serve_memory(world) as server:
        with pytest.raises(ConnectionClosed):
            async with anytws.connect_stream(await server.connect()) as tws:
                world.links[0].die()
                with anyio.CancelScope(shield=True):
                    await until(lambda: tws.state is State.CLOSED)


# One task, one block


async def test_a_connect_that_is_not_entered() -> None:
    """Who forgets the block is told what to write, and not that some object has no attribute."""
    forgotten: Any = anytws.connect()
    with pytest.raises(TypeError, match=r"async with anytws\.connect"):
        await forgotten
    with pytest.raises(AttributeError, match=r"current_time.*async with anytws\.connect"):
        await forgotten.current_time()
    assert not hasattr(forgotten, "nothing_of_the_kind")


async def test_a_connect_that_is_entered_twice() -> None:
    """One call is one connection: the second block is refused, whether or not the first one is over."""
    async with connect_memory(World()) as stream:
        twice = anytws.connect_stream(stream)
        async with twice as tws:
            with pytest.raises(RuntimeError, match="one block"):
                async with twice:
                    raise AssertionError("the block was entered")
            await tws.current_time()
        with pytest.raises(RuntimeError, match="one block"):
            async with twice:
                raise AssertionError("the block was entered")


@pytest.fixture
async def connected_by_a_fixture() -> AsyncGenerator[Tws]:
    """AnyIO's own fixtures run in the task of their test."""
    async with connect_memory(World()) as stream, anytws.connect_stream(stream) as tws:
        yield tws


async def test_a_fixture_of_anyio_holds_a_connection(connected_by_a_fixture: Tws) -> None:
    """As the page about programs says."""
    await connected_by_a_fixture.current_time()


async def test_a_block_that_is_left_in_another_task() -> None:
    """What the scopes of AnyIO cannot follow is one clear error, and the connection is closed all the same."""
    world = World()
    entered, done = anyio.Event(), anyio.Event()
    connected: list[Tws] = []
    async with serve(world) as server:
        before = open_files()
        block = anytws.connect(server.host, server.port)

        async def enter() -> None:
            connected.append(await block.__aenter__())
            entered.set()
            await done.wait()

        # trio has a word of its own about a task whose block nobody can leave any more.
        with contextlib.suppress(RuntimeError, BaseExceptionGroup):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(enter)
                await entered.wait()
                await connected[0].current_time()
                with pytest.raises(WrongTask, match="entered in one task and left in another"):
                    await block.__aexit__(None, None, None)
                assert connected[0].state is State.CLOSED
                await until(lambda: not world.links)
                # The end of the connection has not cancelled the task that went on to something else.
                await anyio.lowlevel.checkpoint()
                done.set()
        await until(lambda: open_files() == before)


class Canned(ByteStream):
    """A TWS that becomes ready, without a task of its own."""

    def __init__(self) -> None:
        self.pieces = [REPLY, OPENING]
        self.closed = False

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        if not self.pieces:
            await anyio.sleep_forever()
        return self.pieces.pop(0)

    async def send(self, item: bytes) -> None:
        return

    async def send_eof(self) -> None:
        return

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_async_generator_that_is_forgotten(backend: str) -> None:
    """The loop that collects it leaves the block in a task of its own; the connection is closed, and it is told."""
    stream = Canned()
    states: list[State] = []

    async def events_of_tws() -> AsyncGenerator[Any]:
        try:
            async with anytws.connect_stream(stream) as tws:
                async for event in tws.events():
                    yield event
        except WrongTask:
            states.append(tws.state)

    async def main() -> None:
        async for _ in events_of_tws():
            break
        await until(lambda: states)

    with warnings.catch_warnings():
        # trio warns of the generator, and has a word about the task that it was begun in.
        warnings.simplefilter("ignore", ResourceWarning)
        with contextlib.suppress(RuntimeError):
            anyio.run(main, backend=backend)
        gc.collect()
    assert states == [State.CLOSED]
    assert stream.closed


async def test_an_async_generator_that_is_closed() -> None:
    """With `aclosing` the block is left where it was entered, and all is well."""
    world = World()
    async with serve(world) as server:

        async def events_of_tws() -> AsyncGenerator[Event]:
            async with anytws.connect(server.host, server.port) as tws:
                async for event in tws.events():
                    yield event

        async with contextlib.aclosing(events_of_tws()) as events:
            async for _ in events:
                break
        await until(lambda: not world.links)


async def test_the_end_reaches_who_reads_an_async_generator() -> None:
    """Its block is cancelled around code that is not in it; what comes out is the end, and no bare cancellation."""
    world = World()
    async with serve(world) as server:

        async def events_of_tws() -> AsyncGenerator[Event]:
            async with anytws.connect(server.host, server.port) as tws:
                async for event in tws.events():
                    yield event

        with pytest.raises(ConnectionClosed) as caught:
            async with contextlib.aclosing(events_of_tws()) as events:
                async for _ in events:
                    world.links[0].die()
                    await anyio.sleep_forever()
    assert caught.value.reason is CloseReason.EOF


# Redirects


async def test_a_redirect_is_an_error_unless_it_is_allowed() -> None:
    """The error names the place, for whoever wants to go there by himself."""
    problem = await expect(Redirected, World(WorldSettings(redirect=("other.example.com", 4001))))
    assert problem.stage is Stage.VERSION
    assert problem.closed.redirect == ("other.example.com", 4001)
    assert "other.example.com:4001" in str(problem)


async def test_who_was_sent_elsewhere_is_told_by_whom(dead_port: int) -> None:
    """An address that nobody has typed needs a word."""
    async with serve(World(WorldSettings(redirect=(LOCALHOST, dead_port)))) as here:
        problem = await failed(here.host, here.port, follow_redirects=True)
        assert (problem.address, problem.came_from) == (f"{LOCALHOST}:{dead_port}", f"{here.host}:{here.port}")
        assert f"stage tcp; {here.host}:{here.port} redirects there)" in str(problem)
        assert str(copy.copy(problem)) == str(problem)
    async with serve(World(WorldSettings(api_enabled=False))) as there:
        async with serve(World(WorldSettings(redirect=(there.host, there.port)))) as here:
            problem = await failed(here.host, here.port, follow_redirects=True)
            assert isinstance(problem, RefusedByTws)
            assert problem.came_from == f"{here.host}:{here.port}"
    assert (await failed(LOCALHOST, dead_port)).came_from is None


async def test_a_redirect_is_followed_where_it_leads() -> None:
    """The block is entered with the TWS that was named."""
    target = World(WorldSettings(accounts=("DU9",)))
    async with serve(target) as there:
        async with serve(World(WorldSettings(redirect=(there.host, there.port)))) as here:
            async with anytws.connect(here.host, here.port, follow_redirects=True) as tws:
                assert tws.accounts_named == ("DU9",)


async def test_a_redirect_in_the_block_is_the_blocks_own() -> None:
    """A `Redirected` that another connection of the block raises is not followed by this one."""
    target = World()
    async with serve(target) as there, serve(World(WorldSettings(redirect=(LOCALHOST, 1)))) as elsewhere:
        with pytest.raises(Redirected):
            async with anytws.connect(there.host, there.port, follow_redirects=True):
                async with anytws.connect(elsewhere.host, elsewhere.port):
                    raise AssertionError("the block was entered")


async def test_a_redirect_leaves_no_socket() -> None:
    """Each connection on the way is closed before the next is opened."""
    before = open_files()
    script = (HEAR_GREETING, Say(b"\0\0\0\x12-1\x00127.0.0.1:$OWN\0"))
    async with misbehaving_on_tcp(script) as tws:
        with pytest.raises(Redirected):
            async with anytws.connect(LOCALHOST, tws.port, follow_redirects=True):
                raise AssertionError("the block was entered")
        assert len(tws.peers) == MAX_REDIRECTS + 1
        await tws.deserted()
    await until(lambda: open_files() == before)


# The errors themselves


async def test_an_error_can_be_copied_and_shown() -> None:
    """A connect error survives a copy, as `ExceptionGroup.derive` and loggers make them."""
    problem = await expect(UnsupportedServerVersion, World(WorldSettings(server_version=100)))
    again = copy.copy(problem)
    assert (type(again), str(again), again.closed) == (type(problem), str(problem), problem.closed)
    problem.add_note("seen in a test")
    problem.closed.add_note("seen in a test")


async def test_who_uses_tws_after_a_failed_connect_has_none() -> None:
    """The block is not entered, so there is nothing to use: the name stays unbound."""
    tws: Tws | None = None
    with pytest.raises(RefusedByTws):
        async with serve(World(WorldSettings(api_enabled=False))) as server:
            with anyio.fail_after(PATIENCE):
                async with anytws.connect(server.host, server.port) as tws:
                    raise AssertionError("the block was entered")
    assert tws is None
