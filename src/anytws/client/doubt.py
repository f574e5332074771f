"""Questions whose "no such contract" is not believed while TWS is cut off from the vendor: they are asked once more.

TWS says 200 then, of contracts that there are (reported by several clients). Nobody says for how long such an answer is
to be doubted, nor how long it takes until TWS knows again: the half minute and the minute below are chosen.
"""

from __future__ import annotations

from typing import Final, TypeVar

import anyio

from anytws.client.conversing import Conversing
from anytws.errors import HealthTimedOut, RequestFailed
from anytws.machines.health import FarmKind, Health
from anytws.machines.verdicts import LINK_TROUBLE
from anytws.messages.base import Asks

_T = TypeVar("_T")

NO_DEFINITION: Final = 200
"""The code by which TWS says that no contract fits."""
LINK_SECONDS: Final = 60.0
"""Seconds for which the link is waited for where no *timeout* was given: as long as for details of a contract."""


async def ask_in_doubt(tws: Conversing, request: Asks[_T], timeout: float | None) -> _T:
    """Ask *request*, and once more where TWS has said 200 and was, or had just been, cut off from the vendor.

    That is a 200 with `RequestFailed.link_was_down`, and one that comes while TWS has no link. Before it is asked again
    the link has to be back, and the farms of security definitions; farms of market data that are broken are waited for
    as well, but for half a minute only: one that nobody needs may be broken for hours.

    *timeout* is for all of it. None: a minute for the link, and for each of the two questions what its row says. If the
    time passes while the link is down, the 200 is raised, with ``link_was_down``. A second one is raised as it is, and
    still has that where it is still in doubt. Raises what `anytws.Tws.ask` raises.
    """
    deadline = deadline_of(timeout)
    try:
        return await tws.ask(request, timeout=timeout)
    except RequestFailed as failure:
        doubted = _doubted(tws, failure)
        if doubted is None:
            raise
    try:
        await _wait_for_link(tws, deadline_of(LINK_SECONDS) if deadline is None else deadline)
    except HealthTimedOut:
        raise doubted from None
    try:
        return await tws.ask(request, timeout=seconds_left(deadline))
    except RequestFailed as failure:
        doubted = _doubted(tws, failure)
        if doubted is None:
            raise
        raise doubted from None


def deadline_of(timeout: float | None) -> float | None:
    """Give the time of the event loop at which *timeout* seconds from now are over; None for none."""
    return None if timeout is None else anyio.current_time() + timeout


def seconds_left(deadline: float | None) -> float | None:
    """Give the seconds up to *deadline*, zero where it has passed; None for none."""
    return None if deadline is None else max(0.0, deadline - anyio.current_time())


def _doubted(tws: Conversing, failure: RequestFailed) -> RequestFailed | None:
    """Give *failure* as one that is in doubt, if it is; None: it is to be believed."""
    if failure.code != NO_DEFINITION:
        return None
    if failure.link_was_down:
        return failure
    # A link that has been down for longer than that flag looks back is down all the same.
    if tws.health.now.is_linked:
        return None
    return RequestFailed(failure.code, failure.message, failure.request, link_was_down=True)


async def _wait_for_link(tws: Conversing, deadline: float | None) -> None:
    """Wait until TWS is back. Raises `HealthTimedOut` at the *deadline*."""
    seconds = seconds_left(deadline)
    patience = LINK_TROUBLE if seconds is None else min(seconds, LINK_TROUBLE)
    try:
        await tws.health.until(_is_whole, timeout=patience)
    except HealthTimedOut:
        await tws.health.until(_has_definitions, timeout=seconds_left(deadline))


def _has_definitions(health: Health) -> bool:
    return health.is_linked and not health.broken(FarmKind.SECURITY_DEFINITION)


def _is_whole(health: Health) -> bool:
    return _has_definitions(health) and not health.broken(FarmKind.MARKET_DATA)
