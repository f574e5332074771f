"""What the simulated TWS answers about contracts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from anytws.messages import (
    BondContractData,
    CancelContractData,
    Contract,
    ContractData,
    ContractDataEnd,
    ContractDataRequest,
    Future,
    MarketRule,
    MarketRuleRequest,
    MatchingSymbolsRequest,
    Option,
    PriceIncrement,
    SecDefOptParameter,
    SecDefOptParameterEnd,
    SecDefOptParamsRequest,
    SecurityIdType,
    SecurityType,
    Stock,
    SymbolSamples,
)
from anytws.messages.base import ToTws
from anytws.messages.session import ErrorMessage
from anytws.simulator import FarmKind, Personality, World, WorldSettings
from anytws.simulator.answers.contracts import BURST, CONTRACT_DATA, MOST_FOUND, SEARCH_PAUSE, no_definition, the_one
from anytws.simulator.settings import EPOCH
from anytws.simulator.universe.universe import Match, usual_universe
from tests.test_answers import ENCODINGS
from tests.test_world import Client

AMD = Contract(symbol="AMD", security_type=SecurityType.STOCK, exchange="SMART")
OCTOBER = datetime(2026, 10, 2, 14, tzinfo=UTC)
NOTHING = "No security definition has been found for the request"
OPT, FUT = SecurityType.OPTION, SecurityType.FUTURE


def client_of(version: int = 225, day: datetime = OCTOBER, **settings: Any) -> Client:
    return Client(World(WorldSettings(server_version=version, epoch_at_zero=day, **settings)))


def told_to(client: Client, request: ToTws) -> list[Any]:
    return [*client.ask(request)]


def rows_of(contract: Contract, version: int = 225, day: datetime = OCTOBER) -> list[Any]:
    """Give the rows for *contract*, behind which there is the end."""
    *rows, end = told_to(client_of(version, day), ContractDataRequest(contract, request_id=7))
    assert end == ContractDataEnd(7)
    assert {row.request_id for row in rows} == {7}
    return rows


def refused(request: ToTws, version: int = 225) -> tuple[int | None, int, str]:
    (error,) = told_to(client_of(version), request)
    assert isinstance(error, ErrorMessage)
    return error.request_id, error.error_code, error.error_message


# --- details ------------------------------------------------------------------------------------------------------


@pytest.mark.card("contracts.rows")
@pytest.mark.parametrize("version", ENCODINGS)
def test_a_stock_has_its_details(version: int) -> None:
    (row,) = rows_of(Stock("AAPL"), version)
    assert isinstance(row, ContractData)
    contract, details = row.contract, row.details
    assert (contract.contract_id, contract.exchange, contract.primary_exchange) == (265598, "SMART", "NASDAQ")
    assert (contract.local_symbol, contract.trading_class, contract.currency) == ("AAPL", "NMS", "USD")
    assert contract.strike == 0.0
    assert (details.long_name, details.min_tick, details.stock_type) == ("APPLE INC", Decimal("0.01"), "COMMON")
    assert (details.industry, details.subcategory, details.price_magnifier) == ("Technology", "Computers", 1)
    assert details.valid_exchanges[0] == "SMART"
    assert details.market_rule_ids == ("4563",) * 27
    assert details.aggregated_group == 1
    assert [(each.tag, each.value) for each in details.security_id_list] == [("ISIN", "US0378331005")]
    assert (details.min_size, details.suggested_size_increment) == (Decimal("0.0001"), Decimal(40))
    assert "IBKRATS" in details.order_types


@pytest.mark.parametrize("version", ENCODINGS)
def test_every_instrument_can_be_told_to_every_version(version: int) -> None:
    client = client_of(version)
    for instrument in usual_universe().instruments:
        contract = Contract(contract_id=instrument.contract_id, include_expired=True)
        row, end = told_to(client, ContractDataRequest(contract, request_id=7))
        assert row.contract.contract_id == instrument.contract_id
        assert row.details.time_zone_id == instrument.hours.zone or version < 188
        assert end == ContractDataEnd(7)


@pytest.mark.parametrize("version", [157, 162, 163, 164, 178, 182, 199, 200, 205])
def test_a_row_has_the_form_of_its_version(version: int) -> None:
    for contract in (Stock("AAPL"), Future("ES", "202612", "CME"), Option("AAPL", "20261005", 342.5, "C")):
        (row,) = rows_of(contract, version)
        assert row.details.valid_exchanges


def test_on_one_exchange_there_is_its_row() -> None:
    (row,) = rows_of(Stock("AAPL", "ARCA"))
    assert (row.contract.exchange, row.contract.primary_exchange) == ("ARCA", "NASDAQ")
    assert "SWEEP" not in row.details.order_types


@pytest.mark.card("contracts.direct_rows")
def test_some_exchanges_tell_of_hours_of_their_own() -> None:
    (amex,), (night,) = (rows_of(Stock("AAPL", exchange)) for exchange in ("AMEX", "OVERNIGHT"))
    assert amex.details.trading_hours == amex.details.liquid_hours
    assert amex.details.trading_hours.startswith("20261002:0700-20261002:2000;20261003:CLOSED")
    assert night.details.trading_hours.startswith("20261001:2000-20261002:0350;20261003:CLOSED;20261004:2000-")


@pytest.mark.parametrize("version", ENCODINGS)
def test_without_a_currency_there_are_several(version: int) -> None:
    assert [(row.contract.currency, row.contract.primary_exchange) for row in rows_of(AMD, version)] == [
        ("USD", "NASDAQ"),
        ("EUR", "IBIS"),
    ]


def test_without_an_exchange_there_is_a_row_for_each_venue() -> None:
    exchanges = [row.contract.exchange for row in rows_of(Stock("IBM", exchange=""))]
    assert exchanges[:3] == ["SMART", "AMEX", "NYSE"]
    assert len(exchanges) == len(set(exchanges)) == 27


@pytest.mark.parametrize(
    "contract",
    [
        Stock("IBM", "NYSE"),
        Stock(contract_id=8314),
        Stock("IBM", primary_exchange="NYSE"),
        Contract(security_type=SecurityType.STOCK, exchange="SMART", local_symbol="IBM", trading_class="IBM"),
        Contract(
            security_type=SecurityType.STOCK,
            exchange="SMART",
            security_id_type=SecurityIdType.ISIN,
            security_id="US4592001014",
        ),
    ],
    ids=["venue", "number", "home", "local symbol", "ISIN"],
)
def test_a_stock_is_found_by_each_of_its_names(contract: Contract) -> None:
    assert [row.contract.contract_id for row in rows_of(contract)] == [8314]


@pytest.mark.card("contracts.none")
@pytest.mark.parametrize(
    "contract",
    [
        Stock("XYZ"),
        Stock("IBM", currency="GBP"),
        Stock("IBM", "IBIS"),
        Stock("IBM", primary_exchange="NASDAQ"),
        Stock(contract_id=1),
        Contract(security_type=SecurityType.STOCK, exchange="SMART"),
        Contract(security_type=SecurityType.STOCK, security_id_type=SecurityIdType.CUSIP, security_id="US4592001014"),
        Option("IBM", "20261004", 300, "C"),
        Contract(contract_id=28812380, security_type=SecurityType.COMBO, exchange="SMART"),
    ],
    ids=["symbol", "currency", "venue", "home", "number", "nothing at all", "an ISIN as a CUSIP", "option", "combo"],
)
@pytest.mark.parametrize("version", ENCODINGS)
def test_what_is_not_known_is_error_200_and_has_no_end(contract: Contract, version: int) -> None:
    assert refused(ContractDataRequest(contract, request_id=7), version) == (7, 200, NOTHING)


@pytest.mark.card("contracts.type_needed")
def test_a_kind_of_security_has_to_be_said() -> None:
    request_id, code, text = refused(ContractDataRequest(Contract(symbol="IBM"), request_id=7))
    assert (request_id, code) == (7, 321)
    assert text.startswith("Error validating request.-'")
    assert text.endswith("' : cause - Please enter a valid security type")


@pytest.mark.card("contracts.not_enough")
@pytest.mark.parametrize("kind", [OPT, FUT, SecurityType.FUTURES_OPTION])
def test_a_future_or_an_option_has_to_be_named(kind: SecurityType) -> None:
    request = ContractDataRequest(Contract(security_type=kind, exchange="SMART", currency="USD"), request_id=7)
    assert refused(request)[2].endswith("cause - Please enter a local symbol or an expiry")


@pytest.mark.card("contracts.unknown_exchange")
def test_an_exchange_has_to_be_one() -> None:
    request = ContractDataRequest(Stock("IBM", "NOWHERE"), request_id=7)
    assert refused(request) == (7, 200, "Invalid destination or exchange selected.")


def test_what_is_refused_before_does_not_matter_to_what_comes_after() -> None:
    client = client_of()
    client.ask(ContractDataRequest(Stock("XYZ"), request_id=7))
    assert isinstance(client.ask(ContractDataRequest(Stock("IBM"), request_id=7))[0], ContractData)


# --- forms --------------------------------------------------------------------------------------------------------


@pytest.mark.card("contracts.last_trade_forms")
@pytest.mark.parametrize(
    "version, time, zone",
    [
        (157, "08:30", "CST"),
        (173, "08:30", "US/Central"),
        (200, "08:30:00", "US/Central"),
        (225, "08:30:00", "US/Central"),
    ],
)
def test_a_future_has_the_time_of_its_last_trade(version: int, time: str, zone: str) -> None:
    (row,) = rows_of(Future("ES", "202612", "CME"), version)
    assert row.contract.last_trade_date_or_contract_month == "20261218"
    assert (row.details.last_trade_time, row.details.last_trade_time_zone) == (time, zone)
    assert row.contract.last_trade_date == ("20261218" if version >= 182 else "")
    assert (row.contract.multiplier, row.details.contract_month) == (50, "202612")
    assert (row.details.underlying_contract_id, row.details.underlying_symbol) == (11004968, "ES")
    assert row.details.aggregated_group is None


@pytest.mark.card("contracts.last_trade_forms")
@pytest.mark.parametrize("version, time", [(200, ""), (225, "16:00:00")])
def test_an_option_has_it_since_225(version: int, time: str) -> None:
    (row,) = rows_of(Option("AAPL", "20261005", 342.5, "C"), version)
    assert row.details.last_trade_time == time
    assert row.contract.last_trade_date_or_contract_month == "20261005"
    assert row.details.settlement_method == ("Physical Delivery" if version >= 205 else "")


@pytest.mark.card("contracts.zone_names")
@pytest.mark.parametrize(
    "version, zone",
    [
        (157, "EST (Eastern Standard Time)"),
        (162, "EST (Eastern Standard Time)"),
        (163, "US/Eastern"),
        (225, "US/Eastern"),
    ],
)
def test_zones_had_other_names(version: int, zone: str) -> None:
    (row,) = rows_of(Stock("AAPL"), version)
    assert row.details.time_zone_id == zone


@pytest.mark.card("contracts.bonds_nameless")
@pytest.mark.parametrize("version, maturity", [(178, "20430504"), (200, "20430504"), (225, "")])
def test_a_bond_has_a_row_of_its_own(version: int, maturity: str) -> None:
    contract = Contract(symbol="AAPL", security_type=SecurityType.BOND, exchange="SMART")
    (row,) = rows_of(contract, version)
    assert isinstance(row, BondContractData)
    assert (row.contract.symbol, row.contract.currency, row.contract.contract_id) == ("", "", 127128131)
    details = row.details
    assert (details.maturity, details.coupon, details.cusip) == (maturity, 0.0, "IBCID127128131")
    assert details.description_append == "AAPL 3.85 05/04/43"
    assert details.min_size == 2


def test_a_fund_has_its_words() -> None:
    (row,) = rows_of(Contract(symbol="VTSAX", security_type=SecurityType.FUND, exchange="FUNDSERV"))
    assert (row.details.fund_family, row.details.fund_minimum_initial_purchase) == ("Vanguard", "3000")
    assert row.contract.local_symbol == "922908728"


@pytest.mark.parametrize(
    "day, hours",
    [
        (EPOCH, ["20260105:0930-20260105:1600", *(f"2026010{day}:0930-2026010{day}:1600" for day in range(6, 10))]),
        (
            datetime(2026, 1, 10, 12, tzinfo=UTC),
            ["20260110:CLOSED", "20260111:CLOSED", *(f"202601{day}:0930-202601{day}:1600" for day in range(12, 16))],
        ),
        (
            datetime(2026, 11, 26, 12, tzinfo=UTC),
            [
                "20261126:CLOSED",
                "20261127:0930-20261127:1300",
                "20261128:CLOSED",
                "20261129:CLOSED",
                "20261130:0930-20261130:1600",
                "20261201:0930-20261201:1600",
            ],
        ),
    ],
    ids=["Monday", "Saturday", "Thanksgiving"],
)
@pytest.mark.card("contracts.hours_window", "contracts.holidays")
def test_sessions_are_told_up_to_the_last_one(day: datetime, hours: list[str]) -> None:
    (row,) = rows_of(Stock("SPY"), day=day)
    assert row.details.liquid_hours.split(";") == hours


def test_today_is_that_of_the_exchange() -> None:
    # Thursday in New York, Friday in Tokyo.
    late = datetime(2026, 10, 1, 23, tzinfo=UTC)
    starts = [
        rows_of(contract, day=late)[0].details.liquid_hours[:8]
        for contract in (Stock("AAPL"), Stock("7203", currency="JPY"))
    ]
    assert starts == ["20261001", "20261002"]


def test_an_option_has_no_hours_behind_its_last_day() -> None:
    (row,) = rows_of(Option("AAPL", "20261005", 342.5, "C"))
    assert row.details.trading_hours.endswith(";20261005:0930-20261005:1600")


def test_an_option_on_a_future_is_over_before_its_market() -> None:
    contract = Contract(contract_id=911926174, exchange="CME")
    (row,) = rows_of(contract, day=datetime(2026, 9, 2, 15, tzinfo=UTC))
    assert row.details.trading_hours == "20260901:1700-20260902:1600;20260902:1700-20260903:1500"


# --- many rows ----------------------------------------------------------------------------------------------------


@pytest.mark.card("contracts.bursts")
def test_a_chain_comes_in_bursts() -> None:
    client = client_of()
    contract = Contract(symbol="AAPL", security_type=OPT, exchange="SMART", last_trade_date_or_contract_month="202612")
    counts = [len(client.ask(ContractDataRequest(contract, request_id=7)))]
    rows = []
    for step in range(1, 10):
        told = client.go(client.link.world.now + 0.5)
        rows += told
        counts.append(len(told))
        if told and told[-1] == ContractDataEnd(7):
            break
        assert step < 9
    # 127 strikes and two rights, and the end.
    assert counts == [BURST, 127 * 2 - BURST + 1]
    assert (CONTRACT_DATA, 7) not in client.link.streams


@pytest.mark.card("contracts.cancel_silent")
def test_a_cancel_stops_what_is_still_to_come_and_is_silent() -> None:
    client = client_of()
    contract = Contract(symbol="AAPL", security_type=OPT, exchange="SMART")
    assert len(client.ask(ContractDataRequest(contract, request_id=7))) == BURST
    assert client.ask(CancelContractData(7)) == []
    assert client.go(client.link.world.now + 60) == []
    assert client.ask(CancelContractData(8)) == []


def test_answers_of_two_requests_are_told_apart() -> None:
    client = client_of()
    for number, symbol in ((7, "AAPL"), (8, "MSFT")):
        contract = Contract(
            symbol=symbol, security_type=OPT, exchange="SMART", last_trade_date_or_contract_month="202612"
        )
        client.ask(ContractDataRequest(contract, request_id=number))
    told: list[Any] = client.go(client.link.world.now + 60)
    assert [row.request_id for row in told if isinstance(row, ContractDataEnd)] == [7, 8]
    assert {row.contract.symbol for row in told if isinstance(row, ContractData) and row.request_id == 8} == {"MSFT"}


# --- for other answers --------------------------------------------------------------------------------------------


@pytest.mark.card("contracts.exchange_needed", "contracts.ambiguous")
def test_others_are_given_one_or_an_error_for_their_request() -> None:
    client = client_of()
    request = ContractDataRequest(AMD, request_id=9)
    found = the_one(client.link, request, Stock("IBM"))
    assert isinstance(found, Match)
    assert found.instrument.contract_id == 8314
    told = [the_one(client.link, request, contract) for contract in (AMD, Stock("IBM", ""), Stock("XYZ"))]
    assert [(error.request_id, error.error_code) for error in told if isinstance(error, ErrorMessage)] == [
        (9, 200),
        (9, 321),
        (9, 200),
    ]
    assert told[2] == no_definition(client.link, request)


def test_what_has_expired_meanwhile_is_not_found() -> None:
    request = ContractDataRequest(AMD, request_id=9)
    contract = Contract(contract_id=926735346, exchange="SMART")
    assert isinstance(the_one(client_of().link, request, contract), Match)
    late = client_of(day=datetime(2026, 10, 6, 12, tzinfo=UTC))
    assert isinstance(the_one(late.link, request, contract), ErrorMessage)


# --- searches -----------------------------------------------------------------------------------------------------


@pytest.mark.card("contracts.search")
@pytest.mark.parametrize("version", ENCODINGS)
def test_a_search_finds_stocks_and_issuers(version: int) -> None:
    (samples,) = client_of(version).ask(MatchingSymbolsRequest("aapl", request_id=7))
    assert isinstance(samples, SymbolSamples)
    stock, issuer = samples.contract_descriptions
    assert (stock.contract.contract_id, stock.contract.primary_exchange) == (265598, "NASDAQ")
    assert (stock.contract.description, stock.contract.currency) == ("APPLE INC", "USD")
    assert OPT in stock.derivative_security_types
    assert issuer.contract.security_type is SecurityType.BOND
    assert issuer.contract.issuer_id == "e1432232"
    assert issuer.contract.symbol == ""


def test_a_search_of_an_old_client_has_no_words_of_newer_ones() -> None:
    (samples,) = client_of(157).ask(MatchingSymbolsRequest("aapl", request_id=7))
    assert isinstance(samples, SymbolSamples)
    assert {each.contract.description for each in samples.contract_descriptions} == {""}


def test_a_search_that_finds_nothing_is_answered_with_nothing() -> None:
    assert client_of().ask(MatchingSymbolsRequest("xyz", request_id=7)) == [SymbolSamples(7, ())]


@pytest.mark.card("contracts.search_pause")
def test_a_search_within_a_second_is_not_answered() -> None:
    client = client_of()
    assert client.ask(MatchingSymbolsRequest("AAPL", request_id=7))
    assert client.ask(MatchingSymbolsRequest("AAPL", request_id=8)) == []
    client.go(client.link.world.now + 1)
    assert (SEARCH_PAUSE, 0) not in client.link.streams
    (samples,) = client.ask(MatchingSymbolsRequest("AAPL", request_id=9))
    assert isinstance(samples, SymbolSamples)
    assert samples.request_id == 9


def test_a_search_gives_so_many_and_no_more() -> None:
    text = "".join(f'[[instrument]]\nlike = "us_stock"\nsymbol = "ZZ{number}"\nprice = 1\n' for number in range(30))
    client = Client(World(universe=usual_universe().with_file(text)))
    (samples,) = client.ask(MatchingSymbolsRequest("ZZ", request_id=7))
    assert isinstance(samples, SymbolSamples)
    assert len(samples.contract_descriptions) == MOST_FOUND


# --- chains -------------------------------------------------------------------------------------------------------


@pytest.mark.card("contracts.chain")
@pytest.mark.parametrize("version", ENCODINGS)
def test_a_chain_has_a_row_for_each_exchange_and_class(version: int) -> None:
    client = client_of(version, datetime(2026, 9, 28, 14, tzinfo=UTC))
    *rows, end = told_to(client, SecDefOptParamsRequest("AAPL", SecurityType.STOCK, 265598, request_id=7))
    assert end == SecDefOptParameterEnd(7)
    assert len(rows) == 41
    assert len({row.exchange for row in rows if row.trading_class == "AAPL"}) == 21
    first = rows[0]
    assert isinstance(first, SecDefOptParameter)
    assert (first.exchange, first.underlying_contract_id, first.multiplier) == ("SMART", 265598, Decimal(100))
    assert (len(first.expirations), len(first.strikes)) == (25, 127)
    assert "20260928" in first.expirations
    assert {(row.expirations, row.strikes) for row in rows if row.trading_class == "2AAPL"} == {
        (("20261016",), (291.0,))
    }


def test_a_chain_of_a_future_is_on_its_exchange_and_of_it_alone() -> None:
    client = client_of()
    request = SecDefOptParamsRequest("ES", FUT, 515416632, "CME", request_id=7)
    *rows, _ = told_to(client, request)
    assert [(row.trading_class, row.exchange) for row in rows] == [("ES", "CME"), ("EW", "CME")]
    assert [row.expirations for row in rows] == [("20261218",), ("20261030", "20261130")]


@pytest.mark.card("contracts.chain_refused")
@pytest.mark.parametrize(
    "request_, told",
    [
        (SecDefOptParamsRequest("AAPL", SecurityType.STOCK, 1, request_id=7), "Invalid contract id"),
        (SecDefOptParamsRequest("AAPL", SecurityType.INDEX, 265598, request_id=7), "Invalid security type"),
    ],
)
def test_a_chain_of_what_is_not_there_is_refused(request_: ToTws, told: str) -> None:
    request_id, code, text = refused(request_)
    assert (request_id, code) == (7, 321)
    assert text.endswith(f"cause - {told}")


@pytest.mark.parametrize(
    "request_",
    [
        SecDefOptParamsRequest("SPX", SecurityType.INDEX, 416904, "CBOE", request_id=7),
        SecDefOptParamsRequest("ES", FUT, 515416632, "", request_id=7),
        SecDefOptParamsRequest("ES", FUT, 515416632, "NYMEX", request_id=7),
        SecDefOptParamsRequest("BMW", SecurityType.STOCK, 14094, request_id=7),
    ],
    ids=["an index with an exchange", "a future without", "a future elsewhere", "no options"],
)
def test_without_options_there_is_the_end_alone(request_: ToTws) -> None:
    assert client_of().ask(request_) == [SecDefOptParameterEnd(7)]


# --- price steps --------------------------------------------------------------------------------------------------


@pytest.mark.card("contracts.market_rule")
@pytest.mark.parametrize("version", ENCODINGS)
def test_the_rule_of_price_steps(version: int) -> None:
    client = client_of(version)
    assert client.ask(MarketRuleRequest(26)) == [MarketRule(26, (PriceIncrement(0.0, 0.01),))]
    assert client.ask(MarketRuleRequest(109)) == [
        MarketRule(109, (PriceIncrement(0.0, 0.01), PriceIncrement(3.0, 0.05)))
    ]
    (error,) = client.ask(MarketRuleRequest(1))
    assert isinstance(error, ErrorMessage)
    assert (error.request_id, error.error_code) == (None, 321)


def test_a_gateway_connects_its_farm_for_details_once() -> None:
    client = Client(World(WorldSettings(personality=Personality.GATEWAY)))
    for _ in range(2):
        client.ask(ContractDataRequest(Stock("SPY"), request_id=7))
        client.go(client.link.world.now + timedelta(seconds=1).total_seconds())
    assert client.codes == [FarmKind.SECURITY_DEFINITION.code]
