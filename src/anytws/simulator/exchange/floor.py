"""Where orders work: they are taken by IB, held until their time, and filled when the market reaches them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Final

from anytws.messages.base import replace
from anytws.messages.contract import SecurityType
from anytws.messages.order_words import OrderStatusWord, OrderType, TimeInForce
from anytws.simulator.exchange.checks import refusal_by_ib
from anytws.simulator.exchange.desk import Desk
from anytws.simulator.exchange.endings import Endings
from anytws.simulator.exchange.filling import Filling
from anytws.simulator.exchange.groups import Groups
from anytws.simulator.exchange.models import Pieces, Progress
from anytws.simulator.exchange.order import LIMITED, ON_CLOSE, HeldOrder
from anytws.simulator.exchange.sessions import close_of, ends_at, is_working_time, moment_ms, only_liquid, session_of
from anytws.simulator.exchange.touches import follow, next_touch
from anytws.simulator.market.words import BEAT
from anytws.simulator.universe.instrument import Instrument

_DOES_NOT_WAIT: Final = frozenset(
    {TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL, TimeInForce.AT_THE_OPENING}
)
_PRE: Final = OrderStatusWord.PRE_SUBMITTED
_HORIZON: Final = 3_600_000
"""How far ahead the market is looked at for one order, in milliseconds; then it is looked at again."""
_MINUTE: Final = 60_000
_REJECTED, _LOCATING, _WARNING = 201, 404, 399
_PRESET: Final = 10349
_TELLS_PRESET: Final = 200
"""The server version from which on TWS says that it has filled in the time in force (chosen: builds of 2025)."""


class Floor:
    """Works the orders of an exchange. Found as `Exchange.floor`."""

    def __init__(self, desk: Desk, groups: Groups, filling: Filling, endings: Endings) -> None:
        self._desk = desk
        self._ground = desk.ground
        self._groups = groups
        self._filling = filling
        self._endings = endings
        self.located: Final[set[int]] = set()
        """The contract ids of which there are shares to sell short, though the settings say that they are rare."""

    def accept_now(self, held: HeldOrder) -> None:
        """Have IB take *held* at once, if it has not done so yet."""
        if held.is_live and not held.is_accepted:
            held.turn += 1
            self.accept(held)

    def price_now(self, held: HeldOrder) -> Decimal:
        """Give what the instrument of *held* is worth now."""
        return held.instrument.price_of(self._ground.market.mark(held.instrument, self._ground.ms()))

    def at_end_of_day(self, held: HeldOrder, step: Callable[[HeldOrder], None]) -> None:
        """Do *step* with *held* when its trading day ends, if it is live then."""
        at = self._ground.ms()
        self._desk.at(held, close_of(held, at) or at, step)

    def set_end(self, held: HeldOrder) -> None:
        """Note when the time of *held* is over, and end it then."""
        end, before = ends_at(held, self._ground.settings.wall_zone), held.expires_at
        held.expires_at = end
        if end is not None and end != before:
            # What else happens to it does not put this off.
            held.ends += 1
            ends = held.ends

            def is_void() -> bool:
                return held.ends != ends or not held.is_live

            self._ground.do_at(end, lambda: None if is_void() else self._desk.do(held, self._endings.expire), is_void)

    def accept(self, held: HeldOrder) -> None:
        """Have IB take *held*, or refuse it."""
        held.is_accepted = True
        if held.order.time_in_force is None:
            # Recorded: before the first OpenOrder.
            held.order = replace(held.order, time_in_force=TimeInForce.DAY)
            if self._ground.settings.server_version >= _TELLS_PRESET:
                self._desk.speech.complain(held, _PRESET, "Order TIF was set to DAY based on order preset.")
        reason = refusal_by_ib(self._ground, held, self._desk.orders.working(held)) or self._groups.refusal(held)
        if reason is not None:
            self._endings.reject(held, _REJECTED, f"Order rejected - reason:{reason}")
            return
        self._locate(held)
        self._start(held)

    def _locate(self, held: HeldOrder) -> None:
        if held.is_buy or held.instrument.contract.security_type is not SecurityType.STOCK:
            return
        is_rare = held.instrument.contract.symbol in self._ground.settings.hard_to_borrow
        owned = self._ground.accounts.position(held.account, held.instrument.contract_id)
        if is_rare and held.remaining > owned and held.instrument.contract_id not in self.located:
            held.is_located = False
            self._desk.speech.complain(held, _LOCATING, "Order held while securities are located.")

    def _start(self, held: HeldOrder) -> None:
        """Say that *held* was taken, and have it do what it is to do."""
        at = self._ground.ms()
        self.set_end(held)
        if held.expires_at is not None and held.expires_at <= at:
            # Recorded of a date in the past, though in another order: it was accepted first.
            self._endings.reject(held, _REJECTED, "Order rejected - reason:Order is already expired.")
            return
        word = self.word(held, at)
        is_closed = held.order.order_type not in ON_CLOSE and not is_working_time(held, at)
        warns = is_closed and held.instrument.security_type is not SecurityType.FOREX
        if warns and held.order.order_type in LIMITED:
            # Recorded: of limit orders between two pairs, of others before the first.
            self._desk.speech.pair(held, word)
        if warns:
            self._warn(held, at)
        habits = self._ground.settings.habits
        if word is not _PRE and habits.first_word is _PRE:
            self._desk.speech.pair(held, _PRE)
            word = word if habits.says_submitted else _PRE
        if not held.is_live:
            # A script has ended it at its first word.
            return
        if held.status is not word or warns:
            self._desk.speech.pair(held, word)
        self.look(held, self._desk.latency.fill)

    def _warn(self, held: HeldOrder, at: int) -> None:
        session = session_of(held, at)
        if session is None:
            return
        opening = datetime.fromtimestamp(session.begin, held.instrument.hours.tzinfo)
        contract = held.contract
        name = f"{contract.local_symbol or contract.symbol} {contract.primary_exchange}.{contract.trading_class}"
        text = (
            f"Order Message:\n{held.order.action.value} {held.total.normalize():f} {name}\nWarning: Your order will not"
            f" be placed at the exchange until {opening:%Y-%m-%d %H:%M:%S} {held.instrument.hours.zone}."
        )
        self._desk.speech.complain(held, _WARNING, text)

    def word(self, held: HeldOrder, at: int) -> OrderStatusWord:
        """Give the word for an order that was taken: held, or working."""
        follow(self._ground.market, held, at)
        after = held.order.good_after_time
        starts = None if after is None else moment_ms(after, self._ground.settings.wall_zone)
        is_early = starts is not None and starts > at
        is_held = held.is_stop or held.is_child_waiting or not held.is_located or is_early
        is_closed = held.order.order_type not in ON_CLOSE and not is_working_time(held, at)
        return _PRE if is_held or is_closed or not self._groups.may_work(held) else OrderStatusWord.SUBMITTED

    def look(self, held: HeldOrder, after: float = 0.0) -> None:
        """Look, *after* so many seconds, for what happens to *held* next. What was planned before is forgotten."""
        if not held.is_live or not held.is_accepted:
            # What is on its way to be taken is not called back.
            return
        held.turn += 1
        if self._ground.settings.progress is Progress.BY_HAND:
            return
        self._desk.soon(held, after, self._work)

    def note_market(self, instrument: Instrument) -> None:
        """Look again at all orders of *instrument* and of what follows it: its market was moved, halted or resumed."""
        for held in self._desk.orders.live:
            if (
                instrument in (held.instrument, self._ground.universe.by_id(held.instrument.underlying_id))
                or held.instrument.contract.security_type is SecurityType.COMBO
            ):
                self.look(held)

    def _work(self, held: HeldOrder) -> None:
        """Have the market, or whoever takes its place, do what it does to *held* by now, and plan the next look."""
        at = self._ground.ms()
        if self._waits(held):
            return
        if held.order.order_type in ON_CLOSE:
            close = close_of(held, held.placed_at)
            if close is not None:
                self._desk.at(held, max(close - BEAT, at), self._fill_on_close)
            return
        if self._ground.settings.progress is Progress.AT_ONCE and not held.is_stop:
            self._go_on(held)
            return
        follow(self._ground.market, held, at)
        if self._is_too_late_for_opening(held, at):
            return
        begin = at - at % BEAT
        if not is_working_time(held, at):
            session = session_of(held, at)
            if session is not None:
                self._desk.at(held, session.begin * 1000, self._open)
            return
        # To the end of a minute: what there is in a whole one is known without its beats.
        horizon = (begin + _HORIZON) // _MINUTE * _MINUTE
        end = min(horizon, close_of(held, at) or horizon)
        touched = next_touch(self._ground.market, held, begin, max(end, begin + BEAT))
        if touched is None:
            self._unfilled(held)
            self._desk.at(held, max(end, at + 1), self._work)
        elif touched <= at:
            self._go_on(held)
        else:
            self._unfilled(held)
            self._desk.at(held, touched, self._work)

    def _is_too_late_for_opening(self, held: HeldOrder, at: int) -> bool:
        """Tell whether *held* is for the opening, and this one was before it came; then it waits for the next."""
        session = session_of(held, at)
        if held.order.time_in_force is not TimeInForce.AT_THE_OPENING or session is None:
            return False
        if session.begin * 1000 >= held.placed_at:
            return False
        following = held.instrument.hours.next_after(session.begin, liquid=only_liquid(held))
        if following is not None:
            self._desk.at(held, following.begin * 1000, self._open)
        return True

    def resume(self, held: HeldOrder) -> None:
        """Have *held* work, if what it waited for is over, and say so."""
        if held.is_live and held.is_accepted:
            word = self.word(held, self._ground.ms())
            if word is not held.status:
                self._desk.speech.pair(held, word)
            self.look(held)

    def _open(self, held: HeldOrder) -> None:
        """Say that *held* works, since its session has begun."""
        word = self.word(held, self._ground.ms())
        if word is not held.status:
            self._desk.speech.pair(held, word)
        self._work(held)

    def _waits(self, held: HeldOrder) -> bool:
        """Tell whether *held* waits for something that has nothing to do with its price."""
        if not held.is_transmitted or held.is_child_waiting or not held.is_located:
            return True
        after = held.order.good_after_time
        starts = None if after is None else moment_ms(after, self._ground.settings.wall_zone)
        if starts is not None and starts > self._ground.ms():
            self._desk.at(held, starts, self._open)
            return True
        return not self._groups.may_work(held)

    def _go_on(self, held: HeldOrder) -> None:
        """Do what *held* waited for: trigger it, or fill it."""
        if held.is_stop:
            held.is_triggered = True
            if held.order.limit_price_offset is not None and held.stop is not None:
                offset = Decimal(str(held.order.limit_price_offset)) * held.signed
                held.order = replace(held.order, limit_price=float(held.stop + offset))
            self._desk.speech.pair(held, OrderStatusWord.SUBMITTED)
            self.look(held, self._desk.latency.fill)
            return
        is_at_once = self._ground.settings.progress is Progress.AT_ONCE
        shown = self._ground.settings.pieces is Pieces.SHOWN and not is_at_once
        self._filling.by_market(held, only_shown=shown)
        if held.is_live:
            if held.order.order_type is OrderType.MARKET_TO_LIMIT and held.filled:
                held.order = replace(held.order, limit_price=float(held.last_price))
            self._unfilled(held)
            self._desk.at(held, self._ground.ms() + BEAT, self._work)

    def _fill_on_close(self, held: HeldOrder) -> None:
        self._filling.on_close(held)

    def _unfilled(self, held: HeldOrder) -> None:
        """Cancel what is not filled of an order that does not wait."""
        if held.order.time_in_force in _DOES_NOT_WAIT:
            self._endings.by_system(held, "")

    def tell_again(self, held: HeldOrder) -> None:
        """Tell how *held* stands, since that has changed."""
        self._desk.speech.pair(held, self.word(held, self._ground.ms()))
