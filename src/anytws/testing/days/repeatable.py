"""What makes a day the same again: the order of tasks, the clock of readers, and what the first connection loads.

trio shuffles the tasks that are ready at the same time. Since its version 0.35 that can be drawn from a seed through
and through, when Hypothesis has been imported: its plugin has trio sort them first.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from typing import Any, Final

import hypothesis
import trio  # noqa: TID251 (whose clock and whose order of tasks can be had by a seed)
from trio.testing import MockClock  # noqa: TID251 (see above)

from anytws.runtime import stream
from anytws.wire import loading
from anytws.wire.versions import MAX_VERSION, MIN_VERSION

OLDEST_TRIO: Final = (0, 35)
"""The first trio whose order of tasks can be drawn from a seed through and through."""


def require_trio() -> None:
    """Raise `ImportError` if the trio that is installed is too old."""
    parts = version("trio").split(".")
    if (int(parts[0]), int(parts[1])) < OLDEST_TRIO:
        wanted = ".".join(map(str, OLDEST_TRIO))
        raise ImportError(f"anytws.testing.days needs trio {wanted}, and trio {version('trio')} is installed")


def run(main: Callable[[], Coroutine[Any, Any, None]], seed: int) -> None:
    """Run *main* on a clock that begins at 0 and jumps to the next deadline; the order of its tasks is that of *seed*.

    Raises `ImportError` for a trio that is too old, and `RuntimeError` where Hypothesis runs without its plugins.
    """
    require_trio()
    _warm_up()
    with _repeatable(seed):
        trio.run(main, clock=MockClock(autojump_threshold=0))


_WARM: Final[list[bool]] = []


def _warm_up() -> None:
    """Load all that connecting loads: the first connection of a process has one task more than all the others."""
    if _WARM:
        return
    _WARM.append(True)
    # What is urgent is told by what has been imported when it is first asked: orders, always.
    import_module("anytws.messages.orders")
    loading.urgent.cache_clear()
    for number in (MIN_VERSION, MAX_VERSION):
        for _ in (*loading.before_start(number), *loading.after_start(number)):
            pass


@contextmanager
def _repeatable(seed: int) -> Generator[None]:
    # trio has no public name for these; Hypothesis is given the same object by trio itself.
    scheduler: Any = import_module("trio._core._run")
    if not scheduler._ALLOW_DETERMINISTIC_SCHEDULING:  # noqa: SLF001
        raise RuntimeError(
            f"Hypothesis {hypothesis.__version__} runs without its plugins (HYPOTHESIS_NO_PLUGINS), and trio's is one "
            "of them: without it, a day that fails would not be the same day again"
        )
    chance, reader = scheduler._r, _Clock()  # noqa: SLF001
    before = chance.getstate()
    chance.seed(seed)
    try:
        with reader:
            yield
    finally:
        chance.setstate(before)


class _Clock:
    """Has readers of streams take it that no time passes: how many items they take at a time depends on that else."""

    def __init__(self) -> None:
        self._module: Any = stream

    def __enter__(self) -> None:
        self._usual = self._module.perf_counter
        # Which gives 0.0.
        self._module.perf_counter = float

    def __exit__(self, *_: object) -> None:
        self._module.perf_counter = self._usual
