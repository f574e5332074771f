"""Write ``src/anytws/client/sync.pyi``: ``python docs/write_sync.py``; ``--check`` says only whether it is stale.

`anytws.sync` is put together at run time (`anytws.client.proxies`). What type checkers and editors are to know of it is
the async classes once more, without ``await``: their source is read here, and written down as a stub.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

if __name__ == "__main__":
    # Run as a script, this folder is on the path, and the one above it is not.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from anytws.client.proxies import LEFT_OUT
from anytws.client.sync_connection import SyncConnection
from anytws.client.sync_names import LASTING, OBJECTS, TYPED, connect_words, keep_words, sync_type, sync_words

SOURCE = Path(__file__).resolve().parent.parent / "src"
STUB = SOURCE / "anytws" / "client" / "sync.pyi"

_HEAD: Final = '''\
# Written by docs/write_sync.py from the async classes: change those instead.
# ruff: noqa: A002, D200, D205, E501, I001, PYI011, PYI021, Q000
# fmt: off
"""The client for threads that wait: scripts, notebooks, thread pools. Same verbs, no ``await``, nothing patched."""

'''
_KINDS: Final = {"property": "property", "cached_property": "property", "overload": "overload"}
"""The decorators that there are, and what they are in the stub."""
_PLACES: Final = {
    **dict.fromkeys(("SyncDownload", "SyncHealthChanges", "SyncShownGroup", "SyncWatch"), "sync_blocks"),
    **dict.fromkeys(
        ("SyncBracket", "SyncFillStream", "SyncPresenceChanges", "SyncTradeChanges", "SyncTradeStream"), "sync_orders"
    ),
}
"""Where the classes are that are written by hand; all others of them are in ``sync_streams``."""
_WIDTH: Final = 120

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


class Names:
    """What the stub imports, and where from."""

    def __init__(self) -> None:
        self.origins: dict[str, str] = {}
        self.variables: dict[str, str] = {}
        """How each type variable is made."""

    def add(self, name: str, origin: str) -> None:
        """Import *name*. Raises `ValueError` if it is another thing elsewhere."""
        if self.origins.setdefault(name, origin) != origin:
            raise ValueError(f"{name} is of {self.origins[name]} and of {origin}: give one of them another name")

    def add_variable(self, name: str, made: str) -> None:
        """Make the type variable *name*. Raises `ValueError` if it is another one elsewhere."""
        self.add("TypeVar", "typing")
        if self.variables.setdefault(name, made) != made:
            raise ValueError(f"{name} is {self.variables[name]} and {made}: give one of them another name")

    def written(self) -> Iterator[str]:
        """Give the lines that import all of it, and make the type variables."""
        for origin in sorted({*self.origins.values()}, key=lambda origin: (origin.startswith("anytws"), origin)):
            names = sorted(name for name, place in self.origins.items() if place == origin)
            # What begins so can be had from here; all else is for the stub alone.
            shown = [f"{name} as {name}" if name.startswith("Sync") else name for name in names]
            yield f"from {origin} import {', '.join(shown)}\n"
        yield "\n"
        yield from (f"{name} = {made}\n" for name, made in sorted(self.variables.items()))
        yield "\n"


class _Plain(ast.NodeTransformer):
    """Writes out the aliases that a module has for itself alone."""

    def __init__(self, tree: ast.Module) -> None:
        self.aliases = {
            node.target.id: node.value
            for node in tree.body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None
        }

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Give what the name stands for, if it is nobody else's."""
        return self.aliases[node.id] if node.id.startswith("_") and node.id in self.aliases else node


class Module:
    """The source of one module, and what names mean in it."""

    def __init__(self, name: str, names: Names) -> None:
        self.name = name
        self.thing = import_module(name)
        self.tree = ast.parse(Path(self.thing.__file__ or "").read_text("utf-8"))
        self.names = names
        self.imported = {
            alias.asname or alias.name: node.module or ""
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }

    def cls(self, name: str) -> ast.ClassDef:
        """Give the class *name*."""
        (found,) = [node for node in self.tree.body if isinstance(node, ast.ClassDef) and node.name == name]
        return found

    def function(self, name: str) -> ast.FunctionDef:
        """Give the function *name*."""
        (found,) = [node for node in self.tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
        return found

    def annotation(self, node: ast.expr | None, *, is_given: bool = False) -> str:
        """Give an annotation as text, of what *is_given* by a verb, or taken; its names are imported."""
        if node is None:
            raise ValueError(f"in {self.name} something public has no type")
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = ast.parse(node.value, mode="eval").body
        node = _Plain(self.tree).visit(node)
        self._import(node, is_given=is_given)
        text = ast.unparse(node)
        return sync_type(text) if is_given else text

    def _import(self, node: ast.expr, *, is_given: bool = False) -> None:
        for part in ast.walk(node):
            if not isinstance(part, ast.Name) or hasattr(builtins, part.id):
                continue
            if is_given and sync_type(part.id) != part.id:
                continue
            value = getattr(self.thing, part.id, None)
            if isinstance(value, TypeVar):
                self.names.add_variable(part.id, self._variable(part.id))
            else:
                self.names.add(part.id, self.imported.get(part.id, self.name))

    def _variable(self, name: str) -> str:
        """Give how the type variable *name* is made; what it is bound by is imported."""
        (made,) = [
            node.value
            for node in self.tree.body
            if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [name]
        ]
        for part in ast.walk(made):
            if isinstance(part, ast.keyword):
                self._import(part.value)
        return ast.unparse(made)

    def default(self, node: ast.expr) -> str:
        """Give a default as text: the value where that is plain."""
        if isinstance(node, ast.Name):
            value = getattr(self.thing, node.id, ...)
            return (
                repr(value) if isinstance(value, int | float | str) and type(value).__module__ == "builtins" else "..."
            )
        if isinstance(node, ast.Attribute):
            self._import(node)
            return ast.unparse(node)
        if isinstance(node, ast.Constant) or (isinstance(node, ast.Tuple) and not node.elts):
            return ast.unparse(node)
        return "..."

    def parameters(self, arguments: ast.arguments) -> Iterator[str]:
        """Give each parameter as text."""
        if arguments.posonlyargs:
            raise ValueError(f"in {self.name} a verb has parameters of a kind that is not written here")
        plain = arguments.args
        defaults = [None] * (len(plain) - len(arguments.defaults)) + arguments.defaults
        for parameter, default in zip(plain, defaults, strict=True):
            yield "self" if parameter.arg == "self" else self._parameter(parameter, default)
        if arguments.vararg is not None:
            yield f"*{self._parameter(arguments.vararg, None)}"
        elif arguments.kwonlyargs:
            yield "*"
        for parameter, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            yield self._parameter(parameter, default)
        if arguments.kwarg is not None:
            yield f"**{self._parameter(arguments.kwarg, None)}"

    def _parameter(self, parameter: ast.arg, default: ast.expr | None) -> str:
        text = f"{parameter.arg}: {self.annotation(parameter.annotation)}"
        return text if default is None else f"{text} = {self.default(default)}"


def _quoted(doc: str, indent: str) -> str:
    prefix = "r" if "\\" in doc else ""
    return f'{indent}{prefix}"""{doc}"""\n'


def function(module: Module, node: _Function, indent: str, doc: str | None, returned: str | None = None) -> str:
    """Give the stub of one function. Overloads have no *doc* of their own."""
    kinds = [ast.unparse(each) for each in node.decorator_list]
    lines = "".join(f"{indent}@{_KINDS[kind]}\n" for kind in kinds)
    if "overload" in kinds:
        module.names.add("overload", "typing")
    if returned is None:
        returned = module.annotation(node.returns, is_given=True)
    parameters = [*module.parameters(node.args)]
    line = f"{indent}def {node.name}({', '.join(parameters)}) -> {returned}:"
    if len(line) > _WIDTH:
        inside = "".join(f"{indent}    {each},\n" for each in parameters)
        line = f"{indent}def {node.name}(\n{inside}{indent}) -> {returned}:"
    if doc is None:
        return f"{lines}{line} ...\n"
    return f"{lines}{line}\n{_quoted(doc, indent + '    ')}\n"


def members(module: Module, cls: ast.ClassDef) -> Iterator[str]:
    """Give the stub of each public function and property of *cls*."""
    functions = [node for node in cls.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    # The docstring of overloads stands in what implements them; people are shown it with the first.
    docs = {node.name: ast.get_docstring(node, clean=False) for node in functions}
    overloaded: set[str] = set()
    for node in functions:
        if node.name.startswith("_") or f"{cls.name}.{node.name}" in LEFT_OUT:
            continue
        is_overload = any(ast.unparse(each) == "overload" for each in node.decorator_list)
        if node.name in overloaded and not is_overload:
            continue
        doc = None if node.name in overloaded else sync_words(docs[node.name] or "")
        if is_overload:
            overloaded.add(node.name)
        yield function(module, node, "    ", doc)


def topic(module: Module, name: str) -> str:
    """Give the stub of the proxies for one class."""
    cls = module.cls(name)
    base, doc = "", sync_words(ast.get_docstring(cls, clean=False) or "")
    if name == "Tws":
        base, doc = "(SyncConnection)", SyncConnection.__doc__ or ""
    return f"class Sync{name}{base}:\n{_quoted(doc, '    ')}\n{''.join(members(module, cls))}\n"


def record(module: Module, name: str) -> str:
    """Give the stub of a record that holds proxies: its fields can be read."""
    cls = module.cls(name)
    lines = [f"class Sync{name}:\n{_quoted(sync_words(ast.get_docstring(cls, clean=False) or ''), '    ')}\n"]
    for place, node in enumerate(cls.body):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        returned = module.annotation(node.annotation, is_given=True)
        lines.append(f"    @property\n    def {node.target.id}(self) -> {returned}:\n")
        match cls.body[place + 1 : place + 2]:
            case [ast.Expr(ast.Constant(str(told)))]:
                # It stands one step further in than with the fields.
                told_lines = cleandoc(sync_words(told)).splitlines()
                doc = "\n        ".join([*told_lines, ""] if len(told_lines) > 1 else told_lines)
                lines.append(f"{_quoted(doc, '        ')}\n")
            case _:
                lines.append("        ...\n\n")
    return "".join([*lines, "\n"])


def stub() -> str:
    """Give the text of the stub."""
    names = Names()
    names.add("SyncConnection", "anytws.client.sync_connection")
    for name in (*LASTING, "Bracket"):
        names.add(f"Sync{name}", f"anytws.client.{_PLACES.get(f'Sync{name}', 'sync_streams')}")
    texts = [topic(Module(f"anytws.client.{file}", names), name) for name, file in OBJECTS.items()]
    texts += [record(Module(f"anytws.client.{file}", names), name) for name, file in TYPED.items()]
    texts.append(topic(Module("anytws.client.tws", names), "Tws"))
    ways = {"connect": ("connect", connect_words), "keep_connected": ("keep_connected", keep_words)}
    for name in ("connect", "keep_connected", "connect_by"):
        file, words = ways.get(name, ("sync", str))
        module = Module(f"anytws.client.{file}", names)
        node = module.function(name)
        texts.append(function(module, node, "", words(ast.get_docstring(node, clean=False) or ""), "SyncTws"))
    return "".join([_HEAD, *names.written(), *texts]).rstrip() + "\n"


def main(arguments: Sequence[str] | None = None, path: Path = STUB) -> int:
    """Write or check the stub; give the exit code, 1 if it is stale."""
    parser = argparse.ArgumentParser(description="Write the stub of anytws.client.sync.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the stub is stale")
    only_check = parser.parse_args(arguments).check
    new = stub()
    if path.exists() and path.read_text("utf-8") == new:
        return 0
    if only_check:
        print(f"stale: {path.name}\nrun: python docs/write_sync.py")
        return 1
    path.write_text(new, "utf-8", newline="\n")
    print(f"written: {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
