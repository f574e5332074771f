"""What can go wrong.

As a tree::

    AnytwsError
    ├── ProtocolError              never raised itself
    │   ├── LocalProtocolError     we were about to break the protocol; nothing was sent, nothing changed
    │   │   └── ReadOnly           what changes something, on a connection that only reads; nothing was sent
    │   └── RemoteProtocolError    the peer broke it
    │       └── DecodeError        one field of one frame cannot be read: a RequestError too, where it was an answer
    ├── RequestError               one request came to nothing, and the connection goes on; raised as one of these:
    │   ├── RequestFailed          TWS refused one request, or ended it with an error
    │   ├── RequestTimedOut        one request got no answer in time
    │   ├── NotFound               TWS knows no such contract
    │   ├── Ambiguous              several contracts fit where one is needed
    │   ├── HoursUnknown           trading hours that TWS did not tell, or that cannot be read
    │   ├── SettingsRefused        TWS did not change settings as it was asked
    │   ├── DataLost               TWS lost its link, and with it the data of one stream
    │   ├── AnswerLost             the connection ended amid a request that changes something, and is not said twice
    │   ├── AnswerTooLarge         the answer to one request is larger than is kept
    │   └── LimitReached           a stream would be one too many for TWS; nothing was sent
    ├── SendQueueFull              too much waits to be sent, because TWS does not read; nothing was sent
    ├── NotConnected               what may not wait was wanted while ``keep_connected`` is away; nothing was sent
    ├── SlowConsumer               a stream was not read fast enough, and is over; the connection goes on
    ├── HealthTimedOut             what was waited for, of health, did not come about in time; the connection goes on
    ├── PresenceTimedOut           the same of presence
    ├── StreamInUse                a second task wanted to read a stream; the first one goes on
    ├── JournalError               never raised itself
    │   ├── JournalInUse           another process, or another connection, writes to this journal
    │   ├── JournalDamaged         what is in it cannot be read, or is no journal
    │   └── NotJournaled           it cannot be written to: the order was not sent
    ├── WrongThread                a connection was used from another thread; nothing was done
    ├── WrongTask                  a block was left in another task than it was entered in; the connection is over
    ├── ConnectionClosed           the connection is over (`anytws.core.events`)
    └── ConnectError               the connection never became ready (`anytws.runtime.connect_errors`)

Every error holds its values; the sentence is made from them. Codes are the vendor's own numbers;
these are the ones that a client makes itself (`anytws.core.codes` has all).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, cast

if TYPE_CHECKING:
    from typing import Any

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
_MOST_OF_A_CONTRACT: Final = 240
_MOST_NAMES: Final = 6
"""Contracts that a sentence lists."""
_MOST_OF_A_NAME: Final = 80


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


class ReadOnly(LocalProtocolError):
    """What changes something at TWS, or may, was to be said on a connection that only reads. Nothing was sent.

    ``message`` is the name of what was to be said, ``why`` what it would have done, ``field`` the field that decides
    it, if one does.
    """

    def __init__(self, message: str, why: str, field: str | None = None) -> None:
        super().__init__(
            f"{message} was not sent, since this connection only reads (read_only=True): {why}",
            message=message,
            field=field,
        )
        self.why = why

    def __reduce__(self) -> tuple[type[ReadOnly], tuple[str, str, str | None]]:
        return type(self), (self.message or "", self.why, self.field)


class RemoteProtocolError(ProtocolError):
    """The peer sent something that the protocol does not allow."""


class RequestError(AnytwsError):
    """One request came to nothing, or one stream is over. The connection goes on, and so does all else on it.

    Always raised as one of its kinds. ``except anytws.RequestError`` is for a program that goes on to the next one: the
    end of the connection, and mistakes of the program itself, are none of them.
    """


class DecodeError(RemoteProtocolError, RequestError):
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


class RequestFailed(RequestError):
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


class RequestTimedOut(RequestError):
    """One request got no answer, or not all of it, in time. The connection is as it was.

    ``request`` is the message, with its id if it had one by then, and ``seconds`` how long its answer was waited for.
    ``sent`` is False where its bytes had not left: then nobody was asked, and nobody will be; ``waiting`` says in words
    what it waited for. ``received`` is what of the answer had come.
    """

    def __init__(
        self,
        request: object,
        seconds: float,
        sent: bool = True,
        received: tuple[object, ...] = (),
        waiting: str = "",
    ) -> None:
        name = type(request).__name__
        if not sent:
            why = waiting or "it had to wait for its turn, or TWS takes no more bytes"
            problem = f"{name} was not sent within {seconds:g} s: {why}. Nobody was asked, and nobody will be"
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
        self.waiting = waiting

    def __reduce__(self) -> tuple[type[RequestTimedOut], tuple[object, float, bool, tuple[object, ...], str]]:
        return type(self), (self.request, self.seconds, self.sent, self.received, self.waiting)


class NotFound(RequestError):
    """TWS knows no such contract, or no chain of options like it. The connection is as it was.

    ``asked`` is what was looked for, mostly a `Contract`, ``what`` in words: ``"contract"``, ``"chain of options"``.
    ``failure`` is the refusal of TWS (code 200), None where its answer came and named nothing that fits. While TWS is
    cut off from the vendor it says 200 of contracts that there are: that is raised as `RequestFailed`, and never as
    this.
    """

    def __init__(self, asked: object, failure: RequestFailed | None = None, what: str = "contract") -> None:
        said = "" if failure is None else f": {in_a_sentence(failure.message)}"
        super().__init__(f"TWS knows no {what} that fits {shown(asked, _MOST_OF_A_CONTRACT)}{said}")
        self.asked = asked
        self.failure = failure
        self.what = what

    def __reduce__(self) -> tuple[type[NotFound], tuple[object, RequestFailed | None, str]]:
        return type(self), (self.asked, self.failure, self.what)


class Ambiguous(RequestError):
    """Several contracts, or chains of options, fit what was asked for, and one is needed. The connection is as it was.

    ``asked`` is what was looked for, ``what`` in words: ``"contract"``, ``"chain of options"``. ``candidates`` are
    those that fit, as TWS has them: `ContractData` and `BondContractData` for a contract, `OptionChain` for a chain;
    none where TWS says no more than that there are several. ``names`` says in a few words which each one is, in the
    same order, and ``differ`` in which fields they are not alike: what to say more about.
    """

    def __init__(
        self,
        asked: object,
        candidates: tuple[object, ...],
        names: tuple[str, ...] = (),
        differ: tuple[str, ...] = (),
        what: str = "contract",
    ) -> None:
        several = f"more than one {what} fits"
        if len(candidates) == 1:
            several = f"TWS answers with another {what} than was asked for by"
        listed = "; ".join([in_a_sentence(name, _MOST_OF_A_NAME) for name in names[:_MOST_NAMES]])
        more = f"; and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        advice = f". They differ in {', '.join(differ)}: say which one is meant" if differ else ""
        super().__init__(f"{several} {shown(asked, _MOST_OF_A_CONTRACT)}{': ' if listed else ''}{listed}{more}{advice}")
        self.asked = asked
        self.candidates = candidates
        self.names = names
        self.differ = differ
        self.what = what

    def __reduce__(
        self,
    ) -> tuple[type[Ambiguous], tuple[object, tuple[object, ...], tuple[str, ...], tuple[str, ...], str]]:
        return type(self), (self.asked, self.candidates, self.names, self.differ, self.what)


class HoursUnknown(RequestError):
    """Trading hours that TWS did not tell, or not for that time, or in a form or a zone that cannot be read.

    ``problem`` says what is wrong, ``text`` is what TWS told of the hours, ``zone`` what it calls their zone.
    """

    def __init__(self, problem: str, text: str = "", zone: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.text = text
        self.zone = zone

    def __reduce__(self) -> tuple[type[HoursUnknown], tuple[str, str, str]]:
        return type(self), (self.problem, self.text, self.zone)


class DataLost(RequestError):
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


class SettingsRefused(RequestError):
    """TWS did not change its settings, or not all that was asked, or has a warning that is to be accepted first.

    ``response`` is its answer (`UpdateConfigResponse`): ``errors``, ``warnings``, and what was changed
    all the same.
    """

    def __init__(self, response: Any) -> None:  # noqa: ANN401 (messages know errors, and not the other way round)
        said = [*response.errors, *[warning.message or warning.title or "" for warning in response.warnings]]
        changed = len(response.changed_fields)
        told = "; ".join([in_a_sentence(text) for text in said[:_MOST_ITEMS]])
        kind = "refused to change its settings" if response.errors else "wants a warning accepted first"
        super().__init__(f"TWS {kind} ({changed} fields were changed): {told}")
        self.response: Any = response

    def __reduce__(self) -> tuple[type[SettingsRefused], tuple[Any]]:
        return type(self), (self.response,)


class AnswerLost(RequestError):
    """The connection ended before the answer to a request that changes something at TWS, and it was not said again.

    Only under `anytws.keep_connected`, which asks all else again. ``may_have_arrived`` is False where no byte of
    ``request`` had left: then nothing has changed. Else only TWS knows, and has to be asked for what has become of it.
    """

    def __init__(self, request: object, may_have_arrived: bool) -> None:
        what = (
            "TWS may have done what it says" if may_have_arrived else "no byte of it had left, so nothing has changed"
        )
        super().__init__(
            f"the connection ended before the answer to {type(request).__name__}: {what}; it is not said again"
        )
        self.request = request
        self.may_have_arrived = may_have_arrived

    def __reduce__(self) -> tuple[type[AnswerLost], tuple[object, bool]]:
        return type(self), (self.request, self.may_have_arrived)


class AnswerTooLarge(RequestError):
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


class LimitReached(RequestError):
    """A stream would have been one too many for TWS: it was not asked for. The connection is as it was.

    ``limit`` names what there is none left of: ``"lines"``, ``"tick_by_tick"``, ``"depth"``, ``"scanners"``,
    ``"account_summaries"`` or ``"small_history"``. ``open`` is how many this client has open and ``most`` how many it
    would open (`Pacing`), both None for what may only be asked so often; then ``seconds`` is when it may be asked
    again, if that is known. ``request`` is the message that was not sent.
    """

    def __init__(
        self,
        limit: str,
        request: object,
        open: int | None = None,  # noqa: A002 (it is what it is called everywhere)
        most: int | None = None,
        seconds: float | None = None,
    ) -> None:
        what, advice = _LIMITS.get(limit, (limit, "leave one of them first"))
        if open is None:
            when = "" if seconds is None else f" for {seconds:.0f} s"
            problem = f"no more {what} may be asked for{when}, or TWS would refuse: {advice}"
        else:
            problem = f"{open} {what} are open, and TWS takes {most} at once: {advice}"
        super().__init__(f"{problem}. {type(request).__name__} was not sent")
        self.limit = limit
        self.request = request
        self.open = open
        self.most = most
        self.seconds = seconds

    def __reduce__(self) -> tuple[type[LimitReached], tuple[str, object, int | None, int | None, float | None]]:
        return type(self), (self.limit, self.request, self.open, self.most, self.seconds)


_LIMITS: Final = {
    "lines": (
        "market data lines",
        "leave a stream first, or say how many lines the account has: connect(pacing=Pacing(lines=...))",
    ),
    "tick_by_tick": (
        "tick-by-tick streams",
        "leave one first, or say how many the account has: connect(pacing=Pacing(tick_by_tick=...))",
    ),
    "depth": ("books", "leave one first, or say how many the account has: connect(pacing=Pacing(depth=...))"),
    "scanners": ("scanners", "leave one first"),
    "account_summaries": ("account summaries", "leave one first"),
    "small_history": (
        "small bars, ticks, head timestamps or real-time bars",
        "open it later, or use quotes or bars of a minute",
    ),
}
"""What there is none left of, and what to do, by the limit's name."""


class SendQueueFull(AnytwsError):
    """Too much waits to be sent, because TWS, or what is between, does not read. The message was not taken.

    ``frames`` and ``size`` (bytes) are what waits. Await what `Tws.send` gives: it is done when the message has left.
    """

    def __init__(self, frames: int, size: int) -> None:
        super().__init__(
            f"{frames} messages of {size} bytes wait to be sent, and no more are taken: TWS does not read, or takes so "
            "many a second and no more. Nothing was sent; `await tws.send(...)` waits until a message has left"
        )
        self.frames = frames
        self.size = size

    def __reduce__(self) -> tuple[type[SendQueueFull], tuple[int, int]]:
        return type(self), (self.frames, self.size)


class NotConnected(AnytwsError):
    """There is no connection at the moment, and what was wanted may not wait for one: nothing was sent.

    Only under `anytws.keep_connected`, while it is away: orders and whatever else changes something at TWS. ``gap`` is
    since when and why (`Gap`), ``presence`` where we are in coming back (`Presence`). ``what`` is the name of what was
    wanted.
    """

    def __init__(self, what: str, gap: object, presence: object) -> None:
        super().__init__(f"{what} was not sent: {presence}")
        self.what = what
        self.gap = gap
        self.presence = presence

    def __reduce__(self) -> tuple[type[NotConnected], tuple[str, object, object]]:
        return type(self), (self.what, self.gap, self.presence)


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


class HealthTimedOut(AnytwsError):
    """What was waited for by ``tws.health.until`` did not come about in time. The connection is as it was.

    ``seconds`` is how long it was waited for, ``health`` how all was at the end of that (`anytws.Health`).
    """

    def __init__(self, seconds: float, health: object) -> None:
        super().__init__(f"health did not become what was waited for within {seconds:g} s: {health}")
        self.seconds = seconds
        self.health = health

    def __reduce__(self) -> tuple[type[HealthTimedOut], tuple[float, object]]:
        return type(self), (self.seconds, self.health)


class PresenceTimedOut(AnytwsError):
    """What was waited for with `PresenceTopic.until` did not come about in time. Nothing else has changed.

    ``seconds`` is how long it was waited for, ``presence`` where we were at the end (`Presence`).
    """

    def __init__(self, seconds: float, presence: object) -> None:
        super().__init__(f"presence did not become what was waited for within {seconds:g} s: {presence}")
        self.seconds = seconds
        self.presence = presence

    def __reduce__(self) -> tuple[type[PresenceTimedOut], tuple[float, object]]:
        return type(self), (self.seconds, self.presence)


class StreamInUse(AnytwsError):
    """A second task wanted to read a stream while another one waits for its next item. That one goes on."""

    def __init__(self) -> None:
        super().__init__(
            "another task is reading this stream: each reader needs one of its own, from Tws.events() or Tws.stream()"
        )

    def __reduce__(self) -> tuple[type[StreamInUse], tuple[()]]:
        return type(self), ()


class JournalError(AnytwsError):
    """Something about a journal of orders went wrong. Always raised as one of its kinds.

    ``path`` is the file, as it was named.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"the journal {shown(path)}: {problem}")
        self.path = path
        self.problem = problem

    def __reduce__(self) -> tuple[type[JournalError], tuple[str, str]]:
        return type(self), (self.path, self.problem)


class JournalInUse(JournalError):
    """Another process writes to this journal, or another one of this process. It has one writer at a time."""


class JournalDamaged(JournalError):
    """What is in a journal cannot be read, or is none. Nothing was changed; ``line`` is the first that is wrong.

    What it would have told is not known, so no order leaves on the strength of it: look into the file, or begin with
    another one and `Orders.reconcile`. The last line may be cut short, by a power failure say; that is none.
    """

    def __init__(self, path: str, problem: str, line: int | None = None) -> None:
        super().__init__(path, problem if line is None else f"line {line} {problem}")
        self.problem = problem
        self.line = line
        """Counted from 1; None where it is no matter of a line."""

    def __reduce__(self) -> Any:  # noqa: ANN401 (as pickle has it)
        return type(self), (self.path, self.problem, self.line)


class NotJournaled(JournalError):
    """A journal could not be written to, such as on a full disk. The order that was to be kept in it was not sent."""


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
            "contextlib.aclosing, a fixture and the cells of a notebook may each be a task of their own. What has no "
            "tasks, and can be kept from cell to cell, is anytws.sync.connect()"
        )

    def __reduce__(self) -> tuple[type[WrongTask], tuple[()]]:
        return type(self), ()
