"""Bytes to typed objects: the same kinds of messages read by anytws, ib_async and the official client, in memory.

``python -m tests.benchmarks.wire`` prints the tables of this and of `tests.benchmarks.encode`, in ratios;
``python -m tests.benchmarks.decode bars new_ticks`` what everybody takes for some contents, or for all.

The messages are those of `tests.benchmarks.content`, as text of server version 178, the last that ib_async speaks, and
as protobuf of the newest. Everybody gets them in reads of ``BURST`` frames each, or of one where a frame is larger than
that. What is timed is processor time, and what counts is a round's lowest of many: the work is always the same, and
everything that disturbs it only adds.

* **anytws, codec**: `FrameBuffer` and `Codec.decode`. Out come the frozen objects of `anytws.messages`.
* **anytws, connection**: `Connection.receive_data` and `Connection.events`, which adds the state machine.
* **anytws, closures**: the codec with the strict readers alone, that is, before a reader is worth compiling.
* **ib_async**: from ``Client._onSocketHasData``, which is what its socket calls, through its decoder into its own
  wrapper. It has no smaller whole: the wrapper is what makes ``Ticker``, ``Trade`` and ``BarData``, and dates of their
  texts. Tickers, subscriptions and futures are there before the clock starts, and so are the trades of the orders, as
  they are for whoever has placed them; nobody listens to its events, and its log is off. That wrapper keeps books,
  which ours does not; so there is a second figure.
* **ib_async, decoder**: the same with a wrapper whose methods do nothing: frames, fields, numbers, and the objects
  that its decoder itself makes (``Contract``, ``Order``, ``OrderState``, ``BarData``); dates of bars stay text.
* **ibapi**: the official reader and message loop (``EReader.run``, then ``EClient.run``, in one thread, so that no time
  goes into switching), its decoder, and a wrapper whose methods do nothing; dates stay text. In protobuf it hands over
  each message twice, as the parsed one and as the plain callback, and makes the objects for both.
* **ibapi, decoder**: only ``Decoder.interpret`` or ``processProtoBuf``, on bodies that were cut before.

What keeps it fair:

* **Nobody reads the same content twice**, nor one that another has read: each pass has a turn of its own (`Content`),
  of as many messages in the same shares, with other values. It matters for us alone, who remember values, the process
  over, and it makes our figures worse. Of ib_async's time, the same code took with one content for all rounds, and with
  turns: 0.66 and 0.77 for new ticks in text (the 2,000 prices of a round fit a memory of 2,048), 0.08 and 0.11 for
  orders, 0.25 and 0.27 for bars of a minute. `content.ticks` is the exception, and is called so: all its values have
  been seen.
* **ib_async has placed the orders itself**, as nearly all that it hears of in life. One that it has not costs it more,
  which made our figure for orders better by a fifth; that is in the numbers above.
* **Request ids are those that each client makes**: ours have ten digits, or five bytes, theirs are small
  (`content.OUR_IDS`). What we would take with theirs is in `SMALL`.
* **Nobody fails in silence.** ib_async and the official client write exceptions to their logs and go on, which would
  pass for speed; an error in a log ends the benchmark (`quiet`).
* Each of our readers has seen enough before the clock starts to be compiled, as in a session that lasts. The first
  round counts for nobody. The garbage collector is on, and has tidied up before each pass.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC
from typing import Any, Final, TypeAlias

from ib_async import IB, LimitOrder, Stock
from ib_async.client import Client
from ibapi.client import EClient
from ibapi.decoder import Decoder
from ibapi.reader import EReader
from ibapi.wrapper import EWrapper

import anytws.wire.codec
from anytws.core.connection import Connection
from anytws.messages import ManagedAccounts, NextValidId, OpenOrder
from anytws.messages.base import Side
from anytws.wire.codec import Codec, shared_codec
from anytws.wire.frames import FrameBuffer, frame
from anytws.wire.handshake import VersionReply, write_version_reply
from anytws.wire.versions import MAX_VERSION
from tests.benchmarks.conftest import Table
from tests.benchmarks.content import (
    ANSWERS,
    INSTRUMENTS,
    OUR_IDS,
    SMALL_IDS,
    Content,
    bars,
    bars_in_epoch_seconds,
    bars_of_a_day,
    bars_of_a_second,
    bars_of_five_seconds,
    bars_without_zone,
    book,
    computations,
    more_ticks,
    new_ticks,
    orders,
    past_midpoints,
    past_quotes,
    past_trades,
    smart_book,
    tape,
    ticks,
)

TEXT: Final = Client.MaxClientVersion
PROTOBUF: Final = MAX_VERSION
ROUNDS: Final = 30


# --- who reads it ------------------------------------------------------------------------------------------------

Pass: TypeAlias = Callable[[], object]
"""Reads everything once."""
Contestant: TypeAlias = Callable[[Content], Callable[[], Pass]]
"""Gives, for some content, what makes ready for a pass over what that says now; only the pass itself is timed."""


def our_codec(version: int, first_id: int = OUR_IDS) -> Contestant:
    def contestant(content: Content) -> Callable[[], Pass]:
        codec = Codec(Side.CLIENT, version)
        warm_up(codec, content, first_id)

        def ready() -> Pass:
            reads = content.reads(version, first_id)

            def one_pass() -> None:
                buffer, decode = FrameBuffer(), codec.decode
                for data in reads:
                    buffer.feed(data)
                    while bodies := buffer.frames():
                        for body in bodies:
                            decode(body)

            return one_pass

        return ready

    return contestant


def warm_up(codec: Codec, content: Content, first_id: int) -> None:
    """Read so much of each kind of message that its reader is compiled."""
    by_kind: dict[bytes, list[bytes]] = {}
    for body in content.bodies(codec.version, first_id):
        kind = body.partition(b"\0")[0] if codec.version == TEXT else body[:4]
        by_kind.setdefault(kind, []).append(body)
    for bodies in by_kind.values():
        left = 2 * anytws.wire.codec.WORTH_COMPILING
        for body in itertools.cycle(bodies):
            codec.decode(body)
            left -= len(body)
            if left < 0:
                break


def our_closures(version: int) -> Contestant:
    def contestant(content: Content) -> Callable[[], Pass]:
        codec = Codec(Side.CLIENT, version)

        def ready() -> Pass:
            reads = content.reads(version, OUR_IDS)

            def one_pass() -> None:
                buffer = FrameBuffer()
                for data in reads:
                    buffer.feed(data)
                    while bodies := buffer.frames():
                        for body in bodies:
                            codec.decode(body)

            return strictly(one_pass)

        return ready

    return contestant


def strictly(one_pass: Pass) -> Pass:
    """Have nothing compiled in a pass."""

    def closures_only() -> None:
        enough = anytws.wire.codec.WORTH_COMPILING
        try:
            setattr(anytws.wire.codec, "WORTH_COMPILING", sys.maxsize)  # noqa: B010 (it is final)
            one_pass()
        finally:
            setattr(anytws.wire.codec, "WORTH_COMPILING", enough)  # noqa: B010

    return closures_only


def our_connection(version: int, first_id: int = OUR_IDS) -> Contestant:
    def contestant(content: Content) -> Callable[[], Pass]:
        warm_up(shared_codec(Side.CLIENT, version), content, first_id)

        def ready() -> Pass:
            reads, connection = content.reads(version, first_id), open_connection(version)

            def one_pass() -> None:
                for data in reads:
                    connection.receive_data(data)
                    connection.events()

            return one_pass

        return ready

    return contestant


def open_connection(version: int) -> Connection:
    """Give our side of a session that has begun."""
    tws = Codec(Side.TWS, version)
    connection = Connection(Side.CLIENT)
    connection.opened()
    connection.receive_data(write_version_reply(VersionReply(version, b"20260105 14:30:00 GMT")))
    for message in (ManagedAccounts(("DU1234567",)), NextValidId(1)):
        connection.receive_data(frame(tws.encode(message)))
    connection.events()
    return connection


class Mute:
    """A wrapper whose methods do nothing, for ib_async."""

    defaultTimezone = UTC  # noqa: N815 (ib_async's name)

    def __getattr__(self, name: str) -> Callable[..., None]:
        # Kept, so that it is found the next time as a method would be.
        self.__dict__[name] = nothing
        return nothing


def nothing(*_: object) -> None:
    """Do nothing."""


class Sink:
    """A connection that takes everything and keeps the last that it was given."""

    last = b""

    def isConnected(self) -> bool:  # noqa: N802 (the official client's name)
        return True

    def sendMsg(self, data: bytes) -> int:  # noqa: N802 (both clients' name)
        self.last = data
        return len(data)


def ib_async_client(*, mute: bool = False) -> Contestant:
    def contestant(content: Content) -> Callable[[], Pass]:
        def ready() -> Pass:
            reads = content.reads(TEXT)
            # Half of its methods have no types.
            client: Any = Client(Mute()) if mute else IB().client  # type: ignore[no-untyped-call]
            client._serverVersion = client.decoder.serverVersion = TEXT
            client._apiReady, client.connState, client.MaxRequests = True, client.CONNECTED, 0
            client.conn = Sink()
            if not mute:
                subscribe(client.wrapper)
                if content.has_orders:
                    place(client.wrapper.ib, content)

            def one_pass() -> None:
                for data in reads:
                    client._onSocketHasData(data)
                # Left connected, it would say goodbye when it is collected.
                client.connState = client.DISCONNECTED

            return one_pass

        return ready

    return contestant


def subscribe(wrapper: Any) -> None:
    """Have ib_async wait for what is answered."""
    for number in range(1, INSTRUMENTS + 1):
        wrapper.startTicker(number, Stock(f"SYM{number}", "SMART", "USD", conId=number), "mktData")
    for number in range(1, ANSWERS + 1):
        wrapper.startReq(number)


def place(ib: Any, content: Content) -> None:
    """Have ib_async know the orders of *content*, as whoever has placed them does."""
    ib.wrapper.clientId = 1
    placed = {said.order_id: said for said in content.said() if isinstance(said, OpenOrder)}
    for order_id, said in placed.items():
        stock = Stock(said.contract.symbol, "SMART", "USD", conId=said.contract.contract_id)
        order: Any = LimitOrder(said.order.action.value, 300, said.order.limit_price, orderId=order_id)
        ib.placeOrder(stock, order)


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
        wrapper = SilentWrapper()
        decoder = Decoder(wrapper, version)

        def ready() -> Pass:
            connection = Reads(content.reads(version))
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

        def ready() -> Pass:
            bodies = content.bodies(version)

            def in_text() -> None:
                for body in bodies:
                    fields = body.split(b"\0")
                    decoder.interpret(fields[1:-1], int(fields[0]))

            def in_protobuf() -> None:
                for body in bodies:
                    decoder.processProtoBuf(body[4:], int.from_bytes(body[:4], "big") - 200)

            return in_text if version == TEXT else in_protobuf

        return ready

    return contestant


OURS: Final[dict[str, Contestant]] = {
    "anytws, codec, text": our_codec(TEXT),
    "anytws, codec, protobuf": our_codec(PROTOBUF),
    "anytws, connection, text": our_connection(TEXT),
    "anytws, connection, protobuf": our_connection(PROTOBUF),
    "anytws, closures, text": our_closures(TEXT),
    "anytws, closures, protobuf": our_closures(PROTOBUF),
}
SMALL: Final[dict[str, Contestant]] = {
    "anytws, codec, text, small ids": our_codec(TEXT, SMALL_IDS),
    "anytws, codec, protobuf, small ids": our_codec(PROTOBUF, SMALL_IDS),
}
PEERS: Final[dict[str, Contestant]] = {
    "ib_async": ib_async_client(),
    "ib_async, decoder": ib_async_client(mute=True),
    "ibapi, text": ibapi_client(TEXT),
    "ibapi, protobuf": ibapi_client(PROTOBUF),
    "ibapi, decoder, text": ibapi_decoder(TEXT),
    "ibapi, decoder, protobuf": ibapi_decoder(PROTOBUF),
}
COMPARED: Final = ("ib_async", "ib_async, decoder", "ibapi, text", "ibapi, protobuf")


# --- the race ----------------------------------------------------------------------------------------------------


class Complaints(logging.Handler):
    """Keeps the first error that a peer's log was told."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.first = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.first = self.first or f"{record.name}: {record.getMessage()[:500]} {record.exc_info or ''}"


@contextmanager
def quiet() -> Generator[None]:
    """No log lines for nobody, an event loop for ib_async's futures, and nothing old for the collector to look at.

    Errors in the logs end it: a peer that fails is quick, and says it nowhere else.
    """
    loggers = [logging.getLogger(name) for name in ("ib_async", "ibapi")]
    before = [(logger.level, logger.propagate) for logger in loggers]
    complaints = Complaints()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
        logger.addHandler(complaints)
        logger.propagate = False
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
        for logger, (level, propagate) in zip(loggers, before, strict=True):
            logger.setLevel(level)
            logger.removeHandler(complaints)
            logger.propagate = propagate
    if complaints.first:
        raise AssertionError(f"a peer did not do its work: {complaints.first}")


def race(content: Content, contestants: dict[str, Contestant], rounds: int = ROUNDS) -> dict[str, float]:
    """Have everybody read *content*; give the microseconds of processor time that each takes for a unit of it."""
    ready = {name: contestant(content) for name, contestant in contestants.items()}
    lowest = dict.fromkeys(ready, float("inf"))
    turns = itertools.count(1)
    for each in range(rounds + 1):
        for name, make_ready in ready.items():
            content.turn(next(turns))
            one_pass = make_ready()
            # Nobody pays for what the one before has left.
            gc.collect()
            begun = time.process_time()
            one_pass()
            taken = time.process_time() - begun
            if each:
                lowest[name] = min(lowest[name], taken)
    return {name: taken / content.units * 1e6 for name, taken in lowest.items()}


CONTENTS: Final = (
    ticks,
    more_ticks,
    new_ticks,
    computations,
    tape,
    book,
    smart_book,
    orders,
    bars_in_epoch_seconds,
    bars_of_a_second,
    bars_of_five_seconds,
    bars,
    bars_without_zone,
    bars_of_a_day,
    past_trades,
    past_quotes,
    past_midpoints,
)
CLOSELY: Final = (ticks, new_ticks, orders, bars)
"""Those which everybody reads; the others are not read by what is only part of another contestant."""
_PARTS: Final = ("connection", "closures", "ibapi, decoder")


def contestants(make: Callable[[], Content]) -> dict[str, Contestant]:
    """Give who reads what *make* makes."""
    everybody = OURS | SMALL | PEERS if make in (ticks, new_ticks) else OURS | PEERS
    if make in CLOSELY:
        return everybody
    return {name: each for name, each in everybody.items() if not any(part in name for part in _PARTS)}


Taken: TypeAlias = dict[str, float]
"""The microseconds for a unit, by contestant."""


def measure(make: Callable[[], Content], rounds: int = ROUNDS) -> Taken:
    """Have what *make* makes read by whoever reads it."""
    with quiet():
        return race(make(), contestants(make), rounds)


def as_table(content: Content, taken: Taken) -> Table:
    """Give what was measured, in the ratios that the targets are in."""
    rows = [
        (name, *[f"{micros / taken[other]:.2f}" for other in COMPARED], f"{micros:.2f}")
        for name, micros in taken.items()
    ]
    columns = ("", *[f"to {other}" for other in COMPARED], f"us/{content.unit}")
    return Table(f"decoding: {content.name}", columns, rows)


def table(content: Content, rounds: int = ROUNDS) -> Table:
    """Have *content* read by everybody."""
    with quiet():
        return as_table(content, race(content, OURS | PEERS, rounds))


def main(names: list[str]) -> None:
    """Print what everybody takes for the contents that are named, or for all."""
    for make in CONTENTS:
        if not names or make.__name__ in names:
            result = as_table(make(), measure(make))
            sys.stdout.write("\n".join([result.title, *result.lines(), "", ""]))
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
