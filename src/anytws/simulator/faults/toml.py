"""Plain data as TOML. Python reads TOML by itself, and does not write it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

_BARE: Final = re.compile("[A-Za-z0-9_-]+")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_FIRST_PRINTABLE: Final = 0x20
_DELETE: Final = 0x7F


def write_line(name: str, value: Any) -> str:  # noqa: ANN401 (whatever a file may hold)
    """Give the line that says that *name* is *value*. Raises `ValueError` for what TOML cannot hold."""
    return f"{write_key(name)} = {write_value(value)}\n"


def write_key(name: str) -> str:
    """Give *name* as a key."""
    return name if _BARE.fullmatch(name) else write_text(name)


def write_value(value: Any) -> str:  # noqa: ANN401 (see above)
    """Give *value* as it stands behind a key, tables in one line. Raises `ValueError` for what TOML cannot hold."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return str(value)
        case float():
            return _write_float(value)
        case str():
            return write_text(value)
        case datetime() | date():
            return value.isoformat()
        case list() | tuple():
            return f"[{', '.join(map(write_value, value))}]"
        case Mapping():
            inside = ", ".join(f"{write_key(name)} = {write_value(held)}" for name, held in value.items())
            return f"{{ {inside} }}" if inside else "{}"
        case _:
            raise ValueError(f"TOML has nothing for {value!r}")


def write_text(text: str) -> str:
    """Give *text* in its quotes. Raises `ValueError` for half a character, which no file of text can hold."""
    written = []
    for character in text:
        number = ord(character)
        if 0xD800 <= number <= 0xDFFF:
            raise ValueError(f"a file cannot hold the text {text!r}")
        plain = number >= _FIRST_PRINTABLE and number != _DELETE
        written.append(_ESCAPES.get(character) or (character if plain else f"\\u{number:04x}"))
    return f'"{"".join(written)}"'


def _write_float(value: float) -> str:
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return repr(value)
