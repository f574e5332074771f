"""What `anytws watch` knows of each contract, and how it is written: in cells for people, in JSON for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

import attrs

from anytws.cli.mask import Mask
from anytws.cli.symbols import Named
from anytws.core.events import Notice
from anytws.errors import LimitReached, RequestFailed
from anytws.messages.market_data import MarketDataMode

if TYPE_CHECKING:
    from anytws.machines.quotes import Quote

MODES: Final = {
    MarketDataMode.REAL_TIME: "live",
    MarketDataMode.FROZEN: "frozen",
    MarketDataMode.DELAYED: "delayed",
    MarketDataMode.DELAYED_FROZEN: "delayed_frozen",
}
"""How fresh data are, as it is typed and as JSON has it."""
_SHORT_MODES: Final = {MarketDataMode.DELAYED_FROZEN: "delfroz"}
_DELAYED_HELPS: Final = (
    "You have no permission for live data of it, or not through the API: --type delayed shows it some 15 minutes late"
)
_REASONS: Final[Mapping[int, tuple[str, str | None]]] = {
    101: (
        "no market data line is left",
        "Watch fewer contracts, or end other programs: TWS counts its own windows too",
    ),
    200: ("no such contract, or more than one", "Say more of it, such as its exchange and currency: BMW@IBIS/EUR"),
    354: ("no permission for live data", _DELAYED_HELPS),
    10089: ("no permission for live data through the API", _DELAYED_HELPS),
    10168: ("no permission, and delayed data are off", "Buy the data, or turn delayed data on: in the account portal"),
    10186: ("no permission, and delayed data are off", "Buy the data, or turn delayed data on: in the account portal"),
    10197: (
        "another session of this user has the data",
        "Somebody is logged in with the same user, in TWS or on a phone: one of them gets live data",
    ),
}
"""What the usual refusals mean, in a few words, and what can be done about them."""


def price_text(price: float | None, step: Decimal | None = None, digits: int = 10) -> str:
    """Give *price* with the places that its smallest *step* has, if that is known, else in so many *digits*."""
    if price is None or not math.isfinite(price):
        return "" if price is None else str(price)
    if step is not None and step.is_finite():
        exponent = step.normalize().as_tuple().exponent
        places = -exponent if isinstance(exponent, int) else 0
        if 0 < places <= _MOST_PLACES and abs(price) < _LARGE:
            return f"{price:.{places}f}"
    return f"{price:.{digits}g}"


_MOST_PLACES: Final = 10
_LARGE: Final = 1e12


def amount_text(amount: Decimal | float | None, places: int | None = None) -> str:
    """Give *amount* in plain digits, and in powers of ten where it has very many; rounded to *places*, if those are."""
    if amount is None:
        return ""
    exact = Decimal(str(amount))
    if not exact.is_finite() or abs(exact.adjusted()) > _MOST_DIGITS:
        return f"{exact:.6g}"
    if places is not None:
        return f"{exact:,.{places}f}"
    text = f"{exact:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


_MOST_DIGITS: Final = 20


def as_json(value: Any) -> Any:  # noqa: ANN401 (whatever a record holds)
    """Give *value*, of a record, as JSON has it: amounts as text, to the last digit; moments in ISO 8601; prices plain.

    So has `anytws.json` them.
    """
    match value:
        case None | bool() | str():
            return value
        case Enum():
            return value.name.lower()
        case int():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Decimal():
            return str(value)
        case datetime():
            return value.isoformat()
        case date():
            return value.isoformat()
        case _:
            return str(value)


_FIELDS: Final = (
    "bid", "bid_size", "ask", "ask_size", "last", "last_size", "last_time",
    "open", "high", "low", "close", "volume", "halted",
)  # fmt: skip
_GREEKS: Final = ("option_price", "implied_volatility", "delta", "gamma", "vega", "theta", "underlying_price")


@attrs.define
class Row:
    """One contract: the word that it was named by, and what came of it last."""

    word: str
    quote: Quote | None = None
    problem: Exception | None = None
    """Why there is no more of it."""

    @property
    def mode(self) -> str:
        """How fresh its data are, in a word; empty where TWS has not said it."""
        mode = None if self.quote is None else self.quote.mode
        if mode is None:
            return ""
        return MODES.get(mode, str(mode.value))

    @property
    def is_fresh(self) -> bool:
        """Whether its data are live, as far as is known."""
        return self.quote is None or self.quote.mode in (None, MarketDataMode.REAL_TIME)

    def cell(self, name: str) -> str:
        """Give what stands in the column *name*; nothing where it is not known."""
        quote = self.quote
        if name == "symbol":
            return self.word
        if quote is None:
            return ""
        step = None if quote.parameters is None else quote.parameters.min_tick
        match name:
            case "bid" | "ask" | "last":
                return price_text(getattr(quote, name), step)
            case "bid_size" | "ask_size" | "volume":
                return amount_text(getattr(quote, name))
            case "change":
                return _change(quote)
            case "data":
                return self._data(quote)
            case _:
                return ""

    def _data(self, quote: Quote) -> str:
        if quote.halted:
            return "HALTED"
        return self.mode if quote.mode is None else _SHORT_MODES.get(quote.mode, self.mode)

    def refusal(self, mask: Mask) -> str:
        """Say in a few words why there is no more of it."""
        problem = self.problem
        if isinstance(problem, RequestFailed):
            known = _REASONS.get(problem.code)
            return f"{problem.code} {mask(problem.message or '') if known is None else known[0]}".strip()
        if isinstance(problem, LimitReached):
            return "no market data line is left"
        return mask(str(problem))

    def advice(self) -> str | None:
        """Say what can be done about it."""
        return advice_for(self.problem)

    def json_line(self, mask: Mask) -> str:
        """Give what is new of it as one JSON object."""
        return json.dumps(self._object(mask))

    def _object(self, mask: Mask) -> dict[str, Any]:
        if self.problem is not None:
            return {"symbol": self.word, "error": error_object(self.problem, mask)}
        quote = self.quote
        if quote is None:
            return {"symbol": self.word}
        told: dict[str, Any] = {
            "symbol": self.word,
            "received_at": None if quote.received_at is None else quote.received_at.isoformat(),
            "mode": self.mode or None,
            **{name: as_json(getattr(quote, name)) for name in _FIELDS},
            "changed": [*quote.changed],
        }
        generic = _said(quote.generic, mask)
        if generic:
            told["generic"] = generic
        greeks = {
            basis: {name: as_json(getattr(computed, name)) for name in _GREEKS}
            for basis in ("bid", "ask", "last", "model")
            if (computed := getattr(quote.greeks, basis)) is not None
        }
        if greeks:
            told["greeks"] = greeks
        told["notices"] = [{"code": code, "text": mask(text)} for code, text in remarks_of(quote)]
        return told


def _said(record: Any, mask: Mask) -> dict[str, Any]:  # noqa: ANN401 (a record, with others in it)
    """Give the fields of *record* that are not None."""
    told: dict[str, Any] = {}
    for field in attrs.fields(type(record)):
        value = getattr(record, field.name)
        if value is None:
            continue
        told[field.name] = _said(value, mask) if attrs.has(type(value)) else as_json(value)
        if isinstance(told[field.name], str):
            told[field.name] = mask(told[field.name])
    return told


def remarks_of(quote: Quote) -> list[tuple[int | None, str]]:
    """Give what TWS remarked with *quote*: codes and texts."""
    return [
        (notice.code, notice.text or "") if isinstance(notice, Notice) else (None, str(notice))
        for notice in quote.notices
    ]


def sentence_of(problem: Exception | None) -> str:
    """Say what *problem*, of one contract, is: what TWS said, where it said it."""
    if isinstance(problem, RequestFailed):
        doubt = ", just after TWS had lost a link: it may be wrong" if problem.link_was_down else ""
        return f"refused by TWS with {problem.code}{doubt}: {(problem.message or '').rstrip('. ')}"
    return str(problem)


def advice_for(problem: Exception | None) -> str | None:
    """Say what can be done about *problem*; None where nothing more is known than it says."""
    if isinstance(problem, LimitReached):
        return _REASONS[101][1]
    known = _REASONS.get(problem.code) if isinstance(problem, RequestFailed) else None
    return None if known is None else known[1]


def error_object(problem: Exception, mask: Mask) -> dict[str, Any]:
    """Give *problem*, of one contract, as JSON has it."""
    refusal = problem if isinstance(problem, RequestFailed) else None
    return {
        "kind": type(problem).__name__,
        "code": None if refusal is None else refusal.code,
        "tws_said": None if refusal is None else mask(refusal.message or ""),
        "what_happened": mask(str(problem)),
        "what_to_do": advice_for(problem),
    }


def _change(quote: Quote) -> str:
    """Give by how many percent the last price is away from the last close."""
    if quote.last is None or not quote.close or not math.isfinite(quote.last) or not math.isfinite(quote.close):
        return ""
    return f"{(quote.last / quote.close - 1) * 100:+.2f}%"


def time_text(moment: datetime | None) -> str:
    """Give when that was, by the clock on the wall of this machine."""
    local = (datetime.now(UTC) if moment is None else moment).astimezone()
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03}"


def rows_of(named: Iterable[Named]) -> dict[Any, Row]:
    """Give a row for each contract; who names one twice has the first word."""
    rows: dict[Any, Row] = {}
    for word, contract in named:
        rows.setdefault(contract, Row(word))
    return rows
