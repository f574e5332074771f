"""The story of a day, in the messages that went over the wire: both ways, with their times.

What is kept while the day runs is bytes, as they passed at the client's end; they are read when somebody looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias, overload

import attrs
from anyio.abc import ByteStream

from anytws.errors import DecodeError, RemoteProtocolError, in_a_sentence
from anytws.messages.base import Message, Side
from anytws.messages.historical import RealTimeBarTick
from anytws.messages.market_data import (
    MarketDepth,
    MarketDepthL2,
    TickByTickData,
    TickGeneric,
    TickOptionComputation,
    TickPrice,
    TickSize,
    TickString,
)
from anytws.testing.days import lines
from anytws.wire.codec import UnknownId, shared_codec
from anytws.wire.frames import FrameBuffer
from anytws.wire.handshake import PREFIX, VersionReply, read_reply
from anytws.wire.odd import Odd
from anytws.wire.text import Surplus

DATA: Final[tuple[type[Message], ...]] = (
    *(TickPrice, TickSize, TickString, TickGeneric, TickOptionComputation),
    *(TickByTickData, MarketDepth, MarketDepthL2, RealTimeBarTick),
)
"""Messages of a market that moves: they are summed up in a printed story."""

Clock: TypeAlias = Callable[[], float]
"""Gives the seconds since the day began."""

_FEWEST: Final = 4
"""So many messages of data in a row are one line."""


@attrs.frozen
class Told:
    """One thing that happened: a message that passed, or something that was done to the day."""

    now: float
    """Seconds since the day began."""
    said_by: Side | None
    """Whose message it is; None: what happened is no message."""
    connection: int
    """The number of the connection that it passed on, from 1; 0: it happened to no connection."""
    message: Message | None = None
    """The message; None where there is none, or it could not be read."""
    text: str = ""
    """What happened, where it is no message, in one line."""
    is_an_end: bool = False
    """Whether the connection ended, and not because the program closed it."""

    def __str__(self) -> str:
        """Give it as one line: a time, an arrow from the client or from TWS, and what was said."""
        arrow = {Side.CLIENT: "->", Side.TWS: "<-", None: " *"}[self.said_by]
        said = self.text if self.message is None else lines.short(self.message)
        return lines.line(self.now, arrow, said)


@attrs.define
class _Wire:
    """What passed on one connection, cut into frames."""

    number: int
    greeted: bool = False
    version: int | None = None
    said: FrameBuffer = attrs.field(factory=FrameBuffer)
    heard: FrameBuffer = attrs.field(factory=FrameBuffer)


@attrs.frozen
class _Frame:
    now: float
    said_by: Side
    wire: _Wire
    body: bytes


class Story(Sequence[Told]):
    """All that was said on a day, and what happened besides, in order. Grows as the day goes on.

    Of what broke off in the middle of a message, the beginning is not told. ``str`` of it is the printed story.
    """

    def __init__(self) -> None:
        self._raw: list[_Frame | Told] = []
        self._told: list[Told] = []
        self._wires: list[_Wire] = []
        self.messages: int = 0
        """How many messages have passed, both ways together."""

    def __repr__(self) -> str:
        return f"<Story of {len(self._raw)} things>"

    @property
    def connections(self) -> int:
        """How many connections there were until now."""
        return len(self._wires)

    # What is written

    def tell(self, now: float, text: str, connection: int = 0, *, is_an_end: bool = False) -> None:
        """Note that something happened which is no message."""
        self._raw.append(Told(now, None, connection, None, text, is_an_end))

    def new_wire(self) -> int:
        """Begin the next connection; give its number."""
        self._wires.append(_Wire(len(self._wires) + 1))
        return len(self._wires)

    def note(self, now: float, said_by: Side, connection: int, data: bytes) -> None:
        """Note bytes of *said_by* that passed on *connection*."""
        wire = self._wires[connection - 1]
        buffer = wire.said if said_by is Side.CLIENT else wire.heard
        buffer.feed(data)
        try:
            if said_by is Side.CLIENT and not wire.greeted:
                wire.greeted = buffer.take(len(PREFIX)) is not None
                if not wire.greeted:
                    return
            while bodies := buffer.frames():
                self._raw += [_Frame(now, said_by, wire, body) for body in bodies]
                self.messages += len(bodies)
        except RemoteProtocolError as problem:
            # Only bytes that somebody has damaged say such a length, and then nothing behind them is a frame.
            buffer.clear()
            self.tell(now, f"not a frame: {problem}", connection)

    # What is read

    @overload
    def __getitem__(self, index: int) -> Told: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Told]: ...

    def __getitem__(self, index: int | slice) -> Told | Sequence[Told]:
        """Give one thing that happened, or several."""
        self._read()
        return self._told[index]

    def __len__(self) -> int:
        return len(self._raw)

    def __iter__(self) -> Iterator[Told]:
        self._read()
        return iter(tuple(self._told))

    def _read(self) -> None:
        for item in self._raw[len(self._told) :]:
            self._told.append(item if isinstance(item, Told) else _read(item))

    def __str__(self) -> str:
        """Give the story as lines; data of a market in a row are one of them."""
        return "\n".join(_lines(self))


def _read(frame: _Frame) -> Told:
    """Read *frame*; what cannot be read is told in words."""

    def told(text: str, message: Message | None = None) -> Told:
        return Told(frame.now, frame.said_by, frame.wire.number, message, text)

    wire = frame.wire
    if wire.version is None:
        if frame.said_by is Side.CLIENT:
            return told(f"greeting {in_a_sentence(frame.body.decode('ascii', 'backslashreplace'))}")
        reply = _reply(frame.body)
        if isinstance(reply, VersionReply):
            wire.version = reply.server_version
            return told(f"server version {reply.server_version}")
        return told(f"{len(frame.body)} bytes before the version")
    try:
        decoded = shared_codec(frame.said_by.peer, wire.version).decode(frame.body)
    except DecodeError as problem:
        return told(f"unreadable: {problem}")
    if isinstance(decoded, UnknownId):
        return told(f"unknown message {decoded.message_id}")
    if isinstance(decoded, (Odd, Surplus)):
        return told("", decoded.message)
    return told("", decoded)


def _reply(body: bytes) -> object:
    try:
        return read_reply(body)
    except RemoteProtocolError:
        return None


def _lines(story: Iterable[Told]) -> Iterator[str]:
    run: list[Told] = []
    for told in story:
        if isinstance(told.message, DATA):
            run.append(told)
            continue
        yield from _summed_up(run)
        run.clear()
        yield str(told)
    yield from _summed_up(run)


def _summed_up(run: Sequence[Told]) -> Iterator[str]:
    if len(run) < _FEWEST:
        yield from map(str, run)
    else:
        yield from lines.summed_up([(told.now, told.message) for told in run if told.message is not None])


class Tap(ByteStream):
    """One connection's byte stream, of which every byte that passes is noted in a `Story`."""

    def __init__(
        self,
        stream: ByteStream,
        story: Story,
        now: Clock,
        on_passage: Callable[[], None],
        on_end: Callable[[int], None] | None = None,
    ) -> None:
        self._stream = stream
        self._story = story
        self._now = now
        self.number: Final = story.new_wire()
        self._on_passage = on_passage
        self._on_end = on_end
        """Told when it is closed, of a program that does not close it itself."""

    async def receive(self, max_bytes: int = 65536) -> bytes:
        """Give the next bytes of the stream."""
        data = await self._stream.receive(max_bytes)
        self._story.note(self._now(), Side.TWS, self.number, data)
        self._on_passage()
        return data

    async def send(self, item: bytes) -> None:
        """Send all of *item*."""
        self._story.note(self._now(), Side.CLIENT, self.number, item)
        self._on_passage()
        await self._stream.send(item)

    async def send_eof(self) -> None:
        """Say that no more will be sent."""
        await self._stream.send_eof()

    async def aclose(self) -> None:
        """Close the stream."""
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end(self.number)
        await self._stream.aclose()
