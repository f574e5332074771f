"""What `Tws.send` gives: a message on its way, and the wait until it has left."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeAlias, TypeVar

from anytws.core.events import ConnectionClosed
from anytws.machines.outbox import Parcel, Place
from anytws.messages.base import ToTws

_M = TypeVar("_M", bound=ToTws)

Lost: TypeAlias = "Callable[[Sent[Any], ConnectionClosed], Exception]"
"""Makes the error of what had not left when its connection ended."""


class Sent(Generic[_M]):
    """A message that was taken to be sent. Await it, and it has left this process.

    Nobody has to: a message that was taken is written as soon as that can be done. ``await`` raises `ConnectionClosed`
    where the connection ended before it had left whole; to be cancelled takes nothing back.
    """

    __slots__ = ("_parcel", "_take_back", "_wait", "message")

    def __init__(
        self,
        message: _M,
        parcel: Parcel,
        wait: Callable[[Parcel], Coroutine[Any, Any, None]],
        take_back: Callable[[Parcel], bool],
    ) -> None:
        self.message: _M = message
        """The message as it was said: a new order has its id."""
        self._parcel = parcel
        self._wait = wait
        self._take_back = take_back

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

    def take_back(self) -> bool:
        """Take it back, if no byte of it can have left; tell whether that was done."""
        return self._take_back(self._parcel)

    def __await__(self) -> Generator[Any, Any, None]:
        return self._wait(self._parcel).__await__()

    def kept(self, lost: Lost) -> KeptSent[_M]:
        """Give the same for who stays connected: *lost* makes the error of an end before it had left."""
        return KeptSent(self.message, self._parcel, self._wait, self._take_back, lost)


class KeptSent(Sent[_M]):
    """The same under ``keep_connected``, where the end of one connection is not the end of everything.

    ``await`` raises what *lost* makes of an end before the message had left whole.
    """

    __slots__ = ("_lost",)

    def __init__(
        self,
        message: _M,
        parcel: Parcel,
        wait: Callable[[Parcel], Coroutine[Any, Any, None]],
        take_back: Callable[[Parcel], bool],
        lost: Lost,
    ) -> None:
        super().__init__(message, parcel, wait, take_back)
        self._lost = lost

    def __await__(self) -> Generator[Any, Any, None]:
        return self._wait_here().__await__()

    async def _wait_here(self) -> None:
        try:
            await self._wait(self._parcel)
        except ConnectionClosed as closed:
            raise self._lost(self, closed) from closed
