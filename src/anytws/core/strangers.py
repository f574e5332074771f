"""What answers at a port and is no TWS: known by the first bytes that it says.

A person who has mistyped a port is told what is there, and need not guess from four bytes. The patterns are of each
protocol's own beginning; where nobody knows it, nothing is guessed.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

BEGINNING: Final = 64
"""Bytes of a stream that are kept for this: more than any of them needs."""


@attrs.frozen
class Stranger:
    """A protocol that is not that of TWS."""

    name: str
    """What it is called, with its article."""
    advice: str = "check host and port"
    """What a person can do, as the continuation of a sentence."""

    @property
    def hint(self) -> str:
        """What answers there, and what a person can do about it."""
        return f"{self.name[0].upper()}{self.name[1:]} answers at this port, and not TWS: {self.advice}"


_WEB: Final = "check host and port. IB's Client Portal Gateway speaks like this (port 5000), and has another API"
_TLS: Final = (
    f"{_WEB}. TWS itself speaks no TLS; where somebody has put that in front of it, give the TLS stream to "
    "connect_stream()"
)

TLS: Final = Stranger("a server that wants TLS", _TLS)
_STRANGERS: Final = (
    (re.compile(rb"SSH-"), Stranger("an SSH server")),
    (re.compile(rb"HTTP|<(?:!DO|htm|HTM)"), Stranger("an HTTP server", _WEB)),
    # Its first frame: settings.
    (re.compile(rb"\0\0.\x04[\0\x01]\0\0\0\0", re.DOTALL), Stranger("an HTTP/2 (gRPC) server")),
    # An alert or a handshake; the version of the record follows.
    (re.compile(rb"[\x15\x16]\x03[\0-\x04]"), TLS),
    (re.compile(rb"-(?:ERR|NOA|DEN|WRO|LOA)"), Stranger("a Redis server")),
    (re.compile(rb"[245][0-9]{2}[ -]"), Stranger("a mail (SMTP), FTP or news server")),
    (re.compile(rb"\+OK"), Stranger("a mail (POP3) server")),
    (re.compile(rb"\* (?:OK|BY|PR)"), Stranger("a mail (IMAP) server")),
    # The length of a packet, its number, and the version of the protocol or an error.
    (re.compile(rb"[^\0].\0\0(?:\x0a[0-9]|\xff)", re.DOTALL), Stranger("a MySQL server")),
    (re.compile(rb"E\0\0..S", re.DOTALL), Stranger("a PostgreSQL server")),
    (re.compile(rb"RFB "), Stranger("a VNC server (a remote desktop)")),
    (re.compile(rb"\xff[\xfb-\xfe]"), Stranger("a Telnet server")),
    (re.compile(rb"AMQP"), Stranger("an AMQP server (RabbitMQ)")),
    (re.compile(rb"ERRO|CLIE|SERV"), Stranger("a memcached server")),
)
"""How each begins. The first that fits counts."""


def stranger_of(beginning: bytes) -> Stranger | None:
    """Give who speaks like this; None for what may be TWS, or is nobody that is known here."""
    return next((stranger for pattern, stranger in _STRANGERS if pattern.match(beginning)), None)
