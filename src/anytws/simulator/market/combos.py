"""Combinations: what they are worth is the sum of what their legs are worth, looked at every five seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from anytws.simulator.chance import noise
from anytws.simulator.market.beats import Minute, Quoted
from anytws.simulator.market.process import Process
from anytws.simulator.market.reading import Reading
from anytws.simulator.market.skeleton import BEATS
from anytws.simulator.market.stretches import Part
from anytws.simulator.market.tape import MINUTE_MS
from anytws.simulator.market.words import BEAT
from anytws.simulator.universe.instrument import Instrument

EVERY: Final = 20
"""A combination is quoted anew after so many beats: five seconds."""

_STIR: Final = 61
_SIZES: Final = 9


class ComboProcess(Process):
    """What a combination does. It has quotes alone, and no sums of days and blocks: it is added up minute by minute."""

    is_summed = False

    def __init__(self, seed: int, instrument: Instrument, legs: Sequence[Reading]) -> None:
        super().__init__(seed, instrument)
        self._legs: Final = tuple(zip(instrument.legs, legs, strict=True))

    @property
    def can_not_be_negative(self) -> bool:
        """Whether no price is below a tick: what is sold may be worth more than what is bought."""
        return False

    def plain(self, part: Part, number: int) -> Minute:
        """Give minute *number* of *part* with all its beats."""
        unit = float(self.instrument.tick) * part.step
        drawn = noise(2 * BEATS // EVERY, self.seed, self.key, _STIR, number)
        quotes = []
        for place, beat in enumerate(range(0, BEATS, EVERY)):
            worth = 0.0
            for leg, reading in self._legs:
                twice = reading.twice_the_middle(number * MINUTE_MS + beat * BEAT)
                worth += leg.ratio * twice * float(leg.instrument.tick) / 2.0
            bid = _rounded(worth / unit - part.spread / 2.0)
            sizes = (1 + drawn[2 * place] % _SIZES, 1 + drawn[2 * place + 1] % _SIZES)
            quotes.append(Quoted(beat, bid, bid + part.spread, *sizes))
        return Minute(quotes, ())

    def _draw_day(self, day: int, parts: list[Part]) -> None:  # noqa: ARG002
        step = max(1, int(self.instrument.steps[0].increment / self.instrument.tick))
        for part in parts:
            part.step, part.spread = step, self._spread(part)


def _rounded(steps: float) -> int:
    return int(steps + 0.5) if steps >= 0 else -int(0.5 - steps)
