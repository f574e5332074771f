"""The limits of TWS as gates, which requests pass one after the other before they are said.

A request goes through its gates in a fixed order, and takes a place at each when it passes. So nothing is looked at
twice, ten thousand that wait cost no more each than ten do, and at each gate whoever came first goes first. Where time
counts, it does from when the request has left: what waits on for another reason keeps its place, and others wait.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, deque
from collections.abc import Hashable
from typing import TYPE_CHECKING, Final

from anytws.machines.pacing import Limit, Waiting

if TYPE_CHECKING:
    from anytws.machines.conversation import Question

MARGIN: Final = 0.1
"""Seconds that are added to each span of time: TWS counts when it reads, and one request may take longer to it."""
ADVISED: Final = 60.0
"""Seconds for which a limit that TWS has shown to be lower is believed. Others give lines back, too."""
FOR_EVER: Final = math.inf


class Step:
    """A gate that a request has to pass, and what it takes there."""

    __slots__ = ("gate", "key", "weight")

    def __init__(self, gate: Turnstile, weight: int = 1, key: Hashable = None) -> None:
        self.gate: Turnstile = gate
        self.weight: int = weight
        self.key: Hashable = key
        """What two have to have in common to need one place together."""


class Claim:
    """What a request takes of the limits of TWS, from its first gate to its end."""

    __slots__ = ("left_at", "lingers", "passed", "question", "reason", "since", "steps")

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self.steps: tuple[Step, ...] = steps
        self.passed: int = 0
        """How many of its gates it has passed."""
        self.question: Question | None = None
        """The question that waits; None when it is over."""
        self.left_at: float = FOR_EVER
        """When it left."""
        self.lingers: bool = False
        """Whether nobody waits for it, and it could not be cancelled: TWS goes on with it."""
        self.reason: str = ""
        self.since: float = 0.0
        """Since when it has waited at its present gate, and for what."""

    @property
    def has_passed(self) -> bool:
        """Whether it may be said."""
        return self.passed == len(self.steps)

    @property
    def is_waiting(self) -> bool:
        """Whether it waits at a gate."""
        return self.question is not None and not self.has_passed

    @property
    def step(self) -> Step:
        """Where it is."""
        return self.steps[self.passed]

    @property
    def waiting(self) -> Waiting:
        """What it waits for."""
        until = self.step.gate.wake_at
        return Waiting(self.reason, self.since, until)


class Turnstile:
    """One limit, and those who wait for it."""

    __slots__ = ("patience", "reason", "waiting", "wake_at")

    def __init__(self, reason: str, patience: float = FOR_EVER) -> None:
        self.reason: str = reason
        self.patience: float = patience
        """Seconds for which a stream may wait here: what has no end cannot be waited for."""
        self.waiting: OrderedDict[Claim, None] = OrderedDict()
        self.wake_at: float | None = None
        """When it is looked at again; None: when something happens."""

    def opens_at(self, step: Step, now: float) -> float:
        """Give when *step* may be taken: *now* or before, later, or never by time alone."""
        raise NotImplementedError

    def take(self, claim: Claim, step: Step) -> None:
        """Note that *claim* has passed."""
        raise NotImplementedError

    def give_back(self, claim: Claim, step: Step) -> None:
        """Note that *claim* is over, or was never said."""
        raise NotImplementedError


class Places(Turnstile):
    """So many may be open at once."""

    __slots__ = ("_advised", "_advised_until", "_keys", "_lingering", "_most", "_taken")

    def __init__(self, reason: str, most: int, patience: float = FOR_EVER) -> None:
        super().__init__(reason, patience)
        self._most = most
        self._taken = 0
        self._keys: Counter[Hashable] = Counter()
        """How many share a place, by what they have in common."""
        self._lingering: deque[float] = deque()
        """Until when places are taken by what nobody waits for, and could not be cancelled."""
        self._advised = most
        self._advised_until = -FOR_EVER

    @property
    def open(self) -> int:
        """How many places are taken."""
        return self._taken + len(self._keys) + len(self._lingering)

    def most(self, now: float) -> int:
        """Give how many there are."""
        return min(self._advised, self._most) if now < self._advised_until else self._most

    def limit(self, now: float) -> Limit:
        """Tell how it is."""
        self._forget(now)
        return Limit(self.open, self.most(now))

    def lower(self, now: float) -> None:
        """Note that TWS has refused one of those that are open: there are fewer places than was thought."""
        # One is tried again in any case: whoever has the others may give them back.
        self._advised = max(1, min(self.open - 1, self._advised if now < self._advised_until else self._most))
        self._advised_until = now + ADVISED

    def opens_at(self, step: Step, now: float) -> float:
        """Give when there is a place."""
        if step.key is not None and step.key in self._keys:
            return now
        self._forget(now)
        if self.open < self.most(now):
            return now
        lingering = self._lingering[0] if self._lingering else FOR_EVER
        return min(lingering, self._advised_until) if now < self._advised_until else lingering

    def _forget(self, now: float) -> None:
        while self._lingering and self._lingering[0] <= now:
            self._lingering.popleft()

    def take(self, claim: Claim, step: Step) -> None:  # noqa: ARG002 (it is the same for all)
        """Take a place."""
        if step.key is None:
            self._taken += 1
        else:
            self._keys[step.key] += 1

    def give_back(self, claim: Claim, step: Step) -> None:  # noqa: ARG002 (it is the same for all)
        """Give a place back."""
        if step.key is None:
            self._taken -= 1
        else:
            self._keys[step.key] -= 1
            if not self._keys[step.key]:
                del self._keys[step.key]

    def linger(self, until: float) -> None:
        """Note that a place that was given back is taken up to *until*."""
        self._lingering.append(until)


class Frequency(Turnstile):
    """So many may be said in a span of time."""

    __slots__ = ("_log", "_most", "_seconds", "_weight")

    def __init__(self, reason: str, most: int, seconds: float, patience: float = FOR_EVER) -> None:
        super().__init__(reason, patience)
        self._most = most
        self._seconds = seconds + MARGIN
        self._log: deque[tuple[Claim, int]] = deque()
        self._weight = 0

    def opens_at(self, step: Step, now: float) -> float:
        """Give when enough of those before are long enough ago."""
        self._forget(now)
        excess = self._weight + step.weight - self._most
        opens_at = now
        for taken, weight in self._log:
            if excess <= 0:
                break
            # They may have left in another order than they came in, so the latest of them counts.
            opens_at = max(opens_at, taken.left_at + self._seconds)
            excess -= weight
        return opens_at

    def _forget(self, now: float) -> None:
        log = self._log
        while log and log[0][0].left_at + self._seconds <= now:
            self._weight -= log.popleft()[1]

    def take(self, claim: Claim, step: Step) -> None:
        """Note one more."""
        self._log.append((claim, step.weight))
        self._weight += step.weight

    def give_back(self, claim: Claim, step: Step) -> None:
        """Forget *claim* if it has not left. What TWS has heard counts on."""
        if claim.left_at == FOR_EVER:
            self._log.remove((claim, step.weight))
            self._weight -= step.weight

    def is_forgotten(self, now: float) -> bool:
        """Tell whether all that passed is long ago."""
        self._forget(now)
        return not self._log and not self.waiting
