"""What people paste: frames as bytes, as hex, and as the field lists that logs of API programs are made of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

import attrs

from anytws.messages.base import Side

_HEX: Final = re.compile(r"(?:0x)?[0-9a-fA-F]{2}(?:[\s:,]*(?:0x)?[0-9a-fA-F]{2})*").fullmatch
_ARROWS: Final = {"<<<": Side.TWS, ">>>": Side.CLIENT}
_ARROW: Final = re.compile(r"(<<<|>>>) ?(.*)")
# From an opening bracket or a bytes literal to the end of what Python itself could read.
_LITERAL: Final = re.compile(r"""[(\[]\s*b?['"].*[)\]]|b'(?:[^'\\]|\\.)*'|b"(?:[^"\\]|\\.)*\"""")
_CLOSING: Final = re.compile(r"[)\]]")
_MOST_ENDS: Final = 8
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


def frames_in(data: bytes) -> Iterator[Pasted]:
    """Find the frames in *data*: raw bytes, or a text that has them in it line by line."""
    text = _as_text(data)
    if text is None:
        yield from _frames(data)
    elif _HEX(text.strip()):
        yield from _in_hex(text)
    else:
        for line in text.splitlines():
            yield from _in_line(line.strip())


def _as_text(data: bytes) -> str | None:
    # A frame of TWS always has a NUL in it, and no text that people paste has one.
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _unhex(text: str) -> bytes:
    return bytes.fromhex(re.sub(r"0x|[\s:,]", "", text))


def _in_hex(text: str) -> Iterator[Pasted]:
    whole, lines = _unhex(text), [line.strip() for line in text.splitlines() if line.strip()]
    # A dump breaks its lines anywhere; what begins like a frame in every line is one in every line.
    if len(lines) > 1 and _cut(whole)[1] and all(map(_HEX, lines)) and all(map(_begins_a_frame, map(_unhex, lines))):
        for line in lines:
            yield from _frames(_unhex(line))
    else:
        yield from _frames(whole)


def _begins_a_frame(data: bytes) -> bool:
    return bool(_BEGINS_A_BODY(data)) or (data[:1] == b"\0" and bool(_BEGINS_A_BODY(data, _LONG)))


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


def _in_line(line: str) -> Iterator[Pasted]:
    arrow = _ARROW.search(line)
    said_by = _ARROWS[arrow[1]] if arrow else None
    rest = arrow[2] if arrow else line
    literal = _LITERAL.search(rest)
    value = _python_value(literal[0]) if literal else None
    if isinstance(value, bytes):
        yield from (attrs.evolve(each, said_by=said_by) for each in _frames(value))
    elif isinstance(value, (tuple, list)):
        yield Pasted(None, tuple([_field(each) for each in value]), said_by)
    elif _HEX(rest):
        yield from (attrs.evolve(each, said_by=said_by) for each in _frames(_unhex(rest)))
    elif arrow or re.match(r"[0-9]{1,3},", rest):
        yield Pasted(None, tuple(rest.split(",")), said_by)


def _python_value(text: str) -> Any:  # noqa: ANN401 (whatever the log has)
    # What stands behind it in the line may have brackets of its own.
    ends = [match.end() for match in _CLOSING.finditer(text)][-_MOST_ENDS:]
    for end in [len(text), *reversed(ends)]:
        try:
            return ast.literal_eval(text[:end])
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    return None


def _field(value: object) -> str:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)
