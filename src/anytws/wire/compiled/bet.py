"""What a bet is called: the types of what is compiled, and how it gives up."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Generic, TypeAlias, TypeVar

Result = TypeVar("Result")

Steps: TypeAlias = Generator[None, None, Result]
"""Work that gives control back now and then, and in the end a result: a compiler holds everybody up."""

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


def result_of(steps: Steps[Result]) -> Result:
    """Do all *steps* at once; give the result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result


class InSteps(Generic[Result]):
    """Work that is done one step a call, whichever thread calls."""

    def __init__(self, begin: Callable[[], Steps[Result]]) -> None:
        self._begin = begin
        self._steps: Steps[Result] | None = None
        self._result: Result | None = None

    def step(self, *, to_the_end: bool = False) -> Result | None:
        """Do the next step, or all; give the result if there is one by now."""
        if self._result is None and to_the_end:
            self._result = result_of(self._begin())
        if self._result is not None:
            return self._result
        # Two threads may begin at once: then one of the beginnings is lost, and nothing else.
        steps = self._steps = self._steps or self._begin()
        try:
            next(steps)
        except StopIteration as end:
            # None where another thread has ended it.
            self._result = end.value or self._result
        except ValueError:
            # Another thread is in the middle of this step.
            return None
        return self._result
