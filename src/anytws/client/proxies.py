"""Proxies for threads that wait: a class is made of an async one, with the same verbs, which have no ``await``.

There is one implementation, the async one. A method here does that one's in the loop of the connection and waits for
it; what lasts comes back as one of the classes in `anytws.client.sync_streams`.
"""

# What is made here are methods, and they use what is private to their class.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cache, cached_property, partial
from types import FunctionType
from typing import Any, Final, NoReturn, cast

import attrs

from anytws.client.portal import Portal
from anytws.client.sync_names import HOLDERS, LASTING, OBJECTS, TOPICS, sync_type, sync_words
from anytws.errors import AnytwsError, WrongThread

LEFT_OUT: Final = frozenset(
    {
        "Orders.trade_of", "Tws.closed", "Tws.fence", "Tws.intake", "Tws.is_watched", "Tws.known_orders",
        "Tws.order_bells", "Tws.require_sayable", "Tws.require_thread", "Tws.take_back", "Tws.timeout_factor",
    }
)  # fmt: skip
"""What is another thing without ``await``, or is for the async side alone: verbs are written over it."""
_CARRYING: Final = ("trade", "trades", "members", "known")
"""The attributes of errors that hold what lives in the loop."""


class Proxy:
    """What stands for an object that lives in the loop of a connection."""

    def __init__(self, portal: Portal, inner: Any) -> None:  # noqa: ANN401 (an object of any class)
        self._portal = portal
        self._inner = inner
        # A topic is imported when it is first used: in the thread of the loop, for Ctrl-C amid an import can leave the
        # lock of all imports locked for ever, and that thread would wait for it.
        self._topics: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._inner!r}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"a {type(self).__name__} belongs to its connection, and to this process: it cannot be copied or pickled. "
            "What goes elsewhere is a value: the reference of an order, its state"
        )


@cache
def proxy_class(inner: type, base: type[Proxy] = Proxy) -> type[Proxy]:
    """Give the class of proxies for objects of the class *inner*, made once."""
    names: dict[str, Any] = {
        "__doc__": base.__doc__ if base is not Proxy else sync_words(inner.__doc__ or ""),
        "__module__": "anytws.client.sync",
        "__qualname__": f"Sync{inner.__name__}",
    }
    for name, member in public_members(inner):
        if isinstance(member, FunctionType):
            names[name] = _method(member)
        else:
            names[name] = (_topic if _given(member) in TOPICS else _property)(name, member)
    return cast("type[Proxy]", type(f"Sync{inner.__name__}", (base,), names))


def _given(member: Any) -> str:  # noqa: ANN401 (a property of two kinds)
    """Give the name of what a property gives."""
    function = member.func if isinstance(member, cached_property) else member.fget
    return str(function.__annotations__.get("return"))


def public_members(inner: type) -> Iterator[tuple[str, Any]]:
    """Give the functions and properties that a proxy of *inner* has too."""
    for name, member in vars(inner).items():
        is_one = isinstance(member, (FunctionType, property, cached_property))
        if is_one and not name.startswith("_") and f"{inner.__name__}.{name}" not in LEFT_OUT:
            yield name, member


def _method(function: FunctionType) -> Callable[..., Any]:
    name, is_awaited = function.__name__, inspect.iscoroutinefunction(function)

    def method(self: Proxy, /, *values: Any, **named: Any) -> Any:  # noqa: ANN401 (as the function has it)
        portal, bound = self._portal, getattr(self._inner, name)
        return portal.call(partial(_awaited if is_awaited else _done, portal, bound, values, named))

    return dressed(method, function)


async def _done(portal: Portal, function: Callable[..., Any], values: Any, named: Any) -> Any:  # noqa: ANN401 (see above)
    # What stands for a stream is made here: if the thread that waits is interrupted, it goes, and the stream with it.
    return wrapped(portal, function(*values, **named))


async def _awaited(portal: Portal, function: Callable[..., Any], values: Any, named: Any) -> Any:  # noqa: ANN401 (see above)
    try:
        return wrapped(portal, await function(*values, **named))
    except AnytwsError as problem:
        dress_error(portal, problem)
        raise


def dress_error(portal: Portal, problem: BaseException) -> None:
    """Have *problem*, and what it came from, carry proxies where it carries what lives in the loop: trades."""
    seen: set[int] = set()
    told: BaseException | None = problem
    while told is not None and id(told) not in seen:
        seen.add(id(told))
        carried = vars(told) if isinstance(told, AnytwsError) else {}
        for name in _CARRYING:
            if name in carried:
                setattr(told, name, wrapped(portal, carried[name]))
        told = told.__cause__ or told.__context__


def dressed(
    method: Callable[..., Any], function: Callable[..., Any], words: Callable[[str], str] = sync_words
) -> Callable[..., Any]:
    """Give *method* with the name, the signature and, by *words*, the docstring of the async *function*."""
    signature = inspect.signature(function)
    returned = signature.return_annotation
    if isinstance(returned, str):
        signature = signature.replace(return_annotation=sync_type(returned))
    method.__name__ = function.__name__
    owner, _, _ = function.__qualname__.rpartition(".")
    method.__qualname__ = f"Sync{function.__qualname__}" if owner else function.__name__
    method.__module__ = "anytws.client.sync"
    method.__doc__ = words(function.__doc__ or "")
    # Where `inspect` looks first, and what others look at.
    method.__signature__ = signature  # type: ignore[attr-defined]
    given = {each.name: each.annotation for each in signature.parameters.values() if each.name != "self"}
    method.__annotations__ = {**given, "return": signature.return_annotation}
    return method


def _property(name: str, member: Any) -> property:  # noqa: ANN401 (of two kinds)
    holds_objects = sync_type(_given(member)) != _given(member)

    def value(self: Proxy) -> Any:  # noqa: ANN401 (as the property has it)
        try:
            # Most are what was said once, and may be read from anywhere.
            found = getattr(self._inner, name)
        except WrongThread:
            return _read(self, name)
        return wrapped(self._portal, found) if holds_objects else found

    return property(value, doc=sync_words(member.__doc__ or ""))


def _topic(name: str, member: Any) -> property:  # noqa: ANN401 (of two kinds)
    def topic(self: Proxy) -> Any:  # noqa: ANN401 (each is of a class of its own)
        known = self._topics.get(name)
        if known is None:
            known = self._topics[name] = _read(self, name)
        return known

    return property(topic, doc=sync_words(member.__doc__ or ""))


def _read(proxy: Proxy, name: str) -> Any:  # noqa: ANN401 (as the property has it)
    portal, inner = proxy._portal, proxy._inner  # noqa: SLF001 (it is a part of the class)

    async def read() -> Any:  # noqa: ANN401 (as the property has it)
        return wrapped(portal, getattr(inner, name))

    return portal.call(read)


def wrapped(portal: Portal, value: Any) -> Any:  # noqa: ANN401 (a value of any class)
    """Give what stands for *value* where threads wait: a proxy, a stream, a record of proxies; others are themselves.

    One object has one proxy, as long as somebody holds it.
    """
    kind = value.__class__
    name, module = kind.__name__, kind.__module__
    if kind is tuple:
        # All of one kind, and some are long.
        is_dressed = bool(value) and wrapped(portal, value[0]) is not value[0]
        return tuple([wrapped(portal, each) for each in value]) if is_dressed else value
    if not module.startswith("anytws."):
        return value
    lasting = next((each.__name__ for each in kind.__mro__ if each.__name__ in LASTING), None)
    if lasting is not None:
        return made_class(lasting)(portal, value)
    if name in OBJECTS and module == f"anytws.client.{OBJECTS[name]}":
        return portal.stand_in(value, proxy_class(kind))
    if name == "Bracket" and module == "anytws.client.families":
        return made_class(name)(portal, value)
    if name in HOLDERS and attrs.has(kind):
        held = {field.name: getattr(value, field.name) for field in attrs.fields(kind)}
        return attrs.evolve(value, **{field: wrapped(portal, each) for field, each in held.items()})
    return value


@cache
def made_class(name: str) -> Callable[[Portal, Any], Any]:
    """Give the class that stands for the one called *name*, where it was written by hand."""
    # Those that go with a topic are imported when they are wanted: not every program has one.
    from anytws.client import sync_blocks, sync_orders, sync_streams  # noqa: PLC0415 (see above)

    for place in (sync_streams, sync_blocks, sync_orders):
        found: Callable[[Portal, Any], Any] | None = getattr(place, f"Sync{name}", None)
        if found is not None:
            return found
    raise LookupError(name)
