"""What a connection is to say in its handshake, and how long it waits for each step."""

from __future__ import annotations

from typing import Final, cast

import attrs

from anytws.core.arguments import check_flag, check_seconds, check_text, check_whole_number
from anytws.errors import shown
from anytws.messages.base import described
from anytws.wire.characters import check_printable
from anytws.wire.versions import MAX_VERSION, MIN_VERSION

_TIMES: Final = (
    "version_timeout", "start_timeout", "accounts_grace", "refusal_grace", "remark_after", "stranger_grace",
)  # fmt: skip
# The number after it is the vendor's way to write that there is none.
_MOST_CLIENT_ID: Final = 2**31 - 2


@attrs.frozen(kw_only=True)
class HandshakeOptions:
    """Everything about a handshake that can be chosen.

    Raises `TypeError` and `ValueError` for values that make no handshake, `LocalProtocolError` (579) for text that TWS
    does not take.
    On the TWS side only the deadlines count. All times are in seconds; None waits for ever.
    """

    client_id: int = 0
    """Number that tells this client from the others of the same TWS, from 0 to 2147483646. 0 also sees orders made by
    hand."""
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
    remark_after: float | None = 4.0
    """How long a step of the handshake takes before that is told by a `StillWaiting`; None: it is never told."""
    stranger_grace: float = 0.0
    """After ``version_timeout``, where nothing at all has come: how long whoever is there has to give himself away. He
    is sent two ends of lines, to which a web server or Redis answers, and to TWS the connection is over by then. 0: he
    is sent nothing, and the end comes at once."""

    __repr__ = described

    def __attrs_post_init__(self) -> None:
        check_whole_number("minimum_version", self.minimum_version, example=MIN_VERSION)
        check_whole_number("maximum_version", self.maximum_version, example=MAX_VERSION)
        if not MIN_VERSION <= self.minimum_version <= self.maximum_version <= MAX_VERSION:
            raise ValueError(
                f"versions {self.minimum_version}..{self.maximum_version} are not a range within "
                f"{MIN_VERSION}..{MAX_VERSION}, which is what this library speaks"
            )
        check_client_id("client_id", self.client_id)
        check_flag("start_api_by_hand", self.start_api_by_hand)
        for name in _TIMES:
            check_seconds(name, getattr(self, name), example=15, may_be_none=True)
        for name in ("accounts_grace", "refusal_grace", "stranger_grace"):
            if getattr(self, name) is None:
                raise ValueError(f"{name} is None: without an end to it, a start could wait for ever")
        for name, example in (("connect_options", "+PACEAPI"), ("optional_capabilities", "")):
            check_text(name, getattr(self, name), example=example)
            check_printable(name, getattr(self, name))


def check_client_id(name: str, value: object) -> None:
    """Raise `TypeError` or `ValueError` unless *value* is a client id. TWS gives no client a negative one."""
    check_whole_number(name, value, example=1)
    if not 0 <= cast("int", value) <= _MOST_CLIENT_ID:
        raise ValueError(f"{name} is {shown(value)}, and has to be from 0 to {_MOST_CLIENT_ID}, such as 1")
