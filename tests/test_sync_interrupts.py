"""Real signals, in processes of their own: Ctrl-C ends whatever a thread waits for, and leaves nothing behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*programs: str, is_quiet: bool = True) -> dict[str, Any]:
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", "tests.sync_programs", *programs]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    # A loop that is held up says so in this mode, and a busy machine holds it up; nothing else may be said.
    said = [line for line in done.stderr.splitlines() if not line.startswith("Executing <")]
    assert not (is_quiet and said), done.stderr
    assert done.returncode == 0
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return run("in_connect", "in_verbs", "in_place", "twice", "in_the_block", "left_open")


def test_while_connecting(told):
    assert told["in_connect"] == {"ended": True, "closed": [True], "threads": 1}


def test_in_a_question_a_wait_an_iteration(told):
    """What was asked is cancelled at TWS, what goes on goes on, and the connection with it."""
    assert told["in_verbs"] == {
        "question": True,
        "cancelled": 1,
        "until": True,
        "iteration": True,
        "goes on": 265598,
        "open inside": 1,
        "open outside": 0,
        "closed": True,
        "state": "ready",
    }


def test_in_the_middle_of_an_order(told):
    """What has left stands, and is found by its reference; what has not is taken back."""
    assert told["in_place"] == {
        "left": True,
        "kept": True,
        "left is": ["unknown", "all"],
        "kept is": ["cancelled", "none"],
    }


def test_a_second_one_does_not_hang(told):
    assert told["twice"] == {"pressed": 2, "state": "closed"}


def test_one_that_nobody_catches_closes_the_connection(told):
    assert told["in_the_block"] == {"ended": True, "state": "closed", "threads": 1}


def test_what_is_left_open_does_not_hold_up_the_end_of_the_interpreter(told):
    """A connection, and a generator in the block of a stream: the process has ended, and said nothing about it."""
    assert told["left_open"] == {"state": "ready"}


def test_at_any_moment_of_anything():
    """Nothing stays open, nothing hangs, no thread is left. (HYPOTHESIS_PROFILE=deep goes on for a minute.)"""
    # What comes in the middle of a `__del__`, Python itself can only tell of.
    told = run("pestered", is_quiet=False)
    assert told["pestered"] == {
        "open": 0,
        "state": "ready",
        "pressed": True,
        "hung": False,
        "threads": 1,
        "orders": True,
    }
