"""What the simulated TWS does, and how each of it is known: one card for each behaviour, as data beside its code.

From the cards a page is written, tests are chosen by them (``@pytest.mark.card("news.backlog")``), and
``anytws simulate --cards`` lists them. A module that has some puts them into `CARDS`, and itself into
`anytws.simulator.deck`.
"""

from __future__ import annotations

import re
from enum import Enum, unique
from typing import Final

import attrs


@unique
class Evidence(Enum):
    """How a behaviour of the real TWS is known, the surest first."""

    RECORDED = "recorded"
    """Frames of a real session show it."""
    DOCUMENTED = "documented"
    """The vendor says so."""
    REPORTED = "reported"
    """Others have met it."""
    CHOSEN = "chosen"
    """Nobody told us: it is how we would build it, or how it is the most use to who tests with it."""


_ID: Final = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")


def _is_id(_: object, __: object, value: str) -> None:
    if _ID.fullmatch(value) is None:
        raise ValueError(f"the id of a card is its topic, a dot and a name, as news.backlog is: {value!r} is not")


def _says_something(_: object, field: attrs.Attribute[str], value: str) -> None:
    if not value.strip():
        raise ValueError(f"a card has to give its {field.name}")


@attrs.frozen
class Card:
    """One behaviour of the simulated TWS. Raises `ValueError` for one without an id, a text or a source."""

    id: str = attrs.field(validator=_is_id)
    """Its topic, a dot and a name, in lower case: ``market_data.opening_order``."""
    does: str = attrs.field(validator=_says_something)
    """What TWS does, in a sentence or two, with the codes and units that matter."""
    evidence: Evidence = attrs.field(validator=attrs.validators.instance_of(Evidence))
    source: str = attrs.field(validator=_says_something)
    """Which frames, which document, whose report, in a few words; of what is chosen: why."""
    note: str = ""
    """What is left out, what is not sure, or which knob changes it."""

    @property
    def topic(self) -> str:
        """What it is about: the first part of its id."""
        return self.id.partition(".")[0]
