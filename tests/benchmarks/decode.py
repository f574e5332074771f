"""Bytes to typed objects: the same messages read by anytws, ib_async and the official client, in memory.

``python -m tests.benchmarks.decode`` prints the tables alone; ``python3 dev.py bench`` has them among the others.

The messages are those of `tests.benchmarks.content`, written once as text of server version 178, the last that
ib_async speaks, and once as protobuf of the newest. Every contestant gets the same frames in the same reads, ``BURST``
frames each, or one where a frame is larger than that. What is timed is processor time of one thread, and what counts is
a round's lowest of many: the work is always the same, and everything that disturbs it only adds.

* **anytws, codec**: `FrameBuffer` and `Codec.decode`. Out come the frozen objects of `anytws.messages`.
* **anytws, connection**: `Connection.receive_data` and `Connection.events`, which adds the state machine.
* **anytws, closures**: the codec with the strict readers alone, that is, before a reader is worth compiling.
* **ib_async**: from ``Client._onSocketHasData``, which is what its socket calls, through its decoder into its own
  wrapper. It has no smaller whole: the wrapper is what makes ``Ticker``, ``Trade`` and ``BarData``. Tickers,
  subscriptions and futures are there before the clock starts, nobody listens to its events, and its log is off. That
  wrapper keeps books, which ours does not; so there is a second figure.
* **ib_async, decoder**: the same with a wrapper whose methods do nothing: frames, fields, numbers, and the objects
  that its decoder itself makes (``Contract``, ``Order``, ``OrderState``, ``BarData``); dates stay text.
* **ibapi**: the official reader and message loop (``EReader.run``, then ``EClient.run``, in one thread, so that no time
  goes into switching), its decoder, and a wrapper whose methods do nothing. In protobuf it hands over each message
  twice, as the parsed one and as the plain callback, and makes the objects for both.
* **ibapi, decoder**: only ``Decoder.interpret`` or ``processProtoBuf``, on bodies that were cut before.

Everybody is run once before the clock starts: readers are compiled and caches are filled, as in a session that lasts.
The garbage collector is on, and has tidied up before each pass.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

from ib_async import IB, Stock
from ib_async.client import Client
from ibapi.client import EClient
from ibapi.decoder import Decoder
from ibapi.reader import EReader
from ibapi.wrapper import EWrapper

import anytws.wire.codec
from anytws.core.connection import Connection
from anytws.messages.base import Side
from anytws.messages.session import ManagedAccounts, NextValidId
from anytws.wire.codec import Codec
from anytws.wire.frames import FrameBuffer, frame
from anytws.wire.handshake import VersionReply, write_version_reply
from anytws.wire.versions import MAX_VERSION
from tests.benchmarks.conftest import Table
from tests.benchmarks.content import INSTRUMENTS, Content, bars, new_ticks, orders, ticks

TEXT: Final = Client.MaxClientVersion
PROTOBUF: Final = MAX_VERSION
ROUNDS: Final = 30


# --- who reads it ------------------------------------------------------------------------------------------------

Pass: TypeAlias = Callable[[], object]
"""Reads everything once."""
Contestant: TypeAlias = Callable[[Content], Callable[[], Pass]]
"""Gives, for some content, what makes ready for a pass; only the pass itself is timed."""


def our_codec(version: int) -> Contestant:
    def contestant(content: Content) -> Callable[[], Pass]:
        reads, codec = content.reads(version), Codec(Side.CLIENT, version)

        def one_pass() -> None:
            buffer, decode = FrameBuffer(), codec.decode
            for data in reads:
                buffer.feed(data)
                while bodies := buffer.frames():
                    for body in bodies:
                        decode(body)

        return lambda: one_pass

    return contestant


def our_closures(version: int) -> Contestant:
    def contestant(content: Content) -> Callable[[], Pass]:
        one_pass = our_codec(version)(content)()

        def strictly() -> None:
            enough = anytws.wire.codec.WORTH_COMPILING
            try:
                setattr(anytws.wire.codec, "WORTH_COMPILING", sys.maxsize)  # noqa: B010 (it is final)
                one_pass()
            finally:
                setattr(anytws.wire.codec, "WORTH_COMPILING", enough)  # noqa: B010

        return lambda: strictly

    return contestant


def our_connection(version: int) -> Contestant:
    def contestant(content: Content) -> Callable[[], Pass]:
        reads, tws = content.reads(version), Codec(Side.TWS, version)
        opening = (ManagedAccounts(("DU1234567",)), NextValidId(1))

        def ready() -> Pass:
            connection = Connection(Side.CLIENT)
            connection.opened()
            connection.receive_data(write_version_reply(VersionReply(version, b"20260105 14:30:00 GMT")))
            for message in opening:
                connection.receive_data(frame(tws.encode(message)))
            connection.events()

            def one_pass() -> None:
                for data in reads:
                    connection.receive_data(data)
                    connection.events()

            return one_pass

        return ready

    return contestant


class Mute:
    """A wrapper whose methods do nothing, for ib_async."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        # Kept, so that it is found the next time as a method would be.
        self.__dict__[name] = nothing
        return nothing


def nothing(*_: object) -> None:
    """Do nothing."""


def ib_async_client(*, mute: bool = False) -> Contestant:
    def contestant(content: Content) -> Callable[[], Pass]:
        reads = content.reads(TEXT)

        def ready() -> Pass:
            # Half of its methods have no types.
            client: Any = Client(Mute()) if mute else IB().client  # type: ignore[no-untyped-call]
            wrapper: Any = client.wrapper
            client._serverVersion = client.decoder.serverVersion = TEXT
            client._apiReady, client.connState = True, client.CONNECTED
            if not mute:
                for number in range(1, INSTRUMENTS + 1):
                    stock = Stock(f"SYM{number}", "SMART", "USD", conId=number)
                    wrapper.startTicker(number, stock, "mktData")
                wrapper.startReq(1)

            def one_pass() -> None:
                for data in reads:
                    client._onSocketHasData(data)
                # Left connected, it would say goodbye when it is collected.
                client.connState = client.DISCONNECTED

            return one_pass

        return ready

    return contestant


class SilentWrapper(EWrapper):  # type: ignore[misc]  # the official client has no types
    """A wrapper whose methods do nothing, for the official client."""


for _name in [name for name in dir(EWrapper) if not name.startswith("_")]:
    setattr(SilentWrapper, _name, nothing)


class Reads:
    """What the official client takes for its connection: a few reads, and then the end."""

    def __init__(self, reads: list[bytes]) -> None:
        self._reads = iter(reads)
        self._connected = True

    def isConnected(self) -> bool:  # noqa: N802 (the official client's name)
        return self._connected

    def disconnect(self) -> None:
        self._connected = False

    def recvMsg(self) -> bytes:  # noqa: N802 (the official client's name)
        data = next(self._reads, b"")
        self._connected = bool(data)
        return data


def ibapi_client(version: int) -> Contestant:
    def contestant(content: Content) -> Callable[[], Pass]:
        reads, wrapper = content.reads(version), SilentWrapper()
        decoder = Decoder(wrapper, version)

        def ready() -> Pass:
            connection = Reads(reads)
            client: Any = EClient(wrapper)
            client.serverVersion_, client.decoder, client.conn = version, decoder, connection
            client.setConnState(EClient.CONNECTED)

            def one_pass() -> None:
                EReader(connection, client.msg_queue).run()
                client.run()

            return one_pass

        return ready

    return contestant


def ibapi_decoder(version: int) -> Contestant:
    def contestant(content: Content) -> Callable[[], Pass]:
        decoder = Decoder(SilentWrapper(), version)
        bodies = content.bodies(version)

        def in_text() -> None:
            for body in bodies:
                fields = body.split(b"\0")
                decoder.interpret(fields[1:-1], int(fields[0]))

        def in_protobuf() -> None:
            for body in bodies:
                decoder.processProtoBuf(body[4:], int.from_bytes(body[:4], "big") - 200)

        return lambda: in_text if version == TEXT else in_protobuf

    return contestant


OURS: Final[dict[str, Contestant]] = {
    "anytws, codec, text": our_codec(TEXT),
    "anytws, codec, protobuf": our_codec(PROTOBUF),
    "anytws, connection, text": our_connection(TEXT),
    "anytws, connection, protobuf": our_connection(PROTOBUF),
    "anytws, closures, text": our_closures(TEXT),
    "anytws, closures, protobuf": our_closures(PROTOBUF),
}
PEERS: Final[dict[str, Contestant]] = {
    "ib_async": ib_async_client(),
    "ib_async, decoder": ib_async_client(mute=True),
    "ibapi, text": ibapi_client(TEXT),
    "ibapi, protobuf": ibapi_client(PROTOBUF),
    "ibapi, decoder, text": ibapi_decoder(TEXT),
    "ibapi, decoder, protobuf": ibapi_decoder(PROTOBUF),
}


# --- the race ----------------------------------------------------------------------------------------------------


@contextmanager
def quiet() -> Generator[None]:
    """No log lines for nobody, an event loop for ib_async's futures, and nothing old for the collector to look at."""
    loggers = [logging.getLogger(name) for name in ("ib_async", "ibapi")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        asyncio.set_event_loop(None)
        loop.close()
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def race(content: Content, contestants: dict[str, Contestant], rounds: int = ROUNDS) -> dict[str, float]:
    """Have everybody read *content*; give the microseconds of processor time that each takes for a unit of it."""
    ready = {name: contestant(content) for name, contestant in contestants.items()}
    lowest = dict.fromkeys(ready, float("inf"))
    for each in range(rounds + 1):
        for name, make_ready in ready.items():
            one_pass = make_ready()
            # Nobody pays for what the one before has left.
            gc.collect()
            begun = time.process_time()
            one_pass()
            taken = time.process_time() - begun
            if each:
                lowest[name] = min(lowest[name], taken)
    return {name: taken / content.units * 1e6 for name, taken in lowest.items()}


def table(content: Content, rounds: int = ROUNDS) -> Table:
    """Give the result for *content*, in the ratios that the targets are in."""
    with quiet():
        taken = race(content, OURS | PEERS, rounds)
    columns = ("ib_async", "ib_async, decoder", "ibapi, text", "ibapi, protobuf", "ibapi, decoder, protobuf")
    rows = [
        (name, *[f"{micros / taken[other]:.2f}" for other in columns], f"{micros:.2f}")
        for name, micros in taken.items()
    ]
    return Table(f"decoding: {content.name}", ("", *columns, f"us/{content.unit}"), rows)


CONTENTS: Final = (ticks, new_ticks, orders, bars)


def main() -> None:
    """Print the tables."""
    for content in CONTENTS:
        result = table(content())
        sys.stdout.write("\n".join([result.title, *result.lines(), "", ""]))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
