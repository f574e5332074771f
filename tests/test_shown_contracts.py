"""What a group of windows shows, by the vendor's word for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.machines.records import Dropped
from anytws.machines.shown_contracts import Shown, fold, shown_of
from anytws.messages import Contract, DisplayGroupUpdated


@pytest.mark.parametrize(
    "text, contract",
    [
        ("265598@SMART", Contract(contract_id=265598, exchange="SMART")),
        ("none", None),
        ("combo", None),
        ("", None),
        ("265598", None),
        ("265598@", None),
        ("٣@SMART", None),
        ("1" * 30 + "@SMART", None),
    ],
)
def test_a_word_names_a_contract_or_none(text: str, contract: Contract | None) -> None:
    shown = shown_of(DisplayGroupUpdated(1, text))
    assert shown == Shown(text, contract)
    assert (shown.is_nothing, shown.is_combo) == (text == "none", text == "combo")


def test_what_is_no_word_of_tws_stays_in_its_place() -> None:
    assert fold([DisplayGroupUpdated(1, "none"), Dropped(2)]) == [Shown("none"), Dropped(2)]


@given(st.text(max_size=40))
def test_no_word_is_too_odd(text: str) -> None:
    assert shown_of(DisplayGroupUpdated(1, text)).text == text
