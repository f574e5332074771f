"""What people paste: frames as bytes, as hex, and as the field lists that logs of API programs are made of.

A log may be a day's, and whose it is nobody knows: everything here takes time and memory in proportion to it.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import Final, TypeAlias

import attrs

from anytws.messages.base import Side

_Value: TypeAlias = bytes | str | tuple[str, ...]
"""What Python has written into a log, as far as it can be a frame; of a tuple or a list the fields."""

_ARROWS: Final = {"<<<": Side.TWS, ">>>": Side.CLIENT}
_ARROW: Final = re.compile(r"(<<<|>>>) ?(.*)", re.DOTALL)
_FIELDS: Final = re.compile(r"[0-9]{1,3},")
# Where something begins that Python could have written: a bracket with a text in it, or bytes. Not the b' of "Bob's".
_OPENING: Final = re.compile(r"""[(\[]\s*b?['"]|(?<!\w)b['"]""")
# What stands in a list of fields: blanks, where a text begins, a number or None, and what is between them.
_TOKEN: Final = re.compile(r"""\s+|(?P<text>b?['"])|(?P<word>[A-Za-z0-9.+-]+)|(?P<mark>[,()\[\]])""")
_PLAIN: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?|None|True|False")
_CLOSING: Final = {"(": ")", "[": "]"}
_MOST_OPENINGS: Final = 8
"""How often a line is searched for something that Python has written. Each search may go to its end."""
_LONGEST_LINE: Final = 4 * 2**20
"""Characters of a line that is no hex. A frame of 5,000 bars has half a megabyte as Python writes it."""
_BETWEEN_DIGITS: Final = ("0x", ",", ":", "\u00a0")
_HEX_DIGITS: Final = frozenset("0123456789abcdefABCDEF")
_LONG: Final = 4
_MAX_FRAME: Final = 0xFFFFFF
_GREETING: Final = b"API\0"
# How a body begins: with its id, as digits and a NUL or as four bytes.
_BEGINS_A_BODY: Final = re.compile(rb"[1-9][0-9]{0,2}\0|\0\0(?:\0[^\0]|\x01.)", re.DOTALL).match


@attrs.frozen
class Pasted:
    """One frame, however it was written down."""

    body: bytes | None
    """The body, message id included; None where only the fields are known."""
    fields: tuple[str, ...] = ()
    """The fields, message id first."""
    said_by: Side | None = None
    """Who said it, where the log tells."""
    missing: int = 0
    """How many bytes of a frame that was cut off are not there, as far as its length tells."""
    problem: str = ""
    """Why no frame could be looked for, where that is so; then there is nothing else."""


def frames_in(data: bytes) -> Iterator[Pasted]:
    """Find the frames in *data*: raw bytes, or a text that has them in it line by line."""
    text = _as_text(data)
    if text is None:
        yield from _frames(data)
        return
    whole = _unhex(text.strip())
    if whole is not None:
        yield from _in_hex(text, whole)
        return
    for line in _lines(text):
        yield from _in_line(line)


def _as_text(data: bytes) -> str | None:
    # A frame of TWS always has a NUL in it, and no text that people paste has one.
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _lines(text: str) -> Iterator[str]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    begin = 0
    while begin < len(text):
        end = text.find("\n", begin)
        end = len(text) if end < 0 else end
        if line := text[begin:end].strip():
            yield line
        begin = end + 1


# --- hex ---------------------------------------------------------------------------------------------------------


def _unhex(text: str) -> bytes | None:
    """Give the bytes that *text* has in hex: pairs of digits, and between them what is usual. None if it is no hex."""
    if not text or text[0] not in _HEX_DIGITS or text[-1] not in _HEX_DIGITS:
        return None
    for each in _BETWEEN_DIGITS:
        text = text.replace(each, " ")
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None


def _in_hex(text: str, whole: bytes) -> Iterator[Pasted]:
    # A dump breaks its lines anywhere; what begins like a frame in every line is one in every line.
    if _cut(whole)[1] and all(_begins_a_frame(_unhex(line)) for line in _lines(text)):
        for line in _lines(text):
            yield from _frames(_unhex(line) or b"")
    else:
        yield from _frames(whole)


def _begins_a_frame(data: bytes | None) -> bool:
    return data is not None and bool(_BEGINS_A_BODY(data) or (data[:1] == b"\0" and _BEGINS_A_BODY(data, _LONG)))


# --- bytes -------------------------------------------------------------------------------------------------------


def _frames(data: bytes) -> Iterator[Pasted]:
    """Cut *data* at its length prefixes; where they do not fit, it is one body without any."""
    if data.startswith(_GREETING):
        end = 2 * _LONG + int.from_bytes(data[_LONG : 2 * _LONG], "big")
        yield Pasted(data[:end])
        data = data[end:]
    bodies, rest = _cut(data)
    if rest and not (bodies and all(map(_BEGINS_A_BODY, bodies)) and _is_torn(rest)):
        bodies, rest = [data], b""
    for body in bodies:
        yield Pasted(body)
    if rest:
        yield _torn(rest)


def _cut(data: bytes) -> tuple[list[bytes], bytes]:
    """Give the bodies behind the lengths in *data*, and what no whole frame was made of."""
    bodies, begin = [], 0
    while begin + _LONG <= len(data):
        length = int.from_bytes(data[begin : begin + _LONG], "big")
        if not 0 < length <= min(_MAX_FRAME, len(data) - begin - _LONG):
            break
        bodies.append(data[begin + _LONG : begin + _LONG + length])
        begin += _LONG + length
    return bodies, data[begin:]


def _is_torn(rest: bytes) -> bool:
    """Tell whether *rest* looks like the first bytes of a frame that is longer."""
    length = int.from_bytes(rest[:_LONG].ljust(_LONG, b"\1"), "big")
    begun = len(rest) < 2 * _LONG or bool(_BEGINS_A_BODY(rest, _LONG))
    return len(rest) - _LONG < length <= _MAX_FRAME and begun


def _torn(rest: bytes) -> Pasted:
    if len(rest) < _LONG:
        return Pasted(b"", missing=_LONG - len(rest))
    return Pasted(rest[_LONG:], missing=int.from_bytes(rest[:_LONG], "big") - len(rest) + _LONG)


def torn_frame(body: bytes) -> Pasted | None:
    """Give the frame that *body* is the beginning of, if what was taken for its id may as well be its length."""
    return _torn(body) if len(body) > _LONG and _is_torn(body) else None


# --- lines of a log ----------------------------------------------------------------------------------------------


def _in_line(line: str) -> Iterator[Pasted]:
    arrow = _ARROW.search(line)
    said_by = _ARROWS[arrow[1]] if arrow else None
    rest = arrow[2] if arrow else line
    value = _python_value(rest) if len(rest) <= _LONGEST_LINE else None
    data = value if isinstance(value, bytes) else _unhex(rest) if value is None else None
    if data is not None:
        yield from (attrs.evolve(each, said_by=said_by) for each in _frames(data))
    elif isinstance(value, tuple):
        yield Pasted(None, value, said_by)
    elif len(rest) > _LONGEST_LINE:
        problem = f"a line of {len(line)} characters is too long, unless it is hex: {_LONGEST_LINE} are read at most"
        yield Pasted(None, problem=problem)
    elif arrow or _FIELDS.match(rest):
        yield Pasted(None, tuple(rest.split(",")), said_by)


def _python_value(line: str) -> bytes | tuple[str, ...] | None:
    """Give the first bytes, tuple or list that Python has written into *line*, if it can be a frame."""
    at = 0
    for _ in range(_MOST_OPENINGS):
        opening = _OPENING.search(line, at)
        if opening is None:
            return None
        value = _fields_at(line, opening.start()) if opening[0][0] in _CLOSING else _text_at(line, opening.start())[0]
        if isinstance(value, (bytes, tuple)):
            return value
        at = opening.end()
    return None


def _fields_at(line: str, begin: int) -> _Value | None:
    """Read the tuple or list whose bracket is at *begin*; None if it is none of texts and numbers."""
    fields: list[bytes | str] = []
    closing, commas, at = _CLOSING[line[begin]], 0, begin + 1
    while (token := _TOKEN.match(line, at)) is not None:
        at = token.end()
        if token["text"]:
            value, at = _text_at(line, token.start())
            if value is None:
                return None
            fields.append(value)
        elif token["word"]:
            if not _PLAIN.fullmatch(token["word"]):
                return None
            fields.append(token["word"])
        elif token["mark"] == closing:
            # Brackets around one value make no tuple of it.
            is_one = closing == ")" and not commas and len(fields) == 1
            return fields[0] if is_one else tuple(map(_field, fields))
        elif token["mark"] == ",":
            commas += 1
        elif token["mark"]:
            return None
    return None


def _text_at(line: str, begin: int) -> tuple[bytes | str | None, int]:
    """Read the text or the bytes whose first quote, or b, is at *begin*, and tell where they end. None if nowhere."""
    is_bytes = line[begin] == "b"
    first = begin + is_bytes
    last = _closing_quote(line, first)
    if last < 0:
        return None, len(line)
    held = line[first + 1 : last]
    if "\\" in held:
        return _unescaped(line[begin : last + 1]), last + 1
    # The most usual case, and hundreds of times as fast as Python's own reader.
    return (_as_bytes(held) if is_bytes else held), last + 1


def _closing_quote(line: str, first: int) -> int:
    """Tell where the text that begins with the quote at *first* has its other one; -1 if nowhere."""
    at = first
    while (at := line.find(line[first], at + 1)) >= 0:
        before = at
        while line[before - 1] == "\\":
            before -= 1
        if (at - before) % 2 == 0:
            return at
    return -1


def _as_bytes(text: str) -> bytes | None:
    return text.encode() if text.isascii() else None


def _unescaped(literal: str) -> bytes | str | None:
    try:
        with warnings.catch_warnings():
            # Of an escape that Python does not know, which is no business of the one who has pasted it.
            warnings.simplefilter("ignore")
            value = ast.literal_eval(literal)
    except (ValueError, SyntaxError, MemoryError):
        return None
    return value if isinstance(value, (bytes, str)) else None


def _field(value: bytes | str) -> str:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value
