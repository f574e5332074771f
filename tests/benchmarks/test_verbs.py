"""What the verbs cost over `anytws.Tws.ask` and ``stream``, and beside what other clients have for the same.

As in `test_last_metre`: TWS is another process, each client one of its own, all take turns, ratios are made within a
round, and cost is processor time of the client's process. ``--full`` does more of everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs
import pytest

from tests.benchmarks.conftest import Report
from tests.benchmarks.last_metre.race import (
    IB_ASYNC,
    IBAPI_PROTOBUF,
    IBAPI_TEXT,
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

QUOTED: Final = 100
BARS: Final = 20_000
REQUESTS: Final = 10
MORE: Final = "how many messages it reads where the other reads one, in processor time"
LESS: Final = "what it takes where the other takes 1"

THEIRS: Final = Contestant("ib_async", "theirs_verbs", ("1",), needs="ib_async")
THEIRS_IN_SECONDS: Final = Contestant("ib_async, times in seconds", "theirs_verbs", ("2",), needs="ib_async")
IBAPI: Final = (IBAPI_TEXT, IBAPI_PROTOBUF)


def ours(way: str, encoding: str = "protobuf", backend: str = "asyncio") -> Contestant:
    """Give anytws, by the verb that *way* names."""
    version = TEXT if encoding == "text" else PROTOBUF
    return Contestant(f"{way}, {backend}, {encoding}", "ours_verbs", (backend, str(version), way))


def by(way: str) -> tuple[Contestant, ...]:
    return ours(way, "text"), ours(way), ours(way, "text", "trio"), ours(way, "protobuf", "trio")


@pytest.fixture
def scale(request: pytest.FixtureRequest) -> Scale:
    return FULL if request.config.getoption("full", default=False) else SHORT


def race(
    report: Report, title: str, work: Work, rounds: int, contestants: Sequence[Contestant],
    others: Sequence[Contestant], *, figure: Figure = processor, more: bool = True, unit: str = "us of processor",
) -> None:  # fmt: skip
    results = compete(contestants, work, rounds)
    report(
        f"{title}: {rounds} rounds",
        ("", *(f"to {other.name}" for other in others), unit),
        compared(contestants, results, figure, others, more=more),
        (f"{REMARK}; {MORE if more else LESS}",),
    )


@pytest.mark.parametrize("form", ["for", "batches"])
def test_flood(form: str, scale: Scale, report: Report) -> None:
    """The figures of the last metre, by ``market_data.raw`` in place of `stream`."""
    title = f"flood of {scale.flood:,} ticks by market_data.raw, {'singly' if form == 'for' else 'by batches'}"
    stream = ours("stream")
    contestants = (IB_ASYNC, *IBAPI, ours("stream", "text"), stream, *by("raw"))
    race(report, title, Work("flood", 0, scale.flood, form=form), scale.rounds, contestants, (IB_ASYNC, stream))


def test_quotes(scale: Scale, report: Report) -> None:
    """Quotes of a hundred contracts, put together, under a flood on all of them."""
    contestants = (THEIRS, *IBAPI, *by("watch"), *by("batches"), ours("quotes", "text"), ours("quotes"))
    work = Work("quotes", 0, scale.flood, subscriptions=QUOTED, spread=True)
    title = f"{scale.flood:,} ticks on {QUOTED} contracts, as quotes: watch singly, by batches, quotes with a task each"
    race(report, title, work, scale.rounds, contestants, (THEIRS, IBAPI_TEXT))


def test_book(scale: Scale, report: Report) -> None:
    title = f"{scale.flood:,} rows of a book, put together"
    race(report, title, Work("book", 0, scale.flood), scale.rounds, (THEIRS, *by("depth")), (THEIRS,))


def test_bars(scale: Scale, report: Report) -> None:
    contestants = (THEIRS, THEIRS_IN_SECONDS, *IBAPI, *by("bars"), ours("ask", "text"), ours("ask"))
    work = Work("bars", 0, BARS, requests=REQUESTS)
    title = f"{BARS:,} bars of a minute in {REQUESTS} requests, by historical.bars, and by ask"
    race(report, title, work, scale.rounds, contestants, (THEIRS, THEIRS_IN_SECONDS))


def test_round_trips(scale: Scale, report: Report) -> None:
    """What the verb takes, pacing, a hook, the log, and the façade for scripts."""
    ask = ours("ask")
    ways = ("verb", "paced", "hook", "logs", "sync")
    contestants = (THEIRS, ask, *[ours(way) for way in ways], ours("ask", backend="trio"), ours("verb", backend="trio"))
    results = compete(contestants, Work("round_trips", 0, scale.round_trips), scale.few_rounds)
    figures: dict[str, Figure] = {"processor": processor, "p50": latency(50), "p99": latency(99)}
    for name, figure in figures.items():
        rows = compared(contestants, results, figure, (THEIRS, ask), more=False)
        title = f"{scale.round_trips:,} round trips, {name}: {scale.few_rounds} rounds"
        report(title, ("", "to ib_async", "to ask", "us"), rows, (f"{REMARK}; {LESS}",))


def test_who_looks_on(scale: Scale, report: Report) -> None:
    """What a hook, and a log that is on, cost a flood."""
    stream = ours("stream")
    contestants = (stream, ours("stream, again"), ours("hook"), ours("logs"), ours("paced"))
    work = Work("flood", 0, scale.flood)
    race(report, "flood with somebody who looks on", work, scale.rounds, contestants, (stream,), more=False)


def test_slow_reader(scale: Scale, report: Report) -> None:
    contestants = [ours(way, encoding) for way in ("raw", "quotes", "watch") for encoding in ("text", "protobuf")]
    work = Work("slow", 0, seconds=scale.slow_seconds)
    results = compete(contestants, work, 1, afresh=True)
    rows = [
        (name, f"{results.median(name, grown):.2f}", f"{sum(result.count for result in rounds):,}")
        if results.has(name)
        else (name, results.failure(name)[:60], "")
        for name, rounds in results.rounds.items()
    ]
    title = f"a reader of 10 ms an item under a flood without end, {scale.slow_seconds:g} s"
    report(title, ("", "MiB more", "items read"), rows, ("raw drops the oldest; of quotes the newest waits",))


def test_more_contracts_in_a_watch(scale: Scale, report: Report) -> None:
    works = {f"{size:,}": Work("quotes", 0, scale.flood, subscriptions=size) for size in scale.subscriptions}
    contestants = (THEIRS, ours("watch", "text"), ours("watch"), ours("watch", backend="trio"))
    report_curve(report, "contracts in a watch, all ticks on the last one", works, scale.few_rounds, contestants)


def test_more_contracts_with_all_in_turn(scale: Scale, report: Report) -> None:
    flood = Work("quotes", 0, scale.flood, spread=True)
    works = {f"{size:,}": attrs.evolve(flood, subscriptions=size) for size in scale.subscriptions}
    contestants = (THEIRS, ours("watch"), ours("batches"), ours("quotes"), ours("quotes", backend="trio"))
    title = "contracts, ticks on all in turn: one watch, the same by batches, quotes with a task for each"
    report_curve(report, title, works, scale.few_rounds, contestants)
