"""What is believed of the link between TWS and the vendor. That chart and table agree is in test_charts.py."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anytws.core.codes import CODES, CodeKind
from anytws.machines.link import LINK_STEPS, WORD_OF_CODE, LinkMachine, LinkState, LinkWord, target_of


def test_an_outage_and_the_way_back() -> None:
    link = LinkMachine()
    assert link.state is LinkState.UNTOLD
    for word, state in (
        (LinkWord.LOST, LinkState.DOWN),
        (LinkWord.RESTORED, LinkState.UP),
        (LinkWord.LOST, LinkState.DOWN),
        (LinkWord.RESTORED_WITHOUT_DATA, LinkState.UP),
    ):
        assert link.fire(word)
        assert link.state is state
    assert (link.losses, link.data_losses) == (2, 1)


def test_words_that_come_twice_or_out_of_the_blue() -> None:
    """1100 and 2110 again and again are one outage; 1101 without one has lost the data all the same."""
    link = LinkMachine()
    for word in (LinkWord.BROKEN, LinkWord.LOST, LinkWord.LOST, LinkWord.BROKEN):
        link.fire(word)
    assert (link.state, link.losses, link.data_losses) == (LinkState.DOWN, 1, 0)
    link = LinkMachine()
    for word in (LinkWord.RESTORED_WITHOUT_DATA, LinkWord.RESTORED_WITHOUT_DATA, LinkWord.RESTORED):
        link.fire(word)
    assert (link.state, link.losses, link.data_losses) == (LinkState.UP, 0, 2)


def test_after_the_end_nothing_is_told() -> None:
    link = LinkMachine()
    link.fire(LinkWord.LOST)
    assert link.fire(LinkWord.CUT)
    for word in LinkWord:
        assert not link.fire(word)
    assert (link.state, link.losses, link.data_losses) == (LinkState.UNKNOWN, 1, 0)


@given(words=st.lists(st.sampled_from(LinkWord)), last=st.sampled_from(list(LinkWord)))
def test_the_last_word_counts(words: list[LinkWord], last: LinkWord) -> None:
    """Whatever came before it, save the end."""
    link = LinkMachine()
    for word in words:
        link.fire(word)
    link.fire(last)
    ended = LinkWord.CUT in [*words, last]
    assert link.state is (LinkState.UNKNOWN if ended else target_of(LinkState.UNTOLD, last))


def test_the_codes_are_the_vendor_s_own_and_say_what_the_words_say() -> None:
    assert {code: word.value for code, word in WORD_OF_CODE.items()} == {
        1100: "lost",
        2110: "broken",
        1102: "restored",
        1101: "restored_without_data",
    }
    assert {CODES.kind_of(code) for code in WORD_OF_CODE} == {CodeKind.LINK}
    assert len({(row.state, row.word) for row in LINK_STEPS}) == len(LINK_STEPS)
