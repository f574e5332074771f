"""What the benchmarks have said to everybody, from fixed seeds, and anew in each turn.

Whoever remembers values, as our readers do, is flattered by a content that is read twice: the second time nothing in it
is new. So a `Content` makes other messages for each *turn*: other prices, other days, other ids, of the same kinds and
in the same shares. The one exception is `ticks`, whose values are meant to have been seen.

Request ids are those that each client makes. Ours begin at `OUR_IDS`: ten digits, or a varint of five bytes. The other
clients count from a small number.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import cache, partial
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from anytws.machines.ids import FIRST_REQUEST_ID
from anytws.messages import (
    Action,
    Contract,
    HistoricalData,
    HistoricalDataBar,
    HistoricalTick,
    HistoricalTickBidAsk,
    HistoricalTickLast,
    HistoricalTicks,
    HistoricalTicksBidAsk,
    HistoricalTicksLast,
    MarketDepth,
    MarketDepthData,
    MarketDepthL2,
    MarketDepthOperation,
    MarketDepthSide,
    OpenOrder,
    OptionComputationBasis,
    Order,
    OrderState,
    OrderStatus,
    OrderStatusWord,
    OrderType,
    SecurityType,
    TickAttribLast,
    TickAttributes,
    TickByTickData,
    TickByTickKind,
    TickGeneric,
    TickOptionComputation,
    TickPrice,
    TickSize,
    TickString,
    TickType,
    TimeInForce,
)
from anytws.messages.base import Message, Side
from anytws.messages.times import EPOCH_SECONDS
from anytws.wire.codec import Codec
from anytws.wire.frames import frame

BURST: Final = 20
"""Frames that one read brings."""
INSTRUMENTS: Final = 50
TICKS: Final = 4_000
ORDERS: Final = 50
BARS: Final = 5_000
BOOKS: Final = 3
"""As many as TWS gives to whoever has not bought more."""
LEVELS: Final = 10
ANSWERS: Final = 4
TICKS_OF_AN_ANSWER: Final = 1_000
"""The most that TWS gives."""

OUR_IDS: Final = FIRST_REQUEST_ID
SMALL_IDS: Final = 0

Make: TypeAlias = Callable[[random.Random, int], Iterable[Message]]
"""Makes the messages of a turn, by its chance; the number is added to their request ids."""


class Content:
    """Messages that change from turn to turn, and what their time is shared out among."""

    def __init__(
        self, name: str, messages: Sequence[Message] = (), unit: str = "message", count: int = 0,
        *, make: Make | None = None, changes: bool = True, has_orders: bool = False,
    ) -> None:  # fmt: skip
        self.name = name
        self.unit = unit
        self.has_orders = has_orders
        self._make: Make = make or (lambda _chance, _first_id: messages)
        self._changes = changes and make is not None
        self._turn = 0
        self._bodies: dict[tuple[int, int], list[bytes]] = {}
        self._count = count

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages of this turn, with small ids."""
        return self.said()

    @property
    def units(self) -> int:
        """How many units a turn has: as many as messages, if nothing else was said."""
        if not self._count:
            self._count = len(self.said())
        return self._count

    def turn(self, number: int) -> None:
        """Say something else from now on, if it is a content that changes."""
        if self._changes:
            self._turn = number
            self._bodies.clear()

    def said(self, first_id: int = SMALL_IDS) -> tuple[Message, ...]:
        """Give the messages of this turn."""
        return tuple(self._make(random.Random(f"{self.name}, {self._turn}"), first_id))

    def bodies(self, version: int, first_id: int = SMALL_IDS) -> list[bytes]:
        """Give what TWS writes."""
        found = self._bodies.get((version, first_id))
        if found is None:
            encode = _tws(version).encode
            found = self._bodies[version, first_id] = [encode(message) for message in self.said(first_id)]
        return found

    def reads(self, version: int, first_id: int = SMALL_IDS) -> list[bytes]:
        """Give what a socket reads."""
        frames = [frame(body) for body in self.bodies(version, first_id)]
        return [b"".join(frames[start : start + BURST]) for start in range(0, len(frames), BURST)]


@cache
def _tws(version: int) -> Codec:
    return Codec(Side.TWS, version)


# --- ticks -------------------------------------------------------------------------------------------------------

_SIDES: Final = (
    (TickType.BID, TickType.BID_SIZE),
    (TickType.ASK, TickType.ASK_SIZE),
    (TickType.LAST, TickType.LAST_SIZE),
)
_OPENED_AT: Final = [random.Random(1).randrange(2_000, 40_000) for _ in range(INSTRUMENTS)]
_NOON: Final = 1_767_628_800
"""Of 5 January 2026 in UTC, in seconds of the epoch."""


def _feed(chance: random.Random, first_id: int) -> Iterator[Message]:
    prices = [price + chance.randrange(-20, 21) for price in _OPENED_AT]
    now = _NOON + chance.randrange(20_000)
    for number in range(TICKS):
        which = chance.randrange(INSTRUMENTS)
        request_id = first_id + which + 1
        prices[which] += chance.choice((-2, -1, -1, 0, 1, 1, 2))
        price_type, size_type = chance.choice(_SIDES)
        size = Decimal(chance.randrange(1, 40) * 100)
        match chance.choices(("price", "size", "string", "generic"), (50, 35, 12, 3))[0]:
            case "price":
                attributes = TickAttributes.CAN_AUTO_EXECUTE
                yield TickPrice(request_id, price_type, prices[which] / 100, size, attributes)
            case "size":
                yield TickSize(request_id, size_type, size)
            case "string":
                yield TickString(request_id, TickType.LAST_TIMESTAMP, str(now + number // 20))
            case _:
                yield TickGeneric(request_id, TickType.HALTED, 0.0)


def ticks() -> Content:
    """A feed of stocks: prices in cents that walk, round sizes; half prices, a third sizes, the rest other ticks.

    The same feed in each turn: every value has been seen.
    """
    return Content("ticks", count=TICKS, make=_feed, changes=False)


def more_ticks() -> Content:
    """The same feed as it goes on: each turn near the prices of the one before, at another time of the day."""
    return Content("ticks of a feed that goes on", count=TICKS, make=_feed)


def _new_ticks(chance: random.Random, first_id: int) -> Iterator[Message]:
    prices, sizes = (chance.sample(range(1_000_000, 9_999_999), TICKS // 2) for _ in range(2))
    for price, size in zip(prices, sizes, strict=True):
        request_id, (price_type, size_type) = first_id + chance.randrange(INSTRUMENTS) + 1, chance.choice(_SIDES)
        yield TickPrice(request_id, price_type, price / 10_000, Decimal(size), TickAttributes.CAN_AUTO_EXECUTE)
        yield TickSize(request_id, size_type, Decimal(size * 10 + 1))


def new_ticks() -> Content:
    """The worst for whoever remembers values: no price and no size comes twice before it is forgotten."""
    return Content("ticks, each value new", count=TICKS, make=_new_ticks)


_COMPUTED: Final = (
    TickType.BID_OPTION_COMPUTATION,
    TickType.ASK_OPTION_COMPUTATION,
    TickType.LAST_OPTION_COMPUTATION,
    TickType.MODEL_OPTION,
)


def _computations(chance: random.Random, first_id: int) -> Iterator[Message]:
    for _ in range(TICKS):
        yield TickOptionComputation(
            first_id + chance.randrange(INSTRUMENTS) + 1, chance.choice(_COMPUTED), OptionComputationBasis.PRICE,
            implied_volatility=0.1 + chance.random() / 2, delta=chance.uniform(-1, 1),
            option_price=chance.randrange(5, 4_000) / 100, pv_dividend=chance.random(), gamma=chance.random() / 10,
            vega=chance.random(), theta=-chance.random(), underlying_price=chance.randrange(2_000, 40_000) / 100,
        )  # fmt: skip


def computations() -> Content:
    """Greeks of options, doubles with all their digits, as TWS writes them: nearly each value is new."""
    return Content("option computations", count=TICKS, make=_computations)


_EXCHANGES: Final = ("NASDAQ", "ARCA", "BATS", "IEX", "NYSE", "FINRA")
_ODD_LOT: Final = TickAttribLast(unreported=True)
_USUAL: Final = TickAttribLast()


def _trade(chance: random.Random, moment: datetime, price: float) -> HistoricalTickLast:
    shares = chance.choice((1, 7, 25, 100, 100, 100, 200, 300, chance.randrange(1, 2_000)))
    odd = shares < 100
    exchange, conditions = chance.choice(_EXCHANGES), "T I" if odd else "T"
    return HistoricalTickLast(moment, price, Decimal(shares), exchange, conditions, _ODD_LOT if odd else _USUAL)


def _quote(chance: random.Random, moment: datetime, price: float) -> HistoricalTickBidAsk:
    bid, ask = (Decimal(chance.randrange(1, 40) * 100) for _ in range(2))
    return HistoricalTickBidAsk(moment, price, round(price + 0.01, 2), bid, ask)


def _walk(chance: random.Random, count: int) -> Iterator[tuple[datetime, float]]:
    """Give the second and the price of *count* events of one instrument: some in each second."""
    moment = datetime.fromtimestamp(_NOON + chance.randrange(20_000_000), UTC)
    cents = chance.randrange(2_000, 40_000)
    for number in range(count):
        cents = max(1_000, cents + chance.choice((-1, 0, 0, 1)))
        yield moment + timedelta(seconds=number // 8), cents / 100


def _tape(chance: random.Random, first_id: int) -> Iterator[Message]:
    for moment, price in _walk(chance, TICKS):
        if chance.random() < 0.5:
            last = _trade(chance, moment, price)
            yield TickByTickData(first_id + 1, TickByTickKind.ALL_LAST, last=last)
        else:
            yield TickByTickData(first_id + 2, TickByTickKind.BID_ASK, bid_ask=_quote(chance, moment, price))


def tape() -> Content:
    """Ticks of the tape, one by one: trades and quotes."""
    return Content("tick by tick", count=TICKS, make=_tape)


# --- the book ----------------------------------------------------------------------------------------------------


def _rows(
    message: type[MarketDepth | MarketDepthL2], makers: Sequence[str], chance: random.Random, first_id: int
) -> Iterator[Message]:
    """Fill some books; then rows change, and now and then one goes and one comes."""
    middles = [chance.randrange(2_000, 40_000) for _ in range(BOOKS)]
    filled = {(book, side): 0 for book in range(BOOKS) for side in MarketDepthSide}
    for _ in range(TICKS):
        book, side = chance.randrange(BOOKS), chance.choice((MarketDepthSide.ASK, MarketDepthSide.BID))
        rows = filled[book, side]
        if rows < LEVELS:
            operation, position = MarketDepthOperation.INSERT, rows and chance.randrange(rows + 1)
        else:
            operation = chance.choices((MarketDepthOperation.UPDATE, MarketDepthOperation.DELETE), (9, 1))[0]
            position = chance.randrange(rows)
        filled[book, side] += (operation is MarketDepthOperation.INSERT) - (operation is MarketDepthOperation.DELETE)
        cents = middles[book] + (position + 1) * (1 if side is MarketDepthSide.ASK else -1)
        price, size = cents / 100, Decimal(chance.randrange(1, 400) * 100)
        if operation is MarketDepthOperation.DELETE:
            price, size = 0.0, Decimal(0)
        maker = chance.choice(makers)
        row = MarketDepthData(position, operation, side, price, size, maker, is_smart_depth=bool(maker))
        yield message(first_id + book + 1, row)


def book() -> Content:
    """Rows of books that say nothing about who stands behind them."""
    return Content("rows of a book", count=TICKS, make=partial(_rows, MarketDepth, ("",)))


def smart_book() -> Content:
    """Rows of books that are put together of several exchanges."""
    return Content("rows of a smart book", count=TICKS, make=partial(_rows, MarketDepthL2, _EXCHANGES))


# --- orders ------------------------------------------------------------------------------------------------------


def _orders(chance: random.Random, _first_id: int) -> Iterator[Message]:
    first, permanent = chance.randrange(100, 90_000), chance.randrange(1_000_000_000, 2_000_000_000)
    for number in range(ORDERS):
        order_id, permanent_id, price = first + number, permanent + number, chance.randrange(2_000, 40_000) / 100
        contract = Contract(
            contract_id=265_598 + number, symbol=f"SYM{number}", security_type=SecurityType.STOCK, strike=0.0,
            exchange="SMART", currency="USD", local_symbol=f"SYM{number}", trading_class="NMS",
        )  # fmt: skip
        order = Order(
            action=chance.choice((Action.BUY, Action.SELL)), total_quantity=Decimal(300), order_type=OrderType.LIMIT,
            limit_price=price, aux_price=0.0, time_in_force=TimeInForce.DAY, account="DU1234567", client_id=1,
            permanent_id=permanent_id, order_reference=f"entry {first + number}", trail_stop_price=price + 1,
        )  # fmt: skip
        for status, filled in (("PreSubmitted", 0), ("Submitted", 0), ("Submitted", 100), ("Filled", 300)):
            word, paid = OrderStatusWord(status), price if filled else 0.0
            yield OpenOrder(order_id, contract, order, OrderState(status=word))
            done, left = Decimal(filled), Decimal(300 - filled)
            yield OrderStatus(order_id, word, done, left, paid, permanent_id, 0, paid, 1, market_cap_price=0.0)


def orders() -> Content:
    """Orders from their acceptance until they are filled: each time the order and its status, as TWS sends them."""
    count = 8 * ORDERS
    return Content("orders and their statuses", count=count, make=_orders, has_orders=True)


# --- the past ----------------------------------------------------------------------------------------------------

_EASTERN: Final = ZoneInfo("US/Eastern")
_OPENS: Final = time(9, 30)
_SESSION: Final = 23_400
"""Seconds in which the stock exchange is open."""


def _days(first: date) -> Iterator[date]:
    """Give the days on which stocks are traded, from *first*; nobody closes for a holiday."""
    for number in itertools.count():
        day = first + timedelta(days=number)
        if day.weekday() < 5:
            yield day


def _clock_times(step: int, zone: tzinfo | None, chance: random.Random) -> Iterator[datetime]:
    """Give when bars of *step* seconds begin: from somewhere on some day, while the exchange is open."""
    skipped = chance.randrange(_SESSION // step)
    for day in _days(date(2015, 1, 1) + timedelta(days=chance.randrange(4_000))):
        opens = datetime.combine(day, _OPENS, _EASTERN if zone is EPOCH_SECONDS else zone)
        for second in range(skipped * step, _SESSION, step):
            # The wall clock: adding does not ask the zone.
            at = opens + timedelta(seconds=second)
            yield at.astimezone(UTC).replace(tzinfo=zone) if zone is EPOCH_SECONDS else at
        skipped = 0


def _dates(chance: random.Random) -> Iterator[date]:
    return _days(date(1999, 1, 1) + timedelta(days=chance.randrange(3_000)))


def _bars(times: Callable[[random.Random], Iterator[date]], chance: random.Random, first_id: int) -> Sequence[Message]:
    cents = chance.randrange(5_000, 40_000)
    made = []
    for at in itertools.islice(times(chance), BARS):
        first = cents
        cents = max(1_000, cents + chance.randrange(-20, 21))
        high, low = max(first, cents) + chance.randrange(9), min(first, cents) - chance.randrange(9)
        volume, wap = Decimal(chance.randrange(100, 900_000)), Decimal(chance.randrange(low * 10, high * 10 + 1)) / 1000
        opened, highest, lowest, closed = (value / 100 for value in (first, high, low, cents))
        made.append(HistoricalDataBar(at, opened, highest, lowest, closed, volume, wap, chance.randrange(1, 900)))
    return [HistoricalData(first_id + 1, bars=tuple(made))]


def _bar_content(form: str, times: Callable[[random.Random], Iterator[date]]) -> Content:
    return Content(f"5,000 bars, {form}", unit="bar", count=BARS, make=partial(_bars, times))


def bars() -> Content:
    """One answer of 5,000 bars of a minute, in the time of a zone."""
    return _bar_content("1 min, with a zone", partial(_clock_times, 60, _EASTERN))


def bars_in_epoch_seconds() -> Content:
    """The same as seconds since 1970: what our requests ask for by default."""
    return _bar_content("1 min, epoch seconds", partial(_clock_times, 60, EPOCH_SECONDS))


def bars_of_a_second() -> Content:
    return _bar_content("1 s, with a zone", partial(_clock_times, 1, _EASTERN))


def bars_of_five_seconds() -> Content:
    return _bar_content("5 s, with a zone", partial(_clock_times, 5, _EASTERN))


def bars_without_zone() -> Content:
    return _bar_content("1 min, without a zone", partial(_clock_times, 60, None))


def bars_of_a_day() -> Content:
    return _bar_content("1 day", _dates)


def _past(kind: str, chance: random.Random, first_id: int) -> Iterator[Message]:
    for request_id in range(first_id + 1, first_id + ANSWERS + 1):
        walk = [*_walk(chance, TICKS_OF_AN_ANSWER)]
        match kind:
            case "trades":
                trades = tuple([_trade(chance, *step) for step in walk])
                yield HistoricalTicksLast(request_id, trades, is_done=True)
            case "quotes":
                quotes = tuple([_quote(chance, *step) for step in walk])
                yield HistoricalTicksBidAsk(request_id, quotes, is_done=True)
            case _:
                midpoints = tuple([HistoricalTick(moment, price, Decimal(0)) for moment, price in walk])
                yield HistoricalTicks(request_id, midpoints, is_done=True)


def _past_content(kind: str) -> Content:
    count = ANSWERS * TICKS_OF_AN_ANSWER
    return Content(f"ticks of the past, {kind}", unit="tick", count=count, make=partial(_past, kind))


def past_trades() -> Content:
    """Answers of 1,000 trades each."""
    return _past_content("trades")


def past_quotes() -> Content:
    return _past_content("quotes")


def past_midpoints() -> Content:
    return _past_content("midpoints")
