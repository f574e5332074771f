"""How the documentation is built: `python3 dev.py docs`. Offline, and every warning is an error."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

# For docs/names.py, which is no part of the package.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

project = "anytws"
author = "the anytws authors"
copyright = "2026, the anytws authors"
version = release = importlib.metadata.version("anytws")

extensions = ["myst_parser", "sphinx.ext.autodoc", "docs.names"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"anytws {version}"
html_copy_source = False
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["site.css"]

myst_enable_extensions = ["colon_fence", "deflist"]
# [a heading](page.md#of-another-page): a link to a heading that is gone fails the build.
myst_heading_anchors = 3

# The docstrings say `Name` for everything that has one.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
# `Contract` and not `anytws.messages.contract.Contract`: each name is a link anyway.
python_use_unqualified_type_names = True
add_module_names = False
toc_object_entries_show_parents = "hide"
# The build fails on a name of ours that is not there. Names of Python, AnyIO and attrs are beyond it: their inventories
# would have to be fetched, and a docs build that needs the network fails for reasons that are not in the docs. So are
# bare names in docstrings, which say `Connection` and not `anytws.core.connection.Connection`.
nitpick_ignore_regex = [
    (r"py:.*", r"(?!anytws\.).*"),
    # Type variables, and what signatures of public things say of things that are not.
    (r"py:.*", r"anytws\..*\._\w+"),
    (r"py:.*", r"anytws\.(runtime\.pump|wire\.(kinds|rows|text))\.[A-Z]\w+"),
    # The parts of rooms of the simulator, whose whole is in the reference.
    (
        r"py:.*",
        r"anytws\.simulator\.(exchange|ledger|market|universe|faults|settings|ground|desk)(\.\w+)*",
    ),
    (r"py:.*", r"anytws\.simulator\.historical_pacing(\.\w+)*"),
    (r"py:.*", r"anytws\.wire\.handshake\.(Greeting|VersionReply|RedirectReply)"),
    (r"py:.*", r"anytws\.(runtime\.stream\.(Opener|Reader)|machines\.conversation\.Question)"),
]
