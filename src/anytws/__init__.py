"""The client for the Interactive Brokers TWS API that always knows what state it is in, and says so.

::

    async with anytws.connect("127.0.0.1", 7497, client_id=1) as tws:
        print(tws.state, tws.accounts.managed, await tws.current_time())

Below these names: `anytws.core` (the protocol without the IO), `anytws.messages`, `anytws.wire`, `anytws.simulator`.

What the names mean is imported when the first of them is asked for: the command line can be interrupted from its first
moment on, and whoever needs the messages alone gets them alone.
"""

from __future__ import annotations

# Type checkers know the name, and to import it takes longer than all else here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from anytws.client.connect import connect, connect_stream
    from anytws.client.tws import Tws
    from anytws.core.events import (
        CloseReason,
        ConnectionClosed,
        Notice,
        OddValue,
        Ready,
        Stage,
        StillWaiting,
        SurplusFields,
        UndecodableFrame,
        UnknownMessage,
    )
    from anytws.core.options import HandshakeOptions
    from anytws.core.state import State
    from anytws.errors import (
        AnswerTooLarge,
        AnytwsError,
        DataLost,
        DecodeError,
        LocalProtocolError,
        ProtocolError,
        RemoteProtocolError,
        RequestFailed,
        RequestTimedOut,
        SendQueueFull,
        SlowConsumer,
        StreamInUse,
        WrongTask,
        WrongThread,
    )
    from anytws.machines.pacing import Pacing
    from anytws.machines.records import Dropped, InBand, Reset
    from anytws.runtime.connect_errors import (
        ClientIdInUse,
        ConnectError,
        ConnectTimedOut,
        NotAHost,
        Redirected,
        RefusedByTws,
        TcpConnectFailed,
        UnsupportedServerVersion,
    )
    from anytws.runtime.sending import Sent
    from anytws.runtime.stream import EventStream, Feed, Stream

__all__ = [
    "AnswerTooLarge",
    "AnytwsError",
    "ClientIdInUse",
    "CloseReason",
    "ConnectError",
    "ConnectTimedOut",
    "ConnectionClosed",
    "DataLost",
    "DecodeError",
    "Dropped",
    "EventStream",
    "Feed",
    "HandshakeOptions",
    "InBand",
    "LocalProtocolError",
    "NotAHost",
    "Notice",
    "OddValue",
    "Pacing",
    "ProtocolError",
    "Ready",
    "Redirected",
    "RefusedByTws",
    "RemoteProtocolError",
    "RequestFailed",
    "RequestTimedOut",
    "Reset",
    "SendQueueFull",
    "Sent",
    "SlowConsumer",
    "Stage",
    "State",
    "StillWaiting",
    "Stream",
    "StreamInUse",
    "SurplusFields",
    "TcpConnectFailed",
    "Tws",
    "UndecodableFrame",
    "UnknownMessage",
    "UnsupportedServerVersion",
    "WrongTask",
    "WrongThread",
    "connect",
    "connect_stream",
]

if not TYPE_CHECKING:
    _FILES: Final = (
        "core.events",
        "core.options",
        "core.state",
        "errors",
        "machines.pacing",
        "machines.records",
        "client.tws",
        "client.connect",
        "runtime.connect_errors",
        "runtime.sending",
        "runtime.stream",
    )
    _LAYERS: Final = ("client", "core", "errors", "machines", "messages", "runtime", "simulator", "wire")

    def __getattr__(name: str) -> Any:  # noqa: ANN401 (classes, functions and modules)
        """Import all that has a name here, or the layer of that *name*."""
        import importlib  # noqa: PLC0415 (see above)

        if name in _LAYERS:
            return importlib.import_module(f"anytws.{name}")
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        for file in _FILES:
            there = vars(importlib.import_module(f"anytws.{file}"))
            globals().update({each: there[each] for each in __all__ if each in there})
        return globals()[name]

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__, *_LAYERS})
