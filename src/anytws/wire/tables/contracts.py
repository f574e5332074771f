"""The rows of the messages about contracts; those of a contract itself are in `anytws.wire.tables.contract`."""

from __future__ import annotations

import re
from typing import Any

import attrs

from anytws.messages.contract import SecurityType
from anytws.messages.contract_details import ContractDetails, FundAssetType, FundDistributionPolicy, IneligibilityReason
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
from anytws.wire import versions as v
from anytws.wire.conversation import Cancel, ConversationRow, Key, Pace, Resend, Shape
from anytws.wire.kinds import DECIMAL, DOUBLE, INT, STRING, Kind, word_of
from anytws.wire.optional_kinds import ESCAPED_TEXT, FLAG, TEXT, empty_means, left_out_when, maybe, nothing_is
from anytws.wire.rows import Entry, Filler, Layout, Many, Part, Row, Tags, When
from anytws.wire.tables.contract import COMMON, CONTRACT, as_asked, contract_rows

CONTRACT_DESCRIPTION = Layout(
    ContractDescription,
    text=(
        *contract_rows("contract_id", "symbol", "security_type", "primary_exchange", "currency"),
        Many("derivative_security_types", word_of(SecurityType)),
        Row("contract.description", TEXT, since=v.BOND_ISSUERID),
        Row("contract.issuer_id", TEXT, since=v.BOND_ISSUERID),
    ),
    protobuf=(
        Part("contract", CONTRACT, 1),
        Many("derivative_security_types", word_of(SecurityType), 2, "derivativeSecTypes"),
    ),
)


def _plain(kind: Kind) -> Kind:
    """Write 50 and not 50.0, as TWS does in its messages about contracts."""

    def write(value: object) -> str:
        return kind.write_text(value).removesuffix(".0")

    return attrs.evolve(kind, write_text=write)


def _split_names(text: str) -> tuple[str, ...]:
    # An empty name is kept: market rules stand at the places of their exchanges, and TWS may end a list with a comma.
    return tuple(text.split(",")) if text else ()


def _join_names(names: Any) -> str:
    text = ",".join([STRING.write_text(name) for name in names])
    if _split_names(text) != names:
        raise ValueError(names)
    return text


_NAMES = left_out_when(
    Kind(
        "COMMA_LIST",
        lambda text: _split_names(STRING.read_text(text)),
        _join_names,
        "string",
        read_protobuf=_split_names,
        write_protobuf=_join_names,
    ),
    (),
)
_UNDERLYING = nothing_is(INT, "0")
_GROUP = nothing_is(INT, "2147483647")


def _whole_number() -> Kind:
    """Give the kind of a number that text has as a whole one and protobuf as a double."""
    kind = maybe(INT)

    def read(text: str) -> float | None:
        value = kind.read_text(text)
        return None if value is None else float(value)

    def write(value: object) -> str:
        return kind.write_text(int(value) if isinstance(value, float) and value.is_integer() else value)

    return attrs.evolve(kind, read_text=read, write_text=write)


_EV_MULTIPLIER = _whole_number()

PRICE_INCREMENT = Layout(
    PriceIncrement, (Row("low_edge", _plain(empty_means(DOUBLE, 0.0)), 1), Row("increment", _plain(maybe(DOUBLE)), 2))
)
INELIGIBILITY_REASON = Layout(IneligibilityReason, (Row("id", TEXT, 1), Row("description", TEXT, 2)))

CONTRACT_DETAILS = Layout(
    ContractDetails,
    text=(),
    protobuf=(
        Row("market_name", TEXT, 1),
        Row("min_tick", maybe(DECIMAL), 2),
        Row("order_types", _NAMES, 3),
        Row("valid_exchanges", _NAMES, 4),
        Row("price_magnifier", maybe(INT), 5),
        Row("underlying_contract_id", _UNDERLYING, 6, "underConId"),
        Row("long_name", TEXT, 7),
        Row("contract_month", TEXT, 8),
        Row("industry", TEXT, 9),
        Row("category", TEXT, 10),
        Row("subcategory", TEXT, 11),
        Row("time_zone_id", TEXT, 12),
        Row("trading_hours", TEXT, 13),
        Row("liquid_hours", TEXT, 14),
        Row("ev_rule", TEXT, 15),
        Row("ev_multiplier", maybe(DOUBLE), 16),
        Tags("security_id_list", 17, "secIdList"),
        Row("aggregated_group", _GROUP, 18, "aggGroup"),
        Row("underlying_symbol", TEXT, 19, "underSymbol"),
        Row("underlying_security_type", maybe(word_of(SecurityType)), 20, "underSecType"),
        Row("market_rule_ids", _NAMES, 21),
        Row("real_expiration_date", TEXT, 22),
        Row("stock_type", TEXT, 23),
        Row("min_size", maybe(DECIMAL), 24),
        Row("size_increment", maybe(DECIMAL), 25),
        Row("suggested_size_increment", maybe(DECIMAL), 26),
        Row("fund_name", TEXT, 27),
        Row("fund_family", TEXT, 28),
        Row("fund_type", TEXT, 29),
        Row("fund_front_load", TEXT, 30),
        Row("fund_back_load", TEXT, 31),
        Row("fund_back_load_time_interval", TEXT, 32),
        Row("fund_management_fee", TEXT, 33),
        Row("fund_closed", FLAG, 34),
        Row("fund_closed_for_new_investors", FLAG, 35),
        Row("fund_closed_for_new_money", FLAG, 36),
        Row("fund_notify_amount", TEXT, 37),
        Row("fund_minimum_initial_purchase", TEXT, 38),
        Row("fund_minimum_subsequent_purchase", TEXT, 39),
        Row("fund_blue_sky_states", TEXT, 40),
        Row("fund_blue_sky_territories", TEXT, 41),
        Row("fund_distribution_policy", maybe(word_of(FundDistributionPolicy)), 42, "fundDistributionPolicyIndicator"),
        Row("fund_asset_type", maybe(word_of(FundAssetType)), 43),
        Row("cusip", TEXT, 44),
        Row("issue_date", TEXT, 45),
        Row("ratings", TEXT, 46),
        Row("bond_type", TEXT, 47),
        Row("coupon", maybe(DOUBLE), 48),
        Row("coupon_type", TEXT, 49),
        Row("convertible", FLAG, 50),
        Row("callable", FLAG, 51),
        Row("puttable", FLAG, 52),
        Row("description_append", TEXT, 53, "descAppend"),
        Row("next_option_date", TEXT, 54),
        Row("next_option_type", TEXT, 55),
        Row("next_option_partial", FLAG, 56),
        Row("bond_notes", TEXT, 57),
        Many("ineligibility_reasons", INELIGIBILITY_REASON, 58, "ineligibilityReasonList"),
        Row("event_contract_1", TEXT, 59),
        Row("event_contract_description_1", TEXT, 60),
        Row("event_contract_description_2", TEXT, 61),
        Row("min_algo_size", maybe(DECIMAL), 62),
        Row("last_price_precision", maybe(DECIMAL), 63),
        Row("last_size_precision", maybe(DECIMAL), 64),
        Row("settlement_method", TEXT, 65),
    ),
)
"""What TWS knows about a contract, in protobuf."""

# Text has the date, the time and the zone of the last trade in one field, and so has protobuf.
_CLOCK = "[0-9]{2}:[0-9]{2}(?::[0-9]{2})?"
_IN_UTC = re.compile(rf"([0-9]{{8}})-({_CLOCK})Z?").fullmatch
_IN_ZONE = re.compile(rf"([0-9]{{8}}) +({_CLOCK})(?: (\S.*))?").fullmatch


def _split_moment(text: str) -> tuple[str, str, str]:
    """Give date, time and zone; a text of another form is all date."""
    if match := _IN_UTC(text):
        return match[1], match[2], "UTC"
    if match := _IN_ZONE(text):
        return match[1], match[2], match[3] or ""
    return text, "", ""


def _join_moment(date: str, time: str, zone: str) -> str:
    text = f"{date}-{time}" if zone == "UTC" else " ".join([part for part in (date, time, zone) if part])
    if _split_moment(text) != (date, time, zone):
        raise ValueError(text)
    return text


def _with_moment(message: Any, moment: str, **details: str) -> Any:
    """Give *message* with *moment* as its contract's date, and with other *details*."""
    return attrs.evolve(
        message,
        contract=attrs.evolve(message.contract, last_trade_date_or_contract_month=moment),
        details=attrs.evolve(message.details, **details),
    )


def _split_last_trade(read: Any) -> Any:
    date, time, zone = _split_moment(read.contract.last_trade_date_or_contract_month)
    return _with_moment(read, date, last_trade_time=time, last_trade_time_zone=zone) if time else read


def _join_last_trade(said: Any) -> Any:
    date, details = said.contract.last_trade_date_or_contract_month, said.details
    return _with_moment(said, _join_moment(date, details.last_trade_time, details.last_trade_time_zone))


def _split_maturity(read: Any) -> Any:
    date, time, zone = _split_moment(read.contract.last_trade_date_or_contract_month)
    return _with_moment(read, "", maturity=date, last_trade_time=time, last_trade_time_zone=zone)


def _join_maturity(said: Any) -> Any:
    details = said.details
    return _with_moment(said, _join_moment(details.maturity, details.last_trade_time, details.last_trade_time_zone))


_STRIKE = _plain(maybe(DOUBLE))
_SIZES = (
    Row("details.min_size", maybe(DECIMAL), since=v.SIZE_RULES),
    Row("details.size_increment", maybe(DECIMAL), since=v.SIZE_RULES),
    Row("details.suggested_size_increment", maybe(DECIMAL), since=v.SIZE_RULES),
)
_SIZE_MULTIPLIER = Row(
    "details.market_data_size_multiplier", maybe(INT), since=v.MD_SIZE_MULTIPLIER, until=v.SIZE_RULES
)
_AGGREGATED_GROUP = Row("details.aggregated_group", _GROUP, since=v.AGG_GROUP)
_MARKET_RULE_IDS = Row("details.market_rule_ids", _NAMES, since=v.MARKET_RULES)


def _is_fund(message: Any) -> bool:
    return bool(message.contract.security_type == SecurityType.FUND)


def _texts(*names: str, since: int = 0) -> tuple[Row, ...]:
    return tuple([Row(f"details.{name}", TEXT, since=since) for name in names])


_FUND_ROWS = (
    *_texts(
        "fund_name",
        "fund_family",
        "fund_type",
        "fund_front_load",
        "fund_back_load",
        "fund_back_load_time_interval",
        "fund_management_fee",
        since=v.FUND_DATA_FIELDS,
    ),
    Row("details.fund_closed", FLAG, since=v.FUND_DATA_FIELDS),
    Row("details.fund_closed_for_new_investors", FLAG, since=v.FUND_DATA_FIELDS),
    Row("details.fund_closed_for_new_money", FLAG, since=v.FUND_DATA_FIELDS),
    *_texts(
        "fund_notify_amount",
        "fund_minimum_initial_purchase",
        "fund_minimum_subsequent_purchase",
        "fund_blue_sky_states",
        "fund_blue_sky_territories",
        since=v.FUND_DATA_FIELDS,
    ),
    Row("details.fund_distribution_policy", maybe(word_of(FundDistributionPolicy)), since=v.FUND_DATA_FIELDS),
    Row("details.fund_asset_type", maybe(word_of(FundAssetType)), since=v.FUND_DATA_FIELDS),
)

_CONTRACT_DATA_PROTOBUF = (
    Row("request_id", INT, 1, "reqId"),
    Part("contract", CONTRACT, 2),
    Part("details", CONTRACT_DETAILS, 3, "contractDetails"),
)

_CONTRACT_DATA = Layout(
    ContractData,
    text=(
        Filler("8", until=v.SIZE_RULES, minimum=8),
        Row("request_id", INT),
        *contract_rows("symbol", "security_type", "last_trade_date_or_contract_month"),
        Row("contract.last_trade_date", TEXT, since=v.LAST_TRADE_DATE),
        Row("contract.strike", _STRIKE),
        *contract_rows("right", "exchange", "currency", "local_symbol"),
        Row("details.market_name", TEXT),
        *contract_rows("trading_class", "contract_id"),
        Row("details.min_tick", maybe(DECIMAL)),
        _SIZE_MULTIPLIER,
        *contract_rows("multiplier"),
        Row("details.order_types", _NAMES),
        Row("details.valid_exchanges", _NAMES),
        Row("details.price_magnifier", maybe(INT)),
        Row("details.underlying_contract_id", _UNDERLYING),
        Row("details.long_name", TEXT, until=v.ENCODE_MSG_ASCII7),
        Row("details.long_name", ESCAPED_TEXT, since=v.ENCODE_MSG_ASCII7),
        *contract_rows("primary_exchange"),
        *_texts(
            "contract_month",
            "industry",
            "category",
            "subcategory",
            "time_zone_id",
            "trading_hours",
            "liquid_hours",
            "ev_rule",
        ),
        Row("details.ev_multiplier", _EV_MULTIPLIER),
        Tags("details.security_id_list"),
        _AGGREGATED_GROUP,
        Row("details.underlying_symbol", TEXT, since=v.UNDERLYING_INFO),
        Row("details.underlying_security_type", maybe(word_of(SecurityType)), since=v.UNDERLYING_INFO),
        _MARKET_RULE_IDS,
        Row("details.real_expiration_date", TEXT, since=v.REAL_EXPIRATION_DATE),
        Row("details.stock_type", TEXT, since=v.STOCK_TYPE),
        Row("details.size_min_tick", maybe(DECIMAL), since=v.FRACTIONAL_SIZE_SUPPORT, until=v.SIZE_RULES),
        *_SIZES,
        When(_is_fund, _FUND_ROWS),
        Many("details.ineligibility_reasons", INELIGIBILITY_REASON, since=v.INELIGIBILITY_REASONS),
    ),
    protobuf=_CONTRACT_DATA_PROTOBUF,
    after_reading=_split_last_trade,
    before_writing=_join_last_trade,
)

_BOND_CONTRACT_DATA = Layout(
    BondContractData,
    text=(
        Filler("6", until=v.SIZE_RULES, minimum=6),
        Row("request_id", INT),
        *contract_rows("symbol", "security_type"),
        Row("details.cusip", TEXT),
        Row("details.coupon", _plain(maybe(DOUBLE))),
        *contract_rows("last_trade_date_or_contract_month"),
        *_texts("issue_date", "ratings", "bond_type", "coupon_type"),
        Row("details.convertible", FLAG),
        Row("details.callable", FLAG),
        Row("details.puttable", FLAG),
        Row("details.description_append", TEXT),
        *contract_rows("exchange", "currency"),
        Row("details.market_name", TEXT),
        *contract_rows("trading_class", "contract_id"),
        Row("details.min_tick", maybe(DECIMAL)),
        _SIZE_MULTIPLIER,
        Row("details.order_types", _NAMES),
        Row("details.valid_exchanges", _NAMES),
        *_texts("next_option_date", "next_option_type"),
        Row("details.next_option_partial", FLAG),
        *_texts("bond_notes", "long_name"),
        *_texts("time_zone_id", "trading_hours", "liquid_hours", since=v.BOND_TRADING_HOURS),
        Row("details.ev_rule", TEXT),
        Row("details.ev_multiplier", _EV_MULTIPLIER),
        Tags("details.security_id_list"),
        _AGGREGATED_GROUP,
        _MARKET_RULE_IDS,
        *_SIZES,
    ),
    protobuf=_CONTRACT_DATA_PROTOBUF,
    vendor="ContractData",
    after_reading=_split_maturity,
    before_writing=_join_maturity,
)

CONTRACTS: tuple[Entry, ...] = (
    Entry(
        Layout(
            ContractDataRequest,
            text=(
                Filler("8"),
                Row("request_id", INT),
                *contract_rows(*COMMON, "include_expired", "security_id_type", "security_id"),
                Row("contract.issuer_id", TEXT, since=v.BOND_ISSUERID),
            ),
            protobuf=(Row("request_id", INT, 1, "reqId"), Part("contract", CONTRACT, 2)),
        ),
        id=9,
        said_as=as_asked,
        vendor_name="reqContractDetails",
        protobuf_since=v.PROTOBUF_CONTRACT_DATA,
        conversation=ConversationRow(
            shape=Shape.RUN,
            key=Key.REQUEST_ID,
            answers=(ContractData, BondContractData),
            end=ContractDataEnd,
            cancel=Cancel(by=CancelContractData),
            ends=frozenset({200}),
            comments=frozenset({2104, 2119, 2158}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=60.0,
            source="D, C cap, osa",
            doubts="What TWS says to its cancel is not known. A 200 close to 1100, 2103 or 2157 is not to be believed. "
            "The thousands of rows of an option chain may take minutes.",
        ),
    ),
    Entry(
        Layout(CancelContractData, (Row("request_id", INT, 1, "reqId"),)),
        id=106,
        vendor_name="cancelContractData",
        protobuf_since=v.CANCEL_CONTRACT_DATA,
        since=v.CANCEL_CONTRACT_DATA,
        text=False,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            resend=Resend.YES,
            source="V, I",
            confidence="low",
            doubts="Rows under way still come; whether the end does is not known.",
        ),
    ),
    Entry(_CONTRACT_DATA, id=10, vendor_name="contractDetails", protobuf_since=v.PROTOBUF_CONTRACT_DATA),
    Entry(_BOND_CONTRACT_DATA, id=18, vendor_name="bondContractDetails", protobuf_since=v.PROTOBUF_CONTRACT_DATA),
    Entry(
        Layout(ContractDataEnd, (Filler("1"), Row("request_id", INT, 1, "reqId"))),
        id=52,
        vendor_name="contractDetailsEnd",
        protobuf_since=v.PROTOBUF_CONTRACT_DATA,
    ),
    Entry(
        Layout(
            SecDefOptParamsRequest,
            (
                Row("request_id", INT, 1, "reqId"),
                Row("underlying_symbol", TEXT, 2),
                Row("futures_option_exchange", TEXT, 3, "futFopExchange"),
                Row("underlying_security_type", word_of(SecurityType), 4, "underlyingSecType"),
                Row("underlying_contract_id", INT, 5, "underlyingConId"),
            ),
        ),
        id=78,
        vendor_name="reqSecDefOptParams",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_2,
        conversation=ConversationRow(
            shape=Shape.RUN,
            key=Key.REQUEST_ID,
            answers=(SecDefOptParameter,),
            end=SecDefOptParameterEnd,
            ends=frozenset({200, 321}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=30.0,
            source="D, C cap",
            doubts="Where nothing is found, the end alone is expected; nobody says so.",
        ),
    ),
    Entry(
        Layout(
            SecDefOptParameter,
            (
                Row("request_id", INT, 1, "reqId"),
                Row("exchange", TEXT, 2),
                Row("underlying_contract_id", attrs.evolve(empty_means(INT, 0), absent=0), 3, "underlyingConId"),
                Row("trading_class", TEXT, 4),
                Row("multiplier", maybe(DECIMAL), 5),
                Many("expirations", STRING, 6),
                Many("strikes", DOUBLE, 7),
            ),
        ),
        id=75,
        vendor_name="securityDefinitionOptionParameter",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_2,
    ),
    Entry(
        Layout(SecDefOptParameterEnd, (Row("request_id", INT, 1, "reqId"),)),
        id=76,
        vendor_name="securityDefinitionOptionParameterEnd",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_2,
    ),
    Entry(
        Layout(MatchingSymbolsRequest, (Row("request_id", INT, 1, "reqId"), Row("pattern", TEXT, 2))),
        id=81,
        vendor_name="reqMatchingSymbols",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_2,
        conversation=ConversationRow(
            shape=Shape.ONE,
            key=Key.REQUEST_ID,
            answers=(SymbolSamples,),
            ends=frozenset({321}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=15.0,
            pace=Pace.SYMBOLS,
            source="D, C cap",
            doubts="Those that came faster than one a second were left without an answer, by one report.",
        ),
    ),
    Entry(
        Layout(
            SymbolSamples,
            (
                Row("request_id", INT, 1, "reqId"),
                Many("contract_descriptions", CONTRACT_DESCRIPTION, 2),
            ),
        ),
        id=79,
        vendor_name="symbolSamples",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_2,
    ),
    Entry(
        Layout(MarketRuleRequest, (Row("market_rule_id", INT, 1),)),
        id=91,
        vendor_name="reqMarketRule",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_2,
        conversation=ConversationRow(
            shape=Shape.ONE,
            key=Key.MARKET_RULE_ID,
            answers=(MarketRule,),
            slot="market_rule",
            ends=frozenset({321}),
            resend=Resend.YES,
            settles=True,
            deadline=15.0,
            source="D, C cap",
            confidence="medium",
            doubts="What TWS says to a rule that does not exist is not known; an error might have no id.",
        ),
    ),
    Entry(
        Layout(
            MarketRule,
            (
                Row("market_rule_id", INT, 1),
                Many("price_increments", PRICE_INCREMENT, 2),
            ),
        ),
        id=93,
        vendor_name="marketRule",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_2,
    ),
)
