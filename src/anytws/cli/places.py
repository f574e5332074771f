"""Where to look: hosts and ports, as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv6Address
from typing import Final, NamedTuple

from anytws.errors import shown
from anytws.wire.handshake import HIGHEST_PORT

THIS_MACHINE: Final = "127.0.0.1"
MOST_PLACES: Final = 50
"""Places that are looked at in one go: all of them at once."""

_LONGEST_HOST: Final = 253
"""Characters of a host: the bound of the domain name system."""
_BRACKETED: Final = re.compile(r"\[([^\[\]]*)\](?::(.*))?", re.DOTALL).fullmatch
_HEX_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]+").fullmatch
_SCHEME: Final = "://"


class Place(NamedTuple):
    """A host and a port of it."""

    host: str
    port: int


def read_places(words: Iterable[str], usual_ports: Iterable[int]) -> tuple[Place, ...]:
    """Read places out of *words*: hosts, ports, and hosts with a port, such as ``tws.lan:7497`` and ``[::1]:7497``.

    A number is a port: of the host before it, or of this machine. A host without one has *usual_ports*. Raises
    `ValueError` for what is none of these.
    """
    ports: dict[str, list[int]] = {}
    host = THIS_MACHINE
    named = tuple(words)
    if "" in named:
        # A variable of the shell that is not set: this machine is not what was meant.
        raise ValueError("an empty word is not the name or the address of a host")
    for word in ",".join(named).split(","):
        if not word:
            continue
        if word.isascii() and word.isdecimal():
            # The system would make an address of it as well: 0.0.29.73 of 7497, which is never what somebody meant.
            ports.setdefault(host, []).append(_port_in(word))
            continue
        host, port = _host_in(word)
        ports.setdefault(host, []).extend(() if port is None else (port,))
    if not ports:
        ports[host] = []
    usual = tuple(usual_ports)
    # Each once, in the order in which they were named.
    places = tuple(dict.fromkeys(Place(host, port) for host, own in ports.items() for port in own or usual))
    if len(places) > MOST_PLACES:
        raise ValueError(f"{len(places)} places are too many to look at in one go: at most {MOST_PLACES}")
    return places


def _port_in(digits: str) -> int:
    # More digits than a port has are not even counted: of thousands Python makes no number.
    is_short = digits.isascii() and digits.isdecimal() and len(digits) <= len(str(HIGHEST_PORT))
    port = int(digits) if is_short else 0
    if not 1 <= port <= HIGHEST_PORT:
        raise ValueError(f"{shown(digits)} is no port: 1 to {HIGHEST_PORT}")
    return port


def _host_in(word: str) -> tuple[str, int | None]:
    if _SCHEME in word:
        raise ValueError(f"{shown(word)} is a web address, and TWS has none: say its host and its port, HOST PORT")
    bracketed = _BRACKETED(word)
    if bracketed is not None:
        host, port = bracketed.groups()
        return _address_in(host), None if port is None else _port_in(port)
    if word.count(":") > 1:
        return _address_in(word), None
    host, colon, port = word.partition(":")
    return _name_in(host or (THIS_MACHINE if colon else "")), _port_in(port) if colon else None


def _address_in(text: str) -> str:
    try:
        IPv6Address(text)
    except ValueError:
        raise ValueError(
            f"{shown(text)} is no IPv6 address; with a port it is written [::1]:7497, and a host HOST:PORT"
        ) from None
    return text


def _name_in(text: str) -> str:
    is_long = len(text) > _LONGEST_HOST
    if not text or is_long or not text.isprintable() or " " in text or "/" in text or text.startswith("-"):
        raise ValueError(f"{shown(text)} is not the name or the address of a host")
    if _HEX_NUMBER(text):
        raise ValueError(f"{shown(text)} is a number, and not the name or the address of a host")
    return text
