"""What is heard of orders, and whose it is.

What names an order is `anytws.machines.order_names`, what is believed of it `anytws.machines.order`, how long it is
known `anytws.machines.kept_orders`. Here each message finds its order, and what concerns all reaches all: the link, and
what cannot be read.

Nothing that TWS says of orders is lost in silence. What cannot be read, or may be about either of two orders, makes
those that it may concern contested; where even that cannot be told, `HeardOrders.misunderstood` counts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, Final

from anytws.core.code_words import CodeKind, Outstanding
from anytws.core.codes import LINK_BROKEN, LINK_LOST
from anytws.core.events import Event, Notice, UndecodableFrame
from anytws.core.remembered import MOST_BYTES, weigh
from anytws.machines.kept_orders import KeptOrders
from anytws.machines.order import OrderLife
from anytws.machines.order_fills import correction_of
from anytws.machines.order_names import NO_ORDER_ID
from anytws.machines.order_news import LINK_NEWS
from anytws.machines.order_state import Cause, Change, OrderOutcome, Owner
from anytws.messages.executions import CommissionAndFeesReport, ExecutionDetails
from anytws.messages.orders import CompletedOrder, OpenOrder, OrderBound, OrderStatus
from anytws.messages.session import ErrorMessage

MOST_EARLY: Final = 10_000
"""Costs that are kept of executions which have not been heard of."""
_ABOUT_AN_ORDER: Final = frozenset({CodeKind.CANCELLED, CodeKind.CANCEL_FAILED, CodeKind.NOTICE})
"""Kinds of code that are no answer to a what-if."""


class HeardOrders(KeptOrders):
    """All orders that a client knows of, as what TWS says makes them known."""

    # Said again, for pyright takes what is assigned here for an attribute of its own.
    misunderstood: int
    is_link_down: bool

    # --- what is heard -------------------------------------------------------------------------------------------

    def hear(self, events: Iterable[Event]) -> None:
        """Take what one read has brought of orders."""
        if self.watchers:
            self._hear_for_watchers(events)
        else:
            self._hear_all(events)
        if len(self.lives) > self._look_at:
            self._forget_ended()

    def _hear_for_watchers(self, events: Iterable[Event]) -> None:
        changes: list[tuple[OrderLife, Change]] = []
        self._changes = changes
        try:
            self._hear_all(events)
        finally:
            self._changes = None
            if changes:
                self._tell_watchers(changes)

    def _hear_all(self, events: Iterable[Event]) -> None:
        ways = self._WAYS
        for event in events:
            way = ways.get(type(event))
            if way is not None:
                way(self, event)

    def _hear_status(self, message: OrderStatus) -> None:
        # By hand: it is what TWS says most of orders.
        order_id = message.order_id
        life = self._lasting.get(message.permanent_id)
        if life is None or life.order_id != order_id:
            life = self._whose_status(message, life)
            if life is None:
                return
        if order_id >= self.ids.floor:
            self.ids.note_heard(order_id)
        if self._changes is not None:
            self._tell(life, message, life.hear_status)
        elif life.hear_status(message):
            self._news[life] = None

    def _whose_status(self, message: OrderStatus, life: OrderLife | None) -> OrderLife | None:
        names, order_id = self.names, message.order_id
        permanent_id = message.permanent_id or 0
        if not permanent_id and not order_id:
            self.misunderstood += 1
            return None
        is_known = life is not None
        life = self._named(life, _told(message.client_id, names.client_id), order_id, permanent_id)
        if not is_known and life not in self.lives:
            self._born(life, permanent_id)
            names.note_by_status(life)
        return life

    def _hear_open_order(self, message: OpenOrder) -> None:
        order, order_id = message.order, message.order_id
        if self._is_what_if(message):
            return
        names = self.names
        client_id = _told(order.client_id, names.client_id)
        permanent_id = order.permanent_id or 0
        life = names.by_permanent_id(permanent_id) if permanent_id else None
        if life is None or life.order_id != order_id or life.client_id != client_id:
            if not permanent_id and not order_id:
                # An open order without a name: nothing can be said of it later, but that there is one.
                self.misunderstood += 1
                return
            ref = order.order_reference
            life = self._named(life, client_id, order_id, permanent_id, ref, message.contract, order)
            if life not in self.lives:
                self._born(life, permanent_id)
            elif order_id and (life.client_id, life.order_id) != (client_id, order_id):
                self._rename(life, client_id, order_id, message)
        else:
            names.confirm(life)
        self.ids.note_heard(order_id)
        had_ref = life.ref
        self._tell(life, message, life.hear_open_order)
        if life.ref and not had_ref:
            # A status had told of it before, which says no reference: only now it shows whose intent it is.
            self._note_twins(life, permanent_id)
        names.index_ref(life)

    def _is_what_if(self, message: OpenOrder) -> bool:
        """Tell whether it is the answer to a what-if, which makes no order.

        Of an id under which nothing but a what-if was said, also where the answer does not say that it is one: a real
        order has a status as well.
        """
        if message.order.what_if:
            self.ids.note_answered(message.order_id)
            return True
        is_ours = _told(message.order.client_id, self.client_id) == self.client_id
        return is_ours and self.ids.is_what_if(message.order_id) and self.by_order_id(message.order_id) is None

    def _hear_execution(self, message: ExecutionDetails) -> None:
        execution, names = message.execution, self.names
        order_id = execution.order_id or 0
        order_id = 0 if order_id == NO_ORDER_ID else order_id
        client_id = _told(execution.client_id, names.client_id)
        permanent_id, base = execution.permanent_id or 0, _base_of(execution.execution_id)
        life = names.by_permanent_id(permanent_id) if permanent_id else None
        known = self._by_execution.get(base) if base else None
        if known is not None and known is not life and not (permanent_id and known.permanent_id):
            # It was heard of before, without its name.
            life = known if life is None else self._merge(life, known)
        if life is None or names.is_unnamed(life):
            if not (permanent_id or order_id or base):
                self._doubt_whom(f"an execution names no order: {execution!r}")
                return
            ref = execution.order_reference
            life = self._named(life, client_id, order_id, permanent_id, ref, message.contract)
            if life not in self.lives:
                self._born(life, permanent_id)
        if permanent_id:
            names.note_permanent_id(life, permanent_id)
        if base:
            self._by_execution[base] = life
        if self._tell(life, message, life.hear_execution):
            self._tell_fill(life, base)
        costs = self._early_costs.pop(execution.execution_id, None) if self._early_costs else None
        if costs is not None:
            self._early_bytes -= weigh(costs)
            self._hear_costs(costs)
        names.index_ref(life)

    def _hear_costs(self, report: CommissionAndFeesReport) -> None:
        if not report.execution_id:
            self.misunderstood += 1
            return
        base = _base_of(report.execution_id)
        life = self._by_execution.get(base)
        if life is None:
            self._keep_early(report)
        elif self._tell(life, report, life.hear_costs):
            self._tell_fill(life, base)

    def _keep_early(self, report: CommissionAndFeesReport) -> None:
        """Keep *report*, whose execution has not been heard of, within bounds. Only a flood has more."""
        early = self._early_costs
        before = early.pop(report.execution_id, None)
        self._early_bytes -= 0 if before is None else weigh(before)
        early[report.execution_id] = report
        self._early_bytes += weigh(report)
        while len(early) > MOST_EARLY or self._early_bytes > MOST_BYTES:
            self._early_bytes -= weigh(early.pop(next(iter(early))))
            self.misunderstood += 1

    def _tell_fill(self, life: OrderLife, base: str) -> None:
        fill = life.fills.get(base) if self.fill_watchers else None
        if fill is not None:
            for mailbox in self.fill_watchers:
                mailbox.extend([(life, fill)])

    def _hear_completed(self, message: CompletedOrder) -> None:
        order, names = message.order, self.names
        order_id, permanent_id, client_id = order.order_id or 0, order.permanent_id or 0, order.client_id or 0
        ref = order.order_reference
        if order_id and client_id == 0 and self.client_id:
            # After a restart TWS lists the orders of all clients as those of client 0: the id alone names none.
            mine = self.by_ref.get(ref) if ref else None
            if mine is None or mine.order_id != order_id:
                order_id, ref = 0, ""
        life = names.by_permanent_id(permanent_id) if permanent_id else None
        if life is None or names.is_unnamed(life):
            if not (permanent_id or order_id or ref):
                self.misunderstood += 1
                return
            life = self._named(life, client_id, order_id, permanent_id, ref, message.contract, order)
            if life not in self.lives:
                self._born(life, permanent_id)
        self._tell(life, message, life.hear_completed)
        names.index_ref(life)

    def _hear_bound(self, message: OrderBound) -> None:
        life = self.names.by_permanent_id(message.permanent_id) if message.permanent_id else None
        if life is None:
            life = self._life(Owner.BOUND, message.client_id, message.order_id)
            life.permanent_ids.append(message.permanent_id)
            self._born(life, message.permanent_id)
        self._rename(life, message.client_id, message.order_id, message, Owner.BOUND)
        if message.client_id == self.client_id:
            self.ids.note_heard(message.order_id)

    def _hear_notice(self, notice: Notice) -> None:
        self._hear_error(notice.message)

    def _hear_error(self, message: ErrorMessage) -> None:
        number = message.request_id
        if number is None or number in (0, -1, NO_ORDER_ID):
            self._hear_of_link(message)
            return
        lives = self.names.meant(number)
        if not lives:
            self.ids.note_answered(number)
            return
        kind = self._codes.kind_of(message.error_code)
        if kind not in _ABOUT_AN_ORDER and self.ids.note_answered(number):
            # It has refused a what-if under the id of an order. Where something else of that is due, it may mean both.
            for life in lives:
                if life.state.pending is not Outstanding.IDLE:
                    self._tell(life, message, life.note_unclear)
            return
        whose = self._whose_error(lives, kind)
        for life in whose:
            self._tell(life, message, life.hear_error if len(whose) == 1 else life.note_unclear)

    def _whose_error(self, lives: list[OrderLife], kind: CodeKind) -> list[OrderLife]:
        """Give which of *lives*, that have one id, a code of *kind* may be about.

        A cancel is confirmed by a code after the status has said it (seen): then that tells which of two it is.
        """
        if len(lives) == 1:
            return lives
        live = [life for life in lives if not life.state.is_done]
        if kind is CodeKind.CANCELLED:
            cancelled = [life for life in lives if life.state.status is OrderOutcome.CANCELLED and self._is_bare(life)]
            if len(cancelled) == 1 and (len(cancelled[0].permanent_ids) > 1 or not live):
                return cancelled
        return live or lives[-1:]

    def _is_bare(self, life: OrderLife) -> bool:
        """Tell whether no code has confirmed yet that *life* is cancelled."""
        return all(self._codes.kind_of(remark.code) is not CodeKind.CANCELLED for remark in life.remarks)

    def _hear_of_link(self, message: ErrorMessage) -> None:
        if message.error_code in (LINK_LOST, LINK_BROKEN):
            if not self.is_link_down:
                self.is_link_down = True
                self._doubt_all(message)
        elif message.error_code in LINK_NEWS and self.is_link_down:
            # What was missed meanwhile is not said by itself: what is said of an order from now on tells, and queries.
            self.is_link_down = False
            for life in self.lives:
                if not life.state.is_done:
                    life.note_link_back()

    def _doubt_all(self, because: Cause) -> None:
        for life in self.lives:
            if not life.state.is_done:
                self._tell(life, because, life.note_unsure)

    def _hear_unreadable(self, frame: UndecodableFrame) -> None:
        """Note that something was said of orders that cannot be read: a fill, or an end, perhaps."""
        name, number = frame.message, frame.request_id
        because = f"{name} could not be read: {frame.problem}"
        if name == CommissionAndFeesReport.__name__:
            self.misunderstood += 1
            return
        if number is not None and name != ExecutionDetails.__name__:
            for life in self.names.meant(number):
                self._tell(life, because, life.note_unclear)
        if name != ErrorMessage.__name__ and (number is None or name == ExecutionDetails.__name__):
            self._doubt_whom(because)

    def _doubt_whom(self, because: str) -> None:
        """Note that something was said of an order, and that it cannot be told of which: it may be any."""
        self.misunderstood += 1
        for life in self.lives:
            if not life.state.is_done and not life.state.is_contested:
                self._tell(life, because, life.note_unclear)

    _WAYS: ClassVar[dict[type, Callable[..., None]]] = {
        OrderStatus: _hear_status,
        OpenOrder: _hear_open_order,
        ExecutionDetails: _hear_execution,
        CommissionAndFeesReport: _hear_costs,
        CompletedOrder: _hear_completed,
        OrderBound: _hear_bound,
        ErrorMessage: _hear_error,
        Notice: _hear_notice,
        UndecodableFrame: _hear_unreadable,
    }
    """How each kind of event is heard."""


def _told(number: int | None, otherwise: int) -> int:
    """Give *number*; what could not be read is None, whatever its type promises: then *otherwise*."""
    return otherwise if number is None else number


def _base_of(execution_id: str | None) -> str:
    """Give *execution_id* without the number of its correction; empty for what could not be read."""
    return correction_of(execution_id)[0] if execution_id else ""
