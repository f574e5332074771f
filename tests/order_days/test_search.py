"""Many days one after the other: what was tried is written down, and another run goes on behind it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.order_days.__main__ import main
from tests.order_days.search import Tally, read, search, write
from tests.order_days.situations import missed


def _odd(seed: int) -> dict[str, int]:
    if seed % 3 == 2:
        raise ValueError(f"day {seed}")
    return {"even" if seed % 2 == 0 else "odd": 5}


def test_what_was_tried_is_counted_and_what_failed_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    tally, noted = Tally(0), list[int]()
    search(
        _odd, tally, days=6, seconds=math.inf, note=lambda now: noted.append(now.next), failed=lambda _, why: str(why)
    )
    assert (tally.next, tally.days, noted) == (6, 6, [6])
    # A situation counts once a day.
    assert tally.situations == {"even": 2, "odd": 2}
    assert tally.failures == {"2": "day 2", "5": "day 5"}
    assert "day 5 FAILED: day 5" in tally.told()
    assert "day 2 FAILED" in capsys.readouterr().err
    assert missed(("even", "never"), tally.situations) == ["never"]


def test_no_more_is_tried_when_the_time_is_over_or_too_much_fails() -> None:
    tally = Tally(0)
    search(_odd, tally, days=6, seconds=0.0, note=lambda _: None, failed=lambda _, why: str(why))
    assert tally.days == 0
    search(lambda seed: {"": 1 // 0}, tally, days=1000, seconds=math.inf, note=lambda _: None, failed=lambda *_: "")
    assert tally.days == 50


def test_another_run_goes_on_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "days.json"
    for wanted in (3, 6):
        assert main(["pure", "--days", "3", "--state", str(state)]) == 0
        assert read(state, "pure", 0).next == wanted
    assert "pure days from 3 on" in capsys.readouterr().out
    assert read(state, "programs", 9) == Tally(9)
    write(state, "programs", Tally(11))
    assert (read(state, "pure", 0).days, read(state, "programs", 0).next) == (6, 11)


def test_a_day_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pure", "--day", "7"]) == 0
    assert "connects" in capsys.readouterr().out
