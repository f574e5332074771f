"""What a frame costs at the worst: full of the shortest records there are, announced too long, with a bad end.

The promise is a second a megabyte (``docs/hostile_input.md``). A second is no ratio, so beside it stands what 5,000
ordinary bars cost in the same run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

import pytest

from anytws.errors import DecodeError
from anytws.messages import HistoricalData
from anytws.messages.base import Side
from anytws.wire.codec import Codec
from tests.benchmarks.conftest import Report
from tests.hostile_frames import HostileFrame, protobuf_frames, text_frames

SIZES: Final = (100_000, 1_000_000)
SHOWN: Final = 5


def seconds_for(frame: HostileFrame, codec: Codec) -> float:
    """Give the processor time that the reading of *frame* takes."""
    began = time.process_time()
    with suppress(DecodeError):
        codec.decode(frame.body)
    return time.process_time() - began


def ordinary() -> float:
    """Give what 5,000 bars cost, in seconds a megabyte."""
    bar = b"20240131 10:%02d:%02d US/Eastern\x00180.25\x00181.5\x00179.75\x00180.5\x001234\x00180.6\x0042\0"
    bars = b"".join([bar % (number // 60 % 60, number % 60) for number in range(5_000)])
    frame = HostileFrame(
        "bars", Side.CLIENT, 176, b"17\x001\x0020240131  10:00:00\x0020240131  16:00:00\x005000\0" + bars
    )
    codec = Codec(frame.side, frame.version)
    assert isinstance(codec.decode(frame.body), HistoricalData)
    return min(seconds_for(frame, codec) for _ in range(5)) / len(frame.body) * 1e6


@pytest.mark.parametrize("frames", [protobuf_frames, text_frames], ids=lambda frames: frames.__name__)
@pytest.mark.parametrize("size", SIZES)
def test_the_worst_frames(size: int, frames: Callable[[int], Iterator[HostileFrame]], report: Report) -> None:
    usual = ordinary()
    found: list[tuple[float, str]] = []
    codecs: dict[tuple[Side, int], Codec] = {}
    for frame in frames(size):
        codec = codecs.setdefault((frame.side, frame.version), Codec(frame.side, frame.version))
        found.append((seconds_for(frame, codec) / len(frame.body) * 1e6, frame.name))
    found.sort(reverse=True)
    report(
        f"hostile frames of {size / 1e6:g} MB, {frames.__name__.removesuffix('_frames')}: the worst of {len(found)}",
        ("", "s a megabyte", "to ordinary bars"),
        [(name, f"{cost:.2f}", f"{cost / usual:.1f}") for cost, name in found[:SHOWN]],
        (f"5,000 bars: {usual:.3f} s a megabyte.",),
    )
