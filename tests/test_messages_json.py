"""The protobuf descriptors that our tables make are the vendor's: all messages, every name, number, type and presence.

Two witnesses: the facts in ``tests/data/protobuf_messages.json``, and the classes of the official client that is
installed. A wrong number in a table would pass every round trip.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any, Final

import pytest
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from anytws.wire.catalogue import CATALOGUE
from anytws.wire.protobuf_descriptors import file_descriptor, message_class
from tests.official_catalogue import facts

FACTS: Final = facts("protobuf_messages.json")
MESSAGES: Final[dict[str, list[dict[str, Any]]]] = FACTS["messages"]
LAYOUTS: Final = [entry.layout for entry in CATALOGUE if entry.protobuf_since is not None]

TYPES: Final = {
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_DOUBLE: "double",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_MESSAGE: "message",
}


@cache
def ours() -> dict[str, Descriptor]:
    """Give our descriptors by name, in a pool of their own: the official client owns the names in the default one."""
    pool = descriptor_pool.DescriptorPool()
    file = file_descriptor(LAYOUTS)
    pool.Add(file)
    return {message.name: pool.FindMessageTypeByName(f"{file.package}.{message.name}") for message in file.message_type}


def official(name: str) -> Descriptor:
    """Give the official client's descriptor of the message *name*."""
    descriptor: Descriptor = getattr(importlib.import_module(f"ibapi.protobuf.{name}_pb2"), name).DESCRIPTOR
    return descriptor


def shape(descriptor: Descriptor) -> list[dict[str, Any]]:
    """Describe the fields in the words of the facts, in the order of their numbers."""
    return [described(field) for field in sorted(descriptor.fields, key=lambda field: field.number)]


def described(field: FieldDescriptor) -> dict[str, Any]:
    found: dict[str, Any] = {"name": field.name, "number": field.number, "type": TYPES[field.type]}
    inner, oneof = field.message_type, field.containing_oneof
    if inner is not None and inner.GetOptions().map_entry:
        key, value = inner.fields_by_name["key"], inner.fields_by_name["value"]
        return found | {"type": f"map<{TYPES[key.type]},{TYPES[value.type]}>", "label": "map"}
    if inner is not None:
        found["message"] = inner.name
    # A field that says "optional" is alone in a oneof, whose name begins with an underscore.
    if oneof is not None and oneof.name == f"_{field.name}" and len(oneof.fields) == 1:
        return found | {"label": "optional"}
    if oneof is not None:
        return found | {"label": "singular", "oneof": oneof.name}
    return found | {"label": "singular" if field.has_presence else "repeated"}


def test_nothing_is_missing_and_nothing_more() -> None:
    file = file_descriptor(LAYOUTS)
    assert (file.syntax, file.package) == (FACTS["syntax"], FACTS["package"])
    assert {*ours()} == {*MESSAGES}
    fields = sum(len(descriptor.fields) for descriptor in ours().values())
    assert (len(ours()), fields) == (200, 912)


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_the_vendors(name: str) -> None:
    descriptor = ours()[name]
    assert shape(descriptor) == MESSAGES[name]
    assert shape(descriptor) == shape(official(name))
    assert descriptor.full_name == official(name).full_name


def test_the_messages_that_are_sent_are_these() -> None:
    """The classes that read and write come from the same descriptors."""
    for layout in LAYOUTS:
        assert shape(message_class(layout).DESCRIPTOR) == shape(ours()[layout.name])
