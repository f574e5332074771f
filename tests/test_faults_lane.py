"""One way of one connection, with the faults of its bytes: without IO, time as a number."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.simulator import HangUp
from anytws.simulator.faults import Bandwidth, Latency, LimitData, ResetPeer, Slicer, SlowClose, Timeout
from anytws.simulator.faults.active import Active
from anytws.simulator.faults.lane import ROOM, Lane


def lane_of(*toxics: object, seed: int = 1, number: int = 1) -> Lane:
    """Give a lane with *toxics*, which hold since time 0."""
    active = [Active(place, toxic, 0.0, None) for place, toxic in enumerate(toxics, 1)]
    return Lane(lambda: active, seed, number, 0.0)


def run(lane: Lane, until: float = math.inf) -> list[tuple[float, object]]:
    """Give all that comes out by *until*, each with its time."""
    found = []
    while (due := lane.wake_at()) < min(until, 1e8):
        passed = lane.take(due)
        assert passed is not None
        found.append((round(due, 6), passed))
    return found


def test_without_faults_bytes_pass_at_once():
    lane = lane_of()
    lane.put(b"one", 1.0)
    lane.end(HangUp.EOF, 1.5)
    lane.put(b"too late", 1.6)
    assert run(lane) == [(1.0, b"one"), (1.5, HangUp.EOF)]
    assert lane.is_empty


@pytest.mark.card("faults.latency")
def test_latency_delays_bytes_and_the_end():
    lane = lane_of(Latency(latency=100))
    lane.put(b"one", 1.0)
    lane.put(b"two", 1.05)
    lane.end(HangUp.EOF, 1.06)
    assert lane.take(1.09) is None
    assert run(lane) == [(1.1, b"one"), (1.15, b"two"), (1.16, HangUp.EOF)]


@pytest.mark.card("faults.latency")
def test_jitter_is_within_its_bounds_and_nothing_is_overtaken():
    lane = lane_of(Latency(latency=100, jitter=50))
    for place in range(100):
        lane.put(b"%d" % place, place * 1.0)
    times = run(lane)
    assert [int(data) for _, data in times] == list(range(100))
    delays = [due - place for place, (due, _) in enumerate(times)]
    assert all(0.0499 <= delay <= 0.1501 for delay in delays)
    assert len(set(delays)) > 20


@pytest.mark.card("faults.bandwidth")
def test_a_line_carries_so_much_a_second():
    lane = lane_of(Bandwidth(rate=10))
    lane.put(bytes(10_000), 0.0)
    lane.put(bytes(5_000), 0.5)
    lane.put(b"", 0.5)
    lane.put(bytes(1_000), 10.0)
    assert [(due, len(data)) for due, data in run(lane) if data] == [(1.0, 10_000), (1.5, 5_000), (10.1, 1_000)]


@pytest.mark.card("faults.slicer")
@given(st.binary(max_size=500), st.integers(1, 100), st.integers(0, 200), st.integers(0, 1000))
def test_slices_are_the_same_bytes(data, average_size, size_variation, delay):
    toxic = Slicer(average_size=average_size, size_variation=size_variation, delay=delay)
    lane = lane_of(toxic)
    lane.put(data, 0.0)
    pieces = run(lane)
    assert b"".join(piece for _, piece in pieces) == data
    vary = min(size_variation, average_size - 1)
    assert all(average_size - vary <= len(piece) <= average_size + vary for _, piece in pieces[:-1])
    assert [due for due, _ in pieces] == [round(delay * place / 1e6, 6) for place in range(1, len(pieces) + 1)]


@pytest.mark.card("faults.limit_data")
@pytest.mark.parametrize("pieces", [[b"abcdefgh"], [b"abc", b"de", b"fgh"], [b"abcde", b"f"]])
def test_so_many_bytes_and_the_end(pieces):
    lane = lane_of(LimitData(5))
    for piece in pieces:
        lane.put(piece, 0.0)
    *said, end = [passed for _, passed in run(lane)]
    assert (b"".join(said), end) == (b"abcde", HangUp.EOF)
    lane.end(HangUp.RESET, 1.0)
    assert run(lane) == []


@pytest.mark.card("faults.slow_close")
def test_the_end_is_told_late():
    lane = lane_of(SlowClose(500))
    lane.put(b"one", 0.0)
    lane.end(HangUp.EOF, 0.0)
    assert run(lane) == [(0.0, b"one"), (0.5, HangUp.EOF)]


@pytest.mark.card("faults.timeout")
def test_nothing_gets_through_until_the_close():
    lane = lane_of(Timeout(2000))
    lane.put(b"lost", 1.0)
    assert lane.take(1.0) is None
    assert run(lane) == [(2.0, HangUp.EOF)]
    silent = lane_of(Timeout(0))
    silent.put(b"lost", 1.0)
    silent.end(HangUp.EOF, 1.0)
    assert run(silent) == []


@pytest.mark.card("faults.reset_peer")
def test_a_reset_overtakes_what_is_on_its_way():
    lane = lane_of(Latency(latency=5000), ResetPeer(1000))
    lane.put(b"one", 0.0)
    assert run(lane) == [(1.0, HangUp.RESET)]


def test_several_faults_at_once():
    lane = lane_of(Slicer(average_size=2), Latency(latency=100), LimitData(3))
    lane.put(b"abcdef", 0.0)
    assert run(lane) == [(0.1, b"ab"), (0.1, b"c"), (0.1, HangUp.EOF)]


def test_chance_is_that_of_the_seed_and_the_connection():
    def story(**keys: int) -> list[tuple[float, object]]:
        lane = lane_of(Latency(latency=1000, jitter=1000), **keys)
        for place in range(20):
            lane.put(b"x", float(place))
        return run(lane)

    assert story(seed=1) == story(seed=1) != story(seed=2)
    assert story(number=1) != story(number=2)


def test_it_says_when_it_is_full():
    lane = lane_of(Latency(latency=1000))
    lane.put(bytes(ROOM), 0.0)
    assert lane.is_full
    assert lane.take(1.0)
    assert not lane.is_full
