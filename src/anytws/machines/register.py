"""Who listens for what: the questions that are open, by id, by order, and by kind of answer for want of an id."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Final

from anytws.machines.conversation import Phase, Plan, Question
from anytws.machines.ids import OrderIds, RequestIds
from anytws.messages.base import Message, ToClient, ToTws
from anytws.wire.conversation import Key, Shape


class Slot:
    """What is open of those requests that cannot be told apart, and what waits for it to be over."""

    def __init__(self) -> None:
        self.current: Question | None = None
        """What is on the wire, or drains; None: nothing."""
        self.waiting: deque[Question] = deque()
        """What is said next, in turn."""
        self.said_at: float | None = None
        """When the last one was said."""

    @property
    def is_free(self) -> bool:
        """Whether nothing is open, and nothing waits."""
        return self.current is None and not self.waiting

    def all(self) -> Iterator[Question]:
        """Give what is open, and then what waits."""
        if self.current is not None:
            yield self.current
        yield from self.waiting


class Register:
    """The open questions of one connection, and how to find them."""

    def __init__(self, order_ids: OrderIds | None = None) -> None:
        self.request_ids: Final = RequestIds()
        self.order_ids: Final = OrderIds() if order_ids is None else order_ids
        self.late: Final[Counter[str]] = Counter()
        """How many messages came for conversations that were over, by kind."""
        self.cut_off: int = 0
        """How many of those were cut off before they were read."""
        self.questions: Final[dict[Question, None]] = {}
        """Every question that is not over, in the order in which they were asked."""
        self.slots: Final[dict[Hashable, Slot]] = {}
        self.by_id: Final[dict[int, Question]] = {}
        self.kinds_with_id: Final[set[type[ToClient]]] = set()
        """Kinds of message that were asked for, and carry the id of a request."""
        self._by_order: dict[int, Question] = {}
        self._by_kind: dict[type[ToClient], list[Question]] = {}

    def slot_of(self, question: Question) -> Slot | None:
        """Give the slot that *question* shares; None if it has an id of its own, or all is over."""
        return self.slots.get(question.place)

    def listen(self, question: Question) -> None:
        """Note that *question* is being said: from here on, what comes may be its answer."""
        key = question.plan.row.key
        if key is Key.REQUEST_ID:
            self.by_id[question.ids[-1]] = question
            self.kinds_with_id.update(question.plan.heard)
            return
        if key is Key.ORDER_ID:
            self._by_order[question.key_of(question.request)] = question
        for kind in question.plan.heard:
            self._by_kind.setdefault(kind, []).append(question)

    def forget_ids(self, question: Question) -> None:
        """Take what comes under the ids of *question* for late from here on."""
        for number in question.ids:
            self.by_id.pop(number, None)

    def forget(self, question: Question) -> None:
        """Forget *question*, which is over."""
        self.questions.pop(question, None)
        key = question.plan.row.key
        if key is Key.REQUEST_ID:
            self.forget_ids(question)
            return
        if key is Key.ORDER_ID and self._by_order.get(question.key_of(question.request)) is question:
            del self._by_order[question.key_of(question.request)]
        for kind in question.plan.heard:
            questions = self._by_kind.get(kind)
            if questions is not None and question in questions:
                questions.remove(question)

    def clear(self) -> None:
        """Forget all: the connection is over."""
        for collection in (self.questions, self.slots, self.by_id, self._by_order, self._by_kind):
            collection.clear()

    def note_cut_off(self, counts: Mapping[type[Message], int]) -> None:
        """Count what was cut off before it was read: it was late."""
        for kind, count in counts.items():
            self.late[kind.__name__] += count
            self.cut_off += count

    def whose(self, message: ToClient) -> list[Question]:
        """Give the questions that *message* belongs to: one, as a rule, or none. One that is late is counted."""
        kind = type(message)
        if kind in self.kinds_with_id:
            number: int | None = getattr(message, "request_id", None)
            question = None if number is None else self.by_id.get(number)
            if question is not None:
                return [question] if belongs(question, message) else []
            if number is not None and self.request_ids.was_taken(number):
                self.late[kind.__name__] += 1
        questions = self._by_kind.get(kind)
        return [question for question in questions if belongs(question, message)] if questions else []

    def whose_error(self, number: int) -> Question | None:
        """Give the question that an error under the id *number* is about, if it is one of ours. Late ones are counted.

        The receipt of a cancel is late, and so is that there was nothing to cancel: the race with an end is ordinary.
        """
        question = self.by_id.get(number) or self._by_order.get(number)
        if question is None and self.request_ids.was_taken(number):
            self.late["ErrorMessage"] += 1
        return None if question is None or not question.was_given else question

    def whose_unreadable(self, name: str | None, number: int | None) -> list[Question]:
        """Give the questions that lack what an unreadable frame of the kind *name* under the id *number* had to say.

        Where it cannot be told which one it is, it is each run that may lack something now. That of several questions
        with one answer each none is named is better than a wrong one: their deadlines tell.
        """
        if number is not None and (number in self.by_id or number in self._by_order):
            question = self.by_id.get(number) or self._by_order[number]
            return [question] if question.phase in (Phase.ASKED, Phase.FLOWING) and question.was_given else []
        # The id of an order, in a run of orders, or none at all.
        all_of_kind = [
            question
            for kind, questions in self._by_kind.items()
            for question in questions
            if kind.__name__ == name and question.phase in (Phase.ASKED, Phase.FLOWING) and question.was_given
            if number is None or question.plan.row.key is not Key.ORDER_ID
        ]
        runs = [question for question in all_of_kind if question.plan.shape is not Shape.ONE]
        return runs or (all_of_kind if len(all_of_kind) == 1 else [])

    def open_without_id(self) -> list[Question]:
        """Give what is said, or drains, of the requests that share a slot, in the order in which it was said."""
        said = [slot.current for slot in self.slots.values() if slot.current is not None and slot.current.turn]
        return sorted(said, key=lambda question: question.turn)


def slot_for(plan: Plan, request: ToTws) -> Hashable:
    """Give the slot of *request*; None if it has an id of its own."""
    slot = plan.row.slot
    if slot is None or plan.row.key in (Key.NOTHING, Key.REQUEST_ID):
        return slot
    return slot, getattr(request, plan.row.key.value)


def belongs(question: Question, message: Any) -> bool:
    """Tell whether *message* is part of the answer to *question*, whose id it has, or which has none."""
    plan = question.plan
    row = plan.row
    # What comes before the request has left is the answer to another one, or to none.
    if type(message) not in plan.heard or not question.was_given:
        return False
    if row.is_answer is not None and type(message) is not plan.end and not row.is_answer(message):
        return False
    if row.key not in (Key.NOTHING, Key.REQUEST_ID) and question.key_of(message) != question.key_of(question.request):
        return False
    for name in row.exclusive:
        wanted, seen = getattr(question.request, name, None), getattr(message, name, None)
        if wanted and seen and wanted != seen:
            return False
    return True
