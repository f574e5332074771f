"""Which characters a client may write: TWS takes printable ASCII in text, and nothing else."""

from __future__ import annotations

import re
from typing import Final

from anytws.errors import INVALID_SYMBOL, LocalProtocolError, shown

_PRINTABLE: Final = re.compile(r"[\x20-\x7e\t\r\n]*").fullmatch


def is_printable(text: str) -> bool:
    """Tell whether *text* is printable ASCII; tab, CR and LF count as printable."""
    return _PRINTABLE(text) is not None


def check_printable(what: str, text: str) -> None:
    """Raise `LocalProtocolError` (579) unless *text* is printable ASCII."""
    if not is_printable(text):
        raise LocalProtocolError(
            f"{what} {shown(text)} holds a character outside of printable ASCII: TWS does not take it",
            code=INVALID_SYMBOL,
            field=what,
        )
