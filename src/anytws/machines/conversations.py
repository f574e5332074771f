"""All conversations of one connection: which answer belongs to whom, what is shared, what is late.

Sans-IO: events of the connection and the time go in (`Conversations.hear`, `wake`), messages go into the `Outbox`, and
`Conversations.news` names those who have something new. What is known of each request is its row in the catalogue
(`anytws.wire.conversation`), what a code of TWS does is `anytws.core.codes.CodeTable`; here is only how a conversation
runs.

The rules, in short:

* A request with an id of its own is alone on the wire. The id is never used again, so whatever comes under it after the
  end is known to be late: it is counted, and given to nobody.
* What may still come under such an id is cut off before it is read, unless somebody listens to all events.
* Requests without an id share a slot. Equal ones share what is on the wire, others wait until nothing of it can come
  any more.
* Whoever leaves last cancels, where that can be done. A cancel, an end and an error may cross: that is no failure.
* An answer that was read wins over a deadline of the same turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final, TypeVar

from anytws.core.arguments import check_timeout
from anytws.core.code_words import CodeKind, Effect
from anytws.core.codes import CODES, LINK_RESTORED_DATA_LOST, CodeTable
from anytws.core.connection import Connection
from anytws.core.events import ConnectionClosed, Event, Notice, OddValue, UndecodableFrame
from anytws.errors import (
    AnswerTooLarge,
    DataLost,
    DecodeError,
    LocalProtocolError,
    RequestFailed,
    RequestTimedOut,
)
from anytws.machines.conversation import Asked, Conversation, Phase, Plan, Question, Streamed, Turn, plan_of
from anytws.machines.gates import Turnstile
from anytws.machines.health import Layers
from anytws.machines.mailbox import Mailbox
from anytws.machines.order_desk import OrderDesk
from anytws.machines.order_news import LINK_NEWS, NAMES_OF_ORDER_NEWS, TELLS_OF_ORDERS
from anytws.machines.outbox import Outbox
from anytws.machines.pacer import Pacer
from anytws.machines.pacing import Pacing
from anytws.machines.register import Register, Slot, slot_for
from anytws.machines.saying import Sayings
from anytws.machines.timers import Timers
from anytws.machines.verdicts import (
    LINK_CODES,
    WITHOUT_ID,
    effect_on,
    ends_by_itself,
    failure_of,
    is_all,
    misused,
    refuse_to_replace,
    remark_of,
)
from anytws.messages.base import Asks, Message, Streams, ToClient, ToTws, replace
from anytws.messages.session import CurrentTimeRequest, ErrorMessage, ManagedAccounts, ManagedAccountsRequest
from anytws.wire.catalogue import entry_of
from anytws.wire.conversation import Key, Shape

_T = TypeVar("_T")

DRAIN: Final = 10.0
"""Seconds for which the rest of an answer that nobody waits for any more may still come."""
CUT_OFF: Final = 60.0
"""Seconds without any of it after which what is over is no longer looked for: to look costs the others a little."""
DOUBT: Final = 5.0
"""Seconds for the data of a stream, after a code that may be its end or not (10089)."""

_NO_ID: Final = 2**31 - 1
_CLOCK_SLOT: Final = "clock"
"""What both requests for the clock of TWS share (`ConversationRow.slot`)."""
_NO_DATA: Final = frozenset({"MarketDataType", "TickReqParams"})
"""Messages that come in front of the data of a stream, and do not show that there will be some."""


class Conversations:
    """The open conversations of one connection."""

    def __init__(
        self,
        connection: Connection,
        outbox: Outbox,
        codes: CodeTable = CODES,
        timeout_factor: float = 1.0,
        pacing: Pacing | None = None,
        orders: OrderDesk | None = None,
    ) -> None:
        self._connection = connection
        self.timeout_factor: Final = timeout_factor
        self._codes = codes
        self._timers = Timers(_is_open)
        self._orders = OrderDesk(codes) if orders is None else orders
        self.register: Final = Register(self._orders.ids)
        """Who listens for what."""
        self._sayings = Sayings(connection, outbox, self.register, self._timers, pacing)
        self._plans: dict[tuple[type[ToTws], bool], Plan] = {}
        """The plans of requests in which nothing changes it; and whether they are asked."""
        self._fences: dict[Asked[Any], Question] = {}
        """What is asked only to know that something before it has been read, and for whom."""
        self._passed: list[Question] = []
        """Those whose fence was answered."""
        self._touched: list[Question] = []
        """Questions with something for their streams that has not been given to them."""
        self._pressed: list[Streamed[Any]] = []
        """Streams to which the last read has brought so much that the next may be too much."""
        self._news: list[Conversation[Any]] = []
        self._read_all_at = math.inf
        """When nothing is cut off any more, unless some of it comes before."""
        self._odd: OddValue | None = None
        self._link_lost_at = -math.inf
        self.of_orders: list[Event] = []
        """What the last read has brought of orders, codes under an id, and of the link; for who takes it away."""
        self.layers: Final = Layers()
        """What TWS has told of itself."""
        self._probe: Asked[Any] | None = None
        """What is asked only to hear anything at all of TWS. Nobody waits for its answer."""

    # --- what callers do -----------------------------------------------------------------------------------------

    def ask(self, request: Asks[_T], now: float, seconds: float | None) -> Asked[_T]:
        """Ask *request*; it is given up after *seconds* (None: as its row says, ``math.inf``: never).

        Raises `LocalProtocolError`, and changes nothing, for what may not be said now or not be asked; `TypeError` for
        what has no answer.
        """
        check_timeout(seconds)
        plan = self._plan(request, is_asked=True)
        seconds = self._patience(plan) if seconds is None else seconds
        asked: Asked[_T] = Asked(request, _deadline(now, seconds), seconds)
        self._open(asked, plan, now)
        return asked

    def fence(self, now: float, seconds: float | None) -> Asked[ManagedAccounts]:
        """Ask, behind every order that was said before, what TWS answers at once: then it has read them all.

        It takes part in no question that was asked before, and waits behind nothing but orders. Raises as `ask` does.
        """
        check_timeout(seconds)
        request = ManagedAccountsRequest()
        plan = self._plan(request, is_asked=True)
        seconds = self._patience(plan) if seconds is None else seconds
        asked: Asked[ManagedAccounts] = Asked(request, _deadline(now, seconds), seconds)
        self._open(asked, plan, now, afresh=True, urgent=True)
        return asked

    def stream(
        self,
        request: Streams[_T],
        now: float,
        seconds: float | None,
        mailbox: Mailbox[Any],
    ) -> Streamed[_T]:
        """Open a stream into *mailbox*; *seconds* are for its first message, where one is due. Raises as `ask` does."""
        check_timeout(seconds)
        plan = self._plan(request, is_asked=False)
        seconds = self._patience(plan) if seconds is None else seconds
        streamed: Streamed[_T] = Streamed(request, _deadline(now, seconds), seconds, mailbox)
        self._open(streamed, plan, now)
        return streamed

    def patience(self, request: ToTws) -> float | None:
        """Give the seconds that an answer to *request* has by default; None: for ever. Raises as `ask` does."""
        return self._patience(self._plan(request, is_asked=True))

    def _patience(self, plan: Plan) -> float | None:
        return None if plan.deadline is None else plan.deadline * self.timeout_factor

    def leave(self, conversation: Conversation[Any], now: float) -> None:
        """Note that the caller of *conversation* has gone. The last one of a question cancels it, if it can be."""
        if isinstance(conversation, Streamed):
            conversation.mailbox.close()
        question = conversation.question
        if question is not None:
            self._part(question, conversation, now)

    def is_full_for(self, *, urgent: bool) -> bool:
        """Tell whether nobody may send: those who ask wait for room in the outbox."""
        return self._sayings.is_full_for(urgent=urgent)

    @property
    def pacer(self) -> Pacer | None:
        """What keeps questions below the limits of TWS; None: nothing does."""
        return self._sayings.pacer

    @property
    def is_pressed(self) -> bool:
        """Whether a stream that the last read has filled is about to be too slow."""
        return bool(self._pressed) and any(stream.mailbox.is_pressed for stream in self._pressed)

    @property
    def is_overheard(self) -> bool:
        """Whether somebody is told of all events: then nothing is cut off before it is read, and no tick left out."""
        return self._connection.reads_all

    @is_overheard.setter
    def is_overheard(self, choice: bool) -> None:
        self._connection.reads_all = choice

    @property
    def open(self) -> int:
        """How many questions are not over."""
        return len(self.register.questions)

    # --- what happens --------------------------------------------------------------------------------------------

    def hear(self, events: Iterable[Event], now: float) -> None:
        """Take what one read has brought."""
        by_id, kinds = self.register.by_id, self.register.kinds_with_id
        self._pressed.clear()
        for event in events:
            # The way of nearly all that is ever heard: what belongs to a stream and means nothing else.
            if type(event) in kinds:
                question = by_id.get(event.request_id)  # type: ignore[union-attr,arg-type]  # those kinds have it
                if question is not None and type(event) in question.flows and self._odd is None:
                    if not question.batch:
                        self._touched.append(question)
                    question.batch.append(event)
                    continue
            self._hear(event, now)
        self._deliver(now)

    def note_cut_off(self, counts: Mapping[type[Message], int], now: float) -> None:
        """Count what was cut off before it was read. While such comes, it goes on."""
        self.register.note_cut_off(counts)
        self._read_all_at = now + CUT_OFF

    def note_left(self, now: float) -> None:
        """Look at what has left since this was last called."""
        self._sayings.note_left(now)

    @property
    def wake_at(self) -> float | None:
        """When `wake` has something to do at the latest; None if it has not. It may turn out to be nothing."""
        return self._timers.wake_at

    def wake(self, now: float) -> None:
        """Do what is due."""
        if self._read_all_at <= now:
            self._read_all_at = math.inf
            self._connection.take_all_again()
        wake_at = self._timers.wake_at
        if wake_at is not None and wake_at <= now:
            self._timers.run(now)
            self._deliver(now)

    def news(self) -> list[Conversation[Any]]:
        """Give, once, those for whom something has come, or that are over."""
        news, self._news = self._news, []
        for conversation in news:
            conversation.is_news = False
        return news

    # --- signs of life -------------------------------------------------------------------------------------------

    @property
    def clock_said_at(self) -> float | None:
        """When the clock of TWS was asked for last; None: never."""
        slot = self._clock_slot()
        return None if slot is None else slot.said_at

    @property
    def is_clock_asked(self) -> bool:
        """Whether somebody waits for the clock of TWS."""
        slot = self._clock_slot()
        return slot is not None and any(question.phase is not Phase.DRAINING for question in slot.all())

    def probe(self, now: float) -> None:
        """Ask for the clock, so that TWS says something; whoever asks for it meanwhile gets this answer as well.

        Where an answer is due already, the same is said once more: it has a place of its own for two answers.
        """
        slot = self._clock_slot()
        if slot is not None and slot.current is not None:
            self._sayings.say_once_more(slot.current, now)
            return
        self._probe = Asked(CurrentTimeRequest(), None, math.inf)
        self._open(self._probe, self._plan(self._probe.request, is_asked=True), now, urgent=True)

    def _clock_slot(self) -> Slot | None:
        return self.register.slots.get(_CLOCK_SLOT)

    # --- opening -------------------------------------------------------------------------------------------------

    def _plan(self, request: ToTws, *, is_asked: bool) -> Plan:
        plan = self._plans.get((type(request), is_asked))
        if plan is not None:
            return plan
        entry = entry_of(request)
        row = entry.conversation
        if row is None or (row.shape is Shape.COMMAND and not row.variants):
            raise TypeError(f"{entry.name} has no answer to wait for: send it instead")
        if row.forbidden:
            raise LocalProtocolError(f"{entry.name} is not for clients: {row.forbidden}", message=entry.name)
        if row.key is Key.REQUEST_ID and getattr(request, "request_id", None) is not None:
            raise LocalProtocolError(
                f"{entry.name}.request_id is {request.request_id}, and is given by the conversation: "  # type: ignore[attr-defined]  # its key
                "leave it out",
                message=entry.name,
                field="request_id",
            )
        plan = plan_of(row, request, self._connection.server_version or 0, entry.changes_state)
        if not (plan.may_be_asked if is_asked else plan.may_be_streamed):
            raise misused(entry, plan, request, is_asked=is_asked)
        if row.key is Key.NOTHING and not row.variants:
            # Nothing in the request could change it.
            self._plans[type(request), is_asked] = plan
        return plan

    def _open(
        self, member: Conversation[Any], plan: Plan, now: float, *, afresh: bool = False, urgent: bool = False
    ) -> None:
        """Have *member* take part in a question: in one that is open, or in a new one."""
        place = slot_for(plan, member.request)
        slots = self.register.slots
        question = None if place is None or afresh else _joinable(slots.get(place), member, plan)
        if question is not None:
            self._join(question, member, now)
            return
        question = Question(plan, member.request, place, now)
        question.is_urgent = urgent or plan.row.key is Key.ORDER_ID
        pacer = self._sayings.pacer
        if pacer is not None:
            question.claim = pacer.claim(plan, member.request, now, is_stream=isinstance(member, Streamed))
        if place is None:
            self._sayings.encode(question)
            self._add(question, member)
            self._sayings.say(question, now)
        else:
            slot = slots.get(place)
            if slot is not None and slot.current is not None:
                refuse_to_replace(slot, question)
            self._sayings.encode(question)
            if slot is None:
                slot = slots[place] = Slot()
            self._add(question, member)
            slot.waiting.append(question)
            self._advance(slot, now)
        self._start_deadline(member)

    def _add(self, question: Question, member: Conversation[Any]) -> None:
        self.register.questions[question] = None
        question.members.append(member)
        member.question, member.request = question, question.request

    def _join(self, question: Question, member: Conversation[Any], now: float) -> None:
        self._flush(question, now)
        question.members.append(member)
        member.question, member.request = question, question.request
        if isinstance(member, Streamed):
            member.mailbox.preload(question.present)
            self._tell(member)
            if question.phase is not Phase.FLOWING:
                self._start_deadline(member)
        elif question.phase is Phase.FLOWING:
            assert isinstance(member, Asked), "there are two kinds"
            question.members.remove(member)
            member.answer(question.answer_of(list(question.kept.values()), question.end_message))
            self._tell(member)
        else:
            self._start_deadline(member)

    # --- slots ---------------------------------------------------------------------------------------------------

    def _advance(self, slot: Slot, now: float) -> None:
        """Say the next question of *slot*, if it is its turn; else see to it that the turn comes."""
        if not slot.waiting or self._connection.closed is not None:
            return
        if slot.current is not None:
            if slot.current.phase is Phase.DRAINING:
                self._build_fence(slot.current, now)
            return
        apart = slot.waiting[0].plan.row.apart
        if apart and slot.said_at is not None and now < slot.said_at + apart:
            self._timers.start(slot.said_at + apart, self._advance, slot)
            return
        slot.current, slot.said_at = slot.waiting.popleft(), now
        self._sayings.say(slot.current, now)

    def _build_fence(self, question: Question, now: float) -> None:
        """Find out when TWS has read the cancel of *question*: it answers in the order in which it is asked.

        Where the cancel has a receipt, that says it; where there is none, the answer or the end of the run does.
        """
        cancel = question.plan.cancel
        if question.has_fence or cancel is None or cancel.receipt is not None or not question.plan.may_be_streamed:
            return
        question.has_fence = True
        fence: Asked[Any] = Asked(ManagedAccountsRequest(), now + DRAIN, DRAIN)
        self._fences[fence] = question
        self._open(fence, self._plan(fence.request, is_asked=True), now, afresh=True)

    def _drain(self, question: Question, now: float, patience: float = DRAIN) -> None:
        """Wait until nothing of *question* can come any more. Where that could harm nobody, do not wait."""
        slot = self.register.slot_of(question)
        if slot is None:
            self._end_drain(question, now)
            return
        self._timers.start(now + patience, self._end_drain, question)
        self._advance(slot, now)

    def _end_drain(self, question: Question, now: float) -> None:
        if question.fire(Turn.DRAINED):
            self._cut_off(question.plan, question.ids, now)
            self._finish(question, now)

    def _cut_off(self, plan: Plan, numbers: Iterable[int], now: float) -> None:
        """Have data pass unread that still come under *numbers*, ids that are over: they are late, whatever they say.

        Ends and errors are read all the same. What comes for a question that is not over is: also of one that drains,
        since its slot is free when its answer has come.
        """
        if self.is_overheard or self._connection.closed is not None:
            return
        for number in numbers:
            self._connection.cut_off(number, plan.cut_off)
            self._read_all_at = now + CUT_OFF

    # --- hearing -------------------------------------------------------------------------------------------------

    def _hear(self, event: Event, now: float) -> None:
        odd, self._odd = self._odd, None
        if isinstance(event, ErrorMessage):
            self._hear_error(event, now)
        elif isinstance(event, ToClient):
            if TELLS_OF_ORDERS[type(event)]:
                self.of_orders.append(event)
            for question in self.register.whose(event):
                if question.is_simple and odd is None:
                    self._answer_one(question, event, now)
                else:
                    self._hear_answer(question, event, odd, now)
        elif isinstance(event, Notice):
            self._hear_error(event.message, now)
        elif isinstance(event, ConnectionClosed):
            self._cut(event, now)
        elif isinstance(event, OddValue):
            self._odd = event
        elif isinstance(event, UndecodableFrame):
            self._hear_unreadable(event, now)

    def _answer_one(self, question: Question, message: ToClient, now: float) -> None:
        """Give the one answer: the short way of most questions, in which there is nothing to gather."""
        for asker in question.askers:
            asker.answer(message)
            self._tell(asker)
        question.members = []
        question.fire(Turn.ENDED)
        self._finish(question, now)

    def _hear_answer(self, question: Question, message: Any, odd: OddValue | None, now: float) -> None:
        if question.phase is Phase.DRAINING:
            self.register.late[type(message).__name__] += 1
            self._hear_late(question, message, now)
            return
        question.has_heard = True
        if len(question.ids) > 1 and not question.is_of_cancelled(message):
            self._settle_on(question, message.request_id, now)
        if type(message).__name__ not in _NO_DATA:
            question.has_data, question.doubt, question.doubt_at = True, None, None
        if odd is not None and question.askers and is_all(question.plan, message):
            self._fail_all(question, lambda: DecodeError(odd.message, odd.field, odd.seen, odd.wanted))
            self._end(question, now)
        elif type(message) is not question.plan.end:
            self._take_answer(question, message, odd, now)
        elif question.phase is Phase.ASKED:
            self._end_run(question, message, now)

    def _hear_late(self, question: Question, message: Any, now: float) -> None:
        """See whether *message* is the last that may come of *question*, for which nobody waits."""
        # A stream that was cancelled drains by its receipt or its fence: the end of its run may cross the cancel.
        if question.plan.is_last(message) and not question.plan.may_be_streamed:
            question.owed -= 1
            if question.owed <= 0:
                self._end_drain(question, now)

    def _take_answer(self, question: Question, message: Any, odd: OddValue | None, now: float) -> None:
        plan = question.plan
        try:
            if question.phase is not Phase.ASKED:
                question.keep_last_word(message)
            elif plan.is_of_first_run(message) and (question.askers or question.is_shared):
                question.keep(message)
            else:
                question.keep_last_word(message)
        except AnswerTooLarge as problem:
            request, size = problem.request, problem.count
            self._fail(question, Turn.GIVEN_UP, lambda: AnswerTooLarge(request, size), now)
            return
        if question.streams:
            self._pass_on(question, message if odd is None else odd, *([] if odd is None else [message]))
        if type(message) in plan.row.ends_after:
            self._end_all(question, now)
        elif question.phase is Phase.FLOWING:
            if question.has_data and not question.flows:
                self._choose_flows(question)
        elif plan.shape is Shape.STREAM:
            self._begin(question)
        elif plan.is_last(message):
            self._end_run(question, None, now)

    def _settle_on(self, question: Question, chosen: int, now: float) -> None:
        """Of the two ids of a question that was said twice, keep the one that was *chosen* by an answer to it.

        Of a stream that is the second one, for the first was cancelled when that was said.
        """
        others = [number for number in question.ids if number != chosen]
        question.ids = [chosen]
        question.request = replace(question.request, request_id=chosen)
        for member in question.members:
            member.request = question.request
        for number in others:
            self.register.by_id.pop(number, None)
        self._cut_off(question.plan, others, now)
        if not question.streams:
            self._sayings.cancel(question, now, others)

    def _end_run(self, question: Question, end: Any, now: float) -> None:
        """Answer those who have asked; those who stream are told the *end* in its place, and read on."""
        plan = question.plan
        for asker in question.askers:
            try:
                asker.answer(question.answer(end))
            except DecodeError as problem:
                asker.fail(problem)
            self._tell(asker)
        question.members = [*question.streams]
        if plan.shape is Shape.RUN_THEN_STREAM:
            if question.streams and end is not None:
                self._pass_on(question, end)
            question.end_message = end
            question.forget_run()
            self._begin(question)
            if not question.members:
                self._give_up(question, now)
        else:
            self._end(question, now)

    def _end(self, question: Question, now: float) -> None:
        """Its answer has come. Where it was said twice and has no id, so may another one."""
        cancel = question.plan.cancel
        if cancel is not None and cancel.after_answer:
            self._sayings.cancel(question, now)
        question.owed -= 1
        if question.owed <= 0 or not question.is_shared or question.left_at is None:
            question.fire(Turn.ENDED)
            self._finish(question, now)
        else:
            question.fire(Turn.ENDED_ONCE)
            # The second one takes no longer than the first, if there is one, and it was said later than that.
            self._drain(question, now, min(DRAIN, now - question.left_at))

    def _end_all(self, question: Question, now: float) -> None:
        """Nothing comes any more: the askers have their answer, the streams come to their end."""
        self._flush(question, now)
        for member in question.members:
            if isinstance(member, Asked):
                member.answer(question.answer(None))
            elif isinstance(member, Streamed):
                member.finish()
            self._tell(member)
        question.members = []
        question.fire(Turn.ENDED)
        self._finish(question, now)

    def _begin(self, question: Question) -> None:
        question.fire(Turn.BEGUN)
        self._choose_flows(question)

    def _choose_flows(self, question: Question) -> None:
        """See whether what comes needs no second look, and may take the short way of `hear`."""
        plan = question.plan
        # Until there are data, a code may still be its end or not.
        is_plain = question.has_data and len(question.ids) == 1 and plan.row.is_answer is None
        question.flows = plan.answers - frozenset(plan.row.ends_after) if is_plain else frozenset()

    # --- streams -------------------------------------------------------------------------------------------------

    def _pass_on(self, question: Question, *items: Any) -> None:
        if not question.batch:
            self._touched.append(question)
        question.batch.extend(items)

    def _deliver(self, now: float) -> None:
        """Give each stream what has come for it, all at once."""
        while self._touched or self._passed:
            touched, self._touched = self._touched, []
            for question in touched:
                self._flush(question, now)
            passed, self._passed = self._passed, []
            for question in passed:
                self._end_drain(question, now)

    def _flush(self, question: Question, now: float) -> None:
        batch = question.batch
        if not batch:
            return
        question.batch = []
        for stream in question.streams:
            stream.mailbox.extend(batch)
            self._tell(stream)
            if stream.mailbox.wants_newest and not question.has_newest_alone:
                self._read_newest_alone(question)
            if stream.mailbox.is_pressed:
                self._pressed.append(stream)
            if stream.mailbox.has_failed:
                # It was too slow, and is over: nothing is kept for it, or decoded in vain.
                self._part(question, stream, now)

    def _read_newest_alone(self, question: Question) -> None:
        """Have ticks of *question* pass unread that are old before its one reader could see them."""
        if question.flows and len(question.members) == 1:
            question.has_newest_alone = True
            self._connection.newest_alone(question.ids[0])

    def _tell(self, member: Conversation[Any]) -> None:
        if isinstance(member, Asked) and member in self._fences:
            self._passed.append(self._fences.pop(member))
        elif member is self._probe:
            self._probe = None
        elif not member.is_news:
            member.is_news = True
            self._news.append(member)

    # --- errors --------------------------------------------------------------------------------------------------

    def _hear_error(self, error: ErrorMessage, now: float) -> None:
        code, number = error.error_code, error.request_id
        if code in LINK_CODES:
            self._link_lost_at = now
        if number is None or number <= 0 or number == _NO_ID:
            # Below zero are the ids of orders that were made by hand and bound to a client.
            if number is not None and number < 0 and self._orders.knows(number):
                self.of_orders.append(error)
            else:
                self._hear_error_without_id(error, now)
            return
        question = self.register.whose_error(number)
        if question is None or question.plan.row.key is Key.ORDER_ID:
            self.of_orders.append(error)
        if question is None or self._is_of_order(question, error):
            return
        question.has_heard = True
        if question.is_of_cancelled(error):
            self.register.late["ErrorMessage"] += 1
        elif question.phase is Phase.DRAINING:
            self.register.late["ErrorMessage"] += 1
            cancel = question.plan.cancel
            if effect_on(question, code, self._codes) is Effect.ENDS or (cancel and code in cancel.harmless):
                self._end_drain(question, now)
        else:
            self._apply(question, error, now)

    def _is_of_order(self, question: Question, error: ErrorMessage) -> bool:
        """Tell whether *error* is about the order whose id a what-if has, and not about that."""
        if question.plan.row.key is not Key.ORDER_ID or error.request_id is None:
            return False
        kind = self._codes.kind_of(error.error_code)
        is_of_orders = kind in (CodeKind.CANCELLED, CodeKind.CANCEL_FAILED)
        return is_of_orders and self._orders.knows(error.request_id)

    def _hear_error_without_id(self, error: ErrorMessage, now: float) -> None:
        code = error.error_code
        if code in LINK_NEWS:
            self.of_orders.append(error)
        self.layers.hear(code, error.error_message)
        if code == LINK_RESTORED_DATA_LOST:
            self._lose_data(now)
        said = self.register.open_without_id()
        for question in said:
            cancel = question.plan.cancel
            if question.phase is Phase.DRAINING and cancel is not None and cancel.receipt == code:
                self._end_drain(question, now)
                return
        waiting = [
            question
            for question in said
            if question.phase is Phase.ASKED and question.was_given and question.plan.row.key is not Key.REQUEST_ID
        ]
        its_own = [question for question in waiting if ends_by_itself(question, code, self._codes)]
        candidates = its_own or (waiting if code in WITHOUT_ID else [])
        if candidates and effect_on(candidates[-1], code, self._codes) is Effect.ENDS:
            self._refuse(candidates[-1], error, now)

    def _apply(self, question: Question, error: ErrorMessage, now: float) -> None:
        effect = effect_on(question, error.error_code, self._codes)
        if effect is Effect.ENDS:
            if len(question.ids) > 1 and error.request_id is not None:
                self._settle_on(question, error.request_id, now)
            self._refuse(question, error, now)
            return
        if effect is Effect.WAIT and not question.has_data:
            question.doubt = error
            if question.plan.shape is Shape.STREAM and question.doubt_at is None:
                question.doubt_at = now + DOUBT
                self._timers.start(question.doubt_at, self._believe_doubt, question)
        if question.streams:
            self._pass_on(question, remark_of(error, self._codes))

    def _refuse(self, question: Question, error: ErrorMessage, now: float) -> None:
        if question.claim is not None and self.pacer is not None:
            self.pacer.note_refused(question.claim, error.error_code, now)
        self._fail(question, Turn.FAILED, lambda: self._failure(question, error, now), now)

    def _failure(self, question: Question, error: ErrorMessage, now: float) -> RequestFailed:
        return failure_of(question, error, now - self._link_lost_at)

    def _believe_doubt(self, question: Question, now: float) -> None:
        doubt = question.doubt
        if doubt is not None and question.doubt_at is not None and question.doubt_at <= now:
            self._fail(question, Turn.GIVEN_UP, lambda: self._failure(question, doubt, now), now)

    def _hear_unreadable(self, frame: UndecodableFrame, now: float) -> None:
        if frame.message in NAMES_OF_ORDER_NEWS:
            self.of_orders.append(frame)
        problem = (frame.message, frame.field, frame.seen, frame.wanted, frame.request_id)
        for question in self.register.whose_unreadable(frame.message, frame.request_id):
            question.has_heard = True
            if question.plan.shape is Shape.ONE and question.plan.cancel is None:
                # It was the answer: nothing more comes.
                self._fail_all(question, lambda: DecodeError(*problem))
                self._end(question, now)
            else:
                self._fail(question, Turn.GIVEN_UP, lambda: DecodeError(*problem), now)

    def _lose_data(self, now: float) -> None:
        for question in list(self.register.questions):
            # What TWS has not been asked yet, it cannot have lost.
            is_open = question.phase in (Phase.ASKED, Phase.FLOWING) and question.was_given
            if question.plan.row.lost_with_link and is_open and question.streams:
                self._fail(question, Turn.LOST, partial(DataLost, question.request), now)

    # --- ends ----------------------------------------------------------------------------------------------------

    def _fail(self, question: Question, turn: Turn, failure: Callable[[], Exception], now: float) -> None:
        """End *question* for all who take part in it, each with a *failure* of its own."""
        self._flush(question, now)
        self._fail_all(question, failure)
        if turn is Turn.GIVEN_UP:
            self._give_up(question, now)
        elif question.fire(turn):
            self._cut_off(question.plan, question.ids, now)
            self._finish(question, now)

    def _fail_all(self, question: Question, failure: Callable[[], Exception]) -> None:
        for member in question.members:
            assert isinstance(member, (Asked, Streamed)), "there are two kinds"
            member.fail(failure())
            self._tell(member)
        question.members = []

    def _part(self, question: Question, member: Conversation[Any], now: float) -> None:
        """Have *member* take no more part in *question*; nobody is left, perhaps."""
        if member in question.members:
            question.members.remove(member)
            member.part()
            if not question.members:
                self._give_up(question, now)

    def _give_up(self, question: Question, now: float) -> None:
        """Nobody waits for *question*: take it back if it has not left, or cancel it."""
        question.flows, question.is_simple = frozenset(), False
        question.forget_run()
        if self._sayings.take_back(question):
            if question.fire(Turn.TAKEN_BACK):
                self._finish(question, now)
            if self._connection.closed is None:
                # What was taken back has made room, perhaps.
                self._sayings.use_room(now)
        elif question.fire(Turn.GIVEN_UP):
            is_cancelled = self._sayings.cancel(question, now)
            if question.claim is not None:
                question.claim.lingers = not is_cancelled
            self._drain(question, now)

    def _finish(self, question: Question, now: float) -> None:
        """Forget *question*, which is over; the next of its slot has its turn."""
        question.forget()
        if question.has_newest_alone:
            self._connection.each_again(question.ids[0])
        self.register.forget(question)
        if question.claim is not None:
            self._sayings.release(question, now)
        slot = self.register.slot_of(question)
        if slot is not None:
            self._leave_slot(slot, question, now)

    def _leave_slot(self, slot: Slot, question: Question, now: float) -> None:
        if slot.current is question:
            slot.current = None
        elif question in slot.waiting:
            slot.waiting.remove(question)
        if slot.waiting and self._connection.closed is None:
            self._advance(slot, now)
        elif slot.current is None and question.plan.row.key is not Key.NOTHING:
            # There is one for each value that was ever asked for. The others are few, and stay.
            del self.register.slots[question.place]

    def _cut(self, closed: ConnectionClosed, now: float) -> None:
        self.layers.cut()
        # First, or the places of each would be given to the next.
        self._sayings.clear()
        for question in list(self.register.questions):
            self._fail(question, Turn.CUT, closed.again, now)
        self.register.clear()
        self._fences.clear()
        self._timers.clear()

    # --- time ----------------------------------------------------------------------------------------------------

    def _start_deadline(self, member: Conversation[Any]) -> None:
        if member.deadline_at is not None and member.question is not None:
            self._timers.start(member.deadline_at, self._time_out, member)

    def _time_out(self, member: Conversation[Any], now: float) -> None:
        question = member.question
        if question is None:
            return
        if isinstance(member, Streamed) and (question.has_data or question.phase is Phase.FLOWING):
            # Its first message has come. A remark is none.
            return
        assert isinstance(member, (Asked, Streamed)), "there are two kinds"
        doubt, seconds, waiting = question.doubt, member.seconds or 0.0, question.waiting
        if doubt is not None:
            member.fail(self._failure(question, doubt, now))
        else:
            why = "" if waiting is None else str(waiting)
            member.fail(RequestTimedOut(question.request, seconds, question.was_given, tuple(question.items), why))
        self._tell(member)
        self._part(question, member, now)


def _deadline(now: float, seconds: float | None) -> float | None:
    return None if seconds is None or seconds == math.inf else now + seconds


def _joinable(slot: Slot | None, member: Conversation[Any], plan: Plan) -> Question | None:
    """Give the question of *slot* in which *member* may take part, if there is one."""
    if slot is None or slot.is_free or plan.changes_state:
        return None
    for question in slot.all():
        if question.phase is not Phase.DRAINING and question.asked == member.request:
            return question
    return None


def _is_open(subject: Any) -> bool:
    if isinstance(subject, Question):
        return subject.phase is not Phase.OVER
    if isinstance(subject, Turnstile):
        return bool(subject.waiting)
    return isinstance(subject, Slot) or subject.question is not None
