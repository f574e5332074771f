"""The knobs of the simulated TWS as options of the command line.

Each field of `WorldSettings` is an option, and the docstring of the field its help: a new knob is there as soon as the
simulator has it. What is listed here is only how a word becomes a value, where cyclopts cannot know.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, TypeVar, get_type_hints

import attrs
from cyclopts import Group, Parameter, Token

from anytws.cli.numbers import amount, number, whole_number
from anytws.errors import shown
from anytws.messages.base import ToClient
from anytws.messages.order_words import FaMethod
from anytws.simulator import Farm, FarmKind, Holding, Opening, WorldSettings
from anytws.simulator.advisors import AdvisorGroup
from anytws.simulator.settings import EPOCH
from anytws.simulator.universe.universe import usual_universe

_T = TypeVar("_T")

GROUP: Final = Group("The simulated TWS")
"""What the help puts above these options."""

HIDDEN: Final = {
    "epoch_at_zero": "time 0 is that of the event loop, which means nothing outside of a test",
    "memory": "nobody looks back at what this TWS remembers",
    "memory_bytes": "the same",
    "price_model": "a path is made of points, and a market that does not move is for tests",
    "limits": "they are those of the library, which any client has to keep",
}
"""Fields that are no options, and why."""

_NOTHING: Final = "none"
_OPEN: Final = "open"
_UNITS: Final = {"": 1.0, "h": 3600.0, "m": 60.0, "s": 1.0}


_ADDRESS: Final = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^:]+))(?::(?P<port>[0-9]{1,5}))?")
_HOLDING: Final = re.compile(r"([^:@]+):(-?[0-9]{1,12}(?:\.[0-9]{1,9})?)@([0-9]{1,12}(?:\.[0-9]{1,9})?)")
# So few digits that no time is too long for Python; whether it is for TWS, the settings say.
_OFFSET: Final = re.compile(r"([+-]?(?:[0-9]{1,6}(?:\.[0-9]{0,6})?|\.[0-9]{1,6}))([hms]?)")


def _address(word: str) -> tuple[str, int | None]:
    match = _ADDRESS.fullmatch(word)
    if match is None:
        raise ValueError(f"{shown(word)} is not HOST or HOST:PORT")
    return match["v6"] or match["host"], int(match["port"]) if match["port"] else None


def _words(word: str) -> tuple[str, ...]:
    return () if word == _NOTHING else tuple(part.strip() for part in word.split(","))


def _word_of(member: Opening | FarmKind) -> str:
    return member.name.lower().replace("_", "-")


_OPENINGS: Final = {_word_of(member): member for member in Opening}
_METHODS: Final = {method.value: method for method in FaMethod}
_FARM_KINDS: Final = {_word_of(member): member for member in FarmKind}


def _known(word: str, words: Mapping[str, _T]) -> _T:
    if word not in words:
        raise ValueError(f"{shown(word)} is none of {', '.join(words)}")
    return words[word]


def _opening(word: str) -> tuple[Opening, ...]:
    return tuple(_known(part, _OPENINGS) for part in _words(word))


def _farms(word: str) -> tuple[Farm, ...]:
    pairs = (part.partition(":") for part in _words(word))
    return tuple(Farm(_known(kind, _FARM_KINDS), name) for kind, _, name in pairs)


def _positions(word: str) -> tuple[Holding, ...]:
    holdings = []
    for part in _words(word):
        match = _HOLDING.fullmatch(part)
        if match is None:
            raise ValueError(f"{shown(part)} is not SYMBOL:QUANTITY@COST")
        holdings.append(Holding(match[1], Decimal(match[2]), float(match[3])))
        try:
            usual_universe().by_symbol(match[1])
        except LookupError as problem:
            raise ValueError(str(problem)) from problem
    return tuple(holdings)


def _groups(word: str) -> tuple[AdvisorGroup, ...]:
    groups = []
    for part in _words(word):
        name, _, rest = part.partition(":")
        method, _, members = rest.partition(":")
        pairs = [member.partition("=") for member in members.split("+")]
        try:
            amounts = tuple(Decimal(amount) for _, has_amount, amount in pairs if has_amount)
        except InvalidOperation as problem:
            raise ValueError(f"{shown(part)} has an amount that is no number") from problem
        accounts = tuple(account for account, _, _ in pairs)
        groups.append(AdvisorGroup(name, accounts, _known(method, _METHODS), amounts))
    return tuple(groups)


def _offset(word: str) -> timedelta:
    match = _OFFSET.fullmatch(word)
    if match is None:
        raise ValueError(f"{shown(word)} is not a time such as 2h, -30m or 90")
    return timedelta(seconds=float(match[1]) * _UNITS[match[2]])


def _moment(word: str) -> datetime:
    if word == _OPEN:
        return EPOCH
    try:
        moment = datetime.fromisoformat(word)
    except ValueError as problem:
        raise ValueError(f"{shown(word)} is not a time such as 2026-01-05T14:30Z") from problem
    if moment.utcoffset() is None:
        raise ValueError(f"{shown(word)} has no time zone: write 2026-01-05T14:30Z, or +01:00 in place of the Z")
    return moment


def _as_words(value: Sequence[str]) -> str:
    return ",".join(value) or _NOTHING


def _as_address(value: tuple[str, int | None]) -> str:
    return value[0] if value[1] is None else f"{value[0]}:{value[1]}"


def _as_opening(value: tuple[Opening, ...]) -> str:
    return _as_words([_word_of(item) for item in value])


def _as_farms(value: tuple[Farm, ...]) -> str:
    return _as_words([f"{_word_of(farm.kind)}:{farm.name}" for farm in value])


def _as_positions(value: tuple[Holding, ...]) -> str:
    return _as_words([f"{held.symbol}:{held.quantity}@{held.average_cost:g}" for held in value])


def _as_groups(value: tuple[AdvisorGroup, ...]) -> str:
    return _as_words([_as_group(group) for group in value])


def _as_group(group: AdvisorGroup) -> str:
    amounts = [f"={amount:f}" for amount in group.amounts] or [""] * len(group.accounts)
    members = [account + amount for account, amount in zip(group.accounts, amounts, strict=True)]
    return f"{group.name}:{group.method.value}:{'+'.join(members)}"


def _as_offset(value: timedelta) -> str:
    return f"{value.total_seconds() / _UNITS['h']:g}h"


@attrs.frozen
class Spelling:
    """How a value is written as one word of a command line."""

    read: Callable[[str], Any]
    """The word to the value. Raises `ValueError`."""
    write: Callable[[Any], str]
    """The value to the word."""
    explained: str
    """What the help says about it."""


SPELLINGS: Final[dict[object, Spelling]] = {
    tuple[str, ...]: Spelling(_words, _as_words, "Separated by commas; 'none' for none."),
    frozenset[str]: Spelling(
        lambda word: frozenset(_words(word)), lambda value: _as_words(sorted(value)), "Separated by commas; or 'none'."
    ),
    tuple[str, int | None] | None: Spelling(_address, _as_address, "HOST or HOST:PORT."),
    tuple[Opening | ToClient, ...]: Spelling(_opening, _as_opening, "Separated by commas; or 'none'."),
    tuple[Farm, ...]: Spelling(_farms, _as_farms, "KIND:NAME, separated by commas; or 'none'."),
    tuple[Holding, ...]: Spelling(_positions, _as_positions, "SYMBOL:QUANTITY@COST, separated by commas; or 'none'."),
    tuple[AdvisorGroup, ...]: Spelling(
        _groups, _as_groups, "NAME:METHOD:ACCOUNT+ACCOUNT or NAME:METHOD:ACCOUNT=AMOUNT+..., separated by commas."
    ),
    datetime | None: Spelling(
        _moment, datetime.isoformat, "Such as 2026-01-05T14:30Z, when New York opens; the word open stands for that."
    ),
    timedelta: Spelling(_offset, _as_offset, "Such as 2h, -30m or 90s."),
}
"""Type of a field → its spelling. For all other types cyclopts has one."""


_NUMBERS: Final[dict[object, Callable[..., Any]]] = {
    int: whole_number,
    int | None: whole_number,
    float: number,
    float | None: number,
    Decimal: amount,
}
"""Type of a field → how its number is read."""


def _helps(cls: type) -> dict[str, str]:
    """Give the docstrings that stand below the fields of *cls*, each as one paragraph of plain text."""
    (body,) = (
        node.body for node in ast.parse(textwrap.dedent(inspect.getsource(cls))).body if isinstance(node, ast.ClassDef)
    )
    found: dict[str, str] = {}
    for field, below in itertools.pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            text = " ".join(str(ast.literal_eval(below.value)).replace("`", "").split())
            # On a command line nothing is None; it is not there.
            found[field.target.id] = text.replace(". None:", ". If left out:").replace("(None:", "(if left out:")
    return found


def _option(hint: object, text: str) -> object:
    """Give the type that cyclopts is told, for a field of the type *hint*."""
    spelling = SPELLINGS.get(hint)
    if spelling is None:
        converter = _NUMBERS.get(hint)
        if converter is None:
            return Annotated[hint, Parameter(help=text, group=GROUP)]
        return Annotated[hint, Parameter(help=text, group=GROUP, converter=converter)]

    def convert(_: type, tokens: Sequence[Token]) -> object:
        return spelling.read(tokens[0].value)

    def show(value: object) -> str | None:
        return None if value is None else spelling.write(value)

    option = Parameter(
        help=f"{text} {spelling.explained}",
        group=GROUP,
        converter=convert,
        show_default=show,
        negative=(),
        # An offset may be negative.
        allow_leading_hyphen=True,
    )
    # One word: a tuple would be as many as it has members, each with a name of its own in the help.
    return Annotated[str, option]


def _options() -> type[WorldSettings]:
    hints = get_type_hints(WorldSettings)
    helps = _helps(WorldSettings)
    fields: dict[str, Any] = {}
    for field in attrs.fields(WorldSettings):
        hint = hints[field.name]
        if field.name in HIDDEN:
            option: Any = Annotated[hint, Parameter(parse=False, show=False)]
        else:
            option = _option(hint, helps[field.name])
        # No converter: attrs would hide the type from cyclopts behind the converter's own, and a word is read already.
        fields[field.name] = attrs.field(default=field.default, validator=field.validator, type=option)
    return attrs.make_class("Knobs", fields, bases=(WorldSettings,), frozen=True, kw_only=True, slots=True)


Knobs: Final[type[WorldSettings]] = _options()
"""`WorldSettings`, in a form that cyclopts can fill."""
