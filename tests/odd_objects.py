"""Values that are not what they seem: subclasses that say something else of themselves, objects that cannot be asked.

Their texts are always the same, so that two errors about them can be compared.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from importlib.resources import files
from typing import Any, Final
from zoneinfo import ZoneInfo


class MyInt(int):
    """As the numbers of other libraries are."""


class MyFloat(float):
    """The same."""


class MyStr(str):
    __slots__ = ()


class MyDecimal(Decimal):
    """The same."""


class MyTuple(tuple[Any, ...]):
    __slots__ = ()


class MyDatetime(datetime):
    """The same."""


class MyDate(date):
    """The same."""


class SlyInt(int):
    """Says of itself that it is 7."""

    def __int__(self) -> int:
        return 7

    __index__ = __int__

    def __str__(self) -> str:
        return "7"

    __repr__ = __str__

    def __format__(self, _: str) -> str:
        return "7"


class SlyFloat(float):
    """Says of itself that it is 7.5."""

    def __float__(self) -> float:
        return 7.5

    def __str__(self) -> str:
        return "7.5"

    __repr__ = __str__

    def __format__(self, _: str) -> str:
        return "7.5"


class SlyDecimal(Decimal):
    """Says of itself that it is 7.50."""

    def __str__(self, *_: Any) -> str:
        return "7.50"

    __repr__ = __str__

    def __format__(self, *_: Any) -> str:
        return "7.50"


class SlyStr(str):
    """Says of itself that it is the word "sly"."""

    __slots__ = ()

    def __str__(self) -> str:
        return "sly"

    def __format__(self, _: str) -> str:
        return "sly"


class SlyTuple(tuple[Any, ...]):
    """Says that it has an item more than it has."""

    __slots__ = ()

    def __len__(self) -> int:
        return super().__len__() + 1


class SlyDatetime(datetime):
    """Says of itself that it is half an hour from UTC."""

    def utcoffset(self) -> timedelta:
        return timedelta(minutes=30)


class Unasked:
    """Something that is no value of any field."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class EqualToAll(Unasked):
    """Equal to whatever it is compared with, and found in every set."""

    def __init__(self, like: object = None) -> None:
        self._hash = hash(like)

    def __eq__(self, _: object) -> bool:
        return True

    def __hash__(self) -> int:
        return self._hash


class EqualToNone(Unasked):
    """Equal to nothing, not even to itself."""

    def __eq__(self, _: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 1


class Refuses(Exception):
    """What the next ones raise: no exception that anybody expects."""


class NotCompared(Unasked):
    def __eq__(self, _: object) -> bool:
        raise Refuses("not compared")

    def __hash__(self) -> int:
        return 1


class NotHashed(Unasked):
    def __hash__(self) -> int:
        raise Refuses("not hashed")


class NotTrueNorFalse(Unasked):
    def __bool__(self) -> bool:
        raise Refuses("neither true nor false")


class AnswerNotTrueNorFalse(Unasked):
    """As an array is: a comparison with it is one more thing that is neither true nor false."""

    def __eq__(self, _: object) -> Any:
        return NotTrueNorFalse()

    def __ne__(self, _: object) -> Any:
        return NotTrueNorFalse()

    def __hash__(self) -> int:
        return 1


class NotShown:
    def __repr__(self) -> str:
        raise Refuses("not shown")


class Endless(Unasked):
    """Has every attribute that it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self


class Claiming:
    """Says that it is of another class, as a mock does."""

    def __init__(self, cls: type[Any], text: str = "12") -> None:
        self._cls, self._text = cls, text

    # What `isinstance` asks, and what a quick look at the class sees.
    @property
    def __class__(self) -> Any:
        return self._cls

    def __str__(self) -> str:
        return self._text

    __repr__ = __str__


class KeyedZone(tzinfo):
    """A zone with a name where a `ZoneInfo` has it."""

    def __init__(self, key: Any, offset: timedelta | None = None) -> None:
        self.key, self._offset = key, offset

    def utcoffset(self, dt: datetime | None, /) -> timedelta | None:
        return self._offset

    def dst(self, dt: datetime | None, /) -> timedelta:
        return timedelta(0)

    def __repr__(self) -> str:
        return f"KeyedZone({self.key!r})"


class FailingZone(tzinfo):
    def utcoffset(self, dt: datetime | None, /) -> timedelta | None:
        raise Refuses("no offset")

    def __repr__(self) -> str:
        return "FailingZone()"


def _keyless(*names: str) -> ZoneInfo:
    folder, name = ".".join(("tzdata", "zoneinfo", *names[:-1])), names[-1]
    with files(folder).joinpath(name).open("rb") as file:
        return ZoneInfo.from_file(file)


KEYLESS: Final = _keyless("America", "New_York")
"""A zone without a name."""
KEYLESS_UTC: Final = _keyless("Etc", "UTC")
