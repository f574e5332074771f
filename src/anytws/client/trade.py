"""An order that was placed, found, or taken over: what is believed of it, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final, NoReturn

import anyio
from anyio.lowlevel import checkpoint

from anytws.client.order_changes import OrderChanges, changed_order, checked
from anytws.client.order_errors import CancelFailed, ModificationRefused, TradeTimedOut
from anytws.client.order_streams import TradeChanges
from anytws.client.placing import Patience, rejected, unknown, withdraw
from anytws.core.arguments import check_flag, check_timeout
from anytws.core.code_words import Outstanding
from anytws.core.events import ConnectionClosed
from anytws.errors import AnswerLost, LocalProtocolError, WrongThread, shown
from anytws.machines.order import OrderLife
from anytws.machines.order_answer import Answer, AnswerKind, Cancelling, Changing, Placing
from anytws.machines.order_state import Fill, Left, OrderOutcome, Owner, TradeState
from anytws.messages.contract import Contract
from anytws.messages.instruments import routed
from anytws.messages.order import Order
from anytws.messages.orders import CancelOrderRequest, PlaceOrderRequest

if TYPE_CHECKING:
    from typing import Unpack

    from anytws.client.conversing import Conversing

_NOT_OURS: Final = {
    Owner.OTHER_CLIENT: "it belongs to client {client}: TWS lets that one alone change it, and under its id this "
    "client may have another order. Connect as client {client}, or use cancel_all(), which cancels the orders of all",
    Owner.MANUAL: "it was made by hand in TWS and is bound to no client: connect as client 0 and call "
    "tws.orders.bind_manual(), or use cancel_all(), which cancels the orders of all",
    Owner.BOUND: "it was made by hand in TWS and is bound to client 0: connect as that one",
}


class Trade:
    """One order, as this client believes it. It stays true over reconnections (`anytws.keep_connected`).

    What is a property tells what is known. Raises `WrongThread` where a method, or `state`, is used in another thread
    than the connection's.
    """

    def __init__(self, tws: Conversing, life: OrderLife) -> None:
        self._tws = tws
        self._life = life
        self._thread = get_ident()
        self._turn = anyio.Lock()
        """Of those who change it."""
        self._cancelling = 0
        """How many wait for what becomes of a cancel."""

    def __repr__(self) -> str:
        name = self.ref or self.order_id or self.permanent_id
        try:
            state = self.state
        except WrongThread:
            return f"<Trade {name}>"
        return f"<Trade {name}, {state.status.value}, filled {state.filled}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Trade belongs to its connection, and there is one of each order: it cannot be copied or pickled. What "
            "goes elsewhere is a value: its ref, its state"
        )

    @property
    def state(self) -> TradeState:
        """What is believed now: a value, which does not change.

        Raises `WrongThread` in another thread than that of the connection, as long as that lives.
        """
        # It is made of the facts when somebody asks. Made in between by another thread, it would be half of one and
        # half of the next, and whoever waits for it might not be told.
        if get_ident() != self._thread and self._tws.known_orders.over is None:
            raise WrongThread("Trade.state", waits=False)
        return self._life.state

    @property
    def ref(self) -> str:
        """The caller's own reference; empty where it has none."""
        return self._life.ref

    @property
    def order_id(self) -> int | None:
        """The order id, of the client that placed it; None where none was told."""
        return self._life.order_id

    @property
    def permanent_id(self) -> int:
        """The number at the vendor; 0: not told yet."""
        return self._life.permanent_id

    @property
    def owner(self) -> Owner:
        """Whose order it is."""
        return self._life.owner

    @property
    def order(self) -> Order | None:
        """The terms as TWS last said them, else as they were asked for; None where only executions of it are known."""
        return self._life.order

    @property
    def contract(self) -> Contract | None:
        """What it trades, likewise."""
        return self._life.contract

    @property
    def fills(self) -> tuple[Fill, ...]:
        """Its executions, in the order in which they came to be known; corrections have taken their places."""
        return tuple(self._life.fills.values())

    @property
    def left(self) -> Left:
        """How much of what was sent last for it has left this process."""
        return self._life.left

    # --- what becomes of it ------------------------------------------------------------------------------------------

    def changes(self) -> TradeChanges:
        """Give an async iterator of every change of belief, none lost: ``async for change in trade.changes()``.

        The first has the present state, and ``before`` is the same. After the first one that is final it comes to its
        end: an execution that comes late, after the order was cancelled, is in `state` and in
        `Orders.follow_executions`. Raises what ends the connection for good (`ConnectionClosed`), and `SlowConsumer` if
        10,000 changes wait to be read; what is believed is right all the same.
        """
        self._tws.require_thread("Trade.changes", waits=False)
        return TradeChanges(self._tws, self._life)

    async def until(self, holds: Callable[[TradeState], object], *, timeout: float | None = None) -> TradeState:
        """Wait until *holds* is true of the state, and give that state; at once, if it is true already.

        ::

            await trade.until(lambda state: state.is_done)

        *holds* is asked whenever something was heard of the order; what comes and goes within one read of the socket it
        does not see (`changes` does). *timeout* is in seconds, None waits for ever.

        Raises `TradeTimedOut`, whatever *holds* raises, and `ConnectionClosed` when the connection ends; under
        ``keep_connected`` that is the end of everything, and over a reconnection the wait goes on.
        """
        tws, life, book = self._tws, self._life, self._tws.known_orders
        tws.require_thread("Trade.until", waits=True)
        check_timeout(timeout)
        if not callable(holds):
            raise TypeError(f"holds is {shown(holds)}, and has to be something to call with a TradeState")
        await checkpoint()
        with anyio.move_on_after(timeout):
            while not holds(state := life.state):
                if book.over is not None:
                    raise book.over.again()
                await tws.order_bells.wait(life)
            return state
        if holds(state := life.state):
            return state
        assert timeout is not None, "without one it is left in another way"
        raise TradeTimedOut(timeout, self)

    # --- what can be done with it ------------------------------------------------------------------------------------

    async def modify(
        self, *, without_link: bool = False, timeout: float | None = None, **fields: Unpack[OrderChanges]
    ) -> TradeState:
        """Change the order, and give its state when TWS says it with the new terms: ``trade.modify(limit_price=181)``.

        The keywords are fields of `Order`. All else stays as TWS last said it, the contract included;
        what TWS fills in by itself is left out. One change at a time: a second one waits for the answer to the first.
        If the order comes to its end meanwhile, that state is given. *timeout* is in seconds, None: a minute.

        Raises `ModificationRefused` where TWS refuses the change (the order lives on; after 201 ask, see
        ``is_contested``), and where it makes no sense now, with ``code`` None, and nothing sent: the order has ended,
        TWS has not said a word of it, or TWS has no link to the vendor. A change that was sent without one has become a
        second order; *without_link* sends it all the same. Raises `OrderUnknown` where the deadline passes or the
        connection ends before TWS has said the new terms: outside of trading hours it may say them only at the opening.
        `LocalProtocolError` for an order that is not this client's, and what `Tws.send` raises: nothing was sent.
        """
        self._tws.require_thread("Trade.modify", waits=True)
        check_flag("without_link", without_link)
        changes = checked(fields)
        patience = Patience(self._tws, timeout)
        await checkpoint()
        await self._take_turn(patience)
        try:
            return await self._modify(changes, patience, without_link=without_link)
        finally:
            self._turn.release()

    async def _take_turn(self, patience: Patience) -> None:
        with anyio.CancelScope(deadline=patience.until):
            await self._turn.acquire()
            return
        why = f"another change has not been answered for {patience.seconds:g} s, and nothing was sent"
        raise ModificationRefused(None, why, self)

    async def _modify(self, changes: dict[str, Any], patience: Patience, *, without_link: bool) -> TradeState:
        tws, life = self._tws, self._life
        order_id = self._require_ours("PlaceOrderRequest", "changed")
        self._refuse_senseless(without_link=without_link)
        order, contract = changed_order(life, tws.known_orders, changes), life.contract
        assert contract is not None, "it came with the terms"
        if all(getattr(life.order, name) == value for name, value in changes.items()):
            return self.state
        was_kept_back = life.state.is_untransmitted
        sent = tws.send(PlaceOrderRequest(_as_asked(contract), order, order_id=order_id))
        wait = Placing(life) if was_kept_back else Changing(life)
        try:
            if was_kept_back and not order.transmit:
                await sent
                return self.state
            answer = await patience.answer(life, wait)
        except (ConnectionClosed, AnswerLost) as closed:
            # The second is what `keep_connected` calls it where the bytes were waited for.
            raise unknown(tws, life, "the connection ended before TWS had answered to the change") from closed
        except BaseException:
            withdraw(tws, life)
            raise
        return self._modified(answer, patience)

    def _modified(self, answer: Answer | None, patience: Patience) -> TradeState:
        if answer is None:
            raise unknown(self._tws, self._life, f"TWS has not said its new terms for {patience.seconds:g} s")
        if answer.kind is AnswerKind.REFUSED:
            raise ModificationRefused(answer.code, answer.text, self)
        if self.state.status is OrderOutcome.REJECTED:
            raise rejected(self._tws, self._life)
        return self.state

    def _refuse_senseless(self, *, without_link: bool) -> None:
        state = self.state
        why = ""
        if state.is_done:
            why = f"it has come to its end ({state.status.value})"
        elif self._life.order is None or (state.status is OrderOutcome.UNKNOWN and not state.is_untransmitted):
            why = "it is not known whether TWS has it, and a change of what it has not would be a new order: resolve it"
        elif not without_link and self._tws.known_orders.is_link_down:
            why = "TWS has no link to the vendor, and a change that is sent now may become a second order: wait for it"
        if why:
            raise ModificationRefused(None, f"{why}; nothing was sent", self)

    async def cancel(self, *, timeout: float | None = None) -> TradeState:
        """Cancel it, and give the final state: cancelled, or filled in the race; at once, if it has ended already.

        An order of which no byte has left is taken back. Who is cancelled while it waits takes nothing back: the cancel
        stands. *timeout* is in seconds, None: a minute.

        Raises `CancelFailed` where TWS says that it did not cancel it, and the order does not end within two seconds of
        that; `OrderUnknown` where the deadline passes or the connection ends before it is known; `LocalProtocolError`
        for an order that is not this client's, and what `Tws.send` raises: then nothing was sent.
        """
        tws, life = self._tws, self._life
        tws.require_thread("Trade.cancel", waits=True)
        patience = Patience(tws, timeout)
        await checkpoint()
        if self.state.is_done:
            return self.state
        order_id = self._require_ours("CancelOrderRequest", "cancelled")
        # What has not left need not be cancelled, the order as little as a change of it.
        is_unsent = life.left is Left.NONE and life.last_sent is not Outstanding.CANCEL
        if is_unsent and withdraw(tws, life) and life.is_withdrawn:
            return self.state
        if not self._cancelling:
            tws.send(CancelOrderRequest(order_id))
        self._cancelling += 1
        try:
            answer = await patience.answer(life, Cancelling(life))
        except ConnectionClosed as closed:
            raise unknown(tws, life, "the connection ended before TWS had answered to the cancel") from closed
        finally:
            self._cancelling -= 1
        if answer is None:
            raise unknown(tws, life, f"TWS has not said for {patience.seconds:g} s what became of the cancel")
        if answer.kind in (AnswerKind.FAILED, AnswerKind.UNSETTLED):
            raise CancelFailed(answer.code or 0, answer.text, self)
        return self.state

    def _require_ours(self, message: str, verb: str) -> int:
        """Give the order id under which TWS takes what this client says of it. Raises `LocalProtocolError`."""
        life, book = self._life, self._tws.known_orders
        order_id, why = life.order_id, ""
        is_bound_here = life.owner is Owner.BOUND and book.client_id == 0
        if life.owner is not Owner.OURS and not is_bound_here:
            why = _NOT_OURS[life.owner].format(client=life.client_id)
        elif not order_id:
            why = "its order id is not known"
        elif life.client_id != book.client_id:
            why = f"it belongs to client {life.client_id}, and this is client {book.client_id}"
        elif book.by_order_id(order_id) is not life:
            why = f"another order has the id {order_id} now"
        if why or not order_id:
            raise LocalProtocolError(f"this order cannot be {verb} from here: {why}", message=message, field="order_id")
        return order_id


def _as_asked(contract: Contract) -> Contract:
    """Give *contract* as TWS has said it of an order; with an exchange, where it said none."""
    return contract if contract.exchange else routed(contract)
