"""When something is traded: sessions, holidays, half days, nights on which the clock is changed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import date

import attrs


@attrs.frozen
class Session:
    """One session of a market."""

    day: date
    """The trading day that it counts for: of an overnight session the day on which it ends."""
    begin: int
    """When it begins, in seconds since 1970."""
    end: int
    """When it is over, in seconds since 1970: the first second that is no longer in it."""


class Hours(ABC):
    """The sessions of a market, for every day that there was and will be."""

    zone: str
    """What TWS calls its zone, such as ``US/Eastern``."""

    @abstractmethod
    def of_day(self, day: date, *, liquid: bool) -> Sequence[Session]:
        """Give the sessions that count for trading day *day*: none on a holiday. Liquid: the regular ones alone."""

    @abstractmethod
    def between(self, begin: int, end: int, *, liquid: bool) -> Sequence[Session]:
        """Give the sessions that have a part in the seconds from *begin* up to *end*, oldest first."""

    @abstractmethod
    def at(self, second: int, *, liquid: bool) -> Session | None:
        """Give the session in which *second* lies; None: the market is closed then."""

    @abstractmethod
    def last_before(self, second: int, *, liquid: bool) -> Session | None:
        """Give the newest session that is over at *second*; None: there was none in 30 days."""

    @abstractmethod
    def next_after(self, second: int, *, liquid: bool) -> Session | None:
        """Give the first session that begins after *second*; None: there is none in 30 days."""

    @abstractmethod
    def text(self, today: date, *, liquid: bool, last_day: date | None) -> str:
        """Give the hours as contract details have them from *today* on, none after *last_day*."""
