"""What is drawn as a conversation is one: the core of either side takes it, and a client's session sorts it out."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from anytws.core import CloseReason, Connection, HandshakeOptions, Side, State
from anytws.errors import DecodeError
from anytws.messages import ContractData, ContractDataEnd, ContractDataRequest, Stock, TickPrice, TickType
from anytws.messages.base import Message
from anytws.testing.conversation_strategies import (
    Talk,
    Turn,
    answers_to,
    broken_frames,
    broken_streams,
    conversations,
    handshakes,
    requests,
)
from anytws.testing.strategies import messages, server_versions, slices_of
from anytws.wire.catalogue import CATALOGUE, entry_for
from anytws.wire.codec import shared_codec
from anytws.wire.conversation import Shape
from anytws.wire.frames import FrameBuffer
from anytws.wire.handshake import Greeting, VersionReply

VERSIONS = (157, 203, 226)
ANY = settings(database=None, max_examples=500, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
"""To find one: which it is, does not matter."""
FEW = settings(max_examples=max(20, settings().max_examples // 5), suppress_health_check=[HealthCheck.too_slow])


def fed(connection: Connection, slices: list[bytes]) -> list[object]:
    events: list[object] = []
    for piece in slices:
        connection.receive_data(piece)
        events += connection.events()
    return events


@FEW
@given(handshakes(), st.data())
def test_a_client_becomes_ready_by_a_handshake_in_any_slices(talk: Talk, data: st.DataObject):
    greeting, start = talk.said(Side.CLIENT)
    assert isinstance(greeting, Greeting)
    options = (
        HandshakeOptions(
            client_id=start.client_id,
            minimum_version=greeting.minimum_version,
            maximum_version=greeting.maximum_version,
        )
        if greeting.minimum_version >= 157 and greeting.maximum_version <= 226
        else HandshakeOptions(client_id=start.client_id)
    )
    client = Connection(Side.CLIENT, options)
    client.opened(0.0)
    fed(client, data.draw(slices_of(talk.data(Side.TWS))))
    client.wake(1000.0)
    client.events()
    assert client.state is State.READY
    assert client.server_version == talk.version
    if options.minimum_version == greeting.minimum_version:
        written = client.data_to_send()
        assert written == talk.data(Side.CLIENT)


@FEW
@given(handshakes(version=203))
def test_tws_takes_what_the_client_says_in_it(talk: Talk):
    tws = Connection(Side.TWS)
    tws.opened(0.0)
    greeting, start = (turn for turn in talk.turns if turn.said_by is Side.CLIENT)
    fed(tws, [talk.written(greeting)])
    reply = talk.turns[1].said
    assert isinstance(reply, VersionReply)
    tws.accept_version(reply.server_version, reply.connection_time)
    assert tws.data_to_send() == talk.written(talk.turns[1])
    assert start.said in fed(tws, [talk.written(start)])


@pytest.mark.parametrize("version", VERSIONS)
def test_turns_come_in_the_order_of_their_questions(version: int):
    @FEW
    @given(conversations(version))
    def check(talk: Talk) -> None:
        asked: dict[int, Message] = {}
        for turn in talk.turns:
            if turn.said_by is Side.CLIENT:
                assert turn.about not in asked
                asked[turn.about] = turn.said
            elif turn.about >= 0:
                row = entry_for(type(asked[turn.about])).conversation
                assert row is not None
                kinds = {*row.answers, *(kind for variant in row.variants for kind in variant.answers or ())}
                ends = {row.end, *(variant.end for variant in row.variants)}
                assert type(turn.said) in kinds | ends
                if row.key.value and hasattr(turn.said, row.key.value):
                    assert getattr(turn.said, row.key.value) == getattr(asked[turn.about], row.key.value)

    check()


@pytest.mark.parametrize("version", VERSIONS)
def test_both_sides_read_all_of_it(version: int):
    @FEW
    @given(conversations(version), st.data())
    def check(talk: Talk, data: st.DataObject) -> None:
        for side in Side:
            buffer, read = FrameBuffer(), []
            for piece in data.draw(slices_of(talk.data(side))):
                buffer.feed(piece)
                while (body := buffer.next_frame()) is not None:
                    read.append(shared_codec(side.peer, version).decode(body))
            assert tuple(read) == talk.said(side)

    check()


def test_answers_come_in_between_each_other():
    def is_mixed(talk: Talk) -> bool:
        about = [turn.about for turn in talk.turns if turn.about >= 0]
        return about != sorted(about)

    assert find(conversations(203), is_mixed, settings=ANY)


def test_no_two_questions_without_an_id_are_of_one_kind():
    @FEW
    @given(conversations(203, most=8))
    def check(talk: Talk) -> None:
        kinds = Counter(type(said) for said in talk.said(Side.CLIENT) if not hasattr(said, "request_id"))
        keys = [said for said in talk.said(Side.CLIENT) if hasattr(said, "request_id")]
        assert len({said.request_id for said in keys}) == len(keys)
        assert all(count == 1 for kind, count in kinds.items() if entry_for(kind).conversation.key.value == "")

    check()


def test_a_run_ends_with_its_end():
    request = ContractDataRequest(contract=st_contract(), request_id=17)

    @FEW
    @given(answers_to(request, 203))
    def check(run: tuple[Message, ...]) -> None:
        *rows, end = run
        assert end == ContractDataEnd(17)
        assert all(type(row).__name__ in {"ContractData", "BondContractData"} and row.request_id == 17 for row in rows)

    check()


def st_contract():
    return Stock("AAPL")


def st_price():
    return TickPrice(1, TickType.BID, 1.0)


def test_what_has_no_answer_is_refused():
    with pytest.raises(ValueError, match="TickPrice has no answer"):
        find(answers_to(st_price()), lambda _: True)


def test_every_request_with_an_answer_is_drawn():
    """By version: one that is newer is not."""
    for version in VERSIONS:
        drawn = {entry.cls for entry in CATALOGUE if _has_answer(entry) and entry.since <= version}
        assert drawn
        strategy = requests(version)
        assert len(strategy.element_strategies) == len(drawn)


def _has_answer(entry) -> bool:
    row = entry.conversation
    shapes = {Shape.ONE, Shape.RUN, Shape.RUN_THEN_STREAM, Shape.STREAM}
    return entry.said_by is Side.CLIENT and row is not None and not row.forbidden and row.shape in shapes


@FEW
@given(st.data(), server_versions(), st.sampled_from(Side))
def test_a_damaged_frame_is_whole_and_ends_nothing_but_itself(data: st.DataObject, version: int, side: Side):
    raw = data.draw(broken_frames(side, version))
    buffer = FrameBuffer()
    buffer.feed(raw)
    body = buffer.next_frame()
    assert body is not None
    assert len(buffer) == 0
    try:
        shared_codec(side.peer, version).decode(body)
    except DecodeError:
        return


def test_some_damaged_frames_cannot_be_read():
    def is_unreadable(raw: bytes) -> bool:
        try:
            shared_codec(Side.CLIENT, 203).decode(raw[4:])
        except DecodeError:
            return True
        return False

    assert find(broken_frames(version=203), is_unreadable, settings=ANY)


@FEW
@given(broken_streams(version=203))
def test_behind_a_broken_stream_is_only_the_end(raw: bytes):
    client = Connection(Side.CLIENT)
    client.opened(0.0)
    client.receive_data(Talk(203, ()).written(Turn(Side.TWS, VersionReply(203, b""))))
    client.receive_data(raw)
    client.receive_eof()
    closed = client.closed
    assert closed is not None
    assert closed.reason in {CloseReason.EOF_MID_FRAME, CloseReason.PROTOCOL_ERROR}


def test_messages_are_found_by_their_type():
    import anytws.testing.strategies  # noqa: F401

    assert isinstance(find(st.from_type(TickPrice), lambda _: True, settings=ANY), TickPrice)
    assert isinstance(find(st.from_type(ContractData), lambda _: True, settings=ANY), ContractData)


def test_all_messages_are_found_by_their_type():
    for entry in CATALOGUE:
        assert not st.from_type(entry.cls).is_empty


@FEW
@given(messages())
def test_what_is_drawn_of_all_is_a_message(message: Message):
    assert isinstance(message, Message)
