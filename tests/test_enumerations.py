"""Open enumerations: a value without a name is still a value, and behaves like one that has a name."""

from __future__ import annotations

import copy
import json
import pickle
import re
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.messages import Action, OrderType, Right, SecurityType, TimeInForce
from anytws.messages.enumerations import Number, Word
from anytws.wire.catalogue import CATALOGUE
from tests.test_kinds import Colour, Fruit, kinds_in

OPEN = [
    kind.members
    for kind in kinds_in(*(entry.layout for entry in CATALOGUE)).values()
    if kind.members is not None and issubclass(kind.members, (Number, Word))
]
"""The open enumerations of the catalogue."""


def test_a_known_value_is_its_member() -> None:
    """One object, found by value and by name."""
    assert Colour(2) is Colour.GREEN is Colour["GREEN"]
    assert Fruit("APL") is Fruit.APPLE is Fruit["APPLE"]
    assert (Colour(2).name, Colour(2).value, Colour(2).is_known) == ("GREEN", 2, True)
    assert (Fruit("APL").name, Fruit("APL").value, Fruit("APL").is_known) == ("APPLE", "APL", True)


@given(number=st.integers().filter(lambda number: number not in {0, 1, 2}))
def test_an_unknown_number_is_a_member_of_its_own(number: int) -> None:
    """Equal to itself and to the number, and named after it."""
    member = Colour(number)
    assert type(member) is Colour
    assert (member.name, member.value, member.is_known) == (f"UNKNOWN_{number}", number, False)
    assert member == number == Colour(number)
    assert hash(member) == hash(number)
    assert member != Colour.GREEN
    assert member + 1 == number + 1
    assert repr(member) == f"<Colour.UNKNOWN_{number}: {number}>"
    assert str(member) == format(member) == str(number)


@given(word=st.text().filter(lambda word: word not in {"APL", "PER"}))
def test_an_unknown_word_is_a_member_of_its_own(word: str) -> None:
    """The same, for words; the empty one too."""
    member = Fruit(word)
    assert type(member) is Fruit
    assert (member.name, member.value, member.is_known) == (f"UNKNOWN_{word[:64]}", word, False)
    assert member == word == Fruit(word)
    assert hash(member) == hash(word)
    assert member != Fruit.APPLE
    assert str(member) == f"{member}" == word
    assert repr(member).isprintable()
    assert repr(member).startswith("<Fruit.UNKNOWN_")


@pytest.mark.parametrize("member", [Colour.RED, Colour(77), Colour(-(2**40)), Fruit.PEAR, Fruit("FIG")], ids=repr)
def test_a_member_is_copied_and_pickled_as_itself(member: Any) -> None:
    """Messages are sent between processes; a value without a name goes along."""
    for other in (copy.copy(member), copy.deepcopy(member), pickle.loads(pickle.dumps(member))):  # noqa: S301 (ours)
        assert (type(other), other, other.name, other.is_known) == (
            type(member),
            member,
            member.name,
            member.is_known,
        )
    assert json.loads(json.dumps(member)) == member.value


@pytest.mark.parametrize("wrong", ["1", 1.5, None, b"1", (1,)])
def test_what_is_no_number_is_no_member(wrong: Any) -> None:
    """A text is a mistake, and not an unknown number."""
    with pytest.raises(ValueError, match="Colour"):
        Colour(wrong)


@pytest.mark.parametrize("wrong", [1, None, b"APL", ("APL",)])
def test_what_is_no_word_is_no_member(wrong: Any) -> None:
    """The other way round."""
    with pytest.raises(ValueError, match="Fruit"):
        Fruit(wrong)


def test_unknown_members_are_not_kept() -> None:
    """The peer chooses the values, and could fill the memory with them."""
    before = (len(Colour), len(Colour.__members__), len(Colour._value2member_map_), len(Fruit._value2member_map_))
    member = Colour(123456)
    references = sys.getrefcount(member)
    for number in range(1000, 2000):
        Colour(number)
        Fruit(str(number))
    after = (len(Colour), len(Colour.__members__), len(Colour._value2member_map_), len(Fruit._value2member_map_))
    assert after == before
    assert Colour(123456) is not member
    assert sys.getrefcount(member) == references
    assert member not in list(Colour)


def test_an_unknown_member_can_be_matched_by_its_value() -> None:
    """``match`` and dictionaries work as with the plain number or word."""
    match Colour(77):
        case 77:
            found = "number"
        case _:
            found = "nothing"
    assert found == "number"
    assert {77: "x"}[Colour(77)] == "x"
    assert {"FIG": "x"}[Fruit("FIG")] == "x"


@pytest.mark.parametrize("members", OPEN, ids=lambda members: members.__name__)
def test_the_enumerations_of_the_catalogue_make_sense(members: Any) -> None:
    """They say what they are, no member is named like an unknown one, and no two members are one by accident."""
    assert members.__doc__
    assert members.__doc__ not in (Number.__doc__, Word.__doc__)
    assert members.__members__
    for name, member in members.__members__.items():
        assert name.isupper()
        assert not name.startswith("UNKNOWN_")
        assert name in (member.name, as_name(member))
        assert member.is_known
        assert members(member.value) is member


def as_name(member: Any) -> str:
    """Give what a word of the wire is as a name."""
    return re.sub(r"\W+", "_", str(member.value)).strip("_").upper()


@pytest.mark.parametrize("members", [Action, OrderType, Right, SecurityType, TimeInForce])
def test_traders_find_their_own_names(members: Any) -> None:
    """``TimeInForce.GTC``, ``SecurityType.STK``: what they type into TWS is a name here."""
    for member in members:
        name = as_name(member)
        if name.isidentifier():
            assert members[name] is member or members[name].name == name
    assert TimeInForce.GTC is TimeInForce.GOOD_TILL_CANCELLED
    assert [member.name for member in Right] == ["CALL", "PUT", "NONE", "ZERO"]
