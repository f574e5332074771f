"""What TWS has answered to what was sent for an order: to the order itself, to a change of it, to its cancel.

TWS has no answers to these, only news of the order, and codes. Each class here looks at what is believed since
something was sent, and says what that comes to: asked again after each news, and once more at ``look_at``::

    waiting = Placing(life)                      # right after the order was sent
    while (answer := waiting.look(now)) is None:
        ...                                      # until there is news of the order, or it is `waiting.look_at`

Nothing here waits, and silence is no answer: how long to wait for one is the business of who does.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import Final

import attrs

from anytws.core.code_words import Outstanding
from anytws.core.codes import CODES, CodeTable, Effect
from anytws.machines.order import OrderLife
from anytws.machines.order_state import OrderOutcome, Remark
from anytws.machines.outbox import Parcel, Place
from anytws.messages.order_words import OrderStatusWord

HELD_SECONDS: Final = 2.0
"""Seconds that a code has to follow where the only word of a new order is ``Inactive``: with one it is refused, without
one it is held."""
LATE_SECONDS: Final = 2.0
"""Seconds that the end of an order has to follow a code which says that there is nothing to cancel: the two come in
either order."""


@unique
class AnswerKind(Enum):
    """What was answered."""

    ACKNOWLEDGED = "acknowledged"
    """The order: TWS has taken it. It may be over already: the state says it."""
    HELD = "held"
    """The order: its only word is ``Inactive``, and no code has followed."""
    UNTRANSMITTED = "untransmitted"
    """The order: it was sent with ``transmit=False``, and has left. TWS says nothing about such a one."""
    WITHDRAWN = "withdrawn"
    """What was sent was taken back before a byte of it had left."""
    REJECTED = "rejected"
    """The order: it is refused."""
    ACCEPTED = "accepted"
    """The change: TWS says the new terms."""
    REFUSED = "refused"
    """The change: it is refused. Where ``state.is_contested``, what became of the order is not said by that (201)."""
    FAILED = "failed"
    """The cancel: it did nothing, and the order lives on as it was."""
    UNSETTLED = "unsettled"
    """The cancel: TWS finds nothing that it could cancel (161, 10147, 10148, 10149), and has not told the order's end.
    That is no end by itself: only a query tells."""
    OVER = "over"
    """The change or the cancel: the order is over. The state says how."""


@attrs.frozen
class Answer:
    """An answer of TWS to something that was sent for an order."""

    kind: AnswerKind
    code: int | None = None
    """The code that says it; None: none does."""
    text: str | None = None
    """What goes with the code, for people."""


_UNSETTLED: Final = frozenset({161, 10147, 10148, 10149})
"""Codes after which an order may live, be over, or never have been there."""


def _by(kind: AnswerKind, remark: Remark | None) -> Answer:
    return Answer(kind) if remark is None else Answer(kind, remark.code, remark.text)


class _Waiting:
    def __init__(self, life: OrderLife) -> None:
        self._life = life
        self._parcel: Parcel | None = life.parcel
        self.look_at: float | None = None
        """When to look again, also without news; None: only news can bring an answer. Set by ``look``."""
        self._since: float | None = None

    @property
    def _is_withdrawn(self) -> bool:
        return self._parcel is not None and self._parcel.place is Place.WITHDRAWN

    def _is_past(self, seconds: float, now: float) -> bool:
        """Tell whether it was so for *seconds*; set when to look again."""
        if self._since is None:
            self._since = now
        if now - self._since >= seconds:
            self.look_at = None
            return True
        self.look_at = self._since + seconds
        return False

    def _begin_again(self) -> None:
        self._since = self.look_at = None


class Placing(_Waiting):
    """The wait for the answer to an order, begun right after it was sent."""

    def look(self, now: float) -> Answer | None:
        """Give the answer at *now* (seconds of a clock that only goes up); None: there is none yet."""
        life = self._life
        state = life.state
        if life.is_withdrawn or self._is_withdrawn:
            return Answer(AnswerKind.WITHDRAWN)
        if state.status is OrderOutcome.REJECTED:
            return _by(AnswerKind.REJECTED, life.refusal)
        if life.is_acknowledged or state.status.is_done:
            return Answer(AnswerKind.ACKNOWLEDGED)
        if state.word is OrderStatusWord.INACTIVE:
            return Answer(AnswerKind.HELD) if self._is_past(HELD_SECONDS, now) else None
        self._begin_again()
        if state.is_untransmitted and self._parcel is not None and self._parcel.place is Place.LEFT:
            return Answer(AnswerKind.UNTRANSMITTED)
        return None


class Changing(_Waiting):
    """The wait for the answer to a change of an order, begun right after it was sent."""

    def __init__(self, life: OrderLife) -> None:
        super().__init__(life)
        self._change = life.change

    def look(self, now: float) -> Answer | None:
        """Give the answer at *now*; None: there is none yet."""
        del now
        change = self._change
        if self._is_withdrawn:
            return Answer(AnswerKind.WITHDRAWN)
        if change is not None and change.is_accepted:
            return Answer(AnswerKind.ACCEPTED)
        if change is not None and change.refusal is not None:
            return _by(AnswerKind.REFUSED, change.refusal)
        return Answer(AnswerKind.OVER) if self._life.state.is_done else None


class Cancelling(_Waiting):
    """The wait for the answer to a cancel, begun right after it was sent."""

    def __init__(self, life: OrderLife, codes: CodeTable = CODES) -> None:
        super().__init__(life)
        self._codes = codes
        self._after = life.sends

    def look(self, now: float) -> Answer | None:
        """Give the answer at *now*; None: there is none yet."""
        if self._is_withdrawn:
            return Answer(AnswerKind.WITHDRAWN)
        if self._life.state.is_done:
            return Answer(AnswerKind.OVER)
        failure = next(filter(self._fails, reversed(self._life.remarks)), None)
        if failure is None or not self._is_past(LATE_SECONDS, now):
            return None
        return _by(AnswerKind.UNSETTLED if failure.code in _UNSETTLED else AnswerKind.FAILED, failure)

    def _fails(self, remark: Remark) -> bool:
        if remark.after < self._after or remark.outstanding is not Outstanding.CANCEL:
            return False
        return self._codes.effect_on_order(remark.code, Outstanding.CANCEL) is Effect.FAILED
