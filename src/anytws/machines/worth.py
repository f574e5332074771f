"""What an order is worth, and what price of the market it is compared with: for gates."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final, TypeAlias

from anytws.machines.intent import Intent, IntentKind
from anytws.machines.quotes import Quote
from anytws.messages.contract import Action, Contract, SecurityType
from anytws.messages.order_words import OrderType

Amount: TypeAlias = Decimal | int | float

_S = SecurityType
_SINGLE: Final = frozenset({_S.STOCK, _S.FOREX, _S.CFD, _S.CRYPTO, _S.FUND})
"""Of these one unit is worth its price. A bond's price is a percentage, a future has a multiplier."""
STOPS: Final = frozenset(
    {
        OrderType.STOP,
        OrderType.STOP_LIMIT,
        OrderType.STOP_WITH_PROTECTION,
    }
)
"""Types of which ``aux_price`` is the price at which they begin to trade."""


def exact(amount: Amount) -> Decimal:
    """Give *amount* as it is written, not as it is stored."""
    return amount if isinstance(amount, Decimal) else Decimal(str(amount))


def value_of(intent: Intent, quote: Quote | None, currency: str, *, has_quotes: bool) -> Decimal | str:
    """Give what *intent* is worth in *currency*, at the most that is known, or why that cannot be told.

    *has_quotes*: whether there are quotes at all. Where there are, a sale is worth the market at least.
    """
    contract, order = intent.contract, intent.order
    if contract.currency != currency:
        return f"it trades in {contract.currency or 'a currency that its contract does not name'}"
    if order is not None and order.cash_quantity:
        return exact(order.cash_quantity)
    if intent.quantity is None:
        return "its terms do not tell how much it is for"
    factor = _multiplier(contract)
    if factor is None:
        return "its contract names no multiplier"
    price = _price(intent, quote, has_quotes=has_quotes)
    return price if isinstance(price, str) else intent.quantity * factor * price


def _price(intent: Intent, quote: Quote | None, *, has_quotes: bool) -> Decimal | str:
    """Give the highest price at which *intent* may be filled, as far as is known, or why none is."""
    limit = intent.limit_price
    if intent.kind is IntentKind.EXERCISE:
        # What changes hands then is the underlying.
        strike = intent.contract.strike
        return "its contract names no strike" if not strike else abs(exact(strike))
    if limit is not None and (intent.action is Action.BUY or not has_quotes):
        return abs(exact(limit))
    known = prices_of(quote)
    if not known:
        return "it has no limit price, and there is no quote" if limit is None else "there is no quote"
    return max(abs(exact(price)) for price in ([*known] if limit is None else [*known, limit]))


def _multiplier(contract: Contract) -> Decimal | None:
    if contract.multiplier:
        return contract.multiplier
    return Decimal(1) if contract.security_type in _SINGLE else None


def prices_of(quote: Quote | None) -> list[float]:
    """Give the prices of *quote* at which somebody might trade now."""
    if quote is None:
        return []
    return [price for price in (quote.bid, quote.ask, quote.last) if price is not None and math.isfinite(price)]


def market_of(quote: Quote, *, is_buy: bool, is_stop: bool) -> float | None:
    """Give the price of the market that an order is compared with; None where *quote* has none."""
    prices = prices_of(quote)
    side = quote.ask if is_buy else quote.bid
    first = quote.last if is_stop else side
    if first is not None and first in prices:
        return first
    return prices[-1] if prices else None
