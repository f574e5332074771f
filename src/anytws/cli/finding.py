"""What there is at one port, as far as a client that only reads can find out. Values; `check` puts them into words."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Callable
from datetime import datetime
from enum import Enum, unique
from typing import Final

import anyio
import attrs

from anytws import (
    AnytwsError,
    ConnectError,
    ConnectionClosed,
    Dropped,
    EventStream,
    HandshakeOptions,
    Notice,
    RefusedByTws,
    RequestFailed,
    RequestTimedOut,
    Stage,
    StillWaiting,
    Tws,
    connect,
)
from anytws.core import codes
from anytws.core.strangers import BEGINNING, TLS, Stranger, stranger_of
from anytws.messages.config import ConfigRequest, ConfigResponse
from anytws.messages.connection_time import ConnectionTime
from anytws.messages.session import (
    CurrentTime,
    CurrentTimeInMillisRequest,
    ErrorMessage,
    IdsRequest,
    ManagedAccountsRequest,
)
from anytws.runtime.tcp import TcpFailure, open_tcp
from anytws.wire.catalogue import entry_of
from anytws.wire.versions import CURRENT_TIME_IN_MILLIS

CLIENT_ID: Final = 269897
"""The client id of a check: ``anytws`` on the keys of a telephone.

Fixed, because TWS remembers the next order id of every client id that it has ever met, and a new one each time would
leave a trail; and far from the small numbers that programs use.
"""

_CONFIG_REQUEST: Final = ConfigRequest(request_id=1)
_TELLS_SETTINGS: Final = entry_of(_CONFIG_REQUEST).since
"""The first server version that does."""
_STRANGER: Final = 0.5
"""Seconds that a peer that has said nothing has to give away that it is no TWS."""
_AT_ONCE: Final = 0.5
"""Seconds in which nobody clicks."""
_SETTINGS: Final = 2.0
"""Seconds that are waited for the settings."""
_MOST_REMARKS: Final = 50
"""Remarks, and farms, that are kept: more than a TWS was ever seen to make. Those after them are counted."""
_MOST_OF_A_TEXT: Final = 4000
"""Characters of a remark that are kept: more than anybody shows of it."""
_LISTEN: Final = 0.5
"""Seconds that are waited for the first farm to be heard of. TWS speaks at once of all, a Gateway perhaps of none."""


@unique
class Outcome(Enum):
    """What came of it."""

    READY = "ready"
    """A client can work with it."""
    NOT_READY = "not_ready"
    """Something answers, but no client can work with it now."""
    NOTHING_THERE = "nothing_there"
    """Not even a TCP connection."""


@unique
class Link(Enum):
    """What TWS said about its own link to IB."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"
    """Nothing."""


@attrs.frozen
class Clock:
    """The clock of TWS, compared with this machine's."""

    ahead: float
    """Seconds that TWS is ahead; negative where it is behind."""
    doubt: float
    """Seconds by which that may be wrong, either way: the time came in whole units, and some time ago."""

    @classmethod
    def of(cls, told: datetime, unit: float, before: float, after: float) -> Clock:
        """Compare what TWS *told*, in *unit* seconds, with our time *before* and *after* (UNIX times)."""
        least, most = told.timestamp() - after, told.timestamp() + unit - before
        return cls((least + most) / 2, (most - least) / 2)


@attrs.frozen
class Farm:
    """The last that was heard of one data farm."""

    name: str
    purpose: str
    status: str
    """``ok``, ``idle``, ``connecting`` or ``broken``."""


FARM_CODES: Final = {
    codes.MARKET_DATA_FARM_BROKEN: ("market data", "broken"),
    codes.MARKET_DATA_FARM_OK: ("market data", "ok"),
    codes.MARKET_DATA_FARM_INACTIVE: ("market data", "idle"),
    codes.MARKET_DATA_FARM_CONNECTING: ("market data", "connecting"),
    codes.HISTORICAL_FARM_BROKEN: ("historical data", "broken"),
    codes.HISTORICAL_FARM_OK: ("historical data", "ok"),
    codes.HISTORICAL_FARM_INACTIVE: ("historical data", "idle"),
    codes.HISTORICAL_FARM_CONNECTING: ("historical data", "connecting"),
    codes.SECURITY_DEFINITION_FARM_BROKEN: ("security definitions", "broken"),
    codes.SECURITY_DEFINITION_FARM_OK: ("security definitions", "ok"),
    codes.SECURITY_DEFINITION_FARM_INACTIVE: ("security definitions", "idle"),
    codes.SECURITY_DEFINITION_FARM_CONNECTING: ("security definitions", "connecting"),
}
"""What a farm is for, and how it is."""

_LINK_CODES: Final = {
    codes.LINK_LOST: Link.DOWN,
    codes.LINK_BROKEN: Link.DOWN,
    codes.LINK_RESTORED: Link.UP,
    codes.LINK_RESTORED_DATA_LOST: Link.UP,
}


@attrs.frozen
class Remark:
    """Something that TWS said by itself, and that is no news of a farm or of its link."""

    code: int
    text: str
    """As it came, or the beginning of it."""


@attrs.define
class Hearsay:
    """What a TWS says by itself, put together while it speaks: as much as anybody wants to read, however much it is."""

    link: Link | None = None
    """What it said last of its link to IB."""
    more_farms: int = 0
    """How many times it spoke of still other farms."""
    more_remarks: int = 0
    """How many remarks it made after those that were kept."""
    missed: int = 0
    """How many events came too fast to be listened to."""
    read_only: bool | None = None
    """Whether its API refuses orders, as it said; None if it did not say."""
    waits_for_settings: bool = False
    """Whether it was asked for them, and has not answered."""
    _farms: dict[tuple[str, str], Farm] = attrs.field(factory=dict[tuple[str, str], Farm], init=False)
    _remarks: list[Remark] = attrs.field(factory=list[Remark], init=False)

    @property
    def farms(self) -> tuple[Farm, ...]:
        """The farms, each as it was last heard of."""
        return tuple(self._farms.values())

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What else it said."""
        return tuple(self._remarks)

    def note(self, event: object) -> None:
        """Take in *event*, if it is of any interest."""
        if isinstance(event, Notice):
            self._note(event.message)
        elif isinstance(event, ConfigResponse):
            self._note_settings(event)
        elif isinstance(event, ErrorMessage) and event.request_id == _CONFIG_REQUEST.request_id:
            # It does not want to tell: that is no trouble of anybody's.
            self.waits_for_settings = False
        elif isinstance(event, ErrorMessage):
            self._note_remark(event)
        elif isinstance(event, Dropped):
            self.missed += event.count

    def _note_settings(self, said: ConfigResponse) -> None:
        self.waits_for_settings = False
        settings = None if said.api is None else said.api.settings
        self.read_only = None if settings is None else settings.read_only_api

    def _note(self, said: ErrorMessage) -> None:
        if said.error_code in FARM_CODES:
            purpose, status = FARM_CODES[said.error_code]
            name = codes.farm_of(said.error_message) or "one without a name"
            if len(self._farms) < _MOST_REMARKS or (name, purpose) in self._farms:
                self._farms[name, purpose] = Farm(name, purpose, status)
            else:
                self.more_farms += 1
        elif said.error_code in _LINK_CODES:
            self.link = _LINK_CODES[said.error_code]
        else:
            self._note_remark(said)

    def _note_remark(self, said: ErrorMessage) -> None:
        if len(self._remarks) < _MOST_REMARKS:
            self._remarks.append(Remark(said.error_code, said.error_message[:_MOST_OF_A_TEXT]))
        else:
            self.more_remarks += 1


@attrs.frozen(kw_only=True)
class Portrait:
    """What a TWS that became ready said."""

    server_version: int
    connection_time: ConnectionTime
    accounts: tuple[str, ...] | None
    next_valid_id: int | None
    connect_seconds: float
    first_answer_seconds: float | None = None
    """How long the first question took, asked again or not; None if it was not answered."""
    trip_seconds: float | None = None
    """How long another question took."""
    clock: Clock | None = None
    heard: Hearsay = attrs.field(factory=Hearsay)
    """What it said by itself."""

    @property
    def link(self) -> Link:
        """The link to IB: what TWS said of it last, or what the farms let one think."""
        if self.heard.link is not None:
            return self.heard.link
        return Link.UP if any(farm.status == "ok" for farm in self.heard.farms) else Link.UNKNOWN

    @property
    def tells_settings(self) -> bool:
        """Whether a TWS of this server version can be asked for its settings."""
        return self.server_version >= _TELLS_SETTINGS

    @property
    def account_kind(self) -> str:
        """``paper``, ``live``, ``mixed`` or ``unknown``, by the first letter: that of a paper account is D."""
        kinds = {"paper" if account.startswith("D") else "live" for account in self.accounts or ()}
        return "mixed" if len(kinds) > 1 else next(iter(kinds), "unknown")


@attrs.frozen
class Finding:
    """What there is at one port."""

    host: str
    port: int
    client_id: int
    patience: float
    """How many seconds each step was allowed."""
    portrait: Portrait | None = None
    """None if it did not become ready."""
    failure: AnytwsError | None = None
    """What went wrong, before or after that."""
    stranger: Stranger | None = None
    """Who answers there and is no TWS, where only a second look has shown it."""

    @property
    def outcome(self) -> Outcome:
        """What came of it. A TWS without a link to IB is not ready: it would take requests, and answer few."""
        if isinstance(self.failure, ConnectError) and self.failure.stage is Stage.TCP:
            return Outcome.NOTHING_THERE
        ready = self.failure is None and self.portrait is not None and self.portrait.link is not Link.DOWN
        return Outcome.READY if ready else Outcome.NOT_READY

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that it named, ready or not."""
        named = self.portrait.accounts if self.portrait is not None else None
        if named is None and isinstance(self.failure, ConnectError):
            named = self.failure.accounts
        return named or ()

    @property
    def closed(self) -> ConnectionClosed | None:
        """How the connection ended, if that is what went wrong."""
        if isinstance(self.failure, ConnectError):
            return self.failure.closed
        return self.failure if isinstance(self.failure, ConnectionClosed) else None


async def examine(
    host: str,
    port: int,
    *,
    client_id: int,
    patience: float,
    on_waiting: Callable[[StillWaiting], object] | None = None,
) -> Finding:
    """Connect to *host* and *port*, read, and leave. Each step may take *patience* seconds.

    Nothing is sent but the handshake and the questions for the time and, where TWS has an answer, for its settings.
    *on_waiting* is told of a step that takes long, while it does.
    """
    options = HandshakeOptions(
        client_id=client_id, version_timeout=patience, start_timeout=patience, stranger_grace=min(patience, _STRANGER)
    )
    portrait: Portrait | None = None
    failure: AnytwsError | None = None
    stranger: Stranger | None = None
    began = time.perf_counter()
    try:
        async with connect(host, port, options=options, connect_timeout=patience, on_waiting=on_waiting) as tws:
            portrait = Portrait(
                server_version=tws.server_version,
                connection_time=tws.connection_time,
                accounts=tws.accounts_named,
                next_valid_id=tws.next_valid_id,
                connect_seconds=time.perf_counter() - began,
            )
            # A TWS that says more than can be heard is still a TWS.
            with tws.events(when_full="drop_oldest") as events:
                try:
                    portrait = await _ask_for_time(tws, portrait, patience)
                except RequestTimedOut as problem:
                    # What it says by itself is worth hearing all the same.
                    failure = problem
                if portrait.tells_settings and failure is None:
                    portrait.heard.waits_for_settings = True
                    tws.send(_CONFIG_REQUEST)
                await _listen(events, portrait.heard, patience)
    except AnytwsError as problem:
        failure = problem
        # Not where it took longer: then a person may have answered a dialog, and would see another one.
        if isinstance(problem, RefusedByTws) and time.perf_counter() - began < _AT_ONCE:
            stranger = TLS if await _wants_tls(host, port, patience) else None
    return Finding(host, port, client_id, patience, portrait, failure, stranger)


async def _wants_tls(host: str, port: int, patience: float) -> bool:
    """Tell whether who hangs up on our greeting goes on with that of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        # It will not come any further: who it is, is enough, and nothing is said to it in confidence.
        context.wrap_bio(incoming, outgoing, server_hostname="tws.invalid").do_handshake()
    try:
        stream = await open_tcp(host, port, min(patience, _STRANGER))
    except TcpFailure:
        return False
    async with stream:
        with anyio.move_on_after(min(patience, _STRANGER)):
            try:
                await stream.send(outgoing.read())
                return stranger_of(await stream.receive(BEGINNING)) == TLS
            except (anyio.BrokenResourceError, anyio.EndOfStream):
                return False
    return False


async def _ask_for_time(tws: Tws, portrait: Portrait, patience: float) -> Portrait:
    began = time.perf_counter()
    await _first_answer(tws, patience)
    first = time.perf_counter() - began
    # Measured is the second question: the first one may have been dropped and sent again.
    before = time.time()
    if tws.server_version >= CURRENT_TIME_IN_MILLIS:
        told, unit = (await tws.ask(CurrentTimeInMillisRequest(), timeout=patience)).time, 0.001
    else:
        told, unit = await tws.current_time(timeout=patience), 1.0
    after = time.time()
    clock = Clock.of(told, unit, before, after)
    return attrs.evolve(portrait, first_answer_seconds=first, trip_seconds=after - before, clock=clock)


async def _first_answer(tws: Tws, patience: float) -> None:
    """Ask until TWS answers: it may drop what it is asked just after the start, and for how long, nobody has said.

    What was asked in vain cannot be asked anew at once, for its answer may still come; so another question is next.
    """
    try:
        with contextlib.suppress(RequestTimedOut):
            await tws.ask(ManagedAccountsRequest(), timeout=patience / 2)
            return
        await tws.ask(IdsRequest(), timeout=patience / 2)
    except RequestFailed:
        # That is an answer.
        return
    except RequestTimedOut as problem:
        raise RequestTimedOut(problem.request, patience, problem.sent) from None


async def _listen(events: EventStream, heard: Hearsay, patience: float) -> None:
    """Hear what TWS says by itself: all that came before its answers, and without a farm among that a little longer."""
    enough = anyio.current_time() + _LISTEN
    is_told = False
    with anyio.move_on_after(max(_LISTEN, min(_SETTINGS, patience)) if heard.waits_for_settings else _LISTEN) as scope:
        async for event in events:
            heard.note(event)
            is_told = is_told or isinstance(event, CurrentTime)
            if heard.waits_for_settings:
                continue
            scope.deadline = min(scope.deadline, enough)
            if is_told and heard.farms:
                scope.cancel()
