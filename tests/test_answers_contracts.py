"""What the simulated TWS answers about contracts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from anytws.messages import (
    CancelContractData,
    Contract,
    ContractData,
    ContractDataEnd,
    ContractDataRequest,
    MarketRule,
    MarketRuleRequest,
    Option,
    PriceIncrement,
    SecurityIdType,
    SecurityType,
    Stock,
)
from anytws.messages.session import ErrorMessage
from anytws.simulator import FarmKind, Personality, World, WorldSettings
from anytws.simulator.world import EPOCH
from tests.test_answers import ENCODINGS
from tests.test_world import Client

AMD = Contract(symbol="AMD", security_type=SecurityType.STOCK, exchange="SMART")


def rows_of(contract: Contract, version: int = 225) -> list[Any]:
    """Give the rows for *contract*, behind which there is the end."""
    told = Client(World(WorldSettings(server_version=version))).ask(ContractDataRequest(contract, request_id=7))
    *rows, end = told
    assert end == ContractDataEnd(7)
    assert {type(row) for row in rows} == {ContractData}
    return rows


@pytest.mark.parametrize("version", ENCODINGS)
def test_a_stock_has_its_details(version: int) -> None:
    (row,) = rows_of(Stock("AAPL"), version)
    assert row.request_id == 7
    contract, details = row.contract, row.details
    assert (contract.contract_id, contract.exchange, contract.primary_exchange) == (265598, "SMART", "NASDAQ")
    assert (contract.local_symbol, contract.trading_class, contract.currency) == ("AAPL", "NMS", "USD")
    assert (details.long_name, details.min_tick, details.stock_type) == ("APPLE INC", Decimal("0.01"), "COMMON")
    assert details.valid_exchanges[0] == "SMART"
    assert set(details.market_rule_ids) == {"26"}
    assert len(details.market_rule_ids) == len(details.valid_exchanges)


@pytest.mark.parametrize("version", ENCODINGS)
def test_without_a_currency_there_are_several(version: int) -> None:
    assert [(row.contract.currency, row.contract.primary_exchange) for row in rows_of(AMD, version)] == [
        ("USD", "NASDAQ"),
        ("EUR", "IBIS"),
    ]


def test_without_an_exchange_there_is_a_row_for_each_venue() -> None:
    exchanges = [row.contract.exchange for row in rows_of(Stock("IBM", exchange=""))]
    assert exchanges[:3] == ["SMART", "AMEX", "NYSE"]
    assert len(exchanges) == len(set(exchanges)) == 26


@pytest.mark.parametrize(
    "contract",
    [
        Stock("IBM", "NYSE"),
        Stock(contract_id=8314),
        Stock("IBM", primary_exchange="NYSE"),
        Contract(security_type=SecurityType.STOCK, exchange="SMART", local_symbol="IBM", trading_class="IBM"),
        Contract(
            security_type=SecurityType.STOCK,
            exchange="SMART",
            security_id_type=SecurityIdType.ISIN,
            security_id="US4592001014",
        ),
    ],
    ids=["venue", "number", "home", "local symbol", "ISIN"],
)
def test_a_stock_is_found_by_each_of_its_names(contract: Contract) -> None:
    assert [row.contract.contract_id for row in rows_of(contract)] == [8314]


@pytest.mark.parametrize(
    "contract",
    [
        Stock("XYZ"),
        Stock("IBM", currency="GBP"),
        Stock("IBM", "IBIS"),
        Stock("IBM", primary_exchange="NASDAQ"),
        Stock(contract_id=1),
        Contract(security_type=SecurityType.STOCK, exchange="SMART"),
        Contract(security_type=SecurityType.STOCK, security_id_type=SecurityIdType.CUSIP, security_id="US4592001014"),
        Option("IBM", "20260116", 300, "C"),
    ],
    ids=["symbol", "currency", "venue", "home", "number", "nothing at all", "an ISIN as a CUSIP", "option"],
)
@pytest.mark.parametrize("version", ENCODINGS)
def test_what_is_not_known_is_error_200_and_has_no_end(contract: Contract, version: int) -> None:
    client = Client(World(WorldSettings(server_version=version)))
    (error,) = client.ask(ContractDataRequest(contract, request_id=7))
    assert isinstance(error, ErrorMessage)
    text = "No security definition has been found for the request"
    assert (error.request_id, error.error_code, error.error_message) == (7, 200, text)


def test_a_kind_of_security_has_to_be_said() -> None:
    (error,) = Client(World()).ask(ContractDataRequest(Contract(symbol="IBM"), request_id=7))
    assert isinstance(error, ErrorMessage)
    assert (error.request_id, error.error_code) == (7, 321)
    assert error.error_message.endswith("Please enter a valid security type")


@pytest.mark.parametrize(
    "day, hours",
    [
        (EPOCH, ["20260105:0930-20260105:1600", *(f"2026010{day}:0930-2026010{day}:1600" for day in range(6, 10))]),
        (
            datetime(2026, 1, 10, 12, tzinfo=UTC),
            ["20260110:CLOSED", "20260111:CLOSED", *(f"202601{day}:0930-202601{day}:1600" for day in range(12, 16))],
        ),
    ],
    ids=["Monday", "Saturday"],
)
def test_sessions_are_told_up_to_the_last_one(day: datetime, hours: list[str]) -> None:
    client = Client(World(WorldSettings(epoch_at_zero=day)))
    row, _ = client.ask(ContractDataRequest(Stock("SPY"), request_id=7))
    assert isinstance(row, ContractData)
    assert row.details.liquid_hours.split(";") == hours


def test_details_in_euro_have_hours_of_their_own() -> None:
    assert [row.details.time_zone_id for row in rows_of(AMD)] == ["US/Eastern", "MET"]


def test_a_cancel_is_silent() -> None:
    assert Client(World()).ask(CancelContractData(7)) == []


@pytest.mark.parametrize("version", ENCODINGS)
def test_the_rule_of_their_steps(version: int) -> None:
    client = Client(World(WorldSettings(server_version=version)))
    assert client.ask(MarketRuleRequest(26)) == [MarketRule(26, (PriceIncrement(0.0, 0.01),))]
    (error,) = client.ask(MarketRuleRequest(109))
    assert isinstance(error, ErrorMessage)
    assert (error.request_id, error.error_code) == (None, 321)


def test_a_gateway_connects_its_farm_for_details_once() -> None:
    client = Client(World(WorldSettings(personality=Personality.GATEWAY)))
    for _ in range(2):
        client.ask(ContractDataRequest(Stock("SPY"), request_id=7))
        client.go(client.link.world.now + timedelta(seconds=1).total_seconds())
    assert client.codes == [FarmKind.SECURITY_DEFINITION.code]
