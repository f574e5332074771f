"""Every message there is, and how to find its entry.

A table is loaded when the first of its messages is met, since a program that trades one future need not wait for the
rows of scanners and bonds. `CATALOGUE` loads them all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from anytws.messages.base import Message, Side
from anytws.wire.rows import Entry
from anytws.wire.tables.session import SESSION

_Table: TypeAlias = tuple[Entry, ...]

if TYPE_CHECKING:
    CATALOGUE: tuple[Entry, ...]
    """All entries. A message that is not here does not exist."""


# ruff: noqa: PLC0415
# A table is an import that takes some ten milliseconds: each has its function, in the order in which an unknown id is
# looked for.


def _orders() -> _Table:
    from anytws.wire.tables.orders import ORDERS

    return ORDERS


def _executions() -> _Table:
    from anytws.wire.tables.executions import EXECUTIONS

    return EXECUTIONS


def _accounts() -> _Table:
    from anytws.wire.tables.accounts import ACCOUNTS

    return ACCOUNTS


def _market_data() -> _Table:
    from anytws.wire.tables.market_data import MARKET_DATA

    return MARKET_DATA


def _contracts() -> _Table:
    from anytws.wire.tables.contracts import CONTRACTS

    return CONTRACTS


def _historical() -> _Table:
    from anytws.wire.tables.historical import HISTORICAL

    return HISTORICAL


def _news() -> _Table:
    from anytws.wire.tables.news import NEWS

    return NEWS


def _scanner() -> _Table:
    from anytws.wire.tables.scanner import SCANNER

    return SCANNER


def _advisors() -> _Table:
    from anytws.wire.tables.advisors import ADVISORS

    return ADVISORS


def _display_groups() -> _Table:
    from anytws.wire.tables.display_groups import DISPLAY_GROUPS

    return DISPLAY_GROUPS


def _wsh() -> _Table:
    from anytws.wire.tables.wsh import WSH

    return WSH


def _linking() -> _Table:
    from anytws.wire.tables.linking import LINKING

    return LINKING


def _config() -> _Table:
    from anytws.wire.tables.config import CONFIG

    return CONFIG


DOMAINS: Final[dict[str, Callable[[], _Table]]] = {
    "session": lambda: SESSION,
    "orders": _orders,
    "executions": _executions,
    "accounts": _accounts,
    "market_data": _market_data,
    "contracts": _contracts,
    "historical": _historical,
    "news": _news,
    "scanner": _scanner,
    "advisors": _advisors,
    "display_groups": _display_groups,
    "wsh": _wsh,
    "config": _config,
    "linking": _linking,
}
"""The files that messages and tables are in, and how to load a table."""


BY_CLASS: Final[dict[type[Message], Entry]] = {}
"""The entry of a class, of the tables that have been loaded."""

BY_ID: Final[dict[Side, dict[int, Entry]]] = {side: {} for side in Side}
"""The entries that one side says, by message id, of the tables that have been loaded."""

_LOADED: Final[dict[str, _Table]] = {}


def _load(domain: str) -> None:
    if domain in _LOADED:
        return
    _LOADED[domain] = table = DOMAINS[domain]()
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
