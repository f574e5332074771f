"""The cards of the market: see `anytws.simulator.cards`."""

from __future__ import annotations

from typing import Final

from anytws.simulator.cards import Card, Evidence

CARDS: Final = (
    Card(
        "market.one_process",
        "Quotes, trades, bars of each size, ticks of history, the book and the histogram of an instrument are all of "
        "one process: they agree to the tick, live and in history, whoever asks for what first.",
        Evidence.CHOSEN,
        "a client can be held against it; a real TWS filters bars and conflates ticks",
    ),
    Card(
        "market.beat",
        "Quotes and trades change at beats of 250 ms, and at none of them more than once.",
        Evidence.RECORDED,
        "arrival times of a Hong Kong stock; market_data.md section 3",
        note="Forex and US options have shorter beats in a real TWS.",
    ),
    Card(
        "market.any_date",
        "A price of any date is drawn without those before it, and stays within reach of today's: there are no splits.",
        Evidence.CHOSEN,
        "a bar of 1990 costs what one of today costs",
    ),
    Card(
        "market.bar_volume",
        "The volume of bars is that of all trades, and equal to what tick 8 grew by in the time.",
        Evidence.CHOSEN,
        "a real TWS leaves odd derivative prints out of bars, by rules that nobody knows; historical.md section 2.3",
    ),
    Card(
        "market.day_average",
        "The average price of a bar over a whole session is near that of its trades; that of all other bars is exact.",
        Evidence.CHOSEN,
        "a day is drawn before its minutes, or years of days would cost years of minutes",
    ),
    Card(
        "market.bid_ask_bar",
        "A bar of BID_ASK has as average bid and average ask the mean of open, high, low and close of each.",
        Evidence.CHOSEN,
        "over which time TWS takes the average is not told",
    ),
    Card(
        "market.odd_lots",
        "Trades of US stocks smaller than a lot are unreported odd lots with the condition `   I`, most of them of "
        "FINRA; sweeps have ` F  ` or ` F I`.",
        Evidence.RECORDED,
        "ticks of history of Gateway 10.40; historical.md section 5",
    ),
    Card(
        "market.day_values",
        "Open, high and low of stocks are of regular hours, and there are none before the open; volume is of all "
        "hours, the close is that of the last regular session before.",
        Evidence.RECORDED,
        "bursts of AAPL before the open and of SPY after it; market_data.md sections 1.1 and 7",
        note="Of other instruments open, high and low are of the whole trading day; of combinations there are none.",
    ),
    Card(
        "market.bell",
        "Regular hours begin with a trade on their first beat: open, high and low are known from then on.",
        Evidence.CHOSEN,
        "an auction as exchanges have it; bursts recorded 2 minutes after the bell have all of them",
    ),
    Card(
        "market.kinds",
        "Forex, metals and CFDs have no trades and no volume, an index has neither bid nor ask and trades without "
        "size, a fund has one value a day as its close, a combination has bid and ask alone.",
        Evidence.DOCUMENTED,
        "market_data.md section 7",
    ),
    Card(
        "market.spread",
        "The spread is the instrument's, now and then a step wider or narrower, and twice as wide outside regular "
        "hours; trades are at the bid, at the ask or between.",
        Evidence.CHOSEN,
        "a model with few numbers",
    ),
    Card(
        "market.activity",
        "Volume has the form of a U in regular hours and is a twentieth outside; minutes of quiet instruments have no "
        "trades at all.",
        Evidence.CHOSEN,
        "instruments.yaml, made_up_model",
    ),
    Card(
        "market.smart_book",
        "The book of SMART has the rows of all exchanges, by price and then by the exchange's name; those at the top "
        "have the size of the quote together. The book of one exchange has one row for each price.",
        Evidence.RECORDED,
        "depth of Gateway 10.40; market_data.md section 8.2",
        note="That the sizes at the top add up is chosen.",
    ),
    Card(
        "market.hand",
        "A price can be moved by hand: it holds from the beat on in which it was done, in history as well, with a "
        "trade of one lot there.",
        Evidence.CHOSEN,
        "tests say when a stop is hit",
    ),
    Card(
        "market.halt",
        "While an instrument is halted nothing is traded and there is no bid and no ask; last, volume, high and low "
        "stay. Bars of quotes have the last quote before.",
        Evidence.CHOSEN,
        "what the quote is in a halt was not recorded",
    ),
    Card(
        "market.options",
        "Options are priced by Black and Scholes without interest and dividends, from the bid and ask of the "
        "underlying, with a volatility by strike, time and day; the time goes in steps of half an hour.",
        Evidence.CHOSEN,
        "one can compute after it; market_data.md section 6 for what is sent",
    ),
    Card(
        "market.combinations",
        "A combination is worth the sum of the middles of its legs, looked at every five seconds, and may be negative.",
        Evidence.DOCUMENTED,
        "market_data.md section 7; how often is chosen",
    ),
    Card(
        "market.futures",
        "The months of a future move together, each with gaps, volume and trades of its own.",
        Evidence.CHOSEN,
        "spreads between months would be nonsense otherwise",
        note="There is no basis between the months.",
    ),
    Card(
        "market.models",
        "Prices are as the seed has them, or stand still (FLAT: each trade at the level), or go where one says (Path).",
        Evidence.CHOSEN,
        "the knob that tests need",
    ),
)
