"""Why a body is no protobuf: the byte, the field, and the request that it belonged to are found."""

from __future__ import annotations

import pytest
from google.protobuf.message import DecodeError as ParseError
from hypothesis import example, given
from hypothesis import strategies as st

from anytws.messages import AccountSummary, ErrorMessage, HistoricalData, OpenOrder
from anytws.testing.strategies import Encoding, record_of
from anytws.wire.catalogue import CATALOGUE, entry_for
from anytws.wire.protobuf import serialize
from anytws.wire.protobuf_descriptors import message_class
from anytws.wire.protobuf_fault import fault_of
from anytws.wire.rows import Entry, carried_rows
from tests.hostile_frames import nested, tag, varint
from tests.test_kinds import fewer
from tests.test_rows import MINIATURE, in_catalogue

ERROR, ORDER, HISTORY = entry_for(ErrorMessage), entry_for(OpenOrder), entry_for(HistoricalData)
IN_PROTOBUF = [entry for entry in CATALOGUE if entry.protobuf_since is not None]
ID = tag(1, 0) + b"\x2a"
"""The request id 42."""


def is_refused(entry: Entry, body: bytes) -> bool:
    """Tell whether the protobuf runtime refuses *body*."""
    try:
        message_class(entry.layout).FromString(body)
    except ParseError:
        return True
    return False


@pytest.mark.parametrize(
    "rest, field, said",
    [
        (nested(4, b"abc")[:-1], None, "the body that ends after 2 of the 3 bytes of field 4"),
        (tag(3, 0) + b"\xff", None, "ends inside a number at byte 3"),
        (tag(3, 0) + b"\xff" * 10 + b"\1", None, "ends inside a number"),
        (tag(5, 1) + b"\0\0", None, "the body that ends after 2 of the 8 bytes of field 5"),
        (tag(5, 5) + b"\0\0", None, "the body that ends after 2 of the 4 bytes of field 5"),
        (b"\x07\x00", None, "where a field should begin"),
        (b"\x00", None, "where a field should begin"),
        (nested(4, b"caf\xe9"), "error_message", "a text of 4 bytes with b'\\xe9' in it"),
    ],
)
def test_the_fault_is_told_by_its_place(rest: bytes, field: str | None, said: str) -> None:
    """And with it the id that was read before it."""
    assert is_refused(ERROR, ID + rest)
    problem = fault_of(ERROR, ID + rest)
    assert (problem.message, problem.field, problem.request_id) == ("ErrorMessage", field, 42)
    assert said in problem.seen
    assert problem.wanted == f"a protobuf {ERROR.layout.name}"


def test_a_fault_in_a_nested_record_is_told_by_its_path() -> None:
    """As deep as it lies: in a record, in a list, in a pair."""
    number = {row.field: row.number or 0 for row in carried_rows(HISTORY.layout)}
    body = ID + nested(number["bars"], nested(1, b"\xff\xfe"))
    assert is_refused(HISTORY, body)
    problem = fault_of(HISTORY, body)
    assert problem.field is not None
    assert problem.field.startswith("bars.")
    broken = ID + nested(number["bars"], b"\x09\0")
    assert fault_of(HISTORY, broken).field == "bars"


@pytest.mark.parametrize("sent, heard", [(7, 7), (2**64 - 1, -1), (2**64 - 2**31, -(2**31)), (0, 0)])
def test_the_id_has_a_sign(sent: int, heard: int) -> None:
    """An order of TWS itself has a negative one."""
    assert fault_of(ERROR, tag(1, 0) + varint(sent) + b"\x07").request_id == heard


@pytest.mark.parametrize("body", [b"\x07", nested(1, b"42") + b"\x07", nested(4, b"\xff") + ID])
def test_without_an_id_before_the_fault_there_is_none(body: bytes) -> None:
    """Nothing is guessed: a field of the id's number that is no number is not read, nor one behind the fault."""
    assert fault_of(ERROR, body).request_id is None


@given(data=st.binary(max_size=60))
@example(tag(3, 3) + tag(3, 4))
def test_why_can_be_said_of_any_bytes(data: bytes) -> None:
    """And a body that the runtime refuses gets a reason, save one that only its own rules of nesting refuse."""
    for entry in IN_PROTOBUF[:20]:
        problem = fault_of(entry, data)
        assert problem.message == entry.name
        assert str(problem).isprintable()


@pytest.mark.parametrize("entry", [MINIATURE[0], entry_for(AccountSummary)], ids=lambda entry: entry.name)
@fewer
@given(data=st.data())
def test_a_body_that_is_cut_off_is_told_if_the_runtime_refuses_it(entry: Entry, data: st.DataObject) -> None:
    """Wherever it is cut: by the field that has not come whole."""
    with in_catalogue(*MINIATURE):
        body = serialize(entry, data.draw(record_of(entry.layout, 226, Encoding.PROTOBUF)))
        cut = body[: data.draw(st.integers(0, len(body)))]
        told = fault_of(entry, cut).seen
        assert ("that ends" in told) is is_refused(entry, cut)


def test_records_in_records_are_looked_into_up_to_a_depth() -> None:
    """The peer chooses how deep they are: a body may be made of nothing but lengths."""
    body = b""
    for _ in range(200):
        body = nested(2, body)
    assert fault_of(ORDER, body).message == "OpenOrder"
