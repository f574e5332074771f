"""The stub of the client for threads that wait is fresh, and says what there is at run time."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import attrs
import pytest

import anytws.client.sync as made
from anytws.client.sync_names import OBJECTS, TYPED
from docs import write_sync

TREE = ast.parse(write_sync.STUB.read_text("utf-8"))
CLASSES = {node.name: node for node in TREE.body if isinstance(node, ast.ClassDef)}
FUNCTIONS = {node.name: node for node in TREE.body if isinstance(node, ast.FunctionDef)}


def test_the_stub_is_fresh(capsys):
    assert write_sync.main(["--check"]) == 0, "run: python docs/write_sync.py"


def test_a_stale_one_is_told_and_written(tmp_path: Path, capsys):
    path = tmp_path / "sync.pyi"
    path.write_text("", "utf-8")
    assert write_sync.main(["--check"], path) == 1
    assert capsys.readouterr().out == "stale: sync.pyi\nrun: python docs/write_sync.py\n"
    assert write_sync.main([], path) == 0
    assert path.read_text("utf-8") == write_sync.STUB.read_text("utf-8")


def parameters(node: ast.FunctionDef) -> list[str]:
    listed = [*node.args.args, *([node.args.vararg] if node.args.vararg else []), *node.args.kwonlyargs]
    return [each.arg for each in [*listed, *([node.args.kwarg] if node.args.kwarg else [])]]


@pytest.mark.parametrize("name", [*(f"Sync{each}" for each in OBJECTS), "SyncTws"])
def test_the_stub_has_what_there_is(name):
    cls = getattr(made, name)
    written = {node.name: node for node in CLASSES[name].body if isinstance(node, ast.FunctionDef)}
    there = {each: member for each, member in vars(cls).items() if not each.startswith("_")}
    assert {*written} == {*there}
    for each, member in there.items():
        node = written[each]
        is_property = any(ast.unparse(decorator) == "property" for decorator in node.decorator_list)
        assert is_property == isinstance(member, property)
        # What implements overloads need not name all that they do.
        is_overload = any(ast.unparse(decorator) == "overload" for decorator in node.decorator_list)
        if not is_property and not is_overload:
            signature = inspect.signature(member)
            assert parameters(node) == [*signature.parameters]
            assert ast.get_docstring(node) == inspect.getdoc(member)


@pytest.mark.parametrize("name", TYPED)
def test_the_stub_has_the_records_with_proxies(name):
    """They are the async ones, and to type checkers they are not."""
    record = getattr(made, f"Sync{name}")
    assert record.__name__ == name
    written = [node.name for node in CLASSES[f"Sync{name}"].body if isinstance(node, ast.FunctionDef)]
    assert written == [field.name for field in attrs.fields(record)]


@pytest.mark.parametrize("name", ["connect", "connect_by", "keep_connected"])
def test_the_stub_has_how_to_connect(name):
    node = FUNCTIONS[name]
    assert parameters(node) == [*inspect.signature(getattr(made, name)).parameters]
    assert ast.get_docstring(node) == inspect.getdoc(getattr(made, name))
    assert node.returns is not None
    assert ast.unparse(node.returns) == "SyncTws"


def test_one_name_for_two_things_is_refused():
    names = write_sync.Names()
    names.add("Order", "anytws.messages.order")
    with pytest.raises(ValueError, match=r"Order is of anytws\.messages\.order and of anytws\.client\.watch"):
        names.add("Order", "anytws.client.watch")
