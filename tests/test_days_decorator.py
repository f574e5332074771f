"""A test of days: Hypothesis runs it, it finds a planted bug, says which day it was, and replays it."""

from __future__ import annotations

import inspect
from typing import get_type_hints

import pytest
from hypothesis import HealthCheck, Phase, settings

import anytws
from anytws import testing
from anytws.simulator.faults import At, CutConnection, CutUnanswered, Event, On
from anytws.testing.days.decorator import NeverReached, days_of
from anytws.testing.days.plan import plan_of
from tests.days_helpers import HEDGE, Hedger, idle, plan

ERRORS = (anytws.RequestFailed, anytws.RequestTimedOut)
HEDGED_TWICE = plan(Event(On("PlaceOrderRequest", nth=2), CutUnanswered()))


def hedged_once(day: testing.Day) -> None:
    assert sum(fill.shares for fill in day.fills(HEDGE)) >= -100


@settings(max_examples=6)
@testing.days(program=idle, seconds=60.0, reaching=["the connection was lost"])
def test_a_decorated_function_is_a_test(day: testing.Day) -> None:
    assert day.now >= 0


@settings(max_examples=3)
@testing.days(program=idle, seconds=5.0)
def test_it_may_have_fixtures(day, tmp_path_factory) -> None:
    assert tmp_path_factory.getbasetemp().is_dir()
    assert day.is_connected or not day.is_at_rest


def test_a_planted_bug_is_found_and_is_one_fault():
    """A hedge that is sent twice after an EOF."""
    test = settings(max_examples=40, database=None)(testing.days(program=Hedger, restart_on=ERRORS)(hedged_once))
    with pytest.raises(AssertionError) as caught:
        test()
    told = "\n".join(caught.value.__notes__)
    assert "The day: Plan(script=Script(events=(Event(On('PlaceOrderRequest', nth=2), CutUnanswered()),)))" in told
    assert "* CutUnanswered() at PlaceOrderRequest(2)" in told
    assert told.count("SELL 100 MSFT MKT ref=hedge-1\n") == 2
    found = days_of(test).failed
    assert f"anytws.testing.replay({found.token!r})" in told
    assert plan_of(found.token) == found


def test_a_day_is_made_smaller():
    """Hypothesis draws several faults, and leaves out those that do not matter."""
    test = testing.days(program=idle, seconds=60.0, faults=["outages", "prices"])(connected_at_most_once)
    test = settings(max_examples=40, database=None, phases=[Phase.generate, Phase.shrink])(test)
    with pytest.raises(AssertionError):
        test()
    found = days_of(test).failed
    assert found is not None
    assert len(found.script.events) == 1
    assert found.schedule == 0


def connected_at_most_once(day: testing.Day) -> None:
    assert day.story.connections <= 1


def test_a_token_is_a_day_that_comes_first():
    test = testing.replay(HEDGED_TWICE.token)(testing.days(program=Hedger, restart_on=ERRORS)(hedged_once))
    with pytest.raises(AssertionError):
        test()
    assert days_of(test).count == 1
    alone = settings(phases=[Phase.explicit])(test)
    with pytest.raises(AssertionError):
        alone()
    assert days_of(test).failed == HEDGED_TWICE


def test_what_is_replayed_is_not_swept_again():
    """A test that is run twice does the same twice."""
    test = settings(max_examples=4, database=None)(testing.days(program=idle, seconds=5.0)(lambda day: None))
    test()
    first = days_of(test).count
    test()
    assert days_of(test).count == first == 4


def test_what_no_day_reached_fails():
    wanted = {"a miracle": lambda day: False, "anything": lambda day: True}
    test = testing.days(program=idle, seconds=5.0, reaching=wanted)(lambda day: None)
    with pytest.raises(NeverReached, match="none of 3 days was in this situation: 'a miracle'"):
        settings(max_examples=3, database=None)(test)()


class TestInAClass:
    @settings(max_examples=2)
    @testing.days(program=idle, seconds=5.0)
    def test_of_a_method(self, day, tmp_path_factory) -> None:
        assert isinstance(self, TestInAClass)
        assert isinstance(day, testing.Day)
        assert tmp_path_factory


def test_what_looks_at_a_day_is_a_plain_function():
    async def looks(day) -> None:
        raise NotImplementedError

    with pytest.raises(TypeError, match="looks is async: what looks at a day only looks"):
        testing.days(program=idle)(looks)
    with pytest.raises(TypeError, match="takes no parameter: it is given the day"):
        testing.days(program=idle)(lambda: None)


def test_mistakes_are_told_where_they_are_made():
    with pytest.raises(ValueError, match="is no situation that has a name"):
        testing.days(program=idle, reaching=["never heard of"])
    with pytest.raises(ValueError, match="is no kind of fault"):
        testing.days(program=idle, faults=["weather"])
    with pytest.raises(TypeError, match="is no test of days"):
        testing.replay(HEDGED_TWICE.token)(hedged_once)
    with pytest.raises(ValueError, match="begins with"):
        testing.replay("nonsense")


def test_days_run_without_pytest():
    calls = []
    testing.run_days(idle, calls.append, days=6, seconds=10.0, seed=3)
    assert len({id(day) for day in calls}) == 6
    with pytest.raises(AssertionError):
        testing.run_days(Hedger, hedged_once, days=1, tokens=[HEDGED_TWICE.token], restart_on=ERRORS)
    testing.run_days(idle, calls.append, days=8, seconds=10.0, reaching="connected again")
    with pytest.raises(NeverReached):
        testing.run_days(idle, calls.append, days=2, seconds=1.0, faults=(), reaching="partly filled")


def test_the_same_seed_draws_the_same_days():
    def drawn(seed: int) -> list[str]:
        plans = []
        testing.run_days(
            idle, lambda day: plans.append(repr(day.plan)) if day.is_at_rest else None, days=8, seconds=9.0, seed=seed
        )
        return plans

    assert drawn(1) == drawn(1) != drawn(2)


def test_it_keeps_its_name_and_its_parameters():
    def test_named(day: testing.Day, tmp_path: int) -> None:
        """Told."""

    test = testing.days(program=idle)(test_named)
    assert test.__name__ == "test_named"
    assert test.__doc__ == "Told."
    assert [*inspect.signature(test).parameters] == ["tmp_path"]
    assert get_type_hints(test_named)["day"] is testing.Day


def test_the_package_is_its_function():
    from anytws.testing import days

    assert testing.days is days
    assert testing.explore.explore is not None
    assert {*testing.__all__} <= {*dir(testing), *testing.__all__}
    for name in (*testing.__all__,):
        assert getattr(testing, name) is not None
    for name in days.__all__:
        assert getattr(days, name) is not None
    for module in (testing, days):
        with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
            module.nothing  # noqa: B018


def test_a_mistake_of_the_program_is_found_by_the_calm_day_too():
    async def broken(tws) -> None:
        raise ZeroDivisionError

    test = settings(max_examples=2, database=None, suppress_health_check=list(HealthCheck))(
        testing.days(program=broken, seconds=1.0)(lambda day: None)
    )
    with pytest.raises(ZeroDivisionError):
        test()


def test_a_fault_at_a_time_is_found_too():
    test = testing.days(program=idle, seconds=60.0)(connected_at_most_once)
    day = plan(Event(At(30.0), CutConnection()))
    with pytest.raises(AssertionError):
        settings(max_examples=1)(testing.replay(day.token)(test))()
