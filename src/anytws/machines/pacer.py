"""Which limits a request comes up against, and the requests that wait for them.

What is known of each is its `Pace` in the catalogue. How it is chosen whether to wait: a question waits, since whatever
is in front of it ends some time, and its deadline tells if that takes too long. A stream that finds no place is refused
(`LimitReached`), since streams in front of it may last for ever; where only time has to pass it waits for up to
`MOST_PATIENCE`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final

from anytws.errors import LimitReached
from anytws.machines.conversation import Plan, Question
from anytws.machines.gates import FOR_EVER, Claim, Frequency, Places, Step, Turnstile
from anytws.machines.pacing import Limit, Pacing, Tally
from anytws.machines.timers import Timers
from anytws.messages.base import ToTws
from anytws.wire.conversation import Pace

MOST_SCANNERS: Final = 10
MOST_SUMMARIES: Final = 2
MOST_SMALL: Final = 60
SMALL_SECONDS: Final = 600.0
"""So many requests for small bars and the like in so many seconds."""
MOST_IN_BURST: Final = 5
BURST_SECONDS: Final = 2.0
"""So many of them of one contract, exchange and kind in so many seconds."""
SAME_SECONDS: Final = 15.0
"""And not the very same within so many."""
TICK_SECONDS: Final = 15.0
"""Seconds from one tick-by-tick request to the next of the same instrument."""
APART: Final = 1.0
"""Seconds from one search for symbols to the next, and from one regulatory snapshot to the next."""
MOST_PATIENCE: Final = 30.0
"""Seconds for which a stream waits for its turn."""
LINGER: Final = 60.0
"""Seconds for which a query keeps its place that was given up, and could not be cancelled."""

SMALL_BARS: Final = frozenset(("1 secs", "5 secs", "10 secs", "15 secs", "30 secs"))
"""Sizes of bars that the historical farm counts. Larger ones it only slows down."""
# By their names: to import what they are takes long, and most programs need few of them.
_BARS: Final = "HistoricalDataRequest"
_HISTOGRAM: Final = "HistogramDataRequest"
_BIDS_AND_ASKS: Final = "BID_ASK"
_REFUSED: Final = {101: ("lines",), 309: ("depth",)}
"""Codes by which TWS says that there are fewer places than was thought, and of which."""
_SWEEP: Final = 256


class Pacer:
    """The gates of one connection."""

    def __init__(self, pacing: Pacing, timers: Timers, tally: Tally, say: Callable[[Question, float], None]) -> None:
        self._timers = timers
        self._tally = tally
        self._say = say
        self._lines = Places("lines", pacing.lines, 0.0)
        self._ticks = Places("tick_by_tick", pacing.tick_by_tick, 0.0)
        self._books = Places("depth", pacing.depth, 0.0)
        self._scanners = Places("scanners", MOST_SCANNERS, 0.0)
        self._summaries = Places("account_summaries", MOST_SUMMARIES, 0.0)
        self._history = Places("history", pacing.open_history)
        self._small = Frequency("small_history", MOST_SMALL, SMALL_SECONDS, MOST_PATIENCE)
        self._symbols = Frequency("symbols", 1, APART)
        self._snapshots = Frequency("regulatory_snapshots", 1, APART)
        self._places = (self._lines, self._ticks, self._books, self._history, self._scanners, self._summaries)
        self._keyed: dict[Hashable, Frequency] = {}
        """Gates of what some requests have in common: an instrument, a kind of data, all of it."""
        self._sweep_at = _SWEEP

    # --- what a request comes up against ---------------------------------------------------------------------------

    def claim(self, plan: Plan, request: ToTws, now: float, *, is_stream: bool) -> Claim | None:
        """Give what *request* has to pass; None: nothing. Raises `LimitReached` for a stream that cannot wait."""
        pace = plan.pace
        if pace is Pace.NOTHING and type(request).__name__ != _HISTOGRAM:
            return None
        steps = self._steps(pace, request, now)
        if is_stream:
            for step in steps:
                self._refuse(step, request, now)
        return Claim(steps) if steps else None

    def _steps(self, pace: Pace, request: Any, now: float) -> tuple[Step, ...]:
        """Give the gates for *request*: a place that is refused comes first, one that is waited for last."""
        if pace is Pace.MARKET_DATA:
            return (Step(self._lines),)
        if pace is Pace.HISTORICAL:
            return (*self._small_steps(request, now), Step(self._history))
        if pace is Pace.REAL_TIME_BARS:
            return (Step(self._lines), *self._small_steps(request, now))
        if pace is Pace.TICK_BY_TICK:
            again = self._keyed_gate(("tick", request.contract), "tick_by_tick", 1, TICK_SECONDS, now)
            return Step(self._ticks), Step(self._lines), Step(again)
        if pace is Pace.DEPTH:
            return (Step(self._books, key=request.contract),)
        if pace is Pace.REGULATORY_SNAPSHOT:
            return Step(self._snapshots), Step(self._lines)
        # How many histograms may be open is not known: as many as bars, to be sure.
        gates = {
            Pace.NOTHING: self._history,
            Pace.SYMBOLS: self._symbols,
            Pace.SCANNER: self._scanners,
            Pace.ACCOUNT_SUMMARY: self._summaries,
        }
        gate = gates.get(pace)
        return () if gate is None else (Step(gate),)

    def _small_steps(self, request: Any, now: float) -> tuple[Step, ...]:
        """Give the gates of what the historical farm counts. Bars of a minute and more it only slows down."""
        if type(request).__name__ == _BARS and request.bar_size_setting.value not in SMALL_BARS:
            return ()
        kind = request.what_to_show.value
        weight = 2 if kind == _BIDS_AND_ASKS else 1
        group = type(request), request.contract, kind
        same = self._keyed_gate(request, "small_history", 1, SAME_SECONDS, now)
        burst = self._keyed_gate(group, "small_history", MOST_IN_BURST, BURST_SECONDS, now)
        return Step(same), Step(burst, weight), Step(self._small, weight)

    def _keyed_gate(self, key: Hashable, reason: str, most: int, seconds: float, now: float) -> Frequency:
        gate = self._keyed.get(key)
        if gate is None:
            if len(self._keyed) >= self._sweep_at:
                self._keyed = {each: gate for each, gate in self._keyed.items() if not gate.is_forgotten(now)}
                self._sweep_at = 2 * len(self._keyed) + _SWEEP
            gate = self._keyed[key] = Frequency(reason, most, seconds)
        return gate

    def _refuse(self, step: Step, request: ToTws, now: float) -> None:
        gate = step.gate
        if gate.patience == FOR_EVER:
            return
        seconds = gate.opens_at(step, now) - now
        if seconds <= gate.patience and not gate.waiting:
            return
        self._tally.note_refused(gate.reason)
        if isinstance(gate, Places):
            limit = gate.limit(now)
            raise LimitReached(gate.reason, request, limit.open, limit.most)
        raise LimitReached(gate.reason, request, seconds=seconds if seconds < FOR_EVER else None)

    # --- passing ---------------------------------------------------------------------------------------------------

    def admit(self, question: Question, claim: Claim, now: float) -> bool:
        """Take *question* through its gates as far as they are open; tell whether it may be said at once."""
        claim.question = question
        self._go_on(claim, now)
        return claim.has_passed

    def _go_on(self, claim: Claim, now: float) -> None:
        while not claim.has_passed:
            step = claim.step
            gate = step.gate
            if gate.waiting or gate.opens_at(step, now) > now:
                claim.reason, claim.since = gate.reason, now
                gate.waiting[claim] = None
                if len(gate.waiting) == 1:
                    self._arm(gate, gate.opens_at(step, now))
                return
            self._pass(claim)

    def _pass(self, claim: Claim) -> None:
        claim.step.gate.take(claim, claim.step)
        claim.passed += 1

    def _arm(self, gate: Turnstile, at: float) -> None:
        if at < FOR_EVER and (gate.wake_at is None or at < gate.wake_at):
            gate.wake_at = at
            self._timers.start(at, self._try_again, gate)

    def _try_again(self, gate: Turnstile, now: float) -> None:
        gate.wake_at = None
        self._open(gate, now)

    def _open(self, gate: Turnstile, now: float) -> None:
        """Let those pass *gate* who may."""
        while gate.waiting:
            claim = next(iter(gate.waiting))
            opens_at = gate.opens_at(claim.step, now)
            if opens_at > now:
                self._arm(gate, opens_at)
                return
            del gate.waiting[claim]
            self._tally.note(claim.reason, now - claim.since)
            self._pass(claim)
            self._go_on(claim, now)
            if claim.has_passed and claim.question is not None:
                self._say(claim.question, now)

    # --- afterwards ------------------------------------------------------------------------------------------------

    def note_left(self, claim: Claim, now: float) -> None:
        """Note that what has *claim* has left: from now on its time counts."""
        claim.left_at = now
        for step in claim.steps:
            if step.gate.waiting:
                self._open(step.gate, now)

    def note_refused(self, claim: Claim, code: int, now: float) -> None:
        """Note that TWS has refused what has *claim* with *code*, for want of a place perhaps."""
        for step in claim.steps:
            if isinstance(step.gate, Places) and step.gate.reason in _REFUSED.get(code, ()):
                step.gate.lower(now)

    def release(self, claim: Claim, now: float, *, was_given: bool) -> None:
        """Give back what *claim* has: its question is over, and *was_given* to TWS or not."""
        if claim.question is None:
            return
        claim.question = None
        passed, claim.steps = claim.steps[: claim.passed], claim.steps[: claim.passed + 1]
        if not claim.has_passed:
            gate = claim.step.gate
            gate.waiting.pop(claim, None)
            self._tally.note(claim.reason, now - claim.since)
        if was_given and claim.left_at == FOR_EVER:
            claim.left_at = now
        for step in passed:
            step.gate.give_back(claim, step)
            if claim.lingers and isinstance(step.gate, Places):
                step.gate.linger(now + LINGER)
        for step in claim.steps:
            self._open(step.gate, now)

    def waiting(self) -> dict[str, int]:
        """Give how many wait, by reason."""
        waiting: dict[str, int] = {}
        for gate in self._gates():
            if gate.waiting:
                waiting[gate.reason] = waiting.get(gate.reason, 0) + len(gate.waiting)
        return waiting

    def limits(self, now: float) -> dict[str, Limit]:
        """Give what may be open at once, by reason."""
        return {gate.reason: gate.limit(now) for gate in self._places}

    def clear(self) -> None:
        """Forget who waits: the connection is over."""
        for gate in self._gates():
            gate.waiting.clear()
        self._keyed.clear()

    def _gates(self) -> tuple[Turnstile, ...]:
        return (*self._places, self._small, self._symbols, self._snapshots, *self._keyed.values())
