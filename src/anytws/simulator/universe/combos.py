"""Combinations: one instrument for several legs, whose price is the sum of theirs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from anytws.messages.contract import Action, ComboLeg, Contract, SecurityType
from anytws.messages.contract_details import ContractDetails
from anytws.simulator.universe.finding import NOT_VALID, Trouble
from anytws.simulator.universe.instrument import Instrument, Leg, Nature, PriceStep

DOLLAR_COMBO: Final = 28_812_380
"""The contract id of every combination in dollars (recorded)."""

_OTHERS: Final = 990_000_040
_CURRENCIES: Final = ("EUR", "GBP", "JPY", "HKD", "CHF", "CAD", "AUD")
_SELLING: Final = frozenset({Action.SELL, Action.SELL_SHORT, Action.SELL_LONG})
_PENNY: Final = (PriceStep(Decimal(0), Decimal("0.01")),)
_MIXED: Final = "The combo details are invalid."


def combo_of(contract: Contract, by_id: Callable[[int], Instrument | None]) -> Instrument | Trouble:
    """Make the instrument for the legs of *contract*, or say what is wrong with one of them (documented, as 313)."""
    legs: list[Leg] = []
    for place, leg in enumerate(contract.combo_legs):
        instrument = by_id(leg.contract_id)
        if instrument is None or leg.ratio < 1 or (leg.exchange and leg.exchange not in instrument.exchanges):
            return Trouble(NOT_VALID, f"The combo details for leg '{place}' are invalid.")
        legs.append(Leg(instrument, _signed(leg), leg.exchange or instrument.exchanges[0]))
    currencies = {leg.instrument.currency: None for leg in legs}
    if len(currencies) > 1 or (contract.currency and contract.currency not in currencies):
        return Trouble(NOT_VALID, _MIXED)
    return _instrument(contract, tuple(legs))


def _signed(leg: ComboLeg) -> int:
    return -leg.ratio if leg.action in _SELLING else leg.ratio


def _instrument(contract: Contract, legs: tuple[Leg, ...]) -> Instrument:
    first = legs[0].instrument
    symbol = contract.symbol or first.contract.symbol
    exchange = contract.exchange or "SMART"
    # Those of options are quoted in pennies, whatever the rules of their legs say (recorded).
    is_of_futures = all(leg.instrument.security_type is SecurityType.FUTURE for leg in legs)
    steps = min((leg.instrument.steps for leg in legs), key=lambda rule: rule[0].increment) if is_of_futures else _PENNY
    ends = [leg.instrument for leg in legs if leg.instrument.last_day is not None]
    soonest = min(ends, key=lambda each: each.expires_at or 0, default=None)
    return Instrument(
        contract=Contract(
            contract_id=combo_id(first.currency),
            symbol=symbol,
            security_type=SecurityType.COMBO,
            exchange=exchange,
            currency=first.currency,
            local_symbol=symbol,
            trading_class="COMB",
            combo_legs=contract.combo_legs,
        ),
        details=ContractDetails(
            min_tick=steps[0].increment,
            valid_exchanges=(exchange,),
            order_types=first.details.order_types,
            price_magnifier=first.details.price_magnifier,
            min_size=Decimal(1),
            size_increment=Decimal(1),
            suggested_size_increment=Decimal(1),
        ),
        exchanges=(exchange,),
        hours=first.hours,
        tick=min(step.increment for step in steps),
        steps=steps,
        size_unit=Decimal(1),
        lot=1,
        nature=Nature(
            price=sum((leg.instrument.nature.price * leg.ratio for leg in legs), Decimal(0)),
            annual_volatility=first.nature.annual_volatility,
            spread_ticks=sum(abs(leg.ratio) * leg.instrument.nature.spread_ticks for leg in legs),
            day_volume=0,
            trades_per_minute=1,
        ),
        multiplier=max(leg.instrument.multiplier for leg in legs),
        last_day=None if soonest is None else soonest.last_day,
        expires_at=None if soonest is None else soonest.expires_at,
        first_second=max(leg.instrument.first_second for leg in legs),
        market_farm=first.market_farm,
        historical_farm=first.historical_farm,
        legs=legs,
    )


def combo_id(currency: str) -> int:
    """Give the contract id of all combinations in *currency*; that of others than dollars is invented."""
    if currency == "USD":
        return DOLLAR_COMBO
    return _OTHERS + (_CURRENCIES.index(currency) + 1 if currency in _CURRENCIES else 0)
