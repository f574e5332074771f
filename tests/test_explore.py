"""Exploring runs a test of days in processes of its own, keeps what failed, and tries that first the next time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from anytws import testing
from anytws.testing.days.plan import plan_of
from anytws.testing.explore import Outcome, alike, explore, main
from tests.days_helpers import HEDGE  # noqa: F401 (skips these tests where trio is too old)

BOT = """
import os
from anytws import testing

async def idle(tws):
    await tws.closed()
    raise await tws.closed()

@testing.days(program=idle, seconds=30.0)
def test_connected_once(day):
    assert day.story.connections <= int(os.environ.get("MOST", "1"))

@testing.days(program=idle, seconds=1.0, faults=())
def test_fine(day):
    pass

def test_of_something_else():
    pass
"""


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "test_bot.py"
    path.write_text(BOT, "utf-8")
    return path


def test_what_failed_is_kept_and_tried_first(bot: Path, monkeypatch: pytest.MonkeyPatch):
    told: list[str] = []
    folder = bot.parent / "kept"
    found = explore(f"{bot}::test_connected_once", minutes=0.0, processes=1, folder=folder, tell=told.append)
    assert found.days > 1
    (failure,) = found.found
    assert failure.alike == "AssertionError at test_bot.py:11"
    assert "CutConnection" in repr(plan_of(failure.token)) or plan_of(failure.token).script.events
    assert told == [f"failed: {failure.token} {failure.alike}"]
    (place,) = folder.iterdir()
    assert place.read_text("utf-8") == f"{failure.token}\n"

    again = explore(f"{bot}::test_connected_once", minutes=0.0, processes=2, folder=folder)
    assert [each.token for each in again.found] == [failure.token]

    monkeypatch.setenv("MOST", "99")
    fine = explore(f"{bot}::test_connected_once", minutes=0.0, processes=1, folder=folder)
    assert fine.found == []
    assert fine.fine == [failure.token]
    assert place.read_text("utf-8") == f"{failure.token}\n"


def test_from_a_command_line(bot: Path):
    command = [sys.executable, "-m", "anytws.testing.explore", "test_bot.py::test_fine", "--minutes", "0"]
    done = subprocess.run([*command, "--processes", "1"], capture_output=True, text=True, check=False, cwd=bot.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "0 days, 0 failures, 0 that are fine now\n"


def test_the_exit_code_tells_of_failures(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    import anytws.testing.explore as module

    monkeypatch.setattr(module, "explore", lambda *_, **__: Outcome(7, [module.Failure("x", "t")], []))
    assert main(["a::b"]) == 1
    assert capsys.readouterr().out == "7 days, 1 failures, 0 that are fine now\n"


@pytest.mark.parametrize("name", ["test_bot.py", "nowhere.py::test_it", "test_bot.py::"])
def test_what_names_no_test_is_told(bot: Path, name: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(ValueError, match="names no test of days"):
        explore(name)
    assert main([name]) == 2
    assert "names no test of days" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name, wanted", [("test_missing", "has no test_missing"), ("test_of_something_else", "is no test of days")]
)
def test_what_is_no_test_of_days_is_told(bot: Path, name: str, wanted: str):
    with pytest.raises(ValueError, match=wanted):
        explore(f"{bot}::{name}", minutes=0.0, processes=1)


DIES = """
import os
from anytws import testing

async def dies(tws):
    if os.environ.get("ANYTWS_CALM") is None:
        os.environ["ANYTWS_CALM"] = "over"
        await tws.closed()
    os._exit(3)

@testing.days(program=dies, seconds=1.0)
def test_it(day):
    pass
"""


def test_a_process_that_dies_is_told(bot: Path):
    bot.write_text(DIES, "utf-8")
    told: list[str] = []
    token = testing.Plan(seconds=1.0).token
    folder = bot.parent / "kept"
    folder.mkdir()
    (folder / "test_bot.py-test_it.txt").write_text(token, "utf-8")
    outcome = explore(f"{bot}::test_it", minutes=0.0, processes=1, folder=folder, tell=told.append)
    assert outcome.days == 1
    assert told == [f"fine now: {token}", "a process has ended too soon: exit code 3"]


def test_failures_are_alike_where_the_same_line_raises_the_same():
    def fails(kind: type[Exception]) -> Exception:
        try:
            raise kind
        except Exception as failure:
            return failure

    assert alike(fails(ValueError)) == alike(fails(ValueError)) != alike(fails(TypeError))
    assert alike(ValueError()) == "ValueError"


def test_the_module_is_its_function(bot: Path):
    with pytest.raises(ValueError, match="names no test of days"):
        testing.explore("nothing")
