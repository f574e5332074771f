"""Callers, a session, a wire that slices and delays, and a TWS that says what it likes: everybody gets their own, once.

Hypothesis plays all of them, and the clock. What is asked for under an id has a model of its own, which knows what each
caller must have got by now, from the messages that have arrived whole and nothing else. What has no id is told from
what TWS meant by it: its answers carry the number of the request that they answer, and its positions are those of an
account that changes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from unittest import mock

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from anytws.core import Connection, HandshakeOptions, Notice, Side, State
from anytws.core.events import CloseReason, ConnectionClosed
from anytws.errors import DataLost, DecodeError, RequestFailed, RequestTimedOut, SendQueueFull, SlowConsumer
from anytws.machines import Asked, ClientSession, Dropped, Mailbox, Streamed
from anytws.machines import outbox as outbox_module
from anytws.machines.conversations import DRAIN
from anytws.machines.ids import FIRST_REQUEST_ID
from anytws.machines.pacing import Pacing
from anytws.messages import (
    CancelContractData,
    CancelHeadTimestamp,
    CancelMarketData,
    CancelPositions,
    CancelPositionsMulti,
    Contract,
    ContractData,
    ContractDataEnd,
    ContractDataRequest,
    ContractDetails,
    CurrentTime,
    CurrentTimeRequest,
    ErrorMessage,
    HeadTimestamp,
    HeadTimestampRequest,
    IdsRequest,
    ManagedAccounts,
    ManagedAccountsRequest,
    MarketDataMode,
    MarketDataRequest,
    MarketDataTypeRequest,
    MatchingSymbolsRequest,
    NextValidId,
    Position,
    PositionEnd,
    PositionMulti,
    PositionMultiEnd,
    PositionsMultiRequest,
    PositionsRequest,
    Stock,
    SymbolSamples,
    TickSize,
    TickType,
    ToTws,
)
from anytws.messages.base import Message
from anytws.wire.frames import frame
from tests.conversing import CLOCK, VERSIONS

STOCK: Final = Stock("AAPL")
TIME: Final = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
PATIENCE: Final = 2.0
"""Seconds after which this TWS answers no more what has no id: within the drain time of whoever gave it up."""
JOURNEY: Final = 3.0
"""Seconds for which bytes travel at the most, either way."""


@attrs.frozen
class Kind:
    """What may be asked for under an id of its own, and what its answers are."""

    request: ToTws
    data: Callable[[int, int], Message]
    """Of an id and a serial number."""
    end: Callable[[int], Message] | None
    cancel: type[ToTws] | None
    is_one: bool = False
    is_asked: bool = True
    is_streamed: bool = False
    after_answer: bool = False


KINDS: Final = {
    "contracts": Kind(
        ContractDataRequest(STOCK),
        lambda number, serial: ContractData(number, Contract(symbol=str(serial)), ContractDetails()),
        ContractDataEnd,
        CancelContractData,
    ),
    "symbols": Kind(MatchingSymbolsRequest("a"), lambda number, _: SymbolSamples(number), None, None, is_one=True),
    "head": Kind(
        HeadTimestampRequest(STOCK),
        lambda number, _: HeadTimestamp(number, TIME),
        None,
        CancelHeadTimestamp,
        is_one=True,
        after_answer=True,
    ),
    "quotes": Kind(
        MarketDataRequest(STOCK),
        lambda number, serial: TickSize(number, TickType.BID_SIZE, Decimal(serial)),
        None,
        CancelMarketData,
        is_asked=False,
        is_streamed=True,
    ),
    "positions": Kind(
        PositionsMultiRequest("DU1"),
        lambda number, serial: PositionMulti(number, "DU1", Contract(symbol="A"), Decimal(serial), 1.0),
        PositionMultiEnd,
        CancelPositionsMulti,
        is_streamed=True,
    ),
}
ENDS: Final = (321, 77777)
"""Codes that end whatever they name."""
ASKED: Final = [name for name, kind in KINDS.items() if kind.is_asked]
STREAMED: Final = [name for name, kind in KINDS.items() if kind.is_streamed]
CODES_FOR: Final = {"error": ENDS, "remark": (2104, 2150)}
NOISES: Final = ["guess", "guess", "push", "send", "farm", "lost link", "lost data", b"150\x001\0", b"4\x00x\0"]
SHARED: Final = (ManagedAccountsRequest(), CurrentTimeRequest(), IdsRequest(), PositionsRequest())
"""What may be asked for without an id."""
WORDS: Final = st.sampled_from(["data"] * 6 + ["end"] * 3 + ["remark", "error", "broken", "other"])
"""What TWS may say about what it was asked."""

SOON: Final = st.sampled_from([True, True, False])
"""Whether what was said arrives at once: chance alone would hardly ever see an answer."""

# By text, since only there a frame can be broken behind its id and in a known place.
BROKEN: Final = {
    "contracts": b"10\x00%d\0",
    "symbols": b"79\x00%d\x00many\0",
    "quotes": b"1\x006\x00%d\x00x\0",
    "positions": b"71\x001\x00%d\0",
}


@attrs.define(eq=False)
class Holder:
    """A caller of something that has an id: what it holds, and what it must have got by now."""

    kind: Kind
    held: Asked[Any] | Streamed[Any]
    number: int
    deadline_at: float | None
    capacity: int = 0
    is_gone: bool = False
    has_data: bool = False
    is_flowing: bool = False
    items: list[object] = attrs.Factory(list)
    """Of an answer: what has come of the run. Of a stream: what is to be read."""
    outcome: object = None
    """What ended it; an answer is a tuple of one."""
    read: int = 0

    @property
    def is_stream(self) -> bool:
        return isinstance(self.held, Streamed)

    @property
    def is_live(self) -> bool:
        return self.outcome is None and not self.is_gone


@attrs.define(eq=False)
class Sharer:
    """A caller of something that has no id."""

    request: ToTws
    held: Asked[Any] | Streamed[Any]
    version: int = 0
    """How often the account had changed by what had arrived when it asked."""
    floor: int = 0
    """The number of the last request of the kind that nobody waited for any more when it asked."""
    is_gone: bool = False
    is_done: bool = False
    read: list[object] = attrs.Factory(list)


SLOW = Pacing(lines=10_000, messages_per_second=4, open_history=1)
"""So that much has to wait, and no stream is refused."""


class SessionAndTws(RuleBasedStateMachine):
    """All of it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.session = ClientSession(HandshakeOptions(client_id=7))
        self.tws = Connection(Side.TWS)
        self.shadow = Connection(Side.TWS)
        """Reads at once whatever the writer was given: what TWS may have got."""
        self.to_tws = bytearray()
        self.to_client: list[tuple[bytes, object]] = []
        """What travels: bytes, and what they mean to the model once the last of them has arrived."""
        self.given = b""
        self.stuck_since: float | None = None
        self.is_over = False
        self.is_settled = True
        self.was_slow = False
        self.has_dropped = False
        """Whether TWS has not answered something that has no id: what it says unasked may be taken for that."""
        self.journey = 0.0
        """How long bytes have travelled."""
        self.version = 225
        self.serial = 0
        self.holders: list[Holder] = []
        self.sharers: list[Sharer] = []
        self.said: set[int] = set()
        """Ids that TWS may have got."""
        self.heard: list[tuple[str, int]] = []
        self.cancelled: list[tuple[type[ToTws], int]] = []
        self.owed: list[tuple[type[ToTws], int, float]] = []
        """What TWS has heard and not answered, of what has no id: which one it was of its kind, and when."""
        self.counts: dict[type[ToTws], int] = {}
        self.given_counts: dict[type[ToTws], int] = {}
        self.is_subscribed = False
        self.account: dict[str, int] = {"A": 0}
        self.history: list[dict[str, int]] = [{"A": 0}]
        """What the account held, after each change of it."""
        self.changes = 0
        self.arrived = 0
        self.patches = ExitStack()

    @initialize(
        version=st.sampled_from(VERSIONS),
        is_settled=st.sampled_from([True, True, False]),
        room=st.sampled_from([2, 10_000]),
        pacing=st.sampled_from([None, SLOW]),
    )
    def begin(self, version: int, is_settled: bool, room: int, pacing: Pacing | None) -> None:
        if pacing is not None:
            self.session = ClientSession(HandshakeOptions(client_id=7), pacing=pacing)
        self.patches.enter_context(mock.patch.object(outbox_module, "MOST_FRAMES", room))
        self.version, self.is_settled = version, is_settled
        self.session.opened(self.now)
        for end in (self.tws, self.shadow):
            end.opened(self.now)
        self.write(10**6)
        self.reach_tws(10**6)
        for end in (self.tws, self.shadow):
            end.accept_version(version, CLOCK)
        self.shadow.data_to_send()
        self.session.receive_data(self.tws.data_to_send(), self.now)
        self.write(10**6)
        self.reach_tws(10**6)
        for message in (ManagedAccounts(("DU1",)), NextValidId(5)):
            self.session.receive_data(self.tws.send(message), self.now)
            self.shadow.send(message)
        assert self.session.state is State.READY
        self.session.news()
        if is_settled:
            self.time_passes(10.0)

    # --- callers -------------------------------------------------------------------------------------------------

    def is_open(self) -> bool:
        return not self.is_over

    @precondition(is_open)
    @rule(name=st.sampled_from(ASKED), timeout=st.sampled_from([0.5, 3.0, 40.0]), soon=SOON)
    def ask(self, name: str, timeout: float, soon: bool) -> None:
        kind = KINDS[name]
        held: Asked[Any] = self.session.ask(kind.request, self.now, timeout)  # type: ignore[arg-type]
        self.holders.append(Holder(kind, held, held.request.request_id, self.now + timeout))  # type: ignore[attr-defined]
        self.leave_soon(soon)

    def leave_soon(self, soon: bool) -> None:
        """Have TWS read what was said, if *soon* says so."""
        if soon:
            for _ in [None] * 3:
                self.write(10**6)
            self.reach_tws(10**6)

    def arrive_soon(self, soon: bool) -> None:
        """Have the session read what TWS said, if *soon* says so."""
        if soon:
            self.reach_client(10**6)

    @precondition(is_open)
    @rule(
        name=st.sampled_from(STREAMED),
        timeout=st.sampled_from([0.5, None, None]),
        capacity=st.sampled_from([2, 5, 1000, 1000]),
        soon=SOON,
    )
    def stream(self, name: str, timeout: float | None, capacity: int, soon: bool) -> None:
        kind = KINDS[name]
        mailbox: Mailbox[Any] = Mailbox(capacity)
        held: Streamed[Any] = self.session.stream(kind.request, self.now, timeout, mailbox)  # type: ignore[arg-type]
        if timeout is None:
            timeout = None if name == "quotes" else 30.0
        number: int = held.request.request_id  # type: ignore[attr-defined]
        self.holders.append(Holder(kind, held, number, None if timeout is None else self.now + timeout, capacity))
        self.leave_soon(soon)

    @precondition(is_open)
    @rule(
        request=st.sampled_from([*SHARED, PositionsRequest()]),
        is_streamed=st.booleans(),
        timeout=st.sampled_from([0.5, 4.0, 30.0]),
        soon=SOON,
    )
    def ask_without_id(self, request: Any, is_streamed: bool, timeout: float, soon: bool) -> None:
        use = self.session.stream if is_streamed and isinstance(request, PositionsRequest) else self.session.ask
        floor = self.floor_of(type(request))
        flows = [sharer for sharer in self.sharers if not self.is_at_an_end(sharer) and PositionEnd() in sharer.read]
        sharer = Sharer(request, use(request, self.now, timeout), self.arrived, floor)
        self.sharers.append(sharer)
        if isinstance(request, PositionsRequest) and flows:
            # All that the others know.
            given = sharer.held.take() if isinstance(sharer.held, Asked) else sharer.held.take()[:-1]
            assert {row.contract.symbol: int(row.position or 0) for row in given} == self.history[self.arrived]
            if isinstance(sharer.held, Streamed):
                sharer.read += [*given, PositionEnd()]
        self.leave_soon(soon)

    def floor_of(self, kind: type[ToTws]) -> int:
        """Give how many requests of *kind* have left whose answer is nobody's."""
        if any(sharer.request == kind() and not self.is_at_an_end(sharer) for sharer in self.sharers):
            return -1
        # A fence is asked for by the session itself, and whoever joins it gets its answer.
        fences = len(self.session.conversations._fences) if kind is ManagedAccountsRequest else 0
        return self.given_counts.get(kind, 0) - fences

    @staticmethod
    def is_at_an_end(sharer: Sharer) -> bool:
        held = sharer.held
        return sharer.is_gone or (held.is_over if isinstance(held, Asked) else held.mailbox.is_finished)

    @precondition(lambda self: self.holders or self.sharers)
    @rule(back=st.integers(0, 11), is_shared=st.booleans())
    def leave(self, back: int, is_shared: bool) -> None:
        held: list[Any] = (self.sharers if is_shared else self.holders) or self.sharers or self.holders
        holder: Holder | Sharer = held[-1 - back % len(held)]
        self.session.leave(holder.held, self.now)
        if isinstance(holder, Sharer):
            holder.is_gone = holder.is_gone or not holder.is_done
        elif holder.outcome is None or holder.is_stream:
            holder.is_gone = True

    @precondition(lambda self: any(holder.is_stream for holder in self.holders))
    @rule(back=st.integers(0, 5), by_hand=st.integers(0, 3))
    def read(self, back: int, by_hand: int) -> None:
        """A reader takes all, or some one by one."""
        streams = [holder for holder in self.holders if holder.is_stream and not holder.is_gone]
        if streams:
            self.read_from(streams[-1 - back % len(streams)], by_hand)

    def read_from(self, holder: Holder, by_hand: int = 0) -> None:
        """Read, and compare with what has to be there."""
        mailbox = holder.held.mailbox  # type: ignore[union-attr]
        if not self.is_settled:
            # Under which of two ids it is answered the model does not know.
            with suppress(RequestFailed, RequestTimedOut, DecodeError, DataLost, ConnectionClosed, SlowConsumer):
                mailbox.take()
            return
        for _ in [None] * 3:
            try:
                if by_hand:
                    if not mailbox.hand and not mailbox.refill():
                        return
                    taken = [mailbox.hand.pop() for _ in [None] * min(by_hand, len(mailbox.hand))]
                else:
                    taken = mailbox.take()
            except Exception as failure:
                self.compare(failure, holder.outcome)
                if not isinstance(failure, SlowConsumer):
                    assert holder.read == len(holder.items), "it ended before all was read"
                return
            expected = holder.items[holder.read : holder.read + len(taken)]
            assert list(map(plain, taken)) == expected
            holder.read += len(taken)
            if not taken:
                assert holder.read == len(holder.items)
                return

    # --- the writer and the wire ---------------------------------------------------------------------------------

    @rule(way=st.sampled_from(["write", "reach_tws", "reach_client"]), count=st.sampled_from([1, 7, 50, 10**6, 10**6]))
    def move(self, way: str, count: int) -> None:
        """Some bytes leave, or arrive at TWS, or at the client."""
        getattr(self, way)(count)

    def write(self, count: int) -> None:
        """Some of the bytes leave."""
        if not self.given:
            self.given = self.session.data_to_send(self.now)
            self.shadow.receive_data(self.given)
            for event in self.shadow.events():
                if isinstance(event, ToTws):
                    self.given_counts[type(event)] = self.given_counts.get(type(event), 0) + 1
                    self.said.add(getattr(event, "request_id", 0))
            self.stuck_since = self.now if self.given else None
        left = self.given[:count]
        self.given = self.given[len(left) :]
        self.to_tws += left
        self.session.sent(len(left), self.now)
        self.stuck_since = self.now if self.given else None

    def reach_tws(self, count: int) -> None:
        """TWS reads."""
        data = bytes(self.to_tws[:count])
        del self.to_tws[: len(data)]
        self.tws.receive_data(data)
        names = {type(kind.request): name for name, kind in KINDS.items()}
        for event in self.tws.events():
            kind = type(event)
            if kind in names:
                self.heard.append((names[kind], event.request_id))  # type: ignore[union-attr,arg-type]
            elif kind in map(type, SHARED):
                self.counts[kind] = self.counts.get(kind, 0) + 1  # type: ignore[index,arg-type]
                self.owed.append((kind, self.counts[kind], self.now))  # type: ignore[index,arg-type]
            elif isinstance(event, CancelPositions):
                self.is_subscribed = False
            elif isinstance(event, ToTws) and isinstance(getattr(event, "request_id", None), int):
                self.cancelled.append((type(event), event.request_id))  # type: ignore[attr-defined]

    def reach_client(self, count: int) -> None:
        """The session reads: some bytes, in one read."""
        data, meant = bytearray(), []
        while self.to_client and count > 0:
            part, meaning = self.to_client.pop(0)
            if len(part) > count:
                data += part[:count]
                self.to_client.insert(0, (part[count:], meaning))
                break
            count -= len(part)
            data += part
            meant.append(meaning)
        if self.is_over:
            return
        self.session.receive_data(bytes(data), self.now)
        for meaning in meant:
            self.arrive(meaning)
        self.settle()

    def say(self, message: Message) -> None:
        """TWS says *message*."""
        if not self.is_over:
            self.to_client.append((self.tws.send(message), message))

    # --- TWS, about what has an id -------------------------------------------------------------------------------

    @precondition(lambda self: self.heard and not self.is_over)
    @rule(words=st.lists(st.tuples(st.integers(0, 4), WORDS), min_size=1, max_size=12), soon=SOON)
    def answer(self, words: list[tuple[int, str]], soon: bool) -> None:
        """In any order, late, twice, never, with an error after data, and with data after the end."""
        for back, word in words:
            self.say_about(*self.heard[-1 - back % len(self.heard)], word)
        self.arrive_soon(soon)

    def say_about(self, name: str, number: int, word: str) -> None:
        """TWS says *word* about what it was asked under *number*."""
        kind = KINDS[name]
        self.serial += 1
        if word == "data" or (word == "end" and kind.end is None):
            self.say(kind.data(number, self.serial))
        elif word == "end" and kind.end is not None:
            self.say(kind.end(number))
        elif word in CODES_FOR:
            self.say(ErrorMessage(number, CODES_FOR[word][self.serial % 2], "so"))
        elif word == "broken" and self.version == VERSIONS[0] and name in BROKEN:
            self.to_client.append((frame(BROKEN[name] % number), ("broken", number)))
        elif word == "other":
            others = sorted(KINDS)
            self.say(KINDS[others[self.serial % len(others)]].data(number, self.serial))

    @precondition(is_open)
    @rule(
        what=st.sampled_from(NOISES),
        name=st.sampled_from(sorted(KINDS)),
        delta=st.sampled_from([0, 0, 1, -1]),
        soon=SOON,
    )
    def noise(self, what: str | bytes, name: str, delta: int, soon: bool) -> None:
        """What is no answer to anything; and what the program sends besides."""
        if what == "guess":
            # Under an id that is another's, or was never given, or has not left yet.
            number = self.holders[-1].number + delta if self.holders else FIRST_REQUEST_ID + delta
            self.serial += 1
            self.say(KINDS[name].data(number, self.serial))
        elif what == "push":
            self.push(name)
        elif what == "send":
            self.send()
        elif isinstance(what, bytes):
            self.to_client.append((frame(what), None))
        else:
            self.say(ErrorMessage(None, {"farm": 2104, "lost link": 1100, "lost data": 1101}[what], "so"))
        self.arrive_soon(soon)

    def push(self, name: str) -> None:
        """TWS says unasked what others ask for: nobody may take it for an answer who has not been heard yet."""
        if not (self.given or self.to_tws or self.owed or self.to_client or self.has_dropped):
            self.say(ManagedAccounts(("0",)) if name < "i" else NextValidId(0))
            self.reach_client(10**6)

    def send(self) -> None:
        """A message that is no conversation: where TWS takes no more it says so."""
        is_full = self.session.conversations.is_full_for(urgent=False)
        try:
            self.session.send(MarketDataTypeRequest(MarketDataMode.DELAYED), self.now)
        except SendQueueFull:
            assert is_full
        else:
            assert not is_full

    # --- TWS, about what has none --------------------------------------------------------------------------------

    @precondition(is_open)
    @rule(words=st.lists(st.sampled_from(["answer", "answer", "refuse", *"ABC"]), min_size=1, max_size=4), soon=SOON)
    def answer_without_id(self, words: list[str], soon: bool) -> None:
        """In the order in which it was asked; and in between, what the account holds changes."""
        for word in words:
            if word == "answer" and self.owed:
                self.answer_what_is_owed()
            elif word == "refuse":
                self.refuse()
            elif word in "ABC":
                self.trade(word)
        self.arrive_soon(soon)

    def refuse(self) -> None:
        """Without an id. Of several it could not be told which is meant, so there is one."""
        if len(self.owed) == 1 and not (self.given or self.to_tws):
            self.owed.pop()
            self.reach_client(10**6)
            self.say(ErrorMessage(None, 321, "so"))
            self.reach_client(10**6)

    def answer_what_is_owed(self) -> None:
        kind, number, heard_at = self.owed.pop(0)
        if self.now - heard_at > PATIENCE:
            self.has_dropped = True
            return
        if kind is ManagedAccountsRequest:
            self.say(ManagedAccounts((str(number),)))
        elif kind is CurrentTimeRequest:
            self.say(CurrentTime(datetime.fromtimestamp(number, UTC)))
        elif kind is IdsRequest:
            self.say(NextValidId(number))
        else:
            self.is_subscribed = self.is_subscribed or not self.is_cancelled_since(number)
            for symbol, count in self.account.items():
                self.say_position(symbol, count, number)
            self.to_client.append((self.tws.send(PositionEnd()), ("version", self.changes)))

    def is_cancelled_since(self, number: int) -> bool:
        """Tell whether a cancel came behind the positions request *number*; TWS reads both before it answers."""
        return self.given_counts.get(CancelPositions, 0) >= number

    def say_position(self, symbol: str, count: int, number: int) -> None:
        message = Position("DU1", Contract(symbol=symbol), Decimal(count), float(number))
        self.to_client.append((self.tws.send(message), ("version", self.changes)))

    def trade(self, symbol: str) -> None:
        """The account changes, and whoever follows it is told."""
        self.changes += 1
        self.account[symbol] = self.changes
        self.history.append(dict(self.account))
        if self.is_subscribed:
            self.say_position(symbol, self.changes, 0)

    # --- the model -----------------------------------------------------------------------------------------------

    def arrive(self, meaning: object) -> None:
        """Note what *meaning*, which has arrived whole, does to whom."""
        if isinstance(meaning, tuple):
            what, number = meaning
            if what == "version":
                self.arrived = number
                return
            for holder in self.of(number):
                self.end(holder, DecodeError)
        elif isinstance(meaning, ErrorMessage):
            self.arrive_error(meaning)
        elif isinstance(meaning, Message):
            for holder in self.of(getattr(meaning, "request_id", None)):
                self.arrive_answer(holder, meaning)

    def of(self, number: int | None) -> list[Holder]:
        if number not in self.said:
            return []
        return [holder for holder in self.holders if holder.number == number and holder.is_live]

    def arrive_error(self, error: ErrorMessage) -> None:
        if error.request_id is None:
            if error.error_code == 1101:
                for holder in self.holders:
                    if holder.is_live and holder.kind is KINDS["quotes"] and holder.number in self.said:
                        self.end(holder, DataLost)
            return
        for holder in self.of(error.request_id):
            if error.error_code in ENDS:
                self.end(holder, (RequestFailed, error.error_code))
            elif holder.is_stream:
                self.give(holder, ("remark", error.error_code))

    def arrive_answer(self, holder: Holder, message: Message) -> None:
        kind = holder.kind
        is_end = kind.end is not None and message == kind.end(holder.number)
        if not is_end and type(message) is not type(kind.data(holder.number, 1)):
            return
        holder.has_data = True
        if holder.is_stream:
            if not (is_end and holder.is_flowing):
                self.give(holder, message)
            holder.is_flowing = holder.is_flowing or is_end
        elif kind.is_one:
            holder.outcome = (message,)
        elif is_end:
            holder.outcome = (tuple(holder.items),)
        else:
            holder.items.append(message)

    def give(self, holder: Holder, item: object) -> None:
        holder.items.append(item)

    def end(self, holder: Holder, outcome: object) -> None:
        """It ends like this; what it was to be given before that may have been too much already."""
        self.flush(holder)
        if holder.outcome is None:
            holder.outcome = outcome

    @staticmethod
    def flush(holder: Holder) -> None:
        if holder.is_stream and holder.is_live and len(holder.items) - holder.read > holder.capacity:
            holder.outcome = SlowConsumer

    def settle(self) -> None:
        """What a read and the time have brought: who was too slow, whose deadline has passed, who is cut off."""
        for holder in self.holders:
            self.flush(holder)
        closed = self.session.closed
        if closed is not None:
            assert self.is_over or closed.reason is CloseReason.UNRESPONSIVE
            if not self.is_over:
                assert self.stuck_since is None or self.now - self.stuck_since >= 9.99
            self.is_over = True
            for holder in self.holders:
                if holder.is_live:
                    holder.outcome = ConnectionClosed
        for holder in self.holders:
            is_due = holder.deadline_at is not None and holder.deadline_at <= self.now
            if holder.is_live and is_due and not (holder.is_stream and holder.has_data):
                holder.outcome = RequestTimedOut

    # --- the time ------------------------------------------------------------------------------------------------

    @rule(
        seconds=st.sampled_from([0.1, 0.6, 3.0, 11.0]),
        way=st.sampled_from(["in time", "late", "asleep"]),
        travels=st.booleans(),
    )
    def time_passes(self, seconds: float, way: str = "in time", travels: bool = True) -> None:
        """Nothing travels for long; and somebody who drives a session may come late, or not at all until bytes come."""
        self.journey += seconds
        if travels or self.journey > JOURNEY:
            self.was_slow = self.was_slow or (self.journey > JOURNEY and bool(self.given))
            self.let_all_arrive()
        until = self.now + seconds
        if way == "in time":
            self.wake_in_time(until)
        self.now = until
        if way == "asleep":
            self.reach_client(10**6)
        self.session.wake(self.now)
        self.settle()

    def let_all_arrive(self) -> None:
        """What travels arrives; what the writer cannot get rid of stays with it."""
        self.journey = 0.0
        self.reach_client(10**6)
        if not self.given:
            for _ in [None] * 3:
                self.write(10**6)
        self.reach_tws(10**6)

    def wake_in_time(self, until: float) -> None:
        """Wake the session whenever it wants to be, and then see whether that was all."""
        while (at := self.session.wake_at()) is not None and at <= until:
            self.now = max(at, self.now)
            self.session.wake(self.now)
            self.settle()
            later = self.session.wake_at()
            assert later is None or later > self.now, "it would be woken for nothing again and again"
        self.note_news(self.session.news())
        before = self.session.conversations.open
        self.session.wake(until)
        assert self.session.conversations.open == before, "something was due, and wake_at did not say so"
        assert self.session.news() == []

    def note_news(self, news: list[Any]) -> None:
        assert len(set(map(id, news))) == len(news)

    # --- the end -------------------------------------------------------------------------------------------------

    @precondition(lambda self: not self.is_over and self.serial > 8)
    @rule(how=st.sampled_from(["receive_eof", "receive_reset", "close", "receive_silence", "send_failed"]))
    def cut(self, how: str) -> None:
        self.is_over = True
        getattr(self.session, how)(self.now)
        self.settle()

    # --- what always holds ---------------------------------------------------------------------------------------

    @staticmethod
    def compare(failure: Exception, outcome: object) -> None:
        if isinstance(outcome, tuple):
            kind, code = outcome
            assert isinstance(failure, kind)
            assert failure.code == code
        else:
            assert isinstance(outcome, type), f"{failure!r} was not to be expected"
            assert isinstance(failure, outcome), f"{failure!r} is no {outcome.__name__}"

    @invariant()
    def everybody_has_their_own(self) -> None:
        """By now, and not more."""
        if not self.is_settled:
            return
        for holder in self.holders:
            if holder.is_gone:
                continue
            is_over = holder.outcome is not None
            if isinstance(holder.held, Streamed):
                assert holder.held.mailbox.is_finished == is_over
            else:
                assert holder.held.is_over == is_over
                if is_over:
                    self.compare_answer(holder, holder.held)

    def compare_answer(self, holder: Holder, held: Asked[Any]) -> None:
        """Compare what was given with what had to be."""
        try:
            answer = held.take()
        except Exception as failure:
            self.compare(failure, holder.outcome)
            if isinstance(failure, RequestTimedOut):
                assert failure.sent == (holder.number in self.said)
                assert failure.received == tuple(holder.items)
        else:
            assert (answer,) == holder.outcome

    @property
    def is_exact(self) -> bool:
        """Whether nothing was said twice, and nothing was on its way for longer than is waited for."""
        return self.is_settled and not self.was_slow

    @invariant()
    def what_has_no_id_is_nobody_elses(self) -> None:
        """An answer is one to a request that was still somebody's when it was asked for, or is younger."""
        for sharer in self.sharers:
            if sharer.is_gone or sharer.is_done:
                continue
            if isinstance(sharer.held, Asked):
                if sharer.held.is_over:
                    sharer.is_done = True
                    self.look_at_answer(sharer, sharer.held)
            else:
                self.look_at_stream(sharer, sharer.held)

    def look_at_answer(self, sharer: Sharer, held: Asked[Any]) -> None:
        try:
            answer = held.take()
        except (RequestFailed, RequestTimedOut, ConnectionClosed):
            return
        if isinstance(sharer.request, PositionsRequest):
            self.look_at_account(sharer, answer)
            return
        if isinstance(answer, ManagedAccounts):
            number = int(answer.accounts[0])
        else:
            number = answer.order_id if isinstance(answer, NextValidId) else int(answer.time.timestamp())
        assert number <= self.given_counts[type(sharer.request)]
        if self.is_exact:
            assert number > sharer.floor, "it is the answer to a request that was given up before"

    def look_at_account(self, sharer: Sharer, rows: Any) -> None:
        """It is what the account held at one time, not before what had arrived when it was asked for."""
        seen = {row.contract.symbol: int(row.position or 0) for row in rows if isinstance(row, Position)}
        assert seen in self.history[sharer.version :]
        if self.is_exact:
            runs = [int(row.average_cost or 0) for row in rows if isinstance(row, Position)]
            assert all(number == 0 or number > sharer.floor for number in runs), "it is of a run that was given up"

    def look_at_stream(self, sharer: Sharer, held: Streamed[Any]) -> None:
        try:
            sharer.read += held.take()
        except (RequestFailed, RequestTimedOut, ConnectionClosed):
            sharer.is_done = True
            return
        ends = [item for item in sharer.read if isinstance(item, PositionEnd)]
        assert len(ends) <= 1, "the end of the first run comes once"
        if not ends:
            return
        self.look_at_account(sharer, sharer.read)
        if not self.to_client and self.is_subscribed and not self.is_over and self.owed == []:
            seen = {row.contract.symbol: int(row.position or 0) for row in sharer.read if isinstance(row, Position)}
            assert seen == self.account, "it does not show what TWS has said last"

    @invariant()
    def what_is_bounded_stays_bounded(self) -> None:
        conversations = self.session.conversations
        if not self.session.outbox.frames:
            assert not conversations._sayings._roomless, "there is room, and somebody waits for some"
        live = sum(holder.is_live for holder in self.holders)
        live += sum(not (sharer.is_gone or sharer.is_done) for sharer in self.sharers)
        # What drains, and a fence for each of those.
        assert conversations.open <= live + 12
        assert len(conversations._timers) <= 2_000
        # There is always room for a cancel.
        assert self.session.outbox._queued <= outbox_module.MOST_FRAMES + len(self.holders) + len(self.sharers) + 4

    @invariant()
    def a_deadline_lies_ahead_or_is_due(self) -> None:
        at = self.session.wake_at()
        assert at is None or not self.is_over

    def teardown(self) -> None:
        """All go; and when all that drains has drained, nothing is left. Then it ends, for each of the rest once."""
        with self.patches:
            if self.session.state is State.DISCONNECTED:
                return
            for holder in self.holders:
                if holder.is_stream and not holder.is_gone and self.is_settled:
                    self.read_from(holder)
            some: list[Holder | Sharer] = [*self.holders[::2], *self.sharers[::2]]
            self.all_leave(some)
            if not self.is_over and len(self.holders) % 3:
                self.let_all_end()
            self.is_over = True
            self.session.receive_eof(self.now)
            self.settle()
            self.everybody_has_their_own()
            self.what_has_no_id_is_nobody_elses()
            for holder in self.holders:
                if holder.is_stream and not holder.is_gone and self.is_settled:
                    self.read_from(holder)
            self.is_left_empty()
            assert self.session.wake_at() is None
            assert self.session.conversations._timers.wake_at is None

    def all_leave(self, some: list[Holder | Sharer]) -> None:
        for each in some:
            self.session.leave(each.held, self.now)
            each.is_gone = True

    def let_all_end(self) -> None:
        self.all_leave([*self.holders, *self.sharers])
        for _ in [None] * 4:
            for _ in [None] * 3:
                self.write(10**6)
            self.reach_tws(10**6)
            self.now += 2 * DRAIN
            self.session.wake(self.now)
        self.settle()
        if not self.is_over:
            self.is_left_empty()
            self.what_goes_on_was_cancelled_once()

    def what_goes_on_was_cancelled_once(self) -> None:
        """And nothing else: neither what TWS has ended, nor what it was never asked."""
        if not self.is_settled:
            return
        for holder in self.holders:
            kind, outcome = holder.kind, holder.outcome
            if kind.cancel is None or (kind.cancel is CancelContractData and self.version != VERSIONS[-1]):
                continue
            is_answered = isinstance(outcome, tuple) and not isinstance(outcome[0], type)
            is_ended = outcome is DataLost or (isinstance(outcome, tuple) and not is_answered)
            goes_on = kind.after_answer or kind.is_streamed if is_answered else not is_ended
            expected = int(goes_on and holder.number in self.said)
            assert self.cancelled.count((kind.cancel, holder.number)) == expected, holder.number

    def is_left_empty(self) -> None:
        conversations = self.session.conversations
        register = conversations.register
        assert register.questions == {}
        assert register.by_id == {}
        assert register._by_order == {}
        assert not any(register._by_kind.values())
        assert not any(slot.current or slot.waiting for slot in register.slots.values())
        assert not conversations._fences
        assert not conversations._sayings._roomless


def plain(item: object) -> object:
    """Give *item* of a stream as the model has it."""
    assert not isinstance(item, Dropped)
    return ("remark", item.code) if isinstance(item, Notice) else item


TestSessionAndTws = SessionAndTws.TestCase
TestSessionAndTws.settings = settings(
    max_examples=settings().max_examples, stateful_step_count=settings().stateful_step_count
)
