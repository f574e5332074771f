"""How fast the time of a world runs."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from anytws.simulator.pace import REAL_TIME, Pace


def test_in_real_time_both_are_the_same():
    assert REAL_TIME.world_time(12.3) == 12.3
    assert REAL_TIME.deadline(12.3) == 12.3
    assert REAL_TIME.deadline(None) == Pace(60.0).deadline(math.inf) == math.inf


@given(st.floats(0.001, 1e5), st.floats(0, 1e7), st.floats(0, 1e7))
def test_who_wakes_up_at_the_deadline_finds_that_it_is_time(speed, begin, seconds):
    pace = Pace(speed, begin)
    deadline = pace.deadline(begin + seconds)
    assert pace.world_time(deadline) >= begin + seconds
    assert math.isclose(pace.world_time(deadline), begin + seconds, rel_tol=1e-9, abs_tol=1e-4)
