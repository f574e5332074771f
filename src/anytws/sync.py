"""The client for threads that wait: scripts, notebooks, thread pools. Same verbs, no ``await``, nothing patched.

::

    with anytws.sync.connect("127.0.0.1", 7497, client_id=1) as tws:
        print(tws.state, tws.accounts.managed, tws.current_time())
        with tws.market_data.quotes(Stock("AAPL")) as quotes:
            for quote in quotes:
                print(quote.bid, quote.ask)

``keep_connected`` in place of ``connect`` stays connected through restarts of TWS. Each connection has a thread of its
own, in which the async client runs. Every verb of it is here, with the same arguments and the same errors; what is
``async with`` and ``async for`` there is ``with`` and ``for`` here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anytws.client.sync import SyncConnection, SyncEventStream, SyncFeed, SyncStream, SyncTws, connect, connect_by

if TYPE_CHECKING:
    from typing import Any

    from anytws.client.sync import SyncBracket, SyncOrderPicture, SyncTrade, SyncTradeChange, keep_connected

__all__ = [
    "SyncBracket",
    "SyncConnection",
    "SyncEventStream",
    "SyncFeed",
    "SyncOrderPicture",
    "SyncStream",
    "SyncTrade",
    "SyncTradeChange",
    "SyncTws",
    "connect",
    "connect_by",
    "keep_connected",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:  # noqa: ANN401 (classes, and a function)
        """Import what not every program has, when it is first used."""
        from anytws.client import sync  # noqa: PLC0415 (see above)

        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(sync, name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
