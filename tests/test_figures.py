"""Figures of accounts: key, scope and currency are told apart, and texts are read as what they mean."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.arrow.records import Records
from anytws.machines.figures import Figure, Figures, Scope, SettledCash, figure_of, number_of, split_key
from anytws.messages import AccountSummary, AccountSummaryTag, AccountUpdateMulti, AccountValue


@pytest.mark.parametrize(
    "key, name, scope",
    [
        ("NetLiquidation", "NetLiquidation", Scope.ACCOUNT),
        ("NetLiquidation-S", "NetLiquidation", Scope.SECURITIES),
        ("NetLiquidation-C", "NetLiquidation", Scope.COMMODITIES),
        ("NetLiquidation-P", "NetLiquidation", Scope.CRYPTO_PAXOS),
        ("NetLiquidation-Z", "NetLiquidation", Scope.CRYPTO_ZEROHASH),
        # A letter that nobody has explained stays where it is.
        ("NetLiquidation-Q", "NetLiquidation-Q", Scope.ACCOUNT),
        ("DayTradesRemainingT+1", "DayTradesRemainingT+1", Scope.ACCOUNT),
        ("$LEDGER-CashBalance", "CashBalance", Scope.LEDGER),
        ("", "", Scope.ACCOUNT),
    ],
)
def test_a_key_is_a_name_and_a_scope(key: str, name: str, scope: Scope) -> None:
    assert split_key(key) == (name, scope)


@pytest.mark.parametrize(
    "name, text, value",
    [
        ("NetLiquidation", "-1128.69", Decimal("-1128.69")),
        ("ExchangeRate", "1.00", Decimal("1.00")),
        ("Cushion", "0.996893", Decimal("0.996893")),
        ("NetLiquidation", "", None),
        ("NetLiquidation", "1.7976931348623157E308", None),
        ("AccountReady", "true", True),
        ("NLVAndMarginInReview", "false", False),
        ("DayTradesRemaining", "-1", -1),
        ("DayTradesRemainingT+4", "3", 3),
        ("DayTradesRemaining", "many", "many"),
        ("LookAheadNextChange", "0", None),
        ("LookAheadNextChange", "1735725600", datetime(2025, 1, 1, 10, tzinfo=UTC)),
        ("LookAheadNextChange", "9" * 18, "9" * 18),
        ("AccountType", "INDIVIDUAL", "INDIVIDUAL"),
        ("AccountOrGroup", "007", "007"),
        ("Currency", "USD", "USD"),
        ("DayTradingStatus", "::false:996937.76::false", "::false:996937.76::false"),
        (
            "SettledCashByDate",
            "20260926:932719.75;20260928:933115.05",
            (
                SettledCash(date(2026, 9, 26), Decimal("932719.75")),
                SettledCash(date(2026, 9, 28), Decimal("933115.05")),
            ),
        ),
        ("SettledCashByDate", "20260230:1.00", "20260230:1.00"),
        ("NetLiquidation", "NaN", "NaN"),
        ("NetLiquidation", "1_000", "1_000"),
        ("NetLiquidation", "٣", "٣"),
        ("NetLiquidation", "1" * 100, "1" * 100),
    ],
)
def test_a_text_is_read_as_what_it_means(name: str, text: str, value: object) -> None:
    figure = Figure("DU1", name, text)
    assert figure.value == value
    assert type(figure.value) is type(value)
    assert figure.text == text


def test_an_amount_is_a_number_or_unknown() -> None:
    assert Figure("DU1", "DayTradesRemaining", "3").amount == 3
    assert Figure("DU1", "AccountReady", "true").amount is None
    assert Figure("DU1", "NetLiquidation", "").amount is None


@given(
    st.text(max_size=80), st.sampled_from(["NetLiquidation", "SettledCashByDate", "LookAheadNextChange", "Currency"])
)
def test_no_text_is_too_odd_to_be_read(text: str, name: str) -> None:
    figure = Figure("DU1", name, text)
    assert figure.amount is None or figure.amount.is_finite()
    assert figure.value is not None or not text or figure.name == "LookAheadNextChange" or number_of(text) is None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**15), max_value=10**15))
def test_every_amount_is_read_back(amount: Decimal) -> None:
    assert Figure("DU1", "NetLiquidation", f"{amount:f}").value == amount


def test_what_accrues_is_told_apart_from_the_ledger() -> None:
    """The one name that a summary has twice: of an account as a whole, and of the ledger of the group."""

    def scope(account: str, group: str) -> Scope:
        return figure_of(AccountSummary(1, account, AccountSummaryTag.ACCRUED_CASH, "1", "USD"), group).scope

    assert scope("DU1", "All") is Scope.ACCOUNT
    assert scope("All", "All") is Scope.LEDGER
    assert figure_of(AccountValue("AccruedCash", "1", "USD", "DU1")).scope is Scope.LEDGER
    assert figure_of(AccountValue("AccruedCash-S", "1", "USD", "DU1")) == Figure(
        "DU1", "AccruedCash", "1", "USD", Scope.SECURITIES
    )
    assert figure_of(AccountUpdateMulti(1, "DU1", "growth", "CashBalance", "1", "BASE")) == Figure(
        "DU1", "CashBalance", "1", "BASE", Scope.LEDGER, "growth"
    )


def test_the_names_of_new_versions_are_those_of_old_ones() -> None:
    """TWS 10.47 writes ``$LEDGER-`` in front; whoever looks for a figure finds it either way."""
    old = figure_of(AccountSummary(1, "All", AccountSummaryTag("CashBalance"), "1", "EUR"), "All")
    new = figure_of(AccountSummary(1, "All", AccountSummaryTag("$LEDGER-CashBalance"), "1", "EUR"), "All")
    assert old == new
    assert type(new.name) is str
    assert Figures((new,)).amount("CashBalance", "EUR") == 1
    assert Figures((new,)).amount("$LEDGER-CashBalance") == 1


FIGURES = Figures(
    (
        Figure("DU1", "NetLiquidation", "10.00", "USD"),
        Figure("DU1", "NetLiquidation", "4.00", "USD", Scope.SECURITIES),
        Figure("DU1", "CashBalance", "1.00", "BASE", Scope.LEDGER),
        Figure("DU1", "CashBalance", "2.00", "EUR", Scope.LEDGER),
        Figure("DU2", "CashBalance", "3.00", "EUR", Scope.LEDGER),
    )
)


def test_a_key_without_a_scope_means_no_segment() -> None:
    assert FIGURES.amount("NetLiquidation") == 10
    assert FIGURES.amount("NetLiquidation-S") == 4
    assert FIGURES.find("NetLiquidation-C") == ()
    assert [figure.key for figure in FIGURES][:3] == ["NetLiquidation", "NetLiquidation-S", "CashBalance"]
    assert len(FIGURES) == 5


def test_what_is_not_one_is_refused_with_what_there_is() -> None:
    with pytest.raises(LookupError, match="DU1 EUR LEDGER, DU2 EUR LEDGER"):
        FIGURES.one("CashBalance", "EUR")
    with pytest.raises(LookupError, match="said no 'CashBalance' in 'USD'"):
        FIGURES.amount("CashBalance", "USD")
    assert FIGURES.amount("CashBalance", "EUR", account="DU2") == 3
    many = Figures(tuple(Figure(f"DU{number}", "NetLiquidation", "1") for number in range(200)))
    with pytest.raises(LookupError, match="and 190 more"):
        many.one("NetLiquidation")


def test_the_figures_are_a_table_without_being_unwrapped() -> None:
    """Whoever hands over the answer itself gets what he means, a column for each field."""
    polars = pytest.importorskip("polars", reason="the extra frames is not in the oldest environment")
    frame = polars.DataFrame(FIGURES)
    assert frame.rows(named=True) == polars.DataFrame(Records.of(Figure, FIGURES)).rows(named=True)
    assert frame["name"].to_list() == [figure.name for figure in FIGURES]
    assert polars.DataFrame(Figures(())).columns == frame.columns


@pytest.mark.parametrize("texts, ready", [((), None), (("true",), True), (("true", "false"), False), (("",), False)])
def test_whether_the_figures_hold(texts: tuple[str, ...], ready: bool | None) -> None:
    figures = Figures(tuple(Figure(f"DU{number}", "AccountReady", text) for number, text in enumerate(texts)))
    assert figures.is_ready is ready
