"""The book of one instrument, and how it comes of what TWS says of its rows.

TWS says what happens to a row at a position: it comes in, changes, goes. That means nothing where a row before it was
missed, so a book also says whether it is whole (`Book.is_consistent`). What does not fit into the book never raises,
and is never guessed at:

* a row beyond the end of its side leaves unknown rows before it. They are not shown, and count until TWS has said them;
* a row that goes and is not there was pushed out of the rows that were asked for, and nothing changes;
* a row beyond those that were asked for is not kept: those before it are as they were;
* a row without a price is an unknown row;
* what cannot be read at all (a side, an operation or a position that there is not) makes all of it doubtful until TWS
  sends the book anew (317).

TWS sends a change of the whole book as one message for each row. A reader that looks in between sees rows that are out
of their order: `Book.is_consistent` is False then, too. That best bid and ask cross is no such sign: between the
exchanges of a smart book they may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, TypeAlias

import attrs

from anytws.core.arguments import check_whole_number
from anytws.core.events import Notice, OddValue
from anytws.core.remembered import Remembered
from anytws.machines.outages import Told
from anytws.machines.quoting import MOST_NOTICE_BYTES, MOST_NOTICES
from anytws.machines.records import Dropped, Gap, Reset, Resumed
from anytws.messages.base import record
from anytws.messages.market_data import (
    MarketDepth,
    MarketDepthData,
    MarketDepthL2,
    MarketDepthOperation,
    MarketDepthSide,
    RerouteMarketDepthRequest,
)

MOST_ROWS: Final = 1000
"""Rows of one side that may be asked for."""
_ENDLESS: Final = 1e300
_NONE: Final = -1.0


@record
class BookRow:
    """What is bid or asked at one price, by one who is named or by all."""

    price: float
    """In the currency of the contract."""
    size: Decimal | None
    """In shares or contracts. None where TWS does not say it."""
    market_maker: str = ""
    """Who stands behind it, where the exchange says that; with smart depth, the exchange."""


@record
class Book:
    """The book, as it is at one time: the rows of both sides, the best first."""

    bids: tuple[BookRow, ...] = ()
    """From the highest price down."""
    asks: tuple[BookRow, ...] = ()
    """From the lowest price up."""
    is_consistent: bool = True
    """Whether it is whole, and each side in the order of its prices. False: rows are missing, or TWS is in the middle
    of a change; wait for the next one."""
    notices: tuple[Notice | OddValue | Reset | Dropped, ...] = ()
    """What TWS remarked since the book before, the oldest first: which exchanges are left out (2152); that it is sent
    anew, from nothing (`Reset`). A `Dropped` in front: there were more than are kept for a reader."""
    rerouted: RerouteMarketDepthRequest | None = None
    """What TWS named instead of the contract that was asked for, if it did: this is its book then."""
    gap: Gap | None = None
    """Under `keep_connected`: since when nothing comes, and why. While it is set there are no rows, and the book is not
    consistent: how it is, nobody knows. None: as far as is known, changes come."""
    resumed: Resumed | None = None
    """Under `keep_connected`: in the first book after a gap, what is over; the rows come anew, from nothing."""
    received_at: datetime | None = attrs.field(default=None, eq=False)
    """When the newest of it was received, by the clock of this machine, in UTC. It takes no part in comparing."""

    @property
    def best_bid(self) -> BookRow | None:
        """The first row of the bids; None where there is none."""
        return self.bids[0] if self.bids else None

    @property
    def best_ask(self) -> BookRow | None:
        """The first row of the asks; None where there is none."""
        return self.asks[0] if self.asks else None


_SIDES: Final = (MarketDepthSide.BID, MarketDepthSide.ASK)
_Row: TypeAlias = MarketDepthData | BookRow | None
"""A row as it came, as it was shown, or one that is not known."""


class Booking:
    """The picture of one book. What comes is folded in, and `take` gives it as a `Book`.

    *rows* is how many of each side were asked for. *clock* gives seconds since 1970, for `Book.received_at`.
    """

    __slots__ = (
        "_asks", "_bids", "_clock", "_is_doubtful", "_is_due", "_notices", "_outages", "_received", "_rerouted",
        "_rows",
    )  # fmt: skip

    def __init__(self, rows: int, *, clock: Callable[[], float] | None = None) -> None:
        check_whole_number("rows", rows, at_least=1, example=10)
        if rows > MOST_ROWS:
            raise ValueError(f"rows is {rows}, and {MOST_ROWS} are the most that may be asked for")
        self._rows = rows
        self._clock = clock
        self._bids: list[_Row] = []
        self._asks: list[_Row] = []
        self._is_doubtful = False
        self._notices: Remembered[Notice | OddValue | Reset] | None = None
        self._rerouted: RerouteMarketDepthRequest | None = None
        self._received: float | None = None
        self._outages: Final = Told()
        self._is_due = False

    @property
    def is_due(self) -> bool:
        """Whether something has come since the last book was given."""
        return self._is_due

    @property
    def wants_newest(self) -> bool:
        """Never: a row means something behind all that came before it alone."""
        return False

    @property
    def rerouted(self) -> RerouteMarketDepthRequest | None:
        """What TWS wants to be asked instead, if anything."""
        return self._rerouted

    def lose(self, gap: Gap) -> None:
        """Forget all rows, and have the book tell of the *gap* at once. Remarks that wait are told all the same."""
        self.blank()
        self._outages.lose(gap)
        self._is_due = True

    def resume(self, resumed: Resumed) -> None:
        """Have the book tell at once that the gap is over; the rows come anew."""
        self._outages.resume(resumed)
        self._is_due = True

    def blank(self) -> None:
        """Forget all rows: nobody knows how they are now."""
        self._bids.clear()
        self._asks.clear()
        self._is_doubtful = False
        self._received = None
        self._is_due = bool(self._notices)

    def fold(self, items: Iterable[Any]) -> None:
        """Take *items* of the conversation, in their order."""
        for item in items:
            kind = type(item)
            if kind is MarketDepth or kind is MarketDepthL2:
                self._change(item.row)
            else:
                self._fold_rest(item)
            self._is_due = True
        if self._clock is not None:
            self._received = self._clock()

    def _fold_rest(self, item: Any) -> None:
        if isinstance(item, RerouteMarketDepthRequest):
            self._rerouted = item
            return
        if isinstance(item, Reset):
            self._bids.clear()
            self._asks.clear()
            self._is_doubtful = False
        if self._notices is None:
            self._notices = Remembered(MOST_NOTICES, MOST_NOTICE_BYTES)
        self._notices.append(item)

    def _change(self, row: MarketDepthData | Any) -> None:
        # Whatever its type says, a field of it may be None, and a number one that has no name.
        side, position, operation = row.side, row.position, row.operation
        rows = self._bids if side is MarketDepthSide.BID else self._asks
        if side not in _SIDES or type(position) is not int or position < 0:
            self._is_doubtful = True
        elif operation is MarketDepthOperation.UPDATE:
            if position < len(rows):
                rows[position] = row
            else:
                self._put(rows, position, row)
        elif operation is MarketDepthOperation.INSERT:
            self._put(rows, position, row)
        elif operation is MarketDepthOperation.DELETE:
            if position < len(rows):
                del rows[position]
        else:
            self._is_doubtful = True

    def _put(self, rows: list[_Row], position: int, row: MarketDepthData) -> None:
        if position >= self._rows:
            return
        if position > len(rows):
            rows.extend([None] * (position - len(rows)))
        rows.insert(position, row)
        del rows[self._rows :]

    # --- what is given ---------------------------------------------------------------------------------------------

    def take(self) -> Book | None:
        """Give the book as it is now; None if nothing has come since the last one."""
        if not self._is_due:
            return None
        self._is_due = False
        _show(self._bids)
        _show(self._asks)
        bids = tuple([row for row in self._bids if type(row) is BookRow])
        asks = tuple([row for row in self._asks if type(row) is BookRow])
        is_whole = len(bids) == len(self._bids) and len(asks) == len(self._asks)
        is_in_order = all(one.price >= two.price for one, two in pairwise(bids)) and all(
            one.price <= two.price for one, two in pairwise(asks)
        )
        received = None if self._received is None else datetime.fromtimestamp(self._received, UTC)
        gap = self._outages.gap
        is_consistent = is_whole and is_in_order and not self._is_doubtful and gap is None
        notices, resumed = self._take_notices(), self._outages.take()
        return Book(bids, asks, is_consistent, notices, self._rerouted, gap, resumed, received)

    def _take_notices(self) -> tuple[Notice | OddValue | Reset | Dropped, ...]:
        kept, self._notices = self._notices, None
        if kept is None:
            return ()
        return (Dropped(kept.dropped), *kept) if kept.dropped else tuple(kept)


def _show(rows: list[_Row]) -> None:
    """Make of what came the rows that are shown. Each is made once."""
    for place, row in enumerate(rows):
        if type(row) is MarketDepthData:
            price = row.price
            if price is None or not -_ENDLESS < price < _ENDLESS or (price in (0.0, _NONE) and not row.size):
                rows[place] = None
            else:
                rows[place] = BookRow(price, row.size, row.market_maker)
