"""Orders, beside the other clients: from the call to the kernel, from the socket to what the program sees, and memory.

As in `test_last_metre`: TWS is another process, each client one of its own, all take turns, ratios are made within a
round, and cost is processor time of the client's process. ``--full`` does more of everything.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Final

import attrs
import pytest

from tests.benchmarks.conftest import Report
from tests.benchmarks.last_metre.race import (
    PROTOBUF,
    TEXT,
    Contestant,
    Figure,
    compared,
    compete,
    grown,
    latency,
    processor,
)
from tests.benchmarks.last_metre.work import Work
from tests.benchmarks.test_last_metre import FULL, REMARK, SHORT, Scale, report_curve

THEIRS: Final = Contestant("ib_async", "theirs_orders", needs="ib_async")
IBAPI: Final = tuple(
    Contestant(f"ibapi, {encoding}", "official_orders", (str(version),), needs="ibapi")
    for encoding, version in (("text", TEXT), ("protobuf", PROTOBUF))
)
LIVE: Final = 10_000
SUBSCRIPTIONS: Final = 100
MORE: Final = "how many messages it reads where the other reads one, in processor time"
LESS: Final = "what it takes where the other takes 1"


def ours(way: str, encoding: str = "protobuf", backend: str = "asyncio") -> Contestant:
    """Give anytws, by what *way* names."""
    version = TEXT if encoding == "text" else PROTOBUF
    return Contestant(f"{way}, {backend}, {encoding}", "ours_orders", (backend, str(version), way))


def by(way: str) -> tuple[Contestant, ...]:
    return ours(way, "text"), ours(way), ours(way, "text", "trio"), ours(way, "protobuf", "trio")


@pytest.fixture
def scale(request: pytest.FixtureRequest) -> Scale:
    return FULL if request.config.getoption("full", default=False) else SHORT


def report_calls(report: Report, title: str, work: Work, rounds: int, contestants: Sequence[Contestant]) -> None:
    results = compete(contestants, work, rounds)
    figures: dict[str, Figure] = {"p50": latency(50), "p99": latency(99), "processor": processor}
    for name, figure in figures.items():
        rows = compared(contestants, results, figure, (THEIRS,), more=False)
        report(f"{title}, {name}: {rounds} rounds", ("", "to ib_async", "us"), rows, (f"{REMARK}; {LESS}",))


def test_place(scale: Scale, report: Report) -> None:
    """One order after the other, each when the one before is acknowledged: from the call to bytes in the kernel."""
    guarded = [ours(f"place, {guard}") for guard in ("gate", "journal", "gate and journal", "sqlite journal")]
    contestants = (THEIRS, *IBAPI, *by("place"), ours("place, ref"), ours("send"), *guarded)
    count = scale.round_trips
    report_calls(report, f"{count:,} orders, call to kernel", Work("place", 0, count), scale.few_rounds, contestants)


def test_acknowledged(scale: Scale, report: Report) -> None:
    """The same, from the call to the first word of TWS."""
    work = Work("place", 0, scale.round_trips, form="answer")
    title = f"{scale.round_trips:,} orders, call to the first word of TWS"
    report_calls(report, title, work, scale.few_rounds, (THEIRS, *IBAPI, *by("place")))


def test_burst(scale: Scale, report: Report) -> None:
    """Fifty orders at once, again and again: what a call takes where nothing has cooled down."""
    work = Work("burst", 0, scale.round_trips)
    title = f"{scale.round_trips:,} orders, 50 at once, call to kernel"
    report_calls(report, title, work, scale.few_rounds, (THEIRS, *by("place")))


@pytest.mark.parametrize("form", ["lives", "executions"])
def test_lives(form: str, scale: Scale, report: Report) -> None:
    """Whole lives of orders, from the socket to what the program sees: states, or every change."""
    contestants = (THEIRS, *IBAPI, *by("state"), *by("changes"), ours("batches", "text"), ours("batches"))
    what = "open orders and statuses" if form == "lives" else "the same, executions and their costs"
    results = compete(contestants, Work("lives", 0, scale.orders, form=form), scale.rounds)
    rows = compared(contestants, results, processor, (THEIRS, IBAPI[0]), more=True)
    title = f"{scale.orders:,} messages, {what}: {scale.rounds} rounds"
    report(title, ("", "to ib_async", "to ibapi, text", "us of processor"), rows, (f"{REMARK}; {MORE}",))


def test_many_live_orders(scale: Scale, report: Report) -> None:
    """Statuses of one order, among others that work.

    Without ib_async: with each status it writes the whole history of the order into a text, whether or not anybody
    reads it, so that the statuses of one order take time with the square of their number.
    """
    sizes = (1, 100, LIVE)
    works = {f"{size:,}": Work("statuses", 0, scale.flood, subscriptions=size) for size in sizes}
    contestants = (ours("state", "text"), ours("state"), ours("one", "text"), ours("one"))
    report_curve(report, "live orders, statuses of one of them", works, scale.rounds, contestants)


def test_memory(report: Report) -> None:
    contestants = (THEIRS, *IBAPI, ours("state", "text"), ours("state"))
    results = compete(contestants, Work("kept", 0, LIVE), 1, afresh=True)
    rows = compared(contestants, results, lambda result: grown(result) * 1024 / LIVE, (THEIRS,), more=False)
    report(f"{LIVE:,} live orders", ("", "to ib_async", "KiB an order"), rows, (LESS,))


def test_coming_back(report: Report) -> None:
    """Until the last of a hundred subscriptions has a tick again, with pacing as it is by default."""
    contestants = [ours("keep_connected", "protobuf", backend) for backend in ("asyncio", "trio")]
    work = Work("back", 0, subscriptions=SUBSCRIPTIONS)
    results = compete(contestants, attrs.evolve(work, count=SUBSCRIPTIONS), 1)
    rows = [
        (name, f"{statistics.median(said.latencies) / 1e6:.2f}", f"{max(said.latencies) / 1e6:.2f}")
        if results.has(name)
        else (name, results.failure(name)[:60], "")
        for name, (said, *_) in results.rounds.items()
    ]
    remark = "a second of it is the first pause of the policy"
    report(f"back with {SUBSCRIPTIONS} subscriptions", ("", "half of them, s", "the last, s"), rows, (remark,))
