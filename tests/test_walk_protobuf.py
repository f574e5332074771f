"""The slow walk over protobuf gives every field that is there, by its path, and those that nobody knows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.errors import DecodeError
from anytws.messages import ErrorMessage
from anytws.testing.strategies import Encoding, record_of
from anytws.wire import protobuf
from anytws.wire.catalogue import BY_CLASS, CATALOGUE
from anytws.wire.rows import Entry
from anytws.wire.walk_protobuf import walk_protobuf
from tests.hostile_frames import nested, tag, varint
from tests.test_kinds import fewer
from tests.test_protobuf import MIXED, Inner, Mixed
from tests.test_rows import MINIATURE, MarginCondition, PriceCondition, in_catalogue

OPEN_ORDER = MINIATURE[0]
ERROR = BY_CLASS[ErrorMessage]
IN_PROTOBUF = [entry for entry in CATALOGUE if entry.protobuf_since is not None]


def value_at(value: Any, path: str) -> Any:
    """Give what *value* has at *path*, such as ``order.conditions[1].percent``."""
    for part in path.split("."):
        name, _, place = part.partition("[")
        value = getattr(value, name)
        if place:
            value = value[int(place.rstrip("]"))]
    return value


@fewer
@given(data=st.data())
def test_each_field_that_is_seen_is_the_one_of_the_message(data: st.DataObject) -> None:
    """Its value under its path; of a choice the number, of a pair the value under its name."""
    said = data.draw(record_of(OPEN_ORDER.layout, 226, Encoding.PROTOBUF))
    with in_catalogue(*MINIATURE):
        seen = [*walk_protobuf(OPEN_ORDER, protobuf.serialize(OPEN_ORDER, said))]
    for field in seen:
        assert not field.is_odd
        if field.path.endswith(".kind") and "conditions" in field.path:
            assert field.value == {PriceCondition: 1, MarginCondition: 4}[type(value_at(said, field.path[:-5]))]
        elif "parameters[" in field.path or "options[" in field.path:
            assert field.value in {each.value for each in (*said.order.parameters, *said.order.options)}
        else:
            assert field.value == value_at(said, field.path)
    assert {"order_id", "order.total_quantity"} <= {field.path for field in seen}


def test_what_is_absent_is_not_seen() -> None:
    """What stands on the wire is told, and nothing that the class would add."""
    with in_catalogue(MIXED):
        paths = [field.path for field in walk_protobuf(MIXED, protobuf.serialize(MIXED, Mixed(first=Inner(5))))]
    assert paths == ["first.number", "sent.number"]


def test_fields_that_nobody_knows_come_last_where_they_nest() -> None:
    """With their number, and with what they hold."""
    body = nested(7, tag(1, 0) + b"\1" + nested(9, b"new")) + tag(99, 0) + b"\5"
    with in_catalogue(MIXED):
        seen = [(field.path, field.kind, field.text) for field in walk_protobuf(MIXED, body)]
    assert seen == [
        ("sent.number", "INT", "1"),
        ("sent.field 9", "not known to us", "b'new'"),
        ("field 99", "not known to us", "5"),
    ]


def test_in_a_body_as_long_as_a_book_unknown_fields_are_not_looked_for() -> None:
    """An object would be made of each of them; that they were not looked for is told."""
    body = nested(4, b"x" * 2**20) + tag(99, 0) + b"\5"
    *_, last = walk_protobuf(ERROR, body)
    assert (last.path, last.text) == ("fields that we do not know", f"not looked for in a body of {len(body)} bytes")


def test_a_choice_that_is_not_known_is_told() -> None:
    with in_catalogue(MIXED), pytest.raises(DecodeError) as caught:
        [*walk_protobuf(MIXED, nested(2, tag(1, 0) + b"\7"), tolerant=True)]
    error = caught.value
    assert (error.field, error.seen, error.wanted) == ("conditions[0].kind", "7", "one of 1, 4")


def test_the_walk_over_protobuf_is_tolerant_in_the_same_way() -> None:
    body = tag(1, 0) + b"\5" + tag(3, 0) + varint(2**31 - 1) + nested(4, b"ok")
    seen = [*walk_protobuf(ERROR, body, tolerant=True)]
    assert [(each.path, each.is_odd) for each in seen] == [
        ("request_id", False), ("error_code", True), ("error_message", False),
    ]  # fmt: skip
    with pytest.raises(DecodeError) as caught:
        [*walk_protobuf(ERROR, body)]
    assert (caught.value.field, caught.value.seen) == ("error_code", "2147483647")


def test_the_name_of_a_pair_is_the_peer_s_own_and_is_shown_so_that_it_can_be_printed() -> None:
    """In a path, which goes into errors and onto terminals."""
    with in_catalogue(MIXED):
        (pair,) = walk_protobuf(MIXED, nested(1, nested(1, b"\x1b[2J" + b"x" * 500) + nested(2, b"y")))
    assert pair.path.isprintable()
    assert len(pair.path) < 120
    assert pair.value == "y"


@pytest.mark.parametrize("entry", [*IN_PROTOBUF[::9], ERROR], ids=lambda entry: entry.name)
@given(data=st.data())
def test_any_bytes_are_fields_or_a_decode_error(entry: Entry, data: st.DataObject) -> None:
    """In a strict and in a tolerant walk; and the tolerant one goes on at least as far."""
    body = data.draw(st.binary(max_size=40) | st.lists(st.integers(1, 12)).map(_fields))
    lengths = [len(_walked(entry, body, tolerant=tolerant)) for tolerant in (False, True)]
    assert lengths[0] <= lengths[1]


def _fields(numbers: list[int]) -> bytes:
    return b"".join([tag(number, 0) + varint(2**31 - 1) for number in numbers])


def _walked(entry: Entry, body: bytes, *, tolerant: bool) -> list[str]:
    paths: list[str] = []
    try:
        for field in walk_protobuf(entry, body, tolerant=tolerant):
            paths.append(field.path)  # noqa: PERF401 (as far as it goes)
    except DecodeError as problem:
        assert problem.message == entry.name
    return paths
