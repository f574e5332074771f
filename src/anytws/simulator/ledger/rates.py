"""What one currency is worth in another: as the forex market has it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from anytws.messages.contract import Contract, SecurityType

if TYPE_CHECKING:
    from anytws.simulator.market.market import Market
    from anytws.simulator.universe.instrument import Instrument
    from anytws.simulator.universe.universe import Universe

RATE: Final = Decimal("0.0000001")
"""The smallest step of a rate: seven decimals, as recorded of ``ExchangeRate``."""

INVENTED: Final = {
    "AUD": Decimal("0.66"),
    "CAD": Decimal("0.72"),
    "CHF": Decimal("1.25"),
    "CNH": Decimal("0.14"),
    "CZK": Decimal("0.048"),
    "DKK": Decimal("0.157"),
    "EUR": Decimal("1.17"),
    "GBP": Decimal("1.35"),
    "HKD": Decimal("0.128"),
    "HUF": Decimal("0.003"),
    "ILS": Decimal("0.3"),
    "INR": Decimal("0.0113"),
    "JPY": Decimal("0.0067"),
    "KRW": Decimal("0.00072"),
    "MXN": Decimal("0.054"),
    "NOK": Decimal("0.1"),
    "NZD": Decimal("0.58"),
    "PLN": Decimal("0.275"),
    "SEK": Decimal("0.106"),
    "SGD": Decimal("0.78"),
    "TRY": Decimal("0.024"),
    "TWD": Decimal("0.033"),
    "ZAR": Decimal("0.057"),
}
"""Dollars for one unit, where the universe has no forex instrument for it: invented, and they never move."""

_DOLLAR: Final = "USD"
_ONE: Final = Decimal(1)


class Rates:
    """What currencies are worth."""

    def __init__(self, universe: Universe, market: Market) -> None:
        self._universe = universe
        self._market = market
        self._pairs: dict[tuple[str, str], Instrument | None] = {}

    def rate(self, currency: str, into: str, at: int) -> Decimal:
        """Give what one *currency* is in units of *into* at *at* ms, in seven decimals.

        By the instrument for the two, whichever is first in it; else by way of the dollar; else as `INVENTED`. Raises
        `LookupError` for a currency of which nothing is known.
        """
        if currency == into:
            return _ONE
        rate = self._direct(currency, into, at)
        if rate is None:
            if _DOLLAR in (currency, into):
                rate = _invented(currency) / _invented(into)
            else:
                rate = self.rate(currency, _DOLLAR, at) * self.rate(_DOLLAR, into, at)
        return rate.quantize(RATE)

    def knows(self, currency: str) -> bool:
        """Tell whether there is a rate for it."""
        if currency == _DOLLAR or currency in INVENTED:
            return True
        return any(self._pair(*pair) is not None for pair in ((currency, _DOLLAR), (_DOLLAR, currency)))

    def pair(self, currency: str, into: str) -> Instrument | None:
        """Give the instrument that moves the rate of the two; None: there is none, or it goes by way of the dollar."""
        return self._pair(currency, into) or self._pair(into, currency)

    def _direct(self, currency: str, into: str, at: int) -> Decimal | None:
        for one, other in ((currency, into), (into, currency)):
            pair = self._pair(one, other)
            price = None if pair is None else pair.price_of(self._market.mark(pair, at))
            if price:
                return price if one == currency else _ONE / price
        return None

    def _pair(self, symbol: str, currency: str) -> Instrument | None:
        try:
            return self._pairs[symbol, currency]
        except KeyError:
            asked = Contract(symbol=symbol, security_type=SecurityType.FOREX, currency=currency, exchange="IDEALPRO")
            found = next((match.instrument for match in self._universe.find(asked)), None)
            self._pairs[symbol, currency] = found
            return found


def _invented(currency: str) -> Decimal:
    if currency == _DOLLAR:
        return _ONE
    try:
        return INVENTED[currency]
    except KeyError:
        raise LookupError(f"nothing is known of the rate of {currency!r}") from None
