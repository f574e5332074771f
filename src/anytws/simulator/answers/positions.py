"""Answers about positions: of all accounts, and of one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final

from anytws.errors import in_a_sentence
from anytws.messages.accounts import (
    CancelPositions,
    CancelPositionsMulti,
    Position,
    PositionEnd,
    PositionMulti,
    PositionMultiEnd,
    PositionsMultiRequest,
    PositionsRequest,
)
from anytws.messages.base import ToClient
from anytws.simulator.answers.account_codes import TOO_MANY, accounts_of, invalid, means_all, too_many
from anytws.simulator.answers.account_kinds import POSITIONS, POSITIONS_MULTI, no_place
from anytws.simulator.answers.answer import id_of
from anytws.simulator.answers.holdings import average_cost, contract_of
from anytws.simulator.client import Client, Stream
from anytws.simulator.complaints import not_valid
from anytws.simulator.ledger.stake import NOTHING
from anytws.simulator.universe.instrument import Instrument

_KEY: Final = (POSITIONS, 0)


def tell_positions(client: Client, request: PositionsRequest) -> Iterable[ToClient]:
    """Give the positions of all accounts and the end, then changes; asked again, all again (reported).

    What was closed on this day is in the list with 0 (documented).
    """
    world = client.world
    if too_many(world):
        yield not_valid(world, request, TOO_MANY)
        return
    positions = Positions(client, world.accounts.names, None)
    yield from positions.wake()
    yield PositionEnd()
    client.streams[_KEY] = positions


def end_positions(client: Client, _: CancelPositions) -> Iterable[ToClient]:
    """End it without a word (recorded)."""
    client.streams.pop(_KEY, None)
    return ()


def tell_positions_multi(client: Client, request: PositionsMultiRequest) -> Iterable[ToClient]:
    """Give the positions of one account, or of all, and the end, then changes (documented).

    There are no models, so one has the end alone.
    """
    world = client.world
    meant = accounts_of(world, request.account) if request.account else world.accounts.names
    if meant is None:
        yield not_valid(world, request, invalid(in_a_sentence(request.account)))
    elif means_all(world, request.account) and too_many(world):
        yield not_valid(world, request, TOO_MANY)
    elif (refusal := no_place(client, POSITIONS_MULTI, request, id_of(request))) is not None:
        yield refusal
    else:
        positions = Positions(client, () if request.model_code else meant, id_of(request))
        yield from positions.wake()
        yield PositionMultiEnd(id_of(request))
        client.streams[POSITIONS_MULTI, id_of(request)] = positions


def end_positions_multi(client: Client, request: CancelPositionsMulti) -> Iterable[ToClient]:
    """End it without a word (recorded)."""
    client.streams.pop((POSITIONS_MULTI, request.request_id), None)
    return ()


class Positions(Stream):
    """What a client is told of positions: each change at once, with the new total, and 0 once for what is closed.

    It follows fills, and no prices (documented).
    """

    def __init__(self, client: Client, accounts: Sequence[str], request_id: int | None) -> None:
        self._client = client
        self._accounts = accounts
        self._request_id = request_id
        self._said: dict[tuple[str, int], tuple[Instrument, Decimal, float]] = {}
        self._version = -1
        self._earliest = -math.inf

    @property
    def wake_at(self) -> float:
        """Now after a booking; otherwise never."""
        world = self._client.world
        is_news = self._version != world.accounts.version_of(self._accounts)
        return max(world.now, self._earliest) if is_news else math.inf

    def wake(self) -> Iterator[ToClient]:
        """Give each position that is not as it was said."""
        world = self._client.world
        self._version = world.accounts.version_of(self._accounts)
        held = {
            (account, instrument.contract_id): (instrument, stake.quantity, average_cost(stake))
            for account, instrument, stake in world.accounts.positions(self._accounts, world.ms())
        }
        for key, (instrument, quantity, _) in list(self._said.items()):
            if key not in held:
                del self._said[key]
                if quantity:
                    # It was taken out by hand, or corrected away.
                    yield self._row(key[0], instrument, NOTHING, 0.0)
        for key, row in held.items():
            if self._said.get(key) != row:
                self._said[key] = row
                yield self._row(key[0], *row)

    def skip(self, now: float) -> None:
        """Wait a second with what changed: then the newest totals are said."""
        self._earliest = now + 1.0

    def _row(self, account: str, instrument: Instrument, quantity: Decimal, cost: float) -> ToClient:
        contract = contract_of(self._client, instrument)
        if self._request_id is None:
            return Position(account, contract, quantity, cost)
        return PositionMulti(self._request_id, account, contract, quantity, cost)
