"""Scanners, from end to end: one ranking, rankings that come again, and what TWS says instead of one."""

from __future__ import annotations

from contextlib import AsyncExitStack

import anyio
import pytest

from anytws import LimitReached, Notice, RequestFailed, RequestTimedOut
from anytws.messages import (
    CancelScannerSubscription,
    ErrorMessage,
    ScannerData,
    ScannerDataElement,
    ScannerInstrument,
    ScannerSubscription,
    ScannerSubscriptionRequest,
    ToClient,
)
from anytws.simulator import World, WorldSettings
from tests.in_memory import Script, connected, next_of

GAINERS = ScannerSubscription(
    number_of_rows=5, instrument=ScannerInstrument.STOCK_US, location_code="STK.US.MAJOR", scan_code="TOP_PERC_GAIN"
)
ROW = ScannerDataElement(0, market_name="NMS")
NO_ITEMS = ErrorMessage(0, 165, "Historical Market Data Service query message:no items retrieved")


@pytest.mark.virtual_time
@pytest.mark.parametrize("version", [178, 226])
async def test_one_ranking_and_then_it_is_over(version: int) -> None:
    world = World(WorldSettings(server_version=version))
    async with connected(world) as tws:
        rows = await tws.scanner.scan(GAINERS)
        assert [row.rank for row in rows] == [0, 1, 2, 3, 4]
        assert all(row.contract.contract_id for row in rows)
        assert "TOP_PERC_GAIN" in await tws.scanner.parameters()
        assert CancelScannerSubscription in {type(heard.message) for heard in world.heard}
        assert not world.links[0].streams
        # Nothing fits: that is an answer, by a text that is known.
        assert (
            await tws.scanner.scan(
                ScannerSubscription(
                    instrument=ScannerInstrument.STOCK_US,
                    location_code="STK.US.MAJOR",
                    scan_code="TOP_PERC_GAIN",
                    above_price=1e9,
                )
            )
            == ()
        )


async def test_an_eleventh_scan_is_refused_before_it_is_sent() -> None:
    script = Script({ScannerSubscriptionRequest: []})
    async with connected(script.world) as tws, AsyncExitStack() as scans:
        for _ in range(10):
            await scans.enter_async_context(tws.scanner.follow_scan(GAINERS))
        with pytest.raises(LimitReached):
            await tws.scanner.scan(GAINERS)
        await tws.current_time()
        assert len(script.asked) == 10


@pytest.mark.virtual_time
async def test_rankings_come_again() -> None:
    async with connected() as tws, tws.scanner.follow_scan(GAINERS) as rankings:
        with anyio.fail_after(100):
            first, second = await anext(rankings), await anext(rankings)
        assert isinstance(first, ScannerData)
        assert isinstance(second, ScannerData)
        assert len(second.elements) == 5


async def test_a_refusal_is_an_error_and_no_empty_ranking() -> None:
    said: list[ErrorMessage] = []
    script = Script({ScannerSubscriptionRequest: said})
    async with connected(script.world) as tws:
        for code in (162, 200, 321, 322, 420, 490):
            said[:] = [ErrorMessage(0, code, "Historical Market Data Service error")]
            with pytest.raises(RequestFailed) as caught:
                await tws.scanner.scan(GAINERS)
            assert caught.value.code == code


async def test_a_code_that_tws_has_not_is_refused() -> None:
    async with connected() as tws:
        with pytest.raises(RequestFailed) as caught:
            await tws.scanner.scan(ScannerSubscription(instrument=ScannerInstrument.STOCK_US, scan_code="BEST"))
        assert caught.value.code == 162


async def test_nothing_found_is_told_with_or_without_a_ranking() -> None:
    said: list[ToClient] = [NO_ITEMS, ScannerData(0)]
    script = Script({ScannerSubscriptionRequest: said})
    async with connected(script.world) as tws:
        assert await tws.scanner.scan(GAINERS) == ()
        said[:] = [NO_ITEMS]
        assert await tws.scanner.scan(GAINERS) == ()
        async with tws.scanner.follow_scan(GAINERS) as rankings:
            remark = await next_of(rankings)
            assert isinstance(remark, Notice)
            assert remark.code == 165


@pytest.mark.virtual_time
async def test_another_remark_is_no_answer() -> None:
    said: list[ToClient] = []
    script = Script({ScannerSubscriptionRequest: said})
    async with connected(script.world) as tws:
        for code, text in ((165, "query message:something else"), (492, "less exact")):
            said[:] = [ErrorMessage(0, code, text)]
            with pytest.raises(RequestTimedOut):
                await tws.scanner.scan(GAINERS, timeout=20)
            said.append(ScannerData(0, (ROW,)))
            assert await tws.scanner.scan(GAINERS) == (ROW,)
