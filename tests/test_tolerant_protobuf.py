"""A protobuf message with an odd value: the value is None and told, and all else is as the strict reader has it."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.errors import DecodeError
from anytws.messages import ErrorMessage
from anytws.testing.strategies import Encoding, record_of
from anytws.wire import protobuf
from anytws.wire.catalogue import CATALOGUE, entry_for
from anytws.wire.odd import ABSENT, OddField
from anytws.wire.protobuf_descriptors import message_class
from anytws.wire.rows import Entry
from anytws.wire.tolerant_protobuf import TolerantProtobuf, class_with_bytes
from tests.hostile_frames import nested, tag, varint
from tests.test_kinds import fewer
from tests.test_protobuf import MIXED, Inner, Mixed
from tests.test_rows import (
    CONTRACT_DATA,
    MINIATURE,
    OPEN_ORDER,
    ContractData,
    Expiry,
    in_catalogue,
)

ERROR = entry_for(ErrorMessage)
SENT = nested(7, tag(1, 0) + b"\7")
UNSET = varint(2**31 - 1)
IN_PROTOBUF = [entry for entry in CATALOGUE if entry.protobuf_since is not None]


def read(entry: Entry, body: bytes, most_items: int = 1000) -> Any:
    return TolerantProtobuf(entry, body, most_items).read()


@fewer
@given(data=st.data())
def test_what_the_strict_reader_takes_has_nothing_odd(data: st.DataObject) -> None:
    """So there is nothing to tell; a message that is not odd is the strict reader's business."""
    said = data.draw(record_of(OPEN_ORDER.layout, 226, Encoding.PROTOBUF))
    with in_catalogue(*MINIATURE):
        body = protobuf.serialize(OPEN_ORDER, said)
        assert protobuf.parse(OPEN_ORDER, body) == said
        assert read(OPEN_ORDER, body) is None


@fewer
@given(data=st.data())
def test_text_that_is_not_utf_8_changes_that_text_alone(data: st.DataObject) -> None:
    """The runtime refuses the whole message for it; here it is read as Latin-1, and told."""
    said = data.draw(record_of(OPEN_ORDER.layout, 226, Encoding.PROTOBUF))
    word = data.draw(st.binary(min_size=1, max_size=9).filter(lambda word: b"\0" not in word and not _is_utf_8(word)))
    with in_catalogue(*MINIATURE):
        body = protobuf.serialize(OPEN_ORDER, attrs.evolve(said, warning="")) + nested(4, word)
        odd = read(OPEN_ORDER, body)
    assert odd.message == attrs.evolve(said, warning=word.decode("latin-1"))
    assert [(field.path, field.wanted) for field in odd.fields] == [("warning", "UTF-8")]


def _is_utf_8(word: bytes) -> bool:
    try:
        word.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize(
    "body, path, message",
    [
        (nested(3, tag(1, 0) + UNSET) + SENT, "first.number", Mixed(first=Inner(None), sent=Inner(7))),  # type: ignore[arg-type]
        (nested(7, tag(1, 0) + UNSET), "sent.number", Mixed(sent=Inner(None))),  # type: ignore[arg-type]
        (nested(1, nested(1, b"\xff") + nested(2, b"v")) + SENT, "pairs", None),
        (nested(1, nested(1, b"k") + nested(2, b"\xff")) + SENT, "pairs", None),
    ],
)
def test_an_odd_value_is_told_by_its_path(body: bytes, path: str, message: Mixed | None) -> None:
    """In a record, and in a pair, whose name or value is not UTF-8."""
    with in_catalogue(MIXED):
        odd = read(MIXED, body)
    assert [field.path for field in odd.fields] == [path]
    assert message is None or odd.message == message
    if message is None:
        (pair,) = odd.message.pairs
        assert (pair.tag, pair.value) in {("\xff", "v"), ("k", "\xff")}


def test_a_field_that_has_to_be_there_and_is_not_is_told_as_absent() -> None:
    """Its record may be absent as a whole: then each of its fields is."""
    with in_catalogue(*MINIATURE):
        odd = read(OPEN_ORDER, tag(1, 0) + b"\7")
    assert odd.message.order_id == 7
    assert {field.seen for field in odd.fields} == {ABSENT}
    assert {field.path for field in odd.fields} >= {"order.action", "order.total_quantity"}


@pytest.mark.parametrize(
    "body",
    [
        tag(1, 0) + UNSET,
        nested(2, tag(1, 0) + b"\5") + SENT,
        nested(2, b"") + SENT,
        b"\x07",
        nested(4, b"x")[:-1],
    ],
)
def test_what_must_not_be_odd_makes_it_no_message(body: bytes) -> None:
    """The id of the request, a choice that is not known, and what is no protobuf at all."""
    entry = ERROR if body == tag(1, 0) + UNSET else MIXED
    with in_catalogue(MIXED):
        assert read(entry, body) is None


def test_the_id_that_was_read_is_kept_for_the_error() -> None:
    """For whoever waits for the answer: it may be the only thing that can be read."""
    with in_catalogue(*MINIATURE):
        reading = TolerantProtobuf(OPEN_ORDER, tag(1, 0) + b"\x2a" + nested(3, tag(15, 0) + b"\1"), 1000)
        reading.read()
    assert reading.request_id == 42


def test_a_code_that_cannot_be_read_costs_the_message() -> None:
    """It says whether it is an error at all."""
    assert read(ERROR, tag(1, 0) + b"\5" + tag(3, 0) + UNSET + nested(4, b"why")) is None


def test_too_many_different_odd_fields_are_another_layout() -> None:
    wrong = b"".join(
        nested(number, b"\xff")
        for number in (1, 9, 11, 13, 17)  # action, algorithm, softTier, regulators, comment
    )
    with in_catalogue(*MINIATURE):
        assert read(OPEN_ORDER, tag(1, 0) + b"\1" + nested(2, nested(2, b"\xff")) + nested(3, wrong)) is None


def test_lists_that_are_too_long_are_an_error_and_no_odd_value() -> None:
    """By the same count as in the strict reader."""
    body = nested(2, tag(1, 0) + b"\4") * 30 + nested(1, nested(1, b"\xff")) + SENT
    with in_catalogue(MIXED), pytest.raises(DecodeError, match=r"Limits\.items"):
        read(MIXED, body, most_items=10)


def test_what_is_done_after_reading_is_done_here_too() -> None:
    body = tag(1, 0) + UNSET + nested(2, nested(1, b"20240131 10:30")) + nested(3, b"20240130 9")
    with in_catalogue(*MINIATURE):
        odd = read(CONTRACT_DATA, body)
    assert odd.message == ContractData(None, Expiry("20240131", "10:30"), "20240130", "9")  # type: ignore[arg-type]
    assert odd.fields == (OddField("contract_id", "2147483647", "INT"),)


@pytest.mark.parametrize("entry", IN_PROTOBUF[::5], ids=lambda entry: entry.name)
def test_on_the_wire_a_text_and_bytes_are_the_same(entry: Entry) -> None:
    """So the class with bytes has the same fields under the same numbers, and no text."""
    usual, other = message_class(entry.layout).DESCRIPTOR, class_with_bytes(entry.layout).DESCRIPTOR
    assert {*usual.fields_by_number} == {*other.fields_by_number}
    for number, field in usual.fields_by_number.items():
        again = other.fields_by_number[number]
        assert again.type != again.TYPE_STRING
        if field.type != field.TYPE_STRING:
            assert again.type == field.type
