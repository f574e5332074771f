"""Whatever TWS does, the client ends cleanly, soon, once, and says what it was.

One table, `MISBEHAVIOURS`. Each row is run over TCP on both backends, with the one deadline that it waits for made
short; and, unless it needs sockets, over memory on a virtual clock with the deadlines that a user gets, where it has
to end after exactly that deadline and not a moment later.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Final

import anyio
import attrs
import pytest

import anytws
from anytws import (
    ClientIdInUse,
    CloseReason,
    ConnectError,
    ConnectionClosed,
    ConnectTimedOut,
    Dropped,
    HandshakeOptions,
    Notice,
    Redirected,
    RefusedByTws,
    RequestTimedOut,
    SendQueueFull,
    Stage,
    State,
    StillWaiting,
    TcpConnectFailed,
    Tws,
    UnsupportedServerVersion,
)
from anytws.client import block
from anytws.core import (
    Connection,
    FrameDiscarded,
    OddValue,
    Ready,
    StateChanged,
    UndecodableFrame,
    UnknownMessage,
    VersionAgreed,
)
from anytws.core.events import Event
from anytws.errors import DecodeError
from anytws.machines.outbox import UNSENT_SECONDS
from anytws.messages import (
    CurrentTime,
    ErrorMessage,
    ManagedAccounts,
    ManagedAccountsRequest,
    NewsArticleRequest,
    NextValidId,
)
from tests.misbehaving_tws import (
    ACCOUNTS,
    CLOCK_SECONDS,
    CURRENT_TIME,
    FARM_OK,
    HEAR_GREETING,
    HEAR_START,
    IN_USE,
    LOCALHOST,
    NEXT_VALID_ID,
    OPENING,
    PATIENCE,
    READY,
    REPLY,
    Close,
    Deaf,
    Drip,
    Flood,
    HangUp,
    Hear,
    Pause,
    Reset,
    Say,
    Script,
    Step,
    error,
    framed,
    misbehaving_in_memory,
    misbehaving_on_tcp,
    numbered,
    open_files,
    protobuf,
    text,
    until,
    version,
)

LONG: Final = NewsArticleRequest("BRFG", "x" * 60_000, request_id=1)
"""A message of which a few hundred fill whatever is on the way."""
HURRY: Final = 0.15
"""Seconds that a deadline has over TCP, where it is what the row waits for."""


# What the client does inside of the block. Each gets the connection and the seconds that a request may take.

Body = Callable[[Tws, float], Awaitable[object]]


async def stay(_: Tws, __: float) -> None:
    """Wait for something else, for ever: the end has to come by itself."""
    await anyio.sleep_forever()


async def leave(_: Tws, __: float) -> None:
    """Be content."""


async def ask(tws: Tws, patience: float) -> None:
    """Ask for the time, and get it."""
    assert (await tws.current_time(timeout=patience)).timestamp() == 1_735_725_600


async def ask_and_stay(tws: Tws, patience: float) -> None:
    await ask(tws, patience)
    await anyio.sleep_forever()


async def ask_in_vain(tws: Tws, patience: float) -> None:
    """Ask for the time, get none, and find that the connection lives."""
    with pytest.raises(RequestTimedOut) as caught:
        await tws.current_time(timeout=patience)
    assert f"CurrentTimeRequest within {patience:g} s" in str(caught.value)
    assert tws.state is State.READY


async def ask_and_hear_garbage(tws: Tws, _: float) -> None:
    """Ask for the time, be told at once that the answer cannot be read, and find that the connection lives."""
    with pytest.raises(DecodeError, match=r"CurrentTime\.time"):
        await tws.current_time()
    assert tws.state is State.READY


async def say_much(tws: Tws, _: float) -> None:
    """Send more than any buffer on the way holds, until no more is taken."""
    with pytest.raises(SendQueueFull):
        for _ in range(1000):
            tws.send(LONG)


async def say_much_and_stay(tws: Tws, patience: float) -> None:
    await say_much(tws, patience)
    await anyio.sleep_forever()


def no_accounts(tws: Tws) -> None:
    assert tws.accounts_named is None


def highest_id(tws: Tws) -> None:
    assert tws.next_valid_id == 42


def first_accounts(tws: Tws) -> None:
    assert tws.accounts_named == ("DU1234567",)


def no_aware_time(tws: Tws) -> None:
    assert tws.connection_time.aware is None
    assert tws.connection_time.raw.endswith(b"\xd6\xd0\xb9\xfa")


@attrs.frozen
class Misbehaviour:
    """One row: what TWS does, and what has to come of it."""

    name: str
    script: Script | None
    """None: nothing listens."""
    raises: type[ConnectError | ConnectionClosed] | None
    """What leaves the block; None: nothing, since the connection was fine."""
    reason: CloseReason | tuple[CloseReason, ...]
    """Several where TCP itself leaves open which one it is."""
    stage: Stage | None = attrs.field(kw_only=True, default=None)
    code: int | tuple[int, ...] | None = attrs.field(kw_only=True, default=None)
    says: tuple[str, ...] = attrs.field(kw_only=True, default=())
    """Parts of the error's text."""
    events: tuple[type, ...] | None = attrs.field(kw_only=True, default=())
    """Every event but changes of the state and the end, in order; None where there are too many."""
    waits_for: str | None = attrs.field(kw_only=True, default=None)
    """The field of `HandshakeOptions` that is the deadline that passes."""
    asks_in_vain: bool = attrs.field(kw_only=True, default=False)
    """Whether a request's deadline passes."""
    body: Body = attrs.field(kw_only=True, default=stay)
    check: Callable[[Tws], None] | None = attrs.field(kw_only=True, default=None)
    """Looks at the connection after the block."""
    last_error: int | None = attrs.field(kw_only=True, default=None)
    """The code of the last error that TWS sent, as the end has it."""
    new_port: int | None = attrs.field(kw_only=True, default=None)
    follow_redirects: bool = attrs.field(kw_only=True, default=False)
    more: tuple[Script, ...] = attrs.field(kw_only=True, default=())
    """The scripts of further connections."""
    connections: int = attrs.field(kw_only=True, default=1)
    sockets: bool = attrs.field(kw_only=True, default=False)
    """Whether it needs TCP."""
    never_reads: bool = attrs.field(kw_only=True, default=False)
    """Whether what was sent last cannot leave, so that the end waits for it in vain."""
    seconds_of_its_own: float = attrs.field(kw_only=True, default=0.0)
    """How long the script takes."""

    @property
    def options(self) -> HandshakeOptions:
        """A user's, but for the deadline that has to pass."""
        chosen: dict[str, Any] = {} if self.waits_for is None else {self.waits_for: HURRY}
        return HandshakeOptions(**chosen)

    @property
    def seconds(self) -> float:
        """How long it has to take where nothing is made short."""
        waited = 0.0 if self.waits_for is None else getattr(HandshakeOptions(), self.waits_for)
        waited += CLOCK_SECONDS if self.asks_in_vain else 0.0
        waited += block.GOODBYE if self.never_reads else 0.0
        return waited + self.seconds_of_its_own


_R, _S = CloseReason, Stage

READY_EVENTS: Final = (VersionAgreed, ManagedAccounts, NextValidId, Ready)


def never_ready(name: str, script: Script | None, raises: type[ConnectError], *args: Any, **more: Any) -> Misbehaviour:
    """A row in which `connect` fails."""
    return Misbehaviour(name, script, raises, *args, **more)


def ready(name: str, script: Script, reason: CloseReason = _R.EOF, *args: Any, **more: Any) -> Misbehaviour:
    """A row in which the connection becomes ready all the same, or first; TWS ends it."""
    raises = None if reason is _R.LOCAL else ConnectionClosed
    return Misbehaviour(name, script, raises, reason, *args, **{"events": READY_EVENTS, **more})


def speaks(name: str, greeting: bytes, named: str, *, first: bool = True) -> Misbehaviour:
    """A row in which something else than TWS listens."""
    return Misbehaviour(
        f"speaks {name}",
        (Say(greeting),) if first else (HEAR_GREETING, Say(greeting)),
        ConnectError,
        _R.PROTOCOL_ERROR,
        stage=_S.GREETING,
        code=507,
        says=(repr(greeting[:4])[2:-1], "host and port", "answers at this port, and not TWS", named),
    )


def replies(reply: bytes, *, and_then: Script = ()) -> Script:
    """A script that answers the greeting with something else than it should."""
    return (HEAR_GREETING, Say(reply), *and_then)


def redirects(to: bytes) -> Script:
    return replies(text(-1, to.decode()))


BEFORE_THE_REPLY: Final = (
    never_ready(
        "nothing listens",
        None,
        TcpConnectFailed,
        _R.CONNECT_FAILED,
        stage=_S.TCP,
        code=502,
        says=("502", "running and logged in", "7497"),
        sockets=True,
    ),
    never_ready(
        "accepts and never speaks",
        (HEAR_GREETING,),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.GREETING,
        says=("no version reply came within", "dialog"),
        waits_for="version_timeout",
    ),
    never_ready(
        "accepts and never reads",
        (Deaf(),),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.GREETING,
        says=("no version reply came within", "restart TWS or IB Gateway"),
        waits_for="version_timeout",
    ),
    never_ready(
        "closes at once",
        (Close(),),
        RefusedByTws,
        _R.REFUSED,
        stage=_S.GREETING,
        code=502,
        says=("trusted", "32 clients", "Reject", "forwarder (socat, ssh -L, a docker container)"),
    ),
    never_ready(
        "resets at once",
        (Reset(),),
        RefusedByTws,
        _R.REFUSED,
        stage=_S.GREETING,
        code=502,
        says=("trusted", "32 clients"),
    ),
    never_ready(
        "hangs up on the greeting",
        (HEAR_GREETING, HangUp()),
        RefusedByTws,
        _R.REFUSED,
        stage=_S.GREETING,
        code=502,
        says=("before it named its version", "trusted", "32 clients"),
    ),
    never_ready(
        "resets on the greeting",
        (HEAR_GREETING, Reset()),
        RefusedByTws,
        _R.REFUSED,
        stage=_S.GREETING,
        code=502,
        says=("trusted", "32 clients"),
    ),
    *(
        never_ready(
            f"hangs up after {count} bytes of its reply",
            replies(REPLY[:count], and_then=(HangUp(),)),
            ConnectError,
            _R.EOF_MID_FRAME,
            stage=_S.GREETING,
            says=("inside a frame", f"{count} bytes"),
        )
        for count in (1, 3, 4, 5, 10, len(REPLY) - 1)
    ),
    never_ready(
        "never finishes its reply",
        replies(REPLY[:10]),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.GREETING,
        says=("10 bytes of an unfinished frame", "176"),
        waits_for="version_timeout",
    ),
    speaks("HTTP", b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "An HTTP server", first=False),
    speaks("TLS", bytes.fromhex("15030300020246"), "connect_stream()", first=False),
    speaks("SSH", b"SSH-2.0-OpenSSH_9.6\r\n", "An SSH server"),
    speaks("Redis", b"-ERR unknown command 'API'\r\n", "A Redis server", first=False),
    speaks("SMTP", b"220 mail.example.com ESMTP\r\n", "A mail (SMTP)"),
    speaks("MySQL", bytes.fromhex("4a0000000a") + b"8.0.36\0", "A MySQL server"),
    speaks("VNC", b"RFB 003.008\n", "A VNC server"),
    never_ready(
        "speaks HTTP/2, whose length may be one of a frame, and waits",
        replies(bytes.fromhex("00000604000000000000050000400000")),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.GREETING,
        says=("as an HTTP/2 (gRPC) server does; no version reply came within",),
        waits_for="version_timeout",
    ),
    never_ready(
        "begins to speak Redis, and resets",
        replies(b"-ER", and_then=(Reset(),)),
        ConnectError,
        _R.RESET,
        stage=_S.GREETING,
        code=509,
        says=("may not be TWS",),
        sockets=True,
    ),
    never_ready(
        "announces a huge frame",
        replies(b"\xff\xff\xff\xff"),
        ConnectError,
        _R.PROTOCOL_ERROR,
        stage=_S.GREETING,
        code=507,
        says=("4294967295 bytes", "65536 allowed"),
    ),
    never_ready(
        "announces one byte too many",
        replies(b"\0\x01\0\x01"),
        ConnectError,
        _R.PROTOCOL_ERROR,
        stage=_S.GREETING,
        code=507,
        says=("65537 bytes", "65536 allowed"),
    ),
    never_ready(
        "announces the longest frame and sends a little",
        replies(b"\0\x01\0\0abc"),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.GREETING,
        says=("7 bytes of an unfinished frame",),
        waits_for="version_timeout",
    ),
    never_ready(
        "sends frames without end before its reply",
        (Flood(text("news", "of", "the day") * 100),),
        ConnectError,
        _R.PROTOCOL_ERROR,
        stage=_S.GREETING,
        code=507,
        says=("before the server version", "other frames came"),
        events=None,
        sockets=True,
    ),
    never_ready(
        "is a version too old",
        replies(version(156)),
        UnsupportedServerVersion,
        _R.UNSUPPORTED_SERVER_VERSION,
        stage=_S.VERSION,
        code=503,
        says=("156", "157..226", "Update"),
    ),
    never_ready(
        "is a version too new",
        replies(version(227)),
        UnsupportedServerVersion,
        _R.UNSUPPORTED_SERVER_VERSION,
        stage=_S.VERSION,
        code=506,
        says=("227", "157..226", "Update"),
    ),
    never_ready(
        "is of version 0",
        replies(version(0)),
        UnsupportedServerVersion,
        _R.UNSUPPORTED_SERVER_VERSION,
        stage=_S.VERSION,
        code=503,
        says=("version 0 ",),
    ),
    never_ready(
        "has a version of many digits",
        replies(version("9" * 20)),
        UnsupportedServerVersion,
        _R.UNSUPPORTED_SERVER_VERSION,
        stage=_S.VERSION,
        code=506,
        says=("999", "157..226"),
    ),
    never_ready(
        "has a version of digits without number",
        replies(version("9" * 50_000)),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.GREETING,
        says=("no version reply", "1 other frame"),
        waits_for="version_timeout",
        events=(FrameDiscarded,),
    ),
    never_ready(
        "has a version that is no number, and waits",
        replies(version("latest")),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.GREETING,
        says=("no version reply", "1 other frame"),
        waits_for="version_timeout",
        events=(FrameDiscarded,),
    ),
    never_ready(
        "has a version that is no number, and hangs up",
        replies(version("latest"), and_then=(HangUp(),)),
        RefusedByTws,
        _R.REFUSED,
        stage=_S.GREETING,
        code=502,
        says=("before it named its version", "1 other frame"),
        events=(FrameDiscarded,),
    ),
    never_ready(
        "has an empty version",
        replies(version("")),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.GREETING,
        says=("1 other frame",),
        waits_for="version_timeout",
        events=(FrameDiscarded,),
    ),
    never_ready(
        "has a negative version",
        replies(version(-5)),
        ConnectError,
        _R.PROTOCOL_ERROR,
        stage=_S.VERSION,
        code=508,
        says=("redirects to '20250101 10:00:00 GMT'", "host:port"),
    ),
    never_ready(
        "replies with three fields",
        replies(text(176, "20250101 10:00:00 GMT", "more")),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.GREETING,
        says=("1 other frame",),
        waits_for="version_timeout",
        events=(FrameDiscarded,),
    ),
    never_ready(
        "replies without the last NUL",
        replies(framed(b"176\x0020250101 10:00:00 GMT")),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.GREETING,
        says=("1 other frame",),
        waits_for="version_timeout",
        events=(FrameDiscarded,),
    ),
    never_ready(
        "sends 326 in the place of its version",
        replies(IN_USE, and_then=(HangUp(),)),
        ClientIdInUse,
        _R.CLIENT_ID_IN_USE,
        stage=_S.GREETING,
        code=326,
        says=("before it named its version", "another client id"),
        last_error=326,
        events=(ErrorMessage,),
    ),
    never_ready(
        "says in the place of its version that it has lost its link",
        replies(error(1100, "Connectivity between IB and TWS has been lost."), and_then=(HangUp(),)),
        RefusedByTws,
        _R.REFUSED,
        stage=_S.GREETING,
        code=502,
        says=("TWS said: Connectivity between IB and TWS has been lost. (1100)",),
        events=(Notice,),
    ),
    ready(
        "says that its farms are fine before its reply",
        (HEAR_GREETING, Say(FARM_OK + REPLY), HEAR_START, Say(OPENING), HangUp()),
        events=(Notice, *READY_EVENTS),
    ),
    never_ready(
        "is a forwarder that dials for a while, and hangs up",
        (HEAR_GREETING, Say(b""), HangUp()),
        RefusedByTws,
        _R.REFUSED,
        stage=_S.GREETING,
        code=502,
        says=("behind it does not run, or is not logged in yet",),
    ),
    ready(
        "sends an empty frame before its reply",
        (Say(framed(b"")), *READY, HangUp()),
        events=(FrameDiscarded, *READY_EVENTS),
    ),
    ready(
        "sends a few frames before its reply",
        (Say(text("news", 1) + text("news", "b", 3) * 2), *READY, HangUp()),
        events=(FrameDiscarded,) * 3 + READY_EVENTS,
    ),
    ready(
        "sends thousands of frames before its reply",
        (Say(text("news", "of", 2)), *[Say(text(1, 2, 3) * 500)] * 10, *READY, HangUp()),
        events=(FrameDiscarded,) * 5001 + READY_EVENTS,
    ),
    ready(
        "replies byte by byte",
        (HEAR_GREETING, Drip(REPLY), HEAR_START, Drip(OPENING), HangUp()),
    ),
    ready(
        "says everything in one segment, unasked",
        (HEAR_GREETING, Say(REPLY + OPENING), HEAR_START, HangUp()),
    ),
    ready(
        "says everything before it is greeted",
        (Say(REPLY + OPENING), HEAR_GREETING, HEAR_START, HangUp()),
    ),
    ready(
        "is in a zone that nobody can decode",
        (
            HEAR_GREETING,
            Say(framed(b"176\x0020250101 10:00:00 \xd6\xd0\xb9\xfa\0")),
            HEAR_START,
            Say(OPENING),
            HangUp(),
        ),
        check=no_aware_time,
    ),
    ready(
        "has no clock",
        (HEAR_GREETING, Say(framed(b"176\0\0")), HEAR_START, Say(OPENING), HangUp()),
    ),
)

REDIRECTS: Final = (
    never_ready(
        "redirects, which is not allowed",
        redirects(b"tws.example.com:7496"),
        Redirected,
        _R.REDIRECTED,
        stage=_S.VERSION,
        says=("tws.example.com:7496", "follow_redirects=True"),
    ),
    never_ready(
        "redirects without a port, which is not allowed",
        redirects(b"tws.example.com"),
        Redirected,
        _R.REDIRECTED,
        stage=_S.VERSION,
        says=("tws.example.com instead",),
    ),
    never_ready(
        "redirects to a port that is none",
        redirects(b"tws.example.com:http"),
        ConnectError,
        _R.PROTOCOL_ERROR,
        stage=_S.VERSION,
        code=508,
        says=("tws.example.com:http", "'http' is not a port"),
    ),
    never_ready(
        "redirects to a port above all",
        redirects(b"tws.example.com:70000"),
        ConnectError,
        _R.PROTOCOL_ERROR,
        stage=_S.VERSION,
        code=508,
        says=("'70000' is not a port",),
    ),
    never_ready(
        "redirects to nowhere",
        redirects(b""),
        ConnectError,
        _R.PROTOCOL_ERROR,
        stage=_S.VERSION,
        code=508,
        says=("redirects to ''", "host:port"),
    ),
    ready(
        "redirects once",
        redirects(b"127.0.0.1:$OWN"),
        more=((*READY, HangUp()),),
        follow_redirects=True,
        connections=2,
        sockets=True,
    ),
    ready(
        "redirects twice",
        redirects(b"127.0.0.1:$OWN"),
        more=(redirects(b"127.0.0.1:$OWN"), (*READY, HangUp())),
        follow_redirects=True,
        connections=3,
        sockets=True,
    ),
    ready(
        "redirects to itself without a port",
        redirects(b"127.0.0.1"),
        more=((*READY, HangUp()),),
        follow_redirects=True,
        connections=2,
        sockets=True,
    ),
    never_ready(
        "redirects for ever",
        redirects(b"127.0.0.1:$OWN"),
        Redirected,
        _R.REDIRECTED,
        stage=_S.VERSION,
        says=("asks to connect to 127.0.0.1:",),
        follow_redirects=True,
        connections=3,
        sockets=True,
    ),
    never_ready(
        "redirects to a port where nothing listens",
        redirects(b"127.0.0.1:$DEAD"),
        TcpConnectFailed,
        _R.CONNECT_FAILED,
        stage=_S.TCP,
        code=502,
        says=("running and logged in",),
        follow_redirects=True,
        sockets=True,
    ),
    never_ready(
        "redirects to one that refuses",
        redirects(b"127.0.0.1:$OWN"),
        RefusedByTws,
        _R.REFUSED,
        stage=_S.GREETING,
        code=502,
        more=((HEAR_GREETING, HangUp()),),
        follow_redirects=True,
        connections=2,
        sockets=True,
    ),
)


def started(*steps: Step) -> Script:
    """A script that goes on after START_API."""
    return (HEAR_GREETING, Say(REPLY), HEAR_START, *steps)


STARTED: Final = (VersionAgreed,)

BEFORE_READY: Final = (
    never_ready(
        "says 326 and hangs up",
        started(Say(IN_USE), HangUp()),
        ClientIdInUse,
        _R.CLIENT_ID_IN_USE,
        stage=_S.START,
        code=326,
        says=("client id is already in use", "another client id"),
        last_error=326,
        events=(*STARTED, ErrorMessage),
    ),
    never_ready(
        "says 326 and does not hang up",
        started(Say(IN_USE)),
        ClientIdInUse,
        _R.CLIENT_ID_IN_USE,
        stage=_S.START,
        code=326,
        says=("another client id",),
        last_error=326,
        waits_for="refusal_grace",
        events=(*STARTED, ErrorMessage),
    ),
    never_ready(
        "says 326 and resets",
        started(Say(IN_USE), Reset()),
        ClientIdInUse,
        _R.CLIENT_ID_IN_USE,
        stage=_S.START,
        code=326,
        says=("another client id",),
        last_error=326,
        events=(*STARTED, ErrorMessage),
    ),
    never_ready(
        "says 326 and breaks off inside the next frame",
        started(Say(IN_USE + ACCOUNTS[:5]), HangUp()),
        ClientIdInUse,
        _R.CLIENT_ID_IN_USE,
        stage=_S.START,
        code=326,
        last_error=326,
        events=(*STARTED, ErrorMessage),
    ),
    never_ready(
        "says the accounts, then 326, and hangs up",
        started(Say(ACCOUNTS + IN_USE), HangUp()),
        ClientIdInUse,
        _R.CLIENT_ID_IN_USE,
        stage=_S.HALF_STARTED,
        code=326,
        last_error=326,
        events=(*STARTED, ManagedAccounts, ErrorMessage),
    ),
    never_ready(
        "never says nextValidId",
        started(Say(ACCOUNTS)),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.HALF_STARTED,
        says=("no nextValidId came within", "managedAccounts did"),
        waits_for="start_timeout",
        events=(*STARTED, ManagedAccounts),
    ),
    never_ready(
        "says nothing after START_API",
        started(),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.START,
        says=("no nextValidId came within", "logging in"),
        waits_for="start_timeout",
        events=STARTED,
    ),
    never_ready(
        "never reads START_API",
        (HEAR_GREETING, Say(REPLY), Deaf()),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.START,
        says=("no nextValidId",),
        waits_for="start_timeout",
        events=STARTED,
    ),
    never_ready(
        "says only that its farms are fine",
        started(Say(FARM_OK)),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.START,
        says=("no nextValidId",),
        waits_for="start_timeout",
        events=(*STARTED, Notice),
    ),
    never_ready(
        "says a nextValidId that is no number",
        started(Say(ACCOUNTS + text(9, 1, "soon"))),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.HALF_STARTED,
        says=("NextValidId.order_id", "'soon'"),
        waits_for="start_timeout",
        events=(*STARTED, ManagedAccounts, UndecodableFrame),
    ),
    never_ready(
        "says a nextValidId without a number",
        started(Say(ACCOUNTS + text(9, 1))),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.HALF_STARTED,
        says=("NextValidId.order_id",),
        waits_for="start_timeout",
        events=(*STARTED, ManagedAccounts, UndecodableFrame),
    ),
    never_ready(
        "never finishes nextValidId",
        started(Say(ACCOUNTS + NEXT_VALID_ID[:6])),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.HALF_STARTED,
        says=("6 bytes of an unfinished frame",),
        waits_for="start_timeout",
        events=(*STARTED, ManagedAccounts),
    ),
    never_ready(
        "floods the start with what nobody knows",
        started(Flood(text(999, "x") * 200)),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.START,
        waits_for="start_timeout",
        events=None,
        sockets=True,
    ),
    never_ready(
        "hangs up on START_API",
        started(HangUp()),
        ConnectError,
        _R.EOF,
        stage=_S.START,
        says=("ended the byte stream", "logging in"),
        events=STARTED,
    ),
    never_ready(
        "resets on START_API",
        started(Reset()),
        ConnectError,
        _R.RESET,
        stage=_S.START,
        code=509,
        says=("logging in",),
        events=STARTED,
    ),
    never_ready(
        "hangs up between accounts and nextValidId",
        started(Say(ACCOUNTS), HangUp()),
        ConnectError,
        _R.EOF,
        stage=_S.HALF_STARTED,
        says=("logging in",),
        events=(*STARTED, ManagedAccounts),
    ),
    never_ready(
        "hangs up inside of nextValidId",
        started(Say(ACCOUNTS + NEXT_VALID_ID[:6]), HangUp()),
        ConnectError,
        _R.EOF_MID_FRAME,
        stage=_S.HALF_STARTED,
        says=("inside a frame", "6 bytes"),
        events=(*STARTED, ManagedAccounts),
    ),
    never_ready(
        "says an error and hangs up",
        started(Say(error(10999, "You may not.")), HangUp()),
        ConnectError,
        _R.EOF,
        stage=_S.START,
        says=("TWS said: You may not. (10999)",),
        last_error=10999,
        events=(*STARTED, Notice),
    ),
    never_ready(
        "moves to another port before it is ready",
        started(Say(error(1300, "The socket port was changed; reconnect on the new port - 7498")), HangUp()),
        ConnectError,
        _R.PORT_CHANGED,
        stage=_S.START,
        code=1300,
        says=("7498", "connect to the new one"),
        last_error=1300,
        new_port=7498,
        events=(*STARTED, ErrorMessage),
    ),
    never_ready(
        "announces a huge frame after START_API",
        started(Say(b"HTTP")),
        ConnectError,
        _R.PROTOCOL_ERROR,
        stage=_S.START,
        code=507,
        says=("16777215",),
        events=STARTED,
    ),
    never_ready(
        "speaks protobuf at a version that has none",
        started(Say(protobuf(15, b"\x0a\x09DU1234567") + protobuf(9, b"\x08\x2a"))),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.START,
        waits_for="start_timeout",
        events=(*STARTED, UndecodableFrame, UndecodableFrame),
    ),
    never_ready(
        "speaks text without numbers at a version that numbers its frames",
        (HEAR_GREETING, Say(version(226)), HEAR_START, Say(OPENING)),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.START,
        waits_for="start_timeout",
        events=(*STARTED, UnknownMessage, UnknownMessage),
    ),
    ready(
        "speaks text at a version of protobuf",
        (
            HEAR_GREETING,
            Say(version(226)),
            HEAR_START,
            Say(numbered(15, 1, "DU1234567") + numbered(9, 1, 42)),
            HangUp(),
        ),
        check=first_accounts,
    ),
    ready(
        "speaks protobuf at a version that still speaks text",
        (
            HEAR_GREETING,
            Say(version(201)),
            HEAR_START,
            Say(protobuf(15, b"\x0a\x09DU1234567") + protobuf(9, b"\x08\x2a")),
            HangUp(),
        ),
        check=first_accounts,
    ),
    ready(
        "never says the accounts",
        started(Say(NEXT_VALID_ID)),
        _R.LOCAL,
        waits_for="accounts_grace",
        events=(VersionAgreed, NextValidId, Ready),
        check=no_accounts,
        body=leave,
    ),
    ready(
        "says the accounts last",
        started(Say(NEXT_VALID_ID + FARM_OK + ACCOUNTS), HangUp()),
        events=(VersionAgreed, NextValidId, Notice, ManagedAccounts, Ready),
        check=first_accounts,
    ),
    ready(
        "says what nobody can read as an error",
        started(Say(text(4, 2, -1, "bad", "?", "") + OPENING), HangUp()),
        events=(VersionAgreed, UndecodableFrame, ManagedAccounts, NextValidId, Ready),
    ),
    ready(
        "says an error without its end",
        started(Say(text(4, 2, -1) + OPENING), HangUp()),
        events=(VersionAgreed, UndecodableFrame, ManagedAccounts, NextValidId, Ready),
    ),
    ready(
        "says thousands of things that nobody knows",
        started(*[Say(text(999, "x") * 500)] * 10, Say(OPENING), HangUp()),
        events=(VersionAgreed, *(UnknownMessage,) * 5000, ManagedAccounts, NextValidId, Ready),
    ),
    ready(
        "says empty frames while it starts",
        started(Say(framed(b"") * 3 + OPENING), HangUp()),
        events=(VersionAgreed, *(UndecodableFrame,) * 3, ManagedAccounts, NextValidId, Ready),
    ),
    ready(
        "has no link to the vendor (2110)",
        started(Say(error(2110, "Connectivity is broken.") + OPENING), HangUp()),
        events=(VersionAgreed, Notice, ManagedAccounts, NextValidId, Ready),
    ),
    ready(
        "has lost its link to the vendor (1100)",
        started(Say(error(1100, "Connectivity is lost.") + OPENING), HangUp()),
        events=(VersionAgreed, Notice, ManagedAccounts, NextValidId, Ready),
    ),
    ready(
        "says what clients say",
        started(Say(text(71, 2, 0, "") + text(8, 1, 1) + OPENING), HangUp()),
        events=None,
    ),
    ready(
        "replies twice",
        (HEAR_GREETING, Say(REPLY + version(157)), HEAR_START, Say(OPENING), HangUp()),
        events=(VersionAgreed, UnknownMessage, ManagedAccounts, NextValidId, Ready),
    ),
)


def once_ready(*steps: Step) -> Script:
    """A script that goes on when requests may be made."""
    return (*READY, *steps)


WHEN_READY: Final = (
    ready("hangs up", once_ready(HangUp()), says=("restarts once a day",)),
    ready("hangs up inside a frame", once_ready(Say(CURRENT_TIME[:9]), HangUp()), _R.EOF_MID_FRAME, says=("9 bytes",)),
    ready("hangs up inside a length", once_ready(Say(CURRENT_TIME[:2]), HangUp()), _R.EOF_MID_FRAME, says=("2 bytes",)),
    ready("resets", once_ready(Reset()), _R.RESET, code=509, says=("restarts once a day",)),
    ready("resets inside a frame", once_ready(Say(CURRENT_TIME[:9]), Reset()), _R.RESET, code=509),
    ready(
        "hangs up on a request",
        once_ready(Hear(), HangUp()),
        body=ask,
    ),
    ready(
        "resets on a request",
        once_ready(Hear(), Reset()),
        _R.RESET,
        code=509,
        body=ask,
    ),
    ready(
        "hangs up inside the answer to a request",
        once_ready(Hear(), Say(CURRENT_TIME[:-1]), HangUp()),
        _R.EOF_MID_FRAME,
        body=ask,
    ),
    ready("sends an empty frame", once_ready(Say(framed(b"")), HangUp()), events=(*READY_EVENTS, UndecodableFrame)),
    ready(
        "announces a huge frame when ready",
        once_ready(Say(b"\x7f\0\0\0")),
        _R.PROTOCOL_ERROR,
        code=507,
        says=("2130706432 bytes", "Connect again"),
    ),
    ready(
        "starts to speak HTTP",
        once_ready(Say(b"HTTP/1.1 200 OK\r\n\r\n")),
        _R.PROTOCOL_ERROR,
        code=507,
        says=("HTTP",),
    ),
    ready(
        "moves to another port",
        once_ready(Say(error(1300, "Reconnect on the new port - 7498")), HangUp()),
        _R.PORT_CHANGED,
        code=1300,
        says=("7498", "connect to the new one"),
        last_error=1300,
        new_port=7498,
        events=(*READY_EVENTS, ErrorMessage),
    ),
    ready(
        "moves to another port and resets",
        once_ready(Say(error(1300, "Neuer Port: 7498")), Reset()),
        _R.PORT_CHANGED,
        code=1300,
        last_error=1300,
        new_port=7498,
        events=(*READY_EVENTS, ErrorMessage),
    ),
    ready(
        "moves to a port that it does not name",
        once_ready(Say(error(1300, "The port was changed.")), HangUp()),
        _R.PORT_CHANGED,
        code=1300,
        last_error=1300,
        new_port=None,
        events=(*READY_EVENTS, ErrorMessage),
    ),
    ready(
        "finds us too fast",
        once_ready(Say(error(100, "Max rate of messages per second has been exceeded")), HangUp()),
        _R.PACING_VIOLATION,
        code=100,
        says=("50",),
        last_error=100,
        events=(*READY_EVENTS, ErrorMessage),
    ),
    ready(
        "says 326 when it is ready",
        once_ready(Say(IN_USE), HangUp()),
        _R.CLIENT_ID_IN_USE,
        code=326,
        last_error=326,
        events=(*READY_EVENTS, ErrorMessage),
    ),
    ready(
        "answers twice",
        once_ready(Hear(), Say(CURRENT_TIME * 2), HangUp()),
        body=ask_and_stay,
        events=(*READY_EVENTS, CurrentTime, CurrentTime),
    ),
    ready(
        "answers byte by byte",
        once_ready(Hear(), Drip(CURRENT_TIME)),
        _R.LOCAL,
        body=ask,
        events=(*READY_EVENTS, CurrentTime),
    ),
    ready(
        "never answers",
        READY,
        _R.LOCAL,
        body=ask_in_vain,
        asks_in_vain=True,
    ),
    ready(
        "answers with garbage",
        once_ready(Hear(), Say(text(49, 1, "noon"))),
        _R.LOCAL,
        body=ask_and_hear_garbage,
        events=(*READY_EVENTS, OddValue, CurrentTime),
    ),
    ready(
        "answers with a time that no calendar has",
        once_ready(Hear(), Say(text(49, 1, 10**18))),
        _R.LOCAL,
        body=ask_and_hear_garbage,
        events=(*READY_EVENTS, OddValue, CurrentTime),
    ),
    ready(
        "answers too slowly",
        once_ready(Hear(), Say(CURRENT_TIME[:-1])),
        _R.LOCAL,
        body=ask_in_vain,
        asks_in_vain=True,
    ),
    ready(
        "starts again, and goes back",
        once_ready(Say(text(9, 1, 7) + text(15, 1, "DU1234567")), HangUp()),
        events=(*READY_EVENTS, NextValidId, ManagedAccounts),
        check=highest_id,
    ),
    ready(
        "replies again",
        once_ready(Say(REPLY), HangUp()),
        events=(*READY_EVENTS, UnknownMessage),
    ),
    ready(
        "starts the API",
        once_ready(Say(text(71, 2, 0, "")), HangUp()),
        # The id is that of a position's message, too.
        events=(*READY_EVENTS, UndecodableFrame),
    ),
    ready(
        "sends a message of a huge id",
        once_ready(Say(text("9" * 30, 1)), HangUp()),
        events=(*READY_EVENTS, UndecodableFrame),
    ),
    ready(
        "sends bytes that are no text",
        once_ready(Say(framed(b"\xff\xfe\xfd\0") + framed(bytes(range(256)))), HangUp()),
        events=(*READY_EVENTS, UndecodableFrame, UndecodableFrame),
    ),
    ready(
        "sends an error in the code page of its machine",
        once_ready(Say(framed(b"4\x002\0-1\x00322\0Gr\xfc\xdfe\0\0")), HangUp()),
        last_error=322,
        events=(*READY_EVENTS, ErrorMessage),
    ),
)

SLOW_ONES: Final = (
    never_ready(
        "drips its reply, a byte every five seconds",
        (HEAR_GREETING, Drip(REPLY, pause=5.0)),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.GREETING,
        says=("bytes of an unfinished frame",),
        waits_for="version_timeout",
    ),
    never_ready(
        "says remarks for ever while it starts",
        started(*(Say(FARM_OK), Pause(4.0)) * 100),
        ConnectTimedOut,
        _R.HANDSHAKE_TIMEOUT,
        stage=_S.START,
        says=("no nextValidId",),
        waits_for="start_timeout",
        events=(*STARTED, *(Notice,) * 4),
    ),
    ready(
        "says an error long before it hangs up",
        once_ready(Say(error(100, "Max rate")), Pause(60.0), HangUp()),
        _R.EOF,
        events=(*READY_EVENTS, ErrorMessage),
        last_error=100,
        seconds_of_its_own=60.0,
    ),
    ready(
        "stops reading",
        once_ready(Deaf()),
        _R.SEND_FAILED,
        code=509,
        says=("could not be sent",),
        body=say_much,
        never_reads=True,
    ),
    ready(
        "stops reading, and is waited for",
        once_ready(Deaf()),
        _R.UNRESPONSIVE,
        says=("has taken no byte for 10 s", "wait to be sent"),
        body=say_much_and_stay,
        seconds_of_its_own=UNSENT_SECONDS,
    ),
)
"""For memory and its clock alone: a system takes in megabytes for a peer that does not read."""

MISBEHAVIOURS: Final = (*BEFORE_THE_REPLY, *REDIRECTS, *BEFORE_READY, *WHEN_READY)


def rows(*misbehaviours: Misbehaviour) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in misbehaviours])


def test_there_are_enough_of_them() -> None:
    """Forty is the least that was asked for; and each has a name of its own."""
    assert len(MISBEHAVIOURS) >= 40
    assert len({row.name for row in MISBEHAVIOURS}) == len(MISBEHAVIOURS)


Told = list[tuple[Connection, list[Event]]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """What each core told its runtime: it also shows the events of a connect that failed."""
    told: Told = []
    give = Connection.events

    def listen(core: Connection) -> list[Event]:
        events = give(core)
        if not any(core is known for known, _ in told):
            told.append((core, []))
        next(heard for known, heard in told if known is core).extend(events)
        return events

    monkeypatch.setattr(Connection, "events", listen)
    return told


@attrs.define
class Outcome:
    """What came of it."""

    problem: ConnectError | ConnectionClosed | None = None
    tws: Tws | None = None
    events: list[Event | Dropped] | None = None
    """What the block's own stream gave."""


async def meet(row: Misbehaviour, connecting: AbstractAsyncContextManager[Tws], patience: float) -> Outcome:
    """Connect, do what the row says, and give what came of it: nothing but these two errors is an outcome."""
    outcome = Outcome()
    stream = None
    try:
        async with connecting as outcome.tws:
            stream = outcome.tws.events()
            await row.body(outcome.tws, patience)
    except (ConnectError, ConnectionClosed) as problem:
        outcome.problem = problem
    if stream is not None:
        outcome.events = [event async for event in stream]
    return outcome


def end_of(row: Misbehaviour, outcome: Outcome) -> ConnectionClosed:
    """Give how the connection ended, wherever that is said."""
    problem = outcome.problem
    if isinstance(problem, ConnectError):
        assert problem.stage is row.stage
        end = problem.closed
        assert (problem.reason, problem.code, problem.hint) == (end.reason, end.code, end.hint)
        return end
    assert row.stage is None
    assert outcome.tws is not None
    assert outcome.events is not None
    assert outcome.tws.state is State.CLOSED
    last = outcome.events[-1]
    assert isinstance(last, ConnectionClosed)
    assert problem in (None, last)
    assert last.state is State.READY
    return last


def judge(row: Misbehaviour, outcome: Outcome, told: Told) -> None:
    """Hold what came of it against the row."""
    problem = outcome.problem
    assert type(problem) is (row.raises or type(None))
    end = end_of(row, outcome)
    assert end.reason in (row.reason if isinstance(row.reason, tuple) else (row.reason,))
    assert end.code in (row.code if isinstance(row.code, tuple) else (row.code,))
    assert (end.last_error and end.last_error.error_code) == row.last_error
    assert end.new_port == row.new_port
    assert end.hint or end.reason is CloseReason.LOCAL
    for words in row.says:
        assert words in str(problem)
    if row.check is not None:
        assert outcome.tws is not None
        row.check(outcome.tws)
    judge_events(row, outcome, end, told)


def judge_events(row: Misbehaviour, outcome: Outcome, end: ConnectionClosed, told: Told) -> None:
    for core, events in told:
        assert [event for event in events if isinstance(event, ConnectionClosed)] == [core.closed] == events[-1:]
        changes = [event for event in events if isinstance(event, StateChanged)]
        assert [change.before for change in changes] == [State.DISCONNECTED, *(change.after for change in changes[:-1])]
        assert changes[-1].after is State.CLOSED
    if row.reason is CloseReason.CONNECT_FAILED:
        return
    last = told[-1][1]
    assert last[-1] == end
    if outcome.events is not None:
        # Of what came before the block, the last 1,000 events are kept (test_pump.py).
        first = outcome.events[0]
        gone = first.count if isinstance(first, Dropped) else 0
        assert outcome.events[bool(gone) :] == last[gone:]
    if row.events is not None:
        beside = (StateChanged, StillWaiting, ConnectionClosed)
        assert [type(event) for event in last if not isinstance(event, beside)] == [*row.events]


def judge_remarks(row: Misbehaviour, remarks: list[tuple[float, StillWaiting]], told: Told) -> None:
    """Whoever lets one wait for a step is named after four seconds, once, in band and while it is waited for."""
    assert [remark for _, remark in remarks] == [event for event in told[-1][1] if isinstance(event, StillWaiting)]
    if row.waits_for not in ("version_timeout", "start_timeout"):
        assert not remarks
        return
    ((seconds, remark),) = remarks
    assert seconds == pytest.approx(4.0)
    assert (remark.seconds, remark.seconds_left) == (4.0, pytest.approx(11.0))
    # Anything else that it has said would stand in the detail.
    assert ("dialog" in remark.hint) == (remark.detail == "no version reply came within 4 s")


@rows(*MISBEHAVIOURS)
async def test_over_tcp(row: Misbehaviour, told: Told) -> None:
    """Each row has its outcome on a real socket, on both backends, and leaves no socket behind."""
    before = open_files()
    async with misbehaving_on_tcp(row.script or (), *row.more) as tws:
        port = tws.dead_port if row.script is None else tws.port
        with anyio.fail_after(PATIENCE):
            connecting = anytws.connect(LOCALHOST, port, options=row.options, follow_redirects=row.follow_redirects)
            outcome = await meet(row, connecting, HURRY)
        await tws.deserted()
        assert len(tws.peers) == (0 if row.script is None else row.connections)
    judge(row, outcome, told)
    assert not [event for _, events in told for event in events if isinstance(event, StillWaiting)]
    await until(lambda: open_files() == before)


@pytest.mark.virtual_time
@rows(*(row for row in MISBEHAVIOURS if not row.sockets), *SLOW_ONES)
async def test_with_the_deadlines_of_a_user(row: Misbehaviour, told: Told) -> None:
    """Each row takes exactly as long as the one deadline that it waits for, and no time where it waits for none."""
    async with misbehaving_in_memory(row.script or (), *row.more) as (tws, stream):
        began = anyio.current_time()
        remarks: list[tuple[float, StillWaiting]] = []
        connecting = anytws.connect_stream(
            stream, on_waiting=lambda remark: remarks.append((anyio.current_time() - began, remark))
        )
        outcome = await meet(row, connecting, CLOCK_SECONDS)
        assert anyio.current_time() - began == pytest.approx(row.seconds)
        await tws.deserted()
    judge(row, outcome, told)
    judge_remarks(row, remarks, told)


@pytest.mark.virtual_time
async def test_what_never_left_was_not_left_unanswered() -> None:
    """TWS was not asked, so it is not said to be busy; and whoever asks the same meanwhile is told the same."""
    async with misbehaving_in_memory(once_ready(Deaf())) as (tws, stream):
        with suppress(ConnectionClosed):
            async with anytws.connect_stream(stream) as client:
                # It is on its way: the pipe has room.
                with pytest.raises(RequestTimedOut) as caught:
                    await client.current_time(timeout=10)
                assert caught.value.sent
                assert "TWS did not answer CurrentTimeRequest within 10 s" in str(caught.value)
                await say_much(client, CLOCK_SECONDS)
                problems: list[RequestTimedOut] = []

                async def ask_in_vain_behind_all_that(seconds: float) -> None:
                    with pytest.raises(RequestTimedOut) as caught:
                        await client.ask(ManagedAccountsRequest(), timeout=seconds)
                    problems.append(caught.value)

                async with anyio.create_task_group() as tasks:
                    for seconds in (8.0, 5.0):
                        tasks.start_soon(ask_in_vain_behind_all_that, seconds)
                assert [problem.sent for problem in problems] == [False, False]
                assert "ManagedAccountsRequest was not sent within 5 s" in str(problems[0])
                assert "did not answer" not in str(problems[0])
        await tws.deserted()


async def test_a_tws_that_stops_reading() -> None:
    """Over TCP it is the system that may take in what is never read; leaving the block takes a moment either way."""
    async with misbehaving_on_tcp(once_ready(Deaf())) as tws:
        with anyio.fail_after(PATIENCE), suppress(ConnectionClosed):
            async with anytws.connect(LOCALHOST, tws.port, pacing=None) as client:
                await say_much(client, HURRY)
                left = anyio.current_time()
        assert anyio.current_time() - left < 3 * block.GOODBYE
        assert (await client.closed()).reason is CloseReason.SEND_FAILED
        await tws.deserted()
