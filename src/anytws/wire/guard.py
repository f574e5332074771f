"""Refuses a request with a field that this version or encoding cannot carry, instead of dropping it.

Such a field is one that the negotiated version does not have, that the encoding has no place for, or that stands behind
a condition which does not hold. It has to have its default.

Two likely mistakes are refused too: an infinite price, size or distance, where TWS gives infinity no meaning; and an
unknown word that differs from a known one by a letter (`Word.closest`).

What to look at is worked out once, when an entry is compiled. For a message without such fields there is no guard.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import attrs

from anytws.errors import LocalProtocolError, shown
from anytws.messages.enumerations import Word
from anytws.wire.kinds import Kind
from anytws.wire.rows import (
    AnyRow,
    Column,
    Entry,
    Filler,
    Gate,
    Layout,
    Leaf,
    Many,
    Part,
    Row,
    When,
    carried_rows,
    default_of,
    field_class,
    is_carried,
    leaves,
)

Guard: TypeAlias = Callable[[Any], None]
"""Raises `LocalProtocolError` for a message of which something would be lost, or is probably a mistake."""

_Check: TypeAlias = Callable[[Any, str], Iterator[LocalProtocolError]]
"""Gives an error for each loss of a record; the second argument is the record's path, as a prefix."""

NO_COLUMNS: Final[Mapping[str, Column]] = MappingProxyType({})
_CONTRADICTED: Final = "it is not sent beside the other fields of this message"
_INFINITIES: Final = frozenset({math.inf, -math.inf})
MAY_BE_INFINITE: Final = frozenset({"compete_against_best_offset"})
"""The fields of requests in which infinity means something to TWS: up to the midpoint."""


def guard(entry: Entry, version: int, *, text: bool) -> Guard | None:
    """Give the guard of *entry*, or None where nothing can be lost."""
    checks = _Compiler(entry, version, text=text).checks(entry.layout)
    checks += [_closed(entry, gate, version) for gate in entry.gates if not gate.is_open(version)]
    if not checks:
        return None

    def check(message: Any) -> None:
        for each in checks:
            for loss in each(message, ""):
                raise loss

    return check


def _closed(entry: Entry, gate: Gate, version: int) -> _Check:
    get = attrgetter(gate.field)
    band = f"needs server version {gate.since} or later" if gate.until is None else f"is gone from {gate.until} on"

    def check(value: Any, _prefix: str) -> Iterator[LocalProtocolError]:
        if get(value) == gate.value:
            yield LocalProtocolError(
                f"{entry.name}.{gate.field} is {shown(gate.value)}, which {band}, and this connection has {version}: "
                "choose another value",
                code=gate.code,
                message=entry.name,
                field=gate.field,
            )

    return check


def uncarried_paths(
    layout: Layout, version: int, *, text: bool, beside: Mapping[str, Column] = NO_COLUMNS
) -> list[str]:
    """Give the fields of a record that have no place at *version*, as *text* or in protobuf.

    *beside* are fields of it that the table writes outside of it.
    """
    rows = layout.text_rows if text else layout.protobuf_rows
    known = [row for row in leaves(rows) if not isinstance(row, Filler)]
    carried = {row.field for row in known if is_carried(row, version, text=text)}
    carried |= {name for name, column in beside.items() if is_carried(column, version, text=text)}
    return [path for path in _paths_beside(layout.cls, carried, "") if not _is_remark(layout, path)]


class _Compiler:
    def __init__(self, entry: Entry, version: int, *, text: bool) -> None:
        self._message = entry.name
        self._version = version
        self._text = text
        self._protobuf_since = entry.protobuf_since

    def checks(self, layout: Layout, beside: Mapping[str, Column] = NO_COLUMNS) -> list[_Check]:
        """Give what to look at in a record; *beside* are fields of it that the table writes outside of it."""
        rows = layout.text_rows if self._text else layout.protobuf_rows
        missing = uncarried_paths(layout, self._version, text=self._text, beside=beside)
        checks = [self._uncarried(layout, path, beside.get(path)) for path in missing]
        for row in rows:
            checks += self._inner_checks(row, layout, rows)
        return [*checks, *self._questioned(rows, beside)]

    def _is_carried(self, row: Leaf) -> bool:
        return is_carried(row, self._version, text=self._text)

    def _uncarried(self, layout: Layout, path: str, column: Column | None) -> _Check:
        """Look at a field that has no place at this version, or in this encoding."""
        get, default = attrgetter(path), default_at(layout.cls, path)
        is_told = told_beside(layout, path)
        since = column.since if column is not None and column.since > self._version else self._since(layout, path)

        def check(value: Any, prefix: str) -> Iterator[LocalProtocolError]:
            held = get(value)
            if held == default or (is_told is not None and is_told(value)):
                return
            if since is not None:
                yield LocalProtocolError.too_old(self._message, since=since, version=self._version, field=prefix + path)
            else:
                yield self._loss(prefix + path, held, f"server version {self._version} has no place for it")

        return check

    def _since(self, layout: Layout, path: str) -> int | None:
        """Give the version that brings the field at *path*, None where none does."""
        rows = [row for row in leaves(layout.text_rows) if not isinstance(row, Filler)]
        bands = [row.since for row in rows if row.field == path or row.field.startswith(f"{path}.")]
        later = [since for since in bands if since > self._version]
        if not later and self._protobuf_since is not None and (brought := _protobuf_row(layout, path)) is not None:
            later = [max(self._protobuf_since, _brought_by(brought))]
        return min((since for since in later if since > self._version), default=None)

    def _questioned(self, rows: tuple[AnyRow, ...], beside: Mapping[str, Column]) -> list[_Check]:
        """Look at the numbers and words that may be mistakes."""
        kinds = {row.field: row.kind for row in leaves(rows) if isinstance(row, Row) and self._is_carried(row)}
        kinds |= {name: column.kind for name, column in beside.items() if self._is_carried(column)}
        doubles = [path for path, kind in kinds.items() if kind.protobuf == "double"]
        numbers = [path for path in doubles if path.rpartition(".")[2] not in MAY_BE_INFINITE]
        words = {path: kind.members for path, kind in kinds.items() if kind.members and issubclass(kind.members, Word)}
        checks = [self._finite(numbers)] if numbers else []
        return [*checks, self._meant(words)] if words else checks

    def _finite(self, paths: list[str]) -> _Check:
        get = _values_at(paths)

        def check(value: Any, prefix: str) -> Iterator[LocalProtocolError]:
            held = get(value)
            if _INFINITIES.isdisjoint(held):
                return
            for path, number in zip(paths, held, strict=True):
                if number in _INFINITIES:
                    yield LocalProtocolError(
                        f"{self._message}.{prefix}{path} is {shown(number)}, and has to be a finite number: "
                        "give one, or leave it out",
                        message=self._message,
                        field=prefix + path,
                    )

        return check

    def _meant(self, words: Mapping[str, type[Word]]) -> _Check:
        get = _values_at([*words])
        rows = [(path, cls, frozenset([None, *cls])) for path, cls in words.items()]

        def check(value: Any, prefix: str) -> Iterator[LocalProtocolError]:
            for (path, cls, known), word in zip(rows, get(value), strict=True):
                if word in known or (isinstance(word, Word) and word.is_meant):
                    continue
                closest = cls.closest(word)
                if closest is not None:
                    yield LocalProtocolError(
                        f"{self._message}.{prefix}{path} is {shown(word)}, which no {cls.__name__} is called: "
                        f"probably {cls.__name__}.{closest.name} ({closest.value!r}) is meant; "
                        f"{cls.__name__}.verbatim({shown(word)}) sends the word as it is",
                        message=self._message,
                        field=prefix + path,
                    )

        return check

    def _inner_checks(self, row: AnyRow, layout: Layout, rows: tuple[AnyRow, ...]) -> list[_Check]:
        if isinstance(row, When):
            inner = [check for each in row.rows for check in self._inner_checks(each, layout, rows)]
            return [self._behind(row, layout.cls), *([_where(row, inner)] if inner else [])] if self._text else inner
        if not isinstance(row, (Part, Many)) or (self._text and not row.on_wire(self._version)):
            return []
        if isinstance(row, Part):
            checks = self.checks(row.layout)
            return [_each_record(row, checks)] if checks else []
        if isinstance(row.of, Kind):
            return []
        columns = {each.name: each for each in leaves(rows) if isinstance(each, Column) and each.field == row.field}
        options = [row.of] if isinstance(row.of, Layout) else [*row.of.options.values()]
        by_class = {option.cls: self.checks(option, columns) for option in options}
        return [_each_record(row, by_class)] if any(by_class.values()) else []

    def _behind(self, row: When, cls: type[Any]) -> _Check:
        """Look at what stands behind a condition, when the condition does not hold."""
        inner = [each for each in leaves(row.rows) if not isinstance(each, Filler)]
        paths = [each.field for each in inner if not isinstance(each, Column)]
        columns = [each for each in inner if isinstance(each, Column) and each.field not in paths]
        defaults = [(path, attrgetter(path), default_at(cls, path)) for path in paths]

        def check(value: Any, prefix: str) -> Iterator[LocalProtocolError]:
            if row.holds(value):
                return
            for path, get, default in defaults:
                if get(value) != default:
                    yield self._loss(prefix + path, get(value), _CONTRADICTED)
            for column in columns:
                for index, record in enumerate(attrgetter(column.field)(value)):
                    held = getattr(record, column.name)
                    if held != default_of(type(record), column.name):
                        yield self._loss(f"{prefix}{column.field}[{index}].{column.name}", held, _CONTRADICTED)

        return check

    def _loss(self, path: str, value: Any, why: str) -> LocalProtocolError:
        return LocalProtocolError(
            f"{self._message}.{path} is {shown(value)}, and {why}: leave it out",
            message=self._message,
            field=path,
        )


def _values_at(paths: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Give what gets the values at *paths*, as a tuple also where it is one."""
    get = attrgetter(*paths)
    return get if len(paths) > 1 else lambda value: (get(value),)


def _paths_beside(cls: type[Any], carried: set[str], prefix: str) -> Iterator[str]:
    """Give the fields of *cls*, reached into where rows do, that are not among *carried*."""
    for field in attrs.fields(cls):
        path = prefix + field.name
        if path in carried:
            continue
        if any(other.startswith(f"{path}.") for other in carried):
            yield from _paths_beside(field_class(cls, field.name), carried, f"{path}.")
        else:
            yield path


def default_at(cls: type[Any], path: str) -> Any:
    """Give the default of the field at *path* of *cls*."""
    *parents, name = path.split(".")
    for parent in parents:
        cls = field_class(cls, parent)
    return default_of(cls, name)


def _where(row: When, checks: list[_Check]) -> _Check:
    def check(value: Any, prefix: str) -> Iterator[LocalProtocolError]:
        if row.holds(value):
            for each in checks:
                yield from each(value, prefix)

    return check


def _each_record(row: Part | Many, checks: list[_Check] | dict[type[Any], list[_Check]]) -> _Check:
    get, many = attrgetter(row.field), isinstance(row, Many)

    def check(value: Any, prefix: str) -> Iterator[LocalProtocolError]:
        held = get(value)
        path = prefix + row.field
        records = [(f"{path}[{index}].", item) for index, item in enumerate(held)] if many else [(f"{path}.", held)]
        for inner, record in records:
            if record is None:
                continue
            if isinstance(checks, dict) and type(record) not in checks:
                # The writer took it for what it looks like.
                raise ValueError(record)
            for each in checks[type(record)] if isinstance(checks, dict) else checks:
                yield from each(record, inner)

    return check


def _protobuf_row(layout: Layout, path: str) -> Leaf | None:
    """Give the row that carries *path* in protobuf, where it may be a level deeper than in text."""
    name, _, rest = path.partition(".")
    for row in carried_rows(layout):
        if row.field == name:
            if not rest:
                return row
            return _protobuf_row(row.layout, rest) if isinstance(row, Part) else None
    return None


def _is_remark(layout: Layout, path: str) -> bool:
    row = _protobuf_row(layout, path)
    return isinstance(row, Row) and row.may_be_lost


def told_beside(layout: Layout, path: str) -> Callable[[Any], bool] | None:
    """Give what tells whether another field says what the one at *path* helps to say; None where none could."""
    row = _protobuf_row(layout, path)
    if not isinstance(row, Row) or row.told_by is None:
        return None
    parents, dot, _ = path.rpartition(".")
    other = f"{parents}{dot}{row.told_by}"
    get, unset = attrgetter(other), default_at(layout.cls, other)
    return lambda value: bool(get(value) != unset)


def _brought_by(row: Leaf) -> int:
    """Give the version that takes *row* in protobuf; of a record, the first that takes any of its fields."""
    if isinstance(row, Row):
        return row.protobuf_since
    if not isinstance(row, Part):
        return 0
    return min((_brought_by(inner) for inner in leaves(row.layout.protobuf_rows)), default=0)
