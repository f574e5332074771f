"""``python -m tests.strangers [FOLDER]``: a table of what other people's clients do with the simulated TWS.

FOLDER is where `dev.py strangers` has put those that are not in the suite: an environment, with Node's in ``node``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.strangers.checks import CHECKS, problems
from tests.strangers.sessions import Client, Session, insync, official, run, stoqey

_VERSION_OF: Final = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"


def _installed(python: str, package: str) -> str | None:
    done = subprocess.run([python, "-c", _VERSION_OF, package], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def clients(folder: Path) -> Iterator[tuple[str, Client | None]]:
    """Give each client with what is told of it; None: it cannot be run here, and why is told."""
    here, there = sys.executable, str(folder / "bin" / "python")
    for version, encoding in ((200, "text"), (226, "protobuf")):
        yield f"ibapi-latest {_installed(here, 'ibapi-latest')}, {encoding}", official(version)
    yield f"ib_async {_installed(here, 'ib_async')}", insync("ib_async", 226)
    for path in sorted(folder.glob("ibapi-*")):
        # Beside what it needs.
        (told,) = (each for each in path.glob("*.dist-info") if "ibapi" in each.name.lower())
        yield told.name.removesuffix(".dist-info").replace("_", "-"), official(226, path=str(path))
    found = _installed(there, "ib_insync") if Path(there).exists() else None
    if found is None:
        yield "ib_insync: not installed", None
    else:
        yield f"ib_insync {found}", insync("ib_insync", 226, there)
    node, package = shutil.which("node"), folder / "node" / "node_modules" / "@stoqey" / "ib" / "package.json"
    if node is None or not package.exists():
        yield f"@stoqey/ib: {'no Node here' if node is None else 'not installed'}", None
    else:
        yield f"@stoqey/ib {json.loads(package.read_text('utf-8'))['version']}", stoqey(226, node, folder / "node")


def _outcome(session: Session, step: str) -> tuple[str, str]:
    """Give one word for how *step* went, and what is wrong with it."""
    try:
        found = problems(session, step)
        return ("failed", found[0]) if found else (session.step(step).outcome, "")
    except Exception as problem:
        return "failed", f"{type(problem).__name__}: {problem}"


def main(folder: str = ".venv-strangers") -> int:
    """Print the table; give how many clients failed at something."""
    columns: list[tuple[str, dict[str, tuple[str, str]] | None]] = []
    for title, client in clients(Path(folder)):
        _print(f"{title} …" if client else title)
        session = None if client is None else run(client)
        columns.append((title, session and {step: _outcome(session, step) for step in CHECKS}))
    ran = [(title, outcomes) for title, outcomes in columns if outcomes is not None]
    _print("")
    for number, (title, _) in enumerate(ran, 1):
        _print(f"{number}: {title}")
    _print(f"\n{'step':20}" + "".join(f"{number:>14}" for number in range(1, len(ran) + 1)))
    for step in CHECKS:
        _print(f"{step:20}" + "".join(f"{outcomes[step][0]:>14}" for _, outcomes in ran))
    for title, outcomes in ran:
        for step, (word, why) in outcomes.items():
            if word == "failed":
                _print(f"\n{title}, {step}: {why[:500]}")
    return sum(any(word == "failed" for word, _ in outcomes.values()) for _, outcomes in ran)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
