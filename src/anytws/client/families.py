"""Orders that belong together: brackets, and groups of which one cancels all.

A family is placed like this. All members but the last are sent at once, their ids in one block. Then a fence: a cheap
request that TWS answers behind them, so that what it refuses on sight it has refused by then; it says nothing at all
about an order that is not transmitted. Then the last one, and with it, in a bracket, TWS works on all of them. If a
member is refused at any time until all are acknowledged, the others are cancelled, and `BracketBroken` says what became
of each. A family is never left with some of its members by who is cancelled, or by a deadline: before the last member
has left the others are taken back, or cancelled; from then on the family stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import attrs

from anytws.client.contract_like import ContractLike, contract_of
from anytws.client.placing_families import Family, place_family
from anytws.machines.family import BracketOrders, Kind, bracket_orders, grouped, named
from anytws.messages.base import replace
from anytws.messages.contract import Action
from anytws.messages.order import Order
from anytws.messages.order_types import Price, Quantity, SharedFields
from anytws.messages.order_words import OcaType
from anytws.messages.orders import PlaceOrderRequest

if TYPE_CHECKING:
    from typing import Unpack

    from anytws.client.conversing import Conversing
    from anytws.client.trade import Trade


@attrs.frozen
class Bracket:
    """The orders of a bracket, as trades: ``parent, profit_taker, stop_loss = bracket``."""

    parent: Trade
    """The order that begins."""
    children: tuple[Trade, ...]
    """Those that end what it begins: the profit taker first, as far as there are both."""
    _family: Family = attrs.field(repr=False, eq=False)
    _has_profit_taker: bool = attrs.field(repr=False)

    def __iter__(self) -> Iterator[Trade]:
        """Give the parent, then the profit taker, then the stop loss, as far as there are all three."""
        return iter((self.parent, *self.children))

    @property
    def profit_taker(self) -> Trade:
        """The order that takes the profit. Raises `LookupError` where it was placed without one."""
        if not self._has_profit_taker:
            raise LookupError("this bracket was placed without a profit taker")
        return self.children[0]

    @property
    def stop_loss(self) -> Trade:
        """The order that ends the loss. Raises `LookupError` where it was placed without one."""
        if len(self.children) == self._has_profit_taker:
            raise LookupError("this bracket was placed without a stop loss")
        return self.children[-1]

    async def until_over(self, *, timeout: float | None = None) -> None:
        """Wait until all of it has come to its end: two filled and one cancelled, say, or none and all.

        This is how a bracket goes on to be looked after: TWS may refuse a child after it has acknowledged it, and a
        person may cancel one. If a child ends while the parent needs it the others are cancelled, as while it was
        placed, and `BracketBroken` says what became of each; so it is where your own program cancels one child.
        *timeout* is in seconds, None waits for ever. It goes on over reconnections, and can be cancelled at any time:
        that changes nothing of the orders.

        Raises `BracketBroken`, `TradeTimedOut`, and `ConnectionClosed` at the end of everything.
        """
        await self._family.until_over(timeout)


# --- what people type ------------------------------------------------------------------------------------------------


async def bracket(
    tws: Conversing,
    contract: ContractLike,
    entry: Action | str | Order,
    quantity: Quantity | None = None,
    limit_price: Price | None = None,
    *,
    profit_price: Price | None = None,
    stop_price: Price | None = None,
    profit_taker: Order | None = None,
    stop_loss: Order | None = None,
    ref: str = "",
    again: bool = False,
    timeout: float | None = None,
    **fields: Unpack[SharedFields],
) -> Bracket:
    """Place a bracket (`anytws.client.orders.Orders.bracket`)."""
    if (profit_price is not None and profit_taker is not None) or (stop_price is not None and stop_loss is not None):
        raise ValueError("a child of a bracket is given by its price or as an order, and not by both")
    profit: Order | Price | None = profit_price if profit_taker is None else profit_taker
    stop: Order | Price | None = stop_price if stop_loss is None else stop_loss
    orders = bracket_orders(entry, quantity, limit_price, profit, stop, fields)
    ref = ref or orders.parent.order_reference
    # The reference of all may have come with the fields of all.
    if fields.get("order_reference"):
        orders = _without_refs(orders, profit_taker, stop_loss)
    what = contract_of(contract)
    requests = [PlaceOrderRequest(what, named(order, ref, role)) for role, order in orders.all]
    family = await place_family(tws, Kind.BRACKET, requests, again=again, timeout=timeout)
    parent, *children = family.trades
    return Bracket(parent, tuple(children), family, orders.profit_taker is not None)


async def one_cancels_all(
    tws: Conversing,
    orders: Iterable[tuple[ContractLike, Order]],
    *,
    group: str | None = None,
    oca_type: OcaType = OcaType.CANCEL_WITH_BLOCK,
    ref: str = "",
    again: bool = False,
    timeout: float | None = None,
) -> tuple[Trade, ...]:
    """Place orders of which one cancels all (`anytws.client.orders.Orders.one_cancels_all`)."""
    members = [(contract_of(contract), order) for contract, order in orders]
    if len(members) < 2:
        raise ValueError(f"a group of orders of which one cancels all needs at least two, and not {len(members)}")
    if oca_type is OcaType.NONE:
        raise ValueError("oca_type has to say what a fill does to the others: OcaType.CANCEL_WITH_BLOCK, say")
    for _, order in members:
        if not order.transmit or order.what_if or order.oca_group:
            raise ValueError("a member of a group is transmitted, is no what-if, and has no group of its own")
    requests = [
        PlaceOrderRequest(contract, named(grouped(order, group or "", oca_type), ref, str(number)))
        for number, (contract, order) in enumerate(members, start=1)
    ]
    return (await place_family(tws, Kind.GROUP, requests, again=again, timeout=timeout, ref=ref)).trades


def _without_refs(orders: BracketOrders, profit: Order | None, stop: Order | None) -> BracketOrders:
    """Take the reference of the family from the children that were made from prices: they get their own."""
    taker, loss = orders.profit_taker, orders.stop_loss
    return BracketOrders(
        orders.parent,
        taker if profit is not None or taker is None else replace(taker, order_reference=""),
        loss if stop is not None or loss is None else replace(loss, order_reference=""),
    )
