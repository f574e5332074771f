"""A download without the IO: every bar once, in order, whatever is answered when; never too much open, and an end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from anytws.core import CloseReason, ConnectionClosed, State
from anytws.errors import DecodeError, RequestFailed, RequestTimedOut
from anytws.machines.bars import Bar
from anytws.machines.download import AHEAD, Bars, Chunk, Downloading, NoData, Part, Stage, WindowFailed
from anytws.machines.download_trouble import STANDARD_RETRIES, Retries
from anytws.machines.windows import Grid, Plan, Window, begin_of, pairs
from anytws.messages import BarSize, CurrentTimeRequest

BEGIN: Final = datetime(2026, 1, 5, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
LONG_AFTER: Final = datetime(2030, 1, 1, tzinfo=UTC)
SERVICE: Final = "Historical Market Data Service error message:"


def bar_at(hour: int, is_over: bool | None = True) -> Bar:
    begin = BEGIN + hour * HOUR
    return Bar(begin, begin + HOUR, 1.0, 2.0, 0.5, 1.5, is_over=is_over)


def refused(text: str, code: int = 162, *, link_was_down: bool = False) -> RequestFailed:
    return RequestFailed(code, SERVICE + text if code == 162 else text, CurrentTimeRequest(), link_was_down)


def plan_of(
    hours: int,
    window: int = 6,
    *,
    first: int = 0,
    have: tuple[tuple[int, int], ...] = (),
    newest_first: bool = False,
) -> Plan:
    had = [(BEGIN + begin * HOUR, BEGIN + end * HOUR) for begin, end in have]
    grid = Grid.of(BarSize.HOUR_1, window * HOUR)
    return Plan(grid, BEGIN + first * HOUR, BEGIN + hours * HOUR, tuple(pairs(had)), newest_first)


def downloading(
    plan: Plan,
    concurrency: int = 2,
    retries: Retries = STANDARD_RETRIES,
    *,
    is_reported: bool = False,
    clock: datetime = LONG_AFTER,
) -> Downloading:
    work = Downloading(plan, concurrency=concurrency, retries=retries, is_reported=is_reported)
    work.enter(0.0)
    work.begin(clock, 0.0)
    return work


def open_all(work: Downloading, now: float) -> list[Part]:
    parts = []
    while (part := work.next(now)) is not None:
        parts.append(part)
    return parts


def take_all(work: Downloading, now: float) -> list[Chunk]:
    chunks = []
    while (chunk := work.take(now)) is not None:
        chunks.append(chunk)
    return chunks


def hours_of(chunks: list[Chunk]) -> list[int]:
    return [(begin_of(bar) - BEGIN) // HOUR for chunk in chunks if isinstance(chunk, Bars) for bar in chunk.bars]


# --- in order, and bounded ------------------------------------------------------------------------------------------


def test_chunks_come_in_the_order_of_windows() -> None:
    """However their answers do."""
    work = downloading(plan_of(18), concurrency=3)
    first, second, third = open_all(work, 0.0)
    work.answered(third, [bar_at(hour) for hour in range(12, 18)], 1.0)
    work.answered(second, [bar_at(hour) for hour in range(6, 12)], 2.0)
    assert take_all(work, 2.0) == []
    work.answered(first, [bar_at(hour) for hour in range(6)], 3.0)
    # How long the reader takes for what is there is not the download's time.
    chunks = take_all(work, 8.0)
    assert hours_of(chunks) == list(range(18))
    assert [chunk.window for chunk in chunks] == [
        Window(BEGIN + begin * HOUR, BEGIN + (begin + 6) * HOUR) for begin in (0, 6, 12)
    ]
    assert work.is_over
    assert work.progress(9.0).elapsed == 3.0
    assert work.progress(9.0).rate == 6.0


def test_the_newest_come_first_where_that_is_wanted() -> None:
    work = downloading(plan_of(18, newest_first=True, have=((7, 8),)), concurrency=9)
    windows = [part.window.begin for part in open_all(work, 0.0)]
    assert windows == [BEGIN + hour * HOUR for hour in (12, 8, 6, 0)]


def test_what_is_outside_of_the_window_is_cut_off() -> None:
    """TWS goes back further than it is asked, and its end is one bar later."""
    work = downloading(plan_of(12))
    first, second = open_all(work, 0.0)
    work.answered(first, [bar_at(hour) for hour in range(-40, 8)], 0.0)
    work.answered(second, [bar_at(hour) for hour in range(13)], 0.0)
    assert hours_of(take_all(work, 0.0)) == list(range(12))


def test_no_order_is_believed_and_nothing_is_given_twice() -> None:
    """A TWS that says bars twice, and the last of them first: of two the later word counts."""
    work = downloading(plan_of(6))
    (part,) = open_all(work, 0.0)
    later = Bar(BEGIN, BEGIN + HOUR, 9.0, 9.0, 9.0, 9.0)
    work.answered(part, [bar_at(3), bar_at(0), bar_at(3), bar_at(2), later], 0.0)
    chunks = take_all(work, 0.0)
    assert hours_of(chunks) == [0, 2, 3]
    assert isinstance(chunks[0], Bars)
    assert chunks[0].bars[0] == later


def test_the_last_bar_of_an_answer_is_over_too() -> None:
    """TWS does not say so; its clock does."""
    work = downloading(plan_of(6))
    (part,) = open_all(work, 0.0)
    work.answered(part, [bar_at(4), bar_at(5, is_over=None)], 0.0)
    (chunk,) = take_all(work, 0.0)
    assert isinstance(chunk, Bars)
    assert [bar.is_over for bar in chunk.bars] == [True, True]


def test_what_is_still_being_made_is_not_asked_for() -> None:
    """By the clock of TWS: what a download gives is over, and so is the window that it tells to have."""
    clock = BEGIN + 8.5 * HOUR
    work = downloading(plan_of(100), clock=clock)
    parts = open_all(work, 0.0)
    assert [part.window.end for part in parts] == [BEGIN + 6 * HOUR, BEGIN + 7.5 * HOUR]
    assert parts[-1].saying.end == clock
    assert work.progress(0.0).total == 2
    nothing = downloading(plan_of(100, first=8), clock=clock)
    assert open_all(nothing, 0.0) == []
    assert nothing.is_over
    assert nothing.progress(5.0).elapsed == 0.0


def test_a_slow_reader_is_not_run_away_from() -> None:
    """As many windows are asked, or wait, as twice the concurrency; and it says that it waits for its reader."""
    work = downloading(plan_of(600), concurrency=3)
    asked = 0
    while parts := open_all(work, float(asked)):
        asked += len(parts)
        for part in parts:
            work.answered(part, [bar_at((part.window.begin - BEGIN) // HOUR)], float(asked))
    assert asked == AHEAD * 3
    assert work.progress(9.0).waiting == "6 windows wait to be read"
    assert work.take(9.0) is not None
    assert len(open_all(work, 9.0)) == 1


# --- trouble --------------------------------------------------------------------------------------------------------


def test_no_data_is_a_chunk_that_says_so() -> None:
    text = "HMDS query returned no data: ESM3@CME Trades"
    work = downloading(plan_of(12))
    first, second = open_all(work, 0.0)
    work.failed(first, refused(text), 0.0)
    work.answered(second, [bar_at(-9)], 0.0)
    chunks = take_all(work, 0.0)
    assert [type(chunk) for chunk in chunks] == [NoData, NoData]
    assert isinstance(chunks[0], NoData)
    assert text in chunks[0].text
    assert isinstance(chunks[1], NoData)
    assert chunks[1].text == "TWS gave 1 bars before or after it, and none that begins in this window"


def test_trouble_that_may_pass_is_tried_again_and_all_wait() -> None:
    """After a violation of pacing nothing at all is asked for more than 15 seconds, and each time for longer."""
    work = downloading(plan_of(60), concurrency=1)
    (first,) = open_all(work, 0.0)
    now = 1.0
    for pause in (20.0, 40.0, 80.0, 160.0, 300.0):
        work.failed(first, refused("Historical data request pacing violation"), now)
        assert work.next(now) is None
        assert work.next(now + pause - 0.001) is None
        assert work.wake_at(now) == now + pause
        assert work.progress(now).waiting == (
            f"TWS said that history was asked too fast: asking again in {pause:.0f} s"
        )
        now += pause
        assert work.next(now) is first
    error = refused("Historical data request pacing violation")
    work.failed(first, error, now)
    assert work.take(now) is None
    assert work.failure is error
    # What lies behind a failure is of no use to anybody.
    assert open_all(work, now + 999) == []


def test_one_window_finds_out_whether_it_is_over() -> None:
    """All that were open have failed: the next violation would be the doing of this client alone."""
    work = downloading(plan_of(600), concurrency=5)
    parts = open_all(work, 0.0)
    for part in parts:
        work.failed(part, refused("Historical data request pacing violation"), 1.0)
    for now in (21.0, 61.0):
        assert open_all(work, now) == [parts[0]]
        assert work.wake_at(now) is None
        work.failed(parts[0], refused("Historical data request pacing violation"), now)
    assert open_all(work, 141.0) == [parts[0]]
    work.answered(parts[0], [bar_at(0)], 142.0)
    # What was refused goes first, and no window besides is begun until that is known to be over.
    assert open_all(work, 142.0)[:4] == parts[1:]
    assert work.progress(142.0).open == 5


def test_without_a_link_nothing_is_asked_and_nothing_counts() -> None:
    """As in the nightly reset; when it is over, one window finds out. It is not waited for without an end."""
    work = downloading(plan_of(60), retries=Retries(most=0, most_unanswered=0, link_wait=600))
    first, second = open_all(work, 0.0)
    for _ in range(2):
        work.note_link(5.0, is_up=False)
    assert work.progress(6.0).waiting == "TWS has no link to the vendor"
    work.failed(first, refused("link lost", 1100), 10.0)
    work.failed(second, RequestTimedOut(CurrentTimeRequest(), 60.0), 60.0)
    assert open_all(work, 100.0) == []
    assert work.wake_at(100.0) == 605.0
    work.note_link(200.0, is_up=True)
    assert open_all(work, 200.0) == [first]
    work.answered(first, [bar_at(0)], 201.0)
    assert open_all(work, 201.0)[0] is second
    work.note_link(300.0, is_up=False)
    assert open_all(work, 899.0) == []
    work.failed(second, refused("link lost", 1100), 901.0)
    assert hours_of(take_all(work, 901.0)) == [0]
    assert isinstance(work.failure, RequestFailed), "it has been waited for"
    # What nobody blames on the link is told at once.
    other = downloading(plan_of(6))
    (part,) = open_all(other, 0.0)
    other.note_link(0.0, is_up=False)
    other.failed(part, refused("No market data permissions for ISLAND STK"), 1.0)
    assert other.failure is not None


def test_a_time_out_holds_up_one_window() -> None:
    work = downloading(plan_of(60), concurrency=2)
    first, _second = open_all(work, 0.0)
    work.failed(first, RequestTimedOut(CurrentTimeRequest(), 60.0), 60.0)
    third = work.next(60.0)
    assert third is not None
    assert third.window.begin == BEGIN + 12 * HOUR
    assert work.wake_at(60.0) is None, "two are open"
    work.answered(third, [bar_at(12)], 61.0)
    assert work.wake_at(61.0) == 80.0
    assert work.progress(61.0).waiting is None, "one is open"


def test_what_was_refused_and_what_was_not_answered_are_counted_apart() -> None:
    """Each as often as the policy says, whatever the other one was."""
    retries = Retries(most=2, most_unanswered=2)
    work = downloading(plan_of(6), retries=retries)
    late, violation = RequestTimedOut(CurrentTimeRequest(), 60.0), refused("pacing violation")
    (part,) = open_all(work, 0.0)
    for time, error in enumerate((late, violation, late, violation), 1):
        work.failed(part, error, 1000.0 * time)
        assert open_all(work, 1000.0 * time + 999) == [part]
    work.failed(part, violation, 5000.0)
    assert work.failure is violation


def test_what_was_never_sent_is_asked_again_for_ever() -> None:
    """It had to wait for its turn: nobody refused anything."""
    work = downloading(plan_of(6), retries=Retries(most=0))
    (part,) = open_all(work, 0.0)
    for round_ in range(50):
        work.failed(part, RequestTimedOut(CurrentTimeRequest(), 60.0, sent=False), 60.0 * round_)
        assert work.next(60.0 * round_) is None
        assert work.next(60.0 * round_ + 1) is part
    work.answered(part, [bar_at(0)], 9999.0)
    assert hours_of(take_all(work, 9999.0)) == [0]


@pytest.mark.parametrize("is_reported", [False, True])
def test_what_stays_is_told_at_once(is_reported: bool) -> None:
    """Raised in its place, behind what came before it; or told there, and the rest goes on."""
    error = refused("No market data permissions for ISLAND STK")
    work = downloading(plan_of(18), concurrency=3, is_reported=is_reported)
    first, second, third = open_all(work, 0.0)
    work.failed(second, error, 0.0)
    work.answered(third, [bar_at(12)], 0.0)
    assert work.failure is None
    work.answered(first, [bar_at(0)], 0.0)
    chunks = take_all(work, 0.0)
    if is_reported:
        assert chunks[1] == WindowFailed(second.window, error)
        assert hours_of(chunks) == [0, 12]
        assert work.is_over
    else:
        assert hours_of(chunks) == [0]
        failures: list[object] = [work.failure]
        assert failures == [error]
        assert not work.is_over


def test_the_end_of_the_connection_is_no_windows_own_failure() -> None:
    """It is raised, once what had come before it is taken, however failures are to be told."""
    work = downloading(plan_of(60), is_reported=True)
    first, _second = open_all(work, 0.0)
    work.answered(first, [bar_at(0)], 1.0)
    end = ConnectionClosed(CloseReason.EOF, State.READY)
    work.give_up(end, 2.0)
    work.give_up(RuntimeError("of a second window"), 2.0)
    assert open_all(work, 2.0) == []
    assert work.wake_at(2.0) is None
    assert hours_of(take_all(work, 2.0)) == [0]
    assert work.failure is end
    assert work.progress(99.0).elapsed == 2.0
    assert work.progress(99.0).waiting is None


def test_before_the_clock_is_known_nothing_is_asked() -> None:
    work = Downloading(plan_of(60), concurrency=1, retries=STANDARD_RETRIES, is_reported=False)
    assert work.progress(0.0).elapsed == 0.0
    work.enter(1.0)
    assert work.next(1.0) is None
    assert work.wake_at(1.0) is None
    assert not work.is_over
    assert work.progress(3.0).waiting == "TWS is asked for its clock"
    assert work.progress(3.0).elapsed == 2.0
    assert work.progress(3.0).remaining is None


def test_what_remains() -> None:
    work = downloading(plan_of(24))
    first, *_ = open_all(work, 0.0)
    work.answered(first, [bar_at(0)], 10.0)
    progress = work.progress(10.0)
    assert (progress.done, progress.total, progress.open, progress.bars) == (1, 4, 1, 1)
    assert progress.remaining == 30.0


def test_bars_of_days_belong_by_their_first_day() -> None:
    """A week is in the window of its Monday, though TWS names it by its Friday."""
    grid = Grid.of(BarSize.WEEK_1, timedelta(days=14))
    begin = datetime(2026, 1, 5, tzinfo=UTC)
    work = downloading(Plan(grid, begin, begin + timedelta(days=28)))
    first, second = open_all(work, 0.0)
    mondays = [date(2025, 12, 29) + timedelta(days=7 * week) for week in range(6)]
    weeks = [
        Bar(None, None, 1.0, 1.0, 1.0, 1.0, day=monday + timedelta(days=4), first_day=monday) for monday in mondays
    ]
    for part in (first, second):
        work.answered(part, weeks, 0.0)
    chunks = take_all(work, 0.0)
    found = [[bar.first_day for bar in chunk.bars] for chunk in chunks if isinstance(chunk, Bars)]
    assert [day for days in found for day in days] == mondays[1:5]
    assert [len(days) for days in found] in ([2, 2], [1, 2, 1])


# --- any order of anything ------------------------------------------------------------------------------------------

TROUBLES: Final = (
    refused("Historical data request pacing violation"),
    refused("HMDS connection attempt failed. Connection will be re-attempted..."),
    refused("Query cancelled"),
    refused("link lost", 1100),
    refused("No security definition has been found for the request", 200, link_was_down=True),
    RequestTimedOut(CurrentTimeRequest(), 60.0),
    RequestTimedOut(CurrentTimeRequest(), 60.0, sent=False),
)
LASTING: Final = (
    refused("No market data permissions for ISLAND STK"),
    refused("No security definition has been found for the request", 200),
    DecodeError("HistoricalData", "bars[0].time", "'x'", "a moment"),
)


class AnyOrder(RuleBasedStateMachine):
    """A TWS that answers, fails and is silent as it likes, and a reader that comes when it likes."""

    @initialize(
        hours=st.integers(1, 60),
        first=st.integers(0, 20),
        window=st.integers(1, 9),
        have=st.lists(st.tuples(st.integers(-5, 70), st.integers(1, 15)), max_size=4),
        quiet=st.sets(st.integers(0, 80), max_size=40),
        concurrency=st.integers(1, 4),
        newest_first=st.booleans(),
        is_reported=st.booleans(),
    )
    def begin(
        self,
        hours: int,
        first: int,
        window: int,
        have: list[tuple[int, int]],
        quiet: set[int],
        concurrency: int,
        newest_first: bool,
        is_reported: bool,
    ) -> None:
        had = tuple((begin, begin + length) for begin, length in have)
        plan = plan_of(first + hours, window, first=first, have=had, newest_first=newest_first)
        self.work = downloading(plan, concurrency, is_reported=is_reported)
        self.concurrency, self.newest_first, self.is_reported = concurrency, newest_first, is_reported
        wanted = [hour for hour in range(first, first + hours) if not any(begin <= hour < end for begin, end in had)]
        self.total = len({*wanted})
        self.wanted = [hour for hour in wanted if hour not in quiet]
        self.market = [bar_at(hour) for hour in range(-30, 130) if hour not in quiet]
        self.now = 0.0
        self.open: list[Part] = []
        self.chunks: list[Chunk] = []
        self.raised: Exception | None = None

    def answer(self, part: Part) -> None:
        """As TWS does: what begins before the end that was asked, and reaches back further than it was asked."""
        since, until = part.window.begin - 7 * HOUR, part.saying.end
        bars = [bar for bar in self.market if bar.begin is not None and since <= bar.begin < until]
        if bars:
            self.work.answered(part, bars, self.now)
        else:
            self.work.failed(part, refused("HMDS query returned no data: AAPL@SMART Trades"), self.now)

    @rule()
    def ask(self) -> None:
        part = self.work.next(self.now)
        if part is not None:
            assert part.stage is Stage.OPEN
            assert part not in self.open
            self.open.append(part)

    @precondition(lambda self: self.open)
    @rule(which=st.integers(0, 3))
    def answer_one(self, which: int) -> None:
        self.answer(self.open.pop(which % len(self.open)))

    @precondition(lambda self: self.open)
    @rule(which=st.integers(0, 3), trouble=st.sampled_from(TROUBLES))
    def fail_one(self, which: int, trouble: Exception) -> None:
        part = self.open[which % len(self.open)]
        # What is tried often in vain is told like what stays, which is a rule of its own.
        assume(part.tries < STANDARD_RETRIES.most_unanswered)
        self.open.remove(part)
        self.work.failed(part, trouble, self.now)

    @precondition(lambda self: self.open)
    @rule(which=st.integers(0, 3), error=st.sampled_from(LASTING))
    def end_one(self, which: int, error: Exception) -> None:
        self.work.failed(self.open.pop(which % len(self.open)), error, self.now)

    @rule(seconds=st.floats(0.01, 50.0))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(is_up=st.booleans())
    def change_link(self, is_up: bool) -> None:
        self.work.note_link(self.now, is_up=is_up)

    @rule()
    def read(self) -> None:
        chunk = self.work.take(self.now)
        if chunk is not None:
            assert self.raised is None
            self.chunks.append(chunk)
        elif self.work.failure is not None:
            self.raised = self.work.failure

    @invariant()
    def it_is_bounded(self) -> None:
        if not hasattr(self, "work"):
            return
        progress = self.work.progress(self.now)
        assert progress.open == len(self.open) <= self.concurrency
        assert progress.done <= progress.total
        assert progress.done + len(self.open) - len(self.chunks) <= AHEAD * self.concurrency
        assert progress.elapsed <= self.now
        assert repr(self.work)

    def teardown(self) -> None:
        """From now on TWS answers: then all comes to its end, and every bar has come once."""
        if not hasattr(self, "work"):
            return
        for _ in range(2000):
            self.ask()
            if self.open:
                self.answer(self.open.pop())
            elif (at := self.work.wake_at(self.now)) is not None:
                assert at > self.now
                self.now = at
            self.read()
            if self.work.is_over or self.raised is not None:
                break
        else:
            raise AssertionError(f"it does not come to an end: {self.work.progress(self.now)}")
        self.check(self.chunks)

    def check(self, chunks: list[Chunk]) -> None:
        windows = [chunk.window for chunk in chunks]
        assert windows == sorted(windows, reverse=self.newest_first)
        covered = {hour for begin, end in windows for hour in range((begin - BEGIN) // HOUR, (end - BEGIN) // HOUR)}
        failed = [chunk.window for chunk in chunks if isinstance(chunk, WindowFailed)]
        lost = {hour for begin, end in failed for hour in range((begin - BEGIN) // HOUR, (end - BEGIN) // HOUR)}
        assert bool(failed) <= self.is_reported
        found = hours_of(chunks)
        if self.raised is None:
            assert len(covered) == self.total
            assert sorted(found) == [hour for hour in self.wanted if hour not in lost]
        else:
            assert not self.is_reported
            assert sorted(found) == [hour for hour in self.wanted if hour in covered]


AnyOrder.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestAnyOrder: Any = AnyOrder.TestCase
