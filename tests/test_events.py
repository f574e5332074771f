"""What the core tells beside the messages: what each says of itself, bounded and printable whatever a peer said."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anytws.core.events import (
    MOST_OF_A_DETAIL,
    CloseReason,
    ConnectionClosed,
    OddValue,
    Stage,
    StillWaiting,
    SurplusFields,
    UndecodableFrame,
    UnknownMessage,
    VersionAgreed,
)
from anytws.core.remembered import weigh
from anytws.core.state import State
from anytws.errors import AnytwsError, DecodeError
from anytws.messages import NextValidId
from anytws.wire.odd import Odd, OddField

HOSTILE = "\x1b[2J\n" * 2000


def test_the_clock_of_tws_is_read_when_somebody_asks() -> None:
    agreed = VersionAgreed(176, b"20260405 23:49:26 UTC")
    assert agreed.connection_time.aware == datetime(2026, 4, 5, 23, 49, 26, tzinfo=UTC)
    assert VersionAgreed(176, b"\xff").connection_time.local is None


def test_a_remark_is_a_line() -> None:
    told = str(StillWaiting(State.HANDSHAKING, 4.0, None, HOSTILE, "Look at its screen"))
    assert told.isprintable()
    assert told.endswith(". Look at its screen")
    assert len(told) < MOST_OF_A_DETAIL + 100


@given(number=st.integers(0, 2**32 - 1), rest=st.binary(max_size=8))
def test_an_unknown_id_is_told_as_it_stands_and_as_the_vendor_lists_it(number: int, rest: bytes) -> None:
    wide = UnknownMessage(number, number.to_bytes(4, "big") + rest)
    assert wide.protobuf_id == (number - 200 if number > 200 else None)
    assert wide.told_id == (f"{number} ({number - 200} in protobuf)" if number > 200 else str(number))
    text = UnknownMessage(number, b"%d\0" % number)
    assert (text.protobuf_id, text.told_id) == (None, str(number))


@given(st.lists(st.text(max_size=20), max_size=150))
@example(["x"] * 100)
@example(["x"] * 101)
def test_of_many_fields_the_beginning_is_told(fields: list[str]) -> None:
    told = SurplusFields.of(NextValidId(1), tuple(fields))
    assert told.message == "NextValidId"
    assert told.fields[:100] == tuple(fields[:100])
    assert told.fields[100:] == ((f"and {len(fields) - 100} more",) if len(fields) > 100 else ())


def test_of_a_long_field_the_beginning_is_told() -> None:
    told = SurplusFields.of(NextValidId(1), ("x" * 10**6, "y" * 1000))
    assert "(1000000 characters)" in told.fields[0]
    assert told.fields[1] == "y" * 1000
    assert weigh(told) < 10_000


@given(st.integers(1, 5), st.integers(0, 200))
def test_values_that_could_not_be_read_are_told_of_together(named: int, more: int) -> None:
    fields = tuple(OddField(f"bars[{number}].open", f"{number!r}", "a number") for number in range(named))
    event = OddValue.of(Odd(NextValidId(1), fields, named + more))
    assert event.fields == tuple(field.path for field in fields)
    assert (event.message, event.count) == ("NextValidId", named + more)
    assert event.problem.startswith("NextValidId.bars[0].open: 0 is not a number, and was read as nothing")
    assert ("more of its values" in event.problem) is (named + more > 1)


def test_a_frame_that_cannot_be_read_says_what_the_decoder_said() -> None:
    problem = DecodeError("NextValidId", "order_id", "'x'", "a whole number", request_id=7)
    event = UndecodableFrame.of(b"9\x001\0x\0", problem)
    assert event.problem == str(problem)
    assert (event.frame, event.request_id, event.code) == (b"9\x001\0x\0", 7, 508)
    assert (event.message, event.field, event.seen, event.wanted) == (
        "NextValidId",
        "order_id",
        "'x'",
        "a whole number",
    )


FULL = ConnectionClosed(
    CloseReason.REDIRECTED, State.HANDSHAKING, "seen", "Do this", 502, None, 7498, ("gw", 4001), Stage.VERSION
)


@pytest.mark.parametrize("field", [field.name for field in attrs.fields(ConnectionClosed)])
def test_two_ends_are_equal_when_all_their_values_are(field: str) -> None:
    again = FULL.again()
    assert again is not FULL
    assert again == FULL
    assert hash(again) == hash(FULL)
    other = attrs.evolve(FULL, **{field: "other"})
    assert other != FULL
    assert FULL != "an end"


def test_an_end_can_be_raised_copied_and_sent_to_another_process() -> None:
    with pytest.raises(AnytwsError, match="seen"):
        raise FULL.again()
    assert copy.copy(FULL) == FULL
    assert pickle.loads(pickle.dumps(FULL)) == FULL  # noqa: S301


@pytest.mark.parametrize("detail", ["", "seen", HOSTILE])
@pytest.mark.parametrize("hint", ["", "Do this", HOSTILE])
@pytest.mark.parametrize("code", [None, 502])
def test_the_words_of_an_end_are_one_line(detail: str, hint: str, code: int | None) -> None:
    told = str(ConnectionClosed(CloseReason.EOF, State.READY, detail, hint, code))
    assert told.startswith(f"connection closed (eof{'' if code is None else ', code 502'}) while ready")
    assert told.isprintable()
    assert (": " in told) is bool(detail)
    assert told.endswith({"": ("ready", "seen", "characters)"), "Do this": ". Do this"}.get(hint, "characters)"))
    assert len(told) < 1500
