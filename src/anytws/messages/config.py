"""The settings of TWS that a client may read and change: those behind the menu "Global Configuration".

A setting is None where TWS did not say it, or where an update leaves it as it is; so False and zero are values. The
exception are lists, which cannot tell "none" from "not said": an empty one says nothing.
"""

from __future__ import annotations

from anytws.messages.base import ToClient, ToTws, message, record


@record
class LockAndExitConfig:
    """When TWS logs off or starts again by itself."""

    auto_logoff_time: str | None = None
    """The time of day, in the zone of TWS, as its window shows it."""
    auto_logoff_period: str | None = None
    """The half of the day, ``AM`` or ``PM``."""
    auto_logoff_type: str | None = None
    """What happens then: log off, or start again."""


@record
class MessageConfig:
    """One of the questions and warnings that TWS shows, and whether it goes on showing it."""

    message_id: int | None = None
    title: str | None = None
    message: str | None = None
    """Its text, for people."""
    default_action: str | None = None
    """The answer that is taken where it is not shown."""
    enabled: bool | None = None
    """Whether it is shown."""


@record
class ApiPrecautionsConfig:
    """Which of the questions that TWS asks about an order are left out for orders of clients."""

    bypass_order_precautions: bool | None = None
    """All of the limits on size, value and distance from the market that are set as precautions."""
    bypass_bond_warning: bool | None = None
    bypass_negative_yield_confirmation: bool | None = None
    bypass_called_bond_warning: bool | None = None
    bypass_same_action_pair_trade_warning: bool | None = None
    bypass_flagged_accounts_warning: bool | None = None
    bypass_price_based_volatility_warning: bool | None = None
    bypass_redirect_order_warning: bool | None = None
    bypass_no_overfill_protection: bool | None = None
    bypass_route_marketable_to_bbo: bool | None = None


@record
class ApiSettingsConfig:
    """How TWS treats its clients."""

    read_only_api: bool | None = None
    """Whether clients may look and not trade."""
    total_quantity_for_mutual_funds: bool | None = None
    download_open_orders_on_connection: bool | None = None
    include_virtual_fx_positions: bool | None = None
    prepare_daily_pnl: bool | None = None
    send_status_updates_for_volatility_orders: bool | None = None
    encode_api_messages: str | None = None
    """How texts with characters outside of ASCII are written."""
    socket_port: int | None = None
    """The port on which TWS waits for clients."""
    use_negative_auto_range: bool | None = None
    create_api_message_log_file: bool | None = None
    include_market_data_in_log_file: bool | None = None
    expose_trading_schedule_to_api: bool | None = None
    split_insured_deposit_from_cash_balance: bool | None = None
    send_zero_positions_for_today_only: bool | None = None
    let_api_account_requests_switch_subscription: bool | None = None
    use_account_groups_with_allocation_methods: bool | None = None
    logging_level: str | None = None
    """How much TWS writes into its own log about its clients."""
    master_client_id: int | None = None
    """The client that is told of the orders of all others."""
    bulk_data_timeout: int | None = None
    """Seconds that TWS waits for bulk data."""
    component_exchange_separator: str | None = None
    """What stands between an exchange and a part of it in names of exchanges."""
    show_forex_data_in_tenth_pips: bool | None = None
    allow_forex_trading_in_tenth_pips: bool | None = None
    round_account_values_to_nearest_whole_number: bool | None = None
    send_market_data_in_lots_for_us_stocks: bool | None = None
    """Whether sizes of US stocks are in lots of 100 and not in shares."""
    show_advanced_order_reject_in_ui: bool | None = None
    reject_messages_above_max_rate: bool | None = None
    """Whether requests that come too fast are refused; they wait otherwise."""
    maintain_connection_on_incorrect_fields: bool | None = None
    """Whether TWS keeps the connection of a client that sent what it cannot read."""
    compatibility_mode_nasdaq_stocks: bool | None = None
    """Whether NASDAQ is called ISLAND."""
    send_instrument_timezone: str | None = None
    """In which zone TWS writes times: the instrument's, its own or UTC."""
    send_forex_data_in_compatibility_mode: bool | None = None
    maintain_and_resubmit_orders_on_reconnect: bool | None = None
    historical_data_max_size: int | None = None
    auto_report_netting_event_contract_trades: bool | None = None
    option_exercise_request_type: str | None = None
    allow_localhost_only: bool | None = None
    """Whether clients on other machines are refused."""
    trusted_ips: tuple[str, ...] = ()
    """Addresses from which clients are taken without asking."""


@record
class ApiConfig:
    """What concerns clients."""

    precautions: ApiPrecautionsConfig | None = None
    settings: ApiSettingsConfig | None = None


@record
class OrdersSmartRoutingConfig:
    """How the vendor's router SMART works."""

    seek_price_improvement: bool | None = None
    pre_open_reroute: bool | None = None
    do_not_route_to_dark_pools: bool | None = None
    default_algorithm: str | None = None


@record
class OrdersConfig:
    """What concerns orders."""

    smart_routing: OrdersSmartRoutingConfig | None = None


@message
class ConfigRequest(ToTws):
    """Ask for the settings of TWS: the answer is a `ConfigResponse`. From server version 219."""

    request_id: int


@message
class ConfigResponse(ToClient):
    """The settings of TWS."""

    request_id: int
    lock_and_exit: LockAndExitConfig | None = None
    messages: tuple[MessageConfig, ...] = ()
    api: ApiConfig | None = None
    orders: OrdersConfig | None = None


@record
class UpdateConfigWarning:
    """What TWS wants to be sure of before it changes a setting."""

    message_id: int | None = None
    title: str | None = None
    message: str | None = None
    """The warning, for people."""


@message
class UpdateConfigRequest(ToTws):
    """Change settings of TWS; what is None stays as it is. From server version 221.

    The answer is an `UpdateConfigResponse`. Where that has warnings, nothing may have been changed: ask again, with
    those warnings in ``accepted_warnings``.
    """

    request_id: int
    lock_and_exit: LockAndExitConfig | None = None
    messages: tuple[MessageConfig, ...] = ()
    api: ApiConfig | None = None
    orders: OrdersConfig | None = None
    accepted_warnings: tuple[UpdateConfigWarning, ...] = ()
    """Warnings of an earlier answer, as they came, that are no obstacle."""
    reset_api_order_sequence: bool | None = None
    """Whether the ids of orders begin anew."""


@message
class UpdateConfigResponse(ToClient):
    """What became of an `UpdateConfigRequest`."""

    request_id: int
    status: str | None = None
    """The outcome in one word."""
    message: str | None = None
    """For people."""
    changed_fields: tuple[str, ...] = ()
    """What was changed, by the vendor's names."""
    errors: tuple[str, ...] = ()
    """Why something was not changed, for people."""
    warnings: tuple[UpdateConfigWarning, ...] = ()
    """What TWS wants to be sure of first."""
