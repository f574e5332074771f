"""The settings of TWS that a client may read and change: those behind the menu "Global Configuration".

A setting is None where TWS did not say it, or where an update leaves it as it is; so False and zero are values. The
exception are lists, which cannot tell "none" from "not said": an empty one says nothing.
"""

from __future__ import annotations

from anytws.messages.base import Asks, ToClient, message, record


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
    """The vendor's number of the message."""
    title: str | None = None
    """What stands above it, for people."""
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
    """The warning about orders for bonds."""
    bypass_negative_yield_confirmation: bool | None = None
    """The question whether a bond at a yield below zero is to be bought to its worst redemption."""
    bypass_called_bond_warning: bool | None = None
    """The warning that a bond has been called by its issuer."""
    bypass_same_action_pair_trade_warning: bool | None = None
    """The warning that both orders of a pair trade buy, or both sell."""
    bypass_flagged_accounts_warning: bool | None = None
    """The warning that an account is flagged. What the vendor flags is not known here."""
    bypass_price_based_volatility_warning: bool | None = None
    """The warning about the risk of volatility that was computed from prices."""
    bypass_redirect_order_warning: bool | None = None
    """The warning that TWS will send a stock order elsewhere than was asked."""
    bypass_no_overfill_protection: bool | None = None
    """The warning that nothing keeps orders of a group from filling more than was wanted."""
    bypass_route_marketable_to_bbo: bool | None = None
    """The question about `Order.route_marketable_to_bbo`."""


@record
class ApiSettingsConfig:
    """How TWS treats its clients."""

    read_only_api: bool | None = None
    """Whether clients may look and not trade."""
    total_quantity_for_mutual_funds: bool | None = None
    """Whether quantities of mutual funds are in shares; the name says no more, and it was not tried."""
    download_open_orders_on_connection: bool | None = None
    """Whether a client is told of its open orders when it connects, without asking."""
    include_virtual_fx_positions: bool | None = None
    """Whether what was traded in pairs of currencies is listed among the positions."""
    prepare_daily_pnl: bool | None = None
    """Whether TWS computes the daily profit and loss from the start, and not when it is first asked for."""
    send_status_updates_for_volatility_orders: bool | None = None
    """Whether an `OrderStatus` is sent for changes that TWS itself makes to volatility orders."""
    encode_api_messages: str | None = None
    """How texts with characters outside of ASCII are written."""
    socket_port: int | None = None
    """The port on which TWS waits for clients."""
    use_negative_auto_range: bool | None = None
    """Whether orders made in TWS get ids below zero when they are bound to a client."""
    create_api_message_log_file: bool | None = None
    """Whether TWS keeps a log of what it and its clients say: what ``anytws explain`` reads."""
    include_market_data_in_log_file: bool | None = None
    """Whether market data is in that log too."""
    expose_trading_schedule_to_api: bool | None = None
    """Whether ``trading_hours`` of `ContractDetails` go on for about five weeks and not for some days."""
    split_insured_deposit_from_cash_balance: bool | None = None
    """Whether cash in an insured deposit programme is told apart from other cash."""
    send_zero_positions_for_today_only: bool | None = None
    """Whether positions of zero are said only where they were closed today."""
    let_api_account_requests_switch_subscription: bool | None = None
    """Whether a client's `AccountDataRequest` may end another client's for another account."""
    use_account_groups_with_allocation_methods: bool | None = None
    """Whether an advisor's groups say how an order is divided, which profiles did before."""
    logging_level: str | None = None
    """How much TWS writes into its own log about its clients."""
    master_client_id: int | None = None
    """The client that is told of the orders of all others."""
    bulk_data_timeout: int | None = None
    """Seconds that TWS waits for bulk data."""
    component_exchange_separator: str | None = None
    """What stands between an exchange and a part of it in names of exchanges."""
    show_forex_data_in_tenth_pips: bool | None = None
    """Whether prices of currencies are shown to a tenth of a pip."""
    allow_forex_trading_in_tenth_pips: bool | None = None
    """Whether limit prices for currencies may be in tenths of a pip."""
    round_account_values_to_nearest_whole_number: bool | None = None
    """Whether the figures of an account come without decimals."""
    send_market_data_in_lots_for_us_stocks: bool | None = None
    """Whether sizes of US stocks are in lots of 100 and not in shares."""
    show_advanced_order_reject_in_ui: bool | None = None
    """Whether TWS shows the window about a rejected order itself; else `ErrorMessage.advanced_order_reject_json` has
    its contents."""
    reject_messages_above_max_rate: bool | None = None
    """Whether requests that come too fast are refused; they wait otherwise."""
    maintain_connection_on_incorrect_fields: bool | None = None
    """Whether TWS keeps the connection of a client that sent what it cannot read."""
    compatibility_mode_nasdaq_stocks: bool | None = None
    """Whether NASDAQ is called ISLAND."""
    send_instrument_timezone: str | None = None
    """In which zone TWS writes times: the instrument's, its own or UTC."""
    send_forex_data_in_compatibility_mode: bool | None = None
    """Whether data about currencies keeps the form that it had in old versions; which, is not known here."""
    maintain_and_resubmit_orders_on_reconnect: bool | None = None
    """Whether TWS keeps orders that it could not send, and sends them when it is connected to the broker again."""
    historical_data_max_size: int | None = None
    """The most historical data that one answer may have; the unit is not known here."""
    auto_report_netting_event_contract_trades: bool | None = None
    """Whether trades that net event contracts against each other are reported without asking."""
    option_exercise_request_type: str | None = None
    """How a client's requests to exercise options are taken; the words are TWS's own."""
    allow_localhost_only: bool | None = None
    """Whether clients on other machines are refused."""
    trusted_ips: tuple[str, ...] = ()
    """Addresses from which clients are taken without asking."""


@record
class ApiConfig:
    """What concerns clients."""

    precautions: ApiPrecautionsConfig | None = None
    """What TWS does not ask about."""
    settings: ApiSettingsConfig | None = None
    """Ports, logs, forms of data and whom to let in."""


@record
class OrdersSmartRoutingConfig:
    """How the vendor's router SMART works."""

    seek_price_improvement: bool | None = None
    """Whether it looks for better prices than those that are shown."""
    pre_open_reroute: bool | None = None
    """Whether orders from before the opening may be sent to another exchange at the opening."""
    do_not_route_to_dark_pools: bool | None = None
    """Whether it leaves out exchanges that show no orders."""
    default_algorithm: str | None = None
    """How it routes where an order does not say it; the words are TWS's own."""


@record
class OrdersConfig:
    """What concerns orders."""

    smart_routing: OrdersSmartRoutingConfig | None = None
    """What concerns the router SMART."""


@message
class ConfigResponse(ToClient):
    """The settings of TWS."""

    request_id: int
    """The request that it answers, by its number."""
    lock_and_exit: LockAndExitConfig | None = None
    """When TWS logs off or starts again."""
    messages: tuple[MessageConfig, ...] = ()
    """The questions and warnings that TWS shows."""
    api: ApiConfig | None = None
    """What concerns clients."""
    orders: OrdersConfig | None = None
    """What concerns orders."""


@message
class ConfigRequest(Asks[ConfigResponse]):
    """Ask for the settings of TWS: the answer is a `ConfigResponse`. From server version 219."""

    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@record
class UpdateConfigWarning:
    """What TWS wants to be sure of before it changes a setting."""

    message_id: int | None = None
    """The vendor's number of the warning."""
    title: str | None = None
    """What stands above it, for people."""
    message: str | None = None
    """The warning, for people."""


@message
class UpdateConfigResponse(ToClient):
    """What became of an `UpdateConfigRequest`."""

    request_id: int
    """The request that it answers, by its number."""
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


@message
class UpdateConfigRequest(Asks[UpdateConfigResponse]):
    """Change settings of TWS; what is None stays as it is. From server version 221.

    The answer is an `UpdateConfigResponse`. Where that has warnings, nothing may have been changed: ask again, with
    those warnings in ``accepted_warnings``.
    """

    lock_and_exit: LockAndExitConfig | None = None
    """When TWS logs off or starts again; None leaves all of it."""
    messages: tuple[MessageConfig, ...] = ()
    """The questions and warnings to change, each with its ``message_id``."""
    api: ApiConfig | None = None
    """What concerns clients; None leaves all of it."""
    orders: OrdersConfig | None = None
    """What concerns orders; None leaves all of it."""
    accepted_warnings: tuple[UpdateConfigWarning, ...] = ()
    """Warnings of an earlier answer, as they came, that are no obstacle."""
    reset_api_order_sequence: bool | None = None
    """Whether the ids of orders begin anew."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""
