"""The encoders: right and wrong messages, at every version, of both sides, in both encodings.

* The closures and the compiled writers say the same: the same bytes, or the same error, also when asked again.
* So they do after something was written that is equal to it and not the same: 1 and True, 0.0 and -0.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from random import Random
from typing import Any, Final

import anytws.wire.codec
from anytws.errors import DecodeError
from anytws.messages.base import Message, Side
from anytws.testing.strategies import Encoding
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.codec import Codec, UnknownId
from anytws.wire.odd import Odd
from anytws.wire.rows import Entry
from anytws.wire.text import Surplus
from tests.conditions import met_conditions
from tests.edges import EDGES, edges_of
from tests.fuzz.bodies import VERSIONS, Bodies, written_id
from tests.fuzz.engine import Broken, Case
from tests.fuzz.mutators import PROTOBUF, TEXT, mutated
from tests.slips import ALL
from tests.wrong_messages import Change, Path, Writers, places_of, slips_at

_KEPT: Final = 16
_MOST_CHANGES: Final = 3
_SEEDS: Final = 8
_WITH_CONDITIONS: Final = (176, 202)
"""Versions of which there are messages in which the conditions of the text form hold."""
_DRAWN: Final = 40
"""Changes that are drawn at once for one message: to list its fields takes longer than to write it."""


class EncodersTarget:
    """The target."""

    name = "encoders"
    given = 0
    stay = 300
    """Inputs for one message at one version: to compile a writer takes as long as a hundred of them."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._bodies = Bodies(random)
        self._left = 0
        self._station: tuple[Entry, int] = (CATALOGUE[0], VERSIONS[0])
        self._seeds: list[tuple[int, bytes]] = []
        self._writers: dict[tuple[Side, int], Writers] = {}
        self._changes: Iterator[tuple[Case, list[Path], Message]] = iter(())

    # --- drawing -------------------------------------------------------------------------------------------------

    def draw(self) -> Case:
        """Give a body that says a message, and what is wrong with it."""
        if not self._left:
            self._move()
        self._left -= 1
        found = next(self._changes, None)
        if found is None:
            self._changes = self._drawn()
            found = next(self._changes)
        case, paths, message = found
        random = self._random
        chance = random.random()
        if chance > 0.05:
            case["changes"] = self._drawn_changes(message, paths)
            if chance < 0.3:
                path, _ = case["changes"][0]
                case["before"] = [[path, random.choice(slips_at(message, path))] for _ in range(random.randint(1, 2))]
        return case

    def _drawn_changes(self, message: Message, paths: list[Path]) -> list[Change]:
        random, changes = self._random, []
        for _ in range(random.choice((1, 1, 1, 2, _MOST_CHANGES))):
            path = random.choice(paths)
            is_near = not path or random.random() < 0.8
            changes.append([[*path], random.choice(slips_at(message, path) if is_near else ALL)])
        return changes

    def _drawn(self) -> Iterator[tuple[Case, list[Path], Message]]:
        """Give cases without changes, all of one message."""
        random = self._random
        entry, version = self._station
        said_at, body = random.choice(self._seeds)
        message = said(entry.said_by, said_at, body)
        if random.random() < 0.3:
            # What is read of it has values of the right types that nobody has thought of.
            head = written_id(entry.id, said_at, Encoding.TEXT)
            damage = TEXT if body.startswith(head) else PROTOBUF
            damaged = body[: len(head)] + mutated(random, body[len(head) :], damage)
            found = said(entry.said_by, said_at, damaged)
            if type(found) is entry.cls:
                body, message = damaged, found
        paths: list[Path] = [*places_of(message)]
        for _ in range(_DRAWN):
            yield {"side": entry.said_by.value, "version": version, "said_at": said_at, "body": body}, paths, message

    def _move(self) -> None:
        random = self._random
        self._left = self.stay
        self._changes = iter(())
        # A message that is written in many ways comes as often.
        entry, version = random.choice(EDGES)
        if random.random() < 0.2:
            version = random.choice([each for each in VERSIONS if each >= entry.since])
        self._station = entry, version
        self._seeds = []
        edges = edges_of(entry)
        # Another version may have more fields than this one has a place for.
        for said_at in (version, edges[-1], random.choice(edges)):
            bodies = self._bodies.of(entry, said_at)
            for each in random.sample(bodies, min(len(bodies), _SEEDS)):
                body = each.at(entry.id, said_at)
                if type(said(entry.said_by, said_at, body)) is entry.cls:
                    self._seeds.append((said_at, body))
        for said_at in _WITH_CONDITIONS:
            if said_at >= entry.since:
                encode = Codec(entry.said_by, said_at).encode
                messages = met_conditions(entry, said_at)
                self._seeds += [(said_at, encode(each)) for each in random.sample(messages, min(len(messages), _SEEDS))]
        if not self._seeds:
            self._move()

    # --- checking ------------------------------------------------------------------------------------------------

    def check(self, case: Case) -> None:
        """Write it in both ways and hold them against each other."""
        side, version = Side(case["side"]), case["version"]
        message = said(side, case["said_at"], case["body"])
        if message is None:
            return
        writers = self._pair(side, version)
        for before in case.get("before", ()):
            self._hold(writers, message, [before])
        self._hold(writers, message, case.get("changes", ()))

    def _hold(self, writers: Writers, message: Message, changes: list[Change]) -> None:
        difference = writers.difference(message, changes)
        if difference is not None:
            about = f"{type(message).__name__} at {writers.compiled.version}"
            raise Broken(f"closures and compiled writers differ about {about}", difference)

    def _pair(self, side: Side, version: int) -> Writers:
        writers = self._writers.get((side, version))
        if writers is None:
            if len(self._writers) >= _KEPT:
                # All that was compiled for one version is tens of megabytes.
                self._writers.clear()
            writers = self._writers[side, version] = Writers(side, version)
        return writers


@lru_cache(_KEPT)
def said(side: Side, version: int, body: bytes) -> Message | None:
    """Give what *side* says with *body* at *version*, as a compiled reader makes it; None for nothing."""
    module = anytws.wire.codec
    before = module.WORTH_COMPILING
    module.WORTH_COMPILING = 0
    try:
        message: Any = _reader(side, version).decode(body)
    except DecodeError:
        return None
    finally:
        module.WORTH_COMPILING = before
    if isinstance(message, UnknownId):
        return None
    return message.message if isinstance(message, (Surplus, Odd)) else message


@lru_cache(_KEPT)
def _reader(side: Side, version: int) -> Codec:
    return Codec(side.peer, version)
