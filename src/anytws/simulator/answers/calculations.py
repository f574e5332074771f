"""Answers to a client's own calculations: the volatility that a price implies, the price at a volatility."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from anytws.messages.base import ToClient, ToTws
from anytws.messages.contract import Contract
from anytws.messages.market_data import (
    CalculateImpliedVolatilityRequest,
    CalculateOptionPriceRequest,
    CancelCalculateImpliedVolatility,
    CancelCalculateOptionPrice,
    OptionComputationBasis,
    TickOptionComputation,
    TickType,
)
from anytws.messages.session import ErrorMessage
from anytws.simulator.answers.access import meant
from anytws.simulator.answers.answer import Answer, Answers, id_of, say_nothing
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client, Stream
from anytws.simulator.complaints import not_valid
from anytws.simulator.market import options
from anytws.simulator.market.kinds import is_option
from anytws.simulator.settings import FarmKind
from anytws.simulator.universe.instrument import Instrument

WAITING: Final = "calculation that waits"
"""The kind of calculations without an answer yet, in `Client.streams`."""

MOST_WAITING: Final = 1000
"""How many of a client's calculations wait at the most; those beyond are never answered."""

_PATIENCE: Final = 30_000
_ONLY_OPTIONS: Final = {
    CalculateImpliedVolatilityRequest: "Implied volatility calculation is not supported for non-option contracts",
    CalculateOptionPriceRequest: "Option price calculation is not supported for non-option contracts",
}


class _NoPrice(Stream):
    """A calculation of a price that cannot be done: after half a minute a tick without values."""

    def __init__(self, client: Client, request_id: int) -> None:
        self._client = client
        self._id = request_id
        self._at = client.world.at(client.world.ms() + _PATIENCE)

    @property
    def wake_at(self) -> float:
        return self._at

    def wake(self) -> Iterable[ToClient]:
        self._client.streams.pop((WAITING, self._id), None)
        return [TickOptionComputation(self._id, TickType.CUST_OPTION_COMPUTATION, OptionComputationBasis.RETURN)]

    def skip(self, now: float) -> None:
        """Wait on: it is said once."""
        self._at = max(self._at, math.nextafter(now, math.inf))


def calculate_volatility(client: Client, request: CalculateImpliedVolatilityRequest) -> Iterable[ToClient]:
    """Give the volatility that a price implies, in one tick; nothing at all where there is none."""
    found = _option(client, request, request.contract)
    if isinstance(found, ErrorMessage):
        return [found]
    price, spot = request.option_price, request.underlying_price
    if not (_is_price(price) and _is_price(spot)):
        return ()
    at = client.world.ms()
    volatility = options.implied_volatility(found, price, spot, at)
    return () if volatility is None else [_computed(id_of(request), found, volatility, price, spot, at)]


def calculate_price(client: Client, request: CalculateOptionPriceRequest) -> Iterable[ToClient]:
    """Give the price at a volatility, in one tick; where there is none, one without values after half a minute."""
    found = _option(client, request, request.contract)
    if isinstance(found, ErrorMessage):
        return [found]
    request_id, spot, at = id_of(request), request.underlying_price, client.world.ms()
    if not (_is_price(spot) and _is_price(request.volatility)):
        if client.count(WAITING) < MOST_WAITING:
            client.streams[WAITING, request_id] = _NoPrice(client, request_id)
        return ()
    price = options.price(found, request.volatility, spot, at)
    return [_computed(request_id, found, request.volatility, price, spot, at)]


def _is_price(number: float) -> bool:
    # Written so that it refuses nan as well: that compares with nothing.
    return _SMALL < number < _LARGE


_SMALL: Final = 1e-9
_LARGE: Final = 1e9
"""What is between these has a logarithm, and so has a part of it."""


def _option(client: Client, request: ToTws, contract: Contract) -> Instrument | ErrorMessage:
    found = meant(client, request, contract)
    if isinstance(found, ErrorMessage):
        return found
    if not is_option(found.instrument):
        return not_valid(client.world, request, _ONLY_OPTIONS[type(request)])  # type: ignore[index]
    return found.instrument


def _computed(
    request_id: int, option: Instrument, volatility: float, price: float, spot: float, at: int
) -> TickOptionComputation:
    greeks = options.greeks(option, volatility, spot, at)
    return TickOptionComputation(
        request_id,
        TickType.CUST_OPTION_COMPUTATION,
        OptionComputationBasis.RETURN,
        volatility,
        greeks.delta,
        price,
        None,
        greeks.gamma,
        greeks.vega,
        greeks.theta,
        spot,
    )


ANSWERS: Final[Answers] = {
    CalculateImpliedVolatilityRequest: Answer(calculate_volatility, farm=FarmKind.MARKET_DATA),
    CancelCalculateImpliedVolatility: Answer(say_nothing),
    CalculateOptionPriceRequest: Answer(calculate_price, farm=FarmKind.MARKET_DATA),
    CancelCalculateOptionPrice: Answer(say_nothing),
}

CARDS: Final = (
    Card(
        "calculations.answer",
        "One tick of type 53 answers, return based (0), with the marker -1 for the dividend; a cancel changes nothing.",
        Evidence.RECORDED,
        "public recordings; the cancels reported; market_data.md section 6",
    ),
    Card(
        "calculations.no_answer",
        "Where a price implies no volatility nothing comes at all; where there is no price, a tick without values "
        "after 30 seconds.",
        Evidence.REPORTED,
        "ibx, rules of the gateway; market_data.md section 6",
    ),
    Card(
        "calculations.options_only",
        "A calculation for what is no option is refused with 321.",
        Evidence.REPORTED,
        "the catalogue has 2114 and 2116 inside of 321; market_data.md section 6",
        note="The words are ours.",
    ),
)
