"""All cards of the simulator, of every module that has some.

Those modules know `anytws.simulator.cards`, so this is one that none of them knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import pairwise

from anytws.simulator.cards import Card


def _piles() -> tuple[tuple[Card, ...], ...]:
    """Give the cards of each module that has some, imported here: a world that nobody asks for them does not pay."""
    # ruff: noqa: PLC0415
    from anytws.simulator import connection_cards, leftovers
    from anytws.simulator.answers import (
        access,
        account_cards,
        advisors,
        beats,
        calculations,
        config,
        contract_cards,
        depth,
        depth_exchanges,
        display_groups,
        figures,
        generic_list,
        generic_ticks,
        historical,
        lag,
        linking,
        market_data,
        news,
        option_ticks,
        quote_stream,
        scanner,
        session,
        tick_by_tick,
        top_ticks,
        users,
        wsh,
    )
    from anytws.simulator.exchange import cards as exchange_cards
    from anytws.simulator.exchange import commissions
    from anytws.simulator.faults import cards as faults_cards
    from anytws.simulator.market import cards as market_cards

    # One a line, in the order of the imports.
    return (
        connection_cards.CARDS,
        leftovers.CARDS,
        access.CARDS,
        account_cards.CARDS,
        advisors.CARDS,
        beats.CARDS,
        calculations.CARDS,
        config.CARDS,
        contract_cards.CARDS,
        depth.CARDS,
        depth_exchanges.CARDS,
        display_groups.CARDS,
        figures.CARDS,
        generic_list.CARDS,
        generic_ticks.CARDS,
        historical.CARDS,
        lag.CARDS,
        linking.CARDS,
        market_data.CARDS,
        news.CARDS,
        option_ticks.CARDS,
        quote_stream.CARDS,
        scanner.CARDS,
        session.CARDS,
        tick_by_tick.CARDS,
        top_ticks.CARDS,
        users.CARDS,
        wsh.CARDS,
        exchange_cards.CARDS,
        commissions.CARDS,
        faults_cards.CARDS,
        market_cards.CARDS,
    )


@cache
def all_cards() -> tuple[Card, ...]:
    """Give all cards that there are, in the order of their ids. Raises `ValueError` if two share one."""
    return sorted_cards(card for pile in _piles() for card in pile)


def sorted_cards(cards: Iterable[Card]) -> tuple[Card, ...]:
    """Give *cards* in the order of their ids. Raises `ValueError` if two share one."""
    found = sorted(cards, key=lambda card: card.id)
    for one, other in pairwise(found):
        if one.id == other.id:
            raise ValueError(f"two cards have the id {one.id}: {one.does!r} and {other.does!r}")
    return tuple(found)
