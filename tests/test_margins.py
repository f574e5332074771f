"""The answer to a what-if, put in order: what is told, in which encoding, and what is left unset."""

from __future__ import annotations

from decimal import Decimal

import pytest

from anytws.core import Connection, Side
from anytws.machines.margins import Margins, Moved, margins_of
from anytws.messages import Action, Contract, Order, OrderType
from anytws.messages.order_state import OrderAllocation, OrderState
from anytws.messages.order_words import OrderStatusWord
from anytws.messages.orders import OpenOrder
from tests.conversing import CLOCK

CONTRACT = Contract(contract_id=265598, symbol="AAPL")
ORDER = Order(Action.BUY, OrderType.MARKET, Decimal(100), what_if=True)
RECORDED = OrderState(
    status=OrderStatusWord.PRE_SUBMITTED,
    initial_margin_before=Decimal("148839.9"),
    maintenance_margin_before=Decimal("132591.07"),
    equity_with_loan_before=Decimal("1170559.72"),
    initial_margin_change=Decimal("4398.700000000012"),
    maintenance_margin_change=Decimal("3998.820000000007"),
    equity_with_loan_change=Decimal("-0.8499999998603016"),
    initial_margin_after=Decimal("153238.6"),
    maintenance_margin_after=Decimal("136589.89"),
    equity_with_loan_after=Decimal("1170558.87"),
    commission_and_fees=1.0003,
    commission_and_fees_currency="USD",
)
"""The figures of the trace what_if_refused_and_answered."""


def told(state: OrderState, version: int) -> Margins:
    """Give the margins in *state*, said by a TWS of *version* and read by a client."""
    client, tws = Connection(Side.CLIENT), Connection(Side.TWS)
    client.opened(0.0)
    tws.opened(0.0)
    tws.receive_data(client.data_to_send())
    tws.accept_version(version, CLOCK)
    client.receive_data(tws.data_to_send())
    client.data_to_send()
    client.receive_data(tws.send(OpenOrder(7, CONTRACT, ORDER, state)))
    (answer,) = [event for event in client.events() if isinstance(event, OpenOrder)]
    return margins_of(answer)


@pytest.mark.parametrize("version", [176, 200, 226])
def test_what_was_recorded_is_told_before_change_and_after(version: int) -> None:
    margins = told(RECORDED, version)
    assert margins.initial == Moved(Decimal("148839.9"), Decimal("4398.700000000012"), Decimal("153238.6"))
    assert margins.maintenance == Moved(Decimal("132591.07"), Decimal("3998.820000000007"), Decimal("136589.89"))
    assert margins.equity_with_loan == Moved(
        Decimal("1170559.72"), Decimal("-0.8499999998603016"), Decimal("1170558.87")
    )
    assert (margins.commission_and_fees, margins.commission_currency) == (1.0003, "USD")
    assert margins.min_commission_and_fees is None
    assert margins.max_commission_and_fees is None
    assert margins.order.what_if
    assert margins.contract.symbol == "AAPL"
    assert margins.order_state.status is OrderStatusWord.PRE_SUBMITTED


@pytest.mark.parametrize("version", [176, 200, 226])
def test_what_tws_leaves_unset_is_none_in_both_encodings(version: int) -> None:
    margins = told(OrderState(status=OrderStatusWord.PRE_SUBMITTED), version)
    assert margins.initial == margins.maintenance == margins.equity_with_loan == Moved(None, None, None)
    assert margins.initial_outside_rth == margins.maintenance_outside_rth == Moved()
    assert margins.commission_and_fees is margins.min_commission_and_fees is margins.max_commission_and_fees is None
    assert margins.suggested_size is None
    assert (margins.warning, margins.reject_reason, margins.currency, margins.allocations) == ("", "", "", ())


@pytest.mark.parametrize("version", [200, 226])
def test_newer_servers_say_more(version: int) -> None:
    margins = told(
        OrderState(
            margin_currency="EUR",
            initial_margin_before_outside_rth=0.1,
            initial_margin_change_outside_rth=0.2,
            initial_margin_after_outside_rth=0.3,
            suggested_size=Decimal(20),
            reject_reason="too large",
            warning_text="beware",
            order_allocations=(OrderAllocation("DU1", Decimal(1)),),
        ),
        version,
    )
    assert margins.currency == "EUR"
    # Floats on the wire; as decimals they are what they look like.
    assert margins.initial_outside_rth == Moved(Decimal("0.1"), Decimal("0.2"), Decimal("0.3"))
    assert margins.equity_with_loan_outside_rth == Moved()
    assert (margins.suggested_size, margins.reject_reason, margins.warning) == (20, "too large", "beware")
    assert [share.account for share in margins.allocations] == ["DU1"]
