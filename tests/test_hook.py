"""A hook is told of every question and stream, once when it begins and once how it ended; it can harm nothing."""

from __future__ import annotations

import logging
import socket
from typing import Any

import anyio
import pytest

import anytws
from anytws import ConnectionClosed, Hook, Outcome, RequestFailed, RequestTimedOut, SeenRequest, State
from anytws.messages import ContractDataRequest, CurrentTimeRequest, MarketDataRequest, Stock, TickPrice
from anytws.simulator import World
from anytws.simulator.serve import connect_memory

APPLE, NOBODY = ContractDataRequest(Stock("AAPL")), ContractDataRequest(Stock("NOPE"))
TICKS = MarketDataRequest(Stock("AAPL"))


class Notes(Hook):
    """Writes down all that it is told."""

    def __init__(self) -> None:
        self.states: list[tuple[State | None, State]] = []
        self.ends: list[ConnectionClosed] = []
        self.begun: list[SeenRequest] = []
        self.ended: list[tuple[SeenRequest, Outcome, float, Exception | None]] = []
        self.bytes = {"received": 0, "sent": 0}
        self.remarks: list[Any] = []
        self.names: set[str] = set()

    def state_changed(self, connection: str, before: State | None, after: State) -> None:
        self.names.add(connection)
        self.states.append((before, after))

    def closed(self, connection: str, end: ConnectionClosed) -> None:
        self.names.add(connection)
        self.ends.append(end)

    def request_began(self, request: SeenRequest) -> None:
        assert not request.is_stream
        self.begun.append(request)

    def request_ended(self, request: SeenRequest, outcome: Outcome, seconds: float, error: Exception | None) -> None:
        self.ended.append((request, outcome, seconds, error))

    def stream_opened(self, stream: SeenRequest) -> None:
        assert stream.is_stream
        self.begun.append(stream)

    def stream_ended(self, stream: SeenRequest, outcome: Outcome, seconds: float, error: Exception | None) -> None:
        self.ended.append((stream, outcome, seconds, error))

    def received(self, connection: str, count: int) -> None:
        self.bytes["received"] += count

    def sent(self, connection: str, count: int) -> None:
        self.bytes["sent"] += count

    def noticed(self, connection: str, remark: Any) -> None:
        self.remarks.append(remark)

    @property
    def outcomes(self) -> list[Outcome]:
        """How all ended."""
        return [outcome for _, outcome, _, _ in self.ended]


async def test_each_question_begins_and_ends_once() -> None:
    notes = Notes()
    async with (
        connect_memory(World()) as raw,
        anytws.connect_stream(raw, client_id=7, address="here", hook=notes) as tws,
    ):
        await tws.ask(APPLE)
        with pytest.raises(RequestFailed):
            await tws.ask(NOBODY)
        with pytest.raises(RequestTimedOut):
            await tws.ask(APPLE, timeout=0)
        with anyio.move_on_after(0):
            await tws.ask(APPLE)
    assert notes.outcomes == [Outcome.ANSWERED, Outcome.FAILED, Outcome.TIMED_OUT, Outcome.LEFT]
    assert [seen for seen, *_ in notes.ended] == notes.begun
    assert [seen.number for seen in notes.begun] == [1, 2, 3, 4]
    assert {seen.connection for seen in notes.begun} == {"here, client 7"} == notes.names
    assert {seen.name for seen in notes.begun} == {"ContractDataRequest"}
    assert isinstance(notes.begun[0].request, ContractDataRequest)
    assert notes.begun[0].request.request_id is not None
    assert isinstance(notes.ended[1][3], RequestFailed)
    assert [error is None for *_, error in notes.ended] == [True, False, False, True]
    assert all(0 <= seconds < 60 for _, _, seconds, _ in notes.ended)
    assert notes.states == [(None, State.READY), (State.READY, State.CLOSED)]
    assert [end.reason for end in notes.ends] == [anytws.CloseReason.LOCAL]
    assert notes.bytes["received"] > 1000
    assert notes.bytes["sent"] > 50
    assert 2104 in {remark.code for remark in notes.remarks}


async def test_streams_say_how_they_ended() -> None:
    notes = Notes()
    world = World()
    async with connect_memory(world) as raw:
        with pytest.raises(ConnectionClosed):
            async with anytws.connect_stream(raw, hook=notes) as tws:
                async with tws.stream(TICKS) as left:
                    async for tick in left:
                        if isinstance(tick, TickPrice):
                            break
                async with tws.stream(MarketDataRequest(Stock("NOPE"))) as refused:
                    with pytest.raises(RequestFailed):
                        await anext(refused)
                async with tws.stream(TICKS) as cut:
                    world.links[0].die()
                    async for _ in cut:
                        pass
    assert notes.outcomes == [Outcome.LEFT, Outcome.FAILED, Outcome.CLOSED]
    assert [seen for seen, *_ in notes.ended] == notes.begun
    assert notes.begun[0].received > 0
    assert notes.begun[1].received == 0
    assert isinstance(notes.ended[2][3], ConnectionClosed)
    assert len(notes.ends) == 1


async def test_a_question_that_the_end_of_the_connection_ends() -> None:
    notes, world = Notes(), World()
    async with connect_memory(world) as raw:
        with pytest.raises(ConnectionClosed):
            async with anytws.connect_stream(raw, hook=notes) as tws:
                world.links[0].die()
                await tws.ask(CurrentTimeRequest(), timeout=30)
    assert notes.outcomes == [Outcome.CLOSED]


class Broken(Hook):
    """Raises whatever it is told."""

    def __init__(self) -> None:
        self.calls = 0

    def _raise(self, *_: object) -> None:
        self.calls += 1
        raise LookupError("no such meter")

    state_changed = closed = request_began = request_ended = received = sent = _raise
    stream_opened = stream_ended = noticed = _raise


async def test_what_a_hook_raises_is_told_once_and_harms_nothing(caplog: pytest.LogCaptureFixture) -> None:
    hook = Broken()
    async with connect_memory(World()) as raw, anytws.connect_stream(raw, hook=hook) as tws:
        for _ in range(3):
            assert await tws.ask(APPLE)
        async with tws.stream(TICKS) as ticks:
            assert await anext(ticks)
    told = [record for record in caplog.records if record.name == "anytws.hook"]
    assert len(told) == 1  # One method, under nine names.
    assert told[0].getMessage().endswith(": _raise raised, which is told once")
    assert told[0].exc_info is not None
    assert isinstance(told[0].exc_info[1], LookupError)
    assert hook.calls > 10


async def test_a_hook_that_does_nothing_sees_nothing() -> None:
    async with connect_memory(World()) as raw, anytws.connect_stream(raw, hook=Hook()) as tws:
        assert await tws.ask(APPLE)


async def test_a_connection_that_could_not_be_made_is_told_too() -> None:
    notes = Notes()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(anytws.TcpConnectFailed):
        async with anytws.connect(port=port, client_id=3, hook=notes):
            pytest.fail("connected")
    assert [end.reason for end in notes.ends] == [anytws.CloseReason.CONNECT_FAILED]
    assert notes.names == {f"127.0.0.1:{port}, client 3"}


def test_what_is_no_hook_is_refused() -> None:
    with pytest.raises(TypeError, match="hook is"):
        anytws.connect(hook=print)  # type: ignore[arg-type]


async def test_where_nobody_looks_on_nothing_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "anytws")
    async with connect_memory(World()) as raw, anytws.connect_stream(raw) as tws:
        assert tws._pump.session.remarks is None
        assert tws._pump.sight.begin(object(), 0.0) is None  # type: ignore[arg-type]
        async with tws.stream(TICKS):
            assert tws._pump._seen == {}
