"""Compiled readers of text against the closures, for the whole catalogue; and when the codec compiles one."""

from __future__ import annotations

import sys

import pytest

import anytws.wire.codec
from anytws.messages.base import Side
from anytws.testing.strategies import Encoding
from anytws.wire.codec import Codec
from anytws.wire.compiled import text_readers
from anytws.wire.compiled.bet import Decoder, Steps
from anytws.wire.compiled.text_readers import text_decoder_steps
from anytws.wire.rows import Entry
from anytws.wire.text import Surplus
from tests.compiled_readers import hold_against_the_closures, readings, see_that_it_needs_no_help, usual_readings


@readings(Encoding.TEXT)
def test_a_compiled_reader_says_what_the_closures_say(
    entry: Entry, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_against_the_closures(entry, version, monkeypatch)


@usual_readings(Encoding.TEXT)
def test_what_is_said_needs_no_help(entry: Entry, version: int) -> None:
    see_that_it_needs_no_help(entry, version)


# The codec: when it compiles


def test_a_reader_is_compiled_as_soon_as_it_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def spy(entry: Entry, version: int, strict: Decoder, most_items: int) -> Steps[Decoder]:
        calls.append(f"{entry.name} {version}")
        return text_decoder_steps(entry, version, strict, most_items)

    monkeypatch.setattr(text_readers, "text_decoder_steps", spy)
    codec, body = Codec(Side.CLIENT, 176), b"49\x001\x001700000000\0"
    monkeypatch.setattr(anytws.wire.codec, "WORTH_COMPILING", 3 * len(body.partition(b"\0")[2]))
    read, seen = [], []
    for _ in range(6):
        read.append(codec.decode(body))
        seen.append((bool(calls), codec._decoders[b"49"].__name__))
    # In three steps, one a message: the compiler is loaded, the source is written, and that is compiled.
    assert seen == [(False, "decode")] * 3 + [(True, "decode")] + [(True, "read")] * 2
    assert calls == ["CurrentTime 176"]
    assert read.count(read[0]) == 6


def test_a_large_message_is_worth_a_reader_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as five thousand bars, of which there is one: it is read by the compiled reader already."""
    codec, body = Codec(Side.CLIENT, 176), b"49\x001\x001700000000\0"
    monkeypatch.setattr(anytws.wire.codec, "WORTH_COMPILING", len(body.partition(b"\0")[2]))
    codec.decode(body)
    assert codec._decoders[b"49"].__name__ == "read"


@pytest.mark.parametrize("compile_at", [0, sys.maxsize])
def test_surplus_fields_are_told_either_way(compile_at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anytws.wire.codec, "WORTH_COMPILING", compile_at)
    surplus = Codec(Side.CLIENT, 176).decode(b"49\x001\x001700000000\0more\0")
    assert isinstance(surplus, Surplus)
    assert surplus.fields == ("more",)
