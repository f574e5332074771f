"""A byte fault that holds, for all connections or for one."""

from __future__ import annotations

import attrs

from anytws.simulator.faults.words import ByteFault
from anytws.simulator.link import Link


@attrs.frozen(eq=False)
class Active:
    """A byte fault that holds."""

    number: int
    """The place of its event in the script, from 1 on."""
    toxic: ByteFault
    begin: float
    """Since when, as the time of the world."""
    link: Link | None
    """The one connection that it is about; None: all, as far as the event is about their clients."""
