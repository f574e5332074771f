"""Market scanners: which contracts are at the top of a list."""

from __future__ import annotations

from anytws.arrow.records import Records
from anytws.client.conversing import Conversing
from anytws.core.events import Notice
from anytws.machines.mailbox import CAPACITY, WhenFull
from anytws.messages.scanner import (
    ScannerData,
    ScannerDataElement,
    ScannerParametersRequest,
    ScannerSubscription,
    ScannerSubscriptionRequest,
)
from anytws.runtime.stream import Stream

_NOTHING_FOUND = (165, "no items retrieved")
"""The code, which says many things, and the words in it that say this one (recorded)."""


class Scanner:
    """Market scanners. It is ``tws.scanner``. All raise what `Tws.ask` and `Tws.stream` raise."""

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws

    async def parameters(self, *, timeout: float | None = None) -> str:
        """Give all that a scanner can look for: instruments, places, codes and filters, as two megabytes of XML.

        *timeout* is in seconds from the call, 30 unless something else is said.
        """
        return (await self._tws.ask(ScannerParametersRequest(), timeout=timeout)).xml

    async def scan(
        self, subscription: ScannerSubscription, *, timeout: float | None = None
    ) -> Records[ScannerDataElement]:
        """Give the ranking as it is now, the first place first: 50 rows at most, and none where nothing fits.

        A row names its contract by id; all else of it has to be asked for (`Tws.contracts`). The first ranking takes
        some seconds, after a cold start up to 45. *timeout* is in seconds from the call, 60 unless something else is
        said. TWS runs ten scans at a time, for all its clients and windows.

        Raises `LimitReached` while ten are open on this connection; `RequestFailed` with 162 for more than ten of all,
        and for a code, place or instrument that TWS does not have: only the text tells; with 490 where the user may not
        scan there.
        """
        async with self.follow_scan(subscription, timeout=timeout) as rankings:
            async for ranking in rankings:
                if isinstance(ranking, ScannerData):
                    return Records.of(ScannerDataElement, ranking.elements)
                if isinstance(ranking, Notice) and _says_nothing_found(ranking):
                    return Records.of(ScannerDataElement)
        raise AssertionError("a scan goes on until it is left, or fails")

    def follow_scan(
        self,
        subscription: ScannerSubscription,
        *,
        timeout: float | None = None,
        capacity: int = CAPACITY,
        when_full: WhenFull = "fail",
    ) -> Stream[ScannerData]:
        """Give a block in which rankings come, each whole: about every 30 seconds, or when it changes; see `scan`.

        A `Notice` with 165 says that nothing fits, and with 492 that places are less exact for lack of a subscription
        for data. *timeout* is for the first ranking.
        """
        request = ScannerSubscriptionRequest(subscription)
        return self._tws.stream(request, timeout=timeout, capacity=capacity, when_full=when_full)


def _says_nothing_found(notice: Notice) -> bool:
    code, words = _NOTHING_FOUND
    return notice.code == code and words in (notice.text or "").lower()
