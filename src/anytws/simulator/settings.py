"""The knobs of the simulated TWS, each with its unit and its default.

Settings are a value. A person may change them in a TWS that runs: put another value in `World.settings`.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from enum import Enum, unique
from typing import Final

import attrs

from anytws.messages.base import ToClient
from anytws.wire.versions import MAX_VERSION

MAX_CLIENTS: Final = 32
"""How many clients the vendor lets connect to one TWS."""

LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
"""The addresses that a TWS trusts as it is installed."""


@unique
class Personality(Enum):
    """Which of the vendor's two applications is simulated. On the wire they differ in when their farms connect."""

    TWS = "tws"
    """Reports all its farms in the opening."""
    GATEWAY = "gateway"
    """Reports a farm when the first request needs it, once: see `Answer.farm`."""


@unique
class HangUp(Enum):
    """How the byte stream of a connection ends."""

    EOF = "eof"
    """In order: everything said arrives, then the end."""
    RESET = "reset"
    """Torn, as by a host that crashed or a firewall."""


@unique
class Dialog(Enum):
    """What the person in front of TWS does when it asks whether to accept a connection."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNANSWERED = "unanswered"
    """Nobody is there. `Link.answer_dialog` can still click."""


@unique
class FarmKind(Enum):
    """What a data farm is for: the code of its notice, and the text of it up to the farm's name.

    The texts were recorded from real sessions.
    """

    MARKET_DATA = (2104, "Market data farm connection is OK")
    HISTORICAL = (2106, "HMDS data farm connection is OK")
    SECURITY_DEFINITION = (2158, "Sec-def data farm connection is OK")

    @property
    def code(self) -> int:
        """The code of the notice that such a farm is connected."""
        return self.value[0]

    @property
    def text(self) -> str:
        """The text of that notice, without the farm's name."""
        return self.value[1]


@attrs.frozen
class Farm:
    """One of the vendor's data farms."""

    kind: FarmKind
    name: str


@unique
class Opening(Enum):
    """What TWS says of its own accord after START_API."""

    MANAGED_ACCOUNTS = "managed accounts"
    NEXT_VALID_ID = "next valid id"
    FARMS = "farms"
    """The notices of all farms; nothing where the personality is a Gateway."""


USUAL_OPENING: Final = (Opening.MANAGED_ACCOUNTS, Opening.NEXT_VALID_ID, Opening.FARMS)
"""The order that captures of real sessions show. The vendor promises none."""

USUAL_FARMS: Final = (
    Farm(FarmKind.MARKET_DATA, "usfarm"),
    Farm(FarmKind.HISTORICAL, "ushmds"),
    Farm(FarmKind.SECURITY_DEFINITION, "secdefnj"),
)
"""Farms of an American session, as recorded."""


def _is_aware(_: object, __: object, value: datetime | None) -> None:
    if value is not None and value.tzinfo is None:
        raise ValueError(f"epoch_at_zero: {value!r} has no time zone; use for example datetime(..., tzinfo=UTC)")


@attrs.frozen(kw_only=True)
class WorldSettings:
    """How the simulated TWS behaves. The defaults are a healthy one that this machine may connect to.

    Every number called ``seconds`` is in seconds and may have a fraction.
    """

    personality: Personality = Personality.TWS
    """TWS or Gateway."""

    server_version: int = attrs.field(
        default=MAX_VERSION, validator=[attrs.validators.ge(1), attrs.validators.le(MAX_VERSION)]
    )
    """The newest server version that it speaks. Agreed is the lower of this and the newest that the client offers.

    Where there is no version that both speak, it names its own and hangs up: the client has to refuse it. Below 157
    it is always such a TWS, too old for us."""

    accounts: tuple[str, ...] = ("DU1234567",)
    """The managed accounts."""

    first_order_id: int = 1
    """The next valid id of a client id that was never here before. Then the world remembers."""

    opening: tuple[Opening | ToClient, ...] = USUAL_OPENING
    """What it says after START_API, in this order. Leave one out, and it never comes; put a message in, and it does."""

    opening_seconds: float = attrs.field(default=0.0, validator=attrs.validators.ge(0))
    """How long it is silent between START_API and the opening."""

    farms: tuple[Farm, ...] = USUAL_FARMS
    """The farms whose notices it gives."""

    api_enabled: bool = True
    """Off: every connection is accepted and closed at once."""

    max_clients: int = attrs.field(default=MAX_CLIENTS, validator=attrs.validators.ge(0))
    """How many may be connected. One more is accepted and closed before any reply."""

    localhost_only: bool = True
    """Refuse every address that is not of this host, without a dialog. TWS is installed so."""

    trusted_addresses: frozenset[str] = attrs.field(default=LOOPBACK, converter=frozenset)
    """Addresses that connect without a dialog, as texts."""

    dialog: Dialog = Dialog.REJECT
    """What the person answers when another address connects."""

    dialog_seconds: float = attrs.field(default=0.0, validator=attrs.validators.ge(0))
    """How long the person takes, from the connection on."""

    stale_seconds: float = attrs.field(default=0.0, validator=attrs.validators.ge(0))
    """How long a client id stays in use after its connection was torn. After an EOF it is free at once."""

    settling_seconds: float = attrs.field(default=0.0, validator=attrs.validators.ge(0))
    """How long after nextValidId requests are dropped without a word."""

    read_only: bool = False
    """Refuse what changes anything at the broker, with error 321. A real TWS is installed with this on."""

    redirect: tuple[str, int | None] | None = None
    """Host and port (None: the same) that it sends clients to, instead of its version."""

    die_after_bytes: int | None = attrs.field(default=None, validator=attrs.validators.optional(attrs.validators.ge(0)))
    """How many bytes a connection can carry to the client before it dies; 0: it dies when it is made."""

    die_by: HangUp = HangUp.EOF
    """How it dies then."""

    epoch_at_zero: datetime | None = attrs.field(default=None, validator=_is_aware)
    """The time at ``now`` 0. None: whoever runs the world sets its clock (`World.set_clock`)."""

    utc_offset: timedelta = timedelta(0)
    """How far the clock on its wall is ahead of UTC. Only the connection time shows it."""

    zone: str = "UTC"
    """What it calls its time zone. Free text, as in the real one; empty for none."""

    connection_time: bytes | None = None
    """The whole connection time, as it stands on the wire. None: made from the clock and the zone."""

    memory: int = attrs.field(default=10_000, validator=attrs.validators.ge(1))
    """How many messages, events and ended links are remembered for those who look; the oldest go first."""

    @property
    def wall_zone(self) -> timezone:
        """The time zone of its wall clock."""
        return timezone(self.utc_offset)
