"""What is known of one contract's market, at one time: a `Quote`, and its parts.

They are values. How they come of what TWS says is `anytws.machines.quoting`.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

import attrs

from anytws.core.events import Notice, OddValue
from anytws.machines.records import Dropped, Gap, Resumed
from anytws.messages.base import record
from anytws.messages.contract import DeltaNeutralContract
from anytws.messages.enumerations import Number
from anytws.messages.market_data import (
    MarketDataMode,
    RerouteMarketDataRequest,
    TickAttributes,
    TickEfp,
    TickGeneric,
    TickNews,
    TickOptionComputation,
    TickPrice,
    TickReqParams,
    TickSize,
    TickString,
)


class Halt(Number):
    """Whether trading is halted, and by what. No halt is false, as a truth value."""

    NONE = 0
    """It is not halted."""
    GENERAL = 1
    """By the exchange or a regulator."""
    VOLATILITY = 2
    """By a pause for volatility."""


OtherTick: TypeAlias = TickPrice | TickSize | TickGeneric | TickString | TickOptionComputation | TickEfp
"""A tick that has no field in a `Quote`."""


@record
class Greeks:
    """An option's volatility and greeks, by what they are computed from; each None until TWS has said it.

    Within one, what was not computed is None: ``quote.greeks.model.delta``.
    """

    bid: TickOptionComputation | None = None
    """From the bid."""
    ask: TickOptionComputation | None = None
    """From the ask."""
    last: TickOptionComputation | None = None
    """From the last trade."""
    model: TickOptionComputation | None = None
    """From the price of the vendor's model: with every move of the underlying, about once a second."""


@record
class ExchangeForPhysicals:
    """What is computed for an exchange for physicals, from each price. Such instruments are hardly seen any more."""

    bid: TickEfp | None = None
    ask: TickEfp | None = None
    last: TickEfp | None = None
    open: TickEfp | None = None
    high: TickEfp | None = None
    low: TickEfp | None = None
    close: TickEfp | None = None


@record
class RealTimeVolume:
    """A trade as the generic ticks 233 and 375 tell it. It is a sample like all ticks: not every trade has one."""

    price: float | None
    """Of the trade; None where TWS leaves it out."""
    size: Decimal | None
    """Of the trade."""
    time: datetime
    """Of the trade, in UTC, to the millisecond."""
    volume: Decimal | None
    """Of the day until then."""
    average: Decimal | None
    """The day's average price until then, weighted by volume."""
    is_single: bool
    """Whether one market maker filled the trade."""


@record
class Dividends:
    """What a stock pays, from the generic tick 456, in its currency. What TWS leaves out is None."""

    past_year: Decimal | None
    """The sum of the past 12 months, per share."""
    next_year: Decimal | None
    """The sum that is expected for the next 12 months, per share."""
    next_date: date | None
    """When the next one is due: the day of its record, by the vendor's calendar."""
    next_amount: Decimal | None
    """The next one, per share."""


@record
class GenericTicks:
    """What TWS says only where it was asked for it (``generic_ticks=``), by the vendor's numbers; None until then.

    The number behind each is what to ask for.
    """

    call_volume: Decimal | None = None
    """100: contracts traded today in all calls on the stock."""
    put_volume: Decimal | None = None
    """100: as ``call_volume``, of puts."""
    call_open_interest: Decimal | None = None
    """101: open calls on the stock, or of the option itself."""
    put_open_interest: Decimal | None = None
    """101: as ``call_open_interest``, of puts."""
    historical_volatility: float | None = None
    """104: of 30 days, a year's; 0.25 is 25 percent."""
    average_option_volume: Decimal | None = None
    """105: contracts a day."""
    implied_volatility: float | None = None
    """106: of the options on the stock, for 30 days, a year's."""
    index_future_premium: float | None = None
    """162: by how many points the future is above its index."""
    low_13_weeks: float | None = None
    """165: the lowest price of the last 13 weeks."""
    high_13_weeks: float | None = None
    """165."""
    low_26_weeks: float | None = None
    """165."""
    high_26_weeks: float | None = None
    """165."""
    low_52_weeks: float | None = None
    """165."""
    high_52_weeks: float | None = None
    """165."""
    average_volume: Decimal | None = None
    """165: a day's, over 90 days. Of US stocks it is in hundreds, whatever the other sizes are in."""
    mark_price: float | None = None
    """220, 221, 232: what positions are valued with."""
    auction_volume: Decimal | None = None
    """225: what would trade if the auction were now."""
    auction_price: float | None = None
    """225: the price that it would have."""
    auction_imbalance: Decimal | None = None
    """225: what would be left over; below zero for a surplus of sellers."""
    regulatory_imbalance: Decimal | None = None
    """225: as ``auction_imbalance``, by the rules of the exchange for its publication."""
    real_time_volume: RealTimeVolume | None = None
    """233: the newest trade that TWS tells, those included that are not reported on the tape."""
    real_time_trade_volume: RealTimeVolume | None = None
    """375: as ``real_time_volume``, without those."""
    shortable: float | None = None
    """236: how hard to borrow; above 2.5 there are 1,000 shares at least, above 1.5 some can be found, else none."""
    shortable_shares: Decimal | None = None
    """236: shares that can be borrowed."""
    fundamental_ratios: str | None = None
    """258: ``KEY=value;…``. The service is gone, says the vendor."""
    trade_count: float | None = None
    """293: trades of the day."""
    trade_rate: float | None = None
    """294: trades a minute."""
    volume_rate: float | None = None
    """295: volume a minute."""
    last_regular_trade: float | None = None
    """318: the last price of regular trading hours."""
    real_time_historical_volatility: float | None = None
    """411: of 30 days, with the present price; a year's."""
    dividends: Dividends | None = None
    """456."""
    bond_factor: float | None = None
    """460: the part of the principal that is left."""
    etf_nav_close: float | None = None
    """576 (the vendor's pages differ): net asset value of the fund, at the close; so are those below."""
    etf_nav_prior_close: float | None = None
    etf_nav_bid: float | None = None
    etf_nav_ask: float | None = None
    etf_nav_last: float | None = None
    """577."""
    etf_nav_last_frozen: float | None = None
    """623."""
    etf_nav_high: float | None = None
    """614."""
    etf_nav_low: float | None = None
    """614."""
    ipo_midpoint: float | None = None
    """586: the estimate before the first trade."""
    ipo_price: float | None = None
    """586: the final price."""
    open_interest: Decimal | None = None
    """Of an option, without being asked for; some builds say it of futures."""
    futures_open_interest: Decimal | None = None
    """588."""
    short_term_volume_3_minutes: Decimal | None = None
    """595."""
    short_term_volume_5_minutes: Decimal | None = None
    """595."""
    short_term_volume_10_minutes: Decimal | None = None
    """595."""
    creditman_mark_price: float | None = None
    """221: the mark price of the vendor's risk system."""
    creditman_slow_mark_price: float | None = None
    """619: as ``creditman_mark_price``, less often."""
    last_regulatory_time: datetime | None = None
    """Of a regulatory snapshot: when its quote was made, in UTC, to the millisecond."""
    option_bid_exchanges: str | None = None
    """Letters of the exchanges that bid for the option."""
    option_ask_exchanges: str | None = None
    """Letters of the exchanges that ask."""
    odd_lot_bid: float | None = None
    """787: the best bid for less than a round lot."""
    odd_lot_ask: float | None = None
    """787."""
    odd_lot_bid_size: Decimal | None = None
    """787."""
    odd_lot_ask_size: Decimal | None = None
    """787."""
    odd_lot_bid_exchanges: str | None = None
    """787."""
    odd_lot_ask_exchanges: str | None = None
    """787."""


@record
class Quote:
    """All that TWS has said of one contract's market: one picture, in which the last word about each field counts.

    None is what TWS has not said, or has said not to be there: no price is shown that is none. TWS samples (stocks four
    times a second, US options ten times), and what comes before the reader looks is put together, so a quote is how
    things are and no record of what happened. For that, see `MarketData.ticks`.

    Sizes are in shares, contracts or units; at server versions below 220 those of US stocks may be in round lots.
    """

    mode: MarketDataMode | None = None
    """How fresh it is: live, frozen, delayed by some 15 minutes, or delayed and frozen. None: TWS has not said it."""
    bid: float | None = None
    """None where nobody bids."""
    bid_size: Decimal | None = None
    ask: float | None = None
    """None where nobody asks."""
    ask_size: Decimal | None = None
    last: float | None = None
    """The price of the last trade; of an index its value."""
    last_size: Decimal | None = None
    open: float | None = None
    """The first price of the session. TWS does not say it of every kind of instrument."""
    high: float | None = None
    low: float | None = None
    close: float | None = None
    """The last price of the session before, in regular hours; of a future its settlement."""
    volume: Decimal | None = None
    """Of the day. TWS counts otherwise here than in the bars of its history."""
    last_time: datetime | None = None
    """When the last trade was, in UTC, to the second."""
    bid_exchanges: str | None = None
    """Letters of the exchanges at the bid: `SmartComponentsRequest` with ``parameters.bbo_exchange`` names them."""
    ask_exchanges: str | None = None
    """As ``bid_exchanges``."""
    last_exchange: str | None = None
    """The letter of the exchange of the last trade."""
    bid_attributes: TickAttributes | None = None
    """What else is true of the bid: whether it can be traded with automatically, is beyond a limit, or early."""
    ask_attributes: TickAttributes | None = None
    """As ``bid_attributes``."""
    halted: Halt | None = None
    """None where TWS has not said it, which is usual while there is no halt."""
    bid_yield: float | None = None
    """Of bonds, in percent, as are those below."""
    ask_yield: float | None = None
    last_yield: float | None = None
    parameters: TickReqParams | None = None
    """What prices look like: the smallest step, the key to the exchanges' letters, which snapshots one may ask for."""
    delta_neutral: DeltaNeutralContract | None = None
    """Of a combo with a delta-neutral leg: the underlying, with the delta and price that TWS uses."""
    greeks: Greeks = Greeks()
    generic: GenericTicks = GenericTicks()
    efp: ExchangeForPhysicals = ExchangeForPhysicals()
    others: tuple[OtherTick, ...] = ()
    """The last tick of each type that has no field here, or whose text could not be read; 64 at the most."""
    not_of_mode: tuple[str, ...] = ()
    """Fields that came as ticks of the other kind than ``mode`` says, delayed in a live quote, or live in a delayed
    one. Usually there are none."""
    rerouted: RerouteMarketDataRequest | None = None
    """What TWS named instead of the contract that was asked for, if it did: the underlying of a CFD. These are its
    prices then."""
    changed: tuple[str, ...] = ()
    """The names of the fields that are other than in the quote that was read before: of this class, of `GenericTicks`
    with ``generic.`` in front, of `Greeks` with ``greeks.``, of `ExchangeForPhysicals` with ``efp.``."""
    notices: tuple[Notice | OddValue | Dropped, ...] = ()
    """What TWS remarked since the quote before, the oldest first: that data are delayed (10167), or a part of them is
    not subscribed to (10090). A `Dropped` in front: there were more than are kept for a reader."""
    news: tuple[TickNews, ...] = ()
    """The headlines since the quote before (generic tick 292)."""
    gap: Gap | None = None
    """Under `keep_connected`: since when nothing comes, and why. While it is set all values are None, so that nobody
    sees a price that is old. None: as far as is known, quotes come. In `MarketData.watch` it stands beside the quotes
    (`Watched`), and is None here."""
    resumed: Resumed | None = None
    """Under `keep_connected`: in the first quote after a gap, what is over. Values are None until TWS says them anew.
    Where several gaps were over before somebody looked, they are told as one, from the first to the last."""
    received_at: datetime | None = attrs.field(default=None, eq=False)
    """When the newest of it was received, by the clock of this machine, in UTC. It takes no part in comparing."""

    @property
    def has_data(self) -> bool:
        """Whether TWS has said any value: a mode, parameters and remarks are none."""
        return any(getattr(self, name) is not None for name in _VALUES) or any(
            (self.greeks != _NO_GREEKS, self.generic != _NO_GENERIC, self.efp != _NO_EFP, self.others, self.news)
        )

    @property
    def mid(self) -> float | None:
        """The middle of bid and ask; None where one of them is missing."""
        return None if self.bid is None or self.ask is None else (self.bid + self.ask) / 2

    @property
    def is_delayed(self) -> bool | None:
        """Whether ``mode`` is one of the delayed ones; None where TWS has not said it."""
        if self.mode is None or not self.mode.is_known:
            return None
        return self.mode in (MarketDataMode.DELAYED, MarketDataMode.DELAYED_FROZEN)


_NO_GREEKS, _NO_GENERIC, _NO_EFP = Greeks(), GenericTicks(), ExchangeForPhysicals()
_VALUES = ("bid", "bid_size", "ask", "ask_size", "last", "last_size", "open", "high", "low", "close", "volume",
           "last_time", "bid_exchanges", "ask_exchanges", "last_exchange", "halted", "bid_yield", "ask_yield",
           "last_yield", "delta_neutral")  # fmt: skip
