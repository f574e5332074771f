"""How long the first occurrence of something holds an event loop, told by a new interpreter: ``python first_time.py``.

It reads what to do as JSON from stdin, and writes milliseconds as JSON to stdout. The bytes of TWS come from there too:
to make them here would load what is to be loaded for the first time. What is held is the event loop, so each figure is
that of one call of the session, from beginning to end; in time of the processor, so that it is our work and not that of
others on the machine.
"""

from __future__ import annotations

import builtins
import json
import sys
from collections.abc import Callable, Iterable
from time import process_time
from typing import Any


class Imports:
    """How long imports have taken, those within others counted once."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0
        self._import = builtins.__import__
        builtins.__import__ = self

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self._depth += 1
        began = process_time()
        try:
            return self._import(*arguments, **named)
        finally:
            self._depth -= 1
            if not self._depth:
                self.seconds += process_time() - began


def milliseconds(doing: Callable[[], object]) -> float:
    """Do *doing*, and tell how long it took."""
    began = process_time()
    doing()
    return 1000 * (process_time() - began)


def longest_piece(pieces: Iterable[None]) -> float:
    """Go through *pieces*; tell how long the longest of them took."""
    longest, began = 0.0, process_time()
    for _ in pieces:
        longest, began = max(longest, process_time() - began), process_time()
    return 1000 * max(longest, process_time() - began)


def tell(job: dict[str, Any]) -> dict[str, float]:
    """Do one *job*: shake hands, then ask what is ``asked``, or hear what is ``heard``."""
    from anytws.core.options import HandshakeOptions
    from anytws.machines.session import ClientSession

    version, request = job["version"], None
    names: dict[str, Any] = {}
    pieces = [0.0]
    # What a program says it has imported, before its event loop runs.
    imported = milliseconds(lambda: exec(job.get("program", ""), names))  # noqa: S102 (written in the benchmark)
    if "asked" in job:
        request = eval(job["asked"], names)  # noqa: S307 (see above)
    session = ClientSession(HandshakeOptions(maximum_version=version))
    session.opened(0.0)
    if job["in pieces"]:
        from anytws.wire import loading

        pieces.append(longest_piece(loading.before_start(version)))
    handshake = [milliseconds(lambda: hear(session, data)) for data in job["start"]]  # noqa: B023 (called at once)
    if job["in pieces"]:
        pieces.append(longest_piece(loading.after_start(version)))
    imports = Imports()
    held = milliseconds(lambda: hear(session, job["heard"]) if request is None else ask(session, request, job["how"]))
    imported_then = 1000 * imports.seconds
    # What comes again and again is compiled at some time.
    again = [
        milliseconds(lambda: hear(session, job["heard"]) if request is None else ask(session, request, job["how"]))
        for _ in range(job["again"])
    ]
    return {
        "held": held,
        "again": max(again),
        "imports": imported_then,
        "handshake": max(handshake),
        "piece": max(pieces),
        "program": imported,
    }


def connect(port: int, version: int) -> dict[str, float]:
    """Connect to the TWS at *port* while others run, and tell how long they waited for their turn at the most."""
    import anyio
    from anyio.lowlevel import checkpoint

    from anytws.client.connect import connect
    from anytws.core.options import HandshakeOptions

    longest, is_over = 0.0, False

    async def others() -> None:
        nonlocal longest
        while not is_over:
            began = process_time()
            await checkpoint()
            longest = max(longest, process_time() - began)

    async def both() -> None:
        nonlocal longest, is_over
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(others)
            await anyio.sleep(0.05)
            longest = 0.0
            async with connect("127.0.0.1", port, client_id=1, options=HandshakeOptions(maximum_version=version)):
                await anyio.sleep(0.2)
            is_over = True

    anyio.run(both)
    return {"held": 1000 * longest}


def hear(session: Any, data: str) -> None:
    """Have *session* hear the bytes *data*, and say what it has to."""
    session.receive_data(bytes.fromhex(data), 0.0)
    session.data_to_send(0.0)


def ask(session: Any, request: Any, how: str) -> None:
    """Have *session* ask *request*, by the method *how*."""
    getattr(session, how)(request, 0.0)
    session.data_to_send(0.0)


if __name__ == "__main__":
    told = json.load(sys.stdin)
    sys.stdout.write(json.dumps(connect(told["port"], told["version"]) if "port" in told else tell(told)))
