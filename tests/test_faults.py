"""The vocabulary of faults as a whole: what it says of itself, its page, and that a script always plays the same."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anytws.core.state import State
from anytws.messages import (
    CancelMarketData,
    ContractDataRequest,
    CurrentTimeRequest,
    MarketDataRequest,
    MarketOrder,
    OpenOrdersRequest,
    PlaceOrderRequest,
    PositionsRequest,
    Stock,
)
from anytws.messages.market_data import MarketDepthRequest
from anytws.simulator import World, WorldSettings
from anytws.simulator import faults as package
from anytws.simulator.faults import (
    FAULTS,
    TRIGGERS,
    WORDS,
    AfterBytes,
    AfterConnections,
    AfterMessages,
    At,
    ByteFault,
    Event,
    On,
    Refused,
    Script,
    Trigger,
    Way,
)
from anytws.simulator.faults.cards import CARDS
from anytws.simulator.faults.file import event_table
from anytws.simulator.faults.habits import rules_of
from anytws.simulator.faults.texts import FARM_CODES, TEXTS, text_of
from anytws.simulator.faults.words import Habit, word_of
from anytws.simulator.files import read_world
from anytws.simulator.market.models import FLAT
from docs import write_faults
from tests.test_script import events_of
from tests.test_world import Client

ROOT = Path(__file__).parent.parent

COMMON = {"do", "clients", "chance"}


# The vocabulary


def test_every_word_can_be_imported_from_the_package():
    assert {cls.__name__ for cls in (*FAULTS, *TRIGGERS)} <= set(package.__all__)
    assert all(hasattr(package, name) for name in package.__all__)
    assert sorted(package.__all__) == sorted(set(package.__all__))


def test_words_are_those_of_their_classes():
    assert len(WORDS) == len(FAULTS) == len(CARDS)
    assert word_of(package.NightlyRestart) == "nightly_restart"
    assert WORDS["never_answer"] is package.NeverAnswer
    assert [card.id for card in CARDS] == [f"faults.{word}" for word in WORDS]


@pytest.mark.parametrize("cls", [*FAULTS, *TRIGGERS])
def test_each_says_what_it_is_and_each_field_too(cls):
    assert inspect.getdoc(cls)
    assert set(write_faults.field_docs(cls)) >= {field.name for field in attrs.fields(cls)}
    assert attrs.has(cls)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        object.__new__(cls).anything = 1


@pytest.mark.parametrize("fault", FAULTS)
def test_each_says_how_it_is_known(fault):
    assert fault.source
    assert fault.evidence


def test_the_fields_of_an_event_cannot_be_mistaken_for_each_other():
    """In a file they stand side by side in one table."""
    of_triggers = {field.name for trigger in TRIGGERS for field in attrs.fields(trigger)}
    of_faults = {field.name for fault in FAULTS for field in attrs.fields(fault)}
    assert of_triggers & of_faults == set()
    assert (of_triggers | of_faults) & COMMON == set()


def test_the_words_of_toxiproxy_are_all_there():
    names = {word_of(fault): {field.name for field in attrs.fields(fault)} for fault in package.BYTE_FAULTS}
    assert names == {
        "latency": {"latency", "jitter", "stream", "lasts"},
        "bandwidth": {"rate", "stream", "lasts"},
        "slow_close": {"delay", "stream", "lasts"},
        "timeout": {"timeout", "stream", "lasts"},
        "reset_peer": {"timeout", "stream", "lasts"},
        "slicer": {"average_size", "size_variation", "delay", "stream", "lasts"},
        "limit_data": {"bytes", "stream", "lasts"},
    }
    assert all(issubclass(fault, ByteFault) for fault in package.BYTE_FAULTS)
    assert [way.value for way in Way] == ["upstream", "downstream"]


def test_every_habit_has_its_rules():
    samples = [package.CommissionLate(1.0), *(each() for each in package.HABITS if each is not package.CommissionLate)]
    assert all(rules_of(habit) for habit in samples)
    with pytest.raises(TypeError):
        rules_of(Habit())


def test_texts_of_codes():
    assert text_of(200) == "No security definition has been found for the request"
    assert text_of(200, "mine") == "mine"
    assert text_of(2103, farm="usfarm") == "Market data farm connection is broken:usfarm"
    assert text_of(1100, farm="usfarm") == TEXTS[1100]
    assert text_of(4711) == "Error 4711"
    assert set(TEXTS) >= FARM_CODES


def test_a_value_that_is_refused_is_said():
    error = Refused("seconds", -1, "a number")
    assert str(error) == "seconds is -1, and has to be a number"


# The page


def test_the_page_is_that_of_the_vocabulary(capsys: pytest.CaptureFixture[str]):
    assert write_faults.main(["--check"]) == 0, capsys.readouterr().out


def test_a_stale_page_is_found_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    page = tmp_path / "faults.md"
    page.write_text(
        write_faults.PAGE.read_text("utf-8").replace("Some seconds after the start", "Long after the start"), "utf-8"
    )
    assert write_faults.main(["--check"], page) == 1
    assert "write_faults.py" in capsys.readouterr().out
    assert write_faults.main([], page) == 0
    assert page.read_text("utf-8") == write_faults.PAGE.read_text("utf-8")


def toml_blocks() -> list[str]:
    """Give the examples of the page that are files."""
    return re.findall(r"```toml\n(.*?)```", write_faults.PAGE.read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("text", toml_blocks())
def test_the_files_on_the_page_are_files(text):
    case = read_world(text, "the page")
    assert case.script.events
    world = World(case.settings, script=case.script, universe=case.universe)
    world.connect("127.0.0.1", 0.0)
    for event in case.script.events:
        assert event_table(event)["do"] in WORDS
        assert isinstance(event, Event)


# Determinism


def test_seed_settings_and_script_determine_every_byte():
    """Whatever Python's hash is seeded with, in a process of its own, and so on another machine."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.faulty_day", seed],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for hash_seed, seed in (("0", "1"), ("1", "1"), ("4294967295", "1"), ("1", "2"))
    ]
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    assert said[0] == said[1] == said[2]
    assert said[0] != said[3]
    assert int(said[0].split()[0]) > 300, "the day was not empty"


# Whatever a script has happen


@given(st.data())
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_no_script_breaks_tws_and_all_is_well_when_it_is_stopped(data: st.DataObject):
    events = data.draw(st.lists(st.one_of([events_of(fault) for fault in FAULTS]), min_size=1, max_size=6))
    soon = [attrs.evolve(each, when=within_seconds(each.when)) for each in events]
    world = World(WorldSettings(price_model=FLAT), script=Script(soon))
    apple = Stock("AAPL")
    clients: dict[int, Client] = {}
    for second in range(12):
        now = second * 1.0
        world.note_time(now)
        for client_id in (0, 1):
            known = clients.get(client_id)
            if (known is None or known.core.closed is not None) and world.is_listening:
                clients[client_id] = known = Client(
                    world, client_id=client_id, now=now, version_timeout=None, start_timeout=None
                )
            if known is not None and known.state is State.READY:
                order_id = 10 * second + 1
                known.ask(PlaceOrderRequest(apple, MarketOrder("BUY", 1), order_id=order_id), now)
                if known.state is State.READY:
                    known.ask(data.draw(st.sampled_from(REQUESTS)), now)
    world.director.stop()
    world.note_time(1000.0)
    assert world.director.is_spent
    assert [link.failure for link in (*world.links, *world.ended) if link.failure is not None] == []
    last = Client(world, client_id=7, now=1000.0)
    assert last.state is State.READY
    assert "CurrentTime" in [type(each).__name__ for each in last.ask(CurrentTimeRequest(), 1001.0)]


REQUESTS = [
    CurrentTimeRequest(),
    PositionsRequest(),
    OpenOrdersRequest(),
    ContractDataRequest(Stock("AAPL"), request_id=5),
    MarketDataRequest(Stock("AAPL"), request_id=6),
    CancelMarketData(6),
    MarketDepthRequest(Stock("AAPL"), 3, is_smart_depth=True, request_id=7),
]


def within_seconds(when: Trigger) -> Trigger:
    """Give *when* in such a form that it comes within seconds, and not too often."""
    match when:
        case At(every=every):
            return attrs.evolve(when, at=when.at % 10, every=None if every is None else every + 1)
        case On():
            return attrs.evolve(when, where={}, begin=0, end=None)
        case AfterConnections() | AfterMessages() | AfterBytes():
            name = attrs.fields(type(when))[0].name
            return attrs.evolve(when, **{name: getattr(when, name) % 5 + 1})
        case _:
            return when
