"""The life of one conversation with TWS: its law, its plan, and what those who wait for it get.

As with the connection (`anytws.core.state`) every change of phase is a row of a table, **no row, no change**, and
``statecharts/conversation.scxml`` is the same machine for people and for other tools. Two kinds of object live here:

* `Question` is what is on the wire: one request, known by its id or by its slot;
* `Asked` and `Streamed` are what the callers hold. Several of them may share a question that has no id.

What moves them is `anytws.machines.conversations`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from enum import Enum, unique
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

import attrs

from anytws.arrow.records import Records
from anytws.core.remembered import MOST_BYTES, weigh
from anytws.errors import AnswerTooLarge
from anytws.machines.mailbox import Mailbox, MailboxStatistics
from anytws.machines.outbox import Parcel, Place
from anytws.machines.pacing import Waiting
from anytws.messages.base import ToClient, ToTws
from anytws.messages.session import ErrorMessage
from anytws.wire.conversation import Cancel, ConversationRow, Key, Pace, Resend, Shape

if TYPE_CHECKING:
    from anytws.machines.gates import Claim

_T = TypeVar("_T")

MOST_ANSWERS: Final = 1_000_000
"""Messages of one answer that are kept, and of a shared stream the values that are."""
MOST_ANSWER_BYTES: Final = 4 * MOST_BYTES


@unique
class Phase(Enum):
    """Where a conversation is."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    HELD = "held"
    """Not said: it waits for its turn, since another answer that may still come could not be told from its own."""
    ASKED = "asked"
    """Said, or on its way; its answer, or the end of its first run, is due."""
    FLOWING = "flowing"
    """A stream: nothing is due, and anything may come."""
    DRAINING = "draining"
    """Nobody waits for it any more, and something of it may still come, which no other may get."""
    OVER = "over"
    """Nothing comes any more, or only what is known to be late."""


@unique
class Turn(Enum):
    """What happens to a conversation."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    SAID = "said"
    """The request is queued to be sent."""
    BEGUN = "begun"
    """The first of a stream has come, or the end of its first run."""
    ENDED = "ended"
    """The answer is there, or the last message of a stream."""
    ENDED_ONCE = "ended_once"
    """The answer is there, and since it was asked for twice it may come again."""
    FAILED = "failed"
    """TWS has refused it, or ended it with an error."""
    GIVEN_UP = "given_up"
    """Nobody waits any more: all have left, the deadline has passed, or a frame of it could not be read."""
    TAKEN_BACK = "taken_back"
    """The same, before its bytes had left: TWS never hears of it."""
    LOST = "lost"
    """TWS has lost the data of all streams."""
    DRAINED = "drained"
    """Nothing of it can come any more, or it has been waited for long enough."""
    CUT = "cut"
    """The connection is over."""


class Step(NamedTuple):
    """One row of the law."""

    phase: Phase
    turn: Turn
    target: Phase


_P, _U = Phase, Turn

STEPS: Final = (
    Step(_P.HELD, _U.SAID, _P.ASKED),
    Step(_P.HELD, _U.TAKEN_BACK, _P.OVER),
    Step(_P.HELD, _U.CUT, _P.OVER),
    Step(_P.ASKED, _U.BEGUN, _P.FLOWING),
    Step(_P.ASKED, _U.ENDED, _P.OVER),
    Step(_P.ASKED, _U.ENDED_ONCE, _P.DRAINING),
    Step(_P.ASKED, _U.FAILED, _P.OVER),
    Step(_P.ASKED, _U.GIVEN_UP, _P.DRAINING),
    Step(_P.ASKED, _U.TAKEN_BACK, _P.OVER),
    Step(_P.ASKED, _U.LOST, _P.OVER),
    Step(_P.ASKED, _U.CUT, _P.OVER),
    Step(_P.FLOWING, _U.ENDED, _P.OVER),
    Step(_P.FLOWING, _U.FAILED, _P.OVER),
    Step(_P.FLOWING, _U.GIVEN_UP, _P.DRAINING),
    Step(_P.FLOWING, _U.LOST, _P.OVER),
    Step(_P.FLOWING, _U.CUT, _P.OVER),
    # A deadline may pass, and the last caller leave, while it drains already: that changes nothing.
    Step(_P.DRAINING, _U.DRAINED, _P.OVER),
    Step(_P.DRAINING, _U.CUT, _P.OVER),
)
"""Every row. What is not here does not happen."""

_TARGETS: Final = {(step.phase, step.turn): step.target for step in STEPS}


def target_of(phase: Phase, turn: Turn) -> Phase | None:
    """Give the phase that *turn* leads to, or `None` where the law has no row."""
    return _TARGETS.get((phase, turn))


@attrs.frozen(eq=False)
class Plan:
    """A row of the catalogue for one way to use the request: nothing in it is left to be decided."""

    row: ConversationRow
    shape: Shape
    answers: frozenset[type[ToClient]]
    end: type[ToClient] | None
    ends_when: Callable[[Any], bool] | None
    cancel: Cancel | None
    changes_state: bool
    resend: Resend
    settles: bool
    deadline: float | None
    pace: Pace
    first_is_last: bool
    """Whether the first answer is the last one."""
    first_run: frozenset[type[ToClient]] = frozenset()
    """Of what goes on from a run, the answers that make the run up; none named: all."""
    heard: frozenset[type[ToClient]] = frozenset()
    """All kinds of message that belong to it."""
    is_simple: bool = False
    """Whether there is one answer, and nothing to do but to give it."""
    cut_off: tuple[type[ToClient], ...] = ()
    """Kinds of message that nobody has to read when it is over: its data, in the order of the table."""
    run_of: tuple[type[ToClient], ...] = ()
    """What the (first) run is made of, in the order of the table: an empty one has columns too."""

    @property
    def may_be_asked(self) -> bool:
        """Whether there is an answer to wait for."""
        return self.shape in (Shape.ONE, Shape.RUN, Shape.RUN_THEN_STREAM)

    @property
    def may_be_streamed(self) -> bool:
        """Whether it goes on."""
        return self.shape in (Shape.STREAM, Shape.RUN_THEN_STREAM)

    def is_of_first_run(self, message: Any) -> bool:
        """Tell whether *message* is part of the (first) run, and not of what goes on already."""
        return not self.first_run or type(message) in self.first_run

    def is_last(self, message: Any) -> bool:
        """Tell whether *message*, which belongs to it, is the last one of the (first) run."""
        if type(message) is self.end:
            return True
        if self.first_is_last:
            return self.is_of_first_run(message)
        return self.ends_when is not None and bool(self.ends_when(message))


def plan_of(row: ConversationRow, request: ToTws, version: int, changes_state: bool) -> Plan:
    """Give the plan for *request* at server *version*, by the first variant of *row* that holds."""
    held = next((place for place, variant in enumerate(row.variants) if variant.holds(request)), None)
    return _make_plan(row, held, row.end is not None and version < row.end_since, changes_state)


@cache
def _make_plan(row: ConversationRow, variant: int | None, is_endless: bool, changes_state: bool) -> Plan:
    used = row if variant is None else row.variants[variant].applied_to(row)
    has_run = used.shape in (Shape.RUN, Shape.RUN_THEN_STREAM)
    end = used.end if has_run and not is_endless else None
    return Plan(
        row=row,
        shape=used.shape,
        answers=frozenset(used.answers),
        end=end,
        ends_when=used.ends_when,
        cancel=used.cancel,
        changes_state=changes_state if used.changes_state is None else used.changes_state,
        resend=used.resend,
        settles=used.settles,
        deadline=used.deadline,
        pace=used.pace,
        first_is_last=used.shape is Shape.ONE or is_endless,
        first_run=frozenset(row.first_run) if used.shape is Shape.RUN_THEN_STREAM else frozenset(),
        heard=frozenset(used.answers if end is None else (*used.answers, end)),
        cut_off=tuple([kind for kind in used.answers if kind not in used.ends_after]),
        run_of=(used.shape is Shape.RUN_THEN_STREAM and row.first_run) or used.answers,
        is_simple=used.shape is Shape.ONE
        and row.kept_by is None
        and not (used.cancel is not None and used.cancel.after_answer),
    )


class Conversation(Generic[_T]):
    """What one caller holds of a question: `Asked` or `Streamed`. It is over when the caller has got all it gets."""

    def __init__(self, request: ToTws, deadline_at: float | None, seconds: float | None) -> None:
        self.request: ToTws = request
        """What was asked; with its id, as soon as it has one."""
        self.deadline_at: float | None = deadline_at
        """When it is given up, in the time of the core; None: never."""
        self.seconds: float | None = seconds
        """How long that is from the call."""
        self.question: Question | None = None
        """What is on the wire for it; None when it is over."""
        self.is_news: bool = False
        """Whether it stands in the list of those who have news."""
        self._was_sent = self._was_given = False

    def __repr__(self) -> str:
        phase = "over" if self.question is None else self.question.phase.value
        return f"<{type(self).__name__} {type(self.request).__name__}, {phase}>"

    @property
    def was_sent(self) -> bool:
        """Whether all bytes of the request have left this process."""
        return self._was_sent if self.question is None else self.question.has_left

    @property
    def was_given(self) -> bool:
        """Whether TWS may have got it: some of its bytes have left, or how many have is not known."""
        return self._was_given if self.question is None else self.question.was_given

    @property
    def waiting(self) -> Waiting | None:
        """Why the request has not left yet; None: it has, or all is over."""
        return None if self.question is None else self.question.waiting

    def part(self) -> None:
        """Note that it takes no more part in the question."""
        if self.question is not None:
            self._was_sent, self._was_given = self.question.has_left, self.question.was_given
            self.question = None


class Asked(Conversation[_T]):
    """A question that has one answer, or a run of them."""

    def __init__(self, request: ToTws, deadline_at: float | None, seconds: float | None) -> None:
        super().__init__(request, deadline_at, seconds)
        self._answer: _T | None = None
        self._failure: Exception | None = None
        self._is_over = False
        self._is_handed_over = False

    @property
    def is_over(self) -> bool:
        """Whether there is an answer, or none will come."""
        return self._is_over

    def take(self) -> _T:
        """Give the answer.

        Raises `RequestFailed`, `RequestTimedOut`, `DecodeError`, `AnswerTooLarge` or `ConnectionClosed` where there is
        none, and `RuntimeError` while that is not known.
        """
        if not self._is_over:
            raise RuntimeError(f"{type(self.request).__name__} is not answered yet: look at is_over first")
        if self._failure is not None:
            raise self._failure
        if self._is_handed_over:
            raise RuntimeError(f"the answer to {type(self.request).__name__} was handed over, and is not here any more")
        return self._answer  # type: ignore[return-value]  # the row says that it is the request's answer

    def hand_over(self) -> _T:
        """Give the answer as `take` does, and keep it no longer: for whoever is the only one to want it.

        The timer of its deadline holds on to this until then: a download would pile up its answers there.
        """
        answer = self.take()
        self._answer, self._is_handed_over = None, True
        return answer

    @property
    def failure(self) -> Exception | None:
        """Why there is no answer; None where there is one, or it is not known yet."""
        return self._failure

    def answer(self, answer: _T) -> None:
        """Note what the answer is."""
        if not self._is_over:
            self._answer, self._is_over = answer, True
            self.part()

    def fail(self, failure: Exception) -> None:
        """Note that there is none."""
        if not self._is_over:
            self._failure, self._is_over = failure, True
            self.part()


class Streamed(Conversation[_T]):
    """A stream, as its reader sees it."""

    def __init__(
        self,
        request: ToTws,
        deadline_at: float | None,
        seconds: float | None,
        mailbox: Mailbox[Any],
    ) -> None:
        super().__init__(request, deadline_at, seconds)
        self.mailbox: Mailbox[Any] = mailbox
        """What waits for the reader."""

    def take(self) -> list[_T | Any]:
        """Give all that has come; nothing, if nothing has.

        Raises what ended it, once all that came before has been taken: `RequestFailed`, `RequestTimedOut` (its first
        message did not come in time), `DecodeError`, `DataLost`, `ConnectionClosed`; and at once `SlowConsumer`.
        """
        return self.mailbox.take()

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come, and nothing waits."""
        return self.mailbox.is_over

    def statistics(self) -> MailboxStatistics:
        """Tell how it does."""
        return self.mailbox.statistics()

    def fail(self, failure: Exception) -> None:
        """Let *failure* be raised once all has been taken."""
        self.mailbox.finish(failure)
        self.part()

    def finish(self) -> None:
        """Let it come to its end once all has been taken."""
        self.mailbox.finish()
        self.part()


class Question:
    """One request on the wire, and all who wait for what comes of it."""

    __slots__ = (
        "_held_bytes", "_kept_bytes", "_phase", "asked", "asked_at", "batch", "cancelled", "claim", "data", "doubt",
        "doubt_at", "end_message", "flows", "has_data", "has_fence", "has_heard", "has_newest_alone", "ids",
        "is_simple", "is_urgent", "items", "kept", "left_at", "members", "owed", "parcels", "place", "plan", "request",
        "turn",
    )  # fmt: skip

    def __init__(  # noqa: PLR0915 (what it holds, one by one)
        self, plan: Plan, request: ToTws, place: Hashable, asked_at: float = 0.0
    ) -> None:
        self.plan: Plan = plan
        self.asked_at: float = asked_at
        """When it was asked first, in the time of the core."""
        self.claim: Claim | None = None
        """What it takes of the limits of TWS; None: nothing that is counted."""
        self.is_urgent: bool = False
        """Whether it leaves in the lane of orders and cancels."""
        self.asked: ToTws = request
        """As it was asked, without an id."""
        self.request: ToTws = request
        """As it was said last, with its id."""
        self.place: Hashable = place
        """The slot that it shares; None if it has an id of its own."""
        self.members: list[Conversation[Any]] = []
        self.ids: list[int] = []
        """The ids under which it was said: two, where it was said again."""
        self.cancelled: int | None = None
        """The one of its ids that was cancelled already: the first of a stream that was said again."""
        self.data: bytes = b""
        """Its frame, while it is held."""
        self.parcels: list[Parcel] = []
        """Its bytes on their way out, once or twice."""
        self.left_at: float | None = None
        """When its bytes had left, in the time of the core."""
        self.doubt: ErrorMessage | None = None
        """What TWS said that may be the end, or not."""
        self.doubt_at: float | None = None
        """When it is taken for the end, if no data have come by then."""
        self.items: list[Any] = []
        """What of the (first) run has come, as long as that is not over."""
        self.kept: dict[Any, Any] = {}
        """The last word about everything, of a shared stream."""
        self.end_message: Any = None
        """The end of the first run, of a shared stream."""
        self.batch: list[Any] = []
        """What of one read goes to its streams."""
        self.flows: frozenset[type[ToClient]] = frozenset()
        """Kinds of message that go to its one stream as they come, and mean nothing else."""
        self.is_simple: bool = False
        """Whether the next message of it is the answer, and all there is to it."""
        self.has_newest_alone: bool = False
        """Whether ticks of it pass unread that are overtaken (`anytws.core.overtaken`)."""
        self.has_heard: bool = False
        """Whether anything of it has come."""
        self.has_data: bool = False
        """Whether some of its data have come: neither a remark nor what comes in front of data."""
        self.owed: int = 0
        """How many answers, or ends of a run, may still come: one for each time that it was said."""
        self.turn: int = 0
        """Which of all that was said it was, when it was said last."""
        self.has_fence: bool = False
        """Whether a fence was asked for, so that it is known when it has drained."""
        self._phase = Phase.HELD
        self._held_bytes = self._kept_bytes = 0

    def __repr__(self) -> str:
        ids = "".join([f" {number}" for number in self.ids])
        return f"<Question {self.name}{ids}, {self._phase.value}, {len(self.members)} waiting>"

    @property
    def name(self) -> str:
        """The name of the request in the catalogue."""
        return type(self.request).__name__

    @property
    def phase(self) -> Phase:
        """Where it is."""
        return self._phase

    def fire(self, turn: Turn) -> bool:
        """Follow the row for *turn*; without one nothing changes and the answer is False."""
        target = target_of(self._phase, turn)
        if target is None:
            return False
        self._phase = target
        return True

    @property
    def has_left(self) -> bool:
        """Whether all bytes of it have left this process, said once or twice."""
        return any(parcel.place is Place.LEFT for parcel in self.parcels)

    @property
    def waiting(self) -> Waiting | None:
        """Why it has not left yet; None: it has, or the writer has it."""
        if self._phase is Phase.HELD:
            if self.claim is not None and self.claim.is_waiting:
                return self.claim.waiting
            return Waiting("room" if self.place is None else "turn", self.asked_at)
        if self.parcels and self.parcels[-1].place is Place.QUEUED:
            return Waiting("messages", self.parcels[-1].put_at)
        return None

    @property
    def was_given(self) -> bool:
        """Whether some of its bytes may have left."""
        for parcel in self.parcels:  # noqa: SIM110 (asked for each answer, and `any` takes three times as long)
            if parcel.was_given:
                return True
        return False

    @property
    def streams(self) -> list[Streamed[Any]]:
        """Those who read on."""
        return [member for member in self.members if isinstance(member, Streamed)]

    @property
    def askers(self) -> list[Asked[Any]]:
        """Those who wait for the answer."""
        return [member for member in self.members if isinstance(member, Asked)]

    def is_of_cancelled(self, message: Any) -> bool:
        """Tell whether *message* belongs to the first of two sayings of a stream, cancelled for the second."""
        return self.cancelled is not None and message.request_id == self.cancelled

    @property
    def is_shared(self) -> bool:
        """Whether others may join."""
        return self.place is not None

    def keep(self, item: Any) -> None:
        """Keep *item* of the run for the answer, and of a shared stream for who joins later.

        Raises `AnswerTooLarge` where that is more than is kept.
        """
        self.items.append(item)
        self._held_bytes += weigh(item)
        if len(self.items) > MOST_ANSWERS or self._held_bytes > MOST_ANSWER_BYTES:
            raise AnswerTooLarge(self.request, len(self.items))
        self.keep_last_word(item)

    def keep_last_word(self, item: Any) -> None:
        """Keep *item* in place of what it replaces, if others may join. Raises as `keep` does."""
        kept_by = self.plan.row.kept_by
        if kept_by is None:
            return
        subject = kept_by(item)
        if subject in self.kept:
            self._kept_bytes -= weigh(self.kept[subject])
        self.kept[subject] = item
        self._kept_bytes += weigh(item)
        if len(self.kept) > MOST_ANSWERS or self._kept_bytes > MOST_ANSWER_BYTES:
            raise AnswerTooLarge(self.request, len(self.kept))

    def forget_run(self) -> None:
        """Forget the run: it is over, or nobody waits for it."""
        self.items = []
        self._held_bytes = 0

    def forget(self) -> None:
        """Forget all that was kept: it is over."""
        self.is_simple = False
        if self.flows:
            self.flows = frozenset()
        if self.kept or self.items:
            self.kept = {}
            self._kept_bytes = 0
            self.forget_run()

    @property
    def present(self) -> list[Any]:
        """What a stream that joins now begins with: the run so far, or the last word about everything and the end."""
        if self._phase is not Phase.FLOWING:
            return list(self.items)
        return [*self.kept.values()] if self.end_message is None else [*self.kept.values(), self.end_message]

    def answer(self, end: Any) -> Any:
        """Make what a caller is given of the run as far as it has come, and of its *end*."""
        return self.answer_of(self.items, end)

    def answer_of(self, items: Sequence[Any], end: Any) -> Any:
        """Make what a caller is given of the run's *items* and its *end*."""
        if self.plan.first_is_last and self.plan.row.merge is None:
            return items[-1]
        merge = self.plan.row.merge
        if merge is not None and self.plan.shape is not Shape.ONE:
            return merge(tuple(items), end)
        return items[-1] if self.plan.shape is Shape.ONE else Records.of(self.plan.run_of, items)

    def key_of(self, message: Any) -> Any:
        """Give the value of the question's key in *message*, an answer or the request itself; None if it has none."""
        key = self.plan.row.key
        return None if key is Key.NOTHING else getattr(message, key.value, None)
