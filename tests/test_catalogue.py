"""Every message there is, in every band of versions, in both encodings: a new entry is covered by arriving."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws import messages as all_messages
from anytws.errors import UPDATE_TWS, DecodeError, LocalProtocolError
from anytws.messages import Message, Side
from anytws.testing.strategies import VALUES, Encoding, message_of, mutations_of
from anytws.testing.strategies import messages as any_messages
from anytws.wire import protobuf
from anytws.wire.catalogue import BY_CLASS, BY_ID, CATALOGUE, entry_of
from anytws.wire.codec import PROTOBUF_OFFSET, Codec, UnknownId
from anytws.wire.kinds import Kind
from anytws.wire.rows import Entry, Filler, Many, Row, leaves
from anytws.wire.text import split_fields, text_reader, text_writer
from anytws.wire.versions import MAX_VERSION, MIN_VERSION, PROTOBUF


def bands(entry: Entry) -> list[int]:
    """Give the versions at which something of *entry* starts or ends, one more and one less, within our range."""
    named = {MIN_VERSION, MAX_VERSION, PROTOBUF, entry.since, entry.protobuf_since or 0}
    for row in leaves(entry.layout.text_rows):
        named |= {row.since, row.until or 0}
    around = {version + side for version in named for side in (-1, 0, 1)}
    return sorted(around & {*range(max(MIN_VERSION, entry.since), MAX_VERSION + 1)})


BANDS = [pytest.param(entry, version, id=f"{entry.name}-{version}") for entry in CATALOGUE for version in bands(entry)]
by_name = pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)


# Many bands of few fields: a quarter of the profile's examples each.
@pytest.mark.parametrize("entry, version", BANDS)
@settings(max_examples=max(1, settings().max_examples // 4))
@given(data=st.data())
def test_what_is_written_is_read_back_equal(entry: Entry, version: int, data: st.DataObject) -> None:
    """In the form that the version uses, whoever says it; the same value gives the same bytes again."""
    said = data.draw(message_of(entry.cls, version))
    writer, reader = Codec(entry.said_by, version), Codec(entry.said_by.peer, version)
    body = writer.encode(said)
    heard = reader.decode(body)
    assert heard == said
    assert type(heard) is entry.cls
    assert writer.encode(said) == body


@by_name
@given(data=st.data())
def test_text_and_protobuf_agree_on_the_value(entry: Entry, data: st.DataObject) -> None:
    """The same message through either comes out the same, all fields included."""
    said = data.draw(message_of(entry.cls, MAX_VERSION, Encoding.TEXT))
    fields = text_writer(entry.layout, MAX_VERSION)(said)
    by_text = text_reader(entry.layout, MAX_VERSION)(split_fields("".join(f"{field}\0" for field in fields).encode()))
    by_protobuf = protobuf.parse(entry, protobuf.serialize(entry, said))
    assert by_text == by_protobuf == said


@by_name
@given(data=st.data())
def test_fields_after_the_last_change_nothing(entry: Entry, data: st.DataObject) -> None:
    """TWS adds fields; in both forms they are left alone."""
    said = data.draw(message_of(entry.cls, MAX_VERSION, Encoding.TEXT))
    reader = Codec(entry.said_by.peer, MAX_VERSION)
    fields = text_writer(entry.layout, MAX_VERSION)(said)
    more = data.draw(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
    text = entry.id.to_bytes(4, "big") + "".join(f"{field}\0" for field in [*fields, *more]).encode()
    assert reader.decode(text) == said
    unknown = (b"\xf2\x3f\x01x", b"\xf8\x3f\x07")
    extra = b"".join(data.draw(st.lists(st.sampled_from(unknown), max_size=3)))
    proto = (entry.id + PROTOBUF_OFFSET).to_bytes(4, "big") + protobuf.serialize(entry, said) + extra
    assert reader.decode(proto) == said


@by_name
@given(data=st.data())
def test_a_body_with_too_few_fields_is_told(entry: Entry, data: st.DataObject) -> None:
    """Cut after any field but the last: a `DecodeError` that names the message and the first field that is missing."""
    version = data.draw(st.sampled_from(bands(entry)))
    said = data.draw(message_of(entry.cls, version, Encoding.TEXT))
    fields = text_writer(entry.layout, version)(said)
    if not fields:
        assert not any(row.on_wire(version) for row in leaves(entry.layout.text_rows))
        return
    prefix = entry.id.to_bytes(4, "big") if version >= PROTOBUF else b"%d\0" % entry.id
    kept = fields[: data.draw(st.integers(0, len(fields) - 1))]
    with pytest.raises(DecodeError) as caught:
        Codec(entry.said_by.peer, version).decode(prefix + "".join(f"{field}\0" for field in kept).encode())
    assert (caught.value.message, caught.value.seen) == (entry.name, "the end of the frame")
    assert caught.value.field


@by_name
@given(data=st.data())
def test_a_damaged_body_is_a_message_or_a_decode_error(entry: Entry, data: st.DataObject) -> None:
    """Nothing else leaves `Codec.decode`, whatever bytes are changed, lost or put in."""
    version = data.draw(st.sampled_from(bands(entry)))
    body = data.draw(mutations_of(Codec(entry.said_by, version).encode(data.draw(message_of(entry.cls, version)))))
    try:
        heard = Codec(entry.said_by.peer, version).decode(body)
    except DecodeError as problem:
        assert problem.seen
        assert problem.wanted
    else:
        assert isinstance(heard, (Message, UnknownId))


@by_name
def test_a_message_newer_than_the_version_is_refused(entry: Entry) -> None:
    """By whoever says it, with 503 and its name; and from its first version on it is not."""
    for version in range(MIN_VERSION, entry.since):
        with pytest.raises(LocalProtocolError) as caught:
            Codec(entry.said_by, version).encode(object.__new__(entry.cls))
        assert (caught.value.code, caught.value.message) == (UPDATE_TWS, entry.name)


@by_name
def test_the_other_side_does_not_say_it(entry: Entry) -> None:
    """A `TypeError` at every version: it is not a question of time."""
    for version in bands(entry):
        with pytest.raises(TypeError):
            Codec(entry.said_by.peer, version).encode(object.__new__(entry.cls))


# --- the table itself --------------------------------------------------------------------------------------------


def public_messages() -> Iterator[object]:
    """Give every class that `anytws.messages` shows and that can be said."""
    for name in all_messages.__all__:
        shown = getattr(all_messages, name)
        if isinstance(shown, type) and issubclass(shown, Message) and attrs.has(shown):
            yield shown


def fields_of(entry: Entry) -> dict[str, Any]:
    """Give the fields of the class of *entry*."""
    cls: Any = entry.cls
    return attrs.fields_dict(cls)


def test_every_message_has_an_entry_and_every_entry_is_public() -> None:
    """A class without an entry cannot be written; an entry without a public class cannot be used."""
    assert set(public_messages()) == set(BY_CLASS)


def test_an_entry_is_found_by_class_and_by_id() -> None:
    """Ids are per direction: the client's 49 asks what TWS's 49 answers."""
    for entry in CATALOGUE:
        assert BY_CLASS[entry.cls] is entry
        assert BY_ID[entry.said_by][entry.id] is entry
        assert entry_of(object.__new__(entry.cls)) is entry
    assert sum(len(entries) for entries in BY_ID.values()) == len(CATALOGUE)
    assert len({entry.id for entry in CATALOGUE}) < len(CATALOGUE)


@by_name
def test_an_entry_makes_sense(entry: Entry) -> None:
    """Text ids fit below protobuf's, bands lie in order, what a request asks for is in the catalogue."""
    assert 0 < entry.id <= PROTOBUF_OFFSET
    assert entry.protobuf_since is None or PROTOBUF <= entry.protobuf_since <= MAX_VERSION
    assert entry.since <= MAX_VERSION
    assert all(row.until is None or row.since < row.until for row in leaves(entry.layout.text_rows))
    assert entry.answer is None or entry.answer in BY_CLASS
    assert entry.answer is None or BY_CLASS[entry.answer].said_by is Side.TWS


@by_name
def test_every_field_is_on_the_wire(entry: Entry) -> None:
    """In both forms, in some version: a field that nobody writes would be lost without a word."""
    for rows in (entry.layout.text_rows, entry.layout.protobuf_rows):
        named = {row.field.partition(".")[0] for row in leaves(rows) if not isinstance(row, Filler)}
        assert named == set(fields_of(entry))
    numbers = [row.number for row in leaves(entry.layout.protobuf_rows) if not isinstance(row, Filler)]
    assert len({*numbers}) == len(numbers)
    assert None not in numbers


@by_name
def test_a_field_that_comes_later_has_a_default(entry: Entry) -> None:
    """An older TWS does not send it, and the message is made all the same."""
    for row in leaves(entry.layout.text_rows):
        if not isinstance(row, Filler) and (row.since > MIN_VERSION or row.until is not None):
            assert fields_of(entry)[row.field.partition(".")[0]].default is not attrs.NOTHING


def test_every_kind_in_the_catalogue_can_be_drawn() -> None:
    """The one line that a new kind needs in `anytws.testing.strategies`."""
    rows = [row for entry in CATALOGUE for row in leaves(entry.layout.text_rows)]
    kinds = {row.kind for row in rows if isinstance(row, Row)}
    kinds |= {row.of for row in rows if isinstance(row, Many) and isinstance(row.of, Kind)}
    assert {kind.name.removesuffix(" or empty") for kind in kinds} <= set(VALUES)


@pytest.mark.parametrize("side", [*Side, None])
@pytest.mark.parametrize("version", [MIN_VERSION, MAX_VERSION])
@given(data=st.data())
def test_the_public_strategies_draw_what_the_side_can_say(side: Side | None, version: int, data: st.DataObject) -> None:
    """Always something that can be written at that version by that side."""
    said = data.draw(any_messages(side, version))
    assert side in (None, entry_of(said).said_by)
    Codec(entry_of(said).said_by, version).encode(said)
