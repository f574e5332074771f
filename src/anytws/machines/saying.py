"""How questions leave: ids, bytes, the wait for room; once more where TWS may have dropped them; the cancel."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from anytws.core.connection import Connection
from anytws.machines.conversation import Phase, Question, Turn
from anytws.machines.ids import refuse_order_id
from anytws.machines.outbox import Outbox
from anytws.machines.pacer import Pacer
from anytws.machines.pacing import Pacing
from anytws.machines.register import Register
from anytws.machines.timers import Timers
from anytws.messages.base import replace
from anytws.wire.catalogue import entry_for
from anytws.wire.conversation import Key, Resend

SETTLING: Final = 5.0
"""Seconds after READY in which TWS may drop a request without a word."""
SAY_AGAIN: Final = 3.0
"""Seconds without any answer, from when such a request had left, after which it is said once more."""


class Sayings:
    """Puts questions into the outbox, in the order in which they were asked."""

    def __init__(
        self,
        connection: Connection,
        outbox: Outbox,
        register: Register,
        timers: Timers,
        pacing: Pacing | None = None,
    ) -> None:
        self._connection = connection
        self._outbox = outbox
        self._register = register
        self._timers = timers
        self.pacer: Final = None if pacing is None else Pacer(pacing, timers, outbox.tally, self._say_in_turn)
        """What keeps questions below the limits of TWS; None: nothing does."""
        self._roomless: OrderedDict[Question, None] = OrderedDict()
        """Questions that wait for room in the outbox."""
        self._turns = 0

    @property
    def is_full(self) -> bool:
        """Whether those who ask wait for room in the outbox: then nobody else may go in front of them."""
        return bool(self._roomless) or self._outbox.is_full

    def is_full_for(self, *, urgent: bool) -> bool:
        """Tell whether there is no room for one more. Where it is paced, orders have a room of their own."""
        if urgent and self._outbox.most_per_second is not None:
            return self._outbox.is_full_of_urgent
        return self.is_full

    def encode(self, question: Question) -> None:
        """Give *question* its id and its bytes. Raises `LocalProtocolError`, and changes nothing, if it has none."""
        key, request = question.plan.row.key, question.request
        if key is Key.REQUEST_ID:
            self._number(question)
        elif key is Key.ORDER_ID and getattr(request, "order_id", None) is None:
            order_ids = self._register.order_ids
            request = replace(request, order_id=order_ids.next)
            question.data = self._connection.send(request)
            question.request = request
            order_ids.note_used(order_ids.next)
        elif key is Key.ORDER_ID:
            number = question.key_of(request)
            refuse_order_id(number, self._register.request_ids, question.name)
            question.data = self._connection.send(request)
            self._register.order_ids.note_used(number)
        else:
            question.data = self._connection.send(request)

    def _number(self, question: Question) -> None:
        request_ids = self._register.request_ids
        request = replace(question.request, request_id=request_ids.next)
        question.data = self._connection.send(request)
        question.request = request
        question.ids.append(request_ids.take())

    def say(self, question: Question, now: float) -> None:
        """Say *question* as soon as TWS takes it and there is room, and listen for what comes of it."""
        claim = question.claim
        if claim is not None and self.pacer is not None and not self.pacer.admit(question, claim, now):
            return
        if self._roomless or self._outbox.is_full:
            self._say_in_turn(question, now)
        else:
            self._say(question, now)

    def _say_in_turn(self, question: Question, now: float) -> None:
        if self.is_full_for(urgent=question.is_urgent):
            self._roomless[question] = None
        else:
            self._say(question, now)

    def _say(self, question: Question, now: float) -> None:
        if question.plan.row.key is Key.ORDER_ID:
            self._keep_in_order(question)
        question.fire(Turn.SAID)
        question.is_simple = question.plan.is_simple
        self._register.listen(question)
        self._put(question, now)

    def _keep_in_order(self, question: Question) -> None:
        """Give a what-if that had to wait another id, if orders have left meanwhile: TWS takes no lower one (103)."""
        ids, number = self._register.order_ids, question.key_of(question.request)
        if getattr(question.asked, "order_id", None) is None and number != ids.floor - 1:
            request = replace(question.request, order_id=ids.next)
            question.data = self._connection.send(request)
            question.request = request
            ids.note_used(ids.next)
            for member in question.members:
                member.request = request
        ids.note_what_if(question.key_of(question.request))

    def _put(self, question: Question, now: float) -> None:
        self._turns += 1
        question.turn = self._turns
        question.owed += 1
        question.parcels.append(self._outbox.put(question.data, now, urgent=question.is_urgent, whose=question))
        question.data = b""

    def note_left(self, now: float) -> None:
        """Look at what has left since this was last called."""
        for question in self._outbox.take_left():
            self._note_left(question, now)
            for streamed in question.streams:
                streamed.mailbox.note_left()
        if self._roomless:
            self.use_room(now)

    def use_room(self, now: float) -> None:
        """Say what waited for room, as far as there is some."""
        while self._roomless and not self._outbox.is_full:
            question, _ = self._roomless.popitem(last=False)
            if question.phase is Phase.HELD:
                self._say(question, now)

    def release(self, question: Question, now: float) -> None:
        """Note that *question* is over: others may have its places."""
        claim = question.claim
        if claim is not None and self.pacer is not None:
            self.pacer.release(claim, now, was_given=question.was_given)

    def _note_left(self, question: Question, now: float) -> None:
        if question.claim is not None and self.pacer is not None:
            self.pacer.note_left(question.claim, now)
        ready_at = self._connection.ready_at
        slot = self._register.slot_of(question)
        if slot is not None:
            slot.said_at = now
        if question.left_at is None and ready_at is not None and now < ready_at + SETTLING:
            question.left_at = now
            if self._may_be_said_again(question):
                self._timers.start(now + SAY_AGAIN, self._say_again, question)

    def _may_be_said_again(self, question: Question) -> bool:
        plan = question.plan
        if not plan.settles or plan.resend is Resend.NEVER or plan.changes_state or question.has_heard:
            return False
        # Client 0 takes over orders entered by hand by asking for them.
        return not (plan.row.changes_state_as_client_0 and self._connection.client_id == 0)

    def _say_again(self, question: Question, now: float) -> None:
        """Say *question* once more, since TWS seems to have dropped it."""
        if question.has_heard or question.phase is not Phase.ASKED:
            return
        question.is_simple = False
        if question.plan.resend is Resend.NEW_ID:
            if question.streams:
                # Two streams would give everything twice. What comes of the first until TWS has read this counts.
                self.cancel(question, now)
                question.cancelled = question.ids[0]
            self._number(question)
            self._register.by_id[question.ids[-1]] = question
        else:
            question.data = self._connection.send(question.request)
        for member in question.members:
            member.request = question.request
        self._put(question, now)

    def say_once_more(self, question: Question, now: float) -> None:
        """Say *question*, which has no id, once more, at whatever stage it is: two answers may come of it."""
        question.is_simple, question.is_urgent = False, True
        question.left_at = now if question.left_at is None else question.left_at
        question.data = self._connection.send(question.request)
        self._put(question, now)

    def take_back(self, question: Question) -> bool:
        """Take *question* back, if none of its bytes can have left; tell whether that was done."""
        # Each of them, and not only until the first that cannot be taken back.
        taken_back = [self._outbox.withdraw(parcel) for parcel in question.parcels]
        if not question.parcels:
            self._roomless.pop(question, None)
        if any(taken_back) and not all(taken_back):
            # It was to be said again, and TWS never hears of that.
            question.owed -= 1
            if question.ids:
                self._register.by_id.pop(question.ids.pop(), None)
        return all(taken_back)

    def cancel(self, question: Question, now: float, ids: Iterable[int] | None = None) -> bool:
        """Cancel *question* under *ids*, all of its own by default, if that can be done; tell whether it is."""
        cancel = question.plan.cancel
        version = self._connection.server_version or 0
        if self._connection.closed is not None:
            # What came before the end, in the same read, may still be heard after it.
            return False
        if cancel is None or not question.plan.row.cancelled_with_caller or entry_for(cancel.by).since > version:
            return False
        fields = {name: getattr(question.request, name) for name in cancel.copies} | dict(cancel.sets)
        if cancel.by is type(question.request):
            messages = [replace(question.request, **fields)]
        elif question.plan.row.key is Key.REQUEST_ID:
            numbers = [number for number in (question.ids if ids is None else ids) if number != question.cancelled]
            messages = [cancel.by(request_id=number, **fields) for number in numbers]  # type: ignore[call-arg]  # its key
        else:
            messages = [cancel.by(**fields)]
        for message in messages:
            # There is always room for a cancel: there is at most one for each question.
            self._outbox.put(self._connection.send(message), now, urgent=True)
        return True

    def clear(self) -> None:
        """Forget all: the connection is over."""
        self._roomless.clear()
        if self.pacer is not None:
            self.pacer.clear()
