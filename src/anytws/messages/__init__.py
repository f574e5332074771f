"""What is said: one plain frozen class a message, nothing else. How it is written is `anytws.wire`."""

from anytws.messages.base import Asks, Message, Side, ToClient, ToTws
from anytws.messages.connection_time import ConnectionTime
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

__all__ = [
    "Asks",
    "ConnectionTime",
    "CurrentTime",
    "CurrentTimeInMillis",
    "CurrentTimeInMillisRequest",
    "CurrentTimeRequest",
    "ErrorMessage",
    "IdsRequest",
    "ManagedAccounts",
    "ManagedAccountsRequest",
    "Message",
    "NextValidId",
    "SetServerLogLevelRequest",
    "Side",
    "StartApiRequest",
    "ToClient",
    "ToTws",
]
