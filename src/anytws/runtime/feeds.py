"""Many conversations for one reader. They come and go while it reads."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from threading import get_ident
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from anyio.lowlevel import checkpoint

from anytws.core.events import ConnectionClosed
from anytws.errors import AnytwsError, WrongThread
from anytws.machines.mailbox import Desk, Mailbox
from anytws.runtime.stream import Batches, Opener, Reader

if TYPE_CHECKING:
    from typing import Self

    from anytws.machines.conversation import Streamed

_T = TypeVar("_T")

_MOST_AT_ONCE: Final = 100
"""Conversations that are opened before others have their turn."""


class Feeds(Reader[_T], AbstractAsyncContextManager["Feeds[_T]"]):
    """What comes of many conversations, for one reader: an async iterator, from its block's begin to its end.

    *desk* says what is to be opened and left (`Desk`). A conversation that cannot be opened, or that ends, is an item
    of it; only the end of the connection ends them all. Else it is as a `Feed`.
    """

    def __init__(self, owner: Opener, desk: Desk[_T], timeout: float | None = None) -> None:
        super().__init__(desk)
        self._owner = owner
        self._desk = desk
        self._timeout = timeout
        self._conversations: dict[Mailbox[Any], Streamed[Any]] = {}
        self._is_entered = False

    def __repr__(self) -> str:
        state = f"{len(self._conversations)} open" if self._is_entered else "not entered"
        return f"<{type(self).__name__}, {state}>"

    async def __aenter__(self) -> Self:
        if get_ident() != self._thread:
            raise WrongThread(f"{type(self).__name__}.__aenter__", waits=True)
        if self._is_entered:
            raise RuntimeError("a stream is for one block: call the verb again for the next")
        self._is_entered = True
        try:
            # To open ten thousand takes a second.
            while self._settle(_MOST_AT_ONCE):
                await checkpoint()
        except BaseException:
            self._leave_all()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if get_ident() != self._thread:
            raise WrongThread(f"{type(self).__name__}.__aexit__", waits=True)
        self._leave_all()

    def _leave_all(self) -> None:
        self._end()
        conversations, self._conversations = self._conversations, {}
        for conversation in conversations.values():
            self._owner.leave_stream(conversation)

    def settle(self) -> None:
        """Open and leave what *desk* wants to be opened and left. Raises `ConnectionClosed` and `WrongThread`."""
        if get_ident() != self._thread:
            raise WrongThread(f"{type(self).__name__}.settle", waits=False)
        if self._is_entered and not self._mailbox.is_closed:
            self._settle()
            self.wake()

    def _settle(self, most: int | None = None) -> bool:
        """Do it for *most* at once; tell whether there are more to be opened."""
        for left in self._desk.take_leaving():
            self._leave(left)
        for mailbox, request in self._desk.take_wishes(most):
            before = self._conversations.pop(mailbox, None)
            if before is not None:
                # TWS wants to be asked for another contract.
                self._owner.forget_stream(before)
            try:
                conversation = self._owner.open_stream(request, self._timeout, mailbox, self)
            except ConnectionClosed:
                raise
            except AnytwsError as problem:
                mailbox.finish(problem)
            else:
                self._conversations[mailbox] = conversation
        return self._desk.has_wishes

    def _leave(self, mailbox: Mailbox[Any]) -> None:
        conversation = self._conversations.pop(mailbox, None)
        if conversation is not None:
            self._owner.leave_stream(conversation)

    def _fill(self) -> bool:
        if self._desk.has_wishes:
            try:
                self._settle()
            except BaseException:
                self._end()
                raise
        return super()._fill()

    def __aiter__(self) -> Self:
        self._require_block()
        return self

    def batches(self) -> Batches[_T]:
        """Give an async iterator of tuples: all that is new since the last one. For speed."""
        self._require_block()
        return Batches(self)

    def _require_block(self) -> None:
        if not self._is_entered:
            raise RuntimeError("a stream is read inside its block: `async with tws.market_data.watch(...) as watch:`")
