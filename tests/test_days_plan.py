"""A day is a value, and a token stands for it: whole, or not at all. A token needs neither Hypothesis nor trio."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.messages import CurrentTime, Stock, TickType
from anytws.messages.market_data import TickAttributes
from anytws.messages.order_words import OrderStatusWord
from anytws.simulator import HangUp, Holding, Opening, WorldSettings
from anytws.simulator.faults import At, CutConnection, CutUnanswered, Event, FillOrder, On, Say, Script
from anytws.simulator.market.models import FLAT, Path, PathPoint
from anytws.testing.days.plan import DAY_SETTINGS, Plan, plan_of
from anytws.testing.days.values import brief, from_json, to_json

FULL = Plan(
    settings=WorldSettings(
        accounts=("DU1", "DU2"),
        opening=(Opening.NEXT_VALID_ID, CurrentTime(datetime(2026, 1, 5, tzinfo=UTC))),
        positions=(Holding("AAPL", Decimal("1.50"), 10.25),),
        trusted_addresses={"::1", "10.0.0.1"},
        utc_offset=timedelta(hours=-5),
        connection_time=b"\xff now",
        seed=7,
    ),
    script=Script(
        (
            Event(At(12.5), CutConnection(HangUp.RESET)),
            Event(On("PlaceOrderRequest", {"contract.symbol": "AAPL"}, nth=2), CutUnanswered(), chance=0.5),
            Event(On("OrderStatus", nth=1), FillOrder(Decimal(3), reference="x")),
        )
    ),
    schedule=99,
    seconds=1e9,
    messages=1,
)


@pytest.mark.parametrize("plan", [Plan(), FULL], ids=["usual", "full"])
def test_a_token_stands_for_its_day(plan: Plan):
    assert plan_of(plan.token) == plan
    assert plan.token.isascii()
    assert not {*plan.token} & set(" $`'\"\\&|;<>*?!#()")


def test_the_usual_day_is_a_short_word():
    assert len(Plan().token) < 70
    assert len(Plan(script=Script((Event(On("PlaceOrderRequest", nth=2), CutUnanswered()),))).token) < 300


def test_a_day_has_an_epoch():
    """Else it would be that of the clock of this machine, and each day another one."""
    assert Plan(settings=WorldSettings()).settings.epoch_at_zero == DAY_SETTINGS.epoch_at_zero
    mine = datetime(2026, 3, 8, 6, 0, tzinfo=UTC)
    assert Plan(settings=WorldSettings(epoch_at_zero=mine)).settings.epoch_at_zero == mine


def test_blanks_and_ends_of_lines_do_not_matter():
    token = FULL.token
    assert plan_of(f"  {token[:40]}\n {token[40:]}\n") == FULL


@pytest.mark.parametrize(
    "spoil, wanted",
    [
        (lambda token: token[:-4], "not whole"),
        (lambda token: token.replace("day1-", "day9-"), "begins with 'day1-'"),
        (lambda token: "", "begins with 'day1-', and this one with ''"),
        (lambda token: token[:9] + ("A" if token[9] != "A" else "B") + token[10:], "not whole"),
        (lambda token: token + "$", "characters"),
        (lambda token: token[:30] + "ü" + token[31:], "characters"),
    ],
)
def test_what_is_no_token_says_why(spoil, wanted: str):
    with pytest.raises(ValueError, match=wanted):
        plan_of(spoil(FULL.token))


@given(st.data())
def test_no_slip_of_one_character_is_taken(data: st.DataObject):
    token = Plan(schedule=5).token
    place = data.draw(st.integers(5, len(token) - 2))
    other = data.draw(st.sampled_from("ABCabc019-_").filter(lambda char: char != token[place]))
    with pytest.raises(ValueError, match="token"):
        plan_of(token[:place] + other + token[place + 1 :])


def token_of(text: str) -> str:
    import base64

    packed = zlib.compress(text.encode())
    return "day1-" + base64.urlsafe_b64encode(zlib.crc32(packed).to_bytes(4, "big") + packed).decode().rstrip("=")


@pytest.mark.parametrize(
    "said, wanted",
    [
        ({"of": "simulator.settings:WorldSettings"}, "and not for a day"),
        ({"of": "simulator.settings:Nothing"}, "no class of this version"),
        ({"of": "simulator.nowhere:Nothing"}, "no class of this version"),
        ({"of": "simulator.world:World"}, "World is no value"),
        ({"of": "simulator.settings:EPOCH"}, "is no class"),
        ({"of": "..os:system"}, "no class of the simulator"),
        ({"of": "cli.demo:App"}, "no class of the simulator"),
        ({"of": "testing.days.plan:Plan", "=speed": 3}, "no value can be made"),
        ({"of": "testing.days.plan:Plan", "=script": {"decimal": "x"}}, "no value can be made"),
        ({"wrong": 1}, "is no value of a token"),
        ({}, "is no value of a token"),
        (1.5, "is no value of a token"),
    ],
)
def test_a_token_makes_nothing_but_values_of_the_simulator(said: object, wanted: str):
    with pytest.raises(ValueError, match=wanted):
        plan_of(token_of(json.dumps(said)))


def test_a_setting_that_is_none_is_refused_by_its_class():
    said = to_json(FULL)
    said["=settings"]["=seed"] = -1
    with pytest.raises(ValueError, match="seed is -1"):
        plan_of(token_of(json.dumps(said)))


def test_a_token_that_swells_is_cut_off():
    with pytest.raises(ValueError, match="longer than"):
        plan_of(token_of(json.dumps("x" * 2_000_000)))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -3,
        "text \u20ac\0",
        b"\0\xff",
        0.1,
        float("inf"),
        Decimal("-1.2300"),
        timedelta(days=-1, microseconds=7),
        datetime(2026, 1, 5, 14, 30, 0, 7, tzinfo=UTC),
        date(2026, 2, 28),
        (1, ("a", None)),
        frozenset({"b", "a"}),
        HangUp.RESET,
        TickType.BID,
        TickType(9999),
        OrderStatusWord("Thinking"),
        TickAttributes(3),
        Stock("AAPL"),
        Path([PathPoint(1, 2, Decimal("3.5"))]),
        FLAT,
        CutConnection,
        Say(CurrentTime(datetime(2026, 1, 5, tzinfo=UTC))),
    ],
)
def test_values_come_back_as_they_were(value: object):
    back = from_json(json.loads(json.dumps(to_json(value))))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("value", [len, object(), [1], {"a": 1}, datetime(2026, 1, 5), 1j])  # noqa: DTZ001
def test_what_is_no_value_of_the_simulator_is_refused(value: object):
    with pytest.raises(ValueError, match="cannot be in a token"):
        to_json(value)


def test_a_class_of_somebody_else_is_refused():
    @attrs.frozen
    class Mine:
        x: int = 1

    with pytest.raises(ValueError, match="none of the simulator's classes"):
        to_json(Mine())


def test_a_day_is_shown_as_one_would_write_it():
    plan = Plan(script=Script((Event(On("OrderStatus", nth=1), FillOrder(Decimal(3), reference="x")),)), schedule=7)
    event = "Event(On('OrderStatus', nth=1), FillOrder(shares=Decimal('3'), reference='x'))"
    assert repr(plan) == f"Plan(script=Script(events=({event},)), schedule=7)"
    assert repr(Plan()) == "Plan()"
    assert brief(Plan(settings=attrs.evolve(DAY_SETTINGS, seed=3))).startswith("Plan(settings=WorldSettings(")
    assert brief((HangUp.EOF, TickType(9999), 1.5)) == "(HangUp.EOF, TickType(9999), 1.5)"


def test_a_token_is_read_without_hypothesis_and_trio():
    """So that the command line can replay a day."""
    source = (
        "import sys; from anytws.testing.days.plan import plan_of\n"
        f"plan_of({FULL.token!r}); print(*{{'hypothesis', 'trio', 'pytest'}} & {{*sys.modules}})"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_token_is_the_same_under_every_hash_seed():
    source = (
        "from anytws.testing.days.plan import Plan; from anytws.simulator import WorldSettings\n"
        "print(Plan(settings=WorldSettings(trusted_addresses={'a', 'b', 'c', 'd'})).token)"
    )
    tokens = {
        subprocess.run(
            [sys.executable, "-c", source], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("0", "7")
    }
    assert len(tokens) == 1
