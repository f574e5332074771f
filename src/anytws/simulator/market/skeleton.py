"""Where prices go within a minute: at which beats something happens, and where the bid is then."""

from __future__ import annotations

from typing import Final, NamedTuple

from anytws.simulator.market.splitting import FREE, Node

BEATS: Final = 240
"""Beats of a minute."""

FULL: Final = 4
"""So many beats, and a path begins at the open, visits the high and the low within, and ends at the close."""

_CALM: Final = 150
# What is kept free at the end of a minute, so that no beat is pushed out of it.
_MOST: Final = 232


class Skeleton(NamedTuple):
    """The beats of a minute at which something happens, and the bid from each of them on."""

    beats: tuple[int, ...]
    values: tuple[int, ...]
    top: int
    """At which of them it is highest."""
    bottom: int
    """At which of them it is lowest; not the same one, if there are four."""


def visits(node: Node, is_high_first: bool) -> tuple[int, ...]:
    """Give where the bid is at each event of a minute that has three at the most."""
    open_, high, low, close, events, _ = node
    extremes = [high] * (high > max(open_, close)) + [low] * (low < min(open_, close))
    if not is_high_first:
        extremes.reverse()
    return tuple(([open_] * (events - 1 - len(extremes)) + extremes + [close])[:events])


def skeleton(node: Node, is_high_first: bool, noise: bytes) -> Skeleton:
    """Give the path of a minute; *noise*: two bytes for each of 240 beats."""
    events = node[4]
    count = events if events <= FREE else min(events, BEATS * events // (events + _CALM) + FULL, _MOST)
    beats = _beats(count, noise)
    if count <= FREE:
        values = visits(node, is_high_first)
        return Skeleton(beats, values, 0, 0)
    return _full(node, beats, is_high_first, noise[BEATS:])


def extremes_at(count: int, is_high_first: bool, noise: bytes) -> tuple[int, int]:
    """Give at which of *count* beats (four or more) the highest and the lowest bid is."""
    inner = count - 2
    first = 1 + noise[0] * (inner // 2) // 256
    second = 1 + inner // 2 + noise[1] * (inner - inner // 2) // 256
    return (first, second) if is_high_first else (second, first)


def _beats(count: int, noise: bytes) -> tuple[int, ...]:
    """Give *count* different beats in order, none of them the first."""
    beats = []
    last = 0
    for number in range(count):
        beat = ((BEATS - 1) * (number * 256 + noise[number])) // (count * 256) + 1
        last = beat if beat > last else last + 1
        beats.append(last)
    return tuple(beats)


def _full(node: Node, beats: tuple[int, ...], is_high_first: bool, noise: bytes) -> Skeleton:
    open_, high, low, close = node[:4]
    count = len(beats)
    top, bottom = extremes_at(count, is_high_first, noise)
    first, second = (top, bottom) if top < bottom else (bottom, top)
    marks = ((0, open_), (first, high if first == top else low), (second, low if second == bottom else high))
    values: list[int] = []
    room = (high - low) // 4 + 1
    for (begin, value), (end, target) in zip(marks, (*marks[1:], (count - 1, close)), strict=True):
        values.append(value)
        rise, steps = target - value, end - begin
        for step in range(1, steps):
            stir = room * (noise[begin + step] - 128) >> 8
            values.append(min(max(value + rise * step // steps + stir, low), high))
    values.append(close)
    return Skeleton(beats, tuple(values), top, bottom)
