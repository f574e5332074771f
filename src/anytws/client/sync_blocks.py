"""Streams of single topics, for threads that wait: downloads, many quotes, a group of windows, health."""

from __future__ import annotations

from typing import Generic, TypeVar

from anytws.client.contract_like import ContractLike
from anytws.client.display_groups import ShownGroup
from anytws.client.download import Download
from anytws.client.health import HealthChanges
from anytws.client.sync_streams import SyncBatchReader, SyncBlock, SyncSent
from anytws.client.watch import Watch, WatchedQuote
from anytws.machines.download import Chunk, Progress
from anytws.machines.health import Health
from anytws.machines.records import InBand
from anytws.machines.shown_contracts import Shown
from anytws.messages.base import ToTws
from anytws.messages.display_groups import UpdateDisplayGroupRequest

_C = TypeVar("_C", bound=ContractLike)


class SyncWatch(SyncBatchReader[WatchedQuote[_C]], SyncBlock[WatchedQuote[_C]], Generic[_C]):
    """The quotes of many contracts (`MarketData.watch`): an iterator of `Watched`, inside its block.

    Contracts can be added and removed while it is read, by any thread. It comes to its end when no contract is left.
    """

    _inner: Watch[_C]

    @property
    def contracts(self) -> tuple[_C, ...]:
        """What is watched, as it was given. What has failed is no part of it once that was read."""

        async def contracts() -> tuple[_C, ...]:
            return self._inner.contracts

        return self._portal.call(contracts)

    def add(self, *contracts: _C) -> None:
        """Watch these too; those that are watched already go on as they are.

        It never waits for TWS: what TWS says to it comes as items. Raises `TypeError` and `ValueError` for what names
        no contract, `ConnectionClosed` after the end of the connection.
        """

        async def add() -> None:
            self._inner.add(*contracts)

        self._portal.call(add)

    def remove(self, *contracts: _C) -> None:
        """Watch these no more: they are cancelled, and nothing that waits of them is given.

        Those that are not watched, since they have failed perhaps, are passed over.
        """

        async def remove() -> None:
            self._inner.remove(*contracts)

        self._portal.call(remove)


class SyncDownload(SyncBlock[Chunk]):
    """Bars of a long time, window by window, from the moment the block is entered until it is left: an iterator.

    Chunks are `Bars`, `NoData`, and with ``on_failure="report"`` `WindowFailed`: see `anytws.client.download.Download`.
    """

    _inner: Download
    _hand = 0

    @property
    def progress(self) -> Progress:
        """How it does: windows done and wanted, bars, their rate, and what it waits for. It may be read at any time."""

        async def progress() -> Progress:
            return self._inner.progress

        return self._portal.call(progress)


class SyncHealthChanges(SyncBlock[Health]):
    """The health of a connection, whenever it has changed: an iterator, for the length of its block.

    Its last item is the health after the end, in which ``closed`` says how; then it raises that `ConnectionClosed`.
    """

    _inner: HealthChanges
    _hand = 0


class SyncShownGroup(SyncBatchReader[Shown | InBand], SyncBlock[Shown | InBand]):
    """What a group of windows shows, from the moment the block is entered until it is left: an iterator."""

    _inner: ShownGroup
    _hand = 0

    @property
    def request(self) -> ToTws:
        """The request, with its id as soon as the block is entered."""
        return self._inner.request

    def update(self, contract: ContractLike | None) -> SyncSent[UpdateDisplayGroupRequest]:
        """Have the group show *contract*, or nothing: whoever sits at TWS sees it change.

        *contract* needs its id. The stream hears of the change (documented, and not recorded), and of a refusal too,
        which ends it. Raises `RuntimeError` outside of the block, what ``tws.send`` raises, and `ValueError` for a
        contract without an id or an exchange.
        """

        async def update() -> SyncSent[UpdateDisplayGroupRequest]:
            return SyncSent(self._portal, self._inner.update(contract))

        return self._portal.call(update)

    async def _all(self) -> list[Shown | InBand]:
        return [*await self._inner.batches().__anext__()]
