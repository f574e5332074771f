"""From the socket to the reader, and from the call to the answer: what a program feels, beside other clients.

TWS is another process on 127.0.0.1 (`last_metre.tws`), each client one of its own (`last_metre.ours`, ``theirs``,
``official``), and so is the floor, a bare AnyIO reader task with attrs objects (``bare``). All take turns, for some
rounds; ratios are made within a round. Cost is processor time of the client's process, user and system, of all its
threads; so what TWS takes, and most of what other programs do, is left out.

A short run takes three minutes or so; ``--full`` has more rounds and more of everything, and takes twenty. Where
ib_async or the official client is missing, the tables say so, and have no ratios to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs
import pytest

from tests.benchmarks.conftest import Report
from tests.benchmarks.last_metre.race import (
    BARE,
    EVERYBODY,
    IB_ASYNC,
    IBAPI_PROTOBUF,
    IBAPI_TEXT,
    OURS,
    Contestant,
    Figure,
    Row,
    compared,
    compete,
    grown,
    latency,
    processor,
)
from tests.benchmarks.last_metre.work import Work

ASYNC: Final = (IB_ASYNC, *BARE.values(), *OURS.values())
"""All but the official client, for which some works are not made."""
REMARK: Final = "to ...: median of the rounds' ratios [lowest-highest]"


@attrs.frozen
class Scale:
    """How much is done."""

    rounds: int
    few_rounds: int
    """Of what takes long: what is paced, or waits, or is done for many sizes."""
    flood: int
    large_flood: int
    orders: int
    paced_seconds: int
    round_trips: int
    slow_seconds: float
    subscriptions: tuple[int, ...]
    connections: tuple[int, ...]
    fields: tuple[int, ...]


SHORT: Final = Scale(
    rounds=3, few_rounds=1, flood=20_000, large_flood=100_000, orders=2_000, paced_seconds=1, round_trips=1_000,
    slow_seconds=1.0, subscriptions=(1, 100, 1_000), connections=(1, 8), fields=(5, 199),
)  # fmt: skip
FULL: Final = Scale(
    rounds=5, few_rounds=3, flood=100_000, large_flood=1_000_000, orders=8_000, paced_seconds=2, round_trips=5_000,
    slow_seconds=8.0, subscriptions=(1, 10, 100, 1_000, 10_000), connections=(1, 2, 4, 8, 16, 32),
    fields=(5, 9, 19, 49, 99, 199),
)  # fmt: skip


@pytest.fixture
def scale(request: pytest.FixtureRequest) -> Scale:
    return FULL if request.config.getoption("full", default=False) else SHORT


def race(
    report: Report, title: str, work: Work, rounds: int, contestants: Sequence[Contestant] = EVERYBODY,
    others: Sequence[Contestant] = (IB_ASYNC, *BARE.values()), *, more: bool = True,
) -> None:  # fmt: skip
    """Compare processor time for a message."""
    results = compete(contestants, work, rounds)
    rows = compared(contestants, results, processor, others, more=more)
    what = "how many messages it reads where the other reads one" if more else "what it takes where the other takes 1"
    report(
        f"{title}: {rounds} rounds",
        ("", *(f"to {other.name}" for other in others), "us of processor"),
        rows,
        (f"{REMARK}; {what}, in processor time",),
    )


@pytest.mark.parametrize("form", ["for", "batches", "events"])
def test_flood(form: str, scale: Scale, report: Report) -> None:
    form_said = {"for": "singly", "batches": "by batches", "events": "as raw events, singly"}[form]
    race(report, f"flood of {scale.flood:,} ticks, {form_said}", Work("flood", 0, scale.flood, form=form), scale.rounds)


def test_large_flood(scale: Scale, report: Report) -> None:
    """Twice over: what it costs, and how much memory it takes, each time in a new process."""
    rounds = scale.few_rounds
    work = Work("flood", 0, scale.large_flood, form="batches")
    results = compete(ASYNC, work, rounds, afresh=True)
    for figure, title, unit in ((processor, "processor", "us"), (grown, "memory", "MiB more")):
        rows = compared(ASYNC, results, figure, (IB_ASYNC, *BARE.values()), more=False)
        report(
            f"flood of {scale.large_flood:,} ticks by batches, {title}: {rounds} rounds",
            ("", *(f"to {other.name}" for other in (IB_ASYNC, *BARE.values())), unit),
            rows,
            (f"{REMARK}; what it takes where the other takes 1",),
        )


@pytest.mark.parametrize("form", ["for", "batches"])
def test_rows_of_a_book(form: str, scale: Scale, report: Report) -> None:
    form_said = "singly" if form == "for" else "by batches"
    race(report, f"{scale.flood:,} rows of a book, {form_said}", Work("rows", 0, scale.flood, form=form), scale.rounds)


def test_orders(scale: Scale, report: Report) -> None:
    contestants = [contestant for contestant in EVERYBODY if contestant.module != "bare"]
    title = f"{scale.orders:,} open orders and statuses, as raw events"
    race(report, title, Work("orders", 0, scale.orders), scale.rounds, contestants, (IB_ASYNC, IBAPI_TEXT))


def report_latencies(
    report: Report, title: str, work: Work, rounds: int, contestants: Sequence[Contestant] = EVERYBODY
) -> None:
    """Compare processor time and latencies."""
    results = compete(contestants, work, rounds)
    others = (IB_ASYNC, *BARE.values())
    figures: dict[str, Figure] = {"processor": processor, "p50": latency(50), "p99": latency(99)}
    for name, figure in figures.items():
        report(
            f"{title}, {name}: {rounds} rounds",
            ("", *(f"to {other.name}" for other in others), "us"),
            compared(contestants, results, figure, others, more=False),
            (f"{REMARK}; what it takes where the other takes 1",),
        )


@pytest.mark.parametrize("rate", [1_000, 10_000])
def test_paced(rate: int, scale: Scale, report: Report) -> None:
    work = Work("paced", 0, rate * scale.paced_seconds, rate=rate)
    report_latencies(
        report, f"{rate:,} ticks a second for {scale.paced_seconds} s, tick to reader", work, scale.few_rounds
    )


def test_round_trips(scale: Scale, report: Report) -> None:
    work = Work("round_trips", 0, scale.round_trips)
    report_latencies(report, f"{scale.round_trips:,} round trips, one after the other", work, scale.few_rounds)


def test_slow_reader(scale: Scale, report: Report) -> None:
    work = Work("slow", 0, seconds=scale.slow_seconds)
    contestants = (IB_ASYNC, IBAPI_TEXT, *BARE.values(), *OURS.values())
    results = compete(contestants, work, 1, afresh=True)
    rows = compared(contestants, results, grown, (IB_ASYNC,), more=False)
    report(
        f"a reader of 10 ms a tick under a flood without end, {scale.slow_seconds:g} s",
        ("", "to ib_async", "MiB more", "items read"),
        [(*row, str(sum(r.count for r in results.rounds.get(row[0], [])))) for row in rows],
        ("the other clients have no bound, so what comes is put into a queue; anytws drops the oldest, and says it",),
    )


# --- how cost grows ----------------------------------------------------------------------------------------------


def report_curve(
    report: Report, title: str, works: dict[str, Work], rounds: int, contestants: Sequence[Contestant] = ASYNC
) -> None:
    """Show microseconds of processor time for a message, and how many times those of the first column they are."""
    by_size = {size: compete(contestants, work, rounds) for size, work in works.items()}
    first = next(iter(by_size.values()))
    rows: list[Row] = []
    for contestant in contestants:
        name, cells = contestant.name, []
        for results in by_size.values():
            if not contestant.is_there or not results.has(name):
                cells.append(results.failure(name)[:40] if contestant.is_there else "not installed")
                continue
            micros = results.median(name, processor)
            growth = f" ({micros / first.median(name, processor):.2f})" if first.has(name) else ""
            cells.append(f"{micros:.2f}{growth}")
        rows.append((name, *cells))
    remark = f"us of processor time for a message, medians of {rounds} rounds (times the first column)"
    report(title, ("", *by_size), rows, (remark,))


def test_more_subscriptions_with_all_ticks_on_one(scale: Scale, report: Report) -> None:
    flood = Work("flood", 0, scale.flood, form="batches")
    works = {f"{number:,}": attrs.evolve(flood, subscriptions=number) for number in scale.subscriptions}
    report_curve(report, "subscriptions, all ticks on the last one, by batches", works, scale.few_rounds)


def test_more_subscriptions_with_a_reader_each(scale: Scale, report: Report) -> None:
    flood = Work("flood", 0, scale.flood, form="batches", spread=True)
    works = {f"{number:,}": attrs.evolve(flood, subscriptions=number) for number in scale.subscriptions}
    title = (
        "subscriptions, ticks on all in turn, by batches: anytws with a reader for each, the others with one for all"
    )
    report_curve(report, title, works, scale.few_rounds)


def test_more_subscriptions_with_one_reader(scale: Scale, report: Report) -> None:
    flood = Work("unread", 0, scale.flood)
    works = {f"{number:,}": attrs.evolve(flood, subscriptions=number) for number in scale.subscriptions}
    title = "subscriptions, ticks on all in turn, one of them read by batches, the others drop"
    report_curve(report, title, works, scale.few_rounds, [*OURS.values()])


def test_more_connections(scale: Scale, report: Report) -> None:
    flood = Work("connections", 0, scale.flood, form="batches")
    works = {f"{number}": attrs.evolve(flood, connections=number) for number in scale.connections}
    report_curve(report, "connections in one event loop, ticks on all, by batches", works, scale.few_rounds)


def test_longer_messages(scale: Scale, report: Report) -> None:
    works = {f"{number} fields": Work("fields", 0, scale.flood * 5 // number, fields=number) for number in scale.fields}
    contestants = (IB_ASYNC, IBAPI_TEXT, IBAPI_PROTOBUF, *BARE.values(), *OURS.values())
    title = "fields of a message (market rules, which may have any number), anytws as raw events"
    report_curve(report, title, works, scale.few_rounds, contestants)
