"""Contracts by what they are: what the functions fill in, what they refuse, and that all versions can say it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest

from anytws import LocalProtocolError
from anytws.messages import (
    CFD,
    Action,
    Bond,
    Combo,
    Commodity,
    ContinuousFuture,
    Contract,
    ContractData,
    ContractDataRequest,
    ContractDetails,
    Crypto,
    Forex,
    Fund,
    Future,
    FuturesOption,
    HistoricalDataRequest,
    Index,
    Leg,
    MarketDataRequest,
    MarketOrder,
    Option,
    PlaceOrderRequest,
    Right,
    SecurityType,
    Side,
    Stock,
    instruments,
    replace,
)
from anytws.messages.historical import BarSize
from anytws.wire.codec import Codec

VERSIONS = (157, 176, 203, 226)
"""The oldest, one of text, one of both encodings, and the newest."""

SPREAD = Combo([Leg(265598, "BUY"), Leg(272093, "SELL", 2)], "AAPL,MSFT")

# What each says beside its symbol, its exchange and its currency.
SAID = [
    (Stock("AAPL"), "STK", "SMART", "USD"),
    (Stock("IBM", primary_exchange="NYSE"), "STK", "SMART", "USD"),
    (Index("SPX", "CBOE"), "IND", "CBOE", "USD"),
    (CFD("IBDE30", currency="EUR"), "CFD", "SMART", "EUR"),
    (Forex("EURUSD"), "CASH", "IDEALPRO", "USD"),
    (Crypto("BTC"), "CRYPTO", "PAXOS", "USD"),
    (Commodity("XAUUSD"), "CMDTY", "SMART", "USD"),
    (Fund("VINIX"), "FUND", "FUNDSERV", "USD"),
    (Bond("912828C57"), "BOND", "SMART", "USD"),
    (Bond(contract_id=15960357), "BOND", "SMART", ""),
    (Option("AAPL", "20261218", 250, "C"), "OPT", "SMART", "USD"),
    (Option("AAPL"), "OPT", "SMART", "USD"),
    (Future("ES", "202612", "CME"), "FUT", "CME", "USD"),
    (Future(local_symbol="ESZ6", exchange="CME"), "FUT", "CME", "USD"),
    (ContinuousFuture("ES", "CME"), "CONTFUT", "CME", "USD"),
    (FuturesOption("ES", "20261218", 6000, "P", "CME", multiplier=50), "FOP", "CME", "USD"),
    (SPREAD, "BAG", "SMART", "USD"),
]
CONTRACTS = [contract for contract, *_ in SAID]


def test_every_function_is_tried_here():
    made = {contract.security_type for contract in CONTRACTS}
    assert len(made) == len(set(instruments.__all__) - {"Leg", "routed"})


@pytest.mark.parametrize("contract, kind, exchange, currency", SAID)
def test_what_a_kind_needs_is_filled_in(contract: Contract, kind: str, exchange: str, currency: str):
    assert contract.security_type is SecurityType(kind)
    assert (contract.exchange, contract.currency) == (exchange, currency)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_version_can_say_it(contract: Contract, version: int):
    for request in (
        PlaceOrderRequest(contract, MarketOrder("BUY", 1), order_id=7),
        MarketDataRequest(contract, request_id=7),
        HistoricalDataRequest(contract, "1 D", BarSize.HOUR_1, request_id=7),
    ):
        body = Codec(Side.CLIENT, version).encode(request)
        assert Codec(Side.TWS, version).decode(body) == request


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("contract", [each for each in CONTRACTS if each is not SPREAD])
def test_every_version_can_ask_for_what_there_is(contract: Contract, version: int):
    request = ContractDataRequest(contract, request_id=7)
    assert Codec(Side.TWS, version).decode(Codec(Side.CLIENT, version).encode(request)) == request


@pytest.mark.parametrize("version, since", [(157, 176), (176, None), (203, None), (226, None)])
def test_the_bonds_of_an_issuer_need_a_version(version: int, since: int | None):
    request = ContractDataRequest(Bond(issuer_id="e1432232"), request_id=7)
    if since is None:
        assert Codec(Side.TWS, version).decode(Codec(Side.CLIENT, version).encode(request)) == request
        return
    with pytest.raises(LocalProtocolError, match=rf"contract\.issuer_id needs server version {since}") as caught:
        Codec(Side.CLIENT, version).encode(request)
    assert caught.value.field == "contract.issuer_id"


# What comes from TWS goes back to it


@pytest.mark.parametrize("version", VERSIONS)
def test_a_contract_that_tws_has_told_can_be_used(version: int):
    known = replace(Option("AAPL", "20261218", 250, "C", multiplier=100), contract_id=700, local_symbol="AAPL  261218")
    told = ContractData(1, known, ContractDetails(market_name="AAPL"))
    heard = Codec(Side.CLIENT, version).decode(Codec(Side.TWS, version).encode(told))
    assert isinstance(heard, ContractData)
    Codec(Side.CLIENT, version).encode(PlaceOrderRequest(heard.contract, MarketOrder("BUY", 1), order_id=7))
    assert Leg(heard.contract, "SELL") == Leg(700, "SELL", exchange=heard.contract.exchange or "SMART")


# What the arguments may be


@pytest.mark.parametrize("expiry", [date(2026, 12, 18), "20261218"])
def test_a_day_is_a_date_or_a_text(expiry: date | str):
    assert Option("AAPL", expiry).last_trade_date_or_contract_month == "20261218"


@pytest.mark.parametrize(
    "wrong",
    ["2026-12-18", "20261318", "202613", "DEC26", 20261218, datetime(2026, 12, 18, tzinfo=UTC), None, " 20261218"],
)
def test_what_is_no_expiry_is_told(wrong: object):
    with pytest.raises(ValueError, match="an expiry is a date, or a text such as '20261218' or '202612', and not"):
        Option("AAPL", wrong)


@pytest.mark.parametrize("right", ["C", "c", "CALL", "call", Right.CALL])
def test_a_right_may_be_written_as_people_write_it(right: str):
    assert Option("AAPL", right=right).right is Right.CALL


@pytest.mark.parametrize("wrong", ["X", "", Right.NONE, 1])
def test_what_is_no_right_is_told(wrong: object):
    with pytest.raises(ValueError, match=r"a right is Right\.CALL or Right\.PUT"):
        Option("AAPL", right=wrong)


@pytest.mark.parametrize("strike, held", [(150, 150.0), (150.5, 150.5), (Decimal("0.25"), 0.25), (None, None)])
def test_a_strike_is_a_number(strike: float | Decimal | None, held: float | None):
    assert Option("AAPL", strike=strike).strike == held


@pytest.mark.parametrize("wrong", ["150", float("nan"), float("inf"), Decimal("NaN"), True])
def test_what_is_no_strike_is_told(wrong: object):
    with pytest.raises(ValueError, match="a strike is a finite number"):
        Option("AAPL", strike=wrong)


@pytest.mark.parametrize("multiplier", [50, "50", Decimal(50)])
def test_a_multiplier_is_exact(multiplier: int | str | Decimal):
    assert Future("ES", "202612", "CME", multiplier=multiplier).multiplier == Decimal(50)


@pytest.mark.parametrize("wrong", [0, -1, 0.5, "much", "NaN", True])
def test_what_is_no_multiplier_is_told(wrong: object):
    with pytest.raises(ValueError, match="a multiplier is a number above zero"):
        Future("ES", "202612", "CME", multiplier=wrong)


@pytest.mark.parametrize("wrong", ["eurusd", "EUR.USD", "EUR/USD", "EUR", "", None])
def test_what_is_no_pair_is_told(wrong: object):
    with pytest.raises(ValueError, match="such as 'EURUSD', and not"):
        Forex(wrong)


@pytest.mark.parametrize("wrong", ["", " AAPL", None, 5])
@pytest.mark.parametrize("kind", [Stock, CFD, Crypto, Commodity, Fund, Option])
def test_what_is_no_symbol_is_told(kind, wrong: object):
    with pytest.raises(ValueError, match="a symbol is a text that is not empty"):
        kind(wrong)


def test_what_smart_does_not_know_needs_its_exchange():
    with pytest.raises(ValueError, match="the exchange of a future is"):
        Future("ES", "202612")
    with pytest.raises(ValueError, match="the exchange of a futures option is"):
        FuturesOption("ES", "202612", 6000, "C")
    with pytest.raises(ValueError, match="the exchange of an index is"):
        Index("SPX", "")


def test_a_bond_and_a_future_need_something_to_go_by():
    with pytest.raises(ValueError, match="a bond needs a CUSIP, a contract id, or an issuer id"):
        Bond()
    with pytest.raises(ValueError, match=r"a future needs a symbol, such as 'ES', a local symbol.* or a contract id"):
        Future(exchange="CME")


# By the contract's id

MAKERS = [getattr(instruments, name) for name in ("Stock", "CFD", "Forex", "Crypto", "Commodity", "Fund", "Bond",
          "Option", "Index", "Future", "ContinuousFuture", "FuturesOption")]  # fmt: skip
BY_SYMBOL = [make for make in MAKERS if make not in {Bond, Future}]
NAMED = {"Forex": "EURUSD"}


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_an_id_means_one_contract(make: Any):
    """Nothing is said beside it that could contradict it: a stock that is paid in euros is found under its id, too."""
    contract = make(exchange="CME", contract_id=265598)
    assert contract == Contract(265598, security_type=contract.security_type, exchange="CME")
    assert make(exchange="CME", contract_id=265598, **({} if make is Forex else {"currency": "EUR"})) == replace(
        contract, currency="" if make is Forex else "EUR"
    )


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_an_id_goes_with_a_symbol(make: Any):
    named = NAMED.get(make.__name__, "X")
    assert make(named, exchange="CME", contract_id=7) == replace(make(named, exchange="CME"), contract_id=7)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("wrong", [-1, True, "265598", 1.0, None])
def test_an_id_that_is_none(make: Any, wrong: Any):
    with pytest.raises(ValueError, match="a contract id is a whole number above zero"):
        make(NAMED.get(make.__name__, "X"), exchange="CME", contract_id=wrong)


@pytest.mark.parametrize(
    "make", [make for make in MAKERS if make not in {Bond, Future}], ids=lambda make: make.__name__
)
def test_a_contract_without_an_id_needs_a_symbol(make: Any):
    with pytest.raises(ValueError, match=r"a (symbol|pair) is"):
        make(exchange="CME")


# Combinations


def test_a_leg_goes_where_its_contract_goes_if_nothing_else_is_said():
    known = attrs.evolve(Stock("AAPL", "NYSE"), contract_id=265598)
    assert Leg(known, "BUY").exchange == "NYSE"
    assert Leg(known, "BUY", exchange="SMART").exchange == "SMART"
    assert Leg(attrs.evolve(known, exchange=""), "BUY").exchange == "SMART"


def test_a_leg_without_a_contract_id_says_where_to_get_one():
    with pytest.raises(ValueError, match="a leg needs a contract id, and not 0: ask for the contract's details"):
        Leg(Stock("AAPL"), "BUY")


@pytest.mark.parametrize("action", ["buy", "BUY", Action.BUY])
def test_an_action_may_be_written_small(action: str):
    assert Leg(1, action).action is Action.BUY


def test_what_is_no_leg_is_told():
    with pytest.raises(ValueError, match="an action is one of BUY, SELL, SSHORT, SLONG, and not 'LONG'"):
        Leg(1, "LONG")
    with pytest.raises(ValueError, match="a ratio is a whole number of at least 1"):
        Leg(1, "BUY", 0)


@pytest.mark.parametrize("wrong", [[], [265598], [Stock("AAPL")], Leg(1, "BUY"), None, "AAPL"])
def test_a_combination_is_made_of_legs(wrong: object):
    with pytest.raises(
        ValueError, match="a combination has a list of one or more legs, made by Leg, and not"
    ) as caught:
        Combo(wrong, "AAPL")
    assert len(str(caught.value)) < 200


def test_legs_may_come_from_anything_that_gives_them():
    assert Combo(iter(SPREAD.combo_legs), "AAPL,MSFT") == SPREAD
