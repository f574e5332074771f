"""What meddles with the messages of one connection, by the script: in front of TWS, and behind it.

It does nothing by itself to a message that no event is about; a link without a script has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from anytws.messages.base import ToClient, ToTws
from anytws.messages.executions import ExecutionDetails
from anytws.messages.orders import OpenOrdersRequest, OrderStatus
from anytws.messages.session import ErrorMessage, ManagedAccounts
from anytws.simulator.complaints import complaint
from anytws.simulator.faults import requests, sayings
from anytws.simulator.faults.holding import Held, Waiting
from anytws.simulator.faults.marks import Mark, row_of, subjects_of
from anytws.simulator.faults.raw import raw_frame, rewritten
from anytws.simulator.faults.stage import Saying, Speaker, Stage
from anytws.simulator.faults.texts import text_of
from anytws.simulator.faults.treatments import (
    Broken,
    Endless,
    HeldForCancel,
    Late,
    Muted,
    Sayings,
    Treatment,
    Twice,
    Unacknowledged,
)
from anytws.simulator.faults.words import Meanwhile, RequestRule, SayingRule, Way
from anytws.wire.catalogue import entry_of

if TYPE_CHECKING:
    from anytws.simulator.faults.watch import Watch
    from anytws.simulator.settings import HangUp

MOST_TREATED: Final = 1000
"""How many requests of a connection are under a rule at the same time; the oldest is let go."""
MOST_OPEN: Final = 10_000
"""How many requests for data are remembered, to know what a lost line takes; the oldest are forgotten."""


class Meddler:
    """Meddles with the messages of one connection."""

    def __init__(self, stage: Stage, link: Speaker) -> None:
        self._stage = stage
        self._link = link
        self._treatments: list[Treatment] = []
        self._waiting = Waiting(stage.later, link.utter)
        self._deeds: list[tuple[Watch, ToClient]] = []
        self._is_mute = False
        self._cut: HangUp | None = None
        self._released: list[tuple[float, ToClient]] = []
        self._replying: ToTws | None = None
        self._stopped: list[int] = []
        self._last_clock: int | None = None
        self._has_told_orders = False
        self._bytes = dict.fromkeys(Way, 0)
        self.open: Final[dict[int, ToTws]] = {}
        """The requests that have an id and may still be answered, by it."""
        self.counted: Final[set[int]] = set()
        """The events that count bytes and have happened here."""

    @property
    def client_id(self) -> int | None:
        """The id of its client."""
        return self._link.client.client_id

    @property
    def is_hanging(self) -> bool:
        """Whether TWS hangs: it neither hears nor says anything."""
        return self._stage.is_hanging

    # In front of TWS

    def incoming(self, request: ToTws) -> Sequence[ToTws]:
        """Give what TWS gets of *request* now: it, or nothing."""
        self._note(request)
        for watch in self._struck_by(request):
            if not self._meddle_with(watch, request) or self._link.is_over:
                return ()
        meanwhile = self._stage.passes(self._link, request)
        return (request,) if meanwhile is None or self._bridge(request, meanwhile) else ()

    def begin(self, request: ToTws) -> None:
        """Take notice that TWS now does *request*: what it says until `end` is its reply."""
        self._replying = request

    def end(self) -> None:
        """Take notice that TWS has done what it was asked."""
        self._replying = None
        if self._stopped:
            self.stop_streams(self._stopped)
            self._stopped.clear()
        released, self._released = self._released, []
        for seconds, message in released:
            self._say_in(seconds, message)
        if self._cut is not None:
            self._link.die(self._cut)

    def _struck_by(self, message: ToTws | ToClient) -> Sequence[Watch]:
        """Give the events that happen at *message*. All of them count it, whatever the first of them does to it."""
        watches = self._stage.watches(type(message))
        if not watches:
            return ()
        ms, seed = self._stage.ms, self._stage.seed
        return [watch for watch in watches if watch.strikes(self.client_id, message, ms, seed)]

    def _note(self, request: ToTws) -> None:
        for treatment in self._treatments:
            if treatment.mark.is_cancelled_by(request):
                self._released += treatment.cancelled()
        request_id = getattr(request, "request_id", None)
        if request_id is None:
            return
        if (row := entry_of(request).conversation) is not None and row.answers:
            self.open[request_id] = request
            if len(self.open) > MOST_OPEN:
                del self.open[next(iter(self.open))]
        elif (known := self.open.get(request_id)) is not None:
            cancel = row_of(known).cancel
            if cancel is not None and isinstance(request, cancel.by):
                del self.open[request_id]

    def _meddle_with(self, watch: Watch, request: ToTws) -> bool:
        """Do what *watch* says to *request*; tell whether TWS gets it."""
        fault = watch.do
        if isinstance(fault, sayings.OneClock):
            return self._is_first_clock(watch, fault.seconds)
        name = type(request).__name__
        if not isinstance(fault, RequestRule):
            self._happen(watch, request)
            return True
        self._stage.tell(watch.number, f"{type(fault).__name__} at {name}{_id_in(request)}")
        match fault:
            case requests.DropRequest():
                return False
            case requests.ErrorInstead(code=code, text=text):
                self._link.utter(self._error(code, text, request))
                return False
            case requests.CutUnanswered(how=how):
                self._is_mute, self._cut = True, how
            case _:
                self._treat(self._treatment(fault, Mark.of(request, self._link.version)))
        return True

    def _treatment(self, fault: RequestRule, mark: Mark) -> Treatment:
        match fault:
            case requests.AnswerTwice(seconds=seconds):
                return Twice(mark, seconds)
            case requests.AnswerLate(seconds=seconds):
                return Late(mark, seconds)
            case requests.AnswerAfterCancel(seconds=seconds):
                return HeldForCancel(mark, seconds)
            case requests.LeaveOutEnd():
                return Endless(mark)
            case requests.LostAcknowledgement(seconds=seconds):
                until = None if seconds is None else self._stage.ms + round(seconds * 1000)
                return Unacknowledged(mark, lambda: until is not None and self._stage.ms >= until)
            case requests.ErrorAfterData(code=code, text=text, messages=messages):
                return Broken(
                    mark, messages, lambda: self._error(code, text, mark.request), lambda: self._stop_stream(mark)
                )
            case _:
                return Muted(mark)

    def _treat(self, treatment: Treatment) -> None:
        self._treatments = [each for each in self._treatments if not each.is_over]
        self._treatments.append(treatment)
        if len(self._treatments) > MOST_TREATED:
            del self._treatments[0]

    def _is_first_clock(self, watch: Watch, seconds: float) -> bool:
        now = self._stage.ms
        if self._last_clock is not None and now < self._last_clock + round(seconds * 1000):
            self._stage.tell(watch.number, "a second request for the clock is ignored")
            return False
        self._last_clock = now
        return True

    def _bridge(self, request: ToTws, meanwhile: Meanwhile) -> bool:
        match meanwhile:
            case Meanwhile.LATE:
                self._stage.wait(self._link, request)
            case Meanwhile.FALSE_200:
                self._link.utter(self._error(200, "", request))
            case Meanwhile.ERROR_1100:
                self._link.utter(self._error(1100, "", request))
            case Meanwhile.SILENCE:
                pass
        return False

    def _error(self, code: int, text: str, request: ToTws) -> ErrorMessage:
        return complaint(self._link.client.world, code, text_of(code, text), request)

    def _stop_stream(self, mark: Mark) -> None:
        if isinstance(request_id := getattr(mark.request, "request_id", None), int):
            self.stop_streams([request_id])
            # What is to go on is put up in the course of the reply.
            self._stopped.append(request_id)

    def stop_streams(self, request_ids: Iterable[int]) -> None:
        """End what goes on under *request_ids*, without a word."""
        ended = frozenset(request_ids)
        streams = self._link.client.streams
        for key in [key for key in streams if key[1] in ended]:
            del streams[key]
        for request_id in sorted(ended):
            self.open.pop(request_id, None)

    def mute(self, request_id: int) -> None:
        """Say nothing any more that belongs to the request with *request_id*."""
        if (request := self.open.get(request_id)) is not None:
            self._treat(Muted(Mark.of(request, self._link.version)))

    # Behind TWS

    def outgoing(self, message: ToClient) -> Sequence[Saying]:
        """Give what is said now in the place of *message*."""
        if self._is_mute:
            return ()
        request_id = getattr(message, "request_id", None)
        request = None if request_id is None else self.open.get(request_id)
        if self._stage.hushes(self._link, message, request):
            return ()
        if not self._treatments:
            return self._meddled(message)
        said: list[Saying] = []
        for seconds, each in self._treated(message):
            if seconds > 0:
                self._later(seconds, each)
            else:
                said += self._meddled(each)
        return said

    def settle(self) -> None:
        """Do what happens after a message was said."""
        while self._deeds:
            watch, message = self._deeds.pop(0)
            self._happen(watch, message)

    def note_upstream(self, count: int) -> None:
        """Take notice that *count* bytes came from the client."""
        self._count_bytes(Way.UPSTREAM, count)

    def note_downstream(self, count: int) -> None:
        """Take notice that *count* bytes go to the client."""
        self._count_bytes(Way.DOWNSTREAM, count)

    def _count_bytes(self, way: Way, count: int) -> None:
        self._bytes[way] += count
        self._stage.count_bytes(self._link, way, self._bytes[way])

    def _treated(self, message: ToClient) -> Sayings:
        said: list[tuple[float, ToClient]] = [(0.0, message)]
        for treatment in self._treatments:
            now: list[tuple[float, ToClient]] = []
            for seconds, each in said:
                is_owned = not treatment.is_over and treatment.mark.owns(
                    each, is_reply=self._replying is treatment.mark.request
                )
                taken = treatment.take(each) if is_owned else ((0.0, each),)
                now += [(seconds + more, one) for more, one in taken]
            said = now
        return said

    def _meddled(self, message: ToClient) -> Sequence[Saying]:
        watches = self._struck_by(message)
        if not watches and not self._waiting and not isinstance(message, ExecutionDetails):
            return (message,)
        before: list[Saying] = []
        after: list[Saying] = []
        saying: Saying = message
        for watch in watches:
            if not isinstance(watch.do, (SayingRule, sayings.ExecutionBeforeStatus, sayings.OpenOrdersFirst)):
                self._deeds.append((watch, message))
                continue
            changed = self._say_otherwise(watch, message, saying, before, after)
            if changed is None:
                return before
            saying = changed
        return [*before, saying, *after, *self._waiting.let_go(message)]

    def _say_otherwise(
        self, watch: Watch, message: ToClient, saying: Saying, before: list[Saying], after: list[Saying]
    ) -> Saying | None:
        """Give what is said in the place of *saying*; None: nothing now."""
        fault = watch.do
        if isinstance(fault, sayings.ExecutionBeforeStatus):
            return self._after_execution(watch, message, saying, fault.patience)
        if isinstance(fault, (sayings.OpenOrdersBefore, sayings.OpenOrdersFirst)):
            before += self._open_orders(watch, message)
            return saying
        if isinstance(fault, sayings.HoldUntil) and _is_answer(message):
            return saying
        self._stage.tell(watch.number, f"{type(fault).__name__} at {type(message).__name__}{_id_in(message)}")
        match fault:
            case sayings.Delay(seconds=seconds):
                self._later(seconds, saying)
                return None
            case sayings.Repeat(again=again, seconds=seconds):
                self._repeat(saying, again, seconds, after)
            case sayings.HoldUntil(until=kind, patience=patience):
                return self._waiting.hold(Held(saying, kind, frozenset(subjects_of(message))), patience)
            case sayings.Rewrite(fields=fields, empty=empty) if not isinstance(saying, bytes):
                return rewritten(saying, fields, empty)
            case sayings.RewriteRaw(field=field, raw=raw, octets=octets) if not isinstance(saying, bytes):
                return raw_frame(saying, self._link.version, field, raw, octets)
            case sayings.LeaveOut():
                return None
            case _:
                pass
        return saying

    def _repeat(self, saying: Saying, again: int, seconds: float, after: list[Saying]) -> None:
        for time in range(1, again + 1):
            if seconds > 0:
                self._later(seconds * time, saying)
            else:
                after.append(saying)

    def _after_execution(self, watch: Watch, message: ToClient, saying: Saying, patience: float) -> Saying | None:
        if not isinstance(message, OrderStatus) or not message.filled:
            return saying
        if self._waiting.executed(message.order_id) >= message.filled:
            return saying
        self._stage.tell(watch.number, f"the status of order {message.order_id} waits for its execution")
        held = Held(saying, ExecutionDetails.__name__, frozenset(subjects_of(message)), message.filled)
        return self._waiting.hold(held, patience)

    def _open_orders(self, watch: Watch, message: ToClient) -> Sequence[ToClient]:
        if isinstance(watch.do, sayings.OpenOrdersFirst):
            if self._has_told_orders or not isinstance(message, ManagedAccounts):
                return ()
            self._has_told_orders = True
        self._stage.tell(watch.number, "the open orders are told unasked")
        return list(self._link.replies(OpenOrdersRequest()))

    # Both

    def _happen(self, watch: Watch, message: ToTws | ToClient) -> None:
        self._stage.happen(watch.number, watch.do, self._link if watch.is_about_client else None, message)

    def _say_in(self, seconds: float, message: ToClient) -> None:
        if seconds > 0:
            self._later(seconds, message)
        else:
            self._link.utter(message)

    def _later(self, seconds: float, saying: Saying) -> None:
        self._stage.later(seconds, lambda: self._link.utter(saying))


def _is_answer(message: ToClient) -> bool:
    """Tell whether *message* is an execution that was asked for: it was told before."""
    return isinstance(message, ExecutionDetails) and message.request_id is not None


def _id_in(message: ToTws | ToClient) -> str:
    for name in ("order_id", "request_id", "client_id"):
        if (value := getattr(message, name, None)) is not None:
            return f"({value})"
    return ""
