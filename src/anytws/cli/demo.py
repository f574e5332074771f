"""``anytws demo``: a client goes through every state against a simulated TWS, which then dies, for people to watch.

It is a test as well: what was seen is compared with what should have been, and the exit code says how that went.
"""

from __future__ import annotations

import functools
import statistics
import time
from collections import deque
from datetime import datetime, timedelta
from typing import Annotated, Final

import anyio
import attrs
from cyclopts import Parameter, validators

from anytws import AnytwsError, ConnectionClosed, EventStream, Notice, State, Tws, connect_stream
from anytws.cli.event_loop import Backend, run_interruptible
from anytws.cli.numbers import whole_number
from anytws.cli.output import Output, Tone, address, counted, open_console
from anytws.cli.tape import Passage, Tape
from anytws.core.events import CloseReason, Ready, StateChanged, VersionAgreed
from anytws.messages.base import Side
from anytws.messages.session import CurrentTime, ManagedAccounts, ManagedAccountsRequest, NextValidId, StartApiRequest
from anytws.simulator import Personality, World, WorldSettings
from anytws.simulator.serve import serve
from anytws.simulator.settings import EPOCH
from anytws.wire.codec import Codec
from anytws.wire.versions import MAX_VERSION, MIN_VERSION

_CLIENT_ID: Final = 7
_STEP: Final = 0.06
"""Seconds between two lines, where a person is looking: all at once could not be watched."""
_PATIENCE: Final = 5.0
"""Seconds that the end of the connection may take to be noticed. It should be a millisecond."""
_MOST_ROUND_TRIPS: Final = 10**9
"""A day or more."""
_MOST_REMEMBERED: Final = 100_000
"""Round trips of which is remembered how long they took: the last ones."""
_SAME_CLOCK: Final = timedelta(seconds=2)
"""TWS sends its clock in whole seconds."""
_HURRY: Final = 20.0
"""How many seconds pass in the simulated TWS in one second, where nobody looks: its market changes that much sooner."""
_STATES: Final = [
    State.SOCKET_OPEN,
    State.HANDSHAKING,
    State.AWAITING_NEXT_VALID_ID,
    State.READY,
    State.CLOSED,
]


def demo(
    *,
    backend: Backend = "trio",
    server_version: Annotated[
        int, Parameter(converter=whole_number, validator=validators.Number(gte=MIN_VERSION, lte=MAX_VERSION))
    ] = (MAX_VERSION),
    personality: Personality = Personality.TWS,
    round_trips: Annotated[
        int, Parameter(converter=whole_number, validator=validators.Number(gte=1, lte=_MOST_ROUND_TRIPS))
    ] = 100,
) -> int:
    """Watch a client go through every state, and the market, against a simulated TWS that then dies.

    Everything happens on this machine, over TCP, in this one process; nothing real is touched. The exit code is 0 if
    everything went as it should, 1 if not, 130 after Ctrl-C.

    Parameters
    ----------
    backend
        The event loop to run on.
    server_version
        The server version that the simulated TWS speaks.
    personality
        TWS reports its data farms at once, a Gateway when they are needed.
    round_trips
        How often the client asks for the time, up to a thousand million times.
    """
    settings = WorldSettings(server_version=server_version, personality=personality)
    show = Show(Output(open_console()), settings, round_trips)
    return run_interruptible(functools.partial(show.run, backend), backend=backend)


@attrs.define
class Show:
    """One performance, and what was seen in it."""

    output: Output
    settings: WorldSettings
    round_trips: int
    states: list[State] = attrs.field(factory=list[State], init=False)
    farms: list[Notice] = attrs.field(factory=list[Notice], init=False)
    trips: int = attrs.field(default=0, init=False)
    seconds: deque[float] = attrs.field(factory=lambda: deque[float](maxlen=_MOST_REMEMBERED), init=False)
    mistakes: list[str] = attrs.field(factory=list[str], init=False)

    async def run(self, backend: Backend) -> int:
        """Perform, and give the exit code."""
        output = self.output
        if self.settings.starts_at is None:
            # A morning on which the market is open, whatever the time is here.
            self.settings = attrs.evolve(self.settings, starts_at=EPOCH)
        output.row((), "anytws demo: a client and a simulated TWS, over TCP on this machine", Tone.TITLE)
        try:
            async with serve(World(self.settings), speed=1.0 if output.is_terminal else _HURRY) as tws:
                output.fact("client", f"on {backend}, client id {_CLIENT_ID}")
                kind = "TWS" if self.settings.personality is Personality.TWS else "IB Gateway"
                output.fact("simulated", f"{kind}, server version {self.settings.server_version}, port {tws.port}")
                await self._connect(tws.world, tws.host, tws.port)
        except BrokenPipeError:
            # Nobody watches any more.
            raise
        except (AnytwsError, OSError) as problem:
            output.row((), str(problem), Tone.BAD)
            self.mistakes.append("it broke off")
        return self._sum_up()

    async def _connect(self, world: World, host: str, port: int) -> None:
        # Who asks for help need not wait for it.
        from anytws.cli.demo_market import MarketShow  # noqa: PLC0415 (see above)

        began = time.perf_counter()
        tape = Tape(await anyio.connect_tcp(host, port), began)
        last: list[object] = []
        died = began
        try:
            # As `anytws.connect` does, but with a tape in between.
            # Without pacing: this TWS takes as many messages a second as come.
            told = address(host, port)
            async with connect_stream(tape, client_id=_CLIENT_ID, address=told, pacing=None) as tws:
                with tws.events() as events:
                    answered = await tws.current_time()
                    there = world.utc()
                    tape.stop()
                    await self._tell_opening(events, tape)
                await self._tell_facts(tws, answered, there)
                await self._tell_round_trips(tws)
                await MarketShow(self.output, world, self._tell_fact, self._expect).perform(tws)
                events = tws.events()
                died = time.perf_counter()
                world.die()
                with anyio.fail_after(_PATIENCE):
                    last += [event async for event in events]
                    # The end of the connection cancels this block: that is what is waited for.
                    await anyio.sleep_forever()
        except ConnectionClosed as end:
            await self._tell_end(end, last, time.perf_counter() - died)
        except TimeoutError:
            self.mistakes.append(f"the end of the connection was not noticed within {_PATIENCE:g} s")

    # --- the chapters --------------------------------------------------------------------------------------------

    async def _tell_opening(self, events: EventStream, tape: Tape) -> None:
        self.output.title("Connecting")
        await self._tell(0.0, "nothing is there yet", State.DISCONNECTED)
        elapsed = tape.opened
        async for event in events:
            if isinstance(event, CurrentTime):
                # The answer to the first question: all that TWS says by itself has come before it.
                return
            if isinstance(event, StateChanged):
                elapsed = await self._tell_state(event.after, elapsed, tape)
            elif not isinstance(event, Ready) and tape.heard:
                elapsed = tape.heard.popleft().elapsed
                await self._tell(elapsed, f"  received {_described(event)}")
            if isinstance(event, Notice):
                self.farms.append(event)

    async def _tell_state(self, state: State, elapsed: float, tape: Tape) -> float:
        self.states.append(state)
        if state is State.SOCKET_OPEN:
            await self._tell(elapsed, "the TCP connection is up", state)
        elif state is State.READY:
            await self._tell(elapsed, "requests may go out now", state)
        elif tape.said:
            passage = tape.said.popleft()
            # The greeting was handed over when the stream came up, START_API when the version reply was read.
            elapsed = max(passage.elapsed, elapsed)
            is_greeting = state is State.HANDSHAKING
            said = f"API {passage.body.decode()}" if is_greeting else self._described_start(passage)
            await self._tell(elapsed, f"sent {said}", state)
        return elapsed

    async def _tell_facts(self, tws: Tws, answered: datetime, there: datetime) -> None:
        self.output.title("What TWS said")
        clock = tws.connection_time
        await self._tell_fact("server version", str(tws.server_version))
        await self._tell_fact("its clock", f"{clock.text}, as it was sent")
        await self._tell_fact("the same, read", str(clock.aware or clock.local))
        await self._tell_fact("accounts", ", ".join(tws.accounts_named or ()))
        await self._tell_fact("next valid id", str(tws.next_valid_id))
        if self.farms:
            await self._tell_fact("farms", f"{len(self.farms)} notices, which are not errors: see above")
        else:
            await self._tell_fact("farms", "no notice: a Gateway connects a farm when it is first needed")
        self.output.title("Asking for the time, on a morning with an open market")
        await self._tell_fact("TWS says", f"{answered:%Y-%m-%d %H:%M:%S} UTC, in whole seconds")
        await self._tell_fact("its own clock", f"{there:%Y-%m-%d %H:%M:%S.%f} UTC")
        expected = len(self.settings.farms) if self.settings.personality is Personality.TWS else 0
        first_id = self.settings.first_order_id
        self._expect(tws.server_version == self.settings.server_version, "another server version was agreed")
        self._expect(tws.accounts_named == self.settings.accounts, "the accounts are not those of the simulator")
        self._expect(tws.next_valid_id == first_id, f"the next valid id is not {first_id}")
        self._expect(len(self.farms) == expected, f"{len(self.farms)} notices of farms came, not {expected}")
        self._expect(abs(there - answered) < _SAME_CLOCK, "the clock of TWS is not what it says")

    async def _tell_round_trips(self, tws: Tws) -> None:
        for _ in range(self.round_trips):
            began = time.perf_counter()
            # Not the time: TWS wants its clock left alone for more than a second, and the client keeps to that.
            await tws.ask(ManagedAccountsRequest())
            self.seconds.append(time.perf_counter() - began)
            self.trips += 1
        least, middle, most = (
            f"{second * 1e6:.0f}" for second in (min(self.seconds), statistics.median(self.seconds), max(self.seconds))
        )
        text = f"min {least}, median {middle}, max {most} {self.output.micro}"
        await self._tell_fact(counted(self.round_trips, "round trip"), text)

    async def _tell_end(self, end: ConnectionClosed, last: list[object], elapsed: float) -> None:
        self.output.title("TWS dies")
        for event in last:
            if isinstance(event, StateChanged):
                self.states.append(event.after)
        await self._tell(elapsed, "the block was cancelled, and out of it came:", State.CLOSED)
        await self._tell_fact("ConnectionClosed", f"{end.reason.name}, while {end.state.name}", Tone.WARNING)
        await self._tell_fact("what was seen", end.detail)
        await self._tell_fact("what to do", end.hint)
        self._expect(end.reason is CloseReason.EOF, f"the end has the reason {end.reason.name}, not EOF")
        self._expect(end.state is State.READY, f"the end came while {end.state.name}, not while READY")
        self._expect(bool(end.hint), "the end comes without a hint")
        ends = [event for event in last if isinstance(event, ConnectionClosed)]
        self._expect(ends == [end] == last[-1:], "the last event is not the one ConnectionClosed")

    def _sum_up(self) -> int:
        self._expect(self.states == _STATES, f"the states were {', '.join(state.name for state in self.states)}")
        self._expect(self.trips == self.round_trips, f"{counted(self.trips, 'round trip')} were made")
        self.output.blank()
        if self.mistakes:
            self.output.row((("Not as it should be: ", Tone.BAD),), "; ".join(self.mistakes))
            return 1
        trips = counted(self.round_trips, "round trip")
        shown = f"Shown: every state, {trips}, quotes, bars and a book, and the one reason of the end. "
        self.output.row((), shown + "All of it was the simulator: nothing real was touched.", Tone.GOOD)
        return 0

    # --- lines ---------------------------------------------------------------------------------------------------

    async def _tell(self, elapsed: float, text: str, state: State | None = None) -> None:
        name = () if state is None else ((f"{state.name:<22}  ", Tone.STATE),)
        self.output.row(((f"{elapsed * 1e3:6.1f} ms  ", Tone.QUIET), *name), text)
        await self.output.pause(_STEP)

    async def _tell_fact(self, label: str, text: str, tone: Tone = Tone.PLAIN) -> None:
        self.output.fact(label, text, tone)
        await self.output.pause(_STEP)

    def _described_start(self, passage: Passage) -> str:
        message = Codec(Side.TWS, self.settings.server_version).decode(passage.body)
        return f"START_API, client id {message.client_id}" if isinstance(message, StartApiRequest) else repr(message)

    def _expect(self, condition: bool, otherwise: str) -> None:
        if not condition:
            self.mistakes.append(otherwise)


def _described(event: object) -> str:
    """Say in words what a frame of TWS said."""
    match event:
        case VersionAgreed():
            return f"server version {event.server_version}"
        case ManagedAccounts():
            return f"managedAccounts {', '.join(event.accounts)}"
        case NextValidId():
            return f"nextValidId {event.order_id}"
        case Notice():
            return f"{event.code} {event.text}"
        case _:
            return repr(event)
