"""What the simulated TWS can trade, and how it is found."""

from __future__ import annotations

import gc
import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.messages import Contract, Crypto, Forex, Future, Index, Option, Right, SecurityIdType, SecurityType, Stock
from anytws.messages.base import replace
from anytws.simulator.settings import EPOCH
from anytws.simulator.universe.finding import (
    NO_EXCHANGE,
    NO_SUCH_EXCHANGE,
    NO_TYPE,
    NOT_ENOUGH,
    UNKNOWN,
    Match,
    Trouble,
    right_of,
)
from anytws.simulator.universe.instrument import Instrument
from anytws.simulator.universe.universe import MOST_MADE, USUAL_DAY, Universe, usual_universe

UNIVERSE = usual_universe()
TODAY = date(2026, 10, 2)
SEPTEMBER = date(2026, 9, 1)

STK, OPT, FUT, FOP = SecurityType.STOCK, SecurityType.OPTION, SecurityType.FUTURE, SecurityType.FUTURES_OPTION
CONTFUT = SecurityType.CONTINUOUS_FUTURE


def asked(symbol: str = "", kind: SecurityType | None = STK, exchange: str = "SMART", **more: object) -> Contract:
    return Contract(symbol=symbol, security_type=kind, exchange=exchange, **more)  # type: ignore[arg-type]


def one(contract: Contract, today: date = TODAY) -> Instrument:
    match = UNIVERSE.the_one(contract, today)
    assert isinstance(match, Match), match
    return match.instrument


def locals_of(contract: Contract, today: date = TODAY) -> list[str]:
    return [match.instrument.contract.local_symbol for match in UNIVERSE.find(contract, today)]


# --- what there is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "symbol, contract_id",
    [
        *(("AAPL", 265598), ("MSFT", 272093), ("IBM", 8314), ("SPY", 756733), ("AMD", 4391), ("BRK B", 72063691)),
        *(("EUR.USD", 12087792), ("SPX", 416904), ("BTC", 479624278), ("XAUUSD", 69067924), ("VTSAX", 48013650)),
        *(("ESZ6", 515416632), ("7203", 13905804), ("BMW", 14094), ("IBCID127128131", 127128131)),
    ],
)
def test_a_symbol_has_its_usual_meaning(symbol: str, contract_id: int) -> None:
    instrument = UNIVERSE.by_symbol(symbol)
    assert instrument.contract_id == contract_id
    assert UNIVERSE.by_id(contract_id) is instrument


def test_the_usual_day_is_that_of_the_usual_world() -> None:
    assert EPOCH.date() == USUAL_DAY


def test_a_family_means_the_month_in_front() -> None:
    assert UNIVERSE.by_symbol("ES").contract.local_symbol == "ESH6"


def test_a_symbol_that_is_not_known_is_no_instrument() -> None:
    with pytest.raises(LookupError, match="'XYZ'"):
        UNIVERSE.by_symbol("XYZ")
    assert UNIVERSE.by_id(1) is None


def test_every_instrument_can_be_traded() -> None:
    kinds = {instrument.security_type for instrument in UNIVERSE.instruments}
    assert len(kinds) == 9
    for instrument in UNIVERSE.instruments:
        assert instrument.nature.price > 0
        assert instrument.tick == min(step.increment for step in instrument.steps)
        assert instrument.details.min_tick is not None
        assert len(instrument.details.market_rule_ids) == len(instrument.exchanges)
        assert all(UNIVERSE.market_rule(int(rule)) for rule in instrument.details.market_rule_ids)
        assert instrument.details.order_types
        assert instrument.contract.exchange == instrument.exchanges[0]


# --- ambiguity ----------------------------------------------------------------------------------------------------

NONE = "No security definition has been found for the request"


@pytest.mark.card("contracts.ambiguous")
@pytest.mark.parametrize(
    "contract, trouble",
    [
        (asked("AMD"), Trouble(200, "The contract description specified for AMD is ambiguous.")),
        (asked("", local_symbol="AMD"), Trouble(200, "The contract description specified for AMD is ambiguous.")),
        (
            Option("AAPL", "20261016", 250, "C", exchange="SMART", multiplier=50),
            UNKNOWN,
        ),
        (
            asked("AAPL", OPT, last_trade_date_or_contract_month="20261016", strike=300.0),
            Trouble(200, "The contract description specified for AAPL is ambiguous."),
        ),
        (asked("XYZ"), Trouble(200, NONE)),
        (asked("BRK.B"), Trouble(200, NONE)),
        (asked("BRKB"), Trouble(200, NONE)),
        (Stock("IBM", "IBIS"), Trouble(200, NONE)),
        (Contract(contract_id=8314, exchange="IBIS"), Trouble(200, NONE)),
        (Stock("IBM", "NOWHERE"), NO_SUCH_EXCHANGE),
        (Stock("IBM", ""), NO_EXCHANGE),
        (Stock("XYZ", ""), UNKNOWN),
        (Contract(symbol="IBM", exchange="SMART"), NO_TYPE),
        (asked("ES", FUT, "CME"), NOT_ENOUGH),
        (asked("AAPL", OPT), NOT_ENOUGH),
        (asked(), UNKNOWN),
    ],
)
def test_where_one_is_needed_there_is_one_or_what_tws_says(contract: Contract, trouble: Trouble) -> None:
    assert UNIVERSE.the_one(contract, TODAY) == trouble


FAMILY = """
[[future_family]]
like = "future"
symbol = "ES"
trading_class = "{0}"
local_symbol = "{0}"
exchanges = {1}
currency = "{2}"
multiplier = {3}
months = [3, 6, 9, 12]
last_trade = "third_friday"
price = 1
"""


@pytest.mark.parametrize(
    "family, wanted",
    [
        (("ESX", '"es"', "USD", 5), "; you must specify the multiplier or trading class."),
        (("ES", '["QBALGO", "EUREX"]', "USD", 50), "; you must specify the exchange."),
        (("ES", '"es"', "EUR", 50), "; you must specify the currency."),
    ],
)
def test_futures_that_share_a_symbol_are_told_apart_by_a_word(family: tuple[str, str, str, int], wanted: str) -> None:
    universe = UNIVERSE.with_file(FAMILY.format(*family))
    found = universe.the_one(asked("ES", FUT, "QBALGO", last_trade_date_or_contract_month="202612"), TODAY)
    assert found == Trouble(200, f"The contract description specified for ES is ambiguous{wanted}")


def test_currencies_are_told_apart_by_the_other_one() -> None:
    universe = UNIVERSE.with_file('[[instrument]]\nlike = "forex"\nsymbol = "EUR"\ncurrency = "GBP"\nprice = 0.85\n')
    found = universe.the_one(asked("EUR", SecurityType.FOREX, "IDEALPRO"), TODAY)
    assert isinstance(found, Trouble)
    assert found.text.endswith("is ambiguous; you must specify the currency.")


# --- filters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "contract, local_symbol",
    [
        (Stock("IBM"), "IBM"),
        (Stock("IBM", "NYSE"), "IBM"),
        (Contract(contract_id=8314, exchange="SMART"), "IBM"),
        (asked("", local_symbol="IBM", trading_class="IBM"), "IBM"),
        (asked("AMD", currency="EUR"), "AMD"),
        (asked("AMD", primary_exchange="NASDAQ"), "AMD"),
        (asked("", security_id_type=SecurityIdType.ISIN, security_id="US4592001014"), "IBM"),
        (Forex("EURUSD"), "EUR.USD"),
        (Crypto("BTC"), "BTC.USD"),
        (Index("SPX", "CBOE"), "SPX"),
        (Future("ES", "202612", "CME"), "ESZ6"),
        (Future("ES", "20261218", "CME"), "ESZ6"),
        (Future("CL", "202612", "NYMEX"), "CLZ6"),
        (asked("", FUT, "NYMEX", local_symbol="NGU27"), "NGU27"),
        (asked("ES", CONTFUT, "CME"), "ESZ6"),
        (Option("AAPL", "20261005", 342.5, "C"), "AAPL  261005C00342500"),
        (asked("", OPT, local_symbol="AAPL  261005C00342500"), "AAPL  261005C00342500"),
        (asked("AAPL", OPT, trading_class="2AAPL", last_trade_date_or_contract_month="202610", right=Right.PUT),
         "2AAPL 261016P00291000"),
        (asked("SPX", OPT, last_trade_date_or_contract_month="20261009", strike=7600.0, right=Right.PUT),
         "SPXW  261009P07600000"),
        (asked("ES", FOP, "CME", last_trade_date_or_contract_month="20261218", strike=6500.0, right=Right("CALL")),
         "ESZ6 C6500"),
        (Contract(contract_id=911926174, exchange="CME", include_expired=True), "MS1DU6 C6500"),
        (asked("AAPL", SecurityType.CFD), "AAPLn"),
        (asked("AAPL", SecurityType.WARRANT, "SWB", last_trade_date_or_contract_month="20261218"), "ACWA01"),
        (asked("US-T", SecurityType.BOND), "IBCID401820131"),
        (asked("", SecurityType.BOND, issuer_id="e1432232"), "IBCID127128131"),
    ],
)  # fmt: skip
def test_an_instrument_is_found_by_each_of_its_names(contract: Contract, local_symbol: str) -> None:
    assert one(contract).contract.local_symbol == local_symbol


@pytest.mark.parametrize(
    "contract",
    [
        Stock("IBM", currency="GBP"),
        asked("IBM", primary_exchange="NASDAQ"),
        asked("IBM", trading_class="NMS"),
        asked("", security_id_type=SecurityIdType.CUSIP, security_id="US4592001014"),
        Future("ES", "202611", "CME"),
        Option("AAPL", "20261003", 300, "C"),
        Option("AAPL", "20261016", 301, "C"),
        Option("AAPL", "20261005", 650, "C"),
        asked("SPX", OPT, trading_class="SPXW", last_trade_date_or_contract_month="20271231"),
        Contract(contract_id=911926174, exchange="CME"),
        Contract(contract_id=649180671, exchange="CME"),
        asked("AAPL", SecurityType.NEWS),
        asked("", SecurityType.BOND, security_id_type=SecurityIdType.CUSIP, security_id="037833AL4"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_not_found(contract: Contract) -> None:
    assert UNIVERSE.the_one(contract, TODAY) == UNKNOWN


@pytest.mark.parametrize(
    "word, is_call", [(None, None), ("?", None), ("0", None), ("C", True), ("P", False), ("PUT", False)]
)
def test_rights_have_several_words(word: str | None, is_call: bool | None) -> None:
    assert right_of(Contract(right=None if word is None else Right(word))) is is_call


# --- rows ---------------------------------------------------------------------------------------------------------


@pytest.mark.card("contracts.rows")
def test_without_an_exchange_smart_comes_first_and_then_every_venue() -> None:
    rows = UNIVERSE.find(asked("AMD", exchange=""), TODAY)
    assert [(row.exchange, row.instrument.currency) for row in rows[:3]] == [
        ("SMART", "USD"),
        ("SMART", "EUR"),
        ("AMEX", "USD"),
    ]
    assert len(rows) == 27 + 14
    assert [row.exchange for row in UNIVERSE.find(Contract(contract_id=8314), TODAY)] == ["SMART"]


@pytest.mark.card("contracts.futures_by_id")
def test_all_months_of_a_future_are_told_in_the_order_of_their_ids() -> None:
    rows = UNIVERSE.find(asked("ES", FUT, "CME"), TODAY)
    ids = [row.instrument.contract_id for row in rows]
    assert len(ids) == 23
    assert ids == sorted(ids)
    months = [row.instrument.last_day for row in rows]
    assert months != sorted(months, key=str)


@pytest.mark.card("contracts.continuous")
def test_a_continuous_future_is_the_month_in_front_under_another_type() -> None:
    (row,) = UNIVERSE.find(asked("ES", CONTFUT, "CME"), TODAY)
    assert row.contract().security_type is CONTFUT
    assert (row.instrument.contract_id, row.is_continuous) == (515416632, True)
    assert UNIVERSE.the_one(row.contract(), TODAY) == row
    both = UNIVERSE.find(asked("ES", SecurityType.FUTURE_OR_CONTINUOUS, "CME"), TODAY)
    assert [row.is_continuous for row in both] == [True, *[False] * 23]


def test_the_front_rolls_when_a_month_is_over() -> None:
    fronts = [one(asked("ES", CONTFUT, "CME"), date(2026, 12, day)).contract.local_symbol for day in (18, 19)]
    assert fronts == ["ESZ6", "ESH7"]


@pytest.mark.card("contracts.expired")
def test_what_has_expired_is_found_if_it_is_asked_for() -> None:
    assert "ESU6" not in locals_of(asked("ES", FUT, "CME"))
    found = locals_of(asked("ES", FUT, "CME", include_expired=True))
    assert {"ESU6", "ESZ4", "ESZ6"} <= {*found}
    assert locals_of(asked("CL", FUT, "NYMEX", include_expired=True))[0] == "CLZ3"


def test_a_chain_is_told_whole() -> None:
    rows = locals_of(asked("AAPL", OPT))
    assert len(rows) == len({*rows}) > 5_000
    puts = locals_of(asked("AAPL", OPT, last_trade_date_or_contract_month="20261218", right=Right.PUT))
    assert len(puts) == 127


@given(st.data())
def test_what_details_tell_finds_the_same_instrument_again(data: st.DataObject) -> None:
    """By its number, and by its words alone."""
    contract = data.draw(
        st.sampled_from(
            [
                *(instrument.contract for instrument in UNIVERSE.instruments),
                *(family.instrument(2027, family.months[0]).contract for family in UNIVERSE.catalogue.families),
                *(
                    each.option(
                        (each.expirations(date(2026, 9, 1))[0], each.strikes[len(each.strikes) // 2], True)
                    ).contract
                    for each in UNIVERSE.catalogue.option_classes
                ),
            ]
        )
    )
    exchange = data.draw(st.sampled_from(one(contract, SEPTEMBER).exchanges))
    told = Match(one(contract, SEPTEMBER), exchange)
    for again in (told.contract(), replace(told.contract(), contract_id=0)):
        assert UNIVERSE.the_one(again, SEPTEMBER) == told


# --- made when they are asked for ---------------------------------------------------------------------------------


def test_the_same_object_is_given_as_long_as_anybody_holds_it() -> None:
    universe = Universe(UNIVERSE.catalogue)
    option = Option("AAPL", "20261218", 250, "C")
    match = universe.the_one(option, TODAY)
    assert isinstance(match, Match)
    held = match.instrument
    universe.find(asked("AAPL", OPT), TODAY)
    assert len(universe._kept) == MOST_MADE
    assert universe.by_id(held.contract_id) is held


def test_what_nobody_holds_is_forgotten() -> None:
    universe = Universe(UNIVERSE.catalogue)
    for _ in range(2):
        universe.find(asked("AAPL", OPT), TODAY)
        gc.collect()
        assert len(universe._made) <= MOST_MADE


def test_another_process_finds_the_same_ids() -> None:
    option = one(Option("AAPL", "20261218", 250, "C"))
    future = one(Future("CL", "202703", "NYMEX"))
    code = (
        "from anytws.simulator.universe.universe import usual_universe as u;"
        f"print(*(u().by_id(i).contract.local_symbol for i in ({option.contract_id}, {future.contract_id})), sep='|')"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "AAPL  261218C00250000|CLH7"


# --- searches -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, found",
    [
        ("AAPL", ["AAPL", "IBCID127128131"]),
        ("aap", ["AAPL", "IBCID127128131"]),
        ("AMD", ["AMD", "AMD"]),
        ("advanced micro", ["AMD", "AMD"]),
        ("apple", ["AAPL"]),
        ("S&P 500", ["SPY", "SPX"]),
        ("EUR", []),
        ("  ", []),
        ("", []),
        ("xyz", []),
    ],
)
def test_a_search_finds_symbols_and_words_of_names(text: str, found: list[str]) -> None:
    assert [each.contract.local_symbol for each in UNIVERSE.search(text)] == found


# --- others -------------------------------------------------------------------------------------------------------


def test_a_chain_has_its_classes() -> None:
    assert [each.name for each in UNIVERSE.chain(265598)] == ["AAPL", "2AAPL"]
    assert [each.name for each in UNIVERSE.chain(416904)] == ["SPX", "SPXW"]
    assert [each.name for each in UNIVERSE.chain(515416632)] == ["ES", "EW"]
    assert UNIVERSE.chain(12087792) == []


def test_market_rules() -> None:
    assert [(step.low_edge, step.increment) for step in UNIVERSE.market_rule(109) or ()] == [
        (Decimal(0), Decimal("0.01")),
        (Decimal(3), Decimal("0.05")),
    ]
    assert UNIVERSE.market_rule(1) is None
    assert UNIVERSE.bbo_key(UNIVERSE.by_symbol("AAPL")) == "9c0001"


def test_an_id_is_taken_once() -> None:
    with pytest.raises(ValueError, match="265598"):
        UNIVERSE.with_instruments([UNIVERSE.by_symbol("AAPL")])


def test_ones_own_stand_behind() -> None:
    text = '[[instrument]]\nlike = "us_stock"\nsymbol = "ACME"\nprice = 42\n'
    universe = UNIVERSE.with_file(text)
    assert universe.instruments[:-1] == UNIVERSE.instruments
    assert universe.by_symbol("ACME") is universe.instruments[-1]
    assert UNIVERSE.find(Stock("ACME"), TODAY) == []


@given(st.dates(date(2015, 1, 1), date(2040, 12, 31)))
def test_on_every_day_there_are_futures_and_options(today: date) -> None:
    front = one(asked("ES", CONTFUT, "CME"), today)
    assert front.last_day is not None
    assert front.last_day >= today
    assert UNIVERSE.by_id(front.contract_id) is front
    expirations = UNIVERSE.chain(265598)[0].expirations(today)
    assert len(expirations) >= 20
    assert expirations[0] >= today
    call = one(asked("AAPL", OPT, last_trade_date_or_contract_month=f"{expirations[-1]:%Y%m%d}", strike=300.0,
                     right=Right.CALL, trading_class="AAPL"), today)  # fmt: skip
    assert UNIVERSE.by_id(call.contract_id) is call
