"""The values of an account, as texts under their keys, in the forms that were recorded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Final, NamedTuple

from anytws.simulator.ground import Ground
from anytws.simulator.ledger.stake import EXACT, NOTHING
from anytws.simulator.ledger.statement import BASE, Block, Statement

CENT: Final = Decimal("0.01")
_FOUR: Final = Decimal("0.0001")
_SIX: Final = Decimal("0.000001")
_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)

VALUES: Final = (
    *("StockMarketValue", "OptionMarketValue", "FutureOptionValue", "FundValue", "MutualFundValue"),
    *("MoneyMarketFundValue", "CorporateBondValue", "TBondValue", "TBillValue", "WarrantValue", "IssuerOptionValue"),
)
"""Keys of a block that are what positions are worth. ``Cryptocurrency`` is one too, empty where there is none."""

NOTHING_KEYS: Final = (
    *("AccruedDividend", "Billable", "Guarantee", "IncentiveCoupons", "IndianStockHaircut"),
    *("NetLiquidationUncertainty", "PASharesValue", "PhysicalCertificateValue", "PostExpirationExcess"),
    *("PostExpirationMargin", "TotalDebitCardPendingCharges"),
)
"""Amounts that are always 0 here: no interest, dividends or cards are simulated."""


class Row(NamedTuple):
    """One value of an account."""

    key: str
    value: str
    currency: str = ""


# Forms


def money(value: Decimal) -> str:
    """Give an amount in two decimals, without grouping, and never a minus before a zero."""
    return f"{value.quantize(CENT, ROUND_HALF_EVEN) + NOTHING:f}"


def up_to(value: Decimal, step: Decimal, least: Decimal = Decimal(1)) -> str:
    """Give *value* in the decimals of *step*, without zeros at its end beyond those of *least*."""
    rounded = value.quantize(step, ROUND_HALF_EVEN) + NOTHING
    short = rounded.normalize()
    if short.as_tuple().exponent > least.as_tuple().exponent:  # type: ignore[operator]
        short = short.quantize(least)
    return f"{short:f}"


# Blocks


def block_rows(block: Block, owner: str) -> list[Row]:
    """Give the values in one currency, in the order of a ledger (recorded); *owner* is the account or the group."""
    is_base = block.currency == BASE
    amounts = {key: money(block.values.get(key, NOTHING)) for key in VALUES}
    crypto = block.values.get("Cryptocurrency")
    pairs = (
        ("Currency", block.currency),
        # Recorded: of BASE these two have up to four decimals.
        ("CashBalance", up_to(block.cash, _FOUR, CENT) if is_base else money(block.cash)),
        ("TotalCashBalance", money(block.cash)),
        ("AccruedCash", money(NOTHING)),
        ("StockMarketValue", amounts["StockMarketValue"]),
        ("OptionMarketValue", amounts["OptionMarketValue"]),
        ("FutureOptionValue", amounts["FutureOptionValue"]),
        ("FuturesPNL", money(block.futures_pnl)),
        ("NetLiquidationByCurrency", up_to(block.net, _FOUR, CENT) if is_base else money(block.net)),
        ("UnrealizedPnL", money(block.unrealized)),
        ("RealizedPnL", money(block.realized)),
        ("ExchangeRate", up_to(block.rate, Decimal("0.0000001"), CENT)),
        ("FundValue", amounts["FundValue"]),
        ("NetDividend", money(NOTHING)),
        ("MutualFundValue", amounts["MutualFundValue"]),
        ("MoneyMarketFundValue", amounts["MoneyMarketFundValue"]),
        ("CorporateBondValue", amounts["CorporateBondValue"]),
        ("TBondValue", amounts["TBondValue"]),
        ("TBillValue", amounts["TBillValue"]),
        ("WarrantValue", amounts["WarrantValue"]),
        ("FxCashBalance", money(NOTHING)),
        ("AccountOrGroup", owner),
        ("RealCurrency", block.currency),
        ("IssuerOptionValue", amounts["IssuerOptionValue"]),
        ("Cryptocurrency", "" if crypto is None else money(crypto)),
    )
    return [Row(key, value, block.currency) for key, value in pairs]


def ledger_rows(statement: Statement, owner: str) -> list[Row]:
    """Give the blocks of all currencies, BASE last (recorded)."""
    with localcontext(EXACT):
        return [row for block in (*statement.blocks, statement.total) for row in block_rows(block, owner)]


# The account as a whole


def account_rows(world: Ground, statement: Statement, owner: str, *, is_large: bool) -> list[Row]:
    """Give the values of the account as a whole, by key: those of a small one, or of a *large* one."""
    with localcontext(EXACT):
        amounts = _amounts(world, statement)
        base = statement.base
        rows = [Row(key, money(value), base) for key, value in amounts.items()]
        rows += [Row(key, money(NOTHING), base) for key in NOTHING_KEYS]
        rows += _plain_rows(world, statement, owner)
        if is_large:
            rows += _large_rows(statement, amounts)
        return sorted(rows)


def summary_rows(world: Ground, statement: Statement, owner: str) -> dict[str, Row]:
    """Give all that a summary may ask for, by tag."""
    with localcontext(EXACT):
        base = statement.base
        money_rows = [Row(key, money(value), base) for key, value in _amounts(world, statement).items()]
        more = [Row(key, money(value), base) for key, value in _large_amounts(statement).items()]
        plain = _plain_rows(world, statement, owner)
        leverage = Row("Leverage", money(_ratio(statement.total.gross, statement.net_liquidation)))
        return {row.key: row for row in (*money_rows, *more, *plain, leverage, *_DAY_TRADES, _SEVERITY)}


_DAY_TRADES: Final = tuple(
    # -1: without limit.
    Row(f"DayTradesRemaining{suffix}", "-1")
    for suffix in ("", "T+1", "T+2", "T+3", "T+4")
)
_SEVERITY: Final = Row("HighestSeverity", "0")


def _amounts(world: Ground, statement: Statement) -> dict[str, Decimal]:
    initial, maintenance = statement.initial_margin, statement.maintenance_margin
    available, excess = statement.available_funds, statement.excess_liquidity
    return {
        "AvailableFunds": available,
        # Chosen: nobody lends on what is not there.
        "BuyingPower": max(available, NOTHING) * world.accounts.margin_model.buying_power,
        "EquityWithLoanValue": statement.equity_with_loan,
        "ExcessLiquidity": excess,
        "FullAvailableFunds": available,
        "FullExcessLiquidity": excess,
        "FullInitMarginReq": initial,
        "FullMaintMarginReq": maintenance,
        "GrossPositionValue": statement.total.gross,
        "InitMarginReq": initial,
        "LookAheadAvailableFunds": available,
        "LookAheadExcessLiquidity": excess,
        "LookAheadInitMarginReq": initial,
        "LookAheadMaintMarginReq": maintenance,
        "MaintMarginReq": maintenance,
        "NetLiquidation": statement.net_liquidation,
        "TotalCashValue": statement.total.cash,
    }


def _large_amounts(statement: Statement) -> dict[str, Decimal]:
    """Give what Regulation T says (chosen, in simple forms): half of all positions is bound, the rest is special."""
    equity, bound = statement.equity_with_loan, statement.total.gross / 2
    return {
        "AccruedCash": NOTHING,
        "PreviousDayEquityWithLoanValue": equity - statement.total.daily,
        "RegTEquity": equity,
        "RegTMargin": bound,
        "SMA": max(equity - bound, NOTHING),
        "SettledCash": statement.total.cash - statement.total.unsettled,
    }


def _plain_rows(world: Ground, statement: Statement, owner: str) -> list[Row]:
    net = statement.net_liquidation
    return [
        Row("AccountCode", owner),
        Row("AccountReady", "true" if world.accounts.is_ready else "false"),
        Row("AccountType", world.settings.account_type),
        Row("ColumnPrio-S", "1"),
        Row("Cushion", up_to(_ratio(statement.excess_liquidity, net), _SIX)),
        Row("Leverage-S", money(_ratio(statement.total.gross, net))),
        Row("LookAheadNextChange", "0"),
        Row("NLVAndMarginInReview", "false"),
        Row("SegmentTitle-S", "CFD"),
        *(Row(key, settled_by_date(world, statement)) for key in ("SettledCashByDate", "SettledCashByDate-S")),
        Row("TradingType-S", "STKNOPT"),
    ]


def _large_rows(statement: Statement, amounts: dict[str, Decimal]) -> Iterable[Row]:
    base = statement.base
    for key, value in _large_amounts(statement).items():
        if key != "AccruedCash":
            # That one stands in the blocks already.
            yield Row(key, money(value), base)
        yield Row(f"{key}-S", money(value), base)
    # Chosen: all is in the segment of securities.
    for key, value in amounts.items():
        yield Row(f"{key}-S", money(value), base)
    yield from _DAY_TRADES
    yield _SEVERITY
    yield Row("DayTradingStatus-S", f"::false:{money(statement.excess_liquidity)}::false")
    yield Row("Leverage", money(_ratio(statement.total.gross, statement.net_liquidation)))
    yield Row("WhatIfPMEnabled", "true")


def settled_by_date(world: Ground, statement: Statement) -> str:
    """Give the cash that is settled today and, if trades of today change it, on the next weekday (chosen)."""
    # Noon of the day of profit and loss: that day, wherever one is.
    today = datetime.fromtimestamp(world.accounts.day_begin(world.ms()) // 1000, UTC) + _DAY / 2
    cash, unsettled = statement.total.cash, statement.total.unsettled
    now = f"{today:%Y%m%d}:{money(cash - unsettled)}"
    return f"{now};{_next_weekday(today):%Y%m%d}:{money(cash)}" if unsettled else now


def _next_weekday(day: datetime) -> datetime:
    day += _DAY
    while day.weekday() >= _SATURDAY:
        day += _DAY
    return day


def _ratio(part: Decimal, whole: Decimal) -> Decimal:
    return part / whole if whole else NOTHING


# All together


def data_rows(world: Ground, statement: Statement, owner: str) -> list[Row]:
    """Give all values of an account, sorted by key and currency, as account data have them (recorded)."""
    is_large = world.settings.large_account
    rows = account_rows(world, statement, owner, is_large=is_large)
    has_crypto = is_large or "Cryptocurrency" in statement.total.values
    blocks = [row for row in ledger_rows(statement, owner) if has_crypto or row.key != "Cryptocurrency"]
    return sorted([*rows, *blocks])
