"""The protobuf descriptors that our table makes are the vendor's: every name, number, type and presence.

Two witnesses: the facts in ``tests/data/session_descriptors.json``, and the classes of the official client that is
installed. A wrong number in the table would pass every round trip.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any, Final

import pytest
from google.protobuf.descriptor import FieldDescriptor

from anytws.wire.catalogue import CATALOGUE
from anytws.wire.protobuf import file_descriptor, message_class
from anytws.wire.rows import Entry

FACTS: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "session_descriptors.json").read_text())
SPOKEN_AS_PROTOBUF: Final = [entry for entry in CATALOGUE if entry.protobuf_since is not None]

TYPES: Final = {
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_DOUBLE: "double",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_MESSAGE: "message",
}


def shape(descriptor: Any) -> list[dict[str, object]]:
    """Describe the fields in the words of the facts."""
    return [
        {
            "name": field.name,
            "number": field.number,
            "type": TYPES[field.type],
            "label": label_of(field),
            "presence": field.has_presence,
        }
        for field in descriptor.fields
    ]


def label_of(field: FieldDescriptor) -> str:
    oneof = field.containing_oneof
    # A field that says "optional" is alone in a oneof, whose name begins with an underscore.
    if oneof is not None and oneof.name == f"_{field.name}" and len(oneof.fields) == 1:
        return "optional"
    return "singular" if field.has_presence or oneof is not None else "repeated"


def named(entry: Entry) -> str:
    return entry.name


def test_the_facts_are_of_the_messages_in_the_table() -> None:
    assert {entry.layout.name for entry in SPOKEN_AS_PROTOBUF} == {*FACTS["messages"]}


@pytest.mark.parametrize("entry", SPOKEN_AS_PROTOBUF, ids=named)
def test_a_descriptor_agrees_with_the_facts(entry: Entry) -> None:
    ours = message_class(entry.layout).DESCRIPTOR
    assert ours.full_name == f"{FACTS['package']}.{entry.layout.name}"
    assert shape(ours) == FACTS["messages"][entry.layout.name]


@pytest.mark.parametrize("entry", SPOKEN_AS_PROTOBUF, ids=named)
def test_a_descriptor_agrees_with_the_official_class(entry: Entry) -> None:
    name = entry.layout.name
    official = getattr(importlib.import_module(f"ibapi.protobuf.{name}_pb2"), name).DESCRIPTOR
    ours = message_class(entry.layout).DESCRIPTOR
    assert ours.full_name == official.full_name
    assert shape(ours) == shape(official)
    # In a pool of their own: the official client owns these names in the default one.
    assert ours is not official


def test_all_are_in_one_file_of_the_syntax_that_the_vendor_uses() -> None:
    file = file_descriptor(entry.layout for entry in SPOKEN_AS_PROTOBUF)
    assert (file.syntax, file.package) == (FACTS["syntax"], FACTS["package"])
    assert {message.name for message in file.message_type} == {*FACTS["messages"]}
