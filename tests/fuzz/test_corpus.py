"""Whatever was ever found, by a fuzzer or a person, once more: each file through the target that its folder names."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.fuzz.cases import CORPUS, read_case
from tests.fuzz.engine import replay
from tests.fuzz.targets import TARGETS

FILES = sorted(CORPUS.glob("*/*"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_was_found_once_is_right_now(path: Path) -> None:
    problem = replay(TARGETS[path.parent.name](Random(0)), read_case(path))
    assert problem is None, f"{problem.text} {problem.where}"


def test_every_target_has_its_folder() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)


def test_every_file_says_why_it_is_there() -> None:
    assert [path.name for path in FILES if '"why"' not in path.read_text("utf-8")] == []
