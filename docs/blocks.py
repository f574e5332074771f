"""Pages with tables that a program writes: each stands between two marks, everything around them is written by hand."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

Blocks: TypeAlias = Mapping[str, Callable[[], str]]
"""What a pair of marks holds, by the name of the marks: ``<!-- name -->`` and ``<!-- /name -->``."""


def row(*cells: object) -> str:
    """Give one row of a Markdown table; a cell may hold any text."""
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


def written(page: str, blocks: Blocks) -> str:
    """Give the text of *page* with its tables as they should be. Raises `ValueError` where a mark is missing."""
    for block, table in blocks.items():
        opening, closing = f"<!-- {block} -->\n", f"<!-- /{block} -->"
        before, opened, rest = page.partition(opening)
        _, closed, after = rest.partition(closing)
        if not (opened and closed):
            raise ValueError(f"the page has no {opening.strip()} with a {closing} after it")
        page = f"{before}{opening}\n{table()}\n{closing}{after}"
    return page


def write(arguments: Sequence[str] | None, page: Path, blocks: Blocks, script: str) -> int:
    """Write or check *page*; give the exit code, 1 if it is stale."""
    parser = argparse.ArgumentParser(description=f"Write the tables of {page.name}.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is stale")
    only_check = parser.parse_args(arguments).check
    old = page.read_text("utf-8")
    new = written(old, blocks)
    if new == old:
        return 0
    if only_check:
        print(f"stale: {page.name}\nrun: python docs/{script}")
        return 1
    page.write_text(new, "utf-8", newline="\n")
    print(f"written: {page.name}")
    return 0
