"""What an answer of the simulated TWS is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import attrs

from anytws.messages.base import ToClient, ToTws
from anytws.simulator.client import Client
from anytws.simulator.settings import FarmKind

_Request = TypeVar("_Request", bound=ToTws)


@attrs.frozen
class Answer(Generic[_Request]):
    """How one kind of request is answered."""

    reply: Callable[[Any, _Request], Iterable[ToClient]]
    """Takes the `Link` of the client that asks, and the request; gives what TWS says, in order. What it raises, or
    gives that cannot be said, ends the connection: see `Link.failure`."""
    farm: FarmKind | None = None
    """The farm that the answer comes from. A Gateway connects it and gives its notice before the first such answer."""
    needs_trading: bool = False
    """Whether a TWS whose API is read-only refuses it, though it changes nothing."""


Answers: TypeAlias = Mapping[type[ToTws], Answer[Any]]
"""The shape of the table."""


class _Numbered(Protocol):
    @property
    def request_id(self) -> int | None: ...


def id_of(request: _Numbered) -> int:
    """Give the id of *request*. One without reaches no answer: a link refuses it before."""
    if request.request_id is None:
        raise ValueError("the request has no id")
    return request.request_id


def say_nothing(_: Client, __: ToTws) -> Iterable[ToClient]:
    """Give nothing: TWS takes it without a word."""
    return ()
