"""The cards of the vocabulary: one for each word, made of what the word says about itself."""

from __future__ import annotations

import inspect
from typing import Final

from anytws.simulator.cards import Card
from anytws.simulator.faults.script import FAULTS
from anytws.simulator.faults.words import Fault, word_of


def _card(fault: type[Fault]) -> Card:
    doc = " ".join(inspect.cleandoc(fault.__doc__ or "").split("\n\n", maxsplit=1)[0].split())
    return Card(f"faults.{word_of(fault)}", doc, fault.evidence, fault.source, note="Only by a script.")


CARDS: Final = tuple(_card(fault) for fault in FAULTS)
