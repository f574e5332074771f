"""Every message there is, and how to find its entry.

A table is loaded when the first of its messages is used, and no other with it: a program that trades one future need
not wait for the rows of scanners and bonds. What is sent tells its table by its class, what is heard by its id
(`IDS`). `CATALOGUE` loads them all.

Several event loops may run in several threads of one process, and all have this one catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from anytws.messages.base import Message, Side
from anytws.wire.rows import Entry
from anytws.wire.tables.session import SESSION

_Table: TypeAlias = tuple[Entry, ...]

if TYPE_CHECKING:
    CATALOGUE: tuple[Entry, ...]
    """All entries. A message that is not here does not exist."""


DOMAINS: Final = (
    "session", "orders", "executions", "accounts", "market_data", "contracts", "historical", "news", "scanner",
    "advisors", "display_groups", "wsh", "config", "linking",
)  # fmt: skip
"""The files that messages and tables are in, in the order of `CATALOGUE`."""

IDS: Final[Mapping[Side, Mapping[str, tuple[int, ...]]]] = {
    Side.CLIENT: {
        "session": (8, 14, 17, 49, 71, 105),
        "orders": (3, 4, 5, 15, 16, 58, 99),
        "executions": (7, 21),
        "accounts": (6, 61, 62, 63, 64, 74, 75, 76, 77, 79, 80, 92, 93, 94, 95, 104),
        "market_data": (1, 2, 10, 11, 54, 55, 56, 57, 59, 82, 83, 97, 98),
        "contracts": (9, 78, 81, 91, 106),
        "historical": (20, 25, 50, 51, 87, 88, 89, 90, 96, 107),
        "news": (12, 13, 84, 85, 86),
        "scanner": (22, 23, 24),
        "advisors": (18, 19),
        "display_groups": (67, 68, 69, 70),
        "wsh": (100, 101, 102, 103),
        "config": (108, 109),
        "linking": (65, 66, 72, 73),
    },
    Side.TWS: {
        "session": (4, 9, 15, 49, 109),
        "orders": (3, 5, 53, 100, 101, 102),
        "executions": (11, 55, 59),
        "accounts": (6, 7, 8, 54, 61, 62, 63, 64, 71, 72, 73, 74, 77, 78, 94, 95, 107),
        "market_data": (1, 2, 12, 13, 21, 45, 46, 47, 56, 57, 58, 80, 81, 82, 84, 91, 92, 96, 97, 98, 99),
        "contracts": (10, 18, 52, 75, 76, 79, 93),
        "historical": (17, 50, 88, 89, 90, 106, 108),
        "news": (14, 83, 85, 86, 87),
        "scanner": (19, 20),
        "advisors": (16, 103),
        "display_groups": (67, 68),
        "wsh": (104, 105),
        "config": (110, 111),
        "linking": (65, 66, 69, 70),
    },
}  # fmt: skip
"""The ids that each side says, by the table that has them: a table need not be loaded to know that it has not an id."""

_DOMAIN_OF: Final[Mapping[Side, Mapping[int, str]]] = {
    side: {each: domain for domain, ids in tables.items() for each in ids} for side, tables in IDS.items()
}


# ruff: noqa: PLC0415
# Not at the top: a table is an import that takes some ten milliseconds. Each is written out, because importlib would
# hide the module's name from the test of the layers; they are as many branches as tables.
def _table_of(domain: str) -> _Table:  # noqa: C901, PLR0912 (see above)
    match domain:
        case "orders":
            from anytws.wire.tables.orders import ORDERS

            return ORDERS
        case "executions":
            from anytws.wire.tables.executions import EXECUTIONS

            return EXECUTIONS
        case "accounts":
            from anytws.wire.tables.accounts import ACCOUNTS

            return ACCOUNTS
        case "market_data":
            from anytws.wire.tables.market_data import MARKET_DATA

            return MARKET_DATA
        case "contracts":
            from anytws.wire.tables.contracts import CONTRACTS

            return CONTRACTS
        case "historical":
            from anytws.wire.tables.historical import HISTORICAL

            return HISTORICAL
        case "news":
            from anytws.wire.tables.news import NEWS

            return NEWS
        case "scanner":
            from anytws.wire.tables.scanner import SCANNER

            return SCANNER
        case "advisors":
            from anytws.wire.tables.advisors import ADVISORS

            return ADVISORS
        case "display_groups":
            from anytws.wire.tables.display_groups import DISPLAY_GROUPS

            return DISPLAY_GROUPS
        case "wsh":
            from anytws.wire.tables.wsh import WSH

            return WSH
        case "config":
            from anytws.wire.tables.config import CONFIG

            return CONFIG
        case "linking":
            from anytws.wire.tables.linking import LINKING

            return LINKING
        case _:
            return SESSION


BY_CLASS: Final[dict[type[Message], Entry]] = {}
"""The entry of a class, of the tables that have been loaded."""

BY_ID: Final[dict[Side, dict[int, Entry]]] = {side: {} for side in Side}
"""The entries that one side says, by message id, of the tables that have been loaded."""

_LOADED: Final[dict[str, _Table]] = {}


def load(domain: str) -> None:
    """Load the table of *domain*, if it is not loaded."""
    if domain not in _LOADED:
        table = _table_of(domain)
        enter(table)
        # Only now: who finds it here, in another thread, looks for its entries.
        _LOADED[domain] = table


def enter(table: _Table) -> None:
    """Make the entries of *table* known; to do so twice changes nothing, so two threads may do it at once.

    Raises `TypeError` where an entry would take the place of another.
    """
    for entry in table:
        said = BY_ID[entry.said_by]
        if BY_CLASS.get(entry.cls, entry) is not entry or said.get(entry.id, entry) is not entry:
            raise TypeError(f"{entry.name}: two entries of the catalogue share a class, or an id in one direction")
        BY_CLASS[entry.cls] = said[entry.id] = entry


def entry_for(cls: type[Message]) -> Entry:
    """Give the entry of the class *cls*. Raises `TypeError` for what is no message of the catalogue."""
    if cls not in BY_CLASS:
        # A table has the name of the file that its classes are in.
        domain = cls.__module__.rpartition(".")[2]
        if domain in DOMAINS:
            load(domain)
    try:
        return BY_CLASS[cls]
    except KeyError:
        raise TypeError(f"{cls.__name__} is not a message of the catalogue") from None


def entry_of(message: Message) -> Entry:
    """Give the entry of *message*. Raises `TypeError` for what is no message of the catalogue."""
    return entry_for(type(message))


def entry_said(side: Side, message_id: int) -> Entry | None:
    """Give the entry that *side* says with *message_id*, None where it says none."""
    said = BY_ID[side]
    if message_id not in said and (domain := _DOMAIN_OF[side].get(message_id)) is not None:
        load(domain)
    return said.get(message_id)


def __getattr__(name: str) -> Any:
    if name != "CATALOGUE":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    for domain in DOMAINS:
        load(domain)
    return tuple([entry for domain in DOMAINS for entry in _LOADED[domain]])


load("session")
