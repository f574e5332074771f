"""Answers about figures of several accounts: summaries, of which a client may have two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from anytws.errors import in_a_sentence
from anytws.messages.accounts import (
    AccountSummary,
    AccountSummaryEnd,
    AccountSummaryRequest,
    AccountSummaryTag,
    CancelAccountSummary,
)
from anytws.messages.base import ToClient
from anytws.simulator.answers.account_codes import ALL, TOO_MANY, too_many
from anytws.simulator.answers.account_kinds import ACCOUNT_SUMMARY, THREE_MINUTES
from anytws.simulator.answers.account_rows import Row, ledger_rows, summary_rows
from anytws.simulator.answers.answer import id_of
from anytws.simulator.client import Client, Stream
from anytws.simulator.complaints import not_done, not_valid
from anytws.simulator.knowledge import Knowledge
from anytws.simulator.ledger.statement import BASE, Statement

MOST_SUMMARIES: Final = 2
"""How many account summaries a client may have open (documented)."""

LEDGER: Final = "$LEDGER"
_PREFIX: Final = "$LEDGER-"


def tell_account_summary(client: Client, request: AccountSummaryRequest) -> Iterable[ToClient]:
    """Give the tags asked for, of every account of the group, and the end; tags that there are not are left out.

    Two may be open (documented). An id that is open already, and a third: 322 (documented, texts chosen).
    """
    world = client.world
    accounts = _accounts_in(world, request.group)
    if accounts is None:
        # The texts are chosen.
        cause = "Group name is required" if not request.group else f"Unknown group '{in_a_sentence(request.group)}'"
        yield not_valid(world, request, cause)
    elif request.group == ALL and too_many(world):
        yield not_valid(world, request, TOO_MANY)
    elif (ACCOUNT_SUMMARY, id_of(request)) in client.streams:
        yield not_done(world, request, "Duplicate ticker id")
    elif client.count(ACCOUNT_SUMMARY) >= MOST_SUMMARIES:
        yield not_done(world, request, "Maximum number of account summary requests exceeded")
    else:
        summary = Summary(client, request, accounts)
        yield from summary.begin()
        client.streams[ACCOUNT_SUMMARY, id_of(request)] = summary


def end_account_summary(client: Client, request: CancelAccountSummary) -> Iterable[ToClient]:
    """Free its place without a word (recorded)."""
    client.streams.pop((ACCOUNT_SUMMARY, request.request_id), None)
    return ()


def _accounts_in(world: Knowledge, group: str) -> tuple[str, ...] | None:
    """Give the accounts of a group; None: there is no such group."""
    if group == ALL:
        return world.accounts.names
    found = world.desk.group(group)
    if found is None:
        return None
    return tuple(name for name in found.accounts if name in world.accounts.names)


class Summary(Stream):
    """What a client is told of a group after the first run: what changed, every three minutes (documented)."""

    def __init__(self, client: Client, request: AccountSummaryRequest, accounts: Sequence[str]) -> None:
        self._client = client
        self._request_id = id_of(request)
        self._group = request.group
        self._accounts = accounts
        wanted = dict.fromkeys(request.tags)
        self._tags = [tag for tag in wanted if not tag.startswith(LEDGER)]
        self._ledgers = [tag for tag in wanted if tag.startswith(LEDGER)]
        self._said: dict[tuple[str, str, str], str] = {}
        self._due = 0.0

    @property
    def wake_at(self) -> float:
        """Three minutes after the last time."""
        return self._due

    def begin(self) -> Iterator[ToClient]:
        """Give the first run, with its end; or, with `WorldSettings.summary_twice`, as it was recorded once."""
        settings = self._client.world.settings
        self._due = self._client.world.now + THREE_MINUTES
        tags, ledger = list(self._tag_rows()), list(self._ledger_rows())
        is_twice = settings.summary_twice and f"{LEDGER}:ALL" in self._ledgers and bool(self._tags)
        if is_twice and len(self._accounts) == 1:
            yield from self._say([*tags, *tags, *ledger])
            yield AccountSummaryEnd(self._request_id)
            yield from self._say(ledger)
        else:
            yield from self._say([*tags, *ledger])
        yield AccountSummaryEnd(self._request_id)

    def wake(self) -> Iterable[ToClient]:
        """Give what changed since it was said."""
        self.skip(self._client.world.now)
        rows = [*self._tag_rows(), *self._ledger_rows()]
        yield from self._say([row for row in rows if self._said.get((row[0], *_name(row[1]))) != row[1].value])

    def skip(self, now: float) -> None:
        """Pass a batch over: what changed comes with the next one."""
        while self._due <= now:
            self._due += THREE_MINUTES

    def _say(self, rows: Iterable[tuple[str, Row]]) -> Iterator[ToClient]:
        for account, row in rows:
            self._said[account, row.key, row.currency] = row.value
            yield AccountSummary(self._request_id, account, AccountSummaryTag(row.key), row.value, row.currency)

    def _tag_rows(self) -> Iterator[tuple[str, Row]]:
        """Give what was asked of each account: by tag, those without a currency first (recorded)."""
        world = self._client.world
        for account in self._accounts if self._tags else ():
            rows = summary_rows(world, world.accounts.statement((account,), world.ms()), account)
            found = [rows[tag] for tag in sorted(self._tags) if tag in rows]
            for row in sorted(found, key=_has_currency):
                yield account, row

    def _ledger_rows(self) -> Iterator[tuple[str, Row]]:
        """Give the blocks that were asked for, of all accounts together (recorded)."""
        if not self._ledgers:
            return
        world = self._client.world
        statement = world.accounts.statement(self._accounts, world.ms())
        wanted = {currency for tag in self._ledgers for currency in _currencies(tag, statement)}
        prefix = _PREFIX if world.settings.ledger_prefix else ""
        for row in ledger_rows(statement, self._group):
            if row.currency in wanted:
                yield self._group, Row(prefix + row.key, row.value, row.currency)


def _has_currency(row: Row) -> bool:
    return bool(row.currency)


def _name(row: Row) -> tuple[str, str]:
    return row.key, row.currency


def _currencies(tag: str, statement: Statement) -> tuple[str, ...]:
    """Give the blocks that a tag means: ``$LEDGER`` that of the base currency, ``$LEDGER:EUR`` one, others all."""
    _, _, currency = tag.partition(":")
    if tag == LEDGER:
        return (statement.base,)
    if currency == ALL.upper():
        return (*(block.currency for block in statement.blocks), BASE)
    return (currency,)
