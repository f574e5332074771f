"""Where the orders of verbs leave, and how it is waited for what TWS says to them.

An order leaves once, here, and is never sent again by itself. What is not known is raised as `OrderUnknown`: a deadline
that has passed is no refusal, and the end of the connection is none either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Final, Protocol

import anyio
import attrs
from anyio.lowlevel import checkpoint

from anytws.client.order_errors import AlreadyPlaced, OrderRejected, OrderUnknown
from anytws.core.arguments import check_timeout
from anytws.core.events import ConnectionClosed
from anytws.errors import AnswerLost, LocalProtocolError, shown
from anytws.machines.order import OrderLife
from anytws.machines.order_answer import Answer, AnswerKind, Placing
from anytws.machines.order_state import Left, OrderOutcome
from anytws.messages.base import replace
from anytws.messages.executions import ExerciseOptionsRequest
from anytws.messages.order import Order
from anytws.messages.order_types import placeable
from anytws.messages.orders import PlaceOrderRequest
from anytws.runtime.sending import Sent

if TYPE_CHECKING:
    from anytws.client.conversing import Conversing

ANSWER_SECONDS: Final = 60.0
"""Seconds that TWS has to say the first word of an order, of a change, or of a cancel, by default.

Usually it takes less than one. It was seen to say nothing for half a minute about an order that worked all the time,
and nothing for five seconds about combinations and orders for an auction. A deadline costs nothing but the wait: what
has not been answered then is unknown, and not refused.
"""
MOST_OF_A_REF: Final = 128
"""Characters that a reference may have. How many TWS carries is not known; one that came back cut off would not be
found again."""

_IS_REF: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?").fullmatch


@attrs.frozen
class Submitted:
    """An order that was taken to be sent."""

    life: OrderLife
    """What is believed of it."""
    sent: Sent[PlaceOrderRequest | ExerciseOptionsRequest]
    """Its bytes, on their way."""


# --- before it leaves ------------------------------------------------------------------------------------------------


def check_ref(ref: object) -> None:
    """Raise `LocalProtocolError` for a reference that TWS might not give back as it was. An empty one is none."""
    if ref == "":
        return
    if not isinstance(ref, str) or len(ref) > MOST_OF_A_REF or _IS_REF(ref) is None:
        raise LocalProtocolError(
            f"ref is {shown(ref)}, and has to be a text of at most {MOST_OF_A_REF} printable ASCII characters, without "
            "a blank at either end: TWS has to give it back as it was, or the order would not be known again by it",
            message="PlaceOrderRequest",
            field="order.order_reference",
        )


def with_ref(order: Order, ref: str) -> Order:
    """Give *order* with the reference *ref*. Raises `LocalProtocolError` for what is no order to be placed."""
    own = order.order_reference
    if own and ref and own != ref:
        raise LocalProtocolError(
            f"the order has the reference {shown(own)}, and ref is {shown(ref)}: leave one of them out",
            message="PlaceOrderRequest",
            field="order.order_reference",
        )
    if order.what_if:
        raise LocalProtocolError(
            "an order with what_if=True is a question, and is not placed: use tws.orders.what_if()",
            message="PlaceOrderRequest",
            field="order.what_if",
        )
    if order.permanent_id or order.order_id is not None:
        # It is one that TWS has reported, and a new one is not to have its names.
        order = placeable(order)
    return replace(order, order_reference=ref) if ref and not own else order


def check(tws: Conversing, requests: Sequence[PlaceOrderRequest], *, again: bool = False) -> None:
    """Raise `AlreadyPlaced` if one of the *requests* has the reference of an order that was placed before.

    One that was refused, or never arrived, may be placed *again*; one that was taken back before a byte of it had left
    never was placed. Also `LocalProtocolError` for what is no reference, or is one twice. Nothing is sent.
    """
    refs: set[str] = set()
    for request in requests:
        ref = request.order.order_reference
        check_ref(ref)
        if not ref:
            continue
        if ref in refs:
            raise LocalProtocolError(
                f"{shown(ref)} is the reference of two of these orders, and has to be that of one",
                message="PlaceOrderRequest",
                field="order.order_reference",
            )
        refs.add(ref)
        life = tws.known_orders.by_ref.get(ref) or tws.intake.recall(ref)
        if life is None or life.is_withdrawn or (again and life.state.status is OrderOutcome.REJECTED):
            continue
        raise AlreadyPlaced(tws.orders.trade_of(life))


def submit(tws: Conversing, request: PlaceOrderRequest | ExerciseOptionsRequest) -> Submitted:
    """Have a new order sent, and give what is believed of it from then on. There is no other way for those of verbs.

    Raises what `Tws.send` does, and leaves nothing behind then.
    """
    sent = tws.send(request)
    order_id = sent.message.order_id
    assert order_id is not None, "a new order gets its id as it is queued"
    life = tws.known_orders.by_order_id(order_id)
    assert life is not None, "it was noted as it was queued"
    return Submitted(life, sent)


def withdraw(tws: Conversing, life: OrderLife) -> bool:
    """Take back what was sent last for *life*, if no byte of it can have left; tell whether that was done."""
    parcel = life.parcel
    return parcel is not None and tws.take_back(parcel)


# --- until TWS has said something ------------------------------------------------------------------------------------


class Wait(Protocol):
    """What is waited for (``machines/order_answer``)."""

    @property
    def look_at(self) -> float | None:
        """When to look again at the latest, also without news."""
        ...

    def look(self, now: float) -> Answer | None:
        """Give the answer, if there is one at the time *now*."""
        ...


class Patience:
    """How long is waited for TWS: until a time, and on this connection alone."""

    def __init__(self, tws: Conversing, timeout: float | None, seconds: float = ANSWER_SECONDS) -> None:
        check_timeout(timeout)
        self._tws = tws
        self._book = tws.known_orders
        self._connection = self._book.connections
        self.seconds: float = seconds * tws.timeout_factor if timeout is None else timeout
        """How many there are in all."""
        self.until: float = anyio.current_time() + self.seconds

    @property
    def closed(self) -> ConnectionClosed | None:
        """How the connection ended, on which it began; None while that has not."""
        book = self._book
        return book.last_end if book.ended is not None or book.connections != self._connection else None

    async def wait(self, life: OrderLife, holds: Callable[[], object], seconds: float | None = None) -> bool:
        """Wait until *holds* is true, for at most so many *seconds* of what is left; tell whether it is.

        Raises `ConnectionClosed` where the connection has ended before that.
        """
        until = self.until if seconds is None else min(self.until, anyio.current_time() + seconds)
        with anyio.CancelScope(deadline=until):
            while not holds():
                if (closed := self.closed) is not None:
                    raise closed.again()
                await self._tws.order_bells.wait(life)
            return True
        return bool(holds())

    async def answer(self, life: OrderLife, wait: Wait) -> Answer | None:
        """Give what *wait* makes of what is heard of the order; None: it was nothing in time.

        Raises `ConnectionClosed` where the connection has ended before that.
        """
        # A caller who is cancelled is to notice, also where the answer is there already.
        await checkpoint()
        while (answer := wait.look(now := anyio.current_time())) is None:
            if (closed := self.closed) is not None:
                raise closed.again()
            if now >= self.until:
                return None
            look_at = wait.look_at
            with anyio.CancelScope(deadline=self.until if look_at is None else min(self.until, look_at)):
                await self._tws.order_bells.wait(life)
        return answer


async def answered(tws: Conversing, life: OrderLife, timeout: float | None = None) -> Answer:
    """Wait until TWS has acknowledged the order: by a live word, an execution, or its end; or holds it, or has it only.

    What is not to be transmitted has to have left before this is called: TWS says nothing of it.

    Raises `OrderRejected` where it is refused, and `OrderUnknown` where the deadline passes, or the connection ends,
    before any of that. Who is cancelled leaves the order where it is; if no byte of it has left, it is taken back.
    """
    patience = Patience(tws, timeout)
    try:
        answer = await patience.answer(life, Placing(life))
    except ConnectionClosed as closed:
        raise unknown(tws, life, "the connection ended before TWS had said anything that settles it") from closed
    except BaseException:
        withdraw(tws, life)
        raise
    if answer is None:
        raise unknown(tws, life, f"TWS has said nothing that settles it for {patience.seconds:g} s")
    if answer.kind is AnswerKind.REJECTED:
        raise rejected(tws, life)
    return answer


async def left(tws: Conversing, submitted: Submitted, timeout: float | None = None) -> None:
    """Wait until the bytes of an order have left of which TWS says nothing, since it is not to be transmitted.

    Raises `OrderUnknown`, and takes back, as `answered` does.
    """
    life, seconds = submitted.life, ANSWER_SECONDS * tws.timeout_factor if timeout is None else timeout
    try:
        with anyio.move_on_after(seconds):
            await submitted.sent
            return
    except (ConnectionClosed, AnswerLost) as closed:
        # The second is what `keep_connected` calls it.
        raise unknown(tws, life, "the connection ended before all of it had left") from closed
    except BaseException:
        withdraw(tws, life)
        raise
    raise unknown(tws, life, f"it could not be sent for {seconds:g} s")


def tell(tws: Conversing, lives: Collection[OrderLife]) -> None:
    """Let all know what was concluded of *lives* here, and not heard: who waits for news of them, and the journal."""
    tws.order_bells.ring(lives)
    if tws.intake.guards:
        tws.intake.hear(lives)


def rejected(tws: Conversing, life: OrderLife) -> OrderRejected:
    """Give the error that says that TWS has refused the order."""
    refusal = life.refusal
    trade = tws.orders.trade_of(life)
    if refusal is None:
        return OrderRejected(0, "TWS says so without a reason", trade)
    return OrderRejected(refusal.code, refusal.text, trade)


def unknown(tws: Conversing, life: OrderLife, why: str) -> OrderUnknown:
    """Give the error that says that nobody knows; what no byte has left of is taken back."""
    left = life.left
    if left is Left.NONE and not withdraw(tws, life) and (parcel := life.parcel) is not None:
        # The connection has ended, and TWS cannot have heard of it.
        life.note_taken_back(parcel)
        tell(tws, (life,))
    state = life.state
    if left is Left.NONE and not life.is_withdrawn and state.status is OrderOutcome.UNKNOWN:
        # What never left was a cancel, or a change. The order itself was sent before that, in an earlier run perhaps,
        # and TWS may have it, though it has not said a word of it.
        left = life.left
    return OrderUnknown(
        life.ref,
        life.order_id,
        left,
        why,
        client_id=tws.known_orders.client_id if life.client_id is None else life.client_id,
        permanent_id=life.permanent_id,
        next_valid_id=tws.known_orders.next_valid_id,
        state=state,
        life=life,
    )
