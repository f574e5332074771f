"""Ctrl-C at the worst moments: what comes out is one bare `KeyboardInterrupt`, and nothing is left open.

Each test has an event loop of its own, since the signal ends that. The signal is raised inside of the byte stream: that
is in the task that reads, on the way into the block, and on the way out of it.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import ByteStream

import anytws
from anytws import State, Tws
from anytws.runtime.interrupts import uninterrupted
from tests.misbehaving_tws import OPENING, REPLY, text, until

both_loops = pytest.mark.parametrize("backend", ["asyncio", "trio"])


@pytest.fixture(autouse=True)
def _python_handles_signals() -> Iterator[None]:
    """Event loops take SIGINT over only from Python's own handler, which whoever runs the tests may have replaced."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Interrupting(ByteStream):
    """A TWS in a can, on a stream in which somebody presses Ctrl-C."""

    def __init__(self, *pieces: bytes, at_receive: int = 0, at_close: bool = False) -> None:
        self.pieces = [*pieces]
        self.at_receive = at_receive
        self.at_close = at_close
        self.received = 0
        self.closed = False

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        await anyio.lowlevel.checkpoint()
        self.received += 1
        if self.received == self.at_receive:
            signal.raise_signal(signal.SIGINT)
        if not self.pieces:
            await anyio.sleep_forever()
        return self.pieces.pop(0)

    async def send(self, item: bytes) -> None:
        await anyio.lowlevel.checkpoint()

    async def send_eof(self) -> None:
        return

    async def aclose(self) -> None:
        if self.at_close:
            signal.raise_signal(signal.SIGINT)
        self.closed = True


def interrupted(stream: Interrupting, backend: str) -> Tws | None:
    """Live one connection over *stream*, which is interrupted; give it, if the block was entered."""
    held: list[Tws] = []

    async def main() -> None:
        async with anytws.connect_stream(stream) as tws:
            held.append(tws)
            if not stream.at_close:
                await anyio.sleep_forever()
        await anyio.sleep_forever()

    with pytest.raises(KeyboardInterrupt):
        anyio.run(main, backend=backend)
    return held[0] if held else None


@both_loops
def test_an_interrupt_in_the_task_that_reads(backend: str) -> None:
    """It is not that task's: it leaves the program bare, and the connection is closed."""
    stream = Interrupting(REPLY, OPENING, text(9, 1, 42), at_receive=4)
    tws = interrupted(stream, backend)
    assert tws is not None
    assert tws.state is State.CLOSED
    assert stream.closed


@both_loops
def test_an_interrupt_while_connecting(backend: str) -> None:
    """The stream of a connection that never was is closed as well."""
    stream = Interrupting(REPLY, at_receive=2)
    assert interrupted(stream, backend) is None
    assert stream.closed


@both_loops
def test_an_interrupt_on_the_way_out(backend: str) -> None:
    """What has to be done at the end is done to its end, and then it comes."""
    stream = Interrupting(REPLY, OPENING, at_close=True)
    tws = interrupted(stream, backend)
    assert tws is not None
    assert tws.state is State.CLOSED
    assert stream.closed


@pytest.mark.parametrize("backend", ["trio"])
def test_an_interrupt_on_the_way_out_of_a_block_that_failed(backend: str) -> None:
    """It goes before what the block failed with, which is its context. (asyncio has no word of it in the task.)"""
    stream = Interrupting(REPLY, OPENING, at_close=True)

    async def main() -> None:
        async with anytws.connect_stream(stream):
            raise ValueError("mine")

    with pytest.raises(KeyboardInterrupt) as caught:
        anyio.run(main, backend=backend)
    assert isinstance(caught.value.__context__, ValueError)
    assert stream.closed


@both_loops
def test_an_interrupt_in_the_block(backend: str) -> None:
    """Of the program's own code it is the program's own, as ever."""
    stream = Interrupting(REPLY, OPENING)
    held: list[Tws] = []

    async def main() -> None:
        async with anytws.connect_stream(stream) as tws:
            held.append(tws)
            await until(lambda: stream.received > 2)
            signal.raise_signal(signal.SIGINT)
            await anyio.sleep_forever()

    with pytest.raises(KeyboardInterrupt):
        anyio.run(main, backend=backend)
    assert held[0].state is State.CLOSED
    assert stream.closed


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
async def test_an_interrupt_that_a_stream_raises(kind: type[BaseException]) -> None:
    """Where Python raised it in a task of ours all the same, it leaves the block bare, and not as a group."""

    class Raising(Interrupting):
        async def receive(self, max_bytes: int = 65_536) -> bytes:
            if not self.pieces:
                raise kind
            return await super().receive(max_bytes)

    stream = Raising(REPLY, OPENING)
    caught: BaseException | None = None
    try:
        async with anytws.connect_stream(stream):
            await anyio.sleep_forever()
    except BaseException as left:
        caught = left
    assert type(caught) is kind
    assert stream.closed


def test_without_trio_there_is_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """trio is optional: where it was never imported, nothing of it is looked for."""

    async def work() -> None:
        return

    monkeypatch.delitem(sys.modules, "trio")
    assert uninterrupted(work) is work
