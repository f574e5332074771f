"""What a client knows of its connection, without the IO: conversations, what waits for whom, what is to be sent."""

from __future__ import annotations

from anytws.machines.conversation import Asked, Conversation, Phase, Streamed
from anytws.machines.drive import drive
from anytws.machines.health import Farm, FarmKind, FarmState, Health, HealthChanged, Latest
from anytws.machines.link import LinkState
from anytws.machines.mailbox import CAPACITY, Mailbox, MailboxStatistics, WhenFull
from anytws.machines.outbox import Parcel, Place
from anytws.machines.pacing import Limit, Pacing, PacingStatistics, Waiting
from anytws.machines.records import Dropped, InBand, Reset
from anytws.machines.session import ClientSession, Holder, SessionStatistics

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
    "Latest",
    "Limit",
    "LinkState",
    "Mailbox",
    "MailboxStatistics",
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
