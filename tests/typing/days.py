"""Tests of days, as the type checkers see them. Checked by `python3 dev.py types`, never run."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import assert_type

import anytws
from anytws import testing
from anytws.testing.days import DayFill, LiveOrder
from anytws.testing.days.program import Connect, KeepConnected


class Bot:
    async def run(self, tws: anytws.Tws) -> None:
        await tws.current_time()


async def bot(tws: anytws.Tws) -> None:
    await tws.current_time()


async def own_connections(connect: Connect) -> None:
    async with connect("127.0.0.1", 7497, client_id=1) as tws:
        assert_type(tws, anytws.Tws)


async def stays(keep_connected: KeepConnected) -> None:
    async with keep_connected("127.0.0.1", 7497, client_id=1, policy=anytws.NIGHTLY_RESTART) as tws:
        assert_type(tws, anytws.Tws)


@testing.days(program=stays)
def test_of_one_that_stays(day: testing.Day) -> None:
    assert day.is_connected or day.now


@testing.days(program=Bot, reaching=["partly filled"], restart_on=(anytws.RequestTimedOut,))
def test_alone(day: testing.Day) -> None:
    assert_type(day.position("AAPL"), Decimal)
    assert_type(day.live_orders, tuple[LiveOrder, ...])
    assert_type(day.fills("ref"), tuple[DayFill, ...])
    assert_type(day.is_at_rest, bool)
    assert_type(day.now, float)
    assert_type(str(day.story), str)


def is_quiet(day: testing.Day) -> bool:
    return day.is_at_rest


@testing.replay("day1-")
@testing.days(program=bot, reaching={"mine": is_quiet}, faults=["outages"])
def test_with_fixtures(day: testing.Day, tmp_path: Path) -> None:
    assert day.now < 1 or tmp_path.is_dir()


@testing.days(program=own_connections)
def test_of_connections(day: testing.Day) -> None:
    assert day.is_connected or day.now


def use(folder: Path) -> None:
    assert_type(test_alone(), None)
    assert_type(test_with_fixtures(tmp_path=folder), None)
    test_of_connections()
    assert_type(testing.run_days(Bot, lambda day: None, days=3), None)
    assert_type(testing.plan_of("day1-"), testing.Plan)
    assert_type(testing.Plan().token, str)
    outcome = testing.explore("test_bot.py::test_alone", minutes=1.0)
    assert_type(outcome.days, int)
