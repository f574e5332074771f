"""Plays one situation with one client, and says whether the client was right."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import anyio
import attrs
from anyio.abc import ByteStream, TaskGroup

from anytws.simulator import World
from anytws.simulator.serve import serve, serve_memory
from anytws.simulator.settings import EPOCH
from anytws.testing.acceptance.client import Adapter, Answer, Client, NotOffered, Peer, Wanted, Watched
from anytws.testing.acceptance.hands import act
from anytws.testing.acceptance.situation import Line, Situation

PATIENCE: Final = 130.0
"""Seconds, by the clock of the world, that a client has to say something of a question or a connect."""
SETTLE: Final = 0.2
"""Seconds, by the same clock, between a line and the next."""
WATCH: Final = 10.0
"""Seconds in which a stream that goes on has to bring something."""
_HUNG: Final = Answer("hung")
_LEAST_SETTLE: Final = 0.05
_GRACE: Final = 2.0
"""Seconds that what is not right yet has to become so, over TCP: nobody knows how long bytes are on their way."""
_LOOK: Final = 0.05
_BEGIN: Final = EPOCH + timedelta(minutes=30)
"""When a situation begins: in the middle of a session of New York."""


@attrs.frozen
class Verdict:
    """How a situation went."""

    situation: Situation
    wrong: tuple[str, ...]
    """What the client did not do right, line by line."""
    missing: tuple[str, ...]
    """What it has no way to do or to know."""

    @property
    def outcome(self) -> str:
        """``passed``, ``failed`` or ``not offered``."""
        return "failed" if self.wrong else "not offered" if self.missing else "passed"


async def play(
    situation: Situation, adapter: Adapter, *, tcp: bool = False, speed: float = 1.0, server_version: int | None = None
) -> Verdict:
    """Play *situation* with the client that *adapter* makes: in memory, or over TCP, *speed* times as fast as life.

    *server_version* is the newest that the simulated TWS speaks; None: as the situation has it. Raises `ValueError` for
    a line that means nothing.
    """
    settings = situation.case.settings
    if settings.epoch_at_zero is None and settings.starts_at is None:
        settings = attrs.evolve(settings, starts_at=_BEGIN)
    if server_version is not None:
        settings = attrs.evolve(settings, server_version=server_version)
    world = World(settings, script=situation.case.script, universe=situation.case.universe)
    verdicts: list[Verdict] = []
    async with _served(world, tcp, speed) as (stream, host, port), anyio.create_task_group() as tasks:
        client = adapter(Peer(stream=stream, host=host, port=port, tasks=tasks))
        game = _Game(world, client, tasks, speed, tcp=tcp)
        try:
            verdicts.append(await game.run(situation))
        finally:
            await client.close()
            tasks.cancel_scope.cancel()
    return verdicts[0]


@asynccontextmanager
async def _served(
    world: World, tcp: bool, speed: float
) -> AsyncGenerator[tuple[Callable[[], Awaitable[ByteStream]], str, int]]:
    if tcp:
        async with serve(world, speed=speed) as here:

            async def no_stream() -> ByteStream:
                raise NotOffered("this one is on a port")

            yield no_stream, here.host, here.port
    else:
        async with serve_memory(world, speed=speed) as there:
            yield there.connect, "127.0.0.1", 0


@attrs.define
class _Question:
    """A question that was asked, and its answer when there is one."""

    done: anyio.Event = attrs.field(factory=anyio.Event)
    answer: Answer = _HUNG
    problem: BaseException | None = None


class _Game:
    """One situation while it is played."""

    def __init__(self, world: World, client: Client, tasks: TaskGroup, speed: float, *, tcp: bool) -> None:
        self._world = world
        self._client = client
        self._tasks = tasks
        self._speed = speed
        self._settle = max(SETTLE / speed, _LEAST_SETTLE if tcp else 0.0)
        self._grace = _GRACE if tcp else 0.0
        self._began = anyio.current_time()
        self._start = world.now
        self._questions: list[_Question] = []
        self._connect = "not tried"
        self._wrong: list[str] = []
        self._missing: list[str] = []

    async def run(self, situation: Situation) -> Verdict:
        """Do all lines, until one is not offered; give how it went."""
        for line in situation.lines:
            try:
                await self._do(line)
            except NotOffered as problem:
                self._missing.append(f"{line}: {problem}")
                # What comes later rests on it.
                break
            except (ValueError, LookupError) as problem:
                raise ValueError(f"{situation.number}, {line}: {problem}") from problem
            await anyio.sleep(self._settle)
        return Verdict(situation, tuple(self._wrong), tuple(self._missing))

    async def _do(self, line: Line) -> None:
        match line.word:
            case "wait":
                await self._wait(float(line.words[0]))
            case "tws":
                await self._have_tws_act(line.words)
            case "client":
                await self._have_client_do(line)
            case _:
                if problem := await self._what_stays_wrong(line.words):
                    self._wrong.append(f"{line}: {problem}")

    async def _have_tws_act(self, words: Sequence[str]) -> None:
        until = anyio.current_time() + self._grace
        while True:
            try:
                act(self._world, words, self._now())
            except LookupError:
                # The order is on its way, perhaps.
                if anyio.current_time() >= until:
                    raise
                await anyio.sleep(_LOOK)
            else:
                return

    async def _what_stays_wrong(self, words: Sequence[str]) -> str:
        until = anyio.current_time() + self._grace
        while (problem := await self._what_is_wrong(words)) and anyio.current_time() < until:  # noqa: ASYNC110 (whose event?)
            await anyio.sleep(_LOOK)
        return problem

    def _now(self) -> float:
        return max(self._world.now, self._start + (anyio.current_time() - self._began) * self._speed)

    async def _wait(self, seconds: float) -> None:
        await anyio.sleep(seconds / self._speed)

    # What the client does

    async def _have_client_do(self, line: Line) -> None:
        verb, *words = line.words
        if verb == "connects":
            await self._have_it_connect()
        elif verb == "asks":
            question = _Question()
            self._questions.append(question)
            self._tasks.start_soon(self._ask, question, words[0], words[1] if len(words) > 1 else "")
        else:
            try:
                await self._have_it(verb, words)
            except (NotOffered, ValueError):
                raise
            except Exception as problem:  # noqa: BLE001 (whatever a client of somebody else raises)
                self._wrong.append(f"{line}: the client raised {type(problem).__name__}: {problem}")

    async def _have_it(self, verb: str, words: Sequence[str]) -> None:
        client = self._client
        match verb, *words:
            case "disconnects", *_:
                await client.disconnect()
            case "watches", what, symbol:
                await client.watch(what, symbol)
            case "places", *_:
                await client.place(wanted(words))
            case "changes", reference, price:
                await client.change(reference, float(price.removeprefix("@")))
            case "cancels", "all":
                await client.cancel_all()
            case "cancels", reference:
                await client.cancel(reference)
            case _:
                raise ValueError(f"a client cannot {verb} {' '.join(words)}")

    async def _have_it_connect(self) -> None:
        self._connect = "hung"
        with anyio.move_on_after(PATIENCE / self._speed):
            try:
                await self._client.connect()
            except NotOffered:
                raise
            except Exception:  # noqa: BLE001 (it says that it has failed, in words of its own)
                self._connect = "failed"
            else:
                self._connect = "ready"

    async def _ask(self, question: _Question, what: str, symbol: str) -> None:
        try:
            with anyio.move_on_after(PATIENCE / self._speed):
                question.answer = await self._client.ask(what, symbol)
        except Exception as problem:  # noqa: BLE001 (looked at by whoever wants the answer)
            question.problem = problem
        question.done.set()

    # What has to be right

    async def _what_is_wrong(self, words: Sequence[str]) -> str:
        """Say what is wrong about what *words* say; empty: nothing."""
        match tuple(words):
            case "connect", "is", state:
                return "" if self._connect == state else f"it is {self._connect}"
            case "client", "is", ("connected" | "disconnected") as state:
                is_right = self._client.is_connected() == (state == "connected")
                return "" if is_right else "it says the contrary"
            case "answer", verb, *rest:
                return await self._answer_is_wrong(self._questions[-1], verb, rest)
            case "every", "answer", verb, *rest:
                found = [await self._answer_is_wrong(each, verb, rest) for each in self._questions]
                return "; ".join(filter(None, found))
            case "tws", "heard", message, times:
                count = sum(type(heard.message).__name__ == message for heard in self._world.heard)
                return "" if count == int(times) else f"it heard {count}"
            case ("quotes" | "book") as what, *rest:
                return await self._stream_is_wrong(what, rest)
            case reference, "filled", number:
                filled = self._client.order(reference).filled
                return "" if filled == int(number) else f"it believes {filled}"
            case reference, "is", *rest:
                outcome = self._client.order(reference).outcome
                return "" if outcome in _alternatives(rest) else f"it believes {outcome}"
            case _:
                raise ValueError(f"nobody knows what {' '.join(words)} means")

    async def _answer_is_wrong(self, question: _Question, verb: str, rest: Sequence[str]) -> str:
        await question.done.wait()
        if isinstance(question.problem, NotOffered):
            raise question.problem
        if question.problem is not None:
            return f"the client raised {type(question.problem).__name__}: {question.problem}"
        answer, text = question.answer, " ".join(rest)
        match verb:
            case "has":
                return "" if text in answer.rows else f"it is {_told(answer)}"
            case "lacks":
                return "" if text not in answer.rows else f"it is {_told(answer)}"
            case "is":
                return "" if any(_fits(answer, each) for each in _alternatives(rest)) else f"it is {_told(answer)}"
            case _:
                raise ValueError(f"an answer is, has or lacks something: {verb} means nothing")

    async def _stream_is_wrong(self, what: str, rest: Sequence[str]) -> str:
        before = self._client.watched(what)
        if before.ended == "":
            await self._wait(WATCH)
        after = self._client.watched(what)
        return "" if any(_went(before, after, each) for each in _alternatives(rest)) else f"{before}, then {after}"


def wanted(words: Sequence[str]) -> Wanted:
    """Give the order that *words* say, such as ``a BUY 100 AAPL LMT @300 held child-of p``. Raises `ValueError`."""
    try:
        reference, action, quantity, symbol, kind, *more = words
        prices = [float(word[1:]) for word in more if word.startswith("@")]
        parent = more[more.index("child-of") + 1] if "child-of" in more else ""
        return Wanted(
            reference=reference,
            action=action,
            quantity=int(quantity),
            symbol=symbol,
            kind=kind,
            price=prices[0] if prices else None,
            transmit="held" not in more,
            parent=parent,
        )
    except (ValueError, IndexError) as problem:
        raise ValueError(f"no order is {' '.join(words)}") from problem


def _alternatives(words: Sequence[str]) -> list[str]:
    return [part.strip() for part in " ".join(words).split(" or ")]


def _fits(answer: Answer, wanted: str) -> bool:
    match wanted.split():
        case ["refused", code]:
            return answer.outcome == "refused" and answer.code == int(code)
        case [number, "rows"]:
            count = len(answer.rows)
            return answer.outcome == "answered" and (count > 0 if number == "some" else count == int(number))
        case [outcome]:
            return answer.outcome == outcome
        case _:
            raise ValueError(f"no answer can be {wanted}")


def _went(before: Watched, after: Watched, wanted: str) -> bool:
    match wanted.split():
        case ["came"]:
            return after.count > 0
        case ["go-on"]:
            return after.ended == "" and after.count > before.count
        case ["ended"]:
            return after.ended != ""
        case ["ended", "with", reason]:
            return after.ended == reason
        case _:
            raise ValueError(f"no stream can be {wanted}")


def _told(answer: Answer) -> str:
    if answer.outcome == "answered":
        return f"answered, with {len(answer.rows)} rows: {', '.join(answer.rows[:5])}"
    return answer.outcome if answer.code is None else f"{answer.outcome} {answer.code}"
