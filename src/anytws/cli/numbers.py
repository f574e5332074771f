"""Numbers on a command line: what is typed is what is taken. Nothing is rounded, and nothing is infinite."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from cyclopts import Token

from anytws.errors import shown

# No option has a number of more digits; of thousands, Python makes none.
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,20}").fullmatch
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,3})?").fullmatch


def whole_number(_: object, tokens: Sequence[Token]) -> int:
    """Read a whole number. Raises `ValueError`."""
    word = tokens[0].value
    if _WHOLE(word) is None:
        raise ValueError(f"{shown(word)} is not a whole number")
    return int(word)


def number(_: object, tokens: Sequence[Token]) -> float:
    """Read a number. Raises `ValueError`."""
    word = tokens[0].value
    value = float(word) if _DECIMAL(word) else math.inf
    if not math.isfinite(value):
        raise ValueError(f"{shown(word)} is not a number such as 2.5")
    return value


def amount(_: object, tokens: Sequence[Token]) -> Decimal:
    """Read an amount, to the last digit. Raises `ValueError`."""
    word = tokens[0].value
    if _DECIMAL(word) is None:
        raise ValueError(f"{shown(word)} is not an amount such as 2500.50")
    return Decimal(word)
