"""How quotes come of ticks: what TWS says changes a picture, and a reader gets it as it then is.

On arrival the last message about each field is kept, and nothing else is done: a reader that looks four times a second
pays for four quotes, however many ticks there were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

from anytws.core.events import Notice, OddValue
from anytws.core.remembered import Remembered, weigh
from anytws.machines.outages import Told
from anytws.machines.quotes import ExchangeForPhysicals, GenericTicks, Greeks, OtherTick, Quote
from anytws.machines.records import Dropped, Gap, Resumed
from anytws.machines.tick_places import (
    EFP,
    FIELDS,
    GENERIC,
    GREEKS,
    NUMBERS,
    PLACES,
    READERS,
    READERS_ABOVE_ZERO,
    TOP,
    TWOFOLD,
)
from anytws.messages.contract import Contract, SecurityType
from anytws.messages.market_data import (
    DeltaNeutralValidation,
    MarketDataMode,
    MarketDataType,
    RerouteMarketDataRequest,
    TickNews,
    TickReqParams,
)
from anytws.wire.compiled.twins import twin_of

MOST_NOTICES: Final = 100
"""Remarks, and headlines, that wait for a reader of quotes; of more, the oldest are gone."""
MOST_NOTICE_BYTES: Final = 2**20
MOST_OTHERS: Final = 64
"""Types of ticks without a field of which the last one is kept."""
MOST_OTHER_BYTES: Final = 2**16

_MODE: Final = NUMBERS["mode"]
_PARAMETERS: Final = NUMBERS["parameters"]
_DELTA_NEUTRAL: Final = NUMBERS["delta_neutral"]
_REROUTED: Final = NUMBERS["rerouted"]
_DELAYED: Final = frozenset({MarketDataMode.DELAYED, MarketDataMode.DELAYED_FROZEN})
_NEVER_BELOW_ZERO: Final = frozenset({
    SecurityType.STOCK, SecurityType.FOREX, SecurityType.CRYPTO, SecurityType.FUND, SecurityType.OPTION,
    SecurityType.WARRANT, SecurityType.BOND,
})  # fmt: skip
_Twin: Final[Any] = twin_of(Quote)


def is_never_below_zero(contract: Contract) -> bool:
    """Tell whether no price of *contract* can be below zero. Of a combo, a future or an index it can."""
    return contract.security_type in _NEVER_BELOW_ZERO


class Quoting:
    """The picture of one contract's market. What comes is folded in, and `take` gives it as a `Quote`.

    *clock* gives seconds since 1970, for `Quote.received_at`.
    """

    __slots__ = (
        "_changed", "_clock", "_efp", "_generic", "_greeks", "_is_delayed", "_is_due", "_news", "_notices", "_others",
        "_others_given", "_outages", "_pending", "_readers", "_received", "_strange", "_values", "_was_given",
    )  # fmt: skip

    def __init__(self, *, is_above_zero: bool = False, clock: Callable[[], float] | None = None) -> None:
        self._readers = READERS_ABOVE_ZERO if is_above_zero else READERS
        self._clock = clock
        self._values: list[Any] = [None] * len(FIELDS)
        self._pending: dict[int, Any] = {}
        """The last message about each field that has not been read yet."""
        self._changed: set[int] = set()
        """Fields that are other than in the last quote that was given."""
        self._strange: set[int] = set()
        """Fields whose last tick was not of the mode's kind."""
        self._is_delayed: bool | None = None
        """Whether TWS gives delayed ticks: as it has said, or as its first ticks show."""
        self._others: dict[tuple[type[Any], int], OtherTick] = {}
        self._others_given: tuple[OtherTick, ...] = ()
        self._notices: Remembered[Notice | OddValue] | None = None
        self._news: Remembered[TickNews] | None = None
        self._greeks = Greeks()
        self._generic = GenericTicks()
        self._efp = ExchangeForPhysicals()
        self._received: float | None = None
        self._outages: Told | None = None
        """Where there has been one."""
        self._is_due = False
        self._was_given = False

    @property
    def is_due(self) -> bool:
        """Whether something has come that a reader may want to see. It may turn out to be what is known already."""
        return self._is_due

    @property
    def wants_newest(self) -> bool:
        """Whether of ticks that come together the last one of each kind is enough.

        So it is once they are known to be live or delayed: of the first ones, each may be the one that tells that.
        """
        return self._is_delayed is not None

    @property
    def rerouted(self) -> RerouteMarketDataRequest | None:
        """What TWS wants to be asked instead, if anything."""
        rerouted: RerouteMarketDataRequest | None = self._values[_REROUTED]
        return rerouted

    # --- outages ---------------------------------------------------------------------------------------------------

    def lose(self, gap: Gap) -> None:
        """Forget all values, and have the quote tell of the *gap* at once."""
        self.blank()
        if self._outages is None:
            self._outages = Told()
        self._outages.lose(gap)
        self._is_due = True

    def resume(self, resumed: Resumed) -> None:
        """Have the quote tell at once that the gap is over; values come anew."""
        if self._outages is not None:
            self._outages.resume(resumed)
            self._is_due = True

    def blank(self) -> None:
        """Forget all values: nobody knows how they are now. Remarks that wait are told all the same."""
        values = self._values
        self._changed.update([number for number, value in enumerate(values) if value is not None])
        rerouted = values[_REROUTED]
        self._values = [None] * len(FIELDS)
        # It is the same contract as before that is asked for again.
        self._values[_REROUTED] = rerouted
        if rerouted is not None:
            self._changed.discard(_REROUTED)
        self._pending.clear()
        self._strange.clear()
        self._others.clear()
        self._is_delayed = None
        self._received = None
        self._is_due = bool(self._notices or self._news)

    # --- what comes ------------------------------------------------------------------------------------------------

    def fold(self, items: Iterable[Any]) -> None:
        """Take *items* of the conversation, in their order."""
        pending, places = self._pending, PLACES
        for item in items:
            kind = type(item)
            if kind not in places:
                self._fold_rest(item)
                continue
            place = places[kind].get(item.tick_type)
            if place is None:
                self._keep_other(item)
                continue
            is_delayed, numbers = place
            if is_delayed is not None and (is_delayed is not self._is_delayed or self._strange):
                self._note_kind(is_delayed, numbers)
            for number in numbers:
                pending[number] = item
        if pending:
            self._is_due = True
        if self._clock is not None:
            self._received = self._clock()

    def _fold_rest(self, item: Any) -> None:
        if isinstance(item, MarketDataType):
            self._change_mode(item.market_data_type)
        elif isinstance(item, TickReqParams):
            self._set(_PARAMETERS, item)
        elif isinstance(item, (Notice, OddValue)):
            if self._notices is None:
                self._notices = Remembered(MOST_NOTICES, MOST_NOTICE_BYTES)
            self._notices.append(item)
            self._is_due = True
        elif isinstance(item, TickNews):
            if self._news is None:
                self._news = Remembered(MOST_NOTICES, MOST_NOTICE_BYTES)
            self._news.append(item)
            self._is_due = True
        elif isinstance(item, DeltaNeutralValidation):
            self._set(_DELTA_NEUTRAL, item.delta_neutral_contract)
            self._is_due = True
        elif isinstance(item, RerouteMarketDataRequest):
            self._set(_REROUTED, item)

    def _keep_other(self, item: OtherTick) -> None:
        key = (type(item), item.tick_type)
        self._others.pop(key, None)
        self._others[key] = item
        size = sum(map(weigh, self._others.values()))
        while len(self._others) > MOST_OTHERS or size > MOST_OTHER_BYTES:
            size -= weigh(self._others.pop(next(iter(self._others))))
        self._is_due = True

    def _note_kind(self, is_delayed: bool, numbers: Iterable[int]) -> None:
        """Note that a tick is delayed, or is not, where that is the first one, or the mode says otherwise."""
        if self._is_delayed is None:
            self._is_delayed = is_delayed
            if is_delayed and self._values[_MODE] is None:
                self._set(_MODE, MarketDataMode.DELAYED)
        if is_delayed is self._is_delayed:
            self._strange.difference_update(numbers)
        else:
            self._strange.update(numbers)

    def _change_mode(self, mode: MarketDataMode | None) -> None:
        """Note the *mode* of what comes from here on. What is of the other kind is no part of that picture."""
        if self._pending:
            self._is_due = True
            self._settle()
        self._set(_MODE, mode)
        if mode is None or not mode.is_known:
            return
        is_delayed = mode in _DELAYED
        if self._is_delayed is not None:
            for number in TWOFOLD:
                if (self._is_delayed is not (number in self._strange)) is not is_delayed:
                    self._set(number, None)
        self._is_delayed = is_delayed
        self._strange.clear()

    def _set(self, number: int, value: Any) -> None:
        if self._values[number] != value:
            self._values[number] = value
            self._changed.add(number)
            if self._was_given:
                self._is_due = True

    def _settle(self) -> None:
        """Read what has come about each field."""
        values, changed, readers = self._values, self._changed, self._readers
        for number, message in self._pending.items():
            try:
                value = readers[number](message)
            except (ValueError, ArithmeticError):
                # No time, no trade, or too long: it is shown as it came.
                value = None
                self._keep_other(message)
            if values[number] != value:
                values[number] = value
                changed.add(number)
        self._pending.clear()

    # --- what is given ---------------------------------------------------------------------------------------------

    def take(self) -> Quote | None:
        """Give the quote as it is now; None if it is as it was given last, and nothing was remarked."""
        if not self._is_due:
            return None
        self._is_due = False
        self._settle()
        others = tuple(self._others.values()) if self._others else ()
        has_others = others != self._others_given
        has_outage = self._outages is not None and self._outages.is_news
        if not (self._changed or has_others or self._notices or self._news or has_outage):
            return None
        self._was_given, self._others_given = True, others
        names = tuple([FIELDS[number] for number in sorted(self._changed)])
        if has_others:
            names = (*names, "others")
        if self._changed and max(self._changed) >= GREEKS.start:
            self._renew_parts()
        self._changed.clear()
        return self._make(names, others)

    def whole(self) -> Quote:
        """Give the quote as it is now, whether something of it is new or not."""
        self._is_due = True
        return self.take() or self._make((), self._others_given)

    def _renew_parts(self) -> None:
        values, first = self._values, min([number for number in self._changed if number >= GREEKS.start])
        last = max(self._changed)
        if first < GREEKS.stop:
            self._greeks = Greeks(*values[GREEKS])
        if first < GENERIC.stop and last >= GENERIC.start:
            self._generic = GenericTicks(*values[GENERIC])
        if last >= EFP.start:
            self._efp = ExchangeForPhysicals(*values[EFP])

    def _make(self, changed: tuple[str, ...], others: tuple[OtherTick, ...]) -> Quote:
        # A frozen object takes several times as long to make as a plain one that becomes it (docs/compiled.md).
        one = _Twin()
        (
            one.mode, one.bid, one.bid_size, one.ask, one.ask_size, one.last, one.last_size, one.open, one.high,
            one.low, one.close, one.volume, one.last_time, one.bid_exchanges, one.ask_exchanges, one.last_exchange,
            one.bid_attributes, one.ask_attributes, one.halted, one.bid_yield, one.ask_yield, one.last_yield,
            one.parameters, one.delta_neutral, one.rerouted,
        ) = self._values[: len(TOP)]  # fmt: skip
        one.greeks = self._greeks
        one.generic = self._generic
        one.efp = self._efp
        one.others = others
        one.not_of_mode = self._strange_names() if self._strange else ()
        one.changed = changed
        one.notices = () if self._notices is None and self._news is None else self._take_notices()
        one.news = () if self._news is None else self._take_news()
        outages = self._outages
        one.gap = None if outages is None else outages.gap
        one.resumed = None if outages is None else outages.take()
        one.received_at = None if self._received is None else datetime.fromtimestamp(self._received, UTC)
        one.__class__ = Quote
        quote: Quote = one
        return quote

    def _strange_names(self) -> tuple[str, ...]:
        return tuple([FIELDS[number] for number in sorted(self._strange) if self._values[number] is not None])

    def _take_notices(self) -> tuple[Notice | OddValue | Dropped, ...]:
        kept = [box for box in (self._notices, self._news) if box is not None]
        dropped = sum([box.dropped for box in kept])
        notices = () if self._notices is None else tuple(self._notices)
        self._notices = None
        return (Dropped(dropped), *notices) if dropped else notices

    def _take_news(self) -> tuple[TickNews, ...]:
        news = () if self._news is None else tuple(self._news)
        self._news = None
        return news
