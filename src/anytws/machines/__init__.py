"""What a client knows of its connection, without the IO: conversations, what waits for whom, what is to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anytws.machines.conversation import Asked, Conversation, Phase, Streamed
from anytws.machines.drive import drive
from anytws.machines.health import Farm, FarmKind, FarmState, Health, HealthChanged, Latest
from anytws.machines.link import LinkState
from anytws.machines.mailbox import CAPACITY, Mailbox, MailboxStatistics, WhenFull
from anytws.machines.outbox import Parcel, Place
from anytws.machines.pacing import Limit, Pacing, PacingStatistics, Waiting
from anytws.machines.records import Dropped, InBand, Reset
from anytws.machines.session import ClientSession, Holder, SessionStatistics

if TYPE_CHECKING:
    from anytws.machines.known_orders import KnownOrders
    from anytws.machines.order import OrderLife

__all__ = [
    "CAPACITY",
    "Asked",
    "ClientSession",
    "Conversation",
    "Dropped",
    "Farm",
    "FarmKind",
    "FarmState",
    "Health",
    "HealthChanged",
    "Holder",
    "InBand",
    "KnownOrders",
    "Latest",
    "Limit",
    "LinkState",
    "Mailbox",
    "MailboxStatistics",
    "OrderLife",
    "Pacing",
    "PacingStatistics",
    "Parcel",
    "Phase",
    "Place",
    "Reset",
    "SessionStatistics",
    "Streamed",
    "Waiting",
    "WhenFull",
    "drive",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> type:
        """Import what is loaded only where somebody wants it: most connections never hear of an order."""
        if name == "KnownOrders":
            from anytws.machines import known_orders as there  # noqa: PLC0415 (see above)
        elif name == "OrderLife":
            from anytws.machines import order as there  # noqa: PLC0415 (see above)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return vars(there)[name]
