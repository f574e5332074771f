"""How it is known what the simulated TWS says of accounts, and does with them: the cards of `answers` and `ledger`."""

from __future__ import annotations

from typing import Final

from anytws.simulator.cards import Card, Evidence

CARDS: Final = (
    Card(
        "accounts.data_order",
        "Account data begin with all values, sorted by key in ASCII order and by currency, BASE in its "
        "alphabetical place; then each position by symbol with the time of its price; then the time and the end.",
        Evidence.RECORDED,
        "two sessions, TWS 10.40 and server version 225",
    ),
    Card(
        "accounts.data_changes",
        "After the first run come changed values and positions alone, at once after a trade and otherwise every "
        "three minutes, closed by the time and by no end.",
        Evidence.DOCUMENTED,
        "vendor's guide; the rhythm also reported",
        note="When nothing changed in three minutes nothing is said (chosen).",
    ),
    Card(
        "accounts.data_one_at_a_time",
        "A client has one subscription to account data. A request for another account ends it, and so does its "
        "end: notice 2100 without an id. The same account asked for again gets the whole run again.",
        Evidence.RECORDED,
        "2100 at server version 225; the switch is documented",
        note="Some TWS do not say 2100.",
    ),
    Card(
        "accounts.data_shared",
        "Where all clients share one subscription, who wants another account than the others gets 2101 without an id.",
        Evidence.DOCUMENTED,
        "vendor's guide, reported of some TWS",
        note="Off, unless shared_account_data is set.",
    ),
    Card(
        "accounts.data_codes",
        "Account data without an account are refused with 321 where there are several, those of an account that "
        "there is not with 321; All, or an advisor's account with an A behind it, means all of them.",
        Evidence.REPORTED,
        "texts from threads of users; All and A are documented",
    ),
    Card(
        "accounts.keys_of_small_account",
        "The keys of a small account: 21 in each currency and BASE, the rest once, with their formats: two "
        "decimals, four for two of BASE, seven for rates.",
        Evidence.RECORDED,
        "TWS 10.40, a paper account in dollars",
        note="Interest, dividends, cards and guarantees are always 0. Cryptocurrency comes where there is some "
        "(chosen).",
    ),
    Card(
        "accounts.keys_of_large_account",
        "A large account has day trades, Regulation T, and the keys of the segment of securities as well.",
        Evidence.REPORTED,
        "value dumps of users",
        note="On with large_account. Their values are simple: RegTMargin is half of all positions, SMA the rest, "
        "all is in segment S (chosen).",
    ),
    Card(
        "accounts.arithmetic",
        "Net liquidation is cash, the values of positions and today's gain of futures; BASE is the sum of the "
        "currencies at their rates; available funds, excess liquidity, cushion and buying power follow from it "
        "and from the margins.",
        Evidence.DOCUMENTED,
        "vendor's guide; the recorded values satisfy it",
        note="Total cash is without the gain of futures.",
    ),
    Card(
        "accounts.ready",
        "AccountReady false says that the servers are being reset and values may be wrong.",
        Evidence.DOCUMENTED,
        "vendor's guide",
        note="Set Accounts.is_ready by hand.",
    ),
    Card(
        "accounts.portfolio_row",
        "A row of the portfolio: the price as a number of 32 bits, value and profits in two decimals, the average"
        " cost in eight, the home of a stock in its own field in text and as the exchange in protobuf.",
        Evidence.RECORDED,
        "TWS 10.40 in both encodings",
    ),
    Card(
        "accounts.portfolio_closed",
        "A position that was closed comes once more with 0, and stays in first runs with 0 until the day is over.",
        Evidence.DOCUMENTED,
        "vendor's guide; recorded for positions",
    ),
    Card(
        "accounts.portfolio_clock",
        "Account times are hh:mm on the clock of TWS; the one of a position is when its price was last made.",
        Evidence.RECORDED,
        "21:46 beside a 17:59",
        note="The time of a closed market is the end of its session (chosen).",
    ),
    Card(
        "accounts.summary_order",
        "A summary has the tags of each account by name, those without a currency first, then the end; unknown "
        "tags are left out.",
        Evidence.RECORDED,
        "frames of several clients; that unknown tags are left out is reported",
    ),
    Card(
        "accounts.summary_changes",
        "Changed values of a summary come every three minutes, without an end.",
        Evidence.DOCUMENTED,
        "vendor's guide",
    ),
    Card(
        "accounts.summary_ledger",
        "$LEDGER:ALL gives blocks by currency, BASE last, for all accounts together under the name of the group; "
        "$LEDGER:EUR gives one.",
        Evidence.RECORDED,
        "a session with group All",
        note="$LEDGER alone gives the block of the base currency (chosen: BASE or the currency is not known).",
    ),
    Card(
        "accounts.summary_prefix",
        "From TWS 10.47 on a setting puts $LEDGER- before the keys of the ledger.",
        Evidence.REPORTED,
        "sources of a client that met it",
        note="On with ledger_prefix.",
    ),
    Card(
        "accounts.summary_twice",
        "Tags and $LEDGER:ALL of a single account were said twice, with two ends.",
        Evidence.RECORDED,
        "one session",
        note="On with summary_twice.",
    ),
    Card(
        "accounts.summary_limit",
        "A client may have two summaries; a third gets 322, and so does an id that is open.",
        Evidence.DOCUMENTED,
        "vendor's guide",
        note="The texts are chosen.",
    ),
    Card(
        "accounts.summary_groups",
        "A summary is of All or of a group of the advisor; an empty or unknown group gets 321.",
        Evidence.DOCUMENTED,
        "vendor's guide",
        note="The texts are chosen.",
    ),
    Card(
        "accounts.positions_run",
        "Positions of all accounts, unsorted, then the end; each change after that alone, with the new total; "
        "asked again, all again.",
        Evidence.RECORDED,
        "frames of several clients; asked again: reported",
    ),
    Card(
        "accounts.multi_order",
        "Account updates of one account or of all: values by key without currencies, then the blocks of the "
        "ledger, BASE last, then the end; of the ledger alone, the blocks.",
        Evidence.RECORDED,
        "a session",
    ),
    Card(
        "accounts.models",
        "There are no models: positions and updates of one have the end alone, and profit and loss of one is "
        "refused with 10183 and 10184.",
        Evidence.CHOSEN,
        "no recording of an advisor with models",
    ),
    Card(
        "accounts.too_many",
        "With more than 50 accounts under an advisor, All is refused with 321.",
        Evidence.DOCUMENTED,
        "vendor's guide, the text from the catalogue",
    ),
    Card(
        "accounts.advisor",
        "An advisor's own account is empty: the cash and the positions of the settings are with his clients.",
        Evidence.CHOSEN,
        "so that the sum over all accounts is that of the clients",
    ),
    Card(
        "accounts.realized_has_both_commissions",
        "A realized profit is after the commissions of both sides, and is told for what closes a position alone.",
        Evidence.RECORDED,
        "four traces of orders: -2.016569, -3.033587, -2.49, -0.848813",
    ),
    Card(
        "accounts.average_cost",
        "The average cost has the multiplier and the commissions in it; what is closed takes the average of what "
        "is held.",
        Evidence.RECORDED,
        "values of several sessions, and three fills that cover a short position",
        note="Not the oldest or the dearest lot: TWS can be set so, and it is not simulated.",
    ),
    Card(
        "accounts.cash_of_trades",
        "Stocks, options, bonds, funds and crypto are paid in cash in the currency of their prices, where a "
        "balance may become negative: a loan. There is no interest.",
        Evidence.CHOSEN,
        "as a margin account does",
    ),
    Card(
        "accounts.futures_settled_daily",
        "Futures and CFDs cost no cash. What they gain on a day is FuturesPNL, and is in the cash from midnight on.",
        Evidence.CHOSEN,
        "the vendor settles futures each day; the hour is ours",
    ),
    Card(
        "accounts.forex_moves_two_balances",
        "A forex trade moves two balances and is a position of its own, with a profit and without a value beside "
        "the cash.",
        Evidence.CHOSEN,
        "as the FX portfolio of TWS does",
    ),
    Card(
        "accounts.rates",
        "ExchangeRate is the price of the forex instrument in seven decimals, by way of the dollar where there is"
        " none for the two.",
        Evidence.CHOSEN,
        "seven decimals are recorded",
        note="Currencies without an instrument have invented rates that never move.",
    ),
    Card(
        "accounts.corrections",
        "An execution that comes again with a higher last number replaces the one before: all that followed is "
        "reckoned again, on the day of the first.",
        Evidence.DOCUMENTED,
        "vendor's guide; no recording",
        note="10,000 executions of an account can be corrected.",
    ),
    Card(
        "accounts.day_of_profit_and_loss",
        "Daily and realized profits begin again at midnight in New York, from the price that there is then.",
        Evidence.CHOSEN,
        "one of the schedules that TWS can be set to",
    ),
    Card(
        "accounts.margins",
        "Margins by named models, each position alone: reg-t (half of stocks, a quarter to keep), portfolio (15 "
        "%), cash (all).",
        Evidence.CHOSEN,
        "the vendor's general rules; factors of buying power documented and recorded",
        note="No offsets, no house margins, no discounts of the day.",
    ),
    Card(
        "accounts.exercise",
        "An exercised option goes at 0 and its underlying comes at the strike; on an index it is settled in cash.",
        Evidence.CHOSEN,
        "the vendor's positions change overnight; its cost basis is not known",
    ),
    Card(
        "accounts.settled_by_date",
        "Cash of today's trades is settled on the next weekday.",
        Evidence.CHOSEN,
        "the form is recorded, and a day for stocks is usual",
        note="Holidays are not looked at.",
    ),
    Card(
        "pnl.account",
        "The profit and loss of an account comes at once, then once a second while something changes, in the base"
        " currency, in doubles with their noise.",
        Evidence.RECORDED,
        "sessions of several clients; the rhythm is documented",
        note="Movements of cash balances against the base currency are not in it (chosen).",
    ),
    Card(
        "pnl.single",
        "The profit and loss of a position comes after a second, in the currency of its prices; its realized part"
        " is unset until something was closed on the day.",
        Evidence.RECORDED,
        "a position in KRW",
        note="Until a day's first closing it is unset: chosen from that.",
    ),
    Card(
        "pnl.silence",
        "An unknown contract id, and one that is not held, has no answer at all.",
        Evidence.DOCUMENTED,
        "vendor's guide",
    ),
    Card(
        "pnl.flat",
        "A position that was closed on the day has a notice 2150 and a row with 0 whose value and unrealized part"
        " are unset.",
        Evidence.RECORDED,
        "one session",
        note="Said once for each time that it is closed (chosen).",
    ),
    Card(
        "pnl.errors",
        "10183 and 10184 for an account that there is not, 10185 and 10186 for a cancel of what is not open, 322 "
        "for an id that is.",
        Evidence.REPORTED,
        "texts of the Gateway's catalogue; when they come is chosen",
    ),
)
