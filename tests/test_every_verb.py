"""Every verb of every topic, against a TWS that answers late, twice, never, in the wrong order, with the wrong id, ...

Whatever TWS does, a verb gives what it promises or raises what went wrong; an empty answer is never made of a failure.
Afterwards nothing is open at TWS, nothing is left in the session, and the next call is right.
"""

from __future__ import annotations

import asyncio
import gc
import os
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sized
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

import anyio
import anyio.lowlevel
import pytest

import anytws
from anytws import ConnectionClosed, DataLost, DecodeError, RequestFailed, RequestTimedOut, Tws
from anytws import messages as m
from anytws.core import CODES, Side
from anytws.core.code_words import Effect
from anytws.errors import NotFound
from anytws.machines.conversation import Asked, Phase, Question, Streamed
from anytws.machines.watching import Watched
from anytws.messages import ErrorMessage, ToClient
from anytws.messages.base import replace
from anytws.wire.catalogue import entry_for
from anytws.wire.codec import shared_codec
from anytws.wire.conversation import ENDS_ANYTHING, Key
from tests.every_verb import ASK_NOTHING, VERBS, Verb, all_verbs, topic_class
from tests.scripted_peer import Peer, Said, Twist, plainly, talking
from tests.test_cancellation import MANY, stepwise

VERSIONS: Final = (178, 226)
DEEP: Final = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
PATIENCE: Final = 3.0
"""Seconds after which a test fails instead of hanging. Nothing waits for them."""
LONG: Final = 3600.0
"""The same by a clock that jumps."""
TURNS: Final = 20_000
PLACES: Final = pytest.mark.parametrize(
    "version, anyio_backend",
    [(178, "trio-virtual"), (226, "asyncio"), (226, "trio-virtual")],
    indirect=["anyio_backend"],
)
"""Text and protobuf; asyncio as it is, and trio with a clock that jumps, for the verbs that take their time. Of text on
asyncio there is nothing to learn: neither knows of the other."""
FIRST_OF_MANY: Final = {"accounts.pnl", "accounts.pnl_of", "scanner.scan"}
"""Questions that read of a stream: what comes again belongs to it."""
Check: TypeAlias = Callable[[Tws, Peer, Verb], Awaitable[None]]


def test_every_verb_has_a_row() -> None:
    """A verb that is added without one fails here."""
    assert {verb.verb for verb in VERBS} | {*ASK_NOTHING} == all_verbs()
    assert len({verb.name for verb in VERBS}) == len(VERBS)


# --- the instruments -------------------------------------------------------------------------------------------------


async def until(condition: Callable[[], object]) -> None:
    """Let others have their turns until *condition* holds."""
    for _ in range(TURNS):
        if condition():
            return
        await anyio.lowlevel.checkpoint()
    raise AssertionError("what was waited for did not happen")


async def use(tws: Tws, verb: Verb, *, more: int = 0, **options: Any) -> Any:
    """Call *verb*; give what it gives, or the items of its block until they are right, and *more*."""
    if not verb.is_stream:
        return await verb.call(tws, **options)
    items: list[Any] = []
    async with verb.call(tws, **options) as stream:
        async for item in stream:
            items.append(item)
            if verb.gives(items):
                more -= 1
                if more < 0:
                    break
    return items


async def outcome(tws: Tws, verb: Verb, **options: Any) -> Any:
    """Give what *verb* gives or raises; that it hangs is neither."""
    try:
        with anyio.fail_after(LONG if anyio.get_cancelled_exc_class().__module__.startswith("trio") else PATIENCE):
            return await use(tws, verb, **options)
    except anytws.AnytwsError as problem:
        return problem


def failure_in(found: Any) -> Any:
    """Give the error that *found* is or tells of."""
    if isinstance(found, (list, tuple)) or hasattr(found, "__getitem__"):
        failures = [item.item for item in found if isinstance(item, Watched) and isinstance(item.item, Exception)]
        failures += [item.error for item in found if getattr(item, "error", None) is not None]
        return failures[0] if failures else found
    return found


async def raised_by(tws: Tws, verb: Verb, **options: Any) -> Any:
    """Give the error that *verb* raises or gives; what it gives, if there is none."""
    return failure_in(await outcome(tws, verb, **({"more": 1} if verb.is_stream else {}), **options))


def is_at_rest(tws: Tws) -> bool:
    """Tell whether no question is open but those without an id that drain, which a time or the next one settles."""
    questions = tws._pump.session.conversations.register.questions
    return all(question.phase is Phase.DRAINING and question.is_shared for question in questions)


async def require_nothing_left(tws: Tws, peer: Peer) -> None:
    """Fail where something of a verb is left, here or at TWS."""
    await until(lambda: not peer.open and is_at_rest(tws))
    assert not tws._pump._waking


async def require_right(tws: Tws, peer: Peer, verb: Verb) -> None:
    """Fail unless *verb* gives what it should, now that TWS behaves."""
    peer.twist = plainly
    found = await outcome(tws, verb)
    assert not isinstance(found, Exception), found
    assert verb.gives(found), found
    await require_nothing_left(tws, peer)


def only(verb: Verb, twisted: Twist, times: int = 1) -> Twist:
    """Twist what is said to the request that is the point of *verb*, so many times."""
    left = times

    def twist(peer: Peer, request: Any, said: list[ToClient]) -> Iterable[Said]:
        nonlocal left
        if type(request) is verb.asks and left:
            left -= 1
            return twisted(peer, request, said)
        return said

    return twist


def key_of(verb: Verb) -> Key:
    """Give by what an answer to *verb* is told."""
    row = entry_for(verb.asks).conversation
    assert row is not None
    return row.key


def under(verb: Verb, request: Any) -> int | None:
    """Give the id that an error about *request* has."""
    return request.request_id if key_of(verb) is Key.REQUEST_ID else None


@asynccontextmanager
async def each_verb(version: int, backend: object) -> AsyncGenerator[tuple[Tws, Peer, list[Verb]]]:
    """Connect, and give all verbs that can be tried there."""
    is_virtual = not isinstance(backend, str)
    verbs = [verb for verb in VERBS if verb.since <= version and (is_virtual or not verb.takes_time)]
    async with talking(version) as (tws, peer):
        if is_virtual:
            # The settling time would have requests said twice.
            await anyio.sleep(10)
        yield tws, peer, verbs


async def check_each(version: int, backend: object, check: Check, holds: Callable[[Verb], object] = bool) -> int:
    """Do *check* for each verb for which *holds* is true, on one connection; tell all that went wrong."""
    troubles: list[str] = []
    count = 0
    async with each_verb(version, backend) as (tws, peer, verbs):
        for verb in verbs:
            if not holds(verb):
                continue
            count += 1
            peer.answers = verb.answers
            try:
                await check(tws, peer, verb)
                await require_right(tws, peer, verb)
            except (AssertionError, anytws.AnytwsError, TimeoutError, ExceptionGroup) as problem:
                troubles.append(f"{verb.name}: {problem!r}")
                peer.open.clear()
    if troubles:
        pytest.fail("\n".join(troubles), pytrace=False)
    return count


def every(holds: Callable[[Verb], object] = bool) -> Callable[[Check], Any]:
    """Make a test of a check: at each version, on both event loops, for all verbs for which *holds* is true."""

    def make(check: Check) -> Any:
        @PLACES
        async def test(version: int, anyio_backend: object) -> None:
            assert await check_each(version, anyio_backend, check, holds) > 0

        test.__doc__ = check.__doc__
        return test

    return make


def has_id(verb: Verb) -> bool:
    return key_of(verb) is Key.REQUEST_ID


def is_question(verb: Verb) -> bool:
    return not verb.is_stream


# --- as it should be -------------------------------------------------------------------------------------------------


@every()
async def test_it_gives_what_tws_says(tws: Tws, peer: Peer, verb: Verb) -> None:
    """Twice in a row, and nothing is left."""
    await require_right(tws, peer, verb)


# --- twice, in another order, under another id -----------------------------------------------------------------------


@every()
async def test_said_twice(tws: Tws, peer: Peer, verb: Verb) -> None:
    """The same comes out, once."""
    peer.twist = only(verb, lambda _, __, said: [*said, *said])
    found = await outcome(tws, verb)
    assert not isinstance(found, Exception), found
    assert verb.gives(found), found


@every(lambda verb: is_question(verb) and has_id(verb) and verb.verb not in FIRST_OF_MANY)
async def test_what_comes_a_second_time_is_late(tws: Tws, peer: Peer, verb: Verb) -> None:
    """It is counted, by kind, and is nobody's."""
    before = sum(tws.statistics().late.values())
    peer.twist = only(verb, lambda _, __, said: [*said, *said], times=2)
    found = await outcome(tws, verb)
    assert verb.gives(found), found
    await until(lambda: sum(tws.statistics().late.values()) > before)


def _in_another_order(_: Peer, __: Any, said: list[ToClient]) -> Iterable[Said]:
    ends = [message for message in said if type(message).__name__.endswith("End")]
    rows = [message for message in said if message not in ends]
    # A report says what time it is last; and what TWS does step by step has no other order.
    times = [row for row in rows if isinstance(row, (m.AccountUpdateTime, m.HistoricalDataUpdate))]
    kept = [row for row in rows if row not in times]
    return [*reversed(kept), *times, *ends] if not times or not isinstance(times[0], m.HistoricalDataUpdate) else said


@every()
async def test_rows_in_another_order(tws: Tws, peer: Peer, verb: Verb) -> None:
    """No order of rows is promised, so none is relied upon."""
    peer.twist = only(verb, _in_another_order)
    found = await outcome(tws, verb)
    assert not isinstance(found, Exception), found
    assert verb.gives(found), found


@every(lambda verb: is_question(verb) and verb.end is not None)
async def test_the_end_in_front_of_the_rows(tws: Tws, peer: Peer, verb: Verb) -> None:
    """Then TWS has said that there is nothing: empty or not found, at once, and the rows behind it are nobody's."""
    assert verb.end is not None
    if entry_for(verb.end).since > peer.version:
        return
    before = sum(tws.statistics().late.values())
    peer.twist = only(verb, lambda _, __, said: [said[-1], *said[:-1]], times=2)
    found = await outcome(tws, verb)
    # Of bars an end alone is no word for that.
    is_nothing = isinstance(failure_in(found), DecodeError if verb.name.startswith("historical.bars") else NotFound)
    assert is_nothing or not verb.gives(found), found
    # News of orders are heard whoever asked.
    if verb.verb.startswith("orders."):
        return
    await until(lambda: sum(tws.statistics().late.values()) > before)


@every(has_id)
async def test_under_the_id_of_somebody_else(tws: Tws, peer: Peer, verb: Verb) -> None:
    """Under an id that is over, one that was never given, and that of another question: only its own is heard."""
    other = m.UserInfoRequest if verb.asks is not m.UserInfoRequest else m.SoftDollarTiersRequest
    held: list[Any] = []

    def hold(_: Peer, request: Any, said: list[ToClient]) -> Iterable[Said]:
        if type(request) is other:
            held.append(request)
            return []
        if type(request) is not verb.asks:
            return said
        number = request.request_id
        named = [each for each in said if hasattr(each, "request_id")]
        wrong = [replace(each, request_id=n) for n in (number + 1000, number - 1, held[0].request_id) for each in named]
        failures = [ErrorMessage(n, 321, "of another") for n in (number + 1000, 7, None, 0)]
        return [*wrong, *failures, *said]

    peer.twist = hold
    victim: list[Any] = []
    async with anyio.create_task_group() as tasks:

        async def wait() -> None:
            victim.append(await tws.ask(other()))

        tasks.start_soon(wait)
        await until(lambda: held)
        found = await outcome(tws, verb)
        assert not victim
        answer = m.UserInfo(held[0].request_id, "x") if other is m.UserInfoRequest else m.SoftDollarTiers(
            held[0].request_id
        )  # fmt: skip
        await peer.say(answer)
    assert victim == [answer]
    assert not isinstance(found, Exception), found
    assert verb.gives(found), found


# --- errors in the middle, data after the end ------------------------------------------------------------------------


def _refused(verb: Verb, code: int) -> Twist:
    def twist(peer: Peer, request: Any, said: list[ToClient]) -> Iterable[Said]:
        # Without an id, nothing can be told of a stream any more whose first run is over.
        goes_on = verb.is_stream and peer.plan(request).may_be_streamed and has_id(verb)
        data = said if goes_on else said[:-1]
        return [*data, ErrorMessage(under(verb, request), code, "so it says"), *said]

    return twist


@every()
async def test_an_error_after_data(tws: Tws, peer: Peer, verb: Verb) -> None:
    """It is raised, after what came before, and the data behind it are nobody's."""
    if verb.asks in (m.NewsBulletinsRequest, m.MarketDepthExchangesRequest, m.NewsProvidersRequest):
        return
    peer.twist = only(verb, _refused(verb, 321), times=2)
    failure = await raised_by(tws, verb)
    assert isinstance(failure, RequestFailed), failure
    assert (failure.code, failure.message) == (321, "so it says")


@every()
async def test_data_after_the_end(tws: Tws, peer: Peer, verb: Verb) -> None:
    """What is said behind the end, in the same breath and later, harms nobody."""
    requests: list[Any] = []

    def twist(_: Peer, request: Any, said: list[ToClient]) -> Iterable[Said]:
        requests.append((request, said))
        return [*said, *said[:1]]

    peer.twist = only(verb, twist)
    found = await outcome(tws, verb)
    assert not isinstance(found, Exception), found
    assert verb.gives(found), found
    for _, said in requests:
        await peer.say(*said)


@every(has_id)
async def test_a_remark_in_the_middle(tws: Tws, peer: Peer, verb: Verb) -> None:
    """Each code that its row knows as a remark, and news of farms: it goes on."""
    row = entry_for(verb.asks).conversation
    assert row is not None

    def twist(_: Peer, request: Any, said: list[ToClient]) -> Iterable[Said]:
        remarks = [ErrorMessage(request.request_id, code, "remark") for code in sorted(row.comments - {317, 165})]
        farms = [ErrorMessage(None, code, "farm is fine:usfarm") for code in (2103, 2104, 2119, 2158)]
        return [*farms, *remarks, *said[:1], *remarks, *farms, *said[1:]]

    peer.twist = only(verb, twist)
    found = await outcome(tws, verb)
    assert not isinstance(found, Exception), found
    assert verb.gives(found), found


def unreadable(peer: Peer, message: ToClient) -> bytes | None:
    """Give a body of the kind of *message*, under its id, that cannot be read; None if all that begins so can be."""
    body = peer.body_of(message)
    codec = shared_codec(Side.CLIENT, peer.version)
    for length in range(len(body) - 1, 4, -1):
        try:
            codec.decode(body[:length])
        except DecodeError:
            return body[:length]
    return None


@every(lambda verb: has_id(verb) or verb.verb.startswith("orders."))
async def test_an_unreadable_frame_in_the_middle(tws: Tws, peer: Peer, verb: Verb) -> None:
    """It is raised as what it is: what comes without that part would be a lie."""
    was_said = False

    def twist(peer: Peer, _: Any, said: list[ToClient]) -> Iterable[Said]:
        nonlocal was_said
        for place, message in enumerate(said):
            body = unreadable(peer, message)
            if body is not None:
                was_said = True
                return [*said[:place], body, *said[place + 1 :], *said]
        return said

    peer.twist = only(verb, twist, times=2)
    failure = await raised_by(tws, verb)
    assert was_said
    assert isinstance(failure, DecodeError), failure


def _with_odd_values(verb: Verb, body: bytes, version: int) -> Iterable[bytes]:
    """Give bodies like *body*, of which each has one value that nobody can read, or that nobody expects.

    A share of them: verbs that are told the same are told other parts of it.
    """
    if version < 200:
        fields = body.split(b"\0")[:-1]
        for place in _some(verb, range(1, len(fields))):
            yield b"\0".join([*fields[:place], b"x?", *fields[place + 1 :]]) + b"\0"
    else:
        for place in _some(verb, range(_BEHIND_THE_ID, len(body))):
            yield body[:place] + bytes([body[place] ^ 0x55]) + body[place + 1 :]


def _some(verb: Verb, places: range) -> range:
    if DEEP:
        return places
    step = max(1, len(places) // 4)
    return places[len(verb.name) % step :: step]


_BEHIND_THE_ID: Final = 10
"""Where the fields of a protobuf message begin that are not its id."""
_MAY_BE_EMPTY: Final = {"accounts.portfolio", *[verb.name for verb in VERBS if verb.is_stream]}
"""Verbs whose only row may have become one of another account; and of a stream, what has come may be nothing yet. Of
protobuf it may be any, since what was a list may have become a field that is not known."""


async def read_what_there_is(tws: Tws, verb: Verb) -> Any:
    """Give what *verb* gives; of a stream, all that has come."""
    if not verb.is_stream:
        return await verb.call(tws)
    items: list[Any] = []
    async with verb.call(tws) as stream:
        with anyio.move_on_after(0.5):
            async for item in stream:
                items.append(item)  # noqa: PERF401 (the deadline would take them with it)
    return items


@pytest.mark.virtual_time
@pytest.mark.parametrize("version", VERSIONS)
async def test_odd_values(version: int, anyio_backend: object) -> None:
    """Whatever stands in a message: it is given, or raised as what it is; and it makes no answer empty."""
    troubles: list[str] = []
    async with each_verb(version, anyio_backend) as (tws, peer, verbs):
        for verb in verbs:
            peer.answers = verb.answers
            async for rest in _each_odd_answer(tws, peer, verb):
                try:
                    found = await read_what_there_is(tws, verb)
                    if isinstance(found, Sized) and not found and verb.name not in _MAY_BE_EMPTY and version < 200:
                        troubles.append(f"{verb.name}: nothing, of {rest!r}")
                except ConnectionClosed:
                    raise
                except anytws.AnytwsError:
                    pass
                except Exception as problem:
                    troubles.append(f"{verb.name}: {problem!r} of {rest!r}")
                # Its cancel is heard first: that is what frees the place of what has no id.
                for _ in range(20):
                    await anyio.lowlevel.checkpoint()
                peer.open.clear()
    if troubles:
        pytest.fail("\n".join(troubles), pytrace=False)


async def _each_odd_answer(tws: Tws, peer: Peer, verb: Verb) -> AsyncGenerator[bytes]:
    """Have TWS say something odd to *verb*, each time something else."""
    samples: list[list[ToClient]] = []

    def take(_: Peer, __: Any, said: list[ToClient]) -> Iterable[Said]:
        samples.append(said)
        return said

    peer.twist = only(verb, take, times=1)
    await read_what_there_is(tws, verb)
    for place, sample in enumerate(samples[0]):
        for count, odd in enumerate(_with_odd_values(verb, peer.body_of(sample), peer.version)):

            def twist(peer: Peer, _: Any, said: list[ToClient], place: int = place, count: int = count) -> Any:
                bodies = [*_with_odd_values(verb, peer.body_of(said[place]), peer.version)] if place < len(said) else []
                return [*said[:place], *bodies[count : count + 1], *said[place + 1 :]]

            peer.twist = only(verb, twist, times=9)
            yield odd
            peer.twist = plainly


# --- links, the end --------------------------------------------------------------------------------------------------


@every()
async def test_the_link_is_lost_and_is_back_in_the_middle(tws: Tws, peer: Peer, verb: Verb) -> None:
    """1100 and 1102 are about none: all goes on."""
    lost, back = ErrorMessage(None, 1100, "lost"), ErrorMessage(None, 1102, "back")
    peer.twist = only(verb, lambda _, __, said: [lost, *said[:1], back, *said[1:]])
    found = await outcome(tws, verb)
    assert not isinstance(found, Exception), found
    assert verb.gives(found), found


@every()
async def test_data_are_lost_in_the_middle(tws: Tws, peer: Peer, verb: Verb) -> None:
    """1101 ends what TWS has lost, and says so; questions and accounts go on."""
    row = entry_for(verb.asks).conversation
    assert row is not None
    lost, back = ErrorMessage(None, 1100, "lost"), ErrorMessage(None, 1101, "back, and data lost")
    peer.twist = only(verb, lambda _, __, said: [*said[:-1], lost, back, *said[-1:]])
    is_lost = row.lost_with_link and (verb.is_stream or verb.verb in FIRST_OF_MANY)
    if is_lost and verb.name != "historical.download":
        failure = await raised_by(tws, verb)
        assert isinstance(failure, DataLost), failure
        # TWS knows nothing of it any more, and no cancel of a dead id is due.
        peer.open.clear()
        return
    found = await outcome(tws, verb)
    assert not isinstance(found, Exception), found
    assert verb.gives(found), found


@PLACES
async def test_the_connection_ends_in_the_middle_of_all_of_them(version: int, anyio_backend: object) -> None:
    """Whoever waits is told so; nobody is given a part as the whole, and nobody hangs."""
    found: dict[str, Any] = {}
    verbs = [verb for verb in VERBS if verb.since <= version]

    async def wait(tws: Tws, verb: Verb) -> None:
        try:
            found[verb.name] = await use(tws, verb, **({"more": 1} if verb.is_stream else {}))
        except ConnectionClosed as end:
            found[verb.name] = end

    with anyio.fail_after(PATIENCE), pytest.raises(ConnectionClosed):
        async with talking(version) as (tws, peer), anyio.create_task_group() as tasks:
            for verb in verbs:
                peer.answers = verb.answers
                peer.twist = only(verb, lambda _, __, said: said[:-1], times=2)
                tasks.start_soon(wait, tws, verb)
                for _ in range(30):
                    await anyio.lowlevel.checkpoint()
            await peer.hang_up()
            await anyio.sleep_forever()
    assert {name for name, end in found.items() if not isinstance(end, ConnectionClosed)} == set()
    assert {*found} == {verb.name for verb in verbs}
    assert len({id(end) for end in found.values()}) == len(found)


# --- late, never -----------------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("says", ["nothing", "a part", "late"])
async def test_late_and_never(version: int, says: str, anyio_backend: object) -> None:
    """`RequestTimedOut` says that it was sent and what had come; what comes later harms nobody."""

    async def check(tws: Tws, peer: Peer, verb: Verb) -> None:
        held: list[ToClient] = []
        parts = 0

        def twist(peer: Peer, request: Any, said: list[ToClient]) -> Iterable[Said]:
            nonlocal parts
            kept = said[:-1] if says == "a part" and not verb.is_stream else []
            if kept and verb.verb not in FIRST_OF_MANY:
                # What an execution cost comes with it, and is no part of the answer.
                parts = sum(type(each) in peer.plan(request).heard for each in kept)
            held.extend(said)
            return kept

        peer.twist = only(verb, twist, times=9)
        # Those that ask in doubt, or several times, do so once here.
        failure = await raised_by(tws, verb, timeout=5.0)
        assert isinstance(failure, RequestTimedOut), failure
        assert failure.sent
        assert len(failure.received) == parts
        if says == "late":
            before = sum(tws.statistics().late.values())
            await peer.say(*held)
            # An answer that comes for what drains is late as well.
            await until(lambda: sum(tws.statistics().late.values()) > before)
        await require_nothing_left(tws, peer)
        if says != "late":
            await anyio.sleep(61)
            assert tws.statistics().open_conversations == 0

    assert await check_each(version, anyio_backend, check, lambda verb: verb.has_timeout) > 0


# --- two callers -----------------------------------------------------------------------------------------------------


@every()
async def test_two_callers_at_once(tws: Tws, peer: Peer, verb: Verb) -> None:
    """Both are right; that one of them is cancelled is nothing to the other."""
    found: list[Any] = []

    async def call() -> None:
        found.append(await outcome(tws, verb))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        tasks.start_soon(call)
    assert all(verb.gives(each) for each in found), found
    await require_nothing_left(tws, peer)
    held: list[ToClient] = []

    def hold(_: Peer, __: Any, said: list[ToClient]) -> Iterable[Said]:
        held.extend(said)
        return []

    asked = sum(type(message) is verb.asks for message in peer.heard)
    peer.twist = only(verb, hold, times=9)
    found.clear()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as others:
                others.start_soon(outcome, tws, verb)
                await until(lambda: sum(type(message) is verb.asks for message in peer.heard) > asked)
                for _ in range(10):
                    await anyio.lowlevel.checkpoint()
                scope.cancel()
        # What changes something is said for each of them, one after the other.
        peer.twist = plainly
        for _ in range(10):
            await anyio.lowlevel.checkpoint()
        await peer.say(*held)
    assert verb.gives(found[0]), found


# --- cancelled at every checkpoint -----------------------------------------------------------------------------------


@every()
async def test_cancelled_wherever_it_may_be(tws: Tws, peer: Peer, verb: Verb) -> None:
    """At its first checkpoint, at its second, and so on: nothing is open at TWS or here, and the next call is right."""
    for victim in range(MANY):
        with anyio.CancelScope() as scope:

            def strike(count: int, victim: int = victim, scope: anyio.CancelScope = scope) -> None:
                if count == victim:
                    scope.cancel()

            await stepwise(use(tws, verb), strike)
        await require_nothing_left(tws, peer)
        if not scope.cancel_called:
            assert victim > 0, "there was no checkpoint"
            return
        await require_right(tws, peer, verb)
    raise AssertionError(f"more than {MANY} checkpoints")


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_task_of_asyncio_that_is_cancelled(anyio_backend: object) -> None:
    """By its own method: it is cancelled or done, and leaves nothing."""
    async with each_verb(226, anyio_backend) as (tws, peer, verbs):
        for verb in verbs:
            peer.answers = verb.answers
            for turns in (1, 3):
                task = asyncio.get_running_loop().create_task(use(tws, verb))
                for _ in range(turns):
                    await anyio.lowlevel.checkpoint()
                task.cancel()
                await asyncio.wait([task])
                assert task.cancelled() or verb.gives(task.result()), verb.name
                await require_nothing_left(tws, peer)
            await require_right(tws, peer, verb)


@every(lambda verb: verb.is_stream)
async def test_cancelled_while_its_reader_waits(tws: Tws, peer: Peer, verb: Verb) -> None:
    """A reader for whom nothing comes any more is let go, and leaves nothing."""
    items: list[Any] = []

    async def read() -> None:
        async with verb.call(tws) as stream:
            async for item in stream:
                items.append(item)  # noqa: PERF401 (others look at them meanwhile)
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        await until(lambda: verb.gives(items))
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()


# --- every documented error ------------------------------------------------------------------------------------------


def codes_of(verb: Verb) -> list[int]:
    """Give the codes that end what *verb* asks: of its row, of any request, of the table by name, and unlisted ones."""
    row = entry_for(verb.asks).conversation
    assert row is not None
    name = verb.asks.__name__
    if row.key is not Key.REQUEST_ID:
        return sorted(row.ends - {2100})
    named = {code for code in CODES if dict(CODES[code].effects).get(name) is Effect.ENDS}
    told = {int(number) for number in re.findall(r"\b(\d{3,5})\b", _promised(verb))} & {*CODES}
    ends = {code for code in told if CODES.effect_on_request(code, name) is Effect.ENDS}
    return sorted((row.ends | ENDS_ANYTHING | named | ends | {99_999}) - row.comments - row.unclear - {1100})


def _promised(verb: Verb) -> str:
    topic, _, name = verb.verb.partition(".")
    return getattr(topic_class(topic), name).__doc__ or ""


@every()
async def test_every_code_that_ends_it_is_raised(tws: Tws, peer: Peer, verb: Verb) -> None:
    """As `RequestFailed` with its code, or as the error that the docs name instead; never as an empty answer."""
    for code in codes_of(verb):

        def refuse(_: Peer, request: Any, __: list[ToClient], code: int = code) -> Iterable[Said]:
            return [ErrorMessage(under(verb, request), code, f"so {code}")]

        # 10282 has the meta data asked for again, and then the events.
        peer.twist = only(verb, refuse, times=9)
        failure = await raised_by(tws, verb)
        if isinstance(failure, NotFound):
            assert (code, verb.verb.partition(".")[0]) == (200, "contracts")
        else:
            assert isinstance(failure, RequestFailed), (code, failure)
            assert failure.code == code, (code, failure)
        await require_nothing_left(tws, peer)


@every(lambda verb: not has_id(verb) and verb.asks is not m.NewsBulletinsRequest)
async def test_an_error_without_an_id_is_about_what_has_none(tws: Tws, peer: Peer, verb: Verb) -> None:
    """Under none, or under 0 as some builds have it."""
    for number in (None, 0):
        said = [ErrorMessage(number, 321, "no")]
        peer.twist = only(verb, lambda _, __, ___, said=said: said)  # type: ignore[misc]
        failure = await raised_by(tws, verb)
        assert isinstance(failure, RequestFailed), failure
        assert failure.code == 321
        await require_nothing_left(tws, peer)


@every(lambda verb: has_id(verb) and verb.name != "historical.download")
async def test_tws_has_no_link_to_the_vendor(tws: Tws, peer: Peer, verb: Verb) -> None:
    """1100 under the id of a request ends it; a download waits (`tests/test_client_download.py`)."""
    peer.twist = only(verb, lambda _, request, said: [ErrorMessage(request.request_id, 1100, "lost"), *said], times=9)
    failure = await raised_by(tws, verb)
    assert isinstance(failure, RequestFailed), failure
    assert failure.code == 1100


# --- memory ----------------------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
async def test_no_verb_leaves_anything_in_memory(anyio_backend: object) -> None:
    """No question, no waiter and no stream lives on once its caller has gone."""
    async with each_verb(226, anyio_backend) as (tws, peer, verbs):
        for verb in verbs:
            peer.answers = verb.answers
            await require_right(tws, peer, verb)
        # A deadline keeps who has been answered until it passes, the longest of them that of a window.
        await anyio.sleep(130)
        assert tws.statistics().open_conversations == 0
        gc.collect()
        living = [each for each in gc.get_objects() if isinstance(each, (Asked, Streamed, Question))]
        assert [each for each in living if not isinstance(each.request, m.CurrentTimeRequest)] == []
