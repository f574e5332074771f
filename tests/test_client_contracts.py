"""`tws.contracts`: every verb against the simulated TWS, and every error against one that misbehaves."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import anyio
import attrs
import pytest

import anytws
from anytws import (
    Ambiguous,
    ConnectionClosed,
    HoursUnknown,
    LocalProtocolError,
    NotFound,
    RemoteProtocolError,
    RequestFailed,
    RequestTimedOut,
    Tws,
)
from anytws.client.contracts import AT_ONCE
from anytws.machines.price_steps import even_steps
from anytws.machines.sessions import trading_hours
from anytws.messages import (
    Bond,
    BondContractData,
    CancelContractData,
    Contract,
    ContractData,
    ContractDataEnd,
    ContractDataRequest,
    ContractDescription,
    ContractDetails,
    ErrorMessage,
    Future,
    Index,
    MarketRule,
    MarketRuleRequest,
    MatchingSymbolsRequest,
    Option,
    Position,
    PositionsRequest,
    PriceIncrement,
    Right,
    SecDefOptParameterEnd,
    SecDefOptParamsRequest,
    SecurityType,
    SmartComponentsRequest,
    Stock,
    SymbolSamples,
    ToClient,
)
from anytws.simulator import ANSWERS, Answer, World, WorldSettings
from anytws.simulator.answers.answer import say_nothing
from anytws.simulator.serve import serve_memory

OCTOBER: Final = datetime(2026, 10, 2, 14, tzinfo=UTC)
ENCODINGS = pytest.mark.parametrize("version", [176, 225], ids=["text", "protobuf"])
NOTHING: Final = "No security definition has been found for the request"
APPLE: Final = Contract(265598, "AAPL", SecurityType.STOCK, exchange="SMART", primary_exchange="NASDAQ", currency="USD")
Reply = Callable[[Any, Any], Iterable[ToClient]]


@asynccontextmanager
async def connected(
    version: int = 225, answers: dict[type, Reply] | None = None, **options: Any
) -> AsyncGenerator[Tws]:
    """Connect to a TWS that answers some requests as a test says."""
    scripted = {kind: Answer(reply) for kind, reply in (answers or {}).items()}
    world = World(WorldSettings(server_version=version, starts_at=OCTOBER), answers={**ANSWERS, **scripted})
    async with serve_memory(world) as served, anytws.connect_stream(await served.connect(), **options) as tws:
        yield tws


def row(request: Any, contract: Contract = APPLE, **details: Any) -> ContractData:
    return ContractData(request.request_id, contract, ContractDetails(**details))


def refused(code: int, text: str = NOTHING) -> Reply:
    return lambda _, request: [ErrorMessage(getattr(request, "request_id", None), code, text)]


def answered(*contracts: Contract) -> Reply:
    """Answer with a row for each of *contracts*, and the end."""

    def reply(_: object, request: Any) -> list[ToClient]:
        return [*[row(request, each) for each in contracts], ContractDataEnd(request.request_id)]

    return reply


# --- one contract ------------------------------------------------------------------------------------------------


@ENCODINGS
async def test_what_people_have_of_a_contract(version: int) -> None:
    """A symbol, a local symbol, an id; a holding with the exchange of its listing or none; what a search has found."""
    stock = attrs.evolve(APPLE, exchange="NASDAQ", strike=0.0, right=Right.ZERO)  # type: ignore[misc]
    future = Contract(515416632, "ES", SecurityType.FUTURE, "20261218", 0.0, Right.ZERO, Decimal(50), "", "", "USD")
    async with connected(version) as tws:
        resolve = tws.contracts.resolve
        apple = await resolve(Stock("AAPL"))
        assert isinstance(apple, ContractData)
        assert (apple.contract.contract_id, apple.contract.exchange) == (265598, "SMART")
        assert apple.details.long_name == "APPLE INC"
        (found, *_) = await tws.contracts.search("AAPL")
        for named in (
            265598, Stock(contract_id=265598), Contract(contract_id=265598), apple, Stock("AAPL", exchange=""), found,
            Position("DU1", stock, Decimal(9), 180.0), Contract(local_symbol="AAPL", security_type=SecurityType.STOCK),
        ):  # fmt: skip
            again = await resolve(named)  # type: ignore[arg-type]
            assert again.contract == apple.contract
        december = await resolve(Position("DU1", future, Decimal(1), 5.0))
        assert (december.contract.exchange, december.contract.local_symbol) == ("CME", "ESZ6")
        local = Contract(local_symbol="ESZ6", security_type=SecurityType.FUTURE)
        for named in (local, Future(local_symbol="ESZ6", exchange="CME"), Future("ES", "202612", "CME"), future):
            assert (await resolve(named)).contract == december.contract
        option = await resolve(Option("AAPL", "20261016", 330, "C"))
        held = attrs.evolve(option.contract, exchange="")  # type: ignore[misc]
        assert await resolve(Position("DU1", held, Decimal(-1), 5.0)) == again_as(option, await resolve(option))
        direct = await resolve(Stock("AAPL", exchange="NASDAQ"))
        assert (direct.contract.exchange, (await resolve(direct)).contract.exchange) == ("NASDAQ", "NASDAQ")


def again_as(one: Any, other: Any) -> Any:
    """Give *one* under the id of the request that *other* answers: each question has its own."""
    return attrs.evolve(one, request_id=other.request_id - 1)


@ENCODINGS
async def test_what_an_account_holds_can_be_resolved(version: int) -> None:
    """Positions as the simulated TWS tells them, with the exchange of the listing in protobuf and none in text."""
    async with connected(version) as tws:
        for position in await tws.ask(PositionsRequest()):
            found = await tws.contracts.resolve(position)
            assert found.contract.contract_id == position.contract.contract_id
            assert found.contract.exchange == "SMART"


@ENCODINGS
async def test_a_bond_is_given_as_what_tws_gives(version: int) -> None:
    """Its row has no symbol and no currency; its issuer has several."""
    async with connected(version) as tws:
        bond = await tws.contracts.resolve(Bond(contract_id=127128131))
        assert isinstance(bond, BondContractData)
        assert bond.contract.symbol == ""
        again = await tws.contracts.resolve(bond)
        assert again.contract == bond.contract


@ENCODINGS
async def test_none_and_several(version: int) -> None:
    """None is `NotFound` with the words of TWS; several are `Ambiguous` with all of them, and in what they differ."""
    async with connected(version) as tws:
        with pytest.raises(NotFound, match=NOTHING) as none:
            await tws.contracts.resolve(Stock("NOSUCH"))
        assert none.value.asked == Stock("NOSUCH")
        assert none.value.failure is not None
        assert none.value.failure.code == 200
        assert none.value.__cause__ is none.value.failure
        with pytest.raises(NotFound, match="Invalid destination"):
            await tws.contracts.resolve(Stock("AAPL", exchange="NOWHERE"))
        with pytest.raises(Ambiguous, match=r"FUT ESZ6 USD CME .* and \d+ more\. They differ in last_trade") as several:
            await tws.contracts.resolve(Future("ES", exchange="CME"))
        assert several.value.differ == ("last_trade_date_or_contract_month",)
        first, *rest = several.value.candidates
        assert isinstance(first, ContractData)
        assert first.contract.local_symbol == "ESZ6"
        assert len(rest) == len(several.value.names) - 1 == 22
        with pytest.raises(RequestFailed, match="Please enter a valid security type") as vague:
            await tws.contracts.resolve(Contract(symbol="AAPL"))
        assert (vague.value.code, type(vague.value)) == (321, RequestFailed)


async def test_what_names_no_contract() -> None:
    """It is refused before anything is asked, with what to give instead."""
    legs = Contract(28812380, "AAPL", SecurityType.COMBO, exchange="SMART", currency="USD")
    async with connected(answers={ContractDataRequest: say_nothing}) as tws:
        for verb in (tws.contracts.resolve, tws.contracts.details, tws.contracts.option_chain):
            with pytest.raises(TypeError, match=r"Stock\('AAPL'\), or look for it"):
                await verb("AAPL")  # type: ignore[arg-type]
            for wrong in (None, True, 2.5, ContractDetails()):
                with pytest.raises(TypeError, match="names no contract"):
                    await verb(wrong)  # type: ignore[arg-type]
        for number in (0, -1):
            with pytest.raises(ValueError, match="above zero"):
                await tws.contracts.resolve(number)
        with pytest.raises(ValueError, match="Resolve its legs"):
            await tws.contracts.resolve(legs)
        for verb in (tws.contracts.resolve, tws.contracts.details, tws.contracts.option_chains):
            with pytest.raises(ValueError, match="timeout"):
                await verb(265598, timeout=-1)
        assert tws.statistics().open_conversations == 0


async def test_rows_of_one_contract_on_several_exchanges_are_one() -> None:
    """Whatever their order, and twice: SMART before the primary exchange, that before the others."""
    here = {name: attrs.evolve(APPLE, exchange=name) for name in ("ARCA", "NASDAQ", "SMART", "AMEX")}  # type: ignore[misc]
    for names, wanted in (
        (("ARCA", "NASDAQ", "SMART", "ARCA", "SMART"), "SMART"),
        (("ARCA", "NASDAQ", "AMEX"), "NASDAQ"),
        (("ARCA", "AMEX"), "AMEX"),
        (("ARCA",), "ARCA"),
    ):
        async with connected(answers={ContractDataRequest: answered(*[here[name] for name in names])}) as tws:
            assert (await tws.contracts.resolve(Stock("AAPL", exchange=""))).contract.exchange == wanted


async def test_an_answer_that_tells_of_another_contract() -> None:
    """An id means one contract; what has another id is not passed off as that. Others beside it do no harm."""
    other = attrs.evolve(APPLE, contract_id=4391, symbol="AMD")  # type: ignore[misc]
    async with connected(answers={ContractDataRequest: answered(other)}) as tws:
        with pytest.raises(Ambiguous, match=r"answers with another contract .*\(4391\)"):
            await tws.contracts.resolve(265598)
    async with connected(answers={ContractDataRequest: answered(other, APPLE)}) as tws:
        assert (await tws.contracts.resolve(265598)).contract == APPLE


async def test_answers_of_a_tws_that_misbehaves() -> None:
    """An end and nothing else, 200 that says "ambiguous", another code, an error behind data, a row behind the end."""

    def late(client: Any, request: Any) -> Iterable[ToClient]:
        return [row(request), ContractDataEnd(request.request_id), row(request), ContractDataEnd(request.request_id)]

    def broken_off(_: object, request: Any) -> Iterable[ToClient]:
        return [row(request), ErrorMessage(request.request_id, 504, "Not connected")]

    def of_others(_: object, request: Any) -> Iterable[ToClient]:
        number = request.request_id
        return [row(attrs.evolve(request, request_id=number + 50)), ErrorMessage(number + 50, 200, NOTHING),
                row(request), ContractDataEnd(number + 50), ContractDataEnd(number)]  # fmt: skip

    async with connected(answers={ContractDataRequest: answered()}) as tws:
        for verb in (tws.contracts.resolve, tws.contracts.details):
            with pytest.raises(NotFound) as none:
                await verb(Stock("AAPL"))
            assert none.value.failure is None
    several = "The contract description specified for KWEB is ambiguous."
    async with connected(answers={ContractDataRequest: refused(200, several)}) as tws:
        with pytest.raises(Ambiguous) as ambiguous:
            await tws.contracts.resolve(Stock("KWEB"))
        assert ambiguous.value.candidates == ()
    async with connected(answers={ContractDataRequest: broken_off}) as tws:
        with pytest.raises(RequestFailed, match="Not connected") as failed:
            await tws.contracts.resolve(Stock("AAPL"))
        assert type(failed.value) is RequestFailed
    for reply in (late, of_others):
        async with connected(answers={ContractDataRequest: reply}) as tws:
            assert (await tws.contracts.resolve(Stock("AAPL"))).contract == APPLE
            assert len(await tws.contracts.details(Stock("AAPL"))) == 1
            assert tws.statistics().open_conversations == 0


@pytest.mark.virtual_time
async def test_an_answer_that_never_comes() -> None:
    """The default is a minute; the caller's own is kept to; what had come is told. A cancel goes out."""
    heard: list[Any] = []

    def half(_: object, request: Any) -> Iterable[ToClient]:
        return [row(request)]

    def note(_: object, request: Any) -> Iterable[ToClient]:
        heard.append(request)
        return ()

    async with connected(answers={ContractDataRequest: half, CancelContractData: note}) as tws:
        for timeout, seconds in ((None, 60), (2, 2)):
            began = anyio.current_time()
            with pytest.raises(RequestTimedOut) as late:
                await tws.contracts.resolve(Stock("AAPL"), timeout=timeout)
            assert anyio.current_time() - began == pytest.approx(seconds)
            assert len(late.value.received) == 1
        with anyio.move_on_after(1) as scope:
            await tws.contracts.resolve(Stock("AAPL"))
        assert scope.cancelled_caught
        await anyio.sleep(1)
        assert len(heard) == 3
        assert tws.statistics().open_conversations == 0


# --- many --------------------------------------------------------------------------------------------------------


@ENCODINGS
async def test_many_contracts_at_once(version: int) -> None:
    """In the order of the question; one that is not there does no harm to the others."""
    asked = [Stock("MSFT"), Stock("NOSUCH"), Stock("AAPL"), Future("ES", exchange="CME"), 265598]
    async with connected(version) as tws:
        found = await tws.contracts.resolve_all(asked)
        assert [each.asked for each in found] == asked
        assert [each.found.contract.symbol if each.found else type(each.error) for each in found] == [
            "MSFT", NotFound, "AAPL", Ambiguous, "AAPL",
        ]  # fmt: skip
        assert all((each.found is None) is (each.error is not None) for each in found)
        assert await tws.contracts.resolve_all([]) == ()
        with pytest.raises(TypeError, match="names no contract"):
            await tws.contracts.resolve_all([Stock("AAPL"), None])  # type: ignore[list-item]


@pytest.mark.virtual_time
async def test_a_hundred_contracts_are_asked_for_some_at_a_time() -> None:
    """16 at once, equal ones once; and what has no answer in time is an error of its own."""
    open_now: list[int] = []
    asked: list[str] = []

    def reply(client: Any, request: Any) -> Iterable[ToClient]:
        symbol = request.contract.symbol
        asked.append(symbol)
        open_now.append(tws.statistics().open_conversations)
        if symbol == "S7":
            return ()
        return [row(request, attrs.evolve(APPLE, symbol=symbol)), ContractDataEnd(request.request_id)]

    async with connected(answers={ContractDataRequest: reply}) as tws:
        contracts = [Stock(f"S{number % 100}") for number in range(200)]
        began = anyio.current_time()
        found = await tws.contracts.resolve_all(contracts, timeout=30)
        assert anyio.current_time() - began == pytest.approx(30)
    assert len(asked) - asked.count("S7") == 99
    assert max(open_now) <= AT_ONCE
    for each in found:
        assert isinstance(each.asked, Contract)
        if each.asked.symbol == "S7":
            assert isinstance(each.error, RequestTimedOut)
        else:
            assert each.found is not None
            assert each.found.contract.symbol == each.asked.symbol


async def test_the_end_of_the_connection_ends_many_questions_as_one_error() -> None:
    """It comes alone, in no group of exceptions; so does a cancellation."""

    world = World(WorldSettings(starts_at=OCTOBER), answers={**ANSWERS, ContractDataRequest: Answer(say_nothing)})
    async with serve_memory(world) as served:
        with pytest.raises(ConnectionClosed):
            async with anytws.connect_stream(await served.connect()) as tws:
                with anyio.move_on_after(0.01) as scope:
                    await tws.contracts.resolve_all([Stock("A"), Stock("B")])
                assert scope.cancelled_caught
                assert tws.statistics().open_conversations == 0
                async with anyio.create_task_group() as group:
                    group.start_soon(cut, served)
                    with pytest.raises(ConnectionClosed) as end:
                        await tws.contracts.resolve_all([Stock("A"), Stock("B")])
                raise end.value


async def cut(served: Any) -> None:
    """Have TWS hang up."""
    await anyio.sleep(0.01)
    served.world.links[0].die()


# --- all that fit, searches --------------------------------------------------------------------------------------


@ENCODINGS
async def test_all_that_fit(version: int) -> None:
    """A row for each exchange, or each month."""
    async with connected(version) as tws:
        stocks = await tws.contracts.details(Stock("AMD", exchange=""))
        assert len({each.contract.contract_id for each in stocks}) == 1
        assert len(stocks) > 20
        assert len(await tws.contracts.details(Future("ES", exchange="CME"))) == 23
        bonds = await tws.contracts.details(Contract(symbol="IBM", security_type=SecurityType.BOND))
        assert all(isinstance(each, BondContractData) for each in bonds)
        with pytest.raises(NotFound):
            await tws.contracts.details(Stock("NOSUCH"))


@ENCODINGS
@pytest.mark.virtual_time
async def test_a_search(version: int) -> None:
    """Nothing is an empty tuple; a failure is none; searches in a row wait for each other and are all answered."""
    async with connected(version) as tws:
        apple = await tws.contracts.search("AAPL")
        assert apple[0].contract.contract_id == 265598
        assert await tws.contracts.search("no such thing", timeout=20) == ()
        for wrong in ("", "  ", None):
            with pytest.raises(ValueError, match="not empty"):
                await tws.contracts.search(wrong)  # type: ignore[arg-type]
    text = "Failed to request matching symbols"
    async with connected(version, answers={MatchingSymbolsRequest: refused(10159, text)}) as tws:
        with pytest.raises(RequestFailed, match=text):
            await tws.contracts.search("AAPL")


async def test_the_issuer_of_bonds_is_resolved_by_its_bonds() -> None:
    """A search finds it under the id -1, which is no contract; what it issued are several, or one."""
    issuer = Contract(-1, security_type=SecurityType.BOND, description="Apple Inc", issuer_id="e1432232")
    heard: list[Contract] = []

    def reply(_: object, request: Any) -> Iterable[ToClient]:
        heard.append(request.contract)
        return answered(APPLE)(_, request)

    def samples(_: object, request: Any) -> Iterable[ToClient]:
        return [SymbolSamples(request.request_id, (ContractDescription(issuer),))]

    async with connected(answers={ContractDataRequest: reply, MatchingSymbolsRequest: samples}) as tws:
        (found,) = await tws.contracts.search("apple")
        assert len(await tws.contracts.details(found)) == 1
    assert heard == [Contract(security_type=SecurityType.BOND, issuer_id="e1432232")]


# --- hours -------------------------------------------------------------------------------------------------------


@ENCODINGS
async def test_hours_are_asked_for_anew(version: int) -> None:
    """Of today, also of what was resolved long ago; without any they are unknown, and no market that is closed."""
    async with connected(version) as tws:
        now = await tws.current_time()
        apple = await tws.contracts.resolve(Stock("AAPL"))
        old = attrs.evolve(apple, details=ContractDetails(trading_hours="19990101:CLOSED"))  # type: ignore[misc]
        for named in (apple, old, 265598):
            assert (await tws.contracts.trading_hours(named)).known_from <= now
            regular = await tws.contracts.liquid_hours(named)
            assert {(each.begin.hour, each.end.hour) for each in regular.sessions} == {(9, 16)}
    async with connected(version, answers={ContractDataRequest: answered(APPLE)}) as tws:
        with pytest.raises(HoursUnknown):
            await tws.contracts.trading_hours(Stock("AAPL"))


# --- options -----------------------------------------------------------------------------------------------------


@ENCODINGS
async def test_one_chain(version: int) -> None:
    """At SMART, of the class that no adjustment has left behind; its contracts can be resolved."""
    async with connected(version) as tws:
        apple = await tws.contracts.resolve(Stock("AAPL"))
        for named in (apple, Stock("AAPL"), 265598):
            chain = await tws.contracts.option_chain(named)
            assert (chain.exchange, chain.trading_class, chain.multiplier) == ("SMART", "AAPL", Decimal(100))
            assert (len(chain.strikes), chain.odd) == (127, ())
            assert chain.underlying.contract_id == 265598
        assert chain.expirations[0] == date(2026, 10, 2)
        calls = chain.contracts(date(2026, 10, 16), chain.strikes_near(331, 4), "C")
        found = await tws.contracts.resolve_all(calls)
        assert [each.found.contract.strike for each in found if each.found] == [327.5, 330.0, 332.5, 335.0]
        adjusted = await tws.contracts.option_chain(apple, "CBOE", trading_class="2AAPL")
        assert adjusted.strikes == (291.0,)
        everywhere = await tws.contracts.option_chains(apple)
        assert len(everywhere) == 41
        assert chain in everywhere
        with pytest.raises(NotFound, match=r"no chain of options at NOWHERE that fits"):
            await tws.contracts.option_chain(apple, "NOWHERE")
        with pytest.raises(NotFound, match="SPXW at SMART"):
            await tws.contracts.option_chain(apple, trading_class="SPXW")


@ENCODINGS
async def test_several_classes_of_one_index(version: int) -> None:
    """SPX and SPXW are settled at different times: the caller chooses."""
    async with connected(version) as tws:
        index = await tws.contracts.resolve(Index("SPX", "CBOE"))
        with pytest.raises(Ambiguous, match=r"more than one chain of options .* differ in trading_class") as several:
            await tws.contracts.option_chain(index)
        assert [chain.trading_class for chain in several.value.candidates] == ["SPX", "SPXW"]  # type: ignore[attr-defined]
        weekly = await tws.contracts.option_chain(index, trading_class="SPXW")
        found = await tws.contracts.resolve(
            weekly.contract(weekly.expirations[0], weekly.strikes_near(7700, 1)[0], "P")
        )
        assert found.contract.trading_class == "SPXW"


@ENCODINGS
async def test_options_on_a_future(version: int) -> None:
    """They are traded at the exchange of the future, which a holding does not say."""
    future = Contract(515416632, "ES", SecurityType.FUTURE, "20261218", 0.0, Right.ZERO, Decimal(50), "", "", "USD")
    async with connected(version) as tws:
        chain = await tws.contracts.option_chain(Position("DU1", future, Decimal(1), 1.0), trading_class="ES")
        assert (chain.exchange, chain.underlying.exchange) == ("CME", "CME")
        option = chain.contract(chain.expirations[0], chain.strikes_near(7700, 1)[0], Right.CALL)
        assert option.security_type is SecurityType.FUTURES_OPTION
        assert (await tws.contracts.resolve(option)).details.underlying_contract_id == 515416632
        assert {each.exchange for each in await tws.contracts.option_chains(515416632)} == {"CME"}


async def test_chains_that_there_are_not() -> None:
    """The end alone, 200, another code, an underlying whose type TWS does not say."""
    async with connected() as tws:
        with pytest.raises(RequestFailed, match="Invalid contract id") as failed:
            await tws.contracts.option_chains(Stock("AAPL", contract_id=5))
        assert failed.value.code == 321
    end: Reply = lambda _, request: [SecDefOptParameterEnd(request.request_id)]  # noqa: E731
    for reply, failure in ((end, None), (refused(200), 200)):
        async with connected(answers={SecDefOptParamsRequest: reply}) as tws:
            for verb in (tws.contracts.option_chain, tws.contracts.option_chains):
                with pytest.raises(NotFound, match="chain of options") as none:
                    await verb(APPLE)
                assert (none.value.failure and none.value.failure.code) == failure
    untyped = attrs.evolve(APPLE, security_type=None)  # type: ignore[misc]
    async with connected(answers={ContractDataRequest: answered(untyped)}) as tws:
        with pytest.raises(RemoteProtocolError, match="what sort of instrument"):
            await tws.contracts.option_chain(265598)


# --- price steps, exchanges --------------------------------------------------------------------------------------


@ENCODINGS
async def test_price_steps(version: int) -> None:
    """The rule of the contract on an exchange, found by its place in the list."""
    async with connected(version) as tws:
        option = await tws.contracts.resolve(Option("AAPL", "20261016", 330, "C"))
        smart = await tws.contracts.price_steps(option)
        assert smart.down("4.037") == Decimal("4.03")
        assert (await tws.contracts.price_steps(Stock("AAPL"), "ARCA")).at(331) == Decimal("0.01")
        assert (await tws.contracts.price_steps(Future("ES", "202612", "CME"))).up(7700.1) == Decimal("7700.25")
        with pytest.raises(ValueError, match=r"not traded at 'NOWHERE', but at SMART, "):
            await tws.contracts.price_steps(option, "NOWHERE")
        rule = await tws.contracts.market_rule(option.details.market_rule_ids[0])
        assert rule == await tws.contracts.market_rule(int(option.details.market_rule_ids[0]))
        with pytest.raises(RequestFailed, match="321"):
            await tws.contracts.market_rule(123456)


async def test_what_is_no_market_rule() -> None:
    """It is refused before anything is asked."""
    async with connected(answers={MarketRuleRequest: say_nothing}) as tws:
        for wrong in ("", "x", "²", -1, True, None, 2.5, "1" * 30):
            with pytest.raises(ValueError, match="a market rule is a number"):
                await tws.contracts.market_rule(wrong)  # type: ignore[arg-type]


async def test_steps_that_tws_does_not_tell() -> None:
    """No rule: the smallest step at every price. No step, or a rule without rows: an error, and no step of ours."""
    details = ContractDetails(valid_exchanges=("SMART", "ARCA"), market_rule_ids=("9",), min_tick=Decimal("0.05"))
    apple = ContractData(1, APPLE, details)
    arca = attrs.evolve(apple, contract=attrs.evolve(APPLE, exchange="ARCA"))  # type: ignore[misc]
    rules: dict[type, Reply] = {MarketRuleRequest: lambda _, request: [MarketRule(request.market_rule_id, ())]}
    async with connected(answers=rules) as tws:
        assert await tws.contracts.price_steps(arca) == even_steps("0.05")
        with pytest.raises(RemoteProtocolError, match="without any row"):
            await tws.contracts.price_steps(apple)
        untold = attrs.evolve(arca, details=attrs.evolve(details, min_tick=None))  # type: ignore[misc]
        with pytest.raises(RemoteProtocolError, match="price step"):
            await tws.contracts.price_steps(untold)
        odd = attrs.evolve(apple, details=attrs.evolve(details, market_rule_ids=("abc",)))  # type: ignore[misc]
        with pytest.raises(RemoteProtocolError, match="abc"):
            await tws.contracts.price_steps(odd)
    broken: dict[type, Reply] = {
        MarketRuleRequest: lambda _, request: [MarketRule(request.market_rule_id, (PriceIncrement(0, math.inf),))]
    }
    async with connected(answers=broken) as tws:
        with pytest.raises(RemoteProtocolError, match="inf"):
            await tws.contracts.price_steps(apple)


@ENCODINGS
async def test_the_exchanges_behind_smart(version: int) -> None:
    """By the key that market data begins with."""
    async with connected(version) as tws:
        found = await tws.contracts.smart_components("9c0001")
        assert {each.exchange_letter for each in found} >= {"N", "T"}
        with pytest.raises(ValueError, match="bbo_exchange"):
            await tws.contracts.smart_components("")


@pytest.mark.virtual_time
async def test_what_tws_leaves_without_an_answer() -> None:
    """A rule it does not know yet, components of a closed market, a search too soon: in time, and as what it is."""
    silent: dict[type, Reply] = dict.fromkeys(
        (MarketRuleRequest, SmartComponentsRequest, MatchingSymbolsRequest, SecDefOptParamsRequest), say_nothing
    )
    async with connected(answers=silent) as tws:
        for verb, argument in (
            (tws.contracts.market_rule, 26), (tws.contracts.smart_components, "9c0001"),
            (tws.contracts.search, "AAPL"), (tws.contracts.option_chain, APPLE),
        ):  # fmt: skip
            began = anyio.current_time()
            with pytest.raises(RequestTimedOut):
                await verb(argument, timeout=3)  # type: ignore[operator]
            assert anyio.current_time() - began == pytest.approx(3)


async def test_a_tws_too_old_for_a_question() -> None:
    """What a version does not know is refused before it is asked, with the version that does."""
    async with connected(160) as tws:
        with pytest.raises(LocalProtocolError, match="176"):
            await tws.contracts.resolve(Bond(issuer_id="e1432232"))
        (each,) = await tws.contracts.resolve_all([Bond(issuer_id="e1432232")])
        assert isinstance(each.error, LocalProtocolError)
        assert trading_hours(await tws.contracts.resolve(Stock("AAPL"))).is_open(OCTOBER)
