"""Any byte is life: when TWS is asked for some, and when it is given up. The machine alone, and inside of a session."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws import CloseReason, ConnectionClosed, State
from anytws.machines import drive
from anytws.machines.liveness import BETWEEN_PROBES, CLOCK_DISTANCE, LATE, Act, Liveness
from anytws.machines.pacing import Pacing
from anytws.messages import (
    ContractDataRequest,
    CurrentTime,
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    ErrorMessage,
    Stock,
)
from tests.conversing import VERSIONS, Line

SECONDS: Final = 20.0
NOON: Final = CurrentTime(datetime(2026, 1, 5, 12, tzinfo=UTC))
LATER: Final = CurrentTime(datetime(2026, 1, 5, 13, tzinfo=UTC))
PROBE: Final = CurrentTimeRequest()


def line(version: int = 225, seconds: float = SECONDS, **options: Any) -> Line:
    """Give a session that looks for life, which began just now."""
    return Line(version, is_settled=False, liveness=seconds, **options)


def test_what_was_seen_is_told_in_seconds_that_a_person_would_say() -> None:
    """A clock never wakes on the dot: 15.0022 s says no more than 15."""
    assert "said nothing for 15 s, and" in Liveness(5.0).verdict(15.0022)
    assert "said nothing for 10800.5 s, and" in Liveness(3600.0).verdict(10800.5)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_tws_that_is_silent_is_asked_twice_and_given_up(version: int) -> None:
    """After as long as was said each time, to the second."""
    silent = line(version)
    began = silent.now
    silent.pass_time(SECONDS - 0.001)
    assert silent.take() == []
    silent.pass_time(0.001)
    assert silent.take() == [PROBE]
    silent.pass_time(SECONDS - 0.001)
    assert silent.take() == []
    silent.pass_time(0.001)
    assert silent.take() == [PROBE]
    silent.pass_time(SECONDS - 0.001)
    assert silent.session.state is State.READY
    silent.pass_time(0.001)
    closed = silent.session.closed
    assert closed is not None
    assert closed.reason is CloseReason.UNRESPONSIVE
    assert "said nothing for 60 s, and has not answered 2 requests for its clock, 20 s each" in closed.detail
    assert silent.now == began + 3 * SECONDS
    assert silent.session.wake_at() is None


def test_any_byte_is_life() -> None:
    """Half a frame is enough, an error, a notice; each puts off the next question by as long again."""
    alive = line()
    bytes_of_a_frame = alive.bytes_of(NOON)
    pieces = [bytes_of_a_frame[:1], bytes_of_a_frame[1:], alive.bytes_of(ErrorMessage(None, 2104, "ok:usfarm"))]
    for piece in pieces * 3:
        alive.pass_time(SECONDS - 0.5)
        alive.say_bytes(piece)
    assert alive.take() == []
    alive.pass_time(SECONDS)
    assert alive.take() == [PROBE]


def test_an_answer_to_either_probe_begins_it_all_anew() -> None:
    alive = line()
    for _ in range(3):
        alive.pass_time(SECONDS)
        assert alive.take() == [PROBE]
        alive.pass_time(SECONDS)
        assert alive.take() == [PROBE]
        alive.pass_time(SECONDS - 0.001)
        alive.say(NOON)
    assert alive.session.state is State.READY
    assert alive.session.statistics().open_conversations <= 1


def test_an_answer_at_the_very_moment_of_the_probe_is_one() -> None:
    """A clock that stands still between the two is no silence."""
    alive = line()
    for _ in range(5):
        alive.pass_time(SECONDS)
        assert alive.take() == [PROBE]
        alive.say(NOON)
    assert alive.session.state is State.READY


def test_it_looks_only_when_the_session_is_ready() -> None:
    """Before that the handshake has deadlines of its own."""
    looking = Liveness(5)
    assert looking.wake_at is None
    assert looking.step(1e6, is_read=True, clock_said_at=None, is_clock_asked=False) is Act.NOTHING
    assert Line(is_settled=False).session.wake_at() is None


def test_who_asks_for_the_clock_while_a_probe_is_out_gets_its_answer() -> None:
    """One request on the wire, one answer, and nobody else hears of the probe."""
    asking = line()
    asking.pass_time(SECONDS)
    assert asking.take() == [PROBE]
    asked = asking.ask(CurrentTimeRequest())
    assert asking.take() == []
    assert asking.session.news() == []
    asking.say(NOON)
    assert asking.session.news() == [asked]
    assert asked.take() == NOON
    assert asking.session.statistics().late == {}


def test_who_asks_for_the_other_clock_waits_for_the_probe() -> None:
    asking = line()
    asking.pass_time(SECONDS)
    asked = asking.ask(CurrentTimeInMillisRequest())
    assert asking.take() == [PROBE]
    asking.say(NOON)
    asking.pass_time(1.5)
    assert asking.take() == [CurrentTimeInMillisRequest()]
    assert not asked.is_over


def test_after_two_probes_the_second_answer_is_nobody_s() -> None:
    """Who asks between the two answers gets a third."""
    asking = line()
    asking.pass_time(2 * SECONDS)
    assert asking.take() == [PROBE, PROBE]
    asking.say(NOON)
    asked = asking.ask(CurrentTimeRequest())
    asking.say(NOON)
    assert not asked.is_over
    asking.pass_time(1.5)
    assert asking.take() == [PROBE]
    asking.say(LATER)
    assert asked.take() == LATER


def test_what_somebody_has_asked_is_a_probe() -> None:
    """While that is open nothing else is said; its silence counts, and it is said once more before the end."""
    asking = line()
    asking.pass_time(SECONDS - 2)
    asked = asking.ask(CurrentTimeRequest(), math.inf)
    assert asking.take() == [PROBE]
    asking.pass_time(2 + SECONDS - 0.001)
    assert asking.take() == []
    asking.pass_time(0.001)
    assert asking.take() == [PROBE]
    asking.pass_time(SECONDS)
    assert asking.session.closed is not None
    with pytest.raises(ConnectionClosed):
        asked.take()


def test_a_question_that_was_given_up_is_a_probe_as_well() -> None:
    """Its slot drains, and what comes of it is nobody's; the probe is said all the same."""
    asking = line()
    asking.pass_time(SECONDS - 2)
    asking.ask(CurrentTimeRequest(), 1.0)
    asking.pass_time(2.0)
    assert asking.take() == [PROBE]
    asking.pass_time(SECONDS)
    assert asking.take() == [PROBE]
    asking.say(NOON)
    asking.pass_time(SECONDS)
    assert asking.take() == [PROBE]
    assert asking.session.state is State.READY


def test_a_probe_keeps_its_distance_from_what_was_asked() -> None:
    """TWS ignores the second of two requests without a word."""
    asking = line(seconds=2.0)
    asking.ask(CurrentTimeRequest())
    asking.say(NOON)
    assert asking.take() == [PROBE]
    asking.pass_time(CLOCK_DISTANCE - 0.001)
    assert asking.take() == []
    asking.pass_time(0.001)
    assert asking.take() == [PROBE]


def test_a_request_by_hand_counts_too() -> None:
    asking = line(seconds=2.0)
    asking.session.send(CurrentTimeRequest(), asking.now)
    asking.move()
    asking.say(NOON)
    assert asking.take() == [PROBE]
    asking.pass_time(CLOCK_DISTANCE - 0.001)
    assert asking.take() == []


@pytest.mark.parametrize("seconds", [1.75, 2.0, 3.0])
def test_the_end_comes_in_time_where_no_byte_leaves(seconds: float) -> None:
    """A queue that is stuck has ten seconds otherwise; here the silence is noticed first."""
    stuck = line(seconds=seconds)
    stuck.is_writing = False
    for _ in range(20):
        stuck.session.ask(ContractDataRequest(Stock("AAPL")), stuck.now)
    stuck.pass_time(3 * seconds)
    assert stuck.session.closed is not None
    assert "liveness" in stuck.session.closed.detail


def test_a_queue_that_is_full_keeps_no_probe_back() -> None:
    full = line(seconds=2.0)
    full.is_writing = False
    while not full.session.conversations.is_full_for(urgent=False):
        full.session.ask(ContractDataRequest(Stock("AAPL")), full.now)
    full.pass_time(6.0)
    assert full.session.closed is not None


def test_a_probe_goes_in_front_of_what_is_paced() -> None:
    """A thousand questions wait for their turn, for twenty seconds; TWS is asked for life all the same."""
    paced = line(pacing=Pacing(messages_per_second=10), seconds=3.0)
    for number in range(300):
        paced.session.ask(ContractDataRequest(Stock(f"S{number}")), paced.now, math.inf)
    paced.pass_time(4.0)
    heard = paced.take()
    assert heard.count(PROBE) == 1
    assert len(heard) < 100
    paced.say(NOON)
    assert paced.session.state is State.READY


def test_who_does_not_read_does_not_call_it_silence() -> None:
    """A stream that makes TWS wait may hold up its words for half a minute."""
    held = line()
    held.session.is_reading = False
    held.pass_time(10 * SECONDS)
    assert held.take() == []
    held.session.is_reading = True
    held.pass_time(SECONDS)
    assert held.take() == [PROBE]


def test_who_was_held_up_himself_reads_first() -> None:
    """The loop stood still beyond the deadline of the second probe; the answers were in the socket all the time."""
    held = line()
    held.pass_time(2 * SECONDS)
    held.now += 10 * SECONDS
    held.session.wake(held.now)
    assert held.session.state is State.READY
    held.say(NOON)
    held.pass_time(SECONDS - 0.001)
    assert held.session.state is State.READY
    held.pass_time(2 * SECONDS + 0.001)
    assert held.session.closed is not None


def test_who_is_held_up_again_and_again_comes_to_the_end_all_the_same() -> None:
    held = line()
    for _ in range(8):
        held.now += SECONDS + 2 * LATE
        held.session.wake(held.now)
        held.move()
    assert held.session.closed is not None


@pytest.mark.parametrize(
    "seconds, error", [(0, ValueError), (-1, ValueError), (math.nan, ValueError), ("5", TypeError)]
)
def test_what_is_no_time_to_wait(seconds: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="liveness"):
        Liveness(seconds)  # type: ignore[arg-type]


def test_for_ever_is_for_ever() -> None:
    assert line(seconds=math.inf).session.wake_at() in (None, math.inf)


class SilentSocket:
    """Takes all, and has nothing to give."""

    def __init__(self) -> None:
        self.now = 0.0
        self._patience = 0.0

    def settimeout(self, seconds: float | None, /) -> None:
        assert seconds is not None, "it would wait for ever"
        self._patience = seconds

    def recv(self, size: int, /) -> bytes:
        self.now += self._patience
        raise TimeoutError

    def send(self, data: bytes, /) -> int:
        return len(data)


def test_a_blocking_socket_is_not_waited_for_for_ever() -> None:
    silent, sock = line(), SilentSocket()
    sock.now = silent.now
    drive(silent.session, sock, until=lambda: False, clock=lambda: sock.now)
    assert silent.session.closed is not None
    assert silent.session.closed.reason is CloseReason.UNRESPONSIVE
    assert sock.now == pytest.approx(silent.now + 3 * SECONDS)


WAITS: Final = st.lists(st.tuples(st.sampled_from(["byte", "clock"]), st.floats(0.0, 30.0)), max_size=8)


@given(before=WAITS, seconds=st.sampled_from([1.6, 3.0, 5.0, 20.0]))
def test_whatever_came_before_the_end_comes_in_time_and_after_two_probes(
    before: list[tuple[str, float]], seconds: float
) -> None:
    """By three times as long, and the distance; and a probe never comes within the distance of an answered request."""
    looking, now = Liveness(seconds), 0.0
    looking.begin(now)
    last_byte, clock_at, is_asked, acts = now, -math.inf, False, 0

    def pass_time(until: float) -> bool:
        """Wake it until then; tell whether it has given up."""
        nonlocal now, acts
        while looking.wake_at is not None and looking.wake_at <= until:
            now = max(now, looking.wake_at)
            act = looking.step(now, is_read=True, clock_said_at=clock_at, is_clock_asked=is_asked)
            if act is Act.PROBE:
                assert now >= last_byte + seconds
                assert acts or is_asked or clock_at > last_byte or now >= clock_at + CLOCK_DISTANCE
                acts += 1
                assert acts <= 2
            elif act is Act.GIVE_UP:
                return True
        now = until
        return False

    for what, seconds_later in before:
        if pass_time(now + seconds_later):
            break
        if what == "byte":
            last_byte, is_asked, acts = now, False, 0
            looking.heard_at = now
        else:
            clock_at, is_asked = now, True
    else:
        assert pass_time(last_byte + 3 * seconds + CLOCK_DISTANCE + BETWEEN_PROBES)
    assert acts == 2 or (acts == 1 and clock_at >= last_byte)
    assert now <= last_byte + 3 * seconds + CLOCK_DISTANCE
    assert now >= last_byte + 3 * seconds - 1e-6


@given(delays=st.lists(st.floats(0.0, 2.999), min_size=1, max_size=10))
def test_a_tws_that_answers_in_time_is_never_given_up(delays: list[float]) -> None:
    alive = line(seconds=3.0)
    for delay in delays:
        while not alive.heard:
            alive.pass_time(0.5)
        alive.take()
        alive.pass_time(delay)
        alive.say(NOON)
    assert alive.session.state is State.READY
