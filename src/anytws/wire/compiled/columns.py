"""What reads a value, or a whole column of values, as a strict parser does: the memo of it, or better."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeAlias

from anytws.wire.compiled.bet import Read
from anytws.wire.compiled.clocks import CLOCKS, MIDNIGHTS, quick_time
from anytws.wire.compiled.memo import Memo
from anytws.wire.compiled.plain_numbers import PLAIN, PLAIN_NUMBERS, AreUsual, NumberMemo, PlainNumber, parts_of
from anytws.wire.times import TIME


@cache
def memo_of(read: Read, scalar: str = "string") -> Memo:
    """Give the one memo of the strict parser *read*, for values of one *scalar* type: 1 and True are the same key."""
    number = PLAIN_NUMBERS.get(parts_of(read)[0]) if scalar == "string" else None
    if number is not None:
        return NumberMemo(read, number)
    return Memo(quick_time if read is TIME.read_text else read)


Values: TypeAlias = Iterable[Any]
ReadColumn: TypeAlias = Callable[[list[str]], Values]


def column_of(read: Read) -> ReadColumn | None:
    """Give what reads a whole column of texts as the strict *read* does; None where a memo is as good."""
    if read is TIME.read_text:
        return _times
    number = PLAIN_NUMBERS.get(parts_of(read)[0])
    return None if number is None or number.are_usual is None else _number_column(read, number, number.are_usual)


def _times(texts: list[str]) -> Values:
    values: list[Any] = []
    day, zone, midnight = "", "", None
    try:
        for text in texts:
            # Most are of the day of the one before.
            if text[:9] != day or text[17:] != zone:
                day, zone = text[:9], text[17:]
                midnight = MIDNIGHTS[day + zone]
            values.append(midnight + CLOCKS[text[9:17]])
    except ValueError:  # Days, or seconds since the epoch.
        return map(quick_time, texts)
    return values


def _number_column(read: Read, number: PlainNumber, are_usual: AreUsual) -> ReadColumn:
    _, unset, is_unset = parts_of(read)
    parse = number.parse
    remembered = memo_of(read).__getitem__
    none_is_negative = is_unset is None and all(value < 0 for value in unset - number.sentinels)

    def column(texts: list[str]) -> Values:
        joined = "".join(texts)
        # Digits, points and minus signs only: Python's own parsers read that as the strict ones do, or refuse it.
        if not joined.isascii() or joined.encode().translate(None, PLAIN):
            return map(remembered, texts)
        try:
            values = [*map(parse, texts)]
        except (ValueError, ArithmeticError):  # An empty one, say.
            return map(remembered, texts)
        if not are_usual(texts, values):
            return map(remembered, texts)
        if none_is_negative and "-" not in joined:
            return values
        return [None if value in unset or (is_unset is not None and is_unset(value)) else value for value in values]

    return column
