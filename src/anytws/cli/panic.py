"""``anytws panic``: cancels every order of the login, and looks until none is open, or tells which are."""

from __future__ import annotations

import functools
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import anyio
import anyio.to_thread
import attrs
from anyio import TASK_STATUS_IGNORED
from anyio.abc import TaskStatus
from cyclopts import Parameter, validators

from anytws import AnytwsError, ClientIdInUse, ConnectError, ConnectionClosed, RequestFailed, Tws, connect
from anytws.cli import FAILED, NOT_CONNECTED, REFUSED, USAGE
from anytws.cli.connecting import Place, exit_code_of, options_of, run_over, single, tell_waiting
from anytws.cli.mask import Mask
from anytws.cli.numbers import number
from anytws.cli.output import Output, Tone, address, complain, counted, open_console
from anytws.core.codes import REQUEST_INVALID
from anytws.core.events import CloseReason, Notice
from anytws.messages.orders import GlobalCancelRequest

if TYPE_CHECKING:
    from anytws import Trade, TradeState
    from anytws.messages.accounts import Position

_A_DAY: Final = 86_400
_LOOK_SECONDS: Final = 0.5
"""From one look at the open orders to the next."""
_AGAIN_SECONDS: Final = 5.0
"""After which the cancel is said once more, where orders are still listed as open: it may have been lost, and programs
may have placed new ones."""
_LAST_SECONDS: Final = 3.0
"""Of all the time, those that are left for a look at what is held."""
_PAUSE: Final = 1.0
"""From one attempt to connect to the next."""
_ANSWER_SECONDS: Final = 10.0
"""For one answer of TWS, so that one that never comes does not take all the time there is."""
_MOST_IDS: Final = 20
"""Client ids that are tried, where they are in use: a program of somebody's must not keep this from being done."""
_TWICE: Final = 2
_YES: Final = "yes"
_WARNING: Final = (
    "All orders of this login are cancelled, whoever has placed them: other clients, and people in TWS. Programs that "
    "run can place new ones at once: stop them first. Positions stay as they are."
)


def panic(
    *,
    yes: Annotated[bool, Parameter(negative=())] = False,
    within: Annotated[float, Parameter(converter=number, validator=validators.Number(gt=0, lte=_A_DAY))] = 60.0,
    show_accounts: Annotated[bool, Parameter(negative=())] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
    where: Place = Place(),  # noqa: B008  # frozen, and shown as defaults
) -> int:
    """Cancel every order of the login: those of all clients, and those made by hand too.

    It asks before, then looks until TWS has said twice that none is open, and says which are if some stay. If the
    connection ends it connects again, and says the cancel again. Positions are shown, and stay as they are. The exit
    code is 0 if no order is open, 1 if some are, 4 if that is not known, 5 if TWS refuses.

    Parameters
    ----------
    yes
        Do not ask, and do not look before: cancel at once.
    within
        Seconds that it may take, from the answer on.
    show_accounts
        Show account ids in full, and not only their last three characters.
    as_json
        Write JSON, for programs: one object, at the end.
    """
    if not yes and not _can_be_asked():
        complain(
            "panic asks before it cancels anything, and there is nobody to be asked here: say --yes",
            "anytws panic --help says more",
        )
        return USAGE
    mask = Mask(shows_accounts=show_accounts)
    # What is said meanwhile is for people; of a program only the end is told.
    output = Output(open_console(stderr=as_json))
    act = Panic(output, mask, where, within)
    return run_over(functools.partial(act.run, yes=yes, as_json=as_json), where, mask)


@attrs.define
class Panic:
    """What was done, and what is known."""

    output: Output
    mask: Mask
    where: Place
    within: float
    sent: list[datetime] = attrs.field(factory=list[datetime], init=False)
    """When the cancel was said."""
    open: dict[Trade, TradeState] | None = attrs.field(default=None, init=False)
    """What TWS has listed as open when it was asked last, behind the cancel; None: it has not been said."""
    is_clean: bool = attrs.field(default=False, init=False)
    """Whether TWS has said twice in a row that none is open."""
    positions: Sequence[Position] | None = attrs.field(default=None, init=False)
    problem: AnytwsError | None = attrs.field(default=None, init=False)
    """What went wrong last."""
    refusal: RequestFailed | None = attrs.field(default=None, init=False)
    """How TWS said that it lets nobody cancel."""
    number: int = attrs.field(default=0, init=False)
    """How many client ids were in use."""
    told: str = attrs.field(default="", init=False)
    until: float = attrs.field(default=0.0, init=False)
    """When all has to be over, by the clock of the event loop."""

    async def run(self, host: str, port: int, *, yes: bool, as_json: bool) -> int:
        """Do all of it, and give the exit code."""
        if not yes:
            code = await self._ask(host, port)
            if code is not None:
                return code
        await self._try(host, port, self._cancel)
        from anytws.cli.panic_report import tell, write_json  # noqa: PLC0415 (the help needs none of it)

        code = self._exit_code()
        if as_json:
            write_json(self, code, Output(open_console()))
        else:
            tell(self, code)
        return code

    # --- to connect --------------------------------------------------------------------------------------------------

    async def _try(self, host: str, port: int, work: Any) -> None:  # noqa: ANN401 (what a connection is for)
        """Have *work* done over a connection, and over the next one if that ends, for as long as there is time."""
        self.problem = None
        self.until = anyio.current_time() + self.within
        with anyio.CancelScope(deadline=self.until):
            while True:
                pause = await self._attempt(host, port, work)
                if pause is None:
                    return
                await anyio.sleep(pause)

    async def _attempt(self, host: str, port: int, work: Any) -> float | None:  # noqa: ANN401 (as above)
        """Connect and have *work* done. Give the seconds after which it is to be tried again; None: it is not."""
        chosen = attrs.evolve(self.where, client_id=self.where.client_id + self.number)
        failures: list[AnytwsError] = []
        try:
            block = connect(
                host,
                port,
                options=options_of(chosen),
                connect_timeout=chosen.timeout,
                on_waiting=functools.partial(tell_waiting, self.mask),
            )
            async with block as tws:
                self.mask.learn(tws.accounts_named or ())
                await work(tws)
                return None
        except* AnytwsError as problems:
            failures += single(problems)
        problem = self.problem = next((each for each in failures if isinstance(each, ConnectionClosed)), failures[0])
        if isinstance(problem, ClientIdInUse):
            self.number += 1
            return 0 if self.number < _MOST_IDS else None
        if not isinstance(problem, (ConnectError, ConnectionClosed)):
            return None
        self._say(str(problem), Tone.BAD)
        return None if problem.reason is CloseReason.UNSUPPORTED_SERVER_VERSION else _PAUSE

    # --- to ask ------------------------------------------------------------------------------------------------------

    async def _ask(self, host: str, port: int) -> int | None:
        """Say what would be cancelled, and ask. Gives the exit code where it is not to be done."""
        seen: list[str] = []

        async def look(tws: Tws) -> None:
            seen.append(await self._described(tws))

        # Connected anew for the cancel: nobody types an answer over a connection that may end meanwhile.
        await self._try(host, port, look)
        if not seen:
            return self._not_connected()
        self.output.row((), f"{address(host, port)}: {seen[0]}", Tone.WARNING)
        self.output.row((), _WARNING)
        answer = await _answer(self.output, f"Cancel them all? Type {_YES}: ")
        if answer != _YES:
            self.output.row((), "Nothing was cancelled.")
            return FAILED
        return None

    async def _described(self, tws: Tws) -> str:
        from anytws.cli.orders import tell_trades  # noqa: PLC0415 (the help needs none of it)

        try:
            trades = await tws.orders.open(timeout=_ANSWER_SECONDS)
        except ConnectionClosed:
            raise
        except AnytwsError as problem:
            return f"it is not known which orders are open: {self.mask(str(problem))}"
        if not trades:
            return "TWS lists no open order. Those that were not transmitted may not be listed"
        tell_trades(self.output, self.mask, {trade: trade.state for trade in trades})
        of_whom = Counter(_owner(trade) for trade in trades)
        told = ", ".join([f"{count} {owner}" for owner, count in of_whom.items()])
        return f"{counted(len(trades), 'open order')}, {told}"

    # --- to cancel ---------------------------------------------------------------------------------------------------

    async def _cancel(self, tws: Tws) -> None:
        """Cancel all, look until none is left twice in a row, and see what is held. Raises what ends the connection."""
        # What another connection has said may be otherwise by now.
        self.open, self.problem = None, None
        async with anyio.create_task_group() as tasks:
            await tasks.start(self._hear_refusals, tws)
            await self._send(tws)
            await self._until_none(tws)
            tasks.cancel_scope.cancel()
        await self._see_positions(tws)

    async def _hear_refusals(self, tws: Tws, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Hear what TWS says of the cancel itself, which has no id: that it is refused, or nothing."""
        events = tws.events()
        task_status.started()
        async for event in events:
            if isinstance(event, Notice) and event.code == REQUEST_INVALID:
                self._note_failure(RequestFailed(event.code, event.text or "", GlobalCancelRequest()))

    async def _send(self, tws: Tws) -> None:
        sent = tws.send(GlobalCancelRequest())
        self.sent.append(datetime.now(UTC))
        try:
            await sent
        except BaseException:
            if not sent.may_have_left:
                self.sent.pop()
            raise
        self._say("the cancel of all orders was sent" + (" again" if len(self.sent) > 1 else ""))

    async def _until_none(self, tws: Tws) -> None:
        times, cancelled_at, losses = 0, anyio.current_time(), tws.health.now.link_losses
        # Not to the end: what is held is to be seen as well.
        until = self.until - min(_LAST_SECONDS, self.within / 4)
        while times < _TWICE and anyio.current_time() < until:
            found = await self._listed(tws)
            if self.refusal is not None:
                return
            health = tws.health.now
            is_lost = health.link_losses != losses or not health.is_linked
            if is_lost:
                self._say("TWS has no link to IB: what it says of orders is old, and cancels may be lost", Tone.BAD)
            times = times + 1 if found == () and not is_lost else 0
            is_due = bool(found) and anyio.current_time() - cancelled_at >= _AGAIN_SECONDS
            if health.is_linked and (is_due or is_lost):
                cancelled_at, losses = anyio.current_time(), health.link_losses
                await self._send(tws)
            if times < _TWICE:
                await anyio.sleep(max(0.0, min(_LOOK_SECONDS, until - anyio.current_time())))
        self.is_clean = times >= _TWICE

    async def _listed(self, tws: Tws) -> tuple[Trade, ...] | None:
        try:
            found = await tws.orders.open(timeout=_ANSWER_SECONDS)
        except ConnectionClosed:
            raise
        except AnytwsError as problem:
            self.open = None
            self._note_failure(problem)
            return None
        # As it is now: when the connection has ended, all of it is unsure.
        self.open = {trade: trade.state for trade in found}
        self._say(f"TWS lists {counted(len(found), 'open order') if found else 'no open order'}")
        return found

    def _note_failure(self, problem: AnytwsError) -> None:
        self.problem = problem
        is_new = self.refusal is None
        if isinstance(problem, RequestFailed) and problem.code == REQUEST_INVALID:
            self.refusal = self.refusal or problem
        if is_new:
            self._say(str(problem), Tone.BAD)

    async def _see_positions(self, tws: Tws) -> None:
        try:
            self.positions = await tws.accounts.positions(timeout=_ANSWER_SECONDS)
        except ConnectionClosed:
            if not self.is_clean and self.refusal is None:
                raise
        except AnytwsError as problem:
            self._say(f"positions are not known: {problem}", Tone.WARNING)

    # --- to tell -----------------------------------------------------------------------------------------------------

    def _exit_code(self) -> int:
        if self.refusal is not None:
            return REFUSED
        if self.is_clean:
            return 0
        if self.open:
            return FAILED
        return _code_of(self.problem)

    def _say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        """Say what happens, once where it goes on."""
        from anytws.cli.gaps import now_text  # noqa: PLC0415 (see above)

        if text != self.told:
            self.told = text
            self.output.row(((f"{now_text()}  ", Tone.QUIET),), self.mask(text), tone)

    def _not_connected(self) -> int:
        why = "" if self.problem is None else f": {self.mask(str(self.problem))}"
        complain(f"nothing was cancelled, since there was no connection within {self.within:g} s{why}")
        return _code_of(self.problem)


def _owner(trade: Trade) -> str:
    from anytws.cli.order_rows import owner_text  # noqa: PLC0415 (see above)

    owner = owner_text(trade.state)
    return owner if owner.startswith("by") else f"of {owner}"


def _code_of(problem: AnytwsError | None) -> int:
    """Give the exit code where *problem* has kept it from being known."""
    return exit_code_of(problem) if isinstance(problem, ConnectError) else NOT_CONNECTED


def _can_be_asked() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


async def _answer(output: Output, question: str) -> str:
    """Ask a person, and give the answer; empty where there is none."""
    output.say(question)
    output.flush()
    try:
        # No thread, which could not be stopped by Ctrl-C: of a terminal a whole line can be read, or nothing.
        await anyio.wait_readable(sys.stdin.fileno())
        line = sys.stdin.readline()
    except (OSError, ValueError, NotImplementedError):
        # As on Windows, where only sockets can be waited for.
        line = await anyio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True)
    return line.strip().casefold()
