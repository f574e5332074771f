"""How a family of orders leaves: all but its last member, a fence, the last one; and what is done when that goes wrong.

TWS says nothing at all about an order that is not transmitted, and one that it refuses leaves the others alone. So
before the last member leaves a fence is awaited: a cheap request that TWS answers behind the orders. What it refuses on
sight it has refused by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

import anyio
from anyio.lowlevel import checkpoint, checkpoint_if_cancelled

from anytws.client.order_errors import BracketBroken, OrderUnknown, TradeTimedOut
from anytws.client.placing import Patience, check, submit, tell, unknown, withdraw
from anytws.core.arguments import check_timeout
from anytws.core.events import ConnectionClosed
from anytws.errors import AnytwsError, DecodeError, RequestFailed, RequestTimedOut
from anytws.machines.family import Kind, all_left, broken_by, group_name
from anytws.machines.order import OrderLife
from anytws.machines.order_answer import HELD_SECONDS
from anytws.machines.order_state import Left, OrderOutcome
from anytws.messages.base import replace
from anytws.messages.orders import CancelOrderRequest, PlaceOrderRequest

if TYPE_CHECKING:
    from anytws.client.conversing import Conversing
    from anytws.client.trade import Trade

_E = TypeVar("_E", bound=BaseException)

CANCEL_SECONDS: Final = 5.0
"""Seconds that the cancels of a broken family have to be confirmed, at least: also where the deadline of the call is
nearer, or has passed. What is not confirmed by then is told as it is believed."""
SILENT_SECONDS: Final = 1.0
"""Seconds that TWS has, when it has discarded a parent that was never transmitted, to say the same of its children. It
was seen to say nothing of them (and that they are gone, a session later)."""


async def place_family(
    tws: Conversing,
    kind: Kind,
    requests: Sequence[PlaceOrderRequest],
    *,
    again: bool,
    timeout: float | None,
    ref: str = "",
) -> Family:
    """Place *requests* as one family; give it when TWS has acknowledged all of them.

    Raises `BracketBroken`, one `OrderUnknown` for all of them, and what placing an order raises.
    """
    patience = Patience(tws, timeout)
    check(tws, requests, again=again)
    # Whoever is cancelled already sends nothing.
    await checkpoint_if_cancelled()
    if tws.orders.id_block.is_taken:
        await tws.orders.id_block.until_free()
        check(tws, requests, again=again)
    # From here to the fence nobody else comes in between.
    book = tws.known_orders
    if kind is Kind.GROUP and not requests[0].order.oca_group:
        group = group_name(ref, book.client_id, book.ids.next)
        requests = [replace(each, order=replace(each.order, oca_group=group)) for each in requests]
    family = Family(tws, kind, requests, patience)
    tws.require_sayable([family.member(place, book.ids.next, book.ids.next + place) for place in range(len(requests))])
    tws.intake.admit(requests, is_bracket=kind is Kind.BRACKET)
    await family.place()
    return family


class Family:
    """A family of orders: on its way, and afterwards."""

    def __init__(self, tws: Conversing, kind: Kind, requests: Sequence[PlaceOrderRequest], patience: Patience) -> None:
        self._tws = tws
        self._kind = kind
        self._requests = requests
        self._patience = patience
        self._lives: list[OrderLife] = []
        """Of those that were sent, in their order."""
        self._culprit: int | None = None
        """The place of the one that has broken the family."""

    @property
    def trades(self) -> tuple[Trade, ...]:
        """Those that were sent, in their order."""
        return tuple([self._tws.orders.trade_of(life) for life in self._lives])

    async def place(self) -> None:
        """Send all of them, and wait until they are acknowledged."""
        try:
            await self._go()
        except ConnectionClosed as closed:
            if not self._lives:
                raise
            if self._refused() is None:
                raise self._unknown("the connection ended before TWS had acknowledged all of it") from closed
            raise self._broken() from closed
        except (RequestTimedOut, RequestFailed, DecodeError) as problem:
            # Nothing but the fence can raise these.
            if self._refused() is not None:
                await self._break(problem=problem)
            # First: it speaks of the orders, and not of their cancels.
            told = self._unknown(f"its last was not sent, because the fence before it was not answered: {problem}")
            raise _noted(told, self._cancel_all()) from problem
        except AnytwsError as problem:
            if all(life.left is Left.NONE for life in self._lives):
                self._cancel_all()
                raise
            await self._break(str(problem), problem)
        except BaseException as reason:
            # Who is cancelled, say: not a moment may pass here.
            if self._refused() is not None or not self._is_out():
                _noted(reason, self._cancel_all())
            raise
        await self._require_whole()

    async def _require_whole(self) -> None:
        """Raise what has become of them, unless all are acknowledged."""
        if self._refused() is not None:
            await self._break()
        if not all(map(_is_answered, self._lives)):
            raise self._unknown(f"TWS has not acknowledged all of it within {self._patience.seconds:g} s")

    async def until_over(self, timeout: float | None) -> None:
        """Wait until all of them have come to their end; cancel the others if one ends as it should not.

        It goes on over reconnections. Raises `BracketBroken`, `TradeTimedOut`, and `ConnectionClosed` at the end of
        everything.
        """
        self._tws.require_thread("Bracket.until_over", waits=True)
        check_timeout(timeout)
        await checkpoint()
        with anyio.move_on_after(timeout):
            while not all(life.state.is_done for life in self._lives):
                if broken_by(self._kind, [life.state for life in self._lives]) is not None:
                    if await self._is_lost():
                        break
                    continue
                if (over := self._tws.known_orders.over) is not None:
                    raise over.again()
                await self._tws.order_bells.wait_any(self._lives)
        if self._refused() is not None:
            self._patience = Patience(self._tws, None, CANCEL_SECONDS)
            await self._break()
        if not all(life.state.is_done for life in self._lives):
            assert timeout is not None, "without one it is left in another way"
            raise TradeTimedOut(timeout, self.trades[0])

    async def _is_lost(self) -> bool:
        """Tell whether one has broken the family; where it is only gone, the fill that took it may be told later."""
        states = [life.state for life in self._lives]
        place = broken_by(self._kind, states)
        if place is not None and states[place].status is OrderOutcome.CANCELLED:
            with anyio.move_on_after(SILENT_SECONDS):
                while broken_by(self._kind, [life.state for life in self._lives]) is not None:
                    await self._tws.order_bells.wait_any(self._lives)
        return self._refused() is not None

    async def _go(self) -> None:
        """Send all of them, with the fence before the last, and wait for what TWS says, or until one is refused."""
        with self._tws.orders.id_block.taken():
            self._send_up_to(len(self._requests) - 1)
            await self._tws.fence(timeout=max(0.0, self._patience.until - anyio.current_time()))
            if (closed := self._patience.closed) is not None:
                raise closed.again()
            if self._refused() is None:
                self._send_up_to(len(self._requests))
        if self._refused() is None:
            await self._settle()

    def member(self, place: int, parent_id: int, order_id: int | None = None) -> PlaceOrderRequest:
        """Give the member at *place* as it is said, where the first one has the id *parent_id*."""
        request, order = self._requests[place], self._requests[place].order
        if self._kind is Kind.BRACKET:
            order = replace(order, parent_id=parent_id if place else 0, transmit=place == len(self._requests) - 1)
        said: PlaceOrderRequest = replace(request, order=order, order_id=order_id)
        return said

    def _send_up_to(self, count: int) -> None:
        """Send the members up to the one with this number, without a pause."""
        while len(self._lives) < count:
            parent_id = 0 if not self._lives else self._lives[0].order_id
            assert parent_id is not None, "it was given one as it was queued"
            self._lives.append(submit(self._tws, self.member(len(self._lives), parent_id)).life)

    # --- what has become of it -----------------------------------------------------------------------------------

    def _refused(self) -> int | None:
        """Tell which member has broken the family, if one has. What is cancelled then is not asked again."""
        if self._culprit is None:
            self._culprit = broken_by(self._kind, [life.state for life in self._lives])
        return self._culprit

    def _is_out(self) -> bool:
        """Tell whether the family stands: its last member has left, or may have. Else none of it shall."""
        return len(self._lives) == len(self._requests) and not withdraw(self._tws, self._lives[-1])

    async def _settle(self) -> None:
        """Wait until TWS has acknowledged all of them, or one has broken the family."""

        def is_over() -> bool:
            return self._refused() is not None or all(map(_is_answered, self._lives))

        # A caller who is cancelled is to notice, also where the answers are there already.
        await checkpoint()
        if await self._wait(is_over, self._patience.until):
            # With a code, one that is "Inactive" is refused, and without one it is held.
            until = min(self._patience.until, anyio.current_time() + HELD_SECONDS)
            await self._wait(
                lambda: self._refused() is not None or not any(life.state.is_held for life in self._lives), until
            )

    async def _wait(self, holds: Callable[[], bool], until: float) -> bool:
        """Wait for news of any member until *holds* is true, or it is late; tell whether it is.

        Raises `ConnectionClosed` where the connection has ended before that.
        """
        with anyio.CancelScope(deadline=until):
            while not holds():
                if (closed := self._patience.closed) is not None:
                    raise closed.again()
                await self._tws.order_bells.wait_any(self._lives)
        return bool(holds())

    # --- where it comes to nothing -------------------------------------------------------------------------------

    async def _break(self, why: str = "", problem: AnytwsError | None = None) -> NoReturn:
        """Cancel the family, wait until that is confirmed, and raise what became of it."""
        notes = self._cancel_all()
        closed = await self._until_cancelled()
        raise _noted(self._broken(why), notes) from (closed or problem)

    def _cancel_all(self) -> list[str]:
        """Take back or cancel all that is not over, the parent first; give what could not be sent, in words."""
        for life in reversed(self._lives):
            if life.left is Left.NONE:
                withdraw(self._tws, life)
        notes: list[str] = []
        for life in self._lives:
            if life.state.is_done or life.order_id is None:
                continue
            try:
                self._tws.send(CancelOrderRequest(life.order_id))
            except AnytwsError as problem:
                notes.append(f"the cancel of order {life.ref or life.order_id} could not be sent: {problem}")
        return notes

    async def _until_cancelled(self) -> ConnectionClosed | None:
        """Wait until all that was to be cancelled has ended; give the end of the connection, if that comes before."""
        least = anyio.current_time() + CANCEL_SECONDS * self._tws.timeout_factor
        try:
            await self._wait(
                lambda: all(life.state.is_done or self._is_silent(life) for life in self._lives),
                max(self._patience.until, least),
            )
            silent = [life for life in self._lives if not life.state.is_done and self._is_silent(life)]
            until = anyio.current_time() + SILENT_SECONDS
            if silent and not await self._wait(lambda: all(life.state.is_done for life in silent), until):
                for life in silent:
                    life.conclude(OrderOutcome.CANCELLED, "its parent was discarded before any of them was transmitted")
                tell(self._tws, silent)
        except ConnectionClosed as closed:
            return closed
        return None

    def _is_silent(self, life: OrderLife) -> bool:
        """Tell whether *life* was never transmitted, and its parent is discarded: TWS need not say any more of it."""
        return life is not self._lives[0] and life.state.is_untransmitted and self._lives[0].state.is_done

    def _broken(self, why: str = "") -> BracketBroken:
        place = self._refused()
        trades = self.trades
        if place is None:
            return BracketBroken(trades, why)
        remark = self._lives[place].refusal
        code, text = (None, None) if remark is None else (remark.code, remark.text)
        return BracketBroken(trades, why, code=code, message=text, trade=trades[place])

    def _unknown(self, why: str) -> OrderUnknown:
        """Give the one error that says that nobody knows of the family, with one of each member in it."""
        members = [unknown(self._tws, life, why) for life in self._lives]
        for request in self._requests[len(self._lives) :]:
            ref, book = request.order.order_reference, self._tws.known_orders
            members.append(
                OrderUnknown(
                    ref,
                    None,
                    Left.NONE,
                    "it was to be sent when TWS had the others",
                    client_id=book.client_id,
                    next_valid_id=book.next_valid_id,
                )
            )
        first = members[0]
        return OrderUnknown(
            first.ref,
            first.order_id,
            all_left([member.left for member in members]),
            why,
            client_id=first.client_id,
            permanent_id=first.permanent_id,
            next_valid_id=first.next_valid_id,
            members=tuple(members),
            state=first.state,
        )


def _noted(error: _E, notes: Iterable[str]) -> _E:
    """Give *error* with *notes* at it."""
    for note in notes:
        error.add_note(note)
    return error


def _is_answered(life: OrderLife) -> bool:
    """Tell whether TWS has said a word of it: also the one that may mean that it is refused, or held."""
    state = life.state
    return life.is_acknowledged or state.status.is_done or state.is_held
