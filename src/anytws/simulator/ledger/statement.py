"""All values of an account, from its cash and its positions: they add up, for each is reckoned from the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

import attrs

from anytws.simulator.ledger.kinds import is_forex, value_key
from anytws.simulator.ledger.margins import Requirement
from anytws.simulator.ledger.stake import NOTHING
from anytws.simulator.ledger.valued import Valued

BASE: Final = "BASE"
"""What the sum of all currencies is called."""


@attrs.frozen(kw_only=True)
class Block:
    """What there is in one currency, or in all together."""

    currency: str
    rate: Decimal
    """What one unit is in the base currency."""
    cash: Decimal
    unsettled: Decimal
    """The part of ``cash`` that trades of this day brought, or took: it is settled later."""
    values: Mapping[str, Decimal]
    """What positions are worth, by the key under which that is told, such as ``StockMarketValue``."""
    futures_pnl: Decimal
    unrealized: Decimal
    realized: Decimal
    daily: Decimal
    gross: Decimal
    """The absolute values of all positions, added up."""

    @property
    def net(self) -> Decimal:
        """Cash, values and the gains of futures together."""
        return self.cash + sum(self.values.values(), NOTHING) + self.futures_pnl


@attrs.frozen(kw_only=True)
class Statement:
    """All values of one account, or of several together. What is no block is in the base currency."""

    base: str
    blocks: tuple[Block, ...]
    """One for each currency, sorted."""
    total: Block
    """All of them together: ``BASE``."""
    initial_margin: Decimal
    maintenance_margin: Decimal

    @property
    def net_liquidation(self) -> Decimal:
        """What all is worth."""
        return self.total.net

    @property
    def equity_with_loan(self) -> Decimal:
        """What margins are held against: chosen to be all."""
        return self.total.net

    @property
    def available_funds(self) -> Decimal:
        """What is left for new positions."""
        return self.equity_with_loan - self.initial_margin

    @property
    def excess_liquidity(self) -> Decimal:
        """What is left before positions are liquidated."""
        return self.equity_with_loan - self.maintenance_margin


def state(
    cash: Mapping[str, Decimal],
    rates: Mapping[str, Decimal],
    held: Sequence[Valued],
    required: Requirement,
    *,
    base: str,
) -> Statement:
    """Give the values of *cash* and of what is *held*; *rates* has one for each currency of them."""
    by_currency: dict[str, list[Valued]] = {currency: [] for currency in cash}
    for each in held:
        by_currency[each.currency].append(each)
    unsettled = _unsettled(held)
    blocks = [
        _block(currency, rates[currency], cash[currency], unsettled.get(currency, NOTHING), by_currency[currency])
        for currency in sorted(cash)
    ]
    return Statement(
        base=base,
        blocks=tuple(blocks),
        total=_total(blocks),
        initial_margin=required.initial,
        maintenance_margin=required.maintenance,
    )


def _block(currency: str, rate: Decimal, cash: Decimal, unsettled: Decimal, held: Sequence[Valued]) -> Block:
    values: dict[str, Decimal] = {}
    gross = NOTHING
    for each in held:
        key = value_key(each.instrument)
        if key is not None:
            values[key] = values.get(key, NOTHING) + each.value
            gross += abs(each.value)
    return Block(
        currency=currency,
        rate=rate,
        cash=cash,
        unsettled=unsettled,
        values=values,
        futures_pnl=sum((each.futures_gain for each in held), NOTHING),
        unrealized=sum((each.unrealized for each in held if each.quantity), NOTHING),
        realized=sum((each.realized or NOTHING for each in held), NOTHING),
        daily=sum((each.daily for each in held), NOTHING),
        gross=gross,
    )


def _total(blocks: Sequence[Block]) -> Block:
    values: dict[str, Decimal] = {}
    for block in blocks:
        for key, value in block.values.items():
            values[key] = values.get(key, NOTHING) + value * block.rate
    return Block(
        currency=BASE,
        rate=Decimal(1),
        cash=sum((block.cash * block.rate for block in blocks), NOTHING),
        unsettled=sum((block.unsettled * block.rate for block in blocks), NOTHING),
        values=values,
        futures_pnl=sum((block.futures_pnl * block.rate for block in blocks), NOTHING),
        unrealized=sum((block.unrealized * block.rate for block in blocks), NOTHING),
        realized=sum((block.realized * block.rate for block in blocks), NOTHING),
        daily=sum((block.daily * block.rate for block in blocks), NOTHING),
        gross=sum((block.gross * block.rate for block in blocks), NOTHING),
    )


def _unsettled(held: Sequence[Valued]) -> dict[str, Decimal]:
    """Give what trades of the day moved in cash, by currency."""
    moved: dict[str, Decimal] = {}

    def move(currency: str, amount: Decimal) -> None:
        moved[currency] = moved.get(currency, NOTHING) + amount

    for each in held:
        if value_key(each.instrument) is not None or is_forex(each.instrument):
            # A commission in another currency counts here as if it were in this one.
            move(each.currency, -each.stake.day_spent - each.stake.day_fees)
        if is_forex(each.instrument):
            move(each.instrument.contract.symbol, each.quantity - each.stake.day_quantity)
    return moved
