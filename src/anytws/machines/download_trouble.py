"""What goes wrong with a window of a download: what is no trouble, what passes by, and what stays as it is.

The vendor has one code, 162, for nearly all of it, so the text decides (facts: recordings, the vendor's pages, reports
of other clients). What no row here knows is not asked again: to hide a failure for minutes is worse than to tell one
that might have passed.
"""

from __future__ import annotations

from typing import Final

import attrs

from anytws.core.arguments import check_seconds, check_whole_number
from anytws.errors import RequestFailed, RequestTimedOut
from anytws.machines.no_data import HISTORICAL_SERVICE, no_data_text

NO_CONTRACT: Final = 200
LINK_LOST: Final = 1100
_LEAST_PAUSE: Final = 15.0
"""Seconds: TWS takes the same request for a violation of its pacing sooner."""

_BEFORE_ALL: Final = "Starting time must occur before ending time"
"""What TWS says where the end is before its first data. Asked for one stretch of time that is a mistake, so
`anytws.machines.no_data` does not have it; in a download, which begins when its caller guessed, it says all there is to
say of that window."""
_PASSING: Final = (
    # Text of 162 → why, and whether all windows wait for it, or this one alone.
    ("pacing violation", "TWS said that history was asked too fast", True),
    ("simultaneous API historical data requests", "TWS had no place for one more query", True),
    ("HMDS connection attempt failed", "the historical data farm could not be reached", True),
    # Before the next one, which it is a part of.
    ("API historical data query cancelled", "", False),
    ("query cancelled", "the historical data farm gave the query up", True),
)


@attrs.frozen(kw_only=True)
class Retries:
    """How often, and after how long, a window is asked again whose trouble may pass."""

    most: int = 5
    """How often one window is asked again that TWS has refused. After that its failure is told. 0: never."""
    most_unanswered: int = 2
    """How often one window is asked again that TWS has not answered in time."""
    pause: float = 20.0
    """Seconds before the first time, at least 15; before each further one twice as many."""
    longest_pause: float = 300.0
    """Seconds that no pause is longer than."""
    link_wait: float = 3600.0
    """Seconds for which nothing is asked while TWS has no link to the vendor, as in its nightly reset. What had been
    asked then does not count. After that it is asked all the same."""

    def __attrs_post_init__(self) -> None:
        check_whole_number("most", self.most, at_least=0, example=5)
        check_whole_number("most_unanswered", self.most_unanswered, at_least=0, example=2)
        check_seconds("pause", self.pause, example=20)
        check_seconds("longest_pause", self.longest_pause, example=300)
        check_seconds("link_wait", self.link_wait, example=3600)
        if self.pause < _LEAST_PAUSE:
            raise ValueError(f"pause is {self.pause:g}, and has to be at least {_LEAST_PAUSE:g} s: TWS takes the same")

    def pause_before(self, time: int) -> float:
        """Give the seconds before the window is asked again for the *time*-th time, which is 1 at first."""
        # No power of a large number: it would have more digits than a float.
        return max(self.pause, min(self.pause * float(1 << min(time - 1, 60)), self.longest_pause))


STANDARD_RETRIES: Final = Retries()
"""Five times, after 20, 40, 80, 160 and 300 seconds: 60 requests in ten minutes is a rule of TWS, so that a violation
of it, by whomever, can last as long. What is not answered is asked twice more."""


@attrs.frozen
class Passing:
    """Trouble that may pass."""

    why: str
    """In words."""
    is_of_all: bool
    """Whether it would be the same for any other window: then all of them wait."""


def nothing_there(error: Exception) -> str | None:
    """Give what TWS said where *error* means that nothing is stored for that time; None where it means trouble."""
    if not isinstance(error, RequestFailed):
        return None
    if error.code == HISTORICAL_SERVICE and _BEFORE_ALL in error.message:
        return error.message
    return no_data_text(error)


def passing(error: Exception) -> Passing | None:
    """Give why *error* may pass; None where to ask again would give the same."""
    if isinstance(error, RequestTimedOut):
        return Passing("TWS did not answer in time", is_of_all=False)
    if not isinstance(error, RequestFailed):
        return None
    if error.code == LINK_LOST:
        return Passing("TWS had lost its link to the vendor", is_of_all=True)
    if error.code == NO_CONTRACT and error.link_was_down:
        return Passing("TWS knew no contract, just after it had lost a link", is_of_all=True)
    if error.code == HISTORICAL_SERVICE:
        said = error.message.casefold()
        why, is_of_all = next(((why, all_) for text, why, all_ in _PASSING if text.casefold() in said), ("", False))
        return Passing(why, is_of_all) if why else None
    return None
