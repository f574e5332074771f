"""How what belongs to one request is said, while a rule for it is in force: each one state, for one request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from anytws.messages.base import ToClient
from anytws.messages.orders import OpenOrder, OrderStatus
from anytws.messages.session import ErrorMessage
from anytws.simulator.faults.marks import Mark

Sayings: TypeAlias = Iterable[tuple[float, ToClient]]
"""Messages, each with the seconds after which it is said; 0: now."""

MOST_HELD: Final = 10_000
"""How many messages of one answer are held back; what comes beyond is said."""


class Treatment:
    """What is done to the messages that belong to one request."""

    def __init__(self, mark: Mark) -> None:
        self.mark: Final = mark
        self.is_over: bool = False
        """Whether nothing is done any more."""

    def take(self, message: ToClient) -> Sayings:
        """Give what is said in the place of *message*, which belongs to the request."""
        raise NotImplementedError

    def cancelled(self) -> Sayings:
        """Give what is said after the client has cancelled the request."""
        return ()

    def _end(self) -> None:
        self.is_over = True

    def _note(self, message: ToClient) -> None:
        """Let the next request of the kind be, and keep nothing for an answer that has come to its end."""
        if (not self.mark.has_id or self.mark.is_short) and self.mark.is_last(message):
            self.is_over = True


class Muted(Treatment):
    """Nothing is said."""

    def take(self, message: ToClient) -> Sayings:
        """Say nothing."""
        self._note(message)
        return ()


class Unacknowledged(Treatment):
    """An order is not told of, until *is_enough* says so; what is filled is."""

    def __init__(self, mark: Mark, is_enough: Callable[[], bool]) -> None:
        super().__init__(mark)
        self._is_enough = is_enough

    def take(self, message: ToClient) -> Sayings:
        """Say it, unless it tells of the order too soon."""
        self.is_over: bool = self._is_enough()
        return () if isinstance(message, (OpenOrder, OrderStatus)) and not self.is_over else ((0.0, message),)


class Twice(Treatment):
    """All is said twice: an answer that ends as a whole, everything else by itself."""

    def __init__(self, mark: Mark, seconds: float) -> None:
        super().__init__(mark)
        self._seconds = seconds
        self._said: list[ToClient] = []

    def take(self, message: ToClient) -> Sayings:
        """Say it, and again."""
        if not self.mark.has_last:
            return ((0.0, message), (self._seconds, message))
        self._said.append(message)
        if not self.mark.is_last(message) and len(self._said) < MOST_HELD:
            return ((0.0, message),)
        said, self._said = self._said, []
        self._end()
        return ((0.0, message), *((self._seconds, each) for each in said))


class Late(Treatment):
    """All is said later."""

    def __init__(self, mark: Mark, seconds: float) -> None:
        super().__init__(mark)
        self._seconds = seconds

    def take(self, message: ToClient) -> Sayings:
        """Say it later."""
        self._note(message)
        return ((self._seconds, message),)


class HeldForCancel(Treatment):
    """All is held back until the request is cancelled, and said then."""

    def __init__(self, mark: Mark, seconds: float) -> None:
        super().__init__(mark)
        self._seconds = seconds
        self._held: list[ToClient] = []

    def take(self, message: ToClient) -> Sayings:
        """Hold it back."""
        if len(self._held) >= MOST_HELD:
            return ((0.0, message),)
        self._held.append(message)
        return ()

    def cancelled(self) -> Sayings:
        """Say what was held back."""
        held, self._held = self._held, []
        self._end()
        return [(self._seconds, each) for each in held]


class Endless(Treatment):
    """The end of the answer is left out."""

    def take(self, message: ToClient) -> Sayings:
        """Say it, unless it is the end."""
        self._note(message)
        return () if self.mark.is_end(message) else ((0.0, message),)


class Broken(Treatment):
    """After some messages an error comes, and then nothing."""

    def __init__(self, mark: Mark, messages: int, error: Callable[[], ErrorMessage], stop: Callable[[], None]) -> None:
        super().__init__(mark)
        self._left = messages
        self._error = error
        self._stop = stop
        self._is_broken = False

    def take(self, message: ToClient) -> Sayings:
        """Say it, or the error, or nothing."""
        if self._is_broken:
            self._note(message)
            return ()
        self._left -= 1
        if self._left > 0:
            self._note(message)
            return ((0.0, message),)
        self._is_broken = True
        self._note(message)
        self._stop()
        return ((0.0, message), (0.0, self._error())) if self._left == 0 else ((0.0, self._error()),)
