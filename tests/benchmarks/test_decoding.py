"""The wire in memory: bytes to typed objects, and back, beside the other clients; see `tests.benchmarks.wire`.

A short run takes a minute and a half or so, and ``--full`` four times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs
import pytest

from anytws.messages import OpenClose
from anytws.messages.base import Message
from tests.benchmarks import decode, encode, requests, routing, wire
from tests.benchmarks.conftest import Report
from tests.benchmarks.content import Content
from tests.benchmarks.requests import Asked


@pytest.fixture(scope="module")
def results() -> wire.Results:
    """What was measured so far; the last test makes tables of it."""
    return wire.Results()


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    return wire.FULL if request.config.getoption("full", default=False) else wire.SHORT


@pytest.mark.parametrize("make", decode.CONTENTS, ids=lambda make: make.__name__)
def test_reading(make: Callable[[], Content], rounds: int, results: wire.Results) -> None:
    results.read[make().name] = decode.measure(make, rounds)


@pytest.mark.parametrize("asked", requests.ASKED, ids=lambda asked: asked.name)
def test_writing(asked: Asked, rounds: int, results: wire.Results) -> None:
    results.asked[asked.name] = encode.measure(asked, rounds)


@pytest.mark.parametrize("make", encode.SAID, ids=lambda make: make.__name__)
def test_tws_side(make: Callable[[], Content], rounds: int, results: wire.Results) -> None:
    results.said[make().name] = encode.measure_tws(make, rounds)


def test_cutting_off(rounds: int, results: wire.Results) -> None:
    results.routed = routing.measure(rounds)


OF_IB_ASYNC: Final = {
    "contract": {"strike": 0.0},
    "order": {"open_close": OpenClose.OPEN, "use_price_management_algo": False},
}
"""What ib_async says where nothing was said, by record."""


def with_its_own(message: Message) -> Message:
    """Give *message* as ib_async says it."""
    records = {name: getattr(message, name) for name in OF_IB_ASYNC if hasattr(message, name)}
    changed = {name: attrs.evolve(record, **OF_IB_ASYNC[name]) for name, record in records.items()}
    return attrs.evolve(message, **changed)  # type: ignore[misc]  # every message is one of attrs


@pytest.mark.parametrize("asked", requests.ASKED, ids=lambda asked: asked.name)
def test_everybody_writes_the_same(asked: Asked) -> None:
    for peer, (ours, theirs) in encode.held_against_ours(asked).items():
        assert theirs == (with_its_own(ours) if peer == "ib_async" else ours), peer


def test_tables(results: wire.Results, report: Report) -> None:
    for _, table in wire.tables(results):
        report(table.title, table.columns, table.rows, table.remarks)
