"""The rows of `anytws.messages.display_groups`."""

from __future__ import annotations

from typing import Any

from anytws.messages.display_groups import (
    DisplayGroupList,
    DisplayGroupUpdated,
    QueryDisplayGroupsRequest,
    SubscribeToGroupEventsRequest,
    UnsubscribeFromGroupEventsRequest,
    UpdateDisplayGroupRequest,
)
from anytws.wire import versions as v
from anytws.wire.conversation import Cancel, ConversationRow, Key, Resend, Shape
from anytws.wire.kinds import INT, Kind
from anytws.wire.optional_kinds import ESCAPED_TEXT, TEXT, left_out_when
from anytws.wire.rows import Entry, Filler, Layout, Row


def _split_numbers(text: str) -> tuple[int, ...]:
    # As in the lists with commas: an empty item is no item.
    return tuple([INT.read_text(item) for item in text.split("|") if item])


def _join_numbers(value: Any) -> str:
    if type(value) is not tuple:
        raise ValueError(value)
    return "|".join([INT.write_text(item) for item in value])


BAR_LIST = left_out_when(
    Kind(
        "BAR_LIST", _split_numbers, _join_numbers, "string", read_protobuf=_split_numbers, write_protobuf=_join_numbers
    ),
    (),
)
"""Numbers with ``|`` between them."""

DISPLAY_GROUPS: tuple[Entry, ...] = (
    Entry(
        Layout(QueryDisplayGroupsRequest, (Filler("1"), Row("request_id", INT, 1, "reqId"))),
        id=67,
        vendor_name="queryDisplayGroups",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
        conversation=ConversationRow(
            shape=Shape.ONE,
            key=Key.REQUEST_ID,
            answers=(DisplayGroupList,),
            ends=frozenset({321}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=10.0,
            source="D, C cap",
        ),
    ),
    Entry(
        Layout(DisplayGroupList, (Filler("1"), Row("request_id", INT, 1, "reqId"), Row("groups", BAR_LIST, 2))),
        id=67,
        vendor_name="displayGroupList",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
    ),
    Entry(
        Layout(
            SubscribeToGroupEventsRequest,
            (Filler("1"), Row("request_id", INT, 1, "reqId"), Row("group_id", INT, 2)),
        ),
        id=68,
        vendor_name="subscribeToGroupEvents",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
        conversation=ConversationRow(
            shape=Shape.STREAM,
            key=Key.REQUEST_ID,
            answers=(DisplayGroupUpdated,),
            cancel=Cancel(by=UnsubscribeFromGroupEventsRequest),
            ends=frozenset({321}),
            resend=Resend.NEW_ID,
            deadline=10.0,
            source="D, C cap",
            doubts="What TWS says to the cancel of what is over is not known.",
        ),
    ),
    Entry(
        Layout(
            DisplayGroupUpdated,
            (Filler("1"), Row("request_id", INT, 1, "reqId"), Row("contract_info", ESCAPED_TEXT, 2)),
        ),
        id=68,
        vendor_name="displayGroupUpdated",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
    ),
    Entry(
        Layout(
            UpdateDisplayGroupRequest,
            (Filler("1"), Row("request_id", INT, 1, "reqId"), Row("contract_info", TEXT, 2)),
        ),
        id=69,
        vendor_name="updateDisplayGroup",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
        changes_state=True,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            # Its id is that of the subscription, which hears of the change.
            key=Key.REQUEST_ID,
            ends=frozenset({321}),
            source="D",
            confidence="medium",
            doubts="That the subscription hears of the change is documented, and not recorded.",
        ),
    ),
    Entry(
        Layout(UnsubscribeFromGroupEventsRequest, (Filler("1"), Row("request_id", INT, 1, "reqId"))),
        id=70,
        vendor_name="unsubscribeFromGroupEvents",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            resend=Resend.YES,
            source="C cap",
            confidence="medium",
        ),
    ),
)
