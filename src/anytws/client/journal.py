"""Journals of orders that are files: what may be out there is known to the next process, also after ``kill -9``.

::

    async with anytws.connect(port=7497, client_id=1, journal=anytws.FileJournal("orders.journal")) as tws: ...

An order is written before a byte of it leaves. Given to the system it survives the end of this process in any way;
``durable=True`` has the disk take it too, for the case that the machine loses power, and costs a wait for the disk
with each order.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, cast

from anytws.core.arguments import check_flag
from anytws.errors import JournalDamaged, JournalInUse, NotJournaled, shown
from anytws.machines.journal import KEPT_ENDED, Entry, Picture, Placed
from anytws.machines.journal_lines import HEADER, LineError, entry_of_line, line_of

_SPARE_LINES: Final = 100
_SPARE: Final = 1_048_576
"""A file is written anew when it is so many bytes longer than it need be, and longer than twice that."""
IN_USE: Final = "another process, or another journal of this process, writes to it"


class JournalOnDisk:
    """What both kinds have in common: they are held by one at a time, as often as that one likes."""

    def __init__(self, path: str | os.PathLike[str], durable: bool, keep_ended: int) -> None:
        # What somebody gives who has no type checker.
        named = cast("object", path)
        if not isinstance(named, str | os.PathLike) or not os.fspath(path):
            raise TypeError(f"path is {shown(named)}, and has to name a file, such as 'orders.journal'")
        check_flag("durable", durable)
        if keep_ended < 0:
            raise ValueError(f"keep_ended is {keep_ended}, and has to be 0 or more")
        self.path: str = str(Path(path).absolute())
        """Where it is."""
        self.durable: bool = durable
        """Whether the disk has to have taken an order before it leaves."""
        self.keep_ended: int = keep_ended
        """How many ended orders it remembers."""
        self._holders = 0
        self._picture = Picture(keep_ended)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r})"

    def open(self) -> None:
        """Take hold of it; each is undone by one `close`. Raises `JournalError`."""
        if not self._holders:
            self._take()
        self._holders += 1

    def close(self) -> None:
        """Let go of it."""
        self._holders -= 1
        if not self._holders:
            self._let_go()

    def read(self) -> Picture:
        """Give what is in it."""
        self._require_open()
        return self._picture

    def _require_open(self) -> None:
        if not self._holders:
            raise ValueError(f"the journal {self.path!r} is not open: give it to connect(), or call open()")

    def _take(self) -> None:
        raise NotImplementedError

    def _let_go(self) -> None:
        raise NotImplementedError


class FileJournal(JournalOnDisk):
    """A journal of lines, each one entry as JSON. Beside it is ``<path>.lock``, by which it has one writer at a time.

    *keep_ended* is how many orders that have ended it remembers, so that their references are not used again. The file
    is written anew, as small as can be, when it is opened and has much that need not be there, and whenever it has
    become more than twice as long, and a mebibyte.
    """

    def __init__(self, path: str | os.PathLike[str], *, durable: bool = False, keep_ended: int = KEPT_ENDED) -> None:
        super().__init__(path, durable, keep_ended)
        self._file: IO[bytes] | None = None
        self._lock: IO[bytes] | None = None
        self._size = 0
        self._needed = 0
        """How long the file was when it was written anew."""
        self._trouble = ""
        """Why nothing can be added any more: half a line is in it that could not be taken out."""

    def write(self, *entries: Entry) -> None:
        """Add *entries*, all or none. Raises `NotJournaled`."""
        self._require_open()
        if self._trouble:
            raise NotJournaled(self.path, self._trouble)
        assert self._file is not None, "it is open"
        data = b"".join(map(line_of, entries))
        try:
            _write_all(self._file, data)
            if self.durable and any(isinstance(entry, Placed) for entry in entries):
                os.fsync(self._file.fileno())
        except OSError as problem:
            self._take_out()
            raise NotJournaled(self.path, f"cannot be written to: {problem}") from problem
        self._size += len(data)
        for entry in entries:
            self._picture.take(entry)
        self._picture.forgotten.clear()
        if self._size > 2 * self._needed + _SPARE:
            # What has been written is in it whether or not this goes well.
            with suppress(OSError):
                self._write_anew()

    def _take_out(self) -> None:
        """Take out what was written in part."""
        assert self._file is not None, "it is open"
        try:
            os.ftruncate(self._file.fileno(), self._size)
        except OSError as problem:
            self._trouble = f"a line could be written in part only, and not be taken out again: {problem}"

    def _take(self) -> None:
        self._lock = _locked(self.path)
        try:
            self._picture, self._trouble = Picture(self.keep_ended), ""
            if self._read():
                self._file = opened(self.path, os.O_APPEND)
            else:
                self._write_anew()
        except OSError as problem:
            self._let_go()
            raise NotJournaled(self.path, f"cannot be opened: {problem}") from problem
        except BaseException:
            self._let_go()
            raise

    def _let_go(self) -> None:
        for file in (self._file, self._lock):
            if file is not None:
                file.close()
        self._file = self._lock = None

    def _read(self) -> bool:
        """Read what is there; tell whether it can be gone on with as it is: whole, and not much longer than need be."""
        try:
            data = Path(self.path).read_bytes()
        except FileNotFoundError:
            return False
        lines = data.split(b"\n")
        rest = lines.pop()
        if lines and not lines[0].startswith(HEADER[:20]):
            raise JournalDamaged(self.path, "is not the first line of a journal", 1)
        for number, line in enumerate(lines, 1):
            try:
                entry = entry_of_line(line + b"\n")
            except (LineError, ValueError) as problem:
                raise JournalDamaged(self.path, str(problem), number) from None
            if entry is not None:
                self._picture.take(entry)
        if rest:
            self._take_rest(rest, len(lines) + 1)
        self._size = self._needed = len(data)
        picture = self._picture
        needed = 3 * (len(picture.open) + len(picture.ended)) + len(picture.sums) + _SPARE_LINES
        return bool(lines) and not rest and len(lines) <= needed

    def _take_rest(self, rest: bytes, number: int) -> None:
        """Take the last line, which has no end: what it says if it is whole, else nothing."""
        if number == 1 and not HEADER.startswith(rest):
            raise JournalDamaged(self.path, "is not the first line of a journal", number)
        try:
            entry = entry_of_line(rest + b"\n")
        except (LineError, ValueError):
            self._picture.remarks.append(
                f"line {number}, the last one, was cut short after {len(rest)} bytes, and is left out: it was being "
                "written when the process or the machine went down. If it was an order, it has not left, unless the "
                "machine lost power"
            )
            return
        if entry is not None:
            # It lacks its end alone. Rather one too many that may be out there.
            self._picture.take(entry)

    def _write_anew(self) -> None:
        """Write the file as small as can be, beside the old one, and put it in its place."""
        beside = f"{self.path}.new"
        data = HEADER + b"".join(map(line_of, self._picture.entries()))
        with opened(beside, os.O_TRUNC) as file:
            _write_all(file, data)
            os.fsync(file.fileno())
        if self._file is not None:
            # What is open cannot be replaced everywhere.
            self._file.close()
        try:
            Path(beside).replace(self.path)
            self._size = self._needed = len(data)
        finally:
            self._file = opened(self.path, os.O_APPEND)


def opened(path: str, flags: int) -> IO[bytes]:
    """Open what is to be written. It names accounts and orders, so nobody else may read it."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | flags | getattr(os, "O_BINARY", 0), 0o600), "wb", 0)


def _write_all(file: IO[bytes], data: bytes) -> None:
    """Write *data* at once. Raises `OSError` where that cannot be done: the disk is full."""
    written = file.write(data)
    if written != len(data):
        raise OSError(f"{written} of {len(data)} bytes could be written")


def _locked(path: str) -> IO[bytes]:
    """Give a lock on *path*, which goes with this process. Raises `JournalInUse`, `NotJournaled`."""
    try:
        lock = opened(f"{path}.lock", os.O_APPEND)
    except OSError as problem:
        raise NotJournaled(path, f"cannot be opened: {problem}") from problem
    try:
        _lock(lock)
    except OSError:
        lock.close()
        raise JournalInUse(path, IN_USE) from None
    return lock


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
