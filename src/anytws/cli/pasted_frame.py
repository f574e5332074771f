"""One frame that somebody has pasted, and what was passed over on the way to it."""

from __future__ import annotations

from typing import Final

import attrs

from anytws.messages.base import Side

_MOST_KEPT: Final = 200


@attrs.frozen
class Pasted:
    """One frame, however it was written down."""

    body: bytes | None
    """The body, message id included; None where only the fields are known."""
    fields: tuple[str, ...] = ()
    """The fields, message id first."""
    said_by: Side | None = None
    """Who said it, where the log tells."""
    missing: int = 0
    """How many bytes of a frame that was cut off are not there, as far as its length tells."""
    problem: str = ""
    """Why no frame could be looked for, where that is so; then there is nothing else."""
    version: int | None = attrs.field(default=None, eq=False)
    """The server version of all that follows, where the log tells it here; with it there may be nothing else."""
    is_guess: bool = attrs.field(default=False, eq=False)
    """Whether nothing around it says that it is a frame: commas may separate anything."""
    dashes: str = attrs.field(default="", eq=False)
    """What stands in a log of TWS itself, where a dash is a dash or the end of a field; then there is nothing else."""
    has_commas: bool = attrs.field(default=False, eq=False)
    """Whether the fields stood there with commas between them, and with those that are in them."""
    inside: tuple[Pasted, ...] = attrs.field(default=(), eq=False)
    """What it is instead, if it reads badly: the frames behind the end of one that it begins in the middle of."""
    joined: tuple[str, ...] = attrs.field(default=(), eq=False)
    """The fields, with those that stand in the lines behind: what a terminal may have broken off."""
    lines: tuple[str, ...] = attrs.field(default=(), eq=False)
    """Those lines."""


@attrs.define
class Passed:
    """What was passed over: lines in which there is no frame, and bytes between frames."""

    size: int = 0
    """Bytes that were read."""
    lines: int = 0
    of_lines: int = 0
    """Characters in them."""
    of_bytes: int = 0
    separated: int = 0
    """How many of the lines are values with commas or the like between them."""
    sample: str = ""
    """The beginning of the first of those."""

    def note_line(self, line: str) -> None:
        """Note that there is no frame in *line*."""
        self.lines += 1
        self.of_lines += len(line)

    def note_separated(self, line: str) -> None:
        """Note that *line* is values, and no frame."""
        self.note_line(line)
        self.separated += 1
        self.sample = self.sample or line[:_MOST_KEPT]

    def note_bytes(self, count: int) -> None:
        """Note that there is no frame in *count* bytes."""
        self.of_bytes += count
