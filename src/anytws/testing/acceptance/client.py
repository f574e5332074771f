"""What a client has to offer to take part: a class with these methods, the adapter, and the values that they give."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

import attrs
from anyio.abc import ByteStream, TaskGroup


class NotOffered(Exception):
    """The client has no way to do or to know this. The situation does not count then, neither for it nor against it."""


@attrs.frozen(kw_only=True)
class Wanted:
    """An order that the client is to place."""

    reference: str
    """The caller's own name for it, which goes into ``orderRef``."""
    action: str
    """``BUY`` or ``SELL``."""
    quantity: int
    symbol: str
    """Of a US stock, at SMART in USD."""
    kind: str
    """``MKT``, ``LMT`` or ``STP``."""
    price: float | None
    """The limit or the stop; None at the market."""
    transmit: bool = True
    parent: str = ""
    """The reference of its parent."""


@attrs.frozen
class Answer:
    """What became of a question."""

    outcome: str
    """``answered``, ``refused``, ``timed-out`` (the client says so itself), ``closed`` (it says that the connection
    ended), or ``hung``: nothing was said to the caller."""
    rows: tuple[str, ...] = ()
    """What was answered, a text each: ``AAPL 100`` a position, ``100@300`` an execution, an id a contract, the
    reference an open order."""
    code: int | None = None
    """The code that it was refused with, if the client says it."""


@attrs.frozen
class Watched:
    """What became of a stream so far."""

    count: int
    """How many times it brought something."""
    ended: str = ""
    """What its reader was told at its end: a code of TWS, ``closed``, ``lost``; empty: it goes on."""


@attrs.frozen
class Believed:
    """What the client believes of an order."""

    outcome: str
    """``open``, ``filled``, ``cancelled``, ``rejected`` or ``unknown``."""
    filled: int
    """How much has been filled."""


class Client(Protocol):
    """One client, for one situation. Every method may raise `NotOffered`."""

    async def connect(self) -> None:
        """Connect with the client id 1, and wait until requests may be made. Raises whatever the client raises."""
        ...

    async def disconnect(self) -> None:
        """Hang up."""
        ...

    def is_connected(self) -> bool:
        """Tell whether the client says that it is connected."""
        ...

    async def ask(self, what: str, symbol: str) -> Answer:
        """Ask for ``details``, ``positions``, ``bars``, ``time``, ``executions``, ``open-orders`` or ``search``."""
        ...

    async def watch(self, what: str, symbol: str) -> None:
        """Open a stream: ``quotes`` or ``book``."""
        ...

    def watched(self, what: str) -> Watched:
        """Tell what became of that stream."""
        ...

    async def place(self, order: Wanted) -> None:
        """Place *order*. It does not wait for an answer."""
        ...

    async def change(self, reference: str, price: float) -> None:
        """Change the limit of an order."""
        ...

    async def cancel(self, reference: str) -> None:
        """Cancel an order."""
        ...

    async def cancel_all(self) -> None:
        """Cancel all orders, of whomever."""
        ...

    def order(self, reference: str) -> Believed:
        """Tell what is believed of an order."""
        ...

    async def close(self) -> None:
        """Leave nothing behind: no task, no thread, no socket."""
        ...


@attrs.frozen(kw_only=True)
class Peer:
    """The simulated TWS, as an adapter gets at it."""

    stream: Callable[[], Awaitable[ByteStream]]
    """Gives, awaited, the `ByteStream` of a new connection in memory; raises `ConnectionRefusedError`."""
    host: str
    port: int
    """Where it listens; 0: it is in memory alone."""
    tasks: TaskGroup
    """In which an adapter may run what it needs to; it is cancelled in the end."""


Adapter: TypeAlias = Callable[[Peer], Client]
"""Makes the client of a situation."""
