"""Contracts: what TWS knows of what is traded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias, TypeVar

import anyio

from anytws.arrow.records import Records
from anytws.client.contract_like import contracts_in
from anytws.client.conversing import Conversing
from anytws.client.doubt import NO_DEFINITION, ask_in_doubt, deadline_of, seconds_left
from anytws.client.named import Named, known_underlying, question_of
from anytws.core.arguments import check_timeout
from anytws.errors import (
    AnytwsError,
    LocalProtocolError,
    NotFound,
    RemoteProtocolError,
    RequestError,
    RequestFailed,
    SendQueueFull,
    shown,
)
from anytws.machines import sessions
from anytws.machines.option_chain import OptionChain, chains_of, the_chain
from anytws.machines.price_steps import PriceSteps, even_steps, steps_of
from anytws.machines.resolving import (
    ContractRow,
    Resolution,
    is_complete_underlying,
    option_exchange,
    rule_at,
    the_one,
    unknown_or,
)
from anytws.machines.sessions import TradingHours
from anytws.messages.contract import Contract, SecurityType, askable
from anytws.messages.contracts import (
    BondContractData,
    ContractData,
    ContractDataRequest,
    ContractDescription,
    MarketRule,
    MarketRuleRequest,
    MatchingSymbolsRequest,
    SecDefOptParamsRequest,
)
from anytws.messages.market_data import SmartComponent, SmartComponentsRequest

_N = TypeVar("_N", bound=Named)

AT_ONCE: Final = 16
"""How many contracts `Contracts.resolve_all` asks for at the same time."""

_OF_ONE: Final = (RequestError, LocalProtocolError, SendQueueFull)
"""What goes wrong with one contract, and not with the connection."""
_MOST_DIGITS: Final = 9
_CHAIN: Final = "chain of options"

_Answer: TypeAlias = tuple[ContractRow | None, AnytwsError | None]
"""The contract that was found, or why there is none."""


class Contracts:
    """Contracts: what TWS knows of what is traded. It is ``tws.contracts``.

    Every verb takes what people have: a `Contract`, what TWS has resolved, a position, an order, an execution, what a
    search has found, or a con id. *timeout* is in seconds from the call; None: as the catalogue says (a minute for
    details). All raise what `anytws.Tws.ask` raises: `RequestFailed`, `RequestTimedOut`, `ConnectionClosed` and others.

    While TWS is cut off from the vendor it says "no such contract" (200) of contracts that there are. A 200 within half
    a minute of that (`RequestFailed.link_was_down`), or while it lasts, is not believed: the link is waited for, and
    the question is asked once more. Where the link does not come back in time, or the second answer is no better, that
    `RequestFailed` is raised, and never `NotFound`.
    """

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws

    # --- one contract --------------------------------------------------------------------------------------------

    async def resolve(self, contract: Named, *, timeout: float | None = None) -> ContractRow:
        """Give the one contract that *contract* means, as TWS knows it: a `BondContractData` for a bond, or bill.

        ``found.contract`` is good for an order or a subscription, ``found.details`` is what else is known. Rows of
        several exchanges are one contract, and the one of SMART is given, unless *contract* names an exchange. What TWS
        has told of (a position, an order, an execution, what a search has found) is asked for by its id alone, so that
        the venue of a fill plays no part; it is asked at SMART, or where TWS has it. A `ContractData` is asked for
        anew, at its exchange: hours and rules change.

        Raises `NotFound` where TWS knows none, `Ambiguous` with the candidates where several fit. Raises `TypeError`
        for what names no contract, a plain ``"AAPL"`` above all: that may be a stock, its CFD, or an index (`search`
        finds them); `ValueError` for a combination, of which each leg is a contract.
        """
        check_timeout(timeout)
        question = question_of(contract)
        return the_one(question, await self._rows(question, timeout))

    async def resolve_all(self, contracts: Iterable[_N], *, timeout: float | None = None) -> Records[Resolution[_N]]:
        """Resolve many contracts, 16 at a time, and give for each, in their order, what was found or why not.

        It fails for none of them because of another: ``resolution.error`` says what `resolve` would have raised. Equal
        ones are asked for once. *timeout* is for all of it: what is not answered by then is `RequestTimedOut`; None:
        each has the time that the catalogue gives to one.

        Raises `TypeError` and `ValueError`, before anything is asked, for what cannot be asked, and `ConnectionClosed`.
        """
        check_timeout(timeout)
        subjects = contracts_in(contracts)
        questions = [question_of(subject) for subject in subjects]
        answers = await self._resolved(dict.fromkeys(questions), deadline_of(timeout))
        pairs = zip(subjects, questions, strict=True)
        return Records.of(Resolution, (Resolution(subject, *answers[question]) for subject, question in pairs))

    async def _resolved(self, questions: Iterable[Contract], deadline: float | None) -> dict[Contract, _Answer]:
        """Ask *questions*, some at a time, and give what became of each."""
        answers: dict[Contract, _Answer] = {}
        todo = [*questions]
        waiting = iter(todo)
        ended: list[Exception] = []

        async def work() -> None:
            for question in waiting:
                try:
                    answers[question] = the_one(question, await self._rows(question, seconds_left(deadline))), None
                except _OF_ONE as error:
                    answers[question] = None, error
                except Exception as error:  # noqa: BLE001 (raised below, alone and in no group: the connection is over)
                    ended.append(error)
                    group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            for _ in range(min(AT_ONCE, len(todo))):
                group.start_soon(work)
        if ended:
            raise ended[0]
        return answers

    async def details(self, contract: Named, *, timeout: float | None = None) -> Records[ContractRow]:
        """Give all contracts that fit *contract*, in all that is left out, with a row for each exchange.

        ``Stock("AMD", exchange="")`` is 35 rows, ``Future("ES", exchange="CME")`` each month, ``Option("AAPL",
        "20261218")`` each strike: TWS slows long answers down, 2,000 options may take a minute (`option_chain` is
        faster). The rows are in the order in which TWS sends them, which says nothing.

        Raises `NotFound` where TWS knows none, `TypeError` and `ValueError` as `resolve` does.
        """
        check_timeout(timeout)
        question = question_of(contract)
        rows = await self._rows(question, timeout)
        if not rows:
            raise NotFound(question)
        return Records.of((ContractData, BondContractData), rows)

    # --- hours ---------------------------------------------------------------------------------------------------

    async def trading_hours(self, contract: Named, *, timeout: float | None = None) -> TradingHours:
        """Give all hours in which *contract* is traded, of today and the next days, as sessions with aware datetimes.

        TWS is asked anew, also for a `ContractData`, since what it tells is of today and five days more. Of details
        that were just asked for, `anytws.machines.sessions.trading_hours` reads them without a question.

        Raises `HoursUnknown` where TWS does not tell them, or so that they cannot be read, and what `resolve` raises.
        """
        return sessions.trading_hours(await self.resolve(contract, timeout=timeout))

    async def liquid_hours(self, contract: Named, *, timeout: float | None = None) -> TradingHours:
        """Give the regular hours of *contract*. As `trading_hours` in all else."""
        return sessions.liquid_hours(await self.resolve(contract, timeout=timeout))

    # --- searches ------------------------------------------------------------------------------------------------

    async def search(self, text: str, *, timeout: float | None = None) -> Records[ContractDescription]:
        """Search contracts by the beginning of a symbol, or by words of a name: some 16 to 20, the best first.

        Nothing found is an empty tuple. What is found can be resolved as it is. The issuer of bonds is found with a
        contract id of -1: `details` gives its bonds. TWS takes one search a second (documented), so that several wait
        for each other.
        """
        check_timeout(timeout)
        _check_text("what is searched for", text, "AAPL")
        answer = await ask_in_doubt(self._tws, MatchingSymbolsRequest(text), timeout)
        return Records.of(ContractDescription, answer.contract_descriptions)

    # --- options -------------------------------------------------------------------------------------------------

    async def option_chain(
        self,
        underlying: Named,
        exchange: str | None = None,
        *,
        trading_class: str = "",
        timeout: float | None = None,
    ) -> OptionChain:
        """Give the chain of options on *underlying* at one *exchange*: its expirations, its strikes, its contracts.

        *exchange* None is SMART, and for options on a future, which SMART does not know, the exchange of the future.
        *trading_class* chooses where there are several, such as ``SPX`` (settled at the opening) and ``SPXW``. A class
        that an adjustment has left behind, ``2AAPL`` beside ``AAPL``, is given only where it is named.

        The chain is not asked of the slow details: not every pair of an expiration and a strike exists.

        Raises `NotFound` where there is no such chain, `Ambiguous` with the chains where several classes are left, and
        what `resolve` raises for *underlying*.
        """
        check_timeout(timeout)
        deadline = deadline_of(timeout)
        contract = await self._underlying(underlying, deadline)
        where = exchange or option_exchange(contract)
        chains = await self._chains(contract, where, deadline)
        return the_chain(contract, chains, where, trading_class)

    async def option_chains(self, underlying: Named, *, timeout: float | None = None) -> Records[OptionChain]:
        """Give all chains of options on *underlying*, one for each exchange and trading class, in that order.

        Apple has 41. Raises `NotFound` where there is none, and what `resolve` raises for *underlying*.
        """
        check_timeout(timeout)
        deadline = deadline_of(timeout)
        contract = await self._underlying(underlying, deadline)
        chains = await self._chains(contract, option_exchange(contract), deadline)
        if not chains:
            raise NotFound(contract, what=_CHAIN)
        return Records.of(OptionChain, chains)

    async def _underlying(self, named: Named, deadline: float | None) -> Contract:
        known = known_underlying(named)
        if known is not None and is_complete_underlying(known):
            return known
        return askable((await self.resolve(named, timeout=seconds_left(deadline))).contract)

    async def _chains(self, underlying: Contract, exchange: str, deadline: float | None) -> tuple[OptionChain, ...]:
        kind = underlying.security_type
        if kind is None:
            raise RemoteProtocolError(f"TWS does not say what sort of instrument {shown(underlying)} is")
        request = SecDefOptParamsRequest(
            underlying_symbol=underlying.symbol,
            underlying_security_type=kind,
            underlying_contract_id=underlying.contract_id,
            # Of options on anything else, a row for each exchange comes anyhow, and with a name here none (reported).
            futures_option_exchange=exchange if kind is SecurityType.FUTURE else "",
        )
        try:
            rows = await ask_in_doubt(self._tws, request, seconds_left(deadline))
        except RequestFailed as failure:
            if failure.code != NO_DEFINITION or failure.link_was_down:
                raise
            raise NotFound(underlying, failure, _CHAIN) from failure
        return chains_of(underlying, rows)

    # --- price steps, exchanges ----------------------------------------------------------------------------------

    async def market_rule(self, rule: int | str, *, timeout: float | None = None) -> MarketRule:
        """Give a rule of price steps, by its number in ``details.market_rule_ids``.

        `price_steps` asks for that of a contract, and rounds by it. TWS knows a rule once it has told of a contract
        that has it; of any other it says 321, or nothing (reported), which is `RequestTimedOut`.
        """
        check_timeout(timeout)
        text = str(rule)
        if isinstance(rule, bool) or not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
            raise ValueError(f"a market rule is a number such as 26, of details.market_rule_ids, and not {shown(rule)}")
        return await ask_in_doubt(self._tws, MarketRuleRequest(int(text)), timeout)

    async def price_steps(self, contract: Named, exchange: str = "", *, timeout: float | None = None) -> PriceSteps:
        """Give the price steps of *contract* on *exchange*, by default its own: which prices an order may have there.

        Of a `ContractData` the details are taken as they are, all else is resolved before. Where TWS tells no rule for
        the exchange, the step is ``details.min_tick`` at every price.

        Raises what `resolve` and `market_rule` raise, `ValueError` for an exchange at which the contract is not traded,
        and `RemoteProtocolError` where TWS says no step, or one that is none.
        """
        check_timeout(timeout)
        deadline = deadline_of(timeout)
        if isinstance(contract, (ContractData, BondContractData)):
            row: ContractRow = contract
        else:
            row = await self.resolve(contract, timeout=seconds_left(deadline))
        rule = rule_at(row, exchange or row.contract.exchange)
        try:
            if rule:
                return steps_of(await self.market_rule(rule, timeout=seconds_left(deadline)))
            return even_steps(row.details.min_tick or 0)
        except ValueError as trouble:
            raise RemoteProtocolError(f"TWS tells no price step that could be used: {trouble}") from trouble

    async def smart_components(self, bbo_exchange: str, *, timeout: float | None = None) -> Records[SmartComponent]:
        """Give the exchanges that the letters in quotes of SMART stand for, by the key ``TickReqParams.bbo_exchange``.

        A stream of market data begins with that message. While its market is closed TWS may not answer (reported): that
        is `RequestTimedOut`. Raises `ValueError` for an empty key, which is what TWS gives where there are no letters.
        """
        check_timeout(timeout)
        _check_text("the key of TickReqParams.bbo_exchange", bbo_exchange, "9c0001")
        answer = await ask_in_doubt(self._tws, SmartComponentsRequest(bbo_exchange), timeout)
        return Records.of(SmartComponent, answer.smart_components)

    # --- asking --------------------------------------------------------------------------------------------------

    async def _rows(self, question: Contract, timeout: float | None) -> tuple[ContractRow, ...]:
        """Give the rows for *question*; raises what an answer of TWS means that there are none."""
        try:
            return await ask_in_doubt(self._tws, ContractDataRequest(question), timeout)
        except RequestFailed as failure:
            meant = unknown_or(failure, question)
            if meant is failure:
                raise
            raise meant from failure


def _check_text(what: str, value: object, example: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{what} is a text that is not empty, such as {example!r}, and not {shown(value)}")
