"""The names of `anytws.messages` are written from the files that define them, and are up to date."""

from __future__ import annotations

import pytest

from anytws import messages
from docs import write_exports


def test_the_names_are_up_to_date(capsys):
    assert write_exports.main(["--check"]) == 0, capsys.readouterr().out


def test_stale_names_are_found_and_written(tmp_path, capsys):
    fresh = write_exports.SHELF.read_text("utf-8")
    shelf = tmp_path / "__init__.py"
    shelf.write_text(fresh.replace("        TickPrice,\n", ""), "utf-8")
    assert write_exports.main(["--check"], shelf) == 1
    assert capsys.readouterr().out == "stale: anytws/messages/__init__.py\nrun: python docs/write_exports.py\n"
    assert write_exports.main([], shelf) == 0
    assert shelf.read_text("utf-8") == fresh
    assert write_exports.main(["--check"], shelf) == 0


def test_a_file_without_the_marks_is_not_written():
    with pytest.raises(ValueError, match=r"the file has no line '# --- names, .*' with '# --- end of .*' after it"):
        write_exports.written("from __future__ import annotations\n", {})


@pytest.mark.parametrize(
    "source, shown",
    [
        ("class Stock: ...\nclass _Hidden: ...\nimport math\nfrom math import inf\n", {"Stock"}),
        ("def routed(): ...\nZERO: Final = 0\n_ONE: Final = 1\n", {"routed", "ZERO"}),
        ("def record(): ...\ndef shown(): ...\n", {"shown"}),
        ("class Price: ...\nclass Leg: ...\nclass Strike: ...\n__all__ = ['Leg', 'Price']\n", {"Leg"}),
    ],
    ids=["classes", "functions and constants", "kept back", "listed"],
)
def test_what_a_file_shows(source: str, shown: set[str]):
    assert write_exports.names_of(source) == shown


def test_long_lists_are_wrapped_as_the_formatter_wants_them():
    names = {
        "base": ["A"],
        "connection_time": ["B"],
        "session": ["C"],
        "short": ["D", "e"],
        "long": ["F" * 60, "G" * 60],
    }
    written = write_exports.written(write_exports.BEGIN + write_exports.END, names)
    assert "    from anytws.messages.short import D, e\n" in written
    assert f"    from anytws.messages.long import (\n        {'F' * 60},\n        {'G' * 60},\n    )\n" in written
    assert '    "short": "D e",\n' in written
    assert f'    "long": (\n        "{"F" * 60} "\n        "{"G" * 60}"\n    ),\n' in written
    assert max(map(len, written.splitlines())) <= 120


def test_a_file_that_nobody_wrote_is_not_loaded():
    with pytest.raises(KeyError, match="wishes"):
        messages._loaded("wishes")
