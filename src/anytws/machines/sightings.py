"""What TWS has said about orders when it was asked, put together order by order; and which of it is about which order.

Three names tell orders apart, and none is always there: the permanent id (the vendor's, unique), the caller's reference
(comes back in all but a status), the order id (of one client, and given out again after a restart of TWS). They are
tried in this order, and an order id only where it can mean one order alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Sequence
from decimal import Decimal
from enum import Enum, unique
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from anytws.messages.contract import Contract, SecurityType
from anytws.messages.executions import Execution, ExecutionDetails
from anytws.messages.order import Order
from anytws.messages.order_words import OrderStatusWord
from anytws.messages.orders import CompletedOrder, OpenOrder, OrderStatus

OpenRow: TypeAlias = OpenOrder | OrderStatus
_NO_ID: Final = 2**31 - 1
"""What TWS says as the order id of an execution that no client has placed."""
_NOTHING: Final = Decimal(0)
_ENDED: Final = frozenset({OrderStatusWord.FILLED, OrderStatusWord.CANCELLED, OrderStatusWord.API_CANCELLED})


@attrs.frozen
class Answers:
    """What TWS has said to one round of questions; None stands for what it did not answer. Nothing else does."""

    open_before: Sequence[OpenRow] | None = None
    """All open orders, asked first."""
    executions: Sequence[ExecutionDetails] | None = None
    completed: Sequence[CompletedOrder] | None = None
    open_after: Sequence[OpenRow] | None = None
    """All open orders, asked again after the others."""

    @property
    def are_complete(self) -> bool:
        """Whether TWS has answered all of it."""
        return None not in (self.open_before, self.executions, self.completed, self.open_after)

    @property
    def unanswered(self) -> tuple[str, ...]:
        """What it did not answer, in words."""
        asked = (
            ("open orders", self.open_before),
            ("executions", self.executions),
            ("completed orders", self.completed),
            ("open orders again", self.open_after),
        )
        return tuple(name for name, answer in asked if answer is None)


@attrs.frozen
class Sought:
    """An order that is looked for: all that is known to tell it from others."""

    ref: str = ""
    client_id: int = 0
    order_id: int | None = None
    """None, 0: it has none that names it."""
    permanent_ids: tuple[int, ...] = ()
    contract: Contract | None = None
    """What it trades, where that is known."""
    order: Order | None = None
    is_of_this_connection: bool = False
    """Whether it was sent over the connection that is asked: then its id means it alone."""
    next_valid_id: int | None = None
    """What TWS had said on the connection over which it was sent; None where that is not known."""
    others: frozenset[int] = frozenset()
    """Permanent ids of other orders, which this one is not."""

    @property
    def total(self) -> Decimal | None:
        """How much is to be filled in all, as far as that is known."""
        return None if self.order is None else self.order.total_quantity


@attrs.frozen
class Asking:
    """Who asks: what the connection knows of ids."""

    client_id: int = 0
    next_valid_id: int | None = None
    """The first that TWS has said on this connection."""
    newest_valid_id: int | None = None
    """What TWS has said when it was asked again, after all that this connection had sent before; None: it was not."""
    first_order_id: int | None = None
    """The lowest id that an order of this connection can have: those below it are of earlier ones."""
    proven_before: int = 0
    """The highest id of an order of this client, from earlier connections, of which it is known that TWS has had it."""
    proven: int = 0
    """The same, of all connections."""


@attrs.define(eq=False)
class Sighting:
    """All that the answers say of one order."""

    permanent_id: int = 0
    ids: set[tuple[int, int]] = attrs.field(factory=set[tuple[int, int]])
    """Client ids with order ids, where the order id is one."""
    clients: set[int] = attrs.field(factory=set[int])
    ref: str = ""
    tells_ref: bool = False
    """Whether a kind of message has come that would carry a reference: an empty one means then that there is none."""
    contract: Contract | None = None
    order: Order | None = None
    is_in_first: bool = False
    is_in_second: bool = False
    words: set[OrderStatusWord] = attrs.field(factory=set[OrderStatusWord])
    """Of the open orders: an ended order may be among them for a moment."""
    completed: CompletedOrder | None = None
    told_filled: Decimal = _NOTHING
    """The most that a status, a cumulative quantity or a completed row has said."""
    executions: dict[str, tuple[int, Execution]] = attrs.field(factory=dict[str, tuple[int, Execution]])
    """The newest word of each, by its id without the number of its correction."""

    @property
    def filled(self) -> Decimal:
        """How much of it is filled, at the least."""
        executed = sum([each.shares or _NOTHING for _, each in self.executions.values()], _NOTHING)
        return max(executed, self.told_filled)

    @property
    def total(self) -> Decimal | None:
        """How much is to be filled in all; None where no open row says it (a completed row of a filled one has 0)."""
        total = None if self.order is None else self.order.total_quantity
        return total or None

    @property
    def is_over(self) -> bool:
        """Whether it is listed as completed, or with a word that ends it."""
        return self.completed is not None or bool(_ENDED & self.words)

    @property
    def is_filled(self) -> bool:
        """Whether what was executed is all that is to be, or a word says so."""
        if OrderStatusWord.FILLED in self.words:
            return True
        if self.completed is not None and self.completed.order_state.status is OrderStatusWord.FILLED:
            return True
        return self.total is not None and self.filled >= self.total


class Survey:
    """Each order that some answers speak of, once; found by its names."""

    def __init__(self, answers: Answers) -> None:
        self.answers: Answers = answers
        self.all: list[Sighting] = []
        self._by_permanent_id: dict[int, Sighting] = {}
        self._by_id: dict[tuple[int, int, str], Sighting] = {}
        self._by_name: dict[Hashable, list[Sighting]] = {}
        """By permanent id, by reference, and by client id with order id."""
        self._ids: dict[int, list[int]] = {}
        """The order ids of each client, sorted."""
        self._see_all(answers)
        for seen in self.all:
            for name in (seen.permanent_id, seen.ref, *seen.ids):
                if name:
                    self._by_name.setdefault(name, []).append(seen)
            for client, order_id in seen.ids:
                self._ids.setdefault(client, []).append(order_id)
        for ids in self._ids.values():
            ids.sort()

    def about(self, sought: Sought) -> list[Sighting]:
        """Give what has a name of *sought*, and so may be it."""
        names: list[Hashable] = [*sought.permanent_ids, sought.ref]
        if sought.order_id:
            names.append((sought.client_id, sought.order_id))
        return list(dict.fromkeys([seen for name in names for seen in self._by_name.get(name, ())]))

    def twins(self, sought: Sought) -> list[Sighting]:
        """Give the other orders of the same intent: under its ids and its reference, with another permanent id."""
        name = sought.client_id, sought.order_id
        return [
            seen
            for seen in self.about(sought)
            if sought.ref
            and seen.ref == sought.ref
            and name in seen.ids
            and seen.permanent_id
            and sought.permanent_ids
            and seen.permanent_id not in sought.permanent_ids
        ]

    def order_id_between(self, client_id: int, first: int, limit: int | None) -> int | None:
        """Give an order id of *client_id* from *first* on and below *limit*; None if none was seen."""
        ids = self._ids.get(client_id, [])
        place = bisect_left(ids, first)
        if place == len(ids) or (limit is not None and ids[place] >= limit):
            return None
        return ids[place]

    def _see_all(self, answers: Answers) -> None:
        for rows, is_second in ((answers.open_before or (), False), (answers.open_after or (), True)):
            # A status has no reference: first those that have one, so that it finds its order.
            for row in sorted(rows, key=lambda each: isinstance(each, OrderStatus)):
                self._see_open(row, is_second)
        for details in answers.executions or ():
            self._see_execution(details)
        for completed in answers.completed or ():
            self._see_completed(completed)

    def _see_open(self, row: OpenRow, is_second: bool) -> None:
        if isinstance(row, OpenOrder):
            if row.order.what_if:
                return
            order = row.order
            seen = self._seen(order.permanent_id, order.client_id, row.order_id, order.order_reference)
            seen.tells_ref, seen.order, seen.contract = True, order, row.contract
            word = row.order_state.status
        else:
            seen = self._seen(row.permanent_id, row.client_id, row.order_id, None)
            seen.told_filled = max(seen.told_filled, row.filled or _NOTHING)
            word = row.status
        if word is not None:
            seen.words.add(word)
        seen.is_in_second = seen.is_in_second or is_second
        seen.is_in_first = seen.is_in_first or not is_second

    def _see_execution(self, details: ExecutionDetails) -> None:
        execution, contract = details.execution, details.contract
        seen = self._seen(
            execution.permanent_id, execution.client_id, execution.order_id, execution.order_reference or None
        )
        is_combo = contract.security_type is SecurityType.COMBO
        if seen.contract is not None and seen.contract.security_type is SecurityType.COMBO and not is_combo:
            # Of a combination the whole counts, and not its legs.
            return
        if is_combo and (seen.contract is None or seen.contract.security_type is not SecurityType.COMBO):
            seen.contract, seen.told_filled = contract, _NOTHING
            seen.executions.clear()
        seen.contract = seen.contract or contract
        seen.told_filled = max(seen.told_filled, execution.cumulative_quantity or _NOTHING)
        base, number = correction_of(execution.execution_id)
        known = seen.executions.get(base)
        if known is None or known[0] <= number:
            seen.executions[base] = number, execution

    def _see_completed(self, row: CompletedOrder) -> None:
        order = row.order
        seen = self._seen(order.permanent_id, order.client_id, order.order_id, order.order_reference)
        seen.tells_ref, seen.completed = True, row
        seen.contract = seen.contract or row.contract
        seen.order = seen.order or order
        seen.told_filled = max(seen.told_filled, order.filled_quantity or _NOTHING)

    def _seen(self, permanent_id: int | None, client_id: int | None, order_id: int | None, ref: str | None) -> Sighting:
        client, number = client_id or 0, 0 if order_id == _NO_ID else order_id or 0
        seen = self._by_permanent_id.get(permanent_id) if permanent_id else None
        if seen is None and number:
            seen = self._by_id.get((client, number, ref or ""))
            if seen is not None and permanent_id and seen.permanent_id:
                seen = None
        if seen is None:
            seen = Sighting()
            self.all.append(seen)
        if permanent_id:
            seen.permanent_id = permanent_id
            self._by_permanent_id[permanent_id] = seen
        seen.clients.add(client)
        seen.ref = seen.ref or ref or ""
        seen.tells_ref = seen.tells_ref or bool(ref)
        if number and not (seen.ids and ref is None):
            # In a status the client may be the one that has cancelled it (recorded), so others go before it.
            seen.ids.add((client, number))
            self._by_id.setdefault((client, number, seen.ref), seen)
            self._by_id.setdefault((client, number, ""), seen)
        return seen


def correction_of(execution_id: str | None) -> tuple[str, int]:
    """Give *execution_id* without its last segment, which counts corrections, and that number."""
    text = execution_id or ""
    base, dot, last = text.rpartition(".")
    if dot and last.isdecimal() and last.isascii() and len(last) < 10:
        return base, int(last)
    return text, 0


# --- which is which ----------------------------------------------------------------------------------------------


@unique
class Likeness(Enum):
    """Whether what was seen is what is sought."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    SAME = "same"
    OTHER = "other"
    """It is certainly another order."""
    PERHAPS = "perhaps"
    """It cannot be told."""


def likeness(sought: Sought, seen: Sighting, asking: Asking) -> Likeness:
    """Tell whether *seen* is the order that is *sought*, by permanent id, else by reference, else by order id."""
    if seen.permanent_id and seen.permanent_id in sought.permanent_ids:
        return Likeness.SAME
    if seen.permanent_id and (sought.permanent_ids or seen.permanent_id in sought.others):
        return Likeness.OTHER
    if sought.ref and seen.ref:
        return _by_ref(sought, seen) if sought.ref == seen.ref else Likeness.OTHER
    if seen.ref or (sought.ref and seen.tells_ref):
        # A reference comes back in all that would carry it.
        return Likeness.OTHER
    return _by_order_id(sought, seen, asking)


def _by_ref(sought: Sought, seen: Sighting) -> Likeness:
    own = [number for client, number in seen.ids if client == sought.client_id]
    if own:
        # Another id under the same reference: the caller has placed it again.
        return Likeness.SAME if not sought.order_id or sought.order_id in own else Likeness.OTHER
    if seen.is_in_first or seen.is_in_second or seen.ids:
        # Working orders are listed under the client that placed them: this is another client's, or a person's.
        return Likeness.SAME if sought.client_id in seen.clients and not sought.order_id else Likeness.OTHER
    if seen.clients == {sought.client_id}:
        return Likeness.SAME
    if 0 not in seen.clients:
        return Likeness.OTHER
    # After a restart of the Gateway what was completed before is listed under client 0 (reported), and in the text form
    # no completed row names its client: the terms have to fit as well.
    return Likeness.PERHAPS if _contradict(sought, seen) or _differ_in_size(sought, seen) else Likeness.SAME


def _by_order_id(sought: Sought, seen: Sighting, asking: Asking) -> Likeness:
    if not sought.order_id or (sought.client_id, sought.order_id) not in seen.ids:
        return Likeness.OTHER
    if sought.is_of_this_connection:
        return Likeness.SAME
    is_ours = sought.client_id == asking.client_id
    if is_ours and asking.next_valid_id is not None and sought.order_id < asking.next_valid_id:
        return Likeness.SAME
    # The id may have been given out again.
    return Likeness.OTHER if _contradict(sought, seen) else Likeness.PERHAPS


def _contradict(sought: Sought, seen: Sighting) -> bool:
    """Tell whether the two cannot be one order, by what no change of an order changes."""
    mine, theirs = sought.contract, seen.contract
    if mine is not None and theirs is not None:
        if mine.contract_id and theirs.contract_id:
            if mine.contract_id != theirs.contract_id:
                return True
        elif mine.symbol and theirs.symbol and mine.symbol != theirs.symbol:
            return True
    if sought.order is None or seen.order is None:
        return False
    return sought.order.action is not seen.order.action


def _differ_in_size(sought: Sought, seen: Sighting) -> bool:
    size = seen.total or (seen.filled if seen.is_filled else None)
    return bool(size and sought.total and size != sought.total)


def of_sought(sought: Sought, survey: Survey, asking: Asking) -> tuple[list[Sighting], list[Sighting]]:
    """Give what of *survey* is the order that is *sought*, and that of which it cannot be told."""
    same: list[Sighting] = []
    perhaps: list[Sighting] = []
    for seen in survey.about(sought):
        found = likeness(sought, seen, asking)
        if found is Likeness.SAME:
            same.append(seen)
        elif found is Likeness.PERHAPS:
            perhaps.append(seen)
    return same, perhaps
