"""How TWS tells of its orders: the messages, who hears them, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from anytws.messages.base import ToClient, replace
from anytws.messages.executions import (
    CommissionAndFeesReport,
    Execution,
    ExecutionDetails,
    ExecutionSide,
    Liquidity,
)
from anytws.messages.order import Order
from anytws.messages.order_state import OrderState
from anytws.messages.order_words import OcaType, OrderStatusWord, OrderType
from anytws.messages.orders import CompletedOrder, OpenOrder, OrderStatus
from anytws.messages.session import ErrorMessage
from anytws.simulator.complaints import sayable
from anytws.simulator.exchange.order import Fill, HeldOrder
from anytws.simulator.ground import Ground, Listener

_WORKING = frozenset({OrderStatusWord.PRE_SUBMITTED, OrderStatusWord.SUBMITTED, OrderStatusWord.PENDING_CANCEL})
_ENDED = frozenset({OrderStatusWord.CANCELLED, OrderStatusWord.FILLED, OrderStatusWord.API_CANCELLED})


class Speech:
    """Tells the clients of a TWS of its orders."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self.version: int = 0
        """Goes up whenever something is told of an order, be there anybody to hear it or not."""
        self.follows_by_hand: set[int] = set()
        """The ids of clients that want to hear of orders that are made by hand: 0, or nobody."""

    # Who hears

    def hearers(self, held: HeldOrder) -> list[Listener]:
        """Give the clients that are told of *held* unasked: its owner, and the master client (documented)."""
        wanted = {held.client_id, self._ground.settings.master_client}
        if held.is_by_hand:
            wanted = {*self.follows_by_hand, self._ground.settings.master_client}
        return [client for client in self._ground.listeners if client.client_id in wanted]

    def say(self, held: HeldOrder, message: ToClient) -> None:
        """Say *message* to all that hear of *held*."""
        self.version += 1
        for client in self.hearers(held):
            client.push(message)

    def complain(self, held: HeldOrder, code: int, text: str) -> None:
        """Say an error with the id of *held* to its owner."""
        owner = self._ground.listener(held.client_id)
        if owner is not None and (not held.is_by_hand or held.client_id in self.follows_by_hand):
            owner.push(ErrorMessage(held.order_id, code, text, error_time=self._ground.time()))

    def refuse(self, client: Listener, order_id: int, code: int, text: str) -> None:
        """Say to *client* that what it asked for under *order_id* is not done."""
        client.push(ErrorMessage(sayable(order_id), code, text, error_time=self._ground.time()))

    # What is said

    def pair(self, held: HeldOrder, word: OrderStatusWord, *, repeats: int | None = None) -> None:
        """Tell that *held* is in the state *word*: OpenOrder and OrderStatus, as often as the habits say."""
        habits = self._ground.settings.habits
        if held.ended_at is not None and word in _WORKING:
            # It has ended while it was told that it works, by the deed of a script: there is nothing to tell any more.
            return
        held.status = word
        if held.order.order_type is OrderType.MARKET and not habits.says_market_orders:
            return
        if word is OrderStatusWord.FILLED and not habits.says_filled:
            return
        both: list[ToClient] = [open_order(held, self._ground), order_status(held)]
        if habits.says_status_first:
            both.reverse()
        stands = (held.ended_at, held.filled, word)
        for message in both * (habits.repeats if repeats is None else repeats):
            self.say(held, message)
            if (held.ended_at, held.filled, held.status) != stands:
                # The same: what stands now has been told in between, and statuses of one order keep their order.
                return

    def status(self, held: HeldOrder, word: OrderStatusWord) -> None:
        """Tell the status *word* alone."""
        held.status = word
        self.say(held, order_status(held))

    def execution(self, held: HeldOrder, fill: Fill) -> None:
        """Tell of *fill*, which happened just now."""
        self.say(held, execution_details(held, fill, self._ground, None))

    def commission(self, held: HeldOrder, fill: Fill) -> None:
        """Tell what *fill* cost."""
        self.say(held, commission_report(fill))


def open_order(held: HeldOrder, ground: Ground) -> OpenOrder:
    """Give *held* as `OpenOrder` tells of it."""
    return OpenOrder(held.order_id, held.contract, told_order(held), order_state(held, ground))


def told_order(held: HeldOrder) -> Order:
    """Give the order of *held* with what TWS fills in (recorded)."""
    order, parent = held.order, held.parent
    changes: dict[str, object] = {
        "account": held.account,
        "client_id": held.client_id,
        "order_id": held.order_id,
        "permanent_id": held.permanent_id,
        "filled_quantity": held.filled,
        # Recorded: prices that an order does not have are zero.
        "limit_price": 0.0 if order.limit_price is None else order.limit_price,
        "aux_price": 0.0 if order.aux_price is None else order.aux_price,
        "parent_permanent_id": None if parent is None else parent.permanent_id,
        "transmit": True,
    }
    if order.oca_type is OcaType.NONE:
        # Recorded.
        changes["oca_type"] = OcaType.REDUCE_WITHOUT_BLOCK
    if held.stop is not None:
        changes["trail_stop_price"] = float(held.stop)
    return replace(order, **changes)


def order_state(held: HeldOrder, ground: Ground) -> OrderState:
    """Give what TWS knows of *held* beyond its terms."""
    ended_at = held.ended_at
    is_over = held.status in _ENDED and ended_at is not None
    return OrderState(
        status=held.status,
        commission_and_fees=float(held.told_commission) if held.told_commission else None,
        commission_and_fees_currency=held.instrument.currency if held.told_commission else "",
        completed_time=wall_clock(ground, ended_at) if is_over and ended_at is not None else None,
        completed_status=held.completed_status if is_over else "",
    )


def order_status(held: HeldOrder) -> OrderStatus:
    """Give how *held* stands."""
    return OrderStatus(
        order_id=held.order_id,
        status=held.status,
        filled=held.filled,
        remaining=held.remaining,
        average_fill_price=price(held.average),
        permanent_id=held.permanent_id,
        parent_id=0 if held.parent is None else held.parent.order_id,
        last_fill_price=price(held.last_price),
        client_id=held.client_id,
        why_held=held.why_held if held.is_live else "",
        market_cap_price=0.0,
    )


def execution_details(held: HeldOrder, fill: Fill, ground: Ground, request_id: int | None) -> ExecutionDetails:
    """Give *fill*, as answer to the request with *request_id*, or because it happened just now."""
    # A leg of a sold combination may buy: the number of shares says which.
    is_buy = fill.shares > 0
    return ExecutionDetails(
        request_id,
        replace(fill.contract, exchange=fill.venue or fill.contract.exchange, primary_exchange=""),
        Execution(
            execution_id=fill.execution_id,
            side=ExecutionSide.BOUGHT if is_buy else ExecutionSide.SOLD,
            order_id=held.order_id,
            time=wall_clock(ground, fill.at),
            account=fill.account,
            exchange=fill.venue,
            shares=abs(fill.shares),
            price=price(fill.price),
            permanent_id=held.permanent_id,
            client_id=held.client_id,
            cumulative_quantity=fill.cumulative,
            average_price=price(fill.average),
            order_reference=held.order.order_reference,
            model_code=held.order.model_code,
            last_liquidity=Liquidity.ADDED if fill.adds_liquidity else Liquidity.REMOVED,
        ),
    )


def commission_report(fill: Fill) -> CommissionAndFeesReport:
    """Give what *fill* cost and earned."""
    realized = None if fill.realized is None else float(fill.realized)
    return CommissionAndFeesReport(fill.execution_id, float(fill.commission), fill.currency, realized)


def completed_status(held: HeldOrder) -> OrderStatus:
    """Give how *held*, which is over, stands as it is listed: what was refused counts as cancelled (recorded)."""
    status = order_status(held)
    return status if status.status in _ENDED else replace(status, status=OrderStatusWord.CANCELLED)


def completed_order(held: HeldOrder, ground: Ground) -> CompletedOrder:
    """Give *held*, which is over, as it is listed (recorded: its total is 0, what was filled is beside it).

    What was refused is listed as cancelled as well; only the text beside it tells (recorded).
    """
    order = replace(told_order(held), total_quantity=Decimal(0) if held.filled else held.total)
    if not ground.settings.habits.completed_has_order_id:
        order = replace(order, order_id=0)
    state = order_state(held, ground)
    if held.status not in _ENDED:
        ended_at, text = held.ended_at, held.completed_status
        completed_time = None if ended_at is None else wall_clock(ground, ended_at)
        word = OrderStatusWord.CANCELLED
        state = replace(state, status=word, completed_time=completed_time, completed_status=text)
    return CompletedOrder(held.contract, order, state)


def snapshot(helds: list[HeldOrder], ground: Ground) -> Iterator[ToClient]:
    """Give a pair for each of *helds*."""
    for held in helds:
        yield open_order(held, ground)
        yield order_status(held)


def wall_clock(ground: Ground, ms: int) -> datetime:
    """Give *ms* as TWS writes it: in its own zone, in whole seconds."""
    zone = ground.settings.wall_zone
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=ms // 1000)
    return moment if zone == UTC else moment.astimezone(zone)


def price(value: Decimal) -> float:
    """Give *value* as messages carry it."""
    return float(value)
