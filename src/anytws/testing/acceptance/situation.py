"""A situation as a file of plain lines, and what the lines mean.

The first line is the number and the title. Every other line begins with one of these words:

* ``source``: how it is known that a TWS does this;
* ``set``: a knob of the simulated TWS, as ``[settings]`` of a file of `anytws simulate` has it (TOML);
* ``fault``: something that goes wrong, as a table of ``[[events]]`` has it, in one line (TOML);
* ``client``: what the client does;
* ``tws``: what TWS, IB or a person does to orders, or to the connection;
* ``wait``: seconds that pass;
* ``right``: what a right client then says.

Empty lines, and what follows ``#`` at the beginning of a line, say nothing.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

import attrs

from anytws.errors import shown
from anytws.simulator import WorldSettings
from anytws.simulator.exchange.models import AT_ONCE, Progress
from anytws.simulator.files import Case, CaseError, read_world

FOLDER: Final = Path(__file__).parent / "situations"
"""Where the situations are."""

USUAL: Final = WorldSettings(progress=Progress.BY_HAND, latency=AT_ONCE)
"""How the simulated TWS is where a situation says nothing: orders wait for ``tws fills …``, and nothing takes time."""

_TITLE: Final = re.compile(r"(A[0-9]{3}) (\S.*)")
_ACTS: Final = ("client", "tws", "wait", "right")


@attrs.frozen
class Line:
    """One thing that is done, or has to be so: its number in the file, its word, and the words behind it."""

    number: int
    word: str
    """``client``, ``tws``, ``wait`` or ``right``."""
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"line {self.number}: {self.word} {' '.join(self.words)}"


@attrs.frozen
class Situation:
    """What the peer does, and what a right client does then."""

    number: str
    """Such as ``A101``."""
    title: str
    sources: tuple[str, ...]
    """How it is known that a TWS does this."""
    case: Case
    """How the simulated TWS is set up, and what goes wrong there."""
    lines: tuple[Line, ...]
    """What is done, in order."""


def read_situation(text: str) -> Situation:
    """Give the situation that *text* describes. Raises `ValueError`: which line, what was seen, what was wanted."""
    first, *rest = text.splitlines() or [""]
    title = _TITLE.fullmatch(first)
    if title is None:
        raise ValueError(f"line 1 is {shown(first)}, and has to be a number such as A101 and a title")
    found: dict[str, list[str]] = {"source": [], "set": [], "fault": []}
    acts: list[Line] = []
    for number, line in enumerate(rest, 2):
        if not line.strip() or line.startswith("#"):
            continue
        word, _, behind = line.strip().partition(" ")
        if word in found and behind:
            found[word].append(behind)
        elif word in _ACTS and behind:
            acts.append(Line(number, word, tuple(behind.split())))
        else:
            wanted = ", ".join((*found, *_ACTS))
            raise ValueError(f"line {number} is {shown(line)}, and has to begin with one of {wanted}, and go on")
    if not found["source"] or not any(line.word == "right" for line in acts):
        raise ValueError(f"{title[1]} has no source, or nothing that has to be right")
    return Situation(title[1], title[2], tuple(found["source"]), _case(title[1], found), tuple(acts))


def _case(name: str, found: dict[str, list[str]]) -> Case:
    tables = ", ".join(f"{{ {line} }}" for line in found["fault"])
    text = "\n".join((f"events = [{tables}]", "[settings]", *found["set"]))
    try:
        return read_world(text, name, settings=USUAL)
    except CaseError as problem:
        raise ValueError(str(problem)) from problem


@cache
def situations() -> tuple[Situation, ...]:
    """Give all situations, by number."""
    return tuple(read_situation(path.read_text("utf-8")) for path in sorted(FOLDER.glob("A*.txt")))
