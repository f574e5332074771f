"""``anytws orders --live``: every change of an order, every execution, and where something may be missing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Protocol

import anyio

from anytws import NotConnected
from anytws.cli import NOT_CONNECTED
from anytws.cli.gaps import gap_object, gap_text, now_text, troubles_of
from anytws.cli.mask import Mask
from anytws.cli.order_rows import fill_object, fill_row, tone_of, trade_object, trade_row
from anytws.cli.output import Output, Tone
from anytws.core.events import ConnectionClosed
from anytws.errors import AnytwsError
from anytws.machines.order_state import Fill, OrderOutcome, TradeState
from anytws.machines.records import Gap, Resumed
from anytws.messages.session import ErrorMessage

if TYPE_CHECKING:
    from anytws import Trade, TradeChange, Tws

_LOOK_SECONDS: Final = 1.0
"""After which it is looked again whether the connection is well."""
_WIDTHS: Final = (8, 4, 28, 10)
"""Of the columns before the state, where they can be as wide: the rows that are to come nobody knows."""
_OWN: Final = "it is listed as open no more, and TWS does not say what became of it"


class Teller(Protocol):
    """How what is new is told."""

    def order(self, trade: Trade, state: TradeState, code: tuple[int, str] | None) -> None:
        """Tell how an order stands now, and with which code of TWS that came."""
        ...

    def fill(self, fill: Fill) -> None:
        """Tell an execution."""
        ...

    def gap(self, item: Gap | Resumed) -> None:
        """Tell that something may be missing from here on, or that it was asked for."""
        ...

    def trouble(self, text: str, *, is_over: bool = False) -> None:
        """Tell what is wrong, or that it is so no more."""
        ...

    def lost(self, trade: Trade) -> None:
        """Tell that an order is listed no more, and nothing says why."""
        ...


class Following:
    """Follows *orders* and *executions*, and asks every so often for what TWS does not tell by itself."""

    def __init__(self, tws: Tws, teller: Teller, every: float, *, orders: bool, executions: bool) -> None:
        self._tws = tws
        self._teller = teller
        self._every = every
        self._orders = orders
        self._executions = executions
        self._told: dict[Trade, object] = {}
        """What was told last of each order that is not over."""
        self._lost: set[Trade] = set()
        """Those of which nobody knows where they are; they are told once."""
        self._failure = ""

    async def run(self, seconds: float | None) -> int:
        """Follow, for so many *seconds* or for ever, and give the exit code. Raises what ends it."""
        failed: list[Exception] = []
        with anyio.move_on_after(seconds):
            async with anyio.create_task_group() as tasks:

                async def run(work: Any) -> None:  # noqa: ANN401 (one of the three below)
                    try:
                        await work()
                    except AnytwsError as problem:
                        failed.append(problem)
                        tasks.cancel_scope.cancel()

                if self._orders:
                    tasks.start_soon(run, self._follow_orders)
                if self._executions:
                    tasks.start_soon(run, self._follow_fills)
                tasks.start_soon(run, self._ask_again)
                tasks.start_soon(run, self._watch_connection)
        if failed:
            raise failed[0]
        return 0 if self._tws.presence.now.is_here else NOT_CONNECTED

    async def _follow_orders(self) -> None:
        async with self._tws.orders.follow_open() as changes:
            async for item in changes:
                if isinstance(item, (Gap, Resumed)):
                    self._teller.gap(item)
                else:
                    self._tell(item)

    def _tell(self, change: TradeChange) -> None:
        trade, state, because = change.trade, change.state, change.because
        if trade.order is None and state.status is OrderOutcome.UNKNOWN:
            # Nothing but an execution is known of it, as of an order that was over before anybody looked: it is asked.
            return
        code = (because.error_code, because.error_message or "") if isinstance(because, ErrorMessage) else None
        # Of what TWS repeats, and of what is not shown, there is nothing to tell.
        shown = (trade_row(trade, Mask(), state), state.status, state.word, state.filled, code)
        if self._told.get(trade) == shown:
            return
        self._told[trade] = shown
        self._lost.discard(trade)
        self._teller.order(trade, state, code)
        if state.is_done:
            self._told.pop(trade, None)

    async def _follow_fills(self) -> None:
        async with self._tws.orders.follow_executions() as fills:
            async for item in fills:
                if not isinstance(item, (Gap, Resumed)):
                    self._teller.fill(item)
                elif not self._orders:
                    self._teller.gap(item)

    async def _ask_again(self) -> None:
        """Ask again and again: what TWS answers comes the way of all that is heard of orders."""
        while True:
            await anyio.sleep(self._every)
            problem = await self._ask()
            if problem != self._failure:
                self._teller.trouble(problem or "TWS answers again", is_over=not problem)
                self._failure = problem

    async def _ask(self) -> str:
        """Ask once, and give what went wrong, in words. Raises `ConnectionClosed`."""
        orders = self._tws.orders
        try:
            if self._executions:
                await orders.executions()
            if self._orders:
                await self._look_for_ends({*await orders.open()})
        except ConnectionClosed:
            raise
        except AnytwsError as problem:
            # Where there is no connection that is told already.
            return "" if isinstance(problem, NotConnected) or not self._tws.presence.now.is_here else str(problem)
        return ""

    async def _look_for_ends(self, listed: set[Trade]) -> None:
        """Ask what became of orders that are listed as open no more, or were over before anybody looked."""
        gone = {trade for trade in self._tws.orders.trades if trade.state.is_live} - listed - self._lost
        if gone:
            await self._tws.orders.executions()
            await self._tws.orders.completed()
        for trade in gone:
            if trade.state.is_live:
                self._lost.add(trade)
                self._teller.lost(trade)

    async def _watch_connection(self) -> None:
        before: tuple[str, ...] = ()
        while True:
            now = troubles_of(self._tws)
            if now != before:
                before = now
                self._teller.trouble("; ".join(now) or "the connection of TWS is well again", is_over=not now)
            await anyio.sleep(_LOOK_SECONDS)


class LineTeller:
    """Writes a line for each thing, with the time by the clock of this machine."""

    def __init__(self, output: Output, mask: Mask) -> None:
        self._output = output
        self._mask = mask

    def _line(self, text: str, tone: Tone) -> None:
        self._output.row(((f"{now_text()}  ", Tone.QUIET),), text, tone, wrap=False)

    def order(self, trade: Trade, state: TradeState, code: tuple[int, str] | None) -> None:
        """Write how an order stands."""
        *columns, last, ref = trade_row(trade, self._mask, state)
        cells = [f"{cell:<{width}}" for cell, width in zip(columns, _WIDTHS, strict=True)]
        said = "" if code is None else f"  TWS said {code[0]}: {self._mask(code[1])}"
        self._line("  ".join([*cells, f"{last:<12}", ref]).rstrip() + said, tone_of(state))

    def fill(self, fill: Fill) -> None:
        """Write an execution."""
        _, *cells = fill_row(fill, self._mask)
        self._line("executed  " + "  ".join([cell for cell in cells if cell]), Tone.GOOD)

    def gap(self, item: Gap | Resumed) -> None:
        """Write where something may be missing."""
        tone = Tone.WARNING if isinstance(item, Gap) or item.not_fetched else Tone.GOOD
        self._line(self._mask(gap_text(item)), tone)

    def trouble(self, text: str, *, is_over: bool = False) -> None:
        """Write what is wrong."""
        self._line(self._mask(text), Tone.GOOD if is_over else Tone.BAD)

    def lost(self, trade: Trade) -> None:
        """Write that nobody knows where an order is."""
        self.order(trade, trade.state, None)
        self._line(_OWN, Tone.WARNING)


class JsonTeller:
    """Writes an object a line."""

    def __init__(self, output: Output, mask: Mask) -> None:
        self._output = output
        self._mask = mask

    def _write(self, **told: Any) -> None:  # noqa: ANN401 (what JSON has)
        self._output.raw(json.dumps(told))

    def order(self, trade: Trade, state: TradeState, code: tuple[int, str] | None) -> None:
        """Write how an order stands."""
        said = None if code is None else {"code": code[0], "text": self._mask(code[1])}
        self._write(order=trade_object(trade, self._mask, state), tws_said=said)

    def fill(self, fill: Fill) -> None:
        """Write an execution."""
        self._write(execution=fill_object(fill, self._mask))

    def gap(self, item: Gap | Resumed) -> None:
        """Write where something may be missing."""
        self._write(**gap_object(item, self._mask))

    def trouble(self, text: str, *, is_over: bool = False) -> None:
        """Write what is wrong."""
        self._write(trouble=None if is_over else self._mask(text))

    def lost(self, trade: Trade) -> None:
        """Write that nobody knows where an order is."""
        self._write(order=trade_object(trade, self._mask), lost=_OWN)
