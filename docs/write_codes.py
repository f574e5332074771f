"""Write the tables of docs/codes.md: ``python docs/write_codes.py``, or ``--check`` to say only whether they are stale.

A table stands between ``<!-- name -->`` and ``<!-- /name -->``; everything around these marks is written by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

if __name__ == "__main__":
    # Run as a script, this folder is on the path, and the one above it is not.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from anytws.core.codes import BANDS, CODES, Code, CodeKind
from docs import blocks
from docs.blocks import row

PAGE = Path(__file__).resolve().with_name("codes.md")


def bands() -> str:
    """Give the table of the ranges that decide for codes without a row."""
    lines = [row("codes", "kind", "why"), row("---", "---", "---")]
    lines += [row(f"{band.first} to {band.last}", name(band.kind), band.why) for band in BANDS]
    return "".join([*lines, row("all others", name(CodeKind.NOTICE), "see below")])


def codes(rows: Iterable[Code]) -> str:
    """Give the table of *rows*."""
    lines = [row("code", "kind and source", "meaning, and what to do"), row("--:", "---", "---")]
    lines += [row(each.code, f"{name(each.kind)}<br>{_source(each)}", _meaning(each)) for each in rows]
    return "".join(lines)


def _source(each: Code) -> str:
    return each.source.value.replace("+", ", ")


def _meaning(each: Code) -> str:
    # In one cell: a column more does not fit a telephone.
    return f"{each.meaning}<br>→ {each.reaction}" if each.reaction else each.meaning


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
    return blocks.written(page, BLOCKS)


def main(arguments: Sequence[str] | None = None, page: Path = PAGE) -> int:
    """Write or check *page*; give the exit code, 1 if it is stale."""
    return blocks.write(arguments, page, BLOCKS, "write_codes.py")


if __name__ == "__main__":
    sys.exit(main())
