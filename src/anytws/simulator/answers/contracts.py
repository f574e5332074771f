"""Answers about contracts: the details of a few stocks, and the rule of their price steps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from anytws.messages.base import TagValue, ToClient, ToTws
from anytws.messages.contract import Contract
from anytws.messages.contract_details import ContractDetails
from anytws.messages.contracts import (
    CancelContractData,
    ContractData,
    ContractDataEnd,
    ContractDataRequest,
    MarketRule,
    MarketRuleRequest,
    PriceIncrement,
)
from anytws.messages.session import ErrorMessage
from anytws.simulator.answers.answer import Answer, Answers, id_of, say_nothing
from anytws.simulator.client import Client
from anytws.simulator.complaints import complaint, not_valid
from anytws.simulator.old_listings import MARKET_RULE, MIN_TICK, SMART, Listing, found
from anytws.simulator.settings import FarmKind

_NO_DEFINITION: Final = 200
_DAYS_AHEAD: Final = 5
_WEEKEND: Final = 5
_ORDER_TYPES: Final = (
    *("ACTIVETIM", "AD", "ADJUST", "ALERT", "ALGO", "AON", "COND", "DAY", "GAT", "GTC", "GTD", "HID", "ICE", "IOC"),
    *("LIT", "LMT", "LOC", "MIDPX", "MIT", "MKT", "MOC", "MTL", "OCA", "OPG", "PEGMID", "REL", "RTH", "SCALE", "STP"),
    *("STPLMT", "TRAIL", "TRAILLIT", "TRAILLMT", "TRAILMIT", "WHATIF"),
)
# The zone, and the hours of trading and of the liquid part of it, by the currency of a stock.
_HOURS: Final = {
    "USD": ("US/Eastern", ("0400", "2000"), ("0930", "1600")),
    "EUR": ("MET", ("0800", "2200"), ("0900", "1730")),
}


def tell_contracts(client: Client, request: ContractDataRequest) -> Iterable[ToClient]:
    """Give all that fit and the end, or 200 and no end where nothing does (both recorded)."""
    if request.contract.security_type is None and not request.contract.contract_id:
        # Recorded.
        yield not_valid(client.world, request, "Please enter a valid security type")
        return
    rows = found(request.contract)
    if not rows:
        yield no_definition(client, request)
        return
    today = client.world.utc().date()
    for listing, exchange in rows:
        yield ContractData(id_of(request), listing.contract(exchange), _details(listing, today))
    yield ContractDataEnd(id_of(request))


def the_one(client: Client, request: ToTws, contract: Contract) -> tuple[Listing, str] | ErrorMessage:
    """Give the one stock that *contract* means and its exchange, or the error that there is none, or are several."""
    rows = found(contract)
    if not rows:
        return no_definition(client, request)
    if len(rows) > 1:
        # Recorded.
        text = f"The contract description specified for {contract.symbol or contract.local_symbol} is ambiguous."
        return complaint(client.world, _NO_DEFINITION, text, request)
    return rows[0]


def no_definition(client: Client, request: ToTws) -> ErrorMessage:
    """Give the error that no contract fits (recorded)."""
    text = "No security definition has been found for the request"
    return complaint(client.world, _NO_DEFINITION, text, request)


def tell_market_rule(client: Client, request: MarketRuleRequest) -> Iterable[ToClient]:
    """Give the one rule that its stocks have (recorded), and refuse all others (reported, the text chosen)."""
    if request.market_rule_id == MARKET_RULE:
        yield MarketRule(MARKET_RULE, (PriceIncrement(0.0, float(MIN_TICK)),))
    else:
        yield not_valid(client.world, request, f"Market rule {request.market_rule_id} is not known")


def _details(listing: Listing, today: date) -> ContractDetails:
    industry, category, subcategory = listing.industry
    zone, trading, liquid = _HOURS[listing.currency]
    return ContractDetails(
        market_name=listing.trading_class,
        min_tick=MIN_TICK,
        order_types=_ORDER_TYPES,
        valid_exchanges=(SMART, *listing.venues),
        price_magnifier=1,
        long_name=listing.long_name,
        industry=industry,
        category=category,
        subcategory=subcategory,
        time_zone_id=zone,
        trading_hours=_sessions(today, *trading),
        liquid_hours=_sessions(today, *liquid),
        security_id_list=(TagValue("ISIN", listing.isin),),
        aggregated_group=1,
        market_rule_ids=(str(MARKET_RULE),) * (1 + len(listing.venues)),
        stock_type=listing.stock_type,
        min_size=Decimal("0.0001"),
        size_increment=Decimal("0.0001"),
        suggested_size_increment=Decimal(listing.lot),
    )


def _sessions(today: date, begin: str, end: str) -> str:
    """Give the sessions from *today* on, weekends closed, up to the last that there is (recorded; no holidays)."""
    days = [today + timedelta(days=ahead) for ahead in range(_DAYS_AHEAD + 1)]
    while days[-1].weekday() >= _WEEKEND:
        days.pop()
    return ";".join(
        f"{day:%Y%m%d}:CLOSED" if day.weekday() >= _WEEKEND else f"{day:%Y%m%d}:{begin}-{day:%Y%m%d}:{end}"
        for day in days
    )


ANSWERS: Final[Answers] = {
    ContractDataRequest: Answer(tell_contracts, farm=FarmKind.SECURITY_DEFINITION),
    CancelContractData: Answer(say_nothing),
    MarketRuleRequest: Answer(tell_market_rule),
}
