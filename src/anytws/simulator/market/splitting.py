"""How what happened in a time is divided among its parts: so that they chain, and make up the whole exactly.

A stretch of time has an open, high, low and close of its path, so many events and so much volume: a `Node`. Its
children begin where the one before ended, attain its high and its low and nothing beyond, and together they have its
events and its volume. A stretch without events does not move. One event is enough for a new close, two for a close and
one extreme beyond it, three for anything: so a node is drawn from what is possible with its events, and its children
likewise.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import isqrt
from typing import Final, TypeAlias

Node: TypeAlias = tuple[int, int, int, int, int, int]
"""Open, high, low, close, events, volume. A tuple: months of minutes are made of it."""

FREE: Final = 3
"""So many events, and any open, high, low and close are possible."""


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """Give *total* in whole parts as *weights* are: together they are *total*. No weights above 0: none gets any."""
    whole = sum(weights)
    if not whole or not total:
        return [0] * len(weights)
    sums = [total * weight // whole for weight in accumulate(weights)]
    return [after - before for before, after in zip([0, *sums], sums, strict=False)]


def possible(node: Node) -> Node:
    """Give *node* with its prices as its events allow."""
    open_, high, low, close, events, volume = node
    if not events:
        return (open_, open_, open_, open_, 0, 0)
    top, bottom = max(open_, close), min(open_, close)
    if events < FREE:
        low = bottom if events == 1 or high > top else low
        high = top if events == 1 else high
    return (open_, max(high, top), min(low, bottom), close, events, volume)


def divide(
    node: Node, events: Sequence[int], volumes: Sequence[int], spread: Sequence[int], noise: bytes
) -> list[Node]:
    """Divide *node* into children with *events* and *volumes*, whose share of its moves is as *spread*.

    *noise*: three bytes for each child.
    """
    active = [number for number, count in enumerate(events) if count]
    path = _path(node, [spread[number] for number in active], noise)
    tops, bottoms = _extremes(node, [events[number] for number in active], path, noise[len(active) :])
    children: list[Node] = []
    before, step = node[0], 0
    for count, volume in zip(events, volumes, strict=True):
        if count:
            now = path[step]
            children.append((before, tops[step], bottoms[step], now, count, volume))
            before, step = now, step + 1
        else:
            children.append((before, before, before, before, 0, 0))
    return children


def _path(node: Node, spread: Sequence[int], noise: bytes) -> list[int]:
    """Give where each active child ends: a walk from the open to the close, that fills the range for the most part."""
    open_, high, low, close = node[:4]
    if len(spread) < 2:
        return [close] * len(spread)
    if high == low:
        return [close] * len(spread)
    times = list(accumulate(spread))
    whole = times[-1]
    walk = list(accumulate([(byte - 127) * share for byte, share in zip(noise, spread, strict=False)]))
    drift = walk[-1]
    bridge = [place * whole - drift * time for place, time in zip(walk, times, strict=True)]
    reach = max(0, *bridge) - min(0, *bridge) or 1
    room = high - low
    rise = close - open_
    ends = [
        min(max(open_ + (rise * time) // whole + (room * place) // reach, low), high)
        for place, time in zip(bridge, times, strict=True)
    ]
    return [*ends[:-1], close]


def _extremes(node: Node, events: Sequence[int], path: list[int], noise: bytes) -> tuple[list[int], list[int]]:
    """Give the highs and the lows of the active children; *path* is bent where a high or low would be missed."""
    open_, high, low = node[:3]
    count = len(path)
    if count < 2:
        return [high] * count, [low] * count
    _bend(node, events, path)
    stir = (high - low) * 2 // (3 * isqrt(count)) + 1
    tops: list[int] = []
    bottoms: list[int] = []
    before = open_
    for number, now in enumerate(path):
        top, bottom = (before, now) if before > now else (now, before)
        if events[number] >= FREE:
            byte = noise[number]
            top = min(high, top + (stir * (byte & 15) >> 4))
            bottom = max(low, bottom - (stir * (byte >> 4) >> 4))
        tops.append(top)
        bottoms.append(bottom)
        before = now
    if max(tops) < high:
        tops[_owner(path, events, tops, max)] = high
    if min(bottoms) > low:
        bottoms[_owner(path, events, bottoms, min)] = low
    return tops, bottoms


def _owner(path: list[int], events: Sequence[int], marks: list[int], best: object) -> int:
    """Give the child that gets the extreme: the nearest to it, of those that can."""
    able = [number for number in range(len(path)) if events[number] >= FREE]
    if not able:
        # Two children, one with two events: its close is the other extreme (see `_bend`).
        able = [number for number in range(len(path)) if events[number] >= FREE - 1]
    sign = 1 if best is max else -1
    return max(able, key=lambda number: (sign * marks[number], -number))


def _bend(node: Node, events: Sequence[int], path: list[int]) -> None:
    """Put the extremes where children end, as far as no child has events enough to have one within."""
    if any(count >= FREE for count in events):
        return
    open_, high, low, close = node[:4]
    inner = range(len(path) - 1)
    top = max(inner, key=lambda number: (path[number], -number))
    needs_high, needs_low = high > max(open_, close), low < min(open_, close)
    if needs_high:
        path[top] = high
    if needs_low:
        rest = [number for number in inner if number != top or not needs_high]
        if rest:
            path[min(rest, key=lambda number: (path[number], number))] = low
