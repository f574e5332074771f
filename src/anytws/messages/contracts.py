"""What is traded: contracts, and what TWS knows about them."""

from __future__ import annotations

from decimal import Decimal

from anytws.messages.base import TagValue, ToClient, ToTws, message, record
from anytws.messages.enumerations import Number, Word


class SecurityType(Word):
    """What sort of instrument a contract is."""

    STOCK = "STK"
    OPTION = "OPT"
    FUTURE = "FUT"
    CONTINUOUS_FUTURE = "CONTFUT"
    FUTURE_OR_CONTINUOUS = "FUT+CONTFUT"
    INDEX = "IND"
    FUTURES_OPTION = "FOP"
    FOREX = "CASH"
    COMBO = "BAG"
    WARRANT = "WAR"
    STRUCTURED_PRODUCT = "IOPT"
    BOND = "BOND"
    BILL = "BILL"
    FIXED_INCOME = "FIXED"
    STOCK_LOAN = "SLB"
    COMMODITY = "CMDTY"
    BASKET = "BSK"
    INTER_COMMODITY_UNDERLYING = "ICU"
    INTER_COMMODITY_SPREAD = "ICS"
    NEWS = "NEWS"
    FUND = "FUND"
    CFD = "CFD"
    CRYPTO = "CRYPTO"
    EVENT_CONTRACT = "EC"


class Right(Word):
    """The right that an option gives. TWS also writes ``?`` and ``0`` for what is no option."""

    CALL = "C"
    PUT = "P"
    NONE = "?"
    ZERO = "0"


class SecurityIdType(Word):
    """Whose identifier ``security_id`` is."""

    CUSIP = "CUSIP"
    SEDOL = "SEDOL"
    ISIN = "ISIN"
    RIC = "RIC"
    FIGI = "FIGI"


class Action(Word):
    """Buy or sell. The short forms are for institutions only."""

    BUY = "BUY"
    SELL = "SELL"
    SELL_SHORT = "SSHORT"
    SELL_LONG = "SLONG"


class LegOpenClose(Number):
    """Whether a leg opens or closes a position."""

    SAME = 0
    OPEN = 1
    CLOSE = 2
    UNKNOWN = 3


class ShortSaleSlot(Number):
    """Where the shares of a short sale are held."""

    NONE = 0
    CLEARING_BROKER = 1
    THIRD_PARTY = 2


@record
class ComboLeg:
    """One leg of a combination."""

    contract_id: int = 0
    ratio: int = 0
    """How many of this leg one unit of the combination has."""
    action: Action = Action.BUY
    exchange: str = ""
    open_close: LegOpenClose = LegOpenClose.SAME
    short_sale_slot: ShortSaleSlot = ShortSaleSlot.NONE
    designated_location: str = ""
    """Where the shares are, for `ShortSaleSlot.THIRD_PARTY`."""
    exempt_code: int = -1
    """-1: not set."""
    per_leg_price: float | None = None
    """The price of this leg alone, in an order; None leaves it to the order's price."""


@record
class DeltaNeutralContract:
    """The underlying that a combination is hedged with."""

    contract_id: int = 0
    delta: float = 0.0
    price: float = 0.0


@record
class Contract:
    """What is traded. The named constructors (`Stock`, `Option`, ...) fill in what each kind needs."""

    contract_id: int = 0
    """The vendor's number of the contract (``conId``), which alone names it; 0 where it is not known."""
    symbol: str = ""
    """The underlying's symbol, such as ``AAPL``."""
    security_type: SecurityType | None = None
    last_trade_date_or_contract_month: str = ""
    """``YYYYMMDD`` or ``YYYYMM``, as the exchange has it."""
    strike: float | None = None
    right: Right | None = None
    multiplier: Decimal | None = None
    """How many units of the underlying one contract stands for."""
    exchange: str = ""
    """Where an order goes, ``SMART`` for the vendor's router."""
    primary_exchange: str = ""
    """The listing exchange; tells contracts apart that SMART would not."""
    currency: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    security_id_type: SecurityIdType | None = None
    security_id: str = ""
    include_expired: bool = False
    """Whether requests for data may find contracts that have expired."""
    combo_legs_description: str = ""
    """What TWS writes about the legs; said by TWS only."""
    combo_legs: tuple[ComboLeg, ...] = ()
    delta_neutral_contract: DeltaNeutralContract | None = None
    description: str = ""
    issuer_id: str = ""
    """From server version 176."""
    last_trade_date: str = ""
    """``YYYYMMDD``; said by TWS only, from server version 182."""


# --- what TWS knows about a contract -----------------------------------------------------------------------------


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
    category: str = ""
    subcategory: str = ""
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
    underlying_security_type: SecurityType | None = None
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
    """This and the other fields of funds: from server version 179."""
    fund_family: str = ""
    fund_type: str = ""
    fund_front_load: str = ""
    """The sales charge at the purchase."""
    fund_back_load: str = ""
    """The sales charge at the redemption."""
    fund_back_load_time_interval: str = ""
    fund_management_fee: str = ""
    fund_closed: bool = False
    fund_closed_for_new_investors: bool = False
    fund_closed_for_new_money: bool = False
    fund_notify_amount: str = ""
    fund_minimum_initial_purchase: str = ""
    """An amount in the fund's currency."""
    fund_minimum_subsequent_purchase: str = ""
    """An amount in the fund's currency."""
    fund_blue_sky_states: str = ""
    """The states of the USA in which the fund is registered, ``All`` for all."""
    fund_blue_sky_territories: str = ""
    fund_distribution_policy: FundDistributionPolicy | None = None
    fund_asset_type: FundAssetType | None = None

    cusip: str = ""
    """This and the fields up to ``bond_notes``: bonds only."""
    maturity: str = ""
    """``YYYYMMDD``, the day on which a bond is paid back."""
    issue_date: str = ""
    """``YYYYMMDD``."""
    ratings: str = ""
    bond_type: str = ""
    coupon: float | None = None
    """In per cent a year."""
    coupon_type: str = ""
    convertible: bool = False
    callable: bool = False
    puttable: bool = False
    description_append: str = ""
    """The bond in words: ``AAPL 1 5/8 11/10/26``."""
    next_option_date: str = ""
    """When it may next be called or put back."""
    next_option_type: str = ""
    next_option_partial: bool = False
    bond_notes: str = ""

    ineligibility_reasons: tuple[IneligibilityReason, ...] = ()
    """Why this account may not trade it. From server version 186; for bonds in protobuf only (205)."""
    event_contract_1: str = ""
    """This and the next two: the question of an event contract. In protobuf only."""
    event_contract_description_1: str = ""
    event_contract_description_2: str = ""
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


@message
class ContractDataRequest(ToTws):
    """Ask for all contracts that fit: one `ContractData` each, then `ContractDataEnd`; an error if there is none."""

    request_id: int
    contract: Contract
    """As much as is known: everything that is left out may be anything."""


@message
class CancelContractData(ToTws):
    """Stop the answers to `ContractDataRequest`. From server version 215."""

    request_id: int


@message
class ContractData(ToClient):
    """One contract that fits a `ContractDataRequest`."""

    request_id: int
    contract: Contract
    details: ContractDetails


@message
class BondContractData(ToClient):
    """One bond that fits a `ContractDataRequest`. Its date is in ``details.maturity`` and not in ``contract``."""

    request_id: int
    contract: Contract
    details: ContractDetails


@message
class ContractDataEnd(ToClient):
    """There are no more contracts for this `ContractDataRequest`."""

    request_id: int


# --- chains of options -------------------------------------------------------------------------------------------


@message
class SecDefOptParamsRequest(ToTws):
    """Ask for the expirations and strikes of options: one `SecDefOptParameter` for each exchange and trading class.

    Far cheaper than `ContractDataRequest` for a chain, but not every pair of an expiration and a strike exists.
    """

    request_id: int
    underlying_symbol: str
    underlying_security_type: SecurityType
    underlying_contract_id: int
    futures_option_exchange: str = ""
    """Where options on a future are traded; empty for all, and for options on anything else."""


@message
class SecDefOptParameter(ToClient):
    """The options of one exchange and trading class."""

    request_id: int
    exchange: str
    underlying_contract_id: int
    """Zero where TWS does not say it."""
    trading_class: str
    multiplier: Decimal | None
    expirations: tuple[str, ...] = ()
    """``YYYYMMDD`` each."""
    strikes: tuple[float, ...] = ()


@message
class SecDefOptParameterEnd(ToClient):
    """There are no more exchanges for this `SecDefOptParamsRequest`."""

    request_id: int


# --- search ------------------------------------------------------------------------------------------------------


@message
class MatchingSymbolsRequest(ToTws):
    """Search contracts by the beginning of a symbol or by words of a name; answered by one `SymbolSamples`."""

    request_id: int
    pattern: str


@record
class ContractDescription:
    """One contract that a search found."""

    contract: Contract = Contract()
    """Id, symbol, type, primary exchange and currency; description and issuer id from server version 176.

    The issuer of bonds has the contract id -1 and an ``issuer_id`` to ask for its bonds with.
    """
    derivative_security_types: tuple[SecurityType, ...] = ()
    """What there is on it: options, warrants..."""


@message
class SymbolSamples(ToClient):
    """What a `MatchingSymbolsRequest` found, at most some 16 contracts."""

    request_id: int
    contract_descriptions: tuple[ContractDescription, ...] = ()


# --- price steps -------------------------------------------------------------------------------------------------


@record
class PriceIncrement:
    """The price step from a price on."""

    low_edge: float = 0.0
    """The lowest price to which it applies."""
    increment: float | None = None
    """None where TWS does not say it."""


@message
class MarketRuleRequest(ToTws):
    """Ask for a rule of ``ContractDetails.market_rule_ids``; answered by one `MarketRule` with the same number."""

    market_rule_id: int


@message
class MarketRule(ToClient):
    """The price steps of a market."""

    market_rule_id: int
    price_increments: tuple[PriceIncrement, ...] = ()
    """By ``low_edge``, ascending."""
