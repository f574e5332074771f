"""``anytws demo``: a client, an order, a simulated TWS that dies and comes back, for people to watch.

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
from anyio.abc import ByteStream
from cyclopts import Parameter, validators

from anytws import AnytwsError, EventStream, Gap, Notice, Reconnection, Resumed, State, Tws, keep_connected_stream
from anytws.cli.event_loop import Backend, run_interruptible
from anytws.cli.numbers import whole_number
from anytws.cli.output import Output, Tone, address, counted, open_console
from anytws.cli.tape import Passage, Tape
from anytws.core.events import Ready, StateChanged, VersionAgreed
from anytws.machines.reconnection import LEAST_PAUSE
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
_PATIENCE: Final = 30.0
"""Seconds after which it is not waited any longer that TWS comes back."""
_MOST_ROUND_TRIPS: Final = 10**9
"""A day or more."""
_MOST_REMEMBERED: Final = 100_000
"""Round trips of which is remembered how long they took: the last ones."""
_REST_SECONDS: Final = 5.0
"""Seconds for events that have come already."""
_MOST_SEED: Final = 2**32 - 1
_SAME_CLOCK: Final = timedelta(seconds=2)
"""TWS sends its clock in whole seconds."""
_HURRY: Final = 20.0
"""How many seconds pass in the simulated TWS in one second, where nobody looks: its market changes that much sooner."""
_OPENING: Final = [State.SOCKET_OPEN, State.HANDSHAKING, State.AWAITING_NEXT_VALID_ID, State.READY]
_STATES: Final = [*_OPENING, State.CLOSED, *_OPENING]


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
    seed: Annotated[int, Parameter(converter=whole_number, validator=validators.Number(gte=0, lte=_MOST_SEED))] = 1,
) -> int:
    """Watch a client, the market and two orders, at a simulated TWS that dies with one in flight and comes back.

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
        How often the client asks a short question, up to a thousand million times.
    seed
        Which market it is: the same one for the same number.
    """
    settings = WorldSettings(server_version=server_version, personality=personality, seed=seed)
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
            from anytws.cli.demo_orders import TROUBLE  # noqa: PLC0415 (who asks for help need not wait for it)

            world = World(self.settings, script=TROUBLE)
            async with serve(world, speed=1.0 if output.is_terminal else _HURRY) as tws:
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
        from anytws.cli.demo_orders import OrderShow  # noqa: PLC0415 (see above)

        began = time.perf_counter()
        tapes: list[Tape] = []

        async def opening() -> ByteStream:
            stream = await anyio.connect_tcp(host, port)
            if tapes:
                return stream
            tapes.append(Tape(stream, began))
            return tapes[0]

        pause = 1.0 if self.output.is_terminal else LEAST_PAUSE
        policy = Reconnection(first_pause=pause, longest_pause=2 * pause, enter_within=0, give_up_after=_PATIENCE)
        # As `anytws.keep_connected` does, but with a tape in between, at first.
        # Without pacing: this TWS takes as many messages a second as come.
        told = address(host, port)
        block = keep_connected_stream(opening, client_id=_CLIENT_ID, address=told, policy=policy, pacing=None)
        async with block as tws:
            events = tws.events()
            answered = await tws.current_time(timeout=_PATIENCE)
            there = world.utc()
            tapes[0].stop()
            await self._tell_opening(events, tapes[0])
            await self._tell_facts(tws, answered, there)
            await self._tell_round_trips(tws)
            await MarketShow(self.output, world, self._tell_fact, self._expect).perform(tws)
            await OrderShow(self.output, world, self._tell_fact, self._expect).perform(tws)
            await self._check_rest(tws, events)

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

    async def _check_rest(self, tws: Tws, events: EventStream) -> None:
        """See that the events of both connections came as one stream, with one gap in it."""
        await tws.ask(ManagedAccountsRequest(), timeout=_REST_SECONDS)
        gaps: list[object] = []
        with anyio.move_on_after(_REST_SECONDS):
            async for event in events:
                if isinstance(event, StateChanged):
                    self.states.append(event.after)
                if isinstance(event, (Gap, Resumed)):
                    gaps.append(type(event))
                if len(self.states) >= len(_STATES):
                    break
        self._expect(gaps == [Gap, Resumed], f"the events had {len(gaps)} ends of gaps in them, not 2")

    def _sum_up(self) -> int:
        self._expect(self.states == _STATES, f"the states were {', '.join(state.name for state in self.states)}")
        self._expect(self.trips == self.round_trips, f"{counted(self.trips, 'round trip')} were made")
        self.output.blank()
        if self.mistakes:
            self.output.row((("Not as it should be: ", Tone.BAD),), "; ".join(self.mistakes))
            return 1
        trips = counted(self.round_trips, "round trip")
        shown = (
            f"Shown: every state, {trips}, quotes, bars, a book, and two orders, of which none was lost or doubled. "
        )
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
