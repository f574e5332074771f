"""What is traded: a contract, and what it is made of."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

import attrs

from anytws.messages.base import record
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
    if _says_nothing_of_tws(contract):
        return contract
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


def _says_nothing_of_tws(contract: Contract) -> bool:
    # Most contracts that a client asks for are such; what follows takes four times as long.
    return (
        contract.strike is None
        and contract.right is None
        and contract.multiplier is None
        and contract.contract_id != _NO_CONTRACT_ID
        and not contract.last_trade_date_or_contract_month
        and not contract.description
        and not contract.combo_legs_description
        and not contract.last_trade_date
    )


def _may_be_struck_at_zero(contract: Contract) -> bool:
    kind: Any = contract.security_type
    if not isinstance(kind, SecurityType) or kind.is_known:
        return kind in _WITH_STRIKE
    # Nobody knows whether what is newer than this library has a strike; the contract id says which contract it is.
    return not contract.contract_id
