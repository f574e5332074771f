"""The docs are whole: what is public is on a page, and every field of what is said is told.

That they build without a warning is `python3 dev.py docs`, and that their examples run is conftest.py.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from types import ModuleType
from typing import get_args

import ib_async
import pytest
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager
from ibapi.client import EClient
from ibapi.wrapper import EWrapper

import anytws.core
import anytws.messages
import anytws.simulator
from anytws.client.sync_names import TOPICS
from anytws.messages.base import Message
from docs import package_page

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
MESSAGES = Path(anytws.messages.__file__).parent

# Keywords of functions, not fields: each is a field of `Order`, which tells it.
NOT_SAID = {"SharedFields", "OrderFields"}


# --- fields ---------------------------------------------------------------------------------------------------------


def fields(source: str) -> Iterator[tuple[str, str]]:
    """Give each field of each class in *source*, by its name, with what is written below it; empty for nothing."""
    for cls in ast.walk(ast.parse(source)):
        if not isinstance(cls, ast.ClassDef) or cls.name in NOT_SAID:
            continue
        for statement, below in zip(cls.body, [*cls.body[1:], None], strict=True):
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                told = below.value if isinstance(below, ast.Expr) else None
                text = told.value if isinstance(told, ast.Constant) else ""
                yield f"{cls.name}.{statement.target.id}", cleandoc(text) if isinstance(text, str) else ""


def test_every_field_of_every_message_and_record_is_told():
    told = {name: text for path in MESSAGES.glob("*.py") for name, text in fields(path.read_text("utf-8"))}
    assert len(told) > 900
    assert {name for name, text in told.items() if not text} == set()


def test_what_is_told_of_a_field_is_more_than_a_word():
    """And ends as a sentence does."""
    told = {name: text for path in MESSAGES.glob("*.py") for name, text in fields(path.read_text("utf-8"))}
    assert {name: text for name, text in told.items() if not re.search(r"[.)]\Z", text) or len(text) < 8} == {}


def test_a_field_without_a_word_is_found():
    source = 'class A:\n    x: int\n    """X."""\n    y: int = 0\n    z: str = ""\n    """Z."""\n'
    assert dict(fields(source)) == {"A.x": "X.", "A.y": "", "A.z": "Z."}


def test_keywords_that_are_not_told_are_fields_of_an_order():
    source = (MESSAGES / "order_types.py").read_text("utf-8")
    keywords = {
        statement.target.id
        for cls in ast.parse(source).body
        if isinstance(cls, ast.ClassDef) and cls.name in NOT_SAID
        for statement in cls.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    }
    told = {name for name, _ in fields((MESSAGES / "order.py").read_text("utf-8"))}
    assert keywords
    assert {f"Order.{keyword}" for keyword in keywords} <= told


# --- the reference --------------------------------------------------------------------------------------------------

_DIRECTIVE = re.compile(r"^\.\. auto(\w+):: (\S+)\n((?:   :.*\n)*)", re.MULTILINE)


def described() -> Iterator[str]:
    """Give the whole names of all that the pages of the reference describe."""
    for page in sorted(DOCS.glob("reference/**/*.md")):
        for what, name, options in _DIRECTIVE.findall(page.read_text("utf-8")):
            if what != "module":
                yield name
            elif ":members:" in options:
                left_out = re.search(r":exclude-members: (.*)", options)
                yield from (
                    f"{name}.{each}"
                    for each in names_of(import_module(name))
                    if not left_out or each not in left_out[1].split(", ")
                )


def names_of(module: ModuleType) -> list[str]:
    """Give what autodoc tells of a *module*: what it says is public, or what is its own and told."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    own = [name for name, thing in vars(module).items() if getattr(thing, "__module__", "") == module.__name__]
    source = ast.parse(Path(module.__file__ or "").read_text("utf-8"))
    assigned = [node.target.id for node in source.body if isinstance(node, ast.AnnAssign) and node.value]
    return [name for name in {*own, *assigned} if not name.startswith("_")]


def thing_called(name: str) -> object:
    module, _, own = name.rpartition(".")
    return getattr(import_module(module), own)


@pytest.mark.parametrize("module", ["anytws", "anytws.core", "anytws.machines", "anytws.messages", "anytws.simulator"])
def test_what_a_module_says_is_public_is_in_the_reference(module):
    there = [thing_called(name) for name in described()]
    public = import_module(module)
    # Compared as things: the same one may be public under two names.
    missing = [name for name in public.__all__ if not any(getattr(public, name) is thing for thing in there)]
    # A module that can be called, and the function in it.
    assert [name for name in missing if not isinstance(getattr(public, name), ModuleType)] == []


def test_every_message_is_in_the_reference():
    there = set(described())
    messages = [
        f"{path.stem}.{name}"
        for path in MESSAGES.glob("*.py")
        for name, thing in vars(import_module(f"anytws.messages.{path.stem}")).items()
        if isinstance(thing, type) and issubclass(thing, Message) and thing.__module__.endswith(f".{path.stem}")
    ]
    assert len(messages) > 168
    assert [name for name in messages if f"anytws.messages.{name}" not in there] == []


def test_nothing_is_described_twice():
    names = list(described())
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


# --- tables ---------------------------------------------------------------------------------------------------------


def test_the_contract_lists_every_event():
    page = (DOCS / "contract.md").read_text("utf-8")
    table = page.partition("## The events\n")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)[(`]", table, re.MULTILINE)
    assert "any message of the catalogue" in table
    assert sorted(listed) == sorted(cls.__name__ for cls in get_args(anytws.core.Event) if cls is not Message)


def test_every_event_of_the_core_can_be_imported_from_it():
    assert {cls.__name__ for cls in get_args(anytws.core.Event)} - {"Message"} <= set(anytws.core.__all__)


# --- verbs ----------------------------------------------------------------------------------------------------------

_TOPICS = {module: getattr(import_module(f"anytws.client.{module}"), name) for name, module in TOPICS.items()}
_VERB = re.compile(rf"\btws\.({'|'.join(_TOPICS)})\.(\w+)")


def test_every_verb_that_a_page_names_is_there():
    pages = [ROOT / "README.md", *DOCS.rglob("*.md")]
    named = {(path.name, *found) for path in pages for found in _VERB.findall(path.read_text("utf-8"))}
    assert len(named) > 100
    assert [each for each in sorted(named) if not hasattr(_TOPICS[each[1]], each[2])] == []


def test_every_verb_is_on_a_page():
    """By its topic, or as one of a list in which the topic stands in front: "`values`, `follow_values`"."""
    text = "".join(path.read_text("utf-8") for path in DOCS.glob("*.md"))
    verbs = {(topic, name) for topic, cls in _TOPICS.items() for name in vars(cls) if not name.startswith("_")}
    assert len(verbs) > 60
    assert [verb for verb in sorted(verbs) if not re.search(rf"\b{verb[1]}\b", text)] == []


def test_every_error_is_in_the_tree_of_errors_and_beside_what_to_do():
    _, tree, *rest = (DOCS / "errors.md").read_text("utf-8").split("```")
    errors = [name for name in anytws.__all__ if _is_error(getattr(anytws, name))]
    assert len(errors) > 40
    assert [name for name in errors if not re.search(rf"\b{name}\b", tree)] == []
    text = "".join(rest)
    # Those that are raised as one of their kinds only.
    above = {"AnytwsError", "RequestError", "OrderError", "JournalError", "ProtocolError"}
    assert [name for name in errors if name not in above and f"`{name}`" not in text] == []


def _is_error(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, anytws.AnytwsError)


def names_without(page: str, cls: type) -> list[str]:
    """Give the public names of another client's *cls* that its *page* does not have."""
    text = (DOCS / page).read_text("utf-8")
    names = [name for name in dir(cls) if not name.startswith("_") and not name.endswith(("Async", "ProtoBuf"))]
    assert len(names) > 60
    return [name for name in names if not name.isupper() and f"`{name}`" not in text]


def test_every_name_of_ib_async_has_its_place():
    assert names_without("from_ib_async.md", ib_async.IB) == []
    text = (DOCS / "from_ib_async.md").read_text("utf-8")
    assert [name for name in ib_async.IB.events if f"`{name}`" not in text] == []
    of_all_values = {"dict", "tuple", "nonDefaults", "update", "events"}
    of_trades = {name for name in dir(ib_async.Trade) if not name.startswith("_")} | set(ib_async.Trade.events)
    assert [name for name in sorted(of_trades - of_all_values) if f"`{name}`" not in text] == []


@pytest.mark.parametrize("cls", [EClient, EWrapper])
def test_every_name_of_ibapi_has_its_place(cls):
    assert names_without("from_ibapi.md", cls) == []


# --- links ----------------------------------------------------------------------------------------------------------


def test_every_page_is_found_from_the_first_one():
    """The sidebar and the contents: what is in no list is met by the search alone."""
    seen: set[Path] = set()
    waiting = [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        for block in re.findall(r"^```\{toctree\}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            names = [line for line in block.splitlines() if line and not line.startswith(":")]
            waiting += [found for name in names for found in page.parent.glob(f"{name}.md")]
    pages = {path for path in DOCS.rglob("*.md") if "_build" not in path.parts}
    assert sorted(path.name for path in pages - seen) == []


def test_every_decision_is_on_their_page_and_only_there():
    index = (DOCS / "index.md").read_text("utf-8")
    assert "decisions/index" in index
    assert not re.search(r"decisions/0|decisions/\*", index)


# --- the package page -----------------------------------------------------------------------------------------------

README = (ROOT / "README.md").read_text("utf-8")
WHERE = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["metadata"]["hooks"]["custom"]
FILLED_IN = {**WHERE, "repository": "https://forge.example/owner/anytws"}
_TARGET = re.compile(r"\]\(([^)\s]+)\)")


def test_the_readme_links_to_files_that_there_are():
    files = [target.partition("#")[0] for target in _TARGET.findall(README) if "://" not in target]
    assert len(files) > 10
    assert [name for name in files if not (ROOT / name).is_file()] == []


def test_a_package_page_without_a_repository_has_no_link_to_a_file():
    """Dead links, and addresses that nobody has said, are worse than none."""
    page = package_page.page(README, {**WHERE, "repository": ""})
    assert [target for target in _TARGET.findall(page) if "://" not in target] == []
    assert ".svg" not in page
    assert "The docs: what is said, what is supported," in page
    assert package_page.urls({**WHERE, "repository": ""}) == {}


def test_a_package_page_has_all_its_links_from_the_one_place():
    page = package_page.page(README, FILLED_IN)
    targets = _TARGET.findall(page)
    assert [target for target in targets if "://" not in target] == []
    ours = [target for target in targets if target.startswith("https://forge.example/owner/anytws/")]
    assert len(ours) == len([target for target in _TARGET.findall(README) if "://" not in target])
    assert (
        "![The states of a connection](https://forge.example/owner/anytws/raw/main/docs/images/connection.svg)" in page
    )
    addresses = package_page.urls(FILLED_IN)
    assert set(addresses) == {"Changelog", "Documentation", "Issues", "Source"}
    assert all(address.startswith(FILLED_IN["repository"]) for address in addresses.values())


@pytest.mark.parametrize(
    "text,shown",
    [
        ("[a](docs/a.md#b)", "[a](https://forge.example/owner/anytws/blob/main/docs/a.md#b)"),
        ("[a](https://other.example/x)", "[a](https://other.example/x)"),
        ("[a](#below)", "[a](#below)"),
        ("[a [b] c](d.md)", "[a [b] c](https://forge.example/owner/anytws/blob/main/d.md)"),
        ("x[1](2)", "x[1](https://forge.example/owner/anytws/blob/main/2)"),
        ("no link (docs/a.md)", "no link (docs/a.md)"),
    ],
)
def test_links_by_example(text, shown):
    assert package_page.page(text, FILLED_IN) == shown


def test_what_is_built_has_the_page_and_the_addresses(tmp_path):
    """By the tool that builds: nothing but the place was filled in."""
    for name in ("pyproject.toml", "README.md", "LICENSE", "docs/package_page.py", "src/anytws/__init__.py"):
        copy = tmp_path / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text((ROOT / name).read_text("utf-8"), "utf-8")
    project = tmp_path / "pyproject.toml"
    empty = project.read_text("utf-8")
    project.write_text(empty.replace('\nrepository = ""\n', f'\nrepository = "{FILLED_IN["repository"]}"\n'), "utf-8")
    core = ProjectMetadata(str(tmp_path), PluginManager()).core
    assert core.readme == package_page.page(README, FILLED_IN)
    assert core.readme_content_type == "text/markdown"
    assert core.urls == package_page.urls(FILLED_IN)
    project.write_text(empty, "utf-8")
    assert ProjectMetadata(str(tmp_path), PluginManager()).core.urls == package_page.urls(WHERE)
