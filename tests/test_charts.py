"""The chart says what the law says, an interpreter that is not ours agrees, and the pictures are fresh."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import permutations, product
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from statemachine import StateChart
from statemachine.io import load

from anytws.core.connection import Connection
from anytws.core.events import ConnectionClosed, StateChanged
from anytws.core.options import HandshakeOptions
from anytws.core.state import OPEN_STATES, TRANSITIONS, Signal, State, StateMachine, Transition
from anytws.errors import LocalProtocolError
from anytws.machines.conversation import STEPS as CONVERSATION_STEPS
from anytws.machines.conversation import Phase, Question, Step, Turn, plan_of
from anytws.machines.conversation import target_of as target_of_turn
from anytws.machines.link import LINK_STEPS, LinkMachine, LinkState, LinkStep, LinkWord
from anytws.machines.link import target_of as target_of_word
from anytws.machines.order_outcome import OF_CLIENT, OUTCOME_STEPS, OutcomeStep, OutcomeWord
from anytws.machines.order_outcome import target_of as target_of_outcome
from anytws.machines.order_state import OrderOutcome, TradeState
from anytws.machines.presence import PRESENCE_STEPS, PresenceMachine, PresenceSignal, PresenceState, PresenceStep
from anytws.machines.presence import target_of as target_of_presence
from anytws.messages.accounts import PositionsRequest
from anytws.messages.base import Message, Side
from anytws.messages.session import (
    CurrentTime,
    CurrentTimeRequest,
    IdsRequest,
    ManagedAccounts,
    NextValidId,
    StartApiRequest,
)
from anytws.wire.catalogue import entry_for
from anytws.wire.codec import Codec
from anytws.wire.frames import frame
from anytws.wire.versions import MAX_VERSION, MIN_VERSION
from statecharts import chart, draw

CLIENT, TWS = Side.CLIENT, Side.TWS
ROOT = draw.ROOT
CHART = ROOT / "statecharts" / "connection.scxml"
TEXT = CHART.read_text(encoding="utf-8")


def event_of(side: Side, signal: Signal) -> str:
    """Give the chart's name for what a side does."""
    return f"{side.value}.{signal.value}"


# The chart and the law, both ways.


class Law(NamedTuple):
    """A machine of ours, in the words of a chart."""

    rows: set[tuple[str, str, str]]
    begins: str
    states: set[str]


def connection_law(rows: tuple[Transition, ...] = TRANSITIONS) -> Law:
    """Give the law of connections."""
    told = {(row.state.value, event_of(row.side, row.signal), row.target.value) for row in rows}
    return Law(told, StateMachine().state.value, {state.value for state in State})


WHO: Final = {
    Turn.SAID: "client",
    Turn.GIVEN_UP: "client",
    Turn.TAKEN_BACK: "client",
    Turn.DRAINED: "client",
    Turn.BEGUN: "tws",
    Turn.ENDED: "tws",
    Turn.ENDED_ONCE: "tws",
    Turn.FAILED: "tws",
    Turn.LOST: "tws",
    Turn.CUT: "line",
}
"""Whose doing each turn of a conversation is."""


def event_of_turn(turn: Turn) -> str:
    """Give the chart's name for what happens to a conversation."""
    return f"{WHO[turn]}.{turn.value}"


def conversation_law(rows: tuple[Step, ...] = CONVERSATION_STEPS) -> Law:
    """Give the law of conversations."""
    told = {(row.phase.value, event_of_turn(row.turn), row.target.value) for row in rows}
    return Law(told, a_question().phase.value, {phase.value for phase in Phase})


def a_question() -> Question:
    """Give a question of which nothing has happened."""
    row = entry_for(PositionsRequest).conversation
    assert row is not None
    return Question(plan_of(row, PositionsRequest(), MAX_VERSION, changes_state=False), PositionsRequest(), "positions")


def event_of_word(word: LinkWord) -> str:
    """Give the chart's name for what is told of the link."""
    return f"{'line' if word is LinkWord.CUT else 'tws'}.{word.value}"


def link_law(rows: tuple[LinkStep, ...] = LINK_STEPS) -> Law:
    """Give the law of the link."""
    told = {(row.state.value, event_of_word(row.word), row.target.value) for row in rows}
    return Law(told, LinkMachine().state.value, {state.value for state in LinkState})


DOER: Final = {
    PresenceSignal.TRIED: "loop",
    PresenceSignal.RETURNED: "loop",
    PresenceSignal.GIVEN_UP: "loop",
    PresenceSignal.READY: "line",
    PresenceSignal.FAILED: "line",
    PresenceSignal.LOST: "line",
    PresenceSignal.LEFT: "program",
}
"""Whose doing each of these is."""


def event_of_presence(signal: PresenceSignal) -> str:
    """Give the chart's name for what happens to a program that stays connected."""
    return f"{DOER[signal]}.{signal.value}"


def presence_law(rows: tuple[PresenceStep, ...] = PRESENCE_STEPS) -> Law:
    """Give the law of presence."""
    told = {(row.state.value, event_of_presence(row.signal), row.target.value) for row in rows}
    return Law(told, a_presence().state.value, {state.value for state in PresenceState})


def a_presence() -> PresenceMachine:
    """Give one that begins to connect."""
    return PresenceMachine(NOW, "127.0.0.1:7497")


def event_of_outcome(word: OutcomeWord) -> str:
    """Give the chart's name for what is said of an order."""
    return f"{'client' if word in OF_CLIENT else 'tws'}.{word.value}"


def order_outcome_law(rows: tuple[OutcomeStep, ...] = OUTCOME_STEPS) -> Law:
    """Give the law of the outcomes of orders."""
    told = {(row.outcome.value, event_of_outcome(row.word), row.target.value) for row in rows}
    return Law(told, TradeState().status.value, {outcome.value for outcome in OrderOutcome})


NOW: Final = datetime(2026, 3, 4, tzinfo=UTC)
ORDER_TEXT: Final = (ROOT / "statecharts" / "order_outcome.scxml").read_text(encoding="utf-8")
PRESENCE_TEXT: Final = (ROOT / "statecharts" / "presence.scxml").read_text(encoding="utf-8")
LINK_TEXT: Final = (ROOT / "statecharts" / "link.scxml").read_text(encoding="utf-8")
CONVERSATION_TEXT: Final = (ROOT / "statecharts" / "conversation.scxml").read_text(encoding="utf-8")
TEXTS: Final = {
    "connection": TEXT,
    "conversation": CONVERSATION_TEXT,
    "link": LINK_TEXT,
    "presence": PRESENCE_TEXT,
    "order_outcome": ORDER_TEXT,
}
LAWS: Final[dict[str, Callable[[], Law]]] = {
    "connection": connection_law,
    "conversation": conversation_law,
    "link": link_law,
    "presence": presence_law,
    "order_outcome": order_outcome_law,
}
each_chart = pytest.mark.parametrize("name", list(TEXTS))


def differences(drawn: chart.Chart, law: Law | None = None) -> list[str]:
    """Name every line that stands only on one side."""
    law = connection_law() if law is None else law
    in_chart = {line(*row) for row in drawn.rows()}
    in_law = {line(*row) for row in law.rows}
    in_chart |= {f"begins in {drawn.leaf(drawn.initial)}"}
    in_law |= {f"begins in {law.begins}"}
    in_chart |= {f"ends in {node.id}" for node in drawn.nodes.values() if node.is_final}
    in_law |= {f"ends in {state}" for state in law.states - {row[0] for row in law.rows}}
    in_chart |= {f"is in {node.id}" for node in drawn.nodes.values() if not drawn.children(node.id)}
    in_law |= {f"is in {state}" for state in law.states}
    return [
        *(f"only the chart: {said}" for said in sorted(in_chart - in_law)),
        *(f"only the law: {said}" for said in sorted(in_law - in_chart)),
    ]


def line(state: str, event: str, target: str) -> str:
    return f"in {state}, {event} leads to {target}"


@each_chart
def test_chart_and_law_are_the_same_machine(name: str) -> None:
    drawn = chart.parse(TEXTS[name])
    assert differences(drawn, LAWS[name]()) == []
    assert drawn.name == name


def test_the_chart_reads_as_a_statechart() -> None:
    """The endings are drawn once, at the parent of the open states, and are rows of each of them in the table."""
    drawn = chart.parse(TEXT)
    assert [node.id for node in drawn.children("open")] == [state.value for state in OPEN_STATES]
    assert len(drawn.arrows) < len(drawn.rows()) == len(TRANSITIONS)


@each_chart
def test_every_state_of_the_chart_says_what_it_means(name: str) -> None:
    assert [node.id for node in chart.parse(TEXTS[name]).nodes.values() if not node.meaning] == []


@each_chart
def test_no_event_is_a_dotted_prefix_of_another(name: str) -> None:
    """An SCXML interpreter would take the longer one for the shorter one too."""
    events = {arrow.event for arrow in chart.parse(TEXTS[name]).arrows}
    known = {event_of(side, signal) for side, signal in product(Side, Signal)}
    known |= {*map(event_of_turn, Turn), *map(event_of_word, LinkWord), *map(event_of_presence, PresenceSignal)}
    known |= {*map(event_of_outcome, OutcomeWord)}
    assert events <= known
    assert [pair for pair in product(events, events) if pair[1].startswith(pair[0] + ".")] == []


@pytest.mark.parametrize(
    "seen, planted, noticed",
    [
        (
            '<transition event="tws.start_completed" target="ready"/>',
            "",
            ["only the law: " + line("awaiting_next_valid_id", "tws.start_completed", "ready")],
        ),
        (
            '<transition event="client.greeting" target="handshaking"/>',
            '<transition event="client.greeting tws.greeting" target="handshaking"/>',
            ["only the chart: " + line("socket_open", "tws.greeting", "handshaking")],
        ),
        (
            'event="client.start_api" target="awaiting_next_valid_id"',
            'event="client.start_api" target="ready"',
            [
                "only the chart: " + line("handshaking", "client.start_api", "ready"),
                "only the law: " + line("handshaking", "client.start_api", "awaiting_next_valid_id"),
            ],
        ),
        (
            'event="client.reset tws.reset"',
            'event="client.reset"',
            ["only the law: " + line(state, "tws.reset", "closed") for state in sorted(s.value for s in OPEN_STATES)],
        ),
        (
            '<state id="socket_open">',
            '<state id="socket_open"><transition event="client.timeout"/>',
            [
                "only the chart: " + line("socket_open", "client.timeout", "socket_open"),
                "only the law: " + line("socket_open", "client.timeout", "closed"),
            ],
        ),
        (
            'name="connection" initial="disconnected"',
            'name="connection" initial="open"',
            ["only the chart: begins in socket_open", "only the law: begins in disconnected"],
        ),
        (
            '<final id="closed">',
            '<final id="over"/><final id="closed">',
            ["only the chart: ends in over", "only the chart: is in over"],
        ),
        (
            'final id="closed"',
            'state id="closed"',
            ["only the law: ends in closed"],
        ),
    ],
    ids=["row lost", "row added", "other target", "ending lost", "ending overridden", "start", "end added", "no end"],
)
def test_a_difference_in_the_chart_is_named(seen: str, planted: str, noticed: list[str]) -> None:
    assert TEXT.count(seen) == 1
    text = TEXT.replace(seen, planted).replace("</final>", "</state>" if "state id" in planted[:8] else "</final>")
    assert differences(chart.parse(text)) == noticed


@pytest.mark.parametrize("lost", TRANSITIONS, ids=lambda lost: f"{lost.state.value}-{event_of(lost.side, lost.signal)}")
def test_a_row_that_the_law_loses_is_named(lost: Transition) -> None:
    rest = tuple(other for other in TRANSITIONS if other is not lost)
    named = line(lost.state.value, event_of(lost.side, lost.signal), lost.target.value)
    assert differences(chart.parse(TEXT), connection_law(rest)) == [f"only the chart: {named}"]


@pytest.mark.parametrize("lost", CONVERSATION_STEPS, ids=lambda lost: f"{lost.phase.value}-{lost.turn.value}")
def test_a_row_that_the_law_of_conversations_loses_is_named(lost: Step) -> None:
    rest = tuple(other for other in CONVERSATION_STEPS if other is not lost)
    named = line(lost.phase.value, event_of_turn(lost.turn), lost.target.value)
    assert differences(chart.parse(CONVERSATION_TEXT), conversation_law(rest)) == [f"only the chart: {named}"]


@pytest.mark.parametrize("lost", LINK_STEPS, ids=lambda lost: f"{lost.state.value}-{lost.word.value}")
def test_a_row_that_the_law_of_the_link_loses_is_named(lost: LinkStep) -> None:
    rest = tuple(other for other in LINK_STEPS if other is not lost)
    named = line(lost.state.value, event_of_word(lost.word), lost.target.value)
    assert differences(chart.parse(LINK_TEXT), link_law(rest)) == [f"only the chart: {named}"]


@pytest.mark.parametrize("lost", OUTCOME_STEPS, ids=lambda lost: f"{lost.outcome.value}-{lost.word.value}")
def test_a_row_that_the_law_of_outcomes_loses_is_named(lost: OutcomeStep) -> None:
    rest = tuple(other for other in OUTCOME_STEPS if other is not lost)
    named = line(lost.outcome.value, event_of_outcome(lost.word), lost.target.value)
    assert f"only the chart: {named}" in differences(chart.parse(ORDER_TEXT), order_outcome_law(rest))


@pytest.mark.parametrize("lost", PRESENCE_STEPS, ids=lambda lost: f"{lost.state.value}-{lost.signal.value}")
def test_a_row_that_the_law_of_presence_loses_is_named(lost: PresenceStep) -> None:
    rest = tuple(other for other in PRESENCE_STEPS if other is not lost)
    named = line(lost.state.value, event_of_presence(lost.signal), lost.target.value)
    assert differences(chart.parse(PRESENCE_TEXT), presence_law(rest)) == [f"only the chart: {named}"]


# The reader.


def small(inside: str, attributes: str = 'name="small" initial="a"') -> str:
    head = '<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0" datamodel="null"'
    return f"{head} {attributes}>{inside}</scxml>"


NESTED = small("""
    <state id="a"><transition event="x.in" target="outer"/></state>
    <state id="outer">
      <transition event="x.stay"/>
      <transition event="x.out" target="a"/>
      <transition event="x.end" target="z"/>
      <state id="middle" initial="two">
        <state id="one"/>
        <state id="two"><transition event="x.end" target="one"/><transition event="x.up" target="outer"/></state>
      </state>
    </state>
    <final id="z"/>""")


def test_a_nested_chart_is_flattened_as_scxml_means_it() -> None:
    """Parents lend their transitions, the innermost wins, a parent is entered by its initial child, and stays put."""
    assert {tuple(row) for row in chart.parse(NESTED).rows()} == {
        ("a", "x.in", "two"),
        ("one", "x.stay", "one"),
        ("one", "x.out", "a"),
        ("one", "x.end", "z"),
        ("two", "x.stay", "two"),
        ("two", "x.out", "a"),
        ("two", "x.end", "one"),
        ("two", "x.up", "two"),
    }


def test_the_interpreter_flattens_a_nested_chart_the_same_way() -> None:
    table = {(row.state, row.event): row.target for row in chart.parse(NESTED).rows()}
    classes = load(NESTED, format="scxml")
    for state, event in product(("one", "two"), ("x.stay", "x.out", "x.end", "x.up", "x.in")):
        machine = classes()
        machine.send("x.in")
        if state == "one":
            machine.send("x.end")
        machine.send(event)
        assert leaf_of(machine) == table.get((state, event), state)


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("<scxml version='1.0' datamodel='null'/>", "<scxml> is not one of"),
        (small("").replace('"null"', '"ecmascript"'), "is not <scxml"),
        (small("").replace('"1.0"', '"2.0"'), "is not <scxml"),
        (small('<state id="a"/>', 'initial="a"'), "'' is not a name for a chart"),
        (small('<state id="a"/>', 'name="small"'), "the chart begins in ''"),
        (small('<state id="a"/>', 'name="small" initial="b"'), "the chart begins in 'b'"),
        (small('<state id="a"><state id="b"/></state>', 'name="small" initial="b"'), "the chart begins in 'b'"),
        (small('<state id="a" binding="late"/>'), "<state a late> has binding"),
        (small('<parallel id="a"/>'), "parallel> is not one of"),
        (small('<state id="a"><onentry/></state>'), "onentry> is not one of"),
        (small('<state id="a"><transition event="x.b" cond="true"/></state>'), "<transition x.b true> has cond"),
        (small('<state id="a"><transition target="a"/></state>'), "a transition of a has no event"),
        (small('<state id="a"><transition event="x.b"><state id="c"/></transition></state>'), "something inside"),
        (small('<state id="a"><transition event="x"/></state>'), "'x', an event of a, is not <side>.<signal>"),
        (small('<state id="a"><transition event="x.*"/></state>'), "is not <side>.<signal>"),
        (small('<state id="a"><transition event="x.b x.b"/></state>'), "a has two transitions for x.b"),
        (small('<state id="a"><transition event="x.b x.b.c"/></state>'), "x.b is a dotted prefix of x.b.c"),
        (small('<state id="a"><transition event="x.b" target="a"/></state>'), "from a to itself"),
        (small('<state id="a"><transition event="x.b" target="c"/></state>'), "from a to 'c', which is not a state"),
        (small('<state id="a"/><state id="a"/>'), "two states are called 'a'"),
        (small('<state id="a"/><state/>'), "'' is not a name for a state"),
        (small('<state id="a" initial="b"/>'), "a begins in 'b', which is not inside of it"),
        (small('<state id="a"><final id="b"/></state>'), "<final> has no place directly inside of a"),
        (small('<state id="a"/><transition event="x.b"/>'), "<transition> has no place directly inside of the chart"),
        (small('<state id="a"/><final id="z"><state id="b"/></final>'), "z is final and has states inside"),
        (small('<state id="a"/><final id="z"><transition event="x.b"/></final>'), "x.b leads on from z"),
    ],
)
def test_what_is_outside_of_the_small_kind_is_refused_by_name(text: str, complaint: str) -> None:
    with pytest.raises(chart.ChartError, match=re.escape(complaint)):
        chart.parse(text)


# The interpreter, which is not ours, beside the law.


CHART_CLASS = load(CHART)


def leaf_of(machine: StateChart[Any]) -> str:
    """Give the innermost state that an interpreter is in."""
    return str(list(machine.configuration_values)[-1])


class Beside:
    """The law and the interpreter, hearing the same."""

    def __init__(self, beginning: tuple[Transition, ...] = ()) -> None:
        self.law = StateMachine()
        self.interpreter = CHART_CLASS()
        for row in beginning:
            self.hear(row.side, row.signal)

    def hear(self, side: Side, signal: Signal) -> bool:
        """Tell both of a move; give whether it was legal. Both must say the same, before and after."""
        event = event_of(side, signal)
        allowed = event in {known.id for known in self.interpreter.enabled_events()}
        assert self.law.may(side, signal) is allowed
        assert self.law.fire(side, signal) is allowed
        self.interpreter.send(event)
        self.agree()
        return allowed

    def agree(self) -> None:
        """Assert that both are in the same state, and have ended or not ended both."""
        configuration = list(self.interpreter.configuration_values)
        outer = ["open"] if self.law.state in OPEN_STATES else []
        assert configuration == [*outer, self.law.state.value]
        assert self.interpreter.is_terminated is (self.law.state is State.CLOSED)


def lives(rows: tuple[Transition, ...] = (), state: State = State.DISCONNECTED) -> Iterator[tuple[Transition, ...]]:
    """Give every legal life from its beginning to `CLOSED` in which no row is followed twice.

    Walks at random end too soon to be of use: in every open state ten rows close the connection, and one leads on.
    """
    if state is State.CLOSED:
        yield rows
    for row in TRANSITIONS:
        if row.state is state and row not in rows:
            yield from lives((*rows, row), row.target)


LIVES = sorted(lives(), key=len)


def beginnings() -> dict[State, tuple[Transition, ...]]:
    """Give a short way into each state."""
    ways: dict[State, tuple[Transition, ...]] = {State.DISCONNECTED: ()}
    for life in LIVES:
        for count, row in enumerate(life, 1):
            ways.setdefault(row.target, life[:count])
    return ways


BEGINNINGS = beginnings()


def test_the_lives_follow_every_row() -> None:
    assert {row for life in LIVES for row in life} == set(TRANSITIONS)
    assert set(BEGINNINGS) == set(State)


def test_interpreter_and_law_live_the_same_lives() -> None:
    for life in LIVES:
        beside = Beside()
        for row in life:
            assert beside.hear(row.side, row.signal)
            assert beside.law.state is row.target


@pytest.mark.parametrize("state", State, ids=lambda state: state.value)
def test_interpreter_and_law_agree_on_every_signal(state: State) -> None:
    """The full product: what is legal leads to the same state, what is not changes nothing."""
    for side, signal in product(Side, Signal):
        Beside(BEGINNINGS[state]).hear(side, signal)


class AnyOrder(RuleBasedStateMachine):
    """Whatever is heard, in whatever order, interpreter and law stay together."""

    @initialize(state=st.sampled_from(State))
    def begin(self, state: State) -> None:
        self.beside = Beside(BEGINNINGS[state])

    @rule(side=st.sampled_from(Side), signal=st.sampled_from(Signal))
    def hear_anything(self, side: Side, signal: Signal) -> None:
        self.beside.hear(side, signal)

    @rule(data=st.data())
    @precondition(lambda self: self.leading_on())
    def hear_what_leads_on(self, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(self.leading_on()))
        assert self.beside.hear(row.side, row.signal)

    @invariant()
    def agree(self) -> None:
        self.beside.agree()

    def leading_on(self) -> list[Transition]:
        """Give the rows that do not close what is open."""
        return [row for row in TRANSITIONS if row.state is self.beside.law.state and row.target is not State.CLOSED]


TestAnyOrder = AnyOrder.TestCase


CONVERSATION_CLASS = load(ROOT / "statecharts" / "conversation.scxml")


class AnyTurn(RuleBasedStateMachine):
    """A question and the interpreter: whatever happens, in whatever order, they stay together."""

    @initialize()
    def begin(self) -> None:
        self.question = a_question()
        self.interpreter = CONVERSATION_CLASS()

    @rule(turn=st.sampled_from(Turn))
    def turn(self, turn: Turn) -> None:
        event = event_of_turn(turn)
        allowed = event in {known.id for known in self.interpreter.enabled_events()}
        assert (target_of_turn(self.question.phase, turn) is not None) is allowed
        assert self.question.fire(turn) is allowed
        self.interpreter.send(event)

    @rule(data=st.data())
    @precondition(lambda self: self.leading_on())
    def turn_on(self, data: st.DataObject) -> None:
        self.turn(data.draw(st.sampled_from(self.leading_on())))

    def leading_on(self) -> list[Turn]:
        """Give the turns by which it is not over."""
        return [
            row.turn for row in CONVERSATION_STEPS if row.phase is self.question.phase and row.target is not Phase.OVER
        ]

    @invariant()
    def agree(self) -> None:
        assert list(self.interpreter.configuration_values) == [self.question.phase.value]
        assert self.interpreter.is_terminated is (self.question.phase is Phase.OVER)


TestAnyTurn = AnyTurn.TestCase


def test_every_turn_is_tried_in_every_phase() -> None:
    """The full product: where there is a row both follow it, elsewhere neither moves."""
    ways: dict[Phase, list[Turn]] = {Phase.HELD: []}
    for _ in Phase:
        for row in CONVERSATION_STEPS:
            if row.phase in ways:
                ways.setdefault(row.target, [*ways[row.phase], row.turn])
    assert set(ways) == set(Phase)
    for phase, turn in product(Phase, Turn):
        question, interpreter = a_question(), CONVERSATION_CLASS()
        for each in [*ways[phase], turn]:
            question.fire(each)
            interpreter.send(event_of_turn(each))
        assert list(interpreter.configuration_values) == [question.phase.value]


LINK_CLASS = load(ROOT / "statecharts" / "link.scxml")


class AnyWord(RuleBasedStateMachine):
    """The link and the interpreter: whatever is told, in whatever order, they stay together."""

    @initialize()
    def begin(self) -> None:
        self.link = LinkMachine()
        self.interpreter = LINK_CLASS()

    @rule(word=st.sampled_from(LinkWord))
    def tell(self, word: LinkWord) -> None:
        event = event_of_word(word)
        allowed = event in {known.id for known in self.interpreter.enabled_events()}
        assert (target_of_word(self.link.state, word) is not None) is allowed
        assert self.link.fire(word) is allowed
        self.interpreter.send(event)

    @invariant()
    def agree(self) -> None:
        outer = [] if self.link.state is LinkState.UNKNOWN else ["told"]
        assert list(self.interpreter.configuration_values) == [*outer, self.link.state.value]
        assert self.interpreter.is_terminated is (self.link.state is LinkState.UNKNOWN)


TestAnyWord = AnyWord.TestCase


def test_every_word_is_tried_in_every_state_of_the_link() -> None:
    """The full product, on the shortest way."""
    ways = {LinkState.UNTOLD: [], LinkState.UP: [LinkWord.RESTORED], LinkState.DOWN: [LinkWord.LOST]}
    ways[LinkState.UNKNOWN] = [LinkWord.CUT]
    assert set(ways) == set(LinkState)
    for state, word in product(LinkState, LinkWord):
        link, interpreter = LinkMachine(), LINK_CLASS()
        for each in ways[state]:
            link.fire(each)
            interpreter.send(event_of_word(each))
        assert link.state is state
        link.fire(word)
        interpreter.send(event_of_word(word))
        assert leaf_of(interpreter) == link.state.value


OUTCOME_CLASS = load(ROOT / "statecharts" / "order_outcome.scxml")


def test_every_word_is_tried_for_every_outcome_of_an_order() -> None:
    """The full product, on the shortest way."""
    ways = {OrderOutcome.UNKNOWN: []} | {row.target: [row.word] for row in OUTCOME_STEPS[:5]}
    assert set(ways) == set(OrderOutcome)
    for outcome, word in product(OrderOutcome, OutcomeWord):
        interpreter = OUTCOME_CLASS()
        for each in ways[outcome]:
            interpreter.send(event_of_outcome(each))
        assert leaf_of(interpreter) == outcome.value
        interpreter.send(event_of_outcome(word))
        assert leaf_of(interpreter) == (target_of_outcome(outcome, word) or outcome).value


PRESENCE_CLASS = load(ROOT / "statecharts" / "presence.scxml")
OUTER: Final = {
    PresenceState.CONNECTING: ["inside", "away"],
    PresenceState.WAITING: ["inside", "away"],
    PresenceState.RETURNING: ["inside", "here"],
    PresenceState.PRESENT: ["inside", "here"],
    PresenceState.OVER: [],
}
"""The boxes that each state is in."""


class AnySignal(RuleBasedStateMachine):
    """Presence and the interpreter: whatever happens, in whatever order, they stay together."""

    @initialize()
    def begin(self) -> None:
        self.presence = a_presence()
        self.interpreter = PRESENCE_CLASS()

    @rule(signal=st.sampled_from(PresenceSignal))
    def happen(self, signal: PresenceSignal) -> None:
        event = event_of_presence(signal)
        allowed = event in {known.id for known in self.interpreter.enabled_events()}
        assert (target_of_presence(self.presence.state, signal) is not None) is allowed
        before = self.presence.now
        assert self.presence.fire(signal, NOW) is allowed
        assert allowed or self.presence.now is before
        self.interpreter.send(event)

    @rule(data=st.data())
    @precondition(lambda self: self.presence.state is not PresenceState.OVER)
    def happen_on(self, data: st.DataObject) -> None:
        """One of those that end nothing, or it would rarely come far."""
        rows = [
            row.signal
            for row in PRESENCE_STEPS
            if row.state is self.presence.state and row.target is not PresenceState.OVER
        ]
        if rows:
            self.happen(data.draw(st.sampled_from(rows)))

    @invariant()
    def agree(self) -> None:
        state = self.presence.state
        assert list(self.interpreter.configuration_values) == [*OUTER[state], state.value]
        assert self.interpreter.is_terminated is (state is PresenceState.OVER)


TestAnySignal = AnySignal.TestCase


def test_every_signal_is_tried_in_every_state_of_presence() -> None:
    """The full product, on the shortest way."""
    ways: dict[PresenceState, list[PresenceSignal]] = {PresenceState.CONNECTING: []}
    for _ in PresenceState:
        for row in PRESENCE_STEPS:
            if row.state in ways:
                ways.setdefault(row.target, [*ways[row.state], row.signal])
    assert set(ways) == set(PresenceState)
    for state, signal in product(PresenceState, PresenceSignal):
        presence, interpreter = a_presence(), PRESENCE_CLASS()
        for each in [*ways[state], signal]:
            presence.fire(each, NOW)
            interpreter.send(event_of_presence(each))
        assert leaf_of(interpreter) == presence.state.value


# The chart beside the whole core: two connections, a wire between them, and an interpreter at each end.

Said = tuple[bytes, Signal, type[Message] | None]
NEEDED = {NextValidId, ManagedAccounts}
CLOCK = b"20260105 09:30:00 UTC"
PLAIN: dict[Side, Message] = {CLIENT: CurrentTimeRequest(), TWS: CurrentTime(datetime(2026, 1, 5, tzinfo=UTC))}
ODDITIES = ("proper", "strange", "oversized")


ENDS: dict[str, tuple[Callable[[Connection], None], str, Signal]] = {
    "close": (Connection.close, "self", Signal.CLOSE),
    "receive_reset": (Connection.receive_reset, "peer", Signal.RESET),
    "receive_silence": (Connection.receive_silence, "peer", Signal.TIMEOUT),
    "send_failed": (Connection.send_failed, "self", Signal.RESET),
}
"""How a connection can be ended without a byte, whose doing that is, and by what signal."""


class End:
    """One end: the core, and an interpreter that is told what the core was made to see."""

    def __init__(self, side: Side, options: HandshakeOptions) -> None:
        self.side = side
        self.core = Connection(side, options)
        self.interpreter = CHART_CLASS()
        self.version_known = False
        self.known: set[type[Message]] = set()
        self.changes: list[StateChanged] = []
        self.goodbyes = 0

    @property
    def state(self) -> State:
        """The state according to the chart."""
        return State(leaf_of(self.interpreter))

    def allows(self, side: Side, signal: Signal) -> bool:
        return event_of(side, signal) in {event.id for event in self.interpreter.enabled_events()}

    def tell(self, side: Side, signal: Signal, what: type[Message] | None = None) -> None:
        """Tell the chart what happened; what it does not know is a fault of the side that did it."""
        if self.state is State.CLOSED:
            return
        before = self.state
        self.interpreter.send(event_of(side, signal if self.allows(side, signal) else Signal.FAULT))
        if self.state is not before:
            self.changes.append(StateChanged(before, self.state))
        self.version_known |= signal is Signal.VERSION_ACCEPTED
        self.known |= {what} if what else set()
        if self.state is State.AWAITING_NEXT_VALID_ID and self.known >= NEEDED:
            self.tell(TWS, Signal.START_COMPLETED)

    def agree(self) -> None:
        """Assert that the core is where the chart is, came there the same way, and says goodbye once and last."""
        assert self.core.state is self.state
        events = self.core.events()
        assert [event for event in events if isinstance(event, StateChanged)] == self.changes
        self.changes.clear()
        self.goodbyes += sum(isinstance(event, ConnectionClosed) for event in events)
        assert self.goodbyes == (self.state is State.CLOSED)
        assert (self.core.closed is not None) is (self.state is State.CLOSED)
        assert not any(isinstance(event, ConnectionClosed) for event in events[:-1])


class Pair:
    """A client and a TWS, and all that can befall them. After each call both ends agree with their charts."""

    def __init__(self, version: int = MAX_VERSION, *, by_hand: bool = False) -> None:
        self.version = version
        self.by_hand = by_hand
        self.ends = {side: End(side, HandshakeOptions(start_api_by_hand=by_hand, remark_after=None)) for side in Side}
        self.wires: dict[Side, list[Said]] = {side: [] for side in Side}
        self.cut: set[Side] = set()
        self.is_up = False

    @property
    def states(self) -> tuple[State, State]:
        return self.ends[CLIENT].state, self.ends[TWS].state

    def settle(self) -> None:
        """Let an end that is closed close its stream, and compare."""
        for side, end in self.ends.items():
            if end.state is State.CLOSED and self.is_up and side not in self.cut:
                self.cut.add(side)
                self.wires[side].append((b"", Signal.EOF, None))
            end.agree()

    def open(self) -> None:
        client, tws = self.ends[CLIENT], self.ends[TWS]
        self.is_up = True
        for end in (client, tws):
            end.core.opened()
            end.tell(CLIENT, Signal.OPENED)
        client.tell(CLIENT, Signal.GREETING)
        self.wires[CLIENT].append((client.core.data_to_send(), Signal.GREETING, None))
        self.settle()

    def fail_to_connect(self) -> None:
        self.ends[CLIENT].core.connect_failed("refused")
        self.ends[CLIENT].tell(CLIENT, Signal.CONNECT_FAILED)
        self.settle()

    def answer(self, signal: Signal) -> None:
        """Have TWS answer the greeting, which it may do once, and not before it was greeted."""
        tws = self.ends[TWS]
        if tws.allows(TWS, signal) and not tws.version_known:
            self._answer(tws.core, signal)
            tws.tell(TWS, signal)
            self.wires[TWS].append((tws.core.data_to_send(), signal, None))
        else:
            with pytest.raises(LocalProtocolError):
                self._answer(tws.core, signal)
        self.settle()

    def _answer(self, core: Connection, signal: Signal) -> None:
        if signal is Signal.REDIRECT:
            core.redirect("192.0.2.1", 4001)
        else:
            core.accept_version(self.version if signal is Signal.VERSION_ACCEPTED else MAX_VERSION + 1, CLOCK)

    def start_api(self) -> None:
        client = self.ends[CLIENT]
        if client.allows(CLIENT, Signal.START_API) and client.version_known:
            client.core.start_api()
            self._started(client)
        else:
            with pytest.raises(LocalProtocolError):
                client.core.start_api()
        self.settle()

    def _started(self, client: End) -> None:
        client.tell(CLIENT, Signal.START_API)
        self.wires[CLIENT].append((client.core.data_to_send(), Signal.START_API, None))

    def say(self, side: Side, message: Message) -> None:
        """Have *side* say something, or be told that it may not."""
        end = self.ends[side]
        if end.allows(side, Signal.MESSAGE) and end.version_known:
            data = end.core.send(message)
            end.tell(side, Signal.MESSAGE, type(message))
            self.wires[side].append((data, Signal.MESSAGE, type(message)))
        else:
            with pytest.raises(LocalProtocolError):
                end.core.send(message)
        self.settle()

    def smuggle(self, side: Side, oddity: str) -> None:
        """Put bytes on the wire of *side* that its core has not written, and would not write now."""
        data, signal = {
            "proper": (frame(Codec(side, self.version).encode(PLAIN[side])), Signal.MESSAGE),
            # What neither a text nor a protobuf session knows: a frame, and nothing more.
            "strange": (frame(b"\xff\xff\xff\xff, to everybody"), Signal.MESSAGE),
            # The first four bytes of a frame that is longer than any may be.
            "oversized": (b"\x7f\xff\xff\xff", Signal.FAULT),
        }[oddity]
        if side not in self.cut:
            self.wires[side].append((data, signal, None))

    def arrive(self, side: Side, count: int | None = None) -> None:
        """Carry the first *count* bytes that *side* has sent, or all, to its peer at once; then the end of them."""
        wire, end = self.wires[side], self.ends[side.peer]
        piece, heard = b"", list[tuple[Signal, type[Message] | None]]()
        while wire and wire[0][1] is not Signal.EOF and count != len(piece):
            data, signal, what = wire.pop(0)
            part = data if count is None else data[: count - len(piece)]
            piece += part
            if part == data:
                heard.append((signal, what))
            else:
                wire.insert(0, (data[len(part) :], signal, what))
        if piece:
            end.core.receive_data(piece)
        elif wire and wire[0][1] is Signal.EOF:
            wire.clear()
            end.core.receive_eof()
            heard = [(Signal.EOF, None)]
        for signal, what in heard:
            end.tell(side, signal, what)
            if signal is Signal.VERSION_ACCEPTED and end.allows(CLIENT, Signal.START_API) and not self.by_hand:
                self._started(end)
        self.settle()

    def end(self, side: Side, how: str) -> None:
        """End it at once, as *side* does it or sees it done."""
        call, who, signal = ENDS[how]
        call(self.ends[side].core)
        self.ends[side].tell(side if who == "self" else side.peer, signal)
        self.settle()

    def wait(self, side: Side) -> None:
        """Let the deadline of *side* pass, if one runs."""
        end = self.ends[side]
        deadline = end.core.wake_at()
        if deadline is not None:
            end.core.wake(deadline)
            if end.state is State.AWAITING_NEXT_VALID_ID and NextValidId in end.known:
                end.tell(TWS, Signal.START_COMPLETED)
            else:
                end.tell(side.peer, Signal.TIMEOUT)
        self.settle()


STEPS: tuple[Callable[[Pair], None], ...] = (
    Pair.open,
    lambda pair: pair.arrive(CLIENT),
    lambda pair: pair.answer(Signal.VERSION_ACCEPTED),
    lambda pair: pair.arrive(TWS),
    lambda pair: pair.start_api() if pair.by_hand else None,
    lambda pair: pair.arrive(CLIENT),
    lambda pair: pair.say(TWS, ManagedAccounts(("DU1234567",))),
    lambda pair: pair.say(TWS, NextValidId(1)),
    lambda pair: pair.arrive(TWS),
)
"""An ordinary start."""


def started(steps: int = len(STEPS), version: int = MAX_VERSION, *, by_hand: bool = False) -> Pair:
    """Give a pair that has taken the first *steps* steps of an ordinary start."""
    pair = Pair(version, by_hand=by_hand)
    for step in STEPS[:steps]:
        step(pair)
    return pair


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize("version", [MIN_VERSION, 200, 201, 212, 213, MAX_VERSION])
def test_an_ordinary_life(version: int, by_hand: bool) -> None:
    pair = started(version=version, by_hand=by_hand)
    assert pair.states == (State.READY, State.READY)
    for side in Side:
        pair.say(side, PLAIN[side])
        pair.arrive(side)
    pair.end(TWS, "close")
    pair.arrive(TWS)
    assert pair.states == (State.CLOSED, State.CLOSED)


def test_an_ordinary_start_goes_through_every_open_state() -> None:
    seen = [set(states) for states in zip(*(started(steps).states for steps in range(len(STEPS) + 1)), strict=True)]
    # A client greets in the same breath in which its stream is up.
    assert seen == [set(State) - {State.SOCKET_OPEN, State.CLOSED}, set(State) - {State.CLOSED}]


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("steps", range(1, len(STEPS) + 1))
def test_an_end_at_every_step(steps: int, side: Side, how: str) -> None:
    """Whichever end it comes from, the other learns of it by the end of the bytes at the latest."""
    pair = started(steps)
    pair.end(side, how)
    assert pair.ends[side].state is State.CLOSED
    pair.arrive(side)
    pair.arrive(side)
    assert pair.states == (State.CLOSED, State.CLOSED)


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("steps", range(1, len(STEPS) + 1))
def test_a_deadline_at_every_step(steps: int, side: Side) -> None:
    """Whoever is waiting stops; and whoever owes something himself, or nothing any more, is not waiting."""
    pair = started(steps)
    waits = pair.ends[side].core.wake_at() is not None
    after = pair.states
    pair.wait(side)
    assert (pair.states != after) is waits


@pytest.mark.parametrize("oddity", ODDITIES)
@pytest.mark.parametrize("version", [MIN_VERSION, MAX_VERSION])
@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("steps", range(1, len(STEPS) + 1))
def test_bytes_that_no_core_would_write_at_every_step(steps: int, side: Side, version: int, oddity: str) -> None:
    """A client's frame before READY ends it, TWS's never does: it is the chart that says so, and the core obeys."""
    pair = started(steps, version)
    pair.smuggle(side, oddity)
    pair.arrive(side)
    pair.arrive(side.peer)
    pair.arrive(side.peer)


@pytest.mark.parametrize("message", [CurrentTimeRequest(), IdsRequest()], ids=lambda message: type(message).__name__)
@pytest.mark.parametrize("steps", range(len(STEPS)))
def test_a_client_that_asks_too_early_is_stopped_by_its_own_core(steps: int, message: Message) -> None:
    pair = started(steps)
    states, on_the_wire = pair.states, list(pair.wires[CLIENT])
    pair.say(CLIENT, message)
    assert (pair.states, pair.wires[CLIENT]) == (states, on_the_wire)


@pytest.mark.parametrize("answer", [Signal.VERSION_REFUSED, Signal.REDIRECT])
def test_a_tws_that_does_not_want_this_client(answer: Signal) -> None:
    pair = started(2)
    pair.smuggle(TWS, "strange")
    pair.answer(answer)
    pair.arrive(TWS)
    assert pair.states == (State.CLOSED, State.CLOSED)


@pytest.mark.parametrize("steps", range(len(STEPS) + 1))
def test_tws_answers_a_greeting_once(steps: int) -> None:
    """`Pair.answer` expects `LocalProtocolError` for every answer but the first, and for one before the greeting."""
    pair = started(steps)
    pair.answer(Signal.VERSION_ACCEPTED)
    pair.answer(Signal.VERSION_ACCEPTED)
    assert State.CLOSED not in pair.states


@pytest.mark.parametrize(
    "steps, again, signal",
    [
        (2, b"v157..226", Signal.GREETING),
        (6, Codec(CLIENT, MAX_VERSION).encode(StartApiRequest(2)), Signal.START_API),
    ],
    ids=["greets", "starts"],
)
def test_a_client_greets_and_starts_once(steps: int, again: bytes, signal: Signal) -> None:
    pair = started(steps)
    pair.wires[CLIENT].append((frame(again), signal, None))
    pair.arrive(CLIENT)
    assert pair.ends[TWS].state is State.CLOSED


@pytest.mark.parametrize("said", list(permutations([ManagedAccounts(("DU1234567",)), NextValidId(7)])))
@pytest.mark.parametrize("steps", [3, 6])
def test_what_makes_a_session_ready_comes_in_any_order(steps: int, said: tuple[Message, ...]) -> None:
    """It may even be said before START_API was heard; then that is what completes the start."""
    pair = started(steps)
    for message in said:
        assert State.READY not in pair.states
        pair.say(TWS, message)
        pair.arrive(TWS)
    pair.arrive(CLIENT)
    assert pair.states == (State.READY, State.READY)


def test_accounts_that_never_come_are_not_waited_for_for_ever() -> None:
    pair = started(6)
    pair.say(TWS, NextValidId(1))
    pair.arrive(TWS)
    pair.wait(CLIENT)
    pair.wait(TWS)
    assert pair.states == (State.READY, State.READY)


def test_a_connection_that_was_never_up() -> None:
    pair = Pair()
    pair.fail_to_connect()
    pair.end(TWS, "close")
    assert pair.states == (State.CLOSED, State.CLOSED)


class TwoEnds(RuleBasedStateMachine):
    """Whatever befalls a pair, and however its bytes are cut, both cores stay with their charts."""

    @initialize(
        steps=st.integers(0, len(STEPS)),
        version=st.sampled_from([MIN_VERSION, 201, 213, MAX_VERSION]),
        by_hand=st.booleans(),
    )
    def begin(self, steps: int, version: int, by_hand: bool) -> None:
        self.pair = started(steps, version, by_hand=by_hand)

    def may_open(self) -> bool:
        return self.pair.states == (State.DISCONNECTED, State.DISCONNECTED)

    def is_up(self) -> bool:
        return self.pair.is_up

    @rule()
    @precondition(may_open)
    def open(self) -> None:
        self.pair.open()

    @rule()
    @precondition(may_open)
    def fail_to_connect(self) -> None:
        self.pair.fail_to_connect()

    @rule(side=st.sampled_from(Side))
    def close(self, side: Side) -> None:
        self.pair.end(side, "close")

    @rule(side=st.sampled_from(Side), how=st.sampled_from(sorted(ENDS)))
    @precondition(is_up)
    def end(self, side: Side, how: str) -> None:
        self.pair.end(side, how)

    @rule(signal=st.sampled_from([Signal.VERSION_ACCEPTED, Signal.VERSION_REFUSED, Signal.REDIRECT]))
    def answer(self, signal: Signal) -> None:
        self.pair.answer(signal)

    @rule()
    def start_api(self) -> None:
        self.pair.start_api()

    @rule(message=st.sampled_from([NextValidId(1), NextValidId(5), ManagedAccounts(("DU1234567", "DU7654321"))]))
    def tws_says(self, message: Message) -> None:
        self.pair.say(TWS, message)

    @rule()
    def client_asks(self) -> None:
        self.pair.say(CLIENT, PLAIN[CLIENT])

    @rule(side=st.sampled_from(Side), oddity=st.sampled_from(ODDITIES))
    @precondition(is_up)
    def smuggle(self, side: Side, oddity: str) -> None:
        self.pair.smuggle(side, oddity)

    @rule(side=st.sampled_from(Side), count=st.none() | st.integers(1, 40))
    def arrive(self, side: Side, count: int | None) -> None:
        self.pair.arrive(side, count)

    @rule(side=st.sampled_from(Side))
    def wait(self, side: Side) -> None:
        self.pair.wait(side)


TestTwoEnds = TwoEnds.TestCase


# The pictures and the pages.


def test_all_pictures_are_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert draw.main(["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_drawing_needs_only_the_standard_library() -> None:
    """`-I -S` takes away every installed package, and the folder that the tests are run from."""
    command = [sys.executable, "-I", "-S", str(ROOT / "statecharts" / "draw.py"), "--check"]
    assert subprocess.run(command, capture_output=True, text=True, check=False).returncode == 0


def test_the_picture_shows_every_state_and_every_event() -> None:
    picture = ET.parse(ROOT / "docs" / "images" / "connection.svg")  # noqa: S314
    shown = " ".join(text.text or "" for text in picture.iter("{http://www.w3.org/2000/svg}text"))
    words = set(re.findall(r"\w+", shown))
    assert {state.value for state in State} | {signal.value for signal in Signal} | {"open"} <= words


def test_the_picture_of_conversations_shows_every_phase_and_every_turn() -> None:
    picture = ET.parse(ROOT / "docs" / "images" / "conversation.svg")  # noqa: S314
    shown = " ".join(text.text or "" for text in picture.iter("{http://www.w3.org/2000/svg}text"))
    assert {phase.value for phase in Phase} | {turn.value for turn in Turn} <= set(re.findall(r"\w+", shown))


def test_the_picture_of_the_link_shows_every_state_and_every_word() -> None:
    picture = ET.parse(ROOT / "docs" / "images" / "link.svg")  # noqa: S314
    shown = " ".join(text.text or "" for text in picture.iter("{http://www.w3.org/2000/svg}text"))
    words = {state.value for state in LinkState} | {word.value for word in LinkWord}
    assert words <= set(re.findall(r"\w+", shown))


def test_the_picture_of_presence_shows_every_state_and_every_signal() -> None:
    picture = ET.parse(ROOT / "docs" / "images" / "presence.svg")  # noqa: S314
    shown = " ".join(text.text or "" for text in picture.iter("{http://www.w3.org/2000/svg}text"))
    words = {state.value for state in PresenceState} | {signal.value for signal in PresenceSignal}
    assert words <= set(re.findall(r"\w+", shown))


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with an old chart in it, a page for each block, and a graphviz that draws nothing much."""
    for name in ("statecharts/connection.scxml", "docs/statecharts.md", "docs/images/connection.svg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    marks = "before\n<!-- connection chart -->\nold\n<!-- /connection chart -->\nafter\n"
    (tmp_path / "README.md").write_text(marks, encoding="utf-8")

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        assert command == ["/the/dot", "-Tsvg"]
        return subprocess.CompletedProcess(command, 0, f"<?xml?>\n<svg>{len(str(options['input']))}</svg>\n")

    monkeypatch.setattr(shutil, "which", lambda program: f"/the/{program}")
    monkeypatch.setattr(subprocess, "run", run)
    return tmp_path


def test_a_change_of_the_chart_makes_every_picture_stale(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    everything = [
        "docs/images/connection.dot",
        "statecharts/connection.mmd",
        "README.md",
        "docs/statecharts.md",
        "docs/images/connection.svg",
    ]
    (copy / "statecharts" / "connection.scxml").write_text(TEXT.replace("tws.redirect", ""), encoding="utf-8")
    before = {path: path.read_bytes() for path in copy.rglob("*.*")}
    assert draw.main(["--check"], copy) == 1
    assert capsys.readouterr().out.splitlines() == [
        *(f"stale: {name}" for name in everything),
        "run: python statecharts/draw.py",
    ]
    assert {path: path.read_bytes() for path in copy.rglob("*.*")} == before
    assert draw.main([], copy) == 0
    assert capsys.readouterr().out.splitlines() == [f"drawn: {name}" for name in everything]
    assert draw.main(["--check"], copy) == 0
    assert "redirect" not in (copy / "docs" / "images" / "connection.dot").read_text(encoding="utf-8")


def test_the_readme_gets_its_chart_between_the_marks(copy: Path) -> None:
    draw.main([], copy)
    before, _, rest = (copy / "README.md").read_text(encoding="utf-8").partition("<!-- connection chart -->")
    block, _, after = rest.partition("<!-- /connection chart -->")
    assert (before, after) == ("before\n", "\nafter\n")
    assert block.strip() == f"```mermaid\n{chart.mermaid(chart.read(CHART))}```"


def test_a_mark_without_its_end_is_refused(copy: Path) -> None:
    (copy / "README.md").write_text("<!-- connection chart -->\n", encoding="utf-8")
    with pytest.raises(chart.ChartError, match=r"README\.md has <!-- connection chart --> without"):
        draw.main(["--check"], copy)


def test_a_repository_without_pages_has_pictures_all_the_same(copy: Path) -> None:
    for page in ("README.md", "docs/statecharts.md", "docs/images/connection.svg"):
        (copy / page).unlink()
    assert draw.main(["--check"], copy) == 1
    assert draw.main([], copy) == 0
    assert draw.main(["--check"], copy) == 0
    picture = (copy / "docs" / "images" / "connection.svg").read_text(encoding="utf-8")
    assert picture.splitlines()[:2] == ["<?xml?>", draw.origin(chart.dot(chart.read(CHART)))]


def test_without_graphviz_a_fresh_picture_is_left_and_a_stale_one_named(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: None)
    assert draw.main([], copy) == 0
    (copy / "docs" / "images" / "connection.svg").unlink()
    with pytest.raises(SystemExit, match="graphviz"):
        draw.main([], copy)


def test_the_example_of_the_readme_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "statecharts" / "README.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```\n+prints\n+```text\n(.*?)```", page, re.DOTALL)
    assert examples
    monkeypatch.chdir(ROOT)
    for code, printed in examples:
        exec(compile(code, "statecharts/README.md", "exec"), {})  # noqa: S102
        assert capsys.readouterr().out == printed


def test_the_page_tells_of_every_signal_and_of_who_gives_it() -> None:
    page = (ROOT / "docs" / "statecharts.md").read_text(encoding="utf-8")
    connections, rest = page.split("## The life of a conversation")
    conversations, rest = rest.split("## The link between TWS and the vendor")
    link, rest = rest.split("## Staying connected")
    presence, orders = rest.split("## What an order has come to")
    told = re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", connections, re.MULTILINE)
    sides = {signal: {row.side.value for row in TRANSITIONS if row.signal is signal} for signal in Signal}
    assert {name: set(who.lower().split(" or ")) for name, who in told} == {
        signal.value: sides[signal] for signal in Signal
    }
    told = re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", conversations, re.MULTILINE)
    assert {name: who.lower() for name, who in told} == {turn.value: WHO[turn] for turn in Turn}
    told = re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", link, re.MULTILINE)
    assert [f"{who.lower()}.{name}" for name, who in told] == [event_of_word(word) for word in LinkWord]
    told = re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", presence, re.MULTILINE)
    assert [f"{who.lower()}.{name}" for name, who in told] == [event_of_presence(signal) for signal in PresenceSignal]
    told = re.findall(r"^\| `(\w+)` \| (TWS|client) \|", orders, re.MULTILINE)
    assert [f"{who.lower()}.{name}" for name, who in told] == [event_of_outcome(word) for word in OutcomeWord]
