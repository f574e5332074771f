"""What a request says and the wire would not: it must not vanish, so whoever set it is told.

A field that the negotiated version does not carry, that the encoding has no place for, or that stands behind a
condition which does not hold, has to have its default. What to look at is worked out once, when an entry is compiled;
a message whose fields are all carried has nothing to look at, and costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any, TypeAlias

import attrs

from anytws.errors import LocalProtocolError
from anytws.wire import versions
from anytws.wire.kinds import Kind
from anytws.wire.rows import AnyRow, Entry, Filler, Layout, Many, Part, Row, When, default_of, field_class, leaves
from anytws.wire.walk import shown

Guard: TypeAlias = Callable[[Any], None]
"""Raises `LocalProtocolError` for a message that would lose something."""

_Check: TypeAlias = Callable[[Any, str], Iterator[LocalProtocolError]]
"""Gives an error for each loss of a record; the second argument is the record's path, as a prefix."""


def guard(entry: Entry, version: int, *, text: bool) -> Guard | None:
    """Give the guard of *entry*, or None where nothing can be lost."""
    checks = _Compiler(entry, version, text=text).checks(entry.layout)
    if not checks:
        return None

    def check(message: Any) -> None:
        for each in checks:
            for loss in each(message, ""):
                raise loss

    return check


class _Compiler:
    def __init__(self, entry: Entry, version: int, *, text: bool) -> None:
        self._message = entry.name
        self._version = version
        self._text = text

    def checks(self, layout: Layout) -> list[_Check]:
        rows = layout.text_rows if self._text else layout.protobuf_rows
        carried = {row.field for row in leaves(rows) if not isinstance(row, Filler) and self._is_carried(row)}
        checks = [self._uncarried(layout, path) for path in _paths_beside(layout.cls, carried, "")]
        for row in rows:
            checks += self._inner_checks(row, layout.cls)
        return checks

    def _is_carried(self, row: Row | Part | Many) -> bool:
        return row.on_wire(self._version) if self._text else row.number is not None

    def _uncarried(self, layout: Layout, path: str) -> _Check:
        """Look at a field that has no place at this version, or in this encoding."""
        get, default = attrgetter(path), _default_at(layout.cls, path)
        bands = [row.since for row in leaves(layout.text_rows) if not isinstance(row, Filler) and row.field == path]
        since = min((since for since in bands if since > self._version), default=None)
        if since is None and self._text and not bands:
            since = versions.PROTOBUF

        def check(value: Any, prefix: str) -> Iterator[LocalProtocolError]:
            held = get(value)
            if held == default:
                return
            if since is not None:
                yield LocalProtocolError.too_old(self._message, since=since, version=self._version, field=prefix + path)
            else:
                yield self._loss(prefix + path, held, f"server version {self._version} has no place for it")

        return check

    def _inner_checks(self, row: AnyRow, cls: type[Any]) -> list[_Check]:
        if isinstance(row, When):
            inner = [check for each in row.rows for check in self._inner_checks(each, cls)]
            return [self._behind(row, cls), *([_where(row, inner)] if inner else [])] if self._text else inner
        nested = row.layout if isinstance(row, Part) else row.of if isinstance(row, Many) else None
        if not isinstance(row, (Part, Many)) or nested is None or isinstance(nested, Kind):
            return []
        checks = self.checks(nested)
        return [_each_record(row, checks)] if checks else []

    def _behind(self, row: When, cls: type[Any]) -> _Check:
        """Look at what stands behind a condition, when the condition does not hold."""
        paths = [inner.field for inner in leaves(row.rows) if not isinstance(inner, Filler)]
        defaults = [(path, attrgetter(path), _default_at(cls, path)) for path in paths]

        def check(value: Any, prefix: str) -> Iterator[LocalProtocolError]:
            if row.holds(value):
                return
            for path, get, default in defaults:
                if get(value) != default:
                    yield self._loss(
                        prefix + path, get(value), "it is not sent beside the other fields of this message"
                    )

        return check

    def _loss(self, path: str, value: Any, why: str) -> LocalProtocolError:
        return LocalProtocolError(
            f"{self._message}.{path} is {shown(value)}, and {why}: leave it out",
            message=self._message,
            field=path,
        )


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


def _default_at(cls: type[Any], path: str) -> Any:
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


def _each_record(row: Part | Many, checks: list[_Check]) -> _Check:
    get, many = attrgetter(row.field), isinstance(row, Many)

    def check(value: Any, prefix: str) -> Iterator[LocalProtocolError]:
        held = get(value)
        path = prefix + row.field
        records = [(f"{path}[{index}].", item) for index, item in enumerate(held)] if many else [(f"{path}.", held)]
        for inner, record in records:
            if record is not None:
                for each in checks:
                    yield from each(record, inner)

    return check
