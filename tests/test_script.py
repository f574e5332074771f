"""Scripts of trouble as values and as files: what is written is what is read."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anytws.messages import CurrentTime, ErrorMessage, NewsBulletin, NewsBulletinType, Position, Stock
from anytws.messages.base import ToClient
from anytws.simulator import HangUp, World, WorldSettings
from anytws.simulator.exchange.models import Habits
from anytws.simulator.faults import (
    FAULTS,
    TRIGGERS,
    AfterMessages,
    At,
    ConnectionLost,
    CutConnection,
    Event,
    NeverAnswer,
    NightlyRestart,
    On,
    Refused,
    RequestRule,
    Rewrite,
    RewriteRaw,
    Say,
    SayBytes,
    SayingRule,
    Script,
)
from anytws.simulator.faults.file import event_table, read_events, write_script
from anytws.simulator.faults.plain import Misplaced, hints_of, read, read_table, write, write_table
from anytws.simulator.faults.toml import write_line, write_value
from anytws.simulator.faults.triggers import ANY_REQUEST, ANY_SAYING
from anytws.simulator.files import Case, CaseError, read_world, write_world

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SECONDS = st.one_of(st.integers(0, 10**6), st.floats(0, 1e6))
PLAIN = st.one_of(TEXTS, st.integers(-(2**40), 2**40), st.floats(allow_nan=False), st.booleans())
SAYINGS = st.sampled_from(
    [
        NewsBulletin(1, NewsBulletinType.REGULAR, 'he said "\t"', "NYSE"),
        ErrorMessage(None, 2104, "ok", error_time=datetime(2026, 1, 5, 14, 30, tzinfo=UTC)),
        CurrentTime(datetime(2026, 1, 5, 14, 30, tzinfo=UTC)),
        Position("DU1", Stock("AAPL"), Decimal("0.00025289"), 287.35),
    ]
)
OF_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "symbol": st.just("AAPL"),
    "clock": st.sampled_from(["00:00", "23:45", "12:30:59"]),
    "of": st.sampled_from([ANY_SAYING, ANY_REQUEST, "TickPrice"]),
    "until": st.sampled_from(["OrderStatus", "ExecutionDetails"]),
    "message": SAYINGS,
    "empty": st.lists(st.sampled_from(["account", "contract.strike"]), max_size=2).map(tuple),
    "ids": st.lists(st.integers(0, 99)).map(tuple),
    "change": st.just({"read_only": True}),
    "at": SECONDS,
    "raw": TEXTS,
    "field": st.just("account"),
    "fields": st.dictionaries(st.sampled_from(["account"]), TEXTS),
    "where": st.dictionaries(TEXTS.filter(bool), PLAIN, max_size=3),
    "port": st.integers(1, 65535),
    "rate": st.integers(1, 10**6),
    "again": st.integers(1, 1000),
}


def of_hint(hint: Any) -> st.SearchStrategy[Any]:
    """Give values of a type."""
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    for known, strategy in (
        (bool, st.booleans()),
        (int, st.integers(1, 1000)),
        (float, SECONDS.filter(lambda seconds: seconds >= 0.001)),
        (str, TEXTS),
        (bytes, st.binary(max_size=20)),
        (Decimal, st.decimals("0.01", "1000000", places=2)),
    ):
        if hint is known:
            return strategy
        if hint == known | None:
            return st.none() | strategy
    raise LookupError(hint)


def values_of(cls: type[Any]) -> st.SearchStrategy[Any]:
    """Give values of a class of the vocabulary."""
    hints = hints_of(cls)
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for field in attrs.fields(cls):
        if cls is SayBytes and field.name == "raw":
            fields[field.name] = st.binary(max_size=20)
        else:
            known = OF_FIELDS.get(field.name)
            fields[field.name] = of_hint(hints[field.name]) if known is None else known
    return st.builds(cls, **fields)


def events_of(fault: type[Any]) -> st.SearchStrategy[Event]:
    """Give events in which a fault of this class happens."""
    kinds = ["Position"] if issubclass(fault, SayingRule) else ["PlaceOrderRequest", ANY_REQUEST]
    on = st.builds(
        On,
        st.sampled_from(kinds),
        where=OF_FIELDS["where"],
        nth=st.none() | st.integers(1, 9),
        every=st.integers(1, 3),
        times=st.none() | st.integers(1, 9),
        begin=SECONDS,
        end=st.none() | SECONDS,
    )
    others = st.one_of([values_of(trigger) for trigger in TRIGGERS if trigger is not On])
    when = on if issubclass(fault, (RequestRule, SayingRule)) else on | others
    return st.builds(
        Event,
        when,
        values_of(fault),
        clients=st.lists(st.integers(0, 99), max_size=2).map(tuple),
        chance=st.just(1.0) | st.floats(0, 1),
    )


SCRIPTS = st.lists(st.one_of([events_of(fault) for fault in FAULTS]), max_size=4).map(Script)


@given(SCRIPTS)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_what_is_written_is_what_is_read(script: Script):
    text = write_script(script)
    assert read_events(tomllib.loads(text).get("events", [])) == script
    assert read_world(text) == Case(script=script)
    assert write_script(read_world(text).script) == text


@pytest.mark.parametrize("fault", FAULTS)
def test_every_word_can_be_written_and_read(fault):
    @given(events_of(fault))
    @settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])
    def back(event: Event):
        assert read_events(tomllib.loads(write_script(Script((event,))))["events"]) == Script((event,))
        assert hash(event) == hash(attrs.evolve(event))

    back()


def test_half_a_character_has_no_place_in_a_file():
    with pytest.raises(ValueError, match="cannot hold"):
        write_script(Script((Event(On("Position"), RewriteRaw("account", "\udc80")),)))


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("[[events]]\ndo = 'wedged'", "events[1] is {'do': 'wedged'}, and has to be when it happens"),
        ("[[events]]\nat = 1\nclock = '23:45'\ndo = 'wedged'", "has to be when it happens"),
        ("[[events]]\nat = 1", "events[1].do is None, and has to be one of latency, bandwidth"),
        ("[[events]]\nat = 1\ndo = 'wedged'\n[[events]]\nat = 1\ndo = 'wedge'", "events[2].do is 'wedge'"),
        (
            "[[events]]\nat = 1\ndo = 'wedged'\nsecs = 3",
            "events[1].secs is 3, and has to be left out: wedged with at has",
        ),
        ("[[events]]\nat = -1\ndo = 'wedged'", "events[1].at is -1, and has to be a number of seconds from 0"),
        ("[[events]]\nat = 'noon'\ndo = 'wedged'", "events[1].at is 'noon', and has to be a number"),
        ("[[events]]\nat = 1\ndo = 'wedged'\nseconds = -5", "events[1].seconds is -5"),
        ("[[events]]\nat = 1\ndo = 'never_answer'", "and has to be at a request of a client (On)"),
        ("[[events]]\nat = 1\ndo = 'move_to'\nsymbol = 'AAPL'", "events[1].price is None, and has to be given"),
        (
            "[[events]]\nat = 1\ndo = 'cut_connection'\nhow = 'softly'",
            "events[1].how is 'softly', and has to be one of eof",
        ),
        ("[[events]]\nat = 1\ndo = 'say_bytes'\nraw = 'xy'", "a text of hexadecimal digits"),
        ("[[events]]\nat = 1\ndo = 'say'\nmessage = { type = 'Contract' }", "the name of a message of TWS"),
        (
            "[[events]]\nat = 1\ndo = 'say'\nmessage = { type = 'NextValidId', order_id = 'x' }",
            "message.order_id is 'x'",
        ),
        ("[[events]]\non = 'Position'\ndo = 'rewrite'\nfields = { strike = 0 }", "events[1].fields is"),
        ("[[events]]\non = 'Position'\ndo = 'rewrite'\nfields = { x = [] }", "fields.x is []"),
        (
            "[[events]]\non = 'Nothing'\ndo = 'leave_out'",
            "events[1].on is 'Nothing', and has to be the name of a message",
        ),
        ("[[events]]\nat = 1\ndo = 'wedged'\nclients = 7", "events[1].clients is 7, and has to be a list"),
        ("[[events]]\nat = 1\ndo = 'wedged'\nchance = 2", "events[1].chance is 2"),
        ("events = 5", "events is 5"),
        ("events = [5]", "events[1] is 5, and has to be a table"),
        ("[settings]\nsead = 1", "settings.sead is 1, and has to be left out: there are personality"),
        ("[settings]\nseed = 'x'", "settings.seed is 'x', and has to be a whole number"),
        ("[settings]\nlines = -5", "settings.lines is -5, and has to be a whole number, at least 0"),
        ("[settings]\npersonality = 'tsw'", "settings.personality is 'tsw', and has to be one of tws, gateway"),
        ("[settings]\nepoch_at_zero = 2026-11-01T05:30:00", "a time with its offset"),
        ("[settings]\nlatency = { acknowledge = 'x' }", "settings.latency.acknowledge is 'x', and has to be a number"),
        ("settings = 3", "settings is 3, and has to be a table"),
        ("[instruments]\nx = 1", "'instruments' is not a key of it"),
        ("what = 1", "what is 1, and has to be a table: there are [settings]"),
        ("[settings", "this is not TOML"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(text, wanted):
    with pytest.raises(CaseError) as caught:
        read_world(text, "day.toml")
    assert str(caught.value).startswith("day.toml: ")
    assert wanted in str(caught.value)


DAY = """
[settings]
seed = 7
personality = "gateway"
accounts = ["DU1", "DU2"]
opening = ["managed-accounts", "next-valid-id", { type = "NextValidId", order_id = 5 }]
farms = [{ kind = "historical", name = "ushmds" }]
trusted_addresses = ["10.0.0.1"]
redirect = ["localhost", 7498]
positions = [{ symbol = "AAPL", quantity = "10.5", average_cost = 100 }]
cash = 5000.25
epoch_at_zero = 2026-11-01T05:30:00Z
utc_offset = -14400
habits = { repeats = 2 }
connection_time = "323032"

[[instrument]]
like = "us_stock"
symbol = "ACME"
contract_id = 99
price = 42.5

[[events]]
at = 300
do = "connection_lost"
"""


def test_a_day_in_a_file():
    case = read_world(DAY, "day.toml")
    assert case.settings.utc_offset == timedelta(hours=-4)
    assert case.settings.epoch_at_zero == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert case.settings.redirect == ("localhost", 7498)
    assert case.settings.cash == Decimal("5000.25")
    assert case.settings.habits == Habits(repeats=2)
    assert case.settings.connection_time == b"202"
    assert case.universe.by_symbol("ACME").contract.contract_id == 99
    assert case.script == Script((Event(At(300), ConnectionLost()),))
    assert read_world(write_world(case)) == case


def test_what_a_file_does_not_say_is_as_it_was():
    base = WorldSettings(seed=9, read_only=True)
    case = read_world("[settings]\nseed = 7", settings=base)
    assert case.settings == WorldSettings(seed=7, read_only=True)
    assert case.universe is None
    assert read_world("") == Case()
    assert write_world(Case()) == ""
    assert World(case.settings, script=case.script).director is None


def test_numbers_and_texts_as_toml():
    values = {"a": [1, 2.5, True, "x\n\x01\x7f"], "b c": {"d": {}}, "t": date(2026, 1, 5), "n": float("-inf")}
    assert tomllib.loads("".join(write_line(name, value) for name, value in values.items())) == values
    assert write_value(float("nan")) == "nan"
    with pytest.raises(ValueError, match="nothing for"):
        write_value(object())


def test_data_that_are_not_of_the_type():
    assert read("x", str | int | None, "p") == "x"
    assert read("none", str | None, "p") == "none"
    assert read("none", float | None, "p") is None
    assert read(["a", 1], tuple[str, int | None], "p") == ("a", 1)
    assert read("2026-01-05", str, "p") == "2026-01-05"
    assert read(date(2026, 1, 5), date, "p") == date(2026, 1, 5)
    for data, hint in (
        (["a"], tuple[str, int]),
        ("none", int),
        ("2026", date),
        (1e300, timedelta),
        ([], Decimal),
        ("inf", Decimal),
        ([], dict),
        (True, int),
        (True, float),
        (1, bool),
        (1, str),
        (True, HangUp),
    ):
        with pytest.raises(Misplaced, match="p"):
            read(data, hint, "p")
    with pytest.raises(Misplaced):
        write(object(), object, "p")
    with pytest.raises(Misplaced, match="p is 5"):
        read_table(5, On, "p")
    assert write_table(At(5)) == {"at": 5}


def test_the_table_of_an_event():
    event = Event(On("PlaceOrderRequest", {"contract.symbol": "AAPL"}, nth=3), NeverAnswer(), clients=(7,), chance=0.5)
    assert event_table(event) == {
        "on": "PlaceOrderRequest",
        "where": {"contract.symbol": "AAPL"},
        "nth": 3,
        "do": "never_answer",
        "clients": [7],
        "chance": 0.5,
    }
    assert event_table(Event(AfterMessages(3), CutConnection(HangUp.RESET))) == {
        "after_messages": 3,
        "do": "cut_connection",
        "how": "reset",
    }


def test_a_script_is_made_of_events():
    with pytest.raises(Refused, match="an Event"):
        Script((NightlyRestart(),))
    script = Script([Event(At(1), Say(CurrentTime(datetime(2026, 1, 5, tzinfo=UTC))))])
    assert script.events[0].do.message.time.year == 2026
    assert issubclass(type(script.events[0].do.message), ToClient)
    assert not script.has_byte_faults
    assert Event(On("saying"), Rewrite({"contract.strike": 0})).do.fields == (("contract.strike", 0),)
