"""`Orders.reconcile` and `Orders.resolve`: TWS is asked what there is, and the beliefs are set right by its answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import anyio
import anyio.lowlevel
import attrs

from anytws.arrow.records import Records
from anytws.client.order_errors import ReconcileIncomplete
from anytws.client.order_picture import OrderPicture, PartialOrderPicture
from anytws.client.order_search import OrderSearch, apply, needs_newest_id
from anytws.client.placing import tell
from anytws.core.arguments import check_timeout
from anytws.errors import HealthTimedOut, RequestError
from anytws.machines.accounts import PositionsPainter
from anytws.machines.fate import Fate, FateOutcome, Judgement
from anytws.machines.link import LinkState
from anytws.machines.order import OrderLife
from anytws.machines.order_state import Fill, OrderOutcome, TradeState
from anytws.machines.reconcile import (
    Missing,
    Pause,
    PositionDifference,
    Query,
    Reconciliation,
    is_near_midnight,
    position_differences,
)
from anytws.machines.sightings import Sought
from anytws.messages.accounts import Position, PositionsRequest
from anytws.messages.executions import ExecutionRequest
from anytws.messages.orders import AllOpenOrdersRequest, CompletedOrdersRequest
from anytws.messages.session import CurrentTimeRequest, IdsRequest

if TYPE_CHECKING:
    from anytws.client.conversing import Conversing
    from anytws.client.order_errors import OrderUnknown
    from anytws.client.trade import Trade

RECONCILE_SECONDS: Final = 120.0
"""How long `Orders.reconcile` takes at the most, unless somebody says otherwise."""
QUERY_SECONDS: Final = 30.0
"""How long one question may take."""
_RESERVE: Final = 0.1
"""The share of the whole time that is kept for each question that is still to come: an answer that stays away must not
take the time of those after it."""
_CLOCK_SECONDS: Final = 3.0
_MOST_TORN: Final = 5
"""So often it begins anew: what is not understood may come again and again."""
_AT_ONCE: Final = 200
"""So many orders are judged before others have their turn."""


class Reconciler:
    """What `Orders` has to find out what there is. One for each; calls at the same time share what they can."""

    def __init__(self, tws: Conversing, trade_of: Callable[[OrderLife], Trade]) -> None:
        self._tws = tws
        self._trade_of = trade_of
        self._search = OrderSearch(tws, trade_of)
        self._lock = anyio.Lock()
        self._begun = 0
        self._newest: tuple[int, OrderPicture] | None = None
        """The newest picture and its number, as long as somebody waits who may take it."""
        self._baseline: tuple[Sequence[Position], frozenset[str]] | None = None
        """What was held when the last picture was taken, and the ids of the executions known then."""

    async def resolve(self, unknown: OrderUnknown, *, timeout: float | None = None) -> Fate:
        """Ask until it is known what became of *unknown*, or *timeout* seconds are over (`Orders.resolve`)."""
        return await self._search.resolve(unknown, timeout=timeout)

    async def reconcile(self, *, timeout: float | None = None) -> OrderPicture:
        """Ask for everything, set the beliefs right, and give one picture (`Orders.reconcile`)."""
        check_timeout(timeout)
        seconds = RECONCILE_SECONDS if timeout is None else timeout
        deadline = anyio.current_time() + seconds
        wanted = self._begun + 1
        await anyio.lowlevel.checkpoint()
        if not await self._is_our_turn(seconds):
            why = "not asked: another reconciliation was going on all the time"
            raise ReconcileIncomplete(self._partial(None, ()), tuple(Missing(each.value, why) for each in Query))
        try:
            if self._newest is not None and self._newest[0] >= wanted:
                return self._newest[1]
            self._begun += 1
            picture = await self._reconcile(seconds, deadline)
            self._newest = (self._begun, picture) if self._lock.statistics().tasks_waiting else None
        finally:
            self._lock.release()
        return picture

    async def _is_our_turn(self, seconds: float) -> bool:
        """Wait until no other picture is taken; tell whether that came about in *seconds*."""
        try:
            self._lock.acquire_nowait()
        except anyio.WouldBlock:
            with anyio.move_on_after(seconds):
                await self._lock.acquire()
                return True
            return False
        return True

    # --- one picture ---------------------------------------------------------------------------------------------

    async def _reconcile(self, seconds: float, deadline: float) -> OrderPicture:
        tws = self._tws
        is_second, torn = False, 0
        while True:
            await self._await_link(deadline)
            before = self._search.footing()
            states = {life: life.state for life in tws.known_orders.lives if not life.state.is_done}
            run = Reconciliation(self._search.sought(states), self._search.asking())
            await self._ask_all(run, seconds, deadline)
            after = self._search.footing()
            is_torn = attrs.evolve(before, link=after.link) != after or after.link is LinkState.DOWN
            if is_torn and anyio.current_time() < deadline and torn < _MOST_TORN:
                # Half of it is from before the outage, or something was not understood: no picture of anything.
                torn += 1
                continue
            if is_torn:
                why = "the connection or the link of TWS was lost meanwhile, or not all it said of orders could be read"
                run.missing.append(Missing("link", why))
            differences = self._differences(run)
            if differences and not is_second and not run.missing and anyio.current_time() < deadline:
                # Perhaps something was executed between the questions: then it is told now.
                is_second = True
                continue
            await self._ask_newest_id(run, states, deadline)
            return await self._concluded(run, states, differences, deadline)

    async def _ask_newest_id(self, run: Reconciliation[OrderLife], lives: Iterable[OrderLife], deadline: float) -> None:
        """Ask which order id is the next, where that tells of an order that TWS may have read late."""
        seconds = min(QUERY_SECONDS, deadline - anyio.current_time())
        live = [life for life in lives if not life.state.is_done]
        sought = [each for each in self._search.sought(live).values() if not each.is_of_this_connection]
        if seconds <= 0 or run.missing or not any(map(needs_newest_id, sought)):
            return
        try:
            said = await self._tws.ask(IdsRequest(), timeout=seconds)
        except RequestError:
            # Then nothing is concluded from it.
            return
        run.asking = attrs.evolve(run.asking, newest_valid_id=said.order_id)

    async def _await_link(self, deadline: float) -> None:
        """Wait while TWS has no link to the vendor: what it says then is what it remembers."""
        health = self._tws.health
        if health.now.link is not LinkState.DOWN:
            return
        remaining = max(0.0, deadline - anyio.current_time())
        try:
            await health.until(
                lambda now: now.link is not LinkState.DOWN, timeout=None if math.isinf(remaining) else remaining
            )
        except HealthTimedOut as problem:
            missing = Missing("link", "TWS has no link to the vendor (1100), so what it says of orders may be old")
            raise ReconcileIncomplete(self._partial(None, ()), (missing,)) from problem

    async def _ask_all(self, run: Reconciliation[OrderLife], seconds: float, deadline: float) -> None:
        sought = list(self._tws.known_orders.lives)
        while (step := run.next()) is not None:
            remaining = deadline - anyio.current_time()
            if isinstance(step, Pause):
                if remaining <= step.seconds:
                    run.stop()
                    continue
                await anyio.sleep(step.seconds)
                run.waited()
            else:
                reserve = _RESERVE * seconds * run.still_to_come if math.isfinite(seconds) else 0.0
                await self._ask(run, step, min(QUERY_SECONDS, remaining - reserve))
            for life in sought:
                if life.state.is_done:
                    run.note_done(life)

    async def _ask(self, run: Reconciliation[OrderLife], query: Query, seconds: float) -> None:
        if seconds <= 0:
            run.fail(query, "not asked: the time was over")
            return
        try:
            rows = await self._rows(query, seconds)
        except RequestError as problem:
            run.fail(query, str(problem))
        else:
            run.answer(query, rows)

    async def _rows(self, query: Query, seconds: float) -> Sequence[Any]:
        tws = self._tws
        if query is Query.EXECUTIONS:
            return await tws.ask(ExecutionRequest(), timeout=seconds)
        if query is Query.COMPLETED_ORDERS:
            return await tws.ask(CompletedOrdersRequest(api_only=False), timeout=seconds)
        if query is Query.POSITIONS:
            return PositionsPainter(Position).finished(await tws.ask(PositionsRequest(), timeout=seconds)).held
        return await tws.ask(AllOpenOrdersRequest(), timeout=seconds)

    # --- what follows --------------------------------------------------------------------------------------------

    def _differences(self, run: Reconciliation[OrderLife]) -> tuple[PositionDifference, ...]:
        if self._baseline is None or run.positions is None:
            return ()
        held, ids = self._baseline
        executed = [
            (fill.contract, fill.execution)
            for life in self._tws.known_orders.lives
            for fill in life.fills.values()
            if fill.execution.execution_id not in ids
        ]
        return position_differences(held, executed, run.positions)

    async def _concluded(
        self,
        run: Reconciliation[OrderLife],
        before: Mapping[OrderLife, TradeState],
        differences: tuple[PositionDifference, ...],
        deadline: float,
    ) -> OrderPicture:
        known = self._tws.known_orders
        lives = list(dict.fromkeys([*before, *(life for life in known.lives if not life.state.is_done)]))
        judged: list[tuple[OrderLife, Sought, Judgement]] = []
        for life, sought in self._search.sought(lives).items():
            if sought.is_of_this_connection and life not in before:
                # It was sent after the questions had begun.
                continue
            judged.append((life, sought, run.judge(sought)))
            if not len(judged) % _AT_ONCE:
                await anyio.lowlevel.checkpoint()
        remark = ""
        if any(judgement.outcome is FateOutcome.STILL_UNKNOWN for _, _, judgement in judged):
            remark = await self._midnight(deadline)
        # From here on nothing is waited for: what is told of orders meanwhile comes before or after the picture.
        verdicts = tuple(
            self._conclude(life, self._with_news(life, sought, judgement, before.get(life)), sought, run, remark)
            for life, sought, judgement in judged
        )
        tell(self._tws, lives)
        if run.missing:
            raise ReconcileIncomplete(self._partial(run, verdicts), tuple(run.missing))
        assert run.positions is not None, "it was answered"
        fills = self._fills()
        self._baseline = run.positions, frozenset(fill.execution.execution_id for fill in fills)
        return OrderPicture(
            trades=self._trades(known.lives),
            open=self._trades(life for life in known.lives if _is_open(life)),
            completed=self._trades(life for life in known.lives if life.state.is_done),
            unknown=self._trades(life for life in known.lives if not life.state.is_done and not _is_open(life)),
            executions=fills,
            positions=Records.of(Position, run.positions),
            verdicts=verdicts,
            differences=differences,
        )

    def _with_news(self, life: OrderLife, sought: Sought, judgement: Judgement, before: TradeState | None) -> Judgement:
        """Give *judgement*, or what was told of the order since: of those of this client every change is."""
        is_told = sought.client_id == self._tws.known_orders.client_id and bool(sought.order_id)
        is_news = before is not None and life.state != before and _is_open(life)
        if judgement.outcome is not FateOutcome.STILL_UNKNOWN or not is_told or not is_news:
            return judgement
        return Judgement(FateOutcome.LIVE, (*judgement.evidence, "since then TWS has told that it is open"))

    def _conclude(
        self, life: OrderLife, judgement: Judgement, sought: Sought, run: Reconciliation[OrderLife], remark: str
    ) -> Fate:
        """Set the belief of *life* right, and say what is known of it."""
        evidence = judgement.evidence
        if life.state.is_done:
            told = f"it is {life.state.status.value}, {life.state.filled} filled"
            seen = evidence if judgement.outcome is FateOutcome.DONE else ()
            return Fate(FateOutcome.DONE, self._trade_of(life), (*seen, told))
        outcome = judgement.outcome
        if outcome is FateOutcome.STILL_UNKNOWN and life.state.is_untransmitted:
            evidence = (*evidence, "it was placed with transmit=False, and TWS lists no such order")
        if outcome is FateOutcome.STILL_UNKNOWN and remark:
            evidence = (*evidence, remark)
        if outcome is FateOutcome.STILL_UNKNOWN and (run.missing or _is_on_its_way(life, sought)):
            return Fate(outcome, self._trade_of(life), evidence)
        return Fate(apply(life, judgement), self._trade_of(life), evidence)

    async def _midnight(self, deadline: float) -> str:
        """Say what the clock of TWS means for the executions that it tells."""
        tws = self._tws
        told = "TWS tells executions since its midnight only, and completed orders of about today"
        zone = None if tws.connection_time.aware is None else tws.connection_time.aware.tzinfo
        seconds = min(_CLOCK_SECONDS, deadline - anyio.current_time())
        if zone is None or seconds <= 0:
            return told
        try:
            now = (await tws.ask(CurrentTimeRequest(), timeout=seconds)).time
        except RequestError as problem:
            return f"{told} (and what time it is there is not known: {problem})"
        if is_near_midnight(now.astimezone(zone)):
            return f"{told}: it is {now.astimezone(zone):%H:%M} there, and executions of the evening may be missing"
        return told

    # --- parts ---------------------------------------------------------------------------------------------------

    def _partial(self, run: Reconciliation[OrderLife] | None, verdicts: tuple[Fate, ...]) -> PartialOrderPicture:
        lives = self._tws.known_orders.lives
        answers = None if run is None else run.answers
        positions = None if run is None else run.positions
        has_open = answers is not None and answers.open_after is not None
        has_completed = answers is not None and answers.completed is not None
        has_executions = answers is not None and answers.executions is not None
        return PartialOrderPicture(
            trades=self._trades(lives),
            open=self._trades(life for life in lives if _is_open(life)) if has_open else None,
            completed=self._trades(life for life in lives if life.state.is_done) if has_completed else None,
            executions=self._fills() if has_executions else None,
            positions=None if positions is None else Records.of(Position, positions),
            verdicts=verdicts,
        )

    def _trades(self, lives: Iterable[OrderLife]) -> tuple[Trade, ...]:
        return tuple(self._trade_of(life) for life in lives)

    def _fills(self) -> Records[Fill]:
        return Records.of(Fill, [fill for life in self._tws.known_orders.lives for fill in life.fills.values()])


def _is_open(life: OrderLife) -> bool:
    state = life.state
    return state.status is OrderOutcome.OPEN and not state.is_unsure


def _is_on_its_way(life: OrderLife, sought: Sought) -> bool:
    """Tell whether *life* was sent over this connection and waits for its first answer: whoever placed it waits too."""
    return sought.is_of_this_connection and life.state.status is OrderOutcome.UNKNOWN and not sought.permanent_ids
