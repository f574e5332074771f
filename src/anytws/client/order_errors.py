"""What can become of orders, as errors. Each holds its values; the sentence is made from them.

::

    OrderError                 never raised itself; the connection goes on, unless the cause says that it has ended
    ├── OrderRejected          TWS or the vendor refused the order
    ├── OrderUnknown           nobody knows (yet) what became of it
    ├── AlreadyPlaced          an order with this reference is there already; nothing was sent
    ├── ModificationRefused    a change was refused; the order lives on as it was
    ├── CancelFailed           a cancel did not take: the order is what its state says
    ├── BracketBroken          one of a family was refused; what became of the others is in it
    ├── GateRefused            the gate said no; nothing was sent
    ├── ReconcileIncomplete    a part of the picture could not be had; what was learned is in it
    ├── TradeTimedOut          what was waited for did not become true of an order in time
    └── OrdersStillOpen        after ``cancel_all``, orders are still open
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from anytws.errors import AnytwsError, in_a_sentence
from anytws.machines.order_state import Left, TradeState

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from anytws.client.order_picture import PartialOrderPicture
    from anytws.client.sync import SyncTws
    from anytws.client.trade import Trade
    from anytws.client.tws import Tws
    from anytws.machines.fate import Fate
    from anytws.machines.gate_belief import Reason
    from anytws.machines.order import OrderLife
    from anytws.machines.reconcile import Missing


class OrderError(AnytwsError):
    """Something about an order came to nothing, or is not known. Always raised as one of its kinds."""


class OrderRejected(OrderError):
    """TWS or the vendor refused the order. It does not work, and never will."""

    def __init__(self, code: int, message: str | None, trade: Trade) -> None:
        super().__init__(f"order {_named(trade.state)} was rejected ({code}): {in_a_sentence(message)}")
        self.code = code
        self.message = message
        """What TWS said, in its language."""
        self.trade = trade


class OrderUnknown(OrderError):
    """What became of an order is not known: the connection ended, or the deadline passed, before TWS said it.

    ``left`` says whether bytes of it have left this process: with ``Left.NONE`` TWS cannot have it. Nothing is sent
    again by itself. ``await unknown.resolve(tws)`` asks TWS, on the same connection or, where that has ended, on
    another. It can be pickled, for the next process to resolve.
    """

    def __init__(
        self,
        ref: str,
        order_id: int | None,
        left: Left,
        why: str,
        *,
        client_id: int = 0,
        permanent_id: int = 0,
        next_valid_id: int | None = None,
        members: tuple[OrderUnknown, ...] = (),
        state: TradeState | None = None,
        life: OrderLife | None = None,
    ) -> None:
        who = f"{ref!r}" if ref else f"{order_id}"
        gone = {
            Left.NONE: "none of its bytes had left",
            Left.SOME: "some of its bytes may have left",
            Left.ALL: "its bytes had left",
        }
        super().__init__(f"what became of order {who} is not known: {why}; {gone[left]}")
        self.ref = ref
        """The caller's reference; empty where it has none."""
        self.order_id = order_id
        self.left = left
        self.why = why
        self.client_id = client_id
        self.permanent_id = permanent_id
        """0: TWS never said one."""
        self.next_valid_id = next_valid_id
        """What TWS had said on that connection as the lowest id that may be used."""
        self.members = members
        """Of a family, all its members in their order, each with what was believed of it (``state``). Those that were
        to follow, and were not sent, are there too: they have no id, and nothing of them has left."""
        self.state = state
        """What was believed then."""
        self.life = life
        """What is believed since, for who asks on a connection that still knows it; None in another process."""

    @overload
    def resolve(self, tws: Tws, *, timeout: float | None = None) -> Coroutine[Any, Any, Fate]: ...
    @overload
    def resolve(self, tws: SyncTws, *, timeout: float | None = None) -> Fate: ...
    def resolve(self, tws: Any, *, timeout: float | None = None) -> Any:
        """Ask TWS until it is known what became of the order, or *timeout* seconds are over (`Orders.resolve`).

        It is awaited; of a connection of ``anytws.sync`` it is a call.
        """
        return tws.orders.resolve(self, timeout=timeout)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unknown_again, (
            self.ref,
            self.order_id,
            self.left,
            self.why,
            self.client_id,
            self.permanent_id,
            self.next_valid_id,
            self.members,
            self.state,
        )


def _unknown_again(
    ref: str,
    order_id: int | None,
    left: Left,
    why: str,
    client_id: int,
    permanent_id: int,
    next_valid_id: int | None,
    members: tuple[OrderUnknown, ...],
    state: TradeState | None,
) -> OrderUnknown:
    return OrderUnknown(
        ref,
        order_id,
        left,
        why,
        client_id=client_id,
        permanent_id=permanent_id,
        next_valid_id=next_valid_id,
        members=members,
        state=state,
    )


class AlreadyPlaced(OrderError):
    """An order with this reference was placed before, by this program or by an earlier run of it. Nothing was sent."""

    def __init__(self, trade: Trade) -> None:
        super().__init__(f"an order with the reference {trade.ref!r} was placed before ({trade.state.status.value})")
        self.trade = trade
        """That order."""


class GateRefused(OrderError):
    """The gate of this connection said no (`anytws.Gate`). Nothing was sent; ``reasons`` has all of them."""

    def __init__(self, reasons: tuple[Reason, ...]) -> None:
        super().__init__(f"the gate said no: {'; '.join([f'{each.text} ({each.rule})' for each in reasons])}")
        self.reasons = reasons

    def __reduce__(self) -> tuple[type[GateRefused], tuple[tuple[Reason, ...]]]:
        return type(self), (self.reasons,)


class ModificationRefused(OrderError):
    """A change of an order was refused. The order is what it was: it lives on, unless it had come to its end before.

    After 201 the facts do not settle what became of the order: its state is ``is_contested`` then, and a query tells.
    """

    def __init__(self, code: int | None, message: str | None, trade: Trade) -> None:
        by = "here" if code is None else f"({code})"
        super().__init__(f"the change of order {_named(trade.state)} was refused {by}: {in_a_sentence(message)}")
        self.code = code
        """None: it was refused here, and nothing was sent."""
        self.message = message
        self.trade = trade


class TradeTimedOut(OrderError):
    """What was waited for (`Trade.until`) did not become true of an order in time. Nothing was sent or changed."""

    def __init__(self, seconds: float, trade: Trade) -> None:
        self.state: TradeState = trade.state
        """What was believed then."""
        super().__init__(
            f"order {_named(self.state)} is {self.state.status.value}, {self.state.filled} filled; what was waited for "
            f"did not come within {seconds:g} s"
        )
        self.seconds = seconds
        self.trade = trade


class CancelFailed(OrderError):
    """A cancel did not take: TWS said so, and the order has not come to its end since. It is what its state says.

    161 and 10148 say that it had ended before, or is about to; 10147 that this TWS does not know it under its id. None
    of them says what has become of it: `Orders.reconcile` asks.
    """

    def __init__(self, code: int, message: str | None, trade: Trade) -> None:
        self.state: TradeState = trade.state
        """What was believed then."""
        super().__init__(f"the cancel of order {_named(self.state)} failed ({code}): {in_a_sentence(message)}")
        self.code = code
        self.message = message
        self.trade = trade


class OrdersStillOpen(OrderError):
    """After ``cancel_all``, TWS still says that orders are open; or it could not be asked, and some may be."""

    def __init__(self, trades: Sequence[Trade], seconds: float) -> None:
        names = ", ".join(_named(trade.state) for trade in trades[:5])
        more = "" if len(trades) <= 5 else f" and {len(trades) - 5} more"
        super().__init__(f"{seconds:g} s after the cancel of all orders, {names}{more} are still open")
        self.trades: tuple[Trade, ...] = tuple(trades)
        """Those that were open when TWS was asked last."""
        self.seconds = seconds


class BracketBroken(OrderError):
    """One of a family of orders, a bracket or a group, was refused; the others were cancelled, as far as they were.

    ``members`` says what became of each: what has filled before its cancel is a position, and now without its other
    orders; what is live was not confirmed as cancelled. In a bracket of which a member was refused before its last one
    had left, none was ever transmitted, and none has filled.
    """

    def __init__(
        self,
        members: tuple[Trade, ...],
        why: str = "",
        *,
        code: int | None = None,
        message: str | None = None,
        trade: Trade | None = None,
    ) -> None:
        if trade is not None:
            by = "was cancelled" if code is None else f"was refused ({code}): {in_a_sentence(message)}"
            why = why or f"order {_named(trade.state)} {by}"
        told = ", ".join(f"{_named(each.state)} is {each.state.status.value}{_filled(each.state)}" for each in members)
        super().__init__(f"a family of orders is broken: {why}; of its members {told}")
        self.members = members
        """What was sent of the family, in its order, the parent first. Each goes on to say what is believed of it."""
        self.why = why
        self.code = code
        """The code that broke it; None where it was no code."""
        self.message = message
        """What TWS said with it, in its language."""
        self.trade = trade
        """The member that has broken it; None where one could not be sent."""


class ReconcileIncomplete(OrderError):
    """A part of the picture could not be had: TWS refused a question, did not finish its answer, or was away.

    What was learned is in ``known``, in which None stands for what was not answered. The beliefs of orders have been
    set right where the answers that did come say something.
    """

    def __init__(self, known: PartialOrderPicture, missing: Sequence[Missing]) -> None:
        told = "; ".join(f"{each.what}: {each.why}" for each in missing)
        super().__init__(f"there is no whole picture of orders and positions: {in_a_sentence(told)}")
        self.known = known
        self.missing: tuple[Missing, ...] = tuple(missing)
        """What could not be had, and why."""


def _filled(state: TradeState) -> str:
    return f", with {state.filled:f} filled" if state.filled else ""


def _named(state: TradeState) -> str:
    return repr(state.ref) if state.ref else str(state.order_id or state.permanent_id)
