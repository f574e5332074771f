"""Staying connected: a block that lives through the restarts of TWS."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, TypeAlias

import anyio
from anyio.abc import ByteStream

from anytws.client.block import Block
from anytws.client.connect import MAX_REDIRECTS
from anytws.client.keeper import Attempt, Keeper, Plan
from anytws.client.kept_tws import refuse_by_hand
from anytws.client.reaching import (
    Core,
    Handed,
    check_address,
    not_opened,
    over_stream,
    over_tcp,
    told_address,
    with_id,
)
from anytws.client.tws import Tws
from anytws.core.arguments import check_flag, check_instance, check_seconds, check_text
from anytws.core.codes import CODES, CodeTable
from anytws.core.options import HandshakeOptions
from anytws.errors import in_a_sentence, shown
from anytws.machines.journal import Journal
from anytws.machines.known_orders import KnownOrders
from anytws.machines.order_gate import Gate
from anytws.machines.pacing import STANDARD_PACING, Pacing, pacing_of
from anytws.machines.presence import Presence
from anytws.machines.reconnection import Reconnection
from anytws.runtime.bells import Bells
from anytws.runtime.hook import Hook
from anytws.runtime.pump import OnWaiting, Pump
from anytws.runtime.tcp import TcpFailure
from anytws.wire.limits import DEFAULT_LIMITS, Limits

NIGHTLY_RESTART: Final = Reconnection()
"""What `keep_connected` goes by unless it is told otherwise."""
LIVENESS: Final = 30.0
"""Seconds of silence after which TWS is probed. A dead link that nobody notices is what people complain of most."""
OnPresence: TypeAlias = Callable[[Presence], object]
"""Told where we are, as long as the block is not entered."""


def keep_connected(
    host: str = "127.0.0.1",
    port: int = 7497,
    *,
    client_id: int | None = None,
    policy: Reconnection = NIGHTLY_RESTART,
    options: HandshakeOptions | None = None,
    codes: CodeTable = CODES,
    limits: Limits = DEFAULT_LIMITS,
    connect_timeout: float | None = 10.0,
    follow_redirects: bool = False,
    on_waiting: OnWaiting | None = None,
    on_presence: OnPresence | None = None,
    timeout_factor: float = 1.0,
    pacing: Pacing | int | None = STANDARD_PACING,
    read_only: bool = False,
    paper_only: bool = False,
    liveness: float | None = LIVENESS,
    hook: Hook | None = None,
    journal: Journal | None = None,
    gate: Gate | None = None,
) -> AbstractAsyncContextManager[Tws]:
    """Connect to TWS or IB Gateway over TCP, and stay connected: a block with the same verbs as `connect` gives.

    The block is entered when TWS is ready the first time, and lives through restarts of TWS, drops of the network and
    changes of its port, always with the same client id. *policy* says when it is tried again, for how long, and what is
    hopeless (`anytws.Reconnection`); where somebody watches, ``on_presence=print`` shows how far it is while the block
    is not entered, and `Tws.presence` does inside.

    What is inside: streams go on, with `Gap` and `Resumed` in their place; a question that changes nothing waits for
    the connection, and is asked again within its deadline; one that changes something raises `NotConnected` or
    `AnswerLost`, and is never said twice; what was on its way to an order is unknown (`OrderUnknown`) until TWS has
    been asked, which is done on the way back, before any stream goes on.

    All other options are those of `connect`, but for *id_wait*, which is part of the policy, and *liveness*, which is
    30 seconds here.

    Raises `ConnectError`, or the one of its kinds that fits, when trying again is hopeless before the block is entered,
    or it takes longer than ``policy.enter_within``. When it is hopeless later the block is cancelled, and
    `ConnectionClosed` leaves it, which here is the end of everything. Leaving takes a second at most, whatever TWS
    does.
    """
    check_address(host, port)
    check_instance("policy", policy, Reconnection, example="Reconnection(longest_pause=60)")
    check_seconds("connect_timeout", connect_timeout, example=10, may_be_none=True)
    check_flag("follow_redirects", follow_redirects)
    core = Core(
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
    host = host or "127.0.0.1"
    redirects = MAX_REDIRECTS if follow_redirects else 0

    async def attempt(to: int, handed: Handed) -> Pump:
        return await over_tcp(host, to, connect_timeout, core, redirects, handed)

    return _block(core, attempt, port, lambda to: told_address(host, to), policy, on_presence)


def keep_connected_stream(
    opening: Callable[[], Awaitable[ByteStream]],
    *,
    client_id: int | None = None,
    policy: Reconnection = NIGHTLY_RESTART,
    options: HandshakeOptions | None = None,
    codes: CodeTable = CODES,
    limits: Limits = DEFAULT_LIMITS,
    address: str = "the given stream",
    connect_timeout: float | None = 10.0,
    on_waiting: OnWaiting | None = None,
    on_presence: OnPresence | None = None,
    timeout_factor: float = 1.0,
    pacing: Pacing | int | None = STANDARD_PACING,
    read_only: bool = False,
    paper_only: bool = False,
    liveness: float | None = LIVENESS,
    hook: Hook | None = None,
    journal: Journal | None = None,
    gate: Gate | None = None,
) -> AbstractAsyncContextManager[Tws]:
    """Stay connected over any byte streams: TLS, a UNIX socket, memory.

    *opening* is called for each attempt and gives a fresh stream, within *connect_timeout* seconds. An `OSError` that
    it raises is an attempt that came to nothing; whatever else it raises is a mistake, and leaves the block. Everything
    else is as for `keep_connected`.
    """
    if not callable(opening):
        raise TypeError(f"opening is {shown(opening)}, and has to be something to call, which gives a ByteStream")
    check_text("address", address, example="127.0.0.1:7497")
    check_instance("policy", policy, Reconnection, example="Reconnection(longest_pause=60)")
    check_seconds("connect_timeout", connect_timeout, example=10, may_be_none=True)
    core = Core(
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

    async def attempt(_: int, handed: Handed) -> Pump:
        stream: ByteStream | None = None
        try:
            with anyio.move_on_after(connect_timeout):
                stream = await opening()
        except OSError as problem:
            failure = TcpFailure(in_a_sentence(str(problem)) or type(problem).__name__)
            raise not_opened(core, failure, address, None, is_retried=True) from problem
        if stream is None:
            failure = TcpFailure(f"no stream was opened within {connect_timeout:g} s")
            raise not_opened(core, failure, address, None, is_retried=True)
        return await over_stream(stream, address, core, handed)

    return _block(core, attempt, 0, lambda _: address, policy, on_presence)


def _block(
    core: Core,
    attempt: Attempt,
    port: int,
    address: Callable[[int], str],
    policy: Reconnection,
    on_presence: Any,  # noqa: ANN401 (what somebody gives who has no type checker)
) -> Block:
    refuse_by_hand(core.options)
    if on_presence is not None and not callable(on_presence):
        raise TypeError(f"on_presence is {shown(on_presence)}, and has to be something to call, such as print")

    async def opening() -> Keeper:
        plan = Plan(
            attempt=attempt,
            port=port,
            address=address,
            policy=policy,
            handed=Handed(KnownOrders(core.codes, lasts=True), Bells()),
            client_id=core.options.client_id or 0,
            hook=core.hook,
            on_presence=on_presence,
            intake=core.intake,
        )
        core.intake.open()
        try:
            return await Keeper(plan).enter()
        except BaseException:
            core.intake.close()
            raise

    return Block(opening, address(port), "keep_connected")
