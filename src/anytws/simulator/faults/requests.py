"""Faults in how TWS treats one request: the one that an event waits for with `On`.

What belongs to a request is what carries its id, or that of its order, or, of requests without an id, what is of the
kinds that answer it, until its end.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import attrs

from anytws.simulator.cards import Evidence
from anytws.simulator.faults.words import RequestRule, number, of_type, whole
from anytws.simulator.settings import HangUp

_LEAST_CODE: Final = -1
_MOST_CODE: Final = 2**31 - 1


def _code(default: int) -> int:
    code: int = attrs.field(default=default, validator=whole(_LEAST_CODE, _MOST_CODE))
    return code


@attrs.frozen
class DropRequest(RequestRule):
    """TWS never gets the request: it does nothing, and says nothing."""

    evidence = Evidence.REPORTED
    source = "requests just after nextValidId, orders on a paper server or behind a dialog (orders.md 3.21)"


@attrs.frozen
class NeverAnswer(RequestRule):
    """TWS does what is asked, and nothing that belongs to the request is ever said."""

    evidence = Evidence.REPORTED
    source = "conversations.md 10: what is known to stay away"


@attrs.frozen
class AnswerTwice(RequestRule):
    """The whole answer is said twice: a run with its end after its end, what has no end message by message."""

    seconds: float = attrs.field(default=0.0, validator=number(unit="seconds"))
    """How long after the first time."""

    evidence = Evidence.REPORTED
    source = "repeated ends of account summaries and position runs (conversations.md 3, 6)"


@attrs.frozen
class AnswerLate(RequestRule):
    """All that belongs to the request is said later, after its cancel too if that comes before."""

    seconds: float = attrs.field(validator=number(unit="seconds"))
    """How much later."""

    evidence = Evidence.REPORTED
    source = "conversations.md 4 and 11: answers after a cancel, cold farms"


@attrs.frozen
class AnswerAfterCancel(RequestRule):
    """The answer is held back until the client cancels the request, and then it comes."""

    seconds: float = attrs.field(default=0.0, validator=number(unit="seconds"))
    """How long after the cancel."""

    evidence = Evidence.REPORTED
    source = "conversations.md 4: data that were queued come after the cancel, a whole answer at times"


@attrs.frozen
class LeaveOutEnd(RequestRule):
    """The rows of the answer come, and the message that ends them does not."""

    evidence = Evidence.REPORTED
    source = "conversations.md 10: ends that stay away in some builds"


@attrs.frozen
class ErrorInstead(RequestRule):
    """TWS says an error under the request's id, or its order's, and does nothing: a false 200, a 1100, a reject."""

    code: int = _code(200)
    """The code."""
    text: str = attrs.field(default="", validator=of_type(str))
    """What it says; empty: what TWS usually says with this code (`anytws.simulator.faults.texts`)."""

    evidence = Evidence.REPORTED
    source = "conversations.md 8: a false 200 or a 1100 under the id of a request while the link is down"


@attrs.frozen
class ErrorAfterData(RequestRule):
    """So many messages of the answer come, then an error under its id, and then nothing more."""

    code: int = _code(162)
    """The code."""
    text: str = attrs.field(default="", validator=of_type(str))
    """What it says; empty: what TWS usually says with this code."""
    messages: int = attrs.field(default=1, validator=whole(0))
    """How many messages come before it."""

    evidence = Evidence.REPORTED
    source = "10182, 10197, 10225: streams that end with an error in the middle (system_messages.yaml)"


@attrs.frozen
class LostAcknowledgement(RequestRule):
    """An order arrives and works, and neither OpenOrder nor OrderStatus tells of it; its executions are told."""

    seconds: float | None = attrs.field(default=None, validator=number(optional=True, unit="seconds"))
    """How long that lasts; None: for ever."""

    evidence = Evidence.RECORDED
    source = "trace order_works_but_no_message_for_half_a_minute"


@attrs.frozen
class CutUnanswered(RequestRule):
    """TWS does what is asked, an order for example, and the connection ends before a word of the answer."""

    how: HangUp = attrs.field(default=HangUp.EOF, validator=of_type(HangUp))
    """How it ends."""

    evidence = Evidence.RECORDED
    source = "trace orders_lost_in_restart_ids_reissued; the case for which OrderUnknown exists"


AnyRequestRule: TypeAlias = (
    DropRequest
    | NeverAnswer
    | AnswerTwice
    | AnswerLate
    | AnswerAfterCancel
    | LeaveOutEnd
    | ErrorInstead
    | ErrorAfterData
    | LostAcknowledgement
    | CutUnanswered
)

REQUEST_RULES: Final[tuple[type[RequestRule], ...]] = (
    DropRequest,
    NeverAnswer,
    AnswerTwice,
    AnswerLate,
    AnswerAfterCancel,
    LeaveOutEnd,
    ErrorInstead,
    ErrorAfterData,
    LostAcknowledgement,
    CutUnanswered,
)
"""All of them."""
