"""The settings of TWS as its API tells and changes them: some do something here, the others are kept and said back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeVar

import attrs

from anytws.messages.base import replace
from anytws.messages.config import (
    ApiConfig,
    ApiPrecautionsConfig,
    ApiSettingsConfig,
    ConfigResponse,
    LockAndExitConfig,
    MessageConfig,
    OrdersConfig,
    OrdersSmartRoutingConfig,
    UpdateConfigRequest,
    UpdateConfigWarning,
)
from anytws.simulator.settings import BarTimes, WorldSettings

_T = TypeVar("_T")

MOST_CHARACTERS: Final = 1000
"""How long a text among the settings may be (chosen)."""
MOST_ADDRESSES: Final = 100
"""How many trusted addresses there may be (chosen)."""

OPENS_TO_OTHERS: Final = UpdateConfigWarning(
    1, "Allow connections from other hosts", "Clients on other machines will be able to connect to this TWS."
)
"""What has to be accepted before ``allow_localhost_only`` is switched off (chosen)."""

_ZONES: Final = {
    BarTimes.INSTRUMENT: "instrument",
    BarTimes.OPERATOR: "operator",
    BarTimes.UTC: "UTC",
}
_PORT: Final = "api.settings.socketPort"
_SEQUENCE: Final = "resetApiOrderSequence"

# Values that a TWS may have after its installation: chosen, save what is documented of their defaults.
USUAL: Final = ConfigResponse(
    request_id=0,
    lock_and_exit=LockAndExitConfig("11:45", "PM", "restart"),
    messages=(
        MessageConfig(1, "Order precautions", "The order exceeds a limit of its presets.", "transmit", enabled=True),
        MessageConfig(2, "Market order outside of hours", "The market is closed.", "transmit", enabled=True),
    ),
    api=ApiConfig(
        precautions=ApiPrecautionsConfig(*[False] * 10),
        settings=ApiSettingsConfig(
            total_quantity_for_mutual_funds=False,
            download_open_orders_on_connection=True,
            include_virtual_fx_positions=True,
            prepare_daily_pnl=True,
            send_status_updates_for_volatility_orders=False,
            encode_api_messages="UTF8",
            socket_port=7497,
            use_negative_auto_range=True,
            create_api_message_log_file=False,
            include_market_data_in_log_file=False,
            expose_trading_schedule_to_api=False,
            split_insured_deposit_from_cash_balance=False,
            send_zero_positions_for_today_only=True,
            let_api_account_requests_switch_subscription=True,
            use_account_groups_with_allocation_methods=True,
            logging_level="Error",
            bulk_data_timeout=30,
            component_exchange_separator="/",
            show_forex_data_in_tenth_pips=True,
            allow_forex_trading_in_tenth_pips=False,
            round_account_values_to_nearest_whole_number=False,
            show_advanced_order_reject_in_ui=False,
            reject_messages_above_max_rate=True,
            maintain_connection_on_incorrect_fields=True,
            compatibility_mode_nasdaq_stocks=False,
            send_forex_data_in_compatibility_mode=False,
            maintain_and_resubmit_orders_on_reconnect=True,
            historical_data_max_size=0,
            auto_report_netting_event_contract_trades=False,
            option_exercise_request_type="default",
        ),
    ),
    orders=OrdersConfig(OrdersSmartRoutingConfig(False, False, False, "SMART")),
)


@attrs.frozen
class Outcome:
    """What became of an update."""

    kept: ConfigResponse
    """What is said from now on."""
    settings: WorldSettings
    """What holds from now on."""
    changed: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    """If there are any, nothing is changed."""
    warnings: tuple[UpdateConfigWarning, ...] = ()
    """The same: they have to be accepted first."""


def told(kept: ConfigResponse, settings: WorldSettings) -> ConfigResponse:
    """Give all settings: those that do something as they are now, the others as they are *kept*."""
    api = kept.api or ApiConfig()
    own = replace(
        api.settings or ApiSettingsConfig(),
        read_only_api=settings.read_only,
        allow_localhost_only=settings.localhost_only,
        trusted_ips=tuple(sorted(settings.trusted_addresses)),
        master_client_id=settings.master_client,
        send_market_data_in_lots_for_us_stocks=settings.us_stocks_in_lots,
        send_instrument_timezone=_ZONES[settings.bar_times],
    )
    return replace(kept, api=replace(api, settings=own))


def updated(kept: ConfigResponse, settings: WorldSettings, asked: UpdateConfigRequest) -> Outcome:
    """Give what becomes of what is *asked*: all of it is done, or nothing."""
    before = told(kept, settings)
    changes = {name: _merged(getattr(before, name), getattr(asked, name), name) for name in ("lock_and_exit", "orders")}
    changes["api"] = _merged(before.api, asked.api, "api")
    messages, errors = _messages(before.messages, asked.messages)
    changed = [path for _, paths in changes.values() for path in paths]
    changed += [f"messages.{each.message_id}" for each in messages if each not in before.messages]
    after = replace(before, messages=messages, **{name: merged for name, (merged, _) in changes.items()})
    errors += _not_simulated(changed, asked) + _too_long(after)
    warnings = _warnings(after, settings, asked)
    if errors or warnings:
        return Outcome(kept, settings, errors=tuple(errors), warnings=warnings)
    try:
        return Outcome(after, _settings(after, settings), tuple(changed))
    except ValueError as problem:
        return Outcome(kept, settings, errors=(str(problem),))


def _settings(after: ConfigResponse, settings: WorldSettings) -> WorldSettings:
    own = (after.api or ApiConfig()).settings or ApiSettingsConfig()
    zones = {word: zone for zone, word in _ZONES.items()}
    if own.send_instrument_timezone not in zones:
        raise ValueError(f"sendInstrumentTimezone is one of {', '.join(zones)}")
    return attrs.evolve(
        settings,
        read_only=bool(own.read_only_api),
        localhost_only=bool(own.allow_localhost_only),
        trusted_addresses=frozenset(own.trusted_ips),
        master_client=own.master_client_id,
        us_stocks_in_lots=bool(own.send_market_data_in_lots_for_us_stocks),
        bar_times=zones[own.send_instrument_timezone],
    )


def _merged(old: _T, new: _T, path: str) -> tuple[_T, list[str]]:
    """Give *old* with the values that *new* has, and the names of those that are others than before."""
    if new is None or new == ():
        return old, []
    if not attrs.has(type(new)):
        return new, ([] if old == new else [path])
    record: Any = type(new)() if old is None else old
    values, changed = {}, []
    for field in _fields(new):
        name = f"{path}.{_vendors(field)}"
        values[field], more = _merged(getattr(record, field), getattr(new, field), name)
        changed += more
    return replace(record, **values), changed


def _messages(
    old: tuple[MessageConfig, ...], new: tuple[MessageConfig, ...]
) -> tuple[tuple[MessageConfig, ...], list[str]]:
    by_id = {each.message_id: each for each in old}
    errors = [f"messages: there is no message {each.message_id}" for each in new if each.message_id not in by_id]
    for each in new:
        if each.message_id in by_id:
            by_id[each.message_id] = _merged(by_id[each.message_id], each, "messages")[0]
    return tuple(by_id.values()), errors


def _not_simulated(changed: list[str], asked: UpdateConfigRequest) -> list[str]:
    errors = [f"{path}: a simulated TWS stays at its port" for path in changed if path == _PORT]
    return errors + ([f"{_SEQUENCE}: order ids only go up here"] if asked.reset_api_order_sequence else [])


def _too_long(after: ConfigResponse) -> list[str]:
    own = after.api.settings if after.api is not None else None
    errors = [f"a text has more than {MOST_CHARACTERS} characters"] * any(
        len(text) > MOST_CHARACTERS for text in _texts(after)
    )
    if own is not None and len(own.trusted_ips) > MOST_ADDRESSES:
        errors.append(f"trustedIps has more than {MOST_ADDRESSES} addresses")
    return errors


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif attrs.has(type(value)):
        for field in _fields(value):
            yield from _texts(getattr(value, field))


def _warnings(
    after: ConfigResponse, settings: WorldSettings, asked: UpdateConfigRequest
) -> tuple[UpdateConfigWarning, ...]:
    own = (after.api or ApiConfig()).settings or ApiSettingsConfig()
    opens = settings.localhost_only and own.allow_localhost_only is False
    accepted = {warning.message_id for warning in asked.accepted_warnings}
    return (OPENS_TO_OTHERS,) if opens and OPENS_TO_OTHERS.message_id not in accepted else ()


def _fields(record: object) -> list[str]:
    cls: Any = type(record)
    return [field.name for field in attrs.fields(cls)]


def _vendors(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
