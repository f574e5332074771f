"""What is said about the session itself: start, accounts, ids, errors, the time of TWS."""

from __future__ import annotations

from datetime import datetime

from anytws.messages.base import Asks, ToClient, ToTws, message


@message
class StartApiRequest(ToTws):
    """Open the session. The first message of every client, and the only one before READY."""

    client_id: int
    """Number that tells this client from the others of the same TWS."""
    optional_capabilities: str = ""
    """The vendor's switches, normally none."""


@message
class ManagedAccounts(ToClient):
    """The accounts that this TWS session can trade. Comes unasked after START_API."""

    accounts: tuple[str, ...]
    """Account ids, such as ``DU1234567``; those of paper accounts begin with ``D``."""


@message
class ManagedAccountsRequest(Asks[ManagedAccounts]):
    """Ask for the accounts again."""


@message
class NextValidId(ToClient):
    """The lowest order id that this client may use next. Comes unasked, and makes the connection ready."""

    order_id: int
    """The lowest id that TWS takes next: above all that it has seen from this client id. After a restart of TWS it
    may be lower than what was used before."""


@message
class IdsRequest(Asks[NextValidId]):
    """Ask for the next valid order id again."""

    number_of_ids: int = 1
    """Ignored by TWS; the vendor's clients send 1."""


@message
class ErrorMessage(ToClient):
    """An error, a warning or a notice of TWS: which one it is, the table of codes tells from ``error_code``."""

    request_id: int | None
    """The request or order that it concerns; None when it concerns none (-1 and 2147483647 on the wire)."""
    error_code: int
    """The vendor's code, see ``docs/codes``."""
    error_message: str
    """For people: the text depends on the language and the version of TWS."""
    advanced_order_reject_json: str | None = None
    """Details of a rejected order, as JSON text. From server version 166."""
    error_time: datetime | None = None
    """When, in UTC, to the millisecond. From server version 194."""


@message
class CurrentTime(ToClient):
    """The clock of TWS."""

    time: datetime
    """UTC, whole seconds."""


@message
class CurrentTimeRequest(Asks[CurrentTime]):
    """Ask for the clock of TWS; also the cheapest way to learn whether it still answers."""


@message
class CurrentTimeInMillis(ToClient):
    """The clock of TWS, finer."""

    time: datetime
    """UTC, whole milliseconds."""


@message
class CurrentTimeInMillisRequest(Asks[CurrentTimeInMillis]):
    """Ask for the clock of TWS in milliseconds. From server version 197."""


@message
class SetServerLogLevelRequest(ToTws):
    """Choose how much TWS writes into its own log about this client."""

    log_level: int
    """1 system, 2 error, 3 warning, 4 information, 5 detail."""
