"""What was sent for an order, and what of it has not been answered yet."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

from anytws.core.code_words import Outstanding
from anytws.machines.order_change import OrderChange
from anytws.machines.order_state import Left
from anytws.machines.outbox import Parcel, Place
from anytws.messages.executions import ExerciseOptionsRequest
from anytws.messages.order import Order
from anytws.messages.orders import PlaceOrderRequest

Asked: TypeAlias = PlaceOrderRequest | ExerciseOptionsRequest
_FEW: Final = 8
"""So many sends are kept at least; those that have left are forgotten beyond that."""


class _Send(NamedTuple):
    kind: Outstanding
    parcel: Parcel
    asked_before: Asked | None
    change: OrderChange | None


class OrderSends:
    """What was sent for one order by this process."""

    def __init__(self) -> None:
        self.count: int = 0
        """How many things were sent in all."""
        self.asked: Asked | None = None
        """What was sent last to place it or to change it; None: nothing."""
        self.news: int = 0
        """How many of them were the order itself, and were not taken back."""
        self.changes: int = 0
        """How many were changes of it, and were not taken back."""
        self.is_new_open: bool = False
        """Whether nothing has answered the order itself."""
        self.change: OrderChange | None = None
        """The change that nothing has answered."""
        self.open_cancels: int = 0
        """How many cancels nothing has answered."""
        self.last_cancel: int = 0
        """The number of the last cancel among all that was sent."""
        self._sends: list[_Send] = []
        self._prune_at = _FEW

    @property
    def sent(self) -> list[tuple[Outstanding, Parcel]]:
        """The kind and the bytes of each that may not have left yet, and of some that have; the newest last."""
        return [(each.kind, each.parcel) for each in self._sends]

    @property
    def last(self) -> Outstanding:
        """The kind of what was sent last; ``IDLE``: nothing was."""
        return self._sends[-1].kind if self._sends else Outstanding.IDLE

    @property
    def parcel(self) -> Parcel | None:
        """The bytes of what was sent last."""
        return self._sends[-1].parcel if self._sends else None

    @property
    def left(self) -> Left:
        """How much of what was sent last has left this process."""
        if not self._sends:
            return Left.ALL if self.asked is None else Left.SOME
        parcel = self._sends[-1].parcel
        if parcel.place is Place.LEFT:
            return Left.ALL
        return Left.SOME if parcel.was_given else Left.NONE

    @property
    def is_kept_back(self) -> bool:
        """Whether TWS was told to keep the order, and nothing was sent since then that transmits it."""
        return isinstance(self.asked, PlaceOrderRequest) and not self.asked.order.transmit

    @property
    def pending(self) -> Outstanding:
        """What has not been answered yet: a cancel before a change, a change before the order itself."""
        if self.open_cancels:
            return Outstanding.CANCEL
        if self.change is not None:
            return Outstanding.MODIFY
        return Outstanding.NEW if self.is_new_open else Outstanding.IDLE

    # --- what happens --------------------------------------------------------------------------------------------

    def place(self, request: Asked, parcel: Parcel, *, is_new: bool, terms: Order | None) -> None:
        """Note that the order itself is sent, or a change of its *terms*."""
        before, change = self.asked, None
        self.asked = request
        if is_new:
            self.news += 1
            self.is_new_open = True
        else:
            self.changes += 1
            if isinstance(request, PlaceOrderRequest):
                change = self.change = OrderChange(request, terms)
        self._note(_Send(Outstanding.NEW if is_new else Outstanding.MODIFY, parcel, before, change))

    def cancel(self, parcel: Parcel) -> None:
        """Note that a cancel is sent."""
        self.open_cancels += 1
        self._note(_Send(Outstanding.CANCEL, parcel, self.asked, None))
        self.last_cancel = self.count

    def _note(self, send: _Send) -> None:
        self.count += 1
        self._sends.append(send)
        if len(self._sends) > self._prune_at:
            # The last one that has left stays: it may become the last of all again.
            rest = [each for each in self._sends[:-1] if each.parcel.is_on_its_way]
            gone = [each for each in self._sends[:-1] if not each.parcel.is_on_its_way]
            self._sends = [*gone[-1:], *rest, send]
            self._prune_at = max(_FEW, 2 * len(self._sends))

    def take_back(self, parcel: Parcel) -> bool | None:
        """Note that no byte of *parcel* leaves. Tell whether there never was an order then; None: it is not known."""
        index = next((at for at, each in enumerate(self._sends) if each.parcel is parcel), None)
        if index is None:
            return None
        send = self._sends.pop(index)
        if index == len(self._sends) and send.kind is not Outstanding.CANCEL:
            self.asked = send.asked_before
        if send.kind is Outstanding.CANCEL:
            self.open_cancels = max(0, self.open_cancels - 1)
            return False
        if send.kind is Outstanding.MODIFY:
            self.changes -= 1
            if self.change is send.change:
                self.change = None
            return False
        self.news -= 1
        if self.news:
            return False
        self.is_new_open = False
        return True

    def answer_all(self) -> None:
        """Note that nothing is open any more: another connection tells how the order stands."""
        self.is_new_open, self.change, self.open_cancels = False, None, 0
