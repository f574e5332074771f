"""The figures of accounts: which they are, in which scope and currency, and what their text means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, unique
from typing import Final, TypeAlias

import attrs

from anytws.arrow import Records
from anytws.errors import shown
from anytws.machines.records import Gap, InBand, Resumed
from anytws.messages.accounts import AccountSummary, AccountUpdateMulti, AccountValue
from anytws.messages.base import record


@unique
class Scope(Enum):
    """What a figure is of: the account as a whole, one of its segments, or one currency of its ledger."""

    ACCOUNT = ""
    """The account as a whole; an amount is in its base currency."""
    LEDGER = "$LEDGER"
    """What is held in one currency, or, as ``BASE``, in all of them together."""
    COMMODITIES = "C"
    """The segment of futures and their options. TWS says it as ``-C`` behind the key."""
    CRYPTO_PAXOS = "P"
    """Crypto currencies at Paxos, ``-P``."""
    SECURITIES = "S"
    """Stocks, bonds and their options, ``-S``."""
    CRYPTO_ZEROHASH = "Z"
    """Crypto currencies at ZeroHash, ``-Z``."""


@record
class SettledCash:
    """How much cash will be settled by a day."""

    day: date
    """The day, by the vendor's calendar."""
    amount: Decimal
    """In the account's base currency."""


Value: TypeAlias = Decimal | int | bool | datetime | tuple[SettledCash, ...] | str | None
"""What the text of a figure means; None for an empty one."""

_SEGMENTS: Final = {f"-{scope.value}": scope for scope in Scope if len(scope.value) == 1}
_PREFIX: Final = f"{Scope.LEDGER.value}-"

_SUMMED_UP: Final = "AccruedCash"
"""The one figure that a summary has of the account as a whole and of each currency under the same name."""
LEDGER_NAMES: Final = frozenset({
    "AccountOrGroup", "CashBalance", "CorporateBondValue", "Cryptocurrency", "Currency", "ExchangeRate",
    "FundValue", "FutureOptionValue", "FuturesPNL", "FxCashBalance", "IssuerOptionValue", "MoneyMarketFundValue",
    "MutualFundValue", "NetDividend", "NetLiquidationByCurrency", "OptionMarketValue", "RealCurrency", "RealizedPnL",
    "StockMarketValue", "TBillValue", "TBondValue", "TotalCashBalance", "UnrealizedPnL", "WarrantValue", _SUMMED_UP,
})  # fmt: skip
"""Figures of which there is one for each currency (recorded)."""

_WORDS: Final = frozenset({
    "AccountCode", "AccountOrGroup", "AccountType", "Currency", "RealCurrency", "SegmentTitle", "TradingType",
})  # fmt: skip
"""Figures that are words, even one that looks like a number."""
_COUNTS: Final = frozenset({
    "ColumnPrio", "DayTradesRemaining", "DayTradesRemainingT+1", "DayTradesRemainingT+2", "DayTradesRemainingT+3",
    "DayTradesRemainingT+4", "HighestSeverity",
})  # fmt: skip
"""Figures that are counted."""
_NEXT_CHANGE: Final = "LookAheadNextChange"
_FLAGS: Final = {"true": True, "false": False}

_MOST_OF_A_NUMBER: Final = 64
_NUMBER: Final = re.compile(r"[-+]?[0-9]{1,40}(\.[0-9]{1,20})?(E[-+]?[0-9]{1,3})?", re.ASCII)
_COUNT: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{8}", re.ASCII)
_MOST_DAYS: Final = 100
_UNSET: Final = Decimal("1.7976931348623157E308")
"""The largest double: how TWS writes that a number is not set."""


@record
class Figure:
    """One figure of an account, as TWS said it last. Its text is kept; `value` and `amount` read it."""

    account: str
    """The account, or the group, such as ``All``, whose ledger it is; empty where TWS does not say it."""
    name: str
    """Which figure, such as ``NetLiquidation``: the vendor's key without what says the scope."""
    text: str
    """As TWS wrote it."""
    currency: str = ""
    """Of an amount; ``BASE`` for a sum in the base currency; empty for what is no amount."""
    scope: Scope = Scope.ACCOUNT
    """What it is of."""
    model: str = ""
    """The advisor's model that it is of; empty for none."""
    amount: Decimal | None = attrs.field(init=False, eq=False)
    """The number that the text is; None where it is empty, no number, or TWS's word for "not set"."""

    def __attrs_post_init__(self) -> None:
        """Read the number, which has a column of its own where figures are made a table."""
        object.__setattr__(self, "amount", number_of(self.text))

    @property
    def key(self) -> str:
        """The vendor's key: the name, with the segment's letter behind it, ``NetLiquidation-S``."""
        is_segment = self.scope not in (Scope.ACCOUNT, Scope.LEDGER)
        return f"{self.name}-{self.scope.value}" if is_segment else self.name

    @property
    def value(self) -> Value:
        """What the text means.

        An amount is a `Decimal`. ``true`` and ``false`` are a `bool`. Day trades, severity and the like are an `int`
        (-1 day trades: without limit). ``SettledCashByDate`` is a tuple of `SettledCash`. ``LookAheadNextChange`` is
        when margin requirements change next, in UTC, and None where TWS knows of no change. Words, and what cannot be
        read, are the text. Empty is None.
        """
        text = self.text
        if not text:
            return None
        if self.name in _WORDS:
            return text
        if text in _FLAGS:
            return _FLAGS[text]
        if self.name in _COUNTS and _COUNT.fullmatch(text):
            return int(text)
        if self.name == _NEXT_CHANGE and _COUNT.fullmatch(text):
            return _moment(int(text), text)
        if ":" in text:
            return _settled(text) or text
        if self.amount is not None:
            return self.amount
        return None if _is_unset(text) else text


def number_of(text: str) -> Decimal | None:
    """Give the number that *text* is, as TWS writes one; None where it is none, or says "not set"."""
    if len(text) > _MOST_OF_A_NUMBER or _NUMBER.fullmatch(text) is None:
        return None
    number = Decimal(text)
    return None if number == _UNSET else number


def _is_unset(text: str) -> bool:
    return len(text) <= _MOST_OF_A_NUMBER and _NUMBER.fullmatch(text) is not None


def _moment(seconds: int, text: str) -> datetime | str | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (OverflowError, ValueError, OSError):
        return text


def _settled(text: str) -> tuple[SettledCash, ...] | None:
    """Read ``20260926:932719.75;20260928:933115.05``; None where it is something else."""
    found = []
    for part in text.split(";", _MOST_DAYS):
        day, _, amount = part.partition(":")
        number = number_of(amount)
        if number is None or _DAY.fullmatch(day) is None:
            return None
        try:
            found.append(SettledCash(date(int(day[:4]), int(day[4:6]), int(day[6:])), number))
        except ValueError:
            return None
    return tuple(found)


# --- from the messages of TWS ------------------------------------------------------------------------------------


def split_key(key: str) -> tuple[str, Scope]:
    """Give the name in a vendor's *key*, and the scope that the key says; `Scope.ACCOUNT` where it says none.

    ``NetLiquidation-S`` is a segment's. ``$LEDGER-CashBalance`` is how TWS 10.47 and later write the ledger, unless a
    setting says otherwise.
    """
    if key.startswith(_PREFIX):
        return key[len(_PREFIX) :], Scope.LEDGER
    segment = _SEGMENTS.get(key[-2:])
    return (key, Scope.ACCOUNT) if segment is None else (key[:-2], segment)


def figure_of(message: AccountValue | AccountSummary | AccountUpdateMulti, group: str | None = None) -> Figure:
    """Give the figure in *message*; *group* is the one whose summary was asked for.

    The ledger of a group comes under the group's name, and not under that of an account (recorded for ``All``).
    """
    if isinstance(message, AccountSummary):
        name, scope = split_key(str(message.tag))
        model = ""
    else:
        name, scope = split_key(message.key)
        model = message.model_code if isinstance(message, AccountUpdateMulti) else ""
    if scope is Scope.ACCOUNT and name in LEDGER_NAMES:
        is_whole = isinstance(message, AccountSummary) and name == _SUMMED_UP and message.account != group
        scope = Scope.ACCOUNT if is_whole else Scope.LEDGER
    return Figure(message.account, name, message.value, message.currency, scope, model)


# --- many together -----------------------------------------------------------------------------------------------


@record
class Figures:
    """The figures of one account or of several, all at one time."""

    figures: tuple[Figure, ...]
    """The last word about each, in the order in which TWS said them first."""
    changed: tuple[Figure, ...] = ()
    """Those that came since the `Figures` before, the last word about each; of the first: all."""
    time: str = ""
    """When TWS last brought the account up to date: ``HH:MM`` on the clock of the machine that TWS runs on.

    Empty where it does not say it (summaries and `values_of` never do).
    """
    notices: tuple[InBand, ...] = ()
    """What TWS remarked since the `Figures` before."""
    gap: Gap | None = None
    """Under `keep_connected`: since when nothing comes, and why. While it is set, the figures are old: as they were
    when the gap began. None: as far as is known, changes come."""
    resumed: Resumed | None = None
    """Under `keep_connected`: in the first `Figures` after a gap, what is over. TWS has said all anew."""

    def __iter__(self) -> Iterator[Figure]:
        return iter(self.figures)

    def __len__(self) -> int:
        return len(self.figures)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Give the figures as columns, in a capsule: ``polars.DataFrame(figures)`` (`anytws.Records`)."""
        return Records.of(Figure, self.figures).__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        """Give the names and types of these columns in a capsule."""
        return Records.of(Figure, self.figures).__arrow_c_schema__()

    @property
    def is_ready(self) -> bool | None:
        """Whether the figures hold. False: the vendor's servers are being reset, and figures may be old or wrong.

        They hold again when a later one says so: keep the stream open. None where TWS does not say it.
        """
        told = [figure.value for figure in self.figures if figure.name == "AccountReady"]
        if not told:
            return None
        return all(value is True for value in told)

    def find(
        self, key: str, currency: str | None = None, *, account: str | None = None, model: str | None = None
    ) -> tuple[Figure, ...]:
        """Give all figures of that *key*: ``CashBalance``, ``NetLiquidation-S``, ``$LEDGER-AccruedCash``.

        A key without a scope means the account as a whole and its ledger, and no segment. None is any currency,
        account and model. Empty where there is none.
        """
        name, scope = split_key(key)
        scopes = (Scope.ACCOUNT, Scope.LEDGER) if scope is Scope.ACCOUNT else (scope,)
        found = [
            figure
            for figure in self.figures
            if figure.name == name
            and figure.scope in scopes
            and currency in (None, figure.currency)
            and account in (None, figure.account)
            and model in (None, figure.model)
        ]
        return Records.of(Figure, found)

    def one(
        self, key: str, currency: str | None = None, *, account: str | None = None, model: str | None = None
    ) -> Figure:
        """Give the one figure that `find` finds. Raises `LookupError` where there is none, or several."""
        found = self.find(key, currency, account=account, model=model)
        if len(found) != 1:
            raise LookupError(_not_one(key, currency, found))
        return found[0]

    def amount(
        self, key: str, currency: str | None = None, *, account: str | None = None, model: str | None = None
    ) -> Decimal | None:
        """Give the `Figure.amount` of the one figure that `find` finds. Raises as `one` does."""
        return self.one(key, currency, account=account, model=model).amount


def _not_one(key: str, currency: str | None, found: Iterable[Figure]) -> str:
    asked = shown(key) if currency is None else f"{shown(key)} in {shown(currency)}"
    ways = [" ".join([part for part in (each.account, each.currency, each.scope.name) if part]) for each in found]
    if not ways:
        return f"TWS has said no {asked}: ask for it, or look at what there is by iterating"
    more = f", and {len(ways) - _MOST_WAYS} more" if len(ways) > _MOST_WAYS else ""
    return (
        f"there is more than one {asked}: choose by currency, account or scope ({', '.join(ways[:_MOST_WAYS])}{more})"
    )


_MOST_WAYS: Final = 10
