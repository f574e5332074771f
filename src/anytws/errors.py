"""What can go wrong.

As a tree::

    AnytwsError
    ├── ProtocolError              never raised itself
    │   ├── LocalProtocolError     we were about to break the protocol; nothing was sent, nothing changed
    │   └── RemoteProtocolError    the peer broke it
    │       └── DecodeError        one field of one frame cannot be read; the connection goes on
    ├── RequestFailed              TWS refused one request, or ended it with an error; the connection goes on
    ├── RequestTimedOut            one request got no answer in time; the connection goes on
    ├── DataLost                   TWS lost its link, and with it the data of one stream; the connection goes on
    ├── AnswerTooLarge             the answer to one request is larger than is kept; the connection goes on
    ├── SendQueueFull              too much waits to be sent, because TWS does not read; nothing was sent
    ├── SlowConsumer               a stream was not read fast enough, and is over; the connection goes on
    ├── StreamInUse                a second task wanted to read a stream; the first one goes on
    ├── WrongThread                a connection was used from another thread; nothing was done
    ├── WrongTask                  a block was left in another task than it was entered in; the connection is over
    ├── ConnectionClosed           the connection is over (`anytws.core.events`)
    └── ConnectError               the connection never became ready (`anytws.runtime.connect_errors`)

Every error holds its values; the sentence is made from them. Codes are the vendor's own numbers;
these are the ones that a client makes itself (`anytws.core.codes` has all).
"""

from __future__ import annotations

from typing import Final, Literal, cast

CONNECT_FAIL: Final = 502
"""The byte stream could not be had, or TWS refused it."""
UPDATE_TWS: Final = 503
"""The server version is too old."""
NOT_CONNECTED: Final = 504
"""The connection is not ready for what was asked."""
UNKNOWN_ID: Final = 505
"""A frame with a message id that nobody knows."""
UNSUPPORTED_VERSION: Final = 506
"""The server version is outside of the range that was offered."""
BAD_LENGTH: Final = 507
"""A frame longer than 0xFFFFFF bytes."""
BAD_MESSAGE: Final = 508
"""A frame that cannot be read."""
INVALID_SYMBOL: Final = 579
"""Text that the wire does not take."""
FA_PROFILES_GONE: Final = 585
"""TWS has no FA profiles any more."""


_MOST_ITEMS: Final = 20
_MOST_BITS: Final = 1024
_MOST_OF_A_TEXT: Final = 400
"""Characters of a peer's text that a sentence takes in."""
_MOST_OF_A_SENTENCE: Final = 2000


def shown(value: object, most: int = 80) -> str:
    """Give *value* as an error shows it: quoted, printable, about a line long at the most.

    Takes anything, and as little time for 16 MB as for 16 bytes: what is shown may be the peer's.
    """
    # By its type: the double of a test says that its ``__class__`` is `str`, and cannot be cut.
    if issubclass(type(value), (str, bytes, bytearray)):
        said = cast("str | bytes", value)
        unit = "characters" if isinstance(said, str) else "bytes"
        text = repr(said[:most])
        return text if len(said) <= most and len(text) <= 2 * most else f"{text[:most]}... ({len(said)} {unit})"
    text = _written(value)
    return text if len(text) <= most else f"{text[:most]}... ({len(text)} characters)"


def _written(value: object) -> str:
    if issubclass(type(value), int) and (bits := cast("int", value).bit_length()) > _MOST_BITS:
        # Python refuses to write a number of more than 4,300 digits, and nobody reads a shorter one either.
        return f"a whole number of {bits} bits"
    if issubclass(type(value), (tuple, list)) and len(items := cast("tuple[object, ...]", value)) > _MOST_ITEMS:
        return f"{type(value).__name__} of {len(items)} items, the first {shown(items[0])}"
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 (an error about a value must not become an error about its repr)
        return f"a {type(value).__name__}"


def printable(text: str) -> str:
    r"""Give *text* with everything in it that would not show, or do more than show, as an escape like ``\x1b``."""
    if text.isprintable():
        return text
    return "".join([letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text])


def in_a_sentence(text: str | None, most: int = _MOST_OF_A_TEXT) -> str:
    """Give a peer's *text* as a sentence of ours takes it in: one printable line of at most *most* characters.

    Escapes count. A line that it gave is given back as it is, so sentences can be put together from such lines. None is
    a text that could not be read (`anytws.core.events.OddValue`).
    """
    if text is None:
        return "(no text that can be read)"
    told = printable(text[:most])
    if len(text) <= most and len(told) <= most:
        return told
    end = f"... ({len(text)} characters)"
    return told[: most - len(end)] + end


class AnytwsError(Exception):
    """Everything that this library raises on purpose."""

    def __str__(self) -> str:
        # Whatever a peer, or the caller, has put into the sentence.
        return in_a_sentence(super().__str__(), _MOST_OF_A_SENTENCE)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class ProtocolError(AnytwsError):
    """Somebody broke the protocol. Always raised as one of its two kinds, which say who."""

    def __init__(self, problem: str, *, code: int | None = None) -> None:
        if type(self) is ProtocolError:
            raise TypeError("say who broke the protocol: LocalProtocolError or RemoteProtocolError")
        super().__init__(problem)
        self.problem = problem
        self.code = code


class LocalProtocolError(ProtocolError):
    """What was asked for may not be said, or not now. Nothing was sent and nothing changed.

    ``message`` and ``field`` name what cannot be said (where one is at fault), ``code`` is the vendor's number:
    503 the server version is too old for it, 504 the connection is not ready, 579 text that the wire forbids.
    """

    def __init__(
        self, problem: str, *, code: int | None = None, message: str | None = None, field: str | None = None
    ) -> None:
        super().__init__(problem, code=code)
        self.message = message
        self.field = field

    @classmethod
    def too_old(cls, what: str, *, since: int, version: int, field: str | None = None) -> LocalProtocolError:
        """Make the error for *what*, which the wire knows from server version *since* on."""
        subject = what if field is None else f"{what}.{field}"
        return cls(
            f"{subject} needs server version {since} or later, and this connection has {version}: "
            "update TWS, or leave it out",
            code=UPDATE_TWS,
            message=what,
            field=field,
        )

    @classmethod
    def not_now(cls, what: str, state: str, advice: str) -> LocalProtocolError:
        """Make the error for *what*, which may not be said in *state*."""
        return cls(f"{what} may not be sent while the connection is {state}: {advice}", code=NOT_CONNECTED)


class RemoteProtocolError(ProtocolError):
    """The peer sent something that the protocol does not allow."""


class DecodeError(RemoteProtocolError):
    """One frame cannot be read. Frames delimit themselves, so the connection goes on without it.

    ``message`` is the message's name (None when even that cannot be told), ``field`` the field at fault (None when
    the frame as a whole is), ``seen`` what the field held and ``wanted`` what it should have held. ``request_id`` is
    the id of the request, or of the order, that it belongs to, if that much could be read.
    """

    def __init__(
        self, message: str | None, field: str | None, seen: str, wanted: str, request_id: int | None = None
    ) -> None:
        subject = ".".join(part for part in (message, field) if part) or "frame"
        super().__init__(f"{subject}: {seen} is not {wanted}", code=BAD_MESSAGE)
        self.message = message
        self.field = field
        self.seen = seen
        self.wanted = wanted
        self.request_id = request_id

    def __reduce__(self) -> tuple[type[DecodeError], tuple[str | None, str | None, str, str, int | None]]:
        return type(self), (self.message, self.field, self.seen, self.wanted, self.request_id)


class RequestFailed(AnytwsError):
    """TWS refused one request, or ended it with an error. The connection is as it was.

    ``code`` and ``message`` are what TWS said, ``request`` is the message that was asked, with its id.
    ``link_was_down`` is True for a "no such contract" (200) that came within 30 s of TWS losing its link to the vendor
    or to a farm: it is not to be believed then.
    """

    def __init__(self, code: int, message: str, request: object, link_was_down: bool = False) -> None:
        doubt = ", just after TWS had lost a link: it may be wrong" if link_was_down else ""
        super().__init__(f"TWS ended {type(request).__name__} with {code}{doubt}: {in_a_sentence(message)}")
        self.code = code
        self.message = message
        self.request = request
        self.link_was_down = link_was_down

    def __reduce__(self) -> tuple[type[RequestFailed], tuple[int, str, object, bool]]:
        return type(self), (self.code, self.message, self.request, self.link_was_down)


class RequestTimedOut(AnytwsError):
    """One request got no answer, or not all of it, in time. The connection is as it was.

    ``request`` is the message, with its id if it had one by then, and ``seconds`` how long its answer was waited for.
    ``sent`` is False where its bytes had not left: then nobody was asked, and nobody will be. ``received`` is what of
    the answer had come.
    """

    def __init__(self, request: object, seconds: float, sent: bool = True, received: tuple[object, ...] = ()) -> None:
        name = type(request).__name__
        if not sent:
            problem = (
                f"{name} was not sent within {seconds:g} s: it had to wait for its turn, or TWS takes no more bytes. "
                "Nobody was asked, and nobody will be"
            )
        elif received:
            problem = (
                f"TWS did not finish its answer to {name} within {seconds:g} s: {len(received)} messages came, and no "
                "end. Ask for less, or allow more time"
            )
        else:
            problem = f"TWS did not answer {name} within {seconds:g} s: it may be busy, or the link to it dead"
        super().__init__(problem)
        self.request = request
        self.seconds = seconds
        self.sent = sent
        self.received = received

    def __reduce__(self) -> tuple[type[RequestTimedOut], tuple[object, float, bool, tuple[object, ...]]]:
        return type(self), (self.request, self.seconds, self.sent, self.received)


class DataLost(AnytwsError):
    """TWS was cut off from the vendor, and is back without the data of this stream (1101). The stream is over.

    ``request`` is the message that had opened it. Its id never speaks again: open the stream anew.
    """

    def __init__(self, request: object) -> None:
        super().__init__(
            f"TWS lost its link to the vendor, and the data of {type(request).__name__} with it (1101): open the "
            "stream again"
        )
        self.request = request

    def __reduce__(self) -> tuple[type[DataLost], tuple[object]]:
        return type(self), (self.request,)


class AnswerTooLarge(AnytwsError):
    """The answer to one request is larger than is kept for one. It was given up, and cancelled where it can be.

    ``request`` is the message, ``count`` how many messages of the answer had come.
    """

    def __init__(self, request: object, count: int) -> None:
        super().__init__(
            f"the answer to {type(request).__name__} is too large: {count} messages had come, and no end. Ask for less"
        )
        self.request = request
        self.count = count

    def __reduce__(self) -> tuple[type[AnswerTooLarge], tuple[object, int]]:
        return type(self), (self.request, self.count)


class SendQueueFull(AnytwsError):
    """Too much waits to be sent, because TWS, or what is between, does not read. The message was not taken.

    ``frames`` and ``size`` (bytes) are what waits. Await what `Tws.send` gives: it is done when the message has left.
    """

    def __init__(self, frames: int, size: int) -> None:
        super().__init__(
            f"{frames} messages of {size} bytes wait to be sent, and no more are taken: TWS does not read. "
            "Nothing was sent; `await tws.send(...)` waits until a message has left"
        )
        self.frames = frames
        self.size = size

    def __reduce__(self) -> tuple[type[SendQueueFull], tuple[int, int]]:
        return type(self), (self.frames, self.size)


class SlowConsumer(AnytwsError):
    """A stream held more than its bound, because it was not read fast enough. It is over, and what waited is gone.

    ``capacity`` is the bound that was reached, in ``unit``: items or bytes. ``lost`` is how many items nobody will see.
    ``unread_seconds`` is how long nobody took an item from a full stream that makes TWS wait, and None where the
    stream's policy is another one.
    """

    def __init__(
        self,
        capacity: int,
        unit: Literal["items", "bytes"] = "items",
        lost: int = 0,
        unread_seconds: float | None = None,
    ) -> None:
        name = "capacity" if unit == "items" else "capacity_bytes"
        waiting = f"more than {capacity} items" if unit == "items" else f"items of more than {capacity} bytes"
        problem = (
            f"{waiting} were waiting to be read, and {lost} are lost: read faster (in batches, perhaps), raise the "
            f"{name}, or choose when_full='drop_oldest'"
        )
        if unread_seconds is not None:
            problem = (
                f"a stream that makes TWS wait (when_full='block') was full with {capacity} {unit}, and nobody read it "
                f"for {unread_seconds:g} s, so {lost} items are lost: read on while you work, raise the {name}, or "
                "choose 'fail' or 'drop_oldest'"
            )
        super().__init__(problem)
        self.capacity = capacity
        self.unit = unit
        self.lost = lost
        self.unread_seconds = unread_seconds

    def __reduce__(self) -> tuple[type[SlowConsumer], tuple[int, str, int, float | None]]:
        return type(self), (self.capacity, self.unit, self.lost, self.unread_seconds)


class StreamInUse(AnytwsError):
    """A second task wanted to read a stream while another one waits for its next item. That one goes on."""

    def __init__(self) -> None:
        super().__init__(
            "another task is reading this stream: each reader needs one of its own, from Tws.events() or Tws.stream()"
        )

    def __reduce__(self) -> tuple[type[StreamInUse], tuple[()]]:
        return type(self), ()


class WrongThread(AnytwsError):
    """A connection was used from another thread than the one that it lives in. Nothing was done.

    ``method`` is what was called, ``waits`` whether that is to be awaited.
    """

    def __init__(self, method: str, waits: bool) -> None:
        way = "run" if waits else "run_sync"
        super().__init__(
            f"{method} was called in another thread than the one that its connection lives in: "
            f"call it by anyio.from_thread.{way}, in a thread that anyio.to_thread.run_sync has started"
        )
        self.method = method
        self.waits = waits

    def __reduce__(self) -> tuple[type[WrongThread], tuple[str, bool]]:
        return type(self), (self.method, self.waits)


class WrongTask(AnytwsError):
    """A block of ``connect`` was left in another task than it was entered in. The connection has been closed."""

    def __init__(self) -> None:
        super().__init__(
            "the block of connect() was entered in one task and left in another, which its cancel scope cannot follow; "
            "the connection is closed. Have one task enter and leave it: an async generator that is not closed by "
            "contextlib.aclosing, a fixture and the cells of a notebook may each be a task of their own"
        )

    def __reduce__(self) -> tuple[type[WrongTask], tuple[()]]:
        return type(self), ()
