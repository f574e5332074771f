"""Bytes to typed objects, and back: see `tests.benchmarks.decode` and `tests.benchmarks.encode`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.benchmarks import encode
from tests.benchmarks.conftest import Report, Table
from tests.benchmarks.decode import CONTENTS, Content, table


def add(result: Table, report: Report) -> None:
    report(result.title, result.columns, result.rows, result.remarks)


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: content.__name__)
def test_decoding(content: Callable[[], Content], report: Report) -> None:
    add(table(content()), report)


@pytest.mark.parametrize("result", [encode.order_table, encode.tws_table], ids=lambda result: result.__name__)
def test_encoding(result: Callable[[], Table], report: Report) -> None:
    add(result(), report)
