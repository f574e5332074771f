r"""The words of the handshake. They come before the messages, and have another form.

The client greets with ``API\\0``, a length and ``v157..226`` (with a blank and connect options, if any); TWS replies
with a frame of two fields: its server version and its local time, or -1 and another address. What was seen of TWS is
in ``docs/contract.md``.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

from anytws.errors import BAD_MESSAGE, INVALID_SYMBOL, LocalProtocolError, RemoteProtocolError, shown
from anytws.wire.characters import check_printable
from anytws.wire.frames import frame

PREFIX: Final = b"API\0"
"""What a client says first, without a length."""

_FIELDS_OF_A_REPLY: Final = 2
HIGHEST_PORT: Final = 65535
"""A port is a number of 16 bits."""
_RANGE: Final = re.compile(rb"v([0-9]{1,9})(?:\.\.([0-9]{1,9}))?(?: (.*))?", re.DOTALL)
# Only characters that a host can have: people copy it into command lines, where a dash in front would make it an
# option.
_ADDRESS: Final = re.compile(
    rb"(?:\[(?P<v6>[0-9a-fA-F:.]+(?:%[A-Za-z0-9._-]+)?)\]|(?P<host>[A-Za-z0-9_.][A-Za-z0-9_.-]*))(?::(?P<port>[^:]*))?"
)
_PORT: Final = re.compile(rb"[0-9]{1,5}")
_LONGEST_HOST: Final = 253
"""Characters of a host: the bound of the domain name system."""
_LONGEST_ADDRESS: Final = _LONGEST_HOST + 47
"""The same with brackets, a port and some blanks around it."""
# More digits than a version will ever have. Without a bound, Python would take long to read a hostile number.
_VERSION: Final = re.compile(rb"-?[0-9]{1,30}")


@attrs.frozen
class Greeting:
    """The versions that a client speaks, and its connect options."""

    minimum_version: int
    maximum_version: int
    connect_options: str = ""


@attrs.frozen
class VersionReply:
    """What TWS chose, and its clock as it was sent."""

    server_version: int
    connection_time: bytes


@attrs.frozen
class RedirectReply:
    """Where TWS sends the client instead."""

    host: str
    port: int | None
    """None: the port that was used already."""


def write_greeting(greeting: Greeting) -> bytes:
    """Give the client's first bytes, to be sent in one write."""
    check_printable("connect_options", greeting.connect_options)
    words = f"v{greeting.minimum_version}..{greeting.maximum_version}"
    if greeting.connect_options:
        words += f" {greeting.connect_options}"
    return PREFIX + frame(words.encode("ascii"))


def read_greeting(body: bytes) -> Greeting:
    """Read the frame after the prefix. Raises `RemoteProtocolError` (508) for anything but a range of versions."""
    match = _RANGE.fullmatch(body)
    if match is None:
        raise RemoteProtocolError(
            f"the client greeted with {shown(body)}, not with a range of versions such as v157..226", code=BAD_MESSAGE
        )
    lowest, highest, options = match.groups()
    # The C++, Java and C# clients write v<n> where lowest and highest are the same.
    return Greeting(int(lowest), int(highest or lowest), (options or b"").decode("ascii", "backslashreplace"))


def write_version_reply(reply: VersionReply) -> bytes:
    """Give the frame with which TWS accepts. Raises `LocalProtocolError` for a time that would end the field."""
    if b"\0" in reply.connection_time:
        raise LocalProtocolError(
            f"connection_time {shown(reply.connection_time)} holds a NUL, which ends the field", code=INVALID_SYMBOL
        )
    return frame(b"%d\0%b\0" % (reply.server_version, reply.connection_time))


def write_redirect(reply: RedirectReply) -> bytes:
    """Give the frame with which TWS sends a client elsewhere. Raises `LocalProtocolError` for what is no address."""
    if not isinstance(reply.host, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"a host is a text, and not {shown(reply.host)}")
    host = f"[{reply.host}]" if ":" in reply.host else reply.host
    address = b""
    try:
        address = (host if reply.port is None else f"{host}:{reply.port}").encode("ascii", "backslashreplace")
        read_back = _read_redirect(address)
    except (RemoteProtocolError, ValueError):
        # Python refuses to write a number of thousands of digits.
        read_back = None
    if read_back != reply:
        raise LocalProtocolError(
            f"{shown(reply.host)}, {shown(reply.port)} is no address to redirect to", code=BAD_MESSAGE
        )
    return frame(b"-1\0%b\0" % address)


def read_reply(body: bytes) -> VersionReply | RedirectReply | None:
    """Read a frame that may be the version reply; None if it is some other frame.

    TWS was seen to send news before its version, so what is not two fields, the first of them a decimal number, is
    passed over. Raises `RemoteProtocolError` (508) for a redirect to an address that is none.
    """
    # What follows the last NUL is no field: a reply of two fields splits into three, the last one mostly empty. More
    # than that is no reply, however many they are.
    fields = body.split(b"\0", _FIELDS_OF_A_REPLY + 1)
    if len(fields) != _FIELDS_OF_A_REPLY + 1 or not _VERSION.fullmatch(fields[0]):
        return None
    version = int(fields[0])
    return _read_redirect(fields[1]) if version < 0 else VersionReply(version, fields[1])


def _read_redirect(address: bytes) -> RedirectReply:
    if len(address) > _LONGEST_ADDRESS:
        raise RemoteProtocolError(f"TWS redirects to {shown(address)}, which is too long for a host", code=BAD_MESSAGE)
    text = address.decode("ascii", "backslashreplace").strip()
    match = _ADDRESS.fullmatch(address.strip())
    host = (match["v6"] or match["host"]) if match else b""
    if match is None or len(host) > _LONGEST_HOST:
        raise RemoteProtocolError(f"TWS redirects to {shown(text)}, which is not host or host:port", code=BAD_MESSAGE)
    port = match["port"]
    if port is None:
        return RedirectReply(host.decode(), None)
    if not _PORT.fullmatch(port) or not 0 < int(port) <= HIGHEST_PORT:
        where = port.decode("ascii", "backslashreplace")
        raise RemoteProtocolError(
            f"TWS redirects to {shown(text)}, where {shown(where)} is not a port", code=BAD_MESSAGE
        )
    return RedirectReply(host.decode(), int(port))
