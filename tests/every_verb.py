"""Every verb of every topic: how it is called, what TWS says to that in real messages, and what has to come of it."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, TypeAlias

import attrs

from anytws import Bar, Book, CaughtUp, Quote, Tws
from anytws import messages as m
from anytws.machines.download import Bars
from anytws.messages.base import replace
from tests.scripted_peer import ACCOUNT, Answers

Take: TypeAlias = "Callable[[Any], object]"

NOON: Final = datetime(2026, 1, 5, 17, 0, tzinfo=UTC)
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
APPLE: Final = m.Contract(265598, "AAPL", m.SecurityType.STOCK, exchange="SMART", currency="USD")
SPY: Final = m.Contract(756733, "SPY", m.SecurityType.STOCK, exchange="SMART", currency="USD")
BOND: Final = m.Contract(147554578, "US-T", m.SecurityType.BOND, exchange="SMART", currency="USD")
CALL: Final = m.Option("AAPL", "20261218", 300, m.Right.CALL)
HOURS: Final = "20260105:0930-20260105:1600;20260106:CLOSED"
GROUPS: Final = (
    '<?xml version="1.0"?><ListOfGroups><Group><name>G</name><ListOfAccts varName="list"><String>DU1</String>'
    "</ListOfAccts><defaultMethod>Equal</defaultMethod></Group></ListOfGroups>"
)
ALIASES: Final = (
    '<?xml version="1.0"?><ListOfAccountAliases><AccountAlias><account>DU1</account><alias>Mine</alias></AccountAlias>'
    "</ListOfAccountAliases>"
)
SUBSCRIPTION: Final = m.ScannerSubscription(10, m.ScannerInstrument.STOCK_US, "STK.US.MAJOR", "TOP_PERC_GAIN")


@attrs.frozen
class Verb:
    """One row of the table."""

    name: str
    """The verb, and in brackets how it is used, where that makes another conversation of it."""
    call: Callable[..., Any]
    """Calls it, with a connection and ``timeout=``: a coroutine, or a block of a stream."""
    answers: Answers
    """What TWS says to what it asks."""
    asks: type[Any]
    """The request that is the point: all before it lead to it."""
    gives: Callable[[Any], object]
    """Tells of what comes out whether it is right: of what was returned, or of the items that were read so far."""
    is_stream: bool = False
    since: int = 0
    takes_time: bool = False
    """Whether it waits a while for its own reasons: then its tests need a clock that jumps."""
    has_timeout: bool = True

    @property
    def verb(self) -> str:
        """The name of the verb alone."""
        return self.name.partition(" ")[0]

    @property
    def end(self) -> type[Any] | None:
        """The message that says that all has been said, where one does."""
        answers = self.answers[self.asks]
        *rows, last = [None] if callable(answers) else answers
        return type(last) if rows and type(last).__name__.endswith("End") else None


def _stock(exchange: str, contract: m.Contract = APPLE) -> m.ContractData:
    details = m.ContractDetails(
        min_tick=Decimal("0.01"),
        valid_exchanges=("SMART", "NASDAQ"),
        market_rule_ids=("26", "27"),
        trading_hours=HOURS,
        liquid_hours=HOURS,
        time_zone_id="US/Eastern",
        long_name="APPLE INC",
    )
    return m.ContractData(0, replace(contract, exchange=exchange), details)


DETAILS: Final = (_stock("SMART"), _stock("NASDAQ"), m.ContractDataEnd(0))
RULE: Final = (m.MarketRule(26, (m.PriceIncrement(0.0, 0.01),)),)
CHAIN: Final = (
    m.SecDefOptParameter(0, "SMART", 265598, "AAPL", Decimal(100), ("20261218",), (300.0, 310.0)),
    m.SecDefOptParameter(0, "CBOE", 265598, "AAPL", Decimal(100), ("20261218",), (300.0,)),
    m.SecDefOptParameterEnd(0),
)
ACCOUNT_DATA: Final = (
    m.AccountValue("NetLiquidation", "100", "USD", ACCOUNT),
    m.AccountValue("CashBalance", "50", "USD", ACCOUNT),
    m.PortfolioValue(APPLE, Decimal(5), 10.0, 50.0, 9.0, 5.0, 0.0, ACCOUNT),
    m.AccountUpdateTime("10:00"),
    m.AccountDataEnd(ACCOUNT),
)
SUMMARY: Final = (
    m.AccountSummary(0, ACCOUNT, m.AccountSummaryTag.NET_LIQUIDATION, "100", "USD"),
    m.AccountSummary(0, ACCOUNT, m.AccountSummaryTag.BUYING_POWER, "50", "USD"),
    m.AccountSummaryEnd(0),
)
POSITIONS: Final = (
    m.Position(ACCOUNT, APPLE, Decimal(5), 9.0), m.Position(ACCOUNT, SPY, Decimal(7), 9.0), m.PositionEnd(),
)  # fmt: skip
POSITIONS_OF: Final = (
    m.PositionMulti(0, ACCOUNT, APPLE, Decimal(5), 9.0),
    m.PositionMulti(0, ACCOUNT, SPY, Decimal(7), 9.0),
    m.PositionMultiEnd(0),
)
VALUES_OF: Final = (
    m.AccountUpdateMulti(0, ACCOUNT, "", "NetLiquidation", "100", "USD"),
    m.AccountUpdateMulti(0, ACCOUNT, "", "BuyingPower", "50", "USD"),
    m.AccountUpdateMultiEnd(0),
)
PNL: Final = (m.PnL(0, 1.0, 2.0, 3.0),)
PNL_OF: Final = (m.PnLSingle(0, Decimal(5), 1.0, 2.0, 3.0, 4.0),)
TICKS: Final = (
    m.MarketDataType(0, m.MarketDataMode.REAL_TIME),
    m.TickReqParams(0, Decimal("0.01"), "9c0001", 3),
    m.TickPrice(0, m.TickType.BID, 10.5, Decimal(3)),
    m.TickPrice(0, m.TickType.ASK, 10.75, Decimal(4)),
)
SNAPSHOT: Final = (*TICKS, m.TickSnapshotEnd(0))
TRADE: Final = m.HistoricalTickLast(NOON, 10.5, Decimal(3), "NASDAQ")
TICK: Final = m.TickByTickData(0, m.TickByTickKind.LAST, last=TRADE)
PAST_TICKS: Final = (m.HistoricalTicksLast(0, (TRADE, TRADE), is_done=True),)
DEPTH: Final = tuple([
    m.MarketDepth(0, m.MarketDepthData(0, m.MarketDepthOperation.INSERT, side, 10.5, Decimal(3)))
    for side in m.MarketDepthSide
])  # fmt: skip
COMPUTED: Final = (
    m.TickOptionComputation(0, m.TickType.CUST_OPTION_COMPUTATION, implied_volatility=0.25, option_price=5.0),
)
ALL_TICKS: Final = (
    m.TickString(0, m.TickType.LAST_TIMESTAMP, "1767632400"),
    m.TickString(0, m.TickType.RT_VOLUME, "10.5;3;1767632400000;100;10.4;true"),
    m.TickString(0, m.TickType.IB_DIVIDENDS, "1.0,1.04,20260209,0.26"),
    m.TickGeneric(0, m.TickType.HALTED, 0.0),
    m.TickSize(0, m.TickType.VOLUME, Decimal(1000)),
    m.TickOptionComputation(0, m.TickType.MODEL_OPTION, delta=0.5, option_price=5.0),
    m.TickEfp(0, m.TickType.BID_EFP_COMPUTATION, 1.0, "1.0", 2.0, 3, "20261218", 0.1, 0.2),
    m.TickNews(0, NOON, "DJ-N", "DJ-N$1", "Apples fall"),
    *TICKS,
)
QUOTE: Final = m.HistoricalTickBidAsk(NOON, 10.5, 10.75, Decimal(3), Decimal(4))
MIDPOINT: Final = m.HistoricalTick(NOON, 10.6)
SMART_DEPTH: Final = tuple([
    m.MarketDepthL2(
        0, m.MarketDepthData(0, m.MarketDepthOperation.INSERT, side, 10.5, Decimal(3), "NASDAQ", is_smart_depth=True)
    )
    for side in m.MarketDepthSide
])  # fmt: skip
CFD: Final = m.Contract(symbol="AAPL", security_type=m.SecurityType.CFD, exchange="SMART", currency="USD")


def _rerouted(request: Any) -> Iterable[Any]:
    """Say of the CFD that its data are those of the stock, and of the stock what there is to say."""
    is_depth = isinstance(request, m.MarketDepthRequest)
    if not request.contract.contract_id:
        kind = m.RerouteMarketDepthRequest if is_depth else m.RerouteMarketDataRequest
        return (kind(0, 265598, "SMART"),)
    return DEPTH if is_depth else SNAPSHOT if request.snapshot else TICKS


NEWS: Final = (m.TickNews(0, NOON, "DJ-N", "DJ-N$1", "Apples fall"),)
HEADLINES: Final = (
    m.HistoricalNews(0, NOON, "DJ-N", "DJ-N$1", "Apples fall"),
    m.HistoricalNews(0, NOON, "DJ-N", "DJ-N$2", "Apples rise"),
    m.HistoricalNewsEnd(0, has_more=True),
)
BULLETIN: Final = (m.NewsBulletin(1, m.NewsBulletinType.REGULAR, "Lunch", "NYSE"),)
SETTINGS: Final = (m.ConfigResponse(0, messages=(m.MessageConfig(1, "Stop"),)),)
RANKING: Final = (m.ScannerData(0, (m.ScannerDataElement(0, APPLE, "NMS"),)),)


def bar_at(moment: date) -> m.HistoricalDataBar:
    """Give a bar of TWS that begins at *moment*."""
    return m.HistoricalDataBar(moment, 10.0, 11.0, 9.0, 10.5, Decimal(100), Decimal(10), 7)


def bars_at(*moments: date) -> tuple[Any, ...]:
    """Give what TWS says where those are its bars, from server version 196 on."""
    data = m.HistoricalData(0, None, None, tuple([bar_at(moment) for moment in moments]))
    return data, m.HistoricalDataEnd(0, NOON, NOON + DAY)


def _window(request: Any) -> Iterable[Any]:
    """Give the bars that end at or before the end that was asked for, as many as were asked for."""
    assert request.end_date_time is not None
    hours = int(request.duration.split()[0]) * (24 if request.duration.endswith("D") else 1) if (
        not request.duration.endswith("S")
    ) else int(request.duration.split()[0]) // 3600  # fmt: skip
    moments = [request.end_date_time - HOUR * (place + 1) for place in reversed(range(min(hours, 48)))]
    return bars_at(*moments)


_TERMS: Final = m.Order(m.Action.BUY, m.OrderType.LIMIT, Decimal(5), 10.5, account=ACCOUNT)


def _open_order(number: int, permanent_id: int) -> m.OpenOrder:
    state = m.OrderState(status=m.OrderStatusWord.SUBMITTED)
    return m.OpenOrder(number, APPLE, replace(_TERMS, permanent_id=permanent_id), state)


def _completed(permanent_id: int) -> m.CompletedOrder:
    state = m.OrderState(status=m.OrderStatusWord.CANCELLED, completed_status="Cancelled by Trader")
    return m.CompletedOrder(APPLE, replace(_TERMS, permanent_id=permanent_id), state)


def _execution(number: int) -> m.ExecutionDetails:
    execution = m.Execution(
        f"1.1.{number}.01", m.ExecutionSide.BOUGHT, 900 + number, NOON, ACCOUNT, "NYSE", Decimal(5), 10.5, 90 + number
    )
    return m.ExecutionDetails(0, APPLE, execution)


OPEN_ORDERS: Final = (
    _open_order(901, 77),
    m.OrderStatus(901, m.OrderStatusWord.SUBMITTED, Decimal(0), Decimal(5), 0.0, 77, 0, 0.0, 0),
    _open_order(902, 78),
    m.OpenOrdersEnd(),
)
COMPLETED: Final = (_completed(87), _completed(88), m.CompletedOrdersEnd())
EXECUTIONS: Final = (
    _execution(1), m.CommissionAndFeesReport("1.1.1.01", 1.0, "USD"),
    _execution(2), m.CommissionAndFeesReport("1.1.2.01", 1.0, "USD"), m.ExecutionDetailsEnd(0),
)  # fmt: skip
BOUND: Final = (_open_order(-2, 97), m.OpenOrdersEnd())


def _names(figures: Any) -> set[str]:
    return {figure.name for figure in figures}


def _symbols(rows: Any) -> set[str]:
    return {row.contract.symbol for row in rows}


def _is_quoted(item: Any) -> bool:
    return isinstance(item, Quote) and (item.bid, item.ask) == (10.5, 10.75)


def _last_is(holds: Callable[[Any], object]) -> Take:
    return lambda items: bool(items) and holds(items[-1])


def _count_of(kind: type[Any], count: int) -> Take:
    return lambda items: sum(isinstance(item, kind) for item in items) >= count


def _are(*wanted: str) -> Take:
    return lambda figures: _names(figures) == {*wanted}


def _hold(*wanted: str) -> Take:
    return lambda rows: _symbols(rows) == {*wanted}


_FIGURES: Final = _are("NetLiquidation", "CashBalance")
_MULTI: Final = _are("NetLiquidation", "BuyingPower")
_BOTH: Final = _hold("AAPL", "SPY")

ACCOUNTS: Final = [
    Verb("accounts.summary", lambda tws, **o: tws.accounts.summary(**o), {m.AccountSummaryRequest: SUMMARY},
         m.AccountSummaryRequest, _MULTI),
    Verb("accounts.follow_summary", lambda tws, **o: tws.accounts.follow_summary(**o),
         {m.AccountSummaryRequest: SUMMARY}, m.AccountSummaryRequest, _last_is(_MULTI), is_stream=True),
    Verb("accounts.values", lambda tws, **o: tws.accounts.values(**o), {m.AccountDataRequest: ACCOUNT_DATA},
         m.AccountDataRequest, _FIGURES),
    Verb("accounts.follow_values", lambda tws, **o: tws.accounts.follow_values(**o),
         {m.AccountDataRequest: ACCOUNT_DATA}, m.AccountDataRequest, _last_is(_FIGURES), is_stream=True),
    Verb("accounts.portfolio", lambda tws, **o: tws.accounts.portfolio(**o), {m.AccountDataRequest: ACCOUNT_DATA},
         m.AccountDataRequest, _hold("AAPL")),
    Verb("accounts.follow_portfolio", lambda tws, **o: tws.accounts.follow_portfolio(**o),
         {m.AccountDataRequest: ACCOUNT_DATA}, m.AccountDataRequest, _last_is(_hold("AAPL")), is_stream=True),
    Verb("accounts.positions", lambda tws, **o: tws.accounts.positions(**o), {m.PositionsRequest: POSITIONS},
         m.PositionsRequest, _BOTH),
    Verb("accounts.follow_positions", lambda tws, **o: tws.accounts.follow_positions(**o),
         {m.PositionsRequest: POSITIONS}, m.PositionsRequest, _last_is(_BOTH), is_stream=True),
    Verb("accounts.positions_of", lambda tws, **o: tws.accounts.positions_of(**o),
         {m.PositionsMultiRequest: POSITIONS_OF}, m.PositionsMultiRequest, _BOTH),
    Verb("accounts.follow_positions_of", lambda tws, **o: tws.accounts.follow_positions_of(**o),
         {m.PositionsMultiRequest: POSITIONS_OF}, m.PositionsMultiRequest, _last_is(_BOTH), is_stream=True),
    Verb("accounts.values_of", lambda tws, **o: tws.accounts.values_of(**o),
         {m.AccountUpdatesMultiRequest: VALUES_OF}, m.AccountUpdatesMultiRequest, _MULTI),
    Verb("accounts.follow_values_of", lambda tws, **o: tws.accounts.follow_values_of(**o),
         {m.AccountUpdatesMultiRequest: VALUES_OF}, m.AccountUpdatesMultiRequest, _last_is(_MULTI), is_stream=True),
    Verb("accounts.pnl", lambda tws, **o: tws.accounts.pnl(**o), {m.PnLRequest: PNL}, m.PnLRequest,
         lambda pnl: pnl.daily_pnl == 1, takes_time=True),
    Verb("accounts.follow_pnl", lambda tws, **o: tws.accounts.follow_pnl(**o), {m.PnLRequest: PNL}, m.PnLRequest,
         _count_of(m.PnL, 1), is_stream=True),
    Verb("accounts.pnl_of", lambda tws, **o: tws.accounts.pnl_of(APPLE, **o), {m.PnLSingleRequest: PNL_OF},
         m.PnLSingleRequest, lambda pnl: pnl.daily_pnl == 1, takes_time=True),
    Verb("accounts.follow_pnl_of", lambda tws, **o: tws.accounts.follow_pnl_of(APPLE, **o),
         {m.PnLSingleRequest: PNL_OF}, m.PnLSingleRequest, _count_of(m.PnLSingle, 1), is_stream=True),
    Verb("accounts.family_codes", lambda tws, **o: tws.accounts.family_codes(**o),
         {m.FamilyCodesRequest: (m.FamilyCodes((m.FamilyCode("DU1", "F"),)),)}, m.FamilyCodesRequest,
         lambda codes: codes == (m.FamilyCode("DU1", "F"),)),
    Verb("accounts.white_branding_id", lambda tws, **o: tws.accounts.white_branding_id(**o),
         {m.UserInfoRequest: (m.UserInfo(0, "white"),)}, m.UserInfoRequest, lambda text: text == "white"),
    Verb("accounts.soft_dollar_tiers", lambda tws, **o: tws.accounts.soft_dollar_tiers(**o),
         {m.SoftDollarTiersRequest: (m.SoftDollarTiers(0, (m.SoftDollarTier("a", "b", "c"),)),)},
         m.SoftDollarTiersRequest, lambda tiers: len(tiers) == 1),
]  # fmt: skip

_RESOLVE: Final = {m.ContractDataRequest: DETAILS}

CONTRACTS: Final = [
    Verb("contracts.resolve", lambda tws, **o: tws.contracts.resolve(265598, **o), _RESOLVE, m.ContractDataRequest,
         lambda row: row.contract == APPLE),
    Verb("contracts.resolve (a bond)", lambda tws, **o: tws.contracts.resolve(BOND.contract_id, **o),
         {m.ContractDataRequest: (
             m.BondContractData(0, BOND, m.ContractDetails(cusip="912810", maturity="20400101")), m.ContractDataEnd(0),
         )}, m.ContractDataRequest, lambda row: row.details.cusip == "912810"),
    Verb("contracts.resolve_all", lambda tws, **o: tws.contracts.resolve_all([265598, 265598], **o), _RESOLVE,
         m.ContractDataRequest, lambda found: [each.found.contract for each in found] == [APPLE, APPLE]),
    Verb("contracts.details", lambda tws, **o: tws.contracts.details(265598, **o), _RESOLVE, m.ContractDataRequest,
         lambda rows: {row.contract.exchange for row in rows} == {"SMART", "NASDAQ"}),
    Verb("contracts.trading_hours", lambda tws, **o: tws.contracts.trading_hours(APPLE, **o), _RESOLVE,
         m.ContractDataRequest, lambda hours: len(hours.sessions) == 1),
    Verb("contracts.liquid_hours", lambda tws, **o: tws.contracts.liquid_hours(APPLE, **o), _RESOLVE,
         m.ContractDataRequest, lambda hours: len(hours.sessions) == 1),
    Verb("contracts.search", lambda tws, **o: tws.contracts.search("AAP", **o),
         {m.MatchingSymbolsRequest: (m.SymbolSamples(0, (m.ContractDescription(APPLE),)),)}, m.MatchingSymbolsRequest,
         lambda found: _symbols(found) == {"AAPL"}),
    Verb("contracts.option_chain", lambda tws, **o: tws.contracts.option_chain(265598, **o),
         {**_RESOLVE, m.SecDefOptParamsRequest: CHAIN}, m.SecDefOptParamsRequest,
         lambda chain: chain.strikes == (300.0, 310.0)),
    Verb("contracts.option_chains", lambda tws, **o: tws.contracts.option_chains(APPLE, **o),
         {m.SecDefOptParamsRequest: CHAIN}, m.SecDefOptParamsRequest,
         lambda chains: {chain.exchange for chain in chains} == {"SMART", "CBOE"}),
    Verb("contracts.market_rule", lambda tws, **o: tws.contracts.market_rule(26, **o), {m.MarketRuleRequest: RULE},
         m.MarketRuleRequest, lambda rule: rule == RULE[0]),
    Verb("contracts.price_steps", lambda tws, **o: tws.contracts.price_steps(265598, **o),
         {**_RESOLVE, m.MarketRuleRequest: RULE}, m.MarketRuleRequest, lambda steps: steps is not None),
    Verb("contracts.smart_components", lambda tws, **o: tws.contracts.smart_components("9c0001", **o),
         {m.SmartComponentsRequest: (m.SmartComponents(0, (m.SmartComponent(0, "NYSE", "N"),)),)},
         m.SmartComponentsRequest, lambda found: len(found) == 1),
]  # fmt: skip

_QUOTED: Final = {m.MarketDataRequest: TICKS}

MARKET_DATA: Final = [
    Verb("market_data.quotes", lambda tws, **o: tws.market_data.quotes(APPLE, **o), _QUOTED, m.MarketDataRequest,
         _last_is(_is_quoted), is_stream=True),
    Verb("market_data.watch", lambda tws: tws.market_data.watch([APPLE]), _QUOTED, m.MarketDataRequest,
         _last_is(lambda watched: _is_quoted(watched.item)), is_stream=True, has_timeout=False),
    Verb("market_data.snapshot", lambda tws, **o: tws.market_data.snapshot(APPLE, **o),
         {m.MarketDataRequest: SNAPSHOT}, m.MarketDataRequest, _is_quoted),
    Verb("market_data.snapshots", lambda tws, **o: tws.market_data.snapshots([APPLE, SPY], **o),
         {m.MarketDataRequest: SNAPSHOT}, m.MarketDataRequest,
         lambda found: len(found) == 2 and all(_is_quoted(each.item) for each in found)),
    Verb("market_data.raw", lambda tws, **o: tws.market_data.raw(APPLE, **o), _QUOTED, m.MarketDataRequest,
         _count_of(m.TickPrice, 2), is_stream=True),
    Verb("market_data.ticks", lambda tws, **o: tws.market_data.ticks(APPLE, **o), {m.TickByTickRequest: (TICK,)},
         m.TickByTickRequest, _count_of(m.HistoricalTickLast, 1), is_stream=True),
    Verb("market_data.ticks (past)", lambda tws, **o: tws.market_data.ticks(APPLE, past=2, **o),
         {m.TickByTickRequest: (*PAST_TICKS, TICK)}, m.TickByTickRequest, _count_of(m.HistoricalTickLast, 3),
         is_stream=True),
    Verb("market_data.bars", lambda tws, **o: tws.market_data.bars(APPLE, **o),
         {m.RealTimeBarsRequest: (m.RealTimeBarTick(0, NOON, 1.0, 2.0, 0.5, 1.5, Decimal(3), Decimal(1), 2),)},
         m.RealTimeBarsRequest, _count_of(Bar, 1), is_stream=True),
    Verb("market_data.depth", lambda tws, **o: tws.market_data.depth(APPLE, smart=False, **o),
         {m.MarketDepthRequest: DEPTH}, m.MarketDepthRequest,
         _last_is(lambda book: isinstance(book, Book) and book.bids and book.asks), is_stream=True),
    Verb("market_data.quotes (all kinds)", lambda tws, **o: tws.market_data.quotes(APPLE, [233], **o),
         {m.MarketDataRequest: ALL_TICKS}, m.MarketDataRequest, _last_is(_is_quoted), is_stream=True),
    Verb("market_data.ticks (quotes)", lambda tws, **o: tws.market_data.ticks(APPLE, "BidAsk", past=1, **o),
         {m.TickByTickRequest: (
             m.HistoricalTicksBidAsk(0, (QUOTE,), is_done=True),
             m.TickByTickData(0, m.TickByTickKind.BID_ASK, bid_ask=QUOTE),
         )}, m.TickByTickRequest, _count_of(m.HistoricalTickBidAsk, 2), is_stream=True),
    Verb("market_data.ticks (midpoints)", lambda tws, **o: tws.market_data.ticks(APPLE, "MidPoint", **o),
         {m.TickByTickRequest: (m.TickByTickData(0, m.TickByTickKind.MID_POINT, mid_point=MIDPOINT),)},
         m.TickByTickRequest, _count_of(m.HistoricalTick, 1), is_stream=True),
    Verb("market_data.depth (smart)", lambda tws, **o: tws.market_data.depth(APPLE, **o),
         {m.MarketDepthRequest: SMART_DEPTH}, m.MarketDepthRequest,
         _last_is(lambda book: isinstance(book, Book) and book.bids and book.asks), is_stream=True),
    Verb("market_data.quotes (of a CFD)", lambda tws, **o: tws.market_data.quotes(CFD, **o),
         {m.MarketDataRequest: _rerouted}, m.MarketDataRequest, _last_is(_is_quoted), is_stream=True),
    Verb("market_data.watch (of a CFD)", lambda tws: tws.market_data.watch([CFD]), {m.MarketDataRequest: _rerouted},
         m.MarketDataRequest, _last_is(lambda watched: _is_quoted(watched.item)), is_stream=True, has_timeout=False),
    Verb("market_data.snapshot (of a CFD)", lambda tws, **o: tws.market_data.snapshot(CFD, **o),
         {m.MarketDataRequest: _rerouted}, m.MarketDataRequest, _is_quoted),
    Verb("market_data.depth (of a CFD)", lambda tws, **o: tws.market_data.depth(CFD, smart=False, **o),
         {m.MarketDepthRequest: _rerouted}, m.MarketDepthRequest,
         _last_is(lambda book: isinstance(book, Book) and book.bids and book.asks), is_stream=True),
    Verb("market_data.depth_exchanges", lambda tws, **o: tws.market_data.depth_exchanges(**o),
         {m.MarketDepthExchangesRequest: (m.MarketDepthExchanges((m.DepthMarketDataDescription("NYSE"),)),)},
         m.MarketDepthExchangesRequest, lambda found: len(found) == 1),
    Verb("market_data.implied_volatility", lambda tws, **o: tws.market_data.implied_volatility(CALL, 5.0, 300.0, **o),
         {m.CalculateImpliedVolatilityRequest: COMPUTED}, m.CalculateImpliedVolatilityRequest,
         lambda found: found.implied_volatility == 0.25),
    Verb("market_data.option_price", lambda tws, **o: tws.market_data.option_price(CALL, 0.25, 300.0, **o),
         {m.CalculateOptionPriceRequest: COMPUTED}, m.CalculateOptionPriceRequest,
         lambda found: found.option_price == 5),
]  # fmt: skip

_BARS: Final = {m.HistoricalDataRequest: bars_at(NOON, NOON + HOUR)}
_UPDATING: Final = (
    *bars_at(NOON, NOON + HOUR), m.HistoricalDataUpdate(0, m.UpdatedBar(NOON + HOUR, 1.0, 2.0, 0.5, 1.5)),
)  # fmt: skip
_DOWNLOAD: Final[Answers] = {m.CurrentTimeRequest: (m.CurrentTime(NOON + 9 * DAY),), m.HistoricalDataRequest: _window}


def _download(tws: Tws, **options: Any) -> Any:
    return tws.historical.download(APPLE, NOON, NOON + 2 * HOUR, "1 hour", **options)


HISTORICAL: Final = [
    Verb("historical.bars", lambda tws, **o: tws.historical.bars(APPLE, "1 D", "1 hour", **o), _BARS,
         m.HistoricalDataRequest, lambda bars: [bar.begin for bar in bars] == [NOON, NOON + HOUR]),
    Verb("historical.updating_bars", lambda tws, **o: tws.historical.updating_bars(APPLE, "1 D", "1 hour", **o),
         {m.HistoricalDataRequest: _UPDATING}, m.HistoricalDataRequest,
         lambda items: _count_of(Bar, 3)(items) and _count_of(CaughtUp, 1)(items), is_stream=True),
    Verb("historical.download", _download, _DOWNLOAD, m.HistoricalDataRequest,
         lambda chunks: sum(len(chunk.bars) for chunk in chunks if isinstance(chunk, Bars)) == 2, is_stream=True,
         has_timeout=False),
    Verb("historical.ticks", lambda tws, **o: tws.historical.ticks(APPLE, start=NOON, **o),
         {m.HistoricalTicksRequest: PAST_TICKS}, m.HistoricalTicksRequest, lambda ticks: ticks == (TRADE, TRADE)),
    Verb("historical.bars (days)", lambda tws, **o: tws.historical.bars(APPLE, "2 D", **o),
         {m.HistoricalDataRequest: bars_at(NOON.date(), NOON.date() + DAY)}, m.HistoricalDataRequest,
         lambda bars: [bar.day for bar in bars] == [NOON.date(), NOON.date() + DAY]),
    Verb("historical.updating_bars (days)", lambda tws, **o: tws.historical.updating_bars(APPLE, "2 D", "1 day", **o),
         {m.HistoricalDataRequest: (
             *bars_at(NOON.date()), m.HistoricalDataUpdate(0, m.UpdatedBar(NOON.date(), 1.0, 2.0, 0.5, 1.5)),
         )}, m.HistoricalDataRequest, _count_of(Bar, 2), is_stream=True),
    Verb("historical.ticks (quotes)", lambda tws, **o: tws.historical.ticks(APPLE, "BID_ASK", start=NOON, **o),
         {m.HistoricalTicksRequest: (m.HistoricalTicksBidAsk(0, (QUOTE,), is_done=True),)},
         m.HistoricalTicksRequest, lambda ticks: ticks == (QUOTE,)),
    Verb("historical.ticks (midpoints)", lambda tws, **o: tws.historical.ticks(APPLE, "MIDPOINT", start=NOON, **o),
         {m.HistoricalTicksRequest: (m.HistoricalTicks(0, (MIDPOINT,), is_done=True),)},
         m.HistoricalTicksRequest, lambda ticks: ticks == (MIDPOINT,)),
    Verb("historical.head_timestamp", lambda tws, **o: tws.historical.head_timestamp(APPLE, **o),
         {m.HeadTimestampRequest: (m.HeadTimestamp(0, NOON),)}, m.HeadTimestampRequest, lambda time: time == NOON),
    Verb("historical.histogram", lambda tws, **o: tws.historical.histogram(APPLE, **o),
         {m.HistogramDataRequest: (m.HistogramData(0, (m.HistogramDataEntry(10.5, Decimal(3)),)),)},
         m.HistogramDataRequest, lambda rows: len(rows) == 1),
    Verb("historical.schedule", lambda tws, **o: tws.historical.schedule(APPLE, **o),
         {m.HistoricalDataRequest: (m.HistoricalSchedule(
             0, datetime(2026, 1, 5, 9, 30), datetime(2026, 1, 5, 16), "US/Eastern",  # noqa: DTZ001 (as TWS says it)
             (m.HistoricalSession(datetime(2026, 1, 5, 9, 30), datetime(2026, 1, 5, 16), date(2026, 1, 5)),)),)},  # noqa: DTZ001
         m.HistoricalDataRequest, lambda sessions: len(sessions) == 1),
]  # fmt: skip

OTHERS: Final = [
    Verb("news.providers", lambda tws, **o: tws.news.providers(**o),
         {m.NewsProvidersRequest: (m.NewsProviders((m.NewsProvider("DJ-N", "Dow Jones"),)),)}, m.NewsProvidersRequest,
         lambda found: len(found) == 1),
    Verb("news.headlines", lambda tws, **o: tws.news.headlines(APPLE, "DJ-N", **o),
         {m.HistoricalNewsRequest: HEADLINES}, m.HistoricalNewsRequest,
         lambda found: {each.article_id for each in found.headlines} == {"DJ-N$1", "DJ-N$2"} and found.has_more),
    Verb("news.article", lambda tws, **o: tws.news.article(NEWS[0], **o),
         {m.NewsArticleRequest: (m.NewsArticle(0, m.NewsArticleType.TEXT, "They fall"),)}, m.NewsArticleRequest,
         lambda article: article.article_text == "They fall"),
    Verb("news.article_by_id", lambda tws, **o: tws.news.article_by_id("DJ-N", "DJ-N$1", **o),
         {m.NewsArticleRequest: (m.NewsArticle(0, m.NewsArticleType.TEXT, "They fall"),)}, m.NewsArticleRequest,
         lambda article: article.article_text == "They fall"),
    Verb("news.follow_headlines", lambda tws, **o: tws.news.follow_headlines(APPLE, **o),
         {m.MarketDataRequest: NEWS}, m.MarketDataRequest, _count_of(m.TickNews, 1), is_stream=True),
    Verb("news.follow_provider", lambda tws, **o: tws.news.follow_provider("DJ-N", **o),
         {m.MarketDataRequest: NEWS}, m.MarketDataRequest, _count_of(m.TickNews, 1), is_stream=True),
    Verb("news.follow_bulletins", lambda tws, **o: tws.news.follow_bulletins(**o),
         {m.NewsBulletinsRequest: BULLETIN}, m.NewsBulletinsRequest, _count_of(m.NewsBulletin, 1), is_stream=True),
    Verb("scanner.parameters", lambda tws, **o: tws.scanner.parameters(**o),
         {m.ScannerParametersRequest: (m.ScannerParameters("<xml/>"),)}, m.ScannerParametersRequest,
         lambda xml: xml == "<xml/>"),
    Verb("scanner.scan", lambda tws, **o: tws.scanner.scan(SUBSCRIPTION, **o),
         {m.ScannerSubscriptionRequest: RANKING}, m.ScannerSubscriptionRequest, lambda rows: len(rows) == 1),
    Verb("scanner.follow_scan", lambda tws, **o: tws.scanner.follow_scan(SUBSCRIPTION, **o),
         {m.ScannerSubscriptionRequest: RANKING}, m.ScannerSubscriptionRequest, _count_of(m.ScannerData, 1),
         is_stream=True),
    Verb("advisors.groups", lambda tws, **o: tws.advisors.groups(**o),
         {m.FARequest: (m.ReceiveFA(m.FADataType.GROUPS, GROUPS),)}, m.FARequest,
         lambda groups: [group.name for group in groups] == ["G"]),
    Verb("advisors.aliases", lambda tws, **o: tws.advisors.aliases(**o),
         {m.FARequest: (m.ReceiveFA(m.FADataType.ALIASES, ALIASES),)}, m.FARequest,
         lambda aliases: [each.alias for each in aliases] == ["Mine"]),
    Verb("advisors.document", lambda tws, **o: tws.advisors.document(m.FADataType.GROUPS, **o),
         {m.FARequest: (m.ReceiveFA(m.FADataType.GROUPS, GROUPS),)}, m.FARequest, lambda text: text == GROUPS),
    Verb("advisors.replace", lambda tws, **o: tws.advisors.replace(m.FADataType.GROUPS, GROUPS, **o),
         {m.FAReplace: (m.ReplaceFAEnd(0, "done"),)}, m.FAReplace, lambda text: text == "done"),
    Verb("display_groups.groups", lambda tws, **o: tws.display_groups.groups(**o),
         {m.QueryDisplayGroupsRequest: (m.DisplayGroupList(0, (2, 1)),)}, m.QueryDisplayGroupsRequest,
         lambda groups: groups == (2, 1)),
    Verb("display_groups.follow", lambda tws, **o: tws.display_groups.follow(1, **o),
         {m.SubscribeToGroupEventsRequest: (m.DisplayGroupUpdated(0, "265598@SMART"),)},
         m.SubscribeToGroupEventsRequest, _last_is(lambda shown: shown.contract.contract_id == 265598),
         is_stream=True),
    Verb("wsh.metadata", lambda tws, **o: tws.wsh.metadata(**o),
         {m.WshMetaDataRequest: (m.WshMetaData(0, "{}"),)}, m.WshMetaDataRequest, lambda data: data.data_json == "{}"),
    Verb("wsh.events", lambda tws, **o: tws.wsh.events(APPLE, **o),
         {m.WshMetaDataRequest: (m.WshMetaData(0, "{}"),), m.WshEventDataRequest: (m.WshEventData(0, "[]"),)},
         m.WshEventDataRequest, lambda data: data.data_json == "[]"),
    Verb("config.read", lambda tws, **o: tws.config.read(**o), {m.ConfigRequest: SETTINGS},
         m.ConfigRequest, lambda found: len(found.messages) == 1, since=219),
    Verb("config.update", lambda tws, **o: tws.config.update(**o),
         {m.UpdateConfigRequest: (m.UpdateConfigResponse(0, "ok"),)}, m.UpdateConfigRequest,
         lambda found: found.status == "ok", since=221),
]  # fmt: skip

ORDERS: Final = [
    Verb("orders.open", lambda tws, **o: tws.orders.open(**o), {m.AllOpenOrdersRequest: OPEN_ORDERS},
         m.AllOpenOrdersRequest, lambda trades: {trade.permanent_id for trade in trades} >= {77, 78}),
    Verb("orders.follow_open", lambda tws, **o: tws.orders.follow_open(**o), {m.AllOpenOrdersRequest: OPEN_ORDERS},
         m.AllOpenOrdersRequest, lambda items: {item.trade.permanent_id for item in items} >= {77, 78}, is_stream=True),
    Verb("orders.completed", lambda tws, **o: tws.orders.completed(**o), {m.CompletedOrdersRequest: COMPLETED},
         m.CompletedOrdersRequest, lambda rows: {row.order.permanent_id for row in rows} == {87, 88}),
    Verb("orders.executions", lambda tws, **o: tws.orders.executions(**o), {m.ExecutionRequest: EXECUTIONS},
         m.ExecutionRequest, lambda fills: {fill.execution.execution_id for fill in fills} == {"1.1.1.01", "1.1.2.01"}),
    Verb("orders.bind_manual", lambda tws, **o: tws.orders.bind_manual(**o), {m.OpenOrdersRequest: BOUND},
         m.OpenOrdersRequest, lambda trades: {trade.order_id for trade in trades} == {-2}),
]  # fmt: skip

VERBS: Final = [*ACCOUNTS, *CONTRACTS, *MARKET_DATA, *HISTORICAL, *OTHERS, *ORDERS]

ASK_NOTHING: Final = {
    "market_data.mode": "it sends a setting, to which TWS says nothing",
    **{
        f"orders.{name}": "it places orders, whose answers have no request: tests/test_placing.py and its neighbours"
        for name in ("place", "bracket", "one_cancels_all", "what_if", "exercise", "cancel_all")
    },
    "orders.reconcile": "it asks all of the others: tests/test_reconciling.py",
    "orders.resolve": "likewise",
    "orders.trade": "it tells what is known anyhow",
    "orders.trade_of": "likewise",
    "orders.follow_executions": "likewise",
    "health.until": "it waits for what is known anyhow",
    "health.changes": "it tells what is known anyhow",
}
"""Verbs without a row, and why."""


def topic_class(topic: str) -> type[Any]:
    """Give the class of ``tws.<topic>``."""
    module = importlib.import_module(f"anytws.client.{topic}")
    names = (topic.replace("_", ""), topic.replace("_", "") + "topic")
    found = [value for value in vars(module).values() if inspect.isclass(value) and value.__name__.lower() in names]
    (cls,) = [value for value in found if value.__module__ == module.__name__]
    return cls


def all_verbs() -> set[str]:
    """Give every verb of every topic, by looking at the classes."""
    topics = [name for name, value in vars(Tws).items() if isinstance(value, cached_property)]
    return {
        f"{topic}.{name}"
        for topic in [*topics, "health", "orders"]
        for name, verb in vars(topic_class(topic)).items()
        if name[0] != "_" and inspect.isfunction(verb)
    }
