"""Write the tables of docs/faults.md from the vocabulary: ``python docs/write_faults.py``; ``--check`` only looks."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

if __name__ == "__main__":
    # Run as a script, this folder is on the path, and the one above it is not.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import attrs

from anytws.simulator.faults import (
    BYTE_FAULTS,
    HABITS,
    MARKET_EVENTS,
    OUTAGES,
    REQUEST_RULES,
    SAYING_RULES,
    TRIGGERS,
    Fault,
)
from anytws.simulator.faults.texts import TEXTS
from anytws.simulator.faults.words import word_of
from docs import blocks
from docs.blocks import row

PAGE = Path(__file__).resolve().with_name("faults.md")


def field_docs(cls: type) -> dict[str, str]:
    """Give the docstrings that stand below the fields of *cls*, each in one line."""
    (body,) = (
        node.body for node in ast.parse(textwrap.dedent(inspect.getsource(cls))).body if isinstance(node, ast.ClassDef)
    )
    found = {}
    for field, below in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            found[field.target.id] = " ".join(str(ast.literal_eval(below.value)).split())
    return found


def _entry(cls: type, word: str, evidence: str) -> Iterator[str]:
    name = f"`{word}`" if word == cls.__name__ else f"`{word}` (`{cls.__name__}`)"
    yield f"**{name}** {_plain(' '.join(inspect.cleandoc(cls.__doc__ or '').split()))}{evidence}\n"
    docs = field_docs(cls)
    fields = attrs.fields(cls)
    if fields:
        yield "\n"
    for field in fields:
        yield f"- `{field.name}`{_default(field)}: {_plain(docs[field.name])}\n"
    yield "\n"


def _plain(text: str) -> str:
    """Give *text*, of a docstring, as Markdown."""
    return text.replace("``", "`")


def _default(field: attrs.Attribute[object]) -> str:
    if field.default is attrs.NOTHING:
        return ""
    value = getattr(field.default, "value", field.default)
    if value in (None, (), ""):
        return ""
    return f" (default `{str(value).lower() if isinstance(value, bool) else value}`)"


def triggers() -> str:
    """Give what is said of each trigger."""
    return "".join(line for cls in TRIGGERS for line in _entry(cls, cls.__name__, ""))


def faults(classes: Sequence[type[Fault]]) -> str:
    """Give what is said of each of *classes*."""
    lines = []
    for cls in classes:
        evidence = f" *({cls.evidence.value}: {cls.source})*"
        lines += _entry(cls, word_of(cls), evidence)
    return "".join(lines)


def texts() -> str:
    """Give the table of what is said with a code."""
    lines = [row("code", "text"), row("--:", "---")]
    return "".join([*lines, *(row(code, text) for code, text in TEXTS.items())])


def _faults(classes: Sequence[type[Fault]]) -> Callable[[], str]:
    return lambda: faults(classes)


BLOCKS: blocks.Blocks = {
    "triggers": triggers,
    "byte faults": _faults(BYTE_FAULTS),
    "requests": _faults(REQUEST_RULES),
    "sayings": _faults(SAYING_RULES),
    "habits": _faults(HABITS),
    "outages": _faults(OUTAGES),
    "markets": _faults(MARKET_EVENTS),
    "texts": texts,
}
"""What a pair of marks holds. The page has each of them once."""


def main(arguments: Sequence[str] | None = None, page: Path = PAGE) -> int:
    """Write or check *page*; give the exit code, 1 if it is stale."""
    return blocks.write(arguments, page, BLOCKS, "write_faults.py")


if __name__ == "__main__":
    sys.exit(main())
