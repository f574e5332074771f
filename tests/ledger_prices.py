"""Prices that a test says itself, for what values positions by them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from anytws.messages import Contract, SecurityType
from anytws.simulator.ledger.accounts import Accounts
from anytws.simulator.ledger.booking import Booking
from anytws.simulator.settings import WorldSettings
from anytws.simulator.universe.instrument import Instrument
from anytws.simulator.universe.universe import usual_universe

NOON = 1_767_632_400_000
"""Monday, 5 January 2026, 12:00 in New York, in milliseconds since 1970."""
DAY = 86_400_000


class Prices:
    """A market that is where it was put, and moves when it is told to."""

    def __init__(self) -> None:
        self._levels: dict[int, list[tuple[int, int]]] = {}

    def put(self, instrument: Instrument, price: Decimal | str, at: int = 0) -> None:
        """Have *instrument* cost *price* from *at* on."""
        ticks = int(Decimal(price) / instrument.tick)
        assert instrument.price_of(ticks) == Decimal(price)
        self._levels.setdefault(instrument.contract_id, []).append((at, ticks))

    def mark(self, instrument: Instrument, at: int) -> int:
        usual = int(instrument.nature.price / instrument.tick)
        levels = self._levels.get(instrument.contract_id, [])
        return next((ticks for since, ticks in reversed(levels) if since <= at), usual)

    def next_change(self, _: Instrument, at: int) -> int:
        return at + 250


def instrument(symbol: str, kind: SecurityType = SecurityType.STOCK, **fields: Any) -> Instrument:
    """Give the first instrument of the usual universe that fits."""
    return usual_universe().find(Contract(symbol=symbol, security_type=kind, **fields))[0].instrument


def accounts_with(prices: Prices, **settings: Any) -> Accounts:
    """Give accounts, empty but for cash, whose positions cost what *prices* say."""
    settings = {"accounts": ("DU1",), "positions": (), **settings}
    return Accounts(WorldSettings(**settings), usual_universe(), prices)  # type: ignore[arg-type]


def execution(number: str, what: Instrument, quantity: object, price: object, **fields: Any) -> Booking:
    """Give an execution, without commission unless it is said."""
    given = {
        "execution_id": number,
        "account": "DU1",
        "instrument": what,
        "at": NOON,
        "quantity": Decimal(str(quantity)),
        "price": Decimal(str(price)),
        "commission": Decimal(str(fields.pop("commission", 0))),
        "commission_currency": what.currency,
    }
    return Booking(**{**given, **fields})
