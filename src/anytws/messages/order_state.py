"""What TWS knows about an order beyond the order itself."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from anytws.messages.base import record
from anytws.messages.order_words import OrderStatusWord


@record
class OrderAllocation:
    """One account's share of an order that is previewed. From server version 195."""

    account: str = ""
    """The account."""
    position: Decimal | None = None
    """Held now."""
    position_desired: Decimal | None = None
    """What is wanted after the order."""
    position_after: Decimal | None = None
    """What is held after the order, if it fills."""
    desired_allocation_quantity: Decimal | None = None
    """How much of the order the account would get."""
    allowed_allocation_quantity: Decimal | None = None
    """How much of it the account may have."""
    is_monetary: bool = False
    """Whether the quantities are money."""


@record
class OrderState:
    """What TWS knows about an order beyond the order itself; for `Order.what_if` margin and commission."""

    status: OrderStatusWord | None = None
    """Where the order is in its life; None where TWS does not say it."""
    initial_margin_before: Decimal | None = None
    """The account's initial margin now. This and the eight below are None where TWS computed none."""
    maintenance_margin_before: Decimal | None = None
    """The account's maintenance margin now."""
    equity_with_loan_before: Decimal | None = None
    """The account's equity with loan value now."""
    initial_margin_change: Decimal | None = None
    """How the order changes the initial margin."""
    maintenance_margin_change: Decimal | None = None
    """How the order changes the maintenance margin."""
    equity_with_loan_change: Decimal | None = None
    """How the order changes the equity with loan value."""
    initial_margin_after: Decimal | None = None
    """The account's initial margin if the order is filled. All margins are in the currency of the account."""
    maintenance_margin_after: Decimal | None = None
    """The maintenance margin if the order is filled."""
    equity_with_loan_after: Decimal | None = None
    """The equity with loan value if the order is filled."""
    commission_and_fees: float | None = None
    """What it costs, in ``commission_and_fees_currency``; of an order that fills in parts, the sum so far. None
    where TWS does not say it."""
    min_commission_and_fees: float | None = None
    """The least that it may be, where it is not one number."""
    max_commission_and_fees: float | None = None
    """The most that it may be, where it is not one number."""
    commission_and_fees_currency: str = ""
    """The currency of the three amounts above; empty where there is none."""
    margin_currency: str = ""
    """The currency of the margins below. From server version 195, as the fields down to the allocations."""
    initial_margin_before_outside_rth: float | None = None
    """This and the eight below: as those of the same names above, outside of regular trading hours."""
    maintenance_margin_before_outside_rth: float | None = None
    """The maintenance margin now."""
    equity_with_loan_before_outside_rth: float | None = None
    """The equity with loan value now."""
    initial_margin_change_outside_rth: float | None = None
    """How the order changes the initial margin."""
    maintenance_margin_change_outside_rth: float | None = None
    """How the order changes the maintenance margin."""
    equity_with_loan_change_outside_rth: float | None = None
    """How the order changes the equity with loan value."""
    initial_margin_after_outside_rth: float | None = None
    """The initial margin if the order is filled."""
    maintenance_margin_after_outside_rth: float | None = None
    """The maintenance margin if the order is filled."""
    equity_with_loan_after_outside_rth: float | None = None
    """The equity with loan value if the order is filled."""
    suggested_size: Decimal | None = None
    """What the account could carry, where the order is too large."""
    reject_reason: str = ""
    """Why a preview was refused, for people; empty where it was not."""
    order_allocations: tuple[OrderAllocation, ...] = ()
    """How an advisor's order would be divided, one for each account."""
    warning_text: str = ""
    """For people."""
    completed_time: datetime | None = None
    """When it came to its end; of completed orders."""
    completed_status: str = ""
    """How, for people: ``Cancelled by Trader``, ``Filled Size: 1``."""
