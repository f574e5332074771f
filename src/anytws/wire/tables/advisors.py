"""The rows of `anytws.messages.advisors`."""

from __future__ import annotations

from anytws.errors import FA_PROFILES_GONE
from anytws.messages.advisors import FADataType, FAReplace, FARequest, ReceiveFA, ReplaceFAEnd
from anytws.wire import versions as v
from anytws.wire.conversation import ConversationRow, Key, Resend, Shape
from anytws.wire.kinds import INT, number_of
from anytws.wire.optional_kinds import ESCAPED_TEXT, TEXT
from anytws.wire.rows import Entry, Filler, Gate, Layout, Row

_NO_PROFILES = Gate("fa_data_type", FADataType.PROFILES, until=v.FA_PROFILE_DESUPPORT, code=FA_PROFILES_GONE)

ADVISORS: tuple[Entry, ...] = (
    Entry(
        Layout(FARequest, (Filler("1"), Row("fa_data_type", number_of(FADataType), 1))),
        id=18,
        vendor_name="requestFA",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_1,
        gates=(_NO_PROFILES,),
        conversation=ConversationRow(
            shape=Shape.ONE,
            key=Key.FA_DATA_TYPE,
            answers=(ReceiveFA,),
            slot="fa",
            ends=frozenset({321, 585, 10230}),
            resend=Resend.YES,
            settles=True,
            deadline=30.0,
            source="D, C cap",
            confidence="medium",
            doubts="Whoever is no advisor was recorded to get 321 with the id 0.",
        ),
    ),
    Entry(
        Layout(
            ReceiveFA,
            (
                Filler("1"),
                Row("fa_data_type", number_of(FADataType), 1),
                Row("xml", ESCAPED_TEXT, 2),
            ),
        ),
        id=16,
        vendor_name="receiveFA",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_1,
    ),
    Entry(
        Layout(
            FAReplace,
            (
                Filler("1"),
                Row("fa_data_type", number_of(FADataType), 2),
                Row("xml", TEXT, 3),
                Row("request_id", INT, 1, "reqId"),
            ),
        ),
        id=19,
        vendor_name="replaceFA",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_1,
        gates=(_NO_PROFILES,),
        changes_state=True,
        conversation=ConversationRow(
            shape=Shape.ONE,
            key=Key.REQUEST_ID,
            answers=(ReplaceFAEnd,),
            slot="fa_replace",
            ends=frozenset({321, 10230, 10231, 10238}),
            deadline=30.0,
            source="D, V, C cap",
            confidence="medium",
            doubts="That there may be one at a time is not sure.",
        ),
    ),
    Entry(
        Layout(ReplaceFAEnd, (Row("request_id", INT, 1, "reqId"), Row("text", TEXT, 2))),
        id=103,
        vendor_name="replaceFAEnd",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_1,
    ),
)
