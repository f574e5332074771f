"""A mailbox that holds a picture: `anytws.machines.conflated`, below a session that talks to a scripted TWS."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import pytest

from anytws import ConnectionClosed, DataLost, RequestFailed
from anytws.machines.conflated import Conflated
from anytws.machines.conversation import Streamed
from anytws.machines.quotes import Quote
from anytws.machines.quoting import Quoting
from anytws.messages import (
    Contract,
    MarketDataRequest,
    MarketDataType,
    RerouteMarketDataRequest,
    Stock,
    TickPrice,
    TickType,
)
from anytws.messages.market_data import MarketDataMode
from tests.conversing import VERSIONS, Line, failure_of, number_of

MANY: Final = 3000
REQUEST: Final = MarketDataRequest(Stock("AAPL"))


def opened(line: Line) -> tuple[Conflated[Quote], Streamed[Any]]:
    mailbox: Conflated[Quote] = Conflated(Quoting(), lambda said: MarketDataRequest(Contract(said.contract_id)))
    return mailbox, line.stream(REQUEST, mailbox=mailbox)


def bid(number: int, value: float) -> TickPrice:
    return TickPrice(number, TickType.BID, value, Decimal(1))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_slow_reader_gets_the_newest_alone(version: int) -> None:
    line = Line(version)
    mailbox, stream = opened(line)
    number = number_of(stream)
    for value in range(1, MANY):
        line.say(bid(number, value))
    assert (mailbox.statistics().waiting, mailbox.statistics().received) == (1, MANY - 1)
    assert not mailbox.is_pressed
    assert [quote.bid for quote in stream.take() if isinstance(quote, Quote)] == [MANY - 1]
    assert stream.take() == []
    assert (mailbox.has_items, mailbox.has_news, stream.is_over) == (False, False, False)


def test_the_last_word_comes_before_the_end() -> None:
    line = Line()
    mailbox, stream = opened(line)
    line.say(bid(number_of(stream), 5))
    line.fail(number_of(stream), 10197, "No market data during competing live session")
    assert mailbox.is_finished
    assert not stream.is_over
    assert mailbox.refill()
    (quote,) = mailbox.hand
    assert isinstance(quote, Quote)
    assert quote.bid == 5
    mailbox.hand.clear()
    with pytest.raises(RequestFailed):
        mailbox.refill()
    assert isinstance(failure_of(stream.take), RequestFailed)
    assert stream.is_over


def test_what_is_known_already_is_no_item() -> None:
    line = Line()
    mailbox, stream = opened(line)
    line.say(bid(number_of(stream), 5))
    assert mailbox.refill()
    mailbox.hand.clear()
    line.say(bid(number_of(stream), 5))
    assert mailbox.has_items, "that is found out when somebody looks"
    assert not mailbox.refill()
    assert not mailbox.has_items


def test_a_lost_link_ends_it() -> None:
    line = Line()
    _, stream = opened(line)
    line.say(MarketDataType(number_of(stream), MarketDataMode.REAL_TIME))
    line.fail(-1, 1101)
    assert isinstance(failure_of(stream.take), DataLost)


def test_who_has_left_is_told_nothing() -> None:
    line = Line()
    mailbox, stream = opened(line)
    line.say(bid(number_of(stream), 5))
    line.leave(stream)
    assert mailbox.is_closed
    assert mailbox.is_over
    mailbox.extend([bid(1, 7)])
    assert mailbox.statistics().received == 1


def test_a_reroute_is_no_end() -> None:
    """Once; whoever is sent on again is told that it is over."""
    line = Line()
    mailbox, stream = opened(line)
    line.say(RerouteMarketDataRequest(number_of(stream), 8314, "SMART"))
    assert mailbox.has_news
    assert mailbox.again == MarketDataRequest(Contract(8314))
    assert mailbox.take_again() == MarketDataRequest(Contract(8314))
    assert mailbox.again is mailbox.take_again() is None
    second = line.stream(MarketDataRequest(Contract(8314)), mailbox=mailbox)
    line.say(bid(number_of(second), 5))
    (quote,) = second.take()
    assert isinstance(quote, Quote)
    assert quote.bid == 5
    assert quote.rerouted is not None
    assert quote.rerouted.contract_id == 8314
    line.say(RerouteMarketDataRequest(number_of(second), 8314, "SMART"))
    assert mailbox.is_finished
    assert [quote.changed for quote in second.take() if isinstance(quote, Quote)] == [("rerouted",)]
    assert second.is_over


def test_the_end_of_the_connection_comes_last() -> None:
    line = Line()
    mailbox, stream = opened(line)
    line.say(bid(number_of(stream), 5))
    line.session.receive_eof(line.now)
    assert len(stream.take()) == 1
    assert isinstance(failure_of(stream.take), ConnectionClosed)
    assert mailbox.is_over


def test_it_may_begin_with_the_past() -> None:
    mailbox: Conflated[Quote] = Conflated(Quoting())
    mailbox.preload([bid(1, 5)])
    assert [quote.bid for quote in mailbox.take() if isinstance(quote, Quote)] == [5]
