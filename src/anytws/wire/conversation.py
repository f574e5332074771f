"""The words of the column `Entry.conversation`: what answers a request, what ends that, what cancels it.

The facts are those of the vendor's pages, of recordings and of other clients' reports; which, and how sure they are,
stands in each row (`ConversationRow.source`, ``confidence``, ``doubts``). How a conversation runs is
`anytws.machines`; a row only says what is known of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, unique
from typing import Any, Final, Literal, TypeAlias

import attrs

from anytws.messages.base import ToClient, ToTws

Confidence: TypeAlias = Literal["high", "medium", "low"]
"""How sure the fixed columns of a row are. No live TWS was at hand: none is surer than its source."""


@unique
class Shape(Enum):
    """How many answers there are, and whether they come to an end."""

    ONE = "one"
    """One answer."""
    RUN = "run"
    """Any number of answers, none too, and then an end."""
    STREAM = "stream"
    """Answers until it is cancelled, or ended by an error."""
    RUN_THEN_STREAM = "run_then_stream"
    """A run with its end, and then further answers until it is cancelled."""
    COMMAND = "command"
    """No answer of its own."""


@unique
class Key(Enum):
    """The field by which an answer finds its request; the value is the field's name."""

    REQUEST_ID = "request_id"
    ORDER_ID = "order_id"
    MARKET_RULE_ID = "market_rule_id"
    FA_DATA_TYPE = "fa_data_type"
    NOTHING = ""
    """Any message of the kind is an answer."""


@unique
class Resend(Enum):
    """Whether the same may be asked again, where no answer came or the connection broke."""

    YES = "yes"
    NEW_ID = "new_id"
    """Yes, under a fresh id."""
    NEVER = "never"
    """Not without looking first: it changes something, or costs money."""


@unique
class Pace(Enum):
    """The limit that a request counts against, beyond that of all messages."""

    NOTHING = "nothing"
    CLOCK = "clock"
    """Both clock requests together: a second one within about a second is ignored without a word."""
    MARKET_DATA = "market_data"
    """Lines: 100 at once by default."""
    REGULATORY_SNAPSHOT = "regulatory_snapshot"
    """One a second; each costs money."""
    TICK_BY_TICK = "tick_by_tick"
    """5 % of the lines at once; one request an instrument in 15 s."""
    DEPTH = "depth"
    """3 instruments at once below 400 lines."""
    REAL_TIME_BARS = "real_time_bars"
    """60 new ones in 10 minutes; each takes a line."""
    HISTORICAL = "historical"
    """50 open at once; those of small bars, ticks and head timestamps 60 in 10 minutes besides."""
    SYMBOLS = "symbols"
    """One a second."""
    SCANNER = "scanner"
    """10 at once."""
    ACCOUNT_SUMMARY = "account_summary"
    """2 at once."""
    WHAT_IF = "what_if"
    """Advised: one a minute, and one for ten orders."""


@attrs.frozen(eq=False, kw_only=True)
class Cancel:
    """How a conversation is cancelled, and what TWS says to that."""

    by: type[ToTws]
    """The message. Its key (`ConversationRow.key`) is that of the request, if it has one. A TWS too old for it
    (`Entry.since`) is told nothing: what comes is not listened to any more."""
    copies: tuple[str, ...] = ()
    """Fields that have to be as in the request (``is_smart_depth``)."""
    sets: tuple[tuple[str, Any], ...] = ()
    """Fields that make a cancel of it, where it is the same message as the request (``subscribe``)."""
    receipt: int | None = None
    """The code by which TWS confirms it; None: it says nothing. A receipt is no failure."""
    harmless: frozenset[int] = frozenset()
    """Codes for the cancel of what is over, or was never known: the race with an end is ordinary."""
    after_answer: bool = False
    """Whether it has to be sent after the answer too, to free a place."""


_TELL_THE_VARIANT: Final = {"when", "field", "holds", "no_cancel"}


@attrs.frozen(eq=False, kw_only=True)
class Variant:
    """The same message used otherwise. What is None here is as in the row."""

    when: str
    """In words: ``snapshot``."""
    field: str
    """The field that decides, for errors."""
    holds: Callable[[Any], bool]
    """Tells of a request whether it is used so."""
    shape: Shape
    answers: tuple[type[ToClient], ...] | None = None
    end: type[ToClient] | None = None
    ends_when: Callable[[Any], bool] | None = None
    changes_state: bool | None = None
    resend: Resend | None = None
    settles: bool | None = None
    deadline: float | None = None
    pace: Pace | None = None
    cancel: Cancel | None = None
    no_cancel: bool = False
    """Whether it has none, though the row has one."""

    def applied_to(self, row: ConversationRow) -> ConversationRow:
        """Give the row of a request that is used so: *row* with what is different."""
        changes: dict[str, Any] = {name: value for name in _CHANGED if (value := getattr(self, name)) is not None}
        if self.no_cancel:
            changes["cancel"] = None
        return attrs.evolve(row, variants=(), **changes)


_CHANGED: Final = [field.name for field in attrs.fields(Variant) if field.name not in _TELL_THE_VARIANT]


@attrs.frozen(eq=False, kw_only=True)
class ConversationRow:
    """What is known of one request of a client."""

    shape: Shape
    key: Key = Key.NOTHING
    answers: tuple[type[ToClient], ...] = ()
    """Messages that are given to whoever asked, its end not among them."""
    end: type[ToClient] | None = None
    """The message that ends the (first) run and carries nothing else."""
    end_since: int = 0
    """The server version from which the end is said. Below it the first answer is the last one of the run."""
    ends_when: Callable[[Any], bool] | None = None
    """Tells of an answer whether it is the last of the run, where no message of its own ends it."""
    ends_after: tuple[type[ToClient], ...] = ()
    """Answers behind which nothing comes any more (a rerouted CFD)."""
    first_run: tuple[type[ToClient], ...] = ()
    """Of a stream that goes on from a run, the answers that make the run up, where those are not all."""
    is_answer: Callable[[Any], bool] | None = None
    """Tells of a message of one of the kinds whether it is an answer, where the kind alone does not."""
    merge: Callable[[tuple[Any, ...], Any], Any] | None = None
    """Makes what is given to the caller of the (first) run's answers and its end (None if that was not sent), where it
    is not the tuple of the answers. One answer (`Shape.ONE`) is given as it is. It raises `DecodeError` for what cannot
    be an answer."""
    variants: tuple[Variant, ...] = ()
    """The first that holds decides."""
    cancel: Cancel | None = None
    cancelled_with_caller: bool = True
    """Whether it is cancelled when nobody waits for it any more. Orders never are."""
    slot: str | None = None
    """Requests with the same slot are never open at once: equal ones share one, unless they change something; others
    wait. With a key of their own (a market rule) the slot is one for each value."""
    exclusive: tuple[str, ...] = ()
    """Fields in which a request may not differ from the one that is open (``account``); otherwise it is refused. Where
    that one is a stream, to wait for it might be to wait for ever."""
    apart: float = 0.0
    """Seconds between two requests on the slot."""
    kept_by: Callable[[Any], Any] | None = None
    """Gives of an answer what it replaces the last word about, so that who joins a stream later is told the present
    state; None: such a one hears only what comes."""
    lost_with_link: bool = False
    """Whether a stream is dead when TWS has lost its data (1101)."""
    forbidden: str = ""
    """Why it is not for clients at large, if it is not."""
    ends: frozenset[int] = frozenset()
    """Codes that end it, besides those that end anything (`ENDS_ANYTHING`)."""
    comments: frozenset[int] = frozenset()
    """Codes that come with its key, or because of it without one, and do not end it."""
    unclear: frozenset[int] = frozenset()
    """Codes after which it ends or goes on: data decide, or a deadline."""
    changes_state: bool | None = None
    """Whether it changes something; None: as `Entry.changes_state` says."""
    changes_state_as_client_0: bool = False
    """Whether client 0 changes something by it though others do not: orders entered by hand become its own."""
    resend: Resend = Resend.NEVER
    settles: bool = False
    """Whether it is sent again once when it was asked just after the start and nothing came: TWS drops such."""
    deadline: float | None = None
    """Seconds for the (first run's) answer, or for the first message of a stream that owes one; None: there is none."""
    pace: Pace = Pace.NOTHING
    source: str = ""
    """Where the columns come from: D documented by IB; V read in, or run with, the official client; C with a key, a
    recording or a community's report; I inferred."""
    confidence: Confidence = "high"
    doubts: str = ""
    """What is not sure, in words."""


ENDS_ANYTHING: Final = frozenset({320, 321, 322, 323, 1100})
"""Codes that end whatever request they name. [C cap, osa]"""

UNASKED: Final[Mapping[str, str]] = {
    "ErrorMessage": "belongs to whatever its id and code say, and to none where they say nothing",
    "CommissionAndFeesReport": "has the id of an execution and of nothing else, so that no request can be told by it",
    "OrderBound": "tells client 0 that an order entered by hand is its own now, whenever that happens",
}
"""The messages of TWS that are the answer to no request, by name, and why."""
