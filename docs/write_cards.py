"""Write the tables of docs/cards.md from the cards: ``python docs/write_cards.py``; ``--check`` only looks."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path

if __name__ == "__main__":
    # Run as a script, this folder is on the path, and the one above it is not.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from anytws.simulator.cards import Card, Evidence
from anytws.simulator.deck import all_cards
from docs import blocks
from docs.blocks import row

PAGE = Path(__file__).resolve().with_name("cards.md")


def summary(cards: Iterable[Card]) -> str:
    """Give the table of how many *cards* each topic has, by their evidence."""
    counts = Counter((card.topic, card.evidence) for card in cards)
    topics = sorted({topic for topic, _ in counts})
    lines = [row("topic", *(evidence.value for evidence in Evidence)), row("---", *["--:"] * len(Evidence))]
    lines += [row(topic, *(counts[topic, evidence] or "" for evidence in Evidence)) for topic in topics]
    sums = [sum(counts[topic, evidence] for topic in topics) for evidence in Evidence]
    return "".join([*lines, row("*all*", *sums)])


def sections(cards: Iterable[Card]) -> str:
    """Give a heading and a table for each topic of *cards*, which are in the order of their ids."""
    tables = [f"## {topic}\n\n{table(group)}" for topic, group in groupby(cards, key=lambda card: card.topic)]
    return "\n".join(tables)


def table(cards: Iterable[Card]) -> str:
    """Give the table of *cards*, all of one topic."""
    lines = [row("card", "what TWS does, and how it is known"), row("---", "---")]
    return "".join([*lines, *(row(f"`{card.id}`", _told(card)) for card in cards)])


def _told(card: Card) -> str:
    # In one cell: a column more does not fit a telephone.
    lines = [card.does, *([f"→ {card.note}"] if card.note else []), f"*{card.evidence.value}*: {card.source}"]
    return "<br>".join(lines)


BLOCKS: dict[str, Callable[[], str]] = {
    "summary": lambda: summary(all_cards()),
    "cards": lambda: sections(all_cards()),
}
"""What a pair of marks holds. The page has each of them once."""


def main(arguments: Sequence[str] | None = None, page: Path = PAGE) -> int:
    """Write or check *page*; give the exit code, 1 if it is stale."""
    return blocks.write(arguments, page, BLOCKS, "write_cards.py")


if __name__ == "__main__":
    sys.exit(main())
