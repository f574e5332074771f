"""What-if: what an order would do to the account, told and not done."""

from __future__ import annotations

from decimal import Decimal

from anytws.messages.base import replace
from anytws.messages.order_state import OrderState
from anytws.messages.order_words import OrderStatusWord
from anytws.messages.orders import OpenOrder
from anytws.simulator.exchange.checks import price_for
from anytws.simulator.exchange.commissions import tariff_of
from anytws.simulator.exchange.order import HeldOrder
from anytws.simulator.exchange.speech import told_order
from anytws.simulator.ground import Ground, Listener

_NOTHING = (Decimal(0), Decimal(0))


def preview(ground: Ground, held: HeldOrder, client: Listener) -> None:
    """Tell *client* the margin and the commission of *held*: one OpenOrder, and no status (recorded)."""
    client.push(
        OpenOrder(held.order_id, held.contract, replace(told_order(held), what_if=True), state_of(ground, held))
    )


def state_of(ground: Ground, held: HeldOrder) -> OrderState:
    """Give the margins, the equity and the commission of *held*, in the base currency of its account."""
    price = price_for(ground, held)
    margin = ground.accounts.margin(held.account, ground.ms(), held.instrument, held.signed * held.total, price)
    value = abs(held.total * price * held.instrument.multiplier)
    commission = tariff_of(held.instrument).of(before=_NOTHING, shares=held.total, value=value, is_sale=not held.is_buy)
    return OrderState(
        status=OrderStatusWord.PRE_SUBMITTED,
        initial_margin_before=margin.initial_before,
        maintenance_margin_before=margin.maintenance_before,
        equity_with_loan_before=margin.equity_before,
        initial_margin_change=margin.initial_after - margin.initial_before,
        maintenance_margin_change=margin.maintenance_after - margin.maintenance_before,
        equity_with_loan_change=margin.equity_after - margin.equity_before,
        initial_margin_after=margin.initial_after,
        maintenance_margin_after=margin.maintenance_after,
        equity_with_loan_after=margin.equity_after,
        commission_and_fees=float(commission),
        commission_and_fees_currency=held.instrument.currency,
        margin_currency=ground.settings.base_currency,
        warning_text="" if margin.is_enough else "Your order would exceed the funds of the account.",
    )
