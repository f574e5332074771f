"""What a client decoded, held against what the world holds: for each step a function that gives what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from anytws.messages.order_words import OrderStatusWord
from anytws.simulator.exchange.order import HeldOrder
from anytws.simulator.market import options
from anytws.simulator.market.words import Bar, Quote, Source
from anytws.simulator.universe.instrument import Instrument
from tests.strangers.sessions import Session

CLOSE: Final = datetime(2026, 1, 2, 21, tzinfo=UTC)
TICKS_FROM: Final = datetime(2026, 1, 2, 15, tzinfo=UTC)
HELD: Final = {"AAPL": 100, "SPY": -20}
BOUGHT: Final = 30
"""By the market order and the bracket."""


def ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def aapl(session: Session) -> Instrument:
    return session.world.universe.by_symbol("AAPL")


def price(instrument: Instrument, ticks: int) -> float:
    return float(Decimal(ticks) * instrument.tick)


def prices_of(instrument: Instrument, bar: Bar) -> list[float]:
    """Give open, high, low and close of *bar*, which counts in half ticks."""
    return [float(Decimal(each) * instrument.tick / 2) for each in (bar.open, bar.high, bar.low, bar.close)]


def same(seen: object, wanted: object) -> Iterator[str]:
    """Want both to be equal."""
    if seen != wanted:
        yield f"{seen!r} and not {wanted!r}"


def quotes(session: Session) -> list[Quote]:
    """Give every quote there was in the session, by beat."""
    market, instrument = session.world.market, aapl(session)
    at, found = ms(session.begin) - 60_000, []
    while at <= ms(session.end):
        found.append(market.quote(instrument, at))
        at = market.next_change(instrument, at)
    return found


def are_quotes(session: Session, pairs: list[list[float]]) -> Iterator[str]:
    """Want all bids and asks to be some of the market's."""
    instrument, known = aapl(session), quotes(session)
    bids = {price(instrument, quote.bid) for quote in known if quote.bid is not None}
    asks = {price(instrument, quote.ask) for quote in known if quote.ask is not None}
    strange = [pair for pair in pairs if pair[0] not in bids or pair[1] not in asks]
    if strange or not pairs:
        yield f"no quote of the market: {strange}"


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def connect(session: Session, seen: Any) -> Iterator[str]:
    settings = session.world.settings
    yield from same(seen["accounts"], [*settings.accounts])
    if not 157 <= seen["version"] <= settings.server_version:
        yield f"server version {seen['version']}"


def details(session: Session, seen: Any) -> Iterator[str]:
    instrument = aapl(session)
    yield from same(seen["contract_id"], instrument.contract.contract_id)
    yield from same(seen["name"], "APPLE INC")
    yield from same(Decimal(str(seen["min_tick"])), instrument.tick)
    yield from same(seen["primary"], "NASDAQ")
    # Builds before 2.0 of ib_insync's days had `US/Eastern`; the day of the session comes first.
    yield from same(seen["hours"].split(";")[0], "20260105:0400-20260105:2000")


def unknown_contract(_: Session, seen: Any) -> Iterator[str]:
    yield from same(seen, {"found": 0, "codes": [200]})


def chain(session: Session, seen: Any) -> Iterator[str]:
    option_class = session.world.universe.chain(aapl(session).contract.contract_id)[0]
    days = [f"{day:%Y%m%d}" for day in option_class.expirations(session.begin.date())]
    yield from same(seen["expirations"], days)
    yield from same(seen["strikes"], [float(strike) for strike in option_class.strikes])
    yield from same(seen["multiplier"], "100")


def option(session: Session, seen: Any) -> Iterator[str]:
    instrument = session.world.universe.by_id(seen["contract_id"])
    if instrument is None or float(instrument.contract.strike or 0) != seen["strike"]:
        yield f"no such option: {seen}"
        return
    at, spot = ms(session.begin) + 60_000, seen["spot"]
    volatility = options.volatility(session.world.settings.seed, instrument, aapl(session), at)
    greeks = options.greeks(instrument, volatility, spot, at)
    if abs(greeks.delta - seen["delta"]) > 0.01 or abs(volatility - seen["volatility"]) > 0.01:
        yield f"delta {greeks.delta}, volatility {volatility}, and not {seen}"


def quoted(session: Session, seen: Any) -> Iterator[str]:
    yield from are_quotes(session, seen["pairs"])
    instrument, known = aapl(session), quotes(session)
    if seen["last"] not in {price(instrument, quote.last) for quote in known if quote.last is not None}:
        yield f"last {seen['last']}"
    close = known[-1].close
    yield from same(seen["close"], None if close is None else price(instrument, close))
    if min(seen["sizes"]) <= 0:
        yield f"sizes {seen['sizes']}"


def bars(session: Session, seen: Any) -> Iterator[str]:
    instrument = aapl(session)
    begin = CLOSE - timedelta(hours=6, minutes=30)
    held = session.world.market.bars(instrument, ms(begin), ms(CLOSE), 300, Source.TRADES, True)
    unit = float(instrument.size_unit)
    wanted = [[bar.begin, *prices_of(instrument, bar), bar.volume * unit, bar.count] for bar in held]
    got = [[ms(time_of(row[0])), *row[1:]] for row in seen]
    yield from same(len(got), 78)
    yield from (f"{one} and not {other}" for one, other in zip(got, wanted, strict=False) if one != other)


def updating_bars(_: Session, seen: Any) -> Iterator[str]:
    if not 6 <= seen["bars"] <= 14 or seen["updates"] < 1:
        yield f"{seen}"


def depth(session: Session, seen: Any) -> Iterator[str]:
    bids, asks = ([row[0] for row in seen[side]] for side in ("bids", "asks"))
    yield from same((len(bids), len(asks)), (5, 5))
    if bids != sorted(bids, reverse=True) or asks != sorted(asks) or bids[0] >= asks[0]:
        yield f"no book: {seen}"
    market, instrument = session.world.market, aapl(session)
    for quote in quotes(session):
        book = market.book(instrument, quote.at, 5, "NASDAQ")
        if [price(instrument, level.price) for level in (*book.bids, *book.asks)] == [*bids, *asks]:
            return
    yield f"the market had no such book: {seen}"


def positions(session: Session, seen: Any) -> Iterator[str]:
    held = session.world.settings.positions
    by_symbol = session.world.universe.by_symbol
    account = session.world.settings.accounts[0]
    yield from same(
        seen,
        [[account, by_symbol(row.symbol).contract.contract_id, float(row.quantity), row.average_cost] for row in held],
    )


def summary(session: Session, seen: Any) -> Iterator[str]:
    yield from same(seen["TotalCashValue"], "100000.00")
    world, at = session.world, ms(session.begin) + 30_000
    value = 100_000.0
    for symbol, quantity in HELD.items():
        instrument = world.universe.by_symbol(symbol)
        value += quantity * price(instrument, world.market.mark(instrument, at))
    if abs(float(seen["NetLiquidation"]) - value) > 1000:
        yield f"net liquidation {seen['NetLiquidation']}, and not about {value:.2f}"


def what_if(_: Session, seen: Any) -> Iterator[str]:
    yield from same(seen["commission"], 1.0003)
    if seen["margin"] <= 0:
        yield f"margin {seen['margin']}"


def orders(session: Session) -> list[HeldOrder]:
    book = session.world.exchange.orders
    return [*book.ended, *book.live]


def market_order(session: Session, seen: Any) -> Iterator[str]:
    (held,) = (each for each in orders(session) if each.permanent_id == seen["permanent_id"])
    yield from same(seen["executions"], [fill.execution_id for fill in held.fills])
    yield from same((seen["status"], seen["filled"]), ("Filled", 10.0))
    yield from same(seen["price"], float(held.value / held.filled))
    yield from same(round(seen["commission"], 8), round(float(sum(fill.commission for fill in held.fills)), 8))


def bracket(_: Session, seen: Any) -> Iterator[str]:
    yield from same(seen["alive"], ["Filled", "Submitted", "PreSubmitted"])
    yield from same(seen["after"], ["Filled", "Cancelled", "Cancelled"])
    yield from same(seen["open"], True)


def resting_order(session: Session, seen: Any) -> Iterator[str]:
    yield from same([seen["permanent_id"]], [held.permanent_id for held in session.world.exchange.orders.live])


def executions(session: Session, seen: Any) -> Iterator[str]:
    fills = [fill for held in orders(session) for fill in held.fills]
    yield from same(seen, sorted([fill.execution_id, float(abs(fill.shares)), float(fill.price)] for fill in fills))


def completed(session: Session, seen: Any) -> Iterator[str]:
    words = {OrderStatusWord.FILLED: "Filled", OrderStatusWord.CANCELLED: "Cancelled"}
    ended = session.world.exchange.orders.ended
    yield from same(seen, sorted([held.permanent_id, words.get(held.status, held.status)] for held in ended))  # type: ignore[arg-type]


def pnl(_: Session, seen: Any) -> Iterator[str]:
    yield from same(float(seen["position"]), float(HELD["AAPL"] + BOUGHT))


def historical_ticks(session: Session, seen: Any) -> Iterator[str]:
    instrument = aapl(session)
    trades = session.world.market.trades(instrument, ms(TICKS_FROM), ms(TICKS_FROM) + 60_000)
    wanted = [
        [trade.at // 1000, price(instrument, trade.price), trade.size * float(instrument.size_unit)] for trade in trades
    ]
    got = [[ms(time_of(row[0])) // 1000, *row[1:]] for row in seen]
    if len(got) < 50:
        yield f"{len(got)} ticks"
    yield from same(got, wanted[: len(got)])


def head(_: Session, seen: Any) -> Iterator[str]:
    yield from same(time_of(seen), datetime(1980, 12, 12, 14, 30, tzinfo=UTC))


def tick_by_tick(session: Session, seen: Any) -> Iterator[str]:
    yield from are_quotes(session, [row[1:] for row in seen])


def realtime_bars(session: Session, seen: Any) -> Iterator[str]:
    instrument = aapl(session)
    for text, *prices in seen:
        begin = ms(time_of(text))
        bar = session.world.market.bar(instrument, begin, begin + 5000, Source.TRADES)
        yield from same(prices, None if bar is None else prices_of(instrument, bar))


def search(session: Session, seen: Any) -> Iterator[str]:
    if aapl(session).contract.contract_id not in seen:
        yield f"{seen}"


def scanner_parameters(_: Session, seen: Any) -> Iterator[str]:
    if seen["begins"] != "<?xml" or seen["length"] < 5000:
        yield f"{seen}"


def scanner(session: Session, seen: Any) -> Iterator[str]:
    yield from same([row[0] for row in seen], [0, 1, 2, 3, 4])
    for _, symbol in seen:
        session.world.universe.by_symbol(symbol)


def news(session: Session, seen: Any) -> Iterator[str]:
    yield from same(seen["providers"], sorted(session.world.settings.news_providers))
    yield from same(len(seen["headlines"]), 5)


def market_rule(session: Session, seen: Any) -> Iterator[str]:
    steps = session.world.universe.market_rule(26)
    yield from same(seen, [[float(step.low_edge), float(step.increment)] for step in steps or ()])


def histogram(_: Session, seen: Any) -> Iterator[str]:
    if seen["rows"] < 50:
        yield f"{seen}"


def schedule(_: Session, seen: Any) -> Iterator[str]:
    yield from same(seen, [[f"{day}-09:30:00", f"{day}-16:00:00"] for day in ("20251230", "20251231", "20260102")])


def restart(session: Session, seen: Any) -> Iterator[str]:
    world = session.world
    account, by_symbol = world.settings.accounts[0], world.universe.by_symbol
    ids = sorted(by_symbol(symbol).contract.contract_id for symbol in HELD)
    yield from same(seen["positions"], [[each, float(world.accounts.position(account, each))] for each in ids])
    yield from same(seen["open"], [held.permanent_id for held in world.exchange.orders.live])
    yield from same(seen["executions"], sum(len(held.fills) for held in orders(session)))
    if not seen["failures"]:
        yield "it connected at once"


CHECKS: Final[dict[str, Callable[[Session, Any], Iterator[str]]]] = {
    "connect": connect,
    "contract details": details,
    "unknown contract": unknown_contract,
    "option chain": chain,
    "option": option,
    "quotes": quoted,
    "bars": bars,
    "updating bars": updating_bars,
    "depth": depth,
    "positions": positions,
    "account summary": summary,
    "portfolio": positions,
    "what-if": what_if,
    "market order": market_order,
    "bracket": bracket,
    "resting order": resting_order,
    "executions": executions,
    "completed orders": completed,
    "pnl": pnl,
    "historical ticks": historical_ticks,
    "head timestamp": head,
    "tick by tick": tick_by_tick,
    "real-time bars": realtime_bars,
    "search": search,
    "scanner parameters": scanner_parameters,
    "scanner": scanner,
    "news": news,
    "market rule": market_rule,
    "histogram": histogram,
    "schedule": schedule,
    "nightly restart": restart,
}
"""All steps of a session, in their order."""


def problems(session: Session, name: str) -> list[str]:
    """Give what is wrong with the step *name*: it failed, or what it saw is not what the world holds."""
    step = session.step(name)
    if step.outcome == "failed":
        return [step.why]
    if step.outcome == "not offered":
        return []
    return [*CHECKS[name](session, step.seen)]
