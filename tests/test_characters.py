"""What a client may write in text: printable ASCII, and nothing else."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.errors import INVALID_SYMBOL, LocalProtocolError
from anytws.wire.characters import check_printable, is_printable

TAKEN = {*string.printable} - {"\v", "\f"}
"""Python's own list, but for two that end a page, not a line."""


@given(text=st.text() | st.text(st.characters(max_codepoint=0x7F)) | st.text("aZ~ \t\r\n\v\f\0\x1b\x7f"))
def test_a_text_is_printable_if_each_of_its_characters_is(text: str) -> None:
    assert is_printable(text) == {*text}.issubset(TAKEN)


@pytest.mark.parametrize("code", range(0x100))
def test_the_characters_are_those_of_the_facts(code: int) -> None:
    """Space to tilde, tab, CR and LF; no NUL, which ends a field, no DEL, and nothing beyond ASCII."""
    assert is_printable(chr(code)) == (0x20 <= code < 0x7F or code in (0x09, 0x0D, 0x0A))


def test_a_line_end_at_the_end_is_not_passed_over() -> None:
    """A pattern that ends with ``$`` would take any text before it."""
    assert is_printable("a\n")
    assert not is_printable("é\n")


@given(text=st.text())
def test_what_is_not_printable_is_refused_with_its_name_and_the_vendor_s_code(text: str) -> None:
    if is_printable(text):
        check_printable("connect_options", text)
        return
    with pytest.raises(LocalProtocolError, match=r"connect_options .* outside of printable ASCII") as caught:
        check_printable("connect_options", text)
    assert (caught.value.code, caught.value.field) == (INVALID_SYMBOL, "connect_options")
    assert str(caught.value).isprintable(), "what is refused is shown in a form that a terminal can print"
