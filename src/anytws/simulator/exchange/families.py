"""What orders have to do with each other: brackets, and groups of which one cancels all."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from functools import partial

from anytws.messages.base import replace
from anytws.messages.order_words import OcaType
from anytws.simulator.exchange.desk import Desk
from anytws.simulator.exchange.endings import Endings
from anytws.simulator.exchange.floor import Floor
from anytws.simulator.exchange.groups import Groups
from anytws.simulator.exchange.order import HeldOrder


class Families:
    """Brackets and groups. What happens to one member happens to the others a little later: both may be filled."""

    def __init__(self, desk: Desk, groups: Groups, floor: Floor, endings: Endings) -> None:
        self._desk = desk
        self._groups = groups
        self._floor = floor
        self._endings = endings

    def note_fill(self, held: HeldOrder, shares: Decimal) -> None:
        """Do what the fill of *shares* of *held* does to its children and to its group."""
        later = self._desk.latency.family
        for child in self._desk.orders.children(held):
            self._desk.later(later, partial(self._release, child))
        if held.order.oca_group:
            self._desk.later(later, lambda: self._note_group_fill(held, shares))

    def note_end(self, held: HeldOrder) -> None:
        """Do what the end of *held*, other than by its fills, does to its family."""
        for child in self._desk.orders.children(held):
            if not held.filled:
                # Reported: children go with a parent that was never filled.
                self._desk.later(self._desk.latency.family, partial(self._drop, child))
        if held.parent is not None and held.is_cancelling:
            # Reported: a child that is cancelled by its client takes its siblings along, and leaves the parent.
            for sibling in self._desk.orders.group(held.order.oca_group):
                if sibling.parent is held.parent:
                    self._desk.later(self._desk.latency.family, partial(self._drop, sibling))
        following = self._groups.following(held)
        if following is not None:
            # Of those that were blocked, the next may work.
            self._floor.resume(following)

    def _release(self, child: HeldOrder) -> None:
        """Let *child* work, now that its parent is filled, or a part of it."""
        if child.is_live and child.is_accepted:
            self._floor.tell_again(child)
            self._floor.look(child)

    def _drop(self, held: HeldOrder) -> None:
        self._endings.by_system(held, "", quietly=True)

    def _note_group_fill(self, held: HeldOrder, shares: Decimal) -> None:
        group = held.order.oca_group
        is_whole = not held.remaining
        if is_whole:
            self._groups.note_filled(group)
        for other in list(self._desk.orders.group(group)):
            if other is held or other is held.parent:
                continue
            if is_whole or other.order.oca_type is OcaType.CANCEL_WITH_BLOCK:
                self._drop(other)
            elif other.is_live:
                self._reduce(other, shares / held.total)

    def _reduce(self, other: HeldOrder, part: Decimal) -> None:
        """Make *other* smaller by the *part* of its quantity that was filled elsewhere (documented)."""
        unit = other.instrument.size_unit
        less = (other.total * part / unit).to_integral_value(ROUND_FLOOR) * unit
        other.order = replace(other.order, total_quantity=max(other.total - less, other.filled))
        if other.remaining:
            self._floor.tell_again(other)
        else:
            self._drop(other)
