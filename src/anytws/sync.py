"""The client for threads that wait: scripts, notebooks, thread pools. Same verbs, no ``await``, nothing patched.

::

    with anytws.sync.connect("127.0.0.1", 7497, client_id=1) as tws:
        print(tws.state, tws.accounts.managed, tws.current_time())
        with tws.market_data.quotes(Stock("AAPL")) as quotes:
            for quote in quotes:
                print(quote.bid, quote.ask)

Each connection has a thread of its own, in which the async client runs. Every verb of it is here, with the same
arguments and the same errors; what is ``async with`` and ``async for`` there is ``with`` and ``for`` here.
"""

from anytws.client.sync import SyncConnection, SyncEventStream, SyncFeed, SyncStream, SyncTws, connect, connect_by

__all__ = ["SyncConnection", "SyncEventStream", "SyncFeed", "SyncStream", "SyncTws", "connect", "connect_by"]
