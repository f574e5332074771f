"""Frames come out as they went in, however the bytes are sliced; a length that nobody means ends it at once."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.errors import BAD_LENGTH, LocalProtocolError, RemoteProtocolError
from anytws.testing.strategies import slices_of
from anytws.wire.frames import MAX_FRAME, FrameBuffer, frame

PREFIX = 4


def drain(buffer: FrameBuffer) -> list[bytes]:
    """Take all whole frames, one by one."""
    frames, problem = taken(buffer, at_once=False)
    assert not problem
    return frames


def taken(buffer: FrameBuffer, *, at_once: bool) -> tuple[list[bytes], str]:
    """Take all whole frames, and the problem that is behind them."""
    frames: list[bytes] = []
    try:
        if at_once:
            while bodies := buffer.frames():
                frames += bodies
        else:
            while (body := buffer.next_frame()) is not None:
                frames.append(body)
    except RemoteProtocolError as problem:
        return frames, problem.problem
    return frames, ""


def test_the_length_is_four_bytes_big_endian_and_does_not_count_itself() -> None:
    """The bytes of the vendor's own example: the greeting's range."""
    assert frame(b"v100..226") == bytes.fromhex("00000009") + b"v100..226"
    assert frame(b"") == bytes(PREFIX)


@given(bodies=st.lists(st.binary(max_size=40), max_size=6), data=st.data())
def test_any_slicing_gives_the_same_frames(bodies: list[bytes], data: st.DataObject) -> None:
    """Where TCP cuts the stream means nothing; empty bodies and empty slices included."""
    buffer, got = FrameBuffer(), []
    for piece in data.draw(slices_of(b"".join(map(frame, bodies)))):
        buffer.feed(piece)
        got += drain(buffer)
    assert got == bodies
    assert len(buffer) == 0


@given(bodies=st.lists(st.binary(max_size=40), min_size=1, max_size=3), data=st.data())
def test_what_is_left_over_is_counted_and_shown(bodies: list[bytes], data: st.DataObject) -> None:
    """An end of the stream inside a frame is told from one between two frames by what waits."""
    stream = b"".join(map(frame, bodies))
    end = data.draw(st.integers(0, len(stream)))
    buffer = FrameBuffer()
    buffer.feed(stream[:end])
    whole = drain(buffer)
    waiting = stream[sum(PREFIX + len(body) for body in whole) : end]
    assert bodies[: len(whole)] == whole
    assert len(buffer) == len(waiting)
    assert buffer.peek() == waiting[:32]


def test_the_longest_frame_passes_and_one_byte_more_does_not() -> None:
    """0xFFFFFF is every official client's limit, exactly."""
    body = bytes(MAX_FRAME)
    buffer = FrameBuffer()
    buffer.feed(frame(body))
    assert buffer.next_frame() == body
    with pytest.raises(LocalProtocolError) as caught:
        frame(body + b"\0")
    assert caught.value.code == BAD_LENGTH


@pytest.mark.parametrize("length", [MAX_FRAME + 1, 2**31 - 1, 2**31, 2**32 - 1])
def test_a_longer_frame_is_an_error_as_soon_as_its_length_is_there(length: int) -> None:
    """Not one byte earlier, and not one byte of the body is waited for."""
    prefix = length.to_bytes(PREFIX, "big")
    buffer = FrameBuffer()
    buffer.feed(prefix[:-1])
    assert buffer.next_frame() is None
    buffer.feed(prefix[-1:])
    with pytest.raises(RemoteProtocolError, match=str(length)) as caught:
        buffer.next_frame()
    assert caught.value.code == BAD_LENGTH


def test_the_longest_frame_is_waited_for() -> None:
    """The limit itself is a promise of bytes to come, not an error."""
    buffer = FrameBuffer()
    buffer.feed(MAX_FRAME.to_bytes(PREFIX, "big"))
    assert buffer.next_frame() is None


@given(limit=st.integers(0, 50), size=st.integers(0, 60))
def test_a_limit_of_ones_own_is_kept_to_the_byte(limit: int, size: int) -> None:
    """Whoever reads from strangers may ask for less."""
    buffer = FrameBuffer(limit)
    buffer.feed(frame(bytes(size)))
    if size <= limit:
        assert buffer.next_frame() == bytes(size)
    else:
        with pytest.raises(RemoteProtocolError):
            buffer.next_frame()


@given(
    stream=st.lists(st.binary(max_size=40).map(frame) | st.just(b"\x7f\xff\xff\xff"), max_size=6).map(b"".join),
    limit=st.integers(0, 45),
    data=st.data(),
)
def test_all_at_once_they_are_the_same_frames_with_the_same_end(stream: bytes, limit: int, data: st.DataObject) -> None:
    """`frames` gives what `next_frame` would, leaves the same bytes, and raises the same after the same frames."""
    one_by_one, at_once = FrameBuffer(limit), FrameBuffer(limit)
    for piece in data.draw(slices_of(stream)):
        one_by_one.feed(piece)
        at_once.feed(piece)
        assert taken(at_once, at_once=True) == taken(one_by_one, at_once=False)
        assert (len(at_once), at_once.peek()) == (len(one_by_one), one_by_one.peek())


def test_frames_before_a_bad_length_still_come_out() -> None:
    """What was said before the nonsense was said."""
    buffer = FrameBuffer()
    buffer.feed(frame(b"one") + frame(b"two") + b"HTTP/1.1 400 Bad Request")
    assert (buffer.next_frame(), buffer.next_frame()) == (b"one", b"two")
    with pytest.raises(RemoteProtocolError, match=r"HTTP/1\.1"):
        buffer.next_frame()


def test_raw_bytes_are_taken_all_or_none() -> None:
    """The four bytes before a client's greeting belong to no frame."""
    buffer = FrameBuffer()
    buffer.feed(b"API")
    assert buffer.take(4) is None
    assert len(buffer) == 3
    buffer.feed(b"\0" + frame(b"v157"))
    assert buffer.take(4) == b"API\0"
    assert buffer.next_frame() == b"v157"


def test_many_small_frames_in_one_piece_cost_no_more_than_their_bytes() -> None:
    """Cut off the front one by one, 4 MB of frames would be moved 300 000 times: 600 GB, for minutes.

    No clock here: a quadratic buffer does not get to the end.
    """
    count = 300_000
    buffer = FrameBuffer()
    for take in (drain, FrameBuffer.frames):
        buffer.feed(frame(b"0123456789") * count)
        assert len(take(buffer)) == count


def test_a_long_frame_byte_by_byte_costs_no_more_than_its_bytes() -> None:
    """Joined anew at each byte, half a megabyte would be copied half a million times."""
    body = bytes(500_000)
    buffer = FrameBuffer()
    for byte in frame(body)[:-1]:
        buffer.feed(bytes((byte,)))
        assert buffer.next_frame() is None
    buffer.feed(b"\0")
    assert buffer.next_frame() == body


@pytest.mark.parametrize("rest", [b"", b"\0\0", frame(b"the next one")[:-1]])
def test_what_was_cut_is_let_go(rest: bytes) -> None:
    """A connection that has gone quiet after 16 MB of history must not hold them until it hears something again."""
    tracemalloc.start()
    try:
        buffer, before = FrameBuffer(), tracemalloc.get_traced_memory()[0]
        buffer.feed(frame(bytes(1_000_000)) * 4 + rest)
        assert [len(body) for body in drain(buffer)] == [1_000_000] * 4
        assert tracemalloc.get_traced_memory()[0] - before < 100_000
    finally:
        tracemalloc.stop()
    assert buffer.peek() == rest


@given(bodies=st.lists(st.binary(max_size=9), max_size=4), cut=st.integers(0, 52))
def test_the_bytes_of_a_caller_who_uses_them_again_are_copied(bodies: list[bytes], cut: int) -> None:
    """`recv_into` fills the same buffer again: whether it was cut at once or waits, it was taken over."""
    stream = b"".join(map(frame, bodies))
    buffer, got = FrameBuffer(), []
    for piece in (bytearray(stream[:cut]), bytearray(stream[cut:])):
        buffer.feed(memoryview(piece))  # type: ignore[arg-type]
        piece[:] = b"\xee" * len(piece)
        got += drain(buffer)
    assert got == bodies
    assert all(type(body) is bytes for body in got)
