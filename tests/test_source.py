"""Functions that are written as text and compiled."""

from __future__ import annotations

import traceback
from decimal import Decimal

import pytest

from anytws.wire.compiled.bet import GiveUp
from anytws.wire.compiled.source import Source


def test_a_function_has_its_lines_and_what_they_name() -> None:
    source = Source("a sum")
    known = {"a": 1}
    with source.inside("if x:"):
        source.add(f"return {source.named(known, 'known')}[x]")
    source.add("return None")
    read = source.function("x")
    assert read("a") == 1
    assert read("") is None
    with pytest.raises(KeyError):
        read("b")


def test_a_block_with_nothing_in_it_is_one_all_the_same() -> None:
    source = Source("nothing")
    with source.inside("if x:"):
        pass
    source.add("return x")
    assert source.function("x")(1) == 1


def test_blocks_nest_and_end() -> None:
    source = Source("blocks")
    source.add("n = 0")
    with source.inside("for _ in range(2):"), source.inside("for _ in range(3):"):
        source.add("n += x")
    source.add("return n")
    assert source.function("x")(5) == 30


def test_the_same_object_has_one_name_and_another_one_another() -> None:
    source = Source("names")
    one, other = [1], [1]
    assert source.named(one, "list") == source.named(one, "anything")
    assert source.named(one, "list") != source.named(other, "list")
    assert source.new("x") != source.new("x")


@pytest.mark.parametrize("value", [None, (), True, False, 0, 1, -5, "", "a\n'\"{}", 0.0, -0.0, Decimal("1.0"), (1,)])
def test_a_constant_is_what_it_was_to_the_sign_and_the_type(value: object) -> None:
    source = Source("a constant")
    source.add(f"return {source.constant(value, 'value')}")
    found = source.function("_")(None)
    assert type(found) is type(value)
    assert repr(found) == repr(value)


def test_it_can_give_up() -> None:
    source = Source("one that gives up")
    source.add("raise GiveUp")
    with pytest.raises(GiveUp):
        source.function("_")(None)


def test_a_traceback_shows_the_line() -> None:
    source = Source("one that fails")
    source.add("return 1 / x  # here")
    divide = source.function("x")
    with pytest.raises(ZeroDivisionError) as caught:
        divide(0)
    shown = "".join(traceback.format_exception(caught.value))
    assert "return 1 / x  # here" in shown
    assert "<anytws one that fails>" in shown
