"""Worlds whose accounts are traded in by hand, and clients that look at them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

from anytws.core.events import Event, Notice
from anytws.messages.session import ErrorMessage
from anytws.simulator import World, WorldSettings
from anytws.simulator.ledger.booking import Booking
from tests.test_world import Client

_T = TypeVar("_T")

ONE, TWO = ("DU1",), ("DU1", "DU2")
FAMILY = ("F1", "DU1", "DU2")
THREE_MINUTES = 180.0
NIGHT = 240 * THREE_MINUTES
"""Half past nine in the evening of New York, when no stock is traded."""


class Looker(Client):
    """A client of a TWS in which nothing fails."""

    def go(self, now: float) -> list[Event]:
        told = super().go(now)
        assert self.link.failure is None
        return told


def client_at(version: int = 225, accounts: tuple[str, ...] = TWO, **settings: Any) -> Looker:
    """Give a client of a TWS with *accounts*."""
    return Looker(World(WorldSettings(server_version=version, accounts=accounts, **settings)))


def trade(client: Client, number: str, symbol: str, quantity: object, price: object, **fields: Any) -> Decimal | None:
    """Book an execution in the world of *client*, now."""
    world = client.link.world
    instrument = world.universe.by_symbol(symbol)
    given = {
        "execution_id": number,
        "account": "DU1",
        "instrument": instrument,
        "at": world.ms(),
        "quantity": Decimal(str(quantity)),
        "price": Decimal(str(price)),
        "commission": Decimal(str(fields.pop("commission", 0))),
        "commission_currency": instrument.currency,
    }
    return world.accounts.book(Booking(**{**given, **fields}))


def of(kind: type[_T], told: list[Any]) -> list[_T]:
    """Give what of *told* is of *kind*."""
    return [event for event in told if isinstance(event, kind)]


def errors_of(told: list[Any]) -> list[tuple[int | None, int, str]]:
    """Give the errors and notices of *told*: the id of the request, the code and the text."""
    found = [event.message if isinstance(event, Notice) else event for event in told]
    return [
        (event.request_id, event.error_code, event.error_message) for event in found if isinstance(event, ErrorMessage)
    ]


def codes_of(told: list[Any]) -> list[tuple[int | None, int]]:
    """Give the errors and notices of *told*: the id of the request and the code."""
    return [(request_id, code) for request_id, code, _ in errors_of(told)]
