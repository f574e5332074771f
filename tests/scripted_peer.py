"""A TWS in memory that says what a test has it say to each request, and that knows what is open at its side.

Real messages go out, as bytes of the server version that was agreed on, and real requests come in. What a TWS would go
on to work for is counted (`Peer.open`): a subscription that nobody has cancelled, a question that nobody took back.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

import anyio
import anyio.lowlevel

import anytws
from anytws import Tws
from anytws.core import CODES, Connection, Side
from anytws.core.code_words import Effect
from anytws.machines.conversation import Plan, plan_of
from anytws.machines.verdicts import WITHOUT_ID
from anytws.messages import (
    AccountDataRequest,
    ErrorMessage,
    ManagedAccounts,
    ManagedAccountsRequest,
    NextValidId,
    StartApiRequest,
    ToClient,
    ToTws,
)
from anytws.messages.base import replace
from anytws.simulator.serve import ResettableStream, memory_pair
from anytws.wire.catalogue import entry_for, entry_of
from anytws.wire.conversation import ENDS_ANYTHING, Cancel, Key, Shape
from anytws.wire.frames import frame
from tests.conversing import CLOCK

Said: TypeAlias = ToClient | bytes
"""A message, or the body of a frame."""
Answers: TypeAlias = Mapping[type[Any], "Iterable[ToClient] | Callable[[Any], Iterable[ToClient]]"]
"""What is said to each kind of request. A request id of 0 becomes the request's."""
Twist: TypeAlias = Callable[["Peer", Any, list[ToClient]], Iterable[Said]]
"""Makes of what is to be said to a request something else."""

ACCOUNT: Final = "DU1"
_ENDS_ITSELF: Final = {Shape.ONE, Shape.RUN}


def plainly(_: Peer, __: Any, said: list[ToClient]) -> Iterable[Said]:
    """Say what is to be said."""
    return said


class Peer:
    """The other end of one connection."""

    def __init__(self, stream: ResettableStream, version: int) -> None:
        self.version: Final = version
        self.heard: list[ToTws] = []
        """All requests, as they came."""
        self.open: dict[object, ToTws] = {}
        """What TWS is still at work for, of all that can be cancelled."""
        self.answers: Answers = {}
        self.twist: Twist = plainly
        self.tws: Final = Connection(Side.TWS)
        self._stream = stream
        self._turn = anyio.Lock()
        self._has_hung_up = False

    async def run(self) -> None:
        """Talk until the client hangs up."""
        stream, tws = self._stream, self.tws
        tws.opened(0.0)
        try:
            while tws.closed is None:
                try:
                    data = await stream.receive()
                except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
                    return
                tws.receive_data(data)
                if tws.server_version is None:
                    tws.accept_version(self.version, CLOCK)
                    await stream.send(tws.data_to_send())
                for event in tws.events():
                    if isinstance(event, ToTws):
                        await self._hear(event)
        finally:
            with anyio.CancelScope(shield=True):
                await stream.aclose()

    async def hang_up(self) -> None:
        """End the connection in order, behind what is being said."""
        async with self._turn:
            self._has_hung_up = True
            await self._stream.send_eof()

    async def say(self, *said: Said) -> None:
        """Say it all at once, so that the client reads it in one piece."""
        data = b""
        for each in said:
            if isinstance(each, bytes):
                data += frame(each)
            else:
                self._note_said(each)
                data += self.tws.send(each)
        async with self._turn:
            if not self._has_hung_up:
                await self._stream.send(data)

    def body_of(self, message: ToClient) -> bytes:
        """Give the body of the frame in which *message* is said."""
        return self.tws.send(message)[4:]

    async def _hear(self, message: ToTws) -> None:
        if isinstance(message, StartApiRequest):
            await self.say(ManagedAccounts((ACCOUNT,)), NextValidId(5))
            return
        self.heard.append(message)
        if isinstance(message, ManagedAccountsRequest) and ManagedAccountsRequest not in self.answers:
            await self.say(ManagedAccounts((ACCOUNT,)))
            return
        number: int | None = getattr(message, "request_id", None)
        cancel = self._cancel_in(message)
        if cancel is not None:
            if cancel.receipt is not None:
                await self.say(ErrorMessage(number, cancel.receipt, "API query cancelled"))
            return
        self._note_asked(message)
        answers = self.answers.get(type(message), ())
        said = [each for each in (answers(message) if callable(answers) else answers) if self._can_say(each)]
        await self.say(*self.twist(self, message, [_numbered(each, number) for each in said]))

    def _can_say(self, message: ToClient) -> bool:
        return entry_of(message).since <= self.version

    # --- what is open ------------------------------------------------------------------------------------------------

    def plan(self, request: ToTws) -> Plan:
        """Give how a conversation runs that begins with *request*."""
        entry = entry_of(request)
        assert entry.conversation is not None
        return plan_of(entry.conversation, request, self.version, entry.changes_state)

    def _note_asked(self, request: ToTws) -> None:
        row = entry_of(request).conversation
        if row is None or row.forbidden:
            return
        plan = self.plan(request)
        if plan.shape is not Shape.COMMAND and plan.cancel is not None and _is_told(plan.cancel, self.version):
            self.open[_place(request)] = request

    def _cancel_in(self, message: ToTws) -> Cancel | None:
        """Note that *message* cancels something, if it does; give how TWS takes it."""
        if isinstance(message, AccountDataRequest) and not message.subscribe:
            opened = self.open.pop(_place(message), None)
            return None if opened is None else self.plan(opened).cancel
        for place in self._concerned(message):
            request = self.open[place]
            cancel = self.plan(request).cancel
            assert cancel is not None
            if type(message) is cancel.by and type(message) is not type(request):
                assert all(getattr(message, name) == getattr(request, name) for name in cancel.copies)
                del self.open[place]
                return cancel
        return None

    def _concerned(self, message: ToTws | ToClient) -> list[object]:
        """Give the places of what *message* may be about: by its id, or of what has none."""
        number = getattr(message, "request_id", None)
        if number not in (None, 0):
            return [number] if number in self.open else []
        return [place for place in self.open if isinstance(place, type)]

    def _note_said(self, message: ToClient) -> None:
        for place in self._concerned(message):
            if self._is_end(message, self.open[place]):
                del self.open[place]

    def _is_end(self, message: ToClient, request: ToTws) -> bool:
        plan = self.plan(request)
        row = plan.row
        if isinstance(message, ErrorMessage):
            code, has_id = message.error_code, message.request_id not in (None, 0)
            if not has_id:
                return row.key is not Key.REQUEST_ID and (code in row.ends or code in WITHOUT_ID)
            if code in row.ends or code in ENDS_ANYTHING:
                return True
            is_told = code in row.comments or code in row.unclear
            return not is_told and CODES.effect_on_request(code, type(request).__name__) is Effect.ENDS
        if type(message) in row.ends_after:
            return True
        is_heard = type(message) in plan.heard
        return is_heard and plan.shape in _ENDS_ITSELF and plan.is_last(message) and not _lingers(plan)


def _lingers(plan: Plan) -> bool:
    return plan.cancel is not None and plan.cancel.after_answer


def _is_told(cancel: Cancel, version: int) -> bool:
    return entry_for(cancel.by).since <= version


def _place(request: ToTws) -> object:
    number = getattr(request, "request_id", None)
    return type(request) if number is None else number


def _numbered(message: ToClient, number: int | None) -> ToClient:
    is_of_request = number is not None and getattr(message, "request_id", None) == 0
    return replace(message, request_id=number) if is_of_request else message


@asynccontextmanager
async def talking(version: int, **options: Any) -> AsyncGenerator[tuple[Tws, Peer]]:
    """Connect to a peer; give both ends."""
    ours, theirs = memory_pair()
    peer = Peer(theirs, version)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(peer.run)
            try:
                async with anytws.connect_stream(ours, **{"pacing": None, **options}) as tws:
                    yield tws, peer
            finally:
                tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        # What is wrong, and not that a task group stood around it.
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from None
        raise
