"""What lasts, for threads that wait: ``with`` blocks and plain ``for`` loops over the streams of `anytws.sync`.

To cross from one thread into another costs more than all else that an item takes. So a reader brings back what has come
by then, up to `HAND` items, and gives those without crossing again; of quotes, books and `watch` one at a time, since
more would grow old in its hand.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

import anyio

from anytws.arrow.records import Records
from anytws.client.portal import Portal
from anytws.client.stay import Stay
from anytws.core.arguments import check_timeout
from anytws.core.events import Event
from anytws.errors import AnytwsError, StreamInUse
from anytws.machines.mailbox import MailboxStatistics
from anytws.machines.pacing import Waiting
from anytws.machines.records import Dropped, InBand
from anytws.messages.base import ToTws
from anytws.runtime.feeds import Feeds
from anytws.runtime.sending import Sent
from anytws.runtime.stream import EventStream, Feed, Reader

if TYPE_CHECKING:
    from typing import Self

_T = TypeVar("_T")
_M = TypeVar("_M", bound=ToTws)

HAND: Final = 256
"""Items that are brought from thread to thread at once, at the most. They wait beside the bounds of the stream."""
_NOT_ENTERED: Final = "a stream is read inside its block: `with tws.stream(...) as stream:`"


class SyncReader(Generic[_T]):
    """Reads items one by one, in whatever thread: an iterator.

    What ends it is raised after all that came before, and again by whoever reads on. It is for one reader at a time: a
    second thread that waits for an item is refused with `StreamInUse`. Ctrl-C while it waits loses no item.
    """

    _hand = HAND
    """How many items are brought at once; 0: one by one, by the iterator alone."""

    def __init__(self, portal: Portal, inner: Any) -> None:  # noqa: ANN401 (each kind narrows it)
        self._portal = portal
        self._inner = inner
        self._reader: Any = inner
        self._taken: deque[_T] = deque()
        """What was brought, and is given next."""
        self._trouble: AnytwsError | None = None
        """What has ended it."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._inner!r}>"

    def __iter__(self) -> Self:
        self._require_block()
        return self

    def __next__(self) -> _T:
        while True:
            if self._taken:
                try:
                    return self._taken.popleft()
                except IndexError:
                    # Another thread was quicker.
                    continue
            self._bring(self._take, None)

    def next(self, *, timeout: float | None = None) -> _T:
        """Give the next item, and wait no longer than *timeout* seconds for it; None: for ever.

        Raises `TimeoutError` when that has passed: nothing is lost, and reading goes on. 0 gives what is there already.
        At the end it raises `StopIteration`, as the built-in ``next`` does.
        """
        check_timeout(timeout)
        while True:
            if self._taken:
                try:
                    return self._taken.popleft()
                except IndexError:
                    continue
            self._bring(self._take, timeout)

    def _bring(self, take: Callable[[], Coroutine[Any, Any, bool]], timeout: float | None) -> None:
        """Have *take* done in the loop. Raises what has ended the stream, and `StopIteration` after its last item."""
        self._require_block()
        if self._trouble is not None:
            raise self._trouble.with_traceback(None)
        if not self._portal.call(take if timeout is None else partial(within, timeout, take)):
            raise StopIteration

    async def _take(self) -> bool:
        """Bring what there is, one item at least; tell whether there was one."""
        return await self._taking(self._some)

    async def _taking(self, items: Callable[[], Coroutine[Any, Any, list[_T]]]) -> bool:
        # What is brought is kept here at once: the thread that waits for it may be interrupted.
        try:
            self._taken.extend(await items())
        except StopAsyncIteration:
            return False
        except StreamInUse:
            raise
        except AnytwsError as problem:
            self._trouble = problem
            raise
        return True

    async def _some(self) -> list[_T]:
        if self._hand:
            return await cast("Reader[_T]", self._reader).take_some(self._hand)
        return [await cast("AsyncIterator[_T]", self._reader).__anext__()]

    def _require_block(self) -> None:
        """Raise `RuntimeError` where nothing can come, since the block was not entered."""


class SyncBatchReader(SyncReader[_T]):
    """Reads items one by one, or all that have come at once."""

    def take_batch(self, *, timeout: float | None = None) -> Records[_T]:
        """Give all that has come, as soon as something has; raises `TimeoutError` after *timeout* seconds, as `next`.

        It is a tuple, which is also a table (`anytws.Records`).
        """
        check_timeout(timeout)
        batch: list[_T] = []
        while not batch:
            if not self._taken:
                self._bring(self._take_all, timeout)
            # One by one: more may be brought meanwhile, for another thread.
            with suppress(IndexError):
                while True:
                    batch.append(self._taken.popleft())
        return Records(batch)

    def batches(self) -> Iterator[Records[_T]]:
        """Give an iterator of tuples: all that has come since the last one. For speed."""
        self._require_block()
        return _Batches(self)

    def statistics(self) -> MailboxStatistics:
        """Tell how it does: what waits, and what was dropped. What this reader has brought already does not count."""

        async def statistics() -> MailboxStatistics:
            told: MailboxStatistics = self._inner.statistics()
            return told

        return self._portal.call(statistics)

    async def _take_all(self) -> bool:
        return await self._taking(self._all)

    async def _all(self) -> list[_T]:
        return [*await cast("Reader[_T]", self._reader).take_batch()]


class _Batches(Generic[_T]):
    """Gives what has come as one tuple each time."""

    def __init__(self, reader: SyncBatchReader[_T]) -> None:
        self._reader = reader

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Records[_T]:
        return self._reader.take_batch()


class SyncBlock(SyncReader[_T]):
    """A stream that is there for the length of a ``with`` block; to leave it cancels it at TWS."""

    def __init__(self, portal: Portal, inner: AbstractAsyncContextManager[Any]) -> None:
        super().__init__(portal, inner)
        self._stay: Stay[Any] = Stay(lambda: inner)
        self._is_used = False

    def __del__(self) -> None:
        # Forgotten in its block, by a generator perhaps: nobody will leave it any more.
        if hasattr(self, "_stay") and self._stay.is_entered:
            self._portal.soon(self._stay.let_go)

    def __enter__(self) -> Self:
        if self._is_used:
            raise RuntimeError("a stream is for one block: call the verb again for the next")
        self._is_used = True
        try:
            self._portal.call(self._enter, undo=self._stay.let_go)
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    async def _enter(self) -> None:
        await self._portal.enter(self._stay)
        self._reader = self._inner.__aiter__()

    def _leave(self) -> None:
        self._portal.leave(self._stay)
        if isinstance(self._reader, Reader):
            # Another thread may wait for an item that will never come.
            self._portal.soon(self._reader.wake)

    def _require_block(self) -> None:
        if not self._is_used:
            raise RuntimeError(_NOT_ENTERED)


class SyncFeed(SyncBatchReader[_T], SyncBlock[_T]):
    """What comes of a conversation, from the moment the block is entered until it is left: an iterator.

    What ends it is raised after all that came before: `RequestFailed`, `RequestTimedOut`, `DataLost`, `DecodeError`,
    `ConnectionClosed`; `SlowConsumer` at once. Entering never waits for TWS; leaving cancels.
    """

    _inner: Feed[_T]

    @property
    def request(self) -> ToTws:
        """The request, with its id as soon as the block is entered."""
        return self._inner.request

    @property
    def waiting(self) -> Waiting | None:
        """Why the request has not left yet, if pacing holds it; None: it has left, or the block is not entered."""
        return self._inner.waiting

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will come. What has come may still wait."""
        return self._inner.is_finished


class SyncStream(SyncFeed[_T | InBand]):
    """What TWS says in a conversation that goes on, message by message (`SyncFeed`).

    Between the messages stands what there is to say besides data, in its place: `Notice`, `OddValue` (in front of the
    message that it is about), `Dropped`, `Reset`.
    """


class SyncFeeds(SyncBatchReader[_T], SyncBlock[_T]):
    """What comes of many conversations, for one reader: an iterator, from its block's begin to its end."""

    _inner: Feeds[_T]

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will come. What has come may still wait."""
        return self._inner.is_finished


class SyncEventStream(SyncBatchReader[Event | Dropped]):
    """An iterator over the events of a connection, from the moment it was made. The last is `ConnectionClosed`.

    With ``fail``, `SlowConsumer` is raised as soon as the stream is too full, and what waited is gone. Leaving the loop
    early leaves the stream open; close it, or use it as ``with tws.events() as events``.
    """

    _inner: EventStream

    def __del__(self) -> None:
        if hasattr(self, "_inner") and not self._inner.is_closed:
            self._portal.soon(self._inner.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop: take no more events, and forget those that wait."""
        self._taken.clear()
        self._portal.soon(self._inner.close)

    @property
    def is_closed(self) -> bool:
        """Whether it takes no more events."""
        return self._inner.is_closed

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will come. What has come may still wait."""
        return self._inner.is_finished


class SyncSent(Generic[_M]):
    """A message that was taken to be sent. Nobody has to wait for it: it is written as soon as that can be done."""

    def __init__(self, portal: Portal, inner: Sent[_M]) -> None:
        self._portal = portal
        self._inner = inner

    def __repr__(self) -> str:
        return f"<SyncSent of {self._inner!r}>"

    @property
    def message(self) -> _M:
        """The message as it was said: a new order has its id."""
        return self._inner.message

    @property
    def has_left(self) -> bool:
        """Whether all its bytes have left this process. What TWS made of them is another question."""
        return self._inner.has_left

    @property
    def may_have_left(self) -> bool:
        """Whether TWS may have got it: some of its bytes have left, or how many have is not known."""
        return self._inner.may_have_left

    def take_back(self) -> bool:
        """Take it back, if no byte of it can have left; tell whether that was done."""

        async def take_back() -> bool:
            return self._inner.take_back()

        return self._portal.call(take_back)

    def wait(self, *, timeout: float | None = None) -> None:
        """Wait until it has left this process, and raise `TimeoutError` after *timeout* seconds; None: for ever.

        Raises `ConnectionClosed` where the connection ended before it had left whole; under ``keep_connected`` it is
        `AnswerLost`. To stop waiting takes nothing back.
        """
        check_timeout(timeout)

        async def wait() -> None:
            await self._inner

        self._portal.call(wait if timeout is None else partial(within, timeout, wait))


async def within(seconds: float, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """Do *work*, and give it up after so many *seconds*. Raises `TimeoutError`."""
    with anyio.move_on_after(seconds):
        return await work()
    raise TimeoutError(f"nothing came within {seconds:g} s")
