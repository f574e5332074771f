"""A simulated TWS that tells what happens to it, one line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from anytws.core.events import (
    CloseReason,
    ConnectionClosed,
    Event,
    GreetingReceived,
    StateChanged,
    UndecodableFrame,
    UnknownMessage,
    VersionAgreed,
)
from anytws.core.state import State
from anytws.messages.base import ToTws
from anytws.messages.session import StartApiRequest
from anytws.simulator import Dialog, Link, World, WorldSettings

Tell: TypeAlias = Callable[[int, str, bool], None]
"""Takes the number of the connection, what happened, and whether it is bad news for the client."""

_ENDS: Final = {
    CloseReason.EOF: "the client hung up",
    CloseReason.EOF_MID_FRAME: "the client hung up in the middle of a frame",
    CloseReason.RESET: "the connection was torn",
    CloseReason.PROTOCOL_ERROR: "the client broke the protocol",
}
"""What an end looks like from TWS, where the client caused it."""


class Narrator(World):
    """A `World` that gives *tell* a line for everything that its clients do, and for every end.

    The links note what their cores tell. They are read whenever the world is told the time, which is after every input
    of a client, and when a link ends.
    """

    def __init__(self, settings: WorldSettings, tell: Tell) -> None:
        super().__init__(settings)
        self.connected: int = 0
        """How many connections there were."""
        self.asked: int = 0
        """How many requests came."""
        self._tell = tell
        self._numbers: dict[Link, int] = {}

    def note_time(self, now: float | None) -> float:
        """Take in what time it is, and tell what happened until then."""
        for link in self.links:
            self._follow(link)
        return super().note_time(now)

    def note_end(self, link: Link, *, torn: bool) -> None:
        """Note the end of *link*, and tell it."""
        self._follow(link)
        self._numbers.pop(link)
        super().note_end(link, torn=torn)

    def _follow(self, link: Link) -> None:
        number = self._numbers.get(link)
        if number is None:
            self.connected += 1
            number = self._numbers[link] = self.connected
            self._tell(number, f"connected from {link.address}", False)
            if link.hang_up is None and link.address not in self.settings.trusted_addresses:
                self._tell(number, f"its address is not trusted, so TWS asks a person: {self._answer()}", False)
        while link.events:
            event = link.events.popleft()
            dropped = bool(link.dropped) and link.dropped[0] is event
            if dropped:
                link.dropped.popleft()
            self._say(number, link, event, dropped)

    def _answer(self) -> str:
        if self.settings.dialog is Dialog.UNANSWERED:
            return "nobody is there"
        return f"the answer, after {self.settings.dialog_seconds:g} s, is {self.settings.dialog.value}"

    def _say(self, number: int, link: Link, event: Event, dropped: bool) -> None:
        if isinstance(event, ToTws) and not isinstance(event, StartApiRequest):
            self.asked += 1
        text = f"dropped, too soon after nextValidId: {event!r}" if dropped else _described(event, link)
        if text is not None:
            bad = isinstance(event, UnknownMessage | UndecodableFrame) or dropped
            ended = isinstance(event, ConnectionClosed) and event.reason is not CloseReason.EOF
            self._tell(number, text, bad or ended)


def _described(event: Event, link: Link) -> str | None:
    """Say in words what happened; None for what another event says better."""
    match event:
        case GreetingReceived():
            options = f", connect options {event.connect_options!r}" if event.connect_options else ""
            return f"greets: speaks versions {event.minimum_version} to {event.maximum_version}{options}"
        case VersionAgreed():
            return f"server version {event.server_version} it is"
        case StartApiRequest():
            capabilities = f", capabilities {event.optional_capabilities!r}" if event.optional_capabilities else ""
            return f"START_API: client id {event.client_id}{capabilities}"
        case StateChanged(after=State.READY):
            return f"ready: next valid id {link.world.next_valid_id(link.client_id)}"
        case ConnectionClosed():
            cause = _ENDS.get(event.reason)
            detail = f": {event.detail}" if cause and event.reason is CloseReason.PROTOCOL_ERROR else ""
            return f"ended while {event.state.name}: {cause or event.detail}{detail}"
        case UnknownMessage():
            return f"sent a message with the unknown id {event.message_id}"
        case UndecodableFrame():
            place = ".".join(name for name in (event.message, event.field) if name) or "a frame"
            return f"sent {place} with {event.seen}, which is not {event.wanted}"
        case ToTws():
            return f"asks {event!r}"
        case _:
            return None
