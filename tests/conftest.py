"""What every test can count on.

- Each ``async def test_…`` runs twice, on asyncio and on trio; nothing has to be marked. Async fixtures work the same
  way and are function-scoped.
- ``@pytest.mark.virtual_time`` runs a test on trio alone, with a clock of its own that starts at 0 and jumps to the
  next deadline as soon as every task waits. Hours pass in no time, and exactly. A real socket must not be near: the
  clock cannot know of bytes on their way and would jump over them. Memory streams are fine.
- A test that wants another choice says ``@pytest.mark.parametrize("anyio_backend", ["trio"])``.
- What a test leaves open (a socket, a stream, a coroutine that nobody awaited) is an error of that same test.
- Hypothesis runs the profile ``fast``: the same examples each time, so that a red build is red again on the next
  machine. ``HYPOTHESIS_PROFILE=deep`` looks for new ones, for minutes.
"""

from __future__ import annotations

import gc
import inspect
import os
from collections.abc import Iterator

import hypothesis
import pytest
from trio.testing import MockClock

BACKENDS = ("asyncio", "trio")
VIRTUAL = "trio-virtual"

# No deadline: a busy machine is no bug. Whether code is fast is asked by the benchmarks.
hypothesis.settings.register_profile("fast", deadline=None, max_examples=30, derandomize=True, database=None)
hypothesis.settings.register_profile("deep", deadline=None, max_examples=5_000, stateful_step_count=200)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> None:
    """Give every async test to AnyIO. (Its own setting for this is younger than the oldest AnyIO we run on.)"""
    if collector.istestfunction(obj, name):
        inner = getattr(getattr(obj, "hypothesis", None), "inner_test", obj)
        if inspect.iscoroutinefunction(inner):
            pytest.mark.anyio(obj)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the backends of a test, unless it has chosen for itself."""
    chosen = any("anyio_backend" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "anyio_backend" in metafunc.fixturenames and not chosen:
        virtual = metafunc.definition.get_closest_marker("virtual_time") is not None
        metafunc.parametrize("anyio_backend", [VIRTUAL] if virtual else BACKENDS, indirect=True)


def pytest_collection_finish() -> None:
    """Set aside all that was imported: the collector need not look at it again, and each look below is short."""
    gc.collect()
    gc.freeze()


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Set aside what one file leaves, which is what it has compiled: there is more and more of it."""
    if nextitem is not None and nextitem.path != item.path:
        gc.collect()
        gc.freeze()


@pytest.fixture
def anyio_backend(request: pytest.FixtureRequest) -> Iterator[object]:
    """The event loop that a test runs on, in AnyIO's words."""
    yield ("trio", {"clock": MockClock(autojump_threshold=0)}) if request.param == VIRTUAL else request.param
    # A socket or a coroutine that this test forgot says so now, and not in the middle of some later test.
    gc.collect()
