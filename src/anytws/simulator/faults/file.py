"""Scripts as tables of TOML, and back.

An event is one table: when it happens, ``do`` with the word of what happens, and the values of that, side by side::

    [[events]]
    at = 300                              # seconds after the start
    do = "connection_lost"
    seconds = 40
    data_lost = true

    [[events]]
    on = "PlaceOrderRequest"
    where = { "contract.symbol" = "AAPL" }
    nth = 3
    do = "never_answer"

    [[events]]
    clock = "23:45"                       # each day, on the clock of the wall
    do = "nightly_restart"
    stale_seconds = 30
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from anytws.messages.base import ToClient
from anytws.simulator.faults.plain import Misplaced, Table, read, read_table, say_by_name, write_table
from anytws.simulator.faults.script import WORDS, Event, Script
from anytws.simulator.faults.toml import write_line
from anytws.simulator.faults.triggers import (
    AfterBytes,
    AfterConnections,
    AfterMessages,
    At,
    AtClock,
    On,
    Trigger,
    said_messages,
)
from anytws.simulator.faults.words import Fault, Refused, word_of

EVENTS: Final = "events"
"""The name of the tables of events."""

_DO: Final = "do"
_TOLD_BY: Final[dict[str, type[Trigger]]] = {
    "at": At,
    "clock": AtClock,
    "on": On,
    "after_messages": AfterMessages,
    "after_connections": AfterConnections,
    "after_bytes": AfterBytes,
}
"""The key that tells which trigger a table has; it is the first field of it."""
_COMMON: Final = ("clients", "chance")

say_by_name(ToClient, said_messages)


def read_events(tables: object) -> Script:
    """Give the script that *tables*, as TOML has them under ``events``, say.

    Raises `Misplaced`, which names the table, the key, what was seen and what was wanted.
    """
    if not isinstance(tables, Sequence) or isinstance(tables, str):
        raise Misplaced(EVENTS, tables, "tables, each with [[events]] above it")
    events = [_read_event(table, f"{EVENTS}[{place}]") for place, table in enumerate(tables, 1)]
    return Script(events)


def write_script(script: Script) -> str:
    """Give the tables of *script* as TOML: what is read back is equal to it.

    Raises `ValueError` for what a file cannot hold: half a character, or a message with a value that has no form there.
    """
    return "\n".join(f"[[{EVENTS}]]\n" + "".join(_lines(event)) for event in script.events)


def event_table(event: Event) -> Table:
    """Give the table of *event*. Raises `ValueError` as `write_script` does."""
    table = write_table(event.when)
    table[_DO] = word_of(type(event.do))
    table.update(write_table(event.do))
    if event.clients:
        table["clients"] = list(event.clients)
    if event.chance != 1.0:
        table["chance"] = event.chance
    return table


def _lines(event: Event) -> list[str]:
    return [write_line(name, value) for name, value in event_table(event).items()]


def _read_event(table: object, path: str) -> Event:
    if not isinstance(table, Mapping):
        raise Misplaced(path, table, "a table")
    trigger, fault = _trigger_of(table, path), _fault_of(table, path)
    of_trigger, of_fault = _names(trigger), _names(fault)
    known = {*of_trigger, *of_fault, *_COMMON, _DO}
    for name, held in table.items():
        if name not in known:
            others = sorted({*of_fault, *of_trigger[1:], *_COMMON})
            wanted = f"left out: {word_of(fault)} with {of_trigger[0]} has {', '.join(others)}"
            raise Misplaced(f"{path}.{name}", held, wanted)
    when = read_table({name: table[name] for name in of_trigger if name in table}, trigger, path)
    do = read_table({name: table[name] for name in of_fault if name in table}, fault, path)
    common = {
        "clients": read(table.get("clients", []), tuple[int, ...], f"{path}.clients"),
        "chance": read(table.get("chance", 1.0), float, f"{path}.chance"),
    }
    try:
        return Event(when, do, **common)
    except Refused as problem:
        where = f"{path}.{problem.field}" if problem.field in table else path
        raise Misplaced(where, table.get(problem.field, table), problem.wanted) from problem


def _trigger_of(table: Mapping[str, Any], path: str) -> type[Trigger]:
    named = [key for key in _TOLD_BY if key in table]
    if len(named) != 1:
        raise Misplaced(path, table, f"when it happens: one of {', '.join(_TOLD_BY)}")
    return _TOLD_BY[named[0]]


def _fault_of(table: Mapping[str, Any], path: str) -> type[Fault]:
    word = table.get(_DO)
    if not isinstance(word, str) or word not in WORDS:
        raise Misplaced(f"{path}.{_DO}", word, f"one of {', '.join(WORDS)}")
    return WORDS[word]


def _names(cls: type[Any]) -> list[str]:
    return [field.name for field in attrs.fields(cls)]
