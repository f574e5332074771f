"""A day runs a program against a TWS: told after every event, started anew, at rest in the end, and repeatable."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from functools import partial
from hashlib import blake2b
from pathlib import Path

import anyio
import anyio.lowlevel
import attrs
import pytest

import anytws
from anytws.machines.presence import PresenceState
from anytws.messages import (
    CurrentTimeRequest,
    LimitOrder,
    OpenOrdersRequest,
    PlaceOrderRequest,
    Stock,
)
from anytws.simulator.faults import At, ConnectionLost, CutConnection, CutUnanswered, Event, NightlyRestart, On
from anytws.testing.days import repeatable, running
from anytws.testing.days.day import Day
from anytws.testing.days.plan import Plan
from anytws.testing.days.program import KeepConnected, fresh
from anytws.testing.days.running import NeverSettled, SimulatorFailed, WithoutPause, live, survey
from tests.days_helpers import BUY, HEDGE, Hedger, idle, plan


def test_a_program_lives_through_a_day():
    day = live(plan(), Hedger)
    assert day.is_at_rest
    assert day.position("AAPL") == 100
    assert day.position("MSFT") == -100
    assert [(fill.ref, fill.symbol, fill.shares) for fill in day.fills()] == [
        (BUY, "AAPL", Decimal(100)),
        (HEDGE, "MSFT", Decimal(-100)),
    ]
    assert day.fills(HEDGE)[0].time.utcoffset().total_seconds() == 0
    assert day.fills("none") == ()
    assert day.live_orders == ()
    assert day.story.messages > 20
    assert day.now >= 60.0


class _Stays:
    """Stays connected, and notes what it is told of the gaps."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def run(self, keep_connected: KeepConnected) -> None:
        async with keep_connected(client_id=1) as tws:
            trade = await tws.orders.place(Stock("AAPL"), LimitOrder("BUY", 10, 1), ref="once")
            async for presence in tws.presence.changes():
                self.seen.append(presence.state.value)
                if "waiting" in self.seen and presence.state is PresenceState.PRESENT:
                    await trade.cancel()


def test_a_program_may_stay_connected_through_the_restarts_of_the_day():
    made: list[_Stays] = []

    def program() -> _Stays:
        made.append(_Stays())
        return made[-1]

    day = live(plan(Event(At(20.0), NightlyRestart(refused_seconds=10.0))), program)
    assert day.live_orders == ()
    assert day.story.connections > 1
    assert "waiting" in made[0].seen
    assert "connection 1 is over" in str(day.story)


def test_the_test_is_called_after_every_event_and_once_at_rest():
    seen = []

    def check(day: Day) -> None:
        told = day.story.messages
        seen.append((day.now, told, day.is_at_rest, day.position("AAPL"), day.position("MSFT")))

    day = live(plan(), Hedger, check)
    assert [at_rest for *_, at_rest, _, _ in seen].count(True) == 1
    assert seen[-1][2]
    assert len(seen) >= day.world.requests
    positions = list(dict.fromkeys((apple, microsoft) for *_, apple, microsoft in seen))
    assert positions == [(0, 0), (100, 0), (100, -100)]
    assert [now for now, *_ in seen] == sorted(now for now, *_ in seen)


def test_what_the_test_raises_ends_the_day_and_has_the_story():
    calls = []

    def check(day: Day) -> None:
        calls.append(day.now)
        assert day.position("MSFT") == 0, "it has hedged"

    with pytest.raises(AssertionError, match="it has hedged") as caught:
        live(plan(schedule=4), Hedger, check)
    assert calls[-1] < 1.0
    made, story, again = caught.value.__notes__
    assert made.strip() == "The day: Plan(schedule=4, seconds=60.0)"
    assert "-> PlaceOrderRequest 2: SELL 100 MSFT MKT ref=hedge-1" in story
    assert f"anytws.testing.replay({plan(schedule=4).token!r})" in again


def test_what_the_program_raises_ends_the_day():
    async def program(tws) -> None:
        await tws.current_time()
        raise LookupError("a bug")

    with pytest.raises(LookupError, match="a bug") as caught:
        live(plan(), program)
    assert "CurrentTimeRequest" in caught.value.__notes__[1]


def test_a_program_whose_connection_ends_is_started_anew():
    """With the next connection; what it has of its own lives on."""
    tries = []

    class Counting:
        async def run(self, tws) -> None:
            tries.append((id(self), tws.client_id))
            await idle(tws)

    day = live(plan(Event(At(10.0), CutConnection())), Counting)
    assert len(tries) == 2
    assert len(set(tries)) == 1
    assert day.story.connections == 2
    ends = [told for told in day.story if told.is_an_end]
    assert [told.connection for told in ends] == [1]
    assert ends[0].now == 10.0


def test_a_day_has_a_fresh_program():
    made = []

    class Counting:
        def __init__(self) -> None:
            made.append(self)

        async def run(self, tws) -> None:
            await idle(tws)

    live(plan(), Counting)
    live(plan(), Counting)
    assert len(made) == 2


def test_while_tws_is_away_it_is_tried_again_and_again():
    day = live(plan(Event(At(10.0), NightlyRestart(12.0))), idle)
    texts = [told.text for told in day.story if told.said_by is None]
    assert sum(text.startswith("no connection: ") for text in texts) == 2
    assert day.is_connected or day.story.connections == 2


def test_a_program_that_comes_to_its_end_is_not_started_again():
    async def once(tws) -> None:
        await tws.current_time()

    day = live(plan(), once)
    assert day.story.connections == 1
    assert any(told.text == "the program has closed connection 1" for told in day.story)


def test_a_program_may_end_with_its_connection():
    """A loop over events ends with the connection, and that is no end of the program."""

    async def reads(tws) -> None:
        async for _ in tws.events():
            pass

    assert live(plan(Event(At(10.0), CutConnection())), reads).story.connections == 2


def test_a_program_may_be_started_anew_after_errors_of_its_own_choice():
    async def asks(tws) -> None:
        await tws.ask(OpenOrdersRequest(), timeout=5.0)
        await idle(tws)

    lost = plan(Event(At(0.0), ConnectionLost(8.0)))
    with pytest.raises(anytws.RequestTimedOut):
        live(lost, asks)
    assert live(lost, asks, restart_on=(anytws.RequestTimedOut,)).story.connections == 2


def test_groups_of_ends_are_ends():
    async def grouped(tws) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(tws.closed)
            tasks.start_soon(idle, tws)

    assert live(plan(Event(At(10.0), CutConnection())), grouped).story.connections == 2


def test_a_program_may_connect_by_itself():
    ends = []

    async def program(connect=anytws.connect) -> None:
        while len(ends) < 2:
            try:
                async with connect("10.0.0.7", 4001, client_id=9, connect_timeout=3.0) as tws:
                    await idle(tws)
            except anytws.ConnectionClosed as closed:
                ends.append(closed.reason)
            except anytws.TcpConnectFailed as failed:
                ends.append(failed.address)
            await anyio.sleep(1.0)

    live(plan(Event(At(10.0), NightlyRestart(3.0))), program)
    assert ends == [anytws.CloseReason.RESET, "10.0.0.7:4001"]


def test_a_day_that_does_not_settle_fails():
    async def never_content(tws) -> None:
        while True:
            order = LimitOrder("BUY", 1, 1.0, order_reference="again")
            sent = tws.send(PlaceOrderRequest(Stock("AAPL"), order))
            await sent
            await anyio.sleep(20)

    with pytest.raises(NeverSettled, match="still change, 30 minutes after the last fault"):
        live(plan(), never_content)


def test_a_program_that_stays_away_fails():
    async def gives_up(connect) -> None:
        async with connect(client_id=1) as tws:
            await tws.current_time()
        await anyio.sleep_forever()

    with pytest.raises(NeverSettled, match="is not connected, 30 minutes after the last fault"):
        live(plan(), gives_up)


def test_a_program_that_never_waits_fails(monkeypatch: pytest.MonkeyPatch):
    """The clock would wait for it for ever."""

    async def spins(tws) -> None:
        await anyio.sleep(3.0)
        while True:
            await anyio.lowlevel.checkpoint()

    monkeypatch.setattr(repeatable, "MOST_STEPS", 2000)
    with pytest.raises(WithoutPause, match="never wait: at 3 s time stands still"):
        live(plan(), spins)


def test_faults_are_over_after_so_many_messages():
    async def talks(tws) -> None:
        while True:
            await tws.ask(OpenOrdersRequest())
            await anyio.sleep(1.0)

    day = live(plan(Event(At(50.0), CutConnection()), messages=20), talks)
    (over,) = [told for told in day.story if "nothing goes wrong" in told.text]
    assert over.now < 20.0
    assert day.story.connections == 1


def test_a_failure_of_the_simulator_is_not_hidden(monkeypatch: pytest.MonkeyPatch):
    def broken(self, link, request) -> None:
        raise ZeroDivisionError("a bug of ours")

    monkeypatch.setattr(running.WatchedWorld, "note_heard", broken)
    with pytest.raises(SimulatorFailed, match="a bug of ours") as caught:
        live(plan(), Hedger)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_survey_gives_the_story_whatever_becomes_of_the_program():
    async def program(tws) -> None:
        await tws.ask(CurrentTimeRequest())
        raise LookupError

    assert "CurrentTimeRequest" in str(survey(plan(), program))


def digest(*stories: object) -> str:
    return blake2b("\n".join(map(str, stories)).encode(), digest_size=8).hexdigest()


FAULTY = plan(
    Event(On("PlaceOrderRequest", nth=2), CutUnanswered()),
    Event(At(20.0), ConnectionLost(5.0, data_lost=True)),
    Event(At(40.0), NightlyRestart(3.0)),
    schedule=11,
)


def test_the_same_plan_is_the_same_day():
    assert digest(live(FAULTY, Hedger).story) == digest(live(FAULTY, Hedger).story)


def test_another_schedule_lets_tasks_run_in_another_order():
    async def races(tws) -> None:
        async with anyio.create_task_group() as tasks:
            for request in (OpenOrdersRequest(), CurrentTimeRequest()):
                tasks.start_soon(tws.ask, request)

    stories = {digest(live(attrs.evolve(plan(), schedule=number), races).story) for number in range(6)}
    assert len(stories) == 2


def test_a_day_is_the_same_in_every_process():
    """Under every hash seed, and whether it is the first day of its process or not."""
    source = "from tests.test_days_running import *\nfor _ in range(2): print(digest(live(FAULTY, Hedger).story))"
    root = Path(__file__).parent.parent
    path = os.pathsep.join([str(root), *[path for path in sys.path if path]])
    said = [
        subprocess.run(
            [sys.executable, "-c", source],
            capture_output=True,
            text=True,
            check=True,
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
        ).stdout.split()
        for seed in ("12345",)
    ]
    assert {each for lines in said for each in lines} == {digest(live(FAULTY, Hedger).story)}


def test_it_leaves_the_order_of_tasks_and_the_clock_of_readers_as_they_were():
    import trio._core._run as scheduler

    from anytws.runtime import stream

    before, clock = scheduler._r.getstate(), stream.perf_counter
    live(plan(), idle)
    assert scheduler._r.getstate() == before
    assert stream.perf_counter is clock


def test_a_trio_that_is_too_old_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(repeatable, "version", lambda name: "0.34.1")
    with pytest.raises(ImportError, match=r"anytws.testing.days needs trio 0\.35, and trio 0\.34\.1 is installed"):
        live(plan(), idle)


def test_without_the_plugins_of_hypothesis_it_says_so(monkeypatch: pytest.MonkeyPatch):
    import trio._core._run as scheduler

    monkeypatch.setattr(scheduler, "_ALLOW_DETERMINISTIC_SCHEDULING", False)
    with pytest.raises(RuntimeError, match="HYPOTHESIS_NO_PLUGINS"):
        live(plan(), idle)


class Run:
    async def run(self, tws) -> None:
        raise NotImplementedError


class Called:
    async def __call__(self, connect) -> None:
        raise NotImplementedError


class Bound:
    async def trade(self, tws) -> None:
        raise NotImplementedError


@pytest.mark.parametrize(
    "program, connects",
    [
        (idle, False),
        (Run, False),
        (Called, True),
        (partial(Run), False),
        (Called(), True),
        (Bound().trade, False),
        (lambda: Bound().trade, False),
    ],
)
def test_what_a_program_may_be(program, connects: bool):
    assert fresh(program).connects is connects


async def takes_nothing() -> None:
    raise NotImplementedError


@pytest.mark.parametrize(
    "program, wanted",
    [
        (3, "has to be an async function"),
        (takes_nothing, "takes no parameter"),
        (lambda: 3, "cannot be called and has no method run"),
        (lambda: takes_nothing, "takes no parameter"),
    ],
)
def test_what_is_no_program_is_told(program, wanted: str):
    with pytest.raises(TypeError, match=wanted):
        fresh(program)


def test_what_a_day_shows():
    async def places(tws) -> None:
        order = LimitOrder("BUY", 10, 1.0, order_reference="low")
        await tws.send(PlaceOrderRequest(Stock("AAPL"), order))
        await idle(tws)

    day = live(plan(), places)
    (order,) = day.live_orders
    assert (order.ref, order.symbol, order.quantity, order.filled, order.remaining) == ("low", "AAPL", 10, 0, 10)
    assert order.order_id == 1
    with pytest.raises(LookupError):
        day.position("NOTHINGLIKEIT")
    assert repr(day).startswith("<Day at 14:")
    assert day.plan == plan()
    assert isinstance(day.plan, Plan)
