"""What of orders lasts or belongs together, for threads that wait: brackets, changes of trades, presence."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from anytws.client.families import Bracket
from anytws.client.order_streams import OrderStream, TradeChanges
from anytws.client.portal import Portal
from anytws.client.presence import PresenceChanges
from anytws.client.proxies import Proxy, dress_error, wrapped
from anytws.client.sync_streams import SyncBatchReader, SyncBlock, SyncReader
from anytws.errors import AnytwsError
from anytws.machines.order_state import Change, Fill
from anytws.machines.presence import Presence
from anytws.machines.records import Gap, Resumed

if TYPE_CHECKING:
    from typing import TypeAlias

    from anytws.client.sync import SyncTrade, SyncTradeChange

    _Told: TypeAlias = SyncTradeChange | Gap | Resumed
else:
    # At run time they are put together of the async ones.
    _Told = Any

_T = TypeVar("_T")


def _let_go_of(_: object) -> None:
    """Forget it: this is done in the thread of the loop, where nobody looks through what is told to it meanwhile."""


class SyncBracket(Proxy):
    """The orders of a bracket, as trades: ``parent, profit_taker, stop_loss = bracket``."""

    _inner: Bracket

    def __eq__(self, other: object) -> bool:
        return self._inner == other._inner if isinstance(other, SyncBracket) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._inner)

    def __iter__(self) -> Iterator[SyncTrade]:
        """Give the parent, then the profit taker, then the stop loss, as far as there are all three."""
        return iter((self.parent, *self.children))

    @property
    def parent(self) -> SyncTrade:
        """The order that begins."""
        return cast("SyncTrade", wrapped(self._portal, self._inner.parent))

    @property
    def children(self) -> tuple[SyncTrade, ...]:
        """Those that end what it begins: the profit taker first, as far as there are both."""
        return cast("tuple[SyncTrade, ...]", wrapped(self._portal, self._inner.children))

    @property
    def profit_taker(self) -> SyncTrade:
        """The order that takes the profit. Raises `LookupError` where it was placed without one."""
        return cast("SyncTrade", wrapped(self._portal, self._inner.profit_taker))

    @property
    def stop_loss(self) -> SyncTrade:
        """The order that ends the loss. Raises `LookupError` where it was placed without one."""
        return cast("SyncTrade", wrapped(self._portal, self._inner.stop_loss))

    def until_over(self, *, timeout: float | None = None) -> None:
        """Wait until all of it has come to its end (`Bracket.until_over`), and look after it meanwhile.

        If a child ends while the parent needs it, the others are cancelled, and `BracketBroken` says what became of
        each. *timeout* is in seconds, None waits for ever. Ctrl-C changes nothing of the orders.

        Raises `BracketBroken`, `TradeTimedOut`, and `ConnectionClosed` at the end of everything.
        """
        self._portal.call(partial(self._until_over, timeout))

    async def _until_over(self, timeout: float | None) -> None:
        try:
            await self._inner.until_over(timeout=timeout)
        except AnytwsError as problem:
            dress_error(self._portal, problem)
            raise


class SyncTradeChanges(SyncBatchReader[Change]):
    """Every change of what is believed of an order (`Trade.changes`), the present state first: an iterator.

    It comes to its end after the first state that is final.
    """

    _inner: TradeChanges

    def __init__(self, portal: Portal, inner: TradeChanges) -> None:
        super().__init__(portal, inner)

    def __del__(self) -> None:
        if hasattr(self, "_inner"):
            self._portal.soon(_let_go_of, self._inner)

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will come. What has come may still wait."""
        return self._inner.is_finished


class _OfOrders(SyncBatchReader[_T], SyncBlock[_T], Generic[_T]):
    """What is heard of orders, for the length of a ``with`` block."""

    _inner: OrderStream[Any]

    def __del__(self) -> None:
        super().__del__()
        if hasattr(self, "_inner"):
            self._portal.soon(_let_go_of, self._inner)

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will come. What has come may still wait."""
        return self._inner.is_finished

    async def _taking(self, items: Callable[[], Coroutine[Any, Any, list[_T]]]) -> bool:
        async def dressed() -> list[_T]:
            return [wrapped(self._portal, each) for each in await items()]

        return await super()._taking(dressed)


class SyncTradeStream(_OfOrders[_Told]):
    """Every change of what is believed of any order (`Orders.follow_open`), beginning with those that are open.

    It is an iterator, for the length of its block. Under ``keep_connected`` a `Gap` stands where news may be missing,
    and its `Resumed` where that has been asked for: what comes between the two is what was missed.
    """


class SyncFillStream(_OfOrders[Fill | Gap | Resumed]):
    """Every execution as it comes (`Orders.follow_executions`), once: an iterator, for the length of its block.

    Gaps stand in their places, as in `SyncTradeStream`.
    """


class SyncPresenceChanges(SyncReader[Presence]):
    """The presence whenever it has changed, the present one first: an iterator.

    Who reads slowly is told the newest. The last item is how it is over; then it raises that `ConnectionClosed`.
    """

    _inner: PresenceChanges
    _hand = 0
