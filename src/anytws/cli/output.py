"""How the verbs speak: in colour to a terminal, in plain text to everything else, and to both in lines that fit.

No boxes and no cursor movements, so that what a person saw can be copied, logged and searched as it is. Colours follow
``NO_COLOR`` and ``FORCE_COLOR``. Whatever came over the wire is made printable first: an escape code in a text of
TWS, or of what pretends to be one, is not for the reader's terminal.
"""

from __future__ import annotations

import contextlib
import io
import sys
from enum import Enum, unique
from typing import Final

import anyio
from rich.console import Console
from rich.text import Text

from anytws.errors import in_a_sentence, printable

MAX_WIDTH: Final = 100
"""Columns after which prose is wrapped even where there are more: long lines are hard to follow."""
_MIN_TEXT: Final = 20
MAX_TEXT: Final = 20_000
"""Characters after which a text is cut, whoever wrote it: nobody reads on, and to wrap 16 MB takes ten seconds."""


@unique
class Tone(Enum):
    """What a piece of text is, and with it how it looks."""

    PLAIN = ""
    TITLE = "bold"
    STATE = "bold cyan"
    GOOD = "green"
    WARNING = "yellow"
    BAD = "bold red"
    QUIET = "dim"


class _HonestConsole(Console):
    """A console that lets a `BrokenPipeError` out, as everything else does that writes."""

    def on_broken_pipe(self) -> None:
        # Rich would raise SystemExit here: in a task that means a traceback, and not the quiet end it has in mind.
        # What is said on the way out goes nowhere.
        self.quiet = True
        raise BrokenPipeError


class Output:
    """Where the lines of a verb go."""

    def __init__(self, console: Console) -> None:
        self.console: Final = console
        encoding = console.encoding.lower().replace("-", "")
        self.micro: Final = "µs" if encoding.startswith("utf") else "us"
        """Microseconds."""
        self._is_elastic = console.is_terminal
        self._width: int | None = None
        self._colours: dict[Tone, tuple[str, str]] = {}

    @property
    def is_terminal(self) -> bool:
        """Whether a person is looking."""
        return self.console.is_terminal

    def title(self, text: str, tone: Tone = Tone.TITLE) -> None:
        """Say *text* as a line of its own, after an empty one."""
        self.blank()
        self.row((), text, tone)

    def fact(self, label: str, text: str, tone: Tone = Tone.PLAIN, *, width: int = 16) -> None:
        """Say *text* beside its *label*, which takes *width* columns."""
        self.row((("  ", Tone.PLAIN), (f"{label:<{width}}  ", Tone.QUIET)), text, tone)

    def row(self, lead: tuple[tuple[str, Tone], ...], text: str, tone: Tone = Tone.PLAIN, *, wrap: bool = True) -> None:
        """Say *text* after *lead*; where it does not fit into one line, the next ones begin where it began.

        It is made printable, and cut at `MAX_TEXT`.
        """
        self.say(self.painted(lead, text, tone, wrap=wrap))
        self.flush()

    def painted(
        self, lead: tuple[tuple[str, Tone], ...], text: str, tone: Tone = Tone.PLAIN, *, wrap: bool = True
    ) -> str:
        """Give the lines that `row` says, with their colours: who says the same again need not put them together."""
        head = "".join([part for part, _ in lead])
        if self._is_plain(head + text):
            # Nothing to be escaped, measured or wrapped: that is nearly every line, and a hundred times as fast.
            pieces = [*lead, (text, tone)]
            while pieces and not pieces[-1][0].strip():
                pieces.pop()
            if pieces:
                pieces[-1] = (pieces[-1][0].rstrip(), pieces[-1][1])
            return "".join([self._coloured(piece, colour) for piece, colour in pieces]) + "\n"
        with self.console.capture() as captured:
            self._print(lead, text, tone, wrap=wrap)
        return captured.get()

    def _is_plain(self, line: str) -> bool:
        is_short = len(line) <= self.width and not self.console.legacy_windows
        return is_short and line.isascii() and line.isprintable()

    def _print(self, lead: tuple[tuple[str, Tone], ...], text: str, tone: Tone, *, wrap: bool) -> None:
        head = Text.assemble(*((printable(part), style.value) for part, style in lead))
        body = Text(in_a_sentence(text, MAX_TEXT), style=tone.value)
        if not wrap:
            self._put(head + body)
            return
        width = max(self.width - head.cell_len, _MIN_TEXT)
        for number, line in enumerate(body.wrap(self.console, width)):
            line.rstrip()
            self._put((head if number == 0 else Text(" " * head.cell_len)) + line)

    @property
    def width(self) -> int:
        """Columns that a line of prose may have."""
        if self._width is None or self._is_elastic:
            # To ask takes longer than to write a line, and only a terminal can change its size.
            self._width = min(self.console.width, MAX_WIDTH)
        return self._width

    def _coloured(self, text: str, tone: Tone) -> str:
        if tone not in self._colours:
            with self.console.capture() as captured:
                self.console.print(Text("-", style=tone.value), end="", soft_wrap=True)
            before, _, after = captured.get().partition("-")
            self._colours[tone] = before, after
        before, after = self._colours[tone]
        return f"{before}{text}{after}" if text else ""

    def say(self, text: str) -> None:
        """Write lines that `painted` gave. They may wait for `flush`."""
        if not self.console.quiet:
            self.console.file.write(text)

    def flush(self) -> None:
        """Have what was said so far be seen."""
        self.console.file.flush()

    def blank(self) -> None:
        """Leave a line empty."""
        self._put(Text())

    def raw(self, text: str) -> None:
        """Write *text* as it is, for machines."""
        self.console.file.write(text + "\n")
        self.console.file.flush()

    async def pause(self, seconds: float) -> None:
        """Let a person read; nothing else has to wait for it."""
        await anyio.sleep(seconds if self.is_terminal else 0)

    def _put(self, text: Text) -> None:
        text.rstrip()
        # Already wrapped: a second wrapping would break what is meant to stay in one line.
        self.console.print(text, soft_wrap=True)


def open_console(*, stderr: bool = False) -> Console:
    """Give the console of this process, for `Output` and for the help pages."""
    stream = sys.stderr if stderr else sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        # Zone names and messages of TWS come in any language, and the terminal may not have its letters.
        stream.reconfigure(errors="backslashreplace")
    return _HonestConsole(stderr=stderr, highlight=False, markup=False, emoji=False)


def is_watched(output: Output) -> bool:
    """Tell whether a person is looking at a screen on which things may move.

    Colours may be forced into a pipe, and then what is said is for a terminal; what moves there is for nobody.
    """
    # A stream of somebody's own may have no such method.
    is_terminal = getattr(output.console.file, "isatty", bool)()
    return output.console.is_interactive and bool(is_terminal)


def complain(problem: str, *advice: str) -> None:
    """Say on stderr, in one line each, what is wrong, and *advice*. Nothing happens if that cannot be said either."""
    output = Output(open_console(stderr=True))
    with contextlib.suppress(OSError):
        output.row((("anytws: ", Tone.BAD),), in_a_sentence(problem))
        for line in advice:
            output.row((("        ", Tone.PLAIN),), line, Tone.QUIET)


def counted(count: int, noun: str) -> str:
    """Give *count* and the regular *noun*: ``1 request``, ``2 requests``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def address(host: str, port: int) -> str:
    """Give *host* and *port* in one word, as browsers have it: an IPv6 address goes into brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
