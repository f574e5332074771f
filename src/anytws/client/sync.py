"""The client for threads that wait: scripts, notebooks, thread pools. Same verbs, no ``await``, nothing patched.

This is put together at run time, of the async classes, by `anytws.client.proxies`. What type checkers and editors know
of it stands in ``sync.pyi``, which docs/write_sync.py writes from the same classes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from typing import Any

from anytws.client import connect as connecting
from anytws.client.proxies import dressed, proxy_class
from anytws.client.sync_connection import SyncConnection, connected
from anytws.client.sync_names import LASTING, TOPICS, connect_words
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


def __getattr__(name: str) -> Any:  # noqa: ANN401 (classes)
    """Make the class of proxies that has that *name*: a topic is imported when it is first used."""
    plain = name.removeprefix("Sync")
    if name != plain and plain in TOPICS:
        return proxy_class(getattr(import_module(f"anytws.client.{TOPICS[plain]}"), plain))
    if name != plain and plain in LASTING:
        return getattr(import_module("anytws.client.sync_blocks"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
