"""What a client knows of its connection, without the IO: conversations, what waits for whom, what is to be sent."""

from __future__ import annotations

from anytws.machines.conversation import Asked, Conversation, Phase, Streamed
from anytws.machines.drive import drive
from anytws.machines.mailbox import CAPACITY, Mailbox, MailboxStatistics, WhenFull
from anytws.machines.outbox import Parcel, Place
from anytws.machines.records import Dropped, InBand, Reset
from anytws.machines.session import ClientSession, Holder, SessionStatistics

__all__ = [
    "CAPACITY",
    "Asked",
    "ClientSession",
    "Conversation",
    "Dropped",
    "Holder",
    "InBand",
    "Mailbox",
    "MailboxStatistics",
    "Parcel",
    "Phase",
    "Place",
    "Reset",
    "SessionStatistics",
    "Streamed",
    "WhenFull",
    "drive",
]
