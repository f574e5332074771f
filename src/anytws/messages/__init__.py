"""What is said: one plain frozen class a message, nothing else. How it is written is `anytws.wire`.

The names of all files in this folder are here too. A file is imported when the first of its names is asked for: a
program that never sees a scanner does not wait for one.
"""

# ruff: noqa: PLC0415 (imports on demand are what this file is for)

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

# --- names, written by docs/write_exports.py: change the files instead -----------------------------------------------
from anytws.messages.base import Asks, Message, Side, Streams, TagValue, ToClient, ToTws, replace
from anytws.messages.connection_time import ConnectionTime, SessionOffset, session_offset
from anytws.messages.session import (
    CurrentTime,
    CurrentTimeInMillis,
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    ErrorMessage,
    IdsRequest,
    ManagedAccounts,
    ManagedAccountsRequest,
    NextValidId,
    SetServerLogLevelRequest,
    StartApiRequest,
)

if TYPE_CHECKING:
    from anytws.messages.accounts import (
        AccountDataEnd,
        AccountDataRequest,
        AccountSummary,
        AccountSummaryEnd,
        AccountSummaryRequest,
        AccountSummaryTag,
        AccountUpdateMulti,
        AccountUpdateMultiEnd,
        AccountUpdatesMultiRequest,
        AccountUpdateTime,
        AccountValue,
        CancelAccountSummary,
        CancelAccountUpdatesMulti,
        CancelPnL,
        CancelPnLSingle,
        CancelPositions,
        CancelPositionsMulti,
        FamilyCode,
        FamilyCodes,
        FamilyCodesRequest,
        PnL,
        PnLRequest,
        PnLSingle,
        PnLSingleRequest,
        PortfolioValue,
        Position,
        PositionEnd,
        PositionMulti,
        PositionMultiEnd,
        PositionsMultiRequest,
        PositionsRequest,
        SoftDollarTiers,
        SoftDollarTiersRequest,
        UserInfo,
        UserInfoRequest,
    )
    from anytws.messages.advisors import FADataType, FAReplace, FARequest, ReceiveFA, ReplaceFAEnd
    from anytws.messages.config import (
        ApiConfig,
        ApiPrecautionsConfig,
        ApiSettingsConfig,
        ConfigRequest,
        ConfigResponse,
        LockAndExitConfig,
        MessageConfig,
        OrdersConfig,
        OrdersSmartRoutingConfig,
        UpdateConfigRequest,
        UpdateConfigResponse,
        UpdateConfigWarning,
    )
    from anytws.messages.contract import (
        Action,
        ComboLeg,
        Contract,
        DeltaNeutralContract,
        LegOpenClose,
        Right,
        SecurityIdType,
        SecurityType,
        ShortSaleSlot,
        askable,
    )
    from anytws.messages.contract_details import (
        ContractDetails,
        FundAssetType,
        FundDistributionPolicy,
        IneligibilityReason,
    )
    from anytws.messages.contracts import (
        BondContractData,
        CancelContractData,
        ContractData,
        ContractDataEnd,
        ContractDataRequest,
        ContractDescription,
        MarketRule,
        MarketRuleRequest,
        MatchingSymbolsRequest,
        PriceIncrement,
        SecDefOptParameter,
        SecDefOptParameterEnd,
        SecDefOptParamsRequest,
        SymbolSamples,
    )
    from anytws.messages.display_groups import (
        DisplayGroupList,
        DisplayGroupUpdated,
        QueryDisplayGroupsRequest,
        SubscribeToGroupEventsRequest,
        UnsubscribeFromGroupEventsRequest,
        UpdateDisplayGroupRequest,
    )
    from anytws.messages.enumerations import Number, Word
    from anytws.messages.executions import (
        CommissionAndFeesReport,
        Execution,
        ExecutionDetails,
        ExecutionDetailsEnd,
        ExecutionFilter,
        ExecutionRequest,
        ExecutionSide,
        ExerciseAction,
        ExerciseOptionsRequest,
        Liquidity,
        OptionExerciseType,
    )
    from anytws.messages.historical import (
        BarSize,
        CancelHeadTimestamp,
        CancelHistogramData,
        CancelHistoricalData,
        CancelHistoricalTicks,
        CancelRealTimeBars,
        FormatDate,
        HeadTimestamp,
        HeadTimestampRequest,
        HistogramData,
        HistogramDataEntry,
        HistogramDataRequest,
        HistoricalData,
        HistoricalDataBar,
        HistoricalDataEnd,
        HistoricalDataRequest,
        HistoricalDataUpdate,
        HistoricalSchedule,
        HistoricalSession,
        HistoricalTicksRequest,
        RealTimeBarsRequest,
        RealTimeBarTick,
        RealTimeWhatToShow,
        TicksWhatToShow,
        UpdatedBar,
        WhatToShow,
    )
    from anytws.messages.instruments import (
        CFD,
        Bond,
        Combo,
        Commodity,
        ContinuousFuture,
        Crypto,
        Forex,
        Fund,
        Future,
        FuturesOption,
        Index,
        Leg,
        Option,
        Stock,
        routed,
    )
    from anytws.messages.linking import (
        VerifyAndAuthCompleted,
        VerifyAndAuthMessage,
        VerifyAndAuthMessageApi,
        VerifyAndAuthRequest,
        VerifyCompleted,
        VerifyMessageApi,
        VerifyMessageRequest,
        VerifyRequest,
    )
    from anytws.messages.market_data import (
        CalculateImpliedVolatilityRequest,
        CalculateOptionPriceRequest,
        CancelCalculateImpliedVolatility,
        CancelCalculateOptionPrice,
        CancelMarketData,
        CancelMarketDepth,
        CancelTickByTick,
        DeltaNeutralValidation,
        DepthMarketDataDescription,
        HistoricalTick,
        HistoricalTickBidAsk,
        HistoricalTickLast,
        HistoricalTicks,
        HistoricalTicksBidAsk,
        HistoricalTicksLast,
        MarketDataAnswer,
        MarketDataMode,
        MarketDataRequest,
        MarketDataType,
        MarketDataTypeRequest,
        MarketDepth,
        MarketDepthData,
        MarketDepthExchanges,
        MarketDepthExchangesRequest,
        MarketDepthL2,
        MarketDepthOperation,
        MarketDepthRequest,
        MarketDepthSide,
        OptionComputationBasis,
        RerouteMarketDataRequest,
        RerouteMarketDepthRequest,
        SmartComponent,
        SmartComponents,
        SmartComponentsRequest,
        TickAttribBidAsk,
        TickAttribLast,
        TickAttributes,
        TickByTickData,
        TickByTickKind,
        TickByTickRequest,
        TickByTickType,
        TickEfp,
        TickGeneric,
        TickNews,
        TickOptionComputation,
        TickPrice,
        TickReqParams,
        TickSize,
        TickSnapshotEnd,
        TickString,
        TickType,
    )
    from anytws.messages.news import (
        CancelNewsBulletins,
        Headlines,
        HistoricalNews,
        HistoricalNewsEnd,
        HistoricalNewsRequest,
        NewsArticle,
        NewsArticleRequest,
        NewsArticleType,
        NewsBulletin,
        NewsBulletinsRequest,
        NewsBulletinType,
        NewsProvider,
        NewsProviders,
        NewsProvidersRequest,
    )
    from anytws.messages.order import Order
    from anytws.messages.order_conditions import (
        ExecutionCondition,
        MarginCondition,
        OrderCondition,
        PercentChangeCondition,
        PriceCondition,
        TimeCondition,
        VolumeCondition,
    )
    from anytws.messages.order_parts import AttachedOrders, OrderCancel, SoftDollarTier
    from anytws.messages.order_state import OrderAllocation, OrderState
    from anytws.messages.order_types import (
        Bracket,
        LimitIfTouchedOrder,
        LimitOnCloseOrder,
        LimitOnOpenOrder,
        LimitOrder,
        MarketIfTouchedOrder,
        MarketOnCloseOrder,
        MarketOnOpenOrder,
        MarketOrder,
        MarketToLimitOrder,
        MidpriceOrder,
        OrderFields,
        PeggedToMarketOrder,
        PeggedToMidpointOrder,
        RelativeOrder,
        SharedFields,
        StopLimitOrder,
        StopOrder,
        TrailingStopLimitOrder,
        TrailingStopOrder,
        bracket,
        placeable,
    )
    from anytws.messages.order_words import (
        AdjustableTrailingUnit,
        AuctionStrategy,
        ClearingIntent,
        FaMethod,
        HedgeType,
        OcaType,
        OpenClose,
        OrderStatusWord,
        OrderType,
        Origin,
        ReferencePriceType,
        Rule80A,
        TimeInForce,
        TriggerMethod,
        VolatilityType,
    )
    from anytws.messages.orders import (
        AllOpenOrdersRequest,
        AutoOpenOrdersRequest,
        CancelOrderRequest,
        CompletedOrder,
        CompletedOrdersEnd,
        CompletedOrdersRequest,
        GlobalCancelRequest,
        OpenOrder,
        OpenOrdersEnd,
        OpenOrdersRequest,
        OrderBound,
        OrderStatus,
        PlaceOrderRequest,
    )
    from anytws.messages.scanner import (
        CancelScannerSubscription,
        ScannerData,
        ScannerDataElement,
        ScannerInstrument,
        ScannerParameters,
        ScannerParametersRequest,
        ScannerSubscription,
        ScannerSubscriptionRequest,
    )
    from anytws.messages.times import EPOCH_SECONDS, Moment, NamedZone, UnclearZone, moments_of
    from anytws.messages.wsh import (
        CancelWshEventData,
        CancelWshMetaData,
        WshEventData,
        WshEventDataRequest,
        WshMetaData,
        WshMetaDataRequest,
    )

_NAMES: Final = {
    "accounts": (
        "AccountDataEnd AccountDataRequest AccountSummary AccountSummaryEnd AccountSummaryRequest AccountSummaryTag "
        "AccountUpdateMulti AccountUpdateMultiEnd AccountUpdateTime AccountUpdatesMultiRequest AccountValue "
        "CancelAccountSummary CancelAccountUpdatesMulti CancelPnL CancelPnLSingle CancelPositions CancelPositionsMulti "
        "FamilyCode FamilyCodes FamilyCodesRequest PnL PnLRequest PnLSingle PnLSingleRequest PortfolioValue Position "
        "PositionEnd PositionMulti PositionMultiEnd PositionsMultiRequest PositionsRequest SoftDollarTiers "
        "SoftDollarTiersRequest UserInfo UserInfoRequest"
    ),
    "advisors": "FADataType FAReplace FARequest ReceiveFA ReplaceFAEnd",
    "config": (
        "ApiConfig ApiPrecautionsConfig ApiSettingsConfig ConfigRequest ConfigResponse LockAndExitConfig MessageConfig "
        "OrdersConfig OrdersSmartRoutingConfig UpdateConfigRequest UpdateConfigResponse UpdateConfigWarning"
    ),
    "contract": (
        "Action ComboLeg Contract DeltaNeutralContract LegOpenClose Right SecurityIdType SecurityType ShortSaleSlot "
        "askable"
    ),
    "contract_details": "ContractDetails FundAssetType FundDistributionPolicy IneligibilityReason",
    "contracts": (
        "BondContractData CancelContractData ContractData ContractDataEnd ContractDataRequest ContractDescription "
        "MarketRule MarketRuleRequest MatchingSymbolsRequest PriceIncrement SecDefOptParameter SecDefOptParameterEnd "
        "SecDefOptParamsRequest SymbolSamples"
    ),
    "display_groups": (
        "DisplayGroupList DisplayGroupUpdated QueryDisplayGroupsRequest SubscribeToGroupEventsRequest "
        "UnsubscribeFromGroupEventsRequest UpdateDisplayGroupRequest"
    ),
    "enumerations": "Number Word",
    "executions": (
        "CommissionAndFeesReport Execution ExecutionDetails ExecutionDetailsEnd ExecutionFilter ExecutionRequest "
        "ExecutionSide ExerciseAction ExerciseOptionsRequest Liquidity OptionExerciseType"
    ),
    "historical": (
        "BarSize CancelHeadTimestamp CancelHistogramData CancelHistoricalData CancelHistoricalTicks CancelRealTimeBars "
        "FormatDate HeadTimestamp HeadTimestampRequest HistogramData HistogramDataEntry HistogramDataRequest "
        "HistoricalData HistoricalDataBar HistoricalDataEnd HistoricalDataRequest HistoricalDataUpdate "
        "HistoricalSchedule HistoricalSession HistoricalTicksRequest RealTimeBarTick RealTimeBarsRequest "
        "RealTimeWhatToShow TicksWhatToShow UpdatedBar WhatToShow"
    ),
    "instruments": (
        "Bond CFD Combo Commodity ContinuousFuture Crypto Forex Fund Future FuturesOption Index Leg Option Stock routed"
    ),
    "linking": (
        "VerifyAndAuthCompleted VerifyAndAuthMessage VerifyAndAuthMessageApi VerifyAndAuthRequest VerifyCompleted "
        "VerifyMessageApi VerifyMessageRequest VerifyRequest"
    ),
    "market_data": (
        "CalculateImpliedVolatilityRequest CalculateOptionPriceRequest CancelCalculateImpliedVolatility "
        "CancelCalculateOptionPrice CancelMarketData CancelMarketDepth CancelTickByTick DeltaNeutralValidation "
        "DepthMarketDataDescription HistoricalTick HistoricalTickBidAsk HistoricalTickLast HistoricalTicks "
        "HistoricalTicksBidAsk HistoricalTicksLast MarketDataAnswer MarketDataMode MarketDataRequest MarketDataType "
        "MarketDataTypeRequest MarketDepth MarketDepthData MarketDepthExchanges MarketDepthExchangesRequest "
        "MarketDepthL2 MarketDepthOperation MarketDepthRequest MarketDepthSide OptionComputationBasis "
        "RerouteMarketDataRequest RerouteMarketDepthRequest SmartComponent SmartComponents SmartComponentsRequest "
        "TickAttribBidAsk TickAttribLast TickAttributes TickByTickData TickByTickKind TickByTickRequest TickByTickType "
        "TickEfp TickGeneric TickNews TickOptionComputation TickPrice TickReqParams TickSize TickSnapshotEnd "
        "TickString TickType"
    ),
    "news": (
        "CancelNewsBulletins Headlines HistoricalNews HistoricalNewsEnd HistoricalNewsRequest NewsArticle "
        "NewsArticleRequest NewsArticleType NewsBulletin NewsBulletinType NewsBulletinsRequest NewsProvider "
        "NewsProviders NewsProvidersRequest"
    ),
    "order": "Order",
    "order_conditions": (
        "ExecutionCondition MarginCondition OrderCondition PercentChangeCondition PriceCondition TimeCondition "
        "VolumeCondition"
    ),
    "order_parts": "AttachedOrders OrderCancel SoftDollarTier",
    "order_state": "OrderAllocation OrderState",
    "order_types": (
        "Bracket LimitIfTouchedOrder LimitOnCloseOrder LimitOnOpenOrder LimitOrder MarketIfTouchedOrder "
        "MarketOnCloseOrder MarketOnOpenOrder MarketOrder MarketToLimitOrder MidpriceOrder OrderFields "
        "PeggedToMarketOrder PeggedToMidpointOrder RelativeOrder SharedFields StopLimitOrder StopOrder "
        "TrailingStopLimitOrder TrailingStopOrder bracket placeable"
    ),
    "order_words": (
        "AdjustableTrailingUnit AuctionStrategy ClearingIntent FaMethod HedgeType OcaType OpenClose OrderStatusWord "
        "OrderType Origin ReferencePriceType Rule80A TimeInForce TriggerMethod VolatilityType"
    ),
    "orders": (
        "AllOpenOrdersRequest AutoOpenOrdersRequest CancelOrderRequest CompletedOrder CompletedOrdersEnd "
        "CompletedOrdersRequest GlobalCancelRequest OpenOrder OpenOrdersEnd OpenOrdersRequest OrderBound OrderStatus "
        "PlaceOrderRequest"
    ),
    "scanner": (
        "CancelScannerSubscription ScannerData ScannerDataElement ScannerInstrument ScannerParameters "
        "ScannerParametersRequest ScannerSubscription ScannerSubscriptionRequest"
    ),
    "times": "EPOCH_SECONDS Moment NamedZone UnclearZone moments_of",
    "wsh": "CancelWshEventData CancelWshMetaData WshEventData WshEventDataRequest WshMetaData WshMetaDataRequest",
}
"""The names of a file that is imported when one of them is asked for."""


def _loaded(file: str) -> ModuleType:  # noqa: C901, PLR0912, PLR0915 (one case a file)
    match file:
        case "accounts":
            from anytws.messages import accounts

            return accounts
        case "advisors":
            from anytws.messages import advisors

            return advisors
        case "config":
            from anytws.messages import config

            return config
        case "contract":
            from anytws.messages import contract

            return contract
        case "contract_details":
            from anytws.messages import contract_details

            return contract_details
        case "contracts":
            from anytws.messages import contracts

            return contracts
        case "display_groups":
            from anytws.messages import display_groups

            return display_groups
        case "enumerations":
            from anytws.messages import enumerations

            return enumerations
        case "executions":
            from anytws.messages import executions

            return executions
        case "historical":
            from anytws.messages import historical

            return historical
        case "instruments":
            from anytws.messages import instruments

            return instruments
        case "linking":
            from anytws.messages import linking

            return linking
        case "market_data":
            from anytws.messages import market_data

            return market_data
        case "news":
            from anytws.messages import news

            return news
        case "order":
            from anytws.messages import order

            return order
        case "order_conditions":
            from anytws.messages import order_conditions

            return order_conditions
        case "order_parts":
            from anytws.messages import order_parts

            return order_parts
        case "order_state":
            from anytws.messages import order_state

            return order_state
        case "order_types":
            from anytws.messages import order_types

            return order_types
        case "order_words":
            from anytws.messages import order_words

            return order_words
        case "orders":
            from anytws.messages import orders

            return orders
        case "scanner":
            from anytws.messages import scanner

            return scanner
        case "times":
            from anytws.messages import times

            return times
        case "wsh":
            from anytws.messages import wsh

            return wsh
        case _:
            raise KeyError(file)


__all__ = [
    "CFD",
    "EPOCH_SECONDS",
    "AccountDataEnd",
    "AccountDataRequest",
    "AccountSummary",
    "AccountSummaryEnd",
    "AccountSummaryRequest",
    "AccountSummaryTag",
    "AccountUpdateMulti",
    "AccountUpdateMultiEnd",
    "AccountUpdateTime",
    "AccountUpdatesMultiRequest",
    "AccountValue",
    "Action",
    "AdjustableTrailingUnit",
    "AllOpenOrdersRequest",
    "ApiConfig",
    "ApiPrecautionsConfig",
    "ApiSettingsConfig",
    "Asks",
    "AttachedOrders",
    "AuctionStrategy",
    "AutoOpenOrdersRequest",
    "BarSize",
    "Bond",
    "BondContractData",
    "Bracket",
    "CalculateImpliedVolatilityRequest",
    "CalculateOptionPriceRequest",
    "CancelAccountSummary",
    "CancelAccountUpdatesMulti",
    "CancelCalculateImpliedVolatility",
    "CancelCalculateOptionPrice",
    "CancelContractData",
    "CancelHeadTimestamp",
    "CancelHistogramData",
    "CancelHistoricalData",
    "CancelHistoricalTicks",
    "CancelMarketData",
    "CancelMarketDepth",
    "CancelNewsBulletins",
    "CancelOrderRequest",
    "CancelPnL",
    "CancelPnLSingle",
    "CancelPositions",
    "CancelPositionsMulti",
    "CancelRealTimeBars",
    "CancelScannerSubscription",
    "CancelTickByTick",
    "CancelWshEventData",
    "CancelWshMetaData",
    "ClearingIntent",
    "Combo",
    "ComboLeg",
    "CommissionAndFeesReport",
    "Commodity",
    "CompletedOrder",
    "CompletedOrdersEnd",
    "CompletedOrdersRequest",
    "ConfigRequest",
    "ConfigResponse",
    "ConnectionTime",
    "ContinuousFuture",
    "Contract",
    "ContractData",
    "ContractDataEnd",
    "ContractDataRequest",
    "ContractDescription",
    "ContractDetails",
    "Crypto",
    "CurrentTime",
    "CurrentTimeInMillis",
    "CurrentTimeInMillisRequest",
    "CurrentTimeRequest",
    "DeltaNeutralContract",
    "DeltaNeutralValidation",
    "DepthMarketDataDescription",
    "DisplayGroupList",
    "DisplayGroupUpdated",
    "ErrorMessage",
    "Execution",
    "ExecutionCondition",
    "ExecutionDetails",
    "ExecutionDetailsEnd",
    "ExecutionFilter",
    "ExecutionRequest",
    "ExecutionSide",
    "ExerciseAction",
    "ExerciseOptionsRequest",
    "FADataType",
    "FAReplace",
    "FARequest",
    "FaMethod",
    "FamilyCode",
    "FamilyCodes",
    "FamilyCodesRequest",
    "Forex",
    "FormatDate",
    "Fund",
    "FundAssetType",
    "FundDistributionPolicy",
    "Future",
    "FuturesOption",
    "GlobalCancelRequest",
    "HeadTimestamp",
    "HeadTimestampRequest",
    "Headlines",
    "HedgeType",
    "HistogramData",
    "HistogramDataEntry",
    "HistogramDataRequest",
    "HistoricalData",
    "HistoricalDataBar",
    "HistoricalDataEnd",
    "HistoricalDataRequest",
    "HistoricalDataUpdate",
    "HistoricalNews",
    "HistoricalNewsEnd",
    "HistoricalNewsRequest",
    "HistoricalSchedule",
    "HistoricalSession",
    "HistoricalTick",
    "HistoricalTickBidAsk",
    "HistoricalTickLast",
    "HistoricalTicks",
    "HistoricalTicksBidAsk",
    "HistoricalTicksLast",
    "HistoricalTicksRequest",
    "IdsRequest",
    "Index",
    "IneligibilityReason",
    "Leg",
    "LegOpenClose",
    "LimitIfTouchedOrder",
    "LimitOnCloseOrder",
    "LimitOnOpenOrder",
    "LimitOrder",
    "Liquidity",
    "LockAndExitConfig",
    "ManagedAccounts",
    "ManagedAccountsRequest",
    "MarginCondition",
    "MarketDataAnswer",
    "MarketDataMode",
    "MarketDataRequest",
    "MarketDataType",
    "MarketDataTypeRequest",
    "MarketDepth",
    "MarketDepthData",
    "MarketDepthExchanges",
    "MarketDepthExchangesRequest",
    "MarketDepthL2",
    "MarketDepthOperation",
    "MarketDepthRequest",
    "MarketDepthSide",
    "MarketIfTouchedOrder",
    "MarketOnCloseOrder",
    "MarketOnOpenOrder",
    "MarketOrder",
    "MarketRule",
    "MarketRuleRequest",
    "MarketToLimitOrder",
    "MatchingSymbolsRequest",
    "Message",
    "MessageConfig",
    "MidpriceOrder",
    "Moment",
    "NamedZone",
    "NewsArticle",
    "NewsArticleRequest",
    "NewsArticleType",
    "NewsBulletin",
    "NewsBulletinType",
    "NewsBulletinsRequest",
    "NewsProvider",
    "NewsProviders",
    "NewsProvidersRequest",
    "NextValidId",
    "Number",
    "OcaType",
    "OpenClose",
    "OpenOrder",
    "OpenOrdersEnd",
    "OpenOrdersRequest",
    "Option",
    "OptionComputationBasis",
    "OptionExerciseType",
    "Order",
    "OrderAllocation",
    "OrderBound",
    "OrderCancel",
    "OrderCondition",
    "OrderFields",
    "OrderState",
    "OrderStatus",
    "OrderStatusWord",
    "OrderType",
    "OrdersConfig",
    "OrdersSmartRoutingConfig",
    "Origin",
    "PeggedToMarketOrder",
    "PeggedToMidpointOrder",
    "PercentChangeCondition",
    "PlaceOrderRequest",
    "PnL",
    "PnLRequest",
    "PnLSingle",
    "PnLSingleRequest",
    "PortfolioValue",
    "Position",
    "PositionEnd",
    "PositionMulti",
    "PositionMultiEnd",
    "PositionsMultiRequest",
    "PositionsRequest",
    "PriceCondition",
    "PriceIncrement",
    "QueryDisplayGroupsRequest",
    "RealTimeBarTick",
    "RealTimeBarsRequest",
    "RealTimeWhatToShow",
    "ReceiveFA",
    "ReferencePriceType",
    "RelativeOrder",
    "ReplaceFAEnd",
    "RerouteMarketDataRequest",
    "RerouteMarketDepthRequest",
    "Right",
    "Rule80A",
    "ScannerData",
    "ScannerDataElement",
    "ScannerInstrument",
    "ScannerParameters",
    "ScannerParametersRequest",
    "ScannerSubscription",
    "ScannerSubscriptionRequest",
    "SecDefOptParameter",
    "SecDefOptParameterEnd",
    "SecDefOptParamsRequest",
    "SecurityIdType",
    "SecurityType",
    "SessionOffset",
    "SetServerLogLevelRequest",
    "SharedFields",
    "ShortSaleSlot",
    "Side",
    "SmartComponent",
    "SmartComponents",
    "SmartComponentsRequest",
    "SoftDollarTier",
    "SoftDollarTiers",
    "SoftDollarTiersRequest",
    "StartApiRequest",
    "Stock",
    "StopLimitOrder",
    "StopOrder",
    "Streams",
    "SubscribeToGroupEventsRequest",
    "SymbolSamples",
    "TagValue",
    "TickAttribBidAsk",
    "TickAttribLast",
    "TickAttributes",
    "TickByTickData",
    "TickByTickKind",
    "TickByTickRequest",
    "TickByTickType",
    "TickEfp",
    "TickGeneric",
    "TickNews",
    "TickOptionComputation",
    "TickPrice",
    "TickReqParams",
    "TickSize",
    "TickSnapshotEnd",
    "TickString",
    "TickType",
    "TicksWhatToShow",
    "TimeCondition",
    "TimeInForce",
    "ToClient",
    "ToTws",
    "TrailingStopLimitOrder",
    "TrailingStopOrder",
    "TriggerMethod",
    "UnclearZone",
    "UnsubscribeFromGroupEventsRequest",
    "UpdateConfigRequest",
    "UpdateConfigResponse",
    "UpdateConfigWarning",
    "UpdateDisplayGroupRequest",
    "UpdatedBar",
    "UserInfo",
    "UserInfoRequest",
    "VerifyAndAuthCompleted",
    "VerifyAndAuthMessage",
    "VerifyAndAuthMessageApi",
    "VerifyAndAuthRequest",
    "VerifyCompleted",
    "VerifyMessageApi",
    "VerifyMessageRequest",
    "VerifyRequest",
    "VolatilityType",
    "VolumeCondition",
    "WhatToShow",
    "Word",
    "WshEventData",
    "WshEventDataRequest",
    "WshMetaData",
    "WshMetaDataRequest",
    "askable",
    "bracket",
    "moments_of",
    "placeable",
    "replace",
    "routed",
    "session_offset",
]

# --- end of what is written -----------------------------------------------------------------------------------------

_HOME: Final = {name: file for file, names in _NAMES.items() for name in names.split()}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:  # noqa: ANN401 (classes and functions)
        """Import the file that *name* is in, and keep all of its names here."""
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        file = _loaded(_HOME[name])
        globals().update({each: getattr(file, each) for each in _NAMES[_HOME[name]].split()})
        return globals()[name]

    def __dir__() -> list[str]:
        return sorted({*globals(), *_HOME})
