"""What `anytws explain` does in a second: frames told field by field, frames counted, and lines that are no frames."""

from __future__ import annotations

import contextlib
import io
import time
from pathlib import Path
from random import Random
from typing import Final

from anytws.cli.explain import explain
from anytws.messages import LimitOrder, OpenOrder, OrderState, Side, Stock, TickPrice, TickType
from anytws.wire.codec import Codec
from anytws.wire.frames import frame
from tests.benchmarks.conftest import Report
from tests.pasted_forms import fields_of, official

FRAMES: Final = 50_000
REPLY: Final = b"176\x0020240303 03:56:49 GMT\0"
PROSE: Final = b"2026-01-05 14:30:00,123 my.program INFO something happened with 42 things, and nobody cares\n"


def ticks(version: int, count: int = FRAMES) -> list[bytes]:
    """Give prices as a session has them: of 50 requests, each price another one."""
    random, codec = Random(1), Codec(Side.TWS, version)
    return [
        codec.encode(TickPrice(number % 50, TickType.BID, random.randrange(10**5) / 100)) for number in range(count)
    ]


def log(bodies: list[bytes]) -> bytes:
    """Write *bodies* as ib_async does."""
    return "".join([f"DEBUG:ib_async.client:<<< {','.join(fields_of(body))}\n" for body in bodies]).encode()


def raw(bodies: list[bytes]) -> bytes:
    """Give *bodies* as they come over a socket."""
    return b"".join(map(frame, [REPLY, *bodies]))


def orders() -> list[bytes]:
    """Give orders with counts and conditions in them, which are read row by row."""
    codec = Codec(Side.TWS, 176)
    return [
        codec.encode(OpenOrder(number, Stock("AAPL"), LimitOrder("BUY", 1, number / 4), OrderState()))
        for number in range(1000)
    ]


def seconds(data: bytes, file: Path, **options: bool) -> float:
    """Give the processor time that it takes to explain *data*, without its output."""
    file.write_bytes(data)
    with (
        io.TextIOWrapper(io.BufferedWriter(io.FileIO("/dev/null", "w"))) as nowhere,
        contextlib.redirect_stdout(nowhere),
    ):
        began = time.process_time()
        explain(str(file), **options)
        return time.process_time() - began


def test_how_fast_it_explains(report: Report, tmp_path: Path) -> None:
    file = tmp_path / "pasted"
    texts, protobufs, whole = ticks(176), ticks(226), orders()
    inputs: list[tuple[str, bytes, int, dict[str, bool]]] = [
        ("ticks, raw", raw(texts), len(texts), {}),
        ("ticks, log of ib_async", log(texts), len(texts), {}),
        ("ticks, log of the official client", official_fields(texts), len(texts), {}),
        ("ticks, hex in lines", lines_of(raw(texts).hex()), len(texts), {}),
        ("ticks, protobuf", raw(protobufs), len(protobufs), {}),
        ("orders of 127 fields, raw", raw(whole), len(whole), {}),
        ("ticks, raw, --summary", raw(texts), len(texts), {"summary": True}),
        ("ticks, hex in lines, --summary", lines_of(raw(texts).hex()), len(texts), {"summary": True}),
        ("ticks, log of ib_async, --summary", log(texts), len(texts), {"summary": True}),
        ("ticks, raw, --mask", raw(texts), len(texts), {"mask": True}),
        ("lines without a frame", PROSE * 200_000, 0, {}),
    ]
    rows: list[tuple[str, ...]] = []
    # The first one would pay for the imports.
    seconds(raw(texts[:100]), file)
    for name, data, count, options in inputs:
        spent = seconds(data, file, **options)
        rows.append((name, f"{len(data) / 1e6:.1f}", f"{count / spent:,.0f}", f"{len(data) / spent / 1e6:.1f}"))
    report("anytws explain, seconds of the processor", ("", "MB", "frames a second", "MB a second"), rows)


def lines_of(text: str) -> bytes:
    """Break *text* as a dump does."""
    return "\n".join([text[at : at + 64] for at in range(0, len(text), 64)]).encode()


def official_fields(bodies: list[bytes]) -> bytes:
    """Give the lines of the official client that have the fields."""
    lines = official(bodies, Side.TWS, 176).splitlines(keepends=True)
    return "".join([line for line in lines if "msgId" in line]).encode()
