"""Answers about orders: they are placed, changed and cancelled, and asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from anytws.messages.base import ToClient
from anytws.messages.executions import ExerciseAction, ExerciseOptionsRequest
from anytws.messages.orders import (
    AllOpenOrdersRequest,
    AutoOpenOrdersRequest,
    CancelOrderRequest,
    CompletedOrdersEnd,
    CompletedOrdersRequest,
    GlobalCancelRequest,
    OpenOrdersEnd,
    OpenOrdersRequest,
    PlaceOrderRequest,
)
from anytws.simulator.answers.answer import Answer, Answers
from anytws.simulator.client import Client
from anytws.simulator.complaints import complaint, not_done
from anytws.simulator.exchange.order import HeldOrder
from anytws.simulator.exchange.speech import completed_order, completed_status, snapshot
from anytws.simulator.knowledge import Knowledge
from anytws.simulator.universe.universe import Trouble

_NOT_CLIENT_0: Final = 327
_DUPLICATE: Final = 103


def place_order(client: Client, request: PlaceOrderRequest) -> Iterable[ToClient]:
    """Have the exchange take it: what becomes of it is told when it happens."""
    client.world.exchange.place(client, request)
    return ()


def cancel_order(client: Client, request: CancelOrderRequest) -> Iterable[ToClient]:
    """Have the exchange cancel it."""
    client.world.exchange.cancel(client, request.order_id)
    return ()


def cancel_everything(client: Client, _: GlobalCancelRequest) -> Iterable[ToClient]:
    """Have the orders of all clients and of the person in front of TWS cancelled. It has no answer (recorded)."""
    client.world.exchange.cancel_all()
    return ()


def tell_open_orders(client: Client, _: OpenOrdersRequest) -> Iterable[ToClient]:
    """Give the working orders of this client; client 0 binds those that were made by hand (documented)."""
    exchange = client.world.exchange
    if client.client_id == 0:
        for held in exchange.orders.by_hand():
            exchange.hands.bind(held)
    yield from open_orders(client.world, client.client_id or 0)


def tell_all_open_orders(client: Client, _: AllOpenOrdersRequest) -> Iterable[ToClient]:
    """Give all working orders, with order id 0 those that were made by hand. Nothing is bound (recorded)."""
    yield from snapshot(_told(client.world.exchange.orders.live), client.world)
    yield OpenOrdersEnd()


def bind_orders(client: Client, request: AutoOpenOrdersRequest) -> Iterable[ToClient]:
    """Have orders that are made by hand told to client 0, without an answer; refuse all others (documented)."""
    if client.client_id != 0:
        text = "Only the client with id 0 may bind orders that were entered in TWS."
        yield complaint(client.world, _NOT_CLIENT_0, text)
        return
    follows = client.world.exchange.speech.follows_by_hand
    if request.auto_bind:
        follows.add(0)
    else:
        follows.discard(0)


def tell_completed_orders(client: Client, request: CompletedOrdersRequest) -> Iterable[ToClient]:
    """Give a status for each ended order of this client, then a row for each of all clients (recorded)."""
    world = client.world
    ended = [held for held in world.exchange.orders.ended if not (request.api_only and held.is_by_hand)]
    for held in ended:
        if held.client_id == client.client_id and held.status is not None:
            yield completed_status(held)
    for held in ended:
        yield completed_order(held, world)
    yield CompletedOrdersEnd()


def exercise_options(client: Client, request: ExerciseOptionsRequest) -> Iterable[ToClient]:
    """Take an exercise under its order id, or say why not. A lapse takes effect without a word (chosen)."""
    world, order_id, client_id = client.world, request.order_id, client.client_id
    if order_id is None or client_id is None:
        raise ValueError("an exercise needs an order id, and a client that has said its id")
    if order_id < world.next_valid_id(client_id):
        yield complaint(world, _DUPLICATE, "Duplicate order id", request)
        return
    world.use_order_id(client_id, order_id)
    match = world.universe.the_one(request.contract, world.utc().date())
    if isinstance(match, Trouble):
        yield complaint(world, match.code, match.text, request)
        return
    account = request.account or world.settings.accounts[0]
    quantity = Decimal(request.exercise_quantity)
    held = world.accounts.position(account, match.instrument.contract_id)
    if match.instrument.strike is None or not 0 < quantity <= held:
        yield not_done(world, request, f"Options cannot be exercised: the position is {held:f}")
        return
    if request.exercise_action is ExerciseAction.EXERCISE:
        world.exchange.hands.exercise(client_id, order_id, match, request.contract, int(quantity), account)


def open_orders(world: Knowledge, client_id: int) -> Iterator[ToClient]:
    """Give the working orders of *client_id*, and the end: asked for, or, of newer builds, when it connects."""
    yield from snapshot(_told(world.exchange.orders.of_client(client_id)), world)
    yield OpenOrdersEnd()


def _told(helds: list[HeldOrder]) -> list[HeldOrder]:
    """Leave out orders that nobody was told of: those that are held back, and that IB has not taken yet."""
    return [held for held in helds if held.status is not None]


ANSWERS: Final[Answers] = {
    PlaceOrderRequest: Answer(place_order),
    CancelOrderRequest: Answer(cancel_order),
    GlobalCancelRequest: Answer(cancel_everything),
    OpenOrdersRequest: Answer(tell_open_orders, needs_trading=True),
    AllOpenOrdersRequest: Answer(tell_all_open_orders, needs_trading=True),
    AutoOpenOrdersRequest: Answer(bind_orders),
    CompletedOrdersRequest: Answer(tell_completed_orders, needs_trading=True),
    ExerciseOptionsRequest: Answer(exercise_options),
}
