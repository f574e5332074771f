"""Between one connection and what is believed of orders: not made, nor loaded, before anybody needs it.

Most connections never hear of an order. And who sends one wants its bytes to leave: so what is said is noted right
after that, in the same turn, and before anybody can look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from anytws.core.codes import CodeTable
from anytws.core.events import ConnectionClosed, Event, Notice
from anytws.machines.ids import OrderIds
from anytws.machines.order_news import LINK_NEWS
from anytws.machines.outbox import Parcel
from anytws.messages.base import ToTws
from anytws.messages.session import ErrorMessage

if TYPE_CHECKING:
    from anytws.machines.known_orders import KnownOrders
    from anytws.machines.order import OrderLife


class OrderDesk:
    """What one connection has to do with orders."""

    def __init__(self, codes: CodeTable, known: KnownOrders | None = None) -> None:
        self._codes = codes
        self._known = known
        self.ids: OrderIds = OrderIds() if known is None else known.ids
        """The ids of new orders."""
        self._said: list[tuple[ToTws, Parcel]] = []
        """What was said of orders in this turn, and is not noted yet."""
        # What `KnownOrders` has to be told when it is made.
        self._client_id: int | None = None
        self._next_valid_id: int | None = None
        self._first_order_id: int | None = None
        self._closed: ConnectionClosed | None = None

    @property
    def known(self) -> KnownOrders:
        """What is believed of orders."""
        known = self._known
        if known is None:
            known = self._known = self._made()
        if self._said:
            self._note_said(known)
        return known

    @property
    def _has_orders(self) -> bool:
        """Whether there is anything to know of orders."""
        return self._known is not None or bool(self._said)

    def _made(self) -> KnownOrders:
        from anytws.machines.known_orders import KnownOrders  # noqa: PLC0415 (see above)

        known = KnownOrders(self._codes, ids=self.ids)
        if self._client_id is not None:
            known.connect(self._client_id)
        if self._client_id is not None and self._next_valid_id is not None:
            known.begin(self._client_id, self._next_valid_id)
            known.first_order_id = self._first_order_id
        if self._closed is not None:
            known.cut(self._closed)
        return known

    # --- the connection ------------------------------------------------------------------------------------------

    def connect(self, client_id: int) -> None:
        """Note that TWS may say from here on what orders of *client_id* there are."""
        self._client_id = client_id
        if self._known is not None:
            self._known.connect(client_id)

    def begin(self, client_id: int, next_valid_id: int) -> None:
        """Note that TWS has said which order ids are free."""
        self._client_id, self._next_valid_id = client_id, next_valid_id
        if self._known is not None:
            self._known.begin(client_id, next_valid_id)
        else:
            self.ids.raise_to(next_valid_id)
            self._first_order_id = self.ids.floor

    def cut(self, closed: ConnectionClosed) -> None:
        """Note that the connection is over."""
        if self._has_orders:
            self.known.cut(closed)
        self._closed = closed

    # --- what is heard, and said ---------------------------------------------------------------------------------

    def hear(self, events: Iterable[Event]) -> None:
        """Take what one read has brought of orders, of the link, and of codes that may be about an order."""
        if self._has_orders or any(map(_is_of_orders, events)):
            self.known.hear(events)

    def settle(self) -> None:
        """Note what was said, if anything was."""
        if self._said:
            self._note_said(self.known)

    def note_sent(self, message: ToTws, parcel: Parcel) -> None:
        """Note that *message* was taken to be sent; `known` tells of it from the next look on."""
        self._said.append((message, parcel))

    def _note_said(self, known: KnownOrders) -> None:
        said, self._said = self._said, []
        for message, parcel in said:
            known.note_sent(message, parcel)

    def knows(self, order_id: int) -> bool:
        """Tell whether an order of this client has this id."""
        return self._has_orders and self.known.by_order_id(order_id) is not None

    def is_queued(self, order_id: int) -> bool:
        """Tell whether something that was said of our own order with this id has not left."""
        return self._has_orders and self.known.is_queued(order_id)

    def take_back(self, parcel: Parcel, withdraw: Callable[[Parcel], bool]) -> bool:
        """Take back, by *withdraw*, what *parcel* says, and what was said since of its order; tell whether it was."""
        return self.known.take_back(parcel, withdraw) if self._has_orders else withdraw(parcel)

    # --- news ----------------------------------------------------------------------------------------------------

    @property
    def has_news(self) -> bool:
        """Whether `take_news` gives something."""
        return self._has_orders and self.known.has_news

    def take_news(self) -> list[OrderLife]:
        """Give, once, the orders of which something is new."""
        return self.known.take_news() if self._has_orders else []


def _is_of_orders(event: Event) -> bool:
    """Tell whether *event* is of orders where none is known: no code under an id is, nor that the link is back."""
    message = event.message if isinstance(event, Notice) else event
    return not isinstance(message, ErrorMessage) or message.error_code in LINK_NEWS
