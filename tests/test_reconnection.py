"""When it is tried again: a table of ends, and what holds whatever happens."""

from __future__ import annotations

import math
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws import CloseReason, ConnectionClosed, State
from anytws.machines.reconnection import (
    LEAST_PAUSE,
    MOST_GROWTH,
    PATIENCE,
    Hopeless,
    Patience,
    Reconnection,
    Trouble,
    Troubles,
    TryAgain,
    Verdict,
)

R = CloseReason
NIGHT = Reconnection()


def an_end(reason: CloseReason, state: State = State.READY, **values: Any) -> ConnectionClosed:
    return ConnectionClosed(reason, state, **values)


def a_trouble(reason: CloseReason, state: State = State.READY, **values: Any) -> Trouble:
    usual: dict[str, Any] = {"failures": 1, "away_for": 0.0, "same": 1, "same_for": 0.0, "was_here": True}
    return Trouble(end=an_end(reason, state), **usual | values)


def seconds_after(policy: Reconnection, reason: CloseReason, **values: Any) -> float:
    verdict = policy.after(a_trouble(reason, **values))
    assert isinstance(verdict, TryAgain)
    return verdict.seconds


def test_every_reason_has_a_row() -> None:
    assert set(PATIENCE) == set(CloseReason)


def test_pauses_grow_to_the_longest() -> None:
    pauses = [seconds_after(NIGHT, R.CONNECT_FAILED, failures=count, away_for=count) for count in range(1, 9)]
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_nightly_restart_is_outwaited() -> None:
    """Torn, refused for 80 seconds and longer, then 326 for half a minute: it is back soon after TWS is."""
    back, attempts = outwait(lambda now: R.CONNECT_FAILED if now < 80 else R.CLIENT_ID_IN_USE if now < 110 else None)
    assert 110 <= back <= 116
    assert attempts < 20


def test_a_weekend_is_outwaited() -> None:
    back, attempts = outwait(lambda now: R.REFUSED if now < 2 * 86400 else None)
    assert 2 * 86400 <= back <= 2 * 86400 + 31
    assert attempts < 6000


def test_somebody_else_who_has_the_client_id_is_hopeless() -> None:
    ended, _ = outwait(lambda _: R.CLIENT_ID_IN_USE)
    assert math.isnan(ended)
    troubles = Troubles(0.0)
    troubles.note_ready(0.0)
    assert isinstance(NIGHT.after(troubles.note_end(an_end(R.RESET), 100.0, 10)), TryAgain)
    for now, kind in ((101.0, TryAgain), (220.9, TryAgain), (221.0, Hopeless)):
        verdict = NIGHT.after(troubles.note_end(an_end(R.CLIENT_ID_IN_USE, State.HANDSHAKING), now, 10))
        assert type(verdict) is kind
    assert "120 s, so somebody else has it" in verdict.why


def outwait(down: Any, policy: Reconnection = NIGHT) -> tuple[float, int]:
    """Drop at 0 what was there, and try until *down* says None; give when that was (NaN: hopeless), and how often."""
    troubles, now = Troubles(-100.0), 0.0
    troubles.note_ready(-100.0)
    verdict = policy.after(troubles.note_end(an_end(R.RESET), 0.0, policy.stable_after))
    for attempts in range(10_000):
        if isinstance(verdict, Hopeless):
            return math.nan, attempts
        now += verdict.seconds
        reason = down(now)
        if reason is None:
            return now, attempts
        verdict = policy.after(troubles.note_end(an_end(reason, State.HANDSHAKING), now, policy.stable_after))
    raise AssertionError("it goes on for ever")


@pytest.mark.parametrize(
    "reason", [R.LOCAL, R.UNSUPPORTED_SERVER_VERSION, R.REDIRECTED, R.NOT_PAPER], ids=lambda reason: reason.value
)
def test_what_no_time_changes_is_hopeless_at_once(reason: CloseReason) -> None:
    assert isinstance(NIGHT.after(a_trouble(reason)), Hopeless)


def test_a_wedged_tws_is_told_as_such_and_not_hammered() -> None:
    once = NIGHT.after(a_trouble(R.HANDSHAKE_TIMEOUT, State.HANDSHAKING))
    assert once == TryAgain(30.0, "it took the connection and did not answer in time")
    again = NIGHT.after(a_trouble(R.HANDSHAKE_TIMEOUT, State.HANDSHAKING, same=3))
    assert "wedged" in again.why
    assert "(3 times in a row)" in again.why
    late = NIGHT.after(a_trouble(R.HANDSHAKE_TIMEOUT, State.AWAITING_NEXT_VALID_ID, same=3))
    assert "logging in" in late.why


def test_what_is_no_tws_is_hopeless_where_none_ever_was() -> None:
    strange = a_trouble(R.PROTOCOL_ERROR, State.HANDSHAKING, was_here=False)
    assert isinstance(NIGHT.after(strange), Hopeless)
    assert isinstance(NIGHT.after(attrs.evolve(strange, was_here=True)), TryAgain)
    assert isinstance(NIGHT.after(attrs.evolve(strange, was_here=True, same_for=120)), Hopeless)
    # A frame that was broken on the way of a TWS that was there is an end like any other.
    assert isinstance(NIGHT.after(a_trouble(R.PROTOCOL_ERROR, same_for=1000)), TryAgain)


def test_the_limits_of_being_away_and_of_entering() -> None:
    policy = Reconnection(give_up_after=100, enter_within=10)
    assert seconds_after(policy, R.RESET, failures=9, away_for=90) == 10
    assert "it was tried for 100 s (give_up_after)" in policy.after(a_trouble(R.RESET, away_for=100)).why
    assert "it was tried for 10 s (enter_within)" in policy.after(a_trouble(R.RESET, away_for=10, was_here=False)).why
    for_ever = Reconnection(enter_within=None)
    assert seconds_after(for_ever, R.RESET, failures=10**6, away_for=10.0**9, was_here=False) == 30


def test_a_connection_that_ends_at_once_again_and_again_is_tried_ever_more_slowly() -> None:
    troubles, pauses = Troubles(0.0), []
    for now in range(0, 600, 100):
        troubles.note_ready(float(now))
        trouble = troubles.note_end(an_end(R.EOF), now + 1.0, NIGHT.stable_after)
        assert trouble.away_for == 0
        pauses.append(NIGHT.after(trouble))
    assert [pause.seconds for pause in pauses if isinstance(pause, TryAgain)] == [1, 2, 4, 8, 16, 30]
    troubles.note_ready(1000.0)
    assert troubles.note_end(an_end(R.EOF), 1010.0, NIGHT.stable_after).failures == 1


def test_a_port_that_has_moved_is_tried_in_turn_with_the_old_one() -> None:
    troubles = Troubles(0.0)
    assert troubles.port(7497) == 7497
    troubles.note_ready(0.0, 7497)
    troubles.note_end(an_end(R.PORT_CHANGED, new_port=7500), 100.0, 10)
    ports = []
    for now in range(4):
        ports.append(troubles.port(7497))
        troubles.note_end(an_end(R.CONNECT_FAILED, State.DISCONNECTED), 101.0 + now, 10)
    assert ports == [7500, 7497, 7500, 7497]
    troubles.note_ready(200.0, 7500)
    troubles.note_end(an_end(R.RESET), 300.0, 10)
    assert troubles.port(7497) == 7500
    # Behind a forwarder it is the old one that is there.
    troubles.note_ready(400.0, 7497)
    troubles.note_end(an_end(R.RESET), 500.0, 10)
    assert troubles.port(7497) == 7497
    assert repr(troubles) == "<Troubles: 1 in a row>"


# What holds whatever happens

POLICIES = st.builds(
    Reconnection,
    first_pause=st.floats(LEAST_PAUSE, 10),
    growth=st.floats(1, MOST_GROWTH),
    longest_pause=st.floats(10, 1000),
    id_wait=st.floats(0, 1000),
    strange_wait=st.floats(0, 1000),
    enter_within=st.none() | st.floats(0, 1000),
    give_up_after=st.none() | st.floats(0, 1000),
)
REASONS = st.sampled_from(CloseReason)
STATES = st.sampled_from([State.DISCONNECTED, State.HANDSHAKING, State.AWAITING_NEXT_VALID_ID, State.READY])


@given(POLICIES, st.integers(0, 2**31 - 1), st.lists(st.tuples(REASONS, STATES, st.floats(0, 100)), max_size=30))
def test_it_never_hammers_never_sleeps_too_long_and_what_is_hopeless_stays_so(
    policy: Reconnection, client_id: int, ends: list[tuple[CloseReason, State, float]]
) -> None:
    troubles, now = Troubles(0.0), 0.0
    for reason, state, seconds in ends:
        now += seconds
        if state is State.READY:
            troubles.note_ready(now)
        trouble = troubles.note_end(an_end(reason, state), now, policy.stable_after)
        verdict: Verdict = policy.after(trouble, client_id)
        assert verdict.why
        assert verdict == policy.after(trouble, client_id)
        if isinstance(verdict, TryAgain):
            assert LEAST_PAUSE <= verdict.seconds <= policy.longest_pause
            assert PATIENCE[reason] is not Patience.NONE
        else:
            longer = attrs.evolve(trouble, away_for=trouble.away_for + 1, same_for=trouble.same_for + 1)
            assert isinstance(policy.after(longer, client_id), Hopeless)


@given(st.integers(0, 2**31 - 1), st.integers(1, 10**9))
def test_no_two_clients_in_a_row_try_at_the_same_moment(client_id: int, failures: int) -> None:
    trouble = a_trouble(R.RESET, failures=failures)
    one, other = NIGHT.after(trouble, client_id), NIGHT.after(trouble, client_id + 1)
    assert isinstance(one, TryAgain)
    assert isinstance(other, TryAgain)
    assert 0.8 * min(30, 2.0 ** min(failures - 1, 9)) <= one.seconds <= 30
    assert one.seconds != other.seconds


@pytest.mark.parametrize(
    "wrong, problem",
    [
        ({"first_pause": 0}, "first_pause is 0, and has to be at least 0.1 s"),
        ({"first_pause": 60}, "longest_pause is 30.0, and has to be at least first_pause, which is 60"),
        ({"growth": 0.5}, "growth is 0.5, and has to be from 1 to 10"),
        ({"growth": 11}, "growth is 11, and has to be from 1 to 10"),
        ({"id_wait": -1}, "id_wait is -1"),
        ({"enter_within": math.nan}, "enter_within is nan"),
    ],
)
def test_what_is_no_policy_is_refused(wrong: dict[str, float], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Reconnection(**wrong)


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(TypeError, match="longest_pause is 'long'"):
        Reconnection(longest_pause="long")  # type: ignore[arg-type]  # the mistake
