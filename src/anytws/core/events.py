"""What the core tells: every event that is not a message of the catalogue.

Events are frozen values. Messages come between them, as they are; `ConnectionClosed` comes once and last.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum, unique
from typing import Final, TypeAlias

import attrs

from anytws.core.codes import CodeKind
from anytws.core.state import State
from anytws.errors import BAD_MESSAGE, UNKNOWN_ID, AnytwsError, DecodeError, in_a_sentence, shown
from anytws.messages.base import Message, described, record
from anytws.messages.connection_time import ConnectionTime
from anytws.messages.session import ErrorMessage
from anytws.wire.codec import PROTOBUF_OFFSET
from anytws.wire.connection_time import read_connection_time
from anytws.wire.odd import Odd, OddField


@record
class StateChanged:
    """The connection is in another state now."""

    before: State
    after: State


@record
class GreetingReceived:
    """A client has greeted (TWS side only): answer with `Connection.accept_version` or `Connection.redirect`."""

    minimum_version: int
    maximum_version: int
    connect_options: str


@record
class VersionAgreed:
    """TWS has named the server version; all that follows is written for it."""

    server_version: int
    said_time: bytes
    """The clock of TWS, as it was sent."""

    @property
    def connection_time(self) -> ConnectionTime:
        """The clock of TWS, read. Nobody waits for that while connecting, and it never fails."""
        return read_connection_time(self.said_time)


@record
class FrameDiscarded:
    """A frame came before the version reply and is not it. TWS was seen to send news so early."""

    frame: bytes


@record
class StillWaiting:
    """A step of the handshake takes long (client side only, `HandshakeOptions.remark_after`). It is waited for still.

    Told once for each step. What comes of it comes later: the step after all, or the end.
    """

    state: State
    """The step: HANDSHAKING waits for the version, AWAITING_NEXT_VALID_ID for the start of the session."""
    seconds: float
    """How long it has been waited for."""
    seconds_left: float | None
    """How much longer it will be; None: for ever."""
    detail: str
    """What was seen until now, in words."""
    hint: str
    """What a person can do about it, perhaps in time."""

    def __str__(self) -> str:
        return f"{in_a_sentence(self.detail, MOST_OF_A_DETAIL)}. {in_a_sentence(self.hint)}"


@record
class Ready:
    """The session is usable: requests may go out."""

    next_valid_id: int
    accounts: tuple[str, ...] | None
    """None when TWS did not say them in time (ADR 0004)."""


@record
class Notice:
    """TWS says something that is not an error: the state of a farm, of its link to IB, a remark, a warning."""

    code: int
    text: str
    kind: CodeKind
    request_id: int | None
    time: datetime | None
    message: ErrorMessage
    """The message as it came."""


@record
class UnknownMessage:
    """A frame with a message id that this library does not know. The connection goes on."""

    message_id: int
    """The id as it stands on the wire."""
    frame: bytes
    code: int = UNKNOWN_ID

    @property
    def protobuf_id(self) -> int | None:
        """The id as the vendor lists it, if the frame is protobuf (which adds 200 on the wire); None: it is text."""
        is_wide = self.message_id > PROTOBUF_OFFSET and self.frame[:4] == self.message_id.to_bytes(4, "big")
        return self.message_id - PROTOBUF_OFFSET if is_wide else None

    @property
    def told_id(self) -> str:
        """The id for people: as it stands on the wire, and as the vendor lists it."""
        if self.protobuf_id is None:
            return str(self.message_id)
        return f"{self.message_id} ({self.protobuf_id} in protobuf)"


_MOST_FIELDS: Final = 100
_MOST_OF_A_FIELD: Final = 1000


@record
class SurplusFields:
    """A message has more fields than we know: TWS is newer. Told once for each kind of message; the message follows.

    Protobuf is looked at in the first message of each kind only.
    """

    message: str
    """Name of the message."""
    fields: tuple[str, ...]
    """What stands behind the fields that we know, as it came. Of many fields, or long ones, the beginning."""

    @classmethod
    def of(cls, message: Message, fields: tuple[str, ...]) -> SurplusFields:
        """Tell *fields* of *message*, as far as anybody reads them: a frame may have millions."""
        kept = [
            text if len(text) <= _MOST_OF_A_FIELD else shown(text, _MOST_OF_A_FIELD) for text in fields[:_MOST_FIELDS]
        ]
        if len(fields) > _MOST_FIELDS:
            kept.append(f"and {len(fields) - _MOST_FIELDS} more")
        return cls(type(message).__name__, tuple(kept))


@record
class OddValue:
    """The message that follows has values that could not be read: they are None, whatever their type promises.

    Told each time, directly in front of the message. Only what says where a message goes may cost it (the request's id,
    the order's, the type of a tick: `anytws.wire.odd.ROUTES`), and how its fields lie; that is an `UndecodableFrame`.
    """

    message: str
    """Name of the message."""
    field: str
    """The first of the fields, such as ``bar.open`` or ``bars[3].time``."""
    seen: str
    """What stood there, as errors show it: one line, bounded."""
    wanted: str
    """What should have stood there."""
    others: tuple[OddField, ...] = ()
    """The other fields, each with what was seen and wanted; at most 99."""
    count: int = 1
    """How many there are in all."""

    @classmethod
    def of(cls, odd: Odd) -> OddValue:
        """Tell of the values of *odd*."""
        first, *others = odd.fields
        return cls(type(odd.message).__name__, first.path, first.seen, first.wanted, tuple(others), odd.count)

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields that are told of."""
        return (self.field, *[other.path for other in self.others])

    @property
    def problem(self) -> str:
        """What is odd, as a sentence."""
        more = f", and {self.count - 1} more of its values could not be read either" if self.count > 1 else ""
        return f"{self.message}.{self.field}: {self.seen} is not {self.wanted}, and was read as nothing{more}"


@record
class UndecodableFrame:
    """A frame that cannot be read. The connection goes on without it."""

    frame: bytes
    message: str | None
    """Name of the message, if that much could be told."""
    field: str | None
    """The field at fault, if one is."""
    seen: str
    wanted: str
    code: int = BAD_MESSAGE
    request_id: int | None = None
    """The id of the request, or of the order, that it belongs to, if that much could be read."""

    @classmethod
    def of(cls, frame: bytes, problem: DecodeError) -> UndecodableFrame:
        """Tell that *frame* could not be read because of *problem*."""
        request_id = problem.request_id
        return cls(frame, problem.message, problem.field, problem.seen, problem.wanted, request_id=request_id)

    @property
    def problem(self) -> str:
        """What is wrong, as a sentence."""
        return str(DecodeError(self.message, self.field, self.seen, self.wanted))


MOST_OF_A_DETAIL: Final = 800
"""Characters of what was seen, in the words of an end."""


@unique
class CloseReason(Enum):
    """Why a connection ended. Closed: there will be no reason that is not here."""

    LOCAL = "local"
    """We closed it."""
    EOF = "eof"
    """The peer closed it, between two frames."""
    EOF_MID_FRAME = "eof_mid_frame"
    """The peer closed it inside a frame."""
    RESET = "reset"
    """The byte stream broke."""
    CONNECT_FAILED = "connect_failed"
    """There never was a byte stream."""
    REFUSED = "refused"
    """TWS took the byte stream, and closed or tore it before it named its version."""
    HANDSHAKE_TIMEOUT = "handshake_timeout"
    """A step of the handshake took too long."""
    CLIENT_ID_IN_USE = "client_id_in_use"
    """TWS said 326: another connection has this client id."""
    UNSUPPORTED_SERVER_VERSION = "unsupported_server_version"
    """TWS named a version that was not offered."""
    REDIRECTED = "redirected"
    """TWS named another address."""
    PORT_CHANGED = "port_changed"
    """TWS said 1300: its API has moved to another port."""
    PACING_VIOLATION = "pacing_violation"
    """TWS said 100: too many messages a second."""
    PROTOCOL_ERROR = "protocol_error"
    """The peer broke the protocol."""
    UNRESPONSIVE = "unresponsive"
    """The peer's machine no longer answers."""
    NOT_PAPER = "not_paper"
    """We closed it, since an account of TWS is not known to be a paper account (``paper_only``)."""
    SEND_FAILED = "send_failed"
    """Bytes that were to be sent did not leave."""


@unique
class Stage(Enum):
    """How far a connection had come that never was ready."""

    TCP = "tcp"
    """The byte stream was being opened."""
    GREETING = "greeting"
    """The greeting was out, and TWS had not named its version."""
    VERSION = "version"
    """TWS had replied, and not with a version that can be used."""
    START = "start"
    """START_API was out, and TWS had said neither the accounts nor the next valid id."""
    HALF_STARTED = "half_started"
    """One of the two had come, and the other had not. It never was ready."""


@attrs.frozen(eq=False)
class ConnectionClosed(AnytwsError):
    """The connection is over: the last event of every connection, and what every waiter of it raises.

    Both an event and an exception. Two of them are equal when their values are; what is raised is always a copy
    (`again`), so that each traceback tells of one place only.
    """

    reason: CloseReason
    state: State
    """The state in which it happened."""
    detail: str = ""
    """What was seen, in words."""
    hint: str = ""
    """What a person can do about it."""
    code: int | None = None
    """The vendor's code for it, if there is one: 502, 326, 503, 507 …"""
    last_error: ErrorMessage | None = None
    """The last error that TWS sent, whether or not it is why."""
    new_port: int | None = None
    """Where the API of TWS has moved to (`CloseReason.PORT_CHANGED`), if TWS said so."""
    redirect: tuple[str, int | None] | None = None
    """Host and port that TWS named instead (`CloseReason.REDIRECTED`); no port means the same one."""
    stage: Stage | None = None
    """How far it had come; None: it was ready."""

    __repr__ = described

    def __str__(self) -> str:
        code = "" if self.code is None else f", code {self.code}"
        text = f"connection closed ({self.reason.value}{code}) while {self.state.value}"
        if self.detail:
            text += f": {in_a_sentence(self.detail, MOST_OF_A_DETAIL)}"
        return f"{text}. {in_a_sentence(self.hint)}" if self.hint else text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ConnectionClosed):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def again(self) -> ConnectionClosed:
        """Give an equal one, to be raised."""
        return attrs.evolve(self)

    def _values(self) -> tuple[object, ...]:
        return attrs.astuple(self, recurse=False)


Event: TypeAlias = (
    Message
    | StateChanged
    | GreetingReceived
    | VersionAgreed
    | FrameDiscarded
    | StillWaiting
    | Ready
    | Notice
    | SurplusFields
    | OddValue
    | UnknownMessage
    | UndecodableFrame
    | ConnectionClosed
)
"""Whatever `Connection.next_event` gives."""
