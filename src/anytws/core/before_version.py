"""What comes before the server version is agreed, when nobody knows yet that it is TWS, or a client, that speaks."""

from __future__ import annotations

from contextlib import suppress
from typing import Final, TypeAlias

import attrs

from anytws.core.events import FrameDiscarded
from anytws.core.strangers import BEGINNING, Stranger, stranger_of
from anytws.errors import BAD_LENGTH, BAD_MESSAGE, DecodeError, RemoteProtocolError, shown
from anytws.messages.base import Side
from anytws.messages.session import ErrorMessage
from anytws.wire.codec import shared_codec
from anytws.wire.frames import FrameBuffer
from anytws.wire.handshake import PREFIX, Greeting, RedirectReply, VersionReply, read_greeting, read_reply
from anytws.wire.limits import DEFAULT_LIMITS, Limits
from anytws.wire.text import Surplus
from anytws.wire.versions import MAX_VERSION, MIN_VERSION, PROTOBUF

_EARLY_WORDS: Final = (
    (b"4\0", MIN_VERSION),
    (b"4\0", PROTOBUF - 1),
    (b"\0\0\0\x04", MAX_VERSION),
    (b"\0\0\0\xcc", MAX_VERSION),
)
"""How an error or a remark begins, in text of two kinds, in text behind a number and in protobuf; and a version that
writes it so."""
_ENOUGH: Final = 4
"""Bytes by which most strangers are known."""


Word: TypeAlias = Greeting | VersionReply | RedirectReply | ErrorMessage | FrameDiscarded
"""What a frame can be that comes before the version."""


@attrs.define
class BeforeVersion:
    """What *side* hears before the version is agreed: how much, how it began, and what each frame of it is."""

    side: Side
    limits: Limits = DEFAULT_LIMITS
    count: int = 0
    """Bytes that came."""
    beginning: bytes = b""
    """The first of them, by which is known who speaks."""
    prefix_seen: bool = False
    """Whether a client has said what comes before its first frame."""

    def note(self, data: bytes) -> None:
        """Note that *data* came."""
        self.count += len(data)
        self.beginning += bytes(data[: BEGINNING - len(self.beginning)])

    def check(self, passed_over: str) -> None:
        """Raise `RemoteProtocolError` (507) where more has come than a handshake needs; *passed_over* says what."""
        most = self.limits.before_version
        if self.count > most:
            raise RemoteProtocolError(
                f"{self.count} bytes came before the server version was agreed, and {most} are enough for a handshake "
                f"(Limits.before_version){passed_over}",
                code=BAD_LENGTH,
            )

    @property
    def tells_who(self) -> bool:
        """Whether enough has come to know by it who speaks."""
        return len(self.beginning) >= _ENOUGH

    @property
    def stranger(self) -> Stranger | None:
        """Who it is that answers a client; None for what may be TWS, or is nobody that is known here."""
        return stranger_of(self.beginning) if self.side is Side.CLIENT else None

    def next_word(self, buffer: FrameBuffer, offered: Greeting | None) -> Word | None:
        """Give what the next frame in *buffer* is; None until it has come. *offered* is how the client has greeted.

        Raises `RemoteProtocolError` for what neither side may say here.
        """
        if self.side is Side.TWS and not self.prefix_seen:
            prefix = buffer.take(len(PREFIX))
            if prefix is None:
                return None
            if prefix != PREFIX:
                raise RemoteProtocolError(f"the client began with {prefix!r}, not with {PREFIX!r}", code=BAD_MESSAGE)
            self.prefix_seen = True
        body = buffer.next_frame()
        if body is None:
            return None
        if self.side is Side.CLIENT:
            return read_reply(body) or self._error_in(body) or FrameDiscarded(body)
        if offered is not None:
            raise RemoteProtocolError(f"the client sent {shown(body)} before the version reply", code=BAD_MESSAGE)
        return read_greeting(body)

    def _error_in(self, body: bytes) -> ErrorMessage | None:
        # How it is written, only the version would tell; so each of the ways is tried.
        for beginning, version in _EARLY_WORDS:
            if body.startswith(beginning):
                with suppress(DecodeError):
                    said = shared_codec(self.side, version, self.limits).decode(body)
                    said = said.message if isinstance(said, Surplus) else said
                    if isinstance(said, ErrorMessage):
                        return said
        return None
