"""Reads one table of a TOML file, key by key; each mistake says where it is, what is there, and what was wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final, TypeVar

_T = TypeVar("_T")
_LONGEST: Final = 60
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_NO_ROWS: Final[Sequence[Mapping[str, Any]]] = ()


class Table:
    """A table with its name. Of what it is asked for it takes note, so that `finish` knows what nobody wanted."""

    def __init__(self, name: str, items: Mapping[str, Any]) -> None:
        self.name: Final = name
        self.items: Final = items
        self._asked: dict[str, None] = {}

    def __contains__(self, key: str) -> bool:
        self._asked[key] = None
        return key in self.items

    def wrong(self, key: str, wanted: str) -> ValueError:
        """Give the error that what *key* has is not what was wanted."""
        seen = repr(str(value) if isinstance(value := self.items.get(key), Decimal) else value)
        seen = seen if len(seen) <= _LONGEST else f"{seen[:_LONGEST]}..."
        what = f"{seen} was found" if key in self.items else "it is not there"
        return ValueError(f"{self.name}: {key}: {wanted} was wanted, and {what}")

    def get(self, key: str, wanted: str, read: Callable[[Any], _T], default: _T | None = None) -> _T:
        """Give what *read* makes of the value of *key*: it raises `ValueError`, `TypeError` or `LookupError`.

        Without the key it is *default*; None: then the key has to be there.
        """
        self._asked[key] = None
        if key not in self.items:
            if default is None:
                raise self.wrong(key, wanted)
            return default
        try:
            return read(self.items[key])
        except (ValueError, TypeError, LookupError, InvalidOperation) as error:
            raise self.wrong(key, wanted) from error

    def text(self, key: str, default: str | None = None) -> str:
        """Give a text."""
        return self.get(key, "a text", _text, default)

    def flag(self, key: str) -> bool:
        """Give true or false; false where it is not there."""
        return self.get(key, "true or false", _flag, default=False)

    def whole(self, key: str, default: int | None = None, *, least: int = 0) -> int:
        """Give a whole number of at least *least*."""
        return self.get(key, f"a whole number of at least {least}", lambda value: _whole(value, least), default)

    def decimal(self, key: str, default: Decimal | None = None) -> Decimal:
        """Give a number above zero."""
        return self.get(key, "a number above zero", _above_zero, default)

    def number(self, key: str, default: float | None = None) -> float:
        """Give a number of zero or above."""
        return self.get(key, "a number of at least zero", _not_below_zero, default)

    def day(self, key: str) -> date:
        """Give a day, ``"20261218"``."""
        return self.get(key, "a day such as '20261218'", day_of)

    def names(self, key: str, lists: Mapping[str, tuple[str, ...]], default: Sequence[str] = ()) -> tuple[str, ...]:
        """Give a list of texts, which may be one of *lists* by its name."""
        known = ", ".join(lists)
        wanted = f"a list of texts, or the name of one ({known})" if known else "a list of texts"
        return self.get(key, wanted, lambda value: _names(value, lists), tuple(default))

    def one_of(self, key: str, known: Mapping[str, _T], default: _T | None = None) -> _T:
        """Give what *known* has under the name that stands there."""
        wanted = f"one of {', '.join(map(repr, known))}"
        return self.get(key, wanted, lambda value: known[_text(value)], default)

    def rows(self, key: str) -> Sequence[Table]:
        """Give the tables of a list."""
        rows = self.get(key, "a list of tables", _rows, _NO_ROWS)
        return tuple(Table(f"{self.name}, {key} {place}", row) for place, row in enumerate(rows, 1))

    def tables(self, key: str) -> Sequence[tuple[str, Table]]:
        """Give the tables inside a table, and their names."""
        inside = self.get(key, "a table of tables", _mapping, _NOTHING)
        return tuple((name, Table(f"{self.name}[{key}.{name}]", _row(self, key, row))) for name, row in inside.items())

    def mapping(self, key: str) -> Mapping[str, Any]:
        """Give a table as it is; empty where it is not there."""
        return self.get(key, "a table", _mapping, _NOTHING)

    def finish(self) -> None:
        """Raise `ValueError` for a key that nobody asked for."""
        for key in self.items:
            if key not in self._asked:
                close = get_close_matches(key, self._asked, 1)
                hint = f"; is {close[0]!r} meant?" if close else f"; there are {', '.join(sorted(self._asked))}"
                raise ValueError(f"{self.name}: {key!r} is not a key of it{hint}")


def day_of(value: object) -> date:
    """Read ``"20261218"``, or a TOML date. Raises `ValueError` and `TypeError`."""
    if type(value) is date:
        return value
    text = _text(value)
    if len(text) != 8 or not text.isascii() or not text.isdigit():
        raise ValueError(text)
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def decimal_of(value: object) -> Decimal:
    """Read a number, or a text that has one. Raises `ValueError`, `TypeError` and `InvalidOperation`."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise TypeError(value)
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(value)
    return number


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise TypeError(value)
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _whole(value: object, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(value)
    return value


def _above_zero(value: object) -> Decimal:
    number = decimal_of(value)
    if number <= 0:
        raise ValueError(value)
    return number


def _not_below_zero(value: object) -> float:
    number = decimal_of(value)
    if number < 0:
        raise ValueError(value)
    return float(number)


def _names(value: object, lists: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    if isinstance(value, str):
        return lists[value]
    if not isinstance(value, list) or not value:
        raise TypeError(value)
    names = tuple(_text(item) for item in value)
    if len({*names}) != len(names) or any(not name or "," in name for name in names):
        raise ValueError(value)
    return names


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(value)
    return value


def _rows(value: object) -> Sequence[Mapping[str, Any]]:
    if not isinstance(value, list):
        raise TypeError(value)
    return [_mapping(row) for row in value]


def _row(table: Table, key: str, row: object) -> Mapping[str, Any]:
    if not isinstance(row, dict):
        raise table.wrong(key, "a table of tables")
    return row
