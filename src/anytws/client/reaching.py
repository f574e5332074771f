"""How a connection is reached: what its core is made of, the byte stream, the handshake, and where TWS sends one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

import anyio
import attrs
from anyio.abc import ByteStream

from anytws.client.door import Door
from anytws.core.arguments import (
    check_factor,
    check_flag,
    check_instance,
    check_seconds,
    check_text,
    check_whole_number,
)
from anytws.core.codes import CodeTable
from anytws.core.options import HandshakeOptions
from anytws.core.state import State
from anytws.errors import in_a_sentence, shown
from anytws.machines.pacing import Pacing
from anytws.machines.session import ClientSession
from anytws.runtime.bells import Bells
from anytws.runtime.connect_errors import ConnectError, NotAHost, connect_error
from anytws.runtime.hook import Hook
from anytws.runtime.pump import OnWaiting, Pump
from anytws.runtime.sight import Sight
from anytws.runtime.tcp import TcpFailure, open_tcp
from anytws.runtime.transport import close
from anytws.wire import loading
from anytws.wire.limits import Limits

if TYPE_CHECKING:
    from anytws.machines.journal import Journal
    from anytws.machines.known_orders import KnownOrders
    from anytws.machines.order_gate import Gate

# An IPv6 address has many colons, and an address in brackets may have no port.
_HOST_AND_PORT: Final = re.compile(
    r"(?:\[(?P<bracketed>[0-9A-Fa-f:.%]+)\]|(?P<name>[^:\[\]]+)(?=:[0-9]))(?::(?P<port>[0-9]{1,5}))?"
).fullmatch


@attrs.frozen
class Handed:
    """What each connection hands on to the next one: an order lives longer than a connection."""

    orders: KnownOrders
    bells: Bells


def _intake_of(core: Core) -> Door:
    if core.journal is None and core.gate is None:
        return Door()
    from anytws.client.intake import Intake  # noqa: PLC0415 (most connections have neither)

    return Intake(core.journal, core.gate)


@attrs.frozen(kw_only=True)
class Core:
    """What the core of a connection is made of, and who is told while it waits.

    Raises `TypeError` or `ValueError` for what makes no connection.
    """

    options: HandshakeOptions
    codes: CodeTable
    limits: Limits
    on_waiting: OnWaiting | None
    timeout_factor: float
    pacing: Pacing | None
    read_only: bool
    paper_only: bool
    liveness: float | None
    hook: Hook | None
    journal: Journal | None = None
    gate: Gate | None = None
    intake: Door = attrs.field(init=False, default=attrs.Factory(_intake_of, takes_self=True))
    """What every order has to pass, over all connections."""

    def __attrs_post_init__(self) -> None:
        check_instance("codes", self.codes, CodeTable)
        check_instance("limits", self.limits, Limits)
        # What somebody gives who has no type checker.
        told: object = self.on_waiting
        if told is not None and not callable(told):
            raise TypeError(f"on_waiting is {shown(told)}, and has to be something to call, such as print")
        check_factor("timeout_factor", self.timeout_factor)
        check_flag("read_only", self.read_only)
        check_flag("paper_only", self.paper_only)
        check_seconds("liveness", self.liveness, example=30, may_be_none=True)
        if self.hook is not None:
            check_instance("hook", self.hook, Hook)

    def new(self, handed: Handed | None = None) -> ClientSession:
        """Make one, with what an earlier connection has *handed* on."""
        session = ClientSession(
            self.options,
            codes=self.codes,
            limits=self.limits,
            timeout_factor=self.timeout_factor,
            pacing=self.pacing,
            read_only=self.read_only,
            paper_only=self.paper_only,
            liveness=self.liveness,
            orders=None if handed is None else handed.orders,
            guard=self.intake if self.intake.guards else None,
        )
        if self.intake.guards:
            self.intake.prepare(session.orders, self.options.client_id)
        return session


async def over_tcp(
    host: str, port: int, timeout: float | None, core: Core, redirects: int, handed: Handed | None = None
) -> Pump:
    """Connect and shake hands; also where TWS sends us, *redirects* times at most. Raises `ConnectError`."""
    came_from: str | None = None
    while True:
        address = told_address(host, port)
        try:
            stream = await open_tcp(host, port, timeout)
        except TcpFailure as problem:
            raise not_opened(core, problem, address, came_from, is_retried=handed is not None) from problem.__cause__
        try:
            return await over_stream(stream, address, core, handed)
        except ConnectError as problem:
            problem.came_from = came_from
            target = problem.closed.redirect
            if target is None or redirects == 0:
                raise
            host, port = target[0], target[1] or port
            redirects -= 1
            came_from = address


def told_address(host: str, port: int) -> str:
    """Give *host* and *port* as people write them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def not_opened(
    core: Core, problem: TcpFailure, address: str, came_from: str | None, *, is_retried: bool = False
) -> ConnectError:
    """Give the error for a byte stream that could not be had, and let the hook and the log know."""
    session, now = core.new(), anyio.current_time()
    sight = Sight(session, address, core.hook)
    sight.is_retried = is_retried
    if problem.was_taken:
        # It was there, so somebody is; that is no "nothing listens", whatever the race between us.
        session.opened(now)
        session.receive_reset(now, str(problem))
    else:
        session.connect_failed(now, str(problem), problem.hint)
    sight.look()
    assert session.closed is not None, "that is what it was told"
    failure = connect_error(session.connection, session.closed, address)
    failure.came_from = came_from
    return failure


async def over_stream(stream: ByteStream, address: str, core: Core, handed: Handed | None = None) -> Pump:
    """Shake hands over *stream*, and close it if that fails. Raises `ConnectError`."""
    try:
        session = core.new(handed)
        session.opened(anyio.current_time())
        pump = Pump(stream, session, address, core.on_waiting, core.hook, None if handed is None else handed.bells)
        pump.sight.is_retried = handed is not None
        await _shake_hands(pump, core.options, address)
    except BaseException as problem:
        note(problem, await close(stream))
        raise
    return pump


def note(problem: BaseException, bug: BaseException | None) -> None:
    """Let *problem* say that there was a *bug* as well, since one exception alone can leave a block."""
    if bug is not None:
        problem.add_note(f"the byte stream raised {type(bug).__name__} as well: {in_a_sentence(str(bug))}")


async def _shake_hands(pump: Pump, options: HandshakeOptions, address: str) -> None:
    """Come as far as the block begins. Raises `ConnectError`."""
    connection, by_hand = pump.connection, options.start_api_by_hand
    await pump.handshake(
        lambda: connection.server_version is not None if by_hand else connection.state is State.READY,
        loading.before_start(options.maximum_version),
    )
    end = connection.closed
    # What was ready, if only for a moment, ends as a connection and not as a failure to connect.
    if end is not None and end.state is not State.READY and not (by_hand and connection.server_version is not None):
        raise connect_error(connection, end, address)


def with_id(options: HandshakeOptions | None, client_id: int | None) -> HandshakeOptions:
    """Give *options* with *client_id*, if there is one."""
    options = HandshakeOptions() if options is None else options
    check_instance("options", options, HandshakeOptions)
    return options if client_id is None else attrs.evolve(options, client_id=client_id)


def check_address(host: object, port: object) -> None:
    """Raise for what is no address at all. A name or a number where nobody answers is told by the connect."""
    check_text("host", host, example="127.0.0.1")
    check_whole_number("port", port, example=7497)
    both = _HOST_AND_PORT(cast("str", host))
    if both is not None:
        name, number = both["bracketed"] or both["name"], both["port"]
        raise NotAHost.of(cast("str", host), f"host={name!r}, port={number or port}")
