"""Faults of the bytes between a client and TWS, by the names, parameters and units of toxiproxy.

Each is for one way, upstream (from the client) or downstream (to it), which is the usual one there as here. They hold
for all connections from their moment on, or for the one connection at which their event happens. Several at once are
applied in the order of the script. Chance is drawn by the seed: the same bytes at the same times meet the same delays.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import attrs

from anytws.simulator.faults.words import ByteFault, Way, number, of_type, whole

_MOST_MS: Final = 10**9


def _lasts() -> float | None:
    lasts: float | None = attrs.field(default=None, validator=number(optional=True, unit="seconds"), kw_only=True)
    return lasts


@attrs.frozen
class Latency(ByteFault):
    """Every byte comes later. A close comes as much later."""

    latency: int = attrs.field(default=0, validator=whole(0, _MOST_MS))
    """How much later, in milliseconds."""
    jitter: int = attrs.field(default=0, validator=whole(0, _MOST_MS))
    """By how many milliseconds it is more or less, each time. Bytes do not overtake each other."""
    stream: Way = attrs.field(default=Way.DOWNSTREAM, validator=of_type(Way), kw_only=True)
    """Which way: ``downstream``, or ``upstream``."""
    lasts: float | None = _lasts()
    """Seconds for which it holds; None: for ever."""


@attrs.frozen
class Bandwidth(ByteFault):
    """The line carries only so much a second."""

    rate: int = attrs.field(validator=whole(1))
    """Thousands of bytes a second (toxiproxy: KB/s)."""
    stream: Way = attrs.field(default=Way.DOWNSTREAM, validator=of_type(Way), kw_only=True)
    """Which way: ``downstream``, or ``upstream``."""
    lasts: float | None = _lasts()
    """Seconds for which it holds; None: for ever."""


@attrs.frozen
class SlowClose(ByteFault):
    """The end of the connection is told later than it happened."""

    delay: int = attrs.field(validator=whole(0, _MOST_MS))
    """How much later, in milliseconds."""
    stream: Way = attrs.field(default=Way.DOWNSTREAM, validator=of_type(Way), kw_only=True)
    """Which way: ``downstream``, or ``upstream``."""
    lasts: float | None = _lasts()
    """Seconds for which it holds; None: for ever."""


@attrs.frozen
class Timeout(ByteFault):
    """Nothing gets through any more, and what is said is lost; after a time the connection is closed.

    The close is orderly to both sides, as if the byte stream had come to its end.
    """

    timeout: int = attrs.field(default=0, validator=whole(0, _MOST_MS))
    """Milliseconds from the moment on until the close; 0: it stays open, and is silent."""
    stream: Way = attrs.field(default=Way.DOWNSTREAM, validator=of_type(Way), kw_only=True)
    """Which way: ``downstream``, or ``upstream``."""
    lasts: float | None = _lasts()
    """Seconds for which it holds; None: for ever."""


@attrs.frozen
class ResetPeer(ByteFault):
    """The connection is torn: both sides see a reset."""

    timeout: int = attrs.field(default=0, validator=whole(0, _MOST_MS))
    """Milliseconds from the moment on until then."""
    stream: Way = attrs.field(default=Way.DOWNSTREAM, validator=of_type(Way), kw_only=True)
    """Which way: it makes no difference, since both ends are torn."""
    lasts: float | None = _lasts()
    """Seconds for which new connections are torn as well; None: for ever."""


@attrs.frozen
class Slicer(ByteFault):
    """Bytes come in small pieces, and with pauses between them."""

    average_size: int = attrs.field(default=64, validator=whole(1))
    """How many bytes a piece has on the average."""
    size_variation: int = attrs.field(default=0, validator=whole(0))
    """By how many bytes a piece is larger or smaller at the most; less than ``average_size``."""
    delay: int = attrs.field(default=0, validator=whole(0, _MOST_MS))
    """The pause before each piece, in microseconds."""
    stream: Way = attrs.field(default=Way.DOWNSTREAM, validator=of_type(Way), kw_only=True)
    """Which way: ``downstream``, or ``upstream``."""
    lasts: float | None = _lasts()
    """Seconds for which it holds; None: for ever."""


@attrs.frozen
class LimitData(ByteFault):
    """The connection is closed when it has carried so many bytes, in the middle of a message too."""

    bytes: int = attrs.field(validator=whole(0))
    """How many bytes get through, counted from the moment on."""
    stream: Way = attrs.field(default=Way.DOWNSTREAM, validator=of_type(Way), kw_only=True)
    """Which way: ``downstream``, or ``upstream``."""
    lasts: float | None = _lasts()
    """Seconds for which it holds; None: for ever."""


Toxic: TypeAlias = Latency | Bandwidth | SlowClose | Timeout | ResetPeer | Slicer | LimitData

BYTE_FAULTS: Final[tuple[type[ByteFault], ...]] = (Latency, Bandwidth, SlowClose, Timeout, ResetPeer, Slicer, LimitData)
"""All of them, in the order of toxiproxy's page."""
