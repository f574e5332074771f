"""What the simulated TWS answers: one table, keyed by the class of the request.

An answer is a function of the link and the request that gives what TWS says, in order. To simulate another request,
write its function and its line in `ANSWERS`; to have a TWS of your own for a test, give `World` another table::

    World(answers={**ANSWERS, CurrentTimeRequest: Answer(lambda link, request: ())})     # never tells the time
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

import attrs

from anytws.messages.base import ToClient, ToTws
from anytws.messages.session import (
    CurrentTime,
    CurrentTimeInMillis,
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    IdsRequest,
    ManagedAccounts,
    ManagedAccountsRequest,
    NextValidId,
    SetServerLogLevelRequest,
)
from anytws.simulator.settings import FarmKind

if TYPE_CHECKING:
    from anytws.simulator.link import Link

_Request = TypeVar("_Request", bound=ToTws)


@attrs.frozen
class Answer(Generic[_Request]):
    """How one kind of request is answered."""

    reply: Callable[[Link, _Request], Iterable[ToClient]]
    """Gives what TWS says. What it raises, or gives that cannot be said, ends the connection: see `Link.failure`."""
    farm: FarmKind | None = None
    """The farm that the answer comes from. A Gateway connects it and gives its notice before the first such answer."""


Answers: TypeAlias = Mapping[type[ToTws], Answer[Any]]
"""The shape of the table."""


def tell_time(link: Link, _: CurrentTimeRequest) -> Iterable[ToClient]:
    """Give the clock, in whole seconds."""
    yield CurrentTime(link.world.utc().replace(microsecond=0))


def tell_time_in_millis(link: Link, _: CurrentTimeInMillisRequest) -> Iterable[ToClient]:
    """Give the clock, in whole milliseconds."""
    time = link.world.utc()
    yield CurrentTimeInMillis(time.replace(microsecond=time.microsecond // 1000 * 1000))


def tell_accounts(link: Link, _: ManagedAccountsRequest) -> Iterable[ToClient]:
    """Give the accounts again."""
    yield ManagedAccounts(link.world.settings.accounts)


def tell_next_valid_id(link: Link, _: IdsRequest) -> Iterable[ToClient]:
    """Give the next valid id again. How many ids were asked for makes no difference, as with the real one."""
    yield NextValidId(link.world.next_valid_id(link.client_id))


def set_log_level(link: Link, request: SetServerLogLevelRequest) -> Iterable[ToClient]:
    """Note the level. TWS says nothing to it."""
    link.log_level = request.log_level
    return ()


ANSWERS: Final[Answers] = {
    CurrentTimeRequest: Answer(tell_time),
    CurrentTimeInMillisRequest: Answer(tell_time_in_millis),
    ManagedAccountsRequest: Answer(tell_accounts),
    IdsRequest: Answer(tell_next_valid_id),
    SetServerLogLevelRequest: Answer(set_log_level),
}
"""Every request that the simulator answers."""
