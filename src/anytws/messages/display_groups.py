"""The coloured groups of windows in TWS: which contract a group shows, and showing another one there."""

from __future__ import annotations

from anytws.messages.base import Asks, Streams, ToClient, ToTws, message


@message
class DisplayGroupList(ToClient):
    """The groups of windows that TWS has."""

    request_id: int
    """The request that it answers, by its number."""
    groups: tuple[int, ...]
    """Their numbers, the one that is used most first."""


@message
class QueryDisplayGroupsRequest(Asks[DisplayGroupList]):
    """Ask which groups of windows TWS has: the answer is a `DisplayGroupList`."""

    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class DisplayGroupUpdated(ToClient):
    """What a group of windows shows: said at the start of a subscription, and whenever somebody picks another."""

    request_id: int
    """The id of the subscription."""
    contract_info: str
    """``none``, ``CONID@EXCHANGE`` such as ``265598@SMART``, or ``combo`` for any combination."""


@message
class SubscribeToGroupEventsRequest(Streams[DisplayGroupUpdated]):
    """Be told what a group of windows shows, by `DisplayGroupUpdated`."""

    group_id: int
    """One of `DisplayGroupList.groups`."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class UpdateDisplayGroupRequest(ToTws):
    """Have a group of windows show another contract: whoever sits at TWS sees it change."""

    contract_info: str
    """``none`` or ``CONID@EXCHANGE``, as in `DisplayGroupUpdated`."""
    request_id: int | None = None
    """That of the `SubscribeToGroupEventsRequest` whose group it is; None until that conversation says it."""


@message
class UnsubscribeFromGroupEventsRequest(ToTws):
    """End a subscription to a group of windows."""

    request_id: int
    """The id of the subscription."""
