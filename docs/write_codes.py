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

from anytws.core.codes import (
    ANY_REQUEST,
    BANDS,
    CODES,
    EFFECTS_OF_KIND,
    Code,
    CodeKind,
    CodeSource,
    Effect,
    EffectKey,
    Outstanding,
)
from docs import blocks
from docs.blocks import row

PAGE = Path(__file__).resolve().with_name("codes.md")


def bands() -> str:
    """Give the table of the ranges that decide for codes without a row."""
    lines = [row("codes", "kind", "to an open request", "why"), row("---", "---", "---", "---")]
    lines += [row(f"{each.first} to {each.last}", name(each.kind), name(each.on_request), each.why) for each in BANDS]
    return "".join([*lines, row("all others", name(CodeKind.NOTICE), name(Effect.ENDS), "see above")])


def effects() -> str:
    """Give the table of what the kinds do, to requests and to orders."""
    columns: tuple[EffectKey, ...] = (ANY_REQUEST, *Outstanding)
    lines = [row("kind", "a request", *(name(each) for each in Outstanding)), row("---", *["---"] * len(columns))]
    return "".join(
        [*lines, *(row(name(kind), *(name(each[key]) for key in columns)) for kind, each in EFFECTS_OF_KIND.items())]
    )


def codes(rows: Iterable[Code]) -> str:
    """Give the table of *rows*."""
    lines = [row("code", "kind and source", "meaning, what it does, and what to do"), row("--:", "---", "---")]
    lines += [row(each.code, f"{name(each.kind)}<br>{_source(each)}", _meaning(each)) for each in rows]
    return "".join(lines)


def _source(each: Code) -> str:
    return ", ".join((source.name or "").lower() for source in CodeSource if source in each.source)


def _meaning(each: Code) -> str:
    # In one cell: a column more does not fit a telephone.
    lines = [each.meaning]
    if each.effects:
        lines.append(", ".join(f"{_key(key)} {name(effect)}" for key, effect in each.effects))
    if each.wrapped is not None:
        lines.append(f"comes as {each.wrapped}")
    if each.may_be_wrapped:
        lines.append(f"may come as {' or '.join(map(str, each.may_be_wrapped))}")
    if each.reaction:
        lines.append(f"→ {each.reaction}")
    return "<br>".join(lines)


def _key(key: EffectKey) -> str:
    if isinstance(key, Outstanding):
        return f"{name(key)}:"
    return "a request:" if key == ANY_REQUEST else f"`{key}`:"


def name(word: CodeKind | Effect | Outstanding) -> str:
    """Give a word of the table as a program spells it."""
    return f"`{word.name}`"


BLOCKS: dict[str, Callable[[], str]] = {
    "bands": bands,
    "effects": effects,
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
