"""Whether a TWS can say what somebody has set it to say.

It is written, to nobody, by the same code that writes it to a client later. A list of rules beside that code would
forget some, and each that it forgot would end the simulated TWS at its first client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from anytws.errors import LocalProtocolError, in_a_sentence, shown
from anytws.messages.base import Side, ToClient
from anytws.wire.catalogue import entry_of
from anytws.wire.codec import shared_codec
from anytws.wire.frames import frame
from anytws.wire.handshake import RedirectReply, VersionReply, write_redirect, write_version_reply
from anytws.wire.versions import MIN_VERSION

# What the writers raise for values that have no place on the wire, and what Python does for those of another type.
_UNSAYABLE: Final = (LocalProtocolError, ValueError, TypeError, AttributeError, ArithmeticError)


def refused(name: str, value: object, wanted: str, cause: object = None) -> ValueError:
    """Give the error for the setting *name*, whose *value* is not what is *wanted*."""
    because = "" if cause is None else f" ({in_a_sentence(str(cause))})"
    return ValueError(f"{name} is {in_a_sentence(shown(value, 200))}, and has to be {wanted}{because}")


def prove(name: str, value: object, wanted: str, say: Callable[[], object]) -> None:
    """Do *say*, which needs the setting *name*. Raises `ValueError` where its *value* makes that impossible."""
    try:
        say()
    except _UNSAYABLE as problem:
        raise refused(name, value, wanted, problem) from problem


def say_messages(messages: Iterable[ToClient], newest: int) -> None:
    """Write *messages* for every version from our oldest to *newest*; an older one need not know all kinds of them.

    Raises what the writers raise for what cannot be said.
    """
    for message in messages:
        first = max(MIN_VERSION, min(entry_of(message).since, newest))
        for version in range(first, newest + 1):
            frame(shared_codec(Side.TWS, version).encode(message))


def say_version(server_version: int, connection_time: bytes) -> None:
    """Write the version reply. Raises what its writer raises."""
    write_version_reply(VersionReply(server_version, connection_time))


def say_redirect(address: tuple[str, int | None]) -> None:
    """Write the reply that names *address*, a host and a port. Raises what its writer raises."""
    host, port = address
    write_redirect(RedirectReply(host, port))
