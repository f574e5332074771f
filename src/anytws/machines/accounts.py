"""What accounts are worth and hold, put together from the rows in which TWS says it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterator
from typing import Any, Final, Generic, TypeVar

from anytws.arrow import Records
from anytws.machines.figures import Figure, Figures, figure_of
from anytws.machines.pictures import Painter, Rows
from anytws.machines.records import Gap, InBand, Resumed
from anytws.messages.accounts import (
    AccountDataEnd,
    AccountSummary,
    AccountSummaryEnd,
    AccountUpdateMulti,
    AccountUpdateMultiEnd,
    AccountUpdateTime,
    AccountValue,
    PortfolioValue,
    Position,
    PositionEnd,
    PositionMulti,
    PositionMultiEnd,
)
from anytws.messages.base import record

_Held = TypeVar("_Held", bound=Position | PositionMulti | PortfolioValue)
_Row = TypeVar("_Row")
_Picture = TypeVar("_Picture")


@record
class Holdings(Generic[_Held]):
    """What one account holds, or several, all at one time."""

    held: tuple[_Held, ...]
    """The last word about each position that is open, in the order in which TWS said them first.

    A position whose size TWS does not say is among them.
    """
    changed: tuple[_Held, ...] = ()
    """Those that came since the `Holdings` before, the last word about each; of the first: all.

    One with a position of 0 has been closed, and is in ``held`` no more; the first may name what was closed today.
    """
    time: str = ""
    """When TWS last brought the account up to date, see `Figures.time`. Positions never say it."""
    notices: tuple[InBand, ...] = ()
    """What TWS remarked since the `Holdings` before."""
    gap: Gap | None = None
    """Under `keep_connected`: since when nothing comes, and why. While it is set, what is held is old: as it was when
    the gap began. None: as far as is known, changes come."""
    resumed: Resumed | None = None
    """Under `keep_connected`: in the first `Holdings` after a gap, what is over. TWS has said all anew: what was closed
    meanwhile is in ``held`` no more, and need not be in ``changed``."""

    def __iter__(self) -> Iterator[_Held]:
        return iter(self.held)

    def __len__(self) -> int:
        return len(self.held)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Give what is held as columns, in a capsule: ``polars.DataFrame(holdings)`` (`anytws.Records`)."""
        return self._records().__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        """Give the names and types of these columns in a capsule."""
        return self._records().__arrow_c_schema__()

    def _records(self) -> Records[_Held]:
        # Where a painter has made it, it knows of what an empty one is.
        return self.held if isinstance(self.held, Records) else Records(self.held)


def is_closed(row: Position | PositionMulti | PortfolioValue) -> bool:
    """Tell whether *row* says that a position is no more. A size that TWS does not say is none of 0."""
    return row.position is not None and not row.position


def _subject_of(row: Position | PositionMulti | PortfolioValue) -> Hashable:
    model = row.model_code if isinstance(row, PositionMulti) else ""
    return row.account, model, row.contract.contract_id or row.contract


class _AccountPainter(Painter[_Row, _Picture]):
    """Paints an account from its data, each picture when TWS says what time it is.

    That closes what it says together. It says a time after each position as well, so a larger change may come as
    several pictures; what comes in one read is one.

    Some versions of TWS were reported to leave the end of the first run out. Then it is known to be over when, behind
    the time that closes it, something comes that has been said before: with the next batch.
    """

    def __init__(self, rows: Rows[_Row]) -> None:
        super().__init__(rows)
        self._time = ""
        self._is_behind_position = False
        self._said: set[Hashable] = set()
        """What the first run has said so far; empty when it is over."""
        self._is_closed = False
        """Whether a time has come that is no position's own."""

    def hear(self, message: Any) -> None:
        """Take a message of the account's data."""
        if isinstance(message, AccountUpdateTime):
            self._hear_time(message)
        elif isinstance(message, AccountDataEnd):
            self._begin()
        elif isinstance(message, (AccountValue, PortfolioValue)):
            self._note(message)
            self._take(message)
        self._is_behind_position = isinstance(message, PortfolioValue)

    def _hear_time(self, message: AccountUpdateTime) -> None:
        # Behind a position it is that position's own, which may be hours old.
        is_of_all = not self._is_behind_position
        if is_of_all or not self._time:
            self._time = message.time_stamp
        self._is_closed |= is_of_all
        if self.is_whole:
            self.rows.settle()

    def _begin(self) -> None:
        self.is_whole = True
        self._said.clear()
        self.rows.settle()

    def _note(self, message: AccountValue | PortfolioValue) -> None:
        if self.is_whole:
            return
        subject: Hashable
        if isinstance(message, AccountValue):
            subject = message.account, message.key, message.currency
        else:
            subject = _subject_of(message)
        if subject in self._said and self._is_closed:
            self._begin()
        else:
            self._said.add(subject)

    def begin_again(self) -> None:
        """Note that TWS says all anew."""
        super().begin_again()
        self._said.clear()
        self._is_closed = self._is_behind_position = False

    @abstractmethod
    def _take(self, message: Any) -> None:
        """Take a message, if it is one of those that are painted."""


class ValuesPainter(_AccountPainter[Figure, Figures]):
    """Paints the figures of an account."""

    def __init__(self) -> None:
        super().__init__(Rows(Figure))

    def _take(self, message: Any) -> None:
        if isinstance(message, AccountValue):
            figure = figure_of(message)
            self.rows.put(_figure_subject(figure), figure)

    def paint(self, notices: tuple[InBand, ...] = ()) -> Figures:
        """Give the figures."""
        return Figures(self.rows.rows, self.rows.changed, self._time, notices)


class PortfolioPainter(_AccountPainter[PortfolioValue, Holdings[PortfolioValue]]):
    """Paints the positions of an account, with what they are worth."""

    def __init__(self) -> None:
        super().__init__(Rows(PortfolioValue, is_closed))

    def _take(self, message: Any) -> None:
        if isinstance(message, PortfolioValue):
            self.rows.put(_subject_of(message), message)

    def paint(self, notices: tuple[InBand, ...] = ()) -> Holdings[PortfolioValue]:
        """Give the positions."""
        return Holdings(self.rows.rows, self.rows.changed, self._time, notices)


def _figure_subject(figure: Figure) -> Hashable:
    return figure.account, figure.model, figure.name, figure.scope, figure.currency


class FiguresPainter(Painter[Figure, Figures]):
    """Paints the figures of a summary, or of one account or model: each read that brings some is a picture."""

    def __init__(self, group: str | None = None) -> None:
        super().__init__(Rows(Figure))
        self._group = group

    def hear(self, message: Any) -> None:
        """Take a figure, or the end of the first run. Whatever comes twice counts once."""
        if isinstance(message, (AccountSummary, AccountUpdateMulti)):
            figure = figure_of(message, self._group)
            self.rows.put(_figure_subject(figure), figure)
        elif isinstance(message, (AccountSummaryEnd, AccountUpdateMultiEnd)):
            self.is_whole = True

    def end_read(self) -> None:
        """Believe what has come."""
        self.rows.settle()

    def paint(self, notices: tuple[InBand, ...] = ()) -> Figures:
        """Give the figures."""
        return Figures(self.rows.rows, self.rows.changed, notices=notices)


_Place = TypeVar("_Place", bound=Position | PositionMulti)


class PositionsPainter(Painter[_Place, Holdings[_Place]]):
    """Paints positions: each read that brings some is a picture."""

    def __init__(self, kind: type[_Place]) -> None:
        super().__init__(Rows(kind, is_closed))
        self._kind: Final[type[_Place]] = kind

    def hear(self, message: Any) -> None:
        """Take a position, or the end of the first run."""
        if isinstance(message, self._kind):
            self.rows.put(_subject_of(message), message)
        elif isinstance(message, (PositionEnd, PositionMultiEnd)):
            self.is_whole = True

    def end_read(self) -> None:
        """Believe what has come."""
        self.rows.settle()

    def paint(self, notices: tuple[InBand, ...] = ()) -> Holdings[_Place]:
        """Give the positions."""
        return Holdings(self.rows.rows, self.rows.changed, notices=notices)
