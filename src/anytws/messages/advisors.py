"""What a financial advisor sets up: groups of accounts, and names for accounts."""

from __future__ import annotations

from anytws.messages.base import Asks, ToClient, message
from anytws.messages.enumerations import Number


class FADataType(Number):
    """Which part of an advisor's set-up is meant."""

    GROUPS = 1
    """Groups of accounts, and how an order is divided among them."""
    PROFILES = 2
    """Fixed shares of accounts. Gone: from server version 177 groups hold them, and TWS refuses this value."""
    ALIASES = 3
    """Names for accounts."""


@message
class ReceiveFA(ToClient):
    """A part of an advisor's set-up, as TWS has it."""

    fa_data_type: FADataType
    """Which part it is."""
    xml: str
    """An XML document of the vendor's own form."""


@message
class FARequest(Asks[ReceiveFA]):
    """Ask for a part of an advisor's set-up. `ReceiveFA` brings it.

    The answer has no request id: while a request for one part is open, do not ask for another.
    """

    fa_data_type: FADataType
    """Which part is asked for."""


@message
class ReplaceFAEnd(ToClient):
    """A `FAReplace` was carried out."""

    request_id: int
    """The request that it answers, by its number."""
    text: str
    """For people."""


@message
class FAReplace(Asks[ReplaceFAEnd]):
    """Put another document in the place of a part of an advisor's set-up: all of it is replaced.

    `ReplaceFAEnd` says that it was done, an `ErrorMessage` that it was not.
    """

    fa_data_type: FADataType
    """Which part is replaced."""
    xml: str
    """The whole document, as `ReceiveFA` gave it, with the changes in it."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""
