"""What the simulated TWS answers about accounts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from anytws.core.events import Notice
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
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    CancelPositions,
    CancelPositionsMulti,
    PortfolioValue,
    Position,
    PositionEnd,
    PositionMulti,
    PositionMultiEnd,
    PositionsMultiRequest,
    PositionsRequest,
)
from anytws.messages.session import ErrorMessage
from anytws.simulator import Holding, World, WorldSettings
from tests.test_answers import ENCODINGS
from tests.test_world import Client

TWO = ("DU1", "DU2")


def client_at(version: int = 225, accounts: tuple[str, ...] = TWO, **settings: Any) -> Client:
    return Client(World(WorldSettings(server_version=version, accounts=accounts, **settings)))


def codes_of(told: list[Any]) -> list[tuple[int | None, int]]:
    return [
        (event.request_id, event.code if isinstance(event, Notice) else event.error_code)
        for event in told
        if isinstance(event, Notice | ErrorMessage)
    ]


@pytest.mark.parametrize("version, exchange", [(178, ""), (200, ""), (225, "NASDAQ")])
def test_positions_are_those_of_the_settings(version: int, exchange: str) -> None:
    client = client_at(version, positions=(Holding("MSFT", Decimal("1.5"), 410.25),))
    position, end = client.ask(PositionsRequest())
    assert isinstance(position, Position)
    assert (position.account, position.position, position.average_cost) == ("DU1", Decimal("1.5"), 410.25)
    assert (position.contract.contract_id, position.contract.exchange) == (272093, exchange)
    assert end == PositionEnd()


def test_then_there_is_silence_and_asked_again_the_run_again() -> None:
    client = client_at()
    first = client.ask(PositionsRequest())
    assert [type(event) for event in first] == [Position, Position, PositionEnd]
    assert client.go(1e6) == []
    assert client.ask(PositionsRequest(), 1e6) == first
    assert client.ask(CancelPositions(), 1e6) == []
    assert client.ask(CancelPositions(), 1e6) == []


@pytest.mark.parametrize("settings", [{"positions": ()}, {"accounts": ()}], ids=["positions", "accounts"])
def test_of_nothing_there_is_the_end(settings: dict[str, Any]) -> None:
    client = client_at(**settings)
    assert client.ask(PositionsRequest()) == [PositionEnd()]
    assert client.ask(PositionsMultiRequest(request_id=7)) == [PositionMultiEnd(7)]


@pytest.mark.parametrize("version", ENCODINGS)
@pytest.mark.parametrize("account, count", [("DU1", 2), ("", 2), ("All", 2), ("DU2", 0), ("DU9", 0)])
def test_positions_of_one_account(account: str, count: int, version: int) -> None:
    client = client_at(version)
    *rows, end = client.ask(PositionsMultiRequest(account, request_id=7))
    assert [type(row) for row in rows] == [PositionMulti] * count
    assert end == PositionMultiEnd(7)
    assert client.ask(CancelPositionsMulti(7)) == []


@pytest.mark.parametrize("version", ENCODINGS)
@pytest.mark.parametrize("asked, told", [("DU1", "DU1"), ("", "DU1"), ("All", "All"), ("DU1A", "DU1A")])
def test_account_data_come_in_the_order_of_tws(asked: str, told: str, version: int) -> None:
    client = client_at(version)
    data = client.ask(AccountDataRequest(True, asked))
    values = [event for event in data if isinstance(event, AccountValue)]
    assert data[: len(values)] == values
    keys = [(value.key, value.currency) for value in values]
    assert keys == sorted(set(keys))
    rest = [PortfolioValue, AccountUpdateTime] * 2 + [AccountUpdateTime, AccountDataEnd]
    assert [type(event) for event in data[len(values) :]] == rest
    assert data[-1] == AccountDataEnd(told)
    assert {event.account for event in data if isinstance(event, AccountValue | PortfolioValue)} == {told}


def test_its_values_add_up() -> None:
    data = client_at(accounts=("DU1",)).ask(AccountDataRequest())
    value = {(row.key, row.currency): row.value for row in data if isinstance(row, AccountValue)}
    rows = [row for row in data if isinstance(row, PortfolioValue)]

    def number(key: str, currency: str = "USD") -> Decimal:
        return Decimal(value[key, currency])

    assert number("StockMarketValue") == sum(Decimal(str(row.market_value)) for row in rows)
    assert number("GrossPositionValue") == sum(abs(Decimal(str(row.market_value))) for row in rows)
    assert number("UnrealizedPnL") == sum(Decimal(str(row.unrealized_pnl)) for row in rows)
    assert number("NetLiquidation") == number("TotalCashValue") + number("StockMarketValue")
    assert number("AvailableFunds") == number("EquityWithLoanValue") - number("InitMarginReq")
    assert number("ExcessLiquidity") == number("EquityWithLoanValue") - number("MaintMarginReq")
    assert number("BuyingPower") == 4 * number("AvailableFunds")
    assert number("NetLiquidationByCurrency", "BASE") == number("NetLiquidation")
    for row in rows:
        assert row.market_value == pytest.approx(float(row.position or 0) * (row.market_price or 0))
        cost = float(row.position or 0) * (row.average_cost or 0)
        assert row.unrealized_pnl == pytest.approx((row.market_value or 0) - cost)


def test_one_account_at_a_time_and_the_newer_wins() -> None:
    client = client_at()
    assert codes_of(client.ask(AccountDataRequest(True, "DU1"))) == []
    assert codes_of(client.ask(AccountDataRequest(True, "DU1"))) == []
    told = client.ask(AccountDataRequest(True, "DU2"))
    assert codes_of(told[:1]) == codes_of(told) == [(None, 2100)]
    assert told[-1] == AccountDataEnd("DU2")
    assert codes_of(client.ask(AccountDataRequest(False, "DU2"))) == [(None, 2100)]
    assert codes_of(client.ask(AccountDataRequest(True, "DU1"))) == []


def test_account_data_of_nobody() -> None:
    assert codes_of(client_at().ask(AccountDataRequest(True, "DU9"))) == [(None, 321)]
    assert client_at(accounts=()).ask(AccountDataRequest())[-1] == AccountDataEnd("")


@pytest.mark.parametrize("version", ENCODINGS)
@pytest.mark.parametrize("account, accounts", [("", {"DU1", "DU2"}), ("DU2", {"DU2"}), ("DU9", set())])
def test_updates_of_one_account_or_all(account: str, accounts: set[str], version: int) -> None:
    client = client_at(version)
    *rows, end = client.ask(AccountUpdatesMultiRequest(account, request_id=7))
    assert {row.account for row in rows if isinstance(row, AccountUpdateMulti)} == accounts
    assert end == AccountUpdateMultiEnd(7)
    assert client.ask(CancelAccountUpdatesMulti(7)) == []


def test_of_the_ledger_there_are_blocks_by_currency_alone() -> None:
    *rows, _ = client_at().ask(AccountUpdatesMultiRequest("DU1", ledger_and_nlv=True, request_id=7))
    assert {row.currency for row in rows if isinstance(row, AccountUpdateMulti)} == {"BASE", "USD"}
    assert client_at().ask(AccountUpdatesMultiRequest("DU1", "a model", request_id=7)) == [AccountUpdateMultiEnd(7)]


@pytest.mark.parametrize("version", ENCODINGS)
def test_a_summary_has_the_tags_that_were_asked_for(version: int) -> None:
    client = client_at(version)
    tags = ("NetLiquidation", "AccountType", "Unheard-of", "$LEDGER")
    *rows, end = client.ask(AccountSummaryRequest(tags, request_id=7))
    assert [(row.account, row.tag.value) for row in rows if isinstance(row, AccountSummary)] == [
        ("DU1", "AccountType"),
        ("DU1", "NetLiquidation"),
        ("DU2", "AccountType"),
        ("DU2", "NetLiquidation"),
    ]
    assert end == AccountSummaryEnd(7)
    assert client.go(1e6) == []


def test_two_summaries_may_be_open() -> None:
    client = client_at()
    tags = ("NetLiquidation",)
    for number in (1, 2):
        assert client.ask(AccountSummaryRequest(tags, request_id=number))[-1] == AccountSummaryEnd(number)
    assert codes_of(client.ask(AccountSummaryRequest(tags, request_id=2))) == [(2, 322)]
    assert codes_of(client.ask(AccountSummaryRequest(tags, request_id=3))) == [(3, 322)]
    assert client.ask(CancelAccountSummary(1)) == client.ask(CancelAccountSummary(1)) == []
    assert client.ask(AccountSummaryRequest(tags, request_id=3))[-1] == AccountSummaryEnd(3)
    assert codes_of(client.ask(AccountSummaryRequest(tags, "Nobody", request_id=4))) == [(4, 321)]
