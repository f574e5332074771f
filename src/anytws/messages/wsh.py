"""Corporate events: the calendar of Wall Street Horizon, which needs a subscription of its own."""

from __future__ import annotations

from datetime import date

from anytws.messages.base import Asks, ToClient, ToTws, message


@message
class WshMetaData(ToClient):
    """Which events and filters the calendar knows. From server version 161."""

    request_id: int
    """The request that it answers, by its number."""
    data_json: str
    """A JSON document, of the calendar's making."""


@message
class WshMetaDataRequest(Asks[WshMetaData]):
    """Ask which events and filters the calendar knows; has to be answered before the first `WshEventDataRequest`.

    From server version 161.
    """

    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelWshMetaData(ToTws):
    """Give up a `WshMetaDataRequest`. From server version 161."""

    request_id: int
    """The number of the request that it ends."""


@message
class WshEventData(ToClient):
    """Events of the calendar. From server version 161."""

    request_id: int
    """The request that it answers, by its number."""
    data_json: str
    """A JSON document, of the calendar's making."""


@message
class WshEventDataRequest(Asks[WshEventData]):
    """Ask for events, of one contract or of what a filter finds. From server version 161."""

    contract_id: int | None = None
    """The vendor's number of the contract; None where ``filter`` chooses."""
    filter: str = ""
    """A JSON document that says what to look for; `WshMetaData` has its words. From server version 171."""
    fill_watchlist: bool = False
    """Whether to add the contracts of the watchlist to the filter. From server version 171."""
    fill_portfolio: bool = False
    """Whether to add the contracts of the portfolio to the filter. From server version 171."""
    fill_competitors: bool = False
    """Whether to add the competitors of the contracts to the filter. From server version 171."""
    start_date: date | None = None
    """The first day. From server version 173."""
    end_date: date | None = None
    """The last day. From server version 173."""
    total_limit: int | None = None
    """The most events to answer with, 100 at most. From server version 173."""
    request_id: int | None = None
    """The id that the conversation gives it; None until it is asked."""


@message
class CancelWshEventData(ToTws):
    """Give up a `WshEventDataRequest`. From server version 161."""

    request_id: int
    """The number of the request that it ends."""
