"""Contracts as people type them on the command line."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.cli.symbols import MOST_WORDS, contract_in, read_symbols, spelled_out
from anytws.messages import (
    ContinuousFuture,
    Contract,
    Crypto,
    Forex,
    Future,
    FuturesOption,
    Index,
    Option,
    SecurityType,
    Stock,
)

CONTRACTS = {
    "AAPL": Stock("AAPL"),
    "aapl": Stock("AAPL"),
    "BRK B": Stock("BRK B"),
    "BMW@IBIS/EUR": Stock("BMW", "IBIS", "EUR"),
    "EUR.USD": Forex("EURUSD"),
    "EUR.USD:CASH": Forex("EURUSD"),
    "BTC:CRYPTO": Crypto("BTC"),
    "SPX:IND@CBOE": Index("SPX", "CBOE"),
    "ES:FUT:202603@CME": Future("ES", "202603", "CME"),
    "ES:CONTFUT@CME": ContinuousFuture("ES", "CME"),
    "SPY:OPT:20260320:C:600": Option("SPY", "20260320", 600, "C"),
    "SPY:opt:600:put:20260320": Option("SPY", "20260320", 600, "P"),
    "SPY:OPT:20260320:P:602.5": Option("SPY", "20260320", Decimal("602.5"), "P"),
    "ES:FOP:20260320:C:6000@CME": FuturesOption("ES", "20260320", 6000, "C", "CME"),
    "#265598": Contract(contract_id=265598, exchange="SMART"),
    "265598": Contract(contract_id=265598, exchange="SMART"),
}


@pytest.mark.parametrize("word, contract", CONTRACTS.items(), ids=CONTRACTS)
def test_a_word_names_a_contract(word: str, contract: Contract):
    assert contract_in(word) == contract


@pytest.mark.parametrize(
    "word, told",
    [
        ("", "names no contract"),
        ("A:XYZ", "none of the types"),
        ("AAPL:STK:600", "only options and futures"),
        ("SPY:OPT:C:P:600", "no expiry"),
        ("SPY:OPT:tomorrow", "no expiry"),
        ("EUR:CASH", "two currencies"),
        ("A{B", "without its other half"),
        ("AB}", "without its other half"),
        ("A/EUR/USD", "it is written"),
        ("A" * 1000, "more than 200 characters"),
        ("\x1b[2J", "names no contract"),
    ],
)
def test_what_names_no_contract_is_refused_in_a_sentence(word: str, told: str):
    with pytest.raises(ValueError, match=told) as caught:
        read_symbols([word])
    assert str(caught.value).isprintable()


def test_braces_make_several_words_of_one():
    assert spelled_out("SPY{,X}") == ("SPY", "SPYX")
    assert spelled_out("{SPY,Q{QQ,LD}}@{SMART,ARCA}") == (
        "SPY@SMART", "SPY@ARCA", "QQQ@SMART", "QQQ@ARCA", "QLD@SMART", "QLD@ARCA",
    )  # fmt: skip
    assert [each.word for each in read_symbols(["SPY{,X}", "SPY"])] == ["SPY", "SPYX"]


def test_braces_that_stand_for_too_much_are_refused_at_once():
    with pytest.raises(ValueError, match=f"more than {MOST_WORDS}"):
        spelled_out("{a,b,c,d}" * 20)
    with pytest.raises(ValueError, match="too many for one command"):
        read_symbols(
            [
                f"{{{','.join(f'{letter}{number}' for number in range(10))}}}X{{0,1,2,3,4,5,6,7,8,9}}"
                for letter in "ABCDEFGHIJK"
            ]
        )


@given(st.text(max_size=40))
def test_any_word_is_a_contract_or_a_sentence(word: str):
    try:
        (named, *_) = read_symbols([word])
    except ValueError as problem:
        assert str(problem).isprintable()
    else:
        assert isinstance(named.contract, Contract)
        assert named.contract.security_type is None or isinstance(named.contract.security_type, SecurityType)
