"""The plugin in a pytest of its own, as a user has it: with AnyIO's plugin, and without anything of this suite."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from textwrap import dedent

import pytest

from anytws.testing import plugin

FILES: dict[str, tuple[str, int]] = {
    "a test asks for a client and runs on both backends": (
        """
        import sniffio

        seen = []

        async def test_connected(tws_world, tws):
            seen.append(sniffio.current_async_library())
            assert tws.accounts_named == ("DU1234567",)
            assert [link.client_id for link in tws_world.links] == [1]

        def test_both():
            assert sorted(seen) == ["asyncio", "trio"]
        """,
        3,
    ),
    "hours pass in no time on trio": (
        """
        import sys
        import time
        import anyio
        import pytest
        from anytws.simulator.settings import EPOCH

        async def test_the_clock(tws, tws_world, anyio_backend_name):
            assert abs((await tws.current_time() - EPOCH).total_seconds()) < 60
            if anyio_backend_name == "trio":
                began = time.monotonic()
                await anyio.sleep(3600)
                assert time.monotonic() - began < 30
                assert (await tws.current_time() - EPOCH).total_seconds() == 3600
        """,
        2,
    ),
    "the clock stands at the epoch in each test, though those of one function share it": (
        """
        import anyio
        import pytest
        from anytws.simulator.settings import EPOCH

        @pytest.mark.parametrize("number", [1, 2])
        async def test_the_clock(tws, number, anyio_backend_name):
            assert (await tws.current_time() - EPOCH).total_seconds() < 60
            if anyio_backend_name == "trio":
                await anyio.sleep(3600)
        """,
        4,
    ),
    "a mark says what the world is like": (
        """
        import pytest
        from anytws.simulator import WorldSettings

        pytestmark = pytest.mark.tws(client_id=5, settings=WorldSettings(server_version=176))

        async def test_of_the_module(tws):
            assert (tws.server_version, tws.client_id) == (176, 5)

        @pytest.mark.tws(client_id=7)
        async def test_the_nearest_goes_before(tws):
            assert (tws.server_version, tws.client_id) == (176, 7)

        @pytest.mark.tws(settings=WorldSettings(accounts=("DU9",)))
        def test_a_world_alone_needs_no_loop(tws_world):
            assert tws_world.settings.accounts == ("DU9",)
        """,
        5,
    ),
    "several clients connect": (
        """
        import pytest
        import anytws

        async def test_two(tws, tws_connect, tws_world):
            async with tws_connect(client_id=2) as other:
                assert [link.client_id for link in tws_world.links] == [1, 2]
                assert other.client_id == 2
            with pytest.raises(anytws.ClientIdInUse):
                async with tws_connect(client_id=1):
                    pass

        async def test_nobody_there(tws_connect, tws_world):
            tws_world.die()
            with pytest.raises(anytws.TcpConnectFailed):
                async with tws_connect(client_id=2):
                    pass
        """,
        4,
    ),
    "over TCP in real time": (
        """
        import pytest
        import sniffio
        import anytws

        @pytest.mark.tws(tcp=True)
        async def test_tcp(tws, tws_world, tws_connect):
            assert "127.0.0.1" in repr(tws)
            assert "7497" not in repr(tws)
            assert await tws.current_time()
            async with tws_connect(client_id=2) as other:
                assert len(tws_world.links) == 2
            if sniffio.current_async_library() == "trio":
                import trio
                from trio.testing import MockClock
                assert trio.lowlevel.current_clock().__class__ is not MockClock
        """,
        2,
    ),
    "the connection ends, and the test says what that means": (
        """
        import pytest
        import anytws

        async def test_ends(tws, tws_world):
            tws_world.die()
            with pytest.raises(anytws.ConnectionClosed):
                await tws.current_time()
            assert tws.state is anytws.State.CLOSED
        """,
        2,
    ),
    "who has chosen the event loop keeps it": (
        """
        import pytest
        import sniffio

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        async def test_by_fixture(tws):
            assert sniffio.current_async_library() == "asyncio"

        @pytest.mark.parametrize("anyio_backend", ["trio"])
        async def test_by_parameter(tws):
            assert sniffio.current_async_library() == "trio"
        """,
        2,
    ),
}
"""Files of a user's tests, and how many of their tests pass: all."""


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on *folder*, with nothing of this suite."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "error", "-rA"]
    return subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[str]]:
    """What became of each file's tests: a line for each, by the number of the file."""
    folder = tmp_path_factory.mktemp("user")
    for number, (source, _) in enumerate(FILES.values()):
        (folder / f"test_{number}.py").write_text(dedent(source), "utf-8")
    lines = run(folder).stdout.splitlines()
    return {
        number: [line for line in lines if f" test_{number}.py::" in line and line.split()[0].isupper()]
        for number in range(len(FILES))
    }


@pytest.mark.parametrize("title", FILES)
def test_as_a_user_has_it(title: str, outcomes: dict[int, list[str]]):
    found = outcomes[list(FILES).index(title)]
    assert [line for line in found if not line.startswith("PASSED")] == []
    assert len(found) == FILES[title][1]


def files(folder: Path, **sources: str) -> Path:
    for name, source in sources.items():
        (folder / name.replace("_ini", ".ini").replace("_py", ".py")).write_text(dedent(source), "utf-8")
    return folder


def test_a_setting_has_all_of_them_over_tcp(tmp_path: Path):
    test = """
        import pytest

        async def test_tcp(tws):
            assert "7497" not in repr(tws)

        @pytest.mark.tws(tcp=False)
        async def test_memory(tws):
            assert "7497" in repr(tws)
        """
    done = run(files(tmp_path, pytest_ini="[pytest]\ntws_tcp = true\n", test_it_py=test))
    assert " 4 passed" in done.stdout


def test_what_is_not_ours_is_left_alone_and_what_is_wrong_is_told(tmp_path: Path):
    """Other async tests are their own plugin's, and without one pytest fails them."""
    files(
        tmp_path,
        test_mine_py="async def test_mine(tws_world):\n    pass\n",
        test_mark_py="import pytest\n@pytest.mark.tws(speed=2)\nasync def test_it(tws):\n    pass\n",
    )
    assert "async def functions are not natively supported" in run(tmp_path, "test_mine.py").stdout
    done = run(tmp_path, "test_mark.py")
    assert done.returncode != 0
    assert "@pytest.mark.tws takes client_id, settings, tcp by name, and nothing else" in done.stdout + done.stderr


def test_the_mark_and_the_fixtures_are_told(pytestconfig: pytest.Config, tws_world):
    """With ``--markers`` and ``--fixtures``."""
    assert [mark for mark in pytestconfig.getini("markers") if mark.startswith("tws(settings=")]
    assert plugin.tws_world.__doc__.startswith("A simulated TWS that nobody is connected to")
    assert plugin.tws.__doc__.startswith("A client that is connected to `tws_world`, and ready.")
    assert tws_world.links == ()


def test_pytest_loads_it_without_anything_heavy():
    """Every pytest of an environment with anytws does so."""
    source = (
        "import pytest, sys; before = {*sys.modules}; import anytws.testing.plugin\n"
        "print(*sorted({*sys.modules} - before))"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if name.partition(".")[0] not in sys.stdlib_module_names}
    assert loaded == {"anytws", "anytws.testing", "anytws.testing.plugin"}


def test_it_is_an_entry_point():
    (found,) = [point for point in entry_points(group="pytest11") if point.name == "anytws"]
    assert found.value == "anytws.testing.plugin"
    assert Path(found.load().__file__).name == "plugin.py"


async def test_in_this_suite_too(tws_world, tws, tws_connect):
    """Which chooses its backends itself."""
    async with tws_connect(client_id=4):
        assert [link.client_id for link in tws_world.links] == [1, 4]
    assert tws.client_id == 1
