"""Streams that outlive their connections: each is an intent, opened anew on every connection, with a fresh id.

`KeptStreams` is to `Feed`, `Stream` and `Feeds` what the pump of one connection is (`Opener`). Whoever makes the
connections tells it what happens: `lose` at once at a cut, `reopen` on the way back, `end` at the end of everything;
`lose_link` and `resume_link` for the line between TWS and the vendor (1100, 1102), and `tend` as a task of each
connection. What stands in the mailboxes, and what an end means, is `anytws.machines.kept`.

Streams are opened again in the order in which they were opened first, through the pacer as any other; between every
hundred of them others have their turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from anytws.core.events import ConnectionClosed
from anytws.core.read_only import change_by
from anytws.errors import AnswerLost, AnytwsError, DataLost, RequestFailed, RequestTimedOut, in_a_sentence
from anytws.machines.conversation import Streamed
from anytws.machines.health import FarmKind
from anytws.machines.kept import (
    LONGEST_PAUSE,
    PAUSE,
    SILENT_SECONDS,
    End,
    Intent,
    Relay,
    again,
    end_of,
    is_lost_with_link,
    is_of_farms,
    resumed_for,
)
from anytws.machines.link import LinkState
from anytws.machines.mailbox import Mailbox
from anytws.machines.no_data import no_data_text
from anytws.machines.records import Gap, Resumed
from anytws.messages.base import Asks, Streams, replace
from anytws.runtime.pump import Pump
from anytws.runtime.stream import Reader

_T = TypeVar("_T")

FETCH_SECONDS: Final = 30.0
"""Seconds for the answer to what asks for the bars of a gap. Their stream waits so long for it, and no other does."""
LOOK_SECONDS: Final = 5.0
"""Seconds between two looks at streams that ought to be dead, or alive."""
_ANY_CLIENT: Final = 1
_AT_ONCE: Final = 100
"""Streams that are opened before others have their turn."""
_OF_ORDERS: Final = ("OpenOrdersRequest", "AllOpenOrdersRequest", "AutoOpenOrdersRequest", "ExecutionRequest")
_FARMS: Final = {"HistoricalDataRequest": FarmKind.HISTORICAL, "RealTimeBarsRequest": FarmKind.HISTORICAL}
"""Which farms a stream is fed by, where those are none of market data."""


class KeptStreams:
    """The streams of a program that stays connected."""

    def __init__(self, utc: Callable[[], datetime]) -> None:
        self.utc: Callable[[], datetime] = utc
        """Tells the time of gaps that nobody else dates."""
        self._pump: Pump | None = None
        """The connection of now; None: there is none."""
        self._gap: Gap | None = None
        self._closed: ConnectionClosed | None = None
        self._intents: dict[Intent, Reader[Any]] = {}
        """Those that are read, in the order in which they were opened first."""
        self._later: dict[Intent, float] = {}
        """Those that are opened again when that time has come."""
        self._watched: dict[Intent, float] = {}
        """Those that went on after 1102, and until when they have to be heard."""
        self._paused: dict[Intent, None] = {}
        """Those that are in a gap since TWS has no link, though their conversation is open."""
        self._leaving: dict[Intent, Resumed] = {}
        """Those that are opened again, and whose request has not left: TWS knows nothing of them yet."""
        self._deadlines: dict[Intent, float] = {}
        """Those that were opened while there was no connection, and have a deadline for their first data."""
        self._look_at = math.inf
        """When these are looked at."""
        self._is_rest = False
        """Whether what they hear until then is the rest of what was on its way."""
        self._link_gap: Gap | None = None
        """Since when TWS has no link; None: it has, as far as it has said."""
        self._lost: Gap | None = None
        """The gap of those whose data TWS has lost (1101), where nothing was said of the link before."""
        self._to_fetch: list[Intent] = []
        """Those that miss something that can be asked for."""
        self._news: anyio.Event | None = None
        """There while `tend` waits."""
        self._hurry: anyio.Event | None = None
        """There while `keep_time` waits."""

    def __repr__(self) -> str:
        state = "over" if self._closed else "connected" if self._pump else "not connected"
        return f"<KeptStreams {state}, {len(self._intents)} streams>"

    @property
    def open(self) -> int:
        """How many streams are read."""
        return len(self._intents)

    @property
    def in_gap(self) -> int:
        """How many of them are in a gap."""
        return sum([intent.mailbox.gap is not None for intent in self._intents])

    # --- what readers do: an `Opener` --------------------------------------------------------------------------------

    def open_stream(
        self, request: Streams[_T], timeout: float | None, mailbox: Mailbox[_T], reader: Reader[Any]
    ) -> Streamed[_T]:
        """Open it, and go on opening it until it is left. Without a connection it is told of the gap, and waits."""
        if self._closed is not None:
            raise self._closed.again()
        intent = Intent(request, timeout, mailbox)
        if timeout is not None and timeout < math.inf:
            intent.deadline_at = anyio.current_time() + timeout
        if self._pump is not None and self._pump.connection.closed is None:
            self._open(self._pump, intent, reader, timeout)
            self._intents[intent] = reader
            if self._link_gap is not None and is_lost_with_link(request):
                # It may never be answered: 1100 is told in front of it.
                self._tell(self._link_gap, [intent])
                self._pause(intent)
            elif mailbox.gap is not None:
                # TWS has sent it elsewhere just before: it goes on here.
                self._resume_when_left(self._pump, intent, reader, Resumed(_NO_GAP, self.utc()))
        else:
            self._keep_deadline(intent)
            if self._gap is not None:
                mailbox.lose(self._gap)
                reader.wake()
            self._intents[intent] = reader
        return intent

    def leave_stream(self, conversation: Streamed[Any]) -> None:
        """Note that nobody reads it any more: it is cancelled, and opened no more."""
        pump, opened = self._pump, self._forget(conversation)
        if opened is not None and pump is not None:
            pump.leave_stream(opened)

    def forget_stream(self, conversation: Streamed[Any]) -> None:
        """Wake nobody for it any more: it is over, and another one goes on into its mailbox."""
        pump, opened = self._pump, self._forget(conversation)
        if opened is not None and pump is not None:
            pump.forget_stream(opened)

    def _forget(self, conversation: Streamed[Any]) -> Streamed[Any] | None:
        assert isinstance(conversation, Intent), "it was opened here"
        self._intents.pop(conversation, None)
        self._take_out(conversation)
        return conversation.shut()

    def _take_out(self, intent: Intent) -> None:
        """Take *intent* from the lists of those that something is to be done about."""
        for each in (self._later, self._watched, self._paused, self._leaving, self._deadlines):
            each.pop(intent, None)

    # --- what happens to the connection ------------------------------------------------------------------------------

    def attach(self, pump: Pump) -> None:
        """Open streams on *pump* from now on: the first connection."""
        self._pump, self._gap = pump, None

    def lose(self, gap: Gap) -> None:
        """Note that the connection is gone: tell every stream of the *gap*, at once.

        Those that are in one already stay in that. New ones are told of it too, and wait.
        """
        self._pump, self._gap, self._lost, self._link_gap = None, gap, None, None
        for each in (self._later, self._watched, self._paused, self._leaving):
            each.clear()
        self._to_fetch.clear()
        for intent in self._intents:
            intent.shut()
            self._keep_deadline(intent)
        self._tell(gap, list(self._intents))
        self._note_news()

    def _keep_deadline(self, intent: Intent) -> None:
        """Have `keep_time` give up *intent* in time, if its first data have a deadline and have not come."""
        if intent.deadline_at is not None and not intent.is_fed and not intent.mailbox.is_finished:
            self._deadlines[intent] = intent.deadline_at
            self._note_news()

    def _tell(self, gap: Gap, intents: list[Intent]) -> None:
        """Tell those who read *intents* of the *gap*."""
        readers: dict[Reader[Any], None] = {}
        for intent in intents:
            intent.mailbox.lose(gap)
            readers[self._intents[intent]] = None
        for reader in readers:
            reader.wake()

    async def reopen(self, pump: Pump, until: datetime, not_fetched: str = "") -> None:
        """Open all that is not open on *pump*, and tell that the gap was over at *until*.

        It waits for no answer. If the connection ends meanwhile, it returns, and what was not opened stays in its gap.
        Each is told that it goes on when its request has left, which pacing may hold up: until then TWS says nothing of
        it to anybody. Where TWS says that it has no link, those go on that do without.
        *not_fetched* is told to streams of orders: what could not be learned of them, in words.
        """
        self._pump, self._gap, self._lost = pump, None, None
        if pump.health().link is not LinkState.DOWN:
            self._link_gap = None
        elif self._link_gap is None:
            self._link_gap = Gap(until, "TWS has no link to the vendor")
        opened = 0
        for intent, reader in list(self._intents.items()):
            if intent not in self._intents or intent in self._later or intent.is_open or intent.mailbox.is_finished:
                continue
            if not self._is_on(pump):
                return
            self._open_again(pump, intent, reader, until, not_fetched)
            opened += 1
            if opened % _AT_ONCE == 0:
                await checkpoint()
        self._note_news()

    def end(self, closed: ConnectionClosed) -> None:
        """Note the end of everything: every stream raises it, behind what it has."""
        self._closed, self._pump = closed, None
        for intent, reader in list(self._intents.items()):
            intent.shut()
            self._take_out(intent)
            intent.mailbox.finish(closed.again())
            reader.wake()
        self._note_news()

    async def drained(self) -> None:
        """Wait until everybody who reads a stream has come to its end."""
        for reader in dict.fromkeys(self._intents.values()):
            while reader.is_being_read:
                await reader.wait_for_move()

    async def keep_time(self) -> None:
        """Give up what has a deadline for its first data, and for which there is no connection then; until `end`."""
        while self._closed is None:
            self._hurry = anyio.Event()
            now = anyio.current_time()
            for intent in [intent for intent, at in self._deadlines.items() if at <= now]:
                del self._deadlines[intent]
                why = "there is no connection"
                intent.mailbox.finish(RequestTimedOut(intent.asked, intent.seconds or 0.0, False, (), why))
                self._intents[intent].wake()
            with anyio.move_on_after(max(0.0, min(self._deadlines.values(), default=math.inf) - now)):
                await self._hurry.wait()
        self._hurry = None

    # --- the link of TWS to the vendor -------------------------------------------------------------------------------

    def lose_link(self, gap: Gap) -> None:
        """Note that TWS has lost its link to the vendor (1100, 2110): the vendor's data are in a *gap* from here on.

        What TWS says of them all the same is kept back: the rest of what was on its way. If it goes on, so does the
        stream (`tend`).
        """
        self._link_gap = gap
        lost = [intent for intent in self._intents if intent.is_open and is_lost_with_link(intent.asked)]
        for intent in lost:
            if intent.mailbox.gap is None:
                self._pause(intent)
        self._tell(gap, lost)

    def _pause(self, intent: Intent) -> None:
        """Keep back what TWS says to *intent*: it is in a gap, though it is open."""
        if intent.relay is not None:
            intent.relay.hold()
            self._paused[intent] = None
            self._watched.pop(intent, None)
            self._look_soon(is_rest=True)

    def resume_link(self, until: datetime) -> None:
        """Note that the link is back, and the data with it (1102): streams go on, and each has to be heard of soon.

        What is whole from its beginning alone is opened anew (`Mailbox.begins_anew`: quotes, books, updating bars);
        others if they stay silent for as long as `SILENT_SECONDS` says, while no farm of theirs is broken.
        """
        now = anyio.current_time()
        self._link_gap = None
        paused = list(self._paused)
        for intent in paused:
            if intent.mailbox.begins_anew:
                del self._paused[intent]
                self._later[intent] = now
            else:
                self._go_on(intent, until)
        for intent in self._intents:
            # Those too that were opened meanwhile, and of which TWS may know nothing.
            if intent.is_open and intent not in self._later and is_lost_with_link(intent.asked):
                intent.note_heard()
                self._watched[intent] = now + SILENT_SECONDS.get(type(intent.asked).__name__, LONGEST_PAUSE)
        self._note_news()

    def farm_is_back(self, kind: FarmKind, since: datetime) -> None:
        """Note that TWS has a farm of that *kind* again, which was broken *since* then: its streams may be dead.

        Those that stay silent for as long as `SILENT_SECONDS` says are opened anew, once.
        """
        now = anyio.current_time()
        for intent in self._intents:
            if intent.is_open and intent.mailbox.gap is None and is_of_farms(intent.asked) and farm_of(intent) is kind:
                intent.note_heard()
                intent.alive_at = since if intent.alive_at is None else max(intent.alive_at, since)
                self._watched[intent] = now + SILENT_SECONDS[type(intent.asked).__name__]
        self._note_news()

    def _go_on(self, intent: Intent, until: datetime) -> None:
        """Let *intent*, which was paused, go on as it is."""
        del self._paused[intent]
        relay, pump = intent.relay, self._pump
        if relay is not None and pump is not None:
            intent.note_heard()
            self._resume(pump, intent, self._intents[intent], Resumed(_NO_GAP, until))

    # --- while the connection lasts ----------------------------------------------------------------------------------

    async def tend(self, pump: Pump) -> None:
        """Do what is due while *pump* lasts: ask for what was missed, open again what TWS has ended for a while.

        It never raises, and ends with the connection.
        """
        async with anyio.create_task_group() as tasks:
            while self._is_on(pump):
                news = self._news = anyio.Event()
                now = anyio.current_time()
                self._start_fetching(pump, tasks)
                await self._open_what_is_due(pump, now)
                self._look(pump, now)
                wake_at = min([self._look_at, *self._later.values(), *self._watched.values()])
                with anyio.move_on_after(max(0.0, wake_at - anyio.current_time())):
                    await news.wait()
            self._news = None
            tasks.cancel_scope.cancel()

    def _is_on(self, pump: Pump) -> bool:
        return self._pump is pump and pump.connection.closed is None

    def _note_news(self) -> None:
        for event in (self._news, self._hurry):
            if event is not None:
                event.set()

    async def _open_what_is_due(self, pump: Pump, now: float) -> None:
        due = [intent for intent, at in self._later.items() if at <= now]
        for place, intent in enumerate(due, start=1):
            reader = self._intents.get(intent)
            self._later.pop(intent, None)
            if reader is not None and self._is_on(pump) and not intent.mailbox.is_finished:
                before = intent.shut()
                if before is not None:
                    pump.leave_stream(before)
                self._open_again(pump, intent, reader, self.utc())
            if place % _AT_ONCE == 0:
                await checkpoint()

    def _look(self, pump: Pump, now: float) -> None:
        """See which streams are dead that ought to be alive, and which are alive that ought to be dead."""
        for intent in [intent for intent, at in self._watched.items() if at <= now]:
            if intent.relay is None or intent.relay.has_heard:
                del self._watched[intent]
            elif pump.session.health(now).broken(farm_of(intent)):
                # As long as the farm is broken it is no wonder.
                self._watched[intent] = now + LOOK_SECONDS
            else:
                del self._watched[intent]
                self._later[intent] = now
                why = "nothing has come since TWS has its link or its farm again (1102, 2104, 2106): opened anew"
                intent.mailbox.lose(Gap(intent.alive_at or self.utc(), why), alone=True)
                self._intents[intent].wake()
        if self._look_at <= now:
            self._look_at = math.inf
            for intent in list(self._paused):
                relay = intent.relay
                if relay is not None and relay.has_heard and not self._is_rest:
                    # Whatever was said of the link: data come.
                    self._link_gap = None
                    self._go_on_by_itself(intent)
            self._look_soon(is_rest=False)

    def _go_on_by_itself(self, intent: Intent) -> None:
        if intent.mailbox.begins_anew:
            del self._paused[intent]
            self._later[intent] = anyio.current_time()
        else:
            self._go_on(intent, self.utc())

    def _look_soon(self, *, is_rest: bool) -> None:
        """See to it that those which are paused are looked at: what comes after a while is no rest any more."""
        if self._paused and self._look_at == math.inf:
            self._is_rest = is_rest
            for intent in self._paused:
                intent.note_heard()
            self._look_at = anyio.current_time() + LOOK_SECONDS
            self._note_news()

    # --- opening and ending ------------------------------------------------------------------------------------------

    def _open(self, pump: Pump, intent: Intent, reader: Reader[Any], timeout: float | None) -> None:
        """Open *intent* on *pump*, and hold back what comes if it is in a gap. Raises as the pump does."""
        mailbox = intent.mailbox
        is_first = intent.openings == 0 and mailbox.gap is None
        ended, left = partial(self._ended, intent), partial(self._note_left, intent)
        relay = intent.relay = Relay(mailbox, ended, left, is_first=is_first)
        if mailbox.gap is None:
            intent.alive_at = self.utc()
        if mailbox.gap is not None:
            relay.hold()
        request = intent.asked if intent.openings == 0 else again(intent.asked)
        try:
            streamed = pump.open_stream(request, timeout, relay, reader)
        except BaseException:
            intent.shut()
            raise
        intent.note_opened(streamed)

    def _open_again(
        self, pump: Pump, intent: Intent, reader: Reader[Any], until: datetime, not_fetched: str = ""
    ) -> None:
        """Open *intent*, which is in a gap; if it cannot be opened, that is its end."""
        if intent.openings and change_by(intent.asked, _ANY_CLIENT) is not None:
            intent.mailbox.finish(AnswerLost(intent.asked, may_have_arrived=True))
            reader.wake()
            return
        # A time-out of the caller's is for the first data.
        self._deadlines.pop(intent, None)
        timeout = intent.seconds if intent.openings == 0 else None
        if intent.deadline_at is not None and not intent.is_fed:
            timeout = max(0.0, intent.deadline_at - anyio.current_time())
        try:
            self._open(pump, intent, reader, timeout)
        except ConnectionClosed:
            return
        except Exception as problem:  # noqa: BLE001 (whoever opened it is gone, and its reader is to be told)
            intent.mailbox.finish(problem)
        else:
            words = not_fetched if type(intent.asked).__name__ in _OF_ORDERS else ""
            self._resume_when_left(pump, intent, reader, Resumed(_NO_GAP, until, (), words))
        reader.wake()

    def _resume_when_left(self, pump: Pump, intent: Intent, reader: Reader[Any], resumed: Resumed) -> None:
        """Tell who reads *intent* that it goes on, as soon as its request has left."""
        if intent.was_sent:
            self._resume(pump, intent, reader, resumed)
        else:
            self._leaving[intent] = resumed

    def _note_left(self, intent: Intent) -> None:
        resumed, pump = self._leaving.pop(intent, None), self._pump
        if resumed is not None and pump is not None:
            later = replace(resumed, until=max(resumed.until, self.utc()))
            self._resume(pump, intent, self._intents[intent], later)

    def _resume(self, pump: Pump, intent: Intent, reader: Reader[Any], resumed: Resumed) -> None:
        """Tell who reads *intent* that it goes on, and let go what was held back."""
        relay = intent.relay
        if relay is None or not self._is_on(pump) or intent.mailbox.gap is None:
            return
        if self._link_gap is not None and is_lost_with_link(intent.asked):
            # It stays in its gap until TWS has its link again, or data come all the same.
            self._pause(intent)
            return
        intent.alive_at = resumed.until
        intent.mailbox.resume(resumed_for(intent.asked, resumed))
        relay.release()
        if intent.mailbox.missing is not None:
            self._to_fetch.append(intent)
            self._note_news()
        reader.wake()

    def _ended(self, intent: Intent, end: Exception | None) -> bool:
        """Judge the *end* of the conversation of *intent*; tell whether it is the end of its stream too."""
        kind = end_of(end, is_known=intent.is_known, doubted=intent.doubted)
        if kind is End.OVER:
            return True
        has_heard = intent.relay is not None and intent.relay.has_heard
        intent.shut()
        self._take_out(intent)
        if kind is End.CUT:
            # `lose` comes at once.
            self._note_news()
        elif kind is End.LOST:
            assert isinstance(end, DataLost), "that is what it means"
            intent.mailbox.lose(self._lost_gap(intent))
        else:
            self._ask_again(intent, str(end), has_heard=has_heard)
        return False

    def _lost_gap(self, intent: Intent) -> Gap:
        """Give the gap in which *intent* is by 1101: it began when there were data for the last time, of anything."""
        now = self.utc()
        age = None if self._pump is None else self._pump.health().data_age
        last = None if age is None else now - timedelta(seconds=age)
        since = max([at for at in (last, intent.alive_at) if at is not None], default=now)
        if self._lost is None or self._lost.since < since:
            self._lost = Gap(since, "TWS has lost the data of its streams (1101)")
        return self._lost

    def _ask_again(self, intent: Intent, why: str, *, has_heard: bool) -> None:
        intent.doubted = 1 if has_heard else intent.doubted + 1
        intent.pause = PAUSE if has_heard else min(2 * intent.pause, LONGEST_PAUSE)
        since = None if has_heard else intent.alive_at
        intent.mailbox.lose(Gap(since or self.utc(), in_a_sentence(why)), alone=True)
        self._later[intent] = anyio.current_time() + intent.pause
        self._note_news()

    # --- what was missed ---------------------------------------------------------------------------------------------

    def _start_fetching(self, pump: Pump, tasks: TaskGroup) -> None:
        to_fetch, self._to_fetch = self._to_fetch, []
        for intent in to_fetch:
            request = intent.mailbox.missing
            if request is not None and intent in self._intents:
                tasks.start_soon(self._fetch, pump, intent, intent.relay, request)

    async def _fetch(self, pump: Pump, intent: Intent, relay: Relay | None, request: Asks[Any]) -> None:
        answer, why_not = None, ""
        try:
            answer = await pump.ask(request, FETCH_SECONDS)
        except ConnectionClosed:
            # It stays in its gap.
            return
        except RequestFailed as problem:
            why_not = "" if no_data_text(problem) is not None else str(problem)
        except AnytwsError as problem:
            why_not = str(problem)
        if relay is not None and intent.relay is relay and intent in self._intents:
            intent.mailbox.fetched(answer, why_not)
            self._intents[intent].wake()


def farm_of(intent: Intent) -> FarmKind:
    """Give which farms *intent* is fed by."""
    return _FARMS.get(type(intent.asked).__name__, FarmKind.MARKET_DATA)


_NO_GAP: Final = Gap(datetime.fromtimestamp(0, UTC), "")
"""In the place of the gap that a mailbox knows by itself."""
