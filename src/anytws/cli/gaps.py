"""What a person is told when the connection is lost, and when it is back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from anytws.machines.records import Gap, Resumed

if TYPE_CHECKING:
    from anytws import Presence, Tws
    from anytws.cli.mask import Mask


def troubles_of(tws: Tws) -> tuple[str, ...]:
    """Say what is wrong with the connection at this moment, from the socket outwards; nothing, if all is well."""
    presence = tws.presence.now
    return tws.health.now.troubles if presence.is_here else (away_text(presence),)


def away_text(presence: Presence) -> str:
    """Say that there is no connection, since when, and what is made of that."""
    since = "" if presence.gap is None else f" since {moment_text(presence.gap.since)}"
    return f"no connection{since}: {presence.why}" if presence.why else f"no connection{since}"


def gap_text(item: Gap | Resumed) -> str:
    """Say that nothing comes from here on, or that it goes on."""
    if isinstance(item, Gap):
        return f"nothing comes since {moment_text(item.since)}: {item.reason}"
    seconds = (item.until - item.gap.since).total_seconds()
    missing = f"; not all of what was missed could be had: {item.not_fetched}" if item.not_fetched else ""
    return f"goes on after {length_text(seconds)} without a word{missing}"


def gap_object(item: Gap | Resumed, mask: Mask) -> dict[str, Any]:
    """Give *item* as JSON has it."""
    gap = item if isinstance(item, Gap) else item.gap
    told: dict[str, Any] = {"since": gap.since.isoformat(), "reason": mask(gap.reason)}
    if isinstance(item, Gap):
        return {"gap": told}
    return {"resumed": {**told, "until": item.until.isoformat(), "not_fetched": mask(item.not_fetched)}}


def moment_text(moment: datetime) -> str:
    """Give when that was, by the clock on the wall of this machine, to the second."""
    return f"{moment.astimezone():%H:%M:%S}"


def length_text(seconds: float) -> str:
    """Give a length of time in words."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s" if seconds < _SHORT else f"{seconds:.0f} s"
    minutes = round(seconds / _MINUTE)
    return f"{minutes} min" if minutes < _MINUTE else f"{minutes // 60} h {minutes % 60} min"


_SHORT: Final = 10
_MINUTE: Final = 60


def now_text() -> str:
    """Give what time it is on the wall, to the millisecond."""
    local = datetime.now(UTC).astimezone()
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03}"
