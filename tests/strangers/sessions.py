"""Runs the session of one client, in a process of its own, against a simulated TWS that meets its nightly restart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import attrs
from anyio.from_thread import start_blocking_portal

from anytws.simulator import World, WorldSettings
from anytws.simulator.exchange.models import AT_ONCE
from anytws.simulator.faults import Event, NightlyRestart, On, Script
from anytws.simulator.serve import serve
from anytws.simulator.settings import EPOCH

CLIENTS: Final = Path(__file__).parent / "clients"
BEGIN: Final = EPOCH + timedelta(minutes=30)
"""When the session begins: a Monday, half an hour after the opening bell of New York."""
SPEED: Final = 20.0
"""How much faster the world's time runs than ours."""
RESTART: Final = NightlyRestart(refused_seconds=6.0, stale_seconds=6.0)
PATIENCE: Final = 120.0


@attrs.frozen
class Client:
    """Somebody else's client, and how to run its session."""

    name: str
    version: int
    """The newest server version of the TWS that it meets."""
    command: tuple[str, ...]
    """What runs it, without the address."""
    path: str = ""
    """Where Python looks for it first; empty: in its environment."""


@attrs.frozen
class Step:
    """How one step of a session went."""

    name: str
    outcome: str
    """``ok``, ``failed`` or ``not offered``."""
    seen: Any
    """What the client decoded."""
    why: str
    """Why it failed."""


@attrs.frozen
class Session:
    """One session that is over."""

    world: World
    steps: tuple[Step, ...]
    begin: datetime
    """When it began, by the clock of its world."""
    end: datetime
    log: str
    """What the client wrote beside its steps."""

    def step(self, name: str) -> Step:
        """Give the step *name*. Raises `LookupError` if the session did not come so far."""
        for step in self.steps:
            if step.name == name:
                return step
        raise LookupError(f"the session did not come to {name}: {self.log[-2000:]}")


def insync(module: str, version: int, python: str = sys.executable) -> Client:
    """Give ib_insync or ib_async."""
    return Client(module, version, (python, str(CLIENTS / "insync.py"), module))


def official(version: int, python: str = sys.executable, path: str = "") -> Client:
    """Give the official client in Python, or one that is like it, installed in the folder *path*."""
    return Client("ibapi", version, (python, str(CLIENTS / "official.py")), path)


def stoqey(version: int, node: str, folder: Path) -> Client:
    """Give @stoqey/ib, installed in *folder*."""
    return Client("@stoqey/ib", version, (node, str(CLIENTS / "stoqey.mjs"), str(folder)))


def run(client: Client) -> Session:
    """Run the session of *client*."""
    with start_blocking_portal("asyncio") as portal:
        settings = WorldSettings(
            server_version=client.version,
            starts_at=BEGIN,
            latency=AT_ONCE,
            tick_by_tick_seconds=0.0,
        )
        world = World(settings, script=Script((Event(On("CurrentTimeRequest", nth=1), RESTART),)))
        with portal.wrap_async_context_manager(serve(world, speed=SPEED)) as tws:
            done = _run(client, tws.host, tws.port)
        end = world.utc()
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    steps = [Step(each["step"], each["outcome"], each["seen"], each["why"]) for each in told]
    other = "\n".join(line for line in done.stdout.splitlines() if not line.startswith("{"))
    return Session(world, tuple(steps), BEGIN, end, other + done.stderr)


def _run(client: Client, host: str, port: int) -> subprocess.CompletedProcess[str]:
    # The client must not find our environment, if it has one of its own.
    env = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHASHSEED"}}
    if client.path:
        env["PYTHONPATH"] = client.path
    command: Sequence[str] = (*client.command, host, str(port))
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=env, check=False)
