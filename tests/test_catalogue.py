"""Every message there is, in every band of versions, in both encodings: a new entry is covered by arriving.

There are two hundred entries and seventy versions, so each entry is tried at the edges of its bands, on both sides of
each, and a few times there. The deep profile tries as many times more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from functools import cache, partial
from typing import Any, TypeGuard

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws import messages as all_messages
from anytws.errors import UPDATE_TWS, DecodeError, LocalProtocolError
from anytws.messages import Message, Side
from anytws.messages.base import Asks, Streams
from anytws.testing.strategies import Encoding, message_of, mutations_of, values_of
from anytws.testing.strategies import messages as any_messages
from anytws.wire import catalogue, protobuf
from anytws.wire.catalogue import BY_CLASS, BY_ID, CATALOGUE, DOMAINS, entry_for, entry_of, entry_said
from anytws.wire.codec import PROTOBUF_OFFSET, Codec, UnknownId
from anytws.wire.compiled.protobuf_readers import protobuf_decoder
from anytws.wire.kinds import Kind
from anytws.wire.odd import Odd
from anytws.wire.rows import (
    AnyRow,
    Choice,
    Column,
    Entry,
    Filler,
    Layout,
    Many,
    Part,
    Row,
    Tags,
    default_of,
    field_class,
    leaves,
    vendor_name,
)
from anytws.wire.text import Surplus, split_fields, text_reader, text_writer
from anytws.wire.versions import MAX_VERSION, MIN_VERSION, PROTOBUF
from tests.test_kinds import kinds_in
from tests.test_rows import check_fields


def records_in(layout: Layout) -> Iterator[Layout]:
    """Give *layout* and all that are nested in it, in either encoding."""
    yield layout
    for row in [*leaves(layout.text_rows), *leaves(layout.protobuf_rows)]:
        if isinstance(row, Part):
            yield from records_in(row.layout)
        elif isinstance(row, Many) and isinstance(row.of, Layout):
            yield from records_in(row.of)
        elif isinstance(row, Many) and isinstance(row.of, Choice):
            for option in row.of.options.values():
                yield from records_in(option)


def fields_of(entry: Entry) -> dict[str, Any]:
    """Give the fields of the class of *entry*."""
    cls: Any = entry.cls
    return attrs.fields_dict(cls)


def text_until(entry: Entry) -> int:
    """Give the first version at which *entry* goes out as protobuf, or one that never comes."""
    return MAX_VERSION + 1 if entry.protobuf_since is None else entry.protobuf_since


@cache
def bands(entry: Entry) -> list[int]:
    """Give the versions at which the wire of *entry* changes, and the last ones before, within our range."""
    edges = {MIN_VERSION, entry.since, text_until(entry)}
    for layout in records_in(entry.layout):
        text = {edge for row in leaves(layout.text_rows) for edge in (row.since, row.until or 0)} | {PROTOBUF}
        edges |= {edge for edge in text if edge < text_until(entry)}
        edges |= {row.protobuf_since for row in leaves(layout.protobuf_rows) if isinstance(row, Row)}
    around = {MAX_VERSION} | {version + side for version in edges for side in (-1, 0)}
    return sorted(around & {*range(max(MIN_VERSION, entry.since), MAX_VERSION + 1)})


def few(share: int) -> settings:
    """Give the settings for a share of the profile's examples."""
    return settings(max_examples=max(1, settings().max_examples // share))


IN_TEXT = [entry for entry in CATALOGUE if entry.text]
IN_BOTH = [entry for entry in IN_TEXT if entry.protobuf_since is not None]
by_name = pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
by_name_in_text = pytest.mark.parametrize("entry", IN_TEXT, ids=lambda entry: entry.name)
by_name_in_both = pytest.mark.parametrize("entry", IN_BOTH, ids=lambda entry: entry.name)


@by_name
def test_what_is_written_is_read_back_equal(entry: Entry) -> None:
    """In the form that each version uses, whoever says it; the same value gives the same bytes again."""
    versions = bands(entry)
    # Orders have a hundred versions: with two each they have more examples than anything else.
    share = 33 if len(versions) < 30 else 50
    for version in versions:
        come_back_equal(entry, version, share)


def come_back_equal(entry: Entry, version: int, share: int) -> None:
    writer, reader = Codec(entry.said_by, version), Codec(entry.said_by.peer, version)

    @few(share)
    @given(said=message_of(entry.cls, version))
    def check(said: Any) -> None:
        body = writer.encode(said)
        heard = reader.decode(body)
        assert heard == said
        assert type(heard) is entry.cls
        assert writer.encode(said) == body

    check()


def in_protobuf(layout: Layout, value: Any) -> Any:
    """Give *value* without what protobuf has no place for."""
    rows = {row.field: row for row in leaves(layout.protobuf_rows) if is_numbered(row)}
    if layout.after_reading is not None:
        return value
    for name in attrs.fields_dict(layout.cls):
        row, held = rows.get(name), getattr(value, name)
        if row is None:
            value = attrs.evolve(value, **{name: default_of(layout.cls, name)})
        elif isinstance(row, Part) and held is not None:
            value = attrs.evolve(value, **{name: in_protobuf(row.layout, held)})
        elif isinstance(row, Many) and not isinstance(row.of, Kind):
            value = attrs.evolve(value, **{name: tuple([in_protobuf(record_of(row.of, item), item) for item in held])})
    return value


def record_of(of: Layout | Choice, item: Any) -> Layout:
    """Give the layout of one *item* of a list."""
    return of if isinstance(of, Layout) else of.options[of.number_of(item)]


def is_numbered(row: AnyRow) -> TypeGuard[Row | Part | Many | Tags]:
    """Tell whether protobuf carries *row*."""
    return isinstance(row, (Row, Part, Many, Tags)) and row.number is not None


@by_name_in_both
@few(10)
@given(data=st.data())
def test_text_and_protobuf_agree_on_the_value(entry: Entry, data: st.DataObject) -> None:
    """The same message through either comes out the same, but for what protobuf has no place for."""
    said = data.draw(message_of(entry.cls, MAX_VERSION, Encoding.TEXT))
    fields = text_writer(entry.layout, MAX_VERSION)(said)
    body = "".join([f"{field}\0" for field in fields]).encode()
    assert text_reader(entry.layout, MAX_VERSION)(split_fields(body)) == said
    same = in_protobuf(entry.layout, said)
    assert protobuf.parse(entry, protobuf.serialize(entry, same)) == same


def text_body(entry: Entry, version: int, fields: Iterable[str]) -> bytes:
    """Give the body of a text frame."""
    prefix = entry.id.to_bytes(4, "big") if version >= PROTOBUF else b"%d\0" % entry.id
    return prefix + "".join([f"{field}\0" for field in fields]).encode()


@by_name_in_text
@few(25)
@given(data=st.data())
def test_fields_after_the_last_come_beside_the_message(entry: Entry, data: st.DataObject) -> None:
    """TWS adds fields; at every version, in the text form, they are told, and change nothing."""
    version = data.draw(st.sampled_from(bands(entry)))
    said = data.draw(message_of(entry.cls, version, Encoding.TEXT))
    reader = Codec(entry.said_by.peer, version)
    fields = text_writer(entry.layout, version)(said)
    more = data.draw(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
    assert reader.decode(text_body(entry, version, fields)) == said
    heard = reader.decode(text_body(entry, version, [*fields, *more]))
    assert heard == (Surplus(said, tuple(more)) if more else said)


@pytest.mark.parametrize(
    "entry", [entry for entry in CATALOGUE if entry.protobuf_since is not None], ids=lambda e: e.name
)
@few(25)
@given(data=st.data())
def test_fields_that_nobody_knows_change_nothing_in_protobuf(entry: Entry, data: st.DataObject) -> None:
    """The runtime keeps them to itself."""
    said = data.draw(message_of(entry.cls, MAX_VERSION, Encoding.PROTOBUF))
    extra = b"".join(data.draw(st.lists(st.sampled_from((b"\xf2\x3f\x01x", b"\xf8\x3f\x07")), max_size=3)))
    body = (entry.id + PROTOBUF_OFFSET).to_bytes(4, "big") + protobuf.serialize(entry, said) + extra
    assert Codec(entry.said_by.peer, MAX_VERSION).decode(body) == said


@by_name_in_text
@few(25)
@given(data=st.data())
def test_a_body_with_too_few_fields_is_told(entry: Entry, data: st.DataObject) -> None:
    """Cut after any field but the last: a `DecodeError` that names the message and the first field that is missing."""
    version = data.draw(st.sampled_from(bands(entry)))
    said = data.draw(message_of(entry.cls, version, Encoding.TEXT))
    fields = text_writer(entry.layout, version)(said)
    if not fields:
        assert not any(row.on_wire(version) for row in leaves(entry.layout.text_rows))
        return
    kept = fields[: data.draw(st.integers(0, len(fields) - 1))]
    with pytest.raises(DecodeError) as caught:
        Codec(entry.said_by.peer, version).decode(text_body(entry, version, kept))
    assert (caught.value.message, caught.value.seen) == (entry.name, "the end of the frame")
    assert caught.value.field


@by_name
@few(25)
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
        assert isinstance(heard, (Message, UnknownId, Surplus, Odd))


@pytest.mark.parametrize("entry", [entry for entry in CATALOGUE if not entry.text], ids=lambda entry: entry.name)
def test_what_has_no_text_form_is_protobuf_as_long_as_it_exists(entry: Entry) -> None:
    """And unknown where its id stands in front of text."""
    assert entry.protobuf_since is not None
    assert entry.since == entry.protobuf_since
    heard = Codec(entry.said_by.peer, MAX_VERSION).decode(text_body(entry, MAX_VERSION, ["1", "1"]))
    assert heard == UnknownId(entry.id)


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


# --- ids, which the conversation gives ---------------------------------------------------------------------------

IDS = ("request_id", "order_id")
# What ends or cancels something speaks of an id that there is already.
OF_OPEN_ONES = ("Cancel", "Unsubscribe")


def id_given_later(entry: Entry) -> str | None:
    """Give the field that has the id of the request *entry*; None for what has none, or needs it from the start."""
    names = [name for name in fields_of(entry) if name in IDS]
    if entry.said_by is Side.TWS or not names or entry.name.startswith(OF_OPEN_ONES):
        return None
    return names[0]


WITH_ID = [entry for entry in CATALOGUE if id_given_later(entry)]
by_name_with_id = pytest.mark.parametrize("entry", WITH_ID, ids=lambda entry: entry.name)


@by_name_with_id
@few(10)
@given(data=st.data())
def test_a_request_without_its_id_is_refused(entry: Entry, data: st.DataObject) -> None:
    """In both encodings; the error names message and field, and says where an id comes from."""
    name = str(id_given_later(entry))
    version = data.draw(st.sampled_from(bands(entry)))
    said = attrs.evolve(data.draw(message_of(entry.cls, version)), **{name: None})
    told = rf"^{entry.name}\.{name}: there is none yet: .*give {name}$"
    with pytest.raises(LocalProtocolError, match=told) as caught:
        Codec(Side.CLIENT, version).encode(said)
    assert (caught.value.message, caught.value.field, caught.value.code) == (entry.name, name, None)
    ways = {Asks: "Tws.ask", Streams: "Tws.stream"}
    assert all((way in str(caught.value)) == issubclass(entry.cls, cls) for cls, way in ways.items())


@pytest.mark.parametrize(
    "entry", [entry for entry in WITH_ID if entry.protobuf_since is not None], ids=lambda entry: entry.name
)
@few(20)
@given(data=st.data())
def test_tws_takes_no_request_without_an_id(entry: Entry, data: st.DataObject) -> None:
    """None is what a request has before it is asked: no frame means it, also where protobuf may leave a field out."""
    name = str(id_given_later(entry))
    parsed: Any = protobuf.message_class(entry.layout)()
    said = data.draw(message_of(entry.cls, MAX_VERSION, Encoding.PROTOBUF))
    parsed.ParseFromString(protobuf.serialize(entry, said))
    (row,) = [row for row in leaves(entry.layout.protobuf_rows) if isinstance(row, Row) and row.field == name]
    parsed.ClearField(vendor_name(row))
    body = parsed.SerializeToString()
    with pytest.raises(DecodeError) as caught:
        protobuf.parse(entry, body)
    assert (caught.value.message, caught.value.field) == (entry.name, name)
    assert protobuf_decoder(entry, lambda _: "left to the strict reader")(body) == "left to the strict reader"


def test_an_id_that_is_given_later_is_the_last_field_and_nothing_else_is_given_later() -> None:
    """So a request is written without it, and no other field is None where the wire has no None."""
    found: set[tuple[str, str]] = set()
    for entry in CATALOGUE:
        for layout in records_in(entry.layout):
            for row in [*leaves(layout.text_rows), *leaves(layout.protobuf_rows)]:
                if isinstance(row, Row) and not row.kind.optional:
                    *_, (owner, name) = paths_of(layout.cls, row.field)
                    if default_of(owner, name) is None:
                        found.add((owner.__name__, name))
    assert found == {(entry.name, str(id_given_later(entry))) for entry in WITH_ID}
    for entry in WITH_ID:
        assert [*fields_of(entry)][-1] == id_given_later(entry)
    ending = [entry for entry in CATALOGUE if entry.name.startswith(OF_OPEN_ONES) and {*IDS} & {*fields_of(entry)}]
    for entry in ending:
        assert next(iter(fields_of(entry))) in IDS
        assert default_of(entry.cls, next(iter(fields_of(entry)))) is attrs.NOTHING


# --- the table itself --------------------------------------------------------------------------------------------


def public_messages() -> Iterator[object]:
    """Give every class that `anytws.messages` shows and that can be said."""
    for name in all_messages.__all__:
        shown = getattr(all_messages, name)
        if isinstance(shown, type) and issubclass(shown, Message) and attrs.has(shown):
            yield shown


def test_every_message_has_an_entry_and_every_entry_is_public() -> None:
    """A class without an entry cannot be written; an entry without a public class cannot be used."""
    assert set(public_messages()) == set(BY_CLASS)


def test_what_is_no_message_of_the_catalogue_has_no_entry() -> None:
    """A class of somebody else's, also one that says that it is in a file of ours; and an id that nobody says."""
    stranger = type("Stranger", (Message,), {"__module__": "anytws.messages.orders"})
    for cls in (Message, int, stranger):
        with pytest.raises(TypeError, match=f"{cls.__name__} is not a message of the catalogue"):
            entry_for(cls)
    assert [entry_said(side, 10**6) for side in Side] == [None, None]
    assert all(entry_said(entry.said_by, entry.id) is entry for entry in CATALOGUE)
    with pytest.raises(AttributeError, match="has no attribute 'CATALOG'"):
        _ = catalogue.CATALOG


def test_a_table_must_not_share_a_class_or_an_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two entries one would be found, and nobody could say which."""
    first, second = CATALOGUE[0], next(entry for entry in CATALOGUE[1:] if entry.said_by is CATALOGUE[0].said_by)
    for twice in (attrs.evolve(first, id=10**6), attrs.evolve(second, id=first.id)):
        with monkeypatch.context() as patch:
            patch.setattr(catalogue, "BY_CLASS", {first.cls: first})
            patch.setattr(catalogue, "BY_ID", {first.said_by: {first.id: first}})
            with pytest.raises(TypeError, match="two entries of the catalogue share a class, or an id"):
                catalogue.enter((twice,))


def test_the_table_of_an_id_is_known_before_it_is_loaded() -> None:
    """`IDS` is a second list of what the tables say themselves: it is what the tables say."""
    said = {
        side: {
            domain: tuple(sorted(entry.id for entry in catalogue._LOADED[domain] if entry.said_by is side))
            for domain in DOMAINS
        }
        for side in Side
    }
    assert said == catalogue.IDS


@pytest.fixture
def _nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue as a new process has it."""
    monkeypatch.setattr(catalogue, "BY_CLASS", {})
    monkeypatch.setattr(catalogue, "BY_ID", {side: {} for side in Side})
    monkeypatch.setattr(catalogue, "_LOADED", {})


@pytest.mark.usefixtures("_nothing_loaded")
def test_an_entry_is_found_without_another_table() -> None:
    """By its id, where TWS says what nobody has asked for, and by its class."""
    for entry in CATALOGUE:
        for find in (partial(entry_said, entry.said_by, entry.id), partial(entry_for, entry.cls)):
            for known in (catalogue._LOADED, catalogue.BY_CLASS, *catalogue.BY_ID.values()):
                known.clear()  # type: ignore[attr-defined]
            assert find() is entry
            assert [*catalogue._LOADED] == [entry.cls.__module__.rpartition(".")[2]]
    catalogue._LOADED.clear()
    assert [entry_said(side, unknown) for side in Side for unknown in (0, 112, 10**6)] == [None] * 6
    assert not catalogue._LOADED


@pytest.mark.usefixtures("_nothing_loaded")
def test_two_threads_load_a_table_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each finds all of it, whoever was first: each runs an event loop of its own, and has this one catalogue."""
    both, load_table = threading.Barrier(2, timeout=10), catalogue._table_of
    found: list[Entry | None] = []

    def at_once(domain: str) -> tuple[Entry, ...]:
        table = load_table(domain)
        both.wait()
        return table

    monkeypatch.setattr(catalogue, "_table_of", at_once)
    threads = [threading.Thread(target=lambda: found.append(entry_said(Side.TWS, 1))) for _ in "12"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry and entry.name for entry in found] == ["TickPrice"] * 2
    assert [*catalogue._LOADED] == ["market_data"]


@pytest.mark.usefixtures("_nothing_loaded")
def test_a_table_is_loaded_when_all_of_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread that finds the table loaded looks for an entry at once."""
    entered = catalogue.enter

    def enter(table: tuple[Entry, ...]) -> None:
        assert not catalogue._LOADED
        entered(table)

    monkeypatch.setattr(catalogue, "enter", enter)
    assert entry_said(Side.TWS, 1) is not None
    assert [*catalogue._LOADED] == ["market_data"]


def test_an_entry_is_found_by_class_and_by_id() -> None:
    """Ids are per direction: the client's 49 asks what TWS's 49 answers."""
    for entry in CATALOGUE:
        assert BY_CLASS[entry.cls] is entry
        assert BY_ID[entry.said_by][entry.id] is entry
        assert entry_of(object.__new__(entry.cls)) is entry
    assert sum(len(entries) for entries in BY_ID.values()) == len(CATALOGUE)
    assert len({entry.id for entry in CATALOGUE}) < len(CATALOGUE)


@by_name
def test_rows_name_fields_that_there_are(entry: Entry) -> None:
    """In every record of the entry, in either encoding: a string in a table is no name that a checker knows."""
    for layout in records_in(entry.layout):
        check_fields(layout)


@by_name
def test_an_entry_makes_sense(entry: Entry) -> None:
    """Text ids fit below protobuf's, and bands lie in order."""
    assert 0 < entry.id <= PROTOBUF_OFFSET
    assert entry.protobuf_since is None or PROTOBUF <= entry.protobuf_since <= MAX_VERSION
    assert entry.since <= MAX_VERSION
    assert all(row.until is None or row.since < row.until for row in leaves(entry.layout.text_rows))


def carried(rows: tuple[AnyRow, ...]) -> set[str]:
    """Give the names of the fields that *rows* carry, or reach into."""
    return {row.field.partition(".")[0] for row in leaves(rows) if not isinstance(row, Filler)}


def paths_of(cls: type[Any], field: str) -> Iterator[tuple[type[Any], str]]:
    """Give the fields that the path *field* leads through, each with its class."""
    name, _, rest = field.partition(".")
    yield cls, name
    if rest:
        yield from paths_of(field_class(cls, name), rest)


def test_every_field_is_on_the_wire() -> None:
    """In some version of some message: a field of a class that nobody writes would be lost without a word."""
    written: set[tuple[type[Any], str]] = set()
    classes: set[type[Any]] = set()
    for entry in CATALOGUE:
        layouts = [*records_in(entry.layout)]
        classes |= {layout.cls for layout in layouts}
        for layout in layouts:
            rows = [*(layout.text_rows if entry.text else ())]
            rows += layout.protobuf_rows if entry.protobuf_since is not None else ()
            for row in leaves(tuple(rows)):
                if not isinstance(row, Filler):
                    written |= {*paths_of(layout.cls, row.field)}
                if isinstance(row, Column) and "." not in row.field:
                    written |= {(inner.cls, row.name) for inner in layouts if row.name in attrs.fields_dict(inner.cls)}
            if layout.after_reading is not None:
                # What is made of other fields has no row of its own.
                written |= {(inner.cls, name) for inner in layouts for name in attrs.fields_dict(inner.cls)}
    # A mask of text, which is one field, has all bits of it: `test_codec` has them there and back.
    in_masks = {("TickAttribLast", "unknown_bits"), ("TickAttribBidAsk", "unknown_bits")}
    assert in_masks == {
        (cls.__name__, name) for cls in classes for name in attrs.fields_dict(cls) if (cls, name) not in written
    }


@by_name
def test_a_number_is_one_field(entry: Entry) -> None:
    """In every message of protobuf that it has: no number twice, but for a field that text has in several bands."""
    if entry.protobuf_since is None:
        return
    for layout in records_in(entry.layout):
        rows = [row for row in leaves(layout.protobuf_rows) if is_numbered(row)]
        by_number = {row.number: (row.field, vendor_name(row)) for row in rows}
        assert all(by_number[row.number] == (row.field, vendor_name(row)) for row in rows)
        assert len({name for _, name in by_number.values()}) == len(by_number)


@by_name_in_text
def test_a_field_that_a_version_does_not_carry_has_a_default(entry: Entry) -> None:
    """An older TWS does not send it, and the message is made all the same."""
    for layout in records_in(entry.layout):
        for version in bands(entry):
            rows = [
                row
                for row in leaves(layout.text_rows)
                if not isinstance(row, (Filler, Column)) and row.on_wire(version)
            ]
            missing = {*attrs.fields_dict(layout.cls)} - {row.field.partition(".")[0] for row in rows}
            if rows and version < text_until(entry):
                assert all(default_of(layout.cls, name) is not attrs.NOTHING for name in missing), missing


@by_name
def test_every_kind_of_the_entry_can_be_drawn(entry: Entry) -> None:
    """The one line that a new kind needs in `anytws.testing.strategies`."""
    for kind in kinds_in(entry.layout).values():
        assert values_of(kind) is not None


@pytest.mark.parametrize("side", [*Side, None])
@pytest.mark.parametrize("version", [MIN_VERSION, MAX_VERSION])
@few(10)
@given(data=st.data())
def test_the_public_strategies_draw_what_the_side_can_say(side: Side | None, version: int, data: st.DataObject) -> None:
    """Always something that can be written at that version by that side."""
    said = data.draw(any_messages(side, version))
    assert side in (None, entry_of(said).said_by)
    Codec(entry_of(said).said_by, version).encode(said)
