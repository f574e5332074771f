"""Write the tables of docs/conversations.md: ``python docs/write_conversations.py``; ``--check`` only looks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    # Run as a script, this folder is on the path, and the one above it is not.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from anytws.messages.base import Side
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.conversation import UNASKED, Cancel, ConversationRow, Key, Pace, Resend, Shape
from anytws.wire.rows import Entry
from docs import blocks
from docs.blocks import row

PAGE = Path(__file__).resolve().with_name("conversations.md")

REQUESTS: Final = tuple([entry for entry in CATALOGUE if entry.said_by is Side.CLIENT])

SHAPES: Final = {
    Shape.ONE: "one answer",
    Shape.RUN: "run",
    Shape.STREAM: "stream",
    Shape.RUN_THEN_STREAM: "run, then stream",
    Shape.COMMAND: "command",
}

AGAIN: Final = {Resend.YES: "yes", Resend.NEW_ID: "yes, under a fresh id", Resend.NEVER: "no"}

LIMITS: Final = {
    Pace.NOTHING: "any number",
    Pace.MARKET_DATA: "as many as there are lines, 100 by default",
    Pace.REGULATORY_SNAPSHOT: "one a second",
    Pace.TICK_BY_TICK: "5 % of the lines",
    Pace.DEPTH: "3 instruments, below 400 lines",
    Pace.REAL_TIME_BARS: "a line each; 60 new ones in 10 minutes",
    Pace.HISTORICAL: "50, of all such requests together",
    Pace.SYMBOLS: "one a second",
    Pace.SCANNER: "10",
    Pace.ACCOUNT_SUMMARY: "2",
    Pace.WHAT_IF: "any number; one a minute is advised",
}
"""How many may be open of what has no slot."""


def table(domain: str) -> str:
    """Give the table of the requests of one *domain*, and below it what is not sure about them."""
    entries = [entry for entry in REQUESTS if _domain(entry) == domain]
    head = row("request", "answers", "cancel", "open at once", "again") + row(*["---"] * 5)
    lines = [line for entry in entries for line in _lines(entry)]
    doubts = [f"- `{entry.name}`: {_row(entry).doubts}\n" for entry in entries if _row(entry).doubts]
    return head + "".join(lines) + ("\nNot sure:\n\n" + "".join(doubts) if doubts else "")


def _lines(entry: Entry) -> Iterator[str]:
    facts = _row(entry)
    yield _line(entry, facts, "")
    for variant in facts.variants:
        yield _line(entry, variant.applied_to(facts), variant.when)


def _line(entry: Entry, facts: ConversationRow, when: str) -> str:
    kind = f"{SHAPES[facts.shape]}; {facts.confidence}"
    request = [f"`{entry.name}`", *([f"*{when}*"] if when else []), kind]
    return row("<br>".join(request), _answers(entry, facts), _cancel(facts), _at_once(entry, facts), _again(facts))


def _answers(entry: Entry, facts: ConversationRow) -> str:
    if facts.shape is Shape.COMMAND:
        return "none"
    lines = [f"`{cls.__name__}`" + (", the last one" if cls in facts.ends_after else "") for cls in facts.answers]
    if facts is not entry.conversation and facts.answers == _row(entry).answers:
        lines = ["as above"]
    has_run = facts.shape in (Shape.RUN, Shape.RUN_THEN_STREAM)
    if facts.end is not None and has_run:
        lines.append(f"end: `{facts.end.__name__}`" + (f", from {facts.end_since}" if facts.end_since else ""))
    if facts.ends_when is not None and has_run:
        lines.append("end: one that says so (`is_done`)")
    if facts.deadline is not None:
        lines.append(f"within {facts.deadline:g} s")
    return "<br>".join(lines)


def _cancel(facts: ConversationRow) -> str:
    if facts.cancel is None:
        return ""
    lines = [f"`{_said(facts.cancel)}`"]
    if facts.cancel.receipt is not None:
        lines.append(f"confirmed by {facts.cancel.receipt}")
    if facts.cancel.harmless:
        lines.append(f"harmless: {_listed(sorted(facts.cancel.harmless))}")
    if facts.cancel.after_answer:
        lines.append("after the answer, too")
    if not facts.cancelled_with_caller:
        lines.append("never by itself")
    return "<br>".join(lines)


def _said(cancel: Cancel) -> str:
    fields = [*[f"{name}={value!r}" for name, value in cancel.sets], *[f"{name}=…" for name in cancel.copies]]
    return cancel.by.__name__ + (f"({', '.join(fields)})" if fields else "")


def _at_once(entry: Entry, facts: ConversationRow) -> str:
    if facts.forbidden:
        return "refused"
    if facts.shape is Shape.COMMAND:
        return ""
    if facts.slot is None:
        return LIMITS[facts.pace]
    others = [f"`{other.name}`" for other in REQUESTS if other is not entry and _row(other).slot == facts.slot]
    lines = ["one" + (f", {_listed(others)} counted" if others else "")]
    if facts.key not in (Key.NOTHING, Key.REQUEST_ID):
        lines[0] += f" for each `{facts.key.value}`"
    lines += [f"another `{name}` is refused" for name in facts.exclusive]
    if facts.apart:
        lines.append(f"{facts.apart:g} s apart")
    return "<br>".join(lines)


def _again(facts: ConversationRow) -> str:
    by_itself = "; once by itself" if facts.settles else ""
    return AGAIN[facts.resend] + by_itself + (", not as client 0" if facts.changes_state_as_client_0 else "")


def _listed(items: Iterable[object]) -> str:
    return ", ".join(map(str, items))


def _row(entry: Entry) -> ConversationRow:
    if entry.conversation is None:
        raise TypeError(f"{entry.name} has no conversation: give it one in its table")
    return entry.conversation


def unasked() -> str:
    """Give the list of the messages that answer nothing."""
    return "".join(f"- `{name}` {reason}.\n" for name, reason in UNASKED.items())


def _domain(entry: Entry) -> str:
    return entry.cls.__module__.rpartition(".")[2]


def _block(domain: str) -> Callable[[], str]:
    return lambda: table(domain)


BLOCKS: dict[str, Callable[[], str]] = {
    **{domain: _block(domain) for domain in dict.fromkeys(map(_domain, REQUESTS))},
    "unasked": unasked,
}
"""What a pair of marks holds. The page has each of them once."""


def main(arguments: Sequence[str] | None = None, page: Path = PAGE) -> int:
    """Write or check *page*; give the exit code, 1 if it is stale."""
    return blocks.write(arguments, page, BLOCKS, "write_conversations.py")


if __name__ == "__main__":
    sys.exit(main())
