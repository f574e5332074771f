"""The verbs of accounts, from end to end: as questions and as streams, in text and in protobuf."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from anytws import (
    ConnectionClosed,
    DataLost,
    LimitReached,
    LocalProtocolError,
    Notice,
    RequestFailed,
    RequestTimedOut,
    Tws,
)
from anytws.arrow import Records
from anytws.machines.accounts import Holdings
from anytws.machines.figures import Figures, Scope
from anytws.messages import (
    AccountDataRequest,
    AccountSummaryRequest,
    AccountSummaryTag,
    AccountValue,
    CancelAccountSummary,
    CancelPnL,
    CancelPnLSingle,
    CancelPositions,
    Contract,
    ErrorMessage,
    FamilyCode,
    PnL,
    PnLRequest,
    PnLSingle,
    PnLSingleRequest,
    PositionMulti,
    PositionsRequest,
    Stock,
)
from anytws.simulator import World, WorldSettings
from anytws.simulator.ledger.booking import Booking
from tests.in_memory import Script, connected, next_of

TWO = ("DU1", "DU2")


def sell_all_apples(world: World, account: str = "DU1") -> None:
    """Close the position in Apple, now."""
    booking = Booking(
        execution_id="1",
        account=account,
        instrument=world.universe.by_symbol("AAPL"),
        at=world.ms(),
        quantity=Decimal(-100),
        price=Decimal(300),
        commission=Decimal(1),
        commission_currency="USD",
    )
    world.accounts.book(booking)


@asynccontextmanager
async def left_clean(tws: Tws, world: World) -> AsyncGenerator[None]:
    """See that what was asked in the block is subscribed to no more."""
    yield
    await tws.current_time()
    assert not world.links[0].streams


# --- all of them -------------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
@pytest.mark.parametrize("version", [178, 226])
async def test_every_question_is_answered_and_leaves_nothing_behind(version: int) -> None:
    world = World(WorldSettings(server_version=version, large_account=True, accounts=("DU1",)))
    async with connected(world) as tws, left_clean(tws, world):
        accounts = tws.accounts
        assert accounts.managed == ("DU1",)
        figures = await accounts.values()
        assert figures.is_ready is True
        assert figures.time
        assert figures.one("NetLiquidation").account == "DU1"
        assert figures.one("NetLiquidation-S").scope is Scope.SECURITIES
        assert {each.currency for each in figures.find("CashBalance")} == {"USD", "BASE"}
        assert isinstance(figures.figures, Records)
        positions = await accounts.positions()
        assert isinstance(positions, Records)
        assert {row.contract.symbol: row.position for row in positions} == {"AAPL": Decimal(100), "SPY": Decimal(-20)}
        portfolio = await accounts.portfolio("DU1")
        assert [row.position for row in portfolio] == [100, -20]
        assert all(row.market_value is not None for row in portfolio)
        multi = await accounts.positions_of()
        assert [row.position for row in multi] == [100, -20]
        assert await accounts.positions_of(model="growth") == ()
        of = await accounts.values_of("DU1")
        assert of.amount("NetLiquidation") == figures.amount("NetLiquidation")
        ledger = await accounts.values_of(ledger_only=True)
        assert {each.scope for each in ledger} == {Scope.LEDGER}
        profit = await accounts.pnl()
        assert None not in (profit.daily_pnl, profit.unrealized_pnl, profit.realized_pnl)
        assert (await accounts.pnl_of(positions[0])).position == 100
        assert (await accounts.pnl_of(multi[1])).position == -20
        assert (await accounts.pnl_of(portfolio[0].contract)).position == 100
        assert await accounts.family_codes() == (FamilyCode("*"),)
        assert await accounts.white_branding_id() == ""
        assert await accounts.soft_dollar_tiers() == ()


@pytest.mark.parametrize("version, prefix", [(178, False), (226, True)])
async def test_a_summary_of_all_accounts(version: int, prefix: bool) -> None:
    world = World(
        WorldSettings(server_version=version, accounts=TWO, ledger_prefix=prefix, summary_twice=True, positions=())
    )
    async with connected(world) as tws, left_clean(tws, world):
        summary = await tws.accounts.summary()
        assert {each.account for each in summary} == {*TWO}
        assert summary.amount("NetLiquidation", account="DU2") == 100_000
        assert await tws.accounts.summary("NetLiquidation") == await tws.accounts.summary(["NetLiquidation"])
        both = await tws.accounts.summary(("AccruedCash", "$LEDGER:ALL"))
        assert both.one("AccruedCash", account="DU1").scope is Scope.ACCOUNT
        # The ledger is that of the group.
        assert both.amount("CashBalance", "BASE") == 200_000
        assert both.one("AccruedCash", "BASE").scope is Scope.LEDGER
        with pytest.raises(RequestFailed) as caught:
            await tws.accounts.summary(group="mine")
        assert caught.value.code == 321


async def test_a_tag_that_is_a_slip_is_refused_with_what_was_meant() -> None:
    world = World()
    async with connected(world) as tws:
        with pytest.raises(LocalProtocolError, match="'NetLiquidation' is meant") as caught:
            await tws.accounts.summary(["NetLiquidaton"])
        assert caught.value.field == "tags"
        with pytest.raises(LocalProtocolError):
            tws.accounts.follow_summary("NetLiquidaton")
        assert not world.heard
        assert len(await tws.accounts.summary([AccountSummaryTag.verbatim("NetLiquidaton")])) == 0


@pytest.mark.parametrize(
    "tag, says",
    [
        ("NetLiq", "'NetLiquidation' is meant, perhaps"),
        ("Nonsense", "AccountSummaryTag has those that there are"),
        # What the ledger has is no tag of its own.
        ("CashBalance", "'$LEDGER:ALL' brings CashBalance"),
    ],
)
async def test_a_tag_that_there_is_not_is_refused_since_an_empty_summary_would_look_like_an_answer(
    tag: str, says: str
) -> None:
    world = World()
    async with connected(world) as tws:
        with pytest.raises(LocalProtocolError) as caught:
            await tws.accounts.summary([tag, "Cushion"])
        assert f"there is no tag {tag!r}, and TWS would leave it out without a word" in str(caught.value)
        assert says in str(caught.value)
        assert not world.heard
        meant = AccountSummaryTag.verbatim(tag)
        assert [figure.name for figure in await tws.accounts.summary([meant, "Cushion"])] == ["Cushion"]
        assert await tws.accounts.summary(["$LEDGER", "$LEDGER:USD", "$LEDGER:ALL"])


@pytest.mark.virtual_time
@pytest.mark.parametrize("version", [178, 226])
async def test_what_is_followed_comes_whole_and_says_what_changed(version: int) -> None:
    world = World(WorldSettings(server_version=version, accounts=("DU1",)))
    async with connected(world) as tws, left_clean(tws, world):
        accounts = tws.accounts
        async with (
            accounts.follow_values() as values,
            accounts.follow_portfolio() as portfolio,
            accounts.follow_positions() as positions,
            accounts.follow_positions_of() as positions_of,
            accounts.follow_values_of() as values_of,
            accounts.follow_summary(["NetLiquidation", "TotalCashValue"]) as summary,
        ):
            streams: list[Any] = [values, portfolio, positions, positions_of, values_of, summary]
            first = [await next_of(stream) for stream in streams]
            assert all(picture.changed == tuple(picture) for picture in first)
            assert [len(picture) for picture in first[1:4]] == [2, 2, 2]
            sell_all_apples(world)
            with anyio.fail_after(200):
                second = [await anext(stream) for stream in streams]
            for picture in second:
                if isinstance(picture, Holdings):
                    assert [row.contract.symbol for row in picture] == ["SPY"]
                    assert [(row.contract.symbol, row.position) for row in picture.changed] == [("AAPL", 0)]
                else:
                    assert isinstance(picture, Figures)
                    assert "TotalCashValue" in {figure.name for figure in picture.changed}
            sizes = [len(picture) for picture in first]
            assert [len(picture) for picture in second] == [sizes[0], 1, 1, 1, sizes[4], 2]


# --- one account at a time ---------------------------------------------------------------------------------------


async def test_which_account_has_to_be_said_where_there_are_several() -> None:
    async with connected(accounts=TWO, positions=()) as tws:
        questions: list[Any] = [
            tws.accounts.values,
            tws.accounts.portfolio,
            tws.accounts.positions_of,
            tws.accounts.values_of,
            tws.accounts.pnl,
        ]
        for ask in questions:
            with pytest.raises(LocalProtocolError, match="DU1, DU2") as caught:
                await ask()
            assert caught.value.field == "account"
        with pytest.raises(LocalProtocolError, match="DU1, DU2"):
            tws.accounts.follow_values()
        assert (await tws.accounts.values("DU2")).one("AccountCode").value == "DU2"
        for account in ("DU9", ""):
            with pytest.raises(RequestFailed) as failed:
                await tws.accounts.values(account)
            assert failed.value.code == 321


async def test_one_account_is_followed_at_a_time_and_the_same_is_shared() -> None:
    world = World(WorldSettings(accounts=TWO, positions=()))
    async with connected(world) as tws:
        async with tws.accounts.follow_values("DU1") as values:
            await next_of(values)
            assert len(await tws.accounts.values("DU1")) > 50
            async with tws.accounts.follow_portfolio("DU1") as portfolio:
                assert len(await next_of(portfolio)) == 0
            for ask in (tws.accounts.values, tws.accounts.portfolio):
                with pytest.raises(LocalProtocolError, match="account='DU1'"):
                    await ask("DU2")
            # Those of its sibling have no such limit.
            assert len(await tws.accounts.values_of("DU2")) > 50
            assert [type(heard.message) for heard in world.heard].count(AccountDataRequest) == 1
        assert (await tws.accounts.values("DU2")).one("AccountCode").value == "DU2"


async def test_an_account_that_another_client_follows_is_refused() -> None:
    script = Script({AccountDataRequest: [ErrorMessage(None, 2101, "Unable subscribe to account")]}, accounts=TWO)
    async with connected(script.world) as tws:
        with pytest.raises(RequestFailed) as caught:
            await tws.accounts.portfolio("DU1")
        assert caught.value.code == 2101


@pytest.mark.virtual_time
async def test_an_answer_without_an_end_is_late_and_what_came_is_kept() -> None:
    script = Script({AccountDataRequest: [AccountValue("NetLiquidation", "1", "USD", "DU1")]})
    async with connected(script.world) as tws:
        with pytest.raises(RequestTimedOut) as caught:
            await tws.accounts.values("DU1", timeout=20)
        assert caught.value.received == (AccountValue("NetLiquidation", "1", "USD", "DU1"),)


async def test_a_login_with_too_many_accounts_asks_one_by_one() -> None:
    many = tuple(f"DU{number}" for number in range(60))
    async with connected(accounts=many, positions=()) as tws:
        for ask in (tws.accounts.positions, tws.accounts.summary):
            with pytest.raises(RequestFailed) as caught:
                await ask()
            assert caught.value.code == 321
        assert await tws.accounts.positions_of("DU7") == ()


@pytest.mark.virtual_time
async def test_a_third_summary_of_ours_waits_or_is_refused_before_it_is_sent() -> None:
    async with connected() as tws:
        accounts = tws.accounts
        async with accounts.follow_summary("Cushion") as first:
            async with accounts.follow_summary("SMA") as second:
                assert len(await next_of(first)) == len(await next_of(second)) == 1
                with pytest.raises(LimitReached):
                    async with accounts.follow_summary("Leverage"):
                        raise AssertionError("it has no place")
                with pytest.raises(RequestTimedOut) as caught:
                    await accounts.summary("Leverage", timeout=5)
                assert not caught.value.sent
            assert len(await accounts.summary("Leverage")) == 1


async def test_a_third_summary_finds_no_room() -> None:
    """Whoever shares this TWS may have two already: its 322 is told, and nothing is left behind."""
    script = Script({AccountSummaryRequest: [ErrorMessage(0, 322, "Maximum number of account summary requests")]})
    async with connected(script.world) as tws:
        with pytest.raises(RequestFailed) as caught:
            await tws.accounts.summary()
        assert caught.value.code == 322


# --- profit and loss ---------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
async def test_the_first_profit_is_rough_and_the_corrected_one_is_given() -> None:
    script = Script({PnLRequest: [PnL(0), PnL(0, 1.0, 2.0), PnL(0, 1.0, 2.0)]})
    async with connected(script.world) as tws, anyio.create_task_group() as tasks:

        async def correct() -> None:
            await anyio.sleep(1)
            script.say(PnL(0, 1.5, 2.5, 3.5))
            await anyio.sleep(1)
            script.say(PnL(0, 9.0, 9.0, 9.0))

        tasks.start_soon(correct)
        profit = await tws.accounts.pnl()
        assert (profit.daily_pnl, profit.unrealized_pnl, profit.realized_pnl) == (1.5, 2.5, 3.5)
        assert anyio.current_time() < 2


@pytest.mark.virtual_time
async def test_what_tws_cannot_compute_is_waited_for_and_then_none() -> None:
    script = Script({PnLRequest: [PnL(0)]})
    async with connected(script.world) as tws:
        began = anyio.current_time()
        assert (await tws.accounts.pnl(timeout=5)).daily_pnl is None
        assert anyio.current_time() - began == pytest.approx(5)
        async with anyio.create_task_group() as tasks:

            async def compute() -> None:
                await anyio.sleep(20)
                script.say(PnL(0, 7.0))

            tasks.start_soon(compute)
            began = anyio.current_time()
            assert (await tws.accounts.pnl()).daily_pnl == 7.0
            assert anyio.current_time() - began == pytest.approx(21.5)


@pytest.mark.virtual_time
async def test_of_what_is_not_held_tws_says_nothing_and_we_say_so() -> None:
    world = World()
    async with connected(world) as tws, left_clean(tws, world):
        began = anyio.current_time()
        with pytest.raises(RequestTimedOut) as caught:
            await tws.accounts.pnl_of(Contract(contract_id=272093))
        assert anyio.current_time() - began == pytest.approx(10)
        assert "does not hold" in caught.value.__notes__[0]
        assert caught.value.sent
        with pytest.raises(ValueError, match="resolve"):
            await tws.accounts.pnl_of(Stock("AAPL"))


@pytest.mark.virtual_time
async def test_a_closed_position_has_no_value() -> None:
    """Recorded: 2150 and then a row with a size of 0, what was realized, and no value."""
    world = World(WorldSettings(accounts=("DU1",)))
    async with connected(world) as tws:
        apples = (await tws.accounts.positions())[0]
        sell_all_apples(world)
        row = await tws.accounts.pnl_of(apples)
        assert (row.position, row.unrealized_pnl, row.value) == (Decimal(0), None, None)
        assert row.realized_pnl is not None
        async with tws.accounts.follow_pnl_of(apples) as rows:
            with anyio.fail_after(10):
                remark = await anext(rows)
                assert isinstance(remark, Notice)
                assert remark.code == 2150
                assert isinstance(await anext(rows), PnLSingle)


@pytest.mark.parametrize("request_type, code", [(PnLRequest, 10183), (PnLSingleRequest, 10184)])
async def test_a_profit_that_tws_fails_to_compute_is_an_error(request_type: type[Any], code: int) -> None:
    script = Script({request_type: [ErrorMessage(0, code, "Failed to request PNL")]})
    async with connected(script.world) as tws:
        with pytest.raises(RequestFailed) as caught:
            if request_type is PnLRequest:
                await tws.accounts.pnl()
            else:
                await tws.accounts.pnl_of(Contract(contract_id=1))
        assert caught.value.code == code


async def test_profits_that_tws_has_lost_are_said_to_be_lost() -> None:
    script = Script({PnLRequest: [PnL(0, 1.0)]})
    async with connected(script.world) as tws, tws.accounts.follow_pnl() as profits:
        assert isinstance(await next_of(profits), PnL)
        script.say(ErrorMessage(None, 1101, "Connectivity restored - data lost"))
        with pytest.raises(DataLost):
            await next_of(profits)


async def test_a_position_says_whose_it_is() -> None:
    script = Script({PnLSingleRequest: [PnLSingle(0, Decimal(1), 1.0)]}, accounts=TWO)
    async with connected(script.world) as tws:
        held = PositionMulti(1, "DU2", Contract(contract_id=5), Decimal(1), model_code="growth")
        async with tws.accounts.follow_pnl_of(held) as rows:
            await next_of(rows)
        request = script.asked[0]
        assert isinstance(request, PnLSingleRequest)
        assert (request.account, request.contract_id, request.model_code) == ("DU2", 5, "growth")


# --- ends --------------------------------------------------------------------------------------------------------


async def test_whoever_is_cancelled_leaves_nothing_behind() -> None:
    """Each kind, while it waits for its answer; and its cancel goes out."""
    requests: dict[type[Any], list[Any]] = {
        AccountDataRequest: [],
        AccountSummaryRequest: [],
        PositionsRequest: [],
        PnLRequest: [],
        PnLSingleRequest: [],
    }
    script = Script(requests)
    async with connected(script.world) as tws:
        held = Contract(contract_id=1)
        questions: list[Any] = [
            tws.accounts.values,
            tws.accounts.summary,
            tws.accounts.positions,
            tws.accounts.pnl,
            lambda: tws.accounts.pnl_of(held),
        ]
        async with anyio.create_task_group() as tasks:
            for ask in questions:
                tasks.start_soon(ask)
            while len(script.asked) < len(questions):
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
        await tws.current_time()
        heard = {type(each.message) for each in script.world.heard}
        assert {CancelAccountSummary, CancelPositions, CancelPnL, CancelPnLSingle} <= heard
        assert AccountDataRequest(subscribe=False, account="DU1234567") in [each.message for each in script.world.heard]


async def test_the_end_of_the_connection_ends_each() -> None:
    script = Script({PnLRequest: [], AccountDataRequest: []})
    with pytest.raises(ConnectionClosed):
        async with connected(script.world) as tws, anyio.create_task_group() as tasks:
            seen: list[str] = []

            async def wait_for(ask: Any) -> None:
                try:
                    await ask()
                except ConnectionClosed:
                    seen.append("closed")
                    raise

            for ask in (tws.accounts.pnl, tws.accounts.values):
                tasks.start_soon(wait_for, ask)
            while len(script.asked) < 2:
                await anyio.lowlevel.checkpoint()
            script.world.die()
    assert seen == ["closed", "closed"]
