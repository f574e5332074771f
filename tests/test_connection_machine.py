"""A client and a TWS back to back over a wire that slices, delays and cuts, with the law as the model.

Hypothesis plays both applications, the wire and the clock. The law (`anytws.core.state`) says in advance whether a
message may be said; everything that the two ends tell is checked against it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from anytws.core import (
    TRANSITIONS,
    CloseReason,
    Connection,
    ConnectionClosed,
    Event,
    HandshakeOptions,
    Ready,
    Side,
    Signal,
    State,
    StateChanged,
    VersionAgreed,
)
from anytws.core.state import target_of
from anytws.errors import LocalProtocolError
from anytws.messages import ErrorMessage, ManagedAccounts, Message, NextValidId, StartApiRequest
from anytws.testing.strategies import messages
from anytws.wire.versions import MAX_VERSION, MIN_VERSION

CLIENT, TWS = Side.CLIENT, Side.TWS
STEPS = {(row.state, row.target) for row in TRANSITIONS}
"""Every change of state that the law knows, whoever made it."""
VERSIONS = st.sampled_from([MIN_VERSION, 193, 200, 201, 212, 213, MAX_VERSION]) | st.integers(156, 227)
GARBAGE = st.binary(max_size=12).map(lambda body: len(body).to_bytes(4, "big") + body)


class End:
    """One end of the wire: a connection, all that it has told, and the bytes and the end that travel to the other."""

    def __init__(self, side: Side, options: HandshakeOptions) -> None:
        self.connection = Connection(side, options)
        self.told: list[Event] = []
        self.state = State.DISCONNECTED
        """The state by what was told."""
        self.travelling = bytearray()
        self.hung_up = False
        """Whether the other side will see an end of the stream after what travels."""
        self.over = False
        """Whether this side has seen one."""

    def take(self) -> None:
        """Take what the connection wants sent and tells."""
        self.travelling += self.connection.data_to_send()
        events = self.connection.events()
        self.told += events
        for event in events:
            if isinstance(event, StateChanged):
                assert event.before is self.state, "a change of state was not told"
                assert (event.before, event.after) in STEPS, "the law has no such step"
                self.state = event.after
        assert self.state is self.connection.state
        if self.connection.closed is not None:
            self.hung_up = True

    def seen(self) -> tuple[object, ...]:
        """Give all that can be seen without changing it."""
        it = self.connection
        return (it.state, it.server_version, it.accounts, it.next_valid_id, it.client_id, it.closed, it.wake_at())


class TwoConnections(RuleBasedStateMachine):
    """Both ends, the wire and the time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.ends: dict[Side, End] = {}
        self.clean = True
        """Whether nobody has put bytes on the wire that are not the other's."""
        self.peace = 0
        """The number of inputs before which nothing breaks."""

    @initialize(
        low=st.sampled_from([157, 157, 200, 212]),
        high=st.sampled_from([226, 226, 213, 212]),
        by_hand=st.booleans(),
        client_id=st.integers(0, 2**31 - 2),
        timeouts=st.sampled_from([15.0, None, 0.5]),
        head_start=st.integers(0, 3),
        peace=st.integers(0, 30),
    )
    def open(
        self,
        low: int,
        high: int,
        by_hand: bool,
        client_id: int,
        timeouts: float | None,
        head_start: int,
        peace: int,
    ) -> None:
        """Open both, and let them come some way in peace: chance alone would hardly ever see them READY."""
        options = HandshakeOptions(
            client_id=client_id,
            minimum_version=low,
            maximum_version=high,
            start_api_by_hand=by_hand,
            version_timeout=timeouts,
            start_timeout=timeouts,
        )
        for side in Side:
            self.ends[side] = End(side, options)
            self.ends[side].connection.opened(self.now)
            self.ends[side].take()
        self.peace = peace
        for _ in range(head_start):
            self.one_step_further(True)

    def input(self, side: Side, action: Callable[[Connection], object]) -> None:
        """Tell one end the time and then something else, as the contract asks; no error may come of it."""
        self.peace -= 1
        end = self.ends[side]
        end.connection.wake(self.now)
        action(end.connection)
        end.take()

    @rule(accounts_first=st.booleans())
    def one_step_further(self, accounts_first: bool) -> None:
        """All that travels arrives, and both do what is their turn in the handshake."""
        for side in (TWS, CLIENT):
            self.deliver(side, 10**6)
        tws = self.ends[TWS].connection
        if self.greeted():
            client = self.ends[CLIENT].connection
            self.accept(client._options.maximum_version)
            self.deliver(CLIENT, 10**6)
        elif self.ends[CLIENT].connection.state is State.HANDSHAKING:
            self.start_by_hand()
            self.deliver(TWS, 10**6)
        elif tws.state is State.AWAITING_NEXT_VALID_ID:
            for accounts in (accounts_first, not accounts_first):
                self.say_what_makes_ready(accounts, 5)
            self.deliver(CLIENT, 10**6)

    # --- the wire ------------------------------------------------------------------------------------------------

    @rule(to=st.sampled_from(Side), count=st.integers(0, 30) | st.just(10**6))
    def deliver(self, to: Side, count: int) -> None:
        """Some bytes arrive, then perhaps the end of the stream."""
        sender = self.ends[to.peer]
        data = bytes(sender.travelling[:count])
        del sender.travelling[:count]
        if not self.ends[to].over:
            self.input(to, lambda it: it.receive_data(data))
            if sender.hung_up and not sender.travelling:
                self.ends[to].over = True
                self.input(to, lambda it: it.receive_eof())

    @precondition(lambda self: self.peace <= 0)
    @rule(to=st.sampled_from(Side), keep=st.integers(0, 20))
    def cut(self, to: Side, keep: int) -> None:
        """The wire breaks: some bytes still arrive, then a reset on both ends."""
        sender = self.ends[to.peer]
        data = bytes(sender.travelling[:keep])
        self.input(to, lambda it: it.receive_data(data))
        for side in Side:
            self.ends[side].travelling.clear()
            self.ends[side].over = self.ends[side].hung_up = True
            self.input(side, lambda it: it.receive_reset("the wire broke"))

    @precondition(lambda self: self.peace <= 0)
    @rule(side=st.sampled_from(Side), body=GARBAGE)
    def garbage(self, side: Side, body: bytes) -> None:
        """Somebody writes a frame of his own."""
        if not self.ends[side].hung_up:
            self.clean = False
            self.ends[side].travelling += body

    # --- the time ------------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.0, 0.1, 1.0, 2.0, 5.0, 60.0]))
    def time_passes(self, seconds: float) -> None:
        """Both see the same clock, which hardly moves in times of peace."""
        self.now += seconds if self.peace <= 0 else 0.001
        for side in Side:
            self.input(side, lambda it: None)

    @precondition(
        lambda self: self.peace <= 0 and any(end.connection.wake_at() is not None for end in self.ends.values())
    )
    @rule()
    def time_passes_to_the_deadline(self) -> None:
        """Exactly."""
        self.now = min(at for end in self.ends.values() if (at := end.connection.wake_at()) is not None)
        for side in Side:
            self.input(side, lambda it: None)

    # --- the applications ----------------------------------------------------------------------------------------

    @precondition(lambda self: self.greeted())
    @rule(version=VERSIONS)
    def accept(self, version: int) -> None:
        """TWS names a version."""
        self.input(TWS, lambda it: it.accept_version(version, b"20250323 22:21:01 GMT"))

    @precondition(lambda self: self.greeted() and self.peace <= 0)
    @rule()
    def redirect(self) -> None:
        """TWS names another address."""
        self.input(TWS, lambda it: it.redirect("gw.example", 4002))

    def greeted(self) -> bool:
        """Tell whether a client waits for its version."""
        it = self.ends[TWS].connection
        return it.state is State.HANDSHAKING and it.server_version is None

    @rule(side=st.sampled_from(Side), data=st.data())
    def say(self, side: Side, data: st.DataObject) -> None:
        """One end says anything that its version has: the law tells whether it may."""
        version = self.ends[side].connection.server_version
        self.attempt(side, data.draw(messages(side, version or MAX_VERSION)))

    @rule(accounts=st.booleans(), number=st.integers(0, 100))
    def say_what_makes_ready(self, accounts: bool, number: int) -> None:
        """TWS says one of the two things that a client waits for."""
        self.attempt(TWS, ManagedAccounts(("DU1", "DU2")) if accounts else NextValidId(number))

    @rule(code=st.sampled_from([326, 1300, 100, 200, 2104]))
    def say_error(self, code: int) -> None:
        """TWS says why it will hang up, or something less."""
        self.attempt(TWS, ErrorMessage(None, code, "reconnect on the new port - 7498"))

    def attempt(self, side: Side, message: Message) -> None:
        """Say *message*: it goes out exactly if the law has a row, and otherwise nothing changes."""
        end = self.ends[side]
        it = end.connection
        it.wake(self.now)
        end.take()
        signal = Signal.START_API if isinstance(message, StartApiRequest) else Signal.MESSAGE
        may = target_of(it.state, side, signal) is not None and it.server_version is not None
        before = end.seen()
        try:
            data = it.send(message)
        except LocalProtocolError:
            assert not may
            assert end.seen() == before
            assert it.events() == []
            assert it.data_to_send() == b""
        else:
            assert may
            assert data
            end.take()
            end.travelling += data

    @rule(side=st.sampled_from(Side), data=st.data())
    def say_what_is_the_others(self, side: Side, data: st.DataObject) -> None:
        """A mistake of the program, in any state: one of two errors, and nothing changes."""
        end = self.ends[side]
        before = end.seen()
        wrong = data.draw(messages(side.peer, end.connection.server_version or MAX_VERSION))
        try:
            end.connection.send(wrong)
        except (TypeError, LocalProtocolError):
            assert end.seen() == before
            assert end.connection.events() == []
        else:
            raise AssertionError(f"{side} said {wrong}")

    @rule()
    def start_by_hand(self) -> None:
        """The client's application starts it, whether or not it may."""
        it = self.ends[CLIENT].connection
        before = self.ends[CLIENT].seen()
        may = it.state is State.HANDSHAKING and it.server_version is not None
        it.wake(self.now)
        may = may and it.state is State.HANDSHAKING
        try:
            it.start_api()
        except LocalProtocolError:
            assert not may
            assert it.closed is not None or self.ends[CLIENT].seen() == before
        else:
            assert may
        self.ends[CLIENT].take()

    @precondition(lambda self: self.peace <= 0)
    @rule(side=st.sampled_from(Side), way=st.sampled_from(["close", "send_failed", "receive_silence"]))
    def hang_up(self, side: Side, way: str) -> None:
        """One end gives up."""
        self.input(side, lambda it: getattr(it, way)("given up"))

    # --- what always holds ---------------------------------------------------------------------------------------

    @invariant()
    def there_is_one_end_and_it_is_last(self) -> None:
        """And it is there exactly when the state is CLOSED."""
        for end in self.ends.values():
            ends = [event for event in end.told if isinstance(event, ConnectionClosed)]
            assert len(ends) == (end.connection.state is State.CLOSED)
            if ends:
                assert end.told[-1] is ends[0]
                assert end.connection.closed == ends[0]
                assert end.connection.wake_at() is None

    @invariant()
    def a_deadline_lies_ahead(self) -> None:
        """Or there is none: nobody is woken for nothing, again and again."""
        for end in self.ends.values():
            at = end.connection.wake_at()
            assert at is None or at > self.now

    @invariant()
    def ready_is_told_once_after_the_version(self) -> None:
        """Each once at most, in this order."""
        for end in self.ends.values():
            marks: list[Any] = [type(event) for event in end.told if isinstance(event, (VersionAgreed, Ready))]
            assert marks in ([], [VersionAgreed], [VersionAgreed, Ready])
            assert (end.state is not State.READY) or marks == [VersionAgreed, Ready]

    @invariant()
    def when_all_has_arrived_both_know_the_same(self) -> None:
        """Version, ids, accounts and, but for the one who still waits for accounts that were never said, the state."""
        if not self.ends or not self.clean or any(end.travelling or end.hung_up for end in self.ends.values()):
            return
        client, tws = (self.ends[side].connection for side in (CLIENT, TWS))
        assert client.server_version == tws.server_version
        assert (client.accounts, client.next_valid_id) == (tws.accounts, tws.next_valid_id)
        if tws.state is not State.SOCKET_OPEN and tws.accounts is not None:
            assert client.state is tws.state
        if tws.state in (State.AWAITING_NEXT_VALID_ID, State.READY):
            assert client.client_id == tws.client_id

    def teardown(self) -> None:
        """Whatever happened, an end of the stream ends it, in one way."""
        for side, end in self.ends.items():
            self.input(side, lambda it: it.receive_eof())
            assert end.connection.state is State.CLOSED
            assert sum(isinstance(event, ConnectionClosed) for event in end.told) == 1
            assert isinstance(end.told[-1], ConnectionClosed)
            if self.clean and side is CLIENT:
                assert end.told[-1].reason is not CloseReason.PROTOCOL_ERROR


TestTwoConnections = TwoConnections.TestCase
# Whole lives need some steps: greeting, version, start, id and accounts, each delivered.
TestTwoConnections.settings = settings(max_examples=settings().max_examples, stateful_step_count=40)
