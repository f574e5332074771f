"""The words and numbers in which orders are told."""

from __future__ import annotations

from anytws.messages.enumerations import Number, Word


class OrderType(Word):
    """How an order finds its price. `anytws.messages.order_types` has a constructor for the usual ones."""

    MARKET = "MKT"
    LIMIT = "LMT"
    STOP = "STP"
    STOP_LIMIT = "STP LMT"
    RELATIVE = "REL"
    TRAILING_STOP = "TRAIL"
    TRAILING_STOP_LIMIT = "TRAIL LIMIT"
    VOLATILITY = "VOL"
    MARKET_IF_TOUCHED = "MIT"
    LIMIT_IF_TOUCHED = "LIT"
    MARKET_ON_CLOSE = "MOC"
    LIMIT_ON_CLOSE = "LOC"
    MARKET_TO_LIMIT = "MTL"
    MARKET_WITH_PROTECTION = "MKT PRT"
    STOP_WITH_PROTECTION = "STP PRT"
    MIDPRICE = "MIDPRICE"
    BOX_TOP = "BOX TOP"
    PEGGED_TO_MARKET = "PEG MKT"
    PEGGED_TO_STOCK = "PEG STK"
    PEGGED_TO_MIDPOINT = "PEG MID"
    PEGGED_TO_MIDPOINT_ONE_WORD = "PEGMID"
    PEGGED_TO_BEST = "PEG BEST"
    PEGGED_TO_BEST_ONE_WORD = "PEGBEST"
    PEGGED_TO_BENCHMARK = "PEG BENCH"
    PEGGED_TO_BENCHMARK_ONE_WORD = "PEGBENCH"
    PASSIVE_RELATIVE = "PASSV REL"
    SNAP_TO_MARKET = "SNAP MKT"
    SNAP_TO_MIDPOINT = "SNAP MID"
    SNAP_TO_PRIMARY = "SNAP PRIM"
    RELATIVE_AND_LIMIT = "REL + LMT"
    RELATIVE_AND_MARKET = "REL + MKT"
    LIMIT_AND_MARKET = "LMT + MKT"
    RETAIL_PRICE_IMPROVEMENT = "RPI"
    QUOTE = "QUOTE"
    GUARANTEED_VWAP = "GUARANTEED VWAP"
    COMBO = "COMBO"
    NONE = "None"
    """Said by TWS of an order that is not adjusted, or has no order for its delta."""

    # As TWS and traders say it.
    MKT = MARKET
    LMT = LIMIT
    STP = STOP
    STP_LMT = STOP_LIMIT
    REL = RELATIVE
    TRAIL = TRAILING_STOP
    TRAIL_LIMIT = TRAILING_STOP_LIMIT
    VOL = VOLATILITY
    MIT = MARKET_IF_TOUCHED
    LIT = LIMIT_IF_TOUCHED
    MOC = MARKET_ON_CLOSE
    LOC = LIMIT_ON_CLOSE
    MTL = MARKET_TO_LIMIT
    MKT_PRT = MARKET_WITH_PROTECTION
    STP_PRT = STOP_WITH_PROTECTION
    PEG_MKT = PEGGED_TO_MARKET
    PEG_STK = PEGGED_TO_STOCK
    PEG_MID = PEGGED_TO_MIDPOINT
    PEGMID = PEGGED_TO_MIDPOINT_ONE_WORD
    PEG_BEST = PEGGED_TO_BEST
    PEGBEST = PEGGED_TO_BEST_ONE_WORD
    PEG_BENCH = PEGGED_TO_BENCHMARK
    PEGBENCH = PEGGED_TO_BENCHMARK_ONE_WORD
    PASSV_REL = PASSIVE_RELATIVE
    SNAP_MKT = SNAP_TO_MARKET
    SNAP_MID = SNAP_TO_MIDPOINT
    SNAP_PRIM = SNAP_TO_PRIMARY
    REL_LMT = RELATIVE_AND_LIMIT
    REL_MKT = RELATIVE_AND_MARKET
    LMT_MKT = LIMIT_AND_MARKET
    RPI = RETAIL_PRICE_IMPROVEMENT

    @classmethod
    def closest(cls, word: str) -> OrderType | None:
        """Give the known member that was obviously meant; None for ``NONE``, which TWS takes as well."""
        return None if word == "NONE" else super().closest(word)


class TimeInForce(Word):
    """How long an order works."""

    DAY = "DAY"
    GOOD_TILL_CANCELLED = "GTC"
    IMMEDIATE_OR_CANCEL = "IOC"
    GOOD_TILL_DATE = "GTD"
    """Until `Order.good_till_date`."""
    AT_THE_OPENING = "OPG"
    FILL_OR_KILL = "FOK"
    DAY_TILL_CANCELLED = "DTC"
    AUCTION = "AUC"
    GOOD_TILL_CROSSING = "GTX"
    OVERNIGHT = "OVERNIGHT"
    OVERNIGHT_AND_DAY = "OVERNIGHT + DAY"
    OVERNIGHT_OR_DAY = "OND"

    # As TWS and traders say it.
    GTC = GOOD_TILL_CANCELLED
    IOC = IMMEDIATE_OR_CANCEL
    GTD = GOOD_TILL_DATE
    OPG = AT_THE_OPENING
    FOK = FILL_OR_KILL
    DTC = DAY_TILL_CANCELLED
    AUC = AUCTION
    GTX = GOOD_TILL_CROSSING
    OVERNIGHT_DAY = OVERNIGHT_AND_DAY
    OND = OVERNIGHT_OR_DAY


class OrderStatusWord(Word):
    """Where an order is in its life."""

    API_PENDING = "ApiPending"
    """TWS has it, and waits for something before it goes on."""
    PENDING_SUBMIT = "PendingSubmit"
    """Sent, and not yet accepted."""
    PENDING_CANCEL = "PendingCancel"
    """The cancel was sent, and is not yet accepted: the order may still be filled."""
    PRE_SUBMITTED = "PreSubmitted"
    """Accepted, and held by the broker until it may work: a stop, a child, a condition."""
    SUBMITTED = "Submitted"
    """Working."""
    API_CANCELLED = "ApiCancelled"
    """Cancelled by a client before it was accepted."""
    CANCELLED = "Cancelled"
    FILLED = "Filled"
    INACTIVE = "Inactive"
    """Rejected, or not working for another reason that an error says."""


class OcaType(Number):
    """What a fill does to the other orders of the same one-cancels-all group."""

    NONE = 0
    CANCEL_WITH_BLOCK = 1
    """They are cancelled; one order works at a time, so nothing is overfilled."""
    REDUCE_WITH_BLOCK = 2
    """They are made smaller; one order works at a time, so nothing is overfilled."""
    REDUCE_WITHOUT_BLOCK = 3
    """They are made smaller, and may be overfilled meanwhile."""


class TriggerMethod(Number):
    """Which price sets off a stop, or fulfils a condition."""

    DEFAULT = 0
    DOUBLE_BID_ASK = 1
    """Two bids or asks in a row."""
    LAST = 2
    DOUBLE_LAST = 3
    """Two trades in a row."""
    BID_ASK = 4
    LAST_OR_BID_ASK = 7
    MIDPOINT = 8


class Origin(Number):
    """Whose order it is."""

    CUSTOMER = 0
    FIRM = 1
    UNKNOWN = 2


class OpenClose(Word):
    """Whether an order opens or closes a position; for institutions."""

    OPEN = "O"
    CLOSE = "C"
    NOT_SAID = "?"
    """Said by TWS."""


class Rule80A(Word):
    """The capacity in which an order is given, after the exchange's rule 80A. PT: program trade, A: index arbitrage."""

    INDIVIDUAL = "I"
    AGENCY = "A"
    AGENT_FOR_OTHER_MEMBER = "W"
    INDIVIDUAL_PTIA = "J"
    AGENCY_PTIA = "U"
    AGENT_FOR_OTHER_MEMBER_PTIA = "M"
    INDIVIDUAL_PT = "K"
    AGENCY_PT = "Y"
    AGENT_FOR_OTHER_MEMBER_PT = "N"


class AuctionStrategy(Number):
    """The auction of the BOX exchange."""

    NONE = 0
    MATCH = 1
    IMPROVEMENT = 2
    TRANSPARENT = 3


class VolatilityType(Number):
    """The span that `Order.volatility` is about."""

    NONE = 0
    """Said by TWS of an order without volatility."""
    DAILY = 1
    ANNUAL = 2


class ReferencePriceType(Number):
    """The price of the stock that a volatility order computes with."""

    NONE = 0
    """Said by TWS of an order without volatility."""
    AVERAGE_OF_BID_AND_ASK = 1
    BID_OR_ASK = 2


class HedgeType(Word):
    """What a child order hedges of its parent."""

    DELTA = "D"
    BETA = "B"
    """`Order.hedge_param` is the beta."""
    FX = "F"
    PAIR = "P"
    """`Order.hedge_param` is the ratio."""


class ClearingIntent(Word):
    """Where the trade is cleared."""

    IB = "IB"
    AWAY = "Away"
    POST_TRADE_ALLOCATION = "PTA"


class FaMethod(Word):
    """How an advisor's order is divided among the accounts of a group."""

    EQUAL_QUANTITY = "EqualQuantity"
    NET_LIQUIDATION = "NetLiq"
    AVAILABLE_EQUITY = "AvailableEquity"
    PERCENT_CHANGE = "PctChange"
    CONTRACTS_OR_SHARES = "ContractsOrShares"
    RATIO = "Ratio"
    PERCENT = "Percent"
    MONETARY_AMOUNT = "MonetaryAmount"


class AdjustableTrailingUnit(Number):
    """The unit of `Order.adjusted_trailing_amount`."""

    AMOUNT = 0
    PERCENT = 1
    PERCENT_AS_100 = 100
    """What some of the vendor's material says for percent."""
