"""What a TWS knows beyond one connection, for those who answer: `anytws.simulator.World` is it, with its links."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from anytws.simulator.ground import MOST_IDS, Ground

if TYPE_CHECKING:
    from anytws.simulator.exchange.exchange import Exchange
    from anytws.simulator.universe.instrument import Instrument

__all__ = ["MOST_IDS", "Knowledge"]


class Knowledge(Ground):
    """What a simulated TWS knows, whoever is connected."""

    @cached_property
    def exchange(self) -> Exchange:
        """Its orders."""
        from anytws.simulator.exchange.exchange import Exchange  # noqa: PLC0415

        return Exchange(self)

    def note_market(self, instrument: Instrument) -> None:
        """Have clients and orders take notice that the market of *instrument* was moved, halted or resumed by hand."""
        super().note_market(instrument)
        if "exchange" in vars(self):
            self.exchange.note_market(instrument)
