"""Frames recorded from real TWS and Gateway sessions: they are read, mean what the official client hears, and go back.

They are in ``tests/data/recorded_frames.jsonl``; the README beside it says where they come from.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from google.protobuf.json_format import MessageToDict

from anytws.errors import DecodeError
from anytws.messages.base import Side
from anytws.wire import versions
from anytws.wire.catalogue import entry_of
from anytws.wire.codec import Codec, _protobuf_encoder, _text_encoder, shared_codec
from anytws.wire.protobuf_descriptors import message_class
from anytws.wire.text import Surplus
from tests.official_catalogue import official_reading
from tests.test_official_incoming import Listener

DATA: Final = Path(__file__).parent / "data" / "recorded_frames.jsonl"

TOO_OLD: Final = {
    "in-11-x-1": "an execution as it was before server version 100",
    "out-7-x-1": "a request for executions as it was before server version 100",
}
"""Frames of a time before the handshake that we speak, and what they are."""

CUT_SHORT: Final = {
    "out-1-151-2": 1,
    "out-9-151-1": 2,
    "out-9-151-3": 2,
    "out-9-151-5": 2,
    "out-9-151-6": 2,
    "out-22-151-2": 1,
    "out-22-151-3": 1,
    "out-71-173-1": 1,
    "out-84-151-1": 1,
    "out-86-151-1": 1,
}
"""Frames that end before their last empty fields, which a logger or somebody's own encoder dropped, and how many."""

MISTAKEN: Final = {
    "out-3-165-7": 159,
    "out-3-173-2": 165,
    "out-3-173-3": 165,
}
"""Frames of clients that write the layout of another version than the one they have agreed on, and of which."""

PRICES: Final = "trailing zeros of a price, or an exponent of Java's: a float has neither"
STRIKE: Final = "a double without its .0"
ZEROS: Final = "a client that leaves out zeros, where the official one writes them"
UNSET: Final = "a client that writes nothing as an empty text, where the official one writes the largest number"
OLD_SIZES: Final = "a build that writes unset sizes as empty texts, and later ones as 2147483647"

NOT_CANONICAL: Final = {
    "in-1-151-2": PRICES,
    "in-1-151-3": PRICES,
    "in-5-x-1": OLD_SIZES,
    "in-5-x-2": OLD_SIZES,
    "in-5-x-4": OLD_SIZES,
    "in-5-x-7": OLD_SIZES,
    "in-5-x-8": OLD_SIZES,
    "in-5-151-1": OLD_SIZES,
    "in-5-200-3": PRICES,
    "in-7-200-1": STRIKE,
    "in-11-176-3": PRICES,
    "in-11-176-5": PRICES,
    "in-13-151-2": PRICES,
    "in-13-151-4": PRICES,
    "in-13-151-6": PRICES,
    "in-17-165-1": PRICES,
    "in-17-176-1": PRICES,
    "in-17-176-2": PRICES,
    "in-17-176-3": PRICES,
    "in-20-151-1": STRIKE,
    "in-20-165-3": STRIKE,
    "in-20-200-1": STRIKE,
    "in-20-203-1": STRIKE,
    "in-59-200-3": PRICES,
    "in-81-151-22": PRICES,
    "in-90-x-1": "the mark for no average is -1.0 here, and -1 elsewhere",
    "in-90-151-3": PRICES,
    "in-90-151-5": PRICES,
    "in-90-151-6": PRICES,
    "out-1-151-2": STRIKE,
    "out-1-200-2": STRIKE,
    "out-3-165-2": UNSET,
    "out-3-165-3": UNSET,
    "out-3-165-4": UNSET,
    "out-3-165-5": STRIKE,
    "out-3-165-7": UNSET,
    "out-3-173-2": UNSET,
    "out-3-173-3": UNSET,
    "out-3-176-9": UNSET,
    "out-3-225-2": ZEROS,
    "out-3-225-4": ZEROS,
    "out-3-225-5": ZEROS,
    "out-3-225-8": ZEROS,
    "out-3-225-11": ZEROS,
    "out-3-225-12": ZEROS,
    "out-3-225-13": ZEROS,
    "out-3-225-14": ZEROS,
    "out-7-225-1": ZEROS,
    "out-9-151-1": STRIKE,
    "out-9-151-3": STRIKE,
    "out-9-151-5": STRIKE,
    "out-9-151-6": STRIKE,
    "out-9-165-2": STRIKE,
    "out-10-151-1": STRIKE,
    "out-22-208-1": "a flag that is empty",
    "out-54-210-1": STRIKE,
    "out-87-151-2": STRIKE,
    "out-87-151-3": STRIKE,
}
"""Frames that are read and mean the right thing, but that we write otherwise, and why. The list may only shrink."""


@attrs.frozen(eq=False)
class Recorded:
    """One frame."""

    name: str
    said_by: Side
    version: int
    body: bytes
    line: dict[str, Any]

    @classmethod
    def of_line(cls, line: dict[str, Any]) -> Recorded:
        name = line["vector"]
        body = bytes.fromhex(line["body"]) if "body" in line else body_of(line["fields"], line["encoding"])
        return cls(
            name,
            Side.TWS if line["direction"] == "in" else Side.CLIENT,
            MISTAKEN.get(name) or line["read_at"] or versions.MAX_VERSION,
            body + bytes(CUT_SHORT.get(name, 0)),
            line,
        )

    def codec(self) -> Codec:
        """Give the codec of whoever received it."""
        return shared_codec(self.said_by.peer, self.version)


def body_of(fields: list[str], encoding: str) -> bytes:
    """Put together what the source shows as a list of fields: each gets its NUL back."""
    first, *rest = fields
    head = int(first).to_bytes(4, "big") if encoding == "classic-4byte-id" else f"{first}\0".encode()
    return head + "".join(f"{field}\0" for field in rest).encode()


RECORDED: Final = [Recorded.of_line(json.loads(line)) for line in DATA.read_text("utf-8").splitlines()]
READABLE: Final = [each for each in RECORDED if each.name not in TOO_OLD]


def named(recorded: Recorded) -> str:
    return recorded.name


every_frame = pytest.mark.parametrize("recorded", READABLE, ids=named)


@every_frame
def test_is_read_to_its_last_field(recorded: Recorded):
    message = recorded.codec().decode(recorded.body)
    assert not isinstance(message, Surplus)


@pytest.mark.parametrize("recorded", [each for each in READABLE if each.said_by is Side.TWS], ids=named)
def test_means_what_the_official_client_delivers(recorded: Recorded):
    message = recorded.codec().decode(recorded.body)
    heard = official_reading(recorded.version, recorded.body)
    is_text = recorded.line["encoding"] != "protobuf"
    if not is_text:
        # The first call has the parsed message itself.
        del heard[0]
    assert [*Listener(entry_of(message), message, recorded.version, text=is_text).misheard(heard)] == []


@pytest.mark.parametrize("recorded", [each for each in READABLE if "proto" in each.line], ids=named)
def test_holds_what_the_official_class_finds_in_it(recorded: Recorded):
    message = recorded.codec().decode(recorded.body)
    parsed = message_class(entry_of(message).layout).FromString(encoded_as(recorded, message)[4:])
    found = MessageToDict(parsed, preserving_proto_field_name=True)
    assert without_neutral(found) == without_neutral(recorded.line["proto"])


def without_neutral(value: Any) -> Any:
    """Leave out what one client writes and another does not: zeros, and records of nothing else."""
    if isinstance(value, dict):
        inner = {name: without_neutral(each) for name, each in value.items()}
        return {name: each for name, each in inner.items() if each not in (0, "0", {}, [])}
    return [without_neutral(each) for each in value] if isinstance(value, list) else value


@every_frame
def test_is_written_with_the_same_bytes(recorded: Recorded):
    message = recorded.codec().decode(recorded.body)
    written = encoded_as(recorded, message)
    assert (written == recorded.body) is (recorded.name not in NOT_CANONICAL)
    # What was written otherwise is the same message.
    assert recorded.codec().decode(written) == message


@pytest.mark.parametrize("name", [name for name, lost in CUT_SHORT.items() if lost])
def test_a_frame_is_not_called_short_without_need(name: str):
    (recorded,) = (each for each in RECORDED if each.name == name)
    with pytest.raises(DecodeError):
        recorded.codec().decode(recorded.body[: -CUT_SHORT[name]])


def encoded_as(recorded: Recorded, message: Any) -> bytes:
    """Write *message* in the encoding of the frame, whichever the version would choose by itself."""
    entry = entry_of(message)
    if recorded.line["encoding"] == "protobuf":
        return _protobuf_encoder(entry, versions.MAX_VERSION)(message)
    return _text_encoder(entry, recorded.version)(message)
