"""What happens to a whole TWS, to its lines, or to a connection: restarts, outages, farms, notices.

A deed that happens at a message or at a connection is about that client alone where it can be: the words say so.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import attrs

from anytws.messages.base import ToClient
from anytws.simulator.cards import Evidence
from anytws.simulator.faults.words import (
    Deed,
    Meanwhile,
    Plain,
    Refused,
    are_ids,
    are_pairs,
    number,
    numbers,
    of_type,
    pairs,
    whole,
)
from anytws.simulator.settings import FarmKind, HangUp

_LAST_PORT: Final = 65_535


def _seconds(default: float) -> float:
    seconds: float = attrs.field(default=default, validator=number(unit="seconds"))
    return seconds


def _seconds_or_none(default: float | None) -> float | None:
    seconds: float | None = attrs.field(default=default, validator=number(optional=True, unit="seconds"))
    return seconds


# --- the end of connections -------------------------------------------------------------------------------------------


@attrs.frozen
class CutConnection(Deed):
    """Connections end: that at which it happens, otherwise all."""

    how: HangUp = attrs.field(default=HangUp.EOF, validator=of_type(HangUp))
    """In order, or torn."""

    evidence = Evidence.REPORTED
    source = "public_reports.py c15: ended right after START_API; connection.md 7"


@attrs.frozen
class NightlyRestart(Deed):
    """TWS restarts: all connections end, the port refuses for a while, and then client ids are taken for a while."""

    refused_seconds: float | None = _seconds_or_none(80.0)
    """How long nobody can connect; None: it does not come back, until somebody logs in (`World.restart`)."""
    stale_seconds: float = _seconds(0.0)
    """How long after that the client ids that were connected are still in use: error 326."""
    next_ids_by: int = attrs.field(default=0, validator=whole(-(2**31), 2**31))
    """By how much the next valid ids are higher afterwards, or lower; never below the first."""
    how: HangUp = attrs.field(default=HangUp.RESET, validator=of_type(HangUp))
    """How the connections end."""
    forwarded: bool = attrs.field(default=False, validator=of_type(bool))
    """Whether a forwarder stands in front of it (a container, a tunnel), which goes on accepting, and hangs up."""

    evidence = Evidence.RECORDED
    source = "trace orders_lost_in_restart_ids_reissued: socket reset, about 80 s, ids issued again; connection.md 10"


@attrs.frozen
class AcceptAndHangUp(Deed):
    """A forwarder whose TWS is not there: new clients are accepted, and hung up on."""

    seconds: float | None = _seconds_or_none(60.0)
    """How long; None: for ever."""

    evidence = Evidence.REPORTED
    source = "public_reports.py c14: socat, docker, ssh -L"


@attrs.frozen
class Wedged(Deed):
    """TWS hangs, for everybody: it accepts connections, reads nothing and says nothing. Then it goes on."""

    seconds: float | None = _seconds_or_none(60.0)
    """How long; None: for ever."""

    evidence = Evidence.REPORTED
    source = "connection.md 4 and reports of Gateways that accept and stay silent"


@attrs.frozen
class HoldClientIds(Deed):
    """Client ids are in use by nobody: who connects with one gets error 326, and the end."""

    ids: tuple[int, ...] = attrs.field(converter=numbers, validator=are_ids)
    """Which."""
    seconds: float = _seconds(60.0)
    """How long."""

    evidence = Evidence.REPORTED
    source = "connection.md 5: an id stays occupied after a crash or a restart"


@attrs.frozen
class MoveNextIds(Deed):
    """The next valid order ids of all clients are higher from now on, or lower: as the next session is told."""

    by: int = attrs.field(validator=whole(-(2**31), 2**31))
    """By how much; never below the first."""

    evidence = Evidence.RECORDED
    source = "trace orders_lost_in_restart_ids_reissued"


@attrs.frozen
class RateExceeded(Deed):
    """Error 100, and then the connection is cut: that at which it happens, otherwise all."""

    cut_after: float | None = _seconds_or_none(0.0)
    """Seconds from the error to the cut; None: it is not cut."""

    evidence = Evidence.DOCUMENTED
    source = "code 100: IB will likely disconnect the client afterwards"


@attrs.frozen
class PortChanged(Deed):
    """Error 1300 with the new port in its text, and then every connection is cut. The port stays where it is here."""

    port: int = attrs.field(validator=whole(1, _LAST_PORT))
    """The port in the text."""
    cut_after: float = _seconds(0.0)
    """Seconds from the error to the cut."""

    evidence = Evidence.DOCUMENTED
    source = "code 1300"


# --- lines ------------------------------------------------------------------------------------------------------------


@attrs.frozen
class ConnectionLost(Deed):
    """TWS loses its link to IB: error 1100, silence, and 1102 or 1101 when it is back. Sockets stay.

    Meanwhile TWS still answers what it knows by itself: clock, accounts, ids.
    """

    seconds: float | None = _seconds_or_none(30.0)
    """How long; None: it does not come back."""
    data_lost: bool = attrs.field(default=False, validator=of_type(bool))
    """Whether it comes back with 1101: streams of data are dead then, without a word. Otherwise 1102."""
    requests: Meanwhile = attrs.field(default=Meanwhile.SILENCE, validator=of_type(Meanwhile))
    """What becomes of requests meanwhile."""
    told_afterwards: bool = attrs.field(default=True, validator=of_type(bool))
    """Whether what happened to orders and accounts meanwhile is told when the link is back; it may be lost."""

    evidence = Evidence.DOCUMENTED
    source = "codes 1100, 1101, 1102; conversations.md 8, orders.md 4.4 for what is said meanwhile"


@attrs.frozen
class FarmDown(Deed):
    """A farm is disconnected (2103, 2105, 2157), its data are silent, and then it is back (2104, 2106, 2158)."""

    farm: FarmKind = attrs.field(default=FarmKind.MARKET_DATA, validator=of_type(FarmKind))
    """Which kind of farm."""
    name: str = attrs.field(default="", validator=of_type(str))
    """Its name in the text; empty: that of the first of the kind in the settings."""
    seconds: float | None = _seconds_or_none(30.0)
    """How long; None: it does not come back."""
    requests: Meanwhile = attrs.field(default=Meanwhile.SILENCE, validator=of_type(Meanwhile))
    """What becomes of requests to the farm meanwhile."""
    streams_die: bool = attrs.field(default=False, validator=of_type(bool))
    """Whether its streams are dead afterwards, though the farm is said to be all right."""

    evidence = Evidence.DOCUMENTED
    source = "codes 2103 to 2106, 2157, 2158; dead streams: connection.md 8"


@attrs.frozen
class CompetingSession(Deed):
    """Another session of the same user takes the market data: each stream gets 10197, new ones too for a while."""

    seconds: float | None = _seconds_or_none(60.0)
    """How long; None: for ever."""

    evidence = Evidence.DOCUMENTED
    source = "code 10197"


@attrs.frozen
class DepthReset(Deed):
    """Each book of depth is reset: 317 under its id, and then the book anew."""

    evidence = Evidence.DOCUMENTED
    source = "market_data.md 8.2, code 317"


@attrs.frozen
class Notice(Deed):
    """TWS says an error or a notice of its own accord: to the client at which it happens, otherwise to all."""

    code: int = attrs.field(validator=whole(-1, 2**31 - 1))
    """The code, such as 2108, 2110 or 1100."""
    text: str = attrs.field(default="", validator=of_type(str))
    """What it says; empty: what TWS usually says with this code."""
    request_id: int | None = attrs.field(default=None, validator=whole(-(2**31), 2**31 - 1, optional=True))
    """The id that it carries; None: none."""

    evidence = Evidence.DOCUMENTED
    source = "system_messages.yaml"


@attrs.frozen
class Say(Deed):
    """TWS says this, to the client at which it happens, otherwise to all."""

    message: ToClient = attrs.field(validator=of_type(ToClient))
    """What it says."""

    evidence = Evidence.CHOSEN
    source = "whatever else a report shows"


@attrs.frozen
class SayBytes(Deed):
    """TWS sends these bytes, whatever they are, to the client at which it happens, otherwise to all."""

    raw: bytes = attrs.field(validator=of_type(bytes))
    """The bytes; in a file as hexadecimal digits. A frame has its length in front."""

    evidence = Evidence.CHOSEN
    source = "frames of reports, broken frames"


@attrs.frozen
class ChangeSettings(Deed):
    """The person in front of TWS changes its settings, such as ``read_only``. What was done stays done.

    In a night in which clocks are changed it is ``utc_offset``.
    """

    change: tuple[tuple[str, Plain], ...] = attrs.field(converter=pairs, validator=are_pairs)
    """The names of `WorldSettings`, and their new values as a file has them."""

    evidence = Evidence.DOCUMENTED
    source = "connection.md 1: settings with an effect on the wire"

    def __attrs_post_init__(self) -> None:
        """Want something to change."""
        if not self.change:
            raise Refused("change", {}, "at least one setting with its value")


AnyOutage: TypeAlias = (
    CutConnection
    | NightlyRestart
    | AcceptAndHangUp
    | Wedged
    | HoldClientIds
    | MoveNextIds
    | RateExceeded
    | PortChanged
    | ConnectionLost
    | FarmDown
    | CompetingSession
    | DepthReset
    | Notice
    | Say
    | SayBytes
    | ChangeSettings
)

OUTAGES: Final[tuple[type[Deed], ...]] = (
    CutConnection,
    NightlyRestart,
    AcceptAndHangUp,
    Wedged,
    HoldClientIds,
    MoveNextIds,
    RateExceeded,
    PortChanged,
    ConnectionLost,
    FarmDown,
    CompetingSession,
    DepthReset,
    Notice,
    Say,
    SayBytes,
    ChangeSettings,
)
"""All of them."""

ABOUT_CLIENTS: Final = (CutConnection, RateExceeded, DepthReset, Notice, Say, SayBytes)
"""Those that can be about some clients alone."""
