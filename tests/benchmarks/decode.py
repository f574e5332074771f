"""Bytes to typed objects: the same messages read by anytws, ib_async and the official client, in memory.

``python -m tests.benchmarks.decode`` prints the tables alone; ``python3 dev.py bench`` has them among the others.

The messages are made here, from a fixed seed, and written once as text of server version 178, the last that ib_async
speaks, and once as protobuf of the newest. Every contestant gets the same frames in the same reads, `BURST` frames
each, or one where a frame is larger than that. What is timed is processor time of one thread, and what counts is a
round's lowest of many: the work is always the same, and everything that disturbs it only adds.

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
import random
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import attrs
from ib_async import IB, Stock
from ib_async.client import Client
from ibapi.client import EClient
from ibapi.decoder import Decoder
from ibapi.reader import EReader
from ibapi.wrapper import EWrapper

import anytws.wire.codec
from anytws.core.connection import Connection
from anytws.messages.base import Message, Side
from anytws.messages.contracts import Action, Contract, SecurityType
from anytws.messages.historical import HistoricalData, HistoricalDataBar
from anytws.messages.market_data import TickAttributes, TickGeneric, TickPrice, TickSize, TickString, TickType
from anytws.messages.orders import OpenOrder, Order, OrderState, OrderStatus, OrderStatusWord, OrderType, TimeInForce
from anytws.messages.session import ManagedAccounts, NextValidId
from anytws.wire.codec import Codec
from anytws.wire.frames import FrameBuffer, frame
from anytws.wire.handshake import VersionReply, write_version_reply
from anytws.wire.versions import MAX_VERSION
from tests.benchmarks.conftest import Table

TEXT: Final = Client.MaxClientVersion
PROTOBUF: Final = MAX_VERSION
ROUNDS: Final = 30
BURST: Final = 20
"""Frames that one read brings."""
INSTRUMENTS: Final = 50
TICKS: Final = 4_000
ORDERS: Final = 50
BARS: Final = 5_000


# --- what is said ------------------------------------------------------------------------------------------------


@attrs.frozen
class Content:
    """Messages, and what their time is shared out among."""

    name: str
    messages: tuple[Message, ...]
    unit: str = "message"
    count: int = 0
    """How many units; 0: as many as messages."""

    @property
    def units(self) -> int:
        return self.count or len(self.messages)

    def reads(self, version: int) -> list[bytes]:
        """Give what a socket reads."""
        frames = [frame(body) for body in self.bodies(version)]
        return [b"".join(frames[start : start + BURST]) for start in range(0, len(frames), BURST)]

    def bodies(self, version: int) -> list[bytes]:
        codec = Codec(Side.TWS, version)
        return [codec.encode(message) for message in self.messages]


_SIDES: Final = (
    (TickType.BID, TickType.BID_SIZE),
    (TickType.ASK, TickType.ASK_SIZE),
    (TickType.LAST, TickType.LAST_SIZE),
)


def ticks() -> Content:
    """A feed of stocks: prices in cents that walk, round sizes; half prices, a third sizes, the rest other ticks."""
    chance = random.Random(1)
    prices = [chance.randrange(2_000, 40_000) for _ in range(INSTRUMENTS)]
    said: list[Message] = []
    for number in range(TICKS):
        which = chance.randrange(INSTRUMENTS)
        prices[which] += chance.choice((-2, -1, -1, 0, 1, 1, 2))
        price_type, size_type = chance.choice(_SIDES)
        size = Decimal(chance.randrange(1, 40) * 100)
        match chance.choices(("price", "size", "string", "generic"), (50, 35, 12, 3))[0]:
            case "price":
                attributes = TickAttributes.CAN_AUTO_EXECUTE
                said.append(TickPrice(which + 1, price_type, prices[which] / 100, size, attributes))
            case "size":
                said.append(TickSize(which + 1, size_type, size))
            case "string":
                said.append(TickString(which + 1, TickType.LAST_TIMESTAMP, str(1_767_623_400 + number // 20)))
            case _:
                said.append(TickGeneric(which + 1, TickType.HALTED, 0.0))
    return Content("ticks", tuple(said))


def new_ticks() -> Content:
    """The worst for whoever remembers values: no price and no size comes twice before it is forgotten."""
    chance = random.Random(2)
    prices, sizes = (chance.sample(range(1_000_000, 9_999_999), TICKS // 2) for _ in range(2))
    said: list[Message] = []
    for price, size in zip(prices, sizes, strict=True):
        which, (price_type, size_type) = chance.randrange(INSTRUMENTS), chance.choice(_SIDES)
        said.append(TickPrice(which + 1, price_type, price / 10_000, Decimal(size), TickAttributes.CAN_AUTO_EXECUTE))
        said.append(TickSize(which + 1, size_type, Decimal(size * 10 + 1)))
    return Content("ticks, each value new", tuple(said))


def orders() -> Content:
    """Orders from their acceptance until they are filled: each time the order and its status, as TWS sends them."""
    chance = random.Random(3)
    said: list[Message] = []
    for number in range(ORDERS):
        order_id, permanent_id, price = 100 + number, 2_138_440_000 + number, chance.randrange(2_000, 40_000) / 100
        contract = Contract(
            contract_id=265_598 + number, symbol=f"SYM{number}", security_type=SecurityType.STOCK, strike=0.0,
            exchange="SMART", currency="USD", local_symbol=f"SYM{number}", trading_class="NMS",
        )  # fmt: skip
        order = Order(
            action=chance.choice((Action.BUY, Action.SELL)), total_quantity=Decimal(300), order_type=OrderType.LIMIT,
            limit_price=price, aux_price=0.0, time_in_force=TimeInForce.DAY, account="DU1234567", client_id=1,
            permanent_id=permanent_id, order_reference=f"entry {number}", trail_stop_price=price + 1,
        )  # fmt: skip
        for status, filled in (("PreSubmitted", 0), ("Submitted", 0), ("Submitted", 100), ("Filled", 300)):
            word, paid = OrderStatusWord(status), price if filled else 0.0
            said.append(OpenOrder(order_id, contract, order, OrderState(status=word)))
            done, left = Decimal(filled), Decimal(300 - filled)
            said.append(OrderStatus(order_id, word, done, left, paid, permanent_id, 0, paid, 1, market_cap_price=0.0))
    return Content("orders and their statuses", tuple(said))


def bars() -> Content:
    """One answer of 5,000 bars of a minute."""
    chance = random.Random(4)
    at, cents = datetime(2026, 1, 5, 9, 30, tzinfo=ZoneInfo("US/Eastern")), 18_000
    made = []
    for _ in range(BARS):
        first = cents
        cents += chance.randrange(-20, 21)
        high, low = max(first, cents) + chance.randrange(9), min(first, cents) - chance.randrange(9)
        volume, wap = Decimal(chance.randrange(100, 90_000)), Decimal(chance.randrange(low * 10, high * 10 + 1)) / 1000
        opened, highest, lowest, closed = (value / 100 for value in (first, high, low, cents))
        made.append(HistoricalDataBar(at, opened, highest, lowest, closed, volume, wap, chance.randrange(1, 900)))
        at += timedelta(minutes=1)
    return Content("5,000 bars", (HistoricalData(1, bars=tuple(made)),), "bar", BARS)


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
                while (body := buffer.next_frame()) is not None:
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
