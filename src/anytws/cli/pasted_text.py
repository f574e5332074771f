"""Texts with frames in them: hex, dumps, and the logs of clients and of TWS itself, line by line.

The words around a frame tell who said it, and a version reply tells how to read what follows. A log that writes each
frame several times, as the official client's does, has each of them once.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Final

from anytws.cli.pasted_broken import BrokenArray, BrokenFields, BrokenValue
from anytws.cli.pasted_bytes import LONG, Cutter, begins_a_body, cut
from anytws.cli.pasted_dumps import Dump, dump_line
from anytws.cli.pasted_frame import Passed, Pasted
from anytws.cli.pasted_hex import HEX_DIGITS, HexRun, unhex
from anytws.cli.pasted_values import Open, Value, value_in
from anytws.cli.pasted_words import LOOKED_AT, PROTOBUF, Views, side_of
from anytws.messages.base import Side

_LONGEST_LINE: Final = 4 * 2**20
"""Characters of a line that is no hex. A frame of 5,000 bars has half a megabyte as Python writes it."""
_SHORT_READ: Final = 2**19
"""Characters that come at once where nobody waits for more: of a file there are more."""
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_QUOTED: Final = re.compile(r"(?:>[ \t]+|>(?=[^>\s]))+")
_OFFSET: Final = re.compile(r"[0-9a-fA-F]{4,8}")
_ARROW: Final = re.compile(r"(<<<|>>>) ?(.*)", re.DOTALL)
_ARROWS: Final = {"<<<": Side.TWS, ">>>": Side.CLIENT}
_FIELDS: Final = re.compile(r"[0-9]{1,3}(?:,|$)")
_BARS: Final = re.compile(r"[0-9]{1,3}\|")
# What nearly all lines of the logs of ib_async and of the official client are.
_USUAL: Final = re.compile(
    r".{0,200}?(?:(?P<arrow><<<|>>>) (?=(?P<fields>[0-9]{1,3},))"
    r"|\bmsgId: (?P<id>[0-9]{1,3}), fields: (?=(?P<list>\(b'[^\\]*$)))"
)
_MAY_HOLD: Final = re.compile(
    r"""<<<|>>>|-> |<- |[\[({]\s{0,9}(?:b?['"]|-?[0-9])|\bb['"]|['"](?:[0-9]{1,3}|\\[xu0]00?)\\|\[\[|<Buffer """
    r"""|= \{|\[$|^[0-9]{1,3}[,|]|\0|\^@|\u2400|[Vv]ersion"""
)
_SEPARATED: Final = re.compile(r"(?:[^,;|\t]{0,60}[,;|\t]){3}")
# Of the log of the official client: calls with their values, and fields one by one. None of them is a frame.
_NO_FRAME: Final = re.compile(
    r"calling <|handleInfo:|\bdecode <class|\bDEBUG field |\barg .* type <class|\b(?:ANSWER|REQUEST) \w+ \{"
    r"|msg\.size:|Msg buffer received:|prepared request:"
)
_WITH_ID: Final = re.compile(r"\bmsgId:? ?([0-9]{1,3}),? *(fields|protobuf)\b")
_VIEWS: Final = re.compile(
    r"(?P<chunk>\braw:)|(?P<answer>\bANSWER b)|(?P<size>\bsize:\d+ msg:)|(?P<read>\bfields \()|(?P<id>\bmsgId)"
    r"|(?P<fields>received fields:)|(?P<msg>Msg received: )|(?P<fault>Error handling fields)"
)
_RANGE: Final = re.compile(rb"v[0-9]{2,3}(?:\.\.[0-9]{2,3})?")
_VERSION: Final = re.compile(r"[Vv]ersion(?: is|:|=)? ?([0-9]{3})\b")
_SERVER: Final = re.compile(r"\b(?:[Ss]erver|ANSWER)")
# The log that TWS and Gateway export themselves. To them, -> is what they say.
_OF_TWS: Final = re.compile(
    r"(?:\d{4}[-/.]?\d\d[-/.]?\d\d[ T])?\d{1,2}:\d\d:\d\d[:.,]\d{3} *(?:\[[^\]]{0,40}\] *)?(->|<-) ?(.*)", re.DOTALL
)
_OUT_AND_IN: Final = {"->": Side.TWS, "<-": Side.CLIENT}
_DASHED: Final = re.compile(
    r"(?:-[^\[\]{}()]{0,3}?)??-?[^\w]{0,3}[0-9]{1,3}-|-{2,3}.{1,4}?[0-9]{1,3}-|-{2,3}.{1,2}?---."
)
_LEAST_BYTES: Final = 7
"""Bytes of a frame with its length: a line with an arrow may have a number in it."""
_ZEROS: Final = ("^@", "\u2400")
"""How terminals and editors show a NUL."""


def _bare(line: str) -> str:
    return (_COLOUR.sub("", line) if "\x1b" in line else line).strip()


class LogText:
    """The frames in a text that comes in pieces. What is passed over is noted in *passed*."""

    def __init__(self, passed: Passed) -> None:
        self._passed = passed
        self._rest = ""
        self._skipped = 0
        """Characters of a line that is too long, and whose end has not come yet."""
        self._hex = HexRun(passed)
        self._is_hex = True
        """Whether there was nothing but hex so far."""
        self._dump = Dump()
        self._in_dump = False
        self._views = Views()
        self._chunks = Cutter(Side.TWS)
        self._open: BrokenValue | BrokenArray | BrokenFields | None = None
        """What may go on in the next line."""

    def feed(self, text: str) -> Iterator[Pasted]:
        """Give the frames whose lines are whole with *text*."""
        text = self._rest + text
        # \r alone ends a line, too; behind the last one there may be a \n.
        last = max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1))
        lines, self._rest = text[: last + 1], text[last + 1 :]
        yield from self._lines(lines)
        if len(self._rest) > _LONGEST_LINE or self._skipped:
            yield from self._part_of_a_line()
        if len(text) < _SHORT_READ and isinstance(self._open, BrokenFields):
            # Somebody may be waiting for it.
            yield from self._close()

    def finish(self) -> Iterator[Pasted]:
        """Give the rest."""
        rest, self._rest = self._rest, ""
        yield from self._lines(rest)
        yield from self._end_of_line()
        yield from self._close()
        yield from self._end_of_dump()
        yield from self._hex.finish(is_all=self._is_hex)
        for pasted in self._chunks.finish():
            # The beginning of a frame that other lines of the same log would have as a whole.
            self._passed.note_bytes(len(pasted.body or b""))

    def _lines(self, text: str) -> Iterator[Pasted]:
        begin = 0
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        while begin < len(text):
            end = text.find("\n", begin)
            end = len(text) if end < 0 else end
            line = text[begin:end]
            begin = end + 1
            if self._skipped or len(line) > _LONGEST_LINE:
                yield from self._long_line(line)
            elif stripped := _bare(line):
                yield from self._line(line, stripped)
            else:
                yield from self._close()

    # --- lines without an end ------------------------------------------------------------------------------------

    def _long_line(self, line: str) -> Iterator[Pasted]:
        data = None if self._skipped else unhex(line.strip())
        if data is not None:
            yield from self._hex.feed(data)
            return
        self._skipped += len(line)
        yield from self._end_of_line()

    def _part_of_a_line(self) -> Iterator[Pasted]:
        # Hex may be as long as it likes: what is there is fed, but for a digit whose other one has not come yet.
        text = self._rest
        if not self._skipped:
            at = text.rfind(" ") + 1 if " " in text[:LOOKED_AT] else len(text) - len(text) % 2
            data = unhex(text[:at].strip())
            if data is not None:
                yield from self._hex.feed(data)
                self._rest = text[at:]
                return
        self._skipped += len(text)
        self._rest = ""

    def _end_of_line(self) -> Iterator[Pasted]:
        if self._skipped:
            problem = (
                f"a line of {self._skipped} characters is too long, unless it is hex: {_LONGEST_LINE} are read at most"
            )
            self._skipped = 0
            yield Pasted(None, problem=problem)

    # --- lines ---------------------------------------------------------------------------------------------------

    def _line(self, whole: str, line: str) -> Iterator[Pasted]:
        mark = _QUOTED.match(line) if line[0] == ">" and not line.startswith(">>> ") else None
        if mark is not None:
            # Of a mail.
            whole = line = line[mark.end() :].strip()
            if not line:
                return
        if self._open is not None and (yield from self._continued(line, is_mail=mark is not None)):
            return
        if (yield from self._digits(whole, line)):
            return
        self._is_hex = False
        if self._hex.size:
            yield from self._hex.finish(is_all=False)
        if not _MAY_HOLD.search(line):
            # In a dump it is what tcpdump says of the next packet: the connection goes on.
            self._pass_over(line)
            return
        yield from self._end_of_dump()
        usual = _USUAL.match(line)
        found = False
        for pasted in self._in_line(line) if usual is None else self._in_usual_line(line, usual):
            found = True
            yield pasted
        if not found and self._open is None:
            self._pass_over(line)

    def _pass_over(self, line: str) -> None:
        if _SEPARATED.match(line):
            self._passed.note_separated(line)
        else:
            self._passed.note_line(line)

    def _digits(self, whole: str, line: str) -> Generator[Pasted, None, bool]:
        """Take *line* if it is hex, or belongs to a dump, and tell whether it does."""
        if self._in_dump:
            if line == "*":
                self._dump.repeat()
                return True
            if _OFFSET.fullmatch(line) and self._dump.ends_with(line):
                return True
        if line[0] not in HEX_DIGITS:
            return False
        dumped = dump_line(whole)
        if dumped is not None and (self._dump.goes_on(dumped) if self._in_dump else dumped.offset == 0):
            self._is_hex = False
            yield from self._hex.finish(is_all=False)
            self._in_dump = True
            yield from self._dump.feed(dumped)
            return True
        data = unhex(line) if line[-1] in HEX_DIGITS else None
        if data is None:
            return False
        yield from self._end_of_dump()
        self._hex.note(line)
        yield from self._hex.feed(data)
        return True

    def _end_of_dump(self) -> Iterator[Pasted]:
        if self._in_dump:
            self._in_dump = False
            yield from self._dump.finish()
            self._passed.note_bytes(self._dump.passed_over)
            self._dump = Dump()

    # --- lines of a log ------------------------------------------------------------------------------------------

    def _in_usual_line(self, line: str, usual: re.Match[str]) -> Iterator[Pasted]:
        if usual["arrow"]:
            fields = line[usual.start("fields") :]
            self._open = BrokenFields(line[: usual.start("arrow")], fields, _ARROWS[usual["arrow"]], is_guess=False)
            return
        value, at = value_in(line[usual.start("list") :])
        if isinstance(value, tuple) and not at:
            pasted = Pasted(None, (usual["id"], *value), Side.TWS)
            yield from [pasted] if self._views.is_new("id", pasted) else []
            return
        yield from self._in_line(line)

    def _in_line(self, line: str) -> Iterator[Pasted]:
        exported = _OF_TWS.match(line)
        if exported and (exported[1] == "->" or not exported[2].startswith(('"', "["))) and "-" in exported[2]:
            if _DASHED.match(exported[2]):
                yield Pasted(None, said_by=_OUT_AND_IN[exported[1]], dashes=exported[2])
            return
        version = _VERSION.search(line) if "ersion" in line else None
        if version is not None and _SERVER.search(line[: version.start()][-LOOKED_AT:]):
            yield Pasted(None, version=int(version[1]))
        if _NO_FRAME.search(line):
            return
        for zero in _ZEROS:
            line = line.replace(zero, "\0") if zero in line else line
        if "\0" in line:
            yield from self._with_zeros(line)
            return
        value, at = value_in(line)
        if value is not None and not isinstance(value, Open):
            yield from self._valued(line, value, at)
            return
        self._open = BrokenArray.begun_in(line) or (BrokenValue(line) if value is Open.OPEN else None)
        if self._open is None:
            yield from self._separated(line)

    def _with_zeros(self, line: str) -> Iterator[Pasted]:
        """Find a frame in a line that has NULs, as they are, in it."""
        data = line.encode("utf-8", "surrogateescape")
        first = data.index(b"\0")
        at = first
        while at > 0 and first - at < 3 and data[at - 1 : at].isdigit():
            at -= 1
        body = data[at : data.rindex(b"\0") + 1]
        if begins_a_body(body):
            yield Pasted(body, said_by=side_of(line[:at]))

    def _valued(self, line: str, value: Value, at: int) -> Iterator[Pasted]:
        """Give the frames that *value* is, which stands at *at*."""
        said_by = side_of(line[:at])
        with_id = _WITH_ID.search(line, 0, at)
        if with_id is not None:
            said_by = Side.TWS
            if isinstance(value, tuple):
                value = (with_id[1], *value)
            else:
                value = (int(with_id[1]) + PROTOBUF).to_bytes(LONG, "big") + value
        found = _VIEWS.search(line, max(0, at - LOOKED_AT), at + 2)
        view = found.lastgroup if found is not None else None
        if view == "chunk" and isinstance(value, bytes):
            frames = self._chunks.feed(value)
        else:
            frames = _frames_of(value, said_by, is_guess=said_by is None and "fields" not in line[:at])
        for pasted in frames:
            if view is None or self._views.is_new(view, pasted):
                yield pasted

    def _separated(self, line: str) -> Iterator[Pasted]:
        arrow = _ARROW.search(line)
        rest = arrow[2] if arrow else line
        said_by = _ARROWS[arrow[1]] if arrow else None
        data = unhex(rest.strip()) if arrow else None
        if data is not None and len(data) >= _LEAST_BYTES:
            yield from _frames_of(data, said_by, is_guess=False)
        elif _FIELDS.match(rest) and (arrow or "," in rest):
            self._open = BrokenFields(line[: arrow.start()] if arrow else "", rest, said_by, is_guess=arrow is None)
        elif _BARS.match(rest):
            yield Pasted(None, tuple(rest.removesuffix("|").split("|")), said_by, is_guess=arrow is None)

    # --- what goes on in the next line ---------------------------------------------------------------------------

    def _continued(self, line: str, *, is_mail: bool) -> Generator[Pasted, None, bool]:
        """Put *line* to what has begun before it, and tell whether it belongs to it."""
        verdict = self._open.takes(line, is_mail=is_mail) if self._open is not None else None
        if verdict is not False:
            yield from self._close()
        return verdict is not None

    def _close(self) -> Iterator[Pasted]:
        """Give what has begun in lines before, as far as it goes."""
        is_open, self._open = self._open, None
        if isinstance(is_open, BrokenFields):
            yield is_open.pasted()
        elif isinstance(is_open, BrokenArray):
            yield from is_open.frames()
        elif is_open is not None:
            value, at = value_in(is_open.text)
            if value is None or isinstance(value, Open):
                self._passed.note_line(is_open.text)
            else:
                yield from self._valued(is_open.text, value, at)


def _frames_of(value: Value, said_by: Side | None, *, is_guess: bool) -> Iterator[Pasted]:
    if isinstance(value, tuple):
        yield Pasted(None, value, said_by, is_guess=is_guess)
        return
    for pasted in cut(value, said_by):
        # The official client's log has its greeting twice, once without the beginning.
        if not _RANGE.fullmatch(pasted.body or b""):
            yield pasted
