"""What a gate goes by besides its policy: what is believed when something is wanted, and what it says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Protocol, TypeAlias

import attrs

from anytws.machines.intent import Intent
from anytws.machines.journal import Sums
from anytws.machines.quotes import Quote
from anytws.messages.base import record
from anytws.messages.contract import Contract

_NOTHING: Final = Decimal(0)
Quotes: TypeAlias = Callable[[Contract], Quote | None]
"""Gives the newest quote of a contract; None: there is none."""
Positions: TypeAlias = Callable[[str, Contract], Decimal | None]
"""Gives how much an account (empty: the only one) holds of a contract, less than zero if short; None: not known."""


class _Switch(Protocol):
    """Anything like an `anyio.Event` or a `threading.Event`."""

    def is_set(self) -> bool:
        """Tell whether it is set."""
        ...


KillSwitch: TypeAlias = _Switch | Callable[[], bool]


@record
class Reason:
    """Why a gate says no."""

    rule: str
    """The field of `Gate` that says it: ``"max_quantity"``."""
    text: str
    """In words, for people."""
    intent: Intent | None = None
    """What it is about; None: all that was wanted together."""


@record
class Exposure:
    """What of a contract an account may come to hold, as is believed."""

    position: Decimal | None = None
    """What it holds; None: not known."""
    buys: Decimal | None = _NOTHING
    """How much open orders may still buy, at their worst; None: not known."""
    sells: Decimal | None = _NOTHING
    """How much they may still sell."""


@record
class Belief:
    """What is known when something is wanted. Orders of unknown fate count as open."""

    accounts: tuple[str, ...] | None = None
    """The managed accounts; None: TWS has not said them."""
    killed: str = ""
    """Who has pressed the kill switch, in words; empty: nobody has."""
    open_orders: int = 0
    """This client's orders that are not known to be over."""
    today: Sums = Sums(0, datetime.fromtimestamp(0, UTC))
    """What this client has placed since the day began (`Gate.day_begin`)."""
    quotes: Mapping[Contract, Quote] = attrs.field(factory=dict[Contract, Quote], hash=False)
    """The newest quotes of the contracts that are wanted."""
    exposures: Mapping[tuple[str, Contract], Exposure] = attrs.field(
        factory=dict[tuple[str, Contract], Exposure], hash=False
    )
    """By account and contract."""
