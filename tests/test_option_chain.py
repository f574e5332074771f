"""Chains of options: what rows make one, which one is meant, the contracts of it."""

from __future__ import annotations

import math
import pickle
from datetime import date
from decimal import Decimal
from typing import Any, Final

import attrs
import pytest

from anytws.errors import Ambiguous, NotFound
from anytws.machines.option_chain import OptionChain, chains_of, day_of, the_chain
from anytws.messages import Contract, Future, FuturesOption, Index, Option, Right, SecDefOptParameter, Stock

APPLE: Final = attrs.evolve(Stock("AAPL"), contract_id=265598)  # type: ignore[misc]
DAYS: Final = (date(2026, 10, 9), date(2026, 10, 16))


def told(exchange: str = "SMART", trading_class: str = "AAPL", **fields: Any) -> SecDefOptParameter:
    given: dict[str, Any] = {
        "multiplier": Decimal(100),
        "expirations": ("20261016", "20261009"),
        "strikes": (330.0, 320.0, 325.0),
    }
    return SecDefOptParameter(1, exchange, 265598, trading_class, **{**given, **fields})


def chain_of(underlying: Contract = APPLE, **fields: Any) -> OptionChain:
    (chain,) = chains_of(underlying, [told(**fields)])
    return chain


def test_a_row_is_a_chain() -> None:
    """Days for expirations, both sets in order; TWS sends them in none."""
    assert chain_of() == OptionChain(APPLE, "SMART", "AAPL", Decimal(100), DAYS, (320.0, 325.0, 330.0))


def test_rows_by_exchange_class_and_multiplier() -> None:
    """In that order; a row that comes twice, or in two parts, is one chain."""
    rows = [
        told("SMART", strikes=(320.0,)), told("CBOE"), told("SMART", "2AAPL"), told("SMART", strikes=(330.0, 325.0)),
        told("SMART", multiplier=Decimal(10)), told("SMART", multiplier=None), told("CBOE"),
    ]  # fmt: skip
    chains = chains_of(APPLE, rows)
    assert [(each.exchange, each.trading_class, each.multiplier) for each in chains] == [
        ("CBOE", "AAPL", 100), ("SMART", "2AAPL", 100), ("SMART", "AAPL", None), ("SMART", "AAPL", 10),
        ("SMART", "AAPL", 100),
    ]  # fmt: skip
    assert chains[-1] == chain_of()
    assert chains_of(APPLE, reversed(rows)) == chains


def test_what_is_no_expiration_and_no_strike_is_told() -> None:
    """It is kept as text: a chain with one less would look whole."""
    chain = chain_of(expirations=("20261016", "202612", "garbage", "20261301"), strikes=(1.0, math.inf, -math.inf))
    assert (chain.expirations, chain.strikes) == (DAYS[1:], (1.0,))
    assert chain.odd == ("-inf", "202612", "20261301", "garbage", "inf")


@pytest.mark.parametrize(
    "text, day", [("20261016", DAYS[1]), ("2026101", None), ("20260230", None), ("2026101a", None), ("²0261016", None)]
)
def test_days(text: str, day: date | None) -> None:
    assert day_of(text) == day


# --- contracts ---------------------------------------------------------------------------------------------------


def test_one_contract() -> None:
    """With all that tells it from others; the expiry as a day or as TWS writes it."""
    option = Option("AAPL", "20261016", 325, "C", multiplier=100, trading_class="AAPL")
    chain = chain_of()
    assert chain.contract(DAYS[1], 325, "call") == option
    assert chain.contract("20261016", Decimal(325), Right.CALL) == option
    whole = chain.contract(DAYS[1])
    assert (whole.strike, whole.right) == (None, None)


@pytest.mark.parametrize(
    "expiry, strike, told", [
        (date(2026, 10, 17), 325, r"no expiration datetime.date\(2026, 10, 17\): there are 2, from 2026-10-09 to"),
        ("202610", 325, "no expiration '202610'"), ("x", 325, "no expiration 'x'"),
        (DAYS[0], 326, r"no strike 326.0: there are 3, from 320.0 to 330.0"), (DAYS[0], math.nan, "no strike nan"),
    ],
)  # fmt: skip
def test_what_the_chain_does_not_have(expiry: date | str, strike: float, told: str) -> None:
    """A contract that is not there would be TWS's 200, a second later."""
    chain = chain_of()
    for make in (chain.contract, lambda day, price: chain.contracts(day, [price])):
        with pytest.raises(ValueError, match=told):
            make(expiry, strike)


def test_an_empty_chain() -> None:
    chain = chain_of(expirations=(), strikes=())
    assert chain.contracts() == ()
    with pytest.raises(ValueError, match="there are none"):
        chain.contract(DAYS[0])


def test_many_contracts() -> None:
    """All, or those of some expirations, strikes and rights; in the order in which they were given."""
    chain = chain_of()
    assert len(chain.contracts()) == 2 * 3 * 2
    some = chain.contracts([DAYS[1], "20261009"], (330, 320), Right.PUT)
    assert [(each.last_trade_date_or_contract_month, each.strike) for each in some] == [
        ("20261016", 330.0), ("20261016", 320.0), ("20261009", 330.0), ("20261009", 320.0),
    ]  # fmt: skip
    assert [each.right for each in chain.contracts("20261009", [325], ["P", "CALL"])] == [Right.PUT, Right.CALL]
    assert chain.contracts(DAYS[0], iter([325.0])) == chain.contracts(DAYS[0], [325])
    with pytest.raises(ValueError, match="a right is"):
        chain.contracts(DAYS[0], [325], "X")


def test_strikes_near_a_price() -> None:
    chain = chain_of(strikes=(310.0, 320.0, 325.0, 330.0, 340.0))
    assert chain.strikes_near(326, 3) == (320.0, 325.0, 330.0)
    assert chain.strikes_near(Decimal("322.5"), 1) == (320.0,)
    assert chain.strikes_near(0, 2) == (310.0, 320.0)
    assert chain.strikes_near(326, 99) == chain.strikes
    assert chain.strikes_near(326, 0) == ()
    for price, count in ((math.nan, 1), (math.inf, 1), (1, -1)):
        with pytest.raises(ValueError, match="finite price"):
            chain.strikes_near(price, count)


def test_options_on_a_future_and_in_another_currency() -> None:
    """The kind of the underlying is that of the options; so is its currency."""
    future = Future("ES", "202612", "CME")
    chain = chain_of(future, exchange="CME", trading_class="EW", multiplier=Decimal(50))
    assert chain.contract(DAYS[0], 325, "P") == FuturesOption(
        "ES", "20261009", 325, "P", "CME", multiplier=50, trading_class="EW"
    )
    index = chain_of(Index("DAX", "EUREX", "EUR"), exchange="EUREX", trading_class="ODAX", multiplier=Decimal(5))
    assert index.contract(DAYS[0], 325, "P").currency == "EUR"


# --- the one that is meant ---------------------------------------------------------------------------------------


def test_a_class_that_an_adjustment_has_left_behind_is_not_meant() -> None:
    """2AAPL beside AAPL; where it is alone, or named, it is."""
    both = chains_of(APPLE, [told(), told(trading_class="2AAPL")])
    assert the_chain(APPLE, both, "SMART").trading_class == "AAPL"
    assert the_chain(APPLE, both, "SMART", "2AAPL").trading_class == "2AAPL"
    assert the_chain(APPLE, both[:1], "SMART").trading_class == "2AAPL"


def test_several_classes() -> None:
    """SPX and SPXW have to be told apart by the caller; two multipliers of one class too."""
    both = chains_of(APPLE, [told(trading_class="SPX"), told(trading_class="SPXW"), told("CBOE", "SPX")])
    with pytest.raises(Ambiguous) as several:
        the_chain(APPLE, both, "SMART")
    assert several.value.differ == ("trading_class",)
    assert several.value.candidates == both[1:]
    assert several.value.names == ("SPX x 100 at SMART, 2 expirations", "SPXW x 100 at SMART, 2 expirations")
    assert the_chain(APPLE, both, "SMART", "SPXW") == both[2]
    sizes = chains_of(APPLE, [told(), told(multiplier=Decimal(10)), told(multiplier=None)])
    with pytest.raises(Ambiguous) as unclear:
        the_chain(APPLE, sizes, "SMART", "AAPL")
    assert unclear.value.differ == ("multiplier",)


def test_none() -> None:
    with pytest.raises(NotFound, match="no chain of options at CBOE that fits") as none:
        the_chain(APPLE, [chain_of()], "CBOE")
    assert none.value.asked == APPLE
    with pytest.raises(NotFound, match="chain of options SPX at SMART"):
        the_chain(APPLE, [chain_of()], "SMART", "SPX")


def test_a_chain_can_be_kept() -> None:
    """In a file, for the next notebook."""
    assert pickle.loads(pickle.dumps(chain_of())) == chain_of()  # noqa: S301 (made here)


def test_a_strike_that_cannot_be_read_is_odd() -> None:
    """A value that nobody can read is None, whatever its type promises."""
    strikes: Any = (320.0, None)
    chain = chain_of(strikes=strikes)
    assert (chain.strikes, chain.odd) == ((320.0,), ("None",))
