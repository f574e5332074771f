"""Groups of orders of which one cancels, or reduces, the others: what they let their members do."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from anytws.messages.order_words import OcaType
from anytws.simulator.exchange.desk import Desk
from anytws.simulator.exchange.order import HeldOrder

MOST_GROUPS: Final = 10_000
"""How many groups are remembered as filled; the oldest go first."""

_BLOCKING: Final = frozenset({OcaType.CANCEL_WITH_BLOCK, OcaType.REDUCE_WITH_BLOCK})


class Groups:
    """Knows the groups."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._filled: dict[bytes, None] = {}

    def note_filled(self, name: str) -> None:
        """Note that a member of the group *name* was filled whole."""
        # A name may be as long as a frame.
        self._filled[_digest(name)] = None
        while len(self._filled) > MOST_GROUPS:
            del self._filled[next(iter(self._filled))]

    def refusal(self, held: HeldOrder) -> str | None:
        """Give why IB refuses *held* as a member of its group; None: it does not."""
        if held.parent is None and _digest(held.order.oca_group) in self._filled:
            # Reported.
            return "OCA group is already filled."
        return None

    def may_work(self, held: HeldOrder) -> bool:
        """Tell whether the group of *held* lets it work: with block, one of its members does at a time (documented)."""
        if not held.order.oca_group or not _is_blocking(held):
            return True
        following = self.following(held)
        return following is None or following is held

    def following(self, held: HeldOrder) -> HeldOrder | None:
        """Give the member of the group of *held* that may work, if it is one of which one does; None: there is none."""
        if not held.order.oca_group or held.order.oca_type not in _BLOCKING:
            return None
        members = self._desk.orders.group(held.order.oca_group)
        return next((other for other in members if other.is_accepted and _is_blocking(other)), None)


def _digest(name: str) -> bytes:
    return sha256(name.encode("utf-8", "surrogatepass")).digest()


def _is_blocking(held: HeldOrder) -> bool:
    # A stop is at no exchange before it is triggered, so it blocks nobody.
    return held.order.oca_type in _BLOCKING and not held.is_stop
