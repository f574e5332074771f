"""What an option is worth: Black and Scholes with a simple volatility surface, bit for bit the same on every machine.

Chosen: no interest and no dividends, for then nothing is gained by an early exercise, and an American option is worth
what a European one is. The time to expiration goes in steps of half an hour, so that what an option is worth within
such a step follows from its underlying alone.
"""

from __future__ import annotations

from typing import Final

import attrs

from anytws.simulator.chance import ln, normal, normal_below, normal_density, root
from anytws.simulator.universe.instrument import Instrument

STEP_MS: Final = 1_800_000
"""The time to expiration goes in such steps, in milliseconds: blocks of the market are as long."""

YEAR_SECONDS: Final = 365.0 * 86_400

LOWEST: Final = 0.001
HIGHEST: Final = 20.0
"""An implied volatility is between these, or there is none."""

_DAY_MS: Final = 86_400_000
_SURFACE: Final = 41
_LEAST_SECONDS: Final = 60
_MOST_ROUNDS: Final = 100
# The surface: dearer below the price of the underlying, dearer far from it, and by how much it moves from day to day.
_SKEW: Final = -0.12
_SMILE: Final = 0.18
_MOST_FAR: Final = 1.5
_STIR: Final = 0.04
_WINDOW: Final = 0.1


@attrs.frozen
class Greeks:
    """How the price of an option answers to what it depends on."""

    delta: float
    gamma: float
    vega: float
    """For a volatility that is 0.01 higher."""
    theta: float
    """For a day less."""


def years(option: Instrument, at: int) -> float:
    """Give the time to expiration at *at* (milliseconds) in years of 365 days; a minute at the least."""
    end = option.expires_at
    if end is None:
        raise ValueError(f"an option expires, and this one does not say when: {option.contract}")
    return max(end - at // STEP_MS * STEP_MS // 1000, _LEAST_SECONDS) / YEAR_SECONDS


def volatility(seed: int, option: Instrument, underlying: Instrument, at: int) -> float:
    """Give the volatility with which *option* is priced at *at*: by its strike, its time, and the day (UTC)."""
    strike, level = _strike(option), float(underlying.nature.price)
    wide = root(years(option, at) + _WINDOW)
    far = min(max(ln(strike / level) / wide, -_MOST_FAR), _MOST_FAR)
    stir = 1.0 + _STIR * normal(seed, underlying.contract_id, at // _DAY_MS, _SURFACE)
    return max(LOWEST, underlying.nature.annual_volatility * (1.0 + _SKEW * far + _SMILE * far * far) * stir)


def price(option: Instrument, volatility: float, spot: float, at: int) -> float:
    """Give what *option* is worth, if its underlying is at *spot* and the *volatility* is that of a year.

    An option that is over is worth what its exercise is.
    """
    if spot <= 0.0:
        return 0.0 if option.is_call else _strike(option)
    if option.expires_at is not None and at >= option.expires_at * 1000:
        worth = spot - _strike(option) if option.is_call else _strike(option) - spot
        return max(worth, 0.0)
    return _price(option, volatility, spot, years(option, at))


def greeks(option: Instrument, volatility: float, spot: float, at: int) -> Greeks:
    """Give how the price of *option* answers. ValueError: *volatility* or *spot* is not above 0."""
    if volatility <= 0.0 or spot <= 0.0:
        raise ValueError(f"a volatility and a price are above 0, and not {volatility!r} and {spot!r}")
    time = years(option, at)
    first, _ = _distances(option, volatility, spot, time)
    density, breadth = normal_density(first), root(time)
    below = normal_below(first)
    return Greeks(
        delta=below if option.is_call else below - 1.0,
        gamma=density / (spot * volatility * breadth),
        vega=spot * density * breadth / 100.0,
        theta=-spot * density * volatility / (2.0 * breadth) / 365.0,
    )


def implied_volatility(option: Instrument, price: float, spot: float, at: int) -> float | None:
    """Give the volatility with which *option* is worth *price*; None: no volatility explains that price."""
    if spot <= 0.0 or not 0.0 < price < HIGHEST * (spot + _strike(option)):
        return None
    time = years(option, at)
    low, high = LOWEST, HIGHEST
    if not _price(option, low, spot, time) < price < _price(option, high, spot, time):
        return None
    guess = 0.3
    for _ in range(_MOST_ROUNDS):
        wrong = _price(option, guess, spot, time) - price
        if abs(wrong) < 1e-10 * (1.0 + price) or high - low < 1e-12:
            break
        low, high = (guess, high) if wrong < 0.0 else (low, guess)
        slope = greeks(option, guess, spot, at).vega * 100.0
        better = guess - wrong / slope if slope > 1e-9 else 0.0
        # Where Newton's step leaves what is known to hold the answer, half of it is as good.
        guess = better if low < better < high else (low + high) / 2.0
    return guess


def _price(option: Instrument, volatility: float, spot: float, time: float) -> float:
    first, second = _distances(option, volatility, spot, time)
    strike = _strike(option)
    if option.is_call:
        return max(spot * normal_below(first) - strike * normal_below(second), 0.0)
    return max(strike * normal_below(-second) - spot * normal_below(-first), 0.0)


def _distances(option: Instrument, volatility: float, spot: float, time: float) -> tuple[float, float]:
    wide = volatility * root(time)
    first = ln(spot / _strike(option)) / wide + wide / 2.0
    return first, first - wide


def _strike(option: Instrument) -> float:
    if option.strike is None or option.strike <= 0:
        raise ValueError(f"an option has a strike above 0, and this one has not: {option.contract}")
    return float(option.strike)
