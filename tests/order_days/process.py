"""One life of the trading program: what it believes, its journal, its connection, and what it waits for."""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, cast

import attrs

from anytws.client.intake import Intake
from anytws.client.order_search import OrderSearch
from anytws.client.placing import unknown
from anytws.client.reconciling import Reconciler
from anytws.core.events import ConnectionClosed
from anytws.core.options import HandshakeOptions
from anytws.core.state import State
from anytws.errors import HealthTimedOut, LocalProtocolError
from anytws.machines.journal import Entry, Picture
from anytws.machines.known_orders import KnownOrders
from anytws.machines.order import OrderLife
from anytws.machines.order_answer import Answer, AnswerKind, Cancelling, Changing, Placing
from anytws.machines.outbox import Parcel
from anytws.machines.session import ClientSession
from anytws.messages.base import Asks, ToTws
from tests.order_days.loopless import Ask, News, Sleep, Task, hand_over

CLIENT_ID: Final = 1
_MOST_STEPS: Final = 200
PATIENCE: Final = 60.0
"""Seconds for which the program waits for an answer, as `Orders.place` does."""


class MemoryJournal:
    """A journal that outlives its process, and costs no disk."""

    def __init__(self) -> None:
        self.picture: Picture = Picture()
        self.is_open: bool = False

    def open(self) -> None:
        self.is_open = True

    def close(self) -> None:
        self.is_open = False

    def read(self) -> Picture:
        return self.picture

    def write(self, *entries: Entry) -> None:
        for entry in entries:
            self.picture.take(entry)

    def killed(self) -> MemoryJournal:
        """Give what the next process finds: what was written, read anew."""
        after = MemoryJournal()
        after.write(*self.picture.entries())
        return after


@attrs.define(eq=False)
class Waiter:
    """Somebody who waits for the answer to something that was sent."""

    life: OrderLife
    wait: Placing | Changing | Cancelling
    connection: int
    until: float
    answer: Answer | None = None


class Process:
    """One life of the program. *now* gives the time."""

    def __init__(self, journal: MemoryJournal | None, now: Callable[[], float], clock: Callable[[], datetime]) -> None:
        self._known = KnownOrders(lasts=True)
        self.journal: Final = journal
        self.intake: Final = Intake(journal, clock=clock)
        self.intake.open()
        self.session: ClientSession | None = None
        self.tasks: list[tuple[str, Task, Any]] = []
        self.waiters: list[Waiter] = []
        self.unknowns: list[OrderLife] = []
        """Orders of which nobody told what became of what was sent."""
        self.on_sent: Callable[[ToTws], None] = _ignore
        self.on_answer: Callable[[Waiter], None] = _ignore
        self._now = now
        self._rung: dict[OrderLife, int] = {}
        self._waits: dict[Task, Any] = {}
        self._is_begun = False
        self._tws = cast("Any", _Facade(self))
        self.search: Final = OrderSearch(self._tws, _trade_of)
        self.reconciler: Final = Reconciler(self._tws, _trade_of)

    @property
    def known(self) -> KnownOrders:
        """What is believed of orders, with what was just sent."""
        return self._known if self.session is None else self.session.orders

    def time(self) -> float:
        """What time it is."""
        return self._now()

    # --- its connection ------------------------------------------------------------------------------------------

    @property
    def is_ready(self) -> bool:
        """Whether orders can be sent."""
        return self.session is not None and self.session.state is State.READY

    def connect(self) -> ClientSession:
        """Begin a connection."""
        guard = self.intake if self.journal is not None else None
        self.session = ClientSession(HandshakeOptions(client_id=CLIENT_ID), orders=self._known, guard=guard)
        if guard is not None:
            self.intake.prepare(self.known, CLIENT_ID)
        self._is_begun = False
        self.session.opened(self._now())
        return self.session

    def kill(self) -> None:
        """Have it end, without a word."""
        for _, task, _ in self.tasks:
            task.drop()
        self.tasks.clear()

    def give_up(self) -> None:
        """Have nobody want to know any more what was asked about orders."""
        for _, task, _ in self.tasks:
            asked = self._waits.pop(task, None)
            if isinstance(task.waits_for, Ask) and asked is not None and self.session is not None:
                self.session.leave(asked, self._now())
            task.drop()
        self.tasks.clear()

    # --- what it sends -------------------------------------------------------------------------------------------

    def send(self, message: ToTws) -> tuple[ToTws, Parcel] | None:
        """Send *message*; None: it was refused here, and nothing was sent."""
        session = self.session
        if session is None or session.state is not State.READY:
            return None
        try:
            said, parcel = session.send(message, self._now())
        except (LocalProtocolError, ConnectionClosed):
            return None
        self.on_sent(said)
        return said, parcel

    def take_back(self, parcel: Parcel) -> bool:
        """Take back what has not left."""
        return self.session is not None and self.session.take_back(parcel)

    def wait(self, life: OrderLife, wait: Placing | Changing | Cancelling) -> None:
        """Wait for the answer to what was just sent for *life*."""
        self.waiters.append(Waiter(life, wait, self.known.connections, self._now() + PATIENCE))

    def forget_changes(self, life: OrderLife) -> None:
        """Have nobody wait any more for the answer to a change of *life*."""
        self.waiters = [each for each in self.waiters if each.life is not life or not isinstance(each.wait, Changing)]

    # --- what it asks --------------------------------------------------------------------------------------------

    def reconcile(self) -> Task:
        """Begin to reconcile."""
        return self._begin("reconcile", self.reconciler.reconcile(), None)

    def resolve(self, life: OrderLife) -> Task:
        """Begin to find out what became of *life*."""
        problem = unknown(self._tws, life, "nobody told")
        return self._begin("resolve", self.search.resolve(problem), life)

    def _begin(self, name: str, coroutine: Any, about: Any) -> Task:
        task = Task(coroutine, self._now)
        self.tasks.append((name, task, about))
        self._go_on(task)
        return task

    def ask(self, request: Asks[Any], timeout: float | None = 10.0) -> Any:
        """Ask something by the way; None: it cannot be asked now."""
        if not self.is_ready or self.session is None:
            return None
        try:
            return self.session.ask(request, self._now(), timeout)
        except (LocalProtocolError, ConnectionClosed):
            return None

    # --- after each input ----------------------------------------------------------------------------------------

    def settle(self) -> list[OrderLife]:
        """Take the news, and have everybody go on whom they concern; give the orders of which there are some."""
        session = self.session
        if session is None:
            return []
        if not self._is_begun and session.state is State.READY:
            self._is_begun = True
            if self.journal is not None:
                self.intake.begin(self.known, CLIENT_ID, session.connection.accounts)
        news = session.take_order_news()
        session.news()
        self.ring(news)
        self._look_at_waiters()
        for _ in range(_MOST_STEPS):
            # Each as far as it comes, and again: what one has asked another may have been waiting for.
            if not [task for _, task, _ in self.tasks if self._go_on(task)]:
                break
        return news

    def ring(self, lives: Any) -> None:
        """Have whoever waits for news of *lives* look again."""
        for life in lives:
            self._rung[life] = self._rung.get(life, 0) + 1

    def _look_at_waiters(self) -> None:
        now, left = self._now(), []
        for waiter in self.waiters:
            answer = waiter.wait.look(now)
            if answer is not None:
                waiter.answer = answer
                self.on_answer(waiter)
                if answer.kind is AnswerKind.UNSETTLED:
                    self.unknowns.append(waiter.life)
            elif self.known.ended is not None or self.known.connections != waiter.connection or now >= waiter.until:
                self.unknowns.append(waiter.life)
            else:
                left.append(waiter)
        self.waiters = left

    def _go_on(self, task: Task) -> bool:
        """Have *task* go on if it can; tell whether it did."""
        if task.is_over:
            return False
        what, begun = task.waits_for, self._waits.get(task)
        if task.wake():
            self._waits.pop(task, None)
            return True
        if isinstance(what, Ask):
            return self._answer(task, what, begun)
        if isinstance(what, News):
            count = self._rung.get(what.life, 0)
            if begun is None:
                self._waits[task] = count
            elif count != begun:
                self._waits.pop(task)
                task.send(None)
                return True
        return False

    def _answer(self, task: Task, what: Ask, asked: Any) -> bool:
        session = self.session
        if asked is None:
            try:
                if session is None:
                    raise _NO_CONNECTION
                self._waits[task] = asked = session.ask(what.request, self._now(), what.timeout)
            except (ConnectionClosed, LocalProtocolError) as problem:
                task.throw(problem)
                return True
        if not asked.is_over:
            return False
        self._waits.pop(task)
        if asked.failure is not None:
            task.throw(asked.failure)
        else:
            task.send(asked.take())
        return True


_NO_CONNECTION: Final = LocalProtocolError("there is no connection", message="", field="")


def _ignore(_: Any) -> None:
    """Nobody wants to know."""


def _trade_of(life: OrderLife) -> Any:
    return life


class _Facade:
    """What stands for a `Tws` where orders are reconciled."""

    def __init__(self, process: Process) -> None:
        self.connection_time: Final = types.SimpleNamespace(aware=None)
        self.order_bells: Final = self
        self.intake: Final = process.intake
        self._process = process

    @property
    def known_orders(self) -> KnownOrders:
        return self._process.known

    @property
    def health(self) -> Any:
        session = self._process.session
        assert session is not None, "there was a connection"
        link = session.conversations.layers.link
        now = types.SimpleNamespace(link=link.state, link_losses=link.losses)
        return types.SimpleNamespace(now=now, until=self._until)

    async def _until(self, holds: Callable[[Any], object], timeout: float | None = None) -> None:  # noqa: ASYNC109 (as `HealthView` has it)
        until = math.inf if timeout is None else self._process.time() + timeout
        while not holds(self.health.now):
            session = self._process.session
            assert session is not None, "there was a connection"
            session.raise_if_closed()
            if self._process.time() >= until:
                raise HealthTimedOut(timeout or 0.0, self.health.now)
            await hand_over(Sleep(min(until, self._process.time() + 1.0)))

    async def ask(self, request: Asks[Any], *, timeout: float | None = None) -> Any:  # noqa: ASYNC109 (as `Tws`)
        return await hand_over(Ask(request, timeout))

    def ring(self, lives: Any) -> None:
        self._process.ring(lives)

    async def wait(self, life: OrderLife) -> None:
        await hand_over(News(life))

    def take_back(self, parcel: Parcel) -> bool:
        return self._process.take_back(parcel)
