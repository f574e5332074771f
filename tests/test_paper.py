"""Which accounts are of paper; a guard that guesses is none."""

from __future__ import annotations

import pytest

from anytws.core.paper import is_paper, not_paper


@pytest.mark.parametrize("account", ["DU1", "DU1234567", "DF1234567", "DF0"])
def test_the_paper_accounts_that_the_vendor_describes(account: str) -> None:
    assert is_paper(account)
    assert not_paper((account,)) is None


@pytest.mark.parametrize(
    "account",
    [
        "U1234567",
        "F1234567",
        "I1234567",
        "DU",
        "DF",
        "D1234567",
        "DI1234567",
        "du1234567",
        " DU1",
        "DU1 ",
        "DU1\n",
        "UDU1",
        "DU\u0661",
        "DU1234567A",
        "DU" + "1" * 21,
        "DUX",
        "",
        "All",
        "F1234567A",
    ],
)
def test_whatever_else_is_taken_for_live(account: str) -> None:
    assert not is_paper(account)
    assert not_paper((account,)) is not None


def test_why_they_are_not() -> None:
    """None said, none there, one among others, many."""
    assert not_paper(("DU1", "DF2", "DU3")) is None
    assert "has not said" in str(not_paper(None))
    assert "names no account" in str(not_paper(()))
    assert str(not_paper(("DU1", "U2"))).startswith("'U2' is not a paper account")
    assert str(not_paper(("U1", "U2", "U3", "U4", "U5"))).startswith("'U1', 'U2', 'U3' and 2 more are not paper")


def test_a_hostile_name_makes_no_long_sentence() -> None:
    why = str(not_paper(("U\x1b[2J" + "9" * 10_000_000,) * 3))
    assert len(why) < 400
    assert why.isprintable()
