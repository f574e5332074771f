"""Bytes of a connection, cut into frames; also from the middle of one on, and with something else between them."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from struct import Struct
from typing import Final

from anytws.cli.pasted_frame import Pasted
from anytws.messages.base import Side

LONG: Final = 4
"""Bytes of a length, and of a message id from server version 201 on."""
MAX_FRAME: Final = 0xFFFFFF
"""Bytes of the longest body."""
GREETING: Final = b"API\0"
"""What a client says first."""
_GREETING_AS_LENGTH: Final = int.from_bytes(GREETING, "big")
_LONGEST_GREETING: Final = 1000
_HEAD: Final = 3 * LONG
"""Bytes of a frame from which one can tell that it is one: the length, and more than an id."""
_FAR: Final = 2**20
"""Bytes of a frame that begins in the middle of something else. Nothing that is longer is waited for."""
_length_at: Final = Struct(">I").unpack_from
# How a body begins: with its id, as digits and a NUL or as four bytes. No id is so large that its first two are used.
_BEGINS_A_BODY: Final = re.compile(rb"[1-9][0-9]{0,2}\0|\0\0(?:\0[^\0]|\x01.)", re.DOTALL)
begins_a_body: Final = _BEGINS_A_BODY.match
"""Matches where a body may begin."""
# The same with a length in front that is not zero; or how a connection begins.
_BEGINS_A_FRAME: Final = re.compile(
    rb"\0(?:\0\0[^\0]|\0[^\0].|[^\0]..)(?=[1-9][0-9]{0,2}\0|\0\0(?:\0[^\0]|\x01.))|API\0(?=\0\0..v[0-9])", re.DOTALL
)


class Cutter:
    """Cuts what it is fed at the lengths in it.

    Where they do not fit, it goes on at the next place where a whole frame lies and another one behind it. If there is
    no frame in all that it was fed, that is one body without a length.
    """

    def __init__(self, said_by: Side | None = None) -> None:
        self.said_by = said_by
        self.passed_over: int = 0
        """Bytes that belong to no frame."""
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._data, self._more = b"", bytearray()
        self._wanted = 0
        """How many bytes there have to be before it is worth looking at them."""
        self._at_frame = True
        """Whether a frame has to begin where the bytes begin."""
        self._looked_at = 0
        """Before which byte no frame begins, if that is not so."""
        self._is_body = True
        """Whether it all may be one body."""

    @property
    def _is_lost(self) -> bool:
        return not self._at_frame

    def feed(self, data: bytes) -> Iterator[Pasted]:
        """Give the frames that are whole with *data*."""
        self._more += data
        if len(self._data) + len(self._more) >= self._wanted:
            yield from self._cut(is_end=False)

    def finish(self) -> Iterator[Pasted]:
        """Give what is left, and begin anew."""
        begin = self._joined()
        yield from self._cut(is_end=True)
        rest = self._data
        if rest and self._is_body:
            yield Pasted(rest, said_by=self.said_by, inside=self._inside(begin))
        elif rest and self._at_frame and is_torn(rest):
            yield torn(rest, self.said_by)
        else:
            self.passed_over += len(rest)
        self._begin_anew()

    def _joined(self) -> bytes:
        self._data = self._data + self._more if self._data else bytes(self._more)
        self._more.clear()
        return self._data

    def _inside(self, data: bytes) -> tuple[Pasted, ...]:
        """Give the frames in what begins as a body does, and may begin in the middle of one."""
        if not begins_a_body(data):
            return ()
        cutter = Cutter(self.said_by)
        # With a byte in front, with which nothing begins.
        found = (*cutter.feed(b"-" + data), *cutter.finish())
        return () if found and found[0].body == b"-" + data else found

    def _cut(self, *, is_end: bool) -> Iterator[Pasted]:
        data = self._joined()
        at = self._wanted = 0
        while True:
            if self._at_frame:
                at = yield from self._frames_from(data, at)
                if not self._is_lost and not (is_end and self._has_more(data, at)):
                    break
            if self._is_body and len(data) <= _FAR and begins_a_body(data):
                # What is in a body may look like frames, as the rows of a table do: only who reads it can tell.
                break
            found = self._next_frame(data, at + self._looked_at, is_end=is_end)
            # Nobody needs what lies before it, unless it all is one body.
            if self._is_body and self._is_lost and len(data) <= MAX_FRAME:
                self._looked_at = found - at
                break
            self._is_body = False
            self.passed_over += found - at
            at, self._looked_at = found, 0
            if self._is_lost:
                break
        self._data = data[at:]
        if self._is_lost:
            # Whoever looks at all of it for each byte more never gets to the end.
            self._wanted = max(self._wanted, len(self._data) + len(self._data) // 2)

    def _frames_from(self, data: bytes, at: int) -> Generator[Pasted, None, int]:
        """Give the frames from *at* on, and tell where the first one begins that is not whole, or is none."""
        size, said_by = len(data), self.said_by
        while size - at >= LONG:
            (length,) = _length_at(data, at)
            begin, end = at + LONG, at + LONG + length
            if length == _GREETING_AS_LENGTH and size - at >= 2 * LONG:
                begin, end = at, at + 2 * LONG + _length_at(data, begin)[0]
                fits = end - begin <= _LONGEST_GREETING
            else:
                fits = bool(begins_a_body(data, begin)) and 0 < length <= MAX_FRAME
            if end > size and (fits or size - at < _HEAD):
                self._wanted = end - at if fits else _HEAD
                return at
            # Whatever ends where the data end, or where another one begins, was cut at its length. The first one has
            # to: the id of a body without a length is as good a length.
            if not fits or self._is_body:
                fits = bool(length) and (end == size or (end < size and _may_go_on(data, end)))
            if end > size or not fits:
                self._at_frame = False
                return at
            yield Pasted(data[begin:end], said_by=said_by)
            self._is_body = False
            at = end
        return at

    def _has_more(self, data: bytes, at: int) -> bool:
        """Tell whether there are whole frames in what seems to be cut off: then that was no length."""
        self._next_frame(data, at + 1, is_end=True)
        found, self._at_frame = self._at_frame, True
        self._looked_at = 1 if found else 0
        return found

    def _next_frame(self, data: bytes, at: int, *, is_end: bool) -> int:
        """Tell where, from *at* on, the next frame lies; where none does, up to where that is certain."""
        self._at_frame = False
        for match in _BEGINS_A_FRAME.finditer(data, at):
            begin = match.start()
            verdict = self._is_whole(data, begin, is_end=is_end)
            if verdict is not None:
                self._at_frame = verdict
                return begin
        return len(data) if is_end else max(at, len(data) - _HEAD)

    def _is_whole(self, data: bytes, begin: int, *, is_end: bool) -> bool | None:
        """Tell whether a whole frame begins there; None if not, False if more bytes will tell."""
        size, end = len(data), begin + LONG + _length_at(data, begin)[0]
        if data.startswith(GREETING, begin):
            return True
        if _BEGINS_A_FRAME.match(data, end):
            return True
        if is_end:
            return True if end == size or (end < size < end + _HEAD and is_torn(data[end:])) else None
        if size - end >= _HEAD or end - begin > _FAR:
            return None
        self._wanted = end - begin + _HEAD
        return False


def cut(data: bytes, said_by: Side | None = None) -> Iterator[Pasted]:
    """Give the frames in *data*, which is all there is of them."""
    cutter = Cutter(said_by)
    yield from cutter.feed(data)
    yield from cutter.finish()


def _may_go_on(data: bytes, end: int) -> bool:
    """Tell whether another frame begins at *end*, or what may be the first bytes of one."""
    return bool(_BEGINS_A_FRAME.match(data, end)) or (len(data) - end < _HEAD and is_torn(data[end:]))


def is_torn(rest: bytes) -> bool:
    """Tell whether *rest* looks like the first bytes of a frame that is longer."""
    length = int.from_bytes(rest[:LONG].ljust(LONG, b"\1"), "big")
    begun = len(rest) < 2 * LONG or bool(begins_a_body(rest, LONG))
    return len(rest) - LONG < length <= MAX_FRAME and begun


def torn(rest: bytes, said_by: Side | None = None) -> Pasted:
    """Give the frame that *rest* is the beginning of."""
    if len(rest) < LONG:
        return Pasted(b"", said_by=said_by, missing=LONG - len(rest))
    return Pasted(rest[LONG:], said_by=said_by, missing=int.from_bytes(rest[:LONG], "big") - len(rest) + LONG)


def torn_frame(body: bytes) -> Pasted | None:
    """Give the frame that *body* is the beginning of, if what was taken for its id may as well be its length."""
    return torn(body) if len(body) > LONG and is_torn(body) else None
