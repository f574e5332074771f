"""One connection, as the simulated TWS sees it.

A `Link` is the core in the TWS role plus what this TWS wants: whether it lets the client in, what it says when. It
neither frames nor decodes, and it asks the core, not itself, what is legal. Time is an argument.

Whatever goes wrong while a client is handled, be it in this library or in an answer that a tester wrote, is the end of
that client's link and of no other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import wraps
from traceback import clear_frames
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec

from anytws.core.codes import CLIENT_ID_IN_USE
from anytws.core.connection import Connection
from anytws.core.events import (
    CloseReason,
    ConnectionClosed,
    Event,
    GreetingReceived,
    OddValue,
    UndecodableFrame,
    UnknownMessage,
)
from anytws.core.options import HandshakeOptions
from anytws.core.remembered import Remembered, weigh
from anytws.core.state import State
from anytws.errors import in_a_sentence, shown
from anytws.messages.base import Side, ToClient, ToTws, replace
from anytws.messages.session import ManagedAccounts, NextValidId, StartApiRequest
from anytws.simulator.answers import ANSWERS, Answers
from anytws.simulator.answers.orders import open_orders
from anytws.simulator.client import Client
from anytws.simulator.complaints import BAD_REQUEST, complaint, not_done, not_valid
from anytws.simulator.knowledge import Knowledge
from anytws.simulator.leftovers import answer_to_unknown
from anytws.simulator.rate import MOST_BREACHES, MessageRate
from anytws.simulator.settings import Dialog, Farm, FarmKind, HangUp, Opening, Personality, WorldSettings, notice_of
from anytws.simulator.watchers import Watchers
from anytws.wire.catalogue import entry_of
from anytws.wire.versions import MIN_VERSION

if TYPE_CHECKING:
    from anytws.simulator.faults.meddler import Meddler
    from anytws.simulator.faults.stage import Saying
    from anytws.simulator.universe.universe import Universe

_P = ParamSpec("_P")

OUTBOX: Final = 2**20
"""How many bytes may wait to be delivered before the next of a client's requests is looked at."""

LINK_BYTES: Final = 4096
"""What a link that is over keeps, in bytes and on the safe side, beside what is remembered of it."""

FAILURE_BYTES: Final = 65_536
"""What a failure keeps beside its own words: the frames of whoever carries the bytes, and in them the last piece."""

MAX_RATE: Final = 100
"""The code for too many messages a second."""

_MOST_OF_A_FAILURE: Final = 300
_MOST_CAUSES: Final = 100

# A real TWS was never seen to lose patience with a client, and it is ready once it has said nextValidId.
_TWS: Final = HandshakeOptions(version_timeout=None, start_timeout=None, accounts_grace=0.0)


# TWS speaks to a client that has said who it is, and not before.
_TALKS: Final = frozenset({State.AWAITING_NEXT_VALID_ID, State.READY})


def _over() -> Connection:
    connection = Connection(Side.TWS, _TWS)
    connection.close()
    connection.events()
    return connection


# What every link has for a core once its own has ended: that one may hold a client's last frames, megabytes of them.
_OVER: Final = _over()


def _guarded(handle: Callable[Concatenate[Link, _P], None]) -> Callable[Concatenate[Link, _P], None]:
    """Keep to its link whatever goes wrong in *handle*: no other client has to do with it."""

    @wraps(handle)
    def guarded(link: Link, /, *args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            handle(link, *args, **kwargs)
        except Exception as failure:  # noqa: BLE001 (whatever it is, it must not reach the other links)
            link.fail(failure)

    return guarded


class Host(Knowledge):
    """The TWS that a link belongs to: what it knows, what it answers, and what a link tells it.

    The methods do nothing here. `anytws.simulator.World` keeps its links and its memory by them; whoever wants to
    tell what happens overrides them there.
    """

    def __init__(
        self,
        settings: WorldSettings | None = None,
        *,
        answers: Answers = ANSWERS,
        universe: Universe | None = None,
    ) -> None:
        super().__init__(settings, universe)
        self.answers = answers

    @property
    def links(self) -> Sequence[Link]:
        """The connections that are open, oldest first."""
        return ()

    @property
    def is_running(self) -> bool:
        """Whether there is somebody to connect to."""
        return True

    def die(self, how: HangUp = HangUp.EOF, now: float | None = None) -> None:
        """End the whole TWS."""

    def restart(self, now: float | None = None) -> None:
        """Take connections again."""

    def note_door(self) -> None:
        """Take notice that somebody, or nobody, accepts connections now."""

    def meddler_for(self, link: Link) -> Meddler | None:  # noqa: ARG002 (for a world that has a script)
        """Give what meddles with the messages of *link*, which is new; None: nothing does."""
        return None

    def note_event(self, link: Link, event: Event) -> None:
        """Take notice of what happened on *link*, before TWS acts on it."""

    def note_dropped(self, link: Link, request: ToTws) -> None:
        """Take notice of a request that came too soon, and was dropped."""

    def note_heard(self, link: Link, request: ToTws) -> None:
        """Take notice of a request that was taken."""

    def note_end(self, link: Link, *, torn: bool) -> None:
        """Take notice that *link* is over, its byte stream *torn* or not. It may be told more than once."""


class Link(Client):
    """A client's connection to a `World`. Made by `World.connect`.

    Whoever carries the bytes gives it what arrives (`receive_data`, `receive_eof`, `receive_reset`), delivers what
    `data_to_send` gives, calls `wake` at `wake_at`, and, once `hang_up` is set and all is delivered, ends the byte
    stream that way. Nothing that a client does makes any of these raise: what fails becomes `failure`, and the end of
    this connection.

    A client may ask faster than it reads. While `OUTBOX` bytes wait, its next requests do too, so what waits is never
    more than these and the answer to one request; `data_to_send` takes up the rest.
    """

    def __init__(self, world: Host, address: str, now: float) -> None:
        super().__init__()
        settings = world.settings
        share = settings.memory_bytes // (4 * max(settings.max_clients, 1))
        self._world = world
        self.address: Final = address
        """Where the client comes from."""
        self.events: Final[Remembered[Event]] = Remembered(settings.memory, share)
        """What the core told, for those who look: state changes, messages, the end."""
        self.dropped: Final[Remembered[ToTws]] = Remembered(settings.memory, share)
        """Requests that came too soon after nextValidId and were dropped."""
        self.failure: Exception | None = None
        """What was raised while this client was handled, by an answer for example: the connection ended for it, in
        order, and what had been said before was delivered. None as long as nothing was."""
        self.is_forgotten: bool = False
        """Whether it is over for so long that its events, what it dropped and its failure are remembered no more."""
        self.bytes_said: int = 0
        """How many bytes this connection was given to carry to the client."""
        self.hang_up: HangUp | None = None
        """How the byte stream is to end; None while it goes on."""
        self._connection = Connection(Side.TWS, _TWS, limits=settings.limits)
        self._client_id: int | None = None
        self._server_version: int | None = None
        self._closed: ConnectionClosed | None = None
        self._outbox = bytearray()
        self._is_reacting = False
        self._odd: str | None = None
        """What of the next request cannot be read."""
        self._is_full = False
        self._watchers = Watchers()
        self._greeting: GreetingReceived | None = None
        self._asks_person = False
        self._person_answers_at: float | None = None
        self._opens_at: float | None = None
        self._settled_at = -math.inf
        self._awake_farms: set[Farm] = set()
        self._rate = MessageRate(settings.messages_per_second)
        self._waits_until: float | None = None
        self._unheard: list[bytes | HangUp] = []
        """What came while TWS hung."""
        self._meddler = world.meddler_for(self)
        self._connection.opened(now)

    def __repr__(self) -> str:
        return f"<Link of client {self.client_id} from {self.address}, {self.state.value}>"

    # What can be seen

    @property
    def world(self) -> Host:
        """The TWS that this is a connection to."""
        return self._world

    @property
    def state(self) -> State:
        """Where the connection is."""
        return self._connection.state

    @property
    def client_id(self) -> int | None:
        """The client's id; None until START_API."""
        return self._connection.client_id if self._closed is None else self._client_id

    @property
    def server_version(self) -> int | None:
        """The version agreed; None until then."""
        return self._connection.server_version if self._closed is None else self._server_version

    @property
    def closed(self) -> ConnectionClosed | None:
        """How it ended, as TWS knows it; None while it goes on."""
        return self._closed

    @property
    def held_bytes(self) -> int:
        """About how many bytes it keeps in memory, once it is over."""
        failure = 0 if self.failure is None else FAILURE_BYTES + weigh(self.failure.args)
        return LINK_BYTES + self.events.held_bytes + self.dropped.held_bytes + len(self._outbox) + failure

    # The transport's side

    @_guarded
    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes of the client in. After a hang-up nobody listens any more."""
        self.wake(now)
        if self._meddler is not None:
            self._meddler.note_upstream(len(data))
            if self.is_hanging:
                self._unheard.append(data)
                return
        if self.hang_up is None:
            self._connection.receive_data(data)
            self._react(now)

    @_guarded
    def receive_eof(self, now: float) -> None:
        """Note that the client will say no more: TWS frees its id and hangs up."""
        self.wake(now)
        if self.is_hanging:
            self._unheard.append(HangUp.EOF)
        elif self.hang_up is None:
            self._connection.receive_eof()
            self._react(now)

    @_guarded
    def receive_reset(self, now: float) -> None:
        """Note that the byte stream was torn: the client's id stays in use for `WorldSettings.stale_seconds`."""
        self.wake(now)
        # Nobody is there to deliver it to.
        self._outbox.clear()
        if self.is_hanging:
            self._unheard.append(HangUp.RESET)
        elif self.hang_up is None:
            self._connection.receive_reset()
            self._react(now)

    def data_to_send(self) -> bytes:
        """Give what is to be delivered to the client, once, and take up the requests that waited for that."""
        if self.is_hanging:
            return b""
        data = bytes(self._outbox)
        self._outbox.clear()
        if self._is_full:
            self._settle(self.world.now)
        return data

    @property
    def has_data_to_send(self) -> bool:
        """Whether something waits to be delivered."""
        return bool(self._outbox) and not self.is_hanging

    @property
    def is_hanging(self) -> bool:
        """Whether TWS hangs, by its script: it neither hears nor says anything."""
        return self._meddler is not None and self._meddler.is_hanging and self.hang_up is None

    def wake_at(self) -> float | None:
        """Give the time at which `wake` has something to do, for this client or the whole TWS; None when it has not."""
        if self.hang_up is not None:
            return None
        times = [time for time in (self.own_wake_at(), self.world.wake_at()) if time is not None]
        return min(times, default=None)

    def own_wake_at(self) -> float | None:
        """Give the time at which `wake` has something to do for this client, for who drives the world besides."""
        if self.hang_up is not None or self.is_hanging:
            return None
        times = (self._connection.wake_at(), self._person_answers_at, self._opens_at, self._waits_until)
        soonest = min((time for time in times if time is not None), default=math.inf)
        soonest = min(soonest, self.streams.wake_at)
        return None if soonest == math.inf else soonest

    @_guarded
    def wake(self, now: float) -> None:
        """Do what is due."""
        self.world.note_time(now)
        if self.hang_up is not None or self.is_hanging:
            return
        self._connection.wake(now)
        if self._person_answers_at is not None and now >= self._person_answers_at:
            self._let_in(self.world.settings.dialog is Dialog.ACCEPT)
        if self._opens_at is not None and now >= self._opens_at:
            self._open_session(now)
        self._stream(now)
        self._react(now)

    def fail(self, failure: Exception) -> None:
        """End this connection, and no other, because of *failure*: in order, after what was said before.

        It happens by itself with what is raised while the client is handled. A transport calls it for its own trouble.
        """
        _let_go_of_values(failure)
        if self.failure is None:
            self.failure = failure
        try:
            self._end(HangUp.EOF, f"TWS failed at this client: {in_a_sentence(shown(failure, _MOST_OF_A_FAILURE))}")
            for event in self._connection.events():
                # What else came with it is not answered.
                self.events.append(event)
                if isinstance(event, ConnectionClosed):
                    self._finish(event, torn=False)
            # Once more: the first time, what was to free its place may have failed.
            self.world.note_end(self, torn=False)
        except Exception as another:  # noqa: BLE001 (a `World` of somebody's own may fail at the end as well)
            failure.add_note(f"and then, at the end of the connection: {shown(another, _MOST_OF_A_FAILURE)}")
        self._watchers.call()

    def watch(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have *callback* called after whatever may have changed what the transport has to do.

        It is how `say` and `die` reach a transport that waits for the client. It must not call back into the link.
        Gives the function that ends this.
        """
        return self._watchers.add(callback)

    # The tester's side

    def say(self, message: ToClient, now: float | None = None) -> None:
        """Say *message* to the client.

        Raises `LocalProtocolError` if TWS may not say it now: see `say_bytes` for misbehaviour.
        """
        now = self._catch_up(now)
        self._put(self._connection.send(message))
        self._settle(now)

    def say_bytes(self, raw: bytes, now: float | None = None) -> None:
        """Have *raw* delivered as it is, whatever it is, and wherever the connection stands."""
        now = self._catch_up(now)
        if self.hang_up is None:
            self._put(raw)
            self._settle(now)

    def die(self, how: HangUp = HangUp.EOF, now: float | None = None) -> None:
        """End this connection now, from the TWS end. What was said before is still delivered."""
        now = self._catch_up(now)
        self._end(how, "TWS died")
        self._settle(now)

    def answer_dialog(self, accept: bool, now: float | None = None) -> None:
        """Click in the accept dialog. Raises `LookupError` when none is open."""
        now = self._catch_up(now)
        if not self._asks_person:
            raise LookupError(f"no accept dialog is open for {self!r}")
        self._let_in(accept)
        self._settle(now)

    def push(self, message: ToClient) -> None:
        """Say *message* unasked, or because of what another client did. Nothing happens if it may not be said now."""
        if self._connection.state is State.READY and entry_of(message).since <= (self.server_version or 0):
            self._say(message)
            self._watchers.call()

    def touch(self, *kinds: str) -> None:
        """Have its streams of *kinds* say what is new, which the transport has to attend to."""
        super().touch(*kinds)
        self._watchers.call()

    # The side of a script

    @property
    def client(self) -> Link:
        """The link, as those see it who answer."""
        return self

    @property
    def version(self) -> int:
        """The version agreed; 0 before."""
        return self.server_version or 0

    @property
    def is_over(self) -> bool:
        """Whether it ends, or has ended."""
        return self.hang_up is not None or self._closed is not None

    def utter(self, saying: Saying) -> None:
        """Say this, with nobody meddling. Nothing happens where TWS does not speak to the client yet, or any more."""
        self._say_as_it_is(saying)
        if not self._is_reacting:
            self._watchers.call()

    def _say_as_it_is(self, saying: Saying) -> None:
        if self._connection.state not in _TALKS or self.hang_up is not None:
            return
        if isinstance(saying, bytes):
            self._put(self._connection.data_to_send())
            self._put(saying)
        elif entry_of(saying).since <= self.version:
            self._utter(saying)

    def take(self, request: ToTws) -> None:
        """Do *request*, with nobody meddling."""
        if not self.is_over:
            self._hear(request, self.world.now)
            self._settle(self.world.now)

    def replies(self, request: ToTws) -> Iterable[ToClient]:
        """Give what TWS would say to *request*."""
        answer = self.world.answers.get(type(request))
        return () if answer is None else answer.reply(self, request)

    def attend(self) -> None:
        """Have the transport look again at what it has to do."""
        self._watchers.call()

    @_guarded
    def thaw(self) -> None:
        """Go on after TWS hung: hear what has come meanwhile. What streams had to say is passed over."""
        now = self.world.now
        for key in [key for key in self.streams if self.streams[key].wake_at <= now]:
            self.streams[key].skip(now)
            self.streams.touch(key)
        unheard, self._unheard = self._unheard, []
        for each in unheard:
            if each is HangUp.EOF:
                self.receive_eof(now)
            elif each is HangUp.RESET:
                self.receive_reset(now)
            else:
                self._connection.receive_data(each)
                self._react(now)
        self._watchers.call()

    # The World's side

    def begin(self, refusal: str | None, now: float) -> None:
        """Let the client in, turn it away because of *refusal*, or ask the person: called by the world, once."""
        settings = self.world.settings
        if refusal is not None:
            self._end(HangUp.EOF, refusal)
        elif self.address not in settings.trusted_addresses:
            self._asks_person = True
            if settings.dialog is not Dialog.UNANSWERED:
                self._person_answers_at = now + settings.dialog_seconds
        self._settle(now)
        self.wake(now)

    def forget(self) -> None:
        """Keep the facts of a link that is over, and nothing else: called by the world when others need the room."""
        self.is_forgotten = True
        self.failure = None
        self.events.clear()
        self.dropped.clear()

    # Reactions

    def _catch_up(self, now: float | None) -> float:
        """Do what is due by *now*, or by the last time told; give the time."""
        if now is not None:
            self.wake(now)
        return self.world.now

    @_guarded
    def _settle(self, now: float) -> None:
        self._react(now)

    def _react(self, now: float) -> None:
        """Answer everything that the core has to tell, then let the transport know."""
        self._put(self._connection.data_to_send())
        if self._is_reacting:
            # An answer has said something with `say`: it is in the middle of the loop below.
            return
        self._is_reacting = True
        try:
            while not self._must_wait() and (event := self._connection.next_event()) is not None:
                self.events.append(event)
                self.world.note_event(self, event)
                self._take(event, now)
                self._put(self._connection.data_to_send())
        finally:
            self._is_reacting = False
        self._watchers.call()

    def _stream(self, now: float) -> None:
        """Say what the client gets as time goes on, and pass over what there is no room for."""
        streams = self.streams
        while streams.wake_at <= now and (key := streams.next_key()) is not None and self._connection.closed is None:
            stream = streams[key]
            if len(self._outbox) >= OUTBOX:
                stream.skip(now)
            elif self._meddler is None:
                self._put(self._connection.data_to_send())
                self._put(self._connection.send_all(stream.wake()))
            else:
                for message in stream.wake():
                    self._say(message)
            if streams.get(key) is stream:
                streams.touch(key)

    def _must_wait(self) -> bool:
        # After the end nothing is said any more.
        self._is_full = len(self._outbox) >= OUTBOX and self._connection.closed is None
        return self._is_full or self._is_too_fast()

    def _is_too_fast(self) -> bool:
        """Tell whether the client's next message has to wait, where TWS slows clients down (documented)."""
        now = self.world.now
        opens_at = now if self.world.settings.rejects_above_rate else self._rate.opens_at(now)
        self._waits_until = opens_at if opens_at > now and self._connection.closed is None else None
        return self._waits_until is not None

    def _finish(self, closed: ConnectionClosed, *, torn: bool) -> None:
        """Keep the facts of a connection that is over, and let go of its core."""
        connection = self._connection
        self._client_id, self._server_version = connection.client_id, connection.server_version
        self._closed, self._connection, self._greeting = closed, _OVER, None
        self.leave()
        self.world.note_end(self, torn=torn)

    def _take(self, event: Event, now: float) -> None:
        match event:
            case GreetingReceived():
                self._greeting = event
                if not self._asks_person:
                    self._name_version(event)
            case StartApiRequest() if self._odd is None:
                if self._meddler is None or self._meddler.incoming(event):
                    self._start(event, now)
            case ConnectionClosed():
                self.hang_up = self.hang_up or HangUp.EOF
                self._finish(event, torn=event.reason is CloseReason.RESET or self.hang_up is HangUp.RESET)
            case UnknownMessage() if (answer := answer_to_unknown(self.world, event)) is not None:
                self._say(answer)
            case OddValue():
                self._odd = _unreadable(event)
            case UndecodableFrame():
                self._complain(BAD_REQUEST, f"Error reading request. {_unreadable(event)}", event)
            case ToTws():
                self._listen(event, now)
            case _:
                # The rest tells what this side did itself.
                return

    def _let_in(self, accept: bool) -> None:
        self._asks_person, self._person_answers_at = False, None
        if not accept:
            self._end(HangUp.EOF, "the person in front of TWS refused the connection")
        elif self._greeting is not None:
            self._name_version(self._greeting)

    def _name_version(self, offer: GreetingReceived) -> None:
        settings = self.world.settings
        if self._connection.closed is not None:
            # It did not wait for the reply, and is out already.
            return
        if settings.redirect is not None:
            self._connection.redirect(*settings.redirect)
            return
        version = min(settings.server_version, offer.maximum_version)
        if version < max(offer.minimum_version, MIN_VERSION):
            version = settings.server_version
        self._connection.accept_version(version, self.world.connection_time())

    def _start(self, request: StartApiRequest, now: float) -> None:
        if not self.world.claim(request.client_id, self):
            text = "Unable to connect as the client id is already in use. Retry with a unique client id."
            self._complain(CLIENT_ID_IN_USE, text)
            self._end(HangUp.EOF, f"client id {request.client_id} is in use")
            return
        self._opens_at = now + self.world.settings.opening_seconds
        if now >= self._opens_at:
            self._open_session(now)

    def _open_session(self, now: float) -> None:
        settings = self.world.settings
        self._opens_at = None
        if settings.habits.says_orders_on_connect and self.client_id is not None:
            for message in open_orders(self.world, self.client_id):
                self._say(message)
        for item in settings.opening:
            if item is Opening.MANAGED_ACCOUNTS:
                self._say(ManagedAccounts(settings.accounts))
            elif item is Opening.NEXT_VALID_ID:
                self._settled_at = now + settings.settling_seconds
                self._say(NextValidId(self.world.next_valid_id(self.client_id)))
            elif item is Opening.FARMS:
                self._report_farms()
            elif entry_of(item).since <= (self.server_version or 0):
                # What an older version does not have, TWS does not say to it.
                self._say(item)
        self._connection.wake(now)

    def _report_farms(self) -> None:
        if self.world.settings.personality is Personality.TWS:
            for farm in self.world.settings.farms:
                self._report(farm)

    def _listen(self, request: ToTws, now: float) -> None:
        if self._odd is None:
            if self._meddler is None:
                self._hear(request, now)
            else:
                self._hear_meddled(self._meddler, request, now)
            return
        # With one value that cannot be read TWS does none of what the request asks for.
        self._complain(BAD_REQUEST, f"Error reading request. {self._odd}", request)
        self._odd = None
        if isinstance(request, StartApiRequest):
            self._end(HangUp.EOF, "START_API cannot be read")

    def _hear_meddled(self, meddler: Meddler, request: ToTws, now: float) -> None:
        for each in meddler.incoming(request):
            meddler.begin(each)
            try:
                self._hear(each, now)
            finally:
                meddler.end()

    def _hear(self, request: ToTws, now: float) -> None:
        if now < self._settled_at:
            self.dropped.append(request)
            self.world.note_dropped(self, request)
            return
        entry = entry_of(request)
        self.world.note_heard(self, request)
        if self._rate.note(now):
            self._refuse_speed()
            return
        if getattr(request, "request_id", 0) is None:
            # In protobuf an id may be left out; then nobody could tell what an answer belongs to.
            self._complain(BAD_REQUEST, f"Error reading request. {entry.name}: the request id is missing")
            return
        answer = self.world.answers.get(type(request))
        is_hidden = entry.changes_state or (answer is not None and answer.needs_trading)
        if is_hidden and self.world.settings.read_only:
            refusal = not_valid(self.world, request, "The API interface is currently in Read-Only mode.")
            without_id = self.world.settings.habits.minus_one_for_read_only
            self._say(replace(refusal, request_id=None) if without_id else refusal)
        elif answer is None:
            # Silence would be true to nobody: the client would wait for what this simulator cannot do.
            self._say(not_done(self.world, request, "The simulator does not know this request."))
        else:
            self._wake_farms(answer.farm)
            for message in answer.reply(self, request):
                self._say(message)

    def _refuse_speed(self) -> None:
        """Do nothing of a request that is one too many in a second; the third time is the last (documented)."""
        most, breaches = self.world.settings.messages_per_second, self._rate.breaches
        text = f"Max rate of messages per second has been exceeded:max={most} rec={most + 1} ({breaches})"
        self._complain(MAX_RATE, text)
        if breaches >= MOST_BREACHES:
            self._end(HangUp.EOF, "it sent too many messages a second")

    def _wake_farms(self, kind: FarmKind | None) -> None:
        if self.world.settings.personality is Personality.GATEWAY:
            for farm in self.world.settings.farms:
                if farm.kind is kind and farm not in self._awake_farms:
                    self._awake_farms.add(farm)
                    self._report(farm)

    # Output

    def _report(self, farm: Farm) -> None:
        self._say(notice_of(farm, self.time()))

    def _complain(self, code: int, text: str, about: ToTws | UndecodableFrame | None = None) -> None:
        """Say an error *about* a request: with its id, or, as the real one does, with that of its order."""
        self._say(complaint(self.world, code, text, about))

    def time(self) -> datetime:
        """Give the time of TWS, as errors carry it."""
        return self.world.time()

    def _say(self, message: ToClient) -> None:
        """Say *message*, or what a script makes of it."""
        if self._meddler is None:
            self._utter(message)
            return
        for saying in self._meddler.outgoing(message):
            self._say_as_it_is(saying)
        self._meddler.settle()

    def _utter(self, message: ToClient) -> None:
        """Say *message*, unless the connection ended in the meantime, by either side's doing."""
        if self._connection.closed is None:
            self._put(self._connection.data_to_send())
            self._put(self._connection.send(message))

    def _put(self, data: bytes) -> None:
        """Have *data* delivered, as far as this connection lives to carry it."""
        settings = self.world.settings
        if settings.die_after_bytes is not None:
            data = data[: max(settings.die_after_bytes - self.bytes_said, 0)]
        self._outbox += data
        self.bytes_said += len(data)
        if self._meddler is not None and data:
            self._meddler.note_downstream(len(data))
        if settings.die_after_bytes is not None and self.bytes_said >= settings.die_after_bytes:
            self._end(settings.die_by, f"TWS died after {self.bytes_said} bytes")

    def _end(self, how: HangUp, detail: str) -> None:
        if self.hang_up is None:
            self.hang_up = how
            self._connection.close(detail)


def _let_go_of_values(failure: Exception) -> None:
    """Keep the lines of code that *failure* went through, and not the values there: a client's megabytes, perhaps."""
    cause: BaseException | None = failure
    # A chain that somebody has closed to a ring has no end.
    for _ in range(_MOST_CAUSES):
        if cause is None:
            break
        clear_frames(cause.__traceback__)
        cause = cause.__cause__ or cause.__context__


def _unreadable(event: OddValue | UndecodableFrame) -> str:
    place = ".".join(name for name in (event.message, event.field) if name) or "Frame"
    return in_a_sentence(f"{place}: {event.seen} is not {event.wanted}")
