"""How Hypothesis draws a day: which faults, and when. A day is smaller that has fewer of them, or milder ones.

Before the first day the program lives through one without faults. What was said on it is where faults are put: at the
third status of an order, at the second request for positions, a second after an execution.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, TypeAlias, cast

import attrs
from hypothesis import strategies as st

from anytws.messages.base import Message, Side
from anytws.messages.session import StartApiRequest
from anytws.simulator import faults
from anytws.simulator.faults import At, Event, Fault, On, Script
from anytws.simulator.market.models import FLAT
from anytws.simulator.settings import HangUp, WorldSettings
from anytws.testing.days.plan import Plan
from anytws.testing.days.program import Program
from anytws.testing.days.running import survey
from anytws.testing.days.story import DATA, Story

_Events: TypeAlias = st.SearchStrategy[Event]

# Its converter takes any iterable, of which mypy makes one of nothing.
_script: Final = cast("Callable[[tuple[Event, ...]], Script]", Script)

MOST_FAULTS: Final = 6
"""How many faults a day has at the most: a bug that needs more of them at once is not found by looking for it so."""

_ORDERS: Final = ("PlaceOrderRequest", "CancelOrderRequest")
_WORDS_OF_ORDERS: Final = ("OpenOrder", "OrderStatus", "ExecutionDetails")
_TO_TELL: Final = ("CommissionAndFeesReport", *_WORDS_OF_ORDERS)
_LATE: Final = ("CommissionAndFeesReport",)
"""What may come late by itself. An order or an execution might be the row of an answer, and come after its end then:
with such a TWS nobody could live. What is told of orders unasked comes late by `LostAcknowledgement` and by habits."""
_MOST_TIMES: Final = 64
_MOST_ALIKE: Final = 4
_MOST_SEED: Final = 1000


@attrs.frozen
class Seen:
    """What was seen on a day without faults: where faults may be put."""

    times: tuple[float, ...]
    """When something was said, apart from the data of markets; the first is the beginning."""
    requests: Mapping[str, int]
    """The requests of the program by name, and how many there were of each."""
    sayings: Mapping[str, int]
    """The messages of TWS, likewise."""
    symbols: tuple[str, ...]
    """The symbols of contracts that were named, in the order in which they were."""

    @classmethod
    def of(cls, story: Story, settings: WorldSettings) -> Seen:
        """Look at *story*."""
        said: dict[Side | None, Counter[str]] = {Side.CLIENT: Counter(), Side.TWS: Counter(), None: Counter()}
        times: dict[float, None] = {0.0: None}
        symbols = dict.fromkeys(holding.symbol for holding in settings.positions)
        for told in story:
            if isinstance(told.message, DATA):
                continue
            times[told.now] = None
            if told.message is not None and not isinstance(told.message, StartApiRequest):
                said[told.said_by][type(told.message).__name__] += 1
                symbols.update(dict.fromkeys(_symbols(told.message)))
        return cls(tuple(times)[:_MOST_TIMES], said[Side.CLIENT], said[Side.TWS], tuple(symbols))


def _symbols(message: Message) -> Iterable[str]:
    contract = getattr(message, "contract", None)
    symbol = getattr(contract, "symbol", "")
    return (symbol,) if symbol else ()


# --- when -------------------------------------------------------------------------------------------------------------


def _moments(seen: Seen, seconds: float) -> st.SearchStrategy[At]:
    """Draw a time: soon after something was said, or any."""
    near = st.tuples(st.sampled_from(seen.times), st.sampled_from((0.0, 0.001, 0.1, 1.0, 10.0))).map(sum)
    return (near | st.integers(0, int(seconds)).map(float)).filter(lambda at: at <= seconds).map(At)


def _nth(names: Mapping[str, int], among: Sequence[str] = ()) -> st.SearchStrategy[On]:
    """Draw a message by its name and number: of *among*, or of all *names*, and one more than there were."""
    # Orders are what most programs are about, whatever else they ask.
    chosen = among or (*[name for name in _ORDERS if name in names], *names) or ("PlaceOrderRequest",)

    def of(name: str) -> st.SearchStrategy[On]:
        return st.integers(1, names.get(name, 1) + 1).map(lambda nth: On(name, nth=nth))

    return st.sampled_from(chosen).flatmap(of)


def _events(when: st.SearchStrategy[Any], do: st.SearchStrategy[Any]) -> _Events:
    return st.builds(Event, when, do)


def _spans(*seconds: float) -> st.SearchStrategy[float]:
    return st.sampled_from(seconds)


# --- what -------------------------------------------------------------------------------------------------------------

_HANG_UPS: Final = st.sampled_from(HangUp)


def _prices(seen: Seen, seconds: float) -> _Events:
    if not seen.symbols:
        return st.nothing()
    ticks = st.sampled_from((1, 5, 20, 100, 500)).flatmap(lambda size: st.sampled_from((size, -size)))
    symbols = st.sampled_from(seen.symbols)
    moves = st.builds(faults.ShiftMarket, symbols, ticks)
    halts = st.builds(faults.HaltTrading, symbols, seconds=_spans(5.0, 60.0, 300.0))
    return _events(_moments(seen, seconds) | _nth(seen.sayings, _WORDS_OF_ORDERS), moves | moves | halts)


def _fills(seen: Seen, seconds: float) -> _Events:
    some = st.sampled_from((1, 10, 50)).map(Decimal)
    fill = st.builds(faults.FillOrder, shares=st.none() | some)
    return _events(_nth(seen.sayings, ("OpenOrder", "OrderStatus")) | _moments(seen, seconds), fill)


def _rejects(seen: Seen, seconds: float) -> _Events:
    orders = _nth(seen.requests, ("PlaceOrderRequest",))
    at_once = _events(orders, st.builds(faults.ErrorInstead, st.sampled_from((201, 110))))
    later = st.builds(faults.RejectOrder) | st.builds(faults.CancelOrder)
    return _events(_nth(seen.sayings, ("OpenOrder", "OrderStatus")) | _moments(seen, seconds), later) | at_once


def _outages(seen: Seen, seconds: float) -> _Events:
    when = _moments(seen, seconds) | _nth(seen.requests) | _nth(seen.sayings)
    cut = st.builds(faults.CutConnection, _HANG_UPS)
    link = st.builds(faults.ConnectionLost, _spans(1.0, 30.0, 120.0), st.booleans())
    restart = st.builds(
        faults.NightlyRestart,
        refused_seconds=_spans(1.0, 30.0, 80.0),
        stale_seconds=_spans(0.0, 20.0),
        next_ids_by=st.sampled_from((0, 10)),
        how=_HANG_UPS,
    )
    unanswered = _events(_nth(seen.requests), st.builds(faults.CutUnanswered, _HANG_UPS))
    return unanswered | _events(when, cut) | _events(when, link | restart)


def _words(seen: Seen, seconds: float) -> _Events:
    del seconds
    said = _nth(seen.sayings, _TO_TELL)
    again = st.builds(faults.Repeat, st.integers(1, 3), _spans(0.0, 1.0))
    late = st.builds(faults.Delay, _spans(0.01, 0.5, 5.0))
    lost = st.builds(faults.LostAcknowledgement, _spans(1.0, 30.0))
    habits = st.sampled_from(
        (
            faults.StatusBeforeOpenOrder(),
            faults.StatusBeforeExecution(),
            faults.ExecutionBeforeStatus(),
            faults.CommissionLate(2.0),
            faults.CommissionNever(),
        )
    )
    return (
        _events(said, again)
        | _events(_nth(seen.sayings, _LATE), late)
        | _events(_nth(seen.requests, ("PlaceOrderRequest",)), lost)
        | _events(st.just(At(0.0)), habits)
    )


def _answers(seen: Seen, seconds: float) -> _Events:
    del seconds
    asked = {name: count for name, count in seen.requests.items() if name not in _ORDERS}
    if not asked:
        return st.nothing()
    late = st.builds(faults.AnswerLate, _spans(0.5, 5.0, 90.0))
    return _events(_nth(asked), late | st.builds(faults.AnswerTwice) | st.just(faults.NeverAnswer()))


def _bytes(seen: Seen, seconds: float) -> _Events:
    ways = st.sampled_from((faults.Way.DOWNSTREAM, faults.Way.UPSTREAM))
    slow = st.builds(faults.Latency, st.sampled_from((10, 200, 2000)), stream=ways, lasts=_spans(10.0, 300.0))
    sliced = st.builds(faults.Slicer, st.sampled_from((1, 7, 100)), stream=ways, lasts=_spans(10.0, 300.0))
    torn = st.builds(faults.ResetPeer, lasts=st.just(0.0))
    return _events(_moments(seen, seconds), slow | sliced | torn)


KINDS: Final[Mapping[str, Callable[[Seen, float], _Events]]] = {
    "prices": _prices,
    "fills": _fills,
    "rejects": _rejects,
    "outages": _outages,
    "words": _words,
    "answers": _answers,
    "bytes": _bytes,
}
"""The kinds of faults that a day may have:

* ``prices``: markets move and are halted;
* ``fills``: orders are filled, whole or in part, when the script says so;
* ``rejects``: orders are refused at once or later, and cancelled by IB;
* ``outages``: connections end, TWS restarts, its line to IB is down;
* ``words``: what TWS tells of orders comes twice, late, or in another order;
* ``answers``: questions are answered late, twice, or never;
* ``bytes``: the line is slow, cut into pieces, or torn.
"""

USUAL: Final = ("prices", "fills", "rejects", "outages", "words")
"""The kinds of faults that days have unless something else is said: what a program has to bear in any case."""


def check_kinds(kinds: Iterable[str]) -> tuple[str, ...]:
    """Give *kinds* as names of `KINDS`. Raises `ValueError` for a name that is none."""
    names = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    for name in names:
        if name not in KINDS:
            raise ValueError(f"{name!r} is no kind of fault; these are: {', '.join(KINDS)}")
    return names


def singles(seen: Seen, kinds: Iterable[str]) -> list[Event]:
    """Give what may go wrong once, at each word of a day, as far as it is of *kinds*; what matters most comes first.

    Most bugs need one fault in the right place. There are more such places than a person thinks of, and few enough to
    try them one after the other.
    """
    asked, told = _each(seen.requests), _each({name: seen.sayings.get(name, 0) for name in _TO_TELL})
    orders = [at for at in asked if at.on == "PlaceOrderRequest"]
    opened = [at for at in told if at.on == "OpenOrder"]
    times = [At(time) for time in seen.times[:_MOST_ALIKE]]
    turns: tuple[tuple[str, Sequence[On | At], Fault], ...] = (
        ("outages", asked, faults.CutUnanswered()),
        ("outages", asked, faults.CutConnection()),
        ("words", orders, faults.LostAcknowledgement(30.0)),
        ("rejects", orders, faults.ErrorInstead(201)),
        ("rejects", opened, faults.RejectOrder()),
        ("fills", opened, faults.FillOrder(Decimal(1))),
        ("outages", times, faults.NightlyRestart(30.0)),
        ("outages", told, faults.CutConnection()),
        ("words", told, faults.Repeat()),
        ("outages", times, faults.ConnectionLost(30.0)),
        ("words", [at for at in told if at.on in _LATE], faults.Delay(0.5)),
        ("answers", [at for at in asked if at not in orders], faults.AnswerTwice()),
    )
    return [Event(at, fault) for kind, places, fault in turns if kind in kinds for at in places]


def _each(names: Mapping[str, int]) -> list[On]:
    """Give each message of *names* with its number; of many alike, the first."""
    return [On(name, nth=nth) for name, count in names.items() for nth in range(1, min(count, _MOST_ALIKE) + 1)]


class Drawing:
    """Draws days for *program*, whose TWS is like *settings*, with faults of *kinds* (`KINDS`).

    Raises `ValueError` for a name that is no kind.
    """

    def __init__(
        self,
        program: Program,
        settings: WorldSettings,
        *,
        kinds: Iterable[str] = USUAL,
        seconds: float = 1800.0,
        messages: int = 200,
    ) -> None:
        self._program = program
        self._kinds = check_kinds(kinds)
        self.calm: Final = Plan(settings=settings, seconds=seconds, messages=messages)
        """The day without faults."""

    @cached_property
    def seen(self) -> Seen:
        """What was seen on the day without faults, which is lived through when this is first asked."""
        return Seen.of(survey(self.calm, self._program), self.calm.settings)

    def sweep(self, most: int) -> list[Plan]:
        """Give days with one fault each, one after the other; no more than *most*."""
        return [self._plan((event,)) for event in singles(self.seen, self._kinds)[:most]]

    @cached_property
    def plans(self) -> st.SearchStrategy[Plan]:
        """Draws days with several faults, and other orders of tasks."""

        @st.composite
        def plan(draw: st.DrawFn) -> Plan:
            events, seed = draw(self._scripts), draw(self._seeds)
            return self._plan(events, draw(st.integers(0, 2**16)), seed)

        return plan()

    @cached_property
    def _scripts(self) -> st.SearchStrategy[tuple[Event, ...]]:
        of_kind = {name: KINDS[name](self.seen, self.calm.seconds) for name in self._kinds}
        possible = [name for name, events in of_kind.items() if not events.is_empty]
        # The kind first: else the one with the most words would be drawn most often.
        events = st.sampled_from(possible).flatmap(of_kind.__getitem__) if possible else st.nothing()
        return st.lists(events, max_size=MOST_FAULTS if possible else 0).map(tuple)

    @property
    def _seeds(self) -> st.SearchStrategy[int]:
        settings = self.calm.settings
        # Prices that stand still are the same with each.
        others = st.nothing() if settings.price_model == FLAT else st.integers(0, _MOST_SEED)
        return st.just(settings.seed) | others

    def _plan(self, events: tuple[Event, ...], schedule: int = 0, seed: int | None = None) -> Plan:
        settings = self.calm.settings
        if seed is not None and seed != settings.seed:
            settings = attrs.evolve(settings, seed=seed)
        return attrs.evolve(self.calm, settings=settings, script=_script(events), schedule=schedule)
