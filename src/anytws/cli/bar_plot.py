"""Bars as people look at them: a curve of closing prices in the terminal, and what there is to say in numbers."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final

import attrs

from anytws.cli.output import Output, Tone, counted
from anytws.cli.quote_rows import price_text
from anytws.machines.bars import Bar

MOST_CURVES: Final = 6
"""Contracts of which curves are drawn: nobody looks at more of them."""
_LABELS: Final = 24
"""Columns to the left and to the right of a curve."""
_HEIGHTS: Final = (6, 16)
_MOST_WIDTH: Final = 120


@attrs.define
class Curve:
    """The bars of one contract: what is kept of each is two numbers, so that there may be very many."""

    word: str
    times: array[float] = attrs.field(factory=lambda: array("d"), init=False)
    closes: array[float] = attrs.field(factory=lambda: array("d"), init=False)
    high: float = attrs.field(default=-math.inf, init=False)
    low: float = attrs.field(default=math.inf, init=False)
    first: float | None = attrs.field(default=None, init=False)
    """The first opening price."""

    def take(self, bars: Sequence[Bar]) -> None:
        """Add *bars*, which are later than those before."""
        for bar in bars:
            self.times.append(_seconds(bar.time))
            self.closes.append(bar.close)
            self.high, self.low = max(self.high, bar.high), min(self.low, bar.low)
        if self.first is None and bars:
            self.first = bars[0].open


def _seconds(moment: date) -> float:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), UTC)
    return moment.timestamp()


def draw(output: Output, curve: Curve, what: str, *, has_curve: bool, is_daily: bool) -> None:
    """Draw *curve*; *what* says of what its bars are."""
    output.title(f"{curve.word}: {counted(len(curve.closes), 'bar')} {what}")
    if not curve.closes or curve.first is None:
        output.row((), "TWS has no data for that time", Tone.WARNING)
        return
    if has_curve:
        # Each line as it is: to wrap it would tear the curve.
        for line in _lines(output, curve, is_daily=is_daily):
            output.raw(line)
    last = curve.closes[-1]
    change = f", {(last / curve.first - 1) * 100:+.2f} %" if curve.first else ""
    begin, end = (_label(seconds, is_daily=is_daily) for seconds in (curve.times[0], curve.times[-1]))
    output.fact("from, to", f"{begin}, {end}{'' if is_daily else ' UTC'}", width=11)
    output.fact("first, last", f"{price_text(curve.first)}, {price_text(last)}{change}", width=11)
    output.fact("low, high", f"{price_text(curve.low)}, {price_text(curve.high)}", width=11)


def _lines(output: Output, curve: Curve, *, is_daily: bool) -> list[str]:
    values = [(when, close) for when, close in zip(curve.times, curve.closes, strict=True) if math.isfinite(close)]
    if len(values) < 2 or not output.console.encoding.lower().startswith("utf"):
        # A point is no curve, and dots are letters that such a terminal does not have.
        return []
    # Not at the top: who asks for help, or writes a file, need not wait for it. And it has no types.
    import plotille  # type: ignore[import-untyped]  # noqa: PLC0415  # pyright: ignore[reportMissingTypeStubs]

    figure: Any = plotille.Figure()
    figure.width = max(20, min(output.console.width, _MOST_WIDTH) - _LABELS)
    figure.height = max(_HEIGHTS[0], min(_HEIGHTS[1], output.console.height - 10))
    figure.with_colors = output.console.color_system is not None
    figure.color_mode = "names"
    figure.register_label_formatter(datetime, _time_label(is_daily=is_daily))
    figure.register_label_formatter(float, _price_label)
    times = [datetime.fromtimestamp(when, UTC).replace(tzinfo=None) for when, _ in values]
    closes = [close for _, close in values]
    figure.set_x_limits(times[0], times[-1])
    if min(closes) < max(closes):
        figure.set_y_limits(min(closes), max(closes))
    figure.plot(times, closes, lc="cyan")
    # The names of the axes say nothing here: what is drawn stands above.
    return [line.rstrip().removesuffix("(X)").rstrip() for line in figure.show().splitlines()[1:]]


def _label(seconds: float, *, is_daily: bool) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):{'%Y-%m-%d' if is_daily else '%Y-%m-%d %H:%M'}}"


def _time_label(*, is_daily: bool) -> Any:  # noqa: ANN401 (as plotille calls it)
    def label(moment: datetime, chars: int, delta: object, left: bool = False) -> str:  # noqa: ARG001 (by name)
        text = f"{moment:%y-%m-%d}" if is_daily else f"{moment:%d %H:%M}"
        return text.ljust(chars) if left else text.rjust(chars)

    return label


def _price_label(price: float, chars: int, delta: object, left: bool = False) -> str:  # noqa: ARG001 (by name)
    text = f"{price:.6g}"[:chars]
    return text.ljust(chars) if left else text.rjust(chars)
