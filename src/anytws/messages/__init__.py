"""What is said: one plain frozen class a message, nothing else. How it is written is `anytws.wire`.

The names of all files in this folder are here too. A file is imported when the first of its names is asked for: a
program that never sees a scanner does not wait for one.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from anytws.messages.base import Asks, Message, Side, TagValue, ToClient, ToTws, replace
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
    from anytws.messages.contracts import (
        Action,
        BondContractData,
        CancelContractData,
        ComboLeg,
        Contract,
        ContractData,
        ContractDataEnd,
        ContractDataRequest,
        ContractDescription,
        ContractDetails,
        DeltaNeutralContract,
        FundAssetType,
        FundDistributionPolicy,
        IneligibilityReason,
        LegOpenClose,
        MarketRule,
        MarketRuleRequest,
        MatchingSymbolsRequest,
        PriceIncrement,
        Right,
        SecDefOptParameter,
        SecDefOptParameterEnd,
        SecDefOptParamsRequest,
        SecurityIdType,
        SecurityType,
        ShortSaleSlot,
        SymbolSamples,
        askable,
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
        HistoricalTicks,
        HistoricalTicksBidAsk,
        HistoricalTicksLast,
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
        DepthMarketDataDescription,
        HistoricalTick,
        HistoricalTickBidAsk,
        HistoricalTickLast,
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
        TickNews,
    )
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
    from anytws.messages.orders import (
        AdjustableTrailingUnit,
        AllOpenOrdersRequest,
        AttachedOrders,
        AuctionStrategy,
        AutoOpenOrdersRequest,
        CancelOrderRequest,
        ClearingIntent,
        CompletedOrder,
        CompletedOrdersEnd,
        CompletedOrdersRequest,
        DeltaNeutralValidation,
        ExecutionCondition,
        FaMethod,
        GlobalCancelRequest,
        HedgeType,
        MarginCondition,
        OcaType,
        OpenClose,
        OpenOrder,
        OpenOrdersEnd,
        OpenOrdersRequest,
        Order,
        OrderAllocation,
        OrderBound,
        OrderCancel,
        OrderCondition,
        OrderState,
        OrderStatus,
        OrderStatusWord,
        OrderType,
        Origin,
        PercentChangeCondition,
        PlaceOrderRequest,
        PriceCondition,
        ReferencePriceType,
        Rule80A,
        SoftDollarTier,
        TimeCondition,
        TimeInForce,
        TriggerMethod,
        VolatilityType,
        VolumeCondition,
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

_LAZY: Final = {
    "accounts": (
        "AccountDataEnd AccountDataRequest AccountSummary AccountSummaryEnd AccountSummaryRequest "
        "AccountSummaryTag AccountUpdateMulti AccountUpdateMultiEnd AccountUpdateTime "
        "AccountUpdatesMultiRequest AccountValue CancelAccountSummary CancelAccountUpdatesMulti CancelPnL "
        "CancelPnLSingle CancelPositions CancelPositionsMulti FamilyCode FamilyCodes FamilyCodesRequest PnL "
        "PnLRequest PnLSingle PnLSingleRequest PortfolioValue Position PositionEnd PositionMulti "
        "PositionMultiEnd PositionsMultiRequest PositionsRequest SoftDollarTiers SoftDollarTiersRequest "
        "UserInfo UserInfoRequest"
    ),
    "advisors": ("FADataType FAReplace FARequest ReceiveFA ReplaceFAEnd"),
    "config": (
        "ApiConfig ApiPrecautionsConfig ApiSettingsConfig ConfigRequest ConfigResponse LockAndExitConfig "
        "MessageConfig OrdersConfig OrdersSmartRoutingConfig UpdateConfigRequest UpdateConfigResponse "
        "UpdateConfigWarning"
    ),
    "contracts": (
        "Action BondContractData CancelContractData ComboLeg Contract ContractData ContractDataEnd "
        "ContractDataRequest ContractDescription ContractDetails DeltaNeutralContract FundAssetType "
        "FundDistributionPolicy IneligibilityReason LegOpenClose MarketRule MarketRuleRequest "
        "MatchingSymbolsRequest PriceIncrement Right SecDefOptParameter SecDefOptParameterEnd "
        "SecDefOptParamsRequest SecurityIdType SecurityType ShortSaleSlot SymbolSamples askable"
    ),
    "display_groups": (
        "DisplayGroupList DisplayGroupUpdated QueryDisplayGroupsRequest SubscribeToGroupEventsRequest "
        "UnsubscribeFromGroupEventsRequest UpdateDisplayGroupRequest"
    ),
    "enumerations": ("Number Word"),
    "executions": (
        "CommissionAndFeesReport Execution ExecutionDetails ExecutionDetailsEnd ExecutionFilter "
        "ExecutionRequest ExecutionSide ExerciseAction ExerciseOptionsRequest Liquidity OptionExerciseType"
    ),
    "historical": (
        "BarSize CancelHeadTimestamp CancelHistogramData CancelHistoricalData CancelHistoricalTicks "
        "CancelRealTimeBars FormatDate HeadTimestamp HeadTimestampRequest HistogramData HistogramDataEntry "
        "HistogramDataRequest HistoricalData HistoricalDataBar HistoricalDataEnd HistoricalDataRequest "
        "HistoricalDataUpdate HistoricalSchedule HistoricalSession HistoricalTicks HistoricalTicksBidAsk "
        "HistoricalTicksLast HistoricalTicksRequest RealTimeBarTick RealTimeBarsRequest RealTimeWhatToShow "
        "TicksWhatToShow UpdatedBar WhatToShow"
    ),
    "instruments": (
        "Bond CFD Combo Commodity ContinuousFuture Crypto Forex Fund Future FuturesOption Index Leg Option Stock routed"
    ),
    "linking": (
        "VerifyAndAuthCompleted VerifyAndAuthMessage VerifyAndAuthMessageApi VerifyAndAuthRequest "
        "VerifyCompleted VerifyMessageApi VerifyMessageRequest VerifyRequest"
    ),
    "market_data": (
        "CalculateImpliedVolatilityRequest CalculateOptionPriceRequest CancelCalculateImpliedVolatility "
        "CancelCalculateOptionPrice CancelMarketData CancelMarketDepth CancelTickByTick "
        "DepthMarketDataDescription HistoricalTick HistoricalTickBidAsk HistoricalTickLast MarketDataMode "
        "MarketDataRequest MarketDataType MarketDataTypeRequest MarketDepth MarketDepthData "
        "MarketDepthExchanges MarketDepthExchangesRequest MarketDepthL2 MarketDepthOperation MarketDepthRequest "
        "MarketDepthSide OptionComputationBasis RerouteMarketDataRequest RerouteMarketDepthRequest "
        "SmartComponent SmartComponents SmartComponentsRequest TickAttribBidAsk TickAttribLast TickAttributes "
        "TickByTickData TickByTickKind TickByTickRequest TickByTickType TickEfp TickGeneric "
        "TickOptionComputation TickPrice TickReqParams TickSize TickSnapshotEnd TickString TickType"
    ),
    "news": (
        "CancelNewsBulletins HistoricalNews HistoricalNewsEnd HistoricalNewsRequest NewsArticle "
        "NewsArticleRequest NewsArticleType NewsBulletin NewsBulletinType NewsBulletinsRequest NewsProvider "
        "NewsProviders NewsProvidersRequest TickNews"
    ),
    "order_types": (
        "Bracket LimitIfTouchedOrder LimitOnCloseOrder LimitOnOpenOrder LimitOrder MarketIfTouchedOrder "
        "MarketOnCloseOrder MarketOnOpenOrder MarketOrder MarketToLimitOrder MidpriceOrder OrderFields "
        "PeggedToMarketOrder PeggedToMidpointOrder RelativeOrder SharedFields StopLimitOrder StopOrder "
        "TrailingStopLimitOrder TrailingStopOrder bracket placeable"
    ),
    "orders": (
        "AdjustableTrailingUnit AllOpenOrdersRequest AttachedOrders AuctionStrategy AutoOpenOrdersRequest "
        "CancelOrderRequest ClearingIntent CompletedOrder CompletedOrdersEnd CompletedOrdersRequest "
        "DeltaNeutralValidation ExecutionCondition FaMethod GlobalCancelRequest HedgeType MarginCondition "
        "OcaType OpenClose OpenOrder OpenOrdersEnd OpenOrdersRequest Order OrderAllocation OrderBound "
        "OrderCancel OrderCondition OrderState OrderStatus OrderStatusWord OrderType Origin "
        "PercentChangeCondition PlaceOrderRequest PriceCondition ReferencePriceType Rule80A SoftDollarTier "
        "TimeCondition TimeInForce TriggerMethod VolatilityType VolumeCondition"
    ),
    "scanner": (
        "CancelScannerSubscription ScannerData ScannerDataElement ScannerInstrument ScannerParameters "
        "ScannerParametersRequest ScannerSubscription ScannerSubscriptionRequest"
    ),
    "times": ("EPOCH_SECONDS Moment NamedZone UnclearZone moments_of"),
    "wsh": ("CancelWshEventData CancelWshMetaData WshEventData WshEventDataRequest WshMetaData WshMetaDataRequest"),
}
"""The names of a file that is imported when one of them is asked for."""

_HOME: Final = {name: file for file, names in _LAZY.items() for name in names.split()}


# Written out, one import each: importlib would carry a module's name past the test of the layers in a string.


def _accounts() -> ModuleType:
    from anytws.messages import accounts  # noqa: PLC0415 (on demand)

    return accounts


def _advisors() -> ModuleType:
    from anytws.messages import advisors  # noqa: PLC0415 (on demand)

    return advisors


def _config() -> ModuleType:
    from anytws.messages import config  # noqa: PLC0415 (on demand)

    return config


def _contracts() -> ModuleType:
    from anytws.messages import contracts  # noqa: PLC0415 (on demand)

    return contracts


def _display_groups() -> ModuleType:
    from anytws.messages import display_groups  # noqa: PLC0415 (on demand)

    return display_groups


def _enumerations() -> ModuleType:
    from anytws.messages import enumerations  # noqa: PLC0415 (on demand)

    return enumerations


def _executions() -> ModuleType:
    from anytws.messages import executions  # noqa: PLC0415 (on demand)

    return executions


def _historical() -> ModuleType:
    from anytws.messages import historical  # noqa: PLC0415 (on demand)

    return historical


def _instruments() -> ModuleType:
    from anytws.messages import instruments  # noqa: PLC0415 (on demand)

    return instruments


def _linking() -> ModuleType:
    from anytws.messages import linking  # noqa: PLC0415 (on demand)

    return linking


def _market_data() -> ModuleType:
    from anytws.messages import market_data  # noqa: PLC0415 (on demand)

    return market_data


def _news() -> ModuleType:
    from anytws.messages import news  # noqa: PLC0415 (on demand)

    return news


def _order_types() -> ModuleType:
    from anytws.messages import order_types  # noqa: PLC0415 (on demand)

    return order_types


def _orders() -> ModuleType:
    from anytws.messages import orders  # noqa: PLC0415 (on demand)

    return orders


def _scanner() -> ModuleType:
    from anytws.messages import scanner  # noqa: PLC0415 (on demand)

    return scanner


def _times() -> ModuleType:
    from anytws.messages import times  # noqa: PLC0415 (on demand)

    return times


def _wsh() -> ModuleType:
    from anytws.messages import wsh  # noqa: PLC0415 (on demand)

    return wsh


_FILES: Final = {
    "accounts": _accounts,
    "advisors": _advisors,
    "config": _config,
    "contracts": _contracts,
    "display_groups": _display_groups,
    "enumerations": _enumerations,
    "executions": _executions,
    "historical": _historical,
    "instruments": _instruments,
    "linking": _linking,
    "market_data": _market_data,
    "news": _news,
    "order_types": _order_types,
    "orders": _orders,
    "scanner": _scanner,
    "times": _times,
    "wsh": _wsh,
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:  # noqa: ANN401 (classes and functions)
        """Import the file that *name* is in, and keep all of its names here."""
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        file = _FILES[_HOME[name]]()
        globals().update({each: getattr(file, each) for each in _LAZY[_HOME[name]].split()})
        return globals()[name]

    def __dir__() -> list[str]:
        return sorted({*globals(), *_HOME})


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
