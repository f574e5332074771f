"""A bot that works through a list of signals with a journal, until it is killed: a process of `tests.order_kills`.

Whenever it is started, it finds out first what there is, and then goes through the same list from its beginning: what
was placed is not placed again.
"""

from __future__ import annotations

import json
import os
import random
import signal as signals
import sys
from decimal import Decimal
from functools import partial
from typing import Any, Final

import anyio

import anytws
from anytws import Tws
from anytws.client.journal import JournalOnDisk
from anytws.client.order_errors import AlreadyPlaced, OrderRejected, OrderUnknown
from anytws.machines import reconcile
from anytws.machines.journal import Entry, Placed
from anytws.machines.journal_lines import line_of
from anytws.machines.order_state import OrderOutcome
from anytws.messages import LimitOrder, Stock
from anytws.runtime.tcp import TcpStream

CLIENT: Final = 4
SYMBOLS: Final = ("AAPL", "MSFT", "SPY", "AMD")
WORKERS: Final = 3


def journal_at(kind: str, path: str) -> anytws.FileJournal | anytws.SqliteJournal:
    """Give a journal of that kind."""
    return anytws.FileJournal(path) if kind == "file" else anytws.SqliteJournal(path)


def signal(number: int) -> tuple[Stock, LimitOrder]:  # type: ignore[valid-type]
    """Give what the signal with that number says."""
    side, price = ("BUY", "1.50") if number % 2 else ("SELL", "900")
    return Stock(SYMBOLS[number // 2 % len(SYMBOLS)]), LimitOrder(side, 2 + number % 4, price)


# --- the worst moments -----------------------------------------------------------------------------------------------

MOMENTS: Final = ("half-journaled", "journaled", "half-sent", "sent")
"""When it kills itself: with half of an order's line in its file, with all of it, with half of the bytes at the system,
with all of them."""


CALM: Final = "calm"
"""It only places, and does not kill itself."""


def die() -> None:
    """End as if somebody had killed us, with nothing done on the way."""
    os.kill(os.getpid(), signals.SIGKILL)


def doom(journal: JournalOnDisk, moment: str, number: int) -> None:
    """Have this process die at that *moment* of the order with that *number*."""
    write, send, left, is_next = journal.write, TcpStream.send_some, number, False

    def dying_write(*entries: Entry) -> None:
        nonlocal left, is_next
        if not any(isinstance(entry, Placed) for entry in entries):
            write(*entries)
            return
        left -= 1
        is_next = left == 0
        if is_next and moment == "half-journaled":
            if isinstance(journal, anytws.FileJournal) and journal._file is not None:
                journal._file.write(line_of(entries[0])[:-20])
            die()
        write(*entries)
        if is_next and moment == "journaled":
            die()

    def dying_send(stream: TcpStream, data: bytes | memoryview) -> int:
        if not is_next:
            return send(stream, data)
        send(stream, data[: len(data) // 2] if moment == "half-sent" else data)
        die()
        raise AssertionError("we are dead")

    journal.write = dying_write  # type: ignore[method-assign]
    TcpStream.send_some = dying_send  # type: ignore[method-assign]


def hasten(seconds: float) -> None:
    """Have two looks at what TWS lists be so far apart: no network is between us and it."""
    reconcile.SETTLING = seconds  # type: ignore[misc]


def say(word: object) -> None:
    """Tell who has started us."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def place(tws: Tws, number: int) -> None:
    """Place the signal with that number, unless that was done."""
    contract, order = signal(number)
    ref = f"n{number}"
    try:
        await tws.orders.place(contract, order, ref=ref)
    except AlreadyPlaced as problem:
        state = problem.trade.state
        if state.status is OrderOutcome.REJECTED and not state.permanent_ids:
            # It never arrived, as TWS has said by all that it lists.
            await tws.orders.place(contract, order, ref=ref, again=True)


async def trade(tws: Tws, chance: random.Random, numbers: list[int], *, only_places: bool) -> None:
    """Work through *numbers*; change and cancel now and then what there is."""
    while numbers:
        if only_places:
            await place(tws, numbers.pop(0))
            continue
        mine = [each for each in tws.orders.trades if each.ref and each.state.status is OrderOutcome.OPEN]
        try:
            match chance.randrange(6):
                case 0 if mine:
                    await chance.choice(mine).cancel(timeout=5)
                case 1 if mine:
                    chosen = chance.choice(mine)
                    terms = chosen.order
                    if terms is not None and terms.total_quantity is not None:
                        await chosen.modify(total_quantity=terms.total_quantity + Decimal(1), timeout=5)
                case _:
                    await place(tws, numbers.pop(0))
        except (OrderRejected, OrderUnknown, anytws.ModificationRefused, anytws.CancelFailed):
            pass
        await anyio.sleep(chance.choice((0, 0, 0.001, 0.005)))


def told(each: anytws.Trade) -> dict[str, Any]:
    """Give what is believed of an order, for another process."""
    state, order = each.state, each.order
    return {
        "ref": each.ref,
        "order_id": each.order_id,
        "permanent_id": state.permanent_id,
        "status": state.status.value,
        "filled": str(state.filled),
        "remaining": str(state.remaining),
        "quantity": None if order is None else str(order.total_quantity),
        "limit_price": None if order is None else order.limit_price,
        "is_unsure": state.is_unsure,
    }


async def main(port: int, kind: str, path: str, seed: int, count: int, moment: str) -> None:
    """Find out what there is; then work through *count* signals."""
    hasten(0.3)
    chance, journal, is_calm = random.Random(seed), journal_at(kind, path), moment == CALM
    if moment and not is_calm:
        doom(journal, moment, chance.randrange(1, 12))
    async with anytws.connect(port=port, client_id=CLIENT, journal=journal, pacing=None, id_wait=10) as tws:
        await tws.orders.reconcile()
        say("ready")
        if count == 0:
            say(json.dumps([told(each) for each in tws.orders.trades]))
            return
        numbers = list(range(count))
        async with anyio.create_task_group() as tasks:
            for _ in range(WORKERS):
                tasks.start_soon(partial(trade, tws, chance, numbers, only_places=is_calm))
        say("done")
        if moment and not is_calm:
            # There were not as many to place.
            die()
        await anyio.sleep_forever()


if __name__ == "__main__":
    _, _port, _kind, _path, _seed, _count, _moment = sys.argv
    _backend = ("asyncio", "trio")[int(_seed) // 4 % 2]
    anyio.run(main, int(_port), _kind, _path, int(_seed), int(_count), _moment, backend=_backend)
