"""The cards of the simulator, as ``anytws simulate --cards`` lists them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from anytws.cli.output import Output, Tone
from anytws.simulator.cards import Card, Evidence

_TONES: Final = {
    Evidence.RECORDED: Tone.GOOD,
    Evidence.DOCUMENTED: Tone.GOOD,
    Evidence.REPORTED: Tone.WARNING,
    Evidence.CHOSEN: Tone.QUIET,
}
_EVIDENCE_WIDTH: Final = max(len(evidence.value) for evidence in Evidence)


def tell_cards(output: Output, cards: Iterable[Card]) -> None:
    """Say all *cards*: to a person by topic, to a pipe one a line, with the source in brackets at its end."""
    if output.is_terminal:
        for topic, group in groupby(cards, key=lambda card: card.topic):
            output.title(topic)
            for card in group:
                _tell_person(output, card)
        return
    told = tuple(cards)
    width = max((len(card.id) for card in told), default=0)
    for card in told:
        line = f"{card.id:<{width}}  {card.evidence.value:<{_EVIDENCE_WIDTH}}  {_told(card)} [{card.source}]"
        output.row((), line, wrap=False)


def _tell_person(output: Output, card: Card) -> None:
    name = card.id.partition(".")[2]
    evidence = f"{card.evidence.value:<{_EVIDENCE_WIDTH}}  "
    output.row((("  ", Tone.PLAIN), (evidence, _TONES[card.evidence])), name, Tone.STATE)
    margin = ((" " * (2 + len(evidence)), Tone.PLAIN),)
    output.row(margin, _told(card))
    output.row(margin, card.source, Tone.QUIET)


def _told(card: Card) -> str:
    return f"{card.does} {card.note}".rstrip()
