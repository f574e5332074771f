"""Answers about the session: clocks, accounts, ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from anytws.messages.base import ToClient
from anytws.messages.session import (
    CurrentTime,
    CurrentTimeInMillis,
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    IdsRequest,
    ManagedAccounts,
    ManagedAccountsRequest,
    NextValidId,
    SetServerLogLevelRequest,
)
from anytws.simulator.answers.answer import Answer, Answers
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client


def tell_time(client: Client, _: CurrentTimeRequest) -> Iterable[ToClient]:
    """Give the clock, in whole seconds (documented). Asked again within a second it answers again (chosen)."""
    yield CurrentTime(client.world.utc().replace(microsecond=0))


def tell_time_in_millis(client: Client, _: CurrentTimeInMillisRequest) -> Iterable[ToClient]:
    """Give the clock, in whole milliseconds (documented)."""
    yield CurrentTimeInMillis(client.world.time())


def tell_accounts(client: Client, _: ManagedAccountsRequest) -> Iterable[ToClient]:
    """Give the accounts again (documented)."""
    yield ManagedAccounts(client.world.settings.accounts)


def tell_next_valid_id(client: Client, _: IdsRequest) -> Iterable[ToClient]:
    """Give the next valid id again. How many ids were asked for makes no difference (documented)."""
    yield NextValidId(client.world.next_valid_id(client.client_id))


def set_log_level(client: Client, request: SetServerLogLevelRequest) -> Iterable[ToClient]:
    """Note the level. TWS says nothing to it (documented)."""
    client.log_level = request.log_level
    return ()


ANSWERS: Final[Answers] = {
    CurrentTimeRequest: Answer(tell_time),
    CurrentTimeInMillisRequest: Answer(tell_time_in_millis),
    ManagedAccountsRequest: Answer(tell_accounts),
    IdsRequest: Answer(tell_next_valid_id, needs_trading=True),
    SetServerLogLevelRequest: Answer(set_log_level),
}

CARDS: Final = (
    Card(
        "session.time",
        "CurrentTime is UTC in whole seconds, CurrentTimeInMillis in whole milliseconds.",
        Evidence.DOCUMENTED,
        "the vendor's page on the clock",
        "Of two questions within a second a real TWS was reported to answer one; here each is answered, unless a "
        "script drops the second.",
    ),
    Card(
        "session.accounts",
        "ManagedAccounts can be asked for again: the list of the start.",
        Evidence.DOCUMENTED,
        "the vendor's page on accounts",
    ),
    Card(
        "session.next_valid_id",
        "NextValidId can be asked for again; how many ids are asked for makes no difference. A TWS whose API is "
        "read-only refuses it with 321 without an id.",
        Evidence.DOCUMENTED,
        "the vendor's page on ids; the refusal is recorded",
    ),
    Card(
        "session.log_level",
        "The log level is taken without a word.",
        Evidence.DOCUMENTED,
        "the vendor's page on logs",
    ),
)
