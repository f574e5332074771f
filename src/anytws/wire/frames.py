"""Frames: a four-byte big-endian length, which does not count itself, then that many bytes.

The same in both directions from the first version reply on. What is inside them is read by `anytws.wire.codec`.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from anytws.errors import BAD_LENGTH, LocalProtocolError, RemoteProtocolError

MAX_FRAME: Final = 0xFFFFFF
"""The longest body, in bytes, that any official client takes. Exactly this many is fine."""

_PREFIX: Final = 4
_length_at: Final = Struct(">I").unpack_from


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
    """Cuts a stream of bytes, in whatever slices it comes, into frames.

    If no bytes are left over, frames are cut from the new data without copying it. Otherwise the data is collected in
    `_more`, and joined once, when the whole frame is there.
    """

    __slots__ = ("_at", "_data", "_more", "limit")

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._data = b""
        self._at = 0
        """Where in `_data` the next frame begins."""
        self._more = bytearray()
        """What has come after `_data`."""
        self.limit: int = limit
        """Bytes that a body may have; it holds for every frame that is not cut yet."""

    def __len__(self) -> int:
        """Bytes that wait for the rest of their frame."""
        return len(self._data) - self._at + len(self._more)

    def peek(self) -> bytes:
        """The first bytes that wait, for an error that shows them."""
        return (self._data[self._at : self._at + 32] + self._more[:32])[:32]

    def feed(self, data: bytes) -> None:
        """Take *data* in."""
        if self._more or self._at < len(self._data):
            self._more += data
        else:
            self._data, self._at = bytes(data), 0

    def clear(self) -> None:
        """Forget what waits."""
        self._data, self._at = b"", 0
        self._more.clear()

    def take(self, count: int) -> bytes | None:
        """Give exactly *count* raw bytes, outside any frame, or None until there are so many."""
        if len(self) < count:
            return None
        self._join()
        self._at = count
        return self._data[:count]

    def frames(self) -> list[bytes]:
        """Give the bodies of all whole frames that have come, or none: faster than `next_frame` for each.

        Raises as that does, and not before the frames in front of the bad length were given: call it until it gives
        none.
        """
        body = self.next_frame()
        if body is None:
            return []
        bodies = [body]
        # Whatever is not a whole frame within `_data` is left to the next call, and so to `next_frame`.
        data, at, limit = self._data, self._at, self.limit
        size = len(data)
        while (start := at + _PREFIX) <= size:
            (length,) = _length_at(data, at)
            end = start + length
            if end > size or length > limit:
                break
            bodies.append(data[start:end])
            at = end
        self._at = at
        return bodies

    def next_frame(self) -> bytes | None:
        """Give the body of the next whole frame, or None until it has come.

        Raises `RemoteProtocolError` (507) for a length above the limit, as soon as the length is known: waiting for
        4 GB that were never meant as a frame would be a hang.
        """
        while True:
            data, at = self._data, self._at
            start = end = at + _PREFIX
            if start <= len(data):
                (length,) = _length_at(data, at)
                if length > self.limit:
                    raise RemoteProtocolError(
                        f"a frame of {length} bytes was announced, longer than the {self.limit} allowed; "
                        f"the bytes begin with {self.peek()!r}",
                        code=BAD_LENGTH,
                    )
                end += length
                if end <= len(data):
                    self._at = end
                    return data[start:end]
            if not self._more or at + len(self) < end:
                # The bytes that were cut must not stay in memory because a few others wait: they may be 16 MB.
                self._data, self._at = data[at:], 0
                return None
            self._join()

    def _join(self) -> None:
        if self._more or self._at:
            self._data, self._at = self._data[self._at :] + self._more, 0
            self._more.clear()
