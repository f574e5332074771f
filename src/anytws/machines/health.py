"""How a connection does, layer by layer: the socket, the link of TWS to the vendor, each data farm, the age of data.

`Layers` hears what TWS tells of itself and gives a `Health`, one frozen value, whenever somebody asks. Nothing in it is
guessed: a layer of which nothing was said is untold, and not well. What it costs is paid by the one who asks; of the
messages that come, only those are looked at that TWS says about itself, and of each read only whether it brought market
data.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, unique
from typing import TYPE_CHECKING, Final, TypeVar

import attrs

from anytws.core.codes import (
    HISTORICAL_FARM_BROKEN,
    HISTORICAL_FARM_CONNECTING,
    HISTORICAL_FARM_INACTIVE,
    HISTORICAL_FARM_OK,
    MARKET_DATA_FARM_BROKEN,
    MARKET_DATA_FARM_CONNECTING,
    MARKET_DATA_FARM_INACTIVE,
    MARKET_DATA_FARM_OK,
    SECURITY_DEFINITION_FARM_BROKEN,
    SECURITY_DEFINITION_FARM_CONNECTING,
    SECURITY_DEFINITION_FARM_INACTIVE,
    SECURITY_DEFINITION_FARM_OK,
    farm_of,
)
from anytws.core.events import ConnectionClosed, Event
from anytws.core.state import State
from anytws.machines.link import WORD_OF_CODE, LinkMachine, LinkState, LinkWord
from anytws.machines.mailbox import Mailbox
from anytws.messages.base import record

_T = TypeVar("_T")

MOST_FARMS: Final = 64
"""Farms that are told apart. TWS has about ten; a peer can make up as many names as it likes."""
_MOST_NAMED: Final = 5
"""Farms that a line names."""
_MOST_OF_A_NAME: Final = 40


@unique
class FarmKind(Enum):
    """What a farm has."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    MARKET_DATA = "market data"
    HISTORICAL = "historical data"
    SECURITY_DEFINITION = "security definitions"


@unique
class FarmState(Enum):
    """What TWS last said of its connection to a farm."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    OK = "ok"
    """Connected. After an outage single subscriptions may be dead all the same: see how old their data is."""
    INACTIVE = "inactive"
    """Idle: it connects when it is needed. That is no trouble."""
    CONNECTING = "connecting"
    """On the way to it; nothing of it comes yet."""
    BROKEN = "broken"
    """Disconnected: what comes of it is old until it is back."""


FARM_CODES: Final = {
    MARKET_DATA_FARM_BROKEN: (FarmKind.MARKET_DATA, FarmState.BROKEN),
    MARKET_DATA_FARM_OK: (FarmKind.MARKET_DATA, FarmState.OK),
    MARKET_DATA_FARM_INACTIVE: (FarmKind.MARKET_DATA, FarmState.INACTIVE),
    MARKET_DATA_FARM_CONNECTING: (FarmKind.MARKET_DATA, FarmState.CONNECTING),
    HISTORICAL_FARM_BROKEN: (FarmKind.HISTORICAL, FarmState.BROKEN),
    HISTORICAL_FARM_OK: (FarmKind.HISTORICAL, FarmState.OK),
    HISTORICAL_FARM_INACTIVE: (FarmKind.HISTORICAL, FarmState.INACTIVE),
    HISTORICAL_FARM_CONNECTING: (FarmKind.HISTORICAL, FarmState.CONNECTING),
    SECURITY_DEFINITION_FARM_BROKEN: (FarmKind.SECURITY_DEFINITION, FarmState.BROKEN),
    SECURITY_DEFINITION_FARM_OK: (FarmKind.SECURITY_DEFINITION, FarmState.OK),
    SECURITY_DEFINITION_FARM_INACTIVE: (FarmKind.SECURITY_DEFINITION, FarmState.INACTIVE),
    SECURITY_DEFINITION_FARM_CONNECTING: (FarmKind.SECURITY_DEFINITION, FarmState.CONNECTING),
}
"""The codes by which TWS tells of a farm: what the farm has, and how it is."""

MARKET_DATA: Final = frozenset(
    (
        "TickPrice",
        "TickSize",
        "TickString",
        "TickGeneric",
        "TickOptionComputation",
        "TickEfp",
        "TickNews",
        "MarketDepth",
        "MarketDepthL2",
        "TickByTickData",
        "RealTimeBarTick",
        "HistoricalDataUpdate",
    )
)
"""Messages that show that market data comes. By name: to import them takes long, and most programs do not stream."""


@record
class Farm:
    """One data farm of the vendor, as TWS last told of it."""

    kind: FarmKind
    name: str | None
    """Such as ``usfarm``, ``ushmds``, ``secdefnj``; None where TWS named none."""
    state: FarmState

    def __str__(self) -> str:
        name = f"a farm of {self.kind.value}" if self.name is None else self.name[:_MOST_OF_A_NAME]
        return f"{name} {self.state.value}"


@record
class Health:
    """How a connection does at one moment: each layer as TWS has told of it, and how old that is.

    Ages are seconds, at the moment at which this was read. None is what nobody has told or seen.
    """

    state: State
    """The socket, and whether the session is ready."""
    closed: ConnectionClosed | None
    """How the connection ended; None while it lasts."""
    link: LinkState
    """The link between TWS and the vendor."""
    link_code: int | None
    """The code that TWS last said of it: 1100, 1101, 1102, 2110. 1101: what streamed before does not any more."""
    link_losses: int
    """How many times it went down since the connection was made. Who looks rarely sees by it what is over already."""
    data_losses: int
    """How many times it came back without the data of the streams (1101)."""
    farms: tuple[Farm, ...]
    """The farms that TWS has told of, by kind and name. One that was never needed may be missing."""
    farms_left_out: int
    """Words about farms that were not kept, since `MOST_FARMS` others were there. TWS itself has some ten."""
    data_age: float | None
    """Seconds since market data came, of whatever stream; None: none has come. Where nothing is traded it grows."""
    word_age: float | None
    """Seconds since TWS said anything at all; None: it has not. It need not say anything where nothing happens."""

    @property
    def is_linked(self) -> bool:
        """Whether the session is ready, and TWS has not said that it is cut off from the vendor."""
        return self.state is State.READY and self.link in (LinkState.UP, LinkState.UNTOLD)

    @property
    def is_well(self) -> bool:
        """Whether nothing bad has been said of any layer (`troubles`).

        No more than that: a single stream may be dead where each layer is well, after 1102 and after a farm was broken.
        """
        return not self.troubles

    @property
    def troubles(self) -> tuple[str, ...]:
        """What is wrong, from the socket outwards, each in a few words; empty if nothing bad was told."""
        if self.closed is not None:
            return (f"the connection to TWS is over ({self.closed.reason.value})",)
        if self.state is not State.READY:
            return (f"the connection to TWS is {self.state.value}",)
        told = [] if self.is_linked else [f"TWS has no link to the vendor ({self.link_code})"]
        return (*told, *[str(farm) for farm in self.farms if farm.state in (FarmState.BROKEN, FarmState.CONNECTING)])

    def broken(self, kind: FarmKind | None = None) -> tuple[Farm, ...]:
        """Give the farms of *kind* that are broken; None: of every kind."""
        return tuple(
            [farm for farm in self.farms if farm.state is FarmState.BROKEN and (kind is None or farm.kind is kind)]
        )

    def farm(self, name: str) -> FarmState | None:
        """Give how the farm *name* is, such as ``usfarm``; None if TWS has not told of it."""
        return next((farm.state for farm in self.farms if farm.name == name), None)

    def __str__(self) -> str:
        end = "" if self.closed is None else f" ({self.closed.reason.value})"
        code = "" if self.link_code is None else f" ({self.link_code})"
        ages = [_aged("data", self.data_age), _aged("last word", self.word_age)]
        return ", ".join([f"{self.state.value}{end}", f"link {self.link.value}{code}", *_farms_in_words(self), *ages])


def _aged(what: str, seconds: float | None) -> str:
    return f"no {what}" if seconds is None else f"{what} {seconds:.1f} s old"


def _farms_in_words(health: Health) -> list[str]:
    """Name the farms that are not well, and count the others."""
    others = [farm for farm in health.farms if farm.state is not FarmState.OK]
    fine = len(health.farms) - len(others)
    words = [f"{fine} farm{'' if fine == 1 else 's'} ok", *map(str, others[:_MOST_NAMED])]
    return words if len(others) <= _MOST_NAMED else [*words, f"{len(others) - _MOST_NAMED} more farms not ok"]


def has_market_data(events: Sequence[Event]) -> bool:
    """Tell whether *events*, of which there are some, have market data among them."""
    # While data flow the last one is some, nearly always. The set is made in C, and has a handful of kinds.
    return type(events[-1]).__name__ in MARKET_DATA or any(
        kind.__name__ in MARKET_DATA for kind in {*map(type, events)}
    )


@attrs.frozen
class HealthChanged:
    """Waits for a reader of health: something has changed. What is, is read when it is taken."""


class Latest(Mailbox[_T]):
    """A mailbox for whoever wants to know the newest alone: it holds one item, and is never full."""

    __slots__ = ()

    def extend(self, items: Sequence[_T]) -> None:
        """Take the last of *items*, in the place of what waits."""
        if items and not self.is_finished:
            self._empty()
            super().extend(items[-1:])


class Layers:
    """What is known of each layer. Whoever moves bytes writes the times; what TWS tells of itself is heard here."""

    def __init__(self) -> None:
        self.state: State = State.DISCONNECTED
        """That of the connection."""
        self.link: Final = LinkMachine()
        self.link_code: int | None = None
        self._farms: dict[tuple[FarmKind, str | None], FarmState] = {}
        self._left_out = 0
        self.heard_at: float | None = None
        """When a byte came last."""
        self.data_at: float | None = None
        """When market data came last."""
        self.changes: int = 0
        """How many times something has changed. The times are no change."""
        self._told = 0
        """How many of these changes have been told."""
        self._watchers: list[Latest[HealthChanged]] = []

    def __repr__(self) -> str:
        return f"<Layers: {self.link!r}, {len(self._farms)} farms>"

    def hear(self, code: int, text: str | None) -> None:
        """Take what TWS has said about no request. Most of it is about no layer either."""
        word = WORD_OF_CODE.get(code)
        if word is not None:
            before = (self.link.state, self.link.data_losses, self.link_code)
            self.link.fire(word)
            self.link_code = code
            self.changes += before != (self.link.state, self.link.data_losses, code)
        elif code in FARM_CODES:
            kind, state = FARM_CODES[code]
            self._hear_farm((kind, farm_of(text)), state)

    def _hear_farm(self, farm: tuple[FarmKind, str | None], state: FarmState) -> None:
        if farm not in self._farms and len(self._farms) >= MOST_FARMS:
            # Not the oldest gives way: a flood of names that nobody knows would hide the one that is broken.
            self._left_out += 1
            return
        self.changes += self._farms.get(farm) is not state
        self._farms[farm] = state

    def enter(self, state: State) -> None:
        """Note that the connection is in another state now."""
        self.state = state
        self.changes += 1

    def cut(self) -> None:
        """Note that the connection to TWS is over."""
        self.changes += self.link.fire(LinkWord.CUT)

    def watch(self, mailbox: Latest[HealthChanged], closed: ConnectionClosed | None) -> None:
        """Put something into *mailbox* at once, and whenever something has changed, until it is closed.

        *closed* is how the connection has ended: then nothing more changes.
        """
        mailbox.preload([HealthChanged()])
        if closed is not None:
            mailbox.finish(closed.again())
        else:
            self._watchers = [*[each for each in self._watchers if not each.is_closed], mailbox]

    def tell(self, closed: ConnectionClosed | None) -> list[Latest[HealthChanged]]:
        """Tell those who watch of what has changed since this was last called, and give them."""
        if self.changes == self._told:
            return []
        self._told = self.changes
        watchers = [mailbox for mailbox in self._watchers if not mailbox.is_closed]
        for mailbox in watchers:
            mailbox.extend([HealthChanged()])
            if closed is not None:
                mailbox.finish(closed.again())
        self._watchers = watchers if closed is None else []
        return watchers

    def health(self, closed: ConnectionClosed | None, now: float) -> Health:
        """Give how all is at the time *now*; *closed* is how the connection has ended."""
        farms = [Farm(kind, name, how) for (kind, name), how in self._farms.items()]
        return Health(
            state=self.state,
            closed=closed,
            link=self.link.state,
            link_code=self.link_code,
            link_losses=self.link.losses,
            data_losses=self.link.data_losses,
            farms=tuple(sorted(farms, key=_place_of)),
            farms_left_out=self._left_out,
            data_age=_age(self.data_at, now),
            word_age=_age(self.heard_at, now),
        )


_KINDS: Final = {kind: place for place, kind in enumerate(FarmKind)}


def _place_of(farm: Farm) -> tuple[int, str]:
    return _KINDS[farm.kind], farm.name or ""


def _age(at: float | None, now: float) -> float | None:
    return None if at is None else max(0.0, now - at)
