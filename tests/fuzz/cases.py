"""Cases as files: JSON, with bytes written so that a person can read them, and much of the same written once.

====================================== ================================================================
in the file                            what it is
====================================== ================================================================
``{"hex": "0a00"}``                    bytes
``{"text": "9\\u00001\\u0000"}``       bytes too: the text in UTF-8, a lone surrogate as its byte
``{"repeat": ..., "times": 8000}``     bytes, a text or a list, so many times
``{"joined": [..., ...]}``             bytes, texts or lists, one after the other
``{"framed": ...}``                    bytes with their length in front
====================================== ================================================================

Whatever else is there is what it looks like. ``why`` is for the reader, and no part of the case.
"""

from __future__ import annotations

import functools
import hashlib
import json
import operator
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tests.fuzz.engine import Case, Finding

HERE: Final = Path(__file__).resolve().parent
CORPUS: Final = HERE / "corpus"
FOUND: Final = HERE.parent.parent / ".fuzz"

_WHY: Final = "why"

_FORMS: Final[Mapping[frozenset[str], Callable[[Any], Any]]] = {
    frozenset({"hex"}): lambda node: bytes.fromhex(node["hex"]),
    frozenset({"text"}): lambda node: node["text"].encode("utf-8", "surrogateescape"),
    frozenset({"repeat", "times"}): lambda node: node["repeat"] * node["times"],
    frozenset({"joined"}): lambda node: functools.reduce(operator.add, node["joined"]),
    frozenset({"framed"}): lambda node: len(node["framed"]).to_bytes(4, "big") + node["framed"],
}


def _loaded(node: dict[str, Any]) -> Any:
    form = _FORMS.get(frozenset(node))
    return form(node) if form else {name: value for name, value in node.items() if name != _WHY}


def _dumped(node: Case) -> Any:
    if isinstance(node, bytes):
        return {"hex": node.hex()}
    if isinstance(node, dict):
        return {name: _dumped(value) for name, value in node.items()}
    return [*map(_dumped, node)] if isinstance(node, (list, tuple)) else node


def read_case(path: Path) -> Case:
    """Read the case in the file at *path*."""
    return json.loads(path.read_text("utf-8"), object_hook=_loaded)


def written(case: Case, why: str = "", indent: int | None = 1) -> str:
    """Give *case* as it stands in a file."""
    return json.dumps({_WHY: why, **_dumped(case)} if why else _dumped(case), indent=indent) + "\n"


def keep(finding: Finding) -> Path:
    """Write the case of *finding* into a file of its own; give where."""
    text = written(finding.case, finding.problem)
    path = FOUND / finding.target / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path
