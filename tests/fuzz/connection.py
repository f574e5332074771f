"""`Connection`, both sides: conversations that are torn, damaged and flooded, and every method at the wrong time.

* What the peer says raises nothing, and what we do wrong raises what is documented and changes nothing.
* The state goes along the rows of `anytws.core.state`, and each change is told.
* There is one `ConnectionClosed`; nothing is told after it.
* What is kept has to do with how much was said.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

import attrs

from anytws.core import Connection, ConnectionClosed, HandshakeOptions, State, StateChanged
from anytws.core.codes import farm_of
from anytws.core.events import CloseReason, GreetingReceived, Notice, Ready, VersionAgreed
from anytws.core.remembered import weigh
from anytws.core.state import TRANSITIONS
from anytws.errors import DecodeError, LocalProtocolError, shown
from anytws.messages.base import Message, Side
from anytws.messages.session import ManagedAccounts, NextValidId, StartApiRequest
from anytws.wire.limits import Limits
from tests.fuzz.conversations import SOME_VERSIONS, TIME, Conversations
from tests.fuzz.engine import Broken, Case

STEPS: Final = {(row.state, row.target) for row in TRANSITIONS}
"""Every change of state that the law knows, whoever made it."""

DOCUMENTED: Final = (LocalProtocolError, TypeError, ValueError)
"""What a method may raise that was called wrongly."""

HEARING: Final = ("receive_data", "receive_eof", "receive_reset", "receive_silence", "wake")
"""The methods through which the peer, and time, come in: given what their signatures ask for, they raise nothing."""

_HOST: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%[]")
_LENGTH: Final = 4
_KEPT: Final = 200_000
_KEPT_PER_BYTE: Final = 600
"""A frame of no bytes is four bytes on the wire, and an event of two thousand: with all that it says of itself."""


class ConnectionTarget:
    """The target."""

    name = "connection"
    given = 0

    def __init__(self, random: Random) -> None:
        self._random = random
        self._conversations = Conversations(random)

    # --- drawing -------------------------------------------------------------------------------------------------

    def draw(self) -> Case:
        """Give a side, its options, and what happens."""
        random = self._random
        side = random.choice((*Side,))
        version = self._conversations.version()
        options = self._options() if random.random() < 0.3 else {}
        steps = self._beginning(side, version)
        # Chance alone would hardly ever see it READY, and that is where most of its life is.
        if random.random() < 0.5:
            del steps[random.randrange(len(steps) + 1) :]
        for _ in range(random.randrange(1, 12)):
            steps += self._some_steps(side, version)
        if random.random() < 0.2:
            random.shuffle(steps)
        case = {"side": side.value, "options": options, "steps": steps}
        return {**case, "limits": self._limits()} if random.random() < 0.1 else case

    def _limits(self) -> Case:
        random = self._random
        known = {"frame": (64, 100, 1000), "items": (0, 1, 10), "before_version": (64, 100, 1000)}
        return {name: random.choice(known[name]) for name in random.sample([*known], random.randrange(1, 4))}

    def _options(self) -> Case:
        random = self._random
        known: dict[str, tuple[Any, ...]] = {
            "client_id": (0, 1, -1, 2**31 - 2, 2**31 - 1, True, "7", None, 1.0),
            "minimum_version": (157, 176, 226, 156, 0, "157", None),
            "maximum_version": (226, 176, 157, 227, 10**30, 226.5),
            "connect_options": ("", "+PACEAPI", "é", "a\0b", 7, "x" * 5000),
            "optional_capabilities": ("", "a;b", "\n", "\udc80", None),
            "start_api_by_hand": (True, False),
            "version_timeout": (None, 0.0, 0.5, -1.0, float("nan"), float("inf"), "1"),
            "start_timeout": (None, 0.0, 0.5, -1.0, float("nan"), float("inf")),
            "accounts_grace": (0.0, 2.0, None, float("nan"), 1e308),
            "refusal_grace": (0.0, 1.0, None, float("inf")),
            "remark_after": (0.0, 4.0, None, -1.0, float("nan"), float("inf")),
            "stranger_grace": (0.0, 0.5, None, -1.0, float("inf")),
        }
        return {name: random.choice(known[name]) for name in random.sample([*known], random.randrange(1, 4))}

    def _beginning(self, side: Side, version: int) -> list[Any]:
        """Give the steps that make a connection ready."""
        talk = self._conversations
        if side is Side.CLIENT:
            return [["opened"], *_heard(talk.sliced(talk.reply(version) + talk.opening(version)))]
        start = talk.start(version, self._random.choice((0, 1, 7)))
        return [
            ["opened"],
            *_heard(talk.sliced(talk.greeting())),
            ["accept_version", version, TIME],
            *_heard(talk.sliced(start)),
            ["send", self._own(ManagedAccounts(("DU1",)), version)],
            ["send", self._own(NextValidId(1), version)],
        ]

    def _own(self, message: Message, version: int) -> Case:
        body = self._conversations.codec(Side.TWS, version).encode(message)
        return {"said_by": Side.TWS.value, "version": version, "body": body}

    def _some_steps(self, side: Side, version: int) -> list[Any]:
        random = self._random
        chance = random.random()
        if chance < 0.55:
            return _heard(self._conversations.sliced(self._conversations.frames(side.peer, version)))
        if chance < 0.65:
            return [["wake", random.choice((0.0, 0.5, 1.0, 2.5, 15.0, 16.0, 1e9, -1.0, float("inf"), float("nan")))]]
        if chance < 0.8:
            return [["send", self._to_say(side if random.random() < 0.8 else side.peer, version)]]
        if chance < 0.85:
            return [[random.choice(("events", "data_to_send", "next_event"))]]
        return [self._misuse()]

    def _to_say(self, side: Side, version: int) -> Case:
        random = self._random
        if random.random() < 0.1:
            return _odd(random)
        said_at = version if random.random() < 0.7 else random.choice(SOME_VERSIONS)
        return {"said_by": side.value, "version": said_at, "body": self._conversations.body(side, said_at)}

    def _misuse(self) -> list[Any]:
        random = self._random
        name = random.choice((*_ARGUMENTS,))
        arguments = [random.choice(known) for known in _ARGUMENTS[name]]
        if random.random() < 0.2 and arguments:
            arguments[random.randrange(len(arguments))] = _odd(random)
        if random.random() < 0.1:
            del arguments[random.randrange(len(arguments) + 1) :]
        return [name, *arguments]

    # --- checking ------------------------------------------------------------------------------------------------

    def check(self, case: Case) -> None:
        """Live through it."""
        try:
            options = HandshakeOptions(**case["options"])
        except DOCUMENTED as problem:
            str(problem)
            return
        limits = Limits(**case.get("limits", {}))
        life = Life(Connection(Side(case["side"]), options, limits=limits), max(limits.frame, limits.before_version))
        for name, *arguments in case["steps"]:
            life.step(name, [self._argument(argument) for argument in arguments])
        life.end()

    def _argument(self, node: Case) -> Any:
        if not isinstance(node, dict):
            return node
        try:
            return self._conversations.codec(Side(node["said_by"]).peer, node["version"]).decode(node["body"])
        except DecodeError as problem:
            return problem


def _heard(slices: list[bytes]) -> list[Any]:
    return [["receive_data", data] for data in slices]


@attrs.define
class Life:
    """One connection, and what holds at every moment of it."""

    connection: Connection
    longest: int
    """Bytes of the longest frame that it takes."""
    state: State = State.DISCONNECTED
    """As it was told."""
    said: int = 0
    """Bytes of the peer."""
    marks: list[type[Any]] = attrs.field(factory=list)
    ends: int = 0

    def step(self, name: str, arguments: list[Any]) -> None:
        """Call a method, and look at what has become of it."""
        if name not in STEP_NAMES:
            raise Broken("no such step", repr(name))
        if name in ("events", "next_event"):
            self.take()
            return
        it = self.connection
        if name == "receive_data" and arguments and isinstance(arguments[0], bytes):
            self.said += len(arguments[0])
        before = self._seen()
        try:
            getattr(it, name)(*arguments)
        except DOCUMENTED as problem:
            str(problem)
            if _is_hearing(name, arguments) and before[0] is not State.DISCONNECTED:
                raise
            if isinstance(problem, LocalProtocolError) and self._seen() != before:
                raise Broken(f"{name}() refused, and changed something", str(problem)) from None
        self._bounded()

    def _seen(self) -> tuple[Any, ...]:
        """Give all that can be seen without changing it."""
        it = self.connection
        known = (it.server_version, it.accounts, it.next_valid_id, it.client_id, it.last_error, it.closed)
        return (it.state, *known, it.wake_at(), len(it._events), len(it._buffer), len(it._outgoing))

    def _bounded(self) -> None:
        held = len(self.connection._buffer)
        if held > min(self.longest + _LENGTH, self.said):
            raise Broken("the buffer holds more than the rest of one frame", f"{held} bytes of {self.said}")

    def take(self) -> None:
        """Take what it tells, and hold it against the law."""
        it = self.connection
        events = it.events()
        if (held := weigh(events)) > _KEPT + _KEPT_PER_BYTE * self.said:
            raise Broken("the events weigh too much", f"{held} bytes, and the peer said {self.said}")
        for event in events:
            if self.ends:
                raise Broken("something is told after the end", shown(event))
            self._hear(event)
        if self.state is not it.state:
            raise Broken("a change of state was not told", f"{self.state} and {it.state}")
        if (it.closed is not None) != (it.state is State.CLOSED) or self.ends != (it.state is State.CLOSED):
            raise Broken("CLOSED and ConnectionClosed do not come together")

    def _hear(self, event: Any) -> None:
        shown(event)
        if isinstance(event, StateChanged):
            if event.before is not self.state or (event.before, event.after) not in STEPS:
                raise Broken("the law has no such step", shown(event))
            self.state = event.after
        elif isinstance(event, ConnectionClosed):
            self.ends += 1
            _look_at_the_end(event)
        elif isinstance(event, (GreetingReceived, VersionAgreed, Ready)):
            if type(event) in self.marks:
                raise Broken("a step of the handshake is told twice", shown(event))
            self.marks.append(type(event))
            if isinstance(event, VersionAgreed):
                shown(event.connection_time)
        elif isinstance(event, Notice):
            farm_of(event.text)

    def end(self) -> None:
        """End it, and try to wake the dead."""
        it = self.connection
        if it.state is State.DISCONNECTED:
            it.close()
        it.receive_eof()
        self.take()
        if it.state is not State.CLOSED or self.ends != 1:
            raise Broken("it does not end with the byte stream")
        it.data_to_send()
        for name, arguments in _AFTER_THE_END:
            getattr(it, name)(*arguments)
        for name, arguments in _REFUSED_AFTER_THE_END:
            try:
                getattr(it, name)(*arguments)
            except LocalProtocolError:
                continue
            raise Broken(f"{name}() is taken after the end")
        if it.events() or it.data_to_send() or it.wake_at() is not None or len(it._buffer):
            raise Broken("the dead speak")


def _look_at_the_end(event: ConnectionClosed) -> None:
    if not isinstance(event.detail, str):
        # Our own doing: a detail is not looked at, it is told.
        return
    again = event.again()
    if again != event or hash(again) != hash(event):
        raise Broken("an end is not equal to itself", shown(event))
    for text in (str(event), event.detail, event.hint):
        if len(text) > 6000:
            raise Broken("an end is told in too many words", f"{len(text)} characters")
    if event.reason is CloseReason.REDIRECTED and event.redirect is not None:
        host, port = event.redirect
        if not _HOST.issuperset(host) and not _ours(event):
            raise Broken("a redirect names what is no host", host)
        if port is not None and not 0 < port < 65536:
            raise Broken("a redirect names what is no port", str(port))


def _ours(event: ConnectionClosed) -> bool:
    # What our own side redirects to is our own business.
    return event.redirect is not None and event.detail.endswith("(ours)")


def _is_hearing(name: str, arguments: list[Any]) -> bool:
    """Tell whether a method was called as its signature says, with what comes from outside."""
    if name == "receive_data":
        return len(arguments) == 1 and isinstance(arguments[0], bytes)
    if name == "wake":
        return len(arguments) == 1 and isinstance(arguments[0], float)
    return name in HEARING and all(isinstance(argument, str) for argument in arguments)


_TIMES: Final[tuple[Any, ...]] = (0.0, 1.0, 15.5, 1e300, float("nan"), float("inf"), -1.0, 7)
_WORDS: Final[tuple[Any, ...]] = ("", "because", "x" * 3000, "\0\x1b[2J", "\ud800")
_ARGUMENTS: Final[dict[str, list[tuple[Any, ...]]]] = {
    "opened": [_TIMES],
    "connect_failed": [_WORDS],
    "receive_data": [(b"", b"\0", b"API\0", bytes(4))],
    "receive_eof": [],
    "receive_reset": [_WORDS],
    "receive_silence": [_WORDS],
    "wake_at": [],
    "wake": [_TIMES],
    "data_to_send": [],
    "send": [(None, 7, "START_API", b"71\0")],
    "send_failed": [_WORDS],
    "start_api": [],
    "accept_version": [(176, 226, 157, 0, -1, 10**9, 2**70), (b"20260105 14:30:00 UTC", b"", b"\0", b"\xff" * 300)],
    "redirect": [("localhost", "::1", "", "a b", "é", "\0", "a:1"), (None, 1, 7497, 65535, 0, 65536, -1)],
    "close": [_WORDS],
}
"""Every public method, with arguments that its signature allows."""

STEP_NAMES: Final = frozenset({*_ARGUMENTS, "events", "next_event"})

_AFTER_THE_END: Final[tuple[tuple[str, tuple[Any, ...]], ...]] = (
    ("receive_data", (b"\0\0\0\0",)),
    ("receive_data", (b"\xff" * 100,)),
    ("receive_reset", ()),
    ("receive_silence", ()),
    ("receive_eof", ()),
    ("wake", (1e12,)),
    ("close", ()),
    ("send_failed", ()),
)
_REFUSED_AFTER_THE_END: Final[tuple[tuple[str, tuple[Any, ...]], ...]] = (
    ("opened", (0.0,)),
    ("connect_failed", ("no",)),
    ("send", (StartApiRequest(1),)),
    ("start_api", ()),
    ("accept_version", (176, b"")),
    ("redirect", ("localhost",)),
)


def _odd(random: Random) -> Any:
    return random.choice(
        (None, True, -1, 0, 70_000, 2**70, 1.5, float("nan"), "", "x", "\udc80", b"", b"\xff", [], [b"x"], [1, 2])
    )
