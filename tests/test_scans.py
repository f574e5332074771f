"""Scanners: the document of what there is, and rankings that agree with the market and come again and again."""

from __future__ import annotations

from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws.core.events import Notice
from anytws.messages.base import TagValue
from anytws.messages.contract import SecurityType
from anytws.messages.scanner import (
    CancelScannerSubscription,
    ScannerData,
    ScannerInstrument,
    ScannerParameters,
    ScannerParametersRequest,
    ScannerSubscription,
    ScannerSubscriptionRequest,
)
from anytws.simulator import World
from anytws.simulator.answers.scanner import FIRST_SECONDS, MOST_SCANNERS, REPEAT_SECONDS, ranking
from anytws.simulator.market.words import Halt
from anytws.simulator.scans import PLACES, SCANS, SORTS, parameters_document
from tests.test_world import Client

STK = ScannerInstrument.STOCK_US
SUNDAY = 6 * 86_400.0


def scan(code: str = "TOP_PERC_GAIN", place: str = "STK.US", **values: object) -> ScannerSubscription:
    return ScannerSubscription(instrument=STK, location_code=place, scan_code=code, **values)


def symbols(world: World, asked: ScannerSubscription) -> list[str]:
    return [row.contract.symbol for row in ranking(world, asked)]


# The document


@pytest.mark.card("scanner.parameters")
@pytest.mark.parametrize("version", [178, 226])
def test_the_document_has_the_outline_of_the_real_one(version: int):
    (told,) = Client(World(), client_id=1, maximum_version=version).ask(ScannerParametersRequest())
    assert isinstance(told, ScannerParameters)
    root = ET.fromstring(told.xml.encode())  # noqa: S314 (our own)
    assert [root.tag, *(node.tag for node in root)] == [
        *("ScanParameterResponse", "InstrumentList", "LocationTree", "ScanTypeList", "SettingList", "FilterList"),
        "ScannerLayoutList",
    ]
    assert [node.text for node in root.iterfind("ScanTypeList/ScanType/scanCode")] == list(SCANS)
    assert {node.text for node in root.iter("locationCode")} == set(PLACES)
    assert [node.text for node in root.iterfind("InstrumentList/Instrument/type")] == [code.value for code in SORTS]
    nested = root.find("LocationTree/Location/LocationTree/Location/LocationTree/Location/displayName")
    assert nested is not None
    assert nested.text == "NYSE"
    assert len(told.xml) > 10_000


def test_every_place_is_within_one_that_there_is_and_has_sorts_that_there_are():
    assert {place.within for place in PLACES.values()} <= {"", *PLACES}
    assert {sort for place in PLACES.values() for sort in place.sorts} == set(SORTS)


# Rankings


@pytest.mark.card("scanner.measures")
@pytest.mark.parametrize("code", SCANS)
def test_every_scan_ranks_by_its_measure(code: str):
    world = World()
    world.note_time(3600.0)
    rows = ranking(world, scan(code))
    found = [world.universe.by_id(row.contract.contract_id) for row in rows]
    values = [SCANS[code].measure(each, world.market.quote(each, world.ms())) for each in found if each is not None]
    assert len(values) == len(rows)
    assert None not in values
    assert values == sorted(values, reverse=True)
    assert [row.rank for row in rows] == list(range(len(rows)))
    assert (code == "HALTED") is (not rows)


@pytest.mark.card("scanner.measures")
def test_gains_are_those_of_the_quotes():
    world = World()
    world.note_time(3600.0)
    gainers, losers = symbols(world, scan()), symbols(world, scan("TOP_PERC_LOSE"))
    assert len(gainers) > 5
    assert set(gainers) == set(losers)
    aapl = world.universe.by_symbol("AAPL")
    price = aapl.price_of(world.market.mark(aapl, world.ms()))
    world.market.move_to(aapl, Decimal(round(price * 3)), world.ms())
    world.note_time(3660.0)
    assert symbols(world, scan())[0] == symbols(world, scan("TOP_PERC_LOSE"))[-1] == "AAPL"


@pytest.mark.card("scanner.measures")
def test_what_is_halted_is_found():
    world = World()
    world.note_time(60.0)
    spy = world.universe.by_symbol("SPY")
    world.market.halt(spy, Halt.VOLATILITY, world.ms())
    assert symbols(world, scan("HALTED")) == ["SPY"]


@pytest.mark.card("scanner.ranking")
@pytest.mark.parametrize("version", [178, 226])
def test_a_row_has_the_contract_and_its_market(version: int):
    world = World()
    client = Client(world, client_id=1, maximum_version=version)
    client.ask(ScannerSubscriptionRequest(scan(place="STK.NASDAQ.NMS"), request_id=7))
    (told,) = client.go(FIRST_SECONDS)
    assert isinstance(told, ScannerData)
    assert 0 < len(told.elements) <= 50
    for row in told.elements:
        assert row.contract.security_type is SecurityType.STOCK
        assert (row.contract.exchange, row.contract.trading_class, row.market_name) == ("SMART", "NMS", "NMS")
        assert world.universe.by_id(row.contract.contract_id) is not None
        assert (row.distance, row.benchmark, row.projection, row.combo_key) == ("", "", "", "")


@pytest.mark.card("scanner.ranking")
@pytest.mark.parametrize("wanted, rows", [(-1, None), (0, None), (1, 1), (3, 3), (1000, None)])
def test_so_many_rows_as_are_wanted(wanted: int, rows: int | None):
    world = World()
    found = ranking(world, scan(number_of_rows=wanted))
    assert len(found) == (rows or len(ranking(world, scan())))
    assert len(found) <= 50


@pytest.mark.parametrize("place", PLACES)
def test_every_place_can_be_looked_through(place: str):
    world = World()
    for sort in PLACES[place].sorts:
        asked = ScannerSubscription(instrument=sort, location_code=place, scan_code="HOT_BY_PRICE")
        for row in ranking(world, asked):
            instrument = world.universe.by_id(row.contract.contract_id)
            assert instrument is not None
            assert SORTS[sort].has(instrument)
            assert PLACES[place].has(instrument)


def test_of_a_future_the_month_in_front_is_ranked():
    asked = ScannerSubscription(
        instrument=ScannerInstrument.FUTURE_US, location_code="FUT.CME", scan_code="TOP_PERC_GAIN"
    )
    rows = ranking(World(), asked)
    assert len(rows) == len({row.contract.symbol for row in rows}) > 2
    assert "ESH6" in [row.contract.local_symbol for row in rows]


@pytest.mark.card("scanner.measures")
def test_filters_hold():
    world = World()
    prices = {}
    for row in ranking(world, scan()):
        instrument = world.universe.by_id(row.contract.contract_id)
        assert instrument is not None
        last = world.market.quote(instrument, world.ms()).last
        assert last is not None
        prices[row.contract.symbol] = float(instrument.price_of(last))
    middle = sorted(prices.values())[len(prices) // 2]
    above = set(symbols(world, scan(above_price=middle)))
    assert above == {symbol for symbol, price in prices.items() if price >= middle}
    assert above == set(symbols(world, scan(filter_options=(TagValue("priceAbove", str(middle)),))))
    assert set(symbols(world, scan(below_price=middle))) == {name for name, price in prices.items() if price <= middle}
    assert symbols(world, scan(above_price=1e9)) == []
    assert symbols(world, scan(filter_options=(TagValue("priceAbove", "nan"),))) == []
    assert symbols(world, scan(filter_options=(TagValue("priceAbove", "much"),))) == symbols(world, scan())
    funds = set(symbols(world, scan(stock_type_filter="ETF")))
    assert "SPY" in funds
    assert set(symbols(world, scan(stock_type_filter="STOCK"))) == set(prices) - funds


# Over the wire


@pytest.mark.card("scanner.pace", "scanner.cancel")
def test_rankings_come_again_until_the_cancel():
    client = Client(World(), client_id=1)
    assert client.ask(ScannerSubscriptionRequest(scan(), request_id=7)) == []
    assert client.go(FIRST_SECONDS / 2) == []
    for number in range(3):
        now = FIRST_SECONDS + number * REPEAT_SECONDS
        assert [type(told) for told in client.go(now)] == [ScannerData]
        assert client.go(now + REPEAT_SECONDS / 2) == []
    (receipt,) = client.ask(CancelScannerSubscription(7), 80.0)
    assert (receipt.request_id, receipt.error_code) == (7, 162)
    assert receipt.error_message == (
        "Historical Market Data Service error message:API scanner subscription cancelled: 7"
    )
    assert client.go(200.0) == []


@pytest.mark.card("scanner.cancel")
def test_what_is_not_open_cannot_be_cancelled():
    (error,) = Client(World(), client_id=1).ask(CancelScannerSubscription(7))
    assert (error.request_id, error.error_code) == (7, 365)
    assert error.error_message == "No scanner subscription found for ticker id:7"


@pytest.mark.card("scanner.nothing_found")
def test_nothing_found_is_said_and_the_subscription_stays():
    client = Client(World(), client_id=1)
    client.ask(ScannerSubscriptionRequest(scan(above_price=1e9), request_id=7))
    for now in (FIRST_SECONDS, FIRST_SECONDS + REPEAT_SECONDS):
        remark, empty = client.go(now)
        assert isinstance(remark, Notice)
        assert (remark.request_id, remark.code) == (7, 165)
        assert remark.text == "Historical Market Data Service query message:no items retrieved"
        assert empty == ScannerData(7, ())


@pytest.mark.card("scanner.limit", "scanner.duplicate")
def test_ten_may_be_open_and_each_under_its_own_id():
    client = Client(World(), client_id=1)
    for number in range(MOST_SCANNERS):
        assert client.ask(ScannerSubscriptionRequest(scan(), request_id=number + 1)) == []
    (error,) = client.ask(ScannerSubscriptionRequest(scan(), request_id=11))
    assert (error.request_id, error.error_code) == (11, 162)
    (error,) = client.ask(ScannerSubscriptionRequest(scan(), request_id=3))
    assert (error.request_id, error.error_code) == (3, 322)
    assert len(client.go(FIRST_SECONDS)) == MOST_SCANNERS
    assert [told.error_code for told in client.ask(CancelScannerSubscription(11))] == [365]


@pytest.mark.card("scanner.refused")
@pytest.mark.parametrize(
    "asked, word",
    [
        (scan("GUESS"), "scan code GUESS"),
        (scan(place="STK.MOON"), "location STK.MOON"),
        (scan(place="FUT.CME"), "location FUT.CME"),
        (ScannerSubscription(location_code="STK.US", scan_code="MOST_ACTIVE"), "instrument "),
        (
            ScannerSubscription(
                instrument=ScannerInstrument.NATIVE_COMBO, location_code="NATCOMB", scan_code="MOST_ACTIVE"
            ),
            "instrument NATCOMB",
        ),
    ],
)
def test_what_is_not_in_the_document_is_refused(asked: ScannerSubscription, word: str):
    (error,) = Client(World(), client_id=1).ask(ScannerSubscriptionRequest(asked, request_id=7))
    assert (error.request_id, error.error_code) == (7, 162)
    assert error.error_message == f"Historical Market Data Service error message:invalid {word}"


def test_a_client_that_does_not_read_misses_rankings():
    world = World()
    client = Client(world, client_id=1)
    client.ask(ScannerSubscriptionRequest(scan(), request_id=7))
    stream = client.link.streams["scanner", 7]
    stream.skip(FIRST_SECONDS + 10 * REPEAT_SECONDS)
    assert stream.wake_at == FIRST_SECONDS + 11 * REPEAT_SECONDS


def test_whoever_wakes_it_late_gets_one_ranking_and_soon():
    client = Client(World(), client_id=1)
    client.ask(ScannerSubscriptionRequest(scan(), request_id=7))
    for now in (1e6, 1e9):
        assert [type(told) for told in client.go(now)] == [ScannerData]
        assert now < client.link.streams["scanner", 7].wake_at <= now + REPEAT_SECONDS


@given(
    st.sampled_from(sorted(SCANS)),
    st.sampled_from([(place.code, sort) for place in PLACES.values() for sort in place.sorts]),
    st.sampled_from([0.0, 3 * 3600.0, 12 * 3600.0, SUNDAY]),
    st.integers(0, 2),
)
@settings(max_examples=25)
def test_a_ranking_can_be_said_at_any_hour(code: str, where: tuple[str, ScannerInstrument], now: float, version: int):
    place, sort = where
    client = Client(World(), client_id=1, now=now, maximum_version=(178, 200, 226)[version])
    asked = ScannerSubscription(instrument=sort, location_code=place, scan_code=code)
    client.ask(ScannerSubscriptionRequest(asked, request_id=7), now)
    *remarks, told = client.go(now + FIRST_SECONDS)
    assert isinstance(told, ScannerData)
    assert [type(remark) for remark in remarks] == ([] if told.elements else [Notice])


def test_the_document_is_made_once():
    assert parameters_document() is parameters_document()
