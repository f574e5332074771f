"""What is kept has a bound in number and in bytes, and what is gone is counted."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.core.events import FrameDiscarded, UndecodableFrame
from anytws.core.remembered import _WEIGHERS, Remembered, _make_weigher, weigh
from anytws.messages import ErrorMessage, NewsBulletin, TickPrice, TickType
from anytws.messages.base import Side
from anytws.testing.strategies import messages, server_versions
from anytws.wire.codec import Codec
from tests.hostile_frames import nested, protobuf_frames, tag

MEGABYTE = 2**20
BAR = nested(1, b"20240131") + b"".join([tag(number, 1) + bytes(8) for number in range(2, 6)])


@given(st.lists(st.binary(max_size=64)), st.integers(1, 20), st.integers(1, 1000))
def test_the_newest_stay(items: list[bytes], most: int, most_bytes: int) -> None:
    """The longest run of the newest that fits, one of them in any case; the others are counted."""
    kept = Remembered[bytes](most, most_bytes)
    kept.extend(items)
    fitting: list[bytes] = []
    for item in reversed(items):
        if fitting and (len(fitting) == most or sum(map(weigh, fitting)) + weigh(item) > most_bytes):
            break
        fitting.insert(0, item)
    assert list(kept) == fitting
    assert kept.dropped == len(items) - len(fitting)
    assert kept.held_bytes == sum(map(weigh, fitting))


def test_what_is_taken_is_not_held() -> None:
    kept = Remembered[bytes](3)
    kept.extend([b"a", b"b", b"c"])
    assert kept.popleft() == b"a"
    assert (len(kept), kept[0], kept.held_bytes) == (2, b"b", 2 * sys.getsizeof(b"b"))
    kept.clear()
    assert (len(kept), kept.held_bytes, kept.dropped) == (0, 0, 0)
    with pytest.raises(IndexError):
        kept.popleft()


LARGE: dict[str, Callable[[], object]] = {
    "a frame": lambda: UndecodableFrame(bytes(MEGABYTE), None, None, "", ""),
    "another": lambda: FrameDiscarded(bytearray(MEGABYTE) + b""),
    "a text": lambda: ErrorMessage(None, 1, "x" * MEGABYTE),
    "a wide text": lambda: ErrorMessage(None, 1, "\U0001f600" * (MEGABYTE // 4)),
    "a word": lambda: Codec(Side.CLIENT, 176).decode(b"3\x00" + b"1\x00" + b"W" * MEGABYTE + b"\x000" * 9 + b"\0"),
    "bars": lambda: Codec(Side.CLIENT, 226).decode(
        (217).to_bytes(4, "big") + tag(1, 0) + b"\1" + nested(2, BAR) * 5_000
    ),
    "parts": lambda: Codec(Side.CLIENT, 226).decode(
        next(frame.body for frame in protobuf_frames(20_000) if frame.name.startswith("FamilyCodes"))
    ),
}


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE.keys())
def test_what_is_large_weighs_what_it_takes(make: Callable[[], object]) -> None:
    """Not much less than the memory that is really taken; that is what a bound in bytes is about."""
    make()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        value = make()
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert taken > MEGABYTE / 2
    assert 0.45 * taken <= weigh(value) <= 8 * taken


def test_a_tick_weighs_the_same_whatever_its_numbers() -> None:
    """Its fields are numbers, which the kinds keep short: nothing of it has to be looked at."""
    codec = Codec(Side.CLIENT, 176)
    short, long = (
        codec.decode(b"1\x006\x007\x001\x00%b\x00%b\x000\0" % (digits, digits)) for digits in (b"1", b"1" * 300)
    )
    assert isinstance(short, TickPrice)
    assert weigh(short) == weigh(long) < 1000


@attrs.frozen
class Numbers:
    """What a tick has."""

    count: int
    price: float | None
    size: Decimal | None
    time: datetime | None
    tick_type: TickType
    name: str


def test_weighing_knows_small_fields_also_when_annotations_were_evaluated() -> None:
    """As `anytws.json` has them: attrs puts the classes in the place of the texts, for all of the process."""
    value = Numbers(1, 2.0, None, None, TickType.BID, "name")
    assert isinstance(attrs.fields(Numbers).count.type, str)
    before = _make_weigher(Numbers)(value)
    attrs.resolve_types(Numbers)
    assert _make_weigher(Numbers)(value) == before
    # Five are small, and count at once; the text is weighed.
    assert before == 128 * 6 + 16 + sys.getsizeof("name")
    del _WEIGHERS[Numbers]


def test_what_is_empty_weighs_nothing_but_its_place() -> None:
    assert weigh(Numbers(1, 2.0, None, None, TickType.BID, "")) == 128 * 6 + 16


@given(st.data())
def test_whatever_there_is_can_be_weighed(data: st.DataObject) -> None:
    version = data.draw(server_versions())
    message: Any = data.draw(messages(None, version))
    assert weigh(message) > 0


def test_texts_count() -> None:
    def bulletin(text: str) -> NewsBulletin:
        return NewsBulletin(1, 1, text, "NYSE")  # type: ignore[arg-type]

    assert weigh(bulletin("x" * 1000)) - weigh(bulletin("")) == sys.getsizeof("x" * 1000)
