"""The file in which bars are gathered: what is in it survives whatever happens, and a later command can go on with it.

Its first line says what was asked, each further one is a window of one contract with all its bars, in JSON. A line that
was cut off, as where the power failed, is dropped. When all windows are there, the file that was wanted is made of it,
under another name, and then put into its place at once: who looks there finds the old file or the new one, and never a
half of one.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

from anytws.cli.bar_rows import places_in, plain
from anytws.errors import printable
from anytws.machines.bars import Bar
from anytws.machines.windows import Window

SUFFIX: Final = ".part"
_KIND: Final = "anytws bars 1"
_VOLUME, _AVERAGE = 6, 7
"""Where the amounts stand in a row that has no symbol."""


class PartError(ValueError):
    """The file cannot be gone on with. The text says why."""


class Part:
    """The gathered windows of a download, in a file.

    *asked* is what the command was given; a file that was begun with something else is refused (`PartError`). *begin*
    and *end* are the time that is wanted; of a file that is gone on with its own.
    """

    def __init__(self, path: Path, file: IO[bytes], begin: datetime, end: datetime, *, is_daily: bool) -> None:
        self.path: Final = path
        self.begin: Final = begin
        self.end: Final = end
        self._file = file
        self._is_daily = is_daily
        self._places: dict[str, list[tuple[datetime, datetime, int]]] = {}
        """Where the windows of each contract stand: their begin, end and the place of their line."""
        self.bars: int = 0
        """How many there are in all."""
        self.volume_places: int = 0
        """Places behind the point of the finest volume, for who has to say it beforehand."""
        self.average_places: int = 0

    @classmethod
    def begun(cls, path: Path, asked: Mapping[str, Any], begin: datetime, end: datetime, *, is_daily: bool) -> Part:
        """Begin a new one. Raises `OSError`, and `FileExistsError` where there is one."""
        file = path.open("xb+")
        head = {"file": _KIND, "asked": asked, "begin": begin.isoformat(), "end": end.isoformat()}
        file.write(json.dumps(head).encode() + b"\n")
        file.flush()
        return cls(path, file, begin, end, is_daily=is_daily)

    @classmethod
    def resumed(cls, path: Path, asked: Mapping[str, Any], *, is_daily: bool) -> Part:
        """Go on with one. Raises `OSError`, and `PartError` for what is none, or is one of another command."""
        file = path.open("rb+")
        try:
            begin, end = _span_in(_object_in(file.readline()), path, asked)
            part = cls(path, file, begin, end, is_daily=is_daily)
            part._read()
        except BaseException:
            file.close()
            raise
        return part

    def _read(self) -> None:
        """Note where everything stands. What is behind the last whole line is cut off."""
        whole = self._file.tell()
        while line := self._file.readline():
            row = _object_in(line)
            if row is None or not self._note(row, whole):
                break
            whole = self._file.tell()
        self._file.seek(whole)
        self._file.truncate()

    def _note(self, row: dict[str, Any], place: int) -> bool:
        try:
            symbol, bars = row["symbol"], row["bars"]
            begin, end = (datetime.fromisoformat(row[name]) for name in ("begin", "end"))
            self.volume_places = max(self.volume_places, places_in([bar[_VOLUME] for bar in bars]))
            self.average_places = max(self.average_places, places_in([bar[_AVERAGE] for bar in bars]))
        except (ArithmeticError, LookupError, TypeError, ValueError):
            return False
        self._places.setdefault(symbol, []).append((begin, end, place))
        self.bars += len(bars)
        return True

    def windows(self, symbol: str) -> list[tuple[datetime, datetime]]:
        """Give what there is of *symbol*, as `Historical.download` takes it."""
        return [(begin, end) for begin, end, _ in self._places.get(symbol, ())]

    def count(self) -> int:
        """Tell how many windows there are."""
        return sum(map(len, self._places.values()))

    def take(self, symbol: str, window: Window, bars: Sequence[Bar]) -> None:
        """Gather one window. Raises `OSError`."""
        place = self._file.seek(0, os.SEEK_END)
        row = {
            "symbol": symbol,
            "begin": window.begin.isoformat(),
            "end": window.end.isoformat(),
            "bars": [plain(bar, is_daily=self._is_daily) for bar in bars],
        }
        self._file.write(json.dumps(row).encode() + b"\n")
        # So that it is there if this process is killed.
        self._file.flush()
        self._note(row, place)

    def rows(self, symbols: Iterable[str]) -> Iterator[list[list[Any]]]:
        """Give the rows of *symbols*, each whole and in the order of time, a window at a time."""
        for symbol in symbols:
            for _, _, place in sorted(self._places.get(symbol, ())):
                self._file.seek(place)
                bars: list[list[Any]] = json.loads(self._file.readline())["bars"]
                if bars:
                    yield [[symbol, *bar] for bar in bars]

    def close(self) -> None:
        """Leave it as it is."""
        self._file.close()

    def remove(self) -> None:
        """Close it, and take it away: what was in it is elsewhere, or there is nothing in it."""
        self._file.close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


def _span_in(head: dict[str, Any] | None, path: Path, asked: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """Give the time that is wanted, by the first line of a file. Raises `PartError`."""
    name = printable(str(path))
    if head is None or head.get("file") != _KIND:
        raise PartError(f"{name} is no part of a download")
    if head.get("asked") != json.loads(json.dumps(asked)):
        raise PartError(f"{name} was begun by a command that asked for something else: remove it, or ask for the same")
    try:
        begin, end = (datetime.fromisoformat(head[each]) for each in ("begin", "end"))
    except (KeyError, TypeError, ValueError):
        raise PartError(f"{name} is no part of a download") from None
    return begin, end


def _object_in(line: bytes) -> dict[str, Any] | None:
    """Give the object in *line*; None where it is none, or was cut off."""
    if not line.endswith(b"\n"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
