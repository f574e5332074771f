"""Compiled readers against the closures, for the whole catalogue: the same messages, the same errors, of any bytes.

The closures are the oracle, and what a compiled reader falls back to. So two things are asked of it: that it never
says anything else than they do, and that of what TWS usually says it needs no help, else it would be for nothing.
"""

from __future__ import annotations

import copy
import pickle
import sys
from decimal import Decimal
from typing import Final, TypeAlias

import attrs
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import anytws.wire.codec
from anytws.errors import DecodeError
from anytws.messages.base import Message, Side
from anytws.messages.historical import HistoricalData
from anytws.testing.strategies import Encoding, encoding_of, message_of, mutations_of
from anytws.wire import versions as v
from anytws.wire.catalogue import BY_CLASS, CATALOGUE
from anytws.wire.codec import Codec
from anytws.wire.compiled import text_readers
from anytws.wire.compiled.bet import Decoder
from anytws.wire.compiled.columns import column_of, memo_of
from anytws.wire.compiled.memo import Memo
from anytws.wire.compiled.protobuf_readers import protobuf_decoder
from anytws.wire.compiled.text_readers import text_decoder
from anytws.wire.kinds import DECIMAL, DOUBLE, INT, LONG, Kind
from anytws.wire.optional_kinds import maybe, nothing_is
from anytws.wire.rows import Entry, leaves
from anytws.wire.text import Surplus
from anytws.wire.times import TIME

Outcome: TypeAlias = tuple[object, ...]

# One example of each finds a wrong word of the generator; rare values are the mutations' business.
few = settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.fixture(autouse=True)
def _never_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Codecs compile nothing unless a test says so."""
    monkeypatch.setattr(anytws.wire.codec, "WORTH_COMPILING", sys.maxsize)


def edges_of(entry: Entry) -> list[int]:
    """Give a version of each way in which *entry* is written."""
    turns = {v.MIN_VERSION, entry.since, entry.protobuf_since or 0, v.PROTOBUF}
    for row in leaves(entry.layout.text_rows):
        turns |= {row.since, row.until or 0}
    return sorted(turn for turn in turns if turn >= max(v.MIN_VERSION, entry.since))


READINGS: Final = [
    pytest.param(entry, version, id=f"{entry.name}-{version}") for entry in CATALOGUE for version in edges_of(entry)
]
"""Every entry with each version from which on it is written in another way."""


def outcome_of(codec: Codec, body: bytes) -> Outcome:
    """Give what comes of *body*: equal outcomes cannot be told apart, -0.0 from 0.0 and 1 from True included."""
    try:
        message = codec.decode(body)
    except DecodeError as problem:
        return str(problem), problem.message, problem.field
    return type(message), message, repr(message)


class Pair:
    """The same codec twice: once with the strict readers, once with compiled ones."""

    def __init__(self, entry: Entry, version: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.strict = Codec(entry.said_by.peer, version)
        self.compiled = Codec(entry.said_by.peer, version)
        self.write = Codec(entry.said_by, version).encode
        self._monkeypatch = monkeypatch

    def outcomes(self, body: bytes) -> tuple[Outcome, Outcome]:
        strict = outcome_of(self.strict, body)
        with self._monkeypatch.context() as patch:
            patch.setattr(anytws.wire.codec, "WORTH_COMPILING", 0)
            return strict, outcome_of(self.compiled, body)


@pytest.mark.parametrize("entry, version", READINGS)
def test_a_compiled_reader_says_what_the_closures_say(
    entry: Entry, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = Pair(entry, version, monkeypatch)

    @few
    @given(st.data())
    def check(data: st.DataObject) -> None:
        message = data.draw(message_of(entry.cls, version))
        body = pair.write(message)
        strict, generated = pair.outcomes(body)
        assert strict == generated
        assert generated[1] == message
        for _ in range(3):
            strict, generated = pair.outcomes(data.draw(mutations_of(body)))
            assert strict == generated

    check()


def reads(entry: Entry, version: int, encoding: Encoding) -> tuple[Decoder, list[bytes]]:
    """Give the compiled reader alone, and the list of what it had to fall back for."""
    fallen: list[bytes] = []

    def strict(body: bytes) -> None:
        fallen.append(body)

    decoder = text_decoder(entry, version, strict) if encoding is Encoding.TEXT else protobuf_decoder(entry, strict)
    assert decoder is not strict, f"{entry.name} has something that the generator has no words for"
    return decoder, fallen


@pytest.mark.parametrize(
    "entry, version",
    [
        pytest.param(entry, version, id=f"{entry.name}-{version}")
        for entry in CATALOGUE
        for version in (176, v.MAX_VERSION)
        if version >= entry.since
    ],
)
def test_what_is_said_needs_no_help(entry: Entry, version: int) -> None:
    encoding = encoding_of(entry, version)
    decoder, fallen = reads(entry, version, encoding)
    write = Codec(entry.said_by, version).encode
    id_length = 4 if version >= v.PROTOBUF else len(f"{entry.id}\0")

    @few
    @given(message_of(entry.cls, version))
    def check(message: Message) -> None:
        assert decoder(write(message)[id_length:]) == message
        assert not fallen

    check()


# Values: each text either is read as the strict reader does, or not at all

DIGITS: Final = st.text("0123456789", min_size=1, max_size=11)
SIGNS: Final = st.sampled_from(["", "-", "+", "00"])
POINTS: Final = st.sampled_from(["", ".", ".0"])
ODD_NUMBERS: Final = [
    *("-1", "-1.0", "-0", "-0.0", "nan", "NaN", "inf", "Infinity", "-Infinity", "1_0", "1e5", "1e999", "+1", "007"),
    *("-", ".", "-.", "1-", "1.2.3", "", " 1", "1 "),
    *("2147483647", "02147483647", "2147483647.0", "2147483648", "-2147483648"),
    *("9223372036854775807", "-9223372036854775808", "9223372036854775808"),
    *("1.7976931348623157E308", "1.7976931348623157e+308", f"{17976931348623157 * 10**292}"),
    *("170141183460469231731687303715884105727", "9" * 400, f"0.{'0' * 400}1", f"1{'0' * 7000}", f"0.{'0' * 7000}1"),
]
NUMBERS: Final = (
    st.text("0123456789.-+eE_ \u0661\uff11", max_size=12)
    | st.builds("{}{}{}{}".format, SIGNS, DIGITS, POINTS, DIGITS)
    | st.sampled_from(ODD_NUMBERS)
)
KINDS: Final = [
    *(INT, LONG, DOUBLE, DECIMAL),
    *map(maybe, (INT, LONG, DOUBLE, DECIMAL)),
    nothing_is(INT, "2147483647"),
    nothing_is(DOUBLE, "1.7976931348623157E308"),
    nothing_is(DOUBLE, "-1", is_unset=lambda value: value < 0),
    nothing_is(DECIMAL, "-1"),
    # A marker that is the sentinel of another type.
    nothing_is(DOUBLE, "2147483647"),
]
TIMES: Final = st.sampled_from(
    """
    20240131 10:30:00 US/Eastern|20240131 24:00:00 US/Eastern|20240231 10:30:00 CET|20240131 10:30:00 Middle Earth
    20240310 02:30:00 US/Eastern|20241103 01:30:00 US/Eastern|99991231 23:59:59 UTC|20240131 1:30:00 US/Eastern
    20240131 10:30:00|20240131  10:30:00|20240131|20240131-10:30:00|20240131 10:30:00Z|20240131 10:30:00 Z|1706697000
    20240131-10:30:00 CET|20240131 10:30 US/Eastern|20240131 10:3|20240131 10:30:000|20240131 10:30:00  CET
    """.replace("\n    ", "|").split("|")
)


def read_strictly(kind: Kind, texts: list[str]) -> object:
    try:
        return repr([kind.read_text(text) for text in texts])
    except (ValueError, ArithmeticError):
        return "refused"


def read_quickly(kind: Kind, texts: list[str]) -> object:
    memo = memo_of(kind.read_text)
    try:
        return repr([memo[text] for text in texts])
    except (ValueError, ArithmeticError):
        return "refused"


def read_as_a_column(kind: Kind, texts: list[str]) -> object:
    column = column_of(kind.read_text)
    try:
        return repr([*column(texts)]) if column else read_strictly(kind, texts)
    except (ValueError, ArithmeticError):
        return "refused"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@given(texts=st.lists(NUMBERS, max_size=4))
@example(texts=["1", "2147483647"])
@example(texts=["1", "9223372036854775807"])
def test_numbers_are_read_as_strictly(kind: Kind, texts: list[str]) -> None:
    strict = read_strictly(kind, texts)
    # Twice: what was refused must not have been remembered, what was read must be remembered as it was.
    assert read_quickly(kind, texts) == read_quickly(kind, texts) == strict
    assert read_as_a_column(kind, texts) == strict


@given(texts=st.lists(TIMES | st.text("0123456789 :-Z", max_size=19), max_size=3))
def test_times_are_read_as_strictly(texts: list[str]) -> None:
    strict = read_strictly(TIME, texts)
    assert read_quickly(TIME, texts) == strict
    assert read_as_a_column(TIME, texts) == strict


def test_what_is_remembered_is_bounded() -> None:
    memo = Memo(str.upper)
    for number in range(10_000):
        assert memo[f"x{number}"] == f"X{number}"
    assert len(memo) <= 2048
    long = "y" * 1000
    assert memo[long] == long.upper()
    assert long not in memo


# Objects: made in another way, and not to be told from those that are made in the usual one


def test_objects_are_those_of_the_real_class() -> None:
    body = b"1\0\0\x001\x0020240131 10:30:00 US/Eastern\x001.5\x002\x001\x001.25\x00100\x001.5\x007\0"
    decoder, fallen = reads(BY_CLASS[HistoricalData], 176, Encoding.TEXT)
    message = decoder(body)
    (bar,) = message.bars
    assert not fallen
    assert bar.volume == Decimal(100)
    for each in (message, bar):
        usual = type(each)(**{field.name: getattr(each, field.name) for field in attrs.fields(type(each))})
        assert type(each) is type(usual)
        assert each == usual
        assert hash(each) == hash(usual)
        assert repr(each) == repr(usual)
        assert pickle.loads(pickle.dumps(each)) == usual  # noqa: S301 (our own bytes)
        assert copy.deepcopy(each) == usual
        assert attrs.evolve(each) == usual
        assert not hasattr(each, "__dict__")
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(each, attrs.fields(type(each))[0].name, 1)


# The codec


def test_a_reader_is_compiled_as_soon_as_it_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def spy(entry: Entry, version: int, strict: Decoder, most_items: int) -> Decoder:
        calls.append(f"{entry.name} {version}")
        return text_decoder(entry, version, strict, most_items)

    monkeypatch.setattr(text_readers, "text_decoder", spy)
    codec, body = Codec(Side.CLIENT, 176), b"49\x001\x001700000000\0"
    monkeypatch.setattr(anytws.wire.codec, "WORTH_COMPILING", 3 * len(body.partition(b"\0")[2]))
    read = []
    for number in range(5):
        read.append(codec.decode(body))
        assert bool(calls) == (number >= 2)
    assert calls == ["CurrentTime 176"]
    assert read.count(read[0]) == 5


@pytest.mark.parametrize("compile_at", [0, sys.maxsize])
def test_surplus_fields_are_told_either_way(compile_at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anytws.wire.codec, "WORTH_COMPILING", compile_at)
    surplus = Codec(Side.CLIENT, 176).decode(b"49\x001\x001700000000\0more\0")
    assert isinstance(surplus, Surplus)
    assert surplus.fields == ("more",)
