"""Messages as JSON, and back: for files, for queues, for programs in other languages. Needs the extra ``json``.

::

    from anytws.json import from_json, to_json

    text = to_json(order)             # '{"type": "PlaceOrderRequest", "contract": {"symbol": ...}, ...}'
    assert from_json(text) == order

Any message has this form, and so has any record of ``anytws.messages`` by itself (a `Contract`, an `Order`). What comes
back is equal to what was written. A field that has its default is left out.

==================== ===============================================================================================
value                JSON
==================== ===============================================================================================
message, record      an object; ``"type"`` is its class, at the top and where there are several (conditions)
`Decimal`            a text, exact: ``"0.00025289"``
float                a number; ``"Infinity"`` and ``"-Infinity"`` are texts
enumeration          its value on the wire, a text or a number; one that nobody knows comes back as it was
nothing              ``null``, or left out
date                 ``"2026-07-06"``
time without a zone  ``"2026-07-06T10:30:00"``
time in UTC          ``"2026-07-06T10:30:00Z"``; ``"2026-07-06T10:30:00Z[epoch]"`` if it was seconds since the epoch
time in a zone       ``"2026-07-06T10:30:00-04:00[US/Eastern]"``, by the name that TWS uses
time, unclear        ``"2025-11-02T01:30:00[US/Eastern]"``: no offset where it may be two, or the zone is unknown
text typed as a time ``{"text": "noon"}``: only where the field may be either
bytes                a text in hexadecimal
==================== ===============================================================================================

What does not fit is refused by name: an unknown field, a missing one, a value of another type, a field that is said
twice, and an object in objects deeper than `MOST_DEEP`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from enum import IntFlag
from functools import cache
from types import GenericAlias, NoneType, UnionType
from typing import Any, Final, TypeAlias, TypeVar, Union, get_args, get_origin, overload

import attrs

from anytws import messages
from anytws.errors import shown
from anytws.messages.base import Message, ToClient
from anytws.messages.enumerations import Number, Word
from anytws.messages.times import EPOCH_SECONDS, NamedZone, UnclearZone
from anytws.wire.times import LONGEST_ZONE, clear_or_not, zone_named

try:
    from cattrs import Converter, transform_error
    from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError
    from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn
except ImportError as _problem:
    raise ImportError('anytws.json needs cattrs: pip install "anytws[json]"') from _problem

__all__ = ["MOST_DEEP", "JsonError", "from_json", "to_json"]

MOST_DEEP: Final = 32
"""How many objects and lists may stand in each other; no message has more than six."""

_T = TypeVar("_T")
_Hook: TypeAlias = Callable[[Any, Any], Any]

_TYPE: Final = "type"
_TEXT: Final = "text"


class JsonError(ValueError):
    """A text is not the JSON of what was expected. The message says where, what was seen, and what was wanted."""


# --- what people call -------------------------------------------------------------------------------------------------


def to_json(value: Any, *, indent: int | None = None) -> str:
    """Give *value*, a message or a record of ``anytws.messages``, as JSON: ASCII, in one line unless *indent* is given.

    Raises `TypeError` for anything else, and `ValueError` for what could not be read again: NaN, a time whose zone is
    not the one that has its name.
    """
    cls = type(value)
    if _class_called(cls.__name__) is not cls:
        raise TypeError(f"{cls.__name__} is neither a message nor a record of anytws.messages")
    said = {_TYPE: cls.__name__, **_converter(said_by_tws=False).unstructure(value)}
    return json.dumps(said, indent=indent, allow_nan=False)


@overload
def from_json(text: str | bytes, expected: None = None) -> Message: ...
@overload
def from_json(text: str | bytes, expected: type[_T]) -> _T: ...


def from_json(text: str | bytes, expected: type[Any] | None = None) -> Any:
    """Give the message that *text*, the JSON of one, says; with *expected*, a value of that class, record or message.

    Raises `JsonError`, a `ValueError`, for any other text. A word that an enumeration does not have is the peer's in
    what TWS says; in a request it is questioned when it is sent, like one that was typed.
    """
    wanted = Message if expected is None else expected
    data = _parsed(text)
    if not isinstance(data, dict):
        raise JsonError(f"{shown(data)} is no object of JSON: a {wanted.__name__} was expected")
    name = data.pop(_TYPE, None)
    cls = _class_called(name) if isinstance(name, str) else None
    if cls is None or not issubclass(cls, wanted):
        raise JsonError(f"{_TYPE} is {shown(name)}, and not the name of a {wanted.__name__}")
    try:
        return _converter(said_by_tws=issubclass(cls, ToClient)).structure(data, cls)
    except BaseValidationError as problem:
        faults = transform_error(problem, path=cls.__name__, format_exception=_fault)
        raise JsonError("; ".join(_told(faults))) from None


# --- errors -----------------------------------------------------------------------------------------------------------

_MOST_FAULTS: Final = 5


def _fault(problem: BaseException, _type: type[Any] | None) -> str:
    if isinstance(problem, ForbiddenExtraKeysError):
        return f"there is no field {', '.join(sorted(shown(name) for name in problem.extra_fields))}"
    if isinstance(problem, KeyError):
        return f"{shown(problem.args[0] if problem.args else '')} is missing"
    return str(problem)


def _told(faults: list[str]) -> Iterator[str]:
    for fault in faults[:_MOST_FAULTS]:
        what, _, where = fault.rpartition(" @ ")
        yield f"{where}: {what}" if what else fault
    if len(faults) > _MOST_FAULTS:
        yield f"and {len(faults) - _MOST_FAULTS} more"


# --- text and data ----------------------------------------------------------------------------------------------------

_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)


def _parsed(text: str | bytes) -> Any:
    try:
        said = text.decode() if isinstance(text, (bytes, bytearray)) else text
        _check_depth(said)
        return json.loads(said, object_pairs_hook=_object, parse_constant=_no_number, parse_float=_finite)
    except JsonError:
        raise
    except ValueError as problem:
        raise JsonError(f"{shown(text)} is no JSON: {problem}") from None


def _check_depth(text: str) -> None:
    # Before it is parsed: a parser that is stopped by Python's own limit has used up the stack of whoever called it.
    depth = 0
    for token in _TOKEN.finditer(text):
        mark = token[0]
        depth += (mark in "[{") - (mark in "]}")
        if depth > MOST_DEEP:
            raise JsonError(f"more than {MOST_DEEP} objects or lists stand in each other: no message has so many")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise JsonError(f"the field {shown(twice)} is there twice")
    return found


def _no_number(word: str) -> Any:
    raise JsonError(f"{word} is no number of JSON: an infinity is a text, and NaN is no value")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise JsonError(f"{shown(text)} is too large for a float")
    return number


def _class_called(name: str) -> type[Any] | None:
    """Give the message or record called *name*, None if there is none. Loads no more of the messages than its file."""
    cls = getattr(messages, name) if name in messages.__all__ else None
    return cls if isinstance(cls, type) and attrs.has(cls) and not _members_of(cls) else None


def _members_of(cls: type[Any]) -> Mapping[str, type[Any]]:
    """Give the classes of records that *cls* is the base of, such as the conditions of an order, by their names."""
    # Compiled readers derive classes of their own from any message: those are on no shelf.
    derived = {each.__name__: each for each in cls.__subclasses__()}
    return {name: each for name, each in derived.items() if getattr(messages, name, None) is each}


# --- plain values -----------------------------------------------------------------------------------------------------


def _strict(kind: type[Any], words: str) -> _Hook:
    def read(value: Any, _: Any) -> Any:
        # By type: a bool is an int to Python, and no number here.
        if type(value) is not kind:
            raise ValueError(f"{shown(value)} is not {words}")
        return value

    return read


_read_text: Final = _strict(str, "a text")
_read_whole: Final = _strict(int, "a whole number")


def _read_float(value: Any, _: Any) -> float:
    if type(value) is float:
        return value
    if isinstance(value, str) and value in ("Infinity", "-Infinity"):
        return float(value)
    # A whole number is one to JSON too, but not each is one to a float.
    if type(value) is not int or abs(value) > _LARGEST_WHOLE:
        raise ValueError(f"{shown(value)} is not a number that a float can hold, nor 'Infinity' or '-Infinity'")
    return float(value)


_LARGEST_WHOLE: Final = 2**53


def _write_float(value: Any) -> Any:
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, float) and math.isnan(value):
        raise ValueError("NaN is no value of a message")
    return value


def _read_decimal(value: Any, _: Any = None) -> Decimal:
    try:
        number = Decimal(value) if isinstance(value, str) and value.isascii() and "_" not in value else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        raise ValueError(f"{shown(value)} is not the text of a decimal, such as '100' or '0.5'")
    return number


def _read_bytes(value: Any, _: Any) -> bytes:
    try:
        return bytes.fromhex(_read_text(value, str))
    except ValueError:
        raise ValueError(f"{shown(value)} is not a text of hexadecimal digits") from None


# --- times ------------------------------------------------------------------------------------------------------------

_TIME: Final = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:T(?P<clock>[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{6})?)"
    r"(?P<offset>Z|[+-][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{6})?)?)?(?:\[(?P<zone>.+)\])?)?",
    re.DOTALL,
).fullmatch
_EPOCH: Final = "epoch"
_FORMS: Final = "a time such as '2026-07-06T10:30:00-04:00[US/Eastern]', or a date"


def _write_time(value: Any) -> str:
    """Give a date or a datetime as text."""
    if not isinstance(value, datetime):
        day: str = value.isoformat()
        return day
    wall, zone = value.replace(tzinfo=None, fold=0).isoformat(), value.tzinfo
    if zone is None:
        return wall
    if zone is UTC or zone is EPOCH_SECONDS:
        return f"{wall}Z" if zone is UTC else f"{wall}Z[{_EPOCH}]"
    name = zone.name if isinstance(zone, NamedZone) else getattr(zone, "key", None)
    # Two offsets are possible, or none is known: that is told by leaving it out.
    is_unclear = isinstance(zone, UnclearZone) or value.utcoffset() is None
    text = wall if is_unclear else value.replace(tzinfo=timezone(value.utcoffset() or timedelta(0))).isoformat()
    if name is None:
        return text
    text = f"{text}[{name}]"
    if name == _EPOCH or not _is_read_as(text, value):
        raise ValueError(f"{value!r}: its zone is not the one that is known as {name!r}")
    return text


def _is_read_as(text: str, value: datetime) -> bool:
    try:
        read = _read_time(text)
    except ValueError:
        return False
    # Not the two themselves: an hour that comes twice is never equal to one in another object of the same zone.
    return isinstance(read, datetime) and (read.replace(tzinfo=None), read.utcoffset()) == (
        value.replace(tzinfo=None),
        value.utcoffset(),
    )


def _read_time(text: str) -> date:
    """Read a date or a datetime. Raises `ValueError` for any other text."""
    match = _TIME(text)
    if match is None:
        raise ValueError(f"{shown(text)} is not {_FORMS}")
    if match["clock"] is None:
        return date.fromisoformat(match["day"])
    wall = datetime.fromisoformat(f"{match['day']}T{match['clock']}")
    name, said = match["zone"], match["offset"]
    if said is None:
        return wall if name is None else clear_or_not(wall.replace(tzinfo=_zone(name)))
    if said == "Z" and name in (None, _EPOCH):
        return wall.replace(tzinfo=UTC if name is None else EPOCH_SECONDS)
    offset = timedelta(0) if said == "Z" else _offset(said)
    if name is None:
        return wall.replace(tzinfo=timezone(offset))
    return _in_zone(wall, name, offset, text)


def _in_zone(wall: datetime, name: str, offset: timedelta, text: str) -> datetime:
    zone = _zone(name)
    both = [wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    found = next((time for time in both if time.utcoffset() == offset), None)
    if found is not None:
        return found
    if both[0].utcoffset() is not None:
        raise ValueError(f"{shown(text)}: the zone has another offset at that time")
    # A zone that this machine does not know; whoever wrote it did.
    return wall.replace(tzinfo=NamedZone(name, timezone(offset)))


def _zone(name: str) -> Any:
    if len(name) > LONGEST_ZONE:
        raise ValueError(f"{shown(name)} is longer than names of zones are")
    return zone_named(name)


def _offset(text: str) -> timedelta:
    found = datetime.fromisoformat(f"2000-01-01T00:00:00{text}").utcoffset()
    return found or timedelta(0)


def _read_date(value: Any, _: Any) -> date:
    found = _read_time(_read_text(value, str))
    if isinstance(found, datetime):
        raise ValueError(f"{shown(value)} is not a date such as '2026-07-06'")
    return found


def _read_datetime(value: Any, _: Any) -> datetime:
    found = _read_time(_read_text(value, str))
    if not isinstance(found, datetime):
        raise ValueError(f"{shown(value)} is a date, and a time of day was expected")
    return found


# --- enumerations -----------------------------------------------------------------------------------------------------


def _read_word(value: Any, cls: type[Word]) -> Word:
    return cls(_read_text(value, str))


def _read_word_of_tws(value: Any, cls: type[Word]) -> Word:
    return cls.verbatim(_read_text(value, str))


def _read_number(value: Any, cls: type[Any]) -> Any:
    return cls(_read_whole(value, int))


def _value_of(member: Any) -> Any:
    # A plain number or word in the place of a member is written as it is.
    return getattr(member, "value", member)


# --- several types in one field ---------------------------------------------------------------------------------------


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, UnionType)


def _parts(hint: Any) -> frozenset[Any]:
    return frozenset(get_args(hint)) - {NoneType}


def _is_mixed(hint: Any) -> bool:
    """Tell whether a field may hold one of several types, None aside: which it is, the JSON has to tell."""
    return _is_union(hint) and len(_parts(hint)) > 1


def _mixed_reader(hint: Any) -> _Hook:
    kinds, optional = _parts(hint), NoneType in get_args(hint)
    has_times = bool(kinds & {date, datetime})
    names = ", ".join(sorted(kind.__name__ for kind in kinds))

    def read(value: Any, _: Any) -> Any:
        if value is None and optional:
            return None
        if isinstance(value, dict) and has_times and str in kinds and set(value) == {_TEXT}:
            return _read_text(value[_TEXT], str)
        if type(value) is int and int in kinds:
            return value
        if isinstance(value, str) and has_times:
            found = _read_time(value)
            if (datetime if isinstance(found, datetime) else date) in kinds:
                return found
        elif isinstance(value, str) and Decimal in kinds:
            return _read_decimal(value)
        elif type(value) in kinds:
            return value
        raise ValueError(f"{shown(value)} is none of {names}")

    return read


def _mixed_writer(hint: Any) -> Callable[[Any], Any]:
    has_times = bool(_parts(hint) & {date, datetime})

    def write(value: Any) -> Any:
        if isinstance(value, date):
            return _write_time(value)
        if isinstance(value, Decimal):
            return str(value)
        return {_TEXT: value} if isinstance(value, str) and has_times else value

    return write


# --- records ----------------------------------------------------------------------------------------------------------


def _is_family(cls: Any) -> bool:
    """Tell whether *cls* is one of several classes of records, such as the conditions of an order."""
    return isinstance(cls, type) and attrs.has(cls) and bool(_members_of(cls))


def _family_reader(converter: Converter) -> Callable[[type[Any]], _Hook]:
    def reader(cls: type[Any]) -> _Hook:
        members = _members_of(cls)

        def read(value: Any, _: Any) -> Any:
            rest = dict(_read_object(value))
            name = rest.pop(_TYPE, None)
            member = members.get(name) if isinstance(name, str) else None
            if member is None:
                raise ValueError(f"{_TYPE} is {shown(name)}, and none of {', '.join(members)}")
            return converter.structure(rest, member)

        return read

    return reader


def _family_writer(converter: Converter) -> Callable[[Any], Callable[[Any], Any]]:
    def write(value: Any) -> dict[str, Any]:
        return {_TYPE: type(value).__name__, **converter.unstructure(value, unstructure_as=type(value))}

    def writer(_: Any) -> Callable[[Any], Any]:
        return write

    return writer


def _read_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{shown(value)} is not an object")
    return value


def _record_reader(converter: Converter) -> Callable[[type[Any]], _Hook]:
    def reader(cls: type[Any]) -> _Hook:
        read_fields = make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True)
        return lambda value, hint: read_fields(_read_object(value), hint)

    return reader


def _record_writer(converter: Converter) -> Callable[[type[Any]], Callable[[Any], Any]]:
    return lambda cls: make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=True)


def _is_tuple(hint: Any) -> bool:
    return get_origin(hint) is tuple


def _tuple_reader(converter: Converter) -> Callable[[Any], _Hook]:
    def reader(hint: Any) -> _Hook:
        as_list: Any = GenericAlias(list, (get_args(hint)[0],))
        inner = converter.get_structure_hook(as_list)

        def read(value: Any, _: Any) -> Any:
            if not isinstance(value, list):
                raise ValueError(f"{shown(value)} is not a list")
            return tuple(inner(value, as_list))

        return read

    return reader


@cache
def _converter(*, said_by_tws: bool) -> Converter:
    converter = Converter(detailed_validation=True, forbid_extra_keys=True)
    # A hook that is registered for a class is that of its subclasses too, unless there is one for those.
    reads: list[tuple[type[Any], _Hook]] = [
        (str, _read_text),
        (int, _read_whole),
        (bool, _strict(bool, "true or false")),
        (float, _read_float),
        (Decimal, _read_decimal),
        (bytes, _read_bytes),
        (date, _read_date),
        (datetime, _read_datetime),
        (Word, _read_word_of_tws if said_by_tws else _read_word),
        (Number, _read_number),
        (IntFlag, _read_number),
    ]
    for kind, read in reads:
        converter.register_structure_hook(kind, read)
    writes: list[tuple[type[Any], Callable[[Any], Any]]] = [
        (float, _write_float),
        (Decimal, str),
        (bytes, bytes.hex),
        (date, _write_time),
        (datetime, _write_time),
        (Word, _value_of),
        (Number, _value_of),
        (IntFlag, _value_of),
    ]
    for kind, write in writes:
        converter.register_unstructure_hook(kind, write)
    # What is registered last is asked first.
    converter.register_structure_hook_factory(_is_tuple, _tuple_reader(converter))
    converter.register_structure_hook_factory(attrs.has, _record_reader(converter))
    converter.register_unstructure_hook_factory(attrs.has, _record_writer(converter))
    converter.register_structure_hook_factory(_is_family, _family_reader(converter))
    converter.register_unstructure_hook_factory(_is_family, _family_writer(converter))
    converter.register_structure_hook_factory(_is_mixed, _mixed_reader)
    converter.register_unstructure_hook_factory(_is_mixed, _mixed_writer)
    return converter
