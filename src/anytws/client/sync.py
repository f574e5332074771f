"""The client for threads that wait: scripts, notebooks, thread pools. Same verbs, no ``await``, nothing patched.

This is put together at run time, of the async classes, by `anytws.client.proxies`. What type checkers and editors know
of it stands in ``sync.pyi``, which docs/write_sync.py writes from the same classes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import cache
from importlib import import_module
from typing import Any

from anytws.client import connect as connecting
from anytws.client.proxies import dressed, made_class, proxy_class
from anytws.client.sync_connection import SyncConnection, connected
from anytws.client.sync_names import LASTING, OBJECTS, TYPED, connect_words, keep_words
from anytws.client.sync_streams import SyncEventStream, SyncFeed, SyncFeeds, SyncSent, SyncStream
from anytws.client.tws import Tws

__all__ = [
    "SyncConnection",
    "SyncEventStream",
    "SyncFeed",
    "SyncFeeds",
    "SyncSent",
    "SyncStream",
    "SyncTws",
    "connect",
    "connect_by",
]

SyncTws: Any = proxy_class(Tws, SyncConnection)


def _connect(*values: Any, **options: Any) -> Any:  # noqa: ANN401 (as the async one has it)
    # Here and not in the loop: what cannot be connected to is told before there is one.
    block = connecting.connect(*values, **options)
    return connected(SyncTws, lambda: block)


connect: Callable[..., Any] = dressed(_connect, connecting.connect, connect_words)


def connect_by(opening: Callable[[], AbstractAsyncContextManager[Tws]]) -> Any:  # noqa: ANN401 (a SyncTws)
    """Connect by an async block of one's own: over TLS or a UNIX socket, to a TWS in memory. Else it is as `connect`.

    *opening* is called, and the block that it gives entered and left, in the thread of the connection's own event loop,
    which is asyncio's.
    """
    return connected(SyncTws, opening)


@cache
def _keeping() -> Callable[..., Any]:
    # Who connects once need not wait for all that staying connected needs.
    from anytws.client.keep_connected import keep_connected  # noqa: PLC0415 (see above)

    def keep(*values: Any, **options: Any) -> Any:  # noqa: ANN401 (as the async one has it)
        block = keep_connected(*values, **options)
        return connected(SyncTws, lambda: block)

    return dressed(keep, keep_connected, keep_words)


def __getattr__(name: str) -> Any:  # noqa: ANN401 (classes, and a function)
    """Make the class of proxies that has that *name*: a topic is imported when it is first used."""
    if name == "keep_connected":
        return _keeping()
    plain = name.removeprefix("Sync")
    if name != plain and plain in OBJECTS:
        return proxy_class(getattr(import_module(f"anytws.client.{OBJECTS[plain]}"), plain))
    if name != plain and plain in TYPED:
        return getattr(import_module(f"anytws.client.{TYPED[plain]}"), plain)
    if name != plain and (plain in LASTING or plain == "Bracket"):
        return made_class(plain)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
