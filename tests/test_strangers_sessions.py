"""Other people's clients have a whole session with the simulated TWS, over TCP, through its nightly restart.

Each runs in a process of its own. What it decodes is what the world holds.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Final

import pytest

from tests.strangers.checks import CHECKS, problems
from tests.strangers.sessions import Client, Session, insync, official, run

CLIENTS: Final[dict[str, Client]] = {
    "ib_async, the newest it speaks": insync("ib_async", 226),
    "ibapi, text": official(200),
    "ibapi, protobuf": official(226),
    **({"ib_insync, the newest it speaks": insync("ib_insync", 226)} if find_spec("ib_insync") else {}),
}


@cache
def session_of(name: str) -> Session:
    """Give the session of the client *name*: one for all that is asked of it."""
    return run(CLIENTS[name])


@pytest.mark.parametrize("name", CLIENTS)
def test_it_does_every_step(name: str) -> None:
    session = session_of(name)
    assert [step.name for step in session.steps] == [*CHECKS], session.log
    assert [(step.name, step.why) for step in session.steps if step.outcome != "ok"] == []


@pytest.mark.parametrize("step", CHECKS)
@pytest.mark.parametrize("name", CLIENTS)
def test_what_it_decodes_is_what_the_world_holds(name: str, step: str) -> None:
    assert problems(session_of(name), step) == []
