"""What the tests of the whole catalogue against the official client share.

The tests are driven by the catalogue and by facts in ``tests/data``: no list of messages stands here. A message of ours
is looked at through a `View`, which gives its values under the names of the vendor's protobuf fields, in both
encodings; the facts say which field the official client delivers, or takes, where.

The official client is only run, never read. What goes wrong inside of it is told by its kind and text, without its
lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import attrs
from hypothesis import seed, settings
from hypothesis import strategies as st
from ibapi.client import EClient
from ibapi.decoder import Decoder
from ibapi.reader import EReader

from anytws.messages.base import Side, TagValue
from anytws.messages.contract import SecurityType
from anytws.messages.order_words import OrderType
from anytws.testing.strategies import Encoding, _as_written, message_of, record_of, values_of
from anytws.wire import versions as v
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.frames import frame
from anytws.wire.kinds import Kind
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
    When,
    default_of,
    field_class,
    leaves,
)
from anytws.wire.rows import vendor_name as vendor_name_of
from tests.test_official_codec import Call, FakeSocket, RecordingWrapper

DATA: Final = Path(__file__).parent / "data"

_Test = TypeVar("_Test", bound=Callable[..., None])

Case: TypeAlias = tuple[Entry, int, Encoding]
"""An entry, a server version, and the encoding that is looked at."""


def facts(name: str) -> dict[str, Any]:
    """Give the facts in the file *name* of ``tests/data``."""
    data: dict[str, Any] = json.loads((DATA / name).read_text("utf-8"))
    return data


# --- the versions that matter ------------------------------------------------------------------------------------


def _turns(layout: Layout | Choice) -> Iterator[int]:
    """Give the versions at which the text form of *layout* changes, nested records included."""
    if isinstance(layout, Choice):
        for option in layout.options.values():
            yield from _turns(option)
        return
    for row in leaves(layout.text_rows):
        yield from (row.since, row.until or 0)
        nested = row.layout if isinstance(row, Part) else row.of if isinstance(row, Many) else None
        if isinstance(nested, (Layout, Choice)):
            yield from _turns(nested)


def _protobuf_turns(layout: Layout | Choice) -> Iterator[int]:
    if isinstance(layout, Choice):
        return
    for row in leaves(layout.protobuf_rows):
        if isinstance(row, Row):
            yield row.protobuf_since
        elif isinstance(row, Part):
            yield from _protobuf_turns(row.layout)


def _around(turns: set[int], first: int) -> list[int]:
    return sorted({turn + side for turn in turns for side in (-1, 0)} & {*range(first, v.MAX_VERSION + 1)})


def cases(side: Side) -> list[Case]:
    """Give what to look at of all messages that *side* says.

    Of the text form every version at which it changes and the one before, up to the newest: TWS may say a message in
    either form. Protobuf has no bands, but fields that only newer servers take from a client.
    """
    found: list[Case] = []
    for entry in CATALOGUE:
        if entry.said_by is not side:
            continue
        first = max(v.MIN_VERSION, entry.since)
        ends = {first, entry.protobuf_since or 0, v.PROTOBUF}
        if entry.text:
            last = {v.MAX_VERSION} if side is Side.TWS or entry.protobuf_since is None else set[int]()
            text = _around({*_turns(entry.layout)} | ends, first)
            if side is Side.CLIENT and entry.protobuf_since is not None:
                text = [version for version in text if version < entry.protobuf_since]
            found += [(entry, version, Encoding.TEXT) for version in sorted({*text, *last})]
        if entry.protobuf_since is not None:
            protobuf = [entry.protobuf_since, v.MAX_VERSION]
            if side is Side.CLIENT:
                protobuf += _around({*_protobuf_turns(entry.layout)}, entry.protobuf_since)
            found += [(entry, version, Encoding.PROTOBUF) for version in sorted({*protobuf})]
    return found


def case_id(value: object) -> str | None:
    """Name the parts of a case for pytest."""
    if isinstance(value, Entry):
        return value.name
    return value.value if isinstance(value, Encoding) else None


def examples_of(entry: Entry, encoding: Encoding) -> int:
    """Say how many messages of *entry* are drawn in each case: fewer of those that are long, and have many cases."""
    rows = entry.layout.text_rows + entry.layout.protobuf_rows
    if all(isinstance(row, Filler) for row in rows):
        return 1
    long = len([*leaves(entry.layout.text_rows)]) > 60
    usual = 3 if long and encoding is Encoding.TEXT else 6
    return max(1, settings().max_examples * usual // 100)


def chosen(entry: Entry, version: int, encoding: Encoding) -> Callable[[_Test], _Test]:
    """Give the settings of a case, with examples of its own: the neighbours of a case look much the same."""
    few = settings(max_examples=examples_of(entry, encoding))
    own = seed(version) if settings().derandomize else lambda test: test
    return lambda test: own(few(test))


# --- messages to say ---------------------------------------------------------------------------------------------

TRIGGERS: Final[tuple[tuple[str, tuple[object, ...]], ...]] = (
    ("contract.security_type", (SecurityType.COMBO, SecurityType.FUND)),
    ("contract.exchange", ("IBKRATS",)),
    (
        "order.order_type",
        (
            OrderType.PEGGED_TO_BENCHMARK,
            OrderType.PEGGED_TO_BEST,
            OrderType.PEGGED_TO_MIDPOINT,
            OrderType.TRAILING_STOP,
            OrderType.TRAILING_STOP_LIMIT,
        ),
    ),
)
"""Values on which conditions of the text form look, and which would hardly ever be drawn."""

BEHIND: Final = {"order.compete_against_best_offset": float("inf")}
"""Such values that are behind a condition themselves."""


def messages_of(entry: Entry, version: int, encoding: Encoding) -> st.SearchStrategy[Any]:
    """Give a strategy for messages of *entry*, those with fields behind a condition as often as the others."""
    drawn = message_of(entry.cls, version, encoding)
    if encoding is Encoding.TEXT and any(_is_there(entry.cls, path) for path, _ in TRIGGERS) and _has_conditions(entry):
        return st.one_of(drawn, _behind_conditions(entry, version))
    return drawn


def _has_conditions(entry: Entry) -> bool:
    return any(isinstance(row, When) for row in entry.layout.text_rows)


def _is_there(cls: type[Any], path: str) -> bool:
    *parents, name = path.split(".")
    for parent in parents:
        if parent not in attrs.fields_dict(cls):
            return False
        cls = field_class(cls, parent)
    return name in attrs.fields_dict(cls)


def _with(record: Any, path: str, value: object) -> Any:
    name, _, rest = path.partition(".")
    return attrs.evolve(record, **{name: _with(getattr(record, name), rest, value) if rest else value})


@st.composite
def _behind_conditions(draw: st.DrawFn, entry: Entry, version: int) -> Any:
    message = draw(message_of(entry.cls, version, Encoding.TEXT))
    # As it is written, where the wire puts several fields into one.
    layout = entry.layout
    for path, values in TRIGGERS:
        if _is_there(entry.cls, path):
            message = _with(message, path, draw(st.sampled_from(values)))
    if layout.before_writing is not None:
        message = layout.before_writing(message)
    message = _as_written(layout.text_rows, _filled(draw, layout.text_rows, message, version, entry.said_by))
    return message if layout.after_reading is None else layout.after_reading(message)


def _filled(draw: st.DrawFn, rows: tuple[AnyRow, ...], message: Any, version: int, said_by: Side) -> Any:
    """Draw what stands behind the conditions that hold of *message*."""
    printable = said_by is Side.CLIENT
    for condition in rows:
        if not isinstance(condition, When) or not condition.holds(message):
            continue
        for row in condition.rows:
            if isinstance(row, (When, Filler, Part)) or not row.on_wire(version):
                continue
            if isinstance(row, Column):
                price = values_of(row.kind, printable=printable, finite=printable)
                records = _get(message, row.field)
                drawn: Any = tuple(attrs.evolve(record, **{row.name: draw(price)}) for record in records)
            elif isinstance(row, Many):
                assert isinstance(row.of, Layout)
                item = record_of(row.of, version, Encoding.TEXT, printable=printable, finite=printable)
                drawn = tuple(draw(st.lists(item, min_size=1, max_size=2)))
            elif isinstance(row, Tags):
                drawn = (TagValue("a", "1"), TagValue("b", ""))
            else:
                value = values_of(row.kind, printable=printable, finite=printable)
                drawn = draw(st.just(BEHIND[row.field]) | value if row.field in BEHIND else value)
            message = _with(message, row.field, drawn)
        message = _filled(draw, condition.rows, message, version, said_by)
    return message


def _get(record: Any, path: str) -> Any:
    for name in path.split("."):
        record = getattr(record, name)
    return record


# --- a message under the vendor's names --------------------------------------------------------------------------


class _Absent:
    """What a protobuf field is that is not there."""

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = _Absent()


@attrs.frozen
class View:
    """A record of ours under the names of the vendor's protobuf fields."""

    record: Any
    """As it is written: where the wire puts several fields into one, that one."""
    layout: Layout
    tag: tuple[str, int] | None = None
    """The number that tells which of several records it is, and its name."""

    def __getitem__(self, name: str) -> Any:
        """Give what protobuf holds in the field *name*; pairs are a list."""
        if self.tag is not None and name == self.tag[0]:
            return self.tag[1]
        row = rows_by_name(self.layout).get(name)
        if row is None:
            # A field of another record of the same protobuf message.
            assert self.tag is not None, f"{self.layout.name} has no row for {name}"
            return ABSENT
        value = getattr(self.record, row.field)
        match row:
            case Row():
                return dumped(row.kind, value)
            case Part():
                left_out = row.omitted and value == default_of(self.layout.cls, row.field)
                return ABSENT if value is None or left_out else view(value, row.layout)
            case Many():
                return [_item(item, row.of) for item in value]
            case Tags():
                return [(each.tag, each.value) for each in value]

    def has(self, name: str) -> bool:
        """Tell whether there is a row for the field *name* at all."""
        return name in rows_by_name(self.layout)

    def spelled(self, name: str) -> str:
        """Give the text form of the field *name*."""
        row = rows_by_name(self.layout)[name]
        assert isinstance(row, Row)
        return row.kind.write_text(getattr(self.record, row.field))

    def at(self, path: str) -> Any:
        """Give what is at a dotted path; ABSENT behind something absent."""
        value: Any = self
        for name in path.split("."):
            if value is ABSENT:
                return ABSENT
            value = value[name]
        return value


def dumped(kind: Kind, value: Any) -> Any:
    """Give what protobuf holds for *value*."""
    found = kind.write_protobuf(value) if kind.write_protobuf else value
    return ABSENT if found is None else found


def _item(item: Any, of: Any) -> Any:
    return view(item, of) if isinstance(of, (Layout, Choice)) else dumped(of, item)


@cache
def rows_by_name(layout: Layout) -> dict[str, Row | Part | Many | Tags]:
    """Give the rows of *layout* by the names of the protobuf fields."""
    return {vendor_name_of(row): row for row in leaves(layout.protobuf_rows) if not isinstance(row, (Filler, Column))}


def view(record: Any, of: Layout | Choice) -> View:
    """Look at *record* under the vendor's names."""
    if isinstance(of, Choice):
        number = of.number_of(record)
        return attrs.evolve(view(record, of.options[number]), tag=("type", number))
    return View(record if of.before_writing is None else of.before_writing(record), of)


def text_only_value(message: Any, entry: Entry, name: str, version: int) -> Any:
    """Give the value of a field that the text form alone carries, by the end of its path; ABSENT if there is none."""
    for row in leaves(entry.layout.text_rows):
        if not isinstance(row, Row) or not row.on_wire(version):
            continue
        if vendor_name_of(attrs.evolve(row, field=row.field.rpartition(".")[2], vendor=None)) != name:
            continue
        return dumped(row.kind, _get(message, row.field))
    return ABSENT


# --- the official client -----------------------------------------------------------------------------------------


class _Watched(tuple[bytes, ...]):  # noqa: SLOT001 (it counts)
    """Fields of a message, which know how many of them were taken.

    They are taken one after the other, but in messages whose fields the official decoder counts: those it drops, all
    of it, where the count is wrong.
    """

    taken: int | None = None

    def __iter__(self) -> Iterator[bytes]:
        self.taken = 0
        for field in super().__iter__():
            self.taken += 1
            yield field


class WatchingDecoder(Decoder):  # type: ignore[misc]  # the official client has no types
    """The official decoder, which also notes the fields that it left over."""

    left_over: tuple[bytes, ...] = ()

    def interpret(self, fields: Any, msgId: int) -> None:  # noqa: N803 (the official client's name)
        watched = _Watched(fields)
        super().interpret(watched, msgId)
        self.left_over = () if watched.taken is None else tuple(fields)[watched.taken :]


@cache
def watching_decoder(version: int) -> tuple[RecordingWrapper, WatchingDecoder]:
    """Give an official decoder and the wrapper that it tells."""
    wrapper = RecordingWrapper()
    return wrapper, WatchingDecoder(wrapper, version)


def client_of(wrapper: RecordingWrapper, version: int, socket: FakeSocket) -> EClient:
    """Give an official client that has agreed on *version* over *socket*."""
    client = EClient(wrapper)
    client.serverVersion_ = version
    client.conn = socket
    client.setConnState(EClient.CONNECTED)
    return client


def official_reading(version: int, body: bytes) -> list[Call]:
    """Give the callbacks with which the official client delivers *body*, its reader and its loop included.

    Of a protobuf frame the first one is the parsed message itself. Fails where the client raises, or leaves fields
    over.
    """
    wrapper, decoder = watching_decoder(version)
    wrapper.calls.clear()
    decoder.left_over = ()
    socket = FakeSocket(frame(body))
    client = client_of(wrapper, version, socket)
    client.decoder = decoder
    EReader(socket, client.msg_queue).run()
    try:
        client.run()
    except Exception as problem:
        raise AssertionError(f"the official decoder fails: {type(problem).__name__}: {problem}") from None
    assert not decoder.left_over, f"the official decoder leaves over: {decoder.left_over}"
    *calls, last = wrapper.calls
    assert last == ("connectionClosed",)
    return calls
