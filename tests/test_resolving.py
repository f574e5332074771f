"""From the rows of an answer to the contract that is meant."""

from __future__ import annotations

from itertools import permutations
from typing import Any, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.errors import Ambiguous, NotFound, RequestFailed
from anytws.machines.resolving import (
    ContractRow,
    by_id,
    is_complete_underlying,
    name_of,
    one_per_contract,
    option_exchange,
    rule_at,
    the_one,
    unknown_or,
)
from anytws.messages import (
    BondContractData,
    Contract,
    ContractData,
    ContractDetails,
    Future,
    Right,
    SecurityType,
    Stock,
)

STOCK, FUT = SecurityType.STOCK, SecurityType.FUTURE
VENUES: Final = ("SMART", "AMEX", "NYSE", "ARCA", "NASDAQ")
DETAILS: Final = ContractDetails(valid_exchanges=VENUES, market_rule_ids=("26", "", "109", "26"))


def row(number: int = 1, exchange: str = "SMART", **fields: Any) -> ContractData:
    given: dict[str, Any] = {"symbol": "AAPL", "security_type": STOCK, "primary_exchange": "NASDAQ", "currency": "USD"}
    return ContractData(7, Contract(number, exchange=exchange, **{**given, **fields}), DETAILS)


def test_one_row_for_each_contract_whatever_the_order() -> None:
    """SMART, else the primary exchange, else the first of those where it is valid."""
    for rows in permutations([row(exchange=name) for name in ("ARCA", "NASDAQ", "SMART", "NYSE")]):
        assert one_per_contract(rows) == (row(),)
    for rows in permutations([row(exchange=name) for name in ("ARCA", "NASDAQ", "NYSE")]):
        assert one_per_contract(rows) == (row(exchange="NASDAQ"),)
    for rows in permutations([row(exchange=name) for name in ("ARCA", "ELSEWHERE", "NYSE", "ANYWHERE")]):
        assert one_per_contract(rows) == (row(exchange="NYSE"),)
    for rows in permutations([row(exchange=name) for name in ("ELSEWHERE", "ANYWHERE")]):
        assert one_per_contract(rows) == (row(exchange="ANYWHERE"),)


def test_one_id_of_two_types_is_two() -> None:
    """FUT+CONTFUT gives the month in front under both."""
    both = [row(5, "CME", security_type=FUT), row(5, "CME", security_type=SecurityType.CONTINUOUS_FUTURE)]
    assert one_per_contract(both) == tuple(both)
    # Without an id, only what is alike in all is one.
    assert len(one_per_contract([row(0), row(0), row(0, symbol="AMD")])) == 2


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(VENUES)), max_size=8), st.integers(0, 3))
def test_the_one_or_none_or_several(told: list[tuple[int, str]], asked_id: int) -> None:
    """By the ids alone: one, or that which was asked for; none; or several, each of them once."""
    asked = Contract(asked_id, "AAPL", STOCK)
    rows = [row(*each) for each in told]
    ids = {number for number, _ in told}
    try:
        found = the_one(asked, rows)
    except NotFound as none:
        assert not ids
        assert none.asked == asked
    except Ambiguous as several:
        candidates: Any = several.candidates
        assert asked_id not in ids
        assert (len(ids) > 1) or asked_id
        assert [each.contract.contract_id for each in candidates] == sorted(ids)
        assert len(several.names) == len(ids)
    else:
        assert found in rows
        assert found.contract.contract_id in ids
        assert ids == {found.contract.contract_id} or found.contract.contract_id == asked_id


def test_in_what_the_candidates_differ() -> None:
    """So that a person knows what to say more of; the earliest expiry first."""
    rows: list[ContractRow] = [
        row(5, "CME", security_type=FUT, last_trade_date_or_contract_month="20270319", currency="EUR"),
        row(6, "CME", security_type=FUT, last_trade_date_or_contract_month="20261218"),
    ]
    with pytest.raises(Ambiguous, match="They differ in currency, last_trade_date_or_contract_month") as several:
        the_one(Future("ES", exchange="CME"), rows)
    assert several.value.differ == ("currency", "last_trade_date_or_contract_month")
    assert several.value.candidates == (rows[1], rows[0])


def test_bonds_of_one_issuer() -> None:
    """Their rows have no symbol, no currency and no date: they are known by their own numbers."""
    rows = [
        BondContractData(
            1, Contract(number, security_type=SecurityType.BOND), ContractDetails(description_append=f"IBM {number}")
        )
        for number in (4, 3)
    ]
    with pytest.raises(
        Ambiguous, match=r"BOND IBM 3 \(3\); BOND IBM 4 \(4\)\. They differ in local_symbol, contract_id"
    ):
        the_one(Contract(symbol="IBM", security_type=SecurityType.BOND), rows)


def test_what_a_refusal_means() -> None:
    """200 is none; in doubt it is itself; where it says so it is several; any other code is itself."""
    asked = Stock("KWEB")
    none = RequestFailed(200, "No security definition has been found for the request", None)
    meant = unknown_or(none, asked)
    assert isinstance(meant, NotFound)
    assert (meant.asked, meant.failure) == (asked, none)
    several = unknown_or(RequestFailed(200, "The contract description specified for KWEB is ambiguous.", None), asked)
    assert isinstance(several, Ambiguous)
    assert several.candidates == ()
    assert "more than one contract fits" in str(several)
    for other in (RequestFailed(200, "No security", None, link_was_down=True), RequestFailed(321, "ambiguous", None)):
        assert unknown_or(other, asked) is other


def test_by_id_alone() -> None:
    """What TWS has told of is asked for by nothing that TWS would not take back."""
    held = Contract(5, "ES", FUT, "20261218 08:30:00 US/Central", 0.0, Right.ZERO, exchange="CME")
    assert by_id(held) == Contract(contract_id=5)
    assert by_id(held, "CME") == Contract(contract_id=5, exchange="CME")
    continuous = Contract(5, "ES", SecurityType.CONTINUOUS_FUTURE)
    assert by_id(continuous).security_type is SecurityType.CONTINUOUS_FUTURE
    for number in (0, -1):
        without: Contract = attrs.evolve(held, contract_id=number)  # type: ignore[misc]
        assert by_id(without) is without


def test_names() -> None:
    assert name_of(row(265598, local_symbol="AAPL")) == "STK AAPL USD NASDAQ (265598)"
    assert name_of(row(7, security_type=None, primary_exchange="", currency="")) == "AAPL SMART (7)"
    bond = BondContractData(
        1,
        Contract(9, security_type=SecurityType.BOND, exchange="SMART"),
        ContractDetails(description_append="X 3 05/43"),
    )
    assert name_of(bond) == "BOND X 3 05/43 SMART (9)"


def test_the_rule_of_an_exchange() -> None:
    """By its place; a list that is shorter, or has an empty name there, tells none."""
    assert [rule_at(row(), name) for name in VENUES] == ["26", "", "109", "26", ""]
    with pytest.raises(ValueError, match="is not traded at 'NOWHERE', but at SMART, AMEX"):
        rule_at(row(), "NOWHERE")


def test_where_options_are_traded() -> None:
    """At SMART, save those on futures; a future whose exchange nobody has said is not complete."""
    apple = attrs.evolve(Stock("AAPL"), contract_id=265598)  # type: ignore[misc]
    future = attrs.evolve(Future("ES", "202612", "CME"), contract_id=5)  # type: ignore[misc]
    assert (option_exchange(apple), option_exchange(future)) == ("SMART", "CME")
    assert is_complete_underlying(apple)
    assert is_complete_underlying(future)
    for lacking in ({"contract_id": 0}, {"symbol": ""}, {"security_type": None}, {"currency": ""}):
        assert not is_complete_underlying(attrs.evolve(apple, **lacking))  # type: ignore[misc]
    for exchange in ("", "SMART"):
        assert not is_complete_underlying(attrs.evolve(future, exchange=exchange))  # type: ignore[misc]


def test_a_contract_whose_id_cannot_be_read() -> None:
    """It is None, whatever its type promises: a contract all the same, and not the one that was asked for by its id."""
    odd: Any = row()
    odd = attrs.evolve(odd, contract=attrs.evolve(odd.contract, contract_id=None))
    assert the_one(Stock("AAPL"), [odd]) is odd
    assert by_id(odd.contract) is odd.contract
    assert not is_complete_underlying(odd.contract)
    for rows in ([odd], [odd, row(2), row(3)]):
        with pytest.raises(Ambiguous):
            the_one(Contract(contract_id=1), rows)
