"""The table of `anytws watch`: as many columns, blocks side by side and pages as the terminal makes necessary."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import attrs
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from anytws.cli.mask import Mask
from anytws.cli.output import Tone, counted
from anytws.cli.quote_rows import Row
from anytws.errors import printable

PAGE_SECONDS: Final = 4.0
"""How long a page is shown, where there are several."""
_LONGEST_WORD: Final = 28
_GAP: Final = "   "
_FOOT: Final = 2
"""Lines below the rows: the count, and what TWS remarked last."""


class Column(NamedTuple):
    """One column."""

    name: str
    head: str
    width: int
    """0: as wide as the longest word."""


_SYMBOL: Final = Column("symbol", "", 0)
FULL: Final = (
    _SYMBOL,
    Column("bid_size", "size", 6),
    Column("bid", "bid", 9),
    Column("ask", "ask", 9),
    Column("ask_size", "size", 6),
    Column("last", "last", 9),
    Column("change", "change", 7),
    Column("volume", "volume", 9),
    Column("data", "data", 7),
)
_MEDIUM: Final = tuple(column for column in FULL if "size" not in column.name and column.name != "volume")
SMALL: Final = tuple(column for column in _MEDIUM if column.name not in ("last", "change"))
_LAYOUTS: Final = (FULL, _MEDIUM, SMALL)


@attrs.frozen
class Fit:
    """How the rows are laid out on a screen."""

    columns: tuple[Column, ...]
    word: int
    """How wide the words are."""
    blocks: int
    """How many stand side by side."""
    lines: int
    """Rows in each."""
    pages: int

    @property
    def width(self) -> int:
        """Of one block."""
        return _width(self.columns, self.word)

    @property
    def room(self) -> int:
        """Rows on a page."""
        return self.blocks * self.lines


def _width(columns: Sequence[Column], word: int) -> int:
    return sum([column.width or word for column in columns]) + len(columns) - 1


def word_width(rows: Sequence[Row]) -> int:
    """Give how wide the column of the words is."""
    return min(max([cell_len(printable(row.word)) for row in rows], default=1), _LONGEST_WORD)


def fit(rows: Sequence[Row], width: int, height: int) -> Fit:
    """Choose for a screen of *width* and *height*: all columns, if all rows have room with them; else fewer.

    What is narrow stands side by side. Where that is not enough either, there are pages.
    """
    word = word_width(rows)
    lines = max(1, height - 1 - _FOOT)
    chosen = Fit(SMALL, word, 1, lines, max(1, math.ceil(len(rows) / lines)))
    for columns in _LAYOUTS:
        block = _width(columns, word)
        blocks = max(1, (width + len(_GAP)) // (block + len(_GAP)))
        # No more of them than there are rows for.
        needed = min(blocks, max(1, math.ceil(len(rows) / lines)))
        pages = max(1, math.ceil(len(rows) / (needed * lines)))
        candidate = Fit(columns, word, needed, lines, pages)
        is_wide_enough = block <= width
        if is_wide_enough and (pages < chosen.pages or pages == 1):
            chosen = candidate
        if is_wide_enough and pages == 1:
            break
    return chosen


class Table:
    """Writes rows. Texts of TWS go through *mask*."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self.remark: str = ""
        """What TWS remarked last."""
        self.trouble: str = ""
        """What is wrong with its connection: it goes before the remark."""

    def page(self, rows: Sequence[Row], width: int, height: int, number: int, foot: str) -> Text:
        """Give the page *number* of *rows*, counted on and on, for a screen of *width* and *height*."""
        chosen = fit(rows, width, height)
        number %= chosen.pages
        shown = rows[number * chosen.room : (number + 1) * chosen.room]
        lines = self.block_lines(shown, chosen, width)
        if chosen.pages > 1:
            foot = f"page {number + 1} of {chosen.pages}, {foot}"
        refused = sum([row.problem is not None for row in rows])
        told = f", {refused} refused" if refused else ""
        lines.append(Text(_cut(f"{counted(len(rows), 'contract')}{told}; {foot}", width), style=Tone.QUIET.value))
        last, tone = (self.trouble, Tone.BAD) if self.trouble else (self.remark, Tone.WARNING)
        lines.append(Text(_cut(last, width), style=tone.value))
        return Text("\n").join(lines)

    def block_lines(self, rows: Sequence[Row], chosen: Fit, width: int) -> list[Text]:
        """Give *rows* side by side, with a head above each block."""
        blocks = [rows[start : start + chosen.lines] for start in range(0, len(rows), chosen.lines)] or [rows]
        lines = [_joined([self.head(chosen.columns, chosen.word)] * len(blocks), width)]
        for place in range(len(blocks[0])):
            cells = [self.line(block[place], chosen.columns, chosen.word) for block in blocks if place < len(block)]
            lines.append(_joined(cells, width))
        return lines

    def head(self, columns: Sequence[Column], word: int) -> Text:
        """Give the names of *columns*."""
        cells = [_cell(column.head, column.width or word, is_left=not column.width) for column in columns]
        return Text(" ".join(cells), style=Tone.TITLE.value)

    def whole(self, rows: Sequence[Row], width: int) -> list[Text]:
        """Give all *rows* one below the other, however many they are."""
        word = word_width(rows)
        columns = next((each for each in _LAYOUTS if _width(each, word) <= width), _LAYOUTS[-1])
        return [self.head(columns, word), *[self.line(row, columns, word) for row in rows]]

    def line(self, row: Row, columns: Sequence[Column] = FULL, word: int = 0) -> Text:
        """Give one row. A refusal takes the place of all columns but the first."""
        word = word or word_width([row])
        line = Text()
        line.append(_cell(printable(row.word), word, is_left=True), style=Tone.STATE.value)
        if row.problem is not None:
            rest = _width(columns, word) - word - 1
            line.append(" " + _cell(printable(row.refusal(self._mask)), rest, is_left=True), style=Tone.BAD.value)
            return line
        tone = Tone.PLAIN if row.is_fresh else Tone.WARNING
        for column in columns[1:]:
            cell = _cell(row.cell(column.name), column.width)
            line.append(" ")
            line.append(cell, style=tone.value if column.name == "data" else "")
        return line


def _cell(text: str, width: int, *, is_left: bool = False) -> str:
    """Give *text* in exactly *width* columns; what does not fit ends with a tilde: no number is to be taken wrongly."""
    text = _cut(text, width)
    blanks = " " * (width - cell_len(text))
    return text + blanks if is_left else blanks + text


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else f"{set_cell_size(text, max(0, width - 1))}~"


def _joined(cells: Sequence[Text], width: int) -> Text:
    line = Text(_GAP).join(cells)
    line.truncate(width)
    return line
