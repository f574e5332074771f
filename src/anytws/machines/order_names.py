"""Which order is meant: by its permanent id, by its client's order id, by the caller's reference.

Only the permanent id names an order for good. The others name it under conditions:

* An order id belongs to a client, and may be given out again: after a restart TWS may not know of orders that were sent
  just before. What TWS says under such an id is about the older order only if nothing speaks against it: the
  reference, the terms, and the first id that TWS has called free on this connection.
* A reference is what the caller makes of it. It names an order of our own that has no permanent id yet.
* What has another permanent id is another order, whatever else it shares: a change that was sent while TWS had no link
  has become a second order beside the first (reported). Two orders' fills are never put together.
"""

from __future__ import annotations

from typing import Final

from anytws.core.code_words import Outstanding
from anytws.machines.order import OrderLife
from anytws.machines.order_state import Owner
from anytws.messages.contract import Contract, SecurityType
from anytws.messages.order import Order
from anytws.messages.orders import PlaceOrderRequest

NO_ORDER_ID: Final = 2**31 - 1
"""What TWS says as the order id of an execution that no client has placed."""


class OrderNames:
    """All orders that are known, by their names."""

    def __init__(self) -> None:
        self.client_id: int = 0
        """Whose orders are our own."""
        self.connections: int = 0
        """How many there have been, with the present one."""
        self.next_valid_id: int | None = None
        """The first that TWS has said on the present connection."""
        self.lives: Final[dict[OrderLife, None]] = {}
        """All of them, in the order in which they came to be known."""
        self.by_ref: Final[dict[str, OrderLife]] = {}
        """Our own, by the caller's reference: of several that have one, the newest."""
        self._by_id: dict[tuple[int, int], list[OrderLife]] = {}
        """By client id and order id, the newest last. More than one where an id was given out again."""
        self.lasting: Final[dict[int, OrderLife]] = {}
        """By permanent id."""
        self._known_on: dict[OrderLife, int] = {}
        """On which connection each was sent, or was heard of first."""
        self._by_status: dict[OrderLife, None] = {}
        """Those whose client id only a status has said: after a cancel it may be the canceller's (seen)."""

    # --- finding -------------------------------------------------------------------------------------------------

    def by_permanent_id(self, permanent_id: int) -> OrderLife | None:
        """Give the order that has this permanent id."""
        return self.lasting.get(permanent_id)

    def under(self, client_id: int, order_id: int) -> list[OrderLife]:
        """Give the orders that have this id, the newest last: one, as a rule, or none."""
        return [life for life in self._by_id.get((client_id, order_id), ()) if not life.is_withdrawn]

    def meant(self, order_id: int) -> list[OrderLife]:
        """Give our own orders that TWS can mean by this id, which is all that a code has."""
        next_id = self.next_valid_id
        return [
            life
            for life in self.under(self.client_id, order_id)
            if next_id is None
            or order_id < next_id
            or self.is_of_now(life)
            or (life.permanent_id and not life.state.is_done)
        ]

    def newest(self, client_id: int, order_id: int) -> OrderLife | None:
        """Give the newest order that has this id, also where it was taken back."""
        lives = self._by_id.get((client_id, order_id))
        return lives[-1] if lives else None

    def find(
        self,
        client_id: int,
        order_id: int,
        permanent_id: int,
        ref: str = "",
        contract: Contract | None = None,
        order: Order | None = None,
    ) -> OrderLife | None:
        """Give the order that has no permanent id yet and is meant by the other names; None: none that is known.

        With a *permanent_id* of 0, which TWS says before it has taken an order, also one that has one.
        """
        lives = self.under(client_id, order_id) if order_id else []
        if not permanent_id and len(lives) > 1:
            lives.sort(key=lambda life: not life.state.is_done)
        for life in reversed(lives):
            if permanent_id and life.permanent_id:
                continue
            if self._may_be(life, client_id, order_id, ref, contract, order):
                return life
        return self._by_reference(client_id, order_id, ref, contract, order)

    def _may_be(
        self,
        life: OrderLife,
        client_id: int,
        order_id: int,
        ref: str,
        contract: Contract | None,
        order: Order | None,
    ) -> bool:
        """Tell whether *life*, which has this id, is what TWS means by it now."""
        is_of_now = self.is_of_now(life)
        next_id = self.next_valid_id if client_id == self.client_id else None
        if ref and life.ref:
            # By hand a client may change, under its id, an order of an earlier run that has a reference of its own.
            return ref == life.ref or (is_of_now and next_id is not None and order_id < next_id)
        if is_of_now:
            return True
        # Sent over an earlier connection, and TWS called the id free after that: it never saw it.
        return (next_id is None or order_id < next_id) and _fits(life, contract, order)

    def _by_reference(
        self, client_id: int, order_id: int, ref: str, contract: Contract | None, order: Order | None
    ) -> OrderLife | None:
        """Give our own order that has this reference, where the ids do not speak against it.

        After a restart completed orders come under client id 0, and in text without an order id.
        """
        life = self.by_ref.get(ref) if ref else None
        if life is None or life.permanent_id or life.is_withdrawn:
            return None
        if order_id and (order_id != life.order_id or client_id not in (0, life.client_id)):
            return None
        if client_id not in (0, life.client_id):
            return None
        return life if _fits(life, contract, order) else None

    # --- being known ---------------------------------------------------------------------------------------------

    def add(self, life: OrderLife) -> None:
        """Have *life*, with the ids that it has, known."""
        self.lives[life] = None
        self._known_on.setdefault(life, self.connections)
        if life.permanent_id:
            self.lasting.setdefault(life.permanent_id, life)
        self.index(life)

    def index(self, life: OrderLife) -> None:
        """Have *life* known by the order id and the client id that it has now."""
        if life.order_id and life.client_id is not None:
            lives = self._by_id.setdefault((life.client_id, life.order_id), [])
            if life not in lives:
                lives.append(life)

    def note_said(self, life: OrderLife) -> None:
        """Note that *life* was sent over the present connection; by its reference it is the newest."""
        self._known_on[life] = self.connections
        if life.ref:
            self.by_ref[life.ref] = life

    def note_old(self, life: OrderLife) -> None:
        """Note that *life* is known from before any connection of this process."""
        self._known_on[life] = 0

    def note_permanent_id(self, life: OrderLife, permanent_id: int) -> None:
        """Note the permanent id of *life*."""
        self.lasting[permanent_id] = life

    def note_by_status(self, life: OrderLife) -> None:
        """Note that only a status has said whose *life* is."""
        self._by_status[life] = None

    def is_unnamed(self, life: OrderLife) -> bool:
        """Tell whether another message may say better than what is known whose *life* is, and its order id."""
        return not life.order_id or life in self._by_status

    def confirm(self, life: OrderLife) -> None:
        """Note that more than a status has said whose *life* is."""
        self._by_status.pop(life, None)

    def leave(self, life: OrderLife) -> None:
        """Have *life* not known by its client id and order id any more."""
        number = life.client_id or 0, life.order_id or 0
        lives = self._by_id.get(number)
        if lives is not None and life in lives:
            lives.remove(life)
            if not lives:
                del self._by_id[number]
        self._by_status.pop(life, None)

    def is_of_now(self, life: OrderLife) -> bool:
        """Tell whether *life* was sent, or heard of first, over the present connection."""
        return self._known_on.get(life) == self.connections

    def with_ref(self, ref: str) -> list[OrderLife]:
        """Give all orders that have this reference, whosever they are, the oldest first."""
        return [life for life in self.lives if life.ref == ref]

    def index_ref(self, life: OrderLife) -> None:
        """Have *life* known by its reference, if it is our own and no newer one has the same."""
        ref = life.ref
        if not ref or life.owner is not Owner.OURS:
            return
        other = self.by_ref.get(ref)
        if other is None or (other is not life and self._is_newer(life, other)):
            self.by_ref[ref] = life

    def _is_newer(self, life: OrderLife, other: OrderLife) -> bool:
        if other.is_withdrawn or (other.state.is_done and not life.state.is_done):
            return True
        if life.state.is_done and not other.state.is_done:
            return False
        # Of two that have one id, the first is the intent, and the second was made of a change.
        return (life.order_id or 0) > (other.order_id or 0)

    def twins_of(self, life: OrderLife) -> list[OrderLife]:
        """Give the other orders that TWS may have made of the intent of *life*, which has just come to be known."""
        if life.client_id is None or not life.order_id:
            return []
        others = self.under(life.client_id, life.order_id)
        return [each for each in others if each is not life and each.permanent_id and _is_one_intent(each, life)]

    def forget(self, life: OrderLife) -> None:
        """Forget *life* and all its names."""
        self.lives.pop(life, None)
        self._known_on.pop(life, None)
        self.leave(life)
        if self.lasting.get(life.permanent_id) is life:
            del self.lasting[life.permanent_id]
        if self.by_ref.get(life.ref) is life:
            del self.by_ref[life.ref]

    def owner_of(self, client_id: int, order_id: int, ref: str = "") -> Owner:
        """Tell whose an order with these names is, as far as they say it.

        A completed order has neither id in text. That it was made by hand is then a guess: it has no reference.
        """
        if order_id < 0:
            return Owner.BOUND
        if order_id == 0 and client_id == 0:
            return Owner.OTHER_CLIENT if ref else Owner.MANUAL
        return Owner.OURS if client_id == self.client_id else Owner.OTHER_CLIENT


def _fits(life: OrderLife, contract: Contract | None, order: Order | None) -> bool:
    """Tell whether what was asked for may be what TWS tells of: a change can change neither contract nor side."""
    asked = life.asked
    if not isinstance(asked, PlaceOrderRequest):
        return True
    if order is not None and order.action is not asked.order.action:
        return False
    if contract is None:
        return True
    wanted = asked.contract
    if wanted.security_type is SecurityType.COMBO:
        # What is executed are its legs as well.
        return True
    if wanted.contract_id and contract.contract_id:
        return wanted.contract_id == contract.contract_id
    return not (wanted.symbol and contract.symbol) or wanted.symbol == contract.symbol


def _is_one_intent(first: OrderLife, second: OrderLife) -> bool:
    """Tell whether *second* may have come of a change of *first*, which has the same id and another permanent id."""
    if first.ref and second.ref:
        return first.ref == second.ref and not first.state.is_done
    return not first.state.is_done and any(kind is Outstanding.MODIFY for kind, _ in first.sent)
