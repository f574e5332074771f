"""Compiled writers against the closures, for the whole catalogue: the same bytes, the same refusals, of any message.

As with the readers, the closures are the oracle, and what a compiled writer falls back to: it never says anything else
than they do, and of what is usually said it needs no help. `tests.fuzz.encoders` goes on where this ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from itertools import combinations
from types import ModuleType
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import anytws.wire.codec
from anytws.messages import Contract, MarketDataRequest, SecurityType
from anytws.messages.base import Message, Side, TagValue
from anytws.messages.enumerations import Number, Word
from anytws.testing.strategies import Encoding, encoding_of, message_of
from anytws.wire import versions as v
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.codec import Codec
from anytws.wire.compiled import protobuf_writers, text_writers
from anytws.wire.compiled.bet import Encoder, Steps, result_of
from anytws.wire.rows import Entry, Part, When, leaves
from tests.annotations import classes_at, plain
from tests.conditions import met_conditions
from tests.edges import EDGES
from tests.fuzz.bodies import drawn
from tests.odd_records import copied
from tests.slips import ALL
from tests.wrong_messages import Change, Path, Writers, held_at, outcome_of, paths_of, places_of, slips_at

# An order that was found to be written wrong is made small by `Writers`: field by field, as an order is made.
few = settings(
    max_examples=2,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

WRITINGS = [pytest.param(entry, version, id=f"{entry.name}-{version}") for entry, version in EDGES]
"""Every entry with each version from which on it is written, or guarded, in another way."""


USUAL_WRITINGS = [
    pytest.param(entry, version, id=f"{entry.name}-{version}")
    for entry in CATALOGUE
    for version in (176, v.MAX_VERSION)
    if version >= entry.since and attrs.fields(entry.cls)
]
"""Every entry that has fields with an old version and the newest: as text, and as protobuf where it is in that."""


@st.composite
def changes_of(draw: st.DrawFn, message: Message) -> list[list[Change]]:
    """Draw two slips at one place of *message*, one to follow the other, and another one somewhere else."""
    paths = places_of(message)

    def slips_somewhere(count: int) -> list[Change]:
        path = paths[draw(st.integers(0, len(paths) - 1))]
        near = st.sampled_from(slips_at(message, path))
        return [(path, draw(near | st.sampled_from(ALL) if path else near)) for _ in range(count)]

    return [[each] for each in slips_somewhere(2)] + [slips_somewhere(1) + slips_somewhere(1)]


def assert_same(writers: Writers, message: Message, changes: Sequence[Change] = ()) -> None:
    difference = writers.smallest_difference(message, changes)
    assert not difference, difference


@pytest.mark.parametrize("entry, version", WRITINGS)
def test_a_compiled_writer_says_what_the_closures_say(entry: Entry, version: int) -> None:
    writers = Writers(entry.said_by, version)

    @few
    @given(st.data())
    def check(data: st.DataObject) -> None:
        message = data.draw(message_of(entry.cls, version))
        assert isinstance(writers.write_strictly(message), bytes)
        assert_same(writers, message)
        for changes in data.draw(changes_of(message)):
            assert_same(writers, message, changes)

    check()


@pytest.mark.parametrize(
    "entry, version",
    [each for each in WRITINGS if each.values[0].said_by is Side.CLIENT and each.values[1] < v.MAX_VERSION],
)
def test_what_a_version_has_no_place_for_is_refused_as_the_closures_refuse_it(entry: Entry, version: int) -> None:
    """A request for the newest version, said to an old one."""
    writers = Writers(entry.said_by, version)

    @few
    @given(message_of(entry.cls, v.MAX_VERSION, Encoding.TEXT))
    def check(message: Message) -> None:
        assert_same(writers, message)

    check()


MISTAKES: dict[type[Any], tuple[str, ...]] = {
    bool: ("1", "None"),
    int: ("True", "2147483647", "MyInt(held)", "1.0"),
    float: ("inf", "-inf", "nan", "1"),
    Decimal: ('Decimal("NaN")', "Decimal(2147483647)", "1"),
    str: (r'held + "\xe9"', r'"a\0b"', "None"),
    Word: ("slip_of(held)", "type(held).verbatim(slip_of(held))", "str(held)"),
    Number: ("int(held)", "True"),
    datetime: (
        *(
            "datetime(2024, 1, 31, 10, 30, 0, 1000, UTC)",
            "held.replace(microsecond=1)",
            "datetime(2024, 1, 31, 10, 30, tzinfo=KEYLESS)",
            "None",
        ),
        *('datetime(2024, 1, 31, 10, 30, tzinfo=KeyedZone("Mars/Base"))', "datetime(2024, 1, 31, 10, 30)"),
        *('datetime(2024, 1, 31, 10, 30, tzinfo=NamedZone("GMT", UTC))', "MyDatetime(2024, 1, 31, 10, 30)"),
    ),
    tuple: (
        "[*held]",
        "(*held, *held[:1])",
        "(*held, None)",
        "(*map(of_subclass, held),)",
        "(*map(as_default, held),)",
    ),
}
"""The mistakes that come first to mind, by what a field is annotated with."""


def mistakes_at(message: Message, path: Path) -> Iterator[str]:
    for cls in classes_at(type(held_at(message, path[:-1])), str(path[-1])):
        for each, slips in MISTAKES.items():
            if issubclass(cls, each) and not (each in (int, str) and issubclass(cls, (bool, Enum))):
                yield from slips


@pytest.mark.parametrize(
    "entry, version",
    [each for each in USUAL_WRITINGS if each.values[0].said_by is Side.CLIENT or each.values[1] == v.MAX_VERSION],
)
def test_each_field_is_held(entry: Entry, version: int) -> None:
    """Chance takes one field of an order out of two hundred; here it is the turn of all of them."""
    writers = Writers(entry.said_by, version)
    message = max(drawn(message_of(entry.cls, version), 0, most=4), key=lambda each: len([*paths_of(each)]))
    for path in paths_of(message):
        if path and isinstance(path[-1], str):
            for slip in mistakes_at(message, path):
                assert_same(writers, message, [(path, slip)])


WITH_CONDITIONS = [
    pytest.param(entry, version, id=f"{entry.name}-{version}")
    for entry in CATALOGUE
    for version in (176, 202)
    if entry.since <= version and any(isinstance(row, When) for row in entry.layout.text_rows)
]


@pytest.mark.parametrize("entry, version", WITH_CONDITIONS)
def test_what_stands_behind_a_condition_is_held(entry: Entry, version: int) -> None:
    """An order for a combination, one that is scaled: chance seldom draws them."""
    writers, (encoder, fallen) = Writers(entry.said_by, version), alone(entry, version)
    messages = met_conditions(entry, version)
    assert len(messages) > 1
    for message in messages:
        assert_same(writers, message)
        fallen.clear()
        body = writers.write_strictly(usual(message))
        if isinstance(body, bytes):
            assert encoder(usual(message)) == body
            assert not fallen


ONEOFS = [
    pytest.param(entry, [row.field for row in rows if isinstance(row, Part) and row.oneof is not None], id=entry.name)
    for entry in CATALOGUE
    for rows in [[*leaves(entry.layout.protobuf_rows)]]
    if any(isinstance(row, Part) and row.oneof is not None for row in rows)
]
"""Every entry with records of which at most one may be there, and their names."""


@pytest.mark.parametrize("entry, fields", ONEOFS)
def test_two_records_of_which_one_may_be_there_are_refused(entry: Entry, fields: list[str]) -> None:
    writers = Writers(entry.said_by, v.MAX_VERSION)
    message = plain(entry.cls)
    for one, other in combinations(fields, 2):
        both = {name: plain(next(filter(attrs.has, classes_at(entry.cls, name)))) for name in (one, other)}
        assert_same(writers, attrs.evolve(message, **{one: both[one]}))
        assert_same(writers, attrs.evolve(message, **both))
        assert not isinstance(writers.write_compiled(attrs.evolve(message, **both)), bytes)


def test_there_are_such_records() -> None:
    assert [each.id for each in ONEOFS] == ["TickByTickData"]


# What is usual is written without help


def alone(entry: Entry, version: int) -> tuple[Encoder, list[Message]]:
    """Give the compiled writer by itself, and the list of what it had to fall back for."""
    fallen: list[Message] = []

    def strict(message: Message) -> bytes:
        fallen.append(message)
        return b""

    if encoding_of(entry, version) is Encoding.TEXT:
        return result_of(text_writers.text_encoder_steps(entry, version, strict)), fallen
    return result_of(protobuf_writers.protobuf_encoder_steps(entry, version, strict)), fallen


def usual(value: Any) -> Any:
    """Give *value* without what help is asked for: words that nobody knows or that are numbers, tags within tags."""
    if isinstance(value, Word) and not value.is_known:
        return next(iter(type(value)))
    if isinstance(value, str) and "Infinity" in value:
        return "finite"
    if type(value) is tuple:
        return tuple(map(usual, value[:1] if value and isinstance(value[0], TagValue) else value))
    if attrs.has(type(value)):
        return copied(value, **{each.name: usual(getattr(value, each.name)) for each in attrs.fields(type(value))})
    return value


@pytest.mark.parametrize("entry, version", USUAL_WRITINGS)
def test_what_is_usually_said_needs_no_help(entry: Entry, version: int) -> None:
    encoder, fallen = alone(entry, version)
    encode = Codec(entry.said_by, version).encode

    @few
    @given(message_of(entry.cls, version).map(usual))
    def check(message: Message) -> None:
        body = outcome_of(encode, message)
        # Another word may have made it one that contradicts itself.
        assume(isinstance(body, bytes))
        assert encoder(message) == body
        assert not fallen

    check()


def test_nothing_is_left_to_the_closures() -> None:
    left = set()
    for entry, version in EDGES:
        encoder, _ = alone(entry, version)
        if encoder.__name__ == "strict":
            left.add(f"{entry.name} at {version}")
    assert left == set()


# The codec: when it compiles


@pytest.mark.parametrize(
    "version, module, name",
    [(176, text_writers, "text_encoder_steps"), (v.MAX_VERSION, protobuf_writers, "protobuf_encoder_steps")],
)
def test_a_writer_is_compiled_when_it_is_worth_it_a_step_for_each_message(
    version: int, module: ModuleType, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Entry] = []
    compiled = getattr(module, name)

    def spy(entry: Entry, version: int, strict: Encoder) -> Steps[Encoder]:
        calls.append(entry)
        return compiled(entry, version, strict)

    monkeypatch.setattr(module, name, spy)
    monkeypatch.setattr(anytws.wire.codec, "WORTH_COMPILING_WRITER", 3)
    codec = Codec(Side.CLIENT, version)
    message = MarketDataRequest(Contract(symbol="SPY", security_type=SecurityType.STOCK), request_id=1)
    first = codec.encode(message)
    counting, bodies, encoders = codec._encoders[MarketDataRequest], {first}, []
    for number in range(2, 40):
        bodies.add(codec.encode(message))
        encoders.append(codec._encoders[MarketDataRequest])
        assert bool(calls) == (number >= 4)
    assert bodies == {first}
    # How many steps there are depends on which of its records have been compiled for another message.
    assert encoders[0] is encoders[1] is counting
    assert encoders[-1] is not counting
    assert len(calls) == 1
    # Once it is there it stays.
    assert [*map(id, encoders)] == sorted(map(id, encoders), key=lambda each: each != id(counting))


def test_what_is_refused_is_refused_before_and_behind_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anytws.wire.codec, "WORTH_COMPILING_WRITER", 3)
    codec = Codec(Side.CLIENT, 176)
    good = MarketDataRequest(Contract(symbol="SPY"), request_id=1)
    bad = MarketDataRequest(Contract(symbol="S\u20ac"), request_id=1)
    outcomes = [outcome_of(codec.encode, message) for _ in range(20) for message in (bad, good)]
    assert len({*outcomes}) == 2
    assert outcomes[0] == outcomes[-2]


def test_at_once_is_at_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anytws.wire.codec, "WORTH_COMPILING_WRITER", 0)
    codec = Codec(Side.CLIENT, 176)
    codec.encode(MarketDataRequest(Contract(symbol="SPY"), request_id=1))
    encoder = codec._encoders[MarketDataRequest]
    codec.encode(MarketDataRequest(Contract(symbol="QQQ"), request_id=2))
    assert codec._encoders[MarketDataRequest] is encoder
