"""A recorder of a hundred stocks, as a user writes it (docs/examples/recorder.py), while TWS is killed in many ways.

What is in its file, and what the file says is missing, is together what the world did: every trade of the market is in
the file once, or in a time of which the file says that it is not told.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import anyio
import pytest

from anytws import Pacing, Reconnection
from anytws.simulator import HangUp, World, WorldSettings
from anytws.simulator.faults import (
    AcceptAndHangUp,
    At,
    ConnectionLost,
    CutConnection,
    Event,
    FarmDown,
    Meanwhile,
    NightlyRestart,
    Script,
    Wedged,
)
from anytws.simulator.market.words import Trade
from anytws.simulator.universe.universe import Universe, usual_universe
from docs.examples.recorder import Recorder
from tests.staying import MORNING, staying

SYMBOLS: Final = [f"T{number:03}" for number in range(100)]
TRADED: Final = SYMBOLS[::20]
_INSTRUMENT: Final = """
[[instrument]]
like = "us_stock"
contract_id = {id}
symbol = "{symbol}"
long_name = "A stock that is traded now and then"
price = {price}
annual_volatility = 0.3
day_volume = 400000
trades_per_minute = 8
"""
Row = dict[str, Any]
Span = tuple[datetime, datetime]


def a_hundred_stocks() -> Universe:
    """Give a world of stocks that are not traded all the time."""
    rows = [
        _INSTRUMENT.format(id=991_000_000 + number, symbol=symbol, price=20 + number)
        for number, symbol in enumerate(SYMBOLS)
    ]
    return usual_universe().with_file("".join(rows))


def at(seconds: float) -> datetime:
    """Give the time of the world after so many *seconds*."""
    return MORNING + timedelta(seconds=seconds)


@pytest.fixture
def same_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program's machine have the time of the world."""
    monkeypatch.setattr("anytws.client.keeper.wall_offset", MORNING.timestamp)
    monkeypatch.setattr("anytws.client.market_data._clock", lambda: MORNING.timestamp() + anyio.current_time())


async def recorded(seconds: float, *events: Event, settle: float = 90, **settings: Any) -> tuple[World, list[Row]]:
    """Record for so many *seconds*, and then while it *settle*s; give the world and what is in the file."""
    file = io.StringIO()
    options = {"starts_at": MORNING, "lines": 800, "tick_seconds": 60.0, **settings}
    world = World(WorldSettings(**options), universe=a_hundred_stocks(), script=Script(list(events)))
    recorder = Recorder(file, lambda: at(anyio.current_time()))
    policy = Reconnection(id_wait=1e9)
    async with staying(world, policy=policy, pacing=Pacing(lines=800), read_only=True) as tws:
        with anyio.move_on_after(seconds + settle):
            await recorder.record(tws, SYMBOLS, TRADED)
        assert tws.presence.now.is_here
    return world, [json.loads(line) for line in file.getvalue().splitlines()]


def time_of(text: str) -> datetime:
    """Read a time of the file."""
    return datetime.fromisoformat(text)


def of(rows: Iterable[Row], kind: str, symbol: str | None = None) -> list[Row]:
    """Give the rows of a kind."""
    return [row for row in rows if row["kind"] == kind and symbol in (None, row["symbol"])]


def spans(rows: Iterable[Row], kind: str, symbol: str) -> list[Span]:
    """Give the times of which the file says that they are missing."""
    return [(time_of(row["since"]), time_of(row["until"])) for row in of(rows, kind, symbol)]


def farms_away(rows: Iterable[Row], end: datetime) -> list[Span]:
    """Give the times in which farms were away."""
    told = of(rows, "farms away")
    ends = [*[time_of(row["at"]) for row in told[1:]], end]
    return [(time_of(row["at"]), until) for row, until in zip(told, ends, strict=True) if row["names"]]


def _is_within(when: datetime, all_spans: Sequence[Span]) -> bool:
    return any(since <= when <= until for since, until in all_spans)


def key_of(trade: Trade) -> tuple[datetime, float, str]:
    """Give what the file says of *trade*."""
    second = datetime.fromtimestamp(trade.at // 1000, UTC)
    return second, trade.price / 100, str(trade.size)


def check(world: World, rows: list[Row], end: float) -> int:
    """Hold the file against the market, until so many seconds; give how many trades it says are not told."""
    begin_ms, end_ms = (round(at(seconds).timestamp() * 1000) for seconds in (0, end))
    missing = 0
    for symbol in TRADED:
        instrument = world.universe.by_symbol(symbol)
        trades = world.market.trades(instrument, begin_ms, end_ms)
        blind = [*spans(rows, "trades missing", symbol), *farms_away(rows, at(end))]
        seen = Counter([
            (time_of(row["at"]), row["price"], row["size"])
            for row in of(rows, "trade", symbol)
            if time_of(row["at"]).timestamp() * 1000 < end_ms
        ])  # fmt: skip
        happened = Counter(map(key_of, trades))
        assert not seen - happened, f"{symbol}: told what never happened, or twice"
        for trade in trades:
            key = key_of(trade)
            if seen[key]:
                seen[key] -= 1
                continue
            missing += 1
            when = datetime.fromtimestamp(trade.at / 1000, UTC)
            assert _is_within(when, blind), f"{symbol}: lost in silence: {when} {key}, blind {blind}"
    return missing


def check_gaps(rows: list[Row], symbol: str) -> list[Span]:
    """See that each gap was told once, one after the other; give them."""
    told = [row for row in rows if row["symbol"] == symbol and row["kind"] in ("trades stop", "trades missing")]
    assert [row["kind"] for row in told] == ["trades stop", "trades missing"] * (len(told) // 2), symbol
    found = spans(rows, "trades missing", symbol)
    assert [row["since"] for row in told[::2]] == [row["since"] for row in told[1::2]]
    assert all(since <= until for since, until in found)
    assert all(before[1] <= after[0] for before, after in pairwise(found))
    return found


CUTS: Final = (
    Event(At(60), CutConnection(how=HangUp.EOF)),
    Event(At(90), CutConnection(how=HangUp.RESET)),
    Event(At(91), CutConnection(how=HangUp.RESET)),
    Event(At(130), NightlyRestart(refused_seconds=80, stale_seconds=30, next_ids_by=-5)),
    Event(At(300), NightlyRestart(refused_seconds=10, forwarded=True)),
    Event(At(360), AcceptAndHangUp(seconds=30)),
    Event(At(361), CutConnection()),
    Event(At(450), ConnectionLost(seconds=40, data_lost=True)),
    # It comes back while TWS has no link, and of that nobody tells it.
    Event(At(455), CutConnection()),
)
LOSSES: Final = (
    Event(At(60), ConnectionLost(seconds=30, data_lost=False)),
    Event(At(130), ConnectionLost(seconds=30, data_lost=True, requests=Meanwhile.FALSE_200)),
    Event(At(200), ConnectionLost(seconds=30, data_lost=False)),
    Event(At(205), CutConnection()),
    Event(At(300), FarmDown(seconds=20)),
    Event(At(350), FarmDown(seconds=20, streams_die=True)),
    Event(At(500), Wedged(seconds=130)),
)


@pytest.mark.virtual_time
@pytest.mark.usefixtures("same_clock")
@pytest.mark.parametrize("night, server_version", [(CUTS, 176), (LOSSES, 226)], ids=["cuts", "losses"])
async def test_what_is_seen_and_what_is_said_to_be_missing_is_all_that_happened(
    night: Sequence[Event], server_version: int
) -> None:
    world, rows = await recorded(650, *night, server_version=server_version)
    assert check(world, rows, 650) > 0, "nothing was lost, so nothing was tried"
    for symbol in TRADED:
        assert len(check_gaps(rows, symbol)) >= 3
    check_quotes(rows)


def check_quotes(rows: Sequence[Row]) -> None:
    """See that each outage stands in the file for each of the hundred, until that was seen again."""
    stops = [time_of(row["since"]) for row in of(rows, "quotes stop") if row["symbol"] is None]
    assert len(stops) >= 3
    assert of(rows, "quotes end") == []
    for symbol in SYMBOLS:
        missing = spans(rows, "quotes missing", symbol)
        assert all(_is_within(stop, missing) for stop in stops), (symbol, stops, missing)
