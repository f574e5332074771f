"""Write the tables of docs/codes.md: ``python docs/write_codes.py``, or ``--check`` to say only whether they are stale.

A table stands between ``<!-- name -->`` and ``<!-- /name -->``; everything around these marks is written by hand.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from anytws.core.codes import BANDS, CODES, Code, CodeKind

PAGE = Path(__file__).resolve().with_name("codes.md")


def row(*cells: object) -> str:
    """Give one row of a Markdown table; a cell may hold any text."""
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


def bands() -> str:
    """Give the table of the ranges that decide for codes without a row."""
    lines = [row("codes", "kind", "why"), row("---", "---", "---")]
    lines += [row(f"{band.first} to {band.last}", name(band.kind), band.why) for band in BANDS]
    return "".join([*lines, row("all others", name(CodeKind.NOTICE), "see below")])


def codes(rows: Iterable[Code]) -> str:
    """Give the table of *rows*."""
    lines = [row("code", "kind", "meaning", "what to do", "source"), row("--:", *["---"] * 4)]
    lines += [row(each.code, name(each.kind), each.meaning, each.reaction or "", each.source.value) for each in rows]
    return "".join(lines)


def name(kind: CodeKind) -> str:
    """Give a kind as a program spells it."""
    return f"`{kind.name}`"


BLOCKS: dict[str, Callable[[], str]] = {
    "bands": bands,
    "codes of TWS": lambda: codes(each for each in CODES.values() if not each.local),
    "codes of clients": lambda: codes(each for each in CODES.values() if each.local),
}
"""What a pair of marks holds. The page has each of them once."""


def written(page: str) -> str:
    """Give the text of *page* with its tables as they should be. Raises `ValueError` where a mark is missing."""
    for block, table in BLOCKS.items():
        opening, closing = f"<!-- {block} -->\n", f"<!-- /{block} -->"
        before, opened, rest = page.partition(opening)
        _, closed, after = rest.partition(closing)
        if not (opened and closed):
            raise ValueError(f"the page has no {opening.strip()} with a {closing} after it")
        page = f"{before}{opening}\n{table()}\n{closing}{after}"
    return page


def main(arguments: Sequence[str] | None = None, page: Path = PAGE) -> int:
    """Write or check *page*; give the exit code, 1 if it is stale."""
    parser = argparse.ArgumentParser(description="Write the tables of the page about codes.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is stale")
    only_check = parser.parse_args(arguments).check
    old = page.read_text("utf-8")
    new = written(old)
    if new == old:
        return 0
    if only_check:
        print(f"stale: {page.name}\nrun: python docs/write_codes.py")
        return 1
    page.write_text(new, "utf-8", newline="\n")
    print(f"written: {page.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
