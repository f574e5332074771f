"""Kinds of value: how one field is written, in both encodings.

A kind is two functions for text and, where protobuf holds something else than the value itself, two for protobuf.
Readers take exactly what the wire may hold and raise `ValueError` on everything else. Python's own parsers are more
generous than that (``int("1_000")``, ``int("１２")``, ``Decimal("NaN")``, ``float(" 1 ")``), so none is used bare.

Absent is `None`, and only where a kind is optional (`anytws.wire.optional_kinds`); zero is zero. The vendor's
sentinels, such as 2147483647 for "no number", are refused here or read as None: no user sees them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntFlag
from typing import Any, Final, TypeAlias

import attrs

from anytws.messages.enumerations import Number, Word

# Bounds, and no ranges: for a member of an enumeration, ``in range(...)`` compares with every number of the range.
_Bounds: TypeAlias = tuple[int, int]
_INT32: Final = (-(2**31), 2**31 - 1)
_INT64: Final = (-(2**63), 2**63 - 1)
_UNSET_INT: Final = 2147483647
_UNSET_LONG: Final = 9223372036854775807
_UNSET_DOUBLE: Final = 1.7976931348623157e308
_UNSET_DECIMAL: Final = Decimal(2**127 - 1)
# The texts that an unset decimal takes besides the empty one (text/README.md, "Types").
_UNSET_DECIMALS: Final = frozenset(
    {Decimal(_UNSET_INT), Decimal(_UNSET_LONG), Decimal(-(2**63)), Decimal("1.7976931348623157E308"), _UNSET_DECIMAL}
)
# Those of a 128-bit decimal, which is what the vendor computes with. A larger number, written out, fills the memory.
_LEAST_MAGNITUDE: Final = -6176
_MOST_MAGNITUDE: Final = 6144
# Characters of a number, read or written: the largest double, written out, has 309 digits.
_LONGEST_NUMBER: Final = 400
_NO_REQUEST: Final = -1
_LARGEST_MASK: Final = 2**16 - 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_IS_INT: Final = re.compile(r"[+-]?[0-9]+").fullmatch
# Each digit can be matched by one part of the pattern. If there were two, `re` would try every way to divide a long
# number between them.
_IS_REAL: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?").fullmatch
_IS_ZERO: Final = re.compile(r"[+-]?[0.]+(?:[eE].*)?").fullmatch


UNSTATED: Final[Any] = object()


@attrs.frozen(eq=False)
class Kind:
    """How one sort of value is written."""

    name: str
    """For errors and for `explain`: ``'abc' is not INT``."""
    read_text: Callable[[str], Any]
    """Text to value. Raises `ValueError` or `ArithmeticError`."""
    write_text: Callable[[Any], str]
    """Value to text. Raises `ValueError` for what is no value of this kind."""
    protobuf: str
    """The scalar type in protobuf: ``int32``, ``int64``, ``double``, ``bool`` or ``string``."""
    read_protobuf: Callable[[Any], Any] | None = None
    """Protobuf's value to ours; None where they are the same."""
    write_protobuf: Callable[[Any], Any] | None = None
    """Our value to protobuf's. Raises `ValueError` like ``write_text``; may give None to leave the field out."""
    optional: bool = False
    """Whether `None` is a value of this kind; an absent protobuf field is None then."""
    absent: Any = UNSTATED
    """What an absent protobuf field means, if not None and not the default of the class."""
    members: type[Enum] | None = None
    """The enumeration or the flags whose values it writes."""
    with_sentinels: Kind | None = None
    """The kind without its refusal of the vendor's sentinels, for those that give the sentinels a meaning."""
    sentinels: frozenset[Any] = frozenset()
    """What means "no value" to the vendor: this kind refuses it, and ``with_sentinels`` takes it for a value."""


def _read_int(text: str) -> int:
    if len(text) > _LONGEST_NUMBER or not _IS_INT(text):
        raise ValueError(text)
    return int(text)


def _reads_within(bounds: _Bounds) -> Callable[[str], int]:
    least, most = bounds

    def read(text: str) -> int:
        value = _read_int(text)
        # We could not write what does not fit, and protobuf could not carry it: it is no value of this kind.
        if not least <= value <= most:
            raise ValueError(text)
        return value

    return read


def _integer(bounds: _Bounds) -> Callable[[Any], int]:
    least, most = bounds

    def check(value: object) -> int:
        # A bool is an int to Python but a different thing on this wire.
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(value)
        return int(value)

    return check


_read_int32 = _reads_within(_INT32)
_read_int64 = _reads_within(_INT64)
_int32 = _integer(_INT32)
_int64 = _integer(_INT64)


def _read_double(text: str) -> float:
    # A program writes NaN where it has no number. That is None in an optional kind, and is refused in any other.
    if text in ("Infinity", "-Infinity", "NaN"):
        return float(text)
    value = float(text) if len(text) <= _LONGEST_NUMBER and _IS_REAL(text) else math.nan
    # 1e999 is too large for a double, and is not the infinity, which is written as a word. 1e-999 is too small, and is
    # not zero.
    if not math.isfinite(value) or (value == 0 and not _IS_ZERO(text)):
        raise ValueError(text)
    return value


def _double(value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or value != value:  # noqa: PLR0124 (NaN)
        raise ValueError(value)
    return float(value)


def _write_double(value: object) -> str:
    number = _double(value)
    if number in (float("inf"), float("-inf")):
        return "Infinity" if number > 0 else "-Infinity"
    return repr(number)


def _read_protobuf_double(value: float) -> float:
    return float(value)


def _read_decimal(text: str) -> Decimal:
    if text == "NaN":
        return Decimal(text)
    if len(text) > _LONGEST_NUMBER or not _IS_REAL(text):
        raise ValueError(text)
    return _decimal(Decimal(text))


def _decimal(value: object) -> Decimal:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise ValueError(value)
    if not _LEAST_MAGNITUDE <= value.adjusted() <= _MOST_MAGNITUDE:
        raise ValueError(value)
    return value


def _write_decimal(value: object) -> str:
    text = str(_decimal(value))
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(value)
    return text


def _write_protobuf_decimal(value: object) -> str:
    # Without an exponent, which makes it longer.
    text = format(_decimal(value), "f")
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(value)
    return text


def _read_bool(text: str) -> bool:
    # Any integer is a truth value here; a word such as "true" is not (text/README.md, "Types").
    return _read_int(text) != 0


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(value)
    return value


# A byte that is no UTF-8 reaches the readers as a lone surrogate, Python's "surrogateescape".
_HAS_RAW_BYTE: Final = re.compile("[\udc80-\udcff]").search


def in_one_code(text: str) -> str:
    """Give *text* as it is, or, where a byte of it was no UTF-8, all of its bytes as Latin-1.

    Half of a name in the code page of a Windows machine happens to be UTF-8. Read in one code, the bytes are still
    there: ``text.encode("latin-1").decode("gbk")``.
    """
    if text.isascii() or not _HAS_RAW_BYTE(text):
        return text
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


_SENTINELS: Final[dict[str, frozenset[Any]]] = {
    "INT": frozenset({_UNSET_INT}),
    "LONG": frozenset({_UNSET_LONG}),
    "DOUBLE": frozenset({_UNSET_DOUBLE}),
    "DECIMAL": _UNSET_DECIMALS,
    "DECIMAL_AS_DOUBLE": _UNSET_DECIMALS,
}


def _without_sentinels(kind: Kind, sentinels: frozenset[Any] | None = None) -> Kind:
    """Refuse the vendor's way to write "no value" where a value has to be: it must not pass for one."""
    sentinels = _SENTINELS[kind.name] if sentinels is None else sentinels
    inner_read, inner_write = kind.read_protobuf or as_it_is, kind.write_protobuf or as_it_is

    def checked(value: Any) -> Any:
        if value in sentinels or value != value:  # noqa: PLR0124 (NaN)
            raise ValueError(value)
        return value

    def read_text(text: str) -> Any:
        return checked(kind.read_text(text))

    def write_text(value: Any) -> str:
        return kind.write_text(checked(value))

    def read_protobuf(value: Any) -> Any:
        return checked(inner_read(value))

    def write_protobuf(value: Any) -> Any:
        return inner_write(checked(value))

    return attrs.evolve(
        kind,
        read_text=read_text,
        write_text=write_text,
        read_protobuf=read_protobuf,
        write_protobuf=write_protobuf,
        with_sentinels=kind,
        sentinels=sentinels,
    )


def as_it_is(value: Any) -> Any:
    """Give *value*: what is done to it where protobuf holds the value itself."""
    return value


INT: Final = _without_sentinels(
    Kind("INT", _read_int32, lambda value: str(_int32(value)), "int32", write_protobuf=_int32)
)
"""A whole number of 32 bits."""
LONG: Final = _without_sentinels(
    Kind("LONG", _read_int64, lambda value: str(_int64(value)), "int64", write_protobuf=_int64)
)
"""A whole number of 64 bits."""
DOUBLE: Final = _without_sentinels(
    Kind("DOUBLE", _read_double, _write_double, "double", read_protobuf=_read_protobuf_double, write_protobuf=_double)
)
"""A 64-bit floating number, written as the shortest text that reads back the same."""
DECIMAL: Final = _without_sentinels(
    Kind(
        "DECIMAL",
        _read_decimal,
        _write_decimal,
        "string",
        read_protobuf=_read_decimal,
        write_protobuf=_write_protobuf_decimal,
    )
)
"""An exact decimal; text in protobuf too."""
BOOL: Final = Kind("BOOL", _read_bool, lambda value: "1" if _bool(value) else "0", "bool", write_protobuf=_bool)
"""A truth value; 0 and 1 in text."""
STRING: Final = Kind("STRING", in_one_code, _text, "string", write_protobuf=_text)
"""Text, as it is; one that is not UTF-8 is read as Latin-1, all of it."""


_ESCAPE: Final = re.compile(
    r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([0-7]{1,3})|([nrtabfv\\'\"]))"
)
_NAMED_ESCAPES: Final = {
    "n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", "'": "'", '"': '"',
}  # fmt: skip
_HALF_CHARACTER: Final = re.compile("[\ud800-\udfff]")
_HIGHEST_CODE_POINT: Final = 0x10FFFF


def unescape(text: str) -> str:
    """Undo the backslash escapes with which TWS keeps some texts ASCII (from server version 153).

    A malformed escape stays as it is written: an error message must not be lost because of its text.
    """
    if text.isascii() and "\\" not in text:
        return text
    text = in_one_code(text)

    def replace(match: re.Match[str]) -> str:
        short, long, byte, octal, named = match.groups()
        if named is not None:
            return _NAMED_ESCAPES[named]
        point = int(octal, 8) if octal is not None else int(short or long or byte, 16)
        return chr(point) if point <= _HIGHEST_CODE_POINT else match[0]

    unescaped = _ESCAPE.sub(replace, text)
    # TWS writes characters beyond U+FFFF as two surrogate escapes, which are joined here. The official client leaves
    # two halves, and no encoding can write those.
    joined = unescaped.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    # Half a character without its other half stays as it was written: no encoding can write it.
    return _HALF_CHARACTER.sub(lambda half: rf"\u{ord(half[0]):04x}", joined)


def escape(text: str) -> str:
    """Make *text* ASCII as TWS does: `unescape` undoes it."""
    return "".join(map(_escape_character, text))


def _escape_character(character: str) -> str:
    point = ord(character)
    if character == "\\":
        return r"\\"
    if 0 < point < 0x80:
        return character
    return rf"\u{point:04x}" if point <= 0xFFFF else rf"\U{point:08x}"


def _any_text(value: object) -> str:
    if not isinstance(value, str) or _HALF_CHARACTER.search(value):
        raise ValueError(value)
    return value


ESCAPED: Final = Kind("ESCAPED", unescape, lambda value: escape(_any_text(value)), "string", write_protobuf=_any_text)
"""Text that is ASCII with backslash escapes in the text encoding, and plain in protobuf."""


def _read_request_id(text: str) -> int | None:
    return _read_protobuf_request_id(_read_int32(text))


def _read_protobuf_request_id(value: int) -> int | None:
    return None if value in (_NO_REQUEST, _UNSET_INT) else value


def _write_protobuf_request_id(value: int | None) -> int:
    if value is None:
        return _NO_REQUEST
    if value in (_NO_REQUEST, _UNSET_INT):
        raise ValueError(value)
    return _int32(value)


REQUEST_ID: Final = Kind(
    "REQUEST_ID", _read_request_id, lambda value: str(_write_protobuf_request_id(value)), "int32",
    read_protobuf=_read_protobuf_request_id, write_protobuf=_write_protobuf_request_id, optional=True,
)  # fmt: skip
"""The id of a request or order; None is -1, and 2147483647 where TWS rejects a request that has no id."""


MOST_JOINED: Final = 100_000
"""The most items that one text has with separators between them: they are no list that `Limits.items` counts."""


def _split_list(text: str) -> tuple[str, ...]:
    if text.count(",") > MOST_JOINED:
        raise ValueError(text)
    # TWS may end the list with a comma: an empty item is no item.
    return tuple([item for item in text.split(",") if item])


def _join_list(value: Any) -> str:
    items: tuple[Any, ...] = value if type(value) is tuple else (None,)
    if not all(isinstance(item, str) and item and "," not in item for item in items):
        raise ValueError(items)
    if len(items) > MOST_JOINED:
        raise ValueError(items)
    return _any_text(",".join(items))


COMMA_LIST: Final = Kind(
    "COMMA_LIST", lambda text: _split_list(unescape(text)), lambda value: escape(_join_list(value)), "string",
    read_protobuf=_split_list, write_protobuf=_join_list,
)  # fmt: skip
"""Names with commas between them, escaped in text."""


def number_of(enumeration: type[Number], base: Kind | None = None) -> Kind:
    """Give the kind of an enumeration that is a number; an unknown number is a member of its own."""
    base = base or INT
    kind = _number_kind(enumeration, base)
    if base.with_sentinels is None:
        return kind
    every = _number_kind(enumeration, base.with_sentinels)
    return attrs.evolve(kind, with_sentinels=every, sentinels=base.sentinels)


def _number_kind(enumeration: type[Number], base: Kind) -> Kind:
    def write_protobuf(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(value)
        return int(base.write_protobuf(int(value)) if base.write_protobuf else value)

    return Kind(
        enumeration.__name__,
        lambda text: enumeration(base.read_text(text)),
        lambda value: str(write_protobuf(value)),
        base.protobuf,
        lambda value: enumeration(base.read_protobuf(value) if base.read_protobuf else value),
        write_protobuf,
        members=enumeration,
    )


def word_of(enumeration: type[Word]) -> Kind:
    """Give the kind of an enumeration that is a word; an unknown word is a member of its own, an empty one is none."""

    def read(text: str) -> Word:
        if not text:
            raise ValueError(text)
        # A word of TWS can be sent back to it as it is: `anytws.wire.guard` does not take it for a mistake.
        return enumeration.verbatim(in_one_code(text))

    def write_protobuf(value: Any) -> str:
        if not value:
            raise ValueError(value)
        return str(_text(value))

    return Kind(enumeration.__name__, read, write_protobuf, "string", read, write_protobuf, members=enumeration)


def flags_of(flags: type[IntFlag]) -> Kind:
    """Give the kind of a bit mask. Bits without a name are kept, up to the sixteenth."""

    def write_protobuf(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST_MASK:
            raise ValueError(value)
        return int(value)

    def read_protobuf(value: int) -> IntFlag:
        # Python keeps every mask that it has seen. Without this bound a peer could fill the memory with two thousand
        # million of them.
        if not 0 <= value <= _LARGEST_MASK and value != _UNSET_INT:
            raise ValueError(value)
        return flags(value)

    every = Kind(
        flags.__name__,
        lambda text: read_protobuf(_read_int32(text)),
        lambda value: str(write_protobuf(value)),
        "int32",
        read_protobuf,
        write_protobuf,
        members=flags,
    )
    return _without_sentinels(every, INT.sentinels)


def _read_protobuf_plain_decimal(value: float) -> Decimal:
    if math.isnan(value):
        return Decimal("NaN")
    # The double nearest to 0.1 means 0.1: the value is the shortest text that gives the same double.
    return _decimal(Decimal(_write_double(value).removesuffix(".0")))


def _write_protobuf_plain_decimal(value: object) -> float:
    number = float(_decimal(value))
    if _read_protobuf_plain_decimal(number) != value:
        raise ValueError(value)
    return number


DECIMAL_AS_DOUBLE: Final = _without_sentinels(
    Kind(
        "DECIMAL_AS_DOUBLE", _read_decimal, _write_decimal, "double",
        read_protobuf=_read_protobuf_plain_decimal, write_protobuf=_write_protobuf_plain_decimal,
    )
)  # fmt: skip
"""An exact decimal in text that protobuf holds as a double; one that a double cannot hold is refused there."""


_NO_TIME: Final[Any] = object()
"""What the largest number means as a time."""


def _instant(unit: timedelta) -> tuple[Callable[[int], Any], Callable[[Any], int]]:
    def read_protobuf(count: int) -> Any:
        return _NO_TIME if count == _UNSET_LONG else _EPOCH + count * unit

    def write_protobuf(value: object) -> int:
        if not isinstance(value, datetime) or value.utcoffset() is None or (value - _EPOCH) % unit:
            raise ValueError(value)
        return (value - _EPOCH) // unit

    return read_protobuf, write_protobuf


def _time_kind(name: str, unit: timedelta) -> Kind:
    read_protobuf, write_protobuf = _instant(unit)
    kind = Kind(
        name,
        lambda text: read_protobuf(_read_int(text)),
        lambda value: str(write_protobuf(value)),
        "int64",
        read_protobuf,
        write_protobuf,
    )
    return _without_sentinels(kind, frozenset({_NO_TIME}))


SECONDS: Final = _time_kind("SECONDS", timedelta(seconds=1))
"""An aware datetime as whole seconds since the epoch."""
MILLISECONDS: Final = _time_kind("MILLISECONDS", timedelta(milliseconds=1))
"""An aware datetime as whole milliseconds since the epoch."""
