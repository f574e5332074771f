"""What a stretch of time is divided into makes it up, to the tick; and a minute's sum is that of its beats."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from anytws.simulator.chance import noise
from anytws.simulator.market.beats import expand
from anytws.simulator.market.kinds import Kind
from anytws.simulator.market.minute import Shape, traded
from anytws.simulator.market.skeleton import BEATS, FULL, skeleton
from anytws.simulator.market.splitting import Node, divide, possible, shares

STOCK = Kind(has_quotes=True, has_trades=True, has_sizes=True, is_daily=False)
INDEX = Kind(has_quotes=False, has_trades=True, has_sizes=False, is_daily=False)


@st.composite
def nodes(draw: st.DrawFn, most_events: int = 400, has_sizes: bool = True) -> Node:
    """Draw what may happen in a time."""
    open_, close = draw(st.integers(50, 90)), draw(st.integers(50, 90))
    high, low = max(open_, close) + draw(st.integers(0, 9)), min(open_, close) - draw(st.integers(0, 9))
    events = draw(st.integers(0, 6) | st.integers(0, most_events))
    volume = 2 * events + draw(st.integers(0, 20) | st.integers(0, 100_000)) if events and has_sizes else 0
    return possible((open_, high, low, close, events, volume))


@given(st.integers(0, 10**6), st.lists(st.integers(0, 50), min_size=1, max_size=40))
def test_shares_are_whole_and_make_up_the_total(total: int, weights: list[int]) -> None:
    parts = shares(total, weights)
    assert len(parts) == len(weights)
    assert min(parts) >= 0
    assert sum(parts) == (total if any(weights) else 0)
    assert all(weight or not part for weight, part in zip(weights, parts, strict=True))


@given(st.data(), nodes(), st.integers(1, 31), st.binary(min_size=64, max_size=64))
def test_children_chain_and_make_up_the_whole(data: st.DataObject, node: Node, count: int, stir: bytes) -> None:
    weights = data.draw(st.lists(st.integers(1, 9), min_size=count, max_size=count))
    events = shares(node[4], weights)
    volumes = [2 * one for one in events]
    children = divide(node, events, volumes, weights, stir)
    assert [child[4] for child in children] == events
    assert [child[5] for child in children] == volumes
    assert children[0][0] == node[0]
    assert children[-1][3] == node[3]
    assert all(one[3] == after[0] for one, after in pairwise(children))
    assert max(child[1] for child in children) == node[1]
    assert min(child[2] for child in children) == node[2]
    # Each is possible with its events, so that it can be divided on.
    assert [possible(child)[:4] for child in children] == [child[:4] for child in children]


def _shape(spread: int, seed: bytes, *, has_sizes: bool = True, is_led: bool = False) -> Shape:
    return Shape(spread=spread, has_sizes=has_sizes, is_led=is_led, level=None, seed=seed)


@given(nodes(), st.integers(1, 12), st.integers(0, 2**31), st.booleans())
def test_the_sum_of_a_minute_is_that_of_its_trades(node: Node, spread: int, number: int, is_led: bool) -> None:
    shape = _shape(spread, noise(8, number), is_led=is_led)
    events = max(FULL, node[4]) if is_led else node[4]
    path = skeleton((*node[:4], events, 0), shape.is_high_first, noise(2 * BEATS, number, 1))
    minute = expand(node, shape, path, STOCK, 5, noise(3 * BEATS, number, 2))
    assert minute.traded(0, BEATS) == (traded(node, shape) if node[4] else None)
    assert all(trade.size > 0 for trade in minute.trades)
    for trade in minute.trades:
        index = minute.quote_index(trade.beat)
        assert minute.bids[index] <= trade.price <= minute.asks[index]


@given(nodes(), st.integers(1, 12), st.integers(0, 2**31))
def test_the_quotes_of_a_minute_have_its_prices(node: Node, spread: int, number: int) -> None:
    shape = _shape(spread, noise(8, number))
    path = skeleton(node, shape.is_high_first, noise(2 * BEATS, number, 1))
    minute = expand(node, shape, path, STOCK, 5, noise(3 * BEATS, number, 2))
    assert list(minute.beats) == sorted(set(minute.beats))
    assert (minute.beats[0], minute.beats[-1] < BEATS) == (0, True)
    assert all(bid < ask for bid, ask in zip(minute.bids, minute.asks, strict=True))
    for prices, above in ((minute.bids, 0), (minute.asks, spread)):
        made = (prices[0] - above, max(prices) - above, min(prices) - above, prices[-1] - above)
        assert made == node[:4]
    middles = [bid + ask for bid, ask in zip(minute.bids, minute.asks, strict=True)]
    assert (max(middles), min(middles)) == (2 * node[1] + spread, 2 * node[2] + spread)


@given(nodes(has_sizes=False), st.integers(0, 2**31))
def test_an_index_has_trades_without_sizes(node: Node, number: int) -> None:
    shape = _shape(0, noise(8, number), has_sizes=False)
    path = skeleton(node, shape.is_high_first, noise(2 * BEATS, number, 1))
    minute = expand(node, shape, path, INDEX, 0, noise(3 * BEATS, number, 2))
    assert minute.traded(0, BEATS) == (traded(node, shape) if node[4] else None)
    assert all(trade.size == 0 for trade in minute.trades)
