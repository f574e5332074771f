"""Some days of `tests.kept_month`, at small scale: nothing lost in silence, every gap told once, and nothing grows."""

from __future__ import annotations

from tests.kept_month import run


def test_some_days_of_a_program_that_stays_connected() -> None:
    # Probes, figures that change every second and books are most of what takes time; the whole month has them.
    result = run(2, 4, watched=4, raw=2, looks=[1], liveness=300.0, without={"pnl", "depth"})
    assert result.differences == []
    assert result.gaps >= 3, "it was never cut, so nothing was tried"
    assert result.missing > 0, "nothing was ever missed"
    assert result.live >= result.placed["stays"]
    assert result.left_after <= 1
    first, last = result.samples
    grown = {name: count - first.objects[name] for name, count in last.objects.items()}
    assert {name: more for name, more in grown.items() if more > 30} == {}
