"""Answers about accounts: positions, and a handful of values that follow from them and from prices.

After the first run there is silence (chosen): nothing is traded here, and a real one tells other changes every three
minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from anytws.errors import in_a_sentence
from anytws.messages.accounts import (
    AccountDataEnd,
    AccountDataRequest,
    AccountSummary,
    AccountSummaryEnd,
    AccountSummaryRequest,
    AccountSummaryTag,
    AccountUpdateMulti,
    AccountUpdateMultiEnd,
    AccountUpdatesMultiRequest,
    AccountUpdateTime,
    AccountValue,
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    CancelPositions,
    CancelPositionsMulti,
    FamilyCode,
    FamilyCodes,
    FamilyCodesRequest,
    PortfolioValue,
    Position,
    PositionEnd,
    PositionMulti,
    PositionMultiEnd,
    PositionsMultiRequest,
    PositionsRequest,
)
from anytws.messages.base import ToClient, replace
from anytws.messages.contract import Contract
from anytws.simulator.answers.answer import Answer, Answers, id_of, say_nothing
from anytws.simulator.client import Client
from anytws.simulator.complaints import complaint, not_done, not_valid
from anytws.simulator.knowledge import Knowledge
from anytws.simulator.old_listings import listing_of
from anytws.simulator.old_market import amount, money, price
from anytws.simulator.settings import Holding
from anytws.wire.versions import PROTOBUF_ACCOUNTS_POSITIONS

MOST_SUMMARIES: Final = 2
"""How many account summaries a client may have open (documented)."""

_ALL: Final = "All"
"""What an advisor asks for; the same as an account of his with an A behind it."""
_ACCOUNT_DATA_OVER: Final = 2100
_UNSUBSCRIBED: Final = "API client has been unsubscribed from account data."
_CASH: Final = Decimal(10_000_000)
"""Chosen: what each account has, in cents."""
_INITIAL, _MAINTENANCE = Decimal("0.5"), Decimal("0.25")
_LEVERAGE: Final = 4
_BASE: Final = "BASE"
_CURRENCY: Final = "USD"


class Figure(NamedTuple):
    """One value of an account."""

    key: str
    value: str
    currency: str = ""


# Positions


def tell_positions(client: Client, _: PositionsRequest) -> Iterable[ToClient]:
    """Give the positions and the end, each time that they are asked for (recorded; asked again: reported)."""
    for account, holding in _holdings(client.world):
        yield Position(account, _contract(client, holding), holding.quantity, holding.average_cost)
    yield PositionEnd()


def tell_positions_multi(client: Client, request: PositionsMultiRequest) -> Iterable[ToClient]:
    """Give the positions of one account, or of all (documented); there are no models, so they have none."""
    for account, holding in _holdings(client.world):
        if request.account in ("", _ALL, account) and not request.model_code:
            contract = _contract(client, holding)
            yield PositionMulti(id_of(request), account, contract, holding.quantity, holding.average_cost)
    yield PositionMultiEnd(id_of(request))


# Values


def tell_account_data(client: Client, request: AccountDataRequest) -> Iterable[ToClient]:
    """Give values, positions and the end, in the order recorded; 2100 ends the subscription that there was."""
    world = client.world
    if not request.subscribe:
        client.account = None
        yield complaint(world, _ACCOUNT_DATA_OVER, _UNSUBSCRIBED)
        return
    meant = _meant(world, request.account)
    if meant is None:
        # Recorded.
        yield not_valid(world, request, f"Invalid account code '{in_a_sentence(request.account)}'.")
        return
    account = request.account or "".join(meant)
    if client.account not in (None, account):
        # Documented: one account at a time, and the newer request wins.
        yield complaint(world, _ACCOUNT_DATA_OVER, _UNSUBSCRIBED)
    client.account = account
    yield from _account_data(client, account, meant)


def _account_data(client: Client, account: str, meant: Sequence[str]) -> Iterator[ToClient]:
    world = client.world
    for figure in figures(world, meant):
        yield AccountValue(figure.key, figure.value, figure.currency, account)
    stamp = f"{world.utc().astimezone(world.settings.wall_zone):%H:%M}"
    for owner, holding in sorted(_holdings(world), key=_by_symbol):
        if owner in meant:
            yield _portfolio_value(client, holding, account)
            yield AccountUpdateTime(stamp)
    yield AccountUpdateTime(stamp)
    yield AccountDataEnd(account)


def tell_account_updates_multi(client: Client, request: AccountUpdatesMultiRequest) -> Iterable[ToClient]:
    """Give the values of an account and the end; of the ledger alone, those with a currency block (documented)."""
    for account in _each(client.world, request.account):
        for figure in figures(client.world, (account,)) if not request.model_code else ():
            if not request.ledger_and_nlv or figure.key in _LEDGER:
                row = (figure.key, figure.value, figure.currency)
                yield AccountUpdateMulti(id_of(request), account, request.model_code, *row)
    yield AccountUpdateMultiEnd(id_of(request))


def tell_account_summary(client: Client, request: AccountSummaryRequest) -> Iterable[ToClient]:
    """Give the tags asked for, of every account, and the end; tags that there are not here are left out (reported).

    Two may be open (documented). An id that is open already, and a third: 322 (documented, texts chosen).
    """
    world = client.world
    if request.group != _ALL:
        yield not_valid(world, request, f"Unknown group '{in_a_sentence(request.group)}'")
        return
    if request.request_id in client.summaries:
        yield not_done(world, request, "Duplicate ticker id")
        return
    if len(client.summaries) >= MOST_SUMMARIES:
        yield not_done(world, request, "Maximum number of account summary requests exceeded")
        return
    client.summaries.add(id_of(request))
    for account in world.settings.accounts:
        for figure in figures(world, (account,)):
            if figure.key in request.tags and figure.key not in _LEDGER:
                tag = AccountSummaryTag(figure.key)
                yield AccountSummary(id_of(request), account, tag, figure.value, figure.currency)
    yield AccountSummaryEnd(id_of(request))


def end_account_summary(client: Client, request: CancelAccountSummary) -> Iterable[ToClient]:
    """Free its place without a word (recorded)."""
    client.summaries.discard(request.request_id)
    return ()


def tell_family_codes(_: Client, __: FamilyCodesRequest) -> Iterable[ToClient]:
    """Give what was recorded of an account outside of any family."""
    yield FamilyCodes((FamilyCode("*", ""),))


_LEDGER: Final = frozenset(
    {
        *("AccountOrGroup", "CashBalance", "Currency", "ExchangeRate", "NetLiquidationByCurrency", "RealizedPnL"),
        *("StockMarketValue", "TotalCashBalance", "UnrealizedPnL"),
    }
)
"""Values that there are for each currency, and for all together as BASE."""


def figures(world: Knowledge, accounts: Sequence[str]) -> list[Figure]:
    """Give the values of *accounts* together, sorted as recorded. They add up as those of a real TWS do."""
    owned = [holding for account, holding in _holdings(world) if account in accounts]
    stock = sum((_worth(world, holding) for holding in owned), Decimal(0))
    gross = sum((abs(_worth(world, holding)) for holding in owned), Decimal(0))
    cost = sum((holding.quantity * Decimal(str(holding.average_cost)) * 100 for holding in owned), Decimal(0))
    cash = _CASH * len(accounts)
    net, initial, maintenance = cash + stock, gross * _INITIAL, gross * _MAINTENANCE
    name = accounts[0] if len(accounts) == 1 else _ALL
    total = {
        "AvailableFunds": net - initial,
        "BuyingPower": (net - initial) * _LEVERAGE,
        "EquityWithLoanValue": net,
        "ExcessLiquidity": net - maintenance,
        "GrossPositionValue": gross,
        "InitMarginReq": initial,
        "MaintMarginReq": maintenance,
        "NetLiquidation": net,
        "TotalCashValue": cash,
    }
    ledger = {
        "CashBalance": amount(cash),
        "NetLiquidationByCurrency": amount(net),
        "RealizedPnL": amount(Decimal(0)),
        "StockMarketValue": amount(stock),
        "TotalCashBalance": amount(cash),
        "UnrealizedPnL": amount(stock - cost),
        "AccountOrGroup": name,
        "ExchangeRate": "1.00",
    }
    plain = {
        "AccountCode": name,
        "AccountReady": "true",
        "AccountType": "INDIVIDUAL",
        "Cushion": f"{(net - maintenance) / net:.6g}" if net else "",
    }
    return sorted(
        [
            *[Figure(key, value) for key, value in plain.items()],
            *[Figure(key, amount(value), _CURRENCY) for key, value in total.items()],
            *[Figure(key, value, currency) for key, value in ledger.items() for currency in (_BASE, _CURRENCY)],
            *[Figure("Currency", currency, currency) for currency in (_BASE, _CURRENCY)],
        ]
    )


def _meant(world: Knowledge, asked: str) -> tuple[str, ...] | None:
    """Give the accounts that account data are asked for of; None: there is no such account."""
    accounts = world.settings.accounts
    if not asked:
        return accounts[:1]
    if asked in accounts:
        return (asked,)
    return accounts if asked == _ALL or asked.removesuffix("A") in accounts else None


def _each(world: Knowledge, asked: str) -> tuple[str, ...]:
    accounts = world.settings.accounts
    return accounts if asked in ("", _ALL) else tuple(account for account in accounts if account == asked)


def _holdings(world: Knowledge) -> list[tuple[str, Holding]]:
    """Give each position with its account: chosen to be the first."""
    settings = world.settings
    return [(account, holding) for account in settings.accounts[:1] for holding in settings.positions]


def _by_symbol(owned: tuple[str, Holding]) -> str:
    return owned[1].symbol


def _price(world: Knowledge, holding: Holding) -> int:
    return price(world.settings.seed, listing_of(holding.symbol), int(world.utc().timestamp()))


def _worth(world: Knowledge, holding: Holding) -> Decimal:
    return holding.quantity * _price(world, holding)


def _contract(client: Client, holding: Holding) -> Contract:
    # Recorded: in text the exchange is empty, in protobuf it is where the stock has its home.
    listing = listing_of(holding.symbol)
    return listing.brief(listing.primary_exchange if _is_protobuf(client) else "")


def _is_protobuf(client: Client) -> bool:
    return (client.server_version or 0) >= PROTOBUF_ACCOUNTS_POSITIONS


def _portfolio_value(client: Client, holding: Holding, account: str) -> PortfolioValue:
    contract, now = _contract(client, holding), _price(client.world, holding)
    if not _is_protobuf(client):
        # Recorded: the home is told in a field of its own.
        contract = replace(contract, primary_exchange=listing_of(holding.symbol).primary_exchange)
    value = float(amount(_worth(client.world, holding)))
    unrealized = float(amount(holding.quantity * (now - Decimal(str(holding.average_cost)) * 100)))
    return PortfolioValue(contract, holding.quantity, money(now), value, holding.average_cost, unrealized, 0.0, account)


ANSWERS: Final[Answers] = {
    PositionsRequest: Answer(tell_positions),
    CancelPositions: Answer(say_nothing),
    PositionsMultiRequest: Answer(tell_positions_multi),
    CancelPositionsMulti: Answer(say_nothing),
    AccountDataRequest: Answer(tell_account_data),
    AccountUpdatesMultiRequest: Answer(tell_account_updates_multi),
    CancelAccountUpdatesMulti: Answer(say_nothing),
    AccountSummaryRequest: Answer(tell_account_summary),
    CancelAccountSummary: Answer(end_account_summary),
    FamilyCodesRequest: Answer(tell_family_codes),
}
