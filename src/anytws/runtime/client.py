"""What a program holds while it is connected."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from anytws.core.arguments import check_seconds
from anytws.core.events import ConnectionClosed
from anytws.core.remembered import MOST_BYTES
from anytws.core.state import State
from anytws.errors import printable
from anytws.messages.base import Asks, ToClient, ToTws
from anytws.messages.connection_time import ConnectionTime
from anytws.messages.session import CurrentTimeRequest
from anytws.runtime.event_stream import EventStream, WhenFull
from anytws.runtime.pump import Pump

_R = TypeVar("_R", bound=ToClient)

REQUEST_TIMEOUT = 10.0
"""Seconds that a request waits for its answer, unless the call says otherwise."""


class Tws:
    """A connection to TWS that is ready, for the length of an ``async with anytws.connect(...)`` block.

    Every method that waits raises `ConnectionClosed` when the connection ends, and can be cancelled. In another thread
    than that of the block, every method raises `WrongThread`; what is a property may be read from anywhere.
    """

    def __init__(self, pump: Pump) -> None:
        self._pump = pump
        self._connection = pump.connection
        self._watchers = 0
        self._told = False

    def __repr__(self) -> str:
        return f"<Tws {self._connection.described()}, {printable(self._pump.address)}>"

    @property
    def state(self) -> State:
        """The state now."""
        return self._connection.state

    @property
    def server_version(self) -> int:
        """The server version that was agreed."""
        version = self._connection.server_version
        assert version is not None, "the block is entered after the version reply only"
        return version

    @property
    def connection_time(self) -> ConnectionTime:
        """The clock of TWS when it accepted: as it was sent, and as an aware datetime if its zone is known."""
        time = self._connection.connection_time
        assert time is not None, "the block is entered after the version reply only"
        return time

    @property
    def client_id(self) -> int:
        """The client id that this connection has."""
        return self._connection.client_id or 0

    @property
    def accounts(self) -> tuple[str, ...] | None:
        """The managed accounts; None if TWS has not said them (ADR 0004)."""
        return self._connection.accounts

    @property
    def next_valid_id(self) -> int | None:
        """The lowest order id that may be used, as far as TWS has said it; None before that."""
        return self._connection.next_valid_id

    def events(
        self, *, capacity: int = 10_000, when_full: WhenFull = "fail", capacity_bytes: int = MOST_BYTES
    ) -> EventStream:
        """Give a stream of all events, messages included; the last one is `ConnectionClosed`.

        The first stream that is opened begins with what happened while connecting. *capacity* counts events that
        wait to be read, *capacity_bytes* about how much memory they keep; beyond either the stream is full, but one
        event may always wait, however large. *when_full* says what then happens: ``"fail"`` ends the stream with
        `SlowConsumer`, ``"drop_oldest"`` drops events and tells how many, ``"block"`` reads nothing from TWS until
        there is room (`anytws.runtime.event_stream.WhenFull`). A stream that blocks and is full, and from which nobody
        takes an event for 30 seconds, ends with `SlowConsumer` too: otherwise it would hide the end of the connection.

        Raises `TypeError` and `ValueError` for what is no capacity, or none of the three words.
        """
        self._pump.require_thread("Tws.events", waits=False)
        return self._pump.open_stream(capacity, when_full, capacity_bytes)

    async def current_time(self, *, timeout: float = REQUEST_TIMEOUT) -> datetime:
        """Ask TWS for its clock: UTC, whole seconds. Callers at the same time share one request.

        Raises `RequestTimedOut` when no answer comes within *timeout* seconds; ``math.inf`` waits for ever.
        """
        self._pump.require_thread("Tws.current_time", waits=True)
        return (await self.ask(CurrentTimeRequest(), timeout=timeout)).time

    async def ask(self, request: Asks[_R], *, timeout: float = REQUEST_TIMEOUT) -> _R:
        """Send a request that has one answer and no id, and give its answer.

        Raises `LocalProtocolError` for what may not be asked now or at this server version, `RequestTimedOut`
        when no answer comes within *timeout* seconds, and `DecodeError` for an answer that cannot be read.
        """
        self._pump.require_thread("Tws.ask", waits=True)
        check_seconds("timeout", timeout, example=REQUEST_TIMEOUT)
        return await self._pump.ask(request, timeout)

    def send(self, message: ToTws) -> None:
        """Send a message that has no answer. It is on its way when this returns; what TWS makes of it comes as events.

        Raises `LocalProtocolError` for what may not be said now or at this server version, `ConnectionClosed` after
        the end.
        """
        self._pump.require_thread("Tws.send", waits=False)
        self._pump.send(message)

    def start_api(self) -> None:
        """Open the session, with `HandshakeOptions.start_api_by_hand`; then wait for `ready`."""
        self._pump.require_thread("Tws.start_api", waits=False)
        self._pump.start_api()

    async def ready(self) -> None:
        """Wait until requests may be made. Needed with `HandshakeOptions.start_api_by_hand` only."""
        self._pump.require_thread("Tws.ready", waits=True)
        await self._pump.until(State.READY)
        self._pump.raise_if_closed()

    async def closed(self) -> ConnectionClosed:
        """Wait for the end of the connection and give it.

        Whoever waits here has asked to be told so: the block is not cancelled, and goes on.
        """
        self._pump.require_thread("Tws.closed", waits=True)
        self._watchers += 1
        try:
            await self._pump.until_closed()
        finally:
            self._watchers -= 1
        self._told = True
        end = self._connection.closed
        assert end is not None, "the event is set by the end only"
        return end

    @property
    def is_watched(self) -> bool:
        """Whether the end has been, or is about to be, told by `closed`."""
        return self._told or self._watchers > 0
