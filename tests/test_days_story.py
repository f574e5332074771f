"""A story is what passed on the wires, in order, read when somebody looks, and printed in short lines."""

from __future__ import annotations

from decimal import Decimal

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.messages import (
    Action,
    CancelOrderRequest,
    CommissionAndFeesReport,
    CompletedOrder,
    Contract,
    CurrentTimeRequest,
    ErrorMessage,
    Execution,
    ExecutionDetails,
    ExecutionSide,
    LimitOrder,
    ManagedAccounts,
    NextValidId,
    OpenOrder,
    OrderState,
    OrderStatus,
    OrderStatusWord,
    PlaceOrderRequest,
    SecurityType,
    StartApiRequest,
    Stock,
    TickPrice,
    TickType,
)
from anytws.messages.base import Side
from anytws.simulator.streams import memory_pair
from anytws.testing.conversation_strategies import Talk, Turn, conversations, handshakes
from anytws.testing.days.lines import line, short, summed_up
from anytws.testing.days.story import Story, Tap
from anytws.testing.strategies import slices_of
from anytws.wire.frames import frame
from anytws.wire.handshake import Greeting, VersionReply

START = (
    Turn(Side.CLIENT, Greeting(157, 226)),
    Turn(Side.TWS, VersionReply(203, b"now")),
    Turn(Side.CLIENT, StartApiRequest(1)),
    Turn(Side.TWS, ManagedAccounts(("DU1",))),
    Turn(Side.TWS, NextValidId(1)),
)


def story_of(*turns: Turn, version: int = 203) -> Story:
    story, talk = Story(), Talk(version, turns)
    number = story.new_wire()
    for seconds, turn in enumerate(turns):
        story.note(float(seconds), turn.said_by, number, talk.written(turn))
    return story


def test_what_passed_is_told_in_order_with_its_times():
    story = story_of(*START)
    assert [(told.now, told.said_by) for told in story] == [
        (0.0, Side.CLIENT),
        (1.0, Side.TWS),
        (2.0, Side.CLIENT),
        (3.0, Side.TWS),
        (4.0, Side.TWS),
    ]
    assert [told.message for told in story][2:] == [turn.said for turn in START[2:]]
    assert str(story).splitlines() == [
        "  0:00.000 -> greeting v157..226",
        "  0:01.000 <- server version 203",
        "  0:02.000 -> StartApiRequest(client_id=1)",
        "  0:03.000 <- ManagedAccounts(accounts=('DU1',))",
        "  0:04.000 <- NextValidId(order_id=1)",
    ]
    assert story.messages == 5


@given(handshakes(203), conversations(203), st.data())
def test_slices_make_no_difference(start: Talk, talk: Talk, data: st.DataObject):
    story, whole = Story(), Story()
    number, other = story.new_wire(), whole.new_wire()
    turns = (*start.turns, *talk.turns)
    for index, turn in enumerate(turns):
        raw = talk.written(turn)
        for piece in data.draw(slices_of(raw, most=3)) if index % 3 == 0 else [raw]:
            story.note(1.0, turn.said_by, number, piece)
        whole.note(1.0, turn.said_by, other, raw)
    assert list(story) == list(whole)
    assert [told.message for told in story if told.message is not None] == [turn.said for turn in turns[2:]]
    assert story.messages == len(turns)


def test_it_grows_while_it_is_read():
    story = story_of(*START)
    assert len(list(story)) == 5
    story.tell(9.0, "something happened", 1, is_an_end=True)
    assert str(story[-1]) == "  0:09.000  * something happened"
    assert story[-1].is_an_end
    assert story[:2] == [story[0], story[1]]
    assert len(story) == 6


def test_each_connection_has_its_own_version():
    story = Story()
    for version in (176, 226):
        number = story.new_wire()
        for turn in (*START[:1], Turn(Side.TWS, VersionReply(version, b"")), *START[2:]):
            story.note(0.0, turn.said_by, number, Talk(version, ()).written(turn))
    assert story.connections == 2
    assert [told.message for told in story if told.connection == 2][2:] == [turn.said for turn in START[2:]]


def test_what_cannot_be_read_is_told_in_words():
    story = story_of(*START)
    story.note(5.0, Side.TWS, 1, frame(b"\0\0\0\x09garbage"))
    story.note(5.0, Side.TWS, 1, frame(b"\0\0\xff\xff"))
    story.note(6.0, Side.TWS, 1, b"\xff\xff\xff\xff")
    texts = [told.text for told in story][5:]
    assert "unreadable: " in texts[0]
    assert texts[1] == "unknown message 65535"
    assert texts[2].startswith("not a frame: ")
    strange = Story()
    strange.new_wire()
    strange.note(0.0, Side.TWS, 1, frame(b"hello"))
    strange.note(0.0, Side.TWS, 1, frame(b"-1\0bad host!\0"))
    assert [told.text for told in strange] == ["5 bytes before the version", "13 bytes before the version"]


def test_data_of_a_market_in_a_row_are_one_line():
    ticks = [Turn(Side.TWS, TickPrice(7, TickType.BID, 1.5)) for _ in range(30)]
    lines = str(story_of(*START, *ticks, Turn(Side.CLIENT, CurrentTimeRequest()), *ticks[:2])).splitlines()
    assert lines[5] == "  0:05.000 <- TickPrice x30, until 0:34.000"
    assert len(lines) == 5 + 1 + 1 + 2


ORDER = LimitOrder("BUY", Decimal(100), 180.5, order_reference="entry")
APPLE = Contract(symbol="AAPL", security_type=SecurityType.STOCK)


@pytest.mark.parametrize(
    "message, text",
    [
        (
            PlaceOrderRequest(Stock("AAPL"), ORDER, order_id=3),
            "PlaceOrderRequest 3: BUY 100 AAPL LMT 180.5 ref=entry",
        ),
        (CancelOrderRequest(3), "CancelOrderRequest 3"),
        (
            OpenOrder(3, APPLE, ORDER, OrderState(status=OrderStatusWord.SUBMITTED)),
            "OpenOrder 3: BUY 100 AAPL LMT 180.5 ref=entry, Submitted",
        ),
        (
            CompletedOrder(APPLE, ORDER, OrderState(completed_status="Filled Size: 100")),
            "CompletedOrder: BUY 100 AAPL LMT 180.5 ref=entry, Filled Size: 100",
        ),
        (
            OrderStatus(3, OrderStatusWord.FILLED, Decimal("100.0"), Decimal(0), 180.5, 77, 0, 180.5, 1),
            "OrderStatus 3: Filled, filled 100, remaining 0",
        ),
        (
            ExecutionDetails(
                1, APPLE, Execution("e.01", ExecutionSide.BOUGHT, order_id=3, shares=Decimal(100), price=180.5)
            ),
            "ExecutionDetails e.01 of order 3: BOT 100 AAPL at 180.5",
        ),
        (CommissionAndFeesReport("e.01", 1.25, "USD"), "CommissionAndFeesReport e.01: 1.25 USD"),
        (ErrorMessage(3, 201, "Order rejected"), "ErrorMessage 201 for 3: Order rejected"),
        (ErrorMessage(None, 1100, "no link\nto IB"), "ErrorMessage 1100: no link to IB"),
        (NextValidId(7), "NextValidId(order_id=7)"),
    ],
)
def test_what_is_about_orders_is_said_in_few_words(message, text: str):
    assert short(message).replace("\\n", " ") == text


def test_an_order_that_is_held_back_says_so():
    order = LimitOrder(Action.SELL, Decimal("1.50"), 2.0, transmit=False)
    assert (
        short(PlaceOrderRequest(APPLE, order, order_id=1)) == "PlaceOrderRequest 1: SELL 1.5 AAPL LMT 2.0 (held back)"
    )


def test_a_line_is_short_whatever_is_said():
    assert len(line(0.0, "<-", "x" * 1000)) == 118
    assert line(59.9999, "<-", "x") == "  1:00.000 <- x"
    assert line(3600.0, "->", "x") == " 60:00.000 -> x"
    assert [*summed_up([])] == []


async def test_a_tap_notes_what_passes_both_ways():
    here, there = memory_pair()
    story, passed = Story(), []
    tap = Tap(here, story, lambda: 2.5, lambda: passed.append(story.messages))
    talk = Talk(203, ())
    await tap.send(talk.written(START[0]))
    assert await there.receive() == talk.written(START[0])
    await there.send(talk.written(START[1]))
    assert await tap.receive() == talk.written(START[1])
    assert [told.now for told in story] == [2.5, 2.5]
    assert passed == [1, 2]
    await tap.send_eof()
    with pytest.raises(anyio.EndOfStream):
        await there.receive()
    await tap.aclose()
    await there.aclose()
