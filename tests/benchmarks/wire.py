"""The tables of the wire: what was asked, reading, writing, and the TWS side; for the terminal and for the page.

``python -m tests.benchmarks.wire`` measures all and prints them, in a minute and a half or so; with ``--full`` it takes
four times as many rounds. ``--markdown`` prints what the page has, and ``--page docs/performance.md`` puts it there,
each table behind its mark. A figure above its target stands between two asterisks.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

import attrs

from tests.benchmarks import decode, encode, requests, routing
from tests.benchmarks.conftest import Table
from tests.benchmarks.content import (
    bars,
    bars_in_epoch_seconds,
    bars_of_a_day,
    bars_of_a_second,
    bars_of_five_seconds,
    bars_without_zone,
    book,
    computations,
    more_ticks,
    new_ticks,
    orders,
    smart_book,
    tape,
    ticks,
)
from tests.benchmarks.decode import Taken

SHORT: Final = 5
FULL: Final = 20
"""Rounds."""

Pair: TypeAlias = tuple[float | None, float | None]
"""Of text and of protobuf; None for none."""
NONE: Final[Pair] = (None, None)
_MICROSECONDS: Final = re.compile(r"\bus\b")


@attrs.define
class Results:
    """What was measured, by the name of what was read or written: the tables are made of what is there."""

    read: dict[str, Taken] = attrs.Factory(dict)
    asked: dict[str, Taken] = attrs.Factory(dict)
    said: dict[str, Taken] = attrs.Factory(dict)
    routed: Taken = attrs.Factory(dict)


def measured(rounds: int) -> Results:
    """Measure all."""
    found = Results()
    for make in decode.CONTENTS:
        found.read[make().name] = decode.measure(make, rounds)
    for asked in requests.ASKED:
        found.asked[asked.name] = encode.measure(asked, rounds)
    for make in encode.SAID:
        found.said[make().name] = encode.measure_tws(make, rounds)
    found.routed = routing.measure(rounds)
    return found


# --- targets -----------------------------------------------------------------------------------------------------

_TARGETS: Final = {
    ticks: (0.35, 0.35),
    more_ticks: (0.35, 0.35),
    new_ticks: (0.6, 0.6),
    computations: (0.6, 0.6),
    tape: (0.6, 0.6),
    book: (0.4, 0.4),
    smart_book: (0.4, 0.4),
    orders: (0.08, 0.1),
    bars_in_epoch_seconds: (0.25, 0.25),
    bars_of_a_second: (0.25, 0.25),
    bars_of_five_seconds: (0.25, 0.25),
    bars: (0.25, 0.25),
    bars_without_zone: (0.25, 0.25),
    bars_of_a_day: (0.25, 0.25),
}
READING: Final[dict[str, Pair]] = {make().name: target for make, target in _TARGETS.items()}
"""Of ib_async's time, by content. What was asked of ticks holds for those that go on, and for greeks and the tape, of
which nearly each value is new, what was asked of new ones."""
OFFICIAL: Final[dict[str, Pair]] = {
    ticks().name: (0.2, 0.2),
    orders().name: (None, 0.8),
    bars().name: (None, 0.9),
}
"""Of the official client's time for the same bytes: asked for when readers were first compiled."""
_ORDER: Final = ("ib_async", "ibapi, protobuf")
_OTHER: Final = ("ib_async", "ib_async")
WRITING: Final[dict[str, tuple[Pair, tuple[str, str]]]] = {
    asked.name: ((0.5, 0.8), _ORDER) if asked.is_order else ((0.5, 0.5), _OTHER) for asked in requests.ASKED
}
"""And of whose time: for text and for protobuf."""
SAYING: Final[Pair] = (1.0, 1.0)
"""Of what our client side takes to read it."""
ROUTING: Final[Pair] = (0.5, 0.5)
"""In microseconds."""

BEFORE: Final[dict[str, Pair]] = {
    "read: ticks": (0.30, 0.41),
    "read: ticks of a feed that goes on": (0.29, 0.39),
    "read: ticks, each value new": (0.77, 0.80),
    "read: option computations": (2.18, 0.85),
    "read: tick by tick": (0.74, 0.94),
    "read: rows of a book": (0.30, 0.51),
    "read: rows of a smart book": (0.31, 0.49),
    "read: orders and their statuses": (0.11, 0.14),
    "read: 5,000 bars, 1 min, epoch seconds": (1.53, 1.42),
    "read: 5,000 bars, 1 s, with a zone": (0.79, 0.75),
    "read: 5,000 bars, 5 s, with a zone": (0.73, 0.65),
    "read: 5,000 bars, 1 min, with a zone": (0.30, 0.25),
    "read: 5,000 bars, 1 min, without a zone": (0.81, 0.75),
    "read: 5,000 bars, 1 day": (1.26, 1.11),
    "asked: a limit order for a stock": (2.84, 3.84),
    "asked: a limit order for a spread": (2.89, 3.64),
    "asked: a stop with two conditions": (2.69, 3.24),
    "asked: a cancel of an order": (0.67, 0.74),
    "asked: a market data request": (2.27, 2.17),
    "asked: a cancel of market data": (0.50, 0.44),
    "asked: a request for bars": (2.27, 2.30),
    "said: ticks": (4.05, 3.07),
    "said: ticks, each value new": (1.77, 1.77),
    "said: option computations": (0.92, 1.55),
    "said: tick by tick": (4.03, 3.16),
    "said: rows of a book": (4.81, 3.01),
    "said: rows of a smart book": (4.72, 3.17),
    "said: orders and their statuses": (3.98, 4.34),
    "said: 5,000 bars, 1 min, epoch seconds": (1.80, 1.52),
    "said: 5,000 bars, 1 min, with a zone": (3.00, 3.02),
    "said: 5,000 bars, 1 day": (2.00, 1.67),
}
"""The ratios of the commit 4e8eb29, when no writer was compiled, measured as now (``--before``)."""


def cell(value: float | None, target: float | None = None, digits: int = 2) -> str:
    """Give a figure, and mark it where it is above its target."""
    if value is None:
        return ""
    text = f"{value:.{digits}f}"
    return f"**{text}**" if target is not None and float(text) > target else text


def ratio(taken: Taken, one: str, other: str) -> float | None:
    return taken[one] / taken[other] if one in taken and other in taken else None


# --- tables ------------------------------------------------------------------------------------------------------


def ratios(results: Results) -> Iterator[tuple[str, str, Pair, Pair]]:
    """Give what each target is about: a key, its words, the target, and what was measured."""
    for name, taken in results.read.items():
        if name in READING:
            mine = ("anytws, codec, text", "anytws, codec, protobuf")
            yield (
                f"read: {name}",
                name,
                READING[name],
                (ratio(taken, mine[0], "ib_async"), ratio(taken, mine[1], "ib_async")),
            )
    for name, taken in results.asked.items():
        target, (of_text, of_protobuf) = WRITING[name]
        found = ratio(taken, "anytws, codec, text", of_text), ratio(taken, "anytws, codec, protobuf", of_protobuf)
        yield f"asked: {name}", f"writing {name}", target, found
    for name, taken in results.said.items():
        found = tuple(ratio(taken, f"{form}, written", f"{form}, read") for form in ("text", "protobuf"))
        yield f"said: {name}", f"TWS side, written to read: {name}", SAYING, (found[0], found[1])
    if results.routed:
        found = results.routed["cut off, text"], results.routed["cut off, protobuf"]
        yield "routed", "a tick that is cut off unread, us", ROUTING, found


def asked_table(results: Results) -> Table:
    """Give what was asked, and what came out."""
    rows: list[tuple[str, ...]] = []
    for key, words, target, found in ratios(results):
        before = BEFORE.get(key, NONE)
        pairs = (" / ".join(cell(value) for value in pair if value is not None) for pair in (target, before))
        rows.append((words, *pairs, *(cell(*both) for both in zip(found, target, strict=True))))
    remark = (
        "reading and requests: of ib_async's time in text; orders in protobuf: of the official client's in protobuf"
    )
    return Table("the wire, what was asked", ("", "asked", "before", "text", "protobuf"), rows, (remark,))


def reading_table(results: Results) -> Table:
    """Give all contents, one a row."""
    rows: list[tuple[str, ...]] = []
    text, protobuf = "anytws, codec, text", "anytws, codec, protobuf"
    for name, taken in results.read.items():
        of_text, of_protobuf = READING.get(name, NONE)
        official_text, official_protobuf = OFFICIAL.get(name, NONE)
        rows.append(
            (
                name,
                cell(ratio(taken, text, "ib_async"), of_text),
                cell(ratio(taken, protobuf, "ib_async"), of_protobuf),
                cell(ratio(taken, text, "ibapi, text"), official_text),
                cell(ratio(taken, protobuf, "ibapi, protobuf"), official_protobuf),
                *(cell(taken.get(who)) for who in (text, protobuf, "ib_async", "ibapi, text", "ibapi, protobuf")),
            )
        )
    columns = (
        "", "text to ib_async", "protobuf to ib_async", "text to ibapi", "protobuf to ibapi", "us, text",
        "us, protobuf", "us, ib_async", "us, ibapi", "us, ibapi protobuf",
    )  # fmt: skip
    return Table("reading, in memory", columns, rows, ("us for a message, a bar or a tick of an answer",))


_CLOSELY: Final = (
    "anytws, codec", "anytws, connection", "anytws, closures", "small ids", "ib_async", "ib_async, decoder", "ibapi",
    "ibapi, decoder",
)  # fmt: skip


def closely_table(results: Results) -> Table:
    """Give everybody's parts, for the contents that all of them have read."""
    names = [make().name for make in decode.CLOSELY if make().name in results.read]
    rows: list[tuple[str, ...]] = []
    for who in _CLOSELY:
        cells: list[str] = []
        for name in names:
            taken = results.read[name]
            found = [taken.get(f"{who}, {form}") for form in ("text", "protobuf")]
            if who == "small ids":
                found = [taken.get(f"anytws, codec, {form}, small ids") for form in ("text", "protobuf")]
            cells.append(" / ".join(cell(micros) for micros in (taken.get(who), *found) if micros is not None))
        rows.append((f"anytws, codec, {who}" if who == "small ids" else who, *cells))
    remark = "us, text / protobuf; ib_async has no protobuf"
    return Table("reading, more closely", ("", *names), rows, (remark,))


def writing_table(results: Results) -> Table:
    """Give all requests, one a row."""
    rows: list[tuple[str, ...]] = []
    text, protobuf = "anytws, codec, text", "anytws, codec, protobuf"
    others = ("anytws, connection, text", "anytws, connection, protobuf", "ib_async", "ibapi, text", "ibapi, protobuf")
    for name, taken in results.asked.items():
        (of_text, of_protobuf), (_, theirs) = WRITING[name]
        rows.append(
            (
                name,
                cell(ratio(taken, text, "ib_async"), of_text),
                cell(ratio(taken, protobuf, "ib_async"), of_protobuf if theirs == "ib_async" else None),
                cell(ratio(taken, text, "ibapi, text")),
                cell(ratio(taken, protobuf, "ibapi, protobuf"), of_protobuf if theirs != "ib_async" else None),
                *(cell(taken[who], digits=1) for who in (text, protobuf, *others)),
            )
        )
    columns = (
        "", "text to ib_async", "protobuf to ib_async", "text to ibapi", "protobuf to ibapi", "us, text",
        "us, protobuf", "connection, text", "connection, protobuf", "us, ib_async", "us, ibapi", "us, ibapi protobuf",
    )  # fmt: skip
    return Table("writing, in memory", columns, rows)


def saying_table(results: Results) -> Table:
    """Give what our TWS side takes to write, and our client side to read the same."""
    rows: list[tuple[str, ...]] = []
    for name, taken in results.said.items():
        cells: list[str] = []
        for form, target in zip(("text", "protobuf"), SAYING, strict=True):
            written, read = taken[f"{form}, written"], taken[f"{form}, read"]
            cells += [cell(written / read, target), cell(written), cell(read)]
        rows.append((name, *cells))
    columns = (
        "", "text, to reading", "us written", "us read", "protobuf, to reading", "us written", "us read",
    )  # fmt: skip
    return Table("the TWS side, in memory", columns, rows)


def routing_table(results: Results) -> Table:
    """Give what a tick takes that is cut off, and one that is decoded."""
    rows: list[tuple[str, ...]] = []
    for name, words in (("cut off", "cut off"), ("frames", "of that, its frame"), ("decoded", "decoded")):
        if results.routed:
            target = ROUTING if name == "cut off" else NONE
            micros = (results.routed[f"{name}, {form}"] for form in ("text", "protobuf"))
            rows.append((words, *(cell(*both) for both in zip(micros, target, strict=True))))
    return Table("a tick that nobody wants, us", ("us", "text", "protobuf"), rows)


TABLES: Final[dict[str, Callable[[Results], Table]]] = {
    "asked": asked_table,
    "reading": reading_table,
    "closely": closely_table,
    "writing": writing_table,
    "saying": saying_table,
    "routing": routing_table,
}
"""By the mark that the page has in front of each."""


def tables(results: Results) -> Iterator[tuple[str, Table]]:
    """Give all tables that have rows, and their marks."""
    for mark, make in TABLES.items():
        table = make(results)
        if table.rows and len(table.columns) > 1:
            yield mark, table


def markdown(table: Table) -> Iterator[str]:
    """Give the lines of a table as the page has it."""
    yield "| " + _MICROSECONDS.sub("µs", " | ".join(table.columns)) + " |"
    yield "| --- |" + " --: |" * (len(table.columns) - 1)
    for row in table.rows:
        yield "| " + _MICROSECONDS.sub("µs", " | ".join(row)) + " |"


def put(page: Path, mark: str, table: Table) -> None:
    """Put *table* where the page has its mark, in place of the one that is there."""
    before, found, after = page.read_text("utf-8").partition(f"<!-- wire: {mark} -->\n")
    if not found:
        raise SystemExit(f"{page} has no mark <!-- wire: {mark} -->")
    behind = after[after.index("\n\n") :]
    page.write_text(before + found + "\n".join(markdown(table)) + behind, "utf-8")


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.wire")
    parser.add_argument("--full", action="store_true", help=f"{FULL} rounds in place of {SHORT}")
    parser.add_argument("--markdown", action="store_true", help="tables as the page has them")
    parser.add_argument("--page", type=Path, help="put the tables there, each behind its mark")
    parser.add_argument("--before", action="store_true", help="print the ratios that BEFORE is made of")
    options = parser.parse_args(arguments)
    results = measured(FULL if options.full else SHORT)
    for mark, table in tables(results):
        lines = markdown(table) if options.markdown else table.lines()
        sys.stdout.write("\n".join([table.title, "", *lines, "", ""]))
        if options.page is not None:
            put(options.page, mark, table)
    for key, _, _, (text, protobuf) in ratios(results) if options.before else ():
        sys.stdout.write(f'    "{key}": ({cell(text)}, {cell(protobuf)}),\n')


if __name__ == "__main__":
    main(sys.argv[1:])
