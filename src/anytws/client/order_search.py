"""Finds out what became of an order of which nobody knows it: `Orders.resolve`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import anyio
import anyio.lowlevel
import attrs

from anytws.client.placing import tell
from anytws.core.arguments import check_timeout
from anytws.errors import RequestError
from anytws.machines.fate import SETTLING, Fate, FateOutcome, Judgement, family_outcome, judge
from anytws.machines.link import LinkState
from anytws.machines.order import OrderLife
from anytws.machines.order_state import Left, OrderOutcome
from anytws.machines.outbox import Place
from anytws.machines.sightings import Answers, Asking, Sought, Survey
from anytws.messages.base import Asks
from anytws.messages.executions import ExecutionRequest
from anytws.messages.orders import AllOpenOrdersRequest, CompletedOrdersRequest, PlaceOrderRequest
from anytws.messages.session import IdsRequest

if TYPE_CHECKING:
    from anytws.client.conversing import Conversing
    from anytws.client.order_errors import OrderUnknown
    from anytws.client.trade import Trade

_T = TypeVar("_T")

RESOLVE_SECONDS: Final = 60.0
"""How long `Orders.resolve` asks, unless somebody says otherwise."""
QUERY_SECONDS: Final = 10.0
"""How long one question may take."""
_PAUSES: Final = (1.0, SETTLING - 1.0, SETTLING, 10.0)
"""Seconds between the looks; the last one for all that follow. An order may be with TWS, and in no list of it yet."""

_LAST_LOOK: Final = 1.0
"""Seconds that are kept for the last look."""


@attrs.frozen
class Footing:
    """What must not change while TWS is asked."""

    connections: int
    """How many there have been."""
    link_losses: int
    link: LinkState
    misunderstood: int
    """How many messages about orders could not be read, or assigned."""


class OrderSearch:
    """Asks TWS about orders, and knows by which names they are to be found."""

    def __init__(self, tws: Conversing, trade_of: Callable[[OrderLife], Trade]) -> None:
        self._tws = tws
        self._trade_of = trade_of

    # --- names ---------------------------------------------------------------------------------------------------

    def asking(self, newest_valid_id: int | None = None) -> Asking:
        """Give what this connection knows of ids."""
        known = self._tws.known_orders
        first = known.first_order_id
        proven = [
            life.order_id
            for life in known.lives
            if life.order_id and life.permanent_ids and life.client_id == known.client_id
        ]
        return Asking(
            known.client_id,
            known.next_valid_id,
            newest_valid_id,
            first,
            max((number for number in proven if first is not None and number < first), default=0),
            max(proven, default=0),
        )

    def sought(self, lives: Iterable[OrderLife]) -> dict[OrderLife, Sought]:
        """Give for each of *lives* what it is to be found by."""
        known = self._tws.known_orders
        first = known.first_order_id
        ids_of: dict[Any, set[int]] = {}
        for life in known.lives:
            for name in _names(life):
                ids_of.setdefault(name, set()).update(life.permanent_ids)
        found: dict[OrderLife, Sought] = {}
        for life in lives:
            others = [ids_of[name] for name in _names(life) if name in ids_of]
            order_id = life.order_id or None
            # Those of a twin are another order's.
            own_ids = (life.permanent_id,) if life.permanent_id else ()
            found[life] = Sought(
                ref=life.ref,
                client_id=life.client_id or 0,
                order_id=order_id,
                permanent_ids=own_ids,
                contract=life.contract,
                order=life.order,
                is_of_this_connection=first is not None
                and order_id is not None
                and order_id >= first
                and life.client_id == known.client_id,
                others=frozenset[int]().union(*others) - set(own_ids),
            )
        return found

    def _life_of(self, unknown: OrderUnknown) -> OrderLife | None:
        """Give what this client knows of *unknown*, where it is certain that it is that."""
        known = self._tws.known_orders
        if unknown.life is not None and unknown.life in known.lives:
            return unknown.life
        if unknown.permanent_id:
            return known.by_permanent_id(unknown.permanent_id)
        if not unknown.ref:
            return None
        for life in (known.by_order_id(unknown.order_id or 0, unknown.client_id), known.by_ref.get(unknown.ref)):
            is_it = life is not None and life.ref == unknown.ref and life.client_id == unknown.client_id
            if is_it and life is not None and unknown.order_id in (None, life.order_id):
                return life
        return None

    def _sought_of(self, unknown: OrderUnknown, life: OrderLife | None) -> Sought:
        state = unknown.state
        heard = (unknown.permanent_id, *(() if state is None else state.permanent_ids))
        if life is not None:
            own = self.sought([life])[life]
            return attrs.evolve(
                own,
                # A completed row may have told of it, which has neither.
                client_id=unknown.client_id,
                order_id=own.order_id or unknown.order_id or None,
                permanent_ids=tuple(dict.fromkeys([*own.permanent_ids, *filter(None, heard)])),
                next_valid_id=unknown.next_valid_id,
            )
        dead = unknown.life
        asked = None if dead is None else dead.asked
        heard = (*heard, *(() if dead is None else dead.permanent_ids))
        return Sought(
            ref=unknown.ref,
            client_id=unknown.client_id,
            order_id=unknown.order_id or None,
            permanent_ids=tuple(dict.fromkeys(filter(None, heard))),
            contract=None if asked is None else asked.contract,
            order=asked.order if isinstance(asked, PlaceOrderRequest) else None,
            next_valid_id=unknown.next_valid_id,
        )

    def footing(self) -> Footing:
        """Give what must not change while TWS is asked, if its answers are to make one picture."""
        health, known = self._tws.health.now, self._tws.known_orders
        return Footing(known.connections, health.link_losses, health.link, known.misunderstood)

    # --- resolving -----------------------------------------------------------------------------------------------

    async def resolve(self, unknown: OrderUnknown, *, timeout: float | None = None) -> Fate:
        """Ask until it is known what became of *unknown*, or *timeout* seconds are over (`Orders.resolve`)."""
        check_timeout(timeout)
        await anyio.lowlevel.checkpoint()
        deadline = anyio.current_time() + (RESOLVE_SECONDS if timeout is None else timeout)
        wanted = unknown.members or (unknown,)
        known: dict[int, Fate] = {}
        absent_since: dict[int, float] = {}
        looks = 0
        while True:
            for place, each in enumerate(wanted):
                if place not in known and (fate := self._without_asking(each)) is not None:
                    known[place] = fate
            rest = {place: each for place, each in enumerate(wanted) if place not in known}
            fates: Mapping[int, Fate] = {}
            if rest:
                fates = await self._look(rest, absent_since, deadline)
                looks += 1
                known |= {place: fate for place, fate in fates.items() if fate.outcome is not FateOutcome.STILL_UNKNOWN}
            pause = min(_PAUSES[min(looks, len(_PAUSES)) - 1], deadline - anyio.current_time() - _LAST_LOOK)
            if len(known) == len(wanted) or pause <= 0:
                return _of_family(unknown, [known.get(place) or fates[place] for place in range(len(wanted))])
            await self._pause(rest, pause)

    def _without_asking(self, unknown: OrderUnknown) -> Fate | None:
        """Give the fate that needs no question: of what never left, and of what has been told since."""
        life = self._life_of(unknown)
        if life is not None:
            state = life.state
            if state.is_done and life.is_withdrawn:
                taken = "it was taken back before a byte of it had left this process"
                return Fate(FateOutcome.NEVER_ARRIVED, self._trade_of(life), (taken,))
            if state.is_done and _was_never_there(life):
                known = "that it never arrived was found out before, and nothing was told of it since"
                return Fate(FateOutcome.NEVER_ARRIVED, self._trade_of(life), (known,))
            if state.is_done:
                told = f"it is {state.status.value}, {state.filled} filled: that was told since"
                return Fate(FateOutcome.DONE, self._trade_of(life), (told,))
        if unknown.left is not Left.NONE or not _is_of_new_order(unknown):
            return None
        told_life = life or unknown.life
        if told_life is not None and told_life.parcel is not None and not _never_left(told_life):
            return None
        evidence = "none of its bytes had left this process, and none can any more: TWS cannot have heard of it"
        if life is not None:
            life.conclude(OrderOutcome.REJECTED, f"it never arrived: {evidence}")
            tell(self._tws, [life])
        return Fate(FateOutcome.NEVER_ARRIVED, None if life is None else self._trade_of(life), (evidence,))

    async def _look(
        self, wanted: Mapping[int, OrderUnknown], absent_since: dict[int, float], deadline: float
    ) -> dict[int, Fate]:
        """Ask everything once, and say what it says of each."""
        began, before = anyio.current_time(), self.footing()
        failures: list[str] = []
        first = await self._ask(AllOpenOrdersRequest(), deadline, failures)
        executions = await self._ask(ExecutionRequest(), deadline, failures)
        completed = await self._ask(CompletedOrdersRequest(api_only=False), deadline, failures)
        newest = None
        second = await self._ask(AllOpenOrdersRequest(), deadline, failures)
        if any(needs_newest_id(self._sought_of(each, self._life_of(each))) for each in wanted.values()):
            said = await self._ask(IdsRequest(), deadline, failures)
            newest = None if said is None else said.order_id
        survey = Survey(Answers(first, executions, completed, second))
        asking = self.asking(newest)
        if self.footing() != before or before.link is LinkState.DOWN:
            # What TWS says without its link is what it remembers, and half an answer from before a cut is none.
            failures.append("the connection or the link of TWS was down, or not all it said of orders could be read")
            survey = Survey(Answers())
        fates: dict[int, Fate] = {}
        for place, unknown in wanted.items():
            life = self._life_of(unknown)
            judgement = self._judge(self._sought_of(unknown, life), survey, asking)
            if judgement.outcome is FateOutcome.NEVER_ARRIVED:
                since = absent_since.setdefault(place, began)
                if began - since < SETTLING:
                    judgement = attrs.evolve(judgement, outcome=FateOutcome.STILL_UNKNOWN)
            else:
                absent_since.pop(place, None)
            fates[place] = self._concluded(life, judgement, failures)
        return fates

    def _judge(self, sought: Sought, survey: Survey, asking: Asking) -> Judgement:
        """Judge *sought*, and with it the order that a change of it has become while TWS had no link."""
        judgement = judge(sought, survey, asking)
        for twin in survey.twins(sought):
            other = judge(attrs.evolve(sought, permanent_ids=(twin.permanent_id,), others=frozenset()), survey, asking)
            judgement = Judgement(
                family_outcome((judgement.outcome, other.outcome)),
                (*judgement.evidence, "another order of the same intent:", *other.evidence),
                judgement.is_racing or other.is_racing,
                (*other.seen, *judgement.seen) if other.outcome is FateOutcome.LIVE else judgement.seen,
            )
        return judgement

    async def _ask(self, request: Asks[_T], deadline: float, failures: list[str]) -> _T | None:
        seconds = min(QUERY_SECONDS, deadline - anyio.current_time())
        if seconds <= 0:
            failures.append(f"{type(request).__name__} was not asked: the time was over")
            return None
        try:
            return await self._tws.ask(request, timeout=seconds)
        except RequestError as problem:
            failures.append(str(problem))
            return None

    def _concluded(self, life: OrderLife | None, judgement: Judgement, failures: Sequence[str]) -> Fate:
        evidence = (*judgement.evidence, *failures)
        is_over = life is not None and life.state.is_done
        if (life is None or is_over) and judgement.outcome in (FateOutcome.LIVE, FateOutcome.DONE):
            # Found by what was seen; of two orders of one intent, the one that lives.
            known = self._tws.known_orders
            ids = [seen.permanent_id for seen in judgement.seen if seen.permanent_id]
            seen_lives = [found for number in ids if (found := known.by_permanent_id(number)) is not None]
            live = [found for found in seen_lives if not found.state.is_done]
            life = next(iter([*live, *([] if life is None else [life]), *seen_lives]), None)
        if life is None:
            return Fate(judgement.outcome, None, evidence)
        state = life.state
        if state.is_done:
            told = f"it is {state.status.value}, {state.filled} filled"
            return Fate(FateOutcome.DONE, self._trade_of(life), (*evidence, told))
        outcome = judgement.outcome
        if outcome is not FateOutcome.STILL_UNKNOWN:
            outcome = apply(life, judgement)
            tell(self._tws, [life])
        return Fate(outcome, self._trade_of(life), evidence)

    async def _pause(self, wanted: Mapping[int, OrderUnknown], seconds: float) -> None:
        """Wait until the next look, or until something is told of one of *wanted*."""
        lives = [life for each in wanted.values() if (life := self._life_of(each)) is not None]
        with anyio.move_on_after(seconds):
            if len(lives) == 1:
                before = lives[0].state
                while lives[0].state == before:
                    await self._tws.order_bells.wait(lives[0])
            else:
                await anyio.sleep(seconds)


def needs_newest_id(sought: Sought) -> bool:
    """Tell whether it matters for *sought* which order id TWS gives out after the last look."""
    return bool(sought.order_id) and not sought.permanent_ids


def apply(life: OrderLife, judgement: Judgement) -> FateOutcome:
    """Set what is believed of *life* right by what the answers of TWS say; give what is known of it then."""
    because = "; ".join(judgement.evidence) or judgement.outcome.value
    if judgement.outcome is FateOutcome.LIVE:
        life.note_sure(f"TWS was asked: {because}")
    elif judgement.outcome is FateOutcome.NEVER_ARRIVED:
        life.conclude(OrderOutcome.REJECTED, f"it never arrived: {because}")
    elif judgement.outcome is FateOutcome.DONE:
        is_filled = any(seen.is_filled for seen in judgement.seen)
        life.conclude(OrderOutcome.FILLED if is_filled else OrderOutcome.CANCELLED, f"TWS was asked: {because}")
    else:
        life.note_unsure(f"TWS was asked, and it is not known: {because}")
    if judgement.outcome is FateOutcome.DONE and not life.state.is_done:
        # It is listed as over, and a live word came after that.
        return FateOutcome.STILL_UNKNOWN
    return judgement.outcome


def _names(life: OrderLife) -> list[Any]:
    names: list[Any] = [life.ref] if life.ref else []
    return [*names, (life.client_id, life.order_id)] if life.order_id else names


def _is_of_new_order(unknown: OrderUnknown) -> bool:
    """Tell whether it is the order itself of which nobody knows, and not a change or a cancel of one that is there."""
    if unknown.permanent_id:
        return False
    state = unknown.state
    return state is None or (state.status is OrderOutcome.UNKNOWN and state.word is None and not state.permanent_ids)


def _was_never_there(life: OrderLife) -> bool:
    """Tell whether *life* is over by our conclusion alone: nothing that TWS has said would make it so."""
    state = life.state
    is_refused = state.status is OrderOutcome.REJECTED and life.refusal is None
    return is_refused and state.word is None and not state.permanent_ids


def _never_left(life: OrderLife) -> bool:
    parcel = life.parcel
    return life.is_withdrawn or (
        parcel is not None and parcel.place in (Place.WITHDRAWN, Place.LOST) and not parcel.was_given
    )


def _of_family(unknown: OrderUnknown, fates: Sequence[Fate]) -> Fate:
    if not unknown.members:
        return fates[0]
    outcome = family_outcome(fate.outcome for fate in fates)
    evidence = tuple(
        f"{member.ref or member.order_id}: {line}"
        for member, fate in zip(unknown.members, fates, strict=True)
        for line in (fate.outcome.value, *fate.evidence)
    )
    return Fate(outcome, fates[0].trade, evidence, tuple(fates))
