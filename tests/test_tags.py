"""Pairs of a name and a value in one text field: ``tag=value;`` each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.messages.base import TagValue
from anytws.wire.kinds import MOST_JOINED
from anytws.wire.tags import join_tags, split_tags

_PLAIN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0=;"))


@pytest.mark.parametrize(
    "text, pairs",
    [
        ("", ()),
        ("a=b;", (TagValue("a", "b"),)),
        ("a=b;c=d;", (TagValue("a", "b"), TagValue("c", "d"))),
        ("a=;", (TagValue("a", ""),)),
        ("=;", (TagValue("", ""),)),
        ("a=b=c;", (TagValue("a", "b=c"),)),
        ("a=1;a=2;", (TagValue("a", "1"), TagValue("a", "2"))),
        ("z=1;a=2;", (TagValue("z", "1"), TagValue("a", "2"))),
    ],
)
def test_pairs_are_read_in_their_order_and_written_again(text: str, pairs: tuple[TagValue, ...]) -> None:
    """Twice the same tag included; the first ``=`` ends the tag."""
    assert split_tags(text) == pairs
    assert join_tags(pairs) == text


def test_the_last_pair_need_not_be_ended() -> None:
    """The official client ends it; what people typed into TWS may not."""
    assert split_tags("a=b;c=d") == (TagValue("a", "b"), TagValue("c", "d"))


def test_bytes_that_are_no_utf_8_are_read_as_in_any_text() -> None:
    """As Latin-1."""
    assert split_tags("a\udcfc=\udce9;") == (TagValue("aü", "é"),)


@pytest.mark.parametrize("text", ["a", ";", "a=b;;", "a=b;c", ";a=b;"])
def test_an_item_without_a_value_is_refused(text: str) -> None:
    """It would come back as another text."""
    with pytest.raises(ValueError, match=text):
        split_tags(text)


@pytest.mark.parametrize("tag, value", [("a=b", "c"), ("a;b", "c"), ("a", "b;c"), ("a\0", "b"), ("a", "b\0")])
def test_a_pair_that_would_be_read_as_another_is_refused(tag: str, value: str) -> None:
    """Wherever it stands among the others."""
    with pytest.raises(ValueError, match=r".*"):
        join_tags((TagValue("x", "y"), TagValue(tag, value)))


@pytest.mark.parametrize("wrong", [("ab",), (("a", "b"),), (None,), (TagValue(1, "b"),), (TagValue("a", 1),), None])  # type: ignore[arg-type]
def test_what_is_no_pair_is_refused(wrong: object) -> None:
    """With what the codec takes for a bad value."""
    with pytest.raises((ValueError, TypeError, AttributeError)):
        join_tags(wrong)


@given(pairs=st.lists(st.builds(TagValue, _PLAIN, st.text(_PLAIN.map(lambda text: text[:1] or "="), max_size=9))))
def test_all_pairs_come_back(pairs: list[TagValue]) -> None:
    """In order, and a value may hold a ``=``."""
    assert split_tags(join_tags(pairs)) == tuple(pairs)


@given(text=st.text("a=b;c\udcfc\n ") | st.text())
def test_any_text_is_pairs_or_refused(text: str) -> None:
    """Nothing but `ValueError` leaves the reader; what it takes comes back."""
    try:
        pairs = split_tags(text)
    except ValueError:
        return
    if "\0" not in text:
        assert split_tags(join_tags(pairs)) == pairs


def test_one_text_has_a_bounded_number_of_pairs() -> None:
    """No limit of a frame counts them: they are one field. As many as may be read may be written, and come back."""
    most = (TagValue("a", "b"),) * MOST_JOINED
    assert split_tags(join_tags(most)) == most
    with pytest.raises(ValueError, match="a=b"):
        split_tags("a=b;" * (MOST_JOINED + 1))
    with pytest.raises(ValueError, match="TagValue"):
        join_tags((*most, TagValue("a", "b")))
