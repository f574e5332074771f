"""Bodies of frames to messages and back, for one side at one server version."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final, TypeAlias

import attrs

from anytws.errors import DecodeError, LocalProtocolError, shown
from anytws.messages.base import Message, Side
from anytws.wire import versions
from anytws.wire.catalogue import entry_for, entry_of, entry_said
from anytws.wire.characters import is_printable
from anytws.wire.compiled.bet import InSteps, Steps
from anytws.wire.limits import DEFAULT_LIMITS, Limits
from anytws.wire.odd import Odd
from anytws.wire.rows import Entry
from anytws.wire.text import BAD_FIELDS, Surplus, split_fields, text_reader, text_writer

PROTOBUF_OFFSET: Final = 200
"""Added to the message id of a protobuf body."""

WORTH_COMPILING: Final = 16_384
"""Compiling takes milliseconds. A reader is compiled only after this many bytes of one kind of message: for a
handshake, or a few answers, that would take longer than it saves."""

WORTH_COMPILING_WRITER: Final = 8
"""From the so many-th message of a kind on, its writer is compiled, a piece with each; 0: all of it at the first."""

_ID_BYTES: Final = 4
# Without leading zeros. If an id had several forms, each of them would get a reader of its own.
_TEXT_ID: Final = re.compile(rb"0|[1-9][0-9]{0,8}")
_BAD_VALUE: Final = (ValueError, ArithmeticError, TypeError, AttributeError)

_Decode: TypeAlias = Callable[[bytes], Message | Surplus | Odd]
_Encode: TypeAlias = Callable[[Any], bytes]


@attrs.frozen
class UnknownId:
    """A body whose message id is not in the catalogue."""

    message_id: int


class Codec:
    """Reads what the peer says and writes what we say. Holds no state but what it has compiled."""

    __slots__ = ("_decoders", "_encoders", "_has_wide_ids", "limits", "side", "version")

    def __init__(self, side: Side, version: int, limits: Limits = DEFAULT_LIMITS) -> None:
        self.side: Side = side
        self.version: int = version
        self.limits: Limits = limits
        self._has_wide_ids = version >= versions.PROTOBUF
        self._decoders: dict[bytes, _Decode] = {}
        self._encoders: dict[type[Message], _Encode] = {}

    def decode(self, body: bytes) -> Message | UnknownId | Surplus | Odd:
        """Read the body of a frame. Raises `DecodeError` when it cannot be read.

        A message of a newer TWS that has more fields than we know comes in a `Surplus`, one of which values could not
        be read in an `Odd`.
        """
        if self._has_wide_ids:
            wire_id, rest = body[:_ID_BYTES], body[_ID_BYTES:]
        else:
            wire_id, nul, rest = body.partition(b"\0")
            if not nul:
                wire_id = b""
        # Looked up by the bytes of the id, so that no message needs its number read.
        decoder = self._decoders.get(wire_id)
        if decoder is None:
            number = self._read_id(wire_id, body)
            decoder = self._make_decoder(wire_id, number)
            if decoder is None:
                return UnknownId(number)
        return decoder(rest)

    def unknown_fields(self, body: bytes, message: Message) -> tuple[str, ...]:
        """Give the protobuf fields of *body*, which was read as *message*, that we do not know; a text has none."""
        if not self._has_wide_ids or int.from_bytes(body[:_ID_BYTES], "big") <= PROTOBUF_OFFSET:
            return ()
        from anytws.wire import protobuf  # noqa: PLC0415 (see `_protobuf_decoder`)

        return protobuf.unknown_fields(entry_of(message), body[_ID_BYTES:])

    def encode(self, message: Message) -> bytes:
        """Write the body of a frame.

        Raises `LocalProtocolError` for what the version cannot carry (503), for text that the wire forbids (579), and
        for a value that is not of its field's kind; `TypeError` for what is no message, or one of the other side.
        """
        encoder = self._encoders.get(type(message)) or self._compile_encoder(message)
        return encoder(message)

    def _read_id(self, wire_id: bytes, body: bytes) -> int:
        if self._has_wide_ids:
            if len(wire_id) < _ID_BYTES:
                raise DecodeError(None, None, shown(body), "a frame that begins with a four-byte message id")
            return int.from_bytes(wire_id, "big")
        if not _TEXT_ID.fullmatch(wire_id):
            raise DecodeError(None, None, shown(body), "a frame that begins with a message id and a NUL")
        return int(wire_id)

    def _make_decoder(self, wire_id: bytes, number: int) -> _Decode | None:
        # Both forms are understood at every version that has four-byte ids; which one it is, the frame tells.
        is_protobuf = self._has_wide_ids and number > PROTOBUF_OFFSET
        entry = entry_said(self.side.peer, number - PROTOBUF_OFFSET if is_protobuf else number)
        # What TWS says is understood whenever it says it; a request that its version has not is unknown to it.
        if entry is None or (self.side is Side.TWS and self.version < entry.since):
            return None
        if not (entry.text if not is_protobuf else entry.protobuf_since is not None):
            return None
        most = self.limits.items
        strict = _protobuf_decoder(entry, most) if is_protobuf else _text_decoder(entry, self.version, most)
        version = None if is_protobuf else self.version
        compiling = InSteps(lambda: _decoder_steps(entry, version, strict, most))
        seen = 0

        def decode(body: bytes) -> Message | Surplus | Odd:
            nonlocal seen
            seen += len(body)
            if seen < WORTH_COMPILING:
                return strict(body)
            # A step for each message; at once for one that is worth it by itself, such as five thousand bars.
            decoder = compiling.step(to_the_end=len(body) >= WORTH_COMPILING)
            if decoder is None:
                return strict(body)
            self._decoders[wire_id] = decoder
            return decoder(body)

        self._decoders[wire_id] = decode
        return decode

    def _compile_encoder(self, message: Message) -> _Encode:
        entry = entry_of(message)
        if entry.said_by is not self.side:
            raise TypeError(f"{entry.name} is said by {entry.said_by.name}, and this side is {self.side.name}")
        if self.version < entry.since:
            raise LocalProtocolError.too_old(entry.name, since=entry.since, version=self.version)
        if not attrs.fields_dict(entry.cls):  # type: ignore[arg-type]  # every message is one of attrs
            # There is nothing in it to be looked at: it is the same bytes each time.
            encoder = _always(_strict_encoder(entry, self.version)(message))
        else:
            encoder = self._counting_encoder(entry)
        self._encoders[entry.cls] = encoder
        return encoder

    def compile_writer(self, cls: type[Message]) -> Iterator[None]:
        """Compile the writer of *cls* before it is worth it, and give control back after each piece."""
        entry = entry_for(cls)
        if cls in self._encoders or self.version < entry.since or not WORTH_COMPILING_WRITER:
            return
        self._encoders[cls] = yield from _encoder_steps(entry, self.version, _strict_encoder(entry, self.version))

    def _counting_encoder(self, entry: Entry) -> _Encode:
        """Give the strict encoder of *entry*, which makes way for a compiled one when it is worth it."""
        strict = _strict_encoder(entry, self.version)
        compiling = InSteps(lambda: _encoder_steps(entry, self.version, strict))
        said = 0

        def encode(message: Any) -> bytes:
            nonlocal said
            said += 1
            if said < WORTH_COMPILING_WRITER:
                return strict(message)
            encoder = compiling.step(to_the_end=not WORTH_COMPILING_WRITER)
            if encoder is None:
                return strict(message)
            self._encoders[entry.cls] = encoder
            return encoder(message)

        return encode


def text_head(entry: Entry, version: int) -> bytes:
    """Give the message id that a text body of *entry* begins with at *version*."""
    return entry.id.to_bytes(_ID_BYTES, "big") if version >= versions.PROTOBUF else b"%d\0" % entry.id


def protobuf_head(entry: Entry) -> bytes:
    """Give the message id that a protobuf body of *entry* begins with."""
    return (entry.id + PROTOBUF_OFFSET).to_bytes(_ID_BYTES, "big")


def _decoder_steps(entry: Entry, version: int | None, strict: _Decode, most_items: int) -> Steps[_Decode]:
    """Compile the reader of *entry* in text at *version*; in protobuf, which knows no versions, where that is None."""
    if version is None:
        from anytws.wire.compiled import protobuf_readers  # noqa: PLC0415 (only for who needs it)

        yield
        return (yield from protobuf_readers.protobuf_decoder_steps(entry, strict, most_items))
    from anytws.wire.compiled import text_readers  # noqa: PLC0415 (see above)

    yield
    return (yield from text_readers.text_decoder_steps(entry, version, strict, most_items))


def _text_decoder(entry: Entry, version: int, most_items: int) -> _Decode:
    read = text_reader(entry.layout, version, most_items)

    def decode(body: bytes) -> Message | Surplus | Odd:
        fields = split_fields(body)
        try:
            message: Message | Surplus = read(fields)
        except BAD_FIELDS:
            from anytws.wire.tolerant import read_tolerantly  # noqa: PLC0415 (needed for errors only)

            return read_tolerantly(entry, version, fields, most_items)
        return message

    return decode


def _protobuf_decoder(entry: Entry, most_items: int) -> _Decode:
    from anytws.wire import protobuf  # noqa: PLC0415 (not needed below server version 201)

    return lambda body: protobuf.parse(entry, body, most_items)


def _protobuf_encoder(entry: Entry, version: int) -> _Encode:
    from anytws.wire import protobuf  # noqa: PLC0415 (see above)

    prefix = protobuf_head(entry)
    check = _guard(entry, version, text=False) if entry.said_by is Side.CLIENT else None

    def encode(message: Any) -> bytes:
        try:
            data = prefix + protobuf.serialize(entry, message)
            if check is not None:
                check(message)
        except _BAD_VALUE:
            raise _blame(entry, message, text=False) from None
        return data

    return encode


def _text_encoder(entry: Entry, version: int) -> _Encode:
    write = text_writer(entry.layout, version)
    prefix = text_head(entry, version)
    # What a client says has to be printable ASCII, and nothing of it may be dropped. TWS may say anything, and an old
    # one leaves out what it has no field for: the time of an error.
    by_client = entry.said_by is Side.CLIENT
    check = _guard(entry, version, text=True) if by_client else None

    def encode(message: Any) -> bytes:
        try:
            fields = write(message)
            if check is not None:
                check(message)
            if by_client and not all(map(is_printable, fields)):
                raise ValueError(fields)
            return prefix + "".join([f"{field}\0" for field in fields]).encode()
        except _BAD_VALUE:
            raise _blame(entry, message, text=True) from None

    return encode


def _strict_encoder(entry: Entry, version: int) -> _Encode:
    encoder = (
        _protobuf_encoder(entry, version) if _goes_out_as_protobuf(entry, version) else _text_encoder(entry, version)
    )
    return encoder if entry.said_as is None else _saying_as(entry.said_as, encoder)


def _encoder_steps(entry: Entry, version: int, strict: _Encode) -> Steps[_Encode]:
    if _goes_out_as_protobuf(entry, version):
        from anytws.wire.compiled import protobuf_writers  # noqa: PLC0415 (only for who needs it)

        yield
        return (yield from protobuf_writers.protobuf_encoder_steps(entry, version, strict))
    from anytws.wire.compiled import text_writers  # noqa: PLC0415 (see above)

    yield
    return (yield from text_writers.text_encoder_steps(entry, version, strict))


def _goes_out_as_protobuf(entry: Entry, version: int) -> bool:
    return entry.protobuf_since is not None and version >= entry.protobuf_since


def _always(data: bytes) -> _Encode:
    return lambda _: data


def _saying_as(form: Callable[[Any], Any], encode: _Encode) -> _Encode:
    def said(message: Any) -> bytes:
        try:
            plain = form(message)
        except _BAD_VALUE:
            # The encoder finds the wrong value and names its field.
            plain = message
        return encode(plain)

    return said


def _blame(entry: Entry, message: object, *, text: bool) -> LocalProtocolError:
    from anytws.wire.walk import blame  # noqa: PLC0415 (needed for errors only)

    return blame(entry, message, text=text)


def _guard(entry: Entry, version: int, *, text: bool) -> Callable[[Any], None] | None:
    from anytws.wire.guard import guard  # noqa: PLC0415 (needed by clients only)

    return guard(entry, version, text=text)


@cache
def shared_codec(side: Side, version: int, limits: Limits = DEFAULT_LIMITS) -> Codec:
    """Give the codec that all connections of *side* at *version* share: each reader is compiled once a process."""
    return Codec(side, version, limits)
