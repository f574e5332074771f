"""The beginning of a body tells whose it is: for every message that can be known by it, and for no other."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anytws.core import Side
from anytws.errors import DecodeError
from anytws.messages import (
    CancelHistoricalTicks,
    CancelMarketData,
    ConfigRequest,
    ContractData,
    ErrorMessage,
    ExecutionDetails,
    FAReplace,
    HistoricalData,
    ManagedAccounts,
    Message,
    OrderStatus,
    TickEfp,
    TickPrice,
    TickSize,
    TickType,
)
from anytws.testing.strategies import message_of, mutations_of
from anytws.wire import protobuf
from anytws.wire.catalogue import CATALOGUE, entry_for
from anytws.wire.codec import PROTOBUF_OFFSET, Codec, shared_codec
from anytws.wire.odd import Odd
from anytws.wire.routing import (
    _DIGITS,
    _VARINTS,
    HIGHEST_ID,
    LOWEST_ID,
    Router,
    forms_of_id,
    front_of,
    fronts_of,
    prefix_of,
    router,
)
from anytws.wire.rows import Entry
from anytws.wire.text import Surplus, text_writer
from anytws.wire.versions import MAX_VERSION, MIN_VERSION, PROTOBUF
from tests.hostile_frames import required, tag, varint
from tests.hostile_frames import written as fields_of
from tests.test_memory import BOUNDS, held
from tests.test_nothing_vanishes import bands

OURS = 1_000_000_007
EDGES = (LOWEST_ID, 999_999_999, 1_000_000_000, OURS, HIGHEST_ID - 1, HIGHEST_ID)
"""Ids of ours, at both ends of what has nine digits and of what has ten."""
OTHERS = (0, 1, 7, LOWEST_ID - 1, HIGHEST_ID - 2)
"""Ids that others have given, and one of ours that is nobody's here."""
HAVE_IDS = [entry for entry in CATALOGUE if "request_id" in attrs.fields_dict(entry.cls)]
NOT_KNOWN: dict[type[Message], tuple[bool, bool]] = {
    # The id may be missing, and is about an order as well.
    ErrorMessage: (False, False),
    ExecutionDetails: (False, False),
    # In text the id comes last.
    FAReplace: (False, True),
    # There is no protobuf form.
    TickEfp: (True, False),
}
"""The messages with the id of a request whose forms, text and protobuf, do not both tell it in front."""


class Body(NamedTuple):
    """What one message is written as."""

    entry: Entry
    version: int
    text: bool
    body: bytes


def written(entry: Entry, message: Any, version: int) -> Iterator[Body]:
    """Give *message* in every form in which it is understood at *version*, whichever is said there."""
    if entry.text:
        wire_id = entry.id.to_bytes(4, "big") if version >= PROTOBUF else b"%d\0" % entry.id
        fields = text_writer(entry.layout, version)(message)
        yield Body(entry, version, True, wire_id + "".join([f"{field}\0" for field in fields]).encode())
    if version >= PROTOBUF and entry.protobuf_since is not None:
        wire_id = (entry.id + PROTOBUF_OFFSET).to_bytes(4, "big")
        yield Body(entry, version, False, wire_id + protobuf.serialize(entry, message))


@cache
def plain(entry: Entry, version: int) -> Any:
    """Give a message of *entry* that says as little as *version* lets it say."""
    codec = Codec(entry.said_by.peer, version)
    if not entry.text:
        return codec.decode((entry.id + PROTOBUF_OFFSET).to_bytes(4, "big") + required(entry.layout))
    # Text says everything that its version has; protobuf can say all of that, too.
    found = fields_of(entry, version)
    # Two messages of a login that is not ours say "true" and nothing shorter.
    fields = ["1", "true", ""] if found is None else found.fields
    wire_id = entry.id.to_bytes(4, "big") if version >= PROTOBUF else b"%d\0" % entry.id
    message = codec.decode(wire_id + "".join([f"{field}\0" for field in fields]).encode())
    assert isinstance(message, entry.cls), message
    return message


@cache
def written_plainly(entry: Entry, version: int, number: int | None) -> list[Body]:
    """Give the forms of a message that says as little as it may, under the id *number*."""
    message = plain(entry, version)
    if number is not None:
        message = attrs.evolve(message, request_id=number)
    return [*written(entry, message, version)]


@pytest.mark.parametrize("entry", HAVE_IDS, ids=lambda entry: entry.name)
def test_every_body_begins_with_its_prefix_and_no_other_does(entry: Entry) -> None:
    """Written by the closures, which are what the wire is, at a version of each band."""
    for version in bands(entry):
        for number in EDGES:
            for form in written_plainly(entry, version, number):
                prefix = prefix_of(entry, version, number, text=form.text)
                is_known = NOT_KNOWN.get(entry.cls, (True, True))[0 if form.text else 1]
                assert (prefix is not None) is is_known, form
                if prefix is None:
                    continue
                assert form.body.startswith(prefix)
                for other in {*EDGES, *OTHERS} - {number}:
                    assert not any(each.body.startswith(prefix) for each in written_plainly(entry, version, other))


@pytest.mark.parametrize("version", [MIN_VERSION, PROTOBUF - 1, PROTOBUF, 213, MAX_VERSION])
@pytest.mark.parametrize("side", Side)
def test_no_message_begins_like_another(side: Side, version: int) -> None:
    """Nor does what has no id, or whose id stands elsewhere: errors, orders, what the session starts with."""
    said = [entry for entry in CATALOGUE if entry.said_by is side and entry.since <= version]
    prefixes = {
        front.with_id(number): entry for entry in said for front in fronts_of(entry, version) for number in EDGES
    }
    assert None not in prefixes
    assert len(prefixes) == len(EDGES) * sum(len(fronts_of(entry, version)) for entry in said)
    lengths = {len(prefix) for prefix in prefixes if prefix is not None}
    for entry in said:
        for number in EDGES if entry in HAVE_IDS else [None]:
            for form in written_plainly(entry, version, number):
                beginnings = [form.body[:length] for length in lengths]
                assert {prefixes[each].cls for each in beginnings if each in prefixes} <= {entry.cls}


@given(data=st.data())
def test_so_it_is_whatever_the_message_says(data: st.DataObject) -> None:
    """As the codec writes it, with whatever may stand in it; and the router says what the codec reads."""
    entry = data.draw(st.sampled_from(HAVE_IDS))
    version = data.draw(st.sampled_from(bands(entry)))
    number = data.draw(st.sampled_from(EDGES) | st.integers(LOWEST_ID, HIGHEST_ID))
    message = attrs.evolve(data.draw(message_of(entry.cls, version)), request_id=number)
    body = Codec(entry.said_by, version).encode(message)
    text = version < PROTOBUF or int.from_bytes(body[:4], "big") <= PROTOBUF_OFFSET
    prefix = prefix_of(entry, version, number, text=text)
    if not NOT_KNOWN.get(entry.cls, (True, True))[0 if text else 1]:
        assert prefix is None
        assert router(entry.said_by, version).route(body) is None
        return
    assert prefix is not None
    assert body.startswith(prefix)
    assert router(entry.said_by, version).route(body) == (entry.cls, number, len(prefix))


@given(st.integers(0, 2**31 - 1))
@example(LOWEST_ID)
@example(HIGHEST_ID)
@example(LOWEST_ID - 1)
def test_ids_of_another_length_are_not_known(number: int) -> None:
    forms = forms_of_id(number)
    if LOWEST_ID <= number <= HIGHEST_ID:
        assert forms == (varint(number), b"%d\0" % number)
        assert len(forms[0]) == 5
    else:
        assert forms is None
        assert prefix_of(entry_for(TickSize), MAX_VERSION, number, text=False) is None


@pytest.mark.parametrize("number", [-1, -(2**31), 2**31 - 1, 2**31, 2**40])
def test_what_is_no_id_has_no_prefix(number: int) -> None:
    assert forms_of_id(number) is None


def test_the_length_is_the_same_for_all_ids_of_one_range() -> None:
    """So one look at a slice of it is enough; 10 bytes in protobuf, whatever the message."""
    for entry in HAVE_IDS:
        front = front_of(entry, MAX_VERSION, text=False)
        if front is not None:
            assert {len(front.with_id(number) or b"") for number in EDGES} == {10}
        for version in bands(entry):
            in_text = front_of(entry, version, text=True)
            if in_text is not None:
                assert len({len(in_text.with_id(number) or b"") for number in EDGES if number >= 10**9}) == 1


def test_a_form_that_is_not_there_has_no_front() -> None:
    size, config = entry_for(TickSize), entry_for(ConfigRequest)
    assert front_of(size, 200, text=False) is None
    assert front_of(config, MAX_VERSION, text=True) is None
    assert [front.is_text for front in fronts_of(size, 201)] == [True, False]
    assert [front.is_text for front in fronts_of(size, 200)] == [True]
    assert [front.is_text for front in fronts_of(config, MAX_VERSION)] == [False]
    for cls in (OrderStatus, ManagedAccounts, ErrorMessage, ExecutionDetails):
        assert fronts_of(entry_for(cls), MAX_VERSION) == ()


# --- from a body to whose it is ------------------------------------------------------------------------------------


def decoded(codec: Codec, body: bytes) -> Any:
    """Give the message that *codec* reads from *body*, whatever is odd about it; None where it reads none."""
    try:
        found = codec.decode(body)
    except DecodeError:
        return None
    return found.message if isinstance(found, (Odd, Surplus)) else found


SPOILED = (TickPrice, TickSize, ContractData, HistoricalData, ErrorMessage, OrderStatus)


@pytest.mark.parametrize("version", [MIN_VERSION, 200, 203, MAX_VERSION])
@given(data=st.data())
def test_what_it_tells_of_spoiled_bytes_is_what_the_codec_reads(version: int, data: st.DataObject) -> None:
    """Or nothing; and if the codec cannot read it, the router may only have said what stands in front."""
    entry = entry_for(data.draw(st.sampled_from(SPOILED)))
    number = data.draw(st.sampled_from(EDGES))
    [*_, form] = written_plainly(entry, version, number if entry in HAVE_IDS else None)
    body = data.draw(mutations_of(form.body))
    routed = Router(Side.TWS, version).route(body)
    if routed is None:
        return
    cls, found, end = routed
    assert LOWEST_ID <= found <= HIGHEST_ID
    prefixes = [front.with_id(found) for front in fronts_of(entry_for(cls), version)]
    assert body[:end] in prefixes
    message = decoded(shared_codec(Side.CLIENT, version), body)
    # A second field 1 would replace the first: the one thing that is taken on trust.
    if message is not None and tag(1, 0) not in body[end:]:
        assert (type(message), message.request_id) == (cls, found)


TICK = TickSize(OURS, TickType.BID_SIZE, Decimal(5))


@pytest.mark.parametrize(
    "version, body",
    [
        (178, b""),
        (178, b"2"),
        (178, b"2\0"),
        (178, b"2\x006\0"),
        (178, b"2\x006\x001000000007"),
        (178, b"2\x007\x001000000007\x000\x005\0"),
        (178, b"2\x006\x00+100000007\x000\x005\0"),
        (178, b"2\x006\x00 100000007\x000\x005\0"),
        (178, b"2\x006\x000100000007\x000\x005\0"),
        (178, b"2\x006\x000300000007\x000\x005\0"),
        (178, b"2\x006\x001_00000007\x000\x005\0"),
        (178, b"2\x006\x009999999999\x000\x005\0"),
        (178, b"2\x006\x0010000000071\x000\x005\0"),
        (178, "2\x006\x00١٠٠٠٠٠٠٠٠٧\x000\x005\0".encode()),
        (178, b"02\x006\x001000000007\x000\x005\0"),
        (178, b"+2\x006\x001000000007\x000\x005\0"),
        (178, b"\x006\x001000000007\x000\x005\0"),
        (178, b"2\x006\x007\x000\x005\0"),
        (178, b"1999\x006\x001000000007\x000\x005\0"),
        (178, b"999\x006\x001000000007\x000\x005\0"),
        (203, b"\0\0\0"),
        (203, b"\0\0\0\2"),
        (203, b"\0\0\0\x026\x00"),
        (203, b"\0\0\x7f\xff\x08\x87\x94\xeb\xdc\x03"),
        (203, b"\0\0\0\xca"),
        (203, b"\0\0\0\xca\x08"),
        (203, b"\0\0\0\xca\x08\x87\x94\xeb\xdc"),
        (203, b"\0\0\0\xca\x10\x87\x94\xeb\xdc\x03"),
        (203, b"\0\0\0\xca\x08\x07\x94\xeb\xdc\x03"),
        (203, b"\0\0\0\xca\x08\x87\x94\xeb\xdc\x83\x01"),
        (203, b"\0\0\0\xca\x08\x87\x94\xeb\xdc\x00"),
        (203, b"\0\0\0\xca\x08\xff\xff\xff\xff\x0f"),
        (203, b"\0\0\0\xca\x08\x07"),
    ],
)
def test_what_cannot_be_told_is_not_guessed(version: int, body: bytes) -> None:
    """Cut short, with another number in front, with an id in another form, of others, or of no message."""
    told = Router(Side.TWS, version)
    assert told.route(body) is None
    assert told.route(body) is None
    ours = Codec(Side.TWS, version).encode(TICK)
    assert told.route(ours) is not None, "and it has not learned anything wrong from it"


def test_where_the_id_ends_the_rest_begins() -> None:
    """That is what a reader who keeps the newest of each sort looks at next."""
    for version in (178, 203, MAX_VERSION):
        body = Codec(Side.TWS, version).encode(TICK)
        routed = router(Side.TWS, version).route(body)
        assert routed is not None
        rest = body[routed[2] :]
        assert rest.startswith(tag(2, 0) + varint(0) if version == MAX_VERSION else b"0\0")


def test_a_tws_is_not_told_of_requests_that_its_version_has_not() -> None:
    entry = entry_for(CancelHistoricalTicks)
    body = (entry.id + PROTOBUF_OFFSET).to_bytes(4, "big") + tag(1, 0) + varint(OURS)
    assert Router(Side.CLIENT, entry.since).route(body) == (CancelHistoricalTicks, OURS, 10)
    assert Router(Side.CLIENT, entry.since - 1).route(body) is None
    cancel = Codec(Side.CLIENT, 178).encode(CancelMarketData(OURS))
    assert Router(Side.CLIENT, 178).route(cancel) == (CancelMarketData, OURS, len(cancel))


def test_a_peer_does_not_choose_how_much_it_learns() -> None:
    """Whatever comes, one thing is kept for each message that there is, or at 200 and below for each byte behind it."""
    wide, narrow = Router(Side.TWS, 203), Router(Side.TWS, 178)
    for number in range(5_000):
        wide.route(number.to_bytes(4, "big") + b"\x08\x87")
        for text in (b"%d\0%d", b"0%d\0%d", b"-%d\0%d"):
            narrow.route(text % (number, number))
    assert len(wide._routes) <= 2 * len(CATALOGUE)
    assert len(narrow._routes) <= 300


def test_the_ids_that_it_remembers_have_a_bound() -> None:
    def fill() -> object:
        told = Router(Side.TWS, 203)
        for number in range(OURS, OURS + 5_000):
            for form in (b"\0\0\0\xca\x08" + varint(number), b"\0\0\0\x026\0%d\0" % number):
                routed = told.route(form)
                assert routed is not None
                assert routed[:2] == (TickSize, number)
        return told

    assert held(fill) <= BOUNDS["wire.routing._VARINTS"] + BOUNDS["wire.routing._DIGITS"]
    assert max(len(_VARINTS), len(_DIGITS)) <= 2048


def test_what_is_shared_is_one() -> None:
    assert router(Side.TWS, 178) is router(Side.TWS, 178)
    assert router(Side.TWS, 178) is not router(Side.CLIENT, 178)
