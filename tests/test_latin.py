"""Protobuf, a character a byte: what the runtime writes of the same values."""

from __future__ import annotations

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import example, given
from hypothesis import strategies as st

from anytws.wire.compiled.bet import GiveUp
from anytws.wire.compiled.latin import ENCODED, LATIN, LENGTHS, WIRE_TYPES, tag, varint

FIELD = descriptor_pb2.FieldDescriptorProto
TYPES = {
    "int32": FIELD.TYPE_INT32, "int64": FIELD.TYPE_INT64, "bool": FIELD.TYPE_BOOL, "double": FIELD.TYPE_DOUBLE,
    "string": FIELD.TYPE_STRING,
}  # fmt: skip
VALUES = {
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
    "double": st.floats(),
    "string": st.text(),
}


def written_by_the_runtime(scalar: str, number: int, value: object) -> bytes:
    file = descriptor_pb2.FileDescriptorProto(name=f"{scalar}{number}.proto", package="latin", syntax="proto3")
    message = file.message_type.add(name="Message")
    message.field.add(
        name="x", number=number, type=TYPES[scalar], label=FIELD.LABEL_OPTIONAL, proto3_optional=True, oneof_index=0
    )
    message.oneof_decl.add(name="_x")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    made = message_factory.GetMessageClass(pool.FindMessageTypeByName("latin.Message"))()
    setattr(made, "x", value)  # noqa: B010 (the class is not known)
    return made.SerializeToString()


@pytest.mark.parametrize("scalar", VALUES)
@given(data=st.data(), number=st.sampled_from([1, 15, 16, 2047, 2048, 18_999, 20_000]))
def test_a_field_is_written_as_the_runtime_does(scalar: str, data: st.DataObject, number: int) -> None:
    value = data.draw(VALUES[scalar])
    written = tag(number, WIRE_TYPES[scalar]) + ENCODED[scalar](value)
    assert written.encode(LATIN) == written_by_the_runtime(scalar, number, value)


@pytest.mark.parametrize(
    "scalar, value",
    [
        ("int32", 2**31), ("int32", -(2**31) - 1), ("int32", True), ("int32", 1.0), ("int64", 2**63), ("int64", "1"),
        ("bool", 1), ("bool", None), ("double", 1), ("double", True), ("string", b"x"), ("string", None),
    ],
)  # fmt: skip
def test_what_is_of_another_type_is_given_up(scalar: str, value: object) -> None:
    with pytest.raises(GiveUp):
        ENCODED[scalar](value)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        ENCODED["string"]("\ud800")


@given(st.integers(0, 2**64 - 1))
@example(127)
@example(128)
@example(2**14 - 1)
@example(2**14)
def test_seven_bits_a_character(number: int) -> None:
    """The lowest first; all but the last have the eighth bit; none of them is for nothing."""
    characters = [ord(each) for each in varint(number)]
    assert sum((each & 127) << 7 * place for place, each in enumerate(characters)) == number
    assert [each >> 7 for each in characters] == [1] * (len(characters) - 1) + [0]
    assert len(characters) == 1 or characters[-1]
    assert LENGTHS[number] == varint(number)
