"""Connecting: the block in which a connection lives, and nothing that outlives it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TYPE_CHECKING, Final

from anyio.abc import ByteStream

from anytws.client.block import Block, OneConnection
from anytws.client.door import Door
from anytws.client.id_wait import within
from anytws.client.reaching import Core, check_address, note, over_stream, over_tcp, told_address, with_id
from anytws.client.tws import Tws
from anytws.core.arguments import check_flag, check_seconds, check_text
from anytws.core.codes import CODES, CodeTable
from anytws.core.options import HandshakeOptions
from anytws.errors import AnytwsError, shown
from anytws.machines.pacing import STANDARD_PACING, Pacing, pacing_of
from anytws.runtime.hook import Hook
from anytws.runtime.pump import OnWaiting, Pump
from anytws.runtime.transport import close
from anytws.wire.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from anytws.machines.journal import Journal
    from anytws.machines.order_gate import Gate

MAX_REDIRECTS: Final = 2
"""As many as the vendor's own clients follow."""


def connect(
    host: str = "127.0.0.1",
    port: int = 7497,
    *,
    client_id: int | None = None,
    options: HandshakeOptions | None = None,
    codes: CodeTable = CODES,
    limits: Limits = DEFAULT_LIMITS,
    connect_timeout: float | None = 10.0,
    id_wait: float = 0.0,
    follow_redirects: bool = False,
    on_waiting: OnWaiting | None = None,
    timeout_factor: float = 1.0,
    pacing: Pacing | int | None = STANDARD_PACING,
    read_only: bool = False,
    paper_only: bool = False,
    liveness: float | None = None,
    hook: Hook | None = None,
    journal: Journal | None = None,
    gate: Gate | None = None,
) -> AbstractAsyncContextManager[Tws]:
    """Connect to TWS or IB Gateway over TCP; the block is entered when requests may be made.

    The usual ports: TWS 7496 live, 7497 paper; Gateway 4001 live, 4002 paper. *client_id* goes before the one in
    *options*, which also holds the deadlines of the handshake. *codes* says which code of TWS is an error and which a
    notice, *limits* how much a frame may hold. *connect_timeout* is for the TCP connection alone, in seconds.
    *id_wait* is for how many seconds a client id that is in use (326) is asked for again, with growing pauses: TWS may
    keep the one of a client that has vanished for a while; 0: not at all. *on_waiting* is called with a `StillWaiting`
    when TWS lets one wait for more than four seconds (a dialog, perhaps): ``on_waiting=print`` shows it while somebody
    can still click. *timeout_factor* multiplies the time that each kind of request has by default: 3 for a slow TWS.

    *pacing* holds what goes out below the limits of TWS (`anytws.Pacing`; a number: messages a second; None: no pacing
    at all). *read_only* refuses to encode whatever changes something at TWS (`anytws.ReadOnly`). *paper_only* fails the
    connect (`NotPaper`) unless every managed account is a paper account. *liveness*: after so many seconds without a
    byte TWS is probed, and the connection ends as ``UNRESPONSIVE`` if it stays silent; None: never. *hook* is told what
    happens, for metrics and traces (`anytws.Hook`); the standard `logging` is told in any case.

    *journal* (`anytws.FileJournal`, `anytws.SqliteJournal`) keeps every order before it leaves, so that the next
    process knows what may be out there. *gate* (`anytws.Gate`) says which orders may leave.

    Raises `ConnectError`, or the one of its kinds that fits, when the connection does not become ready. When it ends
    inside the block, the block is cancelled and `ConnectionClosed` leaves it, unless a task of it waits in
    `Tws.closed`. Leaving the block closes the connection.
    """
    # At once, and not when the block is entered: what is no address and makes no handshake is the caller's mistake.
    check_address(host, port)
    check_seconds("connect_timeout", connect_timeout, example=10, may_be_none=True)
    check_seconds("id_wait", id_wait, example=20)
    check_flag("follow_redirects", follow_redirects)
    chosen = Core(
        options=with_id(options, client_id),
        codes=codes,
        limits=limits,
        on_waiting=on_waiting,
        timeout_factor=timeout_factor,
        pacing=pacing_of(pacing),
        read_only=read_only,
        paper_only=paper_only,
        liveness=liveness,
        hook=hook,
        journal=journal,
        gate=gate,
    )
    redirects = MAX_REDIRECTS if follow_redirects else 0

    async def connecting() -> OneConnection:
        reaching = partial(over_tcp, host or "127.0.0.1", port, connect_timeout, chosen, redirects)
        chosen.intake.open()
        return await _begun(chosen.intake, partial(within, id_wait, reaching))

    return Block(connecting, told_address(host or "127.0.0.1", port), "connect")


def connect_stream(
    stream: ByteStream,
    *,
    client_id: int | None = None,
    options: HandshakeOptions | None = None,
    codes: CodeTable = CODES,
    limits: Limits = DEFAULT_LIMITS,
    address: str = "the given stream",
    on_waiting: OnWaiting | None = None,
    timeout_factor: float = 1.0,
    pacing: Pacing | int | None = STANDARD_PACING,
    read_only: bool = False,
    paper_only: bool = False,
    liveness: float | None = None,
    hook: Hook | None = None,
    journal: Journal | None = None,
    gate: Gate | None = None,
) -> AbstractAsyncContextManager[Tws]:
    """Connect over any byte stream: TLS, a UNIX socket, memory. The stream is closed with the block.

    *address* is for error messages. Everything else is as for `connect`.
    """
    if not all(hasattr(stream, name) for name in ("receive", "send", "aclose")):
        raise TypeError(f"stream is {shown(stream)}, and has to be a ByteStream, as AnyIO has them")
    check_text("address", address, example="127.0.0.1:7497")

    async def connecting() -> OneConnection:
        try:
            chosen = Core(
                options=with_id(options, client_id),
                codes=codes,
                limits=limits,
                on_waiting=on_waiting,
                timeout_factor=timeout_factor,
                pacing=pacing_of(pacing),
                read_only=read_only,
                paper_only=paper_only,
                liveness=liveness,
                hook=hook,
                journal=journal,
                gate=gate,
            )
            chosen.intake.open()
        except (TypeError, ValueError, AnytwsError) as problem:
            note(problem, await close(stream))
            raise
        return await _begun(chosen.intake, partial(over_stream, stream, address, chosen))

    return Block(connecting, address, "connect")


async def _begun(intake: Door, reaching: Callable[[], Awaitable[Pump]]) -> OneConnection:
    """Give the connection that *reaching* makes; *intake* is closed with it, or if there is none."""
    try:
        return OneConnection(await reaching(), intake)
    except BaseException:
        intake.close()
        raise
