"""The page that a package index shows: README.md, with links that lead somewhere, and the project's addresses.

Hatchling asks for both while it builds (`[tool.hatch.metadata.hooks.custom]` in pyproject.toml, where the owner says
where the repository is; nothing else in the project does). While nobody has said it, there are no addresses, and links
to files of the repository are plain words: a page has no link that is dead, and none that somebody made up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!https?:|#)([^)\s#]+)(#[^)\s]*)?\)")
"""A link, or a picture, that leads to a file of the repository: its mark, its words, the file, the place in it."""


def page(readme: str, where: Mapping[str, str]) -> str:
    """Give *readme* as the index shows it, for a repository that is *where*."""

    def absolute(link: re.Match[str]) -> str:
        mark, words, path, place = link.group(1, 2, 3, 4)
        if not where.get("repository"):
            return "" if mark else words
        return f"{mark}[{words}]({_address(where, 'picture' if mark else 'file', path)}{place or ''})"

    return _LINK.sub(absolute, readme)


def urls(where: Mapping[str, str]) -> dict[str, str]:
    """Give the project's addresses by their names; none without a repository."""
    repository = where.get("repository", "")
    if not repository:
        return {}
    return {
        "Documentation": where.get("documentation") or _address(where, "file", "docs/index.md"),
        "Source": repository,
        "Changelog": _address(where, "file", "CHANGELOG.md"),
        "Issues": where["issues"].format(repository=repository),
    }


def _address(where: Mapping[str, str], kind: str, path: str) -> str:
    return where[kind].format(repository=where["repository"].rstrip("/"), path=path)


class PackagePage(MetadataHookInterface):
    """What hatchling calls."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Put page and addresses into *metadata*."""
        readme = (Path(self.root) / "README.md").read_text("utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": page(readme, self.config)}
        metadata["urls"] = urls(self.config)
