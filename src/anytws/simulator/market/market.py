"""The market: what all instruments of a universe do, at any time, in the past as in what is to come.

Nothing is kept of it but caches: what an instrument does follows from the seed, its contract id and the time, and from
what a tester's hand did (`Market.move_to`, `Market.shift`, `Market.halt`, `Market.resume`). So quotes, trades, bars of
each size and the book agree to the tick, whoever asks for what first. Times are in milliseconds since 1970; a time
from *begin* up to *end* has *begin* in it, and *end* not. Prices are in ticks of the instrument.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Final, Protocol, TypeAlias

from anytws.simulator.market.barring import Barring
from anytws.simulator.market.combos import ComboProcess
from anytws.simulator.market.hand import Hand
from anytws.simulator.market.kinds import is_option, security_type
from anytws.simulator.market.ladder import SMART, book_of
from anytws.simulator.market.led import CfdProcess, OptionProcess
from anytws.simulator.market.models import SEEDED, PriceModel
from anytws.simulator.market.process import Process
from anytws.simulator.market.reading import Reading
from anytws.simulator.market.tape import Tape
from anytws.simulator.market.venues import trade_of
from anytws.simulator.market.words import Bar, BidAsk, Book, Halt, Quote, Reach, Source, Trade
from anytws.simulator.universe.instrument import Instrument

MOST_TAPES: Final = 8192
"""So many instruments are remembered; then all are forgotten, and drawn again."""

MOST_HANDS: Final = 4096
"""So many instruments can be moved or halted by hand; then the oldest of them goes back to where it would be."""


Key: TypeAlias = int | tuple[object, ...]


class Directory(Protocol):
    """Where an instrument is looked up by its contract id."""

    def by_id(self, contract_id: int) -> Instrument | None:
        """Give the instrument; None: there is none."""


class Market:
    """What all instruments of a universe do."""

    def __init__(self, universe: Directory, seed: int, model: PriceModel = SEEDED) -> None:
        self.universe: Final = universe
        self.seed: Final = seed
        self.model: Final = model
        self.version: int = 0
        """It goes up whenever the hand does something: what was asked before may have another answer then."""
        self.on_change: Callable[[Instrument], None] | None = None
        """Called after the hand did something, with whose prices it moved: what follows them moves as well."""
        self._readings: dict[Key, Reading] = {}
        self._processes: dict[int, Process] = {}
        self._hands: OrderedDict[Key, Hand] = OrderedDict()

    def again(self) -> Market:
        """Give a market of the same universe, seed and model on which no hand was laid; what was drawn is shared."""
        other = Market(self.universe, self.seed, self.model)
        other._processes = self._processes
        return other

    # What there is

    def quote(self, instrument: Instrument, at: int) -> Quote:
        """Give all that there is to say of *instrument* at *at*."""
        return self._reading(instrument).quote(at)

    def trades(self, instrument: Instrument, begin: int, end: int) -> Sequence[Trade]:
        """Give the trades from *begin* up to *end*."""
        return [
            trade_of(instrument, self.seed, at, trade, number)
            for at, trade, number in self._reading(instrument).prints(begin, end)
        ]

    def quotes(self, instrument: Instrument, begin: int, end: int) -> Sequence[BidAsk]:
        """Give the quotes that began to hold from *begin* up to *end*."""
        return list(self._reading(instrument).quotes(begin, end))

    def bar(self, instrument: Instrument, begin: int, end: int, source: Source, *, liquid: bool = False) -> Bar | None:
        """Give what happened from *begin* up to *end*; None: the market was closed all that time."""
        return Barring(self._reading(instrument)).bar(begin, end, source, liquid=liquid)

    def bars(
        self, instrument: Instrument, begin: int, end: int, size_seconds: int, source: Source, liquid: bool
    ) -> Iterator[Bar]:
        """Give the bars inside sessions, of a grid that begins at each midnight of the market's zone.

        The first bar of a session begins with it, and is short where the grid does not fit; *begin* and *end* cut bars.
        A bar without trades has the last price, and no volume.
        """
        return Barring(self._reading(instrument)).bars(begin, end, size_seconds, source, liquid=liquid)

    def reach(self, instrument: Instrument, begin: int, end: int) -> Reach:
        """Give how far prices went from *begin* up to *end*, the quote in force at *begin* included."""
        return self._reading(instrument).reach(begin, end)

    def book(self, instrument: Instrument, at: int, rows: int, venue: str = SMART) -> Book:
        """Give the best *rows* of the book of *venue* at *at*; its top is the quote's. Nothing: there is no quote."""
        reading = self._reading(instrument)
        return book_of(instrument, self.seed, reading.quote(at), rows, venue, reading.step_at(at), reading.turn_at(at))

    def mark(self, instrument: Instrument, at: int) -> int:
        """Give a price at *at*: the last one, if bid and ask do not say otherwise; there is always one."""
        quote = self.quote(instrument, at)
        if quote.last is not None:
            last = quote.last
            if quote.bid is not None and quote.ask is not None:
                return min(max(last, quote.bid), quote.ask)
            return last
        if quote.bid is not None and quote.ask is not None:
            return (quote.bid + quote.ask) // 2
        level = self._reading(instrument).level_before(at)
        return int(instrument.nature.price / instrument.tick) if level is None else level

    def histogram(self, instrument: Instrument, begin: int, end: int) -> Sequence[tuple[int, int]]:
        """Give each price that was traded from *begin* up to *end*, with the size traded at it, the lowest first."""
        return Barring(self._reading(instrument)).histogram(begin, end)

    def next_change(self, instrument: Instrument, at: int) -> int:
        """Give the first beat after *at* at which there may be anything new."""
        return self._reading(instrument).next_change(at)

    def halt_at(self, instrument: Instrument, at: int) -> Halt:
        """Give whether *instrument* is halted at *at*."""
        hand = self._hands.get(_key(instrument))
        return Halt.NONE if hand is None else hand.halt_at(at)

    def halts(self, instrument: Instrument, begin: int, end: int) -> Sequence[tuple[int, Halt]]:
        """Give when from *begin* up to *end* a halt began, or (`Halt.NONE`) was over."""
        hand = self._hands.get(_key(instrument))
        return [] if hand is None else [(stop.at, stop.kind) for stop in hand.halts(begin, end)]

    # The hand

    def move_to(self, instrument: Instrument, price: Decimal, at: int) -> None:
        """Have *instrument* be traded at *price* at *at* (rounded to its tick), and move from there on.

        It is so for history as well: what was before *at* stays. If it has no trades, its bid and ask are around it.
        """
        wanted = int((price / instrument.tick).to_integral_value())
        level, spread = self._reading(instrument).around(at)
        self._move(instrument, at, wanted - spread // 2 - level, wanted)

    def shift(self, instrument: Instrument, ticks: int, at: int) -> None:
        """Move all prices of *instrument* by *ticks* from *at* on."""
        level, spread = self._reading(instrument).around(at)
        self._move(instrument, at, ticks, level + ticks + spread // 2)

    def halt(self, instrument: Instrument, kind: Halt, begin: int) -> None:
        """Halt *instrument* from *begin* on: no trades, no new quotes."""
        self._hand(instrument).stop(begin, kind)
        self._keep(instrument)
        self._changed(instrument)

    def resume(self, instrument: Instrument, at: int) -> None:
        """Have *instrument* be traded again from *at* on."""
        self.halt(instrument, Halt.NONE, at)

    # Inside

    def _move(self, instrument: Instrument, at: int, ticks: int, price: int) -> None:
        self._hand(instrument).move(at, ticks, price)
        self._keep(instrument)
        self._changed(instrument)

    def _keep(self, instrument: Instrument) -> None:
        """Keep what the hand did, whatever else is forgotten."""
        self._hands[_key(instrument)] = self._hand(instrument)
        while len(self._hands) > MOST_HANDS:
            self._hands.popitem(last=False)
            self._readings.clear()

    def _changed(self, instrument: Instrument) -> None:
        self.version += 1
        for reading in self._readings.values():
            reading.tape.forget()
        if self.on_change is not None:
            self.on_change(instrument)

    def _hand(self, instrument: Instrument) -> Hand:
        return self._reading(instrument).tape.hand

    def _reading(self, instrument: Instrument) -> Reading:
        key = _key(instrument)
        found = self._readings.get(key)
        if found is None:
            hand = self._hands.get(key)
            if len(self._readings) >= MOST_TAPES:
                # All of them: what follows another holds that one's.
                self._readings.clear()
            found = Reading(Tape(self._process(instrument), hand or Hand()))
            self._readings[key] = found
            if hand is None:
                self._follow(instrument, found)
        return found

    def _process(self, instrument: Instrument) -> Process:
        if instrument.legs:
            return ComboProcess(self.seed, instrument, [self._reading(leg.instrument) for leg in instrument.legs])
        leader = self.universe.by_id(instrument.underlying_id or instrument.reroutes_to)
        if leader is not None and leader is not instrument:
            if is_option(instrument):
                return OptionProcess(self.seed, instrument, self._reading(leader))
            if security_type(instrument) == "CFD":
                return CfdProcess(self.seed, instrument, self._reading(leader))
        number = instrument.contract_id
        found = self._processes.get(number)
        if found is None or found.instrument is not instrument:
            if len(self._processes) >= MOST_TAPES:
                self._processes.clear()
            found = Process(self.seed, instrument, is_flat=self.model.is_flat_for(number))
            self._processes[number] = found
        return found

    def _follow(self, instrument: Instrument, reading: Reading) -> None:
        """Have *instrument* go where the model puts it."""
        for point in self.model.points_of(instrument.contract_id):
            wanted = int((point.price / instrument.tick).to_integral_value())
            level, spread = reading.around(point.at)
            reading.tape.hand.move(point.at, wanted - spread // 2 - level, wanted)
            reading.tape.forget()


def _key(instrument: Instrument) -> Key:
    """Give the contract id, and of a combination what it is made of: all in one currency share their contract id."""
    if not instrument.legs:
        return instrument.contract_id
    return (instrument.contract_id, *[(leg.instrument.contract_id, leg.ratio) for leg in instrument.legs])
