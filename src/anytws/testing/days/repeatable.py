"""What makes a day the same again: the order of tasks, the clock of readers, and what the first connection loads.

trio shuffles the tasks that are ready at the same time. Since its version 0.35 that can be drawn from a seed through
and through, when Hypothesis has been imported: its plugin has trio sort them first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.metadata import version
from typing import Any, Final

import hypothesis
import trio  # noqa: TID251 (whose clock and whose order of tasks can be had by a seed)
from trio.abc import Instrument  # noqa: TID251 (see above)
from trio.testing import MockClock  # noqa: TID251 (see above)

from anytws.messages.base import Side
from anytws.runtime import stream
from anytws.wire import loading
from anytws.wire.codec import shared_codec
from anytws.wire.versions import MAX_VERSION, MIN_VERSION

OLDEST_TRIO: Final = (0, 35)
"""The first trio whose order of tasks can be drawn from a seed through and through."""


def require_trio() -> None:
    """Raise `ImportError` if the trio that is installed is too old."""
    parts = version("trio").split(".")
    if (int(parts[0]), int(parts[1])) < OLDEST_TRIO:
        wanted = ".".join(map(str, OLDEST_TRIO))
        raise ImportError(f"anytws.testing.days needs trio {wanted}, and trio {version('trio')} is installed")


def run(
    main: Callable[[], Coroutine[Any, Any, None]], *, version: int, seed: int, on_standstill: Callable[[], None]
) -> None:
    """Run *main* on a clock that begins at 0 and jumps to the next deadline; the order of its tasks is that of *seed*.

    *version* is the server version that is spoken in it. *on_standstill* is called when `MOST_STEPS` have been done and
    no time has passed: some task never waits. Raises `ImportError` for a trio that is too old, and `RuntimeError` where
    Hypothesis runs without its plugins.
    """
    require_trio()
    _warm_up(max(version, MIN_VERSION))
    with _repeatable(seed):
        trio.run(main, clock=MockClock(autojump_threshold=0), instruments=[_Standstill(on_standstill)])


MOST_STEPS: Final = 200_000
"""Steps of tasks that may be done at one moment of the day: a flood of messages needs some hundreds."""


class _Standstill(Instrument):
    """Notices when tasks run and run, and the clock never jumps, since it waits for all of them to wait."""

    def __init__(self, on_standstill: Callable[[], None]) -> None:
        self._on_standstill = on_standstill
        self._now = 0.0
        self._steps = 0

    def before_task_step(self, task: object) -> None:  # noqa: ARG002 (whichever it is)
        """Count one more step."""
        now = trio.current_time()
        self._steps = self._steps + 1 if now == self._now else 0
        self._now = now
        if self._steps == MOST_STEPS:
            self._on_standstill()


@cache
def _warm_up(version: int) -> None:
    """Load and compile all that a connection at server *version* does: the first one of a process has more to do.

    What it does beside the others takes turns, by which all that comes after would be different.
    """
    # What is urgent is told by what has been imported when it is first asked: orders, always.
    import_module("anytws.messages.orders")
    loading.urgent.cache_clear()
    pieces = (*loading.before_start(MAX_VERSION), *loading.after_start(version))
    codec = shared_codec(Side.CLIENT, version)
    deque((*pieces, *[step for cls in loading.urgent() for step in codec.compile_writer(cls)]), maxlen=0)


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
