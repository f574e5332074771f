"""What the simulated TWS answers about books: rows, changes by position, resets, limits."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest

from anytws.core.events import Event, Notice
from anytws.messages import (
    CancelMarketDepth,
    Contract,
    MarketDepth,
    MarketDepthExchanges,
    MarketDepthExchangesRequest,
    MarketDepthL2,
    MarketDepthOperation,
    MarketDepthRequest,
    MarketDepthSide,
    RerouteMarketDepthRequest,
    SecurityType,
    Stock,
)
from anytws.messages.session import ErrorMessage
from anytws.simulator.answers import depth
from tests.test_answers import ENCODINGS
from tests.test_answers_market_data import CLOSING, client_at, contract_of, error_of, instrument_of, text_of

Row = tuple[float | None, Decimal | None, str]


def smart(request_id: int = 7, symbol: str = "AAPL", rows: int = 5) -> MarketDepthRequest:
    return MarketDepthRequest(Stock(symbol), rows, is_smart_depth=True, request_id=request_id)


def on(exchange: str, request_id: int = 7, symbol: str = "AAPL", rows: int = 5) -> MarketDepthRequest:
    return MarketDepthRequest(Stock(symbol, exchange), rows, request_id=request_id)


class Book:
    """A book as a client keeps it, strictly: what cannot be done to it is an error."""

    def __init__(self) -> None:
        self.sides: dict[MarketDepthSide, list[Row]] = {MarketDepthSide.BID: [], MarketDepthSide.ASK: []}
        self.operations: list[MarketDepthOperation] = []

    def take(self, told: list[Event]) -> None:
        for event in told:
            if not isinstance(event, MarketDepth | MarketDepthL2):
                continue
            row, rows = event.row, self.sides[event.row.side]
            self.operations.append(row.operation)
            said = (row.price, row.size, row.market_maker)
            if row.operation is MarketDepthOperation.INSERT:
                assert row.position <= len(rows)
                rows.insert(row.position, said)
            elif row.operation is MarketDepthOperation.UPDATE:
                assert rows[row.position] != said, "an update changes something"
                rows[row.position] = said
            else:
                assert (row.price, row.size) == (0, 0)
                del rows[row.position]

    def check(self, most: int) -> None:
        bids, asks = self.sides[MarketDepthSide.BID], self.sides[MarketDepthSide.ASK]
        assert len(bids) <= most
        assert len(asks) <= most
        assert [row[0] for row in bids] == sorted([row[0] or 0.0 for row in bids], reverse=True)
        assert [row[0] for row in asks] == sorted([row[0] or 0.0 for row in asks])
        if bids and asks:
            assert (bids[0][0] or 0.0) < (asks[0][0] or 0.0)


@pytest.mark.card("depth.first_rows", "depth.changes", "depth.cancel")
@pytest.mark.parametrize("version", ENCODINGS)
@pytest.mark.parametrize("request_", [smart(), on("NASDAQ"), on("IEX"), smart(rows=1), smart(rows=1000)], ids=str)
def test_a_book_can_be_kept(version: int, request_: MarketDepthRequest) -> None:
    client = client_at(version)
    book = Book()
    told = client.ask(request_)
    rows = [event.row for event in told if isinstance(event, MarketDepth | MarketDepthL2)]
    assert len(rows) == len(told) > 0
    assert {row.operation for row in rows} == {MarketDepthOperation.INSERT}
    sides = [row.side for row in rows]
    assert sides == sorted(sides, reverse=True), "all bids, then all asks"
    book.take(told)
    for beat in range(1, 41):
        book.take(client.go(beat / 4))
        book.check(request_.number_of_rows)
    world, apple = client.link.world, instrument_of(client, "AAPL")
    quote = world.market.quote(apple, world.ms())
    if request_.is_smart_depth:
        assert quote.bid is not None
        assert book.sides[MarketDepthSide.BID][0][0] == float(apple.price_of(quote.bid))
    assert MarketDepthOperation.UPDATE in book.operations
    cancel = CancelMarketDepth(7, request_.is_smart_depth)
    assert client.ask(attrs.evolve(cancel, is_smart_depth=not cancel.is_smart_depth), 10.0)[-1:] != []
    assert client.codes[-1] == 310, "isSmartDepth has to be as in the request"
    assert client.ask(cancel, 10.0) == []
    assert client.go(60.0) == []
    told = client.ask(cancel, 60.0)
    assert error_of(told) == (7, 310)
    assert text_of(told) == "Can't find the subscribed market depth with tickerId:7"


@pytest.mark.card("depth.messages")
def test_rows_say_who_stands_behind_them_where_the_exchange_tells() -> None:
    client = client_at()
    for number, (request, kind, is_smart) in enumerate(
        [
            (smart(), MarketDepthL2, True),
            (on("NASDAQ"), MarketDepthL2, False),
            (on("IEX"), MarketDepth, False),
            (MarketDepthRequest(contract_of(client, "ESH6"), 5), MarketDepth, False),
            (MarketDepthRequest(contract_of(client, "EUR.USD"), 5), MarketDepth, False),
        ]
    ):
        client = client_at()
        told = client.ask(attrs.evolve(request, request_id=number))
        assert {type(event) for event in told} == {kind}
        rows = [event.row for event in told if isinstance(event, MarketDepth | MarketDepthL2)]
        assert {row.is_smart_depth for row in rows} == {is_smart}
        assert all(row.market_maker for row in rows) == (kind is MarketDepthL2)


@pytest.mark.card("depth.smart", "depth.permissions_notice")
def test_without_permission_an_exchange_has_its_best_row_alone() -> None:
    venues = [venue for venue in instrument_of(client_at(), "AAPL").exchanges if venue != "SMART"]
    denied = frozenset({"NASDAQ", "ARCA"})
    client = client_at(depth_unsubscribed=denied)
    told = client.ask(smart(rows=100))
    makers = [
        event.row.market_maker
        for event in told
        if isinstance(event, MarketDepthL2) and event.row.side is MarketDepthSide.BID
    ]
    assert {*makers} <= {*venues}
    tops = {*venues} - {"IEX", "BATS", "BEX", "NYSE"}
    assert all(makers.count(venue) <= 1 for venue in tops)
    later = client.go(60.0)
    notices = [event for event in later if isinstance(event, Notice | ErrorMessage)]
    assert len(notices) == 1
    assert client.codes[-1] == 2152
    (notice,) = notices
    text = notice.text if isinstance(notice, Notice) else notice.error_message
    deep = "".join(f"{venue}; " for venue in venues if venue in ("IEX", "BATS", "BEX", "NYSE"))
    assert text.startswith(f"Exchanges - Depth: {deep}Top: AMEX; ")
    assert text.endswith("Need additional market data permissions - Depth: ARCA; NASDAQ; ")
    told = client.ask(on("NASDAQ", 8), 60.0)
    assert error_of(told) == (8, 354)
    assert text_of(told) == "Requested market data is not subscribed.AAPL NASDAQ.NMS/DEEP/ALL"


@pytest.mark.card("depth.reset")
def test_a_reset_begins_the_book_anew() -> None:
    client = client_at()
    client.ask(smart())
    client.go(5.0)
    depth.reset(client.link, 7)
    error, *rows = client.go(5.0)
    assert client.codes[-1] == 317
    assert getattr(error, "request_id", None) == 7
    assert len(rows) == 10
    book = Book()
    book.take(rows)
    book.take(client.go(10.0))
    book.check(5)
    with pytest.raises(LookupError, match="no book under the id 8"):
        depth.reset(client.link, 8)


@pytest.mark.card("depth.limit")
def test_books_of_instruments_have_a_limit() -> None:
    assert [depth.allowance(lines) for lines in (0, 100, 399, 400, 550, 9000)] == [0, 3, 3, 4, 5, 60]
    client = client_at()
    for number, symbol in enumerate(("AAPL", "SPY", "MSFT", "AAPL")):
        assert isinstance(client.ask(smart(number, symbol))[0], MarketDepthL2), "one instrument counts once"
    told = client.ask(smart(9, "IBM"))
    assert error_of(told) == (9, 309)
    assert text_of(told) == "Max number (3) of market depth requests has been reached"
    client.ask(CancelMarketDepth(1, is_smart_depth=True))
    assert isinstance(client.ask(smart(9, "IBM"))[0], MarketDepthL2)


@pytest.mark.card("depth.not_offered")
@pytest.mark.parametrize("symbol", ["SPX", "VTSAX", None])
def test_what_has_no_book_is_refused(symbol: str | None) -> None:
    client = client_at()
    contract = Stock("AAPL") if symbol is None else contract_of(client, symbol)
    told = client.ask(MarketDepthRequest(contract, 5, request_id=7))
    assert error_of(told) == (7, 10092)
    assert text_of(told) == "Deep market data is not supported for this combination of security type/exchange"


@pytest.mark.card("depth.not_offered")
def test_other_refusals_are_those_of_all_requests() -> None:
    client = client_at(market_data_subscribed=False)
    assert error_of(client.ask(smart())) == (7, 354)
    client = client_at()
    assert error_of(client.ask(smart(symbol="XYZ"))) == (7, 200)
    assert error_of(client.ask(smart(rows=0))) == (7, 321)
    client.ask(smart())
    assert error_of(client.ask(smart(symbol="SPY"))) == (7, 322)


@pytest.mark.card("depth.reroute")
def test_the_book_of_a_share_cfd_is_that_of_its_stock() -> None:
    client = client_at()
    cfd = next(each for each in client.link.world.universe.instruments if each.reroutes_to)
    contract = Contract(contract_id=cfd.contract_id, exchange="SMART")
    told = client.ask(MarketDepthRequest(contract, 5, is_smart_depth=True, request_id=7))
    assert told == [RerouteMarketDepthRequest(7, cfd.reroutes_to, "SMART")]
    assert client.go(60.0) == []


@pytest.mark.card("depth.exchanges")
@pytest.mark.parametrize("version", ENCODINGS)
def test_the_exchanges_with_books_come_in_one_message(version: int) -> None:
    (told,) = client_at(version).ask(MarketDepthExchangesRequest())
    assert isinstance(told, MarketDepthExchanges)
    rows = told.depth_market_data_descriptions
    assert len(rows) > 100
    assert len({*rows}) == len(rows)
    assert {row.service_data_type for row in rows} == {"Deep", "Deep2"}
    assert [row.exchange for row in rows if row.aggregate_group == 4] == ["IDEALPRO"]
    assert {row.security_type for row in rows} >= {SecurityType.STOCK, SecurityType.FUTURE, SecurityType.OPTION}


@pytest.mark.card("depth.messages")
def test_an_exchange_that_is_said_to_have_a_book_has_one() -> None:
    client = client_at()
    (told,) = client.ask(MarketDepthExchangesRequest())
    assert isinstance(told, MarketDepthExchanges)
    for row in told.depth_market_data_descriptions:
        if (row.security_type, row.listing_exchange) == (SecurityType.STOCK, "NASDAQ") and row.exchange != "ISLAND":
            kinds = {type(event) for event in client.ask(on(row.exchange))}
            assert kinds == {MarketDepthL2 if row.service_data_type == "Deep2" else MarketDepth}
            client.ask(CancelMarketDepth(7))


@pytest.mark.card("market_data.competing_session")
def test_a_competing_session_ends_the_stream() -> None:
    client = client_at()
    client.ask(smart())
    world = client.link.world
    world.settings = attrs.evolve(world.settings, competing_session=True)
    client.link.touch()
    assert error_of(client.go(0.25)) == (7, 10197)
    assert client.go(60.0) == []
    assert error_of(client.ask(smart(), 60.0)) == (7, 10197)


@pytest.mark.card("depth.changes")
def test_at_night_the_book_is_empty() -> None:
    client = client_at()
    book = Book()
    book.take(client.ask(smart(), CLOSING - 2))
    assert book.sides[MarketDepthSide.BID]
    book.take(client.go(CLOSING + 1))
    assert book.sides == {MarketDepthSide.BID: [], MarketDepthSide.ASK: []}
    assert MarketDepthOperation.DELETE in book.operations


def test_who_does_not_read_finds_the_book_as_it_is_then() -> None:
    client = client_at()
    book = Book()
    book.take(client.ask(smart()))
    stream = client.link.streams["market depth", 7]
    stream.skip(30.0)
    client.link.streams.touch(("market depth", 7))
    book.take(client.go(31.0))
    book.check(5)


def test_without_a_pace_a_book_does_not_change() -> None:
    client = client_at(tick_seconds=0)
    client.ask(smart())
    assert client.link.wake_at() is None
