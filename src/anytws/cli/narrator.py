"""A simulated TWS that tells what happens to it, one line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from anytws.core.events import (
    CloseReason,
    ConnectionClosed,
    Event,
    GreetingReceived,
    OddValue,
    StateChanged,
    UndecodableFrame,
    UnknownMessage,
    VersionAgreed,
)
from anytws.core.state import State
from anytws.errors import in_a_sentence, shown
from anytws.messages.base import ToTws
from anytws.messages.session import StartApiRequest
from anytws.simulator import Dialog, Link, World, WorldSettings
from anytws.simulator.faults.director import Told
from anytws.simulator.faults.script import Script
from anytws.simulator.universe.universe import Universe

Tell: TypeAlias = Callable[[int, str, bool], None]
"""Takes the number of the connection (0: none), what happened, and whether it is bad news for the client."""

MOST_OF_A_LINE: Final = 500
"""Characters of what is told of one thing that happened; what is beyond them is counted only."""

_ENDS: Final = {
    CloseReason.EOF: "the client hung up",
    CloseReason.EOF_MID_FRAME: "the client hung up in the middle of a frame",
    CloseReason.RESET: "the connection was torn",
    CloseReason.PROTOCOL_ERROR: "the client broke the protocol",
}
"""What an end looks like from TWS, where the client caused it."""


class Narrator(World):
    """A `World` that gives *tell* a line for everything that its clients do, and for every end.

    A line is printable and has a bound, `MOST_OF_A_LINE`: what a client says may be megabytes of anything.
    """

    def __init__(
        self, settings: WorldSettings, tell: Tell, *, script: Script | None = None, universe: Universe | None = None
    ) -> None:
        super().__init__(settings, script=script, universe=universe)
        if self.director is not None:
            self.director.on_told = self._tell_fault
        self.connected: int = 0
        """How many connections there were."""
        self.asked: int = 0
        """How many requests came."""
        self._tell = tell
        self._numbers: dict[Link, int] = {}

    def _tell_fault(self, told: Told) -> None:
        self._tell(0, f"script, event {told.event}: {in_a_sentence(told.text, MOST_OF_A_LINE)}", True)

    def note_event(self, link: Link, event: Event) -> None:
        """Tell what happened on *link*, unless another line says it better."""
        text = _described(event, link)
        # Asked for its number in any case: that tells of the connection, before all else.
        number = self._number_of(link)
        if text is not None:
            self._say(number, text, bad=isinstance(event, UnknownMessage | UndecodableFrame | OddValue))

    def note_heard(self, link: Link, request: ToTws) -> None:
        """Remember a request that was taken, and tell it."""
        super().note_heard(link, request)
        self.asked += 1
        self._say(self._number_of(link), f"asks {shown(request, MOST_OF_A_LINE)}")

    def note_dropped(self, link: Link, request: ToTws) -> None:
        """Tell that a request was dropped."""
        self.asked += 1
        text = f"dropped, too soon after nextValidId: {shown(request, MOST_OF_A_LINE)}"
        self._say(self._number_of(link), text, bad=True)

    def note_end(self, link: Link, *, torn: bool) -> None:
        """Note the end of *link*, and tell it."""
        if link not in self.links:
            return
        super().note_end(link, torn=torn)
        number = self._number_of(link)
        self._numbers.pop(link, None)
        closed = link.closed
        if closed is not None:
            self._say(number, _described_end(closed), bad=closed.reason is not CloseReason.EOF)

    def _number_of(self, link: Link) -> int:
        number = self._numbers.get(link)
        if number is None:
            self.connected += 1
            number = self._numbers[link] = self.connected
            self._say(number, f"connected from {link.address}")
            if link.hang_up is None and link.address not in self.settings.trusted_addresses:
                self._say(number, f"its address is not trusted, so TWS asks a person: {self._answer()}")
        return number

    def _answer(self) -> str:
        if self.settings.dialog is Dialog.UNANSWERED:
            return "nobody is there"
        return f"the answer, after {self.settings.dialog_seconds:g} s, is {self.settings.dialog.value}"

    def _say(self, number: int, text: str, *, bad: bool = False) -> None:
        self._tell(number, in_a_sentence(text, MOST_OF_A_LINE), bad)


def _described(event: Event, link: Link) -> str | None:
    """Say in words what happened; None for what another line says better."""
    match event:
        case GreetingReceived():
            said = event.connect_options
            options = f", connect options {shown(said, MOST_OF_A_LINE)}" if said else ""
            return f"greets: speaks versions {event.minimum_version} to {event.maximum_version}{options}"
        case VersionAgreed():
            return f"server version {event.server_version} it is"
        case StartApiRequest():
            said = event.optional_capabilities
            capabilities = f", capabilities {shown(said, MOST_OF_A_LINE)}" if said else ""
            return f"START_API: client id {event.client_id}{capabilities}"
        case StateChanged(after=State.READY):
            return f"ready: next valid id {link.world.next_valid_id(link.client_id)}"
        case UnknownMessage():
            return f"sent a message with the unknown id {event.told_id}"
        case OddValue() | UndecodableFrame():
            place = ".".join(name for name in (event.message, event.field) if name) or "a frame"
            return f"sent {place} with {event.seen}, which is not {event.wanted}"
        case _:
            return None


def _described_end(closed: ConnectionClosed) -> str:
    cause = _ENDS.get(closed.reason)
    detail = f": {closed.detail}" if cause and closed.reason is CloseReason.PROTOCOL_ERROR else ""
    return f"ended while {closed.state.name}: {cause or closed.detail}{detail}"
