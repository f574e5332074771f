"""Frames: a four-byte big-endian length, which does not count itself, then that many bytes.

The same in both directions from the first version reply on; what is inside is not this file's business.
"""

from __future__ import annotations

from typing import Final

from anytws.errors import BAD_LENGTH, LocalProtocolError, RemoteProtocolError

MAX_FRAME: Final = 0xFFFFFF
"""The longest body, in bytes, that any official client takes. Exactly this many is fine."""

_PREFIX: Final = 4


def frame(body: bytes) -> bytes:
    """Put the length in front of *body*.

    Raises `LocalProtocolError` (507) for a body that no receiver would take.
    """
    if len(body) > MAX_FRAME:
        raise LocalProtocolError(
            f"a frame of {len(body)} bytes is longer than the {MAX_FRAME} that TWS takes", code=BAD_LENGTH
        )
    return len(body).to_bytes(_PREFIX, "big") + body


class FrameBuffer:
    """Cuts a stream of bytes, in whatever slices it comes, into frames."""

    __slots__ = ("_buffer", "_limit")

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._buffer = bytearray()
        self._limit = limit

    def __len__(self) -> int:
        """Bytes that wait for the rest of their frame."""
        return len(self._buffer)

    def peek(self) -> bytes:
        """The first bytes that wait, for an error that shows them."""
        return bytes(self._buffer[:32])

    def feed(self, data: bytes) -> None:
        """Take *data* in."""
        self._buffer += data

    def take(self, count: int) -> bytes | None:
        """Give exactly *count* raw bytes, outside any frame, or None until there are so many."""
        if len(self._buffer) < count:
            return None
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    def next_frame(self) -> bytes | None:
        """Give the body of the next whole frame, or None until it has come.

        Raises `RemoteProtocolError` (507) for a length above the limit, as soon as the length is known: waiting for
        4 GB that were never meant as a frame would be a hang.
        """
        buffer = self._buffer
        if len(buffer) < _PREFIX:
            return None
        end = _PREFIX + int.from_bytes(buffer[:_PREFIX], "big")
        if end - _PREFIX > self._limit:
            raise RemoteProtocolError(
                f"a frame of {end - _PREFIX} bytes was announced, longer than the {self._limit} allowed; "
                f"the bytes begin with {self.peek()!r}",
                code=BAD_LENGTH,
            )
        if len(buffer) < end:
            return None
        body = bytes(buffer[_PREFIX:end])
        # Cheaper than an offset that is compacted now and then, and nothing to get wrong (measured, style.md 5.3).
        del buffer[:end]
        return body
