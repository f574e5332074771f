"""Values of attrs classes as plain data, tables of texts, numbers and lists, and back: what stands in a file.

=============== ===============================================
value           in a file
=============== ===============================================
class of attrs  a table of its fields; what has its default is left out
one of several  a table with the word ``type`` besides
enumeration     its value, a text or a number; or its name in lower case with hyphens
`Decimal`       a text, or a number
bytes           a text of hexadecimal digits
`timedelta`     seconds
`datetime`      a time with its offset
pairs of names  a table
None            left out where it is the default, else the text ``none``
=============== ===============================================
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, Final, TypeAlias, get_args, get_origin

import attrs

from anytws.errors import in_a_sentence, shown
from anytws.simulator.faults.words import Plain, Refused

Table: TypeAlias = dict[str, Any]

_KIND: Final = "type"
_NOTHING: Final = "none"
_HINTS: dict[type[Any], dict[str, Any]] = {}
_PAIRS: Final = tuple[tuple[str, Plain], ...]


class Misplaced(ValueError):
    """Data that are not what was wanted. Says at which key, what was seen and what was wanted."""

    def __init__(self, path: str, seen: object, wanted: str) -> None:
        super().__init__(path, seen, wanted)
        self.path = path
        self.seen = seen
        self.wanted = wanted

    def __str__(self) -> str:
        return f"{self.path} is {in_a_sentence(shown(self.seen, 200))}, and has to be {self.wanted}"


def hints_of(cls: type[Any]) -> dict[str, Any]:
    """Give the types of the fields of *cls*, an attrs class."""
    if cls not in _HINTS:
        _HINTS[cls] = typing.get_type_hints(cls)
    return _HINTS[cls]


# --- data to values ---------------------------------------------------------------------------------------------------


def read_table(data: object, cls: type[Any], path: str, *, based_on: Any = None) -> Any:  # noqa: ANN401 (of any class)
    """Give the value of *cls*, an attrs class, that *data* say; *path* is where they stand, for errors.

    With *based_on*, a value of that class, what is not said is as there. Raises `Misplaced`.
    """
    if not isinstance(data, Mapping):
        raise Misplaced(path, data, "a table")
    fields = {field.name: field for field in attrs.fields(cls) if field.init}
    hints = hints_of(cls)
    given: dict[str, Any] = {}
    for name, held in data.items():
        if name not in fields:
            raise Misplaced(f"{path}.{name}", held, f"left out: there are {', '.join(fields)}")
        given[name] = read(held, hints[name], f"{path}.{name}")
    return _made(cls, given, data, path, based_on)


def _made(cls: type[Any], given: dict[str, Any], data: object, path: str, based_on: Any) -> Any:  # noqa: ANN401 (see above)
    missing = [
        field.name
        for field in attrs.fields(cls)
        if field.init and field.default is attrs.NOTHING and field.name not in given
    ]
    if missing and based_on is None:
        raise Misplaced(f"{path}.{missing[0]}", None, "given: it has no default")
    try:
        return cls(**given) if based_on is None else attrs.evolve(based_on, **given)
    except Refused as problem:
        raise Misplaced(f"{path}.{problem.field}", problem.seen, problem.wanted) from problem
    except (ValueError, TypeError) as problem:
        # Classes of others say in their own words what they do not like, the name of the field first.
        said = str(problem)
        name = said.split(" ", 1)[0]
        _, _, wanted = said.partition(", and has to be ")
        where = f"{path}.{name}" if name in given else path
        seen = data[name] if isinstance(data, Mapping) and name in data else data
        raise Misplaced(where, seen, wanted or f"otherwise: {in_a_sentence(said)}") from problem


def read(data: object, hint: Any, path: str) -> Any:  # noqa: ANN401 (a type, in any form)
    """Give the value of the type *hint* that *data* say. Raises `Misplaced`."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if data == _NOTHING and type(None) in arguments and str not in arguments:
            return None
        return _read_one_of(data, [each for each in arguments if each is not type(None)], path)
    if origin in (tuple, frozenset):
        return _read_many(data, origin, arguments, path)
    if origin is typing.Literal:
        if data not in arguments:
            raise Misplaced(path, data, f"one of {', '.join(map(str, arguments))}")
        return data
    return _read_single(data, hint, path)


def _read_one_of(data: object, hints: list[Any], path: str) -> Any:  # noqa: ANN401 (see above)
    problem: Misplaced | None = None
    for hint in hints:
        try:
            return read(data, hint, path)
        except Misplaced as fault:
            # What went farthest into the data is what the writer most likely meant.
            if problem is None or len(fault.path) > len(problem.path):
                problem = fault
    raise problem or Misplaced(path, data, "left out")


def _read_many(data: object, origin: Any, arguments: tuple[Any, ...], path: str) -> Any:  # noqa: ANN401 (see above)
    if origin is tuple and tuple[arguments] == _PAIRS and isinstance(data, Mapping):  # type: ignore[valid-type]
        return tuple((name, _plain(held, f"{path}.{name}")) for name, held in data.items())
    if not isinstance(data, list):
        raise Misplaced(path, data, "a list")
    if origin is tuple and arguments[-1:] != (...,):
        if len(data) != len(arguments):
            raise Misplaced(path, data, f"a list of {len(arguments)}")
        pairs = enumerate(zip(data, arguments, strict=True))
        return tuple(read(item, hint, f"{path}[{place}]") for place, (item, hint) in pairs)
    return origin(read(item, arguments[0], f"{path}[{place}]") for place, item in enumerate(data))


def _plain(data: object, path: str) -> Plain:
    if not isinstance(data, (str, int, float)):
        raise Misplaced(path, data, "a text, a number, true or false")
    return data


def _read_single(data: object, hint: Any, path: str) -> Any:  # noqa: ANN401 (see above)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _read_member(data, hint, path)
    reader = _READERS.get(hint)
    if reader is not None:
        return reader(data, path)
    if isinstance(hint, type) and attrs.has(hint):
        return read_table(data, hint, path)
    if isinstance(hint, type) and (classes := _BASES.get(hint)) is not None:
        return _read_kind(data, classes(), path)
    raise Misplaced(path, data, "left out: it cannot be said in a file")


def _read_member(data: object, hint: type[Enum], path: str) -> Enum:
    words = {_word_of(member): member for member in hint}
    if isinstance(data, str) and data in words:
        return words[data]
    if isinstance(data, (str, int)) and not isinstance(data, bool):
        try:
            return hint(data)
        except ValueError:
            pass
    raise Misplaced(path, data, f"one of {', '.join(words)}")


def _read_kind(data: object, classes: Mapping[str, type[Any]], path: str) -> Any:  # noqa: ANN401 (see above)
    if not isinstance(data, Mapping) or not isinstance(data.get(_KIND), str) or data[_KIND] not in classes:
        raise Misplaced(path, data, f"a table whose {_KIND} is the name of a message of TWS")
    rest = {name: held for name, held in data.items() if name != _KIND}
    return read_table(rest, classes[data[_KIND]], path)


def _is_number(data: object) -> bool:
    return isinstance(data, (int, float)) and not isinstance(data, bool)


def _read_bool(data: object, path: str) -> bool:
    if not isinstance(data, bool):
        raise Misplaced(path, data, "true or false")
    return data


def _read_int(data: object, path: str) -> int:
    if not isinstance(data, int) or isinstance(data, bool):
        raise Misplaced(path, data, "a whole number")
    return data


def _read_float(data: object, path: str) -> float:
    if isinstance(data, bool) or not isinstance(data, (int, float)):
        raise Misplaced(path, data, "a number")
    return data


def _read_str(data: object, path: str) -> str:
    if not isinstance(data, str):
        raise Misplaced(path, data, "a text")
    return data


def _read_bytes(data: object, path: str) -> bytes:
    try:
        return bytes.fromhex(_read_str(data, path))
    except ValueError:
        raise Misplaced(path, data, "a text of hexadecimal digits, two for each byte") from None


def _read_decimal(data: object, path: str) -> Decimal:
    if not isinstance(data, str) and not _is_number(data):
        raise Misplaced(path, data, "a number, or a text with one")
    try:
        value = Decimal(str(data))
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite():
        raise Misplaced(path, data, "a number, or a text with one")
    return value


def _read_timedelta(data: object, path: str) -> timedelta:
    try:
        return timedelta(seconds=_read_float(data, path))
    except (OverflowError, ValueError):
        raise Misplaced(path, data, "a number of seconds") from None


def _read_datetime(data: object, path: str) -> datetime:
    if not isinstance(data, datetime) or data.utcoffset() is None:
        raise Misplaced(path, data, "a time with its offset, such as 2026-11-01T05:30:00Z")
    return data


def _read_date(data: object, path: str) -> date:
    if not isinstance(data, date) or isinstance(data, datetime):
        raise Misplaced(path, data, "a day, such as 2026-11-01")
    return data


_READERS: Final[dict[Any, Callable[[object, str], Any]]] = {
    bool: _read_bool,
    int: _read_int,
    float: _read_float,
    str: _read_str,
    bytes: _read_bytes,
    Decimal: _read_decimal,
    timedelta: _read_timedelta,
    datetime: _read_datetime,
    date: _read_date,
}

_BASES: Final[dict[type[Any], Callable[[], Mapping[str, type[Any]]]]] = {}


def say_by_name(base: type[Any], classes: Callable[[], Mapping[str, type[Any]]]) -> None:
    """Have a value that is of one of several *classes* with one *base* be a table with the name of its class."""
    _BASES[base] = classes


# --- values to data ---------------------------------------------------------------------------------------------------


def write_table(value: Any, *, but: Any = None) -> Table:  # noqa: ANN401 (of any attrs class)
    """Give the data of *value*, of an attrs class: the fields that have not their defaults, or those of *but*."""
    table: Table = {}
    for field in attrs.fields(type(value)):
        held = getattr(value, field.name)
        if field.init and not _is_usual(held, field, but):
            hint = hints_of(type(value))[field.name]
            table[field.name] = _NOTHING if held is None else write(held, hint, field.name)
    return table


def _is_usual(held: object, field: attrs.Attribute[Any], but: object) -> bool:
    if but is not None:
        usual: object = getattr(but, field.name)
    elif isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]
        return False
    else:
        usual = field.default
    return type(held) is type(usual) and held == usual


def write(value: Any, hint: Any, path: str) -> Any:  # noqa: ANN401 (see above)
    """Give the data of *value*, whose type is *hint*. Raises `Misplaced` for what cannot be said in a file."""
    if isinstance(value, Enum):
        return value.value if isinstance(value.value, (str, int)) else _word_of(value)
    if isinstance(value, tuple) and hint == _PAIRS:
        return dict(value)
    if isinstance(value, (tuple, frozenset)):
        items = sorted(value) if isinstance(value, frozenset) else value
        arguments = get_args(hint)
        return [write(item, arguments[0] if arguments else Any, f"{path}[{place}]") for place, item in enumerate(items)]
    if attrs.has(type(value)):
        named = {_KIND: type(value).__name__} if _is_one_of_several(hint) else {}
        return {**named, **write_table(value)}
    return _write_single(value, path)


def _write_single(value: Any, path: str) -> Any:  # noqa: ANN401 (see above)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (bool, int, float, str, date)):
        return value
    raise Misplaced(path, value, "left out: it cannot be said in a file")


def _is_one_of_several(hint: Any) -> bool:  # noqa: ANN401 (a type, in any form)
    return any(each in _BASES for each in (hint, *get_args(hint)) if isinstance(each, type))


def _word_of(member: Enum) -> str:
    return member.name.lower().replace("_", "-")
