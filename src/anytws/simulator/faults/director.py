"""What has a script played in a world: it knows when each event happens, and does what happens.

One meddler for each connection (`anytws.simulator.faults.meddler`) does what concerns messages.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Final, NamedTuple

import attrs

from anytws.messages.base import ToClient, ToTws
from anytws.simulator.faults.active import Active
from anytws.simulator.faults.deeds import Deeds
from anytws.simulator.faults.habits import rules_of
from anytws.simulator.faults.lines import Lines
from anytws.simulator.faults.market_events import MARKET_EVENTS
from anytws.simulator.faults.meddler import Meddler
from anytws.simulator.faults.outages import ABOUT_CLIENTS, ChangeSettings
from anytws.simulator.faults.plain import Misplaced, read_table
from anytws.simulator.faults.script import Event, Script
from anytws.simulator.faults.stage import Speaker
from anytws.simulator.faults.triggers import AfterBytes, AfterConnections, AfterMessages, At, AtClock, On
from anytws.simulator.faults.watch import Watch, concerns, happens
from anytws.simulator.faults.words import ByteFault, Deed, Fault, Habit, Meanwhile, Way
from anytws.simulator.link import Host, Link
from anytws.simulator.settings import WorldSettings

MOST_GOING_ON: Final = 1000
"""How many troubles go on at the same time; one more, and the oldest is over."""
MOST_LATER: Final = 10_000
"""How many messages are to be said later; what comes beyond is said at once."""
MOST_TOLD: Final = 10_000
"""How many lines of what took effect are kept; the oldest go first."""

_DAY: Final = timedelta(days=1)


class Told(NamedTuple):
    """One line about a fault that took effect."""

    ms: int
    """When, in milliseconds since 1970."""
    event: int
    """The place of its event in the script, from 1 on."""
    text: str


class Director:
    """Has *script* played in *house*. Raises `ValueError` for a script that means what is not there."""

    def __init__(self, house: Host, script: Script) -> None:
        self.script: Final = script
        """What is played."""
        self.told: Final[deque[Told]] = deque(maxlen=MOST_TOLD)
        """What took effect, oldest first."""
        self.on_told: Callable[[Told], None] | None = None
        """Called with each line when it is told."""
        self.lines: Final = Lines(house.answers)
        """The lines that are down."""
        self.wedged: int = 0
        """For how many reasons TWS hangs; 0: it does not."""
        self.forwarders: int = 0
        """How many forwarders stand in front of a TWS that is not there; 0: none."""
        self.has_byte_faults: Final = script.has_byte_faults
        """Whether bytes may be meddled with."""
        self._house = house
        self._deeds = Deeds(house, self)
        self._meddlers: dict[Link, Meddler] = {}
        self._watches: list[Watch] = []
        self._by_kind: dict[type[ToTws | ToClient], tuple[Watch, ...]] = {}
        self._active: list[Active] = []
        self._ends: dict[int, Callable[[], None]] = {}
        self._serials = count()
        self._planned = 0
        self._later = 0
        self._connections = 0
        self._numbers: dict[Link, int] = {}
        self._byte_counters = [
            (number, event, event.when)
            for number, event in enumerate(script.events, 1)
            if isinstance(event.when, AfterBytes)
        ]
        self._start: int | None = None
        self._is_stopped = False
        self._prove()

    def _prove(self) -> None:
        for number, event in enumerate(self.script.events, 1):
            if isinstance(event.do, ChangeSettings):
                try:
                    read_table(dict(event.do.change), WorldSettings, "change", based_on=self._house.settings)
                except Misplaced as problem:
                    raise ValueError(f"event {number} of the script: {problem}") from problem
            if isinstance(event.do, MARKET_EVENTS) and (symbol := getattr(event.do, "symbol", None)) is not None:
                try:
                    self._deeds.instrument(symbol)
                except LookupError as problem:
                    raise ValueError(f"event {number} of the script: {problem}") from problem

    # What can be seen

    @property
    def ms(self) -> int:
        """The time, in milliseconds since 1970."""
        return self._house.ms()

    @property
    def seed(self) -> int:
        """What chance is drawn from."""
        return self._house.settings.seed

    @property
    def is_spent(self) -> bool:
        """Whether nothing is planned and nothing goes on; events that wait for messages may still happen."""
        return self._is_stopped or not (self._planned or self._ends)

    @property
    def is_hanging(self) -> bool:
        """Whether TWS hangs, for everybody."""
        return self.wedged > 0

    # The run

    def begin(self) -> None:
        """Take notice that the world starts now. The first time counts."""
        if self._start is not None:
            return
        self._start = start = self.ms
        for number, event in enumerate(self.script.events, 1):
            match event.when:
                case At(at=at):
                    self._plan(start + round(at * 1000), partial(self._at_time, number, event, 1))
                case AtClock():
                    self._plan(self._next_clock(event.when), partial(self._at_clock, number, event, 1))
                case On() as on:
                    self._watch(Watch(number, event, on, event.do, *self._window(on)))
                case AfterMessages(after_messages=nth, of=of):
                    on = On(of, nth=nth)
                    self._watch(Watch(number, event, on, event.do, start, None, is_about_client=False))
                case _:
                    # Counted where connections and bytes are.
                    continue

    def stop(self) -> None:
        """End all troubles at once: what is down comes back, and nothing more happens."""
        self._is_stopped = True
        self._watches.clear()
        self._by_kind.clear()
        self._active.clear()
        for serial in sorted(self._ends):
            self._finish(serial)
        self._attend()

    def _window(self, on: On) -> tuple[int, int | None]:
        start = self._start or 0
        end = None if on.end is None else start + round(on.end * 1000)
        return start + round(on.begin * 1000), end

    def _plan(self, ms: int, action: Callable[[], None]) -> None:
        self._planned += 1

        def act() -> None:
            self._planned -= 1
            if not self._is_stopped:
                action()

        self._house.do_at(ms, act)

    def _at_time(self, number: int, event: Event, time: int) -> None:
        at = event.when
        if isinstance(at, At) and at.every is not None and (at.times is None or time < at.times):
            due = (self._start or 0) + round((at.at + time * at.every) * 1000)
            self._plan(due, partial(self._at_time, number, event, time + 1))
        self._fire(number, event, time)

    def _at_clock(self, number: int, event: Event, time: int) -> None:
        at = event.when
        if isinstance(at, AtClock) and (at.times is None or time < at.times):
            self._plan(self._next_clock(at), partial(self._at_clock, number, event, time + 1))
        self._fire(number, event, time)

    def _next_clock(self, at: AtClock) -> int:
        """Give when the clock on the wall next shows the time of *at*, after now."""
        wall = self._house.utc().astimezone(self._house.settings.wall_zone)
        midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
        due = midnight + timedelta(seconds=at.seconds)
        while due <= wall:
            due += _DAY
        return self.ms + round((due - wall).total_seconds() * 1000)

    # What happens

    def _fire(self, number: int, event: Event, time: int, link: Link | None = None) -> None:
        if happens(event, number, time, self.seed):
            self._do(number, event.do, link, None, event)

    def happen(self, number: int, fault: Fault, link: Speaker | None, message: ToTws | ToClient | None) -> None:
        """Have *fault*, of the event *number*, happen: about *link* alone, or about all."""
        known = link if isinstance(link, Link) else None
        self._do(number, fault, known, message, self.script.events[number - 1])

    def _do(self, number: int, fault: Fault, link: Link | None, message: ToTws | ToClient | None, event: Event) -> None:
        if isinstance(fault, Deed):
            for each in self._audience(fault, link, event):
                outcome = self._deeds.do(fault, each, message)
                self.tell(number, f"{type(fault).__name__}: {outcome}" if outcome else type(fault).__name__)
            return
        self.tell(number, type(fault).__name__)
        if isinstance(fault, Habit):
            self._acquire(number, fault, event)
        elif isinstance(fault, ByteFault):
            self._spoil(number, fault, link)

    def _audience(self, deed: Deed, link: Link | None, event: Event) -> Sequence[Link | None]:
        """Give the connections at which *deed* is done, each by itself; None: it is done once, for all."""
        if link is not None or not event.clients or not isinstance(deed, ABOUT_CLIENTS):
            return (link,)
        return [each for each in self._house.links if concerns(event, each.client_id)]

    def _acquire(self, number: int, habit: Habit, event: Event) -> None:
        lasts: float | None = getattr(habit, "lasts", None)
        begin = self.ms
        end = None if lasts is None else begin + round(lasts * 1000)
        always = attrs.evolve(event, chance=1.0)
        # Acquired again it is not had twice.
        self._watches = [watch for watch in self._watches if watch.number != number or watch.is_waiting]
        for on, rule in rules_of(habit):
            self._watch(Watch(number, always, on, rule, begin, end, is_waiting=False))
        if end is not None:
            # So that it is known when the trouble is over.
            self._plan(end, self._forget_spent)

    def _spoil(self, number: int, toxic: ByteFault, link: Link | None) -> None:
        active = Active(number, toxic, self._house.now, link)
        # Again, and it begins anew.
        self._active = [each for each in self._active if (each.number, each.link) != (number, link)]
        self._active.append(active)

        def end() -> None:
            self._active = [each for each in self._active if each is not active]
            self._attend()

        if toxic.lasts is not None:
            self.during(toxic.lasts, end)
        self._attend()

    def _watch(self, watch: Watch) -> None:
        self._watches.append(watch)
        self._by_kind.clear()

    def _forget_spent(self) -> None:
        now = self.ms
        self._watches = [watch for watch in self._watches if watch.end is None or now < watch.end]
        self._by_kind.clear()

    def tell(self, number: int, text: str) -> None:
        """Tell that something of the event *number* took effect."""
        told = Told(self.ms, number, text)
        self.told.append(told)
        if self.on_told is not None:
            self.on_told(told)

    # What goes on

    def during(self, seconds: float | None, end: Callable[[], None]) -> None:
        """Have *end* done after *seconds*, or when all trouble is to end; None: only then."""
        serial = next(self._serials)
        if len(self._ends) >= MOST_GOING_ON:
            self._finish(next(iter(self._ends)))
        self._ends[serial] = end
        if seconds is not None:
            self._house.do_at(self.ms + round(seconds * 1000), partial(self._finish, serial))

    def _finish(self, serial: int) -> None:
        if (end := self._ends.pop(serial, None)) is not None:
            end()

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do *action* after *seconds*; at once where too much is waiting already."""
        if self._later >= MOST_LATER:
            action()
            return
        self._later += 1

        def act() -> None:
            self._later -= 1
            action()

        self._house.do_at(self.ms + max(round(seconds * 1000), 1), act)

    def forward(self, *, more: int) -> None:
        """Have *more* forwarders stand in front of TWS, which is not there; negative: fewer."""
        self.forwarders += more
        self._house.note_door()

    def wedge(self, *, more: int) -> None:
        """Have TWS hang for *more* reasons; negative: for fewer."""
        self.wedged += more
        if not self.wedged:
            for link in tuple(self._house.links):
                link.thaw()
        self._attend()

    def come_back(self) -> None:
        """Do and tell what has waited for a line, if none is down any more."""
        if self.lines:
            return
        untold, waiting = list(self.lines.untold), list(self.lines.waiting)
        self.lines.untold.clear()
        self.lines.waiting.clear()
        for link, message in untold:
            link.utter(message)
        for link, request in waiting:
            link.take(request)

    def _attend(self) -> None:
        for link in self._house.links:
            link.attend()

    # Connections

    def welcome(self, link: Link) -> Meddler:
        """Give what meddles with *link*, which is new; called once for each."""
        meddler = self._meddlers[link] = Meddler(self, link)
        return meddler

    def note_connection(self, link: Link) -> None:
        """Take notice that *link* has been let in, or turned away."""
        self._connections += 1
        self._numbers[link] = self._connections
        for number, event in enumerate(self.script.events, 1):
            when = event.when
            if not isinstance(when, AfterConnections) or self._is_stopped:
                continue
            nth = when.after_connections
            if self._connections == nth or (when.every and self._connections > nth):
                self._fire(number, event, self._connections, link)

    def note_end(self, link: Link) -> None:
        """Forget what was about *link*, which is over."""
        self._meddlers.pop(link, None)
        self._numbers.pop(link, None)
        self._active = [each for each in self._active if each.link is not link]

    def number_of(self, link: Link) -> int:
        """Give the place of *link* among all connections so far, from 1 on; 0: it is over."""
        return self._numbers.get(link, 0)

    def meddler_of(self, link: Link) -> Meddler | None:
        """Give what meddles with *link*."""
        return self._meddlers.get(link)

    def active_on(self, link: Link, way: Way) -> Sequence[Active]:
        """Give the byte faults that hold for *link* one *way*, in the order of their moments."""
        return [
            each
            for each in self._active
            if each.toxic.stream is way
            and each.link in (None, link)
            and concerns(self.script.events[each.number - 1], link.client_id)
        ]

    def count_bytes(self, link: Speaker, way: Way, total: int) -> None:
        """Take notice that *link* has carried *total* bytes one *way*."""
        for number, event, when in self._byte_counters:
            if self._is_stopped or when.counting is not way or total < when.after_bytes:
                continue
            meddler = self._meddlers.get(link) if isinstance(link, Link) else None
            if meddler is None or number in meddler.counted or not concerns(event, meddler.client_id):
                continue
            meddler.counted.add(number)
            self._fire(number, event, len(meddler.counted), link if isinstance(link, Link) else None)

    # What a meddler asks

    def watches(self, kind: type[ToTws | ToClient]) -> Sequence[Watch]:
        """Give the events that wait for messages of *kind*."""
        known = self._by_kind.get(kind)
        if known is None:
            known = self._by_kind[kind] = tuple(each for each in self._watches if issubclass(kind, each.message))
        return known

    def passes(self, link: Speaker, request: ToTws) -> Meanwhile | None:  # noqa: ARG002 (a line is down for all)
        """Give what becomes of *request*, since a line is down; None: none is that it needs."""
        return self.lines.passes(request) if self.lines else None

    def wait(self, link: Speaker, request: ToTws) -> None:
        """Have *request* wait until the lines are back."""
        self.lines.waiting.append((link, request))

    def hushes(self, link: Speaker, message: ToClient, request: ToTws | None) -> bool:
        """Tell whether *message*, to *request*, is not said since a line is down; it may be said later."""
        return bool(self.lines) and self.lines.hushes(link, message, request)
