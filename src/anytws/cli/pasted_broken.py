"""What goes on in the next line: lists and texts that a terminal or a mail has broken, and lists of numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Protocol

import attrs

from anytws.cli.pasted_bytes import cut
from anytws.cli.pasted_frame import Pasted
from anytws.cli.pasted_hex import begins_frames
from anytws.cli.pasted_values import Open, numbers_in, value_in
from anytws.cli.pasted_words import side_of
from anytws.messages.base import Side

# How an entry of a log begins, unlike the rest of one that a terminal has broken off.
_STARTS: Final = re.compile(
    r"\W{0,3}(?:\d{4}[-/.]\d\d[-/.]\d\d|\d{8}[ -]\d\d|\d{1,2}:\d\d:\d\d|[A-Z]{4,8}[: \]]|<<<|>>>|<-|->|Traceback|File )"
    r"|[A-Za-z]+: "
)
_BEGINS_ANEW: Final = re.compile(r"""<<<|>>>|[\[(]b?['"]|\bb['"]|^[0-9]{1,3}\|""")
_MOST_JOINED: Final = 400
"""Lines that are put together."""
_LONGEST_JOINED: Final = 2**20
_COMMENT: Final = re.compile(r"/\*[^*]*\*/|//.*")
# A bracket at the end of a line, or with nothing but numbers behind it.
_ARRAY: Final = re.compile(
    r"(?:peer(?P<peer>[01])_\d+.{0,20})?(?:=|\)|\]|:)? ?[\[{]\s*$"
    r"|(?<![\w.])[\[{](?:[\s,]*+(?:0x[0-9a-fA-F]{1,2}|-?[0-9]{1,3})(?![\w.]))++[\s,]*$"
)
_ENDS_AN_ARRAY: Final = frozenset("[{,0123456789abcdefABCDEF/")
_ITEMS: Final = re.compile(
    r"(?:[\s,]*+(?:0x[0-9a-fA-F]{1,2}|-?[0-9]{1,3})(?![\w.]))*+[\s,]*+(?:\.\.\. [0-9]+ more items?\s*)?([)\]}]?)"
)
_PEERS: Final = {"0": Side.CLIENT, "1": Side.TWS}


class Unfinished(Protocol):
    """What may go on in the next line."""

    def takes(self, line: str, *, is_mail: bool) -> bool | None:
        """Take *line*, and tell whether it is whole with it; None if *line* does not belong to it, and is not taken."""
        ...


@attrs.define
class BrokenValue:
    """A list or a text that is not closed in its line."""

    text: str
    lines: int = 1

    def takes(self, line: str, *, is_mail: bool) -> bool | None:
        """Take *line*, unless it begins an entry of its own, or it all is too long."""
        self.lines += 1
        if self.lines > _MOST_JOINED or len(self.text) + len(line) > _LONGEST_JOINED or _STARTS.match(line):
            return None
        # A terminal breaks anywhere, a mail at a blank.
        self.text += f" {line}" if is_mail else line
        may_end = any(each in line for each in ")]'\"}")
        return may_end and value_in(self.text)[0] is not Open.OPEN


class BrokenArray:
    """A list of numbers, one for each byte, over several lines."""

    def __init__(self, text: str, said_by: Side | None) -> None:
        self._said_by = said_by
        self._data: list[bytes] = [numbers_in(text)]

    @classmethod
    def begun_in(cls, line: str) -> BrokenArray | None:
        """Give the list that *line* ends with; None if there is none."""
        if line[-1] not in _ENDS_AN_ARRAY:
            return None
        found = _ARRAY.search(_COMMENT.sub("", line) if line[-1] == "/" else line)
        if found is None:
            return None
        opened = found[0]
        numbers = opened[max(opened.rfind("["), opened.rfind("{")) :]
        return cls(numbers, side_of(line) or _PEERS.get(found["peer"] or ""))

    def takes(self, line: str, *, is_mail: bool) -> bool | None:  # noqa: ARG002 (numbers are not broken)
        """Take the numbers in *line*."""
        found = _ITEMS.match(_COMMENT.sub("", line))
        if found is None or not found[0].strip():
            return None
        self._data.append(numbers_in(found[0].partition("... ")[0]))
        return bool(found[1])

    def frames(self) -> Iterator[Pasted]:
        """Give the frames in it."""
        data = b"".join(self._data)
        if begins_frames(data):
            yield from cut(data, self._said_by)


@attrs.define
class BrokenFields:
    """Fields with commas between them, and the lines behind, as long as they may be more of the same."""

    lead: str
    """What stands in front of the arrow."""
    text: str
    said_by: Side | None
    is_guess: bool
    more: list[str] = attrs.field(factory=list[str])
    size: int = 0

    def takes(self, line: str, *, is_mail: bool) -> bool | None:  # noqa: ARG002 (a comma stands where it is broken)
        """Take *line*, unless it begins an entry of its own."""
        if self.is_guess or _STARTS.match(line) or _BEGINS_ANEW.search(line):
            return None
        if self.lead and line.startswith(self.lead[:6]):
            return None
        if len(self.more) >= _MOST_JOINED or self.size > _LONGEST_JOINED:
            return None
        self.more.append(line)
        self.size += len(line)
        return False

    def pasted(self) -> Pasted:
        """Give the frame, by its first line, and by all."""
        joined = tuple("".join([self.text, *self.more]).split(",")) if self.more else ()
        fields = tuple(self.text.split(","))
        lines = tuple(self.more)
        return Pasted(None, fields, self.said_by, is_guess=self.is_guess, has_commas=True, joined=joined, lines=lines)
