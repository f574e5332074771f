"""The groups of windows of TWS that show one contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING

from anytws.client.contract_ids import contract_id_of
from anytws.client.contract_like import ContractLike, contract_of
from anytws.client.conversing import Conversing
from anytws.machines.mailbox import CAPACITY, Folding, MailboxStatistics, WhenFull
from anytws.machines.records import InBand
from anytws.machines.shown_contracts import NOTHING_SHOWN, Shown, fold
from anytws.messages.base import ToTws
from anytws.messages.display_groups import (
    QueryDisplayGroupsRequest,
    SubscribeToGroupEventsRequest,
    UpdateDisplayGroupRequest,
)
from anytws.runtime.sending import Sent
from anytws.runtime.stream import Batches, Feed

if TYPE_CHECKING:
    from typing import Self


class DisplayGroups:
    """The groups of windows of TWS that show one contract. It is ``tws.display_groups``.

    All raise what `Tws.ask` and `Tws.stream` raise. A Gateway, which has no windows, has groups that never change.
    """

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws

    async def groups(self, *, timeout: float | None = None) -> tuple[int, ...]:
        """Give the numbers of the groups, the one that is used most first.

        *timeout* is in seconds from the call, 10 unless something else is said.
        """
        return (await self._tws.ask(QueryDisplayGroupsRequest(), timeout=timeout)).groups

    def follow(
        self,
        group: int,
        *,
        timeout: float | None = None,
        capacity: int = CAPACITY,
        when_full: WhenFull = "fail",
    ) -> ShownGroup:
        """Give a block in which it comes what *group* shows: now, and whenever somebody has it show something else.

        `ShownGroup.update` has it show another contract. *timeout*, in seconds, is for the first, 10 unless something
        else is said. Raises `RequestFailed` with 321 for a group that there is not.
        """
        request = SubscribeToGroupEventsRequest(group)
        feed = self._tws.feed(request, Folding(fold, capacity, when_full), timeout=timeout)
        return ShownGroup(self._tws, feed)


class ShownGroup(AbstractAsyncContextManager["ShownGroup"], AsyncIterator["Shown | InBand"]):
    """What a group of windows shows, from the moment the block is entered until it is left: a stream as `Feed` is."""

    def __init__(self, tws: Conversing, feed: Feed[Shown | InBand]) -> None:
        self._tws = tws
        self._feed = feed

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._feed!r}>"

    def update(self, contract: ContractLike | None) -> Sent[UpdateDisplayGroupRequest]:
        """Have the group show *contract*, or nothing: whoever sits at TWS sees it change. Await it: it has left.

        *contract* needs its id. The stream hears of the change (documented, and not recorded), and of a refusal too,
        which ends it. Raises `RuntimeError` outside of the block, what `Tws.send` raises, and `ValueError` for a
        contract without an id or an exchange.
        """
        number: int | None = getattr(self._feed.request, "request_id", None)
        if number is None:
            raise RuntimeError(
                "a group is changed inside its block: `async with tws.display_groups.follow(1) as group:`"
            )
        return self._tws.send(UpdateDisplayGroupRequest(_word_for(contract), number))

    @property
    def request(self) -> ToTws:
        """The request, with its id as soon as the block is entered."""
        return self._feed.request

    def statistics(self) -> MailboxStatistics:
        """Tell how it does: what waits, and what was dropped."""
        return self._feed.statistics()

    def batches(self) -> Batches[Shown | InBand]:
        """Give an async iterator of tuples: all that has come since the last one."""
        return self._feed.batches()

    async def __aenter__(self) -> Self:
        await self._feed.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._feed.__aexit__(kind, error, trace)

    def __aiter__(self) -> Self:
        self._feed.__aiter__()
        return self

    async def __anext__(self) -> Shown | InBand:
        return await self._feed.__anext__()


def _word_for(contract: ContractLike | None) -> str:
    if contract is None:
        return NOTHING_SHOWN
    number, exchange = contract_id_of(contract), contract_of(contract).exchange
    if not exchange:
        raise ValueError(f"contract {number} has no exchange, on which the group is to show it: give it one, as SMART")
    return f"{number}@{exchange}"
