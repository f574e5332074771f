"""Lines of hex: one stream whose lines may be broken anywhere, or a frame in each of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from anytws.cli.pasted_bytes import GREETING, LONG, MAX_FRAME, Cutter, begins_a_body, cut
from anytws.cli.pasted_frame import Passed, Pasted

HEX_DIGITS: Final = frozenset("0123456789abcdefABCDEF")
_BETWEEN_DIGITS: Final = ("0x", ",", ":", "\u00a0")
_UNSURE_LINES: Final = 64
_UNSURE_SIZE: Final = 2**16
"""Lines, and bytes in them, after which it is decided which of the two it is."""


def unhex(text: str) -> bytes | None:
    """Give the bytes that *text* has in hex: pairs of digits, and between them what is usual. None if it is no hex."""
    if not text or text[0] not in HEX_DIGITS or text[-1] not in HEX_DIGITS:
        return None
    for each in _BETWEEN_DIGITS:
        if each in text:
            text = text.replace(each, " ")
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None


class HexRun:
    """Lines of hex behind each other: one stream whose lines may be broken anywhere, or a frame in each of them."""

    def __init__(self, passed: Passed) -> None:
        self._passed = passed
        self._cutter = Cutter()
        self._first: list[bytes] = []
        """The first lines, as long as it is not known which it is."""
        self._text: list[str] = []
        self._each: bool | None = None
        """Whether each line is by itself, as soon as that is known."""
        self.size: int = 0

    def note(self, line: str) -> None:
        """Keep *line* as it is written, as long as nobody knows what it is."""
        if self._each is None:
            self._text.append(line)

    def feed(self, data: bytes) -> Iterator[Pasted]:
        """Give the frames that are whole with the line of *data*."""
        self.size += len(data)
        if self._each is None:
            self._first.append(data)
            if len(self._first) >= _UNSURE_LINES or self.size >= _UNSURE_SIZE:
                yield from self._decide(is_end=False)
        elif self._each:
            yield from self._alone(data)
        else:
            yield from self._cutter.feed(data)

    def finish(self, *, is_all: bool) -> Iterator[Pasted]:
        """Give the rest. *is_all* tells that there is nothing but hex: then it is a body, whatever is in it."""
        if not self.size:
            return
        first = b"".join(self._first)
        # A number in a line of a log is hex by chance.
        if self._each is None and not is_all and not begins_frames(first) and not _holds_a_frame(first):
            for line in self._text:
                self._passed.note_line(line)
        else:
            if self._each is None:
                yield from self._decide(is_end=True)
            yield from self._cutter.finish()
            self._passed.note_bytes(self._cutter.passed_over)
        self._first, self._text, self._each, self.size = [], [], None, 0
        self._cutter = Cutter()

    def _decide(self, *, is_end: bool) -> Iterator[Pasted]:
        lines, self._first, self._text = self._first, [], []
        self._each = len(lines) > 1 and all(map(begins_frames, lines)) and not _fits(b"".join(lines), is_end=is_end)
        for line in lines:
            yield from self._alone(line) if self._each else self._cutter.feed(line)

    def _alone(self, data: bytes) -> Iterator[Pasted]:
        if not begins_frames(data):
            self._passed.note_bytes(len(data))
            return
        yield from cut(data)


def begins_frames(data: bytes) -> bool:
    """Tell whether *data* begins as what a side says does, with a length or without one."""
    return data.startswith(GREETING) or bool(begins_a_body(data) or (data[:1] == b"\0" and begins_a_body(data, LONG)))


def _holds_a_frame(data: bytes) -> bool:
    cutter = Cutter()
    return next(cutter.feed(data), None) is not None


def _fits(data: bytes, *, is_end: bool) -> bool:
    """Tell whether the lengths in *data* lead to its end, or to what may be the beginning of one more frame."""
    at = 2 * LONG + int.from_bytes(data[LONG : 2 * LONG], "big") if data.startswith(GREETING) else 0
    while at + LONG <= len(data):
        length = int.from_bytes(data[at : at + LONG], "big")
        if not 0 < length <= MAX_FRAME or (at + LONG + length > len(data) and is_end):
            return False
        at += LONG + length
    return at == len(data) or not is_end
