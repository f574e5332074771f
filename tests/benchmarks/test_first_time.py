"""What the first occurrence of something holds the event loop: first requests, first messages, compiling.

Each figure is the quickest of a few new interpreters (`first_time`), which find all sources compiled, as an installed
package has them. The target is 5 ms, for the machine of the figures when nobody else uses it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pytest

from anytws import messages as m
from anytws.machines.ids import FIRST_REQUEST_ID
from anytws.messages import Message, Side
from anytws.wire.catalogue import entry_of
from anytws.wire.codec import Codec
from anytws.wire.frames import frame
from anytws.wire.handshake import VersionReply, write_version_reply
from anytws.wire.versions import MAX_VERSION
from tests.benchmarks.conftest import HERE, Report

TEXT: Final = 200
"""The last server version at which everything is text."""
ENCODINGS: Final = {"text": TEXT, "protobuf": MAX_VERSION}
ROUNDS: Final = 3
AGAIN: Final = 700
"""So many times a message comes, or is said, after the first: of each of them, 16 KiB have come by then."""
TARGET: Final = 5.0
NOW: Final = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)

PROGRAM: Final = "from decimal import Decimal\nfrom anytws.messages import Contract, SecurityType, {}"
STOCK: Final = "Contract(1, 'AAPL', SecurityType.STOCK, exchange='SMART', currency='USD')"
REQUESTS: Final = {
    "MarketDataRequest": ("stream", "MarketDataRequest", f"MarketDataRequest({STOCK})"),
    "PlaceOrderRequest": (
        "send",
        "PlaceOrderRequest, Order, Action, OrderType",
        f"PlaceOrderRequest({STOCK}, Order(Action.BUY, OrderType.LIMIT, Decimal(1), 187.5))",
    ),
    "HistoricalDataRequest": (
        "ask",
        "HistoricalDataRequest, BarSize",
        f"HistoricalDataRequest({STOCK}, '1 D', BarSize.MINUTE_1)",
    ),
    "ContractDataRequest": ("ask", "ContractDataRequest", f"ContractDataRequest({STOCK})"),
}
"""What a program says: by which method, with which names imported, and the request as it would write it."""


def unasked() -> Iterator[Message]:
    """Give one message of TWS of each table, which could be the first of it, asked for or not."""
    stock = m.Contract(1, "AAPL", m.SecurityType.STOCK, exchange="SMART", currency="USD")
    order = m.Order(m.Action.BUY, m.OrderType.LIMIT, Decimal(1), 187.5, account="DU1234567")
    fill = m.Execution("0000e0d5.1", m.ExecutionSide.BOUGHT, 5, NOW, shares=Decimal(1), price=187.5)
    id_of_ours = FIRST_REQUEST_ID
    yield m.TickPrice(id_of_ours, m.TickType.LAST, 187.5, Decimal(1))
    yield m.OpenOrder(5, stock, order, m.OrderState(m.OrderStatusWord.SUBMITTED))
    yield m.ExecutionDetails(None, stock, fill)
    yield m.Position("DU1234567", stock, Decimal(1), 187.5)
    yield m.ContractData(id_of_ours, stock, m.ContractDetails())
    bar = m.HistoricalDataBar(NOW, 1.0, 2.0, 1.0, 2.0, Decimal(5), Decimal(2), 3)
    yield m.HistoricalData(id_of_ours, NOW, NOW, (bar,))
    yield m.NewsBulletin(1, m.NewsBulletinType.REGULAR, "News")
    yield m.ScannerData(id_of_ours)
    yield m.ReceiveFA(m.FADataType.GROUPS, "<xml/>")
    yield m.DisplayGroupList(id_of_ours, (1, 2))
    yield m.WshMetaData(id_of_ours, "{}")
    yield m.ConfigResponse(id_of_ours)
    yield m.VerifyCompleted(True, "")


def job(version: int, **more: Any) -> dict[str, Any]:
    """Give what `first_time` is told: *version*, the frames of a handshake, and what is to happen then."""
    codec = Codec(Side.TWS, version)
    started = m.ManagedAccounts(("DU1234567",)), m.NextValidId(1)
    start = [
        write_version_reply(VersionReply(version, b"20260105 14:30:00 GMT")),
        b"".join(frame(codec.encode(each)) for each in started),
    ]
    return {"version": version, "start": [data.hex() for data in start], "in pieces": True, "again": AGAIN, **more}


def jobs(encoding: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give all that is measured in one *encoding*, each with what it is called."""
    version = ENCODINGS[encoding]
    for name, (how, names, request) in REQUESTS.items():
        yield name, job(version, program=PROGRAM.format(names), asked=request, how=how)
    for message in unasked():
        entry = entry_of(message)
        if entry.text if encoding == "text" else entry.protobuf_since is not None:
            heard = frame(Codec(Side.TWS, version).encode(message)).hex()
            yield f"{entry.name}, unasked", job(version, heard=heard)


def first_time(told: dict[str, Any], environment: dict[str, str]) -> dict[str, float]:
    """Have a new interpreter do it; give the quickest of `ROUNDS` times, in milliseconds."""
    times: list[dict[str, float]] = []
    # The first one compiles the sources.
    for _ in range(ROUNDS + 1):
        done = subprocess.run(
            [sys.executable, str(HERE / "first_time.py")],
            input=json.dumps(told), capture_output=True, text=True, check=True, env=environment,
        )  # fmt: skip
        times.append(json.loads(done.stdout))
    return {what: min(each[what] for each in times[1:]) for what in times[0]}


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """An environment in which compiled sources are kept, as where a package is installed."""
    with tempfile.TemporaryDirectory() as folder:
        yield {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "PYTHONPYCACHEPREFIX": folder,
        }


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_first_time(encoding: str, environment: dict[str, str], report: Report) -> None:
    measured = {name: first_time(told, environment) for name, told in jobs(encoding)}
    columns = ("held", "imports", "again", "handshake", "piece", "program")
    report(
        f"the first time, {encoding}: milliseconds that the event loop is held, quickest of {ROUNDS} new interpreters",
        ("", *columns),
        [(name, *(f"{times[column]:.1f}" for column in columns)) for name, times in measured.items()],
        (
            f"held: by the first request, or message (target {TARGET:g}); imports: of that;",
            f"again: the longest of the next {AGAIN}, one of which compiles a reader or a writer;",
            "handshake, piece: the longest hold by an input, and by a piece of what is loaded meanwhile;",
            "program: what the program's own import of the names took, before",
        ),
    )


def test_the_first_connect(canned_tws_port: int, environment: dict[str, str], report: Report) -> None:
    """With what is loaded before and after it, on asyncio; its backend is there, as wherever `anyio.run` is called."""
    held = {
        encoding: first_time({"port": canned_tws_port, "version": version}, environment)["held"]
        for encoding, version in ENCODINGS.items()
    }
    report(
        f"the first connect: milliseconds that others wait for their turn, quickest of {ROUNDS} new interpreters",
        ("", "held"),
        [(encoding, f"{milliseconds:.1f}") for encoding, milliseconds in held.items()],
    )
