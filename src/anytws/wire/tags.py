"""Pairs of a name and a value in one text field: ``tag=value;`` each, also the last."""

from __future__ import annotations

from typing import Any

from anytws.messages.base import TagValue
from anytws.wire.kinds import MOST_JOINED, STRING


def split_tags(text: str) -> tuple[TagValue, ...]:
    """Read the pairs. Raises `ValueError` for an item without a ``=``."""
    if not text:
        return ()
    if text.count(";") > MOST_JOINED:
        raise ValueError(text)
    pairs = []
    for item in text.removesuffix(";").split(";"):
        tag, equals, value = item.partition("=")
        if not equals:
            raise ValueError(text)
        pairs.append(TagValue(STRING.read_text(tag), STRING.read_text(value)))
    return tuple(pairs)


def join_tags(tags: Any) -> str:
    """Write the pairs. Raises `ValueError` for a pair that would not be read as itself."""
    if len(tags) > MOST_JOINED:
        raise ValueError(tags)
    for each in tags:
        if "=" in each.tag or ";" in each.tag or ";" in each.value:
            raise ValueError(each)
    return "".join([f"{STRING.write_text(each.tag)}={STRING.write_text(each.value)};" for each in tags])
