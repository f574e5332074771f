"""What it takes to pass over a message that nobody wants, by how its body begins: ticks of 50 requests, in memory.

* **cut off**: `Connection.receive_data` and `Connection.events` for ticks all of which are cut off
  (`Connection.cut_off`). It is the whole, from the bytes of a read: the frame, the look at its beginning, the count.
* **frames**: `FrameBuffer` alone, which is the part of it that is done for every message.
* **decoded**: the same reads by a connection that cuts off nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from anytws.messages import TickGeneric, TickPrice, TickSize, TickString
from anytws.messages.base import Message, Side
from anytws.wire.codec import shared_codec
from anytws.wire.frames import FrameBuffer
from tests.benchmarks.content import INSTRUMENTS, OUR_IDS, Content, more_ticks
from tests.benchmarks.decode import (
    PROTOBUF,
    ROUNDS,
    TEXT,
    Contestant,
    Pass,
    Taken,
    open_connection,
    quiet,
    race,
    warm_up,
)

KINDS: Final[tuple[type[Message], ...]] = (TickPrice, TickSize, TickString, TickGeneric)


def connection(version: int, *, cut_off: bool) -> Contestant:
    def contestant(content: Content) -> Callable[[], Pass]:
        warm_up(shared_codec(Side.CLIENT, version), content, OUR_IDS)

        def ready() -> Pass:
            reads, connection = content.reads(version, OUR_IDS), open_connection(version)
            for number in range(INSTRUMENTS) if cut_off else ():
                assert connection.cut_off(OUR_IDS + number + 1, KINDS)

            def one_pass() -> None:
                for data in reads:
                    connection.receive_data(data)
                    connection.events()

            def checked() -> None:
                one_pass()
                assert not cut_off or sum(connection.take_cut_off().values()) == content.units

            return checked

        return ready

    return contestant


def frames(version: int) -> Contestant:
    def contestant(content: Content) -> Callable[[], Pass]:
        def ready() -> Pass:
            reads = content.reads(version, OUR_IDS)

            def one_pass() -> None:
                buffer = FrameBuffer()
                for data in reads:
                    buffer.feed(data)
                    while bodies := buffer.frames():
                        for _ in bodies:
                            pass

            return one_pass

        return ready

    return contestant


def measure(rounds: int = ROUNDS) -> Taken:
    """Give what a tick takes that is cut off, and what parts of it do."""
    contestants: dict[str, Contestant] = {}
    for form, version in (("text", TEXT), ("protobuf", PROTOBUF)):
        contestants[f"cut off, {form}"] = connection(version, cut_off=True)
        contestants[f"frames, {form}"] = frames(version)
        contestants[f"decoded, {form}"] = connection(version, cut_off=False)
    with quiet():
        return race(more_ticks(), contestants, rounds)
