"""What is traded: contracts, and what TWS knows about them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

import attrs

from anytws.messages.base import Asks, TagValue, ToClient, ToTws, message, record
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

    # As TWS and traders say it.
    STK = STOCK
    OPT = OPTION
    FUT = FUTURE
    CONTFUT = CONTINUOUS_FUTURE
    FUT_CONTFUT = FUTURE_OR_CONTINUOUS
    IND = INDEX
    FOP = FUTURES_OPTION
    CASH = FOREX
    BAG = COMBO
    WAR = WARRANT
    IOPT = STRUCTURED_PRODUCT
    FIXED = FIXED_INCOME
    SLB = STOCK_LOAN
    CMDTY = COMMODITY
    BSK = BASKET
    ICU = INTER_COMMODITY_UNDERLYING
    ICS = INTER_COMMODITY_SPREAD
    EC = EVENT_CONTRACT


class Right(Word):
    """The right that an option gives. TWS also writes ``?`` and ``0`` for what is no option."""

    CALL = "C"
    PUT = "P"
    NONE = "?"
    ZERO = "0"

    # As TWS and traders say it.
    C = CALL
    P = PUT

    @classmethod
    def closest(cls, word: str) -> Right | None:
        """Give the known member that was obviously meant; None for ``CALL`` and ``PUT``, which TWS takes as well."""
        return None if word in ("CALL", "PUT") else super().closest(word)


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

    # As TWS and traders say it.
    SSHORT = SELL_SHORT
    SLONG = SELL_LONG


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
    """The vendor's number of the contract that the leg trades; 0 is none, and no order goes with it."""
    ratio: int = 0
    """How many of this leg one unit of the combination has."""
    action: Action = Action.BUY
    """What happens to this leg when one buys the combination; it is turned round when one sells it."""
    exchange: str = ""
    """Where the leg is traded, such as ``SMART``."""
    open_close: LegOpenClose = LegOpenClose.SAME
    """Whether it opens or closes a position; for institutions, all others leave it."""
    short_sale_slot: ShortSaleSlot = ShortSaleSlot.NONE
    """Where the shares of a leg that is sold short are; for institutions."""
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
    """The vendor's number of the underlying."""
    delta: float = 0.0
    """How many units of the underlying stand against one unit of the combination."""
    price: float = 0.0
    """The price of the underlying that the hedge is computed with."""


@record
class Contract:
    """What is traded. The named constructors (`Stock`, `Option`, ...) fill in what each kind needs."""

    contract_id: int = 0
    """The vendor's number of the contract (``conId``), which alone names it; 0 where it is not known."""
    symbol: str = ""
    """The underlying's symbol, such as ``AAPL``."""
    security_type: SecurityType | None = None
    """What sort of instrument it is. None leaves it open in a question, and only ``contract_id`` may do without."""
    last_trade_date_or_contract_month: str = ""
    """``YYYYMMDD`` or ``YYYYMM``, as the exchange has it."""
    strike: float | None = None
    """The strike price of an option, in its currency. None for what has none; TWS says 0.0 of some of those."""
    right: Right | None = None
    """Call or put, of an option; None for what is no option, of which TWS says `Right.NONE` or `Right.ZERO`."""
    multiplier: Decimal | None = None
    """How many units of the underlying one contract stands for."""
    exchange: str = ""
    """Where an order goes, ``SMART`` for the vendor's router."""
    primary_exchange: str = ""
    """The listing exchange; tells contracts apart that SMART would not."""
    currency: str = ""
    """The currency that its prices are in, such as ``USD``; see ``ContractDetails.price_magnifier`` for pence and
    cents."""
    local_symbol: str = ""
    """The exchange's own symbol: ``ESZ6``, or ``AAPL  261218C00250000`` for an option."""
    trading_class: str = ""
    """The exchange's name for a family of contracts: tells ``SPX`` from ``SPXW``."""
    security_id_type: SecurityIdType | None = None
    """Whose identifier ``security_id`` is; None without one."""
    security_id: str = ""
    """Another identifier to find the contract by, such as an ISIN."""
    include_expired: bool = False
    """Whether requests for data may find contracts that have expired."""
    combo_legs_description: str = ""
    """What TWS writes about the legs; said by TWS only."""
    combo_legs: tuple[ComboLeg, ...] = ()
    """The legs of a combination (``BAG``); empty for everything else."""
    delta_neutral_contract: DeltaNeutralContract | None = None
    """The underlying that hedges a combination; None for none."""
    description: str = ""
    """What it is, for people; said by TWS in answers to a search, from server version 176."""
    issuer_id: str = ""
    """The vendor's id of who issued a bond, to ask for its bonds with. From server version 176."""
    last_trade_date: str = ""
    """``YYYYMMDD``; said by TWS only, from server version 182."""


# --- said back ---------------------------------------------------------------------------------------------------

_WITH_STRIKE: Final = frozenset(
    {
        SecurityType.OPTION,
        SecurityType.FUTURES_OPTION,
        SecurityType.WARRANT,
        SecurityType.STRUCTURED_PRODUCT,
        SecurityType.EVENT_CONTRACT,
    }
)
_NO_RIGHTS: Final = (Right.NONE, Right.ZERO)
_WITH_CLOCK: Final = re.compile(r"([0-9]{8})(?:-| +)[0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z| .*)?").fullmatch
_NO_CONTRACT_ID: Final = -1


def askable(contract: Contract) -> Contract:
    """Give a contract that TWS has reported in the form in which a client says it: without what only TWS says.

    What TWS reports is kept as it was said, and TWS does not take all of that. Here a strike of zero is None for what
    has no strike (a stock, a combination), ``?`` and ``0`` are no right, a multiplier of zero is none, the last trade
    date has no clock, a contract id of -1 is 0, and the remarks are gone: ``description``, ``combo_legs_description``,
    ``last_trade_date``. An option with a real strike of zero keeps it.

    Every request does this by itself when it is sent. The exchange is as it was: see
    `anytws.messages.instruments.routed`.

    >>> held = Contract(265598, "AAPL", SecurityType.STOCK, strike=0.0, right=Right.ZERO, description="APPLE INC")
    >>> askable(held) == Contract(265598, "AAPL", SecurityType.STOCK)
    True
    """
    # Whatever it holds: a value of a wrong type is a mistake, which has to be told when it is sent, and not to vanish.
    held: Any = contract
    changes: dict[str, Any] = {}
    if not isinstance(held.strike, bool) and held.strike == 0 and not _may_be_struck_at_zero(contract):
        changes["strike"] = None
    if held.right in _NO_RIGHTS:
        changes["right"] = None
    if isinstance(held.multiplier, Decimal) and held.multiplier == 0:
        changes["multiplier"] = None
    date = held.last_trade_date_or_contract_month
    if isinstance(date, str) and (dated := _WITH_CLOCK(date)) is not None:
        changes["last_trade_date_or_contract_month"] = dated[1]
    if held.contract_id == _NO_CONTRACT_ID:
        changes["contract_id"] = 0
    for remark in ("description", "combo_legs_description", "last_trade_date"):
        if (text := getattr(held, remark)) and isinstance(text, str):
            changes[remark] = ""
    return attrs.evolve(contract, **changes) if changes else contract  # type: ignore[misc]


def _may_be_struck_at_zero(contract: Contract) -> bool:
    kind: Any = contract.security_type
    if not isinstance(kind, SecurityType) or kind.is_known:
        return kind in _WITH_STRIKE
    # Nobody knows whether what is newer than this library has a strike; the contract id says which contract it is.
    return not contract.contract_id


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


@message
class ContractData(ToClient):
    """One contract that fits a `ContractDataRequest`."""

    request_id: int
    """The request that it answers, by its number."""
    contract: Contract
    """The contract, with its ``contract_id``: good for an order or a subscription as it is."""
    details: ContractDetails
    """What else is known about it."""


@message
class BondContractData(ToClient):
    """One bond that fits a `ContractDataRequest`. Its date is in ``details.maturity`` and not in ``contract``."""

    request_id: int
    """The request that it answers, by its number."""
    contract: Contract
    """The bond. TWS leaves its symbol and its currency empty in most rows."""
    details: ContractDetails
    """What else is known about it."""


@message
class ContractDataEnd(ToClient):
    """There are no more contracts for this `ContractDataRequest`."""

    request_id: int
    """The request that it answers, by its number."""


@message
class ContractDataRequest(Asks[tuple[ContractData | BondContractData, ...]]):
    """Ask for all contracts that fit: one `ContractData` each, then `ContractDataEnd`; an error if there is none."""

    contract: Contract
    """As much as is known: everything that is left out may be anything."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelContractData(ToTws):
    """Stop the answers to `ContractDataRequest`. From server version 215."""

    request_id: int
    """The number of the request that it ends."""


# --- chains of options -------------------------------------------------------------------------------------------


@message
class SecDefOptParameter(ToClient):
    """The options of one exchange and trading class."""

    request_id: int
    """The request that it answers, by its number."""
    exchange: str
    """Where these options are traded."""
    underlying_contract_id: int
    """Zero where TWS does not say it."""
    trading_class: str
    """The exchange's name for the family, such as ``SPXW``."""
    multiplier: Decimal | None
    """How many units of the underlying one option stands for; None where TWS does not say it."""
    expirations: tuple[str, ...] = ()
    """``YYYYMMDD`` each."""
    strikes: tuple[float, ...] = ()
    """The strike prices, in the currency of the options and in no order."""


@message
class SecDefOptParameterEnd(ToClient):
    """There are no more exchanges for this `SecDefOptParamsRequest`."""

    request_id: int
    """The request that it answers, by its number."""


@message
class SecDefOptParamsRequest(Asks[tuple[SecDefOptParameter, ...]]):
    """Ask for the expirations and strikes of options: one `SecDefOptParameter` for each exchange and trading class.

    Far cheaper than `ContractDataRequest` for a chain, but not every pair of an expiration and a strike exists.
    """

    underlying_symbol: str
    """The symbol of the underlying, such as ``AAPL``."""
    underlying_security_type: SecurityType
    """What the underlying is: a stock, an index, a future."""
    underlying_contract_id: int
    """The vendor's number of the underlying."""
    futures_option_exchange: str = ""
    """Where options on a future are traded; empty for all, and for options on anything else."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


# --- search ------------------------------------------------------------------------------------------------------


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
    """The request that it answers, by its number."""
    contract_descriptions: tuple[ContractDescription, ...] = ()
    """What was found, the best first; empty for nothing."""


@message
class MatchingSymbolsRequest(Asks[SymbolSamples]):
    """Search contracts by the beginning of a symbol or by words of a name; answered by one `SymbolSamples`."""

    pattern: str
    """What to look for: the beginning of a symbol, or words of a name."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


# --- price steps -------------------------------------------------------------------------------------------------


@record
class PriceIncrement:
    """The price step from a price on."""

    low_edge: float = 0.0
    """The lowest price to which it applies."""
    increment: float | None = None
    """The step, in the currency of the contract. None where TWS does not say it."""


@message
class MarketRule(ToClient):
    """The price steps of a market."""

    market_rule_id: int
    """The number of the rule, as in the request."""
    price_increments: tuple[PriceIncrement, ...] = ()
    """By ``low_edge``, ascending."""


@message
class MarketRuleRequest(Asks[MarketRule]):
    """Ask for a rule of ``ContractDetails.market_rule_ids``; answered by one `MarketRule` with the same number."""

    market_rule_id: int
    """The number of the rule. There is no request id: the answer repeats this number."""
