"""Which vendor code is what: the one public table, and how to read the two texts that say more than their code.

TWS reports everything through one message, `anytws.messages.session.ErrorMessage`: failed requests, rejected orders,
warnings, farms that come and go, the loss of its own link. Only the number tells which. `CODES` knows the numbers, and
what each does to the order or the request whose id it carries::

    CODES.kind_of(10148)                               # CodeKind.CANCEL_FAILED
    CODES.effect_on_order(110, Outstanding.MODIFY)     # Effect.LIVES: only the change is refused
    CODES.effect_on_request(10089, "MarketDataRequest")  # Effect.WAIT: data may follow all the same

`CodeTable.with_kinds` and `CodeTable.with_effects` give a table that knows better::

    mine = CODES.with_effects({10089: {"MarketDataRequest": Effect.ENDS}})

**A code without a row** is a notice by its kind, as nobody knows what it is. What it does depends on the id it carries:

* the id of an order: a remark. To give up an order that works costs more than to ask TWS what became of one that does
  not, and some new codes are mere remarks (10349: "time in force was set from the preset");
* the id of an open request: its end. A request that is waited for in vain costs its deadline, and then nobody knows why
  it failed; one that was ended too early can be asked again;
* no id: a notice.

Two bands of numbers say more, and only they do: 2100 to 2199 are warnings, and end nothing; 1100 to 1399 concern the
link.

Texts are localised and change with the version of TWS, so no text decides what a message is; a text that begins with
"Warning", which other clients go by, neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import attrs

from anytws import messages
from anytws.core.code_rows import CODE_ROWS
from anytws.core.code_words import (
    ANY_REQUEST,
    EFFECTS_OF_KIND,
    EFFECTS_ON_ORDERS,
    EFFECTS_ON_REQUESTS,
    Code,
    CodeKind,
    CodeSource,
    Effect,
    EffectKey,
    Effects,
    Outstanding,
)
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
from anytws.messages.base import ToTws
from anytws.wire.handshake import HIGHEST_PORT

__all__ = [
    "ALREADY_CONNECTED",
    "ANY_REQUEST",
    "BAD_LENGTH",
    "BAD_MESSAGE",
    "BANDS",
    "CLIENT_ID_IN_USE",
    "CLIENT_TOO_OLD",
    "CODES",
    "CONNECT_FAIL",
    "EFFECTS_OF_KIND",
    "EFFECTS_ON_ORDERS",
    "EFFECTS_ON_REQUESTS",
    "HISTORICAL_FARM_BROKEN",
    "HISTORICAL_FARM_CONNECTING",
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
    "SECURITY_DEFINITION_FARM_CONNECTING",
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
    "Effect",
    "EffectKey",
    "Effects",
    "Outstanding",
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
HISTORICAL_FARM_CONNECTING: Final = 2120
SECURITY_DEFINITION_FARM_BROKEN: Final = 2157
SECURITY_DEFINITION_FARM_OK: Final = 2158
SECURITY_DEFINITION_FARM_INACTIVE: Final = 2159
"""Idle; it connects when it is needed."""
SECURITY_DEFINITION_FARM_CONNECTING: Final = 2160


@attrs.frozen
class Band:
    """What the numbers of a range mean where no row says more."""

    first: int
    last: int
    kind: CodeKind
    on_request: Effect
    """What such a code does to the open request whose id it carries."""
    why: str


BANDS: Final = (
    Band(1100, 1399, CodeKind.LINK, Effect.ENDS, "the vendor's range for the links of TWS"),
    Band(2100, 2199, CodeKind.NOTICE, Effect.COMMENT, "the vendor's range of warnings"),
)
"""Every range. An unknown code outside of them is a notice, and ends the open request whose id it carries."""


def _without_row(code: int, meaning: str) -> Code:
    band = next((band for band in BANDS if band.first <= code <= band.last), None)
    kind, on_request = (CodeKind.NOTICE, Effect.ENDS) if band is None else (band.kind, band.on_request)
    return Code(code, kind, meaning, False, CodeSource.APPLICATION, effects=((ANY_REQUEST, on_request),))


def _effect(row: Code, *keys: EffectKey) -> Effect:
    """Give what *row* says for the first of *keys* that it names, else what its kind does to the last of them."""
    own = dict(row.effects)
    for key in keys:
        if key in own:
            return own[key]
    return EFFECTS_OF_KIND[row.kind][keys[-1]]


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

    `kind_of`, `effect_on_order` and `effect_on_request` have an answer for every number, also for those without a row;
    ``table[code]``, `row` and ``in`` know rows only. Raises `ValueError` for two rows with one code.
    """

    _rows: dict[int, Code] = attrs.field(converter=_by_code)

    def kind_of(self, code: int) -> CodeKind:
        """Tell in one word what *code* does. Without a row its band decides, and without a band it is a notice."""
        return self._known(code).kind

    def effect_on_order(self, code: int, outstanding: Outstanding) -> Effect:
        """Tell what *code* does to the order whose id it carries, by what was last sent for it (`EFFECTS_ON_ORDERS`).

        A code without a row is a remark.
        """
        return _effect(self._known(code), outstanding)

    def effect_on_request(self, code: int, request: str | None = None) -> Effect:
        """Tell what *code* does to the open request whose id it carries (`EFFECTS_ON_REQUESTS`).

        *request* is the name of the message that was sent, ``"MarketDataRequest"``, also that of a cancel which was
        sent last, ``"CancelMarketData"``; None for what the code does to requests in general. A code without a row
        ends the request, save for one of the vendor's range of warnings, which is a remark.
        """
        row = self._known(code)
        return _effect(row, ANY_REQUEST) if request is None else _effect(row, request, ANY_REQUEST)

    def row(self, code: int) -> Code | None:
        """Give what is known of *code*, or None for an unknown code."""
        return self._rows.get(code)

    def with_kinds(self, kinds: Mapping[int, CodeKind]) -> CodeTable:
        """Give a table in which the codes of *kinds* do what these say, to orders and requests as well.

        All others are as they were, and so is a code that is of this kind already. The effects of a row that was of
        another kind are gone: `EFFECTS_OF_KIND` has those of the new one, and `with_effects` can say more. A code
        without a row gets one, whose source is the application. Raises `TypeError` for a kind that is none.
        """
        rows = dict(self._rows)
        for code, kind in kinds.items():
            if not isinstance(kind, CodeKind):  # pyright: ignore[reportUnnecessaryIsInstance]
                # Found out here, and not when the one order is rejected for which the override was made.
                raise TypeError(f"the kind of code {code} is {kind!r}, which is not a CodeKind")
            known = rows.get(code)
            if known is None:
                rows[code] = Code(code, kind, "Kind given by the application", False, CodeSource.APPLICATION)
            elif known.kind is not kind:
                rows[code] = attrs.evolve(known, kind=kind, effects=())
        return CodeTable(rows.values())

    def with_effects(self, effects: Mapping[int, Mapping[EffectKey, Effect]]) -> CodeTable:
        """Give a table in which the codes of *effects* do this to these kinds of request and states of an order.

        ::

            CODES.with_effects({
                10089: {"MarketDataRequest": Effect.ENDS},
                10311: {Outstanding.NEW: Effect.COMMENT, Outstanding.MODIFY: Effect.COMMENT},
            })

        A key is a member of `Outstanding`, the name of a message of a client, or `ANY_REQUEST`. What is not named is
        as it was: other codes, other keys, and the kind, which decides whether the message comes as a `Notice`. A code
        without a row gets one, whose source is the application. Raises `TypeError` for a key or an effect that is none,
        `ValueError` for a name that no message of a client has, and for an effect that its key cannot have
        (`EFFECTS_ON_ORDERS`, `EFFECTS_ON_REQUESTS`).
        """
        rows = dict(self._rows)
        for code, given in effects.items():
            for key, effect in given.items():
                _check_effect(code, key, effect)
            known = rows.get(code) or _without_row(code, "Effects given by the application")
            rows[code] = attrs.evolve(known, effects=tuple({**dict(known.effects), **given}.items()))
        return CodeTable(rows.values())

    def _known(self, code: int) -> Code:
        return self._rows.get(code) or _without_row(code, "")

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


def _check_effect(code: int, key: object, effect: object) -> None:
    """Find a slip here, and not when the one code comes for which the override was made."""
    if not isinstance(effect, Effect):
        raise TypeError(f"an effect of code {code} is {effect!r}, which is not an Effect")
    if isinstance(key, Outstanding):
        possible, whom = EFFECTS_ON_ORDERS, "an order"
    elif isinstance(key, str):
        if key != ANY_REQUEST and not _is_said_by_clients(key):
            raise ValueError(f"code {code} has an effect on {key!r}, and no message of a client has that name")
        possible, whom = EFFECTS_ON_REQUESTS, "a request"
    else:
        raise TypeError(f"code {code} has an effect on {key!r}, which is neither an Outstanding nor a message's name")
    if effect not in possible:
        names = sorted(each.name for each in possible)
        raise ValueError(f"code {code} cannot have the effect {effect.name} on {whom}, but one of {', '.join(names)}")


def _is_said_by_clients(name: str) -> bool:
    found = getattr(messages, name, None)
    # What messages are made of (`Asks`, `ToTws` itself) is no message.
    return isinstance(found, type) and issubclass(found, ToTws) and found.__module__ != ToTws.__module__


CODES: Final = CodeTable(CODE_ROWS)
"""What the vendor's codes do, as far as is known."""


# A farm's name is one word of letters, digits, dots ("usfarm.nj"), dashes. It ends the text, after a colon, or, where
# a farm idles, stuck to the sentence: "... should be available upon demand.ushmds".
_BEFORE_A_FARM: Final = re.compile(r"[:\uff1a]\s*|\bdemand\.")
_FARM_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*")
_LONGEST_END: Final = 200
"""Characters at the end of a text in which a farm is looked for: the name and what is before and behind it."""


def farm_of(text: str | None) -> str | None:
    """Give the name of the farm in the *text* of a farm code (``usfarm``), or None where it names none.

    Only for texts whose code is `CodeKind.FARM`: any other may end in a colon and a word as well.
    """
    if not text:
        # Of an error whose text could not be read there is none.
        return None
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
_LONGEST_TEXT: Final = 2000
"""Characters that TWS may take to name its new port. It was seen to take a hundred."""


def port_of(text: str | None) -> int | None:
    """Give the new port in the *text* of `PORT_CHANGED`, or None where that would be a guess.

    The text is localised, so only its numbers are read: those that can be a port and are not the code itself. One of
    them is the port. Of several different ones it is the last, if the text ends with it, as the vendor's does ("...
    reconnect on the new port - 7498"). A connection attempt at a wrong port is worse than none: a text longer than a
    page names none.
    """
    if not text or len(text) > _LONGEST_TEXT:
        return None
    numbers = [(int(match[0]), match.end()) for match in _NUMBER.finditer(text)]
    ports = [(number, end) for number, end in numbers if number <= HIGHEST_PORT and number != PORT_CHANGED]
    if not ports:
        return None
    port, end = ports[-1]
    is_only = all(number == port for number, _ in ports)
    return port if is_only or not _LETTER.search(text, end) else None
