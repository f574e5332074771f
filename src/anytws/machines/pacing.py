"""What TWS takes in a given time, and at once: how much of it an account has, and what is told of who waits for it.

A client can stay below these limits **alone**: other clients of the same user, and the windows of TWS, use some of the
same places (lines, books, open queries). Then TWS says 101, 309 or 162 all the same.
"""

from __future__ import annotations

from typing import Final

import attrs

from anytws.core.arguments import check_flag, check_instance, check_whole_number
from anytws.core.options import HandshakeOptions
from anytws.messages.base import record

PACEAPI: Final = "+PACEAPI"
"""What is said in the handshake to have TWS keep back what is too fast, instead of refusing it."""

_LEAST: Final = 3
_FEW_LINES: Final = 400
_MOST_BOOKS: Final = 60

WORDS: Final = {
    "messages": "its turn among the messages that may leave in a second",
    "lines": "a market data line",
    "tick_by_tick": "its turn among tick-by-tick requests",
    "depth": "a place for one more book",
    "small_history": "its turn among requests for small bars, ticks, head timestamps and real-time bars",
    "history": "a place among the historical requests that may be open at once",
    "scanners": "a place for one more scanner",
    "account_summaries": "a place for one more account summary",
    "symbols": "its turn among searches for symbols",
    "regulatory_snapshots": "its turn among regulatory snapshots",
    "turn": "its turn behind a request whose answer could not be told from its own",
    "room": "room among the messages that wait to be sent",
}
"""Reasons for which a request waits before it leaves, and how a sentence says them."""


@attrs.frozen(kw_only=True)
class Pacing:
    """The limits of one account. The defaults are those of one that pays for nothing more.

    Raises `TypeError` and `ValueError` for numbers that are none.
    """

    lines: int = 100
    """Market data lines that may be open at once (TWS shows them with Ctrl-Alt-=)."""
    messages_per_second: int = attrs.field(
        default=attrs.Factory(lambda self: max(1, self.lines // 2) if isinstance(self.lines, int) else 50, True)
    )
    """Messages to TWS in any second: half of the lines, by default."""
    tick_by_tick: int = attrs.field(
        default=attrs.Factory(lambda self: max(_LEAST, self.lines // 20) if isinstance(self.lines, int) else 5, True)
    )
    """Tick-by-tick streams at once: 5 % of the lines, and 3 at the least, by default."""
    depth: int = attrs.field(
        default=attrs.Factory(lambda self: _books(self.lines) if isinstance(self.lines, int) else 3, True)
    )
    """Instruments of which there may be a book at once: 3 below 400 lines, then one for each 100, 60 at the most."""
    open_history: int = 50
    """Historical requests that may be open at once. The windows of TWS use some of the 50 too."""
    by_tws: bool = False
    """Whether TWS is asked to keep back what is too fast (``+PACEAPI``). Then nothing waits here for its turn among the
    messages, and a cancel waits in TWS behind all that was said before it. All other limits are kept."""

    def __attrs_post_init__(self) -> None:
        examples = {"lines": 100, "messages_per_second": 50, "tick_by_tick": 5, "depth": 3, "open_history": 50}
        for name, example in examples.items():
            check_whole_number(name, getattr(self, name), at_least=1, example=example)
        check_flag("by_tws", self.by_tws)

    def asked_for(self, options: HandshakeOptions) -> HandshakeOptions:
        """Give *options* with what the handshake has to say for this."""
        said = options.connect_options
        if not self.by_tws or PACEAPI in said.split():
            return options
        return attrs.evolve(options, connect_options=f"{said} {PACEAPI}".strip())


def _books(lines: int) -> int:
    return _LEAST if lines < _FEW_LINES else min(lines // 100, _MOST_BOOKS)


STANDARD_PACING: Final = Pacing()
"""What an account has that pays for nothing more."""


def pacing_of(choice: Pacing | int | None) -> Pacing | None:
    """Give what a caller has chosen; a number is messages a second. Raises `TypeError` and `ValueError`."""
    if choice is None or isinstance(choice, Pacing):
        return choice
    check_whole_number("pacing", choice, at_least=1, example=50)
    check_instance("pacing", choice, int)
    return Pacing(messages_per_second=choice, lines=2 * choice)


@record
class Waiting:
    """Why a request has not left yet."""

    reason: str
    """One of `WORDS`, such as ``"messages"``, ``"lines"`` or ``"history"``."""
    since: float
    """From when on it has waited for this, in seconds of the session's clock."""
    until: float | None = None
    """When the wait is over at the earliest, where that is known, in the same time."""

    def __str__(self) -> str:
        return f"it waits for {WORDS[self.reason]}"


@record
class Limit:
    """A limit on what may be open at once, and how much of it is used."""

    open: int
    """How many are open."""
    most: int
    """How many this client would have open, at the most: as `Pacing` says, or fewer where TWS has refused more."""


@record
class PacingStatistics:
    """What pacing has done, by reason (`WORDS`). Times are in seconds."""

    waiting: dict[str, int] = attrs.Factory(dict)
    """How many requests and messages wait now."""
    held: dict[str, int] = attrs.Factory(dict)
    """How many have waited, and do not any more."""
    seconds: dict[str, float] = attrs.Factory(dict)
    """How long these have waited, all together."""
    refused: dict[str, int] = attrs.Factory(dict)
    """How many streams were refused before they were asked for (`LimitReached`)."""
    longest: float = 0.0
    """The longest of all waits that are over."""
    limits: dict[str, Limit] = attrs.Factory(dict)
    """What may be open at once."""


class Tally:
    """Counts waits, by reason."""

    def __init__(self) -> None:
        self.held: dict[str, int] = {}
        self.seconds: dict[str, float] = {}
        self.refused: dict[str, int] = {}
        self.longest: float = 0.0

    def note(self, reason: str, seconds: float) -> None:
        """Note a wait that is over."""
        self.held[reason] = self.held.get(reason, 0) + 1
        self.seconds[reason] = self.seconds.get(reason, 0.0) + seconds
        self.longest = max(self.longest, seconds)

    def note_refused(self, reason: str) -> None:
        """Note a stream that was refused."""
        self.refused[reason] = self.refused.get(reason, 0) + 1
