"""The page of what is supported is written from the catalogue, and is up to date."""

from __future__ import annotations

from anytws.wire.catalogue import CATALOGUE
from docs import write_supported


def test_the_page_is_up_to_date(capsys):
    assert write_supported.main(["--check"]) == 0, capsys.readouterr().out


def test_every_message_is_on_the_page():
    page = write_supported.PAGE.read_text("utf-8")
    assert {
        entry.name for entry in CATALOGUE if f"| `{entry.name}`<br>{entry.vendor_name} | {entry.id} |" not in page
    } == set()


def test_a_stale_page_is_found_and_written(tmp_path, capsys):
    fresh = write_supported.PAGE.read_text("utf-8")
    page = tmp_path / "supported.md"
    page.write_text(fresh.replace("| `TickPrice`<br>tickPrice | 1 |", "| `TickPrice`<br>tickPrice | 2 |"), "utf-8")
    assert write_supported.main(["--check"], page) == 1
    assert capsys.readouterr().out == "stale: supported.md\nrun: python docs/write_supported.py\n"
    assert write_supported.main([], page) == 0
    assert page.read_text("utf-8") == fresh
