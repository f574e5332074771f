"""Read a state chart, flatten it to a table, and write it as DOT, as Mermaid and as a Markdown table.

A chart here is a small part of W3C SCXML: ``scxml``, ``state``, ``final`` and ``transition`` with plain events; no
conditions, no actions, no parallel regions, no history. What lies outside is refused by name and never skipped: a
reader that overlooks a ``cond`` would call two different machines equal. Needs nothing but the standard library.
"""

from __future__ import annotations

import re
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import NamedTuple

NAMESPACE = "{http://www.w3.org/2005/07/scxml}"
_KNOWN = {
    "scxml": {"version", "datamodel", "name", "initial"},
    "state": {"id", "initial"},
    "final": {"id"},
    "transition": {"event", "target"},
}
_NAME = re.compile(r"\w+")
_EVENT = re.compile(r"\w+(\.\w+)+")
# Dark enough for small letters on the light panel, and apart for every kind of colour vision.
_COLOURS = {"client": "#14559e", "tws": "#a8430c"}
_GREY = "#3c4043"
_CLUSTER = 'margin=14 style="rounded,filled" fillcolor="#eef1f4" color="#9aa0a6"'
_FONT = "Helvetica,Arial,sans-serif"


class ChartError(ValueError):
    """The chart is not one of the small kind that is read here. The text names the element at fault."""


class Node(NamedTuple):
    """One state, as drawn."""

    id: str
    parent: str | None
    initial: str | None
    """The child that is entered with it, where there are children."""
    is_final: bool
    meaning: str
    """The first comment inside the state."""


class Row(NamedTuple):
    """One transition: an arrow as drawn, or a line of the flat table."""

    state: str
    event: str
    target: str


class Chart(NamedTuple):
    """A state chart, as drawn."""

    name: str
    initial: str
    nodes: dict[str, Node]
    arrows: tuple[Row, ...]

    def children(self, parent: str | None) -> list[Node]:
        """Give the states directly inside of *parent*, in the order of the document; None means the chart."""
        return [node for node in self.nodes.values() if node.parent == parent]

    def leaf(self, state: str) -> str:
        """Give the state without children that one is in after entering *state*."""
        initial = self.nodes[state].initial
        return state if initial is None else self.leaf(initial)

    def rows(self) -> tuple[Row, ...]:
        """Give the flat table: each state without children, with its own transitions and those of its parents.

        As in SCXML, the innermost state that knows an event decides.
        """
        return tuple(row for node in self.nodes.values() if node.initial is None for row in self._rows_of(node))

    def _rows_of(self, leaf: Node) -> Iterator[Row]:
        known: set[str] = set()
        node: Node | None = leaf
        while node is not None:
            own = [arrow for arrow in self.arrows if arrow.state == node.id and arrow.event not in known]
            for _, event, target in own:
                # A parent that stays where it is leaves its child where that is.
                yield Row(leaf.id, event, leaf.id if target == node.id else self.leaf(target))
            known.update(event for _, event, _ in own)
            node = None if node.parent is None else self.nodes[node.parent]


def read(path: Path) -> Chart:
    """Read the chart in the file *path*; see `parse`."""
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> Chart:
    """Read a chart from the text of an SCXML document.

    Raises `ChartError` for all that is not of the small kind, and ElementTree's `ParseError` for what is no XML.
    """
    # Only our own charts are read, so the usual attacks by XML have nobody to carry them out.
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))  # noqa: S314
    root = ET.fromstring(text, parser)  # noqa: S314
    if _kind(root) != "scxml" or root.get("datamodel") != "null" or root.get("version") != "1.0":
        raise ChartError(f'<{root.tag}> is not <scxml version="1.0" datamodel="null">')
    nodes: dict[str, Node] = {}
    arrows: list[Row] = []
    _walk(root, None, nodes, arrows)
    chart = Chart(root.get("name", ""), root.get("initial", ""), nodes, tuple(arrows))
    _check_states(chart)
    _check_events(chart)
    return chart


def _kind(element: ET.Element) -> str:
    kind = element.tag.removeprefix(NAMESPACE)
    if NAMESPACE + kind != element.tag or kind not in _KNOWN:
        raise ChartError(f"<{element.tag}> is not one of {', '.join(_KNOWN)} of SCXML")
    if strange := set(element.attrib) - _KNOWN[kind]:
        raise ChartError(f"<{kind} {' '.join(element.attrib.values())}> has {', '.join(sorted(strange))}")
    return kind


def _is_comment(element: ET.Element) -> bool:
    # ElementTree marks a comment by a function where the tag's name would be.
    return callable(element.tag)


def _walk(parent: ET.Element, state: str | None, nodes: dict[str, Node], arrows: list[Row]) -> None:
    """Collect what is inside of *parent*, which is the state of that name, or the chart for None."""
    for element in parent:
        if _is_comment(element):
            continue
        kind = _kind(element)
        if kind == "transition" and state is not None:
            _add_arrows(element, state, arrows)
        elif kind == "state" or (kind == "final" and state is None):
            node = _node(element, kind, state)
            if nodes.setdefault(node.id, node) is not node:
                raise ChartError(f"two states are called {node.id!r}")
            _walk(element, node.id, nodes, arrows)
        else:
            raise ChartError(f"<{kind}> has no place directly inside of {state or 'the chart'}")


def _node(element: ET.Element, kind: str, parent: str | None) -> Node:
    first_child = next((child.get("id") for child in element if child.tag == NAMESPACE + "state"), None)
    comment = next((child.text or "" for child in element if _is_comment(child)), "")
    meaning = " ".join(comment.split())
    return Node(element.get("id", ""), parent, element.get("initial", first_child), kind == "final", meaning)


def _add_arrows(element: ET.Element, state: str, arrows: list[Row]) -> None:
    events = element.get("event", "").split()
    if not events or len(element):
        raise ChartError(f"a transition of {state} has no event, or has something inside")
    for event in events:
        if not _EVENT.fullmatch(event):
            raise ChartError(f"{event!r}, an event of {state}, is not <side>.<signal>")
        if any(arrow[:2] == (state, event) for arrow in arrows):
            raise ChartError(f"{state} has two transitions for {event}")
        if element.get("target") == state:
            # SCXML would leave the state and enter it again, children and all. Nothing here means that.
            raise ChartError(f"{event} leads from {state} to itself: leave out the target")
        arrows.append(Row(state, event, element.get("target", state)))


def _check_states(chart: Chart) -> None:
    """Raise `ChartError` for a state that cannot be named, entered or drawn."""
    if not _NAME.fullmatch(chart.name):
        raise ChartError(f"{chart.name!r} is not a name for a chart")
    if chart.initial not in (node.id for node in chart.children(None)):
        raise ChartError(f"the chart begins in {chart.initial!r}, which is none of its states")
    for node in chart.nodes.values():
        inside = [child.id for child in chart.children(node.id)]
        if not _NAME.fullmatch(node.id):
            raise ChartError(f"{node.id!r} is not a name for a state")
        if node.is_final and inside:
            raise ChartError(f"{node.id} is final and has states inside")
        if node.initial is not None and node.initial not in inside:
            raise ChartError(f"{node.id} begins in {node.initial!r}, which is not inside of it")


def _check_events(chart: Chart) -> None:
    """Raise `ChartError` for an event that leads nowhere, or says more than its name."""
    for state, event, target in chart.arrows:
        if target not in chart.nodes:
            raise ChartError(f"{event} leads from {state} to {target!r}, which is not a state")
        if chart.nodes[state].is_final:
            raise ChartError(f"{event} leads on from {state}, which is final")
    # SCXML takes the event "a.b" for every transition on "a", so the table would say less than the chart.
    events = sorted({arrow.event for arrow in chart.arrows})
    for event in events:
        if hidden := [other for other in events if other.startswith(event + ".")]:
            raise ChartError(f"{event} is a dotted prefix of {', '.join(hidden)}")


def labels(chart: Chart) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Give what is written at each arrow, from (state, target) to [(who, what)].

    The events of one side are told together, and so are the sides where both can do the same: "client or tws".
    """
    ends: dict[tuple[str, str], dict[str, list[str]]] = {}
    for state, event, target in chart.arrows:
        side, _, signal = event.rpartition(".")
        ends.setdefault((state, target), {}).setdefault(side, []).append(signal)
    for sides in ends.values():
        if len(sides) > 1 and len({tuple(signals) for signals in sides.values()}) == 1:
            both, signals = " or ".join(sides), next(iter(sides.values()))
            sides.clear()
            sides[both] = signals
    return {end: [(who, ", ".join(signals)) for who, signals in sides.items()] for end, sides in ends.items()}


def dot(chart: Chart) -> str:
    """Write the chart for graphviz."""
    lines = [
        f"digraph {chart.name} {{",
        f'  graph [compound=true bgcolor="#fcfcfa" pad=0.25 nodesep=0.4 ranksep=0.4 fontname="{_FONT}" fontsize=13]',
        f'  node [shape=box style="rounded,filled" fillcolor=white color="#5f6368" fontname="{_FONT}" fontsize=13]',
        f'  edge [color="{_GREY}" fontname="{_FONT}" fontsize=12 arrowsize=0.8]',
        f'  "" [shape=circle width=0.16 fillcolor="{_GREY}"]',
        f'  "" -> {chart.leaf(chart.initial)}',
        *_dot_nodes(chart, None, "  "),
    ]
    for (state, target), texts in labels(chart).items():
        text = _dot_text((_COLOURS.get(who, _GREY), f"{who}: {what}", 25) for who, what in texts)
        colour = _COLOURS.get(texts[0][0], _GREY) if len(texts) == 1 else _GREY
        # A heavy arrow is drawn short and straight: the way on, as against the ways out.
        weight = 1 if chart.nodes[target].is_final else 10
        # Graphviz draws no arrow from a cluster, only one that is cut at its border; the last child is nearest to it.
        inner = chart.children(state)
        tail, cut = (inner[-1].id, f" ltail=cluster_{state}") if inner else (state, "")
        lines.append(f'  {tail} -> {chart.leaf(target)} [label={text} color="{colour}" weight={weight}{cut}]')
    return "\n".join([*lines, "}", ""])


def _dot_nodes(chart: Chart, parent: str | None, indent: str) -> Iterator[str]:
    for node in chart.children(parent):
        text = _dot_text([("", node.id, 0), (_GREY, node.meaning, 34)])
        if node.initial is None:
            yield f"{indent}{node.id} [label={text}{' peripheries=2' if node.is_final else ''}]"
        else:
            yield f"{indent}subgraph cluster_{node.id} {{"
            yield f"{indent}  graph [label={text} labeljust=r {_CLUSTER}]"
            yield from _dot_nodes(chart, node.id, indent + "  ")
            yield f"{indent}}}"


def _dot_text(parts: Iterable[tuple[str, str, int]]) -> str:
    """Write paragraphs of (colour, text, width), flush left: the reader's font cannot push a line off its centre."""
    lines = [
        f'<font color="{colour}">{escape(line)}</font>' if colour else f"<b>{escape(line)}</b>"
        for colour, text, width in parts
        for line in (textwrap.wrap(text, width) if width else [text])
    ]
    cell = f'<td align="left" balign="left">{"<br/>".join(lines)}</td>'
    return f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="3"><tr>{cell}</tr></table>>'


def mermaid(chart: Chart) -> str:
    """Write the chart for Mermaid, which GitHub draws inside of a README.

    What changes nothing is written into the state: Mermaid draws loops across its own labels.
    """
    lines = ["stateDiagram-v2", f"  [*] --> {chart.leaf(chart.initial)}", *_mermaid_states(chart, None, "  ")]
    for (state, target), texts in labels(chart).items():
        # No colon inside of a text: to Mermaid the second one on a line is a mistake.
        said = [f"{what} ({who})" for who, what in texts]
        if state == target:
            lines += [f"  {state}: {state}", f"  {state}: stays on {', '.join(said)}"]
        else:
            lines.append(f"  {state} --> {chart.leaf(target)}: {'<br/>'.join(said)}")
    lines += [f"  {node.id} --> [*]" for node in chart.nodes.values() if node.is_final]
    return "\n".join([*lines, ""])


def _mermaid_states(chart: Chart, parent: str | None, indent: str) -> Iterator[str]:
    for node in chart.children(parent):
        if node.initial is None:
            yield f"{indent}{node.id}"
        else:
            yield f"{indent}state {node.id} {{"
            yield from _mermaid_states(chart, node.id, indent + "  ")
            yield f"{indent}}}"


def table(chart: Chart) -> str:
    """Write the chart as a table in Markdown, one line for each state as drawn."""
    lines = ["| state | meaning | what leads where |", "| --- | --- | --- |"]
    for node in chart.nodes.values():
        arrows = [
            f"{who}: {', '.join(f'`{signal}`' for signal in what.split(', '))} → `{target}`"
            for (state, target), texts in labels(chart).items()
            if state == node.id
            for who, what in texts
        ]
        inside = f" (in `{node.parent}`)" if node.parent else ""
        lines.append(f"| `{node.id}`{inside} | {node.meaning} | {'<br>'.join(arrows)} |")
    return "\n".join([*lines, ""])
