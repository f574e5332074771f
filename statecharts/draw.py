"""Draw every chart of this folder: ``python statecharts/draw.py``, or ``--check`` to name the pictures that are stale.

A chart ``name.scxml`` gives ``name.mmd`` beside it, ``docs/images/name.dot`` and ``.svg``, the Mermaid block of the
README and the table of ``docs/statecharts.md`` (the last two only where the page has the marks for it).

Checking needs nothing but Python; drawing anew needs graphviz. An SVG differs in its bytes from one graphviz to the
next, so it is never compared: it carries the digest of the DOT text that it was drawn from, and that is.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    # Run as a script, Python looks for modules beside it; the tests import both files from the root.
    sys.path.insert(0, str(ROOT))

from statecharts import chart  # noqa: E402


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Draw or check all pictures of the repository at *root*; give the exit code, 1 if something is stale."""
    parser = argparse.ArgumentParser(description="Draw the state charts.")
    parser.add_argument("--check", action="store_true", help="change nothing; name what is stale and exit with 1")
    only_check = parser.parse_args(arguments).check
    stale: list[Path] = []
    for path in sorted((root / "statecharts").glob("*.scxml")):
        drawn = chart.read(path)
        for target, text in texts(drawn, root):
            if _content(target) != text:
                stale.append(target)
                if not only_check:
                    _write(target, text)
        picture = root / "docs" / "images" / f"{drawn.name}.svg"
        if origin(chart.dot(drawn)) not in _content(picture):
            stale.append(picture)
            if not only_check:
                _write(picture, svg(chart.dot(drawn)))
    for target in stale:
        print(f"{'stale' if only_check else 'drawn'}: {target.relative_to(root).as_posix()}")
    if only_check and stale:
        print("run: python statecharts/draw.py")
    return 1 if only_check and stale else 0


def texts(drawn: chart.Chart, root: Path) -> Iterator[tuple[Path, str]]:
    """Give each file that is made of text, and what ought to be in it."""
    name = drawn.name
    yield root / "docs" / "images" / f"{name}.dot", chart.dot(drawn)
    yield root / "statecharts" / f"{name}.mmd", chart.mermaid(drawn)
    blocks = {
        root / "README.md": ("chart", f"```mermaid\n{chart.mermaid(drawn)}```\n"),
        root / "docs" / "statecharts.md": ("table", chart.table(drawn)),
    }
    for page, (kind, block) in blocks.items():
        opening, closing = f"<!-- {name} {kind} -->\n", f"<!-- /{name} {kind} -->"
        before, opened, rest = _content(page).partition(opening)
        _, closed, after = rest.partition(closing)
        if opened and not closed:
            raise chart.ChartError(f"{page.name} has {opening.strip()} without {closing}")
        if opened:
            yield page, f"{before}{opening}\n{block}\n{closing}{after}"


def origin(dot: str) -> str:
    """Give the comment by which an SVG says what it was drawn from."""
    return f"<!-- drawn by statecharts/draw.py from DOT text sha256:{hashlib.sha256(dot.encode()).hexdigest()} -->"


def svg(dot: str) -> str:
    """Have graphviz draw *dot*. Ends the program, saying what to install, where there is no graphviz."""
    program = shutil.which("dot")
    if program is None:
        sys.exit("no picture drawn: the program dot is missing (it comes with the package graphviz)")
    drawn = subprocess.run([program, "-Tsvg"], input=dot, capture_output=True, encoding="utf-8", check=True).stdout
    # Between the XML declaration and the picture, where every reader of SVG expects comments.
    declaration, _, rest = drawn.partition("\n")
    return f"{declaration}\n{origin(dot)}\n{rest}"


def _content(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
