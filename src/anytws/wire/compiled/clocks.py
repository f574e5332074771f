"""Times of long tables as TWS usually writes them: all in one form, which is read for a whole column at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, repeat
from operator import sub
from typing import Any, Final, TypeAlias

from anytws.messages.times import EPOCH_SECONDS
from anytws.wire.compiled.memo import Memo
from anytws.wire.kinds import SECONDS
from anytws.wire.times import TIME

# What each text of a column looks like when every digit is a zero, and its end is a NUL.
_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")
_DAY: Final = b"00000000\0"
_COUNT: Final = b"0000000000\0"
_WALL_CLOCK: Final = b"00000000  00:00:00\0"
_UTC: Final = b"00000000-00:00:00\0"
_IN_ZONE: Final = b"00000000 00:00:00 "
_DAY_LENGTH: Final = len("20240131")
_CLOCK_LENGTH: Final = len("20240131 10:30:00")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_OF_TEXTS: Final = datetime(1970, 1, 1, tzinfo=EPOCH_SECONDS)

Values: TypeAlias = Iterable[Any]


def _read_midnight(text: str) -> datetime:
    midnight: datetime = TIME.read_text(f"{text[:_DAY_LENGTH]} 00:00:00{text[_DAY_LENGTH:]}")
    if midnight.utcoffset() is None:
        return midnight
    try:
        next_one = midnight + timedelta(days=1)
    except OverflowError:
        raise ValueError(text) from None
    # On a day on which the clock is turned, what it shows says less: one time after the other has to be looked at.
    if len({time.replace(fold=fold).utcoffset() for time in (midnight, next_one) for fold in (0, 1)}) > 1:
        raise ValueError(text)
    return midnight


MIDNIGHTS: Final = Memo(_read_midnight)
"""By ``20240131 US/Eastern``. Raises `ValueError` for a day on which the clock of that zone is turned."""
STEPS: Final = Memo(lambda seconds: timedelta(seconds=seconds))
"""By seconds: bars follow each other in few of them."""


def read_times(texts: list[str]) -> Values:
    """Read *texts* as `TIME` does. Raises `ValueError` where that would."""
    joined = "\0".join([*texts, ""])
    form = f"{texts[0]}\0".encode().translate(_ZEROS) if texts else b""
    # Where all texts have the form of the first, each part of them is known by its place. ISO 8601 has an hour 24,
    # which Python takes from 3.14 on, and `TIME` does not.
    if not form or joined.encode().translate(_ZEROS) != form * len(texts) or " 24:" in joined or "-24:" in joined:
        return map(TIME.read_text, texts)
    if form in _FORMS:
        return _FORMS[form](texts, joined)
    # A zone whose name has digits is known by its form no more.
    if form.startswith(_IN_ZONE) and texts[0][_CLOCK_LENGTH:].encode() == form[_CLOCK_LENGTH:-1]:
        return _in_zone(texts)
    return map(TIME.read_text, texts)


def _days(texts: list[str], _joined: str) -> Values:
    return map(date.fromisoformat, texts)


def _wall_clocks(_texts: list[str], joined: str) -> Values:
    return map(datetime.fromisoformat, joined.replace("  ", " ").split("\0")[:-1])


def _in_utc(texts: list[str], _joined: str) -> Values:
    return _moved([*map(datetime.fromisoformat, texts)], UTC)


def _since_epoch(texts: list[str], _joined: str) -> Values:
    # Each is made of the one before it; whole numbers of ten digits are exact as floats, which are read more quickly.
    counts = [*map(float, texts)]
    steps = map(STEPS.__getitem__, map(sub, counts[1:], counts))
    return accumulate(steps, initial=_EPOCH_OF_TEXTS + timedelta(seconds=counts[0]))


_FORMS: Final[dict[bytes, Callable[[list[str], str], Values]]] = {
    _DAY: _days,
    _COUNT: _since_epoch,
    _WALL_CLOCK: _wall_clocks,
    _UTC: _in_utc,
}


def _in_zone(texts: list[str]) -> Values:
    zone, usual, special = texts[0][_CLOCK_LENGTH:], None, set[str]()
    days = [text[:_DAY_LENGTH] for text in texts]
    for day in {*days}:
        try:
            usual = MIDNIGHTS[day + zone]
        except ValueError:
            special.add(day)
    if usual is None:
        return map(TIME.read_text, texts)
    times = [*_moved([datetime.fromisoformat(text[:_CLOCK_LENGTH]) for text in texts], usual.tzinfo)]
    for place in [place for place, day in enumerate(days) if day in special] if special else ():
        times[place] = TIME.read_text(texts[place])
    return times


def _moved(walls: list[datetime], zone: Any) -> Values:
    """Give the times of which a clock in *zone* shows *walls*."""
    # What is added to a time changes what its clock shows, and asks its zone for nothing. To put the zone into each of
    # them takes fifteen times as long.
    first = walls[0]
    return map(first.replace(tzinfo=zone).__add__, map(sub, walls, repeat(first)))


def quick_second(text: str) -> datetime:
    """Read *text* as `SECONDS` does, which takes four times as long for a time of these centuries."""
    if len(text) + 1 == len(_COUNT) and text.isascii() and text.isdigit():
        return _EPOCH + timedelta(seconds=int(text))
    return SECONDS.read_text(text)  # type: ignore[no-any-return]  # a datetime, as the kind says


def quick_protobuf_second(count: int) -> datetime:
    """Read *count* as `SECONDS` does. What that refuses is too large: `OverflowError`."""
    return _EPOCH + timedelta(seconds=count)
