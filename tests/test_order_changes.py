"""A change goes out as the whole order: what TWS last said, without what would harm."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from anytws.client.order_changes import changed_order, checked
from anytws.machines.known_orders import KnownOrders
from anytws.machines.order import OrderLife
from anytws.machines.outbox import Outbox
from anytws.messages import Action, LimitOrder, MarketOrder, Order, OrderType, StopOrder
from anytws.messages.base import replace
from anytws.messages.order_types import TrailingStopLimitOrder, TrailingStopOrder
from anytws.messages.order_words import OcaType
from anytws.messages.orders import PlaceOrderRequest
from tests.order_peer import AAPL, CLIENT, W, opened, told


class Shelf:
    """What is known of some orders, told by a test."""

    def __init__(self) -> None:
        self.book = KnownOrders()
        self.book.begin(CLIENT, 5)
        self._outbox = Outbox()

    def place(self, order: Order) -> OrderLife:
        """Note an order as sent."""
        number = self.book.ids.next
        self.book.ids.note_used(number)
        life = self.book.note_sent(PlaceOrderRequest(AAPL, order, order_id=number), self._outbox.put(b"x", 0.0))
        assert life is not None
        return life

    def say(self, life: OrderLife, order: Order, word: Any = W.SUBMITTED, why_held: str = "") -> None:
        """Have TWS say it."""
        number = life.order_id or 0
        self.book.hear([opened(number, order, word), told(number, word, why_held=why_held)])

    def changed(self, life: OrderLife, **fields: Any) -> Order:
        """Give what a change would say."""
        return changed_order(life, self.book, checked(fields))


@pytest.fixture
def shelf() -> Shelf:
    """Nothing is known yet."""
    return Shelf()


def test_what_tws_last_said_goes_before_what_was_asked(shelf: Shelf) -> None:
    life = shelf.place(LimitOrder("BUY", 100, 10, order_reference="a"))
    shelf.say(life, LimitOrder("BUY", 300, 9, order_reference="a", outside_rth=True))
    changed = shelf.changed(life, limit_price=11)
    assert (changed.total_quantity, changed.limit_price, changed.outside_rth) == (300, 11, True)
    assert (changed.order_reference, changed.account) == ("a", "DU1")
    assert (changed.permanent_id, changed.client_id, changed.order_id) == (0, 0, None)


def test_before_tws_has_said_anything(shelf: Shelf) -> None:
    life = shelf.place(LimitOrder("BUY", 100, 10, transmit=False))
    assert shelf.changed(life, transmit=True) == LimitOrder("BUY", 100, 10)


@pytest.mark.parametrize(
    "order",
    [StopOrder("SELL", 100, 9), TrailingStopOrder("SELL", 100, trailing_amount=1), MarketOrder("BUY", 1)],
)
def test_a_made_up_limit_price_is_left_out(shelf: Shelf, order: Order) -> None:
    """Recorded: 13.16 of a stop, 2000.03 of a trailing one, and 0 in the next."""
    life = shelf.place(order)
    for price in (13.16, 0.0):
        shelf.say(life, replace(order, limit_price=price, trail_stop_price=14.16), W.PRE_SUBMITTED, "trigger")
        changed = shelf.changed(life, total_quantity=50)
        assert changed.limit_price is None
        assert (changed.trail_stop_price is None) == (order.order_type is not OrderType.TRAILING_STOP)
        assert changed.aux_price == order.aux_price


def test_a_trailing_stop_limit_has_one_of_price_and_offset(shelf: Shelf) -> None:
    order = TrailingStopLimitOrder("SELL", 100, 9, 0.1, trailing_amount=1)
    life = shelf.place(order)
    shelf.say(life, replace(order, limit_price=8.9, trail_stop_price=9.0))
    changed = shelf.changed(life, aux_price=2)
    assert (changed.limit_price, changed.limit_price_offset, changed.aux_price) == (None, 0.1, 2.0)


def test_another_type(shelf: Shelf) -> None:
    """A limit order that is to trade at the market takes no limit price along; unless one is given."""
    life = shelf.place(LimitOrder("BUY", 100, 10))
    shelf.say(life, LimitOrder("BUY", 100, 10))
    assert shelf.changed(life, order_type=OrderType.MARKET).limit_price is None
    assert shelf.changed(life, order_type=OrderType.LIMIT_ON_CLOSE).limit_price == 10


def test_the_group_that_nobody_asked_for(shelf: Shelf) -> None:
    """TWS says type 3 of what has no group."""
    life = shelf.place(LimitOrder("BUY", 100, 10))
    shelf.say(life, LimitOrder("BUY", 100, 10, oca_type=OcaType.REDUCE_WITHOUT_BLOCK))
    assert shelf.changed(life, limit_price=9).oca_type is OcaType.NONE
    own = shelf.place(LimitOrder("BUY", 100, 10, oca_group="mine", oca_type=OcaType.CANCEL_WITH_BLOCK))
    shelf.say(own, LimitOrder("BUY", 100, 10, oca_group="mine", oca_type=OcaType.CANCEL_WITH_BLOCK))
    changed = shelf.changed(own, limit_price=9)
    assert (changed.oca_group, changed.oca_type) == ("mine", OcaType.CANCEL_WITH_BLOCK)


def _bracket(shelf: Shelf) -> tuple[OrderLife, OrderLife, Order]:
    parent = shelf.place(LimitOrder("BUY", 100, 10, transmit=False))
    child = StopOrder("SELL", 100, 9, parent_id=parent.order_id or 0)
    life = shelf.place(child)
    shelf.say(parent, LimitOrder("BUY", 100, 10))
    said = replace(child, oca_group=str(parent.permanent_id), oca_type=OcaType.REDUCE_WITHOUT_BLOCK)
    shelf.say(life, said, W.PRE_SUBMITTED, "child,trigger")
    return parent, life, said


def test_a_child_of_an_entry_that_works(shelf: Shelf) -> None:
    """It keeps its parent; the group that TWS has made is left to TWS; its quantity is its own."""
    parent, life, said = _bracket(shelf)
    changed = shelf.changed(life, aux_price=9.5)
    assert (changed.parent_id, changed.oca_group, changed.oca_type) == (parent.order_id, "", OcaType.NONE)
    # Filled in part: TWS gives the child what is filled, or nothing for a moment.
    shelf.book.hear([told(parent.order_id or 0, filled=40, rest=60)])
    for quantity in (40, 0):
        shelf.say(life, replace(said, total_quantity=Decimal(quantity)), W.PRE_SUBMITTED, "child,trigger")
        assert shelf.changed(life, aux_price=9.5).total_quantity == 100
        assert shelf.changed(life, total_quantity=40).total_quantity == 40


def test_a_child_whose_parent_is_gone(shelf: Shelf) -> None:
    """With its id in the change TWS would say 135; the tie to the sibling stays, and a quantity that was reduced."""
    parent, life, said = _bracket(shelf)
    shelf.book.hear([told(parent.order_id or 0, W.FILLED, 100, 0)])
    shelf.say(life, replace(said, total_quantity=Decimal(60)), W.PRE_SUBMITTED, "trigger")
    changed = shelf.changed(life, aux_price=9.5)
    assert (changed.parent_id, changed.total_quantity, changed.oca_group) == (0, 60, str(parent.permanent_id))


@pytest.mark.parametrize(
    "word, why_held, is_gone",
    [
        (W.PRE_SUBMITTED, "child,trigger", False),
        (W.PRE_SUBMITTED, "trigger", True),
        (W.SUBMITTED, "", True),
        # Nothing says it: the worst is a refusal.
        (W.PRE_SUBMITTED, "", False),
    ],
)
def test_a_child_whose_parent_is_not_known(shelf: Shelf, word: Any, why_held: str, is_gone: bool) -> None:
    """After a restart of the program: why it is held tells whether the entry is filled."""
    child = StopOrder("SELL", 100, 9, parent_id=3)
    shelf.book.hear([opened(4, child, word), told(4, word, why_held=why_held)])
    life = shelf.book.by_order_id(4)
    assert life is not None
    assert shelf.changed(life, aux_price=9.5).parent_id == (0 if is_gone else 3)


def test_an_adopted_child_is_not_told_its_group(shelf: Shelf) -> None:
    """It has the name that TWS gives such groups: the permanent id of the parent."""
    child = StopOrder("SELL", 100, 9, parent_id=3, oca_group="77", oca_type=OcaType.REDUCE_WITHOUT_BLOCK)
    shelf.book.hear([opened(4, child, W.PRE_SUBMITTED, parent_permanent_id=77)])
    life = shelf.book.by_order_id(4)
    assert life is not None
    assert shelf.changed(life, aux_price=9.5).oca_group == ""
    shelf.book.hear([opened(4, replace(child, oca_group="mine"), W.PRE_SUBMITTED, parent_permanent_id=77)])
    assert shelf.changed(life, aux_price=9.5).oca_group == "mine"


def test_fields_as_an_order_holds_them() -> None:
    assert checked({"limit_price": "10.05", "aux_price": Decimal("1.5"), "trigger_price": 3}) == {
        "limit_price": 10.05, "aux_price": 1.5, "trigger_price": 3.0,
    }  # fmt: skip
    assert checked({"total_quantity": "0.5"}) == {"total_quantity": Decimal("0.5")}
    assert checked({"limit_price": None, "action": Action.SELL}) == {"limit_price": None, "action": Action.SELL}
    for wrong in (True, "x", 10**400, float("inf")):
        with pytest.raises(ValueError, match="finite number"):
            checked({"limit_price": wrong})
    for wrong in (True, "x", "-1", Decimal("NaN"), None):
        with pytest.raises(ValueError, match="above zero"):
            checked({"total_quantity": wrong})
