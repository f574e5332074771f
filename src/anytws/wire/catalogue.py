"""Every message there is, and how to find its entry.

A table is loaded when the first of its messages is used: a program that trades one future need not wait for the rows of
scanners and bonds. `CATALOGUE` loads them all.
"""

from __future__ import annotations

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
"""The files that messages and tables are in, in the order in which an unknown id is looked for."""


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


def _load(domain: str) -> None:
    if domain not in _LOADED:
        _LOADED[domain] = table = _table_of(domain)
        enter(table)


def enter(table: _Table) -> None:
    """Make the entries of *table* known. Raises `TypeError` where one would take the place of another."""
    for entry in table:
        said = BY_ID[entry.said_by]
        if entry.cls in BY_CLASS or entry.id in said:
            raise TypeError(f"{entry.name}: two entries of the catalogue share a class, or an id in one direction")
        BY_CLASS[entry.cls] = said[entry.id] = entry


def entry_for(cls: type[Message]) -> Entry:
    """Give the entry of the class *cls*. Raises `TypeError` for what is no message of the catalogue."""
    if cls not in BY_CLASS:
        # A table has the name of the file that its classes are in.
        domain = cls.__module__.rpartition(".")[2]
        if domain in DOMAINS:
            _load(domain)
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
    for domain in DOMAINS:
        if message_id in said:
            break
        _load(domain)
    return said.get(message_id)


def __getattr__(name: str) -> Any:
    if name != "CATALOGUE":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    for domain in DOMAINS:
        _load(domain)
    return tuple([entry for domain in DOMAINS for entry in _LOADED[domain]])


_load("session")
