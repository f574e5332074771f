"""What a code of TWS does to a question, and the errors that are made of it."""

from __future__ import annotations

from typing import Any, Final

from anytws.core.code_words import Effect, Outstanding
from anytws.core.codes import (
    CODES,
    LINK_LOST,
    MARKET_DATA_FARM_BROKEN,
    SECURITY_DEFINITION_FARM_BROKEN,
    CodeTable,
)
from anytws.core.events import Notice
from anytws.errors import LocalProtocolError, RequestFailed
from anytws.machines.conversation import Plan, Question
from anytws.machines.records import Reset
from anytws.machines.register import Slot
from anytws.messages.base import ToTws
from anytws.messages.session import ErrorMessage
from anytws.wire.catalogue import entry_for
from anytws.wire.conversation import ENDS_ANYTHING, Key, Shape
from anytws.wire.rows import Entry, Filler, leaves

LINK_TROUBLE: Final = 30.0
"""Seconds after TWS has lost a link in which its "no such contract" is not to be believed."""
LINK_CODES: Final = frozenset({LINK_LOST, MARKET_DATA_FARM_BROKEN, SECURITY_DEFINITION_FARM_BROKEN})
"""Codes by which it says so: its own link to the vendor, that of a data farm, that of security definitions."""
WITHOUT_ID: Final = ENDS_ANYTHING - {LINK_LOST}
"""Codes that may be about a request without an id. That TWS has lost its link is about none."""
_NO_CONTRACT: Final = 200
_BOOK_RESET: Final = 317


def effect_on(question: Question, code: int, codes: CodeTable) -> Effect:
    """Tell what *code* does to *question*: what the user has said of it, what its row says, what the table says."""
    row = question.plan.row
    if row.key is Key.ORDER_ID:
        # A what-if: an order that is never to be.
        is_dead = codes.effect_on_order(code, Outstanding.NEW) is Effect.DEAD
        return Effect.ENDS if is_dead or code in ENDS_ANYTHING else Effect.COMMENT
    effect = codes.effect_on_request(code, question.name)
    if _is_overridden(question, code, codes):
        return effect
    if code in row.comments:
        return Effect.COMMENT
    if code in row.unclear:
        return Effect.WAIT
    if code in row.ends or code in ENDS_ANYTHING:
        return Effect.ENDS
    return effect


def ends_by_itself(question: Question, code: int, codes: CodeTable) -> bool:
    """Tell whether *code*, said without an id, is one of those that end just such a request as *question*."""
    if effect_on(question, code, codes) is not Effect.ENDS:
        return False
    return code in question.plan.row.ends or _is_overridden(question, code, codes)


def _is_overridden(question: Question, code: int, codes: CodeTable) -> bool:
    row, usual = codes.row(code), CODES.row(code)
    if codes is CODES or row is None or row is usual:
        return False
    name = question.name
    is_named = dict(row.effects).get(name) is not (None if usual is None else dict(usual.effects).get(name))
    return is_named or codes.effect_on_request(code, name) is not CODES.effect_on_request(code, name)


def failure_of(question: Question, error: ErrorMessage, since_link_lost: float) -> RequestFailed:
    """Make what is raised where *error* has ended *question*; *since_link_lost* are seconds."""
    is_doubtful = error.error_code == _NO_CONTRACT and since_link_lost <= LINK_TROUBLE
    return RequestFailed(error.error_code, error.error_message, question.request, is_doubtful)


def remark_of(error: ErrorMessage, codes: CodeTable) -> Notice | Reset:
    """Give what stands in a stream in the place of *error*, which does not end it."""
    if error.error_code == _BOOK_RESET:
        return Reset(error)
    kind = codes.kind_of(error.error_code)
    return Notice(error.error_code, error.error_message, kind, error.request_id, error.error_time, error)


def is_all(plan: Plan, message: Any) -> bool:
    """Tell whether *message* has one field besides its id: if that is odd, it is no answer."""
    if plan.shape is not Shape.ONE:
        return False
    rows = leaves(entry_for(type(message)).layout.text_rows)
    fields = {row.field for row in rows if not isinstance(row, Filler)}
    return len(fields - {"request_id"}) == 1


def refuse_to_replace(slot: Slot, question: Question) -> None:
    """Raise `LocalProtocolError` where *question* would wait for a stream that may never end."""
    for other in slot.all():
        if other.asked != question.asked and other.streams:
            raise LocalProtocolError(
                f"{other.request!r} is open, and TWS would put {question.request!r} in its place: leave that one first",
                message=question.name,
                field=next(iter(question.plan.row.exclusive), None),
            )


def misused(entry: Entry, plan: Plan, request: ToTws, *, is_asked: bool) -> LocalProtocolError:
    """Make the error for a *request* that is asked and goes on, or is streamed and does not."""
    row = entry.conversation
    assert row is not None, "a request has one"
    if is_asked:
        told, instead = "goes on, and has no answer to wait for", "open it as a stream" if plan.may_be_streamed else ""
        fitting = {Shape.ONE, Shape.RUN, Shape.RUN_THEN_STREAM}
    else:
        told, instead = "has one answer, and does not go on", "ask it" if plan.may_be_asked else ""
        fitting = {Shape.STREAM, Shape.RUN_THEN_STREAM}
    others = [variant for variant in row.variants if variant.shape in fitting]
    ways = [f"use it with {variant.when}" for variant in others]
    held = next((variant for variant in row.variants if variant.holds(request)), None)
    if held is not None and row.shape in fitting:
        ways.append(f"use it without {held.when}")
    if plan.shape is Shape.COMMAND:
        told = "has no answer to wait for" if is_asked else "does not go on"
        ways.append("send it")
    advice = "; or ".join([way for way in (instead, *ways) if way])
    field = next((variant.field for variant in (held, *others, *row.variants) if variant is not None), None)
    return LocalProtocolError(f"{entry.name} {told} like this: {advice}", message=entry.name, field=field)
