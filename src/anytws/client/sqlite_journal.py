"""A journal of orders in a database of SQLite, for who wants to look into it, or has one for many things."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from anytws.client.journal import IN_USE, JournalOnDisk, opened
from anytws.errors import JournalDamaged, JournalInUse, NotJournaled
from anytws.machines.journal import (
    KEPT_ENDED,
    KEPT_SUMS,
    Ended,
    Entry,
    Floor,
    KeptOrder,
    Key,
    Named,
    Picture,
    Placed,
    Sums,
)
from anytws.machines.order_state import OrderOutcome

_FORMAT: Final = 1
_OURS: Final = 0x616E7977
"""The application id of the database: "anyw"."""
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS orders (
    client_id INTEGER, order_id INTEGER, ref TEXT, what TEXT, accounts TEXT, placed_at TEXT, is_change INTEGER,
    permanent_ids TEXT, ended_at TEXT, outcome TEXT, filled TEXT, average_fill_price REAL,
    quantity TEXT, value TEXT, currency TEXT, version INTEGER, frame BLOB,
    PRIMARY KEY (client_id, order_id)
);
CREATE TABLE IF NOT EXISTS clients (client_id INTEGER PRIMARY KEY, next_order_id INTEGER);
CREATE TABLE IF NOT EXISTS sums (
    client_id INTEGER, begin TEXT, orders INTEGER, quantity TEXT, value TEXT, currency TEXT,
    unknown_quantities INTEGER, unknown_values INTEGER,
    PRIMARY KEY (client_id, begin)
);
"""


class SqliteJournal(JournalOnDisk):
    """A journal in a database of SQLite: one file, and two beside it while it is open (``-wal``, ``-shm``).

    Its table ``orders`` is there to be looked into: ``SELECT placed_at, what, outcome FROM orders``; while it is open
    nobody else can, by which it has one writer at a time. *durable* and *keep_ended* are as for `FileJournal`.
    """

    def __init__(self, path: str | os.PathLike[str], *, durable: bool = False, keep_ended: int = KEPT_ENDED) -> None:
        super().__init__(path, durable, keep_ended)
        self._database: sqlite3.Connection | None = None

    def write(self, *entries: Entry) -> None:
        """Add *entries*, all or none. Raises `NotJournaled`."""
        self._require_open()
        assert self._database is not None, "it is open"
        for entry in entries:
            self._picture.take(entry)
        try:
            with self._database:
                for entry in entries:
                    self._store(self._database, entry)
        except sqlite3.Error as problem:
            # The picture is ahead of what is kept.
            try:
                self._picture = _read(self._database, self.keep_ended)
            except sqlite3.Error as second:
                problem.add_note(f"and it cannot be read any more: {second}")
            raise NotJournaled(self.path, f"cannot be written to: {problem}") from problem

    def _store(self, database: sqlite3.Connection, entry: Entry) -> None:
        picture = self._picture
        if isinstance(entry, Floor):
            _put(database, "clients", (entry.client_id, picture.floors[entry.client_id]))
            return
        if isinstance(entry, Sums):
            _put(database, "sums", _row_of_sums(entry))
            return
        kept = picture.open.get(entry.key) or picture.ended.get(entry.key)
        if kept is not None:
            _put(database, "orders", _row_of_order(kept))
        if isinstance(entry, Placed):
            _put(database, "clients", (entry.client_id, picture.floors[entry.client_id]))
            self._store_sums(database, entry)
        while picture.forgotten:
            database.execute("DELETE FROM orders WHERE client_id = ? AND order_id = ?", picture.forgotten.pop())

    def _store_sums(self, database: sqlite3.Connection, placed: Placed) -> None:
        sums = self._picture.sums_at(placed)
        _put(database, "sums", _row_of_sums(sums))
        database.execute("DELETE FROM sums WHERE begin < ?", ((sums.begin - KEPT_SUMS).isoformat(),))

    def _take(self) -> None:
        database: sqlite3.Connection | None = None
        try:
            opened(self.path, os.O_APPEND).close()
            database = sqlite3.connect(self.path, timeout=0)
            _prepare(database, self.path, durable=self.durable)
            self._picture = _read(database, self.keep_ended)
        except (OSError, sqlite3.Error, ValueError) as problem:
            if database is not None:
                database.close()
            raise _told(self.path, problem) from problem
        except BaseException:
            if database is not None:
                database.close()
            raise
        self._database = database

    def _let_go(self) -> None:
        if self._database is not None:
            self._database.close()
        self._database = None


def _told(path: str, problem: Exception) -> Exception:
    if isinstance(problem, OSError):
        return NotJournaled(path, f"cannot be opened: {problem}")
    code = getattr(problem, "sqlite_errorcode", None)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return JournalInUse(path, IN_USE)
    if isinstance(problem, sqlite3.OperationalError) and code != sqlite3.SQLITE_CORRUPT:
        return NotJournaled(path, f"cannot be opened: {problem}")
    return JournalDamaged(path, f"cannot be read: {problem}")


def _prepare(database: sqlite3.Connection, path: str, *, durable: bool) -> None:
    """Take hold of *database*, alone, and see to it that it is a journal."""
    # Held from the first write on until it is closed, or its process ends.
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    ours = database.execute("PRAGMA application_id").fetchone()[0]
    tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and ours != _OURS:
        raise JournalDamaged(path, "is a database of something else")
    told = database.execute("PRAGMA user_version").fetchone()[0]
    if told not in (0, _FORMAT):
        raise JournalDamaged(path, f"is of format {told}, which this version of anytws does not know")
    database.execute("PRAGMA journal_mode = WAL")
    # In WAL this much keeps it whole when power is lost, and the last entries too if each waits for the disk.
    database.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    database.executescript(
        f"BEGIN IMMEDIATE; {_TABLES} PRAGMA application_id = {_OURS}; PRAGMA user_version = {_FORMAT}; COMMIT;"
    )
    found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise JournalDamaged(path, f"is damaged: {found}")


def _put(database: sqlite3.Connection, table: str, row: tuple[Any, ...]) -> None:
    places = ", ".join("?" * len(row))
    database.execute(f"INSERT OR REPLACE INTO {table} VALUES ({places})", row)  # noqa: S608 (names of our own)


def _row_of_order(kept: KeptOrder) -> tuple[Any, ...]:
    placed, ended = kept.placed, kept.ended
    return (
        *placed.key,
        placed.ref,
        placed.what,
        json.dumps(placed.accounts),
        placed.at.isoformat(),
        int(placed.is_change),
        json.dumps(kept.permanent_ids),
        None if ended is None else ended.at.isoformat(),
        None if ended is None else ended.outcome.value,
        None if ended is None else str(ended.filled),
        None if ended is None else ended.average_fill_price,
        None if placed.quantity is None else str(placed.quantity),
        None if placed.value is None else str(placed.value),
        placed.currency,
        placed.version,
        placed.frame,
    )


def _row_of_sums(sums: Sums) -> tuple[Any, ...]:
    return (
        sums.client_id,
        sums.begin.isoformat(),
        sums.orders,
        str(sums.quantity),
        str(sums.value),
        sums.currency,
        sums.unknown_quantities,
        sums.unknown_values,
    )


def _read(database: sqlite3.Connection, keep_ended: int) -> Picture:
    """Give what is in *database*. Raises `ValueError` for values that are none of ours."""
    picture = Picture(keep_ended)
    for entry in _entries(database):
        picture.take(entry)
    return picture


def _entries(database: sqlite3.Connection) -> Iterable[Entry]:
    for client_id, order_id in database.execute("SELECT * FROM clients"):
        yield Floor(client_id, order_id)
    for row in database.execute("SELECT * FROM orders ORDER BY ended_at IS NULL, ended_at, rowid"):
        yield from _entries_of_order(*row)
    for client_id, begin, orders, quantity, value, *rest in database.execute("SELECT * FROM sums"):
        yield Sums(client_id, datetime.fromisoformat(begin), orders, Decimal(quantity), Decimal(value), *rest)


def _entries_of_order(
    client_id: int,
    order_id: int,
    ref: str,
    what: str,
    accounts: str,
    placed_at: str,
    is_change: int,
    permanent_ids: str,
    ended_at: str | None,
    outcome: str | None,
    filled: str | None,
    average_fill_price: float | None,
    quantity: str | None,
    value: str | None,
    currency: str,
    version: int,
    frame: bytes,
) -> Iterable[Entry]:
    key: Key = client_id, order_id
    yield Placed(
        datetime.fromisoformat(placed_at),
        *key,
        bool(is_change),
        ref,
        tuple(json.loads(accounts)),
        what,
        version,
        frame,
        None if quantity is None else Decimal(quantity),
        None if value is None else Decimal(value),
        currency,
    )
    for permanent_id in json.loads(permanent_ids):
        yield Named(datetime.fromisoformat(placed_at), *key, permanent_id)
    if ended_at is not None:
        yield Ended(
            datetime.fromisoformat(ended_at), *key, OrderOutcome(outcome), Decimal(filled or 0), average_fill_price
        )
