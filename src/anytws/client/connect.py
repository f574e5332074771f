"""Connecting: the block in which a connection lives, and nothing that outlives it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from functools import partial
from itertools import chain
from types import TracebackType
from typing import Any, Final, NoReturn, cast

import anyio
import attrs
from anyio.abc import ByteStream
from anyio.lowlevel import checkpoint

from anytws.client.id_wait import within
from anytws.client.tws import Tws
from anytws.core.arguments import (
    check_factor,
    check_flag,
    check_instance,
    check_seconds,
    check_text,
    check_whole_number,
)
from anytws.core.codes import CODES, CodeTable
from anytws.core.events import CloseReason, ConnectionClosed
from anytws.core.options import HandshakeOptions
from anytws.core.state import State
from anytws.errors import LocalProtocolError, WrongTask, in_a_sentence, shown
from anytws.machines.pacing import STANDARD_PACING, Pacing, pacing_of
from anytws.machines.session import ClientSession
from anytws.runtime.connect_errors import ConnectError, NotAHost, connect_error
from anytws.runtime.hook import Hook
from anytws.runtime.interrupts import uninterrupted
from anytws.runtime.pump import OnWaiting, Pump, is_cancellation
from anytws.runtime.sight import Sight
from anytws.runtime.tcp import TcpFailure, open_tcp
from anytws.runtime.transport import close
from anytws.wire import loading
from anytws.wire.limits import DEFAULT_LIMITS, Limits

# An IPv6 address has many colons, and an address in brackets may have no port.
_HOST_AND_PORT: Final = re.compile(
    r"(?:\[(?P<bracketed>[0-9A-Fa-f:.%]+)\]|(?P<name>[^:\[\]]+)(?=:[0-9]))(?::(?P<port>[0-9]{1,5}))?"
).fullmatch
MAX_REDIRECTS: Final = 2
"""As many as the vendor's own clients follow."""
_GOODBYE: Final = 1.0
"""Seconds that what was sent last has to leave, and that a reader of events has to take the last of them."""
_TURNS_TO_TELL: Final = 8
"""Turns of the event loop that whoever waits for TWS has to run to its next wait, before the block is cancelled."""
_FORGOTTEN: Final = "connect() gives no connection but a block: write `async with anytws.connect(...) as tws:`"


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

    Raises `ConnectError`, or the one of its kinds that fits, when the connection does not become ready. When it ends
    inside the block, the block is cancelled and `ConnectionClosed` leaves it, unless a task of it waits in
    `Tws.closed`. Leaving the block closes the connection.
    """
    # At once, and not when the block is entered: what is no address and makes no handshake is the caller's mistake.
    _check_address(host, port)
    check_seconds("connect_timeout", connect_timeout, example=10, may_be_none=True)
    check_seconds("id_wait", id_wait, example=20)
    check_flag("follow_redirects", follow_redirects)
    chosen = _Core(
        options=_with_id(options, client_id),
        codes=codes,
        limits=limits,
        on_waiting=on_waiting,
        timeout_factor=timeout_factor,
        pacing=pacing_of(pacing),
        read_only=read_only,
        paper_only=paper_only,
        liveness=liveness,
        hook=hook,
    )
    redirects = MAX_REDIRECTS if follow_redirects else 0

    async def connecting() -> Pump:
        over_tcp = partial(_over_tcp, host or "127.0.0.1", port, connect_timeout, chosen, redirects)
        return await within(id_wait, over_tcp)

    return _Block(connecting, _told_address(host or "127.0.0.1", port))


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
) -> AbstractAsyncContextManager[Tws]:
    """Connect over any byte stream: TLS, a UNIX socket, memory. The stream is closed with the block.

    *address* is for error messages. Everything else is as for `connect`.
    """
    if not all(hasattr(stream, name) for name in ("receive", "send", "aclose")):
        raise TypeError(f"stream is {shown(stream)}, and has to be a ByteStream, as AnyIO has them")
    check_text("address", address, example="127.0.0.1:7497")

    async def connecting() -> Pump:
        try:
            chosen = _Core(
                options=_with_id(options, client_id),
                codes=codes,
                limits=limits,
                on_waiting=on_waiting,
                timeout_factor=timeout_factor,
                pacing=pacing_of(pacing),
                read_only=read_only,
                paper_only=paper_only,
                liveness=liveness,
                hook=hook,
            )
        except (TypeError, ValueError, LocalProtocolError) as problem:
            _note(problem, await close(stream))
            raise
        return await _over_stream(stream, address, chosen)

    return _Block(connecting, address)


@attrs.frozen(kw_only=True)
class _Core:
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

    def new(self) -> ClientSession:
        """Make one."""
        return ClientSession(
            self.options,
            codes=self.codes,
            limits=self.limits,
            timeout_factor=self.timeout_factor,
            pacing=self.pacing,
            read_only=self.read_only,
            paper_only=self.paper_only,
            liveness=self.liveness,
        )


async def _over_tcp(host: str, port: int, timeout: float | None, core: _Core, redirects: int) -> Pump:
    """Connect and shake hands; also where TWS sends us, *redirects* times at most. Raises `ConnectError`."""
    came_from: str | None = None
    while True:
        address = _told_address(host, port)
        try:
            stream = await open_tcp(host, port, timeout)
        except TcpFailure as problem:
            raise _not_opened(core, problem, address, came_from) from problem.__cause__
        try:
            return await _over_stream(stream, address, core)
        except ConnectError as problem:
            problem.came_from = came_from
            target = problem.closed.redirect
            if target is None or redirects == 0:
                raise
            host, port = target[0], target[1] or port
            redirects -= 1
            came_from = address


def _told_address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _not_opened(core: _Core, problem: TcpFailure, address: str, came_from: str | None) -> ConnectError:
    session, now = core.new(), anyio.current_time()
    sight = Sight(session, address, core.hook)
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


async def _over_stream(stream: ByteStream, address: str, core: _Core) -> Pump:
    """Shake hands over *stream*, and close it if that fails. Raises `ConnectError`."""
    try:
        session = core.new()
        session.opened(anyio.current_time())
        pump = Pump(stream, session, address, core.on_waiting, core.hook)
        await _shake_hands(pump, core.options, address)
    except BaseException as problem:
        _note(problem, await close(stream))
        raise
    return pump


class _Block(AbstractAsyncContextManager[Tws]):
    """The life of one connection: from where *connecting* has opened it to where nothing is left of it.

    A class and no generator, so that a block that is left in another task is noticed before any scope is touched.
    """

    def __init__(self, connecting: Callable[[], Coroutine[Any, Any, Pump]], address: str) -> None:
        self._connecting = connecting
        self._address = address
        self._is_used = False
        self._is_left = False
        self._ended_before: ConnectionClosed | None = None
        """How the connection had ended before the block was left. What ends it while it is left is no news."""
        self._goodbye: anyio.CancelScope | None = None
        # A trio that marks the code itself minds it from the first instruction on. Else a signal between there and
        # `_leave` leaves the block open, which 3 of 1,000 did; with an older trio they still do.
        uninterrupted(_Block.__aenter__)
        uninterrupted(_Block.__aexit__)

    def __repr__(self) -> str:
        entered = "entered" if self._is_used else "not entered"
        return f"<connect() to {in_a_sentence(self._address, 200)}, {entered}>"

    def __await__(self) -> NoReturn:
        self._is_used = True
        raise TypeError(_FORGOTTEN)

    def __enter__(self) -> NoReturn:
        self._is_used = True
        raise TypeError(_FORGOTTEN)

    def __exit__(self, *_: object) -> None:
        """Never called; Python asks for it before `__enter__`."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{name}: {_FORGOTTEN}" if hasattr(Tws, name) else name)

    def __del__(self) -> None:
        # A coroutine that nobody awaits says so too; a line that connects to nothing must not look as if it did.
        # Not by its dict, which is made when it is first asked for: that would keep all of it for one more collection.
        if not getattr(self, "_is_used", True):
            warnings.warn(f"nothing was connected: {_FORGOTTEN}", RuntimeWarning, stacklevel=2)

    async def __aenter__(self) -> Tws:
        return await uninterrupted(self._enter)()

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> bool:
        return await uninterrupted(self._leave)(failure)

    async def _enter(self) -> Tws:
        if self._is_used:
            raise RuntimeError("a connect() is for one block: call it again for the next")
        self._is_used = True
        self._pump = await self._connecting()
        self._tws = Tws(self._pump)
        # As long as the scopes below hold on to this task, no other can get its number.
        self._task = anyio.get_current_task().id
        self._block = anyio.CancelScope()
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._block.__enter__()
        version = self._pump.connection.server_version or 0
        said = loading.urgent()
        pieces = chain(loading.after_start(version), self._pump.connection.compile_writers(said))
        is_ready = loading.is_through(version) and not said
        self._pump.start(
            self._tasks, self._tell_the_end, *(() if is_ready else (partial(self._pump.go_through, pieces),))
        )
        return self._tws

    async def _tell_the_end(self) -> None:
        """Cancel the block when the connection has ended. Who reads its events has had the last ones by then."""
        pump = self._pump
        await pump.until_closed()
        if pump.bug is None and not self._is_left:
            with anyio.move_on_after(_GOODBYE) as self._goodbye:
                await pump.drained()
        if pump.bug is None:
            # What asks with tasks of its own (a download, many contracts) is to raise the end too, and has to be told
            # by them first.
            for _ in range(_TURNS_TO_TELL):
                await checkpoint()
        # A block that is being left need not be told, and one that is left from another task must not.
        if not self._is_left and (pump.bug is not None or not self._tws.is_watched):
            self._block.cancel()

    async def _leave(self, failure: BaseException | None) -> bool:
        """Close the connection; raise what leaves the block, or tell whether its *failure* is to be forgotten."""
        pump = self._pump
        pump.require_thread("the end of the block of connect()", waits=True)
        self._is_left = True
        self._ended_before = pump.connection.closed
        if anyio.get_current_task().id != self._task:
            await self._end_from_elsewhere()
            raise WrongTask
        # What goes wrong in the block is the block's own: it goes past the task group, which would wrap it into a group
        # that no `except ValueError` of the caller's would catch.
        own = _left_by(self._block, failure)
        trouble: BaseException | None = None
        try:
            await self._send_what_is_left()
        except BaseException as problem:  # noqa: BLE001 (raised below)
            trouble = problem
        self._stop()
        try:
            await self._tasks.__aexit__(None, None, None)
        except BaseException as problem:  # noqa: BLE001 (raised below)
            trouble = _single(problem)
        if not pump.over.is_set():
            await pump.close()
        if trouble is not None and not is_cancellation(trouble):
            # An interrupt. Whatever else there is to say, it must not be lost.
            raise trouble
        own = self._outcome(own, trouble)
        if own is None or own is failure:
            return own is None
        # What was being handled is the cancellation of the block, of which nobody need hear.
        raise own from own.__cause__

    def _outcome(self, own: BaseException | None, trouble: BaseException | None) -> BaseException | None:
        """Give what leaves the block: its *own* failure, what was the *trouble* when it was left, or the end."""
        bug, end = self._pump.bug, self._pump.connection.closed
        if end is not None and isinstance(own, BaseExceptionGroup) and _is_only(own, end):
            # The groups that the block's own task groups have made of it.
            own = end.again()
        if bug is not None:
            if own is None or own == end or isinstance(own, GeneratorExit) or is_cancellation(own):
                return bug
            _note(own, bug)
        if own is not None and not isinstance(own, GeneratorExit):
            return own
        if trouble is not None:
            return trouble
        if end is not None and end.reason is not CloseReason.SEND_FAILED:
            # That what was said last has not left is told in any case.
            end = self._ended_before
        if end is not None and end.reason is not CloseReason.LOCAL and not self._tws.is_watched:
            # Also for an async generator that is being closed: nobody but its consumer is there to be told.
            return end.again()
        return own

    async def _end_from_elsewhere(self) -> None:
        """End the connection, and let be the scopes of the task that entered: nobody else can leave them."""
        with anyio.CancelScope(shield=True):
            await self._send_what_is_left()
            self._stop()
            with anyio.move_on_after(_GOODBYE):
                await self._pump.over.wait()
            if not self._pump.over.is_set():
                await self._pump.close()

    def _stop(self) -> None:
        # Not by the scope of the group, of which the task that entered is a part.
        self._pump.stop()
        if self._goodbye is not None:
            self._goodbye.cancel()

    async def _send_what_is_left(self) -> None:
        pump = self._pump
        if pump.connection.closed is None:
            with anyio.move_on_after(_GOODBYE) as patience:
                await pump.flush()
            if patience.cancelled_caught:
                kept_back = pump.session.outbox.kept_back
                paced = f": {kept_back} messages had to wait for their turn (pacing=)" if kept_back else ""
                pump.give_up(f"what was sent last could not be sent within {_GOODBYE:g} s{paced}")


def _left_by(scope: anyio.CancelScope, failure: BaseException | None) -> BaseException | None:
    """Leave *scope* with *failure*; give what is left of that when the scope has taken its own cancellation out."""
    trace = None if failure is None else failure.__traceback__
    try:
        is_caught = scope.__exit__(None if failure is None else type(failure), failure, trace)
    except BaseException as problem:  # noqa: BLE001 (it is the caller's to raise)
        return problem
    return None if is_caught else failure


def _is_only(group: BaseExceptionGroup[BaseException], end: ConnectionClosed) -> bool:
    def is_the_end(problem: BaseException) -> bool:
        return problem == end

    return group.split(is_the_end)[1] is None


def _single(problem: BaseException) -> BaseException:
    """Take *problem* out of the groups that our own task groups have made of it."""
    if isinstance(problem, BaseExceptionGroup):
        _, rest = problem.split(anyio.get_cancelled_exc_class())
        while isinstance(rest, BaseExceptionGroup) and len(rest.exceptions) == 1:
            (rest,) = rest.exceptions
        return problem if rest is None else rest
    return problem


def _note(problem: BaseException, bug: BaseException | None) -> None:
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


def _with_id(options: HandshakeOptions | None, client_id: int | None) -> HandshakeOptions:
    options = HandshakeOptions() if options is None else options
    check_instance("options", options, HandshakeOptions)
    return options if client_id is None else attrs.evolve(options, client_id=client_id)


def _check_address(host: object, port: object) -> None:
    """Raise for what is no address at all. A name or a number where nobody answers is told by the connect."""
    check_text("host", host, example="127.0.0.1")
    check_whole_number("port", port, example=7497)
    both = _HOST_AND_PORT(cast("str", host))
    if both is not None:
        name, number = both["bracketed"] or both["name"], both["port"]
        raise NotAHost.of(cast("str", host), f"host={name!r}, port={number or port}")
