"""What became of an order of which nobody knew it: the answers of TWS, judged.

Nothing is said that the answers do not say. That an order is missing in a list proves nothing: lists may be short by
one, or stale; TWS may know of an order without telling; what is sent may be read late. So *never arrived* needs all
lists, looked at twice with a pause between, and a word of TWS about ids: it gives out the order's id again, and in no
way contradicts itself. What is not to be transmitted is in no list at all, so that its id has to be free still after
the last look. Everything else is *still unknown*.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum, unique
from typing import TYPE_CHECKING, Any, Final

import attrs

from anytws.machines.sightings import Asking, Sighting, Sought, Survey, of_sought
from anytws.messages.base import record

SETTLING: Final = 5.0
"""Seconds between two looks that have to agree before an order is said never to have arrived: what an old connection
had brought may still be on its way through TWS (chosen: no such delay was measured)."""


@unique
class FateOutcome(Enum):
    """What became of an order."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    LIVE = "live"
    """It works, or waits to."""
    DONE = "done"
    """It came to its end: filled, cancelled, or rejected, as the trade's state says."""
    NEVER_ARRIVED = "never_arrived"
    """TWS never had it. Only said where nothing of it has left this process; or where TWS gives out its id again, has
    never named a permanent id for it, and two complete looks some seconds apart have found nothing."""
    STILL_UNKNOWN = "still_unknown"
    """Nothing that TWS was asked says it. It may work, be over, or never have arrived: do not place it again as if it
    were not there. Ask later; after that only a person, or tomorrow's statement, knows."""


@record
class Fate:
    """What became of an order, and how that is known."""

    outcome: FateOutcome
    trade: Any
    """The `anytws.Trade` of it, on the connection that was asked; None where that knows none: it never arrived, or
    nothing is known of it there. Of a family, that of its first member."""
    evidence: tuple[str, ...] = ()
    """What was asked and what it said, for people, in the order in which it was asked."""
    members: tuple[Fate, ...] = ()
    """Of a family, the fate of each member of which it was not known, in the order of `OrderUnknown.members`."""


_WORST: Final = (FateOutcome.STILL_UNKNOWN, FateOutcome.LIVE, FateOutcome.DONE, FateOutcome.NEVER_ARRIVED)


def family_outcome(outcomes: Iterable[FateOutcome]) -> FateOutcome:
    """Give what is said of a family: unknown if any member is, else live if any is, else done if any is."""
    return min(outcomes, key=_WORST.index)


@attrs.frozen
class Judgement:
    """What answers say of one order."""

    outcome: FateOutcome
    evidence: tuple[str, ...]
    is_racing: bool = False
    """Whether something happened between the questions, or seems to have: to ask again at once may tell."""
    seen: tuple[Sighting, ...] = ()
    """What of the answers is about it."""


def judge(sought: Sought, survey: Survey, asking: Asking) -> Judgement:
    """Say what the answers of *survey* say of *sought*. *Never arrived* is said of one look, and holds after two."""
    same, perhaps = of_sought(sought, survey, asking)
    evidence = [told(each) for each in same]
    evidence += [f"it cannot be told whether this is it or another order: {told(each)}" for each in perhaps]
    if survey.answers.unanswered:
        evidence.append(f"TWS did not answer: {', '.join(survey.answers.unanswered)}")
    if same:
        return _judge_seen(sought, same, evidence)
    if perhaps:
        return Judgement(FateOutcome.STILL_UNKNOWN, tuple(evidence), seen=tuple(perhaps))
    return _judge_absent(sought, survey, asking, evidence)


def _judge_seen(sought: Sought, same: Sequence[Sighting], evidence: list[str]) -> Judgement:
    # One intent may have become two orders (1.3 in what is known of TWS): it is over when both are.
    named = [each for each in same if each.permanent_id] or list(same)
    if len(named) > 1:
        evidence.append(f"it has become {len(named)} orders")
    outcomes = [_outcome_of(sought, each) for each in named]
    outcome = family_outcome(outcomes)
    is_racing = outcome is FateOutcome.STILL_UNKNOWN
    if is_racing and any(each.is_in_first for each in named):
        evidence.append("it was among the open orders and then was not, and nothing says how it ended")
    elif is_racing:
        evidence.append("nothing says what became of the rest of it")
    return Judgement(outcome, tuple(evidence), is_racing, tuple(same))


def _outcome_of(sought: Sought, seen: Sighting) -> FateOutcome:
    total = seen.total or sought.total
    if seen.is_over or (total and seen.filled >= total):
        return FateOutcome.DONE
    return FateOutcome.LIVE if seen.is_in_second else FateOutcome.STILL_UNKNOWN


def _judge_absent(sought: Sought, survey: Survey, asking: Asking, evidence: list[str]) -> Judgement:
    missing = survey.answers.unanswered
    lists = [name for name in ("open orders", "executions", "completed orders") if name not in missing]
    if lists:
        evidence.append(f"it is not among: {', '.join(lists)}")
    doubt = _doubt(sought, survey, asking)
    if doubt:
        return Judgement(FateOutcome.STILL_UNKNOWN, (*evidence, doubt))
    evidence.append(
        f"its order id is {sought.order_id}, TWS gives out {_next_id(sought, asking)} next, and has never named a "
        "permanent id for it (that is no proof where a person has reset the sequence of ids meanwhile)"
    )
    return Judgement(FateOutcome.NEVER_ARRIVED, tuple(evidence))


def _is_of_earlier(newest: int, asking: Asking) -> bool:
    """Tell whether *newest* has not been raised by orders that the present connection has sent."""
    return asking.first_order_id is not None and newest <= asking.first_order_id


def _next_id(sought: Sought, asking: Asking) -> int | None:
    """Give the next order id that TWS has said after *sought* was sent; None: it has said none since."""
    return asking.newest_valid_id if sought.is_of_this_connection else asking.next_valid_id


def _doubt(sought: Sought, survey: Survey, asking: Asking) -> str:
    """Say why its absence proves nothing; empty where it does."""
    if not survey.answers.are_complete:
        return "a list that TWS did not give is not an empty one"
    if sought.permanent_ids:
        return "TWS had named a permanent id for it, so it had arrived"
    if not sought.order_id or sought.client_id != asking.client_id:
        return f"only the client that placed it ({sought.client_id}) is told which ids TWS has had of it"
    number, newest = _next_id(sought, asking), asking.newest_valid_id
    is_kept_back = sought.order is not None and not sought.order.transmit
    if is_kept_back and newest is None:
        return "it was not to be transmitted, such orders are in no list, and TWS has not said again which id is next"
    if number is None:
        return "TWS has not said since which order id is the next"
    if sought.order_id < number:
        return f"TWS has had its order id: {sought.order_id}, and the next is {number}"
    if newest is not None and sought.order_id < newest and (is_kept_back or _is_of_earlier(newest, asking)):
        return f"TWS has had its order id meanwhile: {sought.order_id}, and the next is {newest} now"
    if sought.next_valid_id is not None and number < sought.next_valid_id:
        return (
            f"TWS gives out {number} next, and once began with {sought.next_valid_id}: its sequence of ids has gone "
            "back, and is no evidence"
        )
    # What this connection has sent came after TWS had said the first of its ids.
    limit = None if sought.is_of_this_connection else asking.first_order_id
    known = survey.order_id_between(asking.client_id, number, limit)
    proven = asking.proven if sought.is_of_this_connection else asking.proven_before
    if known is not None or proven >= number:
        known = proven if known is None else known
        return (
            f"TWS gives out {number} next, and has had order {known} of this client: its sequence of ids has gone "
            "back, and is no evidence"
        )
    return ""


def told(seen: Sighting) -> str:
    """Say in words what was seen."""
    names = [f"permanent id {seen.permanent_id}"] if seen.permanent_id else []
    names += [f"order {order_id} of client {client}" for client, order_id in sorted(seen.ids)]
    names += [f"reference {seen.ref!r}"] if seen.ref else []
    said: list[str] = []
    if seen.is_in_first or seen.is_in_second:
        words = " and ".join(sorted(str(word.value) for word in seen.words))
        again = "twice" if seen.is_in_first and seen.is_in_second else "once"
        said.append(f"open orders ({again}): {words or 'listed, without a word'}")
    if seen.executions:
        said.append(f"executions: {len(seen.executions)}, {seen.filled} filled")
    if seen.completed is not None:
        state = seen.completed.order_state
        word = state.status.value if state.status is not None else "listed"
        reason = f" ({state.completed_status})" if state.completed_status else ""
        said.append(f"completed orders: {word}{reason}")
    return f"{'; '.join(said)} [{', '.join(names)}]"
