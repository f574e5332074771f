"""How orders are filled: at which price and in which pieces, and all that is told and booked then."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import Final

import attrs

from anytws.messages.base import replace
from anytws.messages.contract import Action, SecurityType
from anytws.messages.order_words import OrderStatusWord
from anytws.simulator.advisors import AdvisorGroup
from anytws.simulator.chance import draw
from anytws.simulator.exchange.commissions import tariff_of
from anytws.simulator.exchange.desk import Desk
from anytws.simulator.exchange.order import Fill, HeldOrder, Part
from anytws.simulator.ledger.booking import Booking
from anytws.simulator.universe.instrument import Instrument

_SMART: Final = "SMART"


class Filling:
    """Fills the orders of an exchange. Found as `Exchange.filling`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ground = desk.ground
        self._orders = desk.orders
        self._speech = desk.speech

    def by_market(self, held: HeldOrder, *, only_shown: bool) -> None:
        """Fill *held* at what the market shows now: all of it, or only as much as is shown.

        Nothing is filled where the market shows nothing to it, or where nothing is shown worth filling. At its own
        limit, if the market has no quote: `Progress.AT_ONCE` waits for none.
        """
        at = self._ground.ms()
        quote = self._ground.market.quote(held.instrument, at)
        best, size = (quote.ask, quote.ask_size) if held.is_buy else (quote.bid, quote.bid_size)
        limit = held.limit
        if best is None:
            price = (
                limit if limit is not None else held.instrument.price_of(self._ground.market.mark(held.instrument, at))
            )
        else:
            price = held.instrument.price_of(best)
            if limit is not None and (price - limit) * held.signed > 0:
                # The market has not come so far, and nobody waits for it.
                price = limit
        shares = min(held.remaining, self._fillable(held))
        if only_shown:
            shares = min(shares, max(held.instrument.size_of(size), held.instrument.size_unit))
        if shares > 0:
            self.fill(held, shares, price, adds_liquidity=best is not None and price == limit)

    def on_close(self, held: HeldOrder) -> None:
        """Fill *held* at the last price of the session, if its limit allows that."""
        price = held.instrument.price_of(self._ground.market.mark(held.instrument, self._ground.ms()))
        limit = held.limit
        if limit is None or (price - limit) * held.signed <= 0:
            self.fill(held, held.remaining, price)

    def fill(
        self,
        held: HeldOrder,
        shares: Decimal,
        price: Decimal,
        *,
        venue: str = "",
        adds_liquidity: bool = False,
        says_commission: bool = True,
    ) -> Fill:
        """Fill *shares* of *held* at *price*: book it and tell of it. Raises `ValueError` for what cannot be filled."""
        if not held.is_live or not 0 < shares <= held.remaining:
            raise ValueError(f"{shares} cannot be filled of an order of which {held.remaining} is left")
        habits, word = self._ground.settings.habits, OrderStatusWord.SUBMITTED
        fill = self._execute(held, shares, price, venue or self._venue(held), adds_liquidity)
        if not held.remaining:
            word = OrderStatusWord.FILLED
            held.ended_at, held.completed_status = fill.at, f"Filled Size: {held.filled.normalize():f}"
            held.turn += 1
        if habits.says_status_before_execution:
            self._speech.pair(held, word)
        self._speech.execution(held, fill)
        for part in (*self._legs(held, fill), *self._allocations(held, fill)):
            self._speech.execution(held, part)
        if not habits.says_status_before_execution:
            self._speech.pair(held, word)
        if says_commission:
            delay = self._ground.settings.latency.commission
            at = fill.at + round(delay * 1000)
            if at > fill.at:
                self._ground.do_at(at, lambda: self.tell_commission(held, fill))
            else:
                self.tell_commission(held, fill)
        self._note(held, shares)
        return fill

    def late(self, held: HeldOrder, shares: Decimal, price: Decimal) -> Fill:
        """Fill *shares* of *held* at *price*, which is over already: no status tells of it (reported).

        Raises `ValueError` for one that is not over, and for more than is left.
        """
        if held.is_live or not 0 < shares <= held.remaining:
            raise ValueError(f"{shares} cannot be filled late of an order of which {held.remaining} is left")
        fill = self._execute(held, shares, price, self._venue(held), adds=False)
        if not held.remaining:
            held.status, held.completed_status = OrderStatusWord.FILLED, f"Filled Size: {held.filled.normalize():f}"
        self._speech.execution(held, fill)
        held.told_commission += fill.commission
        self._speech.commission(held, fill)
        return fill

    def complete(self, held: HeldOrder) -> None:
        """End *held*, whose quantity was made as small as what is filled."""
        held.ended_at, held.completed_status = self._ground.ms(), f"Filled Size: {held.filled.normalize():f}"
        held.turn += 1
        self._speech.pair(held, OrderStatusWord.FILLED)
        self._note(held, Decimal(0))

    def tell_commission(self, held: HeldOrder, fill: Fill) -> None:
        """Tell what *fill* cost: the pair with the sum so far once more, and the report (recorded)."""
        legs = [leg for leg in held.fills if leg.part is Part.LEG and leg.at == fill.at]
        costs = legs or [fill]
        held.told_commission += sum((cost.commission for cost in costs), Decimal(0))
        if self._ground.settings.habits.says_fill_twice and held.status is not None:
            self._speech.pair(held, held.status, repeats=1)
        for cost in costs:
            self._speech.commission(held, cost)

    def correct(self, held: HeldOrder, fill: Fill, *, shares: Decimal, price: Decimal) -> Fill:
        """Correct *fill*: the same execution again, its last number one higher, with other *shares* and *price*.

        Documented; nobody has recorded one. Shares are positive; 0 takes the execution back.
        """
        stem, _, number = fill.execution_id.rpartition(".")
        sign = 1 if fill.shares > 0 else -1
        value = shares * price
        old_value = abs(fill.shares) * fill.price
        held.filled += shares - abs(fill.shares)
        held.value += value - old_value
        better = Fill(
            execution_id=f"{stem}.{int(number) + 1:02}",
            at=fill.at,
            account=fill.account,
            contract=fill.contract,
            shares=sign * shares,
            price=price,
            venue=fill.venue,
            cumulative=held.filled,
            average=held.average,
            commission=fill.commission,
            currency=fill.currency,
            realized=self._book(
                held.instrument, fill.account, fill.execution_id, fill.at, sign * shares, price, fill.commission
            ),
            adds_liquidity=fill.adds_liquidity,
        )
        held.fills[held.fills.index(fill)] = better
        self._orders.fills.append((held, better))
        self._speech.execution(held, better)
        self._speech.commission(held, better)
        return better

    # Parts

    def _note(self, held: HeldOrder, shares: Decimal) -> None:
        if not held.remaining:
            self._orders.end(held)
        self._desk.after_fill(held, shares)

    def _fillable(self, held: HeldOrder) -> Decimal:
        """Give how much of *held* may be filled by now: of a child as much as its parent has filled (reported)."""
        parent = held.parent
        if parent is None or not parent.is_live:
            return held.remaining
        return max(min(held.total, parent.filled) - held.filled, Decimal(0))

    def _venue(self, held: HeldOrder) -> str:
        if held.contract.exchange != _SMART:
            return held.contract.exchange
        venues = [venue for venue in held.instrument.exchanges if venue != _SMART] or [_SMART]
        drawn = draw(self._ground.settings.seed, 4, held.permanent_id, len(held.fills))
        # The first few of the list are where most is traded.
        return venues[drawn % min(len(venues), 12)]

    def _execute(self, held: HeldOrder, shares: Decimal, price: Decimal, venue: str, adds: bool) -> Fill:
        at, instrument = self._ground.ms(), held.instrument
        worth = shares * price * instrument.multiplier
        before = (held.filled, held.value * instrument.multiplier)
        commission = tariff_of(instrument).of(before=before, shares=shares, value=abs(worth), is_sale=not held.is_buy)
        held.filled += shares
        held.value += shares * price
        held.last_price = price
        name, quantity = self._orders.next_execution_id(), held.signed * shares
        realized = None
        if instrument.security_type is not SecurityType.COMBO and not held.order.fa_group:
            realized = self._book(instrument, held.account, name, at, quantity, price, commission)
        fill = Fill(
            execution_id=name,
            at=at,
            account=held.account,
            contract=held.contract,
            shares=quantity,
            price=price,
            venue=venue,
            cumulative=held.filled,
            average=held.average,
            commission=commission,
            currency=instrument.currency,
            realized=realized,
            adds_liquidity=adds,
        )
        held.fills.append(fill)
        self._orders.fills.append((held, fill))
        return fill

    def _book(
        self,
        instrument: Instrument,
        account: str,
        name: str,
        at: int,
        quantity: Decimal,
        price: Decimal,
        commission: Decimal,
    ) -> Decimal | None:
        return self._ground.accounts.book(
            Booking(
                execution_id=name,
                account=account,
                instrument=instrument,
                at=at,
                quantity=quantity,
                price=price,
                commission=commission,
                commission_currency=instrument.currency,
            )
        )

    def _legs(self, held: HeldOrder, whole: Fill) -> list[Fill]:
        """Fill the legs of a combination at what they are worth, the last at what is left of the net price."""
        if held.instrument.security_type is not SecurityType.COMBO:
            return []
        legs, rest = [], whole.price
        parts = held.contract.combo_legs
        for number, part in enumerate(parts, 1):
            instrument = self._ground.universe.by_id(part.contract_id)
            if instrument is None:
                raise LookupError(f"there is no instrument {part.contract_id}, which is a leg of the order")
            sign = 1 if part.action is Action.BUY else -1
            price = instrument.price_of(self._ground.market.mark(instrument, whole.at))
            if part.per_leg_price is not None:
                price = Decimal(str(part.per_leg_price))
            elif number == len(parts):
                price = _on_tick(instrument, rest * sign / part.ratio)
            rest -= sign * part.ratio * price
            legs.append(self._leg(held, whole, instrument, sign * part.ratio * whole.shares, price, number))
        return legs

    def _allocations(self, held: HeldOrder, whole: Fill) -> list[Fill]:
        """Divide *whole* among the accounts of an advisor's group (reported: the whole is told of first)."""
        group = self._ground.desk.group(held.order.fa_group) if held.order.fa_group else None
        if group is None:
            return []
        if held.order.fa_method is not None and not group.amounts:
            group = AdvisorGroup(group.name, group.accounts, held.order.fa_method)
        stem, _, last = whole.execution_id.rpartition(".")
        fills = []
        parts = self._ground.accounts.split(group, abs(whole.shares), whole.at, held.instrument)
        for number, (account, shares) in enumerate(parts, 1):
            if not shares:
                continue
            name, sign = f"{stem}.{number:02}.{last}", held.signed
            commission = whole.commission * shares / abs(whole.shares)
            realized = self._book(held.instrument, account, name, whole.at, sign * shares, whole.price, commission)
            fill = attrs.evolve(
                whole,
                execution_id=name,
                account=account,
                shares=sign * shares,
                cumulative=shares,
                average=whole.price,
                commission=commission,
                realized=realized,
                part=Part.ALLOCATION,
            )
            fills.append(fill)
            held.fills.append(fill)
            self._orders.fills.append((held, fill))
        return fills

    def _leg(
        self, held: HeldOrder, whole: Fill, instrument: Instrument, quantity: Decimal, price: Decimal, number: int
    ) -> Fill:
        shares = abs(quantity)
        commission = tariff_of(instrument).of(
            before=(Decimal(0), Decimal(0)),
            shares=shares,
            value=abs(shares * price * instrument.multiplier),
            is_sale=quantity < 0,
        )
        stem, _, last = whole.execution_id.rpartition(".")
        # Documented: five parts for the leg of a combination.
        name = f"{stem}.{number:02}.{last}"
        fill = Fill(
            execution_id=name,
            at=whole.at,
            account=whole.account,
            contract=replace(instrument.contract, exchange=whole.venue, primary_exchange=""),
            shares=quantity,
            price=price,
            venue=whole.venue,
            cumulative=shares,
            average=price,
            commission=commission,
            currency=instrument.currency,
            realized=self._book(instrument, whole.account, name, whole.at, quantity, price, commission),
            adds_liquidity=whole.adds_liquidity,
            part=Part.LEG,
        )
        held.fills.append(fill)
        self._orders.fills.append((held, fill))
        return fill


def _on_tick(instrument: Instrument, price: Decimal) -> Decimal:
    return (price / instrument.tick).to_integral_value(ROUND_FLOOR) * instrument.tick
