"""What waits to be sent: in its order, within a bound, taken back whole or not at all, and true about what has left."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from anytws.machines import outbox as module
from anytws.machines.message_rate import WINDOW
from anytws.machines.outbox import AT_ONCE, MOST_BYTES, MOST_FRAMES, UNSENT_SECONDS, Outbox, Parcel, Place


def places(*parcels: Parcel) -> list[Place]:
    return [parcel.place for parcel in parcels]


def test_messages_leave_whole_in_their_order() -> None:
    outbox = Outbox()
    first, second = outbox.put(b"abc", 0.0), outbox.put(b"defg", 0.0)
    assert (outbox.frames, outbox.size) == (2, 7)
    assert outbox.data_to_send(0.0) == b"abcdefg"
    assert outbox.data_to_send(0.0) == b"", "those before have not left"
    assert places(first, second) == [Place.GIVEN, Place.GIVEN]
    outbox.sent(4, 1.0)
    assert places(first, second) == [Place.LEFT, Place.GIVEN]
    assert (first.some_left, second.some_left, second.was_given) == (True, True, True)
    assert (outbox.frames, outbox.size) == (1, 3)
    outbox.put(b"h", 1.0)
    outbox.sent(3, 2.0)
    assert second.place is Place.LEFT
    assert outbox.data_to_send(0.0) == b"h"


def test_only_what_the_writer_has_not_got_can_be_taken_back() -> None:
    outbox = Outbox()
    given = outbox.put(b"abc", 0.0)
    outbox.data_to_send(0.0)
    queued, behind = outbox.put(b"def", 0.0), outbox.put(b"ghi", 0.0)
    assert not outbox.withdraw(given)
    assert outbox.withdraw(queued)
    assert outbox.withdraw(queued), "it is taken back still"
    assert places(given, queued) == [Place.GIVEN, Place.WITHDRAWN]
    assert not queued.was_given
    outbox.sent(3, 0.0)
    assert not outbox.withdraw(given)
    assert outbox.data_to_send(0.0) == b"ghi"
    assert behind.place is Place.GIVEN


def test_what_is_equal_is_not_the_same() -> None:
    outbox = Outbox()
    first, second = outbox.put(b"abc", 0.0), outbox.put(b"abc", 0.0)
    outbox.withdraw(second)
    assert places(first, second) == [Place.QUEUED, Place.WITHDRAWN]


def test_the_end_says_of_each_whether_tws_may_have_got_it() -> None:
    """How much of what the writer had has left is not known."""
    outbox = Outbox()
    left, partly, unknown = (outbox.put(b"abc", 0.0) for _ in range(3))
    outbox.data_to_send(0.0)
    outbox.sent(4, 0.0)
    never = outbox.put(b"abc", 0.0)
    outbox.give_up()
    assert places(left, partly, unknown, never) == [Place.LEFT, Place.LOST, Place.LOST, Place.LOST]
    assert [parcel.was_given for parcel in (left, partly, unknown, never)] == [True, True, True, False]
    assert not any(parcel.is_on_its_way for parcel in (left, partly, unknown, never))
    assert (outbox.frames, outbox.size, outbox.stuck_at, outbox.data_to_send(0.0)) == (0, 0, None, b"")
    # The writer may still report what it had been given.
    outbox.sent(5, 1.0)
    assert places(left, partly, unknown, never) == [Place.LEFT, Place.LOST, Place.LOST, Place.LOST]


@pytest.mark.parametrize("size, most", [(1, MOST_FRAMES), (1024, MOST_BYTES // 1024)])
def test_it_has_a_bound_of_messages_and_of_bytes(size: int, most: int) -> None:
    outbox = Outbox()
    for _ in range(most):
        assert not outbox.is_full
        outbox.put(bytes(size), 0.0)
    assert outbox.is_full
    assert (outbox.frames, outbox.size) == (most, most * size)
    outbox.data_to_send(0.0)
    assert not outbox.is_full


def test_the_writer_is_given_some_at_once_or_one_that_is_longer() -> None:
    outbox = Outbox()
    outbox.put(bytes(AT_ONCE + 1), 0.0)
    outbox.put(b"abc", 0.0)
    assert len(outbox.data_to_send(0.0)) == AT_ONCE + 1
    outbox.sent(AT_ONCE + 1, 0.0)
    outbox.put(bytes(AT_ONCE - 3), 0.0)
    outbox.put(b"d", 0.0)
    assert len(outbox.data_to_send(0.0)) == AT_ONCE
    outbox.sent(AT_ONCE, 0.0)
    assert outbox.data_to_send(0.0) == b"d"


def test_it_is_stuck_when_no_byte_has_left_for_too_long() -> None:
    outbox = Outbox()
    outbox.put(b"abc", 1.0)
    outbox.put(b"abc", 5.0)
    assert outbox.stuck_at == 1.0 + UNSENT_SECONDS
    outbox.data_to_send(0.0)
    outbox.sent(1, 7.0)
    assert outbox.stuck_at == 7.0 + UNSENT_SECONDS
    outbox.sent(0, 9.0)
    assert outbox.stuck_at == 7.0 + UNSENT_SECONDS, "nothing is no byte"
    outbox.sent(5, 9.0)
    assert outbox.stuck_at is None


def test_what_is_taken_back_leaves_nothing_to_be_stuck() -> None:
    outbox = Outbox()
    parcel = outbox.put(b"abc", 1.0)
    outbox.withdraw(parcel)
    assert outbox.stuck_at is None
    outbox.put(b"abc", 100.0)
    assert outbox.stuck_at == 100.0 + UNSENT_SECONDS


def test_more_than_was_given_cannot_have_left() -> None:
    outbox = Outbox()
    outbox.put(b"abc", 0.0)
    outbox.data_to_send(0.0)
    with pytest.raises(ValueError, match="1 bytes more"):
        outbox.sent(4, 0.0)


def test_it_says_what_waits() -> None:
    outbox = Outbox()
    outbox.put(b"abc", 0.0)
    assert repr(outbox) == "<Outbox: 1 messages, 3 bytes>"


class Sending(RuleBasedStateMachine):
    """Whatever is put in and taken back, and however little leaves at once: the bytes that leave are those in order."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox()
        self.now = 0.0
        self.parcels: list[Parcel] = []
        self.left = b""
        """What has left."""
        self.given = b""
        self.is_over = False
        self.moved_at: float | None = None

    @precondition(lambda self: not self.is_over)
    @rule(size=st.integers(1, 9))
    def put(self, size: int) -> None:
        waits = self.outbox.frames
        self.parcels.append(self.outbox.put(bytes([65 + len(self.parcels) % 26]) * size, self.now))
        self.moved_at = self.moved_at if waits else self.now

    @precondition(lambda self: self.parcels)
    @rule(back=st.integers(0, 5))
    def withdraw(self, back: int) -> None:
        parcel = self.parcels[-1 - back % len(self.parcels)]
        before = parcel.place
        assert self.outbox.withdraw(parcel) == (before in (Place.QUEUED, Place.WITHDRAWN))

    @rule()
    def give(self) -> None:
        data = self.outbox.data_to_send(self.now)
        assert not data or not self.given
        self.given += data

    @precondition(lambda self: self.given)
    @rule(count=st.integers(1, 12))
    def leave(self, count: int) -> None:
        part = self.given[:count]
        self.given = self.given[len(part) :]
        self.left += part
        self.outbox.sent(len(part), self.now)
        self.moved_at = self.now

    @rule(seconds=st.sampled_from([0.5, 3.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: len(self.parcels) > 8)
    @rule()
    def end(self) -> None:
        self.outbox.give_up()
        self.given, self.is_over = b"", True

    @invariant()
    def what_has_left_is_what_was_said_in_order(self) -> None:
        said = b"".join(parcel.data for parcel in self.parcels if parcel.place is not Place.WITHDRAWN)
        assert said.startswith(self.left)
        end = 0
        for parcel in self.parcels:
            if parcel.place is Place.WITHDRAWN:
                assert not parcel.was_given
                continue
            begin, end = end, end + len(parcel.data)
            assert (parcel.place is Place.LEFT) == (end <= len(self.left))
            if parcel.place in (Place.QUEUED, Place.WITHDRAWN):
                assert len(self.left) <= begin
            if len(self.left) > begin:
                assert parcel.was_given
                assert parcel.some_left

    @invariant()
    def it_counts_what_waits(self) -> None:
        waiting = [parcel for parcel in self.parcels if parcel.is_on_its_way]
        assert self.outbox.frames == len(waiting)
        half = len(self.left) - sum(len(parcel.data) for parcel in self.parcels if parcel.place is Place.LEFT)
        assert self.outbox.size == sum(len(parcel.data) for parcel in waiting) - (0 if self.is_over else half)
        if not waiting:
            assert self.outbox.stuck_at is None
        else:
            assert self.outbox.stuck_at is not None
            assert self.moved_at is not None
            assert self.outbox.stuck_at <= self.now + UNSENT_SECONDS


TestSending = Sending.TestCase
TestSending.settings = settings(max_examples=max(settings().max_examples // 2, 50), stateful_step_count=30)


# Paced


def give(outbox: Outbox, now: float) -> bytes:
    """Have all leave that may."""
    left = b""
    while data := outbox.data_to_send(now):
        outbox.sent(len(data), now)
        left += data
    return left


def paced(most: int) -> Outbox:
    """An outbox whose handshake is long ago."""
    outbox = Outbox()
    outbox.pace(most, -10.0)
    return outbox


def test_what_is_urgent_goes_first_and_has_places_of_its_own() -> None:
    outbox = paced(10)
    for letter in b"abcdefghijkl":
        outbox.put(bytes([letter]), 0.0)
    assert give(outbox, 0.0) == b"abcdefghi"
    assert (outbox.opens_at, outbox.kept_back, outbox.may_give(0.5)) == (WINDOW, 3, False)
    outbox.put(b"1", 0.5, urgent=True)
    outbox.put(b"2", 0.5, urgent=True)
    assert outbox.may_give(0.5)
    assert give(outbox, 0.5) == b"1"
    assert give(outbox, WINDOW) == b"2jkl"
    assert (outbox.opens_at, outbox.kept_back, outbox.frames) == (None, 0, 0)
    assert outbox.tally.held == {"messages": 4}
    assert outbox.tally.longest == WINDOW


def test_what_is_younger_never_overtakes_what_is_urgent_and_what_is_older_is_not_forgotten() -> None:
    outbox = paced(1)
    outbox.put(b"a", 0.0)
    for number in range(20):
        outbox.put(b"%x" % (number % 16), 0.0, urgent=True)
    outbox.put(b"b", 0.0)
    left, now = b"", 0.0
    while outbox.frames:
        left += give(outbox, now)
        now += WINDOW
    assert left == b"012345678a9abcdef0123b"


def test_the_handshake_counts_as_one() -> None:
    outbox = Outbox()
    outbox.pace(2, 0.0)
    outbox.put(b"a", 0.0)
    assert (give(outbox, 0.0), outbox.opens_at) == (b"", WINDOW)


def test_a_place_is_taken_when_it_has_left() -> None:
    """A writer that was stopped does not let twice as many out when it goes on."""
    outbox = paced(2)
    for letter in b"abcd":
        outbox.put(bytes([letter]), 0.0, urgent=True)
    assert outbox.data_to_send(0.0) == b"ab"
    outbox.sent(2, 5.0)
    assert (give(outbox, 5.0), outbox.opens_at) == (b"", 5.0 + WINDOW)
    outbox.wake(5.0 + WINDOW)
    assert outbox.opens_at is None
    assert give(outbox, 5.0 + WINDOW) == b"cd"


def test_each_lane_has_its_own_bound() -> None:
    outbox = paced(10)
    for _ in range(MOST_FRAMES):
        outbox.put(b"a", 0.0)
    assert (outbox.is_full, outbox.is_full_of_urgent) == (True, False)
    outbox.put(b"b", 0.0, urgent=True)
    assert give(outbox, 0.0) == b"b" + b"a" * 8


def test_to_take_back_many_costs_no_more_than_a_few() -> None:
    outbox = paced(10)
    parcels = [outbox.put(b"abc", 0.0) for _ in range(9000)]
    for parcel in reversed(parcels[9:]):
        assert outbox.withdraw(parcel)
    assert (outbox.frames, outbox.size, len(outbox._bulk.parcels) < 1100) == (9, 27, True)
    assert give(outbox, 0.0) == b"abc" * 9


def test_only_what_somebody_may_wait_for_is_owed_when_the_rate_keeps_it_back() -> None:
    outbox = paced(1)
    outbox.put(b"a", 0.0)
    moot = outbox.put(b"b", 0.0)
    assert outbox.is_owing
    give(outbox, 0.0)
    assert not outbox.is_owing
    promised = outbox.put(b"c", 0.0, promised=True)
    assert outbox.is_owing
    outbox.withdraw(promised)
    assert not outbox.is_owing
    outbox.withdraw(moot)
    assert (outbox.is_owing, outbox.opens_at, outbox.stuck_at) == (False, None, None)


class Pacing(RuleBasedStateMachine):
    """Whatever is said and taken back, and whenever the writer asks: the rate is kept, and so is every order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.said: list[tuple[Parcel, bool]] = []
        self.left: list[tuple[float, Parcel, bool]] = []
        self.given = 0

    @initialize(most=st.integers(1, 7))
    def begin(self, most: int) -> None:
        self.most = most
        self.outbox = paced(most)

    @rule(urgent=st.booleans(), count=st.integers(1, 5))
    def put(self, urgent: bool, count: int) -> None:
        for _ in range(count):
            data = bytes([len(self.said) % 256])
            self.said.append((self.outbox.put(data, self.now, urgent=urgent), urgent))

    @rule(back=st.integers(0, 9))
    def withdraw(self, back: int) -> None:
        if self.said:
            self.outbox.withdraw(self.said[-1 - back % len(self.said)][0])

    @rule()
    def write(self) -> None:
        may_give = self.outbox.may_give(self.now)
        data = self.outbox.data_to_send(self.now)
        assert bool(data) == may_give
        self.given += len(data)

    @precondition(lambda self: self.given)
    @rule(share=st.sampled_from([1, 2, 100]))
    def leave(self, share: int) -> None:
        count = min(self.given, share)
        self.given -= count
        waiting = {id(parcel) for parcel, _ in self.said if parcel.place is Place.GIVEN}
        self.outbox.sent(count, self.now)
        gone = [each for each in self.said if id(each[0]) in waiting and each[0].place is Place.LEFT]
        self.left += [(self.now, parcel, urgent) for parcel, urgent in gone]

    @rule(seconds=st.sampled_from([0.01, 0.3, 1.1, 5.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.outbox.wake(self.now)

    @rule()
    def wait_until_it_opens(self) -> None:
        """What is kept back may leave exactly then, so a writer that never stops starves nobody."""
        if self.outbox.opens_at is not None and not self.given:
            self.now = max(self.now, self.outbox.opens_at)
            self.outbox.wake(self.now)
            assert self.outbox.may_give(self.now)
            self.write()
            self.leave(100)

    @invariant()
    def never_more_than_so_many_in_any_window(self) -> None:
        if self.left:
            end = self.left[-1][0]
            assert sum(at + WINDOW > end for at, _, _ in self.left) <= self.most

    @invariant()
    def nobody_overtakes_who_must_not(self) -> None:
        """Each lane keeps its order, and an order is never overtaken by what was said after it."""
        numbers = [(parcel.number, urgent) for _, parcel, urgent in self.left]
        for lane in (True, False):
            its = [number for number, urgent in numbers if urgent is lane]
            assert its == sorted(its)
        waiting = [parcel.number for parcel, urgent in self.said if urgent and parcel.place is Place.QUEUED]
        if waiting:
            assert all(number < min(waiting) for number, urgent in numbers if not urgent)

    @invariant()
    def it_is_never_stuck_by_itself(self) -> None:
        if self.said and self.outbox.opens_at is not None:
            assert self.outbox.opens_at <= self.now + WINDOW


TestPacing = Pacing.TestCase
TestPacing.settings = settings(max_examples=max(settings().max_examples // 2, 50), stateful_step_count=40)


def test_the_bounds_are_those_of_the_contract() -> None:
    assert (module.MOST_FRAMES, module.MOST_BYTES, module.UNSENT_SECONDS) == (10_000, 2**20, 10.0)
