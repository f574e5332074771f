"""Where a trade took place, and under which conditions."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from anytws.simulator.chance import draw
from anytws.simulator.market.kinds import security_type
from anytws.simulator.market.minute import Print
from anytws.simulator.market.words import Trade
from anytws.simulator.universe.instrument import Instrument

OFF_EXCHANGE: Final = "FINRA"
"""What TWS calls trades of US stocks that are reported and took place on no exchange."""

ODD_LOT: Final = "   I"
SWEEP: Final = " F  "
ODD_SWEEP: Final = " F I"

_NOT_VENUES: Final = frozenset(
    {"SMART", "BEST", "IBEOS", "OVERNIGHT", "TPLUS0", "IBKRATS", "FOXRIVER", "VALUE", "QBALGO"}
)
_VENUE: Final = 21
# In 256ths: how many odd lots take place on no exchange, and how many other trades.
_ODD_OFF: Final = 225
_ROUND_OFF: Final = 90
_SWEEPS: Final = 70


@lru_cache(maxsize=512)
def venues_of(instrument: Instrument) -> tuple[str, ...]:
    """Give the exchanges on which *instrument* is traded, those that only route left out."""
    venues = tuple(exchange for exchange in instrument.exchanges if exchange not in _NOT_VENUES)
    return venues or instrument.exchanges[:1] or ("SMART",)


def is_us_stock(instrument: Instrument) -> bool:
    """Whether its small trades are reported as odd lots, most of them by no exchange."""
    return security_type(instrument) == "STK" and instrument.currency == "USD"


def trade_of(instrument: Instrument, seed: int, at: int, made: Print, number: int) -> Trade:
    """Give a trade as ticks of history have it; *number*: which one it is of its minute."""
    drawn = draw(seed, instrument.contract_id, _VENUE, at, number)
    venues = venues_of(instrument)
    venue = venues[(drawn >> 32) % len(venues)]
    if not is_us_stock(instrument):
        return Trade(at, made.price, made.size, venue, "", is_unreported=False)
    is_odd = made.size < instrument.lot
    if drawn & 255 < (_ODD_OFF if is_odd else _ROUND_OFF):
        venue = OFF_EXCHANGE
    is_sweep = venue != OFF_EXCHANGE and drawn >> 8 & 255 < _SWEEPS
    conditions = (ODD_SWEEP if is_sweep else ODD_LOT) if is_odd else (SWEEP if is_sweep else "")
    return Trade(at, made.price, made.size, venue, conditions, is_unreported=is_odd)
