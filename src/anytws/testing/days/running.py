"""Runs one day: a TWS, its troubles and a program, in one trio loop whose clock jumps to whatever comes next.

Everything in it is repeatable: the world is pure, the clock is virtual, and the order in which trio lets tasks run that
are ready at the same time is drawn from a seed. What is not, is the program's own business: threads, real files, random
numbers that nobody has seeded.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final

import trio  # noqa: TID251 (whose clock and whose order of tasks can be had by a seed)
from anyio.abc import ByteStream

from anytws.client.tws import Tws
from anytws.core.events import ConnectionClosed
from anytws.errors import in_a_sentence
from anytws.runtime.connect_errors import ConnectError
from anytws.simulator.faults.director import Told as Trouble
from anytws.simulator.serve import MemoryTws, serve_memory
from anytws.testing.days.day import Day
from anytws.testing.days.plan import Plan
from anytws.testing.days.program import Program, fresh
from anytws.testing.days.repeatable import run
from anytws.testing.days.story import Story, Tap
from anytws.testing.days.values import brief
from anytws.testing.days.watched import WatchedWorld
from anytws.testing.memory import connect_in_memory, keep_connected_in_memory

CLIENT_ID: Final = 1
"""The client id of a program that is given its connection."""
PAUSE: Final = 5.0
"""Seconds after which a program whose connection ended is started anew."""
CALM: Final = 60.0
"""Seconds in which nothing must happen to orders, positions and connections for a day to be at rest."""
PATIENCE: Final = 1800.0
"""Seconds after the last fault by which a day has to be at rest."""
_LOOKS: Final = 6

Check = Callable[[Day], None]
"""A user's test of a day."""


class NeverSettled(AssertionError):
    """After the last fault a day did not come to rest: the program is not connected, or it goes on changing orders."""


class WithoutPause(AssertionError):
    """The program runs and runs, and never waits for anything: no time passes, and the day would never end."""


class SimulatorFailed(RuntimeError):
    """The simulated TWS itself failed at a client: a bug of the simulator, or of answers that a tester wrote."""


def live(
    plan: Plan, program: Program, check: Check | None = None, *, restart_on: tuple[type[Exception], ...] = ()
) -> Day:
    """Live through the day of *plan* with a fresh *program*; call *check* after every event, and once at rest.

    Raises what *check* raises, what the program raises beside the end of its connection and *restart_on*, and
    `NeverSettled`; whatever it is has the story and the token in its notes.
    """
    life = _Life(plan, program, check, restart_on)
    life.begin()
    life.finish()
    return life.day


def survey(plan: Plan, program: Program) -> Story:
    """Live through the day of *plan*, and give its story, whatever becomes of the program."""
    life = _Life(plan, program, None, ())
    life.begin()
    return life.day.story


# --- one day ----------------------------------------------------------------------------------------------------------


class _Life:
    """One day while it goes on."""

    def __init__(
        self, plan: Plan, program: Program, check: Check | None, restart_on: tuple[type[Exception], ...]
    ) -> None:
        self._plan = plan
        self._program = fresh(program)
        self._check = check
        self._restart_on = (ConnectionClosed, ConnectError, *restart_on)
        self._world = WatchedWorld(plan.settings, plan.script, self._look)
        self._story = Story()
        self.day: Final = Day(plan, self._world, self._story, self._now)
        self._failure: BaseException | None = None
        self._is_finished = False
        self._seen: object = None
        self._is_looking = False
        self._scope: trio.CancelScope | None = None
        """There only while the day goes on."""
        self._served: MemoryTws
        self._is_full: trio.Event

    def _now(self) -> float:
        # Asked also after the end, by whoever looks at the day then.
        return trio.current_time() if self._scope is not None else self._world.now

    def begin(self) -> None:
        """Live through the day, to its end."""
        version, seed = self._plan.settings.server_version, self._plan.schedule
        try:
            run(self._main, version=version, seed=seed, on_standstill=self._note_standstill)
        finally:
            self._scope = None

    async def _main(self) -> None:
        self._is_full = trio.Event()
        if self._world.director is not None:
            self._world.director.on_told = self._tell_of_trouble
        async with serve_memory(self._world) as self._served, trio.open_nursery() as nursery:
            self._scope = nursery.cancel_scope
            nursery.start_soon(self._run_program)
            self._look()
            with trio.move_on_after(self._plan.seconds):
                await self._is_full.wait()
            self._stop_trouble()
            await self._settle()
            self.day.is_at_rest = True
            self._ask()
            # What comes of the end of the program is no part of the day.
            self._is_looking = True
            nursery.cancel_scope.cancel()

    def _note_standstill(self) -> None:
        self._fail(WithoutPause(f"tasks of the program never wait: at {self._now():g} s time stands still"))

    def finish(self) -> None:
        """Raise what has gone wrong, with the story."""
        problem, failed = self._failure, self._world.failure
        if failed is not None:
            # Whatever else is wrong is perhaps wrong because of it.
            problem = SimulatorFailed(f"the simulated TWS failed: {failed!r}")
            problem.__cause__ = failed
        if problem is not None:
            for note in notes(self.day):
                problem.add_note(note)
            raise problem

    def _tell(self, text: str, connection: int = 0, *, is_an_end: bool = False) -> None:
        self._story.tell(self._now(), text, connection, is_an_end=is_an_end)

    # Trouble

    def _tell_of_trouble(self, told: Trouble) -> None:
        fault = self._plan.script.events[told.event - 1].do
        self._tell(told.text.replace(type(fault).__name__, brief(fault), 1))
        self._look()

    def _stop_trouble(self) -> None:
        if self._world.director is not None:
            self._world.director.stop()
        self._tell("the day is over: from now on nothing goes wrong")

    # The test

    def _look(self) -> None:
        """Call the test, if something has happened since it was called last."""
        if self._is_looking or self._scope is None:
            return
        seen = (self._world.requests, [link.bytes_said for link in self._world.links], self._world.state())
        if seen != self._seen:
            self._seen = seen
            self._ask()

    def _ask(self) -> None:
        if self._check is None or self._failure is not None:
            return
        self._is_looking = True
        try:
            self._check(self.day)
        except BaseException as problem:  # noqa: BLE001 (raised at the end: nothing in between may take it for its own)
            self._fail(problem)
        finally:
            self._is_looking = False

    def _fail(self, problem: BaseException) -> None:
        if self._failure is None:
            self._failure = problem
        if self._scope is not None:
            self._scope.cancel()

    # The world

    async def _settle(self) -> None:
        """Wait until nothing happens any more."""
        until = trio.current_time() + PATIENCE
        looks, seen = 0, None
        while looks < _LOOKS:
            state = (self._world.state(), self._is_there)
            looks = looks + 1 if state == seen and self._is_there else 0
            seen = state
            if trio.current_time() > until:
                self._fail(NeverSettled(self._unrest()))
            await trio.sleep(CALM / _LOOKS)

    @property
    def _is_there(self) -> bool:
        """Whether the program is where it should be when all is well."""
        return self._is_finished or self.day.is_connected

    def _unrest(self) -> str:
        after = f"{PATIENCE / 60:g} minutes after the last fault"
        if not self._is_there:
            return f"the program is not connected, {after}"
        return f"orders, positions or connections still change, {after}"

    # The program

    async def _run_program(self) -> None:
        try:
            if self._program.connects:
                await self._program.body(self._connect)
            elif self._program.stays:
                await self._program.body(self._keep_connected)
            else:
                await self._start_again_and_again()
            self._is_finished = True
        except Exception as problem:  # noqa: BLE001 (raised at the end of the day)
            self._fail(problem)

    async def _start_again_and_again(self) -> None:
        while True:
            try:
                async with self._connect(client_id=CLIENT_ID) as tws:
                    await self._program.body(tws)
            except Exception as problem:
                if not _is_only(problem, self._restart_on):
                    raise
            else:
                # It has come to its end, and not its connection.
                return
            await trio.sleep(PAUSE)

    @asynccontextmanager
    async def _connect(
        self,
        host: str = "127.0.0.1",
        port: int = 7497,
        **options: Any,  # noqa: ANN401 (those of `anytws.connect`)
    ) -> AsyncGenerator[Tws]:
        number = 0

        def through(stream: ByteStream) -> Tap:
            nonlocal number
            tap = Tap(stream, self._story, self._now, self._note_passage)
            number = tap.number
            return tap

        try:
            async with connect_in_memory(self._served, host=host, port=port, through=through, **options) as tws:
                yield tws
        except (ConnectionClosed, ConnectError) as problem:
            text = f"connection {number} is over" if number else "no connection"
            self._tell(f"{text}: {in_a_sentence(str(problem))}", number, is_an_end=bool(number))
            raise
        else:
            self._tell(f"the program has closed connection {number}", number)

    @asynccontextmanager
    async def _keep_connected(
        self,
        host: str = "127.0.0.1",
        port: int = 7497,
        **options: Any,  # noqa: ANN401 (those of `anytws.keep_connected`)
    ) -> AsyncGenerator[Tws]:
        def through(stream: ByteStream) -> Tap:
            return Tap(stream, self._story, self._now, self._note_passage, self._tell_of_end)

        async with keep_connected_in_memory(self._served, host=host, port=port, through=through, **options) as tws:
            yield tws
        self._tell("the program stays connected no longer")

    def _tell_of_end(self, number: int) -> None:
        self._tell(f"connection {number} is over", number, is_an_end=True)

    def _note_passage(self) -> None:
        if self._story.messages >= self._plan.messages:
            self._is_full.set()


def _is_only(problem: BaseException, kinds: tuple[type[Exception], ...]) -> bool:
    """Tell whether *problem* is one of *kinds*, or a group of nothing else."""
    if isinstance(problem, BaseExceptionGroup):
        return all(_is_only(part, kinds) for part in problem.exceptions)
    return isinstance(problem, kinds)


def notes(day: Day) -> Iterator[str]:
    """Give what a person is told of a day that failed: its settings, its script, its story, and its token."""
    yield f"\nThe day: {day.plan!r}"
    yield f"\nIts story (-> by the program, <- by TWS, minutes:seconds):\n{day.story}"
    try:
        yield f"\nThe same day again: anytws.testing.replay({day.plan.token!r})"
    except ValueError as problem:
        yield f"\nThis day has no token: {problem}"
