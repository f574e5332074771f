"""What a bet is called: the types of what is compiled, and how it gives up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Decoder: TypeAlias = Callable[[bytes], Any]
"""What stands behind the message id of a body to a message."""
Encoder: TypeAlias = Callable[[Any], bytes]
"""A message to its body, the message id in front."""
Read: TypeAlias = Callable[[Any], Any]
"""What was read on the wire to a value."""


class CannotCompile(Exception):
    """A layout has something that the generator has no words for: it stays with the closures."""


class GiveUp(Exception):
    """A generated function gives up."""
