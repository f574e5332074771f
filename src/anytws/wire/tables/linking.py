"""The rows of `anytws.messages.linking`."""

from __future__ import annotations

from anytws.messages.linking import (
    VerifyAndAuthCompleted,
    VerifyAndAuthMessage,
    VerifyAndAuthMessageApi,
    VerifyAndAuthRequest,
    VerifyCompleted,
    VerifyMessageApi,
    VerifyMessageRequest,
    VerifyRequest,
)
from anytws.wire import versions as v
from anytws.wire.conversation import ConversationRow, Shape
from anytws.wire.kinds import Kind
from anytws.wire.optional_kinds import ESCAPED_TEXT, FLAG, TEXT
from anytws.wire.rows import Entry, Filler, Layout, Row


def _read_word(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _write_word(value: object) -> str:
    if not isinstance(value, bool):
        raise ValueError(value)
    return "true" if value else "false"


TRUE_OR_FALSE = Kind(
    "TRUE_OR_FALSE",
    _read_word,
    _write_word,
    "bool",
    read_protobuf=FLAG.read_protobuf,
    write_protobuf=FLAG.write_protobuf,
    absent=False,
)
"""A truth value that is a word in text: here alone TWS writes no number."""

_WHY_NOT = "it is for programs that IB has given a key, which say it before the session starts"

LINKING = (
    Entry(
        Layout(VerifyRequest, (Filler("1"), Row("api_name", TEXT, 1), Row("api_version", TEXT, 2))),
        id=65,
        vendor_name="verifyRequest",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
        conversation=ConversationRow(
            shape=Shape.ONE,
            answers=(VerifyMessageApi,),
            slot="linking",
            forbidden=_WHY_NOT,
            deadline=10.0,
            source="V, I",
            confidence="low",
            doubts="That no other client ever meets these messages is inferred.",
        ),
    ),
    Entry(
        Layout(VerifyMessageApi, (Filler("1"), Row("api_data", ESCAPED_TEXT, 1))),
        id=65,
        vendor_name="verifyMessageAPI",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
    ),
    Entry(
        Layout(VerifyMessageRequest, (Filler("1"), Row("api_data", TEXT, 1))),
        id=66,
        vendor_name="verifyMessage",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
        conversation=ConversationRow(
            shape=Shape.ONE,
            answers=(VerifyCompleted,),
            slot="linking",
            forbidden=_WHY_NOT,
            deadline=10.0,
            source="V, I",
            confidence="low",
        ),
    ),
    Entry(
        Layout(
            VerifyCompleted,
            (Filler("1"), Row("is_successful", TRUE_OR_FALSE, 1), Row("error_text", ESCAPED_TEXT, 2)),
        ),
        id=66,
        vendor_name="verifyCompleted",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_3,
    ),
    Entry(
        Layout(
            VerifyAndAuthRequest,
            (Filler("1"), Row("api_name", TEXT), Row("api_version", TEXT), Row("opaque_isv_key", TEXT)),
        ),
        id=72,
        vendor_name="verifyAndAuthRequest",
        conversation=ConversationRow(
            shape=Shape.ONE,
            answers=(VerifyAndAuthMessageApi,),
            slot="linking",
            forbidden=_WHY_NOT,
            deadline=10.0,
            source="V, I",
            confidence="low",
        ),
    ),
    Entry(
        Layout(
            VerifyAndAuthMessageApi,
            (Filler("1"), Row("api_data", ESCAPED_TEXT), Row("xyz_challenge", ESCAPED_TEXT)),
        ),
        id=69,
        vendor_name="verifyAndAuthMessageAPI",
    ),
    Entry(
        Layout(VerifyAndAuthMessage, (Filler("1"), Row("api_data", TEXT), Row("xyz_response", TEXT))),
        id=73,
        vendor_name="verifyAndAuthMessage",
        conversation=ConversationRow(
            shape=Shape.ONE,
            answers=(VerifyAndAuthCompleted,),
            slot="linking",
            forbidden=_WHY_NOT,
            deadline=10.0,
            source="V, I",
            confidence="low",
        ),
    ),
    Entry(
        Layout(
            VerifyAndAuthCompleted,
            (Filler("1"), Row("is_successful", TRUE_OR_FALSE), Row("error_text", ESCAPED_TEXT)),
        ),
        id=70,
        vendor_name="verifyAndAuthCompleted",
    ),
)
