"""A stream that outlives its connection: the intent behind it, and what stands between a session and its reader.

Sans-IO. A reader has one `Mailbox` for as long as its block lasts. Each time that the conversation is opened, a `Relay`
of its own stands between the session and that mailbox: what comes goes through, and what ends it is judged (`end_of`):
the end of a connection, lost data (1101), or a code after which TWS wants to be asked again is no end of the intent.
What is of an older opening reaches the reader no more once its relay is shut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, unique
from typing import TYPE_CHECKING, Any, Final

from anytws.core.events import ConnectionClosed
from anytws.core.remembered import Remembered
from anytws.errors import DataLost, RequestFailed, RequestTimedOut
from anytws.machines.conversation import Streamed
from anytws.machines.mailbox import Mailbox, MailboxStatistics
from anytws.machines.records import Dropped, Resumed
from anytws.messages.base import Streams, ToTws, replace
from anytws.messages.historical import HistoricalDataRequest, RealTimeBarsRequest
from anytws.messages.market_data import MarketDataRequest, MarketDepthRequest, TickByTickRequest
from anytws.messages.news import NewsBulletinsRequest
from anytws.wire.catalogue import entry_of

if TYPE_CHECKING:
    from datetime import datetime

    from anytws.machines.pacing import Waiting

MOST_HELD: Final = 1000
"""Items that are held back while TWS has no link, and says something of the vendor's data all the same; the newest."""

PAUSE: Final = 5.0
"""Seconds from an end that TWS wants to be asked again after to that; twice as many each time, until data come."""
LONGEST_PAUSE: Final = 60.0

_NO_LINK: Final = 1100
_ASK_AGAIN: Final = frozenset({101, 309, 456, 10182, 10190, 10197, 10225})
"""Codes that end a stream that went on before, and not for good: there is no place (lines, books, bars, tick-by-tick),
which may be since TWS has not noticed that the connection before is over; no live updates, since a farm was
disconnected; the user is logged in elsewhere; a bust, after which bars of five seconds are to be subscribed again."""

_NO_SUCH_CONTRACT: Final = 200
MOST_DOUBTED: Final = 5
"""So many times in a row it is doubted that there is no such contract (200), of one whose data came before: a TWS that
was just started, or has no link, says so of contracts that there are. With the pauses that takes some two minutes."""

SILENT_SECONDS: Final = {
    "MarketDataRequest": 30.0,
    "MarketDepthRequest": 30.0,
    "TickByTickRequest": 60.0,
    "RealTimeBarsRequest": 20.0,
    "HistoricalDataRequest": 30.0,
    "PnLRequest": 60.0,
    "PnLSingleRequest": 60.0,
    "ScannerSubscriptionRequest": 90.0,
}
"""Seconds without a word after which a stream is opened anew when TWS has said that its data go on (1102): bars come
every five seconds, a scan every 30, an opened quote says at once how things are. It is done once for each 1102, so a
market that is quiet is asked once, and not for ever. Chosen; TWS promises nothing."""

_OF_FARMS: Final = (
    MarketDataRequest, MarketDepthRequest, TickByTickRequest, RealTimeBarsRequest, HistoricalDataRequest,
)  # fmt: skip
_TICKS_NOT_FETCHED: Final = "the ticks of the gap are not fetched: tws.historical.ticks tells those that TWS keeps"
_BULLETINS_NOT_FETCHED: Final = "bulletins of the gap are not fetched: with_past=True tells those of today"


@unique
class End(Enum):
    """What the end of a conversation is to the intent behind it."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    CUT = "cut"
    """The connection is over: it is opened on the next one."""
    LOST = "lost"
    """TWS has lost its data: it is opened anew on the same connection."""
    AGAIN = "again"
    """TWS has ended it for a while: it is opened anew after a pause."""
    OVER = "over"
    """It is over, and its reader is told why."""


def end_of(end: Exception | None, *, is_known: bool, doubted: int = 0) -> End:
    """Give what *end* means to an intent; *is_known*: TWS had answered it once.

    What TWS refuses is over, then too. That no answer came is no refusal: where the same was answered once, it is asked
    again. None is the end in good order.
    """
    if isinstance(end, ConnectionClosed):
        return End.CUT
    if isinstance(end, DataLost):
        return End.LOST
    if isinstance(end, RequestFailed):
        if end.code == _NO_LINK:
            return End.AGAIN
        is_doubtful = end.link_was_down or (end.code == _NO_SUCH_CONTRACT and doubted < MOST_DOUBTED)
        return End.AGAIN if is_known and (end.code in _ASK_AGAIN or is_doubtful) else End.OVER
    return End.AGAIN if is_known and isinstance(end, RequestTimedOut) else End.OVER


def again(request: Streams[Any]) -> Streams[Any]:
    """Give *request* as it is said a second time: without that of the past which was told the first time."""
    if isinstance(request, TickByTickRequest) and request.number_of_ticks:
        return replace(request, number_of_ticks=0)
    if isinstance(request, NewsBulletinsRequest) and request.all_messages:
        return replace(request, all_messages=False)
    return request


def not_fetched_of(request: ToTws) -> str:
    """Give what of a gap is not asked for, though TWS may know it; empty: there is nothing."""
    if isinstance(request, TickByTickRequest):
        return _TICKS_NOT_FETCHED
    return _BULLETINS_NOT_FETCHED if isinstance(request, NewsBulletinsRequest) else ""


def is_lost_with_link(request: ToTws) -> bool:
    """Tell whether TWS forgets it with its link to the vendor (1101)."""
    row = entry_of(request).conversation
    return row is not None and row.lost_with_link


def is_of_farms(request: ToTws) -> bool:
    """Tell whether what comes is that of farms, of which TWS tells how they are."""
    return isinstance(request, _OF_FARMS)


class Intent(Streamed[Any]):
    """What a reader wants to be told, through all connections: to it, a conversation as any other."""

    def __init__(self, request: Streams[Any], seconds: float | None, mailbox: Mailbox[Any]) -> None:
        self._opened: Streamed[Any] | None = None
        super().__init__(request, None, seconds, mailbox)
        self.asked: Final = request
        """As it was asked, without an id."""
        self.relay: Relay | None = None
        """What it is open through; None: it is not open."""
        self.openings: int = 0
        """How many times it was opened."""
        self.is_fed: bool = False
        """Whether something had come of it when `note_heard` was called last."""
        self.doubted: int = 0
        """How many times in a row TWS has ended it, and was not believed."""
        self.alive_at: datetime | None = None
        """Since when nothing of it can have been missed, as far as is known: it was opened then, or went on."""
        self.pause: float = PAUSE
        """Seconds until it is opened again, if TWS ends it for a while."""

    @property
    def request(self) -> ToTws:
        """What was asked, with the id that it has on the connection of now."""
        return self._request if self._opened is None else self._opened.request

    @request.setter
    def request(self, request: ToTws) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]  # it is one to all
        self._request: ToTws = request

    @property
    def waiting(self) -> Waiting | None:
        """Why the request has not left yet; None: it has, or it is not open."""
        return None if self._opened is None else self._opened.waiting

    @property
    def was_sent(self) -> bool:
        """Whether all bytes of the request have left this process, on the connection of now."""
        return self._opened is not None and self._opened.was_sent

    @property
    def opened(self) -> Streamed[Any] | None:
        """The conversation of now; None: it is not open."""
        return self._opened

    @property
    def is_known(self) -> bool:
        """Whether TWS has answered it once: what it says the second time is judged otherwise."""
        return self.is_fed or (self.relay is not None and self.relay.has_heard)

    @property
    def is_open(self) -> bool:
        """Whether something may come of it."""
        return self.relay is not None

    def note_opened(self, streamed: Streamed[Any]) -> None:
        """Note that it is open, as *streamed*."""
        if self.relay is not None:
            self._opened = streamed
        self.openings += 1

    def note_heard(self) -> None:
        """Note whether something has come, and begin to look anew."""
        if self.relay is not None:
            self.is_fed = self.is_fed or self.relay.has_heard
            self.relay.has_heard = False

    def shut(self) -> Streamed[Any] | None:
        """Take nothing more of the conversation of now; give that."""
        opened, self._opened = self._opened, None
        if self.relay is not None:
            self.note_heard()
            self.relay.shut()
            self.relay = None
        return opened


class Relay(Mailbox[Any]):
    """Stands between one conversation and the mailbox of who reads.

    What comes goes on to that one at once, so that bounds, folds and remarks are its own. *ended* is told how the
    conversation ended, unless the relay was shut before; it says whether that is the end of the reader too.
    """

    __slots__ = ("_ended", "_held", "_inner", "_is_first", "_left", "has_heard")

    def __init__(
        self,
        inner: Mailbox[Any],
        ended: Callable[[Exception | None], bool],
        left: Callable[[], None] | None = None,
        *,
        is_first: bool = True,
    ) -> None:
        super().__init__(when_full=inner.when_full)
        self._inner = inner
        self._ended = ended
        self._left = _nothing if left is None else left
        self._is_first = is_first
        """Whether the reader knows nothing yet."""
        self._held: Remembered[Any] | None = None
        """What has come while nothing may go on; None: it goes on."""
        self.has_heard: bool = False
        """Whether something has come since somebody looked."""

    def __repr__(self) -> str:
        return f"<Relay to {self._inner!r}>"

    # --- the half of who hears -----------------------------------------------------------------------------------

    def preload(self, items: Sequence[Any]) -> None:
        """Pass on what is known of the past. Behind a gap it is news as any other."""
        if self._is_first:
            self._inner.preload(items)
        elif items:
            self.extend(items)

    def note_left(self) -> None:
        """Tell that what asks for it has left."""
        self._left()

    def extend(self, items: Sequence[Any]) -> None:
        """Pass on what has come."""
        self.has_heard = True
        if self._held is None:
            self._inner.extend(items)
        else:
            self._held.extend(items)

    def finish(self, end: Exception | None = None, *, last: Any = None) -> None:
        """Have *end* judged: the reader is told of it if it is its own."""
        if self._is_over:
            return
        super().finish(end)
        inner = self._inner
        if self._ended(end):
            self.release()
            inner.finish(end, last=last)

    def shut(self) -> None:
        """Pass on nothing more, and say nothing of the end: another one takes its place."""
        self._held = None
        self._inner, self._ended, self._left = _NOBODY, _is_nothing, _nothing
        self.close()

    def hold(self) -> None:
        """Keep back what comes, until `release`: the reader is in a gap."""
        if self._held is None:
            self._held = Remembered(MOST_HELD)

    def release(self) -> None:
        """Pass on what was held back, and all that comes."""
        held, self._held = self._held, None
        if held:
            self._inner.extend([*([Dropped(held.dropped)] if held.dropped else []), *held])

    # --- what the session asks -------------------------------------------------------------------------------------

    @property
    def wants_newest(self) -> bool:
        """Whether of ticks that come together the last one of each kind is enough to the reader."""
        return self._held is None and self._inner.wants_newest

    @property
    def is_pressed(self) -> bool:
        """Whether the reader is about to be too slow."""
        return self._inner.is_pressed

    @property
    def has_failed(self) -> bool:
        """Whether the reader was too slow."""
        return self._inner.has_failed

    @property
    def failure(self) -> Exception | None:
        """Why nothing more will come; None where something may, or it just came to its end."""
        return self._end or self._inner.failure

    @property
    def has_ended(self) -> bool:
        """Whether it came to an end by itself."""
        return self._is_over or self._inner.has_failed

    def statistics(self) -> MailboxStatistics:
        """Tell how the reader's mailbox does."""
        return self._inner.statistics()


def _is_nothing(_: Exception | None) -> bool:
    return False


def _nothing() -> None:
    """Tell nobody."""


_NOBODY: Final[Mailbox[Any]] = Mailbox()
_NOBODY.close()


def resumed_for(request: ToTws, resumed: Resumed) -> Resumed:
    """Give *resumed* with what of this gap is not asked for."""
    words = "; ".join([words for words in (resumed.not_fetched, not_fetched_of(request)) if words])
    return replace(resumed, not_fetched=words) if words != resumed.not_fetched else resumed
