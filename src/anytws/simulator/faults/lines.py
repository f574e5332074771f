"""The lines of a TWS that are down: its link to IB, and its farms. What is said and done meanwhile, and afterwards."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, TypeAlias

from anytws.messages.base import ToClient, ToTws
from anytws.messages.orders import CancelOrderRequest, GlobalCancelRequest
from anytws.messages.session import ErrorMessage
from anytws.simulator.faults.outages import ConnectionLost, FarmDown
from anytws.simulator.faults.words import Meanwhile
from anytws.wire.catalogue import entry_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from anytws.simulator.answers.answer import Answer
    from anytws.simulator.faults.stage import Speaker
    from anytws.simulator.settings import FarmKind

MOST_WAITING: Final = 10_000
"""How many requests wait for a line, and how many messages; the oldest are lost."""

Line: TypeAlias = ConnectionLost | FarmDown

_OWN: Final = "anytws.messages.session"
"""What TWS knows by itself is said in the messages of this module."""
_TOLD_LATER: Final = frozenset({"anytws.messages.orders", "anytws.messages.executions", "anytws.messages.accounts"})
"""What happens to orders and accounts is known when the link is back. Everything else is data, which are gone."""


class Lines:
    """Which lines are down."""

    def __init__(self, answers: Mapping[type[ToTws], Answer[Any]]) -> None:
        self._answers = answers
        self._down: list[Line] = []
        self.waiting: deque[tuple[Speaker, ToTws]] = deque(maxlen=MOST_WAITING)
        """Requests that are done when the lines are back."""
        self.untold: deque[tuple[Speaker, ToClient]] = deque(maxlen=MOST_WAITING)
        """What is told when the lines are back."""

    def __bool__(self) -> bool:
        return bool(self._down)

    def take_down(self, line: Line) -> None:
        """Take notice that *line* is down."""
        self._down.append(line)

    def bring_back(self, line: Line) -> None:
        """Take notice that *line* is back."""
        self._down = [each for each in self._down if each is not line]

    def farm_of(self, request: ToTws | None) -> FarmKind | None:
        """Give the farm that answers *request*; None: none does."""
        answer = None if request is None else self._answers.get(type(request))
        return None if answer is None else answer.farm

    def passes(self, request: ToTws) -> Meanwhile | None:
        """Give what becomes of *request*; None: it needs no line that is down."""
        for line in self._down:
            if isinstance(line, FarmDown):
                if self.farm_of(request) is line.farm:
                    return line.requests
            elif _needs_link(request):
                return line.requests
        return None

    def hushes(self, link: Speaker, message: ToClient, request: ToTws | None) -> bool:
        """Tell whether *message*, to *request*, is not said now. Keeps what is told afterwards."""
        if isinstance(message, ErrorMessage) or type(message).__module__ == _OWN:
            return False
        for line in self._down:
            if isinstance(line, FarmDown):
                if request is not None and self.farm_of(request) is line.farm:
                    return True
            elif type(message).__module__ in _TOLD_LATER:
                if line.told_afterwards:
                    self.untold.append((link, message))
                return True
            else:
                return True
        return False


def _needs_link(request: ToTws) -> bool:
    if type(request).__module__ == _OWN:
        return False
    if isinstance(request, (CancelOrderRequest, GlobalCancelRequest)):
        return True
    # To cancel what is asked is between the client and TWS.
    row = entry_of(request).conversation
    return row is None or bool(row.answers) or entry_of(request).changes_state
