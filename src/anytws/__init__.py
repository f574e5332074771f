"""The client for the Interactive Brokers TWS API that always knows what state it is in, and says so.

::

    async with anytws.connect("127.0.0.1", 7497, client_id=1) as tws:
        print(tws.state, tws.accounts, await tws.current_time())

Below these names: `anytws.core` (the protocol without the IO), `anytws.messages`, `anytws.wire`, `anytws.simulator`.
"""

from anytws.core.events import CloseReason, ConnectionClosed, Notice
from anytws.core.options import HandshakeOptions
from anytws.core.state import State
from anytws.errors import (
    AnytwsError,
    LocalProtocolError,
    ProtocolError,
    RemoteProtocolError,
    RequestTimedOut,
    SlowConsumer,
    StreamInUse,
    WrongTask,
    WrongThread,
)
from anytws.runtime.client import Tws
from anytws.runtime.connect import connect, connect_stream
from anytws.runtime.connect_errors import (
    ClientIdInUse,
    ConnectError,
    ConnectTimedOut,
    Redirected,
    RefusedByTws,
    Stage,
    TcpConnectFailed,
    UnsupportedServerVersion,
)
from anytws.runtime.event_stream import EventsDropped, EventStream

__all__ = [
    "AnytwsError",
    "ClientIdInUse",
    "CloseReason",
    "ConnectError",
    "ConnectTimedOut",
    "ConnectionClosed",
    "EventStream",
    "EventsDropped",
    "HandshakeOptions",
    "LocalProtocolError",
    "Notice",
    "ProtocolError",
    "Redirected",
    "RefusedByTws",
    "RemoteProtocolError",
    "RequestTimedOut",
    "SlowConsumer",
    "Stage",
    "State",
    "StreamInUse",
    "TcpConnectFailed",
    "Tws",
    "UnsupportedServerVersion",
    "WrongTask",
    "WrongThread",
    "connect",
    "connect_stream",
]
