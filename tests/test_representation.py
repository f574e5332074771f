"""What a value and what is alive show of themselves: in a notebook, in a log, in a failed assertion."""

from __future__ import annotations

import gc
import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given

import anytws
from anytws.core import Connection, Side
from anytws.core.events import (
    CloseReason,
    ConnectionClosed,
    Event,
    FrameDiscarded,
    Notice,
    StateChanged,
    UndecodableFrame,
)
from anytws.core.state import State, StateMachine
from anytws.errors import AnytwsError, DecodeError, LocalProtocolError, RemoteProtocolError
from anytws.machines import Mailbox
from anytws.messages import (
    Action,
    ComboLeg,
    Contract,
    IdsRequest,
    LimitOrder,
    OcaType,
    Order,
    OrderType,
    PlaceOrderRequest,
    PositionsRequest,
    PriceCondition,
    SecurityType,
    Stock,
    TickType,
    TimeInForce,
    base,
)
from anytws.messages.market_data import TickAttributes
from anytws.runtime.stream import EventStream
from anytws.simulator import World
from anytws.simulator.serve import memory_pair, serve_memory
from anytws.testing.strategies import messages

NAMES = vars(__import__("anytws.messages", fromlist=["*"])) | {
    name: getattr(anytws.messages, name) for name in anytws.messages.__all__
}
NAMES |= {"datetime": __import__("datetime"), "Decimal": Decimal, "inf": math.inf, "TickAttributes": TickAttributes}


# Messages and records


def test_what_is_default_is_left_out():
    assert repr(Stock("AAPL")) == (
        "Contract(symbol='AAPL', security_type=SecurityType.STOCK, exchange='SMART', currency='USD')"
    )
    assert repr(LimitOrder("BUY", 100, "10.05", time_in_force=TimeInForce.GTC)) == (
        "Order(action=Action.BUY, order_type=OrderType.LIMIT, total_quantity=Decimal('100'), limit_price=10.05,"
        " time_in_force=TimeInForce.GOOD_TILL_CANCELLED)"
    )
    assert repr(Contract()) == "Contract()"


def test_what_has_no_default_is_always_there():
    assert repr(PlaceOrderRequest(Contract(), Order(Action.BUY, None), order_id=0)) == (
        "PlaceOrderRequest(contract=Contract(), order=Order(action=Action.BUY, order_type=None), order_id=0)"
    )


def test_what_only_looks_like_the_default_is_there():
    """To Python, False is zero, and the first members of two enumerations are one number."""
    order = Order(Action.BUY, OrderType.MARKET, outside_rth=0, oca_type=0)  # type: ignore[arg-type]
    assert repr(order).endswith("outside_rth=0, oca_type=0)")
    assert repr(attrs.evolve(order, outside_rth=False, oca_type=OcaType.NONE)).endswith("order_type=OrderType.MARKET)")


@pytest.mark.parametrize(
    "value",
    [
        Stock("AAPL"),
        LimitOrder("BUY", "0.5", 10, conditions=(PriceCondition(True, 9.5, 1, "SMART", is_conjunction=False),)),
        PlaceOrderRequest(
            attrs.evolve(Stock("A"), combo_legs=(ComboLeg(1), ComboLeg(2))), LimitOrder("SELL", 1, 2), order_id=7
        ),
        Contract(security_type=SecurityType("XYZ"), symbol="it's"),
    ],
)
def test_it_is_what_one_would_write(value: object):
    assert eval(repr(value), dict(NAMES)) == value  # noqa: S307 (our own)


def test_members_are_written_by_name_and_unknown_ones_by_value():
    @base.record
    class Holder:
        held: object

    def told(value: object) -> str:
        return repr(Holder(value))[len("Holder(held=") : -1]

    assert told(TickType.LAST) == "TickType.LAST"
    assert told(TickType(4321)) == "TickType(4321)"
    assert told(SecurityType("X\x1b")) == r"SecurityType('X\x1b')"
    attribute, *_ = TickAttributes
    assert told(attribute) == f"TickAttributes.{attribute.name}"
    assert told(TickAttributes(0)) == "TickAttributes(0)"
    assert told(TickAttributes(2**14)) == f"TickAttributes({2**14})"
    assert told((1,)) == "(1,)"
    assert told(tuple(range(12))) == "(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ... 12 items)"


def test_one_that_is_not_made_yet_is_shown():
    """A debugger shows what is being made."""
    half = Contract.__new__(Contract)
    object.__setattr__(half, "symbol", "AAPL")
    assert "symbol='AAPL'" in repr(half)


@given(message=messages())
def test_every_message_is_one_line_that_a_terminal_can_show(message: object):
    told = repr(message)
    assert told.isprintable()
    assert len(told) <= 4_000


FLOOD = "\x1b[2J\n" * 1_000_000


@pytest.mark.parametrize(
    "value",
    [
        Contract(symbol=FLOOD, security_type=SecurityType(FLOOD)),
        SecurityType(FLOOD),
        attrs.evolve(Stock("A"), combo_legs=tuple(ComboLeg(exchange=FLOOD) for _ in range(1000))),
        UndecodableFrame(FLOOD.encode(), None, None, FLOOD, "x"),
        FrameDiscarded(FLOOD.encode()),
        ConnectionClosed(CloseReason.EOF, State.READY, FLOOD, FLOOD),
        DecodeError("A", FLOOD, FLOOD, FLOOD),
        LocalProtocolError(FLOOD),
        RemoteProtocolError(FLOOD),
        AnytwsError(FLOOD),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_peers_flood_is_told_in_a_few_characters(value: object):
    told = repr(value)
    assert told.isprintable()
    assert len(told) <= 5_000


def test_events_leave_out_what_is_default_too():
    assert repr(StateChanged(State.READY, State.CLOSED)) == "StateChanged(before=State.READY, after=State.CLOSED)"
    end = ConnectionClosed(CloseReason.LOCAL, State.READY)
    assert repr(end) == "ConnectionClosed(reason=CloseReason.LOCAL, state=State.READY)"
    assert repr(anytws.Dropped(3)) == "Dropped(count=3)"
    assert repr(anytws.HandshakeOptions(client_id=3)) == "HandshakeOptions(client_id=3)"


def test_an_error_shows_its_sentence():
    assert repr(LocalProtocolError("no")) == "LocalProtocolError('no')"


# What is alive


class TestAlive:
    """State, version, client id, address; no address in memory."""

    def test_a_connection(self) -> None:
        client = Connection(Side.CLIENT, anytws.HandshakeOptions(client_id=7))
        assert repr(client) == "<Connection of CLIENT, disconnected, client id 7>"
        client.opened()
        client.close()
        assert repr(client) == "<Connection of CLIENT, closed (local), client id 7>"
        assert repr(Connection(Side.TWS)) == "<Connection of TWS, disconnected>"
        assert repr(StateMachine()) == "<StateMachine disconnected>"

    async def test_a_program(self) -> None:
        world = World()
        assert repr(world) == "<World running, server version 226, open links: 0>"
        async with serve_memory(world) as tws, await tws.connect() as stream:
            block = anytws.connect_stream(stream, client_id=3, address="paper\n")
            assert repr(block) == r"<connect() to paper\n, not entered>"
            async with block as connected:
                assert repr(block) == r"<connect() to paper\n, entered>"
                assert repr(connected) == r"<Tws ready, server version 226, client id 3, paper\n>"
                assert repr(tws) == "<MemoryTws, <World running, server version 226, open links: 1>>"
                assert repr(world.links[0]) == "<Link of client 3 from 127.0.0.1, ready>"
            assert repr(connected) == r"<Tws closed (local), server version 226, client id 3, paper\n>"
        world.die()
        assert repr(world) == "<World not running, server version 226, open links: 0>"

    async def test_a_stream(self) -> None:
        mailbox: Mailbox[Event] = Mailbox(2, "fail")
        stream = EventStream(mailbox, lambda _: None)
        told = "waiting: {}, dropped: {}, when_full='fail', capacity=2>>"
        assert repr(stream) == "<EventStream <Mailbox open, " + told.format(0, 0)
        mailbox.extend([StateChanged(State.READY, State.CLOSED)] * 2)
        assert repr(stream) == "<EventStream <Mailbox open, " + told.format(2, 0)
        mailbox.extend([StateChanged(State.READY, State.CLOSED)])
        assert repr(stream) == "<EventStream <Mailbox failed, " + told.format(0, 3)
        stream.close()
        assert repr(stream) == "<EventStream <Mailbox closed, " + told.format(0, 3)

    async def test_a_conversation(self) -> None:
        async with serve_memory(World()) as tws, anytws.connect_stream(await tws.connect()) as connected:
            stream = connected.stream(PositionsRequest())
            assert repr(stream) == "<Stream of PositionsRequest, not entered>"
            async with stream:
                told = "waiting: 0, dropped: 0, when_full='fail', capacity=10000>>"
                assert repr(stream) == "<Stream of PositionsRequest, <Mailbox open, " + told
            assert repr(stream) == "<Stream of PositionsRequest, <Mailbox closed, " + told
            sent = connected.send(IdsRequest())
            await sent
            assert repr(sent) == "<Sent IdsRequest, left>"


def test_a_notice_is_short():
    notice = Notice(2104, "ok", anytws.core.CODES.kind_of(2104), None, datetime(2026, 1, 1, tzinfo=UTC), None)  # type: ignore[arg-type]
    assert len(repr(notice)) < 200


# The block that nobody enters


def test_a_connect_that_is_never_entered_says_so():
    """Alone on a line it connects to nothing; it must not look as if it did."""

    def forgetful() -> None:
        anytws.connect()

    with pytest.warns(RuntimeWarning, match=r"nothing was connected: .* `async with anytws.connect") as warned:
        forgetful()
    assert warned[0].filename == __file__


@pytest.mark.parametrize("use", ["with", "await", "attribute"])
async def test_a_connect_that_is_used_wrongly_says_it_once(use: str, recwarn: pytest.WarningsRecorder) -> None:
    block: Any = anytws.connect_stream(memory_pair()[0])
    if use == "attribute":
        with pytest.raises(AttributeError, match=r"current_time: .* `async with"):
            block.current_time()
        block._is_used = True
    else:
        with pytest.raises(TypeError, match=r"`async with anytws\.connect"):
            if use == "with":
                with block:
                    pass
            else:
                await block
    del block
    gc.collect()
    assert not recwarn.list
