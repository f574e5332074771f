"""Classes whose objects are filled field by field, and are of the real class in the end."""

from __future__ import annotations

from typing import Any, Final

import attrs

from anytws.wire.compiled.bet import CannotCompile

_TWINS: Final[dict[type[Any], type[Any]]] = {}


def twin_of(cls: type[Any]) -> type[Any]:
    """Give the subclass of *cls* whose objects begin empty and can be filled, and then become ones of *cls*.

    A field that has not been filled raises `AttributeError`, and any exception makes the reader give up.
    """
    if cls not in _TWINS:
        _TWINS[cls] = _make_twin(cls)
    return _TWINS[cls]


def _make_twin(cls: type[Any]) -> type[Any]:
    has_more = any(field.validator or field.converter or not field.init for field in attrs.fields(cls))
    if has_more or hasattr(cls, "__attrs_post_init__"):
        raise CannotCompile(cls)
    # If any of these three differs from `object`'s, Python takes the slow path.
    plain = {name: getattr(object, name) for name in ("__init__", "__setattr__", "__delattr__")}
    twin: type[Any] = type(f"{cls.__name__}Twin", (cls,), {"__slots__": (), **plain})
    try:
        twin().__class__ = cls
    except TypeError:  # The two do not have the same layout.
        raise CannotCompile(cls) from None
    return twin
