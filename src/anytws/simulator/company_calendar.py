"""Made-up events of companies, as the calendar of Wall Street Horizon has them, drawn anew for each question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import attrs

from anytws.messages.contract import SecurityType
from anytws.simulator.chance import below, key_of

if TYPE_CHECKING:
    from anytws.simulator.ground import Ground
    from anytws.simulator.universe.instrument import Instrument

KINDS: Final = {
    "wshe_ed": "Earnings Date",
    "wshe_cc": "Conference Call",
    "wshe_div": "Dividend Dates",
    "wshe_bod": "Board of Directors Meeting",
    "wshe_sc": "Shareholder Meeting",
    "wshe_splits": "Stock Splits",
}
"""The kinds of events, by their tags."""

_CALENDAR: Final = key_of("calendar")
_SATURDAY: Final = 5
_QUARTER: Final = 91
_MONTHLY: Final = {"wshe_div": 4, "wshe_bod": 3, "wshe_sc": 12, "wshe_splits": 60}
"""How rare: one in so many months, where it does not go with the earnings of a quarter."""


@attrs.frozen
class CompanyEvent:
    """Something that a company does on a day."""

    day: date
    tag: str
    instrument: Instrument
    data: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Give it as the calendar writes it."""
        return {
            "event_type": self.tag,
            "index_date": f"{self.day:%Y%m%d}",
            "conids": [self.instrument.contract_id],
            "data": dict(self.data),
        }


def meta_data() -> dict[str, Any]:
    """Give what the calendar says of itself: the kinds of events, and the words of its filters."""
    return {
        "meta_data": {
            "event_types": [{"name": name, "tag": tag} for tag, name in KINDS.items()],
            "companies": [],
            "countries": [{"name": "All", "code": "All"}, {"name": "United States", "code": "US"}],
            "filters": [
                {"tag": "country", "type": "text"},
                {"tag": "watchlist", "type": "list of contract ids"},
                {"tag": "limit", "type": "number"},
                {"tag": "limit_region", "type": "number"},
                *({"tag": tag, "type": "true or false"} for tag in KINDS),
            ],
        }
    }


def events(
    world: Ground, instruments: Iterable[Instrument], tags: Iterable[str], begin: date, end: date
) -> list[CompanyEvent]:
    """Give the events of *instruments*, of the kinds *tags*, from *begin* up to *end*, both included, oldest first."""
    wanted = [tag for tag in KINDS if tag in set(tags)]
    stocks = [each for each in instruments if each.contract.security_type is SecurityType.STOCK]
    found = [event for each in stocks for tag in wanted for event in _of(world, each, tag, begin, end)]
    return sorted(found, key=lambda event: (event.day, event.instrument.contract_id, event.tag))


def _of(world: Ground, instrument: Instrument, tag: str, begin: date, end: date) -> Iterator[CompanyEvent]:
    # A conference call is on the day of the earnings.
    length, rarity = (_QUARTER, 1) if tag in ("wshe_ed", "wshe_cc") else (30, _MONTHLY[tag])
    source = "wshe_ed" if tag == "wshe_cc" else tag
    for number in range(begin.toordinal() // length, end.toordinal() // length + 1):
        keys = (world.settings.seed, _CALENDAR, instrument.contract_id, key_of(source), number)
        ordinal = _workday(number * length + 1 + below(length - 3, *keys, 1))
        day = date.fromordinal(min(ordinal, date.max.toordinal()))
        if below(rarity, *keys) == 0 and begin <= day <= end:
            yield CompanyEvent(day, tag, instrument, _data(tag, day, keys))


def _workday(ordinal: int) -> int:
    # Saturdays and Sundays go to the Monday after; day 1 was a Monday.
    weekday = (ordinal - 1) % 7
    return ordinal + 7 - weekday if weekday >= _SATURDAY else ordinal


def _data(tag: str, day: date, keys: tuple[int, ...]) -> dict[str, Any]:
    told: dict[str, Any] = {"wsh_event_id": below(10**9, *keys, 2), "date": f"{day:%Y-%m-%d}"}
    match tag:
        case "wshe_ed":
            told |= {"time_of_day": ("BEFORE MARKET", "AFTER MARKET")[below(2, *keys, 3)], "status": "CONFIRMED"}
            told |= {"fiscal_quarter": f"Q{(day.month - 1) // 3 or 4}"}
        case "wshe_div":
            told |= {"ex_dividend_date": f"{day:%Y-%m-%d}", "amount": below(200, *keys, 3) / 100, "currency": "USD"}
        case "wshe_splits":
            told |= {"ratio": f"{2 + below(3, *keys, 3)}:1"}
        case "wshe_cc" | "wshe_bod" | "wshe_sc":
            # There is no more to tell of these.
            return told
        case _:
            raise ValueError(f"{tag} is no kind of event")
    return told
