"""What an account holds and is worth: balances, positions, profit and loss."""

from __future__ import annotations

from decimal import Decimal

from anytws.messages.base import Asks, Streams, ToClient, ToTws, message, record
from anytws.messages.contract import Contract
from anytws.messages.enumerations import Word
from anytws.messages.order_parts import SoftDollarTier


class AccountSummaryTag(Word):
    """A figure of an account. ``$LEDGER`` in a request brings others, such as ``CashBalance``: they are members too."""

    ACCOUNT_TYPE = "AccountType"
    NET_LIQUIDATION = "NetLiquidation"
    """Cash, securities, options, bonds and funds together: what the account is worth."""
    TOTAL_CASH_VALUE = "TotalCashValue"
    """Cash, with the profit and loss of futures."""
    SETTLED_CASH = "SettledCash"
    ACCRUED_CASH = "AccruedCash"
    """Interest that has accrued."""
    BUYING_POWER = "BuyingPower"
    EQUITY_WITH_LOAN_VALUE = "EquityWithLoanValue"
    PREVIOUS_DAY_EQUITY_WITH_LOAN_VALUE = "PreviousDayEquityWithLoanValue"
    GROSS_POSITION_VALUE = "GrossPositionValue"
    """The absolute values of all positions, added up."""
    REG_T_EQUITY = "RegTEquity"
    REG_T_MARGIN = "RegTMargin"
    SMA = "SMA"
    """Special memorandum account, of Regulation T."""
    INITIAL_MARGIN_REQUIREMENT = "InitMarginReq"
    MAINTENANCE_MARGIN_REQUIREMENT = "MaintMarginReq"
    AVAILABLE_FUNDS = "AvailableFunds"
    """What can be put into new positions now."""
    EXCESS_LIQUIDITY = "ExcessLiquidity"
    """How much is left before positions are liquidated."""
    CUSHION = "Cushion"
    """Excess liquidity as a share of net liquidation: 0.25 is a quarter."""
    FULL_INITIAL_MARGIN_REQUIREMENT = "FullInitMarginReq"
    """``FULL_...``: without the discounts of the day's session."""
    FULL_MAINTENANCE_MARGIN_REQUIREMENT = "FullMaintMarginReq"
    FULL_AVAILABLE_FUNDS = "FullAvailableFunds"
    FULL_EXCESS_LIQUIDITY = "FullExcessLiquidity"
    LOOK_AHEAD_NEXT_CHANGE = "LookAheadNextChange"
    """When the margin requirements change next."""
    LOOK_AHEAD_INITIAL_MARGIN_REQUIREMENT = "LookAheadInitMarginReq"
    """``LOOK_AHEAD_...``: as it will be from that change on."""
    LOOK_AHEAD_MAINTENANCE_MARGIN_REQUIREMENT = "LookAheadMaintMarginReq"
    LOOK_AHEAD_AVAILABLE_FUNDS = "LookAheadAvailableFunds"
    LOOK_AHEAD_EXCESS_LIQUIDITY = "LookAheadExcessLiquidity"
    HIGHEST_SEVERITY = "HighestSeverity"
    """How near a liquidation is."""
    DAY_TRADES_REMAINING = "DayTradesRemaining"
    """Day trades left before the pattern day trader rule strikes; -1 without limit."""
    LEVERAGE = "Leverage"
    """Gross position value as a multiple of net liquidation."""


# --- one account, kept up to date --------------------------------------------------------------------------------


@message
class AccountValue(ToClient):
    """One figure of the account that `AccountDataRequest` subscribed to."""

    key: str
    """Which figure, such as ``NetLiquidation``; more of them than `AccountSummaryTag` names."""
    value: str
    """As TWS wrote it: an amount, a word, ``true`` or a code, depending on the key."""
    currency: str = ""
    """Of an amount; ``BASE`` for sums in the base currency; empty for what is no amount."""
    account: str = ""
    """The account that the figure is of; empty where TWS does not say it."""


@message
class PortfolioValue(ToClient):
    """One position of the account that `AccountDataRequest` subscribed to. Amounts are in the contract's currency."""

    contract: Contract
    """Without its exchange in text, which says ``primary_exchange`` only."""
    position: Decimal | None = None
    """Units held, negative when short, 0 when just closed."""
    market_price: float | None = None
    """What one unit is worth, by TWS's own reckoning: not always a price of the market. None where TWS does not say
    it."""
    market_value: float | None = None
    """Position times price times multiplier."""
    average_cost: float | None = None
    """Per unit, multiplier and commissions included."""
    unrealized_pnl: float | None = None
    """What would be earned by closing the position at ``market_price``. None where TWS does not say it."""
    realized_pnl: float | None = None
    """What was earned by closing parts of it since the account's profit and loss was last reset, usually once a day.
    None where TWS does not say it."""
    account: str = ""
    """The account that holds it."""


@message
class AccountUpdateTime(ToClient):
    """When the figures of the account were last updated."""

    time_stamp: str
    """``HH:MM`` on the clock of the machine that TWS runs on."""


@message
class AccountDataEnd(ToClient):
    """All figures and positions of the account have been sent once; from here on changes follow."""

    account: str = ""
    """The account whose figures are complete."""


@message
class AccountDataRequest(
    Asks[tuple[AccountValue | PortfolioValue | AccountUpdateTime, ...]],
    Streams[AccountValue | PortfolioValue | AccountUpdateTime | AccountDataEnd],
):
    """Subscribe to the figures and positions of one account, or end that: one account at a time."""

    subscribe: bool = True
    """Whether to begin or to end."""
    account: str = ""
    """May be empty where the session has one account."""


# --- positions of all accounts -----------------------------------------------------------------------------------


@message
class Position(ToClient):
    """One position of one account, first as it is, later whenever it changes."""

    account: str
    """The account that holds it."""
    contract: Contract
    """What is held. Its exchange is empty in text; in protobuf it is the listing exchange."""
    position: Decimal | None = None
    """Units held, negative when short, 0 when closed."""
    average_cost: float | None = None
    """Per unit in the contract's currency, multiplier and commissions included."""


@message
class PositionEnd(ToClient):
    """All positions have been sent once; from here on changes follow."""


@message
class PositionsRequest(Asks[tuple[Position, ...]], Streams[Position | PositionEnd]):
    """Subscribe to the positions of all accounts."""


@message
class CancelPositions(ToTws):
    """End the subscription of `PositionsRequest`."""


# --- summaries of several accounts -------------------------------------------------------------------------------


@message
class AccountSummary(ToClient):
    """One figure of one account."""

    request_id: int
    """The request that it answers, by its number."""
    account: str
    """The account; ``All`` for the ledger of the group ``All``."""
    tag: AccountSummaryTag
    """Which figure."""
    value: str
    """As TWS wrote it: an amount in most cases, a number or a word in others."""
    currency: str = ""
    """Of an amount; empty for what is no amount."""


@message
class AccountSummaryEnd(ToClient):
    """All figures have been sent once; from here on changes follow."""

    request_id: int
    """The request that it answers, by its number."""


@message
class AccountSummaryRequest(Asks[tuple[AccountSummary, ...]], Streams[AccountSummary | AccountSummaryEnd]):
    """Subscribe to figures of several accounts. TWS allows two such subscriptions at a time."""

    tags: tuple[str, ...]
    """Which figures: `AccountSummaryTag` members, and ``$LEDGER`` for the cash balances in the base currency,
    ``$LEDGER:EUR`` in that one, ``$LEDGER:ALL`` in all."""
    group: str = "All"
    """``All``, or the name of a group of accounts that was set up in TWS."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelAccountSummary(ToTws):
    """End the subscription of `AccountSummaryRequest`."""

    request_id: int
    """The number of the request that it ends."""


# --- positions and figures of one account or model ---------------------------------------------------------------


@message
class PositionMulti(ToClient):
    """One position of one account or model, first as it is, later whenever it changes."""

    request_id: int
    """The request that it answers, by its number."""
    account: str
    """The account that holds it."""
    contract: Contract
    """What is held; as in `Position`."""
    position: Decimal | None = None
    """Units held, negative when short, 0 when closed."""
    average_cost: float | None = None
    """Per unit in the contract's currency, multiplier and commissions included."""
    model_code: str = ""
    """The model that it belongs to; empty for none."""


@message
class PositionMultiEnd(ToClient):
    """All positions of the request have been sent once; from here on changes follow."""

    request_id: int
    """The request that it answers, by its number."""


@message
class PositionsMultiRequest(Asks[tuple[PositionMulti, ...]], Streams[PositionMulti | PositionMultiEnd]):
    """Subscribe to the positions of one account, or of one model in it."""

    account: str = ""
    """The account; empty where ``model_code`` alone chooses."""
    model_code: str = ""
    """The model's name, for advisors; empty for all of the account."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelPositionsMulti(ToTws):
    """End the subscription of `PositionsMultiRequest`."""

    request_id: int
    """The number of the request that it ends."""


@message
class AccountUpdateMulti(ToClient):
    """One figure of one account or model."""

    request_id: int
    """The request that it answers, by its number."""
    account: str
    """The account that the figure is of."""
    model_code: str
    """The model that the figure is of; empty for all of the account."""
    key: str
    """Which figure, as in `AccountValue`."""
    value: str
    """As TWS wrote it."""
    currency: str = ""
    """Of an amount; ``BASE`` for sums in the base currency; empty for what is no amount."""


@message
class AccountUpdateMultiEnd(ToClient):
    """All figures of the request have been sent once; from here on changes follow."""

    request_id: int
    """The request that it answers, by its number."""


@message
class AccountUpdatesMultiRequest(
    Asks[tuple[AccountUpdateMulti, ...]], Streams[AccountUpdateMulti | AccountUpdateMultiEnd]
):
    """Subscribe to the figures of one account, or of one model in it."""

    account: str = ""
    """The account; empty where ``model_code`` alone chooses."""
    model_code: str = ""
    """The model's name, for advisors; empty for all of the account."""
    ledger_and_nlv: bool = False
    """Whether to leave out all but the cash balances and net liquidation."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelAccountUpdatesMulti(ToTws):
    """End the subscription of `AccountUpdatesMultiRequest`."""

    request_id: int
    """The number of the request that it ends."""


# --- profit and loss ---------------------------------------------------------------------------------------------


@message
class PnL(ToClient):
    """The profit and loss of an account, in its base currency. None is what TWS could not compute yet."""

    request_id: int
    """The request that it answers, by its number."""
    daily_pnl: float | None = None
    """Of the day; when a day begins is a setting of TWS."""
    unrealized_pnl: float | None = None
    """What would be earned by closing all open positions now."""
    realized_pnl: float | None = None
    """What was earned by closing positions, of the day."""


@message
class PnLRequest(Streams[PnL]):
    """Subscribe to the profit and loss of an account, about once a second."""

    account: str
    """The account, such as ``DU1234567``."""
    model_code: str = ""
    """The model's name, for advisors; empty for all of the account."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelPnL(ToTws):
    """End the subscription of `PnLRequest`."""

    request_id: int
    """The number of the request that it ends."""


@message
class PnLSingle(ToClient):
    """The profit and loss of one position. None is what TWS could not compute yet, or what does not apply."""

    request_id: int
    """The request that it answers, by its number."""
    position: Decimal | None = None
    """Units held, negative when short."""
    daily_pnl: float | None = None
    """Of the day; when a day begins is a setting of TWS."""
    unrealized_pnl: float | None = None
    """What would be earned by closing the position now."""
    realized_pnl: float | None = None
    """What was earned by closing parts of it, of the day."""
    value: float | None = None
    """The position's market value."""


@message
class PnLSingleRequest(Streams[PnLSingle]):
    """Subscribe to the profit and loss of one position, about once a second."""

    account: str
    """The account that holds the position."""
    contract_id: int
    """The position's contract: a bare number, for which `ContractDataRequest` asks."""
    model_code: str = ""
    """The model's name, for advisors; empty for all of the account."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelPnLSingle(ToTws):
    """End the subscription of `PnLSingleRequest`."""

    request_id: int
    """The number of the request that it ends."""


# --- the owner ---------------------------------------------------------------------------------------------------


@record
class FamilyCode:
    """The family that an account belongs to."""

    account: str = ""
    """``*`` where it stands for all."""
    family_code: str = ""
    """Empty where the account is in no family."""


@message
class FamilyCodes(ToClient):
    """The families of the session's accounts."""

    family_codes: tuple[FamilyCode, ...] = ()
    """One for each account; for who is in no family TWS sends one with the account ``*``."""


@message
class FamilyCodesRequest(Asks[FamilyCodes]):
    """Ask which accounts belong together."""


@message
class UserInfo(ToClient):
    """The white branding id of the user. From server version 167."""

    request_id: int
    """The request that it answers, by its number."""
    white_branding_id: str = ""
    """Empty for who is a customer of the vendor's own brand."""


@message
class UserInfoRequest(Asks[UserInfo]):
    """Ask for the white branding id of the user. From server version 167."""

    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class SoftDollarTiers(ToClient):
    """The user's tiers of soft dollars, for an order's ``soft_dollar_tier``."""

    request_id: int
    """The request that it answers, by its number."""
    soft_dollar_tiers: tuple[SoftDollarTier, ...] = ()
    """Empty where there are none."""


@message
class SoftDollarTiersRequest(Asks[SoftDollarTiers]):
    """Ask for the user's tiers of soft dollars: for advisors whose customers pay for services with commissions."""

    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""
