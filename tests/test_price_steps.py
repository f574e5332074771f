"""Which prices a market takes: held against a plain search through all of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.machines.price_steps import PriceStep, PriceSteps, even_steps, steps_of
from anytws.messages import MarketRule, MarketRuleRequest, PriceIncrement
from anytws.simulator import World, WorldSettings
from tests.test_world import Client

OPTIONS: Final = steps_of(MarketRule(109, (PriceIncrement(0, 0.01), PriceIncrement(3, 0.05))))
XETRA: Final = MarketRule(
    1870,
    tuple(
        PriceIncrement(edge, step)
        for edge, step in (
            (0, 0.0001), (0.1, 0.0001), (0.2, 0.0001), (0.5, 0.0002), (1, 0.0005), (2, 0.001), (5, 0.002), (10, 0.005),
            (20, 0.01), (50, 0.02), (100, 0.05), (200, 0.1), (500, 0.2), (1000, 0.5), (2000, 1), (5000, 2), (10000, 5),
            (20000, 10), (50000, 20),
        )
    ),
)  # fmt: skip
ODD: Final = steps_of(MarketRule(1, (PriceIncrement(0, 0.3), PriceIncrement(1, 0.7), PriceIncrement(1.1, 0.05))))
"""Edges that are no multiples of any step."""


def test_prices_of_options() -> None:
    """A cent up to three dollars, five cents from there."""
    assert OPTIONS.at("2.99") == Decimal("0.01")
    assert OPTIONS.at(3) == Decimal("0.05")
    assert (OPTIONS.down("2.996"), OPTIONS.up("2.996")) == (Decimal("2.99"), Decimal("3.00"))
    assert (OPTIONS.down(3.04), OPTIONS.up(3.01)) == (Decimal("3.00"), Decimal("3.05"))
    assert (OPTIONS.nearest("3.02"), OPTIONS.nearest("3.025")) == (Decimal("3.00"), Decimal("3.05"))
    assert (OPTIONS.above(3), OPTIONS.below(3)) == (Decimal("3.05"), Decimal("2.99"))
    assert (OPTIONS.above("2.991"), OPTIONS.below("3.01")) == (Decimal("3.00"), Decimal("3.00"))
    assert OPTIONS.is_valid("3.05")
    assert not OPTIONS.is_valid("3.01")
    assert str(OPTIONS.down(3.04)) == "3.00"


def test_a_float_is_what_it_prints() -> None:
    """0.1 is no binary fraction, and a price of 0.1 is valid all the same; what was computed may not be."""
    assert even_steps(0.01).is_valid(0.1)
    assert not even_steps("0.01").is_valid(0.1 + 0.2)
    assert even_steps(Decimal("0.015625")).nearest(112.51) == Decimal("112.515625")


def test_prices_below_zero() -> None:
    """Of spreads; the first step holds there, and no zero has a sign."""
    assert (OPTIONS.down("-0.001"), str(OPTIONS.up("-0.001"))) == (Decimal("-0.01"), "0.00")
    assert OPTIONS.at(-40) == Decimal("0.01")


@pytest.mark.parametrize("version", [176, 225], ids=["text", "protobuf"])
def test_rules_of_the_simulated_tws(version: int) -> None:
    """The recorded table of Xetra comes over the wire as exact decimals."""
    client = Client(World(WorldSettings(server_version=version)))
    (rule,) = client.ask(MarketRuleRequest(1870))
    assert rule == XETRA
    assert isinstance(rule, MarketRule)
    steps = steps_of(rule)
    assert steps.steps[4] == PriceStep(Decimal(1), Decimal("0.0005"))
    assert (steps.down("99.999"), steps.up("99.999")) == (Decimal("99.98"), Decimal("100.00"))


def test_rows_in_any_order() -> None:
    """A rule's rows are ascending in the facts, and sorted here."""
    rule = MarketRule(1, (PriceIncrement(3, 0.05), PriceIncrement(0, 0.01)))
    assert steps_of(rule) == OPTIONS


@pytest.mark.parametrize(
    "rows", [(), (PriceIncrement(0, None),), (PriceIncrement(0, 0.0),), (PriceIncrement(0, -1),),
             (PriceIncrement(0, math.inf),), (PriceIncrement(math.inf, 0.01),), (PriceIncrement(0, 1e300),)],
)  # fmt: skip
def test_a_rule_that_says_nothing(rows: tuple[PriceIncrement, ...]) -> None:
    """A step of zero, or none: no price could be made of that."""
    with pytest.raises(ValueError, match="price"):
        steps_of(MarketRule(7, rows))


@pytest.mark.parametrize("price", [math.nan, math.inf, "x", "", None, Decimal("sNaN"), "1e99", [1]])
def test_what_is_no_price(price: object) -> None:
    methods: tuple[Callable[..., object], ...] = (OPTIONS.at, OPTIONS.up, OPTIONS.down, OPTIONS.nearest)
    for method in (*methods, OPTIONS.above, OPTIONS.below, OPTIONS.is_valid):
        with pytest.raises(ValueError, match="a price is a"):
            method(price)


# --- what must hold of any ---------------------------------------------------------------------------------------


def is_on_a_step(steps: PriceSteps, price: Decimal) -> bool:
    """Whether *price* is a multiple of the step of the last row at or below it, as the facts have it."""
    rows = [each for each in steps.steps if each.low_edge <= price] or [steps.steps[0]]
    return price % rows[-1].increment == 0


def searched(steps: PriceSteps, begin: Decimal, by: Decimal) -> Decimal:
    """Go from *begin* on until there is a valid price."""
    while not is_on_a_step(steps, begin):
        begin += by
    return begin


@given(st.sampled_from([OPTIONS, ODD, even_steps("0.25")]), st.decimals("-2", "4", places=2))
def test_down_up_above_and_below_are_what_a_search_finds(steps: PriceSteps, price: Decimal) -> None:
    """All steps here are multiples of a cent, so that every valid price is one too."""
    cent = Decimal("0.01")
    assert steps.down(price) == searched(steps, price, -cent)
    assert steps.up(price) == searched(steps, price, cent)
    assert steps.below(price) == searched(steps, price - cent, -cent)
    assert steps.above(price) == searched(steps, price + cent, cent)
    assert steps.is_valid(price) == is_on_a_step(steps, price)
    assert abs(steps.nearest(price) - price) == min(price - steps.down(price), steps.up(price) - price)
