"""A connection that only reads: nothing that it says changes TWS. Over every row, each of its ways, and its bytes."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws import HandshakeOptions, LocalProtocolError, ReadOnly
from anytws.core import Connection, Side, State
from anytws.core.read_only import change_by
from anytws.machines import ClientSession
from anytws.messages import (
    Action,
    AutoOpenOrdersRequest,
    CancelMarketData,
    CancelOrderRequest,
    Contract,
    ContractDataRequest,
    CurrentTime,
    CurrentTimeRequest,
    GlobalCancelRequest,
    ManagedAccounts,
    MarketDataMode,
    MarketDataRequest,
    MarketDataTypeRequest,
    MarketOrder,
    NextValidId,
    OpenOrdersRequest,
    PlaceOrderRequest,
    SetServerLogLevelRequest,
    StartApiRequest,
    Stock,
    ToTws,
)
from anytws.messages.base import Message, replace
from anytws.testing.strategies import message_of
from anytws.wire.catalogue import CATALOGUE, entry_for
from anytws.wire.rows import Entry
from tests.conversing import CLOCK

VERSIONS: Final = (176, 200, 226)
CLIENT_ROWS: Final = [entry for entry in CATALOGUE if entry.said_by is Side.CLIENT]

ALWAYS_REFUSED: Final = {
    "CancelOrderRequest": "of an order: it ends one",
    "GlobalCancelRequest": "ends all",
    "ExerciseOptionsRequest": "exercises, or lets lapse",
    "AutoOpenOrdersRequest": "orders entered by hand come to this client",
    "SetServerLogLevelRequest": "a setting of TWS",
    "FAReplace": "what an advisor has set up",
    "UpdateConfigRequest": "settings of TWS",
    "UpdateDisplayGroupRequest": "what a window of TWS shows",
    "VerifyRequest": "not for clients at large; what it does is not known",
    "VerifyMessageRequest": "the same",
    "VerifyAndAuthRequest": "the same",
    "VerifyAndAuthMessage": "the same",
}
"""Client messages that change something, whatever is in them, and what. Written by hand, from the vendor's pages."""

IT_DEPENDS: Final[dict[str, Callable[[Any, int], bool]]] = {
    "PlaceOrderRequest": lambda said, _: said.order.what_if is not True,
    "MarketDataRequest": lambda said, _: said.regulatory_snapshot is True,
    "OpenOrdersRequest": lambda _, client_id: client_id == 0,
}
"""Those that change something as their fields, or the client's id, are."""


def expected(message: Any, client_id: int) -> bool:
    """Tell, by the tables of this file alone, whether *message* is to be refused."""
    name = type(message).__name__
    return name in ALWAYS_REFUSED or (name in IT_DEPENDS and IT_DEPENDS[name](message, client_id))


@cache
def ready(version: int, client_id: int = 7, *, read_only: bool = True) -> tuple[Connection, Connection]:
    """Give a client that only reads and its TWS, both ready."""
    client = Connection(Side.CLIENT, HandshakeOptions(client_id=client_id), read_only=read_only)
    tws = Connection(Side.TWS)
    for end in (client, tws):
        end.opened()
    tws.receive_data(client.data_to_send())
    tws.accept_version(version, CLOCK)
    client.receive_data(tws.data_to_send())
    tws.receive_data(client.data_to_send())
    client.receive_data(tws.send(ManagedAccounts(("DU1",))) + tws.send(NextValidId(1)))
    assert client.state is State.READY
    client.events()
    tws.events()
    return client, tws


def ways_of(message: ToTws) -> Iterator[ToTws]:
    """Give *message* in every way in which it can be used: each variant of its row holds in one, none in another."""
    if isinstance(message, PlaceOrderRequest):
        for what_if in (True, False):
            yield replace(message, order=replace(message.order, what_if=what_if))
    elif isinstance(message, MarketDataRequest):
        for snapshot, regulatory in ((True, True), (True, False), (False, True), (False, False)):
            yield replace(message, snapshot=snapshot, regulatory_snapshot=regulatory)
    else:
        yield message


@pytest.mark.parametrize("entry", CLIENT_ROWS, ids=lambda entry: entry.name)
def test_every_row_and_every_way_to_use_it(entry: Entry) -> None:
    """What the table of this file says is refused; what is let through is, at the other end, nothing that changes."""
    versions = [version for version in VERSIONS if version >= entry.since]

    @settings(max_examples=3 * len(versions))
    @given(data=st.data())
    def judge(data: st.DataObject) -> None:
        version = data.draw(st.sampled_from(versions))
        client_id = data.draw(st.sampled_from((0, 7)))
        client, tws = ready(version, client_id)
        for message in ways_of(data.draw(message_of(entry.cls, version))):  # type: ignore[type-var]
            is_refused = expected(message, client_id)
            assert (change_by(message, client_id) is not None) is is_refused
            if isinstance(message, StartApiRequest):
                continue
            for send in (client.send, lambda said: client.send_all([CurrentTimeRequest(), said])):
                if is_refused:
                    with pytest.raises(ReadOnly) as problem:
                        send(message)
                    assert problem.value.message == entry.name
                    continue
                try:
                    data_said = send(message)
                except LocalProtocolError as other:
                    # What this version does not take is refused for that.
                    assert not isinstance(other, ReadOnly)
                    continue
                tws.receive_data(data_said)
                assert not any(expected(heard, client_id) for heard in tws.events())

    if versions:
        judge()


def test_every_row_is_tried_and_every_name_of_the_tables_is_one() -> None:
    names = {entry.name for entry in CLIENT_ROWS}
    assert {*ALWAYS_REFUSED, *IT_DEPENDS} <= names
    in_table = {entry.name for entry in CLIENT_ROWS if entry.changes_state} - {"StartApiRequest"}
    assert in_table <= {*ALWAYS_REFUSED, *IT_DEPENDS}
    for entry in CLIENT_ROWS:
        row = entry.conversation
        assert row is not None
        if row.changes_state or row.changes_state_as_client_0 or row.forbidden:
            assert entry.name in {*ALWAYS_REFUSED, *IT_DEPENDS}
        decided = [variant.field for variant in row.variants if variant.changes_state is not None]
        assert not decided or entry.name in IT_DEPENDS


def test_who_does_not_only_read_says_all_of_it() -> None:
    client, _ = ready(226, 0, read_only=False)
    for message in (GlobalCancelRequest(), OpenOrdersRequest(), AutoOpenOrdersRequest(auto_bind=True)):
        assert client.send(message)


APPLE: Final = Stock("AAPL")
BUY: Final = MarketOrder(Action.BUY, 1)
REFUSED: Final[tuple[tuple[ToTws, str | None, str], ...]] = (
    (PlaceOrderRequest(APPLE, BUY, order_id=5), "order.what_if", "unless it is said with what_if"),
    (CancelOrderRequest(5), None, "changes something"),
    (MarketDataRequest(APPLE, regulatory_snapshot=True), "regulatory_snapshot", "costs money"),
    (SetServerLogLevelRequest(5), None, "changes something"),
    (AutoOpenOrdersRequest(auto_bind=False), None, "changes something"),
)


@pytest.mark.parametrize("message, field, why", REFUSED, ids=lambda value: type(value).__name__)
def test_the_error_says_what_it_was_and_what_decides(message: ToTws, field: str | None, why: str) -> None:
    client, _ = ready(226)
    with pytest.raises(ReadOnly, match=why) as problem:
        client.send(message)
    assert problem.value.field == field
    assert problem.value.message == type(message).__name__
    assert isinstance(problem.value, LocalProtocolError)
    copied = pickle.loads(pickle.dumps(problem.value))  # noqa: S301
    assert (str(copied), copied.why, copied.field) == (str(problem.value), problem.value.why, field)


def test_client_0_does_not_even_look_at_its_orders() -> None:
    with pytest.raises(ReadOnly, match="client 0"):
        ready(200, 0)[0].send(OpenOrdersRequest())
    assert ready(200, 7)[0].send(OpenOrdersRequest())


def test_the_id_counts_that_was_said_and_not_the_one_that_was_chosen() -> None:
    """Whoever opens the session by hand may give another one."""
    client = Connection(Side.CLIENT, HandshakeOptions(client_id=7, start_api_by_hand=True), read_only=True)
    tws = Connection(Side.TWS)
    for end in (client, tws):
        end.opened()
    tws.receive_data(client.data_to_send())
    tws.accept_version(226, CLOCK)
    client.receive_data(tws.data_to_send())
    tws.receive_data(client.send(StartApiRequest(0)))
    client.receive_data(tws.send(ManagedAccounts(("DU1",))) + tws.send(NextValidId(1)))
    with pytest.raises(ReadOnly, match="client 0"):
        client.send(OpenOrdersRequest())


def test_what_is_no_message_of_ours_is_what_it_was_before() -> None:
    client, _ = ready(226)
    with pytest.raises(TypeError):
        client.send("an order")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        client.send(CurrentTime(None))  # type: ignore[arg-type]


def test_tws_has_no_such_guard() -> None:
    with pytest.raises(ValueError, match="TWS side has neither"):
        Connection(Side.TWS, read_only=True)
    with pytest.raises(ValueError, match="TWS side has neither"):
        Connection(Side.TWS, paper_only=True)


def test_the_session_refuses_before_it_takes_an_id_or_a_place() -> None:
    """By `send`, `ask` and `stream` alike; and what is asked then has the first id."""
    session = ClientSession(HandshakeOptions(client_id=0), read_only=True)
    tws = Connection(Side.TWS)
    tws.opened()
    session.opened(0.0)
    _move(session, tws)
    tws.accept_version(226, CLOCK)
    _move(session, tws)
    session.receive_data(tws.send(ManagedAccounts(("DU1",))) + tws.send(NextValidId(1)), 0.0)
    tws.events()
    refused: tuple[Callable[[], object], ...] = (
        lambda: session.send(PlaceOrderRequest(APPLE, BUY), 1.0),
        lambda: session.send(GlobalCancelRequest(), 1.0),
        lambda: session.ask(OpenOrdersRequest(), 1.0),
        lambda: session.ask(PlaceOrderRequest(APPLE, BUY), 1.0),  # type: ignore[arg-type]
        lambda: session.ask(MarketDataRequest(APPLE, regulatory_snapshot=True), 1.0),
        lambda: session.stream(MarketDataRequest(APPLE, regulatory_snapshot=True), 1.0),
    )
    for attempt in refused:
        with pytest.raises(ReadOnly):
            attempt()
    assert (session.statistics().open_conversations, session.statistics().unsent_messages) == (0, 0)
    asked = session.ask(ContractDataRequest(APPLE), 1.0)
    assert asked.request.request_id == 1_000_000_000  # type: ignore[attr-defined]
    what_if: Any = session.ask(PlaceOrderRequest(APPLE, replace(BUY, what_if=True)), 1.0)
    assert what_if.request.order_id == 1
    session.send(MarketDataTypeRequest(MarketDataMode.DELAYED), 1.0)
    session.send(CancelMarketData(5), 1.0)


def _move(session: ClientSession, tws: Connection) -> None:
    tws.receive_data(data := _data_of(session))
    session.sent(len(data), 0.0)
    if said := tws.data_to_send():
        session.receive_data(said, 0.0)
    if data := _data_of(session):
        tws.receive_data(data)
        session.sent(len(data), 0.0)


def _data_of(session: ClientSession) -> bytes:
    return session.data_to_send(0.0)


def test_what_tws_says_changes_nothing() -> None:
    said: Message = NextValidId(5)
    assert change_by(said, 0) is None
    assert entry_for(NextValidId).conversation is None
    assert change_by(ContractDataRequest(Contract()), 0) is None
