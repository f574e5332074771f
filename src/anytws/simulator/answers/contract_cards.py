"""The cards of the answers about contracts."""

from __future__ import annotations

from typing import Final

from anytws.simulator.cards import Card, Evidence

CARDS: Final = (
    Card(
        "contracts.rows",
        "Details have a row for SMART of each listing first, and then one for each other exchange; only the exchange "
        "that is asked for, if one is; one row alone for a contract id.",
        Evidence.RECORDED,
        "Gateway 10.40, AMD: 35 rows",
    ),
    Card(
        "contracts.direct_rows",
        "The row of a direct exchange has fewer order types than that of SMART; AMEX and OVERNIGHT have hours of their "
        "own.",
        Evidence.RECORDED,
        "Gateway 10.40: order types of NASDAQ and ARCA; AMEX 2022; OVERNIGHT is documented",
        "All other exchanges of a US stock have the order types of ARCA (chosen).",
    ),
    Card(
        "contracts.none",
        "Where nothing fits, 200 'No security definition has been found for the request' comes, and no end.",
        Evidence.RECORDED,
        "several Gateways, 2019 to 2026",
    ),
    Card(
        "contracts.type_needed",
        "A question without contract id and security type is refused with 321, and has no end.",
        Evidence.RECORDED,
        "frames of 2026",
    ),
    Card(
        "contracts.not_enough",
        "A future or an option has to be named for details, and needs a local symbol or an expiry where one is wanted: "
        "else 321.",
        Evidence.REPORTED,
        "issues of client libraries",
        "For details alone a symbol is enough; with no name at all it is refused (chosen).",
    ),
    Card(
        "contracts.exchange_needed",
        "Where one instrument is needed, a contract without exchange is refused with 321 'Please enter exchange'.",
        Evidence.REPORTED,
        "users who asked for the data of a position as it was told",
    ),
    Card(
        "contracts.unknown_exchange",
        "An exchange that there is not is refused with 200 'Invalid destination or exchange selected.'",
        Evidence.DOCUMENTED,
        "the vendor's list of errors",
        "It may come as 321 as well.",
    ),
    Card(
        "contracts.ambiguous",
        "Market data, history and orders are refused with 200 where a contract means several; details never are.",
        Evidence.RECORDED,
        "KWEB and SI, 2025",
        "Which further word is wanted, but for the multiplier or trading class, is documented only.",
    ),
    Card(
        "contracts.futures_by_id",
        "All months of a future come in the order of their contract ids, not of their dates.",
        Evidence.RECORDED,
        "Gateway 10.40, ES: 23 quarters",
    ),
    Card(
        "contracts.futures",
        "Months of futures have their last trade dates by the exchange's rules, in US business days.",
        Evidence.RECORDED,
        "29 months of seven families fit the rules",
        "Contract ids that are not known are made of family and month.",
    ),
    Card(
        "contracts.continuous",
        "A continuous future is one row: CONTFUT with the contract id of the month in front; of FUT+CONTFUT it "
        "is first.",
        Evidence.RECORDED,
        "Gateway 10.40, 2 October 2026: ESZ6",
        "The front is the first month that is not over (chosen); its history is that of this month alone.",
    ),
    Card(
        "contracts.expired",
        "What has expired is found with include_expired alone: futures for two years.",
        Evidence.DOCUMENTED,
        "the vendor's page of contracts",
        "Expired options are found by their contract id.",
    ),
    Card(
        "contracts.option",
        "An option is told with local symbol in six columns, market rules of each exchange, and the industry of its "
        "underlying.",
        Evidence.RECORDED,
        "Gateway 10.40, AAPL 261005 C 342.5",
        "That a first answer after login lacks the industry is left out.",
    ),
    Card(
        "contracts.combo",
        "All combinations in a currency have one contract id, 28812380 for dollars, and prices in pennies.",
        Evidence.RECORDED,
        "scanner rows and quotes of combos, 2026",
        "The numbers of other currencies are invented. Details of a combination are answered with 200.",
    ),
    Card(
        "contracts.bonds_nameless",
        "Rows of bonds carry neither symbol nor currency; since protobuf no day of maturity either.",
        Evidence.RECORDED,
        "Gateway 10.40, bonds of IBM and AAPL",
        "That the coupon is always 0 is chosen: ib_async can read whole numbers alone there.",
    ),
    Card(
        "contracts.last_trade_forms",
        "A last trade date has an old zone until server version 162, HH:MM until 199, HH:MM:SS from then on; that of "
        "an option has no time until 224.",
        Evidence.RECORDED,
        "server versions 151, 173, 200 and 225",
        "Between the recordings the borders are chosen.",
    ),
    Card(
        "contracts.zone_names",
        "The zone of the hours is EST (Eastern Standard Time) until server version 162, US/Eastern since.",
        Evidence.RECORDED,
        "frames of 2020, and of 2022 and later",
        "The server version at which the names change, and the old names of other zones, are chosen.",
    ),
    Card(
        "contracts.hours_window",
        "Hours are told for sessions that end today or later and begin in the next five days; closed days stand "
        "in front "
        "of the last session and not behind it.",
        Evidence.RECORDED,
        "Gateways of 2025 and 2026, several weekdays",
    ),
    Card(
        "contracts.hours_overnight",
        "An overnight session stands under the day on which it begins.",
        Evidence.RECORDED,
        "ES, 2 October 2026",
    ),
    Card(
        "contracts.hours_last_liquid",
        "Where the regular hours of the last session begin too late, liquid hours have the whole session instead.",
        Evidence.RECORDED,
        "ES, 2 October 2026",
    ),
    Card(
        "contracts.bursts",
        "More than 200 rows come in bursts of 200, half a second apart.",
        Evidence.CHOSEN,
        "a chain of 2,000 takes 5 to 60 s in reports, and the vendor says that it is slowed down",
    ),
    Card(
        "contracts.cancel_silent",
        "A cancel of details is silent; rows that are still to come, and the end, do not.",
        Evidence.CHOSEN,
        "nobody has recorded one",
    ),
    Card(
        "contracts.search",
        "A search has one answer of at most 20 rows: the symbol itself, symbols that begin so, names with such "
        "words; of "
        "bonds the issuer, with contract id -1.",
        Evidence.RECORDED,
        "frames of 2026; the order of several is chosen",
    ),
    Card(
        "contracts.search_pause",
        "A search within a second after another one is not answered.",
        Evidence.REPORTED,
        "users; the vendor asks for a second between two",
    ),
    Card(
        "contracts.chain",
        "A chain has a row for each exchange and trading class, with equal sets; not every pair exists.",
        Evidence.RECORDED,
        "AAPL, 28 September 2026: 41 rows",
        "Which pairs do not exist is chosen: short expirations have no strikes below 0.6 and above 1.5 of the level.",
    ),
    Card(
        "contracts.chain_rolls",
        "Expirations roll with the day: Mondays and Wednesdays of two weeks, six Fridays, third Fridays of "
        "seven months, "
        "quarters, Decembers and Januaries.",
        Evidence.RECORDED,
        "AAPL, 28 September 2026: 25 expirations, all of which the rule gives",
    ),
    Card(
        "contracts.chain_refused",
        "A chain of an unknown contract id, or of a wrong security type, is refused with 321; options on "
        "futures need an "
        "exchange, all others none: else there is the end alone.",
        Evidence.REPORTED,
        "issues of client libraries",
    ),
    Card(
        "contracts.market_rule",
        "A market rule is told by its number, without request id; one that is not known is refused with 321.",
        Evidence.RECORDED,
        "frames of 2026; the refusal is reported, its text chosen",
    ),
    Card(
        "contracts.legal_price",
        "The price of an order is a multiple of the step at that price.",
        Evidence.DOCUMENTED,
        "the vendor's page of market rules",
    ),
    Card(
        "contracts.holidays",
        "Holidays and half days are made by rule for every year; those of US stocks are the published ones.",
        Evidence.DOCUMENTED,
        "calendars of the exchanges, 2026 and 2027",
        "Markets elsewhere have the holidays of their country as commonly known (chosen), Hong Kong none by the moon.",
    ),
)
"""How each behaviour here is known."""
