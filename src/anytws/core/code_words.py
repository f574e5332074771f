"""The words of the table of codes: kinds of code, what a code does to whom it names, and how it is known.

A kind says what its codes do in general (`EFFECTS_OF_KIND`); a row says where a code differs (`Code.effects`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, Flag, auto, unique
from types import MappingProxyType
from typing import Final, TypeAlias

import attrs


@unique
class CodeKind(Enum):
    """What a code does to whom it concerns, as far as one word can say it."""

    FATAL = "fatal-connection"
    """The connection is over or about to be, or cannot be had."""
    REQUEST_FAILED = "request-error"
    """The request with that id gets no (more) data."""
    ORDER_REJECTED = "order-reject"
    """The order with that id, or the change to it, failed. After a failed change the working order mostly stays."""
    CANCEL_FAILED = "cancel-failed"
    """The cancel of an order was refused, or came too late. It never ends an order by itself, and says little about
    it."""
    CANCELLED = "cancelled"
    """The order with that id is cancelled: by a cancel, which it then confirms, or by the vendor, the exchange or a
    person. No rejection, and no failure."""
    NOTICE = "notice"
    """Information. Whatever it concerns goes on."""
    FARM = "data-farm"
    """One of the vendor's data farms came, went or idles; `anytws.core.codes.farm_of` finds its name in the text."""
    LINK = "connectivity"
    """The link between TWS and the vendor was lost or is back. The connection to TWS itself stays up."""


@unique
class Effect(Enum):
    """What a code does to the order or the request whose id it carries."""

    DEAD = "dead"
    """The order is over, or never came to be."""
    LIVES = "lives"
    """The change is refused, and the order stays as it was."""
    FAILED = "failed"
    """The cancel did nothing, or found nothing to cancel. For a request that is harmless."""
    DONE = "done"
    """The cancel has worked."""
    ENDS = "ends"
    """Nothing more comes for the request."""
    COMMENT = "comment"
    """A remark. Order or request goes on."""
    WAIT = "wait"
    """It may be the end of the request or not: wait for data until a deadline of some seconds; then it was the end."""
    ASK = "ask"
    """The code does not settle it: the status, the executions or a query decide."""


@unique
class Outstanding(Enum):
    """What was last sent for an order, and is not answered yet. With it, the same code means different things."""

    NEW = "new"
    """The order itself; no live word about it has come."""
    MODIFY = "modify"
    """A change of it."""
    CANCEL = "cancel"
    """A cancel of it."""
    IDLE = "idle"
    """Nothing: all that was sent is answered."""


ANY_REQUEST: Final = "request"
"""As a key of effects: every request and every cancel of one whose own name is no key."""

EffectKey: TypeAlias = Outstanding | str
"""For whom an effect holds: for an order, what was last sent for it; for a request, the name of its message
(``"MarketDataRequest"``, also ``"CancelMarketData"``) or `ANY_REQUEST`."""

Effects: TypeAlias = tuple[tuple[EffectKey, Effect], ...]
"""Effects by key, each key once."""

EFFECTS_ON_ORDERS: Final = frozenset(
    {Effect.DEAD, Effect.LIVES, Effect.FAILED, Effect.DONE, Effect.COMMENT, Effect.ASK}
)
"""What `anytws.core.codes.CodeTable.effect_on_order` can give."""

EFFECTS_ON_REQUESTS: Final = frozenset({Effect.ENDS, Effect.FAILED, Effect.DONE, Effect.COMMENT, Effect.WAIT})
"""What `anytws.core.codes.CodeTable.effect_on_request` can give."""


def _each(request: Effect, new: Effect, modify: Effect, cancel: Effect, idle: Effect) -> Mapping[EffectKey, Effect]:
    return MappingProxyType(
        {
            ANY_REQUEST: request,
            Outstanding.NEW: new,
            Outstanding.MODIFY: modify,
            Outstanding.CANCEL: cancel,
            Outstanding.IDLE: idle,
        }
    )


_ASK, _COMMENT, _DEAD, _ENDS = Effect.ASK, Effect.COMMENT, Effect.DEAD, Effect.ENDS
_REMARK = _each(_COMMENT, _COMMENT, _COMMENT, _COMMENT, _COMMENT)

EFFECTS_OF_KIND: Final[Mapping[CodeKind, Mapping[EffectKey, Effect]]] = MappingProxyType(
    {
        CodeKind.FATAL: _each(_ENDS, _ASK, _ASK, _ASK, _COMMENT),
        CodeKind.REQUEST_FAILED: _each(_ENDS, _COMMENT, _COMMENT, _COMMENT, _COMMENT),
        CodeKind.ORDER_REJECTED: _each(_ENDS, _DEAD, Effect.LIVES, _ASK, _ASK),
        CodeKind.CANCEL_FAILED: _each(_COMMENT, _COMMENT, _COMMENT, Effect.FAILED, _COMMENT),
        CodeKind.CANCELLED: _each(_ENDS, _DEAD, _DEAD, Effect.DONE, _DEAD),
        CodeKind.NOTICE: _REMARK,
        CodeKind.FARM: _REMARK,
        CodeKind.LINK: _REMARK,
    }
)
"""What the codes of a kind do where their row does not say otherwise: for `ANY_REQUEST`, and for each `Outstanding`."""


@unique
class CodeSource(Flag):
    """Where a row was learned. A row may have several sources: ``CodeSource.CAPTURED in row.source``."""

    DOCUMENTED = auto()
    """On the vendor's public page of message codes (spring of 2026), or in an older public table of the vendor's."""
    CATALOGUE = auto()
    """In the table of messages of Gateway 10.40, or in its rules for orders, as they were published. Number and text
    are what stands there; whether, and when, a client of the API is sent the code is open."""
    CAPTURED = auto()
    """Seen on the wire, in recordings of real sessions."""
    COMMUNITY = auto()
    """In issue trackers, or in the production code of other clients."""
    VERIFIED = auto()
    """In the vendor's own client libraries."""
    APPLICATION = auto()
    """Not a row of ours: the application named the code, in `CodeTable.with_kinds` or in `CodeTable.with_effects`."""


@attrs.frozen
class Code:
    """One row: a code and what is known of it."""

    code: int
    """The vendor's number."""
    kind: CodeKind
    """What it does, in one word."""
    meaning: str
    """What it says, in our words."""
    local: bool
    """True if no TWS sends it: client libraries make it themselves."""
    source: CodeSource
    """Where the row was learned."""
    reaction: str | None = None
    """What a robust client does about it, where there is advice."""
    effects: Effects = ()
    """What it does to the order or the request with its id, where that is not what its kind does, or where a report
    says exactly that. `CodeTable.effect_on_order` and `CodeTable.effect_on_request` read it."""
    wrapped: int | None = None
    """The code that Gateway 10.40 sends in its place (321, 322), with this one's text behind its own; None: it may send
    this one itself."""
    may_be_wrapped: tuple[int, ...] = ()
    """Codes that it comes as at some places, with its text behind theirs; at others it comes as itself."""
