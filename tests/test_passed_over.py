"""What came instead of what was waited for: counted, and told in a bounded line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anytws.core.events import FrameDiscarded, UndecodableFrame, UnknownMessage
from anytws.core.passed_over import PassedOver
from anytws.core.remembered import weigh
from anytws.messages import ErrorMessage

FRAMES = st.sampled_from([b"", b"\0" * 5000, b"\x1b[2J\n", bytes(range(256)) * 40])
TEXTS = st.sampled_from(["", "\x1b[2J\n", "\U0001f4a3" * 5000, "\udc80", "plain"]) | st.text(max_size=10)
EVENTS = (
    st.builds(FrameDiscarded, FRAMES)
    | st.builds(UnknownMessage, st.integers(0, 2**32 - 1), FRAMES)
    | st.builds(UndecodableFrame, FRAMES, st.none() | TEXTS, st.none() | TEXTS, TEXTS, TEXTS)
)
WORDS = st.builds(ErrorMessage, st.none(), st.integers(0, 20_000), TEXTS)


def test_where_nothing_came_nothing_is_told() -> None:
    assert PassedOver().in_words() == ""


def test_each_sort_is_told_once_as_it_came_last() -> None:
    passed_over = PassedOver()
    for frame in (b"first", b"last"):
        passed_over.note(FrameDiscarded(frame))
        passed_over.note(UnknownMessage(777, frame))
        passed_over.note(UndecodableFrame(frame, "NextValidId", "order_id", frame.decode(), "a whole number"))
        passed_over.note_word(ErrorMessage(None, 326, frame.decode()))
    words = passed_over.in_words()
    assert words.startswith("; 2 other frames came, the last b'last'; the last frame that could not be read was ")
    assert "NextValidId.order_id" in words
    assert "; the last frame of an unknown kind was b'last', id 777; TWS said: last (326)" in words
    assert "first" not in words


def test_one_frame_is_one() -> None:
    passed_over = PassedOver()
    passed_over.note(FrameDiscarded(b""))
    assert passed_over.in_words() == "; 1 other frame came, the last b''"


@given(st.lists(EVENTS, max_size=6), st.lists(WORDS, max_size=2))
def test_whatever_came_it_continues_a_sentence_in_a_bounded_line(
    events: list[FrameDiscarded | UnknownMessage | UndecodableFrame], words: list[ErrorMessage]
) -> None:
    passed_over = PassedOver()
    for event in events:
        passed_over.note(event)
    for word in words:
        passed_over.note_word(word)
    told = passed_over.in_words()
    assert told.isprintable()
    assert len(told) < 2000
    assert bool(told) == bool(events or words)
    assert told == "" or told.startswith("; ")
    assert passed_over.discarded == sum(isinstance(event, FrameDiscarded) for event in events)
    assert weigh(passed_over) < 5000
