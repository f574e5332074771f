"""The rows of the session's messages (`anytws.messages.session`)."""

from __future__ import annotations

from anytws.messages.session import (
    CurrentTime,
    CurrentTimeInMillis,
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    ErrorMessage,
    IdsRequest,
    ManagedAccounts,
    ManagedAccountsRequest,
    NextValidId,
    SetServerLogLevelRequest,
    StartApiRequest,
)
from anytws.wire import versions as v
from anytws.wire.conversation import ConversationRow, Pace, Resend, Shape
from anytws.wire.kinds import COMMA_LIST, ESCAPED, INT, MILLISECONDS, REQUEST_ID, SECONDS
from anytws.wire.optional_kinds import TEXT, maybe
from anytws.wire.rows import Entry, Filler, Layout, Row

SESSION = (
    Entry(
        Layout(
            StartApiRequest,
            (
                Filler("2"),
                Row("client_id", INT, 1),
                Row("optional_capabilities", TEXT, 2),
            ),
        ),
        id=71,
        vendor_name="startApi",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
        changes_state=True,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            ends=frozenset({326}),
            comments=frozenset({2104, 2106, 2107, 2108, 2110, 2119, 2158}),
            source="D, C cap",
        ),
    ),
    Entry(
        Layout(ManagedAccountsRequest, (Filler("1"),)),
        id=17,
        vendor_name="reqManagedAccts",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
        conversation=ConversationRow(
            shape=Shape.ONE,
            answers=(ManagedAccounts,),
            slot="managed_accounts",
            ends=frozenset({330}),
            resend=Resend.YES,
            settles=True,
            deadline=15.0,
            source="D, C cap",
            doubts="330 is documented for whoever is no advisor; a plain account was recorded to get its answer.",
        ),
    ),
    Entry(
        Layout(ManagedAccounts, (Filler("1"), Row("accounts", COMMA_LIST, 1, "accountsList"))),
        id=15,
        vendor_name="managedAccounts",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
    ),
    Entry(
        Layout(IdsRequest, (Filler("1"), Row("number_of_ids", INT, 1, "numIds"))),
        id=8,
        vendor_name="reqIds",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
        conversation=ConversationRow(
            shape=Shape.ONE,
            answers=(NextValidId,),
            slot="ids",
            ends=frozenset({321}),
            resend=Resend.YES,
            settles=True,
            deadline=15.0,
            source="D, C cap",
        ),
    ),
    Entry(
        Layout(NextValidId, (Filler("1"), Row("order_id", INT, 1))),
        id=9,
        vendor_name="nextValidId",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
    ),
    Entry(
        Layout(
            ErrorMessage,
            (
                Filler("2", until=v.ERROR_TIME),
                Row("request_id", REQUEST_ID, 1, "id"),
                Row("error_code", INT, 3),
                Row("error_message", ESCAPED, 4, "errorMsg"),
                Row("advanced_order_reject_json", maybe(ESCAPED), 5, since=v.ADVANCED_ORDER_REJECT),
                Row("error_time", maybe(MILLISECONDS), 2, since=v.ERROR_TIME),
            ),
        ),
        id=4,
        vendor_name="error",
        # With the orders, whose rejections it carries: a TWS of 203 was recorded doing so.
        protobuf_since=v.PROTOBUF_PLACE_ORDER,
    ),
    Entry(
        Layout(CurrentTimeRequest, (Filler("1"),)),
        id=49,
        vendor_name="reqCurrentTime",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
        conversation=ConversationRow(
            shape=Shape.ONE,
            answers=(CurrentTime,),
            slot="clock",
            apart=1.5,
            resend=Resend.YES,
            settles=True,
            deadline=15.0,
            pace=Pace.CLOCK,
            source="C ins, trk, cap",
            doubts="How long TWS ignores a second one is about a second; one client keeps 4.25 seconds.",
        ),
    ),
    Entry(
        Layout(CurrentTime, (Filler("1"), Row("time", SECONDS, 1, "currentTime"))),
        id=49,
        vendor_name="currentTime",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
    ),
    Entry(
        Layout(CurrentTimeInMillisRequest),
        id=105,
        vendor_name="reqCurrentTimeInMillis",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
        since=v.CURRENT_TIME_IN_MILLIS,
        conversation=ConversationRow(
            shape=Shape.ONE,
            answers=(CurrentTimeInMillis,),
            slot="clock",
            apart=1.5,
            resend=Resend.YES,
            settles=True,
            deadline=15.0,
            pace=Pace.CLOCK,
            source="V, C cap",
            doubts="That TWS counts both clock requests together is what one client says.",
        ),
    ),
    Entry(
        Layout(CurrentTimeInMillis, (Row("time", MILLISECONDS, 1, "currentTimeInMillis"),)),
        id=109,
        vendor_name="currentTimeInMillis",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
        since=v.CURRENT_TIME_IN_MILLIS,
    ),
    Entry(
        Layout(SetServerLogLevelRequest, (Filler("1"), Row("log_level", INT, 1))),
        id=14,
        vendor_name="setServerLogLevel",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            ends=frozenset({319}),
            changes_state=True,
            resend=Resend.YES,
            source="D",
        ),
    ),
)
