"""The Python blocks of README.md and of the pages in docs/ are tests.

The rule: a block marked ``python`` runs as it stands, one after the other within a page; what is not to run is marked
``text`` or ``console``. A block that connects says ``127.0.0.1`` and port ``7497`` like any program would, and meets a
simulated TWS: the number is exchanged for the port of one that was started for the tests, so that no block ever talks
to a real one. Backends and Hypothesis profiles of the ordinary tests are in tests/conftest.py.

``--shuffle SEED`` runs the tests in an order of that seed, as ``python3 dev.py test`` and CI do: a test must not need
what another one has left behind. Files are shuffled, and the tests of a file; the blocks of a page keep their order,
for they are one program. A part of the suite runs in the order that it has in the whole, so what failed there fails
again with the two files alone. (The plugins for this know neither pages nor parts.)
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from importlib.metadata import version
from importlib.util import find_spec

import pytest
from anyio.from_thread import start_blocking_portal
from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.integration.pytest import SybilItem
from sybil.parsers.markdown import CodeBlockParser
from sybil.region import Lexeme

from anytws.simulator.serve import serve
from anytws.simulator.world import World

PORT_IN_DOCS = "7497"

run_python = PythonEvaluator()


@pytest.fixture(scope="session")
def tws_port() -> Iterator[int]:
    """The port of a simulated TWS that runs beside the tests; for programs that bring their own event loop."""
    with start_blocking_portal("asyncio") as portal, portal.wrap_async_context_manager(serve(World())) as tws:
        yield tws.port


def run_with_tws(example: Example) -> None:
    """Run the block *example*, with the simulated TWS where it expects a real one."""
    block = example.parsed
    source = block.replace(PORT_IN_DOCS, str(example.namespace["tws_port"]))
    example.parsed = Lexeme(source, block.offset, block.line_offset)
    run_python(example)


pytest_collect_file = Sybil(
    parsers=[CodeBlockParser("python", run_with_tws)],
    patterns=["README.md", "docs/*.md", "docs/*/*.md"],
    fixtures=["tws_port"],
).pytest()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the seed of the order; the workers of xdist are given it too, and collect the same."""
    parser.addoption("--shuffle", metavar="SEED", help="run the tests in the order of SEED, any word")


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say in which order the tests run."""
    seed = config.getoption("shuffle")
    return f"order: --shuffle {seed}" if seed else None


def pytest_itemcollected(item: pytest.Item) -> None:
    """Skip what `dev.py oldest` does not have: a trio young enough for the page about days, libraries of frames."""
    if item.path.name in {"columns.md", "recipes.md"} and find_spec("polars") is None:
        item.add_marker(pytest.mark.skip(reason="the extra frames is not in the oldest environment"))
    if item.path.name == "testing.md" and tuple(map(int, version("trio").split(".")[:2])) < (0, 35):
        item.add_marker(pytest.mark.skip(reason="anytws.testing.days needs trio 0.35"))


# First: pytest then brings those together again that share a fixture with parameters.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Shuffle the tests."""
    seed = config.getoption("shuffle")

    def place(name: str) -> bytes:
        return blake2b(f"{seed} {name}".encode(), digest_size=8).digest()

    if seed:
        # Sorting is stable: the blocks of a page, all in one place, stay as they are.
        items.sort(
            key=lambda item: (place(item.location[0]), b"" if isinstance(item, SybilItem) else place(item.nodeid))
        )
