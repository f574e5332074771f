"""All orders, executions and positions at one moment, as `Orders.reconcile` gives them."""

from __future__ import annotations

from anytws.arrow.records import Records
from anytws.client.trade import Trade
from anytws.machines.fate import Fate
from anytws.machines.order_state import Fill
from anytws.machines.reconcile import PositionDifference
from anytws.messages.accounts import Position
from anytws.messages.base import record


@record
class OrderPicture:
    """All orders, executions and positions at one moment. No part of it is empty because a question failed."""

    trades: tuple[Trade, ...]
    """All orders that are known, of all clients and those made by hand; in the order in which they came to be known."""
    open: tuple[Trade, ...]
    """Those of them that are open: TWS has said so just now, or has told since then of what this client placed."""
    completed: tuple[Trade, ...]
    """Those that came to their end: filled, cancelled, rejected. TWS tells those of today; this client remembers."""
    unknown: tuple[Trade, ...]
    """Those of which nothing says what they are. They are neither dead nor alive: see their `verdicts`."""
    executions: Records[Fill]
    """All executions that are known, with what they cost where TWS has said it. It tells those since its midnight."""
    positions: Records[Position]
    """What all accounts of this login hold."""
    verdicts: tuple[Fate, ...]
    """What became of each order that was live or unknown before, with the evidence."""
    differences: tuple[PositionDifference, ...] = ()
    """Positions that are not what the picture before this one and the executions since then make them: an execution
    that was not told, or something that is none (an exercise, a split, a transfer). Empty for the first picture: there
    is nothing to compare with."""


@record
class PartialOrderPicture:
    """What was learned where not all could be: a part that TWS did not answer is None, and never empty."""

    trades: tuple[Trade, ...]
    """All orders that are known, see `OrderPicture`. Others may be there."""
    open: tuple[Trade, ...] | None
    completed: tuple[Trade, ...] | None
    executions: Records[Fill] | None
    positions: Records[Position] | None
    verdicts: tuple[Fate, ...]
    """What became of those orders of which the answers that did come say it; of the rest `STILL_UNKNOWN`."""
