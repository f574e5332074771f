"""What a connection is to say in its handshake, and how long it waits for each step."""

from __future__ import annotations

from typing import Final

import attrs

from anytws.wire.characters import check_printable
from anytws.wire.versions import MAX_VERSION, MIN_VERSION

_LEAST_CLIENT_ID: Final = -(2**31)
# The number after it is the vendor's way to write that there is none.
_MOST_CLIENT_ID: Final = 2**31 - 2


@attrs.frozen(kw_only=True)
class HandshakeOptions:
    """Everything about a handshake that can be chosen.

    Raises `ValueError` for values that make no handshake, `LocalProtocolError` (579) for text that TWS does not take.
    On the TWS side only the deadlines count. All times are in seconds; None waits for ever.
    """

    client_id: int = 0
    """Number that tells this client from the others of the same TWS. 0 also sees orders made by hand."""
    minimum_version: int = MIN_VERSION
    maximum_version: int = MAX_VERSION
    connect_options: str = ""
    """Such as ``+PACEAPI``, which asks TWS to queue what is too fast instead of refusing it."""
    optional_capabilities: str = ""
    """Vendor's switches for START_API, normally none."""
    start_api_by_hand: bool = False
    """Whether `Connection.start_api` is called by the application (the vendor's deprecated AsyncEConnect)."""
    version_timeout: float | None = 15.0
    """From the greeting to the version reply. Make it longer where a person has to answer TWS's accept dialog."""
    start_timeout: float | None = 15.0
    """From START_API to nextValidId."""
    accounts_grace: float = 2.0
    """From nextValidId to READY without managedAccounts (ADR 0004)."""
    refusal_grace: float = 1.0
    """From an error that ends the start (326) to the end, if TWS does not close by itself."""

    def __attrs_post_init__(self) -> None:
        if not MIN_VERSION <= self.minimum_version <= self.maximum_version <= MAX_VERSION:
            raise ValueError(
                f"versions {self.minimum_version}..{self.maximum_version} are not a range within "
                f"{MIN_VERSION}..{MAX_VERSION}, which is what this library speaks"
            )
        if type(self.client_id) is not int or not _LEAST_CLIENT_ID <= self.client_id <= _MOST_CLIENT_ID:
            raise ValueError(
                f"client_id {self.client_id!r} is not a whole number of 32 bits, or is the largest of them"
            )
        for name in ("version_timeout", "start_timeout", "accounts_grace", "refusal_grace"):
            seconds = getattr(self, name)
            if seconds is not None and not seconds >= 0:
                raise ValueError(f"{name} is {seconds}, and cannot be negative")
        for name in ("accounts_grace", "refusal_grace"):
            if getattr(self, name) is None:
                raise ValueError(f"{name} is None: without an end to it, a start could wait for ever")
        check_printable("connect_options", self.connect_options)
        check_printable("optional_capabilities", self.optional_capabilities)
