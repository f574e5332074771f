"""Protobuf bodies read by their shape, without a parser.

Protobuf is one field behind the other, and TWS says the same fields in each tick. So a body is cut at places that are
known beforehand: into numbers that are new each time, which are unpacked, and runs of fields between them, which are
looked up by their bytes (`runs`, `records`). If each piece is exactly what has to stand there, and the pieces make up
the whole body, then it is what any parser finds in it; on all else the reader gives up.

A shape is learned from a body: which of the numbers it has, and how long the pieces are (`outline`, `pieces`).
"""

from __future__ import annotations

from typing import Any, Final

from anytws.wire.compiled.bet import CannotCompile, Decoder
from anytws.wire.compiled.outline import Key, Outline, anatomy, outline
from anytws.wire.compiled.pieces import Memos, Plan, Shape
from anytws.wire.compiled.records import MemoOfRecords
from anytws.wire.rows import Entry

_MOST_PLANS: Final = 4
"""Choices of fields, of one message, that a reader is compiled for."""
_MOST_SHAPES: Final = 6
"""Shapes of one message that are tried."""
_MOST_FRONTS: Final = 2048
"""First bytes, of one message, by which shapes are looked up."""
_TURNS: Final = 256
"""So many bodies in a row whose shape was guessed, and all are given to the reader of the last one."""
_PROBATION: Final = 8
"""So many bodies in a row whose shape was guessed, and a lost bet is forgotten."""
_LONGEST_PAUSE: Final = 1023
"""So many bodies, and a pause is one for good: that would be the tenth in a row."""


def by_shape(entry: Entry, parse: Decoder, records: MemoOfRecords, longest: int) -> Decoder:
    """Give what reads bodies of *entry* by their shape, where that pays, and leaves the others to *parse*.

    One with records in it that is longer than *longest* is left to it too: there may be more in them than is allowed.
    """
    try:
        fields = outline(entry.layout)
    except CannotCompile:
        return parse
    return Bet(entry, fields, parse, records, longest).decoder()


class Bet:
    """The shapes that were seen of one message, and what the next body is given to.

    Mostly all bodies have one shape, and the next one is given to its reader. Where several come in turns, it is looked
    up by its first bytes, in which the ids are, which shape was right for them. And where bets are lost again and
    again, there is a pause, which is twice as long each time, and the tenth is for good.

    A codec is shared by threads: whatever one sees of this while another changes it, leads to a reader that either
    reads a body as all do, or gives up.
    """

    __slots__ = (
        "_by_front", "_entry", "_fields", "_front", "_known", "_left", "_longest", "_lost", "_memos", "_parse",
        "_pause", "_plans", "_usual", "read",
    )  # fmt: skip

    def __init__(self, entry: Entry, fields: Outline, parse: Decoder, records: MemoOfRecords, longest: int) -> None:
        self._entry = entry
        self._fields = fields
        self._parse = parse
        self._longest = longest
        self._memos = Memos(entry.name, records)
        self._plans: dict[Key, Plan | None] = {}
        self._known: tuple[Shape, ...] = ()
        self._front = 0
        """As many bytes as tell the shapes apart, as far as first bytes can."""
        self._by_front: dict[bytes, Decoder] = {}
        self._lost = 0
        """Bodies of none of the shapes."""
        self._pause = 0
        """Bodies for which nothing will be guessed when the next bet is lost."""
        self._left = 0
        """Bodies for which it is as it is now."""
        self._usual: Decoder | None = None
        """The reader that all bodies are given to."""
        self.read: Decoder = self._guess
        """Reads the next body, or gives up by any exception."""

    def decoder(self) -> Decoder:
        """Give what reads a body."""

        def decode(body: bytes) -> Any:
            try:
                return self.read(body)
            except Exception:  # noqa: BLE001, S110 (whatever it is, the bet is lost)
                pass
            return self.read_otherwise(body)

        return decode

    def read_otherwise(self, body: bytes) -> Any:
        """Read what `read` has given up on."""
        tried = self._usual or self._by_front.get(body[: self._front])
        for shape in self._known:
            if shape.read is tried:
                continue
            try:
                message = shape.read(body)
            except Exception:  # noqa: BLE001, S112 (see `decoder`)
                continue
            self._note(shape, body)
            return message
        message = self._parse(body)
        self._lost += 1
        # The first, the second, the fourth: what comes in a hundred shapes is not worth learning.
        if not self._known or not self._lost & (self._lost - 1):
            self._learn(body, message)
        self._lose()
        return message

    def _guess(self, body: bytes) -> Any:
        read = self._by_front[body[: self._front]]
        message = read(body)
        self._left -= 1
        if self._left <= 0:
            self.read, self._usual, self._pause = read, read, 0
        return message

    def _wait(self, body: bytes) -> Any:
        self._left -= 1
        if self._left <= 0:
            self._go_on(_PROBATION)
        return self._parse(body)

    def _go_on(self, bodies: int) -> None:
        self.read, self._usual, self._left = self._guess, None, bodies

    def _lose(self) -> None:
        self._left, self._pause = self._pause, 2 * self._pause + 1
        if not self._left:
            self._go_on(_PROBATION)
        else:
            # To count the bodies of a pause costs a little, and that is too much where it leads to nothing.
            self.read = self._wait if self._left < _LONGEST_PAUSE else self._parse

    def _note(self, shape: Shape, body: bytes) -> None:
        """Remember that *body* has this *shape*, which was not guessed."""
        front, by_front = body[: self._front], self._by_front
        was_otherwise = by_front.get(front, shape.read) is not shape.read
        if len(by_front) >= _MOST_FRONTS:
            by_front.clear()
        by_front[front] = shape.read
        if was_otherwise:
            # The first bytes do not tell it.
            self._lose()
        else:
            self._go_on(_TURNS)

    def _learn(self, body: bytes, message: Any) -> None:
        """Learn the shape of *body*, which is *message*, if it has one that can be read."""
        if len(body) > self._longest or type(message) is not self._entry.cls:
            return
        try:
            key, lengths = anatomy(self._fields, body)
            plan = self._plans.get(key) or self._plan(key)
            shape = plan.shape(lengths)
            shape.read(body)
        except Exception:  # noqa: BLE001 (see `decoder`)
            return
        self._known = (shape, *self._known[: _MOST_SHAPES - 1])
        self._front = min(each.front for each in self._known)
        self._by_front = {body[: self._front]: shape.read}

    def _plan(self, key: Key) -> Plan:
        """Compile the plan of bodies with the fields *key*. Raises `CannotCompile`, each time, where there is none."""
        if key in self._plans or len(self._plans) >= _MOST_PLANS:
            raise CannotCompile(key)
        self._plans[key] = None
        plan = self._plans[key] = Plan(self._entry.name, self._fields, key, self._memos, self._longest)
        return plan
