"""Answers about contracts: their details, searches, chains of options, the rules of their price steps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain, islice
from typing import Final

from anytws.messages.base import ToClient, ToTws
from anytws.messages.contract import Contract, SecurityType
from anytws.messages.contracts import (
    CancelContractData,
    ContractDataEnd,
    ContractDataRequest,
    ContractDescription,
    MarketRule,
    MarketRuleRequest,
    MatchingSymbolsRequest,
    PriceIncrement,
    SecDefOptParameter,
    SecDefOptParameterEnd,
    SecDefOptParamsRequest,
    SymbolSamples,
)
from anytws.messages.session import ErrorMessage
from anytws.simulator.answers.answer import Answer, Answers, id_of
from anytws.simulator.answers.patient import PatientStream
from anytws.simulator.client import Client, Stream
from anytws.simulator.complaints import complaint, not_valid
from anytws.simulator.settings import FarmKind
from anytws.simulator.universe.details import details_row
from anytws.simulator.universe.finding import (
    NO_SUCH_EXCHANGE,
    NO_TYPE,
    NOT_ENOUGH,
    NOT_VALID,
    UNKNOWN,
    names_something,
)
from anytws.simulator.universe.instrument import Instrument
from anytws.simulator.universe.options import OptionClass
from anytws.simulator.universe.universe import Match, Trouble
from anytws.wire.versions import BOND_ISSUERID, MAX_VERSION

CONTRACT_DATA: Final = "contract data"
"""The kind of streams of details that come in bursts."""
SEARCH_PAUSE: Final = "search pause"
"""The kind of the stream that stands for the second in which a client is not told of another search."""

BURST: Final = 200
"""How many rows of details come at once."""
BURST_SECONDS: Final = 0.5
"""How long it is from one burst to the next: a chain of 2,000 options takes 5 s."""
MOST_FOUND: Final = 20
"""How many rows the answer to a search has."""

_PAUSE: Final = 1.0
_OPTIONS: Final = frozenset({SecurityType.FUTURE, SecurityType.OPTION, SecurityType.FUTURES_OPTION})


# --- details ------------------------------------------------------------------------------------------------------


def tell_contracts(client: Client, request: ContractDataRequest) -> Iterable[ToClient]:
    """Give all that fit and the end, the first of many now; 200 or 321, and no end, where nothing does."""
    trouble = _not_askable(client, request.contract)
    found = iter(()) if trouble is not None else client.world.universe.rows(request.contract, _today(client))
    first = next(found, None)
    if first is None:
        return (_told(client, request, trouble or UNKNOWN),)
    stream = _Details(client, id_of(request), chain((first,), found))
    messages = [*stream.burst()]
    if not stream.is_over:
        client.streams[CONTRACT_DATA, id_of(request)] = stream
    return messages


class _Details(PatientStream):
    """The rows of one answer, in bursts: TWS slows down who asks for chains (documented)."""

    def __init__(self, client: Client, request_id: int, rows: Iterator[Match]) -> None:
        super().__init__()
        self._client = client
        self._request_id = request_id
        self._rows = rows
        self._due_at = client.world.now
        self.is_over = False

    @property
    def due_at(self) -> float:
        return math.inf if self.is_over else self._due_at

    def wake(self) -> Iterable[ToClient]:
        messages = [*self.burst()]
        if self.is_over:
            self._client.streams.pop((CONTRACT_DATA, self._request_id), None)
        return messages

    def burst(self) -> Iterator[ToClient]:
        """Give the next rows, and the end behind the last."""
        world, version = self._client.world, self._client.server_version or MAX_VERSION
        second = world.ms() // 1000
        count = 0
        for match in islice(self._rows, BURST):
            count += 1
            yield details_row(self._request_id, match, second, version)
        if count < BURST:
            self.is_over = True
            yield ContractDataEnd(self._request_id)
        self._due_at += BURST_SECONDS


def cancel_contracts(client: Client, request: CancelContractData) -> Iterable[ToClient]:
    """Stop the rows without a word."""
    client.streams.pop((CONTRACT_DATA, request.request_id), None)
    return ()


def _not_askable(client: Client, contract: Contract) -> Trouble | None:
    """Give what is wrong with a question for details before anything is looked for."""
    if contract.exchange and not client.world.universe.knows_exchange(contract.exchange):
        return NO_SUCH_EXCHANGE
    if contract.contract_id:
        return None
    if contract.security_type is None:
        return NO_TYPE
    return NOT_ENOUGH if contract.security_type in _OPTIONS and not names_something(contract) else None


# --- for other answers --------------------------------------------------------------------------------------------


def the_one(client: Client, request: ToTws, contract: Contract) -> Match | ErrorMessage:
    """Give the one instrument that *contract* means and its exchange, or the error that there is none, or are several.

    It is the one of today: what has expired is found with ``include_expired`` alone.
    """
    found = client.world.universe.the_one(contract, _today(client))
    return _told(client, request, found) if isinstance(found, Trouble) else found


def no_definition(client: Client, request: ToTws) -> ErrorMessage:
    """Give the error that no contract fits (recorded)."""
    return _told(client, request, UNKNOWN)


def _told(client: Client, request: ToTws, trouble: Trouble) -> ErrorMessage:
    if trouble.code == NOT_VALID:
        return not_valid(client.world, request, trouble.text)
    return complaint(client.world, trouble.code, trouble.text, request)


def _today(client: Client) -> date:
    return client.world.utc().date()


# --- searches -----------------------------------------------------------------------------------------------------


def tell_symbols(client: Client, request: MatchingSymbolsRequest) -> Iterable[ToClient]:
    """Give up to 20 that a search finds; nothing at all within a second after the last one."""
    if (SEARCH_PAUSE, 0) in client.streams:
        return
    client.streams[SEARCH_PAUSE, 0] = _Pause(client)
    found = client.world.universe.search(request.pattern)[:MOST_FOUND]
    has_issuers = (client.server_version or MAX_VERSION) >= BOND_ISSUERID
    yield SymbolSamples(id_of(request), tuple(_description(each, has_issuers=has_issuers) for each in found))


class _Pause(Stream):
    """The second after a search."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._until = client.world.now + _PAUSE

    @property
    def wake_at(self) -> float:
        return self._until

    def wake(self) -> Iterable[ToClient]:
        self._client.streams.pop((SEARCH_PAUSE, 0), None)
        return ()

    def skip(self, now: float) -> None:
        self._until = max(self._until, now)
        self._client.streams.pop((SEARCH_PAUSE, 0), None)


def _description(instrument: Instrument, *, has_issuers: bool) -> ContractDescription:
    own = instrument.contract
    if instrument.security_type is SecurityType.BOND:
        # Recorded: of bonds it is the issuer that is found.
        name = instrument.details.long_name or instrument.details.description_append
        issuer = Contract(contract_id=-1, security_type=SecurityType.BOND, description=name, issuer_id=own.issuer_id)
        return ContractDescription(issuer if has_issuers else Contract(-1, security_type=SecurityType.BOND))
    return ContractDescription(
        Contract(
            contract_id=own.contract_id,
            symbol=own.symbol,
            security_type=own.security_type,
            primary_exchange=own.primary_exchange or instrument.exchanges[0],
            currency=own.currency,
            description=instrument.details.long_name if has_issuers else "",
        ),
        instrument.derivatives,
    )


# --- chains of options --------------------------------------------------------------------------------------------


def tell_chain(client: Client, request: SecDefOptParamsRequest) -> Iterable[ToClient]:
    """Give a row for each exchange and class of the options on an instrument, and the end."""
    world = client.world
    underlying = world.universe.by_id(request.underlying_contract_id)
    if underlying is None:
        return (not_valid(world, request, "Invalid contract id"),)
    if underlying.security_type is not request.underlying_security_type:
        return (not_valid(world, request, "Invalid security type"),)
    is_future = underlying.security_type is SecurityType.FUTURE
    rows: list[ToClient] = []
    # Only options on futures have an exchange here, and they have to; else there is the end alone (documented).
    if bool(request.futures_option_exchange) is is_future:
        for option_class in world.universe.chain(underlying.contract_id):
            rows += _chain_rows(client, request, option_class)
    return (*rows, SecDefOptParameterEnd(id_of(request)))


def _chain_rows(client: Client, request: SecDefOptParamsRequest, option_class: OptionClass) -> Iterator[ToClient]:
    underlying_id = request.underlying_contract_id
    expirations = tuple(
        f"{day:%Y%m%d}"
        for day in option_class.expirations(_today(client))
        if option_class.underlying_id(day) == underlying_id
    )
    if not expirations:
        return
    strikes = tuple(float(strike) for strike in option_class.strikes)
    for exchange in option_class.pattern.exchanges:
        if request.futures_option_exchange in ("", exchange):
            yield SecDefOptParameter(
                request_id=id_of(request),
                exchange=exchange,
                underlying_contract_id=underlying_id,
                trading_class=option_class.name,
                multiplier=option_class.pattern.contract.multiplier,
                expirations=expirations,
                strikes=strikes,
            )


# --- price steps --------------------------------------------------------------------------------------------------


def tell_market_rule(client: Client, request: MarketRuleRequest) -> Iterable[ToClient]:
    """Give a rule that an instrument has; refuse all others (reported, the text chosen)."""
    steps = client.world.universe.market_rule(request.market_rule_id)
    if steps is None:
        return (not_valid(client.world, request, f"Market rule {request.market_rule_id} is not known"),)
    rows = tuple(PriceIncrement(float(step.low_edge), float(step.increment)) for step in steps)
    return (MarketRule(request.market_rule_id, rows),)


ANSWERS: Final[Answers] = {
    ContractDataRequest: Answer(tell_contracts, farm=FarmKind.SECURITY_DEFINITION),
    CancelContractData: Answer(cancel_contracts),
    MatchingSymbolsRequest: Answer(tell_symbols, farm=FarmKind.SECURITY_DEFINITION),
    SecDefOptParamsRequest: Answer(tell_chain, farm=FarmKind.SECURITY_DEFINITION),
    MarketRuleRequest: Answer(tell_market_rule),
}
