"""A TWS that says the same to everybody, as a process of its own: ``python canned_tws.py``.

Its bytes are made before anybody connects, and it is blocking: about as quick as a TWS on this machine can be. Where
the simulated TWS takes most of the time of a connect, this one leaves nearly all of it to the client. It serves one
client after the other, writes its port to stdout and ends with its stdin.
"""

from __future__ import annotations

import socket
import sys
import threading
from datetime import UTC, datetime
from typing import Final

from anytws.messages.base import Side
from anytws.messages.session import ErrorMessage, ManagedAccounts, NextValidId
from anytws.simulator.settings import USUAL_FARMS
from anytws.wire.codec import Codec
from anytws.wire.frames import frame
from anytws.wire.handshake import PREFIX, VersionReply, read_greeting, write_version_reply
from anytws.wire.versions import MAX_VERSION, MIN_VERSION

NOW: Final = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)


def opening(version: int) -> bytes:
    """Give all that this TWS says after START_API."""
    codec = Codec(Side.TWS, version)
    notices = [
        ErrorMessage(None, farm.kind.code, f"{farm.kind.text}:{farm.name}", error_time=NOW) for farm in USUAL_FARMS
    ]
    messages = (ManagedAccounts(("DU1234567",)), NextValidId(1), *notices)
    return b"".join(frame(codec.encode(message)) for message in messages)


def serve(listener: socket.socket) -> None:
    """Serve one client after the other, for ever."""
    replies = {
        version: write_version_reply(VersionReply(version, b"20260105 14:30:00 GMT"))
        for version in range(MIN_VERSION, MAX_VERSION + 1)
    }
    openings = {version: opening(version) for version in replies}
    while True:
        client, _ = listener.accept()
        with client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            greeting = client.recv(4096)
            version = min(MAX_VERSION, read_greeting(greeting[len(PREFIX) + 4 :]).maximum_version)
            client.sendall(replies[version])
            client.recv(4096)
            client.sendall(openings[version])
            while client.recv(4096):
                continue


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as port:
        threading.Thread(target=serve, args=(port,), daemon=True).start()
        sys.stdout.write(f"{port.getsockname()[1]}\n")
        sys.stdout.flush()
        sys.stdin.read()
