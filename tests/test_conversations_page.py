"""The page of conversations is written from the catalogue, and is up to date."""

from __future__ import annotations

from anytws.messages.base import Side
from anytws.wire.catalogue import CATALOGUE
from docs import write_conversations


def test_the_page_is_up_to_date(capsys):
    assert write_conversations.main(["--check"]) == 0, capsys.readouterr().out


def test_every_request_is_on_the_page_with_its_doubts():
    page = write_conversations.PAGE.read_text("utf-8")
    requests = [entry for entry in CATALOGUE if entry.said_by is Side.CLIENT]
    assert {entry.name for entry in requests if f"| `{entry.name}`<br>" not in page} == set()
    doubts = {entry.name: entry.conversation.doubts for entry in requests if entry.conversation}
    assert {name for name, text in doubts.items() if text and f"- `{name}`: {text}\n" not in page} == set()


def test_a_stale_page_is_found_and_written(tmp_path, capsys):
    fresh = write_conversations.PAGE.read_text("utf-8")
    page = tmp_path / "conversations.md"
    page.write_text(fresh.replace("| `PositionsRequest`<br>run, then", "| `PositionsRequest`<br>stream, then"), "utf-8")
    assert write_conversations.main(["--check"], page) == 1
    assert capsys.readouterr().out == "stale: conversations.md\nrun: python docs/write_conversations.py\n"
    assert write_conversations.main([], page) == 0
    assert page.read_text("utf-8") == fresh
