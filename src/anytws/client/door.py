"""What every order of a client passes before it leaves, where there is neither a gate nor a journal: nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anytws.machines.known_orders import KnownOrders
    from anytws.machines.order import OrderLife
    from anytws.messages.base import ToTws
    from anytws.messages.orders import PlaceOrderRequest


class Door:
    """An open door. `anytws.client.intake.Intake` is one with a guard, and is loaded only where somebody wants it."""

    def __repr__(self) -> str:
        return "<Door: open>"

    @property
    def guards(self) -> bool:
        """Whether there is anything to pass."""
        return False

    def open(self) -> None:
        """Take hold of what has to be held."""

    def close(self) -> None:
        """Let go of it."""

    def prepare(self, orders: KnownOrders, client_id: int) -> None:
        """See to it, before anything is said, that no order id is used again that is known to have been."""

    def begin(self, orders: KnownOrders, client_id: int, accounts: tuple[str, ...] | None) -> None:
        """Note that a connection is ready."""

    def recall(self, ref: str) -> OrderLife | None:
        """Give the order with the reference *ref* that is known from before; None: nothing is."""
        del ref
        return None

    def admit(self, requests: Sequence[PlaceOrderRequest], *, is_bracket: bool = False) -> None:
        """Raise unless all of *requests* may leave together."""

    # --- what a session asks of its guard (`anytws.machines.intent.Guard`) ---------------------------------------

    def check(self, message: ToTws) -> None:
        """Raise if *message* must not be said."""

    def note(self, said: ToTws, data: bytes, version: int) -> None:
        """Keep that *said* is about to leave."""

    def hear(self, lives: Iterable[OrderLife]) -> None:
        """Take note of *lives*, orders of which something is new."""
