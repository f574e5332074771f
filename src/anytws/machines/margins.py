"""What an order would do to an account: the answer of TWS to a what-if, put in order."""

from __future__ import annotations

from decimal import Decimal

from anytws.messages.base import record
from anytws.messages.contract import Contract
from anytws.messages.order import Order
from anytws.messages.order_state import OrderAllocation, OrderState
from anytws.messages.orders import OpenOrder


@record
class Moved:
    """One figure of an account: now, what the order changes of it, and afterwards."""

    before: Decimal | None = None
    """Now; None where TWS computed none."""
    change: Decimal | None = None
    """What the order adds, or takes away; None where TWS computed none."""
    after: Decimal | None = None
    """If the order is filled; None where TWS computed none."""


@record
class Margins:
    """What an order would do to the margins of an account, and what it would cost. Nothing was placed.

    TWS computes it; the figures are of the moment of its answer, in ``currency``. What TWS left unset is None, in text
    (where it says the largest double) as in protobuf (where it says nothing).
    """

    contract: Contract
    """What the order would trade, as TWS has understood it."""
    order: Order
    """The order as TWS has understood it: what was left open is filled in."""
    initial: Moved = Moved()
    """The initial margin: what it takes to open the positions."""
    maintenance: Moved = Moved()
    """The maintenance margin: what it takes to keep them."""
    equity_with_loan: Moved = Moved()
    """The equity with loan value, which has to cover both."""
    currency: str = ""
    """The currency of the margins. Empty below server version 195: the base currency of the account."""
    commission_and_fees: float | None = None
    """What it would cost, in ``commission_currency``; None where TWS gives no single number, or none at all."""
    min_commission_and_fees: float | None = None
    """The least that it may cost, where it is not one number."""
    max_commission_and_fees: float | None = None
    """The most that it may cost, where it is not one number."""
    commission_currency: str = ""
    """The currency of the three amounts above; empty where there is none."""
    initial_outside_rth: Moved = Moved()
    """The initial margin outside of regular trading hours. From server version 195, as the two below."""
    maintenance_outside_rth: Moved = Moved()
    """The maintenance margin outside of regular trading hours."""
    equity_with_loan_outside_rth: Moved = Moved()
    """The equity with loan value outside of regular trading hours."""
    warning: str = ""
    """What TWS warns of, for people; empty for nothing."""
    reject_reason: str = ""
    """Why TWS would refuse the order as it stands, for people; empty where it does not say that it would. The figures
    are then what was computed all the same."""
    suggested_size: Decimal | None = None
    """What the account could carry, where the order is too large."""
    allocations: tuple[OrderAllocation, ...] = ()
    """How an advisor's order would be divided, one for each account."""
    order_state: OrderState = OrderState()
    """The answer as it came."""


def margins_of(answer: OpenOrder) -> Margins:
    """Give what *answer*, the `OpenOrder` that TWS answers a what-if with, says."""
    state = answer.order_state
    return Margins(
        contract=answer.contract,
        order=answer.order,
        initial=_moved(state, "initial_margin"),
        maintenance=_moved(state, "maintenance_margin"),
        equity_with_loan=_moved(state, "equity_with_loan"),
        currency=state.margin_currency,
        commission_and_fees=state.commission_and_fees,
        min_commission_and_fees=state.min_commission_and_fees,
        max_commission_and_fees=state.max_commission_and_fees,
        commission_currency=state.commission_and_fees_currency,
        initial_outside_rth=_moved_outside(state, "initial_margin"),
        maintenance_outside_rth=_moved_outside(state, "maintenance_margin"),
        equity_with_loan_outside_rth=_moved_outside(state, "equity_with_loan"),
        warning=state.warning_text,
        reject_reason=state.reject_reason,
        suggested_size=state.suggested_size,
        allocations=state.order_allocations,
        order_state=state,
    )


def _moved(state: OrderState, name: str) -> Moved:
    return Moved(*(getattr(state, f"{name}_{when}") for when in ("before", "change", "after")))


def _moved_outside(state: OrderState, name: str) -> Moved:
    figures: tuple[float | None, ...] = tuple(
        getattr(state, f"{name}_{when}_outside_rth") for when in ("before", "change", "after")
    )
    # Floats on the wire, and decimals inside of trading hours: to compare them they have to be one kind.
    return Moved(*(None if figure is None else Decimal(repr(figure)) for figure in figures))
