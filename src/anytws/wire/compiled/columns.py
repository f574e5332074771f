"""What reads a value, or a whole column of values, as a strict parser does: the memo of it, or better."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final, TypeAlias

import attrs

from anytws.wire.compiled.bet import Read
from anytws.wire.compiled.clocks import Values, quick_protobuf_second, quick_second, read_times
from anytws.wire.compiled.memo import Memo
from anytws.wire.compiled.plain_numbers import PLAIN_NUMBERS, NumberMemo, are_plain, marks_of, parts_of
from anytws.wire.kinds import SECONDS
from anytws.wire.times import TIME

_QUICK: Final[dict[Read | None, Read]] = {
    SECONDS.read_text: quick_second,
    SECONDS.read_protobuf: quick_protobuf_second,
}
"""By strict readers, what does the same more quickly."""


@cache
def memo_of(read: Read, scalar: str = "string") -> Memo:
    """Give the one memo of the strict parser *read*, for values of one *scalar* type: 1 and True are the same key."""
    number = PLAIN_NUMBERS.get(parts_of(read)[0]) if scalar == "string" else None
    return Memo(_QUICK.get(read, read)) if number is None else NumberMemo(read, number)


ReadColumn: TypeAlias = Callable[[list[str]], Values]
"""The texts of a column to their values."""


@attrs.frozen(eq=False)
class NumberColumn:
    """Reads a column of numbers."""

    parse: Read
    remembered: Read
    """What is used instead for texts that are not plain, or have one of the marks."""
    marks: tuple[str, ...]

    def __call__(self, texts: list[str], plain: bool = False) -> Values:
        """Give the values of *texts*, of which it may be known that they are *plain*: see `are_plain`."""
        if not plain and not are_plain(texts):
            return map(self.remembered, texts)
        if self.marks:
            joined = "".join(texts)
            if any(mark in joined for mark in self.marks):
                return map(self.remembered, texts)
        try:
            return [*map(self.parse, texts)]
        except (ValueError, ArithmeticError):  # An empty one, say.
            return map(self.remembered, texts)


def column_of(read: Read) -> ReadColumn | None:
    """Give what reads a whole column of texts as the strict *read* does; None where a memo is as good."""
    if read is TIME.read_text:
        return read_times
    inner, unset, is_unset = parts_of(read)
    number = PLAIN_NUMBERS.get(inner)
    if number is None or not number.in_columns or is_unset is not None:
        return None
    marks = marks_of(unset | number.sentinels, number)
    return None if marks is None else NumberColumn(number.parse, memo_of(read).__getitem__, marks)
