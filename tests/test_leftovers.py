"""Requests that were taken out of the API: old clients make them still, and are told that there is nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.messages.session import CurrentTime, CurrentTimeRequest, ErrorMessage
from anytws.simulator import World
from anytws.wire.frames import frame
from anytws.wire.versions import PROTOBUF
from tests.test_world import Client

TEXT = "We are sorry, but fundamentals data for the security specified is not available."


def say(client: Client, body: bytes) -> list[object]:
    """Say a frame with *body*; give what is told."""
    client.link.receive_data(frame(body), 0.0)
    return [*client.go(0.0)]


def wide(number: int, rest: bytes) -> bytes:
    return number.to_bytes(4, "big") + rest


FORMS = {
    "text": (178, b"52\x002\x0077\x00265598\x00AAPL\x00STK\x00SMART\x00\x00USD\x00\x00ReportSnapshot\x00\x00"),
    "text behind a wide id": (PROTOBUF, wide(52, b"2\x0077\x00265598\x00AAPL\x00")),
    "protobuf": (226, wide(252, b"\x08\x4d\x12\x00")),
}


@pytest.mark.card("leftovers.fundamental_data")
@pytest.mark.parametrize("version, body", FORMS.values(), ids=FORMS)
def test_fundamental_data_are_not_available(version: int, body: bytes):
    client = Client(World(), client_id=1, maximum_version=version)
    (error,) = say(client, body)
    assert isinstance(error, ErrorMessage)
    assert (error.request_id, error.error_code, error.error_message) == (77, 430, TEXT)


@pytest.mark.card("leftovers.fundamental_data")
@pytest.mark.parametrize(
    "version, body", [(178, b"53\x001\x0077\x00"), (PROTOBUF, wide(53, b"1\x0077\x00")), (226, wide(253, b"\x08\x4d"))]
)
def test_their_cancel_is_silent(version: int, body: bytes):
    assert say(Client(World(), client_id=1, maximum_version=version), body) == []


@pytest.mark.parametrize(
    "version, body",
    [
        (178, b"52\x00"),
        (178, b"52\x002\x00"),
        (178, b"52\x002\x00x\x00"),
        (178, b"52\x002\x009999999999\x00"),
        (226, wide(252, b"")),
        (226, wide(252, b"\x08")),
        (226, wide(252, b"\x08" + b"\xff" * 20)),
        (226, wide(252, b"\x12\x00")),
    ],
)
def test_without_an_id_they_are_refused_under_none(version: int, body: bytes):
    (error,) = say(Client(World(), client_id=1, maximum_version=version), body)
    assert isinstance(error, ErrorMessage)
    assert (error.request_id, error.error_code) == (None, 430)


@pytest.mark.card("leftovers.unknown_message")
@pytest.mark.parametrize("version, body", [(178, b"4321\x001\x00"), (226, wide(4521, b"\x08\x01"))])
def test_what_nobody_knows_is_refused_and_the_connection_goes_on(version: int, body: bytes):
    client = Client(World(), client_id=1, maximum_version=version)
    (error,) = say(client, body)
    assert isinstance(error, ErrorMessage)
    assert (error.request_id, error.error_code) == (None, 320)
    assert "4321" in error.error_message
    assert [type(told) for told in client.ask(CurrentTimeRequest())] == [CurrentTime]


@given(st.sampled_from([178, PROTOBUF, 226]), st.sampled_from([52, 53, 252, 253, 4321]), st.binary(max_size=30))
def test_whatever_stands_behind_such_an_id_the_connection_goes_on(version: int, number: int, rest: bytes):
    client = Client(World(), client_id=1, maximum_version=version)
    say(client, (wide(number, rest) if version >= PROTOBUF else b"%d\0" % number + rest))
    assert client.link.failure is None
    assert [type(told) for told in client.ask(CurrentTimeRequest())] == [CurrentTime]
