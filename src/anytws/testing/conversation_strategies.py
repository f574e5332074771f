"""Hypothesis strategies for what is said in turns: handshakes, questions with their answers, several at the same time.

::

    @given(conversations(version=176))
    def test_my_client_sorts_them_out(talk):
        for turn in talk.turns: ...            # who says what
        talk.data(Side.TWS)                    # all bytes of one side

What answers a request, and what ends that, is known from its row in the catalogue. `anytws.testing.strategies` has
single messages, and what a wire does to bytes (`slices_of`, `mutations_of`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Final, TypeAlias

import attrs
from hypothesis import strategies as st

from anytws.machines.conversation import plan_of
from anytws.messages.base import Message, Side, ToTws
from anytws.messages.market_data import TickType
from anytws.messages.session import ManagedAccounts, NextValidId, StartApiRequest
from anytws.testing.strategies import message_of, messages, mutations_of
from anytws.wire.catalogue import CATALOGUE, entry_for
from anytws.wire.codec import shared_codec
from anytws.wire.conversation import ConversationRow, Key, Shape
from anytws.wire.frames import frame
from anytws.wire.handshake import Greeting, VersionReply, write_greeting, write_version_reply
from anytws.wire.limits import DEFAULT_LIMITS
from anytws.wire.rows import Entry
from anytws.wire.versions import MAX_VERSION, MIN_VERSION

__all__ = [
    "FIRST_REQUEST_ID",
    "Talk",
    "Turn",
    "answers_to",
    "broken_frames",
    "broken_streams",
    "conversations",
    "handshakes",
    "requests",
]

_Strategy: TypeAlias = st.SearchStrategy[Any]

FIRST_REQUEST_ID: Final = 1_000_000_000
"""The id of the first request of a conversation that is drawn; it goes up from there, as that of our client does."""
_FIRST_ORDER_ID: Final = 1
_MOST_ANSWERS: Final = 3
_ANSWERABLE: Final = frozenset({Shape.ONE, Shape.RUN, Shape.RUN_THEN_STREAM, Shape.STREAM})


@attrs.frozen
class Turn:
    """One thing that one side says."""

    said_by: Side
    """Who says it."""
    said: Message | Greeting | VersionReply
    """What is said: a message, or the word of a handshake."""
    about: int = 0
    """The number of the question that it belongs to, in the order in which they were asked, from 0; -1: to none."""


@attrs.frozen
class Talk:
    """What two sides say, in an order in which it may come."""

    version: int
    """The server version that they speak."""
    turns: tuple[Turn, ...]
    """All that is said, in order."""

    def said(self, side: Side) -> tuple[Message | Greeting | VersionReply, ...]:
        """Give what one *side* says."""
        return tuple([turn.said for turn in self.turns if turn.said_by is side])

    def data(self, side: Side) -> bytes:
        """Give all that one *side* says, as bytes."""
        return b"".join([self.written(turn) for turn in self.turns if turn.said_by is side])

    def written(self, turn: Turn) -> bytes:
        """Give the bytes of one *turn*."""
        match turn.said:
            case Greeting():
                return write_greeting(turn.said)
            case VersionReply():
                return write_version_reply(turn.said)
            case _:
                return frame(shared_codec(turn.said_by, self.version).encode(turn.said))


# --- handshakes -------------------------------------------------------------------------------------------------------

_ACCOUNTS: Final = st.lists(st.from_regex(r"[A-Z]{1,2}[0-9]{1,7}", fullmatch=True), min_size=1, max_size=3).map(tuple)


@st.composite
def handshakes(draw: st.DrawFn, version: int | None = None) -> Talk:
    """Draw the handshake of both sides, up to where requests may be made.

    *version* is the one that TWS names; None: any. What TWS may say in between (errors, and whatever it likes) may be
    there, and the accounts may come after the id, or not at all.
    """
    chosen = draw(st.integers(MIN_VERSION, MAX_VERSION)) if version is None else version
    lowest = draw(st.integers(100, chosen))
    highest = draw(st.integers(chosen, max(MAX_VERSION, chosen)))
    client_id = draw(st.integers(0, 2**31 - 2))
    start = [ManagedAccounts(draw(_ACCOUNTS)), NextValidId(draw(st.integers(1, 2**31 - 2)))]
    opening: Sequence[Message] = draw(st.permutations(start) | st.just(start[1:]))
    clock = draw(st.sampled_from((b"20260105 14:30:00 UTC", b"20260105 09:30:00 America/New_York", b"")))
    turns = [
        Turn(Side.CLIENT, Greeting(lowest, highest), -1),
        Turn(Side.TWS, VersionReply(chosen, clock), -1),
        Turn(Side.CLIENT, StartApiRequest(client_id), -1),
        *[Turn(Side.TWS, said, -1) for said in opening],
    ]
    return Talk(chosen, tuple(turns))


# --- questions and answers --------------------------------------------------------------------------------------------


@cache
def _asked(version: int) -> tuple[Entry, ...]:
    return tuple(
        [
            entry
            for entry in CATALOGUE
            if entry.said_by is Side.CLIENT
            and entry.since <= version
            and (row := entry.conversation) is not None
            and not row.forbidden
            and row.shape in _ANSWERABLE
        ]
    )


@cache
def requests(version: int = MAX_VERSION) -> st.SearchStrategy[ToTws]:
    """Draw a request that has an answer at *version*; its id is whatever."""
    of_each: list[_Strategy] = [message_of(entry.cls, version) for entry in _asked(version)]
    return st.one_of(of_each)


def _row_of(request: ToTws) -> ConversationRow:
    row = entry_for(type(request)).conversation
    if row is None:
        raise ValueError(f"{type(request).__name__} has no answer")
    return row


@st.composite
def answers_to(draw: st.DrawFn, request: ToTws, version: int = MAX_VERSION) -> tuple[Message, ...]:
    """Draw what TWS says to *request*, under its id: one answer, a run with its end, or the beginning of a stream.

    Nothing at all to a request that has no answer when it is used like this. Raises `ValueError` for what is none.
    """
    row = _row_of(request)
    plan = plan_of(row, request, version, changes_state=False)
    if plan.shape not in _ANSWERABLE:
        return ()
    kinds = plan.answers
    if plan.shape is Shape.RUN_THEN_STREAM and row.first_run:
        kinds = kinds & frozenset(row.first_run)
    to_it = _addressed(row, request)
    fitting = sorted([kind for kind in kinds if entry_for(kind).since <= version], key=lambda kind: kind.__name__)
    one: _Strategy = st.one_of([message_of(kind, version).map(to_it) for kind in fitting if kind not in row.ends_after])
    if plan.first_is_last:
        return (draw(one),)
    run: list[Message] = draw(st.lists(one, max_size=_MOST_ANSWERS))
    if plan.ends_when is not None:
        last = draw(one)
        run.append(attrs.evolve(last, is_done=True) if hasattr(last, "is_done") else last)
    if plan.end is not None:
        run.append(_under(row, request, draw(message_of(plan.end, version))))
    return tuple(run)


def _addressed(row: ConversationRow, request: ToTws) -> Callable[[Any], Any]:
    """Give what makes an answer to *request* of a message of the right kind."""

    def to_it(answer: Any) -> Any:  # noqa: ANN401 (of any class)
        if row.is_answer is not None and hasattr(answer, "tick_type"):
            answer = attrs.evolve(answer, tick_type=TickType.CUST_OPTION_COMPUTATION)
        return _under(row, request, attrs.evolve(answer, is_done=False) if hasattr(answer, "is_done") else answer)

    return to_it


def _under(row: ConversationRow, request: Any, answer: Any) -> Any:  # noqa: ANN401 (of any classes)
    """Give *answer* under the id of *request*, and with whatever else has to be the same."""
    names = [*row.exclusive, *([] if row.key is Key.NOTHING else [row.key.value])]
    return attrs.evolve(answer, **{name: getattr(request, name) for name in names if hasattr(answer, name)})


def _numbered(request: ToTws, index: int) -> ToTws:
    """Give *request* with an id of its own."""
    ids = {"request_id": FIRST_REQUEST_ID + index, "order_id": _FIRST_ORDER_ID + index}
    return attrs.evolve(request, **{name: number for name, number in ids.items() if hasattr(request, name)})  # type: ignore[misc]


@st.composite
def conversations(draw: st.DrawFn, version: int = MAX_VERSION, most: int = 4, noise: int = 2) -> Talk:
    """Draw up to *most* questions and their answers, as they may come in between each other, in a session that is open.

    Each question comes before its answers, and these come in their order; no two questions without an id are of one
    kind, since nothing would tell their answers apart. Up to *noise* messages of TWS that belong to none of them come
    anywhere.
    """
    asked: dict[object, ToTws] = {}
    for request in draw(st.lists(requests(version), min_size=1, max_size=most)):
        row = _row_of(request)
        has_id = row.key in {Key.REQUEST_ID, Key.ORDER_ID}
        asked.setdefault(len(asked) if has_id else (row.slot or type(request)), _numbered(request, len(asked)))
    lines: list[list[Turn]] = []
    for number, request in enumerate(asked.values()):
        answers = draw(answers_to(request, version))
        lines.append([Turn(Side.CLIENT, request, number), *[Turn(Side.TWS, said, number) for said in answers]])
    others = draw(st.lists(_noise(version), max_size=noise))
    lines += [[Turn(Side.TWS, said, -1)] for said in others]
    order = draw(st.permutations([index for index, line in enumerate(lines) for _ in line]))
    waiting = [iter(line) for line in lines]
    return Talk(version, tuple(_taken(waiting, order)))


def _taken(lines: Sequence[Iterator[Turn]], order: Sequence[int]) -> Iterator[Turn]:
    for index in order:
        yield next(lines[index])


@cache
def _noise(version: int) -> _Strategy:
    """Draw what TWS may say to who has not asked: nothing that ends a connection, nor has an id that is asked under."""
    said = ("NewsBulletin", "MarketRule", "OrderBound", "CommissionAndFeesReport")
    return st.one_of(
        [message_of(entry.cls, version) for entry in CATALOGUE if entry.name in said and entry.since <= version]
    )


# --- what is no good --------------------------------------------------------------------------------------------------


@st.composite
def broken_frames(draw: st.DrawFn, side: Side = Side.TWS, version: int = MAX_VERSION) -> bytes:
    """Draw a whole frame of *side* that somebody has damaged: bytes changed, lost, doubled or put in; its length fits.

    It may be good by accident, and say something else.
    """
    body = shared_codec(side, version).encode(draw(messages(side, version)))
    return frame(draw(mutations_of(body)))


@st.composite
def broken_streams(draw: st.DrawFn, side: Side = Side.TWS, version: int = MAX_VERSION) -> bytes:
    """Draw bytes of *side* behind which nothing can be read any more: a frame cut off, or a length that none has."""
    whole = frame(shared_codec(side, version).encode(draw(messages(side, version))))
    if draw(st.booleans()):
        return whole[: draw(st.integers(1, len(whole) - 1))]
    length = draw(st.integers(DEFAULT_LIMITS.frame + 1, 2**32 - 1))
    return whole + length.to_bytes(4, "big") + draw(st.binary(max_size=8))
