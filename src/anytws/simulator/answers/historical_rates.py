"""What bars are made of that are no prices: volatilities, the fee for borrowing a stock, the yield of a bond.

All of it is invented, and follows from the market's seed, the instrument and the time.
"""

from __future__ import annotations

from typing import Final

from anytws.messages.historical import WhatToShow
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.chance import draw
from anytws.simulator.market.market import Market
from anytws.simulator.market.words import Source
from anytws.simulator.universe.instrument import Instrument

_DAY_MS: Final = 86_400_000
_PARTS: Final = 10_000
_USUAL_FEE: Final = 0.0025
_PAR: Final = 100.0
_YEARS: Final = 8.0
_COUPON: Final = 4.0
_KEYS: Final = {
    WhatToShow.HISTORICAL_VOLATILITY: 71,
    WhatToShow.OPTION_IMPLIED_VOLATILITY: 72,
    WhatToShow.FEE_RATE: 73,
}
_YIELDS: Final = {
    WhatToShow.YIELD_BID: Source.BID,
    WhatToShow.YIELD_ASK: Source.ASK,
    WhatToShow.YIELD_BID_ASK: Source.BID_ASK,
    WhatToShow.YIELD_LAST: Source.TRADES,
}

RATES: Final = frozenset((*_KEYS, *_YIELDS))
"""What this module knows."""


def yields_of(what: WhatToShow) -> Source | None:
    """Give the prices that *what* is a yield of; None: it is none."""
    return _YIELDS.get(what)


def value_at(market: Market, instrument: Instrument, what: WhatToShow, at: int) -> float:
    """Give the volatility, or the fee, at *at* in milliseconds since 1970: 0.25 is 25 % a year.

    It goes from one value to the next in a straight line for each UTC day, around the volatility that the prices of
    the instrument are made with. Raises `KeyError` for what is neither.
    """
    key = _KEYS[what]
    day, rest = divmod(at, _DAY_MS)
    level = _USUAL_FEE if what is WhatToShow.FEE_RATE else instrument.nature.annual_volatility
    # Within a quarter of its level, in ten-thousandths.
    here, there = (draw(market.seed, instrument.contract_id, key, number) % 5_001 - 2_500 for number in (day, day + 1))
    moved = here + (there - here) * rest / _DAY_MS
    return round(level * (_PARTS + moved) / _PARTS, 8)


def yield_of(price: float) -> float:
    """Give the yield of a bond at *price* in per cent of par, as a fraction: a usual coupon, and par in eight years.

    The rule of thumb that bankers had before computers: coupon and the yearly gain, over the mean of price and par.
    """
    return round((_COUPON + (_PAR - price) / _YEARS) / ((_PAR + price) / 2), 8)


CARDS: Final = (
    Card(
        "historical.rates",
        "Historical and implied volatility (stocks, indices), the borrow fee (stocks) and yields (bonds) have bars as "
        "prices have, with a volume, an average and a count of -1.",
        Evidence.CHOSEN,
        "historical.md 1.2 says for what they exist; their values are invented",
        "Volatilities vary around the one that the prices are made with; yields follow the prices of the bond.",
    ),
)
