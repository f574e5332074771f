"""The orders that are known: made, put together, renamed, and forgotten in the end.

What is live is never forgotten, and of what is over the newest are kept. What was forgotten may be heard of again: then
it is the same for whoever still holds it, and for others over as before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar
from weakref import WeakSet, WeakValueDictionary

from anytws.core.codes import CODES, CodeTable
from anytws.machines.ids import OrderIds
from anytws.machines.mailbox import Mailbox
from anytws.machines.order import OrderLife
from anytws.machines.order_names import OrderNames
from anytws.machines.order_state import Cause, Change, Fill, OrderOutcome, Owner
from anytws.messages.contract import Contract
from anytws.messages.executions import CommissionAndFeesReport
from anytws.messages.order import Order

_M = TypeVar("_M")

MOST_ENDED: Final = 10_000
"""Orders that are over and not forgotten yet. What is live never is."""
MOST_FATES: Final = 50_000
"""Permanent ids of orders that were forgotten, with what had become of them: TWS may say their executions again."""
_SLACK: Final = 1_000
"""So many more orders, at least, come to be known before it is looked again for those that can be forgotten."""
_TWIN: Final = "there are two orders with one id: a change has become a second one, perhaps"


class KeptOrders:
    """All orders that a client knows of."""

    def __init__(self, codes: CodeTable = CODES, ids: OrderIds | None = None) -> None:
        self._codes = codes
        self.ids: Final = OrderIds() if ids is None else ids
        """The ids of new orders. They only go up, also over connections, and where TWS comes back with a lower one."""
        self.names: Final = OrderNames()
        """Which order is meant by an id, or by a reference."""
        self._lasting: Final = self.names.lasting
        self.lives: Final = self.names.lives
        """All orders, in the order in which they came to be known."""
        self.by_ref: Final = self.names.by_ref
        """This client's own, by the caller's reference: of several that have one, the newest."""
        self.is_link_down: bool = False
        """Whether TWS has said (1100, 2110) that it has lost its link to the vendor, and not that it is back."""
        self.misunderstood: int = 0
        """Messages about orders of which it could not be told which orders they are about."""
        self.watchers: WeakSet[Mailbox[tuple[OrderLife, Change]]] = WeakSet()
        """Who wants every change of what is believed of any order, none lost."""
        self.fill_watchers: WeakSet[Mailbox[tuple[OrderLife, Fill]]] = WeakSet()
        """Who wants every execution: when it is new, when it was corrected, and when its costs are told."""
        self._changes: list[tuple[OrderLife, Change]] | None = None
        """What the watchers are told of one read all at once; None: what comes is told at once."""
        self._by_execution: dict[str, OrderLife] = {}
        """By execution id without the number of its correction."""
        self._early_costs: dict[str, CommissionAndFeesReport] = {}
        """Costs of executions that have not been heard of."""
        self._early_bytes = 0
        self._ended: dict[OrderLife, None] = {}
        """Those that were seen to be over, in that order."""
        self._fates: dict[int, OrderOutcome] = {}
        """What had become of what was forgotten, by permanent id."""
        self._held: WeakValueDictionary[int, OrderLife] = WeakValueDictionary()
        """What was forgotten, and somebody still holds: it is to be the same when TWS speaks of it again."""
        self._look_at = MOST_ENDED
        """How many are known when it is looked for those that can be forgotten."""
        self._news: dict[OrderLife, None] = {}
        """Those of which something was heard, for who takes it."""

    # --- finding -------------------------------------------------------------------------------------------------

    @property
    def client_id(self) -> int:
        """The client id of the present connection, or of the last one."""
        return self.names.client_id

    @property
    def next_valid_id(self) -> int | None:
        """The first that TWS has said on the present connection; None before that."""
        return self.names.next_valid_id

    @property
    def connections(self) -> int:
        """How many connections there have been, with the present one."""
        return self.names.connections

    def by_order_id(self, order_id: int, client_id: int | None = None) -> OrderLife | None:
        """Give the newest order that has this id, of this client or of the one with *client_id*."""
        return self.names.newest(self.client_id if client_id is None else client_id, order_id)

    def by_permanent_id(self, permanent_id: int) -> OrderLife | None:
        """Give the order that has this permanent id."""
        return self.names.by_permanent_id(permanent_id)

    # --- who is told ---------------------------------------------------------------------------------------------

    def _tell(self, life: OrderLife, event: _M, hear: Callable[[_M], object], because: Cause | None = None) -> bool:
        """Have *life* take *event* by *hear*; tell whether there was news in it. *because*: why, if not of *event*."""
        if self._changes is None and not self.watchers:
            is_news = hear(event) is not False
        else:
            before = life.state
            is_news = hear(event) is not False
            if is_news and (state := life.state) != before:
                change = Change(before, state, event if because is None else because)  # type: ignore[arg-type]  # or so
                if self._changes is None:
                    self._tell_watchers([(life, change)])
                else:
                    self._changes.append((life, change))
        if is_news:
            self._news[life] = None
        return is_news

    def _tell_watchers(self, changes: list[tuple[OrderLife, Change]]) -> None:
        for mailbox in self.watchers:
            mailbox.extend(changes)

    # --- whose it is ---------------------------------------------------------------------------------------------

    def _named(
        self,
        life: OrderLife | None,
        client_id: int,
        order_id: int,
        permanent_id: int,
        ref: str = "",
        contract: Contract | None = None,
        order: Order | None = None,
    ) -> OrderLife:
        """Give the order that has these names; a new one, not known yet, if none has.

        *life* is the one that has the permanent id, if there is one: what was known of it may belong to an order that
        had only the other names, and it may only now get them.
        """
        names = self.names
        if life is not None:
            if not names.is_unnamed(life):
                return life
            other = names.find(client_id, order_id, permanent_id, ref, contract, order)
            if other is not None and other is not life:
                return self._merge(other, life)
            if order_id and (life.client_id, life.order_id) != (client_id, order_id):
                self._rename(life, client_id, order_id, "its order id was told")
            return life
        held = self._held.get(permanent_id) if permanent_id else None
        if held is not None:
            names.add(held)
            names.index_ref(held)
            return held
        found = names.find(client_id, order_id, permanent_id, ref, contract, order)
        if found is not None:
            if permanent_id:
                names.note_permanent_id(found, permanent_id)
            return found
        life = self._life(names.owner_of(client_id, order_id, ref), client_id, order_id)
        life.ref = ref
        return life

    def _merge(self, life: OrderLife, other: OrderLife) -> OrderLife:
        """Put together what was known of one order under two names."""
        for base in other.fills:
            self._by_execution[base] = life
        self.names.forget(other)
        self._ended.pop(other, None)
        # Who waits for news of it is to look again.
        self._news[other] = None
        self._tell(life, other, life.absorb, "what was known under its permanent id alone belongs to it")
        if other.permanent_id:
            self.names.note_permanent_id(life, other.permanent_id)
        return life

    def _rename(
        self, life: OrderLife, client_id: int, order_id: int, because: Cause, owner: Owner | None = None
    ) -> None:
        """Note that *life* has another client id or order id than was known."""
        names = self.names
        if owner is None:
            owner = Owner.BOUND if life.owner is Owner.BOUND else names.owner_of(client_id, order_id, life.ref)
        names.leave(life)
        self._tell(life, because, lambda cause: life.note_name(owner, client_id, order_id, cause))
        names.index(life)

    def _life(self, owner: Owner, client_id: int, order_id: int) -> OrderLife:
        life = OrderLife(owner, self._codes)
        life.client_id, life.order_id = client_id, order_id
        return life

    def _new(self, owner: Owner, client_id: int, order_id: int) -> OrderLife:
        life = self._life(owner, client_id, order_id)
        self.names.add(life)
        return life

    def _born(self, life: OrderLife, permanent_id: int) -> None:
        """Have a new *life* known, and told of a twin: a change may have become a second order."""
        names = self.names
        names.add(life)
        if not permanent_id:
            return
        names.note_permanent_id(life, permanent_id)
        fate = self._fates.get(permanent_id)
        if fate is not None:
            life.conclude(fate, "it was over before, and had been forgotten")
        self._note_twins(life, permanent_id)

    def _note_twins(self, life: OrderLife, permanent_id: int) -> None:
        """Have *life* and the orders that TWS has made of the same intent told of each other, where there are such."""
        for twin in self.names.twins_of(life):
            self._tell(twin, permanent_id, twin.note_twin, _TWIN)
            self._tell(life, twin.permanent_id, life.note_twin, _TWIN)

    # --- forgetting ----------------------------------------------------------------------------------------------

    def _forget_ended(self) -> None:
        """Forget the oldest of those that are over, beyond `MOST_ENDED`: those that ended first."""
        for life in self.lives:
            if life.state.is_done:
                self._ended[life] = None
            else:
                self._ended.pop(life, None)
        while len(self._ended) > MOST_ENDED:
            self._forget(next(iter(self._ended)))
        self._look_at = len(self.lives) + max(_SLACK, len(self.lives) // 4)

    def _forget(self, life: OrderLife) -> None:
        del self._ended[life]
        self._news.pop(life, None)
        self.names.forget(life)
        for base in life.fills:
            if self._by_execution.get(base) is life:
                del self._by_execution[base]
        if life.permanent_id:
            self._held[life.permanent_id] = life
            self._fates[life.permanent_id] = life.state.status
        while len(self._fates) > MOST_FATES:
            del self._fates[next(iter(self._fates))]
