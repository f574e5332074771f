"""The program that lives through a day: what may be given as one, and what a fresh one of it is.

* an async function of one parameter, ``async def bot(tws)``: it is called with a connected `anytws.Tws`. When its
  connection ends it is called again with the next one, as a program is that somebody starts anew;
* an async function whose parameter is named ``connect``, ``async def bot(connect=anytws.connect)``: it is called once
  with what stands for `anytws.connect`, and connects, and connects again, by itself;
* an async function whose parameter is named ``keep_connected``: it is called once with what stands for
  `anytws.keep_connected`, whose block lives through the restarts of the day;
* anything that makes one of these without parameters: a class whose instances can be called so, or have a method
  ``run`` of that kind. One is made for each day, and its state lives through the connections of that day.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol, TypeAlias, cast

import attrs

from anytws.client.tws import Tws
from anytws.errors import shown

CONNECT: Final = "connect"
"""The name of the parameter by which a program says that it connects by itself."""
KEEP_CONNECTED: Final = "keep_connected"
"""The name of the parameter by which it says that it stays connected by itself."""


class Connect(Protocol):
    """What stands for `anytws.connect` on a day: takes the same, and leads to the TWS of the day."""

    def __call__(
        self,
        host: str = "127.0.0.1",
        port: int = 7497,
        *,
        client_id: int | None = None,
        **options: Any,  # noqa: ANN401 (those of `anytws.connect_stream`)
    ) -> AbstractAsyncContextManager[Tws]:
        """Give the block of a connection. Address and port are of no consequence."""
        ...


class KeepConnected(Protocol):
    """What stands for `anytws.keep_connected` on a day: takes the same, and stays connected to the TWS of the day."""

    def __call__(
        self,
        host: str = "127.0.0.1",
        port: int = 7497,
        *,
        client_id: int | None = None,
        **options: Any,  # noqa: ANN401 (those of `anytws.keep_connected`)
    ) -> AbstractAsyncContextManager[Tws]:
        """Give the block of who stays connected. Address and port are of no consequence."""
        ...


class HasRun(Protocol):
    """A program with state, and a method that is its life: it is given a connection."""

    def run(self, tws: Tws, /) -> Awaitable[None]:
        """Live while the connection does."""
        ...


class HasOwnRun(Protocol):
    """A program with state that connects by itself."""

    def run(self, connect: Connect, /) -> Awaitable[None]:
        """Live through the day."""
        ...


class StaysConnected(Protocol):
    """A program with state that stays connected by itself."""

    def run(self, keep_connected: KeepConnected, /) -> Awaitable[None]:
        """Live through the day."""
        ...


Body: TypeAlias = (
    Callable[[Tws], Awaitable[None]] | Callable[[Connect], Awaitable[None]] | Callable[[KeepConnected], Awaitable[None]]
)
"""What is awaited."""
Program: TypeAlias = Body | Callable[[], Body | HasRun | HasOwnRun | StaysConnected]
"""What ``program=`` may be."""


@attrs.frozen
class Living:
    """One fresh program, for one day."""

    body: Callable[[Any], Awaitable[None]]
    """What is awaited: with a connection, or with what makes one."""
    connects: bool
    """Whether it connects by itself."""
    stays: bool = False
    """Whether it stays connected by itself."""


def fresh(program: Program) -> Living:
    """Give a fresh *program*. Raises `TypeError` for what is none; see this module."""
    if not callable(program):
        raise TypeError(f"program is {shown(program)}, and has to be an async function, or something that makes one")
    if _needs_one(program) or _is_async(program):
        return _living(program)
    made: object = cast("Callable[[], object]", program)()
    if inspect.isawaitable(made):
        if inspect.iscoroutine(made):
            made.close()
        raise TypeError(
            f"program is {shown(program)}: an async function of a program takes one parameter, tws or connect"
        )
    run = getattr(made, "run", None)
    body = run if callable(run) else made
    if not callable(body):
        raise TypeError(f"program made {shown(made)}, which cannot be called and has no method run")
    return _living(body)


def _living(body: Callable[..., Any]) -> Living:
    name = next(iter(inspect.signature(body).parameters), None)
    if name is None:
        raise TypeError(
            f"{shown(body)} takes no parameter: a program takes a connection (tws), connect, or keep_connected"
        )
    return Living(body, connects=name == CONNECT, stays=name == KEEP_CONNECTED)


def _is_async(program: Callable[..., Any]) -> bool:
    if inspect.isclass(program):
        return False
    # Of an object that can be called, it is the method of its class that says so.
    return inspect.iscoroutinefunction(program) or inspect.iscoroutinefunction(type(program).__call__)


def _needs_one(program: Callable[..., Any]) -> bool:
    """Tell whether *program* wants exactly one argument: then it is the program itself, whatever it is made of."""
    if inspect.isclass(program):
        return False
    needed = [
        parameter
        for parameter in inspect.signature(program).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD}
    ]
    return len(needed) == 1
