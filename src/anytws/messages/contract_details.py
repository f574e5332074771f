"""What TWS knows about a contract beyond the contract itself."""

from __future__ import annotations

from decimal import Decimal

from anytws.messages.base import TagValue, record
from anytws.messages.contract import SecurityType
from anytws.messages.enumerations import Word


class FundDistributionPolicy(Word):
    """What a fund does with what it earns."""

    ACCUMULATION = "N"
    """It is kept in the fund."""
    INCOME = "Y"
    """It is paid out."""


class FundAssetType(Word):
    """What a fund invests in."""

    OTHERS = "000"
    MONEY_MARKET = "001"
    FIXED_INCOME = "002"
    MULTI_ASSET = "003"
    EQUITY = "004"
    SECTOR = "005"
    GUARANTEED = "006"
    ALTERNATIVE = "007"


@record
class IneligibilityReason:
    """Why an account may not trade a contract, or not open a position in it."""

    id: str = ""
    """The vendor's code, such as ``i155``."""
    description: str = ""
    """For people, in English."""


@record
class ContractDetails:
    """What TWS knows about a contract beyond its `Contract`; which fields are filled depends on its security type."""

    market_name: str = ""
    """The market that it is traded in, mostly the same as ``trading_class``."""
    min_tick: Decimal | None = None
    """The smallest price step, in the contract's currency; where it depends on the price, see ``market_rule_ids``."""
    order_types: tuple[str, ...] = ()
    """The order types and attributes that may be used, such as ``LMT`` or ``OUTSIDERTH``."""
    valid_exchanges: tuple[str, ...] = ()
    """Where it is traded."""
    price_magnifier: int | None = None
    """Prices of ticks and orders are divided by it to get ``currency``: 100 where prices are in cents."""
    underlying_contract_id: int | None = None
    """The contract id of the underlying; None for what has none."""
    long_name: str = ""
    """The name of the company or of the product."""
    contract_month: str = ""
    """``YYYYMM``, for futures and options: not always the month of the last trade date."""
    industry: str = ""
    """The vendor's classification, of what belongs to a company: ``Technology``. Empty for most others."""
    category: str = ""
    """A part of ``industry``: ``Computers``."""
    subcategory: str = ""
    """A part of ``category``."""
    time_zone_id: str = ""
    """The zone of the hours below, such as ``US/Eastern``; for bonds from server version 188."""
    trading_hours: str = ""
    """``20260708:0400-20260708:2000;20260711:CLOSED;...``; for bonds from server version 188."""
    liquid_hours: str = ""
    """The regular hours, in the same form."""
    ev_rule: str = ""
    """How the economic value is computed, such as ``factor:``; mostly empty."""
    ev_multiplier: float | None = None
    """How much of a price one unit of the economic value is; a whole number before server version 205."""
    security_id_list: tuple[TagValue, ...] = ()
    """Other identifiers: ``ISIN``, ``CUSIP``..."""
    aggregated_group: int | None = None
    """The smart-routing group that the contract belongs to; -1 for what cannot be smart-routed."""
    underlying_symbol: str = ""
    """The symbol of the underlying; empty for what has none."""
    underlying_security_type: SecurityType | None = None
    """What sort of instrument the underlying is; None for what has none."""
    market_rule_ids: tuple[str, ...] = ()
    """The rule of the price steps on each of ``valid_exchanges``, in the same order: ask with `MarketRuleRequest`."""
    real_expiration_date: str = ""
    """``YYYYMMDD``; trading may stop before it, see ``last_trade_date_or_contract_month``. From server version 134."""
    stock_type: str = ""
    """``COMMON``, ``ETF``, ``ADR``... From server version 152."""
    min_size: Decimal | None = None
    """The smallest quantity of an order. From server version 164."""
    size_increment: Decimal | None = None
    """Quantities of orders are multiples of it. From server version 164."""
    suggested_size_increment: Decimal | None = None
    """The step that TWS itself proposes. From server version 164."""
    min_algo_size: Decimal | None = None
    """The smallest quantity of an order with an algorithm. In protobuf only (from server version 205)."""
    last_price_precision: Decimal | None = None
    """The step in which last prices are shown. In protobuf only."""
    last_size_precision: Decimal | None = None
    """The step in which last sizes are shown. In protobuf only."""

    fund_name: str = ""
    """The fund's name. This and the other fields of funds: from server version 179."""
    fund_family: str = ""
    """The name of the fund's family."""
    fund_type: str = ""
    """What sort of fund it is, in the vendor's words."""
    fund_front_load: str = ""
    """The sales charge at the purchase."""
    fund_back_load: str = ""
    """The sales charge at the redemption."""
    fund_back_load_time_interval: str = ""
    """How long ``fund_back_load`` is charged, in the vendor's words."""
    fund_management_fee: str = ""
    """What the fund's management takes; a text, whose form was not seen."""
    fund_closed: bool = False
    """Whether it takes no money at all."""
    fund_closed_for_new_investors: bool = False
    """Whether it takes money only from who already has a share."""
    fund_closed_for_new_money: bool = False
    """Whether it takes no further money."""
    fund_notify_amount: str = ""
    """The amount from which the fund wants to be told first; a text, whose form was not seen."""
    fund_minimum_initial_purchase: str = ""
    """An amount in the fund's currency."""
    fund_minimum_subsequent_purchase: str = ""
    """An amount in the fund's currency."""
    fund_blue_sky_states: str = ""
    """The states of the USA in which the fund is registered, ``All`` for all."""
    fund_blue_sky_territories: str = ""
    """The territories of the USA in which the fund is registered."""
    fund_distribution_policy: FundDistributionPolicy | None = None
    """What it does with what it earns; None where TWS does not say it."""
    fund_asset_type: FundAssetType | None = None
    """What it invests in; None where TWS does not say it."""

    cusip: str = ""
    """This and the fields up to ``bond_notes``: bonds only."""
    maturity: str = ""
    """``YYYYMMDD``, the day on which a bond is paid back."""
    issue_date: str = ""
    """``YYYYMMDD``."""
    ratings: str = ""
    """The agencies' grades, in one text."""
    bond_type: str = ""
    """What sort of bond it is, in the vendor's words."""
    coupon: float | None = None
    """In per cent a year."""
    coupon_type: str = ""
    """How the coupon is determined, in the vendor's words: fixed, floating and so on."""
    convertible: bool = False
    """Whether it can be turned into shares."""
    callable: bool = False
    """Whether the issuer may pay it back early."""
    puttable: bool = False
    """Whether its owner may give it back early."""
    description_append: str = ""
    """The bond in words: ``AAPL 1 5/8 11/10/26``."""
    next_option_date: str = ""
    """When it may next be called or put back."""
    next_option_type: str = ""
    """Whether it is a call or a put that comes next, in the vendor's words."""
    next_option_partial: bool = False
    """Whether that call or put may be for a part of the bond."""
    bond_notes: str = ""
    """What else there is to say about the bond, for people."""

    ineligibility_reasons: tuple[IneligibilityReason, ...] = ()
    """Why this account may not trade it. From server version 186; for bonds in protobuf only (205)."""
    event_contract_1: str = ""
    """The name of an event contract. This and the next two are its question. In protobuf only."""
    event_contract_description_1: str = ""
    """The first part of what the event contract is about, for people."""
    event_contract_description_2: str = ""
    """The second part of it."""
    settlement_method: str = ""
    """How the contract is settled. In protobuf only."""

    last_trade_time: str = ""
    """``HH:MM`` or ``HH:MM:SS``, at which trading ends on the last day; empty where TWS did not say."""
    last_trade_time_zone: str = ""
    """The zone of ``last_trade_time``: ``US/Central``, ``CST``, ``UTC``."""
    market_data_size_multiplier: int | None = None
    """What sizes in market data are to be multiplied by. Before server version 164 only."""
    size_min_tick: Decimal | None = None
    """What ``size_increment`` replaced. At server version 163 only."""
