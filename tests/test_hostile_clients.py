"""What one client does to a simulated TWS is its own trouble: nothing raises, nothing grows, no other notices it."""

from __future__ import annotations

import errno
import gc
import logging
import socket
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import anyio
import anyio.lowlevel
import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws.core.events import CloseReason, ConnectionClosed
from anytws.core.state import State
from anytws.errors import LocalProtocolError
from anytws.messages.base import Side
from anytws.messages.session import (
    CurrentTime,
    CurrentTimeRequest,
    ErrorMessage,
    IdsRequest,
    ManagedAccounts,
    ManagedAccountsRequest,
    NextValidId,
    SetServerLogLevelRequest,
)
from anytws.simulator import (
    ANSWERS,
    Answer,
    Dialog,
    HangUp,
    Link,
    World,
    WorldSettings,
)
from anytws.simulator import serve as serve_module
from anytws.simulator.link import LINK_BYTES, OUTBOX
from anytws.simulator.serve import ResettableStream, memory_pair, serve, serve_memory
from anytws.simulator.settings import EPOCH
from anytws.simulator.world import MOST_IDS
from anytws.testing.strategies import message_of, mutations_of, slices_of
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.codec import Codec
from anytws.wire.frames import MAX_FRAME, frame
from anytws.wire.limits import Limits
from anytws.wire.rows import Entry
from anytws.wire.versions import MAX_VERSION, MIN_VERSION, PROTOBUF
from tests.hostile_frames import varint
from tests.test_serve import GREETING, HERE, ask, become_ready, hear_out, over_memory, over_tcp, until
from tests.test_world import Client

REQUESTS = [entry for entry in CATALOGUE if entry.said_by is Side.CLIENT]
MARK = 7_654_321
"""An id that stands in a frame for the one that is put there."""
IDS = (-1, 0, 2**31 - 1, -(2**31))
TIMES = [CurrentTime(EPOCH)]
PATIENCE = 60.0
"""Seconds after which a test fails instead of hanging. Nothing waits for them."""

SEVEN_BYTES = frame(b"101\0-1\0")
"""Cancels, and the id of it means that there is none: TWS may not say it back."""


@pytest.fixture(params=[over_tcp, over_memory])
def way(request: pytest.FixtureRequest):
    """Serve a world in either way: no test that asks for it may see a difference."""
    return request.param


class Scene:
    """A world with a client that misbehaves, and a bystander."""

    def __init__(self, version: int = MAX_VERSION, **options: Any) -> None:
        self.world = World(WorldSettings(server_version=version), **options)
        self.client = Client(self.world, client_id=1)
        self.bystander = Client(self.world, client_id=2)

    def say(self, data: bytes) -> None:
        """Have the client say *data*, and hear what comes."""
        self.client.link.receive_data(data, 0.0)
        self.client.go(0.0)

    def check(self) -> None:
        """See that nothing failed, and that the bystander goes on."""
        assert self.client.link.failure is None
        assert self.bystander.ask(CurrentTimeRequest()) == TIMES
        assert self.world.links[-1] is self.bystander.link
        left = self.client.link.closed
        assert left is None or left.reason is CloseReason.PROTOCOL_ERROR


def raw_requests(version: int) -> st.SearchStrategy[bytes]:
    """Give frames that begin as requests do, of any kind."""

    def begin(entry: Entry, as_protobuf: bool, rest: bytes) -> bytes:
        if version < PROTOBUF:
            return frame(b"%d\0" % entry.id + rest)
        return frame((entry.id + 200 * as_protobuf).to_bytes(4, "big") + rest)

    fields = st.lists(st.sampled_from([b"", b"-1", b"0", b"1", b"2147483647", b"x", b"\xff"])).map(
        lambda parts: b"".join([part + b"\0" for part in parts])
    )
    ids = st.sampled_from(IDS).map(lambda number: b"\x08" + varint(number % 2**64))
    return st.builds(begin, st.sampled_from(REQUESTS), st.booleans(), fields | ids | st.binary(max_size=40))


# What a client says


@pytest.mark.parametrize("version", [MIN_VERSION, PROTOBUF - 1])
async def test_seven_bytes_do_not_end_tws_for_everybody(version: int, way):
    world = World(WorldSettings(server_version=version))
    async with way(world) as connect, await connect() as victim, await connect() as other:
        core = await become_ready(other, client_id=1)
        ours = await become_ready(victim, client_id=2)
        await victim.send(SEVEN_BYTES)
        error = await ask(victim, ours, CurrentTimeRequest(), ErrorMessage)
        assert (error.error_code, error.request_id) == (10280 if version == PROTOBUF - 1 else 320, None)
        await ask(other, core, CurrentTimeRequest(), CurrentTime)
        assert [link.state for link in world.links] == [State.READY] * 2


@pytest.mark.parametrize("entry", REQUESTS, ids=lambda entry: entry.name)
@settings(max_examples=2)
@given(data=st.data())
def test_no_request_with_an_extreme_id_disturbs_anybody(entry: Entry, data: st.DataObject):
    """Whatever field it stands in: what can be read in a request need not be sayable in an answer."""
    for version in {max(entry.since, PROTOBUF - 1), MAX_VERSION}:
        message: Any = data.draw(message_of(entry.cls, version))
        whole = [field.name for field in attrs.fields(entry.cls) if type(getattr(message, field.name)) is int]
        scene = Scene(version)
        for name in whole:
            try:
                body = Codec(Side.CLIENT, version).encode(attrs.evolve(message, **{name: MARK}))
            except LocalProtocolError:
                # A field with few values, or one that this version does not carry.
                continue
            for number in IDS:
                as_text = body.replace(b"\0%d\0" % MARK, b"\0%d\0" % number)
                scene.say(frame(as_text) + frame(body.replace(varint(MARK), varint(number % 2**64))))
        scene.check()


@given(st.data())
def test_no_bytes_of_a_ready_client_disturb_another(data: st.DataObject):
    version = data.draw(st.sampled_from([MIN_VERSION, PROTOBUF - 1, PROTOBUF, MAX_VERSION]))
    scene = Scene(version)
    frames = b"".join(data.draw(st.lists(raw_requests(version), min_size=1, max_size=5)))
    for piece in data.draw(slices_of(data.draw(mutations_of(frames)) if data.draw(st.booleans()) else frames)):
        scene.say(piece)
    scene.check()


def test_an_answer_takes_only_a_bounded_part_of_what_a_client_said():
    scene = Scene(PROTOBUF - 1)
    scene.say(frame(b"14\x001\0" + b"\x1b[2J\xff" * 1_000_000 + b"\0"))
    (error,) = scene.client.heard(ErrorMessage)
    assert error.error_code == 320
    assert len(error.error_message) < 5000
    assert error.error_message.isprintable()
    scene.check()


# What fails


def fail(link: Link, request: object) -> Iterator[CurrentTime]:
    yield CurrentTime(EPOCH)
    raise ValueError("a test's own answer is wrong")


def say_too_much(link: Link, request: object) -> Iterator[ErrorMessage]:
    yield ErrorMessage(-1, 200, "an id that is none")


WRONG = {
    "raises": (fail, ValueError),
    "gives what cannot be said": (say_too_much, LocalProtocolError),
    "gives what is no message": (lambda link, request: ["now"], TypeError),
    "gives what TWS does not say": (lambda link, request: [CurrentTimeRequest()], TypeError),
    "gives nothing to go through": (lambda link, request: None, TypeError),
    "takes no arguments": (lambda: (), TypeError),
    "never comes back": (lambda link, request: link.world.answers[IdsRequest].reply(link, request), RecursionError),
}


@pytest.mark.parametrize("reply, error", WRONG.values(), ids=WRONG)
def test_an_answer_that_fails_ends_one_link_and_says_why(reply, error):
    scene = Scene(answers={**ANSWERS, IdsRequest: Answer(reply)})
    client, link = scene.client, scene.client.link
    assert [type(event) for event in client.ask(IdsRequest()) if isinstance(event, CurrentTime)] == (
        [CurrentTime] if reply is fail else []
    ), "what it said before that is delivered"
    assert client.reason is CloseReason.EOF
    assert isinstance(link.failure, error)
    assert link.closed is not None
    assert link.closed.reason is CloseReason.LOCAL
    assert error.__name__ in link.closed.detail
    assert [type(event) for event in link.events].count(ConnectionClosed) == 1
    assert list(scene.world.ended) == [link]
    assert scene.bystander.ask(CurrentTimeRequest()) == TIMES
    assert Client(scene.world, client_id=1).state is State.READY, "its client id is free"


def test_what_came_with_a_request_that_failed_is_not_answered():
    asked = []

    def count(link: Link, request: object) -> Iterator[CurrentTime]:
        asked.append(request)
        raise ValueError

    scene = Scene(answers={**ANSWERS, CurrentTimeRequest: Answer(count)})
    scene.say(scene.client.core.send(CurrentTimeRequest()) * 3)
    assert len(asked) == 1


def test_a_failure_keeps_its_lines_and_no_values():
    """A value may be a client's sixteen megabytes, and a link that is over is kept for long."""

    def fail_over(link: Link, request: SetServerLogLevelRequest) -> Iterator[CurrentTime]:
        try:
            raise KeyError(1)
        except KeyError as cause:
            raise ValueError(2) from cause

    scene = Scene(answers={**ANSWERS, SetServerLogLevelRequest: Answer(fail_over)})
    # The frames of whoever calls the link cannot be cleared, so no name here may hold the request.
    scene.client.link.receive_data(scene.client.core.send(SetServerLogLevelRequest(4711)), 0.0)
    failure = scene.client.link.failure
    assert failure is not None
    assert failure.__cause__ is not None
    scene.world.heard.clear()
    scene.client.link.events.clear()
    gc.collect()
    # By their class: not everything that there is can be compared with anything.
    kept = [thing for thing in gc.get_objects() if type(thing) is SetServerLogLevelRequest]
    assert SetServerLogLevelRequest(4711) not in kept
    names = []
    place = failure.__traceback__
    while place is not None:
        names.append(place.tb_frame.f_code.co_name)
        place = place.tb_next
    assert names[-1] == "fail_over"


@pytest.mark.parametrize("name", ["note_event", "note_heard", "note_time", "note_end", "claim", "connection_time"])
def test_a_world_that_fails_at_one_client_fails_at_no_other(name: str):
    class Failing(World):
        fails = False

    def method(world: Failing, *args: Any, **options: Any) -> object:
        if world.fails:
            raise ZeroDivisionError(name)
        return getattr(World, name)(world, *args, **options)

    setattr(Failing, name, method)
    world = Failing()
    bystander = Client(world, client_id=2)
    ready = Client(world, client_id=1)
    world.fails = True
    if name in {"claim", "connection_time"}:
        link = Client(world, client_id=3).link
    else:
        link = ready.link
        link.receive_data(ready.core.send(CurrentTimeRequest()), 0.0)
        link.receive_eof(0.0)
    world.fails = False
    assert isinstance(link.failure, ZeroDivisionError)
    assert link.hang_up is HangUp.EOF
    assert bystander.ask(CurrentTimeRequest()) == TIMES


def test_a_world_that_fails_at_the_end_too_says_both():
    class Failing(World):
        def note_heard(self, link, request):
            raise ValueError("first")

        def note_end(self, link, *, torn):
            raise LookupError("second")

    client = Client(Failing())
    client.link.receive_data(client.core.send(IdsRequest()), 0.0)
    assert str(client.link.failure) == "first"
    assert "second" in client.link.failure.__notes__[0]


def test_a_world_that_fails_at_the_end_gets_a_second_chance_to_free_the_place():
    class Failing(World):
        fails = True

        def note_end(self, link, *, torn):
            if self.fails:
                self.fails = False
                raise ValueError("once")
            super().note_end(link, torn=torn)

    world = Failing()
    client = Client(world, client_id=7)
    client.link.receive_eof(0.0)
    assert isinstance(client.link.failure, ValueError)
    assert world.links == ()
    assert Client(world, client_id=7).state is State.READY


def test_an_end_that_is_noted_twice_is_one_end():
    scene = Scene()
    scene.client.link.receive_eof(0.0)
    scene.world.note_end(scene.client.link, torn=True)
    assert list(scene.world.ended) == [scene.client.link]
    assert Client(scene.world, client_id=1).state is State.READY


def test_what_a_test_itself_asks_for_wrongly_is_its_own_error():
    scene = Scene()
    with pytest.raises(LocalProtocolError):
        scene.client.link.say(ErrorMessage(-1, 200, "an id that is none"))
    scene.check()


def test_an_answer_may_say_more_through_the_link():
    """In the order in which it is said, however many requests came in one piece."""

    def tell_twice(link: Link, request: IdsRequest) -> Iterator[NextValidId]:
        link.say(NextValidId(request.number_of_ids))
        yield NextValidId(-request.number_of_ids)

    scene = Scene(answers={**ANSWERS, IdsRequest: Answer(tell_twice)})
    count = sys.getrecursionlimit()
    scene.say(b"".join([scene.client.core.send(IdsRequest(number)) for number in range(1, count)]))
    told = [message.order_id for message in scene.client.heard(NextValidId)[1:]]
    assert told == [order_id for number in range(1, count) for order_id in (number, -number)]
    scene.check()


async def test_a_failure_is_logged_and_the_others_notice_nothing(way, caplog):
    world = World(answers={**ANSWERS, IdsRequest: Answer(fail)})
    async with way(world) as connect, await connect() as victim, await connect() as other:
        core = await become_ready(other, client_id=1)
        ours = await become_ready(victim, client_id=2)
        await ask(victim, ours, IdsRequest(), CurrentTime)
        assert await hear_out(victim) == (b"", "eof")
        await ask(other, core, CurrentTimeRequest(), CurrentTime)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("anytws.simulator", logging.ERROR)
    assert record.exc_info is not None
    assert record.exc_info[1] is world.ended[0].failure
    assert "client 2" in record.getMessage()


async def test_a_client_that_cannot_even_be_let_in_is_turned_away(caplog):
    class Failing(World):
        fails = True

        def connect(self, address, now):
            if self.fails:
                raise ZeroDivisionError
            return super().connect(address, now)

    world = Failing()
    async with serve(world) as tws:
        async with await anyio.connect_tcp(tws.host, tws.port) as stream:
            assert await hear_out(stream) == (b"", "reset")
        world.fails = False
        async with await anyio.connect_tcp(tws.host, tws.port) as stream:
            await become_ready(stream)
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]


async def test_a_failure_before_the_bytes_are_carried_is_logged_too(caplog):
    class Failing(World):
        def note_event(self, link, event):
            raise ZeroDivisionError

    async with serve_memory(Failing()) as tws, await tws.connect() as stream:
        assert len(caplog.records) == 1, "at once: a link may be forgotten later"
        assert await hear_out(stream) == (b"", "eof")
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]


async def test_a_stream_that_fails_ends_one_link(monkeypatch, caplog):
    world = World()
    async with serve_memory(world) as tws, await tws.connect() as other:
        core = await become_ready(other, client_id=1)
        here, there = memory_pair()

        async def receive(max_bytes: int = 0) -> bytes:
            raise ZeroDivisionError

        monkeypatch.setattr(there, "receive", receive)
        monkeypatch.setattr(serve_module, "memory_pair", lambda: (here, there))
        async with await tws.connect() as stream:
            assert isinstance(stream, ResettableStream)
            assert await hear_out(stream) == (b"", "eof")
        assert isinstance(world.ended[0].failure, ZeroDivisionError)
        await ask(other, core, CurrentTimeRequest(), CurrentTime)
    assert len(caplog.records) == 1


# What the system refuses


REFUSALS = [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EPROTO, errno.ECONNABORTED, errno.EPERM]


@pytest.fixture
def at_once(monkeypatch):
    """Have nobody wait for the system to recover."""
    monkeypatch.setattr(serve_module, "_PAUSE", 0.0)


@pytest.mark.parametrize("number", REFUSALS, ids=errno.errorcode.get)
async def test_an_accept_that_fails_is_tried_again_and_told_once(number: int, monkeypatch, caplog, at_once):
    accept = socket.socket.accept
    failures = [OSError(number, "no") for _ in range(5)]

    def accept_later(listener: socket.socket):
        if failures:
            raise failures.pop()
        return accept(listener)

    monkeypatch.setattr(socket.socket, "accept", accept_later)
    async with serve(World()) as tws, await anyio.connect_tcp(tws.host, tws.port) as stream:
        await become_ready(stream)
    assert not failures
    assert len(caplog.records) == (0 if number == errno.ECONNABORTED else 1)


async def test_between_two_tries_there_is_a_pause(monkeypatch):
    pauses = []

    def never(listener: socket.socket):
        raise OSError(errno.EMFILE, "no")

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await anyio.sleep_forever()

    async with serve(World()) as tws:
        monkeypatch.setattr(socket.socket, "accept", never)
        monkeypatch.setattr(anyio, "sleep", sleep)
        with socket.create_connection((tws.host, tws.port)):
            await until(lambda: pauses)
    assert pauses == [serve_module._PAUSE]


async def test_a_listener_that_is_broken_is_an_error(monkeypatch):
    def broken(listener: socket.socket):
        raise OSError(errno.EBADF, "gone")

    with pytest.raises(OSError, match="gone"):
        async with serve(World()):
            monkeypatch.setattr(socket.socket, "accept", broken)
            await anyio.sleep_forever()


async def test_a_port_that_cannot_be_opened_again_yet_is_tried_again(monkeypatch, caplog, at_once):
    world, listen_at = World(), serve_module._listen_at
    failures = [OSError(errno.EMFILE, "no") for _ in range(3)]

    def listen_later(*where):
        if failures:
            raise failures.pop()
        return listen_at(*where)

    async with serve(world) as tws:
        monkeypatch.setattr(serve_module, "_listen_at", listen_later)
        world.die()
        await anyio.wait_all_tasks_blocked()
        world.restart()
        await until(lambda: not failures)
        await anyio.wait_all_tasks_blocked()
        async with await anyio.connect_tcp(tws.host, tws.port) as stream:
            await become_ready(stream)
    assert len(caplog.records) == 1


async def test_a_port_that_somebody_else_has_by_then_is_an_error(monkeypatch):
    world = World()

    def taken(*where):
        raise OSError(errno.EADDRINUSE, "taken")

    with pytest.raises(OSError, match="taken"):
        async with serve(world):
            monkeypatch.setattr(serve_module, "_listen_at", taken)
            world.die()
            await anyio.wait_all_tasks_blocked()
            world.restart()
            await anyio.sleep_forever()


async def test_a_client_that_is_gone_before_it_is_set_up(monkeypatch):
    """Some systems then refuse to set an option, and do not know the address."""
    accept, accepted, world = socket.socket.accept, [], World()

    class Gone(socket.socket):
        def setsockopt(self, *args) -> None:
            raise OSError(errno.EINVAL, "gone")

    def accept_gone(listener: socket.socket):
        raw, peer = accept(listener)
        accepted.append(Gone(fileno=raw.detach()) if len(accepted) == 0 else raw)
        return accepted[-1], None if len(accepted) == 2 else peer

    monkeypatch.setattr(socket.socket, "accept", accept_gone)
    async with serve(world) as tws:
        for _ in range(2):
            async with await anyio.connect_tcp(tws.host, tws.port) as stream:
                assert (await hear_out(stream))[0] == b""
        assert accepted[0].fileno() == -1, "closed"
        assert [link.address for link in world.ended] == [""]
        async with await anyio.connect_tcp(tws.host, tws.port) as stream:
            await become_ready(stream)


async def test_a_socket_that_cannot_be_set_to_reset_is_closed_all_the_same():
    class Torn(socket.socket):
        def setsockopt(self, level: int, name: int, *value) -> None:
            if name == socket.SO_LINGER:
                raise OSError(errno.EINVAL, "torn")
            super().setsockopt(level, name, *value)

    with socket.create_server((HERE, 0)) as listener:
        raw = Torn()
        raw.connect(listener.getsockname())
        serve_module.SocketStream(raw).reset()
        assert raw.fileno() == -1


FLOOD = """
import logging, resource, socket
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
logging.basicConfig(format="%(levelname)s %(message)s")
import anyio
from anytws.simulator import World, WorldSettings
from anytws.simulator.serve import serve

async def main():
    async with serve(World(WorldSettings({settings})), linger_seconds=1000.0) as tws:
        print(tws.port, flush=True)
        await anyio.sleep_forever()

anyio.run(main, backend="{backend}")
"""


@contextmanager
def flooded(limit: str, backend: str) -> Iterator[tuple[int, IO[str]]]:
    """Run a simulated TWS that may have few files; give its port, and what it has to complain of."""
    program = FLOOD.format(settings=limit, backend=backend)
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            yield int(process.stdout.readline()), process.stderr
        finally:
            process.kill()
        assert process.stderr.read() == ""


@pytest.mark.parametrize("limit", ["max_clients=1000", "max_clients=2"], ids=["half open", "refused"])
async def test_a_flood_of_clients_takes_no_file_that_others_need(limit: str, anyio_backend_name: str):
    """A thousand are more than the process may have files; who is connected goes on, imports and all."""
    with flooded(limit, anyio_backend_name) as (port, complaints):
        async with await anyio.connect_tcp(HERE, port) as stream:
            core = await become_ready(stream, client_id=1)
            flood = [socket.create_connection((HERE, port)) for _ in range(100)]
            assert complaints.readline().startswith("WARNING port ")
            # Kinds of request that this process has met no table of, and which it needs files for.
            for body in (b"9999", (1 + 200).to_bytes(4, "big") + b"\xff", (3).to_bytes(4, "big") + b"x\0"):
                await stream.send(frame(body))
            await ask(stream, core, CurrentTimeRequest(), CurrentTime)
            for raw in flood:
                raw.close()
            await connects_again(port)


async def connects_again(port: int) -> None:
    with anyio.fail_after(PATIENCE):
        while True:
            async with await anyio.connect_tcp(HERE, port) as stream:
                try:
                    await stream.send(GREETING)
                    if await stream.receive():
                        return
                except (anyio.EndOfStream, anyio.BrokenResourceError):
                    await anyio.lowlevel.checkpoint()


# What is kept in memory


def kept_bytes(world: World) -> int:
    """Give how many bytes *world* keeps of the past, by its own account."""
    links = {*world.links, *world.ended, *[heard.link for heard in world.heard]}
    return world.heard.held_bytes + sum(link.held_bytes for link in links)


@given(st.data())
@settings(max_examples=15)
def test_what_a_world_keeps_is_bounded_in_bytes(data: st.DataObject):
    most, largest = 200_000, 20_000
    world = World(WorldSettings(server_version=176, memory_bytes=most, max_clients=4, settling_seconds=0.5))
    for number in range(data.draw(st.integers(20, 60))):
        client = Client(world, client_id=number)
        for _ in range(data.draw(st.integers(0, 8))):
            size = data.draw(st.sampled_from([1, 100, largest // 2]))
            now = data.draw(st.sampled_from([0.0, 1.0]))
            client.link.receive_data(frame(b"14\x001\0" + b"x" * size + b"\0") + frame(b"49\x001\0"), now)
        if data.draw(st.booleans()) or len(world.links) == 4:
            world.links[0].receive_reset(1.0)
    room_of_links = (len(world.links) + len(world.ended)) * LINK_BYTES
    assert kept_bytes(world) < most + room_of_links + 6 * largest + 2**18
    assert world.heard.held_bytes <= most / 4
    assert sum(link.held_bytes for link in world.ended) <= most / 4 + 2 * largest + most / 8


def test_clients_that_come_and_go_leave_no_more_than_the_bound():
    """By the account of Python itself: whatever of a client is held, by whichever object."""
    world = World(WorldSettings(server_version=176, memory_bytes=2**20, stale_seconds=1e6))
    greeting = b"API\0" + frame(b"v157..226 " + b"x" * 60_000)
    start = frame(b"71\x002\x007\0" + b"x" * 60_000 + b"\0")
    large = frame(b"9999\0" + b"x" * 100_000) + frame(b"14\x001\0" + b"x" * 100_000 + b"\0")

    def live(number: int) -> None:
        link = world.connect(HERE, 0.0)
        link.receive_data(greeting, 0.0)
        link.receive_data(start.replace(b"7\0", b"%d\0" % number), 0.0)
        link.receive_data(large + frame(b"49\x001\0"), 0.0)
        link.receive_data(large[:90_000], 0.0)
        link.receive_reset(0.0)

    live(1)
    tracemalloc.start()
    try:
        for number in range(2, 300):
            live(number)
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(world.ended) > 1
    assert held < 2**20


def test_the_past_of_links_that_are_over_goes_with_them_the_oldest_first():
    world = World(WorldSettings(memory=2))
    links = []
    for number in range(5):
        client = Client(world, client_id=number)
        client.ask(CurrentTimeRequest())
        client.link.receive_eof(0.0)
        links.append(client.link)
    assert list(world.ended) == links[-2:]
    assert [link.is_forgotten for link in links] == [True] * 3 + [False] * 2
    assert [len(link.events) > 0 for link in links] == [False] * 3 + [True] * 2
    assert {heard.link for heard in world.heard} <= set(links[-2:])
    assert links[0].closed.reason is CloseReason.EOF, "the facts stay"
    assert (links[0].client_id, links[0].server_version, links[0].state) == (0, MAX_VERSION, State.CLOSED)


def test_what_was_heard_does_not_keep_links_that_are_forgotten():
    world = World(WorldSettings(memory_bytes=100_000))
    for number in range(40):
        client = Client(world, client_id=number)
        client.ask(CurrentTimeRequest())
        client.link.receive_eof(0.0)
    kept = {heard.link for heard in world.heard}
    assert set(world.ended) <= kept
    assert len(kept) <= 2 * len(world.ended) + 1 < 20
    assert [heard.now for heard in world.heard] == [0.0] * len(kept), "each once, in order"


def test_the_newest_is_always_there():
    world = World(WorldSettings(server_version=176, memory_bytes=1))
    client = Client(world, client_id=1)
    client.link.receive_data(frame(b"9999\0" + b"x" * 100_000), 0.0)
    assert len(client.link.events[-1].frame) > 100_000
    client.ask(CurrentTimeRequest())
    assert [heard.message for heard in world.heard] == [CurrentTimeRequest()]
    client.link.receive_eof(0.0)
    assert list(world.ended) == [client.link]
    assert [type(event) for event in client.link.events] == [ConnectionClosed]


def test_a_client_that_asks_faster_than_it_reads_waits_for_itself():
    """One piece of bytes may hold thousands of requests, and a tester may have chosen long answers."""
    accounts = tuple([f"DU{number:07}" for number in range(250)])
    world = World(WorldSettings(accounts=accounts))
    client = Client(world)
    link, size = client.link, len(client.core.send(ManagedAccountsRequest()))
    answer = 10 * len(accounts) + 100
    count = 65_536 // size
    link.receive_data(client.core.send(ManagedAccountsRequest()) * count, 0.0)
    assert len(link._outbox) <= OUTBOX + answer
    assert len(world.heard) < count
    client.told.clear()
    while link.has_data_to_send:
        data = link.data_to_send()
        assert len(data) <= OUTBOX + answer
        client.core.receive_data(data)
        client.told += client.core.events()
    assert [message.accounts for message in client.told] == [accounts] * count
    assert client.ask(CurrentTimeRequest()) == TIMES


def test_a_client_that_goes_before_it_has_read_all_is_gone():
    world = World(WorldSettings(accounts=("DU" + "1" * 100_000,)))
    client = Client(world)
    client.link.receive_data(client.core.send(ManagedAccountsRequest()) * 100, 0.0)
    assert len(world.heard) < 20
    client.link.receive_eof(0.0)
    assert world.links == ()
    assert client.link.closed.reason is CloseReason.EOF
    assert len(client.link.data_to_send()) > OUTBOX
    assert not client.link.has_data_to_send


async def test_long_answers_arrive_all_and_in_order(way):
    world = World(WorldSettings(accounts=("DU" + "1" * 100_000,)))
    async with way(world) as connect, await connect() as stream:
        core = await become_ready(stream)
        await stream.send(core.send(ManagedAccountsRequest()) * 100 + core.send(IdsRequest()))
        told: list[object] = []
        with anyio.fail_after(PATIENCE):
            while not told or not isinstance(told[-1], NextValidId):
                core.receive_data(await stream.receive())
                told += [event for event in core.events() if isinstance(event, ManagedAccounts | NextValidId)]
        assert [type(event) for event in told] == [ManagedAccounts] * 100 + [NextValidId]


@pytest.mark.parametrize("how", HangUp)
async def test_what_was_never_delivered_is_not_kept(how: HangUp):
    world = World()
    async with serve_memory(world, linger_seconds=0.0) as tws:
        stream = await tws.connect()
        await become_ready(stream)
        (link,) = world.links
        for _ in range(3):
            link.say_bytes(bytes(100_000))
            await anyio.wait_all_tasks_blocked()
        link.die(how)
        await anyio.wait_all_tasks_blocked()
        assert not link.has_data_to_send
        await stream.aclose()


async def test_what_waits_when_the_block_is_left_is_not_kept():
    world = World()
    async with serve_memory(world) as tws:
        stream = await tws.connect()
        await become_ready(stream)
        (link,) = world.links
        link.say_bytes(bytes(100_000))
        await anyio.wait_all_tasks_blocked()
        link.say_bytes(bytes(100_000))
    assert link.closed is not None
    assert not link.has_data_to_send
    await stream.aclose()


def test_what_waits_for_a_client_that_tore_the_connection_is_not_kept():
    client = Client(World())
    client.link.say_bytes(bytes(100_000))
    client.link.receive_reset(0.0)
    assert not client.link.has_data_to_send


def test_stale_client_ids_are_forgotten_when_they_are_free_again():
    world = World(WorldSettings(stale_seconds=10.0))
    for number in range(50):
        Client(world, client_id=number, now=float(number)).link.receive_reset(float(number))
    assert len(world._stale) <= 11
    assert Client(world, client_id=49, now=50.0).reason is CloseReason.CLIENT_ID_IN_USE
    assert Client(world, client_id=30, now=50.0).state is State.READY


def test_client_ids_are_remembered_up_to_a_bound(monkeypatch):
    monkeypatch.setattr("anytws.simulator.ground.MOST_IDS", 5)
    assert MOST_IDS > 1000
    world = World(WorldSettings(stale_seconds=1e6))
    world.use_order_id(0, 500)
    for number in range(8):
        world.use_order_id(number, 100)
        world.use_order_id(0, 1)
        Client(world, client_id=number).link.receive_reset(0.0)
    assert (len(world._stale), len(world._next_ids)) == (5, 5)
    assert Client(world, client_id=7).reason is CloseReason.CLIENT_ID_IN_USE, "the newest"
    assert Client(world, client_id=1).core.next_valid_id == 1, "long forgotten"
    assert world.next_valid_id(0) == 501, "used last"


def test_order_ids_end_where_they_mean_that_there_is_none():
    world = World()
    client = Client(world, client_id=7)
    world.use_order_id(7, 2**31 - 2)
    assert client.ask(IdsRequest()) == [NextValidId(2**31 - 2)]


# Limits


def test_a_frame_beyond_the_limit_ends_one_link_as_soon_as_its_length_is_known():
    world = World(WorldSettings(limits=Limits(frame=1000)))
    client, bystander = Client(world, client_id=1), Client(world, client_id=2)
    client.link.receive_data(frame(bytes(1000)), 0.0)
    assert client.link.closed is None
    client.link.receive_data((1001).to_bytes(4, "big"), 0.0)
    assert client.link.closed.reason is CloseReason.PROTOCOL_ERROR
    assert bystander.ask(CurrentTimeRequest()) == TIMES


@pytest.mark.parametrize("flood", [b"API\0" + MAX_FRAME.to_bytes(4, "big"), GREETING + frame(b"x" * 200)])
def test_a_flood_before_the_greeting_ends_one_link(flood: bytes):
    world = World(WorldSettings(limits=Limits(before_version=100), trusted_addresses=(), dialog=Dialog.UNANSWERED))
    link = world.connect(HERE, 0.0)
    link.receive_data(flood, 0.0)
    assert link.closed.reason is CloseReason.PROTOCOL_ERROR
    assert world.links == ()


def test_a_frame_with_too_many_items_is_not_read_and_the_connection_goes_on():
    world = World(WorldSettings(server_version=176, limits=Limits(items=0)))
    client = Client(world)
    client.ask(CurrentTimeRequest())
    assert client.state is State.READY
    assert client.link._connection._codec is not None
    assert client.link.failure is None


# A TWS that is too old


@pytest.mark.parametrize("offer", [b"v100..226", b"v100..150", b"v100", b"v157..226", b"v1..999"])
def test_a_tws_below_our_oldest_version_names_its_own_and_never_becomes_ready(offer: bytes):
    world = World(WorldSettings(server_version=100))
    link = world.connect(HERE, 0.0)
    link.receive_data(b"API\0" + frame(offer), 0.0)
    assert link.hang_up is HangUp.EOF
    link.receive_data(frame(b"71\x002\x001\0\0"), 0.0)
    reply = link.data_to_send()
    assert reply[4:].startswith(b"100\0")
    assert reply.count(b"\0", 4) == 2, "nothing after it"
    assert link.closed.reason is CloseReason.UNSUPPORTED_SERVER_VERSION
    assert State.READY not in [getattr(event, "after", None) for event in link.events]
    assert link.failure is None
