"""The gate that orders have to pass before they leave: a pure function of what is wanted, of a policy, and of a belief.

It lists every reason for its no. What it cannot tell is a no too, and what it could never tell refuses to start: a
gate that guesses is none. Cancels do not pass here, nor does a change that only takes away from a quantity: nothing may
stand in the way of who wants less.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from os import PathLike
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs

from anytws.core.arguments import check_flag
from anytws.core.paper import not_paper
from anytws.errors import shown
from anytws.machines.gate_belief import Belief, Exposure, KillSwitch, Positions, Quotes, Reason
from anytws.machines.intent import Intent, IntentKind
from anytws.machines.quotes import Quote
from anytws.machines.worth import STOPS, Amount, exact, market_of, prices_of, value_of
from anytws.messages.contract import Action, Contract, SecurityType

_NOTHING: Final = Decimal(0)


@attrs.frozen(kw_only=True)
class Gate:
    """A policy: what may leave. None everywhere: that rule does not hold.

    ``Gate(max_quantity=100, max_value=50_000, kill_file="/run/stop-trading")``. All amounts are for orders of this
    client alone, as this program and its journal know them: TWS has no such limits, and other clients their own.

    Raises `TypeError` and `ValueError` for what is no such policy, and for what could not be enforced: a rule about
    quotes without ``quotes``, one about positions without ``positions``. A rule about a day needs the connection to
    have a journal, since a restart would forget the day.
    """

    max_quantity: Amount | None = None
    """The most that one order may be for, in shares, contracts or units."""
    max_value: Amount | None = None
    """The most that one order may be worth, in ``currency``: its quantity × its multiplier × the highest of its limit
    price and the quote. Without ``quotes`` the limit price alone: then an order without one is refused, and a sale may
    turn out to be worth more than it was taken for, since it may be filled above its limit."""
    max_orders_per_day: int | None = None
    """The most new orders in a day, refused ones included. Changes are none."""
    max_quantity_per_day: Amount | None = None
    """The most that all orders of a day may be for, whether or not they are filled; of changes what they add."""
    max_value_per_day: Amount | None = None
    """The most that they may be worth."""
    day_zone: str = "UTC"
    """The zone at whose midnight a day begins: a name of the IANA data base, ``"America/New_York"``."""
    currency: str = "USD"
    """Of the values. What trades in another one cannot be compared, and is refused where a value counts."""
    symbols: Collection[str] | None = None
    """What may be traded, by symbol: of derivatives that of the underlying, of a combination that of the whole."""
    denied_symbols: Collection[str] = ()
    """What may not."""
    security_types: Collection[SecurityType] | None = None
    """What kinds of instruments may be traded."""
    max_quote_age: float | None = None
    """For how many seconds a quote is good (`Quote.received_at`); without one that is not older nothing leaves."""
    price_collar: float | None = None
    """By how many percent a price may be beyond the market: a limit to buy above the ask, one to sell below the bid, a
    stop to buy below the last price, one to sell above it. An order without a price passes."""
    max_open_orders: int | None = None
    """The most orders that may be open at once, those of unknown fate included."""
    max_position: Amount | None = None
    """The most that an account may come to hold of a contract, long or short, if all that is open were filled."""
    paper_only: bool = False
    """Whether nothing leaves unless every managed account is known to be of paper. To fail the connect for that, give
    ``paper_only`` to ``connect``."""
    kill_file: str | PathLike[str] | None = None
    """While a file of this name exists, nothing leaves but cancels. Its folder has to exist from the beginning."""
    kill_switch: KillSwitch | None = None
    """The same by an event that is set (anything with ``is_set``), or by a function that gives True."""
    quotes: Quotes | None = None
    """Where quotes come from: a function that gives the newest one of a contract, at once."""
    positions: Positions | None = None
    """Where positions come from: a function of account and contract."""

    def __attrs_post_init__(self) -> None:
        for name in _AMOUNTS:
            _check_amount(name, getattr(self, name))
        for name in ("max_orders_per_day", "max_open_orders"):
            number: object = getattr(self, name)
            if number is not None and not isinstance(number, int):
                raise TypeError(f"{name} is {shown(number)}, and has to be a whole number")
        check_flag("paper_only", self.paper_only)
        for name in ("symbols", "denied_symbols", "security_types"):
            several: object = getattr(self, name)
            if several is not None and (isinstance(several, str) or not isinstance(several, Collection)):
                raise TypeError(f"{name} is {shown(several)}, and has to be several, such as {{'AAPL', 'MSFT'}}")
        _zone(self.day_zone)
        self._check_sources()

    def _check_sources(self) -> None:
        for name in ("quotes", "positions"):
            source: object = getattr(self, name)
            if source is not None and not callable(source):
                raise TypeError(f"{name} is {shown(source)}, and has to be a function")
        switch: object = self.kill_switch
        if switch is not None and not callable(switch) and not hasattr(switch, "is_set"):
            raise TypeError(f"kill_switch is {shown(switch)}, and has to be an event, or a function")
        for name in ("max_quote_age", "price_collar"):
            if getattr(self, name) is not None and self.quotes is None:
                raise ValueError(f"{name} cannot be enforced without quotes: give quotes=, a function of a contract")
        if self.max_position is not None and self.positions is None:
            raise ValueError("max_position cannot be enforced without positions: give positions=, a function")

    @property
    def needs_journal(self) -> bool:
        """Whether a restart would make it forget what it has to know."""
        caps = (self.max_orders_per_day, self.max_quantity_per_day, self.max_value_per_day)
        return any(cap is not None for cap in caps)

    def day_begin(self, now: datetime) -> datetime:
        """Give when the day of *now*, an aware time, has begun: aware, UTC."""
        local = now.astimezone(_zone(self.day_zone))
        return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)

    def value_of(self, intent: Intent, quote: Quote | None) -> Decimal | None:
        """Give what *intent* is worth in all, at the most that is known, in ``currency``; None: that cannot be told."""
        value = self._value(intent, quote)
        return None if isinstance(value, str) else value

    def added_value_of(self, intent: Intent, quote: Quote | None) -> Decimal | None:
        """Give what *intent* adds to the values of a day: of a change what it is worth more, if that is known."""
        value, quantity, increase = self.value_of(intent, quote), intent.quantity, intent.increase
        if increase == 0:
            return _NOTHING
        if value is None or quantity is None or increase is None:
            return value
        return value * increase / quantity if quantity else value

    def refusals(self, intents: Sequence[Intent], belief: Belief, now: datetime) -> tuple[Reason, ...]:
        """Give every reason for which *intents*, wanted together at *now*, must not leave. Empty: they may.

        It depends on nothing else, and changes nothing.
        """
        wanted = [intent for intent in intents if not intent.only_reduces]
        if not wanted:
            return ()
        reasons = [*self._of_all(wanted, belief)]
        for intent in wanted:
            reasons += self._of_one(intent, belief.quotes.get(intent.contract), now)
        return (*reasons, *self._of_positions(wanted, belief))

    # --- rules about all together --------------------------------------------------------------------------------

    def _of_all(self, wanted: Sequence[Intent], belief: Belief) -> Iterator[Reason]:
        if belief.killed:
            yield Reason("kill_switch", f"the kill switch is pressed: {belief.killed}")
        if self.paper_only:
            why = not_paper(belief.accounts)
            if why is not None:
                yield Reason("paper_only", why)
        new = sum(intent.kind is not IntentKind.CHANGE for intent in wanted)
        if self.max_open_orders is not None and new and belief.open_orders + new > self.max_open_orders:
            yield Reason(
                "max_open_orders", f"{belief.open_orders} orders are open, and at most {self.max_open_orders} may be"
            )
        if self.max_orders_per_day is not None and new and belief.today.orders + new > self.max_orders_per_day:
            yield Reason(
                "max_orders_per_day",
                f"{belief.today.orders} orders were placed today ({self.day_zone}), and at most "
                f"{self.max_orders_per_day} may be",
            )
        yield from self._of_day(wanted, belief)

    def _of_day(self, wanted: Sequence[Intent], belief: Belief) -> Iterator[Reason]:
        today = belief.today
        if self.max_quantity_per_day is not None:
            added = [intent.increase for intent in wanted]
            yield from self._of_sum(
                "max_quantity_per_day", today.quantity, today.unknown_quantities, added, self.max_quantity_per_day
            )
        if self.max_value_per_day is not None:
            values = [self.added_value_of(intent, belief.quotes.get(intent.contract)) for intent in wanted]
            foreign = 0 if today.currency in ("", self.currency) else 1
            yield from self._of_sum(
                "max_value_per_day", today.value, today.unknown_values + foreign, values, self.max_value_per_day
            )

    def _of_sum(
        self, rule: str, before: Decimal, unknown: int, added: Sequence[Decimal | None], most: Amount
    ) -> Iterator[Reason]:
        known = [each for each in added if each is not None]
        if unknown:
            yield Reason(rule, f"of {unknown} orders of today ({self.day_zone}) it is not known, so the sum is not")
        elif len(known) < len(added):
            yield Reason(rule, "what this order adds to the sum of the day cannot be told")
        if before + sum(known) > exact(most):
            yield Reason(
                rule,
                f"{before:f} were placed today ({self.day_zone}), and with {sum(known):f} more it would be more than "
                f"{most}",
            )

    # --- rules about each ----------------------------------------------------------------------------------------

    def _of_one(self, intent: Intent, quote: Quote | None, now: datetime) -> Iterator[Reason]:
        yield from self._of_contract(intent)
        if self.max_quantity is not None:
            if intent.quantity is None:
                yield Reason("max_quantity", f"{intent}: its terms do not tell how much it is for", intent)
            elif intent.quantity > exact(self.max_quantity):
                yield Reason("max_quantity", f"{intent}: more than {self.max_quantity} in one order", intent)
        if self.max_value is not None:
            value = self._value(intent, quote)
            if isinstance(value, str):
                yield Reason("max_value", f"{intent}: what it is worth cannot be told: {value}", intent)
            elif value > exact(self.max_value):
                text = f"{intent}: it is worth up to {value:f} {self.currency}, more than {self.max_value}"
                yield Reason("max_value", text, intent)
        if intent.kind is not IntentKind.EXERCISE:
            yield from self._of_age(intent, quote, now)
            yield from self._of_collar(intent, quote)

    def _of_contract(self, intent: Intent) -> Iterator[Reason]:
        contract = intent.contract
        if self.symbols is not None and contract.symbol not in self.symbols:
            told = f"{contract.symbol!r} is none of those" if contract.symbol else "its contract names no symbol"
            yield Reason("symbols", f"{intent}: {told}", intent)
        if self.denied_symbols and (not contract.symbol or contract.symbol in self.denied_symbols):
            told = f"{contract.symbol!r} is denied" if contract.symbol else "its contract names no symbol"
            yield Reason("denied_symbols", f"{intent}: {told}", intent)
        if self.security_types is not None and contract.security_type not in self.security_types:
            kind = contract.security_type
            told = "its contract names no type" if kind is None else f"{kind.value} is none of those"
            yield Reason("security_types", f"{intent}: {told}", intent)

    def _value(self, intent: Intent, quote: Quote | None) -> Decimal | str:
        return value_of(intent, quote, self.currency, has_quotes=self.quotes is not None)

    def _of_age(self, intent: Intent, quote: Quote | None, now: datetime) -> Iterator[Reason]:
        if self.max_quote_age is None:
            return
        if quote is None or quote.received_at is None or not prices_of(quote):
            yield Reason("max_quote_age", f"{intent}: there is no quote", intent)
        elif now - quote.received_at > timedelta(seconds=self.max_quote_age):
            age = (now - quote.received_at).total_seconds()
            text = f"{intent}: the quote is {age:.1f} s old, and may be {self.max_quote_age:g} s"
            yield Reason("max_quote_age", text, intent)

    def _of_collar(self, intent: Intent, quote: Quote | None) -> Iterator[Reason]:
        order = intent.order
        if self.price_collar is None or order is None:
            return
        limit, stop = intent.limit_price, order.aux_price if order.order_type in STOPS else None
        is_buy = order.action is Action.BUY
        for price, is_stop in ((limit, False), (stop, True)):
            if price is None:
                continue
            market = None if quote is None else market_of(quote, is_buy=is_buy, is_stop=is_stop)
            if market is None:
                yield Reason("price_collar", f"{intent}: there is no price of the market to compare with", intent)
                continue
            off = (price - market) / abs(market) * 100 if market else math.inf
            # What is on its own side of the market waits there: a limit to buy below, a stop to buy above.
            worse = off if is_buy is not is_stop else -off
            if worse > self.price_collar:
                word = "stop" if is_stop else "limit"
                text = f"{intent}: its {word} price {price:g} is {abs(off):.1f} % from {market:g}, and may be "
                yield Reason("price_collar", f"{text}{self.price_collar:g} %", intent)

    # --- rules about positions -----------------------------------------------------------------------------------

    def _of_positions(self, wanted: Sequence[Intent], belief: Belief) -> Iterator[Reason]:
        if self.max_position is None:
            return
        most = exact(self.max_position)
        asked: dict[tuple[str, Contract, Action], list[Intent]] = {}
        for intent in wanted:
            if intent.action is not None and not intent.is_child:
                asked.setdefault((intent.account, intent.contract, _side(intent.action)), []).append(intent)
        for (account, contract, side), intents in asked.items():
            seen = belief.exposures.get((account, contract), Exposure())
            open_ = seen.buys if side is Action.BUY else seen.sells
            added = [intent.increase for intent in intents]
            if seen.position is None or open_ is None or None in added:
                yield Reason("max_position", f"{intents[0]}: what it would come to cannot be told", intents[0])
                continue
            more = open_ + sum(each for each in added if each is not None)
            reached = seen.position + more if side is Action.BUY else more - seen.position
            if reached > most:
                word = "long" if side is Action.BUY else "short"
                text = f"{intents[0]}: the position could become {reached:f} {word}, more than {self.max_position}"
                yield Reason("max_position", text, intents[0])


_AMOUNTS: Final = (
    "max_quantity",
    "max_value",
    "max_orders_per_day",
    "max_quantity_per_day",
    "max_value_per_day",
    "max_quote_age",
    "price_collar",
    "max_open_orders",
    "max_position",
)


def _check_amount(name: str, amount: object) -> None:
    if amount is None:
        return
    if isinstance(amount, bool) or not isinstance(amount, Decimal | int | float):
        raise TypeError(f"{name} is {shown(amount)}, and has to be a number")
    if not math.isfinite(amount) or amount < 0:
        raise ValueError(f"{name} is {shown(amount)}, and has to be 0 or more")


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        # It needs no data base, which Windows does not have.
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise ValueError(f"day_zone is {shown(name)}, and has to be the name of a time zone: {problem}") from None


def _side(action: Action) -> Action:
    return Action.BUY if action is Action.BUY else Action.SELL
