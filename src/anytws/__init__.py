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

    from anytws import sync as sync
    from anytws.arrow.records import Records
    from anytws.arrow.table import Columns, columns
    from anytws.client.connect import connect, connect_stream
    from anytws.client.families import Bracket
    from anytws.client.journal import FileJournal
    from anytws.client.keep_connected import NIGHTLY_RESTART, keep_connected, keep_connected_stream
    from anytws.client.order_errors import (
        AlreadyPlaced,
        BracketBroken,
        CancelFailed,
        GateRefused,
        ModificationRefused,
        OrderError,
        OrderRejected,
        OrdersStillOpen,
        OrderUnknown,
        ReconcileIncomplete,
        TradeTimedOut,
    )
    from anytws.client.order_picture import OrderPicture, PartialOrderPicture
    from anytws.client.order_streams import TradeChange
    from anytws.client.sqlite_journal import SqliteJournal
    from anytws.client.trade import Trade
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
        Ambiguous,
        AnswerLost,
        AnswerTooLarge,
        AnytwsError,
        DataLost,
        DecodeError,
        HealthTimedOut,
        HoursUnknown,
        JournalDamaged,
        JournalError,
        JournalInUse,
        LimitReached,
        LocalProtocolError,
        NotConnected,
        NotFound,
        NotJournaled,
        PresenceTimedOut,
        ProtocolError,
        ReadOnly,
        RemoteProtocolError,
        RequestError,
        RequestFailed,
        RequestTimedOut,
        SendQueueFull,
        SettingsRefused,
        SlowConsumer,
        StreamInUse,
        WrongTask,
        WrongThread,
    )
    from anytws.machines.bars import Bar
    from anytws.machines.book import Book
    from anytws.machines.download import Bars, NoData, Progress, WindowFailed
    from anytws.machines.download_trouble import Retries
    from anytws.machines.fate import Fate, FateOutcome
    from anytws.machines.health import Farm, FarmKind, FarmState, Health
    from anytws.machines.link import LinkState
    from anytws.machines.margins import Margins
    from anytws.machines.order_gate import Gate
    from anytws.machines.order_state import Change, Fill, Left, OrderOutcome, Owner, TradeState
    from anytws.machines.pacing import Pacing
    from anytws.machines.presence import Presence, PresenceState
    from anytws.machines.quotes import Quote
    from anytws.machines.reconcile import PositionDifference
    from anytws.machines.reconnection import Reconnection
    from anytws.machines.records import Dropped, Gap, InBand, Reset, Resumed
    from anytws.machines.updating_bars import CaughtUp
    from anytws.machines.watching import Watched
    from anytws.runtime.connect_errors import (
        ClientIdInUse,
        ConnectError,
        ConnectTimedOut,
        NotAHost,
        NotPaper,
        Redirected,
        RefusedByTws,
        TcpConnectFailed,
        UnsupportedServerVersion,
    )
    from anytws.runtime.hook import Hook, Outcome, SeenRequest
    from anytws.runtime.logs import MaskAccounts
    from anytws.runtime.sending import Sent
    from anytws.runtime.stream import EventStream, Feed, Stream

__all__ = [
    "NIGHTLY_RESTART",
    "AlreadyPlaced",
    "Ambiguous",
    "AnswerLost",
    "AnswerTooLarge",
    "AnytwsError",
    "Bar",
    "Bars",
    "Book",
    "Bracket",
    "BracketBroken",
    "CancelFailed",
    "CaughtUp",
    "Change",
    "ClientIdInUse",
    "CloseReason",
    "Columns",
    "ConnectError",
    "ConnectTimedOut",
    "ConnectionClosed",
    "DataLost",
    "DecodeError",
    "Dropped",
    "EventStream",
    "Farm",
    "FarmKind",
    "FarmState",
    "Fate",
    "FateOutcome",
    "Feed",
    "FileJournal",
    "Fill",
    "Gap",
    "Gate",
    "GateRefused",
    "HandshakeOptions",
    "Health",
    "HealthTimedOut",
    "Hook",
    "HoursUnknown",
    "InBand",
    "JournalDamaged",
    "JournalError",
    "JournalInUse",
    "Left",
    "LimitReached",
    "LinkState",
    "LocalProtocolError",
    "Margins",
    "MaskAccounts",
    "ModificationRefused",
    "NoData",
    "NotAHost",
    "NotConnected",
    "NotFound",
    "NotJournaled",
    "NotPaper",
    "Notice",
    "OddValue",
    "OrderError",
    "OrderOutcome",
    "OrderPicture",
    "OrderRejected",
    "OrderUnknown",
    "OrdersStillOpen",
    "Outcome",
    "Owner",
    "Pacing",
    "PartialOrderPicture",
    "PositionDifference",
    "Presence",
    "PresenceState",
    "PresenceTimedOut",
    "Progress",
    "ProtocolError",
    "Quote",
    "ReadOnly",
    "Ready",
    "ReconcileIncomplete",
    "Reconnection",
    "Records",
    "Redirected",
    "RefusedByTws",
    "RemoteProtocolError",
    "RequestError",
    "RequestFailed",
    "RequestTimedOut",
    "Reset",
    "Resumed",
    "Retries",
    "SeenRequest",
    "SendQueueFull",
    "Sent",
    "SettingsRefused",
    "SlowConsumer",
    "SqliteJournal",
    "Stage",
    "State",
    "StillWaiting",
    "Stream",
    "StreamInUse",
    "SurplusFields",
    "TcpConnectFailed",
    "Trade",
    "TradeChange",
    "TradeState",
    "TradeTimedOut",
    "Tws",
    "UndecodableFrame",
    "UnknownMessage",
    "UnsupportedServerVersion",
    "Watched",
    "WindowFailed",
    "WrongTask",
    "WrongThread",
    "columns",
    "connect",
    "connect_stream",
    "keep_connected",
    "keep_connected_stream",
]

if not TYPE_CHECKING:
    _FILES: Final = (
        "core.events",
        "core.options",
        "core.state",
        "arrow.records",
        "errors",
        "machines.health",
        "machines.link",
        "machines.pacing",
        "machines.records",
        "client.tws",
        "client.connect",
        "runtime.connect_errors",
        "runtime.hook",
        "runtime.logs",
        "runtime.sending",
        "runtime.stream",
    )
    # A program that wants no columns, or no bars, need not wait for them.
    _LATER: Final = {
        "Bar": "machines.bars",
        "Bars": "machines.download",
        "Book": "machines.book",
        "NoData": "machines.download",
        "Progress": "machines.download",
        "Quote": "machines.quotes",
        "Retries": "machines.download_trouble",
        "Watched": "machines.watching",
        "NIGHTLY_RESTART": "client.keep_connected",
        "keep_connected": "client.keep_connected",
        "keep_connected_stream": "client.keep_connected",
        "Presence": "machines.presence",
        "PresenceState": "machines.presence",
        "Reconnection": "machines.reconnection",
        "WindowFailed": "machines.download",
        "CaughtUp": "machines.updating_bars",
        "Columns": "arrow.table",
        "columns": "arrow.table",
        "AlreadyPlaced": "client.order_errors",
        "Bracket": "client.families",
        "BracketBroken": "client.order_errors",
        "CancelFailed": "client.order_errors",
        "Margins": "machines.margins",
        "FileJournal": "client.journal",
        "Gate": "machines.order_gate",
        "GateRefused": "client.order_errors",
        "SqliteJournal": "client.sqlite_journal",
        "Change": "machines.order_state",
        "Fill": "machines.order_state",
        "Left": "machines.order_state",
        "ModificationRefused": "client.order_errors",
        "OrderError": "client.order_errors",
        "OrderOutcome": "machines.order_state",
        "OrderRejected": "client.order_errors",
        "OrderUnknown": "client.order_errors",
        "OrderPicture": "client.order_picture",
        "PartialOrderPicture": "client.order_picture",
        "PositionDifference": "machines.reconcile",
        "ReconcileIncomplete": "client.order_errors",
        "Fate": "machines.fate",
        "FateOutcome": "machines.fate",
        "OrdersStillOpen": "client.order_errors",
        "Owner": "machines.order_state",
        "Trade": "client.trade",
        "TradeChange": "client.order_streams",
        "TradeState": "machines.order_state",
        "TradeTimedOut": "client.order_errors",
    }
    _LAYERS: Final = (
        "arrow",
        "client",
        "core",
        "errors",
        "machines",
        "messages",
        "runtime",
        "simulator",
        "sync",
        "wire",
    )

    def __getattr__(name: str) -> Any:  # noqa: ANN401 (classes, functions and modules)
        """Import all that has a name here, or the layer of that *name*."""
        import importlib  # noqa: PLC0415 (see above)

        if name in _LAYERS:
            return importlib.import_module(f"anytws.{name}")
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name in _LATER:
            there = vars(importlib.import_module(f"anytws.{_LATER[name]}"))
            globals().update({each: there[each] for each in _LATER if each in there})
            return globals()[name]
        for file in _FILES:
            there = vars(importlib.import_module(f"anytws.{file}"))
            globals().update({each: there[each] for each in __all__ if each in there})
        return globals()[name]

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__, *_LAYERS})
