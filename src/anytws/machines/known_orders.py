"""All orders that a client knows of: what it sends of them, and what it hears. It lives longer than one connection.

What is heard, and whose it is, is `anytws.machines.heard_orders`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from anytws.core.codes import CODES, CodeTable
from anytws.core.events import ConnectionClosed
from anytws.machines.heard_orders import HeardOrders
from anytws.machines.ids import OrderIds
from anytws.machines.mailbox import Mailbox
from anytws.machines.order import OrderLife
from anytws.machines.order_state import Owner
from anytws.machines.outbox import Parcel, Place
from anytws.machines.records import Gap, Resumed
from anytws.messages.base import ToTws
from anytws.messages.executions import ExerciseOptionsRequest
from anytws.messages.order_parts import AttachedOrders
from anytws.messages.orders import CancelOrderRequest, GlobalCancelRequest, PlaceOrderRequest


class KnownOrders(HeardOrders):
    """All orders that a client knows of: over one connection, or, under ``keep_connected``, over all of them.

    With *lasts*, the end of a connection is not the end of all: that is told by `finish`.
    """

    # As in `HeardOrders`.
    is_link_down: bool

    def __init__(self, codes: CodeTable = CODES, *, lasts: bool = False, ids: OrderIds | None = None) -> None:
        super().__init__(codes, ids)
        self._lasts: Final = lasts
        self.first_order_id: int | None = None
        """The lowest id that an order which is sent over the present connection can have."""
        self.ended: ConnectionClosed | None = None
        """How the present connection ended; None while it has not."""
        self.last_end: ConnectionClosed | None = None
        """How the newest of the connections that have ended did end; None: none has."""
        self.over: ConnectionClosed | None = None
        """How all ended; None while another connection may follow."""
        self._is_connected = self._is_ready = False

    def __repr__(self) -> str:
        return f"<KnownOrders of client {self.client_id}: {len(self.lives)}>"

    # --- connections ---------------------------------------------------------------------------------------------

    def connect(self, client_id: int) -> None:
        """Note that a connection begins: from here on TWS may say what orders of *client_id* there are."""
        names = self.names
        names.client_id, names.next_valid_id = client_id, None
        names.connections += 1
        self.first_order_id = self.ended = None
        self.is_link_down, self._is_connected, self._is_ready = False, True, False

    def begin(self, client_id: int, next_valid_id: int) -> None:
        """Note that TWS has said which order ids are free: orders may be sent."""
        if not self._is_connected or self._is_ready or client_id != self.client_id:
            self.connect(client_id)
        self._is_ready = True
        self.names.next_valid_id = next_valid_id
        self.ids.raise_to(next_valid_id)
        self.first_order_id = self.ids.floor

    def cut(self, closed: ConnectionClosed) -> None:
        """Note that the connection is over: of all that is not done, news may be lost from now on. Wakes all."""
        if self._is_connected:
            self._doubt_all(closed)
            self._news.update(self.lives)
        if self._is_ready:
            self.ended = self.last_end = closed
        self._is_connected = self._is_ready = False
        if not self._lasts:
            self.finish(closed)

    def finish(self, closed: ConnectionClosed) -> None:
        """Note that no connection follows: whoever reads changes comes to the end, and is woken."""
        if self.over is not None:
            return
        self.over = closed
        for life in self.lives:
            for mailbox in life.watchers if life.is_watched else ():
                mailbox.finish(closed.again())
        watching: tuple[Mailbox[Any], ...] = (*self.watchers, *self.fill_watchers)
        for mailbox in watching:
            mailbox.finish(closed.again())
        self._news.update(self.lives)

    def tell_all(self, item: Gap | Resumed) -> None:
        """Tell whoever reads of all orders, or of all executions, that news may be missing from now on, or no more."""
        watching: tuple[Mailbox[Any], ...] = (*self.watchers, *self.fill_watchers)
        for mailbox in watching:
            mailbox.extend([item])

    # --- what is sent --------------------------------------------------------------------------------------------

    def note_sent(self, message: ToTws, parcel: Parcel) -> OrderLife | None:
        """Note that *message* was taken to be sent; give the order that it is about, if it is about one."""
        if isinstance(message, GlobalCancelRequest):
            for each in self.lives:
                if not each.state.is_done:
                    self._tell(each, message, partial(each.note_cancelled, parcel=parcel))
            return None
        if isinstance(message, CancelOrderRequest):
            return self._note_cancel(message, parcel)
        if not isinstance(message, PlaceOrderRequest | ExerciseOptionsRequest) or message.order_id is None:
            return None
        if isinstance(message, PlaceOrderRequest):
            if message.order.what_if:
                self.ids.note_what_if(message.order_id)
                return None
            self._note_attached(message.attached_orders)
        life = self.names.newest(self.client_id, message.order_id)
        if life is None or self._is_another(life, message):
            life = self._new(Owner.OURS, self.client_id, message.order_id)
        _tie(parcel, life)
        self._tell(life, message, partial(life.note_placed, parcel=parcel))
        self.names.note_said(life)
        if self.is_link_down:
            # It may be held, refused or lost there, and a change may become a second order.
            self._tell(life, "it was sent while TWS had no link to the vendor", life.note_unsure)
        return life

    def _is_another(self, life: OrderLife, message: PlaceOrderRequest | ExerciseOptionsRequest) -> bool:
        """Tell whether *message*, under the id of *life*, is a new order all the same.

        TWS has called the id free since *life* was sent, or *life* was taken back before it could know of it.
        """
        if life.is_withdrawn:
            return True
        next_id, number = self.next_valid_id, message.order_id or 0
        if self.names.is_of_now(life) or next_id is None or number < next_id:
            return False
        return not life.permanent_id or life.state.is_done

    def _note_cancel(self, message: CancelOrderRequest, parcel: Parcel) -> OrderLife | None:
        lives = self.names.under(self.client_id, message.order_id)
        told = [life for life in lives if not life.state.is_done] or lives[-1:]
        for each in told:
            _tie(parcel, each)
            self._tell(each, message, partial(each.note_cancelled, parcel=parcel))
        return told[-1] if told else None

    def _note_attached(self, attached: AttachedOrders) -> None:
        for number in (attached.stop_loss_order_id, attached.profit_taker_order_id):
            if number:
                self.ids.note_used(number)

    def take_back(self, parcel: Parcel, withdraw: Callable[[Parcel], bool]) -> bool:
        """Take back, by *withdraw*, what *parcel* says of an order, and what was said of it since; tell whether it was.

        What was said since leans on it: a change of what never left would be a new order.
        """
        life = parcel.life
        if life is None or parcel.place is not Place.QUEUED:
            is_back = withdraw(parcel)
            # A cancel of everything is the last word to many: none of them is to be thought to have stayed with it.
            for other in [other for other in self.lives if is_back and life is None and other.parcel is parcel]:
                self._tell(other, parcel, partial(other.note_taken_back, because="the cancel of all was taken back"))
            return is_back
        queued = _queued(life)
        for each in reversed(queued[queued.index(parcel) :]):
            self._take_back(life, each, withdraw, "it was taken back before a byte of it had left")
        return True

    def is_queued(self, order_id: int) -> bool:
        """Tell whether something that was said of our own order with this id has not left."""
        life = self.by_order_id(order_id)
        return life is not None and bool(_queued(life))

    def vanishes(self, order_id: int, withdraw: Callable[[Parcel], bool]) -> bool:
        """Take back, by *withdraw*, what was said of an order that is to be cancelled and has not left yet.

        Tells whether the order itself has vanished by that: then there is nothing to cancel.
        """
        lives = [life for life in self.names.under(self.client_id, order_id) if not life.state.is_done]
        if len(lives) != 1:
            return False
        for each in reversed(_queued(lives[0])):
            self._take_back(lives[0], each, withdraw, "it was cancelled before a byte of it had left")
        return lives[0].is_withdrawn

    def _take_back(self, life: OrderLife, parcel: Parcel, withdraw: Callable[[Parcel], bool], because: str) -> None:
        withdraw(parcel)
        self._tell(life, parcel, partial(life.note_taken_back, because=because), because)

    def revive(self, life: OrderLife) -> None:
        """Take in *life*, which is known from before any connection of this process (a journal)."""
        self.names.add(life)
        self.names.note_old(life)
        self.names.index_ref(life)
        if life.client_id == self.client_id and life.order_id:
            self.ids.note_heard(life.order_id)
        self._news[life] = None

    # --- news ----------------------------------------------------------------------------------------------------

    def take_news(self) -> list[OrderLife]:
        """Give, once, the orders of which something was heard."""
        news = list(self._news)
        self._news.clear()
        return news

    @property
    def has_news(self) -> bool:
        """Whether `take_news` gives something."""
        return bool(self._news)


def _tie(parcel: Parcel, life: OrderLife) -> None:
    """Note which order *parcel* is about. One that has left already is kept without its bytes, and knows no order."""
    if parcel.is_on_its_way:
        parcel.life = life
    else:
        parcel.data = b""


def _queued(life: OrderLife) -> list[Parcel]:
    """Give what was said of *life* alone and has not left, the newest last."""
    return [parcel for _, parcel in life.sent if parcel.place is Place.QUEUED and parcel.life is life]
