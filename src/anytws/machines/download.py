"""A download of bars, without the IO: which window to ask next, what its answer means, what its reader gets, and when.

It is asked and told, and decides::

    work = Downloading(plan, concurrency=4, retries=STANDARD_RETRIES, is_reported=False)
    work.begin(now, clock_of_tws)
    while (part := work.next(now)) is not None: ...      # ask part.saying
    work.answered(part, bars, now)                       # or work.failed(part, error, now)
    chunk = work.take(now)                               # the next one, in the order of windows; None: not there yet
    work.wake_at(); work.is_over; work.failure; work.progress(now)

Chunks come in the order of their windows, however their answers do. So what was answered early waits; and because that
is bounded, no window is asked that lies too far ahead of what the reader has taken.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum, unique
from itertools import islice
from operator import ge
from typing import Final, TypeAlias

from anytws.arrow.records import Records
from anytws.errors import RequestTimedOut
from anytws.machines.bars import Bar
from anytws.machines.download_trouble import Retries, nothing_there, passing
from anytws.machines.windows import Plan, Saying, Window, begin_of
from anytws.messages.base import record, replace

AHEAD: Final = 2
"""How many windows may be asked, or wait to be read, for each that may be open at once."""
_UNSENT_PAUSE: Final = 1.0


@record
class Bars:
    """One window of a download, with all its bars."""

    window: Window
    """The time that it covers. To store it, and to give it as ``have=`` the next time, is to resume."""
    bars: tuple[Bar, ...]
    """What begins in it, oldest first, each once; at least one. All are over."""


@record
class NoData:
    """One window of a download in which there is nothing. It counts as had."""

    window: Window
    """The time that it covers."""
    text: str
    """How that is known: what TWS said."""


@record
class WindowFailed:
    """One window of a download that could not be had, with ``on_failure="report"``. It does not count as had."""

    window: Window
    """The time that it covers."""
    error: Exception
    """Why: what would have been raised."""


Chunk: TypeAlias = Bars | NoData | WindowFailed
"""What a download gives, one for each window."""


@record
class Progress:
    """How a download does."""

    done: int
    """Windows that are had, or have failed for good; those that wait for the reader among them."""
    total: int
    """Windows that are wanted; those of ``have=`` are not among them. 0 while the clock of TWS is not known."""
    open: int
    """Windows that TWS is asked for right now."""
    bars: int
    """Bars that have come."""
    elapsed: float
    """Seconds since the block was entered, or that it took."""
    rate: float
    """Bars a second, over all that time."""
    waiting: str | None
    """Why nothing more is asked at the moment; None: it goes on, or is done."""

    @property
    def remaining(self) -> float | None:
        """Seconds that the rest takes if it goes on like this; None while nothing is done."""
        return None if self.done == 0 else self.elapsed / self.done * (self.total - self.done)


@unique
class Stage(Enum):
    """Where a window is."""

    HELD = "held"
    """To be asked, at once or later."""
    OPEN = "open"
    """Asked."""
    DONE = "done"
    """There is a chunk of it, or why there is none."""


class Part:
    """One window on its way."""

    __slots__ = ("at", "chunk", "failure", "saying", "stage", "tries", "unanswered", "why", "window")

    def __init__(self, window: Window, saying: Saying) -> None:
        self.window: Window = window
        self.saying: Saying = saying
        """How TWS is asked for it."""
        self.stage: Stage = Stage.HELD
        self.tries: int = 0
        """How often it has failed, and was to be asked again."""
        self.unanswered: int = 0
        """How often of those it was not answered in time."""
        self.at: float | None = None
        """When it may be asked again; None: now."""
        self.why: str = ""
        """Why not before that."""
        self.chunk: Chunk | None = None
        self.failure: Exception | None = None

    def __repr__(self) -> str:
        return f"<Part {self.window.begin:%Y-%m-%d %H:%M} {self.stage.value}>"


class Downloading:
    """The state of one download. Times are seconds of a clock that only goes up."""

    def __init__(self, plan: Plan, *, concurrency: int, retries: Retries, is_reported: bool) -> None:
        self.plan: Final = plan
        self._concurrency = concurrency
        self._retries = retries
        self._is_reported = is_reported
        self._parts: deque[Part] = deque()
        """What is asked, or waits to be read, in the order of windows: bounded, see `AHEAD`."""
        self._coming: Iterator[Window] | None = None
        self._next: Window | None = None
        self._clock: datetime | None = None
        self._hold_until: float | None = None
        self._hold_why = ""
        self._is_careful = False
        """Whether one window alone is asked, since the last answer to any was trouble that all have."""
        self._unlinked_since: float | None = None
        self._failure: Exception | None = None
        self._open = self._done = self._total = self._bars = 0
        self._began: float | None = None
        self._ended: float | None = None

    def __repr__(self) -> str:
        return f"<Downloading {self._done} of {self._total} windows, {self._open} open>"

    # --- what happens --------------------------------------------------------------------------------------------

    def enter(self, now: float) -> None:
        """Note that it begins; nothing is asked while the clock of TWS is not known."""
        self._began = now

    def begin(self, clock: datetime, now: float) -> None:
        """Plan: what is over by the *clock* of TWS is wanted, and nothing that is still being made."""
        if self._began is None:
            self._began = now
        self._clock = clock
        pieces = self.plan.pieces(clock)
        self._total = sum([self.plan.grid.count(*piece) for piece in pieces])
        self._coming = self.plan.windows(pieces)
        self._next = next(self._coming, None)
        self._note_end(now)

    def next(self, now: float) -> Part | None:
        """Give, once, the window to be asked now; None if there is none."""
        if self._clock is None or self._failure is not None or self._is_full_of_open or self._holds(now):
            return None
        part = next((part for part in self._parts if part.stage is Stage.HELD and not _is_early(part, now)), None)
        if part is None:
            part = self._following()
        if part is not None:
            part.stage, part.at, part.why = Stage.OPEN, None, ""
            self._open += 1
        return part

    def answered(self, part: Part, bars: Sequence[Bar], now: float) -> None:
        """Note that TWS gave *bars* for *part*: what begins outside of the window is not its own."""
        self._is_careful = False
        own = _cut(bars, part.window)
        if own:
            if not own[-1].is_over:
                # By the clock of TWS it was over before anything was asked.
                own[-1] = replace(own[-1], is_over=True)
            self._bars += len(own)
            self._finish(part, Bars(part.window, Records.of(Bar, own)), now)
        else:
            told = f"{len(bars)} bars before or after it" if bars else "no bars"
            self._finish(part, NoData(part.window, f"TWS gave {told}, and none that begins in this window"), now)

    def failed(self, part: Part, error: Exception, now: float) -> None:
        """Note that *part* ended in *error*: there is nothing, it is asked again, or it has failed."""
        text = nothing_there(error)
        trouble = passing(error)
        if text is not None:
            self._is_careful = False
            self._finish(part, NoData(part.window, text), now)
        elif isinstance(error, RequestTimedOut) and not error.sent:
            # Nobody was asked, so it does not count.
            self._hold(part, now + _UNSENT_PAUSE, error.waiting or "its turn to be sent had not come in time")
        elif trouble is not None and self._link_ends_at(now) is not None:
            # No wonder: it is asked again when the link is there again.
            self._hold(part, None, trouble.why)
        elif trouble is not None and self._count_try(part, error):
            at = now + self._retries.pause_before(part.tries)
            self._hold(part, at, trouble.why)
            if trouble.is_of_all:
                # Whether it is over, one window finds out.
                self._is_careful = True
                if self._hold_until is None or at > self._hold_until:
                    self._hold_until, self._hold_why = at, trouble.why
        elif self._is_reported:
            self._finish(part, WindowFailed(part.window, error), now)
        else:
            part.failure = error
            self._finish(part, None, now)

    def note_link(self, now: float, *, is_up: bool) -> None:
        """Note whether TWS has a link to the vendor. Nothing is asked without it, for a while."""
        if is_up and self._unlinked_since is not None:
            # Whether history is there again, one window finds out.
            self._unlinked_since, self._is_careful = None, True
        elif not is_up and self._unlinked_since is None:
            self._unlinked_since = now

    def give_up(self, error: Exception, now: float) -> None:
        """Note that it cannot go on at all: *error* is raised as soon as what was there before it is taken."""
        if self._failure is None:
            self._failure = error
        self._coming = self._next = None
        self._ended = now

    def take(self, now: float) -> Chunk | None:
        """Give the next chunk, once; None while it is not there."""
        if not self._parts or self._parts[0].stage is not Stage.DONE or self._parts[0].chunk is None:
            return None
        chunk = self._parts.popleft().chunk
        self._note_end(now)
        return chunk

    # --- what is known -------------------------------------------------------------------------------------------

    @property
    def failure(self) -> Exception | None:
        """What is to be raised, as soon as `take` gives nothing more; None: nothing yet."""
        if self._parts and self._parts[0].failure is not None:
            return self._parts[0].failure
        return self._failure

    @property
    def is_over(self) -> bool:
        """Whether every window has been taken."""
        return self._clock is not None and self._failure is None and self._next is None and not self._parts

    def wake_at(self, now: float) -> float | None:
        """Give the time at which `next` may have something to give, if nothing else happens; None: it has not then."""
        if self._clock is None or self._failure is not None or self._is_full_of_open:
            return None
        if self._holds(now):
            return self._held_until(now)
        return min([part.at for part in self._parts if part.stage is Stage.HELD and part.at is not None], default=None)

    def progress(self, now: float, held: str | None = None) -> Progress:
        """Tell how it does; *held* says why what it has asked has not been sent."""
        elapsed = 0.0 if self._began is None else (now if self._ended is None else self._ended) - self._began
        rate = self._bars / elapsed if elapsed > 0 else 0.0
        return Progress(self._done, self._total, self._open, self._bars, elapsed, rate, self._waiting(now, held))

    # --- within --------------------------------------------------------------------------------------------------

    def _following(self) -> Part | None:
        """Begin with the next window, if there is one and it is not too far ahead."""
        window, clock = self._next, self._clock
        if window is None or clock is None or self._coming is None or self._is_full or self._is_failing:
            return None
        part = Part(window, self.plan.grid.saying_for(window, clock))
        self._next = next(self._coming, None)
        self._parts.append(part)
        return part

    @property
    def _is_full_of_open(self) -> bool:
        return self._open >= (1 if self._is_careful else self._concurrency)

    @property
    def _is_full(self) -> bool:
        return len(self._parts) >= AHEAD * self._concurrency

    @property
    def _is_failing(self) -> bool:
        """Whether a failure will be raised: what lies behind it is of no use to anybody."""
        return any(part.failure is not None for part in self._parts)

    def _holds(self, now: float) -> bool:
        return self._held_until(now) is not None

    def _held_until(self, now: float) -> float | None:
        """Give until when nothing at all is asked; None: something may be."""
        ends = [at for at in (self._hold_until, self._link_ends_at(now)) if at is not None and now < at]
        return max(ends, default=None)

    def _link_ends_at(self, now: float) -> float | None:
        """Give up to when a link is waited for; None: there is one, or it has been waited for long enough."""
        if self._unlinked_since is None:
            return None
        at = self._unlinked_since + self._retries.link_wait
        return at if now < at else None

    def _hold(self, part: Part, at: float | None, why: str) -> None:
        part.stage, part.at, part.why = Stage.HELD, at, why
        self._open -= 1

    def _count_try(self, part: Part, error: Exception) -> bool:
        """Tell whether *part* may be asked once more, and count that."""
        is_unanswered = isinstance(error, RequestTimedOut)
        part.unanswered += is_unanswered
        is_allowed = (
            part.unanswered <= self._retries.most_unanswered
            if is_unanswered
            else part.tries - part.unanswered < self._retries.most
        )
        part.tries += is_allowed
        return is_allowed

    def _finish(self, part: Part, chunk: Chunk | None, now: float) -> None:
        part.stage, part.chunk = Stage.DONE, chunk
        self._open -= 1
        self._done += 1
        self._note_end(now)

    def _note_end(self, now: float) -> None:
        if self._ended is None and self._done == self._total and self._next is None:
            self._ended = now

    def _waiting(self, now: float, held: str | None) -> str | None:
        if self._ended is not None:
            return None
        if self._clock is None:
            return "TWS is asked for its clock"
        if self._link_ends_at(now) is not None:
            return "TWS has no link to the vendor"
        if self._hold_until is not None and now < self._hold_until:
            return f"{self._hold_why}: asking again in {self._hold_until - now:.0f} s"
        if self._open:
            return held
        early = [(part.at, part.why) for part in self._parts if part.stage is Stage.HELD and part.at is not None]
        if early:
            at, why = min(early)
            return f"{why}: asking again in {max(at - now, 0):.0f} s"
        return f"{len(self._parts)} windows wait to be read" if self._is_full else None


def _is_early(part: Part, now: float) -> bool:
    return part.at is not None and now < part.at


def _cut(bars: Sequence[Bar], window: Window) -> list[Bar]:
    """Give what of *bars* begins in *window*, in order, each once."""
    begins = list(map(begin_of, bars))
    if any(map(ge, begins, islice(begins, 1, None))):
        # No order that TWS promises is believed: of two that begin together the last word counts.
        by_begin = dict(zip(begins, bars, strict=True))
        begins = sorted(by_begin)
        bars = [by_begin[begin] for begin in begins]
    return list(bars[bisect_left(begins, window.begin) : bisect_left(begins, window.end)])
