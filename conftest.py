"""The Python blocks of README.md and of the pages in docs/ are tests.

The rule: a block marked ``python`` runs as it stands, one after the other within a page; what is not to run is marked
``text`` or ``console``. A block that connects says ``127.0.0.1`` and port ``7497`` like any program would, and meets a
simulated TWS: the number is exchanged for the port of one that was started for the tests, so that no block ever talks
to a real one. Backends and Hypothesis profiles of the ordinary tests are in tests/conftest.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from anyio.from_thread import start_blocking_portal
from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
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
