"""A bot that is killed with signal 9 at random moments, against a world that goes on: does its next process know?

::

    python -m tests.order_kills --kills 300            # prints what was tried, and the seed of what went wrong
    python -m tests.order_kills --seed 17 --kills 1

Each seed is one life: a bot with a journal works through a list of signals and is killed, several times, while what it
has placed is filled, changed by hand, and cancelled. Then all that its next process believes is compared with the
world.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final

import anyio
import attrs
from anyio.abc import Process
from anyio.streams.text import TextReceiveStream

import anytws
from anytws import Tws
from anytws.machines.order_state import OrderOutcome
from anytws.messages import PlaceOrderRequest
from anytws.messages.base import replace
from anytws.messages.order_words import OrderStatusWord
from anytws.simulator import World, WorldSettings, serve
from anytws.simulator.exchange.models import Latency, Progress
from anytws.simulator.exchange.order import HeldOrder
from anytws.simulator.settings import EPOCH
from tests.killed_bot import CLIENT, MOMENTS, hasten, journal_at

BOT: Final = str(Path(__file__).with_name("killed_bot.py"))
KINDS: Final = ("file", "sqlite")
PATIENCE: Final = 60.0
QUIET: Final = 0.3
"""Seconds after which a simulated TWS has said all that it has to say."""
SIGNALS: Final = 60
GENERATIONS: Final = 3
"""So often a bot is killed."""


class Wrong(AssertionError):
    """What is believed and is not so."""


def a_world(seed: int) -> World:
    """Give a world in which nothing is filled unless somebody does it."""
    latency = Latency(acknowledge=0.004, fill=0.001, commission=0.001, family=0.002)
    version = (176, 226)[seed // 2 % 2]
    return World(
        WorldSettings(
            starts_at=EPOCH,
            seed=seed,
            server_version=version,
            latency=latency,
            progress=Progress.BY_HAND,
            memory=100_000,
        )
    )


def mine(world: World) -> list[HeldOrder]:
    """Give all orders of the bot, the first first."""
    orders = world.exchange.orders
    return sorted(
        (held for held in (*orders.ended, *orders.live) if held.client_id == CLIENT), key=lambda o: o.order_id
    )


async def go_on(world: World, chance: random.Random) -> None:
    """Fill, change by hand and cancel what is there, for ever."""
    exchange = world.exchange
    while True:
        await anyio.sleep(chance.uniform(0.001, 0.03))
        world.note_time(anyio.current_time())
        live = [held for held in exchange.orders.live if held.client_id == CLIENT and held.is_accepted]
        if not live:
            continue
        held = chance.choice(live)
        match chance.randrange(5):
            case 0:
                exchange.hands.fill(held)
            case 1 if held.remaining > 1:
                exchange.hands.fill(held, Decimal(1))
            case 2:
                exchange.hands.cancel(held)
            case 3:
                change_by_hand(world, held)
            case _:
                pass


def change_by_hand(world: World, held: HeldOrder, price: float | None = None) -> None:
    """Have a person give *held* another limit."""
    before = held.order.limit_price or 0.0
    terms = replace(held.order, limit_price=round(before + 0.01, 2) if price is None else price)
    world.exchange.orders.change(held, terms)
    world.exchange.hands.say_again(held)


@asynccontextmanager
async def a_bot(
    port: int, kind: str, path: Path, seed: int, count: int, moment: str = ""
) -> AsyncGenerator[tuple[Process, TextReceiveStream]]:
    """Start a bot; it is dead at the end."""
    arguments = [sys.executable, BOT, f"{port}", kind, str(path), f"{seed}", f"{count}", moment]
    async with await anyio.open_process(arguments, stderr=None, cwd=Path(__file__).parents[1]) as process:
        try:
            assert process.stdout is not None
            yield process, TextReceiveStream(process.stdout)
        finally:
            if process.returncode is None:
                process.kill()


async def until_said(lines: TextReceiveStream, word: str) -> str:
    """Wait until the bot has said *word*; give what came after it."""
    said = ""
    with anyio.fail_after(PATIENCE):
        while word not in said:
            said += await lines.receive()
    return said.partition(word)[2]


async def live_and_die(seed: int, folder: Path, *, generations: int = GENERATIONS) -> Counter[str]:
    """Live the life with this seed; give what there was in it. Raises `Wrong`."""
    chance, kind = random.Random(seed), KINDS[seed % 2]
    world, path = a_world(seed), folder / f"orders-{seed}"
    situations = Counter[str]()
    async with serve(world) as served:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(go_on, world, random.Random(seed + 1))
            for generation in range(generations):
                moment = chance.choice(("", "", "", *MOMENTS))
                situations[f"killed: {moment or 'at random'}"] += 1
                async with a_bot(served.port, kind, path, seed + 7 * generation, SIGNALS, moment) as (process, lines):
                    if moment:
                        with anyio.fail_after(PATIENCE):
                            await process.wait()
                        continue
                    if chance.randrange(4):
                        await until_said(lines, "ready")
                        await anyio.sleep(chance.choice((0.0, chance.uniform(0, 0.05), chance.uniform(0, 0.4))))
                    else:
                        await anyio.sleep(chance.uniform(0.2, 1.2))
                    process.kill()
                    await process.wait()
            # The world goes on for a moment when nobody is there.
            await anyio.sleep(chance.uniform(0, 0.1))
            tasks.cancel_scope.cancel()
        async with anytws.connect(
            port=served.port, client_id=CLIENT, journal=journal_at(kind, str(path)), id_wait=10
        ) as tws:
            picture = await tws.orders.reconcile()
            await anyio.sleep(QUIET)
            check(seed, world, tws)
            for trade in picture.trades:
                is_lost = trade.state.status is OrderOutcome.REJECTED and not trade.permanent_id
                situations["never arrived" if is_lost else trade.state.status.value] += 1
                situations["unsure"] += trade.state.is_unsure
    return situations


def check(seed: int, world: World, tws: Tws) -> None:
    """Compare all that is believed with the world."""
    held_orders = mine(world)
    by_ref = Counter(held.order.order_reference for held in held_orders)
    _require(seed, max(by_ref.values(), default=1) == 1, f"placed twice: {by_ref.most_common(3)}")
    for held in held_orders:
        check_one(seed, held, tws.orders.trade(held.order.order_reference))
    there = {held.order_id for held in held_orders}
    heard = _new_ids(world)
    for trade in tws.orders.trades:
        if trade.order_id not in there:
            is_right = trade.state.status is OrderOutcome.REJECTED or trade.state.is_unsure
            _require(seed, is_right and not trade.state.filled, f"{trade} is not there")
            is_gone = trade.order_id not in heard or trade.state.is_unsure or trade.state.permanent_id
            _require(seed, is_gone or trade.state.status is OrderOutcome.REJECTED, f"{trade} had arrived")
    _require(seed, heard == sorted(set(heard)), "ids went down")
    highest = max([0, *heard, *[trade.order_id or 0 for trade in tws.orders.trades]])
    _require(seed, tws.known_orders.ids.next > highest, "an id will be used again")


def check_one(seed: int, held: HeldOrder, trade: anytws.Trade | None) -> None:
    """Compare what is believed of one order with what it is."""
    if trade is None:
        raise Wrong(f"seed {seed}: nobody knows of {held.order.order_reference}")
    state, order = trade.state, trade.order
    outcomes = {OrderOutcome.OPEN} if held.is_live else {
        OrderStatusWord.FILLED: {OrderOutcome.FILLED},
        OrderStatusWord.INACTIVE: {OrderOutcome.REJECTED, OrderOutcome.CANCELLED},
    }.get(held.status or OrderStatusWord.CANCELLED, {OrderOutcome.CANCELLED})  # fmt: skip
    said = f"{trade.ref} is believed {state}, and is {held.status}, {held.filled} of {held.total} at {held.limit}"
    _require(seed, state.status in outcomes, said)
    _require(seed, state.filled == held.filled, said)
    _require(seed, state.permanent_id == held.permanent_id and trade.order_id == held.order_id, said)
    _require(seed, not state.is_unsure, said)
    shares = sum((fill.execution.shares or Decimal(0) for fill in trade.fills), Decimal(0))
    _require(seed, shares == held.filled, f"{said}: {trade.fills}")
    if held.is_live:
        is_right = order is not None and Decimal(str(order.limit_price)) == held.limit
        _require(seed, is_right and state.remaining == held.remaining, f"{said}: {order}")


def _new_ids(world: World) -> list[int]:
    """Give the ids of new orders, as TWS heard of them."""
    ids: dict[int, None] = {}
    for heard in world.heard:
        message = heard.message
        if isinstance(message, PlaceOrderRequest) and message.order_id is not None:
            ids.setdefault(message.order_id)
    return list(ids)


def _require(seed: int, holds: object, what: str) -> None:
    if not holds:
        raise Wrong(f"seed {seed}: {what}")


# --- many ------------------------------------------------------------------------------------------------------------


@attrs.define
class Count:
    """What was tried."""

    kills: int = 0
    lives: int = 0
    orders: Counter[str] = attrs.field(factory=Counter[str])
    troubles: list[str] = attrs.field(factory=list[str])


async def many(begin: int, kills: int, at_once: int) -> Count:
    """Live so many lives, some at a time."""
    count = Count()
    seeds = iter(range(begin, begin + -(-kills // GENERATIONS)))
    hasten(0.3)

    async def work(folder: Path) -> None:
        for seed in seeds:
            try:
                count.orders += await live_and_die(seed, folder)
            except Exception as problem:
                count.troubles.append(f"seed {seed}: {problem!r}")
                sys.stdout.write(f"WRONG seed {seed}: {problem!r}\n")
            count.lives, count.kills = count.lives + 1, count.kills + GENERATIONS
            if not count.lives % 10:
                sys.stdout.write(f"{count.kills} kills, {dict(count.orders)}\n")
                sys.stdout.flush()

    with tempfile.TemporaryDirectory() as folder:
        async with anyio.create_task_group() as tasks:
            for _ in range(at_once):
                tasks.start_soon(work, Path(folder))
    return count


def main() -> int:
    """Do as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.order_kills", description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--at-once", type=int, default=4)
    chosen = parser.parse_args()
    count = anyio.run(many, chosen.seed, chosen.kills, chosen.at_once)
    sys.stdout.write(
        f"{count.kills} kills in {count.lives} lives, {len(count.troubles)} failures, {dict(count.orders)}\n"
    )
    return 1 if count.troubles else 0


if __name__ == "__main__":
    raise SystemExit(main())
