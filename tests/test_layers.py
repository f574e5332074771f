"""The arrows of the architecture hold: each layer imports only downwards, and only its own share of the world.

Read from the source and not from what happens at run time: an import inside a function, or one for type checkers alone,
is an arrow like any other.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import anytws

PACKAGE = Path(anytws.__file__).parent

MAY_KNOW = {
    "errors": set(),
    "messages": {"errors"},
    "wire": {"errors", "messages"},
    "core": {"errors", "messages", "wire"},
    "arrow": {"errors", "messages"},
    "machines": {"errors", "messages", "wire", "core", "arrow"},
    "runtime": {"errors", "messages", "wire", "core", "machines", "arrow"},
    "client": {"errors", "messages", "wire", "core", "machines", "runtime", "arrow"},
    "sync": {"client"},
    "simulator": {"errors", "messages", "wire", "core"},
    "json": {"errors", "messages", "wire"},
    "testing": {"errors", "messages", "wire", "core", "machines", "simulator"},
    "testing.plugin": {"errors", "messages", "wire", "core", "machines", "simulator", "testing", "runtime", "client"},
    "testing.acceptance": {
        "errors",
        "messages",
        "wire",
        "core",
        "machines",
        "simulator",
        "testing",
        "runtime",
        "client",
    },
    "testing.days": {"errors", "messages", "wire", "core", "machines", "simulator", "testing", "runtime", "client"},
    "testing.explore": {"errors", "messages", "wire", "core", "machines", "simulator", "testing", "runtime", "client"},
    "testing.memory": {"errors", "messages", "wire", "core", "machines", "simulator", "testing", "runtime", "client"},
    "cli": {
        "errors",
        "messages",
        "wire",
        "core",
        "machines",
        "runtime",
        "client",
        "simulator",
        "testing",
        "arrow",
        "json",
        "",
    },
    # The top level, `anytws/__init__.py`, is a list of names: what a program needs, which no simulator is part of.
    "": {"errors", "messages", "wire", "core", "machines", "runtime", "client", "arrow", "sync"},
    "__main__": {"cli"},
}
"""Layer → the other layers that it may import. A longer name is an exception to the shorter one."""

MAY_USE = {
    "errors": set(),
    "messages": {"attrs"},
    "wire": {"attrs", "google"},
    "core": {"attrs"},
    "machines": {"attrs"},
    "arrow": {"attrs"},
    "runtime": {"attrs", "anyio"},
    "client": {"attrs", "anyio"},
    "sync": set(),
    "simulator": {"attrs"},
    "simulator.serve": {"attrs", "anyio"},
    "simulator.carrier": {"attrs", "anyio"},
    "simulator.streams": {"attrs", "anyio"},
    "simulator.toxic_stream": {"attrs", "anyio"},
    "json": {"attrs", "cattrs"},
    "testing": {"attrs", "anyio", "hypothesis", "pytest", "trio"},
    "cli": {"attrs", "anyio", "cyclopts", "plotille", "pyarrow", "rich", "trio"},
}
"""Layer → what it may import from outside the standard library; a plain install has attrs, protobuf and anyio alone."""

DOES_IO = (
    "",
    "runtime",
    "client",
    "sync",
    "simulator.serve",
    "simulator.carrier",
    "simulator.streams",
    "simulator.toxic_stream",
    "testing",
    "cli",
)
"""The layers that may know what time it is and where they run. All others are pure, new ones too."""

CLOCKS = {"sched", "time"}
CHANCE = {"random", "secrets"}
WIRES = {"select", "selectors", "signal", "socket", "socketserver", "ssl"}
WORKERS = {"_thread", "asyncio", "concurrent", "contextvars", "multiprocessing", "queue", "subprocess", "threading"}
# importlib would carry a module's name past this test in a string.
IMPURE = CLOCKS | CHANCE | WIRES | WORKERS | {"importlib", "logging"}
"""What a pure layer may not import even from the standard library."""


class Import(NamedTuple):
    """One imported module and the line that says so."""

    line: int
    module: str


def lookup(table: dict[str, set[str]], module: str) -> set[str] | None:
    """Give the row of *table* for *module* (without ``anytws.``): the one with the longest name that fits."""
    parts = module.split(".")
    names = (".".join(parts[:size]) for size in range(len(parts), 0, -1))
    return next((table[name] for name in names if name in table), None)


def imports(source: str, module: str, *, is_package: bool) -> Iterator[Import]:
    """Give every module that *source*, the text of *module*, imports anywhere."""
    parents = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parents[: len(parents) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            # `from anytws import core` imports a layer, `from anytws import connect` the top level.
            names = [f"{origin}.{alias.name}" if origin == "anytws" else origin for alias in node.names]
            yield from (Import(node.lineno, name) for name in names)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "__import__":
            yield Import(node.lineno, "importlib")


def breaches(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """Tell what *source*, the text of *module*, imports against the rules."""
    own = module.removeprefix("anytws").removeprefix(".")
    layer, may_use = own.split(".")[0], lookup(MAY_USE, own)
    may_know = lookup(MAY_KNOW, own)
    if may_know is None:
        return [f"{module} belongs to no layer"]
    pure = not any(own == name or own.startswith(f"{name}.") for name in DOES_IO)
    found = []
    for line, target in imports(source, module, is_package=is_package):
        root, _, rest = target.partition(".")
        if root == "anytws":
            known = rest.split(".")[0]
            known = known if known in MAY_KNOW else ""
            wrong = known != layer and known not in may_know
        elif root in sys.stdlib_module_names:
            wrong = pure and root in IMPURE
        else:
            wrong = root not in (may_use or ())
        if wrong:
            found.append(f"{module}:{line} imports {target}")
    return found


def modules() -> Iterator[tuple[Path, str]]:
    """Give every file of the package with its module name."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(("anytws", *path.relative_to(PACKAGE).with_suffix("").parts))
        yield path, name.removesuffix(".__init__")


@pytest.mark.parametrize("path, module", [pytest.param(*row, id=row[1]) for row in modules()])
def test_a_module_imports_only_what_its_layer_may_know(path: Path, module: str):
    assert breaches(path.read_text("utf-8"), module, is_package=path.name == "__init__.py") == []


def test_every_layer_is_there():
    """A renamed folder would leave its rules behind, and nothing would be checked against them."""
    found = {module.removeprefix("anytws.").split(".")[0] for _, module in modules()}
    assert {name.split(".")[0] for name in MAY_KNOW} - {"", "__main__"} <= found


def test_nothing_in_the_simulator_goes_round_in_a_circle():
    """Answers know what TWS knows and not the link; a link knows both; the world knows them all."""
    known = {
        module: {
            target for _, target in imports(path.read_text("utf-8"), module, is_package=path.name == "__init__.py")
        }
        for path, module in modules()
        if module.startswith("anytws.simulator.")
    }
    while ready := [module for module, targets in known.items() if not targets & known.keys() - {module}]:
        for module in ready:
            del known[module]
    assert not known
    assert "anytws.simulator.link" not in reached("anytws.simulator.answers")
    assert "anytws.simulator.answers" not in reached("anytws.simulator.knowledge")


def reached(start: str) -> set[str]:
    """Give all modules of the simulator that *start*, or what is in it, imports in the end."""
    sources = {module: path for path, module in modules() if module.startswith("anytws.simulator.")}
    found: set[str] = set()
    waiting = [module for module in sources if module == start or module.startswith(f"{start}.")]
    while waiting:
        module = waiting.pop()
        path = sources[module]
        for _, target in imports(path.read_text("utf-8"), module, is_package=path.name == "__init__.py"):
            if target in sources and target not in found:
                found.add(target)
                waiting.append(target)
    return found


PLANTED = {
    "a clock in the core": ("core.connection", "import time", "time"),
    "from": ("core.connection", "from time import monotonic", "time"),
    "a submodule": ("messages.base", "import logging.handlers", "logging.handlers"),
    "under another name": ("wire.codec", "import random as chance", "random"),
    "inside a function": ("errors", "def now():\n    import asyncio", "asyncio"),
    "for type checkers alone": ("core.events", "if TYPE_CHECKING:\n    from anyio.abc import ByteStream", "anyio.abc"),
    "in a try": ("core.codes", "try:\n    import trio\nexcept ImportError:\n    trio = None", "trio"),
    "by its name in a string": ("core.state", "import importlib", "importlib"),
    "by its name in a string, without import": ("core.state", "now = __import__('time').time", "importlib"),
    "the runtime in the core": (
        "core.connection",
        "from anytws.client.tws import connect",
        "anytws.client.tws",
    ),
    "a layer from the top": ("core.connection", "from anytws import runtime", "anytws.runtime"),
    "a name from the top": ("wire.codec", "from anytws import connect", "anytws.connect"),
    "the top": ("messages.session", "import anytws", "anytws"),
    "relative": ("wire.codec", "from ..core.state import State", "anytws.core.state"),
    "relative, a layer": ("wire.codec", "from .. import core", "anytws.core"),
    "relative, from a package": ("wire", "from ..core import state", "anytws.core"),
    "the core in the messages": ("messages.orders", "import anytws.core.state", "anytws.core.state"),
    "messages in the errors": ("errors", "from anytws.messages.base import Side", "anytws.messages.base"),
    "the runtime in the simulator": ("simulator.serve", "from anytws.runtime import pump", "anytws.runtime"),
    "the runtime in the testing tools": ("testing.strategies", "import anytws.runtime", "anytws.runtime"),
    "a socket in the simulated world": ("simulator.world", "import socket", "socket"),
    "AnyIO in the simulated world": ("simulator.link", "import anyio", "anyio"),
    "the simulator at the top": ("", "from anytws.simulator import serve", "anytws.simulator"),
    "the machines in the core": (
        "core.connection",
        "from anytws.machines.session import ClientSession",
        "anytws.machines.session",
    ),
    "the machines on the wire": ("wire.conversation", "import anytws.machines.mailbox", "anytws.machines.mailbox"),
    "the machines in the simulator": ("simulator.client", "from anytws import machines", "anytws.machines"),
    "the runtime in the machines": ("machines.session", "from anytws.runtime import pump", "anytws.runtime"),
    "the simulator in the machines": ("machines.drive", "from ..simulator import world", "anytws.simulator"),
    "the top in the machines": ("machines.records", "from anytws import connect", "anytws.connect"),
    "a socket in the machines": ("machines.drive", "import socket", "socket"),
    "a clock in the machines": ("machines.timers", "from time import monotonic", "time"),
    "chance in the machines": ("machines.ids", "import random", "random"),
    "AnyIO in the machines": ("machines.mailbox", "import anyio", "anyio"),
    "an extra below the command line": ("client.tws", "import rich.console", "rich.console"),
    "one event loop in the runtime": ("client.tws", "import trio", "trio"),
    "a package that nobody declared": ("cli.demo", "import requests", "requests"),
}


@pytest.mark.parametrize("layer, source, target", PLANTED.values(), ids=PLANTED)
def test_a_planted_breach_is_seen(layer: str, source: str, target: str):
    module = f"anytws.{layer}".rstrip(".")
    line = 1 + source[: source.index("import")].count("\n")
    assert breaches(source, module, is_package=layer in {"", "wire"}) == [f"{module}:{line} imports {target}"]


ALLOWED = {
    "downwards": ("core.connection", "from anytws.wire.codec import Codec\nfrom anytws.messages import base"),
    "beside": ("core.connection", "from anytws.core.state import State\nfrom . import events"),
    "the standard library": (
        "core.connection",
        "import re\nfrom datetime import datetime\nfrom zoneinfo import ZoneInfo",
    ),
    "a clock above the core": ("client.tws", "import socket\nimport time"),
    "protobuf on the wire": ("wire.protobuf", "from google.protobuf import message_factory"),
    "the machines on the core": ("machines.session", "from anytws.core.connection import Connection\nimport heapq"),
    "the runtime on the machines": ("runtime.pump", "from anytws.machines.session import ClientSession"),
    "the machines in the testing tools": ("testing.strategies", "from anytws.machines import ClientSession"),
    "AnyIO where the simulator serves": ("simulator.serve", "import anyio\nfrom anytws.simulator import world"),
    "the runtime in the pytest plugin": ("testing.plugin", "from anytws.runtime import connect"),
    "the runtime where days are run": ("testing.days.running", "from anytws.runtime import stream"),
    "everything on the command line": ("cli.demo", "import anytws\nimport cyclopts\nfrom anytws import simulator"),
}


@pytest.mark.parametrize("layer, source", ALLOWED.values(), ids=ALLOWED)
def test_what_is_allowed_passes(layer: str, source: str):
    assert breaches(source, f"anytws.{layer}") == []


def test_a_new_folder_must_be_given_its_place():
    assert breaches("", "anytws.helpers.strings") == ["anytws.helpers.strings belongs to no layer"]
