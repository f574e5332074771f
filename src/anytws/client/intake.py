"""What every order of a connection passes before it leaves: the gate, and the journal. It outlives connections.

It stands where the session encodes (`ClientSession.send`), so that no order goes past it: not one of a verb, not a
change, not one that was sent by hand.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from anytws.client.door import Door
from anytws.client.order_errors import GateRefused
from anytws.core.arguments import check_instance
from anytws.errors import NotJournaled, shown
from anytws.machines.intent import Intent, IntentKind, family_of, intent_of, is_order
from anytws.machines.journal import Ended, Entry, Journal, KeptOrder, Named, Picture, Placed
from anytws.machines.known_orders import KnownOrders
from anytws.machines.order import OrderLife
from anytws.machines.order_state import OrderOutcome, Owner
from anytws.messages.base import ToTws, replace
from anytws.messages.contract import Action, Contract
from anytws.messages.executions import ExerciseOptionsRequest
from anytws.messages.order import Order
from anytws.messages.orders import PlaceOrderRequest
from anytws.runtime.logs import CONNECTION

if TYPE_CHECKING:
    from anytws.machines.gate_belief import Belief, Exposure
    from anytws.machines.order_gate import Gate

_NOTHING: Final = Decimal(0)
_REVIVED_ENDED: Final = 500
"""How many of the orders that have ended are known at once; the others when they are asked for by name."""
# What a gate goes by is imported by who has one: to connect needs neither quotes nor zones.


def _utc_now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)  # noqa: TID251 (days are those of people, and so are quotes' ages)


class Intake(Door):
    """The gate and the journal of one client, over all its connections. Either may be None.

    *clock* gives the time, aware. Raises `TypeError` for what is none of the two.
    """

    def __init__(
        self, journal: Journal | None = None, gate: Gate | None = None, clock: Callable[[], datetime] = _utc_now
    ) -> None:
        # What somebody gives who has no type checker.
        given: object = journal
        if given is not None and not all(hasattr(given, name) for name in ("open", "close", "read", "write")):
            raise TypeError(f"journal is {shown(given)}, and has to be a FileJournal, a SqliteJournal, or like them")
        if gate is not None:
            from anytws.machines.order_gate import Gate  # noqa: PLC0415 (see above)

            check_instance("gate", gate, Gate)
        self.journal: Journal | None = journal
        self.gate: Gate | None = gate
        self._clock = clock
        self._orders: KnownOrders | None = None
        self._begun: KnownOrders | None = None
        self._client_id = 0
        self._accounts: tuple[str, ...] | None = None
        self._is_open = self._is_revived = False
        self._live: dict[int, None] = {}
        """The ids of this client's orders that are not known to be over."""
        self._owed: dict[OrderLife, None] = {}
        """Orders of which something was learned that could not be written down yet."""
        self._by_ref: dict[str, KeptOrder] = {}
        """Orders that ended long ago, for who asks by name."""
        self._checked: tuple[Intent, Decimal | None] | None = None
        """What has just passed, and what it is worth."""

    def __repr__(self) -> str:
        return f"<Intake: {self.journal!r}, {'no gate' if self.gate is None else 'gated'}>"

    @property
    def guards(self) -> bool:
        """Whether there is anything to pass."""
        return self.journal is not None or self.gate is not None

    # --- its life ------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Take hold of the journal. Raises `JournalError`, and `ValueError` for a gate that could not be enforced."""
        gate = self.gate
        if gate is not None and gate.needs_journal and self.journal is None:
            raise ValueError(
                "a gate with a cap for a day needs a journal, since a restart would forget what was placed today: give "
                "journal=anytws.FileJournal('orders.journal')"
            )
        if gate is not None and gate.kill_file is not None and not Path(gate.kill_file).absolute().parent.is_dir():
            raise ValueError(
                f"kill_file is {shown(gate.kill_file)}, whose folder does not exist: nobody could press it"
            )
        if self.journal is not None and not self._is_open:
            self.journal.open()
            self._is_open = True
            for remark in self.journal.read().remarks:
                CONNECTION.warning("the journal of orders: %s", remark)

    def close(self) -> None:
        """Let go of the journal, if it is open."""
        if self.journal is not None and self._is_open:
            self._is_open = False
            try:
                self._pay()
            except NotJournaled as problem:
                CONNECTION.warning("what was learned of orders could not be written down: %s", problem)
            self.journal.close()

    def prepare(self, orders: KnownOrders, client_id: int) -> None:
        """See to it, before anything is said, that no order id is used again that the journal knows."""
        self._orders, self._client_id = orders, client_id
        if self.journal is not None:
            orders.ids.raise_to(self.journal.read().floors.get(client_id, 0))

    def begin(self, orders: KnownOrders, client_id: int, accounts: tuple[str, ...] | None) -> None:
        """Note that a connection is ready: what may be out there becomes known, as far as it is of its *accounts*."""
        is_known = self._begun is orders
        self.prepare(orders, client_id)
        self._accounts, self._begun = accounts, orders
        if self.journal is not None and not self._is_revived:
            self._is_revived = True
            self._revive(self.journal.read())
        if not is_known:
            # Later ones are told of as they have news.
            self.hear(orders.lives)

    def _revive(self, picture: Picture) -> None:
        mine = [kept for kept in picture.ended.values() if self._is_mine(kept.placed)]
        # Most of what is long over is never asked for again.
        older = mine[:-_REVIVED_ENDED]
        self._by_ref = {kept.placed.ref: kept for kept in older if kept.placed.ref}
        for kept in [*mine[len(older) :], *picture.open.values()]:
            if self._is_mine(kept.placed):
                self._revive_one(kept)

    def recall(self, ref: str) -> OrderLife | None:
        """Give this client's order with the reference *ref*, from the journal too; None: none is known."""
        if self._orders is None:
            return None
        known = self._orders.by_ref.get(ref)
        kept = self._by_ref.pop(ref, None) if known is None else None
        if kept is not None:
            self._revive_one(kept)
            known = self._orders.by_ref.get(ref)
        return known

    def _is_mine(self, placed: Placed) -> bool:
        return placed.client_id == self._client_id and self._is_here(placed)

    def _is_here(self, placed: Placed) -> bool:
        """Tell whether *placed* may be of the login that this connection has: paper and live may share a journal."""
        accounts = self._accounts
        return not placed.accounts or accounts is None or not {*placed.accounts}.isdisjoint(accounts)

    def _revive_one(self, kept: KeptOrder) -> None:
        orders, placed, ended = self._orders, kept.placed, kept.ended
        assert orders is not None, "it has begun"
        if ended is not None and not placed.ref:
            # Nobody can ask for it by name.
            return
        known = orders.by_order_id(placed.order_id)
        if known is not None and (not placed.ref or known.ref in ("", placed.ref)):
            # TWS has spoken of it already, and knows better.
            return
        life = OrderLife(Owner.OURS)
        life.client_id, life.order_id, life.ref = placed.client_id, placed.order_id, placed.ref
        life.account = placed.accounts[0] if len(placed.accounts) == 1 else ""
        life.note_remembered(
            placed.request(),
            f"the journal has it, from {placed.at:%Y-%m-%d %H:%M:%S} UTC",
            permanent_ids=kept.permanent_ids,
            outcome=None if ended is None else ended.outcome,
            filled=_NOTHING if ended is None else ended.filled,
            average_price=None if ended is None else ended.average_fill_price,
        )
        orders.revive(life)

    # --- before an order leaves ----------------------------------------------------------------------------------

    def admit(self, requests: Sequence[PlaceOrderRequest], *, is_bracket: bool = False) -> None:
        """Raise `GateRefused` unless all of *requests* may leave together; with *is_bracket* the first is the parent.

        Each is looked at again when it leaves. For a single order that is enough.
        """
        intents = family_of(requests) if is_bracket else tuple([intent_of(request) for request in requests])
        self._admit(intents)

    def check(self, message: ToTws) -> None:
        """Raise `GateRefused` if *message* is an order, or a change of one, that must not leave."""
        self._checked = None
        if not isinstance(message, PlaceOrderRequest | ExerciseOptionsRequest) or not is_order(message):
            return
        intent = intent_of(message, self._life_of(message.order_id))
        if intent.order is not None and intent.is_child and not self._waits_for_parent(intent.order):
            # Its parent is over, or was never there: nothing is left that it could only give back.
            intent = replace(intent, is_child=False)
        belief = self._admit((intent,))
        quote = None if belief is None else belief.quotes.get(intent.contract)
        value = None if self.gate is None else self.gate.added_value_of(intent, quote)
        self._checked = intent, value

    def note(self, said: ToTws, data: bytes, version: int) -> None:
        """Write down that *said* is about to leave as the frame *data*. Raises `NotJournaled`: then it must not."""
        if self._checked is None or not isinstance(said, PlaceOrderRequest | ExerciseOptionsRequest):
            return
        (intent, value), self._checked = self._checked, None
        order_id = said.order_id
        assert order_id is not None, "it was given one when it was encoded"
        if self.journal is not None:
            self._pay()
            placed = Placed(
                at=self._clock(),
                client_id=self._client_id,
                order_id=order_id,
                is_change=intent.kind is IntentKind.CHANGE,
                ref=intent.ref,
                accounts=(intent.account,) if intent.account else (self._accounts or ()),
                what=str(intent),
                version=version,
                frame=data,
                quantity=intent.increase,
                value=value,
                currency="" if self.gate is None or value is None else self.gate.currency,
            )
            self.journal.write(placed)
        self._live[order_id] = None

    def _life_of(self, order_id: int | None) -> OrderLife | None:
        return None if order_id is None or self._orders is None else self._orders.by_order_id(order_id)

    def _admit(self, intents: Sequence[Intent]) -> Belief | None:
        gate = self.gate
        if gate is None:
            return None
        now = self._clock()
        belief = self._believed(gate, intents, now)
        reasons = gate.refusals(intents, belief, now)
        if reasons:
            raise GateRefused(reasons)
        return belief

    # --- what the gate goes by -----------------------------------------------------------------------------------

    def _believed(self, gate: Gate, intents: Sequence[Intent], now: datetime) -> Belief:
        from anytws.machines.gate_belief import Belief  # noqa: PLC0415 (see above)

        quotes = {}
        if gate.quotes is not None:
            found = {intent.contract: gate.quotes(intent.contract) for intent in intents}
            quotes = {contract: quote for contract, quote in found.items() if quote is not None}
        today = Belief().today
        if gate.needs_journal and self.journal is not None:
            today = self.journal.read().since(self._client_id, gate.day_begin(now), gate.currency)
        exposures = {}
        if gate.max_position is not None:
            exposures = {
                (intent.account, intent.contract): self._exposure(gate, intent.account, intent.contract)
                for intent in intents
            }
        return Belief(self._accounts, _killed(gate), len(self._live), today, quotes, exposures)

    def _exposure(self, gate: Gate, account: str, contract: Contract) -> Exposure:
        from anytws.machines.gate_belief import Exposure  # noqa: PLC0415 (see above)

        position = None if gate.positions is None else gate.positions(account, contract)
        buys: Decimal | None = _NOTHING
        sells: Decimal | None = _NOTHING
        for order_id in self._live:
            life = self._life_of(order_id)
            if life is None or not _may_be_of(life, account, contract):
                continue
            order, open_ = _terms(life), _still_open(life)
            if order is not None and self._waits_for_parent(order):
                continue
            if order is None or order.action is Action.BUY:
                buys = None if buys is None or open_ is None else buys + open_
            if order is None or order.action is not Action.BUY:
                sells = None if sells is None or open_ is None else sells + open_
        return Exposure(position, buys, sells)

    def _waits_for_parent(self, order: Order) -> bool:
        """Tell whether *order* can only give back what its parent takes, which counts already."""
        return order.parent_id in self._live

    # --- after it has left ---------------------------------------------------------------------------------------

    def hear(self, lives: Iterable[OrderLife]) -> None:
        """Take note of *lives*, of which something is new: what has ended, and the vendor's numbers."""
        for life in lives:
            order_id = life.order_id
            if life.owner is not Owner.OURS or life.client_id != self._client_id or order_id is None:
                continue
            if self._life_of(order_id) is life:
                if life.state.is_done:
                    self._live.pop(order_id, None)
                else:
                    self._live[order_id] = None
                if self.journal is not None:
                    self._owed[life] = None
        if self._owed:
            try:
                self._pay()
            except NotJournaled as problem:
                # The next order tries it again, and is not sent if that fails too.
                CONNECTION.warning("what was learned of orders could not be written down: %s", problem)

    def _pay(self) -> None:
        """Write down what was learned. Raises `NotJournaled`; then it is tried again."""
        journal = self.journal
        if journal is None or not self._owed:
            return
        entries: list[Entry] = []
        for life in self._owed:
            entries += self._learned(life, journal.read())
        if entries:
            journal.write(*entries)
        self._owed.clear()

    def _learned(self, life: OrderLife, picture: Picture) -> Iterable[Entry]:
        key = self._client_id, life.order_id or 0
        kept = picture.open.get(key) or picture.ended.get(key)
        if kept is None:
            # It was placed without this journal.
            return
        now, state = self._clock(), life.state
        # What was taken back before a byte of it had left never was: the next run is to know that it never arrived.
        outcome = OrderOutcome.REJECTED if life.is_withdrawn else state.status
        for permanent_id in life.permanent_ids:
            if permanent_id not in kept.permanent_ids:
                yield Named(now, *key, permanent_id)
        ended = kept.ended
        told = None if ended is None else (ended.outcome, ended.filled, ended.average_fill_price)
        is_known = told == (outcome, state.filled, state.average_fill_price)
        if state.is_done and not is_known:
            yield Ended(now, *key, outcome, state.filled, state.average_fill_price)
        elif ended is not None and not state.is_done:
            yield Ended(now, *key, state.status)


def _killed(gate: Gate) -> str:
    """Say who has pressed the kill switch; empty: nobody."""
    switch = gate.kill_switch
    if switch is not None and (switch() if callable(switch) else switch.is_set()):
        return "kill_switch is set"
    if gate.kill_file is None:
        return ""
    try:
        os.lstat(gate.kill_file)
    except FileNotFoundError:
        return ""
    except OSError as problem:
        return f"whether the file {os.fspath(gate.kill_file)} exists cannot be told: {problem}"
    return f"the file {os.fspath(gate.kill_file)} exists"


def _terms(life: OrderLife) -> Order | None:
    asked = life.asked
    return life.order or (asked.order if isinstance(asked, PlaceOrderRequest) else None)


def _still_open(life: OrderLife) -> Decimal | None:
    """Give how much of *life* may still be filled, at its worst: after a change that is on its way, say."""
    state = life.state
    asked = life.asked.order.total_quantity if isinstance(life.asked, PlaceOrderRequest) else None
    known = [total for total in (state.total_quantity, asked) if total is not None]
    return max(_NOTHING, max(known) - state.filled) if known else None


def _may_be_of(life: OrderLife, account: str, contract: Contract) -> bool:
    """Tell whether *life* may be of *account* and *contract*: where that cannot be told, it may."""
    if account and life.account and account != life.account:
        return False
    other = life.contract
    if other is None:
        return True
    if contract.contract_id and other.contract_id:
        return contract.contract_id == other.contract_id
    mine, others = _named(contract), _named(other)
    return all(one == another for one, another in zip(mine, others, strict=True) if one and another)


def _named(contract: Contract) -> tuple[object, ...]:
    month = contract.last_trade_date_or_contract_month[:6]
    return contract.symbol, contract.security_type, contract.currency, month, contract.strike, contract.right
