"""Which vendor code is what: the one public table, and how to read the two texts that say more than their code.

TWS reports everything through one message, `anytws.messages.session.ErrorMessage`: failed requests, rejected orders,
warnings, farms that come and go, the loss of its own link. Only the number tells which. `CODES` knows the numbers;
`CodeTable.with_kinds` gives a table that knows better::

    mine = CODES.with_kinds({10318: CodeKind.ORDER_REJECTED})

**An unknown code is a notice**, and never the end of an order or of a request. Two bands of numbers say more, and
only they do: 2100 to 2199 are warnings anyway, and 1100 to 1399 concern the link. Other clients go further. They take
unlisted codes of 100 to 499, 500 to 599 and 10000 to 10999 as failed requests (as rejected orders, where the id is that
of an order), and a text that begins with "Warning" as a notice. Not so here:

* the vendor adds codes without telling, and some of them are mere remarks (10349: "time in force was set from the
  preset"). To give up an order that works costs more than to ask TWS what became of one that does not; and a request
  that did fail still ends, at its deadline;
* texts are localised and change with the version of TWS, so no text decides what a message is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import attrs

from anytws.core.code_rows import CODE_ROWS, Code, CodeKind, CodeSource
from anytws.errors import (
    BAD_LENGTH,
    BAD_MESSAGE,
    CONNECT_FAIL,
    INVALID_SYMBOL,
    NOT_CONNECTED,
    UNKNOWN_ID,
    UNSUPPORTED_VERSION,
    UPDATE_TWS,
)

__all__ = [
    "ALREADY_CONNECTED",
    "BAD_LENGTH",
    "BAD_MESSAGE",
    "BANDS",
    "CLIENT_ID_IN_USE",
    "CLIENT_TOO_OLD",
    "CODES",
    "CONNECT_FAIL",
    "HISTORICAL_FARM_BROKEN",
    "HISTORICAL_FARM_INACTIVE",
    "HISTORICAL_FARM_OK",
    "INVALID_SYMBOL",
    "LINK_BROKEN",
    "LINK_LOST",
    "LINK_RESTORED",
    "LINK_RESTORED_DATA_LOST",
    "MARKET_DATA_FARM_BROKEN",
    "MARKET_DATA_FARM_CONNECTING",
    "MARKET_DATA_FARM_INACTIVE",
    "MARKET_DATA_FARM_OK",
    "NOT_CONNECTED",
    "PORT_CHANGED",
    "RATE_EXCEEDED",
    "REQUEST_INVALID",
    "SECURITY_DEFINITION_FARM_BROKEN",
    "SECURITY_DEFINITION_FARM_INACTIVE",
    "SECURITY_DEFINITION_FARM_OK",
    "UNKNOWN_ID",
    "UNSUPPORTED_VERSION",
    "UPDATE_TWS",
    "Band",
    "Code",
    "CodeKind",
    "CodeSource",
    "CodeTable",
    "farm_of",
    "port_of",
]

RATE_EXCEEDED: Final = 100
"""More messages in a second than TWS takes; it will likely cut the connection."""
REQUEST_INVALID: Final = 321
"""TWS does not like what was asked; the read-only mode answers with it too."""
CLIENT_ID_IN_USE: Final = 326
"""Another connection has this client id; TWS hangs up at once."""
CLIENT_TOO_OLD: Final = 357
"""TWS no longer talks to a client of this version."""
ALREADY_CONNECTED: Final = 501
"""A connect while connected. The local codes that anytws makes itself come from `anytws.errors`, which raises them."""
LINK_LOST: Final = 1100
"""TWS lost the vendor."""
LINK_RESTORED_DATA_LOST: Final = 1101
"""TWS is back, and has forgotten what was subscribed."""
LINK_RESTORED: Final = 1102
"""TWS is back, with all subscriptions."""
PORT_CHANGED: Final = 1300
"""TWS listens on another port now (`port_of`), and drops this connection."""
MARKET_DATA_FARM_BROKEN: Final = 2103
MARKET_DATA_FARM_OK: Final = 2104
HISTORICAL_FARM_BROKEN: Final = 2105
HISTORICAL_FARM_OK: Final = 2106
HISTORICAL_FARM_INACTIVE: Final = 2107
"""Idle; it connects when it is needed."""
MARKET_DATA_FARM_INACTIVE: Final = 2108
"""Idle; it connects when it is needed."""
LINK_BROKEN: Final = 2110
"""TWS has no link to the vendor at the moment, as after 1100; the first news of a TWS that starts offline."""
MARKET_DATA_FARM_CONNECTING: Final = 2119
SECURITY_DEFINITION_FARM_BROKEN: Final = 2157
SECURITY_DEFINITION_FARM_OK: Final = 2158
SECURITY_DEFINITION_FARM_INACTIVE: Final = 2159
"""Idle; it connects when it is needed."""


@attrs.frozen
class Band:
    """What the numbers of a range mean where no row says more."""

    first: int
    last: int
    kind: CodeKind
    why: str


BANDS: Final = (
    Band(1100, 1399, CodeKind.LINK, "the vendor's range for the links of TWS"),
    Band(2100, 2199, CodeKind.NOTICE, "the vendor's range of warnings"),
)
"""Every range. An unknown code outside of them is a notice."""


def _by_code(rows: Iterable[Code]) -> dict[int, Code]:
    table: dict[int, Code] = {}
    for row in rows:
        if row.code in table:
            raise ValueError(f"code {row.code} has two rows: {table[row.code].meaning!r} and {row.meaning!r}")
        table[row.code] = row
    return dict(sorted(table.items()))


@attrs.frozen(eq=False, repr=False)
class CodeTable(Mapping[int, Code]):
    """Codes and what they do: a mapping from the number to its row, which never changes.

    `kind_of` has an answer for every number, also for those without a row; ``table[code]``, `row` and ``in`` know
    rows only. Raises `ValueError` for two rows with one code.
    """

    _rows: dict[int, Code] = attrs.field(converter=_by_code)

    def kind_of(self, code: int) -> CodeKind:
        """Tell what *code* does. Without a row its band decides, and without a band it is a notice."""
        row = self._rows.get(code)
        if row is not None:
            return row.kind
        return next((band.kind for band in BANDS if band.first <= code <= band.last), CodeKind.NOTICE)

    def row(self, code: int) -> Code | None:
        """Give what is known of *code*, or None for an unknown code."""
        return self._rows.get(code)

    def with_kinds(self, kinds: Mapping[int, CodeKind]) -> CodeTable:
        """Give a table in which the codes of *kinds* do what it says; all others are as they were.

        A code without a row gets one, whose source is the application. Raises `TypeError` for a kind that is none.
        """
        rows = dict(self._rows)
        for code, kind in kinds.items():
            if not isinstance(kind, CodeKind):  # pyright: ignore[reportUnnecessaryIsInstance]
                # Found out here, and not when the one order is rejected for which the override was made.
                raise TypeError(f"the kind of code {code} is {kind!r}, which is not a CodeKind")
            known = rows.get(code)
            rows[code] = (
                Code(code, kind, "Kind given by the application", False, CodeSource.APPLICATION)
                if known is None
                else attrs.evolve(known, kind=kind)
            )
        return CodeTable(rows.values())

    def __getitem__(self, code: int) -> Code:
        return self._rows[code]

    def __iter__(self) -> Iterator[int]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __hash__(self) -> int:
        # `Mapping` compares by value and so is unhashable; a value that options hold must be hashable.
        return hash(tuple(self._rows.values()))

    def __repr__(self) -> str:
        return f"<CodeTable of {len(self)} codes>"


CODES: Final = CodeTable(CODE_ROWS)
"""What the vendor's codes do, as far as is known."""


# A farm's name is one word of letters, digits, dots ("usfarm.nj"), dashes. It ends the text, after a colon, or, where
# a farm idles, stuck to the sentence: "... should be available upon demand.ushmds".
_BEFORE_A_FARM: Final = re.compile(r"[:\uff1a]\s*|\bdemand\.")
_FARM_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*")
_LONGEST_END: Final = 200
"""Characters at the end of a text in which a farm is looked for: the name and what is before and behind it."""


def farm_of(text: str) -> str | None:
    """Give the name of the farm in the *text* of a farm code (``usfarm``), or None where it names none.

    Only for texts whose code is `CodeKind.FARM`: any other may end in a colon and a word as well.
    """
    end = len(text)
    begin = max(0, end - _LONGEST_END)
    while end > begin and (text[end - 1] == "." or text[end - 1].isspace()):
        end -= 1
    for before in _BEFORE_A_FARM.finditer(text, begin, end):
        if (name := _FARM_NAME.fullmatch(text, before.end(), end)) is not None:
            return name[0]
    return None


# A number that stands alone: no part of a word, of a grouped number ("7,497"), of an address or of a time of day.
_NUMBER: Final = re.compile(
    r"(?<![A-Za-z0-9_])(?<![0-9][.,:'’\xa0\u202f])[1-9][0-9]{0,4}(?![A-Za-z0-9_])(?![.,:'’\xa0\u202f][0-9])"
)
_LETTER: Final = re.compile(r"\w")
_HIGHEST_PORT: Final = 65535
_LONGEST_TEXT: Final = 2000
"""Characters that TWS may take to name its new port. It was seen to take a hundred."""


def port_of(text: str) -> int | None:
    """Give the new port in the *text* of `PORT_CHANGED`, or None where that would be a guess.

    The text is localised, so only its numbers are read: those that can be a port and are not the code itself. One of
    them is the port. Of several different ones it is the last, if the text ends with it, as the vendor's does ("...
    reconnect on the new port - 7498"). A connection attempt at a wrong port is worse than none: a text longer than a
    page names none.
    """
    if len(text) > _LONGEST_TEXT:
        return None
    numbers = [(int(match[0]), match.end()) for match in _NUMBER.finditer(text)]
    ports = [(number, end) for number, end in numbers if number <= _HIGHEST_PORT and number != PORT_CHANGED]
    if not ports:
        return None
    port, end = ports[-1]
    is_only = all(number == port for number, _ in ports)
    return port if is_only or not _LETTER.search(text, end) else None
