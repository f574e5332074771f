"""What meddles with a connection, and what has the script played, as each sees the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

from anytws.messages.base import ToClient, ToTws
from anytws.simulator.faults.words import Fault, Meanwhile, Way

if TYPE_CHECKING:
    from anytws.simulator.client import Client
    from anytws.simulator.faults.watch import Watch
    from anytws.simulator.settings import HangUp

Saying: TypeAlias = ToClient | bytes
"""A message, or a frame that no encoder would write."""


class Speaker(Protocol):
    """The link, as what meddles with it sees it."""

    @property
    def client(self) -> Client:
        """The link as those see it who answer."""
        ...

    @property
    def version(self) -> int:
        """The version agreed; 0 before."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether it ends, or has ended."""
        ...

    def utter(self, saying: Saying) -> None:
        """Say this, with nobody meddling."""

    def die(self, how: HangUp, now: float | None = None) -> None:
        """End the connection."""

    def take(self, request: ToTws) -> None:
        """Do *request*, with nobody meddling."""

    def replies(self, request: ToTws) -> Iterable[ToClient]:
        """Give what TWS would say to *request*."""
        ...


class Stage(Protocol):
    """What has the script played, as one connection sees it."""

    @property
    def ms(self) -> int:
        """The time, in milliseconds since 1970."""
        ...

    @property
    def seed(self) -> int:
        """What chance is drawn from."""
        ...

    @property
    def is_hanging(self) -> bool:
        """Whether TWS hangs, for everybody."""
        ...

    def watches(self, kind: type[ToTws | ToClient]) -> Sequence[Watch]:
        """Give the events that wait for messages of *kind*."""
        ...

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do *action* after *seconds*."""

    def happen(self, number: int, fault: Fault, link: Speaker | None, message: ToTws | ToClient | None) -> None:
        """Have *fault*, of the event *number*, happen: about *link* alone, or about all."""

    def tell(self, number: int, text: str) -> None:
        """Tell that something of the event *number* took effect."""

    def passes(self, link: Speaker, request: ToTws) -> Meanwhile | None:
        """Give what becomes of *request*, since a line is down; None: none is that it needs."""
        ...

    def wait(self, link: Speaker, request: ToTws) -> None:
        """Have *request* wait until the lines are back."""

    def hushes(self, link: Speaker, message: ToClient, request: ToTws | None) -> bool:
        """Tell whether *message*, to *request*, is not said since a line is down; it may be said later."""
        ...

    def count_bytes(self, link: Speaker, way: Way, total: int) -> None:
        """Take notice of how many bytes have gone one way."""
