"""Values as JSON and back: settings, faults and messages, for a token that a person copies from a terminal.

Nothing is executed: a name is looked up among the values of the simulator and the messages, and its class checks what
it is given. What is not known is refused with a `ValueError`.
"""

from __future__ import annotations

import base64
import inspect
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, Flag
from importlib import import_module
from typing import Any, Final, TypeAlias, cast

import attrs

Json: TypeAlias = Any
"""What `json` can write."""

_ROOTS: Final = ("anytws.simulator.", "anytws.messages.", "anytws.wire.limits", "anytws.testing.days.plan")
"""Where the classes are that may be named."""


def to_json(value: object) -> Json:  # noqa: C901, PLR0912 (one line for each kind of value)
    """Give *value* as `json` can write it. Raises `ValueError` for what is none of ours, a function for example."""
    match value:
        case Enum():
            if isinstance(value, Flag) or value.name not in type(value).__members__:
                return {"of": _name_of(type(value)), "value": to_json(value.value)}
            return {"of": _name_of(type(value)), "member": value.name}
        case None | bool() | int() | str():
            return value
        case float():
            # Every digit, and infinity too, which JSON has not.
            return {"float": value.hex()}
        case Decimal():
            return {"decimal": str(value)}
        case bytes():
            return {"bytes": base64.b85encode(value).decode("ascii")}
        case timedelta():
            return {"seconds": [value.days, value.seconds, value.microseconds]}
        case datetime() if value.utcoffset() is not None:
            return {"utc": value.astimezone(UTC).isoformat()}
        case date() if not isinstance(value, datetime):
            return {"date": value.isoformat()}
        case tuple():
            return [to_json(item) for item in cast("tuple[object, ...]", value)]
        case frozenset():
            return {"set": sorted([to_json(item) for item in cast("frozenset[object]", value)])}
        case type():
            return {"class": _name_of(value)}
        case _ if attrs.has(type(value)):
            return {"of": _name_of(type(value)), **_said(value)}
        case _:
            raise ValueError(f"{value!r} cannot be in a token: it is none of the simulator's values")


def _said(value: Any) -> dict[str, Json]:  # noqa: ANN401 (of any class of attrs)
    """Give the fields of *value* that are not as they are by themselves."""
    said = {}
    for field in attrs.fields(type(value)):
        item = getattr(value, field.name)
        if field.init and not (type(item) is type(field.default) and item == field.default):
            said[f"={field.alias}"] = to_json(item)
    return said


def _name_of(cls: type[Any]) -> str:
    name = f"{cls.__module__}:{cls.__qualname__}"
    if "<" in name or not _is_ours(cls.__module__):
        raise ValueError(f"{cls.__qualname__} cannot be in a token: it is none of the simulator's classes")
    return name.removeprefix("anytws.")


def _is_ours(module: str) -> bool:
    return any(module == root.rstrip(".") or module.startswith(root) for root in _ROOTS)


_READERS: Final[dict[str, Callable[[Any], object]]] = {
    "float": float.fromhex,
    "decimal": Decimal,
    "bytes": base64.b85decode,
    "seconds": lambda parts: timedelta(*parts),
    "utc": datetime.fromisoformat,
    "date": date.fromisoformat,
    "set": lambda items: frozenset([from_json(item) for item in items]),
    "class": lambda name: _class_called(name),  # noqa: PLW0108 (it comes further down)
}


def from_json(said: Json) -> Any:  # noqa: ANN401 (a value of whatever class was written)
    """Give the value that `to_json` has written as *said*. Raises `ValueError` for anything else."""
    if isinstance(said, list):
        return tuple([from_json(item) for item in said])
    if not isinstance(said, dict):
        if said is None or isinstance(said, (bool, int, str)):
            return said
        raise ValueError(f"{said!r} is no value of a token")
    kind = next(iter(said), "")
    try:
        if kind == "of":
            return _made(said)
        if kind in _READERS and len(said) == 1:
            return _READERS[kind](said[kind])
    except (TypeError, KeyError, ArithmeticError) as problem:
        raise ValueError(f"this token holds what no value can be made of: {problem}") from problem
    raise ValueError(f"{said!r} is no value of a token")


def _made(said: dict[str, Json]) -> object:
    cls = _class_called(said["of"])
    if issubclass(cls, Enum):
        return cls[said["member"]] if "member" in said else cls(from_json(said["value"]))
    if not attrs.has(cls):
        raise ValueError(f"{cls.__qualname__} is no value")
    return cls(**{name[1:]: from_json(item) for name, item in said.items() if name.startswith("=")})


def _class_called(name: str) -> type[Any]:
    module, _, path = f"anytws.{name}".partition(":")
    if not _is_ours(module):
        raise ValueError(f"{name!r} is no class of the simulator")
    try:
        found: Any = import_module(module)
        for part in path.split("."):
            found = inspect.getattr_static(found, part)
    except (ImportError, AttributeError) as problem:
        raise ValueError(f"{name!r} is no class of this version of anytws") from problem
    if not isinstance(found, type):
        raise ValueError(f"{name!r} is no class")  # noqa: TRY004 (of a text, its value)
    return found


# --- for people -------------------------------------------------------------------------------------------------------


def brief(value: Any) -> str:  # noqa: ANN401 (of any class)
    """Give *value* as one would write it in Python: of the simulator's values, only what is not as it is by itself."""
    if isinstance(value, Enum):
        known = value.name in type(value).__members__
        return f"{type(value).__name__}.{value.name}" if known else f"{type(value).__name__}({value.value!r})"
    if isinstance(value, tuple):
        items = [brief(item) for item in value]
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    if not attrs.has(type(value)):
        return repr(value)
    said = []
    is_first = True
    for field in attrs.fields(type(value)):
        item = getattr(value, field.name)
        is_usual = type(item) is type(field.default) and item == field.default
        if field.init and not is_usual:
            # What comes first, and has no default, needs no name.
            is_bare = is_first and not field.kw_only and field.default is attrs.NOTHING
            said.append(brief(item) if is_bare else f"{field.alias}={brief(item)}")
        is_first = is_first and not is_usual and field.default is attrs.NOTHING
    return f"{type(value).__name__}({', '.join(said)})"
