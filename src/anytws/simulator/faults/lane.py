"""One way of one connection, with the faults of its bytes: what goes in comes out later, in pieces, or not at all.

It is pure: time is an argument. What moves the bytes is `anytws.simulator.carrier`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from anytws.simulator.chance import draw, key_of
from anytws.simulator.faults.byte_faults import (
    Bandwidth,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
)
from anytws.simulator.settings import HangUp

if TYPE_CHECKING:
    from anytws.simulator.faults.active import Active

ROOM: Final = 65_536
"""How many bytes are on the way before no more are taken, as in the buffers of a kernel."""

Passed: TypeAlias = bytes | HangUp
"""What comes out: bytes, or the end."""

_CHANCE: Final = key_of("anytws.simulator.faults.lane")
_MS: Final = 0.001
_US: Final = 0.000_001
_KB: Final = 1000


class Lane:
    """One way of a connection.

    *active* gives the faults that hold now. *number* tells the connection from others, so that chance is its own.
    """

    def __init__(self, active: Callable[[], Sequence[Active]], seed: int, number: int, opened: float) -> None:
        self._active = active
        self._keys = (seed, _CHANCE, number)
        self._opened = opened
        self._items: deque[tuple[float, Passed]] = deque()
        self._held = 0
        self._last_due = -math.inf
        self._free_at: dict[Active, float] = {}
        self._passed: dict[Active, int] = {}
        self._draws = 0
        self._is_ended = False

    @property
    def is_full(self) -> bool:
        """Whether it takes no more for now."""
        return self._held >= ROOM

    @property
    def is_empty(self) -> bool:
        """Whether nothing is on the way."""
        return not self._items

    def put(self, data: bytes, now: float) -> None:
        """Put *data* in."""
        if self._is_ended:
            return
        pieces = [(now, data)]
        for active in self._active():
            pieces = self._through(active, pieces)
        for due, piece in pieces:
            self._push(due, piece)

    def end(self, how: HangUp, now: float) -> None:
        """Put the end in. Nothing comes behind it."""
        if self._is_ended:
            return
        due = now
        for active in self._active():
            match active.toxic:
                case Latency() as toxic:
                    due += self._latency(toxic)
                case SlowClose(delay=delay):
                    due += delay * _MS
                case Timeout():
                    # The end does not get through either.
                    return
                case _:
                    continue
        self._push(due, how)
        self._is_ended = True

    def take(self, now: float) -> Passed | None:
        """Give the next bytes that are due, or the end; None: nothing is."""
        if (cut := self._cut(now)) is not None:
            self._items.clear()
            self._held, self._is_ended = 0, True
            return cut
        if not self._items or self._items[0][0] > now:
            return None
        _, item = self._items.popleft()
        if isinstance(item, bytes):
            self._held -= len(item)
        return item

    def wake_at(self) -> float:
        """Give the time at which something comes out; infinity: nothing does, as it is now."""
        due = self._items[0][0] if self._items else math.inf
        return min([due, *(at for at, _ in self._cuts())])

    def _through(self, active: Active, pieces: list[tuple[float, bytes]]) -> list[tuple[float, bytes]]:
        match active.toxic:
            case Timeout():
                return []
            case Latency() as toxic:
                return [(due + self._latency(toxic), piece) for due, piece in pieces]
            case Bandwidth(rate=rate):
                return [(self._carried(active, due, len(piece) / (rate * _KB)), piece) for due, piece in pieces]
            case Slicer() as toxic:
                return [part for due, piece in pieces for part in self._sliced(toxic, due, piece)]
            case LimitData(bytes=most):
                return self._limited(active, pieces, most)
            case _:
                return pieces

    def _latency(self, toxic: Latency) -> float:
        delay = toxic.latency
        if toxic.jitter:
            delay += self._draw(2 * toxic.jitter + 1) - toxic.jitter
        return max(delay, 0) * _MS

    def _carried(self, active: Active, due: float, seconds: float) -> float:
        self._free_at[active] = arrived = max(due, self._free_at.get(active, -math.inf)) + seconds
        return arrived

    def _sliced(self, toxic: Slicer, due: float, data: bytes) -> list[tuple[float, bytes]]:
        parts: list[tuple[float, bytes]] = []
        vary = min(toxic.size_variation, toxic.average_size - 1)
        while data:
            size = toxic.average_size + (self._draw(2 * vary + 1) - vary if vary else 0)
            due += toxic.delay * _US
            parts.append((due, data[:size]))
            data = data[size:]
        return parts

    def _limited(self, active: Active, pieces: list[tuple[float, bytes]], most: int) -> list[tuple[float, bytes]]:
        parts: list[tuple[float, bytes]] = []
        for due, piece in pieces:
            room = max(most - self._passed.get(active, 0), 0)
            self._passed[active] = self._passed.get(active, 0) + len(piece)
            if piece[:room]:
                parts.append((due, piece[:room]))
            if len(piece) >= room:
                for each in parts:
                    self._push(*each)
                self._push(due, HangUp.EOF)
                self._is_ended = True
                return []
        return parts

    def _draw(self, n: int) -> int:
        self._draws += 1
        return draw(*self._keys, self._draws) % n

    def _push(self, due: float, item: Passed) -> None:
        if self._is_ended:
            return
        # Bytes do not overtake each other.
        self._last_due = max(due, self._last_due)
        self._items.append((self._last_due, item))
        if isinstance(item, bytes):
            self._held += len(item)

    def _cut(self, now: float) -> HangUp | None:
        return next((how for at, how in self._cuts() if at <= now), None)

    def _cuts(self) -> list[tuple[float, HangUp]]:
        """Give when a fault ends the connection, whatever is on the way, and how."""
        if self._is_ended and not self._items:
            return []
        cuts = []
        for active in self._active():
            begin = max(active.begin, self._opened)
            match active.toxic:
                case Timeout(timeout=timeout) if timeout:
                    cuts.append((begin + timeout * _MS, HangUp.EOF))
                case ResetPeer(timeout=timeout):
                    cuts.append((begin + timeout * _MS, HangUp.RESET))
                case _:
                    continue
        return cuts
