"""How positions are named and valued in messages."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Final

from anytws.messages.accounts import PortfolioValue
from anytws.messages.contract import Contract
from anytws.simulator.answers.account_rows import CENT
from anytws.simulator.client import Client
from anytws.simulator.ground import Ground
from anytws.simulator.ledger.stake import EXACT, NOTHING, Stake
from anytws.simulator.ledger.valued import Valued
from anytws.simulator.universe.instrument import Instrument
from anytws.wire.versions import PROTOBUF_ACCOUNTS_POSITIONS

_EIGHT: Final = 8
_SEVEN: Final = 7


def is_protobuf(client: Client) -> bool:
    """Tell whether the client is told of accounts in protobuf."""
    return (client.server_version or 0) >= PROTOBUF_ACCOUNTS_POSITIONS


def contract_of(client: Client, instrument: Instrument, *, has_home: bool = False) -> Contract:
    """Give what is held as it stands in a position.

    Recorded: in text the exchange is empty, in protobuf it is where a stock has its home; a row of the portfolio has a
    field of its own for that in text (*has_home*). What has no home, such as a future, is without.
    """
    full = instrument.contract
    home = full.primary_exchange
    return Contract(
        contract_id=full.contract_id,
        symbol=full.symbol,
        security_type=full.security_type,
        last_trade_date_or_contract_month=full.last_trade_date_or_contract_month,
        strike=full.strike,
        right=full.right,
        multiplier=full.multiplier,
        exchange=home if is_protobuf(client) else "",
        primary_exchange=home if has_home and not is_protobuf(client) else "",
        currency=full.currency,
        local_symbol=full.local_symbol,
        trading_class=full.trading_class,
    )


def average_cost(stake: Stake) -> float:
    """Give the average cost in up to eight decimals (recorded); 0.0 of what was closed."""
    with localcontext(EXACT):
        return round(float(stake.average_cost), _EIGHT)


def single(price: Decimal) -> float:
    """Give a price as TWS does in a portfolio: as a number of 32 bits, in seven decimals (recorded: 517.8800049)."""
    rounded: float = struct.unpack("<f", struct.pack("<f", float(price)))[0]
    return round(rounded, _SEVEN)


def cents(amount: Decimal) -> float:
    """Give an amount in two decimals."""
    return float(amount.quantize(CENT, context=EXACT)) + 0.0


def portfolio_value(client: Client, held: Valued, owner: str) -> PortfolioValue:
    """Give a row of the portfolio of *owner*; of what was closed on this day, with zeros."""
    return PortfolioValue(
        contract_of(client, held.instrument, has_home=True),
        held.quantity,
        single(held.price),
        cents(held.value),
        average_cost(held.stake),
        cents(held.unrealized) if held.quantity else 0.0,
        cents(held.realized or NOTHING),
        owner,
    )


def together(held: Iterable[Valued]) -> list[Valued]:
    """Give positions of several accounts as those of one: what is of one contract is one of them."""
    found: dict[int, Valued] = {}
    with localcontext(EXACT):
        for each in held:
            other = found.get(each.instrument.contract_id)
            found[each.instrument.contract_id] = each if other is None else other.plus(each)
    return list(found.values())


def by_symbol(held: Valued) -> tuple[str, int]:
    """Give by what rows of a portfolio are sorted: the symbol (recorded), and then the contract id."""
    return held.instrument.contract.symbol, held.instrument.contract_id


def clock(world: Ground, instrument: Instrument | None = None) -> str:
    """Give ``hh:mm`` on the wall of TWS: of now, or of the last time at which *instrument* was traded."""
    time = world.utc()
    if instrument is not None:
        second = int(time.timestamp())
        if instrument.hours.at(second, liquid=False) is None:
            last = instrument.hours.last_before(second, liquid=False)
            time = time if last is None else datetime.fromtimestamp(last.end, UTC)
    return f"{time.astimezone(world.settings.wall_zone):%H:%M}"
