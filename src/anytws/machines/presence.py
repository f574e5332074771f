"""Where a program is that stays connected: there, on the way back, waiting to try again, or at the end of it.

As with the connection (`anytws.core.state`) every change is a row of a table, **no row, no change**, and
``statecharts/presence.scxml`` is the same machine for people and for other tools. When to try again, and what is
hopeless, is the policy's (`anytws.machines.reconnection`).
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum, unique
from typing import TYPE_CHECKING, Final, NamedTuple

from anytws.core.events import ConnectionClosed
from anytws.errors import in_a_sentence
from anytws.machines.records import Gap
from anytws.messages.base import record, replace


@unique
class PresenceState(Enum):
    """Where we are."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    CONNECTING = "connecting"
    """An attempt is made: TCP, and the handshake."""
    WAITING = "waiting"
    """An attempt has failed, or the connection has ended; the next attempt has its time."""
    RETURNING = "returning"
    """Connected again: requests may be made. Settings, orders and streams are brought up to date."""
    PRESENT = "present"
    """Connected, and nothing is left to be brought up to date."""
    OVER = "over"
    """The end of it: the block was left, or trying again cannot help."""


@unique
class PresenceSignal(Enum):
    """What happens to us."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    TRIED = "tried"
    """The time of the next attempt has come."""
    READY = "ready"
    """TWS has said that requests may be made."""
    RETURNED = "returned"
    """Settings have been said again, orders asked for, streams opened."""
    FAILED = "failed"
    """An attempt came to nothing."""
    LOST = "lost"
    """The connection has ended."""
    GIVEN_UP = "given_up"
    """Trying again cannot help, or has been tried for as long as it may."""
    LEFT = "left"
    """The block is left."""


class PresenceStep(NamedTuple):
    """One row of the law."""

    state: PresenceState
    signal: PresenceSignal
    target: PresenceState


_S, _G = PresenceState, PresenceSignal

PRESENCE_STEPS: Final = (
    PresenceStep(_S.CONNECTING, _G.READY, _S.RETURNING),
    PresenceStep(_S.CONNECTING, _G.FAILED, _S.WAITING),
    PresenceStep(_S.WAITING, _G.TRIED, _S.CONNECTING),
    PresenceStep(_S.WAITING, _G.GIVEN_UP, _S.OVER),
    PresenceStep(_S.RETURNING, _G.RETURNED, _S.PRESENT),
    PresenceStep(_S.RETURNING, _G.LOST, _S.WAITING),
    PresenceStep(_S.PRESENT, _G.LOST, _S.WAITING),
    *[PresenceStep(state, _G.LEFT, _S.OVER) for state in (_S.CONNECTING, _S.WAITING, _S.RETURNING, _S.PRESENT)],
)
"""Every row. What is not here does not happen."""

_TARGETS: Final = {(step.state, step.signal): step.target for step in PRESENCE_STEPS}
_HERE: Final = frozenset((_S.RETURNING, _S.PRESENT))


def target_of(state: PresenceState, signal: PresenceSignal) -> PresenceState | None:
    """Give the state that *signal* leads to, or None where the law has no row."""
    return _TARGETS.get((state, signal))


@record
class Presence:
    """Where we are at one moment: connected, or since when not, why, and when it is tried next.

    Times are aware, UTC.
    """

    state: PresenceState
    since: datetime
    """When it came to be like this."""
    address: str
    """Where the connection is, or goes to next: ``host:port``."""
    attempts: int = 0
    """Attempts that have come to nothing since the connection was there last, or since the beginning."""
    next_attempt_at: datetime | None = None
    """When it is tried again; None: it is not waited for."""
    last_end: ConnectionClosed | None = None
    """How the last connection, or the last attempt, ended; None: there was none before."""
    gap: Gap | None = None
    """What we are missing since we are away; None: nothing, we are there (or never were)."""
    gaps: int = 0
    """How many times the connection was lost so far. Who looks rarely sees by it what is over already."""
    why: str = ""
    """What is made of the last end: why it is waited for, or why no more."""

    @property
    def is_here(self) -> bool:
        """Whether there is a connection: a question goes out now, and an order can be placed."""
        return self.state in _HERE

    def __str__(self) -> str:
        """Tell it in one line."""
        where = in_a_sentence(self.address, 200)
        line = f"{self.state.value} ({where}) since {_clock(self.since)}"
        if self.gap is not None and self.state is not _S.PRESENT:
            line += f", away since {_clock(self.gap.since)}"
        if self.attempts:
            line += f", {self.attempts} failed attempt{'s' if self.attempts > 1 else ''}"
        if self.next_attempt_at is not None:
            line += f", next at {_clock(self.next_attempt_at)}"
        return f"{line}: {in_a_sentence(self.why)}" if self.why else line


def _clock(time: datetime) -> str:
    return time.isoformat(" ", "milliseconds").replace("+00:00", "Z")


class PresenceMachine:
    """The one holder of where we are. `fire` is the only way to change it."""

    __slots__ = ("_now",)

    def __init__(self, since: datetime, address: str) -> None:
        self._now = Presence(PresenceState.CONNECTING, since, address)

    def __repr__(self) -> str:
        return f"<PresenceMachine {self._now}>"

    @property
    def now(self) -> Presence:
        """Where we are. A value: it does not change."""
        return self._now

    @property
    def state(self) -> PresenceState:
        """Where we are, in one word."""
        return self._now.state

    def fire(
        self,
        signal: PresenceSignal,
        at: datetime,
        *,
        address: str | None = None,
        end: ConnectionClosed | None = None,
        why: str = "",
        next_attempt_at: datetime | None = None,
        gap: Gap | None = None,
    ) -> bool:
        """Follow the row for *signal* at the time *at*; without one nothing changes and the answer is False.

        *end* is how a connection or an attempt has ended, *gap* what is missed from then on. An attempt that fails
        while we are away is part of the same gap.
        """
        before = self._now
        target = target_of(before.state, signal)
        if target is None:
            return False
        is_here = target in _HERE
        attempts = 0 if is_here else before.attempts + (signal is _G.FAILED)
        missed = before.gap if before.gap is not None else gap
        self._now = replace(
            before,
            state=target,
            since=at,
            address=before.address if address is None else address,
            attempts=attempts,
            next_attempt_at=next_attempt_at if target is _S.WAITING else None,
            last_end=before.last_end if end is None else end,
            gap=None if target is _S.PRESENT else missed,
            gaps=before.gaps + (signal is _G.LOST),
            why=why if why or is_here or signal is _G.LEFT else before.why,
        )
        return True
