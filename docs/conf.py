"""How the documentation is built: `python3 dev.py docs`. Offline, and every warning is an error."""

from __future__ import annotations

import importlib.metadata

project = "anytws"
author = "the anytws authors"
copyright = "2026, the anytws authors"
version = release = importlib.metadata.version("anytws")

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"anytws {version}"
html_copy_source = False

myst_enable_extensions = ["colon_fence", "deflist"]
# [a heading](page.md#of-another-page): a link to a heading that is gone fails the build.
myst_heading_anchors = 3

# The docstrings say `Name` for everything that has one.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
# The build fails on a name of ours that is not there. Names of Python, AnyIO and attrs are beyond it: their inventories
# would have to be fetched, and a docs build that needs the network fails for reasons that are not in the docs. So are
# bare names in docstrings, which say `Connection` and not `anytws.core.connection.Connection`.
nitpick_ignore_regex = [(r"py:.*", r"(?!anytws\.).*")]
