"""Whole days of programs (`tests.order_days.bots`), in batches: a seed is a program and some days that are drawn."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from typing import Final

import attrs
import hypothesis

from anytws.machines.order import OrderLife
from anytws.machines.order_state import OrderOutcome
from anytws.messages.order_words import OrderStatusWord
from anytws.simulator.exchange.models import Habits, Latency, Pieces, Progress
from anytws.simulator.exchange.order import HeldOrder
from anytws.simulator.faults import Repeat
from anytws.testing.days.day import Day
from anytws.testing.days.drawn import Drawing
from anytws.testing.days.plan import DAY_SETTINGS, Plan
from anytws.testing.days.running import live as run_one
from tests.order_days.bots import PROGRAMS, Program
from tests.order_days.checks import Checks, is_it, shown
from tests.order_days.house import Wrong

DAYS: Final = 10
"""So many days a batch has."""
KINDS: Final = ("prices", "fills", "rejects", "outages", "outages", "words")


class _Made:
    """Makes fresh programs, and keeps the newest for who looks at its day."""

    def __init__(self, kind: type[Program]) -> None:
        self._kind = kind
        self.newest: Program | None = None

    def __call__(self) -> Program:
        self.newest = self._kind()
        return self.newest


class _Truth:
    """The orders of a day, as `Checks` wants to see them."""

    def __init__(self, day: Day) -> None:
        orders = day.world.exchange.orders
        self.held: dict[int, HeldOrder] = {held.permanent_id: held for held in (*orders.ended, *orders.live)}
        self.doubles: set[int] = set()
        self.most_filled: dict[int, Decimal] = {number: held.filled for number, held in self.held.items()}


def look(day: Day, program: Program, occurred: Counter[str]) -> None:
    """See to it that what must hold holds, now, and more at rest."""
    truth = _Truth(day)
    checks = Checks(truth)
    checks.one_order_for_one_intent()
    if program.wrong:
        raise Wrong("; ".join(program.wrong))
    for ref, order_id in program.never:
        if any((held.order.order_reference, held.order_id) == (ref, order_id) for held in truth.held.values()):
            raise Wrong(f"it was said never to have arrived, and did: {ref!r}, {order_id}")
    if isinstance_of_rebalancer(program):
        most = day.position("AAPL") + sum([order.remaining for order in day.live_orders], Decimal(0))
        if most > Decimal(30):
            raise Wrong(f"more than was wanted: {most}")
    tws = program.tws
    if tws is None:
        return
    checks.look(list(tws.known_orders.lives))
    if day.is_at_rest:
        occurred.update(set(program.seen))
        occurred[program.name] += 1
        _compare(tws.known_orders.lives, truth, checks, is_odd=_says_statuses_late(day.plan))


def isinstance_of_rebalancer(program: Program) -> bool:
    """Tell whether *program* has a target that it must not exceed."""
    return program.name == "rebalancer"


def _says_statuses_late(plan: Plan) -> bool:
    """Tell whether a status is said again behind later ones, which no TWS was seen to do: then it is contested."""
    return any(isinstance(event.do, Repeat) and event.do.seconds > 0 for event in plan.script.events)


def _compare(lives: dict[OrderLife, None], truth: _Truth, checks: Checks, *, is_odd: bool) -> None:
    """Compare what is believed of this client's orders with what is true. *is_odd*: contested is right as well."""
    known = {life.permanent_id: life for life in lives if life.permanent_id}
    for number, held in truth.held.items():
        if held.client_id != 1 or held.status is None:
            continue
        named = [life for life in lives if is_it(life, held)]
        # Of one that was refused, or whose words were lost, only its id may be known.
        life = known.get(number) or next(iter(named), None)
        if life is None:
            raise Wrong(f"it is not known at all: {shown(held)}")
        if not (is_odd and life.state.is_contested):
            checks.compare(life, held, all_costs=False)
    for life in lives:
        if life.permanent_id not in truth.held and life.state.status in (OrderOutcome.OPEN, OrderOutcome.FILLED):
            raise Wrong(f"there is no such order: {life.state}")


def live(seed: int) -> Counter[str]:
    """Live through the batch *seed*. Raises for the smallest day of it that fails, with its story and token."""
    made = _Made(PROGRAMS[seed % len(PROGRAMS)])
    occurred: Counter[str] = Counter()

    def check(day: Day) -> None:
        assert made.newest is not None, "it was made as the day began"
        look(day, made.newest, occurred)

    drawing = _drawing(seed % len(PROGRAMS), seed // len(PROGRAMS) % len(SETTINGS))

    def of_one_day(plan: Plan) -> None:
        run_one(plan, made, check)

    chosen = hypothesis.settings(_CHOSEN, max_examples=DAYS)
    hypothesis.seed(seed)(chosen(hypothesis.given(drawing.plans)(of_one_day)))()
    return occurred


@cache
def _drawing(program: int, settings: int) -> Drawing:
    return Drawing(PROGRAMS[program], SETTINGS[settings], kinds=KINDS, seconds=900.0, messages=400)


_CHOSEN: Final = hypothesis.settings(
    database=None,
    deadline=None,
    print_blob=False,
    # Whoever is shown a day that failed has its token, and time to make it smaller.
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)


_HABITS: Final = (
    Habits(),
    Habits(first_word=OrderStatusWord.PRE_SUBMITTED, says_filled=False, repeats=2),
    Habits(says_status_first=True, says_fill_twice=False, says_orders_on_connect=True),
    Habits(says_pending_cancel=True, completed_has_order_id=False, says_status_before_execution=True),
)
SETTINGS: Final = tuple(
    attrs.evolve(
        DAY_SETTINGS,
        server_version=version,
        habits=habits,
        latency=Latency(acknowledge=acknowledge),
        progress=Progress.BY_MARKET if number % 2 else Progress.BY_HAND,
        pieces=Pieces.SHOWN,
    )
    for number, (version, acknowledge, habits) in enumerate(
        [
            (version, acknowledge, habits)
            for version in (226, 176, 200)
            for acknowledge in (0.15, 1.0)
            for habits in _HABITS
        ]
    )
)
"""What TWS is like on these days."""


@contextmanager
def quiet() -> Iterator[None]:
    """Have connections not log: what happens to them is meant to."""
    log = logging.getLogger("anytws")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)
