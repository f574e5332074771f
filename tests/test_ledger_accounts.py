"""What is booked into accounts: cash, positions, profits, corrections, margins."""

from __future__ import annotations

import decimal
from decimal import Decimal

import pytest

from anytws.messages import SecurityType
from anytws.messages.order_words import FaMethod
from anytws.simulator.advisors import AdvisorGroup
from anytws.simulator.ledger import book as book_module
from anytws.simulator.ledger.margins import CASH_ACCOUNT, PORTFOLIO, REG_T, Margins
from anytws.simulator.settings import Holding
from anytws.simulator.universe.universe import usual_universe
from tests.ledger_prices import DAY, NOON, Prices, accounts_with, execution, instrument

AAPL, SPY = instrument("AAPL"), instrument("SPY")
BMW = instrument("BMW")
PENCE = instrument("IQE", currency="GBP")
EUR = instrument("EUR", SecurityType.FOREX, currency="USD")
YEN = instrument("USD", SecurityType.FOREX, currency="JPY")
BTC = instrument("BTC", SecurityType.CRYPTO)
BOND = instrument("IBM", SecurityType.BOND)
BILL = instrument("US-T", SecurityType.BOND)
FUND = instrument("VTSAX", SecurityType.FUND)
CFD = instrument("AAPL", SecurityType.CFD)
FUTURE = usual_universe().by_symbol("MES")

START = Decimal(100_000)


@pytest.fixture
def prices() -> Prices:
    return Prices()


# --- the figures of real sessions ----------------------------------------------------------------------------------


@pytest.mark.card("accounts.realized_has_both_commissions")
def test_the_profit_of_one_share_is_as_recorded(prices: Prices) -> None:
    """The trace mkt_buy_then_sell_one_share_2026."""
    accounts = accounts_with(prices)
    assert accounts.book(execution("a.01", AAPL, 1, "309.16", commission="1.000003")) is None
    assert accounts.average_cost("DU1", AAPL.contract_id) == Decimal("310.160003")
    assert accounts.book(execution("b.01", AAPL, -1, "309.15", commission="1.006566")) == Decimal("-2.016569")


def test_the_profit_of_two_shares_bought_one_by_one_is_as_recorded(prices: Prices) -> None:
    """The trace executions_query_reply."""
    accounts = accounts_with(prices)
    for number in ("a.01", "b.01"):
        assert accounts.book(execution(number, AAPL, 1, "320.04", commission="1.000003")) is None
    assert accounts.book(execution("c.01", AAPL, -2, "320.03", commission="1.013581")) == Decimal("-3.033587")


def test_the_profit_of_a_future_is_as_recorded(prices: Prices) -> None:
    """The trace futures_round_trip."""
    accounts = accounts_with(prices)
    assert accounts.book(execution("a.01", FUTURE, 1, "7039.5", commission="0.62")) is None
    assert accounts.book(execution("b.01", FUTURE, -1, "7039.25", commission="0.62")) == Decimal("-2.49")


def test_the_profits_of_three_fills_that_cover_a_short_position_are_as_recorded(prices: Prices) -> None:
    """The trace market_order_in_three_fills: what was sold short had cost 292.183782675 a share."""
    accounts = accounts_with(prices)
    accounts.set_position("DU1", AAPL, Decimal(-100), Decimal("292.183782675"))
    fills = [("a.01", 40, "292.18", "1.00012"), ("b.01", 40, "292.2", "0.00012"), ("c.01", 20, "292.21", "0.00006")]
    profits = [
        accounts.book(execution(number, AAPL, quantity, price, commission=fee))
        for number, quantity, price, fee in fills
    ]
    assert [round(profit or Decimal(0), 6) for profit in profits] == [
        Decimal("-0.848813"),
        Decimal("-0.648813"),
        Decimal("-0.524406"),
    ]
    assert accounts.position("DU1", AAPL.contract_id) == 0


# --- cash ------------------------------------------------------------------------------------------------------------


@pytest.mark.card("accounts.cash_of_trades", "accounts.futures_settled_daily")
@pytest.mark.parametrize(
    "what, quantity, price, cash",
    [
        (AAPL, 10, "300", "-3000"),
        (AAPL, -10, "300", "3000"),
        (BTC, "0.5", "90000", "-45000"),
        # Per cent of a face value of 1,000.
        (BOND, 3, "98.5", "-2955"),
        (FUND, "2.5", "180.1", "-450.25"),
        (FUTURE, 2, "7000", "0"),
        (CFD, 10, "300", "0"),
    ],
)
def test_a_trade_moves_cash_in_its_currency(prices: Prices, what, quantity, price, cash) -> None:
    accounts = accounts_with(prices)
    accounts.book(execution("a.01", what, quantity, price, commission="1.5"))
    assert accounts.cash("DU1", "USD") == START + Decimal(cash) - Decimal("1.5")
    assert accounts.position("DU1", what.contract_id) == Decimal(str(quantity))


def test_a_trade_in_another_currency_is_lent(prices: Prices) -> None:
    accounts = accounts_with(prices)
    prices.put(EUR, "1.125")
    prices.put(BMW, "80")
    accounts.book(execution("a.01", BMW, 10, "80", commission="2"))
    accounts.book(execution("b.01", PENCE, 100, "50"))
    assert accounts.cash("DU1", "EUR") == -802
    assert accounts.cash("DU1", "GBP") == -50
    assert accounts.cash("DU1", "USD") == START
    euros = next(block for block in accounts.statement(("DU1",), NOON).blocks if block.currency == "EUR")
    assert (euros.cash, euros.values["StockMarketValue"], euros.net, euros.rate) == (-802, 800, -2, Decimal("1.125"))


@pytest.mark.card("accounts.forex_moves_two_balances")
def test_forex_moves_two_balances_and_is_a_position(prices: Prices) -> None:
    accounts = accounts_with(prices)
    prices.put(EUR, "1.13")
    accounts.book(execution("a.01", EUR, 20000, "1.12", commission="2", commission_currency="USD"))
    assert accounts.cash("DU1", "EUR") == 20000
    assert accounts.cash("DU1", "USD") == START - 22400 - 2
    assert accounts.position("DU1", EUR.contract_id) == 20000
    statement = accounts.statement(("DU1",), NOON)
    assert statement.net_liquidation == START + 200 - 2
    assert statement.total.gross == 0


def test_a_commission_in_another_currency_is_taken_there_and_is_part_of_the_cost(prices: Prices) -> None:
    accounts = accounts_with(prices)
    prices.put(EUR, "1.25")
    accounts.book(execution("a.01", AAPL, 10, "300", commission="2", commission_currency="EUR"))
    assert accounts.cash("DU1", "EUR") == -2
    assert accounts.cash("DU1", "USD") == START - 3000
    assert accounts.average_cost("DU1", AAPL.contract_id) == Decimal("300.25")


# --- positions -------------------------------------------------------------------------------------------------------


@pytest.mark.card("accounts.average_cost")
def test_the_average_cost_has_the_commission_and_the_multiplier(prices: Prices) -> None:
    accounts = accounts_with(prices)
    accounts.book(execution("a.01", FUTURE, 2, "7000", commission="1.24"))
    assert accounts.average_cost("DU1", FUTURE.contract_id) == Decimal("35000.62")
    accounts.book(execution("b.01", AAPL, -10, "300", commission="1"))
    assert accounts.average_cost("DU1", AAPL.contract_id) == Decimal("299.9")


def test_a_part_that_is_closed_leaves_the_average(prices: Prices) -> None:
    accounts = accounts_with(prices)
    accounts.book(execution("a.01", AAPL, 10, "300"))
    accounts.book(execution("b.01", AAPL, 20, "330"))
    assert accounts.book(execution("c.01", AAPL, -10, "340", commission="1")) == 199
    assert accounts.average_cost("DU1", AAPL.contract_id) == 320
    assert accounts.position("DU1", AAPL.contract_id) == 20


def test_a_position_goes_through_zero(prices: Prices) -> None:
    accounts = accounts_with(prices)
    accounts.book(execution("a.01", AAPL, 10, "300"))
    # A third of the commission closes, two thirds open.
    assert accounts.book(execution("b.01", AAPL, -30, "310", commission="3")) == 99
    assert accounts.position("DU1", AAPL.contract_id) == -20
    assert accounts.average_cost("DU1", AAPL.contract_id) == Decimal("309.9")
    assert accounts.book(execution("c.01", AAPL, 20, "309.9")) == 0


def test_what_was_there_before_may_be_anything_of_the_universe(prices: Prices) -> None:
    given = [("MES", 2, 35000.5), ("EUR.USD", -5000, 1.1), ("IBM", 3, 250.0)]
    held = tuple(Holding(symbol, Decimal(quantity), cost) for symbol, quantity, cost in given)
    accounts = accounts_with(prices, positions=held, accounts=("F1", "DU1", "DU2"))
    rows = accounts.positions(accounts.names, NOON)
    assert [(name, what.contract.symbol, stake.quantity) for name, what, stake in rows] == [
        ("DU1", "MES", 2),
        ("DU1", "EUR", -5000),
        ("DU1", "IBM", 3),
    ]
    assert accounts.cash("F1", "USD") == 0
    assert accounts.cash("DU2", "USD") == START


def test_a_position_in_what_there_is_not_is_refused(prices: Prices) -> None:
    with pytest.raises(ValueError, match=r"positions is .* has to be a tuple of Holding.*XYZ"):
        accounts_with(prices, positions=(Holding("XYZ", Decimal(1), 1.0),))


# --- corrections -----------------------------------------------------------------------------------------------------


@pytest.mark.card("accounts.corrections")
def test_the_same_execution_with_a_higher_number_replaces_it(prices: Prices) -> None:
    accounts = accounts_with(prices)
    accounts.book(execution("x.1.01", AAPL, 10, "300"))
    accounts.book(execution("x.2.01", AAPL, -4, "320"))
    assert accounts.book(execution("x.1.02", AAPL, 10, "310", commission="1")) is None
    (held,) = accounts.valued(("DU1",), NOON)
    assert held.realized == 4 * Decimal("9.9")
    assert held.quantity == 6
    assert accounts.cash("DU1", "USD") == START - 3100 - 1 + 1280
    accounts.book(execution("x.1.03", AAPL, 0, "310"))
    assert accounts.position("DU1", AAPL.contract_id) == -4
    assert accounts.cash("DU1", "USD") == START + 1280


def test_a_commission_that_comes_late_is_booked_with_the_same_id(prices: Prices) -> None:
    accounts = accounts_with(prices)
    accounts.book(execution("a.01", AAPL, 10, "300"))
    assert accounts.book(execution("b.01", AAPL, -10, "301")) == 10
    assert accounts.book(execution("b.01", AAPL, -10, "301", commission="1.2")) == Decimal("8.8")
    assert accounts.cash("DU1", "USD") == START + Decimal("8.8")


def test_a_correction_of_another_day_stays_on_its_day(prices: Prices) -> None:
    accounts = accounts_with(prices)
    accounts.book(execution("a.01", AAPL, 10, "300"))
    accounts.book(execution("b.01", AAPL, -5, "310"))
    accounts.book(execution("b.02", AAPL, -5, "320", at=NOON + DAY))
    prices.put(AAPL, "300")
    (held,) = accounts.valued(("DU1",), NOON + DAY)
    assert (held.realized, held.daily, held.stake.realized) == (None, 0, 100)


def test_what_cannot_be_booked_changes_nothing(prices: Prices) -> None:
    accounts = accounts_with(prices)
    accounts.book(execution("a.01", AAPL, 10, "300"))
    version = accounts.version
    with pytest.raises(ValueError, match="cannot become"):
        accounts.book(execution("a.02", SPY, 10, "300"))
    with pytest.raises(LookupError, match="DU9"):
        accounts.book(execution("b.01", AAPL, 10, "300", account="DU9"))
    with pytest.raises(LookupError, match="XXX"):
        accounts.book(execution("b.01", AAPL, 10, "300", commission="1", commission_currency="XXX"))
    assert accounts.version == version
    assert accounts.cash("DU1", "USD") == START - 3000


def test_only_so_many_executions_are_remembered(prices: Prices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_module, "MOST_EXECUTIONS", 3)
    accounts = accounts_with(prices)
    for number in range(5):
        accounts.book(execution(f"{number}.01", (AAPL, SPY)[number % 2], 1, "300"))
    accounts.book(execution("2.02", AAPL, 1, "310"))
    assert accounts.cash("DU1", "USD") == START - 1510
    assert accounts.position("DU1", AAPL.contract_id) == 3


def test_what_was_closed_long_ago_is_forgotten_and_its_cash_is_not(
    prices: Prices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book_module, "MOST_POSITIONS", 2)
    accounts = accounts_with(prices)
    accounts.book(execution("a.01", FUTURE, 1, "7000"))
    accounts.book(execution("b.01", FUTURE, -1, "7010"))
    accounts.book(execution("c.01", AAPL, 1, "300"))
    accounts.book(execution("d.01", SPY, 1, "700", at=NOON + DAY))
    assert accounts.cash("DU1", "USD", NOON + DAY) == START + 50 - 1000
    assert len(accounts._books["DU1"].lines) == 2


# --- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.card("accounts.futures_settled_daily", "accounts.day_of_profit_and_loss")
def test_a_future_gains_by_the_day(prices: Prices) -> None:
    accounts = accounts_with(prices)
    accounts.book(execution("a.01", FUTURE, 2, "7000", commission="1"))
    prices.put(FUTURE, "7010", NOON + 1)
    today = accounts.statement(("DU1",), NOON + 1)
    assert (today.total.cash, today.total.futures_pnl, today.net_liquidation) == (START - 1, 100, START + 99)
    prices.put(FUTURE, "7015", NOON + DAY)
    later = accounts.statement(("DU1",), NOON + DAY)
    assert (later.total.cash, later.total.futures_pnl, later.total.unrealized) == (START + 99, 50, 149)
    accounts.book(execution("b.01", FUTURE, -2, "7015", commission="1", at=NOON + DAY))
    done = accounts.statement(("DU1",), NOON + 2 * DAY)
    assert (done.total.cash, done.total.futures_pnl, done.net_liquidation) == (START + 148, 0, START + 148)


def test_profit_of_the_day_begins_at_midnight_in_new_york(prices: Prices) -> None:
    accounts = accounts_with(prices, positions=(Holding("AAPL", Decimal(10), 250.0),))
    prices.put(AAPL, "300")
    prices.put(AAPL, "310", NOON)
    (held,) = accounts.valued(("DU1",), NOON)
    assert (held.daily, held.unrealized, held.realized) == (100, 600, None)
    accounts.book(execution("a.01", AAPL, -10, "320", commission="1"))
    (held,) = accounts.valued(("DU1",), NOON)
    assert (held.quantity, held.daily, held.realized) == (0, 199, 699)
    assert accounts.valued(("DU1",), NOON + DAY) == []
    assert accounts.valued_one("DU1", AAPL.contract_id, NOON + DAY) is None


def test_values_are_under_the_names_of_their_kinds(prices: Prices) -> None:
    accounts = accounts_with(prices)
    for number, what in enumerate((AAPL, BTC, BOND, BILL, FUND, CFD, FUTURE, EUR)):
        accounts.set_position("DU1", what, Decimal(1), Decimal(0))
        assert accounts.version == number + 1
    keys = set(accounts.statement(("DU1",), NOON).total.values)
    assert keys == {"StockMarketValue", "Cryptocurrency", "CorporateBondValue", "TBondValue", "MutualFundValue"}


def test_the_context_of_the_program_does_not_matter(prices: Prices) -> None:
    with decimal.localcontext(decimal.Context(prec=3, traps=[decimal.Inexact])):
        accounts = accounts_with(prices)
        accounts.book(execution("a.01", AAPL, 7, "301.23", commission="1.000003"))
        accounts.book(execution("b.01", AAPL, -3, "301.24", commission="1.000003"))
        accounts.statement(("DU1",), NOON)
        accounts.margin("DU1", NOON, AAPL, Decimal(7), Decimal("301.23"))
        assert accounts.average_cost("DU1", AAPL.contract_id) == Decimal("301.372857571429")


def test_who_listens_is_told_of_each_change(prices: Prices) -> None:
    accounts = accounts_with(prices)
    told: list[tuple[str, int]] = []
    accounts.on_change = lambda account, contract_id: told.append((account, contract_id))
    accounts.book(execution("a.01", AAPL, 1, "300"))
    accounts.set_cash("DU1", "EUR", Decimal(5))
    accounts.is_ready = False
    assert told == [("DU1", AAPL.contract_id), ("DU1", 0), ("", 0)]


# --- margins ---------------------------------------------------------------------------------------------------------


@pytest.mark.card("accounts.margins")
@pytest.mark.parametrize("model", Margins)
@pytest.mark.parametrize("what, quantity", [(AAPL, 10), (AAPL, -30), (FUTURE, -1), (BOND, 2), (EUR, 1000), (BTC, 1)])
def test_what_an_order_would_do_is_what_it_does(prices: Prices, model, what, quantity) -> None:
    accounts = accounts_with(prices, margins=model)
    accounts.book(execution("a.01", AAPL, 20, "300"))
    price = accounts.price(what, NOON) + 3 * what.tick
    told = accounts.margin("DU1", NOON, what, Decimal(quantity), price)
    before = accounts.statement(("DU1",), NOON)
    accounts.book(execution("b.01", what, quantity, price))
    after = accounts.statement(("DU1",), NOON)
    assert (told.initial_before, told.maintenance_before) == (before.initial_margin, before.maintenance_margin)
    assert (told.initial_after, told.maintenance_after) == (after.initial_margin, after.maintenance_margin)
    assert (told.equity_before, told.equity_after) == (before.equity_with_loan, after.equity_with_loan)
    assert told.is_enough is (after.available_funds >= 0 or after.initial_margin <= before.initial_margin)


def test_models_of_margins_bind_what_they_say(prices: Prices) -> None:
    prices.put(AAPL, "300")
    for margins, model, bound in [
        (Margins.REG_T, REG_T, 1500),
        (Margins.PORTFOLIO, PORTFOLIO, 450),
        (Margins.CASH, CASH_ACCOUNT, 3000),
    ]:
        accounts = accounts_with(prices, margins=margins)
        assert accounts.margin_model is model
        told = accounts.margin("DU1", NOON, AAPL, Decimal(10), Decimal(300))
        assert (told.initial_before, told.initial_after) == (0, bound)
    assert not accounts.margin("DU1", NOON, AAPL, Decimal(1000), Decimal(300)).is_enough


def test_who_has_too_little_may_still_close(prices: Prices) -> None:
    accounts = accounts_with(prices, cash=Decimal(100))
    accounts.set_position("DU1", AAPL, Decimal(-100), Decimal(300))
    assert accounts.margin("DU1", NOON, AAPL, Decimal(50), Decimal(300)).is_enough
    assert not accounts.margin("DU1", NOON, AAPL, Decimal(-50), Decimal(300)).is_enough


# --- groups ----------------------------------------------------------------------------------------------------------


def test_an_order_of_an_advisor_is_divided(prices: Prices) -> None:
    accounts = accounts_with(prices, accounts=("F1", "DU1", "DU2"))
    accounts.set_cash("DU2", "USD", START * 3)
    accounts.set_position("DU1", AAPL, Decimal(20), Decimal(300))
    group = AdvisorGroup("all", ("DU1", "DU2"))
    assert accounts.split(group, Decimal(5), NOON, AAPL) == (("DU1", 3), ("DU2", 2))
    by_net = AdvisorGroup("all", ("DU1", "DU2"), FaMethod.NET_LIQUIDATION)
    shares = dict(accounts.split(by_net, Decimal(100), NOON, AAPL))
    assert sum(shares.values()) == 100
    assert shares["DU1"] < shares["DU2"]
    by_change = AdvisorGroup("all", ("DU1", "DU2"), FaMethod.PERCENT_CHANGE)
    assert accounts.split(by_change, Decimal(10), NOON, AAPL) == (("DU1", 10), ("DU2", 0))
