"""The program of these days: it draws what it does, and does it as the verbs do. It places no intent twice."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Final

from anytws.client.order_changes import changed_order
from anytws.core.code_words import Outstanding
from anytws.machines.order import OrderLife
from anytws.machines.order_answer import Cancelling, Changing, Placing
from anytws.machines.order_state import OrderOutcome, Owner
from anytws.messages.base import replace
from anytws.messages.contract import Action
from anytws.messages.executions import ExecutionRequest
from anytws.messages.order import Order
from anytws.messages.order_words import OrderType, TimeInForce
from anytws.messages.orders import (
    AllOpenOrdersRequest,
    CancelOrderRequest,
    CompletedOrdersRequest,
    GlobalCancelRequest,
    OpenOrdersRequest,
    PlaceOrderRequest,
)
from anytws.messages.session import IdsRequest
from tests.order_days.hands import STOCKS
from tests.order_days.process import Process

_QUESTIONS: Final = (
    AllOpenOrdersRequest(),
    OpenOrdersRequest(),
    ExecutionRequest(),
    CompletedOrdersRequest(False),
    IdsRequest(),
)


class Bot:
    """Draws what the program does. What it intends outlives the processes that it runs in."""

    def __init__(self, random: Random, note: Callable[[str], None]) -> None:
        self.intents: Final[dict[str, PlaceOrderRequest]] = {}
        """What it wants, by reference."""
        self.process: Process
        self.forgot: bool = False
        """Whether it was killed, and nothing remembers what it has sent."""
        self._random = random
        self._note = note

    def act(self) -> None:
        """Do one thing."""
        deeds = self._random.choices(_DEEDS, _WEIGHTS)[0]
        deeds(self)

    # --- orders --------------------------------------------------------------------------------------------------

    def _order(self, ref: str) -> PlaceOrderRequest:
        random = self._random
        kind = OrderType.LIMIT if random.random() < 0.85 else OrderType.STOP
        price = float(random.randrange(10, 20))
        order = Order(
            random.choice((Action.BUY, Action.BUY, Action.SELL)),
            kind,
            Decimal(random.randrange(1, 6)),
            limit_price=price if kind is OrderType.LIMIT else None,
            aux_price=price if kind is OrderType.STOP else None,
            time_in_force=TimeInForce.GOOD_TILL_CANCELLED,
            order_reference=ref,
            transmit=random.random() < 0.93,
        )
        return PlaceOrderRequest(random.choice(STOCKS), order)

    def place(self) -> None:
        """Place a new intent, or one that is there already: then it must not be sent again."""
        is_old = bool(self.intents) and self._random.random() < 0.25 and not self.forgot
        ref = self._random.choice(list(self.intents)) if is_old else f"i{len(self.intents) + 1}"
        self._place(ref)

    def _place(self, ref: str) -> None:
        process, known = self.process, self.process.known
        life = known.by_ref.get(ref) or process.intake.recall(ref)
        is_again = life is not None and life.state.status is OrderOutcome.REJECTED
        if life is not None and not life.is_withdrawn and not is_again:
            self._note("asked to place what was placed already")
            return
        request = self.intents.get(ref) or self._order(ref)
        if self.forgot and ref in self.intents:
            return
        sent = process.send(request)
        if sent is None:
            return
        self.intents[ref] = request
        if is_again:
            self._note("placed again what was refused, or never arrived")
        self._wait_for(sent[0])

    def _wait_for(self, said: object) -> None:
        assert isinstance(said, PlaceOrderRequest), "that is what was sent"
        life = self.process.known.by_order_id(said.order_id or 0)
        assert life is not None, "it is noted as it is queued"
        self.process.wait(life, Placing(life))

    def bracket(self) -> None:
        """Place an order with what takes its profit and what ends its loss."""
        process, number = self.process, len(self.intents) + 1
        if not process.is_ready:
            return
        ref, random = f"b{number}", self._random
        first = self._order(ref)
        order = replace(first.order, order_type=OrderType.LIMIT, limit_price=15.0, aux_price=None)
        side = Action.SELL if order.action is Action.BUY else Action.BUY
        parent = process.send(replace(first, order=replace(order, transmit=False)))
        if parent is None:
            return
        number = getattr(parent[0], "order_id", 0) or 0
        self.intents[ref] = first
        profit = replace(order, action=side, parent_id=number, limit_price=25.0, order_reference=f"{ref}/profit")
        stop = replace(profit, order_type=OrderType.STOP, limit_price=None, aux_price=5.0)
        stop = replace(stop, order_reference=f"{ref}/stop")
        for child, transmit in ((profit, False), (stop, random.random() < 0.95)):
            self.intents[child.order_reference] = replace(first, order=replace(child, parent_id=0, transmit=True))
            if process.send(replace(first, order=replace(child, transmit=transmit))) is None:
                return
        self._note("a bracket")

    def _ours(self, *outcomes: OrderOutcome) -> list[OrderLife]:
        known = self.process.known
        return [
            life
            for life in known.lives
            if life.owner is Owner.OURS
            and life.client_id == known.client_id
            and life.state.status in outcomes
            and known.by_order_id(life.order_id or 0) is life
        ]

    def modify(self) -> None:
        """Change a working order, as `Trade.modify` does."""
        process = self.process
        lives = [life for life in self._ours(OrderOutcome.OPEN) if life.order is not None]
        if not lives or not process.is_ready:
            return
        life, random = self._random.choice(lives), self._random
        if life.state.pending is Outstanding.MODIFY and random.random() < 0.7:
            return
        if process.known.is_link_down and random.random() < 0.7:
            return
        fields: dict[str, object] = {"limit_price": float(random.randrange(10, 20))}
        if random.random() < 0.4:
            least = int(life.state.filled) + 1
            fields["total_quantity"] = Decimal(random.randrange(least, least + 6))
        if life.order is None or life.contract is None or life.order.order_type is not OrderType.LIMIT:
            return
        if all(getattr(life.order, name) == value for name, value in fields.items()):
            return
        order = changed_order(life, process.known, fields)
        contract = life.contract if life.contract.exchange else replace(life.contract, exchange="SMART")
        was_kept_back = life.state.is_untransmitted
        if process.send(PlaceOrderRequest(contract, order, order_id=life.order_id)) is not None:
            self._note("transmitted, held back before" if was_kept_back else "a change")
            # Of two that are said by hand at the same time the first has no answer of its own.
            process.forget_changes(life)
            process.wait(life, Placing(life) if was_kept_back else Changing(life))

    def cancel(self) -> None:
        """Cancel an order, as `Trade.cancel` does."""
        process = self.process
        lives = self._ours(OrderOutcome.OPEN, OrderOutcome.UNKNOWN)
        if not lives or not process.is_ready:
            return
        life = self._random.choice(lives)
        if process.send(CancelOrderRequest(life.order_id or 0)) is None:
            return
        if life.is_withdrawn:
            self._note("cancelled before a byte had left")
            return
        self._note("a cancel" if life.is_acknowledged else "a cancel of what is not acknowledged")
        process.wait(life, Cancelling(life))

    def cancel_raw(self) -> None:
        """Cancel whatever there was, over or not, by its id."""
        process = self.process
        lives = [life for life in process.known.lives if life.client_id == process.known.client_id and life.order_id]
        if lives and process.send(CancelOrderRequest(self._random.choice(lives).order_id or 0)) is not None:
            self._note("a cancel by hand")

    def cancel_all(self) -> None:
        """Cancel everything."""
        if self.process.send(GlobalCancelRequest()) is not None:
            self._note("a global cancel")

    def take_back(self) -> None:
        """Give up what has not left."""
        process = self.process
        lives = [life for life in process.known.lives if life.parcel is not None and not life.state.is_done]
        if not lives:
            return
        parcel = self._random.choice(lives).parcel
        assert parcel is not None, "those that have none were left out"
        if process.take_back(parcel):
            self._note("taken back before a byte had left")

    def leap(self) -> None:
        """Place an order under an id of its own, above all others, as raw programs do."""
        process = self.process
        if not process.is_ready:
            return
        ref = f"i{len(self.intents) + 1}"
        request = self._order(ref)
        number = process.known.ids.next + self._random.randrange(4)
        sent = process.send(replace(request, order_id=number))
        if sent is not None:
            self.intents[ref] = request
            self._note("an order under an id of one's own")
            self._wait_for(sent[0])

    # --- questions -----------------------------------------------------------------------------------------------

    def what_if(self) -> None:
        """Ask what an order would cost."""
        request = self._order("")
        order = replace(request.order, what_if=True, transmit=True)
        if self.process.ask(replace(request, order=order)) is not None:
            self._note("a what-if")

    def ask(self) -> None:
        """Ask for orders, by the way."""
        if self.process.ask(self._random.choice(_QUESTIONS)) is not None:
            self._note("a question")

    def reconcile(self) -> None:
        """Reconcile, if that is not under way."""
        process = self.process
        if process.is_ready and not any(name == "reconcile" for name, *_ in process.tasks):
            process.reconcile()
            self._note("reconciled on the way")

    def resolve(self) -> None:
        """Find out what became of an order of which nobody told."""
        process = self.process
        if not process.is_ready or len(process.tasks) > 1:
            return
        wanted = [life for life in process.unknowns if life in process.known.lives]
        wanted = wanted or [life for life in process.known.lives if life.state.is_unsure and life.owner is Owner.OURS]
        if wanted:
            process.resolve(self._random.choice(wanted))
            self._note("an unknown resolved")


_DEEDS: Final[tuple[Callable[[Bot], None], ...]] = (
    Bot.place,
    Bot.modify,
    Bot.cancel,
    Bot.cancel_raw,
    Bot.cancel_all,
    Bot.bracket,
    Bot.take_back,
    Bot.leap,
    Bot.what_if,
    Bot.ask,
    Bot.reconcile,
    Bot.resolve,
)
_WEIGHTS: Final = (30, 14, 12, 2, 2, 2, 2, 2, 1, 2, 2, 4)
