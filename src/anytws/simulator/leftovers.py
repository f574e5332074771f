"""Requests that were taken out of the API, and that old clients still make: fundamental data."""

from __future__ import annotations

from typing import Final

from anytws.core.events import UnknownMessage
from anytws.messages.session import ErrorMessage
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.complaints import BAD_REQUEST, complaint, sayable
from anytws.simulator.ground import Ground

_FUNDAMENTAL_DATA: Final = 52
_CANCEL_FUNDAMENTAL_DATA: Final = 53
_NOT_AVAILABLE: Final = 430
_WIDE: Final = 4
_FIRST_FIELD: Final = b"\x08"
_LONGEST: Final = 10
_PLACE: Final = 1


def answer_to_unknown(world: Ground, event: UnknownMessage) -> ErrorMessage | None:
    """Give what is said to a message of an id that is not in the catalogue; None: nothing is."""
    number = event.message_id if event.protobuf_id is None else event.protobuf_id
    if number == _CANCEL_FUNDAMENTAL_DATA:
        return None
    if number == _FUNDAMENTAL_DATA:
        text = "We are sorry, but fundamentals data for the security specified is not available."
        return ErrorMessage(sayable(_id_in(event)), _NOT_AVAILABLE, text, error_time=world.time())
    return complaint(world, BAD_REQUEST, f"Error reading request. Unknown message id {event.told_id}")


def _id_in(event: UnknownMessage) -> int | None:
    """Give the id of the request in *event*; None: there is none to be read."""
    body = event.frame
    if body[:_WIDE] == event.message_id.to_bytes(_WIDE, "big"):
        body = body[_WIDE:]
        if event.protobuf_id is not None:
            return _varint(body[1 : 1 + _LONGEST]) if body[:1] == _FIRST_FIELD else None
    else:
        body = body.partition(b"\0")[2]
    # Before it stands the version of the message.
    fields = body.split(b"\0", _PLACE + 1)
    text = fields[_PLACE][:_LONGEST] if len(fields) > _PLACE else b""
    return int(text) if text.isdigit() else None


def _varint(data: bytes) -> int | None:
    value = 0
    for place, byte in enumerate(data):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value
    return None


CARDS: Final = (
    Card(
        "leftovers.fundamental_data",
        "Fundamental data, which old clients ask for by messages 52 and 53, are not available: 430 under the request's "
        "id; the cancel is silent.",
        Evidence.DOCUMENTED,
        "430 of the vendor's list with its text; the request is gone from 10.51",
        "Not simulated. A Gateway of 2026 was recorded to say 10358, in words that are not known.",
    ),
    Card(
        "leftovers.unknown_message",
        "A message of an unknown id is answered with 320, and the connection goes on.",
        Evidence.CHOSEN,
        "320 is what TWS says of what it cannot read",
    ),
)
