"""Accounts put together from rows: complete at first, consistent afterwards, whatever TWS repeats or leaves out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.errors import LocalProtocolError, RequestFailed
from anytws.machines.accounts import FiguresPainter, Holdings, PortfolioPainter, PositionsPainter, ValuesPainter
from anytws.machines.figures import Figures
from anytws.machines.pictures import Painter, Pictures
from anytws.messages import (
    AccountDataEnd,
    AccountDataRequest,
    AccountSummary,
    AccountSummaryEnd,
    AccountSummaryRequest,
    AccountSummaryTag,
    AccountUpdateTime,
    AccountValue,
    Contract,
    PortfolioValue,
    Position,
    PositionEnd,
    PositionMulti,
    PositionsRequest,
)
from anytws.messages.base import Streams
from tests.conversing import VERSIONS, Line, failure_of, number_of

_P = TypeVar("_P")
DATA = AccountDataRequest(account="DU1")
AAPL = Contract(contract_id=265598, symbol="AAPL")
SPY = Contract(contract_id=756733, symbol="SPY")
END = AccountDataEnd("DU1")


def value(key: str, text: str, currency: str = "") -> AccountValue:
    return AccountValue(key, text, currency, "DU1")


def holding(contract: Contract, units: int | None, price: float = 1.0) -> PortfolioValue:
    return PortfolioValue(contract, None if units is None else Decimal(units), price, account="DU1")


def follow(line: Line, request: Streams[Any], painter: Painter[Any, _P]) -> Pictures[_P]:
    mailbox = Pictures(painter, request)
    line.stream(request, mailbox=mailbox)
    return mailbox


def only(mailbox: Pictures[_P]) -> _P:
    """Give the one picture that waits."""
    (picture,) = mailbox.take()
    assert isinstance(picture, (Figures, Holdings))
    return picture


def sizes(picture: Holdings[Any]) -> dict[str, Decimal | None]:
    return {each.contract.symbol: each.position for each in picture}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_first_picture_of_an_account_is_complete(version: int) -> None:
    """Values first, then each position with a time of its own, a time of all, the end (recorded)."""
    line = Line(version)
    values = follow(line, DATA, ValuesPainter())
    portfolio = follow(line, DATA, PortfolioPainter())
    assert len(line.take()) == 1, "both share what is on the wire"
    line.say(value("AccountReady", "true"), value("NetLiquidation", "10.00", "USD"))
    line.say(holding(AAPL, 1), AccountUpdateTime("17:59"), holding(SPY, -2), AccountUpdateTime("16:00"))
    line.say(AccountUpdateTime("21:46"))
    assert not values.has_news
    assert not portfolio.has_news
    line.say(END)
    figures, held = only(values), only(portfolio)
    assert (figures.time, figures.is_ready, figures.amount("NetLiquidation")) == ("21:46", True, Decimal(10))
    assert (held.time, sizes(held)) == ("21:46", {"AAPL": Decimal(1), "SPY": Decimal(-2)})
    assert held.changed == held.held


def test_a_batch_is_closed_by_its_time() -> None:
    """What comes of a batch before that is not shown: the figures of a picture belong together."""
    line = Line()
    values = follow(line, DATA, ValuesPainter())
    line.say(value("TotalCashValue", "1"), value("NetLiquidation", "1"), AccountUpdateTime("10:00"), END)
    values.take()
    line.say(value("TotalCashValue", "2"))
    assert not values.has_news
    # The rest of the batch, and the first word of the next one, in one read.
    line.say(value("NetLiquidation", "2"), AccountUpdateTime("10:03"), value("TotalCashValue", "3"))
    picture = only(values)
    assert [(figure.name, figure.text) for figure in picture] == [("TotalCashValue", "2"), ("NetLiquidation", "2")]
    assert picture.changed == picture.figures
    assert picture.time == "10:03"
    line.say(AccountUpdateTime("10:06"))
    picture = only(values)
    assert [figure.text for figure in picture.changed] == ["3"]
    # Nothing changed: no news.
    line.say(AccountUpdateTime("10:09"))
    assert not values.has_news


def test_a_first_run_without_an_end_is_over_when_it_repeats_itself() -> None:
    """Some versions of TWS leave the end out, by report. Duplicates within the run are no sign of its end."""
    line = Line()
    values, portfolio = follow(line, DATA, ValuesPainter()), follow(line, DATA, PortfolioPainter())
    line.say(value("NetLiquidation", "1"), value("NetLiquidation", "1"), value("TotalCashValue", "1"))
    line.say(
        holding(AAPL, 1), AccountUpdateTime("09:00"), holding(AAPL, 1), holding(SPY, 1), AccountUpdateTime("09:30")
    )
    line.say(AccountUpdateTime("10:00"))
    assert not values.has_news
    assert not portfolio.has_news
    line.say(value("NetLiquidation", "2"))
    assert [figure.text for figure in only(values)] == ["1", "1"]
    assert sizes(only(portfolio)) == {"AAPL": 1, "SPY": 1}
    line.say(AccountUpdateTime("10:03"))
    assert [figure.text for figure in only(values)] == ["2", "1"]
    assert not portfolio.has_news


def test_a_closed_position_is_told_once_and_gone() -> None:
    line = Line()
    portfolio = follow(line, DATA, PortfolioPainter())
    line.say(holding(AAPL, 1), AccountUpdateTime("1"), holding(SPY, 0), holding(Contract(contract_id=5), None), END)
    picture = only(portfolio)
    assert sizes(picture) == {"AAPL": 1, "": None}
    assert len(picture.changed) == 3
    line.say(holding(AAPL, 0, 0.0), AccountUpdateTime("2"))
    picture = only(portfolio)
    assert sizes(picture) == {"": None}
    assert [row.position for row in picture.changed] == [0]


def test_who_joins_later_begins_with_what_there_is() -> None:
    line = Line()
    first = follow(line, DATA, ValuesPainter())
    line.say(value("NetLiquidation", "1"), holding(AAPL, 1), AccountUpdateTime("10:00"), END)
    line.say(value("NetLiquidation", "2"), AccountUpdateTime("10:03"))
    later = follow(line, DATA, ValuesPainter())
    assert [figure.text for figure in only(later)] == ["2"]
    line.say(value("NetLiquidation", "3"), AccountUpdateTime("10:06"))
    assert [figure.text for figure in only(first)] == [figure.text for figure in only(later)] == ["3"]


def test_another_account_is_refused_and_named() -> None:
    line = Line()
    follow(line, DATA, ValuesPainter())
    other = AccountDataRequest(account="DU2")
    problem = failure_of(lambda: line.stream(other, mailbox=Pictures(ValuesPainter(), other)))
    assert isinstance(problem, LocalProtocolError)
    assert problem.field == "account"
    assert "account='DU1'" in str(problem)
    assert isinstance(failure_of(lambda: line.ask(other)), LocalProtocolError)


@pytest.mark.parametrize("code", [2100, 2101])
def test_an_account_that_another_has_taken_is_an_end(code: int) -> None:
    """2101: another client follows another account. 2100: this one's subscription is over."""
    line = Line()
    values = follow(line, DATA, ValuesPainter())
    line.fail(-1, code)
    problem = failure_of(values.take)
    assert isinstance(problem, RequestFailed)
    assert problem.code == code


def test_an_account_that_is_not_ready_is_said_to_be_so() -> None:
    """The servers are being reset: all is wrong perhaps, until it is said that it is not."""
    line = Line()
    values = follow(line, DATA, ValuesPainter())
    line.say(value("AccountReady", "false"), value("NetLiquidation", "0.00", "USD"), END)
    assert only(values).is_ready is False
    line.say(value("AccountReady", "true"), value("NetLiquidation", "5.00", "USD"), AccountUpdateTime("10:00"))
    picture = only(values)
    assert (picture.is_ready, picture.amount("NetLiquidation")) == (True, Decimal(5))


def test_a_summary_bears_what_comes_twice() -> None:
    """Recorded: the tags twice, the ledger, the end, the ledger again, and a second end."""
    line = Line()
    request = AccountSummaryRequest(("AccruedCash", "$LEDGER:ALL"))
    asked = line.ask(request)
    summary = follow(line, request, FiguresPainter("All"))
    for conversation_id in line.heard_ids():
        tag = AccountSummary(conversation_id, "DU1", AccountSummaryTag.ACCRUED_CASH, "1.00", "USD")
        ledger = [
            AccountSummary(conversation_id, "All", AccountSummaryTag("$LEDGER-AccruedCash"), "2.00", currency)
            for currency in ("EUR", "BASE")
        ]
        end = AccountSummaryEnd(conversation_id)
        line.say(tag, tag, *ledger, end, *ledger, end)
    for picture in (only(summary), FiguresPainter("All").finished(asked.take())):
        assert [(each.account, each.currency, each.text) for each in picture.changed] == [
            ("DU1", "USD", "1.00"),
            ("All", "EUR", "2.00"),
            ("All", "BASE", "2.00"),
        ]
    assert summary.take() == []


def test_an_error_behind_rows_is_an_error() -> None:
    line = Line()
    request = AccountSummaryRequest(("NetLiquidation",))
    asked = line.ask(request)
    summary = follow(line, request, FiguresPainter("All"))
    for number in line.heard_ids():
        line.say(AccountSummary(number, "DU1", AccountSummaryTag.NET_LIQUIDATION, "1", "USD"))
        line.fail(number, 322)
        line.say(
            AccountSummary(number, "DU1", AccountSummaryTag.NET_LIQUIDATION, "2", "USD"), AccountSummaryEnd(number)
        )
    for take in (asked.take, summary.take):
        problem = failure_of(take)
        assert isinstance(problem, RequestFailed)
        assert problem.code == 322
    assert line.is_empty()


def test_rows_under_another_id_are_nobodys_and_an_end_in_front_is_an_end() -> None:
    """A TWS in the wrong order: what it calls complete is believed, and what comes later is a change."""
    line = Line()
    request = AccountSummaryRequest(("NetLiquidation",))
    summary = follow(line, request, FiguresPainter("All"))
    (number,) = line.heard_ids()
    line.say(
        AccountSummary(number + 5, "DU9", AccountSummaryTag.NET_LIQUIDATION, "9", "USD"), AccountSummaryEnd(number)
    )
    assert len(only(summary)) == 0
    line.say(AccountSummary(number, "DU1", AccountSummaryTag.NET_LIQUIDATION, "1", "USD"))
    assert [figure.account for figure in only(summary).changed] == ["DU1"]


class Model:
    """What is to be shown of an account, told by the rules and in no other way."""

    def __init__(self) -> None:
        self.said: dict[str, str] = {}
        self.shown: dict[str, str] = {}
        self.is_whole = False

    def hear(self, message: Any) -> None:
        if isinstance(message, AccountValue):
            self.said[message.key] = message.value
            return
        self.is_whole |= isinstance(message, AccountDataEnd)
        if self.is_whole and isinstance(message, (AccountDataEnd, AccountUpdateTime)):
            self.shown = dict(self.said)


words = st.one_of(
    st.builds(value, st.sampled_from(["A", "B", "C"]), st.sampled_from(["1", "2"])),
    st.builds(lambda units: holding(AAPL, units), st.integers(0, 2)),
    st.just(AccountUpdateTime("10:00")),
    st.just(END),
)


@given(st.lists(st.lists(words, max_size=6), max_size=12), st.data())
def test_every_picture_is_what_was_said_up_to_a_time(reads: list[list[Any]], data: st.DataObject) -> None:
    """Whatever TWS says in whatever order, and whenever somebody reads: nothing is shown early, and nothing is lost."""
    mailbox, model = Pictures(ValuesPainter(), DATA), Model()
    seen: dict[str, str] = {}
    reads.insert(data.draw(st.integers(0, len(reads))), [END])
    for read in reads:
        mailbox.extend(read)
        for message in read:
            model.hear(message)
        if not model.is_whole:
            # Without an end it may begin when TWS repeats itself; that is another test.
            continue
        if data.draw(st.booleans()):
            for picture in mailbox.take():
                assert isinstance(picture, Figures)
                assert {figure.name: figure.text for figure in picture} == model.shown
                seen.update({figure.name: figure.text for figure in picture.changed})
            assert seen == model.shown


def test_positions_are_pictures_after_each_fill() -> None:
    line = Line()
    positions = follow(line, PositionsRequest(), PositionsPainter(Position))
    line.say(Position("DU1", AAPL, Decimal(1)), Position("DU2", AAPL, Decimal(5)), Position("DU1", SPY, Decimal(0)))
    assert not positions.has_news
    line.say(PositionEnd())
    assert [(row.account, row.position) for row in only(positions)] == [("DU1", 1), ("DU2", 5)]
    line.say(Position("DU1", AAPL, Decimal(-3)))
    picture = only(positions)
    assert [(row.account, row.position) for row in picture] == [("DU1", -3), ("DU2", 5)]
    assert [row.position for row in picture.changed] == [-3]


def test_models_are_told_apart() -> None:
    painter = PositionsPainter(PositionMulti)
    rows = [
        PositionMulti(1, "DU1", AAPL, Decimal(units), model_code=model) for units, model in ((1, ""), (2, "growth"))
    ]
    assert painter.finished([*rows, rows[1]]).held == tuple(rows)


def test_contracts_without_an_id_are_told_apart_by_what_they_say() -> None:
    painter = PositionsPainter(Position)
    rows = [Position("DU1", Contract(symbol=symbol), Decimal(1)) for symbol in ("A", "B")]
    assert painter.finished(rows).held == tuple(rows)
    assert len(painter.paint()) == 2


def test_a_stream_that_is_left_is_cancelled_once_nobody_reads() -> None:
    line = Line()
    mailboxes = [Pictures(ValuesPainter(), DATA), Pictures(ValuesPainter(), DATA)]
    streams = [line.stream(DATA, mailbox=mailbox) for mailbox in mailboxes]
    line.say(END)
    line.take()
    line.leave(streams[0])
    assert line.take() == []
    line.leave(streams[1])
    assert line.take() == [AccountDataRequest(subscribe=False, account="DU1")]
    assert mailboxes[0].is_closed


def test_late_rows_of_a_summary_that_was_answered_are_nobodys() -> None:
    line = Line()
    asked = line.ask(AccountSummaryRequest(("NetLiquidation",)))
    number = number_of(asked)
    row = AccountSummary(number, "DU1", AccountSummaryTag.NET_LIQUIDATION, "1", "USD")
    line.say(row, AccountSummaryEnd(number), row, AccountSummaryEnd(number), row)
    assert [figure.text for figure in FiguresPainter("All").finished(asked.take())] == ["1"]


def test_what_is_held_is_a_table_without_being_unwrapped() -> None:
    polars = pytest.importorskip("polars", reason="the extra frames is not in the oldest environment")
    holdings = Holdings((Position("DU1", AAPL, Decimal(100), 187.5), Position("DU1", SPY, Decimal(-20), 500.0)))
    frame = polars.DataFrame(holdings)
    assert frame["contract.symbol"].to_list() == ["AAPL", "SPY"]
    assert frame["position"].to_list() == [100, -20]
