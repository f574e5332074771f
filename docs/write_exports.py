"""Write the names in ``src/anytws/messages/__init__.py``: ``python docs/write_exports.py``; ``--check`` only looks.

Each name is defined in one of the files beside it, and nowhere else by hand. Type checkers need it in an import and in
``__all__``, and at run time it says which file to load; all three are written here.
"""

from __future__ import annotations

import argparse
import ast
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

SHELF = Path(__file__).resolve().parent.parent / "src" / "anytws" / "messages" / "__init__.py"
AT_ONCE = ("base", "connection_time", "session")
"""The files that everybody needs; the others are loaded on demand."""
KEPT_BACK = frozenset({"described", "message", "record", "Price", "Quantity"})
"""What is there for the files themselves."""

BEGIN = "# --- names, written by docs/write_exports.py: change the files instead " + "-" * 47 + "\n"
END = "# --- end of what is written " + "-" * 89 + "\n"

_WIDTH = 120
Names: TypeAlias = Mapping[str, list[str]]
"""The public names of each file."""


def names_of(source: str) -> set[str]:
    """Give the names that a file shows: its ``__all__``, or the classes, functions and constants that it defines."""
    shown: set[str] = set()
    for node in ast.parse(source).body:
        match node:
            case ast.Assign(targets=[ast.Name("__all__")], value=listed):
                return {*ast.literal_eval(listed)} - KEPT_BACK
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AnnAssign(target=ast.Name(name)):
                shown.add(name)
            case _:
                continue
    return {name for name in shown if not name.startswith("_")} - KEPT_BACK


def collected(folder: Path) -> Names:
    """Give the names of all files in *folder*."""
    files = sorted(path for path in folder.glob("*.py") if path.stem != "__init__")
    return {path.stem: sorted(names_of(path.read_text("utf-8"))) for path in files}


def written(shelf: str, names: Names) -> str:
    """Give the text of the file *shelf* with *names* in it. Raises `ValueError` where a mark is missing."""
    before, begun, rest = shelf.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (begun and ended):
        raise ValueError(f"the file has no line {BEGIN.strip()!r} with {END.strip()!r} after it")
    return f"{before}{BEGIN}{''.join(_block(names))}\n{END}{after}"


def _block(names: Names) -> Iterator[str]:
    later = {file: each for file, each in names.items() if file not in AT_ONCE}
    yield from (_import(file, names[file], "") for file in AT_ONCE)
    yield "\nif TYPE_CHECKING:\n"
    yield from (_import(file, each, "    ") for file, each in later.items())
    yield "\n_NAMES: Final = {\n"
    yield from (_listed(file, each) for file, each in later.items())
    yield '}\n"""The names of a file that is imported when one of them is asked for."""\n\n\n'
    yield "def _loaded(file: str) -> ModuleType:  # noqa: C901, PLR0912, PLR0915 (one case a file)\n"
    # Written out, one import each: importlib would carry a module's name past the test of the layers in a string.
    yield "    match file:\n"
    for file in later:
        yield f'        case "{file}":\n            from anytws.messages import {file}\n\n            return {file}\n'
    yield "        case _:\n            raise KeyError(file)\n\n\n__all__ = [\n"
    yield from (f'    "{name}",\n' for name in _in_order(name for each in names.values() for name in each))
    yield "]\n"


def _in_order(names: Iterable[str], *, by_case: bool = True) -> list[str]:
    """Give *names* as ruff wants them: constants, then classes, then functions."""
    return sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name if by_case else name.lower()))


def _import(file: str, names: list[str], indent: str) -> str:
    names = _in_order(names, by_case=False)
    line = f"{indent}from anytws.messages.{file} import {', '.join(names)}\n"
    if len(line) <= _WIDTH + 1:
        return line
    inside = "".join(f"{indent}    {name},\n" for name in names)
    return f"{indent}from anytws.messages.{file} import (\n{inside}{indent})\n"


def _listed(file: str, names: list[str]) -> str:
    line = f'    "{file}": "{" ".join(names)}",\n'
    if len(line) <= _WIDTH + 1:
        return line
    # Rows in quotes, eight columns in; each but a last one ends with a blank.
    whole, widest = " ".join(names), _WIDTH - 10
    *rows, last = [whole] if len(whole) <= widest else textwrap.wrap(whole, widest - 1)
    inside = "".join([*(f'        "{row} "\n' for row in rows), f'        "{last}"\n'])
    return f'    "{file}": (\n{inside}    ),\n'


def main(arguments: Sequence[str] | None = None, shelf: Path = SHELF) -> int:
    """Write or check the names in *shelf*; give the exit code, 1 if they are stale."""
    parser = argparse.ArgumentParser(description="Write the names of anytws.messages.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if they are stale")
    only_check = parser.parse_args(arguments).check
    old = shelf.read_text("utf-8")
    new = written(old, collected(SHELF.parent))
    if new == old:
        return 0
    if only_check:
        print("stale: anytws/messages/__init__.py\nrun: python docs/write_exports.py")
        return 1
    shelf.write_text(new, "utf-8", newline="\n")
    print("written: anytws/messages/__init__.py")
    return 0


if __name__ == "__main__":
    sys.exit(main())
