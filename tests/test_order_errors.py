"""What can become of orders, as errors: what they say, what they hold, and which of them go to another process."""

from __future__ import annotations

import pickle

import pytest

import anytws
from anytws import (
    AlreadyPlaced,
    AnytwsError,
    CancelFailed,
    Left,
    ModificationRefused,
    OrderError,
    OrderRejected,
    OrdersStillOpen,
    OrderUnknown,
    RequestError,
    Trade,
    TradeState,
    TradeTimedOut,
)
from anytws.client import order_errors
from tests.order_peer import AAPL, LIMIT, trading


def test_the_tree_is_told() -> None:
    """Every kind is in the docstring of the module; none is an error of a request."""
    kinds = [
        value
        for value in vars(order_errors).values()
        if isinstance(value, type) and issubclass(value, OrderError) and value is not OrderError
    ]
    assert len(kinds) > 5
    assert all(f"── {kind.__name__} " in (order_errors.__doc__ or "") for kind in kinds)
    assert all(issubclass(kind, AnytwsError) and not issubclass(kind, RequestError) for kind in kinds)
    assert all(getattr(anytws, kind.__name__) is kind for kind in kinds)


@pytest.mark.parametrize("left", Left)
def test_an_unknown_order_goes_to_another_process(left: Left) -> None:
    """With all that is needed to find it, its members too."""
    member = OrderUnknown("b/stop", 6, left, "the wind", permanent_id=9)
    unknown = OrderUnknown(
        "b", 5, left, "the connection ended", client_id=3, next_valid_id=4, members=(member,), state=TradeState(ref="b")
    )
    again = pickle.loads(pickle.dumps(unknown))  # noqa: S301 (that is what it is about)
    assert str(again) == str(unknown)
    names = ("ref", "order_id", "left", "why", "client_id", "permanent_id", "next_valid_id", "state", "life")
    assert [getattr(again, name) for name in names] == [getattr(unknown, name) for name in names]
    assert [each.permanent_id for each in again.members] == [9]
    assert again.members[0].left is left


def test_what_is_said_of_the_bytes() -> None:
    said = {left: str(OrderUnknown("", 5, left, "why")) for left in Left}
    assert said[Left.NONE].endswith("none of its bytes had left")
    assert said[Left.SOME].endswith("some of its bytes may have left")
    assert said[Left.ALL].startswith("what became of order 5 is not known: why")


async def test_what_is_said_of_a_trade() -> None:
    """By its reference, by its order id, with the code and the text of TWS."""
    async with trading() as (tws, _):
        trade: Trade = await tws.orders.place(AAPL, LIMIT, ref="mine")
        nameless = await tws.orders.place(AAPL, LIMIT)
        assert str(OrderRejected(201, "No\nway", trade)).startswith("order 'mine' was rejected (201): No")
        assert "order 6" in str(OrderRejected(201, None, nameless))
        assert "'mine' was placed before (open)" in str(AlreadyPlaced(trade))
        assert "refused (110): No" in str(ModificationRefused(110, "No", trade))
        assert "refused here: it has ended" in str(ModificationRefused(None, "it has ended", trade))
        assert "failed (161): No" in str(CancelFailed(161, "No", trade))
        assert "order 'mine' is open, 0 filled" in str(TradeTimedOut(3, trade))
        still = OrdersStillOpen([trade] * 3 + [nameless] * 4, 60)
        assert str(still).endswith("'mine', 'mine', 'mine', 6, 6 and 2 more are still open")
        assert len(still.trades) == 7
