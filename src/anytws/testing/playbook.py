"""A conversation as a list, for the core without IO: what happens to one end of a connection, and what it does then.

::

    Playbook(Connection(Side.CLIENT, HandshakeOptions(client_id=7)))([
        opened(),
        says(Greeting(157, 226)),
        hears(VersionReply(176, b"20260105 14:30:00 UTC")),
        says(StartApiRequest(7)),
        hears(ManagedAccounts(("DU1",)), NextValidId(1)),
        tells(Ready(1, ("DU1",))),
        eof(),
        tells(ConnectionClosed),
    ])

`opened`, `hears`, `eof`, `reset`, `wait`, `say`, `close` and `do` are done; `says`, `tells` and `wakes` are expected,
between them and in this order. All that the end says and tells has to be in the list, and nothing else. Where it goes
another way, `PlaybookMismatch` shows both, line by line.

The idea is that of the playbooks in mitmproxy's tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import ndiff
from typing import Final, NoReturn, TypeAlias

import attrs

from anytws.core.connection import Connection
from anytws.core.events import GreetingReceived, StateChanged, VersionAgreed
from anytws.errors import DecodeError, RemoteProtocolError, in_a_sentence, shown
from anytws.messages.base import Message, Side
from anytws.wire.codec import UnknownId, shared_codec
from anytws.wire.frames import FrameBuffer, frame
from anytws.wire.handshake import (
    PREFIX,
    Greeting,
    RedirectReply,
    VersionReply,
    read_greeting,
    read_reply,
    write_greeting,
    write_redirect,
    write_version_reply,
)
from anytws.wire.odd import Odd
from anytws.wire.text import Surplus
from anytws.wire.versions import MAX_VERSION

Saying: TypeAlias = Message | Greeting | VersionReply | RedirectReply | bytes
"""What one end says to the other: a message, a word of the handshake, or bytes as they are."""
Wanted: TypeAlias = "object | type[object] | Callable[[object], bool]"
"""What is expected: a value that is equal, a class that it is of, or a function that says whether it fits."""

HIDDEN: Final[tuple[type[object], ...]] = (StateChanged, VersionAgreed, GreetingReceived)
"""Events that need not be in a list: what they tell, the rest of the list says as well."""


class PlaybookMismatch(AssertionError):
    """The connection did something else than its playbook says. The text shows both."""


# --- what happens -----------------------------------------------------------------------------------------------------


@attrs.frozen
class Deed:
    """Something that happens to the connection. Made by the functions below."""

    words: str
    """What it is, for people."""
    do: Callable[[Playbook], None]
    """Does it."""


@attrs.frozen
class Expected:
    """Something that the connection has to do. Made by `says`, `tells` and `wakes`."""

    kind: str
    """``says``, ``tells`` or ``wakes``."""
    wanted: Wanted
    """What."""

    def __str__(self) -> str:
        return f"{self.kind} {_described(self.wanted)}"


Step: TypeAlias = Deed | Expected
"""One line of a playbook."""


def opened(at: float = 0.0) -> Deed:
    """The byte stream is up, at the time *at*."""
    return Deed(f"opened at {at:g}", lambda book: book.connection.opened(at))


def hears(*said: Saying, sliced: int | None = None) -> Deed:
    """The other end says this, all of it in one piece, or in slices of *sliced* bytes.

    Messages are written as the version has them that was agreed, or that stands in the `VersionReply` before them; else
    as the newest.
    """

    def do(book: Playbook) -> None:
        version, data = book.connection.server_version, b""
        for item in said:
            data += book.written(item, version)
            version = item.server_version if isinstance(item, VersionReply) else version
        size = sliced or max(len(data), 1)
        for start in range(0, len(data), size):
            book.connection.receive_data(data[start : start + size])

    pieces = "" if sliced is None else f" in slices of {sliced}"
    return Deed(f"hears {', '.join(map(_described, said))}{pieces}", do)


def eof() -> Deed:
    """The other end says no more."""
    return Deed("eof", lambda book: book.connection.receive_eof())


def reset() -> Deed:
    """The byte stream breaks."""
    return Deed("reset", lambda book: book.connection.receive_reset())


def wait(until: float) -> Deed:
    """Time passes, up to *until*."""
    return Deed(f"waits until {until:g}", lambda book: book.connection.wake(until))


def say(message: Message) -> Deed:
    """The program at this end says *message*. What goes out is expected by `says` as well."""
    return Deed(f"is to say {_described(message)}", lambda book: book.note(book.connection.send(message)))


def close() -> Deed:
    """The program at this end hangs up."""
    return Deed("is to close", lambda book: book.connection.close())


def do(words: str, deed: Callable[[Connection], object]) -> Deed:
    """Do something else with the connection, told as *words*; bytes that *deed* gives are said."""

    def doing(book: Playbook) -> None:
        given = deed(book.connection)
        if isinstance(given, bytes):
            book.note(given)

    return Deed(words, doing)


# --- what is expected -------------------------------------------------------------------------------------------------


def says(wanted: Wanted) -> Expected:
    """It says this: a message or a word of the handshake, a class of such, or bytes of a frame that nobody can read."""
    return Expected("says", wanted)


def tells(wanted: Wanted) -> Expected:
    """It tells this: a message that came, or another event, or a class of such."""
    return Expected("tells", wanted)


def wakes(at: float | None) -> Expected:
    """It wants to be woken at this time; None: at none."""
    return Expected("wakes", at)


@attrs.frozen
class _Done:
    kind: str
    value: object

    def __str__(self) -> str:
        return f"{self.kind} {_described(self.value)}"


@attrs.define
class _Lines:
    """What was wanted and what was done, as lines to compare; where they agree, the same line."""

    wanted: list[str] = attrs.field(factory=list[str])
    done: list[str] = attrs.field(factory=list[str])

    def both(self, line: str) -> None:
        self.wanted.append(line)
        self.done.append(line)


class Playbook:
    """Plays lists of steps on one `Connection`, of either side.

    *hidden* are events that need not be listed. A playbook may be called again with more steps: the conversation goes
    on. Raises `PlaybookMismatch` where the connection does something else.
    """

    def __init__(self, connection: Connection, *, hidden: Iterable[type[object]] = HIDDEN) -> None:
        self.connection: Final = connection
        self._hidden = tuple(hidden)
        self._out = FrameBuffer()
        self._is_greeted = False
        self._has_said = False
        self._todo: list[_Done] = []
        self._lines = _Lines()

    def __call__(self, steps: Sequence[Step]) -> Playbook:
        """Play *steps* to their end; give this playbook."""
        for index, step in enumerate(steps):
            if isinstance(step, Deed):
                self._require_nothing_left(steps[index:])
                self._lines.both(f"   {step.words}")
                step.do(self)
                self._collect()
            else:
                self._expect(step, steps[index + 1 :])
        self._require_nothing_left(())
        return self

    # What steps use

    def written(self, said: Saying, version: int | None) -> bytes:
        """Give the bytes with which the other end says *said* at *version*; None: at the newest."""
        match said:
            case bytes():
                return said
            case Greeting():
                return write_greeting(said)
            case VersionReply():
                return write_version_reply(said)
            case RedirectReply():
                return write_redirect(said)
            case _:
                return frame(shared_codec(self.connection.side.peer, version or MAX_VERSION).encode(said))

    def note(self, data: bytes) -> None:
        """Take note of bytes that go out."""
        self._out.feed(data)
        if self.connection.side is Side.CLIENT and not self._is_greeted:
            self._is_greeted = self._out.take(len(PREFIX)) is not None
        while (body := self._out.next_frame()) is not None:
            self._todo.append(_Done("says", self._read(body)))

    # Playing

    def _collect(self) -> None:
        """Note what the connection says by itself, and then what it tells."""
        self.note(self.connection.data_to_send())
        while (event := self.connection.next_event()) is not None:
            self.note(self.connection.data_to_send())
            if not isinstance(event, self._hidden):
                self._todo.append(_Done("tells", event))
        self.note(self.connection.data_to_send())

    def _expect(self, step: Expected, rest: Sequence[Step]) -> None:
        done = self._next(step.kind)
        if done is None or not _fits(step.wanted, done.value):
            self._lines.wanted.append(f"   {step}")
            self._lines.done += [] if done is None else [f"   {done}"]
            self._fail(rest)
        else:
            self._lines.both(f"   {done}")

    def _next(self, kind: str) -> _Done | None:
        """Give the next thing of *kind* that was done; None: there is none."""
        if kind == "wakes":
            return _Done(kind, self.connection.wake_at())
        # What is said and what is told are two lines of events: which of them is listed first, is free.
        done = next((done for done in self._todo if done.kind == kind), None)
        if done is not None:
            self._todo.remove(done)
        return done

    def _require_nothing_left(self, rest: Sequence[Step]) -> None:
        if self._todo:
            self._fail(rest)

    def _fail(self, rest: Sequence[Step]) -> NoReturn:
        self._lines.done += [f"   {done}" for done in self._todo]
        for step in rest:
            if isinstance(step, Deed):
                break
            self._lines.wanted.append(f"   {step}")
        told = [line for line in ndiff(self._lines.wanted, self._lines.done) if not line.startswith("?")]
        text = "\n".join(line.rstrip() for line in told)
        raise PlaybookMismatch(
            f"the conversation went another way ({self.connection!r})\n(- as the list has it, + as it went)\n{text}"
        )

    def _read(self, body: bytes) -> object:
        """Read what this end has said; what cannot be read is told as bytes."""
        version = self.connection.server_version
        is_first, self._has_said = not self._has_said, True
        try:
            if is_first:
                # Of either side it is the word of the handshake.
                return read_greeting(body) if self.connection.side is Side.CLIENT else read_reply(body) or body
            decoded = shared_codec(self.connection.side.peer, version or MAX_VERSION).decode(body)
        except (RemoteProtocolError, DecodeError):
            return body
        if isinstance(decoded, (Odd, Surplus)):
            return decoded.message
        return body if isinstance(decoded, UnknownId) else decoded


def _fits(wanted: Wanted, value: object) -> bool:
    if isinstance(wanted, type):
        return isinstance(value, wanted)
    if callable(wanted):
        return bool(wanted(value))
    return type(wanted) is type(value) and wanted == value


def _described(value: object) -> str:
    """Give *value* in one line."""
    if isinstance(value, type):
        return f"any {value.__name__}"
    if isinstance(value, bytes):
        return shown(value, 200)
    if callable(value):
        return f"what fits {getattr(value, '__name__', value)}"
    return in_a_sentence(repr(value), 500)
