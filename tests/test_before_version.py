"""What comes before the version: what each frame is, how much of it is taken, and who it is that speaks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.core.before_version import BeforeVersion, Word
from anytws.core.events import FrameDiscarded
from anytws.core.strangers import BEGINNING
from anytws.errors import BAD_LENGTH, BAD_MESSAGE, RemoteProtocolError
from anytws.messages import ErrorMessage, ManagedAccounts, Side
from anytws.testing.strategies import slices_of
from anytws.wire.codec import Codec
from anytws.wire.frames import FrameBuffer, frame
from anytws.wire.handshake import (
    PREFIX,
    Greeting,
    RedirectReply,
    VersionReply,
    write_greeting,
    write_redirect,
    write_version_reply,
)
from anytws.wire.limits import Limits
from anytws.wire.versions import MAX_VERSION, MIN_VERSION, PROTOBUF

CLIENT, TWS = Side.CLIENT, Side.TWS
GREETING = Greeting(MIN_VERSION, MAX_VERSION)
IN_USE = ErrorMessage(None, 326, "in use")


def words(side: Side, *pieces: bytes, offered: Greeting | None = None) -> list[Word]:
    """Give all words that *side* hears in *pieces*."""
    early, buffer = BeforeVersion(side), FrameBuffer()
    heard: list[Word] = []
    for piece in pieces:
        early.note(piece)
        buffer.feed(piece)
        while (word := early.next_word(buffer, offered)) is not None:
            heard.append(word)
    return heard


def body_at(version: int, *, surplus: bytes = b"") -> bytes:
    return Codec(TWS, version).encode(IN_USE) + surplus


@given(
    replies=st.lists(
        st.sampled_from([VersionReply(176, b"20260405 23:49:26 UTC"), RedirectReply("tws.example", 4001)]), max_size=3
    ),
    data=st.data(),
)
def test_a_client_hears_replies_however_they_are_sliced(
    replies: list[VersionReply | RedirectReply], data: st.DataObject
) -> None:
    said = [write_version_reply(each) if isinstance(each, VersionReply) else write_redirect(each) for each in replies]
    assert words(CLIENT, *data.draw(slices_of(b"".join(said)))) == replies


@given(data=st.data())
def test_tws_hears_a_greeting_however_it_is_sliced(data: st.DataObject) -> None:
    assert words(TWS, *data.draw(slices_of(write_greeting(GREETING)))) == [GREETING]


@given(st.binary(max_size=30))
def test_a_client_takes_whatever_else_comes_for_a_frame_that_it_does_not_want(body: bytes) -> None:
    """Nothing is raised, and nothing is lost; a reply and an error have tests of their own."""
    if not body.startswith((b"4\0", b"\0\0\0")) and body.count(b"\0") != 2:
        assert words(CLIENT, frame(body)) == [FrameDiscarded(body)]


@pytest.mark.parametrize("version", [MIN_VERSION, 176, 194, PROTOBUF - 1, PROTOBUF, 204, MAX_VERSION])
def test_an_error_is_understood_in_whichever_way_it_is_written(version: int) -> None:
    """Which one it is, only the version would tell."""
    (said,) = words(CLIENT, frame(body_at(version)))
    assert isinstance(said, ErrorMessage)
    assert (said.error_code, said.error_message) == (326, "in use")


def test_an_error_of_a_newer_tws_is_one() -> None:
    assert words(CLIENT, frame(body_at(176, surplus=b"more\0"))) == [IN_USE]


@pytest.mark.parametrize("body", [b"4\0", b"4\x002\x00-1\0", b"\0\0\0\x04", b"\0\0\0\xcc\xff", b"\0\0\0\xca"])
def test_what_only_begins_like_an_error_is_none(body: bytes) -> None:
    assert words(CLIENT, frame(body)) == [FrameDiscarded(body)]


def test_another_message_is_no_error() -> None:
    body = Codec(TWS, 176).encode(ManagedAccounts(("DU1",)))
    assert words(CLIENT, frame(body)) == [FrameDiscarded(body)]


def test_a_client_that_begins_with_something_else_is_none() -> None:
    assert words(TWS, b"API") == []
    with pytest.raises(RemoteProtocolError, match="began with b'GET '") as caught:
        words(TWS, b"GET / HTTP/1.1\r\n")
    assert caught.value.code == BAD_MESSAGE


def test_a_client_waits_for_the_reply() -> None:
    with pytest.raises(RemoteProtocolError, match="before the version reply") as caught:
        words(TWS, PREFIX + frame(b"71\x002\x001\x00\0"), offered=GREETING)
    assert caught.value.code == BAD_MESSAGE


@given(st.lists(st.binary(max_size=100), max_size=8))
def test_what_came_is_counted_and_its_beginning_kept(pieces: list[bytes]) -> None:
    early, stream = BeforeVersion(CLIENT), b"".join(pieces)
    for piece in pieces:
        early.note(piece)
    assert early.count == len(stream)
    assert early.beginning == stream[:BEGINNING]
    assert early.tells_who is (len(stream) >= 4)


@given(said=st.integers(0, 300), most=st.integers(64, 200))
def test_more_than_a_handshake_needs_is_too_much(said: int, most: int) -> None:
    early = BeforeVersion(CLIENT, Limits(before_version=most))
    early.note(bytes(said))
    if said <= most:
        early.check("")
        return
    with pytest.raises(RemoteProtocolError, match=f"^{said} bytes .* {most} .*; news came$") as caught:
        early.check("; news came")
    assert caught.value.code == BAD_LENGTH


def test_a_client_knows_who_is_no_tws_and_tws_does_not_ask() -> None:
    for side, name in ((CLIENT, "an SSH server"), (TWS, None)):
        early = BeforeVersion(side)
        assert early.stranger is None
        early.note(b"SSH-2.0-OpenSSH_9.2\r\n")
        assert (early.stranger and early.stranger.name) == name
