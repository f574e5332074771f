"""A simulated day as one file of TOML: its settings, its instruments, its trouble.

::

    [settings]                            # the fields of WorldSettings
    seed = 7
    epoch_at_zero = 2026-11-01T05:30:00Z  # the night in which clocks are set back in New York
    utc_offset = -14400                   # seconds

    [[instrument]]                        # and the other tables of anytws.simulator.universe.file
    like = "us_stock"
    symbol = "ACME"
    price = 42

    [[events]]                            # see anytws.simulator.faults
    at = 1800
    do = "change_settings"
    change = { utc_offset = -18000 }
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from anytws.errors import in_a_sentence
from anytws.simulator.faults.file import EVENTS, read_events, write_script
from anytws.simulator.faults.plain import Misplaced, read_table, write_table
from anytws.simulator.faults.script import Script
from anytws.simulator.faults.toml import write_key, write_line
from anytws.simulator.settings import WorldSettings

if TYPE_CHECKING:
    from anytws.simulator.universe.universe import Universe

SETTINGS: Final = "settings"
"""The name of the table of settings."""


_USUAL: Final = WorldSettings()
_QUIET: Final = Script()


class CaseError(ValueError):
    """A file that is not what was wanted: it says which file, which table and key, what was seen, what was wanted."""


@attrs.frozen
class Case:
    """What a file says: how a world is, and what it meets. ``World(case.settings, script=case.script)``."""

    settings: WorldSettings = _USUAL
    """The settings."""
    script: Script = _QUIET
    """The trouble."""
    instruments: str = ""
    """The tables of instruments of one's own, as TOML; empty: there are none."""

    @property
    def universe(self) -> Universe | None:
        """The instruments, those that are built in among them; None: there are no others. Raises `ValueError`."""
        if not self.instruments:
            return None
        from anytws.simulator.universe.universe import usual_universe  # noqa: PLC0415 (for such files only)

        return usual_universe().with_file(self.instruments)


def read_world(text: str, name: str = "a file", *, settings: WorldSettings | None = None) -> Case:
    """Give what *text*, that of the file called *name*, says; *settings* hold where it says nothing of a setting.

    Raises `CaseError`, a `ValueError`.
    """
    import tomllib  # noqa: PLC0415 (for files only)

    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise CaseError(f"{name}: this is not TOML: {problem}") from problem
    base = WorldSettings() if settings is None else settings
    try:
        said = read_table(tables.pop(SETTINGS, {}), WorldSettings, SETTINGS, based_on=base)
        script = read_events(tables.pop(EVENTS, []))
        case = Case(said, script, _written(tables))
        # Asked for once, so that what is wrong with it is said now.
        _ = case.universe
    except Misplaced as problem:
        raise CaseError(f"{name}: {problem}") from problem
    except ValueError as problem:
        raise CaseError(f"{name}: {in_a_sentence(str(problem), 500)}") from problem
    return case


def write_world(case: Case) -> str:
    """Give the file of *case*: what is read back is equal to it.

    Raises `ValueError` for what a file cannot hold.
    """
    parts = []
    changed = write_table(case.settings)
    if changed:
        parts.append(f"[{SETTINGS}]\n" + "".join(write_line(name, value) for name, value in changed.items()))
    if case.instruments:
        parts.append(case.instruments)
    if case.script.events:
        parts.append(write_script(case.script))
    return "\n".join(parts)


def _written(tables: dict[str, Any]) -> str:
    """Give *tables* as TOML again, each in its own place: whoever reads instruments reads text."""
    parts = []
    for name, table in tables.items():
        rows = table if isinstance(table, list) else [table]
        for row in rows:
            if not isinstance(row, dict):
                raise Misplaced(name, row, f"a table: there are [{SETTINGS}], [[{EVENTS}]] and those of instruments")
            head = f"[[{write_key(name)}]]" if isinstance(table, list) else f"[{write_key(name)}]"
            parts.append(f"{head}\n" + "".join(write_line(key, held) for key, held in row.items()))
    return "\n".join(parts)
