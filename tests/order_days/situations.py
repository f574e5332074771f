"""What must have happened on many days, for them to prove anything. Names are those that a day counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

OF_PURE_DAYS: Final = (
    "cut with an order half written",
    "cut before the first word of an order",
    "bytes read by TWS after the cut",
    "bytes lost in a restart",
    "TWS gives out ids again that were used",
    "an id given out again to another order",
    "killed",
    "killed, without a journal",
    "TWS restarted",
    "TWS hung up on the client",
    "orders read late",
    "filled in part",
    "filled while its cancel was under way",
    "filled while a change was under way",
    "filled after it was cancelled",
    "an execution corrected",
    "rejected before any word",
    "rejected after a live word",
    "cancelled from outside",
    "said again",
    "an order made by hand",
    "an order of another client",
    "a change became a second order",
    "a bracket",
    "a global cancel",
    "a what-if",
    "a cancel of what is not acknowledged",
    "cancelled before a byte had left",
    "taken back before a byte had left",
    "asked to place what was placed already",
    "placed again what was refused, or never arrived",
    "placing: rejected",
    "placing: held",
    "placing: untransmitted",
    "changing: accepted",
    "changing: refused",
    "changing: over",
    "cancelling: over",
    "cancelling: unsettled",
    "resolved: live",
    "resolved: done",
    "resolved: never_arrived",
    "still unknown at the end",
    "script: connection_lost",
    "script: lost_acknowledgement",
    "script: cut_unanswered",
    "script: drop_request",
    "script: error_instead",
    "script: repeat",
)
"""Of the pure machine: in twenty thousand days each of them."""


OF_PROGRAMS: Final = (
    "webhook",
    "bracket",
    "rebalancer",
    "recorder",
    "already placed",
    "rejected",
    "unknown, all left",
    "resolved: live",
    "resolved: done",
    "resolved: never_arrived",
    "bracket broken",
    "a family unknown",
    "the entry is filled, a part at least",
    "the stop is shrunk",
    "rebalanced",
    "a gap in the quotes",
    "a gap in the executions",
)
"""Of whole programs: in two thousand batches of days each of them."""


def missed(wanted: tuple[str, ...], counted: Mapping[str, int]) -> list[str]:
    """Give those of *wanted* that never occurred."""
    return [name for name in wanted if not counted.get(name)]
