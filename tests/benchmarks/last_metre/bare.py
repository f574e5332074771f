"""The floor: a bare AnyIO reader task, as one would write it for this and for nothing else.

``python -m tests.benchmarks.last_metre.bare BACKEND``. It reads from `anyio.connect_tcp`, cuts frames, makes attrs
objects by hand, and hands them to another task by a list and an `anyio.Event`, once for each read. No state, no check,
no error; text alone.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

import anyio
import attrs
from anyio.abc import ByteStream

from tests.benchmarks.last_metre.work import (
    END_PRICE,
    ITEM_SECONDS,
    SETTLING_SECONDS,
    STAMPS_FROM,
    WARM_UP,
    Do,
    Section,
    Work,
    now,
    serve,
)

VERSION: Final = 178
CHUNK: Final = 65536


@attrs.define
class TickPrice:
    request_id: int
    tick_type: int
    price: float
    size: float
    attributes: int


@attrs.define
class TickSize:
    request_id: int
    tick_type: int
    size: float


@attrs.define
class Row:
    request_id: int
    position: int
    operation: int
    side: int
    price: float
    size: float


@attrs.define
class MarketRule:
    number: int
    steps: tuple[tuple[float, float], ...]


def tick_price(fields: list[str]) -> TickPrice:
    return TickPrice(int(fields[2]), int(fields[3]), float(fields[4]), float(fields[5]), int(fields[6]))


def tick_size(fields: list[str]) -> TickSize:
    return TickSize(int(fields[2]), int(fields[3]), float(fields[4]))


def row(fields: list[str]) -> Row:
    return Row(int(fields[2]), int(fields[3]), int(fields[4]), int(fields[5]), float(fields[6]), float(fields[7]))


def market_rule(fields: list[str]) -> MarketRule:
    numbers = [float(field) for field in fields[3:-1]]
    return MarketRule(int(fields[1]), tuple(zip(numbers[::2], numbers[1::2], strict=True)))


DECODERS: Final[dict[str, Callable[[list[str]], Any]]] = {
    "1": tick_price,
    "2": tick_size,
    "12": row,
    "15": lambda fields: fields[2],
    "93": market_rule,
}
ACCOUNTS_REQUEST: Final = b"\0\0\0\x0517\x001\x00"


def frame(*fields: object) -> bytes:
    body = "".join(f"{field}\0" for field in fields).encode()
    return len(body).to_bytes(4, "big") + body


def subscribe(request_id: int, symbol: str) -> bytes:
    """Write a request for market data: a contract of twelve fields, no legs, nothing else."""
    return frame(1, 11, request_id, 0, symbol, "STK", "", "", "", "", "SMART", "", "USD", "", "", 0, "", 0, 0, "")


def subscribe_rows(request_id: int, symbol: str) -> bytes:
    return frame(10, 5, request_id, 0, symbol, "STK", "", "", "", "", "SMART", "", "USD", "", "", 10, 0, "")


class Connection:
    """One connection: a task that reads, and one that is handed what came."""

    def __init__(self, stream: ByteStream) -> None:
        self.stream = stream
        self.rest = b""
        self.box: list[Any] = []
        self.filled: anyio.Event | None = None

    async def handshake(self) -> None:
        await self.stream.send(b"API\0" + (9).to_bytes(4, "big") + b"v157..178")
        await self.frames()
        await self.stream.send(frame(71, 2, 1, ""))
        while not any(body.startswith(b"9\0") for body in await self.frames()):
            continue

    async def frames(self) -> list[bytes]:
        """Wait for what comes, and cut it."""
        data = self.rest + await self.stream.receive(CHUNK)
        bodies, at, end = [], 0, len(data)
        while at + 4 <= end:
            then = at + 4 + int.from_bytes(data[at : at + 4], "big")
            if then > end:
                break
            bodies.append(data[at + 4 : then])
            at = then
        self.rest = data[at:]
        return bodies

    async def read(self) -> None:
        decoders = DECODERS
        while True:
            heard = []
            for body in await self.frames():
                fields = body.decode().split("\0")
                decode = decoders.get(fields[0])
                if decode is not None:
                    heard.append(decode(fields))
            self.box += heard
            if self.filled is not None:
                self.filled.set()
                self.filled = None

    async def take(self) -> list[Any]:
        """Wait for what the other task has read."""
        if not self.box:
            self.filled = anyio.Event()
            await self.filled.wait()
        taken, self.box = self.box, []
        return taken


Talk: TypeAlias = Callable[[Connection, Work, Section], Awaitable[object]]


async def session(talk: Talk, work: Work, section: Section) -> None:
    async with await anyio.connect_tcp("127.0.0.1", work.port) as stream, anyio.create_task_group() as tasks:
        connection = Connection(stream)
        await connection.handshake()
        tasks.start_soon(connection.read)
        await talk(connection, work, section)
        tasks.cancel_scope.cancel()


async def read_ticks(connection: Connection) -> int:
    count = 0
    while True:
        for tick in await connection.take():
            count += 1
            if type(tick) is TickPrice and tick.price == END_PRICE:
                return count


async def read_rows(connection: Connection) -> int:
    count = 0
    while True:
        for each in await connection.take():
            count += 1
            if each.price == END_PRICE:
                return count


async def flood(connection: Connection, work: Work, section: Section) -> None:
    await connection.stream.send(subscribe(1, f"flood:{WARM_UP}"))
    await read_ticks(connection)
    for number in range(1, work.subscriptions):
        await connection.stream.send(subscribe(1 + number, "quiet"))
    section.start()
    symbol = f"spread:{work.count}" if work.spread else f"flood:{work.count}"
    await connection.stream.send(subscribe(1 + work.subscriptions, symbol))
    section.stop(await read_ticks(connection))


async def rows(connection: Connection, work: Work, section: Section) -> None:
    await connection.stream.send(subscribe_rows(1, f"rows:{WARM_UP}"))
    await read_rows(connection)
    section.start()
    await connection.stream.send(subscribe_rows(2, f"rows:{work.count}"))
    section.stop(await read_rows(connection))


async def fields(connection: Connection, work: Work, section: Section) -> None:
    for number, count in enumerate((WARM_UP, work.count)):
        section.start()
        await connection.stream.send(subscribe(1 + number, f"fields:{work.fields}:{count}"))
        section.stop(await read_ticks(connection))


async def paced(connection: Connection, work: Work, section: Section) -> None:
    await connection.stream.send(subscribe(1, f"flood:{WARM_UP}"))
    await read_ticks(connection)
    latencies, count, ended = section.result.latencies, 0, False
    section.start()
    await connection.stream.send(subscribe(2, f"paced:{work.rate}:{work.count}"))
    while not ended:
        for tick in await connection.take():
            count += 1
            if type(tick) is TickPrice:
                if tick.price > STAMPS_FROM:
                    latencies.append(now() - tick.price)
                ended = tick.price == END_PRICE
    section.stop(count)


async def round_trips(connection: Connection, work: Work, section: Section) -> None:
    await anyio.sleep(SETTLING_SECONDS)

    async def ask() -> str:
        await connection.stream.send(ACCOUNTS_REQUEST)
        (accounts,) = await connection.take()
        return accounts

    for _ in range(work.count // 10):
        await ask()
    latencies = section.result.latencies
    section.start()
    for _ in range(work.count):
        began = now()
        await ask()
        latencies.append(now() - began)
    section.stop(work.count)


async def slow(connection: Connection, work: Work, section: Section) -> None:
    await connection.stream.send(subscribe(1, f"flood:{WARM_UP}"))
    await read_ticks(connection)
    count = 0
    section.start()
    await connection.stream.send(subscribe(2, "flood:0"))
    with anyio.move_on_after(work.seconds):
        while True:
            for _ in await connection.take():
                count += 1
                await anyio.sleep(ITEM_SECONDS)
    section.stop(count)


def doing(talk: Talk, backend: str) -> Do:
    return lambda work, section: anyio.run(session, talk, work, section, backend=backend)


def many(backend: str) -> Do:
    """Read floods on several connections in one loop."""

    async def all_of_them(work: Work, section: Section) -> None:
        ready = anyio.Event()
        counts: list[int] = []
        waiting = work.connections

        async def one(connection: Connection, work: Work, section: Section) -> None:
            nonlocal waiting
            await connection.stream.send(subscribe(1, f"flood:{WARM_UP}"))
            await read_ticks(connection)
            waiting -= 1
            if not waiting:
                section.start()
                ready.set()
            await ready.wait()
            await connection.stream.send(subscribe(2, f"flood:{work.count // work.connections}"))
            counts.append(await read_ticks(connection))
            if len(counts) == work.connections:
                section.stop(sum(counts))

        async with anyio.create_task_group() as tasks:
            for _ in range(work.connections):
                tasks.start_soon(session, one, work, section)

    return lambda work, section: anyio.run(all_of_them, work, section, backend=backend)


def kinds(backend: str) -> dict[str, Do]:
    talks: dict[str, Talk] = {talk.__name__: talk for talk in (flood, rows, fields, paced, round_trips, slow)}
    return {name: doing(talk, backend) for name, talk in talks.items()} | {"connections": many(backend)}


if __name__ == "__main__":
    serve(kinds(sys.argv[1]))
