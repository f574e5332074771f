"""What the simulated TWS answers about accounts: values, summaries, positions."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws.messages import (
    AccountDataEnd,
    AccountDataRequest,
    AccountSummary,
    AccountSummaryEnd,
    AccountSummaryRequest,
    AccountUpdateMulti,
    AccountUpdateMultiEnd,
    AccountUpdatesMultiRequest,
    AccountUpdateTime,
    AccountValue,
    Action,
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    CancelPositions,
    CancelPositionsMulti,
    CommissionAndFeesReport,
    ExecutionDetails,
    Order,
    OrderType,
    PlaceOrderRequest,
    PnL,
    PnLRequest,
    PortfolioValue,
    Position,
    PositionEnd,
    PositionMulti,
    PositionMultiEnd,
    PositionsMultiRequest,
    PositionsRequest,
    Stock,
)
from anytws.simulator import Holding
from anytws.simulator.advisors import AdvisorGroup
from anytws.simulator.answers import account_kinds
from anytws.simulator.answers.account_kinds import ACCOUNT_KINDS
from anytws.simulator.answers.account_rows import money, up_to
from anytws.simulator.ledger.margins import Margins
from tests.account_worlds import FAMILY, ONE, THREE_MINUTES, TWO, Looker, client_at, codes_of, errors_of, of, trade
from tests.test_answers import ENCODINGS

LEDGER = (
    *("Currency", "CashBalance", "TotalCashBalance", "AccruedCash", "StockMarketValue", "OptionMarketValue"),
    *("FutureOptionValue", "FuturesPNL", "NetLiquidationByCurrency", "UnrealizedPnL", "RealizedPnL", "ExchangeRate"),
    *("FundValue", "NetDividend", "MutualFundValue", "MoneyMarketFundValue", "CorporateBondValue", "TBondValue"),
    *("TBillValue", "WarrantValue", "FxCashBalance", "AccountOrGroup", "RealCurrency", "IssuerOptionValue"),
    "Cryptocurrency",
)
ONCE = (
    *("AccruedDividend", "AvailableFunds", "Billable", "BuyingPower", "EquityWithLoanValue", "ExcessLiquidity"),
    *("FullAvailableFunds", "FullExcessLiquidity", "FullInitMarginReq", "FullMaintMarginReq", "GrossPositionValue"),
    *("Guarantee", "IncentiveCoupons", "IndianStockHaircut", "InitMarginReq", "LookAheadAvailableFunds"),
    *("LookAheadExcessLiquidity", "LookAheadInitMarginReq", "LookAheadMaintMarginReq", "MaintMarginReq"),
    *("NetLiquidation", "NetLiquidationUncertainty", "PASharesValue", "PhysicalCertificateValue"),
    *("PostExpirationExcess", "PostExpirationMargin", "TotalCashValue", "TotalDebitCardPendingCharges"),
)
PLAIN = (
    *("AccountCode", "AccountReady", "AccountType", "ColumnPrio-S", "Cushion", "Leverage-S", "LookAheadNextChange"),
    *("NLVAndMarginInReview", "SegmentTitle-S", "SettledCashByDate", "SettledCashByDate-S", "TradingType-S"),
)


def values_of(told: list[Any]) -> dict[tuple[str, str], str]:
    return {(row.key, row.currency): row.value for row in of(AccountValue, told)}


# --- positions -------------------------------------------------------------------------------------------------------


@pytest.mark.card("accounts.positions_run")
@pytest.mark.parametrize("version, exchange", [(178, ""), (200, ""), (225, "NASDAQ")])
def test_positions_are_those_of_the_settings(version: int, exchange: str) -> None:
    client = client_at(version, positions=(Holding("MSFT", Decimal("1.5"), 410.25),))
    position, end = client.ask(PositionsRequest())
    assert isinstance(position, Position)
    assert (position.account, position.position, position.average_cost) == ("DU1", Decimal("1.5"), 410.25)
    assert (position.contract.contract_id, position.contract.exchange) == (272093, exchange)
    assert position.contract.primary_exchange == ""
    assert end == PositionEnd()


def test_asked_again_the_run_comes_again_and_prices_move_nothing() -> None:
    client = client_at()
    first = client.ask(PositionsRequest())
    assert [type(event) for event in first] == [Position, Position, PositionEnd]
    assert client.go(1000) == []
    assert client.ask(PositionsRequest(), 1000) == first
    assert client.ask(CancelPositions(), 1000) == []
    assert client.ask(CancelPositions(), 1000) == []


@pytest.mark.parametrize("version", ENCODINGS)
def test_a_change_comes_at_once_with_the_new_total(version: int) -> None:
    client = client_at(version)
    client.ask(PositionsRequest())
    client.ask(PositionsMultiRequest("DU2", request_id=7))
    trade(client, "a.01", "AAPL", 50, "320.35", commission=1)
    (row,) = client.go(1)
    assert isinstance(row, Position)
    assert (row.account, row.position) == ("DU1", 150)
    assert row.average_cost == pytest.approx((28735 + 16017.5 + 1) / 150)
    trade(client, "b.01", "SPY", 20, "700", account="DU2")
    one, other = client.go(2)
    assert isinstance(one, Position)
    assert isinstance(other, PositionMulti)
    assert (one.position, other.position, other.request_id) == (20, 20, 7)
    client.ask(CancelPositions(), 2)
    client.ask(CancelPositionsMulti(7), 2)
    trade(client, "c.01", "SPY", 20, "700", account="DU2")
    assert client.go(3) == []


@pytest.mark.card("accounts.portfolio_closed")
def test_what_is_closed_comes_once_with_nothing_and_stays_in_the_list_for_the_day() -> None:
    client = client_at(accounts=ONE)
    client.ask(PositionsRequest())
    client.ask(AccountDataRequest())
    trade(client, "a.01", "AAPL", -100, "300")
    told = client.go(1)
    (row,) = of(Position, told)
    assert (row.position, row.average_cost) == (0, 0.0)
    value = next(row for row in of(PortfolioValue, told) if row.contract.symbol == "AAPL")
    assert (value.position, value.market_value, value.average_cost, value.unrealized_pnl) == (0, 0.0, 0.0, 0.0)
    assert value.realized_pnl == pytest.approx(1265)
    again = client.ask(PositionsRequest(), 2)
    assert [row.position for row in of(Position, again)] == [0, -20]
    # The next day.
    tomorrow = client.ask(PositionsRequest(), 86_400)
    assert [row.position for row in of(Position, tomorrow)] == [-20]


def test_what_is_taken_out_by_hand_comes_with_nothing_too() -> None:
    client = client_at(accounts=ONE)
    client.ask(PositionsRequest())
    client.ask(AccountDataRequest())
    world = client.link.world
    world.accounts.set_position("DU1", world.universe.by_symbol("SPY"), Decimal(0), Decimal(0))
    told = client.go(1)
    assert [(row.contract.symbol, row.position) for row in of(Position, told)] == [("SPY", 0)]
    assert ("SPY", 0) in [(row.contract.symbol, row.position) for row in of(PortfolioValue, told)]


@pytest.mark.parametrize("settings", [{"positions": ()}, {"accounts": ()}], ids=["positions", "accounts"])
def test_of_nothing_there_is_the_end(settings: dict[str, Any]) -> None:
    client = client_at(**settings)
    assert client.ask(PositionsRequest()) == [PositionEnd()]
    assert client.ask(PositionsMultiRequest(request_id=7)) == [PositionMultiEnd(7)]


@pytest.mark.parametrize("version", ENCODINGS)
@pytest.mark.parametrize("account, count", [("DU1", 2), ("", 2), ("All", 2), ("DU2", 0)])
def test_positions_of_one_account(account: str, count: int, version: int) -> None:
    client = client_at(version)
    *rows, end = client.ask(PositionsMultiRequest(account, request_id=7))
    assert [type(row) for row in rows] == [PositionMulti] * count
    assert end == PositionMultiEnd(7)
    assert client.ask(CancelPositionsMulti(7)) == []
    assert codes_of(client.ask(PositionsMultiRequest("DU9", request_id=8))) == [(8, 321)]


@pytest.mark.card("accounts.models")
def test_there_are_no_models() -> None:
    client = client_at()
    assert client.ask(PositionsMultiRequest("DU1", "a model", request_id=7)) == [PositionMultiEnd(7)]
    assert client.ask(AccountUpdatesMultiRequest("DU1", "a model", request_id=7)) == [AccountUpdateMultiEnd(7)]


def test_a_future_an_option_and_forex_are_positions_like_others() -> None:
    held = (Holding("MES", Decimal(2), 35000.62), Holding("EUR.USD", Decimal(1000), 1.12))
    client = client_at(accounts=ONE, positions=held)
    future, forex, _ = client.ask(PositionsRequest())
    assert isinstance(future, Position)
    assert isinstance(forex, Position)
    assert future.contract.multiplier == 5
    # Recorded: futures have no home.
    assert (future.contract.exchange, forex.contract.exchange) == ("", "")
    assert future.average_cost == 35000.62


# --- account data ----------------------------------------------------------------------------------------------------


@pytest.mark.card("accounts.data_order")
@pytest.mark.parametrize("version", ENCODINGS)
@pytest.mark.parametrize("asked, told", [("DU1", "DU1"), ("All", "All"), ("F1A", "F1A")])
def test_account_data_come_in_the_order_of_tws(asked: str, told: str, version: int) -> None:
    client = client_at(version, accounts=FAMILY)
    data = client.ask(AccountDataRequest(True, asked))
    values = of(AccountValue, data)
    assert data[: len(values)] == values
    keys = [(value.key, value.currency) for value in values]
    assert keys == sorted(set(keys))
    rest = [PortfolioValue, AccountUpdateTime] * 2 + [AccountUpdateTime, AccountDataEnd]
    assert [type(event) for event in data[len(values) :]] == rest
    assert [row.contract.symbol for row in of(PortfolioValue, data)] == ["AAPL", "SPY"]
    assert data[-1] == AccountDataEnd(told)
    assert {event.account for event in data if isinstance(event, AccountValue | PortfolioValue)} == {told}


@pytest.mark.card("accounts.keys_of_small_account")
def test_a_small_account_has_the_keys_that_were_recorded() -> None:
    values = values_of(client_at(accounts=ONE).ask(AccountDataRequest()))
    blocks = {(key, currency) for key in LEDGER[:-1] for currency in ("BASE", "USD")}
    assert values.keys() == blocks | {(key, "USD") for key in ONCE} | {(key, "") for key in PLAIN}
    assert values["Currency", "BASE"] == values["RealCurrency", "BASE"] == "BASE"
    assert values["ExchangeRate", "USD"] == "1.00"
    assert values["AccountType", ""] == "INDIVIDUAL"
    assert values["AccountReady", ""] == "true"
    assert values["SettledCashByDate", ""] == "20260105:100000.00"


@pytest.mark.card("accounts.keys_of_large_account")
def test_a_large_account_has_more() -> None:
    client = client_at(accounts=ONE, large_account=True, account_type="LLC")
    small = values_of(client_at(accounts=ONE).ask(AccountDataRequest()))
    values = values_of(client.ask(AccountDataRequest()))
    more = {key for key, _ in values.keys() - small.keys()}
    assert {"DayTradesRemaining", "DayTradesRemainingT+4", "RegTEquity", "SMA-S", "NetLiquidation-S"} <= more
    assert {"Leverage", "HighestSeverity", "DayTradingStatus-S", "Cryptocurrency", "WhatIfPMEnabled"} <= more
    assert values["DayTradesRemaining", ""] == "-1"
    assert values["AccountType", ""] == "LLC"
    assert small.keys() <= values.keys()


@pytest.mark.card("accounts.arithmetic")
@pytest.mark.parametrize("margins, factor", [(Margins.REG_T, 4), (Margins.CASH, 1)])
def test_values_add_up(margins: Margins, factor: int) -> None:
    client = client_at(accounts=ONE, margins=margins)
    trade(client, "a.01", "BMW", 10, "80")
    data = client.ask(AccountDataRequest())
    value = values_of(data)
    rows = of(PortfolioValue, data)

    def number(key: str, currency: str = "USD") -> Decimal:
        return Decimal(value[key, currency])

    dollars = [row for row in rows if row.contract.currency == "USD"]
    assert number("StockMarketValue") == sum(Decimal(str(row.market_value)) for row in dollars)
    assert number("UnrealizedPnL") == sum(Decimal(str(row.unrealized_pnl)) for row in dollars)
    for key in ("CashBalance", "StockMarketValue", "NetLiquidationByCurrency", "UnrealizedPnL"):
        total = sum(number(key, currency) * number("ExchangeRate", currency) for currency in ("USD", "EUR"))
        assert abs(number(key, "BASE") - total) <= Decimal("0.01")
    total = number("TotalCashValue") + number("StockMarketValue", "BASE")
    assert abs(number("NetLiquidation") - total) <= Decimal("0.01")
    assert abs(number("AvailableFunds") - number("EquityWithLoanValue") + number("InitMarginReq")) <= Decimal("0.01")
    assert abs(number("ExcessLiquidity") - number("EquityWithLoanValue") + number("MaintMarginReq")) <= Decimal("0.01")
    assert abs(number("BuyingPower") - factor * number("AvailableFunds")) <= Decimal("0.05")
    cushion = number("ExcessLiquidity") / number("NetLiquidation")
    assert abs(number("Cushion", "") - cushion) <= Decimal("0.000001")
    assert number("CashBalance", "EUR") == -800
    for row in rows:
        assert row.market_value == pytest.approx(float(row.position or 0) * (row.market_price or 0), rel=1e-6)
        cost = float(row.position or 0) * (row.average_cost or 0)
        assert row.unrealized_pnl == pytest.approx((row.market_value or 0) - cost)


@pytest.mark.card("accounts.portfolio_row")
@pytest.mark.parametrize("version, exchange, home", [(200, "", "NASDAQ"), (225, "NASDAQ", "")])
def test_a_row_of_the_portfolio(version: int, exchange: str, home: str) -> None:
    client = client_at(version, accounts=ONE, positions=(Holding("AAPL", Decimal(2), 287.3512),))
    world = client.link.world
    apple = world.universe.by_symbol("AAPL")
    world.market.move_to(apple, Decimal("517.88"), world.ms())
    (row,) = of(PortfolioValue, client.ask(AccountDataRequest()))
    price = world.accounts.price(apple, world.ms())
    # Of 32 bits.
    assert row.market_price != float(price)
    assert row.market_price == pytest.approx(float(price), rel=1e-7)
    assert row.market_value == float(2 * price)
    assert row.average_cost == 287.3512
    assert (row.contract.exchange, row.contract.primary_exchange) == (exchange, home)


@pytest.mark.card("accounts.data_changes")
@pytest.mark.parametrize("version", ENCODINGS)
def test_what_changed_comes_every_three_minutes(version: int) -> None:
    client = client_at(version, accounts=ONE)
    first = values_of(client.ask(AccountDataRequest()))
    assert client.go(THREE_MINUTES - 0.1) == []
    told = client.go(THREE_MINUTES)
    changed = values_of(told)
    assert changed
    assert all(first[key] != value for key, value in changed.items())
    assert ("AccountCode", "") not in changed
    assert type(told[-1]) is AccountUpdateTime
    assert not of(AccountDataEnd, told)
    # Times are those of the wall.
    assert told[-1] == AccountUpdateTime("14:33")


def test_what_changed_comes_at_once_after_a_trade() -> None:
    client = client_at(accounts=ONE)
    client.ask(AccountDataRequest())
    trade(client, "a.01", "IBM", 10, "290", commission=1)
    told = client.go(1)
    assert [
        (row.contract.symbol, row.position) for row in of(PortfolioValue, told) if row.contract.symbol == "IBM"
    ] == [("IBM", 10)]
    assert values_of(told)["TotalCashValue", "USD"] == "97099.00"
    assert type(told[-1]) is AccountUpdateTime
    assert client.go(2) == []


@pytest.mark.card("accounts.settled_by_date")
def test_cash_of_today_is_settled_on_the_next_weekday() -> None:
    client = client_at(accounts=ONE)
    trade(client, "a.01", "IBM", 10, "290", commission=1)
    values = values_of(client.ask(AccountDataRequest()))
    assert values["SettledCashByDate", ""] == "20260105:100000.00;20260106:97099.00"
    assert values_of(client.ask(AccountDataRequest(), 86_400))["SettledCashByDate", ""] == "20260106:97099.00"
    # Over a weekend.
    client.go(4 * 86_400)
    trade(client, "b.01", "EUR.USD", 1000, "1.1")
    values = values_of(client.ask(AccountDataRequest(), 4 * 86_400))
    days = [part.partition(":")[0] for part in values["SettledCashByDate", ""].split(";")]
    assert days == ["20260109", "20260112"]


@pytest.mark.card("accounts.portfolio_clock")
def test_the_time_of_a_position_is_that_of_its_price() -> None:
    client = client_at(accounts=ONE, zone="EST")
    # A quarter past nine in the evening of New York.
    told = client.ask(AccountDataRequest(), 11.75 * 3600)
    assert [row.time_stamp for row in of(AccountUpdateTime, told)] == ["01:00", "01:00", "02:15"]


@pytest.mark.card("accounts.data_one_at_a_time")
def test_one_account_at_a_time_and_the_newer_wins() -> None:
    client = client_at()
    assert codes_of(client.ask(AccountDataRequest(True, "DU1"))) == []
    assert codes_of(client.ask(AccountDataRequest(True, "DU1"))) == []
    told = client.ask(AccountDataRequest(True, "DU2"))
    over = (None, 2100, "API client has been unsubscribed from account data.")
    assert errors_of(told[:1]) == errors_of(told) == [over]
    assert told[-1] == AccountDataEnd("DU2")
    trade(client, "a.01", "IBM", 1, "290")
    assert client.go(1) == []
    assert errors_of(client.ask(AccountDataRequest(False, "DU2"), 1)) == [over]
    assert client.go(1000) == []
    assert codes_of(client.ask(AccountDataRequest(True, "DU1"), 1000)) == []


@pytest.mark.card("accounts.data_shared")
def test_clients_may_have_to_share_one_account() -> None:
    first = client_at(shared_account_data=True)
    first.ask(AccountDataRequest(True, "DU1"))
    second = Looker(first.link.world, client_id=2)
    assert codes_of(second.ask(AccountDataRequest(True, "DU1"))) == []
    third = Looker(first.link.world, client_id=3)
    text = "Unable subscribe to account as the following clients are subscribed to a different account."
    assert errors_of(third.ask(AccountDataRequest(True, "DU2"))) == [(None, 2101, text)]


@pytest.mark.card("accounts.data_codes")
def test_account_data_of_nobody() -> None:
    ((_, code, text),) = errors_of(client_at().ask(AccountDataRequest(True, "DU9")))
    assert code == 321
    assert text.startswith("Error validating request.-'")
    assert text.endswith("' : cause - Invalid account code 'DU9'")
    ((_, code, text),) = errors_of(client_at().ask(AccountDataRequest(True)))
    assert code == 321
    assert text.endswith("' : cause - The account code is required for this operation.")
    assert client_at(accounts=ONE).ask(AccountDataRequest())[-1] == AccountDataEnd("DU1")
    assert client_at(accounts=()).ask(AccountDataRequest())[-1] == AccountDataEnd("")


@pytest.mark.card("accounts.ready")
def test_values_may_not_be_ready() -> None:
    client = client_at(accounts=ONE)
    client.ask(AccountDataRequest())
    client.link.world.accounts.is_ready = False
    assert values_of(client.go(1))["AccountReady", ""] == "false"
    client.link.world.accounts.is_ready = True
    assert values_of(client.go(2))["AccountReady", ""] == "true"


@pytest.mark.card("accounts.advisor")
def test_what_an_advisor_has_is_with_his_clients() -> None:
    client = client_at(accounts=FAMILY)
    values = values_of(client.ask(AccountDataRequest(True, "F1")))
    assert (values["NetLiquidation", "USD"], values["Cushion", ""]) == ("0.00", "0")
    together = values_of(client.ask(AccountDataRequest(True, "F1A")))
    assert together["TotalCashValue", "USD"] == "200000.00"
    assert together["AccountCode", ""] == "F1A"


def test_positions_of_several_accounts_are_one_in_the_data_of_all() -> None:
    client = client_at(accounts=FAMILY)
    trade(client, "a.01", "AAPL", 50, "300", account="DU2")
    rows = of(PortfolioValue, client.ask(AccountDataRequest(True, "All")))
    assert [(row.contract.symbol, row.position) for row in rows] == [("AAPL", 150), ("SPY", -20)]
    assert rows[0].average_cost == pytest.approx((28735 + 15000) / 150)


# --- updates of several ----------------------------------------------------------------------------------------------


@pytest.mark.card("accounts.multi_order")
@pytest.mark.parametrize("version", ENCODINGS)
@pytest.mark.parametrize("account, accounts", [("", {"DU1", "DU2"}), ("All", {"DU1", "DU2"}), ("DU2", {"DU2"})])
def test_updates_of_one_account_or_all(account: str, accounts: set[str], version: int) -> None:
    client = client_at(version)
    *rows, end = client.ask(AccountUpdatesMultiRequest(account, request_id=7))
    assert {row.account for row in of(AccountUpdateMulti, rows)} == accounts
    assert end == AccountUpdateMultiEnd(7)
    for name in accounts:
        keys = [row.key for row in of(AccountUpdateMulti, rows) if row.account == name]
        plain = keys[: -2 * len(LEDGER)]
        assert plain == sorted([*PLAIN, *ONCE])
        assert tuple(keys[len(plain) :]) == 2 * LEDGER
    currencies = [row.currency for row in of(AccountUpdateMulti, rows)]
    assert currencies[-2 * len(LEDGER) :] == ["USD"] * len(LEDGER) + ["BASE"] * len(LEDGER)
    assert client.ask(CancelAccountUpdatesMulti(7)) == []
    assert codes_of(client.ask(AccountUpdatesMultiRequest("DU9", request_id=8))) == [(8, 321)]


def test_of_the_ledger_there_are_blocks_by_currency_alone() -> None:
    client = client_at()
    *rows, _ = client.ask(AccountUpdatesMultiRequest("DU1", ledger_and_nlv=True, request_id=7))
    assert {row.currency for row in of(AccountUpdateMulti, rows)} == {"BASE", "USD"}
    assert codes_of(client.ask(AccountUpdatesMultiRequest("DU1", request_id=7))) == [(7, 322)]
    trade(client, "a.01", "BMW", 10, "80")
    told = of(AccountUpdateMulti, client.go(1))
    assert ("CashBalance", "-800.00", "EUR") in {(row.key, row.value, row.currency) for row in told}
    later = client.go(THREE_MINUTES)
    assert later
    assert not of(AccountUpdateMultiEnd, later)


# --- summaries -------------------------------------------------------------------------------------------------------


def summary(told: list[Any]) -> list[tuple[str, str, str, str]]:
    return [(row.account, row.tag.value, row.value, row.currency) for row in of(AccountSummary, told)]


@pytest.mark.card("accounts.summary_order")
@pytest.mark.parametrize("version", ENCODINGS)
def test_a_summary_has_the_tags_that_were_asked_for(version: int) -> None:
    client = client_at(version)
    tags = ("NetLiquidation", "Cushion", "BuyingPower", "AccountType", "Unheard-of", "DayTradesRemaining")
    told = client.ask(AccountSummaryRequest(tags, request_id=7))
    order = ["AccountType", "Cushion", "DayTradesRemaining", "BuyingPower", "NetLiquidation"]
    rows = [(account, tag, currency) for account, tag, _, currency in summary(told)]
    assert rows == [(account, tag, "USD" if tag in order[3:] else "") for account in TWO for tag in order]
    assert told[-1] == AccountSummaryEnd(7)


def test_a_summary_knows_every_tag_of_the_vendor() -> None:
    tags = (
        *("AccountType", "NetLiquidation", "TotalCashValue", "SettledCash", "AccruedCash", "BuyingPower"),
        *("EquityWithLoanValue", "PreviousDayEquityWithLoanValue", "GrossPositionValue", "RegTEquity", "RegTMargin"),
        *("SMA", "InitMarginReq", "MaintMarginReq", "AvailableFunds", "ExcessLiquidity", "Cushion", "Leverage"),
        *("FullInitMarginReq", "FullMaintMarginReq", "FullAvailableFunds", "FullExcessLiquidity"),
        *("LookAheadNextChange", "LookAheadInitMarginReq", "LookAheadMaintMarginReq", "LookAheadAvailableFunds"),
        *("LookAheadExcessLiquidity", "HighestSeverity", "DayTradesRemaining"),
    )
    told = client_at(accounts=ONE).ask(AccountSummaryRequest(tags, request_id=7))
    assert sorted(tag for _, tag, _, _ in summary(told)) == sorted(tags)


@pytest.mark.card("accounts.summary_changes")
def test_a_summary_says_what_changed_every_three_minutes() -> None:
    client = client_at(accounts=ONE)
    client.ask(AccountSummaryRequest(("NetLiquidation", "AccountType"), request_id=7))
    trade(client, "a.01", "BMW", 10, "80", commission=5)
    assert client.go(THREE_MINUTES - 1) == []
    told = client.go(THREE_MINUTES)
    assert [tag for _, tag, _, _ in summary(told)] == ["NetLiquidation"]
    assert not of(AccountSummaryEnd, told)
    client.ask(CancelAccountSummary(7), THREE_MINUTES)
    assert client.go(1000) == []


@pytest.mark.card("accounts.summary_ledger")
def test_the_ledger_of_a_summary_is_of_all_together() -> None:
    client = client_at()
    trade(client, "a.01", "BMW", 10, "80")
    told = summary(client.ask(AccountSummaryRequest(("$LEDGER:ALL",), request_id=7)))
    assert [tag for _, tag, _, _ in told] == 3 * list(LEDGER)
    assert {account for account, _, _, _ in told} == {"All"}
    assert [currency for currency, _ in itertools.groupby(row[3] for row in told)] == ["EUR", "USD", "BASE"]
    assert ("All", "CashBalance", "200000.00", "USD") in told
    euros = summary(client.ask(AccountSummaryRequest(("$LEDGER:EUR",), request_id=8)))
    assert {currency for *_, currency in euros} == {"EUR"}
    client.ask(CancelAccountSummary(8))
    base = summary(client.ask(AccountSummaryRequest(("$LEDGER",), request_id=8)))
    assert {currency for *_, currency in base} == {"USD"}


@pytest.mark.card("accounts.summary_prefix")
def test_the_ledger_may_have_its_prefix() -> None:
    client = client_at(ledger_prefix=True)
    told = summary(client.ask(AccountSummaryRequest(("$LEDGER", "NetLiquidation"), request_id=7)))
    assert [tag for _, tag, _, _ in told] == ["NetLiquidation"] * 2 + ["$LEDGER-" + key for key in LEDGER]


@pytest.mark.card("accounts.summary_twice")
def test_a_summary_may_say_all_twice() -> None:
    client = client_at(accounts=ONE, summary_twice=True)
    told = client.ask(AccountSummaryRequest(("NetLiquidation", "$LEDGER:ALL"), request_id=7))
    kinds = ["tag"] * 2 + ["ledger"] * 2 * len(LEDGER) + ["end"] + ["ledger"] * 2 * len(LEDGER) + ["end"]
    assert [
        "end" if isinstance(row, AccountSummaryEnd) else "tag" if row.account == "DU1" else "ledger"  # type: ignore[union-attr]
        for row in told
    ] == kinds
    client.ask(CancelAccountSummary(7))
    assert len(of(AccountSummaryEnd, client.ask(AccountSummaryRequest(("$LEDGER:ALL",), request_id=7)))) == 1


@pytest.mark.card("accounts.summary_limit")
def test_two_summaries_may_be_open() -> None:
    client = client_at()
    tags = ("NetLiquidation",)
    for number in (1, 2):
        assert client.ask(AccountSummaryRequest(tags, request_id=number))[-1] == AccountSummaryEnd(number)
    assert codes_of(client.ask(AccountSummaryRequest(tags, request_id=2))) == [(2, 322)]
    assert codes_of(client.ask(AccountSummaryRequest(tags, request_id=3))) == [(3, 322)]
    assert client.ask(CancelAccountSummary(1)) == client.ask(CancelAccountSummary(1)) == []
    assert client.ask(AccountSummaryRequest(tags, request_id=3))[-1] == AccountSummaryEnd(3)


@pytest.mark.card("accounts.summary_groups")
def test_a_summary_of_a_group() -> None:
    group = AdvisorGroup("Growth", ("DU2",))
    client = client_at(accounts=FAMILY, advisor_groups=(group,))
    told = summary(client.ask(AccountSummaryRequest(("NetLiquidation", "$LEDGER"), "Growth", request_id=7)))
    assert told[0] == ("DU2", "NetLiquidation", "100000.00", "USD")
    assert {account for account, _, _, _ in told[1:]} == {"Growth"}
    assert codes_of(client.ask(AccountSummaryRequest(("NetLiquidation",), "Nobody", request_id=4))) == [(4, 321)]
    assert codes_of(client.ask(AccountSummaryRequest(("NetLiquidation",), "", request_id=4))) == [(4, 321)]


@pytest.mark.card("accounts.too_many")
def test_of_more_than_fifty_accounts_all_cannot_be_asked_for() -> None:
    text = "This API request for All is not supported for Dynamic Account Addition"
    many = ("F1", *(f"DU{number}" for number in range(1, 52)))
    client = client_at(accounts=many)
    for request in (
        PositionsRequest(),
        PositionsMultiRequest("All", request_id=7),
        AccountUpdatesMultiRequest("F1A", request_id=7),
        AccountSummaryRequest(("NetLiquidation",), request_id=7),
    ):
        ((_, code, cause),) = errors_of(client.ask(request))
        assert code == 321
        assert cause.endswith(text)
    assert client.ask(PositionsMultiRequest("DU2", request_id=7)) == [PositionMultiEnd(7)]
    assert client_at(accounts=many[:-1]).ask(PositionsRequest())[-1] == PositionEnd()


def test_only_so_many_of_a_kind_may_be_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_kinds, "MOST_OPEN", 2)
    client = client_at()
    for number in (1, 2):
        assert client.ask(PositionsMultiRequest("DU2", request_id=number)) == [PositionMultiEnd(number)]
    assert codes_of(client.ask(PositionsMultiRequest("DU2", request_id=3))) == [(3, 322)]
    assert codes_of(client.ask(PositionsMultiRequest("DU2", request_id=2))) == [(2, 322)]


# --- forms -----------------------------------------------------------------------------------------------------------


def test_forms_of_numbers() -> None:
    assert [money(Decimal(text)) for text in ("-1128.686", "0", "-0.001", "1e7")] == [
        "-1128.69",
        "0.00",
        "0.00",
        "10000000.00",
    ]
    rate, four, cent = Decimal("0.0000001"), Decimal("0.0001"), Decimal("0.01")
    assert [up_to(Decimal(text), rate, cent) for text in ("1", "0.1275", "0.00625", "155.1234567")] == [
        "1.00",
        "0.1275",
        "0.00625",
        "155.1234567",
    ]
    assert [up_to(Decimal(text), four, cent) for text in ("953925.65991", "5", "1e5")] == [
        "953925.6599",
        "5.00",
        "100000.00",
    ]
    assert [up_to(Decimal(text), Decimal("0.000001")) for text in ("0.996893", "1", "-0", "10")] == [
        "0.996893",
        "1",
        "0",
        "10",
    ]


def test_an_order_that_is_filled_is_in_all_of_them() -> None:
    client = client_at(accounts=ONE)
    for question in (PositionsRequest(), AccountDataRequest(), PnLRequest("DU1", request_id=9)):
        client.ask(question)
    order = Order(action=Action.BUY, order_type=OrderType.MARKET, total_quantity=Decimal(10))
    told = client.ask(PlaceOrderRequest(order_id=1, contract=Stock("IBM"), order=order))
    for second in range(1, 10):
        told += client.go(float(second))
    (execution,) = of(ExecutionDetails, told)
    (report,) = of(CommissionAndFeesReport, told)
    (position,) = of(Position, told)
    paid = 10 * (execution.execution.price or 0) + (report.commission_and_fees or 0)
    assert (position.contract.symbol, position.position) == ("IBM", 10)
    assert position.average_cost == pytest.approx(paid / 10)
    assert values_of(told)["TotalCashValue", "USD"] == f"{100_000 - paid:.2f}"
    assert "IBM" in [row.contract.symbol for row in of(PortfolioValue, told)]
    assert of(PnL, told)


# --- what was told last is what is so --------------------------------------------------------------------------------


TRADES = st.lists(
    st.tuples(
        st.sampled_from(["AAPL", "BMW", "MES", "EUR.USD", "BTC", "IBM"]),
        st.integers(-3, 3),
        st.sampled_from(["100", "250.5"]),
        st.sampled_from(["DU1", "DU2"]),
        # A new one, or a correction of one of the first three.
        st.sampled_from([None, 0, 1, 2]),
        st.sampled_from([0.0, 1.0, 70.0]),
    ),
    max_size=8,
)


def picture(told: list[Any]) -> dict[object, object]:
    """Give what a client knows that keeps the newest of each row."""
    known: dict[object, object] = {}
    for row in told:
        match row:
            case AccountValue() | AccountUpdateMulti():
                known[type(row), row.account, row.key, row.currency] = row.value
            case AccountSummary():
                known[AccountSummary, row.account, row.tag, row.currency] = row.value
            case PortfolioValue() | Position() | PositionMulti():
                known[type(row), row.account, row.contract.contract_id] = row
            case _:
                pass
    return known


QUESTIONS = (
    AccountDataRequest(True, "DU1"),
    PositionsRequest(),
    PositionsMultiRequest("DU2", request_id=1),
    AccountUpdatesMultiRequest("", request_id=2),
    AccountSummaryRequest(("NetLiquidation", "Cushion", "$LEDGER:ALL"), request_id=3),
)


def is_nothing(row: object) -> bool:
    return isinstance(row, PortfolioValue | Position | PositionMulti) and not row.position


@given(st.sampled_from((200, 225)), TRADES)
@settings(max_examples=12)
def test_what_streams_said_last_is_what_is_told_to_who_asks_now(version: int, trades: list[Any]) -> None:
    client, now = client_at(version), 0.0
    told = [event for question in QUESTIONS for event in client.ask(question)]
    booked: list[tuple[str, str, str]] = []
    for number, (symbol, quantity, price, account, which, pause) in enumerate(trades):
        name = f"e.{number}.01"
        if which is not None and which < len(booked):
            stem, symbol, account = booked[which]  # noqa: PLW2901 (a correction is of the same instrument)
            name = f"{stem}.{number + 2}"
        else:
            booked.append((f"e.{number}", symbol, account))
        trade(client, name, symbol, quantity, price, account=account, commission="1.25")
        now += pause
        told += client.go(now)
    end = (now // THREE_MINUTES + 1) * THREE_MINUTES
    told += client.go(end)
    fresh = Looker(client.link.world, now=end, client_id=2)
    asked = picture([event for question in QUESTIONS for event in fresh.ask(question, end)])
    known = picture(told)
    assert {key: row for key, row in known.items() if key in asked or not is_nothing(row)} == asked


def test_kinds_of_streams_are_known_to_who_touches_them() -> None:
    client = client_at()
    for question in QUESTIONS:
        client.ask(question)
    assert {kind for kind, _ in client.link.streams} <= set(ACCOUNT_KINDS)
    assert len(client.link.streams) == len(QUESTIONS)
