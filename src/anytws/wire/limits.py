"""How much one frame may hold. The peer chooses its size, so whoever reads it needs a bound."""

from __future__ import annotations

from typing import Final

import attrs

from anytws.wire.frames import MAX_FRAME

_SMALLEST: Final = 64
"""Bytes that the words of a handshake need."""


@attrs.frozen(kw_only=True)
class Limits:
    """The most that is taken from a peer.

    Raises `ValueError` for what is no limit.
    """

    frame: int = MAX_FRAME
    """Bytes of one frame. A longer one ends the connection (507), as soon as its length is known."""
    items: int = 250_000
    """Records and values in the lists of one frame, together. A frame with more cannot be read (508); the connection
    goes on. More bars than this have no room in the longest frame, and nothing that TWS sends has so many."""
    before_version: int = 65_536
    """Bytes of one frame, and of all together, before the server version is agreed: the words of the handshake are
    short, and whatever is at the other end is not known to be TWS yet."""

    def __attrs_post_init__(self) -> None:
        for name, most in (("frame", MAX_FRAME), ("items", None), ("before_version", MAX_FRAME)):
            value: object = getattr(self, name)
            least = 0 if name == "items" else _SMALLEST
            if type(value) is not int or value < least or (most is not None and value > most):
                upto = "" if most is None else f" and at most {most}"
                raise ValueError(f"{name} is {value!r}, and has to be a whole number, at least {least}{upto}")


DEFAULT_LIMITS: Final = Limits()
"""What is taken unless somebody says otherwise."""


def told_limit(items: int) -> str:
    """Say what a frame with too many items should have been."""
    return f"one with at most {items} items in its lists (Limits.items), and a byte for every two of their fields"
