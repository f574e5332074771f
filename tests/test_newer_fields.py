"""What a newer TWS says beyond what is known here: each kind of message is told of once, and looked at once."""

from __future__ import annotations

from anytws.core.events import SurplusFields
from anytws.core.newer_fields import NewerFields
from anytws.messages import CurrentTime, ManagedAccounts, NextValidId, Side
from anytws.wire.codec import Codec
from anytws.wire.text import Surplus
from anytws.wire.versions import MAX_VERSION

TEXT, PROTOBUF = Codec(Side.CLIENT, 176), Codec(Side.CLIENT, MAX_VERSION)
UNKNOWN = b"\xf2\x01\x03abc"
"""Field 30, three bytes."""


def protobuf_body(message: ManagedAccounts | NextValidId) -> bytes:
    return Codec(Side.TWS, MAX_VERSION).encode(message)


def test_in_text_the_first_of_each_kind_is_told() -> None:
    newer = NewerFields()
    first, second = Surplus(NextValidId(1), ("a", "b")), Surplus(NextValidId(2), ("c",))
    assert newer.of(TEXT, b"", first) == SurplusFields("NextValidId", ("a", "b"))
    assert newer.of(TEXT, b"", second) is None
    other = Surplus(ManagedAccounts(("DU1",)), ("d",))
    assert newer.of(TEXT, b"", other) == SurplusFields("ManagedAccounts", ("d",))


def test_in_text_more_fields_may_come_later() -> None:
    """A text says each time what it has."""
    newer = NewerFields()
    assert newer.of(TEXT, b"9\x001\x001\0", NextValidId(1)) is None
    assert newer.of(TEXT, b"", Surplus(NextValidId(2), ("c",))) == SurplusFields("NextValidId", ("c",))


def test_in_protobuf_the_first_of_each_kind_is_looked_at() -> None:
    newer, message = NewerFields(), NextValidId(1)
    told = newer.of(PROTOBUF, protobuf_body(message) + UNKNOWN, message)
    assert told is not None
    assert told.message == "NextValidId"
    assert "30" in told.fields[0]
    assert newer.of(PROTOBUF, protobuf_body(message) + UNKNOWN, message) is None


def test_in_protobuf_later_ones_are_not_looked_at() -> None:
    """To look costs more than to read, and this is asked for every message."""
    newer, message = NewerFields(), ManagedAccounts(("DU1",))
    assert newer.of(PROTOBUF, protobuf_body(message), message) is None
    assert newer.of(PROTOBUF, protobuf_body(message) + UNKNOWN, message) is None
    assert newer.of(PROTOBUF, b"not read at all", message) is None


def test_kinds_do_not_hide_one_another() -> None:
    newer = NewerFields()
    assert newer.of(PROTOBUF, protobuf_body(ManagedAccounts(())), ManagedAccounts(())) is None
    assert newer.of(PROTOBUF, protobuf_body(NextValidId(1)) + UNKNOWN, NextValidId(1)) is not None
    assert CurrentTime not in newer.looked_at
