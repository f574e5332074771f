"""A TWS that feeds, as a process of its own: ``python -m tests.benchmarks.last_metre.tws``.

What it says is made before it is said, and it writes as fast as the socket takes it, or paced by a clock. What it is to
say stands in the symbol of the contract that is asked for, so that every client can tell it:

* ``quiet``: nothing yet.
* ``flood:COUNT``: so many ticks; 0: without end. The last one has the price `END_PRICE`.
* ``spread:COUNT``: the same, in turn on all quiet subscriptions of the connection and on this one, where the end comes.
* ``paced:RATE:COUNT``: so many, each at its time. Every tenth one has the time of sending for a price.
* ``rows:COUNT``: rows of a book. The last one has the price `END_PRICE`.
* ``fields:FIELDS:COUNT``: messages of so many fields (market rules); then the last tick.
* ``orders:COUNT``: open orders, each with its status; then the last tick.
* ``lives:COUNT``, ``executions:COUNT``: so many messages of orders that are new, from their acceptance until they are
  filled, without their executions and with them; then the last tick.
* ``opened:COUNT``: so many orders that work; then the last tick. ``statuses:COUNT``: news of the last of them, and the
  last tick.
* ``restart``: the connection ends, as that of a TWS that is restarted.
* ``bars:COUNT``, in a request for bars: so many of a minute, others with each request, in the form that is asked for.

A request for the accounts is answered with them, one for a market rule with one of a step, one for open orders with
their end. An order works at once. All else is taken, and not answered. It writes its port to stdout and ends with its
stdin.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import random
import socket
import sys
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from anytws.messages.base import Message, Side, replace
from anytws.messages.contract import Contract
from anytws.messages.contracts import MarketRule, MarketRuleRequest, PriceIncrement
from anytws.messages.historical import FormatDate, HistoricalData, HistoricalDataEnd, HistoricalDataRequest
from anytws.messages.market_data import (
    MarketDataRequest,
    MarketDepth,
    MarketDepthData,
    MarketDepthOperation,
    MarketDepthRequest,
    MarketDepthSide,
    TickAttributes,
    TickPrice,
    TickSize,
    TickType,
)
from anytws.messages.order_state import OrderState
from anytws.messages.order_words import OrderStatusWord
from anytws.messages.orders import AllOpenOrdersRequest, OpenOrder, OpenOrdersEnd, OrderStatus, PlaceOrderRequest
from anytws.messages.session import ManagedAccounts, ManagedAccountsRequest
from anytws.wire.codec import Codec
from anytws.wire.frames import FrameBuffer, frame
from anytws.wire.handshake import PREFIX, VersionReply, read_greeting, write_version_reply
from anytws.wire.versions import HISTORICAL_DATA_END, MAX_VERSION
from tests.benchmarks.canned_tws import opening
from tests.benchmarks.content import bars, bars_in_epoch_seconds, orders
from tests.benchmarks.last_metre import order_feed
from tests.benchmarks.last_metre.work import END_PRICE, LOWEST_PRICE, WARM_UP, now, stay_on_processor

CYCLE: Final = 4_000
"""Ticks that are made; a longer feed repeats them."""
STAMP_EVERY: Final = 10
LEVELS: Final = 10
TURNS: Final = 32
"""Answers of bars that differ."""
_SIDES: Final = (
    (TickType.BID, TickType.BID_SIZE),
    (TickType.ASK, TickType.ASK_SIZE),
    (TickType.LAST, TickType.LAST_SIZE),
)


def ticks(request_ids: list[int]) -> Iterator[Message]:
    """Give a feed of stocks: prices that walk by cents, round sizes, in turn on all of *request_ids*.

    No size comes twice in a row: ib_async passes over such a one, and everybody is to read the same.
    """
    chance = random.Random(1)
    cents = [chance.randrange(LOWEST_PRICE * 100 + 5_000, 40_000) for _ in request_ids]
    sizes: dict[tuple[int, TickType], int] = {}
    for number in itertools.count():
        which = number % len(request_ids)
        price_type, size_type = chance.choice(_SIDES)
        before = sizes.get((which, price_type), 0)
        size = chance.choice([lots for lots in range(1, 40) if lots != before])
        if before == 0 or chance.random() < 0.6:
            cents[which] += chance.choice((-2, -1, -1, 0, 1, 1, 2))
            yield TickPrice(
                request_id=request_ids[which],
                tick_type=price_type,
                price=cents[which] / 100,
                size=Decimal(size * 100),
                attributes=TickAttributes.CAN_AUTO_EXECUTE,
            )
        else:
            yield TickSize(request_id=request_ids[which], tick_type=size_type, size=Decimal(size * 100))
        sizes[which, price_type] = size


def last_tick(request_id: int) -> Message:
    return TickPrice(request_id=request_id, tick_type=TickType.LAST, price=END_PRICE, size=Decimal(100))


def stamp(request_id: int) -> Message:
    """Give a tick with the time for a price.

    A high has no size, so nothing that comes later repeats it: ib_async gives the last price again with each new size.
    In whole microseconds, for prices are floats there.
    """
    price = float(round(now()))
    return TickPrice(request_id=request_id, tick_type=TickType.HIGH, price=price, size=Decimal(0))


def rows(request_id: int) -> Iterator[Message]:
    """Give what happens to a book that is full: its rows change."""
    chance = random.Random(2)
    for _ in itertools.count():
        position, side = chance.randrange(LEVELS), chance.choice((MarketDepthSide.ASK, MarketDepthSide.BID))
        price = 200 + (position + 1) / 100 * (1 if side is MarketDepthSide.ASK else -1)
        size = Decimal(chance.randrange(1, 40) * 100)
        row = MarketDepthData(position, MarketDepthOperation.UPDATE, side, price, size)
        yield MarketDepth(request_id=request_id, row=row)


def first_rows(request_id: int) -> Iterator[Message]:
    """Give the rows of a book that is new."""
    for position in range(LEVELS):
        for side, step in ((MarketDepthSide.ASK, 1), (MarketDepthSide.BID, -1)):
            price = 200 + (position + 1) / 100 * step
            row = MarketDepthData(position, MarketDepthOperation.INSERT, side, price, Decimal(100))
            yield MarketDepth(request_id=request_id, row=row)


def last_row(request_id: int) -> Message:
    row = MarketDepthData(0, MarketDepthOperation.UPDATE, MarketDepthSide.BID, END_PRICE, Decimal(100))
    return MarketDepth(request_id=request_id, row=row)


def market_rule(fields: int) -> Message:
    """Give a message of *fields* fields, its id among them: three, and two for each step."""
    steps = tuple(PriceIncrement(float(number), (number + 1) / 100) for number in range((fields - 3) // 2))
    return MarketRule(26, steps)


@functools.cache
def made(version: int, name: str, count: int, request_ids: tuple[int, ...]) -> bytes:
    """Give the first *count* messages of a feed."""
    codec = Codec(Side.TWS, version)
    if name == "rows":
        messages = rows(request_ids[0])
    elif name == "orders":
        messages = itertools.cycle(orders().messages)
    elif name == "fields":
        messages = itertools.repeat(market_rule(request_ids[0]))
    else:
        messages = ticks([*request_ids])
    return b"".join(frame(codec.encode(message)) for message in itertools.islice(messages, count))


@functools.cache
def orders_made(version: int, name: str, count: int, already: int) -> bytes:
    """Give *count* messages, or orders, of which so many of the same connection were said *already*."""
    codec = Codec(Side.TWS, version)
    if name == "opened":
        messages = order_feed.opened(count)
    elif name == "statuses":
        messages = order_feed.statuses(order_feed.FIRST + already // order_feed.LONG, already % order_feed.LONG, count)
    else:
        whole = order_feed.lives(with_executions=name == "executions")
        messages = itertools.islice(whole, already, already + count)
    return b"".join([frame(codec.encode(message)) for message in messages])


@functools.cache
def bars_made(turn: int, count: int, form: FormatDate) -> HistoricalData:
    """Give an answer of *count* bars, others in each *turn*."""
    content = bars_in_epoch_seconds() if form is FormatDate.EPOCH_SECONDS else bars()
    content.turn(turn)
    (answer,) = content.messages
    assert isinstance(answer, HistoricalData)
    # Below server version 196 the answer says where it begins and ends; who reads it has no use for that.
    return replace(answer, start=answer.bars[0].time, end=answer.bars[count - 1].time, bars=answer.bars[:count])


class Client:
    """One client, and what it is told."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._codec = Codec(Side.TWS, MAX_VERSION)
        self._subscriptions: list[int] = []
        self._answers: dict[bytes, bytes] = {}
        self._turn = 0
        self._said = 0
        """Messages of orders that were said, or statuses of one, besides its place times `order_feed.LONG`."""

    def serve(self) -> None:
        """Talk until the client leaves."""
        with self._socket, contextlib.suppress(OSError):
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            greeting = self._socket.recv(4096)
            version = min(MAX_VERSION, read_greeting(greeting[len(PREFIX) + 4 :]).maximum_version)
            self._codec = Codec(Side.TWS, version)
            self._socket.sendall(write_version_reply(VersionReply(version, b"20260105 14:30:00 GMT")))
            self._socket.recv(4096)
            self._socket.sendall(opening(version))
            frames = FrameBuffer()
            while data := self._socket.recv(65536):
                frames.feed(data)
                while (body := frames.next_frame()) is not None:
                    self._answer(body)

    def _answer(self, body: bytes) -> None:
        answer = self._answers.get(body)
        if answer is not None:
            self._socket.sendall(answer)
            return
        request = self._codec.decode(body)
        if isinstance(request, ManagedAccountsRequest):
            self._answers[body] = self._frame(ManagedAccounts(("DU1234567",)))
            self._socket.sendall(self._answers[body])
        elif isinstance(request, MarketDataRequest | MarketDepthRequest):
            assert request.request_id is not None
            self._feed(request.request_id, request.contract)
        elif isinstance(request, MarketRuleRequest):
            self._answers[body] = self._frame(market_rule(5))
            self._socket.sendall(self._answers[body])
        elif isinstance(request, HistoricalDataRequest):
            self._tell_bars(request)
        elif isinstance(request, PlaceOrderRequest):
            self._take_order(request)
        elif isinstance(request, AllOpenOrdersRequest):
            self._socket.sendall(self._frame(OpenOrdersEnd()))

    def _take_order(self, request: PlaceOrderRequest) -> None:
        number, order = request.order_id, request.order
        assert number is not None
        order = replace(order, order_id=None, client_id=1, permanent_id=order_feed.PERMANENT + number)
        word, nothing = OrderStatusWord.SUBMITTED, Decimal(0)
        total = order.total_quantity
        status = OrderStatus(
            number, word, nothing, total, 0.0, order.permanent_id, 0, 0.0, 1, market_cap_price=0.0
        )  # fmt: skip
        opened = OpenOrder(number, request.contract, order, OrderState(status=word))
        self._socket.sendall(self._frame(opened) + self._frame(status))

    def _tell_orders(self, name: str, count: int, last: bytes) -> None:
        self._socket.sendall(orders_made(self._codec.version, name, count, self._said) + last)
        self._said = (count - 1) * order_feed.LONG if name == "opened" else self._said + count

    def _tell_bars(self, request: HistoricalDataRequest) -> None:
        _, count = request.contract.symbol.lower().split(":")
        self._turn = (self._turn + 1) % TURNS
        said = replace(bars_made(self._turn, int(count), request.format_date), request_id=request.request_id)
        end = b""
        if self._codec.version >= HISTORICAL_DATA_END:
            assert request.request_id is not None
            end = self._frame(HistoricalDataEnd(request.request_id, said.start, said.end))
        self._socket.sendall(self._frame(said) + end)

    def _frame(self, message: Message) -> bytes:
        return frame(self._codec.encode(message))

    def _feed(self, request_id: int, contract: Contract) -> None:
        what, *numbers = contract.symbol.lower().split(":")
        if what in ("quiet", "spread"):
            self._subscriptions.append(request_id)
        match what, [int(number) for number in numbers]:
            case "flood", [count]:
                self._pour("ticks", count, (request_id,), self._frame(last_tick(request_id)))
            case "spread", [count]:
                self._pour("ticks", count, tuple(self._subscriptions), self._frame(last_tick(request_id)))
            case "rows", [count]:
                self._socket.sendall(b"".join([self._frame(row) for row in first_rows(request_id)]))
                self._pour("rows", count, (request_id,), self._frame(last_row(request_id)))
            case "orders", [count]:
                self._pour("orders", count, (0,), self._frame(last_tick(request_id)))
            case ("lives" | "executions" | "opened" | "statuses") as name, [count]:
                self._tell_orders(name, count, self._frame(last_tick(request_id)))
            case "restart", []:
                self._socket.shutdown(socket.SHUT_RDWR)
            case "fields", [fields, count]:
                self._pour("fields", count, (fields,), self._frame(last_tick(request_id)))
            case "paced", [rate, count]:
                self._pace(request_id, rate, count)

    def _pour(self, name: str, count: int, numbers: tuple[int, ...], last: bytes) -> None:
        cycle = max(CYCLE, len(numbers)) if name != "fields" else CYCLE // 10
        if count == 0:
            whole = made(self._codec.version, name, cycle, numbers)
            while True:
                self._socket.sendall(whole)
        for _ in range((count - 1) // cycle):
            self._socket.sendall(made(self._codec.version, name, cycle, numbers))
        rest = (count - 1) % cycle
        self._socket.sendall(made(self._codec.version, name, rest, numbers) + last)

    def _pace(self, request_id: int, rate: int, count: int) -> None:
        messages = itertools.islice(ticks([request_id]), count - 1)
        frames = [self._frame(message) for message in messages]
        began = now()
        for number, said in enumerate(frames):
            due = began + number * 1e6 / rate
            while (missing := due - now()) > 0:
                # Sleeping is late by up to a tenth of a millisecond.
                if missing > 500:
                    time.sleep((missing - 300) / 1e6)
            is_stamped = number % STAMP_EVERY == STAMP_EVERY - 1
            self._socket.sendall(self._frame(stamp(request_id)) if is_stamped else said)
        self._socket.sendall(self._frame(last_tick(request_id)))


def listen(listener: socket.socket) -> None:
    """Serve everybody who comes, at the same time, for ever."""
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=Client(sock).serve, daemon=True).start()


def warm_up() -> None:
    """Have the writers of this process compiled, so that nobody waits for that."""
    for version in (178, MAX_VERSION):
        made(version, "ticks", WARM_UP, (1,))


if __name__ == "__main__":
    stay_on_processor(-1)
    warm_up()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as port:
        threading.Thread(target=listen, args=(port,), daemon=True).start()
        sys.stdout.write(f"{port.getsockname()[1]}\n")
        sys.stdout.flush()
        sys.stdin.read()
