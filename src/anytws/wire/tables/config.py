"""The rows of `anytws.messages.config`, which has no text form."""

from __future__ import annotations

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
from anytws.wire import versions as v
from anytws.wire.conversation import ConversationRow, Key, Resend, Shape
from anytws.wire.kinds import BOOL, INT, STRING
from anytws.wire.optional_kinds import maybe
from anytws.wire.rows import Entry, Layout, Many, Part, Row

_LOCK_AND_EXIT = Layout(
    LockAndExitConfig,
    (
        Row("auto_logoff_time", maybe(STRING), 1),
        Row("auto_logoff_period", maybe(STRING), 2),
        Row("auto_logoff_type", maybe(STRING), 3),
    ),
)
_MESSAGE = Layout(
    MessageConfig,
    (
        Row("message_id", maybe(INT), 1, "id"),
        Row("title", maybe(STRING), 2),
        Row("message", maybe(STRING), 3),
        Row("default_action", maybe(STRING), 4),
        Row("enabled", maybe(BOOL), 5),
    ),
)
_PRECAUTIONS = Layout(
    ApiPrecautionsConfig,
    (
        Row("bypass_order_precautions", maybe(BOOL), 1),
        Row("bypass_bond_warning", maybe(BOOL), 2),
        Row("bypass_negative_yield_confirmation", maybe(BOOL), 3),
        Row("bypass_called_bond_warning", maybe(BOOL), 4),
        Row("bypass_same_action_pair_trade_warning", maybe(BOOL), 5),
        Row("bypass_flagged_accounts_warning", maybe(BOOL), 6),
        Row("bypass_price_based_volatility_warning", maybe(BOOL), 7),
        Row("bypass_redirect_order_warning", maybe(BOOL), 8),
        Row("bypass_no_overfill_protection", maybe(BOOL), 9),
        Row("bypass_route_marketable_to_bbo", maybe(BOOL), 10, "bypassRouteMarketableToBBO"),
    ),
)
_SETTINGS = Layout(
    ApiSettingsConfig,
    (
        Row("read_only_api", maybe(BOOL), 1),
        Row("total_quantity_for_mutual_funds", maybe(BOOL), 2),
        Row("download_open_orders_on_connection", maybe(BOOL), 3),
        Row("include_virtual_fx_positions", maybe(BOOL), 4),
        Row("prepare_daily_pnl", maybe(BOOL), 5, "prepareDailyPnL"),
        Row("send_status_updates_for_volatility_orders", maybe(BOOL), 6),
        Row("encode_api_messages", maybe(STRING), 7),
        Row("socket_port", maybe(INT), 8),
        Row("use_negative_auto_range", maybe(BOOL), 9),
        Row("create_api_message_log_file", maybe(BOOL), 10),
        Row("include_market_data_in_log_file", maybe(BOOL), 11),
        Row("expose_trading_schedule_to_api", maybe(BOOL), 12),
        Row("split_insured_deposit_from_cash_balance", maybe(BOOL), 13),
        Row("send_zero_positions_for_today_only", maybe(BOOL), 14),
        Row("let_api_account_requests_switch_subscription", maybe(BOOL), 15),
        Row("use_account_groups_with_allocation_methods", maybe(BOOL), 16),
        Row("logging_level", maybe(STRING), 17),
        Row("master_client_id", maybe(INT), 18),
        Row("bulk_data_timeout", maybe(INT), 19),
        Row("component_exchange_separator", maybe(STRING), 20, "componentExchSeparator"),
        Row("show_forex_data_in_tenth_pips", maybe(BOOL), 21, "showForexDataIn1_10Pips"),
        Row("allow_forex_trading_in_tenth_pips", maybe(BOOL), 22, "allowForexTradingIn1_10Pips"),
        Row("round_account_values_to_nearest_whole_number", maybe(BOOL), 23),
        Row("send_market_data_in_lots_for_us_stocks", maybe(BOOL), 24),
        Row("show_advanced_order_reject_in_ui", maybe(BOOL), 25),
        Row("reject_messages_above_max_rate", maybe(BOOL), 26),
        Row("maintain_connection_on_incorrect_fields", maybe(BOOL), 27),
        Row("compatibility_mode_nasdaq_stocks", maybe(BOOL), 28),
        Row("send_instrument_timezone", maybe(STRING), 29),
        Row("send_forex_data_in_compatibility_mode", maybe(BOOL), 30),
        Row("maintain_and_resubmit_orders_on_reconnect", maybe(BOOL), 31),
        Row("historical_data_max_size", maybe(INT), 32),
        Row("auto_report_netting_event_contract_trades", maybe(BOOL), 33),
        Row("option_exercise_request_type", maybe(STRING), 34),
        Row("allow_localhost_only", maybe(BOOL), 35),
        Many("trusted_ips", STRING, 36, "trustedIPs"),
    ),
)
_API = Layout(
    ApiConfig,
    (
        Part("precautions", _PRECAUTIONS, 1, optional=True),
        Part("settings", _SETTINGS, 2, optional=True),
    ),
)
_SMART_ROUTING = Layout(
    OrdersSmartRoutingConfig,
    (
        Row("seek_price_improvement", maybe(BOOL), 1),
        Row("pre_open_reroute", maybe(BOOL), 2),
        Row("do_not_route_to_dark_pools", maybe(BOOL), 3),
        Row("default_algorithm", maybe(STRING), 4),
    ),
)
_ORDERS = Layout(OrdersConfig, (Part("smart_routing", _SMART_ROUTING, 1, optional=True, presence=False),))
_WARNING = Layout(
    UpdateConfigWarning,
    (
        Row("message_id", maybe(INT), 1),
        Row("title", maybe(STRING), 2),
        Row("message", maybe(STRING), 3),
    ),
)
_SECTIONS = (
    Row("request_id", INT, 1, "reqId"),
    Part("lock_and_exit", _LOCK_AND_EXIT, 2, optional=True),
    Many("messages", _MESSAGE, 3),
    Part("api", _API, 4, optional=True),
    Part("orders", _ORDERS, 5, optional=True),
)

CONFIG: tuple[Entry, ...] = (
    Entry(
        Layout(ConfigRequest, (Row("request_id", INT, 1, "reqId"),)),
        id=108,
        vendor_name="reqConfigProtoBuf",
        protobuf_since=v.CONFIG,
        since=v.CONFIG,
        text=False,
        conversation=ConversationRow(
            shape=Shape.ONE,
            key=Key.REQUEST_ID,
            answers=(ConfigResponse,),
            ends=frozenset({321}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=10.0,
            source="V, C cap",
            confidence="medium",
        ),
    ),
    Entry(
        Layout(ConfigResponse, _SECTIONS),
        id=110,
        vendor_name="configResponseProtoBuf",
        protobuf_since=v.CONFIG,
        since=v.CONFIG,
        text=False,
    ),
    Entry(
        Layout(
            UpdateConfigRequest,
            (
                *_SECTIONS,
                Many("accepted_warnings", _WARNING, 6),
                Row("reset_api_order_sequence", maybe(BOOL), 7, "resetAPIOrderSequence"),
            ),
        ),
        id=109,
        vendor_name="updateConfigProtoBuf",
        protobuf_since=v.UPDATE_CONFIG,
        since=v.UPDATE_CONFIG,
        text=False,
        changes_state=True,
        conversation=ConversationRow(
            shape=Shape.ONE,
            key=Key.REQUEST_ID,
            answers=(UpdateConfigResponse,),
            slot="update_config",
            ends=frozenset({321}),
            deadline=30.0,
            source="V, D",
            confidence="low",
            doubts="No recording of it was found. It seems to need a TWS that lets clients do more than read.",
        ),
    ),
    Entry(
        Layout(
            UpdateConfigResponse,
            (
                Row("request_id", INT, 1, "reqId"),
                Row("status", maybe(STRING), 2),
                Row("message", maybe(STRING), 3),
                Many("changed_fields", STRING, 4),
                Many("errors", STRING, 5),
                Many("warnings", _WARNING, 6),
            ),
        ),
        id=111,
        vendor_name="updateConfigResponseProtoBuf",
        protobuf_since=v.UPDATE_CONFIG,
        since=v.UPDATE_CONFIG,
        text=False,
    ),
)
