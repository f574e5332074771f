"""Answers about orders, of which there are none here: downloads are empty, and end as they should."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from anytws.messages.base import ToClient
from anytws.messages.orders import (
    AllOpenOrdersRequest,
    AutoOpenOrdersRequest,
    CompletedOrdersEnd,
    CompletedOrdersRequest,
    OpenOrdersEnd,
    OpenOrdersRequest,
)
from anytws.simulator.answers.answer import Answer, Answers
from anytws.simulator.client import Client
from anytws.simulator.complaints import complaint

_NOT_CLIENT_0: Final = 327


def end_open_orders(_: Client, __: OpenOrdersRequest | AllOpenOrdersRequest) -> Iterable[ToClient]:
    """End a download without orders (recorded)."""
    yield OpenOrdersEnd()


def bind_orders(client: Client, _: AutoOpenOrdersRequest) -> Iterable[ToClient]:
    """Say nothing to client 0, for nobody enters orders by hand here; refuse all others (documented)."""
    if client.client_id != 0:
        text = "Only the client with id 0 may bind orders that were entered in TWS."
        yield complaint(client.world, _NOT_CLIENT_0, text)


def end_completed_orders(_: Client, __: CompletedOrdersRequest) -> Iterable[ToClient]:
    """End a download without orders (recorded)."""
    yield CompletedOrdersEnd()


ANSWERS: Final[Answers] = {
    OpenOrdersRequest: Answer(end_open_orders, needs_trading=True),
    AllOpenOrdersRequest: Answer(end_open_orders, needs_trading=True),
    AutoOpenOrdersRequest: Answer(bind_orders),
    CompletedOrdersRequest: Answer(end_completed_orders, needs_trading=True),
}
