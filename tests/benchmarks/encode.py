"""Typed objects to bytes, in memory: what a client says, beside other clients; and what our TWS side says.

``python -m tests.benchmarks.wire`` prints the tables of this and of `tests.benchmarks.decode`, whose clocks, rounds and
turns these are.

What a client says (`tests.benchmarks.requests`) is written into a connection that keeps nothing. The objects are there
before the clock starts, for everybody.

* **anytws, codec**: `Codec.encode` and `frame`, the guard against lost fields included.
* **anytws, connection**: `Connection.send`, which adds whether it may be said now, and keeps note of it.
* **ib_async**: the method of its ``Client``, with its throttle off (no pause, and no message waits), in a running event
  loop, for which it looks with each message, and which it finds sooner than none; its ``IB`` above it also keeps books,
  and is left out. Text.
* **ibapi**: the method of ``EClient``, with its log off; text of server version 178, and protobuf of the newest.

What a peer writes is read back by our TWS side once, and has to be what we were asked to write (`held_against_ours`).

What our TWS side says, on which a simulator lives, has nobody to be compared with but our client side, which reads the
same: both go in one race.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import attrs
from ib_async import IB
from ibapi.client import EClient

from anytws.messages.base import Message, Side
from anytws.wire.codec import Codec
from anytws.wire.frames import frame
from tests.benchmarks.content import (
    OUR_IDS,
    bars,
    bars_in_epoch_seconds,
    bars_of_a_day,
    book,
    computations,
    new_ticks,
    orders,
    smart_book,
    tape,
    ticks,
)
from tests.benchmarks.decode import (
    PROTOBUF,
    ROUNDS,
    TEXT,
    Content,
    Contestant,
    Pass,
    SilentWrapper,
    Sink,
    Taken,
    open_connection,
    our_codec,
    quiet,
    race,
)
from tests.benchmarks.requests import Asked, IbAsync, Official, calls


def our_encoder(side: Side, version: int) -> Contestant:
    def contestant(content: Content) -> Callable[[], Pass]:
        encode = Codec(side, version).encode
        write_for_a_while(encode, content)

        def ready() -> Pass:
            said = content.said(OUR_IDS)

            def one_pass() -> None:
                for message in said:
                    frame(encode(message))

            return one_pass

        return ready

    return contestant


def write_for_a_while(write: Callable[[Message], object], content: Content) -> None:
    """Write as much as a session has written that lasts: what is worth compiling is compiled."""
    for _ in range(4):
        for message in content.said(OUR_IDS):
            write(message)


def our_sending(version: int) -> Contestant:
    def contestant(content: Content) -> Callable[[], Pass]:
        send = open_connection(version).send
        write_for_a_while(send, content)

        def ready() -> Pass:
            said = content.said(OUR_IDS)

            def one_pass() -> None:
                for message in said:
                    send(message)

            return one_pass

        return ready

    return contestant


def ib_async_client(sink: Sink) -> Any:
    # Half of its methods have no types.
    client: Any = IB().client
    client._serverVersion, client.conn, client.MaxRequests = TEXT, sink, 0
    return client


def ibapi_client(version: int, sink: Sink) -> Any:
    client: Any = EClient(SilentWrapper())
    client.serverVersion_, client.conn = version, sink
    client.setConnState(EClient.CONNECTED)
    return client


def ib_async_requests(asked: Asked) -> Contestant:
    def contestant(content: Content) -> Callable[[], Pass]:
        client = ib_async_client(Sink())

        def ready() -> Pass:
            said = [(getattr(client, name), given) for name, given in calls(IbAsync, asked, content.said(OUR_IDS))]
            # Of the pass before: in life a client does not write some thousands of requests in a second.
            client._timeQ.clear()

            async def inside_of_a_loop() -> None:
                client.connState = client.CONNECTED
                for method, given in said:
                    method(*given)
                # Left connected, it would say goodbye when it is collected.
                client.connState = client.DISCONNECTED

            loop = asyncio.get_event_loop()
            return lambda: loop.run_until_complete(inside_of_a_loop())

        return ready

    return contestant


def ibapi_requests(asked: Asked, version: int) -> Contestant:
    def contestant(content: Content) -> Callable[[], Pass]:
        client = ibapi_client(version, Sink())

        def ready() -> Pass:
            said = [(getattr(client, name), given) for name, given in calls(Official, asked, content.said(OUR_IDS))]

            def one_pass() -> None:
                for method, given in said:
                    method(*given)

            return one_pass

        return ready

    return contestant


def measure(asked: Asked, rounds: int = ROUNDS) -> Taken:
    """Give what it takes to write a request."""
    contestants: dict[str, Contestant] = {
        "anytws, codec, text": our_encoder(Side.CLIENT, TEXT),
        "anytws, codec, protobuf": our_encoder(Side.CLIENT, PROTOBUF),
        "anytws, connection, text": our_sending(TEXT),
        "anytws, connection, protobuf": our_sending(PROTOBUF),
        "ib_async": ib_async_requests(asked),
        "ibapi, text": ibapi_requests(asked, TEXT),
        "ibapi, protobuf": ibapi_requests(asked, PROTOBUF),
    }
    with quiet():
        return race(asked.content(), contestants, rounds)


SAID: Final = (
    ticks,
    new_ticks,
    computations,
    tape,
    book,
    smart_book,
    orders,
    bars_in_epoch_seconds,
    bars,
    bars_of_a_day,
)


def measure_tws(make: Callable[[], Content], rounds: int = ROUNDS) -> Taken:
    """Give what our TWS side takes to write, and our client side to read."""
    contestants: dict[str, Contestant] = {
        "text, written": our_encoder(Side.TWS, TEXT),
        "text, read": our_codec(TEXT),
        "protobuf, written": our_encoder(Side.TWS, PROTOBUF),
        "protobuf, read": our_codec(PROTOBUF),
    }
    with quiet():
        return race(make(), contestants, rounds)


# --- whether all write the same ----------------------------------------------------------------------------------


def held_against_ours(asked: Asked) -> dict[str, tuple[Message, object]]:
    """Give, for each peer, what we were asked to write and what our TWS side reads in the peer's bytes."""
    content = asked.content()
    found: dict[str, tuple[Message, object]] = {}
    with quiet():
        for name, client, names, version in (
            ("ib_async", ib_async_client, IbAsync, TEXT),
            ("ibapi, text", lambda sink: ibapi_client(TEXT, sink), Official, TEXT),
            ("ibapi, protobuf", lambda sink: ibapi_client(PROTOBUF, sink), Official, PROTOBUF),
        ):
            sink, said = Sink(), content.said(OUR_IDS)[:1]
            asking = client(sink)
            if names is IbAsync:
                asking.connState = asking.CONNECTED
            for method, given in calls(names, asked, said):
                getattr(asking, method)(*given)
            if names is IbAsync:
                asking.connState = asking.DISCONNECTED
            tws = Codec(Side.TWS, version)
            ours = tws.decode(Codec(Side.CLIENT, version).encode(said[0]))
            found[name] = _with_small_id(ours), tws.decode(sink.last[4:])
    return found


def _with_small_id(message: Any) -> Message:
    if getattr(message, "request_id", 0) >= OUR_IDS:
        return attrs.evolve(message, request_id=message.request_id - OUR_IDS)
    return message
