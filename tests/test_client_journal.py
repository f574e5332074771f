"""Journals in files: both kinds by one contract, files that were cut short or changed, full disks, one writer."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from anytws import FileJournal, JournalDamaged, JournalInUse, NotJournaled, SqliteJournal
from anytws.client import journal as module
from anytws.machines.journal import Ended, Entry, Floor, Journal, Named, Picture, Placed
from anytws.machines.order_state import OrderOutcome

AT = datetime(2026, 7, 6, 14, 30, tzinfo=UTC)
KINDS = [FileJournal, SqliteJournal]


@pytest.fixture(params=KINDS)
def kind(request) -> type[FileJournal | SqliteJournal]:
    return request.param


@contextmanager
def held(journal: Journal) -> Iterator[Journal]:
    journal.open()
    try:
        yield journal
    finally:
        journal.close()


def placed(order_id: int, ref: str = "", **more: object) -> Placed:
    return Placed(AT + timedelta(seconds=order_id), 1, order_id, False, ref, ("DU1",), f"BUY {order_id}", **more)


def ended(order_id: int, outcome: OrderOutcome = OrderOutcome.FILLED) -> Ended:
    return Ended(AT, 1, order_id, outcome, Decimal(order_id), 1.5)


SOME: list[Entry] = [
    placed(5, "a", version=176, frame=b"\0\0\0\5abcde", quantity=Decimal("1.5"), value=Decimal(300), currency="USD"),
    placed(6, "b"),
    Named(AT, 1, 5, 2**40),
    Placed(AT, 1, 6, True, "b", (), "change", 200, b"xyz"),
    ended(5),
    placed(9),
    Floor(3, 77),
    Placed(AT, 2, 40, False, "é \n ünicode", ("DU1", "DU2")),
    Named(AT, 1, 5, 7),
    ended(6, OrderOutcome.REJECTED),
    Ended(AT, 1, 6, OrderOutcome.OPEN),
]


def seen(picture: Picture) -> object:
    # In which order open ones are told is nobody's business.
    return sorted(picture.open.items()), [*picture.ended.items()], picture.floors, picture.sums


def pictured(entries: list[Entry], kept_ended: int = 10_000) -> Picture:
    picture = Picture(kept_ended)
    for entry in entries:
        picture.take(entry)
    return picture


def test_what_is_written_is_there_for_the_next_one(kind, tmp_path):
    path = tmp_path / "orders"
    for count in range(len(SOME) + 1):
        with held(kind(path)) as journal:
            assert seen(journal.read()) == seen(pictured(SOME[:count]))
            if count < len(SOME):
                journal.write(SOME[count])


def test_several_are_written_at_once(kind, tmp_path):
    with held(kind(tmp_path / "orders", durable=True)) as journal:
        journal.write(*SOME)
        assert seen(journal.read()) == seen(pictured(SOME))
    with held(kind(tmp_path / "orders")) as journal:
        assert seen(journal.read()) == seen(pictured(SOME))


def test_it_remembers_as_many_ended_ones_as_it_should(kind, tmp_path):
    path = tmp_path / "orders"
    with held(kind(path, keep_ended=3)) as journal:
        for number in range(1, 9):
            journal.write(placed(number), ended(number))
        assert [key[1] for key in journal.read().ended] == [6, 7, 8]
    with held(kind(path, keep_ended=3)) as journal:
        assert [key[1] for key in journal.read().ended] == [6, 7, 8]
        # No id is used again for that.
        assert journal.read().floors == {1: 9}


def test_it_has_one_writer_at_a_time(kind, tmp_path):
    path = tmp_path / "orders"
    first = kind(path)
    with held(first):
        with pytest.raises(JournalInUse, match="another"):
            kind(path).open()
        # The same object is held by whoever has it: two connections of one program, say.
        with held(first):
            first.write(placed(1))
        first.write(placed(2))
    with held(kind(path)) as second:
        assert len(second.read().open) == 2


def test_it_goes_with_its_process(kind, tmp_path):
    path = tmp_path / "orders"
    program = f"""
import os, signal
from anytws import {kind.__name__}
from anytws.machines.journal import Placed
from datetime import datetime, UTC
journal = {kind.__name__}({str(path)!r})
journal.open()
for number in range(1, 30):
    journal.write(Placed(datetime.now(UTC), 1, number, False, str(number)))
os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", program], check=False)
    assert killed.returncode < 0
    with held(kind(path)) as journal:
        assert len(journal.read().open) == 29
        assert journal.read().remarks == []


def test_what_is_no_journal_is_not_touched(kind, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_bytes(b"to be kept\n" * 200)
    with pytest.raises(JournalDamaged):
        kind(path).open()
    assert path.read_bytes() == b"to be kept\n" * 200


def test_what_cannot_be_opened_is_told(kind, tmp_path):
    with pytest.raises(NotJournaled, match="cannot be opened"):
        kind(tmp_path / "no such folder" / "orders").open()


def test_nobody_else_may_read_it(kind, tmp_path):
    with held(kind(tmp_path / "orders")) as journal:
        journal.write(placed(1))
        modes = {file.stat().st_mode & 0o077 for file in tmp_path.iterdir()}
    assert modes == {0} or sys.platform == "win32"


@pytest.mark.parametrize(
    "made, problem",
    [
        (lambda kind: kind(7), TypeError),
        (lambda kind: kind(""), TypeError),
        (lambda kind: kind("x", durable=1), TypeError),
        (lambda kind: kind("x", keep_ended=-1), ValueError),
        (lambda kind: kind("x").read(), ValueError),
        (lambda kind: kind("x").write(placed(1)), ValueError),
    ],
)
def test_what_makes_no_journal_is_refused(kind, made, problem):
    with pytest.raises(problem):
        made(kind)


# --- files -----------------------------------------------------------------------------------------------------------


def test_a_file_that_was_cut_anywhere_tells_what_was_written_before(tmp_path, monkeypatch):
    # To wait for the disk a thousand times is not what is tried here.
    monkeypatch.setattr(os, "fsync", lambda _: None)
    path = tmp_path / "orders"
    marks = []
    some = [SOME[1], Named(AT, 1, 6, 7), ended(6)]
    with held(FileJournal(path)) as journal:
        marks.append(path.stat().st_size)
        for entry in some:
            journal.write(entry)
            marks.append(path.stat().st_size)
    whole = path.read_bytes()
    assert len(whole) == marks[-1]
    pictures = [seen(pictured(some[:count])) for count in range(len(some) + 1)]
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        # A line is whole already where it lacks its end alone.
        count = sum(mark <= length + 1 for mark in marks) - 1
        with held(FileJournal(path)) as journal:
            assert seen(journal.read()) == pictures[max(count, 0)], length
            is_cut = length not in (0, *marks, *[mark - 1 for mark in marks])
            assert bool(journal.read().remarks) is is_cut, length
    # What was cut short is out of it, and not said twice.
    path.write_bytes(whole[:-9])
    for remarks in (1, 0):
        with held(FileJournal(path)) as journal:
            assert len(journal.read().remarks) == remarks


def test_a_changed_byte_is_told_with_its_line(tmp_path):
    path = tmp_path / "orders"
    with held(FileJournal(path)) as journal:
        journal.write(*SOME)
    whole = path.read_bytes()
    lines = whole.split(b"\n")
    for number in (1, 2, 5, len(lines) - 1):
        start = sum(len(line) + 1 for line in lines[: number - 1])
        for at in (start, start + 12, start + len(lines[number - 1]) - 2):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            with pytest.raises(JournalDamaged, match=f"line {number}") as told:
                FileJournal(path).open()
            assert told.value.line == number
    # It is as it was, for who wants to look.
    assert len(path.read_bytes()) == len(whole)
    path.write_bytes(whole)
    with held(FileJournal(path)) as journal:
        assert seen(journal.read()) == seen(pictured(SOME))


def test_a_newer_form_is_not_guessed_at(tmp_path):
    path = tmp_path / "orders"
    path.write_bytes(module.HEADER.replace(b'"format": 1', b'"format": 2'))
    with pytest.raises(JournalDamaged):
        FileJournal(path).open()


def test_it_stays_small(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_SPARE", 2_000)
    path = tmp_path / "orders"
    with held(FileJournal(path, keep_ended=5)) as journal:
        for number in range(1, 200):
            journal.write(placed(number, f"ref{number}"))
            journal.write(ended(number))
            assert path.stat().st_size < 8_000
        before = seen(journal.read())
    with held(FileJournal(path, keep_ended=5)) as journal:
        assert seen(journal.read()) == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["orders", "orders.lock"]


class Full:
    """A disk that is full after some bytes."""

    def __init__(self, file, room: int, can_shorten: bool) -> None:
        self.file, self.room, self.can_shorten = file, room, can_shorten

    def write(self, data: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, "no space left on device")
        written = self.file.write(data[: self.room])
        self.room -= written
        return written

    def fileno(self) -> int:
        if not self.can_shorten:
            raise OSError(errno.EIO, "the device is gone")
        return self.file.fileno()

    def close(self) -> None:
        self.file.close()


@pytest.mark.parametrize("room", [0, 1, 40])
def test_what_a_full_disk_does_not_take_is_not_there(tmp_path, room):
    path = tmp_path / "orders"
    with held(FileJournal(path)) as journal:
        journal.write(placed(1))
        real = journal._file
        journal._file = Full(real, room, can_shorten=True)
        with pytest.raises(NotJournaled, match="cannot be written"):
            journal.write(placed(2))
        assert len(journal.read().open) == 1
        journal._file = real
        journal.write(placed(3))
    with held(FileJournal(path)) as journal:
        assert [key[1] for key in journal.read().open] == [1, 3]


def test_half_a_line_that_cannot_be_taken_out_is_the_end(tmp_path):
    path = tmp_path / "orders"
    with held(FileJournal(path)) as journal:
        real = journal._file
        journal._file = Full(real, 30, can_shorten=False)
        with pytest.raises(NotJournaled):
            journal.write(placed(1))
        journal._file = real
        with pytest.raises(NotJournaled, match="in part only"):
            journal.write(placed(2))
    with held(FileJournal(path)) as journal:
        assert journal.read().open == {}
        assert len(journal.read().remarks) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_disk_that_is_really_full(tmp_path):
    with held(FileJournal(tmp_path / "orders")) as journal:
        real = journal._file
        with Path("/dev/full").open("wb", buffering=0) as full:
            journal._file = full
            with pytest.raises(NotJournaled):
                journal.write(placed(1))
        journal._file = real


# --- databases -------------------------------------------------------------------------------------------------------


def test_its_table_can_be_looked_into(tmp_path):
    path = tmp_path / "orders.db"
    with held(SqliteJournal(path)) as journal:
        journal.write(*SOME)
    database = sqlite3.connect(path)
    try:
        rows = database.execute("SELECT ref, what, outcome, filled FROM orders WHERE order_id = 5").fetchall()
    finally:
        database.close()
    assert rows == [("a", "BUY 5", "filled", "5")]


def test_a_database_of_something_else_is_not_touched(tmp_path):
    path = tmp_path / "orders.db"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE mine (x)")
    database.commit()
    database.close()
    with pytest.raises(JournalDamaged, match="something else"):
        SqliteJournal(path).open()


def test_a_damaged_database_is_told(tmp_path):
    path = tmp_path / "orders.db"
    with held(SqliteJournal(path)) as journal:
        journal.write(*SOME, *[placed(number, "x" * 500) for number in range(20, 60)])
    data = bytearray(path.read_bytes())
    data[4096:-4096] = os.urandom(1) * len(data[4096:-4096])
    path.write_bytes(data)
    with pytest.raises(JournalDamaged):
        SqliteJournal(path).open()


def test_what_a_database_does_not_take_is_not_there(tmp_path):
    path = tmp_path / "orders.db"
    with held(SqliteJournal(path)) as journal:
        journal.write(placed(1))
        journal._database.execute("PRAGMA max_page_count = 10")
        with pytest.raises(NotJournaled, match="full"):
            journal.write(placed(2, "x" * 100_000))
        assert [key[1] for key in journal.read().open] == [1]
        journal.write(ended(1))
    with held(SqliteJournal(path)) as journal:
        assert [*journal.read().ended] == [(1, 1)]
