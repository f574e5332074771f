"""Record the market through the night: quotes of many stocks, every trade of some, and every moment that is missing.

::

    python recorder.py tape.jsonl 7497 AAPL MSFT NVDA --trades AAPL

The file has one JSON object a line. What was seen is in it, and so is when nothing could be seen: whoever reads it
never has to guess whether a quiet hour was quiet.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import IO, Any

import anyio

import anytws
from anytws import Dropped, Gap, Resumed, Tws
from anytws.messages import Contract, HistoricalTickLast, SecurityType


def stock(symbol: str) -> Contract:
    """Name a US stock."""
    return Contract(symbol=symbol, security_type=SecurityType.STOCK, exchange="SMART", currency="USD")


class Recorder:
    """Writes down what comes, and since when nothing does."""

    def __init__(self, file: IO[str], clock: Callable[[], datetime] | None = None) -> None:
        self._file = file
        self._clock = clock or partial(datetime.now, UTC)
        self._blind: dict[str, str] = {}
        """Of which symbols no quote has come since a gap, and since when."""

    def _write(self, kind: str, symbol: str | None, **values: object) -> None:
        row = {"kind": kind, "symbol": symbol, **values}
        self._file.write(json.dumps(row, default=_told) + "\n")
        # A recorder that is killed has lost nothing that it has seen.
        self._file.flush()

    async def record(self, tws: Tws, symbols: Iterable[str], traded: Iterable[str] = ()) -> None:
        """Record the quotes of *symbols* and the trades of those that are *traded*, until it is cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._record_quotes, tws, list(symbols))
            tasks.start_soon(self._record_health, tws)
            for symbol in traded:
                tasks.start_soon(self._record_trades, tws, symbol)

    async def _record_quotes(self, tws: Tws, symbols: list[str]) -> None:
        async with tws.market_data.watch([stock(symbol) for symbol in symbols]) as watch:
            async for contract, item in watch:
                names = symbols if contract is None else [contract.symbol]
                if isinstance(item, Gap):
                    for name in names:
                        self._blind.setdefault(name, _told(item.since))
                    self._write("quotes stop", contract and contract.symbol, since=item.since, reason=item.reason)
                elif isinstance(item, Exception):
                    self._write("quotes end", names[0], reason=str(item))
                elif not isinstance(item, Resumed):
                    # Contracts are opened one after the other: each is seen again with its own first quote.
                    since = self._blind.pop(names[0], None)
                    if since is not None:
                        self._write("quotes missing", names[0], since=since, until=item.received_at)
                    self._write("quote", names[0], bid=item.bid, ask=item.ask, last=item.last, at=item.received_at)

    async def _record_trades(self, tws: Tws, symbol: str) -> None:
        try:
            async with tws.market_data.ticks(stock(symbol), "AllLast") as ticks:
                async for item in ticks:
                    if isinstance(item, HistoricalTickLast):
                        self._write("trade", symbol, at=item.time, price=item.price, size=item.size)
                    elif isinstance(item, Gap):
                        self._write("trades stop", symbol, since=item.since, reason=item.reason)
                    elif isinstance(item, Resumed):
                        self._write("trades missing", symbol, since=item.gap.since, until=item.until)
                    elif isinstance(item, Dropped):
                        self._write("trades dropped", symbol, count=item.count)
                    else:
                        self._write("remark", symbol, text=str(item))
        except (anytws.RequestFailed, anytws.LimitReached) as problem:
            # The others go on; the file says that these do not.
            self._write("trades end", symbol, reason=str(problem))

    async def _record_health(self, tws: Tws) -> None:
        """Write down which farms are away: their silence is no quiet market."""
        broken: tuple[str, ...] | None = None
        async with tws.health.changes() as changes:
            async for health in changes:
                now = tuple(sorted(farm.name for farm in health.broken()))
                if now != broken and health.closed is None:
                    broken = now
                    self._write("farms away", None, names=now, at=self._clock())


def _told(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


async def main(arguments: list[str] | None = None) -> None:
    """Record until it is stopped."""
    parser = argparse.ArgumentParser(description="Record quotes and trades through the night.")
    parser.add_argument("file")
    parser.add_argument("port", type=int)
    parser.add_argument("symbols", nargs="+")
    parser.add_argument("--trades", nargs="*", default=[])
    parser.add_argument("--lines", type=int, default=100, help="market data lines of the account")
    options = parser.parse_args(arguments)
    # Buffered by lines: the file is always whole.
    with open(options.file, "a", encoding="utf-8", buffering=1) as file:  # noqa: ASYNC230, PTH123
        pacing = anytws.Pacing(lines=options.lines)
        async with anytws.keep_connected(port=options.port, client_id=17, pacing=pacing, read_only=True) as tws:
            await Recorder(file).record(tws, options.symbols, options.trades)


if __name__ == "__main__":
    anyio.run(main)
