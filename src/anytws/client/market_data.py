"""Market data as it happens: quotes, ticks, books, bars of five seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Final, Literal, TypeAlias, TypeVar, overload

import anyio

from anytws.arrow.records import Records
from anytws.client.contract_like import ContractLike, contract_of, contracts_in
from anytws.client.conversing import Conversing
from anytws.client.watch import Watch, WatchedQuote, watch_of
from anytws.core.arguments import check_flag, check_instance, check_text, check_whole_number
from anytws.core.events import ConnectionClosed
from anytws.core.remembered import MOST_BYTES
from anytws.errors import AnytwsError, shown
from anytws.machines.bars import Bar
from anytws.machines.book import Book, Booking
from anytws.machines.conflated import Conflated
from anytws.machines.mailbox import CAPACITY, Folding, WhenFull
from anytws.machines.quotes import Quote
from anytws.machines.quoting import Quoting, is_never_below_zero
from anytws.machines.records import InBand
from anytws.machines.single_ticks import BarsMailbox, SingleTick, unwrapped
from anytws.machines.watching import Watched
from anytws.messages.base import Streams, replace
from anytws.messages.contract import Contract
from anytws.messages.historical import RealTimeBarsRequest, RealTimeWhatToShow
from anytws.messages.market_data import (
    CalculateImpliedVolatilityRequest,
    CalculateOptionPriceRequest,
    DepthMarketDataDescription,
    HistoricalTick,
    HistoricalTickBidAsk,
    HistoricalTickLast,
    MarketDataAnswer,
    MarketDataMode,
    MarketDataRequest,
    MarketDataTypeRequest,
    MarketDepthExchangesRequest,
    MarketDepthRequest,
    RerouteMarketDataRequest,
    RerouteMarketDepthRequest,
    TickByTickRequest,
    TickByTickType,
    TickOptionComputation,
)
from anytws.runtime.stream import Feed, Stream

_C = TypeVar("_C", bound=ContractLike)
_R = TypeVar("_R", MarketDataRequest, MarketDepthRequest)
_Trades: TypeAlias = Literal[TickByTickType.LAST, TickByTickType.ALL_LAST, "Last", "AllLast"]
_Quotes: TypeAlias = Literal[TickByTickType.BID_ASK, "BidAsk"]
_Midpoints: TypeAlias = Literal[TickByTickType.MID_POINT, "MidPoint"]

MOST_PAST_TICKS: Final = 1000
"""Ticks of the past that tick-by-tick data may begin with."""
_clock: Final = time.time  # noqa: TID251 (for people: nothing is measured by it)
_SMART: Final = "SMART"
_FIVE: Final = 5


class MarketData:
    """Market data as it happens: quotes, ticks, books, bars. It is ``tws.market_data``.

    What TWS refuses (354 and 10089: no subscription; 200: no such contract; 101: no line is left) raises
    `RequestFailed` at the first item. So do `DataLost` (1101: TWS has lost the data, open it again) and
    `ConnectionClosed`, after all that came before.
    """

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws

    # --- quotes ----------------------------------------------------------------------------------------------------

    def quotes(
        self, contract: ContractLike, generic_ticks: str | Iterable[int | str] = "", *, timeout: float | None = None
    ) -> Feed[Quote]:
        """Give a block with the quotes of *contract*, each the newest: ``async with ... as quotes``.

        A reader that is slow gets fewer, and never an old one. *generic_ticks* are more than the usual ticks, by the
        vendor's numbers: ``[233, 236]`` or ``"233,236"`` (`GenericTicks` says which number brings what); one that does
        not exist for this kind of instrument refuses all (321). Remarks, such as that data are delayed (10167), are in
        `Quote.notices`, and the quote that has the first of them may have nothing else. A CFD whose quotes are those of
        its underlying gives them (`Quote.rerouted`). It takes a market data line. *timeout*, in seconds, is for the
        first data; None: for ever, since what is not traded has none.
        """
        request, picture, follow = self._order(contract, _generic_list(generic_ticks))
        return self._tws.feed(request, Conflated(picture, follow), timeout=timeout)

    def watch(self, contracts: Iterable[_C], generic_ticks: str | Iterable[int | str] = "") -> Watch[_C]:
        """Give a block with the quotes of many *contracts* in one loop: ``async for contract, item`` as `Watched`.

        Each item is of one contract, as it was given here, and its newest `Quote`, or once and last why there are no
        more of them; the others go on. Whoever changes stands in a queue once, so none is left out, however slow the
        reader is. Equal contracts are one. *generic_ticks* is as in `quotes`. Each takes a market data line: for what
        finds none the item is an error. With the last contract it comes to its end.

        Raises `TypeError` and `ValueError` for what names no contract.
        """
        generic_list = _generic_list(generic_ticks)
        return watch_of(self._tws.feeds, contracts, lambda contract: self._order(contract, generic_list))

    async def snapshot(
        self, contract: ContractLike, *, pay_for_regulatory: bool = False, timeout: float | None = None
    ) -> Quote:
        """Give the quote of *contract* as it is now, once. It takes up to 11 seconds, and no market data line for long.

        TWS waits so long for values that do not come: what an instrument does not have, or is not traded, is None, and
        ``has_data`` is False where there was nothing at all. With *pay_for_regulatory* it is made of all exchanges of
        the US (`GenericTicks.last_regulatory_time`), and **each costs 0.01 USD, on paper accounts too**. A timeout of
        None is 15 s. Raises `RequestFailed`, `RequestTimedOut`, `ConnectionClosed`.
        """
        check_flag("pay_for_regulatory", pay_for_regulatory)
        asked, picture, _ = self._order(contract, "")
        request = replace(asked, snapshot=not pay_for_regulatory, regulatory_snapshot=pay_for_regulatory)
        picture.fold(await self._tws.ask(request, timeout=timeout))
        rerouted = picture.rerouted
        if rerouted is not None:
            picture.fold(await self._tws.ask(_following(request, rerouted), timeout=timeout))
        return picture.whole()

    async def snapshots(
        self, contracts: Iterable[_C], *, at_once: int = 50, timeout: float | None = None
    ) -> Records[WatchedQuote[_C]]:
        """Give the quotes of many *contracts*, once: for each, in their order, a `Quote` or the error instead of it.

        *at_once* are asked for at the same time at the most, *timeout* is for each. Raises `ConnectionClosed`, and
        `TypeError` and `ValueError` for what names no contract.
        """
        check_whole_number("at_once", at_once, at_least=1, example=50)
        wanted = contracts_in(contracts)
        for contract in wanted:
            contract_of(contract)
        found: list[Quote | Exception] = [AnytwsError("not asked")] * len(wanted)
        places = iter(range(len(wanted)))
        closed: ConnectionClosed | None = None

        async def ask_some() -> None:
            nonlocal closed
            for place in places:
                try:
                    found[place] = await self.snapshot(wanted[place], timeout=timeout)
                except ConnectionClosed as end:
                    closed = end
                    tasks.cancel_scope.cancel()
                except AnytwsError as problem:
                    found[place] = problem

        async with anyio.create_task_group() as tasks:
            for _ in range(min(at_once, len(wanted))):
                tasks.start_soon(ask_some)
        if closed is not None:
            raise closed
        return Records.of(Watched, [Watched(contract, item) for contract, item in zip(wanted, found, strict=True)])

    def raw(
        self, contract: ContractLike, generic_ticks: str | Iterable[int | str] = "", *,
        capacity: int = CAPACITY, when_full: WhenFull = "fail", capacity_bytes: int = MOST_BYTES,
        timeout: float | None = None,
    ) -> Stream[MarketDataAnswer]:  # fmt: skip
        """Give a block with what TWS says of *contract*, message by message, nothing put together: to record it.

        They are samples all the same (four a second for stocks): what TWS leaves out, nobody gets. The trades are
        `ticks`. For *capacity* and the like see `anytws.Tws.stream`, for the rest `quotes`.
        """
        request, _, _ = self._order(contract, _generic_list(generic_ticks))
        return self._tws.stream(
            request, timeout=timeout, capacity=capacity, when_full=when_full, capacity_bytes=capacity_bytes
        )

    async def mode(self, mode: MarketDataMode) -> None:
        """Choose how fresh data may be, for all later requests of this connection; those that run stay as they are.

        ``REAL_TIME``, with which a connection begins: live or refused (354). ``FROZEN``: live, and the last values
        while the market is closed. ``DELAYED``: live where that is subscribed to, else delayed by some 15 minutes.
        ``DELAYED_FROZEN``: all of that. TWS answers nothing; each `Quote` says what it is. It returns when
        that has left this process. Raises `ValueError` for another mode, `ConnectionClosed`.
        """
        check_instance("mode", mode, MarketDataMode, example="MarketDataMode.DELAYED")
        if not mode.is_known:
            raise ValueError(f"mode is {shown(mode)}, and has to be one of {', '.join(MarketDataMode.__members__)}")
        await self._tws.send(MarketDataTypeRequest(mode))

    # --- tick by tick, bars ----------------------------------------------------------------------------------------

    @overload
    def ticks(
        self, contract: ContractLike, kind: _Trades = ..., *,
        past: int = 0, ignore_size: bool = False, capacity: int = CAPACITY, when_full: WhenFull = "fail",
        capacity_bytes: int = MOST_BYTES, timeout: float | None = None,
    ) -> Feed[HistoricalTickLast | InBand]: ...  # fmt: skip
    @overload
    def ticks(
        self, contract: ContractLike, kind: _Quotes, *,
        past: int = 0, ignore_size: bool = False, capacity: int = CAPACITY, when_full: WhenFull = "fail",
        capacity_bytes: int = MOST_BYTES, timeout: float | None = None,
    ) -> Feed[HistoricalTickBidAsk | InBand]: ...  # fmt: skip
    @overload
    def ticks(
        self, contract: ContractLike, kind: _Midpoints, *,
        past: int = 0, ignore_size: bool = False, capacity: int = CAPACITY, when_full: WhenFull = "fail",
        capacity_bytes: int = MOST_BYTES, timeout: float | None = None,
    ) -> Feed[HistoricalTick | InBand]: ...  # fmt: skip
    def ticks(
        self, contract: ContractLike, kind: TickByTickType | str = TickByTickType.ALL_LAST, *,
        past: int = 0, ignore_size: bool = False, capacity: int = CAPACITY, when_full: WhenFull = "fail",
        capacity_bytes: int = MOST_BYTES, timeout: float | None = None,
    ) -> Feed[Any]:  # fmt: skip
        """Give a block with every tick of *contract*, none left out: trades, quotes or midpoints, by *kind*.

        *kind* is ``"AllLast"`` (all trades, as `Historical.ticks` has), ``"Last"`` (without those that do not set the
        last price, such as odd lots: most trades of a liquid stock), ``"BidAsk"`` or ``"MidPoint"``. The first are
        the *past* ones, the oldest first, up to 1,000 of them; a few more may come, and live ones between them.
        *ignore_size* leaves out quotes in which a size alone has changed. Times are UTC, in whole seconds. At a halt a
        trade has a price and a size of 0. Nothing is put together: a reader that is too slow is told so by *when_full*
        (`anytws.Tws.stream`).

        TWS gives some 3 to 5 at once to who has 100 lines (10190 beyond; `LimitReached` beyond what `Pacing` says), and
        one instrument not twice in 15 seconds. There is none for combos, none that is delayed (10189), and none but of
        the past for options.
        """
        check_whole_number("past", past, at_least=0, example=100)
        if past > MOST_PAST_TICKS:
            raise ValueError(f"past is {past}, and TWS gives {MOST_PAST_TICKS} at the most")
        check_flag("ignore_size", ignore_size)
        check_text("kind", kind, example="AllLast")
        request = TickByTickRequest(contract_of(contract), TickByTickType(kind), past, ignore_size)
        mailbox: Folding[SingleTick | InBand] = Folding(unwrapped, capacity, when_full, capacity_bytes)
        return self._tws.feed(request, mailbox, timeout=timeout)

    def bars(
        self, contract: ContractLike, what_to_show: RealTimeWhatToShow | str = RealTimeWhatToShow.TRADES, *,
        regular_hours: bool = False, capacity: int = CAPACITY, when_full: WhenFull = "fail",
        capacity_bytes: int = MOST_BYTES, timeout: float | None = None,
    ) -> Feed[Bar | InBand]:  # fmt: skip
        """Give a block with a bar of *contract* every five seconds, each when it is over.

        While there is trading a bar comes without trades too: its prices are the last one, its volume 0. With
        *regular_hours* nothing comes outside of them, and nothing says so. There is none that is delayed (420, 10089).
        It takes a market data line, and counts as a request for history: 60 new ones in ten minutes. After 10225 TWS
        has given up on it: open it again.
        """
        check_flag("regular_hours", regular_hours)
        check_text("what_to_show", what_to_show, example="TRADES")
        shown_kind = RealTimeWhatToShow(what_to_show)
        request = RealTimeBarsRequest(contract_of(contract), _FIVE, shown_kind, regular_hours)
        mailbox = BarsMailbox(request, capacity, when_full, capacity_bytes)
        return self._tws.feed(request, mailbox, timeout=timeout)

    # --- the book --------------------------------------------------------------------------------------------------

    def depth(
        self, contract: ContractLike, rows: int = 10, *, smart: bool | None = None, timeout: float | None = None
    ) -> Feed[Book]:
        """Give a block with the book of *contract*, up to *rows* on each side, each time the newest.

        With *smart* the books of all exchanges are put together, each row with its exchange; None: if the contract's
        exchange is ``SMART``, which has no book of its own. Exchanges without a subscription have their best row in it
        alone, and 2152 in `Book.notices` names them. A reader that is slow gets fewer books, and never an old one.

        TWS gives 3 at once to who has fewer than 400 lines (309 beyond). 10092: there is no such book; 316: trading is
        halted, open it again. Raises `ValueError` for a number of rows that TWS does not give.
        """
        asked = contract_of(contract)
        is_smart = asked.exchange == _SMART if smart is None else smart
        check_flag("smart", is_smart)
        request = MarketDepthRequest(asked, rows, is_smart)
        picture = Booking(rows, clock=_clock)
        mailbox = Conflated(picture, lambda rerouted: _following(request, rerouted))
        return self._tws.feed(request, mailbox, timeout=timeout)

    async def depth_exchanges(self, *, timeout: float | None = None) -> Records[DepthMarketDataDescription]:
        """Give the exchanges that have a book, for each sort of instrument: some three hundred rows."""
        answer = await self._tws.ask(MarketDepthExchangesRequest(), timeout=timeout)
        return Records.of(DepthMarketDataDescription, answer.depth_market_data_descriptions)

    # --- computations ----------------------------------------------------------------------------------------------

    async def implied_volatility(
        self, option: ContractLike, option_price: float, underlying_price: float, *, timeout: float | None = None
    ) -> TickOptionComputation:
        """Give what volatility the *option_price* implies at that *underlying_price*, with the greeks that go with it.

        TWS computes it. Where there is no such volatility it does not answer, which is `RequestTimedOut`. Raises
        `RequestFailed` (321) for what is no option.
        """
        request = CalculateImpliedVolatilityRequest(contract_of(option), option_price, underlying_price)
        return await self._tws.ask(request, timeout=timeout)

    async def option_price(
        self, option: ContractLike, volatility: float, underlying_price: float, *, timeout: float | None = None
    ) -> TickOptionComputation:
        """Give what the option costs at that *volatility* (0.25 is 25 percent a year) and *underlying_price*.

        TWS computes it. Where it finds no price, it says one without values after half a minute, or nothing, which is
        `RequestTimedOut`. Raises `RequestFailed` (321) for what is no option.
        """
        request = CalculateOptionPriceRequest(contract_of(option), volatility, underlying_price)
        return await self._tws.ask(request, timeout=timeout)

    # --- within ----------------------------------------------------------------------------------------------------

    def _order(self, contract: ContractLike, generic_list: str) -> tuple[MarketDataRequest, Quoting, Any]:
        """Give the request for the quotes of *contract*, the picture that they go into, and what follows a reroute."""
        asked = contract_of(contract)
        request = MarketDataRequest(asked, generic_list)
        picture = Quoting(is_above_zero=is_never_below_zero(asked), clock=_clock)

        def follow(rerouted: RerouteMarketDataRequest) -> Streams[Any]:
            return _following(request, rerouted)

        return request, picture, follow


def _following(request: _R, rerouted: RerouteMarketDataRequest | RerouteMarketDepthRequest) -> _R:
    """Give *request* with the contract that TWS wants to be asked for."""
    return replace(request, contract=Contract(contract_id=rerouted.contract_id, exchange=rerouted.exchange))


def _generic_list(generic_ticks: str | Iterable[int | str]) -> str:
    """Give the list as TWS wants it, of numbers or as somebody has written it."""
    if isinstance(generic_ticks, str):
        generic_list = generic_ticks
    elif isinstance(generic_ticks, (bytes, bytearray)):  # pyright: ignore[reportUnnecessaryIsInstance]
        # Its items are numbers, and not those that were meant.
        raise TypeError(
            f"generic_ticks is {shown(generic_ticks)}, and has to be a text, or numbers, such as [233, 236]"
        )
    else:
        generic_list = ",".join([str(number) for number in generic_ticks])
    check_text("generic_ticks", generic_list, example="233,236")
    return generic_list
