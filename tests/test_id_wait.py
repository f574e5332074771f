"""A client id that is still in use is waited for, as long as one likes: by a fake clock, and once for real."""

from __future__ import annotations

from functools import partial

import anyio
import pytest

import anytws
from anytws import ClientIdInUse, CloseReason, ConnectError, ConnectionClosed, Stage, State
from anytws.client.id_wait import FIRST_PAUSE, LONGEST_PAUSE, within
from anytws.simulator import World
from anytws.simulator.serve import serve

REFUSAL = ConnectionClosed(CloseReason.CLIENT_ID_IN_USE, State.AWAITING_NEXT_VALID_ID, stage=Stage.START)


class Attempts:
    """Fails so many times, each after some time, and tells when it was tried."""

    def __init__(self, failures: int, problem: type[ConnectError] = ClientIdInUse, seconds: float = 0.0) -> None:
        self.failures = failures
        self.problem = problem
        self.seconds = seconds
        self.times: list[float] = []

    async def __call__(self) -> str:
        self.times.append(anyio.current_time())
        await anyio.sleep(self.seconds)
        if len(self.times) <= self.failures:
            raise self.problem(Stage.START, REFUSAL, "127.0.0.1:7497")
        return "in"


@pytest.mark.virtual_time
async def test_pauses_grow_and_the_last_attempt_is_at_the_end_of_the_time():
    attempts = Attempts(1_000)
    with pytest.raises(ClientIdInUse) as caught:
        await within(20, attempts)
    pauses = [after - before for before, after in zip(attempts.times, attempts.times[1:], strict=False)]
    assert pauses[0] == FIRST_PAUSE
    assert max(pauses) <= 1.5 * LONGEST_PAUSE
    assert pauses[:-1] == sorted(pauses[:-1])
    assert attempts.times[-1] == 20
    assert caught.value.__notes__ == [f"the last of {len(attempts.times)} attempts in 20 s (id_wait)"]


@pytest.mark.virtual_time
async def test_it_goes_on_as_soon_as_the_id_is_free():
    attempts = Attempts(2)
    assert await within(20, attempts) == "in"
    assert len(attempts.times) == 3


@pytest.mark.virtual_time
async def test_without_it_the_first_refusal_is_raised_as_it_is():
    with pytest.raises(ClientIdInUse) as caught:
        await within(0, Attempts(1))
    assert not hasattr(caught.value, "__notes__")


@pytest.mark.virtual_time
async def test_no_other_refusal_is_waited_out():
    attempts = Attempts(1, anytws.RefusedByTws)
    with pytest.raises(anytws.RefusedByTws):
        await within(20, attempts)
    assert len(attempts.times) == 1


@pytest.mark.virtual_time
async def test_to_wait_can_be_cancelled():
    with anyio.move_on_after(3) as patience:
        await within(20, Attempts(1_000))
    assert patience.cancelled_caught
    assert anyio.current_time() == 3


async def test_a_client_whose_id_becomes_free(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("anytws.client.id_wait.FIRST_PAUSE", 0.01)
    async with serve(World()) as tws, anyio.create_task_group() as tasks:
        connect = partial(anytws.connect, tws.host, tws.port, client_id=7)
        with pytest.raises(ClientIdInUse):
            async with connect():
                async with connect():
                    raise AssertionError("the id is in use")
        first = connect()
        await first.__aenter__()

        async def second() -> None:
            async with connect(id_wait=20) as client:
                assert client.state is State.READY

        tasks.start_soon(second)
        await anyio.sleep(0.03)
        await first.__aexit__(None, None, None)


@pytest.mark.parametrize("wrong,kind", [(-1, ValueError), ("20", TypeError), (float("nan"), ValueError)])
def test_what_is_no_time_is_told_at_the_call(wrong, kind):
    with pytest.raises(kind, match="id_wait"):
        anytws.connect(id_wait=wrong)
