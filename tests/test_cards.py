"""Cards: each behaviour of the simulated TWS has one, each card has a test, and the page and the list show them all."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from rich.console import Console

from anytws.cli.cards import tell_cards
from anytws.cli.output import Output
from anytws.simulator import cards as cards_module
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.deck import all_cards, sorted_cards
from docs import write_cards

TESTS = Path(__file__).parent
SOURCE = Path(cards_module.__file__).parent

SHY = Card("weather.rain", "It rains.", Evidence.RECORDED, "a wet coat", note="Not on Sundays.")
BOLD = Card("weather.sun", "It shines.", Evidence.CHOSEN, "we like it")
OTHER = Card("zoo.ape", "It eats | bananas.", Evidence.DOCUMENTED, "the keeper")


def marked(source: str) -> Iterator[str]:
    """Give the ids of the cards that the tests in *source* are marked with."""
    if "pytest.mark.card" not in source:
        return
    for node in ast.walk(ast.parse(source)):
        is_mark = isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.card"
        if is_mark and isinstance(node, ast.Call):
            yield from map(ast.literal_eval, node.args)


@pytest.fixture(scope="module")
def tested() -> frozenset[str]:
    """Give the ids of all cards that any test is marked with."""
    return frozenset(name for path in sorted(TESTS.rglob("test_*.py")) for name in marked(path.read_text("utf-8")))


# The cards that there are


def test_every_card_has_a_test(tested: frozenset[str]):
    assert [card.id for card in all_cards() if card.id not in tested] == []


def test_every_marked_card_exists(tested: frozenset[str]):
    assert sorted(tested - {card.id for card in all_cards()}) == []


def test_marks_are_read_from_sources():
    text = '@pytest.mark.card("a.b", "c.d")\n@pytest.mark.virtual_time\nasync def test_x():\n    ...\n'
    assert list(marked(text)) == ["a.b", "c.d"]
    assert list(marked('pytestmark = pytest.mark.card("e.f")\n')) == ["e.f"]


def test_they_come_in_the_order_of_their_ids():
    ids = [card.id for card in all_cards()]
    assert ids == sorted(set(ids))
    assert len(ids) > 20


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_the_cards_of_every_module_are_listed(path: Path):
    if "\nCARDS: Final" in path.read_text("utf-8"):
        name = path.relative_to(SOURCE).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        assert set(import_module(f"anytws.simulator.{name}").CARDS) <= set(all_cards())


def test_every_text_is_a_sentence():
    texts = {card.id: (card.does, card.note or ".") for card in all_cards()}
    assert [name for name, pair in texts.items() if not all(text.endswith((".", "`", "'")) for text in pair)] == []


# What a card is


@pytest.mark.parametrize("name", ["", "news", "news.", "News.x", "news.a b", "news.a.b", "news.a\n"])
def test_an_id_is_a_topic_and_a_name(name: str):
    with pytest.raises(ValueError, match="is its topic, a dot"):
        Card(name, "It does.", Evidence.CHOSEN, "why")


@pytest.mark.parametrize("does, source", [("", "a frame"), ("It does.", " ")])
def test_a_card_says_what_and_whence(does: str, source: str):
    with pytest.raises(ValueError, match=r"a card has to give its (does|source)"):
        Card("a.b", does, Evidence.RECORDED, source)


def test_its_topic_is_in_its_id():
    assert SHY.topic == "weather"


def test_two_of_one_id_are_refused():
    with pytest.raises(ValueError, match=r"two cards have the id weather\.rain: 'It rains\.' and 'It rains\.'"):
        sorted_cards([SHY, BOLD, SHY])


# The page


def test_the_page_is_up_to_date(capsys):
    assert write_cards.main(["--check"]) == 0, capsys.readouterr().out


def test_every_card_is_on_the_page():
    page = write_cards.PAGE.read_text("utf-8")
    assert [card.id for card in all_cards() if f"| `{card.id}` | " not in page] == []


def test_a_stale_page_is_found_and_written(tmp_path, capsys):
    fresh = write_cards.PAGE.read_text("utf-8")
    page = tmp_path / "cards.md"
    page.write_text(fresh.replace("<br>*recorded*: ", "<br>*chosen*: ", 1), "utf-8")
    assert write_cards.main(["--check"], page) == 1
    assert capsys.readouterr().out == "stale: cards.md\nrun: python docs/write_cards.py\n"
    assert write_cards.main([], page) == 0
    assert page.read_text("utf-8") == fresh


def test_the_tables_of_the_page():
    assert write_cards.summary([SHY, BOLD, OTHER]).splitlines()[2:] == [
        "| weather | 1 |  |  | 1 |",
        "| zoo |  | 1 |  |  |",
        "| *all* | 1 | 1 | 0 | 1 |",
    ]
    text = write_cards.sections([SHY, BOLD, OTHER])
    assert "## weather\n\n| card |" in text
    assert "| `weather.rain` | It rains.<br>→ Not on Sundays.<br>*recorded*: a wet coat |\n" in text
    assert "| `zoo.ape` | It eats \\| bananas.<br>*documented*: the keeper |\n" in text


# The list


def told(cards: tuple[Card, ...], *, terminal: bool) -> str:
    file = io.StringIO()
    tell_cards(Output(Console(file=file, force_terminal=terminal, color_system=None, width=60, highlight=False)), cards)
    return file.getvalue()


def test_a_pipe_gets_one_line_each():
    assert told((SHY, OTHER), terminal=False) == (
        "weather.rain  recorded    It rains. Not on Sundays. [a wet coat]\n"
        "zoo.ape       documented  It eats | bananas. [the keeper]\n"
    )


def test_a_person_gets_them_by_topic():
    lines = told((SHY, BOLD, OTHER), terminal=True).splitlines()
    assert [line for line in lines if line and not line.startswith(" ")] == ["weather", "zoo"]
    assert "  recorded    rain" in lines
    assert " " * 14 + "It rains. Not on Sundays." in lines
    assert " " * 14 + "a wet coat" in lines
