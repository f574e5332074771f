"""One odd value does not cost its message: every field of the catalogue, emptied and garbled, in both encodings.

The frames are made from the table, so that a new field is held to it as well. The default profile takes the first and
the last band of versions of each message; ``HYPOTHESIS_PROFILE=deep`` takes all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

import anyio
import pytest
from anyio.abc import ByteStream, SocketAttribute

import anytws
from anytws.core import Connection, HandshakeOptions, Side, State, UndecodableFrame
from anytws.errors import DecodeError
from anytws.messages import (
    ExecutionFilter,
    ExecutionRequest,
    HistoricalDataUpdate,
    LimitOrder,
    NextValidId,
    PlaceOrderRequest,
    Stock,
    UpdatedBar,
)
from anytws.simulator import World, WorldSettings
from anytws.wire.catalogue import CATALOGUE, entry_of
from anytws.wire.codec import Codec
from anytws.wire.kinds import Kind
from anytws.wire.odd import NEVER_ROUTES, ROUTES, ROUTES_OF, Odd, OddField
from anytws.wire.rows import Choice, Entry, Layout, Many, Part, Row, Tags, leaves, vendor_name
from anytws.wire.text import Draft
from anytws.wire.versions import MAX_VERSION, PROTOBUF
from anytws.wire.walk import FieldSeen, TextWalk, walk_text
from tests.hostile_frames import is_taken, nested, tag, varint
from tests.test_nothing_vanishes import bands
from tests.test_transcripts import framed
from tests.test_world import Client

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
GARBAGE = "~x"

STEERS = {
    "algo_strategy": "the parameters of the strategy follow, if there is one",
    "compete_against_best_offset": "an order that competes by a fixed offset says two less",
    "delta_neutral_order_type": "the details of the delta neutral order follow, if there is one",
    "hedge_type": "the parameter of the hedge follows, if it is one",
    "order_type": "the fields of a benchmark, or of a pegged order, follow",
    "scale_price_increment": "the details of a scale order follow, if there is one",
    "security_type": "the legs of a combo follow",
}
"""Fields of the text form at which a condition of the table looks: how those behind them lie hangs on them. A frame
that does not fit what they say is not read."""


# --- frames ------------------------------------------------------------------------------------------------------

_PREFERRED = (
    # The first that its kind takes. Words that switch on what hangs on them.
    {"security_type": "BAG", "order_type": "PEG BENCH", "hedge_type": "D", "algo_strategy": "a", "scale": "1"},
    {"order_type": "PEG BEST", "exchange": "IBKRATS", "security_type": "STK"},
    {"order_type": "TRAIL", "security_type": "FUND", "tick_type": "3"},
    {"order_type": "PEG MID", "exchange": "IBKRATS", "security_type": "STK", "tick_type": "4"},
)
_CANDIDATES = ("1", "a", "20240131", "20240131-10:00:00", "2024-01-31 10:00:00.0", "1:1", "P", "true", "o", "", "0")


class _Whole(TextWalk):
    """Walks the rows of a message and writes down what they would like to read: one item in each list."""

    def __init__(self, entry: Entry, version: int, preferred: dict[str, str], choice: int) -> None:
        super().__init__(entry.name, version, [], 10**9)
        self.texts: list[str] = []
        self._preferred = preferred
        self._choice = choice

    def _read(self, path: str, kind: Kind) -> FieldSeen:
        name = path.rpartition(".")[2]
        wanted = self._preferred.get(name)
        if path.endswith(".type") and kind.name == "INT":
            wanted = str(self._choice)
        candidates = (wanted, *_CANDIDATES) if wanted is not None else _CANDIDATES
        text = next(each for each in candidates if is_taken(kind.read_text, each))
        self.texts.append(text)
        return FieldSeen(path, kind.name, text, kind.read_text(text))

    def _take(self, path: str, kind: str) -> str:
        self.texts.append("99")
        return "99"


def whole_frames(entry: Entry, version: int) -> Iterator[list[str]]:
    """Give the fields of messages of *entry*, each with other conditions met; what cannot be made is left out."""
    made: list[list[str]] = []
    for number, preferred in enumerate(_PREFERRED):
        for choice in (1, 3, 4, 5, 6, 7) if number == 0 else (1,):
            writer = _Whole(entry, version, preferred, choice)
            try:
                for _ in writer.rows(entry.layout.text_rows, "", Draft(entry.cls)):
                    continue
            except DecodeError:
                continue
            if writer.texts not in made:
                made.append(writer.texts)
                yield writer.texts


def body_of(entry: Entry, version: int, texts: list[str]) -> bytes:
    wire_id = entry.id.to_bytes(4, "big") if version >= PROTOBUF else b"%d\0" % entry.id
    return wire_id + "".join([f"{text}\0" for text in texts]).encode()


def without_places(path: str) -> str:
    """Give *path* without the places in lists: ``bars[].open``."""
    head, *rest = path.split("[")
    return head + "".join(["[]" + part.partition("]")[2] for part in rest])


def shape(path: str) -> bool:
    """Tell whether *path* is no value but says how many fields there are."""
    return path.startswith("number of ") or path.endswith((" present", "layout number", "].type"))


def is_allowed(entry: Entry, path: str) -> bool:
    place = (entry.name, path)
    return place in ROUTES_OF or (path in ROUTES and place not in NEVER_ROUTES)


# --- text --------------------------------------------------------------------------------------------------------


def text_bands(entry: Entry) -> list[int]:
    found = bands(entry)
    return found if DEEP else sorted({found[0], found[-1]})


def trouble_in_text(entry: Entry, version: int) -> Iterator[str]:
    codec = Codec(entry.said_by.peer, version)
    tried: set[str] = set()
    for texts in whole_frames(entry, version):
        seen = list(walk_text(entry, version, texts))
        assert len(seen) == len(texts)
        for place, field in enumerate(seen):
            path = without_places(field.path)
            if not path or path in tried:
                continue
            tried.add(path)
            for bad in ("", GARBAGE):
                odd = [*texts[:place], bad, *texts[place + 1 :]]
                yield from complaints(codec, entry, path, bad, body_of(entry, version, odd))


def complaints(codec: Codec, entry: Entry, path: str, bad: str, body: bytes) -> Iterator[str]:
    where = f"{entry.name}.{path} = {bad!r} at {codec.version}"
    name = path.rpartition(".")[2]
    try:
        decoded = codec.decode(body)
    except DecodeError as problem:
        if name in STEERS:
            yield f"{STEERED}{name}"
        elif not shape(path) and not is_allowed(entry, path):
            yield f"{where} cost the message: {problem}"
        return
    if isinstance(decoded, Odd):
        if without_places(decoded.fields[0].path) != path or decoded.count != 1:
            yield f"{where} was told of {decoded.fields}"
        if is_allowed(entry, path):
            yield f"{where} says where the message goes, and was passed over"


STEERED = "what follows hung on "


@cache
def trouble_of(entry: Entry) -> list[str]:
    return [each for version in text_bands(entry) for each in trouble_in_text(entry, version)]


TEXTS = [entry for entry in CATALOGUE if entry.text]
PROTOBUFS = [entry for entry in CATALOGUE if entry.protobuf_since is not None]


@pytest.mark.parametrize("entry", TEXTS, ids=lambda entry: entry.name)
def test_a_value_of_a_text_message_may_be_odd(entry):
    assert [each for each in trouble_of(entry) if not each.startswith(STEERED)] == []


def test_the_lists_of_exceptions_hold_nothing_that_needs_none():
    steered = {each.removeprefix(STEERED) for entry in TEXTS for each in trouble_of(entry) if each.startswith(STEERED)}
    assert steered == {*STEERS}
    there = {(entry.name, path) for entry in CATALOGUE for path in fields_of(entry)}
    assert {*ROUTES_OF, *NEVER_ROUTES} <= there
    assert {*ROUTES} <= {path for _, path in there}


def fields_of(entry: Entry) -> set[str]:
    """Give the fields of the message itself, those of the records in it not counted."""
    rows = (*leaves(entry.layout.text_rows), *leaves(entry.layout.protobuf_rows))
    return {row.field for row in rows if isinstance(row, Row)}


def test_every_field_of_the_text_form_was_tried():
    missing = {
        f"{entry.name}.{path}"
        for entry in TEXTS
        for version in text_bands(entry)
        for path in paths_of_text(entry, version) - tried_in_text(entry, version)
    }
    assert missing == set()


def paths_of_text(entry: Entry, version: int) -> set[str]:
    return set(_paths_of(entry.layout, version, ""))


def _paths_of(layout: Layout, version: int, prefix: str) -> Iterator[str]:
    for row in leaves(layout.text_rows):
        if not row.on_wire(version):
            continue
        if isinstance(row, Row):
            yield prefix + row.field
        elif isinstance(row, Part):
            yield from _paths_of(row.layout, version, f"{prefix}{row.field}.")
        elif isinstance(row, Many):
            for inner in layouts_of(row):
                yield from _paths_of(inner, version, f"{prefix}{row.field}[].")


def layouts_of(row: Many) -> list[Layout]:
    if isinstance(row.of, Choice):
        return [*row.of.options.values()]
    return [row.of] if isinstance(row.of, Layout) else []


def tried_in_text(entry: Entry, version: int) -> set[str]:
    return {
        without_places(field.path)
        for texts in whole_frames(entry, version)
        for field in walk_text(entry, version, texts)
    }


# --- protobuf ----------------------------------------------------------------------------------------------------

_ODD_NUMBERS = {"int32": (2**31 - 1,), "int64": (2**63 - 1, 2**62), "bool": (), "double": ()}
_ODD_TEXTS = (b"", b"~x", b"\xff\xfe", b"caf\xc3\xa9 \xe9")
_LARGEST = bytes.fromhex("ffffffffffffef7f")
_NOT_A_NUMBER = bytes.fromhex("000000000000f87f")


def odd_fields(row: Row) -> Iterator[tuple[str, bytes]]:
    """Give odd forms of the field of *row*, each with a word for it."""
    number = row.number or 0
    yield "absent", b""
    if row.kind.protobuf == "string":
        for text in _ODD_TEXTS:
            yield repr(text), nested(number, text)
    elif row.kind.protobuf == "double":
        yield "the largest double", tag(number, 1) + _LARGEST
        yield "NaN", tag(number, 1) + _NOT_A_NUMBER
    else:
        for value in _ODD_NUMBERS[row.kind.protobuf]:
            yield str(value), tag(number, 0) + varint(value)


def usual_field(row: Row) -> bytes:
    number = row.number or 0
    if row.kind.protobuf == "double":
        return tag(number, 1) + bytes.fromhex("000000000000f03f")
    if row.kind.protobuf != "string":
        return tag(number, 0) + b"\1"
    text = next(each for each in _CANDIDATES if is_taken(row.kind.read_protobuf or str, each))
    return nested(number, text.encode())


def bodies(layout: Layout) -> Iterator[tuple[str, str, bytes]]:
    """Give bodies of *layout* with one odd field each: its path, what is odd, and the body."""
    usual = {vendor_name(row): usual_of(row) for row in carried(layout)}
    for row in carried(layout):
        rest = b"".join([data for name, data in usual.items() if name != vendor_name(row)])
        for path, what, odd in odd_forms(row):
            yield path, what, rest + odd


def usual_of(row: Row | Part | Many | Tags) -> bytes:
    number = row.number or 0
    if isinstance(row, Row):
        return usual_field(row)
    if isinstance(row, Part):
        # Of several records that exclude each other none is said.
        return b"" if row.oneof else nested(number, usual_layout(row.layout))
    return b""


def usual_layout(layout: Layout) -> bytes:
    return b"".join([usual_of(row) for row in carried(layout)])


def odd_forms(row: Row | Part | Many | Tags) -> Iterator[tuple[str, str, bytes]]:
    number = row.number or 0
    if isinstance(row, Row):
        for what, data in odd_fields(row):
            yield row.field, what, data
    elif isinstance(row, Part):
        for path, what, body in bodies(row.layout):
            yield f"{row.field}.{path}", what, nested(number, body)
    elif isinstance(row, Many) and isinstance(row.of, Layout):
        for path, what, body in bodies(row.of):
            yield f"{row.field}[].{path}", what, nested(number, usual_layout(row.of)) + nested(number, body)
    elif isinstance(row, Many) and isinstance(row.of, Kind) and row.of.protobuf == "string":
        for text in _ODD_TEXTS:
            yield f"{row.field}[]", repr(text), nested(number, text)
    elif isinstance(row, Tags):
        yield f"{row.field}", "no UTF-8", nested(number, nested(1, b"a") + nested(2, b"\xff"))


def carried(layout: Layout) -> list[Row | Part | Many | Tags]:
    rows = leaves(layout.protobuf_rows)
    return [row for row in rows if isinstance(row, (Row, Part, Many, Tags)) and row.number is not None]


@pytest.mark.parametrize("entry", PROTOBUFS, ids=lambda entry: entry.name)
def test_a_value_of_a_protobuf_message_may_be_odd(entry):
    codec = Codec(entry.said_by.peer, MAX_VERSION)
    wire_id = (entry.id + 200).to_bytes(4, "big")
    found = []
    for path, what, body in bodies(entry.layout):
        try:
            decoded = codec.decode(wire_id + body)
        except DecodeError as problem:
            if not is_allowed(entry, path):
                found.append(f"{path}, {what}: {problem}")
            continue
        if isinstance(decoded, Odd) and path not in {without_places(field.path) for field in decoded.fields}:
            found.append(f"{path}, {what}: told of {decoded.fields}")
    assert found == []


# --- real trouble ------------------------------------------------------------------------------------------------

UNSET = "1.7976931348623157E308"
FILL = (
    11, -1, 50, 12087792, "EUR", "CASH", "", "0", "", "", "IDEALPRO", "USD", "EUR.USD", "EUR.USD", "0000e0d5.1.01.01",
    "20250225 15:15:00 US/Eastern", "DU0000000", "IDEALPRO", "BOT", "20000", "1.08", "193966283", "1", "0", "20000",
    "1.08", "", "", "", "", "2",
)  # fmt: skip


def text_body(version: int, *fields: object) -> bytes:
    raw = [field if isinstance(field, bytes) else str(field).encode() for field in fields]
    if version >= PROTOBUF:
        return int(raw[0]).to_bytes(4, "big") + b"".join([field + b"\0" for field in raw[1:]])
    return b"".join([field + b"\0" for field in raw])


def heard(version: int, *bodies: bytes) -> list[Any]:
    """Give what a client tells that is READY at *version* and is sent *bodies*."""
    client = ready_client(version)
    client.receive_data(b"".join(map(framed, bodies)))
    assert client.state is State.READY
    return client.events()


def ready_client(version: int) -> Connection:
    client = Connection(Side.CLIENT)
    client.opened()
    client.receive_data(framed(text_body(176, version, "20260420 22:22:28 UTC")))
    client.receive_data(framed(text_body(version, 15, 1, "DU0")) + framed(text_body(version, 9, 1, 5)))
    client.events()
    return client


def test_a_bar_update_without_prices_is_what_tws_says_of_a_bar_in_which_nothing_was_traded():
    """https://github.com/erdewit/ib_insync/issues/166"""
    (update,) = heard(176, text_body(176, 90, 18325, -1, "20190702  16:50:30", "", "", "", "", "-1.0", -1))
    assert update == HistoricalDataUpdate(18325, UpdatedBar(datetime(2019, 7, 2, 16, 50, 30)))  # noqa: DTZ001 (no zone was said)


@pytest.mark.parametrize("text", ["20200427-13:00:03 PST", "20260706-14:05:00 MET"])
def test_a_time_with_a_dash_and_a_zone_is_a_time_of_that_zone(text):
    (fill,) = heard(176, text_body(176, *FILL[:15], text, *FILL[16:]))
    zone = text.rpartition(" ")[2]
    assert f"{fill.execution.time:%Y%m%d-%H:%M:%S}" == text[:17]
    assert fill.execution.time.tzname() in {zone, "CEST", "MEST"}


def test_a_fill_is_told_whatever_is_wrong_with_it():
    odd, fill = heard(176, text_body(176, 11, "x", "", *FILL[3:15], "at noon", *FILL[16:20], "1,08", *FILL[21:]))
    assert (odd.message, odd.count) == ("ExecutionDetails", 4)
    assert odd.fields == ("request_id", "execution.order_id", "execution.time", "execution.price")
    assert (odd.field, odd.seen, odd.wanted) == ("request_id", "'x'", "REQUEST_ID")
    assert odd.others[1] == OddField("execution.time", "'at noon'", "INSTANT or empty")
    execution = fill.execution
    assert (fill.request_id, execution.order_id, execution.time, execution.price) == (None, None, None, None)
    assert (execution.execution_id, execution.shares, execution.side) == ("0000e0d5.1.01.01", Decimal(20000), "BOT")


def test_a_row_of_the_book_without_its_place_is_told():
    odd, change = heard(176, text_body(176, 12, 1, 7, "", 0, "", "4.5", "10"))
    assert odd.fields == ("row.position", "row.side")
    assert (change.request_id, change.row.position, change.row.side, change.row.price) == (7, None, None, 4.5)
    assert "MarketDepth.row.position: '' is not INT, and was read as nothing, and 1 more" in odd.problem


def test_a_message_of_odd_values_is_another_layout():
    """With too many of them it is more likely that we are wrong about the frame than that TWS is about each value."""
    (lost,) = heard(176, text_body(176, 11, 3, *["x"] * 4, "STK", "", "y", *FILL[8:19], "a", "b", "c", *FILL[22:]))
    assert isinstance(lost, UndecodableFrame)


@pytest.mark.parametrize(
    "fields, at",
    [((12, 1, 7, 0, 0, "x", "4.5", "10", "surplus"), "row.side"), ((12, 1, 7, 0, 0, "x", "4.5"), "row.size")],
)
def test_a_frame_of_another_length_has_no_odd_values(fields, at):
    """All behind the first odd one may stand in the place of another."""
    (lost,) = heard(176, text_body(176, *fields))
    assert (type(lost), lost.field, lost.request_id) == (UndecodableFrame, at, 7)


@pytest.mark.parametrize("version", [176, 226])
def test_a_field_that_says_where_a_message_goes_may_cost_it(version):
    (lost,) = heard(version, text_body(version, 45, 6, "x", 49, "0.0"))
    assert (type(lost), lost.field, lost.request_id) == (UndecodableFrame, "request_id", None)
    (lost,) = heard(version, text_body(version, 45, 6, 24, "x", "0.0"))
    assert (type(lost), lost.field, lost.request_id) == (UndecodableFrame, "tick_type", 24)


def test_each_such_message_is_told_and_so_is_the_next():
    body = text_body(176, 90, 5, -1, "noon", "1", "", "1", "1", "-1.0", -1)
    assert [type(event).__name__ for event in heard(176, body, body)] == ["OddValue", "HistoricalDataUpdate"] * 2


def test_of_a_thousand_odd_values_a_hundred_are_told():
    bars = [field for _ in range(1000) for field in ("20240131", "1", "1", "x", "1", "1", "1", "1")]
    odd, data = heard(200, text_body(200, 17, 5, 1000, *bars))
    assert (odd.count, len(odd.fields), len(data.bars)) == (1000, 100, 1000)
    assert {bar.low for bar in data.bars} == {None}
    assert odd.fields[99] == "bars[99].low"


# --- text that is not UTF-8 --------------------------------------------------------------------------------------


def test_protobuf_text_that_is_not_utf_8_is_read_in_one_code_and_told():
    gbk = "苹果公司".encode("gbk")
    body = (204).to_bytes(4, "big") + tag(1, 0) + b"\5" + tag(3, 0) + b"\xc8\1" + nested(4, gbk)
    odd, notice = heard(226, body)
    assert (odd.field, odd.wanted) == ("error_message", "UTF-8")
    assert notice.error_message.encode("latin-1").decode("gbk") == "苹果公司"


@pytest.mark.parametrize(
    "rest, field, said",
    [
        (nested(4, b"abc")[:-1], None, "the body that ends after 2 of the 3 bytes of field 4"),
        (tag(3, 0) + b"\xff", None, "ends inside a number"),
        (b"\x07\x00", None, "where a field should begin"),
    ],
)
def test_a_body_that_is_no_protobuf_says_why_and_which_request_it_belonged_to(rest, field, said):
    (lost,) = heard(226, (204).to_bytes(4, "big") + tag(1, 0) + b"\x2a" + rest)
    assert isinstance(lost, UndecodableFrame)
    assert (lost.message, lost.field, lost.request_id) == ("ErrorMessage", field, 42)
    assert said in lost.problem


# --- the simulated TWS -------------------------------------------------------------------------------------------


def test_the_empty_numbers_of_other_clients_are_what_nobody_has_set():
    """ib_async leaves the discretionary amount empty, stoqey three more."""
    order = LimitOrder("BUY", 1, 2.5)
    request = PlaceOrderRequest(Stock("AAPL"), order, order_id=5)
    usual = Codec(Side.CLIENT, 176).encode(request)
    fields = usual.decode().split("\0")
    entry = entry_of(request)
    seen = [*walk_text(entry, 176, fields[1:-1])]
    for path in ("order.discretionary_amount", "order.parent_id", "order.display_size", "order.exempt_code"):
        place = 1 + next(place for place, field in enumerate(seen) if field.path == path)
        fields[place] = ""
    assert Codec(Side.TWS, 176).decode("\0".join(fields).encode()) == request


def test_a_filter_of_executions_may_have_no_client():
    request = ExecutionRequest(ExecutionFilter(account="DU0"), request_id=5)
    emptied = Codec(Side.CLIENT, 176).encode(request).replace(b"5\x000\0DU0", b"5\0\0DU0")
    assert Codec(Side.TWS, 176).decode(emptied) == request


def test_the_simulated_tws_does_nothing_of_a_request_with_an_odd_value():
    """It says 320, as of a request that it cannot read, does what is asked next, and goes on."""
    version = 200
    client = Client(World(WorldSettings(server_version=version)))
    client.go(1.0)
    told = len(client.told)
    asked = framed(text_body(version, 8, 1, "two")) + framed(text_body(version, 8, 1, 1))
    client.link.receive_data(asked, 2.0)
    client.go(2.0)
    error, answer = client.told[told:]
    assert (error.error_code, "IdsRequest.number_of_ids" in error.error_message) == (320, True)
    assert isinstance(answer, NextValidId)


@pytest.mark.parametrize("body", [(49, 1, "noon"), (49, 1)], ids=["an odd value", "no value"])
async def test_who_waits_for_an_answer_that_cannot_be_read_is_told(body):
    """And not left to wait: the answer has one value."""
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:

        async def tws(stream: ByteStream) -> None:
            async with stream:
                with suppress(anyio.EndOfStream):
                    await stream.receive(4)
                    for said in (text_body(176, 176, "20260420 22:22:28 UTC"), None, text_body(176, *body)):
                        await stream.receive()
                        await stream.send(framed(said) if said else START)
                    await stream.receive()

        tasks.start_soon(listener.serve, tws)
        port = listener.extra(SocketAttribute.local_port)  # noqa: S610 (no database here)
        async with anytws.connect("127.0.0.1", port, options=HandshakeOptions(client_id=1)) as client:
            with pytest.raises(DecodeError, match=r"CurrentTime\.time"):
                await client.current_time()
        tasks.cancel_scope.cancel()


START = framed(text_body(176, 15, 1, "DU0")) + framed(text_body(176, 9, 1, 5))
