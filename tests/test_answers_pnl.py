"""What the simulated TWS answers about profit and loss."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest

from anytws.messages import CancelPnL, CancelPnLSingle, PnL, PnLRequest, PnLSingle, PnLSingleRequest
from anytws.simulator import Holding
from tests.account_worlds import FAMILY, NIGHT, ONE, Looker, client_at, codes_of, errors_of, of, trade
from tests.test_answers import ENCODINGS

APPLE, SPY, BMW = 265598, 756733, 14094


def tell(client: Looker, seconds: range) -> list[Any]:
    """Give what *client* is told in these seconds."""
    return [event for second in seconds for event in client.go(float(second))]


@pytest.mark.card("pnl.account")
@pytest.mark.parametrize("version", ENCODINGS)
def test_an_account_is_told_at_once_and_then_once_a_second(version: int) -> None:
    client = client_at(version, accounts=ONE)
    (first,) = client.ask(PnLRequest("DU1", request_id=7))
    world = client.link.world
    statement = world.accounts.statement(ONE, world.ms())
    assert first == PnL(
        7, pytest.approx(float(statement.total.daily)), pytest.approx(float(statement.total.unrealized)), 0.0
    )
    assert client.go(0.9) == []
    told = tell(client, range(1, 31))
    assert 5 < len(told) <= 30
    assert all(isinstance(row, PnL) and row.request_id == 7 for row in told)
    assert all(one != other for one, other in itertools.pairwise(told))
    assert client.ask(CancelPnL(7), 30) == []
    assert tell(client, range(31, 40)) == []


def test_without_an_account_it_is_the_only_one() -> None:
    assert len(client_at(accounts=ONE).ask(PnLRequest("", request_id=7))) == 1
    assert codes_of(client_at().ask(PnLRequest("", request_id=7))) == [(7, 10183)]


def test_nothing_is_told_while_nothing_is_traded() -> None:
    client = client_at(accounts=ONE)
    assert len(client.ask(PnLRequest("DU1", request_id=7), NIGHT)) == 1
    client.ask(PnLSingleRequest("DU1", APPLE, request_id=8), NIGHT)
    assert len(client.go(NIGHT + 1)) == 1
    wake_at = client.link.wake_at()
    assert wake_at is not None
    # Four in the morning, when stocks are traded again; or midnight, when a day begins.
    assert wake_at >= NIGHT + 2 * 3600
    assert client.go(NIGHT + 3600) == []


def test_a_new_day_begins_with_nothing() -> None:
    client = client_at(accounts=ONE)
    (late,) = client.ask(PnLRequest("DU1", request_id=7), NIGHT)
    assert isinstance(late, PnL)
    assert late.daily_pnl
    (new,) = client.go(NIGHT + 3 * 3600)
    assert new == PnL(7, 0.0, late.unrealized_pnl, 0.0)


def test_a_trade_is_in_it_within_a_second() -> None:
    client = client_at(accounts=ONE, positions=())
    assert client.ask(PnLRequest("DU1", request_id=7)) == [PnL(7, 0.0, 0.0, 0.0)]
    client.go(10)
    trade(client, "a.01", "IBM", 10, "200", commission="1.5")
    trade(client, "b.01", "IBM", -10, "201", commission="1.5")
    (row,) = client.go(11)
    assert row == PnL(7, pytest.approx(7.0), 0.0, pytest.approx(7.0))


def test_it_is_in_the_base_currency() -> None:
    client = client_at(accounts=ONE, positions=(Holding("BMW", Decimal(10), 50.0),))
    (row,) = client.ask(PnLRequest("DU1", request_id=7))
    client.ask(PnLSingleRequest("DU1", BMW, request_id=8))
    (single,) = of(PnLSingle, client.go(1))
    world = client.link.world
    rate = float(world.accounts.rate("EUR", world.ms(0.0)))
    assert isinstance(row, PnL)
    assert rate != 1
    assert single.value is not None
    assert single.unrealized_pnl == pytest.approx(single.value - 500)
    assert row.unrealized_pnl == pytest.approx((single.unrealized_pnl or 0) * rate, rel=0.02)


def test_an_advisor_has_that_of_all() -> None:
    client = client_at(accounts=FAMILY)
    trade(client, "a.01", "AAPL", 10, "300", account="DU2")
    told = {}
    for number, account in enumerate(("F1A", "All", "DU1", "DU2", "F1")):
        (row,) = client.ask(PnLRequest(account, request_id=number))
        assert isinstance(row, PnL)
        told[account] = row.unrealized_pnl or 0.0
    assert told["F1A"] == told["All"] == pytest.approx(told["DU1"] + told["DU2"])
    assert told["F1"] == 0.0


@pytest.mark.card("pnl.single")
@pytest.mark.parametrize("version", ENCODINGS)
def test_a_position_is_told_after_a_second(version: int) -> None:
    client = client_at(version, accounts=ONE)
    assert client.ask(PnLSingleRequest("DU1", APPLE, request_id=8)) == []
    assert client.go(0.9) == []
    (row,) = client.go(1)
    assert isinstance(row, PnLSingle)
    assert row.position == 100
    assert row.value is not None
    assert row.unrealized_pnl == pytest.approx(row.value - 28735)
    assert row.realized_pnl is None
    later = tell(client, range(2, 31))
    assert 5 < len(later) <= 29
    trade(client, "a.01", "AAPL", -40, "300", commission=1)
    row = of(PnLSingle, tell(client, range(31, 33)))[-1]
    assert (row.position, row.realized_pnl) == (60, pytest.approx(40 * 12.65 - 1))
    assert client.ask(CancelPnLSingle(8), 32) == []
    assert tell(client, range(33, 40)) == []


@pytest.mark.card("pnl.silence")
def test_of_what_is_not_held_there_is_silence_until_it_is() -> None:
    client = client_at(accounts=ONE)
    for number, contract_id in enumerate((8314, 5, 0)):
        assert client.ask(PnLSingleRequest("DU1", contract_id, request_id=number)) == []
    assert client.go(100) == []
    trade(client, "a.01", "IBM", 3, "250")
    (row,) = client.go(101)
    assert isinstance(row, PnLSingle)
    assert (row.request_id, row.position) == (0, 3)


@pytest.mark.card("pnl.flat")
def test_what_was_closed_has_a_notice_and_a_row_without_a_value() -> None:
    client = client_at(accounts=ONE)
    client.ask(PnLSingleRequest("DU1", SPY, request_id=8))
    client.go(1)
    trade(client, "a.01", "SPY", 20, "700", commission="1.25")
    told = tell(client, range(2, 4))
    assert errors_of(told) == [(8, 2150, "Invalid position trade derived value")]
    row = of(PnLSingle, told)[-1]
    assert (row.position, row.unrealized_pnl, row.value) == (0, None, None)
    assert row.realized_pnl == pytest.approx(20 * 81.5 - 1.25)
    assert row.daily_pnl is not None
    assert type(told[-1]) is PnLSingle
    # Asked anew, the same again.
    client.ask(PnLSingleRequest("DU1", SPY, request_id=9), 4)
    again = client.go(5)
    assert codes_of(again) == [(9, 2150)]
    assert type(again[-1]) is PnLSingle


@pytest.mark.card("pnl.errors")
def test_errors_of_profit_and_loss() -> None:
    client = client_at(accounts=ONE)
    assert errors_of(client.ask(PnLRequest("DU9", request_id=7))) == [(7, 10183, "Failed to request PNL")]
    assert codes_of(client.ask(PnLRequest("DU1", "a model", request_id=7))) == [(7, 10183)]
    assert codes_of(client.ask(PnLSingleRequest("DU9", APPLE, request_id=7))) == [(7, 10184)]
    assert codes_of(client.ask(PnLSingleRequest("DU1", APPLE, "a model", request_id=7))) == [(7, 10184)]
    not_open = [(7, 10185, "Failed to cancel PNL (not subscribed)")]
    assert errors_of(client.ask(CancelPnL(7))) == not_open
    not_open = [(7, 10186, "Failed to cancel PNL single (not subscribed)")]
    assert errors_of(client.ask(CancelPnLSingle(7))) == not_open
    client.ask(PnLRequest("DU1", request_id=7))
    assert codes_of(client.ask(PnLRequest("DU1", request_id=7))) == [(7, 322)]
    client.ask(PnLSingleRequest("DU1", APPLE, request_id=7))
    assert codes_of(client.ask(PnLSingleRequest("DU1", APPLE, request_id=7))) == [(7, 322)]
