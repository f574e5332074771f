"""One event that waits for messages, and how often it has happened."""

from __future__ import annotations

from typing import Final

from anytws.messages.base import Message
from anytws.messages.session import StartApiRequest
from anytws.simulator.chance import key_of, unit
from anytws.simulator.faults.script import Event
from anytws.simulator.faults.triggers import On
from anytws.simulator.faults.words import Fault

_CHANCE: Final = key_of("anytws.simulator.faults")


class Watch:
    """An event of a script that happens at messages: it counts those that fit, and says at which it happens."""

    def __init__(
        self,
        number: int,
        event: Event,
        on: On,
        do: Fault,
        begin: int,
        end: int | None,
        *,
        is_about_client: bool = True,
        is_waiting: bool = True,
    ) -> None:
        self.number: Final = number
        """The place of the event in its script, from 1 on."""
        self.do: Final = do
        """What happens."""
        self.message: Final[type[Message]] = on.message
        """The kind of message that it waits for."""
        self.end: int | None = end
        """Milliseconds since 1970 from which nothing happens any more; None: it goes on."""
        self.is_about_client: Final = is_about_client
        """Whether what happens is about the client of the message, and not about all."""
        self.is_waiting: Final = is_waiting
        """Whether it is an event that waits for its message; not: a habit that holds."""
        self._event = event
        self._on = on
        self._begin = begin
        self._fitting = 0
        self._happened = 0

    def strikes(self, client_id: int | None, message: Message, ms: int, seed: int) -> bool:
        """Tell whether it happens at *message* of the client *client_id*, at *ms* milliseconds since 1970."""
        if ms < self._begin or (self.end is not None and ms >= self.end):
            return False
        if not concerns(self._event, client_id, message) or not self._on.fits(message):
            return False
        self._fitting += 1
        if not self._on.counts(self._fitting, self._happened):
            return False
        if not happens(self._event, self.number, self._fitting, seed):
            return False
        self._happened += 1
        return True


def concerns(event: Event, client_id: int | None, message: Message | None = None) -> bool:
    """Tell whether *event* is about the client *client_id*, which may be in the middle of saying who it is."""
    if isinstance(message, StartApiRequest):
        client_id = message.client_id
    return not event.clients or client_id in event.clients


def happens(event: Event, number: int, time: int, seed: int) -> bool:
    """Tell whether chance has *event*, the *number*-th of its script, happen the *time*-th time that it could."""
    return event.chance >= 1.0 or unit(seed, _CHANCE, number, time) < event.chance
