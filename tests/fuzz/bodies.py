"""Bodies to begin from: recorded frames, and what our own codecs write of values that our own strategies draw.

A body is kept without its message id, since the same fields stand behind another id at another version.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any, Final

import attrs
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

import anytws
from anytws.messages.base import Message, Side
from anytws.testing.strategies import Encoding, encoding_of, message_of, messages
from anytws.wire import versions
from anytws.wire.catalogue import entry_of
from anytws.wire.codec import PROTOBUF_OFFSET, Codec
from anytws.wire.rows import Entry
from tests.edges import edges_of

DATA: Final = Path(__file__).resolve().parent.parent / "data"
ID_BYTES: Final = 4
VERSIONS: Final = range(versions.MIN_VERSION, versions.MAX_VERSION + 1)

_DRAWN_AT_ONCE: Final = 4

# Hypothesis takes constants for its values from all modules that are loaded, and some of ours load when they are first
# needed: with all of them there from the start, a seed means the same whatever ran before.
for _module in pkgutil.walk_packages(anytws.__path__, f"{anytws.__name__}."):
    importlib.import_module(_module.name)


@attrs.frozen
class Body:
    """What stands behind a message id."""

    encoding: Encoding
    content: bytes

    def at(self, message_id: int, version: int) -> bytes:
        """Give the whole body of a frame, with its id as it is written at *version*."""
        return written_id(message_id, version, self.encoding) + self.content


def written_id(message_id: int, version: int, encoding: Encoding) -> bytes:
    """Give what stands in front of a body at *version*."""
    if version < versions.PROTOBUF:
        return b"%d\0" % message_id
    return (message_id + (PROTOBUF_OFFSET if encoding is Encoding.PROTOBUF else 0)).to_bytes(ID_BYTES, "big")


def version_for(random: Random, entry: Entry) -> int:
    """Choose a version, mostly one at which *entry* is written in another way than before."""
    return random.choice([*edges_of(entry), versions.MAX_VERSION]) if random.random() < 0.7 else random.choice(VERSIONS)


class Bodies:
    """What has been recorded and drawn so far."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._recorded = _recorded()
        self._recorded_by = {
            side: [(number, bodies) for (said_by, number), bodies in self._recorded.items() if said_by is side]
            for side in Side
        }
        self._drawn: dict[tuple[Entry, int], list[Body]] = {}
        self._said: defaultdict[tuple[Side, int], list[tuple[int, Body]]] = defaultdict(list)

    def of(self, entry: Entry, version: int) -> list[Body]:
        """Give bodies of *entry*: as *version* writes them, and some as others do, since peers mix them up."""
        others = [self._random.choice(VERSIONS) for _ in range(2)]
        found = [*self._recorded[entry.said_by, entry.id], *self.drawn(entry, version)]
        for other in (versions.MAX_VERSION, *others):
            found += self._drawn.get((entry, other), ())
        return found or [Body(Encoding.TEXT, b"1\0")]

    def drawn(self, entry: Entry, version: int) -> list[Body]:
        """Give what was drawn for *entry* at *version*; now and then it is drawn anew."""
        if (entry, version) not in self._drawn or self._random.random() < 0.05:
            self._drawn[entry, version] = _draw(entry, version, self._random.getrandbits(64))
        return self._drawn[entry, version]

    def said_by(self, side: Side, version: int) -> bytes:
        """Give the whole body of any message that *side* may have at *version*."""
        random = self._random
        near = min(DRAWN_VERSIONS, key=lambda drawn: abs(drawn - version))
        said = self._said[side, near]
        if not said:
            # The first ones are the same for every target and seed: to draw them takes as long as a thousand cases.
            said += _draw_any(side, near, 0)
        elif random.random() < _MORE:
            said += _draw_any(side, near, random.getrandbits(64))
        if random.random() < 0.4:
            message_id, bodies = random.choice(self._recorded_by[side])
            body = random.choice(bodies)
        else:
            message_id, body = random.choice(said)
        return body.at(message_id, version)


DRAWN_VERSIONS: Final = (157, 176, 200, 213, 226)
"""Versions at which messages of all kinds are drawn together. It takes a while, and others are not far from them."""
_MORE: Final = 0.0001
_ANY_AT_ONCE: Final = 40


def _draw(entry: Entry, version: int, number: int) -> list[Body]:
    if version < entry.since:
        return []
    encode = Codec(entry.said_by, version).encode
    return [_body_of(encode, message, version)[1] for message in drawn(message_of(entry.cls, version), number)]


@lru_cache(32)
def _draw_any(side: Side, version: int, number: int) -> list[tuple[int, Body]]:
    encode = Codec(side, version).encode
    return [_body_of(encode, message, version) for message in drawn(messages(side, version), number, most=_ANY_AT_ONCE)]


def _body_of(encode: Callable[[Any], bytes], message: Message, version: int) -> tuple[int, Body]:
    entry = entry_of(message)
    encoding = encoding_of(entry, version)
    return entry.id, Body(encoding, encode(message)[len(written_id(entry.id, version, encoding)) :])


def drawn(strategy: SearchStrategy[Any], number: int, most: int = _DRAWN_AT_ONCE) -> list[Any]:
    """Give a few values of *strategy*, the same for the same *number*."""
    found: list[Any] = []

    @seed(number)
    @settings(
        max_examples=most,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def take(message: Message) -> None:
        found.append(message)

    take()
    return found


def _recorded() -> defaultdict[tuple[Side, int], list[Body]]:
    found: defaultdict[tuple[Side, int], list[Body]] = defaultdict(list)
    for name in ("recorded_frames.jsonl", "session_frames.jsonl"):
        for line in (DATA / name).read_text("utf-8").splitlines():
            entry = json.loads(line)
            side = Side.TWS if entry["direction"] == "in" else Side.CLIENT
            if "fields" in entry:
                content = "".join(f"{field}\0" for field in entry["fields"][1:]).encode()
                found[side, int(entry["fields"][0])].append(Body(Encoding.TEXT, content))
            else:
                _sort_in(found, side, bytes.fromhex(entry.get("body") or entry["raw_hex"]))
    return found


def _sort_in(found: defaultdict[tuple[Side, int], list[Body]], side: Side, body: bytes) -> None:
    head, nul, content = body.partition(b"\0")
    if head.isdigit() and nul:
        found[side, int(head)].append(Body(Encoding.TEXT, content))
        return
    number = int.from_bytes(body[:ID_BYTES], "big")
    encoding = Encoding.PROTOBUF if number > PROTOBUF_OFFSET else Encoding.TEXT
    found[side, number % PROTOBUF_OFFSET].append(Body(encoding, body[ID_BYTES:]))
