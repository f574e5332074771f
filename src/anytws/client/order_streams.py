"""What is heard of orders, as streams: every change of one order, or of all; every execution.

They are fed by what is believed of orders, and not by a conversation with TWS: so they live over reconnections, and
what was missed and is learned later comes in its turn, between a `Gap` and its `Resumed`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from threading import get_ident
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from anytws.client.order_queries import require_named
from anytws.errors import WrongThread
from anytws.machines.mailbox import CAPACITY, Folding
from anytws.machines.order import OrderLife
from anytws.machines.order_state import Cause, Change, Fill, TradeState
from anytws.machines.records import Gap, Resumed
from anytws.messages.orders import AllOpenOrdersRequest
from anytws.runtime.stream import Batches, Reader

if TYPE_CHECKING:
    from typing import Self

    from anytws.client.conversing import Conversing
    from anytws.client.trade import Trade

_T = TypeVar("_T")

AS_IT_IS: Final = "this is what is believed as the stream begins"


class Telling(Folding[_T]):
    """A mailbox that wakes its reader by itself."""

    __slots__ = ("__weakref__", "_reader")

    def __init__(self, fold: Callable[[Sequence[Any]], Sequence[_T]]) -> None:
        super().__init__(fold, CAPACITY)
        # Its reader holds it, and who feeds it holds it weakly: a reader that is forgotten is forgotten by all.
        self._reader: weakref.ref[Reader[Any]] | None = None

    def attend(self, reader: Reader[Any]) -> None:
        """Have *reader* woken whenever something comes."""
        self._reader = weakref.ref(reader)

    def extend(self, items: Sequence[Any]) -> None:
        """Take what becomes of *items*."""
        super().extend(items)
        self._wake()

    def finish(self, end: Exception | None = None, *, last: _T | None = None) -> None:
        """Take no more: all has ended."""
        super().finish(end, last=last)
        self._wake()

    def _wake(self) -> None:
        reader = None if self._reader is None else self._reader()
        if reader is not None:
            reader.wake()


class _OfOneOrder(Telling[Change]):
    """Is over after the first state that is final."""

    __slots__ = ()

    def __init__(self, first: Change) -> None:
        super().__init__(lambda changes: changes)
        self.preload([first])
        if first.state.is_done:
            self.finish()

    def extend(self, items: Sequence[Change]) -> None:
        """Take changes, up to the final one."""
        for change in items:
            super().extend([change])
            if change.state.is_done:
                self.finish()


class TradeChanges(Reader[Change]):
    """Every change of what is believed of an order (`Trade.changes`): an async iterator.

    It is for one reader at a time (`StreamInUse`), in the thread of its connection (`WrongThread`).
    """

    def __init__(self, tws: Conversing, life: OrderLife) -> None:
        state = life.state
        mailbox = _OfOneOrder(Change(state, state, AS_IT_IS))
        super().__init__(mailbox)
        mailbox.attend(self)
        tws.order_bells.attend(self)
        if not mailbox.is_finished:
            life.watchers.add(mailbox)
            over = tws.known_orders.over
            if over is not None:
                mailbox.finish(over.again())

    def __aiter__(self) -> Self:
        return self


@attrs.frozen
class TradeChange:
    """A change of what is believed of one of all orders."""

    trade: Trade
    """The order, with what is believed of it by now."""
    before: TradeState
    state: TradeState
    """What was believed from then on."""
    because: Cause
    """Why: what TWS said, what was sent to it, the end of the connection, or a conclusion, in words."""


class OrderStream(Reader[_T | Gap | Resumed], AbstractAsyncContextManager["OrderStream[_T]"]):
    """What is heard of orders, from the moment its block is entered until it is left: an async iterator.

    Under ``keep_connected`` a `Gap` stands where news may be missing, and its `Resumed` where that has been asked for:
    what comes between the two is what was missed. ``not_fetched`` says what TWS did not tell.

    It is for one reader at a time (`StreamInUse`), in the thread of its connection (`WrongThread`). Nothing is dropped:
    it raises `SlowConsumer` if 10,000 items wait to be read.
    """

    def __init__(self, tws: Conversing) -> None:
        mailbox: Telling[Any] = Telling(self._fold)
        super().__init__(mailbox)
        self._tws = tws
        self._told = mailbox
        self._gap: Gap | None = None
        """In which it is."""
        self._is_entered = False

    def _fold(self, told: Sequence[Any]) -> list[_T | Gap | Resumed]:
        items: list[_T | Gap | Resumed] = []
        for each in told:
            if isinstance(each, Gap):
                # One outage may follow the other before anything was asked for: that is one gap.
                if self._gap is None:
                    self._gap = each
                    items.append(each)
            elif not isinstance(each, Resumed):
                items += self._items_of(*each)
            elif self._gap is not None:
                items.append(Resumed(self._gap, each.until, not_fetched=each.not_fetched))
                self._gap = None
        return items

    def _items_of(self, life: OrderLife, news: Any) -> list[_T]:  # noqa: ANN401 (as the stream has it)
        """Give what becomes of news of one order."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._mailbox!r}>"

    async def __aenter__(self) -> Self:
        if get_ident() != self._thread:
            raise WrongThread(f"{type(self).__name__}.__aenter__", waits=True)
        if self._is_entered:
            raise RuntimeError("a stream is for one block: call the verb again for the next")
        self._is_entered = True
        self._told.attend(self)
        self._tws.order_bells.attend(self)
        self._begin()
        over = self._tws.known_orders.over
        if over is not None:
            self._told.finish(over.again())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if get_ident() != self._thread:
            raise WrongThread(f"{type(self).__name__}.__aexit__", waits=True)
        self._end()
        self._stop()

    def _begin(self) -> None:
        """Have it fed."""
        raise NotImplementedError

    def _stop(self) -> None:
        """Have it fed no more."""
        raise NotImplementedError

    def __aiter__(self) -> Self:
        self._require_block()
        return self

    def batches(self) -> Batches[_T | Gap | Resumed]:
        """Give an async iterator of tuples: all that has come since the last one."""
        self._require_block()
        return Batches(self)

    def _require_block(self) -> None:
        if not self._is_entered:
            raise RuntimeError("a stream is read inside its block: `async with` the call that gave it")


class TradeStream(OrderStream[TradeChange]):
    """Every change of what is believed of any order (`Orders.follow_open`), beginning with those that are open."""

    def __init__(self, tws: Conversing, timeout: float | None) -> None:
        super().__init__(tws)
        self._timeout = timeout
        self._was_asked = False

    def _items_of(self, life: OrderLife, news: Change) -> list[TradeChange]:
        return [TradeChange(self._tws.orders.trade_of(life), news.before, news.state, news.because)]

    def _begin(self) -> None:
        book = self._tws.known_orders
        states = [(life, life.state) for life in book.lives]
        self._told.preload([(life, Change(state, state, AS_IT_IS)) for life, state in states if not state.is_done])
        book.watchers.add(self._told)

    def _stop(self) -> None:
        self._tws.known_orders.watchers.discard(self._told)

    async def _wait(self) -> None:
        if not self._was_asked and self._is_entered and not self._mailbox.is_closed:
            await self._ask()
        await super()._wait()

    async def _ask(self) -> None:
        """Have TWS say the orders of others, too: what it says comes by the way of all that is heard."""
        if get_ident() != self._thread:
            raise WrongThread(f"{type(self).__name__}.__anext__", waits=True)
        if self._tws.known_orders.over is not None:
            return
        try:
            require_named(await self._tws.ask(AllOpenOrdersRequest(), timeout=self._timeout))
        except Exception:
            self._end()
            raise
        self._was_asked = True


class FillStream(OrderStream[Fill]):
    """Every execution as it comes (`Orders.follow_executions`), once."""

    def __init__(self, tws: Conversing) -> None:
        super().__init__(tws)
        self._seen: dict[str, None] = {}

    def _items_of(self, life: OrderLife, news: Fill) -> list[Fill]:
        del life
        return [news] if self._is_new(news.execution.execution_id) else []

    def _is_new(self, execution_id: str) -> bool:
        """Tell whether it is new: of those that are known already, costs and the like are told again."""
        if execution_id in self._seen:
            return False
        self._seen[execution_id] = None
        while len(self._seen) > MOST_SEEN:
            del self._seen[next(iter(self._seen))]
        return True

    def _begin(self) -> None:
        book = self._tws.known_orders
        for life in book.lives:
            for fill in life.fills.values():
                self._is_new(fill.execution.execution_id)
        book.fill_watchers.add(self._told)

    def _stop(self) -> None:
        self._tws.known_orders.fill_watchers.discard(self._told)


MOST_SEEN: Final = 100_000
"""Execution ids that are kept, so that none comes twice: more than TWS says in a day."""
