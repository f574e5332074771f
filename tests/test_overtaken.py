"""Ticks that a newer one of the same read has overtaken: `anytws.core.overtaken`, below a session."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws import RequestFailed
from anytws.core.overtaken import MOST_KEYS, WORTH_LOOKING, Overtaken, borders_at, tick_fronts_at
from anytws.machines.conflated import Conflated
from anytws.machines.conversation import Streamed
from anytws.machines.quotes import Quote
from anytws.machines.quoting import Quoting
from anytws.messages import (
    ErrorMessage,
    MarketDataMode,
    MarketDataRequest,
    MarketDataType,
    NextValidId,
    Stock,
    TickGeneric,
    TickOptionComputation,
    TickPrice,
    TickSize,
    TickString,
    TickType,
)
from anytws.messages.base import Side
from anytws.wire.codec import Codec
from tests.conversing import VERSIONS, Line, failure_of, number_of
from tests.test_memory import BOUNDS, held

REQUEST: Final = MarketDataRequest(Stock("AAPL"))
MANY: Final = 2 * WORTH_LOOKING
OUR_ID: Final = 10**9


def opened(line: Line, count: int = 1) -> list[tuple[Conflated[Quote], Streamed[Any]]]:
    """Open quotes that flow: their mode is known, and there are data."""
    both = []
    for _ in range(count):
        mailbox: Conflated[Quote] = Conflated(Quoting())
        stream = line.stream(REQUEST, mailbox=mailbox)
        number = number_of(stream)
        line.say(MarketDataType(number, MarketDataMode.REAL_TIME), bid(number, 1), bid(number, 2))
        mailbox.take()
        both.append((mailbox, stream))
    return both


def bid(number: int, price: float, size: int | None = 1) -> TickPrice:
    return TickPrice(number, TickType.BID, price, None if size is None else Decimal(size))


def quote_in(mailbox: Conflated[Quote]) -> Quote:
    (quote,) = mailbox.take()
    assert isinstance(quote, Quote)
    return quote


@pytest.mark.parametrize("version", VERSIONS)
def test_of_a_large_read_the_last_of_each_is_read(version: int) -> None:
    line = Line(version)
    (mailbox, stream), (other, second) = opened(line, 2)
    number, their = number_of(stream), number_of(second)
    ticks = [tick for price in range(MANY) for tick in (bid(number, price), bid(their, -price))]
    line.say(*ticks, TickSize(number, TickType.BID_SIZE, Decimal(7)))
    assert line.session.statistics().overtaken == 2 * MANY - 2
    assert (quote_in(mailbox).bid_size, quote_in(other).bid) == (7, 1 - MANY)
    assert line.session.statistics().late == {}


def test_small_reads_and_other_streams_are_read_whole() -> None:
    line = Line()
    [(_, stream)] = opened(line)
    number = number_of(stream)
    queue = line.stream(REQUEST)
    line.say(*[bid(number, price) for price in range(WORTH_LOOKING - 1)])
    line.say(*[bid(number_of(queue), price) for price in range(MANY)])
    assert line.session.statistics().overtaken == 0
    assert len(queue.take()) == MANY


def test_who_listens_to_all_events_gets_all() -> None:
    line = Line()
    [(_, stream)] = opened(line)
    events = line.session.listen()
    ticks = [bid(number_of(stream), price) for price in range(MANY)]
    line.say(*ticks)
    assert events.take()[-MANY:] == ticks
    events.close()
    line.say(*ticks)
    line.say(*ticks)
    assert line.session.statistics().overtaken > 0


@pytest.mark.parametrize("version", VERSIONS)
def test_the_last_word_before_an_end_is_heard(version: int) -> None:
    """Ticks behind an error are late: they overtake none in front of it."""
    line = Line(version)
    [(mailbox, stream)] = opened(line)
    number = number_of(stream)
    line.say(
        *[bid(number, price) for price in range(MANY)], ErrorMessage(number, 10197, "competing"), bid(number, 9999)
    )
    assert quote_in(mailbox).bid == MANY - 1
    assert isinstance(failure_of(mailbox.take), RequestFailed)


def test_what_is_over_is_looked_for_no_more() -> None:
    line = Line()
    [(_, stream)] = opened(line)
    overtaken = line.session.connection._overtaken
    assert overtaken._prefixes
    line.leave(stream)
    line.pass_time(100)
    assert not overtaken._prefixes


@pytest.mark.parametrize("version", VERSIONS)
def test_types_that_have_no_name_are_told_apart(version: int) -> None:
    """In protobuf a number above 127 has two bytes, of which the first says too little."""
    line = Line(version)
    [(mailbox, stream)] = opened(line)
    number = number_of(stream)
    said = [TickGeneric(number, TickType(kind), 1.0) for kind in (130, 258, 386, 2)] * WORTH_LOOKING
    line.say(*said)
    assert {int(tick.tick_type) for tick in quote_in(mailbox).others} == {130, 258, 386, 2}


def test_an_id_of_another_length_is_read_whole() -> None:
    fronts = tick_fronts_at(178)
    overtaken = Overtaken()
    overtaken.add(5, fronts)
    assert not overtaken.is_worth([b""] * MANY)
    overtaken.add(2**28, fronts)
    assert overtaken.is_worth([b""] * MANY)
    overtaken.is_paused = True
    assert not overtaken.is_worth([b""] * MANY)
    overtaken.discard(2**28, fronts)
    overtaken.is_paused = False
    assert not overtaken.is_worth([b""] * MANY)


@pytest.mark.parametrize("version", VERSIONS)
def test_bodies_that_are_cut_short_are_kept(version: int) -> None:
    """Whether they can be read is not the question here."""
    overtaken = Overtaken()
    fronts = tick_fronts_at(version)
    assert len(fronts) == 5
    overtaken.add(2**28, fronts)
    overtaken.borders = borders_at(version)
    prefix = fronts[0].with_id(2**28)
    assert prefix is not None
    for body in (prefix, prefix + b"\x10", b"", b"\0", prefix[:5]):
        assert overtaken.newest_of([body, b"something else", body]).count(body) in (1, 2)


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=30)
@given(said=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3), st.integers(0, 40)), max_size=40))
def test_at_once_or_one_by_one_is_the_same(version: int, said: list[tuple[int, int, int]]) -> None:
    """Of what is mixed with other messages, other requests, and what is cut short, too."""
    overtaken, other, codec = Overtaken(), OUR_ID + 9, Codec(Side.TWS, version)
    overtaken.borders = borders_at(version)
    for number in (OUR_ID + 1, OUR_ID + 2):
        overtaken.add(number, tick_fronts_at(version))
    bodies: list[bytes] = []
    for kind, place, value in said:
        number = other if place == 3 else OUR_ID + place
        messages: tuple[Any, ...] = (
            bid(number, value),
            TickSize(number, TickType.BID_SIZE, Decimal(value)),
            TickGeneric(number, TickType(130), 1.0),
            TickGeneric(number, TickType(258), float(value)),
            TickString(number, TickType.LAST_TIMESTAMP, str(value)),
            TickOptionComputation(number, TickType.MODEL_OPTION, delta=value / 100),
            MarketDataType(number, MarketDataMode.REAL_TIME),
            NextValidId(value),
        )
        if kind < len(messages):
            bodies.append(codec.encode(messages[kind]))
        elif bodies:
            bodies.append(bodies[-1][: value % (len(bodies[-1]) + 1)])
    once = overtaken._newest_at_once(bodies)
    assert once is not None
    assert once == overtaken._newest_one_by_one(bodies)
    assert overtaken.newest_of(bodies) == once
    assert overtaken.count == len(bodies) - len(once)


def test_what_is_looked_for_is_remembered_up_to_its_bound() -> None:
    """It is the peer that says which ticks there are."""

    def fill() -> Any:
        overtaken = Overtaken()
        fronts = tick_fronts_at(178)
        for place in range(4):
            overtaken.add(OUR_ID + place, fronts)
            prefix = fronts[0].with_id(OUR_ID + place)
            assert prefix is not None
            overtaken.newest_of([b"%s%d\0rest\0" % (prefix, kind) for kind in range(2 * MOST_KEYS)])
            overtaken.newest_of([b"%s%d\0rest\0" % (prefix, 10**900 + kind) for kind in range(100)])
        assert 0 < len(overtaken._keys) <= MOST_KEYS
        return overtaken._keys

    assert held(fill) <= BOUNDS["core.overtaken.Overtaken._keys"]


KINDS: Final = (TickType.BID, TickType.ASK, TickType.BID_SIZE, TickType.DELAYED_BID, TickType.SHORTABLE, TickType(777))
ticks = st.one_of(
    st.builds(TickPrice, st.just(0), st.sampled_from(KINDS), st.sampled_from([-1.0, 1.0, 2.0]),
              st.sampled_from([Decimal(0), Decimal(5)])),
    st.builds(TickSize, st.just(0), st.sampled_from(KINDS), st.sampled_from([Decimal(0), Decimal(4)])),
    st.builds(TickGeneric, st.just(0), st.sampled_from(KINDS), st.sampled_from([0.0, 2.0])),
    st.builds(TickString, st.just(0), st.sampled_from(KINDS), st.sampled_from(["K", "Q"])),
    st.builds(TickOptionComputation, st.just(0), st.just(TickType.MODEL_OPTION), delta=st.sampled_from([0.5, 0.25])),
    st.builds(MarketDataType, st.just(0), st.sampled_from([MarketDataMode.REAL_TIME, MarketDataMode.DELAYED])),
)  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=12)
@given(said=st.lists(ticks, min_size=1, max_size=12))
def test_one_large_read_gives_the_same_quote_as_many_small_ones(version: int, said: list[Any]) -> None:
    quotes = []
    for is_large in (True, False):
        line = Line(version)
        [(mailbox, stream)] = opened(line)
        number = number_of(stream)
        # The first one says that what comes is live; then it is long enough to be worth looking at.
        messages: list[Any] = [bid(number, 5)] * WORTH_LOOKING
        messages += [type(tick)(number, *_rest(tick)) for tick in said]
        if is_large:
            line.say(*messages)
            assert line.session.statistics().overtaken >= WORTH_LOOKING - 1
        else:
            for message in messages:
                line.say(message)
        quotes.append(mailbox.picture.take())
    assert _about_the_market(quotes[0]) == _about_the_market(quotes[1])


def _rest(tick: Any) -> list[Any]:
    return [getattr(tick, name) for name in tick.__slots__ if name not in ("request_id", "__weakref__")]


def _about_the_market(quote: Any) -> Any:
    """Leave out what is about the reader, and the id, which is another one each time."""
    if quote is None:
        return None
    others = [(type(tick), tick.tick_type) for tick in quote.others]
    delta = quote.greeks.model and quote.greeks.model.delta
    return quote.mode, quote.bid, quote.bid_size, quote.ask, quote.not_of_mode, others, delta, quote.generic.shortable
