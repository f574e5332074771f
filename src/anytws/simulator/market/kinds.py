"""What an instrument has by its kind: quotes, trades, sizes; and which of its prices are legal."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import attrs

from anytws.simulator.universe.instrument import Instrument

_QUOTED_ALONE: Final = frozenset({"CASH", "CFD", "CMDTY", "BAG"})
_WITHOUT_QUOTES: Final = frozenset({"IND", "FUND", "NEWS"})
_OPTIONS: Final = frozenset({"OPT", "FOP", "WAR"})


@attrs.frozen
class Kind:
    """What there is of an instrument."""

    has_quotes: bool
    has_trades: bool
    has_sizes: bool
    """Whether its trades have sizes: those of an index have none."""
    is_daily: bool
    """Whether it has one value a day, as a fund."""


def kind_of(instrument: Instrument) -> Kind:
    """Give what *instrument* has."""
    name = security_type(instrument)
    is_index = name in _WITHOUT_QUOTES
    return Kind(
        has_quotes=not is_index,
        has_trades=name not in _QUOTED_ALONE and name not in {"FUND", "NEWS"},
        has_sizes=not is_index and name not in _QUOTED_ALONE,
        is_daily=name == "FUND",
    )


def security_type(instrument: Instrument) -> str:
    """Give its security type as on the wire."""
    return str(instrument.contract.security_type)


def is_option(instrument: Instrument) -> bool:
    """Whether it is an option of any kind, with a strike and an underlying."""
    return security_type(instrument) in _OPTIONS and instrument.strike is not None and instrument.underlying_id != 0


def step_at(instrument: Instrument, price: float) -> int:
    """Give the step of legal prices at *price*, in ticks of *instrument*."""
    increment = instrument.tick
    for step in instrument.steps:
        if Decimal(price) >= step.low_edge and step.increment > 0:
            increment = step.increment
    return max(1, int(increment / instrument.tick))
