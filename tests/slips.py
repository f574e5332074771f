"""Slips: what may stand in a field of a message instead of what belongs there.

A *slip* is a Python expression of ``held``, the value that is there, and ``default``, that of its field: ``None``,
``-held``, ``MyInt(held)``. As a text it can be drawn, shown by a test that fails, and kept in a file. It is worked out
anew for each writing, because there are values that can be looked at only once, such as a generator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cache
from itertools import chain
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import ANY
from zoneinfo import ZoneInfo

import attrs

from anytws.messages import CancelPositions, CurrentTimeRequest, NextValidId
from anytws.messages.base import TagValue
from anytws.messages.enumerations import Word
from anytws.messages.times import EPOCH_SECONDS, NamedZone, UnclearZone
from tests import odd_objects, odd_records
from tests.annotations import ENUMERATIONS, classes_at, plain
from tests.annotations import RECORDS as CLASSES

_NUMBERS: Final = """
0|1|-1|2|-2|3|65535|65536|2147483646|2147483647|2147483648|-2147483648|-2147483649|2**53 + 1|2**63 - 1|2**63|-2**63
-2**63 - 1|2**64|10**400|0.0|-0.0|1.0|-1.0|-2.0|1.5|0.1|0.1 + 0.2|5e-324|1e-7|1e15|1e16|1e22|123456789.125|2147483647.0
9223372036854775807.0|1.7976931348623157e308|-1.7976931348623157e308|inf|-inf|nan|True|False|MyInt(1)|MyInt(2147483647)
MyFloat(1.5)|MyFloat(inf)|MyFloat(nan)|SlyInt(1)|SlyInt(2**40)|SlyFloat(1.5)|SlyFloat(inf)|1j|Fraction(1, 2)|-held
held + 1|held - 1|int(held)|float(held)|bool(held)|str(held)|Decimal(held)|MyInt(held)|MyFloat(held)|SlyInt(held)
SlyFloat(held)|EqualToAll(held)|held + 2**32|~held
"""
_DECIMALS: Final = """
Decimal(0)|Decimal("-0")|Decimal("0.0")|Decimal("0E-20")|Decimal("0E+20")|Decimal("0E-6176")|Decimal("0E-6177")
Decimal(1)|Decimal("1.0")|Decimal("1.00")|Decimal(-1)|Decimal("-1.0")|Decimal(-2)|Decimal("1E+3")|Decimal(1000)
Decimal("10E+2")|Decimal("0.1")|Decimal("0.10")|Decimal("1E-7")|Decimal("0.30000000000000004")|Decimal(0.1)
Decimal("NaN")|Decimal("-NaN")|Decimal("sNaN")|Decimal("NaN123")|Decimal("Infinity")|Decimal("-Infinity")
Decimal(2147483647)|Decimal("2147483647.0")|Decimal(9223372036854775807)|Decimal(-(2**63))|Decimal(2**127 - 1)
Decimal("1.7976931348623157E308")|Decimal(1.7976931348623157e308)|Decimal("1" * 400)|Decimal("1" * 401)
Decimal("0." + "1" * 398)|Decimal("0." + "1" * 399)|Decimal("1E+398")|Decimal("1E+399")|Decimal("1E+400")
Decimal("1E-397")|Decimal("1E-398")|Decimal("1E-399")|Decimal("1E-6176")|Decimal("1E-6177")|Decimal("1E+6144")
Decimal("1E+6145")|Decimal("1E+9999")|Decimal("123456789012345678")|Decimal("1234567.8901234567890")
MyDecimal(1)|MyDecimal("1.0")|MyDecimal("NaN")|SlyDecimal(1)|SlyDecimal("Infinity")|Decimal(held)|-held|held + 1
held + Decimal(1000)|MyDecimal(held)|SlyDecimal(held)|held.normalize()|held.scaleb(3)|held * Decimal("1.0")
held * Decimal("1.00")|float(held)|int(held)|str(held)|EqualToAll(held)|held * Decimal("1E+2") / 100
"""
_TEXTS: Final = r"""
""|"0"|"1"|"-1"|"2147483647"|"1.5"|"Infinity"|"nan"|"True"|"true"|" "|"a"|"a b"|"\0"|"a\0b"|"a\0"|"\n"|"a\nb"|"\r"
"\t"|"\x01"|"\x1b[0m"|"\x7f"|"\x80"|"\xa0"|"\xe9"|"\u20ac"|"\u4e2d\u56fd"|"\U0001f600"|"\ud83d\ude00"|"\ud800"|"\udc80"
"a\udcffb"|"\ufeff"|"\u2028"|"\\"|"\\u00e9"|"\\n"|","|"a,b"|",a"|";"|"="|"a=b;"|"'"|"x" * 64|"x" * 65|"x" * 2000
"x" * 20000|"\xe9" * 2000|"9" * 5000|"20240131"|"20240131 10:30:00 US/Eastern"|"20240131-10:30:00"|"1706697000"
MyStr("a")|MyStr("")|MyStr("\0")|SlyStr("a")|SlyStr("\0")|SlyStr("\xe9")|b"a"|bytearray(b"a")|["a"]|held + "\0"
held + "\xe9"|held + "\n"|held + "\ud800"|held + " "|" " + held|held + ","|held.lower()|held.upper()|held.title()
held[1:]|held[:-1]|held * 2|held.encode()|MyStr(held)|SlyStr(held)|list(held)|str(held)|EqualToAll(held)
type(held)(str(held))|type(held).verbatim(str(held))|type(held).verbatim(slip_of(held))|type(held)(slip_of(held))
slip_of(held)|type(held)(held.lower())|type(held).verbatim(held.lower())|type(held).verbatim("\xe9")
type(held)("\0")|type(held).verbatim("")|type(held)("")|type(held)(MyStr(held))|type(held)(SlyStr(held))
"""
_TIMES: Final = """
datetime(2024, 1, 31, 10, 30)|datetime(2024, 1, 31, 10, 30, tzinfo=UTC)|datetime(2024, 1, 31, 5, 30, tzinfo=FIVE_BEHIND)
datetime(2024, 1, 31, 10, 30, tzinfo=EPOCH_SECONDS)|datetime(2024, 1, 31, 10, 30, tzinfo=NamedZone("GMT", UTC))
datetime(2024, 1, 31, 10, 30, tzinfo=OTHER_UTC)|datetime(2024, 1, 31, 5, 30, tzinfo=NEW_YORK)
datetime(2024, 1, 31, 10, 30, tzinfo=NamedZone("CST"))|datetime(2024, 1, 31, 10, 30, tzinfo=NamedZone("x" * 200))
datetime(2024, 1, 31, 10, 30, tzinfo=NamedZone("a\\nb", UTC))|datetime(2024, 1, 31, 10, 30, tzinfo=NamedZone(""))
datetime(2024, 1, 31, 10, 30, tzinfo=NamedZone("\\xe9", UTC))|datetime(2024, 1, 31, 10, 30, tzinfo=NamedZone(1, UTC))
datetime(2024, 1, 31, 10, 30, tzinfo=KeyedZone("Mars/Base"))|datetime(2024, 1, 31, 10, 30, tzinfo=KeyedZone("A", ZERO))
datetime(2024, 1, 31, 10, 30, tzinfo=KeyedZone("B", ZERO))|datetime(2024, 1, 31, 10, 30, tzinfo=KeyedZone(5, ZERO))
datetime(2024, 1, 31, 10, 30, tzinfo=FailingZone())|datetime(2024, 11, 3, 1, 30, tzinfo=NEW_YORK)
datetime(2024, 11, 3, 1, 30, fold=1, tzinfo=NEW_YORK)|datetime(2024, 3, 10, 2, 30, tzinfo=NEW_YORK)
datetime(2024, 11, 3, 1, 30, tzinfo=UnclearZone("US/Eastern", NEW_YORK))|datetime(2024, 1, 31, 10, 30, 0, 1)
datetime(2024, 1, 31, 10, 30, 0, 1000, UTC)|datetime(2024, 1, 31, 10, 30, 0, 500000, EPOCH_SECONDS)
datetime(2024, 1, 31, 10, 30, 0, 1, NEW_YORK)|datetime(2024, 1, 31, tzinfo=UTC)|datetime(1, 1, 1)
datetime(1, 1, 1, tzinfo=UTC)|datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))|datetime(9999, 12, 31, 23, 59, 59)
datetime(9999, 12, 31, 23, tzinfo=FIVE_BEHIND)
datetime(2024, 1, 31, 10, 30, tzinfo=KEYLESS)|datetime(2024, 1, 31, 10, 30, tzinfo=KEYLESS_UTC)
datetime(2024, 11, 3, 1, 30, fold=1, tzinfo=KEYLESS)|held.replace(tzinfo=KEYLESS)|held.astimezone(KEYLESS)
datetime(1970, 1, 1, tzinfo=UTC)|datetime(1970, 1, 1, tzinfo=EPOCH_SECONDS)|datetime(1969, 12, 31, tzinfo=UTC)
datetime(1900, 1, 1, tzinfo=NEW_YORK)|datetime(2024, 1, 31, 10, 30, tzinfo=timezone(timedelta(seconds=90)))
date(2024, 1, 31)|date(1, 1, 1)|date(9999, 12, 31)|time(10, 30)|timedelta(1)|"20240131"|1706697000|1706697000.0
MyDatetime(2024, 1, 31, 10, 30)|MyDatetime(2024, 1, 31, 10, 30, tzinfo=UTC)|MyDate(2024, 1, 31)
SlyDatetime(2024, 1, 31, 10, 30)|SlyDatetime(2024, 1, 31, 10, 30, tzinfo=UTC)|held.replace(microsecond=1)
held.replace(microsecond=5000)|held.replace(tzinfo=None)|held.replace(tzinfo=UTC)|held.replace(tzinfo=EPOCH_SECONDS)
held.replace(tzinfo=NEW_YORK)|held.replace(fold=1)|held.replace(year=1)|held.replace(year=9999)|held.date()|str(held)
held.astimezone(UTC)|held.astimezone(FIVE_BEHIND)|held.astimezone(NEW_YORK)|held.astimezone(EPOCH_SECONDS)
held.astimezone(KeyedZone("A", ZERO))|held.astimezone(NamedZone("B", UTC))|held + timedelta(microseconds=1)
held + timedelta(1)|MyDatetime.fromisoformat(held.isoformat())|datetime(held.year, held.month, held.day)
EqualToAll(held)
"""
_LISTS: Final = r"""
()|[]|{}|{*()}|""|"abc"|(None,)|("",)|("a",)|("a", "b")|("a,b",)|("\xe9",)|("\0",)|("a\nb",)|(1,)|(True,)|(1.0,)
(2**31,)|(2147483647,)|(2**31 - 1, 5)|(MyInt(3),)|(MyStr("a"),)|(SlyStr("a"),)|((),)|(Unasked(),)|(EqualToAll(),)
(NotCompared(),)|(Endless(),)
[*held]|(each for each in held)|iter(held)|{*held}|dict.fromkeys(held)|MyTuple(held)|SlyTuple(held)
SlyTuple((1, 2))|held[::-1]|held[:1]|held[1:]|held[:-1]|held * 2|held * 30|(*held, None)|(None, *held)|(*held, held)
(*held, "a")|(*held, 1)|(*held, *held[:1])|[*held, None]|range(3)|b"ab"|Endless()|(*map(of_subclass, held),)
(*map(with_more, held),)|(*map(as_twin, held),)|(*map(unfinished_twin, held),)|(*map(looking_like, held),)
(*map(without_fields, held),)|(*map(as_default, held),)|(*map(MyStr, held),)|(*map(MyInt, held),)
(TagValue("a", "1"),)|(TagValue("a", "1"), TagValue("a", "2"))|(TagValue("b", "1"), TagValue("a", "2"))
(TagValue("a", "1"), TagValue(MyStr("a"), "2"))|(TagValue("", ""),)|(TagValue("a=b", "1"),)|(TagValue("a", "b=c"),)
(TagValue("a;", "1"),)|(TagValue("a", "1;"),)|(TagValue("a", None),)|(TagValue(None, "a"),)|(TagValue(1, 2),)
(TagValue("a", True),)|(TagValue(b"a", b"b"),)|(TagValue("a", b"b"),)|(TagValue("\0", "a"),)|(TagValue("a", "\0"),)
(TagValue("\xe9", "\n"),)|(TagValue("a", "\ud800"),)|(TagValue(MyStr("a"), MyStr("b")),)|(TagValue("a", SlyStr("b")),)
(TagValue(SlyStr("a"), "b"),)|(SimpleNamespace(tag="a", value="1"),)|(of_subclass(TagValue("a", "1")),)
[TagValue("a", "1")]|(TagValue("a", "1") for _ in range(2))|(*held, TagValue("a", "1"))|(("a", "1"),)|{"a": "1"}
(TagValue("a", "1" * 2000),)|(TagValue("a", "1"),) * 40|(without_first(TagValue("a", "1")),)
"""
_FOR_ALL: Final = """
None|...|object|Unasked()|ANY|EqualToAll()|EqualToAll("")|EqualToAll(0)|EqualToNone()|NotCompared()|NotHashed()
Claiming(type(held))|Claiming(type(held), str(held))|Claiming(Decimal)|Claiming(float)|Claiming(bool)
Claiming(tuple, "()")|NotTrueNorFalse()|AnswerNotTrueNorFalse()|NotShown()|Endless()|NEVER_SET
lambda: 1|type(held)|(held,)|[held]|default
MyStr(default)|[default]|as_twin(default)|EqualToAll(default)|-default|float(default)|int(default)|True|1|0|""|"a"|1.0
"""
_FOR_RECORDS: Final = """
of_subclass(held)|with_more(held)|as_twin(held)|unfinished_twin(held)|looking_like(held)|without_fields(held)
Claiming(type(held))|without_first(held)|as_default(held)|copied(held)|type(held)|attrs.astuple(held)|attrs.asdict(held)
TagValue("a", "1")|()|""|CurrentTimeRequest()|CancelPositions()|NextValidId(1)|plain(Contract)
"""

_FEW_MEMBERS: Final = 12
_LAST_LETTERS: Final = 2


def slip_of(word: str) -> str:
    """Give *word* as somebody mistypes it: two letters swapped, or one too many."""
    first, second = word[:-_LAST_LETTERS] + word[: -_LAST_LETTERS - 1 : -1], f"{word[:1]}{word}"
    return first if first != word else second


def _listed(expressions: str) -> list[str]:
    return [expression for line in expressions.split("\n") for expression in line.split("|") if expression]


def _of_enumeration(cls: type[Enum]) -> list[str]:
    name, members = cls.__name__, [*cls]
    known = [f"{name}.{member.name}" for member in members]
    if issubclass(cls, Word):
        words = [str(member) for member in members][:_FEW_MEMBERS]
        slips = (
            [slip_of(word) for word in words] + [word.lower() for word in words] + [member.name for member in members]
        )
        made = [form.format(name, word) for word in slips for form in ("{}({!r})", "{}.verbatim({!r})", "{1!r}")]
        return [*known, *made, *map(repr, words)]
    numbers = ("4321", "-1", "65535", "65536", "2147483647", "2**31", "2**40")
    return [*known[:_FEW_MEMBERS], *(f"{name}({number})" for number in numbers)]


_BY_CLASS: Final[Mapping[type[Any], list[str]]] = {
    int: _listed(_NUMBERS),
    float: _listed(_NUMBERS),
    bool: _listed(_NUMBERS),
    Decimal: _listed(_DECIMALS),
    str: _listed(_TEXTS),
    datetime: _listed(_TIMES),
    date: _listed(_TIMES),
    tuple: _listed(_LISTS),
}
_OF_ENUMERATION: Final = {cls: _of_enumeration(cls) for cls in ENUMERATIONS}
OBJECTS: Final = _listed(_FOR_ALL)
"""Slips for whatever is there."""
_OF_RECORD: Final = {cls: [f"plain({cls.__name__})"] for cls in CLASSES}
RECORDS: Final = _listed(_FOR_RECORDS)
"""Slips for records, and for whole messages."""

_LISTS_OF_SLIPS = (OBJECTS, RECORDS, *_BY_CLASS.values(), *_OF_ENUMERATION.values(), *_OF_RECORD.values())
ALL: Final = [*dict.fromkeys(chain.from_iterable(_LISTS_OF_SLIPS))]
"""Every slip."""

_NAMES: Final[Mapping[str, Any]] = {
    **{name: each for name, each in {**vars(odd_objects), **vars(odd_records)}.items() if not name.startswith("_")},
    **{cls.__name__: cls for cls in (Decimal, Fraction, SimpleNamespace, TagValue, NamedZone, UnclearZone)},
    **{cls.__name__: cls for cls in (CancelPositions, CurrentTimeRequest, NextValidId)},
    **{cls.__name__: cls for cls in (datetime, date, time, timedelta, timezone, *ENUMERATIONS, *CLASSES)},
    "ANY": ANY,
    "EPOCH_SECONDS": EPOCH_SECONDS,
    "FIVE_BEHIND": timezone(timedelta(hours=-5)),
    "NEW_YORK": ZoneInfo("America/New_York"),
    "OTHER_UTC": ZoneInfo("Etc/UTC"),
    "UTC": UTC,
    "ZERO": timedelta(0),
    "attrs": attrs,
    "inf": float("inf"),
    "nan": float("nan"),
    "plain": plain,
    "slip_of": slip_of,
}
_MADE_BY: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    slip: eval(f"lambda held, default: {slip}", dict(_NAMES))  # noqa: S307 (of this file)
    for slip in ALL
}


def made_by(slip: str, held: Any, default: Any = None) -> Any:
    """Give what stands there after *slip*. Raises whatever comes of one that does not fit what is *held*."""
    return _MADE_BY[slip](held, default)


def must_be_one(slip: str) -> None:
    """Raise `ValueError` for what is none: a file with it would be about nothing."""
    if slip not in _MADE_BY:
        raise ValueError(f"{slip} is no slip")


@cache
def fitting(cls: type[Any], name: str) -> list[str]:
    """Give the slips that are near to what the field *name* of *cls* holds."""
    found = [*OBJECTS]
    for each in classes_at(cls, name):
        if each in _OF_ENUMERATION:
            found += _OF_ENUMERATION[each]
            found += _BY_CLASS[str if issubclass(each, Word) else int]
        elif attrs.has(each):
            found += RECORDS
            found += _OF_RECORD[each]
        else:
            found += _BY_CLASS.get(each, ())
    return [*dict.fromkeys(found)]
