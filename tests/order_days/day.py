"""One day of the pure machine: a program, a TWS and the bytes between them, without an event loop, in virtual time.

A seed is a day. Faults come for a while; then nothing goes wrong any more, the program reconciles, and what it believes
has to be what is true.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Final

from anytws.client.order_errors import ReconcileIncomplete
from anytws.core.events import ConnectionClosed
from anytws.core.state import State
from anytws.errors import RequestError
from anytws.machines.fate import FateOutcome
from anytws.machines.order import OrderLife
from anytws.machines.order_state import Left, OrderOutcome
from anytws.messages.base import ToTws
from anytws.messages.orders import PlaceOrderRequest
from anytws.simulator.faults.words import word_of
from anytws.simulator.settings import HangUp
from tests.order_days.bot import Bot
from tests.order_days.checks import Checks
from tests.order_days.hands import Hands
from tests.order_days.house import House, Wrong
from tests.order_days.loopless import Task
from tests.order_days.process import CLIENT_ID, MemoryJournal, Process, Waiter
from tests.order_days.settings import SCRIPTS, SETTINGS
from tests.order_days.wire import Wire

_ROUNDS: Final = 80
_TIMES: Final = (0.0, 0.0, 0.001, 0.02, 0.15, 0.15, 0.5, 1.0, 4.0)
_LAST_ROUNDS: Final = 400


class Day:
    """The day of a seed."""

    def __init__(self, seed: int) -> None:
        self.seed: Final = seed
        self.situations: Final[Counter[str]] = Counter()
        self.story: Final[list[str]] = []
        """What happened, for people; empty unless ``is_told``."""
        self.is_told: bool = False
        self._random = random = Random(seed)
        self._now = 0.0
        script = random.choice(SCRIPTS) if random.random() < 0.4 else None
        self.house: Final = House(random.choice(SETTINGS), script)
        if random.random() < 0.1:
            self.house.slow = random.choice((0.5, 2.0, 4.0))
            self._note("orders read late")
        self._wire = Wire(self.house, random)
        self._hands = Hands(self.house, random)
        self._checks = Checks(self.house)
        self._bot = Bot(random, self._note)
        # Who forgets what was sent, and is told of a free id that is not free any more when it is read, is lost.
        journal = MemoryJournal() if random.random() < 0.6 or self.house.slow else None
        self._said: dict[int, tuple[Process, str]] = {}
        """The last order that was sent under each id: by whom, and its reference."""
        self._highest: dict[Process, int] = {}
        """The highest id that each process has given to a new order."""
        self._begin_process(journal)
        self._restarts_at: float | None = None
        self._holds_out = self._holds_up = self._holds_down = False
        """Whether bytes wait in the program, on their way to TWS, and on their way back."""

    def now(self) -> float:
        """What time it is, in seconds since the day began."""
        return self._now

    def _note(self, what: str) -> None:
        if what:
            self.situations[what] += 1
            self.tell(what)

    def tell(self, what: str) -> None:
        """Add a line to the story."""
        if self.is_told:
            self.story.append(f"{self._now:8.3f} {what}")

    # --- the day -------------------------------------------------------------------------------------------------

    def live(self) -> None:
        """Live through it. Raises `Wrong` for what must not be."""
        try:
            self._live()
        finally:
            self._note_script()

    def _live(self) -> None:
        random = self._random
        self._connect()
        for _ in range(random.choice((4, 6, 8, 10, 14))):
            self._step()
        self._calm_down()
        self._reconcile()
        self._checks.at_rest(self._process)
        self._checks.one_order_for_one_intent()
        self._wire.check_said_once()
        self._look_for_waiters()

    def _note_script(self) -> None:
        """Count what the script did."""
        director = self.house.director
        for told in () if director is None else director.told:
            self.situations[f"script: {word_of(type(director.script.events[told.event - 1].do))}"] += 1

    def _step(self) -> None:
        random = self._random
        draw = random.random()
        if draw < 0.6:
            self._bot.act()
        elif draw < 0.88 and self.house.is_running:
            self._note(random.choices(_HANDS, _HAND_WEIGHTS)[0](self._hands))
        else:
            self._trouble()
        self._holds_out = random.random() < 0.15
        self._holds_up, self._holds_down = random.random() < 0.2, random.random() < 0.2
        if random.random() < 0.1:
            self._write_some()
        self._pass(random.choice(_TIMES))
        if not self._process.is_ready and random.random() < 0.6:
            self._connect()
        self._reap()

    def _write_some(self) -> None:
        """Have the kernel take a part of what the program has to say."""
        wire = self._wire
        if wire.write(self._now, self._random.randrange(1, 120), is_told=self._random.random() < 0.7):
            self._note("a message written in part")
        self._holds_up = True

    # --- trouble -------------------------------------------------------------------------------------------------

    def _trouble(self) -> None:
        match self._random.choices(("cut", "die", "kill", "hang up"), (5, 3, 2, 2))[0]:
            case "cut":
                self._cut()
            case "die":
                self._die()
            case "kill":
                self._kill()
            case _:
                self._hang_up()

    def _cut(self) -> None:
        wire = self._wire
        if wire.link is None:
            return
        if self._random.random() < 0.6:
            self._write_half()
        new = [life for life in self._process.known.lives if not life.is_acknowledged and not life.state.is_done]
        kept = wire.cut(self._now, self._random.choice((0.0, 0.1, 1.0, 2.0)))
        self._note("a cut")
        if kept:
            self._note("bytes read by TWS after the cut")
        for life in new:
            if life.left is Left.SOME:
                self._note("cut with an order half written")
            elif life.left is Left.ALL:
                self._note("cut before the first word of an order")
        self._after_input()

    def _write_half(self) -> None:
        wire, random = self._wire, self._random
        wire.write(self._now, random.choice((None, 1, 3, 30, 100)), is_told=random.random() < 0.8)

    def _hang_up(self) -> None:
        if self._wire.link is not None:
            self._wire.link.die(self._random.choice(list(HangUp)), self._now)
            self._note("TWS hung up on the client")

    def _die(self) -> None:
        """Have TWS restart. It may give out ids again that it has not seen, or higher ones."""
        house, random = self.house, self._random
        if not house.is_running:
            return
        if random.random() < 0.5:
            self._wire.write(self._now, random.choice((None, 1, 30)))
        lost = self._wire.up
        house.die(random.choice(list(HangUp)), self._now)
        self._wire.gone.clear()
        house.move_next_ids(random.choice((0, 0, 0, 3)))
        self._note("TWS restarted")
        if lost:
            self._note("bytes lost in a restart")
        self._restarts_at = self._now + random.choice((0.0, 1.0, 5.0))

    def _kill(self) -> None:
        """Kill the program; another process begins, with what the journal has."""
        process = self._process
        self._write_half()
        self._wire.cut(self._now, self._random.choice((0.0, 0.1, 1.0)))
        process.kill()
        self._note("killed" if process.journal is not None else "killed, without a journal")
        self._bot.forgot = self._bot.forgot or process.journal is None
        self._begin_process(None if process.journal is None else process.journal.killed())

    def _begin_process(self, journal: MemoryJournal | None) -> None:
        self._process = process = Process(journal, self.now, self.house.utc)
        process.on_sent = self._note_sent
        process.on_answer = self._note_answer
        self._bot.process = process

    # --- the bytes -----------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        wire, session = self._wire, self._process.session
        if wire.link is not None and session is not None and session.closed is None:
            return
        self.tell("connects")
        is_accepted = wire.connect(self._process.connect(), self._now)
        if not is_accepted:
            self._note("refused")
        self._holds_out = self._holds_up = self._holds_down = False
        self._carry()
        session = self._process.session
        if session is not None and session.state is State.READY:
            self._look_at_ids(session.connection.next_valid_id or 0)
        elif is_accepted:
            self._note("not let in")

    def _look_at_ids(self, next_valid_id: int) -> None:
        known = self._process.known
        if next_valid_id < known.ids.next:
            self._note("TWS gives out ids again that were used")

    def _pass(self, seconds: float) -> None:
        """Let *seconds* pass, and carry what there is to carry."""
        self._now += seconds
        if self._restarts_at is not None and self._restarts_at <= self._now:
            self._restarts_at = None
            self.house.restart(self._now)
        self._wire.let_go(self._now)
        self._carry()

    def _carry(self) -> None:
        wire, house, now = self._wire, self.house, self._now
        for _ in range(_ROUNDS):
            moved = False if self._holds_out else wire.write(now)
            if not self._holds_up:
                moved = wire.carry_up(now) or moved
            house.note_time(now)
            if wire.link is not None:
                wire.link.wake(now)
            if not self._holds_down:
                half = self._random.randrange(1, 200) if self._random.random() < 0.1 else None
                moved = wire.carry_down(now, half) or moved
            session = self._process.session
            if session is not None and (at := session.wake_at()) is not None and at <= now:
                session.wake(now)
                moved = True
            self._after_input()
            if not moved:
                break

    def _after_input(self) -> None:
        news = self._process.settle()
        if news:
            self._checks.look(news)

    def _note_sent(self, message: ToTws) -> None:
        self._wire.note_sent(message)
        if self.is_told:
            self.tell(f"-> {message!r}")
        if isinstance(message, PlaceOrderRequest) and message.order_id is not None:
            self._look_at_id(message.order_id, message.order.order_reference)

    def _look_at_id(self, order_id: int, ref: str) -> None:
        before = self._said.get(order_id)
        if before is not None and before[0] is not self._process and before[1] != ref:
            self._note("an id given out again to another order")
        elif before is None and self._process.known.by_order_id(order_id) is None:
            raise Wrong(f"order {order_id} is not known right after it was sent")
        if before is None or before[1] != ref:
            if order_id <= self._highest.get(self._process, 0):
                raise Wrong(f"order id {order_id} was given to a new order, after {self._highest[self._process]}")
            self._highest[self._process] = order_id
            self._said[order_id] = (self._process, ref)

    def _note_answer(self, waiter: Waiter) -> None:
        assert waiter.answer is not None, "it was answered"
        self.situations[f"{type(waiter.wait).__name__.lower()}: {waiter.answer.kind.value}"] += 1

    # --- what was found out --------------------------------------------------------------------------------------

    def _reap(self) -> None:
        """Look at what has come of questions about orders."""
        for name, task, about in [each for each in self._process.tasks if each[1].is_over]:
            self._process.tasks.remove((name, task, about))
            failure = task.failure
            if failure is not None and not isinstance(failure, _EXPECTED):
                raise failure
            if name == "resolve":
                self._note_fate(about, task)
            elif failure is None:
                for fate in task.result.verdicts:
                    self._checks.note_fate(fate.trade, fate)

    def _note_fate(self, life: OrderLife, task: object) -> None:
        fate = getattr(task, "result", None)
        if fate is None:
            return
        self._note(f"resolved: {fate.outcome.value}")
        self._checks.note_fate(life, fate)
        if fate.outcome is not FateOutcome.STILL_UNKNOWN and life in self._process.unknowns:
            self._process.unknowns.remove(life)

    # --- the end -------------------------------------------------------------------------------------------------

    def _calm_down(self) -> None:
        """Have nothing go wrong any more, and wait until all that is on its way has come."""
        house = self.house
        self.tell("from now on nothing goes wrong")
        if house.director is not None:
            house.director.stop()
        self._holds_out = self._holds_up = self._holds_down = False
        if not house.is_running:
            self._restarts_at = None
            house.restart(self._now)
        for _ in range(_LAST_ROUNDS):
            self._pass(2.0)
            self._reap()
            if self._process.is_ready:
                break
            self._connect()
        else:
            raise Wrong("the program is not let in again")
        house.slow = 0.0
        for seconds in (2.0, 10.0):
            self._pass(seconds)

    def _reconcile(self) -> None:
        """Reconcile, with nothing going wrong any more; what was to be cut before that may be cut now."""
        for _ in range(3):
            self._process.give_up()
            task = self._process.reconcile()
            self._live_until_over(task)
            if not isinstance(task.failure, ConnectionClosed):
                break
            self._calm_down()
        if task.failure is not None:
            raise Wrong(f"it could not be reconciled: {task.failure!r}") from task.failure
        self._reap()
        if any(life.state.status is OrderOutcome.UNKNOWN for life in self._process.known.lives):
            self._note("still unknown at the end")

    def _live_until_over(self, task: Task) -> None:
        for _ in range(_LAST_ROUNDS):
            self._pass(0.0)
            if task.is_over:
                return
            self._now = max(self._now, self._next())
        raise Wrong(f"it does not come to an end: {task.waits_for}")

    def _next(self) -> float:
        """Give when something is due next, for the program or for TWS; in a second at the latest, if nothing is."""
        session, link = self._process.session, self._wire.link
        times = [task.wake_at for _, task, _ in self._process.tasks]
        times += [None if session is None else session.wake_at(), None if link is None else link.own_wake_at()]
        told = [at for at in (*times, self.house.wake_at()) if at is not None and at > self._now]
        return min(told, default=self._now + 1.0)

    def _look_for_waiters(self) -> None:
        process = self._process
        self._pass(3.0)
        # Of two orders that have one id it cannot be told to which TWS has answered, and a script may keep it quiet.
        left = [
            waiter
            for waiter in process.waiters
            if waiter.life.state.status is not OrderOutcome.UNKNOWN and len(waiter.life.permanent_ids) < 2
        ]
        if left and self.house.director is None:
            raise Wrong(f"somebody waits still: {left}, {left[0].life.state}")
        session = process.session
        assert session is not None, "it was reconciled"
        if CLIENT_ID and session.statistics().open_conversations > 1:
            # The positions are followed on until their cancel has been answered by silence.
            raise Wrong(f"conversations are left: {session.statistics()}")


_HANDS: Final = (
    Hands.fill,
    Hands.fill_late,
    Hands.correct,
    Hands.cancel,
    Hands.reject,
    Hands.say_again,
    Hands.by_hand,
    Hands.elsewhere,
    Hands.double,
)
_HAND_WEIGHTS: Final = (40, 8, 6, 8, 8, 6, 4, 6, 3)
_EXPECTED: Final = (ConnectionClosed, RequestError, ReconcileIncomplete)
