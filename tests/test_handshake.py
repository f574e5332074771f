"""The words before the first message: greeting, version reply, redirect."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.errors import BAD_MESSAGE, INVALID_SYMBOL, LocalProtocolError, RemoteProtocolError
from anytws.wire.frames import FrameBuffer
from anytws.wire.handshake import (
    PREFIX,
    Greeting,
    RedirectReply,
    VersionReply,
    read_greeting,
    read_reply,
    write_greeting,
    write_redirect,
    write_version_reply,
)
from tests.growth import assert_linear

versions = st.integers(0, 999_999_999)
printable = st.text([*map(chr, range(32, 127)), "\t", "\r", "\n"])


def body_of(framed: bytes) -> bytes:
    """Take the one frame out of *framed*."""
    buffer = FrameBuffer()
    buffer.feed(framed)
    body = buffer.next_frame()
    assert body is not None
    assert len(buffer) == 0
    return body


@pytest.mark.parametrize(
    "greeting, written",
    [
        (Greeting(100, 226), bytes.fromhex("4150490000000009") + b"v100..226"),
        (Greeting(100, 226, "+PACEAPI"), bytes.fromhex("4150490000000012") + b"v100..226 +PACEAPI"),
        (Greeting(157, 157), bytes.fromhex("4150490000000009") + b"v157..157"),
    ],
)
def test_the_greeting_is_the_official_client_s_bytes(greeting: Greeting, written: bytes) -> None:
    """The first two are what the official client was seen to write; it writes a range even where both are the same."""
    assert write_greeting(greeting) == written


@given(low=versions, high=versions, options=printable)
def test_a_greeting_is_read_as_it_was_written(low: int, high: int, options: str) -> None:
    """A range that is upside down too: whether it makes sense is not this file's business."""
    written = write_greeting(Greeting(low, high, options))
    assert written.startswith(PREFIX)
    assert read_greeting(body_of(written[len(PREFIX) :])) == Greeting(low, high, options)


@pytest.mark.parametrize(
    "body, greeting",
    [
        (b"v176", Greeting(176, 176)),
        (b"v176 +PACEAPI", Greeting(176, 176, "+PACEAPI")),
        (b"v157..178", Greeting(157, 178)),
        (b"v100..226 ", Greeting(100, 226)),
        (b"v100..226 a b\nc", Greeting(100, 226, "a b\nc")),
        (b"v100..226 \xff", Greeting(100, 226, "\\xff")),
    ],
)
def test_greetings_of_other_clients(body: bytes, greeting: Greeting) -> None:
    """C++, Java and C# write one number where both are the same; options are the client's own business."""
    assert read_greeting(body) == greeting


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"157..226",
        b"v",
        b"v157..",
        b"v..226",
        b"v157.226",
        b"v157..226\0",
        b"v-1..226",
        b"v157..2265555555",
        b"V157..226",
        b" v157..226",
        "v１57..226".encode(),
        b"v157..226+PACEAPI",
    ],
)
def test_what_is_no_range_of_versions_is_a_breach(body: bytes) -> None:
    """The peer's fault, with the bytes in the text."""
    with pytest.raises(RemoteProtocolError, match="the client greeted with") as caught:
        read_greeting(body)
    assert caught.value.code == BAD_MESSAGE


@pytest.mark.parametrize("options", ["\0", "é", "\x7f", "\x1f"])
def test_connect_options_that_tws_does_not_take_are_not_written(options: str) -> None:
    """Local error 579, as in the official client."""
    with pytest.raises(LocalProtocolError) as caught:
        write_greeting(Greeting(157, 226, options))
    assert caught.value.code == INVALID_SYMBOL


@given(version=versions, time=st.binary().filter(lambda time: b"\0" not in time))
def test_a_version_reply_is_read_as_it_was_written(version: int, time: bytes) -> None:
    """The time is bytes: zone names come in any encoding."""
    reply = VersionReply(version, time)
    assert read_reply(body_of(write_version_reply(reply))) == reply


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0",
        b"\0\0",
        b"176\0",
        b"176\x0020250323\0one more\0",
        b"news\x0020250323\0",
        b"17 6\x0020250323\0",
        "１76\x0020250323\0".encode(),
        b"1_76\x0020250323\0",
        b"4\x002\x00-1\x002104\x00ok:usfarm\0",
    ],
)
def test_other_frames_are_not_the_reply(body: bytes) -> None:
    """Exactly two fields, the first a decimal number: everything else is passed over."""
    assert read_reply(body) is None


def test_a_version_of_many_digits_is_still_the_reply() -> None:
    """It has two fields and the first is a decimal number: a version that nobody offered, and not some other frame.

    Passed over, it would end as a silent wait for the deadline.
    """
    assert isinstance(read_reply(b"9999999999\x0020250323 22:21:01 GMT\0"), VersionReply)


@pytest.mark.parametrize(
    "address, redirect",
    [
        (b"gw.example", RedirectReply("gw.example", None)),
        (b"gw.example:4002", RedirectReply("gw.example", 4002)),
        (b"10.0.0.7:1", RedirectReply("10.0.0.7", 1)),
        (b"10.0.0.7:65535", RedirectReply("10.0.0.7", 65535)),
        (b"[2001:db8::7]:4001", RedirectReply("2001:db8::7", 4001)),
        (b"[2001:db8::7]", RedirectReply("2001:db8::7", None)),
        (b" gw.example ", RedirectReply("gw.example", None)),
    ],
)
def test_a_negative_version_is_a_redirect(address: bytes, redirect: RedirectReply) -> None:
    """Python's client sends -1; C++ takes any negative number."""
    for version in (b"-1", b"-2", b"-999"):
        assert read_reply(version + b"\0" + address + b"\0") == redirect


@pytest.mark.parametrize(
    "address",
    [
        *(
            b"",
            b":4001",
            b"gw:",
            b"gw:port",
            b"gw:0",
            b"gw:65536",
            b"gw:-1",
            b"gw:4001:4002",
            b"gw:1e3",
            b"[::1]:",
            b"g w",
        ),
        *(
            b"x;touch${IFS}pwned;#",
            b"`id`",
            b"$(id)",
            b"a|b",
            b"a&b",
            b"a'b",
            b'a"b',
            b"a\\b",
            b"a*",
            b"~root",
            b"a\x1b[2J",
        ),
        *(
            b"--help",
            b"-x:1",
            b"[::1;id]",
            b"[::1%]",
            b"[::1%eth0;id]",
            b"[%eth0]",
            b"[]",
            b"gw/",
            b"gw\n:1",
            b"g\xc3\xbc",
        ),
        *(b"a" * 254, b"a" * 60_000, b"[" + b":" * 254 + b"]", b"gw:" + b"1" * 60_000),
    ],
    ids=lambda address: repr(address[:20]),
)
def test_a_redirect_to_nowhere_is_a_breach(address: bytes) -> None:
    """Code 508, with the address in the text: nobody is sent to a guess."""
    with pytest.raises(RemoteProtocolError, match="TWS redirects to") as caught:
        read_reply(b"-1\0" + address + b"\0")
    assert caught.value.code == BAD_MESSAGE
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


HOST = st.text("abcXYZ0189._-", min_size=1, max_size=253) | st.text("0123abcDEF:.%", min_size=1, max_size=60)


@given(host=HOST | st.text(max_size=20), port=st.none() | st.integers(-1, 70_000))
def test_a_host_is_made_of_the_characters_of_hosts_or_it_is_none(host: str, port: int | None) -> None:
    """Whatever is read can stand in a command line as it is, and whatever is written can be read."""
    try:
        written = write_redirect(RedirectReply(host, port))
    except LocalProtocolError as problem:
        assert problem.code == BAD_MESSAGE
        address = f"[{host}]" if ":" in host else host
        with contextlib.suppress(RemoteProtocolError):
            # What is not written is not read either, or is read as something else: "gw:1" is a host and a port.
            assert read_reply(b"-1\0" + address.encode("utf-8", "surrogatepass") + b"\0") != RedirectReply(host, port)
        return
    assert read_reply(body_of(written)) == RedirectReply(host, port)
    assert re.fullmatch(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*|[0-9a-fA-F:.]+(%[A-Za-z0-9._-]+)?", host)
    assert len(host) <= 253


def test_a_zone_may_stand_behind_an_ipv6_address() -> None:
    """A machine of the same network is often known by such a one only."""
    assert read_reply(b"-1\0[fe80::1%eth0.1]:4001\0") == RedirectReply("fe80::1%eth0.1", 4001)


def test_a_reply_of_many_fields_is_read_in_proportion_to_its_length() -> None:
    """It is none, and that is seen at the third field."""
    assert read_reply(b"176\0" + b"\0" * 1_000_000) is None
    assert_linear(lambda size: read_reply(b"\0" * size), "a reply of NULs")


@pytest.mark.parametrize("port", [0, -1, 65536, pytest.param(10**5000, id="of 5000 digits")])
def test_a_port_that_is_none_is_not_written(port: int) -> None:
    """With the port in the text, as far as it can be shown."""
    with pytest.raises(LocalProtocolError, match="is no address to redirect to") as caught:
        write_redirect(RedirectReply("gw", port))
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("port", [None, 1, 4001, 65535])
@pytest.mark.parametrize("host", ["gw.example", "10.0.0.7", "2001:db8::7"])
def test_a_redirect_is_read_as_it_was_written(host: str, port: int | None) -> None:
    """With and without a port, IPv6 included."""
    assert read_reply(body_of(write_redirect(RedirectReply(host, port)))) == RedirectReply(host, port)


@given(body=st.binary() | st.binary().map(lambda rest: b"-1\0" + rest) | st.binary().map(lambda rest: b"v157.." + rest))
def test_any_frame_is_something_or_a_breach(body: bytes) -> None:
    """Nothing but `RemoteProtocolError` comes out, whatever the peer writes."""
    for read in (read_reply, read_greeting):
        try:
            read(body)
        except RemoteProtocolError as problem:
            assert problem.code == BAD_MESSAGE


@pytest.mark.parametrize("host", [[], {}, 5, None, b"host"])
def test_a_host_is_a_text(host: object) -> None:
    with pytest.raises(TypeError, match="host"):
        write_redirect(RedirectReply(host, None))  # type: ignore[arg-type]
