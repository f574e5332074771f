"""Messages that wait until another one about the same thing has been said."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import attrs

from anytws.messages.executions import ExecutionDetails
from anytws.simulator.faults.marks import Subject, subjects_of

if TYPE_CHECKING:
    from anytws.messages.base import ToClient
    from anytws.simulator.faults.stage import Saying

MOST_HELD: Final = 10_000
"""How many messages of a connection wait; one more does not."""
MOST_ORDERS: Final = 10_000
"""Of how many orders it is remembered how much was executed; the oldest are forgotten."""

_NOTHING: Final = Decimal(0)


@attrs.define(eq=False)
class Held:
    """A message that waits for another one."""

    saying: Saying
    """What is said in the end."""
    kind: str
    """The name of the message that it waits for."""
    subjects: frozenset[Subject]
    """What both have to be about."""
    filled: Decimal | None = None
    """Of a status: how much has to be executed first."""
    is_said: bool = False


class Waiting:
    """The messages of one connection that wait."""

    def __init__(self, later: Callable[[float, Callable[[], None]], None], utter: Callable[[Saying], None]) -> None:
        self._later = later
        self._utter = utter
        self._held: list[Held] = []
        self._executed: dict[int, Decimal] = {}

    def __bool__(self) -> bool:
        return bool(self._held)

    def executed(self, order_id: int) -> Decimal:
        """Give how much of an order was told to be executed."""
        return self._executed.get(order_id, _NOTHING)

    def hold(self, held: Held, patience: float) -> Saying | None:
        """Have *held* wait, for *patience* seconds at the most. Gives what is said now: it, where too many wait."""
        if len(self._held) >= MOST_HELD:
            return held.saying
        self._held.append(held)
        self._later(patience, lambda: self._give_up(held))
        return None

    def let_go(self, message: ToClient) -> list[Saying]:
        """Give what has waited for *message*, which is said now."""
        if isinstance(message, ExecutionDetails):
            self._note(message)
        if not self._held:
            return []
        said: list[Saying] = []
        subjects = frozenset(subjects_of(message))
        for held in [held for held in self._held if held.kind == type(message).__name__ and held.subjects & subjects]:
            if held.filled is None or _executed_by(message) >= held.filled:
                self._held.remove(held)
                held.is_said = True
                said.append(held.saying)
        return said

    def _give_up(self, held: Held) -> None:
        if not held.is_said:
            self._held.remove(held)
            held.is_said = True
            self._utter(held.saying)

    def _note(self, message: ExecutionDetails) -> None:
        order_id = message.execution.order_id
        if order_id is not None:
            self._executed.pop(order_id, None)
            self._executed[order_id] = _executed_by(message)
            if len(self._executed) > MOST_ORDERS:
                del self._executed[next(iter(self._executed))]


def _executed_by(message: ToClient) -> Decimal:
    """Give how much of its order was executed when *message*, an execution, was."""
    filled = message.execution.cumulative_quantity if isinstance(message, ExecutionDetails) else None
    return _NOTHING if filled is None else filled
