"""One connection, as the simulated TWS sees it.

A `Link` is the core in the TWS role plus what this TWS wants: whether it lets the client in, what it says when. It
neither frames nor decodes, and it asks the core, not itself, what is legal. Time is an argument.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from anytws.core.connection import Connection
from anytws.core.events import (
    CloseReason,
    ConnectionClosed,
    Event,
    GreetingReceived,
    UndecodableFrame,
    UnknownMessage,
)
from anytws.core.options import HandshakeOptions
from anytws.core.state import State
from anytws.messages.base import Side, ToClient, ToTws
from anytws.messages.session import ErrorMessage, ManagedAccounts, NextValidId, StartApiRequest
from anytws.simulator.settings import Dialog, Farm, FarmKind, HangUp, Opening, Personality
from anytws.wire.catalogue import entry_of
from anytws.wire.versions import MIN_VERSION

if TYPE_CHECKING:
    from anytws.simulator.world import World

_BAD_REQUEST: Final = 320
_REFUSED_REQUEST: Final = 321
_FAILED_REQUEST: Final = 322
_CLIENT_ID_IN_USE: Final = 326

# A real TWS was never seen to lose patience with a client, and it is ready once it has said nextValidId.
_TWS: Final = HandshakeOptions(version_timeout=None, start_timeout=None, accounts_grace=0.0)


def _nobody_cares() -> None:
    return None


class Link:
    """A client's connection to a `World`. Made by `World.connect`.

    Whoever carries the bytes gives it what arrives (`receive_data`, `receive_eof`, `receive_reset`), delivers what
    `data_to_send` gives, calls `wake` at `wake_at`, and, once `hang_up` is set and all is delivered, ends the byte
    stream that way. Nothing that a client does makes any of these raise.
    """

    def __init__(self, world: World, address: str, now: float) -> None:
        self.world: Final = world
        """The TWS that this is a connection to."""
        self.address: Final = address
        """Where the client comes from."""
        self.events: Final[deque[Event]] = deque(maxlen=world.settings.memory)
        """What the core told, for those who look: state changes, messages, the end."""
        self.dropped: Final[deque[ToTws]] = deque(maxlen=world.settings.memory)
        """Requests that came too soon after nextValidId and were dropped."""
        self.log_level: int | None = None
        """What the client asked the log level of TWS to be."""
        self.bytes_said: int = 0
        """How many bytes this connection was given to carry to the client."""
        self.hang_up: HangUp | None = None
        """How the byte stream is to end; None while it goes on."""
        self._connection = Connection(Side.TWS, _TWS)
        self._outbox = bytearray()
        self._attention: Callable[[], None] = _nobody_cares
        self._greeting: GreetingReceived | None = None
        self._asks_person = False
        self._person_answers_at: float | None = None
        self._opens_at: float | None = None
        self._settled_at = -math.inf
        self._awake_farms: set[Farm] = set()
        self._connection.opened(now)

    def __repr__(self) -> str:
        return f"<Link of client {self.client_id} from {self.address}, {self.state.value}>"

    # What can be seen

    @property
    def state(self) -> State:
        """Where the connection is."""
        return self._connection.state

    @property
    def client_id(self) -> int | None:
        """The client's id; None until START_API."""
        return self._connection.client_id

    @property
    def server_version(self) -> int | None:
        """The version agreed; None until then."""
        return self._connection.server_version

    @property
    def closed(self) -> ConnectionClosed | None:
        """How it ended, as TWS knows it; None while it goes on."""
        return self._connection.closed

    # The transport's side

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes of the client in. After a hang-up nobody listens any more."""
        self.wake(now)
        if self.hang_up is None:
            self._connection.receive_data(data)
            self._react(now)

    def receive_eof(self, now: float) -> None:
        """Note that the client will say no more: TWS frees its id and hangs up."""
        self.wake(now)
        if self.hang_up is None:
            self._connection.receive_eof()
            self._react(now)

    def receive_reset(self, now: float) -> None:
        """Note that the byte stream was torn: the client's id stays in use for `WorldSettings.stale_seconds`."""
        self.wake(now)
        if self.hang_up is None:
            self._connection.receive_reset()
            self._react(now)

    def data_to_send(self) -> bytes:
        """Give what is to be delivered to the client, once."""
        data = bytes(self._outbox)
        self._outbox.clear()
        return data

    @property
    def has_data_to_send(self) -> bool:
        """Whether something waits to be delivered."""
        return bool(self._outbox)

    def wake_at(self) -> float | None:
        """Give the time at which `wake` has something to do; None when it has not."""
        if self.hang_up is not None:
            return None
        times = (self._connection.wake_at(), self._person_answers_at, self._opens_at)
        return min((time for time in times if time is not None), default=None)

    def wake(self, now: float) -> None:
        """Do what is due."""
        self.world.note_time(now)
        if self.hang_up is not None:
            return
        self._connection.wake(now)
        if self._person_answers_at is not None and now >= self._person_answers_at:
            self._let_in(self.world.settings.dialog is Dialog.ACCEPT)
        if self._opens_at is not None and now >= self._opens_at:
            self._open_session(now)
        self._react(now)

    def attend(self, callback: Callable[[], None]) -> None:
        """Have *callback* called after whatever may have changed what the transport has to do.

        It is how `say` and `die` reach a transport that waits for the client. It must not call back into the link.
        """
        self._attention = callback

    # The tester's side

    def say(self, message: ToClient, now: float | None = None) -> None:
        """Say *message* to the client.

        Raises `LocalProtocolError` if TWS may not say it now: see `say_bytes` for misbehaviour.
        """
        now = self._catch_up(now)
        self._put(self._connection.send(message))
        self._react(now)

    def say_bytes(self, raw: bytes, now: float | None = None) -> None:
        """Have *raw* delivered as it is, whatever it is, and wherever the connection stands."""
        now = self._catch_up(now)
        if self.hang_up is None:
            self._put(raw)
            self._react(now)

    def die(self, how: HangUp = HangUp.EOF, now: float | None = None) -> None:
        """End this connection now, from the TWS end. What was said before is still delivered."""
        now = self._catch_up(now)
        self._end(how, "TWS died")
        self._react(now)

    def answer_dialog(self, accept: bool, now: float | None = None) -> None:
        """Click in the accept dialog. Raises `LookupError` when none is open."""
        now = self._catch_up(now)
        if not self._asks_person:
            raise LookupError(f"no accept dialog is open for {self!r}")
        self._let_in(accept)
        self._react(now)

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
        self._react(now)
        self.wake(now)

    # Reactions

    def _catch_up(self, now: float | None) -> float:
        """Do what is due by *now*, or by the last time told; give the time."""
        if now is not None:
            self.wake(now)
        return self.world.now

    def _react(self, now: float) -> None:
        """Answer everything that the core has to tell, then let the transport know."""
        while True:
            self._put(self._connection.data_to_send())
            event = self._connection.next_event()
            if event is None:
                break
            self.events.append(event)
            self._take(event, now)
        self._attention()

    def _take(self, event: Event, now: float) -> None:
        match event:
            case GreetingReceived():
                self._greeting = event
                if not self._asks_person:
                    self._name_version(event)
            case StartApiRequest():
                self._start(event, now)
            case ConnectionClosed():
                self.hang_up = self.hang_up or HangUp.EOF
                torn = event.reason is CloseReason.RESET or self.hang_up is HangUp.RESET
                self.world.note_end(self, torn=torn)
            case UnknownMessage():
                self._complain(_BAD_REQUEST, f"Error reading request. Unknown message id {event.message_id}")
            case UndecodableFrame():
                place = ".".join(name for name in (event.message, event.field) if name)
                self._complain(_BAD_REQUEST, f"Error reading request. {place}: {event.seen} is not {event.wanted}")
            case ToTws():
                self._hear(event, now)
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
            self._complain(_CLIENT_ID_IN_USE, text)
            self._end(HangUp.EOF, f"client id {request.client_id} is in use")
            return
        self._opens_at = now + self.world.settings.opening_seconds
        if now >= self._opens_at:
            self._open_session(now)

    def _open_session(self, now: float) -> None:
        settings = self.world.settings
        self._opens_at = None
        for item in settings.opening:
            if item is Opening.MANAGED_ACCOUNTS:
                self._say(ManagedAccounts(settings.accounts))
            elif item is Opening.NEXT_VALID_ID:
                self._settled_at = now + settings.settling_seconds
                self._say(NextValidId(self.world.next_valid_id(self.client_id)))
            elif item is Opening.FARMS:
                self._report_farms()
            else:
                self._say(item)
        self._connection.wake(now)

    def _report_farms(self) -> None:
        if self.world.settings.personality is Personality.TWS:
            for farm in self.world.settings.farms:
                self._report(farm)

    def _hear(self, request: ToTws, now: float) -> None:
        if now < self._settled_at:
            self.dropped.append(request)
            return
        entry = entry_of(request)
        self.world.note_heard(self, request)
        request_id = getattr(request, "request_id", None)
        answer = self.world.answers.get(type(request))
        if entry.changes_state and self.world.settings.read_only:
            cause = "The API interface is currently in Read-Only mode."
            self._complain(_REFUSED_REQUEST, f"Error validating request:-'{entry.name}' : cause - {cause}", request_id)
        elif answer is None:
            # Silence would be true to nobody: the client would wait for what this simulator cannot do.
            cause = "The simulator does not know this request."
            self._complain(_FAILED_REQUEST, f"Error processing request:-'{entry.name}' : cause - {cause}", request_id)
        else:
            self._wake_farms(answer.farm)
            for message in answer.reply(self, request):
                self._say(message)

    def _wake_farms(self, kind: FarmKind | None) -> None:
        if self.world.settings.personality is Personality.GATEWAY:
            for farm in self.world.settings.farms:
                if farm.kind is kind and farm not in self._awake_farms:
                    self._awake_farms.add(farm)
                    self._report(farm)

    # Output

    def _report(self, farm: Farm) -> None:
        self._complain(farm.kind.code, f"{farm.kind.text}:{farm.name}")

    def _complain(self, code: int, text: str, request_id: int | None = None) -> None:
        # Milliseconds are all that the wire carries.
        time = self.world.utc()
        time -= timedelta(microseconds=time.microsecond % 1000)
        self._say(ErrorMessage(request_id, code, text, error_time=time))

    def _say(self, message: ToClient) -> None:
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
        if settings.die_after_bytes is not None and self.bytes_said >= settings.die_after_bytes:
            self._end(settings.die_by, f"TWS died after {self.bytes_said} bytes")

    def _end(self, how: HangUp, detail: str) -> None:
        if self.hang_up is None:
            self.hang_up = how
            self._connection.close(detail)
