"""The repository keeps its promises: what is shipped, what stands in one place only, what must stand nowhere."""

from __future__ import annotations

import importlib.metadata
import itertools
import re
import shutil
import subprocess
import tomllib
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from types import SimpleNamespace

import pytest
from hatchling import build
from sybil.integration.pytest import SybilItem

import anytws

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

# What .gitignore names, and git's own. The tests run from a source archive too, where git cannot be asked.
IGNORED = (ROOT / ".gitignore").read_text("utf-8").splitlines()
NOT_OURS = [".git", *(line.rstrip("/") for line in IGNORED if line and not line.startswith("#"))]


def files() -> Iterator[Path]:
    """Give every file that belongs to the project."""
    folders = [ROOT]
    while folders:
        for path in folders.pop().iterdir():
            names = (path.name, path.relative_to(ROOT).as_posix())
            if any(fnmatch(name, pattern) for name in names for pattern in NOT_OURS):
                continue
            if path.is_dir():
                folders.append(path)
            else:
                yield path


# Put together here, so that this file does not name what it looks for.
FORBIDDEN = {
    "the folder of a machine": "|".join(
        rf"(?<![\w.<~-])/{name}\b" for name in ("home", "root", "tmp", "work", "Users")
    ),
    "the folder of a Windows machine": r"\b[A-Za-z]:\\+" + "Users",
    "a package index": "|".join(
        ("py" + r"pi\.(?:org|python)", "python" + "hosted", "registry" + r"\.npm", "--index" + "-url")
    ),
    "somebody's mirror": "|".join(("--extra-index" + "-url", "--find" + "-links", "--trusted" + "-host")),
}


def findings(text: str) -> list[str]:
    """Tell what of the forbidden *text* holds."""
    lines = enumerate(text.splitlines(), start=1)
    return [f"line {n}: {what}" for n, line in lines for what, wanted in FORBIDDEN.items() if re.search(wanted, line)]


def test_nothing_names_a_machine_or_a_package_index():
    """Whoever clones has other folders, and may have another index."""
    found = {path.relative_to(ROOT).as_posix(): findings(path.read_text("utf-8", "replace")) for path in files()}
    assert {"pyproject.toml", "dev.py", ".ci/run"} <= set(found)
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.skipif(not (ROOT / ".git").exists() or shutil.which("git") is None, reason="this is no git repository")
def test_nothing_that_is_ignored_was_committed():
    """The test above passes over what is ignored, so a whole environment could stand in a commit unseen."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--ignored", "--exclude-standard"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines() == []


@pytest.mark.parametrize(
    "text",
    ["cd /" + "work/main", "'/" + "tmp'", "C:\\" + "Users\\x", "https://py" + "pi.org/simple", "--index" + "-url x"],
)
def test_a_planted_name_is_found(text: str):
    assert findings(f"first\n{text}") != []


@pytest.mark.parametrize("text", ["</root>", "the client/work queue", "~/work", "docs/root/index.md", "/rooted"])
def test_what_only_looks_like_one_is_not(text: str):
    assert findings(text) == []


def test_the_version_stands_in_one_place():
    """An installation that knows another version is a stale one; a second place in the source would become stale."""
    assert importlib.metadata.version("anytws") == PROJECT["version"]
    sources = Path(anytws.__file__).parent.rglob("*.py")
    assert [path for path in sources if re.search(r"__version__\s*(:.*)?=\s*[\"']", path.read_text("utf-8"))] == []


def test_the_changelog_has_the_current_version():
    versions = re.findall(r"^## \[?v?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert versions[:1] == [PROJECT["version"]]


def test_the_wheel_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What is installed has all modules and situations, the mark "typed", licence and command; and nothing else."""
    monkeypatch.chdir(ROOT)
    with zipfile.ZipFile(tmp_path / build.build_wheel(str(tmp_path))) as wheel:
        names = set(wheel.namelist())
        (commands,) = (wheel.read(name).decode() for name in names if name.endswith("entry_points.txt"))
    source = Path(anytws.__file__).parent
    modules = {path.relative_to(source.parent).as_posix() for path in [*source.rglob("*.py"), *source.rglob("*.pyi")]}
    modules |= {
        path.relative_to(source.parent).as_posix()
        for path in (source / "testing" / "acceptance" / "situations").iterdir()
    }
    assert modules | {"anytws/py.typed"} == {name for name in names if name.startswith("anytws/")}
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert "anytws = anytws.cli:main" in commands.splitlines()


def test_the_two_commands_of_the_readme_are_the_ones_that_run():
    """A stranger types what CI runs: first the demo, then the tests, both by way of dev.py."""
    readme = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"^```(?:console|sh|shell|bash|text)\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    commands = re.findall(r"^(?:\$ )?(python3 dev\.py \w+)", "\n".join(blocks), re.MULTILINE)
    assert commands[:2] == ["python3 dev.py demo", "python3 dev.py test"]
    ci = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert [line.split()[2] for line in ci if line.startswith("python3 dev.py")] == [
        "test", "oldest", "fuzz", "fuzz", "fuzz", "days", "days", "lint", "types", "docs", "charts",
    ]  # fmt: skip
    assert "python3 dev.py test" in ci


def test_each_promise_about_hostile_input_names_a_test_that_there_is():
    page = (ROOT / "docs" / "hostile_input.md").read_text("utf-8")
    named = {*re.findall(r"`(tests/[\w/]+\.py)`", page)}
    assert len(named) > 10
    assert not [name for name in sorted(named) if not (ROOT / name).is_file()]
    promises = [line for line in page.splitlines() if line.startswith("| ") and "promise |" not in line]
    held = [line for line in promises if line.count("|") == 3 and "---" not in line]
    assert held
    assert not [line for line in held if "`tests/" not in line]


def shuffled(request: pytest.FixtureRequest, seed: str | None, items: list) -> list[str]:
    """Give the order in which `--shuffle` runs *items*."""
    plugin = request.config.pluginmanager.get_plugin(str(ROOT / "conftest.py"))
    config = SimpleNamespace(getoption={"shuffle": seed}.__getitem__)
    items = [*items]
    plugin.pytest_collection_modifyitems(config, items)
    return [item.nodeid for item in items]


def collected(files: int, tests: int, *, page: bool = True) -> list:
    """Give what pytest has collected: some files of tests, and a page of blocks."""
    found = [
        SimpleNamespace(location=(f"tests/{file}.py", 1, ""), nodeid=f"tests/{file}.py::{test}")
        for file in range(files)
        for test in range(tests)
    ]
    for line in range(5 if page else 0):
        block = Block.__new__(Block)
        block.line = line
        found.append(block)
    return found


class Block(SybilItem):
    """A block of a page, as far as an order is concerned."""

    line: int

    @property
    def nodeid(self) -> str:
        return f"docs/page.md::{self.line}"

    @property
    def location(self) -> tuple[str, int, str]:
        return ("docs/page.md", self.line, "")


def test_the_tests_are_shuffled_but_files_stay_together_and_pages_as_they_are(request: pytest.FixtureRequest):
    items = collected(8, 8)
    in_order = [item.nodeid for item in items]
    assert shuffled(request, None, items) == in_order
    first, second = shuffled(request, "ci", items), shuffled(request, "other", items)
    assert sorted(first) == sorted(second) == sorted(in_order)
    assert len({*map(tuple, (in_order, first, second))}) == 3
    for order in (first, second):
        files = [nodeid.partition("::")[0] for nodeid in order]
        assert sum(1 for file, after in itertools.pairwise(files) if file != after) == 8
        page = [nodeid for nodeid in order if nodeid.startswith("docs/")]
        assert page == sorted(page)


def test_a_part_of_the_tests_runs_in_the_order_that_it_has_in_the_whole(request: pytest.FixtureRequest):
    """So what fails for the order fails again with the two files alone, whatever xdist has made of the rest."""
    items = collected(6, 6, page=False)
    part = items[3:20]
    wanted = {item.nodeid for item in part}
    whole = [nodeid for nodeid in shuffled(request, "ci", items) if nodeid in wanted]
    assert shuffled(request, "ci", part) == shuffled(request, "ci", part[::-1]) == whole


def test_what_has_no_share_with_the_oldest_dependencies_is_there():
    """A file that is renamed would come back into the share without a word."""
    text = (ROOT / "dev.py").read_text("utf-8")
    (block,) = re.findall(r"^NO_SHARE = \((.*?)^\)", text, re.MULTILINE | re.DOTALL)
    named = re.findall(r'"(tests/[\w/.]+)"', block)
    assert len(named) > 5
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_extra_is_named_where_people_look_for_it():
    """`testing` is for the tests of others: what it names is all that they need beside this library."""
    extras = PROJECT["optional-dependencies"]
    assert {re.split("[>=<]", bound)[0] for bound in extras["testing"]} == {"hypothesis", "pytest", "trio", "tzdata"}
    pages = "".join((ROOT / page).read_text("utf-8") for page in ("README.md", "docs/index.md"))
    assert all(f"anytws[{extra}]" in pages for extra in ("cli", "testing", "trio"))
