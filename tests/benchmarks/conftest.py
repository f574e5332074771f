"""What the benchmarks share: simulated TWSs in processes of their own, and tables at the end of the run.

They run with ``python3 dev.py bench`` and are no part of the test run. Nothing here fails because it was slow: two runs
on a busy machine differ by a factor, so only ratios within one run say anything, and a person reads them. What fails is
what is wrong at any speed, such as a socket that is left over.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import attrs
import pytest

HERE = Path(__file__).parent


@attrs.frozen
class Table:
    """Figures, and what they are."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    remarks: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Give the text, column under column."""
        cells = [self.columns, *self.rows]
        widths = [max(len(row[column]) for row in cells) for column in range(len(self.columns))]
        for row in cells:
            first, *rest = (cell.ljust(width) if not column else cell.rjust(width)
                            for column, (cell, width) in enumerate(zip(row, widths, strict=True)))  # fmt: skip
            yield "  ".join([first, *rest])
        yield from self.remarks


Report: TypeAlias = Callable[[str, Sequence[str], list[tuple[str, ...]], Sequence[str]], None]

TABLES = pytest.StashKey[list[Table]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let those benchmarks that have two sizes do the large one."""
    parser.addoption("--full", action="store_true", help="the last metre: more rounds, and more of everything")


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Have a table printed at the end of the run."""
    tables = request.config.stash.setdefault(TABLES, [])

    def add(title: str, columns: Sequence[str], rows: list[tuple[str, ...]], remarks: Sequence[str] = ()) -> None:
        tables.append(Table(title, tuple(columns), rows, tuple(remarks)))

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the tables."""
    for table in config.stash.get(TABLES, []):
        terminalreporter.section(table.title, sep="-")
        for line in table.lines():
            terminalreporter.write_line(line)


def _run_tws(script: str, *arguments: str) -> Iterator[int]:
    command = [sys.executable, str(HERE / script), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            # It ends with its stdin.
            process.stdin.close()


@pytest.fixture(scope="session")
def tws_port() -> Iterator[int]:
    """The port of a simulated TWS in another process."""
    yield from _run_tws("simulated_tws.py")


@pytest.fixture(scope="session")
def downloading_tws_port() -> Iterator[int]:
    """The port of one that also answers what ib_async asks for while it connects."""
    yield from _run_tws("simulated_tws.py", "download")


@pytest.fixture(scope="session")
def canned_tws_port() -> Iterator[int]:
    """The port of a TWS that takes hardly any time."""
    yield from _run_tws("canned_tws.py")
