"""``anytws explain``: any frame field by field, from the table that the library itself reads frames with."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, BinaryIO, Final, Protocol

import attrs
from cyclopts import Parameter, validators

from anytws.cli import USAGE
from anytws.cli.masked import FrameMask
from anytws.cli.numbers import whole_number
from anytws.cli.output import Output, Tone, complain, counted, open_console
from anytws.cli.pasted import CHUNK, Passed, Pasted, PastedInput
from anytws.cli.pasted_bytes import LONG
from anytws.cli.readings import MOST, MOST_FIELDS, OLDEST, Reading, Readings, Seen
from anytws.errors import in_a_sentence, shown
from anytws.messages.base import Side

_BAD: Final = 1
_NEWEST: Final = 9999
"""No version that anybody will live to see."""
_MOST_INPUT: Final = 256 * 2**20
"""Bytes in which there has to be a frame: a pipe may have no end, and a device such as /dev/zero has none."""
_PATH_WIDTH: Final = 44
_TEXT_WIDTH: Final = 12
_SURPLUS: Final = "(behind the last field that we know)"
_CONSTANT: Final = "(a constant)"
_NO_FILE: Final = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL)
_MOST_LINES: Final = 20_000
"""Lines of output that are kept, for fields that come again."""
_MOST_HEADS: Final = 1000
_MOST_KINDS: Final = 2_000
"""Kinds that are counted: there are some two hundred, and unknown ones have a number of their own each."""
_OTHERS: Final = "messages of other kinds that are not known"
_MOST_SHAPES: Final = 20_000
_FORMS: Final = (
    "it reads raw bytes, hex, dumps (xxd, hexdump, tcpdump -X, Wireshark), and logs: of the official client,",
    "of ib_async, stoqey, nautilus and rust-ibapi, and what TWS and Gateway export themselves",
)


def explain(
    source: Annotated[str, Parameter(allow_leading_hyphen=True)] = "-",
    /,
    *,
    server_version: Annotated[
        int | None, Parameter(converter=whole_number, validator=validators.Number(gte=OLDEST, lte=_NEWEST))
    ] = None,
    said_by: Annotated[Side | None, Parameter(name="--from")] = None,
    summary: Annotated[bool, Parameter(negative=())] = False,
    mask: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Print frames field by field: what each field is called, what stands there, and what it means.

    Takes hex, a file or the standard input. What may be in it: raw bytes of a connection, also from the middle of a
    frame on; hex, with blanks, colons, 0x or none; dumps of xxd, hexdump, tcpdump -X and Wireshark, and its C arrays;
    lists of numbers; logs of the official client, ib_async, ib_insync, stoqey, nautilus, rust-ibapi and whatever
    writes lists of fields or bytes with escapes; and the log that TWS and Gateway export. Lists may be broken over
    lines, and quoted as in a mail. Files may be UTF-8 or UTF-16. Who said it and the server version are taken from
    the words around. What has no frame in it is passed over, and how much that was is told at the end.

    The exit code is 1 if a frame could not be read, or if there was none, and 2 if there is nothing to be read.

    Parameters
    ----------
    source
        Hex digits, or the name of a file; ``-`` is the standard input.
    server_version
        The version that client and TWS had agreed on. Without it, it is what a version reply in the input says, or
        those that fit the frame are found out.
    said_by
        Who said it. Without it, it is what the log says, or what fits.
    summary
        Count the messages of each kind, and nothing else.
    mask
        Write the frames so that they can be shown to others, one in a line: accounts, permanent ids and names are
        replaced by others that are as long. Nothing of the lines around is written. What it gives can be explained.
    """
    if source.startswith("-") and source != "-":
        # Whose name begins so can be given as ./-name.
        complain(f"{shown(source)} is no option of explain: anytws explain --help says more")
        return USAGE
    if summary and mask:
        complain("--summary and --mask are two answers: choose one")
        return USAGE
    output = Output(open_console())
    where = "the standard input" if source == "-" else shown(source)
    with ExitStack() as stack:
        try:
            file = _opened(source)
            if file is not None and source != "-":
                stack.enter_context(file)
        except (OSError, ValueError) as problem:
            return _unreadable(where, problem)
        try:
            pasted = PastedInput(_pieces_of(source if file is None else file))
        except UnicodeEncodeError as problem:
            return _unreadable(where, problem)
        report = _Counts(output) if summary else _Masked(output) if mask else _Fields(output)
        answer = _Answer(Readings(server_version, said_by), report, output)
        if mask and server_version is not None:
            output.say(f"# server version {server_version}\n")
        try:
            answer.give(pasted)
        except (_CannotRead, ValueError) as problem:
            return _unreadable(where, problem.__cause__ or problem)
    if answer.code is not None:
        return answer.code
    return _nothing(where, pasted.passed, is_named=file is not None)


def _unreadable(where: str, problem: BaseException) -> int:
    complain(f"cannot read {where}: {getattr(problem, 'strerror', None) or problem}")
    return USAGE


def _nothing(where: str, passed: Passed, *, is_named: bool) -> int:
    nor_file = "" if is_named else ", and there is no file of that name"
    if passed.lines and 2 * passed.separated > passed.lines:
        values = f"{counted(passed.separated, 'line')} of values, as in a table (CSV), and the first is"
        complain(f"there is no frame in {where}: it is {values} {shown(passed.sample)}", *_FORMS)
    elif passed.lines and is_named:
        complain(f"there is no frame in {where}: it is {counted(passed.lines, 'line')} of other text", *_FORMS)
    else:
        complain(f"there is no frame in {where}{nor_file}", *_FORMS)
    return _BAD


# --- reading -----------------------------------------------------------------------------------------------------


class _CannotRead(Exception):
    """What is read could be opened, and cannot be read on."""


def _opened(source: str) -> BinaryIO | None:
    """Open *source*, a file of any kind; None if it is the name of none. Raises `OSError` and `ValueError`."""
    if source == "-":
        if sys.stdin is None:
            raise ValueError("it is closed")
        return sys.stdin.buffer
    try:
        return Path(source).open("rb", buffering=0) if source and "\0" not in source else None
    except UnicodeError:
        return None
    except OSError as problem:
        if problem.errno in _NO_FILE:
            return None
        raise


def _pieces_of(source: BinaryIO | str) -> Callable[[], bytes]:
    """Give what reads *source*, or gives its letters, piece by piece."""
    if isinstance(source, str):
        pieces: Iterator[bytes] = iter([source.encode("utf-8", "surrogateescape")])
        return lambda: next(pieces, b"")
    # What there is, and no waiting for more: frames of a pipe are told as they come.
    read: Callable[[int], bytes | None] = getattr(source, "read1", source.read)

    def piece() -> bytes:
        try:
            return read(CHUNK) or b""
        except OSError as problem:
            raise _CannotRead from problem

    return piece


class _Report(Protocol):
    """What is told of each frame."""

    def frame(self, pasted: Pasted, readings: Readings) -> bool:
        """Tell *pasted*, and whether all of it was read."""
        ...

    def end(self, passed: Passed) -> None:
        """Tell how much was passed over."""
        ...


class _Answer:
    """Goes through the input and has every frame told."""

    def __init__(self, readings: Readings, report: _Report, output: Output) -> None:
        self._readings = readings
        self._report = report
        self._output = output
        self.code: int | None = None

    def give(self, source: PastedInput) -> None:
        """Tell all frames in *source*. Raises `ValueError` if it has no end, and no frame."""
        guess: Pasted | None = None
        passed = source.passed
        for pasted in source.frames():
            if pasted is None:
                self._output.flush()
                if self.code is None and passed.size > _MOST_INPUT:
                    raise ValueError(f"it is longer than {_MOST_INPUT >> 20} MB, and there was no frame in them")
            elif pasted.version is not None:
                self._readings.learn(pasted.version)
                passed.note_line("")
            elif pasted.is_guess and not self._is_frame(pasted):
                passed.note_separated(",".join(pasted.fields))
                guess = guess or pasted
            elif pasted.joined and self._is_frame(alone := attrs.evolve(pasted, joined=(), lines=())):
                # It is whole without the lines behind it.
                for line in pasted.lines:
                    passed.note_line(line)
                self._tell(alone)
            else:
                self._tell(pasted)
        if self.code is None and guess is not None and passed.lines == 1:
            # Nothing but this was pasted: then it was meant, whatever is wrong with it.
            self._tell(guess)
        if self.code is not None:
            self._report.end(passed)
        self._output.flush()

    def _is_frame(self, pasted: Pasted) -> bool:
        return not self._readings.best(pasted).unexplained

    def _tell(self, pasted: Pasted) -> None:
        # One by one: who pastes a day's log sees the first frame at once.
        if pasted.inside and not self._is_frame(pasted):
            for each in pasted.inside:
                self._tell(each)
            return
        is_whole = self._report.frame(pasted, self._readings)
        self.code = _BAD if not is_whole or self.code == _BAD else 0


# --- telling: field by field -------------------------------------------------------------------------------------


class _Fields:
    """Prints each frame field by field."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._width = output.width
        self._lines: dict[int, tuple[Seen, int, str]] = {}
        """Of a field that was printed: itself, the width of the names, and its lines."""
        self._heads: dict[object, str] = {}
        """What is told before the fields, by what it tells."""

    def frame(self, pasted: Pasted, readings: Readings) -> bool:
        """Tell *pasted*, and whether all of it was read."""
        reading = readings.best(pasted)
        self._output.say(self._head(reading))
        names = [_SURPLUS] if reading.surplus else []
        lengths = [len(seen.path) or len(_CONSTANT) for seen in reading.fields]
        width = min(max([*map(len, names), *lengths], default=0), _PATH_WIDTH)
        self._output.say("".join([self._field(seen, width) for seen in reading.fields]))
        for text in reading.surplus:
            self._row(f"  {_SURPLUS:<{width}}  ", Tone.WARNING, shown(text, MOST), Tone.WARNING)
        if reading.more_surplus:
            self._row("  ", Tone.PLAIN, f"and {counted(reading.more_surplus, 'more field')}", Tone.WARNING)
        if reading.is_cut:
            self._row("  ", Tone.PLAIN, f"and more fields: of one frame, {MOST_FIELDS} are read here", Tone.WARNING)
        if reading.problem:
            self._row("  ", Tone.PLAIN, reading.problem, Tone.BAD)
        return reading.is_whole

    def end(self, passed: Passed) -> None:
        """Tell how much was passed over."""
        told = told_passed(passed)
        if told:
            self._output.blank()
            self._row("", Tone.PLAIN, told, Tone.QUIET)

    def _head(self, reading: Reading) -> str:
        key = reading.title, reading.encoding, reading.versions, reading.other
        head = self._heads.get(key)
        if head is None:
            painted, blank = self._output.painted, ("  ", Tone.PLAIN)
            head = "\n" + painted((), reading.title, Tone.TITLE)
            if reading.encoding:
                head += painted((blank,), f"{reading.encoding}, {_told_versions(reading.versions)}", Tone.QUIET)
            if reading.other:
                head += painted((blank,), f"or {reading.other}: --from decides", Tone.QUIET)
            if len(self._heads) >= _MOST_HEADS:
                self._heads.clear()
            self._heads[key] = head
        return head

    def _row(self, lead: str, lead_tone: Tone, text: str, tone: Tone) -> None:
        self._output.say(self._output.painted(((lead, lead_tone),), text, tone))

    def _field(self, seen: Seen, width: int) -> str:
        known = self._lines.get(id(seen))
        if known is not None and known[0] is seen and known[1] == width:
            return known[2]
        lines = self._lines_of(seen, width)
        if len(self._lines) >= _MOST_LINES:
            self._lines.clear()
        if len(lines) <= MOST:
            self._lines[id(seen)] = seen, width, lines
        return lines

    def _lines_of(self, seen: Seen, width: int) -> str:
        painted = self._output.painted
        text = in_a_sentence(seen.text, MOST)
        path = (f"  {seen.path or _CONSTANT:<{width}}  ", Tone.PLAIN if seen.path else Tone.QUIET)
        if seen.problem:
            told = f"{text or '(empty)'}  is not {seen.problem}"
            return painted((path,), told, Tone.BAD)
        if not seen.path:
            return painted((path,), text, Tone.QUIET)
        meaning = in_a_sentence(seen.meaning, MOST)
        room = self._width - max(width, len(seen.path)) - _TEXT_WIDTH - 6
        if meaning and len(text) <= _TEXT_WIDTH and len(meaning) <= room:
            return painted((path, (f"{text or '(empty)':<{_TEXT_WIDTH}}  ", Tone.QUIET)), meaning)
        lines = painted((path,), text or "(empty)", Tone.QUIET)
        return lines + (painted(((" " * (width + 2) + "= ", Tone.QUIET),), meaning) if meaning else "")


def _told_versions(fitting: tuple[int, int] | None) -> str:
    if fitting is None:
        return "any server version"
    first, last = fitting
    return f"as at server version {first}" if first == last else f"as at server versions {first} to {last}"


def told_passed(passed: Passed) -> str:
    """Give in words what was passed over; nothing if nothing was."""
    parts: list[str] = []
    if passed.lines:
        values = f", {passed.separated} of them values with commas or the like" if passed.separated else ""
        parts.append(f"{counted(passed.lines, 'line')} without a frame{values}")
    if passed.of_bytes:
        parts.append(f"{counted(passed.of_bytes, 'byte')} between frames")
    if not parts:
        return ""
    size = passed.of_lines + passed.of_bytes
    share = f" ({size:,} of {passed.size:,} bytes)" if size <= passed.size else ""
    return f"passed over: {' and '.join(parts)}{share}"


# --- telling: counts ---------------------------------------------------------------------------------------------


class _Counts:
    """Counts the frames of each kind."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._counts: dict[str, list[int]] = {}
        self._by_shape: dict[object, tuple[list[int], bool]] = {}
        """The counter for what looks the same, and whether that was read."""
        self._size = 0

    def frame(self, pasted: Pasted, readings: Readings) -> bool:
        """Count *pasted*, and tell whether it is of a kind that is known."""
        shape = _shape_of(pasted)
        known = self._by_shape.get(shape) if shape is not None else None
        if known is None:
            reading = readings.best(pasted)
            title = reading.title if len(self._counts) < _MOST_KINDS else _OTHERS
            counter = self._counts.setdefault(title, [0])
            known = counter, reading.entry is not None or not reading.problem
            if len(self._by_shape) >= _MOST_SHAPES:
                self._by_shape.clear()
            if shape is not None:
                self._by_shape[shape] = known
        known[0][0] += 1
        return known[1]

    def end(self, passed: Passed) -> None:
        """Print the counts, the largest first."""
        counts = sorted(self._counts.items(), key=lambda item: (-item[1][0], item[0]))
        width = max([len(f"{counter[0]:,}") for _, counter in counts], default=0)
        for title, (count,) in counts:
            self._output.say(self._output.painted(((f"{count:>{width},}  ", Tone.PLAIN),), title, Tone.PLAIN))
        told = told_passed(passed)
        if told:
            self._output.row((), told, Tone.QUIET)


def _shape_of(pasted: Pasted) -> object:
    """Give what all frames of one kind have in common; None where each has to be read."""
    body = pasted.body
    if pasted.missing or pasted.problem or pasted.dashes:
        return None
    if body is None:
        if not pasted.fields:
            return None
        number, count = pasted.fields[0], len(pasted.fields)
        return None if number.isdecimal() and count == 2 and len(number) == 3 else (pasted.said_by, number, count)
    if body[:2] == b"\0\0":
        if len(body) < LONG:
            return None
        return pasted.said_by, body[:4], body.count(b"\0") if body[2:3] == b"\0" and body[3] <= 200 else 0
    end = body.find(b"\0")
    if end < 0 or end > 3:
        return None
    count = body.count(b"\0")
    return None if count == 2 and end == 3 else (pasted.said_by, body[:end], count)


# --- telling: masked ---------------------------------------------------------------------------------------------


class _Masked:
    """Writes each frame in a line, without what is nobody's business."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._mask = FrameMask()

    def frame(self, pasted: Pasted, readings: Readings) -> bool:
        """Write *pasted*, and tell whether all of it was read."""
        reading = readings.best(pasted)
        line = self._mask.line(pasted, reading)
        if line is None:
            line = "# here was something that cannot be read to its end, and is left out"
        self._output.say(f"{line}\n")
        return reading.is_whole

    def end(self, passed: Passed) -> None:
        """Tell how much was passed over."""
        told = told_passed(passed)
        if told:
            self._output.say(f"# {told}\n")
