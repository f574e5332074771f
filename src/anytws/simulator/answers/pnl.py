"""Answers about profit and loss: of an account, and of one position."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from anytws.messages.accounts import CancelPnL, CancelPnLSingle, PnL, PnLRequest, PnLSingle, PnLSingleRequest
from anytws.messages.base import ToClient
from anytws.messages.session import ErrorMessage
from anytws.simulator.answers.account_codes import accounts_of
from anytws.simulator.answers.account_kinds import PNL, PNL_SINGLE, no_place
from anytws.simulator.answers.answer import id_of
from anytws.simulator.answers.holdings import together
from anytws.simulator.client import Client, Stream
from anytws.simulator.complaints import complaint
from anytws.simulator.knowledge import Knowledge
from anytws.simulator.ledger.valued import Valued

FAILED, FAILED_SINGLE = 10183, 10184
NOT_OPEN, NOT_OPEN_SINGLE = 10185, 10186
FLAT: Final = 2150
SECOND: Final = 1.0
"""How often it is told, while something changes (documented)."""

_Told: TypeAlias = PnL | PnLSingle | None


def tell_pnl(client: Client, request: PnLRequest) -> Iterable[ToClient]:
    """Give the profit and loss of an account at once, then about once a second while something changes.

    Without an account it is the only one. Of an account that there is not, and of a model: 10183 (which of them have
    that error is chosen).
    """
    world = client.world
    meant = _meant(world, request.account)
    if meant is None or request.model_code:
        yield complaint(world, FAILED, "Failed to request PNL", request)
    elif (refusal := no_place(client, PNL, request, id_of(request))) is not None:
        yield refusal
    else:
        stream = AccountPnL(client, id_of(request), meant)
        yield from stream.wake()
        client.streams[PNL, id_of(request)] = stream


def end_pnl(client: Client, request: CancelPnL) -> Iterable[ToClient]:
    """End it without a word (recorded); one that is not open: 10185."""
    if client.streams.pop((PNL, request.request_id), None) is None:
        yield complaint(client.world, NOT_OPEN, "Failed to cancel PNL (not subscribed)", request)


def tell_pnl_single(client: Client, request: PnLSingleRequest) -> Iterable[ToClient]:
    """Give the profit and loss of one position after a second, then while something changes; silence for what is none.

    Of an account that there is not, and of a model: 10184 (chosen).
    """
    world = client.world
    meant = _meant(world, request.account)
    if meant is None or request.model_code:
        yield complaint(world, FAILED_SINGLE, "Failed to request PNL single", request)
    elif (refusal := no_place(client, PNL_SINGLE, request, id_of(request))) is not None:
        yield refusal
    else:
        client.streams[PNL_SINGLE, id_of(request)] = PositionPnL(client, request, meant)


def end_pnl_single(client: Client, request: CancelPnLSingle) -> Iterable[ToClient]:
    """End it without a word (recorded); one that is not open: 10186."""
    if client.streams.pop((PNL_SINGLE, request.request_id), None) is None:
        yield complaint(client.world, NOT_OPEN_SINGLE, "Failed to cancel PNL single (not subscribed)", request)


def _meant(world: Knowledge, account: str) -> tuple[str, ...] | None:
    names = world.accounts.names
    if not account:
        return names if len(names) == 1 else None
    return accounts_of(world, account)


class _Pnl(Stream):
    """A stream that says something once a second, as long as it changes."""

    def __init__(self, client: Client, request_id: int, accounts: Sequence[str], first: float) -> None:
        self._client = client
        self._request_id = request_id
        self._accounts = accounts
        self._said: _Told = None
        self._version = -1
        self._next = first
        """When it may be told next, at the earliest."""
        self._change = -math.inf
        """When a price changes next."""

    @property
    def wake_at(self) -> float:
        """When something has changed, and a second has passed."""
        world = self._client.world
        if self._version != world.accounts.version_of(self._accounts):
            return self._next
        return max(self._next, self._change)

    def wake(self) -> Iterator[ToClient]:
        """Give what is told now, if it is not as it was told last."""
        world = self._client.world
        self.skip(world.now)
        told = self._told(world)
        if told is not None and told != self._said:
            yield from self._rows(told)
            self._said = told

    def skip(self, now: float) -> None:
        """Pass over what was due."""
        world = self._client.world
        self._version = world.accounts.version_of(self._accounts)
        self._next = now + SECOND
        self._change = world.at(self._next_change(world))

    @abstractmethod
    def _told(self, world: Knowledge) -> _Told:
        """Give what there is to tell; None: nothing."""

    @abstractmethod
    def _next_change(self, world: Knowledge) -> int:
        """Give when a price changes next by which it is reckoned, in milliseconds since 1970."""

    def _rows(self, told: _Told) -> Iterator[ToClient]:
        """Give *told*, with what is said in front of it; ``_said`` is what was told before it."""
        if told is not None:
            yield told


class AccountPnL(_Pnl):
    """The profit and loss of accounts, in the base currency."""

    def __init__(self, client: Client, request_id: int, accounts: Sequence[str]) -> None:
        super().__init__(client, request_id, accounts, client.world.now)

    def _told(self, world: Knowledge) -> PnL:
        at = world.ms()
        daily, unrealized, realized = 0.0, 0.0, 0.0
        for held in world.accounts.valued(self._accounts, at):
            rate = float(world.accounts.rate(held.currency, at))
            daily += _daily(held) * rate
            unrealized += _unrealized(held) * rate
            realized += float(held.realized or 0) * rate
        return PnL(self._request_id, daily, unrealized, realized)

    def _next_change(self, world: Knowledge) -> int:
        return world.accounts.next_change(self._accounts, world.ms())


class PositionPnL(_Pnl):
    """The profit and loss of one position, in the currency of its prices."""

    def __init__(self, client: Client, request: PnLSingleRequest, accounts: Sequence[str]) -> None:
        super().__init__(client, id_of(request), accounts, client.world.now + SECOND)
        self._contract_id = request.contract_id

    def _told(self, world: Knowledge) -> PnLSingle | None:
        at = world.ms()
        found = [world.accounts.valued_one(account, self._contract_id, at) for account in self._accounts]
        held = together(each for each in found if each is not None)
        if not held:
            return None
        one = held[0]
        realized = None if one.realized is None else float(one.realized)
        if not one.quantity:
            return PnLSingle(self._request_id, one.quantity, _daily(one), None, realized, None)
        return PnLSingle(self._request_id, one.quantity, _daily(one), _unrealized(one), realized, float(one.value))

    def _next_change(self, world: Knowledge) -> int:
        return world.accounts.next_change_of(self._accounts, self._contract_id, world.ms())

    def _rows(self, told: _Told) -> Iterator[ToClient]:
        """Say that a position which was closed has no value (recorded); once for each time that it is."""
        is_flat = isinstance(told, PnLSingle) and not told.position
        was_flat = isinstance(self._said, PnLSingle) and not self._said.position
        if is_flat and not was_flat:
            text = "Invalid position trade derived value"
            yield ErrorMessage(self._request_id, FLAT, text, error_time=self._client.world.time())
        yield from super()._rows(told)


def _daily(held: Valued) -> float:
    """Give it as doubles have it, with the noise of their sums (recorded: 118.61890000000189)."""
    return float(held.value) - float(held.value_at_begin) - float(held.stake.day_spent) - float(held.stake.day_fees)


def _unrealized(held: Valued) -> float:
    return float(held.value) - float(held.stake.cost)
