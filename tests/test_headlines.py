"""Headlines, each once, though TWS says those of the last day anew behind a gap."""

from __future__ import annotations

from datetime import UTC, datetime

from anytws import Gap, OddValue, Resumed
from anytws import messages as m
from anytws.machines.headlines import MOST_KNOWN, HeadlinesMailbox
from tests.every_verb import NOON

GAP = Gap(datetime(2026, 1, 5, tzinfo=UTC), "cut")


def news(number: int, provider: str = "DJ-N") -> m.TickNews:
    """Give the headline of that number."""
    return m.TickNews(1, NOON, provider, f"DJ-N${number}", "Apples fall")


def test_behind_a_gap_each_comes_once() -> None:
    mailbox = HeadlinesMailbox()
    mailbox.extend([news(1), m.TickPrice(1, m.TickType.BID, 1.0), news(2), news(2)])
    assert mailbox.take() == [news(1), news(2), news(2)], "what TWS says twice by itself is its own business"
    mailbox.lose(GAP)
    resumed = Resumed(GAP, NOON)
    mailbox.resume(resumed)
    mailbox.extend([news(1), news(3), news(2), news(2, "BRFG"), news(3)])
    assert mailbox.take() == [GAP, resumed, news(3), news(2, "BRFG")]


def test_what_is_known_is_bounded_and_the_newest() -> None:
    mailbox = HeadlinesMailbox()
    mailbox.extend([news(number) for number in range(MOST_KNOWN + 1)])
    mailbox.take()
    mailbox.lose(GAP)
    mailbox.resume(Resumed(GAP, NOON))
    mailbox.extend([news(1), news(0)])
    assert mailbox.take()[2:] == [news(0)]
    assert len(mailbox._known) == MOST_KNOWN


def test_remarks_stay() -> None:
    mailbox = HeadlinesMailbox()
    odd = OddValue("TickNews", "time", "x", "a moment")
    mailbox.extend([odd, news(1)])
    assert mailbox.take() == [odd, news(1)]
