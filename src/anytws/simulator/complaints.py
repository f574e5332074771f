"""What TWS says to a request that it does not do: errors, in the words that were recorded of real ones.

A real one puts a few letters that change with each build where these have the name of the request.
"""

from __future__ import annotations

from typing import Final

from anytws.core.codes import REQUEST_INVALID
from anytws.messages.base import ToTws
from anytws.messages.session import ErrorMessage
from anytws.simulator.ground import Ground
from anytws.wire.catalogue import entry_of
from anytws.wire.kinds import REQUEST_ID

BAD_REQUEST: Final = 320
"""It could not be read."""
FAILED_REQUEST: Final = 322
"""It could be read, and not be done."""


def complaint(world: Ground, code: int, text: str, about: object = None) -> ErrorMessage:
    """Give the error *code* with *text*, and with the id of the request that it is *about*, or of its order."""
    return ErrorMessage(_id_of(about), code, text, error_time=world.time())


def not_valid(world: Ground, request: ToTws, cause: str) -> ErrorMessage:
    """Give the error that *request* is refused for what is in it."""
    text = f"Error validating request.-'{entry_of(request).name}' : cause - {cause}"
    return complaint(world, REQUEST_INVALID, text, request)


def not_done(world: Ground, request: ToTws, cause: str) -> ErrorMessage:
    """Give the error that *request* is in order, and cannot be done."""
    text = f"Error processing request.-'{entry_of(request).name}' : cause - {cause}"
    return complaint(world, FAILED_REQUEST, text, request)


def sayable(request_id: object) -> int | None:
    """Give a client's id as an answer may carry it: None for what can be read in a request, and in no answer."""
    try:
        REQUEST_ID.write_text(request_id)
    except (ValueError, TypeError):
        return None
    return request_id if isinstance(request_id, int) else None


def _id_of(about: object) -> int | None:
    request_id = getattr(about, "request_id", None)
    return sayable(getattr(about, "order_id", None) if request_id is None else request_id)
