"""The pytest plugin: `tws_world`, a simulated TWS, and `tws`, a client that is connected to it.

::

    async def test_my_bot(tws_world, tws):
        await my_bot(tws)
        assert [heard.message for heard in tws_world.heard] == [...]

It is there by itself wherever anytws is installed, beside AnyIO's own plugin, which runs the test. A test that asks
for one of the async fixtures needs no mark for that: it runs on asyncio, and on trio with a clock of its own that jumps
to the next deadline as soon as every task waits; hours pass in no time. The clock of the world stands at its epoch
(``anytws.simulator.settings.EPOCH``) when the test begins, on either backend. ``@pytest.mark.tws`` says otherwise::

    @pytest.mark.tws(settings=WorldSettings(server_version=176))      # what the world is like
    @pytest.mark.tws(client_id=7)                                     # the id of the client, 1 by default
    @pytest.mark.tws(tcp=True)                                        # over a real socket, and in real time

``tws_tcp = true`` in the ini file has all of them over TCP. Whoever has an ``anyio_backend`` fixture of their own, or
parametrizes it, chooses the event loop and its clock by that.

Nothing is imported here that a test does not need.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pytest

if TYPE_CHECKING:
    from anytws.client.tws import Tws
    from anytws.simulator.settings import WorldSettings
    from anytws.simulator.world import World

TwsConnect: TypeAlias = "Callable[..., AbstractAsyncContextManager[Tws]]"
"""What the fixture `tws_connect` is: ``async with tws_connect(client_id=2) as other:``; options as of `connect`."""

_NAME: Final = "tws"
_OPTIONS: Final = frozenset({"settings", "client_id", "tcp"})
_ASYNC: Final = frozenset({"tws", "tws_connect"})


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the setting that has all clients connect over TCP."""
    parser.addini("tws_tcp", "have the fixtures of anytws connect over TCP, in real time", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line(
        "markers",
        "tws(settings=..., client_id=1, tcp=False): what the simulated TWS of the fixtures tws_world and tws is like, "
        "and how they are connected",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> None:
    """Have AnyIO run the async tests that ask for a client."""
    is_async = collector.istestfunction(obj, name) and inspect.iscoroutinefunction(obj)
    if is_async and _ASYNC & inspect.signature(obj).parameters.keys():  # type: ignore[arg-type]  # it is a function
        pytest.mark.anyio(obj)


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give trio a virtual clock, unless somebody has chosen for themselves, or a real socket is used."""
    names = metafunc.fixturenames
    if not (_ASYNC & {*names} and "anyio_backend" in names) or _is_tcp(metafunc.definition):
        return
    chosen = any("anyio_backend" in _arguments_of(mark) for mark in metafunc.definition.iter_markers("parametrize"))
    if not chosen and _is_anyios_own(metafunc):
        backends = [pytest.param("asyncio", id="asyncio"), *_virtual()]
        # A mark, since pytest goes by marks where a fixture has parameters of its own, as AnyIO's has.
        metafunc.definition.add_marker(pytest.mark.parametrize("anyio_backend", backends, indirect=True))


def _arguments_of(mark: pytest.Mark) -> list[str]:
    """Give the names that a ``parametrize`` gives values to."""
    said = mark.args[0] if mark.args else mark.kwargs.get("argnames", "")
    return [name.strip() for name in said.split(",")] if isinstance(said, str) else [*said]


def _is_anyios_own(metafunc: pytest.Metafunc) -> bool:
    """Tell whether the fixture ``anyio_backend`` is that of AnyIO's plugin, and not one of the user's."""
    found = metafunc.definition._fixtureinfo.name2fixturedefs.get("anyio_backend", ())  # noqa: SLF001 (as AnyIO does)  # pyright: ignore[reportPrivateUsage]
    return bool(found) and found[-1].func.__module__ == "anyio.pytest_plugin"


def _virtual() -> list[Any]:
    try:
        from trio.testing import MockClock  # noqa: PLC0415, TID251 (asyncio has no virtual clock)
    except ImportError:
        return []
    return [pytest.param(("trio", {"clock": MockClock(autojump_threshold=0)}), id="trio")]


def _said(node: pytest.Item | pytest.Function) -> dict[str, Any]:
    """Give what the marks of a test say; the nearest goes before those of its class and its module."""
    said: dict[str, Any] = {}
    for mark in node.iter_markers(_NAME):
        unknown = {*mark.kwargs} - _OPTIONS
        if unknown or mark.args:
            wanted = ", ".join(sorted(_OPTIONS))
            raise pytest.UsageError(f"{node.nodeid}: @pytest.mark.tws takes {wanted} by name, and nothing else")
        said = {**mark.kwargs, **said}
    return said


def _is_tcp(node: pytest.Item | pytest.Function) -> bool:
    return bool(_said(node).get("tcp", node.config.getini("tws_tcp")))


@pytest.fixture
def tws_world(request: pytest.FixtureRequest) -> World:
    """A simulated TWS that nobody is connected to: seeded, healthy, its clock at its epoch. One for each test."""
    from anytws.simulator.world import World  # noqa: PLC0415

    settings: WorldSettings | None = _said(request.node).get("settings")
    return World(settings)


@pytest.fixture
async def tws_connect(
    anyio_backend: object,  # noqa: ARG001 (by it AnyIO knows that the fixture is its own)
    request: pytest.FixtureRequest,
    tws_world: World,
) -> AsyncGenerator[TwsConnect]:
    """Connects more clients to the test's world, with the options of `anytws.connect`.

    ``async with tws_connect(client_id=2) as other:``

    Raises `anytws.ConnectError` while that TWS is not running, or if it does not want the client.
    """
    async with (_over_tcp if _is_tcp(request.node) else _in_memory)(tws_world) as connect:
        yield connect


@pytest.fixture
async def tws(
    anyio_backend: object,  # noqa: ARG001 (see above)
    request: pytest.FixtureRequest,
    tws_connect: TwsConnect,
) -> AsyncGenerator[Tws]:
    """A client that is connected to `tws_world`, and ready.

    When its connection ends, whoever waits for something of it is told (`ConnectionClosed`), and the test goes on: what
    that means is for the test to say.
    """
    import anyio  # noqa: PLC0415

    async with (
        tws_connect(client_id=_said(request.node).get("client_id", 1)) as client,
        anyio.create_task_group() as tasks,
    ):
        # Else the end would cancel the block, and with it the task in which AnyIO runs the fixtures and the test.
        tasks.start_soon(client.closed)
        yield client
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def _in_memory(world: World) -> AsyncGenerator[TwsConnect]:
    import anyio  # noqa: PLC0415

    from anytws.simulator.serve import serve_memory  # noqa: PLC0415
    from anytws.simulator.settings import EPOCH  # noqa: PLC0415
    from anytws.testing.memory import connect_in_memory  # noqa: PLC0415

    async with serve_memory(world) as served:
        # The same time on each backend, whatever its clock says.
        world.set_clock(EPOCH, anyio.current_time())
        yield partial(connect_in_memory, served)


@asynccontextmanager
async def _over_tcp(world: World) -> AsyncGenerator[TwsConnect]:
    import anyio  # noqa: PLC0415

    from anytws.client.connect import connect  # noqa: PLC0415
    from anytws.simulator.serve import serve  # noqa: PLC0415
    from anytws.simulator.settings import EPOCH  # noqa: PLC0415

    async with serve(world) as served:
        world.set_clock(EPOCH, anyio.current_time())
        yield partial(connect, served.host, served.port)
