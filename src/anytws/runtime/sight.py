"""Looks on while a connection works, for the log and for a `Hook`; and costs next to nothing while nobody does.

Nothing that it calls may harm the connection: what a hook raises, or a filter of the logging, is told and that is all.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any, Final, cast

from anytws.core.connection import Connection
from anytws.core.events import CloseReason, Notice, OddValue, SurplusFields
from anytws.core.state import State
from anytws.errors import AnytwsError, in_a_sentence, shown
from anytws.machines.conversation import Conversation
from anytws.machines.presence import Presence, PresenceState
from anytws.machines.session import ClientSession
from anytws.runtime.hook import Hook, Outcome, Remark, SeenRequest
from anytws.runtime.logs import CONNECTION, FRAMES, HOOK, REQUESTS
from anytws.wire.frames import FrameBuffer

_GREETING: Final = b"API\0"
_MOST_OF_A_FRAME: Final = 4_000
_MOST_OF_A_TEXT: Final = 400
_OUT: Final = "->"
_IN: Final = "<-"
_DEBUG, _INFO, _WARNING = logging.DEBUG, logging.INFO, logging.WARNING
_AS_WANTED: Final = {Outcome.ANSWERED, Outcome.LEFT}
_TOLD_ATTEMPTS: Final = frozenset([3, *[10 * 2**step for step in range(24)]])
"""After how many attempts that came to nothing it is told that it is still waited for."""
_HARMLESS: Final = (OddValue, SurplusFields)


class Telling:
    """Tells the log and a `Hook`. What they raise may not harm what they are told of."""

    def __init__(self, hook: Hook | None) -> None:
        self._hook = hook
        self._failed: set[str] = set()
        """Which of the calls have raised before."""

    @property
    def name(self) -> str:
        """Which connection it is, for people."""
        raise NotImplementedError

    def _log(self, logger: logging.Logger, level: int, text: str, *values: object) -> None:
        try:
            logger.log(level, text, *values)
        except Exception as problem:  # noqa: BLE001 (a filter or a handler of the program: told, and the log goes on)
            self._tell(logger.name, problem)

    def _call(self, method: Callable[..., None], *values: object) -> None:
        try:
            method(*values)
        except Exception as problem:  # noqa: BLE001 (of the program: told, and the connection goes on)
            self._tell(method.__name__, problem)

    def _tell(self, name: str, problem: Exception) -> None:
        if name in self._failed:
            return
        self._failed.add(name)
        try:
            HOOK.error("%s: %s raised, which is told once", self.name, name, exc_info=problem)
        except Exception as other:  # noqa: BLE001 (not even the logging works: the last place that somebody looks at)
            sys.excepthook(type(other), other, other.__traceback__)


class PresenceSight(Telling):
    """Sees where a program is in staying connected."""

    def __init__(self, hook: Hook | None) -> None:
        super().__init__(hook)
        self._name = ""
        self._told: PresenceState | None = None

    @property
    def name(self) -> str:
        """Which connection it is, for people."""
        return self._name

    def look(self, presence: Presence, client_id: int) -> None:
        """See that it has changed. Waiting is told as a warning where a person may have to do something."""
        self._name = f"{in_a_sentence(presence.address)}, client {client_id}"
        is_long = presence.state is PresenceState.WAITING and presence.attempts in _TOLD_ATTEMPTS
        # Each attempt of a night would be a line of the log: the first, and then ever fewer.
        if presence.state is not PresenceState.CONNECTING and (presence.state is not self._told or is_long):
            level = _WARNING if is_long or (presence.state is PresenceState.OVER and presence.why) else _INFO
            self._log(CONNECTION, level, "%s: %s", self._name, str(presence))
        if presence.state is not PresenceState.CONNECTING:
            self._told = presence.state
        if self._hook is not None:
            self._call(self._hook.presence_changed, self._name, presence)


class Sight(Telling):
    """Sees one connection."""

    def __init__(self, session: ClientSession, address: str, hook: Hook | None) -> None:
        super().__init__(hook)
        self._session = session
        self._connection: Connection = session.connection
        self._address: str = in_a_sentence(address)
        self._state: State | None = None
        self._number = 0
        self.is_retried: bool = False
        """Whether it is one attempt of many, of which ``keep_connected`` tells by itself."""
        # From the first byte on, or never: in the middle nobody knows where a frame begins.
        self._frames = {way: FrameBuffer() for way in (_OUT, _IN)} if FRAMES.isEnabledFor(_DEBUG) else {}
        self._is_greeted = False
        if hook is not None or CONNECTION.isEnabledFor(_INFO):
            session.remarks = []

    @property
    def name(self) -> str:
        """Which connection it is, for people."""
        client_id = self._connection.client_id
        return self._address if client_id is None else f"{self._address}, client {client_id}"

    # --- the connection ------------------------------------------------------------------------------------------

    def look(self) -> None:
        """See what has changed since the last time."""
        if self._session.remarks:
            remarks, self._session.remarks = self._session.remarks, []
            for remark in remarks:
                self._note_remark(cast("Remark", remark))
        state = self._connection.state
        if state is not self._state:
            before, self._state = self._state, state
            self._note_state(before, state)

    def _note_state(self, before: State | None, state: State) -> None:
        if self._hook is not None:
            self._call(self._hook.state_changed, self.name, before, state)
        end = self._connection.closed
        if end is None:
            self._log(CONNECTION, _INFO, "%s: %s", self.name, self._connection.described())
            return
        is_one_of_many = self.is_retried and before is not State.READY
        level = _INFO if end.reason is CloseReason.LOCAL or is_one_of_many else _WARNING
        # Its text: whoever keeps records of the log would keep the traceback of whoever it was raised to.
        self._log(CONNECTION, level, "%s: %s", self.name, str(end))
        if self._hook is not None:
            self._call(self._hook.closed, self.name, end)

    def _note_remark(self, remark: Remark) -> None:
        if self._hook is not None:
            self._call(self._hook.noticed, self.name, remark)
        if isinstance(remark, Notice):
            self._log(CONNECTION, _INFO, "%s: TWS says %s: %s", self.name, remark.code, _Cut(remark.text))
        else:
            level = _DEBUG if isinstance(remark, _HARMLESS) else _WARNING
            self._log(CONNECTION, level, "%s: %s", self.name, _Cut(remark))

    # --- questions and streams -----------------------------------------------------------------------------------

    def begin(self, conversation: Conversation[Any], now: float) -> SeenRequest | None:
        """See that *conversation* begins; give what `end` wants, None where nobody looks."""
        if self._hook is None and not REQUESTS.isEnabledFor(_INFO):
            return None
        self._number += 1
        seen = SeenRequest(self.name, self._number, now, conversation)
        self._log(REQUESTS, _DEBUG, "%s: #%d %s", self.name, seen.number, _Cut(seen.request))
        if self._hook is not None:
            self._call(self._hook.stream_opened if seen.is_stream else self._hook.request_began, seen)
        return seen

    def end(self, seen: SeenRequest, now: float) -> None:
        """See that it is over, or left."""
        outcome, error = seen.outcome()
        seconds = now - seen.began_at
        if REQUESTS.isEnabledFor(_INFO):
            number: object = getattr(seen.request, "request_id", None)
            told = f": {error}" if error is not None else f", {seen.received} items" if seen.is_stream else ""
            level = _DEBUG if outcome in _AS_WANTED else _INFO
            form = "%s: #%d %s, id %s, %s after %.3f s%s"
            self._log(REQUESTS, level, form, self.name, seen.number, seen.name, number, outcome.value, seconds, told)
        if self._hook is not None:
            told_to = self._hook.stream_ended if seen.is_stream else self._hook.request_ended
            self._call(told_to, seen, outcome, seconds, error)

    # --- bytes ---------------------------------------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        """See what was read."""
        if FRAMES.isEnabledFor(_DEBUG):
            self._log_frames(_IN, data)
        if self._hook is not None:
            self._call(self._hook.received, self.name, len(data))

    def says(self, data: bytes) -> None:
        """See what is about to be written."""
        if FRAMES.isEnabledFor(_DEBUG):
            self._log_frames(_OUT, data)

    def sent(self, count: int) -> None:
        """See how much the system took."""
        if self._hook is not None:
            self._call(self._hook.sent, self.name, count)

    def _log_frames(self, way: str, data: bytes) -> None:
        buffer = self._frames.get(way)
        if buffer is None:
            self._log(FRAMES, _DEBUG, "%s: %s %d bytes %s", self.name, way, len(data), _Cut(data))
            return
        if way is _OUT and not self._is_greeted:
            self._is_greeted = True
            data = data.removeprefix(_GREETING)
            self._log(FRAMES, _DEBUG, "%s: %s %r", self.name, way, _GREETING)
        try:
            buffer.feed(data)
            for body in buffer.frames():
                self._log(FRAMES, _DEBUG, "%s: %s %s", self.name, way, _Cut(body))
        except AnytwsError:
            # That is no frame. What it is, the connection says.
            del self._frames[way]
            self._log(FRAMES, _DEBUG, "%s: %s %d bytes %s", self.name, way, len(data), _Cut(data))


class _Cut:
    """A value as a line of the log shows it; written when it is written."""

    __slots__ = ("_value",)

    def __init__(self, value: object) -> None:
        self._value = value

    def __str__(self) -> str:
        return shown(self._value, _MOST_OF_A_FRAME if isinstance(self._value, bytes) else _MOST_OF_A_TEXT)
