"""The calendar of Wall Street Horizon: corporate events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import anyio

from anytws.client.contract_ids import contract_id_of
from anytws.client.contract_like import ContractLike
from anytws.client.conversing import Conversing
from anytws.core.arguments import check_timeout
from anytws.errors import RequestFailed
from anytws.messages.wsh import WshEventData, WshEventDataRequest, WshMetaData, WshMetaDataRequest

_META_DATA_FIRST: Final = 10282


class Wsh:
    """The calendar of Wall Street Horizon. It is ``tws.wsh``.

    The user needs a subscription for it: without, all is `RequestFailed` with 10276 or 10277. All raise what `Tws.ask`
    raises.
    """

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws
        self._is_open = False
        """Whether this connection has had its meta data, without which TWS gives no events."""

    async def metadata(self, *, timeout: float | None = None) -> WshMetaData:
        """Give which events and filters the calendar has: a JSON document, with ``meta_data`` at its top.

        *timeout* is in seconds from the call, 30 unless something else is said.
        """
        answer = await self._tws.ask(WshMetaDataRequest(), timeout=timeout)
        self._is_open = True
        return answer

    async def events(
        self,
        contract: ContractLike | None = None,
        *,
        filter: Mapping[str, Any] | str = "",  # noqa: A002 (the calendar's own word)
        fill_watchlist: bool = False,
        fill_portfolio: bool = False,
        fill_competitors: bool = False,
        start: date | None = None,
        end: date | None = None,
        most: int | None = None,
        timeout: float | None = None,
    ) -> WshEventData:
        """Give events of one *contract*, or of what *filter* finds: a JSON document, a list of at most 100 objects.

        *contract* needs its id. *filter* has the words of `metadata`, such as ``{"country": "All", "wshe_ed": "true"}``
        for dates of earnings; the ``fill_...`` add contracts to it. *start* and *end* are the first and the last day.
        Filters need server version 171, days and *most* 173.

        TWS gives events only after the meta data, so those are asked for first if nobody has, and again where TWS has
        forgotten them (10282). *timeout* is in seconds from the call for all of it, 30 for each part unless something
        else is said. Raises `RequestFailed` with 10281 while another such request of this TWS runs, 10283 and 10309
        where it fails or makes no sense; `ValueError` for both a contract and a filter, for neither, and for a contract
        without an id.
        """
        check_timeout(timeout)
        if (contract is None) == (not filter):
            raise ValueError("events are those of one contract, or of what a filter finds: give one of the two")
        request = WshEventDataRequest(
            None if contract is None else contract_id_of(contract),
            filter if isinstance(filter, str) else json.dumps(dict(filter)),
            fill_watchlist,
            fill_portfolio,
            fill_competitors,
            start,
            end,
            most,
        )
        left = _Left(timeout)
        if not self._is_open:
            await self.metadata(timeout=left.seconds)
        try:
            return await self._tws.ask(request, timeout=left.seconds)
        except RequestFailed as refusal:
            if refusal.code != _META_DATA_FIRST:
                raise
            self._is_open = False
        await self.metadata(timeout=left.seconds)
        return await self._tws.ask(request, timeout=left.seconds)


class _Left:
    """What is left of the time for one call that asks several times."""

    def __init__(self, timeout: float | None) -> None:
        self._deadline = None if timeout is None else anyio.current_time() + timeout

    @property
    def seconds(self) -> float | None:
        """Seconds until then; None: as each request has them."""
        return None if self._deadline is None else max(0.0, self._deadline - anyio.current_time())
