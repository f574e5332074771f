"""What programming languages write into a log: texts and bytes with escapes, lists of fields, lists of numbers, JSON.

A value that can be no frame is none: a log is full of others. One that goes on behind the end of the line is told
apart, since a terminal, or a mail, may have broken it.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from enum import Enum, unique
from typing import Any, Final, TypeAlias

from anytws.cli.pasted_bytes import GREETING, LONG, begins_a_body

Value: TypeAlias = bytes | tuple[str, ...]
"""Bytes, with or without lengths in them; or the fields of one frame."""


@unique
class Open(Enum):
    """What there is instead of a value."""

    OPEN = "open"
    """One that goes on behind the end of the text."""


_Read: TypeAlias = bytes | str | tuple[str, ...] | Open | None

# Where something begins that can be a frame: a bracket with a text or a number in it, bytes, or a text that begins with
# an id and a NUL. Not the b' of "Bob's".
_OPENING: Final = re.compile(
    r"""[(\[{]\s{0,9}(?:b?['"]|-?[0-9]{1,3}[\s,]|0x[0-9a-fA-F])|(?<!\w)b['"]"""
    r"""|['"](?=(?:[0-9]{1,3}|(?:\\x00|\\u0000|\\0+){3})\\(?:x0|u000|0|[a-z]))|<Buffer """
)
# What stands in a list of fields: blanks, where a text begins, a number or None, and what is between them.
_TOKEN: Final = re.compile(r"""\s+|(?P<text>b?['"])|(?P<word>[A-Za-z0-9.+-]+)|(?P<mark>[,()\[\]])""")
_PLAIN: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?|None|True|False")
_QUOTED: Final = re.compile(r"""[(\[]\s*b?['"]""")
# The most usual list: texts without an escape in single quotes, of at least two.
_SIMPLE: Final = re.compile(r"[(\[]b?'[^'\\]*+'(?:, b?'[^'\\]*+')++,?[)\]]")
_SIMPLE_FIELD: Final = re.compile(r"'([^']*)'")
_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}
_MOST_OPENINGS: Final = 8
"""How often a line is searched for a value. Each search may go to its end."""
_ID: Final = re.compile(r"[0-9]{1,3}")
_BYTES: Final = re.compile(
    r"[(\[{<][A-Za-z]{0,6}((?:[\s,]*+(?:0x[0-9a-fA-F]{1,2}|-?[0-9]{1,3})(?![\w.]))++)[\s,]*+(?P<end>[)\]}]?)"
)
_BUFFER: Final = re.compile(r"<Buffer ((?:[0-9a-f]{2} ?)+)(?P<end>>?)")
_NUMBER: Final = re.compile(r"0x[0-9a-fA-F]{1,2}|-?[0-9]{1,3}")
_LEAST_BYTES: Final = 6
# Of Rust, C and JavaScript; \0 may be followed by a digit that is one.
_ESCAPE: Final = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u\{?([0-9a-fA-F]{1,6})\}?|([0-7]{1,3})|(.))", re.DOTALL)
_OCTAL: Final = re.compile(r"\\000")
_SHORT_ZERO: Final = re.compile(r"\\0(?!00)")
_LETTERS: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b"}
_WORDS: Final = re.compile(r"\b(?:sent|received)\s*(?=\[\[)")
_DECODER: Final = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
_MOST_TOKENS: Final = 4


def value_in(line: str) -> tuple[Value | Open | None, int]:
    """Give the first value in *line* that can be a frame, and where it begins."""
    if (tokens := _WORDS.search(line)) is not None:
        return _tokens_at(line, tokens.end()), tokens.end()
    at = 0
    is_open: tuple[Open | None, int] = (None, 0)
    for _ in range(_MOST_OPENINGS):
        opening = _OPENING.search(line, at)
        if opening is None:
            break
        value = _value_at(line, opening.start())
        if value is Open.OPEN:
            is_open = is_open if is_open[0] else (Open.OPEN, opening.start())
        elif value is not None and can_be_frame(value):
            return value, opening.start()
        at = opening.end()
    return is_open


def can_be_frame(value: Value) -> bool:
    """Tell whether *value* begins as a frame does."""
    if isinstance(value, tuple):
        return bool(value) and _ID.fullmatch(value[0]) is not None
    return value.startswith(GREETING) or bool(
        begins_a_body(value) or (value[:1] == b"\0" and (begins_a_body(value, LONG) or len(value) < 2 * LONG))
    )


def _value_at(line: str, begin: int) -> Value | Open | None:
    first = line[begin]
    if first == "<":
        return _buffer_at(line, begin)
    value: _Read = _text_at(line, begin)[0] if first not in _CLOSING else _bytes_at(line, begin)
    if value is None and _QUOTED.match(line, begin) is not None:
        value = _fields_at(line, begin)
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) and "\0" in value else _no_text(value)


def _no_text(value: _Read) -> Value | Open | None:
    return None if isinstance(value, str) else value


# --- lists of fields ---------------------------------------------------------------------------------------------


def _fields_at(line: str, begin: int) -> _Read:
    """Read the tuple or list whose bracket is at *begin*; None if it is none of texts and numbers."""
    simple = _SIMPLE.match(line, begin)
    if simple is not None and simple[0].isascii() and (simple[0][0] == "(") == (simple[0][-1] == ")"):
        return tuple(_SIMPLE_FIELD.findall(simple[0]))
    fields: list[bytes | str] = []
    closing, commas, at = _CLOSING[line[begin]], 0, begin + 1
    while (token := _TOKEN.match(line, at)) is not None:
        at = token.end()
        if token["text"]:
            value, at = _text_at(line, token.start())
            if not isinstance(value, (bytes, str)):
                return _open_list(fields) if value is Open.OPEN else None
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
    return _open_list(fields) if at >= len(line) else None


def _open_list(fields: list[bytes | str]) -> Open | None:
    # Not every bracket of a log that is not closed is to be waited for.
    return Open.OPEN if not fields or _ID.fullmatch(_field(fields[0])) else None


def _field(value: bytes | str) -> str:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


# --- texts -------------------------------------------------------------------------------------------------------


def _text_at(line: str, begin: int) -> tuple[bytes | str | Open | None, int]:
    """Read the text or the bytes whose first quote, or b, is at *begin*, and tell where they end."""
    is_bytes = line[begin] == "b"
    first = begin + is_bytes
    last = _closing_quote(line, first)
    if last < 0:
        return Open.OPEN, len(line)
    held = line[first + 1 : last]
    if "\\" in held:
        return _unescaped(held, line[begin : last + 1], is_bytes=is_bytes), last + 1
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


def _unescaped(held: str, literal: str, *, is_bytes: bool) -> bytes | str | None:
    if not is_bytes and (_SHORT_ZERO.search(held) or "\\u{" in held):
        return _unescaped_elsewhere(held)
    try:
        with warnings.catch_warnings():
            # Of an escape that Python does not know, which is no business of the one who has pasted it.
            warnings.simplefilter("ignore")
            value = ast.literal_eval(literal)
    except (ValueError, SyntaxError, MemoryError):
        return None
    return value if isinstance(value, (bytes, str)) else None


def _unescaped_elsewhere(held: str) -> str | None:
    r"""Give what Rust, C or JavaScript mean: in Rust ``\042`` is a NUL, a 4 and a 2."""
    zeros = 1 if _SHORT_ZERO.search(held) else 3

    def meant(escape: re.Match[str]) -> str:
        hexadecimal = escape[1] or escape[2]
        if hexadecimal:
            return chr(int(hexadecimal, 16))
        if escape[3]:
            return "\0" + escape[3][1:] if zeros == 1 and escape[3][0] == "0" else chr(int(escape[3], 8))
        return _LETTERS.get(escape[4], escape[4])

    try:
        return _ESCAPE.sub(meant, held)
    except (ValueError, OverflowError):
        return None


# --- numbers -----------------------------------------------------------------------------------------------------


def _bytes_at(line: str, begin: int) -> bytes | Open | None:
    """Read the list of numbers, one for each byte, whose bracket is at *begin*."""
    found = _BYTES.match(line, begin)
    if found is None:
        return None
    if not found["end"]:
        return Open.OPEN if found.end() == len(line) else None
    return _all_bytes(found[1])


def numbers_in(text: str) -> bytes:
    """Give the numbers in *text*, whatever stands between them, as bytes."""
    return bytes([value & 255 for value in _values_of(text)])


def _values_of(numbers: str) -> list[int]:
    return [int(number, 0) if number.startswith("0x") else int(number) for number in _NUMBER.findall(numbers)]


def _all_bytes(numbers: str) -> bytes | None:
    """Give the bytes that *numbers* are, of 0 to 255 or of -128 to 127, some of them perhaps in hex."""
    values = _values_of(numbers)
    if len(values) < _LEAST_BYTES or min(values) < -128 or max(values) > 255:
        return None
    return bytes([value & 255 for value in values])


def _buffer_at(line: str, begin: int) -> bytes | Open | None:
    found = _BUFFER.match(line, begin)
    return bytes.fromhex(found[1]) if found and found["end"] else None


# --- JSON --------------------------------------------------------------------------------------------------------


def _tokens_at(line: str, begin: int) -> Value | Open | None:
    """Read the array of an array of fields, and of the same as a text, which is at *begin*."""
    try:
        read, _ = _DECODER.raw_decode(line, begin)
    except RecursionError:
        return None
    except ValueError:
        return Open.OPEN if line.find("]]", begin) < 0 and not line.endswith("]") else None
    tokens: Any = read[0] if isinstance(read, list) and read else None
    if not isinstance(tokens, list) or any(isinstance(each, (list, dict)) for each in tokens):
        return None
    fields = tuple(["" if each is None else str(int(each)) if isinstance(each, bool) else each for each in tokens])
    if len(fields) > _MOST_TOKENS and fields[0] == GREETING.decode():
        # Its length is four numbers, each a byte.
        return GREETING + len(fields[-1]).to_bytes(LONG, "big") + fields[-1].encode()
    return fields if can_be_frame(fields) else None
