"""A seeded share of `tests.order_cuts`: orders over a line that is cut, on both event loops, in text and protobuf."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Final

import anyio
import pytest

from anytws.simulator.serve import memory_pair
from tests import order_crowds, order_cuts
from tests.cutting import Cut, CutLine, End, Way, ends_of, run_jumping
from tests.order_crowds import crowd_sweep
from tests.order_cuts import CLIENT, MODES, VERSIONS, Count, a_tws, once, swept
from tests.order_judge import DEEDS, Judge, Wrong

SEED: Final = 20260307
STEP: Final = {Way.UP: 150, Way.DOWN: 400}
"""Bytes between two cuts: some places of each message."""


@pytest.mark.parametrize("name", DEEDS)
def test_an_order_is_acknowledged_refused_or_unknown_and_what_is_unknown_is_found(name: str) -> None:
    """Each deed, on both loops, in both modes; which way, which bytes, and which version, the seed says."""
    chance = random.Random(f"{SEED} {name}")
    backends = ["asyncio", "trio"]
    chance.shuffle(backends)
    for mode, backend, way in zip(MODES, backends, chance.sample(list(Way), 2), strict=True):
        step = STEP[way]
        begin = chance.randrange(step) if name != "cancel" else chance.randrange(11)
        count = swept(DEEDS[name], chance.choice(VERSIONS), backend, mode, way, begin=begin, step=step)
        assert not count.troubles, count.troubles
        if way is Way.UP and begin < 80 and name != "cancel":
            assert count.cuts > 0


@pytest.mark.parametrize("backend", ["trio"])
def test_a_hundred_orders_at_once(backend: str) -> None:
    """Cut amid what the client says: what had left, what may have, and what had not."""
    count = Count()

    async def main() -> None:
        await crowd_sweep(226, Way.UP, count, begin=40, step=1000, asked=10)

    run_jumping(main, backend)
    assert count.cuts == 1
    assert not count.troubles, count.troubles
    assert count.words["OrderUnknown none"] > 20
    assert count.words["never_arrived"] > 20
    assert count.words["known"] + count.words["live"] + count.words["done"] > 0


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_order_that_is_held_back_and_cut_off_under_keep_connected_is_unknown(backend: str) -> None:
    """Nobody waits for an answer of TWS there, but for the bytes to leave."""
    assert once(f"held_back/176/{backend}/kept/up:199:at write").word == "OrderUnknown never_arrived"


# --- the instruments -------------------------------------------------------------------------------------------------


async def test_the_judge_sees_what_is_not_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A world that forgets an order, or has two of it, is not what is believed."""
    limit = DEEDS["limit"]
    async with a_tws(226) as served:

        async def forget(judge: Judge) -> None:
            monkeypatch.setattr(judge, "held", lambda _: None)

        judge = Judge(served.world, limit, "a")
        await forget(judge)
        async with order_cuts.anytws.connect_stream(await served.connect(), client_id=CLIENT) as tws:
            await limit.do(tws, "a")
            with pytest.raises(Wrong, match="is not there"):
                judge.check_beliefs(tws)
            with pytest.raises(Wrong, match="TWS has it not"):
                judge.check_told(None, CutLine(memory_pair()[0]))
            Judge(served.world, limit, "a").check_beliefs(tws)
            await limit.do(tws, "b")
            for held in served.world.exchange.orders.live:
                held.order = order_cuts.attrs.evolve(held.order, order_reference="a")
            with pytest.raises(Wrong, match="2 orders"):
                Judge(served.world, limit, "a").check_beliefs(tws)


@pytest.mark.parametrize("end", End)
async def test_a_line_is_cut_where_it_should_be(end: End) -> None:
    ours, theirs = memory_pair()
    line = CutLine(ours)
    await line.send(b"before")
    line.arm(Cut(Way.UP, 5, end))
    await line.send(b"abc")
    if end is End.AT_WRITE:
        with pytest.raises(anyio.BrokenResourceError):
            await line.send(b"defg")
    else:
        await line.send(b"defg")
    assert line.is_cut
    assert await theirs.receive() == b"beforeabcde"
    with pytest.raises(anyio.BrokenResourceError):
        await theirs.receive()
    with pytest.raises(anyio.EndOfStream if end is End.EOF else anyio.BrokenResourceError):
        await line.receive()
    with pytest.raises(anyio.BrokenResourceError):
        await line.send(b"more")
    assert (bytes(line.up), bytes(line.wanted)) == (b"abcde", b"abcdefg")
    await line.aclose()


async def test_a_line_is_cut_amid_what_is_heard() -> None:
    ours, theirs = memory_pair()
    line = CutLine(ours)
    line.arm(Cut(Way.DOWN, 3))
    await theirs.send(b"abcde")
    assert await line.receive() == b"abc"
    with pytest.raises(anyio.BrokenResourceError):
        await line.receive()
    await line.aclose()


def test_where_messages_end() -> None:
    assert ends_of(b"\0\0\0\1a\0\0\0\2bc\0\0\0\3d") == [0, 5, 11]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_time_jumps(backend: str) -> None:
    async def sleep() -> float:
        began = anyio.current_time()
        await anyio.sleep(3600)
        return anyio.current_time() - began

    assert run_jumping(sleep, backend) == pytest.approx(3600)


def test_the_command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def called(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["order_cuts", *arguments])
        assert order_cuts.main() == 0
        return capsys.readouterr().out

    chosen = ("--deeds", "cancel", "--versions", "226", "--backends", "trio", "--modes", "plain", "--step", "9")
    assert called(*chosen).endswith("cuts, 0 failures\n")
    assert "OrderUnknown" in called("--at", "limit/226/trio/plain/up:50:reset")
    broken: Callable[..., object] = lambda *_, **__: Count(1, troubles=["limit/…"])  # noqa: E731
    monkeypatch.setattr(order_crowds, "crowd_swept", broken)
    monkeypatch.setattr(sys, "argv", ["order_crowds", "--versions", "226", "--backends", "trio"])
    assert order_crowds.main() == 1
    assert "WRONG limit/…" in capsys.readouterr().out
