"""Descriptors of protobuf messages: they come from the rows alone, and are what the vendor's files say."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pool import DescriptorPool

from anytws.wire import protobuf_descriptors
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.kinds import BOOL, DOUBLE, INT, LONG, STRING
from anytws.wire.rows import Column, Entry, Filler, Layout, Row, leaves
from tests.test_protobuf import MIXED, Sizes
from tests.test_rows import MINIATURE, OPEN_ORDER, Contract, in_catalogue

IN_PROTOBUF = [entry for entry in CATALOGUE if entry.protobuf_since is not None]


def described(*layouts: Layout) -> dict[str, descriptor_pb2.DescriptorProto]:
    """Give the descriptors of *layouts* by name."""
    return {kind.name: kind for kind in protobuf_descriptors.file_descriptor(layouts).message_type}


def test_the_descriptors_come_from_the_rows_alone() -> None:
    """Numbers, the vendor's names, types, presence, repetition, nesting."""
    kinds = described(OPEN_ORDER.layout)
    assert set(kinds) == {
        "MiniOpenOrder", "MiniContract", "MiniLeg", "MiniDeltaNeutral", "MiniOrder", "MiniCondition", "MiniHedge",
    }  # fmt: skip
    scalar = descriptor_pb2.FieldDescriptorProto
    order = {field.name: field for field in kinds["MiniOrder"].field}
    assert {
        name: (field.number, field.type) for name, field in order.items() if field.label != field.LABEL_REPEATED
    } == {
        "action": (1, scalar.TYPE_STRING),
        "totalQuantity": (2, scalar.TYPE_STRING),
        "lmtPrice": (3, scalar.TYPE_DOUBLE),
        "hidden": (4, scalar.TYPE_BOOL),
        "permId": (5, scalar.TYPE_INT64),
        "scaleIncrement": (7, scalar.TYPE_DOUBLE),
        "scaleOffset": (8, scalar.TYPE_DOUBLE),
        "algorithm": (9, scalar.TYPE_STRING),
        "softTier": (11, scalar.TYPE_STRING),
        "cashQuantity": (12, scalar.TYPE_STRING),
        "hedge": (16, scalar.TYPE_MESSAGE),
        "comment": (17, scalar.TYPE_STRING),
    }
    assert (order["parameters"].number, order["parameters"].type_name) == (10, ".protobuf.MiniOrder.ParametersEntry")
    assert (order["conditions"].number, order["conditions"].type_name) == (15, ".protobuf.MiniCondition")
    assert (order["regulators"].number, order["regulators"].type) == (13, scalar.TYPE_STRING)
    assert "legPrices" not in order, "a row without a number has no protobuf form"
    assert all(field.proto3_optional for field in order.values() if field.label != field.LABEL_REPEATED)
    delta_neutral = next(field for field in kinds["MiniContract"].field if field.name == "deltaNeutral")
    assert (delta_neutral.proto3_optional, delta_neutral.HasField("oneof_index")) == (False, False)


def test_pairs_are_a_map_of_texts() -> None:
    """As protobuf describes maps: an entry message of the right name, with a key and a value."""
    order = next(kind for kind in described(OPEN_ORDER.layout).values() if kind.name == "MiniOrder")
    assert [nested.name for nested in order.nested_type] == ["ParametersEntry", "OrderMiscOptionsEntry"]
    for nested in order.nested_type:
        assert nested.options.map_entry
        assert [(f.name, f.number, f.type) for f in nested.field] == [
            ("key", 1, f.TYPE_STRING) for f in nested.field[:1]
        ] + [("value", 2, f.TYPE_STRING) for f in nested.field[1:]]
    with in_catalogue(*MINIATURE):
        found: Any = (
            protobuf_descriptors.message_class(OPEN_ORDER.layout).DESCRIPTOR.fields_by_name["order"].message_type
        )
        assert found.fields_by_name["orderMiscOptions"].message_type.GetOptions().map_entry


def test_a_choice_is_one_message_with_the_fields_of_all() -> None:
    """And with the number that tells which; what they share is one field."""
    condition = described(OPEN_ORDER.layout)["MiniCondition"]
    assert [(f.name, f.number) for f in condition.field] == [
        ("kind", 1), ("isMore", 2), ("price", 3), ("exchange", 4), ("percent", 5),
    ]  # fmt: skip
    assert all(f.proto3_optional for f in condition.field)


@pytest.mark.parametrize("entry", IN_PROTOBUF, ids=lambda entry: entry.name)
def test_every_entry_has_a_descriptor_with_all_its_numbers(entry: Entry) -> None:
    """The production pool knows it, under the vendor's name and with every numbered row."""
    numbers = {
        row.number
        for row in leaves(entry.layout.protobuf_rows)
        if not isinstance(row, (Filler, Column)) and row.number is not None
    }
    descriptor = protobuf_descriptors.message_class(entry.layout).DESCRIPTOR
    assert descriptor.full_name == f"protobuf.{entry.layout.name}"
    assert set(descriptor.fields_by_number) == numbers


def test_two_layouts_of_one_name_must_be_the_same_in_protobuf() -> None:
    """One contract is written in several text orders and in one protobuf form. A second form would be lost silently."""
    same = [
        Layout(Contract, text=(Row(first, STRING),), protobuf=(Row("symbol", STRING, 2),), vendor="C")
        for first in ("symbol", "trading_class")
    ]
    assert [field.number for field in described(*same)["C"].field] == [2]
    other = Layout(Contract, protobuf=(Row("symbol", STRING, 3),), vendor="C")
    with pytest.raises(TypeError, match="C"):
        described(same[0], other)


def test_the_members_of_a_oneof_and_a_singular_field_are_described_as_such() -> None:
    """A named oneof has its members; a field of proto3's old kind has none, and every other field one for itself."""
    mixed = described(MIXED.layout)["Mixed"]
    oneofs = [oneof.name for oneof in mixed.oneof_decl]
    assert oneofs == ["either", "_omitted", "_sent"]
    fields = {each.name: each for each in mixed.field}
    assert {name: oneofs[each.oneof_index] for name, each in fields.items() if each.HasField("oneof_index")} == {
        "first": "either",
        "second": "either",
        "omitted": "_omitted",
        "sent": "_sent",
    }
    assert {name for name, each in fields.items() if each.proto3_optional} == {"omitted", "sent"}
    with in_catalogue(MIXED):
        built = protobuf_descriptors.message_class(MIXED.layout).DESCRIPTOR
        assert [one.name for one in built.oneofs] == oneofs
        assert all(built.fields_by_name[name].has_presence for name in ("first", "second", "plain", "omitted", "sent"))


def test_a_field_that_newer_servers_take_is_described_like_any_other() -> None:
    """The version decides only what a client may say."""
    fields = described(OPEN_ORDER.layout)["MiniOrder"].field
    assert {each.name: each.number for each in fields}["comment"] == 17


def test_one_name_with_two_numbers_is_refused() -> None:
    """Two records of a choice share a message: a field that both have is one field, under one number."""
    first, second = (Layout(Contract, protobuf=(Row("symbol", STRING, number),), vendor="C") for number in (1, 2))
    rows = (*first.protobuf_rows, *second.protobuf_rows)
    with pytest.raises(TypeError, match="gives one protobuf field two numbers"):
        described(Layout(Contract, protobuf=rows, vendor="C"))


def test_two_messages_that_nest_the_same_record_share_its_description() -> None:
    """Each message is a file of its own in the pool, and names those that it needs; a copy can be had of each."""
    with in_catalogue(*MINIATURE):
        for entry in MINIATURE:
            protobuf_descriptors.message_class(entry.layout)
        order, placed = (
            protobuf_descriptors.file_described(f"{entry.layout.name}.proto") for entry in (MINIATURE[0], MINIATURE[1])
        )
        assert "MiniContract.proto" in order.dependency
        assert "MiniContract.proto" in placed.dependency
        # A copy: who changes it, changes nothing else.
        order.ClearField("dependency")
        again = protobuf_descriptors.file_described(f"{MINIATURE[0].layout.name}.proto")
        assert "MiniContract.proto" in again.dependency


@pytest.mark.parametrize(
    "kind, number",
    [(INT, 1), (LONG, 2), (DOUBLE, 3), (BOOL, 4), (STRING, 5)],
    ids=lambda part: getattr(part, "name", part),
)
def test_each_scalar_type_has_its_descriptor(kind: Any, number: int) -> None:
    """By protobuf's own names for them."""
    layout = Layout(Sizes, (Row("sizes", kind, number),), vendor=f"Of{number}")
    found = described(layout)[f"Of{number}"].field[0]
    assert descriptor_pb2.FieldDescriptorProto.Type.Name(found.type) == f"TYPE_{kind.protobuf.upper()}"


@pytest.mark.parametrize("same", [True, False], ids=["the same layout", "another of the same record"])
def test_two_threads_describe_a_message_at_once(same: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second finds it begun by the first, and has it all the same; then the first goes on."""
    monkeypatch.setattr(protobuf_descriptors, "_POOL", DescriptorPool())
    monkeypatch.setattr(protobuf_descriptors, "_IN_POOL", {})
    first, second = (Layout(Contract, protobuf=(Row("symbol", STRING, 1),), vendor="AtOnce") for _ in "12")
    describe = protobuf_descriptors._describe
    of_second: list[Any] = []

    def interrupted(layout: Layout, message: descriptor_pb2.DescriptorProto) -> None:
        if not of_second:
            of_second.append(None)
            of_second[0] = protobuf_descriptors.message_class.__wrapped__(first if same else second)
        describe(layout, message)

    monkeypatch.setattr(protobuf_descriptors, "_describe", interrupted)
    of_first = protobuf_descriptors.message_class.__wrapped__(first)
    assert of_first is of_second[0]
    assert of_first(symbol="X").SerializeToString() == b"\x0a\x01X"
