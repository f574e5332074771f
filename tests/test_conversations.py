"""Everybody gets their own, once, or their own error, once: the rules of conversations, over real bytes."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pytest

from anytws.core import CODES, CodeKind, Effect, Notice, OddValue
from anytws.core.events import CloseReason, ConnectionClosed
from anytws.errors import (
    AnswerTooLarge,
    DataLost,
    DecodeError,
    LocalProtocolError,
    RequestFailed,
    RequestTimedOut,
    SlowConsumer,
)
from anytws.machines import Asked, Dropped, Mailbox, Phase, Reset, Streamed
from anytws.machines import conversation as conversation_module
from anytws.machines.conversations import DOUBT, DRAIN
from anytws.machines.outbox import MOST_FRAMES
from anytws.machines.saying import SAY_AGAIN, SETTLING
from anytws.machines.verdicts import LINK_TROUBLE
from anytws.messages import (
    AccountDataEnd,
    AccountDataRequest,
    AccountSummaryEnd,
    AccountSummaryRequest,
    AccountUpdateTime,
    AccountValue,
    Action,
    AllOpenOrdersRequest,
    Asks,
    BarSize,
    CalculateOptionPriceRequest,
    CancelAccountSummary,
    CancelContractData,
    CancelHeadTimestamp,
    CancelHistoricalData,
    CancelMarketData,
    CancelMarketDepth,
    CancelPnL,
    CancelPositions,
    CancelScannerSubscription,
    Contract,
    ContractData,
    ContractDataEnd,
    ContractDataRequest,
    ContractDetails,
    CurrentTime,
    CurrentTimeInMillis,
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    ErrorMessage,
    Execution,
    ExecutionDetails,
    ExecutionDetailsEnd,
    ExecutionRequest,
    ExecutionSide,
    FADataType,
    FamilyCodesRequest,
    FARequest,
    HeadTimestamp,
    HeadTimestampRequest,
    HistoricalData,
    HistoricalDataBar,
    HistoricalDataEnd,
    HistoricalDataRequest,
    HistoricalDataUpdate,
    HistoricalTickLast,
    HistoricalTicksLast,
    IdsRequest,
    ManagedAccounts,
    ManagedAccountsRequest,
    MarketDataRequest,
    MarketDataType,
    MarketDataTypeRequest,
    MarketDepthRequest,
    MarketOrder,
    MarketRule,
    MarketRuleRequest,
    MatchingSymbolsRequest,
    NewsBulletin,
    NewsBulletinsRequest,
    NextValidId,
    OpenOrder,
    OpenOrdersEnd,
    OpenOrdersRequest,
    OrderState,
    PlaceOrderRequest,
    PnL,
    PnLRequest,
    PortfolioValue,
    Position,
    PositionEnd,
    PositionMulti,
    PositionMultiEnd,
    PositionsMultiRequest,
    PositionsRequest,
    ReceiveFA,
    RerouteMarketDataRequest,
    ScannerSubscription,
    ScannerSubscriptionRequest,
    SetServerLogLevelRequest,
    Stock,
    Streams,
    SymbolSamples,
    TickByTickData,
    TickByTickKind,
    TickByTickRequest,
    TickByTickType,
    TickOptionComputation,
    TickSize,
    TickSnapshotEnd,
    TickType,
    ToTws,
    UpdatedBar,
    UserInfo,
    UserInfoRequest,
    VerifyRequest,
    WshMetaData,
    WshMetaDataRequest,
)
from tests.conversing import VERSIONS, Line, failure_of, number_of

STOCK: Final = Stock("AAPL")
TIME: Final = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
MARKET_DATA: Final = MarketDataRequest(STOCK)
PNL: Final = PnLRequest("DU1")


@pytest.fixture(params=VERSIONS)
def line(request: pytest.FixtureRequest) -> Line:
    """Give a session that has been ready for a while, in each of the ways to write."""
    return Line(request.param)


@pytest.fixture(params=VERSIONS)
def fresh(request: pytest.FixtureRequest) -> Line:
    """Give a session that has become ready just now."""
    return Line(request.param, is_settled=False)


def details(number: int, symbol: str = "AAPL") -> ContractData:
    return ContractData(number, Contract(symbol=symbol), ContractDetails())


def tick(number: int, size: int = 1) -> TickSize:
    return TickSize(number, TickType.BID_SIZE, Decimal(size))


def position(symbol: str = "AAPL", count: int = 1, account: str = "DU1") -> Position:
    return Position(account, Contract(symbol=symbol), Decimal(count), 1.0)


def open_order(number: int) -> OpenOrder:
    return OpenOrder(number, STOCK, MarketOrder(Action.BUY, 1), OrderState())


def symbols(position_items: list[Any]) -> list[str]:
    return [item.contract.symbol for item in position_items]


# --- one answer --------------------------------------------------------------------------------------------------


def test_one_request_goes_out_and_its_answer_comes_back(line: Line) -> None:
    """Once, and to nobody a second time."""
    asked = line.ask(CurrentTimeRequest())
    assert line.take() == [CurrentTimeRequest()]
    assert not asked.is_over
    with pytest.raises(RuntimeError, match="not answered yet"):
        asked.take()
    line.say(CurrentTime(TIME), CurrentTime(TIME))
    assert line.news() == [asked]
    assert asked.take() == CurrentTime(TIME)
    assert asked.was_sent
    assert line.news() == []
    assert line.is_empty()


def test_a_run_is_a_tuple_without_its_end(line: Line) -> None:
    asked = line.ask(ContractDataRequest(STOCK))
    number = number_of(asked)
    line.say(details(number, "A"))
    assert not asked.is_over
    line.say(details(number, "B"), ContractDataEnd(number))
    assert symbols(list(asked.take())) == ["A", "B"]
    assert line.is_empty()


def test_a_run_may_be_empty(line: Line) -> None:
    asked = line.ask(ContractDataRequest(STOCK))
    line.say(ContractDataEnd(number_of(asked)))
    assert asked.take() == ()


def test_answers_in_any_order_find_who_asked(line: Line) -> None:
    first, second, third = (line.ask(MatchingSymbolsRequest(text)) for text in "abc")
    for asked in (third, first):
        line.say(SymbolSamples(number_of(asked)))
        assert line.news() == [asked]
        assert asked.take() == SymbolSamples(number_of(asked))
    assert not second.is_over
    assert line.open == 1


def test_runs_may_interleave(line: Line) -> None:
    one, two = line.ask(ContractDataRequest(STOCK)), line.ask(ContractDataRequest(STOCK))
    a, b = number_of(one), number_of(two)
    line.say(details(a, "A1"), details(b, "B1"), details(a, "A2"), ContractDataEnd(b), ContractDataEnd(a))
    assert symbols(list(one.take())) == ["A1", "A2"]
    assert symbols(list(two.take())) == ["B1"]


def test_a_late_answer_is_counted_and_given_to_nobody(line: Line) -> None:
    asked = line.ask(MatchingSymbolsRequest("a"), timeout=1.0)
    line.pass_time(1.0)
    line.news()
    assert isinstance(failure_of(asked.take), RequestTimedOut)
    again = line.ask(MatchingSymbolsRequest("a"))
    line.say(SymbolSamples(number_of(asked)))
    assert line.news() == []
    assert not again.is_over
    assert line.session.statistics().late == {"SymbolSamples": 1}


def test_an_answer_under_an_id_that_nobody_gave_is_nobodys(line: Line) -> None:
    asked = line.ask(MatchingSymbolsRequest("a"))
    for number in (number_of(asked) + 1, 1, 0, -1):
        line.say(SymbolSamples(number))
    assert line.news() == []
    assert line.session.statistics().late == {}


def test_an_answer_of_another_kind_is_no_answer(line: Line) -> None:
    """Nor does it count as one that comes late."""
    asked = line.ask(MatchingSymbolsRequest("a"))
    line.ask(UserInfoRequest())
    line.say(UserInfo(number_of(asked)), HeadTimestamp(number_of(asked), TIME))
    assert not asked.is_over
    assert line.session.statistics().late == {}


def test_data_after_the_end_are_late(line: Line) -> None:
    asked = line.ask(ContractDataRequest(STOCK))
    number = number_of(asked)
    line.say(ContractDataEnd(number), details(number), ContractDataEnd(number))
    assert asked.take() == ()
    assert line.session.statistics().late == {"ContractData": 1, "ContractDataEnd": 1}
    assert line.is_empty()


def test_an_error_after_data_ends_a_run(line: Line) -> None:
    asked = line.ask(ContractDataRequest(STOCK))
    number = number_of(asked)
    line.say(details(number))
    line.fail(number, 200, "no such")
    failure = failure_of(asked.take)
    assert isinstance(failure, RequestFailed)
    assert (failure.code, failure.message, failure.link_was_down) == (200, "no such", False)
    assert failure.request == asked.request == ContractDataRequest(STOCK, request_id=number)
    # An error takes the place of the end: there is nothing to cancel.
    assert [type(message) for message in line.take()] == [ContractDataRequest]
    assert line.is_empty()


def test_an_error_of_another_id_is_nobodys(line: Line) -> None:
    asked = line.ask(ContractDataRequest(STOCK))
    line.fail(number_of(asked) + 1, 200)
    line.fail(3, 200)
    assert not asked.is_over


def test_an_answer_before_its_question_has_left_is_none(line: Line) -> None:
    """TWS cannot answer what it was not asked: what comes then was said for another reason, or is a guess."""
    line.is_writing = False
    accounts, samples = line.ask(ManagedAccountsRequest()), line.ask(MatchingSymbolsRequest("a"))
    line.say(ManagedAccounts(("DU9",)), SymbolSamples(number_of(samples)))
    line.fail(number_of(samples), 321)
    line.fail(-1, 321)
    assert line.news() == []
    line.is_writing = True
    line.move()
    line.say(ManagedAccounts(("DU1",)), SymbolSamples(number_of(samples)))
    assert accounts.take() == ManagedAccounts(("DU1",))
    assert samples.take() == SymbolSamples(number_of(samples))


def test_a_market_rule_is_found_by_its_own_number(line: Line) -> None:
    first, second, same = (line.ask(MarketRuleRequest(number)) for number in (26, 32, 26))
    assert line.take() == [MarketRuleRequest(26), MarketRuleRequest(32)]
    line.say(MarketRule(99), MarketRule(32))
    assert second.take() == MarketRule(32)
    assert not first.is_over
    line.say(MarketRule(26))
    assert first.take() == same.take() == MarketRule(26)
    assert line.is_empty()
    assert line.session.conversations.register.slots == {}


def test_advisor_data_are_found_by_their_type(line: Line) -> None:
    groups, aliases = line.ask(FARequest(FADataType.GROUPS)), line.ask(FARequest(FADataType.ALIASES))
    line.say(ReceiveFA(FADataType.ALIASES, "<a/>"))
    assert aliases.take() == ReceiveFA(FADataType.ALIASES, "<a/>")
    assert not groups.is_over


def test_a_calculation_is_the_computation_of_its_kind_alone(line: Line) -> None:
    asked = line.ask(CalculateOptionPriceRequest(STOCK, 0.2, 100.0))
    number = number_of(asked)
    line.say(TickOptionComputation(number, TickType.MODEL_OPTION, option_price=1.0))
    assert not asked.is_over
    answer = TickOptionComputation(number, TickType.CUST_OPTION_COMPUTATION, option_price=2.0)
    line.say(answer)
    assert asked.take().option_price == 2.0


def test_live_fills_are_no_part_of_an_answer(line: Line) -> None:
    asked = line.ask(ExecutionRequest())
    number = number_of(asked)
    mine = ExecutionDetails(number, STOCK, Execution("mine", ExecutionSide.BOUGHT))
    line.say(ExecutionDetails(None, STOCK, Execution("live", ExecutionSide.BOUGHT)), mine, ExecutionDetailsEnd(number))
    assert [answer.execution.execution_id for answer in asked.take()] == ["mine"]


def test_live_orders_inside_a_run_of_open_orders_belong_to_it(line: Line) -> None:
    asked = line.ask(AllOpenOrdersRequest())
    line.say(open_order(3), OpenOrdersEnd())
    assert [type(answer) for answer in asked.take()] == [OpenOrder]


# --- bars --------------------------------------------------------------------------------------------------------


def bars(*closes: float) -> tuple[HistoricalDataBar, ...]:
    return tuple([HistoricalDataBar(TIME, close, close, close, close) for close in closes])


@pytest.mark.parametrize("version", [178, 195, 196, 203, 225])
def test_bars_are_one_message_with_their_span_at_every_version(version: int) -> None:
    line = Line(version)
    asked = line.ask(HistoricalDataRequest(STOCK, "1 D", BarSize.HOUR_1))
    number = number_of(asked)
    if version < 196:
        line.say(HistoricalData(number, TIME, TIME, bars(1, 2)))
    else:
        line.say(HistoricalData(number, bars=bars(1, 2)))
        assert not asked.is_over
        line.say(HistoricalDataEnd(number, TIME, TIME))
    answer = asked.take()
    assert isinstance(answer, HistoricalData)
    assert (answer.start, answer.end, [bar.close for bar in answer.bars]) == (TIME, TIME, [1.0, 2.0])
    assert line.is_empty()


@pytest.mark.parametrize("version", [195, 225])
def test_bars_that_are_kept_up_to_date_may_be_asked_for_once(version: int) -> None:
    """An update that comes before their end is no part of them, and then it is cancelled."""
    line = Line(version)
    asked: Asked[Any] = line.ask(HistoricalDataRequest(STOCK, "1 D", BarSize.HOUR_1, keep_up_to_date=True))
    number = number_of(asked)
    update = HistoricalDataUpdate(number, UpdatedBar(TIME, close=9.0))
    line.say(update)
    if version < 196:
        line.say(HistoricalData(number, TIME, TIME, bars(1)))
    else:
        line.say(HistoricalData(number, bars=bars(1)), update, HistoricalDataEnd(number, TIME, TIME))
    assert [bar.close for bar in asked.take().bars] == [1.0]
    assert line.take()[1:] == [CancelHistoricalData(number)]
    line.fail(number, 162, "cancelled")
    assert line.is_empty()


@pytest.mark.parametrize("version", [195, 225])
def test_bars_that_are_kept_up_to_date_go_on_as_a_stream(version: int) -> None:
    """Below 196 no end is invented: the bars are the end."""
    line = Line(version)
    stream = line.stream(HistoricalDataRequest(STOCK, "1 D", BarSize.HOUR_1, keep_up_to_date=True))
    number = number_of(stream)
    update = HistoricalDataUpdate(number, UpdatedBar(TIME, close=9.0))
    said = [HistoricalData(number, TIME, TIME, bars(1))] if version < 196 else [
        HistoricalData(number, bars=bars(1)), HistoricalDataEnd(number, TIME, TIME)
    ]  # fmt: skip
    line.say(*said, update, update)
    assert [type(item) for item in stream.take()] == [*map(type, said), HistoricalDataUpdate, HistoricalDataUpdate]


# --- shared ------------------------------------------------------------------------------------------------------


def test_who_asks_the_same_shares_one_request(line: Line) -> None:
    first, second = line.ask(CurrentTimeRequest()), line.ask(CurrentTimeRequest())
    assert line.take() == [CurrentTimeRequest()]
    line.say(CurrentTime(TIME))
    assert line.news() == [first, second]
    assert first.take() == second.take() == CurrentTime(TIME)


def test_who_asks_after_the_answer_asks_anew(line: Line) -> None:
    line.ask(ManagedAccountsRequest())
    line.say(ManagedAccounts(("DU1",)))
    second = line.ask(ManagedAccountsRequest())
    assert line.take() == [ManagedAccountsRequest()] * 2
    assert not second.is_over


def test_different_questions_wait_for_different_answers(line: Line) -> None:
    time, accounts, ids = (line.ask(each) for each in (CurrentTimeRequest(), ManagedAccountsRequest(), IdsRequest()))
    line.fail(-1, 2104, "ok:usfarm")
    line.say(NextValidId(9), ManagedAccounts(("DU1",)), CurrentTime(TIME))
    assert [asked.take() for asked in (time, accounts, ids)] == [
        CurrentTime(TIME), ManagedAccounts(("DU1",)), NextValidId(9)
    ]  # fmt: skip


def test_who_leaves_is_not_told_and_the_others_are(line: Line) -> None:
    one, two, three = (line.ask(ManagedAccountsRequest()) for _ in range(3))
    line.leave(two)
    line.say(ManagedAccounts(("DU1",)))
    assert line.news() == [one, three]


def test_a_request_with_an_id_and_a_slot_is_shared_too(line: Line) -> None:
    """TWS refuses a second one while it works at the first."""
    one, two = line.ask(WshMetaDataRequest()), line.ask(WshMetaDataRequest())
    assert len(line.take()) == 1
    line.say(WshMetaData(number_of(one), "{}"))
    assert one.take() == two.take()
    assert two.request == one.request


def test_clock_requests_keep_their_distance_both_kinds_together() -> None:
    line = Line()
    line.ask(CurrentTimeRequest())
    line.say(CurrentTime(TIME))
    second, third = line.ask(CurrentTimeRequest()), line.ask(CurrentTimeRequest())
    millis = line.ask(CurrentTimeInMillisRequest())
    line.pass_time(1.4)
    assert line.take() == [CurrentTimeRequest()]
    line.say(CurrentTime(TIME))
    assert not second.is_over, "that was the answer of the one before, said twice"
    line.pass_time(0.1)
    assert line.take() == [CurrentTimeRequest()]
    line.say(CurrentTime(TIME))
    assert (second.is_over, third.is_over, millis.is_over) == (True, True, False)
    line.pass_time(1.4)
    assert line.take() == []
    line.pass_time(0.1)
    assert line.take() == [CurrentTimeInMillisRequest()]
    line.say(CurrentTimeInMillis(TIME))
    assert millis.take() == CurrentTimeInMillis(TIME)
    assert line.is_empty()


def test_the_distance_is_one_of_bytes_that_have_left() -> None:
    line = Line()
    line.is_writing = False
    line.ask(CurrentTimeRequest())
    line.pass_time(1.0)
    line.is_writing = True
    line.move()
    line.say(CurrentTime(TIME))
    line.ask(CurrentTimeRequest())
    line.take()
    line.pass_time(1.4)
    assert line.take() == []
    line.pass_time(0.1)
    assert line.take() == [CurrentTimeRequest()]


def test_a_question_that_is_held_beyond_its_deadline_says_that_nobody_was_asked(line: Line) -> None:
    line.ask(CurrentTimeRequest())
    line.say(CurrentTime(TIME))
    held = line.ask(CurrentTimeRequest(), timeout=1.0)
    line.take()
    line.pass_time(5.0)
    failure = failure_of(held.take)
    assert isinstance(failure, RequestTimedOut)
    assert (failure.sent, failure.received, failure.seconds) == (False, (), 1.0)
    assert line.take() == [], "nobody waits for it any more"
    assert line.is_empty()


def test_open_orders_of_one_kind_wait_for_those_of_the_other(line: Line) -> None:
    """Both have the same end, so that it could not be told whose it is."""
    mine, all_of_them = line.ask(OpenOrdersRequest()), line.ask(AllOpenOrdersRequest())
    assert line.take() == [OpenOrdersRequest()]
    line.say(open_order(1), OpenOrdersEnd())
    assert line.take() == [AllOpenOrdersRequest()]
    line.say(OpenOrdersEnd())
    assert (len(mine.take()), all_of_them.take()) == (1, ())


# --- streams -----------------------------------------------------------------------------------------------------


def test_a_stream_gives_what_one_read_brought_at_once(line: Line) -> None:
    stream = line.stream(MARKET_DATA)
    number = number_of(stream)
    line.say(tick(number, 1), tick(number, 2))
    assert line.news() == [stream]
    line.say(tick(number, 3))
    assert stream.take() == [tick(number, 1), tick(number, 2), tick(number, 3)]
    assert stream.take() == []
    assert not stream.is_over
    line.leave(stream)
    assert line.take()[1:] == [CancelMarketData(number)]
    assert line.is_empty()


def test_data_behind_a_cancel_are_late(line: Line) -> None:
    stream = line.stream(MARKET_DATA)
    number = number_of(stream)
    line.leave(stream)
    line.say(tick(number), tick(number))
    line.fail(number, 300, "cannot find it")
    assert line.session.statistics().late == {"TickSize": 2, "ErrorMessage": 1}
    assert line.news() == []


def test_a_stream_ends_with_what_ended_it_after_all_that_came_before(line: Line) -> None:
    stream = line.stream(MARKET_DATA)
    number = number_of(stream)
    line.say(tick(number))
    line.fail(number, 10197, "another session")
    line.say(tick(number))
    assert stream.take() == [tick(number)]
    assert isinstance(failure_of(stream.take), RequestFailed)
    assert [type(message) for message in line.take()] == [MarketDataRequest]
    assert line.is_empty()


def test_what_came_before_an_error_in_the_same_read_is_given_before_it(line: Line) -> None:
    stream, multi = line.stream(MARKET_DATA), line.stream(PositionsMultiRequest("DU1"))
    number, other = number_of(stream), number_of(multi)
    row = PositionMulti(other, "DU1", STOCK, Decimal(1), 1.0)
    line.say(tick(number), row, ErrorMessage(number, 354, "no"), ErrorMessage(other, 321, "no"))
    assert (stream.take(), multi.take()) == ([tick(number)], [row])
    assert [type(failure_of(each)) for each in (stream.take, multi.take)] == [RequestFailed, RequestFailed]


def test_entering_a_stream_waits_for_nothing_and_a_refusal_is_the_first_item(line: Line) -> None:
    stream = line.stream(MARKET_DATA)
    assert line.news() == []
    line.fail(number_of(stream), 354, "no permission")
    assert line.news() == [stream]
    failure = failure_of(stream.take)
    assert isinstance(failure, RequestFailed)
    assert failure.code == 354


def test_a_cancel_copies_what_has_to_match(line: Line) -> None:
    stream = line.stream(MarketDepthRequest(STOCK, 5, is_smart_depth=True))
    line.leave(stream)
    assert line.take()[1:] == [CancelMarketDepth(number_of(stream), is_smart_depth=True)]


@pytest.mark.parametrize(
    "request_",
    [HistoricalDataRequest(STOCK, "1 D", BarSize.HOUR_1), ScannerSubscriptionRequest(ScannerSubscription())],
    ids=lambda request_: type(request_).__name__,
)
def test_a_receipt_of_a_cancel_is_no_failure(line: Line, request_: Any) -> None:
    request = request_
    held: Asked[Any] | Streamed[Any]
    held = line.stream(request) if isinstance(request, ScannerSubscriptionRequest) else line.ask(request)
    line.leave(held)
    number = number_of(held)
    assert type(line.take()[1]) in (CancelHistoricalData, CancelScannerSubscription)
    line.fail(number, 162, "query cancelled")
    assert line.news() == []
    assert line.session.statistics().late == {"ErrorMessage": 1}


def test_a_run_that_goes_on_gives_its_end_in_its_place_and_once(line: Line) -> None:
    stream = line.stream(PositionsMultiRequest("DU1"))
    number = number_of(stream)
    row = PositionMulti(number, "DU1", STOCK, Decimal(1), 1.0)
    line.say(row, PositionMultiEnd(number), row, PositionMultiEnd(number), row)
    assert [type(item) for item in stream.take()] == [
        PositionMulti, PositionMultiEnd, PositionMulti, PositionMulti
    ]  # fmt: skip


def test_what_goes_on_may_be_asked_for_its_first_run(line: Line) -> None:
    asked = line.ask(AccountSummaryRequest(("NetLiquidation",)))
    number = number_of(asked)
    line.say(AccountSummaryEnd(number))
    assert asked.take() == ()
    assert line.take()[1:] == [CancelAccountSummary(number)]
    assert line.is_empty()


def test_a_stream_of_ticks_begins_with_those_of_the_past(line: Line) -> None:
    request: Any = TickByTickRequest(STOCK, TickByTickType.LAST, number_of_ticks=2)
    asked, stream = line.ask(request), line.stream(request)
    for number in (number_of(asked), number_of(stream)):
        live = TickByTickData(number, TickByTickKind.LAST, HistoricalTickLast(TIME, 1.0, Decimal(1)))
        line.say(live, HistoricalTicksLast(number, (), False), HistoricalTicksLast(number, (), True), live)
    assert [type(item) for item in asked.take()] == [HistoricalTicksLast] * 2
    assert [type(item) for item in stream.take()] == [
        TickByTickData, HistoricalTicksLast, HistoricalTicksLast, TickByTickData
    ]  # fmt: skip


def test_data_that_are_those_of_the_underlying_come_to_an_end(line: Line) -> None:
    stream = line.stream(MARKET_DATA)
    asked = line.ask(MarketDataRequest(STOCK, snapshot=True))
    for held in (stream, asked):
        line.say(RerouteMarketDataRequest(number_of(held), 8314, "NYSE"))
    assert [type(item) for item in stream.take()] == [RerouteMarketDataRequest]
    assert stream.is_over
    assert [type(item) for item in asked.take()] == [RerouteMarketDataRequest]
    assert line.is_empty()


def test_a_snapshot_is_a_run(line: Line) -> None:
    asked = line.ask(MarketDataRequest(STOCK, snapshot=True))
    number = number_of(asked)
    line.say(tick(number), TickSnapshotEnd(number))
    assert asked.take() == (tick(number),)


# --- shared streams ----------------------------------------------------------------------------------------------


def test_positions_are_shared_and_the_last_who_leaves_cancels(line: Line) -> None:
    one, two = line.stream(PositionsRequest()), line.stream(PositionsRequest())
    assert line.take() == [PositionsRequest()]
    line.say(position(), PositionEnd())
    assert one.take() == two.take() == [position(), PositionEnd()]
    line.leave(one)
    line.say(position(count=2))
    assert two.take() == [position(count=2)]
    assert line.take() == []
    line.leave(two)
    assert line.take() == [CancelPositions()]


def test_who_joins_late_is_told_the_present_state_and_then_the_end(line: Line) -> None:
    first = line.stream(PositionsRequest())
    line.say(position("A", 1), position("B", 1), PositionEnd(), position("A", 2), position("A", 3, "DU2"))
    late = line.stream(PositionsRequest())
    assert line.news() == [first, late]
    assert late.take() == [position("A", 2), position("B", 1), position("A", 3, "DU2"), PositionEnd()]
    line.say(position("B", 5))
    assert late.take() == [position("B", 5)]
    assert first.take()[-1] == position("B", 5)
    assert line.take() == [PositionsRequest()]


def test_who_joins_in_the_first_run_is_told_what_has_come_of_it(line: Line) -> None:
    first = line.stream(PositionsRequest())
    line.say(position("A"))
    late = line.stream(PositionsRequest())
    asked = line.ask(PositionsRequest())
    line.say(position("B"), PositionEnd())
    assert first.take() == late.take() == [position("A"), position("B"), PositionEnd()]
    assert asked.take() == (position("A"), position("B"))
    assert not late.is_over


def test_what_a_stream_keeps_answers_who_asks(line: Line) -> None:
    stream = line.stream(PositionsRequest())
    line.say(position("A"), PositionEnd(), position("A", 7))
    asked = line.ask(PositionsRequest())
    assert asked.take() == (position("A", 7),)
    line.leave(stream)
    assert line.take() == [PositionsRequest(), CancelPositions()]


def test_who_asks_for_what_goes_on_does_not_end_the_stream_of_another(line: Line) -> None:
    asked, stream = line.ask(PositionsRequest()), line.stream(PositionsRequest())
    line.say(position("A"), PositionEnd())
    assert asked.take() == (position("A"),)
    assert stream.take() == [position("A"), PositionEnd()]
    assert line.take() == [PositionsRequest()]


def test_account_data_keep_the_last_word_about_everything(line: Line) -> None:
    line.stream(AccountDataRequest(account="DU1"))
    cash = AccountValue("Cash", "1", "USD", "DU1")
    holding = PortfolioValue(Contract(symbol="A"), Decimal(1), account="DU1")
    line.say(cash, AccountValue("Cash", "1", "EUR", "DU1"), holding, AccountUpdateTime("09:30"), AccountDataEnd("DU1"))
    line.say(AccountValue("Cash", "2", "USD", "DU1"), AccountUpdateTime("09:31"))
    late = line.stream(AccountDataRequest(account="DU1"))
    items: list[Any] = late.take()
    assert [type(item).__name__ for item in items] == [
        "AccountValue", "AccountValue", "PortfolioValue", "AccountUpdateTime", "AccountDataEnd"
    ]  # fmt: skip
    assert [(item.value, item.currency) for item in items[:2]] == [("2", "USD"), ("1", "EUR")]
    assert items[3] == AccountUpdateTime("09:31")


def test_a_second_account_is_refused_and_the_first_goes_on(line: Line) -> None:
    first = line.stream(AccountDataRequest(account="DU1"))
    line.take()
    for use in (line.stream, line.ask):
        with pytest.raises(LocalProtocolError, match=r"DU1.*is open.*DU2") as caught:
            use(AccountDataRequest(account="DU2"))
        assert (caught.value.message, caught.value.field) == ("AccountDataRequest", "account")
    assert line.take() == []
    value = AccountValue("Cash", "1", "USD", "DU1")
    line.say(AccountValue("Cash", "1", "USD", "DU2"), value)
    assert first.take() == [value]


def test_another_account_may_be_asked_for_after_the_first(line: Line) -> None:
    """Its turn comes with the receipt (2100) of the first one's cancel, and not with what crossed that."""
    first, second = line.ask(AccountDataRequest(account="DU1")), line.ask(AccountDataRequest(account="DU2"))
    line.say(AccountValue("Cash", "1", "USD", "DU1"), AccountDataEnd("DU1"))
    assert len(first.take()) == 1
    assert line.take() == [AccountDataRequest(True, "DU1"), AccountDataRequest(False, "DU1")]
    line.say(AccountValue("Cash", "2", "USD", "DU1"), AccountDataEnd("DU1"))
    assert line.take() == []
    line.fail(-1, 2100, "unsubscribed")
    assert line.take() == [AccountDataRequest(True, "DU2")]
    line.say(AccountValue("Cash", "3", "USD", "DU2"), AccountDataEnd("DU2"))
    assert [value.value for value in second.take()] == ["3"]  # type: ignore[union-attr]


def test_a_stream_of_bulletins_keeps_none(line: Line) -> None:
    first = line.stream(NewsBulletinsRequest())
    line.say(NewsBulletin(1, 1, "old", "NYSE"))  # type: ignore[arg-type]
    late = line.stream(NewsBulletinsRequest())
    assert late.take() == []
    with pytest.raises(LocalProtocolError):
        line.stream(NewsBulletinsRequest(all_messages=True))
    line.say(NewsBulletin(2, 1, "new", "NYSE"))  # type: ignore[arg-type]
    assert len(first.take()) == 2
    assert len(late.take()) == 1


# --- what drains -------------------------------------------------------------------------------------------------


def test_a_slot_that_was_given_up_is_free_when_its_answer_has_come(line: Line) -> None:
    gone = line.ask(ManagedAccountsRequest(), timeout=2.0)
    line.pass_time(2.0)
    held = line.ask(ManagedAccountsRequest())
    assert line.take() == [ManagedAccountsRequest()]
    line.say(ManagedAccounts(("OLD",)))
    assert line.take() == [ManagedAccountsRequest()]
    line.say(ManagedAccounts(("NEW",)))
    assert held.take() == ManagedAccounts(("NEW",))
    assert isinstance(failure_of(gone.take), RequestTimedOut)
    assert line.session.statistics().late == {"ManagedAccounts": 1}
    assert line.is_empty()


def test_a_slot_that_was_given_up_is_free_after_its_drain_time(line: Line) -> None:
    line.ask(OpenOrdersRequest(), timeout=1.0)
    line.pass_time(1.0)
    held = line.ask(OpenOrdersRequest())
    line.take()
    line.pass_time(DRAIN - 0.1)
    assert line.take() == []
    line.pass_time(0.1)
    assert line.take() == [OpenOrdersRequest()]
    assert not held.is_over


def test_who_waits_for_a_slot_waits_within_the_own_deadline(line: Line) -> None:
    line.ask(OpenOrdersRequest(), timeout=1.0)
    line.pass_time(1.0)
    held = line.ask(OpenOrdersRequest(), timeout=5.0)
    line.pass_time(5.0)
    failure = failure_of(held.take)
    assert isinstance(failure, RequestTimedOut)
    assert not failure.sent
    line.take()
    line.pass_time(60.0)
    assert line.take() == []
    assert line.is_empty()


def test_positions_are_asked_for_again_behind_a_fence(line: Line) -> None:
    """The end of the first run may cross the cancel, and would end the second run."""
    first = line.stream(PositionsRequest())
    line.leave(first)
    second = line.ask(PositionsRequest())
    assert line.take() == [PositionsRequest(), CancelPositions(), ManagedAccountsRequest()]
    line.say(position("OLD"), PositionEnd())
    assert line.take() == []
    line.say(ManagedAccounts(("DU1",)))
    assert line.take() == [PositionsRequest()]
    line.say(position("NEW"), PositionEnd())
    assert second.take() == (position("NEW"),)
    assert line.news() == [second], "of a fence nobody is told"
    line.say(ManagedAccounts(("DU1",)))
    line.pass_time(DRAIN)
    assert line.is_empty()


def test_a_fence_is_no_answer_to_what_was_asked_before_it(line: Line) -> None:
    accounts = line.ask(ManagedAccountsRequest())
    line.leave(line.stream(PositionsRequest()))
    line.ask(PositionsRequest())
    assert line.take() == [ManagedAccountsRequest(), PositionsRequest(), CancelPositions()]
    line.say(ManagedAccounts(("DU1",)))
    assert accounts.is_over
    assert line.take() == [ManagedAccountsRequest()]
    line.say(ManagedAccounts(("DU1",)))
    assert line.take() == [PositionsRequest()]


@pytest.mark.parametrize("answer", ["error", "nothing"])
def test_a_fence_that_is_not_answered_holds_nobody_for_ever(line: Line, answer: str) -> None:
    line.leave(line.stream(PositionsRequest()))
    line.ask(PositionsRequest(), timeout=60.0)
    line.take()
    if answer == "error":
        line.fail(-1, 321)
    else:
        line.pass_time(DRAIN)
    assert PositionsRequest() in line.take()


def test_what_has_an_id_holds_nobody(line: Line) -> None:
    first = line.stream(PNL)
    line.leave(first)
    second = line.stream(PNL)
    assert [type(message) for message in line.take()] == [PnLRequest, CancelPnL, PnLRequest]
    assert number_of(first) != number_of(second)


def test_a_slot_with_ids_is_free_when_its_answer_has_come_or_was_refused(line: Line) -> None:
    for last in ("answer", "refusal", "nothing to cancel"):
        first = line.ask(WshMetaDataRequest(), timeout=1.0)
        line.pass_time(1.0)
        line.ask(WshMetaDataRequest(), timeout=5.0)
        assert WshMetaDataRequest not in [type(message) for message in line.take()[1:]]
        if last == "answer":
            line.say(WshMetaData(number_of(first), "{}"))
        else:
            line.fail(number_of(first), 10277 if last == "refusal" else 10280)
        (said,) = [message for message in line.take() if isinstance(message, WshMetaDataRequest)]
        line.say(WshMetaData(said.request_id, "{}"))  # type: ignore[arg-type]
        assert line.is_empty(), last


# --- just after the start ----------------------------------------------------------------------------------------


def test_what_nobody_answered_while_settling_is_said_once_more(fresh: Line) -> None:
    asked = fresh.ask(FamilyCodesRequest())
    assert fresh.take() == [FamilyCodesRequest()]
    fresh.pass_time(SAY_AGAIN - 0.01)
    assert fresh.take() == []
    fresh.pass_time(0.01)
    assert fresh.take() == [FamilyCodesRequest()]
    fresh.pass_time(30.0)
    assert fresh.take() == []
    assert isinstance(failure_of(asked.take), RequestTimedOut)


@pytest.mark.parametrize("chosen", [0, 1])
def test_a_fresh_id_is_taken_and_an_answer_under_either_counts(fresh: Line, chosen: int) -> None:
    asked = fresh.ask(ContractDataRequest(STOCK))
    fresh.pass_time(SAY_AGAIN)
    numbers = fresh.heard_ids()
    assert len(set(numbers)) == 2
    line, other = fresh, numbers[1 - chosen]
    line.say(details(numbers[chosen], "A"), details(other, "B"), ContractDataEnd(other))
    assert not asked.is_over
    line.say(ContractDataEnd(numbers[chosen]))
    assert symbols(list(asked.take())) == ["A"]
    assert number_of(asked) == numbers[chosen]
    cancels = [message for message in line.take() if isinstance(message, CancelContractData)]
    # Where the version has such a cancel.
    assert cancels in ([], [CancelContractData(other)])
    assert bool(cancels) == (line.session.connection.server_version == 225)
    assert line.is_empty()


@pytest.mark.parametrize("chosen", [0, 1])
def test_a_refusal_under_either_id_counts_and_the_other_is_cancelled(fresh: Line, chosen: int) -> None:
    asked = fresh.ask(PositionsMultiRequest("DU1"))
    fresh.pass_time(SAY_AGAIN)
    numbers = fresh.heard_ids()
    fresh.fail(numbers[chosen], 321)
    failure = failure_of(asked.take)
    assert isinstance(failure, RequestFailed)
    assert failure.request.request_id == numbers[chosen]  # type: ignore[attr-defined]
    assert fresh.heard_ids() == [numbers[1 - chosen]]
    assert fresh.is_empty()


def test_a_stream_cancels_the_old_id_first_and_once(fresh: Line) -> None:
    stream = fresh.stream(MARKET_DATA)
    first = number_of(stream)
    fresh.pass_time(SAY_AGAIN)
    second = number_of(stream)
    assert [(type(message), message.request_id) for message in fresh.take()] == [  # type: ignore[attr-defined]
        (MarketDataRequest, first), (CancelMarketData, first), (MarketDataRequest, second)
    ]  # fmt: skip
    # TWS was slow, and has not read the cancel yet: what it says until then is nobody's to throw away.
    fresh.say(tick(first, 1))
    fresh.fail(first, 300)
    assert stream.take() == [tick(first, 1)]
    fresh.say(tick(second, 2), tick(first, 3))
    assert stream.take() == [tick(second, 2)]
    assert fresh.session.statistics().late == {"TickSize": 1, "ErrorMessage": 1}
    assert fresh.take() == []
    fresh.leave(stream)
    assert fresh.take() == [CancelMarketData(second)]


@pytest.mark.parametrize("leaves", [True, False])
def test_who_leaves_a_stream_that_was_said_again_cancels_each_id_once(fresh: Line, leaves: bool) -> None:
    stream = fresh.stream(MARKET_DATA)
    first = number_of(stream)
    fresh.take()
    fresh.is_writing = leaves
    fresh.pass_time(SAY_AGAIN)
    second = number_of(stream)
    fresh.leave(stream)
    fresh.is_writing = True
    cancels = [message for message in fresh.take() if isinstance(message, CancelMarketData)]
    assert cancels == [CancelMarketData(first), *([CancelMarketData(second)] if leaves else [])]
    assert fresh.is_empty()


@pytest.mark.parametrize("said", ["an answer", "a remark", "the end of the caller"])
def test_whatever_came_under_its_id_it_is_not_said_again(fresh: Line, said: str) -> None:
    asked = fresh.ask(ContractDataRequest(STOCK))
    if said == "an answer":
        fresh.say(details(number_of(asked)))
    elif said == "a remark":
        fresh.fail(number_of(asked), 2119)
    else:
        fresh.leave(asked)
    fresh.take()
    fresh.pass_time(SAY_AGAIN + SETTLING)
    assert ContractDataRequest not in [type(message) for message in fresh.take()]


@pytest.mark.parametrize("after, again", [(SETTLING - 0.01, True), (SETTLING, False), (SETTLING + 100, False)])
def test_the_settling_time_has_an_end(fresh: Line, after: float, again: bool) -> None:
    fresh.pass_time(after)
    fresh.ask(IdsRequest())
    fresh.take()
    fresh.pass_time(SAY_AGAIN)
    assert (fresh.take() == [IdsRequest()]) is again


def test_it_is_the_time_of_leaving_that_counts(fresh: Line) -> None:
    fresh.is_writing = False
    fresh.ask(IdsRequest())
    fresh.pass_time(2.0)
    fresh.is_writing = True
    fresh.move()
    fresh.take()
    fresh.pass_time(SAY_AGAIN - 0.01)
    assert fresh.take() == []
    fresh.pass_time(0.01)
    assert fresh.take() == [IdsRequest()]


@pytest.mark.parametrize(
    "request_of",
    [
        lambda line: line.stream(NewsBulletinsRequest()),
        lambda line: line.stream(MarketDepthRequest(STOCK, 5)),
        lambda line: line.stream(TickByTickRequest(STOCK, TickByTickType.LAST)),
        lambda line: line.ask(HeadTimestampRequest(STOCK)),
        lambda line: line.ask(MarketDataRequest(STOCK, regulatory_snapshot=True)),
        lambda line: line.ask(PlaceOrderRequest(STOCK, MarketOrder(Action.BUY, 1, what_if=True))),
    ],
    ids=["bulletins", "depth", "ticks", "head timestamp", "a fee", "what-if"],
)
def test_what_changes_something_or_may_be_silent_is_never_said_again(
    fresh: Line, request_of: Callable[[Line], Any]
) -> None:
    request_of(fresh)
    assert len(fresh.take()) == 1
    fresh.pass_time(9.0)
    assert fresh.take() == []


@pytest.mark.parametrize("client_id, again", [(0, False), (7, True)])
def test_client_0_does_not_ask_twice_for_open_orders(client_id: int, again: bool) -> None:
    """It would take over orders that were entered by hand, twice."""
    line = Line(client_id=client_id, is_settled=False)
    line.ask(OpenOrdersRequest())
    line.take()
    line.pass_time(SAY_AGAIN)
    assert (line.take() == [OpenOrdersRequest()]) is again


def test_the_second_answer_to_what_was_said_twice_is_nobodys(fresh: Line) -> None:
    first = fresh.ask(ManagedAccountsRequest())
    fresh.pass_time(SAY_AGAIN)
    fresh.say(ManagedAccounts(("DU1",)))
    assert first.take() == ManagedAccounts(("DU1",))
    second = fresh.ask(ManagedAccountsRequest())
    assert fresh.take() == [ManagedAccountsRequest()] * 2
    fresh.say(ManagedAccounts(("DU2",)))
    assert not second.is_over
    assert fresh.take() == [ManagedAccountsRequest()]
    fresh.say(ManagedAccounts(("DU3",)))
    assert second.take() == ManagedAccounts(("DU3",))
    assert fresh.is_empty()


def test_a_second_answer_that_does_not_come_is_not_waited_for_for_long(fresh: Line) -> None:
    """No longer than the first one took: that the first question was dropped is why it was said twice."""
    fresh.ask(ManagedAccountsRequest())
    fresh.pass_time(SAY_AGAIN + 0.2)
    fresh.say(ManagedAccounts(("DU1",)))
    second = fresh.ask(ManagedAccountsRequest())
    fresh.take()
    fresh.pass_time(SAY_AGAIN + 0.3)
    assert fresh.take() == [ManagedAccountsRequest()]
    fresh.say(ManagedAccounts(("DU1",)))
    assert second.is_over


def test_what_was_said_twice_and_given_up_is_owed_two_answers(fresh: Line) -> None:
    gone = fresh.ask(ManagedAccountsRequest(), timeout=4.0)
    fresh.pass_time(4.0)
    assert isinstance(failure_of(gone.take), RequestTimedOut)
    third = fresh.ask(ManagedAccountsRequest())
    fresh.take()
    fresh.say(ManagedAccounts(("1",)))
    assert fresh.take() == []
    fresh.say(ManagedAccounts(("2",)))
    assert fresh.take() == [ManagedAccountsRequest()]
    fresh.say(ManagedAccounts(("3",)))
    assert third.take() == ManagedAccounts(("3",))


def test_what_was_to_be_said_again_and_did_not_leave_is_taken_back(fresh: Line) -> None:
    asked = fresh.ask(PositionsMultiRequest("DU1"))
    first = fresh.heard_ids()
    fresh.is_writing = False
    fresh.pass_time(SAY_AGAIN)
    fresh.leave(asked)
    fresh.is_writing = True
    assert fresh.heard_ids() == first, "the cancel of what TWS was asked, and nothing of what it was not"
    assert fresh.is_empty()


# --- deadlines ---------------------------------------------------------------------------------------------------


def test_a_deadline_says_what_had_come(line: Line) -> None:
    asked = line.ask(ContractDataRequest(STOCK), timeout=2.0)
    number = number_of(asked)
    line.say(details(number))
    line.pass_time(1.99)
    assert not asked.is_over
    line.pass_time(0.01)
    failure = failure_of(asked.take)
    assert isinstance(failure, RequestTimedOut)
    assert (failure.sent, failure.seconds, symbols(list(failure.received))) == (True, 2.0, ["AAPL"])
    assert failure.request == asked.request
    cancels = line.take()[1:]
    assert cancels in ([], [CancelContractData(number)])


def test_an_answer_that_was_handed_over_is_not_kept_until_its_deadline(line: Line) -> None:
    asked = line.ask(CurrentTimeRequest(), timeout=3600.0)
    line.say(CurrentTime(TIME))
    answer = asked.hand_over()
    assert answer == CurrentTime(TIME)
    assert not any(held is answer for held in vars(asked).values())
    with pytest.raises(RuntimeError, match="was handed over"):
        asked.take()


def test_the_rows_deadline_is_the_default_and_infinity_is_none(line: Line) -> None:
    usual, endless = line.ask(MatchingSymbolsRequest("a")), line.ask(MatchingSymbolsRequest("b"), timeout=math.inf)
    seconds = usual.seconds
    assert seconds is not None
    line.pass_time(seconds - 0.1)
    assert line.news() == []
    line.pass_time(0.1)
    assert line.news() == [usual]
    line.pass_time(1e6)
    assert not endless.is_over


@pytest.mark.parametrize("seconds", [math.nan, -1.0, -math.inf])
def test_what_is_no_time_to_wait_is_refused(line: Line, seconds: float) -> None:
    with pytest.raises(ValueError, match="timeout"):
        line.ask(IdsRequest(), timeout=seconds)
    with pytest.raises(ValueError, match="timeout"):
        line.stream(MARKET_DATA, timeout=seconds)
    with pytest.raises(TypeError, match="timeout"):
        line.ask(IdsRequest(), timeout="soon")  # type: ignore[arg-type]
    assert line.is_empty()


def test_an_answer_that_was_read_wins_over_the_deadline_of_the_same_turn(line: Line) -> None:
    asked = line.ask(MatchingSymbolsRequest("a"), timeout=2.0)
    line.now += 5.0
    line.say(SymbolSamples(number_of(asked)))
    assert asked.take() == SymbolSamples(number_of(asked))


def test_what_never_left_is_taken_back_and_gets_no_cancel(line: Line) -> None:
    line.is_writing = False
    asked, stream = line.ask(PositionsMultiRequest("DU1"), timeout=1.0), line.stream(MARKET_DATA)
    line.pass_time(1.0)
    line.leave(stream)
    failure = failure_of(asked.take)
    assert isinstance(failure, RequestTimedOut)
    assert not failure.sent
    line.is_writing = True
    assert line.take() == []
    assert line.is_empty()


def test_of_what_has_left_in_part_the_rest_and_the_cancel_follow(line: Line) -> None:
    line.is_writing = False
    stream = line.stream(MARKET_DATA)
    data = line.session.data_to_send(line.now)
    line.session.sent(3, line.now)
    line.leave(stream)
    assert line.session.data_to_send(line.now) == b""
    line.session.sent(len(data) - 3, line.now)
    line.tws.receive_data(data)
    line.is_writing = True
    line.move()
    assert line.heard_ids() == [number_of(stream)] * 2


def test_a_stream_that_owes_a_first_message_has_a_deadline_for_that_alone(line: Line) -> None:
    silent, good = line.stream(PNL, timeout=2.0), line.stream(PNL, timeout=2.0)
    line.say(PnL(number_of(good), 1.0))
    line.fail(number_of(silent), 2104, "a remark is no message of it")
    line.pass_time(100.0)
    assert not good.is_over
    assert [type(item) for item in silent.take()] == [Notice]
    assert isinstance(failure_of(silent.take), RequestTimedOut)
    assert line.take()[2:] == [CancelPnL(number_of(silent))]


def test_a_stream_may_be_silent_for_ever_by_default(line: Line) -> None:
    stream = line.stream(NewsBulletinsRequest())
    line.pass_time(1e6)
    assert not stream.is_over
    assert line.session.wake_at() is None


def test_a_head_timestamp_is_cancelled_after_its_answer(line: Line) -> None:
    """Or it keeps one of 50 places: also after a time-out, or when the caller leaves; not after an error."""
    answered, late, left, failed = (line.ask(HeadTimestampRequest(STOCK), timeout=5.0) for _ in range(4))
    line.take()
    line.say(HeadTimestamp(number_of(answered), TIME))
    line.leave(left)
    line.fail(number_of(failed), 162)
    line.pass_time(5.0)
    assert answered.take() == HeadTimestamp(number_of(answered), TIME)
    assert line.take() == [CancelHeadTimestamp(number_of(each)) for each in (answered, left, late)]
    assert line.is_empty()


# --- codes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [10167, 10090, 2104, 2187])
def test_a_remark_stands_in_its_place(line: Line, code: int) -> None:
    stream = line.stream(MARKET_DATA)
    number = number_of(stream)
    line.say(tick(number, 1), ErrorMessage(number, code, "so"), tick(number, 2))
    before, notice, after = stream.take()
    assert (before, after) == (tick(number, 1), tick(number, 2))
    assert isinstance(notice, Notice)
    assert (notice.code, notice.text, notice.request_id, notice.kind) == (code, "so", number, CODES.kind_of(code))
    assert not stream.is_over


def test_a_remark_does_not_end_a_question(line: Line) -> None:
    asked = line.ask(ContractDataRequest(STOCK))
    line.fail(number_of(asked), 2158)
    line.say(ContractDataEnd(number_of(asked)))
    assert asked.take() == ()


@pytest.mark.parametrize("code", [77777, 321, 322, 1100])
def test_an_unlisted_code_under_an_id_ends_it(line: Line, code: int) -> None:
    asked, stream = line.ask(ContractDataRequest(STOCK)), line.stream(MARKET_DATA)
    for held in (asked, stream):
        line.fail(number_of(held), code)
        failure = failure_of(held.take)
        assert isinstance(failure, RequestFailed)
        assert failure.code == code
    assert line.is_empty()


def test_a_code_of_the_range_of_warnings_does_not(line: Line) -> None:
    stream = line.stream(MARKET_DATA)
    line.fail(number_of(stream), 2199)
    assert [type(item) for item in stream.take()] == [Notice]


def test_a_book_that_is_to_be_emptied_says_so_in_band(line: Line) -> None:
    stream = line.stream(MarketDepthRequest(STOCK, 5))
    number = number_of(stream)
    line.fail(number, 317, "reset")
    (item,) = stream.take()
    assert isinstance(item, Reset)
    assert item.message.error_code == 317
    assert not stream.is_over


def test_the_user_knows_better() -> None:
    table = CODES.with_effects(
        {
            354: {"MarketDataRequest": Effect.COMMENT},
            10167: {"MarketDataRequest": Effect.ENDS},
            321: {"ManagedAccountsRequest": Effect.COMMENT},
            55555: {"IdsRequest": Effect.ENDS},
        }
    )
    line = Line(codes=table)
    stream = line.stream(MARKET_DATA)
    line.fail(number_of(stream), 354)
    assert [type(item) for item in stream.take()] == [Notice]
    line.fail(number_of(stream), 10167)
    assert isinstance(failure_of(stream.take), RequestFailed)
    accounts, ids = line.ask(ManagedAccountsRequest()), line.ask(IdsRequest())
    line.fail(-1, 55555)
    assert isinstance(failure_of(ids.take), RequestFailed)
    line.fail(-1, 321)
    assert not accounts.is_over
    assert table.kind_of(354) is CodeKind.REQUEST_FAILED


@pytest.mark.parametrize("before", [[], [MarketDataType], "ticks"])
def test_after_a_code_that_may_be_the_end_data_decide(line: Line, before: Any) -> None:
    """10089: five seconds. What stands in front of data shows nothing; and where there are data, it is a remark."""
    stream = line.stream(MARKET_DATA)
    number = number_of(stream)
    line.say(MarketDataType(number, 3))  # type: ignore[arg-type]
    if before == "ticks":
        line.say(tick(number))
    if not before:
        stream = line.stream(MARKET_DATA)
        number = number_of(stream)
    line.fail(number, 10089)
    line.say(MarketDataType(number, 3))  # type: ignore[arg-type]
    line.pass_time(DOUBT - 0.01)
    assert not stream.is_over
    line.pass_time(0.01)
    is_over = before != "ticks"
    assert any(isinstance(item, Notice) for item in stream.take())
    if is_over:
        failure = failure_of(stream.take)
        assert isinstance(failure, RequestFailed)
        assert failure.code == 10089
        assert line.take()[-1] == CancelMarketData(number)
    else:
        line.say(tick(number))
        assert stream.take() == [tick(number)]


def test_data_after_a_doubt_settle_it(line: Line) -> None:
    stream = line.stream(MARKET_DATA)
    number = number_of(stream)
    line.fail(number, 10089)
    line.say(tick(number, 1))
    line.pass_time(100.0)
    line.say(tick(number, 2))
    assert [item for item in stream.take() if isinstance(item, TickSize)] == [tick(number, 1), tick(number, 2)]
    assert not stream.is_over


@pytest.mark.parametrize("kept", [False, True])
def test_a_doubt_about_bars_waits_for_their_own_deadline(line: Line, kept: bool) -> None:
    request = HistoricalDataRequest(STOCK, "1 D", BarSize.HOUR_1, keep_up_to_date=kept)
    held: Any = line.stream(request, timeout=20.0) if kept else line.ask(request, timeout=20.0)
    line.fail(number_of(held), 2188)
    line.pass_time(19.0)
    assert not held.is_over
    line.pass_time(1.0)
    if kept:
        assert [type(item) for item in held.take()] == [Notice]
    failure = failure_of(held.take)
    assert isinstance(failure, RequestFailed)
    assert failure.code == 2188


def test_a_doubt_that_data_have_settled_is_not_the_reason_of_a_time_out() -> None:
    line = Line(225)
    asked = line.ask(HistoricalDataRequest(STOCK, "1 D", BarSize.HOUR_1), timeout=20.0)
    line.fail(number_of(asked), 2188)
    line.say(HistoricalData(number_of(asked), bars=bars(1)))
    line.pass_time(20.0)
    failure = failure_of(asked.take)
    assert isinstance(failure, RequestTimedOut)
    assert len(failure.received) == 1


# --- errors without an id ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 2147483647, -1, -7])
def test_an_error_without_an_id_is_about_what_waits_without_one(number: int) -> None:
    line = Line(178)
    with_id, without = line.ask(MatchingSymbolsRequest("a")), line.ask(FamilyCodesRequest())
    line.say_body(b"4\x002\x00%d\x00321\x00read-only\x00\x00" % number)
    assert not with_id.is_over
    failure = failure_of(without.take)
    assert isinstance(failure, RequestFailed)
    assert failure.code == 321


def test_of_several_the_one_whose_row_has_the_code(line: Line) -> None:
    positions = line.ask(PositionsRequest())
    line.ask(FamilyCodesRequest())
    line.fail(-1, 322)
    assert isinstance(failure_of(positions.take), RequestFailed)


def test_of_several_without_such_a_row_the_latest(line: Line) -> None:
    first, second = line.ask(FamilyCodesRequest()), line.ask(ManagedAccountsRequest())
    line.fail(-1, 320)
    assert not first.is_over
    assert isinstance(failure_of(second.take), RequestFailed)


def test_the_latest_is_the_one_that_was_said_last() -> None:
    line = Line()
    line.ask(CurrentTimeRequest())
    line.say(CurrentTime(TIME))
    held = line.ask(CurrentTimeRequest())
    other = line.ask(FamilyCodesRequest())
    line.pass_time(1.5)
    line.fail(-1, 320)
    assert not other.is_over
    assert isinstance(failure_of(held.take), RequestFailed)


def test_neither_what_is_held_nor_what_goes_on_is_meant(line: Line) -> None:
    stream = line.stream(PositionsRequest())
    line.say(PositionEnd())
    stream.take()
    line.leave(line.stream(NewsBulletinsRequest(True)))
    line.is_writing = False
    held = line.ask(FamilyCodesRequest())
    line.fail(-1, 321)
    line.fail(-1, 322)
    assert not held.is_over
    assert stream.take() == []
    assert not stream.is_over


def test_a_what_if_is_not_meant_either(line: Line) -> None:
    """It has an id, if that of an order."""
    asked = line.ask(PlaceOrderRequest(STOCK, MarketOrder(Action.BUY, 1, what_if=True)))
    for code in (201, 321, 200):
        line.fail(-1, code)
    assert not asked.is_over


@pytest.mark.parametrize("code", [1100, 1102, 2104, 2110, 77777, 354, 10167])
def test_what_is_about_nothing_ends_nothing(line: Line, code: int) -> None:
    held: list[Asked[Any]] = [line.ask(FamilyCodesRequest()), line.ask(PositionsRequest())]
    held.append(line.ask(MatchingSymbolsRequest("a")))
    line.fail(-1, code)
    assert not any(asked.is_over for asked in held)


# --- the link of TWS ---------------------------------------------------------------------------------------------


def test_data_that_were_lost_end_the_streams_of_data_and_nothing_else(line: Line) -> None:
    data: list[Streamed[Any]] = [
        line.stream(MARKET_DATA),
        line.stream(MarketDepthRequest(STOCK, 5)),
        line.stream(TickByTickRequest(STOCK, TickByTickType.LAST)),
        line.stream(PNL),
        line.stream(HistoricalDataRequest(STOCK, "1 D", BarSize.HOUR_1, keep_up_to_date=True)),
        line.stream(ScannerSubscriptionRequest(ScannerSubscription())),
    ]
    others: list[Streamed[Any]] = [
        line.stream(PositionsRequest()),
        line.stream(AccountDataRequest()),
        line.stream(NewsBulletinsRequest()),
    ]
    asked: list[Asked[Any]] = [
        line.ask(ContractDataRequest(STOCK)),
        line.ask(HistoricalDataRequest(STOCK, "1 D", BarSize.HOUR_1)),
    ]
    number = number_of(data[0])
    line.say(tick(number))
    line.take()
    line.fail(-1, 1101, "data lost")
    assert data[0].take() == [tick(number)]
    for stream in data:
        failure = failure_of(stream.take)
        assert type(failure) is DataLost
        assert failure.request == stream.request
    assert not any(stream.is_over for stream in others)
    assert not any(question.is_over for question in asked)
    assert line.take() == [], "no cancels for ids that are dead"
    line.say(tick(number))
    assert line.session.statistics().late == {"TickSize": 1}


def test_what_had_not_left_cannot_have_been_lost(line: Line) -> None:
    line.is_writing = False
    stream = line.stream(MARKET_DATA)
    line.fail(-1, 1101)
    assert not stream.is_over
    line.is_writing = True
    line.move()
    line.say(tick(number_of(stream)))
    assert stream.take() == [tick(number_of(stream))]


def test_a_link_that_came_back_with_its_data_ends_nothing(line: Line) -> None:
    stream = line.stream(MARKET_DATA)
    line.fail(-1, 1100)
    line.fail(-1, 1102)
    assert not stream.is_over


@pytest.mark.parametrize("link_code", [1100, 2103, 2157])
def test_no_such_contract_near_a_broken_link_is_not_to_be_believed(line: Line, link_code: int) -> None:
    line.fail(-1, link_code)
    line.pass_time(LINK_TROUBLE)
    doubtful, certain = line.ask(ContractDataRequest(STOCK)), line.ask(ContractDataRequest(STOCK))
    line.fail(number_of(doubtful), 200)
    line.pass_time(0.1)
    line.fail(number_of(certain), 200)
    failures = [failure_of(asked.take) for asked in (doubtful, certain)]
    assert [failure.link_was_down for failure in failures] == [True, False]  # type: ignore[attr-defined]
    assert "may be wrong" in str(failures[0])


# --- what cannot be read -----------------------------------------------------------------------------------------


def test_an_unreadable_frame_ends_what_it_belongs_to() -> None:
    """And is cancelled: nobody can tell what else is missing."""
    line = Line(178)
    asked, stream = line.ask(PositionsMultiRequest("DU1")), line.stream(MARKET_DATA)
    other = line.stream(MARKET_DATA)
    line.take()
    line.say(tick(number_of(stream)))
    # Too few fields for their kinds.
    line.say_body(b"71\x001\x00%d\x00DU1\0" % number_of(asked))
    line.say_body(b"1\x006\x00%d\x00x\x00y\0" % number_of(stream))
    failure = failure_of(asked.take)
    assert isinstance(failure, DecodeError)
    assert failure.message == "PositionMulti"
    assert stream.take() == [tick(number_of(stream))]
    assert isinstance(failure_of(stream.take), DecodeError)
    assert not other.is_over
    assert line.heard_ids() == [number_of(asked), number_of(stream)]
    assert line.open == 1


def test_an_unreadable_frame_without_an_id_ends_the_run_of_its_kind() -> None:
    line = Line(178)
    stream = line.stream(PositionsRequest())
    line.say(PositionEnd())
    line.take()
    line.say_body(b"61\x003\x00DU1\0")
    assert stream.take() == [PositionEnd()]
    failure = failure_of(stream.take)
    assert isinstance(failure, DecodeError)
    assert (failure.message, pickle.loads(pickle.dumps(failure)).message) == ("Position", "Position")  # noqa: S301
    assert line.take() == [CancelPositions()]


def test_an_unreadable_answer_frees_its_slot_at_once() -> None:
    line = Line(178)
    asked = line.ask(FamilyCodesRequest())
    line.say_body(b"78\x00five\0")
    assert isinstance(failure_of(asked.take), DecodeError)
    line.take()
    line.ask(FamilyCodesRequest())
    assert line.take() == [FamilyCodesRequest()]


def test_an_order_that_cannot_be_read_is_not_passed_over_in_a_run_of_orders() -> None:
    """It has an id, that of the order: the answer would lack it, and say that there is none."""
    line = Line(178)
    asked = line.ask(AllOpenOrdersRequest())
    line.say_body(b"5\x0017\0")
    line.say(OpenOrdersEnd())
    failure = failure_of(asked.take)
    assert isinstance(failure, DecodeError)
    assert failure.message == "OpenOrder"


def test_a_what_if_that_cannot_be_read_says_so() -> None:
    line = Line(178)
    asked = line.ask(PlaceOrderRequest(STOCK, MarketOrder(Action.BUY, 1, what_if=True)))
    orders = line.ask(AllOpenOrdersRequest())
    line.say_body(b"5\x00%d\0" % (asked.request.order_id or 0))  # type: ignore[attr-defined]
    assert isinstance(failure_of(asked.take), DecodeError)
    assert not orders.is_over
    assert line.open == 1


def test_of_several_answers_none_is_ended_by_a_frame_that_may_be_anothers() -> None:
    line = Line(178)
    first, second = line.ask(MarketRuleRequest(1)), line.ask(MarketRuleRequest(2))
    line.say_body(b"93\x00x\0")
    assert not first.is_over
    assert not second.is_over


def odd_tick(number: int, size: str) -> bytes:
    return b"2\x006\x00%d\x000\x00%s\0" % (number, size.encode())


def test_an_odd_value_is_told_in_front_of_its_message() -> None:
    line = Line(178)
    stream = line.stream(MARKET_DATA)
    number = number_of(stream)
    line.say(tick(number))
    line.say_body(odd_tick(number, "many"))
    line.say(tick(number))
    first, odd, message, last = stream.take()
    assert isinstance(odd, OddValue)
    assert isinstance(message, TickSize)
    assert (odd.message, odd.field, message.size) == ("TickSize", "size", None)
    assert first == last == tick(number)


def test_an_answer_that_is_odd_and_nothing_else_is_none() -> None:
    line = Line(178)
    asked = line.ask(HeadTimestampRequest(STOCK))
    line.take()
    line.say_body(b"88\x00%d\x00yesterday\0" % number_of(asked))
    failure = failure_of(asked.take)
    assert isinstance(failure, DecodeError)
    assert failure.field == "head_timestamp"
    assert line.take() == [CancelHeadTimestamp(number_of(asked))], "it keeps its place all the same"
    assert line.is_empty()


def test_an_odd_value_of_an_error_belongs_to_no_other_message() -> None:
    line = Line(200)
    stream = line.stream(MARKET_DATA)
    events = line.session.listen()
    events.take()
    line.say_body(b"4\x00-1\x002104\x00ok\x00\x00soon\0")
    line.say(tick(number_of(stream)))
    assert [type(event) for event in events.take()] == [OddValue, Notice, TickSize]
    assert stream.take() == [tick(number_of(stream))]


# --- too much ----------------------------------------------------------------------------------------------------


def test_a_reader_that_is_too_slow_hears_of_it_at_once_and_its_stream_is_cancelled(line: Line) -> None:
    slow, quick = line.stream(MARKET_DATA, mailbox=Mailbox(10)), line.stream(MARKET_DATA)
    line.take()
    line.say(*[tick(number_of(slow), size) for size in range(11)])
    line.say(tick(number_of(quick)))
    failure = failure_of(slow.take)
    assert isinstance(failure, SlowConsumer)
    assert failure.lost == 11
    assert slow.is_over
    assert line.take() == [CancelMarketData(number_of(slow))]
    assert quick.take() == [tick(number_of(quick))]


def test_a_slow_reader_of_a_shared_stream_ends_for_itself_alone(line: Line) -> None:
    slow, quick = line.stream(PositionsRequest(), mailbox=Mailbox(2)), line.stream(PositionsRequest())
    line.say(*[position(symbol) for symbol in "ABC"])
    assert isinstance(failure_of(slow.take), SlowConsumer)
    assert symbols(quick.take()) == ["A", "B", "C"]
    assert CancelPositions() not in line.take()


def test_a_reader_may_have_the_oldest_dropped(line: Line) -> None:
    stream = line.stream(MARKET_DATA, mailbox=Mailbox(2, "drop_oldest"))
    number = number_of(stream)
    line.say(*[tick(number, size) for size in range(5)])
    assert stream.take() == [Dropped(3), tick(number, 3), tick(number, 4)]
    assert not stream.is_over


def test_a_stream_may_not_make_tws_wait(line: Line) -> None:
    with pytest.raises(ValueError, match="raw events alone"):
        line.stream(MARKET_DATA, mailbox=Mailbox(when_full="block"))
    assert line.take() == []


def test_an_answer_has_a_bound(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation_module, "MOST_ANSWERS", 3)
    asked = line.ask(PositionsMultiRequest("DU1"))
    number = number_of(asked)
    line.take()
    line.say(*[PositionMulti(number, "DU1", STOCK, Decimal(1), 1.0)] * 4)
    failure = failure_of(asked.take)
    assert isinstance(failure, AnswerTooLarge)
    assert failure.count == 4
    assert line.heard_ids() == [number]
    assert line.is_empty()


@pytest.mark.parametrize("bound", ["MOST_ANSWERS", "MOST_ANSWER_BYTES"])
def test_what_is_kept_for_who_joins_late_has_a_bound(line: Line, monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    """It goes on growing after the first run, if TWS names ever more contracts."""
    stream = line.stream(PositionsRequest())
    line.say(PositionEnd())
    line.say(*[position("A", count) for count in range(50)])
    monkeypatch.setattr(conversation_module, bound, 3 if bound == "MOST_ANSWERS" else 5000)
    line.say(*[position("A", count) for count in range(50)])
    assert not stream.is_over
    line.say(*[position(f"A{number}" + "x" * 200) for number in range(20)])
    line.take()
    stream.take()
    assert isinstance(failure_of(stream.take), AnswerTooLarge)


def test_who_asks_while_tws_does_not_read_is_held_and_has_its_turn() -> None:
    line = Line()
    line.is_writing = False
    asked = [line.ask(UserInfoRequest()) for _ in range(MOST_FRAMES + 3)]
    assert [each.question.phase for each in asked[-4:] if each.question] == [Phase.ASKED, *[Phase.HELD] * 3]
    assert line.session.outbox.frames == MOST_FRAMES
    line.leave(asked[-2])
    assert line.session.outbox.frames == MOST_FRAMES
    line.is_writing = True
    line.move()
    heard = line.heard_ids()
    assert heard == [number_of(each) for each in [*asked[:-2], asked[-1]]]


def test_what_was_taken_back_makes_room() -> None:
    """Nothing leaves, so that nothing else would see to it."""
    line = Line()
    line.is_writing = False
    asked = [line.ask(UserInfoRequest()) for _ in range(MOST_FRAMES + 1)]
    line.leave(asked[0])
    assert asked[-1].question is not None
    assert asked[-1].question.phase is Phase.ASKED


def test_deadlines_that_nobody_needs_any_more_are_swept_out() -> None:
    line = Line()
    for _ in range(3_000):
        asked = line.ask(UserInfoRequest(), timeout=1000.0)
        line.say(UserInfo(number_of(asked)))
        line.news()
    assert len(line.session.conversations._timers) <= 1_001


# --- what may not be asked ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [SetServerLogLevelRequest(5), MarketDataTypeRequest(1), CancelPositions()])  # type: ignore[arg-type]
def test_what_has_no_answer_cannot_be_asked(line: Line, wrong: Any) -> None:
    with pytest.raises(TypeError, match="send it instead"):
        line.ask(wrong)
    with pytest.raises(TypeError, match="send it instead"):
        line.stream(wrong)
    assert line.is_empty()


@pytest.mark.parametrize("wrong", [NextValidId(1), object(), None, "ask"])
def test_what_is_no_request_cannot_be_asked(line: Line, wrong: Any) -> None:
    with pytest.raises((TypeError, LocalProtocolError)):
        line.ask(wrong)
    assert line.is_empty()


@pytest.mark.parametrize(
    "use, request_, field",
    [
        ("ask", MARKET_DATA, "regulatory_snapshot"),
        ("stream", MarketDataRequest(STOCK, snapshot=True), "snapshot"),
        ("stream", HistoricalDataRequest(STOCK, "1 D", BarSize.HOUR_1), "keep_up_to_date"),
        ("ask", TickByTickRequest(STOCK, TickByTickType.LAST), "number_of_ticks"),
        ("ask", AccountDataRequest(subscribe=False), "subscribe"),
        ("ask", PlaceOrderRequest(STOCK, MarketOrder(Action.BUY, 1)), "order.what_if"),
        ("stream", ContractDataRequest(STOCK), None),
        ("ask", NewsBulletinsRequest(), None),
        ("ask", VerifyRequest("a", "b"), None),
    ],
)
def test_what_is_used_in_the_wrong_way_names_the_field(line: Line, use: str, request_: Any, field: str | None) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        getattr(line, use)(request_)
    assert (caught.value.message, caught.value.field) == (type(request_).__name__, field)
    assert line.take() == []
    assert line.is_empty()


def test_an_id_is_given_by_the_conversation(line: Line) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        line.ask(MatchingSymbolsRequest("a", request_id=5))
    assert caught.value.field == "request_id"
    assert number_of(line.ask(MatchingSymbolsRequest("a"))) == 1_000_000_000, "what is refused uses none up"


def test_what_the_version_does_not_have_changes_nothing() -> None:
    line = Line(178)
    for _ in range(2):
        with pytest.raises(LocalProtocolError) as caught:
            line.ask(CurrentTimeInMillisRequest())
        assert caught.value.code == 503
    assert line.is_empty()
    assert line.session.conversations.register.slots == {}


# --- what-if -----------------------------------------------------------------------------------------------------


def what_if(order_id: int | None = None) -> PlaceOrderRequest:
    return PlaceOrderRequest(STOCK, MarketOrder(Action.BUY, 1, what_if=True), order_id=order_id)


def test_a_what_if_is_asked_under_an_order_id(line: Line) -> None:
    asked = line.ask(what_if())
    (said,) = line.take()
    assert isinstance(said, PlaceOrderRequest)
    assert said.order_id == 5
    assert asked.request == said
    line.say(open_order(4))
    assert not asked.is_over
    line.say(open_order(5))
    assert asked.take().order_id == 5
    assert line.is_empty()
    order, _ = line.session.send(PlaceOrderRequest(STOCK, MarketOrder(Action.BUY, 1)), line.now)
    assert order.order_id == 6  # type: ignore[attr-defined]


def test_an_order_id_given_by_hand_raises_the_floor(line: Line) -> None:
    asked = line.ask(what_if(40))
    line.say(open_order(40))
    assert asked.take().order_id == 40
    line.take()
    line.ask(what_if())
    (said,) = line.take()
    assert said.order_id == 41  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "code, ends", [(201, True), (110, True), (321, True), (399, False), (2109, False), (77777, False)]
)
def test_a_what_if_is_refused_as_an_order_is(line: Line, code: int, ends: bool) -> None:
    asked = line.ask(what_if())
    line.fail(5, code)
    assert asked.is_over is ends
    assert (line.open == 0) is ends


def test_to_leave_a_what_if_cancels_nothing(line: Line) -> None:
    asked = line.ask(what_if())
    line.take()
    line.leave(asked)
    assert line.take() == []
    assert line.is_empty()


# --- the end -----------------------------------------------------------------------------------------------------


def test_everybody_gets_the_same_end_once_as_an_object_of_their_own(line: Line) -> None:
    asked: list[Asked[Any]] = [
        line.ask(ContractDataRequest(STOCK)), line.ask(CurrentTimeRequest()), line.ask(CurrentTimeRequest())
    ]  # fmt: skip
    stream, held = line.stream(MARKET_DATA), line.ask(IdsRequest())
    line.say(tick(number_of(stream)))
    line.news()
    line.session.receive_eof(line.now)
    news = line.news()
    assert sorted(map(id, news)) == sorted(map(id, [*asked, stream, held]))
    assert stream.take() == [tick(number_of(stream))]
    takes: list[Callable[[], object]] = [*(each.take for each in asked), stream.take, held.take]
    failures = [failure_of(take) for take in takes]
    assert all(isinstance(failure, ConnectionClosed) for failure in failures)
    assert len(set(map(id, failures))) == len(failures)
    assert len(set(failures)) == 1
    assert line.is_empty()
    assert line.session.wake_at() is None
    line.leave(stream)
    line.leave(asked[0])
    with pytest.raises(ConnectionClosed):
        line.ask(CurrentTimeRequest())
    with pytest.raises(ConnectionClosed):
        line.stream(MARKET_DATA)
    assert line.news() == []


def test_an_answer_before_the_end_in_the_same_read_is_one(line: Line) -> None:
    """The connection is over already when the answer is heard: to cancel then is neither possible nor an error."""
    head, summary = line.ask(HeadTimestampRequest(STOCK)), line.ask(AccountSummaryRequest(("a",)))
    positions = line.stream(PositionsRequest())
    line.leave(positions)
    line.ask(PositionsRequest())
    slow = line.stream(MARKET_DATA, mailbox=Mailbox(1))
    unread = line.stream(PositionsMultiRequest("DU1"))
    said = [
        HeadTimestamp(number_of(head), TIME),
        AccountSummaryEnd(number_of(summary)),
        ManagedAccounts(("DU1",)),
        tick(number_of(slow)),
        tick(number_of(slow)),
        tick(number_of(slow)),
    ]
    data = b"".join(map(line.bytes_of, said)) + b"\xff\xff\xff\xff"
    line.session.receive_data(data, line.now)
    closed = line.session.closed
    assert closed is not None
    assert closed.reason is CloseReason.PROTOCOL_ERROR
    assert head.take() == HeadTimestamp(number_of(head), TIME)
    assert summary.take() == ()
    assert isinstance(failure_of(slow.take), (SlowConsumer, ConnectionClosed))
    assert isinstance(failure_of(unread.take), ConnectionClosed)
    assert line.is_empty()


def test_what_waits_for_the_end_alone_is_woken_by_nothing(line: Line) -> None:
    line.ask(IdsRequest())
    line.session.receive_reset(line.now)
    assert line.session.wake_at() is None
    line.session.wake(line.now + 1000)


# --- the typed promise -------------------------------------------------------------------------------------------


def test_what_is_asked_may_be_streamed_if_its_class_says_so() -> None:
    """`Asks` and `Streams` are what the checkers see; the row is what happens."""
    assert issubclass(PositionsRequest, Asks)
    assert issubclass(PositionsRequest, Streams)
    assert not issubclass(ContractDataRequest, Streams)
    assert not issubclass(NewsBulletinsRequest, Asks)
    assert issubclass(CancelPositions, ToTws)
    assert DataLost.__mro__[1] is not RequestFailed
