"""Compiled readers against the closures: the same messages, the same errors, of any bytes.

The closures are the oracle, and what a compiled reader falls back to. So two things are asked of it: that it never
says anything else than they do, and that of what TWS usually says it needs no help, else it would be for nothing.
"""

from __future__ import annotations

import sys
from typing import Final, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import anytws.wire.codec
from anytws.errors import DecodeError
from anytws.messages.base import Message
from anytws.testing.strategies import Encoding, encoding_of, message_of, mutations_of
from anytws.wire import versions as v
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.codec import Codec
from anytws.wire.compiled.bet import Decoder
from anytws.wire.compiled.protobuf_readers import protobuf_decoder
from anytws.wire.compiled.text_readers import text_decoder
from anytws.wire.rows import Entry
from tests.edges import EDGES

Outcome: TypeAlias = tuple[object, ...]

# One example of each finds a wrong word of the generator; rare values are the mutations' business.
_few: Final = settings(max_examples=3, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def readings(encoding: Encoding) -> pytest.MarkDecorator:
    """Give every entry with each version from which on it is written in another way, of those in *encoding*."""
    return _each([(entry, version) for entry, version in EDGES if encoding_of(entry, version) is encoding])


def usual_readings(encoding: Encoding) -> pytest.MarkDecorator:
    """Give every entry with an old version and the newest, of those in *encoding*."""
    versions = (176, v.MAX_VERSION)
    pairs = [(entry, version) for entry in CATALOGUE for version in versions if version >= entry.since]
    return _each([(entry, version) for entry, version in pairs if encoding_of(entry, version) is encoding])


def _each(pairs: list[tuple[Entry, int]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "entry, version", [pytest.param(entry, version, id=f"{entry.name}-{version}") for entry, version in pairs]
    )


def outcome_of(codec: Codec, body: bytes) -> Outcome:
    """Give what comes of *body*: equal outcomes cannot be told apart, -0.0 from 0.0 and 1 from True included."""
    try:
        message = codec.decode(body)
    except DecodeError as problem:
        return str(problem), problem.message, problem.field
    return type(message), message, repr(message)


class Readers:
    """The codec that reads *entry* at *version* twice: once with the strict readers, once with compiled ones."""

    def __init__(self, entry: Entry, version: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self._strict = Codec(entry.said_by.peer, version)
        self._compiled = Codec(entry.said_by.peer, version)
        self._monkeypatch = monkeypatch

    def outcomes(self, body: bytes) -> tuple[Outcome, Outcome]:
        """Give what comes of *body*, read in both ways."""
        with self._monkeypatch.context() as patch:
            patch.setattr(anytws.wire.codec, "WORTH_COMPILING", sys.maxsize)
            strict = outcome_of(self._strict, body)
            patch.setattr(anytws.wire.codec, "WORTH_COMPILING", 0)
            return strict, outcome_of(self._compiled, body)


def hold_against_the_closures(entry: Entry, version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read messages of *entry*, and what damage makes of them, in both ways."""
    readers, write = Readers(entry, version, monkeypatch), Codec(entry.said_by, version).encode

    @_few
    @given(st.data())
    def check(data: st.DataObject) -> None:
        message = data.draw(message_of(entry.cls, version))
        body = write(message)
        strict, generated = readers.outcomes(body)
        assert strict == generated
        assert generated[1] == message
        for _ in range(3):
            strict, generated = readers.outcomes(data.draw(mutations_of(body)))
            assert strict == generated

    check()


def reads(entry: Entry, version: int, encoding: Encoding) -> tuple[Decoder, list[bytes]]:
    """Give the compiled reader alone, and the list of what it had to fall back for."""
    fallen: list[bytes] = []

    def strict(body: bytes) -> None:
        fallen.append(body)

    decoder = text_decoder(entry, version, strict) if encoding is Encoding.TEXT else protobuf_decoder(entry, strict)
    assert decoder is not strict, f"{entry.name} has something that the generator has no words for"
    return decoder, fallen


def see_that_it_needs_no_help(entry: Entry, version: int) -> None:
    """Read messages of *entry* with the compiled reader alone."""
    decoder, fallen = reads(entry, version, encoding_of(entry, version))
    write = Codec(entry.said_by, version).encode
    id_length = 4 if version >= v.PROTOBUF else len(f"{entry.id}\0")

    @_few
    @given(message_of(entry.cls, version))
    def check(message: Message) -> None:
        assert decoder(write(message)[id_length:]) == message
        assert not fallen

    check()
