"""What a caller gives: each wrong value gets one sentence, at the call, before anything is opened or sent."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

import anytws
from anytws import HandshakeOptions
from anytws.machines import Mailbox
from anytws.messages import CurrentTimeRequest
from anytws.simulator import World
from anytws.simulator.serve import connect_memory, memory_pair

NO_SECONDS = ["10", b"1", True, timedelta(seconds=5), Decimal(5), (1,)]
NO_TIME = [-1, -0.001, math.nan, -math.inf, 10**400]


def says(problem: BaseException) -> str:
    """Give the sentence of *problem*: one line that says what was seen and what is wanted."""
    told = str(problem)
    assert told.isprintable()
    assert len(told) < 300
    assert " is " in told
    return told


@pytest.mark.parametrize(
    "given, kind, sentence",
    [
        ({"port": "7497"}, TypeError, "port is '7497', and has to be a whole number, such as 7497"),
        ({"port": 7497.0}, TypeError, "port is 7497.0, and has to be a whole number, such as 7497"),
        ({"port": True}, TypeError, "port is True, and has to be a whole number, such as 7497"),
        ({"port": None}, TypeError, "port is None, and has to be a whole number, such as 7497"),
        ({"host": 5}, TypeError, "host is 5, and has to be a text, such as '127.0.0.1'"),
        ({"host": None}, TypeError, "host is None, and has to be a text, such as '127.0.0.1'"),
        ({"host": b"x"}, TypeError, "host is b'x', and has to be a text, such as '127.0.0.1'"),
        (
            {"host": "127.0.0.1:7497"},
            ValueError,
            "host is '127.0.0.1:7497', and has to be a name or an address alone: say host='127.0.0.1', port=7497",
        ),
        (
            {"host": "gateway.lan:4001", "port": 7497},
            ValueError,
            "host is 'gateway.lan:4001', and has to be a name or an address alone: say host='gateway.lan', port=4001",
        ),
        (
            {"host": "[::1]:4001"},
            ValueError,
            "host is '[::1]:4001', and has to be a name or an address alone: say host='::1', port=4001",
        ),
        (
            {"host": "[::1]", "port": 4002},
            ValueError,
            "host is '[::1]', and has to be a name or an address alone: say host='::1', port=4002",
        ),
        ({"client_id": -1}, ValueError, "client_id is -1, and has to be from 0 to 2147483646, such as 1"),
        ({"client_id": 2**31 - 1}, ValueError,
         "client_id is 2147483647, and has to be from 0 to 2147483646, such as 1"),
        ({"client_id": "1"}, TypeError, "client_id is '1', and has to be a whole number, such as 1"),
        ({"client_id": 1.5}, TypeError, "client_id is 1.5, and has to be a whole number, such as 1"),
        ({"options": 5}, TypeError, "options is 5, and has to be a HandshakeOptions"),
        ({"options": {}}, TypeError, "options is {}, and has to be a HandshakeOptions"),
        ({"codes": None}, TypeError, "codes is None, and has to be a CodeTable"),
        ({"limits": 3}, TypeError, "limits is 3, and has to be a Limits"),
        ({"follow_redirects": 1}, TypeError, "follow_redirects is 1, and has to be True or False"),
    ],
)  # fmt: skip
def test_connect_says_what_is_wrong_at_the_call(given: dict[str, Any], kind: type[Exception], sentence: str):
    with pytest.raises(kind) as caught:
        anytws.connect(**given)
    assert says(caught.value) == sentence


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "fe80::1%eth0", "::ffff:127.0.0.1", "localhost", "", "tws"])
def test_an_address_alone_is_taken(host: str):
    block: Any = anytws.connect(host)
    block._is_used = True


@pytest.mark.parametrize("wrong", NO_SECONDS)
@pytest.mark.parametrize("name", ["version_timeout", "start_timeout", "accounts_grace", "refusal_grace"])
def test_a_deadline_that_is_no_number(name: str, wrong: Any):
    with pytest.raises(TypeError) as caught:
        HandshakeOptions(**{name: wrong})
    assert says(caught.value).startswith(f"{name} is ")
    with pytest.raises(TypeError, match=r"connect_timeout is .* a number of seconds, such as 10; None waits for ever"):
        anytws.connect(connect_timeout=wrong)


@pytest.mark.parametrize("wrong", NO_TIME, ids=lambda value: repr(value)[:9])
def test_a_deadline_that_is_no_time(wrong: float):
    with pytest.raises(ValueError, match=r"version_timeout is .* at least zero") as caught:
        HandshakeOptions(version_timeout=wrong)
    says(caught.value)
    with pytest.raises(ValueError, match=r"connect_timeout is .* at least zero"):
        anytws.connect(connect_timeout=wrong)


@pytest.mark.parametrize(
    "given",
    [
        {"minimum_version": "178"},
        {"maximum_version": 200.0},
        {"connect_options": 5},
        {"connect_options": None},
        {"optional_capabilities": b"x"},
        {"start_api_by_hand": "yes"},
        {"client_id": None},
    ],
)
def test_options_of_another_type(given: dict[str, Any]):
    with pytest.raises(TypeError) as caught:
        HandshakeOptions(**given)
    assert says(caught.value).startswith(f"{next(iter(given))} is ")


@pytest.mark.parametrize("wrong", [*NO_SECONDS, *NO_TIME], ids=lambda value: repr(value)[:9])
async def test_a_timeout_that_is_none(wrong: Any):
    """Nothing is sent, and the connection goes on."""
    world = World()
    async with connect_memory(world) as stream, anytws.connect_stream(stream) as tws:
        with pytest.raises((TypeError, ValueError), match=r"timeout is .* math\.inf waits for ever") as caught:
            await tws.ask(CurrentTimeRequest(), timeout=wrong)
        says(caught.value)
        with pytest.raises((TypeError, ValueError), match="timeout is "):
            await tws.current_time(timeout=wrong)
        assert [*world.heard] == []
        await tws.current_time(timeout=math.inf)


@pytest.mark.parametrize(
    "given, kind",
    [
        ({"capacity": "10"}, TypeError),
        ({"capacity": 1e6}, TypeError),
        ({"capacity": True}, TypeError),
        ({"capacity": None}, TypeError),
        ({"capacity": -5}, ValueError),
        ({"capacity_bytes": 1.5}, TypeError),
        ({"capacity_bytes": 0}, ValueError),
        ({"when_full": "wait"}, ValueError),
        ({"when_full": None}, ValueError),
        ({"when_full": []}, ValueError),
    ],
)
def test_a_stream_says_what_is_wrong(given: dict[str, Any], kind: type[Exception]):
    with pytest.raises(kind) as caught:
        Mailbox(**{"capacity": 10, "when_full": "fail"} | given)
    assert says(caught.value).startswith(f"{next(iter(given))} is ")


async def test_what_is_no_message_is_not_sent():
    async with connect_memory(World()) as stream, anytws.connect_stream(stream) as tws:
        for wrong in ("reqCurrentTime", None, tws.connection_time):
            with pytest.raises(TypeError):
                tws.send(wrong)  # type: ignore[arg-type]
        assert tws.state is anytws.State.READY


def test_a_socket_is_no_stream():
    with pytest.raises(TypeError, match="stream is None, and has to be a ByteStream"):
        anytws.connect_stream(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="address is 5, and has to be a text"):
        anytws.connect_stream(memory_pair()[0], address=5)  # type: ignore[arg-type]
