"""What is loaded while a connection waits: in pieces, once, and all that its first messages need."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from types import ModuleType

import anyio.lowlevel
import pytest

import anytws
import anytws.wire.codec
from anytws.client import reaching
from anytws.core.connection import Connection
from anytws.messages import (
    Action,
    CancelOrderRequest,
    ConfigRequest,
    Contract,
    HistoricalTicksRequest,
    ManagedAccounts,
    Message,
    NextValidId,
    OpenOrder,
    Order,
    OrderState,
    OrderStatusWord,
    OrderType,
    PlaceOrderRequest,
    Side,
)
from anytws.simulator import World
from anytws.simulator.serve import serve_memory
from anytws.wire import loading
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.codec import Codec
from anytws.wire.compiled import protobuf_readers, record_writers, text_readers
from anytws.wire.frames import frame
from anytws.wire.handshake import VersionReply, write_version_reply
from anytws.wire.limits import Limits
from anytws.wire.versions import MAX_VERSION, PROTOBUF

assert CATALOGUE, "all tables are loaded"

IN_A_NEW_PROCESS = """
import json, sys
told = json.load(sys.stdin)
import anytws.client.connect
from anytws.client import later
from anytws.core.options import HandshakeOptions
from anytws.machines.session import ClientSession
from anytws.wire import loading

def ours():
    return {name for name in sys.modules if name.startswith(("anytws", "google.protobuf"))}

def pieces(these):
    for _ in these:
        yield len(ours())

session = ClientSession(HandshakeOptions(maximum_version=told["version"]))
session.opened(0.0)
before = [len(ours()), *pieces(loading.before_start(told["version"]))]
had = ours()
for data in told["start"]:
    session.receive_data(bytes.fromhex(data), 0.0)
in_handshake = ours() - had
after = [*pieces(loading.after_start(told["version"])), *pieces(later.orders(placed=False))]
had = ours()
for data in told["heard"]:
    session.receive_data(bytes.fromhex(data), 0.0)
print(json.dumps({
    "state": session.connection.state.value,
    "before": before, "in handshake": sorted(in_handshake), "after": after,
    "had": sorted(had), "unasked": sorted(ours() - had),
    "again": [*pieces(loading.before_start(told["version"])), *pieces(loading.after_start(told["version"]))],
}))
"""


def frames(version: int, *messages: Message) -> str:
    """Give the bytes in which TWS says *messages* at *version*."""
    codec = Codec(Side.TWS, version)
    return b"".join(frame(codec.encode(each)) for each in messages).hex()


@pytest.mark.parametrize("version", [PROTOBUF - 1, MAX_VERSION])
def test_a_new_process_loads_what_its_connection_needs(version: int) -> None:
    """In the handshake, and for an order that comes unasked, nothing is left to load; nor for a second connection."""
    order = Order(Action.BUY, OrderType.LIMIT, Decimal(1), 187.5)
    opened = OpenOrder(5, Contract(1, "AAPL"), order, OrderState(OrderStatusWord.SUBMITTED))
    reply = write_version_reply(VersionReply(version, b"20260105 14:30:00 GMT")).hex()
    job = {
        "version": version,
        "start": [reply, frames(version, ManagedAccounts(("DU1",)), NextValidId(1))],
        "heard": [frames(version, opened)],
    }
    done = subprocess.run(
        [sys.executable, "-c", IN_A_NEW_PROCESS], input=json.dumps(job), capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    assert told["state"] == "ready"
    assert told["in handshake"] == []
    assert told["unasked"] == []
    assert told["again"] == []
    # Each piece is one, and brings something; below server version 201 no protobuf.
    pieces = [*told["before"], *told["after"]]
    assert pieces == sorted(pieces)
    assert len(told["before"]) > 6 if version == MAX_VERSION else len(told["before"]) == 2
    had = set(told["had"])
    assert "anytws.machines.known_orders" in had
    assert {"anytws.wire.tables.orders", "anytws.wire.tables.executions", "anytws.wire.guard"} <= had
    assert not {"anytws.wire.tables.scanner", "anytws.messages.market_data", "anytws.wire.tables.contracts"} & had
    assert ("google.protobuf" in had) == (version == MAX_VERSION)
    encodings = ("text", "protobuf") if version == MAX_VERSION else ("text",)
    makers = {f"anytws.wire.compiled.{each}_{what}" for each in encodings for what in ("readers", "writers")}
    assert makers <= had


def test_the_tables_of_what_a_program_has_imported_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """It will say them, and should not wait then; those of others are left."""
    tables: list[str] = []
    monkeypatch.setattr(loading, "load", tables.append)
    monkeypatch.setattr(loading, "_THROUGH", set())
    for name in [name for name in sys.modules if name.startswith("anytws.messages.")]:
        if name not in ("anytws.messages.news", "anytws.messages.session"):
            monkeypatch.delitem(sys.modules, name)
    assert [*loading._tables()] == tables == ["session", "news"]


def test_control_comes_back_where_something_was_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what cannot be imported is left to who needs it: protobuf, say, for a TWS that speaks text."""

    def pieces() -> Iterator[str]:
        yield "nothing new"
        monkeypatch.setitem(sys.modules, "first", ModuleType("first"))
        yield "first"
        yield "nothing new"
        monkeypatch.setitem(sys.modules, "second", ModuleType("second"))
        yield "second"
        raise ImportError

    given = loading._new(pieces())
    assert next(given) is None
    assert "second" not in sys.modules
    assert [*given] == [None]


def test_once_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each encoding has its own end; a process that has spoken text may speak protobuf later."""
    monkeypatch.setattr(loading, "_THROUGH", set())
    for version in (PROTOBUF - 1, PROTOBUF):
        assert not loading.is_through(version)
        given = loading.after_start(version)
        assert not loading.is_through(version)
        assert {*given} <= {None}
        assert loading.is_through(version)
        assert [*loading.after_start(version)] == []


@pytest.mark.parametrize("version", [PROTOBUF - 1, MAX_VERSION])
def test_two_threads_compile_a_reader_at_once(version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one is at it, the other reads the same kind of message with the one codec: each reads it right."""
    monkeypatch.setattr(anytws.wire.codec, "WORTH_COMPILING", 0)
    compiler, name = (
        (text_readers, "text_decoder_steps") if version < PROTOBUF else (protobuf_readers, "protobuf_decoder_steps")
    )
    compiled, said = getattr(compiler, name), NextValidId(5)
    codec, body = Codec(Side.CLIENT, version), Codec(Side.TWS, version).encode(said)
    meanwhile: list[object] = []

    def interrupted(*arguments: object) -> object:
        if not meanwhile:
            meanwhile.append(None)
            meanwhile[0] = codec.decode(body)
        return compiled(*arguments)

    monkeypatch.setattr(compiler, name, interrupted)
    assert [codec.decode(body), *meanwhile, codec.decode(body)] == [said] * 3


@pytest.mark.parametrize("version", [PROTOBUF - 1, MAX_VERSION])
def test_the_writer_of_an_order_is_made_before_the_first_one(version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In pieces; then the strict writer is not asked. A version that has not the message is left in peace."""
    order = PlaceOrderRequest(Contract(1, "AAPL"), Order(Action.BUY, OrderType.LIMIT, Decimal(1), 187.5), order_id=5)
    written = Codec(Side.CLIENT, version).encode(order)

    def refuse(_: object) -> bytes:
        raise AssertionError("the strict writer was asked")

    monkeypatch.setattr(anytws.wire.codec, "_strict_encoder", lambda *_: refuse)
    monkeypatch.setattr(record_writers, "_RECORDS", {})
    codec, pieces = Codec(Side.CLIENT, version), 0
    for _ in codec.compile_writer(PlaceOrderRequest):
        pieces += 1
    assert pieces > 3
    assert [*codec.compile_writer(PlaceOrderRequest)] == []
    assert [*Codec(Side.CLIENT, PROTOBUF).compile_writer(ConfigRequest)] == []
    assert codec.encode(order) == written


def test_only_who_has_imported_orders_is_in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(loading.urgent.__wrapped__()) == {PlaceOrderRequest, CancelOrderRequest}
    monkeypatch.delitem(sys.modules, "anytws.messages.orders")
    assert loading.urgent.__wrapped__() == ()


def test_a_connection_makes_writers_when_it_knows_the_version() -> None:
    # With limits of its own it has a codec of its own.
    connection = Connection(Side.CLIENT, limits=Limits(items=4321))
    connection.opened()
    assert [*connection.compile_writers([PlaceOrderRequest])] == []
    connection.receive_data(write_version_reply(VersionReply(MAX_VERSION, b"20260105 14:30:00 GMT")))
    assert [*connection.compile_writers([HistoricalTicksRequest])]
    assert [*connection.compile_writers([HistoricalTicksRequest])] == []


async def test_a_connection_lets_others_run_after_each_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it hears TWS the first time, and again when the block has begun."""
    done: list[str] = []
    is_over = anyio.Event()

    def pieces(name: str) -> Iterator[None]:
        for _ in range(3):
            done.append(name)
            yield
        if name == "after":
            is_over.set()

    async def others() -> None:
        while not is_over.is_set():
            done.append("other")
            await anyio.lowlevel.checkpoint()

    monkeypatch.setattr(reaching.loading, "before_start", lambda _: pieces("before"))
    monkeypatch.setattr(reaching.loading, "is_through", lambda _: False)
    monkeypatch.setattr(reaching.loading, "after_start", lambda _: pieces("after"))
    async with serve_memory(World()) as server, anyio.create_task_group() as tasks:
        tasks.start_soon(others)
        async with anytws.connect_stream(await server.connect()) as tws:
            assert tws.state is anytws.State.READY
            assert done.count("before") == 3
            await is_over.wait()
            await tws.current_time()
    assert done.count("after") == 3
    for name in ("before", "after"):
        places = [place for place, each in enumerate(done) if each == name]
        # Trio runs those that can run in any order.
        assert "other" in done[places[0] : places[-1]]


async def test_what_is_left_to_load_does_not_outlive_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The block does not wait for it."""
    done: list[None] = []

    def endless() -> Iterator[None]:
        while True:
            done.append(None)
            yield

    monkeypatch.setattr(reaching.loading, "is_through", lambda _: False)
    monkeypatch.setattr(reaching.loading, "after_start", lambda _: endless())
    async with serve_memory(World()) as server:
        async with anytws.connect_stream(await server.connect()) as tws:
            await tws.current_time()
        so_many = len(done)
        assert so_many
        await anyio.lowlevel.checkpoint()
        assert len(done) == so_many


def test_what_is_known_of_orders_is_loaded_in_pieces_and_once() -> None:
    """Not with the client; then as far as the program needs it: to hear of orders, or to place them."""
    done = subprocess.run([sys.executable, "-c", ORDERS_LATER], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["before"] == []
    assert told["heard"] > 6
    assert told["placed"] > 4
    assert told["again"] == [0, 0]
    assert told["has"] == [False, True, False, True]


ORDERS_LATER = """
import json, sys
import anytws.client.connect
from anytws.client import later

before = [name for name in sys.modules if name.startswith(("anytws.machines.order_s", "anytws.machines.known"))]
has = [later.has_orders(placed=False)]
heard = len([*later.orders(placed=False)])
has += [later.has_orders(placed=False), later.has_orders(placed=True)]
placed = len([*later.orders(placed=True)])
has.append(later.has_orders(placed=True))
again = [len([*later.orders(placed=each)]) for each in (False, True)]
print(json.dumps({"before": before, "heard": heard, "placed": placed, "again": again, "has": has}))
"""
