"""Carries the bytes of one link to and from one byte stream."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Final

import anyio
from anyio.abc import TaskGroup

from anytws.simulator.link import Link
from anytws.simulator.pace import REAL_TIME, Pace
from anytws.simulator.settings import HangUp
from anytws.simulator.streams import ResettableStream

_LOG: Final = logging.getLogger("anytws.simulator")


class Carrier:
    """Carries bytes between one link and one stream until one of them ends, then ends the other."""

    def __init__(self, link: Link, stream: ResettableStream, linger_seconds: float, pace: Pace = REAL_TIME) -> None:
        self._link = link
        self._stream = stream
        self._linger_seconds = linger_seconds
        self._pace = pace
        self._attention = anyio.Event()
        self._delivered = anyio.Event()
        self._thawed = anyio.Event()
        self._delivery: anyio.CancelScope | None = None
        self._has_told = False
        self._stop_watching = link.watch(self._attend)
        self._tell_failure()

    async def run(self) -> None:
        """Carry. The stream is closed at the end, however it comes; what fails is the end of this link alone."""
        try:
            async with open_tasks() as tasks:
                tasks.start_soon(self._listen)
                await self._speak()
            await self._hang_up()
        except Exception as failure:  # noqa: BLE001 (whatever it is, the other clients have nothing to do with it)
            self._link.fail(failure)
        finally:
            try:
                # Still open here only if the server's block was left, or carrying failed.
                self._link.die(HangUp.EOF, self._now())
                self._stop_watching()
                # Nobody will fetch it any more.
                self._link.data_to_send()
            finally:
                await self._stream.aclose()

    def _now(self) -> float:
        return self._pace.world_time(anyio.current_time())

    def _tell_failure(self) -> None:
        # At once, while the link remembers it.
        if self._link.failure is not None and not self._has_told:
            self._has_told = True
            _LOG.error("%r: its connection ended, since handling it failed", self._link, exc_info=self._link.failure)

    def _attend(self) -> None:
        self._tell_failure()
        self._attention.set()
        if not self._link.is_hanging:
            self._thawed.set()
            self._thawed = anyio.Event()
        if self._delivery is not None and self._link.hang_up is not None:
            # A delivery that was begun before the hang-up does not wait for ever for a client that does not read.
            patience = 0.0 if self._link.hang_up is HangUp.RESET else self._linger_seconds
            self._delivery.deadline = min(self._delivery.deadline, anyio.current_time() + patience)

    async def _listen(self) -> None:
        while True:
            try:
                data = await self._stream.receive()
            except anyio.EndOfStream:
                self._link.receive_eof(self._now())
                return
            except anyio.BrokenResourceError:
                self._link.receive_reset(self._now())
                return
            self._link.receive_data(data, self._now())
            # A client that asks without ever reading an answer is not listened to, so that answers cannot pile up.
            while self._link.has_data_to_send:
                await self._delivered.wait()
            while self._link.is_hanging:
                await self._thawed.wait()

    async def _speak(self) -> None:
        link = self._link
        while True:
            link.wake(self._now())
            self._attention = anyio.Event()
            if link.hang_up is HangUp.RESET:
                return
            if link.has_data_to_send:
                await self._deliver(link.data_to_send())
            elif link.hang_up is HangUp.EOF:
                return
            else:
                with anyio.CancelScope(deadline=self._pace.deadline(link.own_wake_at())):
                    await self._attention.wait()

    async def _deliver(self, data: bytes) -> None:
        with anyio.CancelScope() as self._delivery:
            self._attend()
            try:
                await self._stream.send(data)
            except anyio.BrokenResourceError:
                self._link.receive_reset(self._now())
        self._delivery = None
        self._delivered.set()
        self._delivered = anyio.Event()

    async def _hang_up(self) -> None:
        if self._link.hang_up is HangUp.RESET:
            self._stream.reset(self._link.data_to_send())
            return
        # A socket that is closed with bytes unread sends an RST, which may overtake what was said last (error 326!).
        # So: say the end, hear the client out until it hangs up as well, then close.
        with anyio.move_on_after(self._linger_seconds), suppress(anyio.EndOfStream, anyio.BrokenResourceError):
            await self._stream.send_eof()
            while True:
                await self._stream.receive()


@asynccontextmanager
async def open_tasks() -> AsyncGenerator[TaskGroup]:
    """Give a task group whose tasks end with the block, and which lets a single error out bare.

    A test that raises inside of ``async with serve(...)`` should see its own error, not a group around it.
    """
    try:
        async with anyio.create_task_group() as tasks:
            try:
                yield tasks
            finally:
                tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        if len(group.exceptions) != 1:
            raise
        error = group.exceptions[0]
        raise error from error.__cause__
