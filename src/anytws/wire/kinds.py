"""Kinds of value: how one field is written, in both encodings.

A kind is two functions for text and, where protobuf holds something else than the value itself, two for protobuf.
Readers take exactly what the wire may hold and raise `ValueError` on everything else. Python's own parsers are more
generous than that (``int("1_000")``, ``int("１２")``, ``Decimal("NaN")``, ``float(" 1 ")``), so none is used bare.

Absent is `None` and only where a kind is optional; zero is zero; the vendor's sentinels end here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntFlag
from functools import cache
from typing import Any, Final, TypeAlias

import attrs

from anytws.messages.enumerations import Number, Word

# Bounds, and no ranges: to look for a member of an enumeration in a range, Python walks through all of the range.
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
# Those of a 128-bit decimal, which is what the vendor computes with. Beyond them, digits written out fill the memory.
_LEAST_MAGNITUDE: Final = -6176
_MOST_MAGNITUDE: Final = 6144
# Characters of a number, read or written: the largest double, written out, has 309 digits.
_LONGEST_NUMBER: Final = 400
_NO_REQUEST: Final = -1
_LARGEST_MASK: Final = 2**16 - 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_IS_INT: Final = re.compile(r"[+-]?[0-9]+").fullmatch
# Each digit has one place where it can belong: where it has two, a long number is tried in all ways to cut it.
_IS_REAL: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?").fullmatch
_IS_ZERO: Final = re.compile(r"[+-]?[0.]+(?:[eE].*)?").fullmatch


UNSTATED: Final[Any] = object()


@attrs.frozen(eq=False)
class Kind:
    """How one sort of value is written."""

    name: str
    """For errors and for `explain`: ``'abc' is not INT``."""
    read: Callable[[str], Any]
    """Text to value. Raises `ValueError` or `ArithmeticError`."""
    write: Callable[[Any], str]
    """Value to text. Raises `ValueError` for what is no value of this kind."""
    protobuf: str
    """The scalar type in protobuf: ``int32``, ``int64``, ``double``, ``bool`` or ``string``."""
    load: Callable[[Any], Any] | None = None
    """Protobuf's value to ours; None where they are the same."""
    dump: Callable[[Any], Any] | None = None
    """Our value to protobuf's. Raises `ValueError` like `write`; may give None to leave the field out."""
    optional: bool = False
    """Whether `None` is a value of this kind; an absent protobuf field is None then."""
    absent: Any = UNSTATED
    """What an absent protobuf field means, if not None and not the default of the class."""
    members: type[Enum] | None = None
    """The enumeration or the flags whose values it writes."""
    raw: Kind | None = None
    """The kind without its refusal of the vendor's sentinels, for those that give the sentinels a meaning."""
    sentinels: frozenset[Any] = frozenset()
    """What means "no value" to the vendor: this kind refuses it, and ``raw`` takes it for a value."""


def _read_int(text: str) -> int:
    if len(text) > _LONGEST_NUMBER or not _IS_INT(text):
        raise ValueError(text)
    return int(text)


def _reads_within(bounds: _Bounds) -> Callable[[str], int]:
    least, most = bounds

    def read(text: str) -> int:
        value = _read_int(text)
        # What does not fit could not be written by us, nor be carried by protobuf: it is no value of this kind.
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
    # NaN is how a program says that it has no number: None where that is a value, and refused where it is not.
    if text in ("Infinity", "-Infinity", "NaN"):
        return float(text)
    value = float(text) if len(text) <= _LONGEST_NUMBER and _IS_REAL(text) else math.nan
    # 1e999 is too large for a double, and no infinity: that has a word of its own. 1e-999 is too small, and no zero.
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


def _load_double(value: float) -> float:
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


def _dump_decimal(value: object) -> str:
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
    inner_load, inner_dump = kind.load or _itself, kind.dump or _itself

    def checked(value: Any) -> Any:
        if value in sentinels or value != value:  # noqa: PLR0124 (NaN)
            raise ValueError(value)
        return value

    def read(text: str) -> Any:
        return checked(kind.read(text))

    def write(value: Any) -> str:
        return kind.write(checked(value))

    def load(value: Any) -> Any:
        return checked(inner_load(value))

    def dump(value: Any) -> Any:
        return inner_dump(checked(value))

    return attrs.evolve(kind, read=read, write=write, load=load, dump=dump, raw=kind, sentinels=sentinels)


def _itself(value: Any) -> Any:
    return value


INT: Final = _without_sentinels(Kind("INT", _read_int32, lambda value: str(_int32(value)), "int32", dump=_int32))
"""A whole number of 32 bits."""
LONG: Final = _without_sentinels(Kind("LONG", _read_int64, lambda value: str(_int64(value)), "int64", dump=_int64))
"""A whole number of 64 bits."""
DOUBLE: Final = _without_sentinels(
    Kind("DOUBLE", _read_double, _write_double, "double", load=_load_double, dump=_double)
)
"""A 64-bit floating number, written as the shortest text that reads back the same."""
DECIMAL: Final = _without_sentinels(
    Kind("DECIMAL", _read_decimal, _write_decimal, "string", load=_read_decimal, dump=_dump_decimal)
)
"""An exact decimal; text in protobuf too."""
BOOL: Final = Kind("BOOL", _read_bool, lambda value: "1" if _bool(value) else "0", "bool", dump=_bool)
"""A truth value; 0 and 1 in text."""
STRING: Final = Kind("STRING", in_one_code, _text, "string", dump=_text)
"""Text, as it is; one that is not UTF-8 is read as Latin-1, all of it."""

_NOTHING: Final = frozenset[Any]({"", ()})


@attrs.frozen(eq=False)
class OptionalReader:
    """How an optional kind reads. An object, and no closure, for `anytws.wire.compiled` to see what it is made of."""

    inner: Callable[[Any], Any]
    unset: frozenset[Any]
    """The values that mean None."""
    also: Callable[[Any], bool] | None = None
    """Tells whether another value means None too."""

    def __call__(self, seen: Any) -> Any:
        """Read what is on the wire."""
        if seen == "":
            return None
        value = self.inner(seen)
        if value in self.unset or value != value:  # noqa: PLR0124 (NaN)
            return None
        return None if self.also is not None and self.also(value) else value


def _optional_readers(
    kind: Kind, *marks: Any, also: Callable[[Any], bool] | None = None
) -> tuple[OptionalReader, OptionalReader]:
    """Give how *kind*, made optional, reads text and protobuf: its sentinels and *marks* are None."""
    unset = kind.sentinels.union(marks)
    kind = kind.raw or kind
    return OptionalReader(kind.read, unset, also), OptionalReader(kind.load or _itself, unset, also)


def omitting(kind: Kind, default: Any, name: str | None = None) -> Kind:
    """Leave *default* out of protobuf, where absent means it; text is as it was."""
    inner_dump = kind.dump or _itself

    def dump(value: Any) -> Any:
        dumped = inner_dump(value)
        return None if value == default else dumped

    # An optional kind made of this one has to say its default: absent is None there.
    return attrs.evolve(kind, name=name or kind.name, dump=dump, absent=default, raw=kind.raw or kind)


def blank(kind: Kind, value: Any) -> Kind:
    """Read an empty text as *value*, as the official client does with the numbers of its older messages.

    So is a sentinel of the vendor: a number that nobody has set is no reason to lose the message.
    """
    read_any, load_any = _optional_readers(kind)

    def read(text: str) -> Any:
        found = read_any(text)
        return value if found is None else found

    def load(held: Any) -> Any:
        found = load_any(held)
        return value if found is None else found

    has_sentinels = kind.raw is not None
    return attrs.evolve(kind, read=read, load=load if has_sentinels else kind.load)


def marked(kind: Kind, marker: str, *, also: Callable[[Any], bool] | None = None) -> Kind:
    """Make *kind* optional, with a *marker* that is written for None in text: ``1.7976931348623157E308``, ``-1``.

    Whatever is equal to the marker, empty, or *also* a way to say nothing, is None when it is read. In protobuf None
    is an absent field.
    """
    optional = maybe(kind)
    mark = (kind.raw or kind).read(marker)
    # To compare a long whole number with a decimal, Python writes it out, which takes the square of its length.
    alike = Decimal if isinstance(mark, Decimal) else object

    def is_nothing(value: Any) -> bool:
        if value is None or not isinstance(value, alike):
            return value is None
        return value == mark or (also is not None and bool(also(value)))

    read, load = _optional_readers(kind, mark, also=also)

    def checked(value: Any) -> Any:
        if value is not None and is_nothing(value):
            raise ValueError(value)
        return value

    def write(value: Any) -> str:
        return marker if value is None else optional.write(checked(value))

    def dump(value: Any) -> Any:
        return optional.dump(checked(value)) if optional.dump else checked(value)

    name = f"{kind.name} or {marker}"
    return attrs.evolve(optional, name=name, read=read, write=write, load=load, dump=dump)


TEXT: Final = omitting(STRING, "", "TEXT")
"""Text that is left out of protobuf where it is empty, as TWS and the official client do."""
FLAG: Final = omitting(blank(BOOL, False), False, "FLAG")
"""A truth value that is left out of protobuf where it is false, as TWS and the official client do."""


@cache
def maybe(kind: Kind) -> Kind:
    """Make *kind* optional: `None` is an empty text and an absent protobuf field; so is a sentinel of the vendor.

    A value that could not be told from `None` by whoever reads it, a sentinel or an empty text, is refused.
    """
    unset = kind.sentinels
    read, load = _optional_readers(kind)
    full_name, kind = f"{kind.name} or empty", kind.raw or kind
    inner_dump = kind.dump or _itself

    def checked(value: Any) -> Any:
        if value in unset or value in _NOTHING:
            raise ValueError(value)
        return value

    def write(value: Any) -> str:
        return "" if value is None else kind.write(checked(value))

    def dump(value: Any) -> Any:
        return None if value is None else inner_dump(checked(value))

    return Kind(full_name, read, write, kind.protobuf, load, dump, optional=True, members=kind.members)


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

    A malformed escape stays as it is written: a text for people is not worth losing an error message over.
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
    # TWS writes characters beyond U+FFFF as two surrogate escapes. Joining them is the sane reading; the official
    # client leaves two halves, which no text can hold.
    joined = unescaped.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    # Half a character, left over, is shown as it was written: no text can hold it, no terminal print it.
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


ESCAPED: Final = Kind("ESCAPED", unescape, lambda value: escape(_any_text(value)), "string", dump=_any_text)
"""Text that is ASCII with backslash escapes in the text encoding, and plain in protobuf."""
ESCAPED_TEXT: Final = omitting(ESCAPED, "", "ESCAPED_TEXT")
"""The same, left out of protobuf where it is empty."""


def _read_request_id(text: str) -> int | None:
    return _load_request_id(_read_int32(text))


def _load_request_id(value: int) -> int | None:
    return None if value in (_NO_REQUEST, _UNSET_INT) else value


def _dump_request_id(value: int | None) -> int:
    if value is None:
        return _NO_REQUEST
    if value in (_NO_REQUEST, _UNSET_INT):
        raise ValueError(value)
    return _int32(value)


REQUEST_ID: Final = Kind(
    "REQUEST_ID", _read_request_id, lambda value: str(_dump_request_id(value)), "int32",
    load=_load_request_id, dump=_dump_request_id, optional=True,
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
    load=_split_list, dump=_join_list,
)  # fmt: skip
"""Names with commas between them, escaped in text."""


def number_of(enumeration: type[Number], base: Kind | None = None) -> Kind:
    """Give the kind of an enumeration that is a number; an unknown number is a member of its own."""
    base = base or INT
    kind = _number_kind(enumeration, base)
    return attrs.evolve(kind, raw=_number_kind(enumeration, base.raw), sentinels=base.sentinels) if base.raw else kind


def _number_kind(enumeration: type[Number], base: Kind) -> Kind:
    def dump(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(value)
        return int(base.dump(int(value)) if base.dump else value)

    return Kind(
        enumeration.__name__, lambda text: enumeration(base.read(text)), lambda value: str(dump(value)), base.protobuf,
        lambda value: enumeration(base.load(value) if base.load else value), dump, members=enumeration,
    )  # fmt: skip


def word_of(enumeration: type[Word]) -> Kind:
    """Give the kind of an enumeration that is a word; an unknown word is a member of its own, an empty one is none."""

    def read(text: str) -> Word:
        if not text:
            raise ValueError(text)
        # What TWS says is said back unquestioned (`anytws.wire.guard`).
        return enumeration.verbatim(in_one_code(text))

    def dump(value: Any) -> str:
        if not value:
            raise ValueError(value)
        return str(_text(value))

    return Kind(enumeration.__name__, read, dump, "string", read, dump, members=enumeration)


def flags_of(flags: type[IntFlag]) -> Kind:
    """Give the kind of a bit mask. Bits without a name are kept, up to the sixteenth."""

    def dump(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST_MASK:
            raise ValueError(value)
        return int(value)

    def load(value: int) -> IntFlag:
        # Python keeps every mask that it has met: a peer must not choose among two thousand million.
        if not 0 <= value <= _LARGEST_MASK and value != _UNSET_INT:
            raise ValueError(value)
        return flags(value)

    raw = Kind(
        flags.__name__, lambda text: load(_read_int32(text)), lambda value: str(dump(value)), "int32", load, dump,
        members=flags,
    )  # fmt: skip
    return _without_sentinels(raw, INT.sentinels)


def _load_plain_decimal(value: float) -> Decimal:
    if math.isnan(value):
        return Decimal("NaN")
    # The double nearest to 0.1 means 0.1: what was meant is the shortest text that reads back the same.
    return _decimal(Decimal(_write_double(value).removesuffix(".0")))


def _dump_plain_decimal(value: object) -> float:
    number = float(_decimal(value))
    if _load_plain_decimal(number) != value:
        raise ValueError(value)
    return number


DECIMAL_AS_DOUBLE: Final = _without_sentinels(
    Kind(
        "DECIMAL_AS_DOUBLE", _read_decimal, _write_decimal, "double",
        load=_load_plain_decimal, dump=_dump_plain_decimal,
    )
)  # fmt: skip
"""An exact decimal in text that protobuf holds as a double; one that a double cannot hold is refused there."""


_NO_TIME: Final[Any] = object()
"""What the largest number means as a time."""


def _instant(unit: timedelta) -> tuple[Callable[[int], Any], Callable[[Any], int]]:
    def load(count: int) -> Any:
        return _NO_TIME if count == _UNSET_LONG else _EPOCH + count * unit

    def dump(value: object) -> int:
        if not isinstance(value, datetime) or value.utcoffset() is None or (value - _EPOCH) % unit:
            raise ValueError(value)
        return (value - _EPOCH) // unit

    return load, dump


def _time_kind(name: str, unit: timedelta) -> Kind:
    load, dump = _instant(unit)
    kind = Kind(name, lambda text: load(_read_int(text)), lambda value: str(dump(value)), "int64", load, dump)
    return _without_sentinels(kind, frozenset({_NO_TIME}))


SECONDS: Final = _time_kind("SECONDS", timedelta(seconds=1))
"""An aware datetime as whole seconds since the epoch."""
MILLISECONDS: Final = _time_kind("MILLISECONDS", timedelta(milliseconds=1))
"""An aware datetime as whole milliseconds since the epoch."""
