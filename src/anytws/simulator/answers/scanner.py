"""Answers about scanners: what can be looked for, and rankings of the simulated market that come again and again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from anytws.messages.base import ToClient
from anytws.messages.scanner import (
    CancelScannerSubscription,
    ScannerData,
    ScannerDataElement,
    ScannerParameters,
    ScannerParametersRequest,
    ScannerSubscription,
    ScannerSubscriptionRequest,
)
from anytws.simulator.answers.answer import Answer, Answers, id_of
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client, Stream
from anytws.simulator.complaints import complaint, not_done
from anytws.simulator.scans import ETF, FILTERS, PLACES, SCANS, SORTS, Scan, candidates, parameters_document
from anytws.simulator.settings import FarmKind

if TYPE_CHECKING:
    from anytws.simulator.knowledge import Knowledge
    from anytws.simulator.market.words import Quote
    from anytws.simulator.universe.instrument import Instrument

SCANNER: Final = "scanner"
"""The kind of these streams."""

MOST_SCANNERS: Final = 10
"""How many a client may have open (documented)."""
MOST_ROWS: Final = 50
"""How many rows a ranking has at the most (documented)."""
FIRST_SECONDS: Final = 2.0
"""From the request to the first ranking: 2 to 6 s are reported."""
REPEAT_SECONDS: Final = 30.0
"""From one ranking to the next (documented, by the vendor's word that it is about so)."""

_SERVICE: Final = 162
_NO_ITEMS: Final = 165
_UNKNOWN: Final = 365
_ERROR: Final = "Historical Market Data Service error message:"
_PERCENT: Final = 100.0


def tell_parameters(_: Client, __: ScannerParametersRequest) -> Iterable[ToClient]:
    """Give the document of what can be looked for."""
    yield ScannerParameters(parameters_document())


def open_scanner(client: Client, request: ScannerSubscriptionRequest) -> Iterable[ToClient]:
    """Begin a scan, or say why not."""
    world, asked = client.world, request.subscription
    if (SCANNER, id_of(request)) in client.streams:
        yield not_done(world, request, "Duplicate ticker id for API scanner subscription")
        return
    cause = _cause_against(client, asked)
    if cause is not None:
        yield complaint(world, _SERVICE, _ERROR + cause, request)
        return
    client.streams[SCANNER, id_of(request)] = _Scanner(world, request)


def close_scanner(client: Client, request: CancelScannerSubscription) -> Iterable[ToClient]:
    """End a scan, with a receipt; or say that there is none."""
    if client.streams.pop((SCANNER, request.request_id), None) is None:
        text = f"No scanner subscription found for ticker id:{request.request_id}"
        yield complaint(client.world, _UNKNOWN, text, request)
        return
    text = f"{_ERROR}API scanner subscription cancelled: {request.request_id}"
    yield complaint(client.world, _SERVICE, text, request)


def ranking(world: Knowledge, asked: ScannerSubscription) -> tuple[ScannerDataElement, ...]:
    """Give what *asked* finds now, the best first."""
    if asked.instrument is None:
        return ()
    scan, sort, place, at = SCANS[asked.scan_code], SORTS[asked.instrument], PLACES[asked.location_code], world.ms()
    quoted = [
        (instrument, world.market.quote(instrument, at))
        for instrument in candidates(world.universe, sort, world.utc().date())
        if sort.has(instrument) and place.has(instrument)
    ]
    found = sorted(_values(scan, asked, quoted), key=lambda pair: (-pair[0], pair[1].contract_id))
    most = asked.number_of_rows if 0 < asked.number_of_rows < MOST_ROWS else MOST_ROWS
    return tuple(_row(rank, instrument) for rank, (_, instrument) in enumerate(found[:most]))


def _values(
    scan: Scan, asked: ScannerSubscription, quoted: Iterable[tuple[Instrument, Quote]]
) -> Iterator[tuple[float, Instrument]]:
    for instrument, quote in quoted:
        value = scan.measure(instrument, quote)
        if value is not None and _fits(asked, instrument, quote):
            yield value, instrument


def _fits(asked: ScannerSubscription, instrument: Instrument, quote: Quote) -> bool:
    wanted = asked.stock_type_filter.upper()
    is_etf = instrument.details.stock_type == ETF
    if (wanted == ETF and not is_etf) or (wanted == "STOCK" and is_etf):
        return False
    price = math.nan if quote.last is None else float(instrument.price_of(quote.last))
    volume = float(instrument.size_of(max(quote.volume, 0)))
    change = (quote.last - quote.close) / quote.close * _PERCENT if quote.close and quote.last is not None else math.nan
    limits = _limits(asked)
    values = {"PRICE": price, "VOLUME": volume, "CHANGEPERC": change}
    return all(
        # Written so that what there is no value of fits no limit.
        (above is None or values[code] >= above) and (below is None or values[code] <= below)
        for code, (above, below) in limits.items()
    )


def _limits(asked: ScannerSubscription) -> dict[str, tuple[float | None, float | None]]:
    """Give the least and the most of each filter, as the fields and the tags of *asked* have them."""
    tags = {tag.tag: tag.value for tag in asked.filter_options}
    told: dict[str, tuple[float | None, float | None]] = {
        "PRICE": (asked.above_price, asked.below_price),
        "VOLUME": (asked.above_volume, None),
    }
    limits = {}
    for code, (_, _, above, below) in FILTERS.items():
        least, most = told.get(code, (None, None))
        limits[code] = (_number(tags.get(above), least), _number(tags.get(below), most))
    return limits


def _number(text: str | None, otherwise: float | None) -> float | None:
    try:
        return otherwise if text is None else float(text)
    except ValueError:
        return otherwise


def _cause_against(client: Client, asked: ScannerSubscription) -> str | None:
    if client.count(SCANNER) >= MOST_SCANNERS:
        return f"Only {MOST_SCANNERS} simultaneous API scanner subscriptions are allowed."
    if asked.scan_code not in SCANS:
        return f"invalid scan code {asked.scan_code}"
    if asked.instrument not in SORTS:
        return f"invalid instrument {'' if asked.instrument is None else asked.instrument.value}"
    place = PLACES.get(asked.location_code)
    if place is None or asked.instrument not in place.sorts:
        return f"invalid location {asked.location_code}"
    return None


def _row(rank: int, instrument: Instrument) -> ScannerDataElement:
    contract = instrument.contract
    return ScannerDataElement(rank, contract, contract.trading_class)


class _Scanner(Stream):
    """A scan that goes on."""

    def __init__(self, world: Knowledge, request: ScannerSubscriptionRequest) -> None:
        self._world, self._request = world, request
        self._next = world.now + FIRST_SECONDS

    @property
    def wake_at(self) -> float:
        return self._next

    def wake(self) -> Iterator[ToClient]:
        # One ranking, however late: it is of what holds now.
        self.skip(self._world.now)
        rows = ranking(self._world, self._request.subscription)
        if not rows:
            text = "Historical Market Data Service query message:no items retrieved"
            yield complaint(self._world, _NO_ITEMS, text, self._request)
        yield ScannerData(id_of(self._request), rows)

    def skip(self, now: float) -> None:
        if self._next <= now:
            self._next += ((now - self._next) // REPEAT_SECONDS + 1) * REPEAT_SECONDS


ANSWERS: Final[Answers] = {
    ScannerParametersRequest: Answer(tell_parameters, farm=FarmKind.HISTORICAL),
    ScannerSubscriptionRequest: Answer(open_scanner, farm=FarmKind.HISTORICAL),
    CancelScannerSubscription: Answer(close_scanner),
}

CARDS: Final = (
    Card(
        "scanner.parameters",
        "ScannerParameters is one XML document: instruments, a tree of locations, scan codes, settings, filters, "
        "layouts.",
        Evidence.RECORDED,
        "the outline of the real document",
        "A real one has about 2 MB, 762 codes and 1,352 filters; this one lists what is simulated.",
    ),
    Card(
        "scanner.ranking",
        "Each ScannerData is a whole ranking of at most 50 rows; the next takes its place. A row has the contract, its "
        "trading class as market name, and four empty texts.",
        Evidence.RECORDED,
        "rankings of a Gateway; 50 is documented",
    ),
    Card(
        "scanner.measures",
        "Rankings are those of the simulated market: gains since the close or the open, volumes, turnover, ranges, "
        "volatility, halts; equal ones by contract id.",
        Evidence.CHOSEN,
        "a ranking that agrees with the quotes is the use of it",
        "Filters by price, volume, change and stock type hold; market value, ratings, coupons and all others are not "
        "looked at. Of a future the month in front is ranked; there are no combinations.",
    ),
    Card(
        "scanner.pace",
        "The first ranking comes after 2 s, then one every 30 s.",
        Evidence.REPORTED,
        "2 to 6 s by one operator, 25 to 45 s when cold; 30 s is the vendor's word",
        "Whether a change brings one at once is not known.",
    ),
    Card(
        "scanner.nothing_found",
        "Where nothing fits: 165 `Historical Market Data Service query message:no items retrieved`, then a ranking "
        "without rows; the subscription stays.",
        Evidence.RECORDED,
        "165 and that it stays; the empty ranking is reported",
    ),
    Card(
        "scanner.cancel",
        "A cancel gets 162 `API scanner subscription cancelled: <id>` as its receipt; of an id that is not open 365.",
        Evidence.RECORDED,
        "both texts of a Gateway",
    ),
    Card(
        "scanner.limit",
        "Ten at once; one more gets 162.",
        Evidence.DOCUMENTED,
        "the limit; the text is reported",
        "Counted for each client.",
    ),
    Card(
        "scanner.duplicate",
        "An id that is open: 322 with the text of 385; the first scan goes on.",
        Evidence.DOCUMENTED,
        "385 of the vendor's list; that Gateways wrap it in 322 is from their catalogue",
    ),
    Card(
        "scanner.refused",
        "A scan code, instrument or location that is not in the document: 162 with a text that names it.",
        Evidence.DOCUMENTED,
        "the code; the words after `error message:` are chosen",
    ),
)
