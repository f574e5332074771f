"""How many messages a client may send in a second."""

from __future__ import annotations

import pytest

from anytws.messages.session import CurrentTime, CurrentTimeRequest, ErrorMessage
from anytws.simulator.rate import MessageRate
from tests.trading import Floor


def test_so_many_a_second_and_no_more() -> None:
    rate = MessageRate(2)
    assert [rate.note(now) for now in (0.0, 0.1, 0.2)] == [False, False, True]
    assert rate.opens_at(0.5) == 1.0
    assert rate.opens_at(3.0) == 3.0
    assert [rate.note(now) for now in (1.0, 1.05, 1.1)] == [False, True, False]
    assert rate.breaches == 2


def test_no_limit_is_no_limit() -> None:
    rate = MessageRate(0)
    assert not any(rate.note(0.0) for _ in "x" * 1000)
    assert rate.opens_at(7.0) == 7.0


@pytest.mark.card("orders.message_rate")
def test_the_third_message_too_many_ends_the_connection() -> None:
    floor = Floor(messages_per_second=10)
    trader = floor.trader()
    floor.wait(2)
    sent = 0
    while trader.link.hang_up is None:
        trader.send(CurrentTimeRequest())
        sent += 1
    assert sent == 13
    codes = [message.error_code for message in trader.heard if isinstance(message, ErrorMessage)]
    assert codes == [100, 100, 100]
    assert sum(isinstance(message, CurrentTime) for message in trader.heard) == 10


@pytest.mark.card("orders.message_rate")
def test_a_tws_that_does_not_refuse_takes_its_time() -> None:
    floor = Floor(messages_per_second=10, rejects_above_rate=False)
    trader = floor.trader()
    floor.wait(2)
    for _ in "x" * 25:
        trader.send(CurrentTimeRequest())
    told = []
    for _ in "xxx":
        told.append(sum(isinstance(message, CurrentTime) for message in trader.heard))
        floor.wait(1)
    assert told == [10, 20, 25]
