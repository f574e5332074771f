"""What executions cost: the tariffs that were recorded, and for the rest round numbers of ours."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import attrs

from anytws.messages.contract import SecurityType
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.universe.instrument import Instrument

_MICRO: Final = Decimal("0.000001")


@attrs.frozen(kw_only=True)
class Tariff:
    """A named model of commissions."""

    name: str
    per_unit: Decimal = Decimal(0)
    """For each share or contract."""
    of_value: Decimal = Decimal(0)
    """A part of the value."""
    least: Decimal = Decimal(0)
    """The least that an order costs; it is charged with its first piece."""
    most_of_value: Decimal | None = None
    """The most that an order costs, as a part of its value."""
    audit: Decimal = Decimal(0)
    """For each share, bought or sold, beside the commission."""
    sale_of_value: Decimal = Decimal(0)
    """A part of the value of what is sold."""
    sale_per_unit: Decimal = Decimal(0)
    """For each share that is sold."""

    def base(self, shares: Decimal, value: Decimal) -> Decimal:
        """Give what an order over *shares* with *value* costs, without fees."""
        cost = max(self.least, self.per_unit * shares + self.of_value * value)
        return cost if self.most_of_value is None else min(cost, self.most_of_value * value)

    def of(self, *, before: tuple[Decimal, Decimal], shares: Decimal, value: Decimal, is_sale: bool) -> Decimal:
        """Give what a piece costs of which *before* (shares, value) were filled, to a millionth.

        Each piece pays what the order costs by then, less what it has paid before (recorded).
        """
        past = self.base(*before) if before[0] else Decimal(0)
        cost = self.base(before[0] + shares, before[1] + value) - past + self.audit * shares
        if is_sale:
            cost += self.sale_of_value * value + self.sale_per_unit * shares
        return cost.quantize(_MICRO, ROUND_HALF_UP)


US_STOCK: Final = Tariff(
    name="US stocks, fixed, 2026",
    per_unit=Decimal("0.005"),
    least=Decimal(1),
    most_of_value=Decimal("0.01"),
    audit=Decimal("0.000003"),
    sale_of_value=Decimal("0.0000206"),
    sale_per_unit=Decimal("0.000195"),
)
"""To the last digit as recorded in 2026."""

US_OPTION: Final = Tariff(name="US options", per_unit=Decimal("0.7673"))
"""One contract bought: recorded; more of them: chosen to be as many times that."""

US_FUTURE: Final = Tariff(name="US futures", per_unit=Decimal("2.25"))
MICRO_FUTURE: Final = Tariff(name="US micro futures", per_unit=Decimal("0.62"))
FOREX: Final = Tariff(name="forex", of_value=Decimal("0.00002"), least=Decimal(2))
CRYPTO: Final = Tariff(name="crypto", of_value=Decimal("0.0018"), least=Decimal("1.75"))
BOND: Final = Tariff(name="bonds", of_value=Decimal("0.001"), least=Decimal(1))
ABROAD: Final = Tariff(name="stocks abroad", of_value=Decimal("0.0005"), least=Decimal(3))
NOTHING: Final = Tariff(name="nothing")

_BY_TYPE: Final = {
    SecurityType.OPTION: US_OPTION,
    SecurityType.FUTURES_OPTION: US_FUTURE,
    SecurityType.FUTURE: US_FUTURE,
    SecurityType.FOREX: FOREX,
    SecurityType.CRYPTO: CRYPTO,
    SecurityType.BOND: BOND,
    SecurityType.COMBO: NOTHING,
}
_MICROS: Final = frozenset({"MES", "MNQ", "M2K", "MYM", "MGC", "MCL"})

CARDS: Final = (
    Card(
        "orders.commission_us_stock",
        "A US stock costs 0.005 USD a share, at least 1 USD an order and at most 1 % of its value, charged with the"
        " first piece; each share 0.000003 USD more, sales the fees of SEC and FINRA as well.",
        Evidence.RECORDED,
        "traces mkt_buy_then_sell_one_share_2026, market_order_in_three_fills, executions_query_reply",
    ),
    Card(
        "orders.commission_others",
        "Options cost 0.7673 USD a contract and MES 0.62 USD (both recorded once); futures, forex, crypto, bonds and"
        " stocks abroad cost round numbers of the size of the published tariffs.",
        Evidence.CHOSEN,
        "orders.md 6.1 for the two recorded ones and for forex",
    ),
)


def tariff_of(instrument: Instrument) -> Tariff:
    """Give the tariff of *instrument*."""
    kind = instrument.contract.security_type
    if kind is SecurityType.FUTURE and instrument.contract.symbol in _MICROS:
        return MICRO_FUTURE
    if kind is SecurityType.STOCK:
        return US_STOCK if instrument.currency == "USD" else ABROAD
    return _BY_TYPE.get(kind, NOTHING) if kind is not None else NOTHING
