"""What a connection will need, loaded while it waits: in pieces, none of which holds an event loop for long.

What is loaded on demand is loaded when it is met, and just then somebody waits: for the twelve milliseconds of
protobuf's own import in the middle of a handshake, for those of the first order that comes unasked. So whoever connects
goes through the pieces before, and lets others run after each.

All connections of a process share what is loaded, so the second one finds nothing left to do. Two threads may load at
once: Python's own locks see to it that a module is there once, and whole.
"""

# ruff: noqa: PLC0415
# To be imported in a certain order, and not at the top, is what these modules are here for.

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

from anytws.messages.base import Message
from anytws.wire import versions
from anytws.wire.catalogue import DOMAINS, load

_THROUGH: Final[set[bool]] = set()
"""Whether `after_start` has come to its end, without protobuf (False) and with it."""


def before_start(highest: int) -> Iterator[None]:
    """Load what START_API needs at server version *highest*; give control back after each piece.

    The version is not known yet, but when it is, START_API is said at once.
    """
    yield from _new(_for_start(highest >= versions.PROTOBUF))


def after_start(version: int) -> Iterator[None]:
    """Load what the program will probably need at *version*, and what may come unasked; give control back as above."""
    has_protobuf = version >= versions.PROTOBUF
    if has_protobuf not in _THROUGH:
        yield from _new(_tables())
        yield from _new(_compilers(has_protobuf))
        yield from _new(_unasked())
        _THROUGH.add(has_protobuf)


@cache
def urgent() -> tuple[type[Message], ...]:
    """Give what the program says in a hurry, as far as it had imported it when this was asked first: orders."""
    if "anytws.messages.orders" not in sys.modules:
        return ()
    from anytws.messages.orders import CancelOrderRequest, PlaceOrderRequest

    return PlaceOrderRequest, CancelOrderRequest


def is_through(version: int) -> bool:
    """Tell whether `after_start` has nothing left to do."""
    return (version >= versions.PROTOBUF) in _THROUGH


def _new(pieces: Iterable[object]) -> Iterator[None]:
    """Go through *pieces*; give control back where one has loaded something."""
    known = len(sys.modules)
    try:
        for _ in pieces:
            if len(sys.modules) != known:
                yield
                known = len(sys.modules)
    except ImportError:
        # Who really needs it will say so. A TWS that speaks text can be talked to without protobuf.
        return


def _for_start(has_protobuf: bool) -> Iterator[object]:
    from anytws.wire import guard

    yield guard
    if has_protobuf:
        yield from _protobuf()


def _protobuf() -> Iterator[object]:
    # The public modules of the runtime, each after what it needs itself: the last one alone would bring all of them.
    from google.protobuf import unknown_fields

    yield unknown_fields
    from google.protobuf import descriptor

    yield descriptor
    from google.protobuf import text_format

    yield text_format
    from google.protobuf import descriptor_pool

    yield descriptor_pool
    from google.protobuf import descriptor_pb2

    yield descriptor_pb2
    from anytws.wire import protobuf

    yield protobuf


def _tables() -> Iterator[object]:
    """Load the tables of the messages that the program has imported: it will say them."""
    for domain in DOMAINS:
        if f"anytws.messages.{domain}" in sys.modules:
            load(domain)
            yield domain


def _compilers(has_protobuf: bool) -> Iterator[object]:
    """Load what makes the quick readers and writers of messages."""
    from anytws.wire.compiled import text_readers

    yield text_readers
    from anytws.wire.compiled import text_writers

    yield text_writers
    if has_protobuf:
        from anytws.wire.compiled import protobuf_readers

        yield protobuf_readers
        from anytws.wire.compiled import protobuf_writers

        yield protobuf_writers
    import zoneinfo

    yield zoneinfo


def _unasked() -> Iterator[object]:
    """Load what TWS says to who has not asked: orders of other clients, and what becomes of them."""
    from anytws.messages import contract

    yield contract
    from anytws.messages import order_words

    yield order_words
    from anytws.messages import order_conditions

    yield order_conditions
    from anytws.messages import order_parts

    yield order_parts
    from anytws.messages import order

    yield order
    from anytws.messages import order_state

    yield order_state
    from anytws.messages import orders

    yield orders
    from anytws.wire.tables import contract as contract_table

    yield contract_table
    load("orders")
    yield orders
    from anytws.messages import executions

    yield executions
    load("executions")
    yield executions
