"""One order, as a client believes it: fed with all that is heard and said about it, in any order and with repeats.

What is kept are facts that only grow: executions by their ids, words, codes with what had been sent before them. The
belief (`TradeState`) is computed from the set of them, so that neither the order of arrival nor a repeat matters; what
the client sends, and the end of a connection, are barriers between what came before and after.

How the belief follows from the facts is `anytws.machines.order_belief`. Of two words the last status counts, and an
`OpenOrder` where no status came; a word that nobody knows is a live one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final
from weakref import WeakSet

from anytws.core.code_words import Outstanding
from anytws.core.codes import CODES, CodeTable
from anytws.core.events import ConnectionClosed
from anytws.machines.mailbox import Mailbox
from anytws.machines.order_belief import OrderFacts, believe
from anytws.machines.order_change import OrderChange
from anytws.machines.order_costs import NOTHING
from anytws.machines.order_sends import Asked
from anytws.machines.order_state import Cause, Change, Fill, Left, OrderOutcome, Owner, Remark, TradeState
from anytws.machines.outbox import Parcel
from anytws.messages.contract import Contract
from anytws.messages.executions import CommissionAndFeesReport, ExecutionDetails
from anytws.messages.order import Order
from anytws.messages.orders import (
    CancelOrderRequest,
    CompletedOrder,
    GlobalCancelRequest,
    OpenOrder,
    OrderStatus,
    PlaceOrderRequest,
)
from anytws.messages.session import ErrorMessage

MOST_PERMANENT_IDS: Final = 16
"""Permanent ids that are kept of one intent. More than two were never seen."""


class OrderLife:
    """One intent of one client, and the order that it has become at the vendor.

    The ``hear_…`` and ``note_…`` methods take what happened, and tell whether anything is new in it.
    """

    def __init__(self, owner: Owner, codes: CodeTable = CODES) -> None:
        self.owner: Owner = owner
        # --- names
        self.ref: str = ""
        self.order_id: int | None = None
        self.client_id: int | None = None
        self.permanent_ids: list[int] = []
        """Its own first, once that is known; then those of twins."""
        self.account: str = ""
        # --- terms
        self.contract: Contract | None = None
        """As TWS last said it, else as it was asked for."""
        self.order: Order | None = None
        """The terms, likewise."""
        self.is_withdrawn: bool = False
        """Whether it was taken back before a byte of it had left."""
        self.openings: int = 0
        """How many `OpenOrder` were heard, repeats too."""
        # --- facts
        self._facts = OrderFacts(codes)
        # By name, as each message goes to them.
        self._fills, self._codes = self._facts.fills, self._facts.codes
        self._told, self._sends = self._facts.told, self._facts.sends
        self._twins = 0
        self._is_link_down = False
        self._is_cut = False
        """Whether the connection ended after the last thing that was sent, and nothing was heard since then."""
        # --- what is believed
        self._state = TradeState(owner=owner)
        self._is_stale = False
        self._watchers: WeakSet[Mailbox[Change]] | None = None

    def __repr__(self) -> str:
        return f"<OrderLife {self.ref or self.order_id or self.permanent_ids}, {self.state.status.value}>"

    @property
    def watchers(self) -> WeakSet[Mailbox[Change]]:
        """Who wants every change, none lost. Whoever forgets its mailbox is forgotten."""
        # Of most orders nobody does, and it is as large as a state.
        if self._watchers is None:
            self._watchers = WeakSet()
        return self._watchers

    @property
    def is_watched(self) -> bool:
        """Whether anybody wants every change."""
        return self._watchers is not None and len(self._watchers) > 0

    @property
    def permanent_id(self) -> int:
        """Its permanent id; 0 while none is known."""
        return self.permanent_ids[0] if len(self.permanent_ids) > self._twins else 0

    @property
    def fills(self) -> dict[str, Fill]:
        """Its executions by their ids without the number of their correction."""
        return self._fills.fills

    @property
    def remarks(self) -> list[Remark]:
        """The codes that came under its id: the first and the newest of them."""
        return self._codes.remarks

    @property
    def refusal(self) -> Remark | None:
        """The code that has refused it; None: none did."""
        if self.state.status is not OrderOutcome.REJECTED:
            return None
        return self._facts.refusal()

    @property
    def asked(self) -> Asked | None:
        """What was sent last to place or to change it; None: nothing, by this process."""
        return self._sends.asked

    @property
    def sends(self) -> int:
        """How many things were sent for it: the order itself, changes, cancels."""
        return self._sends.count

    @property
    def sent(self) -> list[tuple[Outstanding, Parcel]]:
        """The kind and the bytes of each of them that may not have left yet, the newest last."""
        return self._sends.sent

    @property
    def last_sent(self) -> Outstanding:
        """What was sent last for it; ``IDLE``: nothing, by this process."""
        return self._sends.last

    @property
    def left(self) -> Left:
        """How much of what was sent last for it has left this process; ``NONE`` where all of it was taken back."""
        return Left.NONE if self.is_withdrawn else self._sends.left

    @property
    def parcel(self) -> Parcel | None:
        """The bytes of what was sent last for it."""
        return self._sends.parcel

    @property
    def change(self) -> OrderChange | None:
        """The change of it that TWS has not answered; None: there is none."""
        return self._sends.change

    @property
    def is_acknowledged(self) -> bool:
        """Whether TWS has taken it: a live word, an execution, its end, or an `OpenOrder` other than ``Inactive``."""
        return self._facts.is_acknowledged

    @property
    def state(self) -> TradeState:
        """What is believed now."""
        if self._is_stale:
            self._is_stale = False
            self._state = believe(self, self._facts)
        return self._state

    # --- what is sent --------------------------------------------------------------------------------------------

    def note_placed(self, request: Asked, parcel: Parcel) -> None:
        """Note that *request* was taken to be sent: the order itself, or a change of it."""
        sends, told = self._sends, self._told
        is_new = self._facts.is_silent and (sends.is_kept_back or (sends.asked is None and not told.is_opened))
        self._bar()
        sends.place(request, parcel, is_new=is_new, terms=self.order)
        if isinstance(request, PlaceOrderRequest):
            if is_new and not told.is_opened:
                self.order, self.contract = request.order, request.contract
            self.ref = self.ref or request.order.order_reference
            self.account = self.account or request.order.account
        else:
            self.contract, self.account = self.contract or request.contract, self.account or request.account
        self._note(request)

    def note_cancelled(self, request: CancelOrderRequest | GlobalCancelRequest, parcel: Parcel) -> None:
        """Note that a cancel of it was taken to be sent."""
        self._bar()
        self._sends.cancel(parcel)
        self._note(request)

    def note_taken_back(self, parcel: Parcel, because: Cause = "no byte of it has left") -> bool:
        """Note that *parcel*, which was sent for it, never leaves. If it was the order itself there never was one."""
        was_all = self._sends.take_back(parcel)
        if was_all is None:
            return False
        if was_all:
            self.is_withdrawn, self._facts.conclusion = True, OrderOutcome.CANCELLED
        return self._note(because)

    def note_remembered(
        self,
        request: Asked | None,
        because: Cause,
        *,
        permanent_ids: tuple[int, ...] = (),
        outcome: OrderOutcome | None = None,
        filled: Decimal = NOTHING,
        average_price: float | None = None,
    ) -> None:
        """Note what an earlier run of this program has written down: what it sent, and what it knew of it.

        Without an *outcome* it is unsure what became of it.
        """
        self._sends.asked = request
        if isinstance(request, PlaceOrderRequest):
            self.order, self.ref = self.order or request.order, self.ref or request.order.order_reference
        if request is not None:
            self.contract = self.contract or request.contract
        for each in permanent_ids[:1]:
            self._name(each)
        for each in permanent_ids[1:]:
            self.note_twin(each)
        self._told.filled = max(self._told.filled, filled)
        self._told.average = self._told.average or average_price
        if outcome is None:
            self._facts.is_unsure = True
            self._note(because)
        else:
            self.conclude(outcome, because)

    def _bar(self) -> None:
        self._is_cut = False
        self._facts.bar(self.contract)

    # --- what is heard -------------------------------------------------------------------------------------------

    def hear_open_order(self, message: OpenOrder) -> bool:
        """Take an `OpenOrder`."""
        self.openings += 1
        told, sends = self._told, self._sends
        order = message.order
        # The readers give one object for what is said again.
        if told.is_repeat(message) and (order is self.order or order == self.order):
            return sends.change is not None
        told.hear_open_order(message)
        self.order, self.contract = order, message.contract
        self._name(order.permanent_id, order.account, order.order_reference)
        sends.is_new_open = False
        if sends.change is not None:
            sends.change.hear_terms(message)
        self._hear_news()
        return self._note(message)

    def hear_status(self, message: OrderStatus) -> bool:
        """Take an `OrderStatus`."""
        told = self._told
        if message == told.status and told.status_at == told.epoch:
            return False
        told.hear_status(message)
        self._name(message.permanent_id)
        self._sends.is_new_open = False
        change = self._sends.change
        if change is not None and (total := told.status_total) is not None:
            change.hear_total(total)
        self._hear_news()
        return self._note(message)

    def _hear_news(self) -> None:
        """Note that TWS has said how the order stands."""
        sends, told = self._sends, self._told
        if sends.change is not None and sends.change.is_accepted:
            sends.change = None
        if self._is_cut:
            # It is another connection that tells this: whatever was on its way over the old one has come, or is lost.
            self._is_cut = False
            sends.answer_all()
        if not self._is_link_down:
            self._facts.is_unsure = False
        contested_at = self._codes.contested_at
        if contested_at is not None and contested_at < told.epoch and told.is_live_now:
            self._codes.settle()

    def hear_execution(self, message: ExecutionDetails) -> bool:
        """Take an execution: a new one, one that is known, or the correction of one."""
        if not self._fills.add(message):
            return False
        execution = message.execution
        self._name(execution.permanent_id, execution.account, execution.order_reference)
        self._sends.is_new_open = False
        return self._note(message)

    def hear_costs(self, message: CommissionAndFeesReport) -> bool:
        """Take what an execution cost. It may come before that, after it, or never."""
        return self._fills.hear_costs(message) and self._note(message)

    def hear_completed(self, message: CompletedOrder) -> bool:
        """Take the row of a completed order."""
        order = message.order
        self._told.hear_completed(message)
        self._name(order.permanent_id, order.account, order.order_reference)
        self.contract = self.contract or message.contract
        self.order = self.order or order
        self._sends.is_new_open = False
        return self._note(message)

    def hear_error(self, message: ErrorMessage) -> bool:
        """Take a code that came under its id."""
        codes, sends = self._codes, self._sends
        if codes.is_known(message):
            return False
        changed = sends.changes > 0
        remark = codes.hear(message, sends.last, sends.count, changed=changed, epoch=self._told.epoch)
        change = sends.change
        if change is not None and codes.refuses_change(remark):
            change.refusal, sends.change = remark, None
        if codes.fails_cancel(remark):
            sends.open_cancels = 0
        if codes.answers_new(remark):
            sends.is_new_open = False
        return self._note(message)

    # --- what is known of the news themselves --------------------------------------------------------------------

    def note_unsure(self, because: Cause) -> bool:
        """Note that news of it may be lost from now on: the connection is over, or the link of TWS is down."""
        if isinstance(because, ConnectionClosed):
            self._bar()
            self._is_cut, self._is_link_down = True, False
        else:
            self._is_link_down = True
        if self._facts.is_unsure or self.state.is_done:
            return False
        self._facts.is_unsure = True
        return self._note(because)

    def note_link_back(self) -> None:
        """Note that TWS has its link again: what it says of the order from now on is how the order stands."""
        if self._is_link_down:
            self._is_link_down = False
            self._bar()

    def note_sure(self, because: Cause) -> bool:
        """Note that queries have told all there is to tell of it: how it stands is what was heard last."""
        facts = self._facts
        is_settled = not self._told.is_revived and self._codes.contested_at is None
        if is_settled and not (facts.is_unsure or facts.is_unclear or self._is_link_down):
            return False
        if self._told.is_revived:
            facts.revive()
        self._codes.settle()
        facts.is_unsure = facts.is_unclear = self._is_link_down = False
        return self._note(because)

    def note_unclear(self, because: Cause) -> bool:
        """Note that something that is, or may be, about it could not be read, or may be about a twin of it."""
        self._facts.is_unclear = True
        return self._note(because)

    def note_twin(self, permanent_id: int) -> bool:
        """Note that another order has come of the same intent, or has the same order id."""
        if permanent_id in self.permanent_ids or len(self.permanent_ids) >= MOST_PERMANENT_IDS:
            return False
        self.permanent_ids.append(permanent_id)
        self._twins += 1
        self._facts.is_unclear = True
        return self._note("another order has the same order id")

    def note_name(self, owner: Owner, client_id: int, order_id: int, because: Cause) -> bool:
        """Note whose it is, and under which id."""
        self.owner, self.client_id, self.order_id = owner, client_id, order_id
        return self._note(because)

    def conclude(self, outcome: OrderOutcome, because: Cause) -> bool:
        """Note what follows of queries, in words: that it never arrived, say. What was or is heard goes before it."""
        self._facts.conclusion, self._facts.is_unsure = outcome, False
        return self._note(because)

    def absorb(self, other: OrderLife) -> bool:
        """Take the facts of *other*, which was first known by another name, and has turned out to be this one."""
        if self.order is None or (other._told.is_opened and not self._told.is_opened):
            self.order, self.contract = other.order or self.order, other.contract or self.contract
        self._fills.absorb(other._fills)
        self._told.absorb(other._told)
        self._codes.absorb(other._codes)
        self._name(other.permanent_id, other.account, other.ref)
        self._facts.is_unclear = self._facts.is_unclear or other._facts.is_unclear
        self._facts.conclusion = self._facts.conclusion or other._facts.conclusion
        return self._note("two names turned out to be those of one order")

    def _name(self, permanent_id: int | None, account: str | None = "", ref: str | None = "") -> None:
        ids = self.permanent_ids
        if permanent_id and len(ids) == self._twins:
            ids.insert(0, permanent_id)
        self.account = self.account or account or ""
        self.ref = self.ref or ref or ""

    # --- what is believed ----------------------------------------------------------------------------------------

    def _note(self, because: Cause) -> bool:
        if self._watchers is None or not self._watchers:
            self._is_stale = True
            return True
        # The one that was computed last: the facts have moved on since then.
        before, state = self._state, believe(self, self._facts)
        self._is_stale = False
        if state == before:
            return False
        self._state = state
        for mailbox in self._watchers:
            mailbox.extend([Change(before, state, because)])
        return True
