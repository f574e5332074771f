"""What to ask TWS, and in which order, so that what it says of orders and positions makes one picture.

All open orders, executions, completed orders, all open orders again, positions: one after the other, each to its end.
An order that ends between the first and the third question is in the third answer, one that becomes known between the
first and the fourth is in the fourth. What this client has placed is told as it happens besides; other clients' orders
are not, so an order of theirs that was open first and then neither open nor completed is asked for again: the window is
closed by another round, and not by a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, unique
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

import attrs

from anytws.machines.fate import SETTLING, FateOutcome, Judgement, judge
from anytws.machines.sightings import Answers, Asking, Sought, Survey
from anytws.messages.accounts import Position
from anytws.messages.base import record
from anytws.messages.contract import Contract, SecurityType
from anytws.messages.executions import Execution, ExecutionDetails, ExecutionSide
from anytws.messages.orders import CompletedOrder

_K = TypeVar("_K")
MOST_RACES: Final = 3
"""So many more rounds for what happened between the questions; then it is said to be unknown."""


@unique
class Query(Enum):
    """One of the questions of a picture; its value says it in words."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    OPEN_ORDERS = "open orders"
    EXECUTIONS = "executions"
    COMPLETED_ORDERS = "completed orders"
    OPEN_ORDERS_AGAIN = "open orders again"
    POSITIONS = "positions"


@attrs.frozen
class Pause:
    """Wait before the next question."""

    seconds: float


@record
class Missing:
    """A part of the picture that could not be had."""

    what: str
    """What was asked: ``open orders``, ``completed orders`` …; ``link`` where TWS has lost its own."""
    why: str
    """What became of the question, in words."""


NextStep: TypeAlias = Query | Pause | None
_Q = Query
_ALL: Final = (_Q.OPEN_ORDERS, _Q.EXECUTIONS, _Q.COMPLETED_ORDERS, _Q.OPEN_ORDERS_AGAIN, _Q.POSITIONS)
_CLOSING: Final = _ALL[1:]
"""What closes the window of the round before: its last list of open orders is the first of this one."""


class Reconciliation(Generic[_K]):
    """What was asked and answered, what to ask next, and what all of it says of each order.

    *sought* are the orders that were live or unknown when it began, by whatever the caller knows them by.
    """

    def __init__(self, sought: Mapping[_K, Sought], asking: Asking) -> None:
        self.asking: Asking = asking
        self.positions: Sequence[Position] | None = None
        self.missing: list[Missing] = []
        self._sought = dict(sought)
        self._plan: list[Query | Pause] = list(_ALL)
        self._answers: dict[Query, Sequence[Any] | None] = {}
        self._executions: list[ExecutionDetails] = []
        self._completed: list[CompletedOrder] = []
        self._races = 0
        self._looks = 1
        self._has_looked_twice = False
        """Whether two whole looks are behind us, some seconds apart."""
        self._is_stopped = False
        self._survey: Survey | None = None

    # --- asking --------------------------------------------------------------------------------------------------

    def next(self) -> NextStep:
        """Give what to do next; None: it is over."""
        if not self._plan:
            self._plan = self._more()
        return self._plan[0] if self._plan else None

    @property
    def still_to_come(self) -> int:
        """How many questions are planned behind the next one."""
        return sum(isinstance(step, Query) for step in self._plan[1:])

    def waited(self) -> None:
        """Note that the pause is over."""
        self._plan.pop(0)

    def answer(self, query: Query, rows: Sequence[Any]) -> None:
        """Note the whole answer to *query*, the first of the plan."""
        self._plan.pop(0)
        self._survey = None
        if query is Query.POSITIONS:
            self.positions = rows
            return
        if query is Query.OPEN_ORDERS:
            # What an earlier look has said is not part of this one.
            self._answers.clear()
            self._executions.clear()
            self._completed.clear()
        elif query is Query.EXECUTIONS:
            self._executions.extend(rows)
        elif query is Query.COMPLETED_ORDERS:
            self._completed.extend(rows)
        elif (again := self._answers.get(query)) is not None:
            self._answers[Query.OPEN_ORDERS] = again
        self._answers[query] = rows

    def fail(self, query: Query, why: str) -> None:
        """Note that *query*, the first of the plan, was not answered to its end."""
        self._plan.pop(0)
        self._survey = None
        self._answers[query] = None
        self.missing.append(Missing(query.value, why))

    def note_done(self, key: _K) -> None:
        """Note that what is told of orders as it happens has said how this one ended: nothing is to be asked for it."""
        self._sought.pop(key, None)

    def _more(self) -> list[Query | Pause]:
        """Give what else is to be asked after a whole round."""
        if self.missing or self._is_stopped:
            return []
        self._has_looked_twice = self._looks > 1
        judgements = [self.judge(sought) for sought in self._sought.values()]
        if self._races < MOST_RACES and (self._has_vanished() or any(each.is_racing for each in judgements)):
            self._races += 1
            return list(_CLOSING)
        if self._looks < 2 and any(map(self._deserves_another_look, self._sought.values(), judgements)):
            self._looks, self._races = 2, 0
            return [Pause(SETTLING), *_ALL]
        return []

    def _deserves_another_look(self, sought: Sought, judgement: Judgement) -> bool:
        if sought.is_of_this_connection and not sought.permanent_ids:
            # It is on its way, or whoever has placed it waits for its answer.
            return False
        return judgement.outcome in (FateOutcome.STILL_UNKNOWN, FateOutcome.NEVER_ARRIVED)

    def _has_vanished(self) -> bool:
        """Tell whether an order was open first, and then neither open nor anything else."""
        return any(
            seen.is_in_first and not seen.is_in_second and not seen.is_over and not seen.is_filled
            for seen in self.survey.all
        )

    # --- what it says --------------------------------------------------------------------------------------------

    @property
    def survey(self) -> Survey:
        """What the newest look says, order by order."""
        if self._survey is None:
            self._survey = Survey(self.answers)
        return self._survey

    @property
    def answers(self) -> Answers:
        """What TWS has answered to the newest look; None is what it has not."""
        said = self._answers
        return Answers(
            said.get(Query.OPEN_ORDERS),
            None if said.get(Query.EXECUTIONS) is None else tuple(self._executions),
            None if said.get(Query.COMPLETED_ORDERS) is None else tuple(self._completed),
            said.get(Query.OPEN_ORDERS_AGAIN),
        )

    def judge(self, sought: Sought) -> Judgement:
        """Say what the answers say of *sought*; *never arrived* only after two looks."""
        asking = self.asking
        if sought.is_of_this_connection:
            # Whoever has placed it waits for it still: what its id says is not concluded here.
            asking = attrs.evolve(asking, newest_valid_id=None)
        judgement = judge(sought, self.survey, asking)
        if judgement.outcome is FateOutcome.NEVER_ARRIVED and not self._has_looked_twice:
            return attrs.evolve(judgement, outcome=FateOutcome.STILL_UNKNOWN)
        return judgement

    def stop(self) -> None:
        """Note that there is no time to ask more: what was answered stands."""
        self._plan = []
        self._is_stopped = True


MIDNIGHT_WINDOW: Final = timedelta(minutes=15)


def is_near_midnight(local: datetime) -> bool:
    """Tell whether *local*, the wall clock of TWS, is so near midnight that executions of the evening may be missing.

    TWS tells those since its midnight, so from 23:45 to 00:15 an answer may have lost what happened before.
    """
    since = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    return min(since, timedelta(days=1) - since) <= MIDNIGHT_WINDOW


# --- positions against executions --------------------------------------------------------------------------------


@record
class PositionDifference:
    """A position that is not what it was plus what was executed since, as far as executions are known."""

    account: str
    contract: Contract
    expected: Decimal
    """What was held when the picture before this one was taken, and what was executed since."""
    held: Decimal
    """What is held."""


def position_differences(
    before: Iterable[Position], executed: Iterable[tuple[Contract, Execution]], after: Iterable[Position]
) -> tuple[PositionDifference, ...]:
    """Give where the positions *after* are not those *before* and what was *executed* between.

    It shows an execution that was not told, and also what is none: an exercise, a split, a transfer. Cash (forex) is no
    position, and of a combination the legs are.
    """
    expected: dict[tuple[str, int], Decimal] = {}
    contracts: dict[tuple[str, int], Contract] = {}
    held: dict[tuple[str, int], Decimal] = {}
    for rows, into in ((before, expected), (after, held)):
        for row in rows:
            key = row.account, row.contract.contract_id
            contracts[key] = row.contract
            into[key] = row.position or Decimal(0)
    for contract, execution in executed:
        if contract.security_type in (SecurityType.FOREX, SecurityType.COMBO) or execution.shares is None:
            continue
        key = execution.account, contract.contract_id
        contracts.setdefault(key, contract)
        sign = 1 if execution.side is ExecutionSide.BOUGHT else -1
        expected[key] = expected.get(key, Decimal(0)) + sign * execution.shares
    return tuple(
        PositionDifference(account, contracts[account, number], wanted, found)
        for account, number in contracts
        if (wanted := expected.get((account, number), Decimal(0))) != (found := held.get((account, number), Decimal(0)))
    )
