"""Many contracts, one reader: `anytws.machines.watching`, without a session."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws import CloseReason, ConnectionClosed, RequestFailed, State
from anytws.machines.quotes import Quote
from anytws.machines.quoting import Quoting
from anytws.machines.watching import Line, Watched, Watching
from anytws.messages import Contract, MarketDataRequest, RerouteMarketDataRequest, Stock, TickPrice, TickType

A, B, C = "A", "B", "C"
CLOSED: Final = ConnectionClosed(CloseReason.EOF, State.READY)
REFUSED: Final = RequestFailed(200, "No security definition has been found", None)


def bid(value: float) -> TickPrice:
    return TickPrice(1, TickType.BID, value, Decimal(1))


def request(name: str) -> MarketDataRequest:
    return MarketDataRequest(Stock(name))


class Desk:
    """A `Watching` whose wishes are fulfilled."""

    def __init__(self, *names: str) -> None:
        self.watching: Watching[str, Quote] = Watching()
        self.open: dict[str, Line[str, Quote]] = {}
        self.add(*names)

    def add(self, *names: str) -> None:
        for name in names:
            self.watching.add(
                name, request(name), Quoting(), lambda said: MarketDataRequest(Contract(said.contract_id))
            )
        self.settle()

    def settle(self) -> None:
        for left in self.watching.take_leaving():
            assert isinstance(left, Line)
            if self.open.get(left.contract) is left:
                del self.open[left.contract]
        for line, asked in self.watching.take_wishes():
            assert isinstance(line, Line)
            self.open[line.contract] = line
            self.asked = asked

    def say(self, name: str, *items: Any) -> None:
        self.open[name].extend(items)

    def read(self) -> tuple[str, Any] | None:
        """Give the next item, as a reader does: a price, or an error."""
        if not self.watching.refill():
            return None
        watched = self.watching.hand.pop()
        assert isinstance(watched, Watched)
        return watched.contract, watched.item.bid if isinstance(watched.item, Quote) else watched.item


def test_each_stands_in_the_queue_once_and_keeps_its_place() -> None:
    desk = Desk(A, B, C)
    desk.say(B, bid(1))
    desk.say(A, bid(2))
    desk.say(B, bid(3))
    assert desk.watching.statistics().waiting == 2
    assert [desk.read(), desk.read(), desk.read()] == [(B, 3), (A, 2), None]


def test_whoever_is_busy_lets_others_have_their_turn() -> None:
    desk = Desk(A, B)
    told = []
    for value in range(1, 7):
        desk.say(A, bid(value))
        desk.say(B, bid(value))
        told.append(desk.read())
    assert told == [(A, 1), (B, 2), (A, 3), (B, 4), (A, 5), (B, 6)]


def test_what_was_read_and_did_not_change_is_passed_over() -> None:
    desk = Desk(A, B)
    desk.say(A, bid(1))
    assert desk.read() == (A, 1)
    desk.say(A, bid(1))
    desk.say(B, bid(1))
    assert desk.watching.has_items
    assert desk.read() == (B, 1)


def test_a_refusal_is_an_item_behind_the_last_word() -> None:
    desk = Desk(A, B)
    desk.say(A, bid(1))
    desk.open[A].finish(REFUSED)
    desk.say(B, bid(2))
    assert [desk.read(), desk.read(), desk.read()] == [(A, 1), (B, 2), (A, REFUSED)]
    assert desk.watching.contracts == (B,)
    assert not desk.watching.is_over
    desk.settle()
    assert set(desk.open) == {B}, "it is left, so that nothing is kept of it"


def test_with_the_last_contract_it_is_over() -> None:
    desk = Desk(A, B)
    desk.open[A].finish(REFUSED)
    desk.watching.remove(B)
    assert not desk.watching.is_over
    assert desk.read() == (A, REFUSED)
    assert desk.watching.is_over
    assert not Desk().watching.is_over, "before the first one was added it has not begun"


def test_what_has_failed_can_be_added_again() -> None:
    desk = Desk(A)
    desk.open[A].finish(REFUSED)
    desk.add(A)
    desk.say(A, bid(5))
    assert [desk.read(), desk.read()] == [(A, 5), None], "the failure of before is none of the new one"
    assert desk.watching.contracts == (A,)


def test_adding_twice_and_removing_what_is_not_there() -> None:
    desk = Desk(A)
    first = desk.open[A]
    desk.add(A)
    assert desk.open[A] is first
    assert not desk.watching.remove(B)
    desk.say(A, bid(1))
    assert desk.watching.remove(A)
    assert desk.read() is None
    desk.settle()
    assert desk.open == {}
    first.extend([bid(2)])
    assert desk.read() is None


def test_what_was_never_opened_is_not_left() -> None:
    watching: Watching[str, Quote] = Watching()
    watching.add(A, request(A), Quoting())
    watching.remove(A)
    assert (watching.take_wishes(), watching.take_leaving(), watching.has_wishes) == ([], [], False)


def test_wishes_can_be_taken_in_pieces() -> None:
    watching: Watching[str, Quote] = Watching()
    for name in (A, B, C):
        watching.add(name, request(name), Quoting())
    assert [asked for _, asked in watching.take_wishes(2)] == [request(A), request(B)]
    assert watching.has_wishes
    assert [asked for _, asked in watching.take_wishes(2)] == [request(C)]


def test_the_end_of_the_connection_is_that_of_all() -> None:
    desk = Desk(A, B)
    desk.say(A, bid(1))
    for line in desk.open.values():
        line.finish(CLOSED.again())
    assert desk.read() == (A, 1)
    with pytest.raises(ConnectionClosed):
        desk.read()
    with pytest.raises(ConnectionClosed):
        desk.watching.take()
    assert desk.watching.is_over


def test_a_reroute_opens_another_one_in_its_place() -> None:
    desk = Desk(A)
    desk.say(A, RerouteMarketDataRequest(1, 8314, "SMART"))
    desk.open[A].finish()
    assert desk.watching.has_wishes
    desk.settle()
    assert desk.asked == MarketDataRequest(Contract(8314))
    desk.say(A, bid(3))
    assert desk.read() == (A, 3)
    desk.open[A].finish()
    assert desk.read() is None


def test_batches_have_all_that_changed() -> None:
    desk = Desk(A, B, C)
    for name in (A, B):
        desk.say(name, bid(1))
    assert desk.watching.refill()
    desk.say(C, bid(1))
    desk.watching.top_up()
    hand = [each.contract for each in reversed(desk.watching.hand) if isinstance(each, Watched)]
    assert hand == [A, B, C]
    assert [each.contract for each in desk.watching.take() if isinstance(each, Watched)] == [A, B, C]
    assert desk.watching.take() == []


def test_closing_forgets_all() -> None:
    desk = Desk(A, B)
    desk.say(A, bid(1))
    desk.watching.close()
    assert desk.watching.is_over
    assert not desk.watching.has_items
    assert all(line.is_closed for line in desk.open.values())


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from([A, B, C, "read", "refuse A", "remove B", "add B"]), st.integers(1, 5))))
def test_no_last_word_is_lost(steps: list[tuple[str, int]]) -> None:
    """Whatever happens, in the end the reader has the last word of each contract that is watched, and each in turn."""
    desk = Desk(A, B, C)
    said: dict[str, int] = {}
    seen: dict[str, Any] = {}

    def read() -> bool:
        item = desk.read()
        if item is not None:
            seen[item[0]] = item[1]
        return item is not None

    for step, value in steps:
        if step == "read":
            read()
        elif step == "refuse A" and A in desk.open:
            # Once that was read, it is no part of the watch any more.
            desk.open[A].finish(REFUSED)
        elif step == "remove B":
            desk.watching.remove(B)
            desk.settle()
            said.pop(B, None)
            seen.pop(B, None)
        elif step == "add B":
            desk.add(B)
        elif step in desk.open and not desk.open[step].is_finished:
            desk.say(step, bid(value))
            said[step] = value
    for _ in range(9):
        read()
    assert desk.read() is None
    is_refused = any(step == "refuse A" for step, _ in steps)
    assert {name: REFUSED if is_refused and name == A else said[name] for name in said} == {
        name: value for name, value in seen.items() if name in said
    }
