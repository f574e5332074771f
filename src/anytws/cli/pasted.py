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
_LONG: Final = 4
_MAX_FRAME: Final = 0xFFFFFF


@attrs.frozen
class Pasted:
    """One frame, however it was written down."""

    body: bytes | None
    """The body, message id included; None where only the fields are known."""
    fields: tuple[str, ...] = ()
    """The fields, message id first."""
    said_by: Side | None = None
    """Who said it, where the log tells."""


def frames_in(data: bytes) -> Iterator[Pasted]:
    """Find the frames in *data*: raw bytes, or a text that has them in it line by line."""
    text = _as_text(data)
    if text is None:
        yield from _frames(data)
    elif _HEX(text.strip()):
        yield from _frames(_unhex(text))
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


def _frames(data: bytes) -> Iterator[Pasted]:
    """Cut *data* at its length prefixes; where they do not fit, it is one body without any."""
    greeting = b"API\0"
    if data.startswith(greeting):
        yield Pasted(data)
        return
    bodies, rest = [], data
    while len(rest) >= _LONG:
        end = _LONG + int.from_bytes(rest[:_LONG], "big")
        if end - _LONG > _MAX_FRAME or end > len(rest) or end == _LONG:
            break
        bodies.append(rest[_LONG:end])
        rest = rest[end:]
    if rest or not bodies:
        bodies = [data] if data else []
    for body in bodies:
        yield Pasted(body)


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
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None


def _field(value: object) -> str:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)
