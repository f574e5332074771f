"""Prices and sizes of an instrument as they stand in messages, in the units of a server version."""

from __future__ import annotations

from decimal import Decimal
from struct import pack, unpack
from typing import TYPE_CHECKING, Final

import attrs

from anytws.messages.contract import SecurityType
from anytws.simulator.cards import Card, Evidence
from anytws.wire.versions import (
    FRACTIONAL_SIZE_SUPPORT,
    HMDS_MARKET_DATA_IN_SHARES,
    MARKET_DATA_IN_SHARES,
    MARKET_DATA_VOLUMES_IN_SHARES,
)

if TYPE_CHECKING:
    from anytws.simulator.settings import WorldSettings
    from anytws.simulator.universe.instrument import Instrument

_HUNDREDTH: Final = Decimal("0.01")


@attrs.frozen
class Units:
    """What sizes of US stocks are counted in. All others are in plain units, at every version."""

    sizes_in_lots: bool
    volumes_in_lots: bool
    fractions: bool
    """Whether a size may be a fraction; otherwise what is left over is dropped."""

    @classmethod
    def of(cls, settings: WorldSettings, server_version: int | None) -> Units:
        """Give the units that TWS has at *server_version*."""
        version, always = server_version or 0, settings.us_stocks_in_lots
        return cls(
            always or version < MARKET_DATA_IN_SHARES,
            always or version < MARKET_DATA_VOLUMES_IN_SHARES,
            version >= FRACTIONAL_SIZE_SUPPORT,
        )

    @classmethod
    def of_history(cls, settings: WorldSettings, server_version: int | None) -> Units:
        """Give the units that TWS has in history at *server_version*."""
        in_lots = settings.us_stocks_in_lots or (server_version or 0) < HMDS_MARKET_DATA_IN_SHARES
        return cls(in_lots, in_lots, (server_version or 0) >= FRACTIONAL_SIZE_SUPPORT)


class Figures:
    """Writes the whole numbers of a market as the prices and sizes of messages."""

    __slots__ = ("_denominator", "_lot", "_numerator", "_plain", "_unit", "instrument", "units")

    def __init__(self, instrument: Instrument, units: Units) -> None:
        self.instrument: Final = instrument
        self.units: Final = units
        # As a fraction: an integer divided by another is the nearest float, the same that a Decimal gives, and quicker.
        self._numerator, self._denominator = instrument.tick.as_integer_ratio()
        self._unit = instrument.size_unit
        self._plain = self._unit == 1
        self._lot = instrument.lot if is_us_stock(instrument) else 1

    def price(self, ticks: int) -> float:
        """Give *ticks* as a price."""
        return ticks * self._numerator / self._denominator

    def half(self, halves: int) -> float:
        """Give *halves* of a tick as a price."""
        return halves * self._numerator / (2 * self._denominator)

    def size(self, units: int) -> Decimal:
        """Give the size of a quote or a trade."""
        return self._counted(units, in_lots=self.units.sizes_in_lots)

    def volume(self, units: int) -> Decimal:
        """Give the volume of a day or a bar."""
        return self._counted(units, in_lots=self.units.volumes_in_lots)

    def _counted(self, units: int, *, in_lots: bool) -> Decimal:
        if not in_lots or self._lot == 1:
            return Decimal(units) if self._plain else without_zeros(self._unit * units)
        lots, rest = divmod(units, self._lot)
        if not rest or not self.units.fractions:
            return Decimal(lots)
        return without_zeros((Decimal(units) / self._lot).quantize(_HUNDREDTH))


def is_us_stock(instrument: Instrument) -> bool:
    """Tell whether *instrument* is a stock of the United States: these alone are counted in round lots."""
    contract = instrument.contract
    return contract.security_type is SecurityType.STOCK and contract.currency == "USD"


def without_zeros(number: Decimal) -> Decimal:
    """Give *number* without zeros at its end, and without an exponent."""
    return Decimal(f"{number:f}".rstrip("0").rstrip(".") or "0") if number.as_tuple().exponent != 0 else number


def single(number: float) -> float:
    """Give *number* as it looks when it was a float of 32 bits, as some of TWS's prices do: 118.51000213623047."""
    return float(unpack("<f", pack("<f", number))[0])


CARDS: Final = (
    Card(
        "market_data.units",
        "Sizes of quotes of US stocks are in round lots below server version 159 and in shares from it on, volumes in "
        "round lots below 220. All other sizes are plain: contracts, units of a currency, fractions of coins.",
        Evidence.RECORDED,
        "recordings at 151, 165, 173, 200, 206 and 213 agree; market_data.md section 2",
        note="That volumes are in shares from 220 on is by the name of the version alone.",
    ),
    Card(
        "market_data.lots_setting",
        "A box in the API settings puts sizes and volumes of US stocks in round lots at every version.",
        Evidence.DOCUMENTED,
        "'send market data in lots for US stocks'; market_data.md section 2",
        note="Knob: us_stocks_in_lots.",
    ),
)
