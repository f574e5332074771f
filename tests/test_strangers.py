"""Who answers at a port and is no TWS is known by what it says first."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.core import CloseReason, Connection, HandshakeOptions, Side
from anytws.core.strangers import _STRANGERS, stranger_of
from anytws.wire.handshake import RedirectReply, VersionReply, write_redirect, write_version_reply
from tests.misbehaving_tws import IN_USE, framed, text

BEGINNINGS: Final = {
    "an SSH server": [b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", b"SSH-1.99-Cisco-1.25\n"],
    "an HTTP server": [
        b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n",
        b"HTTP/1.0 400 Bad request\r\n",
        b"<html>\r\n<head><title>400 Bad Request</title></head>",
        b'<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">',
    ],
    "an HTTP/2 (gRPC) server": [bytes.fromhex("00000604000000000000050000 4000"), bytes.fromhex("000000040000000000")],
    "a server that wants TLS": [bytes.fromhex("15030300020246"), bytes.fromhex("15030100020232")],
    "a Redis server": [
        b"-ERR unknown command 'API'\r\n",
        b"-NOAUTH Authentication required.\r\n",
        b"-DENIED Redis is running in protected mode because protected mode is enabled\r\n",
    ],
    "a mail (SMTP), FTP or news server": [
        b"220 mail.example.com ESMTP Postfix\r\n",
        b"220-ProFTPD Server ready.\r\n",
        b"421 Too many connections\r\n",
        b"554 5.7.1 no\r\n",
        b"200 news.example.com InterNetNews ready\r\n",
    ],
    "a mail (POP3) server": [b"+OK Dovecot ready.\r\n"],
    "a mail (IMAP) server": [b"* OK [CAPABILITY IMAP4rev1] ready\r\n", b"* BYE Too busy\r\n"],
    "a MySQL server": [
        bytes.fromhex("4a0000000a") + b"8.0.36\0",
        bytes.fromhex("5b0000000a") + b"5.5.5-10.11.6-MariaDB\0",
        bytes.fromhex("450000 00ff6a04") + b"Host '172.17.0.1' is not allowed to connect",
    ],
    "a PostgreSQL server": [bytes.fromhex("4500000085") + b"SFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol"],
    "a VNC server (a remote desktop)": [b"RFB 003.008\n"],
    "a Telnet server": [bytes.fromhex("fffd18fffd20fffd23fffd27")],
    "an AMQP server (RabbitMQ)": [b"AMQP\x00\x00\x09\x01"],
    "a memcached server": [b"ERROR\r\n", b"CLIENT_ERROR bad command line\r\n"],
}
"""What they say to our greeting, or before it."""

CASES: Final = [
    pytest.param(name, said, id=f"{name}: {said[:12]!r}") for name, all_said in BEGINNINGS.items() for said in all_said
]


def test_all_that_are_known_are_tried() -> None:
    """A new one needs a beginning that somebody has seen."""
    assert BEGINNINGS.keys() == {stranger.name for _, stranger in _STRANGERS}


@pytest.mark.parametrize("name, said", CASES)
@pytest.mark.parametrize("size", [1, 1000])
def test_it_is_named_whatever_the_slices(name: str, said: bytes, size: int) -> None:
    """And whether it then waits, hangs up or tears the connection."""
    for end in ("wait", "receive_eof", "receive_reset"):
        client = Connection(Side.CLIENT, HandshakeOptions(version_timeout=10.0))
        client.opened(0.0)
        for place in range(0, len(said), size):
            client.receive_data(said[place : place + size])
        client.wake(10.0) if end == "wait" else getattr(client, end)()
        closed = client.closed
        assert closed is not None
        assert closed.reason is not CloseReason.LOCAL
        if size == 1 and closed.reason is CloseReason.PROTOCOL_ERROR and stranger_of(said[:4]) is None:
            # Cut by a length that is none, before it had said enough.
            assert "may not be TWS" in closed.hint
            continue
        assert closed.hint.lower().startswith(f"{name.lower()} answers at this port, and not tws")
        assert "host and port" in closed.hint
        assert name in closed.detail
        assert repr(said[:4])[2:-1] in closed.detail


TWS_WORDS: Final = st.sampled_from([IN_USE, text("news", 1), text(1, 2, 3), framed(b"")])


@given(
    st.integers(0, 10**9).map(lambda version: write_version_reply(VersionReply(version, b"20260105 10:00:00 EST")))
    | st.just(write_redirect(RedirectReply("gw.example", 4001))),
    st.lists(TWS_WORDS, max_size=2).map(b"".join),
)
def test_tws_is_no_stranger(reply: bytes, before: bytes) -> None:
    """Whatever it says first, and however little of that has come."""
    said = before + reply
    assert not [count for count in range(len(said)) if stranger_of(said[:count])]


@given(st.binary(max_size=64))
def test_a_beginning_of_any_bytes_is_looked_at(said: bytes) -> None:
    """It is somebody or nobody, and the same however often one asks."""
    assert stranger_of(said) == stranger_of(said)
