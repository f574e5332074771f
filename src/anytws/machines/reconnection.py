"""When it is tried again after a connection has ended, and when that is hopeless: a value, and a pure function of it.

`Reconnection` holds the numbers, `Troubles` counts what has ended, `Reconnection.after` says what follows from both:
`TryAgain` after so many seconds, or `Hopeless`, each with its reason in words. One row for each `CloseReason` says
which kind of patience it gets (`PATIENCE`). Nothing here is left to chance: two clients that were cut at once try
again at different moments because of their client ids.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from anytws.core.arguments import check_factor, check_seconds
from anytws.core.events import CloseReason, ConnectionClosed
from anytws.core.state import State
from anytws.errors import shown

LEAST_PAUSE: Final = 0.1
"""Seconds below which no pause may be set: TWS bears badly what connects in a tight loop (reported)."""
MOST_GROWTH: Final = 10.0
_STEPS: Final = 64
"""Times that a pause may grow: more of them reach no other number, and no float holds them."""
_SPREAD: Final = 0.2
"""Part of a pause by which clients differ from each other."""
_GOLDEN: Final = 0.6180339887498949
"""Client ids that follow each other come to lie far apart by it."""
_LONGEST_ID_PAUSE: Final = 5.0
"""Seconds between two attempts to have a client id that is in use, at the most."""


@unique
class Patience(Enum):
    """What an end asks for."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    GROWING = "growing"
    """To be tried again, with pauses that grow."""
    LONG = "long"
    """To be tried again after the longest pause: to come back sooner does harm."""
    FOR_ID = "for_id"
    """To be tried again for as long as `Reconnection.id_wait` says."""
    STRANGE = "strange"
    """What answers may be no TWS: to be tried again for as long as `Reconnection.strange_wait` says, if it was one."""
    NONE = "none"
    """Trying again changes nothing."""


_R, _P = CloseReason, Patience

PATIENCE: Final = {
    _R.LOCAL: _P.NONE,
    _R.EOF: _P.GROWING,
    _R.EOF_MID_FRAME: _P.GROWING,
    _R.RESET: _P.GROWING,
    _R.CONNECT_FAILED: _P.GROWING,
    # A forwarder takes the connection and hangs up while the TWS behind it does not run. That the API is off, or that
    # somebody clicked Reject, looks the same.
    _R.REFUSED: _P.GROWING,
    # A client that gives up waiting was seen to be what wedges a Gateway, and a dialog may be waiting for a person.
    _R.HANDSHAKE_TIMEOUT: _P.LONG,
    _R.CLIENT_ID_IN_USE: _P.FOR_ID,
    _R.UNSUPPORTED_SERVER_VERSION: _P.NONE,
    # To follow is `connect(follow_redirects=True)`; one that comes as an end was not to be followed.
    _R.REDIRECTED: _P.NONE,
    _R.PORT_CHANGED: _P.GROWING,
    _R.PACING_VIOLATION: _P.LONG,
    _R.PROTOCOL_ERROR: _P.STRANGE,
    _R.UNRESPONSIVE: _P.GROWING,
    _R.NOT_PAPER: _P.NONE,
    _R.SEND_FAILED: _P.GROWING,
}
"""What each end asks for."""

_WORDS: Final = {
    _R.LOCAL: "the connection was closed here",
    _R.EOF: "TWS has closed the connection, as it does when it restarts (once a day)",
    _R.EOF_MID_FRAME: "the connection was cut in the middle of a message",
    _R.RESET: "the connection broke, as it does when TWS restarts (once a day) or the network drops",
    _R.CONNECT_FAILED: "nothing answers there: TWS is not up yet, as during its restart or until somebody logs in",
    _R.REFUSED: (
        "what is there takes the connection and hangs up: a forwarder whose TWS is not up yet, or a TWS that does not "
        "want this client (its API is off, this address is not trusted, somebody clicked Reject); it does not say which"
    ),
    _R.CLIENT_ID_IN_USE: "this client id is in use: TWS keeps that of a dropped connection for a while",
    _R.UNSUPPORTED_SERVER_VERSION: "this TWS and this library have no version in common",
    _R.REDIRECTED: "TWS names another address, and to go there was not allowed (follow_redirects)",
    _R.PORT_CHANGED: "the API port of TWS was changed",
    _R.PACING_VIOLATION: "TWS has cut the connection because of too many messages",
    _R.PROTOCOL_ERROR: "what came cannot be from TWS, or from no TWS that we know",
    _R.UNRESPONSIVE: "TWS, or the machine that it runs on, no longer answers",
    _R.NOT_PAPER: "an account may be live, and only paper accounts were asked for (paper_only)",
    _R.SEND_FAILED: "what was said could not be sent",
}
_WEDGED: Final = (
    "it takes connections and does not answer ({0} times in a row): a TWS or Gateway that is wedged like this has to "
    "be restarted; or a dialog on its screen waits for somebody"
)
_MUTE: Final = "it took the connection and did not answer in time"
_NOT_READY: Final = (
    "it answers, and does not become ready: it may be logging in; if that lasts, it has to be restarted ({0} times in "
    "a row)"
)


@attrs.frozen
class TryAgain:
    """It is tried again."""

    seconds: float
    """After so many."""
    why: str
    """What is made of the end."""


@attrs.frozen
class Hopeless:
    """It is not tried again: the end leaves the block."""

    why: str


Verdict: TypeAlias = TryAgain | Hopeless


@attrs.frozen(kw_only=True)
class Trouble:
    """What has ended, and what ended before it."""

    end: ConnectionClosed
    failures: int
    """Ends in a row, this one among them; a connection that has lasted for a while begins a new row."""
    away_for: float
    """Seconds since the program was connected last, or, if it never was, since it began to connect."""
    same: int
    """How many of the last ends had the same reason, this one among them."""
    same_for: float
    """Seconds since the first of these."""
    was_here: bool
    """Whether there ever was a connection: then host, port and client id were right once."""


@attrs.frozen(kw_only=True)
class Reconnection:
    """How `anytws.keep_connected` tries again. The default is made for the nightly restart.

    TWS and Gateway restart once a day, about 23:45 of their own time unless somebody chose otherwise: the connection is
    reset without a warning, the port refuses for about 80 seconds (recorded), and longer where a person has to log in:
    once a week the login has to be made by hand, and nobody may do so before Monday. So it is tried for ever, at first
    often, and then every half a minute.

    Seconds throughout. Raises `TypeError` and `ValueError` for what are none.
    """

    first_pause: float = 1.0
    """Before the first attempt after an end."""
    growth: float = 2.0
    """How many times longer each pause is than the one before."""
    longest_pause: float = 30.0
    """No pause is longer. So this is how late one may be back when TWS is."""
    id_wait: float = 120.0
    """For how long a client id that is in use (326) is asked for again. TWS keeps that of a dropped connection for a
    while; after this somebody else has it, and whoever goes on would take turns with them."""
    strange_wait: float = 120.0
    """For how long it is borne that something else answers where TWS was before. Where TWS never was, not at all."""
    enter_within: float | None = 300.0
    """For how long the block may take to be entered: a wrong port looks like a TWS that is not up yet. None: for ever,
    for a program that is started before its TWS."""
    give_up_after: float | None = None
    """For how long one may be away. None: for ever."""
    stable_after: float = 10.0
    """How long a connection has to last to begin a new row of pauses. One that ends at once again and again is not
    tried each second."""
    reconcile_within: float = 20.0
    """For how long the streams wait on the way back until the orders are asked for. After that they go on, and it is
    tried again."""

    def __attrs_post_init__(self) -> None:
        for name in ("first_pause", "longest_pause"):
            check_seconds(name, getattr(self, name), example=1)
            if getattr(self, name) < LEAST_PAUSE:
                raise ValueError(f"{name} is {shown(getattr(self, name))}, and has to be at least {LEAST_PAUSE:g} s")
        if self.longest_pause < self.first_pause:
            raise ValueError(
                f"longest_pause is {shown(self.longest_pause)}, and has to be at least first_pause, which is "
                f"{shown(self.first_pause)}"
            )
        check_factor("growth", self.growth)
        if not 1 <= self.growth <= MOST_GROWTH:
            raise ValueError(f"growth is {shown(self.growth)}, and has to be from 1 to {MOST_GROWTH:g}")
        for name in ("id_wait", "strange_wait", "stable_after", "reconcile_within"):
            check_seconds(name, getattr(self, name), example=120)
        for name in ("enter_within", "give_up_after"):
            check_seconds(name, getattr(self, name), example=300, may_be_none=True)

    def after(self, trouble: Trouble, client_id: int = 0) -> Verdict:
        """Give what follows from *trouble* for the client with *client_id*."""
        patience, why = PATIENCE[trouble.end.reason], _why(trouble)
        if patience is Patience.NONE:
            return Hopeless(why)
        limit = self.give_up_after if trouble.was_here else self.enter_within
        if limit is not None and trouble.away_for >= limit:
            name = "give_up_after" if trouble.was_here else "enter_within"
            return Hopeless(f"{why}; it was tried for {limit:g} s ({name})")
        if patience is Patience.FOR_ID and trouble.same_for >= self.id_wait:
            return Hopeless(
                f"this client id has been in use for {trouble.same_for:.0f} s, so somebody else has it (id_wait)"
            )
        is_strange = patience is Patience.STRANGE and trouble.end.state is not State.READY
        if is_strange and (not trouble.was_here or trouble.same_for >= self.strange_wait):
            return Hopeless(why)
        seconds = self._pause(patience, trouble.failures, client_id)
        # Not past a limit by more than need be: the last attempt is made when it is reached.
        lefts = [] if limit is None else [limit - trouble.away_for]
        lefts += [self.id_wait - trouble.same_for] if patience is Patience.FOR_ID else []
        lefts += [self.strange_wait - trouble.same_for] if is_strange else []
        return TryAgain(max(LEAST_PAUSE, min([seconds, *lefts])), why)

    def _pause(self, patience: Patience, failures: int, client_id: int) -> float:
        if patience is Patience.LONG:
            pause = self.longest_pause
        else:
            pause = min(self.longest_pause, self.first_pause * self.growth ** min(max(failures - 1, 0), _STEPS))
        if patience is Patience.FOR_ID:
            pause = min(pause, _LONGEST_ID_PAUSE)
        return max(LEAST_PAUSE, pause * (1 - _SPREAD * (client_id * _GOLDEN % 1)))


def for_good(closed: ConnectionClosed, why: str) -> ConnectionClosed:
    """Give *closed* as the end of everything: it says *why* it is not tried again."""
    return attrs.evolve(closed, detail=f"{closed.detail}; not tried again: {why}" if why else closed.detail)


def _why(trouble: Trouble) -> str:
    end = trouble.end
    if end.reason is CloseReason.HANDSHAKE_TIMEOUT:
        if end.state is State.AWAITING_NEXT_VALID_ID:
            return _NOT_READY.format(trouble.same)
        return _WEDGED.format(trouble.same) if trouble.same > 1 else _MUTE
    return _WORDS[end.reason]


class Troubles:
    """Counts what has ended. Times are seconds of a clock that only goes up."""

    def __init__(self, began_at: float) -> None:
        self._away_since = began_at
        self._ready_at: float | None = None
        self._failures = 0
        self._same = 0
        self._same_since = began_at
        self._reason: CloseReason | None = None
        self._was_here = False
        self.moved_to: int | None = None
        """The port that TWS has moved to, as it said (1300)."""

    def __repr__(self) -> str:
        return f"<Troubles: {self._failures} in a row>"

    @property
    def failures(self) -> int:
        """Ends in a row."""
        return self._failures

    def note_ready(self, now: float, port: int | None = None) -> None:
        """Note that there is a connection, through *port*."""
        self._ready_at, self._was_here = now, True
        if port is not None and port != self.moved_to:
            self.moved_to = None

    def note_end(self, end: ConnectionClosed, now: float, stable_after: float) -> Trouble:
        """Note that a connection or an attempt has ended; a connection of *stable_after* seconds begins a new row."""
        if self._ready_at is not None:
            self._away_since = now
            if now - self._ready_at >= stable_after:
                self._failures, self._reason = 0, None
            self._ready_at = None
        self._failures += 1
        if end.reason is not self._reason:
            self._reason, self._same, self._same_since = end.reason, 0, now
        self._same += 1
        if end.new_port is not None:
            self.moved_to = end.new_port
        return Trouble(
            end=end,
            failures=self._failures,
            away_for=now - self._away_since,
            same=self._same,
            same_for=now - self._same_since,
            was_here=self._was_here,
        )

    def port(self, asked: int) -> int:
        """Give the port to try next; *asked* is the one that the program has named.

        Where TWS has moved, both are tried in turn: behind a forwarder the new port is not there, and the old one is.
        """
        return asked if self.moved_to is None or self._failures % 2 == 0 else self.moved_to
