"""Pacing as a whole: its numbers, what a session makes of them, and a TWS that counts along and finds nothing wrong."""

from __future__ import annotations

import copy
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

import anytws
from anytws.core import HandshakeOptions
from anytws.errors import LimitReached, RequestTimedOut, SendQueueFull
from anytws.machines import ClientSession, Pacing, Waiting
from anytws.machines import outbox as outbox_module
from anytws.machines.message_rate import WINDOW
from anytws.machines.pacing import STANDARD_PACING, WORDS, Tally, pacing_of
from anytws.messages import (
    BarSize,
    CancelMarketData,
    CancelOrderRequest,
    ContractDataRequest,
    ErrorMessage,
    GlobalCancelRequest,
    HeadTimestampRequest,
    HistoricalDataRequest,
    HistoricalTicksRequest,
    LimitOrder,
    ManagedAccountsRequest,
    MarketDataMode,
    MarketDataRequest,
    MarketDataTypeRequest,
    MarketDepthRequest,
    MatchingSymbolsRequest,
    PlaceOrderRequest,
    PnLRequest,
    RealTimeBarsRequest,
    RealTimeWhatToShow,
    Stock,
    TickByTickRequest,
    TickByTickType,
    TicksWhatToShow,
    UserInfoRequest,
    WhatToShow,
)
from anytws.simulator import World, WorldSettings
from anytws.simulator.serve import connect_memory
from anytws.simulator.settings import EPOCH
from tests.conversing import Line, failure_of, number_of
from tests.growth import assert_linear

ORDER = PlaceOrderRequest(Stock("AAPL"), LimitOrder("BUY", 1, "10.05"))


# What is chosen


def test_the_rest_follows_from_the_lines() -> None:
    plain = Pacing()
    assert plain == STANDARD_PACING == Pacing(lines=100)
    assert (plain.messages_per_second, plain.tick_by_tick, plain.depth, plain.open_history) == (50, 5, 3, 50)
    rich = Pacing(lines=600)
    assert (rich.messages_per_second, rich.tick_by_tick, rich.depth) == (300, 30, 6)
    assert Pacing(lines=100, messages_per_second=40).messages_per_second == 40
    assert [Pacing(lines=lines).depth for lines in (399, 400, 10_000)] == [3, 4, 60]
    assert Pacing(lines=1).messages_per_second == 1


def test_a_number_is_messages_a_second() -> None:
    assert pacing_of(300) == Pacing(messages_per_second=300, lines=600)
    assert pacing_of(None) is None
    assert pacing_of(STANDARD_PACING) is STANDARD_PACING


@pytest.mark.parametrize("name", ["lines", "messages_per_second", "tick_by_tick", "depth", "open_history"])
def test_what_is_no_number_is_refused(name: str) -> None:
    knobs: dict[str, Any] = {name: 0}
    with pytest.raises(ValueError, match=f"{name} is 0, and has to be at least 1"):
        Pacing(**knobs)
    knobs = {name: "50"}
    with pytest.raises(TypeError, match=f"{name} is '50', and has to be a whole number"):
        Pacing(**knobs)
    with pytest.raises(TypeError, match="by_tws is 1"):
        Pacing(by_tws=1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="pacing is True"):
        pacing_of(True)


def test_every_reason_has_words() -> None:
    for reason, words in WORDS.items():
        assert str(Waiting(reason, 0.0)) == f"it waits for {words}"


def test_waits_are_counted_by_reason() -> None:
    tally = Tally()
    tally.note("lines", 1.5)
    tally.note("lines", 0.5)
    tally.note("messages", 1.0)
    tally.note_refused("depth")
    assert (tally.held, tally.seconds) == ({"lines": 2, "messages": 1}, {"lines": 2.0, "messages": 1.0})
    assert (tally.longest, tally.refused) == (1.5, {"depth": 1})


@pytest.mark.parametrize(
    "error, words",
    [
        (LimitReached("lines", UserInfoRequest(), 100, 100), "100 market data lines are open, and TWS takes 100"),
        (LimitReached("small_history", UserInfoRequest(), seconds=412.2), "real-time bars may be asked for for 412 s"),
        (RequestTimedOut(UserInfoRequest(), 5, False, (), "it waits for x"), "not sent within 5 s: it waits for x. N"),
    ],
)
def test_the_errors_say_why_and_can_be_made_again(error: Any, words: str) -> None:
    assert words in str(error)
    again = copy.copy(error)
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize("said, wanted", [("", "+PACEAPI"), ("+PACEAPI", "+PACEAPI"), ("+OTHER", "+OTHER +PACEAPI")])
def test_tws_can_be_asked_to_do_it(said: str, wanted: str) -> None:
    """It keeps back what is too fast. What may be open at once is counted here all the same."""
    line = Line(pacing=Pacing(by_tws=True, lines=2))
    asked = [line.ask(UserInfoRequest()) for _ in range(200)]
    assert (len(line.take()), asked[-1].waiting) == (200, None)
    line.stream(MarketDataRequest(Stock("A")))
    line.stream(MarketDataRequest(Stock("B")))
    with pytest.raises(LimitReached):
        line.stream(MarketDataRequest(Stock("C")))
    session = ClientSession(HandshakeOptions(connect_options=said), pacing=Pacing(by_tws=True))
    session.opened(0.0)
    assert session.data_to_send(0.0).endswith(f" {wanted}".encode())
    session = ClientSession(pacing=Pacing(by_tws=True))
    session.opened(0.0)
    assert session.data_to_send(0.0).endswith(b" +PACEAPI")


# Messages a second


def test_so_many_leave_in_a_second_and_it_is_told_who_waits() -> None:
    line = Line(pacing=STANDARD_PACING)
    asked = [line.ask(UserInfoRequest(), 30.0) for _ in range(100)]
    assert len(line.take()) == 45
    assert [each.waiting for each in asked[:45]] == [None] * 45
    assert asked[45].waiting == asked[99].waiting == Waiting("messages", line.now)
    statistics = line.session.statistics().pacing
    assert statistics is not None
    assert statistics.waiting == {"messages": 55}
    assert line.session.wake_at() == line.now + WINDOW
    line.pass_time(WINDOW)
    line.pass_time(WINDOW)
    assert len(line.take()) == 55
    statistics = line.session.statistics().pacing
    assert statistics is not None
    assert (statistics.waiting, statistics.held) == ({}, {"messages": 55})
    assert statistics.longest == pytest.approx(2 * WINDOW)


def test_an_order_does_not_wait_behind_questions() -> None:
    line = Line(pacing=STANDARD_PACING)
    asked = [line.ask(UserInfoRequest(), 600.0) for _ in range(10_001)]
    assert asked[-1].waiting is not None
    assert len(line.take()) == 45
    # There is no room for another question, and there is for an order.
    with pytest.raises(SendQueueFull, match="or takes so many a second"):
        for _ in range(100):
            line.session.send(MarketDataTypeRequest(MarketDataMode.DELAYED), line.now)
    line.session.send(ORDER, line.now)
    line.session.send(ORDER, line.now)
    # Of one that has left: with one that still waits here, both would vanish.
    line.session.send(CancelOrderRequest(7), line.now)
    line.session.send(GlobalCancelRequest(), line.now)
    assert [type(message).__name__ for message in line.take()] == [
        "PlaceOrderRequest", "PlaceOrderRequest", "CancelOrderRequest", "GlobalCancelRequest",
    ]  # fmt: skip


def test_the_cancel_of_a_stream_goes_in_front_of_questions_and_never_of_the_stream() -> None:
    line = Line(pacing=STANDARD_PACING)
    stream = line.stream(MarketDataRequest(Stock("A")))
    for _ in range(60):
        line.ask(UserInfoRequest(), 60.0)
    held = line.stream(MarketDataRequest(Stock("B")))
    line.take()
    line.leave(held)
    line.leave(stream)
    assert line.take() == [CancelMarketData(number_of(stream))]
    line.pass_time(10.0)
    assert {type(message) for message in line.take()} == {UserInfoRequest}, "what was held has vanished"


def test_what_is_sent_by_hand_keeps_its_order() -> None:
    """Also a setting among the requests that it is for, and a cancel behind what it cancels."""
    line = Line(pacing=Pacing(messages_per_second=2))
    line.session.send(MarketDataRequest(Stock("A"), request_id=1), line.now)
    line.session.send(CancelMarketData(1), line.now)
    line.session.send(MarketDataTypeRequest(MarketDataMode.DELAYED), line.now)
    line.stream(MarketDataRequest(Stock("B")))
    line.pass_time(10.0)
    assert [type(message).__name__ for message in line.take()] == [
        "MarketDataRequest", "CancelMarketData", "MarketDataTypeRequest", "MarketDataRequest",
    ]  # fmt: skip


def test_what_waits_obeys_its_deadline_and_says_so() -> None:
    line = Line(pacing=Pacing(messages_per_second=2))
    line.ask(UserInfoRequest())
    late, gone, last = (line.ask(UserInfoRequest(), timeout) for timeout in (0.5, 60.0, 60.0))
    line.leave(gone)
    line.take()
    line.pass_time(0.5)
    failure = failure_of(late.take)
    assert isinstance(failure, RequestTimedOut)
    assert (failure.sent, failure.waiting) == (False, f"it waits for {WORDS['messages']}")
    line.pass_time(WINDOW)
    assert line.heard_ids() == [number_of(last)]


def test_a_wait_of_ours_is_no_silence_of_tws() -> None:
    line = Line(pacing=Pacing(messages_per_second=1))
    for _ in range(30):
        line.ask(UserInfoRequest(), 600.0)
    line.pass_time(3 * outbox_module.UNSENT_SECONDS)
    assert line.session.closed is None
    assert len(line.take()) == 28
    # And a TWS that takes nothing is one.
    line.is_writing = False
    line.session.data_to_send(line.now + 2 * WINDOW)
    line.pass_time(outbox_module.UNSENT_SECONDS + 2 * WINDOW)
    assert line.session.closed is not None


def test_the_handshake_is_not_paced() -> None:
    line = Line(pacing=Pacing(messages_per_second=1), is_settled=False)
    line.ask(ManagedAccountsRequest())
    assert line.take() == []
    line.pass_time(WINDOW)
    assert line.take() == [ManagedAccountsRequest()]


def test_ten_thousand_questions_cost_ten_thousand_times_one() -> None:
    def ask_all(size: int) -> None:
        line = Line(pacing=Pacing(messages_per_second=100_000, open_history=10))
        asked = [
            line.session.ask(
                HistoricalDataRequest(Stock("A"), f"{1800 + number} S", BarSize.MINUTE_1, WhatToShow.TRADES), line.now
            )
            for number in range(size)
        ]
        line.take()
        # Those in front wait in the outbox, the others for a place; all go, the last ones first.
        for each in reversed(asked):
            line.session.leave(each, line.now)
        assert line.is_empty()

    assert_linear(ask_all, "to leave what waits for a place", 100)


def test_ten_thousand_messages_that_wait_cost_no_more_each() -> None:
    def ask_all(size: int) -> None:
        line = Line(pacing=Pacing(messages_per_second=50))
        asked = [line.session.ask(UserInfoRequest(), line.now, 9_000.0) for _ in range(size)]
        line.pass_time(size / 45 / 2)
        for each in reversed(asked):
            line.session.leave(each, line.now)
        assert line.session.outbox.frames == 0

    assert_linear(ask_all, "messages that wait for their second", 100)


# Against a TWS that counts

VIOLATIONS = {100, 101, 309, 322, 420, 10190}
"""With 162 and a text that says so: that code is the receipt of a cancel, too."""
NOON = datetime(2025, 12, 30, 18, tzinfo=UTC)


class Day:
    """A session and the simulated TWS, without a loop, and a clock that jumps to whatever is next."""

    def __init__(self, pacing: Pacing, **settings: Any) -> None:
        self.world = World(WorldSettings(starts_at=EPOCH, memory=5_000, **settings))
        self.now = 0.0
        self.link = self.world.connect("127.0.0.1", now=0.0)
        self.session = ClientSession(HandshakeOptions(client_id=7), pacing=pacing)
        self.session.opened(0.0)
        self.errors: list[tuple[int, str]] = []
        self.listener = self.session.listen()
        self.run(1.0)

    def move(self) -> None:
        while True:
            out = self.session.data_to_send(self.now)
            if out:
                self.session.sent(len(out), self.now)
                self.link.receive_data(out, self.now)
            back = self.link.data_to_send()
            if back:
                self.session.receive_data(back, self.now)
            if not out and not back:
                break
        self.session.news()
        for event in self.listener.take():
            message = event.message if isinstance(event, anytws.Notice) else event
            if isinstance(message, ErrorMessage):
                self.errors.append((message.error_code, message.error_message))

    def run(self, seconds: float, *, is_done: Any = lambda: False) -> None:
        until = self.now + seconds
        self.move()
        while not is_done():
            times = [at for at in (self.session.wake_at(), self.link.wake_at()) if at is not None]
            self.now = max(self.now, min([until, *times]))
            self.session.wake(self.now)
            self.link.wake(self.now)
            self.move()
            if self.now >= until:
                return


def mixed(number: int) -> tuple[bool, Any]:
    """Give whether it is a stream, and a request: of all that is counted, more than there is room for."""
    stock = Stock(("AAPL", "MSFT", "SPY", "TSLA")[number % 4])
    small = (BarSize.SECONDS_5, BarSize.SECONDS_30)[number % 2]
    kinds = (
        (False, HistoricalDataRequest(stock, f"{60 + number % 30} S", small, WhatToShow.TRADES)),
        (False, HistoricalDataRequest(stock, "1800 S", small, WhatToShow.BID_ASK)),
        (False, HistoricalDataRequest(stock, "1 D", BarSize.MINUTE_1, WhatToShow.TRADES)),
        (False, HistoricalTicksRequest(stock, None, NOON, 5 + number, TicksWhatToShow.TRADES)),
        (False, HeadTimestampRequest(stock, WhatToShow.TRADES)),
        (False, MatchingSymbolsRequest("AA")),
        (False, ContractDataRequest(stock)),
        (False, MarketDataRequest(stock, snapshot=True)),
        (True, RealTimeBarsRequest(stock, what_to_show=RealTimeWhatToShow.TRADES)),
        (True, TickByTickRequest(stock, TickByTickType.LAST)),
        (True, MarketDepthRequest(stock, 5)),
        (True, MarketDataRequest(stock)),
        (True, PnLRequest("DU1234567")),
        (False, UserInfoRequest()),
        (False, ContractDataRequest(stock)),
    )
    return kinds[number % len(kinds)]


@pytest.mark.parametrize("version", [176, 226])
def test_three_hundred_requests_at_once_provoke_no_violation(version: int) -> None:
    day = Day(Pacing(lines=20, messages_per_second=50), messages_per_second=50, lines=20, server_version=version)
    asked, streams, refused = [], [], Counter[str]()
    for number in range(300):
        is_stream, request = mixed(number)
        try:
            if is_stream:
                streams.append(day.session.stream(request, day.now, 3000.0))
            else:
                asked.append(day.session.ask(request, day.now, 3000.0))
        except LimitReached as problem:
            refused[problem.limit] += 1
    day.run(20.0)
    for stream in streams:
        day.session.leave(stream, day.now)
    day.run(3600.0, is_done=lambda: all(each.is_over for each in asked))
    assert all(each.is_over for each in asked)
    failures = Counter[str]()
    for each in asked:
        try:
            each.take()
        except anytws.RequestFailed as failure:
            failures[f"{failure.code} {failure.message}"] += 1
    assert failures == {}
    assert {code for code, _ in day.errors} & VIOLATIONS == set()
    assert not [text for _, text in day.errors if "pacing" in text or "simultaneous" in text]
    assert set(refused) <= {"lines", "tick_by_tick", "depth", "small_history"}
    assert refused["lines"] > 0
    assert day.link._rate.breaches == 0
    statistics = day.session.statistics().pacing
    assert statistics is not None
    assert {"messages", "small_history", "symbols"} <= set(statistics.held)
    assert day.now > 600.0, "small bars alone take ten minutes and more"


# In a program


@pytest.mark.virtual_time
async def test_a_program_waits_for_its_turn_and_no_longer() -> None:
    """Over a stream that another task writes: whoever is kept back is woken when there is a place."""
    async with connect_memory(World(WorldSettings(starts_at=EPOCH, messages_per_second=50))) as stream:
        async with anytws.connect_stream(stream, client_id=1) as tws, anyio.create_task_group() as tasks:
            began = anyio.current_time()
            for _ in range(100):
                tasks.start_soon(tws.ask, UserInfoRequest())
            sent = [tws.send(MarketDataTypeRequest(MarketDataMode.DELAYED)) for _ in range(20)]
            await sent[-1]
            assert anyio.current_time() == pytest.approx(began)
            order = tws.send(ORDER)
            await order
            assert anyio.current_time() == pytest.approx(began), "an order does not wait"
        assert anyio.current_time() == pytest.approx(began + 2 * WINDOW)


@pytest.mark.virtual_time
async def test_a_stream_says_why_it_waits_and_one_too_many_is_refused_at_the_door() -> None:
    async with connect_memory(World(WorldSettings(starts_at=EPOCH))) as stream:
        async with anytws.connect_stream(stream, client_id=1, pacing=Pacing(lines=2, messages_per_second=50)) as tws:
            first = tws.stream(TickByTickRequest(Stock("AAPL"), TickByTickType.LAST))
            second = tws.stream(TickByTickRequest(Stock("AAPL"), TickByTickType.BID_ASK))
            assert first.waiting is None
            async with first, second:
                assert first.waiting is None or first.waiting.reason == "messages"
                assert second.waiting is not None
                assert second.waiting.reason == "tick_by_tick"
                with pytest.raises(LimitReached):
                    async with tws.stream(MarketDataRequest(Stock("MSFT"))):
                        pass
                await anyio.sleep(16.0)
                assert second.waiting is None
            # What was left need not be told that it is: the end says it.
            for _ in range(300):
                async with tws.stream(MarketDataRequest(Stock("MSFT"))):
                    await anyio.lowlevel.checkpoint()
            before = anyio.current_time()
        assert anyio.current_time() - before < 1.2


@pytest.mark.virtual_time
async def test_what_was_sent_by_hand_and_kept_back_is_told_when_the_block_is_left() -> None:
    async with connect_memory(World(WorldSettings(starts_at=EPOCH))) as stream:
        with pytest.raises(anytws.ConnectionClosed, match="messages had to wait for their turn"):
            async with anytws.connect_stream(stream, client_id=1) as tws:
                for _ in range(200):
                    tws.send(MarketDataTypeRequest(MarketDataMode.DELAYED))
