"""Days as Hypothesis tests: `days` for pytest, `run_days` for anything else, `replay` for one day again."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

import attrs
import hypothesis
from hypothesis import HealthCheck, Phase, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from anytws.simulator.settings import WorldSettings
from anytws.testing.days.day import Day
from anytws.testing.days.drawn import USUAL, Drawing
from anytws.testing.days.plan import DAY_SETTINGS, Plan, plan_of
from anytws.testing.days.program import Program
from anytws.testing.days.repeatable import require_trio
from anytws.testing.days.running import live
from anytws.testing.days.situations import Situation, situations

_P = ParamSpec("_P")

_HANDLE: Final = "anytws_days"


class NeverReached(AssertionError):
    """None of the days came into a situation that the test wants to meet."""


@attrs.define(eq=False)
class DaysTest:
    """What a decorated test is made of; it is the attribute ``anytws_days`` of that."""

    program: Program
    check: Callable[[Day], None]
    """What looks at a day, where it needs no fixtures."""
    drawing: Drawing
    parameter: str
    """The name of the parameter that is the day."""
    wanted: Mapping[str, Situation]
    restart_on: tuple[type[Exception], ...]
    reached: set[str] = attrs.field(factory=set[str])
    """The situations that the days of the last run reached."""
    count: int = 0
    """How many days were lived through in the last run."""
    failed: Plan | None = None
    """The last day that failed: after Hypothesis has told of one, the smallest that it has found."""

    def live(self, plan: Plan, check: Callable[[Day], None]) -> Day:
        """Live through the day of *plan*."""
        self.count += 1
        try:
            day = live(plan, self.program, check, restart_on=self.restart_on)
        except BaseException:
            self.failed = plan
            raise
        for name, holds in self.wanted.items():
            if name not in self.reached and holds(day):
                self.reached.add(name)
                if hypothesis.currently_in_test_context():
                    hypothesis.event(name)
        return day

    def sweep(self, most: int) -> list[Plan]:
        """Give the days with one fault each that come first: of *most* days that are lived through, half."""
        return self.drawing.sweep(most // 2)

    def look(self, check: Callable[[Day], None], *, days: int, seed: int) -> None:
        """Live through *days* days that are drawn from *seed*; raise what the smallest that fails does."""

        def of_one_day(plan: Plan) -> None:
            self.live(plan, check)

        chosen = hypothesis_settings(
            max_examples=days,
            database=None,
            deadline=None,
            derandomize=False,
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        )
        hypothesis.seed(seed)(chosen(given(self.drawing.plans)(of_one_day)))()

    def require_reached(self) -> None:
        """Raise `NeverReached` if the days of the last run missed a situation."""
        missed = [name for name in self.wanted if name not in self.reached]
        if missed:
            names = ", ".join(map(repr, missed))
            raise NeverReached(
                f"none of {self.count} days was in this situation: {names}. "
                "Have the program do what leads there, allow more of the faults, or run more days"
            )


def days(
    *,
    program: Program,
    settings: WorldSettings = DAY_SETTINGS,
    reaching: Iterable[str] | Mapping[str, Situation] = (),
    seconds: float = 1800.0,
    messages: int = 200,
    faults: Iterable[str] = USUAL,
    restart_on: tuple[type[Exception], ...] = (),
) -> Callable[[Callable[Concatenate[Day, _P], None]], Callable[_P, None]]:
    """Make a test of days out of a function that looks at one: ``@testing.days(program=my_bot)``.

    The function is called with the `Day` after everything that happens on it, and once when it is at rest; it asserts
    what has to be true. Its other parameters are fixtures. There are as many days as
    ``@settings(max_examples=…)`` outside of this says. Up to half of them have one fault each, at one word after the
    other of what is said on a day without faults; the others are drawn by Hypothesis, which shrinks one that fails to
    the few faults that matter. There is no deadline for a day in real seconds.

    *program* is what is tested (`anytws.testing.days.program` says what it may be). *settings* are what TWS is like.
    *reaching* names situations that at least one of the days has to be in (`SITUATIONS`), or gives some of one's own by
    name. A day has *seconds* of its own clock, and no more faults after *messages* have passed. A program that is given
    its connection is started anew when that ends, and when it raises what is in *restart_on*. *faults* are the kinds of
    what may go wrong (`KINDS`).

    Raises `ImportError` where trio is older than 0.35.
    """
    require_trio()
    wanted = situations(reaching)
    drawing = Drawing(program, settings, kinds=faults, seconds=seconds, messages=messages)

    def decorate(check: Callable[Concatenate[Day, _P], None]) -> Callable[_P, None]:
        parameter = _parameter_of(check)
        look: Callable[..., None] = check
        about = DaysTest(program, look, drawing, parameter, wanted, restart_on)

        @wraps(check)
        def of_one_day(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (those of the test)
            plan = kwargs.pop(parameter)
            about.live(plan, lambda day: look(*args, **{parameter: day}, **kwargs))

        return _around(given(**{parameter: st.deferred(lambda: drawing.plans)})(of_one_day), about)

    return decorate


def _parameter_of(check: Callable[..., object]) -> str:
    """Give the name of the parameter of *check* that is the day: the first, or of a method the second."""
    if inspect.iscoroutinefunction(check):
        raise TypeError(f"{check.__name__} is async: what looks at a day only looks, and has nothing to wait for")
    names = [name for name in inspect.signature(check).parameters if name != "self"]
    if not names:
        raise TypeError(f"{check.__name__} takes no parameter: it is given the day")
    return names[0]


def _around(tested: Callable[..., None], about: DaysTest) -> Callable[..., None]:
    """Give *tested*, which Hypothesis has made, with what is to be done before and after all of its days."""

    @wraps(tested)
    def test(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (those of the test)
        # What decorators outside have hung on this function is meant for the one that Hypothesis has made.
        said = {name: value for name, value in vars(test).items() if "hypothesis" in name}
        vars(tested).update({**said, _EXAMPLES: list(said.get(_EXAMPLES, ()))})
        chosen = said.get(_SETTINGS) or hypothesis_settings()
        about.reached.clear()
        about.count = 0
        is_looking = Phase.generate in chosen.phases
        # One fault at a time first; what needs several is drawn, and made smaller.
        swept = about.sweep(chosen.max_examples) if is_looking and Phase.explicit in chosen.phases else []
        mine = vars(tested).pop(_EXAMPLES, [])
        # Hypothesis begins with the last.
        for plan in reversed(swept):
            example(**{about.parameter: plan})(tested)
        vars(tested)[_EXAMPLES] = [*vars(tested).get(_EXAMPLES, ()), *mine]
        vars(tested)[_SETTINGS] = hypothesis_settings(
            chosen, deadline=None, max_examples=max(chosen.max_examples - len(swept), 1), report_multiple_bugs=False
        )
        tested(*args, **kwargs)
        if is_looking:
            about.require_reached()

    vars(test)[_HANDLE] = about
    return test


_SETTINGS: Final = "_hypothesis_internal_use_settings"
_EXAMPLES: Final = "hypothesis_explicit_examples"


def days_of(test: Callable[..., object]) -> DaysTest:
    """Give what *test* is made of. Raises `TypeError` if it is no test of days."""
    about = getattr(test, _HANDLE, None)
    if not isinstance(about, DaysTest):
        raise TypeError(f"{test!r} is no test of days: it has no @testing.days")
    return about


def replay(token: str) -> Callable[[Callable[_P, None]], Callable[_P, None]]:
    """Have a test of days begin with the day of *token*: ``@testing.replay("day1-…")`` above ``@testing.days(…)``.

    A day that once failed stays a test so. Raises `ValueError` for what is no token, or one of another version.
    """
    plan = plan_of(token)

    def decorate(test: Callable[_P, None]) -> Callable[_P, None]:
        about = days_of(test)
        example(**{about.parameter: plan})(test)
        return test

    return decorate


def run_days(
    program: Program,
    check: Callable[[Day], None],
    *,
    days: int = 100,
    seed: int = 0,
    tokens: Iterable[str] = (),
    settings: WorldSettings = DAY_SETTINGS,
    reaching: Iterable[str] | Mapping[str, Situation] = (),
    seconds: float = 1800.0,
    messages: int = 200,
    faults: Iterable[str] = USUAL,
    restart_on: tuple[type[Exception], ...] = (),
) -> None:
    """Run *program* through *days* days without pytest, and call *check* as `days` does, which has the same options.

    The same *seed* draws the same days. Those of *tokens* come first. Raises what *check* raises, with the story of the
    smallest day that was found in its notes.
    """
    require_trio()
    drawing = Drawing(program, settings, kinds=faults, seconds=seconds, messages=messages)
    about = DaysTest(program, check, drawing, "day", situations(reaching), restart_on)
    for token in tokens:
        about.live(plan_of(token), check)
    swept = about.sweep(days)
    for plan in swept:
        about.live(plan, check)
    about.look(check, days=days - len(swept), seed=seed)
    about.require_reached()
