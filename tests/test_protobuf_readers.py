"""Compiled readers of protobuf against the closures, for the whole catalogue."""

from __future__ import annotations

import pytest

from anytws.testing.strategies import Encoding
from anytws.wire.rows import Entry
from tests.compiled_readers import hold_against_the_closures, readings, see_that_it_needs_no_help, usual_readings


@readings(Encoding.PROTOBUF)
def test_a_compiled_reader_says_what_the_closures_say(
    entry: Entry, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_against_the_closures(entry, version, monkeypatch)


@usual_readings(Encoding.PROTOBUF)
def test_what_is_said_needs_no_help(entry: Entry, version: int) -> None:
    see_that_it_needs_no_help(entry, version)
