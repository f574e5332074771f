"""The reader's end of a mailbox, for AnyIO: ``async for``, one item or one batch at a time.

`Stream` is what comes of a conversation, `EventStream` all events of the connection. How items come into the mailbox is
nobody's business here but the pump's.

To wait, or to look for a cancellation, costs more than all else that an item takes. So the reader waits only where
there is nothing, and gives others their turn after every `TURN` items, or as many as took four milliseconds the last
time: on both backends a handler that never waits holds up the rest of the program no longer than that.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from threading import get_ident
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

import anyio
from anyio.lowlevel import checkpoint

from anytws.arrow.records import Records
from anytws.core.events import Event
from anytws.errors import StreamInUse, WrongThread
from anytws.machines.mailbox import Mailbox, MailboxStatistics
from anytws.machines.records import Dropped, Gap, InBand, Resumed
from anytws.messages.base import Streams, ToTws

if TYPE_CHECKING:
    from typing import Self

    from anytws.machines.conversation import Streamed
    from anytws.machines.pacing import Waiting

_T = TypeVar("_T")

TURN: Final = 32
"""Items after which others have their turn at the latest, and a cancellation is noticed."""
_TURN_SECONDS: Final = 0.004
"""Seconds that a turn may take: of a slow handler the next turn has only as many items as fit in there."""


class Reader(Generic[_T]):
    """Reads one mailbox. Everything in it is the reader's half: nobody can put something in here."""

    def __init__(self, mailbox: Mailbox[Any]) -> None:
        self._mailbox = mailbox
        # The reader's half alone: what is in it is of the kind that the mailbox was made for.
        self._hand: list[Any] = mailbox.hand
        self._thread = get_ident()
        self._turn = 0
        """Items that may still be read before others have their turn."""
        self._turn_size = TURN
        self._turn_began = perf_counter()
        self._is_read = False
        self._is_awaited = False
        self._is_done = False
        # There only while somebody waits.
        self._news: anyio.Event | None = None
        self._moved: anyio.Event | None = None

    def statistics(self) -> MailboxStatistics:
        """Tell how it does: what waits, and what was dropped. Raises `WrongThread`."""
        if get_ident() != self._thread:
            raise WrongThread(f"{type(self).__name__}.statistics", waits=False)
        return self._mailbox.statistics()

    async def __anext__(self) -> _T:
        if self._turn > 0 and self._hand and get_ident() == self._thread:
            self._turn -= 1
            return self._hand.pop()  # type: ignore[no-any-return]  # the mailbox was made for such
        await self._wait()
        self._turn -= 1
        return self._hand.pop()  # type: ignore[no-any-return]

    async def _wait(self) -> None:
        """Wait until something is in the hand. Raises what ended it, `StopAsyncIteration` among that."""
        if get_ident() != self._thread:
            raise WrongThread(f"{type(self).__name__}.__anext__", waits=True)
        if self._is_awaited:
            raise StreamInUse
        self._is_read = True
        if self._turn <= 0 and not self._mailbox.is_over:
            self._is_awaited = True
            # To look at the clock at each item would cost as much as the item.
            seconds = perf_counter() - self._turn_began
            fitting = int(self._turn_size * _TURN_SECONDS / seconds) if seconds > 0 else TURN
            self._turn_size = min(TURN, max(1, fitting))
            try:
                await checkpoint()
            finally:
                self._is_awaited = False
            # Not before: as long as this one waits, nobody else may take the short way past it.
            self._turn, self._turn_began = self._turn_size, perf_counter()
        while not self._fill():
            self._require_block()
            self._note_move()
            self._news = anyio.Event()
            self._is_awaited = True
            try:
                await self._news.wait()
            finally:
                self._is_awaited = False
                self._news = None
            self._turn_began = perf_counter()
        self._note_move()

    def _fill(self) -> bool:
        """See to it that the hand holds something; tell whether it does. Raises what ended the stream."""
        mailbox = self._mailbox
        if self._hand:
            return True
        if mailbox.is_closed:
            self._end()
            raise StopAsyncIteration
        try:
            has_some = mailbox.refill()
        except Exception:
            self._end()
            raise
        if not has_some and mailbox.is_over:
            self._end()
            raise StopAsyncIteration
        return has_some

    def _end(self) -> None:
        self._is_done = True
        self._mailbox.close()
        self._note_move()

    def _require_block(self) -> None:
        """Raise `RuntimeError` where nothing can come, since the block was not entered."""

    def _note_move(self) -> None:
        if self._moved is not None:
            self._moved.set()

    async def take_batch(self) -> Records[_T]:
        """Give all that has come, as soon as something has.

        A batch that is there already is a turn. Where one has to be waited for, others have theirs meanwhile.
        """
        self._turn = 0 if self._mailbox.has_items else self._turn - 1
        await self._wait()
        self._mailbox.top_up()
        hand = self._hand
        hand.reverse()
        batch = Records(hand)
        hand.clear()
        return batch

    async def take_some(self, most: int) -> list[_T]:
        """Give what is in the hand, *most* items at most, as soon as something is: for a reader in another thread.

        Of what is conflated that is one: more would grow old on the way.
        """
        # Whoever carries items from thread to thread gives others their turn between two calls.
        self._turn = 1
        await self._wait()
        self._turn = 0
        some = self._hand[-most:]
        del self._hand[-most:]
        some.reverse()
        return some

    def wake(self) -> None:
        """Look again: something has come, or ended (called by the pump)."""
        if self._news is not None:
            self._news.set()

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will come. What has come may still wait."""
        return self._mailbox.is_finished

    @property
    def is_being_read(self) -> bool:
        """Whether somebody reads it, and has not come to its end."""
        return self._is_read and not self._is_done and not self._mailbox.is_closed

    async def wait_for_move(self) -> None:
        """Wait until the reader has taken something, or has come to the end."""
        # The short way tells nobody.
        self._turn = 0
        if self._moved is None or self._moved.is_set():
            self._moved = anyio.Event()
        await self._moved.wait()


class Batches(Generic[_T]):
    """Gives what has come as one tuple each time, which is also a table (`anytws.Records`): for speed."""

    def __init__(self, reader: Reader[_T]) -> None:
        self._reader = reader

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Records[_T]:
        return await self._reader.take_batch()


class Feed(Reader[_T], AbstractAsyncContextManager["Feed[_T]"]):
    """What comes of a conversation, from the moment the block is entered until it is left: an async iterator.

    What ends it is raised after all that came before: `RequestFailed`, `RequestTimedOut`, `DataLost`, `DecodeError`,
    `ConnectionClosed`; `SlowConsumer` at once. Entering never waits for TWS; leaving cancels.

    It is for one reader at a time: a second one is refused with `StreamInUse`. In another thread than that of its
    connection, it raises `WrongThread`.
    """

    def __init__(self, owner: Opener, request: Streams[Any], timeout: float | None, mailbox: Mailbox[Any]) -> None:
        super().__init__(mailbox)
        self._owner = owner
        self._asked = request
        self._timeout = timeout
        self._conversation: Streamed[Any] | None = None

    def __repr__(self) -> str:
        state = "not entered" if self._conversation is None else repr(self._mailbox)
        return f"<{type(self).__name__} of {type(self._asked).__name__}, {state}>"

    @property
    def request(self) -> ToTws:
        """The request, with its id as soon as the block is entered."""
        return self._asked if self._conversation is None else self._conversation.request

    @property
    def waiting(self) -> Waiting | None:
        """Why the request has not left yet, if pacing holds it; None: it has left, or the block is not entered."""
        return None if self._conversation is None else self._conversation.waiting

    async def __aenter__(self) -> Self:
        if get_ident() != self._thread:
            raise WrongThread("Stream.__aenter__", waits=True)
        if self._conversation is not None:
            raise RuntimeError("a stream is for one block: call the verb again for the next")
        self._conversation = self._owner.open_stream(self._asked, self._timeout, self._mailbox, self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._conversation is not None, "a block is left after it was entered"
        if get_ident() != self._thread:
            raise WrongThread("Stream.__aexit__", waits=True)
        self._end()
        self._owner.leave_stream(self._conversation)

    def _fill(self) -> bool:
        if self._mailbox.again is not None and self._conversation is not None:
            self._open_again(self._conversation)
        return super()._fill()

    def _open_again(self, before: Streamed[Any]) -> None:
        """Open what TWS wants to be asked instead, into the same mailbox."""
        again = self._mailbox.take_again()
        assert again is not None, "it was looked at before"
        self._owner.forget_stream(before)
        try:
            self._conversation = self._owner.open_stream(again, self._timeout, self._mailbox, self)
        except BaseException:
            self._end()
            raise

    def __aiter__(self) -> Self:
        self._require_block()
        return self

    def batches(self) -> Batches[_T]:
        """Give an async iterator of tuples: all that has come since the last one. For speed."""
        self._require_block()
        return Batches(self)

    def _require_block(self) -> None:
        if self._conversation is None:
            raise RuntimeError(
                "a stream is read inside its block: `async with` the call that gave it, such as "
                "`async with tws.market_data.quotes(...) as quotes:`"
            )


class Stream(Feed[_T | InBand]):
    """What TWS says in a conversation that goes on, message by message (`Feed`).

    Between the messages stands what there is to say besides data, in its place: `Notice`, `OddValue` (in front of the
    message that it is about), `Dropped`, `Reset`.
    """


class Opener(Protocol):
    """What opens and leaves a conversation for a stream: the pump."""

    def open_stream(
        self, request: Streams[_T], timeout: float | None, mailbox: Mailbox[_T], reader: Reader[Any]
    ) -> Streamed[_T]:
        """Open it, and wake *reader* whenever there is news."""
        ...

    def leave_stream(self, conversation: Streamed[Any]) -> None:
        """Note that nobody reads it any more."""
        ...

    def forget_stream(self, conversation: Streamed[Any]) -> None:
        """Wake nobody for it any more: it is over, and another one goes on into its mailbox."""
        ...


class EventStream(Reader["Event | Dropped | Gap | Resumed"]):
    """An async iterator over the events of a connection, from the moment it was made. The last is `ConnectionClosed`.

    Under ``keep_connected`` it goes on over all connections: between two of them stand `Gap` and `Resumed`, and
    `ConnectionClosed` is the end of everything.

    With ``fail``, `SlowConsumer` is raised as soon as the stream is too full, and what waited is gone. Leaving the loop
    early leaves the stream open; close it, or use it as ``with tws.events() as events``.

    It is for one reader at a time: a second one is refused with `StreamInUse`. Used in another thread than the one that
    it was made in, it raises `WrongThread`.
    """

    def __init__(self, mailbox: Mailbox[Event], forget: Callable[[Mailbox[Event]], None]) -> None:
        super().__init__(mailbox)
        self._forget = forget

    def __repr__(self) -> str:
        return f"<EventStream {self._mailbox!r}>"

    @property
    def has_room(self) -> bool:
        """Whether TWS may be read on: only a full stream that makes it wait has none."""
        return self._mailbox.has_room

    def give_up(self, seconds: float) -> None:
        """Fail, since nobody took an event for so many *seconds* while it was full."""
        self._mailbox.fail(seconds)
        self.wake()

    @property
    def is_being_read(self) -> bool:
        """Whether somebody reads it, and has not taken the last event, which is the end."""
        return super().is_being_read and not self._mailbox.is_over

    @property
    def is_closed(self) -> bool:
        """Whether it takes no more events."""
        return self._mailbox.is_closed

    def close(self) -> None:
        """Stop: take no more events, and forget those that wait. Raises `WrongThread`."""
        if get_ident() != self._thread:
            raise WrongThread("EventStream.close", waits=False)
        self._end()
        self._forget(self._mailbox)
        self.wake()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    def batches(self) -> Batches[Event | Dropped | Gap | Resumed]:
        """Give an async iterator of tuples: all events since the last one. For speed."""
        return Batches(self)
