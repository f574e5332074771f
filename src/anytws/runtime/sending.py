"""What `Tws.send` gives: a message on its way, and the wait until it has left."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

from anytws.machines.outbox import Parcel, Place
from anytws.messages.base import ToTws

_M = TypeVar("_M", bound=ToTws)


class Sent(Generic[_M]):
    """A message that was taken to be sent. Await it, and it has left this process.

    Nobody has to: a message that was taken is written as soon as that can be done. ``await`` raises `ConnectionClosed`
    where the connection ended before it had left whole; to be cancelled takes nothing back.
    """

    __slots__ = ("_parcel", "_wait", "message")

    def __init__(self, message: _M, parcel: Parcel, wait: Callable[[Parcel], Coroutine[Any, Any, None]]) -> None:
        self.message: _M = message
        """The message as it was said: a new order has its id."""
        self._parcel = parcel
        self._wait = wait

    def __repr__(self) -> str:
        return f"<Sent {type(self.message).__name__}, {self._parcel.place.value}>"

    @property
    def has_left(self) -> bool:
        """Whether all its bytes have left this process. What TWS made of them is another question."""
        return self._parcel.place is Place.LEFT

    @property
    def may_have_left(self) -> bool:
        """Whether TWS may have got it: some of its bytes have left, or how many have is not known."""
        return self._parcel.was_given

    def __await__(self) -> Generator[Any, Any, None]:
        return self._wait(self._parcel).__await__()
