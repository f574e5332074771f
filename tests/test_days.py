"""The tutorial as a newcomer has it: its blocks in one file, and pytest, with nothing of this suite."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from anytws import testing
from anytws.testing.days.plan import plan_of
from tests.days_helpers import Hedger

PAGE = Path(__file__).parent.parent / "docs" / "testing.md"


def blocks(until: str) -> str:
    """Give the Python of the page up to the heading *until*, without the block that catches what the reader sees."""
    page = PAGE.read_text("utf-8").partition(f"\n## {until}")[0]
    found = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return "\n\n".join(block for block in found if "caught" not in block)


def test_the_tutorial_finds_its_bug(tmp_path: Path):
    (tmp_path / "test_hedger.py").write_text(blocks("The cure"), "utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "error", "-rA"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert "1 failed, 2 passed" in done.stdout
    assert "Event(On('PlaceOrderRequest', nth=2), CutUnanswered())" in done.stdout
    token = re.search(r"anytws\.testing\.replay\('(day1-[A-Za-z0-9_-]+)'\)", done.stdout)
    assert token is not None
    (event,) = plan_of(token[1]).script.events
    assert "CutUnanswered" in repr(event)
    story = done.stdout.partition("Its story")[2].partition("The same day again")[0]
    assert story.count("-> PlaceOrderRequest") == 3
    assert "connection 1 is over: connection closed (eof)" in story


def test_what_the_page_shows_of_the_story_is_what_is_printed():
    """Line by line; left out are some lines of it."""
    shown = PAGE.read_text("utf-8").partition("Its story (-> by")[2].partition("The same day again")[0].splitlines()[1:]
    plan = testing.Plan(script=plan_of(_token()).script)
    told = str(testing.days.live(plan, Hedger, restart_on=()).story).replace("ref=entry-1", "ref=entry")
    told = told.replace("ref=hedge-1", "ref=hedge")
    for line in shown:
        if line.strip(" …"):
            assert line.rstrip(" …")[:80] in told, line


def _token() -> str:
    from anytws.simulator.faults import CutUnanswered, Event, On, Script

    return testing.Plan(script=Script((Event(On("PlaceOrderRequest", nth=2), CutUnanswered()),))).token
