"""Many contracts in one loop, some of which may come and go meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from anytws.client.contract_like import ContractLike, contracts_in
from anytws.machines.mailbox import MailboxStatistics
from anytws.machines.quotes import Quote
from anytws.machines.quoting import Quoting
from anytws.machines.watching import Watched, Watching
from anytws.messages.base import Streams
from anytws.runtime.feeds import Feeds
from anytws.runtime.stream import Batches

if TYPE_CHECKING:
    from typing import Self

_C = TypeVar("_C", bound=ContractLike)

WatchedQuote: TypeAlias = Watched[_C, Quote]
"""A contract as it was given, and its newest `Quote` or why there are no more."""
Order: TypeAlias = Callable[[ContractLike], tuple[Streams[Any], Quoting, Callable[[Any], Streams[Any]]]]
"""Makes what is to be opened for a contract. Raises `TypeError` and `ValueError` for what names none."""


class Watch(AbstractAsyncContextManager["Watch[Any]"], Generic[_C]):
    """The quotes of many contracts (`MarketData.watch`): an async iterator of `Watched`, inside its block.

    Contracts can be added and removed while it is read, by the same task or by others of the same thread. It comes to
    its end when no contract is left. It is for one reader at a time, as a `Feed` is.
    """

    def __init__(self, watching: Watching[_C, Quote], feeds: Feeds[WatchedQuote[_C]], order: Order) -> None:
        self._watching = watching
        self._feeds = feeds
        self._order = order

    def __repr__(self) -> str:
        return f"<Watch of {len(self._watching.contracts)} contracts>"

    @property
    def contracts(self) -> tuple[_C, ...]:
        """What is watched, as it was given. What has failed is no part of it once that was read."""
        return self._watching.contracts

    def add(self, *contracts: _C) -> None:
        """Watch these too; those that are watched already go on as they are.

        It never waits: what TWS says to it comes as items. Raises `TypeError` and `ValueError` for what names no
        contract, `ConnectionClosed` after the end of the connection, `WrongThread`.
        """
        orders = [(contract, self._order(contract)) for contract in contracts]
        for contract, (request, picture, follow) in orders:
            self._watching.add(contract, request, picture, follow)
        self._feeds.settle()

    def remove(self, *contracts: _C) -> None:
        """Watch these no more: they are cancelled, and nothing that waits of them is given.

        Those that are not watched, since they have failed perhaps, are passed over. Raises `WrongThread`.
        """
        for contract in contracts:
            self._watching.remove(contract)
        self._feeds.settle()

    def statistics(self) -> MailboxStatistics:
        """Tell how it does: ``waiting`` contracts that have changed, of a ``capacity`` of those that are watched."""
        return self._feeds.statistics()

    async def __aenter__(self) -> Self:
        await self._feeds.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._feeds.__aexit__(kind, error, trace)

    def __aiter__(self) -> Feeds[WatchedQuote[_C]]:
        # Itself, and not this: one call less for each item.
        return self._feeds.__aiter__()

    async def __anext__(self) -> WatchedQuote[_C]:
        return await self._feeds.__anext__()

    def batches(self) -> Batches[WatchedQuote[_C]]:
        """Give an async iterator of tuples: all contracts that have changed since the last one. For speed."""
        return self._feeds.batches()


def watch_of(feeds_for: Callable[[Any], Feeds[WatchedQuote[_C]]], contracts: Iterable[_C], order: Order) -> Watch[_C]:
    """Give the watch of *contracts*; *feeds_for* gives the reader of what waits for it. Raises as `Watch.add` does."""
    watching: Watching[_C, Quote] = Watching()
    watch = Watch(watching, feeds_for(watching), order)
    watch.add(*contracts_in(contracts))
    return watch
