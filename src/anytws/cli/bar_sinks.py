"""Where downloaded bars go: on a terminal, into a pipe, into a file."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from anyio.lowlevel import checkpoint

from anytws.cli.bar_files import WRITERS, Kind, put_into_place
from anytws.cli.bar_part import SUFFIX, Part, PartError
from anytws.cli.bar_plot import MOST_CURVES, Curve, draw
from anytws.cli.bar_rows import columns_of, plain
from anytws.cli.downloading import Sink, Wanted, bars_in
from anytws.cli.output import Output, Tone, counted, open_console
from anytws.errors import printable
from anytws.machines.download import Bars, NoData


class CurveSink(Sink):
    """Draws a curve of each contract when all are there."""

    def __init__(self, output: Output, wanted: Wanted, begin: datetime, end: datetime) -> None:
        super().__init__(begin, end)
        self._output = output
        self._wanted = wanted
        self._curves: dict[str, Curve] = {each.word: Curve(printable(each.word)) for each in wanted.named}

    def take(self, word: str, chunk: Bars | NoData) -> None:
        """Keep what a curve is made of."""
        self._curves[word].take(bars_in(chunk))

    async def finish(self, whole: Sequence[str], cut: Sequence[str]) -> None:  # noqa: ARG002 (not all of it can be drawn)
        """Draw them."""
        wanted = self._wanted
        what = f"of {wanted.bar_size.value}, {printable(wanted.what_to_show.value)}"
        for word in whole:
            draw(
                self._output, self._curves[word], what,
                has_curve=len(whole) <= MOST_CURVES, is_daily=wanted.is_daily,
            )  # fmt: skip


class CsvSink(Sink):
    """Writes lines of CSV, as they come."""

    def __init__(self, output: Output, wanted: Wanted, begin: datetime, end: datetime) -> None:
        super().__init__(begin, end)
        self._output = output
        self._is_daily = wanted.is_daily
        self._has_head = False

    def take(self, word: str, chunk: Bars | NoData) -> None:
        """Write them."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        self._head(writer)
        writer.writerows([[word, *plain(bar, is_daily=self._is_daily)] for bar in bars_in(chunk)])
        self._write(text.getvalue())

    def _head(self, writer: Any) -> None:  # noqa: ANN401 (its class has no public name)
        if not self._has_head:
            self._has_head = True
            writer.writerow(columns_of(is_daily=self._is_daily))

    def _write(self, text: str) -> None:
        if text:
            self._output.raw(text.removesuffix("\n"))

    async def finish(self, whole: Sequence[str], cut: Sequence[str]) -> None:  # noqa: ARG002 (all is written)
        """Write the names of the columns, if there was no bar."""
        text = io.StringIO()
        self._head(csv.writer(text, lineterminator="\n"))
        self._write(text.getvalue())


class JsonSink(Sink):
    """Writes an object a line, as they come."""

    def __init__(self, output: Output, wanted: Wanted, begin: datetime, end: datetime) -> None:
        super().__init__(begin, end)
        self._output = output
        self._is_daily = wanted.is_daily

    def take(self, word: str, chunk: Bars | NoData) -> None:
        """Write them."""
        columns = columns_of(is_daily=self._is_daily)
        rows = [[word, *plain(bar, is_daily=self._is_daily)] for bar in bars_in(chunk)]
        lines = [json.dumps(dict(zip(columns, row, strict=True))) for row in rows]
        if lines:
            self._output.raw("\n".join(lines))


class FileSink(Sink):
    """Gathers them in a part file, and makes the file of it when all are there."""

    def __init__(self, path: Path, part: Part, wanted: Wanted, output: Output) -> None:
        super().__init__(part.begin, part.end)
        self._path: Final = path
        self._part: Final = part
        self._is_daily = wanted.is_daily
        self._output = output

    @classmethod
    def at(cls, path: Path, wanted: Wanted, begin: datetime, end: datetime, *, resume: bool) -> FileSink:
        """Begin a part file for *path*, or go on with it. Raises `OSError` and `PartError`."""
        place = path.with_name(path.name + SUFFIX)
        if path.is_dir():
            raise PartError(f"{printable(str(path))} is a directory")
        is_daily = wanted.is_daily
        if resume and place.exists():
            part = Part.resumed(place, wanted.asked(), is_daily=is_daily)
        else:
            try:
                part = Part.begun(place, wanted.asked(), begin, end, is_daily=is_daily)
            except FileExistsError:
                raise PartError(
                    f"{printable(str(place))} is there, of a download that was cut short: --resume goes on with it, "
                    "and without that file it begins anew"
                ) from None
        return cls(path, part, wanted, Output(open_console(stderr=True)))

    def had(self, word: str) -> list[tuple[datetime, datetime]]:
        """Give the windows that an earlier command had."""
        return self._part.windows(word)

    def take(self, word: str, chunk: Bars | NoData) -> None:
        """Gather them."""
        self._part.take(word, chunk.window, bars_in(chunk))

    async def finish(self, whole: Sequence[str], cut: Sequence[str]) -> None:
        """Make the file, unless something of it is missing that another try may bring."""
        part, path = self._part, self._path
        missing = [word for word in cut if part.windows(word)]
        if missing:
            self.keep()
            return
        if not whole:
            part.remove()
            return
        kind = Kind(self._is_daily, part.volume_places, part.average_places)
        write = WRITERS[path.suffix.lower()]
        with put_into_place(path) as draft, contextlib.closing(write(draft, part.rows(whole), kind)) as steps:
            for _ in steps:
                # What is large takes minutes, in which somebody may change their mind.
                await checkpoint()
        bars = part.bars
        part.remove()
        told = f"{counted(bars, 'bar')} of {counted(len(whole), 'contract')}"
        self._output.row((), f"{printable(str(path))}: {told}", Tone.GOOD)

    def keep(self) -> None:
        """Leave what has come where it is, and say so."""
        part = self._part
        if not part.count():
            part.remove()
            return
        part.close()
        kept = f"{counted(part.bars, 'bar')} in {counted(part.count(), 'window')}"
        text = (
            f"It is not whole. {kept} are kept in {printable(str(part.path))}: the same command with --resume goes on"
        )
        self._output.row((), text, Tone.WARNING)
