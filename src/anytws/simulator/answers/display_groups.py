"""Answers about the groups of windows of TWS, which show one contract together."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from anytws.messages.base import ToClient
from anytws.messages.display_groups import (
    DisplayGroupList,
    DisplayGroupUpdated,
    QueryDisplayGroupsRequest,
    SubscribeToGroupEventsRequest,
    UnsubscribeFromGroupEventsRequest,
    UpdateDisplayGroupRequest,
)
from anytws.simulator.answers.answer import Answer, Answers, id_of
from anytws.simulator.answers.patient import PatientStream
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client
from anytws.simulator.complaints import not_done, not_valid
from anytws.simulator.desk import DISPLAY_GROUP, NOTHING_SHOWN, WINDOWS

if TYPE_CHECKING:
    from anytws.simulator.knowledge import Knowledge

_CONTRACT: Final = re.compile(r"[0-9]{1,10}(@[A-Z0-9.]{1,20})?")


class _Watch(PatientStream):
    """What a group of windows shows, as far as it was not told yet."""

    def __init__(self, world: Knowledge, request: SubscribeToGroupEventsRequest) -> None:
        super().__init__()
        self._world, self._id, self.group = world, id_of(request), request.group_id
        self._told = world.desk.shown(self.group)

    @property
    def due_at(self) -> float:
        return self._world.now if self._told != self._world.desk.shown(self.group) else math.inf

    def wake(self) -> Iterator[ToClient]:
        self._told = self._world.desk.shown(self.group)
        yield DisplayGroupUpdated(self._id, self._told)


def tell_groups(_: Client, request: QueryDisplayGroupsRequest) -> Iterable[ToClient]:
    """Give the groups that there are."""
    yield DisplayGroupList(id_of(request), WINDOWS)


def watch_group(client: Client, request: SubscribeToGroupEventsRequest) -> Iterable[ToClient]:
    """Give what a group shows, and from now on whenever it shows another contract."""
    world, key = client.world, (DISPLAY_GROUP, id_of(request))
    if key in client.streams:
        yield not_done(world, request, "Duplicate ticker id")
    elif request.group_id not in WINDOWS:
        yield not_valid(world, request, "Invalid display group id")
    else:
        client.streams[key] = _Watch(world, request)
        yield DisplayGroupUpdated(id_of(request), world.desk.shown(request.group_id))


def show(client: Client, request: UpdateDisplayGroupRequest) -> Iterable[ToClient]:
    """Have the group of a subscription show another contract: all who watch it are told, this client too."""
    watch = client.streams.get((DISPLAY_GROUP, id_of(request)))
    if not isinstance(watch, _Watch):
        yield not_valid(client.world, request, "Display group is not subscribed")
    elif request.contract_info != NOTHING_SHOWN and _CONTRACT.fullmatch(request.contract_info) is None:
        yield not_valid(client.world, request, "Invalid contract info")
    else:
        client.world.desk.show(watch.group, request.contract_info)


def stop_watching(client: Client, request: UnsubscribeFromGroupEventsRequest) -> Iterable[ToClient]:
    """End a subscription, without a word."""
    client.streams.pop((DISPLAY_GROUP, request.request_id), None)
    return ()


ANSWERS: Final[Answers] = {
    QueryDisplayGroupsRequest: Answer(tell_groups),
    SubscribeToGroupEventsRequest: Answer(watch_group),
    UpdateDisplayGroupRequest: Answer(show),
    UnsubscribeFromGroupEventsRequest: Answer(stop_watching),
}

CARDS: Final = (
    Card(
        "display_groups.list",
        "There are the groups 1 to 7, on TWS and on a Gateway.",
        Evidence.RECORDED,
        "the answer `1|2|3|4|5|6|7` of a Gateway",
        "The order of use, which the vendor speaks of, is not simulated.",
    ),
    Card(
        "display_groups.content",
        "A subscription is told at once what its group shows (`none` at first), then each change: by a person, another "
        "client or itself. The end of it is silent.",
        Evidence.DOCUMENTED,
        "the vendor's page; the first message and the silence are recorded",
        "A tester is the person: world.desk.show.",
    ),
    Card(
        "display_groups.refused",
        "An update without a subscription of its id, a group that there is not, or words that name no contract: 321.",
        Evidence.CHOSEN,
        "that a subscription is needed is documented; neither code nor text was seen",
    ),
)
