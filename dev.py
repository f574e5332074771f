#!/usr/bin/env python3
"""Everything one does with this repository: ``python3 dev.py VERB``.

Needs Python 3.11 with its pip, and nothing else. What a verb needs beyond that is installed into ``.venv``, from the
extras that pyproject.toml names; CI runs the same verbs. Every command is printed, so each can be repeated by hand.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

if sys.version_info < (3, 11):
    sys.exit(f"anytws needs Python 3.11 or later, and this is {sys.version.split()[0]}: try python3.11 dev.py")

import tomllib

ROOT = Path(__file__).resolve().parent
PYPROJECT = ROOT / "pyproject.toml"
PROGRAMS, SUFFIX = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
# Called from inside an environment, ours perhaps, we still build from the Python below it.
PYTHON = getattr(sys, "_base_executable", sys.executable)


def run(*command: str | Path) -> None:
    """Print *command* and run it in the repository; if it fails, so do we, with its exit code."""
    words = [os.path.relpath(word, ROOT) if isinstance(word, Path) else word for word in command]
    print("$", shlex.join(words), flush=True)
    # PYTHONPATH would let the code of some other checkout pass our tests. Whose packages pyright reads, it asks the
    # first Python on the PATH, as if the environment were activated.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env["PATH"] = os.pathsep.join([str(Path(command[0]).parent), env.get("PATH", "")])
    code = subprocess.run([str(word) for word in command], cwd=ROOT, env=env, check=False).returncode
    if code:
        sys.exit(code if code > 0 else 128 - code)


def program(name: str, *extras: str, folder: str = ".venv", pins: tuple[str, ...] = ()) -> Path:
    """Give program *name* of an environment that has the project, editable, with *extras*; make what is missing."""
    home = ROOT / folder
    stamp = home / "anytws.json"
    # Another pyproject.toml, another Python or another place on the disk is another environment, made from nothing:
    # a package left over from before would hide that nothing asks for it any more.
    origin = hashlib.sha256(f"{ROOT} {sys.version} {pins} {PYPROJECT.read_text('utf-8')}".encode()).hexdigest()
    made = json.loads(stamp.read_text("utf-8")) if stamp.exists() else {}
    if made.get("origin") != origin:
        # Debian's Python cannot put pip into an environment, but its pip can install into one.
        run(PYTHON, "-m", "venv", "--clear", "--without-pip", home)
        made = {"origin": origin, "extras": []}
    if missing := sorted({*extras} - {*made["extras"]}):
        pip = (PYTHON, "-m", "pip", "--python", home, "--disable-pip-version-check")
        run(*pip, "install", "--quiet", "--editable", f".[{','.join(missing)}]", *pins)
        made["extras"] += missing
        stamp.write_text(json.dumps(made), "utf-8")
    return home / PROGRAMS / f"{name}{SUFFIX}"


def demo(*arguments: str) -> None:
    """Watch a client go through every state, against a TWS in the same process."""
    run(program("anytws", "cli"), "demo", *arguments)


# On all processors. A file stays in one process: the blocks of a page go on where the ones before have ended. The order
# is one of chance, but the same each time: a test that needs what another has left behind fails, here and everywhere.
PYTEST = ("-m", "pytest", "--numprocesses", "auto", "--dist", "loadfile", "--shuffle", "ci")


def test(*arguments: str) -> None:
    """Run the tests, on all processors, in an order of chance (--shuffle SEED: another); takes pytest's arguments."""
    run(program("python", "test"), *PYTEST, *arguments)


def fuzz(*arguments: str) -> None:
    """Throw bytes at whatever a peer or a person can reach: --minutes, --seconds, --seed, --target; --help has all."""
    run(program("python", "test"), "-m", "tests.fuzz", *arguments)


def days(*arguments: str) -> None:
    """Ruin days of orders, and compare what is believed with what is true: pure or programs; --help has all."""
    run(program("python", "test"), "-m", "tests.order_days", *arguments)


def lint() -> None:
    """Check style and format."""
    python = program("python", "lint")
    run(python, "-m", "ruff", "check", ".")
    run(python, "-m", "ruff", "format", "--check", ".")


def types() -> None:
    """Check types with two checkers, and that everything public has complete ones."""
    python = program("python", "types")
    run(python, "-m", "mypy")
    run(python, "-m", "pyright")
    run(python, "-m", "pyright", "--verifytypes", "anytws", "--ignoreexternal")


def docs() -> None:
    """Build the documentation, strictly and without the network, into docs/_build/html."""
    python = program("python", "docs")
    # A fresh environment each time: an incremental build keeps quiet about pages that it did not read again.
    options = ("-W", "-n", "--keep-going", "--fresh-env", "-q", "-d", "docs/_build/doctrees")
    run(python, "-m", "sphinx", *options, "docs", "docs/_build/html")


def charts() -> None:
    """Check that the pictures of the state charts are up to date."""
    run(PYTHON, "statecharts/draw.py", "--check")


def check() -> None:
    """Do what CI does, in its order."""
    test()
    oldest("--share")
    fuzz("--seed", "ci", "--inputs", "2500")
    fuzz("--seed", "ci", "--inputs", "60000", "--target", "decoders")
    days("pure", "--days", "4000")
    days("programs", "--days", "12")
    for verb in (lint, types, docs, charts):
        verb()


def bench(*arguments: str) -> None:
    """Run the benchmarks, or only those that are named; takes pytest's arguments."""
    is_named = any(argument.startswith("tests/benchmarks") for argument in arguments)
    run(program("python", "bench"), "-m", "pytest", *(() if is_named else ("tests/benchmarks",)), *arguments)


def coverage(*arguments: str) -> None:
    """Run the tests and list the lines and branches that none of them reached; takes pytest's arguments."""
    python = program("python", "test")
    run(python, "-m", "coverage", "run", "-m", "pytest", *arguments)
    run(python, "-m", "coverage", "report")


# What takes half of the time and says least about other people's code: floods and long searches in our own, and the
# comparisons with other clients.
NO_SHARE = (
    "tests/fuzz",
    "tests/order_days",
    "tests/test_catalogue.py",
    "tests/test_compiled_writers.py",
    "tests/test_growth.py",
    "tests/test_hostile_clients.py",
    "tests/test_leaks.py",
    "tests/test_memory.py",
    "tests/test_misbehaviour.py",
    "tests/test_official_client.py",
    "tests/test_official_codec.py",
    "tests/test_official_incoming.py",
    "tests/test_official_outgoing.py",
    "tests/test_protobuf_readers.py",
    "tests/test_strangers_sessions.py",
    "tests/test_text.py",
    "tests/test_text_readers.py",
    "tests/test_transcripts.py",
)


def oldest(*arguments: str) -> None:
    """Run the tests with the oldest dependencies that pyproject.toml allows; with --share, what tells most a minute."""
    project = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    bounds = [*project["dependencies"], *extras["trio"], *extras["cli"], *extras["json"], *extras["testing"]]
    # `anytws.testing.days` needs a younger trio than all the rest: its tests say so, and are not run here.
    pins = tuple(bound.replace(">=", "==") for bound in bounds if ">=" in bound and bound != "trio>=0.35")
    if "--share" in arguments:
        rest = (argument for argument in arguments if argument != "--share")
        arguments = (*(f"--ignore={path}" for path in NO_SHARE), *rest)
    run(program("python", "suite", folder=".venv-oldest", pins=pins), *PYTEST, *arguments)


OFFICIAL = {
    "ibapi-stable": ("ibapi-stable>=10.50",),
    # It does not say that it needs protobuf.
    "ibapi-nautilus": ("nautilus-ibapi>=10.46", "protobuf>=5.29.5"),
    "ibapi-10.20": ("ibapiunofficialpiccolo==10.20.1",),
}


def strangers() -> None:
    """Have other people's clients meet the simulated TWS, some in an environment of their own; print a table."""
    # ib_insync is no longer changed, and what it needs shares a folder with what ib_async needs.
    program("python", "clients", folder=".venv-strangers", pins=("ib_insync>=0.9.86",))
    # The official client in other versions, and as others ship it: each in a folder, for all are called `ibapi`.
    for name, packages in OFFICIAL.items():
        if not (folder := ROOT / ".venv-strangers" / name).exists():
            run(PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--target", folder, *packages)
    node = ROOT / ".venv-strangers" / "node"
    if (npm := shutil.which("npm")) and not (node / "node_modules").exists():
        node.mkdir(exist_ok=True)
        run(npm, "install", "--prefix", node, "--no-fund", "--no-audit", "@stoqey/ib@1")
    run(program("python", "test"), "-m", "tests.strangers", ".venv-strangers")


WITH_ARGUMENTS = {verb.__name__: verb for verb in (demo, test, fuzz, days, bench, coverage, oldest)}
WITHOUT = {verb.__name__: verb for verb in (lint, types, docs, charts, check, strangers)}


def main(verb: str = "", *arguments: str) -> None:
    """Do *verb*, or say what there is."""
    if verb in WITH_ARGUMENTS:
        WITH_ARGUMENTS[verb](*arguments)
    elif verb in WITHOUT and not arguments:
        WITHOUT[verb]()
    else:
        print(__doc__)
        for name, function in (WITH_ARGUMENTS | WITHOUT).items():
            print(f"  {name:10}{function.__doc__}")
        sys.exit(0 if verb in {"help", "-h", "--help"} else 2)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
