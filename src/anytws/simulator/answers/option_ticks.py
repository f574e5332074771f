"""The computations that come with ticks of an option: volatility and greeks of bid, ask, last, and of a model."""

from __future__ import annotations

from typing import Final

from anytws.messages.market_data import OptionComputationBasis, TickOptionComputation, TickType
from anytws.simulator.answers.access import is_subscribed
from anytws.simulator.answers.figures import Figures, Units, single
from anytws.simulator.answers.top_ticks import AS_DELAYED, Row
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client
from anytws.simulator.market import options
from anytws.simulator.market.kinds import is_option
from anytws.simulator.market.words import Quote
from anytws.simulator.universe.instrument import Instrument

_T: Final = TickType
_DIGITS: Final = 10


class OptionTicks:
    """Makes the computations of one option."""

    def __init__(self, client: Client, instrument: Instrument, underlying: Instrument, *, delayed: bool) -> None:
        self._market = client.world.market
        self._instrument = instrument
        self._underlying = underlying
        self._prices = Figures(instrument, Units.of(client.world.settings, client.server_version))
        self._spots = Figures(underlying, Units.of(client.world.settings, client.server_version))
        self._delayed = delayed

    @classmethod
    def of(cls, client: Client, instrument: Instrument, *, delayed: bool) -> OptionTicks | None:
        """Give the maker for *instrument*; None: it is no option, or there are no data of its underlying."""
        if not is_option(instrument):
            return None
        underlying = client.world.universe.by_id(instrument.underlying_id)
        if underlying is None:
            return None
        if not delayed and not is_subscribed(client.world.settings, underlying):
            return None
        return cls(client, instrument, underlying, delayed=delayed)

    def rows(self, quote: Quote, at: int) -> list[Row]:
        """Give all computations that there are at *at*: of the prices that *quote* has, and the model."""
        prices = (
            (_T.BID_OPTION_COMPUTATION, quote.bid),
            (_T.ASK_OPTION_COMPUTATION, quote.ask),
            (_T.LAST_OPTION_COMPUTATION, quote.last),
        )
        rows = [self._of_price(tick_type, ticks, at) for tick_type, ticks in prices if ticks is not None]
        return [*rows, self._model(at)]

    def changes(self, before: Quote, now: Quote, at: int, *, model: bool) -> list[Row]:
        """Give the computations of prices that are others *now*, and the *model* where it is time for it."""
        prices = (
            (_T.BID_OPTION_COMPUTATION, before.bid, now.bid),
            (_T.ASK_OPTION_COMPUTATION, before.ask, now.ask),
            (_T.LAST_OPTION_COMPUTATION, before.last, now.last),
        )
        rows = [self._of_price(tick_type, new, at) for tick_type, old, new in prices if new is not None and new != old]
        return [*rows, self._model(at)] if model else rows

    def _of_price(self, tick_type: TickType, ticks: int, at: int) -> Row:
        price, spot = self._prices.price(ticks), self._spot(at)
        volatility = options.implied_volatility(self._instrument, price, spot, at)
        return self._row(tick_type, volatility, price, spot, at)

    def _model(self, at: int) -> Row:
        volatility = options.volatility(self._market.seed, self._instrument, self._underlying, at)
        spot = self._spot(at)
        return self._row(_T.MODEL_OPTION, volatility, options.price(self._instrument, volatility, spot, at), spot, at)

    def _spot(self, at: int) -> float:
        return self._spots.price(self._market.mark(self._underlying, at))

    def _row(self, tick_type: TickType, volatility: float | None, price: float, spot: float, at: int) -> Row:
        said = AS_DELAYED[tick_type] if self._delayed else tick_type
        basis, shown, below = OptionComputationBasis.PRICE, single(price), single(spot)
        if volatility is None:
            # Recorded: what was not computed has its marker, next to what was.
            return TickOptionComputation, (said, basis, None, None, shown, None, None, None, None, below)
        greeks = options.greeks(self._instrument, volatility, spot, at)
        numbers = (greeks.delta, greeks.gamma, greeks.vega, greeks.theta)
        delta, gamma, vega, theta = (round(number, _DIGITS) for number in numbers)
        implied = round(volatility, _DIGITS)
        return TickOptionComputation, (said, basis, implied, delta, shown, 0.0, gamma, vega, theta, below)


CARDS: Final = (
    Card(
        "option_ticks.computations",
        "A stream of an option has unasked the computations of bid, ask, last and the model (10 to 13; delayed 80 to "
        "83): each with its price, the model once a second while the market is open.",
        Evidence.RECORDED,
        "ib_insync notebooks; market_data.md section 6",
        note="Black and Scholes without interest and dividends: pvDividend is 0. Prices look like floats of 32 bits.",
    ),
    Card(
        "option_ticks.not_computed",
        "What cannot be computed has its marker: -1 for volatility, prices and dividend, -2 for greeks.",
        Evidence.RECORDED,
        "public recordings; market_data.md section 6",
    ),
)
