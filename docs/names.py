"""What Sphinx does not do by itself: names and codes become links, and signatures stay short.

The pages are plain Markdown, which a forge shows as well; so what is special to the site is done while it is built:

* `Order.limit_price` in a docstring or a page, if it is the name of one thing only, leads to that in the reference;
* each row of the tables of codes has its number as its anchor (``codes.html#326``), and is found by searching for it;
* the fields of a record say their defaults, and a record of many fields does not say them all in its signature;
* fields are left out of the contents of their page, which the theme builds anew for every page of the site.
"""

from __future__ import annotations

import sys
from enum import Enum
from typing import Any, ClassVar

import attrs
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.logging import getLogger
from sphinx.util.nodes import make_refnode

from anytws.core.codes import CODES

_LOG = getLogger(__name__)

_NOT_MADE = ("Tws", "EventStream", "TcpTws", "MemoryTws", "MemoryStream", "Link", "Remembered")
"""Classes whose objects one is given; so are those of all verbs and their streams."""
_GIVEN = ("anytws.client.", "anytws.sync.", "anytws.Columns", "anytws.Feed", "anytws.Stream", "anytws.runtime.")
_NAMESAKES = {
    "Accounts": "anytws.client.accounts.Accounts",
    "Bracket": "anytws.client.families.Bracket",
    "Desk": "anytws.machines.mailbox.Desk",
    "Margins": "anytws.machines.margins.Margins",
    "Streams": "anytws.messages.base.Streams",
    "Trade": "anytws.client.trade.Trade",
}
"""What is meant by a bare name that two classes have, on all pages but those below."""
_MEANT_ON = {
    "reference/simulator": {
        "Accounts": "anytws.simulator.ledger.accounts.Accounts",
        "Desk": "anytws.simulator.desk.Desk",
        "Margins": "anytws.simulator.ledger.margins.Margins",
        "Trade": "anytws.simulator.market.words.Trade",
    },
    "reference/messages/order_types": {"Bracket": "anytws.messages.order_types.Bracket"},
}
"""What is meant on these pages."""
_MOST_FIELDS = 10
"""More of them than this are not told in a signature; they stand below it anyway."""


# --- names ------------------------------------------------------------------------------------------------------


class Names:
    """Where everything is described, by the part of its name that people say: from the class, or function, on."""

    def __init__(self, env: BuildEnvironment) -> None:
        self._places: dict[str, set[tuple[str, str]]] = {}
        for name, entry in env.domains.python_domain.objects.items():
            parts = name.split(".")
            depth = next((n for n, part in enumerate(parts) if part[:1].isupper()), len(parts) - 1)
            for said in (name, ".".join(parts[depth:])):
                self._places.setdefault(said, set()).add((entry.docname, entry.node_id))

    def place(self, said: str) -> tuple[str, str] | None:
        """Give page and anchor of what is called *said*; None for nothing, and for several things."""
        places = self._places.get(said, set())
        return next(iter(places)) if len(places) == 1 else None


def _names(env: BuildEnvironment) -> Names:
    # Once all pages have been read, and not before.
    app: Any = env.app
    if not hasattr(app, "anytws_names"):
        app.anytws_names = Names(env)
    known: Names = app.anytws_names
    return known


def find_bare_name(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, text: nodes.TextElement
) -> nodes.reference | None:
    """Resolve a name that is said without its module, as in docstrings and annotations."""
    place = _names(env).place(node["reftarget"].removeprefix("~")) if node.get("refdomain") == "py" else None
    if place is None:
        return None
    return make_refnode(app.builder, node["refdoc"], *place, [text], node["reftarget"])


def tell_namesakes(app: Sphinx, document: nodes.document) -> None:
    """Say in full which class a bare name in a signature means, where there are two."""
    meant = _MEANT_ON.get(app.env.docname, _NAMESAKES)
    for said in document.findall(addnodes.pending_xref):
        if said.get("refdomain") == "py" and said["reftarget"] in meant:
            said["reftarget"] = meant[said["reftarget"]]


class LinkedNames(SphinxPostTransform):
    """Has the names of classes in ``literals`` lead to the reference."""

    default_priority = 5
    _not_in: ClassVar = (nodes.reference, nodes.title, addnodes.pending_xref, addnodes.desc_signature)

    def run(self, **_: Any) -> None:
        """Do it in one page."""
        names = _names(self.env)
        for literal in list(self.document.findall(nodes.literal)):
            said = literal.astext().partition("(")[0]
            place = names.place(said) if said[:1].isupper() or said.startswith("anytws.") else None
            if place is None or any(isinstance(parent, self._not_in) for parent in _above(literal)):
                continue
            builder = self.app.builder
            literal.replace_self(make_refnode(builder, self.env.docname, *place, [literal.deepcopy()], said))


def _above(node: nodes.Node) -> list[nodes.Node]:
    found = []
    while (node := node.parent) is not None:
        found.append(node)
    return found


# --- codes ------------------------------------------------------------------------------------------------------


def anchor_codes(app: Sphinx, document: nodes.document) -> None:
    """Give each row of the tables of codes an anchor, and the index an entry, which the search finds."""
    if app.env.docname != "codes":
        return
    anchored = set()
    for row in document.findall(nodes.row):
        cell = row[0]
        code = cell.astext()
        if isinstance(cell, nodes.entry) and code.isdecimal():
            cell["ids"].append(code)
            # The search passes over numbers in texts, and not in the index.
            cell.insert(0, addnodes.index(entries=[("single", code, code, "", None)]))
            anchored.add(int(code))
    if anchored != set(CODES):
        _LOG.warning("codes without an anchor on their page: %s", sorted(set(CODES) - anchored))


# --- signatures and fields --------------------------------------------------------------------------------------


def shorten_signature(
    _app: Sphinx, what: str, name: str, thing: Any, _options: Any, _signature: str | None, _returns: str | None
) -> tuple[str, None] | None:
    """Tell how a record is made in one line; and nothing of what nobody makes, such as enumerations."""
    if what not in {"class", "exception"} or not isinstance(thing, type):
        return None
    if issubclass(thing, Enum) or thing.__name__ in _NOT_MADE or name.startswith(_GIVEN):
        return "", None
    if not attrs.has(thing):
        return None
    fields = [field for field in attrs.fields(thing) if field.init]
    required = [field for field in fields if field.default is attrs.NOTHING]
    many = len(fields) > _MOST_FIELDS
    told = [_parameter(field) for field in (required if many else fields) if not field.kw_only]
    keywords = [_parameter(field) for field in (required if many else fields) if field.kw_only]
    return f"({', '.join([*told, *(['*', *keywords] if keywords else []), *(['...'] if many else [])])})", None


def _parameter(field: attrs.Attribute[Any]) -> str:
    return field.alias if field.default is attrs.NOTHING else f"{field.alias}={_shown(field.default)}"


def _shown(value: object) -> str:
    if isinstance(value, attrs.Factory):  # type: ignore[arg-type]
        return "..."
    if isinstance(value, Enum) and value.name:
        return f"{type(value).__name__}.{value.name}"
    return repr(value)


def tell_default(_app: Sphinx, what: str, name: str, _thing: Any, _options: Any, lines: list[str]) -> None:
    """Add its default to the description of a field."""
    owner, _, field = name.rpartition(".")
    cls = _thing_called(owner) if what == "attribute" else None
    if not isinstance(cls, type) or not attrs.has(cls) or field not in attrs.fields_dict(cls):
        return
    default = attrs.fields_dict(cls)[field].default
    while lines and not lines[-1]:
        lines.pop()
    if default is not attrs.NOTHING and not isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        told = f"Default: ``{_shown(default)}``."
        lines[-1:] = [f"{lines[-1]} {told}"] if lines else [told]
    lines.append("")


def _thing_called(name: str) -> object:
    """Give what *name* names, None for nothing."""
    module, parts = name, []
    while module not in sys.modules:
        module, dot, part = module.rpartition(".")
        parts.insert(0, part)
        if not dot:
            return None
    thing: object = sys.modules[module]
    for part in parts:
        thing = getattr(thing, part, None)
    return thing


def shorten_contents(_app: Sphinx, document: nodes.document) -> None:
    """Take fields and members of enumerations out of the contents: 1,500, and each takes time on every page."""
    for described in document.findall(addnodes.desc):
        if described.get("objtype") == "attribute":
            for signature in described.findall(addnodes.desc_signature):
                signature["_toc_name"] = ""


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect all this."""
    app.connect("missing-reference", find_bare_name)
    app.add_post_transform(LinkedNames)
    app.connect("doctree-read", anchor_codes)
    app.connect("doctree-read", tell_namesakes)
    # Before the contents are collected.
    app.connect("doctree-read", shorten_contents, priority=100)
    app.connect("autodoc-process-signature", shorten_signature)
    app.connect("autodoc-process-docstring", tell_default)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
