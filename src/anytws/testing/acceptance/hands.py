"""What a line ``tws …`` does: to orders by the simulator's hands, to connections, and to what is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from anytws.messages.session import ErrorMessage
from anytws.simulator import HangUp, World


def act(world: World, words: Sequence[str], now: float) -> None:
    """Do what *words* say, at *now*. Raises `ValueError` for words that nobody knows.

    ``fills a [40 [@300]]``, ``corrects a @301``, ``rejects a [201 …]``, ``cancels a [reason]``, ``repeats a``,
    ``hangs-up``, ``breaks``, ``goes``, ``comes-back``, ``says CODE [text]``.
    """
    world.note_time(now)
    deed = _DEEDS.get(words[0])
    if deed is None:
        raise ValueError(f"TWS can {', '.join(_DEEDS)}, and not {words[0]}")
    deed(world, words[1:])


def _fill(world: World, words: Sequence[str]) -> None:
    hands = world.exchange.hands
    shares = Decimal(words[1]) if len(words) > 1 else None
    price = Decimal(words[2].removeprefix("@")) if len(words) > 2 else None
    hands.fill(hands.find(reference=words[0]), shares, price)


def _correct(world: World, words: Sequence[str]) -> None:
    hands = world.exchange.hands
    held = hands.find(reference=words[0])
    hands.correct(held, held.fills[-1], price=Decimal(words[1].removeprefix("@")))


def _reject(world: World, words: Sequence[str]) -> None:
    hands = world.exchange.hands
    code = int(words[1]) if len(words) > 1 else 201
    hands.reject(hands.find(reference=words[0]), code, " ".join(words[2:]) or "Order rejected by the exchange.")


def _cancel(world: World, words: Sequence[str]) -> None:
    hands = world.exchange.hands
    hands.cancel(hands.find(reference=words[0]), " ".join(words[1:]))


def _repeat(world: World, words: Sequence[str]) -> None:
    hands = world.exchange.hands
    hands.say_again(hands.find(reference=words[0]))


def _hang_up(world: World, _: Sequence[str]) -> None:
    for link in world.links:
        link.die(HangUp.EOF, world.now)


def _break(world: World, _: Sequence[str]) -> None:
    for link in world.links:
        link.die(HangUp.RESET, world.now)


def _go(world: World, _: Sequence[str]) -> None:
    world.die(HangUp.EOF, world.now)


def _come_back(world: World, _: Sequence[str]) -> None:
    world.restart(world.now)


def _say(world: World, words: Sequence[str]) -> None:
    code, text = int(words[0]), " ".join(words[1:])
    for link in world.listeners:
        link.push(ErrorMessage(-1, code, text))


_DEEDS: Final[dict[str, Callable[[World, Sequence[str]], None]]] = {
    "fills": _fill,
    "corrects": _correct,
    "rejects": _reject,
    "cancels": _cancel,
    "repeats": _repeat,
    "hangs-up": _hang_up,
    "breaks": _break,
    "goes": _go,
    "comes-back": _come_back,
    "says": _say,
}
