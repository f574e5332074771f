"""What people paste: frames as bytes, as hex, and in all the ways in which logs and dumps write them down.

A log may be a day's, and whose it is nobody knows: everything here takes time in proportion to it, and of memory as
much as its longest frame. What there is, is found out from the first megabyte; from then on it is read piece by piece.

`anytws.cli.pasted_bytes` cuts bytes, `anytws.cli.pasted_text` reads lines, `anytws.cli.pasted_values` what programming
languages write into them, `anytws.cli.pasted_dumps` dumps with offsets.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Generator, Iterator
from typing import Final

from anytws.cli.pasted_bytes import Cutter
from anytws.cli.pasted_frame import Passed, Pasted
from anytws.cli.pasted_text import LogText

__all__ = ["CHUNK", "Passed", "Pasted", "PastedInput", "frames_in"]

CHUNK: Final = 2**20
"""Bytes that are read at once."""
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
"""How files of Windows begin."""
_SAMPLE: Final = 4096
_LEAST_OF_UTF16: Final = 64
_LOOKED_THROUGH: Final = 64 * 1024
# What no text has and most frames do: a control character that is neither a blank nor an escape, beside the NUL.
_BINARY: Final = re.compile(rb"[\x01-\x06\x0e-\x1a\x1c-\x1f]")


class PastedInput:
    """The frames in what *read* gives piece by piece, as far as it goes; ``b""`` is its end."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._read = read
        self.passed: Final = Passed()
        """What was passed over so far."""

    def frames(self) -> Iterator[Pasted | None]:
        """Give the frames as they are found, and None wherever more has to be read for the next."""
        first = yield from self._first_piece()
        encoding, skipped = _encoding_of(first)
        first = first[skipped:]
        if encoding is None and b"\0" in first and _is_capture(first):
            yield from self._captured(first)
        else:
            yield from self._written(first, encoding or "utf-8")

    def _first_piece(self) -> Generator[None, None, bytes]:
        # A pipe gives what it has: a few bytes, from which nobody can tell what it is.
        first = self._next()
        while first and len(first) < _LEAST_OF_UTF16 and b"\n" not in first and (more := self._next()):
            yield None
            first += more
        return first

    def _next(self) -> bytes:
        data = self._read()
        self.passed.size += len(data)
        return data

    def _captured(self, data: bytes) -> Iterator[Pasted | None]:
        cutter = Cutter()
        while data:
            yield from cutter.feed(data)
            yield None
            data = self._next()
        yield from cutter.finish()
        self.passed.note_bytes(cutter.passed_over)

    def _written(self, data: bytes, encoding: str) -> Iterator[Pasted | None]:
        # One byte that is not UTF-8 is no reason to give up the others.
        decoder = codecs.getincrementaldecoder(encoding)(
            "replace" if encoding.startswith("utf-16") else "surrogateescape"
        )
        text = LogText(self.passed)
        while data:
            yield from text.feed(decoder.decode(data))
            yield None
            data = self._next()
        yield from text.feed(decoder.decode(b"", final=True))
        yield from text.finish()


def frames_in(data: bytes) -> Iterator[Pasted]:
    """Find the frames in *data*: raw bytes, or a text that has them in it."""
    pieces = iter([data, b""])
    return (pasted for pasted in PastedInput(lambda: next(pieces, b"")).frames() if pasted is not None)


def _encoding_of(data: bytes) -> tuple[str | None, int]:
    """Tell in which code *data* is a text, if that can be told, and how many bytes in front only say so."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, len(mark)
    sample = data[:_SAMPLE]
    if len(sample) >= _LEAST_OF_UTF16:
        for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            high, low = sample[first::2], sample[1 - first :: 2]
            if high.count(0) > 0.9 * len(high) and not low.count(0):
                return encoding, 0
    return None, 0


def _is_capture(data: bytes) -> bool:
    """Tell whether *data*, which has NULs in it, is bytes of a connection, and no log with NULs in its lines."""
    sample = data[:_LOOKED_THROUGH]
    return b"\n" not in sample or bool(_BINARY.search(sample)) or next(Cutter().feed(sample), None) is not None
