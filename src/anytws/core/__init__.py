"""The protocol without the IO, for those who bring their own transport.

`Connection` takes bytes and time and gives events and bytes. The law of states is
`anytws.core.state`, and the guide is ``docs/transports``.
"""

from anytws.core.codes import CODES, Code, CodeKind, CodeTable, Effect, Outstanding
from anytws.core.connection import Connection
from anytws.core.events import (
    CloseReason,
    ConnectionClosed,
    Event,
    FrameDiscarded,
    GreetingReceived,
    Notice,
    OddValue,
    Ready,
    Stage,
    StateChanged,
    StillWaiting,
    SurplusFields,
    UndecodableFrame,
    UnknownMessage,
    VersionAgreed,
)
from anytws.core.options import HandshakeOptions
from anytws.core.state import TRANSITIONS, Signal, State, StateMachine, Transition
from anytws.messages.base import Side
from anytws.wire.limits import Limits

__all__ = [
    "CODES",
    "TRANSITIONS",
    "CloseReason",
    "Code",
    "CodeKind",
    "CodeTable",
    "Connection",
    "ConnectionClosed",
    "Effect",
    "Event",
    "FrameDiscarded",
    "GreetingReceived",
    "HandshakeOptions",
    "Limits",
    "Notice",
    "OddValue",
    "Outstanding",
    "Ready",
    "Side",
    "Signal",
    "Stage",
    "State",
    "StateChanged",
    "StateMachine",
    "StillWaiting",
    "SurplusFields",
    "Transition",
    "UndecodableFrame",
    "UnknownMessage",
    "VersionAgreed",
]
