"""What was traded: executions, what they cost, and the exercise of options."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from anytws.messages.base import Asks, ToClient, ToTws, message, record
from anytws.messages.contract import Action, Contract, SecurityType
from anytws.messages.enumerations import Number, Word
from anytws.messages.times import Moment


class ExecutionSide(Word):
    """Whether an execution bought or sold."""

    BOUGHT = "BOT"
    SOLD = "SLD"


class Liquidity(Number):
    """What an execution did to the liquidity of its exchange: fees depend on it."""

    NONE = 0
    """Not known, or it does not apply."""
    ADDED = 1
    REMOVED = 2
    ROUTED_OUT = 3


class OptionExerciseType(Number):
    """By which event of an option's life an execution came about."""

    NONE = -1
    """By none: it was a trade."""
    EXERCISE = 1
    LAPSE = 2
    DO_NOTHING = 3
    ASSIGNED = 100
    AUTOMATIC_EXERCISE_AT_CLEARING = 101
    EXPIRED = 102
    NETTING = 103
    AUTOMATIC_EXERCISE_BY_TRADING = 200


class ExerciseAction(Number):
    """What is done with an option."""

    EXERCISE = 1
    LAPSE = 2


@record
class Execution:
    """One fill of an order."""

    execution_id: str
    """Names the execution. A correction has the same id up to the last dot, and a higher number behind it."""
    side: ExecutionSide
    """Whether it bought or sold."""
    order_id: int | None = None
    """The order's id, of the client that placed it; None for what no client placed."""
    time: datetime | None = None
    """When it was executed; in the zone in which TWS says it, naive where it says none."""
    account: str = ""
    """The account that it happened in."""
    exchange: str = ""
    """Where it was executed."""
    shares: Decimal | None = None
    """The quantity of this fill, in shares or contracts."""
    price: float | None = None
    """The price of this fill, without commissions."""
    permanent_id: int | None = None
    """The order's number at the broker, the same in all sessions and for all clients."""
    client_id: int = 0
    """The client that placed the order; 0 also for what was placed in TWS."""
    liquidation: bool = False
    """Whether the broker closed the position, for want of margin."""
    cumulative_quantity: Decimal | None = None
    """What the order has filled so far."""
    average_price: float | None = None
    """The average price of what the order has filled so far, without commissions."""
    order_reference: str = ""
    """What the order's own ``order_reference`` said."""
    ev_rule: str = ""
    """How the economic value is computed; mostly empty."""
    ev_multiplier: float | None = None
    """How much of a price one unit of the economic value is."""
    model_code: str = ""
    """The model portfolio of an advisor that it belongs to."""
    last_liquidity: Liquidity = Liquidity.NONE
    """What it did to the liquidity of the exchange."""
    pending_price_revision: bool = False
    """Whether the price may still be corrected. From server version 178."""
    submitter: str = ""
    """Who submitted the order, as TWS names the user. From server version 198."""
    option_exercise_type: OptionExerciseType = OptionExerciseType.NONE
    """By which event of an option's life it came about. In protobuf only (from server version 201)."""


@record
class ExecutionFilter:
    """Which executions are asked for. What is left at its default leaves none out."""

    client_id: int = 0
    """Those of this client only; 0 for all clients."""
    account: str = ""
    """Those of this account only; empty for all that the session has."""
    time: Moment | None = None
    """Those after it only; None for no such limit."""
    symbol: str = ""
    """Those with this symbol only; empty for all."""
    security_type: SecurityType | None = None
    """Those of this sort of instrument only; None for all."""
    exchange: str = ""
    """Those at this exchange only; empty for all."""
    side: Action | None = None
    """Purchases only, or sales only; None for both."""
    last_n_days: int | None = None
    """Those of the last days; without it TWS gives those since midnight. From server version 200."""
    specific_dates: tuple[date, ...] = ()
    """Those of these days only. From server version 200."""


@message
class ExecutionDetails(ToClient):
    """An execution: asked for, or just happened."""

    request_id: int | None
    """The `ExecutionRequest` that it answers; None for one that happened just now."""
    contract: Contract
    """What was traded."""
    execution: Execution
    """The fill itself."""


@message
class ExecutionDetailsEnd(ToClient):
    """There are no more executions for this `ExecutionRequest`."""

    request_id: int
    """The request that it answers, by its number."""


@message
class ExecutionRequest(Asks[tuple[ExecutionDetails, ...]]):
    """Ask for executions: an `ExecutionDetails` and a `CommissionAndFeesReport` each, then `ExecutionDetailsEnd`."""

    execution_filter: ExecutionFilter = ExecutionFilter()
    """Which executions are asked for; all of them unless it says otherwise."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CommissionAndFeesReport(ToClient):
    """What an execution cost, and what it earned. Comes after its `ExecutionDetails`."""

    execution_id: str
    """The ``execution_id`` of the execution."""
    commission_and_fees: float | None = None
    """In ``currency``; negative for a rebate; None where TWS does not say it."""
    currency: str = ""
    """The currency of the amounts, such as ``USD``."""
    realized_pnl: float | None = None
    """What was earned by closing a position, in ``currency``; None where nothing was closed."""
    bond_yield: float | None = None
    """In per cent; None for what is no bond."""
    yield_redemption_date: date | None = None
    """The redemption that the yield was computed to."""


@message
class ExerciseOptionsRequest(ToTws):
    """Exercise an option, or let it lapse. This is an order: it changes positions."""

    contract: Contract
    """The option, with its ``contract_id``."""
    exercise_action: ExerciseAction
    """Exercise it, or let it lapse."""
    exercise_quantity: int | Decimal
    """How many contracts, at least one; a `Decimal`, as a position is one, has to be whole."""
    account: str = ""
    """The account that holds it."""
    override: bool = False
    """Whether to do it also where it is not the natural thing: exercise an option that is out of the money, ..."""
    manual_order_time: Moment | None = None
    """When it was ordered, for those who have to record it. From server version 180."""
    customer_account: str = ""
    """The customer's account, for brokers who act for others. From server version 183."""
    professional_customer: bool = False
    """Whether the customer is a professional, as exchanges define it. From server version 184."""
    order_id: int | None = None
    """None for the next id of the lane of orders: what TWS says about it comes under this id. One given by hand
    means a change of that order."""
