"""The loop of who stays connected: connect, be there, lose it, wait, connect again; and what happens at each turn.

The order on the way back is a promise: `Gap` at once, then connect, then settings, then orders are asked for, then the
streams are opened (`Resumed`), then their new data. Where we are in it is a machine's business
(`anytws.machines.presence`), when it is tried again a policy's (`anytws.machines.reconnection`).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeAlias

import anyio
import attrs
from anyio.abc import TaskGroup

from anytws.client.block import say_goodbye, works_beside
from anytws.client.door import Door
from anytws.client.kept_tws import KeptTws
from anytws.client.listeners import Lasting, LastingLatest, Listeners
from anytws.client.presence import wall_offset
from anytws.client.reaching import Handed
from anytws.client.way_back import WayBack
from anytws.core.events import CloseReason, ConnectionClosed, Event
from anytws.core.state import State
from anytws.machines.health import Health, HealthChanged, Latest
from anytws.machines.mailbox import Mailbox, WhenFull
from anytws.machines.presence import Presence, PresenceMachine, PresenceSignal
from anytws.machines.reconnection import Hopeless, Reconnection, Troubles, TryAgain, Verdict, for_good
from anytws.machines.records import Gap, Resumed
from anytws.runtime.connect_errors import ConnectError
from anytws.runtime.hook import Hook
from anytws.runtime.kept import KeptStreams
from anytws.runtime.pump import Pump, Work
from anytws.runtime.sight import PresenceSight
from anytws.runtime.stream import EventStream, Reader

Attempt: TypeAlias = Callable[[int, Handed], Coroutine[Any, Any, Pump]]
"""Connects to a port once, with what an earlier connection has handed on. Raises `ConnectError`."""


@attrs.frozen(kw_only=True)
class Plan:
    """What a keeper goes by."""

    attempt: Attempt
    port: int
    """The port that the program has named."""
    address: Callable[[int], str]
    """What is at a port, for people."""
    policy: Reconnection
    handed: Handed
    client_id: int
    hook: Hook | None
    intake: Door
    """What every order has to pass, over all connections."""
    on_presence: Callable[[Presence], object] | None


class Keeper:
    """The life of a program that stays connected. Its end is the block's end, or what is hopeless."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._offset = wall_offset()
        self._troubles = Troubles(anyio.current_time())
        self._machine = PresenceMachine(self._utc(), plan.address(plan.port))
        self._sight = PresenceSight(plan.hook)
        self._changed: anyio.Event | None = None
        self.streams: Final = KeptStreams(utc=self._utc)
        """The streams of the program, which outlive a connection."""
        self._listeners = Listeners()
        self._pump: Pump | None = None
        self._tws: KeptTws | None = None
        self._way_back: WayBack | None = None
        self._tasks: TaskGroup | None = None
        self._scope = anyio.CancelScope()
        self._verdict: Verdict | None = None
        """What follows from the end of the present connection, as soon as it is looked at."""
        self._end: ConnectionClosed | None = None
        self._bug: BaseException | None = None
        self._is_left = False

    def __repr__(self) -> str:
        return f"<Keeper, {self._machine.state.value}>"

    # --- what a block wants of a life ----------------------------------------------------------------------------

    @property
    def tws(self) -> KeptTws:
        """What the program holds."""
        assert self._tws is not None, "the block is entered when there is a connection"
        return self._tws

    @property
    def way_back(self) -> WayBack:
        """What is brought up to date when there is a connection again."""
        assert self._way_back is not None, "as above"
        return self._way_back

    @property
    def end(self) -> ConnectionClosed | None:
        """How all has ended; None while it has not."""
        return self._end

    @property
    def bug(self) -> BaseException | None:
        """What a byte stream raised and should not have."""
        return self._bug

    def start(self, tasks: TaskGroup, tell: Work) -> None:
        """Have *tasks* do the work."""
        self._tasks = tasks
        self.pump.start(tasks, *works_beside(self.pump))
        tasks.start_soon(self._keep)
        tasks.start_soon(self.streams.keep_time)
        tasks.start_soon(tell)

    async def until_end(self) -> None:
        """Wait until all has ended."""
        while self._end is None:
            await self.presence_changed()

    async def drained(self) -> None:
        """Wait until everybody who reads a stream has come to its end."""
        await self.streams.drained()
        await self._listeners.drained()
        for reader in list(self.pump.bells.readers):
            while reader.is_finished and reader.is_being_read:
                await reader.wait_for_move()

    async def say_goodbye(self) -> None:
        """Send what was said last, or find that it cannot be; a second at most. While there is nobody, nothing is."""
        self._is_left = True
        self._scope.cancel()
        if self.is_connected:
            await say_goodbye(self.pump)
            closed = self.pump.connection.closed
            if closed is not None and closed.reason is CloseReason.SEND_FAILED:
                self._finish(closed)

    def stop(self) -> None:
        """End all work, from whichever task."""
        self._is_left = True
        self._scope.cancel()
        self.pump.stop()
        closed = self.pump.connection.closed
        if closed is None or closed.reason is not CloseReason.LOCAL:
            detail = "the block was left while there was no connection"
            closed = ConnectionClosed(CloseReason.LOCAL, State.CLOSED, detail)
        self._finish(closed)

    async def until_over(self) -> None:
        """Wait until all work is done and nothing is open."""
        await self.pump.over.wait()

    async def close(self) -> None:
        """Close what is still open, and the journal."""
        try:
            if not self.pump.over.is_set():
                await self.pump.close()
        finally:
            self._plan.intake.close()

    # --- where we are --------------------------------------------------------------------------------------------

    @property
    def pump(self) -> Pump:
        """The present connection; while there is none, the last one."""
        assert self._pump is not None, "the block is entered when there is a connection"
        return self._pump

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection."""
        self._look()
        return self._end is None and self.pump.connection.closed is None

    @property
    def presence(self) -> Presence:
        """Where we are."""
        self._look()
        return self._machine.now

    async def presence_changed(self) -> None:
        """Wait until it is another one than now."""
        if self._changed is None or self._changed.is_set():
            self._changed = anyio.Event()
        await self._changed.wait()

    async def until_connected(self) -> None:
        """Wait for a connection. Raises the end of everything."""
        while not self.is_connected:
            self.raise_if_closed()
            await self.presence_changed()

    def raise_if_closed(self) -> None:
        """Raise the end of everything, if it has come."""
        if self._end is not None:
            raise self._end.again()

    def _utc(self, now: float | None = None) -> datetime:
        return datetime.fromtimestamp(self._offset + (anyio.current_time() if now is None else now), UTC)

    def _fire(self, signal: PresenceSignal, address: str | None = None) -> None:
        if self._machine.fire(signal, self._utc(), address=address):
            self._tell()

    def _tell(self) -> None:
        """Let all know who want to know where we are."""
        presence = self._machine.now
        self._sight.look(presence, self._plan.client_id)
        if self._changed is not None:
            self._changed.set()
        if self._plan.on_presence is not None and self._tws is None:
            self._plan.on_presence(presence)

    # --- the loop ------------------------------------------------------------------------------------------------

    async def enter(self) -> Keeper:
        """Connect for the first time. Raises `ConnectError` where that is hopeless, or takes too long."""
        pump = self._pump = await self._reach()
        try:
            self._tws = KeptTws(self, self._plan.intake)
            self._way_back = WayBack(self._tws, self.streams, self._plan.policy.reconcile_within, self._utc)
            self._attach(pump)
            self.streams.attach(pump)
            self._fire(PresenceSignal.RETURNED)
        except BaseException:
            await pump.close()
            raise
        return self

    async def _reach(self) -> Pump:
        """Try until there is a connection. Raises the `ConnectError` of the attempt after which that is hopeless."""
        while True:
            port = self._troubles.port(self._plan.port)
            try:
                pump = await self._plan.attempt(port, self._plan.handed)
            except ConnectError as problem:
                verdict = self._judge(problem.closed, PresenceSignal.FAILED)
                if isinstance(verdict, Hopeless):
                    if self._troubles.failures > 1:
                        problem.add_note(f"given up after {self._troubles.failures} attempts: {verdict.why}")
                    raise
                await self._wait(verdict)
            else:
                self._troubles.note_ready(anyio.current_time(), port)
                return pump

    def _judge(self, end: ConnectionClosed, signal: PresenceSignal, gap: Gap | None = None) -> Verdict:
        """Say what follows from *end*, and note where we are then."""
        now, policy = anyio.current_time(), self._plan.policy
        trouble = self._troubles.note_end(end, now, policy.stable_after)
        verdict = policy.after(trouble, self._plan.client_id)
        self._machine.fire(
            signal,
            self._utc(now),
            address=self._plan.address(self._troubles.port(self._plan.port)),
            end=end,
            why=verdict.why,
            next_attempt_at=self._utc(now + verdict.seconds) if isinstance(verdict, TryAgain) else None,
            gap=gap,
        )
        if isinstance(verdict, Hopeless):
            self._machine.fire(PresenceSignal.GIVEN_UP, self._utc(now), why=verdict.why)
        self._tell()
        return verdict

    async def _wait(self, verdict: TryAgain) -> None:
        await anyio.sleep(verdict.seconds)
        self._fire(PresenceSignal.TRIED)

    async def _keep(self) -> None:
        with self._scope:
            while self._end is None:
                await self._live_with(self.pump)
                await self._come_back()

    async def _live_with(self, pump: Pump) -> None:
        """Do what is to be done beside a connection until it ends, and clear up behind it."""
        async with anyio.create_task_group() as beside:
            returned = partial(self._fire, PresenceSignal.RETURNED)
            beside.start_soon(self.way_back.be_there, pump, self._machine.now.gap, returned)
            beside.start_soon(self.way_back.watch_link, pump)
            await pump.until_closed()
            self._look()
            beside.cancel_scope.cancel()
        # The client id is free for the next connection only when this one is closed.
        pump.stop()
        await pump.over.wait()
        self._bug = pump.bug

    async def _come_back(self) -> None:
        """Connect again, or end everything."""
        verdict, closed = self._verdict, self.pump.connection.closed
        assert verdict is not None and closed is not None, "the connection has ended, and was looked at"  # noqa: PT018
        if isinstance(verdict, Hopeless) or self._bug is not None:
            self._finish(for_good(closed, verdict.why))
            return
        await self._wait(verdict)
        try:
            pump = await self._reach()
        except ConnectError as problem:
            self._finish(for_good(problem.closed, self._machine.now.why))
            return
        self._attach(pump)
        assert self._tasks is not None, "it was started"
        pump.start(self._tasks, *works_beside(pump))

    def _look(self) -> None:
        """Notice that the present connection has ended: from whichever task that is seen first."""
        pump = self._pump
        closed = None if pump is None else pump.connection.closed
        if pump is None or closed is None or self._verdict is not None or self._end is not None or self._is_left:
            return
        now = anyio.current_time()
        age = pump.health().word_age
        gap = Gap(self._utc(now - (age or 0.0)), str(attrs.evolve(closed, hint="")))
        self._verdict = self._judge(closed, PresenceSignal.LOST, gap)
        # Lost on the way back, one is in the old gap still; but what went on already is told of a new one.
        self.streams.lose(gap)
        self._plan.handed.orders.tell_all(gap)
        self._listeners.lose(gap)

    def _attach(self, pump: Pump) -> None:
        """Have all go on over *pump*."""
        # Never backwards: a gap must not end before it began because somebody has set the clock.
        self._offset = max(self._offset, wall_offset())
        self._pump, self._verdict = pump, None
        self.tws.attach(pump)
        self._fire(PresenceSignal.READY, address=pump.address)
        self._plan.intake.begin(self._plan.handed.orders, self._plan.client_id, pump.connection.accounts)
        gap = self._machine.now.gap
        self._listeners.attach(pump, None if gap is None else Resumed(gap, self._utc()))

    def _finish(self, closed: ConnectionClosed) -> None:
        """End everything, once."""
        if self._end is not None:
            return
        self._end = closed
        self._plan.handed.orders.finish(closed)
        self.pump.bells.ring(self.pump.session.take_order_news())
        self.streams.end(closed)
        self._listeners.end(closed)
        self._fire(PresenceSignal.LEFT)
        if self._changed is not None:
            self._changed.set()

    # --- those who listen over all connections -------------------------------------------------------------------

    def listen(self, capacity: int, when_full: WhenFull, capacity_bytes: int) -> EventStream:
        """Give a stream of all events, over all connections."""
        mailbox = Lasting(capacity, when_full, capacity_bytes)
        stream = EventStream(mailbox, self._forget)
        if self._end is not None:
            mailbox.end(self._end)
            return stream
        self._listeners.add(mailbox, stream)
        gap = self.presence.gap
        if self.is_connected:
            self.pump.listen_on(mailbox, stream)
        elif gap is not None:
            mailbox.lose(gap)
        return stream

    def _forget(self, mailbox: Mailbox[Event]) -> None:
        self._listeners.forget(mailbox)
        self.pump.forget_events(mailbox)

    def require_thread(self, method: str, *, waits: bool) -> None:
        """Raise `WrongThread` unless *method* is called in the thread of the block."""
        self.pump.require_thread(method, waits=waits)

    def health(self) -> Health:
        """How the present connection is; while there is none, how the last one ended."""
        return self.pump.health()

    def health_mailbox(self) -> Latest[HealthChanged]:
        """Give a mailbox for `watch_health`."""
        return LastingLatest()

    def watch_health(self, mailbox: Latest[HealthChanged], reader: Reader[Any]) -> None:
        """Wake *reader* whenever a layer has changed, on this connection or on a later one."""
        assert isinstance(mailbox, LastingLatest), "it is one of ours"
        self._listeners.watch(mailbox, reader)
        if self.is_connected:
            self.pump.watch_health(mailbox, reader)
            return
        mailbox.extend([HealthChanged()])
        if self._end is not None:
            mailbox.end(self._end.again())

    def unwatch_health(self, mailbox: Latest[HealthChanged]) -> None:
        """Note that nobody reads it any more."""
        self._listeners.forget(mailbox)
        self.pump.unwatch_health(mailbox)
