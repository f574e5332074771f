"""The two ranges of numbers that a client gives out: for requests, and for orders.

TWS has one space of ids for both, and an error names one id. Requests are therefore numbered from
`FIRST_REQUEST_ID` on, far above where orders begin, so that it is never open which of the two is meant. None of either
is ever used twice.
"""

from __future__ import annotations

from typing import Final

from anytws.errors import LocalProtocolError

FIRST_REQUEST_ID: Final = 1_000_000_000
"""Where requests begin. From 2**28 on every id has five bytes in protobuf, so that the front of a message has one
length."""
LOWER_FIRST_REQUEST_ID: Final = 268_435_456
"""Where they begin instead if the orders of this client are up there already: bots have used clock seconds as ids."""
HIGH_ORDER_ID: Final = 500_000_000
"""An order id from which on that is the case."""
MOST_ID: Final = 2**31 - 2
"""The number after it means "none" to TWS."""


class RequestIds:
    """Ids for requests: they only go up."""

    __slots__ = ("_next", "first")

    def __init__(self) -> None:
        self.first: int = FIRST_REQUEST_ID
        self._next = self.first

    def begin(self, next_valid_id: int) -> None:
        """Choose the range, knowing where the orders are. To be called before the first `take`."""
        if self._next == self.first:
            self.first = LOWER_FIRST_REQUEST_ID if next_valid_id >= HIGH_ORDER_ID else FIRST_REQUEST_ID
            self._next = self.first

    @property
    def next(self) -> int:
        """The next id. It is not taken by that: what is refused uses none up."""
        return self._next

    def take(self) -> int:
        """Give the next id, and never again."""
        taken = self._next
        self._next += 1
        return taken

    def was_taken(self, number: int) -> bool:
        """Tell whether *number* was given out."""
        return self.first <= number < self._next

    def is_ours(self, number: object) -> bool:
        """Tell whether *number* is in the block from which ids are given out, now or later."""
        last = HIGH_ORDER_ID - 1 if self.first == LOWER_FIRST_REQUEST_ID else MOST_ID
        # What is no number is refused where it is written.
        return isinstance(number, int) and self.first <= number <= last


def refuse_order_id(number: int, ids: RequestIds, message: str) -> None:
    """Raise `LocalProtocolError` for an order's id, given by hand, from the block of ids for requests."""
    if ids.is_ours(number):
        raise LocalProtocolError(
            f"{message}.order_id is {number}, and ids from {ids.first} on are for requests: an error that names one "
            "could mean either. Leave it out, or choose a lower id",
            message=message,
            field="order_id",
        )


MOST_WHAT_IFS: Final = 10_000
"""Ids of what-ifs that are remembered."""


class OrderIds:
    """Ids for orders: they only go up, whatever TWS says, and begin at nextValidId."""

    __slots__ = ("_floor", "_what_ifs")

    def __init__(self) -> None:
        self._floor = 0
        self._what_ifs: dict[int, bool] = {}
        """Ids under which a what-if was said, the oldest first, and whether its answer is due."""

    def raise_to(self, number: int) -> None:
        """Give out none below *number*."""
        self._floor = max(self._floor, number)

    def note_used(self, number: int) -> None:
        """Note an id that somebody chose by hand: the next one is above it."""
        self._floor = max(self._floor, number + 1)

    def note_heard(self, number: int) -> None:
        """Note an id that TWS has said in an order: the next one is above it, whosever order that is (documented).

        One from where requests are numbered raises nothing, unless the orders of this client are up there: an error
        that names an id has to mean one thing, and others may number their orders by the clock.
        """
        floor = self._floor
        if floor <= number < (MOST_ID if floor >= HIGH_ORDER_ID else LOWER_FIRST_REQUEST_ID):
            self._floor = number + 1

    @property
    def floor(self) -> int:
        """The lowest that may be given out."""
        return self._floor

    @property
    def next(self) -> int:
        """The next id. It is not taken by that: what is refused uses none up."""
        if self._floor > MOST_ID:
            raise LocalProtocolError(
                f"there is no order id left above {MOST_ID}: have TWS reset the API order id sequence", message="order"
            )
        return self._floor

    # --- what-ifs ------------------------------------------------------------------------------------------------

    def note_what_if(self, number: int) -> None:
        """Note that a what-if is said under the id *number*: that makes no order."""
        what_ifs = self._what_ifs
        what_ifs[number] = True
        if len(what_ifs) > MOST_WHAT_IFS:
            del what_ifs[next(iter(what_ifs))]

    def note_answered(self, number: int) -> bool:
        """Note that the what-if under *number* is answered; tell whether an answer was due."""
        is_due = self._what_ifs.get(number, False)
        if is_due:
            self._what_ifs[number] = False
        return is_due

    def is_what_if(self, number: int) -> bool:
        """Tell whether a what-if was said under *number*."""
        return number in self._what_ifs
