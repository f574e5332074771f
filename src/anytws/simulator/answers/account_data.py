"""Answers about the values of one account, kept up to date: the subscription that a client has one of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from anytws.errors import in_a_sentence
from anytws.messages.accounts import (
    AccountDataEnd,
    AccountDataRequest,
    AccountUpdateTime,
    AccountValue,
    PortfolioValue,
)
from anytws.messages.base import ToClient, replace
from anytws.simulator.answers.account_codes import NEEDED, accounts_of, invalid
from anytws.simulator.answers.account_kinds import ACCOUNT_DATA, THREE_MINUTES
from anytws.simulator.answers.account_rows import Row, data_rows
from anytws.simulator.answers.holdings import by_symbol, clock, portfolio_value, together
from anytws.simulator.client import Client, Stream
from anytws.simulator.complaints import complaint, not_valid
from anytws.simulator.ground import Listener
from anytws.simulator.knowledge import Knowledge
from anytws.simulator.ledger.stake import NOTHING
from anytws.simulator.universe.instrument import Instrument

ACCOUNT_DATA_OVER: Final = 2100
TAKEN: Final = 2101
UNSUBSCRIBED: Final = "API client has been unsubscribed from account data."
OTHERS: Final = "Unable subscribe to account as the following clients are subscribed to a different account."

_KEY: Final = (ACCOUNT_DATA, 0)


def tell_account_data(client: Client, request: AccountDataRequest) -> Iterable[ToClient]:
    """Give values, positions and the end, in the order recorded; then what changes. 2100 ends what there was.

    One account at a time, and the newer request wins (documented); asked for the same again, all is said again
    (reported).
    """
    world = client.world
    if not request.subscribe:
        client.account = None
        client.streams.pop(_KEY, None)
        yield complaint(world, ACCOUNT_DATA_OVER, UNSUBSCRIBED)
        return
    names = world.accounts.names
    if not request.account and len(names) > 1:
        yield not_valid(world, request, NEEDED)
        return
    meant = accounts_of(world, request.account) if request.account else names
    if meant is None:
        yield not_valid(world, request, invalid(in_a_sentence(request.account)))
        return
    account = request.account or "".join(meant)
    if world.settings.shared_account_data and any(_has_another(each, client, account) for each in world.listeners):
        yield complaint(world, TAKEN, OTHERS)
        return
    if client.account not in (None, account):
        yield complaint(world, ACCOUNT_DATA_OVER, UNSUBSCRIBED)
    client.account = account
    data = AccountData(client, account, meant)
    yield from data.begin()
    client.streams[_KEY] = data


def _has_another(other: Listener, client: Client, account: str) -> bool:
    return isinstance(other, Client) and other is not client and other.account not in (None, account)


class AccountData(Stream):
    """What a client is told of an account after the first run: what changed, and what time it is.

    At once after a booking, otherwise every three minutes (documented).
    """

    def __init__(self, client: Client, owner: str, accounts: Sequence[str]) -> None:
        self._client = client
        self._owner = owner
        self._accounts = accounts
        self._said: dict[tuple[str, str], str] = {}
        self._portfolio: dict[int, tuple[Instrument, PortfolioValue]] = {}
        self._version = 0
        self._due = 0.0

    @property
    def _world(self) -> Knowledge:
        return self._client.world

    @property
    def wake_at(self) -> float:
        """Now after a booking; otherwise three minutes after the last batch of that kind."""
        is_news = self._version != self._world.accounts.version_of(self._accounts)
        return min(self._world.now, self._due) if is_news else self._due

    def begin(self) -> Iterator[ToClient]:
        """Give the first run, with its end."""
        self._due = self._world.now + THREE_MINUTES
        yield from self._news()
        yield AccountUpdateTime(clock(self._world))
        yield AccountDataEnd(self._owner)

    def wake(self) -> Iterable[ToClient]:
        """Give what changed since it was said; nothing if nothing did (chosen)."""
        self._pass(self._world.now)
        news = list(self._news())
        return [*news, AccountUpdateTime(clock(self._world))] if news else []

    def skip(self, now: float) -> None:
        """Pass a batch over: what changed comes with the next one."""
        self._pass(now)
        self._version = self._world.accounts.version_of(self._accounts)

    def _pass(self, now: float) -> None:
        while self._due <= now:
            self._due += THREE_MINUTES

    def _news(self) -> Iterator[ToClient]:
        world = self._world
        self._version = world.accounts.version_of(self._accounts)
        statement, found = world.accounts.picture(self._accounts, world.ms())
        for row in data_rows(world, statement, self._owner):
            if self._said.get((row.key, row.currency)) != row.value:
                self._said[row.key, row.currency] = row.value
                yield self._value(row)
        held = sorted(together(found), key=by_symbol)
        gone = self._portfolio.keys() - {each.instrument.contract_id for each in held}
        for contract_id in sorted(gone):
            instrument, row_before = self._portfolio.pop(contract_id)
            if row_before.position:
                # It was there, and is not, without a trade on this day: it was taken out by hand, or corrected away.
                yield _closed(row_before)
                yield AccountUpdateTime(clock(world, instrument))
        for each in held:
            row_now = portfolio_value(self._client, each, self._owner)
            known = self._portfolio.get(each.instrument.contract_id)
            if known is None or known[1] != row_now:
                self._portfolio[each.instrument.contract_id] = (each.instrument, row_now)
                yield row_now
                yield AccountUpdateTime(clock(world, each.instrument))

    def _value(self, row: Row) -> AccountValue:
        return AccountValue(row.key, row.value, row.currency, self._owner)


def _closed(row: PortfolioValue) -> PortfolioValue:
    zeros = {"market_value": 0.0, "average_cost": 0.0, "unrealized_pnl": 0.0, "realized_pnl": 0.0}
    return replace(row, position=NOTHING, **zeros)
