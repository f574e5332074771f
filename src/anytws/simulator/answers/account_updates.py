"""Answers about the values of one account or of all, of which a client may have several subscriptions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from anytws.errors import in_a_sentence
from anytws.messages.accounts import (
    AccountUpdateMulti,
    AccountUpdateMultiEnd,
    AccountUpdatesMultiRequest,
    CancelAccountUpdatesMulti,
)
from anytws.messages.base import ToClient
from anytws.simulator.answers.account_codes import TOO_MANY, accounts_of, invalid, means_all, too_many
from anytws.simulator.answers.account_kinds import ACCOUNT_UPDATES, THREE_MINUTES, no_place
from anytws.simulator.answers.account_rows import Row, account_rows, ledger_rows
from anytws.simulator.answers.answer import id_of
from anytws.simulator.client import Client, Stream
from anytws.simulator.complaints import not_valid


def tell_account_updates(client: Client, request: AccountUpdatesMultiRequest) -> Iterable[ToClient]:
    """Give the values of an account and the end, then what changes; of the ledger alone, the blocks by currency.

    Without an account it is all of them (documented). There are no models, so one has the end alone.
    """
    world = client.world
    meant = accounts_of(world, request.account) if request.account else world.accounts.names
    if meant is None:
        yield not_valid(world, request, invalid(in_a_sentence(request.account)))
    elif means_all(world, request.account) and too_many(world):
        yield not_valid(world, request, TOO_MANY)
    elif (refusal := no_place(client, ACCOUNT_UPDATES, request, id_of(request))) is not None:
        yield refusal
    else:
        updates = AccountUpdates(client, request, () if request.model_code else meant)
        yield from updates.begin()
        client.streams[ACCOUNT_UPDATES, id_of(request)] = updates


def end_account_updates(client: Client, request: CancelAccountUpdatesMulti) -> Iterable[ToClient]:
    """End it without a word (recorded)."""
    client.streams.pop((ACCOUNT_UPDATES, request.request_id), None)
    return ()


class AccountUpdates(Stream):
    """What a client is told after the first run: what changed, at once after a booking, else every three minutes."""

    def __init__(self, client: Client, request: AccountUpdatesMultiRequest, accounts: Sequence[str]) -> None:
        self._client = client
        self._request = request
        self._accounts = accounts
        self._said: dict[tuple[str, str, str], str] = {}
        self._version = 0
        self._due = 0.0

    @property
    def wake_at(self) -> float:
        """Now after a booking; otherwise three minutes after the last batch of that kind."""
        world = self._client.world
        is_news = self._version != world.accounts.version_of(self._accounts)
        return min(world.now, self._due) if is_news else self._due

    def begin(self) -> Iterator[ToClient]:
        """Give the first run, with its end."""
        self._due = self._client.world.now + THREE_MINUTES
        yield from self._news()
        yield AccountUpdateMultiEnd(id_of(self._request))

    def wake(self) -> Iterable[ToClient]:
        """Give what changed since it was said."""
        self._pass(self._client.world.now)
        yield from self._news()

    def skip(self, now: float) -> None:
        """Pass a batch over: what changed comes with the next one."""
        self._pass(now)
        self._version = self._client.world.accounts.version_of(self._accounts)

    def _pass(self, now: float) -> None:
        while self._due <= now:
            self._due += THREE_MINUTES

    def _news(self) -> Iterator[ToClient]:
        self._version = self._client.world.accounts.version_of(self._accounts)
        model = self._request.model_code
        for account in self._accounts:
            for row in self._rows(account):
                if self._said.get((account, row.key, row.currency)) != row.value:
                    self._said[account, row.key, row.currency] = row.value
                    yield AccountUpdateMulti(id_of(self._request), account, model, row.key, row.value, row.currency)

    def _rows(self, account: str) -> Iterator[Row]:
        """Give the values of an account by key, then its blocks in the order of a ledger (recorded)."""
        world = self._client.world
        statement = world.accounts.statement((account,), world.ms())
        if not self._request.ledger_and_nlv:
            yield from account_rows(world, statement, account, is_large=world.settings.large_account)
        yield from ledger_rows(statement, account)
