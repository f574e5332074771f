"""What things are called, and how they are told, in `anytws.sync`: the async side's words for threads that wait."""

from __future__ import annotations

import re
from typing import Final

LASTING: Final = (
    "Download", "EventStream", "Feed", "Feeds", "FillStream", "HealthChanges", "PresenceChanges", "Sent", "ShownGroup",
    "Stream", "TradeChanges", "TradeStream", "Watch",
)  # fmt: skip
"""The classes of what lasts. Each has one in `anytws.sync` with ``Sync`` in front of its name."""
TOPICS: Final = {
    "Accounts": "accounts",
    "Advisors": "advisors",
    "Config": "config",
    "Contracts": "contracts",
    "DisplayGroups": "display_groups",
    "HealthTopic": "health",
    "Historical": "historical",
    "MarketData": "market_data",
    "News": "news",
    "Orders": "orders",
    "PresenceTopic": "presence",
    "Scanner": "scanner",
    "Wsh": "wsh",
}
"""The classes of the topics, likewise, and the module of each."""
OBJECTS: Final = {**TOPICS, "Trade": "trade"}
"""The classes of all that lives in the loop of a connection, and for which proxies are made of their classes."""
HOLDERS: Final = frozenset({"Fate", "OrderPicture", "PartialOrderPicture", "TradeChange"})
"""Records that hold such objects. Here they hold proxies."""
TYPED: Final = {"OrderPicture": "order_picture", "TradeChange": "order_streams"}
"""Those of them that are another class to type checkers, which are told of the proxies. At run time it is the same."""
_OTHERS: Final = ("Bracket", "Tws")

_CHANGED: Final = re.compile(rf"\b(?:{'|'.join([*LASTING, *OBJECTS, *TYPED, *_OTHERS])})\b")
_WORDS: Final = (
    (re.compile(r"\basync (with|for)\b"), r"\1"),
    (re.compile(r"``await`` what this gives"), "``wait()`` for what this gives"),
    (re.compile(r"\bawait (?=[\w`])"), ""),
    (re.compile(r"\ban async iterator\b"), "an iterator"),
    (re.compile(r"\bAn async iterator\b"), "An iterator"),
    # There is no wrong one.
    (re.compile(r"\s*Raises `WrongThread`[^.]*\."), ""),
)
_RAISES: Final = "\n    Raises `ConnectError`"
_HOW_IT_ENDS: Final = """
    What this gives can be used at once, from any thread, and is closed by ``close()``, at the end of a ``with`` block,
    or when the interpreter ends. *on_waiting* and *hook* are called in the thread of the connection's own event loop.

    Raises `ConnectError`, or the one of its kinds that fits, when the connection does not become ready. When it ends
    later, every method that is called raises `ConnectionClosed`, and so does leaving the block.
    """


_STAYS: Final = {
    ": a block with the same verbs as `connect` gives.": ", with the same verbs as `connect` gives.",
    "The block is entered when TWS is ready the first time, and lives through": (
        "This returns when TWS is ready the first time, and what it gives lives through"
    ),
    "while the block\n    is not entered, and `Tws.presence` does inside.": (
        "until\n    it returns, and `Tws.presence` does then."
    ),
    "What is inside: streams go on": "Streams go on",
}
"""What is told of the block, and how it is without one."""
_HOW_IT_IS_HOPELESS: Final = """
    What this gives can be used from any thread, and is closed by ``close()``, at the end of a ``with`` block, or when
    the interpreter ends; that takes a second at most, whatever TWS does. *on_presence*, *on_waiting*, *hook*, and what
    a gate looks at, are called in the thread of the connection's own event loop.

    Raises `ConnectError`, or the one of its kinds that fits, when trying again is hopeless before it is ready, or takes
    longer than ``policy.enter_within``. When it is hopeless later, every method that is called raises
    `ConnectionClosed`, and so does leaving the block: here that is the end of everything.
    """


def sync_type(annotation: str) -> str:
    """Give *annotation*, of what an async verb gives, with the classes of `anytws.sync`."""
    return _CHANGED.sub(r"Sync\g<0>", annotation)


def sync_words(text: str) -> str:
    """Give the docstring *text* of an async thing as it is true of its proxy."""
    for old, new in _WORDS:
        text = old.sub(new, text)
    return text


def connect_words(text: str) -> str:
    """Give the docstring *text* of the async ``connect`` as it is true of the other one."""
    first, _, rest = text.partition("\n")
    told = rest.partition(_RAISES)[0]
    return sync_words(f"{first.partition(';')[0]}, and wait until requests may be made.\n{told}{_HOW_IT_ENDS}")


def keep_words(text: str) -> str:
    """Give the docstring *text* of the async ``keep_connected`` as it is true of the other one."""
    told = text.partition(_RAISES)[0]
    for old, new in _STAYS.items():
        told = told.replace(old, new)
    return sync_words(f"{told}{_HOW_IT_IS_HOPELESS}")
