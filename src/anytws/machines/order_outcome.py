"""The outcome of an order, as far as is known: the law of how it may move. **No row, no change.**

What is believed follows from the set of what was heard (`anytws.machines.order_belief`), and not from what was believed
before: a law that held a belief back would make it depend on the order of arrival. So this law is not what decides, but
what holds of all that is decided, in any order and with repeats (the tests look for a history that breaks it).
``statecharts/order_outcome.scxml`` is the same machine for people and for other tools.

Hardly anything leads back from an end, and what does is rare: it is a contradiction of what was said before, or a
quantity that turns out to be greater than was known. In what TWS was seen to do, nothing follows upon *filled*.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Final, NamedTuple

from anytws.machines.order_state import OrderOutcome


@unique
class OutcomeWord(Enum):
    """What the whole of what is known says anew."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    LIVE = "live"
    """It is open: a live word of TWS, or an `anytws.messages.OpenOrder`."""
    FILLED = "filled"
    """Nothing remains: by its executions, or by the word of TWS."""
    CANCELLED = "cancelled"
    """What was not filled is cancelled: by a status, by 202, or in the list of completed orders."""
    REFUSED = "refused"
    """A code has refused it, and no live word speaks against that."""
    PREVIEWED = "previewed"
    """TWS has computed margins and costs: it was a question."""
    TAKEN_BACK = "taken_back"
    """It was taken back before a byte of it had left this process."""
    ABSENT = "absent"
    """TWS was asked, and it never arrived there."""
    FOUND = "found"
    """TWS was asked, and has it among its open orders, though it had said before that it is over."""
    BELIED = "belied"
    """A live word has come of what was concluded to be over, without TWS having said that on this connection."""
    GROWN = "grown"
    """Its quantity is greater than was known: somebody else has raised it, and the word of it came behind the fill."""
    GROWN_CANCELLED = "grown_cancelled"
    """The same, and what was not filled had been cancelled."""
    GROWN_REFUSED = "grown_refused"
    """The same, and what was not filled had been refused."""


OF_CLIENT: Final = frozenset({OutcomeWord.TAKEN_BACK, OutcomeWord.ABSENT, OutcomeWord.FOUND})
"""The words that follow from what the client does or asks; all others from what TWS says by itself."""


class OutcomeStep(NamedTuple):
    """One row of the law: where the outcome may move, and by what."""

    outcome: OrderOutcome
    word: OutcomeWord
    target: OrderOutcome


_O, _W = OrderOutcome, OutcomeWord

OUTCOME_STEPS: Final = tuple(
    OutcomeStep(outcome, word, target)
    for outcome, ways in (
        (
            _O.UNKNOWN,
            (
                (_W.LIVE, _O.OPEN),
                (_W.FILLED, _O.FILLED),
                (_W.CANCELLED, _O.CANCELLED),
                (_W.REFUSED, _O.REJECTED),
                (_W.PREVIEWED, _O.WHAT_IF),
                (_W.TAKEN_BACK, _O.CANCELLED),
                (_W.ABSENT, _O.REJECTED),
            ),
        ),
        # A refusal may follow a live word: that of the vendor (201), behind that of TWS.
        (_O.OPEN, ((_W.FILLED, _O.FILLED), (_W.CANCELLED, _O.CANCELLED), (_W.REFUSED, _O.REJECTED))),
        # What looked like a refusal was none, if the order lives. TWS lists as cancelled what it has refused.
        (
            _O.REJECTED,
            ((_W.LIVE, _O.OPEN), (_W.FOUND, _O.OPEN), (_W.FILLED, _O.FILLED), (_W.CANCELLED, _O.CANCELLED)),
        ),
        # A late execution may complete what is cancelled.
        (_O.CANCELLED, ((_W.FILLED, _O.FILLED), (_W.FOUND, _O.OPEN), (_W.BELIED, _O.OPEN))),
        (
            _O.FILLED,
            (
                (_W.FOUND, _O.OPEN),
                (_W.BELIED, _O.OPEN),
                (_W.GROWN, _O.OPEN),
                (_W.GROWN_CANCELLED, _O.CANCELLED),
                (_W.GROWN_REFUSED, _O.REJECTED),
            ),
        ),
    )
    for word, target in ways
)
"""Every row. What is not here does not happen."""

_TARGETS: Final = {(step.outcome, step.word): step.target for step in OUTCOME_STEPS}
_MOVES: Final = frozenset((step.outcome, step.target) for step in OUTCOME_STEPS)


def target_of(outcome: OrderOutcome, word: OutcomeWord) -> OrderOutcome | None:
    """Give the outcome that *word* leads to, or None where the law has no row."""
    return _TARGETS.get((outcome, word))


def may_follow(outcome: OrderOutcome, target: OrderOutcome) -> bool:
    """Tell whether the law has a row from *outcome* to *target*."""
    return (outcome, target) in _MOVES
