"""Protobuf bodies read by their shape against the closures: the same messages, the same errors, of any bytes.

As in `tests.compiled_readers`, two things are asked: that nothing else is said than the closures say, whatever was
learned before; and that what TWS usually says needs no parser, else it would be for nothing.
"""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import anytws.wire.codec
from anytws.core import Connection, Side
from anytws.core.events import SurplusFields
from anytws.errors import DecodeError
from anytws.messages import (
    Action,
    Contract,
    Execution,
    Order,
    OrderState,
    OrderStatusWord,
    OrderType,
    SecurityType,
    accounts,
    executions,
    historical,
    market_data,
    orders,
    session,
)
from anytws.messages.base import Message
from anytws.messages.market_data import TickAttributes, TickByTickKind, TickType
from anytws.testing.strategies import message_of, mutations_of
from anytws.wire.catalogue import BY_CLASS, CATALOGUE, entry_said
from anytws.wire.codec import Codec
from anytws.wire.compiled import protobuf_readers
from anytws.wire.compiled.bet import CannotCompile, Decoder, GiveUp
from anytws.wire.compiled.memo import LONGEST
from anytws.wire.compiled.outline import outline
from anytws.wire.compiled.pieces import Memos, Plan
from anytws.wire.compiled.records import LONGEST_RECORD, RECORD_BYTES, RecordMemo
from anytws.wire.compiled.shapes import Bet, by_shape
from anytws.wire.compiled.varints import int32, int64, tag_of, varint
from anytws.wire.kinds import LONG
from anytws.wire.limits import DEFAULT_LIMITS, Limits
from anytws.wire.protobuf import SHORT, parse
from anytws.wire.rows import Entry, Layout, Part, Row, carried_rows
from anytws.wire.versions import MAX_VERSION
from tests.test_memory import BOUNDS, held
from tests.test_transcripts import framed, next_id, proto, version_reply

Outcome: TypeAlias = tuple[object, ...]

RECORDED: Final = Path(__file__).parent / "data" / "recorded_frames.jsonl"
MANY: Final = 1_000_000_000
"""The first id of our own requests: it takes five bytes, and a small one takes one."""
UNKNOWN: Final = b"\xf2\x01\x03abc"
"""Field 30, three bytes."""

few = settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def has_shape(entry: Entry) -> bool:
    try:
        outline(entry.layout)
    except CannotCompile:
        return False
    return entry.protobuf_since is not None


SHAPED: Final = [entry for entry in CATALOGUE if entry.protobuf_since is not None and has_shape(entry)]


def body_of(message: Message) -> bytes:
    """Write *message* as the side does that says it, without its id."""
    return Codec(BY_CLASS[type(message)].said_by, MAX_VERSION).encode(message)[4:]


class Reading:
    """The reader of an entry by shape, which has the strict one for all else."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.parsed: list[bytes] = []
        self.bet = Bet(entry, outline(entry.layout), self.parse, protobuf_readers.records_of, SHORT)
        self.decode: Decoder = self.bet.decoder()

    def parse(self, body: bytes) -> Any:
        self.parsed.append(body)
        return parse(self.entry, body)

    def strictly(self, body: bytes) -> Outcome:
        return outcome_of(lambda: parse(self.entry, body))

    def check(self, body: bytes) -> None:
        """See that *body* is read as the closures read it."""
        assert outcome_of(lambda: self.decode(body)) == self.strictly(body)

    def needs_no_parser(self, body: bytes) -> bool:
        """Check *body*, and tell whether it was read without a parser."""
        self.parsed.clear()
        self.check(body)
        return not self.parsed


def outcome_of(read: Callable[[], Any]) -> Outcome:
    """Give what comes of it: equal outcomes cannot be told apart, -0.0 from 0.0 and 1 from True included."""
    try:
        message = read()
    except DecodeError as problem:
        return str(problem), problem.message, problem.field
    return type(message), message, repr(message)


def number(value: int, longer: int = 0) -> bytes:
    """Write a number as protobuf does, with *longer* bytes more than it needs."""
    value &= 2**64 - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value | 0x80, *[0x80] * (longer - 1), 0] if longer else [*out, value])


def fields_of(body: bytes) -> list[bytes]:
    """Cut a body into its fields."""
    fields, at = [], 0
    while at < len(body):
        tag, end = varint(body, at)
        match tag & 7:
            case 0:
                _, end = varint(body, end)
            case 1:
                end += 8
            case _:
                length, end = varint(body, end)
                end += length
        fields.append(body[at:end])
        at = end
    return fields


def put(text: bytes, body: bytes, place: int) -> bytes:
    """Put *text* in place of a text field's, or of a record's bytes."""
    tag = number(place << 3 | 2)
    return b"".join(tag + number(len(text)) + text if field.startswith(tag) else field for field in fields_of(body))


IDS: Final = st.sampled_from([0, 1, 24, 25, 127, 128, 16_384, MANY, MANY + 24, 2**31 - 2, 2**31 - 1, 2**31, -1, -2])
FOREIGN: Final = st.sampled_from([UNKNOWN, b"\xf0\x01\x07", b"\xf1\x01" + bytes(8), b"\0", b"\x0b\x0c", b"\x07"])


@st.composite
def rearranged(draw: st.DrawFn, body: bytes) -> bytes:
    """Give *body* as no TWS writes it, or with another id in front."""
    fields = fields_of(body)
    match draw(st.integers(0, 6)):
        case 0:
            fields = draw(st.permutations(fields))
        case 1 if fields:
            fields.insert(draw(st.integers(0, len(fields))), draw(st.sampled_from(fields)))
        case 2 if fields:
            fields.pop(draw(st.integers(0, len(fields) - 1)))
        case 3:
            fields.insert(draw(st.integers(0, len(fields))), draw(FOREIGN))
        case 4 if fields and not fields[0][0] & 7:
            fields[0] = fields[0][:1] + number(draw(IDS), draw(st.integers(0, 2)))
        case 5 if fields:
            place = draw(st.integers(0, len(fields) - 1))
            if fields[place][0] & 7 == 2 and len(fields[place]) < 100:
                # A length in more bytes than it needs.
                fields[place] = fields[place][:1] + number(fields[place][1], 1) + fields[place][2:]
        case _:
            return body[: draw(st.integers(0, len(body)))]
    return b"".join(fields)


@pytest.mark.parametrize("entry", SHAPED, ids=lambda entry: entry.name)
def test_nothing_is_read_otherwise_than_by_the_closures(entry: Entry) -> None:
    reading = Reading(entry)

    @few
    @given(st.data())
    def check(data: st.DataObject) -> None:
        body = body_of(data.draw(message_of(entry.cls, MAX_VERSION)))
        reading.check(body)
        for _ in range(3):
            other = data.draw(rearranged(body))
            reading.check(other)
            reading.check(data.draw(mutations_of(other)))
            # What was seen between must not have changed what is known.
            reading.check(body)

    check()


# What TWS usually says needs no parser

NOON: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)
STOCK: Final = Contract(contract_id=265598, symbol="AAPL", security_type=SecurityType.STOCK, exchange="SMART")


def order(price: float) -> Order:
    return Order(action=Action.BUY, total_quantity=Decimal(300), order_type=OrderType.LIMIT, limit_price=price)


def depth(position: int, price: float, size: int, maker: str = "") -> market_data.MarketDepthData:
    return market_data.MarketDepthData(
        position,
        market_data.MarketDepthOperation.UPDATE,
        market_data.MarketDepthSide.BID,
        price,
        Decimal(size),
        maker,
        is_smart_depth=bool(maker),
    )


def status(order_id: int, filled: int, price: float) -> orders.OrderStatus:
    word = OrderStatusWord.SUBMITTED if filled else OrderStatusWord.PRE_SUBMITTED
    left = Decimal(300 - filled)
    return orders.OrderStatus(
        order_id, word, Decimal(filled), left, price, 2138440000 + order_id, 0, price, 1, market_cap_price=0.0
    )


def trade(request_id: int, price: float, *, odd: bool) -> market_data.TickByTickData:
    attributes = market_data.TickAttribLast(unreported=odd)
    tick = market_data.HistoricalTickLast(NOON, price, Decimal(7), "ARCA", "T I" if odd else "T", attributes)
    return market_data.TickByTickData(request_id, TickByTickKind.LAST, last=tick)


def quote(request_id: int, bid: float, ask: float, size: int) -> market_data.TickByTickData:
    tick = market_data.HistoricalTickBidAsk(NOON, bid, ask, Decimal(size), Decimal(7))
    return market_data.TickByTickData(request_id, TickByTickKind.BID_ASK, bid_ask=tick)


def computation(request_id: int, delta: float, price: float) -> market_data.TickOptionComputation:
    return market_data.TickOptionComputation(
        request_id, TickType.MODEL_OPTION, market_data.OptionComputationBasis.PRICE, 0.25, delta, price, None, 0.1
    )


def bar(price: float, volume: int) -> historical.UpdatedBar:
    return historical.UpdatedBar(NOON, price, price, price, price, Decimal(volume), Decimal("1.25"), volume)


def portfolio(value: float, position: int) -> accounts.PortfolioValue:
    return accounts.PortfolioValue(STOCK, Decimal(position), value, value, value, 0.0, 0.0, "DU1")


def fill(request_id: int, price: float) -> executions.ExecutionDetails:
    execution = Execution(
        "0001.01", executions.ExecutionSide.BOUGHT, time=NOON, account="DU1", shares=Decimal(100), price=price
    )
    return executions.ExecutionDetails(request_id, STOCK, execution)


CAN: Final = TickAttributes.CAN_AUTO_EXECUTE
USUAL: Final[dict[str, Callable[[int, int], Message]]] = {
    "TickPrice": lambda i, n: market_data.TickPrice(i, TickType.BID, n / 8, Decimal(n), CAN),
    "TickSize": lambda i, n: market_data.TickSize(i, TickType.BID_SIZE, Decimal(n)),
    "TickGeneric": lambda i, n: market_data.TickGeneric(i, TickType.HALTED, n / 8),
    "TickString": lambda i, n: market_data.TickString(i, TickType.LAST_TIMESTAMP, f"{1_767_623_400 + n}"),
    "TickOptionComputation": lambda i, n: computation(i, -1 / n, n / 8),
    "MarketDepth": lambda i, n: market_data.MarketDepth(i, depth(n % 9, n / 8, n)),
    "MarketDepthL2": lambda i, n: market_data.MarketDepthL2(i, depth(n % 9, n / 8, n, f"MM{n}")),
    "trade": lambda i, n: trade(i, n / 8, odd=n % 2 == 1),
    "quote": lambda i, n: quote(i, n / 8, n / 4, n),
    "RealTimeBarTick": lambda i, n: historical.RealTimeBarTick(i, NOON, n / 8, n / 4, 1.0, 2.0, Decimal(n), None, n),
    "HistoricalDataUpdate": lambda i, n: historical.HistoricalDataUpdate(i, bar(n / 8, n)),
    "PnL": lambda i, n: accounts.PnL(i, n / 8, n / 4, 0.0),
    "PnLSingle": lambda i, n: accounts.PnLSingle(i, Decimal(n), n / 8, n / 4, 0.0, n / 2),
    "PortfolioValue": lambda _, n: portfolio(n / 8, n),
    "Position": lambda _, n: accounts.Position("DU1", STOCK, Decimal(n), n / 8),
    "OrderStatus": lambda i, n: status(i, n, n / 8),
    "OpenOrder": lambda i, n: orders.OpenOrder(i, STOCK, order(n / 8), OrderState()),
    "ExecutionDetails": lambda i, n: fill(i, n / 8),
    "CurrentTime": lambda _, n: session.CurrentTime(datetime.fromtimestamp(1_767_623_400 + n, UTC)),
    "MarketDataType": lambda i, n: market_data.MarketDataType(i, market_data.MarketDataMode(n % 4 + 1)),
}
"""Messages of one shape with any id, as long as that has as many bytes, and any number below 100."""


@pytest.mark.parametrize("first", [1, MANY], ids=["small ids", "large ids"])
@pytest.mark.parametrize("make", USUAL.values(), ids=USUAL)
def test_what_comes_again_needs_no_parser(make: Callable[[int, int], Message], first: int) -> None:
    reading = Reading(BY_CLASS[type(make(1, 1))])
    read = [reading.needs_no_parser(body_of(make(first + place % 7, place))) for place in range(1, 100)]
    assert not read[0]
    assert all(read[1:])


@pytest.mark.parametrize("make", USUAL.values(), ids=USUAL)
def test_small_and_large_ids_come_in_turns(make: Callable[[int, int], Message]) -> None:
    reading = Reading(BY_CLASS[type(make(1, 1))])
    read = [reading.needs_no_parser(body_of(make((1, MANY, 300)[place % 3], place))) for place in range(1, 100)]
    # The bet is off for a while after it was lost, and it is lost for each shape until that is learned.
    assert all(read[30:])


def test_trades_and_quotes_come_in_turns() -> None:
    reading = Reading(BY_CLASS[market_data.TickByTickData])
    said = [trade(MANY, 1.5, odd=True), quote(MANY + 1, 1.5, 1.75, 100), trade(MANY, 1.25, odd=False)]
    read = [reading.needs_no_parser(body_of(said[place % 3])) for place in range(100)]
    assert all(read[20:])


def test_recorded_frames_need_no_parser() -> None:
    """Of all frames of real sessions but those with a long text, or with texts between numbers."""
    exceptions, shaped = set[str](), 0
    for line in RECORDED.read_text("utf-8").splitlines():
        frame = json.loads(line)
        if frame["encoding"] != "protobuf" or "body" not in frame:
            continue
        body = bytes.fromhex(frame["body"])
        said_by = Side.TWS if frame["direction"] == "in" else Side.CLIENT
        entry = entry_said(said_by, int.from_bytes(body[:4], "big") - 200)
        assert entry is not None
        if has_shape(entry):
            shaped += 1
            reading = Reading(entry)
            reading.check(body[4:])
            if not reading.needs_no_parser(body[4:]):
                exceptions.add(entry.name)
    assert shaped == 100
    assert exceptions == {"ErrorMessage", "TickReqParams"}


def test_a_message_of_names_and_sentences_is_left_to_the_parser() -> None:
    def strict(body: bytes) -> None:
        raise AssertionError(body)

    entry = BY_CLASS[accounts.AccountValue]
    assert by_shape(entry, strict, protobuf_readers.records_of, SHORT) is strict


def test_the_same_contract_is_the_same_object() -> None:
    reading = Reading(BY_CLASS[orders.OpenOrder])
    bodies = [body_of(orders.OpenOrder(number, STOCK, order(1.5), OrderState())) for number in (1, 2, 3)]
    _, second, third = map(reading.decode, bodies)
    assert second.contract == STOCK
    assert second.contract is third.contract
    assert second.order is third.order


# Odd values

DOUBLES: Final = [0.0, -0.0, -1.0, -2.0, -1.5, 1.7976931348623157e308, -1.7976931348623157e308]
DOUBLES_OF_NO_NUMBER: Final = [float("nan"), float("inf"), -float("inf"), 5e-324]
TEXTS: Final = [
    *(b"", b"0", b"-0", b"-0.0", b"-1", b"+1", b"007", b"1.0", b"1.50", b"0.5", b".5", b"1.", b"1e5", b"1_0", b" 1"),
    *(b"NaN", b"nan", b"Infinity", b"2147483647", b"02147483647", b"9223372036854775807", b"123456789", b"1234567890"),
    *("\u0661".encode(), "\u00e9".encode(), b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"),
    *(b"9" * 63, b"9" * 127, b"9" * 128, b"9" * 400, b"9" * 401, b"a\0b", b"x" * 200),
]


@pytest.mark.parametrize(
    "name", ["TickPrice", "TickGeneric", "TickOptionComputation", "PnL", "OrderStatus", "MarketDepth"]
)
def test_odd_doubles(name: str) -> None:
    """Wherever a double stands: what was there is put in place of it byte by byte."""
    body, reading = body_of(USUAL[name](MANY, 7)), Reading(BY_CLASS[type(USUAL[name](1, 1))])
    assert not reading.needs_no_parser(body)
    assert reading.needs_no_parser(body)
    places = [
        place for place in range(len(body) - 7) if struct.unpack_from("<d", body, place)[0] in (0.875, -1 / 7, 1.75)
    ]
    assert places
    for place in places:
        for value in DOUBLES + DOUBLES_OF_NO_NUMBER:
            reading.check(body[:place] + struct.pack("<d", value) + body[place + 8 :])


@pytest.mark.parametrize(
    "name, place",
    [("TickPrice", 4), ("TickSize", 3), ("TickString", 3), ("OrderStatus", 2), ("OrderStatus", 3), ("PnLSingle", 2)],
)
def test_odd_texts(name: str, place: int) -> None:
    body, reading = body_of(USUAL[name](MANY, 7)), Reading(BY_CLASS[type(USUAL[name](1, 1))])
    for text in TEXTS:
        # Twice: what was refused must not have been remembered, what was read must be remembered as it was.
        for _ in range(2):
            reading.check(body)
            reading.check(put(text, body, place))


def test_a_record_is_not_longer_than_its_body() -> None:
    """Behind its end there is nothing; what may be absent would be."""
    reading = Reading(BY_CLASS[accounts.PortfolioValue])
    contract = fields_of(body_of(accounts.PortfolioValue(STOCK)))[0]
    reading.check(contract)
    assert reading.needs_no_parser(contract)
    for longer in (1, 9, 60):
        reading.check(contract[:1] + number(contract[1] + longer) + contract[2:])


def test_a_long_body_with_records_is_left_to_the_parser() -> None:
    """There may be more in it than is allowed, which is counted."""
    reading = Reading(BY_CLASS[orders.OpenOrder])
    short = orders.OpenOrder(1, STOCK, order(1.5), OrderState())
    reading.check(body_of(short))
    assert reading.needs_no_parser(body_of(short))
    long = orders.OpenOrder(1, STOCK, order(1.5), OrderState(warning_text="x" * SHORT))
    assert not reading.needs_no_parser(body_of(long))


def test_fields_of_another_type_are_unknown_ones() -> None:
    """The runtime passes over them, and so the message is one; a shape of it would not be."""
    body = body_of(market_data.TickSize(MANY, TickType.BID_SIZE, None))
    for field in (b"\x1d" + bytes(4), b"\x19" + bytes(8), b"\x18\x07", b"\x1b\x1c"):
        reading = Reading(BY_CLASS[market_data.TickSize])
        assert not any(reading.needs_no_parser(body + field) for _ in range(3))
        # And nothing is learned of them.
        assert not reading.bet._known
        assert [reading.needs_no_parser(body) for _ in range(9)][-1]


def test_what_has_no_plan() -> None:
    memos = Memos("some", protobuf_readers.records_of)
    ticks = outline(BY_CLASS[market_data.TickPrice].layout)
    # A price has to be there.
    with pytest.raises(CannotCompile):
        Plan("some", ticks, (), memos, SHORT)
    plan = Plan("some", ticks, ((0, 3),), memos, SHORT)
    assert plan.shape([5, 8, 5]).front == 5
    # A record that is opened has to begin in the first run.
    (row,) = [row for row in carried_rows(BY_CLASS[market_data.MarketDepth].layout) if isinstance(row, Part)]
    late = Layout(market_data.MarketDepth, (Row("request_id", LONG, 1, "reqId"), row))
    with pytest.raises(CannotCompile):
        Plan("some", outline(late), ((0, 1), (0, 2), (2, 4)), memos, SHORT)


def test_fields_that_protobuf_does_not_carry_have_their_default() -> None:
    ticks = BY_CLASS[market_data.TickPrice].layout
    without = Layout(market_data.TickPrice, tuple(row for row in carried_rows(ticks) if row.field != "size"))
    plan = Plan("some", outline(without), ((0, 3),), Memos("some", protobuf_readers.records_of), SHORT)
    body = body_of(market_data.TickPrice(MANY, TickType.BID, 1.5, None, CAN))
    assert plan.shape([9, 8, 2]).read(body) == market_data.TickPrice(MANY, TickType.BID, 1.5, None, CAN)


# The bet


def ticks(base: int = MANY) -> Iterator[bytes]:
    while True:
        for place in range(100):
            yield body_of(USUAL["TickPrice"](base + place % 7, place + 1))


def test_a_bet_that_is_lost_again_and_again_is_off() -> None:
    reading, bodies = Reading(BY_CLASS[market_data.TickPrice]), ticks()
    for _ in range(10):
        reading.check(next(bodies))
    lost = 0
    for _ in range(3_000):
        before = reading.bet._lost
        reading.decode(next(bodies) + UNKNOWN)
        lost += reading.bet._lost - before
    assert lost <= 12
    assert reading.bet.read == reading.parse


def test_a_bet_that_is_lost_now_and_then_is_on() -> None:
    reading, bodies = Reading(BY_CLASS[market_data.TickPrice]), ticks()
    for place in range(1, 3_000):
        reading.decode(next(bodies) + (UNKNOWN if place % 50 == 0 else b""))
    # The lost ones, and some between.
    assert len(reading.parsed) < 3 * 60
    assert reading.needs_no_parser(next(bodies))


def test_a_peer_does_not_choose_how_much_is_learned() -> None:
    """Every choice of the numbers, and every length of an id."""
    reading = Reading(BY_CLASS[market_data.TickOptionComputation])
    _, *fields = fields_of(body_of(computation(1, 0.5, 1.5)))
    for place in range(5_000):
        left_out = {4 + bit for bit in range(8) if place >> bit & 1}
        request_id = b"\x08" + number((7 << 7 * (place % 4)) + place)
        reading.decode(b"".join([request_id, *[field for field in fields if field[0] >> 3 not in left_out]]))
    assert 1 < len(reading.bet._plans) <= 4
    assert 1 < len(reading.bet._known) <= 6


def test_ids_without_end_are_not_kept() -> None:
    """Of two lengths in turns: which of the shapes an id has is remembered."""
    reading = Reading(BY_CLASS[market_data.TickSize])
    _, *fields = fields_of(body_of(USUAL["TickSize"](1, 7)))
    kept = []
    for place in range(20_000):
        reading.decode(b"".join([b"\x08" + number(place + (MANY if place % 2 else 0)), *fields]))
        kept.append(len(reading.bet._by_front))
    assert 1_000 < max(kept) <= 2_048
    assert all(len(memo) <= 8_192 for memo in reading.bet._memos._memos.values())


def test_threads_share_a_reader() -> None:
    """What is learned by one thread while another reads leads to the same messages."""
    entry = BY_CLASS[market_data.TickByTickData]
    reading = Reading(entry)
    said = [
        trade(1, 1.5, odd=True),
        quote(2, 1.5, 1.75, 100),
        trade(MANY, 1.25, odd=False),
        quote(MANY + 1, 2.0, 2.5, 7),
    ]
    bodies = [body_of(each) for each in said]
    wrong: list[Any] = []

    def read(first: int) -> None:
        for place in range(first, first + 2_000):
            message = reading.decode(bodies[place * first % 4])
            if message != said[place * first % 4]:
                wrong.append(message)

    threads = [threading.Thread(target=read, args=(first,)) for first in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# Fields that a newer TWS has


def test_unknown_fields_are_noticed_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each connection is told of those in the first message of a kind, whatever the shared codec has learned."""
    monkeypatch.setattr(anytws.wire.codec, "WORTH_COMPILING", 0)
    # A codec of its own, and not that of other tests.
    limits = Limits(items=DEFAULT_LIMITS.items - 1)

    def events_of(extra: bytes) -> list[object]:
        client = Connection(Side.CLIENT, limits=limits)
        client.opened()
        client.receive_data(version_reply(MAX_VERSION) + proto(15, f1=b"DU1") + next_id(MAX_VERSION))
        client.events()
        tick = market_data.TickPrice(MANY, TickType.BID, 1.5, Decimal(7), CAN)
        client.receive_data(framed(Codec(Side.TWS, MAX_VERSION).encode(tick) + extra))
        return [event for event in client.events() if isinstance(event, (market_data.TickPrice, SurplusFields))]

    usual, extra = [events_of(b"") for _ in range(3)], [events_of(UNKNOWN) for _ in range(3)]
    assert all(len(events) == 1 for events in usual)
    for events in extra:
        assert usual[0][0] in events
        (told,) = [event for event in events if isinstance(event, SurplusFields)]
        assert told.message == "TickPrice"
        assert "30" in told.fields[0]
    assert events_of(b"") == usual[0]


# Memory


def test_what_is_remembered_of_records_is_bounded() -> None:
    memo = RecordMemo(bytes)
    for place in range(3_000):
        assert memo[b"%0500d" % place] == b"%0500d" % place
        assert sum(map(len, memo)) <= RECORD_BYTES
    assert memo[bytes(LONGEST_RECORD + 1)]
    assert bytes(LONGEST_RECORD + 1) not in memo


def test_a_flood_of_records_takes_what_it_may() -> None:
    """Of the worst kind: a contract of legs without a field, each of which is an object."""
    protobuf_readers.records_of.cache_clear()
    reading = Reading(BY_CLASS[orders.OpenOrder])
    (leg,) = [row.number for row in carried_rows(_contract_layout()) if row.field == "combo_legs"]
    body = body_of(orders.OpenOrder(1, STOCK, order(1.5), OrderState()))
    contract = fields_of(body)[1]
    reading.check(body)

    inner = [number(1 << 3) + number(place) + (number((leg or 0) << 3 | 2) + b"\0") * 160 for place in range(130)]
    assert all(len(each) <= LONGEST_RECORD for each in inner)
    assert sum(map(len, inner)) < RECORD_BYTES
    said = [body.replace(contract, contract[:1] + number(len(each)) + each) for each in inner]

    def flood() -> object:
        for each in said:
            reading.decode(each)
        reading.parsed.clear()
        return reading

    assert reading.needs_no_parser(said[0])
    protobuf_readers.records_of(_contract_layout()).clear()
    assert held(flood) <= BOUNDS["wire.compiled.protobuf_readers.records_of()"]


def _contract_layout() -> Any:
    (contract,) = [row for row in carried_rows(BY_CLASS[orders.OpenOrder].layout) if row.field == "contract"]
    assert isinstance(contract, Part)
    return contract.layout


@pytest.mark.parametrize("name", ["TickSize", "TickString", "OrderStatus"])
def test_a_flood_of_values_takes_what_it_may(name: str) -> None:
    reading = Reading(BY_CLASS[type(USUAL[name](1, 1))])
    body, text = body_of(USUAL[name](MANY, 7)), b"" if name == "TickSize" else b"x" * (LONGEST - 12)
    tag = number((2 if name == "OrderStatus" else 3) << 3 | 2)
    before, _, behind = body[6:].partition(tag)
    behind = behind[behind[0] + 1 :]
    texts = [text + b"%d" % count for count in range(8_191)]
    said = [
        b"\x08%b%b%b%c%b%b" % (number(MANY + count), before, tag, len(each), each, behind)
        for count, each in enumerate(texts)
    ]
    reading.check(said[0])
    assert reading.needs_no_parser(said[1])

    def flood() -> object:
        for each in said:
            reading.decode(each)
        return reading

    assert held(flood) <= BOUNDS["wire.compiled.pieces.Memos._memos"]
    assert reading.needs_no_parser(said[-1])


# Numbers and tags


@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 2))
def test_numbers_have_one_form(value: int, longer: int) -> None:
    raw = b"x" + number(value, longer) + b"y"
    if longer:
        with pytest.raises(GiveUp):
            int64(raw, 1)
        return
    assert int64(raw, 1) == (value, len(raw) - 1)
    if -(2**31) <= value < 2**31:
        assert int32(raw, 1) == (value, len(raw) - 1)
    else:
        with pytest.raises(GiveUp):
            int32(raw, 1)


@pytest.mark.parametrize("raw", [b"", b"\x80", b"\xff" * 9 + b"\x02", b"\xff" * 10 + b"\x01", b"\x80\0"])
def test_what_is_no_number(raw: bytes) -> None:
    with pytest.raises((GiveUp, IndexError)):
        varint(raw, 0)


def test_tags_are_those_that_the_runtime_writes() -> None:
    from anytws.wire.protobuf_descriptors import message_class
    from anytws.wire.rows import vendor_name

    layout = BY_CLASS[orders.CompletedOrder].layout
    (order_layout,) = [row.layout for row in carried_rows(layout) if isinstance(row, Part) and row.field == "order"]
    values = {"int32": 1, "int64": 1, "bool": True, "double": 1.5, "string": "x"}
    for row in carried_rows(order_layout):
        if isinstance(row, Row):
            written: Any = message_class(order_layout)()
            setattr(written, vendor_name(row), values[row.kind.protobuf])
            assert written.SerializeToString().startswith(tag_of(row))
