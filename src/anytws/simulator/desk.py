"""What is set up around the orders of a TWS: what its windows show, its bulletins, an advisor's groups, some settings.

A tester is the person in front of it: `Desk.show`, `Desk.announce`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

import attrs

from anytws.messages.news import NewsBulletin, NewsBulletinType
from anytws.simulator.advisors import AdvisorGroup, is_advisor
from anytws.simulator.configuration import USUAL

if TYPE_CHECKING:
    from anytws.messages.config import ConfigResponse
    from anytws.simulator.settings import WorldSettings

WINDOWS: Final[tuple[int, ...]] = (1, 2, 3, 4, 5, 6, 7)
"""The groups of windows that there are."""

NOTHING_SHOWN: Final = "none"

MOST_BULLETINS: Final = 200
"""How many bulletins are kept; the oldest go first."""

DISPLAY_GROUP: Final = "display group"
"""The kind of a client's streams that tell what a group of windows shows."""
BULLETINS: Final = "news bulletins"
"""The kind of the stream of bulletins, of which a client has one, with the number 0."""

_DAY: Final = timedelta(days=1)


@attrs.frozen
class Announced:
    """A bulletin, and when it was given out."""

    at: datetime
    bulletin: NewsBulletin


class Touchable(Protocol):
    """A client, as far as a desk has to do with it."""

    def touch(self, *kinds: str) -> None:
        """Have its streams of *kinds* say what is new."""


class Room(Protocol):
    """The TWS, as far as a desk has to do with it."""

    settings: WorldSettings

    @property
    def listeners(self) -> Sequence[Touchable]:
        """The clients that are connected."""
        ...

    def utc(self) -> datetime:
        """Give the time."""
        ...


class Desk:
    """What is set up around the orders of the TWS of *world*."""

    def __init__(self, world: Room) -> None:
        self._world = world
        self._shown: dict[int, str] = dict.fromkeys(WINDOWS, NOTHING_SHOWN)
        self._bulletins: deque[Announced] = deque(maxlen=MOST_BULLETINS)
        self._groups: tuple[AdvisorGroup, ...] | None = None
        self._aliases: dict[str, str] = {}
        self.configuration: ConfigResponse = USUAL
        """What TWS says of its settings, as far as `WorldSettings` does not say it."""
        self.bulletins_given: int = 0
        """How many bulletins there were so far: the number of the newest."""

    # Windows

    def shown(self, group: int) -> str:
        """Give what the windows of *group* show: ``none``, ``265598@SMART`` or ``combo``. KeyError: no such group."""
        return self._shown[group]

    def show(self, group: int, contract_info: str) -> None:
        """Have the windows of *group* show another contract, as a person does or a client. KeyError: no such group."""
        if self._shown[group] != contract_info:
            self._shown[group] = contract_info
            self._tell(DISPLAY_GROUP)

    # Bulletins

    def announce(
        self, text: str, kind: NewsBulletinType = NewsBulletinType.REGULAR, exchange: str = ""
    ) -> NewsBulletin:
        """Give out a bulletin, to all who have subscribed to them, and give it."""
        self.bulletins_given += 1
        bulletin = NewsBulletin(self.bulletins_given, kind, text, exchange)
        self._bulletins.append(Announced(self._world.utc(), bulletin))
        self._tell(BULLETINS)
        return bulletin

    def bulletins_after(self, number: int) -> list[NewsBulletin]:
        """Give those bulletins whose number is above *number*, oldest first, as far as they are kept."""
        return [each.bulletin for each in self._bulletins if each.bulletin.news_message_id > number]

    def bulletins_of_today(self) -> list[NewsBulletin]:
        """Give the bulletins of the last 24 hours, oldest first (chosen: when a day of theirs begins is not known)."""
        since = self._world.utc() - _DAY
        return [each.bulletin for each in self._bulletins if each.at > since]

    # An advisor

    @property
    def is_advisor(self) -> bool:
        """Whether this is the TWS of an advisor."""
        return is_advisor(self._world.settings.accounts)

    @property
    def groups(self) -> tuple[AdvisorGroup, ...]:
        """The groups of accounts that hold now: those of the settings, until a client replaces them."""
        return self._world.settings.advisor_groups if self._groups is None else self._groups

    def group(self, name: str) -> AdvisorGroup | None:
        """Give the group with *name*; None: there is none."""
        return next((group for group in self.groups if group.name == name), None)

    def set_groups(self, groups: Iterable[AdvisorGroup]) -> None:
        """Put *groups* in the place of those that there are."""
        self._groups = tuple(groups)

    @property
    def aliases(self) -> dict[str, str]:
        """The name of each account: its number, until a client gives it another."""
        return {account: self._aliases.get(account, account) for account in self._world.settings.accounts}

    def set_aliases(self, aliases: Mapping[str, str]) -> None:
        """Put *aliases*, names by account, in the place of those that there are."""
        self._aliases = dict(aliases)

    def _tell(self, kind: str) -> None:
        for listener in self._world.listeners:
            listener.touch(kind)
